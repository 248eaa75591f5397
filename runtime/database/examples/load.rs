//! Measures how fast rows that a caller brings go into a table, against bare SQLite's prepared
//! INSERT. Run with `cargo run --release -p launchpod-database --example load`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch};
use launchpod_database::{Event, Execute, Session};
use launchpod_exchange::storage;
use launchpod_types::{Column, SqlType};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod common;

const BATCH: i32 = 16 * 1024;
const BATCHES: i32 = 128;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut session = common::session(folder.path()).await?;
    let table = "(a int NOT NULL, b bigint, c float, d decimal(9,2))";
    for name in ["same", "converted"] {
        let table = if name == "same" { table } else { "(a bigint, b int, c real, d float)" };
        common::run(&mut *session, &format!("CREATE TABLE {name} {table}")).await?;
        load(&mut *session, name).await?;
    }
    bare(&folder.path().join("bare.sqlite"))
}

async fn load(session: &mut dyn Session, table: &str) -> Result<(), Box<dyn Error>> {
    let columns: Arc<[Column]> = [
        Column::new("a", SqlType::Int),
        Column::new("b", SqlType::BigInt),
        Column::new("c", SqlType::Float),
        Column::new("d", SqlType::Decimal { precision: 9, scale: 2 }),
    ]
    .into();
    let (sender, rows) = mpsc::channel(4);
    let schema = storage::schema(&columns);
    let producer = tokio::spawn(async move {
        sender.send(Ok(Event::Columns(columns))).await?;
        for number in 0..BATCHES {
            let first = number * BATCH;
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays(first))?;
            sender.send(Ok(Event::Batch(batch))).await?;
        }
        Ok::<(), Box<dyn Error + Send + Sync>>(())
    });
    let began = Instant::now();
    let execute = statement(&format!("INSERT BULK {table}"))?;
    finish(session.insert(execute, rows, cancel())).await?;
    report(&format!("INSERT BULK {table}"), began);
    producer.await?.map_err(|error| error.to_string())?;
    Ok(())
}

fn arrays(first: i32) -> Vec<ArrayRef> {
    let numbers = first..first + BATCH;
    let decimals = Decimal128Array::from_iter_values(numbers.clone().map(i128::from));
    vec![
        Arc::new(Int32Array::from_iter_values(numbers.clone())),
        Arc::new(Int64Array::from_iter_values(numbers.clone().map(i64::from))),
        Arc::new(Float64Array::from_iter_values(numbers.map(f64::from))),
        Arc::new(
            decimals
                .with_data_type(storage::data_type(SqlType::Decimal { precision: 9, scale: 2 })),
        ),
    ]
}

/// The same rows, prepared and inserted without anything of ours.
fn bare(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA cache_size = -8192;
         CREATE TABLE t (a INT NOT NULL, b INT, c REAL, d BLOB) STRICT; BEGIN",
    )?;
    let began = Instant::now();
    let mut insert = connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4)")?;
    for number in 0..BATCHES * BATCH {
        let decimal = i128::from(number).to_be_bytes();
        insert.execute((number, i64::from(number), f64::from(number), &decimal[..]))?;
    }
    connection.execute_batch("COMMIT")?;
    report("bare SQLite", began);
    Ok(())
}

fn report(what: &str, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{:>9.0} rows/s  {what}", f64::from(BATCHES * BATCH) / seconds);
}

fn cancel() -> CancellationToken {
    CancellationToken::new()
}

async fn finish(mut events: launchpod_database::Events) -> Result<(), Box<dyn Error>> {
    while let Some(event) = events.recv().await {
        event?;
    }
    Ok(())
}

fn statement(sql: &str) -> Result<Execute, Box<dyn Error>> {
    let first = common::statements(sql)?.into_iter().next();
    first.ok_or_else(|| "no statement".into())
}
