//! Users' functions that run: those whose body is more than one expression.
//!
//! SQLite calls such a function for a row while the statement around it runs, on the same
//! connection, and the body's statements run within it. They only read, but for table variables,
//! which are temporary tables that the function keeps for its next call: SQLite drops none while
//! a statement runs.

use std::cell::RefCell;
use std::sync::Arc;

use launchpod_functions::cell;
use launchpod_tsql::ast::{
    CreateFunction, Declaration, Expr, FunctionBody, Identifier, ObjectName, Query, QueryBody,
    SelectItem, SetVariable, Statement, StatementKind, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::catalog::DatabaseName;
use super::environment::Environment;
use super::thread::{Caller, Job, Stop, Worker};
use crate::sqlite::bind::tree::Bound;
use crate::sqlite::bind::write::Change;
use crate::sqlite::bind::{Binder, coerce};
use crate::sqlite::security::context::{Actor, Chain};
use crate::sqlite::{errors, translate};
use crate::{ModuleOptions, Variable, Variables};

/// How deep functions call each other, as in SQL Server.
const MOST_NESTED: u32 = 32;

thread_local! {
    /// Whose statement runs on this thread, and how deep the functions within it are.
    static CALLER: RefCell<Option<(Caller, u32)>> = const { RefCell::new(None) };
}

/// A function's definition.
pub(crate) struct Program {
    pub(crate) create: CreateFunction,
    pub(crate) database: DatabaseName,
    /// The text that the definition stands in.
    pub(crate) text: String,
    /// A name that no other definition has.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) chain: Chain,
    /// Whom it runs as, when not as its caller.
    pub(crate) run_as: Option<Actor>,
    /// The options that hold in it.
    pub(crate) options: ModuleOptions,
}

/// A call that runs.
struct Frame<'p> {
    program: &'p Program,
    worker: Worker,
    job: Job,
    variables: Variables,
    depth: u32,
}

/// What comes after a statement.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Option<Bound>),
}

/// Says whose statements run on this thread from now on.
pub(crate) fn enter(caller: Caller) {
    CALLER.set(Some((caller, 0)));
}

/// The statement has ended: nothing of it is kept, so that its events end too.
pub(crate) fn leave() {
    CALLER.set(None);
}

/// Runs a function: its value, or a JSON array of arrays, the rows of a table.
pub(crate) fn call(program: &Program, arguments: &[Value]) -> Result<Value, SqlError> {
    let Some((caller, depth)) = CALLER.with_borrow(Clone::clone) else {
        return Err(errors::internal("a function is called outside a session"));
    };
    if depth >= MOST_NESTED {
        return Err(errors::nested_too_deep());
    }
    let (mut worker, job) = caller.open();
    worker.session.database = program.database.clone();
    worker.session.options = program.options.within(worker.session.options);
    worker.session.execution.enter(Some(program.chain));
    if let Some(actor) = &program.run_as {
        worker.session.execution.become_actor(actor.clone(), false, program.database.id);
    }
    CALLER.set(Some((caller.clone(), depth + 1)));
    let frame = Frame { program, worker, job, variables: Variables::new(), depth };
    let result = frame.run(arguments);
    CALLER.set(Some((caller, depth)));
    match result {
        Ok(value) => Ok(value),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Cancelled) => Err(errors::internal("the statement was stopped")),
    }
}

// === impl Frame ===

