//! Workers made ahead, so that a call finds one ready.
//!
//! A [`Pool`] stands before a backend and keeps a shelf of ready workers for each kind that is
//! asked for. A worker on a shelf belongs to nobody; once handed out it never comes back. A call
//! that finds the shelf empty takes the next worker to get ready, and one more is begun for it.
//!
//! How many are kept follows demand: each call that has to wait raises the shelf's aim by one, a
//! while without such a call lowers it, between a floor and a ceiling, which a memory budget
//! bounds too. Workers are made ahead by background tasks, as many at once as there are
//! processors; one at a time while the host is busy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::backend::{Backend, Worker, WorkerSpec};
use crate::busy::host_is_busy;
use crate::error::SandboxError;
use crate::shelf::{Found, Shelf};

/// Between two looks at the shelves.
const TICK: Duration = Duration::from_secs(5);
/// How long a call that has found a worker has the processors before another is made: about as long
/// as a short script takes.
const TURN: Duration = Duration::from_millis(10);
/// A kind that nobody has asked for in this time is kept ready no more, unless it is the last
/// that was asked for: its image may have been replaced.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// How many workers are kept ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Of each kind that is asked for, at least so many.
    pub floor: usize,
    /// And at most so many; 0 for none ahead at all.
    pub ceiling: usize,
    /// Bytes that ready workers of one kind may take together, by what the backend says one
    /// takes. When that is less than the ceiling's, it is the ceiling.
    pub memory: u64,
}

/// A backend that makes workers ahead by another one.
pub struct Pool {
    shared: Arc<Shared>,
}

type Shelves = HashMap<WorkerSpec, Shelf<Worker>>;

struct Shared {
    backend: Arc<dyn Backend>,
    config: PoolConfig,
    /// How many are made ahead at once.
    makers: usize,
    shelves: Mutex<Shelves>,
    stopping: CancellationToken,
}

// === impl PoolConfig ===

impl Default for PoolConfig {
    fn default() -> Self {
        PoolConfig { floor: 3, ceiling: 8, memory: 512 << 20 }
    }
}

impl PoolConfig {
    /// The same with no more workers than the memory has room for, each of which takes so many bytes
    /// while it is idle.
    fn within_memory(self, idle: u64) -> Self {
        let affordable = usize::try_from(self.memory / idle.max(1)).unwrap_or(usize::MAX);
        let ceiling = self.ceiling.min(affordable);
        PoolConfig { ceiling, floor: self.floor.min(ceiling), ..self }
    }
}

// === impl Pool ===

impl Pool {
    /// A pool before `backend`. Must be called within a Tokio runtime.
    pub fn new(backend: Arc<dyn Backend>, config: PoolConfig) -> Self {
        let config = config.within_memory(backend.idle_memory());
        let shared = Arc::new(Shared {
            backend,
            config,
            makers: std::thread::available_parallelism().map_or(1, usize::from),
            shelves: Mutex::default(),
            stopping: CancellationToken::new(),
        });
        if config.ceiling > 0 {
            tokio::spawn(tend(Arc::downgrade(&shared), shared.stopping.clone()));
        }
        Pool { shared }
    }
}

#[async_trait]
impl Backend for Pool {
    async fn acquire(&self, spec: &WorkerSpec) -> Result<Worker, SandboxError> {
        let shared = &self.shared;
        if shared.stopping.is_cancelled() {
            return Err(SandboxError::ShuttingDown);
        }
        if shared.config.ceiling == 0 {
            return shared.backend.acquire(spec).await;
        }
        let found = shared.with_shelf(spec, |shelf| shelf.get(Instant::now(), is_usable));
        match found {
            Found::Ready(worker) => {
                tokio::spawn(fill_later(Arc::downgrade(shared), spec.clone()));
                Ok(worker)
            }
            Found::Waiting(worker) => {
                shared.fill(spec);
                // The pool ended before there was one.
                worker.await.unwrap_or(Err(SandboxError::ShuttingDown))
            }
        }
    }

    fn check(&self, spec: &WorkerSpec) -> Result<(), SandboxError> {
        self.shared.backend.check(spec)
    }

