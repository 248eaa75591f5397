//! Built-in functions, as the examples of their pages in the Transact-SQL reference have them.

use crate::support::select;

/// "GREATEST", "LEAST", "ISNUMERIC", "PARSENAME", "SOUNDEX", "DIFFERENCE", "STRING_ESCAPE",
/// "FORMATMESSAGE".
#[tokio::test(flavor = "multi_thread")]
async fn of_values_and_texts() {
    select(&[
        ("GREATEST('6.62', 3.1415, N'7'), LEAST('6.62', 3.1415, N'7')", "decimal(5,4)!, decimal(5,4)!: 7.0000|3.1415"),
        ("GREATEST('Glacier', N'Joshua Tree', 'Mount Rainier')", "nvarchar(13)!: Mount Rainier"),
        ("LEAST(1, NULL, 2), GREATEST(NULL, NULL), GREATEST(5)", "int!, int, int!: 1|NULL|5"),
        ("GREATEST('a', CAST('2024-01-01' AS date))", "241"),
        ("GREATEST()", "174"),
        ("ISNUMERIC('1'), ISNUMERIC('$'), ISNUMERIC('-1,5e'), ISNUMERIC(NULL), ISNUMERIC(1.5), ISNUMERIC('x')",
         "int!, int!, int!, int!, int!, int!: 1|1|0|0|1|0"),
        ("PARSENAME('db.schema.table', 1), PARSENAME('db.schema.table', 3), PARSENAME('a..b', 2), PARSENAME('a.b.c.d.e', 1), PARSENAME('[x.y]', 1)",
         "nvarchar(128), nvarchar(128), nvarchar(128), nvarchar(128), nvarchar(128): table|db|NULL|NULL|x.y"),
        ("SOUNDEX('Smith'), SOUNDEX('Smythe'), DIFFERENCE('Green', 'Greene'), DIFFERENCE('Blotchet-Halls', 'Greene')",
         "varchar(5)!, varchar(5)!, int!, int!: S530|S530|4|0"),
        ("STRING_ESCAPE('\\  /  \\\\  \" ', 'json')", "nvarchar(max)!: \\\\  \\/  \\\\\\\\  \\\" "),
        ("STRING_ESCAPE('x', 'xml')", "1023"),
        ("FORMATMESSAGE('Signed int %i, %d %i, %d, %+i, %+d, %+i, %+d', 5, -5, 50, -50, -11, -11, 11, 11)",
         "nvarchar(2048): Signed int 5, -5 50, -50, -11, -11, +11, +11"),
        ("FORMATMESSAGE('Unsigned hexadecimal %x, %X, %X, %X, %x', 11, 11, -11, 50, -50)",
         "nvarchar(2048): Unsigned hexadecimal b, B, FFFFFFF5, 32, ffffffce"),
        ("FORMATMESSAGE('Hello %-20s!', 'TEST'), FORMATMESSAGE('Hello %20s!', 'TEST')",
         "nvarchar(2048), nvarchar(2048): Hello TEST                !|Hello                 TEST!"),
        ("FORMATMESSAGE('Bigint %I64d', 3000000000)", "nvarchar(2048): Bigint 3000000000"),
        ("FORMATMESSAGE('%d', 'x')", "2786"),
    ])
    .await;
}

