//! Texts within texts: LIKE and CHARINDEX, character by character as a collation has them.

use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use super::collation::{Collation, Collator, windows};
use super::text::fold;

/// A character or, of one that stands for several letters (ß), one of these.
#[derive(Clone, Copy, Debug)]
struct Unit {
    /// Equal for what a collation holds for equal.
    class: char,
    /// The character itself, and the byte at which it begins.
    own: char,
    at: usize,
    /// The second letter of a character, or a later one.
    inner: bool,
}

/// The units of a text.
fn units(text: &str, collation: Collation) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    for (at, own) in text.char_indices() {
        let mut inner = false;
        classes(own, collation, &mut |class| {
            units.push(Unit { class, own, at, inner });
            inner = true;
        });
    }
    units
}

/// Gives the letters that a character stands for, each without the differences that don't count.
fn classes(c: char, collation: Collation, give: &mut dyn FnMut(char)) {
    let differences = collation.differences();
    let case = |c| if differences.case { c } else { fold(c) };
    match collation {
        Collation::Binary { .. } => give(c),
        _ if c.is_ascii() => give(case(c)),
        Collation::CodePage(_) if differences.accent => give(case(c)),
        _ => {
            if let Some(letters) = windows::expansion(c).filter(|_| unicode(collation)) {
                return letters.chars().map(case).for_each(give);
            }
            let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
            let parts: Vec<char> = normalizer.normalize_iter(std::iter::once(c)).collect();
            let classes = CanonicalCombiningClassMapBorrowed::new();
            let mark = |c: &char| classes.get_u8(*c) != 0;
            match &parts[..] {
                [one] => give(case(kana(*one))),
                [first, marks @ ..] if marks.iter().all(mark) => {
                    give(case(kana(if differences.accent { c } else { *first })));
                }
                parts => parts.iter().map(|part| case(*part)).for_each(give),
            }
        }
    }
}

fn unicode(collation: Collation) -> bool {
    matches!(collation, Collation::Windows(..))
}

/// Hiragana as katakana.
fn kana(c: char) -> char {
    match c {
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        _ => c,
    }
}

/// The first place of `needle` in `haystack` from a byte on, as the database's collation has it.
pub(crate) fn find(
    haystack: &str,
    needle: &str,
    from: usize,
    collation: Collation,
) -> Option<Range<usize>> {
    let needle = units(needle, collation);
    let found = units(haystack.get(from..)?, collation);
    let length = needle.len();
    let place = found.windows(length).enumerate().position(|(start, part)| {
        let whole = !part[0].inner && found.get(start + length).is_none_or(|next| !next.inner);
        whole && part.iter().zip(&needle).all(|(l, r)| l.class == r.class)
    })?;
    let end = found.get(place + length).map_or(haystack.len(), |next| from + next.at);
    Some(from + found[place].at..end)
}

/// A pattern of LIKE, read once.
pub struct Pattern {
    pieces: Vec<Piece>,
    collation: Collation,
    collator: Collator,
}

#[derive(Debug)]
enum Piece {
    /// `%`
    Any,
    /// `_`
    One,
    /// A character, by its class.
    Char(char),
    /// `[a-f]`, `[^xyz]`
    Set { negated: bool, ranges: Vec<(char, char)> },
}

// === impl Pattern ===

