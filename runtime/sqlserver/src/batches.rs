//! Rows from the wire straight into Arrow builders.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder,
    Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64NanosecondBuilder, UInt8Builder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use launchpod_exchange::storage::{self, DATETIMEOFFSET_SIZE, GUID_SIZE};
use launchpod_tds::ProtocolError;
use launchpod_tds::client::row::Row;
use launchpod_tds::token::Column as WireColumn;
use launchpod_tds::types::{
    self as wire, Collation, Date, DateTime, FixedType, SmallDateTime, Time, TypeInfo,
};
use launchpod_types::calendar::{DAYS_FROM_1900, TICKS_PER_DAY, TICKS_PER_SECOND};
use launchpod_types::{Column, SqlType, Value};
use launchpod_wire::types::{from_wire, sql_type};

use crate::statement::is_own;
use crate::text::encoding;

/// A batch ends after so many rows or so many bytes of them.
const BATCH_ROWS: usize = 64 << 10;
const BATCH_BYTES: usize = 1 << 20;

/// Nanoseconds of our ticks.
const NANOSECONDS_PER_TICK: u64 = 100;

/// A row that isn't what its columns say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// A cell's length is wrong.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// A cell is no value of its column's type.
    #[error("a cell of column {0:?} is no {1}")]
    Cell(String, SqlType),
    /// Arrow refuses the columns.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The rows of a result set, gathered into batches.
pub(crate) struct Batches {
    columns: Arc<[Column]>,
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
    bytes: usize,
}

/// Where the cells of a column go, by how they stand on the wire.
enum Builder {
    Bit(BooleanBuilder),
    TinyInt(UInt8Builder),
    SmallInt(Int16Builder),
    Int(Int32Builder),
    BigInt(Int64Builder),
    Real(Float32Builder),
    Float(Float64Builder),
    SmallMoney(Decimal128Builder),
    Money(Decimal128Builder),
    Decimal(Decimal128Builder),
    SmallDateTime(Int64Builder),
    DateTime(Int64Builder),
    Date(Date32Builder),
    Time(Time64NanosecondBuilder, u8),
    DateTime2(Int64Builder, u8),
    DateTimeOffset(FixedSizeBinaryBuilder, u8),
    Guid(FixedSizeBinaryBuilder),
    /// UTF-16, with room for a cell's text.
    Unicode(StringBuilder, String),
    Text(StringBuilder, Collation),
    Binary(BinaryBuilder),
    /// Rare enough to go by way of a [`Value`].
    Variant(BinaryBuilder),
}

/// A result set's columns as the database's sessions describe them. Some servers name a column by
/// the variable that it shows, which can be one of our own in place of what the user wrote.
pub(crate) fn described(columns: &[WireColumn]) -> Arc<[Column]> {
    let column = |column: &WireColumn| Column {
        name: Some(&column.name).filter(|name| !is_own(name)).cloned().unwrap_or_default(),
        sql_type: sql_type(&column.type_info),
        nullable: column.flags.nullable,
        identity: column.flags.identity,
    };
    columns.iter().map(column).collect()
}

// === impl Batches ===

impl Batches {
    pub fn new(wire: &[WireColumn]) -> Self {
        let columns = described(wire);
        let schema = storage::schema(&columns);
        let builders = wire.iter().map(|column| Builder::new(&column.type_info)).collect();
        Batches { columns, schema, builders, rows: 0, bytes: 0 }
    }

    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// Appends a row of so many bytes.
    pub fn push(&mut self, mut row: Row<'_>, bytes: usize) -> Result<(), RowError> {
        for (index, builder) in self.builders.iter_mut().enumerate() {
            let cell = row.cell()?;
            if builder.append(cell.as_deref()).is_none() {
                let column = &self.columns[index];
                return Err(RowError::Cell(column.name.clone(), column.sql_type));
            }
        }
        self.rows += 1;
        self.bytes += bytes;
        Ok(())
    }

    /// Whether there are rows that nobody has taken.
    pub fn has_rows(&self) -> bool {
        self.rows > 0
    }

