//! Text functions that know what a text says: names, sounds, numbers, messages.

use launchpod_types::message_format;
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::{Actual, Builtin, Signature, for_json};
use crate::errors;

const NVARCHAR: SqlType = SqlType::NVARCHAR_MAX;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "SOUNDEX", arity: (1, 1), signature: soundex },
    Builtin { name: "DIFFERENCE", arity: (2, 2), signature: difference },
    Builtin { name: "PARSENAME", arity: (2, 2), signature: parse_name },
    Builtin { name: "STRING_ESCAPE", arity: (2, 2), signature: string_escape },
    Builtin { name: "ISNUMERIC", arity: (1, 1), signature: is_numeric },
    Builtin { name: "FORMATMESSAGE", arity: (1, 21), signature: format_message },
];

fn content(value: &Value) -> &str {
    match value {
        Value::Text(content) => content,
        _ => "",
    }
}

/// The code of a text's sound: its first letter and three digits; `0000` without a letter.
///
/// "A, E, I, O, U, H, W, and Y are ignored unless they are the first letter." Letters of one
/// digit count once when nothing but H and W is between them.
fn sound(text: &str) -> String {
    let digit = |c: char| match c {
        'B' | 'F' | 'P' | 'V' => Some('1'),
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => Some('2'),
        'D' | 'T' => Some('3'),
        'L' => Some('4'),
        'M' | 'N' => Some('5'),
        'R' => Some('6'),
        _ => None,
    };
    let text = text.trim_start().to_ascii_uppercase();
    // The sound ends with the first character that is no letter.
    let mut letters = text.chars().take_while(char::is_ascii_alphabetic);
    let Some(first) = letters.next() else { return "0000".to_owned() };
    let mut code = String::from(first);
    let mut last = digit(first);
    for letter in letters {
        let this = digit(letter);
        if let Some(digit) = this.filter(|_| this != last) {
            code.push(digit);
        }
        if !matches!(letter, 'H' | 'W') {
            last = this;
        }
    }
    code.extend(std::iter::repeat_n('0', 3));
    code.truncate(4);
    code
}

fn soundex(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let argument = SqlType::VarChar(Length::Limited(8000));
    let result = SqlType::VarChar(Length::Limited(5));
    Ok(Signature::strict(vec![argument], result, |v| Ok(Value::Text(sound(content(&v[0]))))))
}

/// How many characters of two sounds' codes are the same.
fn difference(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let argument = SqlType::VarChar(Length::Limited(8000));
    Ok(Signature::strict(vec![argument; 2], SqlType::Int, |v| {
        let (left, right) = (sound(content(&v[0])), sound(content(&v[1])));
        let same = left.bytes().zip(right.bytes()).filter(|(l, r)| l == r).count();
        Ok(Value::Int(same as i64))
    }))
}

/// A part of a name, counted from its end: object, schema, database, server.
fn parse_name(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![NVARCHAR, SqlType::Int], SqlType::SYSNAME, |v| {
        let (name, Value::Int(piece)) = (content(&v[0]), &v[1]) else { return Ok(Value::Null) };
        let parts = split_name(name).filter(|parts| parts.len() <= 4);
        let part = parts.as_ref().and_then(|parts| {
            let index = usize::try_from(*piece).ok().filter(|piece| (1..=4).contains(piece))?;
            parts.len().checked_sub(index).map(|at| &parts[at])
        });
        let part = part.filter(|part| !part.is_empty() && part.encode_utf16().count() <= 128);
        Ok(part.map_or(Value::Null, |part| Value::Text(part.clone())))
    })
    .or_null())
}

/// The parts between points, without brackets and quotation marks; `None` when one isn't closed.
fn split_name(name: &str) -> Option<Vec<String>> {
    let mut parts = vec![];
    let mut rest = name;
    loop {
        let close = match rest.chars().next() {
            Some('[') => Some(']'),
            Some('"') => Some('"'),
            _ => None,
        };
        let mut part = String::new();
        let after = match close {
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                part.push_str(&rest[..end]);
                &rest[end..]
            }
            Some(close) => {
                let mut inner = &rest[1..];
                loop {
                    let end = inner.find(close)?;
                    part.push_str(&inner[..end]);
                    inner = &inner[end + 1..];
                    match inner.strip_prefix(close) {
                        Some(doubled) => {
                            part.push(close);
                            inner = doubled;
                        }
                        None => break inner,
                    }
                }
            }
        };
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

fn string_escape(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![NVARCHAR, NVARCHAR], NVARCHAR, |v| {
        if !content(&v[1]).trim_end().eq_ignore_ascii_case("json") {
            return Err(errors::invalid_parameter(2, "string_escape"));
        }
        let mut escaped = String::new();
        for_json::escape(&mut escaped, content(&v[0]));
        Ok(Value::Text(escaped))
    }))
}

