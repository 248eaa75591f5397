//! How fast the rows of an `INSERT … EXEC` go to a server, by bulk load, against single INSERTs.
//!
//!     MSSQL_SA_PASSWORD=… cargo run --release -p launchpod-sqlserver --example write HOST,PORT [ROWS]
//!
//! Into a temporary table of the session's. The single INSERTs are calls of `sp_executesql` with
//! the row's values, as a driver sends them; each its own transaction, and all in one. The roads
//! take turns, and the best of each counts.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use launchpod_database::{
    Database as _, Event, Events, Execute, Login, Secret, Session, Variable, Variables,
};
use launchpod_exchange::storage;
use launchpod_sqlserver::{Config, Encryption, SqlServer, Upstream};
use launchpod_types::{Column, Length, SqlType, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn Error + Send + Sync>;

const ROUNDS: usize = 3;
const BATCH: usize = 16 << 10;
const TEXT: SqlType = SqlType::NVarChar(Length::Limited(40));

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("HOST,PORT of a server")?.parse()?;
    let rows: usize = arguments.next().map_or(Ok(10_000), |rows| rows.parse())?;
    let config = Config {
        address,
        encryption: Encryption::Optional,
        trust_server_certificate: true,
        certificate: None,
        definition_login: None,
        script_role: None,
    };
    let login = Login {
        user: "sa".to_owned(),
        password: Secret::new(std::env::var("MSSQL_SA_PASSWORD")?),
        new_password: None,
        database: String::new(),
        spid: 0,
        program: "write".to_owned(),
        host: String::new(),
        client: launchpod_database::Client::default(),
    };
    let mut session = SqlServer::new(Arc::new(Upstream::new(config)?)).login(login).await?;
    let session = &mut *session;
    run(session, "CREATE TABLE #written (n int, x float, t nvarchar(40))").await?;
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        for (road, best) in best.iter_mut().enumerate() {
            run(session, "DELETE FROM #written").await?;
            let began = Instant::now();
            match road {
                0 => load(session, rows).await?,
                1 => {
                    run(session, "BEGIN TRANSACTION").await?;
                    insert_singly(session, rows).await?;
                    run(session, "COMMIT").await?;
                }
                _ => insert_singly(session, rows).await?,
            }
            *best = began.elapsed().min(*best);
            if count(session).await? != rows as i64 {
                return Err("rows are missing".into());
            }
        }
    }
    println!("{rows} rows of int, float, nvarchar(40)");
    println!("{:<32}{:>8}{:>22}", "", "rows/s", "times single INSERTs");
    let names = ["INSERT … EXEC, by bulk load", "INSERTs in one transaction", "INSERTs"];
    for (name, taken) in names.into_iter().zip(best) {
        let speed = rows as f64 / taken.as_secs_f64();
        let ratio = best[2].as_secs_f64() / taken.as_secs_f64();
        println!("{name:<32}{speed:>8.0}{ratio:>22.2}");
    }
    Ok(())
}

/// As the interpreter does when the procedure has run.
async fn load(session: &mut dyn Session, rows: usize) -> Result<(), Failure> {
    let columns: Arc<[Column]> =
        [Column::new("n", SqlType::Int), Column::new("x", SqlType::Float), Column::new("t", TEXT)]
            .into();
    let (sender, events) = mpsc::channel(launchpod_database::EVENTS_IN_FLIGHT);
    let made = tokio::spawn(async move {
        let schema = storage::schema(&columns);
        sender.send(Ok(Event::Columns(columns))).await?;
        for first in (0..rows).step_by(BATCH) {
            let numbers = first..rows.min(first + BATCH);
            let arrays: Vec<ArrayRef> = vec![
                Arc::new(Int32Array::from_iter_values(numbers.clone().map(|number| number as i32))),
                Arc::new(Float64Array::from_iter_values(numbers.clone().map(real))),
                Arc::new(StringArray::from_iter_values(numbers.map(text))),
            ];
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
            sender.send(Ok(Event::Batch(batch))).await?;
        }
        Ok::<(), Failure>(())
    });
    let execute = statement("INSERT INTO #written EXEC made", Variables::new())?;
    finish(session.insert(execute, events, CancellationToken::new())).await?;
    made.await?
}

async fn insert_singly(session: &mut dyn Session, rows: usize) -> Result<(), Failure> {
    for number in 0..rows {
        let variable = |sql_type, value| Arc::new(Variable { sql_type, value });
        let variables = Variables::from([
            ("@n".to_owned(), variable(SqlType::Int, Value::Int(number as i64))),
            ("@x".to_owned(), variable(SqlType::Float, Value::Float(real(number)))),
            ("@t".to_owned(), variable(TEXT, Value::Text(text(number)))),
        ]);
        let execute = statement("INSERT INTO #written VALUES (@n, @x, @t)", variables)?;
        finish(session.execute(execute, CancellationToken::new())).await?;
    }
    Ok(())
}

fn real(number: usize) -> f64 {
    number as f64 / 3.0
}

fn text(number: usize) -> String {
    format!("row number {number}")
}

async fn count(session: &mut dyn Session) -> Result<i64, Failure> {
    let execute = statement("SELECT COUNT_BIG(*) FROM #written", Variables::new())?;
    let mut events = session.execute(execute, CancellationToken::new());
    let mut count = 0;
    while let Some(event) = events.recv().await {
        if let Event::Batch(batch) = event?
            && let Some(counted) =
                batch.column(0).as_any().downcast_ref::<arrow_array::Int64Array>()
        {
            count = counted.value(0);
        }
    }
    Ok(count)
}

async fn run(session: &mut dyn Session, text: &str) -> Result<(), Failure> {
    finish(session.execute(statement(text, Variables::new())?, CancellationToken::new())).await
}

async fn finish(mut events: Events) -> Result<(), Failure> {
    while let Some(event) = events.recv().await {
        event?;
    }
    Ok(())
}

fn statement(text: &str, variables: Variables) -> Result<Execute, Failure> {
    let mut batch = launchpod_tsql::parse(text).map_err(|error| error.to_string())?;
    Ok(Execute {
        statement: Arc::new(batch.statements.remove(0)),
        source: text.into(),
        variables: Arc::new(variables),
        describe: false,
    })
}
