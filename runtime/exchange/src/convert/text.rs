//! To text.

use std::fmt::Write;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, StringArray};
use launchpod_types::{Decimal, Length, SqlType};

use super::error::{ValueError, name};
use super::parse::Moment;
use super::source::{Source, erased};
use crate::document;
use crate::written::{Clock, Day, Number, Stamp, Zoned, guids, write_all};

/// Digits of a second that come from a worker.
const DIGITS: u8 = 6;

/// Converts to a type for which `is_character` holds.
pub(super) fn convert(source: Source, from: SqlType, to: SqlType) -> Result<ArrayRef, ValueError> {
    let is_text = matches!(source, Source::Text(_));
    let texts = match source {
        Source::Text(array) => array,
        other => written(other),
    };
    let too_long = |text: &str| match (from, text.parse()) {
        _ if is_text => ValueError::Truncated,
        (SqlType::Float | SqlType::Real, Ok(value)) => {
            ValueError::FloatOverflow { to: name(to), value }
        }
        _ => ValueError::Overflow { from: name(from), to: name(to) },
    };
    match to {
        SqlType::Json => json(&texts).map(erased),
        _ => fit(texts, to, too_long).map(erased),
    }
}

/// The texts as documents.
fn json(texts: &StringArray) -> Result<StringArray, ValueError> {
    let mut out = StringBuilder::with_capacity(texts.len(), texts.values().len());
    for text in texts {
        out.append_option(text.map(document::json).transpose()?);
    }
    Ok(out.finish())
}

/// Checks every text's length, and pads to a fixed one.
fn fit(
    texts: StringArray,
    to: SqlType,
    too_long: impl Fn(&str) -> ValueError,
) -> Result<StringArray, ValueError> {
    let (limit, padded) = match to {
        SqlType::Char(n) | SqlType::NChar(n) => (usize::from(n), true),
        SqlType::VarChar(Length::Limited(n)) | SqlType::NVarChar(Length::Limited(n)) => {
            (usize::from(n), false)
        }
        _ => return Ok(texts),
    };
    if !padded {
        return match texts.iter().flatten().find(|text| units(text, limit) > limit) {
            None => Ok(texts),
            Some(text) => Err(too_long(text)),
        };
    }
    let mut out = StringBuilder::with_capacity(texts.len(), texts.len() * limit);
    for text in &texts {
        let Some(text) = text else {
            out.append_null();
            continue;
        };
        let length = text.encode_utf16().count();
        if length > limit {
            return Err(too_long(text));
        }
        // Writing to a builder can't fail.
        let _ = out.write_str(text);
        for _ in length..limit {
            let _ = out.write_char(' ');
        }
        out.append_value("");
    }
    Ok(out.finish())
}

/// The length in UTF-16 code units, or some number within the limit when it is surely within.
fn units(text: &str, limit: usize) -> usize {
    // No text has more code units than bytes.
    if text.len() <= limit { text.len() } else { text.encode_utf16().count() }
}

fn written(source: Source) -> StringArray {
    match source {
        Source::Int(array) => write_all(array.len(), array.iter()),
        Source::Float(array) => write_all(array.len(), array.iter().map(|v| v.map(Number))),
        Source::Single(array) => write_all(array.len(), array.iter().map(|v| v.map(Number))),
        Source::Decimal(array) => {
            let scale = array.scale().unsigned_abs();
            write_all(array.len(), array.iter().map(|v| v.map(|v| Decimal::new(v, scale))))
        }
        Source::Date(array) => write_all(array.len(), array.iter().map(|day| day.map(Day))),
        Source::Time(array) => write_all(
            array.len(),
            array.iter().map(|ticks| ticks.map(|ticks| Clock(ticks, DIGITS))),
        ),
        Source::Stamp(array) => write_all(
            array.len(),
            array.iter().map(|ticks| ticks.map(|ticks| Stamp(ticks, DIGITS))),
        ),
        Source::Moment(moments) => {
            let zoned = |moment: Moment| Zoned {
                clock: moment.ticks,
                offset: moment.offset,
                digits: DIGITS,
            };
            write_all(moments.len(), moments.into_iter().map(|moment| moment.map(zoned)))
        }
        Source::Guid(array) => guids(&array),
        // Bytes have no text, and texts and NULLs don't come here.
        Source::Bytes(array) => StringArray::new_null(array.len()),
        Source::Text(array) => array,
        Source::Null => StringArray::new_null(0),
    }
}
