//! Numeric functions and operators ("Mathematical Functions (Transact-SQL)").

use launchpod_tsql::ast::BinaryOperator;
use launchpod_types::{Decimal, SqlError, SqlType, Value};

use super::{Actual, Builtin, FloatsBody, Signature, convert, decimal, random};
use crate::errors;

/// All of them; the binder replaces RAND with a seed that rows share, or none, by a constant.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "ABS", arity: (1, 1), signature: abs },
    Builtin { name: "CEILING", arity: (1, 1), signature: |a| whole(a, "ceiling", f64::ceil, 1) },
    Builtin { name: "FLOOR", arity: (1, 1), signature: |a| whole(a, "floor", f64::floor, -1) },
    Builtin { name: "ROUND", arity: (2, 3), signature: round },
    Builtin { name: "SIGN", arity: (1, 1), signature: sign },
    Builtin { name: "POWER", arity: (2, 2), signature: power },
    Builtin { name: "SQRT", arity: (1, 1), signature: |_| float(f64::sqrt) },
    Builtin { name: "SQUARE", arity: (1, 1), signature: |_| float(|x| x * x) },
    Builtin { name: "EXP", arity: (1, 1), signature: |_| float(f64::exp) },
    Builtin { name: "LOG", arity: (1, 2), signature: log },
    Builtin { name: "LOG10", arity: (1, 1), signature: |_| float(f64::log10) },
    Builtin { name: "PI", arity: (0, 0), signature: pi },
    Builtin { name: "SIN", arity: (1, 1), signature: |_| float(f64::sin) },
    Builtin { name: "COS", arity: (1, 1), signature: |_| float(f64::cos) },
    Builtin { name: "TAN", arity: (1, 1), signature: |_| float(f64::tan) },
    Builtin { name: "COT", arity: (1, 1), signature: |_| float(|x| 1.0 / x.tan()) },
    Builtin { name: "ASIN", arity: (1, 1), signature: |_| float(f64::asin) },
    Builtin { name: "ACOS", arity: (1, 1), signature: |_| float(f64::acos) },
    Builtin { name: "ATAN", arity: (1, 1), signature: |_| float(f64::atan) },
    Builtin { name: "ATN2", arity: (2, 2), signature: atn2 },
    Builtin { name: "DEGREES", arity: (1, 1), signature: |_| float(f64::to_degrees) },
    Builtin { name: "RAND", arity: (1, 1), signature: random::of_seed },
    Builtin { name: "RADIANS", arity: (1, 1), signature: |_| float(f64::to_radians) },
];

/// The type in which ABS, ROUND and their kin take a number: small integers are int, text and
/// reals are float.
fn numeric(t: SqlType, argument: usize, function: &str) -> Result<SqlType, SqlError> {
    match t {
        SqlType::TinyInt | SqlType::SmallInt => Ok(SqlType::Int),
        SqlType::SmallMoney => Ok(SqlType::Money),
        SqlType::Bit | SqlType::Real => Ok(SqlType::Float),
        t if t.is_numeric() => Ok(t),
        t if t.is_character() => Ok(SqlType::Float),
        t => Err(errors::argument_type(t, argument, function)),
    }
}

fn finite(number: f64) -> Result<Value, SqlError> {
    if number.is_nan() {
        Err(errors::invalid_float_operation())
    } else if number.is_infinite() {
        Err(errors::overflow(SqlType::Float))
    } else {
        Ok(Value::Float(number))
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        _ => f64::NAN,
    }
}

fn float(function: fn(f64) -> f64) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::Float], SqlType::Float, move |v| {
        finite(function(as_float(&v[0])))
    }))
}

fn pi(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![], SqlType::Float, |_| Ok(Value::Float(std::f64::consts::PI))))
}

fn atn2(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::Float; 2], SqlType::Float, |v| {
        finite(as_float(&v[0]).atan2(as_float(&v[1])))
    }))
}

fn log(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::Float; a.len()], SqlType::Float, |v| {
        let number = as_float(&v[0]);
        if number <= 0.0 {
            return Err(errors::invalid_float_operation());
        }
        finite(match v.get(1) {
            Some(base) => number.ln() / as_float(base).ln(),
            None => number.ln(),
        })
    }))
}

fn abs(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = numeric(a[0].sql_type, 1, "abs")?;
    Ok(Signature::strict(vec![t], t, move |v| match &v[0] {
        Value::Int(number) => checked(number.checked_abs(), t),
        Value::Decimal(n) => Ok(Value::Decimal(Decimal::new(n.unscaled.abs(), n.scale))),
        other => Ok(Value::Float(as_float(other).abs())),
    }))
}

