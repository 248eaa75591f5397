//! What the kernel counts: processor time and memory.

use std::collections::HashMap;
use std::fs;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::error::Error;

/// How many of its ticks the kernel counts in a second for programs (USER_HZ, proc_stat(5)).
const TICKS: f64 = 100.0;
/// Over how long idleness is looked at.
const MOMENT: Duration = Duration::from_millis(200);

/// Seconds that all processors together have been busy since boot: of everything on the machine,
/// since an engine and the kernel work for a call in processes that are nobody's children.
///
/// # Errors
/// When /proc/stat isn't as proc_stat(5) says.
pub fn busy_seconds() -> Result<f64, Error> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().and_then(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    match fields[..] {
        [user, nice, system, _, _, irq, softirq, ..] => {
            Ok((user + nice + system + irq + softirq) / TICKS)
        }
        _ => Err("/proc/stat has no line of all processors".into()),
    }
}

/// Waits until the processors have been idle for nine tenths of a moment, at most for `limit`: what
/// was measured before may still be cleaning up, or making the next of something.
///
/// # Errors
/// As [`busy_seconds`].
pub async fn settle(limit: Duration) -> Result<(), Error> {
    let processors = available_parallelism().map_or(1.0, |count| count.get() as f64);
    let until = Instant::now() + limit;
    let mut busy = busy_seconds()?;
    while Instant::now() < until {
        sleep(MOMENT).await;
        let now = busy_seconds()?;
        if now - busy <= MOMENT.as_secs_f64() * processors / 10.0 {
            return Ok(());
        }
        busy = now;
    }
    Ok(())
}

/// The memory of one process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What nobody shares: what ending the process would free.
    pub private: u64,
    /// The proportional set size: each page divided among those that share it.
    pub proportional: u64,
}

/// A process's memory, as proc_pid_smaps_rollup(5) has it; nothing for one that is gone.
pub fn memory(pid: u32) -> Memory {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let mut memory = Memory::default();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let kib = rest.trim().strip_suffix(" kB").and_then(|number| number.parse().ok());
        let bytes: u64 = kib.unwrap_or(0) << 10;
        match name {
            "Private_Clean" | "Private_Dirty" => memory.private += bytes,
            "Pss" => memory.proportional += bytes,
            _ => {}
        }
    }
    memory
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's.
    pub parent: u32,
    /// Its name, as the kernel cuts it (proc_pid_comm(5)).
    pub name: String,
}

/// Every descendant of a process.
pub fn descendants(root: u32) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for pid in pids() {
        // `pid (name) state ppid …`; a name may hold anything but ends at the last parenthesis.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
        let parent = rest.split(' ').nth(1).and_then(|parent| parent.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(Process { pid, parent, name });
        }
    }
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            open.push(child.pid);
            found.push(child);
        }
    }
    found
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_parent_that_knows_it() {
        let own = std::process::id();
        let memory = memory(own);
        assert!(memory.private > 0 && memory.proportional >= memory.private);
        let parent = std::os::unix::process::parent_id();
        assert!(descendants(parent).iter().any(|process| process.pid == own));
        assert!(busy_seconds().unwrap() > 0.0);
    }
}
