//! What a row says.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// The stages of a request, in their order: each has a column of microseconds, `admit_us` and
/// so on.
pub const STAGES: [&str; 7] = ["admit", "create", "start", "ready", "input", "script", "output"];

/// A request has come.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The request.
    pub request: Uuid,
    /// Whose it is: the login's name.
    pub login: String,
    /// The database that it runs in.
    pub database: String,
    /// The language as typed.
    pub language: String,
    /// The external resource pool that it runs in.
    pub pool: String,
    /// The SHA-256 of the script's UTF-8 text, in hexadecimal digits.
    pub script_hash: String,
    /// The script's text, where it is to be kept.
    pub script: Option<String>,
    /// Whether the script runs for each chunk of its input (`@r_rowsPerRead`).
    pub streaming: bool,
    /// When it came.
    pub at: SystemTime,
}

/// A request has a worker account.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The request.
    pub request: Uuid,
    /// The worker account's name.
    pub account: String,
    /// How many workers it runs in.
    pub workers: u32,
}

/// A request is over.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The request.
    pub request: Uuid,
    /// `succeeded`, or why not.
    pub outcome: &'static str,
    /// Whether that is a fault of server, host or worker, and not of script, data or client.
    pub is_fault: bool,
    /// The number of the first error.
    pub error: Option<i32>,
    /// What the errors say, without anything of the script's or of its data.
    pub reason: Option<String>,
    /// The language as configured.
    pub language: String,
    /// The image's ID; empty when none was chosen.
    pub image_id: String,
    /// The hash of the image's lock; empty when none was chosen.
    pub lock_hash: String,
    /// The (first) container's name; empty when none was made.
    pub container: String,
    /// How long it took in all, by a clock that nobody sets.
    pub took: Duration,
    /// How long each of [`STAGES`] took, of those that were reached; of the one in which the
    /// request ended, until then.
    pub stages: [Option<Duration>; STAGES.len()],
    /// Rows of the input that workers took.
    pub rows_in: u64,
    /// Rows of the result.
    pub rows_out: u64,
    /// Bytes of the input as they went to workers.
    pub bytes_in: u64,
    /// Bytes of the result as they came from workers.
    pub bytes_out: u64,
    /// Processor time, where it is known.
    pub cpu: Option<Duration>,
    /// The most memory that one worker used at once (bytes), where it is known.
    pub peak_memory: Option<u64>,
    /// How often the script asked the way out for what is listed.
    pub outbound_allowed: u64,
    /// How often it asked for anything else.
    pub outbound_refused: u64,
    /// Bytes that it sent there.
    pub outbound_sent: u64,
    /// Bytes that it got from there.
    pub outbound_received: u64,
}

/// A row as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The request.
    pub request: Uuid,
    /// When it came: `2026-11-28 16:00:00`, UTC.
    pub started: String,
    /// Login and database.
    pub identity: String,
    /// The language.
    pub language: String,
    /// How it ended; `running` when it hasn't.
    pub outcome: String,
    /// What the errors say.
    pub reason: Option<String>,
    /// How long it took in all.
    pub took: Duration,
    /// Rows of the input.
    pub rows_in: u64,
    /// Rows of the result.
    pub rows_out: u64,
    /// Processor time in milliseconds.
    pub cpu_ms: Option<u64>,
    /// The most memory used at once (bytes).
    pub peak_memory: Option<u64>,
    /// The first twelve digits of the script's hash.
    pub script: String,
}

/// What the thread is told.
#[derive(Debug)]
pub(crate) enum Event {
    Begun(Begun),
    Admitted(Admitted),
    Ended(Box<Ended>),
    /// A script has logged in to its caller's database.
    ImpliedLogin,
}
