//! `launchpod image`: build, list, verify, lock.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use launchpod_image::{Base, BuildOptions, Match};

use crate::assembly;
use crate::error::Error;
use crate::output::{self, OutputError};
use crate::progress::Progress;
use crate::settings::Settings;
use crate::table;

/// What `image` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Folder of image definitions of your own, beside those that the program carries
    #[arg(long, global = true, env = "LAUNCHPOD_IMAGES", value_name = "DIR")]
    images: Option<PathBuf>,

    /// File of settings (TOML) that may name that folder; a flag or variable wins over it
    #[arg(long, global = true, env = "LAUNCHPOD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

/// What to do with images.
#[derive(Subcommand)]
enum Command {
    /// Build an image, or find that it is there already
    Build {
        /// The environment, e.g. `python`
        #[arg(default_value = "python")]
        name: String,
        /// Fail when Debian's mirror no longer has a locked version, instead of taking the newer one
        #[arg(long)]
        locked: bool,
        /// Build also what is there already
        #[arg(long)]
        rebuild: bool,
        /// Where the environment's Debian comes from
        #[arg(long, value_enum, default_value_t)]
        base: BaseArgument,
    },
    /// List the images, newest first
    List,
    /// Compare an image's packages and files with its lock
    Verify {
        /// The environment, or an image's ID or tag
        #[arg(default_value = "python")]
        name: String,
    },
    /// Choose the packages of an environment anew and print its lock file
    Lock {
        /// The environment
        #[arg(default_value = "python")]
        name: String,
    },
}

/// [`Base`] as an argument.
#[derive(Clone, Copy, Default, ValueEnum)]
enum BaseArgument {
    /// Bootstrap on this machine if it can, else pull from a registry
    #[default]
    Auto,
    /// From this machine's package sources
    Bootstrap,
    /// The public base image, pinned by digest
    Registry,
}

/// Runs one of them.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let said = Settings { images: arguments.images, ..Settings::default() };
    let settings = said.over_file(arguments.config.as_deref())?;
    let images = assembly::images(settings.images.as_deref()).await?;
    match arguments.command {
        Command::Build { name, locked, rebuild, base } => {
            let base = match base {
                BaseArgument::Auto => Base::Auto,
                BaseArgument::Bootstrap => Base::Bootstrap,
                BaseArgument::Registry => Base::Registry,
            };
            let progress = Progress::new();
            let options = BuildOptions { base, locked, rebuild };
            let image = images.build(&name, options, &|event| progress.image(event)).await?;
            output::line(format_args!("image {} {}", image.name, image.id))?;
            output::line(format_args!("lock  {}", image.lock_hash))?;
        }
        Command::List => list(&images.list().await?)?,
        Command::Verify { name } => return verify(&images, &name).await,
        Command::Lock { name } => {
            let progress = Progress::new();
            let lock = images.lock(&name, &|event| progress.image(event)).await?;
            output::text(&lock.to_text())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(images: &[launchpod_image::ListedImage]) -> Result<(), OutputError> {
    let row = |image: &launchpod_image::ListedImage| {
        vec![
            image.name.clone(),
            image.tags.join(" "),
            image.id.clone(),
            short(&image.lock_hash),
            short(&image.worker_hash),
            format!("{} MiB", image.size >> 20),
            matches(image.matches).to_owned(),
        ]
    };
    let rows: Vec<_> = images.iter().map(row).collect();
    let headings = ["name", "tags", "image ID", "lock", "worker", "size", "state"];
    output::text(&table::render(&headings, &rows))
}

async fn verify(images: &launchpod_image::Images, name: &str) -> Result<ExitCode, Error> {
    let verification = images.verify(name).await?;
    output::line(format_args!("image {} {}", verification.name, verification.id))?;
    output::line(format_args!(
        "compared {} packages and {} files with the image's lock",
        verification.packages, verification.files
    ))?;
    for difference in &verification.differences {
        output::line(difference)?;
    }
    for change in &verification.from_program {
        output::line(format_args!("differs from this program's lock: {change}"))?;
    }
    if verification.is_good() {
        output::line("the image is what its lock says")?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!(
        "{} differences; build it anew: launchpod image build {name} --rebuild",
        verification.differences.len()
    ))?;
    Ok(ExitCode::FAILURE)
}

/// Enough of a hash to tell it from others.
fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

fn matches(found: Match) -> &'static str {
    match found {
        Match::Current => "current",
        Match::Drifted => "current, newer Debian packages",
        Match::OtherEnvironment => "stale: other lock",
        Match::OtherWorker => "stale: other worker layer",
        Match::Unknown => "unknown environment",
    }
}
