//! Windows-1252, the code page of `SQL_Latin1_General_CP1_CI_AS`.

/// The characters of 0x80 to 0x9F; all other bytes are the same in Unicode. The five bytes
/// that Windows-1252 leaves undefined are the control characters of their number, as in
/// Windows' own conversion.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes Windows-1252, in which every byte is a character.
pub(super) fn decode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
            _ => char::from(*byte),
        })
        .collect()
}

/// Appends `text` in Windows-1252. A character that it lacks becomes `?`, as in SQL
/// Server's own conversion.
pub(super) fn encode(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend(text.chars().map(encode_char));
    }
}

fn encode_char(character: char) -> u8 {
    match u8::try_from(character) {
        Ok(byte) if !(0x80..=0x9f).contains(&byte) => byte,
        _ => match (0x80..).zip(HIGH).find(|(_, high)| *high == character) {
            Some((byte, _)) => byte,
            None => b'?',
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut back = Vec::new();
        encode(&mut back, &decode(&bytes));
        assert_eq!(back, bytes);
    }

    #[test]
    fn characters_have_their_place() {
        assert_eq!(decode(b"\x80 \x99 \xe4"), "€ ™ ä");
        let mut out = Vec::new();
        encode(&mut out, "naïve – 日本 ½");
        assert_eq!(out, b"na\xefve \x96 ?? \xbd");
    }
}
