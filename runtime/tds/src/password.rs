//! Passwords as LOGIN7 carries them.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A password: overwritten when dropped, and never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Password(Zeroizing<String>);

// === impl Password ===

impl Password {
    /// Undoes the obfuscation of [MS-TDS] 2.2.6.4: in each byte of the UTF-16LE text the
    /// client has swapped the halves and then flipped the bits of 0xA5. It protects
    /// nothing; that is what TLS is for.
    pub(crate) fn reveal(obfuscated: &[u8]) -> Self {
        let (units, _) = obfuscated.as_chunks::<2>();
        // Three bytes hold any code unit as UTF-8: the string never moves, so that no
        // copy stays behind.
        let mut password = Zeroizing::new(String::with_capacity(3 * units.len()));
        let reveal = |byte: u8| (byte ^ 0xa5).rotate_right(4);
        let units =
            units.iter().map(|[low, high]| u16::from_le_bytes([reveal(*low), reveal(*high)]));
        for unit in char::decode_utf16(units) {
            password.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Self(password)
    }

    /// The password itself, for the moment of its check.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self(Zeroizing::new(password))
    }
}

impl Zeroize for Password {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obfuscation_is_undone() {
        // "a" is 61 00: halves swapped 16 00, and with 0xA5 B3 A5.
        assert_eq!(Password::reveal(&[0xb3, 0xa5]).expose(), "a");
        let obfuscated: Vec<u8> = "Pä𝄞"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .map(|byte| byte.rotate_left(4) ^ 0xa5)
            .collect();
        assert_eq!(Password::reveal(&obfuscated).expose(), "Pä𝄞");
    }

    #[test]
    fn it_is_never_printed() {
        assert_eq!(format!("{:?}", Password::from("secret".to_owned())), "Password(…)");
    }
}
