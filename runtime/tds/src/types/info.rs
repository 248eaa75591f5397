//! TYPE_INFO, [MS-TDS] 2.2.5.6: a data type with its length, precision, scale or collation.

mod decode;
mod encode;
mod token;

use super::collation::Collation;

/// The largest declared length in bytes of a type that isn't (max).
const MAX_BYTES: u16 = 8000;
/// The length that stands for (max).
const MAX_MARK: u16 = 0xffff;

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
    /// sql_variant: each value has its own type with it.
    Variant,
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
}

// === impl TypeInfo ===

impl TypeInfo {
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
            Self::Variant => "sql_variant",
        }
    }

    /// True for text, ntext and image, whose columns carry a table's name and whose cells
    /// carry a text pointer.
    pub(crate) fn has_text_pointer(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::NText { .. } | Self::Image)
    }
}

/// A declared length in bytes; too long a one is cut to the longest there is.
pub(crate) fn limit(length: u16, unit: u16) -> u16 {
    length.min(MAX_BYTES / unit) * unit
}
