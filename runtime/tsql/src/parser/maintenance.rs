//! Statements that look after a database: statistics, indexes, DBCC.

use super::{Failure, Parser, Result};
use crate::ast::{AlterIndex, Dbcc, Literal, StatementKind};
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads `STATISTICS table [name | (names)] [WITH …]` after UPDATE.
    pub(super) fn update_statistics(&mut self) -> Result<StatementKind> {
        self.expect_word("STATISTICS")?;
        let table = self.object_name()?;
        if self.at("(") {
            self.skip_balanced()?;
        } else if self.name_ahead(0) && !self.at_label() {
            self.advance();
        }
        self.options_with()?;
        Ok(StatementKind::Maintain(Some(table)))
    }

    /// Reads `STATISTICS name ON table (columns) [WHERE …] [WITH …]` after CREATE.
    pub(super) fn create_statistics(&mut self) -> Result<StatementKind> {
        self.identifier()?;
        self.expect_word("ON")?;
        let table = self.object_name()?;
        self.parenthesized(Self::identifier)?;
        self.where_clause()?;
        self.options_with()?;
        Ok(StatementKind::Maintain(Some(table)))
    }

    /// Reads `INDEX name ON table REBUILD [WITH (…)]` after ALTER.
    pub(super) fn alter_index(&mut self) -> Result<StatementKind> {
        let index = if self.accept_word("ALL") { None } else { Some(self.identifier()?) };
        self.expect_word("ON")?;
        let table = self.object_name()?;
        if !self.accept_any_word(&["REBUILD", "REORGANIZE"]) {
            // DISABLE and SET change what queries may do.
            return Err(Failure::Unread("ALTER INDEX"));
        }
        if self.accept_words(&["PARTITION"]) {
            return Err(Failure::Unread("ALTER INDEX … PARTITION"));
        }
        self.options_with()?;
        Ok(StatementKind::AlterIndex(AlterIndex { index, table }))
    }

    /// Reads `CHECKPOINT [seconds]`.
    pub(super) fn checkpoint(&mut self) -> Result<StatementKind> {
        self.advance();
        if self.kind() == TokenKind::Number {
            self.advance();
        }
        Ok(StatementKind::Maintain(None))
    }

    /// Reads `DBCC command (arguments) [WITH options]`.
    pub(super) fn dbcc(&mut self) -> Result<StatementKind> {
        self.advance();
        if !matches!(self.kind(), TokenKind::Word { .. }) {
            return self.unexpected();
        }
        let command = self.text().to_ascii_uppercase();
        self.advance();
        let arguments =
            if self.at("(") { self.parenthesized(Self::dbcc_argument)? } else { Vec::new() };
        let quiet = self.word_ahead(1, "NO_INFOMSGS");
        self.options_with()?;
        Ok(StatementKind::Dbcc(Dbcc { command, arguments, quiet }))
    }

    fn dbcc_argument(&mut self) -> Result<Literal> {
        if self.name_ahead(0) {
            let text = self.object_name()?.to_string();
            return Ok(Literal::String { text, unicode: true });
        }
        self.signed_literal()
    }

    /// Skips `WITH option, …` and `WITH (options)`.
    fn options_with(&mut self) -> Result<()> {
        // A common table expression begins with WITH and a name, AS or a parenthesis after it.
        let expression = self.word_ahead(2, "AS") || self.symbol_ahead(2, "(");
        if expression || !self.accept_word("WITH") {
            return Ok(());
        }
        if self.at("(") {
            return self.skip_balanced();
        }
        self.list(|parser| {
            if !matches!(parser.kind(), TokenKind::Word { .. }) {
                return parser.unexpected();
            }
            parser.advance();
            // SAMPLE 10 PERCENT, MAXDOP = 2
            if parser.accept("=") || parser.kind() == TokenKind::Number {
                parser.advance();
                parser.accept_any_word(&["PERCENT", "ROWS"]);
            }
            Ok(())
        })?;
        Ok(())
    }
}
