//! Definitions of procedures, functions and views.

use super::{Failure, Parser, Result};
use crate::ast::{
    CreateFunction, CreateProcedure, CreateView, DefineAction, FunctionBody, ParameterDefinition,
    Query, QueryBody, StatementKind, same_name,
};
use crate::error::{ParseError, ParseErrorKind};
use crate::lexer::{Token, TokenKind};

// === impl Parser ===

impl Parser<'_> {
    /// Reads a definition after its CREATE or ALTER, if one stands here.
    pub(super) fn define_module(&mut self, start: Token) -> Result<Option<StatementKind>> {
        let create = self.text_of(start).eq_ignore_ascii_case("CREATE");
        let action = if create && self.accept_words(&["OR", "ALTER"]) {
            DefineAction::CreateOrAlter
        } else if create {
            DefineAction::Create
        } else {
            DefineAction::Alter
        };
        if self.accept_any_word(&["PROCEDURE", "PROC"]) {
            self.check_first(start, "CREATE/ALTER PROCEDURE")?;
            return self.procedure(action).map(Some);
        }
        if self.accept_word("FUNCTION") {
            self.check_first(start, "CREATE FUNCTION")?;
            self.in_function = true;
            return self.function(action).map(Some);
        }
        if self.accept_word("VIEW") {
            self.check_first(start, "CREATE VIEW")?;
            return self.view(action).map(Some);
        }
        if action == DefineAction::CreateOrAlter {
            return Err(Failure::Unread(""));
        }
        Ok(None)
    }

    fn procedure(&mut self, action: DefineAction) -> Result<StatementKind> {
        let name = self.object_name()?;
        if self.at(";") {
            return Err(Failure::Unread("numbered procedure"));
        }
        let parentheses = self.at("(");
        let parameters = if parentheses {
            self.parenthesized(Self::parameter)?
        } else if self.kind() == TokenKind::Variable {
            self.list(Self::parameter)?
        } else {
            Vec::new()
        };
        check_parameters(&parameters)?;
        let options = self.module_options()?;
        if self.at_words(&["FOR", "REPLICATION"]) {
            return Err(Failure::Unread("FOR REPLICATION"));
        }
        self.expect_word("AS")?;
        if self.at_words(&["EXTERNAL", "NAME"]) {
            return Err(Failure::Unread("EXTERNAL NAME"));
        }
        let body = self.statements()?;
        if body.is_empty() {
            return self.unexpected();
        }
        let procedure = CreateProcedure { action, name, parameters, options, body };
        Ok(StatementKind::CreateProcedure(Box::new(procedure)))
    }

    /// Reads `@name type [= default] [OUTPUT] …`.
    pub(crate) fn parameter(&mut self) -> Result<ParameterDefinition> {
        let token = self.token();
        let name = self.variable_name()?;
        self.accept_word("AS");
        let type_name = self.type_name()?;
        let varying = self.accept_word("VARYING");
        let nullable = self.nullability()?;
        let default = if self.accept("=") { Some(self.argument_value()?) } else { None };
        let output = self.accept_any_word(&["OUTPUT", "OUT"]);
        let read_only = self.accept_word("READONLY");
        // One that is READONLY is of a table type, and may be handed on.
        let table = if read_only { None } else { Some(false) };
        self.declared(&name, table, token.line);
        Ok(ParameterDefinition {
            name,
            type_name,
            varying,
            nullable,
            default,
            output,
            read_only,
            span: self.span_from(token.start),
            line: token.line,
        })
    }

    /// Reads `WITH option, …` if it stands here, each in upper case.
    fn module_options(&mut self) -> Result<Vec<String>> {
        if !self.accept_word("WITH") {
            return Ok(Vec::new());
        }
        self.list(|parser| {
            let mut words = Vec::new();
            loop {
                let body = parser.at_any_word(&["AS", "BEGIN", "RETURN"]);
                // `EXECUTE AS OWNER` is one option; another AS begins the body.
                let execute_as =
                    matches!(words.last().map(String::as_str), Some("EXECUTE" | "EXEC"));
                if body && !execute_as {
                    break;
                }
                match parser.kind() {
                    TokenKind::Word { .. } | TokenKind::String => {
                        words.push(parser.text().to_ascii_uppercase());
                        parser.advance();
                    }
                    _ => break,
                }
            }
            // Whether a function is put into the queries that call it: what it returns is the same.
            if words == ["INLINE"] {
                parser.expect("=")?;
                if !parser.accept_any_word(&["ON", "OFF"]) {
                    return parser.unexpected();
                }
            }
            if words.is_empty() { parser.unexpected() } else { Ok(words.join(" ")) }
        })
    }

    fn function(&mut self, action: DefineAction) -> Result<StatementKind> {
        let name = self.object_name()?;
        self.expect("(")?;
        let parameters = if self.at(")") { Vec::new() } else { self.list(Self::parameter)? };
        check_parameters(&parameters)?;
        self.expect(")")?;
        self.expect_word("RETURNS")?;
        let (options, body) = if self.accept_word("TABLE") {
            let options = self.function_options()?;
            self.expect_word("RETURN")?;
            (options, FunctionBody::Inline(Box::new(self.query()?)))
        } else if self.kind() == TokenKind::Variable {
            let line = self.line();
            let variable = self.variable_name()?;
            self.declared(&variable, Some(true), line);
            self.expect_word("TABLE")?;
            let definition = self.table_definition()?;
            let options = self.function_options()?;
            let body = self.body()?;
            (options, FunctionBody::Table { variable, definition, body })
        } else {
            let returns = self.type_name()?;
            let options = self.function_options()?;
            let body = self.body()?;
            (options, FunctionBody::Scalar { returns, body })
        };
        let function = CreateFunction { action, name, parameters, options, body };
        Ok(StatementKind::CreateFunction(Box::new(function)))
    }

    fn function_options(&mut self) -> Result<Vec<String>> {
        let options = self.module_options()?;
        self.accept_word("AS");
        if self.at_words(&["EXTERNAL", "NAME"]) {
            return Err(Failure::Unread("EXTERNAL NAME"));
        }
        Ok(options)
    }

    /// A view's query makes no table.
    fn refuse_into(&mut self, query: &Query, from: usize) -> Result<()> {
        let mut body = &query.body;
        while let QueryBody::SetOperation { operands, .. } = body
            && let Some(first) = operands.first()
        {
            body = first;
        }
        let QueryBody::Select(select) = body else { return Ok(()) };
        if select.into.is_none() {
            return Ok(());
        }
        self.position = from;
        while !self.at_word("INTO") {
            self.advance();
        }
        self.unexpected()
    }

    pub(super) fn view(&mut self, action: DefineAction) -> Result<StatementKind> {
        let name = self.object_name()?;
        let columns = self.optional_names()?;
        let options = self.module_options()?;
        self.expect_word("AS")?;
        let into = self.position;
        let query = Box::new(self.query()?);
        self.refuse_into(&query, into)?;
        let check_option = self.accept_words(&["WITH", "CHECK", "OPTION"]);
        let view = CreateView { action, name, columns, options, query, check_option };
        Ok(StatementKind::CreateView(Box::new(view)))
    }
}

/// # Errors
/// 134 when two parameters have one name.
fn check_parameters(parameters: &[ParameterDefinition]) -> Result<()> {
    for (place, parameter) in parameters.iter().enumerate() {
        if parameters[..place].iter().any(|known| same_name(&known.name, &parameter.name)) {
            let kind = ParseErrorKind::VariableTwice { name: parameter.name.clone() };
            return Err(Failure::Invalid(ParseError { kind, line: parameter.line }));
        }
    }
    Ok(())
}
