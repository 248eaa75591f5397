//! T-SQL types and values on the wire, both ways.

use launchpod_tds::types::{self as wire, Collation, FixedType, TypeInfo};
use launchpod_types::calendar::{DAYS_FROM_1900, TICKS_PER_DAY, TICKS_PER_SECOND};
use launchpod_types::{Decimal, Length, SqlType, Value};

/// The collation of all text: SQL Server's default.
const COLLATION: Collation = Collation::SQL_LATIN1_GENERAL_CP1_CI_AS;

/// Nanoseconds in one unit of our times.
const NANOSECONDS_PER_TICK: i64 = 100;

/// How a column of a type is described on the wire.
pub fn type_info(sql_type: SqlType) -> TypeInfo {
    let collation = COLLATION;
    match sql_type {
        SqlType::Bit => TypeInfo::Nullable(FixedType::Bit),
        SqlType::TinyInt => TypeInfo::Nullable(FixedType::TinyInt),
        SqlType::SmallInt => TypeInfo::Nullable(FixedType::SmallInt),
        SqlType::Int => TypeInfo::Nullable(FixedType::Int),
        SqlType::BigInt => TypeInfo::Nullable(FixedType::BigInt),
        SqlType::Real => TypeInfo::Nullable(FixedType::Real),
        SqlType::Float => TypeInfo::Nullable(FixedType::Float),
        SqlType::SmallMoney => TypeInfo::Nullable(FixedType::SmallMoney),
        SqlType::Money => TypeInfo::Nullable(FixedType::Money),
        SqlType::SmallDateTime => TypeInfo::Nullable(FixedType::SmallDateTime),
        SqlType::DateTime => TypeInfo::Nullable(FixedType::DateTime),
        SqlType::Decimal { precision, scale } => TypeInfo::Decimal { precision, scale },
        SqlType::Char(length) => TypeInfo::Char { length, collation },
        SqlType::VarChar(length) => TypeInfo::VarChar { length: wire_length(length), collation },
        SqlType::NChar(length) => TypeInfo::NChar { length, collation },
        SqlType::NVarChar(length) => TypeInfo::NVarChar { length: wire_length(length), collation },
        // As columns of a result these are sent as the (max) types that replace them.
        SqlType::Text => TypeInfo::VarChar { length: wire::Length::Max, collation },
        // What knows no json gets it as text ("JSON data type").
        SqlType::NText | SqlType::Xml | SqlType::Json => {
            TypeInfo::NVarChar { length: wire::Length::Max, collation }
        }
        SqlType::Image => TypeInfo::VarBinary { length: wire::Length::Max },
        SqlType::Binary(length) => TypeInfo::Binary { length },
        SqlType::VarBinary(length) => TypeInfo::VarBinary { length: wire_length(length) },
        SqlType::Date => TypeInfo::Date,
        SqlType::Time(scale) => TypeInfo::Time { scale },
        SqlType::DateTime2(scale) => TypeInfo::DateTime2 { scale },
        SqlType::DateTimeOffset(scale) => TypeInfo::DateTimeOffset { scale },
        SqlType::UniqueIdentifier => TypeInfo::Guid,
        SqlType::Variant => TypeInfo::Variant,
    }
}

/// The type that a client has declared.
pub fn sql_type(info: &TypeInfo) -> SqlType {
    match *info {
        // A NULL without a type is an int, as the constant NULL is.
        TypeInfo::Null => SqlType::Int,
        TypeInfo::Fixed(fixed) | TypeInfo::Nullable(fixed) => fixed_type(fixed),
        TypeInfo::Decimal { precision, scale } | TypeInfo::Numeric { precision, scale } => {
            SqlType::Decimal { precision, scale }
        }
        TypeInfo::Guid => SqlType::UniqueIdentifier,
        TypeInfo::Date => SqlType::Date,
        TypeInfo::Time { scale } => SqlType::Time(scale),
        TypeInfo::DateTime2 { scale } => SqlType::DateTime2(scale),
        TypeInfo::DateTimeOffset { scale } => SqlType::DateTimeOffset(scale),
        TypeInfo::Char { length, .. } => SqlType::Char(length.max(1)),
        TypeInfo::VarChar { length, .. } => SqlType::VarChar(declared_length(length)),
        TypeInfo::NChar { length, .. } => SqlType::NChar(length.max(1)),
        TypeInfo::NVarChar { length, .. } => SqlType::NVarChar(declared_length(length)),
        TypeInfo::Binary { length } => SqlType::Binary(length.max(1)),
        TypeInfo::VarBinary { length } => SqlType::VarBinary(declared_length(length)),
        TypeInfo::LegacyChar { length } => {
            SqlType::VarChar(Length::Limited(u16::from(length).max(1)))
        }
        TypeInfo::LegacyBinary { length } => {
            SqlType::VarBinary(Length::Limited(u16::from(length).max(1)))
        }
        // As variables these are the (max) types that replace them.
        TypeInfo::Text { .. } => SqlType::VARCHAR_MAX,
        TypeInfo::NText { .. } | TypeInfo::Xml => SqlType::NVARCHAR_MAX,
        TypeInfo::Image => SqlType::VARBINARY_MAX,
        TypeInfo::Variant => SqlType::Variant,
    }
}

