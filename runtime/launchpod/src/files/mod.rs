//! Files of rows: Parquet, CSV and Arrow IPC, told apart by their extension.

mod read;
mod write;

use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

pub use read::read;
pub use write::RowWriter;

/// Rows that are read or written at once.
const BATCH_ROWS: usize = 8_192;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    Csv,
    Arrow,
}

/// A file of rows can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The extension isn't one we know.
    #[error("{path}: unknown kind of file; use .parquet, .csv or .arrow")]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be opened, read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file's content is wrong, or can't be written as that kind.
    #[error("{path}: {source}")]
    Arrow {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ArrowError,
    },
    /// The Parquet file's content is wrong, or can't be written as Parquet.
    #[error("{path}: {source}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ParquetError,
    },
    /// A column has a type that scripts don't take.
    #[error("{path}: column {column:?} of type {data_type} can't be given to a script")]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: arrow_schema::DataType,
    },
}

// === impl Format ===

impl Format {
    fn of(path: &Path) -> Result<Self, FileError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_lowercase).as_deref() {
            Some("parquet") => Ok(Format::Parquet),
            Some("csv") => Ok(Format::Csv),
            Some("arrow" | "arrows" | "feather") => Ok(Format::Arrow),
            _ => Err(FileError::Extension { path: path.to_owned() }),
        }
    }
}

// === impl FileError ===

impl FileError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| FileError::Io { path: path.to_owned(), source }
    }

    fn arrow(path: &Path) -> impl FnOnce(ArrowError) -> Self + '_ {
        move |source| FileError::Arrow { path: path.to_owned(), source }
    }

    fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self + '_ {
        move |source| FileError::Parquet { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::read::FileRows;
    use super::*;

    fn batch() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("é,\"x\""), None]));
        RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap()
    }

    #[test]
    fn rows_come_back_from_every_kind_of_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rows.parquet", "rows.csv", "rows.arrow"] {
            let path = folder.path().join(name);
            let batch = batch();
            let mut writer = RowWriter::create(&path, &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            let FileRows { columns, batches } = read(&path).unwrap();
            let types: Vec<String> = columns
                .iter()
                .map(|column| format!("{} {}", column.name, column.sql_type))
                .collect();
            assert_eq!(types, ["n bigint", "t nvarchar(max)"], "{name}");
            let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>().unwrap();
            assert_eq!(batches.len(), 1);
            assert_eq!(batches[0].columns(), batch.columns(), "{name}");
        }
    }

    #[test]
    fn a_written_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("rows.csv"), folder.path().join("other"));
        RowWriter::create(&path, &batch().schema()).unwrap().finish().unwrap();
        std::fs::write(&other, "").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let error = read(Path::new("rows.xlsx")).err().unwrap().to_string();
        assert!(error.contains("rows.xlsx") && error.contains(".parquet"), "{error}");
    }
}
