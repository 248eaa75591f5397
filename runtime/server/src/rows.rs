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
use launchpod_exchange::value::value_at;
use launchpod_tds::row::{RowError, RowWriter};
use launchpod_tds::token::{Column as WireColumn, ColumnFlags};
use launchpod_tds::types as wire;
use launchpod_types::{Column, SqlType, Value};

use crate::types;

/// A result set's columns, as T-SQL and as the wire knows them.
pub(crate) struct ResultColumns {
    columns: Vec<Column>,
    wire: Vec<WireColumn>,
    null_bitmaps: bool,
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
}

/// A batch whose rows can be written one by one.
pub(crate) struct Rows<'a> {
    columns: &'a [WireColumn],
    cells: Vec<Cells<'a>>,
    null_bitmaps: bool,
    count: usize,
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
    /// # Panics
    /// When the batch isn't stored as [`launchpod_exchange::storage`] says: a fault of the
    /// database or the controller, which check what they send.
    pub fn rows<'a>(&'a self, batch: &'a RecordBatch) -> Rows<'a> {
        let cells: Vec<Cells<'a>> = self
            .columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| Cells::new(column.sql_type, array.as_ref()))
            .collect();
        let has_nulls = batch.columns().iter().any(|array| array.null_count() > 0);
        Rows {
            columns: &self.wire,
            cells,
            null_bitmaps: self.null_bitmaps && has_nulls,
            count: batch.num_rows(),
        }
    }
}

fn wire_column(column: &Column) -> WireColumn {
    WireColumn {
        name: column.name.clone(),
        type_info: types::type_info(column.sql_type),
        user_type: 0,
        flags: ColumnFlags {
            nullable: column.nullable,
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
    pub fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), RowError> {
        let mut writer = if self.null_bitmaps {
            let nulls = self.cells.iter().map(|cells| cells.array().is_null(row));
            RowWriter::with_nulls(out, self.columns, nulls)
        } else {
            RowWriter::new(out, self.columns)
        };
        for cells in &self.cells {
            cells.write(row, &mut writer)?;
        }
        writer.finish()
    }
}

// === impl Cells ===

impl<'a> Cells<'a> {
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
            | SqlType::Xml => Cells::Text(array.as_string()),
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
        }
    }

    fn array(&self) -> &'a dyn Array {
        match *self {
            Cells::Bit(array) => array,
            Cells::TinyInt(array) => array,
            Cells::SmallInt(array) => array,
            Cells::Int(array) => array,
            Cells::BigInt(array)
            | Cells::SmallDateTime(array)
            | Cells::DateTime(array)
            | Cells::DateTime2(array) => array,
            Cells::Real(array) => array,
            Cells::Float(array) => array,
            Cells::Decimal(array) | Cells::Money(array) => array,
            Cells::Text(array) => array,
            Cells::Binary(array) => array,
            Cells::Date(array) => array,
            Cells::Time(array) => array,
            Cells::DateTimeOffset(array, _) | Cells::Guid(array) => array,
        }
    }

    fn write(&self, row: usize, out: &mut RowWriter<'_>) -> Result<(), RowError> {
        if self.array().is_null(row) {
            return out.null();
        }
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
            Cells::Money(array) => out.money(Some(array.value(row) as i64)),
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
        }
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
