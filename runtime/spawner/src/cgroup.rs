//! A cgroup for each worker, by either version.
//!
//! Files and values: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{memory,pids}.rst,
//! scheduler/sched-bwc.rst. All below the parent's folder is reached by its descriptor, since the
//! spawner leaves the host's file system.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::process::{Pid, Signal, kill_process};

use crate::message::Spawn;

/// The period of the processor limit, in microseconds (the kernel's default).
const PERIOD: u64 = 100_000;
/// How long a sweep waits for what it has killed.
const SWEEP_LIMIT: Duration = Duration::from_secs(5);

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
}

/// The cgroup that holds the workers' own, in each hierarchy that limits something.
pub(crate) struct Parent {
    hierarchies: Vec<Hierarchy>,
}

struct Hierarchy {
    path: PathBuf,
    folder: OwnedFd,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// Version 1, with one controller.
    One(&'static str),
    /// Version 2, with all.
    Two,
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
}

/// The cgroup of all instances, below each hierarchy's root: it stays.
pub const SHARED: &str = "launchpod";
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuacct"];

// === impl Parent ===

impl Parent {
    /// Makes the cgroup of that path below each hierarchy's root, empty.
    pub(crate) fn make(path: &str) -> Result<Self, CgroupError> {
        let hierarchies = places()?
            .into_iter()
            .map(|(root, version)| {
                let mut folder = root;
                for part in Path::new(path) {
                    if version == Version::Two {
                        enable(&folder)?;
                    }
                    folder.push(part);
                    create(&folder)?;
                }
                if version == Version::Two {
                    enable(&folder)?;
                }
                sweep_folder(&folder)?;
                let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
                let opened = openat(CWD, &folder, flags, Mode::empty());
                let opened = opened.map_err(|error| failed(&folder)(error.into()))?;
                Ok(Hierarchy { path: folder, folder: opened, version })
            })
            .collect::<Result<_, CgroupError>>()?;
        Ok(Parent { hierarchies })
    }

    /// Makes a worker's cgroup with its limits.
    pub(crate) fn add(&self, spawn: &Spawn) -> Result<Member, CgroupError> {
        let mut entries = Vec::new();
        let mut counters = [const { None }; 4];
        for hierarchy in &self.hierarchies {
            let name = &spawn.worker;
            let made = mkdirat(&hierarchy.folder, name.as_str(), Mode::from_raw_mode(0o755));
            made.map_err(|error| failed(&hierarchy.path.join(name))(error.into()))?;
            for (file, value) in limits(hierarchy.version, spawn) {
                hierarchy
                    .open(name, file, OFlags::WRONLY)?
                    .write_all(value.as_bytes())
                    .map_err(|error| failed(&hierarchy.path.join(name).join(file))(error))?;
            }
            entries.push(hierarchy.open(name, entry(hierarchy.version), OFlags::WRONLY)?);
            for (place, file) in counters.iter_mut().zip(counting(hierarchy.version)) {
                if let Some(file) = file {
                    *place = Some(hierarchy.open(name, file, OFlags::RDONLY)?);
                }
            }
        }
        match counters {
            [Some(oom), Some(pids), Some(peak), Some(cpu)] => {
                Ok(Member { entries, oom, pids, peak, cpu })
            }
            _ => Err(CgroupError::NoController("of every count")),
        }
    }

    /// Kills every process of a worker that can be seen.
    pub(crate) fn kill(&self, worker: &str) {
        // Every member is in every hierarchy.
        let Some(hierarchy) = self.hierarchies.first() else { return };
        let mut text = String::new();
        let read = hierarchy.open(worker, "cgroup.procs", OFlags::RDONLY);
        // A cgroup that is gone has no process.
        if read.is_ok_and(|mut file| file.read_to_string(&mut text).is_ok()) {
            kill_all(&text);
        }
    }

