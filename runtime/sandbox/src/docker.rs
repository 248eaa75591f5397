//! The backend on one Docker engine.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use rustix::process::geteuid;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::backend::{Backend, Container, Lease, Throttle, Worker, WorkerSpec};
use crate::birth::Unborn;
use crate::cgroup::Cgroup;
use crate::engine::{Engine, EngineError, INSTANCE_LABEL, Removal, Timeouts};
use crate::engine_paths::EnginePaths;
use crate::error::SandboxError;
use crate::fate::{Fates, Followed};
use crate::gauge::Gauge;
use crate::profile::Subject;
use crate::run_folder::{Access, InstanceFolder, RunFolder};
use crate::runtimes::Runtimes;
use crate::uids::{Uid, Uids};
use crate::user_namespace::{UidMaps, UserNamespace};

/// What a container with Python, pandas and pyarrow imported takes for itself (bytes). Measured: 97 MiB
/// of PSS and as much private memory, in each of four idle containers of the image `python` (sum of
/// /proc/PID/smaps_rollup over a container's processes; storage driver fuse-overlayfs). A driver with
/// which containers share the pages of their image's files takes less.
const IDLE_MEMORY: u64 = 97 << 20;
/// How long shutdown waits for the engine to remove what is left.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks at a removal that is under way.
const REMOVAL_POLL: Duration = Duration::from_millis(50);
/// Between two attempts while the engine fails.
const REMOVAL_RETRY: Duration = Duration::from_secs(5);
/// How often a container that an unanswered create may still bring up is looked for.
const REMOVAL_ATTEMPTS_AFTER_TIMEOUT: u32 = 6;

/// How a [`Docker`] backend is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which instance this is, stable over restarts: what carries its label is ours.
    pub instance: Uuid,
    /// The folder that workers' folders are made in; short.
    pub run_folder: PathBuf,
    /// The uids that workers get, one each, but for the first; the bound on how many live at
    /// once. Two instances on one host need ranges of their own.
    pub uids: Range<u32>,
    /// How long the engine may take.
    pub timeouts: Timeouts,
}

/// Workers as containers of one Docker engine.
pub struct Docker {
    shared: Arc<Shared>,
    watcher: AbortHandle,
}

struct Shared {
    instance: Uuid,
    engine: Engine,
    folder: Arc<InstanceFolder>,
    paths: EnginePaths,
    uids: Uids,
    uid_maps: UidMaps,
    runtimes: Runtimes,
    fates: Fates,
    /// Whether the log says already that connections' memory isn't limited.
    warned_of_tcp: AtomicBool,
    /// What makes and removes containers.
    tasks: TaskTracker,
    stopping: CancellationToken,
    runtime: Handle,
}

/// What every backend of an instance stands on.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) instance: Uuid,
    pub(crate) engine: Engine,
    pub(crate) folder: Arc<InstanceFolder>,
    pub(crate) uids: Uids,
}

/// What there is of a worker, from before its container is made; dropping it removes all.
struct Remains {
    shared: Arc<Shared>,
    name: String,
    /// Whether the engine hasn't said what became of a create.
    uncertain: bool,
    holdings: Option<Holdings>,
}

/// What must not be given back while the container exists.
struct Holdings {
    uid: Uid,
    _folder: Arc<RunFolder>,
    _followed: Followed,
}

// === impl Config ===

impl Config {
    /// The configuration of an instance with everything else by default.
    pub fn new(instance: Uuid) -> Self {
        Config {
            instance,
            run_folder: PathBuf::from("/run/launchpod"),
            // Above the uids of people, below those that systemd and subuid(5) hand out.
            uids: 50_000..58_000,
            timeouts: Timeouts::default(),
        }
    }
}

// === impl Docker ===

impl Docker {
    /// Connects to the engine and removes what an earlier controller of this instance left.
    ///
    /// # Errors
    /// The engine doesn't answer, or the run folder can't be had.
    pub async fn connect(config: Config) -> Result<Self, SandboxError> {
        let engine = Engine::connect(config.timeouts).await?;
        let folder = InstanceFolder::take(&config.run_folder, config.instance)?;
        let label = format!("{INSTANCE_LABEL}={}", config.instance);
        let swept = sweep(&engine, &label).await?;
        if swept > 0 {
            info!(containers = swept, "removed what an earlier controller left");
        }
        let paths = EnginePaths::find(&engine, folder.path()).await?;
        let info = engine.info().await?;
        let fates = Fates::default();
        let watcher = tokio::spawn(fates.clone().watch(engine.clone(), label)).abort_handle();
        let shared = Shared {
            instance: config.instance,
            engine,
            folder: Arc::new(folder),
            paths,
            // The first is root's in a template's user namespace.
            uids: Uids::new(config.uids.start + 1..config.uids.end, config.instance.as_fields().0),
            uid_maps: UidMaps::of(info.security_options.as_deref().unwrap_or_default()),
            runtimes: Runtimes::of(&info),
            fates,
            warned_of_tcp: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            runtime: Handle::current(),
        };
        Ok(Docker { shared: Arc::new(shared), watcher })
    }

