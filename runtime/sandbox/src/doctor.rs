//! What this engine gives and lacks, each finding with the way to mend it.

use std::time::Instant;

use bollard::models::{SystemInfo, SystemVersion};
use uuid::Uuid;

use crate::backend::{Backend, WorkerSpec};
use crate::cgroup::TcpBound;
use crate::choice::choose;
use crate::docker::{Config, Docker};
use crate::engine::{Engine, NetworkFacts};
use crate::error::SandboxError;
use crate::fast::FastConfig;
use crate::limits::Limits;
use crate::network::{EngineNetwork, Network};
use crate::preference::Preference;
use crate::runc;
use crate::runtimes::Runtimes;
use crate::user_namespace::{UidMaps, UserNamespace};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: a few words.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was found: one line.
    pub found: String,
    /// How to mend it; empty when there is nothing to mend.
    pub mend: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// Works; weaker or slower than it could be, or not to be known.
    Warn,
    /// Scripts can't run, or not safely.
    Bad,
}

/// Looks at the engine; and, when an image is named, makes a worker from it as a script would
/// get one, which tries socket, profile and image together.
///
/// `runtime` is the OCI runtime that is configured for the worker, `user_namespace` which one it is
/// to be in, `network` what it is to connect to; `fast` says which backend is preferred.
///
/// Uses an instance of its own, so that a server that runs is not disturbed. `config` says
/// where and how long; its instance is not used.
pub async fn examine(
    config: Config,
    fast: FastConfig,
    image: Option<&str>,
    runtime: Option<&str>,
    user_namespace: UserNamespace,
    network: &Network,
) -> Vec<Finding> {
    let engine = match Engine::connect(config.timeouts).await {
        Ok(engine) => engine,
        Err(error) => {
            return vec![Finding::bad("engine", error.to_string(), error.way_out())];
        }
    };
    let mut findings = Vec::new();
    match engine.version().await {
        Ok(version) => findings.extend(of_version(&version)),
        Err(error) => findings.push(Finding::bad("engine", error.to_string(), error.way_out())),
    }
    match engine.info().await {
        Ok(info) => {
            findings.extend(of_info(&info));
            findings.push(of_user_namespace(&info, user_namespace, fast.preference));
            findings.push(of_runtime(&info, runtime));
        }
        Err(error) => findings.push(Finding::bad("engine", error.to_string(), error.way_out())),
    }
    if let Some(network) = network.joined() {
        findings.push(of_network(network, network.find(&engine).await));
    }
    if let Some(hosts) = network.hosts() {
        findings.push(Finding::ok("way out", format!("scripts reach {hosts}, by the server")));
    }
    if let Some(image) = image {
        let spec = WorkerSpec {
            image: image.to_owned(),
            command: None,
            runtime: runtime.map(str::to_owned),
            user_namespace,
            limits: Limits::default(),
            network: network.clone(),
        };
        let (probed, bound) = probe(config.clone(), fast.preference, &spec).await;
        let is_version_2 = matches!(engine.info().await, Ok(info) if has_version_2(&info));
        findings.push(probed);
        findings.push(of_tcp(bound, is_version_2));
        findings.push(probe_fast(config, fast, &spec).await);
    }
    findings
}

// === impl Finding ===

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Finding { what, state: State::Ok, found: found.into(), mend: String::new() }
    }

    fn warn(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Finding { what, state: State::Warn, found: found.into(), mend: mend.into() }
    }

    fn bad(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Finding { what, state: State::Bad, found: found.into(), mend: mend.into() }
    }
}

fn of_version(version: &SystemVersion) -> Vec<Finding> {
    let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "unknown".to_owned());
    let engine = format!("{}, API {}", text(&version.version), text(&version.api_version));
    let components = version.components.as_deref().unwrap_or_default();
    let runc = components.iter().find(|component| component.name == "runc");
    vec![Finding::ok("engine", engine), of_runc(runc.map(|component| component.version.as_str()))]
}

