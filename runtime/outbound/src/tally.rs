//! What has been asked for, counted and logged.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tracing::info;

use crate::destination::Destination;

/// How many lines one script may add to the log: it can ask as often as it likes.
const MAX_LINES: u64 = 100;

/// Counts of what a script has asked for.
#[derive(Debug, Default)]
pub struct Tally {
    allowed: AtomicU64,
    refused: AtomicU64,
}

/// What a [`Tally`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests and tunnels to destinations on the list, whether they answered or not.
    pub allowed: u64,
    /// Those to any other.
    pub refused: u64,
}

// === impl Tally ===

impl Tally {
    /// What has been counted so far.
    pub fn counts(&self) -> Counts {
        Counts { allowed: self.allowed.load(Relaxed), refused: self.refused.load(Relaxed) }
    }

    pub(crate) fn allow(&self, destination: &Destination) {
        self.allowed.fetch_add(1, Relaxed);
        self.log("allowed", destination);
    }

    pub(crate) fn refuse(&self, destination: &Destination) {
        self.refused.fetch_add(1, Relaxed);
        self.log("refused", destination);
    }

    fn log(&self, outcome: &'static str, destination: &Destination) {
        let Counts { allowed, refused } = self.counts();
        let lines = allowed + refused;
        if lines <= MAX_LINES {
            let last = lines == MAX_LINES;
            info!(%destination, outcome, last, "a script asked for the way out");
        }
    }
}
