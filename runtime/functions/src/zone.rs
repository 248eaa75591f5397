//! Time zones: the server's own, and those that AT TIME ZONE names.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use launchpod_types::calendar::{TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::zone_names::ZONES;
use super::{Actual, Signature};
use crate::errors;

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;

/// The server's offset at a moment (100 ns since 1970, UTC): minutes east of UTC.
pub fn server_offset(utc: i64) -> i16 {
    offset_at(&TimeZone::system(), utc)
}

/// The name of the server's time zone: Windows' own, or the IANA database's where Windows has none
/// for it.
pub fn server_name() -> String {
    let zone = TimeZone::system();
    let iana = zone.iana_name().unwrap_or("Etc/UTC");
    let iana = if iana == "UTC" { "Etc/UTC" } else { iana };
    let known = ZONES.iter().find(|(_, known)| *known == iana);
    known.map_or(iana, |(name, _)| name).to_owned()
}

/// The server's time zone with its offset when summer time is not in force, as CURRENT_TIMEZONE
/// shows it: `(UTC+01:00) W. Europe Standard Time`.
pub fn server_title(utc: i64) -> String {
    let zone = TimeZone::system();
    let half_a_year = 183 * TICKS_PER_DAY;
    let offset = offset_at(&zone, utc).min(offset_at(&zone, utc + half_a_year));
    match offset {
        0 if server_name() == "UTC" => "(UTC) Coordinated Universal Time".to_owned(),
        offset => format!("(UTC{}) {}", super::moment::offset_text(offset), server_name()),
    }
}

/// `x AT TIME ZONE zone` ("AT TIME ZONE (Transact-SQL)"): a moment is shown in the zone, a date
/// and time without offset is taken to be the zone's.
pub fn at(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let (from, digits) = match a[0].sql_type {
        t @ (SqlType::DateTimeOffset(digits) | SqlType::DateTime2(digits)) => (t, digits),
        t @ SqlType::DateTime => (t, 3),
        t @ SqlType::SmallDateTime => (t, 0),
        t => return Err(errors::argument_type(t, 1, "AT TIME ZONE")),
    };
    let to = SqlType::DateTimeOffset(digits);
    Ok(Signature::strict(vec![from, SqlType::NVarChar(Length::Limited(128))], to, move |v| {
        let Value::Text(name) = &v[1] else { return Ok(Value::Null) };
        let zone = named(name).ok_or_else(|| errors::unknown_time_zone(name))?;
        let utc = match v[0] {
            Value::DateTimeOffset { utc, .. } => utc,
            Value::DateTime(local) => {
                to_utc(&zone, local).ok_or_else(|| errors::date_overflow(to))?
            }
            _ => return Ok(Value::Null),
        };
        Ok(Value::DateTimeOffset { utc, offset: offset_at(&zone, utc) })
    }))
}

/// The rows of `sys.time_zone_info` as a JSON array of arrays: name, offset, whether it is summer.
pub fn all(utc: i64) -> String {
    let rows: Vec<(&str, String, bool)> = ZONES
        .iter()
        .filter_map(|(name, iana)| {
            let info = TimeZone::get(iana).ok()?;
            let info = info.to_offset_info(timestamp(utc)?);
            let minutes = i16::try_from(info.offset().seconds() / 60).ok()?;
            Some((*name, super::moment::offset_text(minutes), info.dst().is_dst()))
        })
        .collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn named(name: &str) -> Option<TimeZone> {
    let (_, iana) = ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    TimeZone::get(iana).ok()
}

fn timestamp(utc: i64) -> Option<Timestamp> {
    Timestamp::from_second(utc.div_euclid(TICKS_PER_SECOND)).ok()
}

fn offset_at(zone: &TimeZone, utc: i64) -> i16 {
    let seconds = timestamp(utc).map_or(0, |moment| zone.to_offset(moment).seconds());
    i16::try_from(seconds / 60).unwrap_or(0)
}

/// The moment of a date and time in a zone. One that a clock skips when it is set ahead is as
/// much later; of two when it is set back, it is the first.
fn to_utc(zone: &TimeZone, local: i64) -> Option<i64> {
    let (year, month, day) = civil_from_days(i32::try_from(local.div_euclid(TICKS_PER_DAY)).ok()?);
    let seconds = local.rem_euclid(TICKS_PER_DAY) / TICKS_PER_SECOND;
    let part = |number: i64| i8::try_from(number).ok();
    let date = civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    );
    let moment =
        date.ok()?.at(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?, 0);
    let utc = zone.to_ambiguous_timestamp(moment).compatible().ok()?;
    // The offset as it is shown, which has no seconds.
    let shown = offset_at(zone, utc.as_second() * TICKS_PER_SECOND);
    let skipped = utc.as_second() * TICKS_PER_SECOND + local.rem_euclid(TICKS_PER_SECOND);
    let seconds = zone.to_offset(utc).seconds();
    Some(skipped + i64::from(seconds) * TICKS_PER_SECOND - i64::from(shown) * TICKS_PER_MINUTE)
}
