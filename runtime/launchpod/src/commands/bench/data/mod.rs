//! `launchpod bench data`: rows into a script and back, by turns with pyarrow on a file and with
//! a plain Python process.

mod shape;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use launchpod_controller::{
    Controller, Expected, Input, Report, ScriptEvent, ScriptRequest, Stage,
};
use launchpod_types::{ExternalPool, Identity, Parameter, SqlType, Value};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::shape::Shape;
use crate::error::Error;
use crate::settings::{Settings, SettingsArguments};
use crate::{assembly, output, table};

/// Gives back what it gets.
const IDENTITY: &str = "OutputDataSet = InputDataSet";
const SCORE: &str = include_str!("score.py");
const FILES: &str = include_str!("files.py");
const FLOOR: &str = concat!(include_str!("files.py"), include_str!("floor.py"));
const PLAIN: &str = concat!(include_str!("files.py"), include_str!("plain.py"));

/// Rows of an ordinary batch, as the embedded database makes them.
const BATCH_ROWS: usize = 16 << 10;
/// Rows of a small batch.
const FEW_ROWS: usize = 1000;
/// Columns of the numbers; a row has eight bytes for each.
const COLUMNS: usize = 8;
/// Bytes of a row of texts, about.
const TEXT_ROW: usize = 320;
/// Rows and columns of the whole call.
const CALL: (usize, usize) = (10_000_000, 5);
/// How many times the numbers' size a worker may use (the input, a file of it, and what pyarrow
/// makes of that), and what is enough for the whole call and everything else (MiB).
const MEMORY: (u64, u64) = (4, 6144);

/// What `bench data` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Size of the fixed-width rows in MiB; the other shapes have a quarter of it
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    size: u64,

    /// Rounds, of which the best counts
    #[arg(long, default_value_t = 3, value_name = "N")]
    rounds: usize,

    #[command(flatten)]
    settings: SettingsArguments,
}

/// Two ways to the same worker.
struct Ways {
    /// Data copied through the socket.
    copied: Arc<Controller>,
    /// Data in memory that both sides map.
    shared: Arc<Controller>,
}

/// Seconds into the script and back, the best of all rounds.
#[derive(Clone, Copy)]
struct Seconds {
    into: f64,
    back: f64,
}

/// Measures all shapes; the exit code is 1 when a script failed.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let Arguments { size, rounds, settings } = arguments;
    let settings = settings.resolve()?;
    let ways = Ways {
        copied: controller(&settings, size, false).await?,
        shared: controller(&settings, size, true).await?,
    };
    let measured = measure(&ways, size, rounds).await;
    ways.copied.shutdown().await;
    ways.shared.shutdown().await;
    measured.map(|()| ExitCode::SUCCESS)
}

/// A controller that makes a worker for each call, with memory for what is measured.
async fn controller(
    settings: &Settings,
    mebibytes: u64,
    shares: bool,
) -> Result<Arc<Controller>, Error> {
    let memory = (MEMORY.0 * mebibytes).max(MEMORY.1);
    let settings = Settings {
        shared_segments: Some(shares),
        worker_memory: Some(settings.worker_memory.unwrap_or(memory)),
        ready_workers_min: Some(0),
        ready_workers_max: Some(0),
        ..settings.clone()
    };
    assembly::controller(&settings, Uuid::new_v4(), None).await
}

async fn measure(ways: &Ways, mebibytes: u64, rounds: usize) -> Result<(), Error> {
    let bytes = usize::try_from(mebibytes << 20)?;
    let numbers = |name: &str, batch_rows, bytes: usize| {
        Shape::numbers(name.to_owned(), COLUMNS, batch_rows, bytes / (8 * COLUMNS))
    };
    let shapes = [
        numbers("fixed-width", BATCH_ROWS, bytes)?,
        Shape::texts("text-heavy".to_owned(), BATCH_ROWS, bytes / 4 / TEXT_ROW)?,
        numbers("small batches", FEW_ROWS, bytes / 4)?,
    ];
    let mut rows = Vec::new();
    for shape in &shapes {
        rows.extend(move_rows(ways, shape, rounds).await?);
    }
    let headings = [
        "",
        "",
        "in GB/s",
        "out GB/s",
        "in / pyarrow",
        "out / pyarrow",
        "in / socket",
        "out / socket",
    ];
    output::line(table::render(&headings, &rows))?;

    let (count, columns) = CALL;
    let shape = Shape::numbers("whole call".to_owned(), columns, BATCH_ROWS, count)?;
    whole_call(ways, &shape, rounds).await
}