impl Pattern {
    /// Reads a pattern with its escape character.
    pub fn new(text: &str, escape: Option<char>, collation: Collation) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            at += 1;
            if Some(c) == escape {
                if let Some(&next) = chars.get(at) {
                    push(&mut pieces, next, collation);
                    at += 1;
                }
                continue;
            }
            match c {
                // Runs of % mean one %, and cost less.
                '%' if matches!(pieces.last(), Some(Piece::Any)) => {}
                '%' => pieces.push(Piece::Any),
                '_' => pieces.push(Piece::One),
                '[' => match set(&chars[at..], escape) {
                    Some((piece, length)) => {
                        pieces.push(piece);
                        at += length;
                    }
                    None => push(&mut pieces, '[', collation),
                },
                _ => push(&mut pieces, c, collation),
            }
        }
        Pattern { pieces, collation, collator: collation.collator() }
    }

    /// Whether a text matches. Trailing blanks of a text that isn't Unicode may be left over.
    pub fn matches(&self, text: &str, unicode: bool) -> bool {
        let text = units(text, self.collation);
        let inked = text.iter().rposition(|unit| unit.own != ' ').map_or(0, |last| last + 1);
        self.run(&text, if unicode { text.len() } else { inked })
    }

    /// Matches from the first character; the end is anywhere from `end` on.
    fn run(&self, text: &[Unit], end: usize) -> bool {
        let whole = |at: usize| text.get(at).is_none_or(|unit| !unit.inner);
        let (mut piece, mut at) = (0, 0);
        // Where to go back to: after the last %, and how far its text reached.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let matched = match self.pieces.get(piece) {
                None if at >= end => return true,
                None => None,
                Some(Piece::Any) if whole(at) => {
                    piece += 1;
                    retry = Some((piece, at));
                    continue;
                }
                Some(Piece::Any) => None,
                Some(one) => self.accept(one, text, at),
            };
            if let Some(next) = matched {
                piece += 1;
                at = next;
                continue;
            }
            match retry {
                Some((after, reached)) if reached < text.len() => {
                    at = (reached + 1..text.len()).find(|at| whole(*at)).unwrap_or(text.len());
                    retry = Some((after, at));
                    piece = after;
                }
                _ => return false,
            }
        }
    }

    /// Where the text goes on after a piece that matches here.
    fn accept(&self, piece: &Piece, text: &[Unit], at: usize) -> Option<usize> {
        let unit = text.get(at)?;
        if let Piece::Char(class) = piece {
            return (*class == unit.class).then_some(at + 1);
        }
        let accepted = match piece {
            Piece::Set { negated, ranges } => {
                ranges.iter().any(|range| self.within(range, unit.own)) != *negated
            }
            _ => true,
        };
        let end = (at + 1..text.len()).find(|at| !text[*at].inner).unwrap_or(text.len());
        (accepted && !unit.inner).then_some(end)
    }

    /// Whether a character is from one to the other in the collation's order.
    fn within(&self, (low, high): &(char, char), c: char) -> bool {
        if c == *low || c == *high {
            return true;
        }
        let key = |c: char| self.collator.key(c.encode_utf8(&mut [0; 4]));
        let own = key(c);
        if low == high { own == key(*low) } else { (key(*low)..=key(*high)).contains(&own) }
    }
}

/// Adds a character, which may be several letters.
fn push(pieces: &mut Vec<Piece>, c: char, collation: Collation) {
    classes(c, collation, &mut |class| pieces.push(Piece::Char(class)));
}

/// The inside of brackets and how many characters it took, its `]` included.
fn set(chars: &[char], escape: Option<char>) -> Option<(Piece, usize)> {
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
        ranges.push((low, high));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Collation = Collation::default(false);

    #[test]
    fn matches_patterns() {
        let like =
            |text: &str, pattern: &str| Pattern::new(pattern, None, DEFAULT).matches(text, false);
        assert!(like("Hello", "h%O"));
        assert!(like("abc", "_B_"));
        assert!(like("x5", "x[0-9]"));
        assert!(!like("xa", "x[^a-c]"));
        assert!(like("a]b", "a]b"));
        assert!(like("abc   ", "abc"));
        assert!(!like("abc", "abc "));
        assert!(like("50%", "50[%]"));
        assert!(Pattern::new("50!%", Some('!'), DEFAULT).matches("50%", false));
        assert!(!Pattern::new("abc", None, DEFAULT).matches("abc ", true));
        assert!(!like("", "_"));
        assert!(like("", "%"));
    }

    #[test]
    fn patterns_with_many_percents_stay_fast() {
        let pattern = Pattern::new(&"%a".repeat(50), None, DEFAULT);
        assert!(!pattern.matches(&format!("{}b", "a".repeat(10_000)), false));
    }

    #[test]
    fn letters_are_the_collations() {
        let like = |text: &str, pattern: &str| {
            Pattern::new(pattern, None, Collation::default(true)).matches(text, true)
        };
        assert!(like("Ärger", "[A-C]%"));
        assert!(!like("Ärger", "A%"));
        assert!(like("Straße", "%STRASSE"));
        assert!(like("Straße", "Stra_e"));
        assert!(!like("Straß", "Stras"));
        assert!(!like("Straße", "Stras%"));
        assert!(like("ＡＢ", "ab"));
        assert!(like("ひらがな", "ヒラガナ"));
        assert!(!Pattern::new("ss", None, DEFAULT).matches("ß", false));
    }

    #[test]
    fn finds_whole_characters() {
        let find = |haystack: &str, needle: &str, from: usize| {
            find(haystack, needle, from, Collation::default(true))
        };
        assert_eq!(find("xStraße", "SS", 0), Some(5..7));
        assert_eq!(find("xStraße", "s", 3), None);
        assert_eq!(find("ÉÉ", "é", 2), Some(2..4));
        assert_eq!(find("abc", "abcd", 0), None);
    }
}
