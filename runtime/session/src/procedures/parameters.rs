//! The parameters of what is called, a text or a procedure, and the arguments of the call.

use std::collections::BTreeSet;
use std::sync::Arc;

use launchpod_database::Variable;
use launchpod_tsql::ast::{ArgumentValue, ParameterDefinition, fold_name};
use launchpod_types::call_errors::{
    argument_not_converted, argument_twice, missing_argument, no_parameters, not_a_parameter,
    not_an_output, too_many_arguments,
};
use launchpod_types::{SqlError, SqlType};

use super::own::Placed;
use super::{Argument, Completion};
use crate::literal;
use crate::run::{Run, Scope, Stop};
use crate::types::{Declared, operand_clash};

/// What is called, for its errors.
#[derive(Clone, Copy)]
pub(super) enum Callee<'a> {
    /// A procedure, by its name.
    Procedure(&'a str),
    /// A text, by the declarations of its parameters.
    Text(&'a str),
}

/// The variables whose values go back to the caller, by the places of their arguments.
pub(super) struct Outputs(Vec<(usize, String)>);

// === impl Run ===

impl Run<'_> {
    /// Makes parameters variables of a scope, with the values of their arguments or defaults.
    /// The types stand in `text`.
    pub(super) async fn bind(
        &mut self,
        callee: Callee<'_>,
        text: &str,
        parameters: &[ParameterDefinition],
        arguments: &[Placed],
        scope: &mut Scope,
    ) -> Result<Outputs, Stop> {
        callee.check(parameters, arguments)?;
        let mut outputs = Vec::new();
        for (order, parameter) in parameters.iter().enumerate() {
            let given = argument_of(arguments, parameter, order);
            let sql_type = match self.declared(&parameter.type_name, text).await? {
                Declared::Scalar(sql_type) => sql_type,
                Declared::Table(table_type) => {
                    let given = given.map(|(_, given)| given);
                    self.bind_table(parameter, table_type, given, scope).await?;
                    continue;
                }
            };
            if let Some((_, Argument { table: Some(own), .. })) = given {
                return Err(operand_clash(own, sql_type.name()).into());
            }
            let (value, from) = match (given, &parameter.default) {
                (Some((_, given)), _) if !given.is_default => (given.value.clone(), given.sql_type),
                (_, Some(ArgumentValue::Literal(constant))) => {
                    let constant = literal::of(constant);
                    (constant.value, constant.sql_type)
                }
                _ => return Err(callee.missing(&parameter.name).into()),
            };
            let value = self.convert(value, from, sql_type).await;
            let value = value.map_err(|stop| callee.not_converted(stop, from, sql_type))?;
            let name = fold_name(&parameter.name);
            if let Some((place, given)) = given
                && given.output
                && callee.gives_back(parameter)?
            {
                outputs.push((*place, name.clone()));
            }
            scope.variables.insert(name, Variable { sql_type, value }.into());
        }
        Ok(Outputs(outputs))
    }
}

// === impl Outputs ===

impl Outputs {
    /// The end of a call, with the values that the variables have now.
    pub fn complete(self, mut scope: Scope, status: i32) -> Completion {
        let value = |(place, name): (usize, String)| {
            let variable = scope.variables.remove(&name)?;
            Some((place, Arc::unwrap_or_clone(variable)))
        };
        let outputs = self.0.into_iter().filter_map(value).collect();
        Completion { status, outputs, ..Completion::default() }
    }
}

// === impl Callee ===