/// A shape's rows into a script and back, by every way in turns; a line for each way.
async fn move_rows(ways: &Ways, shape: &Shape, rounds: usize) -> Result<Vec<Vec<String>>, Error> {
    let (mut copied, mut shared, mut floor) = (Seconds::NONE, Seconds::NONE, Seconds::NONE);
    for _ in 0..rounds {
        for (controller, best) in [(&ways.copied, &mut copied), (&ways.shared, &mut shared)] {
            let (report, _) = call(controller, IDENTITY, shape.input(), vec![]).await?;
            let rows = shape.rows() as u64;
            if (report.rows_in, report.rows_out) != (rows, rows) {
                let text =
                    format!("{} rows went in, {} came back", report.rows_in, report.rows_out);
                return Err(text.into());
            }
            let stage = |stage| report.stages.get(stage).unwrap_or_default().as_secs_f64();
            let back = stage(Stage::Script) + stage(Stage::Output);
            *best = best.or_less(Seconds { into: stage(Stage::Input), back });
        }
        let parameters = vec![batch_rows(shape), seconds("read_seconds"), seconds("write_seconds")];
        let (_, outputs) = call(&ways.shared, FLOOR, shape.input(), parameters).await?;
        let [Value::Float(into), Value::Float(back)] = outputs[..] else {
            return Err("the floor said no times".into());
        };
        floor = floor.or_less(Seconds { into, back });
    }
    let gigabytes = shape.bytes() as f64 / 1e9;
    let line = |way: &str, this: Seconds| {
        let figures = [
            gigabytes / this.into,
            gigabytes / this.back,
            this.into / floor.into,
            this.back / floor.back,
            this.into / copied.into,
            this.back / copied.back,
        ];
        let mut line = vec![shape.name.clone(), way.to_owned()];
        line.extend(figures.map(|figure| format!("{figure:.2}")));
        line
    };
    Ok(vec![line("socket", copied), line("memfd", shared), line("pyarrow", floor)])
}

/// The same code in a call and in a plain process, by turns.
async fn whole_call(ways: &Ways, shape: &Shape, rounds: usize) -> Result<(), Error> {
    let (mut called, mut plain) = (f64::INFINITY, f64::INFINITY);
    let mut start = Duration::ZERO;
    for _ in 0..rounds {
        let (report, _) = call(&ways.shared, SCORE, shape.input(), vec![]).await?;
        let seconds_of = report.stages.total().as_secs_f64();
        if seconds_of < called {
            called = seconds_of;
            let making = [Stage::Admit, Stage::Create, Stage::Start, Stage::Ready];
            start = making.into_iter().filter_map(|stage| report.stages.get(stage)).sum();
        }
        let parameters =
            vec![batch_rows(shape), text("files", FILES), text("code", SCORE), seconds("seconds")];
        let (_, outputs) = call(&ways.shared, PLAIN, shape.input(), parameters).await?;
        let [Value::Float(seconds)] = outputs[..] else {
            return Err("the plain process said no time".into());
        };
        plain = plain.min(seconds);
    }
    output::line(format_args!(
        "whole call on {} rows: {called:.2} s, of which {:.2} s make the worker; plain process: \
         {plain:.2} s; ratio {:.2}",
        shape.rows(),
        start.as_secs_f64(),
        called / plain,
    ))?;
    Ok(())
}

/// Runs a script to its end and drops its rows.
async fn call(
    controller: &Arc<Controller>,
    script: &str,
    input: Input,
    parameters: Vec<Parameter>,
) -> Result<(Report, Vec<Value>), Error> {
    let request = ScriptRequest {
        id: Uuid::new_v4(),
        identity: Identity { login: "bench".to_owned(), database: "master".to_owned() },
        language: "Python".to_owned(),
        script: script.to_owned(),
        input: Some(input),
        input_name: "InputDataSet".to_owned(),
        output_name: "OutputDataSet".to_owned(),
        parameters,
        expected: Expected::Named,
        max_workers: 1,
        time_limit: None,
        pool: ExternalPool::default(),
        loopback: None,
        within_script: false,
        cancel: CancellationToken::new(),
    };
    let mut run = controller.run(request);
    let mut values = Vec::new();
    while let Some(event) = run.next().await {
        match event {
            ScriptEvent::Outputs(outputs) => values = outputs,
            ScriptEvent::Message(message) => eprintln!("{}", message.text),
            ScriptEvent::Columns(_) | ScriptEvent::Batch(_) => {}
        }
    }
    let report = run.finish().await.map_err(|error| {
        let texts = error.errors().iter().map(|error| error.0.text.as_str());
        texts.collect::<Vec<_>>().join("\n")
    })?;
    Ok((report, values))
}

fn batch_rows(shape: &Shape) -> Parameter {
    Parameter {
        name: "rows_per_batch".to_owned(),
        sql_type: SqlType::BigInt,
        value: Value::Int(shape.batch_rows() as i64),
        output: false,
    }
}

fn text(name: &str, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        sql_type: SqlType::NVARCHAR_MAX,
        value: Value::from(value),
        output: false,
    }
}

/// A time that a script says.
fn seconds(name: &str) -> Parameter {
    Parameter { name: name.to_owned(), sql_type: SqlType::Float, value: Value::Null, output: true }
}

// === impl Seconds ===

impl Seconds {
    const NONE: Seconds = Seconds { into: f64::INFINITY, back: f64::INFINITY };

    fn or_less(self, other: Seconds) -> Seconds {
        Seconds { into: self.into.min(other.into), back: self.back.min(other.back) }
    }
}
