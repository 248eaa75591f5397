//! Keeps an image's spawner running.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use launchpod_spawner::message::Setup;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::roots::{self, Root};
use super::spawner::Spawner;
use super::{FastConfig, Kind, worker};
use crate::docker::Ground;
use crate::limits::Limits;
use crate::preference::Preference;
use crate::profile::OOM_SCORE_ADJUSTMENT;

/// How long to wait before the next attempt when one has failed; doubled by each further failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest such time.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// A template that has lived so long has not failed when it ends.
const PROVEN: Duration = Duration::from_secs(5);
/// PID 1 of every image, and what parts it from the program that it starts.
const SUPERVISOR: [&str; 2] = ["/opt/launchpod/supervisor", "--"];
/// What makes the worker's program a template.
const TEMPLATE_ARGUMENT: &str = "--template";

/// How far an image's template is.
#[derive(Clone)]
pub(super) enum State {
    /// The image's files are being exported.
    Exporting,
    /// It is doing its imports.
    Starting,
    /// It forks workers.
    Ready(Arc<Spawner>),
    /// There is none, for that reason.
    Failed(String),
}

/// An image's template, as others see it.
pub(super) type Template = watch::Receiver<State>;

/// What keeps a template of an image, to be run until `stopping` fires; then nothing of it is left.
pub(super) fn keep(
    kind: Kind,
    ground: Ground,
    config: FastConfig,
    tasks: TaskTracker,
    stopping: CancellationToken,
) -> (Template, impl Future<Output = ()>) {
    let (state, template) = watch::channel(State::Exporting);
    let keeping = async move {
        let keeper = Keeper { kind, ground, config, tasks, state };
        tokio::select! {
            () = keeper.keep(&stopping) => {}
            () = stopping.cancelled() => {}
        }
        // Whoever has a worker lets it go at shutdown; the spawner itself is told here.
        if let State::Ready(spawner) = keeper.state.send_replace(State::Starting) {
            spawner.end().await;
        }
    };
    (template, keeping)
}

/// Takes away what an earlier fast backend of the instance has left.
///
/// # Errors
/// Why there can't be a fast backend on this host.
pub(super) fn sweep(ground: &Ground) -> Result<(), String> {
    launchpod_spawner::sweep(&cgroup(ground)).map_err(|error| error.to_string())
}

struct Keeper {
    kind: Kind,
    ground: Ground,
    config: FastConfig,
    /// What removes workers.
    tasks: TaskTracker,
    state: watch::Sender<State>,
}

// === impl Keeper ===

impl Keeper {
    async fn keep(&self, stopping: &CancellationToken) {
        let mut retry = FIRST_RETRY;
        while !stopping.is_cancelled() {
            let began = Instant::now();
            let failed = match self.start().await {
                Ok((spawner, _root)) => {
                    let took_ms = began.elapsed().as_millis();
                    info!(image = self.kind.image, took_ms, "template ready");
                    let lived = Instant::now();
                    self.state.send_replace(State::Ready(Arc::clone(&spawner)));
                    spawner.gone().await;
                    self.state.send_replace(State::Starting);
                    warn!(image = self.kind.image, "template ended, starting another");
                    (lived.elapsed() < PROVEN).then(|| "the template ends as it starts".to_owned())
                }
                Err(reason) => Some(reason),
            };
            let Some(reason) = failed else {
                retry = FIRST_RETRY;
                continue;
            };
            warn!(image = self.kind.image, reason, "no fast backend, Docker stands in if it may");
            self.state.send_replace(State::Failed(reason));
            sleep(retry).await;
            retry = (retry * 2).min(LONGEST_RETRY);
        }
    }

    async fn start(&self) -> Result<(Arc<Spawner>, Root), String> {
        let engine = &self.ground.engine;
        let described = engine.image(&self.kind.image).await.map_err(|error| error.to_string())?;
        let program = described.command.strip_prefix(&SUPERVISOR.map(str::to_owned)[..]);
        let Some(program) = program else {
            return Err(format!("image {} doesn't start with the supervisor", self.kind.image));
        };
        let program = program.iter().cloned().chain([TEMPLATE_ARGUMENT.to_owned()]).collect();
        let root =
            roots::export(engine, &self.kind.image, &self.config.roots, self.ground.instance)
                .await
                .map_err(|error| error.to_string())?;
        // Docker goes on standing in after a failure: the next attempt may hang.
        let may_fail = self.config.preference == Preference::Auto;
        if !(may_fail && matches!(*self.state.borrow(), State::Failed(_))) {
            self.state.send_replace(State::Starting);
        }
        let uids = self.ground.uids.range();
        let setup = Setup {
            root: root.path().to_owned(),
            run_folder: self.ground.folder.path().to_owned(),
            cgroup: format!("{}/{}{}", cgroup(&self.ground), root.short_name(), self.kind.suffix),
            // Never handed to a worker: `Ground::uids` begins behind it.
            first_uid: uids.start - 1,
            uids: uids.end - uids.start + 1,
            program,
            environment: [described.environment, self.kind.environment.clone()].concat(),
            seccomp: self.kind.seccomp.to_owned(),
            oom_score_adjustment: OOM_SCORE_ADJUSTMENT,
        };
        let spawner = Arc::new(Spawner::start(&self.config.program, &setup).await?);
        // What a host refuses may be needed by a worker only.
        let limits = Limits::default();
        let tried = worker::make(&self.ground, &self.tasks, Arc::clone(&spawner), &limits).await;
        if let Err(error) = tried {
            spawner.end().await;
            return Err(error.to_string());
        }
        Ok((spawner, root))
    }
}

fn cgroup(ground: &Ground) -> String {
    format!("{}/{}", launchpod_spawner::SHARED, &ground.instance.simple().to_string()[..8])
}
