//! What a worker may use.

use std::time::Duration;

/// The limits of one worker. Each holds for the whole container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bytes of memory, files in `/tmp` and `/dev/shm` included; swap is off. When it is hit
    /// the kernel kills a process of the worker and the script ends in 39127.
    pub memory: u64,
    /// Processes and threads. When it is hit `fork` fails inside the worker.
    pub processes: u32,
    /// Processors, in thousandths; `None` for all. The worker is slowed down, not ended.
    pub millicpus: Option<u32>,
    /// Its share of the processors while they are short, against 1024 of what has no weight of
    /// its own, such as the server (2 to 262,144; cgroup v1's `cpu.shares`).
    pub cpu_weight: u32,
    /// Bytes that the kernel holds for TCP connections, where it counts them apart from memory: in
    /// cgroups of version 1, where the server may write to a container's. What all of a host's
    /// connections may hold is bounded, too. When it is hit `send` waits inside the worker.
    pub tcp_memory: u64,
    /// Bytes in `/tmp`. When it is full `write` fails inside the worker.
    pub scratch: u64,
    /// Files and folders in `/tmp`. When there are so many no more can be made inside the worker.
    pub scratch_files: u32,
    /// Bytes in `/dev/shm`. When it is full `write` fails inside the worker.
    pub shared_memory: u64,
    /// Open files per process. When it is hit `open` fails inside the worker.
    pub open_files: u32,
    /// Bytes that one process may lock in memory. When it is hit `mlock` fails inside the worker.
    pub locked_memory: u64,
    /// Signals that may be queued for the worker's uid (sigqueue(3)), timers of timer_create(2) among
    /// them. Those of a forked worker count for the host's root, too, whose limit is some 4,000 for
    /// each GiB of memory (Linux, kernel/ucount.c and kernel/fork.c). When it is hit both calls fail
    /// inside the worker.
    pub pending_signals: u32,
    /// How long a worker may take from its start until READY. When it is exceeded the worker
    /// is killed and the script ends in 39012.
    pub ready: Duration,
}

/// A limit is configured that no worker can have.
#[derive(Debug, thiserror::Error)]
#[error("{setting} is {value}: a worker {bound}")]
pub struct LimitError {
    /// The limit's name in the settings.
    setting: &'static str,
    /// What it is, in the settings' unit.
    value: u64,
    /// What it can be.
    bound: String,
}

// === impl Limits ===

impl Limits {
    /// The most bytes of one file. When it is hit `write` fails inside the worker.
    pub fn file_size(&self) -> u64 {
        self.scratch.max(self.shared_memory)
    }

    /// Whether a worker can be made with these. With less of memory, processes or open files it
    /// doesn't become ready (tried with the image `python`), and 0 is no limit at all to those who
    /// hold some of them.
    ///
    /// # Errors
    /// The first limit that is too small or too large, by its name in the settings.
    pub fn check(&self) -> Result<(), LimitError> {
        let any = u64::MAX;
        let ranges = [
            ("worker_memory", self.memory >> 20, 64..=any),
            ("worker_processes", self.processes.into(), 4..=any),
            ("worker_cpu_weight", self.cpu_weight.into(), 2..=262_144),
            ("scratch_size", self.scratch >> 20, 1..=any),
            ("scratch_files", self.scratch_files.into(), 2..=any),
            ("shared_memory", self.shared_memory >> 20, 1..=any),
            ("open_files", self.open_files.into(), 48..=any),
            ("tcp_memory", self.tcp_memory >> 20, 1..=any),
            ("start_timeout", self.ready.as_secs(), 1..=any),
        ];
        match ranges.into_iter().find(|(_, value, range)| !range.contains(value)) {
            None => Ok(()),
            Some((setting, value, range)) => {
                let bound = match value < *range.start() {
                    true => format!("needs at least {}", range.start()),
                    false => format!("has at most {}", range.end()),
                };
                Err(LimitError { setting, value, bound })
            }
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 2 << 30,
            processes: 128,
            millicpus: None,
            cpu_weight: 512,
            tcp_memory: 16 << 20,
            scratch: 256 << 20,
            scratch_files: 65_536,
            shared_memory: 64 << 20,
            open_files: 1024,
            locked_memory: 8 << 20,
            pending_signals: 128,
            // SQL Server gives up after a minute, too.
            ready: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_no_worker_can_have_is_named() {
        let default = Limits::default();
        default.check().unwrap();
        let refused = |limits: Limits| limits.check().unwrap_err().to_string();
        assert_eq!(
            refused(Limits { processes: 0, ..default }),
            "worker_processes is 0: a worker needs at least 4"
        );
        assert_eq!(
            refused(Limits { memory: 32 << 20, ..default }),
            "worker_memory is 32: a worker needs at least 64"
        );
        assert_eq!(
            refused(Limits { cpu_weight: 300_000, ..default }),
            "worker_cpu_weight is 300000: a worker has at most 262144"
        );
    }
}
