//! From text to tokens.

mod keyword;
mod token;

pub use token::{Flaw, Token, TokenKind};

use crate::{MAX_IDENTIFIER_LENGTH, MAX_TOKENS};

/// Operators of two characters; every other symbol is one character.
const PAIRS: &[&str] = &[
    "<=", ">=", "<>", "!=", "!<", "!>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "::", "<<",
    ">>",
];

/// The characters that are a symbol by themselves.
const SYMBOLS: &str = "()+-*/%&|^~=<>!,;.:{}?";

/// Splits a text into tokens; the last one is [`TokenKind::End`].
///
/// Nothing follows a token that is [`TokenKind::Invalid`]. `None` when there are more than
/// [`MAX_TOKENS`]. `"x"` is a name; [`requoted`](crate::requoted) is for texts in which it is none.
pub fn tokenize(source: &str) -> Option<Vec<Token>> {
    let mut lexer = Lexer::new(source, true);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        tokens.push(token);
        match token.kind {
            TokenKind::End => return Some(tokens),
            TokenKind::Invalid(_) => {
                tokens.push(Token { kind: TokenKind::End, start: token.end, ..token });
                return Some(tokens);
            }
            _ if tokens.len() >= MAX_TOKENS => return None,
            _ => {}
        }
    }
}

/// Reads a text from left to right.
pub(crate) struct Lexer<'a> {
    source: &'a str,
    position: usize,
    line: u32,
    /// Whether `"x"` is a name from here on, or a string.
    pub(crate) quoted_identifier: bool,
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a str, quoted_identifier: bool) -> Self {
        Lexer { source, position: 0, line: 1, quoted_identifier }
    }
}

