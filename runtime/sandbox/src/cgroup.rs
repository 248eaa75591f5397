//! The cgroup of a worker, as the host's files show it.
//!
//! A server that is itself in a container sees neither the worker's process nor these files.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use cgroups_rs::fs::cgroup::get_cgroups_relative_paths_by_pid;
use cgroups_rs::fs::hierarchies::auto;
use cgroups_rs::fs::memory::MemController;
use cgroups_rs::fs::{Controller as _, Subsystem};

use crate::used::Used;

/// A worker's cgroup that was found.
pub(crate) struct Cgroup {
    memory: MemController,
    /// The most memory that was used at once; where the kernel doesn't count that (version 2 before
    /// Linux 5.19), what is used now.
    peak: File,
    /// Processor time of all its processes.
    cpu: File,
}

/// What bounds the memory that the kernel holds for TCP connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpBound {
    /// The limit of memory, as which it counts.
    Memory,
    /// A limit of its own (bytes).
    Own(u64),
    /// Only what all of the host's connections may hold.
    Nothing,
}

// === impl Cgroup ===

impl Cgroup {
    /// That of a process; none when it isn't a cgroup of that name, or can't be seen. The process may
    /// have ended since, and another have its number.
    ///
    /// Names of files: Linux, Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst and
    /// cgroup-v1/cpuacct.rst.
    pub(crate) fn find(pid: i32, name: &str) -> Option<Self> {
        let paths = get_cgroups_relative_paths_by_pid(u32::try_from(pid).ok()?).ok()?;
        let hierarchy = auto();
        let version_2 = hierarchy.v2();
        // The one line of version 2 names no controller.
        let needed = if version_2 { &[""][..] } else { &["memory", "cpuacct"] };
        if !needed.iter().all(|key| paths.get(*key).is_some_and(|path| path.contains(name))) {
            return None;
        }
        let found = match paths.get("") {
            Some(path) if version_2 => {
                cgroups_rs::fs::Cgroup::load(hierarchy, path.trim_start_matches('/'))
            }
            _ => cgroups_rs::fs::Cgroup::load_with_relative_paths(hierarchy, ".", paths),
        };
        let (mut memory, mut cpu) = (None, None);
        for subsystem in found.subsystems() {
            let open = |file: &str| File::open(subsystem.to_controller().path().join(file)).ok();
            match (subsystem, version_2) {
                (Subsystem::CpuAcct(_), false) => cpu = open("cpuacct.usage"),
                (Subsystem::Cpu(_), true) => cpu = open("cpu.stat"),
                (Subsystem::Mem(found), _) => {
                    let files = match version_2 {
                        true => ["memory.peak", "memory.current"],
                        false => ["memory.max_usage_in_bytes", "memory.usage_in_bytes"],
                    };
                    let peak = files.into_iter().find_map(open);
                    memory = peak.map(|peak| (found.clone(), peak));
                }
                _ => {}
            }
        }
        let (memory, peak) = memory?;
        Some(Cgroup { memory, peak, cpu: cpu? })
    }

    /// Limits what the kernel holds for the worker's TCP connections, where it counts that apart from
    /// memory.
    ///
    /// # Errors
    /// The system refuses; in a word what.
    pub(crate) fn limit_tcp(&self, bytes: u64) -> Result<(), String> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.memory.set_tcp_limit(bytes).map_err(|error| error.to_string())
    }

    /// What bounds the memory of the worker's TCP connections.
    pub(crate) fn tcp_bound(&self) -> TcpBound {
        // Without a limit of its own it is as large as a number can be.
        const NONE: u64 = 1 << 62;
        if self.memory.v2() {
            return TcpBound::Memory;
        }
        match u64::try_from(self.memory.kmem_tcp_stat().limit_in_bytes) {
            Ok(limit @ 1..NONE) => TcpBound::Own(limit),
            _ => TcpBound::Nothing,
        }
    }

    /// What it counts now; nothing when it is gone.
    pub(crate) fn used(&self) -> Used {
        let cpu = text(&self.cpu);
        // Version 1 has a number of nanoseconds, version 2 lines.
        let nanoseconds = cpu.trim().parse().map(Duration::from_nanos).ok();
        let microseconds = || {
            let line = cpu.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            line.trim().parse().map(Duration::from_micros).ok()
        };
        Used {
            cpu: nanoseconds.or_else(microseconds),
            peak_memory: text(&self.peak).trim().parse().ok(),
        }
    }
}

fn text(file: &File) -> String {
    // What is wanted of the longest of these files is on its first line.
    let mut bytes = [0; 256];
    let length = file.read_at(&mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
