//! The sort orders of `SQL_Latin1_General_CP1` collations, for text of Windows' code page 1252:
//! 51 (CS, AS), 52 (CI, AS) and 54 (CI, AI) ("SQL Server collation name").
//!
//! They are a table of characters: signs by their codes, then digits, then letters, those with an
//! accent after those without ("Sort orders" in SQL Server 7.0's Books Online). There are no
//! letters of two characters, and a hyphen counts as any other sign.

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::Differences;
use crate::text::to_windows_1252;

/// The letters: those of one group are the same letter, each with its capital before it.
const LETTERS: &str = "AaÀàÁáÂâÃãÄäÅå Ææ Bb CcÇç Dd EeÈèÉéÊêËë Ff Gg Hh IiÌìÍíÎîÏï Jj Kk Ll Mm \
                       NnÑñ OoÒòÓóÔôÕõÖöØø Œœ Pp Qq Rr SsŠš ß Tt UuÙùÚúÛûÜü Vv Ww Xx YyÝýŸÿ \
                       ZzŽž Ðð Þþ";

/// Where a character stands: by its letter, its accent, and whether it is a small one.
type Place = (u8, u8, u8);

/// The places of the code page's characters.
static PLACES: LazyLock<[Place; 256]> = LazyLock::new(places);

fn places() -> [Place; 256] {
    let mut table = [(0, 0, 0); 256];
    for (letter, group) in LETTERS.split(' ').enumerate() {
        for (index, c) in group.chars().enumerate() {
            let small = u8::from(c.is_lowercase());
            // There are 32 groups, of at most 14 characters.
            table[usize::from(to_windows_1252(c))] =
                (200 + letter as u8, 1 + index as u8 / 2, small);
        }
    }
    let mut next = 0;
    for signs in [true, false] {
        for byte in 0_u8..=255 {
            let place = &mut table[usize::from(byte)];
            if *place == (0, 0, 0) && byte.is_ascii_digit() != signs {
                // 256 without the letters and their accents are fewer than 200.
                *place = (next, 1, 0);
                next += 1;
            }
        }
    }
    table
}

fn place(c: char) -> Place {
    PLACES[usize::from(to_windows_1252(c))]
}

/// Compares as `SQL_Latin1_General_CP1_CI_AS` does for text of the code page: the shorter text
/// goes on with blanks.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_end_matches(' '), right.trim_end_matches(' '));
    let (mut left, mut right) = (left.chars(), right.chars());
    let mut accents = Ordering::Equal;
    loop {
        let (l, r) = match (left.next(), right.next()) {
            (None, None) => return accents,
            (l, r) => (place(l.unwrap_or(' ')), place(r.unwrap_or(' '))),
        };
        match l.0.cmp(&r.0) {
            Ordering::Equal => accents = accents.then(l.1.cmp(&r.1)),
            order => return order,
        }
    }
}

/// Bytes that sort as texts do; blanks at the end don't count.
pub(super) fn key(text: &str, differences: Differences) -> Vec<u8> {
    let places: Vec<Place> = text.trim_end_matches(' ').chars().map(place).collect();
    let blank = place(' ').0;
    let mut key: Vec<u8> = places.iter().map(|place| place.0).collect();
    // What is shorter goes on with blanks, which are more than other control characters.
    key.push(blank);
    if differences.accent {
        key.extend(places.iter().map(|place| place.1));
    }
    if differences.case {
        key.extend(places.iter().map(|place| place.2));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_ordered_as_the_sort_order_says() {
        let texts = [
            "", "\t", "!", "-", "_", "~", "€", "«", "0", "9", "a", "à", "Ä", "ab", "æ", "b", "c",
            "ç", "s", "ss", "ß", "t",
        ];
        for (at, left) in texts.iter().enumerate().skip(2) {
            for (other, right) in texts.iter().enumerate().skip(2) {
                assert_eq!(compare(left, right), at.cmp(&other), "{left} and {right}");
                let keys = key(left, Differences::ACCENTS).cmp(&key(right, Differences::ACCENTS));
                assert_eq!(keys, at.cmp(&other), "{left} and {right}");
            }
        }
        assert_eq!(compare("a\t", "a "), Ordering::Less);
        assert_eq!(compare("ÀB", "àb  "), Ordering::Equal);
        assert_eq!(compare("àa", "ab"), Ordering::Less);
        assert_eq!(compare("a-c", "ab"), Ordering::Less);
    }
}
