//! T-SQL's data types.

use std::fmt;

/// The declared length of a character or binary type.
///
/// Units are bytes for `char`, `varchar`, `binary` and `varbinary`, and UTF-16 code units
/// ("byte-pairs") for `nchar` and `nvarchar`, as in T-SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Length {
    /// 1 to 8000 bytes, or 1 to 4000 code units.
    Limited(u16),
    /// `(max)`: up to 2^31-1 bytes.
    Max,
}

/// A T-SQL data type with its length, precision or scale.
///
/// The set is what SQL Server 2025 lets a client see, less CLR types, `cursor`, `table` and
/// `vector`. A `rowversion` is a `binary(8)` here, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// `bit`
    Bit,
    /// `tinyint`: 0 to 255.
    TinyInt,
    /// `smallint`: 16 bits.
    SmallInt,
    /// `int`: 32 bits.
    Int,
    /// `bigint`: 64 bits.
    BigInt,
    /// `real`: IEEE 754 binary32.
    Real,
    /// `float`: IEEE 754 binary64.
    Float,
    /// `decimal(precision, scale)`; `numeric` is a synonym.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to `precision`.
        scale: u8,
    },
    /// `smallmoney`: 32 bits in units of 1/10000.
    SmallMoney,
    /// `money`: 64 bits in units of 1/10000.
    Money,
    /// `char(n)`, blank-padded.
    Char(u16),
    /// `varchar(n | max)`
    VarChar(Length),
    /// `nchar(n)`, blank-padded.
    NChar(u16),
    /// `nvarchar(n | max)`
    NVarChar(Length),
    /// `text` (deprecated in SQL Server; still sent by clients).
    Text,
    /// `ntext` (deprecated in SQL Server; still sent by clients).
    NText,
    /// `binary(n)`, zero-padded.
    Binary(u16),
    /// `varbinary(n | max)`
    VarBinary(Length),
    /// `image` (deprecated in SQL Server; still sent by clients).
    Image,
    /// `date`: years 1 to 9999.
    Date,
    /// `time(scale)`
    Time(u8),
    /// `smalldatetime`: whole minutes, 1900-01-01 to 2079-06-06.
    SmallDateTime,
    /// `datetime`: 1/300 s, years 1753 to 9999.
    DateTime,
    /// `datetime2(scale)`
    DateTime2(u8),
    /// `datetimeoffset(scale)`
    DateTimeOffset(u8),
    /// `uniqueidentifier`
    UniqueIdentifier,
    /// `xml`
    Xml,
    /// `json`
    Json,
    /// `sql_variant`: a value of another type, and that type.
    Variant,
}

// === impl SqlType ===

impl SqlType {
    /// `sysname`: the type of identifiers, `nvarchar(128)`.
    pub const SYSNAME: SqlType = SqlType::NVarChar(Length::Limited(128));
    /// `nvarchar(max)`.
    pub const NVARCHAR_MAX: SqlType = SqlType::NVarChar(Length::Max);
    /// `varchar(max)`.
    pub const VARCHAR_MAX: SqlType = SqlType::VarChar(Length::Max);
    /// `varbinary(max)`.
    pub const VARBINARY_MAX: SqlType = SqlType::VarBinary(Length::Max);

