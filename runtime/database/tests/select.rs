//! Further forms of SELECT: row by row assignment, FOR JSON, grouping sets, APPLY, ANY and ALL.

use std::collections::BTreeMap;

use crate::support::{Server, check, run, run_with};
use launchpod_database::{Session, Variable};
use launchpod_types::{Length, SqlType, Value};

async fn orders() -> (Server, Box<dyn Session>) {
    let server = Server::new();
    let mut session = server.session().await;
    run(
        &mut *session,
        "CREATE TABLE c (id int NOT NULL, name varchar(10), area varchar(5))
         INSERT c VALUES (1, 'Ann', 'N'), (2, 'Bob', 'S'), (3, 'Cy', 'N')
         CREATE TABLE o (id int, c int, item nvarchar(10), n int, price decimal(9,2))
         INSERT o VALUES (10, 1, N'tea', 2, 1.5), (11, 1, N'cup', 1, 4), (12, 2, N'tea', 5, 1.4),
                         (13, 1, N'pot', 1, 9), (14, 2, NULL, NULL, NULL)",
    )
    .await
    .unwrap();
    (server, session)
}

/// The last row that a SELECT of assignments gives, which is what the variables become.
async fn assigned(sql: &str) -> String {
    let (_server, mut session) = orders().await;
    let mut variables = BTreeMap::new();
    let text = SqlType::VarChar(Length::Limited(20));
    variables.insert("@s".to_owned(), Variable { sql_type: text, value: "".into() });
    variables.insert("@null".to_owned(), Variable { sql_type: text, value: Value::Null });
    for name in ["@a", "@b"] {
        let variable = Variable { sql_type: SqlType::Int, value: Value::Int(0) };
        variables.insert(name.to_owned(), variable);
    }
    match run_with(&mut *session, sql, &variables).await {
        Ok(output) => {
            let types: Vec<_> = output.columns.iter().map(|c| c.sql_type.to_string()).collect();
            let last = output.rows.last().map_or("none".to_owned(), |row| row.join("|"));
            format!("{}: {last} of {}", types.join(", "), output.affected.unwrap())
        }
        Err(error) => format!("{}", error.number()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_assigned_row_by_row() {
    for (sql, expected) in [
        ("SELECT @s = @s + name FROM c", "varchar(20): AnnBobCy of 3"),
        ("SELECT @s = @s + name FROM c ORDER BY id DESC", "varchar(20): CyBobAnn of 3"),
        ("SELECT TOP 2 @s += name + ',' FROM c ORDER BY name DESC", "varchar(20): Cy,Bob, of 2"),
        (
            "SELECT @null = COALESCE(@null + ', ', '') + name FROM c",
            "varchar(20): Ann, Bob, Cy of 3",
        ),
        (
            "SELECT @null = ISNULL(@null + ';' + name, name) FROM c ORDER BY LEN(name), name",
            "varchar(20): Cy;Ann;Bob of 3",
        ),
        ("SELECT @s = @s + item FROM o ORDER BY id", "varchar(20): NULL of 5"),
        (
            "SELECT @a = @a + n, @b = @b + @a FROM o WHERE n IS NOT NULL ORDER BY id",
            "int, int: 9|22 of 4",
        ),
        ("SELECT @a = 5, @b = @a + 1", "int, int: 5|6 of 1"),
        ("SELECT @a = @a + COUNT(*) FROM o GROUP BY c ORDER BY c", "int: 5 of 2"),
        ("SELECT @a = SUM(n + @a) FROM o", "int: 9 of 1"),
        ("SELECT @a = @a + id FROM c WHERE id > @a", "int: 6 of 3"),
        ("SELECT @a = @a + id FROM c WHERE 1 = 0", "int: none of 0"),
        ("SELECT @s = @s + '0123456789' FROM c", "varchar(20): 01234567890123456789 of 3"),
        (
            "SELECT @a = @a + (SELECT MAX(n) FROM o WHERE o.c = c.id) FROM c WHERE id < 3",
            "int: 7 of 2",
        ),
        ("SELECT @a = @a + id FROM c ORDER BY id OFFSET 1 ROWS", "int: 5 of 2"),
        ("SELECT @a = CASE WHEN @a > 0 THEN 6 / @a ELSE id END FROM c ORDER BY id", "int: 1 of 3"),
        ("SELECT @a = (SELECT MAX(n) FROM o WHERE n > @a) FROM c", "40517"),
        ("SELECT DISTINCT @a = @a + 1 FROM c", "40517"),
    ] {
        assert_eq!(assigned(sql).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_become_json() {
    let (_server, mut session) = orders().await;
    check(
        &mut *session,
        &[
            ("SELECT id, name FROM c WHERE id < 3 FOR JSON PATH",
             r#"nvarchar(max): [{"id":1,"name":"Ann"},{"id":2,"name":"Bob"}]"#),
            ("SELECT id AS [k.id], name AS [k.who.name], area FROM c WHERE id = 1 FOR JSON PATH, ROOT('x')",
             r#"nvarchar(max): {"x":[{"k":{"id":1,"who":{"name":"Ann"}},"area":"N"}]}"#),
            ("SELECT id, item, price FROM o WHERE id IN (10, 14) ORDER BY id DESC FOR JSON AUTO",
             r#"nvarchar(max): [{"id":14},{"id":10,"item":"tea","price":1.50}]"#),
            ("SELECT id, item AS [a.b], n AS [a.c] FROM o WHERE id = 14 FOR JSON PATH, INCLUDE_NULL_VALUES",
             r#"nvarchar(max): [{"id":14,"a":{"b":null,"c":null}}]"#),
            ("SELECT id, item AS [a.b] FROM o WHERE id = 14 FOR JSON PATH, WITHOUT_ARRAY_WRAPPER",
             r#"nvarchar(max): {"id":14}"#),
            ("SELECT item FROM o WHERE id = 14 FOR JSON PATH, ROOT", r#"nvarchar(max): {"root":[{}]}"#),
            ("SELECT id FROM o WHERE 1 = 0 FOR JSON PATH", "nvarchar(max): "),
            ("SELECT (SELECT id FROM o WHERE 1 = 0 FOR JSON PATH) AS x", "nvarchar(max): NULL"),
            ("SELECT c.name, o.item, o.n FROM c JOIN o ON o.c = c.id WHERE o.n IS NOT NULL ORDER BY c.id, o.id FOR JSON AUTO",
             r#"nvarchar(max): [{"name":"Ann","o":[{"item":"tea","n":2},{"item":"cup","n":1},{"item":"pot","n":1}]},{"name":"Bob","o":[{"item":"tea","n":5}]}]"#),
            ("SELECT name, (SELECT item FROM o WHERE o.c = c.id AND n = 1 FOR JSON PATH) AS orders FROM c WHERE id < 3 FOR JSON PATH",
             r#"nvarchar(max): [{"name":"Ann","orders":[{"item":"cup"},{"item":"pot"}]},{"name":"Bob"}]"#),
            ("SELECT (SELECT 1 AS a FOR JSON PATH, WITHOUT_ARRAY_WRAPPER) AS x, JSON_QUERY('[1]') AS y, '[1]' AS z FOR JSON PATH",
             r#"nvarchar(max): [{"x":"{\"a\":1}","y":[1],"z":"[1]"}]"#),
            ("SELECT CAST(1 AS bit) AS b, CAST(1.5 AS float) AS f, CAST(2.5 AS money) AS m, 0x0102FF AS x, N'a\"/\\' + CHAR(10) + CHAR(1) AS t FOR JSON PATH",
             r#"nvarchar(max): [{"b":true,"f":1.500000000000000e+000,"m":2.5000,"x":"AQL\/","t":"a\"\/\\\n\u0001"}]"#),
            ("SELECT CAST('2020-01-02' AS date) AS d, CAST('2020-01-02 03:04:05' AS datetime) AS t, CAST('2020-01-02 03:04:05.67' AS datetime) AS u, CAST('03:04:05' AS time(0)) AS v, CAST('2020-01-02T03:04:05.1234567' AS datetime2) AS w FOR JSON PATH, WITHOUT_ARRAY_WRAPPER",
             r#"nvarchar(max): {"d":"2020-01-02","t":"2020-01-02T03:04:05","u":"2020-01-02T03:04:05.670","v":"03:04:05","w":"2020-01-02T03:04:05.1234567"}"#),
            ("SELECT 1 FOR JSON PATH", "13605"),
            ("SELECT 1 AS a FOR JSON AUTO", "13600"),
            ("SELECT 1 AS a, 2 AS a FOR JSON PATH", "13601"),
            ("SELECT 1 AS [a.b], 2 AS c, 3 AS [a.d] FOR JSON PATH", "13601"),
            ("SELECT 1 AS a, 2 AS [a.b] FOR JSON PATH", "13601"),
            ("SELECT 1 AS a FOR JSON PATH, ROOT('x'), WITHOUT_ARRAY_WRAPPER", "13620"),
            ("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a DESC FOR JSON PATH", r#"nvarchar(max): [{"a":2},{"a":1}]"#),
        ],
    )
    .await;
    let output = run(&mut *session, "SELECT 1 AS a FOR JSON PATH").await.unwrap();
    assert_eq!(output.columns[0].name, "JSON_F52E2B61-18A1-11d1-B105-00805F49916B");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_come_in_sets() {
    let (_server, mut session) = orders().await;
    check(
        &mut *session,
        &[
            ("SELECT area, name, COUNT(*) FROM c GROUP BY ROLLUP (area, name) ORDER BY GROUPING(area), area, GROUPING(name), name",
             "varchar(5), varchar(10), int!: N|Ann|1; N|Cy|1; N|NULL|2; S|Bob|1; S|NULL|1; NULL|NULL|3"),
            ("SELECT area, name, GROUPING_ID(area, name) g FROM c GROUP BY area, name WITH CUBE HAVING COUNT(*) > 1 ORDER BY g",
             "varchar(5), varchar(10), int!: N|NULL|1; NULL|NULL|3"),
            ("SELECT item, c, SUM(n) FROM o WHERE n > 0 GROUP BY GROUPING SETS ((item), (c), ()) ORDER BY 3, 1",
             "nvarchar(10), int, int: cup|NULL|1; pot|NULL|1; NULL|1|4; NULL|2|5; tea|NULL|7; NULL|NULL|9"),
            ("SELECT c, GROUPING(c), MAX(id) FROM o GROUP BY c, GROUPING SETS (n, ()) HAVING GROUPING(n) = 1 ORDER BY c",
             "int, tinyint!, int: 1|0|13; 2|0|14"),
            ("SELECT DISTINCT area FROM c GROUP BY ROLLUP (area)", "varchar(5): N; S; NULL"),
            ("SELECT TOP 1 area, COUNT(*) FROM c GROUP BY CUBE (area) ORDER BY COUNT(*) DESC", "varchar(5), int!: NULL|3"),
            ("SELECT UPPER(area) + '!', COUNT(*) FROM c GROUP BY ROLLUP (UPPER(area)) ORDER BY 2", "varchar(6), int!: S!|1; N!|2; NULL|3"),
            // "GROUPING_ID": what is grouped by may get the type of a longer text beside it.
            ("SELECT CASE GROUPING_ID(area, name) WHEN 0 THEN name WHEN 1 THEN 'Total: ' + area ELSE N'Company Total:' END AS title, COUNT(*)
              FROM c GROUP BY ROLLUP (area, name) ORDER BY GROUPING(area), area, GROUPING(name), name",
             "nvarchar(14), int!: Ann|1; Cy|1; Total: N|2; Bob|1; Total: S|1; Company Total:|3"),
            ("SELECT CASE WHEN name = 'Cy' THEN 'a longer text' ELSE name END FROM c GROUP BY name ORDER BY name", "varchar(13): Ann; Bob; a longer text"),
            ("SELECT SUM(id) FROM c GROUP BY ()", "int: 6"),
            ("SELECT COUNT(*) FROM c WHERE 1 = 0 GROUP BY ()", "int!: 0"),
            ("SELECT area, GROUPING(area) FROM c GROUP BY area ORDER BY area", "varchar(5), tinyint!: N|0; S|0"),
            ("SELECT GROUPING(name) FROM c GROUP BY area", "8161"),
            ("SELECT name FROM c GROUP BY ROLLUP (area)", "8120"),
            ("SELECT x.area FROM (SELECT area FROM c GROUP BY ROLLUP (area)) x WHERE x.area IS NULL", "varchar(5): NULL"),
            ("SELECT ROW_NUMBER() OVER (ORDER BY area) FROM c GROUP BY ROLLUP (area)", "40517"),
            ("SELECT 1 FROM o GROUP BY CUBE (id, c, item, n, price, id+1, c+1, n+1, id+2, c+2, n+2, id+3, c+3)", "10705"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_applied_to_rows() {
    let (_server, mut session) = orders().await;
    check(
        &mut *session,
        &[
            ("SELECT c.name, x.item, x.price FROM c CROSS APPLY (SELECT TOP 2 item, price FROM o WHERE o.c = c.id ORDER BY price DESC) x",
             "varchar(10), nvarchar(10), decimal(9,2): Ann|pot|9.00; Ann|cup|4.00; Bob|tea|1.40; Bob|NULL|NULL"),
            ("SELECT c.name, x.item, x.t FROM c OUTER APPLY (SELECT item, SUM(n) AS t FROM o WHERE o.c = c.id GROUP BY item) x ORDER BY 1, 2",
             "varchar(10), nvarchar(10), int: Ann|cup|1; Ann|pot|1; Ann|tea|2; Bob|NULL|NULL; Bob|tea|5; Cy|NULL|NULL"),
            ("SELECT c.id, x.v FROM c CROSS APPLY (SELECT DISTINCT n AS v FROM o WHERE o.c = c.id UNION SELECT c.id) x ORDER BY 1, 2",
             "int!, int: 1|1; 1|2; 2|NULL; 2|2; 2|5; 3|3"),
            ("SELECT c.id, x.r FROM c CROSS APPLY (SELECT ROW_NUMBER() OVER (ORDER BY o.id DESC) AS r, o.id FROM o WHERE o.c = c.id) x WHERE x.id = 10",
             "int!, bigint!: 1|3"),
            ("SELECT c.id, x.k, y.item FROM c CROSS APPLY (SELECT TOP 1 WITH TIES n AS k FROM o WHERE o.c = c.id ORDER BY n DESC) x CROSS APPLY (SELECT TOP 9 item FROM o WHERE o.n = x.k ORDER BY item) y ORDER BY 1, 3",
             "int!, int, nvarchar(10): 1|2|tea; 2|5|tea"),
            ("SELECT c.id, z.n FROM c CROSS APPLY (SELECT n FROM (SELECT o.n FROM o WHERE o.c = c.id) y WHERE n > 1) z", "int!, int: 1|2; 2|5"),
            ("SELECT 1 FROM c CROSS APPLY (SELECT TOP (c.id) n FROM o) z", "40517"),
            ("SELECT id FROM c WHERE id > ALL (SELECT c FROM o WHERE n > 0)", "int!: 3"),
            ("SELECT id FROM c WHERE id >= SOME (SELECT c FROM o WHERE n = 5)", "int!: 2; 3"),
            ("SELECT id FROM c WHERE name < ANY (SELECT 'BOB')", "int!: 1"),
            ("SELECT id FROM c WHERE id <> ANY (SELECT c FROM o)", "int!: 1; 2; 3"),
            ("SELECT id FROM c WHERE id = ALL (SELECT c FROM o WHERE item = N'cup')", "int!: 1"),
            ("SELECT COUNT(*) FROM c WHERE id > ALL (SELECT n FROM o WHERE 1 = 0)", "int!: 3"),
            ("SELECT COUNT(*) FROM c WHERE id > ANY (SELECT n FROM o WHERE 1 = 0)", "int!: 0"),
            ("SELECT CASE WHEN 9 > ALL (SELECT n FROM o) THEN 'all' WHEN NOT 9 > ALL (SELECT n FROM o) THEN 'not' ELSE 'unknown' END", "varchar(7)!: unknown"),
            ("SELECT CASE WHEN NOT 1 > ALL (SELECT n FROM o) THEN 'not' END", "varchar(3): not"),
            ("SELECT id FROM c WHERE id > ALL (SELECT o.n FROM o WHERE o.c = c.id)", "int!: 3"),
        ],
    )
    .await;
}

/// "WITH common_table_expression (Transact-SQL)": 100 recursions, unless MAXRECURSION says otherwise.
#[tokio::test]
async fn a_recursion_has_an_end() {
    let server = Server::new();
    let mut session = server.session().await;
    let count = |to: u32, hint: &str| {
        format!(
            "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to}) \
             SELECT COUNT(*) FROM n {hint}"
        )
    };
    let texts = [
        (count(101, ""), "int!: 101"),
        (count(102, ""), "530"),
        (count(3, "OPTION (MAXRECURSION 2)"), "int!: 3"),
        (count(4, "OPTION (MAXDOP 1, maxrecursion  2)"), "530"),
        (count(1000, "OPTION (MAXRECURSION 0)"), "int!: 1000"),
        (count(2, "OPTION (MAXRECURSION 32768)"), "310"),
        // Two anchors and two recursive operands; what the query returns has no level in it.
        (
            "WITH n (i, s) AS (SELECT 1, 'a' UNION SELECT 5, 'b' UNION ALL SELECT i + 1, s FROM n WHERE i = 1 \
             UNION ALL SELECT i + 2, s FROM n WHERE i = 5) SELECT * FROM n ORDER BY i"
                .to_owned(),
            "int, varchar(1): 1|a; 2|a; 5|b; 7|b",
        ),
        ("CREATE TABLE r (i int)".to_owned(), ": "),
        (
            "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT r SELECT i FROM n \
             OPTION (MAXRECURSION 7)"
                .to_owned(),
            "530",
        ),
        ("SELECT COUNT(*) FROM r".to_owned(), "int!: 0"),
        // A view's CTE recurses as often as the query that uses it says.
        (
            "CREATE VIEW v AS WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) \
             SELECT i FROM n"
                .to_owned(),
            ": ",
        ),
        ("SELECT MAX(i) FROM v".to_owned(), "530"),
        ("SELECT MAX(i) FROM v OPTION (MAXRECURSION 200)".to_owned(), "int: 150"),
    ];
    let cases: Vec<(&str, &str)> = texts.iter().map(|(sql, out)| (sql.as_str(), *out)).collect();
    check(&mut *session, &cases).await;
}

/// "SELECT - WINDOW clause (Transact-SQL)".
#[tokio::test]
async fn windows_have_names() {
    let (_server, mut session) = orders().await;
    check(
        &mut *session,
        &[
            (
                "SELECT id, SUM(n) OVER w, ROW_NUMBER() OVER (w ORDER BY id DESC) FROM o WHERE c = 1 \
                 WINDOW w AS (PARTITION BY c) ORDER BY id",
                "int, int, bigint!: 10|4|3; 11|4|2; 13|4|1",
            ),
            (
                "SELECT id, SUM(n) OVER (b ROWS UNBOUNDED PRECEDING) AS s FROM o WHERE c = 1 \
                 WINDOW a AS (PARTITION BY c), b AS (a ORDER BY id) ORDER BY s",
                "int, int: 10|2; 11|3; 13|4",
            ),
            ("SELECT SUM(n) OVER w FROM o", "102"),
            ("SELECT SUM(n) OVER (w PARTITION BY id) FROM o WINDOW w AS (PARTITION BY c)", "102"),
            ("SELECT SUM(n) OVER a FROM o WINDOW a AS (b), b AS (a)", "102"),
            ("SELECT 1 AS window", "int!: 1"),
        ],
    )
    .await;
}