    /// Removes a worker's cgroup; false while a process of it is left.
    pub(crate) fn remove(&self, worker: &str) -> bool {
        let mut gone = true;
        for hierarchy in &self.hierarchies {
            let removed = unlinkat(&hierarchy.folder, worker, AtFlags::REMOVEDIR);
            gone &= matches!(removed, Ok(()) | Err(rustix::io::Errno::NOENT));
        }
        gone
    }
}

// === impl Hierarchy ===

impl Hierarchy {
    fn open(&self, worker: &str, file: &str, flags: OFlags) -> Result<File, CgroupError> {
        let relative = Path::new(worker).join(file);
        let opened = openat(&self.folder, &relative, flags | OFlags::CLOEXEC, Mode::empty());
        opened.map(File::from).map_err(|error| failed(&self.path.join(relative))(error.into()))
    }
}

// === impl Member ===

impl Member {
    /// The files that count: of OOM kills, of refused processes, of the most memory, of processor
    /// time.
    pub(crate) fn counters(&self) -> [&File; 4] {
        [&self.oom, &self.pids, &self.peak, &self.cpu]
    }

    /// How many processes the kernel has killed for want of memory.
    pub(crate) fn oom_kills(&mut self) -> u64 {
        let mut text = String::new();
        let read = self.oom.read_to_string(&mut text);
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        read.ok().and_then(|_| line?.trim().parse().ok()).unwrap_or(0)
    }
}

/// Takes a cgroup and all below it away, with every process in it. What an earlier spawner left is
/// gone then.
///
/// # Errors
/// A hierarchy is not to be found, or a process doesn't end.
pub fn sweep(path: &str) -> Result<(), CgroupError> {
    for (root, _) in places()? {
        let folder = root.join(path);
        sweep_folder(&folder)?;
        remove_folder(&folder)?;
        // The instance's own, once its last template is gone; it is kept while it holds another.
        if let Some(above) = folder.parent().filter(|above| *above != root.join(SHARED)) {
            let _ = fs::remove_dir(above);
        }
    }
    Ok(())
}

/// Where the hierarchies that limit something are mounted.
fn places() -> Result<Vec<(PathBuf, Version)>, CgroupError> {
    let path = Path::new("/proc/self/mountinfo");
    let text = fs::read_to_string(path).map_err(failed(path))?;
    find_places(&text, |root| {
        fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default()
    })
}

/// As [`places`], of a mountinfo (proc_pid_mountinfo(5)) and the controllers of a version 2 root.
fn find_places(
    mountinfo: &str,
    controllers: impl Fn(&Path) -> String,
) -> Result<Vec<(PathBuf, Version)>, CgroupError> {
    let mounts: Vec<(&str, &str, &str)> = mountinfo
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let mut after = after.split(' ');
            let (kind, options) = (after.next()?, after.nth(1)?);
            Some((before.split(' ').nth(4)?, kind, options))
        })
        .collect();
    for (root, ..) in mounts.iter().filter(|(_, kind, _)| *kind == "cgroup2") {
        let root = PathBuf::from(root);
        let present = controllers(&root);
        // There is no cpuacct: `cpu` counts too.
        if CONTROLLERS[..3]
            .iter()
            .all(|name| present.split_whitespace().any(|found| found == *name))
        {
            return Ok(vec![(root, Version::Two)]);
        }
    }
    let find = |controller: &'static str| {
        mounts
            .iter()
            .find(|(_, kind, options)| {
                *kind == "cgroup" && options.split(',').any(|option| option == controller)
            })
            .map(|(root, ..)| (PathBuf::from(root), Version::One(controller)))
            .ok_or(CgroupError::NoController(controller))
    };
    let mut found: Vec<(PathBuf, Version)> = Vec::new();
    for controller in CONTROLLERS {
        found.push(find(controller)?);
    }
    Ok(found)
}

/// The file by which a process joins.
fn entry(version: Version) -> &'static str {
    match version {
        // A thread that moves itself alone needs no lock that all forks and exits take, too; who
        // writes to cgroup.procs waits for an RCU grace period (Linux, kernel/cgroup/cgroup.c).
        Version::One(_) => "tasks",
        Version::Two => "cgroup.procs",
    }
}

/// The files that count, in the order of [`Member::counters`].
fn counting(version: Version) -> [Option<&'static str>; 4] {
    match version {
        Version::One("memory") => {
            [Some("memory.oom_control"), None, Some("memory.max_usage_in_bytes"), None]
        }
        Version::One("pids") => [None, Some("pids.events"), None, None],
        Version::One("cpuacct") => [None, None, None, Some("cpuacct.usage")],
        Version::One(_) => [None; 4],
        Version::Two => {
            [Some("memory.events"), Some("pids.events"), Some("memory.peak"), Some("cpu.stat")]
        }
    }
}

