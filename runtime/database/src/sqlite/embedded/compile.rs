//! What SQL Server finds when it compiles a text, before any of it runs: columns that aren't there.
//!
//! A statement that names an object which isn't there, or which the text makes, is looked at when it
//! runs ("Deferred Name Resolution and Compilation").

use std::collections::BTreeSet;

use launchpod_tsql::ast::{
    Batch, Declaration, Expr, ExprKind, FunctionBody, Identifier, ObjectName, ParameterDefinition,
    Span, Statement, StatementKind, fold_name,
};
use launchpod_types::{SqlError, Value};

use super::catalog::DatabaseName;
use super::describe::bind_rows;
use super::environment::Environment;
use super::statement::into;
use super::thread::Worker;
use crate::sqlite::bind::Binder;
use crate::sqlite::system;
use crate::{Variable, Variables};

/// The errors of a name that no column has: invalid, ambiguous, of no source.
const OF_COLUMNS: [i32; 3] = [207, 209, 4104];

/// Goes through a text.
struct Compiler<'a> {
    environment: Environment<'a>,
    text: &'a Batch,
    variables: &'a Variables,
    /// The names of the tables that the text makes, folded.
    made: BTreeSet<String>,
    /// The database that a USE has named.
    database: Option<DatabaseName>,
    errors: Vec<SqlError>,
}

// === impl Worker ===

impl Worker {
    /// Names of columns that aren't there, in a batch or in the body of the procedure that it
    /// defines. `variables` are those that the text declares.
    pub(crate) fn compile(&self, text: &Batch, variables: &Variables) -> Vec<SqlError> {
        compile(self.environment(), text, variables)
    }
}

/// As [`Worker::compile`], where names are looked for as the environment says.
pub(super) fn compile(
    environment: Environment<'_>,
    text: &Batch,
    variables: &Variables,
) -> Vec<SqlError> {
    let mut made = BTreeSet::new();
    note_tables(body(text), &mut made);
    let database = None;
    let errors = Vec::new();
    let mut compiler = Compiler { environment, text, variables, made, database, errors };
    compiler.statements(body(text));
    compiler.errors
}

/// The statements of a batch, or those of the module that it defines.
fn body(text: &Batch) -> &[Statement] {
    let [Statement { kind, .. }] = text.statements.as_slice() else { return &text.statements };
    match kind {
        StatementKind::CreateProcedure(create) => &create.body,
        StatementKind::CreateFunction(create) => match &create.body {
            FunctionBody::Scalar { body, .. } | FunctionBody::Table { body, .. } => body,
            FunctionBody::Inline(_) => &[],
        },
        _ => &text.statements,
    }
}

/// The parameters and variables of a module, each NULL.
pub(super) fn declared(text: &Batch) -> Variables {
    let mut variables = Variables::new();
    let parameters: &[ParameterDefinition] = match text.statements.as_slice() {
        [Statement { kind: StatementKind::CreateProcedure(create), .. }] => &create.parameters,
        [Statement { kind: StatementKind::CreateFunction(create), .. }] => &create.parameters,
        _ => &[],
    };
    let mut declare = |name: &str, sql_type| {
        let variable = Variable { sql_type, value: Value::Null };
        variables.insert(fold_name(name), variable.into());
    };
    for parameter in parameters {
        if let Some(sql_type) = parameter.type_name.declared() {
            declare(&parameter.name, sql_type);
        }
    }
    each(body(text), &mut |statement| {
        let StatementKind::Declare(declarations) = &statement.kind else { return };
        for declaration in declarations {
            if let Declaration::Variable { name, type_name, .. } = declaration
                && let Some(sql_type) = type_name.declared()
            {
                declare(name, sql_type);
            }
        }
    });
    variables
}

/// The names of the tables that statements make.
fn note_tables(statements: &[Statement], made: &mut BTreeSet<String>) {
    each(statements, &mut |statement| {
        let name = match &statement.kind {
            StatementKind::CreateTable(create) => Some(&create.name),
            StatementKind::Select(query) => into(query),
            _ => None,
        };
        made.extend(name.map(|name| name.name.fold()));
    });
}

