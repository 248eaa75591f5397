//! Documents: text that has to be well formed.

use serde::de::IgnoredAny;

/// The most items of an array, and members of an object, in the json type ("JSON data type").
const MOST_ITEMS: usize = 65_535;

/// A text is no value of json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// 13609
    #[error(
        "JSON text is not properly formatted. Unexpected character '{character}' is found at \
         position {position}."
    )]
    Malformed {
        /// The character; a full stop at the end of the text.
        character: char,
        /// Where it is, in characters from 0.
        position: usize,
    },
    /// 13647
    #[error("Number of items in one object/array exceeds limit {MOST_ITEMS} in JSON type.")]
    TooManyItems,
}

// === impl JsonError ===

impl JsonError {
    /// The error's number in SQL Server.
    pub fn number(self) -> i32 {
        match self {
            JsonError::Malformed { .. } => 13609,
            JsonError::TooManyItems => 13647,
        }
    }

    /// Where reading `text` as JSON has failed.
    pub fn malformed(text: &str, error: &serde_json::Error) -> JsonError {
        // Lines and their bytes count from 1.
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let before = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let at = text.floor_char_boundary(before);
        let character = text[at..].chars().next().unwrap_or('.');
        JsonError::Malformed { character, position: text[..at].chars().count() }
    }
}

/// A text as the json type holds it: without blanks between its parts. Numbers and texts keep
/// their spelling, and objects their members' order.
///
/// # Errors
/// 13609 for what isn't JSON, and 13647 for too many items.
pub fn json(text: &str) -> Result<String, JsonError> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| JsonError::malformed(text, &error))?;
    let mut out = String::with_capacity(text.len());
    // Commas of the arrays and objects that are open.
    let mut commas: Vec<usize> = Vec::new();
    let (mut in_text, mut escaped) = (false, false);
    for character in text.chars() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else {
            match character {
                ' ' | '\t' | '\r' | '\n' => continue,
                '"' => in_text = true,
                '[' | '{' => commas.push(0),
                ']' | '}' => drop(commas.pop()),
                ',' => {
                    let count = commas.last_mut().map_or(0, |count| {
                        *count += 1;
                        *count
                    });
                    if count == MOST_ITEMS {
                        return Err(JsonError::TooManyItems);
                    }
                }
                _ => {}
            }
        }
        out.push(character);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_and_all_else_stays() {
        for (text, kept) in [
            ("{ \"b\" : 1.50 ,\n\"a\":[ 1e3, null ] }", "{\"b\":1.50,\"a\":[1e3,null]}"),
            (r#"[ "a \" , b", "\\" , "é𝄞" ]"#, r#"["a \" , b","\\","é𝄞"]"#),
            (" 1 ", "1"),
            ("[]", "[]"),
        ] {
            assert_eq!(json(text).as_deref(), Ok(kept), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_shown_with_its_place() {
        for (text, character, position) in
            [("{a:1}", 'a', 1), ("{\"é\":\n x}", 'x', 7), ("", '.', 0), ("[1] 2", '2', 4)]
        {
            let expected = JsonError::Malformed { character, position };
            assert_eq!(json(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn items_are_counted() {
        let array = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
        assert!(json(&array(MOST_ITEMS)).is_ok());
        assert_eq!(json(&array(MOST_ITEMS + 1)), Err(JsonError::TooManyItems));
        assert!(json(&format!("[{0},{0}]", array(40_000))).is_ok());
    }
}