/// "BIT_COUNT", "GET_BIT", "SET_BIT", "LEFT_SHIFT", "RIGHT_SHIFT", "COMPRESS", "DECOMPRESS",
/// "CRYPT_GEN_RANDOM", "CHECKSUM_AGG".
#[tokio::test(flavor = "multi_thread")]
async fn of_bits_and_bytes() {
    select(&[
        ("BIT_COUNT(0xabcdef), BIT_COUNT(17), BIT_COUNT(CAST(-1 AS smallint))", "bigint!, bigint!, bigint!: 17|2|16"),
        ("GET_BIT(0xabcdef, 2), GET_BIT(0xabcdef, 4)", "bit!, bit!: 1|0"),
        ("SET_BIT(0x00, 2), SET_BIT(0xabcdef, 0, 0)", "varbinary(1)!, varbinary(3)!: 04|abcdee"),
        ("LEFT_SHIFT(12345, 5), RIGHT_SHIFT(12345, 5), LEFT_SHIFT(12345, -5), 12345 << 5, -1 >> 31",
         "int!, int!, int!, int!, int!: 395040|385|385|395040|1"),
        ("RIGHT_SHIFT(0xab, 4), LEFT_SHIFT(1, 32), LEFT_SHIFT(CAST(255 AS tinyint), 1)", "varbinary(1)!, int!, tinyint!: 0a|0|254"),
        ("GET_BIT(1, 32)", "1023"),
        ("SET_BIT(1, 0, 2)", "1023"),
        ("BIT_COUNT('x')", "8116"),
        ("CAST(DECOMPRESS(COMPRESS(N'abc')) AS nvarchar(max)), LEFT(CONVERT(varchar(10), COMPRESS('x'), 1), 6)",
         "nvarchar(max)!, varchar(6)!: abc|0x1F8B"),
        ("DECOMPRESS(0x1234)", "9826"),
        ("LEN(CRYPT_GEN_RANDOM(50)), IIF(CRYPT_GEN_RANDOM(8) = CRYPT_GEN_RANDOM(8), 1, 0)", "int!, int!: 50|0"),
        ("CRYPT_GEN_RANDOM(0)", "1023"),
        ("CHECKSUM_AGG(x) FROM (VALUES (6), (3), (NULL)) t(x)", "int: 5"),
    ])
    .await;
}

