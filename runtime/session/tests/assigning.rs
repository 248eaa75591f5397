//! UPDATE … SET @v = … ("UPDATE (Transact-SQL)", argument `@variable`)

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn an_update_assigns_to_variables() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(9)) INSERT t VALUES (1, 10, 'x'), (2, 20, 'y')", "(2)"),
            // The value from before the change, and the column's new one.
            ("DECLARE @old int, @new int UPDATE t SET @old = a, @new = a = a + 5 WHERE id = 1 SELECT @old AS o, @new AS n, a FROM t WHERE id = 1", "(1) o int, n int, a int: 10|15|15"),
            // A number that is drawn and kept at once.
            ("DECLARE @n int UPDATE t SET @n = a += 1 WHERE id = 2 SELECT @n AS n", "(1) n int: 21"),
            ("DECLARE @u uniqueidentifier, @b varchar(36) = '' UPDATE t SET @b = b, b = 'z' WHERE id = 2 SELECT @b AS b, @@ROWCOUNT AS c", "(1) b varchar(36), c int: y|1"),
            // Row by row, from left to right.
            ("DECLARE @s int = 0 UPDATE t SET @s = a = @s + a SELECT @s AS s, SUM(a) AS t FROM t", "(2) s int, t int: 36|51"),
            ("DECLARE @c int = 1 UPDATE t SET @c *= 2, @c += id SELECT @c AS c", "(2) c int: 8"),
            // Without a row nothing is assigned; a variable alone changes none.
            ("DECLARE @c int = 7 UPDATE t SET @c = a WHERE id = 9 SELECT @c AS c", "(0) c int: 7"),
            ("DECLARE @c int UPDATE TOP (1) t SET @c = a SELECT @c AS c", "(1) c int: 15"),
            ("DECLARE @c int UPDATE t SET @c = x.n FROM t JOIN (VALUES (2, 5)) x (i, n) ON x.i = t.id SELECT @c AS c", "(1) c int: 5"),
            ("DECLARE @c int\nUPDATE t SET @d = a", "!137@2"),
            ("DECLARE @c int\nUPDATE t SET @c = a OUTPUT deleted.a", "!40517@2"),
            ("DECLARE @c tinyint\nUPDATE t SET @c = a * 100, a = 0", "!220@2 The statement has been terminated."),
            ("SELECT SUM(a) AS t FROM t", "t int: 51"),
        ])
        .await;
}
