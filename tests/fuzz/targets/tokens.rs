//! Changes T-SQL word by word: of texts that are changed byte by byte hardly one is parsed.

use std::sync::LazyLock;

/// What words are taken from: texts that use every part of the language.
const DONORS: [&str; 4] = [
    include_str!("../../../runtime/tsql/tests/corpus/clients.sql"),
    include_str!("../../../runtime/tsql/tests/corpus/documentation.sql"),
    include_str!("../../../runtime/tsql/tests/corpus/language.sql"),
    include_str!("../seeds/batches/builtins"),
];

/// How many changes are made at most to one text.
const CHANGES: usize = 4;
/// How many words are changed together at most.
const SPAN: usize = 12;

static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| DONORS.iter().flat_map(|text| words(text)).collect());

/// Random numbers: what the same seed gives is the same each time.
struct Chance(u64);

// === impl Chance ===

impl Chance {
    /// A number below `end`, which isn't 0.
    fn below(&mut self, end: usize) -> usize {
        // Knuth's generator of "MMIX"; its upper half is the random one.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// Some neighbours among `length` words.
    fn span(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = start + self.below(SPAN + 1);
        start..end.min(length)
    }
}

/// A changed text. It may be longer than a limit: the caller cuts it.
pub fn mutate(text: &str, seed: u32) -> String {
    let mut chance = Chance(u64::from(seed));
    let mut changed: Vec<&str> = words(text);
    for _ in 0..=chance.below(CHANGES) {
        let place = chance.span(changed.len());
        let other = match chance.below(4) {
            0 => Vec::new(),
            1 => changed[chance.span(changed.len())].to_vec(),
            _ => WORDS[chance.span(WORDS.len())].to_vec(),
        };
        // In half of the cases what is there stays.
        let place = if chance.below(2) == 0 { place } else { place.start..place.start };
        changed.splice(place, other);
    }
    changed.join(" ")
}

/// The words of a text, roughly: names and numbers, quoted texts, operators, and each other
/// character by itself. Blanks are left out, but for the ends of lines, where GO can stand.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            _ if in_name(first) => rest.find(|next| !in_name(next)).unwrap_or(rest.len()),
            _ if in_operator(first) => rest.find(|next| !in_operator(next)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if word == "\n" || !word.trim().is_empty() {
            words.push(word);
        }
        rest = after;
    }
    words
}

fn in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '@' | '#' | '$' | '.')
}

fn in_operator(character: char) -> bool {
    "+-*/%&|^<>=!:~".contains(character)
}
