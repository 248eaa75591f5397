//! Values as a terminal shows them.

use std::fmt::Write as _;

use launchpod_types::Value;
use launchpod_types::calendar::{TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days};

/// The text of a value.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bit(bit) => u8::from(*bit).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Decimal(decimal) => decimal.to_string(),
        // What a script has made could drive the terminal.
        Value::Text(text) => {
            text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
        }
        Value::Binary(bytes) => hexadecimal(bytes),
        Value::Date(days) => date(*days),
        Value::Time(ticks) => time(*ticks),
        Value::DateTime(ticks) => moment(*ticks),
        Value::DateTimeOffset { utc, offset } => {
            let local = utc + i64::from(*offset) * 60 * TICKS_PER_SECOND;
            let sign = if *offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            format!("{} {sign}{:02}:{:02}", moment(local), minutes / 60, minutes % 60)
        }
        Value::Variant(variant) => text(&variant.value),
        Value::Guid(guid) => uuid::Uuid::from_bytes(*guid).to_string().to_uppercase(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

fn date(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time(ticks: i64) -> String {
    let seconds = ticks / TICKS_PER_SECOND;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{:07}", ticks % TICKS_PER_SECOND);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{fraction}")
}

fn moment(ticks: i64) -> String {
    // A moment of the years 1 to 9999 has a count of days that fits.
    let days = ticks.div_euclid(TICKS_PER_DAY) as i32;
    format!("{} {}", date(days), time(ticks.rem_euclid(TICKS_PER_DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_in_sql_server() {
        let east = Value::DateTimeOffset { utc: 0, offset: 90 };
        for (value, expected) in [
            (Value::DateTime(-1), "1969-12-31 23:59:59.9999999"),
            (Value::DateTime(0), "1970-01-01 00:00:00"),
            (east, "1970-01-01 01:30:00 +01:30"),
            (Value::Binary(vec![1, 0xab]), "0x01AB"),
            (Value::from("a\u{1b}[2J"), "a\u{fffd}[2J"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }
}
