//! To bytes and to `uniqueidentifier`.

use launchpod_types::calendar::{TICKS_PER_DAY, days_from_civil};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::{Fit, moment_bytes, refused};
use crate::errors;
use crate::text;

/// Upper-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

pub(super) fn to_bytes(
    value: &Value,
    from: SqlType,
    to: SqlType,
    style: i64,
) -> Result<Vec<u8>, SqlError> {
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
        value => moment_bytes::bytes(value, from).ok_or_else(|| refused(from, to))?,
    })
}

pub(super) fn fit_bytes(
    mut bytes: Vec<u8>,
    from: SqlType,
    to: SqlType,
    fit: Fit,
) -> Option<Vec<u8>> {
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

pub(super) fn to_guid(value: &Value, from: SqlType, to: SqlType) -> Result<Value, SqlError> {
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
