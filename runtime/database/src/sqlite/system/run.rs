//! EXEC of a system procedure.
//!
//! Its text has SELECT, IF, DECLARE, SET, EXEC of another or of a text, RAISERROR with a number,
//! and RETURN.

use std::sync::Arc;

use launchpod_tsql::ast::{
    Argument, ArgumentValue, Declaration, Execute, Expr, ObjectName, ParameterDefinition,
    ProcedureName, RaiseError, SetVariable, Statement, StatementKind, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::{SystemProcedure, changes, locks, messages, ranges};
use crate::sqlite::bind::expression::{literal, unknown_type};
use crate::sqlite::bind::tree::Bound;
use crate::sqlite::bind::{Binder, coerce};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::thread::{Job, Stop, Worker};
use crate::sqlite::errors;
use crate::{Event, Variable, Variables, options};

/// The procedure that takes values of a sequence, which is no change that could be rolled back.
const SEQUENCE_RANGE: &str = "sp_sequence_get_range";

/// A procedure that runs.
struct Call<'a> {
    worker: &'a mut Worker,
    job: &'a Job,
    variables: Variables,
}

// === impl Worker ===

impl Worker {
    /// `EXEC procedure`: yields its result sets and its return status, or a function's value.
    ///
    /// # Errors
    /// 2812 when the database has no procedure of that name itself, and no function either.
    pub(crate) fn call(&mut self, job: &Job, execute: &Execute) -> Result<(), Stop> {
        let name = called(execute, &job.execute.variables)?;
        if self.set_session_context(job, &name.name.text, &execute.arguments)? {
            return self.send(job, Event::ReturnStatus(0));
        }
        let missing = |_| errors::no_procedure(&name.to_string());
        let database = self.environment().database_of(&name).map_err(missing)?;
        let Some(procedure) = super::procedure(&name) else {
            return self.call_function(job, &name, &execute.arguments);
        };
        let callers = std::mem::replace(&mut self.session.database, database);
        let set = std::mem::replace(&mut self.session.options, options::INITIAL);
        let result = self.call_here(job, procedure, &execute.arguments);
        self.session.options = set;
        self.session.database = callers;
        if result.is_err() && locks::of(&procedure.name).is_some() {
            self.send(job, Event::ReturnStatus(locks::FAILED))?;
        }
        let (status, variables) = result?;
        let wanted = execute.arguments.iter().enumerate().filter(|(_, argument)| argument.output);
        for (output, (place, argument)) in wanted.enumerate() {
            let named = argument.name.as_deref();
            let positional = || procedure.parameters.get(place).map(|known| known.name.as_str());
            let parameter = named.or_else(positional).map(fold_name);
            if let Some(value) = parameter.and_then(|name| variables.get(&name)) {
                let value = Variable::clone(value);
                self.send(job, Event::Output { place: output, value })?;
            }
        }
        self.send(job, Event::ReturnStatus(status))
    }

    /// Runs a procedure in the current database, and what it does that no text can say; its
    /// return status, and its variables.
    fn call_here(
        &mut self,
        job: &Job,
        procedure: &SystemProcedure,
        given: &[Argument],
    ) -> Result<(i32, Variables), Stop> {
        if let Some(lock) = locks::of(&procedure.name).filter(|_| !job.execute.describe) {
            let (status, variables) = self.run_procedure(job, procedure, given)?;
            let status = if status == 0 { lock(self, job, &variables)? } else { status };
            return Ok((status, variables));
        }
        if procedure.name == SEQUENCE_RANGE && !job.execute.describe {
            let (status, mut variables) = self.run_procedure(job, procedure, given)?;
            ranges::take(self, &mut variables)
                .map_err(|error| Stop::from(error.or_line(1)).within(&procedure.name))?;
            return Ok((status, variables));
        }
        let Some(change) = changes::of(&procedure.name).filter(|_| !job.execute.describe) else {
            return self.run_procedure(job, procedure, given);
        };
        let mut left = Variables::new();
        self.change(job, false, |worker, job| {
            let (_, variables) = worker.run_procedure(job, procedure, given)?;
            change(worker, &variables)
                .map_err(|error| Stop::from(error).within(&procedure.name))?;
            left = variables;
            Ok(())
        })?;
        if procedure.name == "sp_rename" {
            self.send(job, Event::Message(messages::message(15477, &[])))?;
        }
        Ok((0, left))
    }

