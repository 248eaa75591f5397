//! Logins, users, roles and permissions: who may do what, and how they are refused.

use crate::support::{Server, as_login, check, grant_and_check, login, run};
use launchpod_database::{Action, Called, Database, Session};
use launchpod_tsql::ast::StatementKind;

/// A server with a database `shop`: tables of dbo and of Mary's schema, and three logins.
async fn shop() -> (Server, Box<dyn Session>) {
    let server = Server::new();
    let mut sa = server.session().await;
    for sql in [
        "CREATE DATABASE shop",
        "CREATE LOGIN mary WITH PASSWORD = 'Yukon-900', DEFAULT_DATABASE = shop",
        "CREATE LOGIN joe WITH PASSWORD = 'Yukon-901', DEFAULT_DATABASE = shop",
        "CREATE LOGIN eve WITH PASSWORD = 'Yukon-902'",
        "USE shop",
        "CREATE USER mary",
        "CREATE USER joe FOR LOGIN joe WITH DEFAULT_SCHEMA = own",
        "CREATE SCHEMA own AUTHORIZATION mary",
        "CREATE TABLE t (a int, b int)",
        "INSERT t VALUES (1, 2)",
        "CREATE TABLE secret (x int)",
        "CREATE TABLE own.o (a int)",
        "CREATE ROLE readers",
    ] {
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    (server, sa)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_and_changed_by_permission() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("", "SELECT a FROM t", "229"),
            ("", "SELECT a FROM missing", "208"),
            ("GRANT SELECT ON t TO mary", "SELECT a FROM t", "int: 1"),
            ("", "SELECT a FROM shop.dbo.t AS x WHERE EXISTS (SELECT 1 FROM secret)", "229"),
            ("", "INSERT t VALUES (1, 1)", "229"),
            ("GRANT INSERT, UPDATE ON t TO mary", "INSERT t VALUES (3, 4)", ": "),
            ("", "UPDATE t SET a = 9 WHERE b = 4", ": "),
            ("DENY SELECT ON t TO mary", "SELECT a FROM t", "229"),
            ("", "UPDATE t SET a = 5", ": "),
            ("", "UPDATE t SET a = a + 1", "229"),
            ("", "UPDATE t SET a = 5 WHERE b = 4", "229"),
            ("", "DELETE t", "229"),
            ("GRANT DELETE ON t TO mary", "DELETE t", ": "),
            ("", "MERGE t USING (SELECT 1 AS k) s ON a = k WHEN NOT MATCHED THEN INSERT VALUES (1, 1);", "229"),
            ("REVOKE SELECT ON t TO mary", "SELECT a FROM t", "229"),
            ("GRANT SELECT ON SCHEMA::dbo TO mary", "SELECT COUNT(*) FROM t", "int!: 0"),
            ("", "SELECT COUNT(*) FROM secret", "int!: 0"),
            ("DENY SELECT ON secret TO mary", "SELECT COUNT(*) FROM secret", "229"),
            ("", "SELECT 1 FROM (SELECT x FROM secret) q", "229"),
            ("", "WITH c AS (SELECT x FROM secret) SELECT 1 FROM c", "229"),
            ("", "SELECT 1 FROM t CROSS APPLY (SELECT x FROM secret) q", "229"),
            ("", "SELECT x INTO #mine FROM secret", "229"),
            ("", "INSERT own.o SELECT x FROM secret", "229"),
            // What she owns, and temporary tables, are hers.
            ("", "INSERT own.o VALUES (1)", ": "),
            ("", "SELECT a INTO #mine FROM own.o", ": "),
            ("", "SELECT a FROM #mine", "int: 1"),
            ("", "ALTER TABLE own.o ADD c int", ": "),
            ("", "EXEC sp_rename 'own.o.c', 'd', 'COLUMN'", ": "),
            ("", "EXEC sp_addextendedproperty 'n', 'v', 'SCHEMA', 'own', 'TABLE', 'o'", ": "),
            ("", "ALTER TABLE t ADD c int", "4902"),
            ("", "EXEC sp_rename 't', 'u'", "15225"),
            ("", "SELECT HAS_DBACCESS(n) FROM (VALUES ('shop'), ('model'), ('none')) d (n)", "int: 1; 0; NULL"),
            ("", "EXEC sp_rename 't.a', 'z', 'COLUMN'", "15248"),
            ("", "EXEC sp_addextendedproperty 'n', 'v', 'SCHEMA', 'dbo', 'TABLE', 't'", "15135"),
            ("", "EXEC sp_addextendedproperty 'n', 'v', 'SCHEMA', 'dbo'", "15135"),
            ("", "EXEC sp_addextendedproperty 'n', 'v'", "15135"),
            ("", "CREATE INDEX i ON t (a)", "1088"),
            ("", "TRUNCATE TABLE t", "4701"),
            ("", "DROP TABLE t", "3701"),
            ("", "DROP TABLE own.o", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn global_temporary_tables_are_everybodys() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    for sql in [
        "CREATE TABLE ##g (a int)",
        "INSERT ##g VALUES (1)",
        "CREATE TABLE tempdb.dbo.kept (a int)",
    ] {
        run(&mut *sa, sql).await.unwrap();
    }
    check(
        &mut *mary,
        &[
            ("SELECT a FROM ##g", "int: 1"),
            ("INSERT ##g VALUES (2); UPDATE ##g SET a = 3 WHERE a = 1; DELETE ##g WHERE a = 2; SELECT a FROM ##g", "int: 3"),
            ("ALTER TABLE ##g ADD b int; SELECT b FROM tempdb..##g", "int: NULL"),
            ("CREATE TABLE ##own (a int); DROP TABLE ##own; DROP TABLE ##g; SELECT a FROM ##g", "208"),
            ("SELECT a FROM tempdb.dbo.kept", "229"),
            ("CREATE TABLE tempdb.dbo.own (a int)", "262"),
        ],
    )
    .await;
    // His own default schema isn't there, where such tables are.
    let mut joe = as_login(&server, "joe", "Yukon-901").await;
    check(&mut *joe, &[("CREATE TABLE ##j (a int); SELECT COUNT(*) FROM ##j", "int!: 0")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_carry_permissions() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("GRANT SELECT ON t TO readers", "SELECT a FROM t", "229"),
            ("ALTER ROLE readers ADD MEMBER mary", "SELECT a FROM t", "int: 1"),
            ("ALTER ROLE readers DROP MEMBER mary", "SELECT a FROM t", "229"),
            ("GRANT SELECT ON t TO public", "SELECT a FROM t", "int: 1"),
            ("REVOKE SELECT ON t FROM public", "SELECT a FROM t", "229"),
            ("EXEC sp_addrolemember 'db_datareader', 'mary'", "SELECT a FROM t", "int: 1"),
            ("ALTER ROLE db_denydatareader ADD MEMBER mary", "SELECT a FROM t", "229"),
            ("ALTER ROLE db_denydatareader DROP MEMBER mary", "DELETE t", "229"),
            ("ALTER ROLE db_datawriter ADD MEMBER mary", "DELETE secret", ": "),
            ("", "CREATE TABLE n (a int)", "262"),
            ("ALTER ROLE db_ddladmin ADD MEMBER mary", "CREATE TABLE n (a int)", ": "),
            ("", "DROP TABLE n", ": "),
            ("", "CREATE ROLE r", "15247"),
            ("", "GRANT SELECT ON t TO joe", "4613"),
            ("ALTER ROLE db_securityadmin ADD MEMBER mary", "GRANT SELECT ON t TO joe", ": "),
            ("", "CREATE ROLE r", ": "),
            ("", "ALTER ROLE db_owner ADD MEMBER mary", "15151"),
            ("", "CREATE USER eve", "15247"),
            ("ALTER ROLE db_accessadmin ADD MEMBER mary", "CREATE USER eve", ": "),
            (
                "",
                "SELECT IS_MEMBER('db_owner'), IS_MEMBER('db_datareader'), IS_MEMBER('none')",
                "int, int, int: 0|1|NULL",
            ),
            ("ALTER ROLE db_owner ADD MEMBER mary", "DROP TABLE secret", ": "),
            ("DENY SELECT ON t TO mary", "SELECT a FROM t", "229"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_need_their_permissions() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("", "CREATE TABLE own.n (a int)", "262"),
            ("GRANT CREATE TABLE TO mary", "CREATE TABLE own.n (a int)", ": "),
            ("", "CREATE TABLE dbo.n (a int)", "2760"),
            ("GRANT ALTER ON SCHEMA::dbo TO mary", "CREATE TABLE dbo.n (a int)", ": "),
            ("", "CREATE VIEW v AS SELECT 1 AS a", "262"),
            ("", "CREATE PROCEDURE p AS SELECT 1", "262"),
            ("", "CREATE FUNCTION f () RETURNS int AS BEGIN RETURN 1 END", "262"),
            ("", "CREATE SCHEMA s", "262"),
            ("", "CREATE DATABASE d", "262"),
            ("", "DROP DATABASE shop", "3702"),
            ("", "DROP DATABASE msdb", "3701"),
            (
                "GRANT CREATE VIEW, CREATE PROCEDURE TO mary",
                "CREATE VIEW own.v AS SELECT 1 AS a",
                ": ",
            ),
            ("", "CREATE VIEW own.w AS SELECT a FROM t", "229"),
            ("CREATE PROCEDURE p AS SELECT 1", "ALTER PROCEDURE p AS SELECT 2", ": "),
            ("REVOKE ALTER ON SCHEMA::dbo TO mary", "ALTER PROCEDURE p AS SELECT 3", "208"),
            ("", "DROP PROCEDURE p", "3701"),
            ("", "CREATE TABLE own.k (a int REFERENCES t (a))", "229"),
            ("", "SET IDENTITY_INSERT t ON", "1088"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_entered_by_their_users() {
    let (server, mut sa) = shop().await;
    let enter = async |user: &str, password: &str, database: &str| {
        let entered = server.database.login(login(user, password, database)).await;
        entered.map(|session| session.identity().database).map_err(|error| error.number())
    };
    assert_eq!(enter("mary", "Yukon-900", "").await, Ok("shop".to_owned()));
    assert_eq!(enter("eve", "Yukon-902", "").await, Ok("master".to_owned()));
    assert_eq!(enter("eve", "Yukon-902", "shop").await, Err(4060));
    assert_eq!(enter("eve", "Yukon-902", "none").await, Err(4060));
    let mut eve = as_login(&server, "eve", "Yukon-902").await;
    grant_and_check(
        &mut *sa,
        &mut *eve,
        &[
            ("", "USE shop", "916"),
            ("", "SELECT a FROM shop.dbo.t", "916"),
            ("", "SELECT name FROM shop.sys.tables", "916"),
            (
                "",
                "SELECT USER_NAME(), HAS_DBACCESS('shop'), HAS_DBACCESS('msdb')",
                "nvarchar(128), int, int: guest|0|1",
            ),
            ("GRANT CONNECT TO guest", "SELECT a FROM shop.dbo.t", "229"),
            ("REVOKE CONNECT FROM guest", "USE shop", "916"),
            ("CREATE USER eva FOR LOGIN eve", "USE shop", ": "),
            (
                "",
                "SELECT CURRENT_USER, SUSER_SNAME(), ORIGINAL_LOGIN(), USER_ID() - USER_ID('eva')",
                "nvarchar(128), nvarchar(128), nvarchar(128), int: eva|eve|eve|0",
            ),
            ("DENY CONNECT TO eva", "SELECT a FROM dbo.t", "916"),
            ("DROP USER eva", "USE master", ": "),
        ],
    )
    .await;
    // A database's owner is its dbo.
    grant_and_check(
        &mut *sa,
        &mut *eve,
        &[
            ("ALTER SERVER ROLE dbcreator ADD MEMBER eve", "CREATE DATABASE hers", ": "),
            ("", "USE hers", ": "),
            (
                "",
                "SELECT USER_NAME(), IS_MEMBER('db_owner'), IS_SRVROLEMEMBER('dbcreator')",
                "nvarchar(128), int, int: dbo|1|1",
            ),
            ("", "CREATE TABLE x (a int)", ": "),
            ("", "USE master", ": "),
            ("", "DROP DATABASE hers", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_pass_their_owners_permissions_on() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("CREATE VIEW v AS SELECT a FROM t", "SELECT a FROM v", "229"),
            ("GRANT SELECT ON v TO mary", "SELECT a FROM v", "int: 1"),
            ("", "SELECT a FROM t", "229"),
            ("CREATE FUNCTION f () RETURNS int AS BEGIN RETURN (SELECT MAX(a) FROM t) END", "SELECT dbo.f()", "229"),
            ("GRANT EXECUTE ON f TO mary", "SELECT dbo.f()", "int: 1"),
            (
                "CREATE FUNCTION g () RETURNS int AS BEGIN DECLARE @i int = 0 WHILE @i < 1 SELECT @i = MAX(a) FROM t RETURN @i END",
                "SELECT dbo.g()",
                "229",
            ),
            ("GRANT EXECUTE ON g TO mary", "SELECT dbo.g()", "int: 1"),
            ("CREATE FUNCTION i () RETURNS TABLE AS RETURN (SELECT a FROM t)", "SELECT a FROM dbo.i()", "229"),
            ("GRANT SELECT ON i TO mary", "SELECT a FROM dbo.i()", "int: 1"),
            // Another owner's table breaks the chain.
            ("CREATE VIEW w AS SELECT a FROM own.o", "SELECT 1", "int!: 1"),
            ("GRANT SELECT ON w TO joe", "SELECT a FROM own.o", "int: "),
        ],
    )
    .await;
    let mut joe = as_login(&server, "joe", "Yukon-901").await;
    check(&mut *joe, &[("SELECT a FROM dbo.w", "229"), ("SELECT a FROM own.o", "229")]).await;
    run(&mut *sa, "ALTER AUTHORIZATION ON own.o TO dbo").await.unwrap();
    check(&mut *joe, &[("SELECT a FROM dbo.w", "int: "), ("SELECT a FROM o", "229")]).await;
    changes_pass_on_what_is_the_owners(&mut *sa, &mut *mary, &mut *joe).await;
    // What is another database's, the owner here has no word in.
    run(&mut *sa, "CREATE VIEW x AS SELECT name FROM master.dbo.far").await.unwrap_err();
}

/// Changes through queries: a view's table needs no permission where both are one owner's, a
/// common table expression and a derived table are nobody's.
async fn changes_pass_on_what_is_the_owners(
    sa: &mut dyn Session,
    mary: &mut dyn Session,
    joe: &mut dyn Session,
) {
    run(sa, "CREATE VIEW vv AS SELECT a FROM v WHERE a < 9").await.unwrap();
    grant_and_check(
        sa,
        mary,
        &[
            ("GRANT SELECT ON vv TO mary", "UPDATE vv SET a = 2", "229"),
            ("", "WITH c AS (SELECT a FROM vv) UPDATE c SET a = 2", "229"),
            ("GRANT UPDATE, DELETE, INSERT ON vv TO mary", "UPDATE vv SET a = a + 1", ": "),
            ("", "WITH c AS (SELECT a FROM vv) UPDATE c SET a += 1", ": "),
            ("", "INSERT vv VALUES (4)", ": "),
            ("", "MERGE vv USING (VALUES (4)) s (x) ON vv.a = s.x WHEN MATCHED THEN DELETE;", ": "),
            ("", "DELETE d FROM (SELECT TOP (1) a FROM vv ORDER BY a DESC) d", ": "),
            ("", "WITH c AS (SELECT a FROM t) DELETE c", "229"),
            ("GRANT DELETE ON t TO mary", "WITH c AS (SELECT a FROM t) DELETE c", "229"),
            ("GRANT SELECT ON t TO mary", "WITH c AS (SELECT a FROM t) DELETE c", ": "),
            ("", "UPDATE d SET a = 1 FROM (SELECT a FROM t) d", "229"),
            ("REVOKE SELECT ON vv TO mary", "UPDATE vv SET a = a", "229"),
            ("", "UPDATE vv SET a = 1", ": "),
        ],
    )
    .await;
    // A table that isn't the views' owner's needs the permission itself.
    run(sa, "ALTER AUTHORIZATION ON own.o TO mary").await.unwrap();
    run(sa, "CREATE VIEW ww AS SELECT a FROM w").await.unwrap();
    grant_and_check(
        sa,
        joe,
        &[
            ("GRANT SELECT, DELETE ON ww TO joe", "DELETE ww", "229"),
            ("GRANT SELECT ON own.o TO joe", "DELETE ww", "229"),
            ("GRANT DELETE ON own.o TO joe", "DELETE ww", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_are_entered() {
    let (server, mut sa) = shop().await;
    for sql in [
        "CREATE PROCEDURE p AS SELECT a FROM t",
        "CREATE PROCEDURE q WITH EXECUTE AS OWNER AS SELECT a FROM t",
        "CREATE PROCEDURE r WITH EXECUTE AS 'joe' AS SELECT a FROM t",
    ] {
        run(&mut *sa, sql).await.unwrap();
    }
    let name = |name: &str| match launchpod_tsql::parse(&format!("DROP PROCEDURE {name}"))
        .unwrap()
        .statements
        .remove(0)
        .kind
    {
        StatementKind::Drop(drop) => drop.names[0].clone(),
        other => panic!("{other:?}"),
    };
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    assert_eq!(mary.procedure(&name("p")).await.unwrap_err().number(), 229);
    assert_eq!(mary.procedure(&name("none")).await.unwrap(), None);
    run(&mut *sa, "GRANT EXECUTE ON SCHEMA::dbo TO mary").await.unwrap();
    let dynamic = ("SELECT a FROM t", "229");
    for (procedure, inside, user) in
        [("p", "int: 1", "mary"), ("q", "int: 1", "dbo"), ("r", "int: 1", "joe")]
    {
        let text = mary.procedure(&name(procedure)).await.unwrap().unwrap();
        assert!(text.definition.starts_with("CREATE PROCEDURE"));
        let called = Called::Procedure { object_id: text.object_id };
        mary.enter(called).await.unwrap();
        let who = format!("nvarchar(128): {user}");
        check(&mut *mary, &[("SELECT a FROM t", inside), ("SELECT USER_NAME()", &who)]).await;
        mary.enter(Called::Text).await.unwrap();
        let expected = if user == "dbo" { "int: 1" } else { dynamic.1 };
        check(&mut *mary, &[(dynamic.0, expected)]).await;
        mary.leave();
        mary.leave();
        check(&mut *mary, &[dynamic, ("SELECT USER_NAME()", "nvarchar(128): mary")]).await;
    }
    run(&mut *sa, "DROP USER joe").await.map(|_| ()).unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_acts_until_revert() {
    let (server, mut sa) = shop().await;
    check(
        &mut *sa,
        &[
            ("EXECUTE AS USER = 'mary'", ": "),
            (
                "SELECT USER_NAME(), SUSER_SNAME(), ORIGINAL_LOGIN()",
                "nvarchar(128), nvarchar(128), nvarchar(128): mary|mary|sa",
            ),
            ("SELECT a FROM t", "229"),
            ("EXECUTE AS USER = 'joe'", "15517"),
            ("EXECUTE AS LOGIN = 'joe'", "15406"),
            ("USE master", "916"),
            ("SELECT name FROM master.sys.tables", "916"),
            ("SELECT IS_SRVROLEMEMBER('sysadmin')", "int: 0"),
            ("REVERT", ": "),
            ("REVERT", ": "),
            ("SELECT a FROM t", "int: 1"),
            ("GRANT IMPERSONATE ON USER::joe TO mary", ": "),
            ("EXECUTE AS LOGIN = 'mary'", ": "),
            ("EXECUTE AS USER = 'joe'", ": "),
            ("SELECT USER_NAME()", "nvarchar(128): joe"),
            ("REVERT", ": "),
            ("SELECT USER_NAME()", "nvarchar(128): mary"),
            ("USE master", ": "),
            ("REVERT", "15199"),
            ("USE shop", ": "),
            ("REVERT", ": "),
            ("CREATE USER alone WITHOUT LOGIN", ": "),
            ("EXECUTE AS USER = 'alone'", ": "),
            (
                "SELECT USER_NAME(), LEFT(SUSER_SNAME(), 8)",
                "nvarchar(128), nvarchar(8): alone|S-1-9-3-",
            ),
            ("REVERT", ": "),
            ("EXECUTE AS USER = 'none'", "15517"),
            ("EXECUTE AS USER = 'readers'", "15517"),
            ("EXECUTE AS LOGIN = 'mary' WITH NO REVERT", ": "),
            ("REVERT", "15196"),
        ],
    )
    .await;
    assert_eq!(sa.identity().login, "mary");
    sa.reset();
    check(&mut *sa, &[("SELECT SUSER_SNAME()", "nvarchar(128): sa")]).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn principals_are_made_changed_and_dropped() {
    let (_server, mut sa) = shop().await;
    check(
        &mut *sa,
        &[
            ("CREATE LOGIN mary WITH PASSWORD = 'x'", "15025"),
            ("CREATE LOGIN ann WITH PASSWORD = 'x'", "15116"),
            ("CREATE LOGIN ann WITH PASSWORD = 'xxxxxxxx'", "15118"),
            ("CREATE LOGIN ann WITH PASSWORD = 'x', CHECK_POLICY = OFF", ": "),
            ("CREATE LOGIN bob WITH PASSWORD = 'Yukon-1x' MUST_CHANGE", "15099"),
            ("CREATE LOGIN bob WITH PASSWORD = 'x', CHECK_POLICY = OFF, CHECK_EXPIRATION = ON", "15122"),
            ("CREATE LOGIN bob WITH PASSWORD = 'Yukon-1x', DEFAULT_DATABASE = none", "15010"),
            ("CREATE LOGIN bob WITH PASSWORD = 'Yukon-1x', SID = 0x01", "15419"),
            ("CREATE LOGIN [a\\b] WITH PASSWORD = 'Yukon-1x'", "15006"),
            ("ALTER LOGIN none DISABLE", "15151"),
            ("ALTER LOGIN ann WITH NAME = mary", "15025"),
            ("ALTER LOGIN ann WITH NAME = anne", ": "),
            ("DROP LOGIN anne", ": "),
            ("DROP LOGIN anne", "15151"),
            ("DROP LOGIN sa", "15405"),
            ("CREATE USER mary", "15023"),
            ("CREATE USER nobody", "15007"),
            ("CREATE USER mary2 FOR LOGIN mary", "15063"),
            ("CREATE USER s FOR LOGIN sa", "15405"),
            ("DROP USER none", "15151"),
            ("DROP USER IF EXISTS none", ": "),
            ("DROP USER dbo", "15150"),
            ("DROP USER guest", "15539"),
            ("DROP USER mary", "15138"),
            ("CREATE ROLE readers", "15023"),
            ("ALTER ROLE none ADD MEMBER joe", "15151"),
            ("ALTER ROLE readers ADD MEMBER none", "15151"),
            ("ALTER ROLE readers ADD MEMBER dbo", "15405"),
            ("ALTER ROLE readers ADD MEMBER readers", "15413"),
            ("ALTER ROLE [public] ADD MEMBER joe", "15081"),
            ("ALTER ROLE readers ADD MEMBER joe", ": "),
            ("DROP ROLE readers", "15144"),
            ("ALTER ROLE readers DROP MEMBER joe", ": "),
            ("DROP ROLE readers", ": "),
            ("DROP ROLE db_owner", "15150"),
            ("ALTER SERVER ROLE sysadmin ADD MEMBER none", "15151"),
            ("ALTER SERVER ROLE sysadmin DROP MEMBER sa", "15405"),
            ("EXEC sp_addrolemember 'none', 'joe'", "15014"),
            ("EXEC sp_addrolemember 'db_owner', 'none'", "15410"),
            ("GRANT SELECT ON t TO none", "15151"),
            ("GRANT SELECT ON none TO joe", "15151"),
            ("GRANT EXECUTE ON t TO joe", "4606"),
            ("GRANT CONTROL SERVER TO joe", "4621"),
            ("GRANT SELECT ON t TO dbo", "4624"),
            ("GRANT SELECT ON t TO db_owner", "4617"),
            ("GRANT NONSENSE TO joe", "102"),
            ("ALTER USER joe WITH NAME = joseph, DEFAULT_SCHEMA = dbo", ": "),
            ("SELECT name, default_schema_name FROM sys.database_principals WHERE name LIKE 'jo%'", "nvarchar(128)!, nvarchar(128): joseph|dbo"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_passed_on_and_taken_back() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    let mut joe = as_login(&server, "joe", "Yukon-901").await;
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("GRANT SELECT ON t TO mary", "GRANT SELECT ON t TO joe", "4613"),
            ("", "GRANT SELECT ON secret TO joe", "15151"),
            ("GRANT SELECT ON t TO mary WITH GRANT OPTION", "GRANT SELECT ON t TO joe", ": "),
        ],
    )
    .await;
    check(&mut *joe, &[("SELECT a FROM dbo.t", "int: 1")]).await;
    check(
        &mut *sa,
        &[("REVOKE SELECT ON t FROM mary", "4611"), ("REVOKE SELECT ON t FROM mary CASCADE", ": ")],
    )
    .await;
    check(&mut *joe, &[("SELECT a FROM dbo.t", "229")]).await;
    let shown = "SELECT class_desc, permission_name, state_desc, USER_NAME(grantee_principal_id)
                 FROM sys.database_permissions WHERE class = 1";
    check(
        &mut *sa,
        &[
            ("GRANT INSERT ON t TO joe", ": "),
            (shown, "nvarchar(60)!, nvarchar(60), nvarchar(60)!, nvarchar(128): OBJECT_OR_COLUMN|INSERT|GRANT|joe"),
            // A rollback takes the permission back, and sessions notice.
            ("BEGIN TRAN", ": "),
            ("GRANT SELECT ON t TO joe", ": "),
            ("ROLLBACK", ": "),
        ],
    )
    .await;
    check(&mut *joe, &[("SELECT a FROM dbo.t", "229"), ("INSERT dbo.t VALUES (1, 1)", ": ")]).await;
    check(
        &mut *sa,
        &[
            ("DROP TABLE t", ": "),
            (shown, "nvarchar(60)!, nvarchar(60), nvarchar(60)!, nvarchar(128): "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_shows_what_may_be_seen() {
    let (server, mut sa) = shop().await;
    run(&mut *sa, "CREATE PROCEDURE p AS SELECT a FROM t").await.unwrap();
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    let tables = "SELECT name FROM sys.tables ORDER BY name";
    let procedure =
        "SELECT OBJECT_DEFINITION(OBJECT_ID('p')), (SELECT MAX(definition) FROM sys.sql_modules)";
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("", tables, "nvarchar(128)!: o"),
            ("", "SELECT OBJECT_ID('t'), OBJECT_NAME(OBJECT_ID('own.o'))", "int, nvarchar(128): NULL|o"),
            ("GRANT INSERT ON t TO mary", tables, "nvarchar(128)!: o; t"),
            ("", "SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('t')", "int!: 2"),
            ("GRANT EXECUTE ON p TO mary", procedure, "nvarchar(max), nvarchar(max): NULL|NULL"),
            (
                "GRANT VIEW DEFINITION ON p TO mary",
                procedure,
                "nvarchar(max), nvarchar(max): CREATE PROCEDURE p AS SELECT a FROM t|CREATE PROCEDURE p AS SELECT a FROM t",
            ),
            ("GRANT VIEW DEFINITION TO mary", tables, "nvarchar(128)!: o; secret; t"),
            ("", "SELECT name FROM sys.sql_logins WHERE principal_id > 1", "nvarchar(128)!: mary"),
            ("", "SELECT password_hash FROM sys.sql_logins WHERE name = 'mary'", "varbinary(256): NULL"),
            ("", "SELECT COUNT(*) FROM sys.dm_exec_sessions", "int!: 1"),
            ("", "SELECT * FROM sys.dm_external_script_requests", "300"),
            ("", "SELECT * FROM sys.dm_os_performance_counters", "300"),
            ("", "SELECT cpu_count FROM sys.dm_os_sys_info", "300"),
            ("", "SELECT name FROM sys.dm_resource_governor_external_resource_pools", "300"),
            ("", "SELECT name FROM sys.login_token ORDER BY 1", "nvarchar(128)!: mary; public"),
            ("", "SELECT name FROM sys.user_token ORDER BY 1", "nvarchar(128)!: mary; public"),
            (
                "",
                "SELECT HAS_PERMS_BY_NAME('t', 'OBJECT', 'INSERT'), HAS_PERMS_BY_NAME('dbo.t', 'OBJECT', 'SELECT'),
                 HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER SETTINGS'), HAS_PERMS_BY_NAME('none', 'OBJECT', 'ANY'),
                 HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'ANY')",
                "int, int, int, int, int: 1|0|0|NULL|1",
            ),
            (
                "",
                "SELECT permission_name FROM sys.fn_my_permissions('t', 'OBJECT') ORDER BY 1",
                "nvarchar(60): INSERT; VIEW DEFINITION",
            ),
        ],
    )
    .await;
    check(
        &mut *sa,
        &[
            ("EXEC sp_helprolemember 'db_datareader'", "nvarchar(128)!, nvarchar(128)!, varbinary(85): "),
            ("EXEC sp_helpuser 'none'", "15198"),
            ("SELECT COUNT(*) FROM sys.fn_builtin_permissions('OBJECT') WHERE permission_name = 'SELECT'", "int!: 1"),
            ("SELECT IS_ROLEMEMBER('db_owner', 'dbo'), IS_ROLEMEMBER('readers', 'mary'), IS_SRVROLEMEMBER('sysadmin', 'mary')", "int, int, int: 1|0|0"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_interpreter_does_is_permitted_here() {
    let (server, mut sa) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-900").await;
    let script = |language: &str| Action::ExternalScript { language: language.to_owned() };
    let number =
        |result: Result<(), launchpod_types::SqlError>| result.err().map(|error| error.number());
    assert_eq!(number(mary.permit(Action::Configure).await), Some(15247));
    assert_eq!(number(mary.permit(Action::Reconfigure).await), Some(5812));
    let refused = mary.permit(script("Python")).await.unwrap_err();
    assert_eq!(
        (refused.number(), refused.0.text.as_str()),
        (262, "EXECUTE ANY EXTERNAL SCRIPT permission denied in database 'shop'.")
    );
    for (grant, python, r) in [
        ("GRANT EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO mary", None, Some(262)),
        ("GRANT EXECUTE ANY EXTERNAL SCRIPT TO mary", None, None),
        ("DENY EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::R TO mary", None, Some(39007)),
        ("DENY EXECUTE ANY EXTERNAL SCRIPT TO mary", Some(262), Some(262)),
    ] {
        run(&mut *sa, grant).await.unwrap();
        assert_eq!(number(mary.permit(script("python")).await), python, "{grant}");
        assert_eq!(number(mary.permit(script("R")).await), r, "{grant}");
    }
    run(&mut *sa, "ALTER SERVER ROLE serveradmin ADD MEMBER mary").await.unwrap();
    assert_eq!(number(mary.permit(Action::Configure).await), None);
    assert_eq!(number(sa.permit(script("Python")).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_fail_as_they_should() {
    let (server, mut sa) = shop().await;
    let enter = async |user: &str, password: &str| {
        let mut asked = login(user, password, "");
        asked.client.address = Some(([127, 0, 0, 1], 1433).into());
        let entered = server.database.login(asked).await;
        entered.map(|_| ()).map_err(|error| (error.number(), error.0.state))
    };
    assert_eq!(enter("mary", "wrong").await, Err((18456, 1)));
    assert_eq!(enter("nobody", "wrong").await, Err((18456, 1)));
    run(&mut *sa, "ALTER LOGIN mary DISABLE").await.unwrap();
    assert_eq!(enter("mary", "wrong").await, Err((18456, 1)));
    assert_eq!(enter("mary", "Yukon-900").await, Err((18470, 1)));
    run(&mut *sa, "ALTER LOGIN mary ENABLE").await.unwrap();
    assert_eq!(enter("MARY", "Yukon-900").await, Ok(()));
    let must = "ALTER LOGIN mary WITH PASSWORD = 'Yukon-910' MUST_CHANGE, CHECK_EXPIRATION = ON";
    run(&mut *sa, must).await.unwrap();
    assert_eq!(enter("mary", "Yukon-910").await, Err((18488, 1)));
    run(&mut *sa, "ALTER LOGIN mary WITH PASSWORD = 'Yukon-911'").await.unwrap();
    assert_eq!(enter("mary", "Yukon-911").await, Ok(()));
    // Ten wrong passwords lock the login, wherever it comes from.
    for _ in 0..10 {
        assert_eq!(enter("joe", "wrong").await, Err((18456, 1)));
    }
    let elsewhere = server.database.login(login("joe", "Yukon-901", "")).await;
    assert_eq!(elsewhere.err().map(|error| error.number()), Some(18486));
    run(&mut *sa, "ALTER LOGIN joe WITH PASSWORD = 'Yukon-902' UNLOCK").await.unwrap();
    let elsewhere = server.database.login(login("joe", "Yukon-902", "")).await;
    let mut joe = elsewhere.unwrap();
    check(&mut *sa, &[("DROP LOGIN joe", "15434")]).await;
    // Everybody may change their own password.
    check(
        &mut *joe,
        &[
            ("ALTER LOGIN joe WITH PASSWORD = 'Yukon-903' OLD_PASSWORD = 'wrong'", "15151"),
            ("ALTER LOGIN joe WITH PASSWORD = 'Yukon-903'", "15151"),
            ("EXEC sp_password 'Yukon-902', 'Yukon-903'", ": "),
            ("ALTER LOGIN mary WITH PASSWORD = 'Yukon-903'", "15151"),
            ("CREATE LOGIN x WITH PASSWORD = 'Yukon-903'", "15247"),
            ("ALTER LOGIN sa DISABLE", "15151"),
        ],
    )
    .await;
    // Who administers logins administers no administrator.
    run(&mut *sa, "ALTER SERVER ROLE securityadmin ADD MEMBER joe").await.unwrap();
    check(
        &mut *joe,
        &[
            ("ALTER LOGIN mary WITH PASSWORD = 'Yukon-904'", ": "),
            ("ALTER LOGIN sa WITH PASSWORD = 'Yukon-904'", "15151"),
            ("ALTER SERVER ROLE sysadmin ADD MEMBER joe", "15151"),
            ("EXECUTE AS LOGIN = 'sa'", "15406"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(launchpod_database::sqlite::FILE_NAME);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE \"launchpod.logins\" (key TEXT)")
        .unwrap();
    let options = launchpod_database::sqlite::Options::default();
    let refused = launchpod_database::sqlite::Embedded::open(folder.path(), options);
    let text = refused.err().unwrap().0.text.clone();
    assert!(text.contains("another version") && text.contains("launchpod.sqlite"), "{text}");
}
