//! Values into the bytes of a column's or parameter's cell.
//!
//! Each function checks that its kind of value is what the type declares, appends the
//! whole cell, and leaves nothing of it behind when it fails.

use super::{
    Collation, Date, DateTime, DateTime2, DateTimeOffset, FixedType, Length, SmallDateTime, Time,
    TypeInfo, Value, datetime, decimal, info, value::swap_guid,
};
use crate::utf16;

/// The most bytes that a value of a (max) type may have in SQL Server.
const MAX_VALUE: usize = 0x7fff_ffff;

/// A value in chunks whose total length isn't told.
const PLP_UNKNOWN: u64 = u64::MAX - 1;

/// The text pointer and timestamp in front of a text, ntext or image cell. Nothing reads
/// them; SQL Server sends these words for values that aren't in a table.
const TEXT_POINTER: [u8; 25] = *b"\x10dummy textptr\0\0\0dummyTS\0";

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

/// How the length of a value stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Short,
    Plp,
    TextPointer,
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

fn wrong_type(given: &'static str, info: &TypeInfo) -> EncodeError {
    EncodeError::WrongType { given, declared: info.name() }
}

pub(crate) fn null(out: &mut Vec<u8>, info: &TypeInfo) -> Result<(), EncodeError> {
    match null_width(info) {
        0 if *info == TypeInfo::Null => {}
        0 => return Err(EncodeError::Null { declared: info.name() }),
        1 => out.push(0),
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
            Some((Prefix::TextPointer, _)) | None => 1,
        },
    }
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

/// Text as the type has it: UTF-16, or in its collation's code page.
pub(crate) fn text(out: &mut Vec<u8>, info: &TypeInfo, value: &str) -> Result<(), EncodeError> {
    let Some(encoding) = encoding(info) else {
        return Err(wrong_type("text", info));
    };
    long_value(out, info, |out| encoding.put(out, value))
}

pub(crate) fn binary(out: &mut Vec<u8>, info: &TypeInfo, value: &[u8]) -> Result<(), EncodeError> {
    if !is_binary(info) {
        return Err(wrong_type("binary", info));
    }
    long_value(out, info, |out| out.extend_from_slice(value))
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
    }
}

/// How a type holds text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextEncoding {
    Utf16,
    CodePage(Collation),
}

impl TextEncoding {
    pub(crate) fn put(self, out: &mut Vec<u8>, text: &str) {
        match self {
            Self::Utf16 => utf16::encode(out, text),
            Self::CodePage(collation) => collation.encode(out, text),
        }
    }
}

/// How the type holds text, if it does.
pub(crate) fn encoding(info: &TypeInfo) -> Option<TextEncoding> {
    match info {
        TypeInfo::NChar { .. }
        | TypeInfo::NVarChar { .. }
        | TypeInfo::NText { .. }
        | TypeInfo::Xml => Some(TextEncoding::Utf16),
        TypeInfo::Char { collation, .. }
        | TypeInfo::VarChar { collation, .. }
        | TypeInfo::Text { collation } => Some(TextEncoding::CodePage(*collation)),
        TypeInfo::LegacyChar { .. } => Some(TextEncoding::CodePage(Collation::default())),
        _ => None,
    }
}

pub(crate) fn is_binary(info: &TypeInfo) -> bool {
    matches!(
        info,
        TypeInfo::Binary { .. }
            | TypeInfo::VarBinary { .. }
            | TypeInfo::LegacyBinary { .. }
            | TypeInfo::Image
    )
}

/// The prefix and the most bytes of a type whose values vary in length.
fn variable(info: &TypeInfo) -> Option<(Prefix, usize)> {
    let limited =
        |length: u16, unit: u16| Some((Prefix::Short, usize::from(info::limit(length, unit))));
    match info {
        TypeInfo::Char { length, .. } | TypeInfo::Binary { length } => limited(*length, 1),
        TypeInfo::NChar { length, .. } => limited(*length, 2),
        TypeInfo::LegacyChar { length } | TypeInfo::LegacyBinary { length } => {
            limited((*length).into(), 1)
        }
        TypeInfo::VarChar { length: Length::Limited(length), .. }
        | TypeInfo::VarBinary { length: Length::Limited(length) } => limited(*length, 1),
        TypeInfo::NVarChar { length: Length::Limited(length), .. } => limited(*length, 2),
        TypeInfo::VarChar { length: Length::Max, .. }
        | TypeInfo::NVarChar { length: Length::Max, .. }
        | TypeInfo::VarBinary { length: Length::Max }
        | TypeInfo::Xml => Some((Prefix::Plp, MAX_VALUE)),
        TypeInfo::Text { .. } | TypeInfo::NText { .. } | TypeInfo::Image => {
            Some((Prefix::TextPointer, MAX_VALUE))
        }
        _ => None,
    }
}

/// Appends a value that `put` writes, with its length in front.
fn long_value(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    put: impl FnOnce(&mut Vec<u8>),
) -> Result<(), EncodeError> {
    let Some((prefix, maximum)) = variable(info) else {
        return Err(wrong_type("variable length", info));
    };
    let start = out.len();
    match prefix {
        Prefix::Short => out.extend_from_slice(&[0; 2]),
        // The total length, and that of the only chunk.
        Prefix::Plp => out.extend_from_slice(&[0; 12]),
        Prefix::TextPointer => {
            out.extend_from_slice(&TEXT_POINTER);
            out.extend_from_slice(&[0; 4]);
        }
    }
    let body = out.len();
    put(out);
    let length = out.len() - body;
    if length > maximum {
        out.truncate(start);
        return Err(EncodeError::TooLong { declared: info.name(), length, maximum });
    }
    // No length is cut: `maximum` is at most 8000 for two bytes and below 2^31 for four.
    match prefix {
        Prefix::Short => out[start..body].copy_from_slice(&(length as u16).to_le_bytes()),
        Prefix::Plp => {
            out[start..start + 8].copy_from_slice(&(length as u64).to_le_bytes());
            if length == 0 {
                // No chunk: the length just reserved for one is the terminator.
                return Ok(());
            }
            out[start + 8..body].copy_from_slice(&(length as u32).to_le_bytes());
            out.extend_from_slice(&[0; 4]);
        }
        Prefix::TextPointer => out[body - 4..body].copy_from_slice(&(length as u32).to_le_bytes()),
    }
    Ok(())
}

/// Begins a (max) value in chunks.
pub(crate) fn begin_chunks(out: &mut Vec<u8>, info: &TypeInfo) -> Result<(), EncodeError> {
    match variable(info) {
        Some((Prefix::Plp, _)) => {
            out.extend_from_slice(&PLP_UNKNOWN.to_le_bytes());
            Ok(())
        }
        _ => Err(wrong_type("chunks", info)),
    }
}

/// Appends one chunk that `put` writes; `before` bytes of the value came earlier. Returns
/// the chunk's length.
pub(crate) fn chunk(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    before: usize,
    put: impl FnOnce(&mut Vec<u8>),
) -> Result<usize, EncodeError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    put(out);
    let length = out.len() - start - 4;
    if length > MAX_VALUE - before {
        out.truncate(start);
        return Err(EncodeError::TooLong {
            declared: info.name(),
            length: before + length,
            maximum: MAX_VALUE,
        });
    }
    if length == 0 {
        // A chunk without bytes would end the value.
        out.truncate(start);
    } else {
        out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
    }
    Ok(length)
}

/// Ends a (max) value in chunks.
pub(crate) fn end_chunks(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
}
