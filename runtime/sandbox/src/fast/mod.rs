//! The fast backend: workers forked from a template of their image, without a container runtime
//! per call.
//!
//! For each image that is asked for, a task of its own keeps a spawner running (see
//! `launchpod-spawner`), from files that were exported once. Where the host doesn't allow that, or
//! while the files are being exported, the Docker backend makes the workers; [`Preference::Fast`]
//! has an error instead.

mod keeper;
mod roots;
mod spawner;

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use launchpod_spawner::message::Spawn;
use serde::Deserialize;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::backend::{Backend, Container, Lease, Worker, WorkerSpec};
use crate::birth::Unborn;
use crate::docker::{Docker, Ground};
use crate::error::SandboxError;
use crate::fate::Followed;
use crate::profile::rlimits;
use crate::run_folder::{Access, RunFolder};
use crate::uids::Uid;
use keeper::{State, Template};
use spawner::Spawner;

/// What an idle worker takes at most (bytes). Measured as for a container: 3 MiB private; 16 to 19 MiB
/// of PSS, which is with its share of the template's.
const IDLE_MEMORY: u64 = 20 << 20;

/// Which backend makes workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// The fast one where the host allows it, else Docker.
    Auto,
    /// Docker alone.
    #[default]
    Docker,
    /// The fast one alone: without it there is no worker.
    Fast,
}

/// What the fast backend needs beside the Docker backend's configuration.
#[derive(Clone, Debug)]
pub struct FastConfig {
    /// Whether Docker may stand in.
    pub preference: Preference,
    /// The folder for images' files, one folder for each image. Only root may enter it.
    pub roots: PathBuf,
    /// This program, which becomes a spawner when it is started with `spawner`.
    pub program: PathBuf,
}

/// Workers forked from templates.
pub struct Fast {
    docker: Docker,
    ground: Ground,
    config: FastConfig,
    templates: Mutex<HashMap<String, Template>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// What there is of a worker; dropping it ends the worker.
struct Remains {
    spawner: Arc<Spawner>,
    name: String,
    tasks: TaskTracker,
    holdings: Option<Holdings>,
}

/// What must not be given back while the worker exists.
struct Holdings {
    _uid: Uid,
    _folder: Arc<RunFolder>,
    followed: Followed,
}

// === impl Preference ===

impl FromStr for Preference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Preference::Auto),
            "docker" => Ok(Preference::Docker),
            "fast" => Ok(Preference::Fast),
            _ => Err("not one of auto, docker, fast".to_owned()),
        }
    }
}

// === impl FastConfig ===

impl FastConfig {
    /// The configuration with everything by default.
    ///
    /// # Errors
    /// When this program's own file can't be named.
    pub fn new(preference: Preference) -> std::io::Result<Self> {
        let roots = PathBuf::from("/var/cache/launchpod/roots");
        Ok(FastConfig { preference, roots, program: std::env::current_exe()? })
    }
}

// === impl Fast ===

