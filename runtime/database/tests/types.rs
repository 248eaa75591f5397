//! Types that users make ("CREATE TYPE", "DROP TYPE", "sys.types"), and names that a type has
//! besides its own.

use crate::support::{Server, check, run};

#[tokio::test]
async fn columns_and_functions_have_them() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE SCHEMA s; CREATE TYPE dbo.Phone FROM varchar(5) NOT NULL; CREATE TYPE s.Money2 FROM numeric(9, 2); CREATE TYPE Ratio FROM float NULL", ": "),
            ("CREATE TABLE t (a dbo.Phone, b Phone NULL, c s.Money2, d Ratio DEFAULT 1)", ": "),
            ("INSERT t (a, c) VALUES ('12345', 1.005); SELECT * FROM t", "varchar(5)!, varchar(5), decimal(9,2), float: 12345|NULL|1.01|1"),
            ("INSERT t (b) VALUES ('x')", "515"),
            ("INSERT t (a) VALUES ('123456')", "2628"),
            ("ALTER TABLE t ADD e Phone NULL; ALTER TABLE t ALTER COLUMN d s.Money2; SELECT d, e FROM t", "decimal(9,2), varchar(5): 1.00|NULL"),
            ("DECLARE @v TABLE (x Phone)", "1087"),
            ("SELECT * FROM OPENJSON('{\"p\":\"77\"}') WITH (p Phone)", "varchar(5): 77"),
            ("CREATE SEQUENCE q AS Whole", "2715"),
            ("CREATE TYPE Whole FROM int; CREATE SEQUENCE q AS Whole START WITH 3; SELECT NEXT VALUE FOR q", "int!: 3"),
            ("SELECT CAST('x' AS dbo.Phone)", "243"),
            ("CREATE TABLE u (a Money2)", "2715"),
            ("CREATE TABLE u (a dbo.Nothing)", "2715"),
        ],
    )
    .await;
    let function = "CREATE FUNCTION dbo.f (@a Phone) RETURNS s.Money2 AS BEGIN DECLARE @b Phone = @a + '9' RETURN @b END";
    run(&mut *session, function).await.unwrap();
    check(&mut *session, &[("SELECT dbo.f('1')", "decimal(9,2): 19.00")]).await;
}

#[tokio::test]
async fn the_catalog_tells_of_them() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TYPE dbo.Phone FROM varchar(20) NOT NULL; CREATE TABLE t (a Phone, b numeric(5, 1), c sysname, d decimal(5, 1), e sysname NULL)", ": "),
            ("SELECT name, system_type_id, user_type_id, schema_id, max_length, is_nullable, is_user_defined FROM sys.types WHERE user_type_id > 256", "nvarchar(128)!, tinyint!, int!, int!, smallint!, bit!, bit!: Phone|167|257|1|20|0|1"),
            ("SELECT name, system_type_id, user_type_id, TYPE_NAME(user_type_id), is_nullable FROM sys.columns WHERE object_id = OBJECT_ID('t')", "nvarchar(128), tinyint!, int!, nvarchar(128), bit!: a|167|257|Phone|0; b|108|108|numeric|1; c|231|256|sysname|0; d|106|106|decimal|1; e|231|256|sysname|1"),
            ("SELECT COLUMN_NAME, DATA_TYPE, DOMAIN_SCHEMA, DOMAIN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 't'", "nvarchar(128), nvarchar(128), nvarchar(128), nvarchar(128): a|varchar|dbo|Phone; b|numeric|NULL|NULL; c|nvarchar|NULL|NULL; d|decimal|NULL|NULL; e|nvarchar|NULL|NULL"),
            ("SELECT DOMAIN_SCHEMA, DOMAIN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.DOMAINS", "nvarchar(128), nvarchar(128)!, nvarchar(128): dbo|Phone|varchar"),
            ("SELECT TYPE_ID('dbo.Phone'), TYPE_ID('[Phone]'), TYPE_ID('guest.Phone'), TYPE_ID('sys.int'), TYPEPROPERTY('dbo.Phone', 'AllowsNull')", "int, int, int, int, int: 257|257|NULL|56|0"),
            ("CREATE TYPE dbo.Phone FROM int", "219"),
            ("CREATE TYPE nowhere.x FROM int", "2760"),
            ("CREATE TYPE x FROM Phone", "2715"),
            ("DROP TYPE Phone", "3732"),
            ("DROP TYPE Nothing", "218"),
            ("DROP TYPE IF EXISTS Nothing; DROP TABLE t; DROP TYPE dbo.Phone; SELECT TYPE_ID('dbo.Phone')", "int: NULL"),
            ("CREATE USER u WITHOUT LOGIN; EXECUTE AS USER = 'u'; CREATE TYPE x FROM int", "262"),
        ],
    )
    .await;
    let columns = run(&mut *session, "REVERT; CREATE TYPE k FROM nvarchar(7); CREATE TABLE t (a k, b numeric(5, 1)); EXEC sp_columns 't'").await.unwrap();
    let shown: Vec<&str> = columns.rows.iter().map(|row| row[5].as_str()).collect();
    assert_eq!(shown, ["k", "numeric"]);
}