fn of_runc(text: Option<&str>) -> Finding {
    const WHAT: &str = "runc";
    let Some(text) = text else {
        let mend = "Look at the engine's OCI runtime yourself; its known escapes are not checked.";
        return Finding::warn(WHAT, "the engine names no runc", mend);
    };
    let Some(version) = runc::Version::parse(text) else {
        let mend = "Look for its known escapes yourself.";
        return Finding::warn(WHAT, format!("version {text:?} can't be read"), mend);
    };
    let escapes = runc::escapes(version);
    if escapes.is_empty() {
        return Finding::ok(WHAT, text);
    }
    let found = format!("{text}: upstream's {version} has {}", escapes.join(", "));
    // Whatever follows the number is the distribution's.
    if text == version.to_string() {
        Finding::bad(WHAT, found, "Install runc 1.2.8, 1.3.3 or newer.")
    } else {
        let mend = "A distribution's build: whether it carries the fixes can't be known from its \
                    number. See its changelog, or install runc 1.2.8, 1.3.3 or newer.";
        Finding::warn(WHAT, found, mend)
    }
}

fn of_info(info: &SystemInfo) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = info.cgroup_version.map_or("unknown".to_owned(), |version| version.to_string());
    let driver = info.cgroup_driver.map_or("unknown".to_owned(), |driver| driver.to_string());
    let cgroups = format!("version {version}, driver {driver}");
    findings.push(if has_version_2(info) {
        Finding::ok("cgroups", cgroups)
    } else {
        let mend = "Works. Version 2 accounts memory more exactly: boot with \
                    systemd.unified_cgroup_hierarchy=1.";
        Finding::warn("cgroups", cgroups, mend)
    });

    let lacking: Vec<&str> = [
        ("memory", info.memory_limit),
        ("processes", info.pids_limit),
        ("processor time", info.cpu_cfs_quota),
    ]
    .into_iter()
    .filter(|(_, supported)| *supported == Some(false))
    .map(|(limit, _)| limit)
    .collect();
    findings.push(if lacking.is_empty() {
        Finding::ok("limits", "memory, processes and processor time can be limited")
    } else {
        let found = format!("can't be limited: {}", lacking.join(", "));
        Finding::bad("limits", found, "Enable the cgroup controllers in the host's kernel.")
    });
    findings.push(if info.swap_limit == Some(false) {
        let mend = "A worker may swap past its memory limit: turn swap off, or boot with \
                    swapaccount=1.";
        Finding::warn("swap", "can't be limited", mend)
    } else {
        Finding::ok("swap", "can be limited")
    });

    let options = info.security_options.as_deref().unwrap_or_default();
    let has = |name: &str| options.iter().any(|option| option.contains(&format!("name={name}")));
    findings.push(if has("seccomp") {
        Finding::ok("seccomp", "on")
    } else {
        let mend = "The kernel or the engine lacks seccomp: don't run scripts of people whom you \
                    don't trust here.";
        Finding::bad("seccomp", "off", mend)
    });
    findings
}

fn has_version_2(info: &SystemInfo) -> bool {
    info.cgroup_version.is_some_and(|version| version.to_string() == "2")
}

/// Whether workers' uids are mapped, and whether they have to be.
fn of_user_namespace(
    info: &SystemInfo,
    configured: UserNamespace,
    preference: Preference,
) -> Finding {
    const WHAT: &str = "user namespaces";
    let maps = UidMaps::of(info.security_options.as_deref().unwrap_or_default());
    let is_mapped = maps.apply_to(configured);
    match configured {
        _ if is_mapped && maps.is_rootless => Finding::ok(WHAT, "the engine is rootless"),
        _ if is_mapped => Finding::ok(WHAT, "the engine maps uids"),
        UserNamespace::Required if preference == Preference::Docker => {
            let error = SandboxError::NoUserNamespace("the engine maps no uids".to_owned());
            Finding::bad(WHAT, error.to_string(), error.way_out())
        }
        UserNamespace::Required => {
            let found =
                "the engine maps no uids: workers are the fast backend's, which have their own";
            Finding::ok(WHAT, found)
        }
        UserNamespace::Host if maps.remaps => {
            let mend = "A worker's uid is the same on the host, although the engine could map it: \
                        python_user_namespace says so.";
            Finding::warn(WHAT, "not used", mend)
        }
        UserNamespace::Engine | UserNamespace::Host => {
            let mend = "The uid of a worker in a container is the same on the host. For a second \
                        wall turn on userns-remap, or run Docker rootless; python_user_namespace = \
                        \"required\" insists on one.";
            Finding::warn(WHAT, "not used", mend)
        }
    }
}

