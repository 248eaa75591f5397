//! To text.

use std::fmt::{Display, LowerExp, Write};

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, StringArray};
use launchpod_types::{Decimal, Length, SqlType, calendar};

use super::error::{ValueError, name};
use super::source::{DAY, Source, erased};

/// Converts to a type for which `is_character` holds, or xml.
pub(super) fn convert(source: Source, from: SqlType, to: SqlType) -> Result<ArrayRef, ValueError> {
    let (texts, too_long) = match source {
        Source::Text(array) => (array, ValueError::Truncated),
        other => (written(other, from), ValueError::Overflow { from: name(from), to: name(to) }),
    };
    fit(texts, to, &too_long).map(erased)
}

/// Checks every text's length, and pads to a fixed one.
fn fit(texts: StringArray, to: SqlType, too_long: &ValueError) -> Result<StringArray, ValueError> {
    let (limit, padded) = match to {
        SqlType::Char(n) | SqlType::NChar(n) => (usize::from(n), true),
        SqlType::VarChar(Length::Limited(n)) | SqlType::NVarChar(Length::Limited(n)) => {
            (usize::from(n), false)
        }
        _ => return Ok(texts),
    };
    if !padded {
        return if texts.iter().flatten().all(|text| units(text, limit) <= limit) {
            Ok(texts)
        } else {
            Err(too_long.clone())
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
            return Err(too_long.clone());
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

fn written(source: Source, from: SqlType) -> StringArray {
    match source {
        Source::Int(array) => write_all(&array, array.iter()),
        Source::Float(array) => write_all(&array, array.iter().map(|v| v.map(Number))),
        Source::Single(array) => write_all(&array, array.iter().map(|v| v.map(Number))),
        Source::Decimal(array) => {
            let scale = array.scale().unsigned_abs();
            write_all(&array, array.iter().map(|v| v.map(|v| Decimal::new(v, scale))))
        }
        Source::Date(array) => write_all(&array, array.iter().map(|day| day.map(Day))),
        Source::Time(array) => write_all(&array, array.iter().map(|ticks| ticks.map(Clock))),
        Source::Stamp { ticks } => {
            let zone = if matches!(from, SqlType::DateTimeOffset(_)) { " +00:00" } else { "" };
            write_all(&ticks, ticks.iter().map(|ticks| ticks.map(|ticks| Stamp(ticks, zone))))
        }
        // Bytes have no text, and texts and NULLs don't come here.
        Source::Bytes(array) => StringArray::new_null(array.len()),
        Source::Text(array) => array,
        Source::Null => StringArray::new_null(0),
    }
}

fn write_all<T: Display>(
    array: &dyn Array,
    values: impl Iterator<Item = Option<T>>,
) -> StringArray {
    let mut out = StringBuilder::with_capacity(array.len(), array.len() * 8);
    for value in values {
        match value {
            Some(value) => {
                // Writing to a builder can't fail.
                let _ = write!(out, "{value}");
                out.append_value("");
            }
            None => out.append_null(),
        }
    }
    out.finish()
}

/// All digits that tell a float from its neighbours, with an exponent where plain notation would
/// need many zeros.
struct Number<T>(T);

/// `YYYY-MM-DD`
struct Day(i32);

/// `hh:mm:ss.ffffff`
struct Clock(i64);

/// Both, and a zone.
struct Stamp(i64, &'static str);

impl<T: Display + LowerExp + Copy + Into<f64>> Display for Number<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.into().abs();
        if size == 0.0 || (1e-5..1e15).contains(&size) {
            return write!(f, "{}", self.0);
        }
        let text = format!("{:e}", self.0);
        // Only a positive exponent lacks its sign.
        let signed = if text.contains("e-") { text } else { text.replace('e', "e+") };
        f.write_str(&signed)
    }
}

impl Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = calendar::civil_from_days(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0 / calendar::TICKS_PER_SECOND;
        let micros = self.0 % calendar::TICKS_PER_SECOND / 10;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hour:02}:{minute:02}:{second:02}.{micros:06}")
    }
}

impl Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Sources are within the years 1 to 9999, so the days fit.
        let day = Day(self.0.div_euclid(DAY) as i32);
        write!(f, "{day} {}{}", Clock(self.0.rem_euclid(DAY)), self.1)
    }
}
