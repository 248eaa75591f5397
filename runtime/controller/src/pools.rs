//! External resource pools: what the requests in one may use together.
//!
//! Memory and processes are kept by counting: a worker is limited to its part of the pool, and no
//! more workers run at once than the pool has parts of. So it holds on every host and with every
//! engine, whoever may write cgroups there, and workers that are made ahead belong to no pool. Who
//! finds the pool full waits in turn, as for a worker account. Processors are dealt out anew
//! whenever a worker comes or goes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use launchpod_sandbox::{Limits, Throttle};
use launchpod_types::{ExternalPool, Identity};
use tokio::sync::watch;

use crate::accounts::{Accounts, Admission, Busy, Place};
use crate::config::Config;

/// A worker without any processor can't be had: one percent of one, the least that a cgroup's quota
/// can be (Linux, kernel/sched/core.c, min_cfs_quota_period).
const LEAST_MILLICPUS: u32 = 10;

/// The pools that requests have come in.
pub(crate) struct Pools {
    admission: Admission,
    rooms: Mutex<HashMap<i32, Room>>,
}

/// What one pool has.
#[derive(Clone)]
pub(crate) struct Room {
    places: Accounts,
    shares: Arc<Mutex<Shares>>,
    /// How many workers may run at once; `None` for any number.
    workers: Option<u32>,
}

/// What one worker may use as a part of its pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allotment {
    pub(crate) pool: String,
    pub(crate) limits: Limits,
    /// What the pool's workers may have together, where that is limited.
    memory: Option<u64>,
    processes: Option<u32>,
    millicpus: Option<u32>,
    /// Whether the worker's limit is the whole pool's.
    is_memory_pools: bool,
    are_processes_pools: bool,
}

/// How the processors of a pool are dealt out among its workers.
#[derive(Debug, Default)]
struct Shares {
    total: Option<u32>,
    /// What each of the workers may have, and hears of.
    workers: BTreeMap<u64, watch::Sender<u32>>,
    last: u64,
}

/// A worker's share, until dropped.
pub(crate) struct Share {
    shares: Arc<Mutex<Shares>>,
    number: u64,
}

// === impl Pools ===

impl Pools {
    pub(crate) fn new(admission: Admission) -> Self {
        Pools { admission, rooms: Mutex::default() }
    }

    /// What a pool has, whose limits are as they are now: who runs already, runs on.
    pub(crate) fn room(&self, pool: &ExternalPool, allotment: &Allotment) -> Room {
        let workers = allotment.workers();
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(pool.id).or_insert_with(|| {
            // Of a pool, only the number of workers is limited here.
            let (accounts, workers_per_identity) = (u32::MAX, u32::MAX);
            let admission =
                Admission { accounts, workers: u32::MAX, workers_per_identity, ..self.admission };
            Room { places: Accounts::new(admission), shares: Arc::default(), workers: None }
        });
        if room.workers != workers {
            room.workers = workers;
            room.places.set_workers(workers.unwrap_or(u32::MAX));
        }
        lock(&room.shares).set_total(allotment.millicpus);
        room.clone()
    }
}

// === impl Room ===

impl Room {
    /// Waits for a place for a request's first worker, in turn, no longer than so long.
    pub(crate) async fn take(&self, identity: &Identity, wait: Duration) -> Result<Place, Busy> {
        self.places.take(identity, wait).await
    }

    /// A place that is free now, for a request within a script, which holds one itself.
    pub(crate) fn take_now(&self, identity: &Identity) -> Result<Place, Busy> {
        self.places.take_now(identity)
    }

    /// Up to so many further ones, as far as they are free.
    pub(crate) fn take_free(&self, identity: &Identity, most: usize) -> Vec<Place> {
        self.places.take_free(identity, most)
    }

    /// Has a worker that was made with so many processors share those of the pool.
    ///
    /// Must be called within a Tokio runtime.
    pub(crate) fn share(&self, millicpus: Option<u32>, throttle: Arc<dyn Throttle>) -> Share {
        let mut shares = lock(&self.shares);
        shares.last += 1;
        let number = shares.last;
        if let Some(made_with) = millicpus.filter(|_| shares.total.is_some()) {
            let (sender, mut share) = watch::channel(made_with);
            shares.workers.insert(number, sender);
            tokio::spawn(async move {
                while share.changed().await.is_ok() {
                    let millicpus = *share.borrow_and_update();
                    throttle.throttle(millicpus).await;
                }
            });
            shares.deal();
        }
        drop(shares);
        Share { shares: Arc::clone(&self.shares), number }
    }
}

// === impl Shares ===

