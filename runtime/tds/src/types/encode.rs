//! Values into the bytes of a column's or parameter's cell.
//!
//! Each function checks that its kind of value is what the type declares, appends the
//! whole cell, and leaves nothing of it behind when it fails.

mod long;

use self::long::{Prefix, variable};
pub(crate) use self::long::{
    TextEncoding, begin_chunks, binary, chunk, encoding, end_chunks, is_binary, is_limited, text,
};
use super::{
    Date, DateTime, DateTime2, DateTimeOffset, FixedType, SmallDateTime, Time, TypeInfo, Value,
    datetime, decimal, value::swap_guid, variant,
};

/// A value that can't be written as the declared type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value is of another kind than the type.
    #[error("a value of {given} can't be written as {declared}")]
    WrongType {
        /// What was given.
        given: &'static str,
        /// The type's name.
        declared: &'static str,
    },
    /// The value is longer than the type allows.
    #[error("a value of {length} bytes exceeds the {maximum} of its {declared}")]
    TooLong {
        /// The type's name.
        declared: &'static str,
        /// The value's length in bytes, as written.
        length: usize,
        /// The type's.
        maximum: usize,
    },
    /// The value is outside the type's range.
    #[error("a value of {given} is outside the range of its {declared}")]
    OutOfRange {
        /// What was given.
        given: &'static str,
        /// The type's name.
        declared: &'static str,
    },
    /// NULL, for a type that has none.
    #[error("NULL can't be written as {declared} that is not nullable")]
    Null {
        /// The type's name.
        declared: &'static str,
    },
}

/// A value of any kind.
pub(crate) fn value(out: &mut Vec<u8>, info: &TypeInfo, value: &Value) -> Result<(), EncodeError> {
    match value {
        Value::Null => null(out, info),
        Value::Bit(value) => bit(out, info, *value),
        Value::TinyInt(value) => tiny_int(out, info, *value),
        Value::SmallInt(value) => small_int(out, info, *value),
        Value::Int(value) => int(out, info, *value),
        Value::BigInt(value) => big_int(out, info, *value),
        Value::Real(value) => real(out, info, *value),
        Value::Float(value) => float(out, info, *value),
        Value::Money(value) => money(out, info, *value),
        Value::Decimal(value) => match info {
            TypeInfo::Decimal { scale, .. } | TypeInfo::Numeric { scale, .. }
                if *scale != value.scale =>
            {
                Err(EncodeError::OutOfRange {
                    given: "decimal of another scale",
                    declared: info.name(),
                })
            }
            _ => decimal(out, info, value.unscaled),
        },
        Value::Guid(value) => guid(out, info, *value),
        Value::Date(value) => date(out, info, *value),
        Value::Time(value) => time(out, info, *value),
        Value::DateTime(value) => datetime(out, info, *value),
        Value::SmallDateTime(value) => small_datetime(out, info, *value),
        Value::DateTime2(value) => datetime2(out, info, *value),
        Value::DateTimeOffset(value) => datetimeoffset(out, info, *value),
        Value::Text(value) => text(out, info, value),
        Value::Binary(value) => binary(out, info, value),
        Value::Variant(value) => variant::put(out, info, value),
    }
}

pub(crate) fn null(out: &mut Vec<u8>, info: &TypeInfo) -> Result<(), EncodeError> {
    match null_width(info) {
        0 if *info == TypeInfo::Null => {}
        0 => return Err(EncodeError::Null { declared: info.name() }),
        1 => out.push(0),
        width if *info == TypeInfo::Variant => out.resize(out.len() + width, 0),
        width => out.resize(out.len() + width, 0xff),
    }
    Ok(())
}

/// Bytes of a NULL; 0 for types without one.
pub(crate) fn null_width(info: &TypeInfo) -> usize {
    match info {
        TypeInfo::Null | TypeInfo::Fixed(_) => 0,
        _ => match variable(info) {
            Some((Prefix::Short, _)) => 2,
            Some((Prefix::Plp, _)) => 8,
            None if *info == TypeInfo::Variant => 4,
            Some((Prefix::TextPointer, _)) | None => 1,
        },
    }
}

// Inlined so that a row writer's check of the type becomes one comparison.
#[inline]
fn fixed<const N: usize>(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    given: FixedType,
    bytes: [u8; N],
) -> Result<(), EncodeError> {
    match info {
        TypeInfo::Nullable(fixed) if *fixed == given => out.push(N as u8),
        TypeInfo::Fixed(fixed) if *fixed == given => {}
        _ => return Err(wrong_type(given.name(), info)),
    }
    out.extend_from_slice(&bytes);
    Ok(())
}

