//! decimal and numeric, [MS-TDS] 2.2.5.5.1.6.

use crate::{error::ProtocolError, reader::Reader};

/// The largest precision.
pub const MAX_PRECISION: u8 = 38;

/// 10 to the power of each precision.
const POWERS: [u128; MAX_PRECISION as usize + 1] = {
    let mut powers = [1; MAX_PRECISION as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// A decimal number: `unscaled` ÷ 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits, at most 38.
    pub unscaled: i128,
    /// Digits that the declared type holds, 1 to 38.
    pub precision: u8,
    /// How many of them follow the point.
    pub scale: u8,
}

/// True when `unscaled` has at most `precision` digits; `precision` is at most 38.
pub(crate) fn fits(unscaled: i128, precision: u8) -> bool {
    POWERS.get(usize::from(precision)).is_some_and(|power| unscaled.unsigned_abs() < *power)
}

/// Bytes of a value, the sign included.
pub(crate) fn width(precision: u8) -> usize {
    match precision {
        ..=9 => 5,
        10..=19 => 9,
        20..=28 => 13,
        _ => 17,
    }
}

/// Reads sign and digits of a value that is `length` bytes long.
pub(crate) fn read(reader: &mut Reader<'_>, length: u8) -> Result<i128, ProtocolError> {
    // SQL Server writes 5, 9, 13 or 17 bytes; FreeTDS as few as the precision needs.
    if !(2..=17).contains(&length) {
        return Err(reader.value_length(length));
    }
    let sign = reader.u8()?;
    let bytes = reader.bytes(usize::from(length) - 1)?;
    let magnitude = bytes.iter().rev().fold(0u128, |number, byte| number << 8 | u128::from(*byte));
    // Also what makes it an i128: 10^38 is less than 2^127.
    if magnitude >= POWERS[usize::from(MAX_PRECISION)] {
        return Err(reader.invalid_value(
            "decimal of more than 38 digits, the first of them",
            (magnitude >> 64) as u64,
        ));
    }
    Ok(if sign == 0 { -(magnitude as i128) } else { magnitude as i128 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_bytes() {
        assert!(
            fits(999, 3) && fits(-999, 3) && !fits(1000, 3) && !fits(i128::MIN, 38) && !fits(0, 39)
        );
        assert_eq!([1, 9, 10, 19, 20, 28, 29, 38].map(width), [5, 5, 9, 9, 13, 13, 17, 17]);
    }

    #[test]
    fn values_are_bounded() {
        let mut bytes = vec![1];
        bytes.extend_from_slice(&(10u128.pow(38) - 1).to_le_bytes());
        assert_eq!(read(&mut Reader::new("t", &bytes), 17).unwrap(), 10i128.pow(38) - 1);
        bytes[0] = 0;
        assert_eq!(read(&mut Reader::new("t", &bytes), 17).unwrap(), 1 - 10i128.pow(38));
        bytes[1..].copy_from_slice(&10u128.pow(38).to_le_bytes());
        assert!(read(&mut Reader::new("t", &bytes), 17).is_err());
        bytes[1..].fill(0xff);
        assert!(read(&mut Reader::new("t", &bytes), 17).is_err());
        assert_eq!(read(&mut Reader::new("t", &[0, 1, 1]), 3).unwrap(), -257);
        assert!(read(&mut Reader::new("t", &bytes), 1).is_err());
        assert!(read(&mut Reader::new("t", &[1; 18]), 18).is_err());
    }
}
