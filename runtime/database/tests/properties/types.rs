//! Which type an expression has, by the documented rules.
//!
//! "Data type precedence (Transact-SQL)" and "Precision, scale, and length (Transact-SQL)".

use std::fmt;

use launchpod_types::{Length, SqlType};

/// A type that expressions are made of, in the order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    VarChar(u32),
    NVarChar(u32),
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Money,
    Decimal(u32, u32),
    Float,
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

// === impl Type ===

impl Type {
    pub fn is_text(self) -> bool {
        matches!(self, Type::VarChar(_) | Type::NVarChar(_))
    }

    /// The least and the greatest value of an integer type ("int, bigint, smallint, and tinyint").
    pub fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Type::Bit => (0, 1),
            Type::TinyInt => (0, 255),
            Type::SmallInt => (-(1 << 15), (1 << 15) - 1),
            Type::Int => (-(1 << 31), (1 << 31) - 1),
            Type::BigInt => (-(1 << 63), (1 << 63) - 1),
            _ => return None,
        })
    }

    /// Precision and scale of an exact number.
    pub fn digits(self) -> Option<(u32, u32)> {
        Some(match self {
            Type::Bit => (1, 0),
            Type::TinyInt => (3, 0),
            Type::SmallInt => (5, 0),
            Type::Int => (10, 0),
            Type::BigInt => (19, 0),
            Type::Money => (19, 4),
            Type::Decimal(precision, scale) => (precision, scale),
            _ => return None,
        })
    }

    /// Digits after the point.
    pub fn scale(self) -> u32 {
        self.digits().map_or(0, |(_, scale)| scale)
    }

    fn length(self) -> u32 {
        match self {
            Type::VarChar(length) | Type::NVarChar(length) => length,
            _ => 0,
        }
    }

    fn text(length: u32, unicode: bool) -> Type {
        if unicode { Type::NVarChar(length.min(4000)) } else { Type::VarChar(length.min(8000)) }
    }

    pub fn to_sql(self) -> SqlType {
        let length = |n| Length::Limited(u16::try_from(n).expect("a short text"));
        match self {
            Type::VarChar(n) => SqlType::VarChar(length(n)),
            Type::NVarChar(n) => SqlType::NVarChar(length(n)),
            Type::Bit => SqlType::Bit,
            Type::TinyInt => SqlType::TinyInt,
            Type::SmallInt => SqlType::SmallInt,
            Type::Int => SqlType::Int,
            Type::BigInt => SqlType::BigInt,
            Type::Money => SqlType::Money,
            Type::Decimal(p, s) => SqlType::Decimal { precision: p as u8, scale: s as u8 },
            Type::Float => SqlType::Float,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::VarChar(n) => write!(f, "varchar({n})"),
            Type::NVarChar(n) => write!(f, "nvarchar({n})"),
            Type::Decimal(p, s) => write!(f, "decimal({p},{s})"),
            plain => f.write_str(&format!("{plain:?}").to_lowercase()),
        }
    }
}

/// "When an operator combines expressions of different data types, the data type with the lower
/// precedence is first converted to the data type with the higher precedence."
pub fn common(left: Type, right: Type) -> Type {
    if left.is_text() && right.is_text() {
        let unicode = left.max(right) >= Type::NVarChar(0);
        return Type::text(left.length().max(right.length()), unicode);
    }
    let winner = left.max(right);
    match (winner, left.digits(), right.digits()) {
        (Type::Decimal(..), Some((p1, s1)), Some((p2, s2))) => {
            let (whole, scale) = ((p1 - s1).max(p2 - s2), s1.max(s2));
            Type::Decimal((whole + scale).min(38), scale.min(38 - whole))
        }
        _ => winner,
    }
}

/// `+` of two texts: "the sum of the lengths".
pub fn concatenated(left: Type, right: Type) -> Type {
    Type::text(left.length() + right.length(), left.max(right) >= Type::NVarChar(0))
}

/// The type of an operation on operands that are not both texts. `digits` are those of the operands
/// as decimals, where they differ from their types'.
pub fn arithmetic(
    operator: Operator,
    (left, left_digits): (Type, Option<(u32, u32)>),
    (right, right_digits): (Type, Option<(u32, u32)>),
) -> Type {
    match left.max(right) {
        Type::Decimal(..) => {
            let left = left_digits.or(left.digits()).expect("an exact number");
            let right = right_digits.or(right.digits()).expect("an exact number");
            decimal(operator, left, right)
        }
        winner => winner,
    }
}

/// The table of "Precision, scale, and length (Transact-SQL)" and the rules below it.
fn decimal(operator: Operator, (p1, s1): (u32, u32), (p2, s2): (u32, u32)) -> Type {
    let whole = (p1 - s1).max(p2 - s2);
    let (precision, scale) = match operator {
        Operator::Add | Operator::Subtract => (s1.max(s2) + whole + 1, s1.max(s2)),
        Operator::Multiply => (p1 + p2 + 1, s1 + s2),
        Operator::Divide => (p1 - s1 + s2 + 6.max(s1 + p2 + 1), 6.max(s1 + p2 + 1)),
        Operator::Modulo => ((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
    };
    if precision <= 38 {
        return Type::Decimal(precision, scale);
    }
    let scale = match (operator, precision - scale) {
        (Operator::Add | Operator::Subtract, _) => scale.min(38 - whole),
        (_, integral) if integral < 32 => scale.min(38 - integral),
        _ => scale.min(6),
    };
    Type::Decimal(38, scale)
}
