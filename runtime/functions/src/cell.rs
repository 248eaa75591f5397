//! How a T-SQL value is kept in a SQLite cell.
//!
//! | SQL type | SQLite storage class |
//! | --- | --- |
//! | bit, integers | INTEGER |
//! | real, float | REAL |
//! | decimal, money, smallmoney | BLOB of 16: the unscaled i128, big-endian, sign bit flipped |
//! | character types, xml, json | TEXT, collated by [`collation`](crate::collation) |
//! | binary types | BLOB |
//! | sql_variant | BLOB: [`Variant::to_bytes`] |
//! | date | INTEGER: days since 1970-01-01 |
//! | time | INTEGER: 100 ns since midnight |
//! | datetime, smalldatetime, datetime2 | INTEGER: 100 ns since 1970-01-01 00:00 |
//! | datetimeoffset | BLOB of 10: 100 ns since 1970 UTC as i64, then i16 minutes, both big-endian, sign bit flipped |
//! | uniqueidentifier | BLOB of 16, in the order its text is written |
//!
//! Numbers and points in time of one type compare as SQLite compares their cells, so that
//! indexes, grouping and sorting need no function calls.

use launchpod_types::{Decimal, SqlError, SqlType, Value, Variant};
use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};

use crate::errors;

/// The word with which a column is declared in SQLite (STRICT tables know these).
pub fn affinity(sql_type: SqlType) -> &'static str {
    match sql_type {
        SqlType::Bit
        | SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::SmallDateTime
        | SqlType::DateTime
        | SqlType::DateTime2(_) => "INT",
        SqlType::Real | SqlType::Float => "REAL",
        SqlType::Decimal { .. }
        | SqlType::SmallMoney
        | SqlType::Money
        | SqlType::Binary(_)
        | SqlType::VarBinary(_)
        | SqlType::Image
        | SqlType::DateTimeOffset(_)
        | SqlType::UniqueIdentifier
        | SqlType::Variant => "BLOB",
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Xml
        | SqlType::Json => "TEXT",
    }
}

/// Digits after the point of an exact number's cells.
pub fn scale_of(sql_type: SqlType) -> u8 {
    match sql_type {
        SqlType::Decimal { scale, .. } => scale,
        SqlType::Money | SqlType::SmallMoney => 4,
        _ => 0,
    }
}

/// The 16 bytes of an exact number, in an order that `memcmp` sorts.
pub fn encode_decimal(unscaled: i128) -> [u8; 16] {
    ((unscaled as u128) ^ (1 << 127)).to_be_bytes()
}

/// The inverse of [`encode_decimal`]; `None` when there aren't 16 bytes.
pub fn decode_decimal(bytes: &[u8]) -> Option<i128> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some((u128::from_be_bytes(bytes) ^ (1 << 127)) as i128)
}

/// The 10 bytes of a `datetimeoffset`: those of the same moment differ in the last two only.
pub fn encode_offset(utc: i64, offset: i16) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&((utc as u64) ^ (1 << 63)).to_be_bytes());
    bytes[8..].copy_from_slice(&((offset as u16) ^ (1 << 15)).to_be_bytes());
    bytes
}

/// The inverse of [`encode_offset`]; `None` when there aren't 10 bytes.
pub fn decode_offset(bytes: &[u8]) -> Option<(i64, i16)> {
    let (utc, offset) = bytes.split_at_checked(8)?;
    let utc = u64::from_be_bytes(utc.try_into().ok()?) ^ (1 << 63);
    let offset = u16::from_be_bytes(offset.try_into().ok()?) ^ (1 << 15);
    Some((utc as i64, offset as i16))
}