impl Lexer<'_> {
    pub(crate) fn next(&mut self) -> Token {
        let flaw = self.skip_blanks();
        let (start, line) = (self.position, self.line);
        let kind = match flaw {
            Some(flaw) => {
                self.position = self.source.len();
                TokenKind::Invalid(flaw)
            }
            None => self.scan(),
        };
        Token { kind, start, end: self.position, line }
    }

    fn rest(&self) -> &str {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The byte that many bytes ahead; 0 past the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.source.as_bytes().get(self.position + ahead).copied().unwrap_or(0)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.position += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    /// Skips white space and comments; a comment that doesn't end is the token to come.
    fn skip_blanks(&mut self) -> Option<Flaw> {
        while let Some(c) = self.peek() {
            if c == '\n' {
                self.line += 1;
                self.position += 1;
            } else if is_blank(c) {
                self.position += c.len_utf8();
            } else if self.rest().starts_with("--") {
                self.skip_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                let (start, line) = (self.position, self.line);
                if !self.skip_comment() {
                    (self.position, self.line) = (start, line);
                    return Some(Flaw::UnclosedComment);
                }
            } else {
                break;
            }
        }
        None
    }

    /// Skips `/* … */`, in which others may stand. False when it doesn't end.
    fn skip_comment(&mut self) -> bool {
        let mut depth = 0_usize;
        while self.position < self.source.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.position += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.position += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                (byte, _) => {
                    self.line += u32::from(byte == b'\n');
                    self.position += 1;
                }
            }
        }
        false
    }

    /// Reads the token that begins here.
    fn scan(&mut self) -> TokenKind {
        let Some(first) = self.peek() else {
            return TokenKind::End;
        };
        match first {
            '\'' => self.quoted('\'', 0, TokenKind::String),
            'N' | 'n' if self.byte(1) == b'\'' => self.quoted('\'', 1, TokenKind::String),
            '"' if self.quoted_identifier => self.quoted_name('"'),
            '"' => self.quoted('"', 0, TokenKind::String),
            '[' => self.quoted_name(']'),
            '@' => self.variable(),
            '0' if matches!(self.byte(1), b'x' | b'X') => {
                self.position += 2;
                self.skip_while(|c| c.is_ascii_hexdigit());
                TokenKind::Binary
            }
            '0'..='9' => self.number(),
            '.' if self.byte(1).is_ascii_digit() => self.number(),
            '$' | '£' | '€' | '¥' | '¤' => self.money(first),
            _ if is_name_start(first) => self.word(),
            _ => self.symbol(first),
        }
    }

    /// Reads up to the closing `quote`, where two of them stand for one.
    fn quoted(&mut self, quote: char, prefix: usize, kind: TokenKind) -> TokenKind {
        self.position += prefix + 1;
        let quote = quote as u8;
        let bytes = self.source.as_bytes();
        while let Some(&byte) = bytes.get(self.position) {
            self.position += 1;
            if byte == b'\n' {
                self.line += 1;
            } else if byte == quote {
                if bytes.get(self.position) != Some(&quote) {
                    return kind;
                }
                self.position += 1;
            }
        }
        TokenKind::Invalid(Flaw::UnclosedQuote)
    }

    fn quoted_name(&mut self, close: char) -> TokenKind {
        let start = self.position;
        let kind = self.quoted(close, 0, TokenKind::Quoted);
        let name = self.source.get(start + 1..self.position - 1).unwrap_or_default();
        let doubled = name.matches(close).count() / 2;
        if kind == TokenKind::Quoted && length(name) - doubled > MAX_IDENTIFIER_LENGTH {
            return TokenKind::Invalid(Flaw::LongName);
        }
        kind
    }

    fn variable(&mut self) -> TokenKind {
        let start = self.position;
        let global = self.byte(1) == b'@';
        self.position += 1 + usize::from(global);
        self.skip_while(is_name_part);
        if length(&self.source[start..self.position]) > MAX_IDENTIFIER_LENGTH {
            TokenKind::Invalid(Flaw::LongName)
        } else if global {
            TokenKind::GlobalVariable
        } else {
            TokenKind::Variable
        }
    }

    fn number(&mut self) -> TokenKind {
        self.skip_while(|c| c.is_ascii_digit());
        if self.byte(0) == b'.' {
            self.position += 1;
            self.skip_while(|c| c.is_ascii_digit());
        }
        if matches!(self.byte(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                self.position += 1 + sign;
                self.skip_while(|c| c.is_ascii_digit());
            }
        }
        TokenKind::Number
    }

    /// Reads `$12.50`, or one of the words that begin with `$`.
    fn money(&mut self, sign: char) -> TokenKind {
        self.position += sign.len_utf8();
        if sign == '$' && self.peek().is_some_and(is_name_start) {
            self.skip_while(is_name_part);
            return TokenKind::Word { reserved: false };
        }
        // `$-1.50`: the number's sign may come after the currency's.
        let sign = usize::from(matches!(self.byte(0), b'+' | b'-'));
        if sign == 0 || self.byte(1).is_ascii_digit() || self.byte(1) == b'.' {
            self.position += sign;
            self.skip_while(|c| c.is_ascii_digit() || c == ',');
            if self.byte(0) == b'.' {
                self.position += 1;
                self.skip_while(|c| c.is_ascii_digit());
            }
        }
        TokenKind::Money
    }

    fn word(&mut self) -> TokenKind {
        let start = self.position;
        self.skip_while(is_name_part);
        let word = &self.source[start..self.position];
        if length(word) > MAX_IDENTIFIER_LENGTH {
            return TokenKind::Invalid(Flaw::LongName);
        }
        if word.eq_ignore_ascii_case("GO")
            && let Some(end) = self.separator_end(start)
        {
            self.position = end;
            return TokenKind::Go;
        }
        TokenKind::Word { reserved: keyword::is_reserved(word) }
    }

    /// Where a GO that was just read ends with its count, when it is alone on its line.
    fn separator_end(&self, start: usize) -> Option<usize> {
        let before = self.source[..start].chars().rev().take_while(|&c| c != '\n');
        if !before.into_iter().all(is_blank) {
            return None;
        }
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let line = line.find("--").map_or(line, |comment| &line[..comment]);
        let count = line.trim_matches(is_blank);
        let count = count.strip_suffix(';').unwrap_or(count).trim_end_matches(is_blank);
        count.bytes().all(|byte| byte.is_ascii_digit()).then_some(self.position + line.len())
    }

    fn symbol(&mut self, first: char) -> TokenKind {
        if PAIRS.iter().any(|pair| self.rest().starts_with(pair)) {
            self.position += 2;
            return TokenKind::Symbol;
        }
        self.position += first.len_utf8();
        if SYMBOLS.contains(first) {
            TokenKind::Symbol
        } else {
            TokenKind::Invalid(Flaw::Character)
        }
    }
}

