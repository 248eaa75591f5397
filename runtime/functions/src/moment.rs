//! Dates and times as text.
//!
//! Reads the formats of the "Supported string literal formats" of T-SQL's date and time types,
//! with the months' names of us_english, and writes the styles of CONVERT.

use launchpod_types::SqlType;
use launchpod_types::calendar::{
    TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days, days_from_civil, days_in_month,
};

use super::language::{self, DateOrder};

/// The months' names in us_english.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What a text says: any of date, time and offset can be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Days since 1970-01-01.
    pub(crate) date: Option<i32>,
    /// 100 ns since midnight.
    pub(crate) time: Option<i64>,
    /// Minutes east of UTC.
    pub(crate) offset: Option<i16>,
}

/// A date and time of day, in parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// 100 ns within the second.
    pub(crate) fraction: i64,
}

/// How the numbers of a date are told apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Their order.
    order: DateOrder,
    /// A year that stands first is followed by the month, whatever the order says: so for all
    /// types but `datetime` and `smalldatetime`.
    year_first: bool,
}

/// Why a text isn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has no format of a date or time.
    Malformed,
    /// It has, but there is no such day or time.
    OutOfRange,
}

/// Reads a date, a time or both. A blank text is 1900-01-01.
pub(crate) fn parse(text: &str, reading: Reading) -> Result<Parsed, Unread> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Parsed { date: Some(days_from_civil(1900, 1, 1)), ..Parsed::default() });
    }
    let mut reader = Reader { rest: text, reading };
    let mut parsed = Parsed::default();
    if !reader.at_time() {
        parsed.date = Some(reader.date()?);
        if !reader.eat('T') && !reader.eat('t') && !reader.rest.is_empty() && !reader.blanks() {
            return Err(Unread::Malformed);
        }
    }
    if reader.at_time() {
        parsed.time = Some(reader.time()?);
        reader.blanks();
        parsed.offset = reader.offset()?;
        reader.blanks();
        if parsed.date.is_none() && !reader.rest.is_empty() {
            parsed.date = Some(reader.date()?);
        }
    }
    if reader.rest.is_empty() { Ok(parsed) } else { Err(Unread::Malformed) }
}

/// The parts of a count of 100 ns since 1970.
pub(crate) fn parts(ticks: i64) -> Parts {
    let days = ticks.div_euclid(TICKS_PER_DAY);
    let of_day = ticks.rem_euclid(TICKS_PER_DAY);
    // i64 ticks span less than 60,000 years, so the days fit.
    let (year, month, day) = civil_from_days(days as i32);
    Parts {
        year,
        month,
        day,
        hour: of_day / (3_600 * TICKS_PER_SECOND),
        minute: of_day / (60 * TICKS_PER_SECOND) % 60,
        second: of_day / TICKS_PER_SECOND % 60,
        fraction: of_day % TICKS_PER_SECOND,
    }
}

/// Rounds to the unit of a type with `digits` digits of a second.
pub(crate) fn round_to(ticks: i64, digits: u8) -> i64 {
    let unit = 10_i64.pow(7 - u32::from(digits.min(7)));
    (ticks.saturating_add(unit / 2)).div_euclid(unit) * unit
}

/// Rounds to 1/300 s, as `datetime` does.
pub(crate) fn round_to_datetime(ticks: i64) -> i64 {
    let days = ticks.div_euclid(TICKS_PER_DAY);
    let of_day = ticks.rem_euclid(TICKS_PER_DAY);
    let units = (of_day * 3 + 50_000) / 100_000;
    days * TICKS_PER_DAY + (units * 100_000 + 1) / 3
}

/// `hh:mm:ss[.fffffff]`
pub(crate) fn time_text(p: &Parts, digits: u8) -> String {
    let base = format!("{:02}:{:02}:{:02}", p.hour, p.minute, p.second);
    match digits {
        0 => base,
        digits => {
            let fraction = format!("{:07}", p.fraction);
            format!("{base}.{}", &fraction[..usize::from(digits.min(7))])
        }
    }
}