/// Reads a cell that holds a value of the given type.
///
/// # Errors
/// An internal error when the cell's storage class isn't the type's.
pub fn decode(cell: ValueRef<'_>, sql_type: SqlType) -> Result<Value, SqlError> {
    let value = match (affinity(sql_type), cell) {
        (_, ValueRef::Null) => Some(Value::Null),
        ("INT", ValueRef::Integer(number)) => Some(match sql_type {
            SqlType::Bit => Value::Bit(number != 0),
            SqlType::Date => i32::try_from(number).map_or(Value::Null, Value::Date),
            SqlType::Time(_) => Value::Time(number),
            SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2(_) => {
                Value::DateTime(number)
            }
            _ => Value::Int(number),
        }),
        ("REAL", ValueRef::Real(number)) => Some(float(number, sql_type)),
        ("REAL", ValueRef::Integer(number)) => Some(float(number as f64, sql_type)),
        ("TEXT", ValueRef::Text(text)) => {
            Some(Value::Text(String::from_utf8_lossy(text).into_owned()))
        }
        ("BLOB", ValueRef::Blob(bytes)) => match sql_type {
            SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image => {
                Some(Value::Binary(bytes.to_vec()))
            }
            SqlType::DateTimeOffset(_) => {
                decode_offset(bytes).map(|(utc, offset)| Value::DateTimeOffset { utc, offset })
            }
            SqlType::UniqueIdentifier => bytes.try_into().ok().map(Value::Guid),
            SqlType::Variant => {
                Variant::from_bytes(bytes).map(|variant| Value::Variant(Box::new(variant)))
            }
            _ => decode_decimal(bytes)
                .map(|unscaled| Value::Decimal(Decimal::new(unscaled, scale_of(sql_type)))),
        },
        _ => None,
    };
    value.ok_or_else(|| mismatch(sql_type))
}

/// The cell of a value.
pub fn encode(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bit(bit) => Cell::Integer(i64::from(bit)),
        Value::Int(number) => Cell::Integer(number),
        Value::Real(number) => Cell::Real(f64::from(number)),
        Value::Float(number) => Cell::Real(number),
        Value::Decimal(number) => Cell::Blob(encode_decimal(number.unscaled).to_vec()),
        Value::Text(text) => Cell::Text(text),
        Value::Binary(bytes) => Cell::Blob(bytes),
        Value::Date(days) => Cell::Integer(i64::from(days)),
        Value::Time(ticks) | Value::DateTime(ticks) => Cell::Integer(ticks),
        Value::DateTimeOffset { utc, offset } => Cell::Blob(encode_offset(utc, offset).to_vec()),
        Value::Guid(bytes) => Cell::Blob(bytes.to_vec()),
        Value::Variant(variant) => Cell::Blob(variant.to_bytes()),
    }
}

/// The cell of a value, as a function's result.
pub(crate) fn output(value: Value) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(encode(value))
}

/// A cell doesn't hold what its type says: a damaged file or a bug.
pub fn mismatch(sql_type: SqlType) -> SqlError {
    errors::internal(format_args!("a cell of type {sql_type} holds something else"))
}

fn float(number: f64, sql_type: SqlType) -> Value {
    match sql_type {
        SqlType::Real => Value::Real(number as f32),
        _ => Value::Float(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_sort_as_their_bytes() {
        let greatest = 10_i128.pow(38) - 1;
        let numbers = [-greatest, -100, -1, 0, 1, 255, 256, greatest];
        for pair in numbers.windows(2) {
            assert!(encode_decimal(pair[0]) < encode_decimal(pair[1]), "{pair:?}");
        }
        for number in numbers {
            assert_eq!(decode_decimal(&encode_decimal(number)), Some(number));
        }
    }

    #[test]
    fn moments_sort_as_their_bytes() {
        let moments = [(i64::MIN, -840), (-1, 840), (0, -1), (0, 0), (0, 1), (5, -840)];
        for pair in moments.windows(2) {
            let [left, right] = [pair[0], pair[1]].map(|(utc, offset)| encode_offset(utc, offset));
            assert!(left < right, "{pair:?}");
        }
        for (utc, offset) in moments {
            assert_eq!(decode_offset(&encode_offset(utc, offset)), Some((utc, offset)));
        }
    }
}
