//! A cgroup for each worker, by either version.
//!
//! cgroups-rs finds the hierarchies, makes cgroups, limits them and lists their processes. What is
//! done here all the same, it does otherwise than is needed:
//!
//! - Removal: its `delete` sleeps while a process is still ending; the spawner has other workers.
//! - Counts of what was used: `MemController::memory_stat` reads eleven files for one number, and
//!   leaves version 2's OOM kills out. The supervisor, which reads most of them, sees no cgroup at
//!   all: it has open files.
//! - Enabling controllers below a cgroup of version 2: it ignores a refusal.
//!
//! Names of files: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{memory,pids}.rst.

mod held;
mod limits;
mod sweep;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use cgroups_rs::fs::hierarchies::auto;
use cgroups_rs::fs::{Cgroup, Hierarchy, Subsystem};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::message::{Left, Spawn};
use held::Held;
pub use sweep::sweep;

/// The cgroup of all instances, below each hierarchy's root: it stays.
pub const SHARED: &str = "launchpod";
/// The controllers that limit or count something. Version 2 has no cpuacct: its `cpu` counts.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuacct"];

/// Version 2's count of the most memory: of Linux 5.19 and newer alone.
const PEAK: &str = "memory.peak";

/// Cgroups can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// No hierarchy has the controller.
    #[error("no cgroup hierarchy has the controller {0}")]
    NoController(&'static str),
    /// The system refuses.
    #[error("cgroup {path}: {source}")]
    Io {
        /// Which folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses what cgroups-rs asks for; its error names the file.
    #[error("cgroup {name}: {source}")]
    Refused {
        /// Which cgroup.
        name: String,
        /// What was refused.
        source: cgroups_rs::fs::error::Error,
    },
}

/// The cgroup that holds the workers' own, in each hierarchy that limits something.
pub(crate) struct Parent {
    held: Held,
}

/// A worker's cgroup, as descriptors.
pub(crate) struct Member {
    /// Where a process of one thread that writes `0` becomes a member, in each hierarchy.
    pub(crate) entries: Vec<File>,
    /// The file with the line `oom_kill N`.
    oom: File,
    /// The file with the line `max N`.
    pids: File,
    /// The file with the most memory that was used at once.
    peak: File,
    /// The file with the processor time that was used.
    cpu: File,
    /// The file with the most memory of TCP connections; version 2 counts it as any other, and has
    /// another file here.
    tcp: File,
}

// === impl Parent ===

impl Parent {
    /// Makes the cgroup of that path below each hierarchy's root, empty.
    pub(crate) fn make(path: &str) -> Result<Self, CgroupError> {
        Self::make_in(auto(), path)
    }

    fn make_in(hierarchy: Box<dyn Hierarchy>, path: &str) -> Result<Self, CgroupError> {
        let root = hierarchy.v2().then(|| hierarchy.root());
        let cgroup = load(hierarchy, path)?;
        for subsystem in cgroup.subsystems() {
            let controller = subsystem.to_controller();
            controller.create().map_err(refused(path))?;
        }
        if let Some(root) = root {
            enable(&root, path)?;
        }
        for subsystem in cgroup.subsystems() {
            sweep::sweep_folder(subsystem.to_controller().path())?;
        }
        Ok(Parent { held: Held::open(&cgroup)? })
    }

    /// Makes a worker's cgroup with its limits.
    pub(crate) fn add(&self, spawn: &Spawn) -> Result<Member, CgroupError> {
        let name = &spawn.worker;
        let cgroup = self.cgroup(name);
        let mut entries = Vec::new();
        let mut counters = [const { None }; 5];
        for subsystem in cgroup.subsystems() {
            let controller = subsystem.to_controller();
            controller.create().map_err(refused(name))?;
            limits::set(subsystem, spawn).map_err(refused(name))?;
            for (place, file) in counters.iter_mut().zip(counting(subsystem)) {
                if let Some(file) = file {
                    *place = Some(counter(controller.path(), file)?);
                }
            }
            // Version 2 has one entry for all controllers.
            if !controller.v2() || entries.is_empty() {
                let file = entry(controller.v2());
                entries.push(open(controller.path(), file, OpenOptions::new().write(true))?);
            }
        }
        match counters {
            [Some(oom), Some(pids), Some(peak), Some(cpu), Some(tcp)] => {
                Ok(Member { entries, oom, pids, peak, cpu, tcp })
            }
            _ => Err(CgroupError::NoController("of every count")),
        }
    }

    /// Changes how many processors a worker has, in thousandths.
    pub(crate) fn throttle(&self, worker: &str, millicpus: u32) -> Result<(), CgroupError> {
        for subsystem in self.cgroup(worker).subsystems() {
            if let Subsystem::Cpu(cpu) = subsystem {
                limits::set_processors(cpu, millicpus).map_err(refused(worker))?;
            }
        }
        Ok(())
    }

    /// Kills every process of a worker that can be seen.
    pub(crate) fn kill(&self, worker: &str) {
        // Every member is in every hierarchy. A cgroup that is gone has no process.
        if let Some(subsystem) = self.cgroup(worker).subsystems().first() {
            sweep::kill_all(&subsystem.to_controller().procs());
        }
    }

    /// Removes a worker's cgroup; false while a process of it is left.
    pub(crate) fn remove(&self, worker: &str) -> bool {
        let mut gone = true;
        for subsystem in self.cgroup(worker).subsystems() {
            let controller = subsystem.to_controller();
            gone &= fs::remove_dir(controller.path()).is_ok() || !controller.exists();
        }
        gone
    }

    fn cgroup(&self, worker: &str) -> Cgroup {
        Cgroup::load(Box::new(self.held.clone()), worker)
    }
}

// === impl Member ===

impl Member {
    /// The files that count: of OOM kills, of refused processes, of the most memory, of processor
    /// time, of the most memory of TCP connections.
    pub(crate) fn counters(&self) -> [&File; 5] {
        [&self.oom, &self.pids, &self.peak, &self.cpu, &self.tcp]
    }

    /// What they say now.
    pub(crate) fn left(&self) -> Left {
        let cpu = text(&self.cpu);
        // Version 1 has a number of nanoseconds, version 2 lines.
        let microseconds = cpu.trim().parse().map(|nanoseconds: u64| nanoseconds / 1000).ok();
        Left {
            out_of_memory: count(&text(&self.oom), "oom_kill").is_some_and(|kills| kills > 0),
            cpu_us: microseconds.or_else(|| count(&cpu, "usage_usec")),
            peak_memory: text(&self.peak).trim().parse().ok(),
        }
    }
}

/// What a file says now. Its position is the supervisor's, too.
fn text(file: &File) -> String {
    // The longest of these files has a dozen short lines.
    let mut bytes = [0; 1024];
    let length = file.read_at(&mut bytes, 0).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// The number on the line `KEY NUMBER`.
fn count(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// A cgroup of a hierarchy with the controllers that are needed, all of them; it need not be there.
fn load(hierarchy: Box<dyn Hierarchy>, path: &str) -> Result<Cgroup, CgroupError> {
    let needed = if hierarchy.v2() { &CONTROLLERS[..3] } else { &CONTROLLERS[..] };
    let names = needed.iter().map(|name| (*name).to_owned()).collect();
    let cgroup = Cgroup::load_with_specified_controllers(hierarchy, path, names);
    let has = |name| cgroup.subsystems().iter().any(|found| found.controller_name() == name);
    match needed.iter().find(|name| !has(**name)) {
        Some(missing) => Err(CgroupError::NoController(missing)),
        None => Ok(cgroup),
    }
}

/// The file by which a process joins.
fn entry(version_2: bool) -> &'static str {
    if version_2 {
        return "cgroup.procs";
    }
    // A thread that moves itself alone needs no lock that all forks and exits take, too; who writes
    // to cgroup.procs waits for an RCU grace period (Linux, kernel/cgroup/cgroup.c).
    "tasks"
}

/// The files that count, in the order of [`Member::counters`].
fn counting(subsystem: &Subsystem) -> [Option<&'static str>; 5] {
    match (subsystem, subsystem.to_controller().v2()) {
        (Subsystem::Mem(_), false) => [
            Some("memory.oom_control"),
            None,
            Some("memory.max_usage_in_bytes"),
            None,
            Some("memory.kmem.tcp.max_usage_in_bytes"),
        ],
        (Subsystem::Mem(_), true) => {
            [Some("memory.events"), None, Some(PEAK), None, Some("memory.events")]
        }
        (Subsystem::Pid(_), _) => [None, Some("pids.events"), None, None, None],
        (Subsystem::CpuAcct(_), _) => [None, None, None, Some("cpuacct.usage"), None],
        (Subsystem::Cpu(_), true) => [None, None, None, Some("cpu.stat"), None],
        _ => [None; 5],
    }
}

/// Lets the cgroups below a path of version 2 limit what we limit, from the root down.
fn enable(root: &Path, path: &str) -> Result<(), CgroupError> {
    let mut folder = root.to_owned();
    for part in std::iter::once(Path::new("")).chain(Path::new(path).iter().map(Path::new)) {
        folder.push(part);
        let file = folder.join("cgroup.subtree_control");
        let written = OpenOptions::new().write(true).open(&file);
        let written = written.and_then(|mut file| file.write_all(b"+memory +pids +cpu"));
        written.map_err(failed(&file))?;
    }
    Ok(())
}

/// A file that counts; an empty one for a count that an older kernel doesn't have.
fn counter(folder: &Path, file: &str) -> Result<File, CgroupError> {
    let is_lacking = |source: &io::Error| file == PEAK && source.kind() == io::ErrorKind::NotFound;
    match open(folder, file, OpenOptions::new().read(true)) {
        Err(CgroupError::Io { source, path }) if is_lacking(&source) => {
            let empty = memfd_create("no-peak", MemfdFlags::CLOEXEC).map_err(io::Error::from);
            Ok(empty.map_err(failed(&path))?.into())
        }
        opened => opened,
    }
}

fn open(folder: &Path, file: &str, options: &OpenOptions) -> Result<File, CgroupError> {
    let path = folder.join(file);
    options.open(&path).map_err(failed(&path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CgroupError {
    let path = path.to_owned();
    |source| CgroupError::Io { path, source }
}

fn refused(name: &str) -> impl FnOnce(cgroups_rs::fs::error::Error) -> CgroupError {
    let name = name.to_owned();
    |source| CgroupError::Refused { name, source }
}

#[cfg(test)]
mod tests;
