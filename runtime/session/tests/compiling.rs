//! What is found when a text is compiled, before any of it runs: columns that aren't there.

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_wrong_column_does_not_run() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1)", "(1)"),
            ("PRINT 'before'\nSELECT nosuch FROM t\nSELECT t.a, x.b, also FROM t", "!207@2 !4104@3"),
            ("PRINT 'before' IF 1 = 0\nUPDATE t SET b = 1", "!207@2"),
            ("DELETE t WHERE a = 1\nBEGIN TRY INSERT t (c) VALUES (1) END TRY BEGIN CATCH PRINT 'no' END CATCH", "!207@2"),
            ("PRINT 'before' WHILE EXISTS (SELECT 1 FROM t WHERE b = 1) BREAK", "!207@1"),
            ("PRINT 'before' DECLARE @n int = (SELECT MAX(b) FROM t)", "!207@1"),
            ("DECLARE @n int PRINT 'before' SET @n = (SELECT MAX(b) FROM t)", "!207@1"),
            ("PRINT 'before' SELECT UPPER(b), dbo.nosuch(b) FROM t", "before !207@1"),
            ("PRINT 'before' SELECT a FROM t AS l JOIN t AS r ON l.a = r.a", "!209@1"),
            ("PRINT 'before' DECLARE c CURSOR FOR SELECT b FROM t", "!207@1"),
            ("DECLARE @v TABLE (a int) PRINT 'before' SELECT b FROM @v", "!207@1"),
            ("PRINT 'before' MERGE t USING t AS s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1;", "!207@1"),
            ("PRINT 'before' ALTER TABLE t ADD b int SELECT b FROM t", "!207@1"),
            ("PRINT 'before' USE tempdb SELECT b FROM master.dbo.t", "!207@1"),
            ("BEGIN TRY EXEC ('PRINT ''before'' SELECT b FROM t') END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH", "207"),
            ("SELECT * FROM t", "a int: 1"),
        ])
        .await;
}

/// "Deferred Name Resolution and Compilation"
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_yet_is_looked_at_when_it_runs() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) CREATE TABLE u (a int)", ""),
            ("PRINT 'before' SELECT b, (SELECT 1 FROM missing) FROM t", "before !207@1"),
            ("CREATE TABLE n (b int) SELECT b FROM n", "b int: "),
            ("DROP TABLE n CREATE TABLE n (c int) SELECT c FROM n", "c int: "),
            ("DROP TABLE n SELECT 1 AS d INTO n SELECT d FROM n", "(1) d int: 1"),
            ("CREATE TABLE #t (a int) SELECT a FROM #t", "a int: "),
            ("DROP TABLE #t CREATE TABLE #t (b int) SELECT b FROM #t", "b int: "),
            ("IF 1 = 0 SELECT x FROM missing PRINT 'on'", "on"),
            ("USE tempdb CREATE TABLE t (other int)", ""),
            ("USE master PRINT DB_NAME() USE tempdb SELECT other FROM t", "master other int: "),
            ("USE master DROP TABLE tempdb.dbo.t", ""),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_with_a_wrong_column_is_not_made() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1)", "(1)"),
            ("CREATE PROCEDURE p @n int AS\nDECLARE @m int = 1\nSELECT b FROM t WHERE a = @n + @m", "!207@3"),
            ("CREATE FUNCTION f (@n int) RETURNS int AS BEGIN\nRETURN (SELECT b FROM t WHERE a = @n) END", "!207@2"),
            ("CREATE FUNCTION g () RETURNS @r TABLE (x int) AS BEGIN\nINSERT @r SELECT b FROM t RETURN END", ""),
            ("SELECT OBJECT_ID('p') AS p, OBJECT_ID('f') AS f", "p int, f int: NULL|NULL"),
            ("CREATE PROCEDURE p @n int AS PRINT 'p' SELECT x FROM missing", ""),
            ("ALTER PROCEDURE p AS SELECT t.a, u.b FROM t", "!4104@1"),
            ("EXEC p 1", "p !208@1"),
            // What has changed since is found before the first statement.
            ("CREATE PROCEDURE q AS PRINT 'q' SELECT a FROM t", ""),
            ("EXEC q", "q a int: 1"),
            ("EXEC sp_rename 't.a', 'b', 'COLUMN'", "Caution: Changing any part of an object name could break scripts and stored procedures."),
            ("EXEC q PRINT 'on'", "!207@1 on"),
        ])
        .await;
}
