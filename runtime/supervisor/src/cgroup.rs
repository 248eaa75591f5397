//! What the worker's cgroup counts, as the container sees its own.

use std::fs;
use std::time::Duration;

/// Limits that were hit, and the most that was used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: u64,
    /// Processes and threads that were refused for want of a slot.
    pub pids_denied: u64,
    /// The most memory that was used at once (bytes).
    pub peak_memory: Option<u64>,
}

/// Reads the counters; what can't be seen is 0.
///
/// Files and keys: Linux, Documentation/admin-guide/cgroup-v2.rst, and cgroup-v1/memory.rst,
/// cgroup-v1/pids.rst and cgroup-v1/cpuacct.rst, at the places where container engines mount them.
pub fn counters() -> Counters {
    Counters {
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
    }
}

/// Processor time that all processes of the worker have used, the ended ones too; `None` where
/// that can't be seen.
pub fn cpu_time() -> Option<Duration> {
    let version_1 =
        ["/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage"];
    let nanoseconds = first_number(&version_1).map(Duration::from_nanos);
    let version_2 = || {
        let text = fs::read_to_string("/sys/fs/cgroup/cpu.stat").ok()?;
        count(&text, "usage_usec").map(Duration::from_micros)
    };
    nanoseconds.or_else(version_2)
}

fn first_number(paths: &[&str]) -> Option<u64> {
    let text = paths.iter().find_map(|path| fs::read_to_string(path).ok())?;
    text.trim().parse().ok()
}

fn first_count(paths: &[&str], key: &str) -> u64 {
    paths
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .and_then(|text| count(&text, key))
        .unwrap_or(0)
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
