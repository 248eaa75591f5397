//! To numbers.

use launchpod_types::calendar::{TICKS_PER_DAY, days_from_civil};
use launchpod_types::{Decimal, SqlError, SqlType, Value};

use super::refused;
use crate::decimal;
use crate::{cell, errors};

pub(super) fn to_bit(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
    let bit = match value {
        Value::Bit(bit) => *bit,
        Value::Int(number) => *number != 0,
        Value::Real(number) => *number != 0.0,
        Value::Float(number) => *number != 0.0,
        Value::Decimal(number) => number.unscaled != 0,
        Value::Binary(bytes) => bytes.last().is_some_and(|byte| *byte != 0),
        Value::Text(content) => {
            let word = content.trim();
            if word.is_empty() {
                false
            } else if word.eq_ignore_ascii_case("true") {
                true
            } else if word.eq_ignore_ascii_case("false") {
                false
            } else {
                parse_integer(word).ok_or_else(|| errors::conversion_failed(from, content, to))?
                    != 0
            }
        }
        Value::DateTime(_) => to_float(value, from, to)? != 0.0,
        _ => return Err(refused(from, to)),
    };
    Ok(Value::Bit(bit))
}

pub(super) fn to_integer(value: &Value, from: SqlType, to: SqlType) -> Result<i64, SqlError> {
    let number = match value {
        Value::Bit(bit) => i64::from(*bit),
        Value::Int(number) => {
            return in_range(*number, to).ok_or_else(|| integer_overflow(*number, to));
        }
        Value::Real(number) => return truncate(f64::from(*number), to),
        Value::Float(number) => return truncate(*number, to),
        Value::Decimal(number) => {
            // money rounds, decimal truncates.
            let whole = match from {
                SqlType::Money | SqlType::SmallMoney => decimal::round(*number, 0, false),
                _ => decimal::round(*number, 0, true),
            };
            let factor = 10_i128.pow(u32::from(number.scale.min(38)));
            whole
                .and_then(|whole| i64::try_from(whole.unscaled / factor).ok())
                .ok_or_else(|| errors::overflow_from(from, to))?
        }
        Value::Text(content) => {
            let number = match parse_integer(content.trim()) {
                Some(number) => number,
                None if to == SqlType::BigInt => return Err(errors::converting(from, to)),
                None => return Err(errors::conversion_failed(from, content.trim_end(), to)),
            };
            let small = i64::try_from(number).ok().and_then(|number| in_range(number, to));
            return small.ok_or_else(|| match to {
                SqlType::BigInt => errors::overflow_from(from, to),
                SqlType::Int => errors::text_overflow(content.trim(), to),
                _ => SqlError::new(
                    244,
                    format!(
                        "The conversion of the {} value '{}' overflowed an INT{} column. Use a \
                         larger integer column.",
                        from.name(),
                        content.trim(),
                        if to == SqlType::TinyInt { 1 } else { 2 },
                    ),
                ),
            });
        }
        Value::Binary(bytes) => {
            let width = match to {
                SqlType::TinyInt => 1,
                SqlType::SmallInt => 2,
                SqlType::Int => 4,
                _ => 8,
            };
            let tail = &bytes[bytes.len().saturating_sub(width)..];
            let raw = tail.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            match to {
                SqlType::TinyInt => i64::from(raw as u8),
                SqlType::SmallInt => i64::from(raw as u16 as i16),
                SqlType::Int => i64::from(raw as u32 as i32),
                _ => raw as i64,
            }
        }
        Value::DateTime(_) => {
            let number = to_float(value, from, to)?;
            number.round() as i64
        }
        _ => return Err(refused(from, to)),
    };
    in_range(number, to).ok_or_else(|| errors::overflow_from(from, to))
}

/// The number when the integer type holds it.
pub fn in_range(number: i64, to: SqlType) -> Option<i64> {
    let fits = match to {
        SqlType::TinyInt => u8::try_from(number).is_ok(),
        SqlType::SmallInt => i16::try_from(number).is_ok(),
        SqlType::Int => i32::try_from(number).is_ok(),
        _ => true,
    };
    fits.then_some(number)
}

fn integer_overflow(number: i64, to: SqlType) -> SqlError {
    match to {
        SqlType::TinyInt | SqlType::SmallInt => errors::small_overflow(to, number),
        _ => errors::overflow(to),
    }
}

fn truncate(number: f64, to: SqlType) -> Result<i64, SqlError> {
    let whole = number.trunc();
    // Both bounds are exact floats: -2^63 and 2^63.
    let small = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole);
    small.then_some(whole as i64).and_then(|whole| in_range(whole, to)).ok_or_else(|| match to {
        SqlType::BigInt => errors::overflow(to),
        _ => errors::float_overflow(to, number),
    })
}