pub(super) fn wrong_type(given: &'static str, info: &TypeInfo) -> EncodeError {
    EncodeError::WrongType { given, declared: info.name() }
}

pub(crate) fn bit(out: &mut Vec<u8>, info: &TypeInfo, value: bool) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::Bit, [value.into()])
}

pub(crate) fn tiny_int(out: &mut Vec<u8>, info: &TypeInfo, value: u8) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::TinyInt, [value])
}

pub(crate) fn small_int(out: &mut Vec<u8>, info: &TypeInfo, value: i16) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::SmallInt, value.to_le_bytes())
}

pub(crate) fn int(out: &mut Vec<u8>, info: &TypeInfo, value: i32) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::Int, value.to_le_bytes())
}

pub(crate) fn big_int(out: &mut Vec<u8>, info: &TypeInfo, value: i64) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::BigInt, value.to_le_bytes())
}

pub(crate) fn real(out: &mut Vec<u8>, info: &TypeInfo, value: f32) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::Real, value.to_le_bytes())
}

pub(crate) fn float(out: &mut Vec<u8>, info: &TypeInfo, value: f64) -> Result<(), EncodeError> {
    fixed(out, info, FixedType::Float, value.to_le_bytes())
}

pub(crate) fn money(out: &mut Vec<u8>, info: &TypeInfo, value: i64) -> Result<(), EncodeError> {
    match info {
        TypeInfo::Fixed(FixedType::SmallMoney) | TypeInfo::Nullable(FixedType::SmallMoney) => {
            let Ok(value) = i32::try_from(value) else {
                return Err(EncodeError::OutOfRange { given: "money", declared: info.name() });
            };
            fixed(out, info, FixedType::SmallMoney, value.to_le_bytes())
        }
        _ => {
            // The high half first, each half little-endian.
            let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
            fixed(out, info, FixedType::Money, [e, f, g, h, a, b, c, d])
        }
    }
}

pub(crate) fn datetime(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    value: DateTime,
) -> Result<(), EncodeError> {
    let [a, b, c, d] = value.days().to_le_bytes();
    let [e, f, g, h] = value.ticks().to_le_bytes();
    fixed(out, info, FixedType::DateTime, [a, b, c, d, e, f, g, h])
}

pub(crate) fn small_datetime(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    value: SmallDateTime,
) -> Result<(), EncodeError> {
    let [a, b] = value.days().to_le_bytes();
    let [c, d] = value.minutes().to_le_bytes();
    fixed(out, info, FixedType::SmallDateTime, [a, b, c, d])
}

/// `unscaled` has the declared scale.
pub(crate) fn decimal(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    unscaled: i128,
) -> Result<(), EncodeError> {
    let (TypeInfo::Decimal { precision, .. } | TypeInfo::Numeric { precision, .. }) = info else {
        return Err(wrong_type("decimal", info));
    };
    if !decimal::fits(unscaled, *precision) {
        return Err(EncodeError::OutOfRange { given: "decimal", declared: info.name() });
    }
    let width = decimal::width(*precision);
    out.extend_from_slice(&[width as u8, u8::from(unscaled >= 0)]);
    // Without loss: `width` follows from the precision, and the digits fit it.
    out.extend_from_slice(&unscaled.unsigned_abs().to_le_bytes()[..width - 1]);
    Ok(())
}

pub(crate) fn guid(out: &mut Vec<u8>, info: &TypeInfo, value: [u8; 16]) -> Result<(), EncodeError> {
    if *info != TypeInfo::Guid {
        return Err(wrong_type("uniqueidentifier", info));
    }
    out.push(16);
    out.extend_from_slice(&swap_guid(value));
    Ok(())
}

pub(crate) fn date(out: &mut Vec<u8>, info: &TypeInfo, value: Date) -> Result<(), EncodeError> {
    if *info != TypeInfo::Date {
        return Err(wrong_type("date", info));
    }
    out.push(3);
    put_date(out, value);
    Ok(())
}

pub(crate) fn time(out: &mut Vec<u8>, info: &TypeInfo, value: Time) -> Result<(), EncodeError> {
    let TypeInfo::Time { scale } = info else {
        return Err(wrong_type("time", info));
    };
    out.push(datetime::time_width(*scale) as u8);
    put_time(out, value, *scale);
    Ok(())
}

