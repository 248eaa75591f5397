//! Procedures, views, functions and schemas: how they are kept, found and used.

use crate::support::{Server, check, line, run};

const DEFINITION: &str = "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID";

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_is_kept_as_its_text() {
    let server = Server::new();
    let mut session = server.session().await;
    let by = |name: &str| format!("{DEFINITION}(N'{name}', N'P')");
    let text = |text: &str| format!("nvarchar(max): {text}");
    let cases = [
        ("CREATE PROCEDURE Train @a int = 1 AS SELECT @a".to_owned(), ": ".to_owned()),
        (by("train"), text("CREATE PROCEDURE Train @a int = 1 AS SELECT @a")),
        (by("dbo.[Train]"), text("CREATE PROCEDURE Train @a int = 1 AS SELECT @a")),
        (by("master..train"), text("CREATE PROCEDURE Train @a int = 1 AS SELECT @a")),
        (by("tempdb..train"), text("")),
        (by("other"), text("")),
        ("CREATE PROC dbo.train AS SELECT 2".into(), "2714".into()),
        ("CREATE TABLE train (a int)".into(), "2714".into()),
        ("CREATE VIEW train AS SELECT 1 AS a".into(), "2714".into()),
        ("ALTER VIEW train AS SELECT 1 AS a".into(), "2010".into()),
        ("ALTER PROC missing AS SELECT 2".into(), "208".into()),
        ("CREATE PROC nowhere.p AS SELECT 2".into(), "2760".into()),
        ("CREATE PROC master.dbo.p AS SELECT 2".into(), "166".into()),
        ("alter proc train as select 'ALTER'".into(), ": ".into()),
        (by("train"), text("CREATE proc train as select 'ALTER'")),
        ("CREATE OR ALTER PROC train AS SELECT 3".into(), ": ".into()),
        ("SELECT OBJECT_DEFINITION(OBJECT_ID('train'))".into(), text("CREATE PROC train AS SELECT 3")),
        (
            "SELECT OBJECT_ID('train', 'V'), OBJECT_ID('train', 'P ') - OBJECT_ID('train'),
             OBJECT_NAME(OBJECT_ID('train')), OBJECT_DEFINITION(0)"
                .into(),
            "int, int, nvarchar(128), nvarchar(max): NULL|0|Train|NULL".into(),
        ),
        (
            "SELECT name, type, type_desc FROM sys.objects WHERE object_id = OBJECT_ID('train')"
                .into(),
            "nvarchar(128)!, char(2), nvarchar(60): Train|P |SQL_STORED_PROCEDURE".into(),
        ),
        (
            "SELECT name, SCHEMA_NAME(schema_id), OBJECT_NAME(object_id), OBJECT_DEFINITION(object_id)
             FROM sys.procedures"
                .into(),
            "nvarchar(128)!, nvarchar(128), nvarchar(128), nvarchar(max): \
             Train|dbo|Train|CREATE PROC train AS SELECT 3"
                .into(),
        ),
        ("DROP VIEW train".into(), "3705".into()),
        ("DROP TABLE train".into(), "3705".into()),
        ("DROP PROC master.dbo.train".into(), "166".into()),
        ("DROP PROCEDURE missing".into(), "3701".into()),
        ("DROP PROCEDURE IF EXISTS missing, train".into(), ": ".into()),
        ("SELECT OBJECT_ID('train')".into(), "int: NULL".into()),
        ("CREATE OR ALTER PROC p AS SELECT nothing FROM nowhere".into(), ": ".into()),
        ("DROP FUNCTION p".into(), "3705".into()),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (&**a, &**b)).collect();
    check(&mut *session, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_of_their_database_and_transaction() {
    let server = Server::new();
    let mut session = server.session().await;
    for sql in [
        "CREATE DATABASE other",
        "USE other",
        "CREATE PROC p AS SELECT 'other'",
        "CREATE TABLE t (a int)",
        "INSERT t VALUES (7)",
        "CREATE VIEW v AS SELECT a FROM t",
        "USE master",
        "BEGIN TRAN",
        "CREATE PROC p AS SELECT 'master'",
        "CREATE SCHEMA passing",
    ] {
        run(&mut *session, sql).await.unwrap();
    }
    check(
        &mut *session,
        &[
            ("SELECT COUNT(*) FROM sys.procedures", "int!: 1"),
            ("SELECT COUNT(*) FROM other.sys.procedures", "int!: 1"),
            (&format!("{DEFINITION}('p')"), "nvarchar(max): CREATE PROC p AS SELECT 'master'"),
            ("ROLLBACK", ": "),
            ("SELECT COUNT(*) FROM sys.procedures", "int!: 0"),
            ("SELECT SCHEMA_ID('passing'), SCHEMA_ID('dbo')", "int, int: NULL|1"),
            ("CREATE PROC [a]].b] AS SELECT 1", ": "),
            (
                "SELECT OBJECT_DEFINITION(OBJECT_ID('dbo.[a]].b]', 'P'))",
                "nvarchar(max): CREATE PROC [a]].b] AS SELECT 1",
            ),
            (
                "SELECT OBJECT_DEFINITION(OBJECT_ID('other..p', 'P'))",
                "nvarchar(max): CREATE PROC p AS SELECT 'other'",
            ),
            ("SELECT OBJECT_ID('p'), 1 - SIGN(OBJECT_ID('other.dbo.p'))", "int, int: NULL|0"),
            // A view's names are those of its own database.
            ("SELECT * FROM other.dbo.v", "int: 7"),
            ("SELECT * FROM v", "208"),
            ("DROP DATABASE other", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_queries_under_a_name() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (id int PRIMARY KEY, name varchar(10) NOT NULL)", ": "),
            ("INSERT t VALUES (1, 'a'), (2, 'b'), (3, 'c')", ": "),
            ("CREATE VIEW v (n, upper_name) AS SELECT id * 10, UPPER(name) FROM t", ": "),
            ("SELECT * FROM v WHERE n > 10 ORDER BY n", "int!, varchar(10)!: 20|B; 30|C"),
            ("SELECT v.n, dbo.v.n FROM dbo.v WHERE upper_name = 'a'", "int!, int!: 10|10"),
            ("SELECT t.name, x.n FROM t JOIN v x ON x.n = t.id * 10 WHERE t.id = 2", "varchar(10)!, int!: b|20"),
            ("CREATE VIEW w AS WITH c AS (SELECT n FROM v) SELECT TOP (1) n FROM c ORDER BY n DESC", ": "),
            ("SELECT n + 1 FROM w", "int!: 31"),
            // A view sees neither variables nor the common tables of the query around.
            ("WITH t AS (SELECT 9 AS id, 'z' AS name) SELECT MAX(n) FROM v", "int: 30"),
            ("CREATE VIEW bad AS SELECT nothing FROM t", "207"),
            ("CREATE VIEW bad AS SELECT id + 1 FROM t", "4511"),
            ("CREATE VIEW bad AS SELECT id FROM t ORDER BY id", "1033"),
            ("CREATE VIEW bad (a, b) AS SELECT id FROM t", "4502"),
            ("INSERT v VALUES (1, 'x')", "4406"),
            ("ALTER VIEW w AS SELECT * FROM w2", "208"),
            ("CREATE OR ALTER VIEW w AS SELECT name FROM t", ": "),
            ("SELECT COUNT(name) FROM w", "int!: 3"),
            ("ALTER VIEW w AS SELECT * FROM w", "217"),
            ("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('v', 'V') ORDER BY column_id", "nvarchar(128): n; upper_name"),
            ("SELECT TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES ORDER BY 1", "nvarchar(128)!, varchar(10): t|BASE TABLE; v|VIEW; w|VIEW"),
            ("DROP VIEW v, w", ": "),
            ("SELECT * FROM v", "208"),
            ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS", "int!: 2"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_put_into_the_query() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (id int, v float)", ": "),
            ("INSERT t VALUES (1, 1.5), (2, 2.5), (3, 3.5)", ": "),
            (
                "CREATE FUNCTION dbo.above (@low int, @plus float = 1) RETURNS TABLE AS
              RETURN (SELECT id, v + @plus AS w FROM t WHERE id > @low)",
                ": ",
            ),
            ("SELECT * FROM dbo.above(1, 10)", "int, float: 2|12.5; 3|13.5"),
            ("SELECT f.w FROM above('2', DEFAULT) f", "float: 4.5"),
            ("SELECT * FROM above(1)", "313"),
            ("SELECT * FROM above(1, 2, 3)", "8144"),
            ("SELECT * FROM above('x', 2)", "245"),
            ("CREATE FUNCTION twice (@a int) RETURNS bigint AS BEGIN RETURN @a * 2 END", ": "),
            (
                "SELECT dbo.twice(id), dbo.twice(dbo.twice(3)) FROM t WHERE dbo.twice(id) > 4",
                "bigint, bigint: 6|12",
            ),
            ("SELECT twice(1)", "195"),
            ("SELECT dbo.missing(1)", "4121"),
            (
                "CREATE FUNCTION best () RETURNS float AS BEGIN RETURN (SELECT MAX(v) FROM t) END",
                ": ",
            ),
            ("SELECT dbo.best()", "float: 3.5"),
            ("CREATE FUNCTION loops (@a int) RETURNS int AS BEGIN WHILE @a < 5 SET @a += 1 RETURN @a END", ": "),
            ("SELECT dbo.loops(1)", "int: 5"),
            (
                "SELECT name, type FROM sys.objects WHERE type IN ('FN', 'IF') ORDER BY name",
                "nvarchar(128)!, char(2): above|IF; best|FN; loops|FN; twice|FN",
            ),
            ("DROP FUNCTION IF EXISTS above, twice, best, loops", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_function_becomes_an_expression() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            // The shape of the distance function of the taxi tutorial.
            ("CREATE FUNCTION [dbo].[fnDistance] (@Lat1 float, @Lat2 float) RETURNS float AS
              BEGIN
                DECLARE @distance decimal(28, 10)
                SET @Lat1 = @Lat1 / 2
                SET @distance = (SIN(0) + @Lat1) * @Lat2
                IF @distance <> 0
                BEGIN
                  SET @distance = 100 / @distance
                END
                RETURN @distance
              END", ": "),
            ("SELECT dbo.fnDistance(v, 5) FROM (VALUES (0), (8), (NULL)) t (v)", "float: 0; 5; NULL"),
            ("CREATE FUNCTION grade (@n int) RETURNS varchar(10) AS BEGIN
                DECLARE @r varchar(10) = 'low', @twice int
                IF @n IS NULL RETURN 'none'
                SET @twice = @n; SET @twice *= 2
                IF @twice > 10 SET @r = 'high' ELSE IF @twice > 5 RETURN 'middle'
                RETURN @r + '!'
              END", ": "),
            ("SELECT dbo.grade(n) FROM (VALUES (1), (4), (8), (NULL)) t (n)", "varchar(10): low!; middle; high!; none"),
            ("CREATE FUNCTION feature (@a float) RETURNS TABLE AS RETURN (SELECT @a AS a, dbo.fnDistance(@a, 5) AS d)", ": "),
            ("SELECT f.* FROM (VALUES (8), (4)) t (v) CROSS APPLY dbo.feature(t.v) f", "float, float: 8|5; 4|10"),
            ("CREATE FUNCTION nested (@n int) RETURNS int AS BEGIN
                IF @n > 1 BEGIN IF @n > 2 RETURN 3; SET @n = 20 END
                RETURN @n
              END", ": "),
            ("SELECT dbo.nested(n) FROM (VALUES (1), (2), (3)) t (n)", "int: 1; 20; 3"),
            ("CREATE FUNCTION undeclared () RETURNS int AS BEGIN SET @x = 1 RETURN 1 END", ": "),
            ("SELECT dbo.undeclared()", "137"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_grow_without_end_are_refused() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, "CREATE FUNCTION f (@a int) RETURNS int AS BEGIN RETURN @a + @a END")
        .await
        .unwrap();
    let deep = format!("SELECT {}LEN('1'){}", "dbo.f(".repeat(40), ")".repeat(40));
    assert_eq!(run(&mut *session, &deep).await.unwrap_err().number(), 8631);
    let fine = run(&mut *session, "SELECT dbo.f(dbo.f(LEN('12')))").await.unwrap();
    assert_eq!(line(&fine), "int: 8");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_hold_objects() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SCHEMA Sales", ": "),
            ("CREATE SCHEMA sales", "2714"),
            ("CREATE TABLE sales.t (a int)", ": "),
            ("CREATE TABLE t (a int, b int)", ": "),
            ("INSERT sales.t VALUES (5)", ": "),
            ("CREATE PROC sales.p AS SELECT 1", ": "),
            ("SELECT a FROM SALES.T", "int: 5"),
            ("SELECT SCHEMA_NAME(SCHEMA_ID('SALES')), OBJECT_SCHEMA_NAME(OBJECT_ID('sales.p'))",
             "nvarchar(128), nvarchar(128): Sales|Sales"),
            ("SELECT s.name, o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
              ORDER BY s.name, o.name", "nvarchar(128)!, nvarchar(128)!: dbo|t; Sales|p; Sales|t"),
            ("DROP SCHEMA sales", "3729"),
            ("DROP TABLE sales.t DROP PROC sales.p", ": "),
            ("DROP SCHEMA sales", ": "),
            ("DROP SCHEMA sales", "15151"),
            ("DROP SCHEMA IF EXISTS sales", ": "),
            ("DROP SCHEMA dbo", "15150"),
            ("CREATE TABLE sales.t (a int)", "2760"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_dropped_database_meets_what_comes_after() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE DATABASE gone", ": "),
            ("USE gone", ": "),
            ("CREATE VIEW v AS SELECT 1 AS a, 2 AS b", ": "),
            ("CREATE PROCEDURE p @a int AS SELECT @a", ": "),
            ("USE master", ": "),
            ("DROP DATABASE gone", ": "),
            ("CREATE TABLE first (a int)", ": "),
            ("CREATE PROCEDURE second @a int AS SELECT @a", ": "),
            ("SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('first')", "int!: 1"),
            (
                "SELECT COUNT(*) FROM sys.parameters WHERE object_id = OBJECT_ID('second')",
                "int!: 1",
            ),
        ],
    )
    .await;
}
