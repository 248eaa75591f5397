//! sp_getapplock, sp_releaseapplock, APPLOCK_MODE and APPLOCK_TEST, as their pages say, and as
//! SQL Server was observed to answer where they don't.

use crate::support::Client;

const GET: &str = "DECLARE @r int EXEC @r = sp_getapplock";
const RELEASE: &str = "DECLARE @r int EXEC @r = sp_releaseapplock";

/// The example of "APPLOCK_TEST (Transact-SQL)".
#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_lock_a_form() {
    let mut a = Client::new().await;
    let mut b = a.another().await;
    a.check(&[(
        &format!(
            "BEGIN TRAN {GET} @DbPrincipal = 'public', @Resource = 'Form1', @LockMode = 'Shared', \
             @LockOwner = 'Transaction' SELECT @r AS r, APPLOCK_MODE('public', 'Form1', 'Transaction') AS m"
        ),
        "r int, m nvarchar(32): 0|Shared",
    )])
    .await;
    b.check(&[
        (
            "BEGIN TRAN SELECT APPLOCK_MODE('public', 'Form1', 'Transaction') AS m",
            "m nvarchar(32): NoLock",
        ),
        ("SELECT APPLOCK_TEST('public', 'Form1', 'Shared', 'Transaction') AS t", "t smallint: 1"),
        (
            "SELECT APPLOCK_TEST('public', 'Form1', 'Exclusive', 'Transaction') AS t",
            "t smallint: 0",
        ),
        (&format!("{GET} 'Form1', 'Exclusive', @LockTimeout = 0 SELECT @r AS r"), "=-1 r int: -1"),
        (&format!("SET LOCK_TIMEOUT 1 {GET} 'Form1', 'Exclusive' SELECT @r AS r"), "=-1 r int: -1"),
    ])
    .await;
    a.check(&[("EXEC sp_releaseapplock @Resource = 'Form1', @DbPrincipal = 'public'", "")]).await;
    b.check(&[
        (
            "SELECT APPLOCK_TEST('public', 'Form1', 'Exclusive', 'Transaction') AS t",
            "t smallint: 1",
        ),
        ("COMMIT TRAN", ""),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_with_its_owner() {
    let mut a = Client::new().await;
    let mut b = a.another().await;
    let free = "SELECT APPLOCK_TEST('public', 'x', 'Shared', 'Session') AS t";
    let (yes, no) = ("t smallint: 1", "t smallint: 0");
    for end in ["COMMIT", "ROLLBACK"] {
        a.run("BEGIN TRAN SAVE TRAN s EXEC sp_getapplock 'x', 'Exclusive'").await;
        a.run("ROLLBACK TRAN s").await;
        b.check(&[(free, no)]).await;
        a.run(end).await;
        b.check(&[(free, yes)]).await;
    }
    a.run("BEGIN TRAN EXEC sp_getapplock 'x', 'Exclusive', 'Session' ROLLBACK").await;
    b.check(&[(free, no)]).await;
    a.reset().await;
    let mode = "SELECT APPLOCK_MODE('public', 'x', 'Session') AS m";
    a.check(&[(mode, "m nvarchar(32): NoLock")]).await;
    b.check(&[(free, yes)]).await;
    a.run("EXEC sp_getapplock 'x', 'Exclusive', 'Session'").await;
    b.check(&[(free, no)]).await;
    // It is given up as its session ends, perhaps a moment later: then it is granted after a wait.
    let mut c = b.another().await;
    drop(a);
    let granted = c.run("EXEC sp_getapplock 'x', 'Exclusive', 'Session'").await;
    assert!(["", "=1"].contains(&granted.as_str()), "{granted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_taken_back() {
    let mut client = Client::new().await;
    let mode = "SELECT APPLOCK_MODE('public', 'x', 'Session') AS m";
    client
        .check(&[
            ("EXEC sp_getapplock 'x', 'shared', 'SESSION'", ""),
            ("EXEC sp_getapplock 'x', 'IntentExclusive', 'Session'", ""),
            (mode, "m nvarchar(32): SharedIntentExclusive"),
            ("EXEC sp_releaseapplock 'x', 'Session'", ""),
            (mode, "m nvarchar(32): SharedIntentExclusive"),
            ("EXEC sp_releaseapplock 'x', 'Session'", ""),
            (mode, "m nvarchar(32): NoLock"),
            // Names are told apart by case, owners and principals, databases too.
            ("EXEC sp_getapplock 'x', 'Update', 'Session', 0, 'dbo'", ""),
            (mode, "m nvarchar(32): NoLock"),
            ("SELECT APPLOCK_MODE('dbo', 'X', 'Session') AS a, APPLOCK_MODE('dbo', 'x', 'Session') AS b", "a nvarchar(32), b nvarchar(32): NoLock|Update"),
            ("USE tempdb SELECT APPLOCK_MODE('dbo', 'x', 'Session') AS a", "a nvarchar(32): NoLock"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_call() {
    let mut client = Client::new().await;
    let status = "SELECT @r AS r";
    client
        .check(&[
            (&format!("{GET} 'r', 'bogus' {status}"), "Option 'bogus' not recognized for '@LockMode' parameter. =-999 r int: -999"),
            (&format!("{GET} 'r', 'Exclusive', 'Bogus' {status}"), "Option 'Bogus' not recognized for '@LockOwner' parameter. =-999 r int: -999"),
            (&format!("{GET} 'r', 'Exclusive' {status}"), "You attempted to acquire a transactional application lock without an active transaction. =-999 r int: -999"),
            (&format!("{RELEASE} 'r', 'Bogus' {status}"), "Option 'Bogus' not recognized for '@LockOwner' parameter. =-999 r int: -999"),
            (&format!("{RELEASE} 'r' {status}"), "!3918@1 r int: -999"),
            (&format!("{RELEASE} 'r', 'Session' {status}"), "!1223@1 r int: -999"),
            (
                "DECLARE @r int BEGIN TRY EXEC @r = sp_releaseapplock 'r', 'Session' END TRY BEGIN CATCH \
                 SELECT @r AS r, ERROR_PROCEDURE() AS p, ERROR_MESSAGE() AS m END CATCH",
                "r int, p nvarchar(128), m nvarchar(4000): -999|sys.xp_userlock|Cannot release the \
                 application lock (Database Principal: 'public', Resource: 'r') because it is not currently held.",
            ),
            (&format!("{GET} @LockMode = 'Shared', @LockOwner = 'Session' {status}"), "!1224@1 r int: -999"),
            (&format!("{GET} 'r', 'Shared', 'Session', -2 {status}"), "!1227@1 r int: -999"),
            (&format!("{GET} 'r', 'Shared', 'Session', 0, 'nosuch' {status}"), "!1202@1 r int: -999"),
            ("EXEC sp_getapplock 'r'", "!201@0"),
            ("SELECT APPLOCK_MODE('public', 'r', 'Transaction')", "!3918@1"),
            ("SELECT APPLOCK_MODE('public', 'r', NULL)", "!3918@1"),
            ("SELECT APPLOCK_MODE('public', 'r', 'x')", "!1226@1"),
            ("SELECT APPLOCK_MODE('public', NULL, 'Session')", "!8116@1"),
            ("SELECT APPLOCK_TEST('public', 'r', 'x', 'Session')", "!1225@1"),
            ("SELECT APPLOCK_TEST('nosuch', 'r', 'Shared', 'Session')", "!1202@1"),
            ("SELECT APPLOCK_MODE('public', 'r')", "!174@1"),
        ])
        .await;
}
