//! What a running batch or call sends back, in order.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_types::{Column, Message, SqlType, Value};
use tokio::sync::mpsc;

/// How many replies wait for the front: the bound on what a result costs in memory.
pub const REPLIES_IN_FLIGHT: usize = 4;

/// One thing that a batch or a call sends to its client.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A result set begins.
    Columns(Arc<[Column]>),
    /// Rows of the result set that was begun last, stored as
    /// [`launchpod_exchange::storage`] says.
    Batch(RecordBatch),
    /// A statement is done.
    Done(StatementDone),
    /// A message or an error.
    Message(Message),
    /// A procedure's return status.
    ReturnStatus(i32),
    /// The value of an OUTPUT parameter after a call.
    ReturnValue(ReturnValue),
    /// The current database has changed.
    Database {
        /// The database left.
        old: String,
        /// The database entered.
        new: String,
    },
    /// A transaction began or ended.
    Transaction(TransactionChange),
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionChange {
    /// It began.
    Began,
    /// It was committed.
    Committed,
    /// It was rolled back.
    RolledBack,
}

/// The end of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementDone {
    /// The rows it returned or changed; `None` when it counts none, or under NOCOUNT.
    pub rows: Option<u64>,
    /// What kind of statement it was.
    pub kind: DoneKind,
    /// Where it stood.
    pub place: DonePlace,
    /// Whether it failed.
    pub error: bool,
}

/// Where a statement stood, which decides between DONE, DONEINPROC and DONEPROC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DonePlace {
    /// In the batch itself.
    Batch,
    /// In a procedure, or in a text that a procedure runs.
    InProcedure,
    /// It is the procedure as a whole.
    Procedure,
}

/// Which statement a [`StatementDone`] ends, as the CurCmd field of a DONE token tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneKind {
    /// SELECT, or any statement that returns rows.
    Select,
    /// INSERT
    Insert,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
    /// MERGE
    Merge,
    /// EXECUTE
    Execute,
    /// Any other statement.
    Other,
}

/// An OUTPUT parameter's value after a call, or the value of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnValue {
    /// Its place among the call's parameters, from 0.
    pub ordinal: u16,
    /// Its name with `@`, as the client sent it; may be empty.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// Its value.
    pub value: Value,
    /// Whether it is the value of a function that was called.
    pub of_function: bool,
}

/// Where replies go.
///
/// A sender whose receiver is gone (the client left) fails every send; the batch then ends.
pub type Replies = mpsc::Sender<Reply>;
