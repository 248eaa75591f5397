//! Rows into a file.

use std::fs::{File, Permissions};
use std::io::BufWriter;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{FileError, Format};

/// Writes rows into a file of the kind that its extension says.
///
/// The rows are written beside the file, which takes its place when all are there: a script
/// that fails midway leaves an old file as it was.
pub struct RowWriter {
    path: PathBuf,
    temporary: tempfile::TempPath,
    sink: Sink,
}

enum Sink {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<arrow_csv::Writer<BufWriter<File>>>),
    Arrow(Box<FileWriter<BufWriter<File>>>),
}

// === impl RowWriter ===

impl RowWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// When the extension is unknown, the folder can't be written, or the kind of file has no
    /// such column type.
    pub fn create(path: &Path, schema: &Schema) -> Result<Self, FileError> {
        let format = Format::of(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let temporary = tempfile::Builder::new()
            .prefix(".launchpod-")
            // As any program makes a file: the user's umask takes away from it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(FileError::io(path))?;
        let (file, temporary) = temporary.into_parts();
        let sink = match format {
            Format::Parquet => {
                let properties =
                    WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                let writer = ArrowWriter::try_new(file, schema.clone().into(), Some(properties));
                Sink::Parquet(Box::new(writer.map_err(FileError::parquet(path))?))
            }
            Format::Csv => Sink::Csv(Box::new(arrow_csv::Writer::new(BufWriter::new(file)))),
            Format::Arrow => {
                let writer = FileWriter::try_new(BufWriter::new(file), schema);
                Sink::Arrow(Box::new(writer.map_err(FileError::arrow(path))?))
            }
        };
        Ok(RowWriter { path: path.to_owned(), temporary, sink })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), FileError> {
        match &mut self.sink {
            Sink::Parquet(writer) => writer.write(batch).map_err(FileError::parquet(&self.path)),
            Sink::Csv(writer) => writer.write(batch).map_err(FileError::arrow(&self.path)),
            Sink::Arrow(writer) => writer.write(batch).map_err(FileError::arrow(&self.path)),
        }
    }

    /// Ends the file and puts it in its place.
    ///
    /// # Errors
    /// When it can't be written or moved.
    pub fn finish(self) -> Result<(), FileError> {
        let path = self.path;
        match self.sink {
            Sink::Parquet(writer) => {
                writer.close().map_err(FileError::parquet(&path))?;
            }
            Sink::Csv(writer) => {
                let file = writer.into_inner();
                file.into_inner().map_err(|error| FileError::io(&path)(error.into_error()))?;
            }
            Sink::Arrow(mut writer) => writer.finish().map_err(FileError::arrow(&path))?,
        }
        self.temporary.persist(&path).map_err(|error| FileError::io(&path)(error.error))
    }
}
