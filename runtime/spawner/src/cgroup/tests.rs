use std::process::{Command, Stdio};

use cgroups_rs::fs::cpu::CpuController;
use cgroups_rs::fs::cpuacct::CpuAcctController;
use cgroups_rs::fs::cpuset::CpuSetController;
use cgroups_rs::fs::memory::MemController;
use cgroups_rs::fs::pid::PidController;
use tempfile::TempDir;

use super::*;

/// Files that the kernel makes in each cgroup, by the mount that they are in and with what a new
/// cgroup's say.
const VERSION_1: [(&str, &[(&str, &str)]); 3] = [
    (
        "memory",
        &[
            ("tasks", ""),
            ("cgroup.procs", ""),
            ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"),
            ("memory.max_usage_in_bytes", "0\n"),
            ("memory.kmem.tcp.max_usage_in_bytes", "0\n"),
        ],
    ),
    ("pids", &[("tasks", ""), ("cgroup.procs", ""), ("pids.events", "max 0\n")]),
    // Many distributions mount the two together.
    ("cpu,cpuacct", &[("tasks", ""), ("cgroup.procs", ""), ("cpuacct.usage", "0\n")]),
];
const VERSION_2: [(&str, &[(&str, &str)]); 1] = [(
    "",
    &[
        ("cgroup.procs", ""),
        ("cgroup.subtree_control", ""),
        ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"),
        ("memory.peak", "0\n"),
        ("pids.events", "max 0\n"),
        ("cpu.max", "max 100000\n"),
        ("cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n"),
    ],
)];
const PATH: &str = "launchpod/01234567/89abcdef";

/// Folders and files where a kernel would have cgroups.
#[derive(Clone, Debug)]
struct Imitation {
    root: PathBuf,
    version_2: bool,
    without_pids: bool,
}

impl Imitation {
    /// One that has the cgroup of [`PATH`], those above it, and those below it that are named.
    fn new(version_2: bool, workers: &[&str]) -> (TempDir, Self) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let mounts = if version_2 { &VERSION_2[..] } else { &VERSION_1[..] };
        for (mount, files) in mounts {
            let below = workers.iter().map(|worker| format!("{PATH}/{worker}"));
            for path in ["", "launchpod", "launchpod/01234567", PATH]
                .map(str::to_owned)
                .into_iter()
                .chain(below)
            {
                let path = root.join(mount).join(path);
                fs::create_dir_all(&path).unwrap();
                for (file, text) in *files {
                    fs::write(path.join(file), text).unwrap();
                }
            }
        }
        (folder, Imitation { root, version_2, without_pids: false })
    }

    /// The cgroup of [`PATH`] with those below it, which making it would sweep away.
    fn found(&self) -> Parent {
        let cgroup = load(Box::new(self.clone()), PATH).unwrap();
        Parent { held: Held::open(&cgroup).unwrap() }
    }

    fn make(&self) -> Result<Parent, CgroupError> {
        Parent::make_in(Box::new(self.clone()), PATH)
    }
}

impl Hierarchy for Imitation {
    fn subsystems(&self) -> Vec<Subsystem> {
        let two = self.version_2;
        let at = |mount: &str| self.root.join(if two { "" } else { mount });
        let base = PathBuf::from("/");
        let mut found = vec![
            // Not asked for.
            Subsystem::CpuSet(CpuSetController::new(at("cpuset"), base.clone(), two)),
            Subsystem::Mem(MemController::new(at("memory"), base.clone(), two)),
            Subsystem::Cpu(CpuController::new(at("cpu,cpuacct"), base.clone(), two)),
        ];
        if !two {
            found.push(Subsystem::CpuAcct(CpuAcctController::new(at("cpu,cpuacct"), base.clone())));
        }
        if !self.without_pids {
            found.push(Subsystem::Pid(PidController::new(at("pids"), base, two)));
        }
        found
    }

    fn root(&self) -> PathBuf {
        self.root.clone()
    }

    fn root_control_group(&self) -> Cgroup {
        Cgroup::load(Box::new(self.clone()), "")
    }

    fn parent_control_group(&self, _path: &str) -> Cgroup {
        self.root_control_group()
    }

    fn v2(&self) -> bool {
        self.version_2
    }
}

fn spawn() -> Spawn {
    Spawn {
        worker: "w".to_owned(),
        memory: 1 << 20,
        processes: 7,
        millicpus: Some(1500),
        tcp_memory: 65_536,
        cpu_weight: 512,
        ..Spawn::default()
    }
}

