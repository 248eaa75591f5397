//! Cells of record batches as SQLite's parameters.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, UInt8Type,
};
use arrow_array::{
    Array, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    Time64NanosecondArray, UInt8Array,
};
use launchpod_exchange::storage;
use launchpod_functions::cell;
use launchpod_functions::text;
use launchpod_types::calendar::{DAYS_FROM_YEAR_ONE, TICKS_PER_DAY};
use launchpod_types::{Column, Decimal, Length, SqlError, SqlType};
use rusqlite::Statement;
use rusqlite::types::Null;

use super::failure;
use crate::sqlite::errors;

/// Days from 1970-01-01 to 9999-12-31.
const LAST_DAY: i32 = 2_932_896;

/// The rows of a batch.
pub(crate) struct Parameters<'a> {
    columns: Vec<Cells<'a>>,
}

/// A column of a batch, with what its values must keep to: an array says less than its type.
enum Cells<'a> {
    Bit(&'a BooleanArray),
    TinyInt(&'a UInt8Array),
    SmallInt(&'a Int16Array),
    Int(&'a Int32Array),
    BigInt(&'a Int64Array),
    Real(&'a Float32Array),
    Float(&'a Float64Array),
    Decimal { values: &'a Decimal128Array, precision: u8 },
    Text { values: &'a StringArray, limit: usize, unicode: bool },
    Binary { values: &'a BinaryArray, limit: usize },
    Date(&'a Date32Array),
    Time(&'a Time64NanosecondArray),
    Moment(&'a Int64Array),
    Offset(&'a FixedSizeBinaryArray),
    Guid(&'a FixedSizeBinaryArray),
}

// === impl Parameters ===

impl<'a> Parameters<'a> {
    /// Reads a batch that is said to have these columns.
    ///
    /// # Errors
    /// 213 when it has another number of columns, 4816 when one holds something else.
    pub(crate) fn new(batch: &'a RecordBatch, columns: &[Column]) -> Result<Self, SqlError> {
        if batch.num_columns() != columns.len() {
            return Err(errors::column_count_mismatch());
        }
        let cells =
            columns.iter().zip(batch.columns()).enumerate().map(|(index, (column, array))| {
                if *array.data_type() != storage::data_type(column.sql_type) {
                    return Err(errors::bulk_type(index + 1));
                }
                Ok(Cells::new(array, column.sql_type))
            });
        Ok(Parameters { columns: cells.collect::<Result<_, _>>()? })
    }

    /// Gives a statement a row's values, the first column as its first parameter.
    ///
    /// # Errors
    /// 4815 when a value is longer than its column, 4816 when it is none of its type.
    pub(crate) fn bind(&self, row: usize, statement: &mut Statement<'_>) -> Result<(), SqlError> {
        for (number, cells) in (1..).zip(&self.columns) {
            cells.bind(number, row, statement)?;
        }
        Ok(())
    }
}

// === impl Cells ===

impl<'a> Cells<'a> {
    /// `array` is stored as `sql_type` is.
    fn new(array: &'a Arc<dyn Array>, sql_type: SqlType) -> Self {
        match sql_type {
            SqlType::Bit => Cells::Bit(array.as_boolean()),
            SqlType::TinyInt => Cells::TinyInt(array.as_primitive::<UInt8Type>()),
            SqlType::SmallInt => Cells::SmallInt(array.as_primitive::<Int16Type>()),
            SqlType::Int => Cells::Int(array.as_primitive::<Int32Type>()),
            SqlType::BigInt => Cells::BigInt(array.as_primitive::<Int64Type>()),
            SqlType::Real => Cells::Real(array.as_primitive::<Float32Type>()),
            SqlType::Float => Cells::Float(array.as_primitive::<Float64Type>()),
            SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
                let values = array.as_primitive::<Decimal128Type>();
                Cells::Decimal { values, precision: values.precision() }
            }
            SqlType::Char(_)
            | SqlType::VarChar(_)
            | SqlType::NChar(_)
            | SqlType::NVarChar(_)
            | SqlType::Text
            | SqlType::NText
            | SqlType::Xml
            | SqlType::Json => Cells::Text {
                values: array.as_string::<i32>(),
                limit: text::limit(sql_type).unwrap_or(usize::MAX),
                unicode: sql_type.is_unicode(),
            },
            SqlType::Binary(n) | SqlType::VarBinary(Length::Limited(n)) => {
                Cells::Binary { values: array.as_binary::<i32>(), limit: n.into() }
            }
            SqlType::VarBinary(Length::Max) | SqlType::Image | SqlType::Variant => {
                Cells::Binary { values: array.as_binary::<i32>(), limit: usize::MAX }
            }
            SqlType::Date => Cells::Date(array.as_primitive::<Date32Type>()),
            SqlType::Time(_) => Cells::Time(array.as_primitive::<Time64NanosecondType>()),
            SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2(_) => {
                Cells::Moment(array.as_primitive::<Int64Type>())
            }
            SqlType::DateTimeOffset(_) => Cells::Offset(array.as_fixed_size_binary()),
            SqlType::UniqueIdentifier => Cells::Guid(array.as_fixed_size_binary()),
        }
    }

    fn bind(
        &self,
        number: usize,
        row: usize,
        statement: &mut Statement<'_>,
    ) -> Result<(), SqlError> {
        let wrong = || errors::bulk_type(number);
        let bound = match self {
            cells if cells.array().is_null(row) => statement.raw_bind_parameter(number, Null),
            Cells::Bit(values) => statement.raw_bind_parameter(number, values.value(row)),
            Cells::TinyInt(values) => statement.raw_bind_parameter(number, values.value(row)),
            Cells::SmallInt(values) => statement.raw_bind_parameter(number, values.value(row)),
            Cells::Int(values) => statement.raw_bind_parameter(number, values.value(row)),
            Cells::BigInt(values) => statement.raw_bind_parameter(number, values.value(row)),
            Cells::Real(values) => {
                let value = f64::from(values.value(row));
                statement.raw_bind_parameter(number, finite(value).ok_or_else(wrong)?)
            }
            Cells::Float(values) => {
                let value = values.value(row);
                statement.raw_bind_parameter(number, finite(value).ok_or_else(wrong)?)
            }
            Cells::Decimal { values, precision } => {
                let unscaled = values.value(row);
                if !Decimal::new(unscaled, 0).fits(*precision) {
                    return Err(wrong());
                }
                statement.raw_bind_parameter(number, &cell::encode_decimal(unscaled)[..])
            }
            Cells::Text { values, limit, unicode } => {
                let value = values.value(row);
                if value.len() > *limit && text::units(value, *unicode) > *limit {
                    return Err(errors::bulk_length(number));
                }
                statement.raw_bind_parameter(number, value)
            }
            Cells::Binary { values, limit } => {
                let value = values.value(row);
                if value.len() > *limit {
                    return Err(errors::bulk_length(number));
                }
                statement.raw_bind_parameter(number, value)
            }
            Cells::Date(values) => {
                let days = values.value(row);
                if !(-DAYS_FROM_YEAR_ONE..=LAST_DAY).contains(&days) {
                    return Err(wrong());
                }
                statement.raw_bind_parameter(number, days)
            }
            Cells::Time(values) => {
                let ticks = values.value(row) / 100;
                if !(0..TICKS_PER_DAY).contains(&ticks) {
                    return Err(wrong());
                }
                statement.raw_bind_parameter(number, ticks)
            }
            Cells::Moment(values) => {
                let ticks = values.value(row);
                if !is_moment(ticks) {
                    return Err(wrong());
                }
                statement.raw_bind_parameter(number, ticks)
            }
            Cells::Offset(values) => {
                let (utc, offset) = offset(values.value(row)).ok_or_else(wrong)?;
                statement.raw_bind_parameter(number, &cell::encode_offset(utc, offset)[..])
            }
            Cells::Guid(values) => statement.raw_bind_parameter(number, values.value(row)),
        };
        bound.map_err(|error| failure::of_engine(&error))
    }

    fn array(&self) -> &dyn Array {
        match self {
            Cells::Bit(array) => array,
            Cells::TinyInt(array) => array,
            Cells::SmallInt(array) => array,
            Cells::Int(array) => array,
            Cells::BigInt(array) | Cells::Moment(array) => array,
            Cells::Real(array) => array,
            Cells::Float(array) => array,
            Cells::Decimal { values, .. } => values,
            Cells::Text { values, .. } => values,
            Cells::Binary { values, .. } => values,
            Cells::Date(array) => array,
            Cells::Time(array) => array,
            Cells::Offset(array) | Cells::Guid(array) => array,
        }
    }
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Whether a count of 100 ns since 1970 is in the years 1 to 9999.
fn is_moment(ticks: i64) -> bool {
    let days = ticks.div_euclid(TICKS_PER_DAY);
    (i64::from(-DAYS_FROM_YEAR_ONE)..=i64::from(LAST_DAY)).contains(&days)
}

/// The parts of a stored `datetimeoffset`: its offset is at most 14 hours.
fn offset(bytes: &[u8]) -> Option<(i64, i16)> {
    let (utc, offset) = bytes.split_at_checked(8)?;
    let utc = i64::from_le_bytes(utc.try_into().ok()?);
    let offset = i16::from_le_bytes(offset.try_into().ok()?);
    (is_moment(utc) && (-840..=840).contains(&offset)).then_some((utc, offset))
}
