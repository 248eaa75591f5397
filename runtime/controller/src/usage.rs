//! What the workers of a request have used.
//!
//! It is remembered whoever ends them, and however soon: of a worker that nobody follows any more
//! what was seen of it last.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_sandbox::{Gauge, Used};

/// What the workers of a request have used together, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage(Arc<Mutex<Used>>);

/// One worker's part, which counts when this is dropped: as the worker told, else as it was seen.
pub(crate) struct Meter {
    usage: Usage,
    gauge: Gauge,
    /// What it had used before its request.
    before: Used,
    /// What is known besides what the gauge sees.
    known: Used,
    /// What the worker's supervisor has said.
    told: Option<Used>,
}

// === impl Usage ===

impl Usage {
    /// Follows a worker that begins with the request now.
    pub(crate) fn meter(&self, gauge: Gauge) -> Meter {
        let before = gauge.used();
        Meter { usage: self.clone(), gauge, before, known: Used::default(), told: None }
    }

    /// The processor time of all of them, and the most memory that one of them used at once.
    pub(crate) fn total(&self) -> Used {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, used: Used) {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *total = total.and(used);
    }
}

// === impl Meter ===

impl Meter {
    /// Looks at the worker again and again, for ever.
    pub(crate) async fn watch(&self) -> Infallible {
        self.gauge.watch().await
    }

    /// Looks at the worker now: soon nothing may be there to be seen.
    pub(crate) fn look(&self) {
        self.gauge.used();
    }

    /// The worker's supervisor says what it has used for its request: that counts.
    pub(crate) fn tell(&mut self, used: Used) {
        self.told = Some(used);
    }

    /// Somebody else has seen so much.
    pub(crate) fn note(&mut self, used: Used) {
        self.known = self.known.max(used);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let seen = || self.gauge.used().max(self.known).since(self.before);
        self.usage.add(self.told.unwrap_or_else(seen));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn workers_are_counted_together() {
        let usage = Usage::default();
        assert_eq!(usage.total(), Used::default());
        let second = Some(Duration::from_secs(1));
        for peak_memory in [Some(7), None, Some(5)] {
            usage.clone().add(Used { cpu: second, peak_memory });
        }
        usage.add(Used::default());
        assert_eq!(usage.total(), Used { cpu: second.map(|one| 3 * one), peak_memory: Some(7) });
    }
}
