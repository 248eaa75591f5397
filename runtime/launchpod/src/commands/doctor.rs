//! `launchpod doctor`: what this machine gives and lacks, each with the way to mend it.

use std::process::ExitCode;

use clap::Args;
use launchpod_image::Images;
use launchpod_sandbox::FastConfig;
use launchpod_sandbox::doctor::{Finding, State, examine};

use super::serve;
use crate::error::Error;
use crate::output::OutputError;
use crate::settings::{Settings, SettingsArguments};
use crate::{assembly, output};

/// What `doctor` can be told: it looks at what a server with these settings would use.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Looks at everything; the exit code is 1 when scripts can't run, or not safely.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let settings = arguments.settings.resolve()?;
    let mut findings = vec![port(&settings).await];
    findings.extend(sql_server(&settings).await);
    let mut image = None;
    // An engine that can't be reached is the sandbox's finding.
    if let Ok(images) = assembly::images(settings.images.as_deref()).await {
        let (found, id) = built(&images, settings.python_image()).await;
        image = id;
        findings.extend(found);
    }
    let sandbox = assembly::sandbox(&settings, uuid::Uuid::new_v4());
    let fast = FastConfig::new(settings.sandbox.unwrap_or_default())?;
    let runtime = settings.python_runtime.as_deref();
    let network = settings.python_network()?;
    let user_namespace = settings.python_user_namespace.unwrap_or_default();
    let examined = examine(sandbox, fast, image.as_deref(), runtime, user_namespace, &network);
    findings.extend(examined.await);
    let pools = settings.pool_outbound()?;
    findings.extend(pools.iter().map(|(pool, hosts)| {
        let found = format!("scripts in the external resource pool {pool} reach {hosts}, too");
        finding("way out", State::Ok, found, "")
    }));
    findings.iter().try_for_each(print)?;
    let worst = findings.iter().map(|finding| finding.state).max();
    Ok(if worst == Some(State::Bad) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn port(settings: &Settings) -> Finding {
    let address = settings.listen();
    match serve::listen(address).await {
        Ok(_) => finding("port", State::Ok, format!("{address} is free"), ""),
        Err(error) => {
            let mend = "If that is Launchpod itself, all is well; else stop the other program, or choose another port with --listen.";
            finding("port", State::Warn, error.to_string(), mend)
        }
    }
}

/// Whether the SQL Server behind answers, and its definition login can log in.
async fn sql_server(settings: &Settings) -> Vec<Finding> {
    const WHAT: &str = "SQL Server";
    let mend = "Check [database] in the settings, and that the server listens there; clients are told to retry meanwhile (40613).";
    let server = match assembly::sql_server(settings) {
        Ok(Some(server)) => server,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![finding(WHAT, State::Bad, error.to_string(), mend)],
    };
    let upstream = server.upstream();
    let mut findings = vec![match upstream.probe().await {
        Ok((version, encrypted)) => {
            let version = version.map_or("of an unknown version".to_owned(), |version| {
                format!("version {}.{}.{}", version.major, version.minor, version.build)
            });
            let encrypted = if encrypted { "encrypted" } else { "encrypted for the login at most" };
            let found = format!("{} answers, {version}, {encrypted}", upstream.config().address);
            finding(WHAT, State::Ok, found, "")
        }
        Err(error) => return vec![finding(WHAT, State::Bad, error.to_string(), mend)],
    }];
    match upstream.connect_for_definitions().await {
        Ok(None) => {}
        Ok(Some(_)) => {
            findings.push(finding(WHAT, State::Ok, "the definition login logs in".to_owned(), ""));
        }
        Err(error) => {
            let mend = "Check definition_login and its password: without it, procedures that callers may only execute aren't recognised.";
            findings.push(finding(WHAT, State::Warn, error.to_string(), mend));
        }
    }
    findings
}

/// Whether the image is there and what its lock says; and its ID.
async fn built(images: &Images, name: &str) -> (Vec<Finding>, Option<String>) {
    let image = match images.resolve(name).await {
        Ok(image) => image,
        Err(error) => {
            let mend = format!("Build it: launchpod image build {name}");
            return (vec![finding("image", State::Bad, error.to_string(), &mend)], None);
        }
    };
    let present = finding("image", State::Ok, format!("{name} is {}", image.id), "");
    let lock = match images.verify(name).await {
        Ok(verification) if verification.is_good() => {
            let found = format!(
                "{} packages and {} files are as the lock says",
                verification.packages, verification.files
            );
            finding("image's lock", State::Ok, found, "")
        }
        Ok(verification) => {
            let found = format!("{} differences", verification.differences.len());
            let mend = format!(
                "See them: launchpod image verify {name}. Build it anew: launchpod image build {name} --rebuild"
            );
            finding("image's lock", State::Bad, found, &mend)
        }
        Err(error) => finding(
            "image's lock",
            State::Warn,
            error.to_string(),
            "Retry when the engine is less busy.",
        ),
    };
    (vec![present, lock], Some(image.id))
}

fn finding(what: &'static str, state: State, found: String, mend: &str) -> Finding {
    Finding { what, state, found, mend: mend.to_owned() }
}

fn print(finding: &Finding) -> Result<(), OutputError> {
    let state = match finding.state {
        State::Ok => "ok  ",
        State::Warn => "warn",
        State::Bad => "BAD ",
    };
    output::line(format_args!("{state}  {}: {}", finding.what, finding.found))?;
    if !finding.mend.is_empty() {
        output::line(format_args!("      {}", finding.mend))?;
    }
    Ok(())
}
