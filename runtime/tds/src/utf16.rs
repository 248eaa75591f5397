//! UTF-16LE, the encoding of all text in TDS but (var)char data.

/// Decodes whole code units; a byte left over is ignored (callers check for it).
///
/// SQL Server stores unpaired surrogates as they come. A Rust string can't, so each
/// becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    text.extend(
        char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
    );
    text
}

/// Appends `text` as UTF-16LE. Most text in results is ASCII, which needs no decoding.
pub(crate) fn encode(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        let start = out.len();
        out.resize(start + 2 * text.len(), 0);
        let (units, _) = out[start..].as_chunks_mut::<2>();
        for (unit, byte) in units.iter_mut().zip(text.bytes()) {
            unit[0] = byte;
        }
    } else {
        // One UTF-8 byte makes at most two bytes of UTF-16.
        out.reserve(2 * text.len());
        for unit in text.encode_utf16() {
            out.extend_from_slice(&unit.to_le_bytes());
        }
    }
}

/// The longest start of `text` that fits in `units` code units and splits no character,
/// and its length in code units.
pub(crate) fn truncate(text: &str, units: usize) -> (&str, usize) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        let next = used + character.len_utf16();
        if next > units {
            return (&text[..at], used);
        }
        used = next;
    }
    (text, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, text);
        out
    }

    #[test]
    fn text_comes_back() {
        for text in ["", "a", "plain ASCII text", "Grüße", "日本", "𝄞 clef"] {
            assert_eq!(decode(&encoded(text)), text);
        }
        assert_eq!(encoded("aé"), [b'a', 0, 0xe9, 0]);
    }

    #[test]
    fn unpaired_surrogates_are_replaced() {
        assert_eq!(decode(&[0x1e, 0xd8, b'a', 0]), "\u{fffd}a");
    }

    #[test]
    fn truncation_splits_no_character() {
        assert_eq!(truncate("a𝄞b", 2), ("a", 1));
        assert_eq!(truncate("a𝄞b", 3), ("a𝄞", 3));
        assert_eq!(truncate("a𝄞b", 4), ("a𝄞b", 4));
        assert_eq!(truncate("a", 0), ("", 0));
    }
}