/// Whether a text is a number of any type: `1`, `for some characters that are not numbers, such
/// as plus (+), minus (-), and valid currency symbols`.
fn is_numeric(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    Ok(Signature::strict(vec![t], SqlType::Int, move |v| {
        let numeric = match &v[0] {
            Value::Null => false,
            Value::Text(content) => reads_as_number(content),
            _ => t.is_numeric(),
        };
        Ok(Value::Int(numeric.into()))
    })
    .lenient())
}

fn reads_as_number(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return false;
    }
    let unsigned = |text: &str| -> String {
        text.strip_prefix(['+', '-']).unwrap_or(text).trim_start().to_owned()
    };
    // Money: a sign and a currency in either order, digits with commas, a point.
    let mut money = unsigned(text);
    if let Some(amount) = money.strip_prefix(['$', '£', '€', '¥', '¢', '¤']) {
        money = unsigned(amount);
    }
    let plain = |text: &str| {
        text.chars().all(|c| c.is_ascii_digit() || ",.".contains(c))
            && text.matches('.').count() <= 1
    };
    if plain(&money) {
        return true;
    }
    // A float: digits with a point, and an exponent.
    let number = unsigned(text);
    let Some((mantissa, exponent)) = number.split_once(['e', 'E', 'd', 'D']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    mantissa.chars().any(|c| c.is_ascii_digit())
        && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
        && mantissa.matches('.').count() <= 1
        && exponent.chars().all(|c| c.is_ascii_digit())
}

/// FORMATMESSAGE of a text; in place of a number the binder puts its message's.
fn format_message(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    if !a[0].sql_type.is_character() {
        return Err(errors::argument_type(a[0].sql_type, 1, "formatmessage"));
    }
    let mut types = vec![NVARCHAR];
    for (place, actual) in (2..).zip(&a[1..]) {
        types.push(match actual.sql_type {
            t if t.is_character() => NVARCHAR,
            t if t.is_integer() => SqlType::BigInt,
            // What a constant is that is too great for int.
            SqlType::Decimal { scale: 0, .. } => SqlType::BigInt,
            t => return Err(errors::argument_type(t, place, "formatmessage")),
        });
    }
    let result = SqlType::NVarChar(Length::Limited(2048));
    Ok(Signature::strict(types, result, |v| match &v[0] {
        Value::Text(text) => Ok(Value::Text(message_format::format(text, &v[1..])?)),
        _ => Ok(Value::Null),
    })
    .lenient()
    .or_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds() {
        // The examples of the pages on SOUNDEX and DIFFERENCE, and of the National Archives.
        for (text, code) in [
            ("Smith", "S530"),
            ("Smythe", "S530"),
            ("Green", "G650"),
            ("Blotchet-Halls", "B432"),
            ("Ashcraft", "A261"),
            ("Tymczak", "T522"),
            ("Pfister", "P236"),
            ("", "0000"),
            ("1", "0000"),
        ] {
            assert_eq!(sound(text), code, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for text in ["1", " -1.5 ", "$", "+", ".", "1e5", "1.e-3", "$1,234.50", "-$5", "2d3", "1e"]
        {
            assert!(reads_as_number(text), "{text}");
        }
        for text in ["", " ", "x", "1x", "1.2.3", "e5", "1e5e5", "0x1F", "1 2"] {
            assert!(!reads_as_number(text), "{text}");
        }
    }

    #[test]
    fn names() {
        let parts = |name: &str| split_name(name).map(|parts| parts.join("|"));
        assert_eq!(parts("a.b.c").as_deref(), Some("a|b|c"));
        assert_eq!(parts("[a.b].\"c]\"..[d]]e]").as_deref(), Some("a.b|c]||d]e"));
        assert_eq!(parts("[a"), None);
        assert_eq!(parts("[a]b"), None);
    }
}
