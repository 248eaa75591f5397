//! Constants as values with their types.

use launchpod_database::Variable;
use launchpod_tsql::ast::Literal;
use launchpod_types::{Decimal, Length, SqlType, Value};

/// The greatest length of `varchar` and `varbinary` that isn't `(max)`.
const MAX_BYTES: usize = 8_000;
/// The greatest length of `nvarchar` that isn't `(max)`, in UTF-16 code units.
const MAX_UNITS: usize = 4_000;

/// The value of a constant, with the type that T-SQL gives it. NULL is an `int`.
pub(crate) fn of(literal: &Literal) -> Variable {
    let (sql_type, value) = match literal {
        Literal::Null => (SqlType::Int, Value::Null),
        Literal::Integer(number) => (SqlType::Int, Value::Int(i64::from(*number))),
        Literal::Decimal(decimal) => (decimal_type(*decimal), Value::Decimal(*decimal)),
        Literal::Float(number) => (SqlType::Float, Value::Float(*number)),
        Literal::Money(units) => {
            (SqlType::Money, Value::Decimal(Decimal::new(i128::from(*units), 4)))
        }
        Literal::String { text, unicode: true } => {
            (SqlType::NVarChar(length(text.encode_utf16().count(), MAX_UNITS)), text.clone().into())
        }
        Literal::String { text, unicode: false } => {
            (SqlType::VarChar(length(text.len(), MAX_BYTES)), text.clone().into())
        }
        Literal::Binary(bytes) => {
            (SqlType::VarBinary(length(bytes.len(), MAX_BYTES)), Value::Binary(bytes.clone()))
        }
    };
    Variable { sql_type, value }
}

/// The shortest declared length that holds so many units.
fn length(units: usize, greatest: usize) -> Length {
    match u16::try_from(units.max(1)) {
        Ok(units) if usize::from(units) <= greatest => Length::Limited(units),
        _ => Length::Max,
    }
}

/// `decimal` of as many digits as the number has.
fn decimal_type(decimal: Decimal) -> SqlType {
    let digits = decimal.unscaled.unsigned_abs().to_string().len();
    // At most 39 digits, since an i128 has no more.
    let precision = (digits as u8).max(decimal.scale).max(1);
    SqlType::Decimal { precision, scale: decimal.scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_constants() {
        let string = |text: &str, unicode| Literal::String { text: text.to_owned(), unicode };
        for (literal, expected) in [
            (Literal::Integer(1), "int"),
            (Literal::Decimal(Decimal::new(150, 2)), "decimal(3,2)"),
            (Literal::Decimal(Decimal::new(5, 2)), "decimal(2,2)"),
            (string("", false), "varchar(1)"),
            (string("é", true), "nvarchar(1)"),
            (string(&"x".repeat(4_001), true), "nvarchar(max)"),
            (string(&"x".repeat(4_001), false), "varchar(4001)"),
            (Literal::Binary(vec![0; 8_001]), "varbinary(max)"),
        ] {
            assert_eq!(of(&literal).sql_type.to_string(), expected);
        }
    }
}
