//! The text of FOR JSON ("Format query results as JSON with FOR JSON", "How FOR JSON converts
//! SQL Server data types to JSON data types", "How FOR JSON escapes special characters and
//! control characters").

use launchpod_types::{SqlError, SqlType, Value};

use super::convert;
use crate::errors;

/// A member of the objects that rows become.
#[derive(Clone, Debug)]
pub enum Node {
    /// A column.
    Column {
        /// Its place among the row's values.
        index: usize,
        /// Whether it is JSON already, and stands as it is.
        raw: bool,
    },
    /// An object of members.
    Object(Members),
}

/// The members of an object, in the order of the select list.
pub type Members = Vec<(String, Node)>;

/// Puts a column where its path leads. A path that goes on where another began must come right
/// after it.
///
/// # Errors
/// 13601 when another column is in the way.
pub fn insert(members: &mut Members, path: &[&str], node: Node) -> Result<(), SqlError> {
    insert_at(members, path, node).ok_or_else(|| errors::json_conflict(&path.join(".")))
}

fn insert_at(members: &mut Members, path: &[&str], node: Node) -> Option<()> {
    let (first, rest) = path.split_first()?;
    let known = members.iter().position(|(name, _)| name == first);
    match (known, rest.is_empty()) {
        (None, true) => members.push(((*first).to_owned(), node)),
        (None, false) => {
            let mut inner = Vec::new();
            insert_at(&mut inner, rest, node)?;
            members.push(((*first).to_owned(), Node::Object(inner)));
        }
        (Some(at), false) if at + 1 == members.len() => match &mut members[at].1 {
            Node::Object(inner) => insert_at(inner, rest, node)?,
            Node::Column { .. } => return None,
        },
        (Some(_), _) => return None,
    }
    Some(())
}

/// The members' text, without the braces; empty when all are left out because they are NULL.
pub fn text(
    members: &Members,
    values: &[Value],
    types: &[SqlType],
    nulls: bool,
) -> Result<String, SqlError> {
    let mut text = String::new();
    for (name, node) in members {
        let content = match node {
            Node::Object(inner) => {
                let inner = self::text(inner, values, types, nulls)?;
                if inner.is_empty() {
                    continue;
                }
                format!("{{{inner}}}")
            }
            Node::Column { index, .. } if values[*index].is_null() => {
                if !nulls {
                    continue;
                }
                "null".to_owned()
            }
            Node::Column { index, raw } => value(&values[*index], types[*index], *raw)?,
        };
        if !text.is_empty() {
            text.push(',');
        }
        quote(&mut text, name);
        text.push(':');
        text.push_str(&content);
    }
    Ok(text)
}

/// A value as JSON. The page on types has `money` as a string; what the pages on FOR JSON PATH
/// show, and SQL Server gives, are numbers.
pub fn value(value: &Value, sql_type: SqlType, raw: bool) -> Result<String, SqlError> {
    let converted = |style: i64| -> Result<String, SqlError> {
        let to = SqlType::NVARCHAR_MAX;
        match convert::convert(value, sql_type, to, style, convert::Fit::Cut)? {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(errors::internal("a value without a text")),
        }
    };
    let quoted = |text: &str| {
        let mut quoted = String::with_capacity(text.len() + 2);
        quote(&mut quoted, text);
        quoted
    };
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bit(bit) => bit.to_string(),
        Value::Text(text) if raw => text.clone(),
        Value::Text(text) => quoted(text),
        Value::Binary(bytes) => quoted(&base64(bytes)),
        // All digits, in scientific notation.
        Value::Float(_) | Value::Real(_) => converted(2)?,
        Value::Decimal(_) => match sql_type {
            SqlType::Money | SqlType::SmallMoney => converted(2)?,
            _ => converted(0)?,
        },
        Value::Int(_) => converted(0)?,
        Value::DateTimeOffset { .. } => quoted(&converted(126)?.replace("+00:00", "Z")),
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) => quoted(&converted(126)?),
        Value::Guid(_) => quoted(&converted(0)?),
        Value::Variant(variant) => self::value(&variant.value, variant.sql_type, false)?,
    })
}

/// Writes a string with its quotation marks.
pub fn quote(to: &mut String, text: &str) {
    to.push('"');
    escape(to, text);
    to.push('"');
}

/// Writes a string's characters as they stand between quotation marks.
pub(crate) fn escape(to: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '/' => to.push_str("\\/"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            c if u32::from(c) < 32 => to.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => to.push(c),
        }
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = chunk.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let three = three << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(three >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The rows of FOR JSON AUTO over several tables: an array in each object for the rows of the
/// next table, as long as the ones before stay the same.
pub fn nest(rows: &[Vec<Value>], names: &[String]) -> String {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for row in rows {
        let parts: Vec<&str> = row
            .iter()
            .map(|part| match part {
                Value::Text(text) => text.as_str(),
                _ => "",
            })
            .collect();
        let deepest = parts.len() - 1;
        let same = open.iter().zip(&parts).take_while(|(a, b)| a == b).count().min(deepest);
        // What is open below the first difference ends, and its last object with it.
        for _ in same + 1..open.len() {
            text.push_str("}]");
        }
        if !open.is_empty() {
            text.push_str("},");
        }
        for (level, part) in parts.iter().enumerate().skip(same) {
            text.push('{');
            text.push_str(part);
            if level < deepest {
                if !part.is_empty() {
                    text.push(',');
                }
                quote(&mut text, &names[level + 1]);
                text.push_str(":[");
            }
        }
        open = parts;
    }
    for level in 0..open.len() {
        text.push_str(if level == 0 { "}" } else { "]}" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn rows_nest_while_those_above_stay_the_same() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let row = |parts: &[&str]| parts.iter().map(|part| Value::from(*part)).collect();
        let rows: Vec<Vec<Value>> =
            vec![row(&["1", "x", "p"]), row(&["1", "x", "q"]), row(&["2", "x", "q"])];
        let expected = r#"{1,"b":[{x,"c":[{p},{q}]}]},{2,"b":[{x,"c":[{q}]}]}"#;
        assert_eq!(nest(&rows, &names), expected);
        assert_eq!(nest(&rows[..0], &names), "");
        let flat = [row(&["1"]), row(&["1"])];
        assert_eq!(nest(&flat, &names), "{1},{1}");
    }
}
