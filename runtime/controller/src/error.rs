//! Which SQL Server error each failure is, and in which order errors are sent.

use std::fmt;
use std::time::Duration;

use launchpod_exchange::protocol::data::Exhausted;
use launchpod_sandbox::SandboxError;
use launchpod_types::SqlError;

use crate::accounts::Busy;
use crate::config::Config;
use crate::messages::{self, Subject};
use crate::pools::Allotment;
use crate::report::Report;

/// A script that did not succeed.
#[derive(Debug)]
pub struct ScriptError(Box<Ended>);

#[derive(Debug)]
struct Ended {
    failure: Failure,
    errors: Vec<SqlError>,
    report: Report,
}

/// Why a script did not succeed: the outcome that logs and history name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It was not let in: unknown language (39007), unsupported type (39017, 39018), all
    /// worker accounts busy (39108, 39110).
    Refused,
    /// No worker could be made (39021).
    Launch,
    /// The worker died or never connected (39012).
    Runtime,
    /// The worker broke the protocol or sent rubbish (39013).
    Protocol,
    /// The script raised, or exited with a code other than 0 (39004, 39019).
    Script,
    /// What it returned doesn't fit `WITH RESULT SETS` or an OUTPUT parameter.
    Result,
    /// The input query failed, with an error of its own.
    Input,
    /// It used more than it may (39127).
    Resources(Resource),
    /// The client cancelled, went away, or the controller is shutting down; no error.
    Cancelled,
    /// An error of ours (39010).
    Internal,
}

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Memory, scratch files included.
    Memory,
    /// Processes and threads.
    Processes,
    /// Time.
    Time,
    /// Processor time.
    ProcessorTime,
    /// What it may write to standard output and error.
    Messages,
    /// The bytes of its result.
    ResultBytes,
    /// The rows of its result.
    ResultRows,
    /// The bytes that it sends outward.
    OutboundBytes,
    /// What shows itself within the script as an error of the system.
    Within(Exhausted),
}

/// A failure with the errors that say it, before the report is known.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) failure: Failure,
    pub(crate) errors: Vec<SqlError>,
}

// === impl ScriptError ===

impl ScriptError {
    pub(crate) fn new(ending: Ending, report: Report) -> Self {
        ScriptError(Box::new(Ended { failure: ending.failure, errors: ending.errors, report }))
    }

    /// The task that ran the script is gone (it panicked, or its runtime is shutting down).
    pub(crate) fn abandoned() -> Self {
        let subject = Subject { language: "", request: uuid::Uuid::nil(), allotment: None };
        ScriptError::new(subject.internal("the request's task ended early"), Report::default())
    }

    /// Why the script did not succeed.
    pub fn failure(&self) -> Failure {
        self.0.failure
    }

    /// The errors for the client, in the order in which SQL Server sends them; none when
    /// [`Failure::Cancelled`].
    pub fn errors(&self) -> &[SqlError] {
        &self.0.errors
    }

    /// The errors for the client, as [`ScriptError::errors`].
    pub fn into_errors(self) -> Vec<SqlError> {
        self.0.errors
    }

    /// What is known of the request.
    pub fn report(&self) -> &Report {
        &self.0.report
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.errors.first() {
            Some(error) => error.fmt(f),
            None => f.write_str(self.0.failure.name()),
        }
    }
}

impl std::error::Error for ScriptError {}

// === impl Failure ===

impl Failure {
    /// The failure's name in logs and history.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Refused => "refused",
            Failure::Launch => "launch failed",
            Failure::Runtime => "runtime lost",
            Failure::Protocol => "protocol broken",
            Failure::Script => "script failed",
            Failure::Result => "result refused",
            Failure::Input => "input failed",
            Failure::Resources(Resource::Memory) => "out of memory",
            Failure::Resources(Resource::Processes) => "out of processes",
            Failure::Resources(Resource::Time) => "out of time",
            Failure::Resources(Resource::ProcessorTime) => "out of processor time",
            Failure::Resources(Resource::Messages) => "too many messages",
            Failure::Resources(Resource::ResultBytes) => "result too large",
            Failure::Resources(Resource::ResultRows) => "too many rows",
            Failure::Resources(Resource::OutboundBytes) => "too much sent outward",
            Failure::Resources(Resource::Within(exhausted)) => match exhausted {
                Exhausted::ScratchSize => "out of scratch space",
                Exhausted::ScratchFiles => "too many scratch files",
                Exhausted::SharedMemory => "out of shared memory",
                Exhausted::OpenFiles => "too many open files",
                Exhausted::FileSize => "file too large",
                Exhausted::LockedMemory => "too much locked memory",
                Exhausted::PendingSignals => "too many signals",
            },
            Failure::Cancelled => "cancelled",
            Failure::Internal => "internal error",
        }
    }
}

