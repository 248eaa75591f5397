//! INSERT … EXEC ("INSERT (Transact-SQL)").

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_from_procedures_and_texts() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int, b nvarchar(10))", ""),
            ("CREATE PROCEDURE p @n float AS SELECT @n, N'x' SELECT @n + 1, N'y' RETURN 7", ""),
            ("INSERT INTO t EXEC p 1.9", "(2)"),
            ("SELECT a, b FROM t", "a int, b nvarchar(10): 1|x; 2|y"),
            (
                "DECLARE @rc int INSERT t EXEC @rc = p 5 SELECT @rc AS rc, @@ROWCOUNT AS n",
                "(2) rc int, n int: 7|2",
            ),
            ("DELETE t", "(4)"),
            ("INSERT t (b, a) EXEC ('SELECT ''one'', 1')", "(1)"),
            ("INSERT t EXEC sp_executesql N'SELECT @x, NULL', N'@x int', 5", "(1)"),
            ("SELECT a, b FROM t", "a int, b nvarchar(10): 1|one; 5|NULL"),
            ("SET NOCOUNT ON INSERT t EXEC p 5", ""),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_through_views_and_common_table_expressions() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int, b nvarchar(10))", ""),
            ("CREATE VIEW v (y, x) AS SELECT b, a FROM t WHERE a < 9", ""),
            ("INSERT v EXEC ('SELECT N''one'', 1')", "(1)"),
            ("INSERT v (x) EXEC ('SELECT 2')", "(1)"),
            ("WITH c AS (SELECT x FROM v) INSERT c EXEC ('SELECT 3')", "(1)"),
            ("SELECT a, b FROM t", "a int, b nvarchar(10): 1|one; 2|NULL; 3|NULL"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_may_read_the_table_that_it_fills() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1), (2)", "(2)"),
            ("CREATE PROCEDURE twice AS SELECT a + 10 FROM t", ""),
            ("INSERT t EXEC twice", "(2)"),
            ("INSERT t EXEC twice SELECT COUNT(*) AS n FROM t", "(4) n int: 8"),
            ("BEGIN TRAN INSERT t EXEC twice ROLLBACK SELECT COUNT(*) AS n FROM t", "(8) n int: 8"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_into_temporary_tables_and_table_variables() {
    let mut client = Client::new().await;
    client
        .check(&[
            (
                "CREATE TABLE #t (a int) INSERT #t EXEC ('SELECT 1') SELECT a FROM #t",
                "(1) a int: 1",
            ),
            (
                "DECLARE @t TABLE (a int) INSERT @t EXEC ('SELECT 2') SELECT a FROM @t",
                "(1) a int: 2",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_inserted_is_refused_whole() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int)", ""),
            ("CREATE PROCEDURE nests AS INSERT t EXEC ('SELECT 1')", ""),
            ("CREATE PROCEDURE rolls AS ROLLBACK", ""),
            ("CREATE PROCEDURE mixed AS SELECT 1 SELECT 'x'", ""),
            ("INSERT t EXEC nests", "!8164@1 (0)"),
            ("INSERT t EXEC ('SELECT 1, 2')", "!213@1"),
            ("\nINSERT nosuch EXEC nests", "!208@2"),
            ("INSERT t EXEC nosuch", "!2812@1"),
            ("INSERT t OUTPUT inserted.a EXEC nests", "!483@1"),
            ("BEGIN TRAN INSERT t EXEC rolls ROLLBACK", "!3915@1 (0)"),
            ("BEGIN TRAN INSERT t EXEC ('COMMIT') ROLLBACK", "!3916@1 (0)"),
            ("INSERT t EXEC mixed", "!245@1"),
            ("BEGIN TRY INSERT t EXEC ('THROW 50001, ''x'', 1') END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH", "n int: 50001"),
            ("SELECT COUNT(*) AS n FROM t", "n int: 0"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_one_transaction_with_what_its_procedure_changes() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int PRIMARY KEY) CREATE TABLE log (n int)", ""),
            ("CREATE PROCEDURE p AS SET NOCOUNT ON INSERT log VALUES (@@TRANCOUNT) SELECT 1 UNION ALL SELECT 1", ""),
            ("INSERT t EXEC p", "!2627@1 The statement has been terminated."),
            ("SELECT n FROM log SELECT @@TRANCOUNT AS depth", "n int:  depth int: 0"),
            ("CREATE PROCEDURE q AS SET NOCOUNT ON INSERT log VALUES (@@TRANCOUNT) SELECT 1", ""),
            ("INSERT t EXEC q", "(1)"),
            ("SELECT n FROM log SELECT @@TRANCOUNT AS depth", "n int: 1 depth int: 0"),
            ("INSERT t EXEC ('COMMIT')", "!3916@1 (0)"),
            ("INSERT t EXEC ('ROLLBACK')", "!3915@1 (0)"),
            ("INSERT t EXEC ('BEGIN TRAN SELECT 2 COMMIT')", "(1)"),
            ("BEGIN TRAN INSERT t EXEC ('SELECT 3') SELECT @@TRANCOUNT AS depth ROLLBACK SELECT a FROM t", "(1) depth int: 1 a int: 1; 2"),
            ("INSERT t EXEC ('SELECT CAST(''x'' AS int)') PRINT 'never'", "!245@1"),
            ("SELECT @@TRANCOUNT AS depth", "depth int: 0"),
        ])
        .await;
}
