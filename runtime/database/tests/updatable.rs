//! Changes of rows through common table expressions, derived tables, and views of views and of
//! several tables ("CREATE VIEW", section "Updatable views").

use crate::support::{Server, check, run};
use launchpod_database::Session;

/// Tables and views; each test has its own.
async fn seeded() -> (Server, Box<dyn Session>) {
    let server = Server::new();
    let mut session = server.session().await;
    for sql in [
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, v int, k int)",
        "INSERT t (v, k) VALUES (10, 1), (20, 2), (30, 3), (40, 1)",
        "CREATE TABLE u (k int, n int)",
        "INSERT u VALUES (1, 100), (2, 200), (2, 201), (5, 500)",
        "CREATE VIEW of_t AS SELECT id, v, k, v * 2 AS twice FROM t WHERE id < 4",
        "CREATE VIEW of_view (i, w) AS SELECT id, v FROM of_t WHERE v > 15",
        "CREATE VIEW of_both AS SELECT t.id, t.v, t.k, u.n FROM t JOIN u ON u.k = t.k",
        "CREATE VIEW of_two AS SELECT TOP (2) id, v FROM t ORDER BY v DESC",
        "CREATE VIEW of_groups AS SELECT k, COUNT(*) AS c FROM t GROUP BY k",
        "CREATE VIEW of_union AS SELECT id, v FROM t UNION ALL SELECT k, n FROM u",
        "CREATE VIEW over_union AS SELECT id, v FROM of_union",
        "CREATE VIEW checked AS SELECT id, v, k FROM t WHERE v < 100 WITH CHECK OPTION",
        "CREATE VIEW over_checked AS SELECT id, v FROM checked",
        "CREATE VIEW checked_both AS SELECT t.id, t.v, t.k, u.n FROM t JOIN u ON u.k = t.k \
         WHERE t.v < 100 WITH CHECK OPTION",
        "CREATE VIEW checked_two AS SELECT TOP (2) id, v FROM t ORDER BY v WITH CHECK OPTION",
        "CREATE FUNCTION above (@least int) RETURNS TABLE AS RETURN SELECT id, v FROM t WHERE v > @least",
    ] {
        run(&mut *session, sql).await.unwrap();
    }
    (server, session)
}

