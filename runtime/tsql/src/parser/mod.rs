//! From tokens to the tree.
//!
//! Recursive descent, one method per rule of the grammar, in modules by idea. A rule that meets
//! T-SQL which the tree has no place for fails with [`Failure::Unread`], and its whole
//! statement becomes opaque; a rule that meets what is no T-SQL fails with a syntax error.

mod block;
mod bulk;
mod cursor;
mod execute;
mod expression;
mod function;
mod governor;
mod label;
mod literal;
mod maintenance;
mod merge;
mod module;
mod name;
mod opaque;
mod permission;
mod pivot;
mod principal;
mod query;
mod sequence;
mod set;
mod source;
mod statement;
mod table;
mod types;
mod write;

use std::sync::Arc;

use crate::ast::{Batch, Mention, ObjectName, Span};
use crate::error::{ParseError, ParseErrorKind};
use crate::lexer::{Flaw, Token, TokenKind, tokenize};
use crate::{MAX_EXPRESSION_HEIGHT, MAX_NESTING};

/// How many characters of an offending token an error shows.
const SHOWN: usize = 128;

/// The result of a rule.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a rule has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The text is no T-SQL.
    Invalid(ParseError),
    /// It may be T-SQL, but the tree has no place for what is named here.
    Unread(&'static str),
}

/// Reads the tokens of one batch.
pub(crate) struct Parser<'a> {
    source: &'a str,
    /// Never empty: the last one is [`TokenKind::End`].
    tokens: Vec<Token>,
    position: usize,
    /// How many rules that may contain themselves are being read.
    nesting: usize,
    /// The height of the highest expression since this was last set to zero.
    tallest: usize,
    /// How many WHILEs are being read.
    loops: usize,
    /// The variables that were named so far.
    mentions: Vec<Mention>,
    /// The objects that were named so far.
    references: Vec<ObjectName>,
    /// The sequences that were named so far.
    sequences: Vec<ObjectName>,
    /// Whether the definition of a function is being read.
    in_function: bool,
}

/// Reads a batch.
///
/// The text must not hold `GO` lines: [`crate::split_batches`] takes them out, because
/// variables and errors end with a batch. One that is left is a syntax error near `GO`. `"x"` is a
/// name: [`crate::requoted`] is for texts that are written under SET QUOTED_IDENTIFIER OFF.
///
/// # Errors
/// The first thing that is no T-SQL; then no statement of the batch may run.
pub fn parse(source: &str) -> std::result::Result<Batch, ParseError> {
    let mut parser = Parser::new(source)?;
    let statements = parser.batch().map_err(|failure| parser.invalid(failure))?;
    label::check(&statements)?;
    let Parser { mentions, references, sequences, .. } = parser;
    Ok(Batch { source: Arc::from(source), statements, mentions, references, sequences })
}

