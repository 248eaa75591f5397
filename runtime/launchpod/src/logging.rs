//! The log, whose lines nobody can forge.
//!
//! Names of logins, programs and databases, and what scripts and engines say, come from outside.
//! Within a line every control character is escaped, so that none of them ends the line, moves a
//! terminal's cursor, or hides what stands before it.

use std::fmt::{self, Debug, Write};
use std::io;

use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

/// Writes text with its control characters escaped.
struct Escaped<'a>(&'a mut dyn Write);

/// Begins to log on standard error what `filter` lets pass.
pub fn start(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .init();
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    write!(Escaped(writer), "{value:?}")
}

// === impl Escaped ===

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(place) = rest.find(must_be_escaped) {
            let (plain, from) = rest.split_at(place);
            self.0.write_str(plain)?;
            let mut chars = from.chars();
            if let Some(control) = chars.next() {
                write!(self.0, "{}", control.escape_default())?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Control characters, and what Unicode has for the ends of lines and paragraphs.
fn must_be_escaped(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_within_its_line() {
        let mut line = String::new();
        write!(Escaped(&mut line), "a\n\x1b[2J\u{9b}\u{2028}\0é\tz").unwrap();
        assert_eq!(line, "a\\n\\u{1b}[2J\\u{9b}\\u{2028}\\u{0}é\\tz");
    }
}
