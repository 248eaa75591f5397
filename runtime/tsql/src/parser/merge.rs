//! MERGE.

use super::{Parser, Result};
use crate::ast::{Cte, Identifier, Merge, MergeAction, MergeBranch, MergeWhen, StatementKind};
use crate::error::ParseErrorKind;
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn merge(&mut self, ctes: Vec<Cte>) -> Result<StatementKind> {
        self.expect_word("MERGE")?;
        let top = self.top()?;
        self.accept_word("INTO");
        let target = self.target()?;
        let hints = self.table_hints()?;
        let alias = self.merge_alias()?;
        self.expect_word("USING")?;
        let source = self.table_source()?;
        self.check_alias(&source)?;
        self.expect_word("ON")?;
        let condition = self.search_condition()?;
        let mut branches = Vec::new();
        while self.at_word("WHEN") {
            branches.push(self.merge_branch()?);
        }
        if branches.is_empty() {
            return self.unexpected();
        }
        let outputs = self.outputs()?;
        let options = self.query_hints()?;
        if !self.at(";") {
            return match self.kind() {
                TokenKind::End | TokenKind::Word { reserved: true } => {
                    self.error(ParseErrorKind::MergeUnterminated)
                }
                _ => self.unexpected(),
            };
        }
        Ok(StatementKind::Merge(Box::new(Merge {
            ctes,
            top,
            target,
            hints,
            alias,
            source,
            condition,
            branches,
            outputs,
            options,
        })))
    }

    fn merge_alias(&mut self) -> Result<Option<Identifier>> {
        if self.accept_word("AS") || !self.at_word("USING") {
            return self.identifier().map(Some);
        }
        Ok(None)
    }

    fn merge_branch(&mut self) -> Result<MergeBranch> {
        let line = self.line();
        self.expect_word("WHEN")?;
        let not = self.accept_word("NOT");
        self.expect_word("MATCHED")?;
        let when = match not {
            false => MergeWhen::Matched,
            true if self.accept_words(&["BY", "SOURCE"]) => MergeWhen::NotMatchedBySource,
            true => {
                self.accept_words(&["BY", "TARGET"]);
                MergeWhen::NotMatchedByTarget
            }
        };
        let condition = if self.accept_word("AND") { Some(self.search_condition()?) } else { None };
        self.expect_word("THEN")?;
        let action = self.merge_action()?;
        Ok(MergeBranch { when, condition, action, line })
    }

    fn merge_action(&mut self) -> Result<MergeAction> {
        if self.accept_word("DELETE") {
            return Ok(MergeAction::Delete);
        }
        if self.accept_word("UPDATE") {
            self.expect_word("SET")?;
            return self.list(Self::assignment).map(MergeAction::Update);
        }
        self.expect_word("INSERT")?;
        let columns = self.optional_names()?;
        if columns.is_empty() && self.accept_words(&["DEFAULT", "VALUES"]) {
            return Ok(MergeAction::Insert { columns, values: None });
        }
        self.expect_word("VALUES")?;
        let values = self.parenthesized(Self::value_or_default)?;
        Ok(MergeAction::Insert { columns, values: Some(values) })
    }
}
