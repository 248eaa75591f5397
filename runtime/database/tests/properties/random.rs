//! Random expressions, small ones for a failure to be read.

use num_bigint::BigInt;
use proptest::prelude::*;

use super::condition::Condition;
use super::tree::Expression;
use super::types::{Operator, Type};
use super::value::{Value, fitting};

const SIGNS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
const OPERATORS: [Operator; 5] =
    [Operator::Add, Operator::Subtract, Operator::Multiply, Operator::Divide, Operator::Modulo];

const WHOLE_TYPES: [Type; 4] = [Type::TinyInt, Type::SmallInt, Type::Int, Type::BigInt];

/// An expression of any type.
pub fn expression() -> BoxedStrategy<Expression> {
    prop_oneof![3 => number(4), 1 => text(4), 1 => case(condition(3).boxed(), number(2))].boxed()
}

fn exact_type() -> impl Strategy<Value = Type> {
    prop_oneof![
        Just(Type::Bit),
        Just(Type::TinyInt),
        Just(Type::SmallInt),
        Just(Type::Int),
        Just(Type::BigInt),
        Just(Type::Money),
        decimal_type(),
        decimal_type(),
    ]
}

fn decimal_type() -> impl Strategy<Value = Type> {
    let precision = prop_oneof![2 => 1_u32..=10, 1 => 1_u32..=38];
    precision.prop_flat_map(|p| (0..=p).prop_map(move |s| Type::Decimal(p, s)))
}

/// A value of an exact type: small ones, any, and the first and last.
fn exact_value() -> impl Strategy<Value = Expression> {
    let units = prop_oneof![
        4 => -20_i128..=20,
        1 => any::<i64>().prop_map(i128::from),
        1 => any::<i128>(),
        1 => Just(i128::MAX),
        1 => Just(i128::MIN),
    ];
    (exact_type(), units).prop_map(|(t, units)| {
        let value = fitting(BigInt::from(units), t).unwrap_or_else(|_| nearest(units, t));
        Expression::Value(value, t)
    })
}

/// What a type holds of a number that is too great for it: its bounds, or the last digits.
fn nearest(units: i128, t: Type) -> Value {
    let number = match (t, t.range()) {
        (_, Some((least, greatest))) => units.clamp(least, greatest),
        (Type::Decimal(precision, _), _) => units % 10_i128.pow(precision),
        _ => units.clamp(i64::MIN.into(), i64::MAX.into()),
    };
    Value::Exact(BigInt::from(number))
}

fn leaf() -> BoxedStrategy<Expression> {
    let float = (-8000_i32..8000).prop_map(|eighths| f64::from(eighths) / 8.0);
    // Two of these make a product that no float holds.
    let huge = prop::sample::select(&[1e200, -1e200, 1e308][..]);
    let null = prop_oneof![exact_type(), Just(Type::Float)];
    prop_oneof![
        6 => exact_value(),
        2 => (-200_i128..=200).prop_map(Expression::Whole),
        1 => Just(Expression::Whole(2_147_483_647)),
        2 => float.prop_map(|number| Expression::Value(Value::Float(number), Type::Float)),
        1 => huge.prop_map(|number| Expression::Value(Value::Float(number), Type::Float)),
        1 => null.prop_map(|t| Expression::Value(Value::Null, t)),
    ]
    .boxed()
}

/// A number: what its operators allow of bit, float and text is heeded here.
fn number(depth: u32) -> BoxedStrategy<Expression> {
    if depth == 0 {
        return leaf();
    }
    let pair = || (number(depth - 1), number(depth - 1));
    let boxed = |(l, r): (Expression, Expression)| (Box::new(l), Box::new(r));
    prop_oneof![
        2 => leaf(),
        4 => (prop::sample::select(&OPERATORS[..]), pair()).prop_map(arithmetic),
        1 => (prop::sample::select(&OPERATORS[..]), whole(depth - 1), digits()).prop_map(
            |(operator, l, r)| arithmetic((operator, (l, r)))
        ),
        1 => number(depth - 1).prop_map(negative),
        1 => (number(depth - 1), exact_type()).prop_map(|(operand, t)| cast(operand, t)),
        1 => text(depth - 1).prop_map(|operand| Expression::Length(Box::new(operand))),
        1 => pair().prop_map(boxed).prop_map(|(l, r)| Expression::Coalesce(l, r)),
        1 => pair().prop_map(|(l, r)| Expression::IsNull(Box::new(l.clone()), Box::new(same(r, l)))),
        1 => pair().prop_map(boxed).prop_map(|(l, r)| Expression::NullIf(l, r)),
        1 => case(condition(depth - 1), number(depth - 1)),
    ]
    .boxed()
}

fn whole(depth: u32) -> BoxedStrategy<Expression> {
    (number(depth), prop::sample::select(&WHOLE_TYPES[..])).prop_map(|(e, t)| cast(e, t)).boxed()
}

/// A text that stands beside a number.
fn digits() -> impl Strategy<Value = Expression> {
    let text =
        prop_oneof![Just(""), Just(" 7 "), Just("-12"), Just("x"), Just("99999"), Just("1.5")];
    text.prop_map(|text| Expression::Value(Value::Text(text.to_owned()), Type::VarChar(5)))
}

