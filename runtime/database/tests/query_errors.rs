//! What a query can't say, by SQL Server's numbers: the "Database engine events and errors" pages,
//! and the pages of the clauses that are named.

use crate::support::{Server, check, run};

const TABLES: &str = "CREATE TABLE s (id int NOT NULL, city varchar(10), n int)
    INSERT s VALUES (1, 'Bern', 3), (2, 'Bern', 4), (3, 'Zug', 10)";

async fn refused(cases: &[(&str, &str)]) {
    let server = Server::new();
    let mut session = server.session().await;
    if let Err(error) = run(&mut *session, TABLES).await {
        panic!("{error:?}");
    }
    check(&mut *session, cases).await;
}

/// "SELECT - OVER clause (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn windows() {
    refused(&[
        ("SELECT ROW_NUMBER() FROM s", "10753"),
        ("SELECT ROW_NUMBER() OVER () FROM s", "4112"),
        ("SELECT NTILE(2) OVER (PARTITION BY city) FROM s", "4112"),
        ("SELECT LAG(n) OVER () FROM s", "4112"),
        ("SELECT LAST_VALUE(n) OVER (PARTITION BY city) FROM s", "4112"),
        ("SELECT RANK() OVER (ORDER BY 1) FROM s", "5308"),
        ("SELECT RANK() OVER (ORDER BY 1 + 1) FROM s", "5308"),
        ("SELECT RANK() OVER (ORDER BY 'x') FROM s", "5309"),
        ("SELECT RANK() OVER (ORDER BY -1) FROM s", "5309"),
        ("SELECT STRING_AGG(city, ',') WITHIN GROUP (ORDER BY 1) FROM s", "5308"),
        ("SELECT ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) FROM s WHERE id = 1", "bigint!: 1"),
        ("SELECT SUM(n) OVER (ORDER BY id RANGE 1 PRECEDING) FROM s", "4194"),
        (
            "SELECT SUM(n) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM s",
            "4193",
        ),
        (
            "SELECT SUM(n) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM s",
            "4193",
        ),
        ("SELECT SUM(n) OVER (ROWS UNBOUNDED PRECEDING) FROM s", "10756"),
        ("SELECT LAG(n) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM s", "10752"),
        ("SELECT RANK() OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM s", "10752"),
        ("SELECT SUM(n) WITHIN GROUP (ORDER BY id) FROM s", "10757"),
        (
            "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n) OVER (ORDER BY id) FROM s",
            "10758",
        ),
        ("SELECT COUNT(DISTINCT n) OVER () FROM s", "10759"),
        ("SELECT STRING_AGG(city, ',') OVER () FROM s", "4113"),
        ("SELECT id FROM s WHERE ROW_NUMBER() OVER (ORDER BY id) = 1", "4108"),
        ("SELECT SUM(ROW_NUMBER() OVER (ORDER BY id)) FROM s", "4109"),
        ("SELECT SUM(ROW_NUMBER() OVER (ORDER BY id)) OVER () FROM s", "4109"),
        ("SELECT RANK() OVER (ORDER BY ROW_NUMBER() OVER (ORDER BY id)) FROM s", "4109"),
        ("SELECT LAG(n, -1) OVER (ORDER BY id) FROM s", "8730"),
        ("SELECT LAG(n, 0 - id) OVER (ORDER BY id) FROM s", "8730"),
        ("SELECT SUM(SUM(n)) OVER (ORDER BY city) FROM s GROUP BY city", "int: 7; 17"),
        (
            "SELECT RANK() OVER (ORDER BY SUM(n) DESC) FROM s GROUP BY city ORDER BY 1",
            "bigint!: 1; 2",
        ),
    ])
    .await;
}

/// "SELECT - ORDER BY clause", "SELECT - GROUP BY", "SELECT - HAVING"
#[tokio::test(flavor = "multi_thread")]
async fn orders_and_groups() {
    refused(&[
        ("SELECT id FROM s ORDER BY 'x'", "408"),
        ("SELECT id FROM s ORDER BY 1 + 1", "408"),
        ("SELECT id FROM s ORDER BY id, NULL", "408"),
        ("SELECT id FROM s ORDER BY (SELECT 1)", "int!: 1; 2; 3"),
        ("SELECT city, n FROM s GROUP BY city", "8120"),
        ("SELECT city FROM s GROUP BY city HAVING n > 1", "8121"),
        ("SELECT city FROM s GROUP BY city ORDER BY n", "8127"),
        ("SELECT city FROM s GROUP BY city ORDER BY SUM(n) DESC", "varchar(10): Zug; Bern"),
    ])
    .await;
}

