//! Tables: what is stored comes back, and what SQL Server refuses is refused.

use std::collections::BTreeMap;

use crate::support::{Server, check, line, run, run_with};
use launchpod_database::Variable;
use launchpod_types::SqlType;

const ALL_TYPES: &str = "CREATE TABLE dbo.everything (
    a bit, b tinyint, c smallint, d int, e bigint, f real, g float, h decimal(9,3),
    i money, j smallmoney, k char(3), l varchar(10), m nchar(3), n nvarchar(max),
    o binary(2), p varbinary(max), q date, r time(3), s smalldatetime, t datetime,
    u datetime2(7), v datetimeoffset(2), w uniqueidentifier, x varchar(max), y numeric(38,0),
);";

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_stored_and_read_back() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, ALL_TYPES).await.unwrap();
    let types = "bit, tinyint, smallint, int, bigint, real, float, decimal(9,3), money, \
                 smallmoney, char(3), varchar(10), nchar(3), nvarchar(max), binary(2), \
                 varbinary(max), date, time(3), smalldatetime, datetime, datetime2(7), \
                 datetimeoffset(2), uniqueidentifier, varchar(max), decimal(38,0): ";
    let nulls = ["NULL"; 25].join("|");
    let values = "1|255|-32768|2147483647|-9223372036854775808|1.5|0.1|123456.789|-12.5000|\
                  214748.3647|ab |x|é  |Größe|0100|0a0b|19782|45296789000000|17091966000000000|\
                  17091966007900000|17091966001234567|00042d1005b93c003c00|\
                  6f9619ff8b86d011b42d00c04fc964ff|long|99999999999999999999999999999999999999";
    let empty = types.to_owned();
    let filled = format!("{types}{nulls}; {values}");
    check(
        &mut *session,
        &[
            ("SELECT * FROM everything", &empty),
            ("INSERT everything DEFAULT VALUES", ": "),
            (
                "INSERT INTO everything VALUES (1, 255, -32768, 2147483647, -9223372036854775808,
                 1.5, 0.1, 123456.789, -12.5, 214748.3647, 'ab', 'x', N'é', N'Größe', 0x01,
                 0x0a0b, '2024-02-29', '12:34:56.789', '2024-02-29 08:50', '2024-02-29 08:50:00.789',
                 '2024-02-29 08:50:00.1234567', '2024-02-29 08:50:00 +01:00',
                 '6F9619FF-8B86-D011-B42D-00C04FC964FF', 'long',
                 99999999999999999999999999999999999999)",
                ": ",
            ),
        ],
    )
    .await;
    check(&mut *session, &[("SELECT * FROM everything ORDER BY a", &filled)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_are_kept() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            (
                "CREATE TABLE p (id int IDENTITY(10, 5) PRIMARY KEY, name varchar(5) NOT NULL,
                 n int DEFAULT (1 + 1), CONSTRAINT positive CHECK (n > 0 AND name LIKE '[a-z]%'),
                 UNIQUE (name, n))",
                ": ",
            ),
            ("INSERT p (name) VALUES ('a'), ('b')", ": "),
            ("SELECT * FROM p", "int!, varchar(5)!, int: 10|a|2; 15|b|2"),
            ("SELECT SCOPE_IDENTITY(), @@IDENTITY", "decimal(38,0), decimal(38,0): 15|15"),
            ("INSERT p (name, n) VALUES ('A ', 2)", "2627"),
            ("INSERT p (name, n) VALUES ('c', 0)", "547"),
            ("INSERT p (name, n) VALUES ('1', 1)", "547"),
            ("UPDATE p SET n = -1", "547"),
            ("INSERT p (n) VALUES (1)", "515"),
            ("UPDATE p SET name = NULL", "515"),
            ("INSERT p (name) VALUES ('abcdef')", "2628"),
            ("INSERT p (name) SELECT REPLICATE('x', 6)", "2628"),
            ("INSERT p (name) VALUES ('abc   ')", ": "),
            ("INSERT p (name, n) VALUES ('d', 3000000000)", "8115"),
            ("INSERT p (name, n) VALUES ('d', 'x')", "245"),
            ("INSERT p (id, name) VALUES (1, 'x')", "544"),
            ("SET IDENTITY_INSERT p ON INSERT p (id, name) VALUES (100, 'x') SET IDENTITY_INSERT p OFF",
             ": "),
            ("INSERT p (name) VALUES ('y')", ": "),
            ("SELECT MAX(id) FROM p", "int: 105"),
            ("UPDATE p SET id = 1", "8102"),
            ("INSERT p VALUES ('z')", "213"),
            ("INSERT p (name, n) VALUES ('z')", "109"),
            ("INSERT p (name) VALUES ('z', 1)", "110"),
            ("INSERT p (name) SELECT 'z', 1", "121"),
            ("INSERT p (nothing) VALUES (1)", "207"),
            ("INSERT p (name, name) VALUES ('a', 'b')", "264"),
            ("INSERT p (name, n) VALUES ('e', DEFAULT)", ": "),
            ("SELECT n FROM p WHERE name = 'E'", "int: 2"),
            ("CREATE TABLE c (p int REFERENCES p (id))", ": "),
            ("INSERT c VALUES (10)", ": "),
            ("INSERT c VALUES (11)", "547"),
            ("DELETE p WHERE id = 10", "547"),
            ("TRUNCATE TABLE c", ": "),
            ("SELECT COUNT(*) FROM c", "int!: 0"),
            ("DROP TABLE c, p", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_found_or_not() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT * FROM nothing", "208"),
            ("INSERT nothing VALUES (1)", "208"),
            ("DROP TABLE nothing", "3701"),
            ("DROP TABLE IF EXISTS nothing", ": "),
            ("TRUNCATE TABLE nothing", "4701"),
            ("CREATE TABLE [a b] ([x y] int, \"q\"\"r\" int)", ": "),
            ("CREATE TABLE [A B] (x int)", "2714"),
            ("INSERT [a b] VALUES (1, 2)", ": "),
            ("SELECT [X Y], [a b].[q\"r] FROM DBO.[a B]", "int, int: 1|2"),
            ("SELECT nothing FROM [a b]", "207"),
            ("SELECT t.nothing FROM [a b] t", "207"),
            ("SELECT u.x FROM [a b] t", "4104"),
            ("SELECT [x y] FROM [a b] a, [a b] b", "209"),
            ("SELECT 1 FROM [a b], [a b]", "1011"),
            ("CREATE TABLE t (a int, A int)", "2705"),
            ("CREATE TABLE t (a nosuchtype)", "2715"),
            ("CREATE PROCEDURE p @a int, @b nosuchtype AS SELECT 1", "2715"),
            ("CREATE FUNCTION f (@a nosuchtype) RETURNS int AS BEGIN RETURN 1 END", "2715"),
            ("CREATE FUNCTION f () RETURNS nosuchtype AS BEGIN RETURN 1 END", "2715"),
            ("SELECT CAST(1 AS nosuchtype)", "243"),
            ("SELECT TRY_CONVERT(nosuchtype, 1)", "243"),
            ("CREATE TABLE t (a geography)", "40517"),
            ("CREATE TABLE nosuch.t (a int)", "2760"),
            ("CREATE DATABASE other", ": "),
            ("CREATE DATABASE Other", "1801"),
            ("CREATE TABLE other.dbo.t (a int)", ": "),
            ("INSERT other..t VALUES (7)", ": "),
            ("USE other", ": "),
            ("SELECT a, DB_NAME() FROM t", "int, nvarchar(128): 7|other"),
            ("SELECT OBJECT_NAME(OBJECT_ID('t')), DB_ID('master')",
             "nvarchar(128), int: t|1"),
            ("SELECT name, type FROM sys.tables", "nvarchar(128)!, char(2): t|U "),
            ("SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS",
             "nvarchar(128), nvarchar(128), varchar(3): a|int|YES"),
            ("SELECT c.name, t.name FROM sys.columns c JOIN sys.types t ON c.user_type_id = t.user_type_id
              WHERE c.object_id = OBJECT_ID('dbo.t')", "nvarchar(128), nvarchar(128)!: a|int"),
            ("SELECT COUNT(*) FROM sys.objects, sys.columns, sys.schemas", "int!: 4"),
            ("SELECT [INFORMATION_SCHEMA].[TABLES].[TABLE_NAME] FROM [INFORMATION_SCHEMA].[TABLES]
              WHERE TABLE_TYPE = N'BASE TABLE' AND TABLE_NAME = CAST(N'T' AS NVARCHAR(max))",
             "nvarchar(128)!: t"),
            ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = 'dbo'", "int!: 1"),
            ("SELECT name, object_id, create_date FROM master.sys.tables WHERE name = 't'",
             "nvarchar(128)!, int!, datetime!: "),
            ("DELETE sys.tables", "259"),
            ("DROP DATABASE other", "3702"),
            ("USE master", ": "),
            ("DROP DATABASE other", ": "),
            ("USE other", "911"),
            ("DROP DATABASE tempdb", "3708"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_changed() {
    let server = Server::new();
    let mut session = server.session().await;
    run(
        &mut *session,
        "CREATE TABLE t (id int PRIMARY KEY, v varchar(10), d decimal(9,2))
        INSERT t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)",
    )
    .await
    .unwrap();
    run(
        &mut *session,
        "CREATE TABLE u (id int, w varchar(10)) INSERT u VALUES (1, 'eins'), (3, 'drei')",
    )
    .await
    .unwrap();
    let changed =
        run(&mut *session, "UPDATE t SET d = d * 2, v += '!' WHERE id > 1").await.unwrap();
    assert_eq!(changed.affected, Some(2));
    check(
        &mut *session,
        &[
            ("SELECT * FROM t", "int!, varchar(10), decimal(9,2): 1|one|1.00; 2|two!|4.00; 3|three!|6.00"),
            ("UPDATE x SET v = u.w FROM t AS x JOIN u ON x.id = u.id", ": "),
            ("UPDATE t SET d = 0 FROM u WHERE t.id = u.id AND u.w = 'DREI'", ": "),
            ("SELECT * FROM t", "int!, varchar(10), decimal(9,2): 1|eins|1.00; 2|two!|4.00; 3|drei|0.00"),
            ("UPDATE TOP (1) t SET v = 'first'", ": "),
            ("SELECT COUNT(*) FROM t WHERE v = 'first'", "int!: 1"),
            ("DELETE t FROM t LEFT JOIN u ON t.id = u.id WHERE u.id IS NULL", ": "),
            ("SELECT id FROM t", "int!: 1; 3"),
            ("DELETE FROM t WHERE id = 3", ": "),
            ("INSERT t SELECT id + 10, w, id FROM u ORDER BY id", ": "),
            ("SELECT id, v FROM t ORDER BY id DESC", "int!, varchar(10): 13|drei; 11|eins; 1|first"),
            ("WITH x AS (SELECT id FROM t WHERE id > 10) DELETE t WHERE id IN (SELECT id FROM x)", ": "),
            ("INSERT t SELECT id + 1, v, d FROM t", ": "),
            ("SELECT COUNT(*) FROM t", "int!: 2"),
            ("SELECT id, v INTO copy FROM t WHERE 1 = 0", ": "),
            ("SELECT * FROM copy", "int!, varchar(10): "),
            ("SELECT id, d * 2 AS twice INTO #c FROM t", ": "),
            ("SELECT * FROM #c", "int!, decimal(11,2): 1|2.00; 2|2.00"),
            ("SELECT 1 INTO broken", "1038"),
            ("UPDATE t SET nothing = 1", "207"),
            ("UPDATE t SET v = 'a', V = 'b'", "264"),
            ("INSERT t OUTPUT inserted.id, inserted.d * 2 AS e VALUES (9, 'x', 1), (8, 'y', 2)",
             "int!, decimal(11,2): 9|2.00; 8|4.00"),
            ("INSERT t OUTPUT inserted.id VALUES (9, 'x', 1)", "2627"),
            ("UPDATE t SET v = 'z' OUTPUT inserted.* WHERE id = 9", "int!, varchar(10), decimal(9,2): 9|z|1.00"),
            ("DELETE t OUTPUT deleted.v WHERE id >= 8", "varchar(10): z; y"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_tables_are_the_sessions() {
    let server = Server::new();
    let mut one = server.session().await;
    let mut two = server.session().await;
    check(
        &mut *one,
        &[
            ("CREATE TABLE #t (a int IDENTITY, b nvarchar(5))", ": "),
            ("INSERT #t (b) VALUES (N'ä')", ": "),
            ("SELECT * FROM #T", "int!, nvarchar(5): 1|ä"),
            ("SELECT CASE WHEN OBJECT_ID('tempdb..#t') IS NULL THEN 0 ELSE 1 END", "int!: 1"),
        ],
    )
    .await;
    check(&mut *two, &[("SELECT * FROM #t", "208"), ("CREATE TABLE #t (x int)", ": ")]).await;
    check(&mut *one, &[("DROP TABLE #t", ": "), ("SELECT * FROM #t", "208")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_variable_is_a_temporary_table_under_a_given_name() {
    let server = Server::new();
    let mut session = server.session().await;
    let variables = BTreeMap::from([(
        "@t".to_owned(),
        Variable { sql_type: SqlType::SYSNAME, value: "#@t 1".into() },
    )]);
    for (sql, expected) in [
        ("DECLARE @T TABLE (id int IDENTITY PRIMARY KEY, v varchar(5) NOT NULL)", ": "),
        ("INSERT INTO @t (v) VALUES ('a'), ('b'), ('c')", ": "),
        ("DECLARE @T TABLE (id int IDENTITY PRIMARY KEY, v varchar(5) NOT NULL)", ": "),
        ("UPDATE @t SET v = 'z' WHERE id = 2", ": "),
        ("DELETE @t WHERE id = 3", ": "),
        (
            "SELECT x.* FROM @t x JOIN (SELECT MAX(id) AS m FROM @t) y ON y.m = x.id",
            "int!, varchar(5)!: 2|z",
        ),
        ("UPDATE @t SET v = u.v FROM (VALUES (1, 'n')) u (id, v) WHERE u.id = [@t].id", ": "),
        ("SELECT v FROM @t", "varchar(5)!: n; z"),
        ("DROP TABLE [#@t 1]", ": "),
    ] {
        let got = run_with(&mut *session, sql, &variables).await;
        assert_eq!(
            got.map(|output| line(&output)).map_err(|e| e.0.text),
            Ok(expected.into()),
            "{sql}"
        );
    }
    for sql in ["SELECT * FROM @t", "INSERT @other VALUES (1)", "DELETE @t"] {
        let error = run_with(&mut *session, sql, &variables).await.unwrap_err();
        assert_eq!(error.number(), 1087, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn insert_top_takes_so_many_rows() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a varchar(3)) INSERT t VALUES ('a'), ('b'), ('c')", ": "),
            ("INSERT TOP (2) INTO t SELECT a FROM t", ": "),
            ("SELECT COUNT(*) FROM t", "int!: 5"),
            ("INSERT TOP (2) INTO t VALUES ('d')", "40517"),
        ],
    )
    .await;
    // A new table may have the number of a dropped one, but not its names in messages.
    let truncated = run(&mut *session, "INSERT t SELECT 'long'").await.unwrap_err();
    assert!(truncated.0.text.contains("table 'master.dbo.t', column 'a'"), "{}", truncated.0.text);
    run(&mut *session, "DROP TABLE t CREATE TABLE u (b varchar(3))").await.unwrap();
    let truncated = run(&mut *session, "INSERT u SELECT 'long'").await.unwrap_err();
    assert!(truncated.0.text.contains("table 'master.dbo.u', column 'b'"), "{}", truncated.0.text);
}