/// bit has no arithmetic with bit, nor float a remainder.
fn arithmetic((operator, (l, r)): (Operator, (Expression, Expression))) -> Expression {
    let bits = l.sql_type() == Type::Bit && r.sql_type() == Type::Bit;
    let l = if bits { cast(l, Type::Int) } else { l };
    let float = l.sql_type() == Type::Float || r.sql_type() == Type::Float;
    let operator =
        if float && operator == Operator::Modulo { Operator::Multiply } else { operator };
    Expression::Arithmetic(operator, Box::new(l), Box::new(r))
}

fn negative(operand: Expression) -> Expression {
    let operand =
        if operand.sql_type() == Type::Bit { cast(operand, Type::TinyInt) } else { operand };
    Expression::Negative(Box::new(operand))
}

/// CAST of float to decimal and money depends on digits that no page describes.
fn cast(operand: Expression, to: Type) -> Expression {
    let inexact =
        operand.sql_type() == Type::Float && to.scale() + 1 > u32::from(to.range().is_some());
    let to = if inexact { Type::BigInt } else { to };
    Expression::Cast(Box::new(operand), to)
}

/// The expression in the type of another, whatever conversions there are.
fn same(e: Expression, other: Expression) -> Expression {
    if e.sql_type() == Type::Float && other.sql_type() != Type::Float {
        cast(e, Type::BigInt)
    } else {
        e
    }
}

fn case(
    condition: BoxedStrategy<Condition>,
    number: BoxedStrategy<Expression>,
) -> BoxedStrategy<Expression> {
    (condition, number.clone(), number)
        .prop_map(|(c, l, r)| Expression::Case(Box::new(c), Box::new(l), Box::new(r)))
        .boxed()
}

fn text_leaf(letters: &'static str) -> impl Strategy<Value = Expression> {
    (letters, any::<bool>(), 0_u32..4, 0_u8..10).prop_map(|(text, unicode, more, null)| {
        let length = text.chars().count() as u32 + more;
        let t = match unicode || text.contains('Ł') {
            true => Type::NVarChar(length.max(1)),
            false => Type::VarChar(length.max(1)),
        };
        Expression::Value(if null == 0 { Value::Null } else { Value::Text(text) }, t)
    })
}

fn text(depth: u32) -> BoxedStrategy<Expression> {
    let leaf = text_leaf("[aAbB1é Ł]{0,4}").boxed();
    if depth == 0 {
        return leaf;
    }
    let pair = || (text(depth - 1).prop_map(Box::new), text(depth - 1).prop_map(Box::new));
    let to = (any::<bool>(), 1_u32..12)
        .prop_map(|(unicode, n)| if unicode { Type::NVarChar(n) } else { Type::VarChar(n) });
    prop_oneof![
        2 => leaf,
        3 => pair().prop_map(|(l, r)| Expression::Concatenation(l, r)),
        1 => (text(depth - 1), to.clone()).prop_map(|(e, t)| Expression::Cast(Box::new(e), t)),
        1 => (exact_value(), to).prop_map(|(e, t)| Expression::Cast(Box::new(e), t)),
        1 => pair().prop_map(|(l, r)| Expression::Coalesce(l, r)),
        1 => pair().prop_map(|(l, r)| Expression::IsNull(l, r)),
        1 => pair().prop_map(|(l, r)| Expression::NullIf(l, r)),
        1 => case(condition(depth - 1), text(depth - 1)),
    ]
    .boxed()
}

fn condition(depth: u32) -> BoxedStrategy<Condition> {
    let sign = || prop::sample::select(&SIGNS[..]);
    let depth = depth.saturating_sub(1);
    let plain = prop_oneof![
        3 => (sign(), number(depth), number(depth)).prop_map(|(s, l, r)| Condition::Comparison(s, l, r)),
        3 => (sign(), text(depth), text(depth)).prop_map(|(s, l, r)| Condition::Comparison(s, l, r)),
        1 => (sign(), whole(depth), digits()).prop_map(|(s, l, r)| Condition::Comparison(s, l, r)),
        1 => number(depth).prop_map(Condition::IsNull),
        1 => (number(depth), leaf(), leaf()).prop_map(|(x, l, r)| Condition::Between(x, l, r)),
        1 => (text(depth), prop::collection::vec(text(0), 1..4)).prop_map(|(x, l)| Condition::In(x, l)),
        2 => (text(depth), text_leaf("[aAb_%é ]{0,4}")).prop_map(|(x, p)| Condition::Like(x, p)),
    ]
    .boxed();
    if depth == 0 {
        return plain;
    }
    let pair = || (condition(depth).prop_map(Box::new), condition(depth).prop_map(Box::new));
    prop_oneof![
        3 => plain,
        1 => condition(depth).prop_map(|c| Condition::Not(Box::new(c))),
        1 => pair().prop_map(|(l, r)| Condition::And(l, r)),
        1 => pair().prop_map(|(l, r)| Condition::Or(l, r)),
    ]
    .boxed()
}
