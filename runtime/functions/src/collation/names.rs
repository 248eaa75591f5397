//! The names of collations ("Windows collation name", "SQL Server collation name").

use super::{Collation, Differences, windows};

/// Windows collations of languages in the Latin alphabet, and the BCP 47 tag of each one's rules
/// in CLDR.
const LANGUAGES: &[(&str, &str)] = &[
    ("LATIN1_GENERAL", windows::ROOT),
    ("ALBANIAN", "sq"),
    ("BOSNIAN_LATIN", "bs"),
    ("CROATIAN", "hr"),
    ("CZECH", "cs"),
    ("DANISH_GREENLANDIC", "da"),
    ("DANISH_NORWEGIAN", "da"),
    ("ESTONIAN", "et"),
    ("FINNISH_SWEDISH", "sv"),
    // Accents count from the end, as only the Canadian rules of CLDR have it now.
    ("FRENCH", "fr-CA"),
    ("GERMAN_PHONEBOOK", "de-u-co-phonebk"),
    ("HUNGARIAN", "hu"),
    ("ICELANDIC", "is"),
    ("LATVIAN", "lv"),
    ("LITHUANIAN", "lt"),
    ("MALTESE", "mt"),
    ("MODERN_SPANISH", "es"),
    ("NORWEGIAN", "nb"),
    ("POLISH", "pl"),
    ("ROMANIAN", "ro"),
    ("SERBIAN_LATIN", "sr-Latn"),
    ("SLOVAK", "sk"),
    ("SLOVENIAN", "sl"),
    ("TRADITIONAL_SPANISH", "es-u-co-trad"),
    ("TURKISH", "tr"),
    ("VIETNAMESE", "vi"),
    ("WELSH", "cy"),
];

/// The collation of a name, for Unicode text or that of the code page; `None` when there is none.
pub fn named(name: &str, unicode: bool) -> Option<Collation> {
    let name = name.to_ascii_uppercase();
    if matches!(name.as_str(), "DATABASE_DEFAULT" | "CATALOG_DEFAULT") {
        return Some(Collation::default(unicode));
    }
    if let Some(rest) = name.strip_prefix("SQL_LATIN1_GENERAL_CP1_") {
        return match sensitivity(rest)? {
            differences if unicode => Some(Collation::Windows(windows::ROOT, differences)),
            differences => Some(Collation::CodePage(differences)),
        };
    }
    let (language, rest) = LANGUAGES.iter().find_map(|(language, tag)| {
        name.strip_prefix(language).and_then(|rest| Some((*tag, rest.strip_prefix('_')?)))
    })?;
    let versions = ["90_", "100_", "140_", "160_"];
    let rest = versions.iter().find_map(|version| rest.strip_prefix(version)).unwrap_or(rest);
    match rest {
        "BIN2" => Some(Collation::Binary { unicode, first_only: false }),
        "BIN" => Some(Collation::Binary { unicode, first_only: true }),
        // That supplementary characters are known orders nothing otherwise.
        rest => sensitivity(rest.strip_suffix("_SC").unwrap_or(rest))
            .map(|differences| Collation::Windows(language, differences)),
    }
}

/// Whether a name is made as those of collations are: of a language, and of what its rules tell
/// apart or the word for binary order.
pub fn is_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let of_rules = ["_CI_AI", "_CI_AS", "_CS_AI", "_CS_AS"];
    name.ends_with("_BIN")
        || name.contains("_BIN2")
        || of_rules.iter().any(|rules| name.contains(rules))
}

fn sensitivity(written: &str) -> Option<Differences> {
    let (case, accent) = match written {
        "CI_AI" => (false, false),
        "CI_AS" => (false, true),
        "CS_AI" => (true, false),
        "CS_AS" => (true, true),
        _ => return None,
    };
    Some(Differences { case, accent })
}
