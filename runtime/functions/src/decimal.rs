//! Arithmetic on exact numbers, to 38 digits.
//!
//! Operands come with their scales; the result's precision and scale are those that the binder
//! has derived (see [`crate::sqlite::bind::types`]), so that every function here only computes,
//! rounds half away from zero and checks.

use launchpod_types::{Decimal, SqlError, SqlType};

use crate::{cell, errors};

/// A 256-bit magnitude, for products and scaled dividends of 38-digit numbers.
///
/// `high * 2^128 + low`.
#[derive(Clone, Copy)]
struct Wide {
    high: u128,
    low: u128,
}

/// `left + right`
pub fn add(left: Decimal, right: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    let scale = left.scale.max(right.scale);
    match (aligned(left, scale), aligned(right, scale)) {
        (Some(l), Some(r)) => {
            let sum = l.checked_add(r).ok_or_else(|| errors::overflow(to))?;
            finish(sum, scale, to)
        }
        // Aligning overflows 128 bits: drop digits that the result doesn't keep anyway.
        _ => {
            let scale = cell::scale_of(to);
            let l = left.rescale(scale).ok_or_else(|| errors::overflow(to))?;
            let r = right.rescale(scale).ok_or_else(|| errors::overflow(to))?;
            let sum = l.unscaled.checked_add(r.unscaled).ok_or_else(|| errors::overflow(to))?;
            finish(sum, scale, to)
        }
    }
}

/// `left - right`
pub fn subtract(left: Decimal, right: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    add(left, Decimal::new(-right.unscaled, right.scale), to)
}

/// `left * right`
pub fn multiply(left: Decimal, right: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    let scale = left.scale + right.scale;
    if let Some(product) = left.unscaled.checked_mul(right.unscaled) {
        return finish(product, scale, to);
    }
    let negative = (left.unscaled < 0) != (right.unscaled < 0);
    let product = Wide::product(left.unscaled.unsigned_abs(), right.unscaled.unsigned_abs());
    let target = cell::scale_of(to);
    let divisor = power(scale.saturating_sub(target)).ok_or_else(|| errors::overflow(to))?;
    let magnitude = product.divide_rounded(divisor).ok_or_else(|| errors::overflow(to))?;
    finish_magnitude(magnitude, negative, target, to)
}

/// `left / right`, with as many digits as the result type has, truncated as SQL Server does.
pub fn divide(left: Decimal, right: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    if right.unscaled == 0 {
        return Err(errors::divide_by_zero());
    }
    let target = cell::scale_of(to);
    let negative = (left.unscaled < 0) != (right.unscaled < 0);
    let (dividend, divisor) = (left.unscaled.unsigned_abs(), right.unscaled.unsigned_abs());
    // quotient = left / right * 10^(target + right.scale - left.scale)
    let shift = i16::from(target) + i16::from(right.scale) - i16::from(left.scale);
    let magnitude = if shift >= 0 {
        let mut shift = shift as u8;
        // 10^38 is the greatest power that fits; the rest is applied step by step.
        let first = shift.min(38);
        shift -= first;
        let scaled = Wide::product(dividend, 10_u128.pow(u32::from(first)));
        let quotient = scaled.divide(divisor);
        match (quotient, power(shift)) {
            (Some((q, 0)), Some(rest)) => q.checked_mul(rest),
            (Some((q, remainder)), Some(rest)) => {
                let low = Wide::product(remainder, rest).divide(divisor).map(|(q, _)| q);
                q.checked_mul(rest).and_then(|high| high.checked_add(low?))
            }
            _ => None,
        }
    } else {
        power(shift.unsigned_abs() as u8)
            .and_then(|factor| divisor.checked_mul(factor))
            .map(|divisor| dividend / divisor)
            .or(Some(0))
    };
    finish_magnitude(magnitude.ok_or_else(|| errors::overflow(to))?, negative, target, to)
}

