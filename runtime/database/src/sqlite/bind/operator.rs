//! Arithmetic, concatenation and bits.

use launchpod_functions::number::{IntegerOperator, float_operator, integer_operator};
use launchpod_functions::{Body, Function, convert, decimal};
use launchpod_tsql::ast::{BinaryOperator, UnaryOperator};
use launchpod_types::calendar::{TICKS_PER_DAY, days_from_civil};
use launchpod_types::{Decimal, SqlError, SqlType, Value};

use super::tree::{Bound, Kind};
use super::types::{self, Arithmetic};
use super::{Binder, coerce, int};
use crate::options;
use crate::sqlite::errors;

/// A prefix operator.
pub(crate) fn unary(operator: UnaryOperator, operand: Bound) -> Result<Bound, SqlError> {
    let t = operand.sql_type;
    match operator {
        UnaryOperator::Plus => Ok(operand),
        UnaryOperator::Minus => negate(operand),
        UnaryOperator::BitNot => {
            let nullable = operand.nullable;
            let kind = match t {
                SqlType::Bit => Kind::Infix {
                    operator: "-",
                    left: Box::new(int(1)),
                    right: Box::new(operand),
                    collate: false,
                },
                SqlType::TinyInt => Kind::Infix {
                    operator: "-",
                    left: Box::new(int(255)),
                    right: Box::new(operand),
                    collate: false,
                },
                t if t.is_integer() => Kind::Prefix("~", Box::new(operand)),
                t => return Err(errors::operand_type(t, "'~'")),
            };
            Ok(Bound { kind, sql_type: t, nullable })
        }
    }
}

fn negate(operand: Bound) -> Result<Bound, SqlError> {
    // "- (Negative)": "an unsigned tinyint expression is promoted to a signed smallint result".
    let operand = match operand.sql_type {
        SqlType::TinyInt => coerce::implicit(operand, SqlType::SmallInt)?,
        _ => operand,
    };
    let t = operand.sql_type;
    match (operand.value(), t) {
        (Some(Value::Int(number)), _) => {
            if let Some(negative) = number.checked_neg().and_then(|n| convert::in_range(n, t)) {
                let kind = match operand.kind {
                    Kind::Written(_) => Kind::Written(Value::Int(negative)),
                    _ => Kind::Constant(Value::Int(negative)),
                };
                return Ok(Bound { kind, ..operand });
            }
        }
        // -2147483648 is an int, although 2147483648 is not.
        (Some(Value::Decimal(Decimal { unscaled: 2_147_483_648, scale: 0 })), _) => {
            return Ok(int(i64::from(i32::MIN)));
        }
        (Some(Value::Decimal(number)), SqlType::Decimal { .. }) => {
            let negative = Decimal::new(-number.unscaled, number.scale);
            return Ok(Bound::constant(Value::Decimal(negative), t));
        }
        (Some(Value::Float(number)), _) => {
            return Ok(Bound::constant(Value::Float(-number), t));
        }
        _ => {}
    }
    let nullable = operand.nullable;
    match t {
        SqlType::Real | SqlType::Float => {
            Ok(Bound { kind: Kind::Prefix("-", Box::new(operand)), sql_type: t, nullable })
        }
        SqlType::Bit => Err(errors::operand_type(t, "minus")),
        t if t.is_integer() => integer(IntegerOperator::Subtract, int(0), operand, t),
        SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney => {
            let function = Function {
                name: format!("negate({t})"),
                arguments: vec![t],
                strict: true,
                deterministic: true,
                body: Body::Values(Box::new(move |values| match values[0] {
                    Value::Decimal(n) => {
                        decimal::fit(Decimal::new(-n.unscaled, n.scale), t).map(Value::Decimal)
                    }
                    _ => Ok(Value::Null),
                })),
            };
            Ok(coerce::call(function, vec![operand], t, nullable))
        }
        t => Err(errors::operand_type(t, "minus")),
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// An infix operator as the session's options have it: under CONCAT_NULL_YIELDS_NULL OFF NULL
    /// is an empty text beside a text.
    pub(crate) fn infix(
        &self,
        operator: BinaryOperator,
        left: Bound,
        right: Bound,
    ) -> Result<Bound, SqlError> {
        let yields_null = self.environment.options & options::CONCAT_NULL_YIELDS_NULL != 0;
        if yields_null || operator != BinaryOperator::Add {
            return binary(operator, left, right);
        }
        let (left, right) = with_type_of_other(left, right);
        if is_text(left.sql_type) && is_text(right.sql_type) {
            return binary(operator, or_empty(left), or_empty(right));
        }
        binary(operator, left, right)
    }
}

/// An infix operator.
pub(crate) fn binary(
    operator: BinaryOperator,
    left: Bound,
    right: Bound,
) -> Result<Bound, SqlError> {
    let (left, right) = with_type_of_other(left, right);
    let (l, r) = (left.sql_type, right.sql_type);
    let name = operator_name(operator);
    if let BinaryOperator::BitAnd
    | BinaryOperator::BitOr
    | BinaryOperator::BitXor
    | BinaryOperator::ShiftLeft
    | BinaryOperator::ShiftRight = operator
    {
        return bits(operator, left, right);
    }
    let joins = (is_text(l) && is_text(r)) || (l.is_binary() && r.is_binary());
    if operator == BinaryOperator::Add && joins {
        return Ok(concatenate(left, right));
    }
    let moments = |t| matches!(t, SqlType::DateTime | SqlType::SmallDateTime);
    if (moments(l) || moments(r))
        && matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract)
    {
        return shift_datetime(operator, left, right);
    }
    for t in [l, r] {
        if t.is_temporal() {
            let other = if t == l { r } else { l };
            return Err(if other.is_temporal() && operator != BinaryOperator::Add {
                errors::operand_type(t, name)
            } else if other.is_numeric() {
                errors::type_clash(t, other)
            } else {
                errors::incompatible_types(l, r, name)
            });
        }
        let others = matches!(t, SqlType::UniqueIdentifier | SqlType::Variant);
        if others || t.is_document() || matches!(t, SqlType::Text | SqlType::NText) {
            return Err(errors::operand_type(t, name));
        }
    }
    if !l.is_numeric() && !r.is_numeric() {
        return Err(if l == r || (l.is_character() && r.is_character()) {
            errors::operand_type(l, name)
        } else {
            errors::incompatible_types(l, r, name)
        });
    }
    if l == SqlType::Bit && r == SqlType::Bit {
        return Err(errors::operand_type(l, name));
    }
    arithmetic(operator, left, right)
}

