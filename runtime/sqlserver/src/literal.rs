//! Values as T-SQL constants, for the few statements that take no parameters.

use launchpod_database::Variable;
use launchpod_types::calendar::{TICKS_PER_DAY, TICKS_PER_SECOND};
use launchpod_types::{SqlType, Value};

/// A declaration of a variable with its value: `@a int = 5`.
///
/// `None` when the value can't be written, which none of its type can be.
pub(crate) fn declaration(name: &str, variable: &Variable) -> Option<String> {
    let value = constant(&variable.value)?;
    Some(format!("{name} {} = {value}", declared(variable.sql_type)))
}

/// A type as variables have it: text, ntext and image are not among them.
pub(crate) fn declared(sql_type: SqlType) -> SqlType {
    match sql_type {
        SqlType::Text => SqlType::VARCHAR_MAX,
        SqlType::NText => SqlType::NVARCHAR_MAX,
        SqlType::Image => SqlType::VARBINARY_MAX,
        other => other,
    }
}

/// A value as a constant that converts to its type without loss.
fn constant(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bit(bit) => u8::from(*bit).to_string(),
        Value::Int(number) => number.to_string(),
        // With an exponent, so that it is a float and no decimal.
        Value::Real(number) => format!("{number:e}"),
        Value::Float(number) => format!("{number:e}"),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Text(text) => format!("N'{}'", text.replace('\'', "''")),
        Value::Binary(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("0x{digits}")
        }
        Value::Date(days) => {
            let (year, month, day) = civil(i64::from(*days));
            format!("'{year:04}{month:02}{day:02}'")
        }
        Value::Time(ticks) => format!("'{}'", clock(*ticks)),
        Value::DateTime(ticks) => moment(*ticks, ""),
        Value::DateTimeOffset { utc, offset } => {
            let local = utc + i64::from(*offset) * 60 * TICKS_PER_SECOND;
            let sign = if *offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            moment(local, &format!(" {sign}{:02}:{:02}", minutes / 60, minutes % 60))
        }
        Value::Guid(guid) => {
            let text: String = guid.iter().map(|byte| format!("{byte:02x}")).collect();
            let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
            format!("'{}'", parts.join("-"))
        }
        Value::Variant(variant) => {
            format!("CAST({} AS {})", constant(&variant.value)?, variant.sql_type)
        }
    })
}

/// A time of day in ISO 8601.
fn clock(ticks: i64) -> String {
    let (seconds, fraction) =
        (ticks.div_euclid(TICKS_PER_SECOND), ticks.rem_euclid(TICKS_PER_SECOND));
    format!("{:02}:{:02}:{:02}.{fraction:07}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A date and time of day in ISO 8601, which converts the same under every DATEFORMAT; three
/// digits of a second are all that datetime reads.
fn moment(ticks: i64, zone: &str) -> String {
    let (year, month, of_month) = civil(ticks.div_euclid(TICKS_PER_DAY));
    let clock = clock(ticks.rem_euclid(TICKS_PER_DAY));
    let clock = clock.strip_suffix("0000").unwrap_or(&clock);
    format!("'{year:04}-{month:02}-{of_month:02}T{clock}{zone}'")
}

/// Year, month and day of days since 1970-01-01, by the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that leap days come last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use launchpod_types::Decimal;

    use super::*;

    #[test]
    fn values_are_written_so_that_they_convert_without_loss() {
        for (sql_type, value, expected) in [
            (SqlType::Int, Value::Int(-5), "@a int = -5"),
            (SqlType::Float, Value::Float(0.1), "@a float = 1e-1"),
            (SqlType::NText, Value::from("it's"), "@a nvarchar(max) = N'it''s'"),
            (SqlType::Money, Value::Decimal(Decimal::new(15_000, 4)), "@a money = 1.5000"),
            (SqlType::Binary(2), Value::Binary(vec![0, 255]), "@a binary(2) = 0x00ff"),
            (
                SqlType::DateTime2(7),
                Value::DateTime(-1),
                "@a datetime2(7) = '1969-12-31T23:59:59.9999999'",
            ),
            (SqlType::DateTime, Value::DateTime(0), "@a datetime = '1970-01-01T00:00:00.000'"),
            (
                SqlType::DateTimeOffset(7),
                Value::DateTimeOffset { utc: 0, offset: -90 },
                "@a datetimeoffset(7) = '1969-12-31T22:30:00.000 -01:30'",
            ),
        ] {
            let variable = Variable { sql_type, value };
            assert_eq!(declaration("@a", &variable).unwrap(), expected);
        }
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(-719_162), (1, 1, 1));
    }
}
