//! Values, and what operations on them give, with whole numbers of any size.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use launchpod_types::Decimal;
use num_bigint::BigInt;

use super::types::{Operator, Type};

/// A value; its type is known beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    /// An exact number in units of its type's last digit.
    Exact(BigInt),
    Float(f64),
    Text(String),
}

/// What an expression may come to. The order in which operands are computed is not documented, so
/// that of an error and a value that needs no more operands either may come.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    pub value: Option<T>,
    pub errors: BTreeSet<i32>,
}

/// Arithmetic overflow.
const OVERFLOW: i32 = 8115;
const DIVIDE_BY_ZERO: i32 = 8134;

// === impl Outcome ===

impl<T> Outcome<T> {
    pub fn of(value: T) -> Outcome<T> {
        Outcome { value: Some(value), errors: BTreeSet::new() }
    }

    pub fn and_then<U>(self, next: impl FnOnce(T) -> Result<U, i32>) -> Outcome<U> {
        let mut errors = self.errors;
        let value = self.value.and_then(|value| next(value).map_err(|n| errors.insert(n)).ok());
        Outcome { value, errors }
    }

    /// The rest of an expression, after this part of it.
    pub fn then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        let mut errors = self.errors;
        let value = self.value.and_then(|value| {
            let next = next(value);
            errors.extend(next.errors);
            next.value
        });
        Outcome { value, errors }
    }
}

/// An operation on two values: NULL of one is NULL of all.
pub fn both<T>(
    left: Outcome<Value>,
    right: Outcome<Value>,
    null: T,
    compute: impl FnOnce(Value, Value) -> Result<T, i32>,
) -> Outcome<T> {
    let mut errors: BTreeSet<i32> = left.errors.union(&right.errors).copied().collect();
    let value = match (left.value, right.value) {
        (Some(Value::Null), _) | (_, Some(Value::Null)) => Some(null),
        (Some(left), Some(right)) => {
            compute(left, right).map_err(|number| errors.insert(number)).ok()
        }
        _ => None,
    };
    Outcome { value, errors }
}

pub fn power(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// `number / divisor`, rounded half away from zero.
pub fn rounded(number: &BigInt, divisor: &BigInt) -> BigInt {
    let (quotient, rest) = (number / divisor, number % divisor);
    let twice = rest.magnitude() * 2_u32;
    match (twice >= *divisor.magnitude(), *number < BigInt::ZERO) {
        (false, _) => quotient,
        (true, false) => quotient + 1,
        (true, true) => quotient - 1,
    }
}

/// An exact number of `from` digits after the point with `to` of them.
pub fn rescaled(number: &BigInt, from: u32, to: u32) -> BigInt {
    if to >= from { number * power(to - from) } else { rounded(number, &power(from - to)) }
}

/// The number, if its type holds it.
pub fn fitting(number: BigInt, to: Type) -> Result<Value, i32> {
    let fits = match (to, to.range()) {
        (_, Some((least, greatest))) => {
            number >= BigInt::from(least) && number <= BigInt::from(greatest)
        }
        (Type::Decimal(precision, _), _) => *number.magnitude() < *power(precision).magnitude(),
        _ => number >= BigInt::from(i64::MIN) && number <= BigInt::from(i64::MAX),
    };
    if fits { Ok(Value::Exact(number)) } else { Err(OVERFLOW) }
}

/// `left operator right` of exact numbers with these scales.
pub fn exact(
    operator: Operator,
    (left, left_scale): (&BigInt, u32),
    (right, right_scale): (&BigInt, u32),
    to: Type,
) -> Result<Value, i32> {
    if *right == BigInt::ZERO && matches!(operator, Operator::Divide | Operator::Modulo) {
        return Err(DIVIDE_BY_ZERO);
    }
    let scale = left_scale.max(right_scale);
    let (l, r) = (rescaled(left, left_scale, scale), rescaled(right, right_scale, scale));
    let result = match operator {
        Operator::Add => rescaled(&(l + r), scale, to.scale()),
        Operator::Subtract => rescaled(&(l - r), scale, to.scale()),
        Operator::Multiply => rescaled(&(left * right), left_scale + right_scale, to.scale()),
        Operator::Divide => l * power(to.scale()) / r,
        Operator::Modulo => rescaled(&(l % r), scale, to.scale()),
    };
    fitting(result, to)
}

/// `left operator right` of floats.
pub fn float(operator: Operator, left: f64, right: f64) -> Result<Value, i32> {
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        _ if right == 0.0 => return Err(DIVIDE_BY_ZERO),
        _ => left / right,
    };
    if result.is_finite() { Ok(Value::Float(result)) } else { Err(OVERFLOW) }
}

/// A value of one type as the other's, as CAST gives it; "CAST and CONVERT (Transact-SQL)".
pub fn converted(value: &Value, from: Type, to: Type) -> Result<Value, i32> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Exact(number) => from_exact(number, from, to),
        Value::Float(number) => from_float(*number, to),
        Value::Text(text) => from_text(text, from, to),
    }
}

