//! Dates and times as bytes, the way SQL Server keeps them: `date` counts days since 0001-01-01 in
//! 3 bytes; a time is its scale and a count of its unit in 3 to 5 bytes, both from the least byte
//! on; `datetime2` is a time and a date, `datetimeoffset` these in UTC and minutes in 2 bytes;
//! `smalldatetime` counts days since 1900 and minutes, 2 bytes each from the greatest on.

use launchpod_types::calendar::{
    DAYS_FROM_1900, DAYS_FROM_YEAR_ONE, TICKS_PER_DAY, TICKS_PER_SECOND,
};
use launchpod_types::{SqlType, Value};

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// The days of the years 1 to 9999.
const DAYS: i64 = 3_652_059;

/// The bytes of a value; `None` for other types.
pub(super) fn bytes(value: &Value, t: SqlType) -> Option<Vec<u8>> {
    Some(match (value, t) {
        (Value::Date(days), _) => date_bytes(i64::from(*days)).to_vec(),
        (Value::Time(ticks), SqlType::Time(digits)) => time_bytes(*ticks, digits),
        (Value::DateTime(ticks), SqlType::DateTime2(digits)) => moment_bytes(*ticks, digits),
        (Value::DateTime(ticks), SqlType::SmallDateTime) => {
            let days = ticks.div_euclid(TICKS_PER_DAY) + i64::from(DAYS_FROM_1900);
            let minutes = ticks.rem_euclid(TICKS_PER_DAY) / TICKS_PER_MINUTE;
            // A smalldatetime has 65,536 days and 1,440 minutes.
            [(days as u16).to_be_bytes(), (minutes as u16).to_be_bytes()].concat()
        }
        (Value::DateTimeOffset { utc, offset }, SqlType::DateTimeOffset(digits)) => {
            let mut bytes = moment_bytes(*utc, digits);
            bytes.extend(offset.to_le_bytes());
            bytes
        }
        _ => return None,
    })
}

/// The value that bytes are of; `None` for others than [`bytes`] makes.
pub(super) fn value(bytes: &[u8], t: SqlType) -> Option<Value> {
    Some(match t {
        SqlType::Date => Value::Date(i32::try_from(date(bytes)?).ok()?),
        SqlType::Time(_) => Value::Time(time(bytes)?),
        SqlType::DateTime2(_) => Value::DateTime(moment(bytes)?),
        SqlType::DateTimeOffset(_) => {
            let (moment_bytes, offset) = bytes.split_last_chunk()?;
            let offset = i16::from_le_bytes(*offset);
            let utc = moment(moment_bytes).filter(|_| (-840..=840).contains(&offset))?;
            Value::DateTimeOffset { utc, offset }
        }
        _ => return None,
    })
}

fn date_bytes(days: i64) -> [u8; 3] {
    let bytes = (days + i64::from(DAYS_FROM_YEAR_ONE)).to_le_bytes();
    [bytes[0], bytes[1], bytes[2]]
}

fn unit(digits: u8) -> i64 {
    10_i64.pow(7 - u32::from(digits.min(7)))
}

fn width(digits: u8) -> usize {
    match digits {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

fn time_bytes(ticks: i64, digits: u8) -> Vec<u8> {
    let count = (ticks / unit(digits)).to_le_bytes();
    std::iter::once(digits).chain(count[..width(digits)].iter().copied()).collect()
}

fn moment_bytes(ticks: i64, digits: u8) -> Vec<u8> {
    let mut bytes = time_bytes(ticks.rem_euclid(TICKS_PER_DAY), digits);
    bytes.extend(date_bytes(ticks.div_euclid(TICKS_PER_DAY)));
    bytes
}

fn little(bytes: &[u8]) -> i64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

fn date(bytes: &[u8]) -> Option<i64> {
    let days = little(bytes);
    (bytes.len() == 3 && days < DAYS).then_some(days - i64::from(DAYS_FROM_YEAR_ONE))
}

fn time(bytes: &[u8]) -> Option<i64> {
    let (digits, count) = bytes.split_first()?;
    let known = *digits <= 7 && count.len() == width(*digits);
    let ticks = known.then(|| little(count) * unit(*digits))?;
    (ticks < TICKS_PER_DAY).then_some(ticks)
}

fn moment(bytes: &[u8]) -> Option<i64> {
    let (time_part, date_part) = bytes.split_at_checked(bytes.len().checked_sub(3)?)?;
    Some(date(date_part)? * TICKS_PER_DAY + time(time_part)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let (date, noon) = (Value::Date(19_782), TICKS_PER_DAY / 2);
        for (value, t, hex) in [
            (date, SqlType::Date, "80460B"),
            (Value::Time(noon), SqlType::Time(0), "00C0A800"),
            (
                Value::DateTime(19_782 * TICKS_PER_DAY + noon),
                SqlType::DateTime2(0),
                "00C0A80080460B",
            ),
            (
                Value::DateTimeOffset { utc: 19_782 * TICKS_PER_DAY + 1, offset: -90 },
                SqlType::DateTimeOffset(7),
                "07010000000080460BA6FF",
            ),
        ] {
            let written = bytes(&value, t).unwrap();
            assert_eq!(super::super::hex(&written), hex);
            assert_eq!(super::value(&written, t), Some(value));
        }
        assert_eq!(value(&[1, 2], SqlType::Date), None);
        assert_eq!(value(&[], SqlType::DateTime2(7)), None);
        assert_eq!(value(&[0xFF; 3], SqlType::Date), None);
    }
}
