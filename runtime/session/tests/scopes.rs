//! What ends with a procedure or a text, and what a rollback leaves: temporary tables, table
//! variables, options, cursors.

use crate::support::Client;

/// "CREATE TABLE (Transact-SQL)", section "Temporary tables": a nested procedure can make a table of
/// the name of its caller's; what follows there uses the new one.
#[tokio::test]
async fn a_procedures_table_hides_its_callers() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE PROCEDURE deep AS CREATE TABLE #t (b int) INSERT #t VALUES (3) SELECT b FROM #t", ""),
            (
                "CREATE PROCEDURE mid AS SELECT * FROM #t SELECT 2 AS m INTO #t EXEC deep \
                 SELECT * FROM #t DROP TABLE #t SELECT * FROM #t",
                "",
            ),
            ("CREATE TABLE #t (a int PRIMARY KEY) INSERT #t VALUES (1)", "(1)"),
            ("EXEC mid", "a int: 1 (1) (1) b int: 3 m int: 2 a int: 1"),
            ("SELECT * FROM #t", "a int: 1"),
            ("CREATE TABLE #t (a int)", "!2714@1"),
            ("EXEC ('CREATE TABLE #t (c int) CREATE TABLE #t (c int)')", "!2714@1"),
            // What a rollback takes with it hides nothing any more.
            ("CREATE PROCEDURE back AS BEGIN TRAN CREATE TABLE #t (z int) ROLLBACK SELECT * FROM #t", ""),
            ("EXEC back", "a int: 1"),
            ("EXEC ('CREATE TABLE #u (c int)') SELECT OBJECT_ID('tempdb..#u')", " int: NULL"),
            ("SELECT * FROM #t", "a int: 1"),
        ])
        .await;
}

/// "table (Transact-SQL)": transactions don't take back what was done to table variables.
#[tokio::test]
async fn a_table_variable_outlives_a_rollback() {
    let mut client = Client::new().await;
    client
        .check(&[
            (
                "DECLARE @t TABLE (id int IDENTITY PRIMARY KEY, a int CHECK (a > 0), b nvarchar(9) UNIQUE, c AS a * 2) \
                 INSERT @t (a, b) VALUES (1, N'one') BEGIN TRAN INSERT @t (a, b) VALUES (2, N'two') \
                 UPDATE @t SET a = 10 WHERE id = 1 CREATE TABLE #u (n int) ROLLBACK \
                 SELECT * FROM @t ORDER BY id SELECT OBJECT_ID('tempdb..#u') \
                 INSERT @t (a, b) VALUES (3, N'three') INSERT @t (a, b) VALUES (0, N'x') \
                 INSERT @t (a, b) VALUES (4, N'one') SELECT MAX(id) FROM @t",
                "(1) (1) (1) id int, a int, b nvarchar(9), c int: 1|10|one|20; 2|2|two|4  int: NULL \
                 (1) !547@1 The statement has been terminated. !2627@1 The statement has been terminated.  int: 3",
            ),
            // Made within the transaction, which a savepoint ends in part.
            ("BEGIN TRAN CREATE TABLE kept (n int) INSERT kept VALUES (1)", "(1)"),
            (
                "DECLARE @t TABLE (n int) INSERT @t VALUES (1) SAVE TRAN s INSERT @t VALUES (2) \
                 INSERT kept VALUES (2) ROLLBACK TRAN s SELECT (SELECT COUNT(*) FROM @t), COUNT(*) FROM kept \
                 ROLLBACK SELECT n FROM @t SELECT OBJECT_ID('kept')",
                "(1) (1) (1)  int,  int: 2|1 n int: 1; 2  int: NULL",
            ),
            // An error takes back its own statement.
            (
                "DECLARE @t TABLE (n int NOT NULL) BEGIN TRAN INSERT @t VALUES (1) \
                 INSERT @t SELECT 2 UNION ALL SELECT NULL ROLLBACK SELECT n FROM @t",
                "(1) !515@1 The statement has been terminated. n int: 1",
            ),
        ])
        .await;
}

