//! Names.

use super::{Parser, Result};
use crate::ast::{Identifier, Mention, MentionKind, ObjectName};
use crate::error::ParseErrorKind;
use crate::lexer::TokenKind;

/// How many parts a name has at most.
const MAX_PARTS: usize = 4;

// === impl Parser ===

impl Parser<'_> {
    /// Whether a name stands that many tokens ahead.
    pub(super) fn name_ahead(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead).kind, TokenKind::Word { reserved: false } | TokenKind::Quoted)
    }

    /// Whether a label (`name:`) stands here.
    pub(super) fn at_label(&self) -> bool {
        self.name_ahead(0) && self.symbol_ahead(1, ":")
    }

    pub(crate) fn identifier(&mut self) -> Result<Identifier> {
        if !self.name_ahead(0) {
            return self.unexpected();
        }
        if matches!(self.text(), "[]" | "\"\"") {
            return self.error(ParseErrorKind::EmptyName);
        }
        Ok(self.any_identifier())
    }

    /// Takes the token that stands here as a name, reserved or not.
    pub(super) fn any_identifier(&mut self) -> Identifier {
        let token = self.advance();
        let text = self.text_of(token);
        if token.kind != TokenKind::Quoted {
            return Identifier::new(text);
        }
        // A quoted token has its two quotes, so the slice exists.
        let inner = text.get(1..text.len() - 1).unwrap_or_default();
        let text = if text.starts_with('[') {
            inner.replace("]]", "]")
        } else {
            inner.replace("\"\"", "\"")
        };
        Identifier { text, quoted: true }
    }

    /// Reads `@name` where the value of a variable is read or set.
    pub(super) fn variable(&mut self) -> Result<String> {
        self.mentioned(MentionKind::Scalar)
    }

    /// Reads `@name` where a table variable stands.
    pub(super) fn table_variable(&mut self) -> Result<String> {
        self.mentioned(MentionKind::Table)
    }

    fn mentioned(&mut self, kind: MentionKind) -> Result<String> {
        let line = self.line();
        let name = self.variable_name()?;
        self.mentions.push(Mention { name: name.clone(), kind, line });
        Ok(name)
    }

    /// Reads `@name` where it names no variable that must have been declared before.
    pub(super) fn variable_name(&mut self) -> Result<String> {
        if self.kind() != TokenKind::Variable {
            return self.unexpected();
        }
        let token = self.advance();
        Ok(self.text_of(token).to_owned())
    }

    /// Notes a declaration: what is named after it may be this.
    pub(super) fn declared(&mut self, name: &str, table: Option<bool>, line: u32) {
        let kind = MentionKind::Declaration { table };
        self.mentions.push(Mention { name: name.to_owned(), kind, line });
    }

    /// Reads a name of up to four parts.
    pub(super) fn object_name(&mut self) -> Result<ObjectName> {
        let token = self.token();
        let mut parts: Vec<Option<Identifier>> = Vec::with_capacity(1);
        loop {
            if self.name_ahead(0) {
                parts.push(Some(self.identifier()?));
                if !self.at(".") || self.symbol_ahead(1, "*") {
                    break;
                }
            } else if self.at(".") && parts.len() < MAX_PARTS - 1 {
                // A part that is left out: `database..name`.
                parts.push(None);
            } else {
                return self.unexpected();
            }
            if parts.len() == MAX_PARTS {
                return self.unexpected();
            }
            self.advance();
        }
        let mut parts = parts.into_iter().rev();
        let Some(name) = parts.next().flatten() else {
            return self.unexpected();
        };
        let schema = parts.next().flatten();
        let database = parts.next().flatten();
        let server = parts.next().flatten();
        Ok(ObjectName {
            server,
            database,
            schema,
            name,
            span: self.span_from(token.start),
            line: token.line,
        })
    }

    /// Reads the name of an object that the batch uses.
    pub(super) fn used_object(&mut self) -> Result<ObjectName> {
        let name = self.object_name()?;
        self.references.push(name.clone());
        Ok(name)
    }

    /// Whether a name that ends in `.*` stands here.
    pub(super) fn at_table_star(&self) -> bool {
        let mut ahead = 0;
        for _ in 0..MAX_PARTS {
            // A part may be left out: `database..name.*`.
            if self.name_ahead(ahead) {
                ahead += 1;
            }
            if ahead == 0 || !self.symbol_ahead(ahead, ".") {
                return false;
            }
            ahead += 1;
            if self.symbol_ahead(ahead, "*") {
                return true;
            }
        }
        false
    }

    /// Reads `(name, name, …)` if it stands here; empty otherwise.
    pub(super) fn optional_names(&mut self) -> Result<Vec<Identifier>> {
        if self.at("(") { self.parenthesized(Self::identifier) } else { Ok(Vec::new()) }
    }
}
