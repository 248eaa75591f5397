//! A single T-SQL value.

use crate::{Decimal, SqlType, Variant};

/// A T-SQL scalar, independent of wire and storage format.
///
/// Which variant holds a [`SqlType`]'s values is fixed: the integers share
/// [`Value::Int`], `money` and `decimal` share [`Value::Decimal`], all text shares
/// [`Value::Text`], all bytes [`Value::Binary`], and the three types with date and time
/// without offset share [`Value::DateTime`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// `bit`
    Bit(bool),
    /// `tinyint`, `smallint`, `int`, `bigint`
    Int(i64),
    /// `real`
    Real(f32),
    /// `float`
    Float(f64),
    /// `decimal`, `money` (scale 4), `smallmoney` (scale 4)
    Decimal(Decimal),
    /// `char`, `varchar`, `nchar`, `nvarchar`, `text`, `ntext`, `xml`, `json`
    Text(String),
    /// `binary`, `varbinary`, `image`
    Binary(Vec<u8>),
    /// `date`: days since 1970-01-01.
    Date(i32),
    /// `time`: units of 100 ns since midnight.
    Time(i64),
    /// `datetime`, `smalldatetime`, `datetime2`: units of 100 ns since 1970-01-01 00:00.
    DateTime(i64),
    /// `datetimeoffset`
    DateTimeOffset {
        /// Units of 100 ns since 1970-01-01 00:00 UTC.
        utc: i64,
        /// Minutes east of UTC, -840 to 840.
        offset: i16,
    },
    /// `uniqueidentifier`, in the order its text is written (RFC 9562 order).
    Guid([u8; 16]),
    /// `sql_variant`
    Variant(Box<Variant>),
}

// === impl Value ===

impl Value {
    /// Whether the value is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// A `sql_variant` of a value; NULL stays NULL, and what is one already stays it.
    #[must_use]
    pub fn into_variant(self, sql_type: SqlType) -> Value {
        match self {
            Value::Null | Value::Variant(_) => self,
            value => Value::Variant(Box::new(Variant { sql_type, value })),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}
