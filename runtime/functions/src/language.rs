//! What SET DATEFORMAT, SET DATEFIRST and SET LANGUAGE say.
//!
//! A session has a thread of its own, and conversions happen wherever its statements are bound
//! and run: so it is the thread that keeps them.

use std::cell::Cell;

use launchpod_types::SqlError;

use crate::errors;

thread_local! {
    static CURRENT: Cell<Language> = const { Cell::new(US_ENGLISH) };
}

const US_ENGLISH: Language =
    Language { name: "us_english", id: 0, order: DateOrder::Mdy, first: 7 };
const BRITISH: Language = Language { name: "British", id: 23, order: DateOrder::Dmy, first: 1 };

/// The languages of sys.syslanguages by name and alias, as far as their months aren't English.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "Arabic", "Brazilian", "Bokmål", "Bulgarian", "Croatian", "Czech", "Danish", "Dansk", "Deutsch",
    "Dutch", "Español", "Estonian", "Finnish", "Français", "French", "German", "Greek", "Hungarian",
    "Italian", "Italiano", "Japanese", "Korean", "Latvian", "Lithuanian", "Nederlands", "Norsk",
    "Norwegian", "Polish", "Portuguese", "Português", "Romanian", "Russian", "Simplified Chinese",
    "Slovak", "Slovenian", "Spanish", "Suomi", "Svenska", "Swedish", "Thai", "Traditional Chinese",
    "Turkish", "Türkçe",
];

/// How a session reads and numbers dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// What `@@LANGUAGE` says.
    pub name: &'static str,
    /// What `@@LANGID` says.
    pub id: i64,
    /// SET DATEFORMAT
    pub(crate) order: DateOrder,
    /// SET DATEFIRST: the first day of the week, Monday being 1.
    pub first: u8,
}

/// In which order the numbers of a date stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    Mdy,
    Dmy,
    Ymd,
    Ydm,
    Myd,
    Dym,
}

/// The language of the session whose thread this is.
pub fn current() -> Language {
    CURRENT.get()
}

/// What held before holds again.
pub fn restore(language: Language) {
    CURRENT.set(language);
}

/// A session begins anew.
pub fn reset() {
    CURRENT.set(US_ENGLISH);
}

/// `SET LANGUAGE name`
///
/// # Errors
/// 2740 for a name that is no language's; 40517 for one that isn't there yet.
pub fn set_language(name: &str) -> Result<(), SqlError> {
    let is = |known: &&str| known.to_lowercase() == name.to_lowercase();
    if ["us_english", "English"].iter().any(&is) {
        CURRENT.set(US_ENGLISH);
    } else if ["British", "British English"].iter().any(&is) {
        CURRENT.set(BRITISH);
    } else if OTHERS.iter().any(is) {
        return Err(errors::unsupported(format_args!("The language {name}")));
    } else {
        return Err(errors::unknown_language(name));
    }
    Ok(())
}

/// `SET DATEFORMAT order`
///
/// # Errors
/// 2741 for what is no order.
pub fn set_date_format(name: &str) -> Result<(), SqlError> {
    let order = match name.to_ascii_lowercase().as_str() {
        "mdy" => DateOrder::Mdy,
        "dmy" => DateOrder::Dmy,
        "ymd" => DateOrder::Ymd,
        "ydm" => DateOrder::Ydm,
        "myd" => DateOrder::Myd,
        "dym" => DateOrder::Dym,
        _ => return Err(errors::date_order(name)),
    };
    CURRENT.set(Language { order, ..current() });
    Ok(())
}

/// `SET DATEFIRST day`
///
/// # Errors
/// 2742 for what is no day from 1 (Monday) to 7.
pub fn set_date_first(day: i64) -> Result<(), SqlError> {
    let first = u8::try_from(day).ok().filter(|day| (1..=7).contains(day));
    let first = first.ok_or_else(|| errors::date_first(day))?;
    CURRENT.set(Language { first, ..current() });
    Ok(())
}

// === impl Language ===

impl Language {
    /// The number of a day (since 1970-01-01) within its week, from 0.
    pub(crate) fn weekday(self, day: i64) -> i64 {
        // 1970-01-01 was a Thursday, day 4 of a week that begins on Monday.
        (day + 4 - i64::from(self.first)).rem_euclid(7)
    }
}

// === impl DateOrder ===

impl DateOrder {
    /// The places of year, month and day.
    pub(crate) fn places(self) -> [usize; 3] {
        match self {
            DateOrder::Mdy => [2, 0, 1],
            DateOrder::Dmy => [2, 1, 0],
            DateOrder::Ymd => [0, 1, 2],
            DateOrder::Ydm => [0, 2, 1],
            DateOrder::Myd => [1, 0, 2],
            DateOrder::Dym => [1, 2, 0],
        }
    }
}