/// Which OCI runtime workers have, and which others the engine could give them.
fn of_runtime(info: &SystemInfo, configured: Option<&str>) -> Finding {
    const WHAT: &str = "OCI runtime";
    let known = Runtimes::of(info);
    let default = info.default_runtime.as_deref().unwrap_or("unknown");
    let list = known.list();
    match configured {
        Some(name) if known.lack(name) => {
            let error = SandboxError::Runtime { runtime: name.to_owned(), known: list };
            Finding::bad(WHAT, error.to_string(), error.way_out())
        }
        Some(name) => Finding::ok(WHAT, format!("{name}, of {list}")),
        None => Finding::ok(WHAT, format!("the engine's default, {default}; it has {list}")),
    }
}

/// Whether the network that is configured can be given to workers.
fn of_network(network: &EngineNetwork, found: Result<NetworkFacts, SandboxError>) -> Finding {
    const WHAT: &str = "network";
    let name = &network.name;
    match found {
        Err(error) => Finding::bad(WHAT, error.to_string(), error.way_out()),
        Ok(NetworkFacts { connects_containers: true, .. }) => {
            let mend = "Scripts of different callers can reach each other there. To keep them \
                        apart, make the network with --opt com.docker.network.bridge.enable_icc=false \
                        and let the proxy listen on the network's gateway.";
            Finding::warn(
                WHAT,
                format!("{name} is internal, its containers reach each other"),
                mend,
            )
        }
        Ok(_) => Finding::ok(WHAT, format!("{name} is internal, its containers are kept apart")),
    }
}

/// Whether memory of a container's TCP connections is bounded.
fn of_tcp(bound: Option<TcpBound>, is_version_2: bool) -> Finding {
    const WHAT: &str = "connections";
    match bound {
        Some(TcpBound::Memory) => Finding::ok(WHAT, "TCP connections count as memory"),
        None if is_version_2 => Finding::ok(WHAT, "TCP connections count as memory"),
        Some(TcpBound::Own(bytes)) => {
            Finding::ok(WHAT, format!("TCP connections hold at most {} MiB", bytes >> 20))
        }
        Some(TcpBound::Nothing) | None => {
            let mend = "With cgroups of version 1 the engine doesn't limit it, and the server can't: \
                        a script may take what all of the host's TCP connections share \
                        (net.ipv4.tcp_mem). Run the server as root, outside of a container; or boot \
                        with cgroups of version 2; or set python_loopback = false.";
            Finding::warn(WHAT, "memory of containers' TCP connections isn't limited", mend)
        }
    }
}

/// Makes one worker as a container, and looks at what bounds its TCP connections.
async fn probe(
    config: Config,
    preference: Preference,
    spec: &WorkerSpec,
) -> (Finding, Option<TcpBound>) {
    const WHAT: &str = "worker";
    let began = Instant::now();
    let backend = match Docker::connect(Config { instance: Uuid::new_v4(), ..config }).await {
        Ok(backend) => backend,
        Err(error) => return (Finding::bad(WHAT, error.to_string(), error.way_out()), None),
    };
    if let Err(SandboxError::NoUserNamespace(reason)) = backend.check(spec)
        && preference != Preference::Docker
    {
        return (Finding::ok(WHAT, format!("none as a container: {reason}")), None);
    }
    let acquired = backend.acquire(spec).await;
    let took = began.elapsed();
    let found = match acquired {
        Ok(worker) => {
            let found = format!("{} ready in {} ms", worker.ready.runtime, took.as_millis());
            (Finding::ok(WHAT, found), worker.gauge.tcp_bound())
        }
        Err(error) => (Finding::bad(WHAT, error.to_string(), error.way_out()), None),
    };
    backend.shutdown().await;
    found
}

/// Has one worker forked from a template, which is what tells whether the host allows it.
async fn probe_fast(config: Config, fast: FastConfig, spec: &WorkerSpec) -> Finding {
    const WHAT: &str = "fast backend";
    let preference = fast.preference;
    if preference == Preference::Docker {
        return Finding::ok(WHAT, "off (sandbox = \"docker\")");
    }
    if let Some(runtime) = &spec.runtime {
        return Finding::ok(WHAT, format!("none under the OCI runtime {runtime}"));
    }
    if let Some(network) = spec.network.joined() {
        return Finding::ok(WHAT, format!("none in the network {}", network.name));
    }
    if spec.user_namespace == UserNamespace::Host {
        return Finding::ok(WHAT, "none in the host's user namespace");
    }
    let probe = async {
        let docker = Docker::connect(Config { instance: Uuid::new_v4(), ..config }).await?;
        let backend = choose(docker, FastConfig { preference: Preference::Fast, ..fast })?;
        let acquired = backend.acquire(spec).await;
        let startup = acquired.map(|worker| worker.startup);
        backend.shutdown().await;
        startup
    };
    match probe.await {
        Ok(startup) => {
            let took = startup.create + startup.start + startup.ready;
            Finding::ok(WHAT, format!("a worker forked and ready in {} ms", took.as_millis()))
        }
        Err(error) => lacking(WHAT, preference, &error),
    }
}