    /// Whether the batch is as long as one may be.
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The rows so far; `None` when there are none.
    ///
    /// # Errors
    /// When a column that holds no NULL has one.
    pub fn take(&mut self) -> Result<Option<RecordBatch>, RowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let arrays: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        (self.rows, self.bytes) = (0, 0);
        let schema = Arc::clone(&self.schema);
        Ok(Some(RecordBatch::try_new_with_options(schema, arrays, &options)?))
    }
}

// === impl Builder ===

impl Builder {
    fn new(info: &TypeInfo) -> Self {
        let stored = storage::data_type(sql_type(info));
        let decimal = || Decimal128Builder::new().with_data_type(stored.clone());
        match *info {
            TypeInfo::Fixed(fixed) | TypeInfo::Nullable(fixed) => match fixed {
                FixedType::Bit => Builder::Bit(BooleanBuilder::new()),
                FixedType::TinyInt => Builder::TinyInt(UInt8Builder::new()),
                FixedType::SmallInt => Builder::SmallInt(Int16Builder::new()),
                FixedType::Int => Builder::Int(Int32Builder::new()),
                FixedType::BigInt => Builder::BigInt(Int64Builder::new()),
                FixedType::Real => Builder::Real(Float32Builder::new()),
                FixedType::Float => Builder::Float(Float64Builder::new()),
                FixedType::SmallMoney => Builder::SmallMoney(decimal()),
                FixedType::Money => Builder::Money(decimal()),
                FixedType::SmallDateTime => Builder::SmallDateTime(Int64Builder::new()),
                FixedType::DateTime => Builder::DateTime(Int64Builder::new()),
            },
            // NULL without a type is an int, of which there is never a value.
            TypeInfo::Null => Builder::Int(Int32Builder::new()),
            TypeInfo::Decimal { .. } | TypeInfo::Numeric { .. } => Builder::Decimal(decimal()),
            TypeInfo::Guid => Builder::Guid(FixedSizeBinaryBuilder::new(GUID_SIZE)),
            TypeInfo::Date => Builder::Date(Date32Builder::new()),
            TypeInfo::Time { scale } => Builder::Time(Time64NanosecondBuilder::new(), scale),
            TypeInfo::DateTime2 { scale } => Builder::DateTime2(Int64Builder::new(), scale),
            TypeInfo::DateTimeOffset { scale } => {
                Builder::DateTimeOffset(FixedSizeBinaryBuilder::new(DATETIMEOFFSET_SIZE), scale)
            }
            TypeInfo::Char { collation, .. }
            | TypeInfo::VarChar { collation, .. }
            | TypeInfo::Text { collation } => Builder::Text(StringBuilder::new(), collation),
            TypeInfo::LegacyChar { .. } => {
                Builder::Text(StringBuilder::new(), Collation::default())
            }
            TypeInfo::NChar { .. }
            | TypeInfo::NVarChar { .. }
            | TypeInfo::NText { .. }
            | TypeInfo::Xml => Builder::Unicode(StringBuilder::new(), String::new()),
            TypeInfo::Binary { .. }
            | TypeInfo::VarBinary { .. }
            | TypeInfo::LegacyBinary { .. }
            | TypeInfo::Image => {
                debug_assert_eq!(stored, DataType::Binary);
                Builder::Binary(BinaryBuilder::new())
            }
            TypeInfo::Variant => Builder::Variant(BinaryBuilder::new()),
        }
    }

