//! The numbers by which the catalog knows a type.

use crate::{Length, SqlType};

/// What `sys.columns` has of a type ("sys.types (Transact-SQL)").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogType {
    /// `system_type_id`.
    pub id: i64,
    /// `max_length`, in bytes; -1 for `(max)`, xml and json.
    pub length: i64,
    /// `precision`; 0 for what isn't a number or a moment.
    pub precision: i64,
    /// `scale`; 0 as `precision`.
    pub scale: i64,
}

// === impl CatalogType ===

impl From<SqlType> for CatalogType {
    fn from(sql_type: SqlType) -> Self {
        let bytes = |length: Length, width: i64| match length {
            Length::Limited(n) => i64::from(n) * width,
            Length::Max => -1,
        };
        let time = |n: u8| match n {
            0..=2 => 3,
            3 | 4 => 4,
            _ => 5,
        };
        let fraction = |base: i64, n: u8| if n == 0 { base } else { base + 1 + i64::from(n) };
        let (id, length, precision, scale) = match sql_type {
            SqlType::Bit => (104, 1, 1, 0),
            SqlType::TinyInt => (48, 1, 3, 0),
            SqlType::SmallInt => (52, 2, 5, 0),
            SqlType::Int => (56, 4, 10, 0),
            SqlType::BigInt => (127, 8, 19, 0),
            SqlType::Real => (59, 4, 24, 0),
            SqlType::Float => (62, 8, 53, 0),
            SqlType::Decimal { precision, scale } => {
                let length = match precision {
                    0..=9 => 5,
                    10..=19 => 9,
                    20..=28 => 13,
                    _ => 17,
                };
                (106, length, precision.into(), scale.into())
            }
            SqlType::SmallMoney => (122, 4, 10, 4),
            SqlType::Money => (60, 8, 19, 4),
            SqlType::Char(n) => (175, n.into(), 0, 0),
            SqlType::VarChar(length) => (167, bytes(length, 1), 0, 0),
            SqlType::NChar(n) => (239, i64::from(n) * 2, 0, 0),
            SqlType::NVarChar(length) => (231, bytes(length, 2), 0, 0),
            SqlType::Text => (35, 16, 0, 0),
            SqlType::NText => (99, 16, 0, 0),
            SqlType::Binary(n) => (173, n.into(), 0, 0),
            SqlType::VarBinary(length) => (165, bytes(length, 1), 0, 0),
            SqlType::Image => (34, 16, 0, 0),
            SqlType::Date => (40, 3, 10, 0),
            SqlType::Time(n) => (41, time(n), fraction(8, n), n.into()),
            SqlType::SmallDateTime => (58, 4, 16, 0),
            SqlType::DateTime => (61, 8, 23, 3),
            SqlType::DateTime2(n) => (42, time(n) + 3, fraction(19, n), n.into()),
            SqlType::DateTimeOffset(n) => (43, time(n) + 5, fraction(26, n), n.into()),
            SqlType::UniqueIdentifier => (36, 16, 0, 0),
            SqlType::Xml => (241, -1, 0, 0),
            SqlType::Json => (244, -1, 0, 0),
            SqlType::Variant => (98, 8016, 0, 0),
        };
        CatalogType { id, length, precision, scale }
    }
}

impl CatalogType {
    /// The type that these numbers are of; `None` when no type has them.
    pub fn sql_type(self) -> Option<SqlType> {
        let fixed = |width: i64| u16::try_from(self.length / width).ok();
        let varying = |width: i64| match self.length {
            -1 => Some(Length::Max),
            _ => fixed(width).map(Length::Limited),
        };
        let (p, s) = (u8::try_from(self.precision).ok()?, u8::try_from(self.scale).ok()?);
        Some(match self.id {
            104 => SqlType::Bit,
            48 => SqlType::TinyInt,
            52 => SqlType::SmallInt,
            56 => SqlType::Int,
            127 => SqlType::BigInt,
            59 => SqlType::Real,
            62 => SqlType::Float,
            106 => SqlType::Decimal { precision: p, scale: s },
            122 => SqlType::SmallMoney,
            60 => SqlType::Money,
            175 => SqlType::Char(fixed(1)?),
            167 => SqlType::VarChar(varying(1)?),
            239 => SqlType::NChar(fixed(2)?),
            231 => SqlType::NVarChar(varying(2)?),
            35 => SqlType::Text,
            99 => SqlType::NText,
            173 => SqlType::Binary(fixed(1)?),
            165 => SqlType::VarBinary(varying(1)?),
            34 => SqlType::Image,
            40 => SqlType::Date,
            41 => SqlType::Time(s),
            58 => SqlType::SmallDateTime,
            61 => SqlType::DateTime,
            42 => SqlType::DateTime2(s),
            43 => SqlType::DateTimeOffset(s),
            36 => SqlType::UniqueIdentifier,
            241 => SqlType::Xml,
            244 => SqlType::Json,
            98 => SqlType::Variant,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_back() {
        for sql_type in [
            SqlType::Bit,
            SqlType::BigInt,
            SqlType::Decimal { precision: 38, scale: 5 },
            SqlType::Money,
            SqlType::Char(8000),
            SqlType::NChar(4000),
            SqlType::VarChar(Length::Max),
            SqlType::NVarChar(Length::Limited(4000)),
            SqlType::VarBinary(Length::Limited(1)),
            SqlType::Time(0),
            SqlType::DateTime2(7),
            SqlType::DateTimeOffset(3),
            SqlType::Xml,
            SqlType::Variant,
        ] {
            assert_eq!(CatalogType::from(sql_type).sql_type(), Some(sql_type));
        }
    }

    #[test]
    fn other_numbers_are_no_type() {
        let int = CatalogType::from(SqlType::Int);
        for other in [
            CatalogType { id: 0, ..int },
            CatalogType { id: 167, length: 1 << 20, ..int },
            CatalogType { precision: -1, ..int },
        ] {
            assert_eq!(other.sql_type(), None);
        }
    }
}