impl Fast {
    /// A fast backend over a Docker backend, which has removed what an earlier controller of the
    /// instance left; this removes what an earlier fast backend left.
    ///
    /// # Errors
    /// When Docker may not stand in and the host doesn't allow it.
    pub fn new(docker: Docker, config: FastConfig) -> Result<Self, SandboxError> {
        let ground = docker.ground();
        if let Err(reason) = keeper::sweep(&ground)
            && config.preference == Preference::Fast
        {
            return Err(SandboxError::NoTemplate(reason));
        }
        Ok(Fast {
            docker,
            ground,
            config,
            templates: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    /// The template of an image, which is begun when nobody has asked before.
    fn template(&self, image: &str) -> Template {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let (template, keeping) = keeper::keep(
                image.to_owned(),
                self.ground.clone(),
                self.config.clone(),
                self.stopping.clone(),
            );
            self.tasks.spawn(keeping);
            template
        };
        templates.entry(image.to_owned()).or_insert_with(begin).clone()
    }

    /// The spawner for an image; nothing when Docker is to stand in.
    async fn spawner(&self, image: &str) -> Result<Option<Arc<Spawner>>, SandboxError> {
        let may_wait = self.config.preference == Preference::Fast;
        let mut template = self.template(image);
        // Starting takes as long as a container does, exporting much longer.
        let settled = template.wait_for(|state| match state {
            State::Exporting => !may_wait,
            State::Starting => false,
            State::Ready(_) | State::Failed(_) => true,
        });
        let state = tokio::select! {
            state = settled => state.map(|state| state.clone()),
            () = self.stopping.cancelled() => return Err(SandboxError::ShuttingDown),
        };
        match state {
            Ok(State::Ready(spawner)) => Ok(Some(spawner)),
            Ok(State::Failed(reason)) if may_wait => Err(SandboxError::NoTemplate(reason)),
            Ok(_) => Ok(None),
            // The keeper ends with the backend alone.
            Err(_) => Err(SandboxError::ShuttingDown),
        }
    }

    async fn make(&self, spawner: Arc<Spawner>, spec: &WorkerSpec) -> Result<Worker, SandboxError> {
        let began = Instant::now();
        let uid = self.ground.uids.take().ok_or(SandboxError::NoUid)?;
        let number = uid.number();
        let suffix = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let name = format!("launchpod-{suffix}");
        let (folder, listener) = self.ground.folder.add(&suffix, Access::Owner(number))?;
        let folder = Arc::new(folder);
        let followed = spawner.follow(&suffix);
        let fate = followed.fate.clone();
        let remains = Remains {
            spawner: Arc::clone(&spawner),
            name: suffix.clone(),
            tasks: self.tasks.clone(),
            holdings: Some(Holdings { _uid: uid, _folder: Arc::clone(&folder), followed }),
        };
        let limits = &spec.limits;
        let order = Spawn {
            worker: suffix,
            uid: number,
            memory: limits.memory,
            processes: limits.processes,
            millicpus: limits.millicpus,
            scratch: limits.scratch,
            shared_memory: limits.shared_memory,
            scratch_files: limits.scratch_files,
            cpu_weight: limits.cpu_weight,
            rlimits: rlimits(limits).map(|(name, most)| (name.to_owned(), most)).into(),
        };
        let unborn = Unborn {
            name: &name,
            folder: &folder,
            listener: UnixListener::from_std(listener).map_err(SandboxError::Socket)?,
            peer_uid: Some(number),
            fate: fate.clone(),
            limit: limits.ready,
        };
        let create = began.elapsed();
        let born = tokio::select! {
            born = unborn.start(spawner.spawn(order)) => born?,
            () = self.stopping.cancelled() => return Err(SandboxError::ShuttingDown),
        };
        debug!(worker = name, uid = number, "worker ready");
        let container = Container { id: name.clone(), name };
        Ok(born.into_worker(container, create, fate, Lease::new(remains)))
    }
}

#[async_trait]
impl Backend for Fast {
    async fn acquire(&self, spec: &WorkerSpec) -> Result<Worker, SandboxError> {
        if is_for_template(spec)
            && let Some(spawner) = self.spawner(&spec.image).await?
        {
            return self.make(spawner, spec).await;
        }
        self.docker.acquire(spec).await
    }

    fn prepare(&self, spec: &WorkerSpec) {
        if is_for_template(spec) {
            self.template(&spec.image);
        }
    }

    fn idle_memory(&self) -> u64 {
        IDLE_MEMORY
    }

    async fn shutdown(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.docker.shutdown().await;
    }
}

/// Whether a worker is what a template forks: one that its image starts, under the host's kernel.
fn is_for_template(spec: &WorkerSpec) -> bool {
    spec.command.is_none() && spec.runtime.is_none()
}

// === impl Remains ===

impl Drop for Remains {
    fn drop(&mut self) {
        let Some(mut holdings) = self.holdings.take() else { return };
        let spawner = Arc::clone(&self.spawner);
        let name = std::mem::take(&mut self.name);
        self.tasks.spawn(async move {
            spawner.kill(&name).await;
            // An error: the spawner is gone, and with it every worker.
            let _ = holdings.followed.fate.wait_for(|fate| fate.removed).await;
            debug!(worker = name, "worker removed");
        });
    }
}
