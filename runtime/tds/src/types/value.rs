//! Values, [MS-TDS] 2.2.5.5, as parameters of an RPC carry them.

use super::{
    Collation, Date, DateTime, DateTime2, DateTimeOffset, Decimal, FixedType, Length,
    SmallDateTime, Time, TypeInfo, Variant, datetime, decimal, variant,
};
use crate::{error::ProtocolError, reader::Reader, utf16};

/// NULL among lengths of two bytes, CHARBIN_NULL of [MS-TDS] 2.2.5.2.2.
const SHORT_NULL: u16 = 0xffff;
/// NULL among lengths of four bytes.
const LONG_NULL: u32 = 0xffff_ffff;
/// Bytes of the timestamp behind a text pointer.
const TIMESTAMP: usize = 8;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL, of any type.
    Null,
    /// bit.
    Bit(bool),
    /// tinyint.
    TinyInt(u8),
    /// smallint.
    SmallInt(i16),
    /// int.
    Int(i32),
    /// bigint.
    BigInt(i64),
    /// real.
    Real(f32),
    /// float.
    Float(f64),
    /// money and smallmoney, in ten-thousandths.
    Money(i64),
    /// decimal and numeric.
    Decimal(Decimal),
    /// uniqueidentifier, in the byte order of RFC 9562 (that of its text).
    Guid([u8; 16]),
    /// date.
    Date(Date),
    /// time.
    Time(Time),
    /// datetime.
    DateTime(DateTime),
    /// smalldatetime.
    SmallDateTime(SmallDateTime),
    /// datetime2.
    DateTime2(DateTime2),
    /// datetimeoffset.
    DateTimeOffset(DateTimeOffset),
    /// All character types, and xml.
    Text(String),
    /// All binary types.
    Binary(Vec<u8>),
    /// sql_variant.
    Variant(Box<Variant>),
}

