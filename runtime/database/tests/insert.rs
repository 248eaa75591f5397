//! INSERTs of rows that the caller brings: INSERT … EXEC and bulk loads.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::{Server, check, run, statements};
use arrow_array::{Int32Array, RecordBatch, StringArray};
use launchpod_database::{Event, Session};
use launchpod_exchange::{record_batch, storage};
use launchpod_types::{Column, Length, SqlError, SqlType, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const TEXT: SqlType = SqlType::NVarChar(Length::Limited(50));

fn columns(types: &[SqlType]) -> Arc<[Column]> {
    types.iter().map(|sql_type| Column::new("", *sql_type)).collect()
}

/// A result set of rows.
fn rows(types: &[SqlType], rows: &[Vec<Value>]) -> Vec<Result<Event, SqlError>> {
    let columns = columns(types);
    let batch = record_batch(&columns, rows).unwrap();
    vec![Ok(Event::Columns(columns)), Ok(Event::Batch(batch))]
}

/// How many rows went in.
async fn insert(
    session: &mut dyn Session,
    sql: &str,
    rows: Vec<Result<Event, SqlError>>,
) -> Result<Option<u64>, SqlError> {
    let (sender, events) = mpsc::channel(rows.len().max(1));
    for row in rows {
        sender.try_send(row).unwrap();
    }
    drop(sender);
    let execute = statements(sql, &BTreeMap::new()).remove(0);
    let mut events = session.insert(execute, events, CancellationToken::new());
    let mut affected = None;
    while let Some(event) = events.recv().await {
        if let Event::RowsAffected(count) = event? {
            affected = Some(count);
        }
    }
    Ok(affected)
}

async fn number(session: &mut dyn Session, sql: &str, given: Vec<Result<Event, SqlError>>) -> i32 {
    insert(session, sql, given).await.unwrap_err().number()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_procedure_are_converted_by_place() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE t (id int IDENTITY, a int NOT NULL, b varchar(3), c decimal(9, 2),
                   d int DEFAULT 7, e datetime2)";
    run(session, sql).await.unwrap();
    let types = [TEXT, SqlType::Int, SqlType::Float];
    let first = [
        vec!["12".into(), Value::Int(5), Value::Float(0.5)],
        vec!["-1".into(), Value::Null, Value::Null],
    ];
    // Two result sets of other types are one statement.
    let mut both = rows(&types, &first);
    both.extend(rows(&[SqlType::Bit; 3], &[vec![Value::Bit(true); 3]]));
    let count = insert(session, "INSERT t (a, b, c) EXEC p", both).await;
    assert_eq!(count.unwrap(), Some(3));
    check(
        session,
        &[
            (
                "SELECT id, a, b, c, d FROM t",
                "int!, int!, varchar(3), decimal(9,2), int: 1|12|5|0.50|7; 2|-1|NULL|NULL|7; \
                 3|1|1|1.00|7",
            ),
            ("SELECT SCOPE_IDENTITY()", "decimal(38,0): 3"),
        ],
    )
    .await;
    let two = |a: &str, b: &str| rows(&[TEXT, TEXT], &[vec![a.into(), b.into()]]);
    assert_eq!(number(session, "INSERT t (a, b) EXEC p", two("x", "y")).await, 245);
    assert_eq!(number(session, "INSERT t (a, b) EXEC p", two("1", "long")).await, 2628);
    assert_eq!(number(session, "INSERT t (a) EXEC p", two("1", "y")).await, 213);
    assert_eq!(number(session, "INSERT t EXEC p", two("1", "y")).await, 213);
    assert_eq!(number(session, "INSERT t (id, b) EXEC p", two("1", "y")).await, 544);
    assert_eq!(number(session, "INSERT nowhere EXEC p", two("1", "y")).await, 208);
    assert_eq!(
        number(session, "INSERT t (a, b) OUTPUT inserted.a EXEC p", two("1", "y")).await,
        483
    );
    let null = rows(&[SqlType::Int], &[vec![Value::Null]]);
    assert_eq!(number(session, "INSERT t (a) EXEC p", null).await, 515);
    check(session, &[("SELECT COUNT(*) FROM t", "int!: 3")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_takes_all_rows_back() {
    let server = Server::new();
    let session = &mut *server.session().await;
    run(session, "CREATE TABLE t (a int PRIMARY KEY CHECK (a < 100))").await.unwrap();
    let ints = |values: &[i64]| {
        let rows_of: Vec<_> = values.iter().map(|value| vec![Value::Int(*value)]).collect();
        rows(&[SqlType::Int], &rows_of)
    };
    assert_eq!(number(session, "INSERT t EXEC p", ints(&[1, 2, 2])).await, 2627);
    assert_eq!(number(session, "INSERT t EXEC p", ints(&[1, 200])).await, 547);
    let mut failing = ints(&[1, 2]);
    failing.push(Err(SqlError::new(50_000, "no more")));
    assert_eq!(number(session, "INSERT t EXEC p", failing).await, 50_000);
    check(session, &[("SELECT COUNT(*) FROM t", "int!: 0")]).await;
    // Within a transaction the rows before it stay.
    run(session, "BEGIN TRAN INSERT t VALUES (1)").await.unwrap();
    assert_eq!(number(session, "INSERT t EXEC p", ints(&[3, 1])).await, 2627);
    assert_eq!(insert(session, "INSERT t EXEC p", ints(&[4])).await.unwrap(), Some(1));
    run(session, "COMMIT").await.unwrap();
    check(session, &[("SELECT a FROM t", "int!: 1; 4")]).await;
    assert_eq!(insert(session, "INSERT t EXEC p", Vec::new()).await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_gives_defaults_for_nulls_and_keeps_identities() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE t (id int IDENTITY(1, 10), a char(3), b int DEFAULT 5 NOT NULL)";
    run(session, sql).await.unwrap();
    let types = [SqlType::Char(3), SqlType::Int];
    let given = || rows(&types, &[vec!["x".into(), Value::Null], vec!["y".into(), Value::Int(1)]]);
    let loads = [
        ("INSERT BULK t (a char(3), b int) WITH (TABLOCK)", given()),
        ("INSERT BULK t", given()),
        (
            "INSERT BULK t (id int, a varchar(9))",
            rows(&[SqlType::Int, TEXT], &[vec![Value::Int(70), "z".into()]]),
        ),
    ];
    for (sql, rows) in loads {
        insert(session, sql, rows).await.unwrap();
    }
    run(session, "INSERT t (a) VALUES ('w')").await.unwrap();
    check(
        session,
        &[(
            "SELECT id, a + '.', b FROM t",
            "int!, varchar(4), int!: 1|x  .|5; 11|y  .|1; 21|x  .|5; 31|y  .|1; 70|z  .|5; \
             80|w  .|5",
        )],
    )
    .await;
    let keep = "INSERT BULK t (a char(3), b int) WITH (KEEP_NULLS)";
    assert_eq!(number(session, keep, given()).await, 515);
    assert_eq!(number(session, "INSERT BULK t (q char(3), b int)", given()).await, 207);
    assert_eq!(number(session, "INSERT BULK t (a char(3))", given()).await, 213);
    assert_eq!(number(session, "INSERT BULK sys.objects", given()).await, 259);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_rows_are_errors() {
    let server = Server::new();
    let session = &mut *server.session().await;
    run(session, "CREATE TABLE t (a nvarchar(max))").await.unwrap();
    let batch = |sql_type: SqlType, rows: RecordBatch| {
        vec![Ok(Event::Columns(columns(&[sql_type]))), Ok(Event::Batch(rows))]
    };
    let of = |sql_type: SqlType, value: Value| {
        record_batch(&columns(&[sql_type]), &[vec![value]]).unwrap()
    };
    let number_array = || Arc::new(Int32Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("a", number_array() as _)]).unwrap();
    let wide = RecordBatch::try_from_iter([
        ("a", number_array() as _),
        ("b", Arc::new(StringArray::from(vec!["x"])) as _),
    ]);
    let two = SqlType::NVarChar(Length::Limited(2));
    assert_eq!(storage::data_type(two), storage::data_type(TEXT));
    let decimal = SqlType::Decimal { precision: 2, scale: 0 };
    let cases = [
        (batch(SqlType::BigInt, other), 4816),
        (batch(SqlType::Int, wide.unwrap()), 213),
        (batch(two, of(TEXT, "abc".into())), 4815),
        (
            batch(
                SqlType::VarBinary(Length::Limited(1)),
                of(SqlType::VARBINARY_MAX, Value::Binary(vec![0; 2])),
            ),
            4815,
        ),
        (batch(SqlType::Float, of(SqlType::Float, Value::Float(f64::NAN))), 4816),
        (batch(SqlType::Real, of(SqlType::Real, Value::Real(f32::INFINITY))), 4816),
        (batch(SqlType::Date, of(SqlType::Date, Value::Date(i32::MAX))), 4816),
        (batch(SqlType::Time(7), of(SqlType::Time(7), Value::Time(-1))), 4816),
        (batch(SqlType::DateTime, of(SqlType::DateTime, Value::DateTime(i64::MIN))), 4816),
        (
            batch(
                SqlType::DateTimeOffset(7),
                of(SqlType::DateTimeOffset(7), Value::DateTimeOffset { utc: 0, offset: 900 }),
            ),
            4816,
        ),
        (batch(decimal, of(SqlType::Decimal { precision: 2, scale: 0 }, Value::Null)), 0),
    ];
    for (index, (rows, expected)) in cases.into_iter().enumerate() {
        let got = insert(session, "INSERT BULK t", rows).await.map_or_else(|e| e.number(), |_| 0);
        assert_eq!(got, expected, "case {index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_load_leaves_nothing_and_holds_no_lock() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, "CREATE TABLE t (a int)").await.unwrap();
    let (sender, given) = mpsc::channel(4);
    let cancel = CancellationToken::new();
    let execute = statements("INSERT BULK t", &BTreeMap::new()).remove(0);
    let mut events = session.insert(execute, given, cancel.clone());
    for event in rows(&[SqlType::Int], &[vec![Value::Int(1)]]) {
        sender.send(event).await.unwrap();
    }
    cancel.cancel();
    while let Some(event) = events.recv().await {
        assert!(!matches!(event, Ok(Event::RowsAffected(_))));
    }
    let mut other = server.session().await;
    run(&mut *other, "SET LOCK_TIMEOUT 0 INSERT t VALUES (2)").await.unwrap();
    check(&mut *session, &[("SELECT a FROM t", "int: 2")]).await;
    drop(sender);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_session_is_as_new() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE u (id int IDENTITY) CREATE TABLE #t (a int PRIMARY KEY)
               INSERT u DEFAULT VALUES SET IDENTITY_INSERT u ON SET LOCK_TIMEOUT 5 CREATE DATABASE d
               USE d";
    run(session, sql).await.unwrap();
    session.reset();
    check(
        session,
        &[
            ("SELECT * FROM #t", "208"),
            (
                "SELECT @@LOCK_TIMEOUT, @@IDENTITY, DB_NAME()",
                "int!, decimal(38,0), nvarchar(128): -1|NULL|d",
            ),
            ("INSERT master..u (id) VALUES (5)", "544"),
            ("CREATE TABLE #t (b int)", ": "),
        ],
    )
    .await;
}