/// "JSON_MODIFY", "JSON_OBJECT", "JSON_ARRAY", "ISJSON", "JSON_PATH_EXISTS".
#[tokio::test(flavor = "multi_thread")]
async fn of_json() {
    let info = r#"'{"name":"John","skills":["C#","SQL"]}'"#;
    let cases = [
        ("JSON_MODIFY(@, '$.name', 'Mike')", r#"{"name":"Mike","skills":["C#","SQL"]}"#),
        (
            "JSON_MODIFY(@, '$.surname', 'Smith')",
            r#"{"name":"John","skills":["C#","SQL"],"surname":"Smith"}"#,
        ),
        ("JSON_MODIFY(@, '$.name', NULL)", r#"{"skills":["C#","SQL"]}"#),
        (
            "JSON_MODIFY(@, 'append $.skills', 'Azure')",
            r#"{"name":"John","skills":["C#","SQL","Azure"]}"#,
        ),
        ("JSON_MODIFY(@, '$.skills', '[1]')", r#"{"name":"John","skills":"[1]"}"#),
        ("JSON_MODIFY(@, '$.skills', JSON_QUERY('[1]'))", r#"{"name":"John","skills":[1]}"#),
        (
            "JSON_MODIFY(JSON_MODIFY(@, '$.name', CAST(1.50 AS numeric(4,2))), '$.skills', NULL)",
            r#"{"name":1.50}"#,
        ),
    ];
    let own: Vec<(String, String)> = cases
        .iter()
        .map(|(sql, expected)| (sql.replace('@', info), format!("nvarchar(max)!: {expected}")))
        .collect();
    let own: Vec<(&str, &str)> = own.iter().map(|(sql, to)| (sql.as_str(), to.as_str())).collect();
    select(&own).await;
    select(&[
        ("JSON_MODIFY('{}', 'strict $.a', 1)", "13608"),
        ("JSON_MODIFY('x', '$.a', 1)", "13609"),
        ("JSON_MODIFY(NULL, '$.a', 1)", "nvarchar(max): NULL"),
        ("JSON_OBJECT(), JSON_OBJECT('name':'value', 'type':1)", "nvarchar(max)!, nvarchar(max)!: {}|{\"name\":\"value\",\"type\":1}"),
        ("JSON_OBJECT('name':'value', 'type':NULL ABSENT ON NULL)", "nvarchar(max)!: {\"name\":\"value\"}"),
        ("JSON_OBJECT('name':'value', 'type':NULL)", "nvarchar(max)!: {\"name\":\"value\",\"type\":null}"),
        ("JSON_OBJECT('name':'value', 'type':JSON_OBJECT('type_id':1, 'a':JSON_ARRAY(1, 2)))",
         "nvarchar(max)!: {\"name\":\"value\",\"type\":{\"type_id\":1,\"a\":[1,2]}}"),
        ("JSON_ARRAY(), JSON_ARRAY('a', 1, 'b', 2), JSON_ARRAY('a', NULL), JSON_ARRAY('a', NULL NULL ON NULL)",
         "nvarchar(max)!, nvarchar(max)!, nvarchar(max)!, nvarchar(max)!: []|[\"a\",1,\"b\",2]|[\"a\"]|[\"a\",null]"),
        ("ISJSON('true', VALUE), ISJSON('test string', VALUE), ISJSON('\"x\"', SCALAR), ISJSON('1'), ISJSON('[]', OBJECT), ISJSON('{}')",
         "int!, int!, int!, int!, int!, int!: 1|0|1|0|0|1"),
        ("ISJSON('{}', NOTHING)", "1023"),
        ("JSON_PATH_EXISTS('{\"info\":{\"address\":[{\"town\":\"Paris\"}]}}', '$.info.address'), JSON_PATH_EXISTS('{}', '$.a')",
         "int!, int!: 1|0"),
    ])
    .await;
}

/// "PERCENTILE_CONT", "PERCENTILE_DISC", "APPROX_PERCENTILE_CONT", "APPROX_COUNT_DISTINCT",
/// "LAST_VALUE", "GENERATE_SERIES".
#[tokio::test(flavor = "multi_thread")]
async fn of_groups_and_series() {
    select(&[
        ("DISTINCT g, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) OVER (PARTITION BY g), PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x) OVER (PARTITION BY g) \
          FROM (VALUES ('a', 1), ('a', 4), ('a', NULL), ('b', 7), ('b', 8), ('b', 9)) t(g, x) ORDER BY g",
         "varchar(1)!, float, int: a|2.5|1; b|8|8"),
        ("APPROX_PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY x DESC), APPROX_PERCENTILE_DISC(0.25) WITHIN GROUP (ORDER BY x DESC), APPROX_COUNT_DISTINCT(x) \
          FROM (VALUES (10), (20), (30), (40), (50), (50)) t(x)",
         "float, int, bigint!: 47.5|50|5"),
        ("PERCENTILE_DISC(0) WITHIN GROUP (ORDER BY x) OVER () FROM (VALUES (2), (1)) t(x)", "int: 1; 1"),
        ("APPROX_PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) FROM (SELECT 1 AS x WHERE 1 = 0) t", "float: NULL"),
        ("PERCENTILE_CONT(1.5) WITHIN GROUP (ORDER BY x) OVER () FROM (VALUES (1)) t(x)", "1023"),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) OVER () FROM (VALUES ('a')) t(x)", "8117"),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1)) t(x)", "10753"),
        ("PERCENTILE_DISC(0.5) OVER () FROM (VALUES (1)) t(x)", "10754"),
        ("x, LAST_VALUE(y) IGNORE NULLS OVER (ORDER BY x), FIRST_VALUE(y) IGNORE NULLS OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) \
          FROM (VALUES (1, NULL), (2, 5), (3, NULL), (4, 7)) t(x, y)",
         "int!, int, int: 1|NULL|5; 2|5|5; 3|5|7; 4|7|7"),
        ("value FROM GENERATE_SERIES(1, 50, 15)", "int: 1; 16; 31; 46"),
        ("value FROM GENERATE_SERIES(3, 1)", "int: 3; 2; 1"),
        ("value FROM GENERATE_SERIES(CAST(0 AS decimal(2,1)), CAST(0.3 AS decimal(2,1)), CAST(0.1 AS decimal(2,1)))",
         "decimal(2,1): 0.0; 0.1; 0.2; 0.3"),
        ("count(*) FROM GENERATE_SERIES(1, 5, -1)", "int!: 0"),
        ("count(*) FROM GENERATE_SERIES(CAST(1 AS bigint), NULL)", "int!: 0"),
        ("t.n, value FROM (VALUES (1), (2)) t(n) CROSS APPLY GENERATE_SERIES(1, t.n)", "int!, int: 1|1; 2|1; 2|2"),
        ("value FROM GENERATE_SERIES(1, 5, 0)", "4199"),
        ("value FROM GENERATE_SERIES(1, 5.5)", "5373"),
    ])
    .await;
}

/// "FORMAT" (examples A to D), "PARSE", "TRY_PARSE".
#[tokio::test(flavor = "multi_thread")]
async fn of_cultures() {
    let day = "CAST('2024-08-09' AS date)";
    let mut own: Vec<(String, String)> = vec![];
    for (culture, short, long) in [
        ("en-US", "8/9/2024", "Friday, August 9, 2024"),
        ("en-gb", "09/08/2024", "09 August 2024"),
        ("de-de", "09.08.2024", "Freitag, 9. August 2024"),
        ("fr-FR", "09/08/2024", "vendredi 9 août 2024"),
        ("ja-JP", "2024/08/09", "2024年8月9日"),
        ("zh-cn", "2024/8/9", "2024年8月9日"),
    ] {
        own.push((
            format!("FORMAT({day}, 'd', '{culture}'), FORMAT({day}, 'D', '{culture}')"),
            format!("nvarchar(4000), nvarchar(4000): {short}|{long}"),
        ));
    }
    let own: Vec<(&str, &str)> = own.iter().map(|(sql, to)| (sql.as_str(), to.as_str())).collect();
    select(&own).await;
    let one = "nvarchar(4000)";
    let cases: Vec<(String, String)> = [
        ("FORMAT(CAST('2024-08-09' AS date), 'dd/MM/yyyy', 'en-US')", "09/08/2024"),
        ("FORMAT(CAST('2024-08-09' AS date), 'dd/MM/yyyy', 'de-DE')", "09.08.2024"),
        ("FORMAT(123456789, '###-##-####')", "123-45-6789"),
        ("FORMAT(CAST(1.9419 AS money), 'N', 'en-us')", "1.94"),
        ("FORMAT(CAST(1.9419 AS money), 'G', 'de-de')", "1,9419"),
        ("FORMAT(CAST(1.9419 AS money), 'C', 'de-de')", "1,94 €"),
        ("FORMAT(-1234.5, 'C', 'en-GB')", "-£1,234.50"),
        ("FORMAT(1234.5, 'C', 'ja-JP')", "¥1,235"),
        ("FORMAT(CAST('07:35' AS time), N'hh.mm')", "NULL"),
        ("FORMAT(CAST('07:35' AS time), N'hh:mm')", "NULL"),
        ("FORMAT(CAST('07:35' AS time), N'hh\\.mm')", "07.35"),
        ("FORMAT(CAST('07:35:01.5' AS time), N'hh\\:mm')", "07:35"),
        ("FORMAT(CAST('07:35:01.5' AS time), N'c')", "07:35:01.5000000"),
        ("FORMAT(CAST('2018-01-01 14:00' AS datetime2), N'hh:mm tt')", "02:00 PM"),
        ("FORMAT(CAST('2018-01-01 14:00' AS datetime2), N'hh:mm t')", "02:00 P"),
        ("FORMAT(CAST('2018-01-01 14:00' AS datetime2), N'HH:mm')", "14:00"),
        (
            "FORMAT(CAST('2018-01-01 14:00' AS datetime2), 'f', 'de-DE')",
            "Montag, 1. Januar 2018 14:00",
        ),
    ]
    .map(|(sql, expected)| (sql.to_owned(), format!("{one}: {expected}")))
    .into();
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(sql, to)| (sql.as_str(), to.as_str())).collect();
    select(&cases).await;
    select(&[
        ("PARSE('€345,98' AS money USING 'de-DE'), PARSE('1.234,5' AS decimal(8,2) USING 'de-DE')", "money!, decimal(8,2)!: 345.9800|1234.50"),
        ("CAST(PARSE('Monday, 13 December 2010' AS datetime2 USING 'en-US') AS varchar(27))", "varchar(27)!: 2010-12-13 00:00:00.0000000"),
        ("CAST(PARSE('12/16/2010' AS datetime2) AS varchar(27))", "varchar(27)!: 2010-12-16 00:00:00.0000000"),
        ("CAST(PARSE('16/12/2010' AS date USING 'en-GB') AS char(10)), CAST(PARSE('Montag, 13. Dezember 2010' AS date USING 'de-DE') AS char(10))",
         "char(10)!, char(10)!: 2010-12-16|2010-12-13"),
        ("PARSE('1,234' AS int), TRY_PARSE('1.5' AS int), TRY_PARSE('16/12/2010' AS date USING 'en-US')", "int!, int, date: 1234|NULL|NULL"),
        ("PARSE('1.5' AS int)", "9819"),
        ("PARSE('1' AS int USING 'xx-YY')", "40517"),
    ])
    .await;
}
