//! Blocks, branches and loops.

use super::{Failure, Parser, Result};
use crate::ast::{Statement, StatementKind};
use crate::error::ParseErrorKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads what begins with BEGIN.
    pub(super) fn begin(&mut self) -> Result<StatementKind> {
        self.advance();
        if self.at_any_word(&["TRANSACTION", "TRAN"]) {
            return self.begin_transaction();
        }
        if self.at_word("DISTRIBUTED") {
            return Err(Failure::Unread("BEGIN DISTRIBUTED TRANSACTION"));
        }
        if self.at_any_word(&["DIALOG", "CONVERSATION"]) {
            return Err(Failure::Unread("BEGIN DIALOG"));
        }
        if self.accept_word("TRY") {
            return self.try_catch();
        }
        let body = self.statements()?;
        if body.is_empty() {
            return self.unexpected();
        }
        self.expect_word("END")?;
        Ok(StatementKind::Block(body))
    }

    /// Reads `BEGIN … END` as the body of a function.
    pub(super) fn body(&mut self) -> Result<Vec<Statement>> {
        self.expect_word("BEGIN")?;
        let body = self.statements()?;
        self.expect_word("END")?;
        Ok(body)
    }

    fn try_catch(&mut self) -> Result<StatementKind> {
        let body = self.statements()?;
        self.expect_word("END")?;
        self.expect_word("TRY")?;
        self.accept(";");
        self.expect_word("BEGIN")?;
        self.expect_word("CATCH")?;
        let handler = self.statements()?;
        self.expect_word("END")?;
        self.expect_word("CATCH")?;
        Ok(StatementKind::TryCatch { body, handler })
    }

    pub(super) fn if_else(&mut self) -> Result<StatementKind> {
        self.advance();
        let condition = self.search_condition()?;
        let then = Box::new(self.statement()?);
        if self.at(";") && self.word_ahead(1, "ELSE") {
            self.advance();
        }
        let otherwise =
            if self.accept_word("ELSE") { Some(Box::new(self.statement()?)) } else { None };
        Ok(StatementKind::If { condition, then, otherwise })
    }

    pub(super) fn while_loop(&mut self) -> Result<StatementKind> {
        self.advance();
        let condition = self.search_condition()?;
        self.loops += 1;
        let body = Box::new(self.statement()?);
        self.loops -= 1;
        Ok(StatementKind::While { condition, body })
    }

    /// Reads BREAK or CONTINUE.
    pub(super) fn leave_loop(
        &mut self,
        statement: StatementKind,
        outside: ParseErrorKind,
    ) -> Result<StatementKind> {
        if self.loops == 0 {
            return self.error(outside);
        }
        self.advance();
        Ok(statement)
    }
}