/// NULL written as such takes the other side's type.
fn with_type_of_other(left: Bound, right: Bound) -> (Bound, Bound) {
    match (left.is_null(), right.is_null()) {
        (true, false) => (Bound { sql_type: right.sql_type, ..left }, right),
        (false, true) => {
            let sql_type = left.sql_type;
            (left, Bound { sql_type, ..right })
        }
        _ => (left, right),
    }
}

/// Whether values of a type are joined by `+`.
fn is_text(t: SqlType) -> bool {
    t.is_character() && !t.is_document()
}

/// A text, empty where it is NULL.
fn or_empty(text: Bound) -> Bound {
    if !text.nullable {
        return text;
    }
    let sql_type = text.sql_type;
    let empty = Bound::constant(Value::Text(String::new()), sql_type);
    if text.value().is_some_and(Value::is_null) {
        return empty;
    }
    let kind = Kind::Native { name: "coalesce", arguments: vec![text, empty] };
    Bound { kind, sql_type, nullable: false }
}

fn arithmetic(operator: BinaryOperator, left: Bound, right: Bound) -> Result<Bound, SqlError> {
    let (l, r) = (left.sql_type, right.sql_type);
    // Text beside a number becomes that number's type.
    let winner = if types::precedence(l) >= types::precedence(r) { l } else { r };
    match winner {
        SqlType::Float | SqlType::Real => float(operator, left, right, winner),
        SqlType::Decimal { .. } => exact(operator, left, right),
        SqlType::Money | SqlType::SmallMoney => {
            let left = coerce::implicit(left, winner)?;
            let right = coerce::implicit(right, winner)?;
            Ok(decimal_call(operator, left, right, winner))
        }
        _ => {
            // bit counts as the other's type.
            let t = if winner == SqlType::Bit { SqlType::Int } else { winner };
            let left = coerce::implicit(left, t)?;
            let right = coerce::implicit(right, t)?;
            integer(integer_kind(operator), left, right, t)
        }
    }
}

fn integer_kind(operator: BinaryOperator) -> IntegerOperator {
    match operator {
        BinaryOperator::Subtract => IntegerOperator::Subtract,
        BinaryOperator::Multiply => IntegerOperator::Multiply,
        BinaryOperator::Divide => IntegerOperator::Divide,
        BinaryOperator::Modulo => IntegerOperator::Modulo,
        _ => IntegerOperator::Add,
    }
}