    fn prepare(&self, spec: &WorkerSpec) {
        let shared = &self.shared;
        shared.backend.prepare(spec);
        if shared.config.ceiling > 0 && !shared.stopping.is_cancelled() {
            shared.with_shelf(spec, |_| ());
            shared.fill(spec);
        }
    }

    fn idle_memory(&self) -> u64 {
        self.shared.backend.idle_memory()
    }

    async fn shutdown(&self) {
        self.shared.stopping.cancel();
        self.shared.with_shelves(HashMap::clear);
        self.shared.backend.shutdown().await;
    }
}

// === impl Shared ===

impl Shared {
    fn with_shelves<R>(&self, act: impl FnOnce(&mut Shelves) -> R) -> R {
        act(&mut self.shelves.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_shelf<R>(&self, spec: &WorkerSpec, act: impl FnOnce(&mut Shelf<Worker>) -> R) -> R {
        let PoolConfig { floor, ceiling, .. } = self.config;
        self.with_shelves(|shelves| {
            let new = || Shelf::new(floor, ceiling, Instant::now());
            act(shelves.entry(spec.clone()).or_insert_with(new))
        })
    }

    /// Begins what a shelf lacks.
    fn fill(self: &Arc<Self>, spec: &WorkerSpec) {
        let makers = if host_is_busy() { 1 } else { self.makers };
        let count = self.with_shelf(spec, |shelf| shelf.begin(Instant::now(), makers));
        for _ in 0..count {
            tokio::spawn(make(Arc::clone(self), spec.clone()));
        }
    }

    fn tick(self: &Arc<Self>) {
        let now = Instant::now();
        let (specs, _surplus) = self.with_shelves(|shelves| {
            let latest = shelves.values().map(Shelf::asked).max();
            shelves.retain(|_, shelf| {
                Some(shelf.asked()) == latest || !shelf.is_forgotten(now, FORGOTTEN)
            });
            let surplus: Vec<Worker> =
                shelves.values_mut().flat_map(|shelf| shelf.settle(now, is_usable)).collect();
            (shelves.keys().cloned().collect::<Vec<_>>(), surplus)
        });
        for spec in specs {
            self.fill(&spec);
        }
    }
}

/// Begins what a shelf lacks, when the call that took its last worker has had its turn.
async fn fill_later(pool: Weak<Shared>, spec: WorkerSpec) {
    sleep(TURN).await;
    if let Some(shared) = pool.upgrade()
        && !shared.stopping.is_cancelled()
    {
        shared.fill(&spec);
    }
}

/// Makes one worker for a shelf, then what the shelf still lacks.
async fn make(shared: Arc<Shared>, spec: WorkerSpec) {
    let made = tokio::select! {
        made = shared.backend.acquire(&spec) => made,
        () = shared.stopping.cancelled() => return,
    };
    // What the shelf doesn't want is dropped here, outside its lock.
    let unwanted = shared.with_shelf(&spec, |shelf| shelf.end(Instant::now(), made));
    if let Some(Err(error)) = unwanted {
        warn!(image = spec.image, %error, "can't make a worker ahead, trying again later");
    }
    if !shared.stopping.is_cancelled() {
        shared.fill(&spec);
    }
}

/// Looks at the shelves from time to time, as long as the pool is there.
async fn tend(pool: Weak<Shared>, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = sleep(TICK) => {}
            () = stopping.cancelled() => return,
        }
        match pool.upgrade() {
            Some(shared) => shared.tick(),
            None => return,
        }
    }
}

/// Whether a worker that has waited can be handed out.
fn is_usable(worker: &Worker) -> bool {
    !worker.fate.borrow().ended()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_ready_than_the_memory_has_room_for() {
        let config = PoolConfig { floor: 3, ceiling: 8, memory: 100 << 20 };
        let sizes = |idle: u64| {
            let config = config.within_memory(idle);
            (config.floor, config.ceiling)
        };
        assert_eq!(sizes(1 << 20), (3, 8));
        assert_eq!(sizes(20 << 20), (3, 5));
        assert_eq!(sizes(45 << 20), (2, 2));
        assert_eq!(sizes(101 << 20), (0, 0), "each call's worker is made when it comes");
        assert_eq!(sizes(0), (3, 8));
    }
}
