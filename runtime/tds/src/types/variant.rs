//! sql_variant, [MS-TDS] 2.2.5.5.4: a value with its type before it.

use super::{
    TypeInfo, Value,
    encode::{self, EncodeError},
};
use crate::{error::ProtocolError, reader::Reader};

/// The length that a column of the type declares: 8000 bytes, and what describes them.
pub(crate) const MAX_LENGTH: u32 = 8009;

/// A value, and the type that goes before it: one of at most 8000 bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The base type.
    pub type_info: TypeInfo,
    /// A value of that type, never NULL.
    pub value: Value,
}

/// Bytes in front of a value where it is a column's or parameter's, which a variant lacks; `None`
/// for types that no variant has.
fn prefix(info: &TypeInfo) -> Option<usize> {
    match info {
        TypeInfo::Fixed(_) => Some(0),
        TypeInfo::Decimal { .. }
        | TypeInfo::Numeric { .. }
        | TypeInfo::Guid
        | TypeInfo::Date
        | TypeInfo::Time { .. }
        | TypeInfo::DateTime2 { .. }
        | TypeInfo::DateTimeOffset { .. } => Some(1),
        _ if encode::is_limited(info) => Some(2),
        _ => None,
    }
}

/// Where a base type's properties stand otherwise than in its TYPE_INFO: a length that says
/// nothing more is left out, and a collation goes before the length.
fn properties(info: &[u8], base: &TypeInfo) -> Vec<u8> {
    match base {
        TypeInfo::Decimal { .. } | TypeInfo::Numeric { .. } => info[1..].to_vec(),
        TypeInfo::Guid => Vec::new(),
        _ if encode::encoding(base).is_some() => [&info[2..], &info[..2]].concat(),
        _ => info.to_vec(),
    }
}

/// The TYPE_INFO of a base type from its token and its properties.
fn type_info(token: u8, properties: &[u8]) -> Option<TypeInfo> {
    // A collation of five bytes and a length; the width of a decimal and a uniqueidentifier.
    let candidates = match properties {
        [collation @ .., low, high] if collation.len() == 5 => {
            [[&[token, *low, *high], collation].concat(), Vec::new()]
        }
        _ => [[&[token], properties].concat(), [&[token, 16], properties].concat()],
    };
    candidates.iter().find_map(|bytes| match TypeInfo::decode(bytes) {
        Ok((info, length)) if length == bytes.len() => Some(info),
        _ => None,
    })
}

/// Appends a whole cell.
pub(crate) fn put(
    out: &mut Vec<u8>,
    declared: &TypeInfo,
    variant: &Variant,
) -> Result<(), EncodeError> {
    let base = match variant.type_info {
        TypeInfo::Nullable(fixed) => TypeInfo::Fixed(fixed),
        ref info => info.clone(),
    };
    let prefix = prefix(&base).filter(|_| *declared == TypeInfo::Variant);
    let (Some(prefix), false) = (prefix, variant.value == Value::Null) else {
        return Err(encode::wrong_type("sql_variant", declared));
    };
    let mut described = Vec::new();
    base.encode(&mut described);
    let properties = properties(&described[1..], &base);
    let mut cell = Vec::new();
    encode::value(&mut cell, &base, &variant.value)?;
    let content = &cell[prefix..];
    // At most some 8000 bytes, as the base type says, and at most seven of properties.
    let length = (2 + properties.len() + content.len()) as u32;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[described[0], properties.len() as u8]);
    out.extend_from_slice(&properties);
    out.extend_from_slice(content);
    Ok(())
}

