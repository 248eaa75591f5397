//! JSON ("JSON Functions (Transact-SQL)"): texts are kept as they are written, so that a
//! fragment comes back with its own spelling of numbers and blanks.

use std::fmt;

use launchpod_exchange::document::JsonError;
use launchpod_types::{Length, SqlError, SqlType, Value};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Actual, Builtin, Signature};
use crate::errors;

/// What JSON_VALUE returns at most, in characters.
const MOST_SCALAR: usize = 4000;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "JSON_PATH_EXISTS", arity: (2, 2), signature: path_exists },
    Builtin { name: "JSON_VALUE", arity: (2, 2), signature: json_value },
    Builtin { name: "JSON_QUERY", arity: (1, 2), signature: json_query },
];

/// `lax $.a[0]."b c"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    pub(super) strict: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A column of OPENJSON … WITH.
#[derive(Clone, Debug)]
pub struct JsonField {
    /// Where its value is.
    pub path: JsonPath,
    /// `AS JSON`: objects and arrays as they are; else scalars.
    pub as_json: bool,
}

/// An object's members in their order, doubles included.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

// === impl JsonPath ===

impl JsonPath {
    /// The member of a name of the document itself.
    pub fn member(name: &str) -> JsonPath {
        JsonPath { strict: false, steps: vec![Step::Key(name.to_owned())] }
    }

    /// # Errors
    /// 13607, with the position of what isn't a path.
    pub fn parse(text: &str) -> Result<JsonPath, SqlError> {
        let mut rest = text.trim_start();
        let mut strict = false;
        for (word, is_strict) in [("lax", false), ("strict", true)] {
            if let Some(after) = rest.strip_prefix(word)
                && after.starts_with(char::is_whitespace)
            {
                strict = is_strict;
                rest = after.trim_start();
            }
        }
        let wrong = |rest: &str| {
            let position = text.chars().count() - rest.chars().count() + 1;
            errors::json_path(rest.chars().next().unwrap_or('.'), position)
        };
        rest = rest.strip_prefix('$').ok_or_else(|| wrong(rest))?;
        let mut steps = Vec::new();
        while !rest.trim_end().is_empty() {
            if let Some(after) = rest.strip_prefix(".\"") {
                let end = after.find('"').ok_or_else(|| wrong(after))?;
                steps.push(Step::Key(after[..end].to_owned()));
                rest = &after[end + 1..];
            } else if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[', ' ']).unwrap_or(after.len());
                let key = &after[..end];
                if key.is_empty() || !key.chars().all(|c| c.is_alphanumeric() || "_$".contains(c)) {
                    return Err(wrong(after));
                }
                steps.push(Step::Key(key.to_owned()));
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix('[') {
                let end = after.find(']').ok_or_else(|| wrong(after))?;
                steps.push(Step::Index(after[..end].trim().parse().map_err(|_| wrong(after))?));
                rest = &after[end + 1..];
            } else {
                return Err(wrong(rest));
            }
        }
        Ok(JsonPath { strict, steps })
    }

    /// What the path leads to; `None` when nothing does and the path is lax.
    fn find<'a>(&self, document: &'a RawValue) -> Result<Option<&'a RawValue>, SqlError> {
        let mut at = document;
        for step in &self.steps {
            let next = match step {
                Step::Key(key) => members(at)
                    .and_then(|members| members.0.into_iter().find(|(name, _)| name == key))
                    .map(|(_, value)| value),
                Step::Index(index) => {
                    elements(at).and_then(|elements| elements.into_iter().nth(*index))
                }
            };
            match next {
                Some(next) => at = next,
                None if self.strict => return Err(errors::json_property()),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// The scalar that the path leads to, as text.
    fn scalar(&self, document: &RawValue) -> Result<Option<String>, SqlError> {
        let Some(found) = self.find(document)? else { return Ok(None) };
        match found.get().as_bytes().first() {
            Some(b'{' | b'[') if self.strict => Err(errors::json_scalar()),
            Some(b'{' | b'[') => Ok(None),
            _ => Ok(text_of(found)),
        }
    }

    /// The object or array that the path leads to, as it is written.
    fn fragment(&self, document: &RawValue) -> Result<Option<String>, SqlError> {
        let Some(found) = self.find(document)? else { return Ok(None) };
        match found.get().as_bytes().first() {
            Some(b'{' | b'[') => Ok(Some(found.get().to_owned())),
            _ if self.strict => Err(errors::json_fragment()),
            _ => Ok(None),
        }
    }
}

// === impl Members ===

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

pub(super) fn members(value: &RawValue) -> Option<Members<'_>> {
    serde_json::from_str(value.get()).ok()
}

pub(super) fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

/// A text, number or truth value as text; `None` for null.
fn text_of(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text => Some(text.to_owned()),
    }
}

pub(super) fn document(text: &str) -> Result<&RawValue, SqlError> {
    let text = text.trim_start();
    // SQL Server's documents are objects and arrays.
    match text.chars().next() {
        Some('{' | '[') => serde_json::from_str(text)
            .map_err(|error| errors::json_text(JsonError::malformed(text, &error))),
        first => {
            let character = first.unwrap_or('.');
            Err(errors::json_text(JsonError::Malformed { character, position: 0 }))
        }
    }
}

fn content(value: &Value) -> &str {
    match value {
        Value::Text(content) => content,
        _ => "",
    }
}

/// What ISJSON asks of a text.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// An object or an array, as without a second argument.
    Document,
    /// Any value.
    Value,
    /// An array.
    Array,
    /// An object.
    Object,
    /// A text or a number.
    Scalar,
}

