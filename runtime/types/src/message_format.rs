//! The text of RAISERROR and FORMATMESSAGE: markers as in C's printf.

use crate::{SqlError, Value};

/// The longest text; a longer one ends in an ellipsis.
const MAX_LENGTH: usize = 2_047;
/// What stands for NULL and for an argument that isn't there.
const NULL: &str = "(null)";

/// One marker: `%[flags][width][.precision][size]type`.
#[derive(Debug, Default)]
struct Marker {
    left: bool,
    zeros: bool,
    plus: bool,
    space: bool,
    alternative: bool,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

/// Puts arguments in the place of the markers, in their order.
///
/// # Errors
/// The marker that isn't one, or the place (from 1) of an argument of another type than its
/// marker's.
pub fn format(text: &str, arguments: &[Value]) -> Result<String, FormatError> {
    let mut result = String::new();
    let mut arguments = arguments.iter().enumerate();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            result.push('%');
            rest = after;
            continue;
        }
        let (marker, after) = Marker::read(rest, &mut arguments)?;
        rest = after;
        let (place, value) = match arguments.next() {
            Some((place, value)) => (place + 1, value),
            None => (0, &Value::Null),
        };
        let written = marker.write(value).ok_or(FormatError::Argument(place))?;
        result.push_str(&written);
    }
    result.push_str(rest);
    Ok(shortened(result))
}

/// Why a text can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The marker isn't one.
    Marker(String),
    /// The argument at that place doesn't suit its marker.
    Argument(usize),
}

// === impl FormatError ===

impl From<FormatError> for SqlError {
    /// 2787 for the marker, 2786 for the argument.
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Marker(marker) => {
                SqlError::new(2787, format!("Invalid format specification: '{marker}'."))
            }
            FormatError::Argument(place) => SqlError::new(
                2786,
                format!(
                    "The data type of substitution parameter {place} does not match the expected \
                     type of the format specification."
                ),
            ),
        }
    }
}

// === impl Marker ===

