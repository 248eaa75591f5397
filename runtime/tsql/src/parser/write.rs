//! INSERT, UPDATE and DELETE.

use super::function::column;
use super::{Failure, Parser, Result};
use crate::ast::{
    AssignOperator, Assignment, Cte, Delete, Insert, InsertSource, Output, SelectItem,
    StatementKind, Target, Update,
};
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn insert(&mut self, ctes: Vec<Cte>) -> Result<StatementKind> {
        self.expect_word("INSERT")?;
        if self.at_word("BULK") {
            return self.insert_bulk();
        }
        let top = self.top()?;
        self.accept_word("INTO");
        let target = self.target()?;
        let hints = self.table_hints()?;
        let columns = if self.at("(") && !self.at_query_in_parentheses() {
            self.parenthesized(Self::identifier)?
        } else {
            Vec::new()
        };
        let outputs = self.outputs()?;
        let source = self.insert_source()?;
        let options = self.query_hints()?;
        Ok(StatementKind::Insert(Box::new(Insert {
            ctes,
            top,
            target,
            hints,
            columns,
            outputs,
            source,
            options,
        })))
    }

    /// Whether a query stands after one or more opening parentheses.
    fn at_query_in_parentheses(&self) -> bool {
        let mut ahead = 0;
        while self.symbol_ahead(ahead, "(") {
            ahead += 1;
        }
        self.word_ahead(ahead, "SELECT") || self.word_ahead(ahead, "WITH")
    }

    fn insert_source(&mut self) -> Result<InsertSource> {
        if self.accept_words(&["DEFAULT", "VALUES"]) {
            return Ok(InsertSource::DefaultValues);
        }
        if self.accept_word("VALUES") {
            return Ok(InsertSource::Values(self.rows_of_values()?));
        }
        if self.at_any_word(&["EXEC", "EXECUTE"]) {
            return Ok(match self.execute()? {
                StatementKind::Execute(execute) => InsertSource::Execute(execute),
                StatementKind::ExecuteText(execute) => InsertSource::ExecuteText(execute),
                _ => return Err(Failure::Unread("EXECUTE AS")),
            });
        }
        if self.at_query() || self.at("(") {
            return Ok(InsertSource::Query(Box::new(self.query()?)));
        }
        self.unexpected()
    }

    pub(super) fn update(&mut self, ctes: Vec<Cte>) -> Result<StatementKind> {
        self.expect_word("UPDATE")?;
        if self.at_word("STATISTICS") {
            return self.update_statistics();
        }
        let top = self.top()?;
        let target = self.target()?;
        let hints = self.table_hints()?;
        self.expect_word("SET")?;
        let assignments = self.list(Self::assignment)?;
        let outputs = self.outputs()?;
        let from = self.sources()?;
        let current_of = self.current_of()?;
        let filter = self.where_clause()?;
        let options = self.query_hints()?;
        Ok(StatementKind::Update(Box::new(Update {
            ctes,
            top,
            target,
            hints,
            assignments,
            outputs,
            from,
            filter,
            current_of,
            options,
        })))
    }

    pub(super) fn assignment(&mut self) -> Result<Assignment> {
        let line = self.line();
        let variable =
            if self.kind() == TokenKind::Variable { Some(self.variable()?) } else { None };
        let mut column_name = None;
        // `@v = column = value` assigns to both.
        let both = variable.is_some()
            && self.at("=")
            && self.name_ahead(1)
            && self.assignment_follows_column();
        if both {
            self.advance();
        }
        if variable.is_none() || both {
            let name = self.object_name()?;
            if self.at("(") {
                return Err(Failure::Unread("UPDATE … SET column.method()"));
            }
            column_name = Some(column(name));
        }
        let Some(operator) = self.assign_operator() else {
            return self.unexpected();
        };
        let value = self.value_or_default()?;
        Ok(Assignment { variable, column: column_name, operator, value, line })
    }

    /// Whether a column and an assignment stand after the `=` here.
    fn assignment_follows_column(&self) -> bool {
        let mut ahead = 1;
        while self.name_ahead(ahead) && self.symbol_ahead(ahead + 1, ".") {
            ahead += 2;
        }
        let operator = self.peek(ahead + 1);
        operator.kind == TokenKind::Symbol && assign_operator(self.text_of(operator)).is_some()
    }

    pub(super) fn delete(&mut self, ctes: Vec<Cte>) -> Result<StatementKind> {
        self.expect_word("DELETE")?;
        let top = self.top()?;
        self.accept_word("FROM");
        let target = self.target()?;
        let hints = self.table_hints()?;
        let outputs = self.outputs()?;
        let from = self.sources()?;
        let current_of = self.current_of()?;
        let filter = self.where_clause()?;
        let options = self.query_hints()?;
        Ok(StatementKind::Delete(Box::new(Delete {
            ctes,
            top,
            target,
            hints,
            outputs,
            from,
            filter,
            current_of,
            options,
        })))
    }

    pub(super) fn target(&mut self) -> Result<Target> {
        let line = self.line();
        if self.kind() == TokenKind::Variable {
            return Ok(Target::Variable { name: self.table_variable()?, line });
        }
        for name in ["OPENROWSET", "OPENQUERY", "OPENDATASOURCE"] {
            if self.at_word(name) {
                return Err(Failure::Unread(name));
            }
        }
        self.used_object().map(Target::Table)
    }

    pub(super) fn outputs(&mut self) -> Result<Vec<Output>> {
        let mut outputs = Vec::new();
        while self.accept_word("OUTPUT") {
            let items: Vec<SelectItem> = self.list(Self::select_item)?;
            let (into, columns) = if self.accept_word("INTO") {
                (Some(self.target()?), self.optional_names()?)
            } else {
                (None, Vec::new())
            };
            outputs.push(Output { items, into, columns });
        }
        Ok(outputs)
    }

    /// Takes `=`, `+=` and their kin.
    pub(super) fn assign_operator(&mut self) -> Option<AssignOperator> {
        if self.kind() != TokenKind::Symbol {
            return None;
        }
        let operator = assign_operator(self.text())?;
        self.advance();
        Some(operator)
    }
}

fn assign_operator(symbol: &str) -> Option<AssignOperator> {
    Some(match symbol {
        "=" => AssignOperator::Assign,
        "+=" => AssignOperator::Add,
        "-=" => AssignOperator::Subtract,
        "*=" => AssignOperator::Multiply,
        "/=" => AssignOperator::Divide,
        "%=" => AssignOperator::Modulo,
        "&=" => AssignOperator::BitAnd,
        "|=" => AssignOperator::BitOr,
        "^=" => AssignOperator::BitXor,
        _ => return None,
    })
}