    /// Runs a procedure's text in the current database; its return status, and its variables.
    fn run_procedure(
        &mut self,
        job: &Job,
        procedure: &SystemProcedure,
        given: &[Argument],
    ) -> Result<(i32, Variables), Stop> {
        let (name, parameters) = (&procedure.name, &procedure.parameters);
        let mut variables = arguments(&self.environment(), job, name, parameters, given)?;
        for (name, variable) in job.execute.variables.iter() {
            if name.starts_with("@@") {
                variables.insert(name.clone(), variable.clone());
            }
        }
        let mut call = Call { worker: self, job, variables };
        let status = call.statements(&procedure.body);
        let status = status.map_err(|stop| stop.within(&procedure.name))?;
        Ok((status.unwrap_or(0), call.variables))
    }
}

// === impl Call ===

impl Call<'_> {
    /// Runs statements up to a RETURN, whose status it gives.
    fn statements(&mut self, statements: &[Statement]) -> Result<Option<i32>, Stop> {
        for statement in statements {
            if let Some(status) = self.statement(statement)? {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Option<i32>, Stop> {
        match &statement.kind {
            StatementKind::Select(query) => {
                let environment = self.worker.environment();
                let bound = Binder::of_system(&environment, &self.variables).bind_query(query)?;
                self.worker.select_bound(self.job, &bound)?;
            }
            StatementKind::Block(body) => return self.statements(body),
            StatementKind::If { condition, then, otherwise } => {
                if self.holds(condition)? {
                    return self.statement(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.statement(otherwise);
                }
            }
            StatementKind::Declare(declarations) => {
                for declaration in declarations {
                    self.declare(declaration)?;
                }
            }
            StatementKind::SetVariable(set) => self.set(set)?,
            StatementKind::Execute(execute) => {
                let job = self.job.with_variables(Arc::new(self.variables.clone()));
                let name = called(execute, &self.variables)?;
                let missing = || errors::no_procedure(&name.to_string());
                let procedure = super::procedure(&name).ok_or_else(missing)?;
                self.worker.run_procedure(&job, procedure, &execute.arguments)?;
            }
            StatementKind::ExecuteText(execute) => self.execute_text(&execute.text)?,
            StatementKind::RaiseError(raise) => self.raise(raise)?,
            StatementKind::Return(None) => return Ok(Some(0)),
            StatementKind::Return(Some(status)) => {
                return Ok(Some(match self.value(status, SqlType::Int)? {
                    // The value was converted to int.
                    Value::Int(status) => status as i32,
                    _ => 0,
                }));
            }
            _ => return Err(errors::internal("a procedure's text has another statement").into()),
        }
        Ok(None)
    }

    /// `EXEC ('text')`: statements that the database runs.
    fn execute_text(&mut self, text: &Expr) -> Result<(), Stop> {
        let Value::Text(text) = self.value(text, SqlType::NVARCHAR_MAX)? else {
            return Ok(());
        };
        let batch = launchpod_tsql::parse(&text).map_err(SqlError::from)?;
        for statement in batch.statements {
            let job = self.job.within(statement.clone(), &text, Arc::default());
            self.worker.dispatch(&job, &statement.kind)?;
        }
        Ok(())
    }

    fn holds(&self, condition: &Expr) -> Result<bool, SqlError> {
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).predicate(condition)?;
        Ok(environment.evaluate(&bound)? == Value::Bit(true))
    }

    fn value(&self, value: &Expr, sql_type: SqlType) -> Result<Value, SqlError> {
        let environment = self.worker.environment();
        let bound = Binder::new(&environment, &self.variables).value(value)?;
        converted(&environment, bound, sql_type)
    }

    fn declare(&mut self, declaration: &Declaration) -> Result<(), SqlError> {
        let Declaration::Variable { name, type_name, value, .. } = declaration else {
            return Err(errors::internal("a procedure's text has a table variable"));
        };
        let sql_type = type_name.declared().ok_or_else(|| unknown_type(1, type_name))?;
        let value = match value {
            Some(value) => self.value(value, sql_type)?,
            None => Value::Null,
        };
        self.variables.insert(fold_name(name), Variable { sql_type, value }.into());
        Ok(())
    }

    fn set(&mut self, set: &SetVariable) -> Result<(), SqlError> {
        let key = fold_name(&set.variable);
        let known = self.variables.get(&key).map(|variable| variable.sql_type);
        let sql_type = known.ok_or_else(|| errors::undeclared_variable(&set.variable))?;
        let value = self.value(&set.value, sql_type)?;
        self.variables.insert(key, Variable { sql_type, value }.into());
        Ok(())
    }

    /// `RAISERROR (number, -1, -1, arguments…)`: one that is no error is sent at once.
    fn raise(&mut self, raise: &RaiseError) -> Result<(), Stop> {
        let Value::Int(number) = self.value(&raise.message, SqlType::Int)? else {
            return Err(errors::internal("a procedure's text raises no number").into());
        };
        let mut arguments = Vec::with_capacity(raise.arguments.len());
        for argument in &raise.arguments {
            arguments.push(match self.value(argument, SqlType::NVARCHAR_MAX)? {
                Value::Text(text) => text,
                _ => "(null)".to_owned(),
            });
        }
        // Numbers of messages are ints.
        let message = messages::message(number as i32, &arguments);
        if message.is_error() {
            return Err(SqlError(Box::new(message)).into());
        }
        self.worker.send(self.job, Event::Message(message))
    }
}

/// The name of what is called.
fn called(execute: &Execute, variables: &Variables) -> Result<ObjectName, SqlError> {
    let variable = match &execute.procedure {
        ProcedureName::Name(name) => return Ok(name.clone()),
        ProcedureName::Variable(variable) => variable,
    };
    let held = variables.get(&fold_name(variable)).map(|variable| &variable.value);
    let Some(Value::Text(text)) = held else { return Err(errors::no_procedure("")) };
    let unread = || errors::no_procedure(text);
    let batch = launchpod_tsql::parse(&format!("EXEC {text}")).map_err(|_| unread())?;
    match batch.statements.as_slice() {
        [Statement { kind: StatementKind::Execute(execute), .. }] => match &execute.procedure {
            ProcedureName::Name(name) => Ok(name.clone()),
            ProcedureName::Variable(_) => Err(unread()),
        },
        _ => Err(unread()),
    }
}

/// The parameters with the values of their arguments or defaults.
///
/// # Errors
/// 8144 for too many arguments, 8145 for one that no parameter takes, 119 for one without a name
/// after one with a name, 201 for a parameter without a value, 8114 for a value that isn't of its
/// type.
pub(crate) fn arguments(
    environment: &Environment<'_>,
    job: &Job,
    procedure: &str,
    parameters: &[ParameterDefinition],
    arguments: &[Argument],
) -> Result<Variables, SqlError> {
    if arguments.len() > parameters.len() {
        return Err(errors::too_many_arguments(procedure));
    }
    let named = |name: &str| {
        parameters.iter().position(|parameter| fold_name(&parameter.name) == fold_name(name))
    };
    let mut given: Vec<Option<&Argument>> = vec![None; parameters.len()];
    let mut by_name = false;
    for (place, argument) in arguments.iter().enumerate() {
        let place = match &argument.name {
            Some(name) => {
                by_name = true;
                named(name).ok_or_else(|| errors::not_a_parameter(name, procedure))?
            }
            None if by_name => return Err(errors::positional_after_named(place + 1)),
            None => place,
        };
        if given[place].replace(argument).is_some() {
            return Err(errors::argument_twice(&parameters[place].name, procedure));
        }
    }
    let mut variables = Variables::new();
    for (parameter, given) in parameters.iter().zip(given) {
        let type_name = &parameter.type_name;
        let sql_type = type_name.declared().ok_or_else(|| unknown_type(1, type_name))?;
        let bound = match given.map(|argument| &argument.value) {
            None | Some(ArgumentValue::Default) => default_of(parameter, procedure)?,
            Some(ArgumentValue::Literal(constant)) => literal(constant),
            Some(ArgumentValue::Variable(name) | ArgumentValue::GlobalVariable(name)) => {
                Binder::new(environment, &job.execute.variables).global_or_variable(name)?
            }
        };
        let from = bound.sql_type;
        let not_converted = |_| errors::argument_not_converted(from, sql_type, procedure);
        let value = converted(environment, bound, sql_type).map_err(not_converted)?;
        variables.insert(fold_name(&parameter.name), Variable { sql_type, value }.into());
    }
    Ok(variables)
}

fn default_of(parameter: &ParameterDefinition, procedure: &str) -> Result<Bound, SqlError> {
    match &parameter.default {
        Some(ArgumentValue::Literal(constant)) => Ok(literal(constant)),
        _ => Err(errors::missing_argument(procedure, &parameter.name)),
    }
}

fn converted(
    environment: &Environment<'_>,
    bound: Bound,
    sql_type: SqlType,
) -> Result<Value, SqlError> {
    environment.evaluate(&coerce::implicit(bound, sql_type)?)
}
