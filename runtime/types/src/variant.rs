//! `sql_variant`: a value that has its type with it.

use crate::{CatalogType, Decimal, SqlType, Value};

/// A value that isn't NULL, and its type, for which [`SqlType::fits_variant`] holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The base type.
    pub sql_type: SqlType,
    /// A value of that type.
    pub value: Value,
}

/// Bytes before the value: the type's number and two for its length, or precision and scale.
const HEAD: usize = 3;

// === impl Variant ===

impl Variant {
    /// The bytes in which columns store it. Equal bytes are equal values of equal types.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = described(self.sql_type).to_vec();
        match &self.value {
            Value::Null | Value::Variant(_) => {}
            Value::Bit(bit) => bytes.push(u8::from(*bit)),
            Value::Int(number) | Value::Time(number) | Value::DateTime(number) => {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Real(number) => bytes.extend_from_slice(&number.to_le_bytes()),
            Value::Float(number) => bytes.extend_from_slice(&number.to_le_bytes()),
            Value::Decimal(number) => {
                bytes.extend_from_slice(&number.unscaled.to_le_bytes());
                bytes.push(number.scale);
            }
            Value::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Value::Binary(content) => bytes.extend_from_slice(content),
            Value::Date(days) => bytes.extend_from_slice(&days.to_le_bytes()),
            Value::DateTimeOffset { utc, offset } => {
                bytes.extend_from_slice(&utc.to_le_bytes());
                bytes.extend_from_slice(&offset.to_le_bytes());
            }
            Value::Guid(guid) => bytes.extend_from_slice(guid),
        }
        bytes
    }

    /// The inverse of [`Variant::to_bytes`]; `None` for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, content) = bytes.split_first_chunk()?;
        let sql_type = declared(*head)?;
        let value = match sql_type {
            SqlType::Bit => Value::Bit(*content.first()? != 0),
            SqlType::Real => Value::Real(f32::from_le_bytes(content.try_into().ok()?)),
            SqlType::Float => Value::Float(f64::from_le_bytes(content.try_into().ok()?)),
            SqlType::Decimal { .. } | SqlType::SmallMoney | SqlType::Money => {
                let (digits, scale) = content.split_at_checked(16)?;
                let unscaled = i128::from_le_bytes(digits.try_into().ok()?);
                Value::Decimal(Decimal::new(unscaled, *scale.first()?))
            }
            SqlType::Date => Value::Date(i32::from_le_bytes(content.try_into().ok()?)),
            SqlType::Time(_) => Value::Time(i64::from_le_bytes(content.try_into().ok()?)),
            SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2(_) => {
                Value::DateTime(i64::from_le_bytes(content.try_into().ok()?))
            }
            SqlType::DateTimeOffset(_) => {
                let (utc, offset) = content.split_at_checked(8)?;
                Value::DateTimeOffset {
                    utc: i64::from_le_bytes(utc.try_into().ok()?),
                    offset: i16::from_le_bytes(offset.try_into().ok()?),
                }
            }
            SqlType::UniqueIdentifier => Value::Guid(content.try_into().ok()?),
            _ if sql_type.is_integer() => Value::Int(i64::from_le_bytes(content.try_into().ok()?)),
            _ if sql_type.is_binary() => Value::Binary(content.to_vec()),
            _ => Value::Text(std::str::from_utf8(content).ok()?.to_owned()),
        };
        Some(Variant { sql_type, value })
    }
}

/// The number that `sys.types` has for a type, and its length in bytes, or precision and scale.
fn described(sql_type: SqlType) -> [u8; HEAD] {
    let CatalogType { id, length, precision, scale } = sql_type.into();
    let [first, second] = match sql_type.is_character() || sql_type.is_binary() {
        // No variant is of a type without a limit.
        true => u16::try_from(length).unwrap_or_default().to_le_bytes(),
        false => [precision as u8, scale as u8],
    };
    [id as u8, first, second]
}

/// The inverse of [`described`]; `None` for a type that no variant has.
fn declared([id, first, second]: [u8; HEAD]) -> Option<SqlType> {
    let length = u16::from_le_bytes([first, second]).into();
    let (precision, scale) = (first.into(), second.into());
    let sql_type = CatalogType { id: id.into(), length, precision, scale }.sql_type();
    sql_type.filter(|sql_type| sql_type.fits_variant())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Length;

    #[test]
    fn bytes_come_back() {
        let money = Value::Decimal(Decimal::new(-12_345, 4));
        for (sql_type, value) in [
            (SqlType::Bit, Value::Bit(true)),
            (SqlType::TinyInt, Value::Int(255)),
            (SqlType::BigInt, Value::Int(i64::MIN)),
            (SqlType::Real, Value::Real(1.5)),
            (SqlType::Float, Value::Float(-0.1)),
            (SqlType::Decimal { precision: 9, scale: 4 }, money.clone()),
            (SqlType::Money, money.clone()),
            (SqlType::SmallMoney, money),
            (SqlType::Char(8000), Value::from("a")),
            (SqlType::NVarChar(Length::Limited(4000)), Value::from("äπ𝄞")),
            (SqlType::VarBinary(Length::Limited(2)), Value::Binary(vec![])),
            (SqlType::Date, Value::Date(-719_162)),
            (SqlType::Time(7), Value::Time(863_999_999_999)),
            (SqlType::DateTime, Value::DateTime(-1)),
            (SqlType::DateTimeOffset(3), Value::DateTimeOffset { utc: -1, offset: -90 }),
            (SqlType::UniqueIdentifier, Value::Guid([7; 16])),
        ] {
            let variant = Variant { sql_type, value };
            assert_eq!(Variant::from_bytes(&variant.to_bytes()), Some(variant));
        }
    }

    #[test]
    fn other_bytes_are_none() {
        for bytes in [&[][..], &[56, 0], &[56, 0, 0, 1], &[0, 0, 0], &[231, 1, 0, 0xff]] {
            assert_eq!(Variant::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
