//! JSON texts that are made and changed: JSON_MODIFY, JSON_OBJECT, JSON_ARRAY.

use launchpod_types::{SqlError, SqlType, Value};
use serde_json::value::RawValue;

use super::for_json;
use super::json::{JsonPath, Step, document, elements, members};
use crate::errors;

/// `JSON_MODIFY(text, path, value)`: the text with the value, as JSON, in the path's place, or
/// without it when it is NULL and the path isn't strict. All else stays as it is written.
///
/// # Errors
/// 13607 and 13609 for what isn't a path or JSON, 13608 when a strict path leads nowhere.
pub fn modify(text: &str, path: &str, value: Option<&str>) -> Result<String, SqlError> {
    let (append, path) = match path.trim_start().strip_prefix("append ") {
        Some(path) => (true, path),
        None => (false, path),
    };
    let path = JsonPath::parse(path)?;
    let document = document(text)?;
    let Some((last, parents)) = path.steps.split_last() else {
        return match (append, value) {
            (true, Some(value)) => Ok(appended(text, document, value).unwrap_or(text.to_owned())),
            _ => Ok(value.unwrap_or(text).to_owned()),
        };
    };
    let missing = || match path.strict {
        true => Err(errors::json_property()),
        false => Ok(text.to_owned()),
    };
    let Some(parent) = follow(document, parents) else { return missing() };
    match (follow(parent, std::slice::from_ref(last)), value) {
        (Some(found), Some(value)) if append => match appended(text, found, value) {
            Some(changed) => Ok(changed),
            None => missing(),
        },
        (Some(found), Some(value)) => Ok(spliced(text, span(text, found), value)),
        (Some(found), None) => match last {
            Step::Key(key) if !path.strict => Ok(without(text, parent, key, found)),
            _ => Ok(spliced(text, span(text, found), "null")),
        },
        (None, Some(value)) if !path.strict => {
            let value = if append { format!("[{value}]") } else { value.to_owned() };
            Ok(inserted(text, parent, last, &value).unwrap_or_else(|| text.to_owned()))
        }
        (None, _) => missing(),
    }
}

/// The text of JSON_ARRAY, or of JSON_OBJECT when `object`: keys and values in turn.
///
/// # Errors
/// 1023 for a key that is NULL.
pub fn constructed(
    values: &[Value],
    types: &[SqlType],
    raw: &[bool],
    object: bool,
    absent: bool,
) -> Result<String, SqlError> {
    let mut text = String::new();
    let mut key = None;
    for (index, value) in values.iter().enumerate() {
        if object && index % 2 == 0 {
            let Value::Text(name) = value else {
                return Err(errors::invalid_parameter(1, "json_object"));
            };
            key = Some(name);
            continue;
        }
        if absent && value.is_null() {
            continue;
        }
        if !text.is_empty() {
            text.push(',');
        }
        if let Some(name) = key {
            for_json::quote(&mut text, name);
            text.push(':');
        }
        text.push_str(&for_json::value(value, types[index], raw[index])?);
    }
    Ok(if object { format!("{{{text}}}") } else { format!("[{text}]") })
}

fn follow<'a>(from: &'a RawValue, steps: &[Step]) -> Option<&'a RawValue> {
    steps.iter().try_fold(from, |at, step| match step {
        Step::Key(key) => {
            members(at)?.0.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
        }
        Step::Index(index) => elements(at)?.into_iter().nth(*index),
    })
}

/// Where a part of a text stands in it.
fn span(text: &str, part: &RawValue) -> std::ops::Range<usize> {
    let start = part.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.get().len()
}

fn spliced(text: &str, span: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

/// With another element at the end; `None` when it isn't an array.
fn appended(text: &str, array: &RawValue, value: &str) -> Option<String> {
    let empty = elements(array)?.is_empty();
    let end = span(text, array).end - 1;
    let separator = if empty { "" } else { "," };
    Some(spliced(text, end..end, &format!("{separator}{value}")))
}

/// With a member that wasn't there; `None` when the parent isn't an object.
fn inserted(text: &str, parent: &RawValue, step: &Step, value: &str) -> Option<String> {
    let Step::Key(key) = step else { return None };
    let empty = members(parent)?.0.is_empty();
    let end = span(text, parent).end - 1;
    let mut member = String::from(if empty { "" } else { "," });
    for_json::quote(&mut member, key);
    member.push(':');
    member.push_str(value);
    Some(spliced(text, end..end, &member))
}

/// Without a member and one of the commas beside it.
fn without(text: &str, parent: &RawValue, key: &str, found: &RawValue) -> String {
    let siblings = members(parent).map(|members| members.0).unwrap_or_default();
    let at = siblings.iter().position(|(name, _)| name == key).unwrap_or(0);
    let end = span(text, found).end;
    let before = at.checked_sub(1).map(|before| span(text, siblings[before].1).end);
    match before {
        Some(start) => spliced(text, start..end, ""),
        None => {
            let start = span(text, parent).start + 1;
            let rest = text[end..].trim_start();
            let rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
            format!("{}{rest}", &text[..start])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_changed_in_place() {
        let info = r#"{"name":"John", "skills":["C#","SQL"]}"#;
        for (path, value, expected) in [
            ("$.name", Some(r#""Mike""#), r#"{"name":"Mike", "skills":["C#","SQL"]}"#),
            (
                "$.surname",
                Some(r#""Smith""#),
                r#"{"name":"John", "skills":["C#","SQL"],"surname":"Smith"}"#,
            ),
            ("$.name", None, r#"{"skills":["C#","SQL"]}"#),
            ("$.skills", None, r#"{"name":"John"}"#),
            ("append $.skills", Some("1"), r#"{"name":"John", "skills":["C#","SQL",1]}"#),
            ("append $.other", Some("1"), r#"{"name":"John", "skills":["C#","SQL"],"other":[1]}"#),
            ("$.skills[0]", Some("null"), r#"{"name":"John", "skills":[null,"SQL"]}"#),
            ("$.skills[0]", None, r#"{"name":"John", "skills":[null,"SQL"]}"#),
            ("strict $.name", None, r#"{"name":null, "skills":["C#","SQL"]}"#),
            ("$.a.b", Some("1"), info),
            ("$.skills.x", Some("1"), info),
            ("$.none", None, info),
        ] {
            assert_eq!(modify(info, path, value).as_deref(), Ok(expected), "{path}");
        }
        assert_eq!(modify(info, "strict $.none", Some("1")).unwrap_err().number(), 13608);
        assert_eq!(modify("{", "$.a", Some("1")).unwrap_err().number(), 13609);
        assert_eq!(modify("{}", "$.a", Some("1")).as_deref(), Ok(r#"{"a":1}"#));
        assert_eq!(modify(r#"{ "a" : 1 }"#, "$.a", None).as_deref(), Ok("{}"));
    }
}
