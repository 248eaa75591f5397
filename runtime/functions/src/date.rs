//! Date and time functions ("Date and Time Data Types and Functions (Transact-SQL)").
//!
//! DATEADD and its kin take a date part as a word: the binder reads it with
//! [`DatePart::from_name`] and makes the function for that part.

use launchpod_types::calendar::{
    TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days, days_from_civil, days_in_month,
};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::culture::DAYS;
use super::{Actual, Builtin, Signature, convert, language, moment};
use crate::errors;

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
const TICKS_PER_HOUR: i64 = 3600 * TICKS_PER_SECOND;

/// The functions without a date part.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "YEAR", arity: (1, 1), signature: |a| part(DatePart::Year, a) },
    Builtin { name: "MONTH", arity: (1, 1), signature: |a| part(DatePart::Month, a) },
    Builtin { name: "DAY", arity: (1, 1), signature: |a| part(DatePart::Day, a) },
    Builtin { name: "EOMONTH", arity: (1, 2), signature: end_of_month },
    Builtin { name: "DATEFROMPARTS", arity: (3, 3), signature: date_from_parts },
    Builtin { name: "DATETIMEFROMPARTS", arity: (7, 7), signature: datetime_from_parts },
    Builtin { name: "DATETIME2FROMPARTS", arity: (8, 8), signature: datetime2_from_parts },
    Builtin { name: "DATETIMEOFFSETFROMPARTS", arity: (10, 10), signature: offset_from_parts },
    Builtin { name: "SMALLDATETIMEFROMPARTS", arity: (5, 5), signature: small_from_parts },
    Builtin { name: "TIMEFROMPARTS", arity: (5, 5), signature: time_from_parts },
    Builtin { name: "SWITCHOFFSET", arity: (2, 2), signature: switch_offset },
    Builtin { name: "TODATETIMEOFFSET", arity: (2, 2), signature: to_offset },
    Builtin { name: "ISDATE", arity: (1, 1), signature: is_date },
];

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    /// `year`
    Year,
    /// `quarter`
    Quarter,
    /// `month`
    Month,
    /// `dayofyear`
    DayOfYear,
    /// `day`
    Day,
    /// `week`
    Week,
    /// `iso_week`
    IsoWeek,
    /// `weekday`
    Weekday,
    /// `hour`
    Hour,
    /// `minute`
    Minute,
    /// `second`
    Second,
    /// `millisecond`
    Millisecond,
    /// `microsecond`
    Microsecond,
    /// `nanosecond`
    Nanosecond,
    /// `tzoffset`
    Offset,
}

// === impl DatePart ===

impl DatePart {
    /// The part of a name or abbreviation.
    pub fn from_name(name: &str) -> Option<DatePart> {
        Some(match name.to_ascii_lowercase().as_str() {
            "year" | "yy" | "yyyy" => DatePart::Year,
            "quarter" | "qq" | "q" => DatePart::Quarter,
            "month" | "mm" | "m" => DatePart::Month,
            "dayofyear" | "dy" | "y" => DatePart::DayOfYear,
            "day" | "dd" | "d" => DatePart::Day,
            "week" | "wk" | "ww" => DatePart::Week,
            "iso_week" | "isowk" | "isoww" => DatePart::IsoWeek,
            "weekday" | "dw" | "w" => DatePart::Weekday,
            "hour" | "hh" => DatePart::Hour,
            "minute" | "mi" | "n" => DatePart::Minute,
            "second" | "ss" | "s" => DatePart::Second,
            "millisecond" | "ms" => DatePart::Millisecond,
            "microsecond" | "mcs" => DatePart::Microsecond,
            "nanosecond" | "ns" => DatePart::Nanosecond,
            "tzoffset" | "tz" => DatePart::Offset,
            _ => return None,
        })
    }

