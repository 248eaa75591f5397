//! Procedures of users: their text is the database's, what runs it is here.

use launchpod_database::Variable;
use launchpod_tsql::ast::{
    ArgumentValue, CreateProcedure, ParameterDefinition, StatementKind, fold_name,
};
use launchpod_types::{SqlError, Value};

use super::{Argument, Completion, missing};
use crate::block::unsupported;
use crate::literal;
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};
use crate::variables::declared_type;

impl Run<'_> {
    /// Runs a procedure of a user; `None` when there is none of that name.
    ///
    /// `name` is T-SQL: it may have parts and brackets. `any_result` is false when the call has
    /// a WITH RESULT SETS that declares.
    pub async fn user_procedure(
        &mut self,
        name: &str,
        arguments: &[Argument],
        any_result: bool,
    ) -> Result<Option<Completion>, Stop> {
        let Some(definition) = self.definition(name).await? else { return Ok(None) };
        if !any_result {
            return Err(unsupported("EXECUTE … WITH RESULT SETS for this procedure"));
        }
        let batch = launchpod_tsql::parse(&definition).map_err(SqlError::from)?;
        let Some(StatementKind::CreateProcedure(procedure)) =
            batch.statements.into_iter().next().map(|statement| statement.kind)
        else {
            return Ok(None);
        };
        let mut scope = Scope::new(definition.into(), DonePlace::InProcedure, 0);
        scope.procedure.clone_from(&procedure.name.name.text);
        let outputs = self.parameters(&procedure, arguments, &mut scope).await?;
        let (mut scope, status) = self.nested_body(scope, &procedure.body).await?;
        let after = |(place, name): (usize, String)| {
            scope.variables.remove(&name).map(|variable| (place, variable))
        };
        let outputs = outputs.into_iter().filter_map(after).collect();
        Ok(Some(Completion { status, outputs }))
    }

    /// The text of a procedure.
    async fn definition(&mut self, name: &str) -> Result<Option<String>, Stop> {
        let literal = name.replace('\'', "''");
        let question = format!(
            "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(N'{literal}', N'P')"
        );
        let row = self.ask(&question).await?;
        Ok(row.and_then(|row| match row.values.into_iter().next() {
            Some(Value::Text(definition)) => Some(definition),
            _ => None,
        }))
    }

    /// Makes the parameters variables of the procedure's scope; returns the arguments' places
    /// and the variables' names of those whose value the caller wants.
    async fn parameters(
        &mut self,
        procedure: &CreateProcedure,
        arguments: &[Argument],
        scope: &mut Scope,
    ) -> Result<Vec<(usize, String)>, Stop> {
        let called = &procedure.name.name.text;
        check_arguments(called, &procedure.parameters, arguments)?;
        let mut outputs = Vec::new();
        for (order, definition) in procedure.parameters.iter().enumerate() {
            let place = argument_of(arguments, definition, order);
            let argument = place.map(|place| &arguments[place]).filter(|given| !given.is_default);
            let sql_type = declared_type(&definition.type_name, &scope.source)?;
            let value = match (argument, &definition.default) {
                (Some(given), _) => {
                    self.convert(given.value.clone(), given.sql_type, sql_type).await?
                }
                (None, Some(ArgumentValue::Literal(constant))) => {
                    let constant = literal::of(constant);
                    self.convert(constant.value, constant.sql_type, sql_type).await?
                }
                (None, _) => return Err(missing(called, &definition.name).into()),
            };
            let name = fold_name(&definition.name);
            if argument.is_some_and(|given| given.output) {
                if !definition.output {
                    return Err(not_an_output(&definition.name).into());
                }
                outputs.extend(place.map(|place| (place, name.clone())));
            }
            scope.variables.insert(name, Variable { sql_type, value });
        }
        Ok(outputs)
    }
}

/// The place of the argument for a parameter: by name, or by order when it has none.
pub(super) fn argument_of(
    arguments: &[Argument],
    definition: &ParameterDefinition,
    order: usize,
) -> Option<usize> {
    let named = |argument: &Argument| {
        argument.name.as_deref().is_some_and(|name| fold_name(name) == fold_name(&definition.name))
    };
    arguments
        .iter()
        .position(named)
        .or_else(|| arguments.get(order).filter(|argument| argument.name.is_none()).map(|_| order))
}

/// Refuses arguments that no parameter takes.
fn check_arguments(
    procedure: &str,
    parameters: &[ParameterDefinition],
    arguments: &[Argument],
) -> Result<(), SqlError> {
    if arguments.len() > parameters.len() {
        return Err(SqlError::new(
            8144,
            format!("Procedure or function {procedure} has too many arguments specified."),
        )
        .state(2));
    }
    for name in arguments.iter().filter_map(|argument| argument.name.as_deref()) {
        let known = |parameter: &ParameterDefinition| fold_name(&parameter.name) == fold_name(name);
        if !parameters.iter().any(known) {
            return Err(SqlError::new(
                8145,
                format!("{name} is not a parameter for procedure {procedure}."),
            ));
        }
    }
    Ok(())
}

fn not_an_output(parameter: &str) -> SqlError {
    SqlError::new(
        8162,
        format!(
            "The formal parameter \"{parameter}\" was not declared as an OUTPUT parameter, but the actual parameter passed in requested output."
        ),
    )
    .state(2)
}

#[cfg(test)]
mod tests {
    use launchpod_types::SqlType;

    use super::*;

    fn arguments(names: &[Option<&str>]) -> Vec<Argument> {
        let argument = |name: &Option<&str>| Argument {
            name: name.map(str::to_owned),
            sql_type: SqlType::Int,
            value: Value::Int(1),
            output: false,
            is_default: false,
        };
        names.iter().map(argument).collect()
    }

    #[test]
    fn arguments_are_found_by_name_or_order() {
        let parameters = launchpod_tsql::parse_parameters("@a int, @b int").unwrap();
        let given = arguments(&[Some("@B"), Some("@a")]);
        assert_eq!(argument_of(&given, &parameters[0], 0), Some(1));
        assert_eq!(argument_of(&given, &parameters[1], 1), Some(0));
        assert_eq!(argument_of(&arguments(&[None]), &parameters[0], 0), Some(0));
        assert_eq!(argument_of(&arguments(&[None]), &parameters[1], 1), None);
    }

    #[test]
    fn what_no_parameter_takes_is_refused() {
        let parameters = launchpod_tsql::parse_parameters("@a int").unwrap();
        let number = |names| {
            check_arguments("p", &parameters, &arguments(names)).map_err(|error| error.number())
        };
        assert_eq!(number(&[Some("@A")]), Ok(()));
        assert_eq!(number(&[Some("@c")]), Err(8145));
        assert_eq!(number(&[None, None]), Err(8144));
    }
}
