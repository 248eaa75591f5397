//! Control flow, variables and what is found before a batch runs.

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn jumps() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("GOTO done PRINT 'never' done: PRINT 'end'", "end"),
            (
                "DECLARE @n int = 0 again: SET @n += 1 IF @n < 3 GOTO again SELECT @n AS n",
                "n int: 3",
            ),
            ("WHILE 1 = 1 BEGIN BEGIN TRY GOTO out END TRY BEGIN CATCH END CATCH END out: PRINT 'out'", "out"),
            ("PRINT 'a' GOTO b", "!133@1"),
            ("PRINT 'a'\nGOTO b IF 1 = 0 BEGIN b: PRINT 'b' END", "a !40510@2"),
            ("CREATE PROCEDURE p AS GOTO e PRINT 'no' e: RETURN 4", ""),
            ("EXEC p", "=4"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_variables_are_found_before_anything_runs() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("PRINT 'first'\nSELECT @a\nSELECT @a, @b", "!137@2 !137@3"),
            ("SET @a = 1 DECLARE @a int", "!137@1"),
            ("DECLARE @a int = 1, @b int = @a", "!137@1"),
            ("IF 1 = 0 DECLARE @a int = 1 SELECT @a AS a", "a int: NULL"),
            ("DECLARE @a int SELECT * FROM @a", "!1087@1"),
            ("INSERT @t VALUES (1)", "!1087@1"),
            ("CREATE PROCEDURE p @a int AS\nSELECT @b", "!137@2"),
            ("EXEC sp_executesql N'SELECT @a AS a', N'@a int', 3", "a int: 3"),
            ("BEGIN TRY EXEC ('SELECT @a') END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH", "n int: 137"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_catches_what_is_below_it() {
    let mut client = Client::new().await;
    let caught = "END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH";
    client
        .check(&[
            (&format!("BEGIN TRY SELECT 1 FROM nosuch {caught} PRINT 'never'"), "!208@1"),
            (&format!("BEGIN TRY EXEC ('SELECT 1 FROM nosuch') {caught} PRINT 'on'"), "n int: 208 on"),
            ("CREATE PROCEDURE p AS BEGIN TRY SELECT 1 FROM nosuch END TRY BEGIN CATCH PRINT 'not here' END CATCH", ""),
            (&format!("BEGIN TRY EXEC p {caught}"), "n int: 208"),
            ("EXEC p PRINT 'on'", "!208@1 on"),
            (&format!("BEGIN TRY EXEC nosuch {caught}"), "n int: 2812"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn table_variables_live_as_long_as_their_text() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("DECLARE @t TABLE (a int PRIMARY KEY, b nvarchar(5)) INSERT @t VALUES (1, N'x') UPDATE @t SET b = N'y' SELECT * FROM @t", "(1) (1) a int, b nvarchar(5): 1|y"),
            ("DECLARE @n int = 0 WHILE @n < 2 BEGIN DECLARE @t TABLE (a int) INSERT @t VALUES (@n) SET @n += 1 END SELECT a FROM @t", "(1) (1) a int: 0; 1"),
            ("DECLARE @t TABLE (a int) INSERT @t VALUES (1), (2) UPDATE @t SET a = 9 FROM @t AS x WHERE x.a = 2 DELETE y FROM @t AS y WHERE a = 1 SELECT a FROM @t", "(2) (1) (1) a int: 9"),
            ("IF 1 = 0 DECLARE @t TABLE (a int) SELECT COUNT(*) AS n FROM @t", "n int: 0"),
            ("CREATE PROCEDURE p @n int AS DECLARE @t TABLE (a int) INSERT @t VALUES (@n) IF @n > 0 BEGIN SET @n -= 1 EXEC p @n END SELECT a FROM @t", ""),
            ("SET NOCOUNT ON EXEC p 1", "a int: 0 a int: 1"),
            ("DECLARE @t TABLE (a int) DECLARE @t int", "!134@1"),
            ("DECLARE @t TABLE (a nosuch)", "!2715@1"),
            ("SELECT COUNT(*) AS n FROM tempdb.sys.tables", "n int: 0"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_things_of_a_procedure_end_with_it() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE PROCEDURE p AS CREATE TABLE #t (a int) INSERT #t VALUES (5) EXEC ('SELECT a FROM #t')", ""),
            ("SET NOCOUNT ON EXEC p EXEC p", "a int: 5 a int: 5"),
            ("SELECT * FROM #t", "!208@1"),
            ("EXEC ('SELECT 1 AS a INTO #u') SELECT * FROM #u", "!208@1"),
            ("CREATE PROCEDURE #p @a int = -1 AS SELECT @a AS a", ""),
            ("EXEC #p EXEC #p 3", "a int: -1 a int: 3"),
            ("CREATE PROCEDURE #p AS SELECT 1", "!2714@1"),
            ("DROP PROCEDURE #p", ""),
            ("EXEC #p", "!2812@1"),
            ("DROP PROCEDURE #p", "!3701@1"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_hold_back_execution() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1), (2), (3)", "(3)"),
            ("SET NOEXEC ON PRINT 'no' SET NOEXEC OFF PRINT 'yes'", "yes"),
            ("SET PARSEONLY ON PRINT 'no'", ""),
            ("PRINT 'still no'", ""),
            ("SET PARSEONLY OFF", ""),
            (
                "SET FMTONLY ON SELECT a FROM t IF 1 = 0 SELECT 1 AS b SET FMTONLY OFF",
                "a int:  b int: ",
            ),
            (
                "SET ROWCOUNT 2 SELECT a FROM t SET ROWCOUNT 0 SELECT a FROM t",
                "a int: 1; 2 a int: 1; 2; 3",
            ),
            ("SET ROWCOUNT 1 DELETE t WHERE a = 3", "(1)"),
            (
                "SET ROWCOUNT 0 SELECT @@NESTLEVEL AS n EXEC ('SELECT @@NESTLEVEL AS n')",
                "n int: 0 n int: 1",
            ),
        ])
        .await;
    client.run("CREATE TABLE #t (a int) SET NOCOUNT ON").await;
    client.reset().await;
    client.check(&[("SELECT * FROM #t", "!208@1"), ("INSERT t VALUES (9)", "(1)")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn result_sets_are_as_declared() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE PROCEDURE p AS SELECT 1 AS a, N'long' AS b", ""),
            ("EXEC p WITH RESULT SETS ((x bigint, y varchar(2)))", "x bigint, y varchar(2): 1|lo"),
            ("EXEC ('SELECT 1 AS a SELECT 2 AS a') WITH RESULT SETS ((x int), (y float))", "x int: 1 y float: 2"),
            ("EXEC p WITH RESULT SETS NONE", "!11535@1"),
            ("EXEC p WITH RESULT SETS UNDEFINED", "a int, b nvarchar(4): 1|long"),
            ("EXEC p WITH RESULT SETS ((x int))", "!11537@1"),
            ("EXEC p WITH RESULT SETS ((x int, y varbinary(5)))", "!11538@1"),
            ("EXEC ('SELECT CAST(NULL AS int)') WITH RESULT SETS ((x int NOT NULL))", "x int:  !11553@1"),
            ("EXEC p WITH RESULT SETS ((x int, y varchar(9)), (z int)) PRINT 'on'", "x int, y varchar(9): 1|long !11536@1 on"),
            ("CREATE TABLE t (a int, b nvarchar(9)) INSERT t EXEC p WITH RESULT SETS ((x int, y nvarchar(3))) SELECT b FROM t", "(1) b nvarchar(9): lon"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_of_the_database_and_of_master() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("EXEC nosuch", "!2812@1"),
            ("CREATE PROCEDURE sp_here AS SELECT DB_NAME() AS d", ""),
            ("CREATE DATABASE other", ""),
            ("USE other", ""),
            ("EXEC sp_here", "d nvarchar(128): other"),
            ("CREATE PROCEDURE id AS SELECT OBJECT_NAME(@@PROCID) AS n", ""),
            ("EXEC id", "n nvarchar(128): id"),
        ])
        .await;
}