    /// The full name, as messages have it.
    pub fn name(self) -> &'static str {
        match self {
            DatePart::Year => "year",
            DatePart::Quarter => "quarter",
            DatePart::Month => "month",
            DatePart::DayOfYear => "dayofyear",
            DatePart::Day => "day",
            DatePart::Week => "week",
            DatePart::IsoWeek => "iso_week",
            DatePart::Weekday => "weekday",
            DatePart::Hour => "hour",
            DatePart::Minute => "minute",
            DatePart::Second => "second",
            DatePart::Millisecond => "millisecond",
            DatePart::Microsecond => "microsecond",
            DatePart::Nanosecond => "nanosecond",
            DatePart::Offset => "tzoffset",
        }
    }

    /// 100 ns in one of a part of fixed length, except the nanosecond.
    fn ticks(self) -> Option<i64> {
        Some(match self {
            DatePart::Day | DatePart::DayOfYear | DatePart::Weekday => TICKS_PER_DAY,
            DatePart::Week => 7 * TICKS_PER_DAY,
            DatePart::Hour => TICKS_PER_HOUR,
            DatePart::Minute => TICKS_PER_MINUTE,
            DatePart::Second => TICKS_PER_SECOND,
            DatePart::Millisecond => 10_000,
            DatePart::Microsecond => 10,
            _ => return None,
        })
    }

    fn months(self) -> Option<i64> {
        match self {
            DatePart::Year => Some(12),
            DatePart::Quarter => Some(3),
            DatePart::Month => Some(1),
            _ => None,
        }
    }
}

/// The type in which a date function takes an argument: text is datetime2, numbers datetime.
fn temporal(t: SqlType, argument: usize, function: &str) -> Result<SqlType, SqlError> {
    match t {
        t if t.is_temporal() => Ok(t),
        t if t.is_character() => Ok(SqlType::DateTime2(7)),
        t if t.is_numeric() => Ok(SqlType::DateTime),
        t => Err(errors::argument_type(t, argument, function)),
    }
}

/// The type in which a part of a date is looked for: text has an offset of its own.
fn parted(part: DatePart, t: SqlType, function: &str) -> Result<SqlType, SqlError> {
    if part == DatePart::Offset && t.is_character() {
        return Ok(SqlType::DateTimeOffset(7));
    }
    let t = temporal(t, 1, function)?;
    check_part(part, t, function)?;
    Ok(t)
}

/// Local ticks since 1970 of a value (a time counts from 1900-01-01), and its offset.
fn local(value: &Value) -> (i64, i16) {
    match value {
        Value::Date(days) => (i64::from(*days) * TICKS_PER_DAY, 0),
        Value::Time(ticks) => (ticks + i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY, 0),
        Value::DateTime(ticks) => (*ticks, 0),
        Value::DateTimeOffset { utc, offset } => {
            (utc + i64::from(*offset) * TICKS_PER_MINUTE, *offset)
        }
        _ => (0, 0),
    }
}

/// DATEPART and its shorthands.
pub fn part(part: DatePart, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = parted(part, a[0].sql_type, "datepart")?;
    Ok(Signature::strict(vec![t], SqlType::Int, move |v| {
        let (ticks, offset) = local(&v[0]);
        Ok(Value::Int(extract(part, ticks, offset)))
    }))
}

/// DATENAME
pub fn name(part: DatePart, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = parted(part, a[0].sql_type, "datename")?;
    Ok(Signature::strict(vec![t], SqlType::NVarChar(Length::Limited(30)), move |v| {
        let (ticks, offset) = local(&v[0]);
        let number = extract(part, ticks, offset);
        Ok(Value::Text(match part {
            DatePart::Month => moment::MONTHS[(number - 1).clamp(0, 11) as usize].to_owned(),
            DatePart::Weekday => {
                DAYS[(ticks.div_euclid(TICKS_PER_DAY) + 4).rem_euclid(7) as usize].to_owned()
            }
            DatePart::Offset => moment::offset_text(offset),
            _ => number.to_string(),
        }))
    }))
}

fn check_part(part: DatePart, t: SqlType, function: &str) -> Result<(), SqlError> {
    let of_day = matches!(
        part,
        DatePart::Hour
            | DatePart::Minute
            | DatePart::Second
            | DatePart::Millisecond
            | DatePart::Microsecond
            | DatePart::Nanosecond
    );
    let refused = match t {
        SqlType::Date => of_day || part == DatePart::Offset,
        SqlType::Time(_) => !of_day,
        _ => false,
    };
    if refused { Err(errors::datepart_unsupported(part.name(), function, t)) } else { Ok(()) }
}