/// "TOP (Transact-SQL)", and OFFSET and FETCH of "SELECT - ORDER BY clause"
#[tokio::test(flavor = "multi_thread")]
async fn counts_of_rows() {
    refused(&[
        ("SELECT TOP (-1) id FROM s", "127"),
        ("SELECT TOP (SELECT -1) id FROM s", "1014"),
        ("SELECT TOP (SELECT 2) id FROM s", "int!: 1; 2"),
        ("DELETE TOP (SELECT -1) FROM s", "1014"),
        ("SELECT TOP (1.5) id FROM s", "1060"),
        ("SELECT TOP (101) PERCENT id FROM s", "1031"),
        ("SELECT id FROM s ORDER BY id OFFSET -1 ROWS", "10742"),
        ("SELECT id FROM s ORDER BY id OFFSET (SELECT -1) ROWS", "10742"),
        ("SELECT id FROM s ORDER BY id OFFSET 1.5 ROWS", "10743"),
        ("SELECT id FROM s ORDER BY id OFFSET 0 ROWS FETCH NEXT 0 ROWS ONLY", "10744"),
        ("SELECT id FROM s ORDER BY id OFFSET 0 ROWS FETCH NEXT -1 ROWS ONLY", "10744"),
        ("SELECT id FROM s ORDER BY id OFFSET 0 ROWS FETCH NEXT (SELECT 0) ROWS ONLY", "10744"),
        ("SELECT id FROM s ORDER BY id OFFSET 0 ROWS FETCH NEXT 1.5 ROWS ONLY", "1060"),
    ])
    .await;
}

/// "WITH common_table_expression (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn recursion() {
    refused(&[
        ("WITH r AS (SELECT 1 AS n UNION SELECT n + 1 FROM r) SELECT n FROM r", "252"),
        ("WITH r AS (SELECT n FROM r) SELECT n FROM r", "252"),
        (
            "WITH r AS (SELECT 1 AS n UNION ALL SELECT a.n FROM r AS a JOIN r AS b ON a.n = b.n)
             SELECT n FROM r",
            "253",
        ),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT DISTINCT n + 1 FROM r) SELECT n FROM r", "460"),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT TOP 1 n + 1 FROM r) SELECT n FROM r", "461"),
        (
            "WITH r AS (SELECT 1 AS n UNION ALL SELECT r.n FROM r LEFT JOIN s ON s.id = r.n)
             SELECT n FROM r",
            "462",
        ),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT MAX(n) FROM r) SELECT n FROM r", "467"),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT n FROM r GROUP BY n) SELECT n FROM r", "467"),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT 1.5 FROM r) SELECT n FROM r", "240"),
        (
            "WITH r AS (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT n + 2 FROM r WHERE n < 4)
             SELECT COUNT(*) FROM r",
            "int!: 5",
        ),
    ])
    .await;
}

/// "CREATE FUNCTION (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_functions() {
    let bodies = [
        ("DELETE s RETURN 1", "443"),
        ("IF 1 = 1 INSERT s (id) VALUES (9) RETURN 1", "443"),
        ("PRINT 'x' RETURN 1", "443"),
        ("EXEC ('x') RETURN 1", "443"),
        ("BEGIN TRY RETURN 1 END TRY BEGIN CATCH RETURN 2 END CATCH RETURN 3", "443"),
        ("SELECT id FROM s RETURN 1", "444"),
        ("IF 1 = 1 RETURN 1", "455"),
        ("DECLARE @n int = 1", "455"),
        ("DECLARE @n int SELECT @n = MAX(n) FROM s RETURN @n", ": "),
    ];
    let texts: Vec<String> = bodies
        .iter()
        .map(|(body, _)| format!("CREATE FUNCTION dbo.f () RETURNS int AS BEGIN {body} END"))
        .collect();
    let cases: Vec<(&str, &str)> =
        texts.iter().zip(bodies).map(|(text, (_, expected))| (text.as_str(), expected)).collect();
    refused(&cases).await;
}

/// The operands' own types are named, not the one that they are converted to.
#[tokio::test(flavor = "multi_thread")]
async fn modulo_of_float() {
    let server = Server::new();
    let mut session = server.session().await;
    let error = run(&mut *session, "SELECT 5e0 % 2").await.err().map(|error| error.0.text);
    let expected = "The data types float and int are incompatible in the modulo operator.";
    assert_eq!(error.as_deref(), Some(expected));
}
