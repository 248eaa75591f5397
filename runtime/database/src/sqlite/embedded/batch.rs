//! Rows of SQLite into record batches.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder,
    Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64NanosecondBuilder, UInt8Builder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use launchpod_exchange::storage;
use launchpod_functions::cell;
use launchpod_types::{Column, SqlError, SqlType};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::sqlite::errors;

/// The most rows of a batch.
const ROWS: usize = 16 * 1024;
/// A batch ends with the row that brings it to so many bytes of text and binary data.
const BYTES: usize = 4 * 1024 * 1024;

/// Fills batches row by row.
pub(crate) struct Batches {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    bytes: usize,
}

struct ColumnBuilder {
    sql_type: SqlType,
    cells: Cells,
}

enum Cells {
    Boolean(BooleanBuilder),
    UInt8(UInt8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder),
    Text(StringBuilder),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64NanosecondBuilder),
    Offset(FixedSizeBinaryBuilder),
    Guid(FixedSizeBinaryBuilder),
}

// === impl Batches ===

impl Batches {
    /// For rows of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let builders = columns
            .iter()
            .map(|column| ColumnBuilder {
                sql_type: column.sql_type,
                cells: Cells::new(column.sql_type),
            })
            .collect();
        Batches { schema: storage::schema(columns), columns: builders, rows: 0, bytes: 0 }
    }

    /// Takes a row over; whether the batch is full with it.
    ///
    /// # Errors
    /// 8115 for an infinite float; an internal error when a cell isn't of its column's type.
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<bool, SqlError> {
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cell = row.get_ref(index).map_err(|error| super::failure::of_engine(&error))?;
            self.bytes += column.push(cell)?;
        }
        self.rows += 1;
        Ok(self.rows >= ROWS || self.bytes >= BYTES)
    }

    /// The rows since the last call; `None` without any.
    ///
    /// # Errors
    /// An internal error when the columns don't make a batch, such as a NULL in a column that
    /// was bound as NOT NULL.
    pub(crate) fn take(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let arrays: Result<Vec<ArrayRef>, _> =
            self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays?, &options);
        (self.rows, self.bytes) = (0, 0);
        batch.map(Some).map_err(errors::internal)
    }
}

// === impl Cells ===

impl Cells {
    fn new(sql_type: SqlType) -> Cells {
        match sql_type {
            SqlType::Bit => Cells::Boolean(BooleanBuilder::new()),
            SqlType::TinyInt => Cells::UInt8(UInt8Builder::new()),
            SqlType::SmallInt => Cells::Int16(Int16Builder::new()),
            SqlType::Int => Cells::Int32(Int32Builder::new()),
            SqlType::BigInt
            | SqlType::SmallDateTime
            | SqlType::DateTime
            | SqlType::DateTime2(_) => Cells::Int64(Int64Builder::new()),
            SqlType::Real => Cells::Float32(Float32Builder::new()),
            SqlType::Float => Cells::Float64(Float64Builder::new()),
            SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => Cells::Decimal(
                Decimal128Builder::new().with_data_type(storage::data_type(sql_type)),
            ),
            SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image | SqlType::Variant => {
                Cells::Binary(BinaryBuilder::new())
            }
            SqlType::Date => Cells::Date(Date32Builder::new()),
            SqlType::Time(_) => Cells::Time(Time64NanosecondBuilder::new()),
            SqlType::DateTimeOffset(_) => {
                Cells::Offset(FixedSizeBinaryBuilder::new(storage::DATETIMEOFFSET_SIZE))
            }
            SqlType::UniqueIdentifier => {
                Cells::Guid(FixedSizeBinaryBuilder::new(storage::GUID_SIZE))
            }
            _ => Cells::Text(StringBuilder::new()),
        }
    }
}

// === impl ColumnBuilder ===