fn extract(part: DatePart, ticks: i64, offset: i16) -> i64 {
    let p = moment::parts(ticks);
    let days = ticks.div_euclid(TICKS_PER_DAY);
    let first = i64::from(days_from_civil(p.year, 1, 1));
    let weekday = |days: i64| language::current().weekday(days);
    match part {
        DatePart::Year => i64::from(p.year),
        DatePart::Quarter => i64::from((p.month - 1) / 3 + 1),
        DatePart::Month => i64::from(p.month),
        DatePart::DayOfYear => days - first + 1,
        DatePart::Day => i64::from(p.day),
        DatePart::Week => (days - first + weekday(first)) / 7 + 1,
        DatePart::IsoWeek => {
            // The week of the Thursday nearest to the day.
            let thursday = monday(days) + 3;
            let (year, ..) = civil_from_days(thursday as i32);
            (thursday - i64::from(days_from_civil(year, 1, 1))) / 7 + 1
        }
        DatePart::Weekday => weekday(days) + 1,
        DatePart::Hour => p.hour,
        DatePart::Minute => p.minute,
        DatePart::Second => p.second,
        DatePart::Millisecond => (p.fraction + 3) / 10_000,
        DatePart::Microsecond => p.fraction / 10,
        DatePart::Nanosecond => p.fraction * 100,
        DatePart::Offset => i64::from(offset),
    }
}

/// The Monday on or before a day.
fn monday(days: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    days - (days + 3).rem_euclid(7)
}

/// So many months later, the day being the month's last when it has none of that number;
/// `None` outside the years 1 to 9999.
fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let p = moment::parts(ticks);
    let total = (i64::from(p.year) * 12 + i64::from(p.month) - 1).checked_add(months)?;
    let year = i32::try_from(total.div_euclid(12)).ok().filter(|year| (1..=9999).contains(year))?;
    let month = total.rem_euclid(12) as u32 + 1;
    let day = p.day.min(days_in_month(year, month));
    let days = i64::from(days_from_civil(year, month, day));
    Some(days * TICKS_PER_DAY + ticks.rem_euclid(TICKS_PER_DAY))
}

/// Local ticks as a value of a date and time type, with the offset that they had.
fn from_local(ticks: i64, offset: i16, t: SqlType) -> Result<Value, SqlError> {
    match t {
        SqlType::Time(_) => Ok(Value::Time(ticks.rem_euclid(TICKS_PER_DAY))),
        SqlType::DateTimeOffset(_) => {
            let utc = ticks - i64::from(offset) * TICKS_PER_MINUTE;
            convert::cast(&Value::DateTimeOffset { utc, offset }, t, t)
        }
        // The target's range and unit are checked as a conversion.
        t => convert::cast(&Value::DateTime(ticks), SqlType::DateTime2(7), t),
    }
}

/// DATEADD
pub fn add(part: DatePart, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    // Text is datetime here, as the documentation says.
    let t = match a[1].sql_type {
        t if t.is_character() => SqlType::DateTime,
        t => temporal(t, 3, "dateadd")?,
    };
    check_part(part, t, "dateadd")?;
    if matches!(part, DatePart::IsoWeek | DatePart::Offset) {
        return Err(errors::datepart_unsupported(part.name(), "dateadd", t));
    }
    Ok(Signature::strict(vec![SqlType::BigInt, t], t, move |v| {
        let Value::Int(number) = v[0] else { return Ok(Value::Null) };
        let overflow = || errors::date_overflow(t);
        let (ticks, offset) = local(&v[1]);
        let moved = match (part.months(), part.ticks()) {
            (Some(months), _) => {
                number.checked_mul(months).and_then(|months| add_months(ticks, months))
            }
            (None, Some(unit)) => number.checked_mul(unit).and_then(|step| ticks.checked_add(step)),
            // Nanoseconds, rounded to 100.
            (None, None) => ticks.checked_add(number.saturating_add(50).div_euclid(100)),
        };
        from_local(moved.ok_or_else(overflow)?, offset, t).map_err(|_| overflow())
    }))
}

