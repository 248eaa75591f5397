//! The numbers of GENERATE_SERIES.

use std::fmt::Write;

use launchpod_types::{Decimal, SqlError, Value};

use crate::errors;

/// How long the array may become: SQLite's own limit for a cell.
const MOST: usize = 256 * 1024 * 1024;

/// From the first of the values to the second by the third, or by 1 towards it, as a JSON array:
/// of numbers, and of texts for decimals.
///
/// # Errors
/// 4199 for a step of 0.
pub fn array(values: &[Value]) -> Result<String, SqlError> {
    let number = |value: &Value| match value {
        Value::Int(number) => (i128::from(*number), None),
        Value::Decimal(number) => (number.unscaled, Some(number.scale)),
        _ => (0, None),
    };
    let ((start, scale), (stop, _)) = (number(&values[0]), number(&values[1]));
    let one = 10_i128.pow(u32::from(scale.unwrap_or(0)));
    let step = match values.get(2) {
        Some(step) => number(step).0,
        None if stop < start => -one,
        None => one,
    };
    if step == 0 {
        return Err(errors::series_step());
    }
    let mut text = String::from("[");
    let mut next = Some(start);
    while let Some(now) = next.filter(|now| if step > 0 { *now <= stop } else { *now >= stop }) {
        if text.len() > MOST {
            return Err(errors::too_large_to_grow());
        }
        if now != start {
            text.push(',');
        }
        // Writing to a String can't fail.
        let _ = match scale {
            Some(scale) => write!(text, "\"{}\"", Decimal::new(now, scale)),
            None => write!(text, "{now}"),
        };
        next = now.checked_add(step);
    }
    text.push(']');
    Ok(text)
}
