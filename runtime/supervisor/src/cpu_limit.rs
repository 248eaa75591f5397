//! The limit of processor time, of all processes of the worker together.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use crate::cgroup::Counters;

/// The least time between two looks: how far past its limit a worker may get, times processors.
const SHORTEST: Duration = Duration::from_millis(50);

/// How much was used at START, and how much more may be.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuLimit {
    at_start: Option<Duration>,
    limit: Option<Duration>,
    /// Before then the limit can't be reached, however many processors the worker uses.
    pub next_look: Option<Instant>,
}

// === impl CpuLimit ===

impl CpuLimit {
    /// Counts from now; 0 for no limit.
    pub fn start(limit_ms: u64, counters: &Counters) -> Self {
        let limit = (limit_ms > 0).then(|| Duration::from_millis(limit_ms));
        let mut cpu = CpuLimit { at_start: counters.cpu_time(), limit, next_look: None };
        cpu.is_used_up(counters);
        cpu
    }

    /// What has been used since the start, where that can be seen.
    pub fn used(&self, counters: &Counters) -> Option<Duration> {
        Some(counters.cpu_time()?.saturating_sub(self.at_start?))
    }

    /// Whether the limit is reached; if not, when to look again.
    pub fn is_used_up(&mut self, counters: &Counters) -> bool {
        let (Some(limit), Some(used)) = (self.limit, self.used(counters)) else { return false };
        let left = limit.saturating_sub(used);
        let processors = available_parallelism().map_or(1, |count| count.get());
        let soonest = left / u32::try_from(processors).unwrap_or(u32::MAX);
        self.next_look = Instant::now().checked_add(soonest.max(SHORTEST));
        left.is_zero()
    }
}
