//! TYPE_INFO, [MS-TDS] 2.2.5.6: a data type with its length, precision, scale or collation.

use super::{collation::Collation, decimal};
use crate::{
    error::{Problem, ProtocolError},
    reader::Reader,
};

/// The largest declared length in bytes of a type that isn't (max).
const MAX_BYTES: u16 = 8000;
/// The length that stands for (max).
const MAX_MARK: u16 = 0xffff;

/// Type tokens, [MS-TDS] 2.2.5.4.
mod token {
    pub const NULL: u8 = 0x1f;
    pub const IMAGE: u8 = 0x22;
    pub const TEXT: u8 = 0x23;
    pub const GUID: u8 = 0x24;
    pub const VARBINARY: u8 = 0x25;
    pub const INTN: u8 = 0x26;
    pub const VARCHAR: u8 = 0x27;
    pub const DATE: u8 = 0x28;
    pub const TIME: u8 = 0x29;
    pub const DATETIME2: u8 = 0x2a;
    pub const DATETIMEOFFSET: u8 = 0x2b;
    pub const BINARY: u8 = 0x2d;
    pub const CHAR: u8 = 0x2f;
    pub const INT1: u8 = 0x30;
    pub const BIT: u8 = 0x32;
    pub const INT2: u8 = 0x34;
    pub const DECIMAL: u8 = 0x37;
    pub const INT4: u8 = 0x38;
    pub const DATETIM4: u8 = 0x3a;
    pub const FLT4: u8 = 0x3b;
    pub const MONEY: u8 = 0x3c;
    pub const DATETIME: u8 = 0x3d;
    pub const FLT8: u8 = 0x3e;
    pub const NUMERIC: u8 = 0x3f;
    pub const SQL_VARIANT: u8 = 0x62;
    pub const NTEXT: u8 = 0x63;
    pub const BITN: u8 = 0x68;
    pub const DECIMALN: u8 = 0x6a;
    pub const NUMERICN: u8 = 0x6c;
    pub const FLTN: u8 = 0x6d;
    pub const MONEYN: u8 = 0x6e;
    pub const DATETIMN: u8 = 0x6f;
    pub const MONEY4: u8 = 0x7a;
    pub const INT8: u8 = 0x7f;
    pub const BIGVARBINARY: u8 = 0xa5;
    pub const BIGVARCHAR: u8 = 0xa7;
    pub const BIGBINARY: u8 = 0xad;
    pub const BIGCHAR: u8 = 0xaf;
    pub const NVARCHAR: u8 = 0xe7;
    pub const NCHAR: u8 = 0xef;
    pub const UDT: u8 = 0xf0;
    pub const XML: u8 = 0xf1;
    pub const TVP: u8 = 0xf3;
    pub const JSON: u8 = 0xf4;
    pub const VECTOR: u8 = 0xf5;
}

/// A data type as declared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeInfo {
    /// The type of a NULL that has none.
    Null,
    /// A type of fixed length, never NULL.
    Fixed(FixedType),
    /// A type of fixed length, or NULL.
    Nullable(FixedType),
    /// decimal.
    Decimal {
        /// Digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// numeric, the same under another name.
    Numeric {
        /// Digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// uniqueidentifier.
    Guid,
    /// date.
    Date,
    /// time.
    Time {
        /// Digits after the second, at most 7.
        scale: u8,
    },
    /// datetime2.
    DateTime2 {
        /// Digits after the second, at most 7.
        scale: u8,
    },
    /// datetimeoffset.
    DateTimeOffset {
        /// Digits after the second, at most 7.
        scale: u8,
    },
    /// char. Values are sent as given, not padded.
    Char {
        /// Length in bytes, at most 8000.
        length: u16,
        /// Collation and code page.
        collation: Collation,
    },
    /// varchar.
    VarChar {
        /// Length in bytes, at most 8000.
        length: Length,
        /// Collation and code page.
        collation: Collation,
    },
    /// nchar. Values are sent as given, not padded.
    NChar {
        /// Length in UTF-16 code units, at most 4000.
        length: u16,
        /// Collation.
        collation: Collation,
    },
    /// nvarchar.
    NVarChar {
        /// Length in UTF-16 code units, at most 4000.
        length: Length,
        /// Collation.
        collation: Collation,
    },
    /// binary. Values are sent as given, not padded.
    Binary {
        /// Length in bytes, at most 8000.
        length: u16,
    },
    /// varbinary.
    VarBinary {
        /// Length in bytes, at most 8000.
        length: Length,
    },
    /// char or varchar of the times before TDS 7, from clients only; written as varchar.
    LegacyChar {
        /// Length in bytes.
        length: u8,
    },
    /// binary or varbinary of the times before TDS 7, from clients only; written as varbinary.
    LegacyBinary {
        /// Length in bytes.
        length: u8,
    },
    /// text.
    Text {
        /// Collation and code page.
        collation: Collation,
    },
    /// ntext.
    NText {
        /// Collation.
        collation: Collation,
    },
    /// image.
    Image,
    /// xml; a schema collection is read over.
    Xml,
}

/// Types of fixed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FixedType {
    /// bit.
    Bit,
    /// tinyint.
    TinyInt,
    /// smallint.
    SmallInt,
    /// int.
    Int,
    /// bigint.
    BigInt,
    /// real.
    Real,
    /// float.
    Float,
    /// smallmoney.
    SmallMoney,
    /// money.
    Money,
    /// smalldatetime.
    SmallDateTime,
    /// datetime.
    DateTime,
}

