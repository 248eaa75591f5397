//! `launchpod bench calls`: whole calls, by turns with `docker run` per call.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::{join_all, try_join_all};
use serde::Serialize;
use tokio::time::sleep;

use super::machine::{self, Memory};
use super::picture;
use super::rival::Rival;
use super::sample::{Sample, Summary};
use super::server::{self, ServerProcess};
use crate::error::Error;
use crate::output;
use crate::settings::Settings;
use crate::{assembly, table};

/// Calls before any that counts: the database's first query, the client's first answer.
const WARM_UP: usize = 3;
/// How long the pool gets to fill before an idle worker's memory is looked at.
const FILLING: Duration = Duration::from_secs(2);
/// The process above a worker.
const SUPERVISOR: &str = "supervisor";

/// What `bench calls` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Calls one after the other, of each variant
    #[arg(long, default_value_t = 100, value_name = "N")]
    rounds: usize,

    /// Longest pause before a call, until the machine has settled, in milliseconds
    #[arg(long, default_value_t = 5000, value_name = "MS")]
    pause: u64,

    /// Clients at once in the sustained part
    #[arg(long, default_value_t = 8, value_name = "N")]
    clients: usize,

    /// Seconds of the sustained part; the rival has a third of it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,

    /// Turns that the sustained part is cut into, by turns with the rival
    #[arg(long, default_value_t = 3, value_name = "N")]
    turns: u32,

    /// File for the figures, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// File for the picture of the latencies, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,

    /// Settings of the servers under measurement, as for `serve`
    #[arg(last = true, value_name = "SETTING")]
    settings: Vec<String>,
}

/// All that was measured.
#[derive(Serialize)]
struct Report {
    /// From the server's start until it accepted clients, in milliseconds.
    start_ms: f64,
    /// The first call, sent right then, in milliseconds.
    first_call_ms: f64,
    /// The greatest memory that one idle worker adds, in MiB; none where workers are no
    /// descendants of the server.
    idle_worker_private_mib: Option<f64>,
    /// The same by proportional set size.
    idle_worker_pss_mib: Option<f64>,
    /// Every variant by its name.
    variants: Vec<Variant>,
}

#[derive(Serialize)]
struct Variant {
    name: String,
    #[serde(flatten)]
    summary: Summary,
}

/// Measures all parts; the exit code is 1 when a call failed.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let images = assembly::images(None).await?;
    let image = images.resolve(Settings::default().python_image()).await?;
    let rival = Rival { image: image.id };

    let pooled = ServerProcess::start(&arguments.settings).await?;
    let mut session = pooled.connect().await?;
    let first_call = server::call(&mut session).await?;
    drop(session);
    sleep(FILLING).await;
    let idle = idle_worker(pooled.pid());

    let on_demand = [arguments.settings.clone(), unpooled()].concat();
    let on_demand = ServerProcess::start(&on_demand).await?;
    let mut samples = one_by_one(&arguments, &pooled, &on_demand, &rival).await?;
    on_demand.stop().await?;
    samples.extend(sustained(&arguments, &pooled, &rival).await?);
    let start_ms = pooled.started_in.as_secs_f64() * 1000.0;
    pooled.stop().await?;

    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let report = Report {
        start_ms,
        first_call_ms: first_call.as_secs_f64() * 1000.0,
        idle_worker_private_mib: idle.map(|memory| mebibytes(memory.private)),
        idle_worker_pss_mib: idle.map(|memory| mebibytes(memory.proportional)),
        variants: samples
            .iter()
            .map(|(name, sample)| Variant { name: name.clone(), summary: sample.summary() })
            .collect(),
    };
    print(&report)?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    if let Some(path) = &arguments.picture {
        std::fs::write(path, picture::draw(&samples))?;
    }
    let failures: usize = report.variants.iter().map(|variant| variant.summary.failures).sum();
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One client, one call after the other, every variant by turns.
async fn one_by_one(
    arguments: &Arguments,
    pooled: &ServerProcess,
    on_demand: &ServerProcess,
    rival: &Rival,
) -> Result<Vec<(String, Sample)>, Error> {
    let (mut ready, mut unready) = (pooled.connect().await?, on_demand.connect().await?);
    for _ in 0..WARM_UP {
        server::call(&mut ready).await?;
        server::call(&mut unready).await?;
        rival.call().await?;
    }
    let mut samples = <[Sample; 3]>::default();
    let [waiting, made, container] = &mut samples;
    let pause = Duration::from_millis(arguments.pause);
    for _ in 0..arguments.rounds {
        machine::settle(pause).await?;
        timed(waiting, server::call(&mut ready)).await?;
        machine::settle(pause).await?;
        timed(made, server::call(&mut unready)).await?;
        machine::settle(pause).await?;
        timed(container, rival.call()).await?;
    }
    let names = ["a ready worker waiting", "no ready worker", "docker run"];
    Ok(names.map(str::to_owned).into_iter().zip(samples).collect())
}

