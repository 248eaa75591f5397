//! `rowversion`, also called `timestamp` ("rowversion (Transact-SQL)", "@@DBTS",
//! "MIN_ACTIVE_ROWVERSION").

use crate::support::{Server, check};

#[tokio::test]
async fn each_change_raises_it() {
    let server = Server::new();
    let (mut session, mut other) = (server.session().await, server.session().await);
    check(
        &mut *session,
        &[
            ("SELECT @@DBTS, MIN_ACTIVE_ROWVERSION()", "binary(8)!, binary(8)!: 00000000000007d0|00000000000007d1"),
            ("CREATE TABLE MyTest (myKey int PRIMARY KEY, myValue int, RV rowversion)", ": "),
            ("INSERT MyTest (myKey, myValue) VALUES (1, 0), (2, 0); SELECT * FROM MyTest", "int!, int, binary(8)!: 1|0|00000000000007d1; 2|0|00000000000007d2"),
            ("UPDATE MyTest SET myValue = 0 WHERE myKey = 1; SELECT RV, @@DBTS FROM MyTest WHERE myKey = 1", "binary(8)!, binary(8)!: 00000000000007d3|00000000000007d3"),
            // The documentation's way to change what nobody has changed since.
            ("UPDATE MyTest SET myValue = 2 WHERE myKey = 1 AND RV = 0x00000000000007D1; UPDATE MyTest SET myValue = 3 OUTPUT inserted.myKey, deleted.RV, inserted.RV WHERE myKey = 1 AND RV = 0x00000000000007D3", "int!, binary(8)!, binary(8)!: 1|00000000000007d3|00000000000007d4"),
            ("INSERT MyTest VALUES (3, 1, DEFAULT); INSERT MyTest SELECT 4, 1, 0x01", "273"),
            ("INSERT MyTest (myKey, RV) VALUES (5, NULL)", "273"),
            ("INSERT MyTest VALUES (6, 1)", "213"),
            ("UPDATE MyTest SET RV = 0x01", "272"),
            ("MERGE MyTest AS t USING (VALUES (1), (9)) s (k) ON t.myKey = s.k WHEN MATCHED THEN UPDATE SET myValue = 8 WHEN NOT MATCHED THEN INSERT (myKey) VALUES (s.k); SELECT myKey, RV FROM MyTest ORDER BY RV", "int!, binary(8)!: 2|00000000000007d2; 3|00000000000007d5; 1|00000000000007d6; 9|00000000000007d7"),
            ("SELECT CAST(RV AS bigint) FROM MyTest WHERE myKey = 9", "bigint!: 2007"),
            ("BEGIN TRAN; UPDATE MyTest SET myValue = 1 WHERE myKey = 9", ": "),
        ],
    )
    .await;
    // What isn't committed is at or above it.
    check(&mut *other, &[("SELECT MIN_ACTIVE_ROWVERSION()", "binary(8)!: 00000000000007d8")]).await;
    check(
        &mut *session,
        &[
            ("ROLLBACK; UPDATE MyTest SET myValue = 1 WHERE myKey = 9; SELECT RV FROM MyTest WHERE myKey = 9", "binary(8)!: 00000000000007d8"),
            ("CREATE TABLE u (a int, timestamp); INSERT u (a) VALUES (1); SELECT a, timestamp FROM u", "int, binary(8)!: 1|00000000000007d9"),
            ("CREATE TABLE v (a int, b rowversion NULL); SELECT name, system_type_id, user_type_id, TYPE_NAME(user_type_id), max_length, is_nullable FROM sys.columns WHERE object_id = OBJECT_ID('v')", "nvarchar(128), tinyint!, int!, nvarchar(128), smallint!, bit!: a|56|56|int|4|1; b|189|189|timestamp|8|1"),
            ("SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'MyTest' AND COLUMN_NAME = 'RV'", "nvarchar(128): timestamp"),
            ("INSERT v (a) VALUES (1), (2); ALTER TABLE v DROP COLUMN b; ALTER TABLE v ADD c rowversion; SELECT a, c FROM v", "int, binary(8)!: 1|00000000000007dc; 2|00000000000007dd"),
            ("ALTER TABLE v ADD d timestamp", "2738"),
            ("CREATE TABLE w (a rowversion, b rowversion)", "2738"),
            ("CREATE DATABASE other; USE other; SELECT @@DBTS", "binary(8)!: 00000000000007d0"),
            ("CREATE TABLE master.dbo.x (a int, r rowversion); INSERT master.dbo.x (a) VALUES (1); SELECT r FROM master.dbo.x; ", "binary(8)!: 00000000000007de"),
        ],
    )
    .await;
}
