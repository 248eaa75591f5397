//! Functions that return rows, APPLY, and JSON.

use crate::support::{Server, check};

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_split() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT value FROM STRING_SPLIT('a,b,,c', ',')", "varchar(6): a; b; ; c"),
            ("SELECT s.value + '!', ordinal FROM STRING_SPLIT(N'x y', ' ', 1) s ORDER BY s.ordinal DESC",
             "nvarchar(4), bigint: y!|2; x!|1"),
            ("SELECT * FROM STRING_SPLIT(NULL, ',')", "nvarchar(max): "),
            ("SELECT value FROM STRING_SPLIT('ab', '::')", "214"),
            ("CREATE TABLE t (id int, tags varchar(20)) INSERT t VALUES (1, 'a,b'), (2, NULL), (3, 'c')", ": "),
            ("SELECT id, value FROM t CROSS APPLY STRING_SPLIT(tags, ',') ORDER BY id, value", "int, varchar(20): 1|a; 1|b; 3|c"),
            ("SELECT t.id, s.value FROM t OUTER APPLY STRING_SPLIT(t.tags, ',') AS s WHERE t.id > 1", "int, varchar(20): 2|NULL; 3|c"),
            ("SELECT COUNT(*), s.v FROM t CROSS APPLY STRING_SPLIT(tags, ',') s (v) GROUP BY s.v HAVING s.v < 'c'", "int!, varchar(20): 1|a; 1|b"),
            ("SELECT id FROM t WHERE 'b' IN (SELECT value FROM STRING_SPLIT(tags, ','))", "int: 1"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_read() {
    let server = Server::new();
    let mut session = server.session().await;
    let text =
        r#"N'{"name": "Ann", "info": {"age": 33, "tags": ["x", "y"]}, "ok": true, "none": null}'"#;
    let cases = [
        (format!("SELECT ISJSON({text}), ISJSON('{{x}}'), ISJSON('5'), ISJSON(NULL)"), "int!, int!, int!, int: 1|0|0|NULL"),
        (format!("SELECT JSON_VALUE({text}, '$.name'), JSON_VALUE({text}, '$.info.tags[1]'), JSON_VALUE({text}, '$.info')"), "nvarchar(4000), nvarchar(4000), nvarchar(4000): Ann|y|NULL"),
        (format!("SELECT JSON_VALUE({text}, 'strict $.info')"), "13623"),
        (format!("SELECT JSON_VALUE({text}, 'strict $.nothing')"), "13608"),
        (format!("SELECT JSON_QUERY({text}, '$.info.tags'), JSON_QUERY({text}, '$.name')"), "nvarchar(max), nvarchar(max): [\"x\", \"y\"]|NULL"),
        ("SELECT JSON_VALUE('nothing', '$.a')".into(), "13609"),
        ("SELECT JSON_VALUE('{}', 'a')".into(), "13607"),
        (format!("SELECT [key], value, type FROM OPENJSON({text})"),
         "nvarchar(4000), nvarchar(max), int: name|Ann|1; info|{\"age\": 33, \"tags\": [\"x\", \"y\"]}|5; ok|true|3; none|NULL|0"),
        (format!("SELECT [key], value FROM OPENJSON({text}, '$.info.tags')"), "nvarchar(4000), nvarchar(max): 0|x; 1|y"),
        ("SELECT * FROM OPENJSON('[{\"id\": 1, \"p\": {\"w\": 1.5}, \"t\": [1]}, {\"id\": \"2\", \"d\": \"2024-02-29\"}]')
          WITH (id int, w float '$.p.w', d date, t nvarchar(max) AS JSON)".into(),
         "int, float, date, nvarchar(max): 1|1.5|NULL|[1]; 2|NULL|19782|NULL"),
        ("SELECT id FROM OPENJSON('[{\"id\": \"x\"}]') WITH (id int)".into(), "245"),
        ("SELECT o.id, i.value FROM OPENJSON('[{\"id\": 1, \"v\": [4, 5]}]') WITH (id int, v nvarchar(max) AS JSON) o
          CROSS APPLY OPENJSON(o.v) i".into(), "int, nvarchar(max): 1|4; 1|5"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (&**a, *b)).collect();
    check(&mut *session, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_applied() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE c (id int, name varchar(5)) INSERT c VALUES (1, 'a'), (2, 'b'), (3, 'c')", ": "),
            ("CREATE TABLE o (id int, c int, v int) INSERT o VALUES (1, 1, 10), (2, 1, 30), (3, 2, 20)", ": "),
            ("SELECT c.name, x.v, x.k FROM c CROSS APPLY (SELECT v, 'k' AS k FROM o WHERE o.c = c.id) x ORDER BY x.v",
             "varchar(5), int, varchar(1)!: a|10|k; b|20|k; a|30|k"),
            ("SELECT c.name, x.v, x.k FROM c OUTER APPLY (SELECT v, 'k' AS k FROM o WHERE o.c = c.id) x ORDER BY c.id, x.v",
             "varchar(5), int, varchar(1): a|10|k; a|30|k; b|20|k; c|NULL|NULL"),
            ("SELECT name, m, n FROM c CROSS APPLY (SELECT MAX(v) AS m, COUNT(*) AS n FROM o WHERE o.c = c.id) x ORDER BY n DESC, name",
             "varchar(5), int, int: a|30|2; b|20|1; c|NULL|0"),
            ("SELECT name, v, oid FROM c CROSS APPLY (SELECT TOP (1) v, id AS oid FROM o WHERE o.c = c.id ORDER BY v DESC) x ORDER BY name",
             "varchar(5), int, int: a|30|2; b|20|3"),
            ("SELECT name, v FROM c OUTER APPLY (SELECT TOP 1 v FROM o WHERE o.c = c.id ORDER BY 1) x ORDER BY name",
             "varchar(5), int: a|10; b|20; c|NULL"),
            ("SELECT name FROM c CROSS APPLY (SELECT TOP 2 v FROM o WHERE o.c = c.id ORDER BY v) x", "varchar(5): a; a; b"),
            ("SELECT c.id, y.twice, z.four FROM c CROSS APPLY (SELECT c.id * 2 AS twice) y CROSS APPLY (SELECT y.twice * 2 AS four) z WHERE z.four > 4 ORDER BY 1",
             "int, int, int: 2|4|8; 3|6|12"),
            ("SELECT COUNT(*) FROM c CROSS APPLY (SELECT TOP 2 id FROM o ORDER BY id) x", "int!: 6"),
            ("CREATE FUNCTION orders (@c int) RETURNS TABLE AS RETURN SELECT v FROM o WHERE c = @c", ": "),
            ("SELECT name, f.v FROM c CROSS APPLY dbo.orders(c.id) f ORDER BY f.v", "varchar(5), int: a|10; b|20; a|30"),
            ("SELECT name, f.v FROM c OUTER APPLY dbo.orders(c.id + 1) f ORDER BY name, f.v", "varchar(5), int: a|20; b|NULL; c|NULL"),
            ("SELECT l.id, x.k FROM c l LEFT JOIN (c r CROSS APPLY (SELECT 'k' AS k) x) ON r.id = l.id AND l.id > 2 ORDER BY l.id",
             "int, varchar(1): 1|NULL; 2|NULL; 3|k"),
            ("SELECT l.id, x.k FROM c l LEFT JOIN (c r CROSS APPLY (SELECT r.name + 'k' AS k) x) ON r.id = l.id AND l.id > 2 ORDER BY l.id",
             "int, varchar(6): 1|NULL; 2|NULL; 3|ck"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_taken() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i INTO t FROM n OPTION (MAXRECURSION 0)", ": "),
            ("SELECT COUNT(*) FROM t TABLESAMPLE (100 PERCENT)", "int!: 2000"),
            ("SELECT COUNT(*) FROM t TABLESAMPLE (0 PERCENT)", "int!: 0"),
            ("SELECT COUNT(*) FROM dbo.t TABLESAMPLE (50 ROWS) WHERE t.i > 0", "int!: 50"),
            ("SELECT IIF(COUNT(*) BETWEEN 1200 AND 1600, 1, 0) FROM t x TABLESAMPLE (70 PERCENT) REPEATABLE (98052)", "int!: 1"),
            ("SELECT COUNT(*) FROM (SELECT i FROM t TABLESAMPLE (70 PERCENT) REPEATABLE (98052)
              EXCEPT SELECT i FROM t TABLESAMPLE (70 PERCENT) REPEATABLE (98052)) d", "int!: 0"),
            ("SELECT i FROM t TABLESAMPLE (101 PERCENT)", "476"),
        ],
    )
    .await;
}
