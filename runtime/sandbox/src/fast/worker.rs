//! One worker of a template, from its order to its end.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use launchpod_spawner::message::Spawn;
use tokio::net::UnixListener;
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::spawner::Spawner;
use crate::backend::{Container, Lease, Throttle, Worker};
use crate::birth::Unborn;
use crate::docker::Ground;
use crate::error::SandboxError;
use crate::fate::Followed;
use crate::gauge::Gauge;
use crate::limits::Limits;
use crate::profile::rlimits;
use crate::run_folder::{Access, RunFolder};
use crate::uids::Uid;

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

/// Has a worker forked, and waits until it is ready. What is left of it at its end is removed by one
/// of `tasks`. Dropping the future abandons it.
///
/// # Errors
/// There is no uid or run folder for it, the spawner is gone, or it doesn't get ready.
pub(super) async fn make(
    ground: &Ground,
    tasks: &TaskTracker,
    spawner: Arc<Spawner>,
    limits: &Limits,
) -> Result<Worker, SandboxError> {
    let began = Instant::now();
    let uid = ground.uids.take().ok_or(SandboxError::NoUid)?;
    let number = uid.number();
    let suffix = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
    let name = format!("launchpod-{suffix}");
    let (folder, listener) = ground.folder.add(&suffix, Access::Owner(number))?;
    let folder = Arc::new(folder);
    let followed = spawner.follow(&suffix);
    let fate = followed.fate.clone();
    let remains = Remains {
        spawner: Arc::clone(&spawner),
        name: suffix.clone(),
        tasks: tasks.clone(),
        holdings: Some(Holdings { _uid: uid, _folder: Arc::clone(&folder), followed }),
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
    let born = unborn.start(spawner.spawn(order(suffix, number, limits))).await?;
    debug!(worker = name, uid = number, "worker ready");
    let gauge = born.cgroup(&remains.name).map_or_else(Gauge::of_nothing, Gauge::of_cgroup);
    let container = Container { id: name.clone(), name };
    let throttle = Arc::new(Quota { spawner, name: remains.name.clone() });
    Ok(born.into_worker(container, create, fate, throttle, gauge, Lease::new(remains)))
}

/// A worker's quota of processors.
struct Quota {
    spawner: Arc<Spawner>,
    name: String,
}

#[async_trait]
impl Throttle for Quota {
    async fn throttle(&self, millicpus: u32) {
        self.spawner.throttle(&self.name, millicpus).await;
    }
}

fn order(worker: String, uid: u32, limits: &Limits) -> Spawn {
    Spawn {
        worker,
        uid,
        memory: limits.memory,
        processes: limits.processes,
        millicpus: limits.millicpus,
        tcp_memory: limits.tcp_memory,
        scratch: limits.scratch,
        shared_memory: limits.shared_memory,
        scratch_files: limits.scratch_files,
        cpu_weight: limits.cpu_weight,
        rlimits: rlimits(limits).map(|(name, most)| (name.to_owned(), most)).into(),
    }
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