/// Each statement with those within it. The parser bounds how deep they are.
fn each<'a>(statements: &'a [Statement], look: &mut impl FnMut(&'a Statement)) {
    for statement in statements {
        look(statement);
        match &statement.kind {
            StatementKind::Block(body) => each(body, look),
            StatementKind::If { then, otherwise, .. } => {
                each(std::slice::from_ref(then), look);
                if let Some(otherwise) = otherwise {
                    each(std::slice::from_ref(otherwise), look);
                }
            }
            StatementKind::While { body, .. } => each(std::slice::from_ref(body), look),
            StatementKind::TryCatch { body, handler } => {
                each(body, look);
                each(handler, look);
            }
            _ => {}
        }
    }
}

// === impl Compiler ===

impl Compiler<'_> {
    fn statements(&mut self, statements: &[Statement]) {
        each(statements, &mut |statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        let line = statement.line;
        match &statement.kind {
            // USE counts when a text is compiled, too ("USE (Transact-SQL)").
            StatementKind::Use(name) => self.use_database(name),
            StatementKind::If { condition, .. } | StatementKind::While { condition, .. } => {
                self.check(condition.span, line, |binder| binder.predicate(condition).map(drop));
            }
            StatementKind::Return(Some(value)) | StatementKind::Print(value) => {
                self.value(value, line);
            }
            // A name by itself can be a cursor's.
            StatementKind::SetVariable(set) if matches!(set.value.kind, ExprKind::Column(_)) => {}
            StatementKind::SetVariable(set) => self.value(&set.value, line),
            StatementKind::Declare(declarations) => {
                for declaration in declarations {
                    if let Declaration::Variable { value: Some(value), .. } = declaration {
                        self.value(value, line);
                    }
                }
            }
            StatementKind::DeclareCursor(declare) => {
                let query = &declare.cursor.query;
                self.check(statement.span, line, |binder| binder.bind_query(query).map(drop));
            }
            kind => self.check(statement.span, line, |binder| bind_rows(binder, kind).map(drop)),
        }
    }

    fn use_database(&mut self, name: &Identifier) {
        if let Ok(Some(database)) = self.environment.catalog().database(&name.text) {
            self.database = Some(database);
        }
    }

    fn value(&mut self, value: &Expr, line: u32) {
        self.check(value.span, line, |binder| binder.value(value).map(drop));
    }

    /// Binds a part of the text, and keeps the error if it is of a column and of nothing else.
    fn check(
        &mut self,
        part: Span,
        line: u32,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<(), SqlError>,
    ) {
        let database = self.database.as_ref().unwrap_or(self.environment.database);
        let environment = Environment { database, ..self.environment };
        let bound = bind(&mut Binder::new(&environment, self.variables));
        if let Err(error) = bound
            && OF_COLUMNS.contains(&error.number())
            && self.is_settled(&environment, part)
        {
            self.errors.push(error.or_line(line));
        }
    }

    /// Whether all that a part of the text names is there before it runs.
    fn is_settled(&self, environment: &Environment<'_>, part: Span) -> bool {
        let within =
            |name: &&ObjectName| part.start <= name.span.start && name.span.end <= part.end;
        self.text.references.iter().filter(within).all(|name| {
            !name.is_temporary()
                && !name.is_global_temporary()
                && !self.made.contains(&name.name.fold())
                && (matches!(environment.object(name), Ok(Some(_)))
                    || system::view(name).is_some()
                    || self.is_builtin(name))
        })
    }

    /// Whether a name is that of a function that every database has: a user's has its schema.
    fn is_builtin(&self, name: &ObjectName) -> bool {
        let rest = self.text.source.get(name.span.end..).unwrap_or_default();
        name.schema.is_none() && rest.trim_start().starts_with('(')
    }
}
