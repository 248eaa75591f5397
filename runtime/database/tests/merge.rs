//! MERGE and OUTPUT ("MERGE (Transact-SQL)", "OUTPUT clause (Transact-SQL)").

use crate::support::{Server, check, line, run};
use launchpod_database::Session;

async fn stock() -> (Server, Box<dyn Session>) {
    let server = Server::new();
    let mut session = server.session().await;
    run(
        &mut *session,
        "CREATE TABLE t (id int NOT NULL PRIMARY KEY, name varchar(10) NOT NULL, n int DEFAULT 7,
                         k int IDENTITY(100, 1), CONSTRAINT few CHECK (n < 1000))
         INSERT t (id, name, n) VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)
         CREATE TABLE u (id int, name varchar(20), n int)
         INSERT u VALUES (2, 'zwei', 20), (3, NULL, NULL), (4, 'vier', 40), (5, 'fünf', 50)
         CREATE TABLE log (at int IDENTITY, what nvarchar(10), old int, new int)",
    )
    .await
    .unwrap();
    (server, session)
}

/// What a change returns, how many rows it counts, and what is in the table then.
async fn change(sql: &str, after: &str) -> String {
    let (_server, mut session) = stock().await;
    let output = match run(&mut *session, sql).await {
        Ok(output) => output,
        Err(error) => return format!("{} {}", error.number(), error.0.text),
    };
    let count = output.affected;
    let rows = run(&mut *session, after).await.unwrap();
    format!("{} / {count:?} / {}", line(&output), line(&rows))
}

const TABLE: &str = "SELECT id, name, n, k FROM t ORDER BY id";

