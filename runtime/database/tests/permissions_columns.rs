//! Permissions on columns: who may read and change which.

use std::collections::BTreeMap;

use crate::support::{Server, as_login, check, grant_and_check, login, run, run_with};
use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Database, Secret, Session, Variable};
use launchpod_types::{SqlError, SqlType, Value};

/// A server with a database `shop`, whose table `t` has a column that nobody is to know, and the
/// users Joe and Mary; Mary has a schema. Joe may read `id` and `a`, and change `b`.
async fn shop() -> (Server, Box<dyn Session>, Box<dyn Session>) {
    let server = Server::new();
    let mut sa = server.session().await;
    for sql in [
        "CREATE DATABASE shop",
        "CREATE LOGIN joe WITH PASSWORD = 'Yukon-901', DEFAULT_DATABASE = shop",
        "CREATE LOGIN mary WITH PASSWORD = 'Yukon-902', DEFAULT_DATABASE = shop",
        "USE shop",
        "CREATE USER joe",
        "CREATE USER mary",
        "CREATE SCHEMA own AUTHORIZATION mary",
        "CREATE ROLE readers",
        "CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b int, secret int UNIQUE)",
        "INSERT t VALUES (1, 10, 20, 30), (2, 11, 21, 31)",
        "CREATE TABLE other (id int, x int)",
        "INSERT other VALUES (1, 30), (2, 7)",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON other TO joe",
        "GRANT SELECT ON t (id, a) TO joe",
        "GRANT UPDATE (b) ON t TO joe",
    ] {
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let joe = as_login(&server, "joe", "Yukon-901").await;
    (server, sa, joe)
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_read_by_permission() {
    let (_server, _sa, mut joe) = shop().await;
    check(
        &mut *joe,
        &[
            ("SELECT id, a FROM t ORDER BY a DESC", "int!, int: 2|11; 1|10"),
            (
                "SELECT id, secret FROM t",
                "230 The SELECT permission was denied on the column 'secret' of the object 't', database 'shop', schema 'dbo'.",
            ),
            ("SELECT SECRET FROM shop.dbo.t", "230 The SELECT permission was denied on the column 'secret' of the object 't', database 'shop', schema 'dbo'."),
            ("SELECT * FROM t", "230 The SELECT permission was denied on the column 'b' of the object 't', database 'shop', schema 'dbo'."),
            ("SELECT nothing FROM t", "207"),
            ("SELECT COUNT(id), MAX(a) FROM t WHERE id = 1", "int!, int: 1|10"),
            // Without a column named, all are needed.
            ("SELECT COUNT(*) FROM t", "230"),
            ("SELECT 1 FROM t", "230"),
            ("SELECT 1 WHERE EXISTS (SELECT * FROM t)", "230"),
            ("SELECT 1 WHERE EXISTS (SELECT 1 FROM t)", "230"),
            ("SELECT 1 WHERE EXISTS (SELECT id FROM t)", "int!: 1"),
            ("SELECT COUNT(*) FROM t WHERE id > 0", "int!: 2"),
            ("SELECT COUNT(*) FROM other o WHERE EXISTS (SELECT 1 FROM t WHERE t.id = o.id)", "int!: 2"),
            ("SELECT o.x, t.a FROM other o JOIN t ON t.id = o.id ORDER BY 1", "int, int: 7|11; 30|10"),
            ("SELECT $IDENTITY FROM t", "207"),
        ],
    )
    .await;
}

/// Whatever tells something of a value that may not be read is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_to_a_denied_value() {
    let (_server, mut sa, mut joe) = shop().await;
    for sql in [
        "CREATE FUNCTION dbo.twice (@n int) RETURNS int AS BEGIN RETURN @n * 2 END",
        "CREATE FUNCTION dbo.rows_of (@n int) RETURNS TABLE AS RETURN (SELECT @n AS n)",
        "GRANT EXECUTE ON dbo.twice TO joe",
        "GRANT SELECT ON dbo.rows_of TO joe",
        "GRANT INSERT, DELETE ON t TO joe",
    ] {
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let refused = [
        "SELECT id FROM t WHERE secret = 30",
        "SELECT id FROM t WHERE secret IS NULL",
        "SELECT id FROM t WHERE t.secret IN (30)",
        "SELECT id FROM t WHERE 30 IN (SELECT t.secret)",
        "SELECT id FROM t ORDER BY secret",
        "SELECT id AS secret2 FROM t ORDER BY -secret",
        "SELECT COUNT(id) FROM t GROUP BY secret",
        "SELECT COUNT(id) FROM t GROUP BY GROUPING SETS ((id), (secret))",
        "SELECT MAX(id) FROM t HAVING MAX(secret) > 1",
        "SELECT SUM(secret) FROM t",
        "SELECT COUNT(secret) FROM t",
        "SELECT COUNT(DISTINCT secret) FROM t",
        "SELECT STRING_AGG(secret, ',') FROM t",
        "SELECT ROW_NUMBER() OVER (ORDER BY secret) FROM t",
        "SELECT SUM(id) OVER (PARTITION BY secret) FROM t",
        "SELECT SUM(id) OVER w FROM t WINDOW w AS (ORDER BY secret)",
        "SELECT LAG(secret) OVER (ORDER BY id) FROM t",
        "SELECT CASE secret WHEN 30 THEN 1 END FROM t",
        "SELECT IIF(t.secret > 1, id, 0) FROM t",
        "SELECT CHECKSUM(*) FROM t",
        "SELECT dbo.twice(secret) FROM t",
        "SELECT r.n FROM t CROSS APPLY dbo.rows_of(t.secret) r",
        "SELECT r.n FROM t OUTER APPLY (SELECT secret AS n) r",
        "SELECT r.n FROM t CROSS APPLY (VALUES (secret)) r (n)",
        "SELECT r.value FROM t CROSS APPLY STRING_SPLIT(CAST(secret AS varchar(9)), ',') r",
        "SELECT o.id FROM other o JOIN t ON t.secret = o.x",
        "SELECT o.id FROM other o LEFT JOIN t ON o.x = secret WHERE t.id IS NULL",
        "SELECT o.id FROM other o WHERE o.x IN (SELECT secret FROM t)",
        "SELECT o.id FROM other o WHERE o.x = ANY (SELECT secret FROM t)",
        "SELECT (SELECT secret FROM t WHERE id = 1)",
        "SELECT q.s FROM (SELECT secret AS s FROM t) q",
        "SELECT q.id FROM (SELECT * FROM t) q",
        "WITH c AS (SELECT secret FROM t) SELECT * FROM c",
        "WITH c (id, s) AS (SELECT id, secret FROM t) SELECT id FROM c",
        "WITH c AS (SELECT id, a FROM t UNION ALL SELECT c.id, t.secret FROM c JOIN t ON t.id = c.id WHERE c.a < 12) SELECT * FROM c",
        "SELECT x FROM other UNION SELECT secret FROM t",
        "SELECT x FROM other EXCEPT SELECT secret FROM t",
        "SELECT x FROM other INTERSECT SELECT secret FROM t",
        "SELECT TOP (1) id FROM t ORDER BY secret",
        "SELECT TOP (1) WITH TIES id FROM t ORDER BY secret",
        "SELECT DISTINCT secret FROM t",
        "SELECT * FROM t FOR JSON AUTO",
        "SELECT secret FROM t FOR JSON PATH",
        "SELECT secret FROM t FOR XML RAW",
        "SELECT secret AS [@s] FROM t FOR XML PATH",
        "SELECT id FROM t TABLESAMPLE (100 PERCENT) WHERE secret > 0",
        "SELECT p.[1] FROM (SELECT id, secret FROM t) s PIVOT (MAX(secret) FOR id IN ([1])) p",
        "SELECT p.[1] FROM t PIVOT (MAX(secret) FOR id IN ([1])) p",
        "SELECT p.[1] FROM t PIVOT (MAX(a) FOR id IN ([1])) p",
        "SELECT v FROM t UNPIVOT (v FOR n IN (secret, a)) u",
        "SELECT @v = secret FROM t",
        "SELECT @v += secret FROM t",
        "UPDATE t SET @v = secret, b = 1",
        "UPDATE t SET @v = b = secret",
        "UPDATE t SET @v += b",
        "SELECT secret INTO #copy FROM t",
        "SELECT id, (SELECT MAX(i.secret) FROM t i WHERE i.id = o.id) FROM other o",
        "INSERT other SELECT id, secret FROM t",
        "INSERT other VALUES (5, (SELECT MAX(secret) FROM t))",
        "INSERT t (id, secret) OUTPUT inserted.secret VALUES (9, 9)",
        "INSERT t (id, secret) OUTPUT inserted.* VALUES (9, 9)",
        "INSERT t (id, secret) OUTPUT inserted.secret INTO other (x) VALUES (9, 9)",
        "UPDATE other SET x = (SELECT MAX(secret) FROM t)",
        "UPDATE other SET x = t.secret FROM t WHERE t.id = other.id",
        "UPDATE o SET x = 1 FROM other o JOIN t ON t.secret = o.x",
        "UPDATE t SET b = secret",
        "UPDATE t SET b = b + 1",
        "UPDATE t SET b += 1",
        "UPDATE t SET b = 1 WHERE secret = 30",
        "UPDATE t SET b = 1 OUTPUT deleted.secret",
        "UPDATE t SET b = 1 OUTPUT inserted.b",
        "UPDATE t SET b = 1 OUTPUT deleted.id, inserted.secret",
        "UPDATE t SET b = CASE WHEN secret > 30 THEN 1 ELSE 0 END",
        "UPDATE TOP (1) t SET b = 1 OUTPUT deleted.*",
        "UPDATE o SET x = 1 OUTPUT t.secret FROM other o JOIN t ON t.id = o.id",
        "DELETE t WHERE secret = 30",
        "DELETE t OUTPUT deleted.secret",
        "DELETE t OUTPUT deleted.secret INTO other (x)",
        "DELETE o FROM other o JOIN t ON t.secret = o.x",
        "DELETE o OUTPUT t.secret FROM other o JOIN t ON t.id = o.id",
        "MERGE other USING t ON t.secret = other.x WHEN MATCHED THEN DELETE;",
        "MERGE other USING t ON t.id = other.id WHEN MATCHED AND t.secret > 1 THEN DELETE;",
        "MERGE other USING t ON t.id = other.id WHEN MATCHED THEN UPDATE SET x = t.secret;",
        "MERGE other USING t ON t.id = other.id WHEN NOT MATCHED THEN INSERT VALUES (id, secret);",
        "MERGE t USING other o ON t.secret = o.x WHEN MATCHED THEN UPDATE SET b = 1;",
        "MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET b = t.secret;",
        "MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET b += 1;",
        "MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET b = 1 OUTPUT deleted.secret;",
        "MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET b = 1 OUTPUT $action, inserted.b;",
        "MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET secret = o.id;",
        "WITH c AS (SELECT id, b FROM t) UPDATE c SET b = 1 WHERE id = 1",
        "WITH c AS (SELECT id, secret FROM t) DELETE c WHERE id = 1",
        "DELETE d FROM (SELECT id, secret FROM t) d",
        "UPDATE t SET a = 1",
        "UPDATE t SET b = 1, secret = id",
    ];
    let variable = Variable { sql_type: SqlType::Int, value: Value::Int(0) };
    let variables = BTreeMap::from([("@v".to_owned(), variable)]);
    let mut wrong = Vec::new();
    for sql in refused {
        let outcome = run_with(&mut *joe, sql, &variables).await;
        if outcome.as_ref().err().map(SqlError::number) != Some(230) {
            wrong.push(format!("{sql}: {outcome:?}"));
        }
        // Nothing else is wrong with it.
        run(&mut *sa, "BEGIN TRAN").await.unwrap();
        if let Err(error) = run_with(&mut *sa, sql, &variables).await {
            wrong.push(format!("{sql}: {error}, by the administrator"));
        }
        run(&mut *sa, "ROLLBACK").await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let assigned = run_with(&mut *joe, "UPDATE t SET @v = a, b = 6 WHERE id = 1", &variables).await;
    assert_eq!(assigned.unwrap().rows, [["10"]]);
    check(
        &mut *joe,
        &[
            ("SELECT id, x FROM other ORDER BY 1", "int, int: 1|30; 2|7"),
            // What reads no more than may be read goes on.
            ("SELECT p.[1] FROM (SELECT id, a FROM t) s PIVOT (MAX(a) FOR id IN ([1])) p", "int: 10"),
            ("SELECT v FROM (SELECT id, a FROM t) s UNPIVOT (v FOR n IN (a)) u ORDER BY 1", "int: 10; 11"),
            ("SELECT id FROM t TABLESAMPLE (100 PERCENT) ORDER BY 1", "int!: 1; 2"),
            ("SELECT r.n FROM t CROSS APPLY dbo.rows_of(t.a) r ORDER BY 1", "int: 10; 11"),
            ("UPDATE t SET b = a OUTPUT deleted.id, inserted.a", "int!, int: 1|10; 2|11"),
            ("UPDATE t SET b = 5", ": "),
            ("UPDATE t SET b = 5 WHERE id = 1", ": "),
            ("UPDATE o SET x = t.a OUTPUT t.id FROM other o JOIN t ON t.id = o.id WHERE o.id = 1", "int!: 1"),
            ("MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET b = 7 OUTPUT $action, deleted.id;", "nvarchar(10)!, int!: UPDATE|1; UPDATE|2"),
            ("MERGE t USING other o ON t.id = o.id WHEN MATCHED THEN UPDATE SET nothing = 7;", "207"),
            ("INSERT t (id, secret) OUTPUT inserted.id VALUES (9, 9)", "int!: 9"),
            ("DELETE t OUTPUT deleted.a WHERE id = 9", "int: NULL"),
        ],
    )
    .await;
    check(&mut *sa, &[("SELECT id, b, secret FROM t", "int!, int, int: 1|7|30; 2|7|31")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_say_which_columns() {
    let (_server, mut sa, _joe) = shop().await;
    let shown = "SELECT p.minor_id, COL_NAME(p.major_id, p.minor_id), p.permission_name, p.state, p.state_desc
                 FROM sys.database_permissions p WHERE p.class = 1 AND p.major_id = OBJECT_ID('t')
                 AND p.grantee_principal_id = USER_ID('joe') ORDER BY p.permission_name, p.minor_id";
    let types = "int!, nvarchar(128), nvarchar(60), char(1)!, nvarchar(60)!";
    for (sql, expected) in [
        ("SELECT 1", "1|id|SELECT|G|GRANT; 2|a|SELECT|G|GRANT; 3|b|UPDATE|G|GRANT"),
        (
            "DENY SELECT (secret), UPDATE (a) ON OBJECT::dbo.t TO joe",
            "1|id|SELECT|G|GRANT; 2|a|SELECT|G|GRANT; 4|secret|SELECT|D|DENY; 2|a|UPDATE|D|DENY; 3|b|UPDATE|G|GRANT",
        ),
        (
            "REVOKE UPDATE (a), UPDATE (b) ON t FROM joe",
            "1|id|SELECT|G|GRANT; 2|a|SELECT|G|GRANT; 4|secret|SELECT|D|DENY",
        ),
        (
            "GRANT SELECT (secret) ON t TO joe WITH GRANT OPTION",
            "1|id|SELECT|G|GRANT; 2|a|SELECT|G|GRANT; 4|secret|SELECT|W|GRANT_WITH_GRANT_OPTION",
        ),
        (
            "REVOKE GRANT OPTION FOR SELECT (secret) ON t FROM joe CASCADE",
            "1|id|SELECT|G|GRANT; 2|a|SELECT|G|GRANT; 4|secret|SELECT|G|GRANT",
        ),
        // What is said of the table stands for what was said of its columns.
        (
            "GRANT SELECT, REFERENCES (a) ON t TO joe",
            "2|a|REFERENCES|G|GRANT; 0|NULL|SELECT|G|GRANT",
        ),
        // A column is taken out of what the table gives.
        (
            "REVOKE SELECT (secret) ON t FROM joe",
            "2|a|REFERENCES|G|GRANT; 0|NULL|SELECT|G|GRANT; 4|secret|SELECT|R|REVOKE",
        ),
        ("DENY SELECT ON t TO joe", "2|a|REFERENCES|G|GRANT; 0|NULL|SELECT|D|DENY"),
        (
            "GRANT SELECT (a) ON t TO joe",
            "2|a|REFERENCES|G|GRANT; 0|NULL|SELECT|D|DENY; 2|a|SELECT|G|GRANT",
        ),
        ("REVOKE SELECT, REFERENCES ON t FROM joe", ""),
    ] {
        let expected = format!("{types}: {expected}");
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        check(&mut *sa, &[(shown, &expected)]).await;
    }
    for sql in ["CREATE SYNONYM s FOR t", "CREATE PROCEDURE p AS SELECT 1 AS a"] {
        run(&mut *sa, sql).await.unwrap();
    }
    let entities = "1020 Sub-entity lists (such as column or security expressions) cannot be specified for entity-level permissions.";
    check(
        &mut *sa,
        &[
            ("GRANT INSERT (a) ON t TO joe", entities),
            ("GRANT DELETE ON t (a) TO joe", "1020"),
            ("GRANT EXECUTE (a) ON p TO joe", "1020"),
            ("DENY ALL (a) ON t TO joe", "1020"),
            ("GRANT SELECT ON SCHEMA::dbo (a) TO joe", "1020"),
            ("GRANT SELECT (a) TO joe", "1020"),
            ("GRANT SELECT (a) ON s TO joe", "1020"),
            ("GRANT SELECT (a) ON p TO joe", "4606"),
            (
                "GRANT SELECT (a) ON t (b) TO joe",
                "1019 Invalid column list after object name in GRANT/REVOKE statement.",
            ),
            ("GRANT SELECT (a, nope) ON t TO joe", "4615 Invalid column name 'nope'."),
            ("REVOKE SELECT ON t (nope) FROM joe", "4615"),
            ("GRANT SELECT (a) ON none TO joe", "15151"),
            ("SELECT COUNT(*) FROM sys.database_permissions WHERE minor_id > 0", "int!: 0"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_stands_before_its_table_and_denials_before_grants() {
    let (_server, mut sa, mut joe) = shop().await;
    let read =
        |column: &str| format!("SELECT {column} FROM t WHERE {column} = 11 OR {column} = 31");
    let (a, secret) = (read("a"), read("secret"));
    grant_and_check(
        &mut *sa,
        &mut *joe,
        &[
            ("REVOKE SELECT, UPDATE ON t FROM joe", &a, "229"),
            // Of who may read no column at all, the object is told.
            ("DENY SELECT (secret) ON t TO joe", &secret, "229 The SELECT permission was denied on the object 't', database 'shop', schema 'dbo'."),
            ("GRANT SELECT ON SCHEMA::dbo TO joe", &a, "int: 11"),
            ("", &secret, "230"),
            ("REVOKE SELECT (secret) ON t FROM joe", &secret, "int: 31"),
            ("DENY SELECT (secret) ON t TO public", &secret, "230"),
            ("GRANT SELECT (secret) ON t TO joe", &secret, "230"),
            ("REVOKE SELECT (secret) ON t FROM public", &secret, "int: 31"),
            // A denial of the table gives way to a column that the same one was granted.
            ("DENY SELECT ON t TO joe", &secret, "229"),
            ("GRANT SELECT (secret) ON t TO joe", &secret, "int: 31"),
            ("", &a, "230"),
            ("DENY SELECT ON t TO readers; ALTER ROLE readers ADD MEMBER joe", &secret, "229"),
            ("REVOKE SELECT ON t FROM readers", &secret, "int: 31"),
            ("DENY SELECT ON SCHEMA::dbo TO joe", &secret, "229"),
            ("REVOKE SELECT ON SCHEMA::dbo FROM joe", &secret, "int: 31"),
            ("DENY CONTROL ON t TO joe", &secret, "229"),
            ("REVOKE CONTROL ON t FROM joe", &secret, "int: 31"),
            ("ALTER ROLE db_denydatareader ADD MEMBER joe", &secret, "229"),
            ("ALTER ROLE db_denydatareader DROP MEMBER joe", &secret, "int: 31"),
            // What is taken out of the own grant may come from another.
            ("GRANT SELECT ON t TO joe; REVOKE SELECT (secret) ON t FROM joe", &secret, "230"),
            ("", &a, "int: 11"),
            ("GRANT SELECT ON t TO readers", &secret, "int: 31"),
            ("DENY SELECT (secret) ON t TO readers", &secret, "230"),
            ("GRANT SELECT ON t TO readers", &secret, "int: 31"),
            ("REVOKE SELECT ON t FROM joe; REVOKE SELECT ON t FROM readers; GRANT SELECT (a) ON t TO readers", &a, "int: 11"),
            ("ALTER ROLE readers DROP MEMBER joe", &a, "229"),
            ("BEGIN TRAN; GRANT SELECT (a) ON t TO joe; ROLLBACK", &a, "229"),
            ("GRANT CONTROL ON t TO joe", &secret, "int: 31"),
            ("DENY SELECT (secret) ON t TO joe", &secret, "230"),
            ("ALTER AUTHORIZATION ON t TO joe", &secret, "int: 31"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_granted_on_by_who_may() {
    let (server, mut sa, mut joe) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-902").await;
    grant_and_check(
        &mut *sa,
        &mut *joe,
        &[
            ("", "GRANT SELECT (a) ON t TO mary", "4613"),
            (
                "GRANT SELECT (a) ON t TO joe WITH GRANT OPTION",
                "GRANT SELECT (a) ON t TO mary",
                ": ",
            ),
            ("", "GRANT SELECT (secret) ON t TO mary", "4613"),
            ("", "GRANT SELECT ON t TO mary", "4613"),
            ("", "GRANT UPDATE (a) ON t TO mary", "4613"),
        ],
    )
    .await;
    check(
        &mut *mary,
        &[("SELECT a FROM dbo.t WHERE a = 10", "int: 10"), ("SELECT id FROM dbo.t", "230")],
    )
    .await;
    check(
        &mut *sa,
        &[
            ("DROP USER joe", "15284"),
            ("REVOKE SELECT (a) ON t FROM joe", "4611"),
            ("REVOKE SELECT ON t FROM joe", "4611"),
            ("REVOKE SELECT ON t FROM joe CASCADE", ": "),
        ],
    )
    .await;
    check(&mut *mary, &[("SELECT a FROM dbo.t", "229")]).await;
    grant_and_check(
        &mut *sa,
        &mut *joe,
        &[
            (
                "GRANT SELECT ON t TO joe WITH GRANT OPTION",
                "GRANT SELECT (id, a) ON t TO mary",
                ": ",
            ),
            ("DENY SELECT (secret) ON t TO joe", "GRANT SELECT (secret) ON t TO mary", "4613"),
        ],
    )
    .await;
    check(&mut *sa, &[("DENY SELECT ON t TO joe CASCADE", ": ")]).await;
    check(&mut *mary, &[("SELECT a FROM dbo.t", "229")]).await;
    check(
        &mut *sa,
        &[
            ("REVOKE SELECT ON t FROM joe CASCADE; DROP USER mary", "15138"),
            ("DROP SCHEMA own; DROP USER mary", ": "),
            (
                "SELECT COUNT(*) FROM sys.database_permissions WHERE minor_id > 0 AND type = 'SL'",
                "int!: 0",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_and_functions_have_columns_of_their_own() {
    let (_server, mut sa, mut joe) = shop().await;
    for sql in [
        "CREATE VIEW v AS SELECT id, a, secret, a + b AS both FROM t",
        "CREATE VIEW w AS SELECT id AS k, a AS x, both FROM v",
        "CREATE FUNCTION f (@least int) RETURNS TABLE AS RETURN (SELECT id, secret FROM t WHERE id >= @least)",
        "CREATE FUNCTION g () RETURNS @r TABLE (id int, secret int) AS BEGIN INSERT @r SELECT id, secret FROM t RETURN END",
        "CREATE SYNONYM s FOR t",
        "CREATE TABLE own.o (id int, a int)",
        "INSERT own.o VALUES (1, 5)",
        "CREATE VIEW far AS SELECT id, a FROM own.o",
    ] {
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    grant_and_check(
        &mut *sa,
        &mut *joe,
        &[
            ("REVOKE SELECT, UPDATE ON t FROM joe", "SELECT id FROM v", "229"),
            ("GRANT SELECT (id, both) ON v TO joe", "SELECT id, both FROM v ORDER BY id", "int!, int: 1|30; 2|32"),
            ("", "SELECT a FROM v", "230 The SELECT permission was denied on the column 'a' of the object 'v', database 'shop', schema 'dbo'."),
            ("", "SELECT id FROM v WHERE secret = 30", "230"),
            ("", "SELECT COUNT(*) FROM v", "230"),
            ("", "SELECT id FROM t", "229"),
            ("GRANT SELECT ON w TO joe; DENY SELECT (x) ON w TO joe", "SELECT k, both FROM w WHERE k = 1", "int!, int: 1|30"),
            ("", "SELECT x FROM w", "230"),
            // Changes through views.
            ("GRANT UPDATE (a) ON v TO joe", "UPDATE v SET a = 12 WHERE id = 1", ": "),
            ("", "UPDATE v SET a = 12 WHERE a = 12", "230"),
            ("", "UPDATE v SET a += 1", "230"),
            ("", "UPDATE v SET secret = 12", "230 The UPDATE permission was denied on the column 'secret' of the object 'v', database 'shop', schema 'dbo'."),
            ("", "UPDATE v SET a = 12 OUTPUT inserted.id WHERE id = 1", "int!: 1"),
            ("", "UPDATE v SET a = 12 OUTPUT deleted.secret WHERE id = 1", "230"),
            ("", "UPDATE w SET x = 1", "229"),
            ("GRANT UPDATE (x) ON w TO joe", "UPDATE w SET x = 13 WHERE k = 1", ": "),
            ("", "UPDATE w SET k = 13", "230"),
            ("", "INSERT v (id, a, secret) VALUES (9, 9, 9)", "229"),
            ("", "DELETE v WHERE id = 9", "229"),
            ("", "WITH c AS (SELECT id, a FROM v) UPDATE c SET a = 1", "230"),
            // Functions.
            ("GRANT SELECT (id) ON f TO joe", "SELECT id FROM dbo.f(2)", "int!: 2"),
            ("", "SELECT secret FROM dbo.f(2)", "230"),
            ("", "SELECT x.y FROM dbo.f(2) AS x (z, y)", "230 The SELECT permission was denied on the column 'secret' of the object 'f', database 'shop', schema 'dbo'."),
            ("", "SELECT x.z FROM dbo.f(2) AS x (z, y)", "int!: 2"),
            ("", "SELECT q.id FROM other o CROSS APPLY dbo.f(o.id) q WHERE o.id = 2", "int!: 2"),
            ("", "SELECT q.secret FROM other o CROSS APPLY dbo.f(o.id) q", "230"),
            ("", "SELECT q.secret FROM other o OUTER APPLY dbo.f(1) q", "230"),
            ("GRANT SELECT (id) ON g TO joe", "SELECT id FROM dbo.g() ORDER BY id", "int: 1; 2"),
            ("", "SELECT secret FROM dbo.g()", "230"),
            // A synonym's permission is its own; what it stands for is the owner's.
            ("", "SELECT id FROM s", "229"),
            ("GRANT SELECT ON s TO joe", "SELECT secret FROM s WHERE id = 1", "int: 30"),
            // Another owner's table breaks the chain.
            ("GRANT SELECT ON far TO joe", "SELECT id FROM far", "229"),
            ("GRANT SELECT (id) ON own.o TO joe", "SELECT id FROM far", "230"),
            ("GRANT SELECT (a) ON own.o TO joe", "SELECT id FROM far", "int: 1"),
            ("DENY SELECT (a) ON own.o TO joe", "SELECT id FROM far", "230"),
            ("GRANT UPDATE ON far TO joe; GRANT SELECT ON own.o TO joe", "UPDATE far SET a = 1", "229"),
            ("GRANT UPDATE (a) ON own.o TO joe", "UPDATE far SET a = 1", ": "),
            ("", "UPDATE far SET id = 1", "230 The UPDATE permission was denied on the column 'id' of the object 'o', database 'shop', schema 'own'."),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_as_its_owner_reads_what_the_owner_may() {
    let (_server, mut sa, mut joe) = shop().await;
    for sql in [
        "CREATE FUNCTION h () RETURNS int AS BEGIN RETURN (SELECT MAX(secret) FROM t) END",
        "GRANT EXECUTE ON h TO joe",
        "CREATE TABLE c (id int DEFAULT dbo.h(), secret int CHECK (secret > 0), twice AS secret * 2)",
        "INSERT c (secret) VALUES (4)",
        "GRANT SELECT (twice) ON c TO joe",
        "GRANT INSERT ON c TO joe",
    ] {
        run(&mut *sa, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    check(
        &mut *joe,
        &[
            ("SELECT dbo.h()", "int: 31"),
            ("SELECT twice FROM c", "int: 8"),
            ("SELECT secret FROM c", "230"),
            ("SELECT twice FROM c WHERE id > 0", "230"),
            ("INSERT c (secret) VALUES (5)", ": "),
            ("INSERT c (secret) VALUES (-5)", "547"),
            ("INSERT c (secret) OUTPUT inserted.twice VALUES (6)", "int: 12"),
            ("INSERT c (secret) OUTPUT inserted.id VALUES (6)", "230"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_follow_their_columns() {
    let (_server, mut sa, mut joe) = shop().await;
    grant_and_check(
        &mut *sa,
        &mut *joe,
        &[
            (
                "EXEC sp_rename 'dbo.t.a', 'alpha', 'COLUMN'",
                "SELECT alpha FROM t WHERE id = 1",
                "int: 10",
            ),
            ("ALTER TABLE t DROP COLUMN alpha", "SELECT id FROM t WHERE id = 1", "int!: 1"),
            ("ALTER TABLE t ADD alpha int", "SELECT alpha FROM t", "230"),
            // The last column's number is given again.
            ("GRANT SELECT (alpha) ON t TO joe", "SELECT alpha FROM t WHERE id = 1", "int: NULL"),
            (
                "ALTER TABLE t DROP COLUMN alpha; ALTER TABLE t ADD beta int",
                "SELECT beta FROM t",
                "230",
            ),
            // A view's are those of its names.
            ("CREATE VIEW v AS SELECT id, b, secret FROM t", "SELECT id FROM v", "229"),
            (
                "GRANT SELECT (secret) ON v TO joe",
                "SELECT secret FROM v WHERE secret = 30",
                "int: 30",
            ),
            (
                "CREATE OR ALTER VIEW v AS SELECT secret, b AS id FROM t",
                "SELECT secret FROM v WHERE secret = 30",
                "int: 30",
            ),
            ("", "SELECT id FROM v", "230"),
            ("ALTER VIEW v AS SELECT id AS other, b FROM t", "SELECT b FROM v", "229"),
            ("ALTER VIEW v AS SELECT id, secret FROM t", "SELECT secret FROM v", "229"),
            // A view of all columns gives those that there are by now.
            (
                "CREATE VIEW w AS SELECT * FROM t; GRANT SELECT ON w TO joe",
                "SELECT MAX(secret) FROM w",
                "int: 31",
            ),
            ("DENY SELECT (secret) ON w TO joe", "SELECT MAX(secret) FROM w", "230"),
            (
                "EXEC sp_rename 'dbo.t.secret', 'hidden', 'COLUMN'",
                "SELECT MAX(hidden) FROM w",
                "230",
            ),
            ("", "SELECT MAX(id) FROM w", "int: 2"),
            (
                "ALTER TABLE t DROP COLUMN beta; EXEC sp_refreshview 'w'",
                "SELECT MAX(b) FROM w",
                "int: 21",
            ),
            ("DROP TABLE other; CREATE TABLE other (id int, x int)", "SELECT id FROM other", "229"),
            ("DROP VIEW v", "SELECT secret FROM v", "208"),
            ("CREATE VIEW v AS SELECT id, hidden AS secret FROM t", "SELECT secret FROM v", "229"),
        ],
    )
    .await;
    check(
        &mut *sa,
        &[
            ("DROP TABLE t", ": "),
            ("SELECT COUNT(*) FROM sys.database_permissions WHERE minor_id > 0", "int!: 0"),
            ("CREATE TABLE t (id int); GRANT SELECT (id) ON t TO joe; USE master; DROP DATABASE shop", ": "),
            ("CREATE DATABASE shop", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_need_their_columns() {
    let (server, mut sa, _joe) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-902").await;
    let by_key = "CREATE TABLE own.k (a int REFERENCES dbo.t (id))";
    let by_secret = "CREATE TABLE own.l (a int REFERENCES dbo.t (secret))";
    grant_and_check(
        &mut *sa,
        &mut *mary,
        &[
            ("GRANT CREATE TABLE TO mary", by_key, "229"),
            ("GRANT SELECT (id) ON t TO mary", by_key, "229"),
            ("GRANT REFERENCES (id) ON t TO mary", by_secret, "230 The REFERENCES permission was denied on the column 'secret' of the object 't', database 'shop', schema 'dbo'."),
            ("", by_key, ": "),
            ("", "CREATE TABLE own.m (a int); ALTER TABLE own.m ADD FOREIGN KEY (a) REFERENCES dbo.t (secret)", "230"),
            ("", "ALTER TABLE own.m ADD FOREIGN KEY (a) REFERENCES dbo.t", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_done_is_told() {
    let (server, mut sa, mut joe) = shop().await;
    let mut mary = as_login(&server, "mary", "Yukon-902").await;
    check(
        &mut *joe,
        &[
            ("SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('t')", "int!: 4"),
            (
                "SELECT HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT', 'a', 'COLUMN'),
                 HAS_PERMS_BY_NAME('dbo.t', 'object', 'select', 'SECRET', 'column'), HAS_PERMS_BY_NAME('t', 'OBJECT', 'UPDATE', 'b', 'COLUMN'),
                 HAS_PERMS_BY_NAME('t', 'OBJECT', 'ANY', 'a', 'COLUMN'), HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT', 'none', 'COLUMN'),
                 HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT', 'a', 'ROW'), HAS_PERMS_BY_NAME('other', 'OBJECT', 'SELECT', NULL, NULL)",
                "int, int, int, int, int, int, int, int: 0|1|0|1|NULL|NULL|NULL|1",
            ),
            (
                "SELECT name, HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT', name, 'COLUMN') FROM sys.columns
                 WHERE object_id = OBJECT_ID('t') ORDER BY column_id",
                "nvarchar(128), int: id|1; a|1; b|0; secret|0",
            ),
            (
                "SELECT entity_name, subentity_name, permission_name FROM sys.fn_my_permissions('t', 'OBJECT')
                 ORDER BY subentity_name, permission_name",
                "nvarchar(128), nvarchar(128), nvarchar(60): t|a|SELECT; t|b|UPDATE; t|id|SELECT",
            ),
            (
                "SELECT TABLE_NAME, COLUMN_NAME, GRANTOR, GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM INFORMATION_SCHEMA.COLUMN_PRIVILEGES
                 WHERE GRANTEE = 'joe' AND TABLE_NAME = 't' ORDER BY 2, 5",
                "nvarchar(128)!, nvarchar(128), nvarchar(128)!, nvarchar(128)!, varchar(10), varchar(3)!: t|a|dbo|joe|SELECT|NO; t|b|dbo|joe|UPDATE|NO; t|id|dbo|joe|SELECT|NO",
            ),
        ],
    )
    .await;
    check(
        &mut *mary,
        &[
            ("SELECT OBJECT_ID('dbo.t')", "int: NULL"),
            ("SELECT id FROM dbo.t", "229"),
            (
                "SELECT HAS_PERMS_BY_NAME('dbo.t', 'OBJECT', 'SELECT', 'secret', 'COLUMN'),
                 HAS_PERMS_BY_NAME('dbo.t', 'OBJECT', 'SELECT', 'none', 'COLUMN')",
                "int, int: NULL|NULL",
            ),
        ],
    )
    .await;
    run(&mut *sa, "GRANT SELECT ON t TO readers; REVOKE SELECT (secret) ON t FROM readers")
        .await
        .unwrap();
    let shown = run(&mut *sa, "EXEC sp_helprotect 't'").await.unwrap();
    let shown: Vec<String> =
        shown.rows.iter().map(|row| row[2..].join("|").replace(' ', "")).collect();
    assert_eq!(
        shown,
        [
            "joe|dbo|Grant|SELECT|a",
            "joe|dbo|Grant|SELECT|id",
            "joe|dbo|Grant|UPDATE|b",
            "readers|dbo|Grant|SELECT|(All+New)",
            "readers|dbo|Revoke|SELECT|secret",
        ]
    );
    let columns = run(&mut *sa, "EXEC sp_column_privileges 't', NULL, NULL, 'a'").await.unwrap();
    let columns: Vec<String> = columns.rows.iter().map(|row| row[4..].join("|")).collect();
    assert_eq!(
        columns,
        [
            "dbo|dbo|INSERT|YES",
            "dbo|dbo|REFERENCES|YES",
            "dbo|dbo|SELECT|YES",
            "dbo|joe|SELECT|NO",
            "dbo|readers|SELECT|NO",
            "dbo|dbo|UPDATE|YES",
        ]
    );
}

/// What came before permissions on columns had no table for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_of_before_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let sa = async || {
        let database = Embedded::open(folder.path(), Options::default()).unwrap();
        database.set_password("sa", &Secret::new("pass")).unwrap();
        let session = database.login(login("sa", "pass", "")).await.unwrap();
        (database, session)
    };
    let (database, mut session) = sa().await;
    run(&mut *session, "CREATE TABLE t (a int); CREATE USER joe WITHOUT LOGIN").await.unwrap();
    drop((session, database));
    let file = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = file.filter(|path| path.extension().is_some_and(|ending| ending == "sqlite"));
    let mut dropped = 0;
    for file in file {
        let connection = rusqlite::Connection::open(file).unwrap();
        dropped += usize::from(
            connection.execute_batch(r#"DROP TABLE "launchpod.column_permissions""#).is_ok(),
        );
    }
    assert_eq!(dropped, 1);
    let (_database, mut session) = sa().await;
    check(
        &mut *session,
        &[
            ("GRANT SELECT (a) ON t TO joe; EXECUTE AS USER = 'joe'", ": "),
            ("SELECT a FROM t", "int: "),
            ("REVERT; DROP TABLE t", ": "),
        ],
    )
    .await;
}
