//! The hardening of a worker's container, readable as a table.
//!
//! | what | how | why |
//! | --- | --- | --- |
//! | network | none: a namespace with a loopback device only; or the engine's internal network that is configured for the language | nothing to reach but what an administrator has opened |
//! | root file system | read-only | the image stays what its digest says |
//! | `/tmp` | own tmpfs: size, number of files, nosuid, nodev, noexec, mode 1777 | scratch; counts as memory |
//! | `/dev/shm` | own tmpfs: size (the engine adds nosuid, nodev, noexec) | joblib, multiprocessing |
//! | binds | own run folder, read-only, private propagation | socket and token; no other host path |
//! | user | uid and gid that no other live worker has, no further group | signals, files, rlimits |
//! | capabilities | none | |
//! | `no_new_privs` | on | setuid files have no effect |
//! | seccomp | `seccomp.json`: an allow-list within Docker's own | see below |
//! | masked paths | all that any version of Docker masks, and read-only `/proc/sys` and its like | |
//! | AppArmor | the engine's default, never `unconfined` | |
//! | ipc, pid, uts, cgroup namespaces | own | |
//! | user namespace | the engine's default, or what is configured for the language | root inside isn't root outside, where the engine maps uids |
//! | memory | limit, swap off | a worker can't push the host into swap |
//! | `oom_score_adj` | 500 | when the *host* is short, a worker goes before the server |
//! | processes | limit | fork bombs |
//! | processor | weight below the server's; a number of processors where configured | |
//! | rlimits | core dumps 1 (none, and no program of the host's is told of a crash); message queues, real-time and raised priority 0; open files, locked memory, signals; file size as `/tmp` | |
//! | devices | the engine's minimum (null, zero, full, random, urandom, tty), no terminals | all of a host's containers share what it has of these |
//! | environment | the image's own; the proxy's address where there is a way out | the token is a file |
//! | standard streams, log | not attached; log driver none | output goes through the supervisor |
//! | `AutoRemove` | on | nothing stays when the controller is dead |
//! | restart | never | single use |
//! | OCI runtime | the engine's, or one that is configured for the language | gVisor, Kata |
//!
//! The seccomp profile allows what CPython and the scientific packages use. Beyond what Docker's
//! default refuses it refuses sockets other than AF_UNIX (AF_ALG led out of containers in
//! CVE-2026-31431), ptrace and process_vm_*, splice and its kin, System V IPC, aio, personality,
//! huge pages, sync, word of what others do with a file (inotify), priorities and limits of other
//! processes than the caller, memory of the kernel that is counted for nobody (record locks) or that
//! the host has once (filters of sockets and system calls), and 32-bit system calls. TCP sockets are allowed
//! (`seccomp_streams.json`) to a worker that has something to connect to: its caller's database, or
//! a way out.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountBindOptions, MountBindOptionsPropagationEnum, MountType, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};
use uuid::Uuid;

use crate::backend::WorkerSpec;
use crate::engine::INSTANCE_LABEL;
use crate::limits::Limits;
use crate::network::Network;

/// Where a worker finds its run folder.
const RUN_FOLDER: &str = "/run/launchpod";
/// Which system calls a worker may make, as Docker and Podman take it.
const SECCOMP: &str = include_str!("seccomp.json");
/// The same, and TCP sockets.
static SECCOMP_WITH_STREAMS: LazyLock<String> = LazyLock::new(|| {
    let rules = include_str!("seccomp_streams.json");
    let last = SECCOMP.rfind(']').unwrap_or(SECCOMP.len());
    let first = rules.find('[').map_or(0, |first| first + 1);
    // Into the array of rules, which ends with the profile.
    format!(
        "{},{}{}",
        SECCOMP[..last].trim_end(),
        rules[first..].trim_end().trim_end_matches(']'),
        &SECCOMP[last..]
    )
});
/// What a worker can't look at: terminals, and the union of what Docker masks from 20.10 to 28
/// (moby, oci/defaults.go). A path that isn't there is passed over.
const MASKED_PATHS: [&str; 14] = [
    "/dev/pts",
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/kernel/security",
];
/// What a worker can't change, as Docker has it.
const READ_ONLY_PATHS: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
/// Added to the badness that the kernel's OOM killer computes (proc(5): -1000 to 1000).
pub(crate) const OOM_SCORE_ADJUSTMENT: i64 = 500;

