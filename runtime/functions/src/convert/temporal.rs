//! To dates and times.

use launchpod_types::calendar::{TICKS_PER_DAY, days_from_civil};
use launchpod_types::{SqlError, SqlType, Value};

use super::{moment_bytes, refused, to_float};
use crate::errors;
use crate::moment::{self, Reading, Unread};

/// Days of the years 1 and 9999, the ends of `date`.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

pub(super) fn to_moment(
    value: &Value,
    from: SqlType,
    to: SqlType,
    style: i64,
) -> Result<Value, SqlError> {
    // What there is: local ticks since 1970, whether it has a date, its offset.
    let (local, has_date, offset) = match value {
        Value::Date(days) => (i64::from(*days) * TICKS_PER_DAY, true, 0),
        Value::Time(ticks) => (*ticks, false, 0),
        Value::DateTime(ticks) => (*ticks, true, 0),
        Value::DateTimeOffset { utc, offset } => {
            (utc + i64::from(*offset) * 600_000_000, true, *offset)
        }
        Value::Text(content) => return read_moment(content, Reading::of(to, style), from, to),
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
        Value::Binary(bytes) => {
            let value = moment_bytes::value(bytes, to).ok_or_else(errors::date_from_text)?;
            // As it is, in the type's own unit.
            return match value {
                Value::Time(_) | Value::DateTime(_) | Value::DateTimeOffset { .. } => {
                    to_moment(&value, to, to, 0)
                }
                value => Ok(value),
            };
        }
        _ => return Err(refused(from, to)),
    };
    finished(local, has_date, offset, from, to)
}

/// A text as a date or time.
pub(super) fn read_moment(
    content: &str,
    reading: Reading,
    from: SqlType,
    to: SqlType,
) -> Result<Value, SqlError> {
    let legacy = matches!(to, SqlType::DateTime | SqlType::SmallDateTime);
    let parsed = match moment::parse(content, reading) {
        Ok(parsed) => parsed,
        Err(Unread::OutOfRange) if legacy => return Err(errors::date_out_of_range(from, to)),
        Err(_) => return Err(errors::date_from_text()),
    };
    if parsed.offset.is_some() && legacy {
        return Err(errors::date_from_text());
    }
    let local = i64::from(parsed.date.unwrap_or(0)) * TICKS_PER_DAY + parsed.time.unwrap_or(0);
    finished(local, parsed.date.is_some(), parsed.offset.unwrap_or(0), from, to)
}

/// Local ticks since 1970, or since midnight when there is no date, in the unit and range of a
/// type.
fn finished(
    local: i64,
    has_date: bool,
    offset: i16,
    from: SqlType,
    to: SqlType,
) -> Result<Value, SqlError> {
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
