//! Which type an expression has.
//!
//! Rules from "Data type precedence (Transact-SQL)", "Precision, scale, and length
//! (Transact-SQL)" and "Constants (Transact-SQL)".

use launchpod_types::{Length, MAX_PRECISION, SqlType};

/// The place of a type in the order of precedence; the higher wins.
pub(crate) fn precedence(t: SqlType) -> u8 {
    match t {
        SqlType::Json => 30,
        SqlType::Variant => 29,
        SqlType::Xml => 28,
        SqlType::DateTimeOffset(_) => 27,
        SqlType::DateTime2(_) => 26,
        SqlType::DateTime => 25,
        SqlType::SmallDateTime => 24,
        SqlType::Date => 23,
        SqlType::Time(_) => 22,
        SqlType::Float => 21,
        SqlType::Real => 20,
        SqlType::Decimal { .. } => 19,
        SqlType::Money => 18,
        SqlType::SmallMoney => 17,
        SqlType::BigInt => 16,
        SqlType::Int => 15,
        SqlType::SmallInt => 14,
        SqlType::TinyInt => 13,
        SqlType::Bit => 12,
        SqlType::NText => 11,
        SqlType::Text => 10,
        SqlType::Image => 9,
        SqlType::UniqueIdentifier => 7,
        SqlType::NVarChar(_) => 6,
        SqlType::NChar(_) => 5,
        SqlType::VarChar(_) => 4,
        SqlType::Char(_) => 3,
        SqlType::VarBinary(_) => 2,
        SqlType::Binary(_) => 1,
    }
}

/// The type to which two operands are brought: of a comparison, CASE, COALESCE, UNION.
pub(crate) fn common(left: SqlType, right: SqlType) -> SqlType {
    if left == right {
        return left;
    }
    if left.is_character() && right.is_character() {
        return common_text(left, right);
    }
    if left.is_binary() && right.is_binary() {
        return common_binary(left, right);
    }
    let winner = if precedence(left) >= precedence(right) { left } else { right };
    match winner {
        SqlType::Decimal { .. } => match (as_decimal(left), as_decimal(right)) {
            (Some((p1, s1)), Some((p2, s2))) => {
                let (whole, scale) = ((p1 - s1).max(p2 - s2), s1.max(s2));
                // The digits before the point are kept, as in a sum.
                let precision = (whole + scale).min(MAX_PRECISION);
                SqlType::Decimal { precision, scale: scale.min(MAX_PRECISION - whole) }
            }
            _ => winner,
        },
        SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) | SqlType::Time(_) => {
            let digits = |t| match t {
                SqlType::DateTime2(n) | SqlType::DateTimeOffset(n) | SqlType::Time(n) => n,
                SqlType::DateTime => 3,
                _ => 0,
            };
            let other = if left.is_temporal() && right.is_temporal() {
                digits(left).max(digits(right))
            } else {
                digits(winner)
            };
            match winner {
                SqlType::DateTime2(_) => SqlType::DateTime2(other),
                SqlType::DateTimeOffset(_) => SqlType::DateTimeOffset(other),
                _ => SqlType::Time(other),
            }
        }
        _ => winner,
    }
}

fn length(t: SqlType) -> Length {
    match t {
        SqlType::Char(n) | SqlType::NChar(n) | SqlType::Binary(n) => Length::Limited(n),
        SqlType::VarChar(length) | SqlType::NVarChar(length) | SqlType::VarBinary(length) => length,
        _ => Length::Max,
    }
}

fn longest(left: SqlType, right: SqlType, limit: u16) -> Length {
    match (length(left), length(right)) {
        (Length::Limited(a), Length::Limited(b)) => Length::Limited(a.max(b).min(limit)),
        _ => Length::Max,
    }
}

fn is_fixed(t: SqlType) -> bool {
    matches!(t, SqlType::Char(_) | SqlType::NChar(_) | SqlType::Binary(_))
}

fn common_text(left: SqlType, right: SqlType) -> SqlType {
    if left.is_document() || right.is_document() {
        return if precedence(left) >= precedence(right) { left } else { right };
    }
    let unicode = left.is_unicode() || right.is_unicode();
    let longest = longest(left, right, if unicode { 4000 } else { 8000 });
    match (longest, is_fixed(left) && is_fixed(right)) {
        (Length::Limited(n), true) if unicode => SqlType::NChar(n),
        (Length::Limited(n), true) => SqlType::Char(n),
        _ if unicode => SqlType::NVarChar(longest),
        _ => SqlType::VarChar(longest),
    }
}

fn common_binary(left: SqlType, right: SqlType) -> SqlType {
    match (longest(left, right, 8000), is_fixed(left) && is_fixed(right)) {
        (Length::Limited(n), true) => SqlType::Binary(n),
        (longest, _) => SqlType::VarBinary(longest),
    }
}

/// The type of `left + right` of two texts or two byte strings.
pub(crate) fn concatenated(left: SqlType, right: SqlType) -> SqlType {
    let unicode = left.is_unicode() || right.is_unicode();
    let limit = if unicode { 4000 } else { 8000 };
    let sum = match (length(left), length(right)) {
        (Length::Limited(a), Length::Limited(b)) => Length::Limited((a + b).min(limit)),
        _ => Length::Max,
    };
    if left.is_binary() && right.is_binary() {
        SqlType::VarBinary(sum)
    } else if unicode {
        SqlType::NVarChar(sum)
    } else {
        SqlType::VarChar(sum)
    }
}