pub(crate) fn datetime2(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    value: DateTime2,
) -> Result<(), EncodeError> {
    let TypeInfo::DateTime2 { scale } = info else {
        return Err(wrong_type("datetime2", info));
    };
    out.push(datetime::time_width(*scale) as u8 + 3);
    put_time(out, value.time, *scale);
    put_date(out, value.date);
    Ok(())
}

pub(crate) fn datetimeoffset(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    value: DateTimeOffset,
) -> Result<(), EncodeError> {
    let TypeInfo::DateTimeOffset { scale } = info else {
        return Err(wrong_type("datetimeoffset", info));
    };
    out.push(datetime::time_width(*scale) as u8 + 5);
    put_time(out, value.utc().time, *scale);
    put_date(out, value.utc().date);
    out.extend_from_slice(&value.offset().to_le_bytes());
    Ok(())
}

fn put_date(out: &mut Vec<u8>, value: Date) {
    out.extend_from_slice(&value.days().to_le_bytes()[..3]);
}

fn put_time(out: &mut Vec<u8>, value: Time, scale: u8) {
    let units = value.nanoseconds() / datetime::unit(scale);
    out.extend_from_slice(&units.to_le_bytes()[..datetime::time_width(scale)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Collation, Decimal, Length};

    fn encoded(info: &TypeInfo, given: Value) -> Result<usize, EncodeError> {
        let mut out = vec![0xaa];
        let result = value(&mut out, info, &given);
        if result.is_err() {
            assert_eq!(out, [0xaa], "{info:?} leaves something behind");
        }
        result.map(|()| out.len() - 1)
    }

    #[test]
    fn numbers_outside_the_range_are_refused() {
        let small_money = TypeInfo::Nullable(FixedType::SmallMoney);
        assert_eq!(encoded(&small_money, Value::Money(i32::MIN.into())), Ok(5));
        let error = EncodeError::OutOfRange { given: "money", declared: "smallmoney" };
        assert_eq!(encoded(&small_money, Value::Money(i64::from(i32::MIN) - 1)), Err(error));

        let numeric = TypeInfo::Numeric { precision: 3, scale: 1 };
        let decimal = |unscaled, scale| Value::Decimal(Decimal { unscaled, precision: 3, scale });
        assert_eq!(encoded(&numeric, decimal(-999, 1)), Ok(6));
        assert!(matches!(encoded(&numeric, decimal(1000, 1)), Err(EncodeError::OutOfRange { .. })));
        assert!(matches!(encoded(&numeric, decimal(1, 2)), Err(EncodeError::OutOfRange { .. })));
    }

    #[test]
    fn lengths_are_counted_in_the_bytes_of_the_wire() {
        let collation = Collation::default();
        let utf8 = Collation { info: 0x26d0_0409, sort_id: 0 };
        let length = Length::Limited(2);
        let text = |text: &str| Value::Text(text.to_owned());
        for (info, fits, exceeds) in [
            (TypeInfo::VarChar { length, collation }, "äö", "äöü"),
            (TypeInfo::VarChar { length, collation: utf8 }, "ä", "äx"),
            (TypeInfo::NVarChar { length, collation }, "𝄞", "𝄞x"),
        ] {
            assert!(encoded(&info, text(fits)).is_ok(), "{info:?}");
            assert!(
                matches!(encoded(&info, text(exceeds)), Err(EncodeError::TooLong { .. })),
                "{info:?}"
            );
        }
        let binary = TypeInfo::VarBinary { length: Length::Limited(8000) };
        assert_eq!(encoded(&binary, Value::Binary(vec![0; 8000])), Ok(8002));
        assert!(encoded(&binary, Value::Binary(vec![0; 8001])).is_err());
    }

    #[test]
    fn kinds_are_checked() {
        for info in [TypeInfo::Guid, TypeInfo::Date, TypeInfo::Xml, TypeInfo::Fixed(FixedType::Int)]
        {
            let error = EncodeError::WrongType { given: "bigint", declared: info.name() };
            assert_eq!(encoded(&info, Value::BigInt(1)), Err(error));
        }
        assert_eq!(
            encoded(&TypeInfo::Fixed(FixedType::Int), Value::Null),
            Err(EncodeError::Null { declared: "int" })
        );
        assert_eq!(encoded(&TypeInfo::Null, Value::Null), Ok(0));
    }
}
