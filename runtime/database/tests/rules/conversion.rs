//! Conversion.

use crate::support::select;

/// "CAST and CONVERT": the tables of "Truncating and rounding results".
#[tokio::test(flavor = "multi_thread")]
async fn results_are_truncated_and_rounded() {
    select(&[
        ("CAST(123 AS char(2)), CAST(CAST(123 AS smallint) AS varchar(2)), CAST(CAST(123 AS tinyint) AS varchar(1))",
         "char(2)!, varchar(2)!, varchar(1)!: * |*|*"),
        ("CAST(123 AS nchar(2))", "8115"),
        ("CAST(123 AS nvarchar(2))", "8115"),
        ("CAST($123.45 AS varchar(2))", "234"),
        ("CAST(123.45 AS varchar(2))", "8115"),
        ("CAST(1e5 AS varchar(3))", "232"),
        ("CAST(CAST(12.5 AS real) AS char(2))", "232"),
        ("CAST(1e5 AS nvarchar(3))", "8115"),
        ("CAST(CAST(12.5 AS real) AS nchar(2))", "8115"),
        ("TRY_CAST(1e5 AS varchar(3)), TRY_CONVERT(nvarchar(3), 1e5), CAST(1e5 AS varchar(6))",
         "varchar(3), nvarchar(3), varchar(6)!: NULL|NULL|100000"),
        ("CAST('abc' AS varchar(2)), CAST(N'abc' AS nchar(2)), CAST(0x010203 AS varbinary(2)), CAST('abc' AS varbinary(2))",
         "varchar(2)!, nchar(2)!, varbinary(2)!, varbinary(2)!: ab|ab|0102|6162"),
        ("CAST(10.6496 AS int), CAST(-10.6496 AS int), CAST(10.6496 AS numeric), CAST(-10.6496 AS numeric)",
         "int!, int!, decimal(18,0)!, decimal(18,0)!: 10|-10|11|-11"),
        ("CAST(10.3496847 AS money), CAST($10.5 AS int), CAST($10.4999 AS int), CAST($10.35 AS decimal(3,1))",
         "money!, int!, int!, decimal(3,1)!: 10.3497|11|10|10.4"),
        ("CAST(10.6e0 AS int), CAST(-10.6e0 AS int), CAST(10.65e0 AS numeric(3,1))", "int!, int!, decimal(3,1)!: 10|-10|10.7"),
        ("CAST(CAST('2024-01-01 13:00' AS datetime) AS int), CAST(CAST('2024-01-01 11:59' AS datetime) AS int)", "int!, int!: 45291|45290"),
        ("CAST(CAST(CAST(193.57 AS decimal(5,2)) AS varbinary(20)) AS decimal(10,5))", "decimal(10,5)!: 193.57000"),
        ("CAST(CAST(0x41 AS nvarchar) AS varbinary)", "varbinary(30)!: 4100"),
    ])
    .await;
}

/// "CAST and CONVERT", "Database engine events and errors": which error a value that can't be
/// converted gives.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_converted_is_said() {
    select(&[
        ("CAST('abc' AS int)", "245"),
        ("CAST('1.5' AS int)", "245"),
        ("CAST('abc' AS bigint)", "8114"),
        ("CAST('abc' AS float)", "8114"),
        ("CAST('' AS decimal(5,2))", "8114"),
        ("CAST('1e2' AS decimal(5,2))", "8114"),
        ("CAST('abc' AS money)", "235"),
        ("CAST('99999999999' AS int)", "248"),
        ("CAST('70000' AS smallint)", "244"),
        ("CAST(300 AS tinyint), 1", "220"),
        ("CAST(-1 AS tinyint)", "220"),
        ("CAST(70000 AS smallint)", "220"),
        ("CAST(CAST(3000000000 AS bigint) AS int)", "8115"),
        ("CAST(3e9 AS int)", "232"),
        ("CAST(1000.5 AS decimal(4,1))", "8115"),
        ("CAST(1e39 AS decimal(38,0))", "8115"),
        ("CAST(1e39 AS real)", "8115"),
        ("CAST('12:61' AS time)", "241"),
        ("CAST('1752-12-31' AS datetime)", "242"),
        ("CAST('2079-06-07' AS smalldatetime)", "242"),
        ("CAST(1 AS date)", "529"),
        ("CAST(CAST('2024-01-01' AS date) AS int)", "529"),
        ("CAST(CAST('12:00' AS time) AS date)", "529"),
        ("CAST(5 AS uniqueidentifier)", "529"),
        ("CAST('zz' AS uniqueidentifier)", "8169"),
        ("CONVERT(varbinary(4), 'xyz', 1)", "8114"),
        ("CONVERT(varchar(30), GETDATE(), 999)", "281"),
        (
            "TRY_CAST('abc' AS int), TRY_CONVERT(tinyint, 300), TRY_CAST('2024-13-01' AS date)",
            "int, tinyint, date: NULL|NULL|NULL",
        ),
        ("TRY_CAST(1 AS date)", "529"),
    ])
    .await;
}

