//! `launchpod history`: what has become of external scripts.

use std::process::ExitCode;

use clap::Args;
use launchpod_history::{Summary, recent};

use crate::error::Error;
use crate::settings::SettingsArguments;
use crate::{assembly, output, table};

/// What `history` can be told. A server may run with the same data folder.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,

    /// How many of the last scripts to show
    #[arg(long, default_value_t = 20, value_name = "N")]
    last: u32,
}

const HEADINGS: [&str; 11] = [
    "started (UTC)",
    "request",
    "identity",
    "language",
    "script",
    "ms",
    "rows in",
    "rows out",
    "cpu ms",
    "peak MiB",
    "outcome",
];

/// Prints the last requests, the newest at the end.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let settings = arguments.settings.resolve()?;
    let mut requests = recent(&assembly::data_dir(&settings)?, arguments.last)?;
    requests.reverse();
    let rows: Vec<Vec<String>> = requests.into_iter().map(row).collect();
    output::line(table::render(&HEADINGS, &rows).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn row(request: Summary) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let outcome = match request.reason {
        Some(reason) => format!("{}: {reason}", request.outcome),
        None => request.outcome,
    };
    vec![
        request.started,
        request.request.to_string(),
        request.identity,
        request.language,
        request.script,
        request.took.as_millis().to_string(),
        request.rows_in.to_string(),
        request.rows_out.to_string(),
        number(request.cpu_ms),
        number(request.peak_memory.map(|bytes| bytes >> 20)),
        outcome,
    ]
}