/// `left % right`, with the sign of `left`.
pub fn modulo(left: Decimal, right: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    if right.unscaled == 0 {
        return Err(errors::divide_by_zero());
    }
    let scale = left.scale.max(right.scale);
    // A divisor that can't be aligned is greater than any 38-digit dividend at this scale.
    let Some(r) = aligned(right, scale) else { return finish(left.unscaled, scale, to) };
    match aligned(left, scale) {
        Some(l) => finish(l % r, scale, to),
        None => {
            let divisor = r.unsigned_abs();
            let factor = power(scale - left.scale).ok_or_else(|| errors::overflow(to))?;
            let (_, remainder) = Wide::product(left.unscaled.unsigned_abs() % divisor, factor)
                .divide(divisor)
                .ok_or_else(|| errors::overflow(to))?;
            finish_magnitude(remainder, left.unscaled < 0, scale, to)
        }
    }
}

/// Brings a number to an exact type: rescales with rounding, checks the precision.
pub fn fit(number: Decimal, to: SqlType) -> Result<Decimal, SqlError> {
    finish(number.unscaled, number.scale, to)
}

/// Cuts the digits after `places` (negative: before the point), rounded half away from zero or
/// truncated; the scale stays.
pub(crate) fn round(number: Decimal, places: i64, truncate: bool) -> Option<Decimal> {
    let scale = i64::from(number.scale);
    if places >= scale {
        return Some(number);
    }
    let Some(unit) = u8::try_from(scale - places).ok().and_then(power) else {
        return Some(Decimal::new(0, number.scale));
    };
    let magnitude = number.unscaled.unsigned_abs();
    let (mut quotient, remainder) = (magnitude / unit, magnitude % unit);
    if !truncate && remainder >= unit - remainder {
        quotient += 1;
    }
    let rounded = i128::try_from(quotient.checked_mul(unit)?).ok()?;
    let rounded = if number.unscaled < 0 { -rounded } else { rounded };
    let result = Decimal::new(rounded, number.scale);
    result.fits(launchpod_types::MAX_PRECISION).then_some(result)
}