/// `+hh:mm`
pub(crate) fn offset_text(offset: i16) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A style of CONVERT. `digits` is how many digits of a second the source type has; `None`
/// when the style doesn't exist.
pub(crate) fn styled(ticks: i64, offset: i16, from: SqlType, style: i64) -> Option<String> {
    // datetime shows milliseconds; thirds of a millisecond are rounded.
    let shown = match from {
        SqlType::DateTime => round_to(ticks, 3),
        _ => ticks,
    };
    let p = parts(shown);
    let digits = match from {
        SqlType::DateTime2(n) | SqlType::DateTimeOffset(n) | SqlType::Time(n) => n,
        SqlType::DateTime => 3,
        _ => 0,
    };
    let (y, m, d) = (p.year, p.month, p.day);
    let yy = y.rem_euclid(100);
    let month = &MONTHS[(m as usize).clamp(1, 12) - 1][..3];
    let hour12 = match p.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if p.hour < 12 { "AM" } else { "PM" };
    let plain_time = time_text(&p, 0);
    let milliseconds = format!("{:03}", p.fraction / 10_000);
    let colon_time = format!("{plain_time}:{milliseconds}");
    let full_time = time_text(&p, digits);
    let style = match (from, style) {
        (SqlType::Date, style) => date_style(style),
        (_, style) => style,
    };
    let mut text = match style {
        DAY_OF_MONTH => format!("{month} {d:>2} {y}"),
        0 | 100 => format!("{month} {d:>2} {y} {hour12:>2}:{:02}{half}", p.minute),
        1 => format!("{m:02}/{d:02}/{yy:02}"),
        101 => format!("{m:02}/{d:02}/{y:04}"),
        2 => format!("{yy:02}.{m:02}.{d:02}"),
        102 => format!("{y:04}.{m:02}.{d:02}"),
        3 => format!("{d:02}/{m:02}/{yy:02}"),
        103 => format!("{d:02}/{m:02}/{y:04}"),
        4 => format!("{d:02}.{m:02}.{yy:02}"),
        104 => format!("{d:02}.{m:02}.{y:04}"),
        5 => format!("{d:02}-{m:02}-{yy:02}"),
        105 => format!("{d:02}-{m:02}-{y:04}"),
        6 => format!("{d:02} {month} {yy:02}"),
        106 => format!("{d:02} {month} {y:04}"),
        7 => format!("{month} {d:02}, {yy:02}"),
        107 => format!("{month} {d:02}, {y:04}"),
        8 | 24 | 108 => plain_time,
        9 | 109 => format!(
            "{month} {d:>2} {y} {hour12:>2}:{:02}:{:02}:{milliseconds}{half}",
            p.minute, p.second
        ),
        10 => format!("{m:02}-{d:02}-{yy:02}"),
        110 => format!("{m:02}-{d:02}-{y:04}"),
        11 => format!("{yy:02}/{m:02}/{d:02}"),
        111 => format!("{y:04}/{m:02}/{d:02}"),
        12 => format!("{yy:02}{m:02}{d:02}"),
        112 => format!("{y:04}{m:02}{d:02}"),
        13 | 113 => format!("{d:02} {month} {y} {colon_time}"),
        14 | 114 => colon_time,
        20 | 120 => format!("{y:04}-{m:02}-{d:02} {plain_time}"),
        21 | 25 | 121 => format!("{y:04}-{m:02}-{d:02} {full_time}"),
        22 => format!("{m:02}/{d:02}/{yy:02} {hour12:>2}:{:02}:{:02} {half}", p.minute, p.second),
        23 => format!("{y:04}-{m:02}-{d:02}"),
        126 | 127 => {
            let time = if p.fraction == 0 { plain_time } else { full_time };
            format!("{y:04}-{m:02}-{d:02}T{time}")
        }
        _ => return None,
    };
    match from {
        SqlType::DateTimeOffset(_) if matches!(style, 20 | 120 | 21 | 25 | 121) => {
            text.push(' ');
            text.push_str(&offset_text(offset));
        }
        SqlType::DateTimeOffset(_) if style == 127 => text.push('Z'),
        SqlType::DateTimeOffset(_) if style == 126 => text.push_str(&offset_text(offset)),
        _ => {}
    }
    Some(text)
}

