//! Conversions between types, as CAST, CONVERT, assignment and implicit conversion do them.
//!
//! Rules from "CAST and CONVERT (Transact-SQL)" and "Data type conversion (Database Engine)".

use launchpod_types::calendar::{TICKS_PER_DAY, days_from_civil};
use launchpod_types::{Decimal, Length, SqlError, SqlType, Value};

use super::{decimal, moment, text};
use crate::sqlite::{cell, errors};

/// Days of the years 1 and 9999, the ends of `date`.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// How text that doesn't fit is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// CAST and CONVERT: text and bytes are cut silently.
    Cut,
    /// Storing: cutting anything but blanks (or zeros) is reported as `None`.
    Refuse,
}

/// Whether a conversion exists at all, and whether it happens without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Implicitly and explicitly.
    Implicit,
    /// With CAST or CONVERT only.
    Explicit,
    /// Never.
    No,
}

/// The table of allowed conversions in the documentation of CAST and CONVERT.
pub(crate) fn allowed(from: SqlType, to: SqlType) -> Allowed {
    use Allowed::{Explicit, Implicit, No};
    let class = |t: SqlType| match t {
        SqlType::Real | SqlType::Float => 'f',
        SqlType::Text | SqlType::NText => 'l',
        SqlType::Image => 'i',
        SqlType::Xml => 'x',
        SqlType::UniqueIdentifier => 'g',
        SqlType::Date => 'd',
        SqlType::Time(_) => 't',
        SqlType::DateTime | SqlType::SmallDateTime => 's',
        SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) => 'm',
        _ if t.is_numeric() => 'n',
        _ if t.is_character() => 'c',
        _ => 'b',
    };
    match (class(from), class(to)) {
        (a, b) if a == b => Implicit,
        ('n' | 'f', 'n' | 'f') => Implicit,
        ('c', 'b') => Explicit,
        ('c', _) => Implicit,
        ('n' | 'f', 'c') => Implicit,
        ('n' | 'f', 'b' | 's') => Implicit,
        ('s', 'n' | 'f') => Explicit,
        ('s' | 'd' | 't' | 'm', 'c') => Implicit,
        ('d', 't') | ('t', 'd') => No,
        ('s' | 'd' | 't' | 'm', 's' | 'd' | 't' | 'm') => Implicit,
        ('s' | 'd' | 't' | 'm', 'b') => Explicit,
        ('b', 'c' | 'n' | 's' | 'i' | 'g') => Implicit,
        ('b', 'd' | 't' | 'm') => Explicit,
        ('b', 'x') => Explicit,
        ('g', 'c') => Implicit,
        ('g', 'b') => Implicit,
        ('l', 'c') => Implicit,
        ('i', 'b') => Implicit,
        ('x', 'c' | 'b') => Explicit,
        _ => No,
    }
}

/// Converts a value; NULL stays NULL. With [`Fit::Refuse`], `Ok(None)` says that text or bytes
/// would be cut.
///
/// # Errors
/// SQL Server's conversion and overflow errors: 220, 234, 235, 241, 242, 244/248, 245, 281,
/// 529, 8114, 8115, 8169.
pub(crate) fn convert(
    value: &Value,
    from: SqlType,
    to: SqlType,
    style: i64,
    fit: Fit,
) -> Result<Option<Value>, SqlError> {
    if value.is_null() {
        return Ok(Some(Value::Null));
    }
    if to.is_character() {
        let content = to_text(value, from, to, style)?;
        return Ok(text::fit(content, to, fit).map(Value::Text));
    }
    if to.is_binary() {
        let bytes = to_bytes(value, from, to, style)?;
        return Ok(fit_bytes(bytes, from, to, fit).map(Value::Binary));
    }
    let converted = match to {
        SqlType::Bit => to_bit(value, from, to)?,
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            Value::Int(to_integer(value, from, to)?)
        }
        SqlType::Real => {
            let number = to_float(value, from, to)?;
            let narrow = number as f32;
            if narrow.is_infinite() {
                return Err(errors::overflow_from(from, to));
            }
            Value::Real(narrow)
        }
        SqlType::Float => Value::Float(to_float(value, from, to)?),
        SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
            Value::Decimal(to_decimal(value, from, to)?)
        }
        SqlType::UniqueIdentifier => to_guid(value, from, to)?,
        _ => to_moment(value, from, to)?,
    };
    Ok(Some(converted))
}