    /// The name without length, as `sys.types.name` and error messages have it.
    pub fn name(self) -> &'static str {
        match self {
            SqlType::Bit => "bit",
            SqlType::TinyInt => "tinyint",
            SqlType::SmallInt => "smallint",
            SqlType::Int => "int",
            SqlType::BigInt => "bigint",
            SqlType::Real => "real",
            SqlType::Float => "float",
            SqlType::Decimal { .. } => "decimal",
            SqlType::SmallMoney => "smallmoney",
            SqlType::Money => "money",
            SqlType::Char(_) => "char",
            SqlType::VarChar(_) => "varchar",
            SqlType::NChar(_) => "nchar",
            SqlType::NVarChar(_) => "nvarchar",
            SqlType::Text => "text",
            SqlType::NText => "ntext",
            SqlType::Binary(_) => "binary",
            SqlType::VarBinary(_) => "varbinary",
            SqlType::Image => "image",
            SqlType::Date => "date",
            SqlType::Time(_) => "time",
            SqlType::SmallDateTime => "smalldatetime",
            SqlType::DateTime => "datetime",
            SqlType::DateTime2(_) => "datetime2",
            SqlType::DateTimeOffset(_) => "datetimeoffset",
            SqlType::UniqueIdentifier => "uniqueidentifier",
            SqlType::Xml => "xml",
            SqlType::Json => "json",
            SqlType::Variant => "sql_variant",
        }
    }

    /// Whether values are exact whole numbers (`bit` is not one).
    pub fn is_integer(self) -> bool {
        matches!(self, SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt)
    }

    /// Whether values are numbers, `bit` included.
    pub fn is_numeric(self) -> bool {
        self.is_integer()
            || matches!(
                self,
                SqlType::Bit
                    | SqlType::Real
                    | SqlType::Float
                    | SqlType::Decimal { .. }
                    | SqlType::SmallMoney
                    | SqlType::Money
            )
    }

    /// Whether values are text, Unicode or not.
    pub fn is_character(self) -> bool {
        self.is_unicode() || matches!(self, SqlType::Char(_) | SqlType::VarChar(_) | SqlType::Text)
    }

    /// Whether values are UTF-16 text on the wire.
    pub fn is_unicode(self) -> bool {
        matches!(
            self,
            SqlType::NChar(_)
                | SqlType::NVarChar(_)
                | SqlType::NText
                | SqlType::Xml
                | SqlType::Json
        )
    }

    /// Whether values are documents, which are text that has to be well formed.
    pub fn is_document(self) -> bool {
        matches!(self, SqlType::Xml | SqlType::Json)
    }

    /// Whether values can be compared with each other.
    pub fn is_comparable(self) -> bool {
        !self.is_document() && !matches!(self, SqlType::Text | SqlType::NText | SqlType::Image)
    }

    /// Whether a `sql_variant` may hold values of the type ("sql_variant (Transact-SQL)").
    pub fn fits_variant(self) -> bool {
        !matches!(
            self,
            SqlType::VarChar(Length::Max)
                | SqlType::NVarChar(Length::Max)
                | SqlType::VarBinary(Length::Max)
                | SqlType::Text
                | SqlType::NText
                | SqlType::Image
                | SqlType::Xml
                | SqlType::Json
                | SqlType::Variant
        )
    }

    /// Whether values are bytes.
    pub fn is_binary(self) -> bool {
        matches!(self, SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image)
    }

    /// Whether values are dates, times or both.
    pub fn is_temporal(self) -> bool {
        matches!(
            self,
            SqlType::Date
                | SqlType::Time(_)
                | SqlType::SmallDateTime
                | SqlType::DateTime
                | SqlType::DateTime2(_)
                | SqlType::DateTimeOffset(_)
        )
    }
}

/// As T-SQL writes it, e.g. `nvarchar(50)`, `varchar(max)`, `decimal(9,3)`, `datetime2(7)`.
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match *self {
            SqlType::Decimal { precision, scale } => write!(f, "({precision},{scale})"),
            SqlType::Char(n) | SqlType::NChar(n) | SqlType::Binary(n) => write!(f, "({n})"),
            SqlType::VarChar(length) | SqlType::NVarChar(length) | SqlType::VarBinary(length) => {
                match length {
                    Length::Limited(n) => write!(f, "({n})"),
                    Length::Max => f.write_str("(max)"),
                }
            }
            SqlType::Time(scale) | SqlType::DateTime2(scale) | SqlType::DateTimeOffset(scale) => {
                write!(f, "({scale})")
            }
            _ => Ok(()),
        }
    }
}
