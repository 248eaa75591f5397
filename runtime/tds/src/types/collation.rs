//! Collations as they stand in TYPE_INFO and ENVCHANGE, [MS-TDS] 2.2.5.1.2.

use super::codepage;
use crate::error::Problem;

/// A collation: how text is compared, and for (var)char which code page it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Collation {
    /// Locale (20 bits), comparison flags (8 bits) and version (4 bits), from the lowest.
    pub info: u32,
    /// Number of a SQL collation; 0 for a Windows collation.
    pub sort_id: u8,
}

/// fUTF8 among the flags.
const UTF8: u32 = 1 << 26;

/// Primary language ids (the low ten bits of a locale, [MS-LCID] 2.1) whose ANSI code
/// page is 1252.
const LATIN_1: [u32; 23] = [
    0x03, // Catalan
    0x06, // Danish
    0x07, // German
    0x09, // English
    0x0a, // Spanish
    0x0b, // Finnish
    0x0c, // French
    0x0f, // Icelandic
    0x10, // Italian
    0x13, // Dutch
    0x14, // Norwegian
    0x16, // Portuguese
    0x17, // Romansh
    0x1d, // Swedish
    0x21, // Indonesian
    0x2d, // Basque
    0x36, // Afrikaans
    0x38, // Faroese
    0x3c, // Irish
    0x3e, // Malay
    0x41, // Swahili
    0x56, // Galician
    0x62, // Frisian
];

// === impl Collation ===

impl Collation {
    /// `SQL_Latin1_General_CP1_CI_AS`, the default of an English SQL Server.
    pub const SQL_LATIN1_GENERAL_CP1_CI_AS: Self = Self { info: 0x00d0_0409, sort_id: 52 };

    /// From the five bytes on the wire.
    pub const fn from_wire([a, b, c, d, sort_id]: [u8; 5]) -> Self {
        Self { info: u32::from_le_bytes([a, b, c, d]), sort_id }
    }

    /// The five bytes on the wire.
    pub fn to_wire(self) -> [u8; 5] {
        let [a, b, c, d] = self.info.to_le_bytes();
        [a, b, c, d, self.sort_id]
    }

    /// The Windows locale.
    pub fn lcid(self) -> u32 {
        self.info & 0x000f_ffff
    }

    /// True when (var)char data is UTF-8.
    pub fn is_utf8(self) -> bool {
        self.info & UTF8 != 0
    }

    /// True when (var)char data is Windows-1252. Clients that don't know a collation send
    /// zeros, which mean the server's own.
    fn is_latin_1(self) -> bool {
        let own = self.info == 0 && self.sort_id == 0;
        own || LATIN_1.contains(&(self.lcid() & 0x3ff))
    }

    /// (var)char data as text. Broken UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    /// When it isn't ASCII and the code page is neither UTF-8 nor Windows-1252.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<String, Problem> {
        if self.is_utf8() || bytes.is_ascii() {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        } else if self.is_latin_1() {
            Ok(codepage::decode(bytes))
        } else {
            Err(Problem::UnsupportedCollation { lcid: self.lcid(), sort_id: self.sort_id })
        }
    }

    /// Appends text as (var)char data: UTF-8, or Windows-1252 with `?` for what it lacks.
    pub(crate) fn encode(self, out: &mut Vec<u8>, text: &str) {
        if self.is_utf8() {
            out.extend_from_slice(text.as_bytes());
        } else {
            codepage::encode(out, text);
        }
    }
}

impl Default for Collation {
    fn default() -> Self {
        Self::SQL_LATIN1_GENERAL_CP1_CI_AS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATIN1_GENERAL_100_CI_AS_SC_UTF8: Collation =
        Collation::from_wire([0x09, 0x04, 0xd0, 0x26, 0x00]);
    const JAPANESE_CI_AS: Collation = Collation::from_wire([0x11, 0x04, 0xd0, 0x00, 0x00]);

    #[test]
    fn the_default_as_sql_server_sends_it() {
        assert_eq!(Collation::default().to_wire(), [0x09, 0x04, 0xd0, 0x00, 0x34]);
        assert_eq!(Collation::from_wire([0x09, 0x04, 0xd0, 0x00, 0x34]), Collation::default());
    }

    #[test]
    fn the_code_page_follows_the_collation() {
        assert!(LATIN1_GENERAL_100_CI_AS_SC_UTF8.is_utf8() && !Collation::default().is_utf8());
        assert_eq!(LATIN1_GENERAL_100_CI_AS_SC_UTF8.decode("日".as_bytes()).unwrap(), "日");
        assert_eq!(Collation::default().decode(b"\xe4").unwrap(), "ä");
        assert_eq!(Collation::from_wire([0; 5]).decode(b"\xe4").unwrap(), "ä");
        assert_eq!(JAPANESE_CI_AS.decode(b"ascii").unwrap(), "ascii");
        assert_eq!(
            JAPANESE_CI_AS.decode(b"\x93\xfa"),
            Err(Problem::UnsupportedCollation { lcid: 0x411, sort_id: 0 })
        );
        let mut out = Vec::new();
        LATIN1_GENERAL_100_CI_AS_SC_UTF8.encode(&mut out, "ä");
        Collation::default().encode(&mut out, "ä");
        assert_eq!(out, b"\xc3\xa4\xe4");
    }
}
