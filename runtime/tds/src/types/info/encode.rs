//! TYPE_INFO to the wire.

use super::{FixedType, Length, MAX_MARK, TypeInfo, limit, token};
use crate::types::{collation::Collation, decimal, variant};

// === impl TypeInfo ===

impl TypeInfo {
    /// Appends the TYPE_INFO.
    ///
    /// Types that are outdated in TDS 7.4 become their successors. Lengths beyond 8000
    /// bytes are cut to that.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(token::NULL),
            Self::Fixed(fixed) => out.push(fixed.token()),
            Self::Nullable(fixed) => {
                out.extend_from_slice(&[fixed.nullable_token(), fixed.width()])
            }
            Self::Decimal { precision, scale } => {
                out.extend_from_slice(&[
                    token::DECIMALN,
                    decimal::width(*precision) as u8,
                    *precision,
                    *scale,
                ]);
            }
            Self::Numeric { precision, scale } => {
                out.extend_from_slice(&[
                    token::NUMERICN,
                    decimal::width(*precision) as u8,
                    *precision,
                    *scale,
                ]);
            }
            Self::Guid => out.extend_from_slice(&[token::GUID, 16]),
            Self::Date => out.push(token::DATE),
            Self::Time { scale } => out.extend_from_slice(&[token::TIME, *scale]),
            Self::DateTime2 { scale } => out.extend_from_slice(&[token::DATETIME2, *scale]),
            Self::DateTimeOffset { scale } => {
                out.extend_from_slice(&[token::DATETIMEOFFSET, *scale])
            }
            Self::Char { length, collation } => {
                out.push(token::BIGCHAR);
                Length::Limited(*length).encode(1, out);
                out.extend_from_slice(&collation.to_wire());
            }
            Self::VarChar { length, collation } => {
                out.push(token::BIGVARCHAR);
                length.encode(1, out);
                out.extend_from_slice(&collation.to_wire());
            }
            Self::NChar { length, collation } => {
                out.push(token::NCHAR);
                Length::Limited(*length).encode(2, out);
                out.extend_from_slice(&collation.to_wire());
            }
            Self::NVarChar { length, collation } => {
                out.push(token::NVARCHAR);
                length.encode(2, out);
                out.extend_from_slice(&collation.to_wire());
            }
            Self::Binary { length } => {
                out.push(token::BIGBINARY);
                Length::Limited(*length).encode(1, out);
            }
            Self::VarBinary { length } => {
                out.push(token::BIGVARBINARY);
                length.encode(1, out);
            }
            Self::LegacyChar { length } => {
                out.push(token::BIGVARCHAR);
                Length::Limited((*length).into()).encode(1, out);
                out.extend_from_slice(&Collation::default().to_wire());
            }
            Self::LegacyBinary { length } => {
                out.push(token::BIGVARBINARY);
                Length::Limited((*length).into()).encode(1, out);
            }
            Self::Text { collation } => {
                out.push(token::TEXT);
                out.extend_from_slice(&0x7fff_ffffu32.to_le_bytes());
                out.extend_from_slice(&collation.to_wire());
            }
            Self::NText { collation } => {
                out.push(token::NTEXT);
                out.extend_from_slice(&0x7fff_fffeu32.to_le_bytes());
                out.extend_from_slice(&collation.to_wire());
            }
            Self::Image => {
                out.push(token::IMAGE);
                out.extend_from_slice(&0x7fff_ffffu32.to_le_bytes());
            }
            Self::Xml => out.extend_from_slice(&[token::XML, 0]),
            Self::Variant => {
                out.push(token::SQL_VARIANT);
                out.extend_from_slice(&variant::MAX_LENGTH.to_le_bytes());
            }
        }
    }
}

// === impl FixedType ===

impl FixedType {
    fn token(self) -> u8 {
        match self {
            Self::Bit => token::BIT,
            Self::TinyInt => token::INT1,
            Self::SmallInt => token::INT2,
            Self::Int => token::INT4,
            Self::BigInt => token::INT8,
            Self::Real => token::FLT4,
            Self::Float => token::FLT8,
            Self::SmallMoney => token::MONEY4,
            Self::Money => token::MONEY,
            Self::SmallDateTime => token::DATETIM4,
            Self::DateTime => token::DATETIME,
        }
    }

    fn nullable_token(self) -> u8 {
        match self {
            Self::Bit => token::BITN,
            Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt => token::INTN,
            Self::Real | Self::Float => token::FLTN,
            Self::SmallMoney | Self::Money => token::MONEYN,
            Self::SmallDateTime | Self::DateTime => token::DATETIMN,
        }
    }
}

// === impl Length ===

impl Length {
    fn encode(self, unit: u16, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::Limited(length) => limit(length, unit),
            Self::Max => MAX_MARK,
        };
        out.extend_from_slice(&bytes.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every type that comes back as it was written.
    fn samples() -> Vec<TypeInfo> {
        use FixedType::*;
        let collation = Collation::default();
        let mut all = vec![
            TypeInfo::Decimal { precision: 1, scale: 1 },
            TypeInfo::Decimal { precision: 19, scale: 4 },
            TypeInfo::Numeric { precision: 28, scale: 0 },
            TypeInfo::Numeric { precision: 38, scale: 10 },
            TypeInfo::Guid,
            TypeInfo::Date,
            TypeInfo::Char { length: 10, collation },
            TypeInfo::VarChar { length: Length::Limited(8000), collation },
            TypeInfo::VarChar { length: Length::Max, collation },
            TypeInfo::NChar { length: 4000, collation },
            TypeInfo::NVarChar { length: Length::Limited(17), collation },
            TypeInfo::NVarChar { length: Length::Max, collation },
            TypeInfo::Binary { length: 8000 },
            TypeInfo::VarBinary { length: Length::Limited(20) },
            TypeInfo::VarBinary { length: Length::Max },
            TypeInfo::Xml,
        ];
        for fixed in [
            Bit,
            TinyInt,
            SmallInt,
            Int,
            BigInt,
            Real,
            Float,
            SmallMoney,
            Money,
            SmallDateTime,
            DateTime,
        ] {
            all.extend([TypeInfo::Fixed(fixed), TypeInfo::Nullable(fixed)]);
        }
        for scale in 0..=7 {
            all.extend([
                TypeInfo::Time { scale },
                TypeInfo::DateTime2 { scale },
                TypeInfo::DateTimeOffset { scale },
            ]);
        }
        all
    }

    #[test]
    fn types_come_back() {
        let collation = Collation::default();
        let more = [
            TypeInfo::Null,
            TypeInfo::Text { collation },
            TypeInfo::NText { collation },
            TypeInfo::Image,
        ];
        for info in samples().into_iter().chain(more) {
            let mut bytes = Vec::new();
            info.encode(&mut bytes);
            assert_eq!(TypeInfo::decode(&bytes).unwrap(), (info.clone(), bytes.len()), "{info:?}");
            for cut in 0..bytes.len() {
                assert!(TypeInfo::decode(&bytes[..cut]).is_err(), "{info:?} cut at {cut}");
            }
        }
    }
}