impl Shares {
    fn set_total(&mut self, total: Option<u32>) {
        if self.total != total {
            self.total = total;
            self.deal();
        }
    }

    /// Gives every worker as much as every other.
    fn deal(&self) {
        let count = u32::try_from(self.workers.len()).unwrap_or(u32::MAX);
        let Some(each) = self.total.and_then(|total| total.checked_div(count)) else { return };
        for share in self.workers.values() {
            let each = each.max(LEAST_MILLICPUS);
            share.send_if_modified(|known| std::mem::replace(known, each) != each);
        }
    }
}

// === impl Share ===

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = lock(&self.shares);
        if shares.workers.remove(&self.number).is_some() {
            shares.deal();
        }
    }
}

// === impl Allotment ===

impl Allotment {
    /// A worker's part of a pool.
    pub(crate) fn new(pool: &ExternalPool, config: &Config) -> Self {
        let Config { limits, memory, processors, .. } = config;
        let part = |percent: u32, whole: u64| {
            let part = u128::from(whole) * u128::from(percent.max(1)) / 100;
            (percent < 100).then(|| part.try_into().unwrap_or(whole))
        };
        let pool_memory = part(pool.max_memory_percent, *memory);
        let pool_processes = Some(pool.max_processes).filter(|most| *most > 0);
        let whole = u64::from(*processors) * 1000;
        let millicpus = part(pool.max_cpu_percent, whole)
            .map(|millis| u32::try_from(millis).unwrap_or(u32::MAX).max(LEAST_MILLICPUS));
        let less = |own: Option<u32>, pools: Option<u32>| own.into_iter().chain(pools).min();
        Allotment {
            pool: pool.name.clone(),
            limits: Limits {
                memory: pool_memory.map_or(limits.memory, |most| most.min(limits.memory)),
                processes: pool_processes
                    .map_or(limits.processes, |most| most.min(limits.processes)),
                millicpus: less(limits.millicpus, millicpus),
                ..*limits
            },
            memory: pool_memory,
            processes: pool_processes,
            millicpus,
            is_memory_pools: pool_memory.is_some_and(|most| most < limits.memory),
            are_processes_pools: pool_processes.is_some_and(|most| most < limits.processes),
        }
    }

    /// How many such workers the pool has room for: at least 1; `None` for any number.
    fn workers(&self) -> Option<u32> {
        let Limits { memory, processes, .. } = self.limits;
        let by_memory = self.memory.map(|most| most / memory.max(1));
        let by_processes = self.processes.map(|most| u64::from(most / processes.max(1)));
        let least = by_memory.into_iter().chain(by_processes).min()?;
        Some(u32::try_from(least).unwrap_or(u32::MAX).max(1))
    }

    /// Where the limit of memory is set, for who meets it.
    pub(crate) fn memory_setting(&self) -> String {
        match self.is_memory_pools {
            true => format!("MAX_MEMORY_PERCENT of the external resource pool '{}'", self.pool),
            false => "worker_memory in the configuration".to_owned(),
        }
    }

    /// Where the limit of processes is set.
    pub(crate) fn processes_setting(&self) -> String {
        match self.are_processes_pools {
            true => format!("MAX_PROCESSES of the external resource pool '{}'", self.pool),
            false => "worker_processes in the configuration".to_owned(),
        }
    }

    /// What is to be said of a worker that doesn't get ready, where the pool allows it less than the
    /// configuration does.
    pub(crate) fn narrowness(&self) -> Option<String> {
        let Allotment { pool, limits, .. } = self;
        (self.is_memory_pools || self.are_processes_pools).then(|| {
            format!(
                " The external resource pool '{pool}' lets it have {} MiB and {} processes; ALTER \
                 EXTERNAL RESOURCE POOL gives it more.",
                limits.memory >> 20,
                limits.processes
            )
        })
    }

    /// How many workers fit in the pool and why, for who has waited for one; nothing when any number
    /// does.
    pub(crate) fn fullness(&self) -> String {
        let Limits { memory, processes, .. } = self.limits;
        let mebibytes = |bytes: u64| bytes >> 20;
        let mut why = Vec::new();
        if let Some(most) = self.memory {
            let (most, each) = (mebibytes(most), mebibytes(memory));
            why.push(format!("{most} MiB of memory by MAX_MEMORY_PERCENT, {each} MiB for each"));
        }
        if let Some(most) = self.processes {
            why.push(format!("{most} processes by MAX_PROCESSES, {processes} for each"));
        }
        why.join("; ")
    }
}

