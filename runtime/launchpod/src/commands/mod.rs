//! The commands of the program, one module each.

mod bench;
mod doctor;
mod health;
mod history;
mod image;
mod quickstart;
mod run;
mod serve;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

/// What the user asks for.
#[derive(Subcommand)]
pub enum Command {
    /// Build what is missing, run the documented script and show what ran where; the data folder
    /// is a temporary one
    Quickstart(quickstart::Arguments),
    /// Accept SQL Server clients
    Serve(serve::Arguments),
    /// Run one script without a server
    Run(run::Arguments),
    /// Build, list and verify the images that scripts run in
    Image(image::Arguments),
    /// Show what has become of the last external scripts
    History(history::Arguments),
    /// Check this machine and say how to mend what is missing
    Doctor(doctor::Arguments),
    /// Ask the server with these settings whether it answers, for a container's health check
    Health(health::Arguments),
    /// Measure this machine: external scripts against a container per call
    Bench(bench::Arguments),
}

// === impl Command ===

impl Command {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// What the user has to know and can act on; the program then exits with status 1.
    pub async fn run(self) -> Result<ExitCode, Error> {
        match self {
            Command::Quickstart(arguments) => quickstart::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Run(arguments) => run::run(arguments).await,
            Command::Image(arguments) => image::run(arguments).await,
            Command::History(arguments) => history::run(arguments).await,
            Command::Doctor(arguments) => doctor::run(arguments).await,
            Command::Health(arguments) => health::run(arguments).await,
            Command::Bench(arguments) => bench::run(arguments).await,
        }
    }
}
