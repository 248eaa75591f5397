//! The rows of a bulk load, from packets to record batches.

use arrow_array::RecordBatch;
use bytes::Bytes;
use launchpod_database::Event;
use launchpod_exchange::record_batch;
use launchpod_tds::ProtocolError;
use launchpod_tds::bulk::{BulkError, BulkRows, BulkToken};
use launchpod_tds::error::Problem;
use launchpod_types::{Column, SqlError, Value};
use launchpod_wire::types;
use tokio::sync::mpsc;

/// Packets that wait while rows before them go in.
pub(crate) const PIECES_IN_FLIGHT: usize = 16;

/// The longest row, as the longest message of other kinds.
const ROW_LIMIT: usize = (2 << 30) + (1 << 20);
/// A batch ends after so many rows or so many bytes of them.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 1 << 20;
/// The longest value. A column of a batch holds 2 GiB, of which the rows before a long one
/// take less than this leaves.
const VALUE_LIMIT: usize = (2 << 30) - 4 * BATCH_BYTES;

/// What the reader of a connection hands over of a bulk load. When no [`Piece::End`] comes, the
/// client has taken it back, or is gone.
pub(crate) enum Piece {
    /// Bytes of the message.
    Bytes(Bytes),
    /// The message is whole.
    End,
}

/// Where the batches go.
pub(crate) type Rows = mpsc::Sender<Result<Event, SqlError>>;

/// Reads the rows of a load and passes them on in batches, an error last when they don't come
/// to their end. All pieces are taken, also when nobody wants the rows.
///
/// # Errors
/// When the stream can't be understood; the error has been passed on too.
pub(crate) async fn pass_on(
    mut pieces: mpsc::Receiver<Piece>,
    rows: Rows,
) -> Result<(), ProtocolError> {
    let passed = Load::new(rows).run(&mut pieces).await;
    drain(pieces).await;
    passed
}

/// Takes the rest of a load's message and drops it.
pub(crate) async fn drain(mut pieces: mpsc::Receiver<Piece>) {
    while pieces.recv().await.is_some() {}
}

/// A load while it is read.
struct Load {
    reader: BulkRows,
    rows: Rows,
    columns: Vec<Column>,
    /// The rows that make the next batch.
    waiting: Vec<Vec<Value>>,
    /// Where in the message they begin.
    batch_start: usize,
}

/// Why a load is read no further.
enum Stop {
    /// The rows are wrong.
    Wrong(BulkError),
    /// A row is right on the wire and can't be stored.
    Failed(SqlError),
    /// Nobody takes the rows any more.
    Unwanted,
}

// === impl Load ===

impl Load {
    fn new(rows: Rows) -> Self {
        let reader = BulkRows::new(ROW_LIMIT);
        Load { reader, rows, columns: Vec::new(), waiting: Vec::new(), batch_start: 0 }
    }

    async fn run(mut self, pieces: &mut mpsc::Receiver<Piece>) -> Result<(), ProtocolError> {
        let stop = match self.read(pieces).await {
            Ok(()) => return Ok(()),
            Err(stop) => stop,
        };
        let (error, broken) = match stop {
            Stop::Unwanted => return Ok(()),
            Stop::Failed(error) => (error, None),
            Stop::Wrong(BulkError::Stream(error)) => (crate::refusal::refusal(&error), Some(error)),
            Stop::Wrong(error) => (refusal(&error, &self.columns), None),
        };
        // Without a reader the load has failed already.
        let _ = self.rows.send(Err(error)).await;
        broken.map_or(Ok(()), Err)
    }

    async fn read(&mut self, pieces: &mut mpsc::Receiver<Piece>) -> Result<(), Stop> {
        loop {
            match pieces.recv().await {
                Some(Piece::Bytes(bytes)) => self.reader.push(&bytes),
                Some(Piece::End) => self.reader.end(),
                None => return Err(Stop::Wrong(BulkError::Incomplete)),
            }
            if self.tokens().await? {
                return self.flush().await;
            }
        }
    }

    /// Takes what has come; true at the end of the rows.
    async fn tokens(&mut self) -> Result<bool, Stop> {
        while let Some(token) = self.reader.next_token()? {
            match token {
                BulkToken::Columns(columns) => {
                    self.columns = columns
                        .into_iter()
                        .map(|column| Column::new(column.name, types::sql_type(&column.type_info)))
                        .collect();
                    self.send(Event::Columns(self.columns.as_slice().into())).await?;
                }
                BulkToken::Row(row) => self.row(row).await?,
                BulkToken::Done => return Ok(true),
            }
        }
        Ok(false)
    }

    async fn row(&mut self, row: Vec<launchpod_tds::types::Value>) -> Result<(), Stop> {
        let row: Vec<Value> = row.into_iter().map(types::from_wire).collect();
        if row.iter().any(is_too_long) {
            return Err(Stop::Failed(SqlError::new(
                7119,
                "Attempting to grow LOB beyond maximum allowed size of 2147483647 bytes.",
            )));
        }
        self.waiting.push(row);
        let bytes = self.reader.offset() - self.batch_start;
        if self.waiting.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Passes on the rows that wait.
    async fn flush(&mut self) -> Result<(), Stop> {
        self.batch_start = self.reader.offset();
        if self.waiting.is_empty() {
            return Ok(());
        }
        let batch: RecordBatch = record_batch(&self.columns, &self.waiting)
            .map_err(|error| Stop::Failed(SqlError::new(39010, format!("{error}."))))?;
        self.waiting.clear();
        self.send(Event::Batch(batch)).await
    }

    async fn send(&self, event: Event) -> Result<(), Stop> {
        self.rows.send(Ok(event)).await.map_err(|_| Stop::Unwanted)
    }
}

// === impl Stop ===

impl From<BulkError> for Stop {
    fn from(error: BulkError) -> Self {
        Stop::Wrong(error)
    }
}

fn is_too_long(value: &Value) -> bool {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    length > VALUE_LIMIT
}

/// What SQL Server says of rows that break off, or that aren't of their columns' types
/// ("Database engine events and errors", 4000 to 4999).
fn refusal(error: &BulkError, columns: &[Column]) -> SqlError {
    match error {
        BulkError::Incomplete | BulkError::Stream(_) => SqlError::new(
            4804,
            "While reading current row from host, a premature end-of-message was encountered--an \
             incoming data stream was interrupted when the server expected to see more data. The \
             host program may have terminated. Ensure that you are using a supported client \
             application programming interface (API).",
        ),
        BulkError::Column { column, .. } => {
            let text = format!("Invalid column type from bcp client for colid {column}.");
            SqlError::new(4816, text)
        }
        BulkError::Cell { column, error }
            if matches!(error.problem(), Problem::ValueLength { .. }) =>
        {
            let text = format!(
                "Received an invalid column length from the bcp client for colid {column}."
            );
            SqlError::new(4815, text)
        }
        BulkError::Cell { column, .. } => {
            let name = columns.get(column - 1).map_or("", |column| column.sql_type.name());
            SqlError::new(9803, format!("Invalid data for type \"{name}\"."))
        }
    }
}
