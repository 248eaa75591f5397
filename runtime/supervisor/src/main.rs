//! The first process of a worker.
//!
//! `launchpod-supervisor [--run-folder DIR] [--loopback ADDRESS:PORT] -- PROGRAM [ARGUMENT]…` dials the controller's socket
//! in the run folder (`/run/launchpod`) twice, starts the program with the data connection as
//! file descriptor 3, relays what it writes, lets it connect to its caller's database (at
//! 127.0.0.1:1433), and ends every process of the worker when the program ends, the time is up, or
//! the controller says so or is gone. See `PROTOCOL.md` of
//! `launchpod-exchange`.
//!
//! `launchpod-supervisor --adopt JSON` supervises a program that a template has forked: see
//! `adopt`.
//!
//! It is a program of its own, apart from the language's process, because a script runs with the
//! same uid and owns that process: it can stop it, write its memory and close its files. PID 1
//! takes no signal from inside its namespace, and this one can't be traced.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use loopback::Loopback;
use relay::Relay;

mod adopt;
mod cgroup;
mod cpu_limit;
mod dial;
mod loopback;
mod mounts;
mod process;
mod relay;

/// BSD's EX_SOFTWARE, apart from the codes that a script's process is likely to use.
const EXIT_BROKEN: u8 = 70;
/// The shell's code for a program that can't be started.
const EXIT_NOT_STARTED: i32 = 127;

/// Where drivers look for SQL Server unless they are told another place.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1433);

const USAGE: &str = "usage: launchpod-supervisor [--run-folder DIR] [--loopback ADDRESS:PORT]
                            -- PROGRAM [ARGUMENT]...
       launchpod-supervisor --adopt JSON";

/// What is asked on the command line.
enum Arguments {
    Start {
        run_folder: PathBuf,
        loopback: Option<SocketAddr>,
        program: OsString,
        arguments: Vec<OsString>,
    },
    Adopt {
        adoption: String,
    },
}

fn main() -> ExitCode {
    let Some(arguments) = Arguments::read(std::env::args_os().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(EXIT_BROKEN);
    };
    let supervised = match &arguments {
        Arguments::Start { run_folder, loopback, program, arguments } => {
            supervise(run_folder, *loopback, program, arguments)
        }
        Arguments::Adopt { adoption } => adopt::adopt(adoption),
    };
    match supervised {
        // A shell's convention; a process's code is at most 255.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(EXIT_BROKEN)),
        Err(error) => {
            eprintln!("launchpod-supervisor: {error}");
            ExitCode::from(EXIT_BROKEN)
        }
    }
}

fn supervise(
    run_folder: &Path,
    loopback: Option<SocketAddr>,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<i32, Box<dyn std::error::Error>> {
    process::harden()?;
    // The port is there before anybody could connect to it: whoever knows of the worker, too.
    let loopback = Loopback::listen(loopback);
    let connections = dial::dial(run_folder)?;
    let signals = process::child_signals()?;
    let started = process::start(program, arguments, connections.data);
    let relay = Relay::new(connections.control, signals, cgroup::Counters::Mounted, loopback)?;
    Ok(match started {
        Ok(worker) => relay.run(worker)?,
        Err(error) => relay.refuse(&error, EXIT_NOT_STARTED)?,
    })
}

// === impl Arguments ===

impl Arguments {
    fn read(mut given: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut run_folder = PathBuf::from("/run/launchpod");
        // Outside a worker the port would be the host's.
        let mut loopback = rustix::process::getpid().is_init().then_some(LOOPBACK);
        loop {
            match given.next()?.to_str()? {
                "--run-folder" => run_folder = given.next()?.into(),
                "--loopback" => loopback = Some(given.next()?.to_str()?.parse().ok()?),
                "--adopt" => {
                    let adoption = given.next()?.into_string().ok()?;
                    return Some(Arguments::Adopt { adoption });
                }
                "--" => break,
                _ => return None,
            }
        }
        let program = given.next()?;
        Some(Arguments::Start { run_folder, loopback, program, arguments: given.collect() })
    }
}