/// Styles 100 and 109 of a `date`, which has no number of its own.
const DAY_OF_MONTH: i64 = -1;

/// The style of a date alone that is the same but for the time.
fn date_style(style: i64) -> i64 {
    match style {
        20 | 21 | 25 | 120 | 121 | 126 | 127 => 23,
        9 | 100 | 109 => DAY_OF_MONTH,
        13 | 113 => 106,
        22 => 1,
        style => style,
    }
}

/// Reads from the front of a text.
struct Reader<'a> {
    rest: &'a str,
    reading: Reading,
}

// === impl Reading ===

impl Reading {
    /// In a culture's order.
    pub(crate) fn in_order(order: DateOrder) -> Reading {
        Reading { order, year_first: true }
    }

    /// As the session's DATEFORMAT says, or a style of CONVERT.
    pub(crate) fn of(to: SqlType, style: i64) -> Reading {
        let order = match style {
            1 | 7 | 10 | 22 | 100 | 101 | 107 | 109 | 110 => DateOrder::Mdy,
            3..=6 | 13 | 103..=106 | 113 => DateOrder::Dmy,
            2 | 11 | 12 | 20 | 21 | 23 | 25 | 102 | 111 | 112 | 120 | 121 | 126 | 127 => {
                DateOrder::Ymd
            }
            _ => language::current().order,
        };
        let year_first = !matches!(to, SqlType::DateTime | SqlType::SmallDateTime);
        Reading { order, year_first }
    }
}

// === impl Reader ===

