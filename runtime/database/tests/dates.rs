//! Dates and times: how texts are read, time zones, and the functions of SQL Server 2022.
//!
//! Each table names the page of the Transact-SQL reference that its cases are from.

use crate::support::{Server, check, select};

/// "SET DATEFORMAT", "Supported string literal formats" of "datetime" and of "date".
#[tokio::test(flavor = "multi_thread")]
async fn texts_are_read_in_the_session_s_order() {
    let server = Server::new();
    let mut session = server.session().await;
    let date = "SELECT CONVERT(varchar(10), CAST";
    let mut cases: Vec<(String, &str)> = vec![];
    for (order, text, read) in [
        ("mdy", "4/15/1996", "1996-04-15"),
        ("mdy", "4-15-96", "1996-04-15"),
        ("mdy", "04.15.1996", "1996-04-15"),
        ("myd", "04/1996/15", "1996-04-15"),
        ("dmy", "15/04/1996", "1996-04-15"),
        ("dym", "15/1996/04", "1996-04-15"),
        ("ydm", "1996/15/04", "1996-04-15"),
        ("ymd", "96/04/15", "1996-04-15"),
        // A four-digit year is one wherever it stands; the others keep their order.
        ("dmy", "1996-15-04", "1996-04-15"),
        ("mdy", "1996-04-15", "1996-04-15"),
        // Independent of the order.
        ("dmy", "19960415", "1996-04-15"),
        ("dmy", "1996-04-15T00:00:00", "1996-04-15"),
        ("dmy", "April 15, 1996", "1996-04-15"),
        ("dmy", "15 apr 1996", "1996-04-15"),
    ] {
        cases.push((format!("SET DATEFORMAT {order}"), ": "));
        cases.push((
            format!("{date}('{text}' AS datetime), 23)"),
            Box::leak(format!("varchar(10)!: {read}").into_boxed_str()),
        ));
    }
    let fixed = [
        ("SET DATEFORMAT dmy", ": "),
        // date, datetime2 and datetimeoffset read a year that stands first as ISO 8601 does.
        ("SELECT CONVERT(varchar(10), CAST('1996-04-05' AS date), 23)", "varchar(10)!: 1996-04-05"),
        (
            "SELECT CONVERT(varchar(10), CAST('1996-04-05' AS datetime), 23)",
            "varchar(10)!: 1996-05-04",
        ),
        ("SELECT CAST('1996-04-15' AS datetime)", "242"),
        ("SELECT CAST('12/31/2008 09:01:01.1234567' AS datetime2)", "241"),
        ("SELECT CAST('1996-02-30' AS smalldatetime)", "242"),
        ("SELECT CAST('no date' AS datetime)", "241"),
        // A style says the order by itself.
        (
            "SELECT CONVERT(varchar(10), CONVERT(datetime, '4/15/1996', 101), 23)",
            "varchar(10)!: 1996-04-15",
        ),
        (
            "SELECT CONVERT(varchar(10), CONVERT(datetime, '1996.04.15', 102), 23)",
            "varchar(10)!: 1996-04-15",
        ),
        ("SET DATEFORMAT mdy", ": "),
        (
            "SELECT CONVERT(varchar(10), CONVERT(datetime, '15.04.96', 4), 23)",
            "varchar(10)!: 1996-04-15",
        ),
        (
            "SELECT CONVERT(varchar(10), CONVERT(date, '04-05-1996', 105), 23)",
            "varchar(10)!: 1996-05-04",
        ),
        ("SET DATEFORMAT xyz", "2741"),
    ];
    let all = cases.iter().map(|(sql, expected)| (sql.as_str(), *expected)).chain(fixed);
    check(&mut *session, &all.collect::<Vec<_>>()).await;
}

