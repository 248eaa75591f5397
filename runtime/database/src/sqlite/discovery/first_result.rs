//! The first result set of a text: every path through its control flow is followed to the first
//! statement that returns rows, and what they return has to agree.
//!
//! "sp_describe_first_result_set (Transact-SQL)", Remarks, says what agrees; the errors' texts
//! are those of "Database Engine events and errors (11000 to 12999)".

use std::sync::Arc;

use launchpod_tsql::ast::{
    Argument, ArgumentValue, Declaration, Execute, ExecuteText, ExprKind, Literal, ObjectName,
    ProcedureName, ResultSet, ResultSets, Statement, StatementKind, fold_name,
};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::{declare, declared};
use crate::sqlite::bind::tree::QueryColumn;
use crate::sqlite::embedded::describe::result_columns;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::{errors, system};
use crate::{Variable, Variables};

/// How deep procedures are followed, as deep as they may call each other.
const MOST_NESTED: u32 = 32;

/// A text that is analysed.
struct Text<'a> {
    environment: &'a Environment<'a>,
    source: &'a str,
    /// The procedure that it is; empty for a batch.
    procedure: &'a str,
    variables: Variables,
    depth: u32,
}

/// What may be the first result set.
struct Candidate {
    columns: Vec<QueryColumn>,
    /// The statement that returns it, as it is written.
    statement: String,
    /// The procedure that this stands in; empty for the batch.
    procedure: String,
}

/// Where the paths through some statements lead.
#[derive(Default)]
struct Paths {
    found: Vec<Candidate>,
    /// Whether one of them goes on behind the statements without a result set.
    goes_on: bool,
}

/// The columns of a batch's first result set; none when it returns none.
///
/// # Errors
/// When a statement can't be bound; 11509 to 11514 and 11523 to 11528 when the result set isn't
/// determined.
pub(super) fn columns(
    environment: &Environment<'_>,
    batch: &str,
    parameters: &str,
) -> Result<Vec<QueryColumn>, SqlError> {
    let variables = declared(parameters)?;
    let text = Text { environment, source: batch, procedure: "", variables, depth: 0 };
    let mut found = text.paths()?.found.into_iter();
    let Some(mut first) = found.next() else { return Ok(Vec::new()) };
    found.try_for_each(|other| first.join(&other))?;
    Ok(first.columns)
}

// === impl Text ===