/// DATETRUNC: the beginning of the part that the moment is in.
pub fn truncate(part: DatePart, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = match a[0].sql_type {
        t if t.is_temporal() => t,
        t if t.is_character() => SqlType::DateTime2(7),
        t => return Err(errors::argument_type(t, 2, "datetrunc")),
    };
    check_part(part, t, "datetrunc")?;
    let digits = match t {
        SqlType::DateTime2(digits) | SqlType::DateTimeOffset(digits) | SqlType::Time(digits) => {
            digits
        }
        SqlType::DateTime => 3,
        _ => 0,
    };
    let needed = match part {
        DatePart::Weekday | DatePart::Offset | DatePart::Nanosecond => u8::MAX,
        DatePart::Millisecond => 3,
        DatePart::Microsecond => 6,
        _ => 0,
    };
    if digits < needed {
        return Err(errors::datepart_unsupported(part.name(), "datetrunc", t));
    }
    Ok(Signature::strict(vec![t], t, move |v| {
        let (ticks, offset) = local(&v[0]);
        // A datetime is a third of a millisecond off what it shows.
        let shown = if t == SqlType::DateTime { moment::round_to(ticks, 3) } else { ticks };
        let p = moment::parts(shown);
        let day = shown.div_euclid(TICKS_PER_DAY);
        let first_of = |month| i64::from(days_from_civil(p.year, month, 1));
        let day = match part {
            DatePart::Year => first_of(1),
            DatePart::Quarter => first_of((p.month - 1) / 3 * 3 + 1),
            DatePart::Month => first_of(p.month),
            DatePart::Week => day - language::current().weekday(day),
            DatePart::IsoWeek => monday(day),
            _ => day,
        };
        let start = match part.ticks() {
            Some(unit) if unit < TICKS_PER_DAY => shown.div_euclid(unit) * unit,
            _ => day * TICKS_PER_DAY,
        };
        from_local(start, offset, t).map_err(|_| errors::date_too_small())
    }))
}

/// DATE_BUCKET: the beginning of the bucket, so many parts wide, that the moment is in.
pub fn bucket(part: DatePart, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[1].sql_type;
    if !t.is_temporal() {
        return Err(errors::argument_type(t, 3, "date_bucket"));
    }
    check_part(part, t, "date_bucket")?;
    if matches!(
        part,
        DatePart::IsoWeek | DatePart::Offset | DatePart::Microsecond | DatePart::Nanosecond
    ) {
        return Err(errors::datepart_unsupported(part.name(), "date_bucket", t));
    }
    let mut arguments = vec![SqlType::Int, t];
    if let Some(origin) = a.get(2) {
        if std::mem::discriminant(&origin.sql_type) != std::mem::discriminant(&t) {
            return Err(errors::argument_type(origin.sql_type, 4, "date_bucket"));
        }
        arguments.push(origin.sql_type);
    }
    Ok(Signature::strict(arguments, t, move |v| {
        let Value::Int(width) = v[0] else { return Ok(Value::Null) };
        if width < 1 {
            return Err(errors::bucket_width());
        }
        let (ticks, offset) = local(&v[1]);
        let origin = match v.get(2) {
            Some(origin) => local(origin).0,
            None => i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY,
        };
        let start = match (part.months(), part.ticks()) {
            (Some(months), _) => {
                let width = width * months;
                let month = |ticks| {
                    let p = moment::parts(ticks);
                    i64::from(p.year) * 12 + i64::from(p.month)
                };
                let buckets = (month(ticks) - month(origin)).div_euclid(width);
                add_months(origin, buckets * width)
                    .filter(|start| *start <= ticks)
                    .or_else(|| add_months(origin, (buckets - 1) * width))
            }
            (None, unit) => unit.and_then(|unit| unit.checked_mul(width)).and_then(|width| {
                (ticks - origin).div_euclid(width).checked_mul(width)?.checked_add(origin)
            }),
        };
        let overflow = || errors::date_overflow(t);
        from_local(start.ok_or_else(overflow)?, offset, t).map_err(|_| overflow())
    }))
}

/// DATEDIFF, and DATEDIFF_BIG when `big`.
pub fn difference(part: DatePart, big: bool, a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types =
        vec![temporal(a[0].sql_type, 2, "datediff")?, temporal(a[1].sql_type, 3, "datediff")?];
    if matches!(part, DatePart::IsoWeek | DatePart::Offset) {
        return Err(errors::datepart_unsupported(part.name(), "datediff", types[0]));
    }
    let result = if big { SqlType::BigInt } else { SqlType::Int };
    Ok(Signature::strict(types, result, move |v| {
        // Offsets count: both sides are compared in UTC.
        let utc = |value: &Value| match value {
            Value::DateTimeOffset { utc, .. } => *utc,
            other => local(other).0,
        };
        let (start, end) = (utc(&v[0]), utc(&v[1]));
        let difference = match (part.months(), part.ticks()) {
            (Some(months), _) => {
                let index = |ticks| {
                    let p = moment::parts(ticks);
                    (i64::from(p.year) * 12 + i64::from(p.month) - 1).div_euclid(months)
                };
                Some(index(end) - index(start))
            }
            (None, Some(_)) if part == DatePart::Week => {
                // Weeks begin on Sunday whatever DATEFIRST says.
                let week = |ticks: i64| (ticks.div_euclid(TICKS_PER_DAY) + 4).div_euclid(7);
                Some(week(end) - week(start))
            }
            (None, Some(unit)) => Some(end.div_euclid(unit) - start.div_euclid(unit)),
            (None, None) => end.checked_sub(start).and_then(|ticks| ticks.checked_mul(100)),
        };
        difference
            .and_then(|n| convert::in_range(n, result))
            .map(Value::Int)
            .ok_or_else(errors::datediff_overflow)
    }))
}