// === impl Ending ===

impl Ending {
    /// Cancelled: nothing to say.
    pub(crate) fn cancelled() -> Self {
        Ending { failure: Failure::Cancelled, errors: Vec::new() }
    }

    /// The input query's own error.
    pub(crate) fn input(error: SqlError) -> Self {
        Ending { failure: Failure::Input, errors: vec![error] }
    }

    /// The result doesn't fit; the error says where.
    pub(crate) fn result(error: SqlError) -> Self {
        Ending { failure: Failure::Result, errors: vec![error] }
    }

    /// Not let in.
    pub(crate) fn refused(error: SqlError) -> Self {
        Ending { failure: Failure::Refused, errors: vec![error] }
    }

    /// Adds 11536 when fewer result sets have come than were declared, as SQL Server does
    /// after a script's error.
    pub(crate) fn with_missing_sets(mut self, declared: usize, sent: usize) -> Self {
        let tells = !matches!(self.failure, Failure::Cancelled | Failure::Input | Failure::Result);
        if tells && declared > sent {
            self.errors.push(messages::too_few_sets(declared, sent));
        }
        self
    }
}

// === impl Subject ===

/// Each failure with its errors.
impl Subject<'_> {
    /// The script raised; `traceback` is the worker's.
    pub(crate) fn script(self, traceback: &str) -> Ending {
        Ending {
            failure: Failure::Script,
            errors: vec![self.script_error(), messages::traceback(traceback)],
        }
    }

    /// The worker is gone.
    pub(crate) fn runtime(self, cause: &str) -> Ending {
        Ending {
            failure: Failure::Runtime,
            errors: vec![self.runtime_lost(), messages::detail(cause)],
        }
    }

    /// The worker broke the protocol.
    pub(crate) fn protocol(self, cause: &str) -> Ending {
        Ending {
            failure: Failure::Protocol,
            errors: vec![self.channel_broken(), messages::detail(cause)],
        }
    }

    /// No worker could be made; `cause` names the way out.
    pub(crate) fn launch(self, cause: &str) -> Ending {
        Ending {
            failure: Failure::Launch,
            errors: vec![self.not_launched(), messages::detail(cause)],
        }
    }

    /// An error of ours.
    pub(crate) fn internal(self, cause: &str) -> Ending {
        Ending {
            failure: Failure::Internal,
            errors: vec![self.unexpected(), messages::detail(cause)],
        }
    }

    /// The sandbox could not give a worker.
    pub(crate) fn sandbox(self, error: &SandboxError) -> Ending {
        if error.is_runtime() {
            let narrow = self.allotment.and_then(Allotment::narrowness).unwrap_or_default();
            self.runtime(&format!("{}{narrow}", error.explain()))
        } else {
            self.launch(&error.explain())
        }
    }

    /// The request waited for a worker account, and waits no longer.
    pub(crate) fn busy(self, busy: Busy) -> Ending {
        let error = match busy {
            Busy::Identity(limit) => self.too_many_queries(limit),
            Busy::Accounts(limit) | Busy::Workers(limit) => self.too_many_users(limit),
        };
        let cause = format!(
            "The request waited for its turn; the limit is {} ({} in the configuration).",
            busy.limit(),
            busy.setting()
        );
        Ending { failure: Failure::Refused, errors: vec![error, messages::detail(&cause)] }
    }

    /// The request waited for room in its pool, and waits no longer.
    pub(crate) fn pool_is_full(self, allotment: &Allotment, busy: Busy) -> Ending {
        let cause = format!(
            "The request waited for its turn; the external resource pool '{}' has room for so many \
             workers: {} ({}).",
            allotment.pool,
            busy.limit(),
            allotment.fullness()
        );
        let error = self.too_many_users(busy.limit());
        Ending { failure: Failure::Refused, errors: vec![error, messages::detail(&cause)] }
    }

    /// Something ran out.
    pub(crate) fn resources(
        self,
        resource: Resource,
        config: &Config,
        time_limit: Option<Duration>,
    ) -> Ending {
        let Config { caps, .. } = config;
        let limits = self.allotment.map_or(&config.limits, |allotment| &allotment.limits);
        let setting = |of: fn(&Allotment) -> String, name: &str| {
            self.allotment.map_or_else(|| format!("{name} in the configuration"), of)
        };
        let cause = match resource {
            Resource::Memory => format!(
                "The script ran out of memory: the limit is {} MiB ({}), files in /tmp and \
                 /dev/shm included.",
                limits.memory >> 20,
                setting(Allotment::memory_setting, "worker_memory")
            ),
            Resource::Processes => format!(
                "The script ran out of processes: the limit is {} processes and threads ({}).",
                limits.processes,
                setting(Allotment::processes_setting, "worker_processes")
            ),
            Resource::Time => format!(
                "The script ran out of time: the limit is {} s (script_timeout in the \
                 configuration).",
                time_limit.unwrap_or_default().as_secs_f64()
            ),
            Resource::ProcessorTime => format!(
                "The script ran out of processor time: the limit is {} s of all its processes \
                 (script_cpu_time in the configuration).",
                config.cpu_limit.unwrap_or_default().as_secs_f64()
            ),
            Resource::Messages => format!(
                "The script ran out of room for messages: the limit is {} MiB of standard output \
                 and error (message_size in the configuration).",
                caps.message_bytes >> 20
            ),
            Resource::ResultBytes => format!(
                "The script ran out of room for its result: the limit is {} MiB (result_size in \
                 the configuration).",
                caps.result_bytes >> 20
            ),
            Resource::ResultRows => format!(
                "The script ran out of rows: the limit of its result is {} rows (result_rows in \
                 the configuration).",
                caps.result_rows
            ),
            Resource::OutboundBytes => format!(
                "The script ran out of what it may send outward: the limit is {} MiB \
                 (outbound_size in the configuration).",
                caps.outbound_bytes >> 20
            ),
            Resource::Within(Exhausted::ScratchSize) => format!(
                "The script ran out of room in /tmp: the limit is {} MiB (scratch_size in the \
                 configuration).",
                limits.scratch >> 20
            ),
            Resource::Within(Exhausted::ScratchFiles) => format!(
                "The script ran out of files in /tmp: the limit is {} files and folders \
                 (scratch_files in the configuration).",
                limits.scratch_files
            ),
            Resource::Within(Exhausted::SharedMemory) => format!(
                "The script ran out of room in /dev/shm: the limit is {} MiB (shared_memory in the \
                 configuration).",
                limits.shared_memory >> 20
            ),
            Resource::Within(Exhausted::OpenFiles) => format!(
                "The script ran out of open files: the limit of a process is {} (open_files in the \
                 configuration).",
                limits.open_files
            ),
            Resource::Within(Exhausted::FileSize) => format!(
                "The script ran out of room in a file: the limit of one is {} MiB (the larger of \
                 scratch_size and shared_memory in the configuration).",
                limits.file_size() >> 20
            ),
            Resource::Within(Exhausted::LockedMemory) => format!(
                "The script ran out of memory that it may lock: the limit of a process is {} MiB \
                 (locked_memory in the configuration).",
                limits.locked_memory >> 20
            ),
            Resource::Within(Exhausted::PendingSignals) => format!(
                "The script ran out of signals and timers: the limit is {} that wait \
                 (pending_signals in the configuration).",
                limits.pending_signals
            ),
        };
        Ending {
            failure: Failure::Resources(resource),
            errors: vec![self.out_of_resources(), messages::detail(&cause)],
        }
    }
}
