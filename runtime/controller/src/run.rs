//! What comes back.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_types::{Column, Message, Value};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::error::ScriptError;
use crate::report::Report;

/// How many events wait for their reader before the script is held back: the bound on what a
/// result costs in memory is about this many record batches.
pub const EVENTS_IN_FLIGHT: usize = 4;

/// One thing that a running script yields.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptEvent {
    /// What the script wrote: 39005 (stdout) or 39022 (stderr), class 0, as it is written.
    Message(Message),
    /// The result set begins. Sent at most once, before the first batch.
    Columns(Arc<[Column]>),
    /// Rows of the result set, stored as [`launchpod_exchange::storage`] says.
    Batch(RecordBatch),
    /// The values of the OUTPUT parameters, in the order in which they were declared. Sent
    /// once, after the rows, when the script ended well and has such parameters.
    Outputs(Vec<Value>),
}

/// A script on its way.
///
/// Dropping it cancels the script.
#[derive(Debug)]
pub struct ScriptRun {
    events: mpsc::Receiver<ScriptEvent>,
    outcome: oneshot::Receiver<Result<Report, ScriptError>>,
    _cancel_on_drop: DropGuard,
}

/// The controller's end of a [`ScriptRun`].
pub(crate) struct RunSender {
    pub(crate) events: mpsc::Sender<ScriptEvent>,
    pub(crate) outcome: oneshot::Sender<Result<Report, ScriptError>>,
}

// === impl ScriptRun ===

impl ScriptRun {
    pub(crate) fn new(cancel: CancellationToken) -> (RunSender, ScriptRun) {
        let (events, events_out) = mpsc::channel(EVENTS_IN_FLIGHT);
        let (outcome, outcome_out) = oneshot::channel();
        let run = ScriptRun {
            events: events_out,
            outcome: outcome_out,
            _cancel_on_drop: cancel.drop_guard(),
        };
        (RunSender { events, outcome }, run)
    }

    /// The next event; `None` when no more come. Safe to use in `select!`: an event is never
    /// lost when the future is dropped.
    pub async fn next(&mut self) -> Option<ScriptEvent> {
        self.events.recv().await
    }

    /// How the script ended. To be called after [`ScriptRun::next`] has given `None`; events
    /// not taken by then are discarded.
    ///
    /// # Errors
    /// The script did not succeed: see [`ScriptError`].
    pub async fn finish(mut self) -> Result<Report, ScriptError> {
        while self.events.recv().await.is_some() {}
        match self.outcome.await {
            Ok(outcome) => outcome,
            Err(_) => Err(ScriptError::abandoned()),
        }
    }
}