/// "SET DATEFIRST", "@@DATEFIRST", "DATEPART", "SET LANGUAGE", "sys.syslanguages".
#[tokio::test(flavor = "multi_thread")]
async fn weeks_begin_as_the_session_says() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT @@DATEFIRST, @@LANGUAGE, @@LANGID", "tinyint!, nvarchar(128), smallint!: 7|us_english|0"),
            // "SET DATEFIRST", example: 1999-01-01 is a Friday.
            ("SELECT DATEPART(dw, '1999-01-01')", "int!: 6"),
            ("SET DATEFIRST 3", ": "),
            ("SELECT @@DATEFIRST, DATEPART(dw, '1999-01-01'), DATEPART(dw, '1998-12-30')", "tinyint!, int!, int!: 3|3|1"),
            ("SELECT DATENAME(dw, '1999-01-01')", "nvarchar(30)!: Friday"),
            // "DATEDIFF": it always uses Sunday as the first day of the week.
            ("SELECT DATEDIFF(week, '2024-03-02', '2024-03-03')", "int!: 1"),
            ("SET DATEFIRST 1", ": "),
            ("SELECT DATEPART(week, '2024-01-07'), DATEPART(week, '2024-01-08'), DATEPART(iso_week, '2021-01-03')", "int!, int!, int!: 1|2|53"),
            ("SET DATEFIRST 8", "2742"),
            ("SET LANGUAGE British", ": "),
            ("SELECT @@LANGUAGE, @@LANGID, @@DATEFIRST, CAST(CAST('31/12/2008' AS date) AS char(10))",
             "nvarchar(128), smallint!, tinyint!, char(10)!: British|23|1|2008-12-31"),
            ("SET LANGUAGE 'us_english'", ": "),
            ("SELECT @@DATEFIRST, CAST(CAST('12/31/2008' AS date) AS char(10))", "tinyint!, char(10)!: 7|2008-12-31"),
            ("SET LANGUAGE German", "40517"),
            ("SET LANGUAGE Klingon", "2740"),
        ],
    )
    .await;
    session.reset();
    check(&mut *session, &[("SELECT @@DATEFIRST", "tinyint!: 7")]).await;
}

/// "DATETRUNC", its examples.
#[tokio::test(flavor = "multi_thread")]
async fn moments_are_truncated() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut cases = vec![];
    for (part, expected) in [
        ("year", "2021-01-01 00:00:00.0000000"),
        ("quarter", "2021-10-01 00:00:00.0000000"),
        ("month", "2021-12-01 00:00:00.0000000"),
        ("week", "2021-12-05 00:00:00.0000000"),
        ("iso_week", "2021-12-06 00:00:00.0000000"),
        ("dayofyear", "2021-12-08 00:00:00.0000000"),
        ("day", "2021-12-08 00:00:00.0000000"),
        ("hour", "2021-12-08 11:00:00.0000000"),
        ("minute", "2021-12-08 11:30:00.0000000"),
        ("second", "2021-12-08 11:30:15.0000000"),
        ("millisecond", "2021-12-08 11:30:15.1230000"),
        ("microsecond", "2021-12-08 11:30:15.1234560"),
    ] {
        cases.push((
            format!("SELECT CAST(DATETRUNC({part}, '2021-12-08 11:30:15.1234567') AS varchar(27))"),
            format!("varchar(27)!: {expected}"),
        ));
    }
    for (first, expected) in [(7, "2021-11-07"), (6, "2021-11-06"), (3, "2021-11-10")] {
        cases.push((format!("SET DATEFIRST {first}"), ": ".to_owned()));
        cases.push((
            "SELECT CAST(DATETRUNC(week, CAST('2021-11-11' AS date)) AS char(10))".to_owned(),
            format!("char(10)!: {expected}"),
        ));
    }
    let fixed = [
        ("SET DATEFIRST 7", ": "),
        (
            "SELECT CONVERT(varchar(23), DATETRUNC(millisecond, CAST('2020-02-02 02:02:02.002' AS datetime)), 121)",
            "varchar(23)!: 2020-02-02 02:02:02.003",
        ),
        ("SELECT DATETRUNC(week, CAST('0001-01-01' AS date))", "9837"),
        ("SELECT DATETRUNC(year, CAST('12:12:12' AS time))", "9810"),
        ("SELECT DATETRUNC(microsecond, CAST('2021-12-12' AS datetime2(3)))", "9810"),
        ("SELECT DATETRUNC(weekday, '2021-12-12')", "9810"),
        ("SELECT DATETRUNC(year, 5)", "8116"),
    ];
    let all = cases.iter().map(|(sql, expected)| (sql.as_str(), expected.as_str())).chain(fixed);
    check(&mut *session, &all.collect::<Vec<_>>()).await;
}

