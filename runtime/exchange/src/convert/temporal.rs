//! To dates and times.

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::types::{Date32Type, Int64Type, Time64NanosecondType};
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray, StringArray};
use launchpod_types::{SqlType, calendar};

use super::error::{ValueError, name};
use super::number::power_of_ten;
use super::parse::{self, DAY, LAST_DAY, Moment, NO_DATE};
use super::source::{Source, erased};
use crate::storage::DATETIMEOFFSET_SIZE;

const SECOND: i64 = calendar::TICKS_PER_SECOND;
const MINUTE: i64 = 60 * SECOND;
/// The first moment after 9999-12-31.
const END_OF_TIME: i64 = (LAST_DAY as i64 + 1) * DAY;
/// 1900-01-01, from which numbers count days.
const EPOCH_1900: i64 = -(calendar::DAYS_FROM_1900 as i64) * DAY;
/// 1753-01-01, where `datetime` begins.
const FIRST_DATETIME: i64 = -79_257 * DAY;
/// 1900-01-01 and the minute after 2079-06-06 23:59, between which `smalldatetime` is.
const SMALLDATETIME: std::ops::Range<i64> = -25_567 * DAY..39_969 * DAY;

/// Converts to a type for which `is_temporal` holds.
pub(super) fn convert(source: Source, from: SqlType, to: SqlType) -> Result<ArrayRef, ValueError> {
    if let SqlType::DateTimeOffset(scale) = to {
        return to_offset(source, from, scale);
    }
    if let (Source::Date(days), SqlType::Date) = (&source, to) {
        return Ok(erased(days.clone()));
    }
    let overflow = || ValueError::Overflow { from: "expression", to: name(to) };
    let ticks = match source {
        Source::Int(_) | Source::Float(_) | Source::Single(_) | Source::Decimal(_) => {
            days_since_1900(source).ok_or_else(overflow)?
        }
        other => wall_clock(other, from)?,
    };
    let out_of_range = || match from.is_numeric() {
        true => overflow(),
        false => ValueError::DateRange { from: name(from), to: name(to) },
    };
    Ok(match to {
        SqlType::Date => {
            // Ticks are within the years 1 to 9999, so the days fit.
            let days: PrimitiveArray<Date32Type> =
                ticks.unary(|ticks| ticks.div_euclid(DAY) as i32);
            erased(days)
        }
        SqlType::Time(scale) => {
            let times: PrimitiveArray<Time64NanosecondType> = ticks
                .unary(|ticks| round(ticks.rem_euclid(DAY), digit(scale)).rem_euclid(DAY) * 100);
            erased(times)
        }
        _ => {
            let rounded: PrimitiveArray<Int64Type> = ticks.try_unary(|ticks| {
                let (rounded, range) = match to {
                    SqlType::DateTime => (round_datetime(ticks), FIRST_DATETIME..END_OF_TIME),
                    SqlType::SmallDateTime => (round(ticks, MINUTE), SMALLDATETIME),
                    SqlType::DateTime2(scale) => {
                        (round(ticks, digit(scale)), i64::MIN..END_OF_TIME)
                    }
                    _ => (ticks, i64::MIN..END_OF_TIME),
                };
                if range.contains(&rounded) { Ok(rounded) } else { Err(out_of_range()) }
            })?;
            erased(rounded)
        }
    })
}

/// Numbers as the moments of so many days after 1900-01-01; `None` when one is beyond 64 bits.
fn days_since_1900(numbers: Source) -> Option<Int64Array> {
    // More days than the years 1 to 9999 have.
    const MOST: f64 = 4e6;
    let of_float = |days: f64| {
        // In range, so the cast is exact.
        (days.abs() < MOST).then(|| EPOCH_1900 + (days * DAY as f64).round() as i64)
    };
    let of_int = |days: i64| days.checked_mul(DAY)?.checked_add(EPOCH_1900);
    match numbers {
        Source::Int(days) => all(days.iter(), of_int),
        Source::Float(days) => all(days.iter(), of_float),
        Source::Single(days) => all(days.iter(), |days| of_float(days.into())),
        Source::Decimal(days) => {
            let unit = power_of_ten(days.scale());
            all(days.iter(), |unscaled| {
                let day = of_int(i64::try_from(unscaled / unit).ok()?)?;
                // Less than a day, so the cast is exact.
                let time = (unscaled % unit) as f64 / unit as f64 * DAY as f64;
                day.checked_add(time.round() as i64)
            })
        }
        _ => None,
    }
}

