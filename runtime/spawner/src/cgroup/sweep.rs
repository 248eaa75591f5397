//! Cgroups that an earlier spawner has left, and their processes.

use std::fs;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cgroups_rs::CgroupPid;
use cgroups_rs::fs::hierarchies::auto;
use rustix::process::{Pid, Signal, kill_process};

use super::{CgroupError, SHARED, failed, load};

/// How long a sweep waits for what it has killed.
const LIMIT: Duration = Duration::from_secs(5);

/// Takes a cgroup and all below it away, with every process in it.
///
/// # Errors
/// A hierarchy is not to be found, or a process doesn't end.
pub fn sweep(path: &str) -> Result<(), CgroupError> {
    for subsystem in load(auto(), path)?.subsystems() {
        let folder = subsystem.to_controller().path();
        sweep_folder(folder)?;
        remove_folder(folder)?;
        // The instance's own, once its last template is gone; it is kept while it holds another.
        if let Some(above) = folder.parent().filter(|above| !above.ends_with(SHARED)) {
            let _ = fs::remove_dir(above);
        }
    }
    Ok(())
}

/// Takes all below a folder away.
pub(super) fn sweep_folder(folder: &Path) -> Result<(), CgroupError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_folder(&entry.path())?;
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder whose processes, if there are any, are killed.
fn remove_folder(folder: &Path) -> Result<(), CgroupError> {
    let limit = Instant::now() + LIMIT;
    loop {
        kill_all(&processes(folder));
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < limit => {
                sleep(Duration::from_millis(5));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(folder)(error));
            }
            _ => return Ok(()),
        }
    }
}

fn processes(folder: &Path) -> Vec<CgroupPid> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).map(|pid: u64| pid.into()).collect()
}

/// Kills processes. One of another pid namespace is 0 in its list.
pub(super) fn kill_all(processes: &[CgroupPid]) {
    let pids = processes.iter().filter_map(|process| Pid::from_raw(process.pid.try_into().ok()?));
    for pid in pids {
        // It may have ended meanwhile.
        let _ = kill_process(pid, Signal::KILL);
    }
}