/// Whom the engine's resolver asks for names that it doesn't know: the worker itself, where nobody
/// answers. Engines before 25.0.5 passed such questions on to the host's resolvers even out of
/// internal networks, a way out for data (CVE-2024-29018).
const NO_RESOLVER: &str = "127.0.0.1";
/// Makes the C library ask the engine's resolver over TCP: a worker has no other sockets
/// (resolv.conf(5)).
const RESOLVE_BY_TCP: &str = "use-vc";

/// What the profile is applied to.
pub(crate) struct Subject<'a> {
    pub(crate) spec: &'a WorkerSpec,
    pub(crate) instance: Uuid,
    pub(crate) uid: u32,
    /// The run folder as the engine sees it.
    pub(crate) run_folder: &'a Path,
    /// The ID of the network that the specification puts it in.
    pub(crate) network: Option<&'a str>,
}

// === impl Subject ===

impl Subject<'_> {
    /// The container to make.
    pub(crate) fn container(&self) -> ContainerCreateBody {
        let WorkerSpec { limits, network, .. } = self.spec;
        // Names are resolved, where there is a network to resolve them in.
        let is_in_network = self.network.is_some();
        ContainerCreateBody {
            image: Some(self.spec.image.clone()),
            entrypoint: self.spec.command.clone(),
            user: Some(format!("{0}:{0}", self.uid)),
            hostname: Some("worker".to_owned()),
            working_dir: Some("/tmp".to_owned()),
            network_disabled: Some(!is_in_network),
            env: Some(network.environment()).filter(|set| !set.is_empty()),
            attach_stdin: Some(false),
            attach_stdout: Some(false),
            attach_stderr: Some(false),
            labels: Some(HashMap::from([(INSTANCE_LABEL.to_owned(), self.instance.to_string())])),
            host_config: Some(HostConfig {
                // Nothing of the host.
                network_mode: Some(self.network.unwrap_or("none").to_owned()),
                dns: is_in_network.then(|| vec![NO_RESOLVER.to_owned()]),
                dns_options: is_in_network.then(|| vec![RESOLVE_BY_TCP.to_owned()]),
                mounts: Some(vec![self.run_folder_mount()]),
                readonly_rootfs: Some(true),
                tmpfs: Some(HashMap::from([(
                    "/tmp".to_owned(),
                    format!(
                        "rw,nosuid,nodev,noexec,mode=1777,size={},nr_inodes={}",
                        limits.scratch, limits.scratch_files
                    ),
                )])),
                shm_size: Some(signed(limits.shared_memory)),
                userns_mode: self.spec.user_namespace.mode(),
                ipc_mode: Some("private".to_owned()),
                cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
                // No privilege.
                privileged: Some(false),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec![
                    "no-new-privileges:true".to_owned(),
                    format!("seccomp={}", seccomp(network)),
                ]),
                masked_paths: Some(MASKED_PATHS.map(str::to_owned).into()),
                readonly_paths: Some(READ_ONLY_PATHS.map(str::to_owned).into()),
                runtime: self.spec.runtime.clone(),
                // Limits.
                memory: Some(signed(limits.memory)),
                memory_swap: Some(signed(limits.memory)),
                cpu_shares: Some(limits.cpu_weight.into()),
                nano_cpus: limits.millicpus.map(|millis| i64::from(millis) * 1_000_000),
                pids_limit: Some(limits.processes.into()),
                oom_score_adj: Some(OOM_SCORE_ADJUSTMENT),
                ulimits: Some(ulimits(limits)),
                // Nothing stays.
                auto_remove: Some(true),
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::NO),
                    ..RestartPolicy::default()
                }),
                log_config: Some(HostConfigLogConfig {
                    typ: Some("none".to_owned()),
                    ..HostConfigLogConfig::default()
                }),
                // PID 1 is a supervisor that reaps.
                init: Some(false),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// A mount, not a bind: the engine would make a missing bind source, as a directory.
    fn run_folder_mount(&self) -> Mount {
        Mount {
            typ: Some(MountType::BIND),
            source: Some(self.run_folder.to_string_lossy().into_owned()),
            target: Some(RUN_FOLDER.to_owned()),
            read_only: Some(true),
            bind_options: Some(MountBindOptions {
                propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
                ..MountBindOptions::default()
            }),
            ..Mount::default()
        }
    }
}

