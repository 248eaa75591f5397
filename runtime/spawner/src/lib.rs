//! The spawner: the small privileged process of the fast backend.
//!
//! It makes, for one image, a *template*: a process that has imported what scripts use, in
//! namespaces whose root is the image's files, read-only. For each worker it makes a cgroup and has
//! the template fork: into namespaces of the worker's own, under the supervisor, with every
//! privilege dropped before a request is seen. The template never runs a script.
//!
//! | process | user | what it may |
//! | --- | --- | --- |
//! | outer | root | waits for the spawner, then takes the cgroups away |
//! | spawner, PID 1 of a pid namespace | root, the image's files as its root | cgroups; opens workers' run folders |
//! | template, PID 1 of another | root of a user namespace: on the host one uid of the range | fork, namespaces, mounts within |
//! | supervisor, PID 1 of a third, and the worker | a uid of the range | nothing |
//!
//! Whoever ends takes those below along: the controller's end is the end of the spawner's standard
//! input, the spawner's end kills all of its pid namespace, and the outer process removes what
//! cgroups are left. If that is killed too, the next start of the instance does it ([`sweep`]).
//!
//! | module | what it knows |
//! | --- | --- |
//! | `message`, `lines` | what controller and spawner say to each other |
//! | `root` | mounts |
//! | `cgroup` | limits, by either version; over cgroups-rs |
//! | `seccomp` | the profile, compiled |
//! | `template` | the template's start, and how it is told of a worker |
//! | `serve` | the loop |
//! | `process` | fork into namespaces: the one module with `unsafe` |

mod cgroup;
mod lines;
pub mod message;
mod process;
mod root;
mod seccomp;
mod serve;
mod template;

pub use cgroup::{CgroupError, SHARED, sweep};

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal, waitpid};

use crate::lines::Lines;
use crate::message::{Event, Setup};
use crate::serve::Spawner;
use crate::template::Template;

/// The argument with which the program becomes a spawner instead of reading its command line.
pub const ARGUMENT: &str = "spawner";

/// Why there is no spawner.
#[derive(Debug, thiserror::Error)]
enum SpawnerError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Cgroup(#[from] cgroup::CgroupError),
    #[error(transparent)]
    Root(#[from] root::RootError),
    #[error(transparent)]
    Seccomp(#[from] seccomp::SeccompError),
    #[error("can't start the template: {0}")]
    Template(io::Error),
}

/// The whole process: serves the controller at standard input to its end. To be called while the
/// process has one thread.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("launchpod spawner: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), SpawnerError> {
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut controller = Lines::new(stream);
    let Some(setup) = controller.wait::<Setup>()? else { return Ok(()) };
    match process::fork_into(libc::CLONE_NEWPID | libc::CLONE_NEWNS)? {
        None => {
            let served = serve(controller, &setup);
            std::process::exit(i32::from(served.is_err()));
        }
        Some(spawner) => {
            // The controller is to see the spawner's end, not ours.
            drop(controller);
            waitpid(Some(spawner), WaitOptions::empty()).map_err(io::Error::from)?;
            Ok(sweep(&setup.cgroup)?)
        }
    }
}

/// The spawner itself.
fn serve(mut controller: Lines<UnixStream>, setup: &Setup) -> Result<(), SpawnerError> {
    let (cgroup, template) = match prepare(setup) {
        Ok(prepared) => prepared,
        Err(error) => {
            let event = Event::Failed { reason: error.to_string() };
            let mut line = serde_json::to_vec(&event).map_err(io::Error::from)?;
            line.push(b'\n');
            controller.stream().write_all(&line)?;
            return Err(error);
        }
    };
    let (workers, leaving) = (BTreeMap::new(), BTreeMap::new());
    Ok(Spawner { controller, template, cgroup, workers, leaving }.serve()?)
}

fn prepare(setup: &Setup) -> Result<(cgroup::Parent, Template), SpawnerError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from)?;
    let seccomp = seccomp::compile(&setup.seccomp)?;
    let cgroup = cgroup::Parent::make(&setup.cgroup)?;
    root::enter(setup)?;
    let template = Template::start(setup, &seccomp).map_err(SpawnerError::Template)?;
    Ok((cgroup, template))
}