/// The exact number nearest to a float, to the 17 digits that a float has.
pub(crate) fn from_f64(number: f64, scale: u8) -> Option<Decimal> {
    if !number.is_finite() || number.abs() >= 1e38 {
        return None;
    }
    let text = format!("{number:.17e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let digits: Decimal = mantissa.parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    // number = digits.unscaled * 10^(exponent - digits.scale); wanted at 10^-scale.
    let shift = exponent - i32::from(digits.scale) + i32::from(scale);
    if shift >= 0 {
        let factor = 10_i128.checked_pow(shift.unsigned_abs())?;
        Some(Decimal::new(digits.unscaled.checked_mul(factor)?, scale))
    } else if shift < -38 {
        Some(Decimal::new(0, scale))
    } else {
        let scaled = Decimal::new(digits.unscaled, shift.unsigned_abs() as u8).rescale(0)?;
        Some(Decimal::new(scaled.unscaled, scale))
    }
}

// === impl Wide ===

impl Wide {
    fn product(left: u128, right: u128) -> Wide {
        const MASK: u128 = u64::MAX as u128;
        let (a, b) = (left >> 64, left & MASK);
        let (c, d) = (right >> 64, right & MASK);
        let low = b * d;
        let middle = a * d + (low >> 64);
        let carry = b * c + (middle & MASK);
        Wide { high: a * c + (middle >> 64) + (carry >> 64), low: (carry << 64) | (low & MASK) }
    }

    /// Quotient and remainder; `None` when the quotient needs more than 128 bits.
    fn divide(self, divisor: u128) -> Option<(u128, u128)> {
        if self.high == 0 {
            return Some((self.low / divisor, self.low % divisor));
        }
        if self.high >= divisor {
            return None;
        }
        let (mut remainder, mut quotient) = (self.high, 0_u128);
        for bit in (0..128).rev() {
            let carry = remainder >> 127;
            remainder = (remainder << 1) | ((self.low >> bit) & 1);
            quotient <<= 1;
            if carry == 1 || remainder >= divisor {
                remainder = remainder.wrapping_sub(divisor);
                quotient |= 1;
            }
        }
        Some((quotient, remainder))
    }

    fn divide_rounded(self, divisor: u128) -> Option<u128> {
        let (quotient, remainder) = self.divide(divisor)?;
        if remainder >= divisor - remainder { quotient.checked_add(1) } else { Some(quotient) }
    }
}

fn power(exponent: u8) -> Option<u128> {
    10_u128.checked_pow(u32::from(exponent))
}

fn aligned(number: Decimal, scale: u8) -> Option<i128> {
    let factor = i128::try_from(power(scale - number.scale)?).ok()?;
    number.unscaled.checked_mul(factor)
}

fn finish(unscaled: i128, scale: u8, to: SqlType) -> Result<Decimal, SqlError> {
    let target = cell::scale_of(to);
    let number = if scale == target {
        Decimal::new(unscaled, scale)
    } else {
        Decimal::new(unscaled, scale).rescale(target).ok_or_else(|| errors::overflow(to))?
    };
    if holds(number.unscaled, to) { Ok(number) } else { Err(errors::overflow(to)) }
}

fn finish_magnitude(
    magnitude: u128,
    negative: bool,
    scale: u8,
    to: SqlType,
) -> Result<Decimal, SqlError> {
    let unscaled = i128::try_from(magnitude).map_err(|_| errors::overflow(to))?;
    finish(if negative { -unscaled } else { unscaled }, scale, to)
}

/// Whether an exact type holds these digits.
fn holds(unscaled: i128, to: SqlType) -> bool {
    match to {
        SqlType::Decimal { precision, .. } => Decimal::new(unscaled, 0).fits(precision),
        SqlType::SmallMoney => i32::try_from(unscaled).is_ok(),
        SqlType::Money => i64::try_from(unscaled).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn decimal(precision: u8, scale: u8) -> SqlType {
        SqlType::Decimal { precision, scale }
    }

    #[test]
    fn computes_beyond_128_bits() {
        let big = number("99999999999999999999.999999999999999999");
        let product = multiply(big, number("0.000000000000000001"), decimal(38, 18)).unwrap();
        assert_eq!(product.to_string(), "100.000000000000000000");
        let third = divide(number("1"), number("3.000000000000000000"), decimal(38, 37)).unwrap();
        assert_eq!(third.to_string(), format!("0.{}", "3".repeat(37)));
        assert_eq!(
            divide(number("2"), number("3"), decimal(7, 6)).unwrap().to_string(),
            "0.666666"
        );
        let small = divide(number("1.00000000000000000000"), number("7"), decimal(38, 2)).unwrap();
        assert_eq!(small.to_string(), "0.14");
    }

    #[test]
    fn remainders_of_numbers_that_do_not_align() {
        let (left, right) = (number("5727"), number(&format!("0.{}", "9".repeat(35))));
        let rest = modulo(left, right, decimal(38, 35)).unwrap();
        // 5727 = 5727 * right + 5727e-35
        assert_eq!(rest.to_string(), format!("0.{}5727", "0".repeat(31)));
    }

    #[test]
    fn wide_division_matches_multiplication() {
        let (a, b) = (10_u128.pow(38) - 1, 10_u128.pow(37) + 12_345);
        assert_eq!(Wide::product(a, b).divide(b), Some((a, 0)));
        assert_eq!(Wide::product(a, b).divide(a), Some((b, 0)));
    }

    #[test]
    fn floats_become_exact_with_rounding() {
        assert_eq!(from_f64(0.1, 4), Some(Decimal::new(1000, 4)));
        assert_eq!(from_f64(-2.5, 0), Some(Decimal::new(-3, 0)));
        assert_eq!(from_f64(1e300, 0), None);
        assert_eq!(from_f64(1e-300, 2), Some(Decimal::new(0, 2)));
    }

    #[test]
    fn rounding_at_places() {
        assert_eq!(round(number("123.456"), 1, false), Some(number("123.500")));
        assert_eq!(round(number("150.75"), 0, true), Some(number("150.00")));
        assert_eq!(round(number("748.58"), -1, false), Some(number("750.00")));
        assert_eq!(round(number("748.58"), -4, false), Some(number("0.00")));
    }
}
