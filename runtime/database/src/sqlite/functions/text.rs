//! Text: how it is measured, cut, compared and matched.

use std::cmp::Ordering;

use launchpod_types::{Length, SqlType};

use super::convert::Fit;

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
pub(crate) fn limit(sql_type: SqlType) -> Option<usize> {
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
pub(crate) fn units(content: &str, unicode: bool) -> usize {
    if content.is_ascii() {
        content.len()
    } else if unicode {
        content.encode_utf16().count()
    } else {
        content.chars().count()
    }
}

/// The byte at which the first `count` units end (never within a character).
pub(crate) fn prefix(content: &str, count: usize, unicode: bool) -> usize {
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

/// Compares as SQL_Latin1_General_CP1_CI_AS does: without case, with accents, trailing blanks
/// ignored.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_end_matches(' '), right.trim_end_matches(' '));
    // Most texts differ within ASCII, where bytes are characters.
    for (l, r) in left.bytes().zip(right.bytes()) {
        if !(l.is_ascii() && r.is_ascii()) {
            return compare_characters(left, right);
        }
        match l.to_ascii_lowercase().cmp(&r.to_ascii_lowercase()) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    left.len().cmp(&right.len())
}

fn compare_characters(left: &str, right: &str) -> Ordering {
    let left = left.chars().flat_map(char::to_lowercase);
    left.cmp(right.chars().flat_map(char::to_lowercase))
}

/// The first place of `needle` in `haystack` without case, from a byte on.
pub(crate) fn find(haystack: &str, needle: &str, from: usize) -> Option<usize> {
    let needle: Vec<char> = needle.chars().map(fold).collect();
    let rest = haystack.get(from..)?;
    rest.char_indices()
        .map(|(at, _)| at)
        .find(|at| {
            let mut text = rest[*at..].chars().map(fold);
            needle.iter().all(|c| text.next() == Some(*c))
        })
        .map(|at| at + from)
}

/// One character without case. Characters that fold to several keep their first.
pub(crate) fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// How a collation treats upper and lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// `_CI_AS`: they are the same.
    Ignored,
    /// `_CS_AS`: they differ, and are next to each other in the order.
    Sensitive,
    /// `_BIN2`: characters are ordered by their code points.
    Binary,
}

/// Bytes that sort as texts do in a collation; blanks at the end don't count.
pub(crate) fn sort_key(content: &str, case: Case) -> Vec<u8> {
    let content = content.trim_end_matches(' ');
    let folded = || content.chars().flat_map(char::to_lowercase).collect::<String>().into_bytes();
    match case {
        Case::Ignored => folded(),
        // Texts that differ in case alone: lower case comes first.
        Case::Sensitive => {
            let mut key = folded();
            key.push(0);
            key.extend(content.chars().map(|c| u8::from(fold(c) != c)));
            key
        }
        Case::Binary => content.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

/// The place of a character in a collation's order.
fn weight(c: char, case: Case) -> u32 {
    match case {
        Case::Ignored => u32::from(fold(c)) << 1,
        Case::Sensitive => u32::from(fold(c)) << 1 | u32::from(fold(c) != c),
        Case::Binary => u32::from(c) << 1,
    }
}

/// A pattern of LIKE, read once.
#[derive(Debug)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    case: Case,
}

#[derive(Debug)]
enum Piece {
    /// `%`
    Any,
    /// `_`
    One,
    /// A character, by its weight.
    Char(u32),
    /// `[a-f]`, `[^xyz]`
    Set { negated: bool, ranges: Vec<(u32, u32)> },
}

// === impl Pattern ===

impl Pattern {
    /// Reads a pattern with its escape character.
    pub(crate) fn new(text: &str, escape: Option<char>, case: Case) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            at += 1;
            if Some(c) == escape {
                if let Some(&next) = chars.get(at) {
                    pieces.push(Piece::Char(weight(next, case)));
                    at += 1;
                }
                continue;
            }
            match c {
                // Runs of % mean one %, and cost less.
                '%' if matches!(pieces.last(), Some(Piece::Any)) => {}
                '%' => pieces.push(Piece::Any),
                '_' => pieces.push(Piece::One),
                '[' => match set(&chars[at..], escape, case) {
                    Some((piece, length)) => {
                        pieces.push(piece);
                        at += length;
                    }
                    None => pieces.push(Piece::Char(weight('[', case))),
                },
                _ => pieces.push(Piece::Char(weight(c, case))),
            }
        }
        Pattern { pieces, case }
    }

    /// Whether a text matches. Trailing blanks of a text that isn't Unicode may be left over.
    pub(crate) fn matches(&self, text: &str, unicode: bool) -> bool {
        let text: Vec<u32> = text.chars().map(|c| weight(c, self.case)).collect();
        let blank = weight(' ', self.case);
        let inked = text.iter().rposition(|c| *c != blank).map_or(0, |last| last + 1);
        self.run(&text, if unicode { text.len() } else { inked })
    }

    /// Matches from the first character; the end is anywhere from `end` on.
    fn run(&self, text: &[u32], end: usize) -> bool {
        let (mut piece, mut at) = (0, 0);
        // Where to go back to: after the last %, and how far its text reached.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let matched = match self.pieces.get(piece) {
                None if at >= end => return true,
                None => false,
                Some(Piece::Any) => {
                    piece += 1;
                    retry = Some((piece, at));
                    continue;
                }
                Some(one) => text.get(at).is_some_and(|c| one.accepts(*c)),
            };
            if matched {
                piece += 1;
                at += 1;
                continue;
            }
            match retry {
                Some((after, reached)) if reached < text.len() => {
                    retry = Some((after, reached + 1));
                    piece = after;
                    at = reached + 1;
                }
                _ => return false,
            }
        }
    }
}

