//! Arithmetic.

use crate::support::select;

/// "Precision, scale, and length": the table of results, and the examples.
#[tokio::test(flavor = "multi_thread")]
async fn decimals_have_the_digits_of_the_table() {
    let d = |p: u8, s: u8, value: &str| format!("CAST({value} AS decimal({p},{s}))");
    let mut cases = vec![];
    for (left, sign, right, result) in [
        // e1 + e2: max(s1, s2) + max(p1-s1, p2-s2) + 1, max(s1, s2)
        (d(9, 2, "1.5"), "+", d(5, 4, "0.25"), "decimal(12,4)!: 1.7500"),
        (d(38, 10, "1"), "-", d(38, 20, "1"), "decimal(38,10)!: 0.0000000000"),
        // e1 * e2: p1 + p2 + 1, s1 + s2
        (d(9, 2, "1.5"), "*", d(5, 4, "0.25"), "decimal(15,6)!: 0.375000"),
        // e1 / e2: p1 - s1 + s2 + max(6, s1 + p2 + 1), max(6, s1 + p2 + 1)
        (d(2, 1, "1"), "/", d(1, 0, "3"), "decimal(7,6)!: 0.333333"),
        (d(10, 2, "1"), "/", d(10, 4, "3"), "decimal(25,13)!: 0.3333333333333"),
        // e1 % e2: min(p1-s1, p2-s2) + max(s1, s2), max(s1, s2)
        (d(9, 2, "7.5"), "%", d(5, 4, "2"), "decimal(5,4)!: 1.5000"),
        // The digits before the point are kept when there are more than 38.
        (d(30, 20, "0.0000009000"), "*", d(30, 20, "1"), "decimal(38,17)!: 0.00000090000000000"),
        (d(30, 10, "0.0000009000"), "*", d(30, 10, "1"), "decimal(38,6)!: 0.000001"),
        // The other operand's own precision: int is (10,0), money (19,4), bigint (19,0).
        (d(5, 2, "1"), "+", "CAST(2 AS int)".into(), "decimal(13,2)!: 3.00"),
        (d(5, 2, "1"), "+", "CAST(2 AS bigint)".into(), "decimal(22,2)!: 3.00"),
        (d(5, 2, "1"), "*", "CAST(2 AS money)".into(), "decimal(25,6)!: 2.000000"),
        (
            d(38, 0, "99999999999999999999999999999999999999"),
            "-",
            d(38, 0, "1"),
            "decimal(38,0)!: 99999999999999999999999999999999999998",
        ),
        (d(38, 0, "99999999999999999999999999999999999999"), "+", d(38, 0, "1"), "8115"),
    ] {
        cases.push((format!("{left} {sign} {right}"), result));
    }
    let cases: Vec<(&str, &str)> = cases.iter().map(|(sql, to)| (sql.as_str(), *to)).collect();
    select(&cases).await;
}