fn integer(
    operator: IntegerOperator,
    left: Bound,
    right: Bound,
    t: SqlType,
) -> Result<Bound, SqlError> {
    let nullable = left.nullable || right.nullable;
    if let (Some(Value::Int(a)), Some(Value::Int(b))) = (left.value(), right.value())
        && let Ok(result) = integer_operator(operator, t)(*a, *b)
    {
        return Ok(Bound { nullable, ..Bound::constant(Value::Int(result), t) });
    }
    // By a constant other than 0 and -1 SQLite divides as T-SQL does, and can't overflow.
    let native = match (operator, right.value()) {
        (IntegerOperator::Divide, Some(Value::Int(n))) if *n != 0 && *n != -1 => Some("/"),
        (IntegerOperator::Modulo, Some(Value::Int(n))) if *n != 0 && *n != -1 => Some("%"),
        _ => None,
    };
    if let Some(operator) = native {
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = Kind::Infix { operator, left, right, collate: false };
        return Ok(Bound { kind, sql_type: t, nullable });
    }
    let function = Function {
        name: format!("{operator:?}({t})"),
        arguments: vec![t, t],
        strict: true,
        deterministic: true,
        body: Body::Integers(Box::new(integer_operator(operator, t))),
    };
    Ok(coerce::call(function, vec![left, right], t, nullable))
}

fn float(
    operator: BinaryOperator,
    left: Bound,
    right: Bound,
    t: SqlType,
) -> Result<Bound, SqlError> {
    let (l, r) = (left.sql_type, right.sql_type);
    let compute =
        float_operator(operator).ok_or_else(|| errors::incompatible_types(l, r, "modulo"))?;
    let left = coerce::implicit(left, SqlType::Float)?;
    let right = coerce::implicit(right, SqlType::Float)?;
    let nullable = left.nullable || right.nullable;
    let bound = match (left.value(), right.value()) {
        (Some(Value::Float(a)), Some(Value::Float(b))) => compute(*a, *b).ok(),
        _ => None,
    };
    let bound = match bound {
        Some(number) => Bound { nullable, ..Bound::constant(Value::Float(number), SqlType::Float) },
        None => {
            let function = Function {
                name: format!("{operator:?}(float)"),
                arguments: vec![SqlType::Float; 2],
                strict: true,
                deterministic: true,
                body: Body::Floats(compute),
            };
            coerce::call(function, vec![left, right], SqlType::Float, nullable)
        }
    };
    if t == SqlType::Real { coerce::implicit(bound, t) } else { Ok(bound) }
}

fn exact(operator: BinaryOperator, left: Bound, right: Bound) -> Result<Bound, SqlError> {
    // "int, bigint, smallint, and tinyint": whole constants count with the digits they have.
    let digits = |bound: &Bound| match &bound.kind {
        Kind::Written(Value::Int(number)) => Some(types::literal_decimal(*number)),
        _ => types::as_decimal(bound.sql_type),
    };
    let (l, r) = (digits(&left), digits(&right));
    // Text takes the other side's type.
    let (l, r) = match (l, r) {
        (Some(l), Some(r)) => (l, r),
        (Some(l), None) => (l, l),
        (None, Some(r)) => (r, r),
        (None, None) => return Err(errors::operand_type(left.sql_type, operator_name(operator))),
    };
    let kind = match operator {
        BinaryOperator::Multiply => Arithmetic::Multiply,
        BinaryOperator::Divide => Arithmetic::Divide,
        BinaryOperator::Modulo => Arithmetic::Modulo,
        _ => Arithmetic::Additive,
    };
    let result = types::decimal_result(kind, l, r);
    let decimal = |(precision, scale)| SqlType::Decimal { precision, scale };
    let left = coerce::implicit(left, decimal(l))?;
    let right = coerce::implicit(right, decimal(r))?;
    Ok(decimal_call(operator, left, right, result))
}

fn decimal_call(operator: BinaryOperator, left: Bound, right: Bound, to: SqlType) -> Bound {
    let nullable = left.nullable || right.nullable;
    let compute = match operator {
        BinaryOperator::Subtract => decimal::subtract,
        BinaryOperator::Multiply => decimal::multiply,
        BinaryOperator::Divide => decimal::divide,
        BinaryOperator::Modulo => decimal::modulo,
        _ => decimal::add,
    };
    if let (Some(Value::Decimal(a)), Some(Value::Decimal(b))) = (left.value(), right.value())
        && let Ok(result) = compute(*a, *b, to)
    {
        return Bound { nullable, ..Bound::constant(Value::Decimal(result), to) };
    }
    let function = Function {
        name: format!("{operator:?}({},{},{to})", left.sql_type, right.sql_type),
        arguments: vec![left.sql_type, right.sql_type],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match (&values[0], &values[1]) {
            (Value::Decimal(a), Value::Decimal(b)) => compute(*a, *b, to).map(Value::Decimal),
            _ => Ok(Value::Null),
        })),
    };
    coerce::call(function, vec![left, right], to, nullable)
}