fn end_of_month(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let mut arguments = vec![SqlType::Date];
    arguments.extend(a.get(1).map(|_| SqlType::BigInt));
    Ok(Signature::strict(arguments, SqlType::Date, |v| {
        let Value::Date(days) = v[0] else { return Ok(Value::Null) };
        let months = match v.get(1) {
            Some(Value::Int(months)) => *months,
            _ => 0,
        };
        let (year, month, _) = civil_from_days(days);
        let total = (i64::from(year) * 12 + i64::from(month) - 1).checked_add(months);
        let valid = total.filter(|total| (12..120_000).contains(total));
        let total = valid.ok_or_else(|| errors::date_overflow(SqlType::Date))?;
        let (year, month) = ((total / 12) as i32, (total % 12) as u32 + 1);
        Ok(Value::Date(days_from_civil(year, month, days_in_month(year, month))))
    }))
}

fn integers(v: &[Value]) -> Vec<i64> {
    v.iter()
        .map(|value| match value {
            Value::Int(number) => *number,
            _ => 0,
        })
        .collect()
}

fn date_from_parts(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::BigInt; 3], SqlType::Date, |v| {
        let n = integers(v);
        moment::civil(n[0], n[1], n[2]).map(Value::Date).ok_or_else(errors::invalid_date_parts)
    }))
}

fn datetime_from_parts(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::BigInt; 7], SqlType::DateTime, |v| {
        let n = integers(v);
        let days = moment::civil(n[0], n[1], n[2]).ok_or_else(errors::invalid_date_parts)?;
        let limits = [24, 60, 60, 1000];
        if !n[3..].iter().zip(limits).all(|(n, limit)| (0..limit).contains(n)) {
            return Err(errors::invalid_date_parts());
        }
        let ticks = i64::from(days) * TICKS_PER_DAY
            + n[3] * TICKS_PER_HOUR
            + n[4] * TICKS_PER_MINUTE
            + n[5] * TICKS_PER_SECOND
            + n[6] * 10_000;
        convert::cast(&Value::DateTime(ticks), SqlType::DateTime2(7), SqlType::DateTime)
    }))
}

/// Ticks of a day from hour, minute, second and a fraction of so many digits.
fn time_of(n: &[i64], digits: u8) -> Result<i64, SqlError> {
    let units = 10_i64.pow(u32::from(digits));
    if !n.iter().zip([24, 60, 60, units]).all(|(n, limit)| (0..limit).contains(n)) {
        return Err(errors::invalid_date_parts());
    }
    Ok(n[0] * TICKS_PER_HOUR
        + n[1] * TICKS_PER_MINUTE
        + n[2] * TICKS_PER_SECOND
        + n[3] * (TICKS_PER_SECOND / units))
}

