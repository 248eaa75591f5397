//! What the worker's cgroup counts, as the container sees its own.

use std::fs;

/// Limits that were hit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: u64,
    /// Processes and threads that were refused for want of a slot.
    pub pids_denied: u64,
}

/// Reads the counters; what can't be seen is 0.
///
/// Files and keys: Linux, Documentation/admin-guide/cgroup-v2.rst, and cgroup-v1/memory.rst and
/// cgroup-v1/pids.rst, at the places where container engines mount them.
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
    }
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
