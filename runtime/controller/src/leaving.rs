//! The end of a request that is cancelled.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long the supervisor gets to send what was written before a KILL.
pub(crate) const KILL_WAIT: Duration = Duration::from_millis(500);
/// How long a cancelled request waits for its workers, each of which has [`KILL_WAIT`].
const LAST_WORDS: Duration = KILL_WAIT.saturating_add(Duration::from_millis(100));

/// The word that a request ends at once, and how many of its workers are heard to their ends:
/// they say what they have used.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    begun: CancellationToken,
    heard: AtomicUsize,
}

/// A worker that is heard to its end.
pub(crate) struct Heard<'a>(&'a Leaving);

// === impl Leaving ===

impl Leaving {
    /// Passes when the request is to end.
    pub(crate) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// A worker runs the request's script, until what this returns is dropped.
    pub(crate) fn hear(&self) -> Heard<'_> {
        self.heard.fetch_add(1, Ordering::Relaxed);
        Heard(self)
    }

    /// Tells the workers, and gives them time if there are any.
    pub(crate) async fn begin(&self) {
        self.begun.cancel();
        if self.heard.load(Ordering::Relaxed) > 0 {
            sleep(LAST_WORDS).await;
        }
    }
}

// === impl Heard ===

impl Drop for Heard<'_> {
    fn drop(&mut self) {
        self.0.heard.fetch_sub(1, Ordering::Relaxed);
    }
}
