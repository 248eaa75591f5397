//! TYPE_INFO from the wire.

use super::{FixedType, Length, MAX_BYTES, MAX_MARK, TypeInfo, token};
use crate::{
    error::{Problem, ProtocolError},
    reader::Reader,
    types::{collation::Collation, decimal},
};

// === impl TypeInfo ===

impl TypeInfo {
    /// Reads a TYPE_INFO from the start of `bytes`; also says how many it took.
    ///
    /// # Errors
    /// When it is malformed; [`ProtocolError::is_unsupported`] for CLR types,
    /// table-valued parameters, json and vector.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), ProtocolError> {
        let mut reader = Reader::new("TYPE_INFO", bytes);
        let info = Self::read(&mut reader)?;
        Ok((info, reader.offset()))
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        let at_token = reader.clone();
        let unsupported = |type_name| Err(at_token.error(Problem::UnsupportedType { type_name }));
        Ok(match reader.u8()? {
            token::NULL => Self::Null,
            token::BIT => Self::Fixed(FixedType::Bit),
            token::INT1 => Self::Fixed(FixedType::TinyInt),
            token::INT2 => Self::Fixed(FixedType::SmallInt),
            token::INT4 => Self::Fixed(FixedType::Int),
            token::INT8 => Self::Fixed(FixedType::BigInt),
            token::FLT4 => Self::Fixed(FixedType::Real),
            token::FLT8 => Self::Fixed(FixedType::Float),
            token::MONEY4 => Self::Fixed(FixedType::SmallMoney),
            token::MONEY => Self::Fixed(FixedType::Money),
            token::DATETIM4 => Self::Fixed(FixedType::SmallDateTime),
            token::DATETIME => Self::Fixed(FixedType::DateTime),
            token::BITN => nullable(reader, &[FixedType::Bit])?,
            token::INTN => nullable(
                reader,
                &[FixedType::TinyInt, FixedType::SmallInt, FixedType::Int, FixedType::BigInt],
            )?,
            token::FLTN => nullable(reader, &[FixedType::Real, FixedType::Float])?,
            token::MONEYN => nullable(reader, &[FixedType::SmallMoney, FixedType::Money])?,
            token::DATETIMN => nullable(reader, &[FixedType::SmallDateTime, FixedType::DateTime])?,
            token::DECIMAL | token::DECIMALN => {
                let (precision, scale) = precision(reader)?;
                Self::Decimal { precision, scale }
            }
            token::NUMERIC | token::NUMERICN => {
                let (precision, scale) = precision(reader)?;
                Self::Numeric { precision, scale }
            }
            token::GUID => match reader.u8()? {
                16 => Self::Guid,
                other => return Err(reader.invalid("length of a uniqueidentifier", other)),
            },
            token::DATE => Self::Date,
            token::TIME => Self::Time { scale: time_scale(reader)? },
            token::DATETIME2 => Self::DateTime2 { scale: time_scale(reader)? },
            token::DATETIMEOFFSET => Self::DateTimeOffset { scale: time_scale(reader)? },
            token::CHAR | token::VARCHAR => Self::LegacyChar { length: reader.u8()? },
            token::BINARY | token::VARBINARY => Self::LegacyBinary { length: reader.u8()? },
            token::BIGCHAR => {
                Self::Char { length: fixed_length(reader, 1)?, collation: collation(reader)? }
            }
            token::BIGVARCHAR => {
                Self::VarChar { length: Length::read(reader, 1)?, collation: collation(reader)? }
            }
            token::NCHAR => {
                Self::NChar { length: fixed_length(reader, 2)?, collation: collation(reader)? }
            }
            token::NVARCHAR => {
                Self::NVarChar { length: Length::read(reader, 2)?, collation: collation(reader)? }
            }
            token::BIGBINARY => Self::Binary { length: fixed_length(reader, 1)? },
            token::BIGVARBINARY => Self::VarBinary { length: Length::read(reader, 1)? },
            token::TEXT => {
                reader.u32()?;
                Self::Text { collation: collation(reader)? }
            }
            token::NTEXT => {
                reader.u32()?;
                Self::NText { collation: collation(reader)? }
            }
            token::IMAGE => {
                reader.u32()?;
                Self::Image
            }
            token::XML => {
                if reader.u8()? != 0 {
                    let _database = reader.b_varchar()?;
                    let _schema = reader.b_varchar()?;
                    let _collection = reader.us_varchar()?;
                }
                Self::Xml
            }
            token::SQL_VARIANT => {
                reader.u32()?;
                Self::Variant
            }
            token::UDT => return unsupported("CLR user-defined type"),
            token::TVP => return unsupported("table-valued parameter"),
            token::JSON => return unsupported("json"),
            token::VECTOR => return unsupported("vector"),
            other => return Err(at_token.invalid("type", other)),
        })
    }
}

