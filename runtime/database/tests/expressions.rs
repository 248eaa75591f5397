//! Values and their types: the rules of the documentation's language reference.

use crate::support::{Server, check};

#[tokio::test(flavor = "multi_thread")]
async fn literals_have_their_types() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT 1", "int!: 1"),
            ("SELECT -2147483648", "int!: -2147483648"),
            ("SELECT 2147483648", "decimal(10,0)!: 2147483648"),
            ("SELECT 1.50", "decimal(3,2)!: 1.50"),
            ("SELECT 1e0", "float!: 1"),
            ("SELECT 'x'", "varchar(1)!: x"),
            ("SELECT ''", "varchar(1)!: "),
            ("SELECT N'Größe'", "nvarchar(5)!: Größe"),
            ("SELECT 'Łódź'", "varchar(4)!: ?ód?"),
            ("SELECT 0x0aFF", "varbinary(2)!: 0aff"),
            ("SELECT $1.5", "money!: 1.5000"),
            ("SELECT NULL", "int: NULL"),
        ],
    )
    .await;
}

// https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql
#[tokio::test(flavor = "multi_thread")]
async fn arithmetic() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT 7 / 2, -7 / 2, 7 % -3, -7 % 3", "int!, int!, int!, int!: 3|-3|1|-1"),
            ("SELECT 2147483647 + 1", "8115"),
            ("SELECT CAST(255 AS tinyint) + CAST(1 AS tinyint)", "8115"),
            ("SELECT CAST(1 AS bigint) + 2147483647", "bigint!: 2147483648"),
            ("SELECT 9223372036854775807 + 1", "decimal(20,0)!: 9223372036854775808"),
            ("SELECT 1 / 0", "8134"),
            ("SELECT 1.0 / 0", "8134"),
            ("SELECT 1e0 / 0", "8134"),
            ("SELECT 1.0 / 3", "decimal(7,6)!: 0.333333"),
            ("SELECT 1 * 1.5, CAST(1 AS int) * 1.5", "decimal(4,1)!, decimal(13,1)!: 1.5|1.5"),
            ("SELECT -CAST(255 AS tinyint)", "smallint!: -255"),
            ("SELECT -CAST('-922337203685477.5808' AS money)", "8115"),
            ("SELECT CAST(NULL AS float) + 1, CAST(NULL AS int) + '2'", "float, int: NULL|NULL"),
            ("SELECT CAST(3e9 AS int)", "232"),
            ("SELECT CAST(-1e0 AS tinyint)", "232"),
            ("SELECT CAST(1e19 AS bigint)", "8115"),
            ("SELECT 1.10 + 2.205", "decimal(5,3)!: 3.305"),
            (
                "SELECT CAST(1 AS decimal(38,10)) * CAST(3 AS decimal(38,10))",
                "decimal(38,6)!: 3.000000",
            ),
            ("SELECT 1 + 1.5e0", "float!: 2.5"),
            ("SELECT CAST(1.5 AS real) + CAST(1 AS real)", "real!: 2.5"),
            ("SELECT $1.10 * 3, $10 / 3", "money!, money!: 3.3000|3.3333"),
            ("SELECT '5' + 3", "int!: 8"),
            ("SELECT '5' * 1.5", "decimal(5,2)!: 7.50"),
            ("SELECT 'x' * 1.5", "8114"),
            ("SELECT 'a' + 3", "245"),
            ("SELECT 'a' + 'bc', N'a' + 'b'", "varchar(3)!, nvarchar(2)!: abc|ab"),
            ("SELECT 'a' - 'b'", "8117"),
            ("SELECT 'a' + NULL", "varchar(2): NULL"),
            ("SELECT 0x01 + 0x02", "varbinary(2)!: 0102"),
            ("SELECT 5 & 3, 5 | 3, 5 ^ 3, ~5", "int!, int!, int!, int!: 1|7|6|-6"),
            ("SELECT CAST('2024-01-31' AS date) + 1", "206"),
            (
                "SELECT CONVERT(varchar(30), CAST('2024-01-31' AS datetime) + 1.5, 120)",
                "varchar(30)!: 2024-02-01 12:00:00",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversions() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT CAST('12' AS int), CAST(' ' AS int)", "int!, int!: 12|0"),
            ("SELECT CAST('x' AS int)", "245"),
            ("SELECT TRY_CAST('x' AS int)", "int: NULL"),
            ("SELECT CAST('1e2' AS float)", "float!: 100"),
            ("SELECT CAST('x' AS float)", "8114"),
            ("SELECT CAST(300 AS tinyint)", "220"),
            ("SELECT CAST(1.5 AS int), CAST(-1.5 AS int), CAST($1.5 AS int)",
             "int!, int!, int!: 1|-1|2"),
            ("SELECT CAST(123.456 AS decimal(4,1))", "decimal(4,1)!: 123.5"),
            ("SELECT CAST(1234.5 AS decimal(4,1))", "8115"),
            ("SELECT CAST('abcdef' AS varchar(3)), CAST('ab' AS char(4))",
             "varchar(3)!, char(4)!: abc|ab  "),
            ("SELECT CAST(1 AS varchar), CAST(N'é' AS varbinary(4))",
             "varchar(30)!, varbinary(4)!: 1|e900"),
            ("SELECT CONVERT(varchar(10), CAST('2024-02-29' AS date), 101)",
             "varchar(10)!: 02/29/2024"),
            ("SELECT CONVERT(varchar(23), CAST('2024-02-29T12:34:56.789' AS datetime), 121)",
             "varchar(23)!: 2024-02-29 12:34:56.790"),
            ("SELECT CAST('not a date' AS date)", "241"),
            ("SELECT CAST('1600-01-01' AS datetime)", "242"),
            ("SELECT CAST('0x' AS uniqueidentifier)", "8169"),
            ("SELECT CAST(CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier) AS varchar(36))",
             "varchar(36)!: 6F9619FF-8B86-D011-B42D-00C04FC964FF"),
            ("SELECT CONVERT(varbinary(4), '0x0102', 1), CONVERT(varchar(8), 0x0102, 2)",
             "varbinary(4)!, varchar(8)!: 0102|0102"),
            ("SELECT CAST(1 AS date)", "529"),
            ("SELECT CAST('true' AS bit), CAST(5 AS bit)", "bit!, bit!: 1|1"),
            ("SELECT CAST('test max support' AS NVARCHAR(max))",
             "nvarchar(max)!: test max support"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions() {
    let server = Server::new();
    let mut session = server.session().await;
    let yes = |condition: &str| format!("SELECT CASE WHEN {condition} THEN 1 ELSE 0 END");
    let conditions = [
        ("'abc' = 'ABC  '", "1"),
        ("N'é' = 'e'", "0"),
        ("'a' < 'B'", "1"),
        ("'10' = 10", "1"),
        ("1.0 = 1", "1"),
        ("1.50 = 1.5e0", "1"),
        ("NULL = NULL", "0"),
        ("NOT (NULL = 1)", "0"),
        ("1 IN (2, NULL, 1)", "1"),
        ("1 NOT IN (2, NULL)", "0"),
        ("'B' IN ('a', 'b')", "1"),
        ("2 BETWEEN 1 AND 3", "1"),
        ("'Hello' LIKE 'h_l%'", "1"),
        ("'x5' LIKE 'x[0-4]'", "0"),
        // "LIKE (Transact-SQL)": blanks at the end of a Unicode text are significant.
        ("'abc  ' LIKE 'abc'", "1"),
        ("N'abc  ' LIKE 'abc'", "0"),
        ("'abc  ' LIKE N'abc'", "0"),
        ("'50%' LIKE '50!%' ESCAPE '!'", "1"),
        ("CAST('2024-01-01' AS date) = '2024-01-01'", "1"),
        ("CAST('2024-01-01 00:00 +01:00' AS datetimeoffset) = '2023-12-31 23:00'", "1"),
        ("NULL IS NULL AND 1 IS NOT NULL", "1"),
        ("1 IS DISTINCT FROM NULL", "1"),
        ("EXISTS (SELECT 1 WHERE 1 = 0)", "0"),
        ("2 = (SELECT 1 + 1)", "1"),
        ("'b' = ANY (SELECT 'B')", "1"),
    ];
    let cases: Vec<(String, String)> = conditions
        .iter()
        .map(|(condition, result)| (yes(condition), format!("int!: {result}")))
        .collect();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    check(&mut *session, &cases).await;
    check(
        &mut *session,
        &[
            ("SELECT CASE WHEN 'x' = 1 THEN 1 END", "245"),
            ("SELECT CASE WHEN CAST('2024-01-01' AS date) = 1 THEN 1 END", "206"),
            ("SELECT (SELECT 1 UNION ALL SELECT 2)", "512"),
            ("SELECT 1 WHERE 1 = (SELECT 1, 2)", "116"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_functions() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT LEN('ab  '), LEN(N''), DATALENGTH(N'ab ')", "int!, int!, int!: 2|0|6"),
            ("SELECT LEFT('hello', 2), RIGHT('hello', 3)", "varchar(2)!, varchar(3)!: he|llo"),
            ("SELECT LEFT('hello', -1)", "537"),
            (
                "SELECT SUBSTRING('hello', 2, 3), SUBSTRING('hello', 0, 3)",
                "varchar(3)!, varchar(3)!: ell|he",
            ),
            ("SELECT UPPER('aé'), LOWER(N'ÄB')", "varchar(2)!, nvarchar(2)!: AÉ|äb"),
            (
                "SELECT LTRIM(' a '), RTRIM(' a '), TRIM(' a ')",
                "varchar(3)!, varchar(3)!, varchar(3)!: a | a|a",
            ),
            (
                "SELECT REPLACE('aBcb', 'b', 'x'), REPLACE('abc', '', 'x')",
                "varchar(8000)!, varchar(8000)!: axcx|abc",
            ),
            (
                "SELECT CHARINDEX('L', 'hello'), CHARINDEX('l', 'hello', 4), CHARINDEX('z', 'a')",
                "int!, int!, int!: 3|4|0",
            ),
            ("SELECT PATINDEX('%ll%', 'hello')", "int!: 3"),
            ("SELECT CONCAT('a', NULL, 1, 2.5)", "varchar(55)!: a12.5"),
            ("SELECT REPLICATE('ab', 3), SPACE(2) + 'x'", "varchar(6), varchar(3): ababab|  x"),
            ("SELECT STR(123.456, 8, 2), STR(1234567, 3)", "varchar(8), varchar(3):   123.46|***"),
            (
                "SELECT ASCII('A'), CHAR(65), NCHAR(8364), UNICODE(N'€')",
                "int, char(1), nchar(1), int: 65|A|€|8364",
            ),
            (
                "SELECT QUOTENAME('a]b'), STUFF('abcdef', 2, 3, 'X'), REVERSE('abc')",
                "nvarchar(258), varchar(7), varchar(3)!: [a]]b]|aXef|cba",
            ),
            ("SELECT NOSUCH(1)", "195"),
            ("SELECT LEN()", "174"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn number_and_null_functions() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            (
                "SELECT ABS(-3), CEILING(1.2), FLOOR(-1.2), SIGN(-2.5)",
                "int!, decimal(2,0)!, decimal(2,0)!, decimal(2,1)!: 3|2|-2|-1.0",
            ),
            (
                "SELECT ROUND(123.456, 1), ROUND(748.58, -1), ROUND(150.75, 0, 1), ROUND(2.5e0, 0)",
                "decimal(6,3)!, decimal(5,2)!, decimal(5,2)!, float!: 123.500|750.00|150.00|3",
            ),
            (
                "SELECT POWER(2, 10), SQRT(16), EXP(0), LOG10(100), PI()",
                "int!, float!, float!, float!, float!: 1024|4|1|2|3.141592653589793",
            ),
            ("SELECT POWER(2, 31)", "232"),
            (
                "SELECT POWER(2, 30), POWER(CAST(3 AS bigint), 39)",
                "int!, bigint!: 1073741824|4052555153018976267",
            ),
            ("SELECT POWER(CAST(2 AS bigint), 64)", "8115"),
            ("SELECT SQRT(-1)", "3623"),
            (
                "SELECT ISNULL(NULL, 'x'), ISNULL(CAST(NULL AS varchar(2)), 'abc')",
                "varchar(1)!, varchar(2)!: x|ab",
            ),
            (
                "SELECT COALESCE(NULL, 1, 2.5), NULLIF(1, 1), NULLIF('a', 'b')",
                "decimal(11,1)!, int, varchar(1): 1.0|NULL|a",
            ),
            (
                "SELECT IIF(1 > 2, 'a', 'bcd'), CHOOSE(2, 'a', 'b')",
                "varchar(3)!, varchar(1): bcd|b",
            ),
            ("SELECT CASE WHEN 1 = 2 THEN 'a' ELSE 1 END", "int!: 1"),
            (
                "SELECT BINARY_CHECKSUM('AB'), ABS(CHECKSUM(5)), CHECKSUM('a') - CHECKSUM('A ')",
                "int!, int!, int!: 1106|5|0",
            ),
            (
                "SELECT CONVERT(varchar(64), HASHBYTES('SHA2_256', 'abc'), 2)",
                "varchar(64): BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn date_functions() {
    let server = Server::new();
    let mut session = server.session().await;
    let text = "varchar(30)!";
    check(
        &mut *session,
        &[
            ("SELECT YEAR('2024-02-29'), MONTH('2024-02-29'), DAY('2024-02-29')",
             "int!, int!, int!: 2024|2|29"),
            ("SELECT CONVERT(varchar(30), DATEADD(month, 1, '2024-01-31'), 120)",
             &format!("{text}: 2024-02-29 00:00:00")),
            ("SELECT DATEDIFF(day, '2024-02-28', '2024-03-01'), DATEDIFF(year, '2023-12-31', '2024-01-01')",
             "int!, int!: 2|1"),
            ("SELECT DATEDIFF(second, '1900-01-01', '2024-01-01')", "535"),
            ("SELECT DATEPART(weekday, '2024-02-29'), DATENAME(month, '2024-02-29')",
             "int!, nvarchar(30)!: 5|February"),
            ("SELECT DATEPART(iso_week, '2024-12-30'), DATEPART(week, '2024-12-30')",
             "int!, int!: 1|53"),
            ("SELECT DATEPART(hour, CAST('2024-01-01' AS date))", "9810"),
            ("SELECT DATEPART(nonsense, '2024-01-01')", "155"),
            ("SELECT CONVERT(varchar(30), EOMONTH('2024-02-01'), 23), CONVERT(varchar(30), DATEFROMPARTS(2024, 2, 29), 23)",
             &format!("{text}, {text}: 2024-02-29|2024-02-29")),
            ("SELECT DATEFROMPARTS(2023, 2, 29)", "289"),
            ("SELECT CASE WHEN DATEDIFF(second, GETDATE(), SYSDATETIME()) < 2 THEN 1 ELSE 0 END",
             "int!: 1"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drivers_ask() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT @@SPID, DB_NAME(), SUSER_SNAME(), SCHEMA_NAME(), APP_NAME(), HOST_NAME()",
             "smallint!, nvarchar(128), nvarchar(128), nvarchar(128), nvarchar(128), nvarchar(128): \
              51|master|sa|dbo|tests|here"),
            ("SELECT CAST(SERVERPROPERTY('ProductVersion') AS VARCHAR)", "varchar(30): 16.0.4003.1"),
            ("SELECT SERVERPROPERTY('EngineEdition'), SERVERPROPERTY('InstanceName')",
             "int, nvarchar(128): 3|NULL"),
            ("SELECT ISNULL(SESSIONPROPERTY('ANSI_NULLS'), 0)", "int!: 1"),
            ("SELECT CONVERT(NVARCHAR(36), CONTEXT_INFO())", "nvarchar(36): NULL"),
            ("SELECT LEFT(@@VERSION, 25)", "nvarchar(25)!: Microsoft SQL Server 2022"),
            ("SELECT name FROM sys.databases ORDER BY database_id",
             "nvarchar(128)!: master; tempdb; model; msdb"),
            ("SELECT count(*) FROM sys.system_views WHERE name = 'dm_exec_sessions'", "int!: 1"),
            ("SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID",
             "smallint!: 2"),
            ("SELECT IS_SRVROLEMEMBER('sysadmin'), HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE')",
             "int, int: 1|1"),
            ("SELECT OBJECT_ID('dbo.nothing', 'U')", "int: NULL"),
            ("SELECT CURRENT_USER, SYSTEM_USER", "nvarchar(128), nvarchar(128): dbo|sa"),
            (
                "SELECT CASE transaction_isolation_level WHEN 0 THEN NULL WHEN 2 THEN 'READ COMMITTED' \
                 WHEN 5 THEN 'SNAPSHOT' END AS TRANSACTION_ISOLATION_LEVEL \
                 FROM sys.dm_exec_sessions where session_id = @@SPID",
                "varchar(14): READ COMMITTED",
            ),
            (
                "SELECT SERVERPROPERTY('EngineEdition'), SERVERPROPERTY('edition'), \
                 (SELECT CASE WHEN EXISTS (SELECT TOP 1 1 from [sys].[all_columns] WITH (NOLOCK) \
                 WHERE name = N'xtp_object_id' AND OBJECT_ID(N'sys.memory_optimized_tables') = \
                 object_id) THEN 1 ELSE 0 END AS SupportsInMemory)",
                "int, nvarchar(128), int: 3|Developer Edition (64-bit)|0",
            ),
            (
                "SELECT name FROM sys.system_views WHERE name IN ('dm_exec_sessions', 'dm_pdw_nodes_exec_sessions')",
                "nvarchar(128)!: dm_exec_sessions",
            ),
            ("SET LOCK_TIMEOUT 1000 SELECT @@LOCK_TIMEOUT", "int!: 1000"),
            // "@@TEXTSIZE", "SET TEXTSIZE".
            ("SET TEXTSIZE 2048 SELECT @@TEXTSIZE", "int!: 2048"),
            ("SET TEXTSIZE 0 SELECT @@TEXTSIZE", "int!: 4096"),
            ("SET TEXTSIZE -1 SELECT @@TEXTSIZE", "int!: 2147483647"),
            ("SELECT DATABASEPROPERTYEX('master', 'Collation')",
             "nvarchar(128): SQL_Latin1_General_CP1_CI_AS"),
            ("SELECT @nothing", "137"),
            ("SELECT @@nothing", "137"),
        ],
    )
    .await;
}