/// A uniqueidentifier between the wire and RFC 9562: the first three fields are
/// little-endian on the wire. It is its own inverse.
pub(crate) fn swap_guid([a, b, c, d, e, f, g, h, rest @ ..]: [u8; 16]) -> [u8; 16] {
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

// === impl Value ===

impl Value {
    /// Reads a parameter's value of type `info` from the start of `bytes`; also says how
    /// many it took.
    ///
    /// # Errors
    /// When it is malformed, or longer than declared;
    /// [`ProtocolError::is_unsupported`] for characters in a code page that isn't served.
    pub fn decode(info: &TypeInfo, bytes: &[u8]) -> Result<(Self, usize), ProtocolError> {
        let mut reader = Reader::new("value", bytes);
        let value = Self::read(&mut reader, info)?;
        Ok((value, reader.offset()))
    }

    /// Reads a row's value: before one of text, ntext or image stands a text pointer and a
    /// timestamp, or no pointer and then no value either.
    pub(crate) fn read_cell(
        reader: &mut Reader<'_>,
        info: &TypeInfo,
    ) -> Result<Self, ProtocolError> {
        if info.has_text_pointer() {
            match reader.u8()? {
                0 => return Ok(Self::Null),
                pointer => reader.bytes(usize::from(pointer) + TIMESTAMP)?,
            };
        }
        Self::read(reader, info)
    }

    pub(crate) fn read(reader: &mut Reader<'_>, info: &TypeInfo) -> Result<Self, ProtocolError> {
        match info {
            TypeInfo::Null => Ok(Self::Null),
            TypeInfo::Fixed(fixed) => read_fixed(reader, *fixed),
            TypeInfo::Nullable(fixed) => {
                with_length(reader, fixed.width().into(), |reader| read_fixed(reader, *fixed))
            }
            TypeInfo::Decimal { precision, scale } | TypeInfo::Numeric { precision, scale } => {
                match reader.u8()? {
                    0 => Ok(Self::Null),
                    length => {
                        let unscaled = decimal::read(reader, length)?;
                        if !decimal::fits(unscaled, *precision) {
                            return Err(
                                reader.invalid_value("decimal beyond its precision", *precision)
                            );
                        }
                        Ok(Self::Decimal(Decimal {
                            unscaled,
                            precision: *precision,
                            scale: *scale,
                        }))
                    }
                }
            }
            TypeInfo::Guid => {
                with_length(reader, 16, |reader| reader.array().map(swap_guid).map(Self::Guid))
            }
            TypeInfo::Date => with_length(reader, 3, |reader| read_date(reader).map(Self::Date)),
            TypeInfo::Time { scale } => {
                with_length(reader, datetime::time_width(*scale), |reader| {
                    read_time(reader, *scale).map(Self::Time)
                })
            }
            TypeInfo::DateTime2 { scale } => {
                with_length(reader, datetime::time_width(*scale) + 3, |reader| {
                    read_datetime2(reader, *scale).map(Self::DateTime2)
                })
            }
            TypeInfo::DateTimeOffset { scale } => {
                with_length(reader, datetime::time_width(*scale) + 5, |reader| {
                    let utc = read_datetime2(reader, *scale)?;
                    let offset = reader.i16()?;
                    match DateTimeOffset::new(utc, offset) {
                        Some(value) => Ok(Self::DateTimeOffset(value)),
                        None => Err(reader.invalid_value("time zone offset", offset as u16)),
                    }
                })
            }
            TypeInfo::Char { length, collation } => {
                characters(reader, Length::Limited(*length), *collation)
            }
            TypeInfo::VarChar { length, collation } => characters(reader, *length, *collation),
            TypeInfo::NChar { length, .. } => unicode(reader, Length::Limited(*length)),
            TypeInfo::NVarChar { length, .. } => unicode(reader, *length),
            TypeInfo::Binary { length } => binary(reader, Length::Limited(*length)),
            TypeInfo::VarBinary { length } => binary(reader, *length),
            TypeInfo::LegacyChar { length } => match legacy(reader, *length)? {
                Some(bytes) => text_in(reader, Collation::default(), bytes),
                None => Ok(Self::Null),
            },
            TypeInfo::LegacyBinary { length } => {
                Ok(legacy(reader, *length)?
                    .map_or(Self::Null, |bytes| Self::Binary(bytes.to_vec())))
            }
            TypeInfo::Text { collation } => match long(reader)? {
                Some(bytes) => text_in(reader, *collation, bytes),
                None => Ok(Self::Null),
            },
            TypeInfo::NText { .. } => match long(reader)? {
                Some(bytes) => utf16_text(reader, bytes),
                None => Ok(Self::Null),
            },
            TypeInfo::Image => {
                Ok(long(reader)?.map_or(Self::Null, |bytes| Self::Binary(bytes.to_vec())))
            }
            TypeInfo::Xml => match reader.plp()? {
                // A byte order mark is part of the encoding, not of the text.
                Some(bytes) => {
                    utf16_text(reader, bytes.strip_prefix(b"\xff\xfe").unwrap_or(&bytes))
                }
                None => Ok(Self::Null),
            },
            TypeInfo::Variant => variant::read(reader),
        }
    }
}

/// A value behind its length in one byte, which is 0 for NULL or else `width`.
fn with_length(
    reader: &mut Reader<'_>,
    width: usize,
    read: impl FnOnce(&mut Reader<'_>) -> Result<Value, ProtocolError>,
) -> Result<Value, ProtocolError> {
    match reader.u8()? {
        0 => Ok(Value::Null),
        length if usize::from(length) == width => read(reader),
        length => Err(reader.value_length(length)),
    }
}

fn read_fixed(reader: &mut Reader<'_>, fixed: FixedType) -> Result<Value, ProtocolError> {
    Ok(match fixed {
        FixedType::Bit => Value::Bit(reader.u8()? != 0),
        FixedType::TinyInt => Value::TinyInt(reader.u8()?),
        FixedType::SmallInt => Value::SmallInt(reader.i16()?),
        FixedType::Int => Value::Int(reader.i32()?),
        FixedType::BigInt => Value::BigInt(reader.i64()?),
        FixedType::Real => Value::Real(f32::from_bits(reader.u32()?)),
        FixedType::Float => Value::Float(f64::from_bits(reader.u64()?)),
        FixedType::SmallMoney => Value::Money(reader.i32()?.into()),
        FixedType::Money => {
            let high = reader.i32()?;
            let low = reader.u32()?;
            Value::Money(i64::from(high) << 32 | i64::from(low))
        }
        FixedType::SmallDateTime => {
            let days = reader.u16()?;
            let minutes = reader.u16()?;
            match SmallDateTime::new(days, minutes) {
                Some(value) => Value::SmallDateTime(value),
                None => return Err(reader.invalid_value("minutes of a smalldatetime", minutes)),
            }
        }
        FixedType::DateTime => {
            let days = reader.i32()?;
            let ticks = reader.u32()?;
            match DateTime::new(days, ticks) {
                Some(value) => Value::DateTime(value),
                None => {
                    return Err(reader.invalid_value(
                        "datetime",
                        u64::from(days as u32) << 32 | u64::from(ticks),
                    ));
                }
            }
        }
    })
}

fn read_date(reader: &mut Reader<'_>) -> Result<Date, ProtocolError> {
    let days = reader.unsigned(3)?;
    // Three bytes fit in an u32.
    Date::new(days as u32).ok_or_else(|| reader.invalid_value("date", days))
}

fn read_time(reader: &mut Reader<'_>, scale: u8) -> Result<Time, ProtocolError> {
    let units = reader.unsigned(datetime::time_width(scale))?;
    let time = units.checked_mul(datetime::unit(scale)).and_then(Time::new);
    time.ok_or_else(|| reader.invalid_value("time", units))
}

fn read_datetime2(reader: &mut Reader<'_>, scale: u8) -> Result<DateTime2, ProtocolError> {
    let time = read_time(reader, scale)?;
    let date = read_date(reader)?;
    Ok(DateTime2 { date, time })
}

/// The bytes behind a length of two bytes.
fn short<'a>(reader: &mut Reader<'a>, declared: u16) -> Result<Option<&'a [u8]>, ProtocolError> {
    match reader.u16()? {
        SHORT_NULL => Ok(None),
        length => within(reader, length.into(), declared.into()).map(Some),
    }
}