// === impl Length ===

impl Length {
    /// From the wire's bytes, of which `unit` make one of the declared length.
    fn read(reader: &mut Reader<'_>, unit: u16) -> Result<Self, ProtocolError> {
        match reader.u16()? {
            MAX_MARK => Ok(Self::Max),
            bytes => limited(reader, bytes, unit).map(Self::Limited),
        }
    }
}

/// A declared length other than (max), from the wire's bytes.
fn limited(reader: &Reader<'_>, bytes: u16, unit: u16) -> Result<u16, ProtocolError> {
    if bytes > MAX_BYTES || !bytes.is_multiple_of(unit) {
        return Err(reader.invalid("declared length", bytes));
    }
    Ok(bytes / unit)
}

fn nullable(reader: &mut Reader<'_>, candidates: &[FixedType]) -> Result<TypeInfo, ProtocolError> {
    let width = reader.u8()?;
    match candidates.iter().find(|candidate| candidate.width() == width) {
        Some(fixed) => Ok(TypeInfo::Nullable(*fixed)),
        None => Err(reader.invalid("declared length", width)),
    }
}

/// Precision and scale, after a length that says nothing more than the precision does.
fn precision(reader: &mut Reader<'_>) -> Result<(u8, u8), ProtocolError> {
    let _length = reader.u8()?;
    let precision = reader.u8()?;
    if !(1..=decimal::MAX_PRECISION).contains(&precision) {
        return Err(reader.invalid("precision", precision));
    }
    let scale = reader.u8()?;
    if scale > precision {
        return Err(reader.invalid("scale", scale));
    }
    Ok((precision, scale))
}

fn time_scale(reader: &mut Reader<'_>) -> Result<u8, ProtocolError> {
    match reader.u8()? {
        scale @ 0..=7 => Ok(scale),
        other => Err(reader.invalid("scale", other)),
    }
}

fn fixed_length(reader: &mut Reader<'_>, unit: u16) -> Result<u16, ProtocolError> {
    let bytes = reader.u16()?;
    limited(reader, bytes, unit)
}

fn collation(reader: &mut Reader<'_>) -> Result<Collation, ProtocolError> {
    reader.array().map(Collation::from_wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_precisions_and_scales_are_bounded() {
        for bytes in [
            &[token::INTN, 3][..],
            &[token::BITN, 2],
            &[token::FLTN, 2],
            &[token::MONEYN, 1],
            &[token::DATETIMN, 1],
            &[token::GUID, 15],
            &[token::DECIMALN, 17, 39, 0],
            &[token::DECIMALN, 17, 0, 0],
            &[token::DECIMALN, 17, 5, 6],
            &[token::TIME, 8],
            &[token::BIGVARCHAR, 0x41, 0x1f, 0, 0, 0, 0, 0],
            &[token::BIGCHAR, 0xff, 0xff, 0, 0, 0, 0, 0],
            &[token::NVARCHAR, 3, 0, 0, 0, 0, 0, 0],
            &[token::XML, 1, 0, 0],
            &[0x00],
        ] {
            assert!(!TypeInfo::decode(bytes).unwrap_err().is_unsupported(), "{bytes:x?}");
        }
    }

    #[test]
    fn unsupported_types_are_named() {
        for (byte, name) in [
            (token::JSON, "json"),
            (token::UDT, "CLR user-defined type"),
            (token::TVP, "table-valued parameter"),
        ] {
            let error = TypeInfo::decode(&[byte]).unwrap_err();
            assert!(error.is_unsupported() && error.to_string().contains(name));
            assert_eq!(error.offset(), 0);
        }
    }

    #[test]
    fn outdated_types_are_read() {
        assert_eq!(
            TypeInfo::decode(&[token::VARCHAR, 30]).unwrap().0,
            TypeInfo::LegacyChar { length: 30 }
        );
        assert_eq!(
            TypeInfo::decode(&[token::BINARY, 8]).unwrap().0,
            TypeInfo::LegacyBinary { length: 8 }
        );
        assert_eq!(
            TypeInfo::decode(&[token::DECIMAL, 9, 18, 2]).unwrap().0,
            TypeInfo::Decimal { precision: 18, scale: 2 }
        );
        let mut schema = vec![token::XML, 1];
        schema.extend_from_slice(&[1, b'd', 0, 1, b's', 0, 1, 0, b'c', 0]);
        assert_eq!(TypeInfo::decode(&schema).unwrap(), (TypeInfo::Xml, schema.len()));
    }
}
