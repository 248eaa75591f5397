//! Single values in and out of storage arrays.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder,
    Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64NanosecondBuilder, UInt8Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, UInt8Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType};
use launchpod_types::{Column, Decimal, SqlType, Value, Variant};

use crate::storage::{self, DATETIMEOFFSET_SIZE, GUID_SIZE};

/// A value is not of its SQL type's form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The value is of another kind than the type's values, or doesn't fit it.
    #[error("{value:?} is no value of {sql_type}")]
    Value {
        /// The value.
        value: Value,
        /// Its supposed type.
        sql_type: SqlType,
    },
    /// Text or bytes, of one value or of a column's values together, are longer than an array's
    /// offsets can say.
    #[error("values of {sql_type} have more than 2147483647 bytes")]
    TooLong {
        /// The values' type.
        sql_type: SqlType,
    },
    /// Arrow refuses what the forms allow.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The value in a row of a storage array.
///
/// # Panics
/// The array is no storage of the type, or `row` is outside of it: a fault of the caller.
pub fn value_at(array: &dyn Array, row: usize, sql_type: SqlType) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match sql_type {
        SqlType::Bit => Value::Bit(array.as_boolean().value(row)),
        SqlType::TinyInt => Value::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        SqlType::SmallInt => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        SqlType::Int => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        SqlType::BigInt => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        SqlType::Real => Value::Real(array.as_primitive::<Float32Type>().value(row)),
        SqlType::Float => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
            let decimals = array.as_primitive::<Decimal128Type>();
            Value::Decimal(Decimal::new(decimals.value(row), decimals.scale().unsigned_abs()))
        }
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Xml
        | SqlType::Json => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image => {
            Value::Binary(array.as_binary::<i32>().value(row).to_vec())
        }
        SqlType::Variant => Variant::from_bytes(array.as_binary::<i32>().value(row))
            .map_or(Value::Null, |variant| Value::Variant(Box::new(variant))),
        SqlType::Date => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        SqlType::Time(_) => {
            Value::Time(array.as_primitive::<Time64NanosecondType>().value(row) / 100)
        }
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2(_) => {
            Value::DateTime(array.as_primitive::<Int64Type>().value(row))
        }
        SqlType::DateTimeOffset(_) => offset(array.as_fixed_size_binary().value(row)),
        SqlType::UniqueIdentifier => {
            let bytes = array.as_fixed_size_binary().value(row);
            // GUID_SIZE bytes, by the array's type.
            bytes.try_into().map_or(Value::Null, Value::Guid)
        }
    }
}

fn offset(bytes: &[u8]) -> Value {
    // DATETIMEOFFSET_SIZE bytes, by the array's type.
    let (utc, offset) = bytes.split_at(8);
    match (utc.try_into(), offset.try_into()) {
        (Ok(utc), Ok(offset)) => Value::DateTimeOffset {
            utc: i64::from_le_bytes(utc),
            offset: i16::from_le_bytes(offset),
        },
        _ => Value::Null,
    }
}

/// Appends each value through a builder; NULL as NULL.
macro_rules! build {
    ($values:expr, $sql_type:expr, $builder:expr, $($kind:pat => $stored:expr),+) => {{
        let mut builder = $builder;
        for value in $values {
            match value {
                Value::Null => builder.append_null(),
                $($kind => match $stored {
                    Some(stored) => builder.append_value(stored),
                    None => return Err(wrong(value, $sql_type)),
                },)+
                _ => return Err(wrong(value, $sql_type)),
            }
        }
        Arc::new(builder.finish()) as ArrayRef
    }};
}

