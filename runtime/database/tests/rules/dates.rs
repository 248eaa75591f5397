//! Dates and times as they are rounded and written.

use crate::support::select;

/// "CAST and CONVERT": "Date and time styles".
#[tokio::test(flavor = "multi_thread")]
async fn moments_have_styles() {
    let moment = "CAST('2006-12-30 14:38:54.840' AS datetime)";
    let cases: Vec<(String, String)> = [
        (0, "Dec 30 2006  2:38PM"),
        (100, "Dec 30 2006  2:38PM"),
        (1, "12/30/06"),
        (101, "12/30/2006"),
        (2, "06.12.30"),
        (102, "2006.12.30"),
        (3, "30/12/06"),
        (103, "30/12/2006"),
        (4, "30.12.06"),
        (104, "30.12.2006"),
        (5, "30-12-06"),
        (105, "30-12-2006"),
        (6, "30 Dec 06"),
        (106, "30 Dec 2006"),
        (7, "Dec 30, 06"),
        (107, "Dec 30, 2006"),
        (8, "14:38:54"),
        (24, "14:38:54"),
        (108, "14:38:54"),
        (9, "Dec 30 2006  2:38:54:840PM"),
        (109, "Dec 30 2006  2:38:54:840PM"),
        (10, "12-30-06"),
        (110, "12-30-2006"),
        (11, "06/12/30"),
        (111, "2006/12/30"),
        (12, "061230"),
        (112, "20061230"),
        (13, "30 Dec 2006 14:38:54:840"),
        (113, "30 Dec 2006 14:38:54:840"),
        (14, "14:38:54:840"),
        (114, "14:38:54:840"),
        (20, "2006-12-30 14:38:54"),
        (120, "2006-12-30 14:38:54"),
        (21, "2006-12-30 14:38:54.840"),
        (25, "2006-12-30 14:38:54.840"),
        (121, "2006-12-30 14:38:54.840"),
        (22, "12/30/06  2:38:54 PM"),
        (23, "2006-12-30"),
        (126, "2006-12-30T14:38:54.840"),
        (127, "2006-12-30T14:38:54.840"),
    ]
    .map(|(style, text)| {
        (format!("CONVERT(varchar(30), {moment}, {style})"), format!("varchar(30)!: {text}"))
    })
    .into();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
    select(&[
        // "For a milliseconds (mmm) value of 0, the millisecond decimal fraction value won't display."
        ("CONVERT(varchar(30), CAST('2012-11-07 18:26:20' AS datetime), 126)", "varchar(30)!: 2012-11-07T18:26:20"),
        ("CONVERT(varchar(40), CAST('2006-12-12 23:45:12 -08:00' AS datetimeoffset(0)), 127)", "varchar(40)!: 2006-12-13T07:45:12Z"),
        // 121 is the default of time, date, datetime2 and datetimeoffset.
        ("CAST(CAST('12:35:29.1234567' AS time) AS varchar(30)), CAST(CAST('2007-05-08' AS date) AS varchar(30))",
         "varchar(30)!, varchar(30)!: 12:35:29.1234567|2007-05-08"),
        ("CAST(CAST('2007-05-08 12:35:29.1234567 +12:15' AS datetimeoffset(7)) AS varchar(40))", "varchar(40)!: 2007-05-08 12:35:29.1234567 +12:15"),
    ])
    .await;
}