impl Reader<'_> {
    /// Whether a time of day comes next: digits and a colon, or digits and AM or PM.
    fn at_time(&self) -> bool {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 2 {
            return false;
        }
        let after = self.rest[digits..].trim_start();
        after.starts_with(':') || half_day(after).is_some()
    }

    fn date(&mut self) -> Result<i32, Unread> {
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.named(Vec::new());
        }
        let (first, width) = self.number()?;
        if self.month_ahead() {
            self.separators();
            return self.named(vec![(first, width)]);
        }
        if width == 8 {
            return day(first / 10_000, first / 100 % 100, first % 100);
        }
        if width == 6 {
            return day(century(first / 10_000), first / 100 % 100, first % 100);
        }
        if width == 4 && (self.rest.is_empty() || self.rest.starts_with(' ')) {
            return day(first, 1, 1);
        }
        let separator = self.rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'));
        let separator = separator.ok_or(Unread::Malformed)?;
        self.eat(separator);
        let second = self.number()?;
        if !self.eat(separator) {
            return Err(Unread::Malformed);
        }
        let third = self.number()?;
        self.numbers([(first, width), second, third])
    }

    /// Three numbers with their widths: a year of four digits is one wherever it stands.
    fn numbers(&self, numbers: [(i64, usize); 3]) -> Result<i32, Unread> {
        let years = numbers.iter().filter(|(_, width)| *width == 4).count();
        if years > 1 || !numbers.iter().all(|(_, width)| matches!(width, 1 | 2 | 4)) {
            return Err(Unread::Malformed);
        }
        // With a T before the time it is ISO 8601.
        let iso = self.reading.year_first || self.rest.starts_with(['T', 't']);
        let order = if iso && numbers[0].1 == 4 { DateOrder::Ymd } else { self.reading.order };
        let [year, month, day_of_month] = order.places();
        match numbers.iter().position(|(_, width)| *width == 4) {
            None => day(century(numbers[year].0), numbers[month].0, numbers[day_of_month].0),
            Some(at) => {
                let others: Vec<i64> = (0..3).filter(|i| *i != at).map(|i| numbers[i].0).collect();
                let month_first = month < day_of_month;
                let (m, d) = if month_first { (0, 1) } else { (1, 0) };
                day(numbers[at].0, others[m], others[d])
            }
        }
    }

    /// Whether a month's name comes next, or a number and then one.
    fn month_ahead(&self) -> bool {
        let digits = |c: char| c.is_ascii_digit();
        let mut ahead = Reader { rest: self.rest, reading: self.reading };
        ahead.separators();
        let named = |mut reader: Reader<'_>| reader.month().is_ok();
        let number = ahead.rest.trim_start_matches(digits);
        let mut after = Reader { rest: number, reading: self.reading };
        after.separators();
        let numbered = number.len() < ahead.rest.len() && after.rest.len() < number.len();
        named(ahead) || (numbered && named(after))
    }

    /// A date whose month has a name: it and one or two numbers in any order. Of the numbers a
    /// year has four digits, or is the last.
    fn named(&mut self, mut numbers: Vec<(i64, usize)>) -> Result<i32, Unread> {
        let mut month = None;
        let mut end = self.rest;
        loop {
            let complete = month.is_some() && !numbers.is_empty();
            let next = self.rest.chars().next().unwrap_or(' ');
            if next.is_ascii_alphabetic() && month.is_none() {
                month = Some(self.month()?);
            } else if next.is_ascii_digit() && numbers.len() < 2 && !(complete && self.at_time()) {
                numbers.push(self.number()?);
            } else {
                break;
            }
            end = self.rest;
            self.separators();
        }
        self.rest = end;
        let month = month.ok_or(Unread::Malformed)?;
        match numbers[..] {
            [(year, 4)] => day(year, month, 1),
            [(first, 1 | 2), (year, 4)] | [(year, 4), (first, 1 | 2)] => day(year, month, first),
            [(first, 1 | 2), (year, 1 | 2)] => day(century(year), month, first),
            _ => Err(Unread::Malformed),
        }
    }

    fn month(&mut self) -> Result<i64, Unread> {
        let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let word = self.rest[..letters].to_ascii_lowercase();
        let index = MONTHS.iter().position(|name| {
            let name = name.to_ascii_lowercase();
            word.len() >= 3 && (word == name || word == name[..3])
        });
        self.rest = &self.rest[letters..];
        index.and_then(|index| i64::try_from(index + 1).ok()).ok_or(Unread::Malformed)
    }

    fn time(&mut self) -> Result<i64, Unread> {
        let (mut hour, _) = self.number()?;
        let (mut minute, mut second, mut fraction) = (0, 0, 0);
        if self.eat(':') {
            minute = self.number()?.0;
            if self.eat(':') {
                second = self.number()?.0;
                if self.eat('.') {
                    // "time": `12:35:29. 1234567`, which datetime doesn't take.
                    if self.reading.year_first {
                        self.blanks();
                    }
                    fraction = self.fraction()?;
                } else if self.eat(':') {
                    // hh:mm:ss:mmm counts milliseconds.
                    let (milliseconds, width) = self.number()?;
                    if width > 3 {
                        return Err(Unread::Malformed);
                    }
                    fraction = milliseconds * 10_000;
                }
            }
        }
        let before = self.rest;
        self.blanks();
        match half_day(self.rest) {
            Some(afternoon) if (1..=12).contains(&hour) => {
                self.rest = &self.rest[2..];
                hour = hour % 12 + if afternoon { 12 } else { 0 };
            }
            Some(_) => return Err(Unread::OutOfRange),
            None => self.rest = before,
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Unread::OutOfRange);
        }
        Ok(((hour * 60 + minute) * 60 + second) * TICKS_PER_SECOND + fraction)
    }

    /// `Z`, `+hh:mm` or nothing.
    fn offset(&mut self) -> Result<Option<i16>, Unread> {
        if self.eat('Z') || self.eat('z') {
            return Ok(Some(0));
        }
        let sign = match self.rest.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Ok(None),
        };
        self.rest = &self.rest[1..];
        let (hours, _) = self.number()?;
        if !self.eat(':') {
            return Err(Unread::Malformed);
        }
        let (minutes, _) = self.number()?;
        let offset = hours * 60 + minutes;
        if minutes > 59 || offset > 840 {
            return Err(Unread::OutOfRange);
        }
        Ok(i16::try_from(sign * offset).ok())
    }

    /// Digits after a point, as 100 ns.
    fn fraction(&mut self) -> Result<i64, Unread> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 9 {
            return Err(Unread::Malformed);
        }
        let value: i64 = self.rest[..digits].parse().map_err(|_| Unread::Malformed)?;
        self.rest = &self.rest[digits..];
        // At most 9 digits: billionths, rounded to 100 ns.
        let billionths = value * 10_i64.pow(9 - digits as u32);
        Ok((billionths + 50) / 100)
    }

    fn number(&mut self) -> Result<(i64, usize), Unread> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 8 {
            return Err(Unread::Malformed);
        }
        let value = self.rest[..digits].parse().map_err(|_| Unread::Malformed)?;
        self.rest = &self.rest[digits..];
        Ok((value, digits))
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Skips blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let trimmed = self.rest.trim_start();
        let any = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        any
    }

    fn separators(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',', '-', '/', '.']);
    }
}