/// Runs each change in a transaction that is taken back, and compares what is in `t`, as
/// `id:v`, and in `u`, as `n`.
async fn changes(cases: &[(&str, &str)]) {
    let (_server, mut session) = seeded().await;
    let mut wrong = Vec::new();
    for (sql, expected) in cases {
        let all = format!(
            "BEGIN TRAN; {sql}; SELECT CONCAT((SELECT STRING_AGG(CONCAT(id, ':', v), ' ') \
             WITHIN GROUP (ORDER BY id) FROM t), ' / ', (SELECT STRING_AGG(n, ' ') \
             WITHIN GROUP (ORDER BY n) FROM u))"
        );
        let got = match run(&mut *session, &all).await {
            Ok(output) => output.rows[0][0].clone(),
            Err(error) => error.0.text,
        };
        run(&mut *session, "ROLLBACK").await.unwrap();
        if got != *expected {
            wrong.push(format!("{sql}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Checks the numbers and texts of errors.
async fn refused(cases: &[(&str, i32, &str)]) {
    let (_server, mut session) = seeded().await;
    let mut wrong = Vec::new();
    for (sql, number, text) in cases {
        let got = match run(&mut *session, sql).await {
            Ok(_) => (0, String::new()),
            Err(error) => (error.number(), error.0.text),
        };
        if got != (*number, (*text).to_owned()) {
            wrong.push(format!("{sql}\n  expected {number} {text}\n  got      {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const U: &str = " / 100 200 201 500";

#[tokio::test]
async fn through_a_common_table_expression() {
    let cases = [
        (
            "WITH d AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id) AS rn FROM t) \
             DELETE FROM d WHERE rn > 1",
            "1:10 2:20 3:30",
        ),
        ("WITH d AS (SELECT TOP (1) * FROM t ORDER BY v DESC) DELETE d", "1:10 2:20 3:30"),
        // The rows that TOP takes can't be told by the columns that are selected.
        (
            "WITH d AS (SELECT TOP (1) k FROM t WHERE k = 1 ORDER BY v DESC) DELETE d",
            "1:10 2:20 3:30",
        ),
        ("WITH d AS (SELECT TOP (50) PERCENT id FROM t ORDER BY id) DELETE d", "3:30 4:40"),
        ("WITH d AS (SELECT TOP (1) WITH TIES k FROM t ORDER BY k) DELETE d", "2:20 3:30"),
        (
            "WITH d AS (SELECT id FROM t ORDER BY v OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY) DELETE d",
            "1:10 4:40",
        ),
        (
            "WITH c AS (SELECT v, ROW_NUMBER() OVER (ORDER BY id DESC) AS n FROM t) UPDATE c SET v = n",
            "1:4 2:3 3:2 4:1",
        ),
        (
            "WITH c (i, w) AS (SELECT id, v FROM t) UPDATE c SET w += i WHERE i > 2",
            "1:10 2:20 3:33 4:44",
        ),
        (
            "WITH c AS (SELECT id, v FROM t) UPDATE x SET v = 0 FROM c AS x WHERE x.id = 1",
            "1:0 2:20 3:30 4:40",
        ),
        (
            "WITH c AS (SELECT id, v FROM t), d AS (SELECT * FROM c WHERE id > 1) UPDATE d SET v = 0 WHERE id < 3",
            "1:10 2:0 3:30 4:40",
        ),
        (
            "WITH c AS (SELECT id, v, k FROM t) UPDATE c SET v = c.v + u.n FROM c JOIN u ON u.k = c.k WHERE u.n < 201",
            "1:110 2:220 3:30 4:140",
        ),
        // It stands beside what FROM names, as a table does.
        (
            "WITH c AS (SELECT id, v, k FROM t WHERE id > 1) UPDATE c SET v = 0 FROM u WHERE u.k = c.k",
            "1:10 2:0 3:30 4:0",
        ),
        (
            "WITH c AS (SELECT id, v FROM t) UPDATE a SET v = b.v FROM c AS a JOIN c AS b ON b.id = a.id + 1",
            "1:20 2:30 3:40 4:40",
        ),
        (
            "WITH c AS (SELECT id FROM t WHERE id > 1) DELETE c FROM c JOIN u ON u.k = c.id",
            "1:10 3:30 4:40",
        ),
        ("WITH t AS (SELECT TOP (1) id FROM dbo.t ORDER BY id) DELETE t", "2:20 3:30 4:40"),
        ("WITH c AS (SELECT v, k FROM t) INSERT c VALUES (50, 9)", "1:10 2:20 3:30 4:40 5:50"),
        (
            "WITH c AS (SELECT id, v FROM t) INSERT INTO c (v) SELECT MAX(v) + 1 FROM c",
            "1:10 2:20 3:30 4:40 6:41",
        ),
        ("WITH c AS (SELECT TOP (1) v FROM t) INSERT c VALUES (50)", "1:10 2:20 3:30 4:40 7:50"),
        ("WITH c AS (SELECT id, v FROM t) UPDATE TOP (1) c SET v = 0", "1:0 2:20 3:30 4:40"),
        ("WITH c AS (SELECT v FROM t) UPDATE c SET v = DEFAULT", "1: 2: 3: 4:"),
    ];
    let cases = cases.map(|(sql, expected)| (sql, format!("{expected}{U}")));
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
}

#[tokio::test]
async fn through_a_derived_table() {
    let cases = [
        (
            "UPDATE d SET v = n FROM (SELECT v, ROW_NUMBER() OVER (ORDER BY id) AS n FROM t) AS d",
            "1:1 2:2 3:3 4:4",
        ),
        (
            "UPDATE d SET b = b + 1 FROM (SELECT id, v FROM t WHERE id < 3) AS d (a, b)",
            "1:11 2:21 3:30 4:40",
        ),
        (
            "UPDATE e SET v = 9 FROM (SELECT id, v FROM (SELECT id, v FROM t WHERE id > 1) d) e WHERE id = 2",
            "1:10 2:9 3:30 4:40",
        ),
        (
            "UPDATE d SET v = u.n FROM (SELECT id, v, k FROM t) d JOIN u ON u.k = d.k AND u.n <> 201",
            "1:100 2:200 3:30 4:100",
        ),
        ("DELETE d FROM (SELECT TOP 2 * FROM t ORDER BY v) d", "3:30 4:40"),
        (
            "DELETE FROM d FROM (SELECT id FROM (SELECT TOP 3 * FROM t ORDER BY v) x WHERE id > 1) d",
            "1:10 4:40",
        ),
        ("DELETE d FROM u LEFT JOIN (SELECT k FROM t WHERE v > 10) d ON d.k = u.k", "1:10 3:30"),
        // The alias comes before a table's name.
        ("UPDATE u SET v = 3 FROM (SELECT id, v FROM t) u WHERE id = 1", "1:3 2:20 3:30 4:40"),
        ("UPDATE x SET v = 0 FROM above(25) AS x", "1:10 2:20 3:0 4:0"),
        ("UPDATE x SET v = 0 FROM t AS a JOIN above(35) AS x ON x.id = a.id", "1:10 2:20 3:30 4:0"),
    ];
    let cases = cases.map(|(sql, expected)| (sql, format!("{expected}{U}")));
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
}

#[tokio::test]
async fn through_views() {
    let cases = [
        ("UPDATE of_view SET w = w + i", "1:10 2:22 3:33 4:40"),
        ("DELETE of_view WHERE i = 2", "1:10 3:30 4:40"),
        ("INSERT of_view (w) VALUES (5)", "1:10 2:20 3:30 4:40 5:5"),
        ("DELETE of_two", "1:10 2:20"),
        ("UPDATE a SET v = 0 FROM of_two a JOIN u ON u.k = a.id - 2", "1:10 2:20 3:0 4:0"),
        ("INSERT of_two VALUES (7)", "1:10 2:20 3:30 4:40 6:7"),
        (
            "UPDATE of_t SET v = of_t.v + u.n FROM of_t JOIN u ON u.k = of_t.k AND u.n < 201",
            "1:110 2:220 3:30 4:40",
        ),
        (
            "UPDATE a SET v = 0 FROM dbo.of_t a JOIN u ON u.k = a.k WHERE a.twice = 40",
            "1:10 2:0 3:30 4:40",
        ),
        ("UPDATE a SET v = b.v FROM of_t a JOIN of_t b ON b.id = a.id + 1", "1:20 2:30 3:30 4:40"),
        ("DELETE of_t FROM u WHERE u.k = of_t.k", "3:30 4:40"),
    ];
    let cases = cases.map(|(sql, expected)| (sql, format!("{expected}{U}")));
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
}

#[tokio::test]
async fn of_several_tables_the_one_whose_columns_are_named_changes() {
    let same = "1:10 2:20 3:30 4:40";
    let cases = [
        (
            "WITH c AS (SELECT t.id, t.v, u.n FROM t JOIN u ON u.k = t.k) UPDATE c SET v = n WHERE n <> 201",
            "1:100 2:200 3:30 4:100 / 100 200 201 500".to_owned(),
        ),
        ("UPDATE of_both SET n = 7 WHERE id = 1", format!("{same} / 7 200 201 500")),
        (
            "WITH c AS (SELECT id, u.n FROM t LEFT JOIN u ON u.k = t.k) UPDATE c SET n = 7",
            format!("{same} / 7 7 7 500"),
        ),
        (
            "WITH c AS (SELECT * FROM of_both), d AS (SELECT id, v FROM c WHERE n > 150) UPDATE d SET v = 0",
            format!("1:10 2:0 3:30 4:40{U}"),
        ),
        ("INSERT of_both (v, k) VALUES (50, 1)", format!("{same} 5:50{U}")),
        ("INSERT of_both (n) VALUES (7)", format!("{same} / 7 100 200 201 500")),
        (
            "UPDATE x SET v = y.v + 1 FROM of_both x JOIN t y ON y.id = x.id + 1",
            format!("1:21 2:31 3:30 4:40{U}"),
        ),
        (
            "WITH c AS (SELECT a.v, b.v AS w FROM t a CROSS APPLY (SELECT x.v FROM t x WHERE x.id = a.id + 1) b) UPDATE c SET v = w",
            format!("1:20 2:30 3:40 4:40{U}"),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
}

#[tokio::test]
async fn merge_into_a_query() {
    let same = "1:10 2:20 3:30 4:40";
    let cases = [
        (
            "WITH d AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS rn FROM t) \
             MERGE d USING (VALUES (1)) s (x) ON d.rn > s.x WHEN MATCHED THEN DELETE;",
            format!("1:10 2:20 3:30{U}"),
        ),
        (
            "WITH d AS (SELECT TOP (2) id, v, k FROM t ORDER BY v DESC) MERGE INTO d AS x \
             USING (VALUES (3), (1)) s (k) ON x.k = s.k AND x.id = 3 \
             WHEN MATCHED THEN UPDATE SET v += 1 WHEN NOT MATCHED THEN INSERT (v) VALUES (s.k) \
             WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 0;",
            format!("1:10 2:20 3:31 4:0 5:1{U}"),
        ),
        (
            "MERGE of_view USING (VALUES (2, 5)) s (i, w) ON of_view.i = s.i \
             WHEN MATCHED THEN UPDATE SET w = s.w;",
            format!("1:10 2:5 3:30 4:40{U}"),
        ),
        (
            "MERGE of_both AS x USING (VALUES (1, 11)) s (id, y) ON x.id = s.id \
             WHEN MATCHED THEN UPDATE SET n = s.y WHEN NOT MATCHED THEN INSERT (n) VALUES (s.y);",
            format!("{same} / 11 200 201 500"),
        ),
        // DELETE alone takes the first table's rows, beside an UPDATE that one's.
        (
            "MERGE of_both AS x USING (VALUES (1)) s (id) ON x.id = s.id WHEN MATCHED THEN DELETE;",
            format!("2:20 3:30 4:40{U}"),
        ),
        (
            "MERGE of_both AS x USING (VALUES (1, 0), (2, 201)) s (id, n) \
             ON x.id = s.id AND s.n IN (0, x.n) WHEN MATCHED AND s.n > 0 THEN DELETE \
             WHEN MATCHED THEN UPDATE SET n = 99;",
            format!("{same} / 99 200 500"),
        ),
        (
            "WITH c AS (SELECT t.id, u.n FROM t LEFT JOIN u ON u.k = t.k) \
             MERGE c USING (VALUES (3), (1)) s (id) ON c.id = s.id \
             WHEN MATCHED THEN UPDATE SET n = 1;",
            format!("{same} / 1 200 201 500"),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
}

#[tokio::test]
async fn output_has_the_columns_of_the_query() {
    let (_server, mut session) = seeded().await;
    check(
        &mut *session,
        &[
            ("BEGIN TRAN", ": "),
            ("WITH q AS (SELECT TOP (1) * FROM t ORDER BY id) DELETE FROM q OUTPUT deleted.*", "int!, int, int: 1|10|1"),
            ("WITH q AS (SELECT id, v, ROW_NUMBER() OVER (ORDER BY id) AS n FROM t) UPDATE q SET v = v + 1 OUTPUT inserted.v, inserted.n, deleted.v, deleted.n WHERE n < 3", "int, bigint!, int, bigint!: 21|1|20|1; 31|2|30|2"),
            ("UPDATE a SET v = 7 OUTPUT inserted.*, deleted.twice FROM of_t a JOIN u ON u.k = a.k", "int!, int, int, int, int: 2|7|2|14|42"),
            ("UPDATE of_both SET v = 1 OUTPUT inserted.id, inserted.v, deleted.n WHERE n = 100", "int!, int, int: 4|1|100"),
            ("INSERT of_t (v) OUTPUT inserted.v, inserted.twice VALUES (8)", "int, int: 8|16"),
            ("INSERT of_view (w) OUTPUT inserted.w VALUES (9)", "int: 9"),
            ("CREATE TABLE #seen (id int, v int)", ": "),
            ("UPDATE d SET b = b + 1 OUTPUT inserted.a, deleted.b INTO #seen FROM (SELECT id, v FROM t WHERE v < 9) d (a, b); SELECT * FROM #seen ORDER BY id", "int, int: 2|7; 4|1; 5|8"),
            ("MERGE of_both AS x USING (VALUES (4, 50), (9, 60)) s (id, v) ON x.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (v) VALUES (s.v) OUTPUT $action, inserted.v, deleted.v, deleted.n;", "nvarchar(10)!, int, int, int: UPDATE|50|2|100; INSERT|60|NULL|NULL"),
            ("DELETE d OUTPUT deleted.w FROM (SELECT id, v AS w FROM t) d WHERE d.id = 3", "int: 31"),
            ("DELETE t OUTPUT deleted.id FROM u LEFT JOIN t ON t.id = u.k", "int!: 2; 5"),
            ("UPDATE of_both SET v = 1 OUTPUT inserted.n", "404"),
            ("UPDATE of_both SET v = 1 OUTPUT inserted.*", "404"),
            ("WITH c AS (SELECT v, (SELECT MAX(n) FROM u) AS m FROM t) UPDATE c SET v = 1 OUTPUT inserted.m", "4186"),
            ("WITH c AS (SELECT v, (SELECT MAX(n) FROM u) AS m FROM t) DELETE c OUTPUT deleted.m", "4186"),
            ("WITH c AS (SELECT v, (SELECT MAX(n) FROM u) AS m FROM t) UPDATE c SET v = m OUTPUT inserted.v WHERE v > 50", "int: 500"),
            ("WITH c AS (SELECT v, ROW_NUMBER() OVER (ORDER BY id) AS n FROM t) INSERT c (v) OUTPUT inserted.n VALUES (1)", "40517"),
            ("UPDATE d SET v = 1 OUTPUT inserted.k FROM (SELECT id, v FROM t) d", "207"),
        ],
    )
    .await;
}

#[tokio::test]
async fn rows_must_stay_in_a_view_with_check_option() {
    let error = "The attempted insert or update failed because the target view either specifies \
                 WITH CHECK OPTION or spans a view that specifies WITH CHECK OPTION and one or \
                 more rows resulting from the operation did not qualify under the CHECK OPTION \
                 constraint.";
    let cases = [
        ("UPDATE checked SET v = v + 1", format!("1:11 2:21 3:31 4:41{U}")),
        ("UPDATE checked SET v = v * 3", error.to_owned()),
        ("INSERT checked (v) VALUES (1), (2)", format!("1:10 2:20 3:30 4:40 5:1 6:2{U}")),
        ("INSERT checked (v) VALUES (1), (100)", error.to_owned()),
        ("INSERT checked DEFAULT VALUES", error.to_owned()),
        ("INSERT over_checked (v) SELECT 100", error.to_owned()),
        (
            "WITH c AS (SELECT * FROM over_checked) UPDATE c SET v = 100 WHERE id = 1",
            error.to_owned(),
        ),
        ("DELETE checked WHERE id > 1", format!("1:10{U}")),
        ("UPDATE a SET v = 500 FROM checked a JOIN u ON u.k = a.k", error.to_owned()),
        ("UPDATE checked_both SET k = 7", error.to_owned()),
        ("UPDATE checked_both SET k = 5 WHERE id = 1", format!("1:10 2:20 3:30 4:40{U}")),
        ("INSERT checked_both (v, k) VALUES (1, 8)", error.to_owned()),
        ("INSERT checked_both (v, k) VALUES (1, 5)", format!("1:10 2:20 3:30 4:40 12:1{U}")),
        (
            "MERGE checked AS c USING (VALUES (1)) s (x) ON c.id = s.x WHEN MATCHED THEN UPDATE SET v = 300;",
            error.to_owned(),
        ),
        (
            "MERGE checked AS c USING (VALUES (1)) s (x) ON c.id = s.x WHEN MATCHED THEN DELETE \
             WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 1;",
            format!("2:1 3:1 4:1{U}"),
        ),
        ("DELETE checked_two", format!("3:30 4:40{U}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
    let top = "Cannot update the view \"checked_two\" because it or a view it references was \
               created with WITH CHECK OPTION and its definition contains a TOP or OFFSET clause.";
    refused(&[
        ("UPDATE checked SET v = 100", 550, error),
        ("UPDATE checked_two SET v = 1", 4427, top),
        ("INSERT checked_two (v) VALUES (1)", 4427, top),
    ])
    .await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_as_sql_server_does() {
    let computed = |name: &str| {
        format!(
            "Update or insert of view or function '{name}' failed because it contains a derived or constant field."
        )
    };
    let grouped = |name: &str| {
        format!(
            "Cannot update the view or function '{name}' because it contains aggregates, or a DISTINCT or GROUP BY clause, or PIVOT or UNPIVOT operator."
        )
    };
    let several = |name: &str| {
        format!(
            "View or function '{name}' is not updatable because the modification affects multiple base tables."
        )
    };
    let united = |name: &str| {
        format!("View '{name}' is not updatable because the definition contains a UNION operator.")
    };
    let derived = |why: &str| format!("Derived table 'd' is not updatable because {why}.");
    let field = "a column of the derived table is derived or constant";
    let groups =
        "it contains aggregates, or a DISTINCT or GROUP BY clause, or PIVOT or UNPIVOT operator";
    let cases = [
        ("WITH d AS (SELECT v * 2 AS w FROM t) UPDATE d SET w = 1", 4406, computed("d")),
        ("WITH d AS (SELECT 1 AS w FROM t) INSERT d VALUES (1)", 4406, computed("d")),
        ("UPDATE dbo.of_t SET twice = 1", 4406, computed("dbo.of_t")),
        ("UPDATE a SET twice = 1 FROM of_t a", 4406, computed("a")),
        ("WITH d AS (SELECT k, COUNT(*) AS c FROM t GROUP BY k) DELETE d", 4403, grouped("d")),
        (
            "WITH d AS (SELECT k, COUNT(*) AS c FROM t GROUP BY k) UPDATE d SET k = 1",
            4403,
            grouped("d"),
        ),
        (
            "WITH d AS (SELECT k, COUNT(*) AS c FROM t GROUP BY k) UPDATE d SET c = 1",
            4406,
            computed("d"),
        ),
        ("WITH d AS (SELECT DISTINCT k FROM t) DELETE d", 4403, grouped("d")),
        ("WITH d AS (SELECT MAX(k) AS k FROM t) DELETE d", 4403, grouped("d")),
        (
            "WITH d AS (SELECT * FROM t PIVOT (MAX(v) FOR k IN ([1], [2])) AS p) DELETE d",
            4403,
            grouped("d"),
        ),
        (
            "WITH d AS (SELECT id, x FROM t UNPIVOT (x FOR y IN (v, k)) AS p) DELETE d",
            4403,
            grouped("d"),
        ),
        ("UPDATE a SET k = 1 FROM of_groups a JOIN u ON u.k = a.k", 4403, grouped("a")),
        ("WITH d AS (SELECT id FROM t EXCEPT SELECT 1) UPDATE d SET id = 1", 4403, grouped("d")),
        ("WITH d AS (SELECT t.id, u.n FROM t JOIN u ON u.k = t.k) DELETE d", 4405, several("d")),
        ("WITH d AS (SELECT t.v, u.n FROM t, u) UPDATE d SET v = 1, n = 2", 4405, several("d")),
        ("WITH d AS (SELECT t.v, u.n FROM t, u) INSERT d VALUES (1, 2)", 4405, several("d")),
        ("WITH d AS (SELECT t.v, u.n FROM t, u) INSERT d DEFAULT VALUES", 4405, several("d")),
        ("DELETE x FROM of_both x JOIN u ON u.n = x.n", 4405, several("x")),
        (
            "MERGE of_both USING (VALUES (1)) s (x) ON 1 = 1 WHEN MATCHED THEN UPDATE SET v = 1, n = 1;",
            4405,
            several("of_both"),
        ),
        (
            "MERGE of_both USING (VALUES (1)) s (x) ON 1 = 0 WHEN NOT MATCHED THEN INSERT DEFAULT VALUES;",
            4405,
            several("of_both"),
        ),
        (
            "WITH d AS (SELECT v FROM t UNION ALL SELECT n FROM u) UPDATE d SET v = 1",
            4406,
            computed("d"),
        ),
        ("WITH d AS (SELECT v FROM t UNION SELECT n FROM u) DELETE d", 4426, united("d")),
        ("DELETE over_union", 4426, united("over_union")),
        ("UPDATE over_union SET v = 1", 4406, computed("of_union")),
        ("UPDATE dbo.of_union SET v = 1", 4406, computed("dbo.of_union")),
        (
            "WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) DELETE r",
            4426,
            united("r"),
        ),
        (
            "WITH d AS (SELECT t.v FROM t JOIN u ON u.k = t.k UNION ALL SELECT n FROM u) DELETE d",
            4405,
            several("d"),
        ),
        ("UPDATE d SET q = 1 FROM (SELECT v + 1 AS q FROM t) d", 4421, derived(field)),
        ("UPDATE d SET v = 1 FROM (SELECT v FROM t UNION SELECT n FROM u) d", 4421, derived(field)),
        ("UPDATE d SET a = 1 FROM (VALUES (1)) d (a)", 4421, derived(field)),
        ("UPDATE d SET value = 'x' FROM STRING_SPLIT('a,b', ',') d", 4421, derived(field)),
        ("DELETE d FROM (VALUES (1)) d (a)", 4406, computed("d")),
        ("DELETE d FROM (SELECT DISTINCT id FROM t) d", 4418, derived(groups)),
        (
            "DELETE d FROM (SELECT v FROM t UNION SELECT n FROM u) d",
            4417,
            derived("the definition contains a UNION operator"),
        ),
        (
            "UPDATE d SET v = 1, n = 2 FROM (SELECT t.v, u.n FROM t, u) d",
            4420,
            derived("the modification affects multiple base tables"),
        ),
        ("DELETE d FROM (SELECT t.v, u.n FROM t, u) d", 4405, several("d")),
        (
            "WITH d AS (SELECT name FROM sys.objects) DELETE d",
            259,
            "Ad hoc updates to system catalogs are not allowed ('sys.objects').".to_owned(),
        ),
        (
            "UPDATE d SET name = 'x' FROM sys.objects d",
            259,
            "Ad hoc updates to system catalogs are not allowed ('sys.objects').".to_owned(),
        ),
        (
            "WITH d AS (SELECT id, v FROM t) UPDATE d SET id = 1",
            8102,
            "Cannot update identity column 'id'.".to_owned(),
        ),
        (
            "WITH d AS (SELECT v FROM t) UPDATE d SET k = 1",
            207,
            "Invalid column name 'k'.".to_owned(),
        ),
        (
            "WITH t AS (SELECT v FROM t) DELETE t",
            252,
            "Recursive common table expression 't' does not contain a top-level UNION ALL operator."
                .to_owned(),
        ),
        ("WITH d AS (SELECT v AS a, v AS b FROM t) UPDATE d SET a = 1, b = 2", 264, "The column name 'v' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once.".to_owned()),
    ];
    let cases: Vec<_> =
        cases.iter().map(|(sql, number, text)| (*sql, *number, text.as_str())).collect();
    refused(&cases).await;
}

#[tokio::test]
async fn variables_and_table_variables() {
    let (_server, mut session) = seeded().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE #q (id int, v int); INSERT #q VALUES (1, 1), (2, 2), (3, 3)", ": "),
            ("WITH c AS (SELECT * FROM #q WHERE id > 1) DELETE c; SELECT id FROM #q", "int: 1"),
            ("UPDATE x SET v = 5 FROM #q AS x; SELECT v FROM #q", "int: 5"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_target_may_be_named_by_its_table_beside_an_alias() {
    let cases = [
        (
            "UPDATE t SET v = x.v + u.n FROM t AS x JOIN u ON u.k = x.k AND u.n < 201",
            "1:110 2:220 3:30 4:140",
        ),
        ("UPDATE dbo.t SET v = v + 1 FROM t AS x WHERE x.id = 1", "1:11 2:20 3:30 4:40"),
        ("DELETE FROM t FROM t AS x JOIN u ON u.k = x.k", "3:30"),
        ("DELETE of_t FROM dbo.of_t AS x WHERE x.twice = 40", "1:10 3:30 4:40"),
        (
            "WITH c AS (SELECT id, v FROM t) UPDATE c SET v = 0 FROM c AS x WHERE x.id = 1",
            "1:0 2:20 3:30 4:40",
        ),
        // Its own name is the one without an alias.
        ("UPDATE t SET v = x.v FROM t JOIN t AS x ON x.id = t.id + 1", "1:20 2:30 3:40 4:40"),
    ];
    let cases = cases.map(|(sql, expected)| (sql, format!("{expected}{U}")));
    let cases: Vec<_> = cases.iter().map(|(sql, expected)| (*sql, expected.as_str())).collect();
    changes(&cases).await;
    refused(&[
        (
            "UPDATE t SET v = 1 FROM t AS x JOIN t AS y ON y.id = x.id",
            8154,
            "The table 't' is ambiguous.",
        ),
        ("DELETE dbo.t FROM t AS x, t AS y", 8154, "The table 'dbo.t' is ambiguous."),
        ("UPDATE nosuch SET v = 1 FROM t AS x", 208, "Invalid object name 'nosuch'."),
    ])
    .await;
}
