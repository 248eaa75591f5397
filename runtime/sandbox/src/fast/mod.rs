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
mod worker;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rustix::process::geteuid;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::backend::{Backend, Worker, WorkerSpec};
use crate::docker::{Docker, Ground};
use crate::error::SandboxError;
use crate::preference::Preference;
use crate::profile::seccomp;
use crate::user_namespace::UserNamespace;
use keeper::{State, Template};
use spawner::Spawner;

/// What an idle worker takes at most (bytes). Measured as for a container: 7 MiB private; 19 MiB of PSS
/// where there are three, which is with its share of the template's.
const IDLE_MEMORY: u64 = 20 << 20;

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
    templates: Mutex<HashMap<Kind, Template>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// What a template is made for: workers that differ in this can't have the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub(crate) image: String,
    /// Which system calls workers may make.
    pub(crate) seccomp: &'static str,
    /// `NAME=VALUE`, beside what the image says.
    pub(crate) environment: Vec<String>,
    /// What tells it from other templates of the image.
    pub(crate) suffix: &'static str,
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
    /// Whether the host allows a template and its workers is tried with the first image: see
    /// [`Backend::acquire`].
    ///
    /// # Errors
    /// Gives the Docker backend back, and says why the host can't have another, whatever the image.
    pub(crate) fn new(docker: Docker, config: FastConfig) -> Result<Self, (Docker, String)> {
        if !geteuid().is_root() {
            return Err((docker, "the server is not root".to_owned()));
        }
        let ground = docker.ground();
        if let Err(reason) = keeper::sweep(&ground) {
            return Err((docker, reason));
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

    /// The template of a kind, which is begun when nobody has asked before.
    fn template(&self, kind: &Kind) -> Template {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let (template, keeping) = keeper::keep(
                kind.clone(),
                self.ground.clone(),
                self.config.clone(),
                self.tasks.clone(),
                self.stopping.clone(),
            );
            self.tasks.spawn(keeping);
            template
        };
        templates.entry(kind.clone()).or_insert_with(begin).clone()
    }

    /// The spawner of a kind; nothing when Docker is to stand in. It can't, where a user namespace is
    /// required that the engine doesn't give.
    async fn spawner(
        &self,
        kind: &Kind,
        spec: &WorkerSpec,
    ) -> Result<Option<Arc<Spawner>>, SandboxError> {
        let docker = self.docker.check(spec);
        let may_wait = docker.is_err() || self.config.preference == Preference::Fast;
        let mut template = self.template(kind);
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
            Ok(State::Failed(reason)) if docker.is_err() => {
                Err(SandboxError::NoUserNamespace(reason))
            }
            Ok(State::Failed(reason)) if may_wait => Err(SandboxError::NoTemplate(reason)),
            Ok(_) => Ok(None),
            // The keeper ends with the backend alone.
            Err(_) => Err(SandboxError::ShuttingDown),
        }
    }
}

#[async_trait]
impl Backend for Fast {
    async fn acquire(&self, spec: &WorkerSpec) -> Result<Worker, SandboxError> {
        if let Some(kind) = Kind::of(spec)
            && let Some(spawner) = self.spawner(&kind, spec).await?
        {
            return tokio::select! {
                made = worker::make(&self.ground, &self.tasks, spawner, &spec.limits) => made,
                () = self.stopping.cancelled() => Err(SandboxError::ShuttingDown),
            };
        }
        self.docker.acquire(spec).await
    }

    fn check(&self, spec: &WorkerSpec) -> Result<(), SandboxError> {
        match Kind::of(spec) {
            // One of their own, and no OCI runtime.
            Some(_) => Ok(()),
            None => self.docker.check(spec),
        }
    }

    fn prepare(&self, spec: &WorkerSpec) {
        match Kind::of(spec) {
            Some(kind) => drop(self.template(&kind)),
            None => info!(image = spec.image, "not for the fast backend, Docker makes the workers"),
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

// === impl Kind ===

impl Kind {
    /// That of a worker which a template can fork: one that its image starts, under the host's
    /// kernel, in a user namespace, without a network of the engine's.
    fn of(spec: &WorkerSpec) -> Option<Kind> {
        let WorkerSpec { image, command: None, runtime: None, user_namespace, network, .. } = spec
        else {
            return None;
        };
        let suffix = match (network.hosts(), network.allows_streams()) {
            (Some(_), _) => "-outbound",
            (None, true) => "-streams",
            (None, false) => "",
        };
        let kind = || Kind {
            image: image.clone(),
            seccomp: seccomp(network),
            environment: network.environment(),
            suffix,
        };
        let can_fork = network.joined().is_none() && *user_namespace != UserNamespace::Host;
        can_fork.then(kind)
    }
}
