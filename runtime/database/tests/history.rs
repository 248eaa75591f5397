//! The history of external scripts, as the system's views show it.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::support::{Server, check, login, run};
use launchpod_database::Database;
use launchpod_database::sqlite::Options;
use launchpod_history::{Begun, Bounds, FILE_NAME, History};
use uuid::Uuid;

const RUNNING: &str = "SELECT language FROM sys.dm_external_script_requests";
const COUNTERS: &str = "SELECT COUNT(*) FROM sys.dm_os_performance_counters WHERE cntr_value = 0";

/// A database beside a history in which one request runs.
async fn beside_a_history(folder: &Path) -> (Server, History) {
    let history = History::open(folder, Bounds::default()).unwrap();
    history
        .begun(Begun {
            request: Uuid::from_u128(1),
            login: "sa".to_owned(),
            database: "master".to_owned(),
            language: "Python".to_owned(),
            pool: "default".to_owned(),
            script_hash: "0".repeat(64),
            script: None,
            streaming: false,
            at: SystemTime::now(),
        })
        .await;
    // What was sent is written when it is closed; the file stays.
    history.close();
    let options = Options { history: Some(folder.to_owned()), ..Options::default() };
    (Server::with(options), History::open(folder, Bounds::default()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_read_within_a_transaction_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _history) = beside_a_history(folder.path()).await;
    let mut session = server.session().await;
    let outcomes = "SELECT outcome FROM sys.dm_external_script_request_history";
    check(
        &mut *session,
        &[
            ("BEGIN TRANSACTION CREATE TABLE t (a int) SELECT COUNT(*) FROM t", "int!: 0"),
            // A server that starts marks what it finds running.
            (outcomes, "nvarchar(128): interrupted"),
            ("ROLLBACK SELECT OBJECT_ID('t')", "int: NULL"),
            (outcomes, "nvarchar(128): interrupted"),
            (RUNNING, "nvarchar(128)!: "),
            (COUNTERS, "int!: 7"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_its_views_are_empty() {
    let server = Server::new();
    let mut session = server.session().await;
    check(&mut *session, &[(RUNNING, "nvarchar(128)!: "), (COUNTERS, "int!: 0")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_do_not_read_it_do_not_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _history) = beside_a_history(folder.path()).await;
    let file = folder.path().join(FILE_NAME);
    let writers = descriptors(&file);
    assert!(writers > 0);
    let mut sessions = Vec::new();
    for _ in 0..8 {
        let mut session = server.database.login(login("sa", "pass", "")).await.unwrap();
        run(&mut *session, "SELECT 1").await.unwrap();
        sessions.push(session);
    }
    assert_eq!(descriptors(&file), writers);
    run(&mut *sessions[0], RUNNING).await.unwrap();
    assert_eq!(descriptors(&file), writers + 1);
}

/// How many descriptors of this process lead to a file.
fn descriptors(file: &Path) -> usize {
    let all = fs::read_dir("/proc/self/fd").unwrap();
    // The listing's own is gone by the time it is looked at.
    all.filter_map(|one| fs::read_link(one.unwrap().path()).ok()).filter(|to| to == file).count()
}
