//! The forms to which a worker's many types are brought before they are converted.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int64Array, StringArray,
};
use arrow_schema::DataType;
use launchpod_types::{SqlType, calendar};

use super::error::{ValueError, name};
use super::parse::{DAY, FIRST_DAY, LAST_DAY, MAX_OFFSET, Moment};
use crate::storage::GUID_SIZE;

/// One column.
pub(super) enum Source {
    /// NULLs only.
    Null,
    /// All integers but u64, and bit as 0 and 1.
    Int(Int64Array),
    /// Finite or NULL; also from single precision, see [`Source::Single`].
    Float(Float64Array),
    /// Finite or NULL.
    Single(Float32Array),
    /// Exact numbers, u64 too; within their precision.
    Decimal(Decimal128Array),
    /// Text.
    Text(StringArray),
    /// Bytes.
    Bytes(BinaryArray),
    /// Days, within the years 1 to 9999.
    Date(Date32Array),
    /// 100 ns since midnight, less than a day.
    Time(Int64Array),
    /// 100 ns since 1970, within the years 1 to 9999.
    Stamp(Int64Array),
    /// Clock times with their offsets, within the years 1 to 9999 there and in UTC.
    Moment(Vec<Option<Moment>>),
    /// 16 bytes each.
    Guid(FixedSizeBinaryArray),
}

// === impl Source ===

impl Source {
    /// Brings a worker's array to its form, NaN and infinities to NULL.
    ///
    /// # Errors
    /// A value is outside its own type's range: years beyond 9999, decimals beyond their
    /// precision.
    pub(super) fn new(array: &ArrayRef, from: SqlType) -> Result<Self, ValueError> {
        let out_of_range = || ValueError::DateRange { from: name(from), to: name(from) };
        Ok(match array.data_type() {
            DataType::Boolean => Source::Int(Int64Array::from_unary(array.as_boolean(), i64::from)),
            DataType::Int8 => Source::Int(array.as_primitive::<Int8Type>().unary(i64::from)),
            DataType::Int16 => Source::Int(array.as_primitive::<Int16Type>().unary(i64::from)),
            DataType::Int32 => Source::Int(array.as_primitive::<Int32Type>().unary(i64::from)),
            DataType::Int64 => Source::Int(array.as_primitive::<Int64Type>().clone()),
            DataType::UInt8 => Source::Int(array.as_primitive::<UInt8Type>().unary(i64::from)),
            DataType::UInt16 => Source::Int(array.as_primitive::<UInt16Type>().unary(i64::from)),
            DataType::UInt32 => Source::Int(array.as_primitive::<UInt32Type>().unary(i64::from)),
            DataType::UInt64 => {
                let wide: Decimal128Array = array.as_primitive::<UInt64Type>().unary(i128::from);
                Source::Decimal(with_scale(wide, 20, 0)?)
            }
            DataType::Float32 => Source::Single(finite_single(array.as_primitive())),
            DataType::Float64 => Source::Float(finite(array.as_primitive())),
            DataType::Decimal128(precision, _) => {
                let decimals = array.as_primitive::<Decimal128Type>();
                // Arrow doesn't check digits against the precision when it decodes.
                decimals
                    .validate_decimal_precision(*precision)
                    .map_err(|_| ValueError::Overflow { from: name(from), to: name(from) })?;
                Source::Decimal(decimals.clone())
            }
            DataType::Utf8 => Source::Text(array.as_string::<i32>().clone()),
            DataType::Binary => Source::Bytes(array.as_binary::<i32>().clone()),
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>();
                let inside = |day: i32| (FIRST_DAY..=LAST_DAY).contains(&day);
                if !days.iter().flatten().all(inside) {
                    return Err(out_of_range());
                }
                Source::Date(days.clone())
            }
            DataType::Time64(_) => {
                let micros = array.as_primitive::<Time64MicrosecondType>();
                Source::Time(micros.try_unary(|micro| {
                    if (0..DAY / 10).contains(&micro) {
                        Ok(micro * 10)
                    } else {
                        Err(out_of_range())
                    }
                })?)
            }
            DataType::FixedSizeBinary(GUID_SIZE) => {
                Source::Guid(array.as_fixed_size_binary().clone())
            }
            DataType::FixedSizeBinary(_) => {
                let records = array.as_fixed_size_binary().iter();
                let read = |bytes| moment(bytes).ok_or_else(out_of_range);
                let moments = records.map(|bytes| bytes.map(read).transpose());
                Source::Moment(moments.collect::<Result<_, _>>()?)
            }
            DataType::Timestamp(_, zone) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>();
                let ticks = micros.try_unary(|micro| {
                    let ticks = micro.checked_mul(10).filter(|ticks| is_inside(*ticks));
                    ticks.ok_or_else(out_of_range)
                })?;
                if zone.is_none() {
                    return Ok(Source::Stamp(ticks));
                }
                let utc = |ticks| Moment { ticks, offset: 0 };
                Source::Moment(ticks.iter().map(|ticks| ticks.map(utc)).collect())
            }
            _ => Source::Null,
        })
    }
}

/// A moment as `storage` has it; `None` for one that no `datetimeoffset` holds.
fn moment(bytes: &[u8]) -> Option<Moment> {
    let (utc, offset) = bytes.split_at_checked(8)?;
    let utc = i64::from_le_bytes(utc.try_into().ok()?);
    let offset = i16::from_le_bytes(offset.try_into().ok()?);
    let ticks = utc.checked_add(i64::from(offset) * calendar::TICKS_PER_SECOND * 60)?;
    let valid = offset.unsigned_abs() <= MAX_OFFSET && is_inside(utc) && is_inside(ticks);
    valid.then_some(Moment { ticks, offset })
}

fn is_inside(ticks: i64) -> bool {
    (i64::from(FIRST_DAY)..=i64::from(LAST_DAY)).contains(&ticks.div_euclid(DAY))
}

/// Values that a type can hold, with its precision and scale set on the array.
pub(super) fn with_scale(
    array: Decimal128Array,
    precision: u8,
    scale: u8,
) -> Result<Decimal128Array, ValueError> {
    // Scales are at most 38, so the cast can't wrap; the types here are all valid ones.
    array
        .with_precision_and_scale(precision, scale as i8)
        .map_err(|_| ValueError::Overflow { from: "numeric", to: "numeric" })
}

/// Whether an array of floats holds NaN or an infinity.
pub(super) fn has_non_finite(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Float64 => {
            array.as_primitive::<Float64Type>().iter().flatten().any(|value| !value.is_finite())
        }
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().iter().flatten().any(|value| !value.is_finite())
        }
        _ => false,
    }
}

fn finite(array: &Float64Array) -> Float64Array {
    if array.values().iter().all(|value| value.is_finite()) {
        return array.clone();
    }
    array.unary_opt(|value| value.is_finite().then_some(value))
}

fn finite_single(array: &Float32Array) -> Float32Array {
    if array.values().iter().all(|value| value.is_finite()) {
        return array.clone();
    }
    array.unary_opt(|value| value.is_finite().then_some(value))
}

/// An array as the type-erased one that batches hold.
pub(super) fn erased(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}
