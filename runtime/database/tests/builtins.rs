//! Built-in functions that are more than an expression of their arguments' types.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::{Server, check};

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_joined() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (g int, v varchar(5), n int) INSERT t VALUES (1, 'b', 2), (1, 'a', 3), (2, NULL, 1), (2, 'c', 1)", ": "),
            ("SELECT g, STRING_AGG(v, ', ') WITHIN GROUP (ORDER BY v) FROM t GROUP BY g", "int, varchar(8000): 1|a, b; 2|c"),
            ("SELECT STRING_AGG(n, N'-') WITHIN GROUP (ORDER BY n DESC, g) FROM t", "nvarchar(4000): 3-2-1-1"),
            ("SELECT STRING_AGG(CAST(v AS nvarchar(max)), '') FROM t WHERE g > 5", "nvarchar(max): NULL"),
            ("SELECT STRING_AGG(REPLICATE('x', 5000), '') FROM t", "9829"),
            ("SELECT LEN(STRING_AGG(CAST(REPLICATE('x', 5000) AS varchar(max)), '')) FROM t", "bigint: 20000"),
            ("SELECT STRING_AGG(v) FROM t", "174"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_formatted() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT FORMAT(1234.5, 'N2'), FORMAT(CAST('2024-02-29' AS date), 'yyyy/MM/dd', 'en-US')",
             "nvarchar(4000), nvarchar(4000): 1,234.50|2024/02/29"),
            ("SELECT FORMAT(NULL, 'N')", "nvarchar(4000): NULL"),
            ("SELECT FORMAT('x', 'N')", "8116"),
            ("SELECT FORMAT(1, 'N', 'de-DE')", "40517"),
        ],
    )
    .await;
}
