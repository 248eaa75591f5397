//! SET ROWCOUNT

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn it_limits_what_statements_change() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1), (2), (3), (4), (5), (6)", "(6)"),
            ("SET ROWCOUNT 2 DELETE t UPDATE t SET a = 0\nDELETE FROM t WHERE a > 4", "(2) (2) (2)"),
            ("SET ROWCOUNT 0 SELECT COUNT(*) AS n FROM t", "n int: 2"),
            ("SET ROWCOUNT 1 SELECT a INTO u FROM t INSERT u SELECT a + 10 FROM t SET ROWCOUNT 0 SELECT COUNT(*) AS n FROM u", "(1) (1) n int: 2"),
            ("DECLARE @n int = 9 SET ROWCOUNT 1 SELECT @n = a FROM t ORDER BY a DESC SET ROWCOUNT 0 SELECT @n AS n", "n int: 0"),
            ("SET ROWCOUNT 1 DELETE TOP (5) FROM t", "!40510@1"),
            ("INSERT t VALUES (7)\nINSERT t VALUES (8), (9)\nDELETE nosuch WHERE a = 1", "(1) !40510@2 !208@3"),
            ("WHILE 1 = 1 BEGIN DELETE t IF @@ROWCOUNT = 0 BREAK END SET ROWCOUNT 0 SELECT COUNT(*) AS n FROM t", "(1) (1) (1) (0) n int: 0"),
        ])
        .await;
}
