//! The trait, the worker, and what a worker is made from.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchpod_protocol::control::FromSupervisor;
use launchpod_protocol::data::{Conversation, Ready};
use tokio::sync::watch;

use crate::channel::Channel;
use crate::error::SandboxError;
use crate::fate::Fate;
use crate::gauge::Gauge;
use crate::limits::Limits;
use crate::network::Network;
use crate::user_namespace::UserNamespace;

/// Makes workers.
#[async_trait]
pub trait Backend: Send + Sync {
    /// A ready worker that nobody else has or had.
    ///
    /// Dropping the future abandons the worker being made; nothing of it stays.
    ///
    /// # Errors
    /// It can't be made, or didn't get ready: [`SandboxError`] says which, and the way out.
    async fn acquire(&self, spec: &WorkerSpec) -> Result<Worker, SandboxError>;

    /// Whether workers of this kind can be had, as far as that is known without making one. What it
    /// says of the engine is what the engine was when the backend was made.
    ///
    /// # Errors
    /// What stands against it, whatever the image.
    fn check(&self, _spec: &WorkerSpec) -> Result<(), SandboxError> {
        Ok(())
    }

    /// Says that workers of this kind will be wanted, so that what takes time can begin. Returns
    /// at once.
    fn prepare(&self, _spec: &WorkerSpec) {}

    /// Bytes of memory that a ready worker takes that nobody shares: an estimate.
    fn idle_memory(&self) -> u64;

    /// Ends every worker, waits until nothing of them is left (or the engine doesn't answer),
    /// and makes no more.
    async fn shutdown(&self);
}

/// What a worker is made from. Nothing in it is of a request or an identity: a worker may be made
/// before either is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkerSpec {
    /// The image's ID as the engine gives it.
    pub image: String,
    /// The command that starts the worker; `None` for the image's own.
    pub command: Option<Vec<String>>,
    /// The engine's OCI runtime that runs it, e.g. `runsc`; `None` for the engine's default.
    pub runtime: Option<String>,
    /// Which user namespace it is in.
    pub user_namespace: UserNamespace,
    /// What it may use.
    pub limits: Limits,
    /// What it can connect to.
    pub network: Network,
}

/// A ready worker: connected, its language started, no script seen yet.
///
/// Dropping it, or its [`Lease`], kills it; what is left of it is removed in the background.
pub struct Worker {
    /// Its container.
    pub container: Container,
    /// To the supervisor.
    pub control: Channel,
    /// To the language's process.
    pub data: Channel,
    /// What may come next on `data`. READY has been received.
    pub conversation: Conversation,
    /// What READY said.
    pub ready: Ready,
    /// What the worker wrote before it was ready: stdout and stderr frames, in order.
    pub early_output: Vec<FromSupervisor>,
    /// How long its making took.
    pub startup: Startup,
    /// What the engine says of it.
    pub fate: watch::Receiver<Fate>,
    /// Changes how many processors it has.
    pub throttle: Arc<dyn Throttle>,
    /// What it uses.
    pub gauge: Gauge,
    /// Keeps it alive.
    pub lease: Lease,
}

/// Changes how many processors a worker has, whatever it is doing.
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Gives it so many, in thousandths. Where that fails, the log says so; a worker that has ended
    /// needs none.
    async fn throttle(&self, millicpus: u32);
}

/// Keeps a worker alive; dropping it kills the worker, whatever it is doing.
pub struct Lease {
    _worker: Box<dyn Any + Send + Sync>,
}

/// A container's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// The engine's ID.
    pub id: String,
    /// `launchpod-` and 8 hexadecimal digits.
    pub name: String,
}

/// How long the making of a worker took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Startup {
    /// Until the engine had made the container.
    pub create: Duration,
    /// From then until the supervisor had connected.
    pub start: Duration,
    /// From then until READY.
    pub ready: Duration,
}

// === impl Lease ===

impl Lease {
    /// A lease whose end is `worker`'s drop.
    pub fn new(worker: impl Any + Send + Sync) -> Self {
        Lease { _worker: Box::new(worker) }
    }
}