#[tokio::test(flavor = "multi_thread")]
async fn every_clause_takes_its_rows() {
    for (sql, expected) in [
        (
            "MERGE INTO t AS x USING u AS y ON x.id = y.id
             WHEN MATCHED AND y.n IS NULL THEN DELETE
             WHEN MATCHED THEN UPDATE SET name = y.name, n += y.n
             WHEN NOT MATCHED BY TARGET AND y.n < 50 THEN INSERT (id, name, n) VALUES (y.id, y.name, y.n)
             WHEN NOT MATCHED BY SOURCE THEN UPDATE SET n = -x.n;",
            ":  / Some(4) / int!, varchar(10)!, int, int!: 1|one|-1|100; 2|zwei|22|101; 4|vier|40|103",
        ),
        (
            "MERGE t USING (VALUES (1, 'uno'), (9, 'nueve')) AS s (id, name) ON s.id = t.id
             WHEN MATCHED THEN UPDATE SET t.name = s.name
             WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)
             OUTPUT $action, inserted.id, deleted.name, inserted.name, inserted.n, inserted.k, s.name AS src;",
            "nvarchar(10)!, int!, varchar(10), varchar(10)!, int, int!, varchar(5)!: \
             UPDATE|1|one|uno|1|100|uno; INSERT|9|NULL|nueve|7|103|nueve / Some(2) / \
             int!, varchar(10)!, int, int!: 1|uno|1|100; 2|two|2|101; 3|three|3|102; 9|nueve|7|103",
        ),
        (
            "MERGE TOP (1) t USING u ON 1 = 0 WHEN NOT MATCHED BY SOURCE THEN DELETE
             OUTPUT deleted.*, $action AS done;",
            "int!, varchar(10)!, int, int!, nvarchar(10)!: 1|one|1|100|DELETE / Some(1) / \
             int!, varchar(10)!, int, int!: 2|two|2|101; 3|three|3|102",
        ),
        (
            "WITH s AS (SELECT id, MAX(n) AS n FROM u GROUP BY id)
             MERGE t WITH (HOLDLOCK) USING s ON t.id = s.id AND s.n IS NOT NULL
             WHEN MATCHED THEN UPDATE SET n = DEFAULT OPTION (LOOP JOIN);",
            ":  / Some(1) / int!, varchar(10)!, int, int!: 1|one|1|100; 2|two|7|101; 3|three|3|102",
        ),
        (
            "MERGE t USING u ON t.id = u.id WHEN MATCHED AND u.n > 10 THEN DELETE
             OUTPUT deleted.id, inserted.id;",
            "int!, int: 2|NULL / Some(1) / int!, varchar(10)!, int, int!: 1|one|1|100; 3|three|3|102",
        ),
        (
            "MERGE t USING (SELECT 1 AS one) AS s ON 1 = 0
             WHEN NOT MATCHED THEN INSERT VALUES (8, 'x', 8) OUTPUT inserted.k;",
            "int!: 103 / Some(1) / int!, varchar(10)!, int, int!: 1|one|1|100; 2|two|2|101; 3|three|3|102; 8|x|8|103",
        ),
    ] {
        assert_eq!(change(sql, TABLE).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let (_server, mut session) = stock().await;
    check(
        &mut *session,
        &[
            ("MERGE t USING (SELECT id FROM u UNION ALL SELECT id FROM u) s ON t.id = s.id WHEN MATCHED THEN DELETE;", "8672"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN INSERT VALUES (1, 'x', 1);", "10711"),
            ("MERGE t USING u ON t.id = u.id WHEN NOT MATCHED THEN DELETE;", "10710"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED AND u.n = 1 THEN DELETE WHEN MATCHED THEN DELETE;", "10714"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN DELETE WHEN MATCHED AND u.n = 1 THEN UPDATE SET n = 1;", "5324"),
            ("MERGE t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (id, name) VALUES (t.id, 'x');", "4104"),
            ("MERGE t USING u ON t.id = u.id WHEN NOT MATCHED BY SOURCE THEN UPDATE SET n = u.n;", "4104"),
            ("MERGE t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (id, name) VALUES (u.id);", "109"),
            ("MERGE t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT VALUES (u.id);", "213"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET k = 1;", "8102"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET n = u.n / 0;", "8134"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET name = u.name;", "515"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET n = 1000;", "547"),
            ("MERGE t USING (SELECT 3 AS id) s ON 1 = 0 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'x', 1);", "2627"),
            ("MERGE missing USING u ON 1 = 1 WHEN MATCHED THEN DELETE;", "208"),
            ("MERGE t USING missing ON 1 = 1 WHEN MATCHED THEN DELETE;", "208"),
            ("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN DELETE OUTPUT (SELECT 1);", "10705"),
            ("SELECT id, name, n FROM t ORDER BY id", "int!, varchar(10)!, int: 1|one|1; 2|two|2; 3|three|3"),
            ("INSERT t (id, name) VALUES (10, 'x') SELECT k FROM t WHERE id = 10", "int!: 104"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_goes_into_tables() {
    const LOG: &str = "SELECT at, what, old, new FROM log ORDER BY at";
    for (sql, expected) in [
        (
            "INSERT t (id, name) OUTPUT 'new', inserted.n INTO log (what, new)
             SELECT id, name FROM u WHERE id > 3",
            ":  / Some(2) / int!, nvarchar(10), int, int: 1|new|NULL|7; 2|new|NULL|7",
        ),
        (
            "INSERT t (id, name, n) OUTPUT 'new', NULL, inserted.k INTO log OUTPUT inserted.*
             VALUES (6, 'six', 6), (7, 'seven', DEFAULT)",
            "int!, varchar(10)!, int, int!: 6|six|6|103; 7|seven|7|104 / Some(2) / \
             int!, nvarchar(10), int, int: 1|new|NULL|103; 2|new|NULL|104",
        ),
        (
            "UPDATE t SET n = n * 10 OUTPUT N'up', deleted.n, inserted.n INTO log WHERE id < 3",
            ":  / Some(2) / int!, nvarchar(10), int, int: 1|up|1|10; 2|up|2|20",
        ),
        (
            "UPDATE x SET n = u.n OUTPUT deleted.n, inserted.n, u.name FROM t AS x JOIN u ON x.id = u.id WHERE u.n IS NOT NULL",
            "int, int, varchar(20): 2|20|zwei / Some(1) / int!, nvarchar(10), int, int: ",
        ),
        (
            "UPDATE TOP (1) t SET n = 0 OUTPUT inserted.n - deleted.n AS change",
            "int: -1 / Some(1) / int!, nvarchar(10), int, int: ",
        ),
        (
            "DELETE t OUTPUT 'gone', deleted.id INTO log (what, old) OUTPUT deleted.name WHERE id <> 2",
            "varchar(10)!: one; three / Some(2) / int!, nvarchar(10), int, int: 1|gone|1|NULL; 2|gone|3|NULL",
        ),
        (
            "DELETE t OUTPUT deleted.id, u.name FROM t JOIN u ON t.id = u.id",
            "int!, varchar(20): 2|zwei; 3|NULL / Some(2) / int!, nvarchar(10), int, int: ",
        ),
        (
            "MERGE t USING u ON t.id = u.id WHEN MATCHED THEN DELETE
             WHEN NOT MATCHED AND u.id = 4 THEN INSERT (id, name) VALUES (u.id, u.name)
             OUTPUT $action, deleted.id, inserted.id INTO log;",
            ":  / Some(3) / int!, nvarchar(10), int, int: 1|DELETE|2|NULL; 2|DELETE|3|NULL; 3|INSERT|NULL|4",
        ),
        (
            "INSERT t (id, name) OUTPUT inserted.id INTO log VALUES (6, 'x')",
            "213 Column name or number of supplied values does not match table definition.",
        ),
        (
            "DELETE t OUTPUT inserted.id INTO log (old)",
            "4104 The multi-part identifier \"inserted.id\" could not be bound.",
        ),
    ] {
        assert_eq!(change(sql, LOG).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn computed_columns_are_read_old_and_new() {
    let (_server, mut session) = stock().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE d (id int NOT NULL PRIMARY KEY, n int, twice AS ISNULL(n, 0) * 2)", ": "),
            ("INSERT d (id, n) OUTPUT 'new', inserted.twice INTO log (what, new) VALUES (1, 5), (2, 6)", ": "),
            ("SELECT new FROM log ORDER BY at", "int: 10; 12"),
            ("UPDATE d SET n = n + 1 OUTPUT deleted.twice AS a, inserted.twice AS b WHERE id = 1", "int!, int!: 10|12"),
            ("DELETE d OUTPUT 'gone', deleted.twice INTO log (what, old) OUTPUT deleted.twice WHERE twice = 0", "int!: "),
            (
                "MERGE d USING (VALUES (1, 8), (3, 9)) s (id, n) ON d.id = s.id
                 WHEN MATCHED AND d.twice = 12 THEN UPDATE SET n = s.n
                 WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)
                 WHEN NOT MATCHED BY SOURCE THEN DELETE
                 OUTPUT $action, inserted.id, deleted.twice, inserted.twice;",
                "nvarchar(10)!, int, int, int: UPDATE|1|12|16; DELETE|NULL|12|NULL; INSERT|3|NULL|18",
            ),
            ("MERGE d USING u ON d.id = u.id WHEN MATCHED THEN UPDATE SET twice = 1;", "271"),
        ],
    )
    .await;
}

/// A result's columns have the names of the table's, also where the rows were written down first.
#[tokio::test(flavor = "multi_thread")]
async fn columns_of_output_have_their_names() {
    let (_server, mut session) = stock().await;
    for (sql, expected) in [
        (
            "MERGE t USING u AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'm'
             OUTPUT $action, deleted.ID, DELETED.name, inserted.id, s.N, s.n + 1, $action AS a;",
            "$action, id, name, id, n, , a",
        ),
        (
            "UPDATE x SET n = 1 OUTPUT deleted.N, inserted.*, u.Name FROM t AS x JOIN u ON x.id = u.id",
            "n, id, name, n, k, name",
        ),
        ("DELETE t OUTPUT DELETED.Id, deleted.*", "id, id, name, n, k"),
    ] {
        let output = run(&mut *session, sql).await.unwrap();
        let names: Vec<_> = output.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names.join(", "), expected, "{sql}");
    }
}
