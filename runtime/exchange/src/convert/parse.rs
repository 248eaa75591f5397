//! Reading text as values, as SQL Server's implicit conversions do.
//!
//! Dates are read in the forms that mean the same under every language setting: ISO 8601 with and
//! without dashes.

use launchpod_types::{Decimal, calendar};

/// 0001-01-01, in days since 1970.
pub(super) const FIRST_DAY: i32 = -719_162;
/// 9999-12-31, in days since 1970.
pub(super) const LAST_DAY: i32 = 2_932_896;
/// 100 ns in a day.
pub(super) const DAY: i64 = calendar::TICKS_PER_DAY;
/// 1900-01-01, the date of a text that has none.
pub(super) const NO_DATE: i32 = -calendar::DAYS_FROM_1900;
/// The greatest offset of a `datetimeoffset` (minutes).
pub(super) const MAX_OFFSET: u16 = 14 * 60;

/// A date and time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// 100 ns since 1970 on the clock that is meant, within the years 1 to 9999.
    pub(super) ticks: i64,
    /// The clock's minutes east of UTC.
    pub(super) offset: i16,
}

/// A whole number; blank is 0. What has more digits than fit is the greatest number.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits {
        "" if text.is_empty() => Some(0),
        "" => None,
        _ => Some(text.parse().unwrap_or(i128::MAX)),
    }
}

/// A number in plain or scientific notation; blank is 0.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    // Rust's parser reads words, too.
    let plain =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let value: f64 = plain.then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

/// A number in plain notation.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    text.trim().parse().ok()
}

/// A number, perhaps with a dollar sign and commas; blank is 0.
pub(super) fn money(text: &str) -> Option<Decimal> {
    let kept: String = text.trim().chars().filter(|c| !matches!(c, '$' | ',')).collect();
    if kept.is_empty() { Some(Decimal::new(0, 4)) } else { decimal(&kept) }
}

/// `true`, `false`, or a whole number; blank is 0.
pub(super) fn bit(text: &str) -> Option<bool> {
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        number => integer(number).map(|value| value != 0),
    }
}

/// A uniqueidentifier in 36 characters, perhaps in braces.
pub(super) fn guid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut digits = [0_u8; 32];
    let mut count = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
        } else {
            // 36 places less four dashes are 32 digits; the cast is of a number below 16.
            digits[count] = char::from(*byte).to_digit(16)? as u8;
            count += 1;
        }
    }
    let mut guid = [0; 16];
    for (byte, pair) in guid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(guid)
}

/// A date, a time, or both, perhaps with an offset; blank is 1900-01-01.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let mut rest = text.trim();
    let mut day = NO_DATE;
    if rest.is_empty() {
        return Some(Moment { ticks: i64::from(day) * DAY, offset: 0 });
    }
    if let Some((date, after)) = date(rest) {
        day = date;
        rest = after.strip_prefix('T').unwrap_or(after).trim_start();
        if rest.is_empty() && after.starts_with('T') {
            return None;
        }
    }
    let (mut ticks, mut offset) = (0, 0);
    if !rest.is_empty() {
        (ticks, rest) = time(rest)?;
        (offset, rest) = zone(rest.trim_start())?;
    }
    let ticks = i64::from(day) * DAY + ticks;
    rest.is_empty().then_some(Moment { ticks, offset })
}

/// `YYYY-MM-DD` or `YYYYMMDD` at the beginning: days since 1970, and the rest.
fn date(text: &str) -> Option<(i32, &str)> {
    let (year, rest) = digits(text, 4)?;
    let (month, day, rest) = match rest.strip_prefix('-') {
        Some(rest) => {
            let (month, rest) = digits(rest, 2)?;
            let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
            (month, day, rest)
        }
        None => {
            let (month, rest) = digits(rest, 2)?;
            let (day, rest) = digits(rest, 2)?;
            (month, day, rest)
        }
    };
    let year = i32::try_from(year).ok()?;
    let valid =
        (1..=12).contains(&month) && (1..=calendar::days_in_month(year, month)).contains(&day);
    let days = valid.then(|| calendar::days_from_civil(year, month, day))?;
    (FIRST_DAY..=LAST_DAY).contains(&days).then_some((days, rest))
}

/// `hh:mm[:ss[.fffffff]]` at the beginning: 100 ns, and the rest. Digits beyond the seventh are
/// cut.
fn time(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut fraction) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix('.') {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&length) {
                return None;
            }
            let padded = format!("{:0<7}", &after[..length]);
            fraction = padded[..7].parse().ok()?;
            rest = &after[length..];
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some((seconds * calendar::TICKS_PER_SECOND + fraction, rest))
}

/// `Z`, `+hh:mm`, `-hh:mm` or nothing at the beginning: minutes east, and the rest.
fn zone(text: &str) -> Option<(i16, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((0, rest));
    }
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        _ => return Some((0, text)),
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let offset = i64::from(hours * 60 + minutes);
    let valid = minutes < 60 && offset <= i64::from(MAX_OFFSET);
    valid.then(|| i16::try_from(sign * offset).ok())?.map(|offset| (offset, rest))
}

/// So many digits at the beginning, and the rest.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| number.parse().ok())?.map(|number| (number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_sql_server_reads_them() {
        assert_eq!(integer(" -12 "), Some(-12));
        assert_eq!(integer(""), Some(0));
        assert_eq!(integer(&"9".repeat(60)), Some(i128::MAX));
        for text in ["-", "1.0", "1e3", "x", "1 2"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn floats_are_numbers() {
        assert_eq!(float("1e3"), Some(1000.0));
        for text in ["nan", "inf", "1e999", "1x"] {
            assert_eq!(float(text), None, "{text}");
        }
    }

    #[test]
    fn moments_in_iso_forms() {
        let ticks = |text| moment(text).map(|moment| moment.ticks);
        assert_eq!(ticks("1970-01-01"), Some(0));
        assert_eq!(ticks("19700102"), Some(DAY));
        assert_eq!(ticks("1970-01-01T00:00:01.5"), Some(15_000_000));
        assert_eq!(ticks("1970-01-01 00:00:00.123456789"), Some(1_234_567));
        assert_eq!(ticks("00:01"), Some(i64::from(NO_DATE) * DAY + 600_000_000));
        assert_eq!(moment("1970-01-01 02:00 +02:00").unwrap().offset, 120);
        for text in [
            "x",
            "1970-02-29",
            "1970-13-01",
            "0000-01-01",
            "1970-01-01T",
            "1970-01-01 24:00",
            "1970-01-01 00:00:00.",
            "1970-01-01 00:00 +15:00",
            "1970-01-01 00:00x",
            "1970-1-1",
            "1970-01-01é",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn guids_with_and_without_braces() {
        let text = "6F9619FF-8B86-d011-B42D-00C04FC964FF";
        let expected = *b"\x6f\x96\x19\xff\x8b\x86\xd0\x11\xb4\x2d\x00\xc0\x4f\xc9\x64\xff";
        assert_eq!(guid(text), Some(expected));
        assert_eq!(guid(&format!("{{{text}}}")), Some(expected));
        assert_eq!(guid("6F9619FF-8B86-d011-B42D-00C04FC964F"), None);
        assert_eq!(guid("6F9619FF+8B86-d011-B42D-00C04FC964FF"), None);
    }
}