impl Text<'_> {
    fn paths(mut self) -> Result<Paths, SqlError> {
        if self.depth > MOST_NESTED {
            return Err(errors::nested_too_deep());
        }
        let batch = launchpod_tsql::parse(self.source).map_err(SqlError::from)?;
        self.statements(&batch.statements)
    }

    /// The text's statements, or those of a procedure.
    fn statements(&mut self, statements: &[Statement]) -> Result<Paths, SqlError> {
        let mut paths = Paths { goes_on: true, ..Paths::default() };
        for statement in statements {
            let next = self.statement(statement)?;
            paths.found.extend(next.found);
            if !next.goes_on {
                paths.goes_on = false;
                break;
            }
        }
        Ok(paths)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Paths, SqlError> {
        let go_on = Paths { goes_on: true, ..Paths::default() };
        match &statement.kind {
            StatementKind::Block(body) => self.statements(body),
            StatementKind::If { then, otherwise, .. } => {
                let then = self.statement(then)?;
                let otherwise = match otherwise {
                    Some(otherwise) => self.statement(otherwise)?,
                    None => go_on,
                };
                Ok(then.or(otherwise))
            }
            StatementKind::While { body, .. } => Ok(self.statement(body)?.or(go_on)),
            StatementKind::TryCatch { body, handler } => {
                Ok(self.statements(body)?.or(self.statements(handler)?))
            }
            StatementKind::Return(_) | StatementKind::Throw(_) => Ok(Paths::default()),
            StatementKind::Declare(declarations) => {
                declarations.iter().try_for_each(|declaration| self.declaration(declaration))?;
                Ok(go_on)
            }
            StatementKind::CreateTable(create) if create.name.is_temporary() => {
                Err(self.error(statement, (11525, 11526), TEMPORARY))
            }
            StatementKind::Execute(execute) => self.execute(statement, execute),
            StatementKind::ExecuteText(execute) => self.execute_text(statement, execute),
            kind => {
                let columns = result_columns(self.environment, &self.variables, kind);
                let columns = columns.map_err(|error| error.or_line(statement.line))?;
                Ok(columns.map_or(go_on, |columns| self.found(statement, columns)))
            }
        }
    }

    fn declaration(&mut self, declaration: &Declaration) -> Result<(), SqlError> {
        let Declaration::Variable { name, type_name, .. } = declaration else {
            return Err(errors::unsupported("A table variable in a batch that is described"));
        };
        let sql_type = self.environment.declared_type(type_name, 1)?;
        let variable = Variable { sql_type, value: Value::Null };
        self.variables.insert(fold_name(name), Arc::new(variable));
        Ok(())
    }

    /// A result set that a statement returns.
    fn found(&self, statement: &Statement, columns: Vec<QueryColumn>) -> Paths {
        let statement = self.shown(statement);
        let candidate = Candidate { columns, statement, procedure: self.procedure.to_owned() };
        Paths { found: vec![candidate], goes_on: false }
    }

    fn execute(&self, statement: &Statement, execute: &Execute) -> Result<Paths, SqlError> {
        if let Some(paths) = self.stated(statement, &execute.result_sets)? {
            return Ok(paths);
        }
        let ProcedureName::Name(name) = &execute.procedure else {
            return Err(self.error(statement, (11513, 11514), DYNAMIC));
        };
        if let Some(procedure) = system::procedure(name) {
            let mut text = self.called(&procedure.name, "");
            for parameter in &procedure.parameters {
                declare(&mut text.variables, parameter)?;
            }
            return text.statements(&procedure.body);
        }
        match fold_name(&name.name.text).as_str() {
            "sp_executesql" => {
                let text = self.argument(execute, 0, "@stmt");
                let parameters = self.argument(execute, 1, "@params").unwrap_or_default();
                let Some(text) = text else {
                    return Err(self.error(statement, (11513, 11514), DYNAMIC));
                };
                let variables = declared(&parameters)?;
                Text { variables, ..self.called(self.procedure, &text) }.paths()
            }
            _ => self.users_procedure(statement, name),
        }
    }

    /// A procedure of a user's; one that the interpreter has itself doesn't say what it returns.
    fn users_procedure(&self, statement: &Statement, name: &ObjectName) -> Result<Paths, SqlError> {
        let Some(module) = self.environment.meant_module(name)? else {
            return Err(self.error(statement, (11527, 11528), UNSUPPORTED));
        };
        let batch = launchpod_tsql::parse(&module.definition).map_err(SqlError::from)?;
        let Some(StatementKind::CreateProcedure(create)) =
            batch.statements.first().map(|first| &first.kind)
        else {
            return Err(errors::no_procedure(&name.to_string()));
        };
        if module.name == self.procedure {
            return Err(self.error(statement, (11523, 11524), RECURSION));
        }
        let environment = Environment { database: &module.database, ..*self.environment };
        let mut text =
            Text { environment: &environment, ..self.called(&module.name, &module.definition) };
        if text.depth > MOST_NESTED {
            return Err(errors::nested_too_deep());
        }
        for parameter in &create.parameters {
            declare(&mut text.variables, parameter)?;
        }
        text.statements(&create.body)
    }

    fn execute_text(
        &self,
        statement: &Statement,
        execute: &ExecuteText,
    ) -> Result<Paths, SqlError> {
        if let Some(paths) = self.stated(statement, &execute.result_sets)? {
            return Ok(paths);
        }
        match &execute.text.kind {
            ExprKind::Literal(Literal::String { text, .. }) => {
                self.called(self.procedure, text).paths()
            }
            _ => Err(self.error(statement, (11513, 11514), DYNAMIC)),
        }
    }

    /// What WITH RESULT SETS says of a call.
    fn stated(
        &self,
        statement: &Statement,
        result_sets: &ResultSets,
    ) -> Result<Option<Paths>, SqlError> {
        match result_sets {
            ResultSets::Unspecified | ResultSets::Undefined => Ok(None),
            ResultSets::None => Ok(Some(Paths { goes_on: true, ..Paths::default() })),
            ResultSets::Defined(sets) => {
                let Some(ResultSet::Columns(columns)) = sets.first() else {
                    return Err(self.error(statement, (11527, 11528), UNSUPPORTED));
                };
                let column = |column: &launchpod_tsql::ast::ResultColumn| {
                    let type_name = &column.type_name;
                    Ok(QueryColumn {
                        name: column.name.text.clone(),
                        sql_type: self.environment.declared_type(type_name, 1)?,
                        nullable: column.nullable,
                        identity: false,
                    })
                };
                let columns = columns.iter().map(column).collect::<Result<_, SqlError>>()?;
                Ok(Some(self.found(statement, columns)))
            }
        }
    }

    /// A constant argument of a call, by its place or name.
    fn argument(&self, execute: &Execute, place: usize, name: &str) -> Option<String> {
        let by_name = |argument: &&Argument| {
            argument.name.as_ref().is_some_and(|given| fold_name(given) == name)
        };
        let positional = |argument: &&Argument| argument.name.is_none();
        let named = execute.arguments.iter().find(by_name);
        let argument = named.or_else(|| execute.arguments.get(place).filter(positional))?;
        match &argument.value {
            ArgumentValue::Literal(Literal::String { text, .. }) => Some(text.clone()),
            _ => None,
        }
    }

    /// A text that this one calls.
    fn called<'t>(&'t self, procedure: &'t str, source: &'t str) -> Text<'t> {
        Text {
            environment: self.environment,
            source,
            procedure,
            variables: Variables::new(),
            depth: self.depth + 1,
        }
    }

    fn shown(&self, statement: &Statement) -> String {
        statement.span.text(self.source).trim_end_matches(';').trim().to_owned()
    }

    /// That a statement hides its result set: the errors' numbers in a batch and in a procedure.
    fn error(&self, statement: &Statement, numbers: (i32, i32), reason: [&str; 2]) -> SqlError {
        let shown = self.shown(statement);
        let (number, place, reason) = match self.procedure {
            "" => (numbers.0, String::new(), reason[0]),
            procedure => (numbers.1, format!(" in procedure '{procedure}'"), reason[1]),
        };
        let text = format!(
            "The metadata could not be determined because statement '{shown}'{place} {reason}"
        );
        SqlError::new(number, text)
    }
}