/// Precision and scale of an exact number.
pub(crate) fn as_decimal(t: SqlType) -> Option<(u8, u8)> {
    Some(match t {
        SqlType::Decimal { precision, scale } => (precision, scale),
        SqlType::Money => (19, 4),
        SqlType::SmallMoney => (10, 4),
        SqlType::BigInt => (19, 0),
        SqlType::Int => (10, 0),
        SqlType::SmallInt => (5, 0),
        SqlType::TinyInt => (3, 0),
        SqlType::Bit => (1, 0),
        _ => return None,
    })
}

/// An arithmetic operator, as far as the type of its result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// `+` and `-`
    Additive,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// The type of an operation on two decimals of (precision, scale).
pub(crate) fn decimal_result(
    operator: Arithmetic,
    (p1, s1): (u8, u8),
    (p2, s2): (u8, u8),
) -> SqlType {
    // The sums stay below 3 * 38 + 1, within a u8.
    let (whole1, whole2) = (p1 - s1, p2 - s2);
    let (precision, scale) = match operator {
        Arithmetic::Additive => (s1.max(s2) + whole1.max(whole2) + 1, s1.max(s2)),
        Arithmetic::Multiply => (p1 + p2 + 1, s1 + s2),
        Arithmetic::Divide => {
            let scale = 6.max(s1 + p2 + 1);
            (whole1 + s2 + scale, scale)
        }
        Arithmetic::Modulo => (whole1.min(whole2) + s1.max(s2), s1.max(s2)),
    };
    if precision <= MAX_PRECISION {
        return SqlType::Decimal { precision: precision.max(1), scale };
    }
    let whole = precision - scale;
    let scale = match operator {
        Arithmetic::Multiply | Arithmetic::Divide => {
            if whole < 32 {
                scale.min(MAX_PRECISION - whole)
            } else {
                // "If the scale is greater than 6 and the integral part greater than 32, the
                // scale is 6."
                scale.min(6)
            }
        }
        Arithmetic::Additive | Arithmetic::Modulo => {
            scale.min(MAX_PRECISION - whole1.max(whole2).min(MAX_PRECISION))
        }
    };
    SqlType::Decimal { precision: MAX_PRECISION, scale }
}

/// The type that a number literal has when it meets decimals: as many digits as it has.
pub(crate) fn literal_decimal(number: i64) -> (u8, u8) {
    // An i64 has at most 19 digits.
    (number.unsigned_abs().checked_ilog10().unwrap_or(0) as u8 + 1, 0)
}

/// The type of a text constant.
pub(crate) fn literal_text(content: &str, unicode: bool) -> SqlType {
    let units = launchpod_functions::text::units(content, unicode).max(1);
    match (u16::try_from(units), unicode) {
        (Ok(n @ 1..=4000), true) => SqlType::NVarChar(Length::Limited(n)),
        (_, true) => SqlType::NVARCHAR_MAX,
        (Ok(n @ 1..=8000), false) => SqlType::VarChar(Length::Limited(n)),
        (_, false) => SqlType::VARCHAR_MAX,
    }
}

/// The type of a binary constant.
pub(crate) fn literal_binary(bytes: &[u8]) -> SqlType {
    match u16::try_from(bytes.len().max(1)) {
        Ok(n @ 1..=8000) => SqlType::VarBinary(Length::Limited(n)),
        _ => SqlType::VARBINARY_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: u8) -> SqlType {
        SqlType::Decimal { precision, scale }
    }

    #[test]
    fn decimal_results_are_those_documented() {
        let result = |operator, left, right| decimal_result(operator, left, right);
        assert_eq!(result(Arithmetic::Additive, (9, 2), (5, 4)), decimal(12, 4));
        assert_eq!(result(Arithmetic::Multiply, (9, 2), (5, 4)), decimal(15, 6));
        assert_eq!(result(Arithmetic::Divide, (2, 1), (1, 0)), decimal(7, 6));
        // "Precision, scale, and length": decimal(38,20) * decimal(38,20).
        assert_eq!(result(Arithmetic::Multiply, (38, 20), (38, 20)), decimal(38, 6));
        assert_eq!(result(Arithmetic::Additive, (38, 10), (38, 20)), decimal(38, 10));
    }

    #[test]
    fn common_types() {
        let varchar = |n| SqlType::VarChar(Length::Limited(n));
        assert_eq!(common(varchar(3), varchar(5)), varchar(5));
        assert_eq!(common(SqlType::NChar(3), varchar(5)), SqlType::NVarChar(Length::Limited(5)));
        assert_eq!(common(SqlType::Int, decimal(5, 2)), decimal(12, 2));
        assert_eq!(common(varchar(3), SqlType::Int), SqlType::Int);
        assert_eq!(common(SqlType::Date, SqlType::DateTime2(3)), SqlType::DateTime2(3));
        assert_eq!(common(SqlType::Char(2), SqlType::Char(4)), SqlType::Char(4));
    }
}