/// A value that a client has sent.
pub fn from_wire(value: wire::Value) -> Value {
    match value {
        wire::Value::Null => Value::Null,
        wire::Value::Bit(bit) => Value::Bit(bit),
        wire::Value::TinyInt(number) => Value::Int(number.into()),
        wire::Value::SmallInt(number) => Value::Int(number.into()),
        wire::Value::Int(number) => Value::Int(number.into()),
        wire::Value::BigInt(number) => Value::Int(number),
        wire::Value::Real(number) => Value::Real(number),
        wire::Value::Float(number) => Value::Float(number),
        wire::Value::Money(units) => Value::Decimal(Decimal::new(units.into(), 4)),
        wire::Value::Decimal(decimal) => {
            Value::Decimal(Decimal::new(decimal.unscaled, decimal.scale))
        }
        wire::Value::Guid(guid) => Value::Guid(guid),
        wire::Value::Date(date) => Value::Date(date.unix_days()),
        wire::Value::Time(time) => Value::Time(ticks_of_day(time)),
        wire::Value::DateTime(moment) => Value::DateTime(ticks(moment.date(), moment.time())),
        wire::Value::SmallDateTime(moment) => {
            let days = i64::from(moment.days()) - i64::from(DAYS_FROM_1900);
            let minutes = i64::from(moment.minutes());
            Value::DateTime(days * TICKS_PER_DAY + minutes * 60 * TICKS_PER_SECOND)
        }
        wire::Value::DateTime2(moment) => Value::DateTime(ticks(moment.date, moment.time)),
        wire::Value::DateTimeOffset(moment) => {
            let utc = moment.utc();
            Value::DateTimeOffset { utc: ticks(utc.date, utc.time), offset: moment.offset() }
        }
        wire::Value::Text(text) => Value::Text(text),
        wire::Value::Binary(bytes) => Value::Binary(bytes),
        wire::Value::Variant(variant) => {
            let sql_type = sql_type(&variant.type_info);
            from_wire(variant.value).into_variant(sql_type)
        }
    }
}

/// A value to send as a type. `None` when it isn't one of that type: a fault of ours, or a
/// date that the type can't hold.
pub fn to_wire(value: &Value, sql_type: SqlType) -> Option<wire::Value> {
    Some(match (value, sql_type) {
        (Value::Null, _) => wire::Value::Null,
        (Value::Bit(bit), _) => wire::Value::Bit(*bit),
        (Value::Int(number), SqlType::TinyInt) => wire::Value::TinyInt((*number).try_into().ok()?),
        (Value::Int(number), SqlType::SmallInt) => {
            wire::Value::SmallInt((*number).try_into().ok()?)
        }
        (Value::Int(number), SqlType::Int) => wire::Value::Int((*number).try_into().ok()?),
        (Value::Int(number), _) => wire::Value::BigInt(*number),
        (Value::Real(number), _) => wire::Value::Real(*number),
        (Value::Float(number), _) => wire::Value::Float(*number),
        (Value::Decimal(decimal), SqlType::Money | SqlType::SmallMoney) => {
            wire::Value::Money(decimal.rescale(4)?.unscaled.try_into().ok()?)
        }
        (Value::Decimal(decimal), SqlType::Decimal { precision, scale }) => {
            let unscaled = decimal.rescale(scale)?.unscaled;
            wire::Value::Decimal(wire::Decimal { unscaled, precision, scale })
        }
        (Value::Decimal(_), _) => return None,
        (Value::Text(text), _) => wire::Value::Text(text.clone()),
        (Value::Binary(bytes), _) => wire::Value::Binary(bytes.clone()),
        (Value::Date(days), _) => wire::Value::Date(wire::Date::from_unix_days(*days)?),
        (Value::Time(ticks), _) => wire::Value::Time(time(*ticks)?),
        (Value::DateTime(ticks), SqlType::DateTime) => {
            let (date, time) = date_and_time(*ticks)?;
            wire::Value::DateTime(wire::DateTime::round(date, time)?)
        }
        (Value::DateTime(ticks), SqlType::SmallDateTime) => {
            wire::Value::SmallDateTime(small_date_time(*ticks)?)
        }
        (Value::DateTime(ticks), _) => {
            let (date, time) = date_and_time(*ticks)?;
            wire::Value::DateTime2(wire::DateTime2 { date, time })
        }
        (Value::DateTimeOffset { utc, offset }, _) => {
            let (date, time) = date_and_time(*utc)?;
            let utc = wire::DateTime2 { date, time };
            wire::Value::DateTimeOffset(wire::DateTimeOffset::new(utc, *offset)?)
        }
        (Value::Guid(guid), _) => wire::Value::Guid(*guid),
        (Value::Variant(variant), _) => wire::Value::Variant(Box::new(wire::Variant {
            type_info: type_info(variant.sql_type),
            value: to_wire(&variant.value, variant.sql_type)?,
        })),
    })
}