impl Marker {
    /// Reads a marker after its `%`; `*` takes its number from the arguments.
    fn read<'t, 'a>(
        text: &'t str,
        arguments: &mut impl Iterator<Item = (usize, &'a Value)>,
    ) -> Result<(Marker, &'t str), FormatError> {
        let wrong =
            || FormatError::Marker(format!("%{}", text.chars().take(20).collect::<String>()));
        let mut marker = Marker::default();
        let mut rest = text;
        while let Some(flag) = rest.chars().next().filter(|flag| "-+0# ".contains(*flag)) {
            match flag {
                '-' => marker.left = true,
                '+' => marker.plus = true,
                '0' => marker.zeros = true,
                '#' => marker.alternative = true,
                _ => marker.space = true,
            }
            rest = &rest[1..];
        }
        let (width, after) = count(rest, arguments).ok_or_else(wrong)?;
        marker.width = width.unwrap_or(0);
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = count(after, arguments).ok_or_else(wrong)?;
            marker.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        for size in ["I64", "l", "h"] {
            rest = rest.strip_prefix(size).unwrap_or(rest);
        }
        marker.kind =
            rest.chars().next().filter(|kind| "diouxXs".contains(*kind)).ok_or_else(wrong)?;
        Ok((marker, &rest[1..]))
    }

    /// The value as the marker says; `None` when it is of another type.
    fn write(&self, value: &Value) -> Option<String> {
        let text = match (self.kind, value) {
            (_, Value::Null) => self.cut(NULL),
            ('s', Value::Text(text)) => self.cut(text),
            ('s', _) | (_, Value::Text(_)) => return None,
            ('d' | 'i', Value::Int(number)) => self.signed(*number),
            // A negative number is shown as the unsigned one of its 32 or 64 bits.
            ('u', Value::Int(number)) => self.digits(unsigned(*number).to_string()),
            ('o', Value::Int(number)) => self.prefixed("0", format!("{:o}", unsigned(*number))),
            ('x', Value::Int(number)) => self.prefixed("0x", format!("{:x}", unsigned(*number))),
            ('X', Value::Int(number)) => self.prefixed("0X", format!("{:X}", unsigned(*number))),
            _ => return None,
        };
        let missing = self.width.saturating_sub(text.chars().count());
        Some(match (self.left, self.zeros && self.kind != 's') {
            (true, _) => text + &" ".repeat(missing),
            (false, true) => {
                let sign = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
                format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
            }
            (false, false) => " ".repeat(missing) + &text,
        })
    }

    fn cut(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    fn signed(&self, number: i64) -> String {
        let sign = match number {
            ..0 => "-",
            _ if self.plus => "+",
            _ if self.space => " ",
            _ => "",
        };
        format!("{sign}{}", self.digits(number.unsigned_abs().to_string()))
    }

    fn prefixed(&self, prefix: &str, digits: String) -> String {
        let prefix = if self.alternative { prefix } else { "" };
        format!("{prefix}{}", self.digits(digits))
    }

    fn digits(&self, digits: String) -> String {
        let missing = self.precision.unwrap_or(0).saturating_sub(digits.len());
        "0".repeat(missing) + &digits
    }
}

/// A number of a marker, when there is one, and what follows it. Bounded by the longest text.
fn count<'t, 'a>(
    text: &'t str,
    arguments: &mut impl Iterator<Item = (usize, &'a Value)>,
) -> Option<(Option<usize>, &'t str)> {
    if let Some(after) = text.strip_prefix('*') {
        let Some((_, Value::Int(number))) = arguments.next() else { return None };
        return Some((Some(usize::try_from(*number).ok()?.min(MAX_LENGTH)), after));
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Some((None, text));
    }
    let number = text[..digits].parse().unwrap_or(MAX_LENGTH);
    Some((Some(number.min(MAX_LENGTH)), &text[digits..]))
}

fn unsigned(number: i64) -> u64 {
    match i32::try_from(number) {
        Ok(number) => u64::from(number.cast_unsigned()),
        Err(_) => number.cast_unsigned(),
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_LENGTH) {
        None => text,
        Some(_) => text.chars().take(MAX_LENGTH - 3).chain("...".chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(text: &str, arguments: &[Value]) -> String {
        format(text, arguments).unwrap()
    }

    #[test]
    fn markers_of_the_documentation() {
        // The examples of the documentation of RAISERROR.
        let arguments = [Value::from("number"), Value::Int(5)];
        assert_eq!(formatted("This is message %s %d.", &arguments), "This is message number 5.");
        let arguments = [Value::Int(7), Value::Int(3), Value::from("abcde")];
        assert_eq!(formatted("<<%*.*s>>", &arguments), "<<    abc>>");
        assert_eq!(formatted("<<%7.3s>>", &arguments[2..]), "<<    abc>>");
    }

    #[test]
    fn flags_and_types() {
        for (text, value, expected) in [
            ("%05d", Value::Int(-42), "-0042"),
            ("%-5d|", Value::Int(42), "42   |"),
            ("%+i", Value::Int(42), "+42"),
            ("%u", Value::Int(-1), "4294967295"),
            ("%x", Value::Int(255), "ff"),
            ("%#X", Value::Int(255), "0XFF"),
            ("%o", Value::Int(8), "10"),
            ("%I64d", Value::Int(i64::MIN), "-9223372036854775808"),
            ("%s", Value::Null, "(null)"),
            ("%%", Value::Null, "%"),
        ] {
            assert_eq!(formatted(text, &[value]), expected, "{text}");
        }
        assert_eq!(formatted("%s", &[]), "(null)");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(format("%d", &[Value::from("x")]), Err(FormatError::Argument(1)));
        assert_eq!(
            format("%s%s", &[Value::from("x"), Value::Int(1)]),
            Err(FormatError::Argument(2))
        );
        assert_eq!(format("50%!", &[]), Err(FormatError::Marker("%!".to_owned())));
        assert!(format("%", &[]).is_err());
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        let text = formatted(&"é".repeat(3_000), &[]);
        assert_eq!(text.chars().count(), MAX_LENGTH);
        assert!(text.ends_with("é..."));
        assert_eq!(formatted("%999999999d", &[Value::Int(1)]).len(), MAX_LENGTH);
    }
}