/// "Divide", "Modulo", "Data type precedence", "int, bigint, smallint, and tinyint",
/// "money and smallmoney", "Operator precedence".
#[tokio::test(flavor = "multi_thread")]
async fn types_decide_how_numbers_are_computed() {
    select(&[
        // "If an integer dividend is divided by an integer divisor, the result is an integer that
        // has any fractional part of the result truncated."
        (
            "7 / 2, -7 / 2, 7 / -2, 7 % 2, -7 % 2, 7 % -2",
            "int!, int!, int!, int!, int!, int!: 3|-3|-3|1|-1|1",
        ),
        ("1 / 2 * 2.0, 1 / 2.0 * 2", "decimal(13,1)!, decimal(10,6)!: 0.0|1.000000"),
        ("1 / 0", "8134"),
        ("5 % 0", "8134"),
        ("$1 / 0", "8134"),
        // The type of the higher precedence is the result's.
        (
            "CAST(1 AS tinyint) + CAST(1 AS smallint), CAST(1 AS int) + CAST(1 AS bigint)",
            "smallint!, bigint!: 2|2",
        ),
        (
            "CAST(1 AS bit) + 1, CAST(1 AS real) + 1, CAST(1 AS real) * 1e0",
            "int!, real!, float!: 2|2|1",
        ),
        (
            "CAST(1 AS smallmoney) + CAST(1 AS money), CAST(1 AS money) + 1",
            "money!, money!: 2.0000|2.0000",
        ),
        ("CAST('2024-01-01' AS datetime) + 1 - 1", "datetime!: 17040672000000000"),
        // Whole numbers do not grow by themselves.
        ("CAST(32767 AS smallint) + CAST(1 AS smallint)", "8115"),
        ("2147483647 * 2", "8115"),
        ("CAST(9223372036854775807 AS bigint) + 1", "8115"),
        (
            "CAST(2147483648 AS bigint) * 2, 2147483648 * 2",
            "bigint!, decimal(12,0)!: 4294967296|4294967296",
        ),
        // money: four digits, cut after division; its ends.
        (
            "$2.50 * 1.5, $10 / 3, $7.1234 * $1.0001",
            "decimal(22,5)!, money!, money!: 3.75000|3.3333|7.1241",
        ),
        ("CAST(922337203685477.5807 AS money) + $0.0001", "8115"),
        ("CAST(214748.3647 AS smallmoney) + CAST(1 AS smallmoney)", "8115"),
        // * / % before + -, then & ^ |; NOT, AND, OR.
        ("2 + 3 * 4 % 5, (2 + 3) * 4, 1 | 2 & 3, - 2 + 5", "int!, int!, int!, int!: 4|20|3|3"),
        ("CASE WHEN 1 = 1 OR 1 = 0 AND 1 = 0 THEN 'and first' END", "varchar(9): and first"),
        // Floats overflow wherever they are computed.
        ("1e308 * 10", "8115"),
        ("CASE WHEN 1e308 * 10 > 1 THEN 1 ELSE 0 END", "8115"),
        ("1e308 * 10 - 1e308 * 10", "8115"),
        ("SUM(x) FROM (VALUES (1e308), (1e308)) t(x) HAVING SUM(x) > 1", "8115"),
    ])
    .await;
}

/// "SET ANSI_NULLS", "SET CONCAT_NULL_YIELDS_NULL", "ISNULL", "COALESCE", "NULLIF".
#[tokio::test(flavor = "multi_thread")]
async fn null_is_nothing() {
    select(&[
        (
            "NULL + 1, 1 * CAST(NULL AS int), 'a' + NULL, -CAST(NULL AS float)",
            "int, int, varchar(2), float: NULL|NULL|NULL|NULL",
        ),
        (
            "COUNT(*), COUNT(x), SUM(x), AVG(x) FROM (VALUES (1), (NULL), (3)) t(x)",
            "int!, int!, int, int: 3|2|4|2",
        ),
        (
            "SUM(x), COUNT(x), MAX(x) FROM (SELECT 1 AS x WHERE 1 = 0) t",
            "int, int!, int: NULL|0|NULL",
        ),
        (
            "COALESCE(NULL, NULL, 3, 4), ISNULL(NULL, 5), NULLIF(4, 4), NULLIF(4, 5)",
            "int!, int!, int, int: 3|5|NULL|4",
        ),
        ("COALESCE(NULL, NULL)", "4127"),
        // ISNULL has the first argument's type, COALESCE the higher one.
        (
            "ISNULL(CAST(NULL AS char(2)), 'abcd'), COALESCE(CAST(NULL AS char(2)), 'abcd')",
            "char(2)!, varchar(4)!: ab|abcd",
        ),
        (
            "CONCAT('a', NULL, 'b'), CONCAT_WS('-', 'a', NULL, 'b')",
            "varchar(3)!, varchar(5)!: ab|a-b",
        ),
    ])
    .await;
}

/// "CEILING", "FLOOR": the sign of an amount may come after its currency.
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_has_a_sign_of_its_own() {
    select(&[
        (
            "CEILING($123.45), CEILING($-123.45), CEILING($0.0)",
            "money!, money!, money!: 124.0000|-123.0000|0.0000",
        ),
        ("$+1.5 - $-1.5, $1-$2", "money!, money!: 3.0000|-1.0000"),
    ])
    .await;
}