/// `+` of texts or of bytes.
fn concatenate(left: Bound, right: Bound) -> Bound {
    let to = types::concatenated(left.sql_type, right.sql_type);
    let nullable = left.nullable || right.nullable;
    if let (Some(Value::Text(a)), Some(Value::Text(b))) = (left.value(), right.value()) {
        let joined = Bound::constant(Value::Text(format!("{a}{b}")), SqlType::NVARCHAR_MAX);
        return match coerce::implicit(joined, to) {
            Ok(bound) => Bound { nullable, ..bound },
            Err(_) => Bound::constant(Value::Null, to),
        };
    }
    let (l, r) = (left.sql_type, right.sql_type);
    // SQLite's || does, unless the result has to be cut, or it would make text of bytes.
    let room = |t| launchpod_functions::text::limit(t);
    let fits = match (room(l), room(r), room(to)) {
        (Some(a), Some(b), Some(limit)) => a + b <= limit,
        _ => room(to).is_none(),
    };
    if fits && to.is_character() {
        let kind = Kind::Infix {
            operator: "||",
            left: Box::new(left),
            right: Box::new(right),
            collate: false,
        };
        return Bound { kind, sql_type: to, nullable };
    }
    let function = Function {
        name: format!("concatenate({l},{r})"),
        arguments: vec![l, r],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| {
            let joined = match (&values[0], &values[1]) {
                (Value::Text(a), Value::Text(b)) => Value::Text(format!("{a}{b}")),
                (Value::Binary(a), Value::Binary(b)) => Value::Binary([&a[..], &b[..]].concat()),
                _ => Value::Null,
            };
            convert::cast(&joined, to, to)
        })),
    };
    coerce::call(function, vec![left, right], to, nullable)
}

/// `datetime + 1`, `datetime - datetime`: days and their fractions since 1900.
fn shift_datetime(operator: BinaryOperator, left: Bound, right: Bound) -> Result<Bound, SqlError> {
    let (l, r) = (left.sql_type, right.sql_type);
    let t = if l == SqlType::SmallDateTime && r != SqlType::DateTime {
        SqlType::SmallDateTime
    } else {
        SqlType::DateTime
    };
    let left = coerce::implicit(left, SqlType::DateTime)?;
    let right = coerce::implicit(right, SqlType::DateTime)?;
    let nullable = left.nullable || right.nullable;
    let sign = if operator == BinaryOperator::Subtract { -1 } else { 1 };
    let base = i64::from(days_from_civil(1900, 1, 1)) * TICKS_PER_DAY;
    let function = Function {
        name: format!("{operator:?}(datetime)"),
        arguments: vec![SqlType::DateTime; 2],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match (&values[0], &values[1]) {
            (Value::DateTime(a), Value::DateTime(b)) => {
                let ticks = a + sign * (b - base);
                convert::cast(&Value::DateTime(ticks), SqlType::DateTime2(7), SqlType::DateTime)
                    .map_err(|_| errors::overflow(SqlType::DateTime))
            }
            _ => Ok(Value::Null),
        })),
    };
    let sum = coerce::call(function, vec![left, right], SqlType::DateTime, nullable);
    coerce::implicit(sum, t)
}

fn bits(operator: BinaryOperator, left: Bound, right: Bound) -> Result<Bound, SqlError> {
    let name = operator_name(operator);
    let (l, r) = (left.sql_type, right.sql_type);
    for t in [l, r] {
        if !t.is_integer() && t != SqlType::Bit {
            return Err(errors::incompatible_types(l, r, name));
        }
    }
    let t = if types::precedence(l) >= types::precedence(r) { l } else { r };
    let nullable = left.nullable || right.nullable;
    let native = match operator {
        BinaryOperator::BitAnd => Some("&"),
        BinaryOperator::BitOr => Some("|"),
        BinaryOperator::BitXor => None,
        // The binder calls LEFT_SHIFT and RIGHT_SHIFT for the others.
        _ => return Err(errors::operand_type(l, name)),
    };
    if let Some(operator) = native {
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = Kind::Infix { operator, left, right, collate: false };
        return Ok(Bound { kind, sql_type: t, nullable });
    }
    let function = Function {
        name: "xor".to_owned(),
        arguments: vec![SqlType::BigInt; 2],
        strict: true,
        deterministic: true,
        body: Body::Integers(Box::new(|a, b| Ok(a ^ b))),
    };
    Ok(coerce::call(function, vec![left, right], t, nullable))
}

fn operator_name(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "add",
        BinaryOperator::Subtract => "subtract",
        BinaryOperator::Multiply => "multiply",
        BinaryOperator::Divide => "divide",
        BinaryOperator::Modulo => "modulo",
        BinaryOperator::BitAnd => "'&'",
        BinaryOperator::BitOr => "'|'",
        BinaryOperator::BitXor => "'^'",
        BinaryOperator::ShiftLeft => "'<<'",
        BinaryOperator::ShiftRight => "'>>'",
    }
}
