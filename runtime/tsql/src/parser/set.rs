//! DECLARE and SET.

use super::{Failure, Parser, Result};
use crate::ast::{Declaration, SetOption, SetValue, SetVariable, StatementKind};
use crate::lexer::TokenKind;

/// The SET options whose name has two words, by the first.
const TWO_WORDS: &[&str] = &["STATISTICS", "OFFSETS"];

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn declare(&mut self) -> Result<StatementKind> {
        self.expect_word("DECLARE")?;
        if self.name_ahead(0) {
            return self.declare_cursor();
        }
        let declarations = self.list(Self::declaration)?;
        // A declaration's value can't name another variable of the same DECLARE.
        for declaration in &declarations {
            match declaration {
                Declaration::Variable { name, type_name, line, .. } => {
                    let built_in = type_name.declared().is_some();
                    self.declared(name, built_in.then_some(false), *line);
                }
                Declaration::Cursor { name, line } => self.declared(name, Some(false), *line),
                Declaration::Table { name, line, .. } => self.declared(name, Some(true), *line),
            }
        }
        Ok(StatementKind::Declare(declarations))
    }

    fn declaration(&mut self) -> Result<Declaration> {
        let line = self.line();
        let name = self.variable_name()?;
        self.accept_word("AS");
        if self.accept_word("TABLE") {
            let definition = self.table_definition()?;
            return Ok(Declaration::Table { name, definition, line });
        }
        if self.accept_word("CURSOR") {
            return Ok(Declaration::Cursor { name, line });
        }
        let type_name = self.type_name()?;
        let value = if self.accept("=") { Some(self.value()?) } else { None };
        Ok(Declaration::Variable { name, type_name, value, line })
    }

    /// Reads SET of a variable or of options.
    pub(super) fn set(&mut self) -> Result<StatementKind> {
        self.expect_word("SET")?;
        if self.kind() != TokenKind::Variable {
            return self.set_option().map(StatementKind::SetOption);
        }
        let variable = self.variable()?;
        if self.at(".") || self.at("::") {
            return Err(Failure::Unread("method of a variable"));
        }
        let Some(operator) = self.assign_operator() else {
            return self.unexpected();
        };
        if self.at_word("CURSOR") {
            let cursor = Box::new(self.cursor()?);
            return Ok(StatementKind::SetCursor { variable, cursor });
        }
        let value = self.value()?;
        Ok(StatementKind::SetVariable(SetVariable { variable, operator, value }))
    }

    fn set_option(&mut self) -> Result<SetOption> {
        if self.accept_words(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
            let names = vec!["TRANSACTION ISOLATION LEVEL".to_owned()];
            let mut level = self.option_word()?;
            if matches!(level.as_str(), "READ" | "REPEATABLE") {
                level = format!("{level} {}", self.option_word()?);
            }
            return Ok(SetOption { names, object: None, value: SetValue::Words(level) });
        }
        if self.accept_word("IDENTITY_INSERT") {
            let names = vec!["IDENTITY_INSERT".to_owned()];
            let object = Some(self.object_name()?);
            return Ok(SetOption { names, object, value: self.set_value()? });
        }
        let first = self.option_word()?;
        let names = if TWO_WORDS.contains(&first.as_str()) {
            self.list(|parser| Ok(format!("{first} {}", parser.option_word()?)))?
        } else {
            let mut names = vec![first];
            while self.accept(",") {
                names.push(self.option_word()?);
            }
            names
        };
        Ok(SetOption { names, object: None, value: self.set_value()? })
    }

    /// Takes a word, reserved or not, in upper case.
    fn option_word(&mut self) -> Result<String> {
        if !matches!(self.kind(), TokenKind::Word { .. }) {
            return self.unexpected();
        }
        let token = self.advance();
        Ok(self.text_of(token).to_ascii_uppercase())
    }

    fn set_value(&mut self) -> Result<SetValue> {
        if self.accept_word("ON") {
            return Ok(SetValue::On);
        }
        if self.accept_word("OFF") {
            return Ok(SetValue::Off);
        }
        if self.kind() == TokenKind::Variable {
            return self.variable().map(SetValue::Variable);
        }
        if self.name_ahead(0) {
            return Ok(SetValue::Words(self.any_identifier().text.to_ascii_uppercase()));
        }
        self.signed_literal().map(SetValue::Literal)
    }
}