/// The storage array of values of a type.
///
/// # Errors
/// A value is of another kind than the type's values, or outside its range; or text and bytes are
/// longer than an array holds. Lengths that the type declares are not checked.
pub fn array_of<'a>(
    values: impl IntoIterator<Item = &'a Value>,
    sql_type: SqlType,
) -> Result<ArrayRef, FormError> {
    let mut room = Room(i32::MAX as usize);
    Ok(match storage::data_type(sql_type) {
        DataType::Boolean => {
            build!(values, sql_type, BooleanBuilder::new(), Value::Bit(bit) => Some(*bit))
        }
        DataType::UInt8 => build!(values, sql_type, UInt8Builder::new(),
            Value::Int(number) => u8::try_from(*number).ok()),
        DataType::Int16 => build!(values, sql_type, Int16Builder::new(),
            Value::Int(number) => i16::try_from(*number).ok()),
        DataType::Int32 => build!(values, sql_type, Int32Builder::new(),
            Value::Int(number) => i32::try_from(*number).ok()),
        DataType::Float32 => {
            build!(values, sql_type, Float32Builder::new(), Value::Real(number) => Some(*number))
        }
        DataType::Float64 => {
            build!(values, sql_type, Float64Builder::new(), Value::Float(number) => Some(*number))
        }
        data_type @ DataType::Decimal128(precision, scale) => {
            build!(values, sql_type, Decimal128Builder::new().with_data_type(data_type.clone()),
                Value::Decimal(number) => number
                    .rescale(scale.unsigned_abs())
                    .filter(|number| number.fits(precision))
                    .map(|number| number.unscaled))
        }
        DataType::Binary if sql_type == SqlType::Variant => {
            build!(values, sql_type, BinaryBuilder::new(),
                Value::Variant(variant) => Some(variant.to_bytes()))
        }
        DataType::Binary => build!(values, sql_type, BinaryBuilder::new(),
            Value::Binary(bytes) => Some(room.take(bytes, sql_type)?)),
        DataType::Date32 => {
            build!(values, sql_type, Date32Builder::new(), Value::Date(days) => Some(*days))
        }
        DataType::Time64(_) => build!(values, sql_type, Time64NanosecondBuilder::new(),
            Value::Time(ticks) => ticks.checked_mul(100)),
        DataType::Int64 => build!(values, sql_type, Int64Builder::new(),
            Value::Int(number) => (sql_type == SqlType::BigInt).then_some(*number),
            Value::DateTime(ticks) => (sql_type != SqlType::BigInt).then_some(*ticks)),
        DataType::FixedSizeBinary(size) => fixed(values, sql_type, size)?,
        _ => build!(values, sql_type, StringBuilder::new(),
            Value::Text(text) => Some(room.take(text, sql_type)?)),
    })
}

/// How many more bytes an array of text or bytes holds: its offsets are of 31 bits.
struct Room(usize);

impl Room {
    /// Takes a value's bytes off.
    fn take<'a, T: AsRef<[u8]> + ?Sized>(
        &mut self,
        value: &'a T,
        sql_type: SqlType,
    ) -> Result<&'a T, FormError> {
        let left = self.0.checked_sub(value.as_ref().len());
        self.0 = left.ok_or(FormError::TooLong { sql_type })?;
        Ok(value)
    }
}

/// The storage of rows of these columns.
///
/// # Errors
/// As [`array_of`]. A value that a row lacks is NULL, and is refused where NULL is.
pub fn record_batch(columns: &[Column], rows: &[Vec<Value>]) -> Result<RecordBatch, FormError> {
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            array_of(rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null)), column.sql_type)
        })
        .collect::<Result<Vec<ArrayRef>, FormError>>()?;
    let count = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(storage::schema(columns), arrays, &count)?)
}

