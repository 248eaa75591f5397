//! The input query's rows, cut into parts and dealt out to one worker or several.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::ArrowError;
use launchpod_exchange::protocol::frame::FrameError;
use launchpod_types::SqlError;
use tokio::sync::mpsc;

use crate::error::Ending;
use crate::messages::Subject;
use crate::request::{Input, Parts};

/// What a second worker isn't worth: SQL Server, too, runs a script in parallel only for more
/// rows.
const FEW_ROWS: usize = 256;

/// The rows that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Source {
    batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
    parts: Parts,
    workers: usize,
    /// What has come and isn't dealt out.
    rest: Option<RecordBatch>,
    /// How many of its rows one worker gets at once.
    share: usize,
    last_taker: LastTaker,
}

/// Which worker has the input's last rows, of those dealt out so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastTaker(Arc<AtomicUsize>);

/// The input can't be given to a worker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// The input query failed.
    #[error(transparent)]
    Query(SqlError),
    /// Rows are not stored as their columns say.
    #[error("input can't be encoded: {0}")]
    Arrow(#[from] ArrowError),
    /// A frame can't be made.
    #[error("input can't be sent: {0}")]
    Frame(#[from] FrameError),
    /// There is no memory for a batch.
    #[error("input can't be shared with the worker: {0}")]
    Memory(#[from] io::Error),
}

// === impl Source ===

impl Source {
    pub(crate) fn new(input: Input) -> Self {
        Source {
            batches: input.batches,
            parts: input.parts,
            workers: 1,
            rest: None,
            share: usize::MAX,
            last_taker: LastTaker::default(),
        }
    }

    pub(crate) fn parts(&self) -> Parts {
        self.parts
    }

    pub(crate) fn last_taker(&self) -> LastTaker {
        self.last_taker.clone()
    }

    /// How many workers the input is worth, and at most `most`: one when it is short. Waits for
    /// the first rows.
    ///
    /// # Errors
    /// The query's.
    pub(crate) async fn worth(&mut self, most: usize) -> Result<usize, InputError> {
        let keyed = self.parts.keyed;
        let Some(first) = self.peek().await? else { return Ok(1) };
        if first.num_rows() > FEW_ROWS {
            return Ok(most);
        }
        let keys = if keyed {
            let keys = keys(first)?;
            1 + keys.windows(2).filter(|pair| pair[0] != pair[1]).count()
        } else {
            1
        };
        Ok(keys.min(most))
    }

    /// Deals the rows out to so many workers from now on.
    pub(crate) fn share_among(&mut self, workers: usize) {
        self.workers = workers;
        self.cut();
    }

    /// The next rows, which stay; `None` at the end. Safe to drop while it waits.
    ///
    /// # Errors
    /// The query's.
    pub(crate) async fn peek(&mut self) -> Result<Option<&RecordBatch>, InputError> {
        while self.rest.is_none() {
            match self.batches.recv().await.transpose().map_err(InputError::Query)? {
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => {
                    self.rest = Some(batch);
                    self.cut();
                }
                None => return Ok(None),
            }
        }
        Ok(self.rest.as_ref())
    }

    /// The key of the next rows. To be called after [`Source::peek`] has given rows by key.
    ///
    /// # Errors
    /// The rows have no such column.
    pub(crate) fn key(&self) -> Result<Option<i64>, InputError> {
        match &self.rest {
            Some(rest) if self.parts.keyed => Ok(keys(rest)?.first().copied()),
            _ => Ok(None),
        }
    }

    /// Takes the next rows for a worker: at most `most`, and of one key. To be called after
    /// [`Source::peek`] has given rows, without which there are none.
    ///
    /// # Errors
    /// The rows don't say their key.
    pub(crate) fn take(
        &mut self,
        worker: usize,
        most: usize,
    ) -> Result<Option<RecordBatch>, InputError> {
        let Some(rest) = self.rest.take() else { return Ok(None) };
        let mut count = rest.num_rows().min(most);
        if self.parts.keyed {
            let keys = keys(&rest)?;
            count = count.min(keys.partition_point(|key| *key == keys[0]));
        } else {
            count = count.min(self.share);
        }
        let mut taken = rest.slice(0, count);
        if count < rest.num_rows() {
            self.rest = Some(rest.slice(count, rest.num_rows() - count));
        }
        if self.parts.keyed {
            taken.remove_column(taken.num_columns() - 1);
        }
        self.last_taker.0.store(worker, Ordering::Relaxed);
        Ok(Some(taken))
    }

    fn cut(&mut self) {
        let rows = self.rest.as_ref().map_or(0, RecordBatch::num_rows);
        self.share = rows.div_ceil(self.workers).max(FEW_ROWS);
    }
}

// === impl LastTaker ===

impl LastTaker {
    /// The worker's number; 0 when nobody has rows.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers of the rows' keys.
fn keys(batch: &RecordBatch) -> Result<&[i64], InputError> {
    batch
        .columns()
        .last()
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .map(|numbers| &numbers.values()[..])
        .ok_or_else(|| {
            let text = "rows come without the numbers of their keys".to_owned();
            InputError::Arrow(ArrowError::SchemaError(text))
        })
}

// === impl InputError ===

impl InputError {
    /// What the script ends with.
    pub(crate) fn ending(self, subject: Subject<'_>) -> Ending {
        match self {
            InputError::Query(error) => Ending::input(error),
            other => subject.internal(&other.to_string()),
        }
    }
}
