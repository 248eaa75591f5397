//! The types of the variables that a text uses and doesn't declare.
//!
//! The binder deduces them where it binds an operand beside one whose type is known; see
//! `bind::undeclared`. A call of a procedure has the types of the procedure's parameters.

use launchpod_tsql::ast::{
    ArgumentValue, Execute, MentionKind, ParameterDefinition, ProcedureName, Statement,
    StatementKind, fold_name,
};
use launchpod_types::{SqlError, SqlType};

use super::declared;
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::undeclared::Undeclared;
use crate::sqlite::embedded::describe::bind_rows;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::{errors, system};

/// A variable whose type was deduced.
pub(super) struct Parameter {
    /// As it is written first.
    pub(super) name: String,
    pub(super) sql_type: SqlType,
    /// The parameter of a procedure that it is given to.
    pub(super) formal: Option<String>,
    /// Whether it takes a value back.
    pub(super) output: bool,
}

/// The variables in the order in which the text names them.
///
/// # Errors
/// When a statement can't be bound; 11502, 11503 or 11508 for a variable whose type isn't
/// determined.
pub(super) fn of(
    environment: &Environment<'_>,
    text: &str,
    parameters: &str,
) -> Result<Vec<Parameter>, SqlError> {
    let variables = declared(parameters)?;
    let batch = launchpod_tsql::parse(text).map_err(SqlError::from)?;
    let mut names: Vec<&str> = Vec::new();
    for mention in &batch.mentions {
        let key = fold_name(&mention.name);
        if matches!(mention.kind, MentionKind::Declaration { .. }) {
            return Err(errors::unsupported("DECLARE in a batch whose parameters are described"));
        }
        if !variables.contains_key(&key) && !names.iter().any(|known| fold_name(known) == key) {
            names.push(&mention.name);
        }
    }
    let mut deduced = Undeclared::default();
    let mut called = Vec::new();
    for statement in &batch.statements {
        match &statement.kind {
            StatementKind::Execute(execute) => {
                called.extend(arguments(environment, statement, execute, &names)?);
            }
            kind => {
                let mut binder = Binder::new(environment, &variables);
                binder.undeclared = Some(deduced);
                let bound = bind_rows(&mut binder, kind);
                deduced = binder.undeclared.take().unwrap_or_default();
                bound.map_err(|error| error.or_line(statement.line))?;
            }
        }
    }
    let mut parameter = |name: &str| {
        let key = fold_name(name);
        if let Some(place) = called.iter().position(|found| fold_name(&found.name) == key) {
            return Ok(called.swap_remove(place));
        }
        let sql_type = deduced.type_of(&key).ok_or_else(|| errors::not_deduced(name))?;
        Ok(Parameter { name: name.to_owned(), sql_type, formal: None, output: false })
    };
    names.into_iter().map(&mut parameter).collect()
}

/// The variables among a call's arguments.
fn arguments(
    environment: &Environment<'_>,
    statement: &Statement,
    execute: &Execute,
    names: &[&str],
) -> Result<Vec<Parameter>, SqlError> {
    let ProcedureName::Name(name) = &execute.procedure else { return Ok(Vec::new()) };
    let formal = match (system::procedure(name), environment.meant_module(name)?) {
        (Some(procedure), _) => procedure.parameters.clone(),
        (None, Some(module)) => {
            let batch = launchpod_tsql::parse(&module.definition).map_err(SqlError::from)?;
            match batch.statements.into_iter().next().map(|first| first.kind) {
                Some(StatementKind::CreateProcedure(create)) => create.parameters,
                _ => Vec::new(),
            }
        }
        (None, None) => {
            return Err(errors::no_procedure(&name.to_string()).or_line(statement.line));
        }
    };
    let mut found = Vec::new();
    for (place, argument) in execute.arguments.iter().enumerate() {
        let ArgumentValue::Variable(variable) = &argument.value else { continue };
        if !names.iter().any(|known| fold_name(known) == fold_name(variable)) {
            continue;
        }
        let named = |formal: &&ParameterDefinition| match &argument.name {
            Some(name) => fold_name(&formal.name) == fold_name(name),
            None => false,
        };
        let formal = match &argument.name {
            Some(_) => formal.iter().find(named),
            None => formal.get(place),
        };
        let Some(formal) = formal else { return Err(errors::not_deduced(variable)) };
        let type_name = &formal.type_name;
        found.push(Parameter {
            name: variable.clone(),
            sql_type: environment.declared_type(type_name, 1)?,
            formal: Some(formal.name.clone()),
            output: argument.output,
        });
    }
    Ok(found)
}
