//! What controller and spawner say to each other: a line of JSON each, over a stream socket that
//! is the spawner's standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The controller's first line: what template to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The folder that is the root of template and workers; only ever mounted read-only.
    pub root: PathBuf,
    /// The instance's run folder: it holds one folder for each worker.
    pub run_folder: PathBuf,
    /// The cgroup that workers' own are made in, below each hierarchy's root. The spawner makes
    /// it and takes it away.
    pub cgroup: String,
    /// The first uid (and gid) of the range that workers have, on the host and in their own user
    /// namespace alike; what is root there has this one on the host.
    pub first_uid: u32,
    /// How many uids there are.
    pub uids: u32,
    /// The template's program and its arguments.
    pub program: Vec<String>,
    /// The environment of template and workers, `NAME=VALUE`.
    pub environment: Vec<String>,
    /// The seccomp profile, as Docker reads it.
    pub seccomp: String,
    /// Added to the badness that the kernel's OOM killer computes (proc(5)).
    pub oom_score_adjustment: i64,
}

/// The controller's further lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Make a worker.
    Spawn(Spawn),
    /// Change how many processors a worker has.
    Throttle {
        /// Its name.
        worker: String,
        /// The processors, in thousandths.
        millicpus: u32,
    },
    /// End a worker, whatever it does.
    Kill {
        /// Its name.
        worker: String,
    },
}

/// A worker to make.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spawn {
    /// Its name: that of its folder in the run folder, and of its cgroup.
    pub worker: String,
    /// Its uid and gid.
    pub uid: u32,
    /// Bytes of memory; swap is off.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u32,
    /// Processors, in thousandths; all when there is none.
    pub millicpus: Option<u32>,
    /// Bytes that the kernel holds for TCP connections, where memory doesn't count them.
    pub tcp_memory: u64,
    /// Bytes in `/tmp`.
    pub scratch: u64,
    /// Bytes in `/dev/shm`.
    pub shared_memory: u64,
    /// Files and folders in `/tmp`.
    pub scratch_files: u32,
    /// Its share of the processors while they are short, as cgroup v1's `cpu.shares`.
    pub cpu_weight: u32,
    /// What each process may use: resources of setrlimit(2) by their names in small letters.
    pub rlimits: Vec<(String, i64)>,
}

/// The spawner's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The template is there; workers can be asked for.
    Ready,
    /// There is no template, and will be none: the spawner ends.
    Failed {
        /// Why.
        reason: String,
    },
    /// A worker has ended, and nothing of it is left.
    Ended {
        /// Its name.
        worker: String,
        /// What its cgroup had counted.
        left: Left,
    },
}

/// What a worker's cgroup has counted at its end, from when the worker was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Whether the kernel killed a process of it for want of memory.
    pub out_of_memory: bool,
    /// Microseconds of processor time of all its processes, where they can be read.
    pub cpu_us: Option<u64>,
    /// The most memory that was used at once (bytes), where it can be read.
    pub peak_memory: Option<u64>,
}
