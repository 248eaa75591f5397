//! Logins, users and roles.

use super::{Failure, Parser, Result};
use crate::ast::{
    ExecutionContext, Literal, LoginChange, LoginOption, PasswordOption, PasswordValue,
    PrincipalKind, RoleChange, Security, StatementKind, UserLogin, UserOption,
};
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads `LOGIN …`, `USER …`, `[SERVER] ROLE …` after CREATE, if one stands here.
    pub(super) fn create_principal(&mut self) -> Result<Option<StatementKind>> {
        let Some(kind) = self.principal_kind() else { return Ok(None) };
        let name = self.identifier()?;
        let security = match kind {
            PrincipalKind::Login => {
                if !self.at_words(&["WITH", "PASSWORD"]) {
                    return Err(Failure::Unread("FROM"));
                }
                self.advance();
                let options = self.list(Self::login_option)?;
                Security::CreateLogin { name, options }
            }
            PrincipalKind::User => {
                let login = if self.accept_words(&["WITHOUT", "LOGIN"]) {
                    UserLogin::None
                } else if self.accept_any_word(&["FOR", "FROM"]) {
                    if !self.accept_word("LOGIN") {
                        return Err(Failure::Unread("FROM"));
                    }
                    UserLogin::Named(self.identifier()?)
                } else {
                    UserLogin::Same
                };
                let with = self.accept_word("WITH");
                let options = if with { self.list(Self::user_option)? } else { Vec::new() };
                Security::CreateUser { name, login, options }
            }
            PrincipalKind::Role | PrincipalKind::ServerRole => {
                let authorized = self.accept_word("AUTHORIZATION");
                let owner = if authorized { Some(self.identifier()?) } else { None };
                let server = kind == PrincipalKind::ServerRole;
                Security::CreateRole { server, name, owner }
            }
        };
        Ok(Some(StatementKind::Security(Box::new(security))))
    }

    /// Reads `LOGIN …`, `USER …`, `[SERVER] ROLE …` after ALTER, if one stands here.
    pub(super) fn alter_principal(&mut self) -> Result<Option<StatementKind>> {
        let Some(kind) = self.principal_kind() else { return Ok(None) };
        let name = self.identifier()?;
        let security = match kind {
            PrincipalKind::Login => {
                let change = if self.accept_word("ENABLE") {
                    LoginChange::Enabled(true)
                } else if self.accept_word("DISABLE") {
                    LoginChange::Enabled(false)
                } else if self.accept_word("WITH") {
                    LoginChange::Options(self.list(Self::login_option)?)
                } else {
                    return Err(Failure::Unread("CREDENTIAL"));
                };
                Security::AlterLogin { name, change }
            }
            PrincipalKind::User => {
                self.expect_word("WITH")?;
                Security::AlterUser { name, options: self.list(Self::user_option)? }
            }
            PrincipalKind::Role | PrincipalKind::ServerRole => {
                let change = if self.accept_words(&["ADD", "MEMBER"]) {
                    RoleChange::Add(self.identifier()?)
                } else if self.accept_words(&["DROP", "MEMBER"]) {
                    RoleChange::Remove(self.identifier()?)
                } else {
                    self.expect_word("WITH")?;
                    self.expect_word("NAME")?;
                    self.expect("=")?;
                    RoleChange::Name(self.identifier()?)
                };
                Security::AlterRole { server: kind == PrincipalKind::ServerRole, name, change }
            }
        };
        Ok(Some(StatementKind::Security(Box::new(security))))
    }

    /// Reads `LOGIN …`, `USER …`, `[SERVER] ROLE …` after DROP, if one stands here.
    pub(super) fn drop_principal(&mut self) -> Result<Option<StatementKind>> {
        let Some(kind) = self.principal_kind() else { return Ok(None) };
        let if_exists = self.accept_words(&["IF", "EXISTS"]);
        let name = self.identifier()?;
        let security = Security::DropPrincipal { kind, if_exists, name };
        Ok(Some(StatementKind::Security(Box::new(security))))
    }

    fn principal_kind(&mut self) -> Option<PrincipalKind> {
        if self.accept_word("LOGIN") {
            Some(PrincipalKind::Login)
        } else if self.accept_words(&["SERVER", "ROLE"]) {
            Some(PrincipalKind::ServerRole)
        } else if self.accept_word("USER") {
            Some(PrincipalKind::User)
        } else if self.accept_word("ROLE") {
            Some(PrincipalKind::Role)
        } else {
            None
        }
    }

    fn login_option(&mut self) -> Result<LoginOption> {
        if self.at_any_word(&["CREDENTIAL", "NO"]) {
            return Err(Failure::Unread("CREDENTIAL"));
        }
        let word = self.assigned_word()?;
        Ok(match word.as_str() {
            "PASSWORD" => LoginOption::Password(self.password()?),
            "SID" => LoginOption::Sid(self.binary()?),
            "NAME" => LoginOption::Name(self.identifier()?),
            "DEFAULT_DATABASE" => LoginOption::DefaultDatabase(self.identifier()?),
            "DEFAULT_LANGUAGE" => LoginOption::DefaultLanguage(self.identifier()?),
            "CHECK_POLICY" => LoginOption::CheckPolicy(self.on_or_off()?),
            "CHECK_EXPIRATION" => LoginOption::CheckExpiration(self.on_or_off()?),
            _ => return self.unexpected(),
        })
    }

    fn user_option(&mut self) -> Result<UserOption> {
        let word = self.assigned_word()?;
        Ok(match word.as_str() {
            "DEFAULT_SCHEMA" if self.accept_word("NULL") => UserOption::DefaultSchema(None),
            "DEFAULT_SCHEMA" => UserOption::DefaultSchema(Some(self.identifier()?)),
            "NAME" => UserOption::Name(self.identifier()?),
            "LOGIN" => UserOption::Login(self.identifier()?),
            "PASSWORD" | "DEFAULT_LANGUAGE" | "SID" | "ALLOW_ENCRYPTED_VALUE_MODIFICATIONS" => {
                return Err(Failure::Unread("user option (PASSWORD, SID, DEFAULT_LANGUAGE)"));
            }
            _ => return self.unexpected(),
        })
    }

    /// Reads `WORD =`, the word in upper case.
    fn assigned_word(&mut self) -> Result<String> {
        if !matches!(self.kind(), TokenKind::Word { .. }) {
            return self.unexpected();
        }
        let word = self.text().to_ascii_uppercase();
        if !self.symbol_ahead(1, "=") {
            return self.unexpected();
        }
        self.advance();
        self.advance();
        Ok(word)
    }

    fn password(&mut self) -> Result<PasswordOption> {
        let value = match self.kind() {
            TokenKind::Binary => {
                let hash = self.binary()?;
                self.expect_word("HASHED")?;
                PasswordValue::Hashed(hash)
            }
            _ => PasswordValue::Text(self.string()?),
        };
        let mut option = PasswordOption { value, old: None, must_change: false, unlock: false };
        loop {
            if self.at_word("OLD_PASSWORD") && self.symbol_ahead(1, "=") {
                self.advance();
                self.advance();
                option.old = Some(self.string()?);
            } else if self.accept_word("MUST_CHANGE") {
                option.must_change = true;
            } else if self.accept_word("UNLOCK") {
                option.unlock = true;
            } else {
                return Ok(option);
            }
        }
    }

    fn binary(&mut self) -> Result<Vec<u8>> {
        match self.kind() {
            TokenKind::Binary => match self.literal()? {
                Literal::Binary(bytes) => Ok(bytes),
                _ => self.unexpected(),
            },
            _ => self.unexpected(),
        }
    }

    fn on_or_off(&mut self) -> Result<bool> {
        if self.accept_word("ON") {
            return Ok(true);
        }
        self.expect_word("OFF").map(|()| false)
    }

    // --- the execution context ---

    /// Reads `AS …` after EXECUTE, as a statement.
    pub(super) fn execute_as(&mut self) -> Result<StatementKind> {
        self.expect_word("AS")?;
        let context = if self.accept_word("CALLER") {
            ExecutionContext::Caller
        } else {
            self.named_context()?
        };
        let (mut no_revert, mut cookie) = (false, None);
        if self.accept_words(&["WITH", "NO", "REVERT"]) {
            no_revert = true;
        } else if self.accept_words(&["WITH", "COOKIE", "INTO"]) {
            cookie = Some(self.variable()?);
        }
        let security = Security::ExecuteAs { context, no_revert, cookie };
        Ok(StatementKind::Security(Box::new(security)))
    }

    /// Reads `LOGIN = 'name'` or `USER = 'name'`.
    pub(super) fn named_context(&mut self) -> Result<ExecutionContext> {
        let login = self.accept_word("LOGIN");
        if !login {
            self.expect_word("USER")?;
        }
        self.expect("=")?;
        if self.kind() == TokenKind::Variable {
            return Err(Failure::Unread("EXECUTE AS @variable"));
        }
        let name = self.string()?;
        Ok(if login { ExecutionContext::Login(name) } else { ExecutionContext::User(name) })
    }

    pub(super) fn revert(&mut self) -> Result<StatementKind> {
        self.advance();
        let cookie = if self.accept_words(&["WITH", "COOKIE"]) {
            self.expect("=")?;
            Some(self.variable()?)
        } else {
            None
        };
        Ok(StatementKind::Security(Box::new(Security::Revert { cookie })))
    }
}