fn from_exact(number: &BigInt, from: Type, to: Type) -> Result<Value, i32> {
    match to {
        Type::Bit => Ok(Value::Exact(BigInt::from(u8::from(*number != BigInt::ZERO)))),
        Type::Float => Ok(Value::Float(shown(number, from).parse().expect("a number"))),
        Type::VarChar(length) | Type::NVarChar(length) => {
            // money as text has two digits after the point.
            let text = match from {
                Type::Money => shown(&rescaled(number, 4, 2), Type::Decimal(38, 2)),
                _ => shown(number, from),
            };
            if text.len() <= length as usize {
                return Ok(Value::Text(text));
            }
            // "Truncating and rounding results": int, smallint and tinyint as varchar are `*`.
            match (from, to) {
                (Type::Int | Type::SmallInt | Type::TinyInt, Type::VarChar(_)) => {
                    Ok(Value::Text("*".to_owned()))
                }
                // "There is insufficient result space to convert a money value to %ls."
                (Type::Money, _) => Err(234),
                _ => Err(OVERFLOW),
            }
        }
        _ if to.range().is_some() && matches!(from, Type::Decimal(..)) => {
            fitting(number / power(from.scale()), to)
        }
        Type::TinyInt | Type::SmallInt if from.range().is_some() => {
            fitting(number.clone(), to).map_err(|_| 220)
        }
        _ => fitting(rescaled(number, from.scale(), to.scale()), to),
    }
}

fn from_float(number: f64, to: Type) -> Result<Value, i32> {
    match to {
        Type::Float => Ok(Value::Float(number)),
        Type::Bit => Ok(Value::Exact(BigInt::from(u8::from(number != 0.0)))),
        _ => {
            let whole: BigInt = format!("{:.0}", number.trunc()).parse().expect("a number");
            // "Arithmetic overflow error for type %ls, value = %f."
            fitting(whole, to).map_err(|_| if to == Type::BigInt { OVERFLOW } else { 232 })
        }
    }
}

fn from_text(text: &str, from: Type, to: Type) -> Result<Value, i32> {
    let word = text.trim_matches(' ');
    match to {
        Type::VarChar(length) | Type::NVarChar(length) => {
            let narrow = to < Type::NVarChar(0) && from >= Type::NVarChar(0);
            let cut = text.chars().take(length as usize);
            Ok(Value::Text(cut.map(|c| if narrow && c == 'Ł' { '?' } else { c }).collect()))
        }
        Type::Float if word.is_empty() => Ok(Value::Float(0.0)),
        Type::Float => word.parse().map(Value::Float).map_err(|_| 8114),
        _ if word.is_empty() => Ok(Value::Exact(BigInt::ZERO)),
        _ => {
            let refused = if to == Type::BigInt { 8114 } else { 245 };
            let number: BigInt = word.parse().map_err(|_| refused)?;
            fitting(number, to).map_err(|_| match to {
                Type::TinyInt | Type::SmallInt => 244,
                Type::Int => 248,
                _ => OVERFLOW,
            })
        }
    }
}

/// An exact number as text, with all digits of its scale.
pub fn shown(number: &BigInt, t: Type) -> String {
    let scale = t.scale() as usize;
    let sign = if *number < BigInt::ZERO { "-" } else { "" };
    let digits = format!("{:0>width$}", number.magnitude().to_string(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// How two values of one type compare: numbers by value; texts by their letters, then by
/// their accents, without case and trailing blanks, as the collation says.
pub fn compared(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Exact(l), Value::Exact(r)) => Some(l.cmp(r)),
        (Value::Float(l), Value::Float(r)) => l.partial_cmp(r),
        (Value::Text(l), Value::Text(r)) => {
            let (l, r) = (l.trim_end_matches(' '), r.trim_end_matches(' '));
            let letters = |text: &str| text.chars().map(letter).collect::<Vec<_>>();
            let accents = |text: &str| text.chars().map(|c| "éŁł".contains(c)).collect::<Vec<_>>();
            let order = letters(l).cmp(&letters(r));
            Some(order.then_with(|| accents(l).cmp(&accents(r))))
        }
        _ => None,
    }
}

/// The letter of a character that the texts here have, without case and accent; signs come before
/// digits, and these before letters.
fn letter(c: char) -> (bool, bool, char) {
    let letter = match c.to_ascii_lowercase() {
        'é' => 'e',
        'Ł' | 'ł' => 'l',
        other => other,
    };
    (letter.is_alphabetic(), letter.is_ascii_digit(), letter)
}

/// The value as a session's variable has it.
pub fn to_variable(value: &Value, t: Type) -> launchpod_types::Value {
    use launchpod_types::Value as Variable;
    match value {
        Value::Null => Variable::Null,
        Value::Float(number) => Variable::Float(*number),
        Value::Text(text) => Variable::Text(text.clone()),
        Value::Exact(number) => {
            let small = i128::try_from(number.clone()).expect("a value that its type holds");
            match t {
                Type::Bit => Variable::Bit(small != 0),
                Type::Decimal(..) | Type::Money => {
                    Variable::Decimal(Decimal::new(small, t.scale() as u8))
                }
                _ => Variable::Int(small as i64),
            }
        }
    }
}
