//! Latencies, and what is said of them.

use std::time::Duration;

use serde::Serialize;

/// The calls of one variant, over all its turns.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// How long each successful call took.
    latencies: Vec<Duration>,
    /// Calls that failed.
    failures: usize,
    /// How long the turns took.
    wall: Duration,
    /// How long the machine's processors were busy in these turns, in seconds.
    busy: f64,
}

/// What is said of a [`Sample`]: milliseconds, calls a second, seconds.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Successful calls.
    pub calls: usize,
    /// Calls that failed.
    pub failures: usize,
    /// The median latency.
    pub p50_ms: f64,
    /// 95 of 100 calls are as quick.
    pub p95_ms: f64,
    /// 99 of 100 calls are as quick.
    pub p99_ms: f64,
    /// Successful calls by the turns' time.
    pub calls_per_second: f64,
    /// Processor seconds of the whole machine by successful calls.
    pub cpu_seconds_per_call: f64,
}

// === impl Sample ===

impl Sample {
    /// Adds a call: how long it took, or that it failed.
    pub fn add(&mut self, call: Option<Duration>) {
        match call {
            Some(latency) => self.latencies.push(latency),
            None => self.failures += 1,
        }
    }

    /// Adds a turn: its time, and how long the processors were busy meanwhile (seconds).
    pub fn add_turn(&mut self, wall: Duration, busy: f64) {
        self.wall += wall;
        self.busy += busy;
    }

    /// Takes in another sample of the same variant.
    pub fn merge(&mut self, other: Sample) {
        self.latencies.extend(other.latencies);
        self.failures += other.failures;
        self.add_turn(other.wall, other.busy);
    }

    /// The successful calls' latencies in milliseconds, sorted.
    pub fn sorted_ms(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> =
            self.latencies.iter().map(|latency| latency.as_secs_f64() * 1000.0).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// What is said of it.
    pub fn summary(&self) -> Summary {
        let sorted = self.sorted_ms();
        let calls = sorted.len();
        Summary {
            calls,
            failures: self.failures,
            p50_ms: percentile(&sorted, 50),
            p95_ms: percentile(&sorted, 95),
            p99_ms: percentile(&sorted, 99),
            calls_per_second: calls as f64 / self.wall.as_secs_f64(),
            cpu_seconds_per_call: self.busy / calls as f64,
        }
    }
}

/// The least value that `percent` of a hundred don't exceed (the nearest rank); NaN of nothing.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([50, 95, 99].map(|percent| percentile(&hundred, percent)), [50.0, 95.0, 99.0]);
        assert_eq!(percentile(&[7.0], 99), 7.0);
        assert_eq!(percentile(&[1.0, 2.0, 3.0], 50), 2.0);
        assert!(percentile(&[], 50).is_nan());
    }

    #[test]
    fn a_failure_counts_in_no_rate() {
        let mut sample = Sample::default();
        sample.add(Some(Duration::from_millis(4)));
        sample.add(None);
        sample.add_turn(Duration::from_secs(2), 1.0);
        let summary = sample.summary();
        assert_eq!((summary.calls, summary.failures), (1, 1));
        assert_eq!((summary.calls_per_second, summary.cpu_seconds_per_call), (0.5, 1.0));
    }
}