fn lock(shares: &Mutex<Shares>) -> MutexGuard<'_, Shares> {
    // Numbers alone are changed.
    shares.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::mpsc;

    use super::*;

    fn config() -> Config {
        let limits = Limits { memory: 2 << 30, processes: 128, ..Limits::default() };
        Config { limits, memory: 10 << 30, processors: 4, ..Config::default() }
    }

    fn pool(memory: u32, cpu: u32, processes: u32) -> ExternalPool {
        ExternalPool {
            id: 256,
            name: "ds_ep".to_owned(),
            max_cpu_percent: cpu,
            max_memory_percent: memory,
            max_processes: processes,
        }
    }

    #[test]
    fn a_worker_has_its_part_of_the_pool() {
        let whole = Allotment::new(&pool(100, 100, 0), &config());
        assert_eq!(whole.limits, config().limits);
        assert_eq!(whole.workers(), None);
        assert!(whole.memory_setting().starts_with("worker_memory"));
        assert_eq!(whole.narrowness(), None);

        let half = Allotment::new(&pool(50, 25, 300), &config());
        assert_eq!((half.limits.memory, half.limits.processes), (2 << 30, 128));
        assert_eq!(half.limits.millicpus, Some(1000));
        assert_eq!(half.workers(), Some(2));
        assert!(half.processes_setting().starts_with("worker_processes"));

        let small = Allotment::new(&pool(10, 100, 64), &config());
        assert_eq!((small.limits.memory >> 20, small.limits.processes), (1024, 64));
        assert_eq!(small.workers(), Some(1));
        for setting in [small.memory_setting(), small.processes_setting()] {
            assert!(setting.ends_with("of the external resource pool 'ds_ep'"), "{setting}");
        }
        let narrow = small.narrowness().unwrap();
        assert!(narrow.contains("'ds_ep' lets it have 1024 MiB and 64 processes"), "{narrow}");
        assert_eq!(
            small.fullness(),
            "1024 MiB of memory by MAX_MEMORY_PERCENT, 1024 MiB for each; 64 processes by \
             MAX_PROCESSES, 64 for each"
        );
    }

    #[tokio::test]
    async fn a_full_pool_is_waited_for_and_no_other() {
        let pools = Pools::new(Admission::default());
        let identity = |login: &str| Identity { login: login.to_owned(), database: String::new() };
        let (ann, bob) = (identity("ann"), identity("bob"));
        let small = pool(20, 100, 0);
        let room = |of: &ExternalPool| pools.room(of, &Allotment::new(of, &config()));
        let held = room(&small).take_now(&ann).unwrap();
        assert_eq!(room(&small).take_now(&bob).unwrap_err(), Busy::Workers(1));
        let waited = room(&small).take(&bob, Duration::from_millis(20)).await;
        assert_eq!(waited.unwrap_err(), Busy::Workers(1));
        let other = ExternalPool { id: 257, ..small.clone() };
        room(&other).take_now(&bob).unwrap();
        room(&ExternalPool::default()).take_now(&bob).unwrap();
        // A larger one has room at once.
        let larger = pool(40, 100, 0);
        let second = room(&larger).take_now(&bob).unwrap();
        assert_eq!(room(&larger).take_free(&bob, 3).len(), 0);
        drop((held, second));
        assert_eq!(room(&larger).take_free(&bob, 3).len(), 2);
    }

    /// Tells what a worker is told.
    struct Told(mpsc::UnboundedSender<u32>);

    #[async_trait]
    impl Throttle for Told {
        async fn throttle(&self, millicpus: u32) {
            self.0.send(millicpus).unwrap();
        }
    }

    #[tokio::test]
    async fn processors_are_dealt_out_among_those_who_run() {
        let pools = Pools::new(Admission::default());
        let limited = pool(100, 50, 0);
        let allotment = Allotment::new(&limited, &config());
        let room = pools.room(&limited, &allotment);
        let (sender, mut first) = mpsc::unbounded_channel();
        let one = room.share(allotment.limits.millicpus, Arc::new(Told(sender)));
        let (sender, mut second) = mpsc::unbounded_channel();
        let two = room.share(allotment.limits.millicpus, Arc::new(Told(sender)));
        // Alone it has what it was made with, and hears of nothing.
        assert_eq!((first.recv().await, second.recv().await), (Some(1000), Some(1000)));
        drop(two);
        assert_eq!(first.recv().await, Some(2000));
        let less = pool(100, 25, 0);
        pools.room(&less, &Allotment::new(&less, &config()));
        assert_eq!(first.recv().await, Some(1000));
        drop(one);
        assert_eq!((first.recv().await, second.recv().await), (None, None));
    }
}