/// Converts all values but NULL; `None` when one can't be.
fn all<T>(
    values: impl Iterator<Item = Option<T>>,
    convert: impl Fn(T) -> Option<i64>,
) -> Option<Int64Array> {
    values.map(|value| value.map_or(Some(None), |value| convert(value).map(Some))).collect()
}

/// The values as 100 ns since 1970 on the clock's own time.
fn wall_clock(source: Source, from: SqlType) -> Result<Int64Array, ValueError> {
    Ok(match source {
        // Days beneath a NULL were not checked, and may be any number.
        Source::Date(days) => days.unary_opt(|day| Some(i64::from(day) * DAY)),
        Source::Time(times) => times.unary(|ticks| i64::from(NO_DATE) * DAY + ticks),
        Source::Stamp(ticks) => ticks,
        // As SQL Server does, the clock's time without its offset.
        Source::Moment(moments) => {
            moments.into_iter().map(|moment| moment.map(|moment| moment.ticks)).collect()
        }
        Source::Text(texts) => moments(&texts)
            .map(|moment| Ok(moment?.map(|moment| moment.ticks)))
            .collect::<Result<_, ValueError>>()?,
        _ => return Err(ValueError::Unreadable { from: name(from), to: "datetime2" }),
    })
}

fn moments(texts: &StringArray) -> impl Iterator<Item = Result<Option<Moment>, ValueError>> {
    texts
        .iter()
        .map(|text| text.map(|text| parse::moment(text).ok_or(ValueError::Date)).transpose())
}

fn to_offset(source: Source, from: SqlType, scale: u8) -> Result<ArrayRef, ValueError> {
    let moments: Vec<Option<Moment>> = match source {
        Source::Text(texts) => moments(&texts).collect::<Result<_, _>>()?,
        Source::Moment(moments) => moments,
        other => wall_clock(other, from)?
            .iter()
            .map(|ticks| ticks.map(|ticks| Moment { ticks, offset: 0 }))
            .collect(),
    };
    let out_of_range = || ValueError::DateRange { from: name(from), to: "datetimeoffset" };
    let mut out = FixedSizeBinaryBuilder::with_capacity(moments.len(), DATETIMEOFFSET_SIZE);
    for moment in moments {
        let Some(Moment { ticks, offset }) = moment else {
            out.append_null();
            continue;
        };
        let local = round(ticks, digit(scale));
        if local >= END_OF_TIME {
            return Err(out_of_range());
        }
        let utc = local - i64::from(offset) * MINUTE;
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&utc.to_le_bytes());
        bytes[8..].copy_from_slice(&offset.to_le_bytes());
        out.append_value(bytes).map_err(|_| out_of_range())?;
    }
    Ok(erased(out.finish()))
}

/// 100 ns in the last of so many digits of a second; 0 to 7.
fn digit(scale: u8) -> i64 {
    10_i64.pow(7_u32.saturating_sub(u32::from(scale)))
}

/// To the nearest multiple, halves up.
fn round(ticks: i64, unit: i64) -> i64 {
    (ticks + unit / 2).div_euclid(unit) * unit
}

/// To the nearest of `datetime`'s 1/300 s, kept in 100 ns.
fn round_datetime(ticks: i64) -> i64 {
    let (day, time) = (ticks.div_euclid(DAY), ticks.rem_euclid(DAY));
    // 3 units are 100 000 ticks.
    let units = (time * 3 + 50_000) / 100_000;
    day * DAY + (units * 200_000 + 3) / 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetimes_are_multiples_of_a_three_hundredth() {
        assert_eq!(round_datetime(33_330), 33_333);
        assert_eq!(round_datetime(33_333), 33_333);
        assert_eq!(round_datetime(66_660), 66_667);
        assert_eq!(round_datetime(-1), 0);
        assert_eq!(round_datetime(DAY - 1), DAY);
        assert_eq!(round_datetime(100_000), 100_000);
    }

    #[test]
    fn constants_are_the_documented_dates() {
        assert_eq!(FIRST_DATETIME, i64::from(calendar::days_from_civil(1753, 1, 1)) * DAY);
        assert_eq!(SMALLDATETIME.end, i64::from(calendar::days_from_civil(2079, 6, 7)) * DAY);
        assert_eq!(LAST_DAY, calendar::days_from_civil(9999, 12, 31));
    }
}
