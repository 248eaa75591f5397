//! FORMAT: numbers and moments by .NET's format strings.
//!
//! Standard and custom formats are those of .NET's documentation ("Standard numeric format
//! strings", "Custom date and time format strings" and their kin).

use launchpod_types::calendar::{TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::culture::{self, Culture};
use super::{Actual, Builtin, Signature, time_span};
use crate::errors;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] =
    &[Builtin { name: "FORMAT", arity: (2, 3), signature: format }];

/// A decimal number as its digits.
struct Digits {
    negative: bool,
    whole: String,
    fraction: String,
}

/// A custom number format: `#,##0.00`.
#[derive(Default)]
struct Mask {
    pieces: Vec<Piece>,
    /// Places for digits before the point.
    places: usize,
    /// Digits before the point that are always written.
    whole: usize,
    /// Digits after the point that are always written.
    fraction_least: usize,
    fraction_most: usize,
    grouped: bool,
    /// How often the number is multiplied by 100.
    percents: usize,
    /// How often it is divided by 1000.
    thousands: usize,
}

/// What a custom number format is made of.
enum Piece {
    /// A place for a digit before the point.
    Whole,
    /// A place for a digit after it.
    Fraction,
    Point,
    Literal(String),
}

fn format(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    let known = t.is_numeric()
        || matches!(
            t,
            SqlType::Date
                | SqlType::DateTime
                | SqlType::SmallDateTime
                | SqlType::DateTime2(_)
                | SqlType::DateTimeOffset(_)
                | SqlType::Time(_)
        );
    if !known {
        return Err(errors::argument_type(t, 1, "format"));
    }
    let text = SqlType::NVarChar(Length::Limited(4000));
    let mut arguments = vec![t];
    arguments.resize(a.len(), text);
    Ok(Signature::strict(arguments, text, |v| {
        let culture = culture::named(match v.get(2) {
            Some(Value::Text(name)) => Some(name),
            _ => None,
        })?;
        let Value::Text(format) = &v[1] else { return Ok(Value::Null) };
        let written = match &v[0] {
            Value::Date(days) => moment(i64::from(*days) * TICKS_PER_DAY, None, format, culture),
            Value::DateTime(ticks) => moment(*ticks, None, format, culture),
            Value::Time(ticks) => time_span::formatted(*ticks, format, culture),
            Value::DateTimeOffset { utc, offset } => {
                let local = utc + i64::from(*offset) * 60 * TICKS_PER_SECOND;
                moment(local, Some(*offset), format, culture)
            }
            number => Digits::of(number).and_then(|digits| digits.formatted(format, culture)),
        };
        Ok(written.map_or(Value::Null, Value::Text))
    })
    .or_null())
}

// === impl Digits ===

impl Digits {
    fn of(value: &Value) -> Option<Digits> {
        let text = match value {
            Value::Int(number) => number.to_string(),
            Value::Bit(bit) => u8::from(*bit).to_string(),
            Value::Decimal(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            _ => return None,
        };
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text.as_str()),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole = whole.trim_start_matches('0').to_owned();
        Some(Digits { negative, whole, fraction: fraction.to_owned() })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.bytes().all(|digit| digit == b'0')
    }

    /// Moves the point to the right.
    fn shift(&mut self, places: usize) {
        for _ in 0..places {
            let next = if self.fraction.is_empty() { '0' } else { self.fraction.remove(0) };
            if !(self.whole.is_empty() && next == '0') {
                self.whole.push(next);
            }
        }
    }

    /// Moves the point to the left.
    fn unshift(&mut self, places: usize) {
        for _ in 0..places {
            self.fraction.insert(0, self.whole.pop().unwrap_or('0'));
        }
    }

    /// Rounds to a number of digits after the point, halves away from zero.
    fn round(&mut self, digits: usize) {
        let up = self.fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
        self.fraction.truncate(digits);
        while self.fraction.len() < digits {
            self.fraction.push('0');
        }
        if up {
            let mut all: Vec<u8> = self.whole.bytes().chain(self.fraction.bytes()).collect();
            let mut carry = true;
            for digit in all.iter_mut().rev() {
                if *digit == b'9' {
                    *digit = b'0';
                } else {
                    *digit += 1;
                    carry = false;
                    break;
                }
            }
            if carry {
                all.insert(0, b'1');
            }
            let point = all.len() - digits;
            let text = |part: &[u8]| part.iter().map(|digit| char::from(*digit)).collect();
            self.whole = text(&all[..point]);
            self.fraction = text(&all[point..]);
        }
        self.negative &= !self.is_zero();
    }