/// Whether AM (false) or PM (true) comes next.
fn half_day(text: &str) -> Option<bool> {
    let word = text.get(..2)?;
    if word.eq_ignore_ascii_case("am") {
        Some(false)
    } else {
        word.eq_ignore_ascii_case("pm").then_some(true)
    }
}

/// The year of a two-digit year, with SQL Server's default cutoff of 2049.
fn century(year: i64) -> i64 {
    if year < 50 { 2000 + year } else { 1900 + year }
}

fn day(year: i64, month: i64, day: i64) -> Result<i32, Unread> {
    civil(year, month, day).ok_or(Unread::OutOfRange)
}

/// The day number of a date between the years 1 and 9999; `None` when there is none.
pub(crate) fn civil(year: i64, month: i64, day: i64) -> Option<i32> {
    let (year, month, day) =
        (i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, Unread> {
        parse(text, Reading::of(SqlType::DateTime2(7), 0))
    }

    fn ticks(text: &str) -> i64 {
        let parsed = read(text).unwrap();
        i64::from(parsed.date.unwrap()) * TICKS_PER_DAY + parsed.time.unwrap_or(0)
    }

    #[test]
    fn reads_the_documented_formats() {
        let moment = ticks("2024-02-29T13:05:09.123");
        for text in [
            "20240229 13:05:09.123",
            "2024-02-29 13:05:09.123",
            "02/29/2024 1:05:09.123 PM",
            "Feb 29 2024 13:05:09:123",
            "29 February 2024 01:05:09.123PM",
            "2/29/24 13:05:09.1230000",
            "  29-Feb-2024 13:05:09.123 ",
        ] {
            assert_eq!(ticks(text), moment, "{text}");
        }
        assert_eq!(ticks(""), ticks("1900-01-01"));
        assert_eq!(read("12:30").unwrap().time, Some(12 * 36_000_000_000 + 30 * 600_000_000));
        assert_eq!(read("2024-01-01 00:00:00 -08:30").unwrap().offset, Some(-510));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in ["hello", "2024-1", "é", "1é", "2024-01-2024", "1/2/345"] {
            assert_eq!(read(text), Err(Unread::Malformed), "{text}");
        }
        for text in ["2023-02-29", "13/13/2024", "2024-01-01 25:00", "2024-01-01 13:00 PM"] {
            assert_eq!(read(text), Err(Unread::OutOfRange), "{text}");
        }
    }

    #[test]
    fn datetime_keeps_thirds_of_ten_milliseconds() {
        let midnight = ticks("2024-01-01");
        let shown = |text: &str| {
            let rounded = round_to_datetime(ticks(text));
            parts(round_to(rounded, 3)).fraction / 10_000
        };
        assert_eq!(shown("2024-01-01 00:00:00.001"), 0);
        assert_eq!(shown("2024-01-01 00:00:00.002"), 3);
        assert_eq!(shown("2024-01-01 00:00:00.005"), 7);
        assert_eq!(shown("2024-01-01 00:00:00.998"), 997);
        assert_eq!(round_to_datetime(midnight), midnight);
    }
}
