//! Text: how it is measured and cut.

use launchpod_types::{Length, SqlType};

/// How text that doesn't fit is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// CAST and CONVERT: text and bytes are cut silently.
    Cut,
    /// Storing: cutting anything but blanks (or zeros) is reported as `None`.
    Refuse,
}

/// The characters that Windows-1252 has at 0x80 to 0x9F.
const WINDOWS_1252: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

/// The byte of a character in the code page of the default collation; `?` when it has none.
pub(crate) fn to_windows_1252(c: char) -> u8 {
    match u32::from(c) {
        code @ (0..=0x7F | 0xA0..=0xFF) => code as u8,
        _ => WINDOWS_1252.iter().position(|have| *have == c).map_or(b'?', |i| 0x80 + i as u8),
    }
}

/// The character of a byte in the code page of the default collation.
pub(crate) fn from_windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The greatest length of a character type: bytes, or UTF-16 units; `None` for (max).
pub fn limit(sql_type: SqlType) -> Option<usize> {
    match sql_type {
        SqlType::Char(n) | SqlType::NChar(n) => Some(usize::from(n)),
        SqlType::VarChar(Length::Limited(n)) | SqlType::NVarChar(Length::Limited(n)) => {
            Some(usize::from(n))
        }
        _ => None,
    }
}

/// Brings text to a character type: characters that the code page lacks become `?`, what is too
/// long is cut, `char` and `nchar` are padded. `None` when cutting is refused and more than
/// blanks would go.
pub(crate) fn fit(content: String, to: SqlType, fit: Fit) -> Option<String> {
    let unicode = to.is_unicode();
    let mut content = if unicode || content.is_ascii() {
        content
    } else {
        content.chars().map(|c| from_windows_1252(to_windows_1252(c))).collect()
    };
    let Some(limit) = limit(to) else { return Some(content) };
    if content.len() > limit {
        let cut = prefix(&content, limit, unicode);
        if fit == Fit::Refuse && content[cut..].bytes().any(|b| b != b' ') {
            return None;
        }
        content.truncate(cut);
    }
    if matches!(to, SqlType::Char(_) | SqlType::NChar(_)) {
        let missing = limit.saturating_sub(units(&content, unicode));
        content.extend(std::iter::repeat_n(' ', missing));
    }
    Some(content)
}

/// The length as T-SQL counts it: UTF-16 units of Unicode text, bytes (one per character) of
/// other text.
pub fn units(content: &str, unicode: bool) -> usize {
    if content.is_ascii() {
        content.len()
    } else if unicode {
        content.encode_utf16().count()
    } else {
        content.chars().count()
    }
}

/// The byte at which the first `count` units end (never within a character).
pub fn prefix(content: &str, count: usize, unicode: bool) -> usize {
    if content.is_ascii() {
        return count.min(content.len());
    }
    let mut left = count;
    for (at, c) in content.char_indices() {
        let width = if unicode { c.len_utf16() } else { 1 };
        if width > left {
            return at;
        }
        left -= width;
    }
    content.len()
}

/// One character without case. Characters that fold to several keep their first.
pub(crate) fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        let cut = |text: &str, n| fit(text.into(), SqlType::NVarChar(Length::Limited(n)), Fit::Cut);
        assert_eq!(cut("a😀b", 2), Some("a".into()));
        assert_eq!(cut("a😀b", 3), Some("a😀".into()));
        let refused = fit("abcd".into(), SqlType::VarChar(Length::Limited(3)), Fit::Refuse);
        assert_eq!(refused, None);
        assert_eq!(fit("Łé".into(), SqlType::VarChar(Length::Max), Fit::Cut), Some("?é".into()));
    }
}
