//! Collations: which texts are equal, and in which order they are ("Collation and Unicode
//! support").
//!
//! Cells have the database's collation, `SQL_Latin1_General_CP1_CI_AS`. As in SQL Server it is two
//! orders: Windows' rules for Unicode text ([`windows`]) and sort order 52 for text of the code
//! page ([`code_page`]). SQLite knows each by a name. Other collations compare by keys.

use std::cmp::Ordering;

use launchpod_types::SqlType;
use rusqlite::Connection;

pub(crate) mod code_page;
mod names;
pub(crate) mod windows;

pub use names::{is_name, named};
use windows::Windows;

/// The collation of the server and of every database.
pub const DATABASE: &str = "SQL_Latin1_General_CP1_CI_AS";

/// The name in SQLite of the order of Unicode text.
const UNICODE: &str = "TSQL_UNICODE";

/// The name in SQLite of the order of text of the code page.
const CODE_PAGE: &str = "TSQL_CODE_PAGE";

/// An order of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// The rules of a Windows collation, for the language of this BCP 47 tag.
    Windows(&'static str, Differences),
    /// The sort order of a `SQL_Latin1_General_CP1` collation: 51 to 54.
    CodePage(Differences),
    /// `_BIN2` and `_BIN`: by code points or, for text of the code page, by bytes.
    Binary {
        /// By code points.
        unicode: bool,
        /// `_BIN`: the first character by its code point, the others by their bytes.
        first_only: bool,
    },
}

/// Which differences between characters count, beside those between letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differences {
    /// `_CS`
    pub case: bool,
    /// `_AS`
    pub accent: bool,
}

/// A collation ready to compare.
pub enum Collator {
    /// Of [`Collation::Windows`].
    Windows(Box<Windows>),
    /// Of [`Collation::CodePage`].
    CodePage(Differences),
    /// Of [`Collation::Binary`].
    Binary {
        /// As there.
        unicode: bool,
        /// As there.
        first_only: bool,
    },
}

/// The name in SQLite of the collation of values of a type; `None` when they aren't text.
pub fn of_type(sql_type: SqlType) -> Option<&'static str> {
    of_types(&[sql_type])
}

/// The name in SQLite of the collation by which values of these types are compared with each
/// other: Unicode's when one of them is ("Collation precedence", "Data type precedence").
pub fn of_types(types: &[SqlType]) -> Option<&'static str> {
    if types.iter().any(|t| t.is_unicode()) {
        return Some(UNICODE);
    }
    types.iter().any(|t| t.is_character()).then_some(CODE_PAGE)
}

/// Makes a connection know the collations.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation(UNICODE, windows::compare)?;
    connection.create_collation(CODE_PAGE, code_page::compare)
}

/// Compares two texts as the database's collation does.
pub(crate) fn compare(left: &str, right: &str, unicode: bool) -> Ordering {
    if unicode { windows::compare(left, right) } else { code_page::compare(left, right) }
}

// === impl Collation ===

impl Collation {
    /// The database's, for Unicode text or that of the code page.
    pub const fn default(unicode: bool) -> Collation {
        match unicode {
            true => Collation::Windows(windows::ROOT, Differences::ACCENTS),
            false => Collation::CodePage(Differences::ACCENTS),
        }
    }

    /// Which differences between characters count.
    pub(crate) fn differences(self) -> Differences {
        match self {
            Collation::Windows(_, differences) | Collation::CodePage(differences) => differences,
            Collation::Binary { .. } => Differences { case: true, accent: true },
        }
    }

    /// What compares by it.
    pub fn collator(self) -> Collator {
        match self {
            Collation::Windows(language, differences) => {
                Collator::Windows(Box::new(Windows::new(language, differences)))
            }
            Collation::CodePage(differences) => Collator::CodePage(differences),
            Collation::Binary { unicode, first_only } => Collator::Binary { unicode, first_only },
        }
    }
}

// === impl Differences ===

impl Differences {
    /// `_CI_AS`
    pub(crate) const ACCENTS: Differences = Differences { case: false, accent: true };
}

// === impl Collator ===

impl Collator {
    /// Bytes that sort as texts do; blanks at the end don't count.
    pub fn key(&self, text: &str) -> Vec<u8> {
        match self {
            Collator::Windows(windows) => windows.key(text),
            Collator::CodePage(differences) => code_page::key(text, *differences),
            Collator::Binary { unicode, first_only } => binary_key(text, *unicode, *first_only),
        }
    }
}

/// By code points (code units here, as SQL Server has them), or after the first one by bytes,
/// the lower of each unit first, as `_BIN` has it ("Collation and Unicode support", "Binary
/// collations").
fn binary_key(text: &str, unicode: bool, first_only: bool) -> Vec<u8> {
    let text = text.trim_end_matches(' ');
    if !unicode {
        return text.chars().map(super::text::to_windows_1252).collect();
    }
    let units = text.encode_utf16().enumerate();
    let bytes = units.flat_map(|(index, unit)| match first_only && index > 0 {
        true => unit.to_le_bytes(),
        false => unit.to_be_bytes(),
    });
    bytes.collect()
}
