//! `launchpod bench`: what the program promises of its speed, measured.

mod calls;
mod data;
mod machine;
mod picture;
mod rival;
mod sample;
mod server;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::error::Error;

/// What `bench` can be told.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What is measured.
#[derive(Subcommand)]
enum What {
    /// Whole external scripts, as a client sees them, by turns with `docker run` per call
    Calls(calls::Arguments),
    /// Rows into a script and back, by turns with pyarrow on a file and a plain Python process
    Data(Box<data::Arguments>),
}

/// Measures; the exit code is 1 when a call failed.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.what {
        What::Calls(arguments) => calls::run(arguments).await,
        What::Data(arguments) => data::run(*arguments).await,
    }
}