/// Which system calls a worker may make, as Docker and Podman take it.
pub(crate) fn seccomp(network: &Network) -> &'static str {
    if network.allows_streams() { &SECCOMP_WITH_STREAMS } else { SECCOMP }
}

/// What each process may use, by the names that setrlimit(2)'s resources have in small letters.
pub(crate) fn rlimits(limits: &Limits) -> [(&'static str, i64); 8] {
    [
        // Not 0, which the kernel heeds only where it would write a file: with a program for core
        // dumps on the host (core_pattern beginning with `|`), 1 alone keeps it from running as root
        // there (Linux, fs/coredump.c). It is less than any dump, and can't be lowered (seccomp.json).
        ("core", 1),
        ("nofile", i64::from(limits.open_files)),
        ("memlock", signed(limits.locked_memory)),
        ("msgqueue", 0),
        ("nice", 0),
        ("rtprio", 0),
        ("sigpending", i64::from(limits.pending_signals)),
        ("fsize", signed(limits.file_size())),
    ]
}

fn ulimits(limits: &Limits) -> Vec<ResourcesUlimits> {
    let ulimit = |(name, limit): (&str, i64)| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(limit),
        hard: Some(limit),
    };
    rlimits(limits).map(ulimit).into()
}

/// A number of bytes as the engine takes it.
fn signed(bytes: u64) -> i64 {
    bytes.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use launchpod_outbound::Allowed;

    use super::*;
    use crate::network::{EngineNetwork, Outbound};
    use crate::user_namespace::UserNamespace;

    /// The system calls that are allowed with some arguments alone.
    const CONDITIONAL: [&str; 15] = [
        "clone",
        "clone3",
        "fcntl",
        "memfd_create",
        "mmap",
        "prctl",
        "prlimit64",
        "sched_setaffinity",
        "sched_setattr",
        "sched_setparam",
        "sched_setscheduler",
        "setpriority",
        "setsockopt",
        "socket",
        "socketpair",
    ];

    fn container() -> ContainerCreateBody {
        container_in(Network::default())
    }

    fn container_in(network: Network) -> ContainerCreateBody {
        let spec = WorkerSpec {
            image: "sha256:1".to_owned(),
            command: None,
            runtime: None,
            user_namespace: UserNamespace::Engine,
            limits: Limits::default(),
            network,
        };
        let run_folder = Path::new("/run/launchpod/1/2");
        let network = spec.network.joined().map(|_| "1234");
        Subject { spec: &spec, instance: Uuid::nil(), uid: 50_000, run_folder, network }.container()
    }

    #[test]
    fn nothing_loosens_the_engines_defaults() {
        let host = container().host_config.unwrap();
        let options = host.security_opt.unwrap();
        assert!(options.iter().all(|option| !option.contains("unconfined")));
        assert_eq!(host.privileged, Some(false));
        assert_eq!(host.cap_add, None);
        assert_eq!(host.binds, None);
        assert_eq!(host.devices, None);
        assert_eq!(host.pid_mode, None);
        assert_eq!(host.userns_mode, None);
    }

    #[test]
    fn the_one_mount_is_the_read_only_run_folder() {
        let mounts = container().host_config.unwrap().mounts.unwrap();
        assert_eq!(mounts.len(), 1);
        assert_eq!(mounts[0].source.as_deref(), Some("/run/launchpod/1/2"));
        assert_eq!(mounts[0].read_only, Some(true));
    }

    #[test]
    fn the_seccomp_profile_is_an_allow_list_without_the_dangerous() {
        let profile: serde_json::Value = serde_json::from_str(SECCOMP).unwrap();
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
        let dangerous = [
            "bpf",
            "inotify_init1",
            "io_uring_setup",
            "kcmp",
            "keyctl",
            "mount",
            "name_to_handle_at",
            "perf_event_open",
            "pidfd_getfd",
            "process_vm_writev",
            "ptrace",
            "seccomp",
            "setns",
            "setrlimit",
            "splice",
            "sync",
            "unshare",
            "userfaultfd",
        ];
        for rule in profile["syscalls"].as_array().unwrap() {
            let unconditional = rule["args"].is_null() && rule["action"] == "SCMP_ACT_ALLOW";
            for name in rule["names"].as_array().unwrap() {
                let name = name.as_str().unwrap();
                assert!(!dangerous.contains(&name), "{name}");
                let conditional = CONDITIONAL.contains(&name);
                assert_eq!(unconditional, !conditional, "{name}");
            }
        }
    }

    #[test]
    fn streams_are_allowed_to_who_has_something_to_connect_to() {
        let rules = |network: &Network| {
            let profile: serde_json::Value = serde_json::from_str(seccomp(network)).unwrap();
            assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
            let rules = profile["syscalls"].as_array().unwrap().clone();
            rules.into_iter().filter(|rule| rule["names"][0] == "socket").collect::<Vec<_>>()
        };
        let closed = rules(&Network::default());
        let loopback = rules(&Network { loopback: true, outbound: None });
        assert_eq!((closed.len(), loopback.len()), (1, 5));
        for rule in &loopback[1..] {
            let family = rule["args"][0]["value"].as_u64().unwrap();
            assert!(matches!(family, 2 | 10));
            assert_eq!(rule["args"][1]["valueTwo"], 1);
            assert!(matches!(rule["args"][2]["value"].as_u64().unwrap(), 0 | 6));
        }
    }

    #[test]
    fn a_network_is_the_one_that_is_configured() {
        let host = container_in(Network { loopback: true, outbound: None }).host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        let network =
            EngineNetwork { name: "inside".into(), proxy: Some("http://proxy:3128".into()) };
        let outbound = Some(Outbound::Network(network));
        let opened = container_in(Network { loopback: false, outbound });
        assert_eq!(opened.network_disabled, Some(false));
        let environment = opened.env.unwrap();
        assert!(environment.contains(&"https_proxy=http://proxy:3128".to_owned()));
        assert!(environment.contains(&"NO_PROXY=localhost,127.0.0.1,::1".to_owned()));
        let host = opened.host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("1234"));
        assert_eq!(host.dns, Some(vec!["127.0.0.1".to_owned()]));
    }

    #[test]
    fn the_way_out_through_the_server_needs_no_network() {
        let hosts = Allowed::new(vec!["example.com:443".parse().unwrap()]);
        let outbound = Some(Outbound::Hosts(Arc::new(hosts)));
        let network = Network { loopback: false, outbound };
        assert_eq!(seccomp(&network), &**SECCOMP_WITH_STREAMS);
        let opened = container_in(network);
        assert_eq!(opened.network_disabled, Some(true));
        let environment = opened.env.unwrap();
        assert!(environment.contains(&"HTTPS_PROXY=http://127.0.0.1:3128".to_owned()));
        let host = opened.host_config.unwrap();
        assert_eq!((host.network_mode.as_deref(), host.dns), (Some("none"), None));
    }

    #[test]
    fn swap_is_off() {
        let host = container().host_config.unwrap();
        assert_eq!(host.memory, host.memory_swap);
    }

    #[test]
    fn neither_token_nor_anything_else_is_in_the_environment() {
        assert_eq!(container().env, None);
    }
}
