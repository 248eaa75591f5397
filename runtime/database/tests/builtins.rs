//! Built-in functions that are more than an expression of their arguments' types.

use crate::support::{Server, check};

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
            ("SELECT FORMAT(1, 'N', 'xx-YY')", "40517"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_moments_and_hashes() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT TRANSLATE('2*[3+4]', '[]', '()')", "varchar(7)!: 2*(3+4)"),
            ("SELECT TRANSLATE('a', 'ab', 'x')", "9828"),
            // "HASHBYTES": the values are those of RFC 1321 and FIPS 180-4.
            ("SELECT HASHBYTES('MD5', 'abc'), HASHBYTES('sha1', 'abc')",
             "varbinary(8000), varbinary(8000): 900150983cd24fb0d6963f7d28e17f72|a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("SELECT DATETIME2FROMPARTS(2024, 2, 29, 8, 50, 1, 5, 1), TIMEFROMPARTS(8, 50, 1, 25, 2)",
             "datetime2(1)!, time(2)!: 17091966015000000|31801250000000"),
            ("SELECT SMALLDATETIMEFROMPARTS(2024, 2, 29, 8, 50)", "smalldatetime!: 17091966000000000"),
            ("SELECT TIMEFROMPARTS(8, 60, 1, 25, 2)", "289"),
            ("SELECT TIMEFROMPARTS(8, 50, 1, 25, 8)", "10760"),
            ("SELECT CAST(SWITCHOFFSET(TODATETIMEOFFSET('2024-02-29 08:50', '+01:00'), '-05:30') AS varchar(40))",
             "varchar(40)!: 2024-02-29 02:20:00.0000000 -05:30"),
            ("SELECT CAST(CAST('2024-02-29 08:50' AS datetime2(0)) AT TIME ZONE 'utc' AS varchar(40))",
             "varchar(40)!: 2024-02-29 08:50:00 +00:00"),
            ("SELECT SWITCHOFFSET(SYSDATETIMEOFFSET(), '15:00')", "9812"),
            ("SELECT PARSE('$1,234.5' AS money), TRY_PARSE('x' AS int), PARSE('2024-02-29' AS date USING 'en-US')",
             "money!, int, date!: 1234.5000|NULL|19782"),
            ("SELECT PARSE('x' AS int)", "9819"),
            ("SELECT DATEDIFF_BIG(second, '0001-01-01', '9999-12-31')", "bigint!: 315537811200"),
            ("SELECT CHOOSE(2, 'a', 'b'), IIF(1 > 2, 1, 2)", "varchar(1), int!: b|2"),
        ],
    )
    .await;
}

/// "RAND (Transact-SQL)": the page's numbers after the seed 100, which go on from call to call.
#[tokio::test(flavor = "multi_thread")]
async fn random_numbers_are_sql_servers() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            (
                "SELECT RAND(100), RAND(), RAND()",
                "float!, float!, float!: 0.7154366573674853|0.2846338076798203|0.0131039082850364",
            ),
            ("SELECT RAND(100)", "float!: 0.7154366573674853"),
            ("SELECT RAND()", "float!: 0.2846338076798203"),
            (
                "SELECT RAND(n) FROM (VALUES (1), (100), (NULL)) AS t (n)",
                "float: 0.7135919932129235; 0.7154366573674853; NULL",
            ),
            ("SELECT RAND(1, 2)", "174"),
        ],
    )
    .await;
}

/// "NEWSEQUENTIALID (Transact-SQL)", "CHECKSUM (Transact-SQL)", "CURRENT_TIMEZONE_ID (Transact-SQL)".
#[tokio::test(flavor = "multi_thread")]
async fn identifiers_grow_and_rows_have_checksums() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            (
                "CREATE TABLE g (n int IDENTITY, id uniqueidentifier DEFAULT (NEWSEQUENTIALID()), t nvarchar(9)) \
                 INSERT g (t) VALUES (N'a'), (N'b'), (N'c') INSERT g (t) SELECT t FROM g",
                ": ",
            ),
            ("SELECT COUNT(*) FROM g AS l JOIN g AS r ON l.n < r.n WHERE l.id >= r.id", "int!: 0"),
            ("ALTER TABLE g ADD w uniqueidentifier NOT NULL DEFAULT NEWSEQUENTIALID()", ": "),
            ("SELECT COUNT(DISTINCT w) FROM g", "int!: 6"),
            ("SELECT NEWSEQUENTIALID()", "302"),
            ("CREATE TABLE h (id varchar(40) DEFAULT CONCAT(NEWSEQUENTIALID(), 'x'))", "302"),
            (
                "SELECT COUNT(*) FROM g WHERE CHECKSUM(*) = CHECKSUM(n, id, t, w) \
                 AND BINARY_CHECKSUM(*) = BINARY_CHECKSUM(n, id, t, w)",
                "int!: 6",
            ),
            ("SELECT LEN(*) FROM g", "102"),
            ("SELECT COUNT(*) FROM g WHERE SYSDATETIMEOFFSET() AT TIME ZONE CURRENT_TIMEZONE_ID() IS NOT NULL", "int!: 6"),
            ("SELECT LEFT(CURRENT_TIMEZONE(), 4)", "varchar(4)!: (UTC"),
        ],
    )
    .await;
}
