//! To numbers.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    UInt8Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, PrimitiveArray};
use arrow_schema::DataType;
use launchpod_types::{Decimal, SqlType};

use super::error::{ValueError, name, shown};
use super::parse;
use super::source::{Source, erased, with_scale};

/// 2^63: the first float beyond `bigint`.
const BEYOND_BIGINT: f64 = 9_223_372_036_854_775_808.0;
/// 2^53: whole numbers up to here are exact in a float.
const EXACT: u128 = 1 << 53;
/// Powers of ten up to here are exact in a float.
const EXACT_POWER: usize = 22;

/// Converts to a type for which `is_numeric` holds.
pub(super) fn convert(
    array: &ArrayRef,
    source: Source,
    from: SqlType,
    to: SqlType,
) -> Result<ArrayRef, ValueError> {
    Ok(match (array.data_type(), to) {
        // The usual case costs nothing: the script returns what is declared.
        (DataType::Boolean, SqlType::Bit)
        | (DataType::UInt8, SqlType::TinyInt)
        | (DataType::Int16, SqlType::SmallInt)
        | (DataType::Int32, SqlType::Int)
        | (DataType::Int64, SqlType::BigInt) => Arc::clone(array),
        (_, SqlType::Bit) => erased(to_bit(source, from)?),
        (_, SqlType::TinyInt) => erased(to_integer::<UInt8Type>(source, from, to)?),
        (_, SqlType::SmallInt) => erased(to_integer::<Int16Type>(source, from, to)?),
        (_, SqlType::Int) => erased(to_integer::<Int32Type>(source, from, to)?),
        (_, SqlType::BigInt) => erased(to_integer::<Int64Type>(source, from, to)?),
        (_, SqlType::Real) => to_real(source, from)?,
        (_, SqlType::Decimal { precision, scale }) => {
            let fits = |unscaled: i128| Decimal::new(unscaled, scale).fits(precision);
            erased(to_decimal(source, from, to, (precision, scale), fits)?)
        }
        (_, SqlType::Money) => {
            let fits = |unscaled: i128| i64::try_from(unscaled).is_ok();
            erased(to_decimal(source, from, to, (19, 4), fits)?)
        }
        (_, SqlType::SmallMoney) => {
            let fits = |unscaled: i128| i32::try_from(unscaled).is_ok();
            erased(to_decimal(source, from, to, (10, 4), fits)?)
        }
        _ => erased(to_float(source, from)?),
    })
}