    fn grouped(&self, separator: &str) -> String {
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        let mut grouped = String::with_capacity(whole.len() * 4 / 3);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push_str(separator);
            }
            grouped.push(digit);
        }
        grouped
    }

    fn plain(&self) -> &str {
        if self.whole.is_empty() { "0" } else { &self.whole }
    }

    /// `None` for a format that .NET refuses.
    fn formatted(mut self, format: &str, culture: &Culture) -> Option<String> {
        let mut chars = format.chars();
        let letter = chars.next().filter(char::is_ascii_alphabetic);
        let precision = chars.as_str();
        let standard = letter.filter(|_| {
            precision.len() <= 2 && precision.bytes().all(|digit| digit.is_ascii_digit())
        });
        let Some(letter) = standard else { return self.custom(format, culture) };
        let precision: Option<usize> = precision.parse().ok();
        let point = |fraction: &str| match fraction {
            "" => String::new(),
            fraction => format!("{}{fraction}", culture.decimal),
        };
        let sign = |negative: bool| if negative { "-" } else { "" };
        Some(match letter.to_ascii_uppercase() {
            'N' => {
                self.round(precision.unwrap_or(2));
                let whole = self.grouped(culture.group);
                format!("{}{whole}{}", sign(self.negative), point(&self.fraction))
            }
            'F' => {
                self.round(precision.unwrap_or(2));
                format!("{}{}{}", sign(self.negative), self.plain(), point(&self.fraction))
            }
            'C' => {
                self.round(precision.unwrap_or(culture.currency_digits));
                let amount = format!("{}{}", self.grouped(culture.group), point(&self.fraction));
                let pattern = if self.negative { culture.negative_money } else { culture.money };
                pattern.replace('n', &amount).replace('$', culture.currency)
            }
            'P' => {
                self.shift(2);
                self.round(precision.unwrap_or(2));
                let amount = format!("{}{}", self.grouped(culture.group), point(&self.fraction));
                format!("{}{}", sign(self.negative), culture.percent.replace('n', &amount))
            }
            'D' if self.fraction.is_empty() => {
                let width = precision.unwrap_or(1);
                format!("{}{:0>width$}", sign(self.negative), self.plain())
            }
            'X' if self.fraction.is_empty() && !self.negative => {
                let number: u64 = self.plain().parse().ok()?;
                let width = precision.unwrap_or(1);
                match letter {
                    'x' => format!("{number:0>width$x}"),
                    _ => format!("{number:0>width$X}"),
                }
            }
            'E' => self.scientific(letter, precision.unwrap_or(6), culture),
            'G' if precision.is_none() => {
                format!("{}{}{}", sign(self.negative), self.plain(), point(&self.fraction))
            }
            _ => return None,
        })
    }

    /// `d.dddE+ddd`
    fn scientific(mut self, letter: char, digits: usize, culture: &Culture) -> String {
        let mut exponent: i64 = 0;
        while self.whole.len() > 1 {
            self.unshift(1);
            exponent += 1;
        }
        while self.whole.is_empty() && !self.is_zero() {
            self.shift(1);
            exponent -= 1;
        }
        self.round(digits);
        if self.whole.len() > 1 {
            self.unshift(1);
            self.fraction.truncate(digits);
            exponent += 1;
        }
        let point = if digits == 0 { "" } else { culture.decimal };
        let (sign, mark) =
            (if self.negative { "-" } else { "" }, if exponent < 0 { '-' } else { '+' });
        let (whole, power) = (self.plain(), exponent.unsigned_abs());
        format!("{sign}{whole}{point}{}{letter}{mark}{power:03}", self.fraction)
    }

    fn custom(mut self, format: &str, culture: &Culture) -> Option<String> {
        let sections: Vec<&str> = format.split(';').collect();
        let section = match (sections.as_slice(), self.negative, self.is_zero()) {
            ([_, _, zero, ..], _, true) => zero,
            ([_, negative, ..], true, _) => {
                self.negative = false;
                negative
            }
            ([first, ..], _, _) => first,
            ([], _, _) => "",
        };
        let mask = Mask::parse(section);
        self.shift(mask.percents * 2);
        self.unshift(mask.thousands * 3);
        self.round(mask.fraction_most);
        while self.fraction.len() > mask.fraction_least && self.fraction.ends_with('0') {
            self.fraction.pop();
        }
        self.whole = self.whole.trim_start_matches('0').to_owned();
        while self.whole.len() < mask.whole {
            self.whole.insert(0, '0');
        }
        let sign = if self.negative { "-" } else { "" };
        Some(format!("{sign}{}", self.placed(&mask, culture)))
    }

    /// The digits in a format's places; those for which there is none go before the first.
    fn placed(&self, mask: &Mask, culture: &Culture) -> String {
        let mut text = String::new();
        let (mut left, mut places) = (self.whole.len(), mask.places);
        let mut whole = self.whole.chars();
        let mut fraction = self.fraction.chars();
        for piece in &mask.pieces {
            match piece {
                Piece::Whole => {
                    while left >= places && left > 0 {
                        text.extend(whole.next());
                        left -= 1;
                        if mask.grouped && left > 0 && left % 3 == 0 {
                            text.push_str(culture.group);
                        }
                        if left < places {
                            break;
                        }
                    }
                    places -= 1;
                }
                Piece::Fraction => text.extend(fraction.next()),
                Piece::Point if self.fraction.is_empty() => {}
                Piece::Point => text.push_str(culture.decimal),
                Piece::Literal(literal) => text.push_str(literal),
            }
        }
        text
    }
}

