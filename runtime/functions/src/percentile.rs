//! Aggregates over the ordered values of a group: percentiles, and the values at its ends.

use launchpod_types::{SqlError, SqlType, Value};

use super::collect::Finish;
use super::order;
use crate::errors;

/// PERCENTILE_CONT of floats: between the values around the place, by their distance to it.
pub fn continuous(fraction: f64, descending: bool) -> Finish {
    Box::new(move |rows| {
        let mut numbers: Vec<f64> = rows
            .iter()
            .filter_map(|row| match row.first() {
                Some(Value::Float(number)) => Some(*number),
                _ => None,
            })
            .collect();
        numbers.sort_by(f64::total_cmp);
        if descending {
            numbers.reverse();
        }
        let Some(last) = numbers.len().checked_sub(1) else { return Ok(Value::Null) };
        let place = fraction * last as f64;
        let (below, above) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
        Ok(Value::Float(below + (above - below) * place.fract()))
    })
}

/// PERCENTILE_DISC: the first value whose part of the group reaches the fraction.
pub fn discrete(fraction: f64, descending: bool, unicode: bool) -> Finish {
    Box::new(move |rows| {
        let mut values: Vec<&Value> = present(rows).collect();
        values.sort_by(|left, right| order::compare(left, right, unicode));
        if descending {
            values.reverse();
        }
        let Some(last) = values.len().checked_sub(1) else { return Ok(Value::Null) };
        let place = (fraction * values.len() as f64).ceil() as usize;
        Ok(values[place.saturating_sub(1).min(last)].clone())
    })
}

/// FIRST_VALUE (or LAST_VALUE) … IGNORE NULLS of a frame.
pub fn first_present(last: bool) -> Finish {
    Box::new(move |rows| {
        let found = if last { present(rows).next_back() } else { present(rows).next() };
        Ok(found.cloned().unwrap_or(Value::Null))
    })
}

fn present(rows: &[Vec<Value>]) -> impl DoubleEndedIterator<Item = &Value> {
    rows.iter().filter_map(|row| row.first()).filter(|value| !value.is_null())
}

/// CHECKSUM_AGG: the exclusive or of its numbers, whatever their order.
pub fn checksum() -> Finish {
    Box::new(|rows| {
        let numbers = present(rows).map(|value| match value {
            Value::Int(number) => *number as i32,
            _ => 0,
        });
        Ok(numbers
            .reduce(|sum, number| sum ^ number)
            .map_or(Value::Null, |sum| Value::Int(sum.into())))
    })
}

/// The fraction that a percentile is asked for.
///
/// # Errors
/// 1023 outside of 0 and 1.
pub fn fraction(value: &Value, t: SqlType, function: &str) -> Result<f64, SqlError> {
    let number = match super::convert::cast(value, t, SqlType::Float)? {
        Value::Float(number) => Some(number),
        _ => None,
    };
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| errors::invalid_parameter(1, function))
}