impl Callee<'_> {
    /// Refuses arguments that no parameter takes.
    fn check(
        self,
        parameters: &[ParameterDefinition],
        arguments: &[Placed],
    ) -> Result<(), SqlError> {
        let Callee::Procedure(procedure) = self else {
            let text = "Procedure or function has too many arguments specified.";
            let too_many = arguments.len() > parameters.len();
            return if too_many { Err(SqlError::new(8144, text).state(2)) } else { Ok(()) };
        };
        if parameters.is_empty() && !arguments.is_empty() {
            return Err(no_parameters(procedure));
        }
        if arguments.len() > parameters.len() {
            return Err(too_many_arguments(procedure));
        }
        let names = arguments.iter().filter_map(|(_, argument)| argument.name.as_deref());
        let mut places = BTreeSet::new();
        // What has no name comes first, and is for as many parameters.
        places.extend(0..arguments.len() - names.clone().count());
        for name in names {
            let is_it =
                |parameter: &ParameterDefinition| fold_name(&parameter.name) == fold_name(name);
            let Some(place) = parameters.iter().position(is_it) else {
                return Err(not_a_parameter(name, procedure));
            };
            if !places.insert(place) {
                return Err(argument_twice(&parameters[place].name, procedure));
            }
        }
        Ok(())
    }

    /// Whether a parameter's value goes back to a caller that wants it. Drivers mark
    /// arguments of texts as OUTPUT more freely than the texts declare.
    fn gives_back(self, parameter: &ParameterDefinition) -> Result<bool, SqlError> {
        match self {
            Callee::Procedure(_) if !parameter.output => Err(not_an_output(&parameter.name)),
            _ => Ok(parameter.output),
        }
    }

    /// The error for an argument that can't be converted, whatever is wrong with it.
    fn not_converted(self, stop: Stop, from: SqlType, to: SqlType) -> Stop {
        if !matches!(stop, Stop::Failed(_)) {
            return stop;
        }
        // A text has no name.
        let procedure = if let Callee::Procedure(name) = self { name } else { "" };
        argument_not_converted(from, to, procedure).into()
    }

    fn missing(self, parameter: &str) -> SqlError {
        match self {
            Callee::Procedure(procedure) => missing_argument(procedure, parameter),
            Callee::Text(declarations) => SqlError::new(
                8178,
                format!(
                    "The parameterized query '({declarations})' expects the parameter '{parameter}', which was not supplied."
                ),
            ),
        }
    }
}

/// The argument for a parameter: by name, or by order when it has none.
fn argument_of<'a>(
    arguments: &'a [Placed],
    parameter: &ParameterDefinition,
    order: usize,
) -> Option<&'a Placed> {
    let named = |(_, argument): &&Placed| {
        argument.name.as_deref().is_some_and(|name| fold_name(name) == fold_name(&parameter.name))
    };
    arguments
        .iter()
        .find(named)
        .or_else(|| arguments.get(order).filter(|(_, argument)| argument.name.is_none()))
}

#[cfg(test)]
mod tests {
    use launchpod_types::{SqlType, Value};

    use super::*;
    use crate::procedures::Argument;

    fn arguments(names: &[Option<&str>]) -> Vec<Placed> {
        let argument = |name: &Option<&str>| Argument {
            name: name.map(str::to_owned),
            sql_type: SqlType::Int,
            value: Value::Int(1),
            output: false,
            is_default: false,
            table: None,
        };
        names.iter().map(argument).enumerate().collect()
    }

    #[test]
    fn arguments_are_found_by_name_or_order() {
        let parameters = launchpod_tsql::parse_parameters("@a int, @b int").unwrap();
        let place = |names: &[Option<&str>], order: usize| {
            argument_of(&arguments(names), &parameters[order], order).map(|(place, _)| *place)
        };
        assert_eq!(place(&[Some("@B"), Some("@a")], 0), Some(1));
        assert_eq!(place(&[Some("@B"), Some("@a")], 1), Some(0));
        assert_eq!(place(&[None], 0), Some(0));
        assert_eq!(place(&[None], 1), None);
    }

    #[test]
    fn what_no_parameter_takes_is_refused() {
        let parameters = launchpod_tsql::parse_parameters("@a int").unwrap();
        let number = |callee: Callee<'_>, names| {
            callee.check(&parameters, &arguments(names)).map_err(|error| error.number())
        };
        let procedure = Callee::Procedure("p");
        assert_eq!(number(procedure, &[Some("@A")]), Ok(()));
        assert_eq!(number(procedure, &[Some("@c")]), Err(8145));
        assert_eq!(number(procedure, &[None, None]), Err(8144));
        assert_eq!(number(Callee::Text("@a int"), &[None, None]), Err(8144));
        let none = procedure.check(&[], &arguments(&[None])).map_err(|error| error.number());
        assert_eq!(none, Err(8146));
    }
}
