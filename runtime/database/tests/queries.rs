//! Queries: joins, groups, sets, windows, and the types of their columns.

use std::collections::BTreeMap;

use crate::support::{Server, check, line, run, run_with};
use launchpod_database::Variable;
use launchpod_types::{SqlType, Value};

async fn sales() -> (Server, Box<dyn launchpod_database::Session>) {
    let server = Server::new();
    let mut session = server.session().await;
    run(
        &mut *session,
        "CREATE TABLE s (id int NOT NULL, city varchar(10), n int, price money, d decimal(9,2))
         INSERT s VALUES (1, 'Bern', 3, 1.5, 1.25), (2, 'bern ', 4, 2, 2.5),
                         (3, 'Zug', 10, 3, 0), (4, NULL, NULL, NULL, NULL)
         CREATE TABLE c (city varchar(10), country nchar(2))
         INSERT c VALUES ('BERN', N'CH'), ('Rom', N'IT')",
    )
    .await
    .unwrap();
    (server, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn grouping() {
    let (_server, mut session) = sales().await;
    check(
        &mut *session,
        &[
            ("SELECT COUNT(*), COUNT(n), COUNT(DISTINCT city), COUNT_BIG(*) FROM s",
             "int!, int!, int!, bigint!: 4|3|2|4"),
            ("SELECT SUM(n), AVG(n), MIN(n), MAX(city) FROM s", "int, int, int, varchar(10): 17|5|3|Zug"),
            ("SELECT SUM(price), AVG(price), SUM(d), AVG(d) FROM s",
             "money, money, decimal(38,2), decimal(38,6): 6.5000|2.1666|3.75|1.250000"),
            ("SELECT STDEV(n), VARP(n) FROM s WHERE id < 3", "float, float: 0.7071067811865476|0.25"),
            ("SELECT SUM(n) FROM s WHERE 1 = 0", "int: NULL"),
            ("SELECT COUNT(*) FROM s GROUP BY city ORDER BY 1 DESC", "int!: 2; 1; 1"),
            ("SELECT UPPER(city), SUM(n) AS total FROM s GROUP BY UPPER(city) HAVING SUM(n) > 7 ORDER BY total",
             "varchar(10), int: ZUG|10"),
            ("SELECT city FROM s GROUP BY id", "8120"),
            ("SELECT city, COUNT(*) FROM s", "8120"),
            ("SELECT 1 FROM s WHERE COUNT(*) > 1", "147"),
            ("SELECT SUM(COUNT(*)) FROM s", "130"),
            ("SELECT SUM(2000000000) FROM s", "8115"),
            ("SELECT SUM(city) FROM s", "8117"),
            ("SELECT ROW_NUMBER() OVER (ORDER BY id DESC), SUM(n) OVER (PARTITION BY city ORDER BY id) FROM s WHERE id < 4 ORDER BY id",
             "bigint!, int: 3|3; 2|7; 1|10"),
            ("SELECT SUM(d) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), LAG(n) OVER (ORDER BY id) FROM s WHERE id < 4",
             "decimal(38,2), int: 1.25|NULL; 3.75|3; 2.50|4"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_and_combining() {
    let (_server, mut session) = sales().await;
    check(
        &mut *session,
        &[
            ("SELECT s.id, c.country FROM s JOIN c ON s.city = c.city", "int!, nchar(2): 1|CH; 2|CH"),
            ("SELECT s.id, c.city FROM s FULL JOIN c ON s.city = c.city WHERE s.id IS NULL OR s.id > 2",
             "int, varchar(10): 3|NULL; 4|NULL; NULL|Rom"),
            ("SELECT x.id FROM s x RIGHT OUTER JOIN (c JOIN c AS d ON c.city = d.city) ON x.city = d.city WHERE c.country = 'CH'",
             "int: 1; 2"),
            ("SELECT TOP 2 id FROM s ORDER BY id DESC", "int!: 4; 3"),
            ("SELECT TOP (1 + 1) id AS x FROM s ORDER BY x", "int!: 1; 2"),
            ("SELECT id FROM s ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", "int!: 2; 3"),
            ("SELECT TOP (-1) id FROM s", "127"),
            ("SELECT id FROM s ORDER BY id OFFSET -1 ROWS", "10742"),
            ("SELECT DISTINCT city FROM s ORDER BY city", "varchar(10): NULL; Bern; Zug"),
            ("SELECT DISTINCT city FROM s ORDER BY n", "145"),
            ("SELECT UPPER(city) AS city FROM s UNION SELECT UPPER(city) FROM c ORDER BY city DESC",
             "varchar(10): ZUG; ROM; BERN; NULL"),
            ("SELECT 1 UNION ALL SELECT 2.5", "decimal(11,1)!: 1.0; 2.5"),
            ("SELECT NULL UNION ALL SELECT 'x'", "varchar(1): NULL; x"),
            ("SELECT 1, 2 UNION SELECT 3", "205"),
            ("SELECT id FROM s EXCEPT SELECT 1 INTERSECT SELECT 1", "int!: 2; 3; 4"),
            ("SELECT t.a + 1 FROM (SELECT n AS a FROM s) t WHERE a > 3", "int: 5; 11"),
            ("SELECT * FROM (SELECT n + 1 FROM s) t", "8155"),
            ("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v (x, y)", "int!, varchar(1): 1|a; 2|NULL"),
            ("WITH x (a) AS (SELECT id FROM s), y AS (SELECT a FROM x WHERE a > 2) SELECT * FROM y",
             "int!: 3; 4"),
            ("WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT n FROM r",
             "int: 1; 2; 3; 4"),
            ("SELECT id, (SELECT country FROM c WHERE c.city = s.city) FROM s WHERE id = 2",
             "int!, nchar(2): 2|CH"),
            ("SELECT id FROM s WHERE EXISTS (SELECT * FROM c WHERE c.city = s.city)", "int!: 1; 2"),
            ("SELECT id FROM s WHERE city NOT IN (SELECT city FROM c)", "int!: 3"),
            ("SELECT id FROM s ORDER BY 2", "108"),
            ("SELECT id AS a, n AS a FROM s ORDER BY a", "209"),
            ("SELECT *", "263"),
            ("SELECT x.* FROM s", "107"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_typed() {
    let (_server, mut session) = sales().await;
    let mut variables = BTreeMap::new();
    let number = Variable { sql_type: SqlType::SmallInt, value: Value::Int(3) };
    variables.insert("@n".to_owned(), number);
    variables.insert("@x".to_owned(), Variable { sql_type: SqlType::Date, value: Value::Null });
    let trancount = Variable { sql_type: SqlType::Int, value: Value::Int(2) };
    variables.insert("@@trancount".to_owned(), trancount);
    for (sql, expected) in [
        ("SELECT @N, @x, @@TRANCOUNT", "smallint, date, int: 3|NULL|2"),
        ("SELECT id FROM s WHERE n = @n", "int!: 1"),
        ("SELECT @n = id, @x = NULL FROM s WHERE id = 2", "int!, int: 2|NULL"),
        ("SELECT 1.0 / @n", "decimal(8,7): 0.3333333"),
        ("SELECT TOP (@n) id FROM s", "int!: 1; 2; 3"),
    ] {
        let output = run_with(&mut *session, sql, &variables).await.unwrap();
        assert_eq!(line(&output), expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_columns_are_as_declared() {
    let (_server, mut session) = sales().await;
    let output = run(&mut *session, "SELECT ID, s.CITY, n AS [N x], n + 1 FROM s").await.unwrap();
    let names: Vec<&str> = output.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "city", "N x", ""]);
    assert_eq!(output.affected, Some(4));
}

// The query of the tutorial "Python: categorize customers with k-means clustering", shortened.
#[tokio::test(flavor = "multi_thread")]
async fn a_tutorials_query_runs() {
    let server = Server::new();
    let mut session = server.session().await;
    run(
        &mut *session,
        "CREATE TABLE [dbo].[store_sales] ([ss_customer_sk] int NULL, ss_item_sk int, \
         ss_ticket_number bigint, ss_net_paid decimal(7,2),) ON [PRIMARY]
         CREATE TABLE store_returns (sr_customer_sk int, sr_ticket_number bigint, \
         sr_return_amt numeric(7,2))
         INSERT store_sales VALUES (1, 10, 100, 5.5), (1, 11, 100, 4.5), (1, 12, 101, 1), (2, 10, 102, 3)
         INSERT store_returns VALUES (1, 100, 4.5)",
    )
    .await
    .unwrap();
    let sql = "SELECT ss_customer_sk AS customer,
        ROUND(CASE WHEN ((orders_count = 0) OR (returns_count IS NULL) OR (orders_count IS NULL)
            OR ((returns_count / orders_count) IS NULL)) THEN 0.0
            ELSE (cast(returns_count as nchar(10)) / orders_count) END, 7) AS orderRatio,
        ROUND(CASE WHEN orders_money = 0 OR returns_money IS NULL THEN 0.0
            ELSE (cast(returns_money as float) / orders_money) END, 7) AS monetaryRatio,
        COALESCE(returns_count, 0) AS frequency
      FROM (SELECT ss_customer_sk, COUNT(distinct(ss_ticket_number)) AS orders_count,
                   SUM(ss_net_paid) AS orders_money
            FROM store_sales s GROUP BY ss_customer_sk) orders
      LEFT OUTER JOIN (SELECT sr_customer_sk, count(distinct(sr_ticket_number)) as returns_count,
                   SUM(sr_return_amt) AS returns_money
            FROM store_returns GROUP BY sr_customer_sk) returned
      ON ss_customer_sk = sr_customer_sk ORDER BY customer";
    let expected = "int, decimal(11,1), float, int!: 1|0.0|0.4090909|1; 2|0.0|0|0";
    assert_eq!(line(&run(&mut *session, sql).await.unwrap()), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn top_by_share_and_with_ties() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int, b varchar(5)) INSERT t VALUES (1, 'x'), (2, 'y'), (2, 'Z'), (3, 'z'), (5, NULL)", ": "),
            ("SELECT TOP (2) WITH TIES a FROM t ORDER BY a", "int: 1; 2; 2"),
            ("SELECT TOP (1) WITH TIES a, b FROM t ORDER BY b DESC", "int, varchar(5): 2|Z; 3|z"),
            ("SELECT TOP (1) WITH TIES a FROM t", "1062"),
            ("SELECT TOP 41 PERCENT a FROM t ORDER BY 1 DESC", "int: 5; 3; 2"),
            ("SELECT TOP (40) PERCENT a FROM t ORDER BY a", "int: 1; 2"),
            ("SELECT COUNT(*) FROM (SELECT TOP 100 PERCENT b FROM t ORDER BY a) x", "int!: 5"),
            ("SELECT TOP (1) WITH TIES a, COUNT(*) FROM t GROUP BY a ORDER BY COUNT(*) DESC", "int, int!: 2|2"),
            ("SELECT TOP (1) WITH TIES a FROM t ORDER BY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b)", "int: 1; 2; 3; 5"),
        ],
    )
    .await;
}

/// "ntext, text, and image" and "xml": they are compared by LIKE and IS NULL alone.
#[tokio::test(flavor = "multi_thread")]
async fn old_long_types_are_not_compared() {
    let (_server, mut session) = sales().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE l (t text, i image, x xml) INSERT l VALUES ('b', 0x01, '<a/>')", ": "),
            ("SELECT DISTINCT t FROM l", "421"),
            ("SELECT DISTINCT x FROM l", "421"),
            ("SELECT t FROM l ORDER BY t", "306"),
            ("SELECT 1 FROM l ORDER BY i", "306"),
            ("SELECT x FROM l ORDER BY 1", "305"),
            ("SELECT t FROM l WHERE t LIKE 'b%' AND i IS NOT NULL ORDER BY CAST(t AS varchar(9))", "text: b"),
        ],
    )
    .await;
}

/// "ORDER BY clause": invalid in what a query holds, unless it chooses rows there.
#[tokio::test(flavor = "multi_thread")]
async fn queries_within_queries_have_no_order() {
    let (_server, mut session) = sales().await;
    check(
        &mut *session,
        &[
            ("SELECT COUNT(*) FROM (SELECT n FROM s ORDER BY n) AS q", "1033"),
            ("WITH q AS (SELECT n FROM s ORDER BY n) SELECT COUNT(*) FROM q", "1033"),
            ("SELECT (SELECT n FROM s WHERE id = 1 ORDER BY n)", "1033"),
            ("SELECT 1 WHERE EXISTS (SELECT n FROM s ORDER BY n)", "1033"),
            ("SELECT 1 WHERE 3 IN (SELECT n FROM s ORDER BY n)", "1033"),
            ("SELECT x.n FROM c CROSS APPLY (SELECT n FROM s ORDER BY n) AS x", "1033"),
            ("SELECT COUNT(*) FROM (SELECT TOP 2 n FROM s ORDER BY n) AS q", "int!: 2"),
            ("SELECT COUNT(*) FROM (SELECT n FROM s ORDER BY n OFFSET 1 ROW) AS q", "int!: 3"),
            (
                "SELECT (SELECT n FROM s WHERE id < 3 ORDER BY n DESC FOR JSON PATH) AS j",
                r#"nvarchar(max): [{"n":4},{"n":3}]"#,
            ),
            ("SELECT NULLIF(NULL, 1)", "4151"),
        ],
    )
    .await;
}
