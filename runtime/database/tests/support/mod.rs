//! Opens an embedded database in a temporary folder and runs T-SQL on it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, UInt8Type,
};
use arrow_array::{Array, RecordBatch};
use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Database, Event, Execute, Login, Secret, Session, Variable, Variables};
use launchpod_exchange::array_of;
use launchpod_types::{Column, Decimal, SqlError, SqlType, Variant};
use tokio_util::sync::CancellationToken;

/// A database with the login `sa`, password `pass`.
pub struct Server {
    pub database: Embedded,
    _folder: tempfile::TempDir,
}

/// What a statement yielded.
#[derive(Debug, Default)]
pub struct Output {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
    pub affected: Option<u64>,
    pub depth: Option<u32>,
    pub database: Option<String>,
}

impl Server {
    pub fn new() -> Server {
        Server::with(Options::default())
    }

    pub fn with(options: Options) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let database = Embedded::open(folder.path(), options).unwrap();
        database.set_password("sa", &Secret::new("pass")).unwrap();
        Server { database, _folder: folder }
    }

    pub async fn session(&self) -> Box<dyn Session> {
        self.database.login(login("sa", "pass", "")).await.unwrap()
    }
}

pub fn login(user: &str, password: &str, database: &str) -> Login {
    Login {
        user: user.into(),
        password: Secret::new(password),
        new_password: None,
        database: database.into(),
        spid: 51,
        program: "tests".into(),
        host: "here".into(),
        client: launchpod_database::Client::default(),
    }
}

/// Runs the statements of a batch; the output of the last one.
pub async fn run(session: &mut dyn Session, sql: &str) -> Result<Output, SqlError> {
    run_with(session, sql, &BTreeMap::new()).await
}

pub async fn run_with(
    session: &mut dyn Session,
    sql: &str,
    variables: &BTreeMap<String, Variable>,
) -> Result<Output, SqlError> {
    let mut output = Output::default();
    for execute in statements(sql, variables) {
        output = Output::default();
        let mut events = session.execute(execute, CancellationToken::new());
        while let Some(event) = events.recv().await {
            match event? {
                Event::Columns(columns) => output.columns = columns.to_vec(),
                Event::Batch(batch) => output.rows.extend(rows(&output.columns, &batch)),
                Event::RowsAffected(count) => output.affected = Some(count),
                Event::Transaction(state) => output.depth = Some(state.depth),
                Event::Database(name) => output.database = Some(name),
                Event::Message(_)
                | Event::ReturnStatus(_)
                | Event::Output { .. }
                | Event::Returned(_) => {}
            }
        }
    }
    Ok(output)
}

pub fn statements(sql: &str, variables: &BTreeMap<String, Variable>) -> Vec<Execute> {
    let shared: Variables = variables
        .iter()
        .map(|(name, variable)| (name.clone(), Arc::new(variable.clone())))
        .collect();
    let batch = launchpod_tsql::parse(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    batch
        .statements
        .iter()
        .map(|statement| Execute {
            source: batch.text(statement).into(),
            statement: Arc::new(statement.clone()),
            variables: Arc::new(shared.clone()),
            describe: false,
        })
        .collect()
}

/// A batch's rows as text: NULL, numbers as they are, bytes in hexadecimal, ticks as numbers.
fn rows(columns: &[Column], batch: &RecordBatch) -> Vec<Vec<String>> {
    (0..batch.num_rows())
        .map(|row| {
            columns
                .iter()
                .zip(batch.columns())
                .map(|(column, array)| show(column.sql_type, array, row))
                .collect()
        })
        .collect()
}

fn show(sql_type: SqlType, array: &Arc<dyn Array>, row: usize) -> String {
    use arrow_schema::DataType;
    if array.is_null(row) {
        return "NULL".into();
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    match array.data_type() {
        DataType::Boolean => u8::from(array.as_boolean().value(row)).to_string(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(_, scale) => {
            let unscaled = array.as_primitive::<Decimal128Type>().value(row);
            Decimal::new(unscaled, u8::try_from(*scale).unwrap()).to_string()
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Binary if sql_type == SqlType::Variant => {
            let variant = Variant::from_bytes(array.as_binary::<i32>().value(row)).unwrap();
            let array = array_of([&variant.value], variant.sql_type).unwrap();
            show(variant.sql_type, &array, 0)
        }
        DataType::Binary => hex(array.as_binary::<i32>().value(row)),
        DataType::FixedSizeBinary(_) => hex(array.as_fixed_size_binary().value(row)),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Time64(_) => array.as_primitive::<Time64NanosecondType>().value(row).to_string(),
        other => panic!("{sql_type}: {other}"),
    }
}

/// Types and rows in one line: `int not null, varchar(3): 1|a; 2|NULL`.
pub fn line(output: &Output) -> String {
    let types: Vec<String> = output
        .columns
        .iter()
        .map(|c| format!("{}{}", c.sql_type, if c.nullable { "" } else { "!" }))
        .collect();
    let rows: Vec<String> = output.rows.iter().map(|row| row.join("|")).collect();
    format!("{}: {}", types.join(", "), rows.join("; "))
}

/// Each case is T-SQL and what it gives: a [`line`], or an error's number.
pub async fn check(session: &mut dyn Session, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (sql, expected) in cases {
        let got = match run(session, sql).await {
            Ok(output) => line(&output),
            Err(error) => {
                let number = error.number().to_string();
                if number == *expected { number } else { format!("{number} {}", error.0.text) }
            }
        };
        if got != *expected {
            wrong.push(format!("{sql}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Cases of `(what is selected, the line that it gives)`, in a session of their own.
pub async fn select(cases: &[(&str, &str)]) {
    let server = Server::new();
    let mut session = server.session().await;
    let texts: Vec<String> = cases.iter().map(|(sql, _)| format!("SELECT {sql}")).collect();
    let cases: Vec<(&str, &str)> =
        texts.iter().zip(cases).map(|(sql, (_, expected))| (sql.as_str(), *expected)).collect();
    check(&mut *session, &cases).await;
}

/// A session of a login in its default database.
pub async fn as_login(server: &Server, user: &str, password: &str) -> Box<dyn Session> {
    let session = server.database.login(login(user, password, "")).await;
    session.unwrap_or_else(|error| panic!("{user}: {error}"))
}

/// Each case is what the administrator says, then what the user says and gets.
pub async fn grant_and_check(
    sa: &mut dyn Session,
    user: &mut dyn Session,
    cases: &[(&str, &str, &str)],
) {
    for (grant, sql, expected) in cases {
        if !grant.is_empty() {
            run(sa, grant).await.unwrap_or_else(|error| panic!("{grant}: {error}"));
        }
        check(user, &[(sql, expected)]).await;
    }
}