/// [`convert`] as CAST does it.
pub(crate) fn cast(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
    convert(value, from, to, 0, Fit::Cut).map(|value| value.unwrap_or(Value::Null))
}

fn refused(from: SqlType, to: SqlType) -> SqlError {
    errors::explicit_conversion(from, to)
}

// --- numbers ---

fn to_bit(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
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

fn to_integer(value: &Value, from: SqlType, to: SqlType) -> Result<i64, SqlError> {
    let number = match value {
        Value::Bit(bit) => i64::from(*bit),
        Value::Int(number) => {
            return in_range(*number, to).ok_or_else(|| integer_overflow(*number, to));
        }
        Value::Real(number) => truncate(f64::from(*number), from, to)?,
        Value::Float(number) => truncate(*number, from, to)?,
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
pub(crate) fn in_range(number: i64, to: SqlType) -> Option<i64> {
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

fn truncate(number: f64, from: SqlType, to: SqlType) -> Result<i64, SqlError> {
    let whole = number.trunc();
    // Both bounds are exact floats: -2^63 and 2^63.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
        Ok(whole as i64)
    } else {
        Err(errors::overflow_from(from, to))
    }
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

fn to_float(value: &Value, from: SqlType, to: SqlType) -> Result<f64, SqlError> {
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

fn to_decimal(value: &Value, from: SqlType, to: SqlType) -> Result<Decimal, SqlError> {
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
        Value::Binary(bytes) if matches!(to, SqlType::Money | SqlType::SmallMoney) => {
            let tail = &bytes[bytes.len().saturating_sub(8)..];
            let raw = tail.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            Decimal::new(i128::from(raw as i64), 4)
        }
        _ => return Err(refused(from, to)),
    };
    decimal::fit(number, to).map_err(|_| overflow())
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

// --- text ---

fn to_text(value: &Value, from: SqlType, to: SqlType, style: i64) -> Result<String, SqlError> {
    let limit = text::limit(to);
    Ok(match value {
        Value::Null => String::new(),
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
        Value::Real(number) => float_text(f64::from(*number), style, 6, 8),
        Value::Float(number) => float_text(*number, style, 6, 16),
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

/// Style 0: two digits; 1: with thousands separators; 2: four digits.
fn money_text(number: Decimal, style: i64) -> String {
    let places = if style == 2 { 4 } else { 2 };
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

// --- bytes ---

/// Upper-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn to_bytes(value: &Value, from: SqlType, to: SqlType, style: i64) -> Result<Vec<u8>, SqlError> {
    Ok(match value {
        Value::Binary(bytes) => bytes.clone(),
        Value::Bit(bit) => vec![u8::from(*bit)],
        Value::Int(number) => {
            let width = match from {
                SqlType::TinyInt => 1,
                SqlType::SmallInt => 2,
                SqlType::Int => 4,
                _ => 8,
            };
            number.to_be_bytes()[8 - width..].to_vec()
        }
        Value::Real(number) => number.to_be_bytes().to_vec(),
        Value::Float(number) => number.to_be_bytes().to_vec(),
        Value::Decimal(number) => match from {
            SqlType::Money | SqlType::SmallMoney => {
                let width = if from == SqlType::Money { 8 } else { 4 };
                number.unscaled.to_be_bytes()[16 - width..].to_vec()
            }
            SqlType::Decimal { precision, scale } => {
                let mut bytes = vec![precision, scale, 0, u8::from(number.unscaled >= 0)];
                let width = match precision {
                    0..=9 => 4,
                    10..=19 => 8,
                    20..=28 => 12,
                    _ => 16,
                };
                bytes.extend_from_slice(&number.unscaled.unsigned_abs().to_le_bytes()[..width]);
                bytes
            }
            _ => return Err(refused(from, to)),
        },
        Value::Text(content) if style == 1 || style == 2 => {
            let digits = content.trim();
            let digits = if style == 1 { digits.strip_prefix("0x") } else { Some(digits) };
            digits.and_then(unhex).ok_or_else(|| errors::converting(from, to))?
        }
        Value::Text(content) if from.is_unicode() => {
            content.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }
        Value::Text(content) => content.chars().map(text::to_windows_1252).collect(),
        Value::Guid(bytes) => guid_wire(*bytes).to_vec(),
        Value::DateTime(ticks) if from == SqlType::DateTime => {
            let since = ticks - i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY;
            let days = since.div_euclid(TICKS_PER_DAY) as i32;
            let units = (since.rem_euclid(TICKS_PER_DAY) * 3 + 50_000) / 100_000;
            let mut bytes = days.to_be_bytes().to_vec();
            bytes.extend_from_slice(&(units as u32).to_be_bytes());
            bytes
        }
        _ => return Err(errors::unsupported(format_args!("Converting {from} to {to}"))),
    })
}

fn fit_bytes(mut bytes: Vec<u8>, from: SqlType, to: SqlType, fit: Fit) -> Option<Vec<u8>> {
    let (limit, pad) = match to {
        SqlType::Binary(n) => (usize::from(n), true),
        SqlType::VarBinary(Length::Limited(n)) => (usize::from(n), false),
        _ => return Some(bytes),
    };
    // Numbers are cut and padded on the left, text and bytes on the right.
    let numeric = from.is_numeric();
    if bytes.len() > limit {
        if numeric {
            bytes.drain(..bytes.len() - limit);
        } else {
            if fit == Fit::Refuse && bytes[limit..].iter().any(|byte| *byte != 0) {
                return None;
            }
            bytes.truncate(limit);
        }
    }
    if pad && bytes.len() < limit {
        let missing = limit - bytes.len();
        if numeric {
            bytes.splice(0..0, std::iter::repeat_n(0, missing));
        } else {
            bytes.resize(limit, 0);
        }
    }
    Some(bytes)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let text = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}

/// The order in which SQL Server keeps a GUID: the first three groups little-endian.
pub(crate) fn guid_wire(bytes: [u8; 16]) -> [u8; 16] {
    let b = bytes;
    [
        b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13],
        b[14], b[15],
    ]
}

fn to_guid(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
    match value {
        Value::Guid(bytes) => Ok(Value::Guid(*bytes)),
        Value::Text(content) => {
            let word = content.trim();
            let word = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')).unwrap_or(word);
            // Text after the 36 characters is ignored, as SQL Server does.
            word.get(..36)
                .filter(|head| head.as_bytes()[8] == b'-')
                .and_then(|head| uuid::Uuid::try_parse(head).ok())
                .map(|guid| Value::Guid(guid.into_bytes()))
                .ok_or_else(errors::guid_from_text)
        }
        Value::Binary(bytes) => {
            let mut padded = [0; 16];
            for (to, from) in padded.iter_mut().zip(bytes) {
                *to = *from;
            }
            // The exchange of the groups is its own inverse.
            Ok(Value::Guid(guid_wire(padded)))
        }
        _ => Err(refused(from, to)),
    }
}

// --- dates and times ---

fn to_moment(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
    // What there is: local ticks since 1970, whether it has a date, its offset.
    let (local, has_date, offset) = match value {
        Value::Date(days) => (i64::from(*days) * TICKS_PER_DAY, true, 0),
        Value::Time(ticks) => (*ticks, false, 0),
        Value::DateTime(ticks) => (*ticks, true, 0),
        Value::DateTimeOffset { utc, offset } => {
            (utc + i64::from(*offset) * 600_000_000, true, *offset)
        }
        Value::Text(content) => {
            let parsed = moment::parse(content).ok_or_else(errors::date_from_text)?;
            let offset = parsed.offset.unwrap_or(0);
            if parsed.offset.is_some() && matches!(to, SqlType::DateTime | SqlType::SmallDateTime) {
                return Err(errors::date_from_text());
            }
            let time = parsed.time.unwrap_or(0);
            match parsed.date {
                Some(days) => (i64::from(days) * TICKS_PER_DAY + time, true, offset),
                None => (time, false, offset),
            }
        }
        Value::Bit(_) | Value::Int(_) | Value::Real(_) | Value::Float(_) | Value::Decimal(_)
            if matches!(to, SqlType::DateTime | SqlType::SmallDateTime) =>
        {
            let days = to_float(value, from, to)?;
            if !(-53_690.0..2_958_464.0).contains(&days) {
                return Err(errors::overflow(to));
            }
            let ticks = (days * TICKS_PER_DAY as f64).round() as i64;
            (ticks + i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY, true, 0)
        }
        Value::Binary(bytes) if to == SqlType::DateTime && bytes.len() <= 8 => {
            let raw = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            let days = i64::from((raw >> 32) as u32 as i32);
            let units = i64::from(raw as u32) * 100_000 / 3;
            let days = days + i64::from(days_from_civil(1900, 1, 1));
            if !(FIRST_DAY..=LAST_DAY).contains(&days) {
                return Err(errors::overflow(to));
            }
            (days * TICKS_PER_DAY + units, true, 0)
        }
        _ => return Err(refused(from, to)),
    };
    if let SqlType::Time(digits) = to {
        let of_day = local.rem_euclid(TICKS_PER_DAY);
        // Rounding up past midnight wraps, as SQL Server's time does.
        return Ok(Value::Time(moment::round_to(of_day, digits) % TICKS_PER_DAY));
    }
    let based = |ticks: i64| {
        if has_date {
            ticks
        } else {
            ticks + i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY
        }
    };
    let local = based(local);
    let out_of_range = || errors::date_out_of_range(from, to);
    let checked = |ticks: i64, first: i64, last: i64| {
        let days = ticks.div_euclid(TICKS_PER_DAY);
        if (first..=last).contains(&days) { Ok(ticks) } else { Err(out_of_range()) }
    };
    match to {
        SqlType::Date => {
            let ticks = checked(local, FIRST_DAY, LAST_DAY)?;
            Ok(Value::Date(ticks.div_euclid(TICKS_PER_DAY) as i32))
        }
        SqlType::DateTime => {
            let first = i64::from(days_from_civil(1753, 1, 1));
            checked(moment::round_to_datetime(local), first, LAST_DAY).map(Value::DateTime)
        }
        SqlType::SmallDateTime => {
            let (first, last) = (days_from_civil(1900, 1, 1), days_from_civil(2079, 6, 6));
            let minute = 600_000_000;
            // 29.998 s and less round down, 29.999 s and more up.
            let rounded = (local + minute / 2 + 10_000).div_euclid(minute) * minute;
            checked(rounded, i64::from(first), i64::from(last)).map(Value::DateTime)
        }
        SqlType::DateTime2(digits) => {
            checked(moment::round_to(local, digits), FIRST_DAY, LAST_DAY).map(Value::DateTime)
        }
        SqlType::DateTimeOffset(digits) => {
            let rounded = moment::round_to(local, digits);
            let local = checked(rounded, FIRST_DAY, LAST_DAY)?;
            Ok(Value::DateTimeOffset { utc: local - i64::from(offset) * 600_000_000, offset })
        }
        _ => Err(refused(from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARCHAR: SqlType = SqlType::VarChar(Length::Limited(30));

    fn text(value: Value, from: SqlType, style: i64) -> String {
        match convert(&value, from, VARCHAR, style, Fit::Cut).unwrap() {
            Some(Value::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_as_text() {
        assert_eq!(text(Value::Float(0.1), SqlType::Float, 0), "0.1");
        assert_eq!(text(Value::Float(1_234_567.0), SqlType::Float, 0), "1.23457e+006");
        assert_eq!(text(Value::Float(123_456.0), SqlType::Float, 0), "123456");
        assert_eq!(text(Value::Float(1.5), SqlType::Float, 2), "1.500000000000000e+000");
        let money = Value::Decimal(Decimal::new(12_345_678_950, 4));
        assert_eq!(text(money.clone(), SqlType::Money, 0), "1234567.90");
        assert_eq!(text(money, SqlType::Money, 1), "1,234,567.90");
        let star = convert(&Value::Int(123), SqlType::Int, SqlType::Char(2), 0, Fit::Cut);
        assert_eq!(star, Ok(Some(Value::Text("* ".into()))));
    }

    #[test]
    fn text_as_numbers() {
        let int = |text: &str| cast(&text.into(), VARCHAR, SqlType::Int);
        assert_eq!(int(" -12 "), Ok(Value::Int(-12)));
        assert_eq!(int(""), Ok(Value::Int(0)));
        assert_eq!(int("1.5").unwrap_err().number(), 245);
        assert_eq!(int("3000000000").unwrap_err().number(), 248);
        let decimal = SqlType::Decimal { precision: 4, scale: 1 };
        assert_eq!(cast(&"1.25".into(), VARCHAR, decimal), Ok(Value::Decimal(Decimal::new(13, 1))));
        assert_eq!(cast(&"12345".into(), VARCHAR, decimal).unwrap_err().number(), 8115);
        assert_eq!(cast(&"x".into(), VARCHAR, decimal).unwrap_err().number(), 8114);
    }

    #[test]
    fn guids_go_through_bytes_unchanged() {
        let guid = Value::Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        let bytes = cast(&guid, SqlType::UniqueIdentifier, SqlType::Binary(16)).unwrap();
        assert_eq!(cast(&bytes, SqlType::Binary(16), SqlType::UniqueIdentifier), Ok(guid));
    }
}
