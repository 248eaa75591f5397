//! EXEC.

use super::{Parser, Result};
use crate::ast::{
    Argument, ArgumentValue, BinaryOperator, Execute, ExecuteText, Expr, ExprKind, Literal,
    ProcedureName, ResultColumn, ResultSet, ResultSets, StatementKind,
};
use crate::error::ParseErrorKind;
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads EXEC in all its forms.
    pub(super) fn execute(&mut self) -> Result<StatementKind> {
        self.advance();
        if self.at_word("AS") {
            return self.execute_as();
        }
        if self.at("(") {
            return self.execute_text();
        }
        let return_variable = if self.kind() == TokenKind::Variable && self.symbol_ahead(1, "=") {
            let variable = self.variable()?;
            self.expect("=")?;
            Some(variable)
        } else {
            None
        };
        self.call_procedure(return_variable)
    }

    /// Reads a call from the procedure's name on; EXEC may be left out before it.
    pub(super) fn call_procedure(
        &mut self,
        return_variable: Option<String>,
    ) -> Result<StatementKind> {
        let procedure = if self.kind() == TokenKind::Variable {
            ProcedureName::Variable(self.variable()?)
        } else {
            ProcedureName::Name(self.used_object()?)
        };
        let number = if self.at(";") && self.peek(1).kind == TokenKind::Number {
            self.advance();
            let Ok(number) = u16::try_from(self.whole_number()?) else {
                return self.unexpected();
            };
            Some(number)
        } else {
            None
        };
        let arguments = self.arguments()?;
        let mut execute = Execute {
            return_variable,
            procedure,
            number,
            arguments,
            recompile: false,
            result_sets: ResultSets::Unspecified,
        };
        if self.accept_word("WITH") {
            self.list(|parser| {
                if parser.accept_word("RECOMPILE") {
                    execute.recompile = true;
                } else {
                    execute.result_sets = parser.result_sets()?;
                }
                Ok(())
            })?;
        }
        Ok(StatementKind::Execute(Box::new(execute)))
    }

    fn arguments(&mut self) -> Result<Vec<Argument>> {
        let mut arguments: Vec<Argument> = Vec::new();
        if !self.at_argument() {
            return Ok(arguments);
        }
        loop {
            let argument = self.procedure_argument()?;
            if argument.name.is_none() && arguments.last().is_some_and(|last| last.name.is_some()) {
                let position = arguments.len() + 1;
                return self.error(ParseErrorKind::PositionalAfterNamed { position });
            }
            arguments.push(argument);
            if !self.accept(",") {
                return Ok(arguments);
            }
        }
    }

    fn at_argument(&self) -> bool {
        matches!(self.kind(), TokenKind::Variable | TokenKind::GlobalVariable)
            || self.at_literal()
            || self.at("-")
            || self.at("+")
            || self.at_word("DEFAULT")
            || (self.name_ahead(0) && !self.at_label())
    }

    fn procedure_argument(&mut self) -> Result<Argument> {
        let token = self.token();
        let name = if token.kind == TokenKind::Variable && self.symbol_ahead(1, "=") {
            let name = self.variable_name()?;
            self.expect("=")?;
            Some(name)
        } else {
            None
        };
        let value = self.argument_value()?;
        let output = self.at_any_word(&["OUTPUT", "OUT"]);
        if output {
            if !matches!(value, ArgumentValue::Variable(_)) {
                return self.error(ParseErrorKind::OutputConstant);
            }
            self.advance();
        }
        let span = self.span_from(token.start);
        Ok(Argument { name, value, output, span, line: token.line })
    }

    /// Reads what a call or a parameter's default may give: no expression.
    pub(super) fn argument_value(&mut self) -> Result<ArgumentValue> {
        let token = self.token();
        Ok(match token.kind {
            TokenKind::Variable => ArgumentValue::Variable(self.variable()?),
            TokenKind::GlobalVariable => {
                self.advance();
                ArgumentValue::GlobalVariable(self.text_of(token).to_owned())
            }
            _ if self.accept_word("DEFAULT") => ArgumentValue::Default,
            _ if self.name_ahead(0) || self.at_any_word(&["ON", "OFF"]) => {
                let text = self.any_identifier().text;
                ArgumentValue::Literal(Literal::String { text, unicode: true })
            }
            _ => ArgumentValue::Literal(self.signed_literal()?),
        })
    }

    /// Reads `('text' + @more, values) [AS …] [AT server] [WITH …]`.
    fn execute_text(&mut self) -> Result<StatementKind> {
        self.expect("(")?;
        let text = self.text_parts()?;
        let arguments = if self.accept(",") { self.arguments()? } else { Vec::new() };
        self.expect(")")?;
        let run_as = if self.accept_word("AS") { Some(self.named_context()?) } else { None };
        let at = if self.accept_word("AT") { Some(self.identifier()?) } else { None };
        let result_sets =
            if self.accept_word("WITH") { self.result_sets()? } else { ResultSets::Unspecified };
        Ok(StatementKind::ExecuteText(Box::new(ExecuteText {
            text,
            arguments,
            run_as,
            at,
            result_sets,
        })))
    }

    /// Reads string constants and variables with `+` between them.
    fn text_parts(&mut self) -> Result<Expr> {
        let start = self.token();
        self.apart(|parser| {
            let mut text = parser.text_part()?;
            while parser.accept("+") {
                let right = Box::new(parser.text_part()?);
                parser.grow()?;
                let (operator, left) = (BinaryOperator::Add, Box::new(text));
                text = parser.expr(ExprKind::Binary { operator, left, right }, start);
            }
            Ok(text)
        })
    }

    fn text_part(&mut self) -> Result<Expr> {
        let token = self.token();
        let kind = match token.kind {
            TokenKind::Variable => ExprKind::Variable(self.variable()?),
            TokenKind::String => ExprKind::Literal(self.literal()?),
            _ => return self.unexpected(),
        };
        Ok(self.expr(kind, token))
    }

    /// Reads `RESULT SETS …`.
    fn result_sets(&mut self) -> Result<ResultSets> {
        self.expect_word("RESULT")?;
        self.expect_word("SETS")?;
        if self.accept_word("UNDEFINED") {
            return Ok(ResultSets::Undefined);
        }
        if self.accept_word("NONE") {
            return Ok(ResultSets::None);
        }
        self.parenthesized(Self::result_set).map(ResultSets::Defined)
    }

    fn result_set(&mut self) -> Result<ResultSet> {
        if self.accept_words(&["AS", "OBJECT"]) {
            return self.object_name().map(ResultSet::Object);
        }
        if self.accept_words(&["AS", "TYPE"]) {
            return self.object_name().map(ResultSet::Type);
        }
        if self.accept_words(&["AS", "FOR", "XML"]) {
            return Ok(ResultSet::ForXml);
        }
        self.parenthesized(Self::result_column).map(ResultSet::Columns)
    }

    fn result_column(&mut self) -> Result<ResultColumn> {
        let name = self.identifier()?;
        let type_name = self.type_name()?;
        let collation = self.collation()?;
        let nullable = self.nullability()?.unwrap_or(true);
        Ok(ResultColumn { name, type_name, collation, nullable })
    }
}
