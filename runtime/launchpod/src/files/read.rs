//! Rows from a file, as a query would return them.

use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_cast::cast;
use arrow_csv::reader::{Format as CsvFormat, ReaderBuilder};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use launchpod_exchange::convert::{Converter, infer};
use launchpod_types::{Column, SqlType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{BATCH_ROWS, FileError, Format};

/// The rows of a file.
pub struct FileRows {
    /// The columns, with the names of the file.
    pub columns: Arc<[Column]>,
    /// The rows, stored as [`launchpod_exchange::storage`] says.
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, FileError>> + Send>,
}

/// Opens a file.
///
/// A Parquet or Arrow file has types of its own; those of a CSV file, whose first line names
/// the columns, are found by reading it through once.
///
/// # Errors
/// When the file can't be read, or a column has a type that scripts don't take.
pub fn read(path: &Path) -> Result<FileRows, FileError> {
    let format = Format::of(path)?;
    let file = File::open(path).map_err(FileError::io(path))?;
    let reader: Box<dyn RecordBatchReader + Send> = match format {
        Format::Parquet => Box::new(
            ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
                .map_err(FileError::parquet(path))?,
        ),
        Format::Csv => Box::new(csv(path, file)?),
        Format::Arrow => Box::new(
            FileReader::try_new(BufReader::new(file), None).map_err(FileError::arrow(path))?,
        ),
    };
    rows(path, reader)
}

fn csv(path: &Path, mut file: File) -> Result<arrow_csv::Reader<File>, FileError> {
    let format = CsvFormat::default().with_header(true);
    let (schema, _) =
        format.infer_schema(BufReader::new(&file), None).map_err(FileError::arrow(path))?;
    file.rewind().map_err(FileError::io(path))?;
    ReaderBuilder::new(Arc::new(schema))
        .with_format(format)
        .with_batch_size(BATCH_ROWS)
        .build(file)
        .map_err(FileError::arrow(path))
}

/// Turns a file's rows into those of SQL columns.
fn rows(path: &Path, reader: Box<dyn RecordBatchReader + Send>) -> Result<FileRows, FileError> {
    let schema = plain_schema(path, &reader.schema())?;
    let columns: Vec<Column> = schema.fields().iter().map(|field| column(field)).collect();
    let path = path.to_owned();
    let converter =
        Converter::declared(&schema, &columns).map_err(|error| refused(&path, error))?;
    let columns = Arc::clone(converter.columns());
    let batches = reader.flat_map(move |batch| {
        let converted = batch
            .and_then(|batch| plain(&schema, &batch))
            .map_err(FileError::arrow(&path))
            .and_then(|batch| {
                let parts = converter.convert(&batch).collect::<Result<Vec<_>, _>>();
                parts.map_err(|error| refused(&path, error))
            });
        match converted {
            Ok(parts) => parts.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }
    });
    Ok(FileRows { columns, batches: Box::new(batches) })
}

fn refused(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> FileError {
    FileError::Arrow {
        path: PathBuf::from(path),
        source: ArrowError::from_external_error(Box::new(error)),
    }
}

/// The column of a field. Scripts take moments as `datetime`.
fn column(field: &Field) -> Column {
    let sql_type = match infer::sql_type(field) {
        SqlType::DateTime2(_) => SqlType::DateTime,
        other => other,
    };
    Column::new(field.name(), sql_type)
}

/// The schema with each type in its plain form: files have several for text and bytes.
fn plain_schema(path: &Path, schema: &Schema) -> Result<SchemaRef, FileError> {
    let fields = schema.fields().iter().map(|field| {
        let data_type = plain_type(field.data_type()).ok_or_else(|| FileError::Column {
            path: path.to_owned(),
            column: field.name().clone(),
            data_type: field.data_type().clone(),
        })?;
        Ok(Field::new(field.name(), data_type, true))
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>, _>>()?)))
}

fn plain_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Dictionary(_, values) => return plain_type(values),
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        plain @ (DataType::Null
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(_, _)
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32) => plain.clone(),
        _ => return None,
    })
}

fn plain(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| cast(array, field.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}
