//! Synonyms ("CREATE SYNONYM", "DROP SYNONYM", "sys.synonyms").

use crate::support::{Server, check};

#[tokio::test]
async fn they_stand_for_tables_views_and_functions() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE DATABASE other; CREATE SCHEMA Production; CREATE TABLE Production.Product (id int IDENTITY, name varchar(9))", ": "),
            ("CREATE SYNONYM dbo.MyProduct FOR Production.Product; INSERT MyProduct (name) VALUES ('a'), ('b'); SELECT MyProduct.name, p.id FROM dbo.MyProduct JOIN MyProduct p ON p.id = dbo.MyProduct.id", "varchar(9), int!: a|1; b|2"),
            ("UPDATE MyProduct SET name = MyProduct.name + 'x' WHERE id = 1; UPDATE p SET name = p.name + 'y' FROM MyProduct p WHERE p.id = 2; SELECT name FROM Production.Product ORDER BY id", "varchar(9): ax; by"),
            ("UPDATE MyProduct SET name = 'z' FROM MyProduct WHERE MyProduct.id = 2; DELETE MyProduct WHERE id = 1; SELECT name FROM Production.Product", "varchar(9): z"),
            ("MERGE MyProduct AS t USING (VALUES ('n')) s (n) ON t.name = s.n WHEN NOT MATCHED THEN INSERT (name) VALUES (s.n); SELECT COUNT(*) FROM MyProduct", "int!: 2"),
            // What is there is looked up when it is used.
            ("CREATE SYNONYM nowhere.x FOR t", "2760"),
            ("CREATE SYNONYM later FOR other.dbo.t; SELECT * FROM later", "5313"),
            ("USE other; CREATE TABLE t (a int); INSERT t VALUES (5); USE master; SELECT a FROM later", "int: 5"),
            ("USE other; SELECT a FROM master.dbo.later", "int: 5"),
            ("USE master; CREATE TABLE #t (a int); INSERT #t VALUES (6); CREATE SYNONYM own FOR #t; SELECT a FROM own", "int: 6"),
        ],
    )
    .await;
    for module in [
        "CREATE VIEW v AS SELECT name FROM MyProduct",
        "CREATE FUNCTION dbo.OrderDozen (@a int) RETURNS int AS BEGIN IF @a % 12 <> 0 SET @a += 12 - (@a % 12) RETURN @a END",
        "CREATE FUNCTION dbo.upto (@n int) RETURNS TABLE AS RETURN (SELECT value AS n FROM GENERATE_SERIES(1, @n))",
    ] {
        crate::support::run(&mut *session, module).await.unwrap();
    }
    check(
        &mut *session,
        &[
            ("CREATE SYNONYM w FOR v; SELECT name FROM w ORDER BY name", "varchar(9): n; z"),
            (
                "UPDATE w SET name = 'q' WHERE name = 'n'; SELECT name FROM w ORDER BY name",
                "varchar(9): q; z",
            ),
            ("CREATE SYNONYM views FOR sys.views; SELECT name FROM views", "nvarchar(128)!: v"),
            (
                "CREATE SYNONYM dbo.CorrectOrder FOR dbo.OrderDozen; SELECT dbo.CorrectOrder(15)",
                "int: 24",
            ),
            ("CREATE SYNONYM u FOR dbo.upto; SELECT n FROM u(2)", "int: 1; 2"),
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
            ("CREATE TABLE t (a int); CREATE SYNONYM s FOR dbo.t; CREATE SYNONYM far FOR srv.db..t", ": "),
            ("SELECT name, type, type_desc, base_object_name FROM sys.synonyms ORDER BY name", "nvarchar(128)!, char(2), nvarchar(60), nvarchar(1035): far|SN|SYNONYM|[srv].[db]..[t]; s|SN|SYNONYM|[dbo].[t]"),
            ("SELECT OBJECTPROPERTYEX(OBJECT_ID('s'), 'BaseType'), OBJECT_NAME(OBJECT_ID('s', 'SN')), OBJECT_ID('s', 'U'), OBJECT_DEFINITION(OBJECT_ID('s'))", "nvarchar(128), nvarchar(128), int, nvarchar(max): U|s|NULL|NULL"),
            ("SELECT * FROM far", "40517"),
            ("CREATE SYNONYM s FOR x", "2714"),
            ("CREATE TABLE s (a int)", "2714"),
            ("CREATE SYNONYM master.dbo.x FOR t", "166"),
            ("CREATE SYNONYM ss FOR s; SELECT * FROM ss", "470"),
            ("DROP TABLE s", "3705"),
            ("DROP SYNONYM t", "3705"),
            ("TRUNCATE TABLE s", "4701"),
            ("SELECT NEXT VALUE FOR s", "11726"),
            ("DROP SYNONYM s; SELECT * FROM s", "208"),
            ("DROP SYNONYM s", "3701"),
            ("DROP SYNONYM IF EXISTS s, ss; SELECT COUNT(*) FROM sys.synonyms", "int!: 1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn permissions_are_the_synonyms_own() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int); INSERT t VALUES (1); CREATE SYNONYM s FOR t; CREATE USER u WITHOUT LOGIN; GRANT SELECT ON t TO u; EXECUTE AS USER = 'u'", ": "),
            ("SELECT a FROM t", "int: 1"),
            ("SELECT a FROM s", "229"),
            ("CREATE SYNONYM mine FOR t", "262"),
            // The table is the synonym's owner's.
            ("REVERT; REVOKE SELECT ON t FROM u; GRANT SELECT, INSERT ON s TO u; EXECUTE AS USER = 'u'; SELECT a FROM s", "int: 1"),
            ("INSERT s VALUES (2); SELECT a FROM s", "int: 1; 2"),
            ("DELETE s", "229"),
            ("SELECT a FROM t", "229"),
        ],
    )
    .await;
}
