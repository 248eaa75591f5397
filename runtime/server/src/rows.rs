//! Record batches as rows on the wire.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, UInt8Type,
};
use arrow_array::{
    Array, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use launchpod_exchange::storage;
use launchpod_exchange::value::value_at;
use launchpod_tds::row::{RowError, RowWriter};
use launchpod_tds::token::{Column as WireColumn, ColumnFlags, Updatable};
use launchpod_tds::types as wire;
use launchpod_types::{Column, SqlType, Value};
use launchpod_wire::types;

/// A result set's columns, as T-SQL and as the wire knows them.
pub(crate) struct ResultColumns {
    columns: Vec<Column>,
    wire: Vec<WireColumn>,
    null_bitmaps: bool,
}

/// A column of a batch.
struct Part<'a> {
    cells: Cells<'a>,
    /// Where it has NULLs, if anywhere: asked for every cell, so found once.
    nulls: Option<&'a NullBuffer>,
}

/// A column's cells, of the one array type that stores its SQL type.
enum Cells<'a> {
    Bit(&'a BooleanArray),
    TinyInt(&'a PrimitiveArray<UInt8Type>),
    SmallInt(&'a PrimitiveArray<Int16Type>),
    Int(&'a PrimitiveArray<Int32Type>),
    BigInt(&'a PrimitiveArray<Int64Type>),
    Real(&'a PrimitiveArray<Float32Type>),
    Float(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    Money(&'a PrimitiveArray<Decimal128Type>),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Date(&'a PrimitiveArray<Date32Type>),
    Time(&'a PrimitiveArray<Time64NanosecondType>),
    SmallDateTime(&'a PrimitiveArray<Int64Type>),
    DateTime(&'a PrimitiveArray<Int64Type>),
    DateTime2(&'a PrimitiveArray<Int64Type>),
    /// Rare enough to go by way of a [`Value`].
    DateTimeOffset(&'a FixedSizeBinaryArray, SqlType),
    Guid(&'a FixedSizeBinaryArray),
    Variant(&'a BinaryArray),
}

/// A batch whose rows can be written one by one.
pub(crate) struct Rows<'a> {
    columns: &'a [WireColumn],
    parts: Vec<Part<'a>>,
    null_bitmaps: bool,
    count: usize,
}

/// Rows that can't be sent: a fault of the database or the controller, which check what they
/// send.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowsError {
    /// A batch has more or fewer columns than were described.
    #[error("the result set has {expected} columns, and its rows have {found}")]
    Columns { expected: usize, found: usize },
    /// A column isn't stored as [`launchpod_exchange::storage`] says.
    #[error("column {column:?} is stored as {found}, not as {expected}")]
    Storage { column: String, expected: DataType, found: DataType },
    /// More ten-thousandths than money's 64 bits hold.
    #[error("{0} ten-thousandths are outside the range of money")]
    Money(i128),
    /// The wire has no form for the row.
    #[error(transparent)]
    Row(#[from] RowError),
}

// === impl ResultColumns ===

impl ResultColumns {
    /// Columns for a client that knows rows with a bitmap of their NULLs, or doesn't.
    pub fn new(columns: &[Column], null_bitmaps: bool) -> Self {
        let wire = columns.iter().map(wire_column).collect();
        ResultColumns { columns: columns.to_vec(), wire, null_bitmaps }
    }

    pub fn wire(&self) -> &[WireColumn] {
        &self.wire
    }

    /// The rows of a batch of these columns.
    ///
    /// # Errors
    /// When the batch isn't stored as [`launchpod_exchange::storage`] says.
    pub fn rows<'a>(&'a self, batch: &'a RecordBatch) -> Result<Rows<'a>, RowsError> {
        if batch.num_columns() != self.columns.len() {
            return Err(RowsError::Columns {
                expected: self.columns.len(),
                found: batch.num_columns(),
            });
        }
        let parts = self
            .columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| part(column, array.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let has_nulls = parts.iter().any(|part| part.nulls.is_some());
        Ok(Rows {
            columns: &self.wire,
            parts,
            null_bitmaps: self.null_bitmaps && has_nulls,
            count: batch.num_rows(),
        })
    }
}

fn part<'a>(column: &Column, array: &'a dyn Array) -> Result<Part<'a>, RowsError> {
    let expected = storage::data_type(column.sql_type);
    if *array.data_type() != expected {
        let found = array.data_type().clone();
        return Err(RowsError::Storage { column: column.name.clone(), expected, found });
    }
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    Ok(Part { cells: Cells::new(column.sql_type, array), nulls })
}

fn wire_column(column: &Column) -> WireColumn {
    WireColumn {
        name: column.name.clone(),
        type_info: types::type_info(column.sql_type),
        user_type: 0,
        flags: ColumnFlags {
            nullable: column.nullable,
            // tiberius loads in bulk into no column of which it is told that it is read-only.
            updatable: if column.identity { Updatable::No } else { Updatable::Unknown },
            identity: column.identity,
            ..ColumnFlags::default()
        },
    }
}

// === impl Rows ===

impl Rows<'_> {
    pub fn count(&self) -> usize {
        self.count
    }

    /// Appends the token of a row.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), RowsError> {
        let mut writer = if self.null_bitmaps {
            let nulls = self.parts.iter().map(|part| part.is_null(row));
            RowWriter::with_nulls(out, self.columns, nulls)
        } else {
            RowWriter::new(out, self.columns)
        };
        for part in &self.parts {
            match part.is_null(row) {
                true => writer.null()?,
                false => part.cells.write(row, &mut writer)?,
            }
        }
        Ok(writer.finish()?)
    }
}

// === impl Part ===

impl Part<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }
}

// === impl Cells ===

impl<'a> Cells<'a> {
    /// The cells of an array, which is of the type that stores the SQL type.
    fn new(sql_type: SqlType, array: &'a dyn Array) -> Self {
        match sql_type {
            SqlType::Bit => Cells::Bit(array.as_boolean()),
            SqlType::TinyInt => Cells::TinyInt(array.as_primitive()),
            SqlType::SmallInt => Cells::SmallInt(array.as_primitive()),
            SqlType::Int => Cells::Int(array.as_primitive()),
            SqlType::BigInt => Cells::BigInt(array.as_primitive()),
            SqlType::Real => Cells::Real(array.as_primitive()),
            SqlType::Float => Cells::Float(array.as_primitive()),
            SqlType::Decimal { .. } => Cells::Decimal(array.as_primitive()),
            SqlType::Money | SqlType::SmallMoney => Cells::Money(array.as_primitive()),
            SqlType::Char(_)
            | SqlType::VarChar(_)
            | SqlType::NChar(_)
            | SqlType::NVarChar(_)
            | SqlType::Text
            | SqlType::NText
            | SqlType::Xml
            | SqlType::Json => Cells::Text(array.as_string()),
            SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image => {
                Cells::Binary(array.as_binary())
            }
            SqlType::Date => Cells::Date(array.as_primitive()),
            SqlType::Time(_) => Cells::Time(array.as_primitive()),
            SqlType::SmallDateTime => Cells::SmallDateTime(array.as_primitive()),
            SqlType::DateTime => Cells::DateTime(array.as_primitive()),
            SqlType::DateTime2(_) => Cells::DateTime2(array.as_primitive()),
            SqlType::DateTimeOffset(_) => {
                Cells::DateTimeOffset(array.as_fixed_size_binary(), sql_type)
            }
            SqlType::UniqueIdentifier => Cells::Guid(array.as_fixed_size_binary()),
            SqlType::Variant => Cells::Variant(array.as_binary()),
        }
    }

    /// Writes a cell that isn't NULL.
    fn write(&self, row: usize, out: &mut RowWriter<'_>) -> Result<(), RowsError> {
        match *self {
            Cells::Bit(array) => out.bit(Some(array.value(row))),
            Cells::TinyInt(array) => out.tiny_int(Some(array.value(row))),
            Cells::SmallInt(array) => out.small_int(Some(array.value(row))),
            Cells::Int(array) => out.int(Some(array.value(row))),
            Cells::BigInt(array) => out.big_int(Some(array.value(row))),
            Cells::Real(array) => out.real(Some(array.value(row))),
            Cells::Float(array) => out.float(Some(array.value(row))),
            Cells::Decimal(array) => out.decimal(Some(array.value(row))),
            // Money's storage is decimal(19,4), of which money's range is a part.
            Cells::Money(array) => {
                let value = array.value(row);
                out.money(Some(i64::try_from(value).map_err(|_| RowsError::Money(value))?))
            }
            Cells::Text(array) => out.text(Some(array.value(row))),
            Cells::Binary(array) => out.binary(Some(array.value(row))),
            Cells::Date(array) => {
                out.value(&in_range(Value::Date(array.value(row)), SqlType::Date))
            }
            Cells::Time(array) => out.time(wire::Time::new(array.value(row).unsigned_abs())),
            Cells::SmallDateTime(array) => {
                out.small_datetime(types::small_date_time(array.value(row)))
            }
            Cells::DateTime(array) => {
                let moment = types::date_and_time(array.value(row));
                out.datetime(moment.and_then(|(date, time)| wire::DateTime::round(date, time)))
            }
            Cells::DateTime2(array) => {
                let moment = types::date_and_time(array.value(row));
                out.datetime2(moment.map(|(date, time)| wire::DateTime2 { date, time }))
            }
            Cells::DateTimeOffset(array, sql_type) => {
                out.value(&in_range(value_at(array, row, sql_type), sql_type))
            }
            Cells::Guid(array) => {
                out.value(&in_range(guid(array.value(row)), SqlType::UniqueIdentifier))
            }
            Cells::Variant(array) => {
                out.value(&in_range(value_at(array, row, SqlType::Variant), SqlType::Variant))
            }
        }?;
        Ok(())
    }
}

/// A value on the wire; NULL for a moment outside the years 1 to 9999, which no database and
/// no conversion yields.
fn in_range(value: Value, sql_type: SqlType) -> wire::Value {
    types::to_wire(&value, sql_type).unwrap_or(wire::Value::Null)
}

fn guid(bytes: &[u8]) -> Value {
    bytes.try_into().map_or(Value::Null, Value::Guid)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Decimal128Array, Int32Array};

    use super::*;

    fn columns(sql_type: SqlType) -> ResultColumns {
        let column = Column { name: "c".to_owned(), sql_type, nullable: true, identity: false };
        ResultColumns::new(&[column], false)
    }

    fn batch(arrays: Vec<ArrayRef>) -> RecordBatch {
        let named = arrays.into_iter().map(|array| ("c", array));
        RecordBatch::try_from_iter(named).unwrap()
    }

    #[test]
    fn a_batch_that_is_stored_otherwise_is_refused() {
        let columns = columns(SqlType::Int);
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
        assert!(columns.rows(&batch(vec![Arc::clone(&numbers)])).is_ok());
        let error = columns.rows(&batch(vec![texts])).err().unwrap();
        assert_eq!(error.to_string(), "column \"c\" is stored as Utf8, not as Int32");
        let error = columns.rows(&batch(vec![Arc::clone(&numbers), numbers])).err().unwrap();
        assert!(matches!(error, RowsError::Columns { expected: 1, found: 2 }));
    }

    #[test]
    fn money_beyond_its_range_is_refused_and_leaves_nothing() {
        let values = Decimal128Array::from(vec![i128::from(i64::MAX), i128::from(i64::MAX) + 1])
            .with_precision_and_scale(19, 4)
            .unwrap();
        let batch = batch(vec![Arc::new(values)]);
        let columns = columns(SqlType::Money);
        let rows = columns.rows(&batch).unwrap();
        let mut out = Vec::new();
        rows.write(0, &mut out).unwrap();
        let length = out.len();
        assert!(matches!(rows.write(1, &mut out), Err(RowsError::Money(_))));
        assert_eq!(out.len(), length);
    }
}
