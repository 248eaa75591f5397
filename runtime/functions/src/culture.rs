//! How numbers, dates and times are written in a culture, for FORMAT and PARSE: as .NET
//! Framework's `CultureInfo` has it, which SQL Server uses.

use launchpod_types::SqlError;

use super::language::{self, DateOrder};
use super::moment::MONTHS;
use crate::errors;

/// The days' names in us_english.
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A culture.
#[derive(Debug)]
pub struct Culture {
    /// Its name, such as `en-US`.
    pub name: &'static str,
    pub(crate) decimal: &'static str,
    pub(crate) group: &'static str,
    pub(crate) currency: &'static str,
    /// Digits of an amount of money after the point.
    pub(crate) currency_digits: usize,
    /// Patterns in which `n` is the number and `$` the currency.
    pub(crate) money: &'static str,
    pub(crate) negative_money: &'static str,
    /// In which `n` is the number.
    pub(crate) percent: &'static str,
    /// What `/` is in a date.
    pub(crate) date_separator: &'static str,
    /// The formats `d`, `D`, `t`, `T`, `m` and `y`.
    pub(crate) short_date: &'static str,
    pub(crate) long_date: &'static str,
    pub(crate) short_time: &'static str,
    pub(crate) long_time: &'static str,
    pub(crate) month_day: &'static str,
    pub(crate) year_month: &'static str,
    pub(crate) months: [&'static str; 12],
    pub(crate) short_months: [&'static str; 12],
    /// From Sunday on.
    pub(crate) days: [&'static str; 7],
    pub(crate) short_days: [&'static str; 7],
    pub(crate) halves: [&'static str; 2],
    /// In which order the numbers of a date are read.
    pub(crate) order: DateOrder,
}

/// The culture of a name in any case; that of the session's language without one.
///
/// # Errors
/// 40517 for a culture that isn't there.
pub fn named(name: Option<&str>) -> Result<&'static Culture, SqlError> {
    let name = match name {
        Some(name) => name.trim(),
        None if language::current().name == "British" => "en-GB",
        None => "en-US",
    };
    // A language alone is its first culture, and no name the invariant one, nearly en-US.
    let wanted = |culture: &&&Culture| {
        let language = &culture.name[..2];
        culture.name.eq_ignore_ascii_case(name) || language.eq_ignore_ascii_case(name)
    };
    let found = if name.is_empty() { Some(&&EN_US) } else { CULTURES.iter().find(wanted) };
    found.copied().ok_or_else(|| errors::unsupported(format_args!("The culture {name}")))
}

static CULTURES: [&Culture; 6] = [&EN_US, &EN_GB, &DE_DE, &FR_FR, &JA_JP, &ZH_CN];

static EN_US: Culture = Culture {
    name: "en-US",
    decimal: ".",
    group: ",",
    currency: "$",
    currency_digits: 2,
    money: "$n",
    negative_money: "($n)",
    percent: "n %",
    date_separator: "/",
    short_date: "M/d/yyyy",
    long_date: "dddd, MMMM d, yyyy",
    short_time: "h:mm tt",
    long_time: "h:mm:ss tt",
    month_day: "MMMM d",
    year_month: "MMMM yyyy",
    months: MONTHS,
    short_months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    days: DAYS,
    short_days: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    halves: ["AM", "PM"],
    order: DateOrder::Mdy,
};

static EN_GB: Culture = Culture {
    name: "en-GB",
    currency: "£",
    money: "$n",
    negative_money: "-$n",
    percent: "n%",
    short_date: "dd/MM/yyyy",
    long_date: "dd MMMM yyyy",
    short_time: "HH:mm",
    long_time: "HH:mm:ss",
    month_day: "d MMMM",
    order: DateOrder::Dmy,
    ..EN_US
};

static DE_DE: Culture = Culture {
    name: "de-DE",
    decimal: ",",
    group: ".",
    currency: "€",
    money: "n $",
    negative_money: "-n $",
    date_separator: ".",
    short_date: "dd.MM.yyyy",
    long_date: "dddd, d. MMMM yyyy",
    month_day: "d. MMMM",
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    short_months: [
        "Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez",
    ],
    days: ["Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"],
    short_days: ["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"],
    halves: ["", ""],
    percent: "n %",
    ..EN_GB
};

static FR_FR: Culture = Culture {
    name: "fr-FR",
    group: "\u{a0}",
    date_separator: "/",
    short_date: "dd/MM/yyyy",
    long_date: "dddd d MMMM yyyy",
    month_day: "d MMMM",
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    short_months: [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ],
    days: ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
    short_days: ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
    ..DE_DE
};

static JA_JP: Culture = Culture {
    name: "ja-JP",
    currency: "¥",
    currency_digits: 0,
    short_date: "yyyy/MM/dd",
    long_date: "yyyy'年'M'月'd'日'",
    short_time: "H:mm",
    long_time: "H:mm:ss",
    month_day: "M'月'd'日'",
    year_month: "yyyy'年'M'月'",
    months: ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"],
    short_months: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
    days: ["日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日"],
    short_days: ["日", "月", "火", "水", "木", "金", "土"],
    halves: ["午前", "午後"],
    order: DateOrder::Ymd,
    ..EN_GB
};

static ZH_CN: Culture = Culture {
    name: "zh-CN",
    currency_digits: 2,
    negative_money: "$-n",
    short_date: "yyyy/M/d",
    months: [
        "一月",
        "二月",
        "三月",
        "四月",
        "五月",
        "六月",
        "七月",
        "八月",
        "九月",
        "十月",
        "十一月",
        "十二月",
    ],
    short_months: [
        "1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月",
    ],
    days: ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    short_days: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    halves: ["上午", "下午"],
    ..JA_JP
};

// === impl Culture ===

impl Culture {
    /// A text of the culture's as CAST to a number or to money reads it.
    pub(crate) fn plain_number(&self, text: &str) -> String {
        let bare = text.replace(self.group, "").replace(self.currency, "");
        bare.replace(self.decimal, ".").trim().to_owned()
    }

    /// A date of the culture's as CAST reads it in the culture's order: without the day of the
    /// week, and with the months' English names.
    pub(crate) fn plain_date(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for day in self.days.iter().chain(&self.short_days) {
            if let Some(rest) = strip_word(&text, day) {
                text = rest.trim_start_matches([',', '.', ' ']).to_owned();
                break;
            }
        }
        if self.months == MONTHS {
            return text;
        }
        let lower = text.to_lowercase();
        let months = self.months.iter().zip(MONTHS);
        let named = months.chain(self.short_months.iter().zip(MONTHS));
        for (local, english) in named.filter(|(local, _)| local.chars().all(char::is_alphabetic)) {
            if let Some(at) =
                lower.find(&local.to_lowercase()).filter(|_| lower.len() == text.len())
            {
                let (before, after) = (&text[..at], &text[at + local.len()..]);
                return format!("{} {english} {}", before.trim_end_matches(['.', ' ']), after);
            }
        }
        text
    }
}

/// What follows a word at the beginning of a text, in any case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = !rest.starts_with(char::is_alphabetic);
    (ends && head.to_lowercase() == word.to_lowercase()).then_some(rest)
}