/// "CAST and CONVERT": the chart of implicit conversions. Each is assigned to a column.
#[tokio::test(flavor = "multi_thread")]
async fn conversions_are_implicit_explicit_or_none() {
    use crate::support::{Server, run};
    let value = |name: &str| {
        Some(match name {
            "bit" | "tinyint" | "int" | "bigint" | "decimal(9,2)" | "money" | "float" | "real" => {
                "1"
            }
            "varchar(40)" | "nvarchar(40)" => "'1'",
            "varbinary(16)" => "0x01",
            "date" | "datetime" | "datetime2" | "datetimeoffset" => "'2024-01-01'",
            "time" => "'12:00'",
            "uniqueidentifier" => "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
            _ => return None,
        })
    };
    // i: implicit, e: CAST only, -: none; in the order of the columns.
    let columns = [
        "int",
        "decimal(9,2)",
        "float",
        "money",
        "bit",
        "varchar(40)",
        "nvarchar(40)",
        "varbinary(16)",
        "date",
        "time",
        "datetime",
        "datetime2",
        "datetimeoffset",
        "uniqueidentifier",
    ];
    let rows = [
        ("bit", "iiiiiiii--i---"),
        ("int", "iiiiiiii--i---"),
        ("bigint", "iiiiiiii--i---"),
        ("decimal(9,2)", "iiiiiiii--i---"),
        ("money", "iiiiiiii--i---"),
        ("float", "iiiiiiii--i---"),
        ("date", "-----iiei-iii-"),
        ("time", "-----iie-iiii-"),
        ("datetime", "eeeeeiieiiiii-"),
        ("datetime2", "-----iieiiiii-"),
        ("datetimeoffset", "-----iieiiiii-"),
        ("uniqueidentifier", "-----iii-----i"),
        ("varbinary(16)", "ii-iiiiieeieei"),
    ];
    let server = Server::new();
    let mut session = server.session().await;
    let mut wrong = vec![];
    for (from, row) in rows {
        for (to, expected) in columns.iter().zip(row.chars()) {
            let source = format!("CAST({} AS {from})", value(from).unwrap());
            let drop = "DROP TABLE IF EXISTS #t";
            run(&mut *session, drop).await.unwrap();
            run(&mut *session, &format!("CREATE TABLE #t (x {to})")).await.unwrap();
            let implicit = run(&mut *session, &format!("INSERT #t SELECT {source}")).await;
            let explicit = run(&mut *session, &format!("SELECT CAST({source} AS {to})")).await;
            let refused = |result: &Result<_, launchpod_types::SqlError>| {
                result.as_ref().err().is_some_and(|e| matches!(e.number(), 206 | 257 | 529))
            };
            let got = match (refused(&implicit), refused(&explicit)) {
                (false, false) => 'i',
                (true, false) => 'e',
                _ => '-',
            };
            if got != expected {
                wrong.push(format!("{from} to {to}: {got}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// "CAST and CONVERT": styles of float, money and binary.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_bytes_have_styles() {
    let cases: Vec<(String, String)> = [
        ("varchar(30)", "123456.789e0", 0, "123457"),
        ("varchar(30)", "1234567.89e0", 0, "1.23457e+006"),
        ("varchar(30)", "123456.789e0", 1, "1.2345679e+005"),
        ("varchar(30)", "123456.789e0", 2, "1.234567890000000e+005"),
        ("varchar(30)", "0.1e0", 3, "1.0000000000000001e-001"),
        ("varchar(30)", "CAST(4235.9819 AS money)", 0, "4235.98"),
        ("varchar(30)", "CAST(3510.92 AS money)", 1, "3,510.92"),
        ("varchar(30)", "CAST(4235.9819 AS money)", 2, "4235.9819"),
        ("varchar(30)", "CAST(4235.9819 AS money)", 126, "4235.9819"),
        ("char(8)", "0x4E616d65", 0, "Name    "),
        ("char(10)", "0x4E616d65", 1, "0x4E616D65"),
        ("char(8)", "0x4E616d65", 2, "4E616D65"),
        ("varbinary(8)", "'0x4E616D65'", 1, "4e616d65"),
        ("varbinary(8)", "'4E616D65'", 2, "4e616d65"),
        ("varbinary(8)", "'Name'", 0, "4e616d65"),
    ]
    .map(|(to, value, style, text)| {
        (format!("CONVERT({to}, {value}, {style})"), format!("{to}!: {text}"))
    })
    .into();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
}
