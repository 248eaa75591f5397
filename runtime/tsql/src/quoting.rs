//! SET QUOTED_IDENTIFIER OFF, under which `"x"` is a text and no name.
//!
//! The option is heeded when a text is read, from where it stands on ("SET QUOTED_IDENTIFIER
//! (Transact-SQL)"). Everybody who reads a text again, in whole or in part, would have to know what
//! the option was there; so a text is first put as it reads under ON.

use std::borrow::Cow;

use crate::MAX_TOKENS;
use crate::lexer::{Lexer, TokenKind};

/// The options that say how double quotes are read.
const OPTIONS: [&str; 2] = ["QUOTED_IDENTIFIER", "ANSI_DEFAULTS"];
/// What has statements of its own, for which SET in it says nothing.
const MODULES: [&str; 4] = ["PROC", "PROCEDURE", "FUNCTION", "TRIGGER"];

/// A batch as it reads under SET QUOTED_IDENTIFIER ON, and what the option is at its end.
///
/// `quoted_identifier` is what it is at the beginning. A text in double quotes becomes one in single
/// quotes; lines stay as they are. In the definition of a procedure, function or trigger SET changes
/// nothing.
///
/// ```
/// let (text, on) = launchpod_tsql::requoted("PRINT \"it's\" SET QUOTED_IDENTIFIER ON PRINT \"x\"", false);
/// assert_eq!(text, "PRINT 'it''s' SET QUOTED_IDENTIFIER ON PRINT \"x\"");
/// assert!(on);
/// ```
pub fn requoted(source: &str, quoted_identifier: bool) -> (Cow<'_, str>, bool) {
    let sets = OPTIONS.iter().any(|option| holds(source, option));
    if !sets && (quoted_identifier || !source.contains('"')) {
        return (Cow::Borrowed(source), quoted_identifier);
    }
    let mut lexer = Lexer::new(source, quoted_identifier);
    let mut setting = Setting::default();
    let mut text = String::with_capacity(source.len());
    let mut copied = 0;
    for place in 0..MAX_TOKENS {
        let token = lexer.next();
        let word = &source[token.start..token.end];
        match token.kind {
            TokenKind::End | TokenKind::Invalid(_) => break,
            TokenKind::String if word.starts_with('"') => {
                text.push_str(&source[copied..token.start]);
                push_single_quoted(&mut text, word);
                copied = token.end;
            }
            _ => {}
        }
        if let Some(on) = setting.read(place, word) {
            lexer.quoted_identifier = on;
        }
    }
    let on = lexer.quoted_identifier;
    if copied == 0 {
        return (Cow::Borrowed(source), on);
    }
    text.push_str(&source[copied..]);
    (Cow::Owned(text), on)
}

/// What was read of a SET.
#[derive(Default)]
struct Setting {
    names: Names,
    /// Whether the text begins as a definition does.
    defines: bool,
    /// Whether it is one of a module.
    is_module: bool,
}

/// Where among the names of a SET the word that was read last stands.
#[derive(Clone, Copy, Default)]
enum Names {
    /// In no SET.
    #[default]
    None,
    /// Before a name; whether one of the options was named already.
    Before(bool),
    /// It is a name; whether it or one before it is one of the options.
    Name(bool),
}

// === impl Setting ===

impl Setting {
    /// Takes the word at a place of the text; what the option is from there on, if it says so.
    fn read(&mut self, place: usize, word: &str) -> Option<bool> {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        match place {
            0 => self.defines = is("CREATE") || is("ALTER"),
            // CREATE OR ALTER PROCEDURE
            1..=3 => self.is_module |= self.defines && MODULES.into_iter().any(is),
            _ => {}
        }
        let names = std::mem::take(&mut self.names);
        self.names = match names {
            _ if is("SET") => Names::Before(false),
            Names::Before(named) => Names::Name(named || OPTIONS.into_iter().any(is)),
            Names::Name(named) if is(",") => Names::Before(named),
            Names::Name(true) if is("ON") || is("OFF") => {
                return (!self.is_module).then(|| is("ON"));
            }
            _ => Names::None,
        };
        None
    }
}

