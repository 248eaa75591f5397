//! The json type ("JSON data type").

use crate::support::{Server, check, select};

/// "Conversion", "Size limit": what is a value of json, and what it converts to.
#[tokio::test(flavor = "multi_thread")]
async fn json_is_checked_and_converts_to_text_alone() {
    select(&[
        (
            "CAST('{ \"a\": [1, 2.50], \"b\":\"x y\" }' AS json)",
            r#"json!: {"a":[1,2.50],"b":"x y"}"#,
        ),
        (
            "CAST(N'[]' AS json), CAST(NULL AS json), CAST('7' AS json)",
            "json!, json, json!: []|NULL|7",
        ),
        ("CAST('{a:1}' AS json)", "13609"),
        ("CAST('' AS json)", "13609"),
        ("TRY_CAST('{' AS json)", "json: NULL"),
        (
            "CAST(CAST('[1]' AS json) AS varchar(10)), CONVERT(nvarchar(max), CAST('[1]' AS json))",
            "varchar(10)!, nvarchar(max)!: [1]|[1]",
        ),
        ("CAST(1 AS json)", "529"),
        ("CAST(0x31 AS json)", "529"),
        ("CAST(CAST('[1]' AS json) AS int)", "529"),
        ("CAST(CAST('[1]' AS json) AS varbinary(9))", "529"),
        ("CAST(CAST('[1]' AS json) AS sql_variant)", "529"),
        ("CAST('[' + REPLICATE(CAST('0,' AS varchar(max)), 65535) + '0]' AS json)", "13647"),
        (
            "TRY_CAST('[' + REPLICATE(CAST('0,' AS varchar(max)), 65534) + '0]' AS varchar(3))",
            "varchar(3): [0,",
        ),
        ("LEN(CAST('[1]' AS json))", "8116"),
        ("CAST('[1]' AS json) + 'x'", "8117"),
        ("1 WHERE CAST('[1]' AS json) = '[1]'", "402"),
        ("1 WHERE CAST('[1]' AS json) IS NOT NULL", "int!: 1"),
        ("DISTINCT CAST('[1]' AS json)", "421"),
        ("CAST('[1]' AS json) UNION SELECT CAST('[1]' AS json)", "5335"),
        ("j FROM (VALUES (CAST('[1]' AS json))) t(j) GROUP BY j", "305"),
        ("MAX(CAST('[1]' AS json))", "8117"),
        ("j FROM (VALUES (CAST('[1]' AS json))) t(j) ORDER BY j", "305"),
    ])
    .await;
}

/// "Function support".
#[tokio::test(flavor = "multi_thread")]
async fn functions_of_json_take_it() {
    select(&[
        ("JSON_VALUE(CAST('{\"a\":{\"b\":5}}' AS json), '$.a.b')", "nvarchar(4000): 5"),
        ("JSON_QUERY(CAST('{\"a\": [1, 2]}' AS json), '$.a')", "nvarchar(max): [1,2]"),
        ("ISJSON(CAST('[1]' AS json))", "int!: 1"),
        ("JSON_PATH_EXISTS(CAST('{\"a\":1}' AS json), '$.a')", "int!: 1"),
        ("JSON_MODIFY(CAST('{\"a\":1}' AS json), '$.a', 2)", "json!: {\"a\":2}"),
        ("JSON_OBJECT('j' : CAST('[1]' AS json))", "nvarchar(max)!: {\"j\":[1]}"),
        ("CAST('[1]' AS json) AS j FOR JSON PATH", "nvarchar(max): [{\"j\":[1]}]"),
        ("value FROM OPENJSON(CAST('[7, 8]' AS json))", "nvarchar(max): 7; 8"),
    ])
    .await;
}

/// "Sample syntax", "Compatibility", "Indexes".
#[tokio::test(flavor = "multi_thread")]
async fn columns_and_variables_hold_it() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE o (id int PRIMARY KEY, d json NOT NULL CHECK (JSON_PATH_EXISTS(d, '$.basket') = 1))", ": "),
            ("INSERT o VALUES (1, '{\"basket\": 1}')", ": "),
            ("INSERT o VALUES (2, '{\"bask\": 1}')", "547"),
            ("INSERT o VALUES (3, '{basket}')", "13609"),
            ("INSERT o VALUES (4, 5)", "206"),
            ("SELECT d FROM o", "json!: {\"basket\":1}"),
            ("UPDATE o SET d = JSON_MODIFY(d, '$.basket', 2)", ": "),
            ("SELECT JSON_VALUE(d, '$.basket') FROM o", "nvarchar(4000): 2"),
            ("SELECT d INTO copied FROM o", ": "),
            ("SELECT TYPE_NAME(system_type_id), max_length FROM sys.columns WHERE object_id = OBJECT_ID('copied')", "nvarchar(128), smallint!: json|-1"),
            ("CREATE INDEX i ON o (d)", "1919"),
            ("CREATE TABLE k (d json PRIMARY KEY)", "1919"),
        ],
    )
    .await;
}
