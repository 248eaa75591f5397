//! What is said beside the errors themselves, and where errors of calls are.

use crate::support::Client;

/// Message 3621 follows an error that ends a change which had begun, and no other.
#[tokio::test]
async fn a_change_that_an_error_ends_is_said_to_be_terminated() {
    let mut client = Client::new().await;
    client.run("CREATE TABLE t (a int PRIMARY KEY CHECK (a < 9), b varchar(2) NOT NULL)").await;
    let ended = "The statement has been terminated.";
    client
        .check(&[
            ("INSERT t VALUES (1, 'x')", "(1)"),
            ("INSERT t VALUES (1, 'x') PRINT 'on'", &format!("!2627@1 {ended} on")),
            ("INSERT t VALUES (9, 'x')", &format!("!547@1 {ended}")),
            ("INSERT t VALUES (2, NULL)", &format!("!515@1 {ended}")),
            ("INSERT t VALUES (2, 'xyz')", &format!("!2628@1 {ended}")),
            ("UPDATE t SET a = 1 / 0", &format!("!8134@1 {ended}")),
            ("UPDATE t SET a = 2147483647 + a", &format!("!8115@1 {ended}")),
            ("DELETE t WHERE a = (SELECT 1 UNION SELECT 2)", &format!("!512@1 {ended}")),
            ("SELECT 1 / 0 AS a", "a int:  !8134@1"),
            ("INSERT t VALUES (1)", "!213@1"),
            ("INSERT t VALUES ('x', 'x')", "!245@1"),
            ("INSERT nowhere VALUES (1)", "!208@1"),
            (
                "BEGIN TRY INSERT t VALUES (1, 'x') END TRY BEGIN CATCH PRINT @@ERROR END CATCH",
                "2627",
            ),
            (
                "INSERT t VALUES (1, 'x') SELECT @@ERROR AS e",
                &format!("!2627@1 {ended} e int: 2627"),
            ),
            ("SET XACT_ABORT ON INSERT t VALUES (1, 'x')", "!2627@1"),
        ])
        .await;
}

/// 266, unless XACT_ABORT or IMPLICIT_TRANSACTIONS is on.
#[tokio::test]
async fn transactions_that_a_call_leaves_open_or_ends_are_told() {
    let mut client = Client::new().await;
    client.run("CREATE PROCEDURE opens AS BEGIN TRAN").await;
    client.run("CREATE PROCEDURE ends AS ROLLBACK").await;
    client
        .check(&[
            ("EXEC opens SELECT @@ERROR AS e", "!266@0 e int: 266"),
            ("EXEC ends SELECT @@TRANCOUNT AS n", "!266@0 n int: 0"),
            ("EXEC ('BEGIN TRAN') ROLLBACK", "!266@1"),
            ("EXEC ('BEGIN TRAN COMMIT') BEGIN TRAN EXEC ('SELECT 1 AS a') COMMIT", "a int: 1"),
            (
                "BEGIN TRY EXEC opens END TRY BEGIN CATCH \
                 PRINT CONCAT(ERROR_NUMBER(), ERROR_PROCEDURE(), ERROR_LINE()) ROLLBACK END CATCH",
                "266opens0",
            ),
            ("SET XACT_ABORT ON EXEC opens ROLLBACK", ""),
            ("SET XACT_ABORT OFF SET IMPLICIT_TRANSACTIONS ON EXEC ('SELECT 1 AS a FROM sys.schemas WHERE 1 = 0')", "a int: "),
            ("SET IMPLICIT_TRANSACTIONS OFF ROLLBACK", ""),
        ])
        .await;
}

/// The line of an error of the call itself is 0; those of the body have their own.
#[tokio::test]
async fn errors_of_a_call_stand_on_no_line() {
    let mut client = Client::new().await;
    client.run("CREATE PROCEDURE takes @a int AS\nSELECT 1 / @a AS q").await;
    client.run("CREATE PROCEDURE takes_two @a int, @b int AS PRINT 'x'").await;
    client.run("CREATE PROCEDURE takes_none AS\nPRINT 'x'").await;
    client
        .check(&[
            ("\nEXEC takes", "!201@0"),
            ("\nEXEC takes 1, 2", "!8144@0"),
            ("\nEXEC takes @b = 1", "!8145@0"),
            ("\nEXEC takes @a = 1, @A = 2", "!8144@0"),
            ("\nEXEC takes_two 1, @a = 2", "!8143@0"),
            ("\nEXEC takes_two @b = 1, @B = 2", "!8143@0"),
            ("\nEXEC takes_none 1", "!8146@0"),
            ("\nEXEC takes 'x'", "!8114@0"),
            ("\nEXEC takes 99999999999 PRINT 'on'", "!8114@0 on"),
            ("\nEXEC sp_executesql N'SELECT @a', N'@a int', 'x'", "!8114@2"),
            ("\nEXEC takes 0", "q int:  !8134@2"),
            ("\nEXEC sp_helptext", "!201@0"),
            ("\nEXEC sp_configure @x = 1", "!8145@0"),
            ("\nEXEC sp_executesql", "!201@0"),
            ("\nEXEC nowhere 1", "!2812@2"),
        ])
        .await;
}

/// "Database Engine error severities": 10 is converted to 0.
#[tokio::test]
async fn raiserror_of_severity_10_informs() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("RAISERROR('x', 10, 1) PRINT @@ERROR", "x 0"),
            ("RAISERROR('x', 9, 1) WITH SETERROR PRINT @@ERROR", "x 50000"),
            ("RAISERROR('x', 11, 1) PRINT @@ERROR", "!50000@1 50000"),
        ])
        .await;
}
