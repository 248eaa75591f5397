//! The order of Windows collations, which Unicode text has under SQL Server collations too.
//!
//! ICU's collator knows the letters of all languages and their accents. What Windows does
//! otherwise is brought into ICU's terms before:
//!
//! - the order of ASCII's signs (Microsoft Support, "Default sort orders" of Excel, which are
//!   Windows');
//! - hyphen and apostrophe count only between texts that are equal otherwise ("word sort",
//!   CompareStringEx; the same page), and so do control characters here;
//! - æ, œ, þ and ß are two letters ([MS-UCODEREF] 3.1.5.2.4, "expansion").
//!
//! Characters that differ in width or kana type alone are made the same by their compatibility
//! decomposition (Unicode Standard Annex 15): no collation here is `_WS` or `_KS`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::{CaseLevel, CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale;
use icu_normalizer::DecomposingNormalizerBorrowed;

use super::Differences;

/// The tag of no language in particular.
pub(super) const ROOT: &str = "und";

/// Languages in which æ, œ and þ are letters of their own.
const WITH_LETTERS: [&str; 4] = ["da", "nb", "is", "sv"];

/// ASCII's signs in Windows' order: "(space) ! … ~ + < = >". The other blanks follow the blank.
const SIGNS: &[u8] = b" \t\n\x0b\x0c\r!\"#$%&()*,./:;?@[\\]^_`{|}~+<=>";

/// Weights of ASCII characters, other than those for what isn't one and for what comes last.
const DIGIT: u8 = 64;
const LETTER: u8 = 80;
const MINIMAL: u8 = 0;
const FOREIGN: u8 = 255;

/// The place of each byte in the order.
static WEIGHTS: [u8; 256] = weights();

/// The sign by which ICU finds each of ASCII's signs in Windows' order.
static TO_ICU: LazyLock<[char; 128]> = LazyLock::new(to_icu);

/// The order of Unicode text in the database's collation.
static DEFAULT: LazyLock<Windows> = LazyLock::new(|| Windows::new(ROOT, Differences::ACCENTS));

/// The rules of one Windows collation.
pub struct Windows {
    collator: CollatorBorrowed<'static>,
    with_letters: bool,
}

/// A text in ICU's terms.
#[derive(Default)]
struct Prepared {
    text: String,
    /// What counts last: how many characters are before it, and which it is.
    minimal: Vec<(u32, char)>,
}

/// Compares as `SQL_Latin1_General_CP1_CI_AS` does for Unicode text; blanks at the end don't
/// count.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_end_matches(' '), right.trim_end_matches(' '));
    compare_ascii(left.as_bytes(), right.as_bytes())
        .unwrap_or_else(|| DEFAULT.compare_prepared(left, right))
}

/// The order of two texts, if no character beyond ASCII and nothing that counts last has a part
/// in it. A difference of letters decides, whatever comes after it.
fn compare_ascii(left: &[u8], right: &[u8]) -> Option<Ordering> {
    let (mut left, mut right) = (left.iter(), right.iter());
    let mut minimal = false;
    let mut next = |bytes: &mut std::slice::Iter<'_, u8>| {
        for byte in bytes {
            match WEIGHTS[usize::from(*byte)] {
                MINIMAL => minimal = true,
                weight => return weight,
            }
        }
        MINIMAL
    };
    loop {
        match (next(&mut left), next(&mut right)) {
            (FOREIGN, _) | (_, FOREIGN) => return None,
            (MINIMAL, MINIMAL) => return (!minimal).then_some(Ordering::Equal),
            (l, r) if l == r => {}
            (l, r) => return Some(l.cmp(&r)),
        }
    }
}

const fn weights() -> [u8; 256] {
    let mut weights = [MINIMAL; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        weights[byte] = match value {
            b'0'..=b'9' => DIGIT + value - b'0',
            b'a'..=b'z' => LETTER + value - b'a',
            b'A'..=b'Z' => LETTER + value - b'A',
            0x80.. => FOREIGN,
            _ => MINIMAL,
        };
        byte += 1;
    }
    let mut sign = 0;
    while sign < SIGNS.len() {
        weights[SIGNS[sign] as usize] = 1 + sign as u8;
        sign += 1;
    }
    weights
}

/// The first of Windows' signs is the first of ICU's, and so on.
fn to_icu() -> [char; 128] {
    let mut signs: Vec<char> = SIGNS.iter().copied().map(char::from).collect();
    let root = collator(ROOT, Differences::ACCENTS);
    signs.sort_by(|l, r| root.compare(l.encode_utf8(&mut [0; 4]), r.encode_utf8(&mut [0; 4])));
    let mut table = std::array::from_fn(|byte| char::from(byte as u8));
    for (windows, icu) in SIGNS.iter().zip(signs) {
        table[usize::from(*windows)] = icu;
    }
    table
}