fn parse_integer(text: &str) -> Option<i128> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (if text.starts_with('-') { -1 } else { 1 }, digits.trim_start()),
        None => (1, text),
    };
    if digits.is_empty() || digits.len() > 38 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i128>().ok().map(|number| sign * number)
}

pub(super) fn to_float(value: &Value, from: SqlType, to: SqlType) -> Result<f64, SqlError> {
    Ok(match value {
        Value::Bit(bit) => f64::from(u8::from(*bit)),
        Value::Int(number) => *number as f64,
        Value::Real(number) => f64::from(*number),
        Value::Float(number) => *number,
        Value::Decimal(number) => number.to_f64(),
        Value::Text(content) => {
            let word = content.trim();
            let plain = word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            let number = match word {
                "" => 0.0,
                _ if plain => word.parse().map_err(|_| errors::converting(from, to))?,
                _ => return Err(errors::converting(from, to)),
            };
            if f64::is_infinite(number) {
                return Err(errors::overflow_from(from, to));
            }
            number
        }
        Value::DateTime(ticks) => {
            let since = ticks - i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY;
            since as f64 / TICKS_PER_DAY as f64
        }
        _ => return Err(refused(from, to)),
    })
}

pub(super) fn to_decimal(value: &Value, from: SqlType, to: SqlType) -> Result<Decimal, SqlError> {
    let scale = cell::scale_of(to);
    let overflow = || errors::overflow_from(from, to);
    let number = match value {
        Value::Bit(bit) => Decimal::new(i128::from(*bit), 0),
        Value::Int(number) => Decimal::new(i128::from(*number), 0),
        Value::Real(number) => {
            // Through the shortest text, so that real 0.1 is 0.1 and not 0.100000001.
            let widened = number.to_string().parse().unwrap_or(f64::from(*number));
            decimal::from_f64(widened, scale).ok_or_else(overflow)?
        }
        Value::Float(number) => decimal::from_f64(*number, scale).ok_or_else(overflow)?,
        Value::Decimal(number) => *number,
        Value::Text(content) => parse_decimal(content, from, to)?,
        Value::DateTime(_) => {
            decimal::from_f64(to_float(value, from, to)?, scale).ok_or_else(overflow)?
        }
        Value::Binary(bytes) if matches!(to, SqlType::Decimal { .. }) => {
            decimal_of(bytes).ok_or_else(|| errors::converting(from, to))?
        }
        Value::Binary(bytes) if matches!(to, SqlType::Money | SqlType::SmallMoney) => {
            let tail = &bytes[bytes.len().saturating_sub(8)..];
            let raw = tail.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            Decimal::new(i128::from(raw as i64), 4)
        }
        _ => return Err(refused(from, to)),
    };
    decimal::fit(number, to).map_err(|_| overflow())
}

/// A decimal as CAST to bytes writes it: precision, scale, 0, sign, the magnitude from its least
/// byte on.
fn decimal_of(bytes: &[u8]) -> Option<Decimal> {
    let (&[precision, scale, _, sign], magnitude) = bytes.split_first_chunk()?;
    let valid = (1..=38).contains(&precision) && scale <= precision && magnitude.len() <= 16;
    if !valid {
        return None;
    }
    let unscaled = magnitude.iter().rev().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let unscaled = i128::try_from(unscaled).ok()?;
    let number = Decimal::new(if sign == 0 { -unscaled } else { unscaled }, scale);
    number.fits(precision).then_some(number)
}

fn parse_decimal(content: &str, from: SqlType, to: SqlType) -> Result<Decimal, SqlError> {
    let word = content.trim();
    let money = matches!(to, SqlType::Money | SqlType::SmallMoney);
    if money {
        let bare: String = word.chars().filter(|c| !matches!(c, ',' | '$' | '€' | '£')).collect();
        let bare = if bare.is_empty() { "0" } else { &bare };
        return bare.parse().map_err(|_| errors::money_from_text());
    }
    if word.is_empty() {
        return Err(errors::converting(from, to));
    }
    // More digits after the point than 38 in all: the last are rounded away.
    let shortened = match word.split_once('.') {
        Some((whole, fraction)) if fraction.len() > usize::from(cell::scale_of(to)) + 1 => {
            let keep = usize::from(cell::scale_of(to)) + 1;
            if !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return Err(errors::converting(from, to));
            }
            format!("{whole}.{}", &fraction[..keep])
        }
        _ => word.to_owned(),
    };
    shortened.parse().map_err(|_| {
        let digits = word.trim_start_matches(['-', '+']);
        if digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.bytes().filter(|b| *b == b'.').count() <= 1
            && digits.bytes().any(|b| b.is_ascii_digit())
        {
            errors::overflow_from(from, to)
        } else {
            errors::converting(from, to)
        }
    })
}
