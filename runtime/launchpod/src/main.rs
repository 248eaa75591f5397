//! Launchpod: SQL Server's external scripts in single-use containers.
//!
//! The program only puts the parts together: what the user says (settings and commands) on one
//! side, the server, the embedded database, the controller and the image builder on the other.

mod administrator;
mod assembly;
mod client;
mod commands;
mod display;
mod error;
mod files;
mod known_images;
mod logging;
mod open_files;
mod output;
mod progress;
mod settings;
mod signals;
mod table;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::commands::Command;
use crate::error::Error;
use crate::output::OutputError;

/// glibc's allocator keeps what each of the sessions' threads has freed: streaming 5 million rows
/// raised the peak by 40 MiB with it and by 15 to 20 MiB with this one (measured by turns).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs SQL Server's external scripts in single-use containers.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// What to log on standard error, e.g. `info` or `launchpod_controller=debug`
    #[arg(
        long,
        global = true,
        env = "LAUNCHPOD_LOG",
        default_value = "warn,tiberius=off",
        value_name = "FILTER"
    )]
    log: String,
}

/// The exit code of a program that nobody reads any more, as shells have it for SIGPIPE.
const READER_GONE: u8 = 141;

fn main() -> ExitCode {
    // Before there are threads: it forks.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == launchpod_spawner::ARGUMENT) {
        return launchpod_spawner::main();
    }
    start(Arguments::parse())
}

#[tokio::main]
async fn start(arguments: Arguments) -> ExitCode {
    match run(arguments).await {
        Ok(code) => code,
        Err(error)
            if matches!(error.downcast_ref::<OutputError>(), Some(OutputError::ReaderGone)) =>
        {
            ExitCode::from(READER_GONE)
        }
        Err(error) => {
            eprintln!("launchpod: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let filter = EnvFilter::try_new(&arguments.log)
        .map_err(|error| format!("--log {:?} is no filter: {error}", arguments.log))?;
    logging::start(filter);
    arguments.command.run().await
}