/// That there is no fast backend; how bad that is, depends on what is preferred and required.
fn lacking(what: &'static str, preference: Preference, error: &SandboxError) -> Finding {
    let is_required = matches!(error, SandboxError::NoUserNamespace(_));
    if preference == Preference::Fast || is_required {
        return Finding::bad(what, error.to_string(), error.way_out());
    }
    let mend = "Works: Docker makes the workers, which takes longer. For the fast backend run the \
                server as root on Linux; sandbox = \"docker\" in the configuration says that none is wanted.";
    Finding::warn(what, error.to_string(), mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_fast_backend_is_bad_only_for_who_wants_nothing_else() {
        let error = SandboxError::NoTemplate("no cgroup".to_owned());
        let finding = lacking("fast backend", Preference::Auto, &error);
        assert_eq!(finding.state, State::Warn);
        assert!(finding.found.contains("no cgroup") && finding.mend.contains("root"));
        assert_eq!(lacking("fast backend", Preference::Fast, &error).state, State::Bad);
        // Whose workers must have a user namespace wants nothing else either.
        let error = SandboxError::NoUserNamespace("no cgroup".to_owned());
        assert_eq!(lacking("fast backend", Preference::Auto, &error).state, State::Bad);
    }

    #[test]
    fn a_user_namespace_is_lacking_where_one_is_required() {
        let plain = SystemInfo::default();
        let mapped = SystemInfo {
            security_options: Some(vec!["name=userns".to_owned()]),
            ..SystemInfo::default()
        };
        use UserNamespace::{Engine, Host, Required};
        for (info, configured, preference, state) in [
            (&plain, Engine, Preference::Auto, State::Warn),
            (&plain, Host, Preference::Auto, State::Warn),
            (&plain, Required, Preference::Auto, State::Ok),
            (&plain, Required, Preference::Docker, State::Bad),
            (&mapped, Engine, Preference::Docker, State::Ok),
            (&mapped, Required, Preference::Docker, State::Ok),
            (&mapped, Host, Preference::Docker, State::Warn),
        ] {
            let finding = of_user_namespace(info, configured, preference);
            assert_eq!(finding.state, state, "{configured:?} {finding:?}");
            assert_eq!(finding.mend.is_empty(), finding.state == State::Ok, "{finding:?}");
        }
    }

    #[test]
    fn connections_are_bounded_or_it_is_said() {
        for (bound, is_version_2, state) in [
            (Some(TcpBound::Memory), true, State::Ok),
            (Some(TcpBound::Own(16 << 20)), false, State::Ok),
            (Some(TcpBound::Nothing), false, State::Warn),
            (None, true, State::Ok),
            (None, false, State::Warn),
        ] {
            assert_eq!(of_tcp(bound, is_version_2).state, state, "{bound:?}");
        }
    }

    #[test]
    fn a_distributions_runc_is_not_called_bad_for_its_number() {
        let finding = of_runc(Some("1.1.5+ds1"));
        assert_eq!(finding.state, State::Warn);
        assert!(finding.found.contains("CVE-2024-21626"));
        assert_eq!(of_runc(Some("1.1.5")).state, State::Bad);
        assert_eq!(of_runc(Some("1.3.4")).state, State::Ok);
        assert_eq!(of_runc(None).state, State::Warn);
    }

    #[test]
    fn what_is_missing_is_found_and_mendable() {
        let info = SystemInfo {
            memory_limit: Some(true),
            pids_limit: Some(false),
            swap_limit: Some(false),
            security_options: Some(vec!["name=apparmor".to_owned()]),
            ..SystemInfo::default()
        };
        let findings = of_info(&info);
        let state = |what| findings.iter().find(|finding| finding.what == what).unwrap().state;
        assert_eq!(state("limits"), State::Bad);
        assert_eq!(state("swap"), State::Warn);
        assert_eq!(state("seccomp"), State::Bad);
        for finding in &findings {
            assert_eq!(finding.mend.is_empty(), finding.state == State::Ok, "{finding:?}");
        }
    }
}
