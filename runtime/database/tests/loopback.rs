//! Sessions that an external script opens as its caller ("Loopback connection to SQL Server from
//! a Python or R script").

use std::sync::Arc;

use crate::support::{Server, check, line, login, run};
use launchpod_database::{Database, Session, WayBack};

async fn way_back(session: &mut dyn Session) -> Arc<dyn Database> {
    match session.way_back().await.expect("no error") {
        Some(WayBack::Database(database)) => database,
        other => panic!("{other:?}"),
    }
}

async fn open(session: &mut dyn Session, database: &str) -> Box<dyn Session> {
    let back = way_back(session).await;
    back.login(login("whoever", "whatever", database)).await.expect("a session")
}

#[tokio::test]
async fn it_acts_as_who_the_caller_acts_as() {
    let server = Server::new();
    let mut session = server.session().await;
    let session = &mut *session;
    let setup = "CREATE DATABASE lab; USE lab; CREATE TABLE seen (x int); INSERT seen VALUES (1); \
        CREATE TABLE secret (x int); CREATE LOGIN mary WITH PASSWORD = 'aA1-aA1-aA1'; \
        CREATE USER mary FOR LOGIN mary; CREATE USER nobody WITHOUT LOGIN; \
        GRANT SELECT ON seen TO mary, nobody";
    run(session, setup).await.unwrap();

    let mut as_sa = open(session, "").await;
    assert_eq!(as_sa.identity(), session.identity());
    check(
        &mut *as_sa,
        &[("SELECT SUSER_SNAME(), DB_NAME()", "nvarchar(128), nvarchar(128): sa|lab")],
    )
    .await;

    for user in ["mary", "nobody"] {
        run(session, &format!("EXECUTE AS USER = '{user}'")).await.unwrap();
        let mut back = open(session, "").await;
        assert_eq!(back.identity(), session.identity());
        let other = way_back(session).await;
        run(session, "REVERT").await.unwrap();
        let user_name = format!("nvarchar(128): {user}");
        check(
            &mut *back,
            &[
                ("SELECT USER_NAME()", user_name.as_str()),
                ("SELECT ORIGINAL_LOGIN()", "nvarchar(128): sa"),
                ("SELECT x FROM seen", "int: 1"),
                ("SELECT x FROM secret", "229"),
                ("REVERT; SELECT x FROM secret", "229"),
            ],
        )
        .await;
        back.reset();
        check(&mut *back, &[("SELECT USER_NAME()", user_name.as_str())]).await;
        // As with any user: the other databases are closed.
        let refused = other.login(login("sa", "", "model")).await.err().unwrap();
        assert_eq!(refused.number(), 4060);
    }
}

#[tokio::test]
async fn a_change_fails_at_once_while_the_caller_holds_the_lock() {
    let server = Server::new();
    let mut session = server.session().await;
    let session = &mut *session;
    run(session, "CREATE TABLE t (x int)").await.unwrap();
    run(session, "BEGIN TRANSACTION").await.unwrap();
    // Nothing is written yet, so nothing is locked.
    let mut before = open(session, "").await;
    run(&mut *before, "INSERT t VALUES (1)").await.unwrap();
    run(session, "INSERT t VALUES (2)").await.unwrap();

    let mut back = open(session, "").await;
    check(
        &mut *back,
        &[
            ("INSERT t VALUES (3)", "1205"),
            ("CREATE TABLE u (x int)", "1205"),
            ("SELECT x FROM t", "int: 1"),
            ("CREATE TABLE #u (x int); INSERT #u VALUES (4); SELECT x FROM #u", "int: 4"),
        ],
    )
    .await;
    // So do those of a script that this session calls.
    let mut further = open(&mut *back, "").await;
    check(&mut *further, &[("DELETE t", "1205")]).await;

    run(session, "COMMIT").await.unwrap();
    let mut after = open(session, "").await;
    let counted = run(&mut *after, "INSERT t VALUES (5); SELECT COUNT(*) FROM t").await.unwrap();
    assert_eq!(line(&counted), "int!: 3");
}