/// The bytes behind a length of one byte, which is 0 for NULL.
fn legacy<'a>(reader: &mut Reader<'a>, declared: u8) -> Result<Option<&'a [u8]>, ProtocolError> {
    match reader.u8()? {
        0 => Ok(None),
        length => within(reader, length.into(), declared.into()).map(Some),
    }
}

fn within<'a>(
    reader: &mut Reader<'a>,
    length: usize,
    declared: usize,
) -> Result<&'a [u8], ProtocolError> {
    if length > declared {
        return Err(reader.value_length(length as u64));
    }
    reader.bytes(length)
}

/// The bytes behind a length of four bytes.
fn long<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, ProtocolError> {
    match reader.u32()? {
        LONG_NULL => Ok(None),
        length => reader.bytes(length as usize).map(Some),
    }
}

fn characters(
    reader: &mut Reader<'_>,
    length: Length,
    collation: Collation,
) -> Result<Value, ProtocolError> {
    match length {
        Length::Limited(length) => match short(reader, length)? {
            Some(bytes) => text_in(reader, collation, bytes),
            None => Ok(Value::Null),
        },
        Length::Max => match reader.plp()? {
            Some(bytes) => text_in(reader, collation, &bytes),
            None => Ok(Value::Null),
        },
    }
}

fn unicode(reader: &mut Reader<'_>, length: Length) -> Result<Value, ProtocolError> {
    match length {
        // At most 4000, as the type was read.
        Length::Limited(length) => match short(reader, length.saturating_mul(2))? {
            Some(bytes) => utf16_text(reader, bytes),
            None => Ok(Value::Null),
        },
        Length::Max => match reader.plp()? {
            Some(bytes) => utf16_text(reader, &bytes),
            None => Ok(Value::Null),
        },
    }
}

fn binary(reader: &mut Reader<'_>, length: Length) -> Result<Value, ProtocolError> {
    let bytes = match length {
        Length::Limited(length) => short(reader, length)?.map(<[u8]>::to_vec),
        Length::Max => reader.plp()?.map(|bytes| bytes.into_owned()),
    };
    Ok(bytes.map_or(Value::Null, Value::Binary))
}

fn text_in(
    reader: &Reader<'_>,
    collation: Collation,
    bytes: &[u8],
) -> Result<Value, ProtocolError> {
    collation.decode(bytes).map(Value::Text).map_err(|problem| reader.error(problem))
}