fn limits(version: Version, spawn: &Spawn) -> Vec<(&'static str, String)> {
    let memory = spawn.memory.to_string();
    let quota = spawn.millicpus.map(|millis| u64::from(millis) * PERIOD / 1000);
    match version {
        Version::One("memory") => vec![
            ("memory.limit_in_bytes", memory.clone()),
            // Memory and swap together: no swap.
            ("memory.memsw.limit_in_bytes", memory),
        ],
        Version::One("pids") => vec![("pids.max", spawn.processes.to_string())],
        Version::One("cpu") => {
            let mut files = vec![("cpu.shares", spawn.cpu_weight.to_string())];
            files.extend(quota.map(|quota| ("cpu.cfs_quota_us", quota.to_string())));
            files
        }
        Version::One(_) => Vec::new(),
        Version::Two => {
            let mut files = vec![
                ("memory.max", memory),
                ("memory.swap.max", "0".to_owned()),
                ("pids.max", spawn.processes.to_string()),
                ("cpu.weight", weight(spawn.cpu_weight).to_string()),
            ];
            files.extend(quota.map(|quota| ("cpu.max", format!("{quota} {PERIOD}"))));
            files
        }
    }
}

/// Version 2's weight (1 to 10,000) for version 1's shares (2 to 262,144), as engines convert them.
fn weight(shares: u32) -> u64 {
    1 + u64::from(shares.clamp(2, 262_144) - 2) * 9_999 / 262_142
}

/// Lets the cgroups below a folder limit what we limit.
fn enable(folder: &Path) -> Result<(), CgroupError> {
    let path = folder.join("cgroup.subtree_control");
    fs::write(&path, "+memory +pids +cpu").map_err(failed(&path))
}

fn create(folder: &Path) -> Result<(), CgroupError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(folder)(error)),
        _ => Ok(()),
    }
}

/// Takes all below a folder away.
fn sweep_folder(folder: &Path) -> Result<(), CgroupError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_folder(&entry.path())?;
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Kills a cgroup's processes and removes its folder.
fn remove_folder(folder: &Path) -> Result<(), CgroupError> {
    let limit = Instant::now() + SWEEP_LIMIT;
    loop {
        if let Ok(text) = fs::read_to_string(folder.join("cgroup.procs")) {
            kill_all(&text);
        }
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

/// Kills the processes of a `cgroup.procs`. One of another pid namespace is 0 there.
fn kill_all(procs: &str) {
    for pid in procs.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CgroupError {
    let path = path.to_owned();
    |source| CgroupError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION_1: &str = "\
30 24 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
31 24 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 24 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
34 24 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
33 24 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";

    #[test]
    fn a_hybrid_hosts_hierarchies_are_version_1() {
        let found = find_places(VERSION_1, |_| String::new()).unwrap();
        let expected = CONTROLLERS
            .map(|name| (PathBuf::from("/sys/fs/cgroup").join(name), Version::One(name)));
        assert_eq!(found, expected);
        let without = VERSION_1.replace("rw,pids", "rw,other");
        let error = find_places(&without, |_| String::new()).unwrap_err();
        assert!(matches!(error, CgroupError::NoController("pids")));
    }

    #[test]
    fn one_hierarchy_does_in_version_2() {
        let text = "30 24 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup rw,nsdelegate";
        let found = find_places(text, |_| "cpuset cpu io memory pids\n".to_owned()).unwrap();
        assert_eq!(found, [(PathBuf::from("/sys/fs/cgroup"), Version::Two)]);
    }

    #[test]
    fn limits_are_written_as_each_version_reads_them() {
        let spawn = Spawn {
            worker: "w".to_owned(),
            uid: 1,
            memory: 1 << 20,
            processes: 7,
            millicpus: Some(1500),
            scratch: 1,
            shared_memory: 1,
            scratch_files: 9,
            cpu_weight: 512,
            rlimits: Vec::new(),
        };
        assert_eq!(
            limits(Version::One("cpu"), &spawn),
            [("cpu.shares", "512".to_owned()), ("cpu.cfs_quota_us", "150000".to_owned())]
        );
        let two = limits(Version::Two, &spawn);
        assert!(two.contains(&("memory.swap.max", "0".to_owned())));
        assert!(two.contains(&("cpu.weight", "20".to_owned())));
        assert!(two.contains(&("cpu.max", "150000 100000".to_owned())));
    }
}
