//! The rows of a query apart from all else that it yields.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_types::{Column, SqlError};
use tokio::sync::mpsc;

use crate::{Event, Events};

/// The rows of one query, as they come.
#[derive(Debug)]
pub struct Rows {
    /// The columns, known before the first row.
    pub columns: Arc<[Column]>,
    /// The rows; an `Err` ends them. Dropping the receiver stops the query.
    pub batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
}

// === impl Rows ===

impl Rows {
    /// Waits until a query's columns are known; `None` when it ends without any, because it
    /// returns no rows or was cancelled.
    ///
    /// # Errors
    /// The query's own, when it fails before.
    pub async fn of(mut events: Events) -> Result<Option<Rows>, SqlError> {
        while let Some(event) = events.recv().await {
            if let Event::Columns(columns) = event? {
                // Rows wait among the events: more than one here would be held twice.
                let (sender, batches) = mpsc::channel(1);
                tokio::spawn(pump(events, sender));
                return Ok(Some(Rows { columns, batches }));
            }
        }
        Ok(None)
    }
}

/// Hands on rows until they end or nobody wants them any more.
async fn pump(mut events: Events, batches: mpsc::Sender<Result<RecordBatch, SqlError>>) {
    while let Some(event) = events.recv().await {
        let batch = match event {
            Ok(Event::Batch(batch)) => Ok(batch),
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}