    /// What another backend of the same instance needs.
    pub(crate) fn ground(&self) -> Ground {
        let Shared { instance, engine, folder, uids, .. } = &*self.shared;
        Ground {
            instance: *instance,
            engine: engine.clone(),
            folder: Arc::clone(folder),
            uids: uids.clone(),
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

#[async_trait]
impl Backend for Docker {
    async fn acquire(&self, spec: &WorkerSpec) -> Result<Worker, SandboxError> {
        // A task of its own: a create that is dropped midway would leave a container that
        // nobody knows. When the caller has gone, the task goes on only until it may stop.
        let abandoned = CancellationToken::new();
        let _abandon_on_drop = abandoned.clone().drop_guard();
        let (shared, spec) = (Arc::clone(&self.shared), spec.clone());
        let task = self.shared.tasks.spawn(async move {
            let stopping = shared.stopping.clone();
            if stopping.is_cancelled() {
                return Err(SandboxError::ShuttingDown);
            }
            shared.make(&spec, abandoned).await
        });
        task.await.unwrap_or(Err(SandboxError::ShuttingDown))
    }

    fn check(&self, spec: &WorkerSpec) -> Result<(), SandboxError> {
        self.shared.check_user_namespace(spec)?;
        let runtimes = &self.shared.runtimes;
        match &spec.runtime {
            Some(name) if runtimes.lack(name) => {
                let (runtime, known) = (name.clone(), runtimes.list());
                Err(SandboxError::Runtime { runtime, known })
            }
            _ => Ok(()),
        }
    }

    fn idle_memory(&self) -> u64 {
        IDLE_MEMORY
    }

    async fn shutdown(&self) {
        let shared = &self.shared;
        shared.stopping.cancel();
        shared.tasks.close();
        let label = format!("{INSTANCE_LABEL}={}", shared.instance);
        let end = async {
            // Twice: a container whose create was under way at first is there afterwards.
            for _ in 0..2 {
                if let Err(error) = sweep(&shared.engine, &label).await {
                    warn!(%error, "can't remove all containers at shutdown");
                }
                shared.tasks.wait().await;
            }
        };
        if timeout(SHUTDOWN_LIMIT, end).await.is_err() {
            warn!("the engine didn't remove all containers in time");
        }
        self.watcher.abort();
    }
}

// === impl Shared ===

impl Shared {
    /// Whether a worker's files can be given to its uid, and its uid be seen on a socket.
    fn uids_are_the_hosts(&self, user_namespace: UserNamespace) -> bool {
        geteuid().is_root() && !self.uid_maps.apply_to(user_namespace)
    }

    fn check_user_namespace(&self, spec: &WorkerSpec) -> Result<(), SandboxError> {
        let is_mapped = self.uid_maps.apply_to(spec.user_namespace);
        if spec.user_namespace == UserNamespace::Required && !is_mapped {
            return Err(SandboxError::NoUserNamespace("the engine maps no uids".to_owned()));
        }
        Ok(())
    }

    /// Limits what a container's connections may hold, which its engine doesn't do. A worker where
    /// that isn't to be had is a worker all the same: `doctor` says so.
    fn limit_tcp(&self, cgroup: &Cgroup, bytes: u64) {
        if let Err(reason) = cgroup.limit_tcp(bytes)
            && !self.warned_of_tcp.swap(true, Relaxed)
        {
            warn!(reason, "memory of containers' TCP connections isn't limited");
        }
    }

    async fn make(
        self: Arc<Self>,
        spec: &WorkerSpec,
        abandoned: CancellationToken,
    ) -> Result<Worker, SandboxError> {
        let began = Instant::now();
        self.check_user_namespace(spec)?;
        let network = match spec.network.joined() {
            Some(network) => Some(network.find(&self.engine).await?.id),
            None => None,
        };
        let uid = self.uids.take().ok_or(SandboxError::NoUid)?;
        let number = uid.number();
        let suffix = Uuid::new_v4().simple().to_string()[..8].to_owned();
        let name = format!("launchpod-{suffix}");
        let uids_are_the_hosts = self.uids_are_the_hosts(spec.user_namespace);
        let access = if uids_are_the_hosts { Access::Owner(number) } else { Access::Anyone };
        let (folder, listener) = self.folder.add(&suffix, access)?;
        let folder = Arc::new(folder);
        let followed = self.fates.follow(&name);
        let fate = followed.fate.clone();
        let run_folder = self.paths.of(folder.path());
        let subject = Subject {
            spec,
            instance: self.instance,
            uid: number,
            run_folder: &run_folder,
            network: network.as_deref(),
        };
        let body = subject.container();
        let holdings = Holdings { uid, _folder: Arc::clone(&folder), _followed: followed };
        let mut remains = Remains {
            shared: Arc::clone(&self),
            name: name.clone(),
            uncertain: true,
            holdings: Some(holdings),
        };

        let created = self.engine.create(&name, body).await;
        remains.uncertain = matches!(created, Err(EngineError::TimedOut { .. }));
        let id = created?;
        let create_took = began.elapsed();

        let unborn = Unborn {
            name: &name,
            folder: &folder,
            listener: tokio::net::UnixListener::from_std(listener).map_err(SandboxError::Socket)?,
            // Not under every OCI runtime is it the worker that dials: gVisor does so for it, as root.
            peer_uid: (uids_are_the_hosts && spec.runtime.is_none()).then_some(number),
            fate: fate.clone(),
            limit: spec.limits.ready,
        };
        let start = async { Ok(self.engine.start(&name).await?) };
        let born = tokio::select! {
            born = unborn.start(start) => born?,
            () = abandoned.cancelled() => return Err(SandboxError::Abandoned),
            () = self.stopping.cancelled() => return Err(SandboxError::ShuttingDown),
        };
        let gauge = match born.cgroup(&id) {
            Some(cgroup) => {
                self.limit_tcp(&cgroup, spec.limits.tcp_memory);
                Gauge::of_cgroup(cgroup)
            }
            None => Gauge::of_engine(self.engine.clone(), id.clone()),
        };
        debug!(container = name, uid = number, "worker ready");
        let throttle = Arc::new(Quota { engine: self.engine.clone(), name: name.clone() });
        let container = Container { id, name };
        Ok(born.into_worker(container, create_took, fate, throttle, gauge, Lease::new(remains)))
    }
}

/// A container's quota of processors.
struct Quota {
    engine: Engine,
    name: String,
}

#[async_trait]
impl Throttle for Quota {
    async fn throttle(&self, millicpus: u32) {
        if let Err(error) = self.engine.throttle(&self.name, millicpus).await {
            warn!(container = self.name, %error, "can't change a container's processors");
        }
    }
}

/// Removes all containers with a label.
async fn sweep(engine: &Engine, label: &str) -> Result<usize, EngineError> {
    let left = engine.list(label).await?;
    let removals =
        left.iter().filter_map(|container| container.id.as_ref()).map(|id| engine.remove(id));
    try_join_all(removals).await?;
    Ok(left.len())
}

// === impl Remains ===

impl Drop for Remains {
    fn drop(&mut self) {
        let Some(holdings) = self.holdings.take() else { return };
        let shared = Arc::clone(&self.shared);
        let name = std::mem::take(&mut self.name);
        let uncertain = self.uncertain;
        let removal = async move {
            remove(&shared.engine, &name, uncertain).await;
            debug!(container = name, uid = holdings.uid.number(), "worker removed");
            drop(holdings);
        };
        self.shared.tasks.spawn_on(removal, &self.shared.runtime);
    }
}

/// Removes a container, however often it takes: its uid and folder are in use until then.
async fn remove(engine: &Engine, name: &str, uncertain: bool) {
    let mut looks = if uncertain { REMOVAL_ATTEMPTS_AFTER_TIMEOUT } else { 1 };
    let mut warned = false;
    loop {
        match engine.remove(name).await {
            Ok(Removal::Removed) => return,
            Ok(Removal::UnderWay) => sleep(REMOVAL_POLL).await,
            Ok(Removal::Absent) => {
                looks -= 1;
                if looks == 0 {
                    return;
                }
                sleep(REMOVAL_RETRY).await;
            }
            Err(error) => {
                if !warned {
                    warn!(container = name, %error, "can't remove a container, trying on");
                    warned = true;
                }
                sleep(REMOVAL_RETRY).await;
            }
        }
    }
}
