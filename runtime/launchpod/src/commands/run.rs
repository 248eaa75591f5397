//! `launchpod run`: one script without a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use clap::Args;
use launchpod_controller::{Expected, Input, Parts, ScriptEvent, ScriptRequest, ScriptRun};
use launchpod_database::{Client, Configurations, Execute, Login, Rows, Secret};
use launchpod_exchange::storage;
use launchpod_exchange::value::value_at;
use launchpod_tsql::{InputQuery, parse_input_query};
use launchpod_types::{Column, ExternalPool, Identity, Parameter, SqlError, SqlType, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::administrator::ADMINISTRATOR;
use crate::error::Error;
use crate::files::{self, RowWriter};
use crate::output::{self, OutputError};
use crate::progress::Progress;
use crate::settings::{Settings, SettingsArguments};
use crate::signals::stop_on_signals;
use crate::{assembly, display, table};

/// Rows of a result that are printed when it isn't written to a file.
const PRINTED_ROWS: usize = 50;
/// Batches of an input that wait for the script.
const BATCHES_IN_FLIGHT: usize = 4;

/// The answer to a `--query` of another kind.
const NOT_A_SELECT: &str = "--query takes one SELECT statement";

/// What `run` can be told.
#[derive(Args)]
pub struct Arguments {
    /// The script
    script: PathBuf,

    /// Query in the embedded database of --data-dir (or an empty one) whose rows are InputDataSet
    #[arg(long, value_name = "SQL", conflicts_with = "input")]
    query: Option<String>,

    /// File whose rows are InputDataSet: .parquet, .csv or .arrow
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// A variable of the script: a whole number, a number, true or false, else text
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<Parameter>,

    /// File for the rows of OutputDataSet: .parquet, .csv or .arrow; else they are printed
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArguments,
}

/// Runs the script; the exit code is 1 when it fails.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let script = std::fs::read_to_string(&arguments.script)
        .map_err(|error| format!("{}: {error}", arguments.script.display()))?;
    let mut settings = arguments.settings.resolve()?;
    // One worker is all that is wanted.
    settings.ready_workers_max = Some(0);
    let stop = stop_on_signals()?;
    // Where the database is when none is named.
    let folder = tempfile::tempdir()?;
    let controller = assembly::controller(&settings, Uuid::new_v4(), None).await?;
    let cancel = CancellationToken::new();
    let request = ScriptRequest {
        id: Uuid::new_v4(),
        identity: Identity { login: "local".to_owned(), database: "master".to_owned() },
        language: "Python".to_owned(),
        script,
        input: match (arguments.input, arguments.query) {
            (Some(path), _) => Some(file_rows(&path)?),
            (None, Some(query)) => {
                let data_dir = settings.data_dir.as_deref().unwrap_or(folder.path());
                Some(query_rows(data_dir, &query, &cancel).await?)
            }
            (None, None) => None,
        },
        input_name: "InputDataSet".to_owned(),
        output_name: "OutputDataSet".to_owned(),
        parameters: arguments.param,
        expected: Expected::Named,
        max_workers: 1,
        time_limit: None,
        pool: ExternalPool::default(),
        loopback: None,
        within_script: false,
        cancel: cancel.clone(),
    };
    let progress = Progress::new();
    if progress.is_live() {
        progress.step("running the script");
    }
    let script = controller.run(request);
    let outcome = tokio::select! {
        outcome = follow(script, arguments.output, &progress) => outcome,
        () = stop.cancelled() => Err("interrupted".into()),
    };
    cancel.cancel();
    controller.shutdown().await;
    outcome
}