/// What a file of the worker's cgroup says after it was made.
fn written(folder: &TempDir, mount: &str, file: &str) -> String {
    let path = folder.path().join(mount).join(PATH).join("w").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn limits_are_written_as_version_1_reads_them() {
    let (folder, host) = Imitation::new(false, &["w"]);
    let parent = host.found();
    let member = parent.add(&spawn()).unwrap();
    // One for each controller, though two are in the same folder.
    assert_eq!(member.entries.len(), 4);
    for (mount, file, text) in [
        ("memory", "memory.limit_in_bytes", "1048576"),
        ("memory", "memory.memsw.limit_in_bytes", "1048576"),
        ("memory", "memory.kmem.tcp.limit_in_bytes", "65536"),
        ("pids", "pids.max", "7"),
        ("cpu,cpuacct", "cpu.shares", "512"),
        ("cpu,cpuacct", "cpu.cfs_quota_us", "150000"),
    ] {
        assert_eq!(written(&folder, mount, file), text, "{file}");
    }
}

#[test]
fn limits_are_written_as_version_2_reads_them() {
    let (folder, host) = Imitation::new(true, &["w"]);
    let parent = host.found();
    let member = parent.add(&spawn()).unwrap();
    assert_eq!(member.entries.len(), 1);
    for (file, text) in [
        ("memory.max", "1048576"),
        ("memory.swap.max", "0"),
        ("pids.max", "7"),
        ("cpu.weight", "20"),
        ("cpu.max", "150000 100000"),
    ] {
        assert_eq!(written(&folder, "", file), text, "{file}");
    }
}

#[test]
fn controllers_are_enabled_on_the_whole_way_down() {
    let (folder, host) = Imitation::new(true, &[]);
    host.make().unwrap();
    for path in ["", "launchpod", "launchpod/01234567", PATH] {
        let file = folder.path().join(path).join("cgroup.subtree_control");
        assert_eq!(fs::read_to_string(file).unwrap(), "+memory +pids +cpu", "{path}");
    }
    // A host that has given the controllers away refuses: here, without the file.
    fs::remove_file(folder.path().join("launchpod/cgroup.subtree_control")).unwrap();
    let error = host.make().err().unwrap().to_string();
    assert!(error.contains("launchpod/cgroup.subtree_control"), "{error}");
}

#[test]
fn a_controller_that_is_not_there_is_named() {
    for version_2 in [false, true] {
        let (_folder, host) = Imitation::new(version_2, &[]);
        let error = Imitation { without_pids: true, ..host }.make().err().unwrap();
        assert!(matches!(error, CgroupError::NoController("pids")), "{error}");
    }
}

#[test]
fn a_limit_that_is_refused_is_an_error() {
    let (folder, host) = Imitation::new(true, &["w"]);
    // The kernel has no such file where swap isn't accounted.
    fs::create_dir(folder.path().join(PATH).join("w/memory.swap.max")).unwrap();
    let parent = host.found();
    let error = parent.add(&spawn()).err().unwrap().to_string();
    assert!(error.contains("memory.swap.max"), "{error}");
}

#[test]
fn the_processes_of_a_worker_are_killed() {
    for version_2 in [false, true] {
        let (folder, host) = Imitation::new(version_2, &["w"]);
        let mut process = Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().unwrap();
        let mount = if version_2 { "" } else { "memory" };
        let list = folder.path().join(mount).join(PATH).join("w/cgroup.procs");
        // 0 is a process of another pid namespace.
        fs::write(list, format!("0\n{}\n", process.id())).unwrap();
        let parent = host.found();
        parent.kill("w");
        assert!(!process.wait().unwrap().success());
    }
}

#[test]
fn a_cgroup_is_gone_when_it_is_gone_everywhere() {
    let (folder, host) = Imitation::new(false, &[]);
    let parent = host.found();
    assert!(parent.remove("w"), "there is none");
    let folders = ["memory", "pids", "cpu,cpuacct"]
        .map(|mount| folder.path().join(mount).join(PATH).join("w"));
    for path in &folders {
        fs::create_dir(path).unwrap();
    }
    // As while a process is in it.
    fs::write(folders[1].join("tasks"), "1").unwrap();
    assert!(!parent.remove("w"));
    fs::remove_file(folders[1].join("tasks")).unwrap();
    assert!(parent.remove("w"));
    assert!(folders.iter().all(|path| !path.exists()));
}

#[test]
fn what_a_worker_has_used_is_read_as_either_version_counts_it() {
    let used = |version_2, files: [(&str, &str, &str); 3]| {
        let (folder, host) = Imitation::new(version_2, &["w"]);
        let member = host.found().add(&spawn()).unwrap();
        assert_eq!(
            member.left(),
            Left { cpu_us: Some(0), peak_memory: Some(0), ..Left::default() }
        );
        for (mount, file, text) in files {
            fs::write(folder.path().join(mount).join(PATH).join("w").join(file), text).unwrap();
        }
        member.left()
    };
    let expected = Left { out_of_memory: true, cpu_us: Some(1_234), peak_memory: Some(4_096) };
    let version_1 = [
        ("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
        ("memory", "memory.max_usage_in_bytes", "4096\n"),
        ("cpu,cpuacct", "cpuacct.usage", "1234567\n"),
    ];
    assert_eq!(used(false, version_1), expected);
    let version_2 = [
        ("", "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n"),
        ("", "memory.peak", "4096\n"),
        ("", "cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n"),
    ];
    assert_eq!(used(true, version_2), expected);
}

#[test]
fn a_kernel_that_does_not_count_the_most_memory_has_workers_all_the_same() {
    let (folder, host) = Imitation::new(true, &["w"]);
    let worker = folder.path().join(PATH).join("w");
    fs::remove_file(worker.join("memory.peak")).unwrap();
    let member = host.found().add(&spawn()).unwrap();
    assert_eq!(member.left(), Left { cpu_us: Some(0), ..Left::default() });
    // What every kernel counts is needed.
    fs::remove_file(worker.join("memory.events")).unwrap();
    let error = host.found().add(&spawn()).err().unwrap().to_string();
    assert!(error.contains("memory.events"), "{error}");
}