    /// Appends a cell; `None` when it is no value of the type.
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> Option<()> {
        let Some(cell) = cell else {
            self.append_null();
            return Some(());
        };
        match self {
            Builder::Bit(builder) => builder.append_value(u8::from_le_bytes(array(cell)?) != 0),
            Builder::TinyInt(builder) => builder.append_value(u8::from_le_bytes(array(cell)?)),
            Builder::SmallInt(builder) => builder.append_value(i16::from_le_bytes(array(cell)?)),
            Builder::Int(builder) => builder.append_value(i32::from_le_bytes(array(cell)?)),
            Builder::BigInt(builder) => builder.append_value(i64::from_le_bytes(array(cell)?)),
            Builder::Real(builder) => builder.append_value(f32::from_le_bytes(array(cell)?)),
            Builder::Float(builder) => builder.append_value(f64::from_le_bytes(array(cell)?)),
            Builder::SmallMoney(builder) => {
                builder.append_value(i32::from_le_bytes(array(cell)?).into());
            }
            Builder::Money(builder) => {
                // The high half first, each half little-endian.
                let [a, b, c, d, e, f, g, h] = array(cell)?;
                builder.append_value(i64::from_le_bytes([e, f, g, h, a, b, c, d]).into());
            }
            Builder::Decimal(builder) => builder.append_value(decimal(cell)?),
            Builder::SmallDateTime(builder) => {
                let [a, b, c, d] = array(cell)?;
                let moment =
                    SmallDateTime::new(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))?;
                let days = i64::from(moment.days()) - i64::from(DAYS_FROM_1900);
                let minutes = i64::from(moment.minutes());
                builder.append_value(days * TICKS_PER_DAY + minutes * 60 * TICKS_PER_SECOND);
            }
            Builder::DateTime(builder) => {
                let [a, b, c, d, e, f, g, h] = array(cell)?;
                let moment = DateTime::new(
                    i32::from_le_bytes([a, b, c, d]),
                    u32::from_le_bytes([e, f, g, h]),
                )?;
                builder.append_value(ticks(moment.date(), moment.time()));
            }
            Builder::Date(builder) => builder.append_value(date(cell)?.unix_days()),
            Builder::Time(builder, scale) => {
                // A day has fewer nanoseconds than an i64 holds.
                builder.append_value(time(cell, *scale)?.nanoseconds() as i64);
            }
            Builder::DateTime2(builder, scale) => builder.append_value(moment(cell, *scale)?),
            Builder::DateTimeOffset(builder, scale) => {
                let (moment_bytes, offset) = cell.split_last_chunk::<2>()?;
                let mut stored = [0; DATETIMEOFFSET_SIZE as usize];
                stored[..8].copy_from_slice(&moment(moment_bytes, *scale)?.to_le_bytes());
                stored[8..].copy_from_slice(offset);
                builder.append_value(stored).ok()?;
            }
            Builder::Guid(builder) => {
                // The first three fields are little-endian on the wire.
                let [a, b, c, d, e, f, g, h, rest @ ..]: [u8; 16] = array(cell)?;
                let mut guid = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
                guid[8..].copy_from_slice(&rest);
                builder.append_value(guid).ok()?;
            }
            Builder::Unicode(builder, room) => {
                utf16(cell, room)?;
                builder.append_value(&*room);
            }
            Builder::Text(builder, collation) => {
                if let Ok(text) = std::str::from_utf8(cell)
                    && (collation.is_utf8() || text.is_ascii())
                {
                    builder.append_value(text);
                } else if collation.is_utf8() {
                    builder.append_value(String::from_utf8_lossy(cell));
                } else {
                    builder.append_value(encoding(*collation).decode_without_bom_handling(cell).0);
                }
            }
            Builder::Binary(builder) => builder.append_value(cell),
            Builder::Variant(builder) => builder.append_value(variant(cell)?),
        }
        Some(())
    }

    fn append_null(&mut self) {
        match self {
            Builder::Bit(builder) => builder.append_null(),
            Builder::TinyInt(builder) => builder.append_null(),
            Builder::SmallInt(builder) => builder.append_null(),
            Builder::Int(builder) => builder.append_null(),
            Builder::BigInt(builder)
            | Builder::SmallDateTime(builder)
            | Builder::DateTime(builder)
            | Builder::DateTime2(builder, _) => builder.append_null(),
            Builder::Real(builder) => builder.append_null(),
            Builder::Float(builder) => builder.append_null(),
            Builder::SmallMoney(builder) | Builder::Money(builder) | Builder::Decimal(builder) => {
                builder.append_null();
            }
            Builder::Date(builder) => builder.append_null(),
            Builder::Time(builder, _) => builder.append_null(),
            Builder::DateTimeOffset(builder, _) | Builder::Guid(builder) => builder.append_null(),
            Builder::Unicode(builder, _) | Builder::Text(builder, _) => builder.append_null(),
            Builder::Binary(builder) | Builder::Variant(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Bit(builder) => Arc::new(builder.finish()),
            Builder::TinyInt(builder) => Arc::new(builder.finish()),
            Builder::SmallInt(builder) => Arc::new(builder.finish()),
            Builder::Int(builder) => Arc::new(builder.finish()),
            Builder::BigInt(builder)
            | Builder::SmallDateTime(builder)
            | Builder::DateTime(builder)
            | Builder::DateTime2(builder, _) => Arc::new(builder.finish()),
            Builder::Real(builder) => Arc::new(builder.finish()),
            Builder::Float(builder) => Arc::new(builder.finish()),
            Builder::SmallMoney(builder) | Builder::Money(builder) | Builder::Decimal(builder) => {
                Arc::new(builder.finish())
            }
            Builder::Date(builder) => Arc::new(builder.finish()),
            Builder::Time(builder, _) => Arc::new(builder.finish()),
            Builder::DateTimeOffset(builder, _) | Builder::Guid(builder) => {
                Arc::new(builder.finish())
            }
            Builder::Unicode(builder, _) | Builder::Text(builder, _) => Arc::new(builder.finish()),
            Builder::Binary(builder) | Builder::Variant(builder) => Arc::new(builder.finish()),
        }
    }
}