/// Reads a file on a thread of its own.
fn file_rows(path: &Path) -> Result<Input, Error> {
    let rows = files::read(path)?;
    let (sender, batches) = mpsc::channel(BATCHES_IN_FLIGHT);
    tokio::task::spawn_blocking(move || {
        for batch in rows.batches {
            let batch = batch.map_err(|error| SqlError::new(4860, error.to_string()));
            // The script may want no more rows.
            if sender.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    Ok(Input { columns: rows.columns, batches, parts: Parts::default() })
}

/// Starts a query in the embedded database.
async fn query_rows(
    data_dir: &Path,
    query: &str,
    cancel: &CancellationToken,
) -> Result<Input, Error> {
    let database = assembly::database(&Settings::default(), data_dir, Configurations::default())?;
    let mut session = database.local_session(Login {
        user: ADMINISTRATOR.to_owned(),
        password: Secret::default(),
        new_password: None,
        database: String::new(),
        spid: 0,
        program: "launchpod run".to_owned(),
        host: String::new(),
        client: Client::default(),
    })?;
    let InputQuery::Select(statement) = parse_input_query(query).map_err(SqlError::from)? else {
        return Err(NOT_A_SELECT.into());
    };
    let execute = Execute {
        statement: Arc::from(statement),
        source: query.into(),
        variables: Arc::default(),
        describe: false,
    };
    // The query goes on when the session is dropped.
    let events = session.execute(execute, cancel.clone());
    let Rows { columns, batches } = Rows::of(events).await?.ok_or(NOT_A_SELECT)?;
    Ok(Input { columns, batches, parts: Parts::default() })
}

/// Shows what the script prints, and writes or prints its rows.
async fn follow(
    mut script: ScriptRun,
    output: Option<PathBuf>,
    progress: &Progress,
) -> Result<ExitCode, Error> {
    let mut columns: Arc<[Column]> = Arc::new([]);
    let mut writer = None;
    let mut printed = Vec::new();
    let mut rows = 0;
    while let Some(event) = script.next().await {
        match event {
            ScriptEvent::Message(message) => {
                progress.clear();
                // Without the header that tells a client where the text comes from.
                let printed = message.text.split_once('\n').map_or("", |(_, printed)| printed);
                eprintln!("{}", printed.trim_end_matches('\n'));
            }
            ScriptEvent::Columns(described) => {
                columns = described;
                if let Some(path) = &output {
                    writer = Some(RowWriter::create(path, &storage::schema(&columns))?);
                }
            }
            ScriptEvent::Batch(batch) => {
                rows += batch.num_rows();
                match &mut writer {
                    Some(writer) => writer.write(&batch)?,
                    None => print_later(&mut printed, &columns, &batch),
                }
                if progress.is_live() {
                    progress.step(&format!("{rows} rows"));
                }
            }
            ScriptEvent::Outputs(_) => {}
        }
    }
    let outcome = script.finish().await;
    progress.clear();
    match outcome {
        Ok(report) => {
            match (writer, output) {
                (Some(writer), _) => writer.finish()?,
                (None, Some(path)) => {
                    let text = "the script left no OutputDataSet";
                    return Err(format!("{text}; {} isn't written", path.display()).into());
                }
                (None, None) if columns.is_empty() => {}
                (None, None) => print_rows(&columns, &printed, rows)?,
            }
            if progress.is_live() {
                let total = report.stages.total().as_millis();
                progress.keep(&format!("{rows} rows in {total} ms, image {}", report.image_id));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            for error in error.errors() {
                eprintln!("Msg {}: {}", error.number(), error.0.text.trim_end());
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Keeps the first rows for printing.
fn print_later(printed: &mut Vec<Vec<String>>, columns: &[Column], batch: &RecordBatch) {
    let left = PRINTED_ROWS.saturating_sub(printed.len());
    for row in 0..batch.num_rows().min(left) {
        let cells = columns.iter().zip(batch.columns());
        let text = |(column, array): (&Column, &ArrayRef)| {
            display::text(&value_at(array, row, column.sql_type))
        };
        printed.push(cells.map(text).collect());
    }
}

fn print_rows(columns: &[Column], printed: &[Vec<String>], rows: usize) -> Result<(), OutputError> {
    let headings: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    output::text(&table::render(&headings, printed))?;
    if rows > printed.len() {
        let more = rows - printed.len();
        output::line(format_args!("… {more} more rows; --output FILE keeps them all"))?;
    }
    Ok(())
}

/// Reads `name=value`.
fn parameter(text: &str) -> Result<Parameter, String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE")?;
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if !is_name(name) {
        return Err(format!("{name:?} is not a name that a Python variable can have"));
    }
    let (sql_type, value) = if let Ok(number) = value.parse::<i64>() {
        (SqlType::BigInt, Value::Int(number))
    } else if let Ok(number) = value.parse::<f64>() {
        (SqlType::Float, Value::Float(number))
    } else if let Ok(bit) = value.parse::<bool>() {
        (SqlType::Bit, Value::Bit(bit))
    } else {
        (SqlType::NVARCHAR_MAX, Value::from(value))
    };
    Ok(Parameter { name: name.to_owned(), sql_type, value, output: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_get_the_type_of_their_value() {
        let sql_type = |text: &str| parameter(text).unwrap().sql_type;
        assert_eq!(sql_type("n=1"), SqlType::BigInt);
        assert_eq!(sql_type("x=0.5"), SqlType::Float);
        assert_eq!(sql_type("flag=true"), SqlType::Bit);
        assert_eq!(sql_type("text=a=b"), SqlType::NVARCHAR_MAX);
        assert_eq!(parameter("text=a=b").unwrap().value, Value::from("a=b"));
    }

    #[test]
    fn names_are_checked() {
        for text in ["n", "=1", "1a=1", "a-b=1"] {
            assert!(parameter(text).is_err(), "{text}");
        }
    }
}
