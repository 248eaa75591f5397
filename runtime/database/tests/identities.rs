//! IDENTITY columns: what is given once isn't given again ("CREATE TABLE", "IDENTITY (Function)",
//! "DBCC CHECKIDENT").

use crate::support::{Server, check, line, run};

#[tokio::test]
async fn values_are_given_once() {
    let server = Server::new();
    let mut session = server.session().await;
    let session = &mut *session;
    check(
        session,
        &[
            ("CREATE TABLE t (id int IDENTITY, a int CHECK (a > 0))", ": "),
            ("BEGIN TRAN; INSERT t VALUES (1), (2); ROLLBACK; INSERT t VALUES (3); SELECT id, SCOPE_IDENTITY() FROM t", "int!, decimal(38,0): 3|3"),
            ("INSERT t VALUES (4), (-4)", "547"),
            ("INSERT t VALUES (5); SELECT MAX(id) FROM t", "int: 6"),
            ("SET IDENTITY_INSERT t ON; INSERT t (id, a) VALUES (20, 1); SET IDENTITY_INSERT t OFF; INSERT t VALUES (6); SELECT MAX(id) FROM t", "int: 21"),
            ("TRUNCATE TABLE t; INSERT t VALUES (1); SELECT id FROM t", "int!: 1"),
            ("BEGIN TRAN; CREATE TABLE u (id int IDENTITY(5, -2), a int); INSERT u VALUES (1), (2); ROLLBACK; CREATE TABLE u (id int IDENTITY(5, -2), a int); INSERT u VALUES (1), (2); SELECT id FROM u", "int!: 5; 3"),
            ("CREATE TABLE #t (id int IDENTITY, a int); BEGIN TRAN; INSERT #t VALUES (1); ROLLBACK; INSERT #t VALUES (1); SELECT id FROM #t", "int!: 2"),
        ],
    )
    .await;
    // Other sessions heed it too, and a new server does what was committed.
    run(session, "BEGIN TRAN; INSERT t VALUES (1), (1); ROLLBACK").await.unwrap();
    let mut other = server.session().await;
    let after = run(&mut *other, "INSERT t VALUES (2); SELECT MAX(id) FROM t").await.unwrap();
    assert_eq!(line(&after), "int: 4");
}

#[tokio::test]
async fn a_new_table_numbers_its_rows() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int); INSERT t VALUES (30), (10), (20)", ": "),
            ("SELECT IDENTITY(int, 10, 5) AS n, a INTO u FROM t ORDER BY a; SELECT n, a FROM u ORDER BY n", "int!, int: 10|10; 15|20; 20|30"),
            ("INSERT u VALUES (40); SELECT MAX(n) FROM u", "int: 25"),
            ("SELECT IDENTITY(bigint) AS n INTO #none FROM t WHERE a > 99; INSERT #none DEFAULT VALUES; SELECT n FROM #none", "bigint!: 1"),
            ("SELECT IDENTITY(int, 1, 1) AS n FROM t", "177"),
            ("SELECT IDENTITY(int, 1, 1) INTO v FROM t", "1038"),
            ("SELECT IDENTITY(int, 1, 1) AS n, IDENTITY(int, 1, 1) AS m INTO v FROM t", "8108"),
        ],
    )
    .await;
}

#[tokio::test]
async fn counters_are_checked_and_set() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (id int IDENTITY, a int); DBCC CHECKIDENT ('t', RESEED, 100); INSERT t VALUES (1); SELECT id FROM t", "int!: 100"),
            ("DBCC CHECKIDENT ('dbo.t', RESEED, 7); INSERT t VALUES (1); SELECT MIN(id) FROM t", "int: 8"),
            ("DBCC CHECKIDENT (t); INSERT t VALUES (1); SELECT MAX(id) FROM t", "int: 101"),
            ("DBCC CHECKIDENT ('t', NORESEED)", ": "),
            ("DBCC CHECKIDENT ('nosuch')", "2501"),
            ("CREATE TABLE u (a int); DBCC CHECKIDENT ('u')", "7997"),
            ("DBCC SHRINKDATABASE (0)", "40517"),
            ("UPDATE STATISTICS t; CREATE STATISTICS s ON t (a); ALTER INDEX ALL ON t REBUILD; CHECKPOINT", ": "),
            ("UPDATE STATISTICS nosuch", "208"),
            ("ALTER INDEX i ON t DISABLE", "40517"),
        ],
    )
    .await;
}

#[tokio::test]
async fn global_temporary_tables_end_with_their_session() {
    let server = Server::new();
    let (mut maker, mut other) = (server.session().await, server.session().await);
    run(&mut *maker, "CREATE TABLE ##g (id int IDENTITY, a int); INSERT ##g VALUES (1)")
        .await
        .unwrap();
    check(
        &mut *other,
        &[
            ("SELECT a FROM ##g", "int: 1"),
            (
                "INSERT tempdb..##g VALUES (2); SELECT id, a FROM tempdb.dbo.##g",
                "int!, int: 1|1; 2|2",
            ),
            ("SELECT OBJECT_ID('tempdb..##g') - OBJECT_ID('##g')", "int: 0"),
            ("CREATE TABLE ##g (b int)", "2714"),
            ("SELECT a INTO ##mine FROM ##g; DROP TABLE ##mine; SELECT * FROM ##mine", "208"),
        ],
    )
    .await;
    drop(maker);
    // The thread of the session ends by and by.
    let gone = async {
        while run(&mut *other, "SELECT a FROM ##g").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), gone).await.unwrap();
}