fn to_bit(source: Source, from: SqlType) -> Result<BooleanArray, ValueError> {
    Ok(match source {
        Source::Int(array) => BooleanArray::from_unary(&array, |value| value != 0),
        Source::Float(array) => BooleanArray::from_unary(&array, |value| value != 0.0),
        Source::Single(array) => BooleanArray::from_unary(&array, |value| value != 0.0),
        Source::Decimal(array) => BooleanArray::from_unary(&array, |value| value != 0),
        Source::Text(array) => array
            .iter()
            .map(|text| {
                text.map(|text| {
                    parse::bit(text).ok_or_else(|| unreadable_value(from, text, SqlType::Bit))
                })
                .transpose()
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(unreadable(from, SqlType::Bit)),
    })
}

fn to_integer<T>(
    source: Source,
    from: SqlType,
    to: SqlType,
) -> Result<PrimitiveArray<T>, ValueError>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    let narrow = |value: i64| T::Native::try_from(value).ok();
    let overflow = || ValueError::Overflow { from: name(from), to: name(to) };
    match source {
        Source::Int(array) => array.try_unary(|value| {
            narrow(value).ok_or_else(|| match to {
                SqlType::Int => ValueError::Overflow { from: "expression", to: "int" },
                _ => ValueError::IntegerOverflow { to: name(to), value },
            })
        }),
        Source::Float(array) => array.try_unary(|value| {
            whole(value).and_then(narrow).ok_or(ValueError::FloatOverflow { to: name(to), value })
        }),
        Source::Single(array) => array.try_unary(|value| {
            let value = f64::from(value);
            whole(value).and_then(narrow).ok_or(ValueError::FloatOverflow { to: name(to), value })
        }),
        Source::Decimal(array) => {
            let divisor = power_of_ten(array.scale());
            array.try_unary(|value| {
                i64::try_from(value / divisor).ok().and_then(narrow).ok_or_else(overflow)
            })
        }
        Source::Text(array) => array
            .iter()
            .map(|text| {
                text.map(|text| {
                    let value =
                        parse::integer(text).ok_or_else(|| unreadable_value(from, text, to))?;
                    i64::try_from(value)
                        .ok()
                        .and_then(narrow)
                        .ok_or_else(|| text_overflow(from, text, to))
                })
                .transpose()
            })
            .collect(),
        Source::Bytes(array) => array
            .iter()
            .map(|bytes| {
                let whole = |bytes| number_of(bytes, size_of::<T::Native>()).and_then(narrow);
                bytes.map(|bytes| whole(bytes).ok_or(ValueError::Truncated)).transpose()
            })
            .collect(),
        _ => Err(unreadable(from, to)),
    }
}

/// The number that big-endian bytes are, of a type of so many bytes; `None` for more bytes than
/// that, but for zeros in front. A tinyint alone has no sign.
fn number_of(bytes: &[u8], width: usize) -> Option<i64> {
    let (cut, kept) = bytes.split_at(bytes.len().saturating_sub(width));
    let mut filled = [0; 8];
    filled[8 - kept.len()..].copy_from_slice(kept);
    let number = i64::from_be_bytes(filled);
    let signed = match width {
        // The casts take the sign from the type's own highest bit.
        2 => i64::from(number as i16),
        4 => i64::from(number as i32),
        _ => number,
    };
    cut.iter().all(|byte| *byte == 0).then_some(signed)
}

/// A float without its fraction, as SQL Server converts; `None` outside of 64 bits.
fn whole(value: f64) -> Option<i64> {
    let whole = value.trunc();
    // In range, so the cast is exact.
    (-BEYOND_BIGINT..BEYOND_BIGINT).contains(&whole).then_some(whole as i64)
}

fn to_real(source: Source, from: SqlType) -> Result<ArrayRef, ValueError> {
    if let Source::Single(array) = source {
        return Ok(erased(array));
    }
    let singles: PrimitiveArray<Float32Type> = to_float(source, from)?.try_unary(|value| {
        let single = value as f32;
        let overflow = ValueError::FloatOverflow { to: "real", value };
        if single.is_finite() { Ok(single) } else { Err(overflow) }
    })?;
    Ok(erased(singles))
}

fn to_float(source: Source, from: SqlType) -> Result<Float64Array, ValueError> {
    Ok(match source {
        Source::Float(array) => array,
        Source::Single(array) => array.unary(f64::from),
        // SQL Server rounds integers beyond 2^53 to the nearest float, too.
        Source::Int(array) => array.unary(|value| value as f64),
        Source::Decimal(array) => {
            let scale = array.scale().unsigned_abs();
            array.unary(|value| decimal_to_float(value, scale))
        }
        Source::Text(array) => array
            .iter()
            .map(|text| {
                text.map(|text| parse::float(text).ok_or_else(|| unreadable(from, SqlType::Float)))
                    .transpose()
            })
            .collect::<Result<PrimitiveArray<Float64Type>, _>>()?,
        _ => return Err(unreadable(from, SqlType::Float)),
    })
}

/// The float nearest to a decimal number.
pub(super) fn decimal_to_float(unscaled: i128, scale: u8) -> f64 {
    if unscaled.unsigned_abs() <= EXACT && usize::from(scale) <= EXACT_POWER {
        // Both are exact, so the division rounds once.
        unscaled as f64 / 10_f64.powi(i32::from(scale))
    } else {
        Decimal::new(unscaled, scale).to_f64()
    }
}

fn to_decimal(
    source: Source,
    from: SqlType,
    to: SqlType,
    (precision, scale): (u8, u8),
    fits: impl Fn(i128) -> bool,
) -> Result<Decimal128Array, ValueError> {
    let overflow = || ValueError::Overflow { from: name(from), to: name(to) };
    let check = |unscaled: i128| if fits(unscaled) { Ok(unscaled) } else { Err(overflow()) };
    let factor = power_of_ten(i8::try_from(scale).unwrap_or(i8::MAX));
    let decimals: PrimitiveArray<Decimal128Type> = match source {
        Source::Int(array) => array.try_unary(|value| {
            i128::from(value).checked_mul(factor).ok_or_else(overflow).and_then(check)
        })?,
        Source::Float(array) => {
            array.try_unary(|value| check(float_to_decimal(value, scale).ok_or_else(overflow)?))?
        }
        Source::Single(array) => array.try_unary(|value| {
            check(float_to_decimal(f64::from(value), scale).ok_or_else(overflow)?)
        })?,
        Source::Decimal(array) => {
            let old_scale = array.scale().unsigned_abs();
            if old_scale == scale {
                array.try_unary(check)?
            } else {
                array.try_unary(|unscaled| {
                    let rescaled = Decimal::new(unscaled, old_scale).rescale(scale);
                    check(rescaled.ok_or_else(overflow)?.unscaled)
                })?
            }
        }
        Source::Text(array) => array
            .iter()
            .map(|text| {
                text.map(|text| {
                    let decimal = match to {
                        SqlType::Decimal { .. } => {
                            parse::decimal(text).ok_or_else(|| unreadable(from, to))
                        }
                        _ => parse::money(text).ok_or(ValueError::Money),
                    }?;
                    check(decimal.rescale(scale).ok_or_else(overflow)?.unscaled)
                })
                .transpose()
            })
            .collect::<Result<_, _>>()?,
        Source::Bytes(array) => {
            // Only money is made of bytes: their number is its own, of 1/10000.
            let width = if to == SqlType::Money { 8 } else { 4 };
            array
                .iter()
                .map(|bytes| {
                    let number = |bytes| number_of(bytes, width).map(i128::from);
                    bytes.map(|bytes| number(bytes).ok_or(ValueError::Truncated)).transpose()
                })
                .collect::<Result<_, _>>()?
        }
        _ => return Err(unreadable(from, to)),
    };
    with_scale(decimals, precision, scale)
}

/// Rounds half away from zero. A float that came from a decimal of up to 15 digits gives that
/// decimal again: the product's error is below half a unit.
fn float_to_decimal(value: f64, scale: u8) -> Option<i128> {
    let scaled = (value * 10_f64.powi(i32::from(scale))).round();
    // In range, so the cast is exact.
    (scaled.abs() < 1e38).then_some(scaled as i128)
}

/// Ten to the power of a scale, which is 0 to 38.
pub(super) fn power_of_ten(scale: i8) -> i128 {
    10_i128.checked_pow(u32::from(scale.unsigned_abs())).unwrap_or(i128::MAX)
}

fn text_overflow(from: SqlType, text: &str, to: SqlType) -> ValueError {
    let (from, value) = (name(from), shown(text));
    match to {
        SqlType::TinyInt => ValueError::SmallIntegerOverflow { from, value, to: "INT1" },
        SqlType::SmallInt => ValueError::SmallIntegerOverflow { from, value, to: "INT2" },
        SqlType::Int => ValueError::TextOverflow { from, value },
        _ => ValueError::Overflow { from, to: name(to) },
    }
}

fn unreadable(from: SqlType, to: SqlType) -> ValueError {
    ValueError::Unreadable { from: name(from), to: name(to) }
}

fn unreadable_value(from: SqlType, text: &str, to: SqlType) -> ValueError {
    ValueError::UnreadableValue { from: name(from), value: shown(text), to: name(to) }
}