/// "DATE_BUCKET", its examples; "DATETIMEOFFSETFROMPARTS".
#[tokio::test(flavor = "multi_thread")]
async fn moments_are_put_into_buckets() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut cases = vec![];
    for (arguments, expected) in [
        ("week, 1, CAST('2020-04-15 21:22:11' AS datetime2)", "2020-04-13 00:00:00.0000000"),
        ("week, 6, CAST('2020-04-15 21:22:11' AS datetime2)", "2020-04-13 00:00:00.0000000"),
        ("week, 5, CAST('2020-04-15 21:22:11' AS datetime2)", "2020-04-06 00:00:00.0000000"),
        (
            "week, 5, CAST('2020-06-15 21:22:11' AS datetime2), CAST('2019-01-01' AS datetime2)",
            "2020-06-09 00:00:00.0000000",
        ),
        ("minute, 1, CAST('2020-04-30 21:21:21' AS datetime2)", "2020-04-30 21:21:00.0000000"),
        (
            "day, 365, CAST('2000-01-01 01:01:01.1110000' AS datetime2)",
            "1999-12-08 00:00:00.0000000",
        ),
        ("month, 2, CAST('2020-04-30 21:21:21' AS datetime2)", "2020-03-01 00:00:00.0000000"),
        (
            "month, 1, CAST('2020-04-10' AS datetime2), CAST('2020-01-15' AS datetime2)",
            "2020-03-15 00:00:00.0000000",
        ),
        ("year, 10, CAST('1899-12-31' AS datetime2)", "1890-01-01 00:00:00.0000000"),
        ("day, 1, CAST('1850-03-04 05:06' AS datetime2)", "1850-03-04 00:00:00.0000000"),
    ] {
        cases.push((
            format!("SELECT CAST(DATE_BUCKET({arguments}) AS varchar(27))"),
            format!("varchar(27)!: {expected}"),
        ));
    }
    let fixed = [
        ("SELECT DATE_BUCKET(day, 2147483648, GETDATE())", "8115"),
        ("SELECT DATE_BUCKET(day, -1, GETDATE())", "9834"),
        ("SELECT DATE_BUCKET(day, 1, '2020-01-01')", "8116"),
        ("SELECT DATE_BUCKET(nanosecond, 1, GETDATE())", "9810"),
        (
            "SELECT CAST(DATETIMEOFFSETFROMPARTS(2010, 12, 31, 14, 23, 23, 5, 12, 30, 1) AS varchar(40))",
            "varchar(40)!: 2010-12-31 14:23:23.5 +12:30",
        ),
        ("SELECT DATETIMEOFFSETFROMPARTS(2010, 12, 31, 14, 23, 23, 0, 12, -30, 1)", "289"),
    ];
    let all = cases.iter().map(|(sql, expected)| (sql.as_str(), expected.as_str())).chain(fixed);
    check(&mut *session, &all.collect::<Vec<_>>()).await;
}

/// "AT TIME ZONE", its examples; "sys.time_zone_info".
#[tokio::test(flavor = "multi_thread")]
async fn moments_are_shown_in_other_zones() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut cases = vec![];
    for (local, expected) in [
        ("2015-03-29T01:01:00", "2015-03-29 01:01:00 +01:00"),
        ("2015-03-29T02:01:00", "2015-03-29 03:01:00 +02:00"),
        ("2015-03-29T03:01:00", "2015-03-29 03:01:00 +02:00"),
        ("2015-10-25T01:01:00", "2015-10-25 01:01:00 +02:00"),
        ("2015-10-25T02:00:00", "2015-10-25 02:00:00 +02:00"),
        ("2015-10-25T03:01:00", "2015-10-25 03:01:00 +01:00"),
    ] {
        cases.push((
            format!(
                "SELECT CAST(CONVERT(datetime2(0), '{local}', 126) \
                 AT TIME ZONE 'Central European Standard Time' AS varchar(40))"
            ),
            format!("varchar(40)!: {expected}"),
        ));
    }
    let fixed = [
        (
            "SELECT CAST(CAST('2015-10-25 02:00:00.1234567 +00:00' AS datetimeoffset) AT TIME ZONE 'Pacific Standard Time' AS varchar(40))",
            "varchar(40)!: 2015-10-24 19:00:00.1234567 -07:00",
        ),
        (
            "SELECT CAST(CAST('2024-07-01 12:00' AS datetime) AT TIME ZONE 'UTC' AT TIME ZONE 'India Standard Time' AS varchar(40))",
            "varchar(40)!: 2024-07-01 17:30:00.000 +05:30",
        ),
        ("SELECT CAST('2024-07-01' AS smalldatetime) AT TIME ZONE NULL", "datetimeoffset(0): NULL"),
        ("SELECT GETDATE() AT TIME ZONE 'Europe/Berlin'", "9820"),
        ("SELECT CAST('2024-07-01' AS date) AT TIME ZONE 'UTC'", "8116"),
        (
            "SELECT * FROM sys.time_zone_info WHERE name = 'UTC'",
            "nvarchar(128)!, nvarchar(6)!, bit!: UTC|+00:00|0",
        ),
    ];
    let all = cases.iter().map(|(sql, expected)| (sql.as_str(), expected.as_str())).chain(fixed);
    check(&mut *session, &all.collect::<Vec<_>>()).await;
}