impl ColumnBuilder {
    /// Appends a cell; how many bytes of variable length it has.
    fn push(&mut self, value: ValueRef<'_>) -> Result<usize, SqlError> {
        let wrong = || cell::mismatch(self.sql_type);
        match (&mut self.cells, value) {
            (cells, ValueRef::Null) => cells.push_null(),
            (Cells::Boolean(b), ValueRef::Integer(n)) => b.append_value(n != 0),
            (Cells::UInt8(b), ValueRef::Integer(n)) => {
                b.append_value(u8::try_from(n).map_err(|_| errors::overflow(self.sql_type))?);
            }
            (Cells::Int16(b), ValueRef::Integer(n)) => {
                b.append_value(i16::try_from(n).map_err(|_| errors::overflow(self.sql_type))?);
            }
            (Cells::Int32(b), ValueRef::Integer(n)) => {
                b.append_value(i32::try_from(n).map_err(|_| errors::overflow(self.sql_type))?);
            }
            (Cells::Int64(b), ValueRef::Integer(n)) => b.append_value(n),
            (Cells::Float32(b), ValueRef::Real(n)) => b.append_value(finite(n)? as f32),
            (Cells::Float32(b), ValueRef::Integer(n)) => b.append_value(n as f32),
            (Cells::Float64(b), ValueRef::Real(n)) => b.append_value(finite(n)?),
            (Cells::Float64(b), ValueRef::Integer(n)) => b.append_value(n as f64),
            (Cells::Decimal(b), ValueRef::Blob(bytes)) => {
                b.append_value(cell::decode_decimal(bytes).ok_or_else(wrong)?);
            }
            (Cells::Text(b), ValueRef::Text(bytes)) => {
                match std::str::from_utf8(bytes) {
                    Ok(text) => b.append_value(text),
                    Err(_) => b.append_value(String::from_utf8_lossy(bytes)),
                }
                return Ok(bytes.len());
            }
            (Cells::Binary(b), ValueRef::Blob(bytes)) => {
                b.append_value(bytes);
                return Ok(bytes.len());
            }
            (Cells::Date(b), ValueRef::Integer(n)) => {
                b.append_value(i32::try_from(n).map_err(|_| wrong())?);
            }
            (Cells::Time(b), ValueRef::Integer(ticks)) => b.append_value(ticks * 100),
            (Cells::Offset(b), ValueRef::Blob(bytes)) => {
                let (utc, offset) = cell::decode_offset(bytes).ok_or_else(wrong)?;
                let mut stored = [0; 10];
                stored[..8].copy_from_slice(&utc.to_le_bytes());
                stored[8..].copy_from_slice(&offset.to_le_bytes());
                b.append_value(stored).map_err(errors::internal)?;
            }
            (Cells::Guid(b), ValueRef::Blob(bytes)) => {
                b.append_value(bytes).map_err(|_| wrong())?;
            }
            _ => return Err(wrong()),
        }
        Ok(0)
    }

    fn finish(&mut self) -> Result<ArrayRef, SqlError> {
        Ok(match &mut self.cells {
            Cells::Boolean(b) => Arc::new(b.finish()),
            Cells::UInt8(b) => Arc::new(b.finish()),
            Cells::Int16(b) => Arc::new(b.finish()),
            Cells::Int32(b) => Arc::new(b.finish()),
            Cells::Int64(b) => Arc::new(b.finish()),
            Cells::Float32(b) => Arc::new(b.finish()),
            Cells::Float64(b) => Arc::new(b.finish()),
            Cells::Decimal(b) => Arc::new(b.finish()),
            Cells::Text(b) => Arc::new(b.finish()),
            Cells::Binary(b) => Arc::new(b.finish()),
            Cells::Date(b) => Arc::new(b.finish()),
            Cells::Time(b) => Arc::new(b.finish()),
            Cells::Offset(b) | Cells::Guid(b) => Arc::new(b.finish()),
        })
    }
}

impl Cells {
    fn push_null(&mut self) {
        match self {
            Cells::Boolean(b) => b.append_null(),
            Cells::UInt8(b) => b.append_null(),
            Cells::Int16(b) => b.append_null(),
            Cells::Int32(b) => b.append_null(),
            Cells::Int64(b) => b.append_null(),
            Cells::Float32(b) => b.append_null(),
            Cells::Float64(b) => b.append_null(),
            Cells::Decimal(b) => b.append_null(),
            Cells::Text(b) => b.append_null(),
            Cells::Binary(b) => b.append_null(),
            Cells::Date(b) => b.append_null(),
            Cells::Time(b) => b.append_null(),
            Cells::Offset(b) | Cells::Guid(b) => b.append_null(),
        }
    }
}

fn finite(number: f64) -> Result<f64, SqlError> {
    if number.is_finite() { Ok(number) } else { Err(errors::overflow(SqlType::Float)) }
}
