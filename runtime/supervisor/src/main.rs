//! The first process of a worker.
//!
//! `launchpod-supervisor [--run-folder DIR] [--loopback ADDRESS:PORT] [--outbound ADDRESS:PORT] --
//! PROGRAM [ARGUMENT]…` dials the controller's socket in the run folder (`/run/launchpod`) twice,
//! starts the program with the data connection as file descriptor 3, relays what it writes, lets it
//! connect to its caller's database (at 127.0.0.1:1433) and to the way out (at 127.0.0.1:3128), and
//! ends every process of the worker when the program ends, the time is up, or the controller says
//! so or is gone. See `PROTOCOL.md` of `launchpod-exchange`.
//!
//! `launchpod-supervisor --adopt JSON` supervises a program that a template has forked: see
//! `adopt`.
//!
//! It is a program of its own, apart from the language's process, because a script runs with the
//! same uid and owns that process: it can stop it, write its memory and close its files. PID 1
//! takes no signal from inside its namespace, and this one can't be traced.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use doors::Doors;
use launchpod_protocol::control::Door;
use relay::Relay;

mod adopt;
mod cgroup;
mod cpu_limit;
mod dial;
mod doors;
mod mounts;
mod process;
mod relay;

/// BSD's EX_SOFTWARE, apart from the codes that a script's process is likely to use.
const EXIT_BROKEN: u8 = 70;
/// The shell's code for a program that can't be started.
const EXIT_NOT_STARTED: i32 = 127;

const USAGE: &str = "usage: launchpod-supervisor [--run-folder DIR] [--loopback ADDRESS:PORT]
                            [--outbound ADDRESS:PORT] -- PROGRAM [ARGUMENT]...
       launchpod-supervisor --adopt JSON";

/// What is asked on the command line.
enum Arguments {
    Start {
        run_folder: PathBuf,
        doors: Vec<(Door, SocketAddr)>,
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
        Arguments::Start { run_folder, doors, program, arguments } => {
            supervise(run_folder, doors, program, arguments)
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
    doors: &[(Door, SocketAddr)],
    program: &OsStr,
    arguments: &[OsString],
) -> Result<i32, Box<dyn std::error::Error>> {
    process::harden()?;
    // The ports are there before anybody could connect to them: whoever knows of the worker, too.
    let doors = Doors::listen(doors);
    let connections = dial::dial(run_folder)?;
    let signals = process::child_signals()?;
    let started = process::start(program, arguments, connections.data);
    let relay = Relay::new(connections.control, signals, cgroup::Counters::Mounted, doors)?;
    Ok(match started {
        Ok(worker) => relay.run(worker)?,
        Err(error) => relay.refuse(&error, EXIT_NOT_STARTED)?,
    })
}

// === impl Arguments ===

impl Arguments {
    fn read(mut given: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut run_folder = PathBuf::from("/run/launchpod");
        // Outside a worker the ports would be the host's.
        let is_worker = rustix::process::getpid().is_init();
        let mut doors = if is_worker { Doors::addresses().to_vec() } else { Vec::new() };
        loop {
            match given.next()?.to_str()? {
                "--run-folder" => run_folder = given.next()?.into(),
                "--loopback" => {
                    doors.push((Door::Loopback, given.next()?.to_str()?.parse().ok()?));
                }
                "--outbound" => {
                    doors.push((Door::Outbound, given.next()?.to_str()?.parse().ok()?));
                }
                "--adopt" => {
                    let adoption = given.next()?.into_string().ok()?;
                    return Some(Arguments::Adopt { adoption });
                }
                "--" => break,
                _ => return None,
            }
        }
        let program = given.next()?;
        Some(Arguments::Start { run_folder, doors, program, arguments: given.collect() })
    }
}
