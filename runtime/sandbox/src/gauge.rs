//! What a worker has used, looked at from outside: of one that is lost nobody else can tell.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::cgroup::{Cgroup, TcpBound};
use crate::engine::Engine;
use crate::used::Used;

/// Between two looks at files of the host, which take some 12 µs (measured).
const LOOK: Duration = Duration::from_secs(1);
/// Between two questions to the engine, which takes a second to answer each but the first (measured,
/// Docker 20.10: it looks once a second itself, while somebody asks).
const QUESTION: Duration = Duration::from_secs(5);

/// Tells what a worker has used.
pub struct Gauge {
    source: Source,
    /// The most that was seen.
    seen: Mutex<Used>,
}

/// Where it is looked at.
enum Source {
    Cgroup(Cgroup),
    Engine { engine: Engine, container: String },
    Nowhere,
}

// === impl Gauge ===

impl Gauge {
    /// Looks at a cgroup's files.
    pub(crate) fn of_cgroup(cgroup: Cgroup) -> Self {
        Gauge { source: Source::Cgroup(cgroup), seen: Mutex::default() }
    }

    /// Asks the engine about a container.
    pub(crate) fn of_engine(engine: Engine, container: String) -> Self {
        Gauge { source: Source::Engine { engine, container }, seen: Mutex::default() }
    }

    /// Knows nothing.
    pub(crate) fn of_nothing() -> Self {
        Gauge { source: Source::Nowhere, seen: Mutex::default() }
    }

    /// What bounds the memory of the worker's TCP connections, where its cgroup can be seen.
    pub(crate) fn tcp_bound(&self) -> Option<TcpBound> {
        match &self.source {
            Source::Cgroup(cgroup) => Some(cgroup.tcp_bound()),
            Source::Engine { .. } | Source::Nowhere => None,
        }
    }

    /// What was used until now, or until the worker's end; where files don't tell, until the last
    /// look of [`Gauge::watch`].
    pub fn used(&self) -> Used {
        match &self.source {
            Source::Cgroup(cgroup) => self.note(cgroup.used()),
            Source::Engine { .. } | Source::Nowhere => self.note(Used::default()),
        }
    }

    /// Looks again and again, for ever.
    pub async fn watch(&self) -> Infallible {
        loop {
            match &self.source {
                Source::Cgroup(cgroup) => {
                    sleep(LOOK).await;
                    self.note(cgroup.used());
                }
                Source::Engine { engine, container } => {
                    // One that is gone says nothing, and what was seen is kept.
                    if let Ok(used) = engine.usage(container).await {
                        self.note(used);
                    }
                    sleep(QUESTION).await;
                }
                Source::Nowhere => std::future::pending().await,
            }
        }
    }

    fn note(&self, used: Used) -> Used {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = seen.max(used);
        *seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_kept() {
        let gauge = Gauge::of_nothing();
        let second = Duration::from_secs(1);
        let seen = Used { cpu: Some(second), peak_memory: None };
        gauge.note(seen);
        gauge.note(Used { cpu: None, peak_memory: Some(7) });
        assert_eq!(gauge.used(), Used { cpu: Some(second), peak_memory: Some(7) });
    }
}
