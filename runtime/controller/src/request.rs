//! What is asked for.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use launchpod_types::{Column, ExternalPool, Identity, Parameter, SqlError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::loopback::Loopback;

/// One external script to run, as the session has understood and allowed it.
#[derive(Debug)]
pub struct ScriptRequest {
    /// The request's UUID, as messages, logs, container labels and history name it.
    pub id: Uuid,
    /// Who asks.
    pub identity: Identity,
    /// The language as typed; matched without regard to case.
    pub language: String,
    /// The script's text.
    pub script: String,
    /// The input query's rows; `None` when there is no input query.
    pub input: Option<Input>,
    /// The variable that the input is bound to (`InputDataSet` unless the caller named it).
    pub input_name: String,
    /// The variable that the output is read from (`OutputDataSet` unless the caller named it).
    pub output_name: String,
    /// The declared parameters with their values, in the order of `@params`.
    pub parameters: Vec<Parameter>,
    /// What `WITH RESULT SETS` says.
    pub expected: Expected,
    /// How many workers may have a share of the input each: 1 unless the caller allows more
    /// (`@parallel = 1`). The lower of it and
    /// [`Config::parallel_workers`](crate::Config::parallel_workers) holds.
    pub max_workers: u32,
    /// A time limit of this request's own, from the moment the script is handed over; the
    /// lower of it and [`Config::time_limit`](crate::Config::time_limit) holds.
    pub time_limit: Option<Duration>,
    /// The external resource pool that it runs in.
    pub pool: ExternalPool,
    /// Serves the connections that the script makes back to its caller's database; `None` when it
    /// can't make any. A language's [network](crate::Language::network) goes before it.
    pub loopback: Option<Arc<dyn Loopback>>,
    /// Whether it is another script that asks, by such a connection: it holds a worker, so this
    /// request doesn't wait for one but ends at once in 39108 or 39110 when none is free.
    pub within_script: bool,
    /// Fires when the client cancels or goes away.
    pub cancel: CancellationToken,
}

/// The rows of the input query.
///
/// They are pulled batch by batch. The receiver is dropped when the script wants no more, so a
/// query whose sender fails is to be cancelled. An `Err` ends the request with that error.
#[derive(Debug)]
pub struct Input {
    /// The columns, known before the first row.
    pub columns: Arc<[Column]>,
    /// The rows, stored as [`launchpod_exchange::storage`] says. Closed at the end.
    ///
    /// When [`Parts::keyed`], they have one more column after `columns`.
    pub batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
    /// How the script takes the rows.
    pub parts: Parts,
}

/// How a script takes its input: at once, or in parts, for each of which it runs in the same
/// process. A part ends where either of the fields says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The rows of a part; the last one may have fewer (`@r_rowsPerRead`).
    pub rows: Option<NonZeroU32>,
    /// Whether the rows come by key, and no part has rows of two keys
    /// (`@input_data_1_partition_by_columns`). Each batch then has a last column more than the
    /// script sees, a bigint that numbers the keys; the rows of a key follow each other.
    pub keyed: bool,
}

/// What `WITH RESULT SETS` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// No clause, or `UNDEFINED`: columns are unnamed and types inferred.
    Undefined,
    /// No clause either, but the columns keep the names that the script gave them: what has no
    /// client whose drivers expect otherwise.
    Named,
    /// The declared result sets; none for `WITH RESULT SETS NONE`. An external script sends at
    /// most one, which is converted to the first; errors 11535 and 11536 when the number
    /// differs.
    Sets(Vec<Arc<[Column]>>),
}

// === impl Parts ===

impl Parts {
    /// Whether there are parts, and not one input.
    pub fn any(self) -> bool {
        self.rows.is_some() || self.keyed
    }
}

// === impl Expected ===

impl Expected {
    /// How many result sets must come; 0 where none must.
    pub(crate) fn declared(&self) -> usize {
        match self {
            Expected::Undefined | Expected::Named => 0,
            Expected::Sets(sets) => sets.len(),
        }
    }
}

#[cfg(test)]
impl ScriptRequest {
    /// A request for tests: no input, no parameters, an empty script.
    pub(crate) fn example() -> Self {
        ScriptRequest {
            id: Uuid::nil(),
            identity: Identity { login: "sa".to_owned(), database: "master".to_owned() },
            language: "Python".to_owned(),
            script: String::new(),
            input: None,
            input_name: "InputDataSet".to_owned(),
            output_name: "OutputDataSet".to_owned(),
            parameters: Vec::new(),
            expected: Expected::Undefined,
            max_workers: 1,
            time_limit: None,
            pool: ExternalPool::default(),
            loopback: None,
            within_script: false,
            cancel: CancellationToken::new(),
        }
    }
}