/// The declared length of a type whose values vary in theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Length {
    /// At most so many bytes or code units.
    Limited(u16),
    /// (max).
    Max,
}

// === impl FixedType ===

impl FixedType {
    /// Bytes of a value.
    pub fn width(self) -> u8 {
        match self {
            Self::Bit | Self::TinyInt => 1,
            Self::SmallInt => 2,
            Self::Int | Self::Real | Self::SmallMoney | Self::SmallDateTime => 4,
            Self::BigInt | Self::Float | Self::Money | Self::DateTime => 8,
        }
    }

    /// The name in T-SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::TinyInt => "tinyint",
            Self::SmallInt => "smallint",
            Self::Int => "int",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Float => "float",
            Self::SmallMoney => "smallmoney",
            Self::Money => "money",
            Self::SmallDateTime => "smalldatetime",
            Self::DateTime => "datetime",
        }
    }

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
    /// From the wire's bytes, of which `unit` make one of the declared length.
    fn read(reader: &mut Reader<'_>, unit: u16) -> Result<Self, ProtocolError> {
        match reader.u16()? {
            MAX_MARK => Ok(Self::Max),
            bytes => limited(reader, bytes, unit).map(Self::Limited),
        }
    }

    fn encode(self, unit: u16, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::Limited(length) => limit(length, unit),
            Self::Max => MAX_MARK,
        };
        out.extend_from_slice(&bytes.to_le_bytes());
    }
}

/// A declared length other than (max), from the wire's bytes.
fn limited(reader: &Reader<'_>, bytes: u16, unit: u16) -> Result<u16, ProtocolError> {
    if bytes > MAX_BYTES || !bytes.is_multiple_of(unit) {
        return Err(reader.invalid("declared length", bytes));
    }
    Ok(bytes / unit)
}

/// A declared length in bytes; too long a one is cut to the longest there is.
pub(crate) fn limit(length: u16, unit: u16) -> u16 {
    length.min(MAX_BYTES / unit) * unit
}

// === impl TypeInfo ===

impl TypeInfo {
    /// Reads a TYPE_INFO from the start of `bytes`; also says how many it took.
    ///
    /// # Errors
    /// When it is malformed; [`ProtocolError::is_unsupported`] for sql_variant, CLR types,
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
            token::SQL_VARIANT => return unsupported("sql_variant"),
            token::UDT => return unsupported("CLR user-defined type"),
            token::TVP => return unsupported("table-valued parameter"),
            token::JSON => return unsupported("json"),
            token::VECTOR => return unsupported("vector"),
            other => return Err(at_token.invalid("type", other)),
        })
    }

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
        }
    }

    /// The name in T-SQL, without length or precision.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Fixed(fixed) | Self::Nullable(fixed) => fixed.name(),
            Self::Decimal { .. } => "decimal",
            Self::Numeric { .. } => "numeric",
            Self::Guid => "uniqueidentifier",
            Self::Date => "date",
            Self::Time { .. } => "time",
            Self::DateTime2 { .. } => "datetime2",
            Self::DateTimeOffset { .. } => "datetimeoffset",
            Self::Char { .. } => "char",
            Self::VarChar { .. } | Self::LegacyChar { .. } => "varchar",
            Self::NChar { .. } => "nchar",
            Self::NVarChar { .. } => "nvarchar",
            Self::Binary { .. } => "binary",
            Self::VarBinary { .. } | Self::LegacyBinary { .. } => "varbinary",
            Self::Text { .. } => "text",
            Self::NText { .. } => "ntext",
            Self::Image => "image",
            Self::Xml => "xml",
        }
    }

    /// True for text, ntext and image, whose columns carry a table's name and whose cells
    /// carry a text pointer.
    pub(crate) fn has_text_pointer(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::NText { .. } | Self::Image)
    }
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
pub(crate) mod tests {
    use super::*;

    /// Every type that comes back as it was written.
    pub(crate) fn samples() -> Vec<TypeInfo> {
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
            (token::SQL_VARIANT, "sql_variant"),
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