/// "datetime": "Rounding of datetime fractional second precision"; "smalldatetime": "ANSI and
/// ISO 8601 compliance"; "time", "datetime2".
#[tokio::test(flavor = "multi_thread")]
async fn fractions_are_rounded() {
    let mut cases: Vec<(String, String)> = [
        ("59.999", "1998-01-02 00:00:00.000"),
        ("59.998", "1998-01-01 23:59:59.997"),
        ("59.995", "1998-01-01 23:59:59.997"),
        ("59.994", "1998-01-01 23:59:59.993"),
        ("59.992", "1998-01-01 23:59:59.993"),
        ("59.991", "1998-01-01 23:59:59.990"),
        ("59.990", "1998-01-01 23:59:59.990"),
    ]
    .map(|(seconds, stored)| {
        let cast = format!("CAST('01/01/98 23:59:{seconds}' AS datetime)");
        (format!("CONVERT(varchar(23), {cast}, 121)"), format!("varchar(23)!: {stored}"))
    })
    .into();
    for (text, to, stored) in [
        ("2007-05-08 12:35:29.998", "smalldatetime", "2007-05-08 12:35:00"),
        ("2007-05-08 12:35:29.999", "smalldatetime", "2007-05-08 12:36:00"),
        ("2007-05-08 12:35:29.1234567", "datetime2(3)", "2007-05-08 12:35:29"),
        ("2007-05-08 12:35:29.9999999", "datetime2(0)", "2007-05-08 12:35:30"),
    ] {
        let cast = format!("CAST('{text}' AS {to})");
        cases.push((
            format!("CONVERT(varchar(19), {cast}, 120)"),
            format!("varchar(19)!: {stored}"),
        ));
    }
    cases.push((
        "CONVERT(varchar(23), CAST(CAST('12:10:05.1237' AS time(4)) AS datetime), 121)".into(),
        "varchar(23)!: 1900-01-01 12:10:05.123".into(),
    ));
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
}

/// "time", "date", "datetime2": a text of their examples has a blank before the fraction.
#[tokio::test(flavor = "multi_thread")]
async fn a_fraction_may_stand_apart() {
    const TEXT: &str = "2007-05-08 12:35:29. 1234567 +12:15";
    let cases: Vec<(String, String)> = [
        ("time(7)", "12:35:29.1234567"),
        ("date", "2007-05-08"),
        ("datetime2(7)", "2007-05-08 12:35:29.1234567"),
        ("datetimeoffset(7)", "2007-05-08 12:35:29.1234567 +12:15"),
    ]
    .map(|(to, shown)| {
        (format!("CAST(CAST('{TEXT}' AS {to}) AS varchar(40))"), format!("varchar(40)!: {shown}"))
    })
    .into();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
    select(&[("CAST('2007-05-08 12:35:29. 123' AS datetime)", "241")]).await;
}

/// "TIMEFROMPARTS", "DATETIME2FROMPARTS", "DATETIMEOFFSETFROMPARTS": the last argument says of how
/// many digits the fraction is.
#[tokio::test(flavor = "multi_thread")]
async fn a_fraction_counts_by_its_digits() {
    let cases: Vec<(String, String)> = [("5", 1, "5"), ("50", 2, "50"), ("500", 3, "500")]
        .into_iter()
        .flat_map(|(fraction, digits, shown)| {
            [
                (format!("TIMEFROMPARTS(14, 23, 44, {fraction}, {digits})"), format!("14:23:44.{shown}")),
                (
                    format!("DATETIME2FROMPARTS(2011, 8, 15, 14, 23, 44, {fraction}, {digits})"),
                    format!("2011-08-15 14:23:44.{shown}"),
                ),
                (
                    format!("DATETIMEOFFSETFROMPARTS(2011, 8, 15, 14, 30, 0, {fraction}, 12, 30, {digits})"),
                    format!("2011-08-15 14:30:00.{shown} +12:30"),
                ),
            ]
        })
        .map(|(call, shown)| (format!("CAST({call} AS varchar(40))"), format!("varchar(40)!: {shown}")))
        .collect();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
}

/// "datetime": the alphabetical formats, in any order of the session.
#[tokio::test(flavor = "multi_thread")]
async fn months_may_have_names() {
    let cases: Vec<(String, String)> = [
        ("April 15, 1996", "1996-04-15"),
        ("Apr 15 96", "1996-04-15"),
        ("April 1996", "1996-04-01"),
        ("Apr 1996 15", "1996-04-15"),
        ("15 April, 1996", "1996-04-15"),
        ("15 1996 april", "1996-04-15"),
        ("1996 april", "1996-04-01"),
        ("1996 APR 15", "1996-04-15"),
        ("1996 15 Apr", "1996-04-15"),
        ("15-Apr-1996", "1996-04-15"),
    ]
    .map(|(text, day)| {
        (
            format!("CONVERT(varchar(10), CAST('{text}' AS datetime), 23)"),
            format!("varchar(10)!: {day}"),
        )
    })
    .into();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    select(&cases).await;
}
