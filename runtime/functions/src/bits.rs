//! Bit manipulation functions ("Bit manipulation functions" of SQL Server 2022), on integers and
//! on bytes: an integer is its bytes in two's complement.

use launchpod_types::{SqlError, SqlType, Value};

use super::{Actual, Builtin, Signature};
use crate::errors;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "BIT_COUNT", arity: (1, 1), signature: bit_count },
    Builtin { name: "LEFT_SHIFT", arity: (2, 2), signature: |a| shift(a, "left_shift", 1) },
    Builtin { name: "RIGHT_SHIFT", arity: (2, 2), signature: |a| shift(a, "right_shift", -1) },
    Builtin { name: "GET_BIT", arity: (2, 2), signature: get_bit },
    Builtin { name: "SET_BIT", arity: (2, 3), signature: set_bit },
];

/// The type in which bits are taken; text and numbers with a fraction have none.
fn taken(t: SqlType, function: &str) -> Result<SqlType, SqlError> {
    let known = t.is_integer() || matches!(t, SqlType::Bit | SqlType::Binary(_));
    let limited = t.is_binary() && !matches!(t, SqlType::Image) && t != SqlType::VARBINARY_MAX;
    if known || limited { Ok(t) } else { Err(errors::argument_type(t, 1, function)) }
}

/// The bytes of a value, the greatest first.
fn bytes(value: &Value, t: SqlType) -> Vec<u8> {
    match value {
        Value::Int(number) => number.to_be_bytes()[8 - width(t)..].to_vec(),
        Value::Bit(bit) => vec![u8::from(*bit)],
        Value::Binary(bytes) => bytes.clone(),
        _ => Vec::new(),
    }
}

/// The value that bytes are.
fn value(bytes: Vec<u8>, t: SqlType) -> Value {
    let unsigned = bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match t {
        SqlType::Bit => Value::Bit(unsigned & 1 == 1),
        SqlType::TinyInt => Value::Int(unsigned as i64),
        SqlType::SmallInt => Value::Int((unsigned as i16).into()),
        SqlType::Int => Value::Int((unsigned as i32).into()),
        SqlType::BigInt => Value::Int(unsigned as i64),
        _ => Value::Binary(bytes),
    }
}

fn width(t: SqlType) -> usize {
    match t {
        SqlType::TinyInt => 1,
        SqlType::SmallInt => 2,
        SqlType::Int => 4,
        _ => 8,
    }
}

fn number(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

fn bit_count(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = taken(a[0].sql_type, "bit_count")?;
    Ok(Signature::strict(vec![t], SqlType::BigInt, move |v| {
        let ones: u32 = bytes(&v[0], t).iter().map(|byte| byte.count_ones()).sum();
        Ok(Value::Int(ones.into()))
    }))
}

/// Shifts without regard to the sign; a negative count goes the other way.
pub fn shift(a: &[Actual<'_>], name: &str, direction: i64) -> Result<Signature, SqlError> {
    let t = taken(a[0].sql_type, name)?;
    Ok(Signature::strict(vec![t, SqlType::BigInt], t, move |v| {
        let left = number(v.get(1)).saturating_mul(direction);
        let bytes = bytes(&v[0], t);
        let bits = bytes.len() * 8;
        let count = usize::try_from(left.unsigned_abs()).unwrap_or(usize::MAX);
        let mut shifted = vec![0; bytes.len()];
        // Bit 0 is the least of the last byte.
        for to in 0..bits {
            let from = if left >= 0 { to.checked_sub(count) } else { to.checked_add(count) };
            if let Some(from) = from.filter(|from| *from < bits) {
                let bit = bytes[bytes.len() - 1 - from / 8] >> (from % 8) & 1;
                shifted[bytes.len() - 1 - to / 8] |= bit << (to % 8);
            }
        }
        Ok(value(shifted, t))
    }))
}

/// The byte of a bit and the bit's place in it.
fn place(bytes: &[u8], offset: i64, function: &str) -> Result<(usize, usize), SqlError> {
    let offset = usize::try_from(offset).ok().filter(|offset| offset / 8 < bytes.len());
    let offset = offset.ok_or_else(|| errors::invalid_parameter(2, function))?;
    Ok((bytes.len() - 1 - offset / 8, offset % 8))
}

fn get_bit(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = taken(a[0].sql_type, "get_bit")?;
    Ok(Signature::strict(vec![t, SqlType::BigInt], SqlType::Bit, move |v| {
        let bytes = bytes(&v[0], t);
        let (byte, bit) = place(&bytes, number(v.get(1)), "get_bit")?;
        Ok(Value::Bit(bytes[byte] >> bit & 1 == 1))
    }))
}

fn set_bit(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = taken(a[0].sql_type, "set_bit")?;
    let mut arguments = vec![t, SqlType::BigInt];
    arguments.extend(a.get(2).map(|_| SqlType::BigInt));
    Ok(Signature::strict(arguments, t, move |v| {
        let mut bytes = bytes(&v[0], t);
        let (byte, bit) = place(&bytes, number(v.get(1)), "set_bit")?;
        match v.get(2) {
            None | Some(Value::Int(1)) => bytes[byte] |= 1 << bit,
            Some(Value::Int(0)) => bytes[byte] &= !(1 << bit),
            _ => return Err(errors::invalid_parameter(3, "set_bit")),
        }
        Ok(value(bytes, t))
    }))
}
