//! Comparison.

use crate::support::select;

/// The conditions that hold, of these.
async fn hold(conditions: &[(&str, bool)]) {
    let cases: Vec<(String, String)> = conditions
        .iter()
        .map(|(condition, holds)| {
            let expected = format!("int!: {}", u8::from(*holds));
            (format!("CASE WHEN {condition} THEN 1 ELSE 0 END"), expected)
        })
        .collect();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
}

/// "Comparison operators", "= (Equals)" with "ANSI/ISO SQL-92 … the shorter is padded with
/// blanks", "Windows collation name" and "SQL Server collation name" (CI, AS), "IS DISTINCT FROM".
#[tokio::test(flavor = "multi_thread")]
async fn values_are_compared_by_the_rules() {
    hold(&[
        ("'abc' = 'ABC'", true),
        ("'abc' = 'abc   '", true),
        ("N'abc' = 'abc '", true),
        ("'abc' = ' abc'", false),
        ("'e' = 'é'", false),
        ("'a' < 'B'", true),
        ("'' = '   '", true),
        ("'Z' > 'a'", true),
        // The other side's type of higher precedence is the comparison's.
        ("'10' > 9", true),
        ("'10' > '9'", false),
        ("1 = 1.0", true),
        ("CAST(1 AS bit) = 'true'", true),
        ("CAST('2024-01-01' AS date) = '20240101'", true),
        ("CAST('2024-01-01 12:00 +02:00' AS datetimeoffset) = CAST('2024-01-01 10:00 +00:00' AS datetimeoffset)", true),
        ("0.1e0 + 0.2e0 = 0.3", false),
        ("0.1 + 0.2 = 0.3", true),
        ("0x01 = 0x0100", false),
        // UNKNOWN is not true, and neither is its negation.
        ("NULL = NULL", false),
        ("NOT (NULL = 1)", false),
        ("NULL <> 1", false),
        ("NULL IS NULL", true),
        ("1 IS DISTINCT FROM NULL", true),
        ("NULL IS NOT DISTINCT FROM NULL", true),
        ("1 IN (2, NULL)", false),
        ("1 NOT IN (2, NULL)", false),
        ("1 = 0 AND NULL = 1 OR 1 = 1", true),
        ("5 BETWEEN 1 AND NULL", false),
        ("5 NOT BETWEEN 6 AND NULL", true),
    ])
    .await;
    select(&[
        ("CASE WHEN 'x' = 1 THEN 1 ELSE 0 END", "245"),
        ("CASE WHEN CAST('2024-01-01' AS date) = 1 THEN 1 ELSE 0 END", "206"),
        (
            "x FROM (VALUES ('b'), (NULL), ('A'), ('a '), ('B')) t(x) ORDER BY x, LEN(x)",
            "varchar(2): NULL; A; a ; b; B",
        ),
        ("COUNT(DISTINCT x) FROM (VALUES ('b'), ('A'), ('a '), ('B'), (NULL)) t(x)", "int!: 2"),
    ])
    .await;
}

/// "COLLATE", "Windows collation name": other collations in comparisons and orders.
#[tokio::test(flavor = "multi_thread")]
async fn collations_decide_when_they_are_named() {
    hold(&[
        ("'a' = 'A' COLLATE Latin1_General_CS_AS", false),
        ("'a ' = 'a' COLLATE Latin1_General_CS_AS", true),
        ("'a' COLLATE Latin1_General_BIN2 = 'A'", false),
        ("'a' COLLATE Latin1_General_BIN2 > 'B'", true),
        ("'a' COLLATE SQL_Latin1_General_CP1_CS_AS > 'B'", false),
        ("'a' < 'A' COLLATE Latin1_General_CS_AS", true),
        ("'a' = 'A' COLLATE Latin1_General_CI_AS", true),
        ("'a' = 'A' COLLATE DATABASE_DEFAULT", true),
        ("'A' COLLATE Latin1_General_CS_AS IN ('a', 'b')", false),
        ("'A' IN ('a', 'A' COLLATE Latin1_General_CS_AS)", true),
        ("'b' COLLATE Latin1_General_BIN2 BETWEEN 'A' AND 'C'", false),
        ("'abc' LIKE 'A%' COLLATE Latin1_General_CS_AS", false),
        ("'Abc' COLLATE Latin1_General_BIN2 LIKE '[A-Z]%'", true),
        ("'abc' COLLATE Latin1_General_BIN2 LIKE '[A-Z]%'", false),
        ("NULL = 'A' COLLATE Latin1_General_CS_AS", false),
    ])
    .await;
    select(&[
        ("x FROM (VALUES ('b'), ('B'), ('a'), ('A')) t(x) ORDER BY x COLLATE Latin1_General_CS_AS", "varchar(1)!: a; A; b; B"),
        ("x FROM (VALUES ('b'), ('B'), ('a'), ('A')) t(x) ORDER BY x COLLATE Latin1_General_BIN2 DESC", "varchar(1)!: b; a; B; A"),
        ("x, ROW_NUMBER() OVER (ORDER BY x COLLATE Latin1_General_BIN2) FROM (VALUES ('a'), ('B')) t(x) ORDER BY x", "varchar(1)!, bigint!: a|2; B|1"),
        ("1 WHERE 'a' COLLATE Latin1_General_CS_AS = 'a' COLLATE Latin1_General_BIN2", "468"),
        ("1 WHERE 1 = 2 COLLATE Latin1_General_CS_AS", "447"),
        ("'a' COLLATE Latin1_General_CS_AS", "40517"),
        ("1 WHERE 'a' = 'A' COLLATE Japanese_CI_AI", "40517"),
    ])
    .await;
}

