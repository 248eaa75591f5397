//! Rows that wait until they are wanted: in memory while they are few, then in a file that has no
//! name and goes with the server.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use launchpod_types::SqlError;

/// How many bytes of rows stay in memory.
const IN_MEMORY: usize = 4 << 20;

/// Where the rows of INSERT … EXEC and of cursors wait.
#[derive(Clone, Debug)]
pub struct SpoolConfig {
    /// The folder of the files. They have no names there and take its disk's space.
    pub folder: PathBuf,
    /// How many bytes the rows of one statement or cursor take at most; past it the statement
    /// fails with 1105.
    pub limit: u64,
}

/// Batches of rows, in their order.
pub(crate) struct Kept {
    config: SpoolConfig,
    file: Option<Arc<File>>,
    /// Where in the file the first batches are.
    written: Vec<Range<u64>>,
    /// The batches after those.
    recent: Vec<RecordBatch>,
    /// How many bytes the recent ones take.
    bytes: usize,
}

/// A batch, or where it is.
pub(crate) enum Place {
    Memory(RecordBatch),
    File(Arc<File>, Range<u64>),
}

// === impl SpoolConfig ===

impl Default for SpoolConfig {
    /// The system's folder for temporary files, and 4 GiB.
    fn default() -> Self {
        SpoolConfig { folder: std::env::temp_dir(), limit: 4 << 30 }
    }
}

// === impl Kept ===

impl Kept {
    pub fn new(config: SpoolConfig) -> Self {
        Kept { config, file: None, written: Vec::new(), recent: Vec::new(), bytes: 0 }
    }

    /// Keeps a batch.
    ///
    /// # Errors
    /// 1105 when there is no room.
    pub async fn push(&mut self, batch: RecordBatch) -> Result<(), SqlError> {
        self.bytes = self.bytes.saturating_add(batch.get_array_memory_size());
        self.recent.push(batch);
        if self.bytes > IN_MEMORY { self.write_out().await } else { Ok(()) }
    }

    /// Moves what is in memory to the file.
    async fn write_out(&mut self) -> Result<(), SqlError> {
        let batches = std::mem::take(&mut self.recent);
        self.bytes = 0;
        let (file, config) = (self.file.take(), self.config.clone());
        let end = self.written.last().map_or(0, |range| range.end);
        let writing = tokio::task::spawn_blocking(move || append(file, &config, &batches, end));
        let (file, mut written) = writing.await.map_err(|error| no_room(&error))??;
        self.file = Some(file);
        self.written.append(&mut written);
        Ok(())
    }

    /// The batch of a number from 0; `None` past the last.
    pub fn place(&self, index: usize) -> Option<Place> {
        match (self.written.get(index), &self.file) {
            (Some(range), Some(file)) => Some(Place::File(Arc::clone(file), range.clone())),
            _ => {
                let recent = self.recent.get(index.checked_sub(self.written.len())?);
                recent.cloned().map(Place::Memory)
            }
        }
    }

    #[cfg(test)]
    pub fn is_in_file(&self) -> bool {
        self.file.is_some()
    }
}

// === impl Place ===

impl Place {
    /// The batch.
    ///
    /// # Errors
    /// 1105 when the file can't be read.
    pub async fn read(self) -> Result<RecordBatch, SqlError> {
        match self {
            Place::Memory(batch) => Ok(batch),
            file => {
                let reading = tokio::task::spawn_blocking(move || file.read_blocking());
                reading.await.map_err(|error| no_room(&error))?
            }
        }
    }

    /// The same, on a thread that may block.
    pub fn read_blocking(self) -> Result<RecordBatch, SqlError> {
        match self {
            Place::Memory(batch) => Ok(batch),
            Place::File(file, range) => {
                // A range is no longer than the batch was in memory when it was written.
                let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
                file.read_exact_at(&mut bytes, range.start).map_err(|error| no_room(&error))?;
                decoded(&bytes).map_err(|error| no_room(&error))
            }
        }
    }
}

/// Appends batches to a file, each as an Arrow stream of its own, and says where they are.
fn append(
    file: Option<Arc<File>>,
    config: &SpoolConfig,
    batches: &[RecordBatch],
    mut end: u64,
) -> Result<(Arc<File>, Vec<Range<u64>>), SqlError> {
    let file = match file {
        Some(file) => file,
        None => Arc::new(tempfile::tempfile_in(&config.folder).map_err(|error| no_room(&error))?),
    };
    let mut written = Vec::with_capacity(batches.len());
    for batch in batches {
        let bytes = encoded(batch).map_err(|error| no_room(&error))?;
        let start = end;
        end += bytes.len() as u64;
        if end > config.limit {
            return Err(no_room(&"they are larger than the setting spool-size allows"));
        }
        file.write_all_at(&bytes, start).map_err(|error| no_room(&error))?;
        written.push(start..end);
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

fn decoded(bytes: &[u8]) -> Result<RecordBatch, ArrowError> {
    let ended = || ArrowError::IpcError("the file has ended".to_owned());
    StreamReader::try_new(bytes, None)?.next().ok_or_else(ended)?
}

/// 1105, as SQL Server has it when tempdb is full.
fn no_room(reason: &dyn std::fmt::Display) -> SqlError {
    let text = format!("Could not allocate space for rows that wait: {reason}.");
    SqlError::with_class(1105, 17, text).state(2)
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int32Array};

    use super::*;

    fn batch(numbers: Range<i32>) -> RecordBatch {
        let array: ArrayRef = Arc::new(Int32Array::from_iter_values(numbers));
        RecordBatch::try_from_iter([("a", array)]).unwrap()
    }

    #[tokio::test]
    async fn batches_are_found_wherever_they_are() {
        let mut kept = Kept::new(SpoolConfig::default());
        let batches: Vec<RecordBatch> =
            (0..13).map(|number| batch(number..number + 200_000)).collect();
        for batch in &batches {
            kept.push(batch.clone()).await.unwrap();
        }
        assert!(kept.is_in_file() && !kept.recent.is_empty());
        for index in [0, 12, 5, 4, 0] {
            let found = kept.place(index).unwrap().read().await.unwrap();
            assert_eq!(found, batches[index], "{index}");
        }
        assert!(kept.place(13).is_none());
    }

    #[tokio::test]
    async fn what_is_larger_than_the_limit_is_refused() {
        let mut kept = Kept::new(SpoolConfig { limit: 1 << 20, ..SpoolConfig::default() });
        kept.push(batch(0..900_000)).await.unwrap();
        let error = kept.push(batch(0..900_000)).await.unwrap_err();
        assert_eq!(error.number(), 1105);
    }
}
