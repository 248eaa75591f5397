//! What has been asked for, counted and logged.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::destination::Destination;

/// How many lines one script may add to the log: it can ask as often as it likes.
const MAX_LINES: u64 = 100;

/// Counts of what a script has asked for, and the bytes of its connections.
#[derive(Debug)]
pub struct Tally {
    allowed: AtomicU64,
    refused: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    idle: AtomicU64,
    /// How many bytes may be sent.
    most_sent: u64,
    exceeded: CancellationToken,
}

/// What a [`Tally`] has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests and tunnels to destinations on the list, whether they answered or not.
    pub allowed: u64,
    /// Those to any other.
    pub refused: u64,
    /// Bytes that the script has sent outward, what it said to the proxy among them.
    pub sent: u64,
    /// Bytes that it got.
    pub received: u64,
    /// Connections that were closed because nothing had passed for too long.
    pub idle: u64,
}

/// A script sends more than it may.
#[derive(Debug, thiserror::Error)]
#[error("the script has sent more than it may")]
pub(crate) struct TooMuch;

// === impl Tally ===

impl Default for Tally {
    /// One that lets everything pass.
    fn default() -> Self {
        Tally::new(u64::MAX)
    }
}

impl Tally {
    /// One for a script that may send so many bytes: then its connections are closed.
    pub fn new(most_sent: u64) -> Self {
        Tally {
            allowed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            idle: AtomicU64::new(0),
            most_sent,
            exceeded: CancellationToken::new(),
        }
    }

    /// What has been counted so far.
    pub fn counts(&self) -> Counts {
        let [allowed, refused, sent, received, idle] =
            [&self.allowed, &self.refused, &self.sent, &self.received, &self.idle]
                .map(|counter| counter.load(Relaxed));
        Counts { allowed, refused, sent, received, idle }
    }

    /// Passes when the script has sent more than it may.
    pub async fn exceeded(&self) {
        self.exceeded.cancelled().await;
    }

    /// Counts bytes that the script sends.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn send(&self, count: usize) -> Result<(), TooMuch> {
        let count = count as u64;
        let before = self.sent.fetch_add(count, Relaxed);
        if before.saturating_add(count) > self.most_sent {
            self.exceeded.cancel();
            return Err(TooMuch);
        }
        Ok(())
    }

    pub(crate) fn receive(&self, count: usize) {
        self.received.fetch_add(count as u64, Relaxed);
    }

    /// A connection was closed because nothing had passed for too long.
    pub(crate) fn idle(&self) {
        if self.idle.fetch_add(1, Relaxed) < MAX_LINES {
            info!("a script's connection outward was idle for too long");
        }
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
        let Counts { allowed, refused, .. } = self.counts();
        let lines = allowed + refused;
        if lines <= MAX_LINES {
            let last = lines == MAX_LINES;
            info!(%destination, outcome, last, "a script asked for the way out");
        }
    }
}