/// Date and time of day of a count of 100 ns since 1970.
pub fn date_and_time(ticks: i64) -> Option<(wire::Date, wire::Time)> {
    let days = i32::try_from(ticks.div_euclid(TICKS_PER_DAY)).ok()?;
    Some((wire::Date::from_unix_days(days)?, time(ticks.rem_euclid(TICKS_PER_DAY))?))
}

/// A `smalldatetime` of a count of 100 ns since 1970; seconds are zero by its type.
pub fn small_date_time(ticks: i64) -> Option<wire::SmallDateTime> {
    let days = ticks.div_euclid(TICKS_PER_DAY) + i64::from(DAYS_FROM_1900);
    let minutes = ticks.rem_euclid(TICKS_PER_DAY) / (60 * TICKS_PER_SECOND);
    wire::SmallDateTime::new(days.try_into().ok()?, minutes.try_into().ok()?)
}

fn time(ticks: i64) -> Option<wire::Time> {
    wire::Time::new(u64::try_from(ticks).ok()? * NANOSECONDS_PER_TICK as u64)
}

fn ticks_of_day(time: wire::Time) -> i64 {
    // A day has fewer nanoseconds than an i64 holds.
    time.nanoseconds() as i64 / NANOSECONDS_PER_TICK
}

fn ticks(date: wire::Date, time: wire::Time) -> i64 {
    i64::from(date.unix_days()) * TICKS_PER_DAY + ticks_of_day(time)
}

fn fixed_type(fixed: FixedType) -> SqlType {
    match fixed {
        FixedType::Bit => SqlType::Bit,
        FixedType::TinyInt => SqlType::TinyInt,
        FixedType::SmallInt => SqlType::SmallInt,
        FixedType::Int => SqlType::Int,
        FixedType::BigInt => SqlType::BigInt,
        FixedType::Real => SqlType::Real,
        FixedType::Float => SqlType::Float,
        FixedType::SmallMoney => SqlType::SmallMoney,
        FixedType::Money => SqlType::Money,
        FixedType::SmallDateTime => SqlType::SmallDateTime,
        FixedType::DateTime => SqlType::DateTime,
    }
}

fn wire_length(length: Length) -> wire::Length {
    match length {
        Length::Limited(length) => wire::Length::Limited(length),
        Length::Max => wire::Length::Max,
    }
}

/// A client may declare a length of 0 for an empty value; T-SQL has no such type.
fn declared_length(length: wire::Length) -> Length {
    match length {
        wire::Length::Limited(length) => Length::Limited(length.max(1)),
        wire::Length::Max => Length::Max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for (value, sql_type) in [
            (Value::Int(255), SqlType::TinyInt),
            (Value::Int(i64::MIN), SqlType::BigInt),
            (Value::Decimal(Decimal::new(-12_345, 4)), SqlType::Money),
            (Value::Decimal(Decimal::new(1, 3)), SqlType::Decimal { precision: 9, scale: 3 }),
            (Value::Date(-DAYS_FROM_1900), SqlType::Date),
            (Value::Time(TICKS_PER_DAY - 1), SqlType::Time(7)),
            (Value::DateTime(-TICKS_PER_DAY), SqlType::DateTime),
            (Value::DateTime(60 * TICKS_PER_SECOND), SqlType::SmallDateTime),
            (Value::DateTime(-1), SqlType::DateTime2(7)),
            (Value::DateTimeOffset { utc: 5, offset: -840 }, SqlType::DateTimeOffset(7)),
            (Value::Guid([7; 16]), SqlType::UniqueIdentifier),
            (Value::Int(7).into_variant(SqlType::TinyInt), SqlType::Variant),
            (Value::from("a").into_variant(SqlType::NChar(3)), SqlType::Variant),
        ] {
            assert_eq!(to_wire(&value, sql_type).map(from_wire), Some(value), "{sql_type}");
        }
    }

    #[test]
    fn what_a_type_cannot_hold_is_not_sent() {
        assert_eq!(to_wire(&Value::Int(256), SqlType::TinyInt), None);
        assert_eq!(to_wire(&Value::DateTime(i64::MAX), SqlType::DateTime2(7)), None);
    }

    #[test]
    fn types_come_back() {
        for sql_type in [
            SqlType::Bit,
            SqlType::Decimal { precision: 38, scale: 10 },
            SqlType::VARCHAR_MAX,
            SqlType::NVarChar(Length::Limited(4_000)),
            SqlType::Binary(8_000),
            SqlType::DateTimeOffset(3),
        ] {
            assert_eq!(super::sql_type(&type_info(sql_type)), sql_type);
        }
    }
}