fn whole(
    a: &[Actual<'_>],
    name: &str,
    function: fn(f64) -> f64,
    direction: i128,
) -> Result<Signature, SqlError> {
    let t = numeric(a[0].sql_type, 1, name)?;
    let result = match t {
        SqlType::Decimal { precision, .. } => SqlType::Decimal { precision, scale: 0 },
        t => t,
    };
    Ok(Signature::strict(vec![t], result, move |v| match &v[0] {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Decimal(n) => {
            let unit = 10_i128.pow(u32::from(n.scale.min(38)));
            let (quotient, remainder) = (n.unscaled / unit, n.unscaled % unit);
            let towards = if remainder.signum() == direction { direction } else { 0 };
            decimal::fit(Decimal::new(quotient + towards, 0), result).map(Value::Decimal)
        }
        other => Ok(Value::Float(function(as_float(other)))),
    }))
}

fn sign(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = numeric(a[0].sql_type, 1, "sign")?;
    Ok(Signature::strict(vec![t], t, |v| {
        Ok(match &v[0] {
            Value::Int(number) => Value::Int(number.signum()),
            Value::Decimal(n) => {
                let one = 10_i128.pow(u32::from(n.scale.min(38)));
                Value::Decimal(Decimal::new(n.unscaled.signum() * one, n.scale))
            }
            other => {
                let number = as_float(other);
                Value::Float(if number == 0.0 { 0.0 } else { number.signum() })
            }
        })
    }))
}

fn round(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = numeric(a[0].sql_type, 1, "round")?;
    let mut arguments = vec![t];
    arguments.extend(a.iter().skip(1).map(|_| SqlType::BigInt));
    Ok(Signature::strict(arguments, t, move |v| {
        let integer = |value: Option<&Value>| match value {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        let places = integer(v.get(1)).clamp(-400, 400);
        let truncate = integer(v.get(2)) != 0;
        let exact = |n: Decimal| {
            decimal::round(n, places, truncate)
                .ok_or_else(|| errors::overflow(t))
                .and_then(|n| decimal::fit(n, t))
        };
        match &v[0] {
            Value::Int(number) => {
                let rounded = decimal::round(Decimal::new((*number).into(), 0), places, truncate);
                let rounded = rounded.and_then(|n| i64::try_from(n.unscaled).ok());
                checked(rounded, t)
            }
            Value::Decimal(n) => exact(*n).map(Value::Decimal),
            other => finite(round_float(as_float(other), places, truncate)),
        }
    }))
}

fn round_float(number: f64, places: i64, truncate: bool) -> f64 {
    // Through the shortest decimal text, so that 1.005 rounds as it reads.
    let exact = number.to_string().parse::<Decimal>().ok();
    if let Some(rounded) = exact.and_then(|n| decimal::round(n, places, truncate)) {
        return rounded.to_f64();
    }
    let factor = 10_f64.powi(places as i32);
    let scaled = number * factor;
    let cut = if truncate { scaled.trunc() } else { scaled.round() } / factor;
    if cut.is_finite() { cut } else { number }
}

fn power(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = numeric(a[0].sql_type, 1, "power")?;
    let result = match t {
        SqlType::Decimal { scale, .. } => SqlType::Decimal { precision: 38, scale },
        t => t,
    };
    Ok(Signature::strict(vec![t, SqlType::Float], result, move |v| {
        let exponent = as_float(&v[1]);
        // Whole powers of whole numbers are exact.
        if let (Value::Int(base), true) = (&v[0], exponent.fract() == 0.0 && exponent >= 0.0) {
            let exact = u32::try_from(exponent as i64).ok().and_then(|e| base.checked_pow(e));
            if let Some(exact) = exact.and_then(|number| convert::in_range(number, result)) {
                return Ok(Value::Int(exact));
            }
        }
        let base = convert::cast(&v[0], t, SqlType::Float)?;
        let number = finite(as_float(&base).powf(exponent))?;
        convert::cast(&number, SqlType::Float, result)
    }))
}

fn checked(number: Option<i64>, t: SqlType) -> Result<Value, SqlError> {
    number
        .and_then(|number| convert::in_range(number, t))
        .map(Value::Int)
        .ok_or_else(|| errors::overflow(t))
}

/// An operator on two integers of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, towards zero
    Divide,
    /// `%`
    Modulo,
}

/// What an operator does on integers of a type, with SQL Server's overflow checks.
pub fn integer_operator(
    operator: IntegerOperator,
    t: SqlType,
) -> impl Fn(i64, i64) -> Result<i64, SqlError> + Send + Sync {
    let (least, greatest) = match t {
        SqlType::TinyInt => (0, i64::from(u8::MAX)),
        SqlType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
        SqlType::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    move |left, right| {
        let result = match operator {
            IntegerOperator::Add => left.checked_add(right),
            IntegerOperator::Subtract => left.checked_sub(right),
            IntegerOperator::Multiply => left.checked_mul(right),
            IntegerOperator::Divide if right == 0 => return Err(errors::divide_by_zero()),
            IntegerOperator::Modulo if right == 0 => return Err(errors::divide_by_zero()),
            IntegerOperator::Divide => left.checked_div(right),
            IntegerOperator::Modulo => Some(left.wrapping_rem(right)),
        };
        match result {
            Some(number) if (least..=greatest).contains(&number) => Ok(number),
            _ => Err(errors::overflow(t)),
        }
    }
}

/// What an operator does on floats; `%` has no meaning for them.
pub fn float_operator(operator: BinaryOperator) -> Option<FloatsBody> {
    fn checked(number: f64) -> Result<f64, SqlError> {
        if number.is_finite() { Ok(number) } else { Err(errors::overflow(SqlType::Float)) }
    }
    Some(match operator {
        BinaryOperator::Add => |left, right| checked(left + right),
        BinaryOperator::Subtract => |left, right| checked(left - right),
        BinaryOperator::Multiply => |left, right| checked(left * right),
        BinaryOperator::Divide => |left, right| match right {
            0.0 => Err(errors::divide_by_zero()),
            _ => checked(left / right),
        },
        _ => return None,
    })
}