fn array<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    cell.try_into().ok()
}

/// A little-endian number of at most 16 bytes.
fn unsigned(bytes: &[u8]) -> Option<u128> {
    let mut number = [0; 16];
    number.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u128::from_le_bytes(number))
}

/// A sql_variant as it is stored.
fn variant(cell: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(cell.len()).ok()?.to_le_bytes();
    let (value, _) = wire::Value::decode(&TypeInfo::Variant, &[&length, cell].concat()).ok()?;
    match from_wire(value) {
        Value::Variant(variant) => Some(variant.to_bytes()),
        _ => None,
    }
}

/// A sign, 1 for positive, and the digits.
fn decimal(cell: &[u8]) -> Option<i128> {
    let (sign, digits) = cell.split_first()?;
    let number = i128::try_from(unsigned(digits)?).ok()?;
    Some(if *sign == 0 { -number } else { number })
}

fn date(cell: &[u8]) -> Option<Date> {
    let [a, b, c] = array(cell)?;
    Date::new(u32::from_le_bytes([a, b, c, 0]))
}

fn time(cell: &[u8], scale: u8) -> Option<Time> {
    if cell.len() > 5 {
        return None;
    }
    // At most five bytes.
    let units = unsigned(cell)? as u64;
    let unit = 10_u64.checked_pow(u32::from(9_u8.checked_sub(scale)?))?;
    Time::new(units.checked_mul(unit)?)
}

/// A time and a date, as ticks since 1970.
fn moment(cell: &[u8], scale: u8) -> Option<i64> {
    let (time_bytes, date_bytes) = cell.split_last_chunk::<3>()?;
    Some(ticks(date(date_bytes)?, time(time_bytes, scale)?))
}

fn ticks(date: Date, time: Time) -> i64 {
    // A day has fewer nanoseconds than an i64 holds.
    i64::from(date.unix_days()) * TICKS_PER_DAY + (time.nanoseconds() / NANOSECONDS_PER_TICK) as i64
}

