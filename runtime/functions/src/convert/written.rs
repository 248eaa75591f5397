//! To text.

use launchpod_types::calendar::TICKS_PER_DAY;
use launchpod_types::{Decimal, SqlError, SqlType, Value};

use super::hex;
use crate::errors;
use crate::{moment, text};

pub(super) fn to_text(
    value: &Value,
    from: SqlType,
    to: SqlType,
    style: i64,
) -> Result<String, SqlError> {
    let limit = text::limit(to);
    Ok(match value {
        Value::Null => String::new(),
        // Conversions are of the value within.
        Value::Variant(_) => return Err(errors::explicit_conversion(from, to)),
        Value::Text(content) => content.clone(),
        Value::Bit(bit) => u8::from(*bit).to_string(),
        Value::Int(number) => {
            let digits = number.to_string();
            return if limit.is_none_or(|limit| digits.len() <= limit) {
                Ok(digits)
            } else if matches!(from, SqlType::BigInt) || to.is_unicode() {
                Err(errors::overflow_from(from, to))
            } else {
                // "int, smallint, tinyint to char or varchar: returns an asterisk".
                Ok("*".to_owned())
            };
        }
        Value::Real(number) => fitting(f64::from(*number), 8, style, to)?,
        Value::Float(number) => fitting(*number, 16, style, to)?,
        Value::Decimal(number) => {
            let content = match from {
                SqlType::Money | SqlType::SmallMoney => money_text(*number, style),
                _ => number.to_string(),
            };
            if limit.is_some_and(|limit| content.len() > limit) {
                return Err(match from {
                    SqlType::Money | SqlType::SmallMoney => errors::insufficient_space(from),
                    _ => errors::overflow_from(from, to),
                });
            }
            content
        }
        Value::Binary(bytes) => match style {
            1 => format!("0x{}", hex(bytes)),
            2 => hex(bytes),
            _ if to.is_unicode() => {
                let units: Vec<u16> = bytes
                    .chunks(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
                    .collect();
                String::from_utf16_lossy(&units)
            }
            _ => bytes.iter().map(|byte| text::from_windows_1252(*byte)).collect(),
        },
        Value::Guid(bytes) => {
            let content = uuid::Uuid::from_bytes(*bytes).hyphenated().to_string().to_uppercase();
            if limit.is_some_and(|limit| limit < 36) {
                return Err(SqlError::new(
                    8170,
                    "Insufficient result space to convert uniqueidentifier value to char.",
                )
                .state(2));
            }
            content
        }
        Value::Date(days) => {
            let ticks = i64::from(*days) * TICKS_PER_DAY;
            let style = if style == 0 { 23 } else { style };
            styled(ticks, 0, from, to, style)?
        }
        Value::Time(ticks) => match (style, from) {
            (0 | 121 | 21 | 126 | 127 | 25, SqlType::Time(digits)) => {
                moment::time_text(&moment::parts(*ticks), digits)
            }
            _ => styled(*ticks, 0, from, to, style)?,
        },
        Value::DateTime(ticks) => {
            let default = matches!(from, SqlType::DateTime2(_)) && style == 0;
            styled(*ticks, 0, from, to, if default { 121 } else { style })?
        }
        Value::DateTimeOffset { utc, offset } => {
            // Style 127 says the moment in UTC.
            let offset = if style == 127 { &0 } else { offset };
            let local = utc + i64::from(*offset) * 600_000_000;
            styled(local, *offset, from, to, if style == 0 { 121 } else { style })?
        }
    })
}

fn styled(
    ticks: i64,
    offset: i16,
    from: SqlType,
    to: SqlType,
    style: i64,
) -> Result<String, SqlError> {
    moment::styled(ticks, offset, from, style).ok_or_else(|| errors::style(style, from, to))
}

/// The text of a float, which isn't cut: it would be another number's.
fn fitting(number: f64, wide: usize, style: i64, to: SqlType) -> Result<String, SqlError> {
    let content = float_text(number, style, 6, wide);
    if text::limit(to).is_none_or(|limit| content.len() <= limit) {
        return Ok(content);
    }
    Err(if to.is_unicode() {
        errors::overflow(to)
    } else {
        errors::float_overflow(to, number).state(2)
    })
}

/// Text of a float: style 0 has at most `digits` digits and an exponent when needed, 1 has 8,
/// 2 has 16 in scientific notation, 3 all 17 without loss.
fn float_text(number: f64, style: i64, digits: usize, wide: usize) -> String {
    let scientific = |digits: usize| {
        let text = format!("{number:.*e}", digits - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:03}", exponent.unsigned_abs())
    };
    match style {
        1 => scientific(8),
        2 => scientific(wide),
        3 => scientific(if wide == 16 { 17 } else { 9 }),
        _ => general(number, digits),
    }
}

/// C's `%.*g`, with a three-digit exponent as SQL Server writes it.
fn general(number: f64, digits: usize) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:03}", trim(mantissa), exponent.unsigned_abs());
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    trim(&format!("{number:.decimals$}"))
}

/// Style 0: two digits; 1: with thousands separators; 2 and 126: four digits.
fn money_text(number: Decimal, style: i64) -> String {
    let places = if matches!(style, 2 | 126) { 4 } else { 2 };
    let rounded = number.rescale(places).unwrap_or(number).to_string();
    if style != 1 {
        return rounded;
    }
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, "00"));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{fraction}")
}
