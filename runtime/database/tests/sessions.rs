//! Logins, transactions, cancellation, and results that don't fit memory.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::{Server, check, line, login, run, run_with, statements};
use launchpod_database::{Database, Event, Secret, Session, Variable};
use launchpod_types::{SqlType, Value};
use tokio_util::sync::CancellationToken;

/// Two CTEs whose product is a long query without a table.
const LONG: &str = "WITH a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 100000)
    SELECT COUNT_BIG(*) FROM a x, a y OPTION (MAXRECURSION 0)";

#[tokio::test(flavor = "multi_thread")]
async fn logins() {
    let server = Server::new();
    let fails = async |user: &str, password: &str, database: &str| {
        let result = server.database.login(login(user, password, database)).await;
        result.err().map(|error| (error.number(), error.0.class))
    };
    assert_eq!(fails("SA", "pass", "").await, None);
    assert_eq!(fails("sa", "Pass", "").await, Some((18456, 14)));
    assert_eq!(fails("nobody", "pass", "").await, Some((18456, 14)));
    assert_eq!(fails("sa", "pass", "nowhere").await, Some((4060, 11)));
    server.database.set_password("sa", &Secret::new("new")).unwrap();
    assert_eq!(fails("sa", "pass", "").await, Some((18456, 14)));
    assert_eq!(fails("sa", "new", "MASTER").await, None);
    assert!(server.database.has_login("Sa").unwrap());
    assert!(!server.database.has_login("nobody").unwrap());
    let session = server.database.login(login("SA", "new", "")).await.unwrap();
    assert_eq!(session.identity().login, "sa");
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_count_and_roll_back() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, "CREATE TABLE t (a int PRIMARY KEY)").await.unwrap();
    let depth = async |session: &mut dyn Session, sql: &str| run(session, sql).await.unwrap().depth;
    assert_eq!(depth(&mut *session, "BEGIN TRAN").await, Some(1));
    assert_eq!(depth(&mut *session, "BEGIN TRAN").await, Some(2));
    run(&mut *session, "INSERT t VALUES (1)").await.unwrap();
    // An error takes back its statement only.
    check(&mut *session, &[("INSERT t VALUES (2), (1)", "2627"), ("SELECT * FROM t", "int!: 1")])
        .await;
    assert_eq!(depth(&mut *session, "COMMIT").await, Some(1));
    assert_eq!(depth(&mut *session, "ROLLBACK").await, Some(0));
    check(
        &mut *session,
        &[
            ("SELECT * FROM t", "int!: "),
            ("COMMIT", "3902"),
            ("ROLLBACK", "3903"),
            (
                "BEGIN TRAN SAVE TRAN early INSERT t VALUES (1) SAVE TRAN s INSERT t VALUES (2)
              ROLLBACK TRAN s INSERT t VALUES (3)",
                ": ",
            ),
            ("SELECT * FROM t", "int!: 1; 3"),
            ("ROLLBACK TRAN early", ": "),
            ("SELECT * FROM t", "int!: "),
            ("ROLLBACK TRAN nothing", "6401"),
            ("CREATE TABLE u (b int) INSERT t VALUES (4) COMMIT", ": "),
            ("SELECT a FROM t, sys.tables WHERE name = 'u'", "int!: 4"),
            ("BEGIN TRAN DROP TABLE u CREATE TABLE #v (c int) ROLLBACK", ": "),
            ("SELECT * FROM u", "int: "),
            ("SELECT * FROM #v", "208"),
            ("INSERT t VALUES (5), (5)", "2627"),
            ("SELECT COUNT(*) FROM t", "int!: 1"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_each_other_and_readers_do_not() {
    let server = Server::new();
    let (mut one, mut two) = (server.session().await, server.session().await);
    run(&mut *one, "CREATE TABLE t (a int) INSERT t VALUES (1)").await.unwrap();
    // Idle transactions hold nothing; a read before a write doesn't make the write fail.
    run(&mut *two, "BEGIN TRAN SELECT * FROM t").await.unwrap();
    run(&mut *one, "BEGIN TRAN INSERT t VALUES (2)").await.unwrap();
    check(
        &mut *two,
        &[
            ("SELECT COUNT(*) FROM t", "int!: 1"),
            ("SET LOCK_TIMEOUT 100 INSERT t VALUES (3)", "1222"),
            ("SET LOCK_TIMEOUT -1", ": "),
        ],
    )
    .await;
    let waiting = tokio::spawn(async move {
        run(&mut *two, "INSERT t VALUES (3)").await.unwrap();
        let output = run(&mut *two, "SELECT COUNT(*) FROM t").await.unwrap();
        run(&mut *two, "COMMIT").await.unwrap();
        output.rows
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    run(&mut *one, "COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap(), [["3"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_lose_nothing() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, "CREATE TABLE t (id int IDENTITY PRIMARY KEY, n int)").await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let mut session = server.session().await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..5 {
                run(
                    &mut *session,
                    "BEGIN TRAN SELECT COUNT(*) FROM t INSERT t (n) VALUES (1) COMMIT",
                )
                .await
                .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    check(&mut *session, &[("SELECT COUNT(*), MAX(id) FROM t", "int!, int: 20|20")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_goes_rolls_back() {
    let server = Server::new();
    let (mut one, mut two) = (server.session().await, server.session().await);
    run(&mut *one, "CREATE TABLE t (a int) BEGIN TRAN INSERT t VALUES (1)").await.unwrap();
    drop(one);
    run(&mut *two, "SET LOCK_TIMEOUT 5000 INSERT t VALUES (2)").await.unwrap();
    check(&mut *two, &[("SELECT a FROM t", "int: 2")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_is_cancelled() {
    let server = Server::new();
    let mut session = server.session().await;
    let cancel = CancellationToken::new();
    let execute = statements(LONG, &BTreeMap::new()).remove(0);
    let mut events = session.execute(execute, cancel.clone());
    assert!(matches!(events.recv().await, Some(Ok(Event::Columns(_)))));
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    assert!(events.recv().await.is_none());
    check(&mut *session, &[("SELECT 1", "int!: 1")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_result_stops_its_statement() {
    let server = Server::new();
    let mut session = server.session().await;
    drop(session.execute(statements(LONG, &BTreeMap::new()).remove(0), CancellationToken::new()));
    check(&mut *session, &[("SELECT 1", "int!: 1")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_write_is_cancelled() {
    let server = Server::new();
    let (mut one, mut two) = (server.session().await, server.session().await);
    run(&mut *one, "CREATE TABLE t (a int) BEGIN TRAN INSERT t VALUES (1)").await.unwrap();
    let cancel = CancellationToken::new();
    let execute = statements("INSERT t VALUES (2)", &BTreeMap::new()).remove(0);
    let mut events = two.execute(execute, cancel.clone());
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    assert!(tokio::time::timeout(Duration::from_secs(60), events.recv()).await.unwrap().is_none());
    check(&mut *two, &[("SELECT COUNT(*) FROM t", "int!: 0")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_big_result_waits_for_its_reader() {
    let server = Server::new();
    let mut session = server.session().await;
    let sql = "WITH a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 300000)
               SELECT n, n * 2 AS twice, 'text' AS t FROM a OPTION (MAXRECURSION 0)";
    let execute = statements(sql, &BTreeMap::new()).remove(0);
    let mut events = session.execute(execute, CancellationToken::new());
    while events.len() < launchpod_database::EVENTS_IN_FLIGHT {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut count = 0;
    while let Some(event) = events.recv().await {
        if let Event::Batch(batch) = event.unwrap() {
            assert!(batch.num_rows() <= 16 * 1024);
            count += batch.num_rows();
        }
    }
    assert_eq!(count, 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_a_catch_block_comes_as_variables() {
    let server = Server::new();
    let mut session = server.session().await;
    let all = "SELECT ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_SEVERITY(), ERROR_STATE(), \
               ERROR_LINE(), ERROR_PROCEDURE(), XACT_STATE()";
    let types = "int, nvarchar(4000), int, int, int, nvarchar(128), smallint";
    let outside = run(&mut *session, all).await.unwrap();
    assert_eq!(line(&outside), format!("{types}!: NULL|NULL|NULL|NULL|NULL|NULL|0"));
    let int = |number| Variable { sql_type: SqlType::Int, value: Value::Int(number) };
    let text = |text: &str| Variable { sql_type: SqlType::NVARCHAR_MAX, value: text.into() };
    let variables = BTreeMap::from([
        ("@@error_number".to_owned(), int(8134)),
        ("@@error_message".to_owned(), text("Divide by zero error encountered.")),
        ("@@error_severity".to_owned(), int(16)),
        ("@@error_state".to_owned(), int(1)),
        ("@@error_line".to_owned(), int(7)),
        ("@@error_procedure".to_owned(), text("dbo.p")),
        ("@@xact_state".to_owned(), int(-1)),
    ]);
    let caught = run_with(&mut *session, all, &variables).await.unwrap();
    let values = "8134|Divide by zero error encountered.|16|1|7|dbo.p|-1";
    assert_eq!(line(&caught), format!("{types}: {values}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_statements_end_in_errors() {
    let server = Server::new();
    let mut session = server.session().await;
    let deep = format!("SELECT {}1{}", "(".repeat(60), ")".repeat(60));
    let sum = format!("SELECT 1{}", " + 1".repeat(300));
    let many = format!("SELECT 1 WHERE {}", vec!["1 = 2"; 5000].join(" OR "));
    let nested = format!("SELECT {}1{}", "(SELECT ".repeat(20), ")".repeat(20));
    for sql in [&deep, &sum, &nested] {
        run(&mut *session, sql).await.unwrap();
    }
    assert_eq!(run(&mut *session, &many).await.unwrap_err().number(), 8631);
    let values = vec!["('x', 1)"; 20_000].join(", ");
    run(&mut *session, "CREATE TABLE t (a varchar(5), b int)").await.unwrap();
    let inserted = run(&mut *session, &format!("INSERT t VALUES {values}")).await.unwrap();
    assert_eq!(inserted.affected, Some(20_000));
    check(
        &mut *session,
        &[
            (
                "SELECT '''; DROP TABLE t; --', N'\u{0}'",
                "varchar(19)!, nvarchar(1)!: '; DROP TABLE t; --|\u{0}",
            ),
            ("SELECT REPLICATE(CAST('x' AS varchar(max)), 9000000000)", "7119"),
            ("SELECT COUNT(*) FROM t", "int!: 20000"),
        ],
    )
    .await;
}