/// Decodes a cell's UTF-16 into `room`; `None` when it has half a code unit. Unpaired surrogates,
/// which SQL Server stores as they come, become U+FFFD.
fn utf16(cell: &[u8], room: &mut String) -> Option<()> {
    let (units, rest) = cell.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    room.clear();
    if units.iter().all(|[low, high]| *high == 0 && low.is_ascii()) {
        room.extend(units.iter().map(|[low, _]| char::from(*low)));
    } else {
        let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
        room.extend(
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use launchpod_exchange::value::value_at;
    use launchpod_tds::client::response::{Token, TokenReader};
    use launchpod_tds::token::{ColumnFlags, encode_columns};
    use launchpod_tds::types::{Length, Value as WireValue};
    use launchpod_types::{Decimal, Value};
    use launchpod_wire::types::{to_wire, type_info};

    use super::*;

    /// Each value by way of the wire, and NULL.
    fn round(sql_type: SqlType, value: Value) {
        let info = type_info(sql_type);
        let column = WireColumn {
            name: "c".to_owned(),
            type_info: info.clone(),
            user_type: 0,
            flags: ColumnFlags { nullable: true, ..ColumnFlags::default() },
        };
        let columns = [column];
        let mut bytes = Vec::new();
        encode_columns(&columns, &mut bytes);
        for value in [&value, &Value::Null] {
            let wire = to_wire(value, sql_type).unwrap();
            let mut row = launchpod_tds::row::RowWriter::new(&mut bytes, &columns);
            match wire {
                WireValue::Null => row.null().unwrap(),
                wire => row.value(&wire).unwrap(),
            }
            row.finish().unwrap();
        }
        let mut reader = TokenReader::new(1 << 20);
        reader.push(&bytes);
        let Some(Token::Columns(read)) = reader.next_token().unwrap() else { panic!("columns") };
        let mut batches = Batches::new(&read);
        while let Some(Token::Row) = reader.next_token().unwrap() {
            batches.push(reader.row().unwrap(), 1).unwrap();
        }
        let batch = batches.take().unwrap().unwrap();
        assert_eq!(value_at(batch.column(0), 0, sql_type), value, "{sql_type}");
        assert_eq!(value_at(batch.column(0), 1, sql_type), Value::Null, "{sql_type}");
        assert!(batches.take().unwrap().is_none());
    }

    #[test]
    fn every_type_comes_through() {
        use launchpod_types::Length as Declared;
        for (sql_type, value) in [
            (SqlType::Bit, Value::Bit(true)),
            (SqlType::TinyInt, Value::Int(255)),
            (SqlType::SmallInt, Value::Int(-32_768)),
            (SqlType::Int, Value::Int(i32::MIN.into())),
            (SqlType::BigInt, Value::Int(i64::MAX)),
            (SqlType::Real, Value::Real(-1.5)),
            (SqlType::Float, Value::Float(0.1)),
            (SqlType::Decimal { precision: 38, scale: 10 }, Value::Decimal(Decimal::new(-7, 10))),
            (SqlType::Money, Value::Decimal(Decimal::new(-922_337_203_685_477, 4))),
            (SqlType::SmallMoney, Value::Decimal(Decimal::new(12_345, 4))),
            (SqlType::NVarChar(Declared::Limited(9)), Value::from("äπ𝄞")),
            (SqlType::NVARCHAR_MAX, Value::from("plain")),
            (SqlType::VARCHAR_MAX, Value::from("grüße €")),
            (SqlType::VARBINARY_MAX, Value::Binary(vec![0, 255])),
            (SqlType::Date, Value::Date(-719_162)),
            (SqlType::Time(7), Value::Time(863_999_999_999)),
            (SqlType::Time(0), Value::Time(36_000_000_000)),
            (SqlType::SmallDateTime, Value::DateTime(60 * TICKS_PER_SECOND)),
            (SqlType::DateTime, Value::DateTime(-TICKS_PER_DAY)),
            (SqlType::DateTime2(7), Value::DateTime(-1)),
            (SqlType::DateTimeOffset(7), Value::DateTimeOffset { utc: 5, offset: -840 }),
            (SqlType::UniqueIdentifier, Value::Guid([7; 16])),
        ] {
            round(sql_type, value);
        }
    }

    #[test]
    fn cells_of_wrong_lengths_are_refused() {
        for (info, cell) in [
            (TypeInfo::Nullable(FixedType::Int), &[1, 2][..]),
            (TypeInfo::Date, &[255, 255, 255]),
            (TypeInfo::Time { scale: 7 }, &[255, 255, 255, 255, 255]),
            (TypeInfo::DateTime2 { scale: 7 }, &[1]),
            (TypeInfo::Decimal { precision: 38, scale: 0 }, &[1; 18]),
            (TypeInfo::Guid, &[1; 15]),
            (TypeInfo::NVarChar { length: Length::Max, collation: Collation::default() }, &[1]),
        ] {
            assert_eq!(Builder::new(&info).append(Some(cell)), None, "{info:?}");
        }
    }
}
