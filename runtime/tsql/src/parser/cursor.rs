//! Cursors.

use super::{Failure, Parser, Result};
use crate::ast::{
    CurrentOf, CursorConcurrency, CursorDefinition, CursorModel, CursorName, DeclareCursor, Fetch,
    FetchCount, FetchDirection, Literal, Query, StatementKind,
};
use crate::lexer::TokenKind;

/// The words of a cursor's declaration.
#[derive(Default)]
struct CursorWords {
    global: Option<bool>,
    scroll: Option<bool>,
    model: Option<CursorModel>,
    concurrency: Option<CursorConcurrency>,
    type_warning: bool,
}

// === impl CursorWords ===

impl CursorWords {
    fn of(self, query: Query) -> CursorDefinition {
        CursorDefinition {
            global: self.global,
            scroll: self.scroll,
            model: self.model,
            concurrency: self.concurrency,
            type_warning: self.type_warning,
            query,
            for_update: None,
        }
    }
}

// === impl Parser ===

impl Parser<'_> {
    /// Reads `name CURSOR …` after DECLARE.
    pub(super) fn declare_cursor(&mut self) -> Result<StatementKind> {
        let name = self.identifier()?;
        let mut words = CursorWords::default();
        if self.accept_word("INSENSITIVE") {
            words.model = Some(CursorModel::Static);
        }
        if self.accept_word("SCROLL") {
            words.scroll = Some(true);
        }
        let cursor = self.cursor_definition(words)?;
        Ok(StatementKind::DeclareCursor(Box::new(DeclareCursor { name, cursor })))
    }

    /// Reads `CURSOR … FOR query`, as SET of a cursor variable has it.
    pub(super) fn cursor(&mut self) -> Result<CursorDefinition> {
        self.cursor_definition(CursorWords::default())
    }

    fn cursor_definition(&mut self, mut words: CursorWords) -> Result<CursorDefinition> {
        self.expect_word("CURSOR")?;
        while !self.accept_word("FOR") {
            self.cursor_word(&mut words)?;
        }
        let query = self.query()?;
        let mut cursor = words.of(query);
        if self.accept_word("FOR") {
            if self.accept_words(&["READ", "ONLY"]) {
                cursor.concurrency = Some(CursorConcurrency::ReadOnly);
            } else {
                self.expect_word("UPDATE")?;
                let named = self.accept_word("OF");
                cursor.for_update =
                    Some(if named { self.list(Self::identifier)? } else { Vec::new() });
            }
        }
        Ok(cursor)
    }

    fn cursor_word(&mut self, words: &mut CursorWords) -> Result<()> {
        match self.text().to_ascii_uppercase().as_str() {
            "LOCAL" => words.global = Some(false),
            "GLOBAL" => words.global = Some(true),
            "FORWARD_ONLY" => words.scroll = Some(false),
            "SCROLL" => words.scroll = Some(true),
            "STATIC" => words.model = Some(CursorModel::Static),
            "KEYSET" => words.model = Some(CursorModel::Keyset),
            "DYNAMIC" => words.model = Some(CursorModel::Dynamic),
            "FAST_FORWARD" => words.model = Some(CursorModel::FastForward),
            "READ_ONLY" => words.concurrency = Some(CursorConcurrency::ReadOnly),
            "SCROLL_LOCKS" => words.concurrency = Some(CursorConcurrency::ScrollLocks),
            "OPTIMISTIC" => words.concurrency = Some(CursorConcurrency::Optimistic),
            "TYPE_WARNING" => words.type_warning = true,
            _ => return self.unexpected(),
        }
        self.advance();
        Ok(())
    }

    /// Reads OPEN, CLOSE or DEALLOCATE.
    pub(super) fn use_cursor(
        &mut self,
        statement: impl FnOnce(CursorName) -> StatementKind,
    ) -> Result<StatementKind> {
        let verb = self.advance();
        if self.at_any_word(&["SYMMETRIC", "MASTER", "ALL"]) {
            // Keys for encryption are opened and closed too.
            return Err(Failure::Unread(match self.text_of(verb).len() {
                4 => "OPEN SYMMETRIC KEY",
                _ => "CLOSE SYMMETRIC KEY",
            }));
        }
        self.cursor_name().map(statement)
    }

    /// Reads FETCH.
    pub(super) fn fetch(&mut self) -> Result<StatementKind> {
        self.advance();
        let direction = self.fetch_direction()?;
        self.accept_word("FROM");
        let cursor = self.cursor_name()?;
        let into = if self.accept_word("INTO") { self.list(Self::variable)? } else { Vec::new() };
        Ok(StatementKind::Fetch(Box::new(Fetch { direction, cursor, into })))
    }

    fn fetch_direction(&mut self) -> Result<FetchDirection> {
        // Unless FROM or a cursor follows, the word is the cursor's own name.
        let named = !self.word_ahead(1, "FROM")
            && !self.name_ahead(1)
            && self.peek(1).kind != TokenKind::Variable
            && self.peek(1).kind != TokenKind::Number
            && !self.symbol_ahead(1, "-");
        if named {
            return Ok(FetchDirection::Next);
        }
        let direction = match self.text().to_ascii_uppercase().as_str() {
            "NEXT" => FetchDirection::Next,
            "PRIOR" => FetchDirection::Prior,
            "FIRST" => FetchDirection::First,
            "LAST" => FetchDirection::Last,
            "ABSOLUTE" => {
                self.advance();
                return Ok(FetchDirection::Absolute(self.fetch_count()?));
            }
            "RELATIVE" => {
                self.advance();
                return Ok(FetchDirection::Relative(self.fetch_count()?));
            }
            _ => return Ok(FetchDirection::Next),
        };
        self.advance();
        Ok(direction)
    }

    fn fetch_count(&mut self) -> Result<FetchCount> {
        if self.kind() == TokenKind::Variable {
            return self.variable().map(FetchCount::Variable);
        }
        match self.signed_literal()? {
            Literal::Integer(number) => Ok(FetchCount::Constant(number.into())),
            _ => self.unexpected(),
        }
    }

    fn cursor_name(&mut self) -> Result<CursorName> {
        if self.kind() == TokenKind::Variable {
            return self.variable().map(CursorName::Variable);
        }
        let global = self.at_word("GLOBAL") && self.name_ahead(1);
        if global {
            self.advance();
        }
        Ok(CursorName::Name { global, name: self.identifier()? })
    }

    /// Reads `WHERE CURRENT OF cursor` if it stands here.
    pub(super) fn current_of(&mut self) -> Result<Option<CurrentOf>> {
        if !self.at_words(&["WHERE", "CURRENT", "OF"]) {
            return Ok(None);
        }
        self.advance();
        let token = self.advance();
        self.advance();
        let cursor = self.cursor_name()?;
        Ok(Some(CurrentOf { cursor, span: self.span_from(token.start) }))
    }
}