/// The number of digits that the last argument, a constant, gives.
fn digits_of(a: &[Actual<'_>]) -> Result<u8, SqlError> {
    let digits = a.last().and_then(Actual::whole).and_then(|digits| u8::try_from(digits).ok());
    digits.filter(|digits| *digits <= 7).ok_or_else(|| {
        SqlError::new(
            10760,
            "Scale argument is not valid. Valid expressions for data type scale argument are \
             integer constants and integer constant expressions.",
        )
    })
}

fn datetime2_from_parts(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let digits = digits_of(a)?;
    Ok(Signature::strict(vec![SqlType::BigInt; 8], SqlType::DateTime2(digits), move |v| {
        let n = integers(v);
        let days = moment::civil(n[0], n[1], n[2]).ok_or_else(errors::invalid_date_parts)?;
        Ok(Value::DateTime(i64::from(days) * TICKS_PER_DAY + time_of(&n[3..7], digits)?))
    }))
}

fn offset_from_parts(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let digits = digits_of(a)?;
    let t = SqlType::DateTimeOffset(digits);
    Ok(Signature::strict(vec![SqlType::BigInt; 10], t, move |v| {
        let n = integers(v);
        let days = moment::civil(n[0], n[1], n[2]).ok_or_else(errors::invalid_date_parts)?;
        let ticks = i64::from(days) * TICKS_PER_DAY + time_of(&n[3..7], digits)?;
        // Hours and minutes have one sign, and are 14 hours at most.
        let offset = n[7] * 60 + n[8];
        let valid = (-14..=14).contains(&n[7])
            && (-59..=59).contains(&n[8])
            && n[7].signum() * n[8].signum() >= 0
            && (-840..=840).contains(&offset);
        if !valid {
            return Err(errors::invalid_date_parts());
        }
        from_local(ticks, offset as i16, t)
    }))
}

fn small_from_parts(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::BigInt; 5], SqlType::SmallDateTime, |v| {
        let n = integers(v);
        let days = moment::civil(n[0], n[1], n[2]).ok_or_else(errors::invalid_date_parts)?;
        let ticks = i64::from(days) * TICKS_PER_DAY + time_of(&[n[3], n[4], 0, 0], 0)?;
        convert::cast(&Value::DateTime(ticks), SqlType::DateTime2(7), SqlType::SmallDateTime)
    }))
}

fn time_from_parts(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let digits = digits_of(a)?;
    Ok(Signature::strict(vec![SqlType::BigInt; 5], SqlType::Time(digits), move |v| {
        time_of(&integers(v)[..4], digits).map(Value::Time)
    }))
}

/// The type in which an offset comes: `'+01:00'` or minutes.
fn zone_type(t: SqlType) -> SqlType {
    if t.is_character() { SqlType::VarChar(Length::Limited(6)) } else { SqlType::Int }
}

/// Minutes east of UTC.
fn zone(value: &Value) -> Result<i16, SqlError> {
    let minutes = match value {
        Value::Int(minutes) => Some(*minutes),
        Value::Text(text) => (|| {
            let (sign, rest) = match text.trim().split_at_checked(1)? {
                ("+", rest) => (1, rest),
                ("-", rest) => (-1, rest),
                _ => return None,
            };
            let (hours, minutes) = rest.split_once(':')?;
            let part = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten();
            let minutes = part(minutes).filter(|minutes| *minutes < 60)?;
            Some(sign * (i64::from(part(hours)?) * 60 + i64::from(minutes)))
        })(),
        _ => None,
    };
    minutes
        .filter(|minutes| (-840..=840).contains(minutes))
        .and_then(|minutes| i16::try_from(minutes).ok())
        .ok_or_else(errors::invalid_time_zone)
}

fn switch_offset(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = match a[0].sql_type {
        t @ SqlType::DateTimeOffset(_) => t,
        _ => SqlType::DateTimeOffset(7),
    };
    Ok(Signature::strict(vec![t, zone_type(a[1].sql_type)], t, |v| {
        let Value::DateTimeOffset { utc, .. } = v[0] else { return Ok(Value::Null) };
        Ok(Value::DateTimeOffset { utc, offset: zone(&v[1])? })
    }))
}

fn to_offset(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = match a[0].sql_type {
        SqlType::DateTime2(digits) | SqlType::DateTimeOffset(digits) => digits,
        SqlType::DateTime => 3,
        SqlType::SmallDateTime | SqlType::Date => 0,
        _ => 7,
    };
    let arguments = vec![SqlType::DateTime2(t), zone_type(a[1].sql_type)];
    Ok(Signature::strict(arguments, SqlType::DateTimeOffset(t), |v| {
        let Value::DateTime(local) = v[0] else { return Ok(Value::Null) };
        let offset = zone(&v[1])?;
        Ok(Value::DateTimeOffset { utc: local - i64::from(offset) * TICKS_PER_MINUTE, offset })
    }))
}

fn is_date(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    Ok(Signature::strict(vec![t], SqlType::Int, move |v| {
        let valid = convert::allowed(t, SqlType::DateTime) != convert::Allowed::No
            && convert::cast(&v[0], t, SqlType::DateTime).is_ok();
        Ok(Value::Int(i64::from(valid)))
    }))
}