fn collator(language: &str, differences: Differences) -> CollatorBorrowed<'static> {
    let mut options = CollatorOptions::default();
    options.strength =
        Some(if differences.accent { Strength::Secondary } else { Strength::Primary });
    options.case_level = Some(if differences.case { CaseLevel::On } else { CaseLevel::Off });
    let preferences = Locale::try_from_str(language)
        .map_or_else(|_| CollatorPreferences::default(), |locale| (&locale).into());
    #[expect(clippy::expect_used, reason = "the data is compiled into the program")]
    Collator::try_new(preferences, options).expect("ICU's collation data")
}

// === impl Windows ===

impl Windows {
    pub(super) fn new(language: &str, differences: Differences) -> Windows {
        Windows {
            collator: collator(language, differences),
            with_letters: WITH_LETTERS.contains(&language),
        }
    }

    fn compare_prepared(&self, left: &str, right: &str) -> Ordering {
        let (left, right) = (self.prepared(left), self.prepared(right));
        let order = self.collator.compare(&left.text, &right.text);
        order.then_with(|| left.minimal.cmp(&right.minimal))
    }

    /// Bytes that sort as texts do; blanks at the end don't count.
    pub(super) fn key(&self, text: &str) -> Vec<u8> {
        let prepared = self.prepared(text.trim_end_matches(' '));
        let mut key = Vec::new();
        let Ok(()) = self.collator.write_sort_key_to(&prepared.text, &mut key);
        // ICU's keys have no zero in them.
        key.push(0);
        for (before, c) in prepared.minimal {
            key.extend(before.to_be_bytes());
            key.extend(u32::from(c).to_be_bytes());
        }
        key
    }

    fn prepared(&self, text: &str) -> Prepared {
        let mut prepared = Prepared::default();
        if text.is_ascii() {
            text.chars().for_each(|c| prepared.push(c));
            return prepared;
        }
        let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
        for c in normalizer.normalize_iter(text.chars()) {
            match expansion(c) {
                Some(letters) if c == 'ß' || !self.with_letters => {
                    letters.chars().for_each(|c| prepared.push(c));
                }
                _ => prepared.push(c),
            }
        }
        prepared
    }
}

/// The letters that a character stands for.
pub(crate) fn expansion(c: char) -> Option<&'static str> {
    Some(match c {
        'Æ' => "AE",
        'æ' => "ae",
        'Œ' => "OE",
        'œ' => "oe",
        'Þ' => "TH",
        'þ' => "th",
        'ẞ' => "SS",
        'ß' => "ss",
        _ => return None,
    })
}

// === impl Prepared ===

impl Prepared {
    fn push(&mut self, c: char) {
        match u8::try_from(c).map(|byte| WEIGHTS[usize::from(byte)]) {
            Ok(MINIMAL) => {
                let before = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
                self.minimal.push((before, c));
            }
            Ok(FOREIGN) | Err(_) => self.text.push(c),
            Ok(_) => self.text.push(TO_ICU[c as usize]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts in their order, with `=` where the next is equal.
    fn ordered(windows: &Windows, texts: &[&str]) {
        for (at, left) in texts.iter().enumerate() {
            for (other, right) in texts.iter().enumerate() {
                let order = windows.compare_prepared(left, right);
                assert_eq!(order, at.cmp(&other), "{left} and {right}");
                assert_eq!(windows.key(left).cmp(&windows.key(right)), order, "{left}, {right}");
            }
        }
    }

    #[test]
    fn the_quick_way_agrees_with_the_long_one() {
        let ascii: Vec<String> = (0_u8..128).map(|byte| char::from(byte).to_string()).collect();
        for left in &ascii {
            for right in &ascii {
                let (left, right) = (left.trim_end_matches(' '), right.trim_end_matches(' '));
                let quick = compare_ascii(left.as_bytes(), right.as_bytes());
                let long = DEFAULT.compare_prepared(left, right);
                assert!(quick.is_none_or(|quick| quick == long), "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn languages_have_their_letters() {
        ordered(&DEFAULT, &["a", "ä", "b", "z"]);
        ordered(&Windows::new("sv", Differences::ACCENTS), &["a", "b", "z", "å", "ä", "ö"]);
        ordered(&Windows::new("da", Differences::ACCENTS), &["a", "z", "æ", "ø", "å"]);
        ordered(&Windows::new("es-u-co-trad", Differences::ACCENTS), &["cz", "ch", "d"]);
        ordered(&Windows::new("fr-CA", Differences::ACCENTS), &["cote", "côte", "coté", "côté"]);
        let case = Differences { case: true, accent: true };
        ordered(&Windows::new(ROOT, case), &["a", "A", "á", "Á", "b"]);
        let neither = Windows::new(ROOT, Differences { case: false, accent: false });
        assert_eq!(neither.compare_prepared("Ångström", "ANGSTROM"), Ordering::Equal);
    }
}