/// The ends of messages: in a batch, and in a procedure.
const DYNAMIC: [&str; 2] = ["contains dynamic SQL. Consider using the WITH RESULT SETS clause to \
    explicitly describe the result set."; 2];
const TEMPORARY: [&str; 2] = [
    "uses a temp table.  Metadata discovery only supports temp tables when analyzing a \
     single-statement batch.",
    "uses a temp table.",
];
const RECURSION: [&str; 2] = ["causes indirect recursion."; 2];
const UNSUPPORTED: [&str; 2] = ["does not support metadata discovery."; 2];

// === impl Paths ===

impl Paths {
    /// The paths of either.
    fn or(mut self, other: Paths) -> Paths {
        self.found.extend(other.found);
        Paths { goes_on: self.goes_on || other.goes_on, ..self }
    }
}

// === impl Candidate ===

impl Candidate {
    /// Takes in what another path returns.
    fn join(&mut self, other: &Candidate) -> Result<(), SqlError> {
        if self.columns.len() != other.columns.len() {
            return Err(self.differs(other));
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for (mine, theirs) in self.columns.iter().zip(&other.columns) {
            let sql_type = wider(mine.sql_type, theirs.sql_type);
            let name = if mine.name == theirs.name { mine.name.clone() } else { String::new() };
            columns.push(QueryColumn {
                name,
                sql_type: sql_type.ok_or_else(|| self.differs(other))?,
                nullable: mine.nullable || theirs.nullable,
                identity: mine.identity && theirs.identity,
            });
        }
        self.columns = columns;
        Ok(())
    }

    fn differs(&self, other: &Candidate) -> SqlError {
        let place = |candidate: &Candidate, batch: &str| match candidate.procedure.as_str() {
            "" => format!("'{}'{batch}", candidate.statement),
            procedure => format!("'{}' in procedure '{procedure}'", candidate.statement),
        };
        let (number, batch) = match (self.procedure.is_empty(), other.procedure.is_empty()) {
            (true, true) => (11509, ""),
            (true, false) => (11510, " in the main batch"),
            (false, true) => (11511, " in the main batch"),
            (false, false) => (11512, ""),
        };
        let (mine, theirs) = (place(self, batch), place(other, batch));
        SqlError::new(
            number,
            format!(
                "The metadata could not be determined because the statement {mine} is not \
                 compatible with the statement {theirs}."
            ),
        )
    }
}

/// The type that has the values of both; `None` when they don't agree.
fn wider(one: SqlType, other: SqlType) -> Option<SqlType> {
    let longer = |one: Length, other: Length| match (one, other) {
        (Length::Limited(one), Length::Limited(other)) => Length::Limited(one.max(other)),
        _ => Length::Max,
    };
    match (one, other) {
        (SqlType::VarChar(a), SqlType::VarChar(b)) => Some(SqlType::VarChar(longer(a, b))),
        (SqlType::NVarChar(a), SqlType::NVarChar(b)) => Some(SqlType::NVarChar(longer(a, b))),
        (SqlType::VarBinary(a), SqlType::VarBinary(b)) => Some(SqlType::VarBinary(longer(a, b))),
        _ => (one == other).then_some(one),
    }
}