/// "LIKE", with its wildcards, ESCAPE and trailing blanks.
#[tokio::test(flavor = "multi_thread")]
async fn patterns_match() {
    hold(&[
        ("'computer' LIKE '%compu%'", true),
        ("'dean' LIKE '_ean'", true),
        ("'Carsen' LIKE '[CK]ars[eo]n'", true),
        ("'larson' LIKE '[a-k]arson'", false),
        ("'del' LIKE 'de[^l]%'", false),
        ("'50% off' LIKE '%50[%]%'", true),
        ("'50x off' LIKE '%50!% off%' ESCAPE '!'", false),
        ("'50% off' LIKE '%50!% off%' ESCAPE '!'", true),
        ("'a[b' LIKE 'a[[]b'", true),
        ("'a]b' LIKE 'a]b'", true),
        ("'a_d' LIKE 'a[_]d'", true),
        ("'abcdef' LIKE 'abc[def]'", false),
        // Trailing blanks of the text count for nchar and nvarchar only.
        ("'abc  ' LIKE 'abc'", true),
        ("N'abc  ' LIKE N'abc'", false),
        ("'abc' LIKE 'abc  '", false),
        ("NULL LIKE '%'", false),
    ])
    .await;
    select(&[("CASE WHEN 'a' LIKE 'a' ESCAPE 'xx' THEN 1 END", "506")]).await;
}

/// "Collation and Unicode support", "SQL Server collation name", "Default sort orders" (Microsoft
/// Support): Unicode text by Windows' rules, text of the code page by sort order 52.
#[tokio::test(flavor = "multi_thread")]
async fn text_has_the_order_of_its_collation() {
    hold(&[
        ("N'ä' > N'a' AND N'ä' < N'b'", true),
        ("'ä' > 'a' AND 'ä' < 'b'", true),
        ("N'a' = N'ä'", false),
        ("N'Ä' = N'ä'", true),
        ("N'ß' = N'ss'", true),
        ("N'ß' = 'ss'", true),
        ("'ß' = 'ss'", false),
        ("N'Æther' = N'aether'", true),
        ("'Æther' = 'aether'", false),
        ("N'ＡＢ１' = N'ab1'", true),
        ("N'ひらがな' = N'ヒラガナ'", true),
        ("N'é' = N'e' + NCHAR(769)", true),
        ("N'a-c' > N'ab'", true),
        ("'a-c' < 'ab'", true),
        ("N'co-op' = N'coop'", false),
        ("N'co-op' > N'coop' AND N'co-op' < N'coopt'", true),
        ("N'_' < N'0' AND N'9' < N'a' AND N'!' < N'~' AND N'~' < N'+'", true),
        ("N'ä' LIKE N'[a-b]'", true),
        ("'ä' LIKE '[a-b]'", true),
        ("N'ä' LIKE N'a'", false),
        ("N'ss' IN (N'ß')", true),
        ("CHARINDEX(N'SS', N'Straße') = 5", true),
        ("REPLACE(N'Straße', N'ss', N'z') = N'Straze'", true),
        ("CHECKSUM(N'ß') = CHECKSUM(N'SS ')", true),
        ("N'Ångström' = N'angstrom' COLLATE Latin1_General_CI_AI", true),
        ("'Ångström' = 'angstrom' COLLATE SQL_Latin1_General_CP1_CI_AI", true),
        ("N'ä' > N'z' COLLATE Finnish_Swedish_CI_AS", true),
        ("'ß' = 'ss' COLLATE Latin1_General_CI_AS", true),
        ("'a' = 'A' COLLATE Latin1_General_BIN", false),
    ])
    .await;
    select(&[
        ("x FROM (VALUES (N'b'), (N'Z'), (N'ä'), (N'a'), (N'é'), (N'f'), (N'_'), (N'1')) t(x) ORDER BY x", "nvarchar(1)!: _; 1; a; ä; b; é; f; Z"),
        ("COUNT(*), MIN(x), MAX(x) FROM (VALUES (N'ß'), (N'ss'), (N'SS')) t(x) GROUP BY x", "int!, nvarchar(2), nvarchar(2): 3|ß|ß"),
        ("COUNT(DISTINCT x) FROM (VALUES ('ß'), ('ss'), ('SS ')) t(x)", "int!: 2"),
        ("a.x FROM (VALUES (N'ß')) a(x) JOIN (VALUES ('SS')) b(x) ON a.x = b.x", "nvarchar(1)!: ß"),
    ])
    .await;
}