/// "SET Statements (Transact-SQL)": what a procedure or dynamic text sets is restored after it.
#[tokio::test]
async fn options_end_with_the_procedure() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (id int IDENTITY, a int)", ""),
            (
                "CREATE PROCEDURE p AS SET DATEFIRST 1 SET DATEFORMAT dmy SET LOCK_TIMEOUT 5 \
                 SET IDENTITY_INSERT t ON SELECT @@DATEFIRST, @@LOCK_TIMEOUT, MONTH('01/02/2020') \
                 INSERT t (id, a) VALUES (7, 7)",
                "",
            ),
            ("EXEC p", " tinyint,  int,  int: 1|5|2 (1)"),
            (
                "SELECT @@DATEFIRST, @@LOCK_TIMEOUT, MONTH('01/02/2020')",
                " tinyint,  int,  int: 7|-1|1",
            ),
            ("INSERT t (id, a) VALUES (8, 8)", "!544@1"),
            ("EXEC ('SET DATEFIRST 3') SELECT @@DATEFIRST", " tinyint: 7"),
            ("SET DATEFIRST 3 SELECT @@DATEFIRST", " tinyint: 3"),
            ("SELECT @@DATEFIRST", " tinyint: 3"),
        ])
        .await;
}

/// "CURSOR_STATUS (Transact-SQL)".
#[tokio::test]
async fn cursors_have_a_status() {
    let mut client = Client::new().await;
    client
        .check(&[
            (
                "DECLARE @v CURSOR DECLARE c CURSOR LOCAL FOR SELECT 1 AS n \
                 SELECT CURSOR_STATUS('local', 'c'), CURSOR_STATUS('global', 'c'), CURSOR_STATUS('variable', '@v') \
                 OPEN c SET @v = c SELECT CURSOR_STATUS('LOCAL', 'C'), CURSOR_STATUS('variable', '@v') \
                 CLOSE c SELECT CURSOR_STATUS('local', 'c') DEALLOCATE c SELECT CURSOR_STATUS('local', 'c')",
                " smallint,  smallint,  smallint: -1|-3|-2  smallint,  smallint: 1|1  smallint: -1  smallint: -3",
            ),
            ("DECLARE g CURSOR GLOBAL STATIC FOR SELECT 1 AS n WHERE 1 = 0 OPEN g", ""),
            ("IF CURSOR_STATUS('global', 'g') >= 0 DEALLOCATE g SELECT CURSOR_STATUS('global', 'g')", " smallint: -3"),
        ])
        .await;
}

/// "@@OPTIONS (Transact-SQL)": the options as they hold where it is asked.
#[tokio::test]
async fn options_are_told_and_end_with_their_procedure() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("SELECT @@OPTIONS & 16898", " int: 0"),
            ("CREATE PROCEDURE sets AS SET XACT_ABORT ON SELECT @@OPTIONS & 16898", ""),
            ("EXEC sets SELECT @@OPTIONS & 16898", " int: 16384  int: 0"),
            (
                "SET XACT_ABORT ON SET IMPLICIT_TRANSACTIONS ON SELECT @@OPTIONS & 16898",
                " int: 16386",
            ),
            (
                "SET IMPLICIT_TRANSACTIONS OFF SET NOCOUNT ON SELECT @@OPTIONS & 16898",
                " int: 16896",
            ),
        ])
        .await;
}

/// "SCOPE_IDENTITY (Transact-SQL)": a value that what is called was given is `@@IDENTITY`'s alone.
#[tokio::test]
async fn scope_identity_is_the_callers_own() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE mine (id int IDENTITY(10, 10), a int) CREATE TABLE logged (id int IDENTITY, a int)", ""),
            (
                "CREATE PROCEDURE note AS SET NOCOUNT ON SELECT SCOPE_IDENTITY() AS before INSERT logged VALUES (1) \
                 SELECT SCOPE_IDENTITY() AS s, @@IDENTITY AS i",
                "",
            ),
            (
                "INSERT mine VALUES (1) EXEC note SELECT SCOPE_IDENTITY() AS s, @@IDENTITY AS i",
                "(1) before decimal(38,0): NULL s decimal(38,0), i decimal(38,0): 1|1 \
                 s decimal(38,0), i decimal(38,0): 10|1",
            ),
            (
                "INSERT mine VALUES (2) EXEC ('INSERT logged VALUES (2)') EXEC sp_executesql N'INSERT logged VALUES (3)' \
                 SELECT SCOPE_IDENTITY() AS s, @@IDENTITY AS i",
                "(1) (1) (1) s decimal(38,0), i decimal(38,0): 20|3",
            ),
        ])
        .await;
}