// === impl Piece ===

impl Piece {
    fn accepts(&self, c: u32) -> bool {
        match self {
            Piece::Any | Piece::One => true,
            Piece::Char(expected) => *expected == c,
            Piece::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// The inside of brackets and how many characters it took, its `]` included.
fn set(chars: &[char], escape: Option<char>, case: Case) -> Option<(Piece, usize)> {
    let negated = chars.first() == Some(&'^');
    let mut at = usize::from(negated);
    let mut ranges = Vec::new();
    loop {
        let mut low = *chars.get(at)?;
        if low == ']' && at > usize::from(negated) {
            return Some((Piece::Set { negated, ranges }, at + 1));
        }
        if Some(low) == escape {
            at += 1;
            low = *chars.get(at)?;
        }
        at += 1;
        let high = match (chars.get(at), chars.get(at + 1)) {
            (Some('-'), Some(&high)) if high != ']' => {
                at += 2;
                high
            }
            _ => low,
        };
        ranges.push((weight(low, case), weight(high, case)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_without_case_and_trailing_blanks() {
        assert_eq!(compare("Abc  ", "aBC"), Ordering::Equal);
        assert_eq!(compare("é", "É "), Ordering::Equal);
        assert_ne!(compare("e", "é"), Ordering::Equal);
        assert_eq!(compare("a b", "a c"), Ordering::Less);
        assert_eq!(compare("aé", "AÉx"), Ordering::Less);
        assert_eq!(compare("ab", "AÉ"), Ordering::Less);
    }

    #[test]
    fn matches_patterns() {
        let like = |text: &str, pattern: &str| {
            Pattern::new(pattern, None, Case::Ignored).matches(text, false)
        };
        assert!(like("Hello", "h%O"));
        assert!(like("abc", "_B_"));
        assert!(like("x5", "x[0-9]"));
        assert!(!like("xa", "x[^a-c]"));
        assert!(like("a]b", "a]b"));
        assert!(like("abc   ", "abc"));
        assert!(!like("abc", "abc "));
        assert!(like("50%", "50[%]"));
        assert!(Pattern::new("50!%", Some('!'), Case::Ignored).matches("50%", false));
        assert!(!Pattern::new("abc", None, Case::Ignored).matches("abc ", true));
        assert!(!like("", "_"));
        assert!(like("", "%"));
    }

    #[test]
    fn patterns_with_many_percents_stay_fast() {
        let pattern = Pattern::new(&"%a".repeat(50), None, Case::Ignored);
        assert!(!pattern.matches(&format!("{}b", "a".repeat(10_000)), false));
    }

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