/// Whether a character separates tokens. Other than `\n`, none of them ends a line.
fn is_blank(c: char) -> bool {
    c <= ' ' || c.is_whitespace() || matches!(c, '\u{7f}' | '\u{200b}' | '\u{feff}')
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '#')
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$')
}

/// A name's length as SQL Server counts it: in UTF-16 code units.
fn length(name: &str) -> usize {
    if name.is_ascii() { name.len() } else { name.encode_utf16().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens' texts, with their lines.
    fn texts(source: &str) -> Vec<(&str, u32)> {
        let tokens = tokenize(source).unwrap();
        tokens[..tokens.len() - 1]
            .iter()
            .map(|token| (&source[token.start..token.end], token.line))
            .collect()
    }

    fn kinds(source: &str) -> Vec<TokenKind> {
        let tokens = tokenize(source).unwrap();
        tokens[..tokens.len() - 1].iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_stop_where_they_end() {
        let tokens = texts("1 1.5 .5 1. 1e3 1E-3 1e 0x1F $12.50 $ 1.2.3");
        let tokens: Vec<_> = tokens.into_iter().map(|(text, _)| text).collect();
        assert_eq!(
            tokens,
            ["1", "1.5", ".5", "1.", "1e3", "1E-3", "1", "e", "0x1F", "$12.50", "$", "1.2", ".3"]
        );
    }

    #[test]
    fn names_may_hold_any_letter() {
        assert_eq!(
            kinds("größe #t ##t _a$b@c# [a]]b] \"c\"\"d\" @v @@rowcount $action"),
            [
                TokenKind::Word { reserved: false },
                TokenKind::Word { reserved: false },
                TokenKind::Word { reserved: false },
                TokenKind::Word { reserved: false },
                TokenKind::Quoted,
                TokenKind::Quoted,
                TokenKind::Variable,
                TokenKind::GlobalVariable,
                TokenKind::Word { reserved: false },
            ]
        );
    }

    #[test]
    fn lines_count_over_every_kind_of_gap() {
        let source = "a\r\nb -- x\n/* \n /* */ \n */ c 'x\n' d [e\n] f";
        assert_eq!(
            texts(source),
            [("a", 1), ("b", 2), ("c", 5), ("'x\n'", 5), ("d", 6), ("[e\n]", 6), ("f", 7)]
        );
    }

    #[test]
    fn go_is_a_separator_on_a_line_of_its_own_only() {
        assert_eq!(kinds("a\n go 5 -- twice\nb")[1], TokenKind::Go);
        assert_eq!(kinds("GO;")[0], TokenKind::Go);
        assert_eq!(kinds("a GO")[1], TokenKind::Word { reserved: false });
        assert_eq!(kinds("a\nGO b")[1], TokenKind::Word { reserved: false });
        assert_eq!(kinds("'\nGO\n'"), [TokenKind::String]);
    }

    #[test]
    fn what_does_not_end_is_invalid() {
        for (source, flaw) in [
            ("'a", Flaw::UnclosedQuote),
            ("N'a''", Flaw::UnclosedQuote),
            ("[a", Flaw::UnclosedQuote),
            ("[", Flaw::UnclosedQuote),
            ("\"", Flaw::UnclosedQuote),
            ("/* /* */", Flaw::UnclosedComment),
            ("\\", Flaw::Character),
        ] {
            assert_eq!(kinds(source), [TokenKind::Invalid(flaw)], "{source}");
        }
    }

    #[test]
    fn names_have_at_most_128_characters() {
        for (open, close) in [("", ""), ("[", "]"), ("\"", "\"")] {
            let name = |n: usize| format!("{open}{}{close}", "ä".repeat(n));
            assert!(!matches!(kinds(&name(128))[0], TokenKind::Invalid(_)));
            assert_eq!(kinds(&name(129)), [TokenKind::Invalid(Flaw::LongName)]);
        }
    }
}
