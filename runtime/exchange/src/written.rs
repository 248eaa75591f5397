//! Values as the text that SQL Server writes for them, exactly.

use std::fmt::{self, Display, Formatter, LowerExp, Write};

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, UInt8Type,
};
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, StringArray};
use launchpod_types::{Decimal, SqlType, Value, calendar};

use crate::value::value_at;

const DAY: i64 = calendar::TICKS_PER_DAY;
const MINUTE: i64 = 60 * calendar::TICKS_PER_SECOND;
/// Digits of a second that `datetime` shows.
const DATETIME_DIGITS: u8 = 3;

/// All digits that tell a float from its neighbours, with an exponent where plain notation would
/// need many zeros.
pub(crate) struct Number<T>(pub(crate) T);

/// `YYYY-MM-DD`
pub(crate) struct Day(pub(crate) i32);

/// `hh:mm:ss` of 100 ns since midnight, with so many digits of the second.
pub(crate) struct Clock(pub(crate) i64, pub(crate) u8);

/// Both, of 100 ns since 1970.
pub(crate) struct Stamp(pub(crate) i64, pub(crate) u8);

/// Both and the clock's offset in minutes; the ticks are the clock's own.
pub(crate) struct Zoned {
    pub(crate) clock: i64,
    pub(crate) offset: i16,
    pub(crate) digits: u8,
}

/// A storage array as text. Text stays as it is; bytes have no text and are NULL.
pub(crate) fn stored(array: &ArrayRef, sql_type: SqlType) -> StringArray {
    match sql_type {
        SqlType::Bit => {
            write_all(array.len(), array.as_boolean().iter().map(|bit| bit.map(u8::from)))
        }
        SqlType::TinyInt => write_all(array.len(), array.as_primitive::<UInt8Type>().iter()),
        SqlType::SmallInt => write_all(array.len(), array.as_primitive::<Int16Type>().iter()),
        SqlType::Int => write_all(array.len(), array.as_primitive::<Int32Type>().iter()),
        SqlType::BigInt => write_all(array.len(), array.as_primitive::<Int64Type>().iter()),
        SqlType::Real => {
            let floats = array.as_primitive::<Float32Type>().iter();
            write_all(array.len(), floats.map(|value| value.map(Number)))
        }
        SqlType::Float => {
            let floats = array.as_primitive::<Float64Type>().iter();
            write_all(array.len(), floats.map(|value| value.map(Number)))
        }
        SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
            let decimals = array.as_primitive::<Decimal128Type>();
            let scale = decimals.scale().unsigned_abs();
            let decimal = |value: i128| Decimal::new(value, scale);
            write_all(array.len(), decimals.iter().map(|value| value.map(decimal)))
        }
        SqlType::Date => {
            let days = array.as_primitive::<Date32Type>().iter();
            write_all(array.len(), days.map(|day| day.map(Day)))
        }
        SqlType::Time(digits) => {
            let times = array.as_primitive::<Time64NanosecondType>().iter();
            let clock = |nanos: i64| Clock(nanos / 100, digits);
            write_all(array.len(), times.map(|time| time.map(clock)))
        }
        SqlType::DateTime => stamps(array, DATETIME_DIGITS),
        SqlType::SmallDateTime => stamps(array, 0),
        SqlType::DateTime2(digits) => stamps(array, digits),
        SqlType::DateTimeOffset(digits) => {
            let zoned = |row| match value_at(array, row, sql_type) {
                Value::DateTimeOffset { utc, offset } => {
                    Some(Zoned { clock: utc + i64::from(offset) * MINUTE, offset, digits })
                }
                _ => None,
            };
            write_all(array.len(), (0..array.len()).map(zoned))
        }
        SqlType::UniqueIdentifier => guids(array.as_fixed_size_binary()),
        _ => array
            .as_string_opt::<i32>()
            .cloned()
            .unwrap_or_else(|| StringArray::new_null(array.len())),
    }
}

fn stamps(array: &ArrayRef, digits: u8) -> StringArray {
    let ticks = array.as_primitive::<Int64Type>().iter();
    write_all(array.len(), ticks.map(|ticks| ticks.map(|ticks| Stamp(ticks, digits))))
}

/// Uniqueidentifiers as text.
pub(crate) fn guids(guids: &FixedSizeBinaryArray) -> StringArray {
    write_all(guids.len(), guids.iter().map(|guid| guid.map(format_guid)))
}

/// The 36 characters of a uniqueidentifier, upper case. Other than 16 bytes are written likewise,
/// without the dashes that they lack.
pub(crate) fn format_guid(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// An array of values as they are written.
pub(crate) fn write_all<T: Display>(
    count: usize,
    values: impl Iterator<Item = Option<T>>,
) -> StringArray {
    let mut out = StringBuilder::with_capacity(count, count * 8);
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

// === Display ===

impl<T: Display + LowerExp + Copy + Into<f64>> Display for Number<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
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
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (year, month, day) = calendar::civil_from_days(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Display for Clock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / calendar::TICKS_PER_SECOND;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        if self.1 == 0 {
            return Ok(());
        }
        let fraction = format!("{:07}", self.0 % calendar::TICKS_PER_SECOND);
        write!(f, ".{:.*}", usize::from(self.1), fraction)
    }
}

impl Display for Stamp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Moments are within the years 1 to 9999, so the days fit.
        let day = Day(self.0.div_euclid(DAY) as i32);
        write!(f, "{day} {}", Clock(self.0.rem_euclid(DAY), self.1))
    }
}

impl Display for Zoned {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let offset = self.offset.unsigned_abs();
        let stamp = Stamp(self.clock, self.digits);
        write!(f, "{stamp} {sign}{:02}:{:02}", offset / 60, offset % 60)
    }
}