fn fixed<'a>(
    values: impl IntoIterator<Item = &'a Value>,
    sql_type: SqlType,
    size: i32,
) -> Result<ArrayRef, FormError> {
    let mut builder = FixedSizeBinaryBuilder::new(size);
    for value in values {
        match (value, size) {
            (Value::Null, _) => builder.append_null(),
            (Value::Guid(guid), GUID_SIZE) => builder.append_value(guid)?,
            (Value::DateTimeOffset { utc, offset }, DATETIMEOFFSET_SIZE) => {
                let mut bytes = [0; 10];
                bytes[..8].copy_from_slice(&utc.to_le_bytes());
                bytes[8..].copy_from_slice(&offset.to_le_bytes());
                builder.append_value(bytes)?;
            }
            _ => return Err(wrong(value, sql_type)),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn wrong(value: &Value, sql_type: SqlType) -> FormError {
    FormError::Value { value: value.clone(), sql_type }
}

#[cfg(test)]
mod tests {
    use launchpod_types::Length;

    use super::*;

    #[test]
    fn every_kind_of_value_comes_out_as_it_went_in() {
        let money = Value::Decimal(Decimal::new(-12_345, 4));
        let offset = Value::DateTimeOffset { utc: -1, offset: -90 };
        let cases = [
            (SqlType::Bit, Value::Bit(true)),
            (SqlType::TinyInt, Value::Int(255)),
            (SqlType::SmallInt, Value::Int(-32_768)),
            (SqlType::Int, Value::Int(i32::MIN.into())),
            (SqlType::BigInt, Value::Int(i64::MAX)),
            (SqlType::Real, Value::Real(1.5)),
            (SqlType::Float, Value::Float(-0.1)),
            (SqlType::Decimal { precision: 9, scale: 4 }, money.clone()),
            (SqlType::Money, money.clone()),
            (SqlType::SmallMoney, money),
            (SqlType::NVarChar(Length::Limited(3)), Value::from("äπ𝄞")),
            (SqlType::VARBINARY_MAX, Value::Binary(vec![0, 255])),
            (SqlType::Date, Value::Date(-719_162)),
            (SqlType::Time(7), Value::Time(863_999_999_999)),
            (SqlType::DateTime2(7), Value::DateTime(2_534_023_007_999_999_999 / 10)),
            (SqlType::DateTimeOffset(7), offset),
            (SqlType::UniqueIdentifier, Value::Guid([7; 16])),
            (SqlType::Json, Value::from("{}")),
            (SqlType::Variant, Value::Int(7).into_variant(SqlType::TinyInt)),
        ];
        for (sql_type, value) in cases {
            let array = array_of(&[value.clone(), Value::Null], sql_type).unwrap();
            assert_eq!(*array.data_type(), storage::data_type(sql_type), "{sql_type}");
            assert_eq!(value_at(&array, 0, sql_type), value, "{sql_type}");
            assert_eq!(value_at(&array, 1, sql_type), Value::Null, "{sql_type}");
        }
    }

    #[test]
    fn other_kinds_are_refused() {
        assert!(array_of(&[Value::Int(256)], SqlType::TinyInt).is_err());
        assert!(array_of(&[Value::Int(1)], SqlType::DateTime).is_err());
        assert!(array_of(&[Value::from("x")], SqlType::Int).is_err());
    }

    #[test]
    fn more_than_an_array_holds_is_refused() {
        // Zeros, which the system makes up: unwritten, they take no memory.
        let bytes = vec![0; 1 << 31];
        let text = String::from_utf8(vec![0; 1 << 31]).unwrap();
        for (value, sql_type, name) in [
            (Value::Binary(bytes), SqlType::VARBINARY_MAX, "varbinary(max)"),
            (Value::Text(text), SqlType::NVARCHAR_MAX, "nvarchar(max)"),
        ] {
            let error = array_of([&value], sql_type).unwrap_err();
            let expected = format!("values of {name} have more than 2147483647 bytes");
            assert_eq!(error.to_string(), expected);
        }
        // Together, too.
        let mut room = Room(10);
        assert!(room.take("123456", SqlType::Text).is_ok());
        assert!(room.take("1234", SqlType::Text).is_ok());
        assert!(room.take("1", SqlType::Text).is_err());
    }

    #[test]
    fn rows_become_columns() {
        let columns =
            [Column::new("a", SqlType::Int), Column::new("b", SqlType::SYSNAME).not_null()];
        let rows = [vec![Value::Int(1), Value::from("x")], vec![Value::Null, Value::from("y")]];
        let batch = record_batch(&columns, &rows).unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, 2));
        assert!(record_batch(&columns, &[vec![Value::Null, Value::Null]]).is_err());
        assert_eq!(record_batch(&columns, &[]).unwrap().num_rows(), 0);
    }
}
