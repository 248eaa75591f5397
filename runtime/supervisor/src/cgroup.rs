//! What the worker's cgroup counts.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Limits that were hit, and the most that was used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: u64,
    /// Processes and threads that were refused for want of a slot.
    pub pids_denied: u64,
    /// The most memory that was used at once (bytes).
    pub peak_memory: Option<u64>,
    /// The most memory that TCP connections had at once (bytes), where that is counted apart.
    pub tcp_peak: Option<u64>,
}

/// Where the counts are read.
///
/// Files and keys: Linux, Documentation/admin-guide/cgroup-v2.rst, and cgroup-v1/memory.rst,
/// cgroup-v1/pids.rst and cgroup-v1/cpuacct.rst.
pub enum Counters {
    /// At the places where container engines mount a container's own cgroup.
    Mounted,
    /// In files that were opened from outside: of OOM kills, of refused processes, of the most
    /// memory, of processor time, of the most memory of TCP connections.
    Files([File; 5]),
}

// === impl Counters ===

impl Counters {
    /// Reads them from files, in the order of [`Counters::Files`].
    pub fn of_files(files: [OwnedFd; 5]) -> Self {
        Counters::Files(files.map(File::from))
    }

    /// Reads the counts; what can't be seen is 0.
    pub fn read(&self) -> Counts {
        match self {
            Counters::Mounted => Counts {
                oom_kills: first_count(
                    &["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"],
                    "oom_kill",
                ),
                pids_denied: first_count(
                    &["/sys/fs/cgroup/pids.events", "/sys/fs/cgroup/pids/pids.events"],
                    "max",
                ),
                peak_memory: first_number(&[
                    "/sys/fs/cgroup/memory.peak",
                    "/sys/fs/cgroup/memory/memory.max_usage_in_bytes",
                ]),
                tcp_peak: first_number(&[
                    "/sys/fs/cgroup/memory/memory.kmem.tcp.max_usage_in_bytes",
                ]),
            },
            Counters::Files([oom, pids, peak, _, tcp]) => Counts {
                oom_kills: count(&text(oom), "oom_kill").unwrap_or(0),
                pids_denied: count(&text(pids), "max").unwrap_or(0),
                peak_memory: text(peak).trim().parse().ok(),
                // Version 2, which counts them as memory, has no such number.
                tcp_peak: text(tcp).trim().parse().ok(),
            },
        }
    }

    /// Processor time that all processes of the worker have used, the ended ones too; `None` where
    /// that can't be seen.
    pub fn cpu_time(&self) -> Option<Duration> {
        let usage = match self {
            Counters::Mounted => first_text(&[
                "/sys/fs/cgroup/cpuacct/cpuacct.usage",
                "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage",
                "/sys/fs/cgroup/cpu.stat",
            ])?,
            Counters::Files([.., cpu, _]) => text(cpu),
        };
        // Version 1 has a number of nanoseconds, version 2 lines.
        let nanoseconds = usage.trim().parse().map(Duration::from_nanos).ok();
        nanoseconds.or_else(|| count(&usage, "usage_usec").map(Duration::from_micros))
    }
}

/// What a file says now.
fn text(file: &File) -> String {
    // The longest of these files has a dozen short lines.
    let mut bytes = [0; 1024];
    let length = file.read_at(&mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

fn first_text(paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| fs::read_to_string(path).ok())
}

fn first_number(paths: &[&str]) -> Option<u64> {
    first_text(paths)?.trim().parse().ok()
}

fn first_count(paths: &[&str], key: &str) -> u64 {
    first_text(paths).and_then(|text| count(&text, key)).unwrap_or(0)
}

/// The number on the line `KEY NUMBER`.
fn count(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn reads_both_versions_files() {
        let version_1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        let version_2 = "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(count(version_1, "oom_kill"), Some(3));
        assert_eq!(count(version_2, "oom_kill"), Some(3));
        assert_eq!(count("max 12\n", "max"), Some(12));
        assert_eq!(count("", "max"), None);
    }
}
