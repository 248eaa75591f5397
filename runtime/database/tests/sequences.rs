//! Sequences ("CREATE SEQUENCE", "ALTER SEQUENCE", "NEXT VALUE FOR", "sys.sequences").

use crate::support::{Server, check, line, run};

/// The texts of the documentation's examples, and what each rule of its page gives.
#[tokio::test]
async fn values_follow_each_other() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SCHEMA Test; CREATE SEQUENCE Test.CountBy1 START WITH 1 INCREMENT BY 1", ": "),
            ("SELECT NEXT VALUE FOR Test.CountBy1 AS FirstUse", "bigint!: 1"),
            ("SELECT NEXT VALUE FOR test.countby1 AS SecondUse", "bigint!: 2"),
            ("SELECT NEXT VALUE FOR master.Test.CountBy1", "bigint!: 3"),
            ("CREATE SEQUENCE Test.DecSeq AS decimal(3,0) START WITH 125 INCREMENT BY 25 MINVALUE 100 MAXVALUE 200 CYCLE CACHE 3", ": "),
            ("SELECT NEXT VALUE FOR Test.DecSeq", "decimal(3,0)!: 125"),
            ("SELECT NEXT VALUE FOR Test.DecSeq", "decimal(3,0)!: 150"),
            ("SELECT NEXT VALUE FOR Test.DecSeq", "decimal(3,0)!: 175"),
            ("SELECT NEXT VALUE FOR Test.DecSeq", "decimal(3,0)!: 200"),
            ("SELECT NEXT VALUE FOR Test.DecSeq", "decimal(3,0)!: 100"),
            ("SELECT cache_size, current_value FROM sys.sequences WHERE name = 'DecSeq'", "int, sql_variant!: 3|100"),
            ("CREATE SEQUENCE tiny AS tinyint; SELECT NEXT VALUE FOR tiny", "tinyint!: 0"),
            ("CREATE SEQUENCE down AS int INCREMENT BY -1 MAXVALUE 0; SELECT NEXT VALUE FOR down", "int!: 0"),
            ("SELECT NEXT VALUE FOR down", "int!: -1"),
            ("CREATE SEQUENCE short START WITH 1 MAXVALUE 2 MINVALUE 1; SELECT NEXT VALUE FOR short", "bigint!: 1"),
            ("SELECT NEXT VALUE FOR short", "bigint!: 2"),
            ("SELECT is_exhausted FROM sys.sequences WHERE name = 'short'", "bit!: 1"),
            ("SELECT NEXT VALUE FOR short", "11728"),
            ("ALTER SEQUENCE short RESTART; SELECT NEXT VALUE FOR short", "bigint!: 1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_row_has_one_value() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SEQUENCE s AS int START WITH 1; CREATE SEQUENCE r AS int START WITH 100; CREATE TABLE src (a int, b varchar(9)); INSERT src VALUES (3, 'c'), (1, 'a'), (2, 'b')", ": "),
            ("SELECT NEXT VALUE FOR s AS x, NEXT VALUE FOR r AS y, NEXT VALUE FOR s + NEXT VALUE FOR s AS z", "int!, int!, int!: 1|100|2"),
            ("SELECT NEXT VALUE FOR s AS x, -NEXT VALUE FOR s AS y FROM src", "int!, int!: 2|-2; 3|-3; 4|-4"),
            ("SELECT NEXT VALUE FOR s OVER (ORDER BY b) AS n, NEXT VALUE FOR s OVER (ORDER BY b) AS m, b FROM src ORDER BY b DESC", "int!, int!, varchar(9): 7|7|c; 6|6|b; 5|5|a"),
            ("SELECT NEXT VALUE FOR s OVER (ORDER BY b) AS n, b INTO numbered FROM src; SELECT n, b FROM numbered ORDER BY n", "int!, varchar(9): 8|a; 9|b; 10|c"),
            ("CREATE TABLE t (id int DEFAULT NEXT VALUE FOR s, other int, b varchar(9), again int DEFAULT (10 * NEXT VALUE FOR dbo.s))", ": "),
            ("INSERT t (b) VALUES ('x'), ('y'); SELECT id, again, b FROM t", "int, int, varchar(9): 11|110|x; 12|120|y"),
            ("DELETE t; INSERT t (id, other, b) VALUES (NEXT VALUE FOR s, NEXT VALUE FOR r, 'x'); SELECT id, other, again FROM t", "int, int, int: 13|101|130"),
            ("DELETE t; INSERT t (id, other, again) VALUES (NEXT VALUE FOR s, NEXT VALUE FOR r, 1), (NEXT VALUE FOR r, NEXT VALUE FOR s, DEFAULT), (5, DEFAULT, DEFAULT); SELECT id, other, again FROM t", "int, int, int: 14|102|1; 103|15|150; 5|NULL|160"),
            ("DELETE t; INSERT t (other, b) SELECT NEXT VALUE FOR s OVER (ORDER BY b DESC), b FROM src; SELECT other, b FROM t ORDER BY b", "11727"),
            ("INSERT t (b) SELECT b FROM src ORDER BY b; SELECT id, again, b FROM t ORDER BY b", "int, int, varchar(9): 17|170|a; 18|180|b; 19|190|c"),
            ("INSERT t (id, b) SELECT NEXT VALUE FOR s, b FROM src; SELECT COUNT(*) FROM t WHERE id * 10 = again", "int!: 6"),
            ("UPDATE t SET id = NEXT VALUE FOR s, other = NEXT VALUE FOR s; SELECT COUNT(DISTINCT id), SUM(CASE WHEN id = other THEN 1 ELSE 0 END), MIN(id) FROM t", "int!, int, int: 6|6|23"),
            ("DELETE t; INSERT t OUTPUT inserted.id, inserted.again DEFAULT VALUES", "int, int: 29|290"),
            ("MERGE t USING src ON t.b = src.b WHEN NOT MATCHED THEN INSERT (b) VALUES (src.b); SELECT id * 10 - again FROM t", "int: 0; 0; 0; 0"),
            ("UPDATE TOP (1) t SET b = 'z'; SELECT NEXT VALUE FOR s", "int!: 33"),
        ],
    )
    .await;
}