// === impl Mask ===

impl Mask {
    fn parse(section: &str) -> Mask {
        let mut mask = Mask::default();
        let mut point = false;
        // Commas that no digit has followed yet.
        let mut commas = 0;
        let mut chars = section.chars();
        while let Some(c) = chars.next() {
            let piece = match c {
                '0' | '#' if !point => {
                    mask.grouped |= commas > 0;
                    commas = 0;
                    mask.places += 1;
                    mask.whole += usize::from(c == '0' || mask.whole > 0);
                    Piece::Whole
                }
                '0' | '#' => {
                    mask.fraction_most += 1;
                    if c == '0' {
                        mask.fraction_least = mask.fraction_most;
                    }
                    Piece::Fraction
                }
                '.' if point => continue,
                '.' => {
                    point = true;
                    Piece::Point
                }
                ',' => {
                    commas += usize::from(mask.places > 0 && !point);
                    continue;
                }
                '%' => {
                    mask.percents += 1;
                    Piece::Literal("%".to_owned())
                }
                '\\' => Piece::Literal(chars.next().map(String::from).unwrap_or_default()),
                '\'' | '"' => {
                    Piece::Literal(chars.by_ref().take_while(|next| *next != c).collect())
                }
                c => Piece::Literal(c.to_string()),
            };
            mask.pieces.push(piece);
        }
        mask.thousands = commas;
        mask
    }
}