// === impl Parser ===

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str) -> std::result::Result<Parser<'a>, ParseError> {
        let tokens =
            tokenize(source).ok_or(ParseError { kind: ParseErrorKind::TooLong, line: 1 })?;
        Ok(Parser {
            source,
            tokens,
            position: 0,
            nesting: 0,
            tallest: 0,
            loops: 0,
            mentions: Vec::new(),
            references: Vec::new(),
            sequences: Vec::new(),
            in_function: false,
        })
    }

    /// The error of a rule outside any statement, where nothing can be opaque.
    pub(crate) fn invalid(&self, failure: Failure) -> ParseError {
        match failure {
            Failure::Invalid(error) => error,
            Failure::Unread(_) => self.syntax_error(),
        }
    }

    /// Reads a text that is one `rule` and nothing else.
    pub(crate) fn whole<T>(
        &mut self,
        rule: impl FnOnce(&mut Self) -> Result<T>,
    ) -> std::result::Result<T, ParseError> {
        let result = rule(self).map_err(|failure| self.invalid(failure))?;
        if self.at_end() { Ok(result) } else { Err(self.syntax_error()) }
    }

    /// Whether the text has no token at all.
    pub(crate) fn is_blank(&self) -> bool {
        self.position == 0 && self.at_end()
    }

    // --- looking ---

    fn token(&self) -> Token {
        self.peek(0)
    }

    /// The token that many ahead; the last one past the end.
    fn peek(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[last.min(self.position.saturating_add(ahead))]
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.source[token.start..token.end]
    }

    fn text(&self) -> &'a str {
        self.text_of(self.token())
    }

    fn kind(&self) -> TokenKind {
        self.token().kind
    }

    fn line(&self) -> u32 {
        self.token().line
    }

    /// The token that was taken last; the first one at the beginning.
    fn last(&self) -> Token {
        self.tokens[self.position.saturating_sub(1)]
    }

    fn last_line(&self) -> u32 {
        self.last().line
    }

    fn symbol_ahead(&self, ahead: usize, symbol: &str) -> bool {
        let token = self.peek(ahead);
        token.kind == TokenKind::Symbol && self.text_of(token) == symbol
    }

    /// Whether a word (in upper case here) stands that many tokens ahead, without quotes.
    fn word_ahead(&self, ahead: usize, word: &str) -> bool {
        let token = self.peek(ahead);
        matches!(token.kind, TokenKind::Word { .. })
            && self.text_of(token).eq_ignore_ascii_case(word)
    }

    fn at(&self, symbol: &str) -> bool {
        self.symbol_ahead(0, symbol)
    }

    fn at_word(&self, word: &str) -> bool {
        self.word_ahead(0, word)
    }

    fn at_words(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.word_ahead(ahead, word))
    }

    fn at_any_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.at_word(word))
    }

    fn at_end(&self) -> bool {
        self.kind() == TokenKind::End
    }

    /// Whether a SELECT begins here, perhaps with its common table expressions.
    fn at_query(&self) -> bool {
        self.at_any_word(&["SELECT", "WITH"])
    }

    // --- taking ---

    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.position += 1;
        }
        token
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.at(symbol);
        if found {
            self.position += 1;
        }
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        self.accept_words(&[word])
    }

    /// Takes all the words, or none.
    fn accept_words(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            self.position += words.len();
        }
        found
    }

    /// Takes one of the words, if one stands here.
    fn accept_any_word(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.accept_word(word))
    }

    fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.accept(symbol) { Ok(()) } else { self.unexpected() }
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.accept_word(word) { Ok(()) } else { self.unexpected() }
    }

    /// Reads `item, item, …`.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Reads `(item, item, …)`.
    fn parenthesized<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect("(")?;
        let items = self.list(item)?;
        self.expect(")")?;
        Ok(items)
    }

    /// Skips a token, or everything in parentheses when it opens them.
    fn skip_balanced(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        loop {
            if self.at("(") {
                depth += 1;
            } else if self.at(")") {
                depth = depth.saturating_sub(1);
            } else if matches!(self.kind(), TokenKind::End | TokenKind::Invalid(_)) {
                return self.unexpected();
            }
            self.advance();
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// The span from a token that was taken to the last one taken.
    fn span_from(&self, start: usize) -> Span {
        let end = self.position.checked_sub(1).map_or(start, |last| self.tokens[last].end);
        Span { start, end: end.max(start) }
    }

    // --- limits ---

    /// Reads a rule that may contain itself.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return self.error(ParseErrorKind::TooDeep);
        }
        self.nesting += 1;
        let result = rule(self);
        self.nesting -= 1;
        result
    }

    /// Counts a node on top of the expression that was read last.
    fn grow(&mut self) -> Result<()> {
        self.tallest += 1;
        if self.tallest > MAX_EXPRESSION_HEIGHT {
            return self.error(ParseErrorKind::TooDeep);
        }
        Ok(())
    }

    /// Reads something beside what was read before it: its height is its own.
    fn apart<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::take(&mut self.tallest);
        let result = rule(self)?;
        self.tallest = self.tallest.max(outer);
        Ok(result)
    }

    // --- errors ---

    fn error<T>(&self, kind: ParseErrorKind) -> Result<T> {
        Err(Failure::Invalid(ParseError { kind, line: self.line() }))
    }

    /// Fails because of the token that stands here.
    fn unexpected<T>(&self) -> Result<T> {
        Err(Failure::Invalid(self.syntax_error()))
    }

    /// The token that stands here, or the last one when the text has ended.
    fn offender(&self) -> Token {
        if self.at_end() { self.last() } else { self.token() }
    }

    fn syntax_error(&self) -> ParseError {
        let token = self.offender();
        let near = self.shown(token);
        let kind = match token.kind {
            TokenKind::Invalid(Flaw::UnclosedQuote) => {
                ParseErrorKind::UnclosedQuote { start: near }
            }
            TokenKind::Invalid(Flaw::UnclosedComment) => ParseErrorKind::UnclosedComment,
            TokenKind::Invalid(Flaw::LongName) => ParseErrorKind::IdentifierTooLong { start: near },
            TokenKind::Word { reserved: true } => ParseErrorKind::Keyword { near },
            _ => ParseErrorKind::Syntax { near },
        };
        ParseError { kind, line: token.line }
    }

    /// A token as errors show it: without quotes, and its beginning only.
    fn shown(&self, token: Token) -> String {
        let text = self.text_of(token);
        let text = match token.kind {
            TokenKind::Go => &text[..2],
            TokenKind::String | TokenKind::Invalid(Flaw::UnclosedQuote) => {
                let text = text.strip_prefix(['N', 'n']).unwrap_or(text);
                text.trim_matches(['\'', '"'])
            }
            TokenKind::Quoted => text.trim_matches(['[', ']', '"']),
            TokenKind::Invalid(Flaw::LongName) => text.trim_start_matches(['[', '"']),
            _ => text,
        };
        text.chars().take(SHOWN).collect()
    }
}
