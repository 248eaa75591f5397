//! Exact decimal numbers.

use std::fmt;
use std::str::FromStr;

/// SQL Server's greatest precision for `decimal`.
pub const MAX_PRECISION: u8 = 38;

/// An exact decimal number: `unscaled / 10^scale`.
///
/// Holds every value of `decimal(38, s)`. Equality is of representation: `1.0` and `1.00`
/// differ; compare with [`Decimal::rescale`]d values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits as a whole number; |unscaled| < 10^38.
    pub unscaled: i128,
    /// Digits after the point, 0 to 38.
    pub scale: u8,
}

/// A text is not a decimal number that fits 38 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDecimalError;

// === impl Decimal ===

impl Decimal {
    /// A decimal of the given digits and scale.
    pub fn new(unscaled: i128, scale: u8) -> Self {
        Decimal { unscaled, scale }
    }

    /// The same number with another scale, rounded half away from zero as SQL Server does;
    /// `None` when it does not fit 38 digits.
    pub fn rescale(self, scale: u8) -> Option<Self> {
        let unscaled = if scale >= self.scale {
            self.unscaled.checked_mul(power_of_ten(scale - self.scale)?)?
        } else {
            let divisor = power_of_ten(self.scale - scale)?;
            let quotient = self.unscaled / divisor;
            let remainder = self.unscaled % divisor;
            // |remainder| < divisor <= 10^38 < i128::MAX / 2 + 1, so doubling could overflow
            // only for the largest divisor; compare with the difference instead.
            let away = remainder.abs() >= divisor - remainder.abs();
            quotient + if away { remainder.signum() } else { 0 }
        };
        fits(unscaled, MAX_PRECISION).then_some(Decimal { unscaled, scale })
    }

    /// Whether the digits fit a precision.
    pub fn fits(self, precision: u8) -> bool {
        fits(self.unscaled, precision)
    }

    /// The nearest `float`.
    pub fn to_f64(self) -> f64 {
        // Through text: the division `unscaled as f64 / 10^scale` rounds twice.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

/// 10^exponent, for exponents up to 38.
fn power_of_ten(exponent: u8) -> Option<i128> {
    10_i128.checked_pow(u32::from(exponent))
}

fn fits(unscaled: i128, precision: u8) -> bool {
    power_of_ten(precision).is_some_and(|limit| unscaled.unsigned_abs() < limit.unsigned_abs())
}

/// Plain notation with exactly `scale` digits after the point, e.g. `-0.50`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// Reads plain notation (`-12.50`, `.5`, `7.`); the scale is the digits after the point.
impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(ParseDecimalError);
        }
        let scale = u8::try_from(fraction.len()).map_err(|_| ParseDecimalError)?;
        let mut unscaled: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(ParseDecimalError);
            }
            unscaled = unscaled
                .checked_mul(10)
                .and_then(|n| n.checked_add(i128::from(digit - b'0')))
                .ok_or(ParseDecimalError)?;
        }
        if scale > MAX_PRECISION || !fits(unscaled, MAX_PRECISION) {
            return Err(ParseDecimalError);
        }
        Ok(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 38 digits")
    }
}

impl std::error::Error for ParseDecimalError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in ["0", "-1", "12.50", "-0.0001", "99999999999999999999999999999999999999"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        assert_eq!(".5".parse::<Decimal>().unwrap().to_string(), "0.5");
        assert_eq!("7.".parse::<Decimal>().unwrap().to_string(), "7");
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in ["", "-", ".", "1e3", "1..2", "999999999999999999999999999999999999999"] {
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError), "{text}");
        }
    }

    #[test]
    fn rescaling_rounds_half_away_from_zero() {
        assert_eq!(Decimal::new(125, 2).rescale(1), Some(Decimal::new(13, 1)));
        assert_eq!(Decimal::new(-125, 2).rescale(1), Some(Decimal::new(-13, 1)));
        assert_eq!(Decimal::new(124, 2).rescale(1), Some(Decimal::new(12, 1)));
        let greatest = 10_i128.pow(38) - 1;
        assert_eq!(Decimal::new(greatest, 38).rescale(0), Some(Decimal::new(1, 0)));
        assert_eq!(Decimal::new(greatest, 0).rescale(1), None);
    }
}
