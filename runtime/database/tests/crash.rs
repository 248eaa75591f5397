//! A killed process loses its open transaction and nothing else.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{check, login, run};
use launchpod_database::Database;
use launchpod_database::Secret;
use launchpod_database::sqlite::{Embedded, Options};

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "LAUNCHPOD_CRASH_TEST_FOLDER";

/// The process that is killed: a test of its own, which does nothing when run as one.
#[tokio::test(flavor = "multi_thread")]
async fn process_to_be_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let database = Embedded::open(folder, Options::default()).unwrap();
    let mut session = database.login(login("sa", "pass", "")).await.unwrap();
    let sql = "CREATE TABLE t (id int IDENTITY PRIMARY KEY, a int) INSERT t (a) VALUES (1)
               BEGIN TRAN INSERT t (a) VALUES (2) COMMIT
               BEGIN TRAN INSERT t (a) VALUES (3) CREATE TABLE u (a int)";
    run(&mut *session, sql).await.unwrap();
    println!("\nready");
    std::future::pending().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_only_its_open_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::open(folder.path(), Options::default()).unwrap();
    database.set_password("sa", &Secret::new("pass")).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::process_to_be_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut session = database.login(login("sa", "pass", "")).await.unwrap();
    check(
        &mut *session,
        &[
            ("SELECT id, a FROM t", "int!, int: 1|1; 2|2"),
            ("SELECT * FROM u", "208"),
            ("INSERT t (a) OUTPUT inserted.id VALUES (4)", "int!: 3"),
        ],
    )
    .await;
}
