//! Changes of rows through a view ("CREATE VIEW", section "Updatable views").

use crate::support::{Server, check, run};

#[tokio::test]
async fn rows_change_through_a_view() {
    let server = Server::new();
    let mut session = server.session().await;
    let session = &mut *session;
    for sql in [
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, a int NOT NULL, b nvarchar(10) DEFAULT N'new')",
        "INSERT t (a) VALUES (1), (5), (9)",
        "CREATE VIEW v AS SELECT id, a AS x, b, a * 2 AS twice FROM t WHERE a > 3",
        "CREATE VIEW named (n, m) AS SELECT a, b FROM dbo.t AS u WHERE u.a < 100",
        "CREATE VIEW grouped AS SELECT a, COUNT(*) AS n FROM t GROUP BY a",
        "CREATE VIEW joined AS SELECT t.a FROM t JOIN t AS u ON u.id = t.id",
        "CREATE VIEW both_of AS SELECT a FROM t UNION ALL SELECT a FROM t",
    ] {
        run(session, sql).await.unwrap();
    }
    check(
        session,
        &[
            ("INSERT v (x) VALUES (7); SELECT id, a, b FROM t WHERE id = 4", "int!, int!, nvarchar(10): 4|7|new"),
            ("INSERT named VALUES (50, N'fifty'); SELECT a, b FROM t WHERE id = 5", "int!, nvarchar(10): 50|fifty"),
            ("INSERT INTO named (m, n) SELECT b, a + 1 FROM t WHERE id = 5; SELECT a, b FROM t WHERE id = 6", "int!, nvarchar(10): 51|fifty"),
            // The first row isn't the view's.
            ("UPDATE v SET x = x + 1, b = N'up' WHERE twice < 20; SELECT id, a, b FROM t", "int!, int!, nvarchar(10): 1|1|new; 2|6|up; 3|10|up; 4|8|up; 5|50|fifty; 6|51|fifty"),
            ("UPDATE TOP (1) v SET x += 100 WHERE v.x > 10; SELECT a FROM t WHERE a > 100", "int!: 150"),
            ("DELETE dbo.v WHERE twice > 20; SELECT COUNT(*) FROM t", "int!: 4"),
            ("DELETE v; SELECT a FROM t", "int!: 1"),
            ("DELETE FROM named OUTPUT deleted.a WHERE n = 1", "207"),
            ("DELETE FROM named OUTPUT deleted.n WHERE n = 1", "int!: 1"),
            ("UPDATE v SET twice = 1", "4406"),
            ("UPDATE v SET nosuch = 1", "207"),
            ("UPDATE v SET a = 1", "207"),
            ("INSERT v (x, twice) VALUES (1, 2)", "4406"),
            ("INSERT v VALUES (1, N'', 2)", "4406"),
            ("DELETE grouped", "4403"),
            ("DELETE joined", "4405"),
            ("UPDATE both_of SET a = 1", "4406"),
            ("DELETE both_of", "4426"),
            // What isn't the statement's own query is changed, whatever its alias.
            ("WITH d AS (SELECT 1 AS n) DELETE t FROM d WHERE d.n > 1", ": "),
            ("WITH d AS (SELECT 1 AS n) UPDATE d SET a = a FROM t AS d", ": "),
            ("WITH t AS (SELECT 9 AS n) DELETE FROM dbo.t WHERE a IN (SELECT n FROM t)", ": "),
            (
                "INSERT t (a) VALUES (8), (8); \
                 WITH d AS (SELECT id, ROW_NUMBER() OVER (PARTITION BY a ORDER BY id) AS n FROM t) \
                 DELETE t WHERE id IN (SELECT id FROM d WHERE n > 1); SELECT a FROM t WHERE a = 8",
                "int!: 8",
            ),
            ("DELETE sys.objects", "259"),
        ],
    )
    .await;
}