/// "GETDATE", "GETUTCDATE", "SYSDATETIMEOFFSET": the server's own time and UTC.
#[test]
fn the_clock_is_the_server_s() {
    // The zone is the process's: a process of its own has another one.
    if std::env::var_os("TZ").is_none_or(|zone| zone != "Asia/Kathmandu") {
        let this = std::env::current_exe().unwrap();
        let output = std::process::Command::new(this)
            .args(["dates::the_clock_is_the_server_s", "--exact"])
            .env("TZ", "Asia/Kathmandu")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::new();
        let mut session = server.session().await;
        check(
            &mut *session,
            &[
                ("SELECT DATEDIFF(minute, GETUTCDATE(), GETDATE()), DATEDIFF(minute, SYSUTCDATETIME(), SYSDATETIME()), DATEDIFF(minute, GETUTCDATE(), CURRENT_TIMESTAMP)",
                 "int!, int!, int!: 345|345|345"),
                ("SELECT DATENAME(tzoffset, SYSDATETIMEOFFSET()), DATEDIFF(minute, SYSDATETIMEOFFSET(), TODATETIMEOFFSET(GETUTCDATE(), 0))",
                 "nvarchar(30)!, int!: +05:45|0"),
                ("CREATE TABLE t (id int, at datetime DEFAULT GETDATE(), utc datetime DEFAULT GETUTCDATE()) INSERT t (id) VALUES (1)", ": "),
                ("SELECT DATEDIFF(minute, utc, at) FROM t", "int: 345"),
            ],
        )
        .await;
    });
}

/// "DATEPART" and "DATENAME": text has the offset that it says.
#[tokio::test(flavor = "multi_thread")]
async fn the_offset_of_text() {
    select(&[
        (
            "DATEPART(tzoffset, '2007-05-10  00:00:01.1234567 +05:10'), DATEPART(tz, '2007-05-10'), DATEPART(tz, N'2007-10-30 12:15:32 -03:30')",
            "int!, int!, int!: 310|0|-210",
        ),
        ("DATENAME(tzoffset, '2007-10-30 12:15:32.1234567 +05:10')", "nvarchar(30)!: +05:10"),
        ("DATEPART(hour, '2007-10-30 12:15:32.1234567 +05:10')", "int!: 12"),
        ("DATEPART(tz, CAST('2007-05-10' AS date))", "9810"),
    ])
    .await;
}

/// "SET CONTEXT_INFO", "CONTEXT_INFO", "sp_set_session_context", "SESSION_CONTEXT".
#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_values() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("SELECT CONTEXT_INFO()", "varbinary(128): NULL"),
            ("SET CONTEXT_INFO 0x1256698456", ": "),
            (
                "SELECT DATALENGTH(CONTEXT_INFO()), CAST(CONTEXT_INFO() AS varbinary(6))",
                "int, varbinary(6): 128|125669845600",
            ),
            ("EXEC sp_set_session_context N'user_id', 4", ": "),
            (
                "SELECT SESSION_CONTEXT(N'user_id'), SESSION_CONTEXT(N'other')",
                "int, nvarchar(4000): 4|NULL",
            ),
            ("EXEC sp_set_session_context @key = N'user_id', @value = 'x', @read_only = 1", ": "),
            ("SELECT SESSION_CONTEXT(N'USER_ID')", "varchar(1): x"),
            ("EXEC sp_set_session_context N'user_id', 5", "15664"),
            ("EXEC sp_set_session_context N'user_id'", "201"),
        ],
    )
    .await;
    session.reset();
    check(
        &mut *session,
        &[(
            "SELECT CONTEXT_INFO(), SESSION_CONTEXT(N'user_id')",
            "varbinary(128), nvarchar(4000): NULL|NULL",
        )],
    )
    .await;
}