fn utf16_text(reader: &Reader<'_>, bytes: &[u8]) -> Result<Value, ProtocolError> {
    if !bytes.len().is_multiple_of(2) {
        return Err(reader.value_length(bytes.len() as u64));
    }
    Ok(Value::Text(utf16::decode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(info: &TypeInfo, bytes: &[u8]) -> Result<Value, ProtocolError> {
        let (value, taken) = Value::decode(info, bytes)?;
        assert_eq!(taken, bytes.len());
        Ok(value)
    }

    #[test]
    fn values_as_the_wire_has_them() {
        let date = Date::from_unix_days(0).unwrap();
        let time = Time::new(1_000_000_000).unwrap();
        for (info, bytes, value) in [
            (
                TypeInfo::Nullable(FixedType::Money),
                &[8, 1, 0, 0, 0, 2, 0, 0, 0][..],
                Value::Money((1 << 32) + 2),
            ),
            (
                TypeInfo::Nullable(FixedType::SmallMoney),
                &[4, 0xff, 0xff, 0xff, 0xff],
                Value::Money(-1),
            ),
            (
                TypeInfo::Numeric { precision: 9, scale: 2 },
                &[5, 0, 0x39, 0x30, 0, 0],
                Value::Decimal(Decimal { unscaled: -12345, precision: 9, scale: 2 }),
            ),
            (
                TypeInfo::Guid,
                &[16, 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
                Value::Guid([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
            ),
            (TypeInfo::Date, &[3, 0x3a, 0xf9, 0x0a], Value::Date(date)),
            (TypeInfo::Time { scale: 0 }, &[3, 1, 0, 0], Value::Time(time)),
            (TypeInfo::Time { scale: 3 }, &[4, 0xe8, 3, 0, 0], Value::Time(time)),
            (
                TypeInfo::DateTime2 { scale: 7 },
                &[8, 0x80, 0x96, 0x98, 0, 0, 0x3a, 0xf9, 0x0a],
                Value::DateTime2(DateTime2 { date, time }),
            ),
            (
                TypeInfo::DateTimeOffset { scale: 0 },
                &[8, 1, 0, 0, 0x3a, 0xf9, 0x0a, 0xc4, 0xff],
                Value::DateTimeOffset(DateTimeOffset::new(DateTime2 { date, time }, -60).unwrap()),
            ),
            (
                TypeInfo::Fixed(FixedType::DateTime),
                &[0xff, 0xff, 0xff, 0xff, 44, 1, 0, 0],
                Value::DateTime(DateTime::new(-1, 300).unwrap()),
            ),
            (TypeInfo::LegacyChar { length: 3 }, &[2, b'a', 0x80], Value::Text("a€".to_owned())),
            (TypeInfo::LegacyBinary { length: 3 }, &[0], Value::Null),
            (
                TypeInfo::Text { collation: Collation::default() },
                &[1, 0, 0, 0, 0xe4],
                Value::Text("ä".to_owned()),
            ),
            (
                TypeInfo::NText { collation: Collation::default() },
                &[2, 0, 0, 0, 0xe4, 0],
                Value::Text("ä".to_owned()),
            ),
            (TypeInfo::Image, &[0xff; 4], Value::Null),
            (
                TypeInfo::Xml,
                &[4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xfe, b'<', 0, 0, 0, 0, 0],
                Value::Text("<".to_owned()),
            ),
        ] {
            assert_eq!(decode(&info, bytes).unwrap(), value, "{info:?}");
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        let collation = Collation::default();
        for (info, bytes) in [
            (TypeInfo::Nullable(FixedType::Int), &[2, 0, 0][..]),
            (TypeInfo::Guid, &[15; 16]),
            (TypeInfo::Date, &[3, 0xdb, 0xb9, 0x37]),
            (TypeInfo::Time { scale: 0 }, &[3, 0x80, 0x51, 1]),
            (TypeInfo::Time { scale: 7 }, &[5, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (TypeInfo::Time { scale: 7 }, &[4, 0, 0, 0, 0]),
            (TypeInfo::DateTimeOffset { scale: 0 }, &[8, 1, 0, 0, 0, 0, 0, 0x49, 3]),
            (TypeInfo::Fixed(FixedType::DateTime), &[0; 7]),
            (TypeInfo::Fixed(FixedType::DateTime), &[0, 0, 0, 0, 0, 0x83, 0x8b, 1]),
            (TypeInfo::Fixed(FixedType::SmallDateTime), &[0, 0, 0xa0, 5]),
            (TypeInfo::Decimal { precision: 2, scale: 0 }, &[5, 1, 100, 0, 0, 0]),
            (TypeInfo::VarChar { length: Length::Limited(1), collation }, &[2, 0, b'a', b'b']),
            (TypeInfo::NVarChar { length: Length::Limited(1), collation }, &[1, 0, b'a']),
            (
                TypeInfo::NVarChar { length: Length::Limited(1), collation },
                &[4, 0, b'a', 0, b'b', 0],
            ),
            (TypeInfo::VarBinary { length: Length::Limited(9) }, &[9, 0, 1]),
            (TypeInfo::LegacyChar { length: 1 }, &[2, b'a', b'b']),
            (TypeInfo::Image, &[0xfe, 0xff, 0xff, 0xff, 1]),
        ] {
            assert!(Value::decode(&info, bytes).is_err(), "{info:?} {bytes:?}");
        }
    }
}