/// Many clients at once, by turns with as many rivals.
async fn sustained(
    arguments: &Arguments,
    pooled: &ServerProcess,
    rival: &Rival,
) -> Result<Vec<(String, Sample)>, Error> {
    let turn = Duration::from_secs(arguments.seconds) / arguments.turns.max(1);
    let clients = arguments.clients;
    let mut sessions = try_join_all((0..clients).map(|_| pooled.connect())).await?;
    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    for _ in 0..arguments.turns.max(1) {
        let until = Instant::now() + turn;
        let calls = sessions.iter_mut().map(|session| async move {
            let mut sample = Sample::default();
            while Instant::now() < until {
                sample.add(noted(server::call(session).await));
            }
            sample
        });
        at_once(&mut ours, calls).await?;
        let until = Instant::now() + turn / 3;
        let calls = (0..clients).map(|_| async {
            let mut sample = Sample::default();
            while Instant::now() < until {
                sample.add(noted(rival.call().await));
            }
            sample
        });
        at_once(&mut theirs, calls).await?;
    }
    Ok(vec![
        (format!("sustained, {clients} clients"), ours),
        (format!("docker run, {clients} at once"), theirs),
    ])
}

/// One call as a turn of its own.
async fn timed(
    sample: &mut Sample,
    call: impl Future<Output = Result<Duration, Error>>,
) -> Result<(), Error> {
    let (began, busy) = (Instant::now(), machine::busy_seconds()?);
    sample.add(noted(call.await));
    sample.add_turn(began.elapsed(), machine::busy_seconds()? - busy);
    Ok(())
}

/// Several clients' calls as one turn.
async fn at_once(
    sample: &mut Sample,
    clients: impl Iterator<Item = impl Future<Output = Sample>>,
) -> Result<(), Error> {
    let (began, busy) = (Instant::now(), machine::busy_seconds()?);
    for made in join_all(clients).await {
        sample.merge(made);
    }
    sample.add_turn(began.elapsed(), machine::busy_seconds()? - busy);
    Ok(())
}

/// A call's time; of one that failed, what is said of it.
fn noted(call: Result<Duration, Error>) -> Option<Duration> {
    call.inspect_err(|error| eprintln!("launchpod bench: {error}")).ok()
}

/// The settings of a server that makes no worker ahead.
fn unpooled() -> Vec<String> {
    ["--ready-workers-min", "0", "--ready-workers-max", "0"].map(str::to_owned).into()
}

/// What the idle worker that has most adds: its supervisor and what that has started. None where
/// workers are no descendants of the server.
fn idle_worker(server: u32) -> Option<Memory> {
    let processes = machine::descendants(server);
    let supervisors = processes.iter().filter(|process| process.name == SUPERVISOR);
    let workers = supervisors.map(|supervisor| {
        let own = processes
            .iter()
            .filter(|process| [process.pid, process.parent].contains(&supervisor.pid))
            .map(|process| machine::memory(process.pid));
        own.fold(Memory::default(), |sum, memory| Memory {
            private: sum.private + memory.private,
            proportional: sum.proportional + memory.proportional,
        })
    });
    workers.max_by_key(|memory| memory.private)
}

fn print(report: &Report) -> Result<(), Error> {
    let rival = |name: &str| if name.contains("clients") { "docker run, " } else { "docker run" };
    let rows: Vec<Vec<String>> = report
        .variants
        .iter()
        .map(|Variant { name, summary }| {
            let slower = report
                .variants
                .iter()
                .find(|variant| variant.name.starts_with(rival(name)))
                .map_or(f64::NAN, |variant| variant.summary.p50_ms / summary.p50_ms);
            vec![
                name.clone(),
                summary.calls.to_string(),
                summary.failures.to_string(),
                format!("{:.1}", summary.p50_ms),
                format!("{:.1}", summary.p95_ms),
                format!("{:.1}", summary.p99_ms),
                format!("{:.1}", summary.calls_per_second),
                format!("{:.3}", summary.cpu_seconds_per_call),
                format!("{slower:.1}"),
            ]
        })
        .collect();
    let headings = [
        "",
        "calls",
        "failed",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "calls/s",
        "CPU s/call",
        "docker run / this",
    ];
    output::line(table::render(&headings, &rows))?;
    output::line(format_args!(
        "serve ready in {:.0} ms; its first call took {:.0} ms",
        report.start_ms, report.first_call_ms
    ))?;
    if let (Some(private), Some(pss)) = (report.idle_worker_private_mib, report.idle_worker_pss_mib)
    {
        output::line(format_args!(
            "an idle worker adds {private:.1} MiB that nobody shares ({pss:.1} MiB PSS)"
        ))?;
    }
    Ok(())
}