impl Shape {
    /// The second argument of ISJSON.
    pub fn named(word: &str) -> Option<Shape> {
        Some(match word.to_ascii_uppercase().as_str() {
            "VALUE" => Shape::Value,
            "ARRAY" => Shape::Array,
            "OBJECT" => Shape::Object,
            "SCALAR" => Shape::Scalar,
            _ => return None,
        })
    }
}

/// ISJSON
pub fn is_json(shape: Shape) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::NVARCHAR_MAX], SqlType::Int, move |v| {
        let text = content(&v[0]).trim_start();
        let allowed = match (shape, text.chars().next()) {
            (_, None) => false,
            (Shape::Value, _) => true,
            (Shape::Array, first) => first == Some('['),
            (Shape::Object, first) => first == Some('{'),
            (Shape::Document, first) => matches!(first, Some('{' | '[')),
            // A text or a number.
            (Shape::Scalar, Some(first)) => first == '"' || first == '-' || first.is_ascii_digit(),
        };
        let valid = allowed && serde_json::from_str::<&RawValue>(text).is_ok();
        Ok(Value::Int(valid.into()))
    }))
}

/// JSON_PATH_EXISTS
fn path_exists(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::NVARCHAR_MAX; 2], SqlType::Int, |v| {
        let path = JsonPath::parse(content(&v[1]))?;
        let lax = JsonPath { strict: false, ..path };
        let found = document(content(&v[0])).and_then(|document| lax.find(document))?;
        Ok(Value::Int(found.is_some().into()))
    }))
}

fn json_value(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let text = SqlType::NVARCHAR_MAX;
    let result = SqlType::NVarChar(Length::Limited(4000));
    Ok(Signature::strict(vec![text, text], result, |v| {
        let path = JsonPath::parse(content(&v[1]))?;
        let found = path.scalar(document(content(&v[0]))?)?;
        match found {
            Some(text) if text.encode_utf16().count() > MOST_SCALAR => {
                if path.strict {
                    Err(errors::json_too_long())
                } else {
                    Ok(Value::Null)
                }
            }
            found => Ok(found.map_or(Value::Null, Value::Text)),
        }
    })
    .or_null())
}

fn json_query(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let text = SqlType::NVARCHAR_MAX;
    Ok(Signature::strict(vec![text; a.len()], text, |v| {
        let path = JsonPath::parse(v.get(1).map_or("$", content))?;
        let found = path.fragment(document(content(&v[0]))?)?;
        Ok(found.map_or(Value::Null, Value::Text))
    })
    .or_null())
}

/// The rows of OPENJSON without WITH, as an array of arrays: key, value, type.
pub fn open(text: &str, path: &JsonPath) -> Result<String, SqlError> {
    let Some(found) = path.find(document(text)?)? else { return Ok("[]".to_owned()) };
    let rows: Vec<(String, &RawValue)> = match found.get().as_bytes().first() {
        Some(b'{') => members(found).map(|members| members.0).unwrap_or_default(),
        Some(b'[') => {
            let elements = elements(found).unwrap_or_default();
            (0..).map(|index: usize| index.to_string()).zip(elements).collect()
        }
        _ if path.strict => return Err(errors::json_fragment()),
        _ => Vec::new(),
    };
    let rows: Vec<(String, Option<String>, u8)> = rows
        .into_iter()
        .map(|(key, value)| {
            let code = match value.get().as_bytes().first() {
                Some(b'n') | None => 0,
                Some(b'"') => 1,
                Some(b't' | b'f') => 3,
                Some(b'[') => 4,
                Some(b'{') => 5,
                Some(_) => 2,
            };
            (key, text_of(value), code)
        })
        .collect();
    serde_json::to_string(&rows).map_err(errors::internal)
}

/// The rows of OPENJSON … WITH, as an array of arrays of texts.
pub fn open_with(text: &str, path: &JsonPath, fields: &[JsonField]) -> Result<String, SqlError> {
    let Some(found) = path.find(document(text)?)? else { return Ok("[]".to_owned()) };
    let objects = match found.get().as_bytes().first() {
        Some(b'[') => elements(found).unwrap_or_default(),
        _ => vec![found],
    };
    let rows: Vec<Vec<Option<String>>> = objects
        .into_iter()
        .map(|object| {
            let cells = fields.iter().map(|field| {
                if field.as_json { field.path.fragment(object) } else { field.path.scalar(object) }
            });
            cells.collect::<Result<_, SqlError>>()
        })
        .collect::<Result<_, SqlError>>()?;
    serde_json::to_string(&rows).map_err(errors::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let path = JsonPath::parse("strict $.a[2].\"b c\".$d").unwrap();
        assert!(path.strict);
        assert_eq!(path.steps.len(), 4);
        for wrong in ["", "a", "$a", "$.", "$.a[", "$.a[x]", "$.a-b", "$..a"] {
            assert_eq!(JsonPath::parse(wrong).unwrap_err().number(), 13607, "{wrong}");
        }
    }

    #[test]
    fn fragments_keep_their_spelling() {
        let text = r#"{"a": {"b" : [1.10, "x\u0041"], "b": 2}}"#;
        let document = document(text).unwrap();
        let fragment = |path: &str| JsonPath::parse(path).unwrap().fragment(document).unwrap();
        let scalar = |path: &str| JsonPath::parse(path).unwrap().scalar(document).unwrap();
        assert_eq!(fragment("$.a.b").unwrap(), r#"[1.10, "x\u0041"]"#);
        assert_eq!(scalar("$.a.b[0]").unwrap(), "1.10");
        assert_eq!(scalar("$.a.b[1]").unwrap(), "xA");
        assert_eq!(scalar("$.a"), None);
        assert_eq!(fragment("$.a.b[0]"), None);
    }
}