/// Reads a whole cell.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Value, ProtocolError> {
    let length = reader.u32()?;
    if length == 0 {
        return Ok(Value::Null);
    }
    if length > MAX_LENGTH {
        return Err(reader.value_length(length));
    }
    let mut reader = Reader::new("sql_variant", reader.bytes(length as usize)?);
    let token = reader.u8()?;
    let count = reader.u8()?;
    let properties = reader.bytes(count.into())?;
    let content = reader.rest();
    let invalid = |reader: &Reader<'_>| reader.invalid_value("base type of a sql_variant", token);
    let base = type_info(token, properties).ok_or_else(|| invalid(&reader))?;
    let length = (content.len() as u16).to_le_bytes();
    let width = prefix(&base).ok_or_else(|| invalid(&reader))?;
    let cell = [&length[..width], content].concat();
    let (value, taken) = Value::decode(&base, &cell)?;
    if taken != cell.len() || value == Value::Null {
        return Err(invalid(&reader));
    }
    let type_info = match base {
        TypeInfo::Fixed(fixed) => TypeInfo::Nullable(fixed),
        other => other,
    };
    Ok(Value::Variant(Box::new(Variant { type_info, value })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Collation, Decimal, FixedType, Length};

    fn variant(type_info: TypeInfo, value: Value) -> Value {
        Value::Variant(Box::new(Variant { type_info, value }))
    }

    #[test]
    fn cells_as_the_wire_has_them() {
        let collation = Collation::SQL_LATIN1_GENERAL_CP1_CI_AS;
        let text = |text: &str| Value::Text(text.to_owned());
        let decimal = Decimal { unscaled: -150, precision: 5, scale: 2 };
        for (value, bytes) in [
            (
                variant(TypeInfo::Nullable(FixedType::Int), Value::Int(7)),
                &[6, 0, 0, 0, 0x38, 0, 7, 0, 0, 0][..],
            ),
            (
                variant(TypeInfo::Decimal { precision: 5, scale: 2 }, Value::Decimal(decimal)),
                &[9, 0, 0, 0, 0x6a, 2, 5, 2, 0, 150, 0, 0, 0],
            ),
            (
                variant(TypeInfo::NVarChar { length: Length::Limited(3), collation }, text("hé")),
                &[13, 0, 0, 0, 0xe7, 7, 9, 4, 0xd0, 0, 52, 6, 0, b'h', 0, 0xe9, 0],
            ),
            (
                variant(TypeInfo::Binary { length: 2 }, Value::Binary(vec![1, 2])),
                &[6, 0, 0, 0, 0xad, 2, 2, 0, 1, 2],
            ),
            (
                variant(TypeInfo::Guid, Value::Guid([7; 16])),
                &[18, 0, 0, 0, 0x24, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
            ),
            (Value::Null, &[0; 4]),
        ] {
            let mut out = Vec::new();
            match &value {
                Value::Null => encode::null(&mut out, &TypeInfo::Variant).unwrap(),
                value => encode::value(&mut out, &TypeInfo::Variant, value).unwrap(),
            }
            assert_eq!(out, bytes, "{value:?}");
            assert_eq!(Value::decode(&TypeInfo::Variant, bytes).unwrap(), (value, bytes.len()));
        }
    }

    #[test]
    fn malformed_cells_are_refused() {
        for bytes in [
            &[1, 0, 0, 0, 0x38][..],
            &[5, 0, 0, 0, 0x38, 0, 7, 0, 0],
            &[7, 0, 0, 0, 0x38, 0, 7, 0, 0, 0, 0],
            &[2, 0, 0, 0, 0x38, 9],
            &[2, 0, 0, 0, 0x62, 0],
            &[2, 0, 0, 0, 0xf1, 0],
            &[4, 0, 0, 0, 0xa5, 2, 0xff, 0xff],
            &[2, 0, 0, 0, 0x24, 0],
            &[0xff, 0xff, 0xff, 0x7f],
        ] {
            assert!(Value::decode(&TypeInfo::Variant, bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn what_no_variant_holds_is_not_written() {
        let long = TypeInfo::VarBinary { length: Length::Max };
        let mut out = Vec::new();
        for value in [variant(long, Value::Binary(vec![])), variant(TypeInfo::Guid, Value::Null)] {
            assert!(encode::value(&mut out, &TypeInfo::Variant, &value).is_err());
        }
        assert!(out.is_empty());
    }
}
