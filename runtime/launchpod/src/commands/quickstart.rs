//! `launchpod quickstart`: from nothing to the documented script's result.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use launchpod_controller::Report;
use launchpod_database::Secret;
use launchpod_image::BuildOptions;
use tiberius::ColumnData;

use super::serve;
use crate::administrator::{self, ADMINISTRATOR};
use crate::client::{self, DOCUMENTED};
use crate::error::Error;
use crate::output::{self, OutputError};
use crate::progress::Progress;
use crate::settings::SettingsArguments;
use crate::signals::stop_on_signals;
use crate::{assembly, table};

/// What is said when the user ends it early.
const INTERRUPTED: &str = "interrupted";

/// What `quickstart` can be told.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Builds what is missing and shows the script's result.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let mut settings = arguments.settings.resolve()?;
    let stop = stop_on_signals()?;
    let folder = tempfile::tempdir()?;
    settings.listen.get_or_insert(([127, 0, 0, 1], 0).into());
    // One worker is all that is wanted.
    settings.ready_workers_max = Some(0);
    // Never a folder of the user's: its `sa` would get another password, and external scripts
    // would stay on.
    let data_dir = folder.path();

    let progress = Progress::new();
    progress.step("looking for the image");
    let images = assembly::images(settings.images.as_deref()).await?;
    let report = |event: launchpod_image::Progress<'_>| progress.image(event);
    tokio::select! {
        built = images.build(settings.python_image(), BuildOptions::default(), &report) => built?,
        () = stop.cancelled() => return Err(INTERRUPTED.into()),
    };

    progress.step("starting the embedded database");
    let password = administrator::random_password();
    let configuration = assembly::configuration(data_dir)?;
    let database = assembly::database(&settings, data_dir, configuration.shown())?;
    database.set_password(ADMINISTRATOR, &Secret::from(password.clone()))?;
    let instance = assembly::instance(&settings, data_dir, configuration).await?;
    let listener = serve::listen(settings.listen()).await?;
    let address = listener.local_addr()?;
    let server = serve::server(&settings, data_dir, Arc::clone(&instance), database)?;
    let serving = tokio::spawn(server.serve(listener, stop.clone()));

    progress.step("running the script in a container");
    let result = tokio::select! {
        result = run_script(address, &password) => result,
        () = stop.cancelled() => Err(INTERRUPTED.into()),
    };
    stop.cancel();
    serving.await?;
    instance.controller.shutdown().await;
    progress.clear();

    let (columns, rows) = result?;
    output::line(format_args!("{DOCUMENTED}\n"))?;
    let headings: Vec<&str> = columns.iter().map(String::as_str).collect();
    output::line(table::render(&headings, &rows))?;
    match instance.history().pop() {
        Some(report) => print_report(&report)?,
        None => return Err("the script left no report; this is a fault of Launchpod".into()),
    }
    print_next_steps()?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the script as any client would, and returns the names of its columns and its rows.
async fn run_script(
    address: std::net::SocketAddr,
    password: &str,
) -> Result<(Vec<String>, Vec<Vec<String>>), Error> {
    let mut session = client::connect(address, password).await?;
    session.simple_query(client::ENABLE).await?.into_results().await?;
    let stream = session.simple_query(DOCUMENTED).await?;
    let rows = stream.into_first_result().await?;
    let columns = rows
        .first()
        .map(|row| row.columns().iter().map(|column| column.name().to_owned()).collect())
        .unwrap_or_default();
    let cells = |row: &tiberius::Row| row.cells().map(|(_, data)| text(data)).collect();
    Ok((columns, rows.iter().map(cells).collect()))
}

fn text(data: &ColumnData<'_>) -> String {
    match data {
        ColumnData::I32(Some(number)) => number.to_string(),
        ColumnData::I32(None) => "NULL".to_owned(),
        other => format!("{other:?}"),
    }
}

fn print_report(report: &Report) -> Result<(), OutputError> {
    output::line(format_args!("image      {} ({})", report.image_id, report.environment))?;
    output::line(format_args!("lock       {}", report.lock_hash))?;
    let (container, runtime) = (&report.container_name, &report.runtime);
    output::line(format_args!("container  {container} ({runtime}), gone now"))?;
    let milliseconds = |took: Duration| took.as_millis();
    let stages: Vec<String> = report
        .stages
        .iter()
        .map(|(stage, took)| format!("{} {}", stage.name(), milliseconds(took)))
        .collect();
    let total = milliseconds(report.stages.total());
    output::line(format_args!("ms         {}; {total} in all", stages.join(", ")))
}

fn print_next_steps() -> Result<(), OutputError> {
    output::line(
        "
Next, a server for any SQL Server client:

  launchpod serve --data-dir ./data
  sqlcmd -S 127.0.0.1 -U sa -P \"$(cat ./data/sa-password)\" -C

or one script of your own, without a server:

  launchpod run SCRIPT.py --query 'SELECT 1 AS col'

(from a checkout, `cargo run --release --` in place of `launchpod`)",
    )
}