/// Puts a text that stands in double quotes in single ones.
fn push_single_quoted(text: &mut String, quoted: &str) {
    let content = quoted[1..quoted.len() - 1].replace("\"\"", "\"").replace('\'', "''");
    text.push('\'');
    text.push_str(&content);
    text.push('\'');
}

/// Whether a text holds a word, in any case.
fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_double_quotes_become_single_quoted() {
        for (source, expected) in [
            (r#"SELECT "a""b", 'c"d', [e"f], N'"'"#, r#"SELECT 'a"b', 'c"d', [e"f], N'"'"#),
            (r#"SELECT "it's" -- "a"#, r#"SELECT 'it''s' -- "a"#),
            ("/* \" */ PRINT \"\"\nPRINT \"a\nb\"", "/* \" */ PRINT ''\nPRINT 'a\nb'"),
            (r#"SELECT "open"#, r#"SELECT "open"#),
            (r#"SELECT "ä" + "ö" \ "u""#, r#"SELECT 'ä' + 'ö' \ "u""#),
        ] {
            assert_eq!(requoted(source, false), (expected.into(), false), "{source}");
            assert_eq!(requoted(source, true), (source.into(), true), "{source}");
        }
    }

    #[test]
    fn set_counts_from_where_it_stands() {
        for (source, before, expected, after) in [
            (
                r#"SET QUOTED_IDENTIFIER OFF SELECT "a""#,
                true,
                r#"SET QUOTED_IDENTIFIER OFF SELECT 'a'"#,
                false,
            ),
            (
                r#"SELECT "a"; IF 1 = 0 set nocount, quoted_identifier on; SELECT "a""#,
                false,
                r#"SELECT 'a'; IF 1 = 0 set nocount, quoted_identifier on; SELECT "a""#,
                true,
            ),
            (
                r#"SET ANSI_DEFAULTS OFF SELECT "a""#,
                true,
                r#"SET ANSI_DEFAULTS OFF SELECT 'a'"#,
                false,
            ),
            (
                r#"SET NOCOUNT ON SELECT "quoted_identifier""#,
                true,
                r#"SET NOCOUNT ON SELECT "quoted_identifier""#,
                true,
            ),
            (
                r#"UPDATE t SET quoted_identifier = 1 FROM u ON "a" = 1"#,
                true,
                r#"UPDATE t SET quoted_identifier = 1 FROM u ON "a" = 1"#,
                true,
            ),
            (
                r#"SET IDENTITY_INSERT quoted_identifier OFF "a""#,
                true,
                r#"SET IDENTITY_INSERT quoted_identifier OFF "a""#,
                true,
            ),
            (
                r#"CREATE OR ALTER PROC p AS SET QUOTED_IDENTIFIER OFF SELECT "a""#,
                true,
                r#"CREATE OR ALTER PROC p AS SET QUOTED_IDENTIFIER OFF SELECT "a""#,
                true,
            ),
            (
                r#"ALTER PROCEDURE p AS SET QUOTED_IDENTIFIER ON SELECT "a""#,
                false,
                r#"ALTER PROCEDURE p AS SET QUOTED_IDENTIFIER ON SELECT 'a'"#,
                false,
            ),
        ] {
            assert_eq!(requoted(source, before), (expected.into(), after), "{source}");
        }
    }

    #[test]
    fn a_long_text_is_read_once() {
        let source =
            "SET QUOTED_IDENTIFIER OFF PRINT \"x\" SET QUOTED_IDENTIFIER ON ".repeat(20_000);
        let (text, on) = requoted(&source, true);
        assert!(on);
        assert_eq!(text.matches("'x'").count(), 20_000);
    }
}
