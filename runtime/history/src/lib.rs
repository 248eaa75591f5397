//! The history: one row for each external script, which survives restarts.
//!
//! It is a SQLite file of its own in the data folder, so that it neither waits for a user's
//! transaction nor is rolled back with one. A thread writes it, off every request's way: a row
//! is there a moment after its request has begun, and complete a moment after its end. What had
//! begun when a server was killed is marked as interrupted by the next.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `record` | what a row says |
//! | `file` | the file and its tables, which the database's views read |
//! | `writer` | the thread that writes, and what is forgotten |

#![forbid(unsafe_code)]

mod file;
mod record;
mod writer;

use std::path::Path;
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::warn;

pub use file::{FILE_NAME, HistoryError, recent};
pub use record::{Admitted, Begun, Ended, STAGES, Summary};

use record::Event;

/// Events that wait for the thread before requests do.
const EVENTS_IN_FLIGHT: usize = 1024;

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long. An older row is forgotten.
    pub age: Duration,
    /// Bytes of the file, about. When there are more, the oldest rows are forgotten.
    pub size: u64,
}

/// The history of an instance, open for writing.
#[derive(Debug)]
pub struct History {
    /// Gone when it is closed.
    events: Mutex<Option<mpsc::Sender<Event>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

// === impl Bounds ===

impl Default for Bounds {
    fn default() -> Self {
        Bounds { age: Duration::from_secs(90 * 24 * 3600), size: 256 << 20 }
    }
}

// === impl History ===

impl History {
    /// Opens the history of a data folder, which is made when it isn't there. Of two servers
    /// only one may have it.
    ///
    /// # Errors
    /// The file can't be used.
    pub fn open(folder: &Path, bounds: Bounds) -> Result<Self, HistoryError> {
        let path = folder.join(FILE_NAME);
        let connection = file::create(&path)?;
        file::begin_anew(&connection).map_err(|error| HistoryError::new(&path, error))?;
        let (events, received) = mpsc::channel(EVENTS_IN_FLIGHT);
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer::write(connection, received, bounds))
            .map_err(|error| HistoryError::new(&path, error))?;
        Ok(History { events: Mutex::new(Some(events)), thread: Mutex::new(Some(thread)) })
    }

    /// A request has come.
    pub async fn begun(&self, begun: Begun) {
        self.send(Event::Begun(begun)).await;
    }

    /// A request has a worker account.
    pub async fn admitted(&self, admitted: Admitted) {
        self.send(Event::Admitted(admitted)).await;
    }

    /// A request is over.
    pub async fn ended(&self, ended: Ended) {
        self.send(Event::Ended(Box::new(ended))).await;
    }

    /// A script has logged in to its caller's database.
    pub async fn implied_login(&self) {
        self.send(Event::ImpliedLogin).await;
    }

    /// Writes what is left and closes the file. Blocks until that is done.
    pub fn close(&self) {
        drop(take(&self.events));
        if let Some(thread) = take(&self.thread)
            && thread.join().is_err()
        {
            warn!("the history's thread panicked");
        }
    }

    async fn send(&self, event: Event) {
        let events = self.events.lock().unwrap_or_else(|poison| poison.into_inner()).clone();
        let sent = match events {
            Some(events) => events.send(event).await.is_ok(),
            None => false,
        };
        if !sent {
            warn!("the history is closed: a request isn't recorded");
        }
    }
}

fn take<T>(from: &Mutex<Option<T>>) -> Option<T> {
    from.lock().unwrap_or_else(|poison| poison.into_inner()).take()
}

impl Drop for History {
    fn drop(&mut self) {
        self.close();
    }
}
