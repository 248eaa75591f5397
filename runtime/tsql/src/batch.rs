//! Scripts of several batches.

use crate::lexer::{TokenKind, tokenize};

/// A batch of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchText<'a> {
    /// Its text, which ends before its `GO` line.
    pub text: &'a str,
    /// The line of the script on which it begins, from 1. Lines in errors count from the
    /// batch's own beginning.
    pub first_line: u32,
    /// How many times it is to run: 1 unless `GO` has a count.
    pub count: u32,
}

/// Splits a script at its `GO` lines, as SQL Server's own clients do.
///
/// `GO` separates when it is alone on its line, in any case, with a count or a comment after
/// it; not within strings, quoted names and comments. Batches without any text are left out. A
/// text that has no end to a string or comment is one batch from there on: parsing it tells.
pub fn split_batches(script: &str) -> Vec<BatchText<'_>> {
    let mut batches = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    if !script.lines().any(may_separate) {
        push(&mut batches, script, first_line, 1);
        return batches;
    }
    // What is too long to parse is too long to split: it stays one batch, and `parse` says so.
    for token in tokenize(script).unwrap_or_default() {
        if token.kind != TokenKind::Go {
            continue;
        }
        let digits: String =
            script[token.start..token.end].chars().filter(char::is_ascii_digit).collect();
        push(&mut batches, &script[start..token.start], first_line, digits.parse().unwrap_or(1));
        // The text after the line of GO.
        let rest = &script[token.end..];
        start = token.end + rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        first_line = token.line + 1;
    }
    push(&mut batches, &script[start..], first_line, 1);
    batches
}

/// Whether a line may be one of `GO`. Most texts have none and need no tokens to tell.
fn may_separate(line: &str) -> bool {
    let line = line.trim_start().as_bytes();
    line.len() >= 2 && line[..2].eq_ignore_ascii_case(b"go")
}

fn push<'a>(batches: &mut Vec<BatchText<'a>>, text: &'a str, first_line: u32, count: u32) {
    if !text.trim().is_empty() && count > 0 {
        batches.push(BatchText { text, first_line, count });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<(&str, u32, u32)> {
        split_batches(script)
            .into_iter()
            .map(|batch| (batch.text.trim(), batch.first_line, batch.count))
            .collect()
    }

    #[test]
    fn go_lines_separate() {
        let script = "USE a;\r\nGO\r\nSELECT 1\n  go 3 -- thrice\nSELECT 'x\nGO\n'\nGO\nGO\n";
        assert_eq!(
            texts(script),
            [("USE a;", 1, 1), ("SELECT 1", 3, 3), ("SELECT 'x\nGO\n'", 5, 1)]
        );
    }

    #[test]
    fn a_text_without_go_is_one_batch() {
        assert_eq!(texts("SELECT 1 AS go"), [("SELECT 1 AS go", 1, 1)]);
        assert_eq!(texts("SELECT 'no end\nGO"), [("SELECT 'no end\nGO", 1, 1)]);
        assert_eq!(texts(" \n"), []);
        assert_eq!(texts("GO"), []);
    }
}
