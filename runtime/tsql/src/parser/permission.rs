//! GRANT, DENY and REVOKE, and owners.

use super::{Parser, Result};
use crate::ast::{
    PermissionChange, PermissionName, PermissionVerb, SecurableName, Security, StatementKind,
};
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads GRANT, DENY or REVOKE.
    pub(super) fn permission_change(&mut self) -> Result<StatementKind> {
        let verb = match self.text().to_ascii_uppercase().as_str() {
            "GRANT" => PermissionVerb::Grant,
            "DENY" => PermissionVerb::Deny,
            _ => PermissionVerb::Revoke,
        };
        self.advance();
        let mut grant_option =
            verb == PermissionVerb::Revoke && self.accept_words(&["GRANT", "OPTION", "FOR"]);
        let permissions = self.list(Self::permission)?;
        let on = if self.accept_word("ON") { Some(self.securable()?) } else { None };
        if !(self.accept_word("TO") || (verb == PermissionVerb::Revoke && self.accept_word("FROM")))
        {
            return self.unexpected();
        }
        let principals = self.list(|parser| {
            if parser.at_word("PUBLIC") { Ok(parser.any_identifier()) } else { parser.identifier() }
        })?;
        if verb == PermissionVerb::Grant {
            grant_option = self.accept_words(&["WITH", "GRANT", "OPTION"]);
        }
        let cascade = verb != PermissionVerb::Grant && self.accept_word("CASCADE");
        let grantor = if self.accept_word("AS") { Some(self.identifier()?) } else { None };
        let change =
            PermissionChange { verb, permissions, on, principals, grant_option, cascade, grantor };
        Ok(StatementKind::Security(Box::new(Security::Permission(change))))
    }

    fn permission(&mut self) -> Result<PermissionName> {
        let mut words: Vec<String> = Vec::new();
        while matches!(self.kind(), TokenKind::Word { .. })
            && !self.at_any_word(&["ON", "TO", "FROM"])
        {
            words.push(self.text().to_ascii_uppercase());
            self.advance();
        }
        let Some(first) = words.first_mut() else { return self.unexpected() };
        if first == "EXEC" {
            *first = "EXECUTE".to_owned();
        }
        let mut name = words.join(" ");
        if name == "ALL PRIVILEGES" {
            name.truncate("ALL".len());
        }
        Ok(PermissionName { name, columns: self.optional_names()? })
    }

    /// Reads `[class::]name [(columns)]`.
    fn securable(&mut self) -> Result<SecurableName> {
        let words =
            (0..).take_while(|ahead| matches!(self.peek(*ahead).kind, TokenKind::Word { .. }));
        let words = words.count();
        let class = if self.symbol_ahead(words, "::") {
            let class: Vec<String> = (0..words)
                .map(|ahead| self.text_of(self.peek(ahead)).to_ascii_uppercase())
                .collect();
            self.position += words + 1;
            Some(class.join(" "))
        } else {
            None
        };
        let name = self.object_name()?;
        Ok(SecurableName { class, name, columns: self.optional_names()? })
    }

    /// Reads `AUTHORIZATION ON …` after ALTER.
    pub(super) fn alter_authorization(&mut self) -> Result<StatementKind> {
        self.expect_word("ON")?;
        let on = self.securable()?;
        self.expect_word("TO")?;
        let to =
            if self.accept_words(&["SCHEMA", "OWNER"]) { None } else { Some(self.identifier()?) };
        Ok(StatementKind::Security(Box::new(Security::AlterAuthorization { on, to })))
    }
}
