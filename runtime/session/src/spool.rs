//! The rows of an INSERT … EXEC, kept until its procedure has ended.
//!
//! A procedure may read the table that its rows are for, so they wait: in memory while they are
//! few, then in a file that has no name and goes with the server.

use std::fs::File;
use std::io::{BufReader, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use launchpod_database::{EVENTS_IN_FLIGHT, Event, Events};
use launchpod_types::{Column, SqlError};
use tokio::sync::mpsc;

use crate::reply::{DoneKind, DonePlace, Reply};

/// How many bytes of rows stay in memory.
const IN_MEMORY: usize = 4 << 20;

/// Where the rows of INSERT … EXEC wait.
#[derive(Clone, Debug)]
pub struct SpoolConfig {
    /// The folder of the files. They have no names there and take its disk's space.
    pub folder: PathBuf,
    /// How many bytes the rows of one statement take at most; past it the statement fails with
    /// 1105.
    pub limit: u64,
}

/// The rows of one INSERT … EXEC.
pub(crate) struct Spool {
    config: SpoolConfig,
    /// The result sets, with how many batches each has.
    sets: Vec<(Arc<[Column]>, usize)>,
    /// Batches in memory; empty once there is a file.
    batches: Vec<RecordBatch>,
    bytes: usize,
    file: Option<File>,
    written: u64,
    /// How many transactions were open when it began.
    transactions: u32,
}

// === impl SpoolConfig ===

impl Default for SpoolConfig {
    /// The system's folder for temporary files, and 4 GiB.
    fn default() -> Self {
        SpoolConfig { folder: std::env::temp_dir(), limit: 4 << 30 }
    }
}

// === impl Spool ===

impl Spool {
    pub fn new(config: SpoolConfig, transactions: u32) -> Self {
        Spool {
            config,
            sets: Vec::new(),
            batches: Vec::new(),
            bytes: 0,
            file: None,
            written: 0,
            transactions,
        }
    }

    /// How many transactions were open when the INSERT … EXEC began.
    pub fn transactions(&self) -> u32 {
        self.transactions
    }

    /// Keeps a reply that is of a result set; all others pass.
    ///
    /// # Errors
    /// 1105 when there is no room.
    pub async fn take(&mut self, reply: Reply) -> Result<Option<Reply>, SqlError> {
        match reply {
            Reply::Columns(columns) => self.sets.push((columns, 0)),
            Reply::Batch(batch) => self.push(batch).await?,
            Reply::ReturnStatus(_) => {}
            Reply::Done(done)
                if !done.error
                    && (done.kind == DoneKind::Select || done.place == DonePlace::Procedure) => {}
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    async fn push(&mut self, batch: RecordBatch) -> Result<(), SqlError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if let Some((_, batches)) = self.sets.last_mut() {
            *batches += 1;
        }
        self.bytes = self.bytes.saturating_add(batch.get_array_memory_size());
        self.batches.push(batch);
        if self.bytes > IN_MEMORY {
            self.write_out().await?;
        }
        Ok(())
    }

    /// Moves what is in memory to the file.
    async fn write_out(&mut self) -> Result<(), SqlError> {
        let batches = std::mem::take(&mut self.batches);
        self.bytes = 0;
        let (file, folder) = (self.file.take(), self.config.folder.clone());
        let left = self.config.limit.saturating_sub(self.written);
        let writing = tokio::task::spawn_blocking(move || append(file, folder, &batches, left));
        let (file, written) = writing.await.map_err(|error| no_room(&error))??;
        self.file = Some(file);
        self.written += written;
        Ok(())
    }

    /// The rows as the database takes them, one result set after the other.
    pub fn into_rows(self) -> Events {
        let (sender, events) = mpsc::channel(EVENTS_IN_FLIGHT);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = self.play(&sender) {
                // Who doesn't listen any more has no use for the error either.
                let _ = sender.blocking_send(Err(error));
            }
        });
        events
    }

    fn play(self, sender: &mpsc::Sender<Result<Event, SqlError>>) -> Result<(), SqlError> {
        let mut file = self.file;
        if let Some(file) = &mut file {
            file.rewind().map_err(|error| no_room(&error))?;
        }
        let mut file = file.map(BufReader::new);
        let total: usize = self.sets.iter().map(|(_, batches)| batches).sum();
        let mut in_file = total.saturating_sub(self.batches.len());
        let mut batches = self.batches.into_iter();
        for (columns, count) in self.sets {
            if sender.blocking_send(Ok(Event::Columns(columns))).is_err() {
                return Ok(());
            }
            for _ in 0..count {
                let batch = match &mut file {
                    Some(file) if in_file > 0 => {
                        in_file -= 1;
                        Some(read(file).map_err(|error| no_room(&error))?)
                    }
                    _ => batches.next(),
                };
                let Some(batch) = batch else { return Ok(()) };
                if sender.blocking_send(Ok(Event::Batch(batch))).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Appends batches to a file, each as an Arrow stream of its own, and says how long they are.
fn append(
    file: Option<File>,
    folder: PathBuf,
    batches: &[RecordBatch],
    left: u64,
) -> Result<(File, u64), SqlError> {
    let mut file = match file {
        Some(file) => file,
        None => tempfile::tempfile_in(folder).map_err(|error| no_room(&error))?,
    };
    let mut written = 0;
    for batch in batches {
        let bytes = encoded(batch).map_err(|error| no_room(&error))?;
        written += bytes.len() as u64;
        if written > left {
            return Err(no_room(&"they are larger than the setting spool-size allows"));
        }
        file.write_all(&bytes).map_err(|error| no_room(&error))?;
    }
    Ok((file, written))
}

fn encoded(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

/// Reads the next stream of a file, which has one batch.
fn read(file: &mut BufReader<File>) -> Result<RecordBatch, ArrowError> {
    let mut reader = StreamReader::try_new(file, None)?;
    let ended = || ArrowError::IpcError("the file has ended".to_owned());
    let batch = reader.next().ok_or_else(ended)??;
    // The end of the stream is read too, so that the next one follows.
    match reader.next() {
        None => Ok(batch),
        Some(_) => Err(ArrowError::IpcError("the stream has a second batch".to_owned())),
    }
}

/// 1105, as SQL Server has it when tempdb is full.
fn no_room(reason: &dyn std::fmt::Display) -> SqlError {
    let text = format!("Could not allocate space for the rows of INSERT … EXEC: {reason}.");
    SqlError::with_class(1105, 17, text).state(2)
}

#[cfg(test)]
mod tests {
    use arrow_array::Int32Array;
    use launchpod_types::SqlType;

    use super::*;

    fn columns(name: &str) -> Reply {
        Reply::Columns([Column::new(name, SqlType::Int)].into())
    }

    fn batch(numbers: std::ops::Range<i32>) -> Reply {
        let array: arrow_array::ArrayRef = Arc::new(Int32Array::from_iter_values(numbers));
        Reply::Batch(RecordBatch::try_from_iter([("a", array)]).unwrap())
    }

    async fn spooled(replies: Vec<Reply>, limit: u64) -> Result<Spool, SqlError> {
        let mut spool = Spool::new(SpoolConfig { limit, ..SpoolConfig::default() }, 0);
        for reply in replies {
            assert_eq!(spool.take(reply).await?, None);
        }
        Ok(spool)
    }

    /// Per result set, its column and how many rows it has with which sum.
    async fn played(spool: Spool) -> Vec<(String, usize, i64)> {
        let mut events = spool.into_rows();
        let mut sets: Vec<(String, usize, i64)> = Vec::new();
        while let Some(event) = events.recv().await {
            match event.unwrap() {
                Event::Columns(columns) => sets.push((columns[0].name.clone(), 0, 0)),
                Event::Batch(batch) => {
                    let set = sets.last_mut().unwrap();
                    let array = batch.column(0).as_any().downcast_ref::<Int32Array>().unwrap();
                    set.1 += batch.num_rows();
                    set.2 += array.values().iter().map(|value| i64::from(*value)).sum::<i64>();
                }
                other => panic!("{other:?}"),
            }
        }
        sets
    }

    #[tokio::test]
    async fn few_rows_stay_in_memory() {
        let replies = vec![columns("x"), batch(0..3), columns("y"), columns("z"), batch(5..6)];
        let spool = spooled(replies, 0).await.unwrap();
        assert!(spool.file.is_none());
        let sets = [("x".to_owned(), 3, 3), ("y".to_owned(), 0, 0), ("z".to_owned(), 1, 5)];
        assert_eq!(played(spool).await, sets);
    }

    #[tokio::test]
    async fn many_rows_come_back_from_a_file_in_their_order() {
        let mut replies = vec![columns("x"), batch(0..10), columns("y")];
        replies.extend((0..10).map(|_| batch(0..400_000)));
        replies.extend([columns("z"), batch(7..8)]);
        let spool = spooled(replies, u64::MAX).await.unwrap();
        assert!(spool.file.is_some() && !spool.batches.is_empty());
        let sum = 10 * (399_999_i64 * 400_000 / 2);
        let sets =
            [("x".to_owned(), 10, 45), ("y".to_owned(), 4_000_000, sum), ("z".to_owned(), 1, 7)];
        assert_eq!(played(spool).await, sets);
    }

    #[tokio::test]
    async fn rows_beyond_the_limit_are_refused() {
        let replies = (0..4).map(|_| batch(0..400_000)).collect();
        let error = spooled(replies, 1 << 20).await.err().unwrap();
        assert_eq!(error.number(), 1105);
    }

    #[tokio::test]
    async fn what_is_not_of_a_result_set_passes() {
        let mut spool = Spool::new(SpoolConfig::default(), 0);
        let message = Reply::Message(launchpod_types::Message::info(0, "x"));
        assert_eq!(spool.take(message.clone()).await.unwrap(), Some(message));
    }
}