impl Frame<'_> {
    fn run(mut self, arguments: &[Value]) -> Result<Value, Stop> {
        let create = &self.program.create;
        for (parameter, value) in create.parameters.iter().zip(arguments) {
            let sql_type = self.worker.environment().declared_type(&parameter.type_name, 1)?;
            let variable = Variable { sql_type, value: value.clone() }.into();
            self.variables.insert(fold_name(&parameter.name), variable);
        }
        match &create.body {
            FunctionBody::Scalar { returns, body } => {
                let returns = self.worker.environment().declared_type(returns, 1)?;
                match self.statements(body)? {
                    Flow::Return(Some(value)) => Ok(self.converted(value, returns)?),
                    _ => Ok(Value::Null),
                }
            }
            FunctionBody::Table { variable, definition, body } => {
                let declared = Declaration::Table {
                    name: variable.clone(),
                    definition: definition.clone(),
                    line: 1,
                };
                self.declare_table(variable, &declared)?;
                self.statements(body)?;
                self.rows(variable)
            }
            FunctionBody::Inline(_) => Err(errors::internal("an inline function runs").into()),
        }
    }

    fn statements(&mut self, statements: &[Statement]) -> Result<Flow, Stop> {
        for statement in statements {
            let flow = self.statement(statement).map_err(|stop| match stop {
                Stop::Failed(error) => Stop::Failed(error.or_line(statement.line)),
                stop => stop,
            })?;
            if !matches!(flow, Flow::Next) {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow, Stop> {
        if self.job.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        match &statement.kind {
            StatementKind::Block(body) => return self.statements(body),
            StatementKind::If { condition, then, otherwise } => {
                if self.holds(condition)? {
                    return self.statement(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.statement(otherwise);
                }
            }
            StatementKind::While { condition, body } => {
                while self.holds(condition)? {
                    match self.statement(body)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        flow => return Ok(flow),
                    }
                }
            }
            StatementKind::Break => return Ok(Flow::Break),
            StatementKind::Continue => return Ok(Flow::Continue),
            StatementKind::Return(value) => return self.returned(value.as_ref()),
            StatementKind::Declare(declarations) => {
                for declaration in declarations {
                    self.declare(declaration)?;
                }
            }
            StatementKind::SetVariable(set) => self.set(set)?,
            StatementKind::Select(query) => self.assign(query)?,
            StatementKind::Insert(insert) => {
                self.change("INSERT", |binder| binder.insert(insert))?
            }
            StatementKind::Update(update) if update.sets_variables() => {
                return Err(errors::unsupported("UPDATE … SET @variable = … in a function").into());
            }
            StatementKind::Update(update) => {
                self.change("UPDATE", |binder| binder.update(update))?
            }
            StatementKind::Delete(delete) => {
                self.change("DELETE", |binder| binder.delete(delete))?
            }
            _ => {
                let name = &self.program.create.name.name.text;
                let what = format_args!("A statement in the function {name}");
                return Err(errors::unsupported(what).into());
            }
        }
        Ok(Flow::Next)
    }

    fn returned(&self, value: Option<&Expr>) -> Result<Flow, Stop> {
        let Some(value) = value else { return Ok(Flow::Return(None)) };
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).value(value)?;
        Ok(Flow::Return(Some(bound)))
    }

    fn holds(&self, condition: &Expr) -> Result<bool, SqlError> {
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).predicate(condition)?;
        Ok(environment.evaluate(&bound)? == Value::Bit(true))
    }

    fn converted(&self, bound: Bound, sql_type: SqlType) -> Result<Value, SqlError> {
        let environment: Environment<'_> = self.worker.environment();
        environment.evaluate(&coerce::implicit(bound, sql_type)?)
    }

    fn declare(&mut self, declaration: &Declaration) -> Result<(), Stop> {
        let (name, type_name, value) = match declaration {
            Declaration::Variable { name, type_name, value, .. } => (name, type_name, value),
            Declaration::Table { name, .. } => return self.declare_table(name, declaration),
            _ => return Err(errors::unsupported("This DECLARE").into()),
        };
        let sql_type = self.worker.environment().declared_type(type_name, 1)?;
        let value = match value {
            Some(value) => {
                let environment = self.worker.environment();
                let bound = Binder::new(&environment, &self.variables).value(value)?;
                self.converted(bound, sql_type)?
            }
            None => Value::Null,
        };
        self.variables.insert(fold_name(name), Variable { sql_type, value }.into());
        Ok(())
    }

    /// Makes a table variable's table, or empties that of the last call.
    fn declare_table(&mut self, name: &str, declaration: &Declaration) -> Result<(), Stop> {
        let key = fold_name(name);
        if self.variables.contains_key(&key) {
            return Ok(());
        }
        let table = format!("#{name} {} {}", self.program.key, self.depth);
        let value = Value::Text(table.clone());
        self.variables.insert(key, Variable { sql_type: SqlType::SYSNAME, value }.into());
        let whole = launchpod_tsql::ast::Span { start: 0, end: self.program.text.len() };
        let statement = Statement { kind: StatementKind::Break, span: whole, line: 1 };
        let text = self.program.text.as_str();
        let job = self.job.within(statement, text, Arc::new(self.variables.clone()));
        self.worker.declare_tables(&job, std::slice::from_ref(declaration))?;
        let name = ObjectName {
            server: None,
            database: None,
            schema: None,
            name: Identifier::new(table),
            span: whole,
            line: 1,
        };
        self.worker.truncate(&name)
    }

    fn set(&mut self, set: &SetVariable) -> Result<(), SqlError> {
        let environment = self.worker.environment();
        let mut binder = Binder::new(&environment, &self.variables);
        let mut value = binder.value(&set.value)?;
        if let Some(infix) = set.operator.binary() {
            let old = binder.variable(&set.variable)?;
            value = binder.infix(infix, old, value)?;
        }
        self.store(&set.variable, value)
    }

    fn store(&mut self, name: &str, value: Bound) -> Result<(), SqlError> {
        let key = fold_name(name);
        let known = self.variables.get(&key).map(|variable| variable.sql_type);
        let sql_type = known.ok_or_else(|| errors::undeclared_variable(name))?;
        let value = self.converted(value, sql_type)?;
        self.variables.insert(key, Variable { sql_type, value }.into());
        Ok(())
    }

    /// `SELECT @a = x, …`: the values of the last row.
    fn assign(&mut self, query: &Query) -> Result<(), Stop> {
        let QueryBody::Select(select) = &query.body else {
            return Err(errors::select_in_function().into());
        };
        let mut names = Vec::with_capacity(select.items.len());
        for item in &select.items {
            let SelectItem::Assign { variable, operator, .. } = item else {
                return Err(errors::select_in_function().into());
            };
            if operator.binary().is_some() {
                return Err(errors::unsupported("SELECT @variable += in a function").into());
            }
            names.push(variable);
        }
        let (types, mut rows) = self.query(query)?;
        let Some(last) = rows.pop() else { return Ok(()) };
        for ((name, value), sql_type) in names.into_iter().zip(last).zip(types) {
            self.store(name, Bound { nullable: true, ..Bound::constant(value, sql_type) })?;
        }
        Ok(())
    }

    /// The types of a query's columns, and its last row.
    fn query(&self, query: &Query) -> Result<(Vec<SqlType>, Vec<Vec<Value>>), Stop> {
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).bind_query(query)?;
        let types: Vec<SqlType> = bound.columns.iter().map(|column| column.sql_type).collect();
        let sql = translate::query(&bound)?;
        let mut last = Vec::new();
        self.each_row(&sql, &types, |row| {
            last = vec![row];
            Ok(())
        })?;
        Ok((types, last))
    }

    fn each_row(
        &self,
        sql: &translate::Sql,
        types: &[SqlType],
        mut each: impl FnMut(Vec<Value>) -> Result<(), SqlError>,
    ) -> Result<(), Stop> {
        sql.register(&self.worker.connection, &self.worker.registry)?;
        let failed = |error| self.worker.failed(&self.job, &error);
        let mut statement = self.worker.connection.prepare(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            let mut values = Vec::with_capacity(types.len());
            for (index, sql_type) in types.iter().enumerate() {
                values.push(cell::decode(row.get_ref(index).map_err(failed)?, *sql_type)?);
            }
            each(values)?;
        }
        Ok(())
    }

    /// A change of a table variable.
    fn change(
        &mut self,
        word: &'static str,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<Change, SqlError>,
    ) -> Result<(), Stop> {
        let environment = self.worker.environment();
        let change = bind(&mut Binder::new(&environment, &self.variables))?;
        let Change::Plain(write) = change else {
            return Err(errors::unsupported("OUTPUT in a function").into());
        };
        if !write.table.name.starts_with("#@") {
            return Err(errors::side_effect(word).into());
        }
        if write.output.is_some() {
            return Err(errors::select_in_function().into());
        }
        self.worker.run_write(&self.job, &write, word).map(|_| ())
    }

    /// The rows of a table variable as a JSON array of arrays.
    fn rows(&self, variable: &str) -> Result<Value, Stop> {
        let text = format!("SELECT * FROM {variable}");
        let batch = launchpod_tsql::parse(&text).map_err(errors::internal)?;
        let Some(StatementKind::Select(query)) = batch.statements.first().map(|first| &first.kind)
        else {
            return Err(errors::internal("a SELECT that is none").into());
        };
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).bind_query(query)?;
        let types: Vec<SqlType> = bound.columns.iter().map(|column| column.sql_type).collect();
        let mut array = String::from("[");
        self.each_row(&translate::query(&bound)?, &types, |row| {
            let cells: Vec<serde_json::Value> = row.into_iter().map(json_cell).collect();
            if array.len() > 1 {
                array.push(',');
            }
            array.push_str(&serde_json::to_string(&cells).map_err(errors::internal)?);
            Ok(())
        })?;
        array.push(']');
        Ok(Value::Text(array))
    }
}

/// A cell as JSON has it; bytes are hexadecimal digits.
fn json_cell(value: Value) -> serde_json::Value {
    use rusqlite::types::Value as Cell;
    match cell::encode(value) {
        Cell::Null => serde_json::Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Blob(bytes) => launchpod_functions::convert::hex(&bytes).into(),
    }
}