/// A moment by a format; `None` for one that .NET refuses.
fn moment(ticks: i64, offset: Option<i16>, format: &str, culture: &Culture) -> Option<String> {
    let mut chars = format.chars();
    let both = |date: &str, time: &str| format!("{date} {time}");
    let custom = match (chars.next(), chars.next()) {
        (None, _) => both(culture.short_date, culture.long_time),
        (Some(letter), None) => match letter {
            'd' => culture.short_date.to_owned(),
            'D' => culture.long_date.to_owned(),
            'f' => both(culture.long_date, culture.short_time),
            'F' => both(culture.long_date, culture.long_time),
            'g' => both(culture.short_date, culture.short_time),
            'G' => both(culture.short_date, culture.long_time),
            'm' | 'M' => culture.month_day.to_owned(),
            'o' | 'O' if offset.is_some() => "yyyy-MM-ddTHH:mm:ss.fffffffzzz".to_owned(),
            'o' | 'O' => "yyyy-MM-ddTHH:mm:ss.fffffff".to_owned(),
            'r' | 'R' => "ddd, dd MMM yyyy HH:mm:ss 'GMT'".to_owned(),
            's' => "yyyy-MM-ddTHH:mm:ss".to_owned(),
            't' => culture.short_time.to_owned(),
            'T' => culture.long_time.to_owned(),
            'u' => "yyyy-MM-dd HH:mm:ss'Z'".to_owned(),
            'y' | 'Y' => culture.year_month.to_owned(),
            _ => return None,
        },
        _ => format.to_owned(),
    };
    let days = ticks.div_euclid(TICKS_PER_DAY);
    let of_day = ticks.rem_euclid(TICKS_PER_DAY);
    let (year, month, day) = civil_from_days(i32::try_from(days).ok()?);
    // Day 0 is Thursday, 1 January 1970.
    let weekday = usize::try_from((days + 4).rem_euclid(7)).ok()?;
    let month_at = usize::try_from(month).ok()?.checked_sub(1)?;
    let seconds = of_day / TICKS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let fraction = format!("{:07}", of_day % TICKS_PER_SECOND);
    let padded = |number: i64, width: usize| format!("{number:0width$}");
    let mut text = String::new();
    let mut rest = custom.as_str();
    while let Some(c) = rest.chars().next() {
        let count = rest.chars().take_while(|next| *next == c).count();
        let short = count.min(2);
        let mut taken = count * c.len_utf8();
        match c {
            'y' if count <= 2 => text.push_str(&padded(i64::from(year % 100), count)),
            'y' => text.push_str(&padded(year.into(), count)),
            'M' if count <= 2 => text.push_str(&padded(month.into(), count)),
            'M' if count == 3 => text.push_str(culture.short_months[month_at]),
            'M' => text.push_str(culture.months[month_at]),
            'd' if count <= 2 => text.push_str(&padded(day.into(), count)),
            'd' if count == 3 => text.push_str(culture.short_days[weekday]),
            'd' => text.push_str(culture.days[weekday]),
            'H' => text.push_str(&padded(hour, short)),
            'h' => text.push_str(&padded(half, short)),
            'm' => text.push_str(&padded(minute, short)),
            's' => text.push_str(&padded(second, short)),
            'f' if count <= 7 => text.push_str(&fraction[..count]),
            'F' if count <= 7 => text.push_str(fraction[..count].trim_end_matches('0')),
            'f' | 'F' => return None,
            't' => {
                let half = culture.halves[usize::from(hour >= 12)];
                text.extend(half.chars().take(if count == 1 { 1 } else { usize::MAX }));
            }
            '/' => (0..count).for_each(|_| text.push_str(culture.date_separator)),
            'z' => {
                let minutes = offset.unwrap_or(0);
                let sign = if minutes < 0 { '-' } else { '+' };
                let hours = padded(i64::from(minutes.unsigned_abs() / 60), short);
                text.push(sign);
                text.push_str(&hours);
                if count > 2 {
                    text.push(':');
                    text.push_str(&padded(i64::from(minutes.unsigned_abs() % 60), 2));
                }
            }
            '\'' | '"' => {
                let end = rest[1..].find(c)?;
                text.push_str(&rest[1..=end]);
                taken = end + 2;
            }
            '\\' => {
                let next = rest[1..].chars().next()?;
                text.push(next);
                taken = 1 + next.len_utf8();
            }
            '%' if count == 1 => {}
            c => (0..count).for_each(|_| text.push(c)),
        }
        rest = &rest[taken..];
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use launchpod_types::calendar::days_from_civil;

    #[test]
    fn numbers() {
        let culture = culture::named(Some("en-US")).unwrap();
        let written =
            |value: Value, format: &str| Digits::of(&value).unwrap().formatted(format, culture);
        let decimal =
            |unscaled, scale| Value::Decimal(launchpod_types::Decimal::new(unscaled, scale));
        for (value, format, expected) in [
            (Value::Int(1_234_567), "N0", "1,234,567"),
            (decimal(-1_234_565, 3), "N", "-1,234.57"),
            (decimal(-1_234_565, 3), "C", "($1,234.57)"),
            (decimal(-4, 3), "F2", "0.00"),
            (Value::Float(0.125), "P1", "12.5 %"),
            (Value::Int(42), "D5", "00042"),
            (Value::Int(-42), "d", "-42"),
            (Value::Int(255), "X4", "00FF"),
            (Value::Float(999.995), "#,##0.00", "1,000.00"),
            (Value::Float(0.5), "#.##", ".5"),
            (Value::Float(0.5), "0.##%", "50%"),
            (Value::Int(7), "000", "007"),
            (Value::Int(123_456_789), "###-##-####", "123-45-6789"),
            (Value::Int(5), "(0)0-00", "(0)0-05"),
            (Value::Int(1_234_567), "#,##0.0,", "1,234,567.0"),
            (Value::Int(1_234_567), "0.0,", "1234567.0"),
            (Value::Int(1_250_000), "0,,", "1"),
            (Value::Int(1_250_000), "#,##0,K", "1,250K"),
            (Value::Float(1234.5678), "E2", "1.23E+003"),
            (Value::Float(0.000_999_9), "e1", "1.0e-003"),
            (Value::Int(0), "E0", "0E+000"),
            (Value::Int(-5), "0.0;(0.0);zero", "(5.0)"),
            (Value::Int(0), "0.0;(0.0);zero", "zero"),
        ] {
            assert_eq!(written(value, format).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(written(Value::Float(1.5), "D"), None);
    }

    #[test]
    fn moments() {
        let culture = culture::named(Some("en")).unwrap();
        let moment = |ticks, offset, format: &str| super::moment(ticks, offset, format, culture);
        let days = i64::from(days_from_civil(2024, 2, 9));
        let ticks = days * TICKS_PER_DAY + (14 * 3600 + 5 * 60 + 7) * TICKS_PER_SECOND + 1_234_567;
        for (format, expected) in [
            ("yyyy-MM-dd HH:mm:ss.fff", "2024-02-09 14:05:07.123"),
            ("d", "2/9/2024"),
            ("D", "Friday, February 9, 2024"),
            ("g", "2/9/2024 2:05 PM"),
            ("dd MMM yy, h 'o''clock' tt", "09 Feb 24, 2 oclock PM"),
            ("yyyyMMdd_HHmmss", "20240209_140507"),
            ("", "2/9/2024 2:05:07 PM"),
        ] {
            assert_eq!(moment(ticks, None, format).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(moment(ticks, Some(-90), "o").unwrap(), "2024-02-09T14:05:07.1234567-01:30");
        assert_eq!(moment(ticks, None, "q"), None);
    }
}