#[tokio::test]
async fn values_are_not_rolled_back() {
    let server = Server::new();
    let (mut session, mut other) = (server.session().await, server.session().await);
    check(
        &mut *session,
        &[
            ("CREATE SEQUENCE s START WITH 1; CREATE TABLE t (id int DEFAULT NEXT VALUE FOR s, a int)", ": "),
            ("BEGIN TRAN; INSERT t (a) VALUES (1), (2); ROLLBACK; SELECT NEXT VALUE FOR s", "bigint!: 3"),
            // What a definition says is.
            ("BEGIN TRAN; ALTER SEQUENCE s RESTART WITH 100; SELECT NEXT VALUE FOR s", "bigint!: 100"),
        ],
    )
    .await;
    // Another session doesn't wait, and goes on where the sequence is for it.
    check(&mut *other, &[("SELECT NEXT VALUE FOR s", "bigint!: 4")]).await;
    check(
        &mut *session,
        &[
            ("ROLLBACK; SELECT NEXT VALUE FOR s", "bigint!: 5"),
            (
                "BEGIN TRAN; CREATE SEQUENCE gone START WITH 7; SELECT NEXT VALUE FOR gone",
                "bigint!: 7",
            ),
            (
                "ROLLBACK; CREATE SEQUENCE gone START WITH 7; SELECT NEXT VALUE FOR gone",
                "bigint!: 7",
            ),
            ("ALTER SEQUENCE s INCREMENT BY 10 NO CACHE; SELECT NEXT VALUE FOR s", "bigint!: 15"),
            ("ALTER SEQUENCE s INCREMENT BY 1; SELECT NEXT VALUE FOR s", "bigint!: 16"),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_catalog_tells_of_them() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SEQUENCE dbo.s AS smallint START WITH 5 INCREMENT BY 2 MINVALUE 1 MAXVALUE 9 CYCLE NO CACHE; CREATE SEQUENCE TestSequence", ": "),
            ("SELECT type, type_desc, start_value, increment, minimum_value, maximum_value, is_cycling, is_cached, cache_size, system_type_id, user_type_id, precision, scale, current_value, is_exhausted, last_used_value FROM sys.sequences WHERE name = 's'",
             "char(2), nvarchar(60), sql_variant!, sql_variant!, sql_variant!, sql_variant!, bit!, bit!, int, tinyint!, int!, tinyint!, tinyint!, sql_variant!, bit!, sql_variant: SO|SEQUENCE_OBJECT|5|2|1|9|1|0|NULL|52|52|5|0|5|0|NULL"),
            ("SELECT start_value, increment, minimum_value, maximum_value, is_cycling, is_cached, current_value FROM sys.sequences WHERE name = 'TestSequence'",
             "sql_variant!, sql_variant!, sql_variant!, sql_variant!, bit!, bit!, sql_variant!: -9223372036854775808|1|-9223372036854775808|9223372036854775807|0|1|-9223372036854775808"),
            ("SELECT SQL_VARIANT_PROPERTY(start_value, 'BaseType') FROM sys.sequences WHERE name = 's'", "sql_variant: smallint"),
            ("SELECT NEXT VALUE FOR s; SELECT last_used_value, CAST(current_value AS int) FROM sys.sequences WHERE name = 's'", "sql_variant, int!: 5|5"),
            ("SELECT OBJECT_NAME(OBJECT_ID('dbo.s', 'SO')), OBJECT_ID('s', 'U'), OBJECT_DEFINITION(OBJECT_ID('s')), OBJECTPROPERTYEX(OBJECT_ID('s'), 'BaseType')", "nvarchar(128), int, nvarchar(max), nvarchar(128): s|NULL|NULL|SO"),
            ("SELECT SEQUENCE_SCHEMA, SEQUENCE_NAME, DATA_TYPE, NUMERIC_PRECISION, START_VALUE, MINIMUM_VALUE, MAXIMUM_VALUE, INCREMENT, CYCLE_OPTION FROM INFORMATION_SCHEMA.SEQUENCES WHERE SEQUENCE_NAME = 's'",
             "nvarchar(128), nvarchar(128)!, nvarchar(128), tinyint!, sql_variant!, sql_variant!, sql_variant!, sql_variant!, int!: dbo|s|smallint|5|5|1|9|2|1"),
            ("SELECT definition FROM sys.sql_modules", "nvarchar(max): "),
            ("CREATE TABLE t (a int CONSTRAINT df DEFAULT 1 + NEXT VALUE FOR s); SELECT definition FROM sys.default_constraints", "nvarchar(max): (1 + NEXT VALUE FOR [dbo].[s])"),
            ("DROP SEQUENCE s", "3729"),
            ("ALTER TABLE t DROP CONSTRAINT df; DROP SEQUENCE s, TestSequence; SELECT COUNT(*) FROM sys.sequences", "int!: 0"),
            ("DROP SEQUENCE s", "3701"),
            ("DROP SEQUENCE IF EXISTS s", ": "),
            ("CREATE SEQUENCE s; DROP TABLE s", "3705"),
            ("DROP SEQUENCE t", "3705"),
            ("CREATE TABLE s (a int)", "2714"),
            ("CREATE SEQUENCE t", "2714"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SEQUENCE s AS int START WITH 1; CREATE TABLE t (a int, b int)", ": "),
            ("CREATE SEQUENCE x INCREMENT BY 0", "11700"),
            ("CREATE SEQUENCE x AS tinyint INCREMENT BY 11 MINVALUE 0 MAXVALUE 10", "11701"),
            ("CREATE SEQUENCE x AS float", "11702"),
            ("CREATE SEQUENCE x AS decimal(9,2)", "11702"),
            ("CREATE SEQUENCE x START WITH 5 MAXVALUE 4", "11703"),
            ("CREATE SEQUENCE x MINVALUE 9 MAXVALUE 9", "11705"),
            ("CREATE SEQUENCE x CACHE 0", "11706"),
            ("CREATE SEQUENCE x AS tinyint START WITH 256", "11708"),
            ("CREATE SEQUENCE x INCREMENT BY 1.5", "11708"),
            ("CREATE SEQUENCE nowhere.x", "2760"),
            ("CREATE SEQUENCE master.dbo.x", "166"),
            ("SELECT NEXT VALUE FOR s; ALTER SEQUENCE s MINVALUE 2 RESTART WITH 2", ": "),
            ("SELECT NEXT VALUE FOR s; ALTER SEQUENCE s MINVALUE 1 RESTART WITH 4; ALTER SEQUENCE s MAXVALUE 3", "11703"),
            ("ALTER SEQUENCE s RESTART WITH 5; SELECT NEXT VALUE FOR s; SELECT NEXT VALUE FOR s; ALTER SEQUENCE s MAXVALUE 5", "11704"),
            ("ALTER SEQUENCE gone RESTART", "208"),
            ("ALTER SEQUENCE t RESTART", "11726"),
            ("SELECT NEXT VALUE FOR gone", "208"),
            ("SELECT NEXT VALUE FOR t", "11726"),
            ("SELECT * FROM s", "208"),
            ("SELECT * FROM (SELECT NEXT VALUE FOR s AS n) d", "11719"),
            ("WITH c AS (SELECT NEXT VALUE FOR s AS n) SELECT * FROM c", "11719"),
            ("SELECT (SELECT NEXT VALUE FOR s)", "11719"),
            ("SELECT a FROM t WHERE EXISTS (SELECT NEXT VALUE FOR s)", "11719"),
            ("SELECT t.a, x.n FROM t CROSS APPLY (SELECT NEXT VALUE FOR s AS n) x", "11719"),
            ("CREATE VIEW v AS SELECT NEXT VALUE FOR s AS n", "11719"),
            ("CREATE TABLE c (a int CHECK (a < NEXT VALUE FOR s))", "11719"),
            ("CREATE TABLE c (a AS NEXT VALUE FOR s)", "11719"),
            ("SELECT a FROM t WHERE a = NEXT VALUE FOR s", "11720"),
            ("SELECT COUNT(*) FROM t HAVING COUNT(*) = NEXT VALUE FOR s", "11720"),
            ("INSERT t (a) OUTPUT NEXT VALUE FOR s VALUES (1)", "11720"),
            ("UPDATE t SET a = 1 WHERE a = NEXT VALUE FOR s", "11720"),
            ("SELECT DISTINCT NEXT VALUE FOR s", "11721"),
            ("SELECT NEXT VALUE FOR s UNION ALL SELECT 1", "11721"),
            ("SELECT NEXT VALUE FOR s, a FROM t ORDER BY a", "11723"),
            ("SELECT * FROM GENERATE_SERIES(1, NEXT VALUE FOR s)", "11724"),
            ("SELECT MAX(NEXT VALUE FOR s) FROM t", "11725"),
            ("SELECT NEXT VALUE FOR s OVER (ORDER BY a), NEXT VALUE FOR s FROM t", "11727"),
            ("UPDATE t SET a = NEXT VALUE FOR s OVER (ORDER BY b)", "11717"),
            ("CREATE TABLE c (a int DEFAULT NEXT VALUE FOR master.dbo.s)", "11730"),
            ("CREATE TABLE d (a int DEFAULT NEXT VALUE FOR s, b int); INSERT d (b) VALUES (NEXT VALUE FOR s), (1)", "11731"),
            ("SELECT TOP (1) NEXT VALUE FOR s", "11739"),
            ("SELECT NEXT VALUE FOR s FROM t ORDER BY a OFFSET 1 ROW", "11739"),
            ("INSERT d (b) SELECT TOP (1) a FROM t", "11740"),
            ("SELECT CASE WHEN 1 = 1 THEN NEXT VALUE FOR s END", "11741"),
            ("SELECT COALESCE(NEXT VALUE FOR s, 1)", "11741"),
            ("SELECT ISNULL(NULL, NEXT VALUE FOR s)", "11741"),
            ("SELECT IIF(1 = 1, NEXT VALUE FOR s, 2)", "11741"),
            ("MERGE t USING t AS o ON t.a = o.a WHEN NOT MATCHED THEN INSERT (a) VALUES (NEXT VALUE FOR s);", "11742"),
        ],
    )
    .await;
    // Nothing that was refused has taken a value.
    let next = run(&mut *session, "SELECT CAST(current_value AS int) FROM sys.sequences").await;
    assert_eq!(line(&next.unwrap()), "int!: 6");
}

#[tokio::test]
async fn the_parser_refuses_what_no_statement_may_say() {
    for (sql, number) in [
        ("CREATE SEQUENCE s RESTART WITH 1", 11709),
        ("ALTER SEQUENCE s START WITH 1", 11710),
        ("ALTER SEQUENCE s AS int", 11711),
        ("CREATE SEQUENCE s CYCLE INCREMENT BY 1 NO CYCLE", 11712),
        ("ALTER SEQUENCE s", 11715),
        ("SELECT NEXT VALUE FOR s OVER (PARTITION BY a ORDER BY a)", 11716),
        ("SELECT NEXT VALUE FOR s OVER ()", 11718),
        ("CREATE FUNCTION f () RETURNS int AS BEGIN RETURN NEXT VALUE FOR s END", 11719),
        ("SELECT NEXT VALUE FOR s OVER (ORDER BY a ROWS UNBOUNDED PRECEDING)", 11737),
    ] {
        assert_eq!(launchpod_tsql::parse(sql).unwrap_err().number(), number, "{sql}");
    }
}

#[tokio::test]
async fn they_need_permissions() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SCHEMA Test; CREATE SEQUENCE Test.s AS int START WITH 1; CREATE USER larry WITHOUT LOGIN", ": "),
            ("CREATE TABLE dbo.t (id int DEFAULT NEXT VALUE FOR Test.s, a int); GRANT INSERT ON dbo.t TO larry", ": "),
            ("EXECUTE AS USER = 'larry'", ": "),
            ("SELECT NEXT VALUE FOR Test.s", "229"),
            ("SELECT name FROM sys.sequences", "nvarchar(128)!: "),
            ("CREATE SEQUENCE Test.mine", "2760"),
            ("ALTER SEQUENCE Test.s RESTART", "208"),
            ("DROP SEQUENCE Test.s", "3701"),
            // The table's owner is the sequence's.
            ("INSERT dbo.t (a) VALUES (1)", ": "),
            ("REVERT; GRANT UPDATE ON OBJECT::Test.s TO larry; GRANT CREATE SEQUENCE ON SCHEMA::Test TO larry; EXECUTE AS USER = 'larry'", ": "),
            ("SELECT NEXT VALUE FOR Test.s", "int!: 2"),
            ("CREATE SEQUENCE Test.mine AS int START WITH 5; SELECT name FROM sys.sequences ORDER BY name", "nvarchar(128)!: s"),
        ],
    )
    .await;
}
