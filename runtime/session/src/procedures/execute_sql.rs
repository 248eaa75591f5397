//! `sp_executesql`: a text with parameters.

use launchpod_database::Variable;
use launchpod_tsql::ast::{ArgumentValue, ParameterDefinition, fold_name};
use launchpod_types::{SqlError, SqlType, Value};

use super::{Argument, Completion, missing};
use crate::literal;
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};
use crate::variables::declared_type;

impl Run<'_> {
    /// `sp_executesql @stmt [, @params [, values…]]`
    pub async fn execute_sql(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let mut arguments = arguments.into_iter();
        let Some(statement) = arguments.next() else {
            return Err(missing("sp_executesql", "@statement").into());
        };
        let text = self.text_of(statement).await?;
        let declarations = match arguments.next() {
            Some(declarations) => self.text_of(declarations).await?,
            None => String::new(),
        };
        self.run_text(&text, &declarations, arguments.collect(), 2).await
    }

    /// Runs a text with parameters. `first` is the place of the first value among the call's
    /// arguments.
    pub async fn run_text(
        &mut self,
        text: &str,
        declarations: &str,
        values: Vec<Argument>,
        first: usize,
    ) -> Result<Completion, Stop> {
        let parameters = launchpod_tsql::parse_parameters(declarations).map_err(SqlError::from)?;
        let mut scope = Scope::new(text.into(), DonePlace::InProcedure, 0);
        let mut outputs = Vec::new();
        for (place, definition) in parameters.iter().enumerate() {
            let at = argument_of(&values, definition, place);
            let argument = at.map(|at| &values[at]).filter(|argument| !argument.is_default);
            let sql_type = declared_type(&definition.type_name, declarations)?;
            let value = match (argument, &definition.default) {
                (Some(argument), _) => {
                    self.convert(argument.value.clone(), argument.sql_type, sql_type).await?
                }
                (None, Some(ArgumentValue::Literal(constant))) => {
                    let constant = literal::of(constant);
                    self.convert(constant.value, constant.sql_type, sql_type).await?
                }
                (None, _) => return Err(not_supplied(declarations, &definition.name).into()),
            };
            if definition.output && argument.is_some_and(|argument| argument.output) {
                outputs.extend(at.map(|at| (first + at, definition.name.clone())));
            }
            scope.variables.insert(fold_name(&definition.name), Variable { sql_type, value });
        }
        if values.len() > parameters.len() {
            return Err(SqlError::new(
                8144,
                "Procedure or function has too many arguments specified.",
            )
            .into());
        }
        let (mut scope, status) = self.nested_text(scope).await?;
        let value_after = |(at, name): (usize, String)| {
            scope.variables.remove(&fold_name(&name)).map(|variable| (at, variable))
        };
        Ok(Completion { status, outputs: outputs.into_iter().filter_map(value_after).collect() })
    }

    /// An argument that has to be text; NULL is an empty text.
    pub async fn text_of(&mut self, argument: Argument) -> Result<String, Stop> {
        match self.convert(argument.value, argument.sql_type, SqlType::NVARCHAR_MAX).await? {
            Value::Text(text) => Ok(text),
            _ => Ok(String::new()),
        }
    }
}

/// The place of the argument for a parameter: by name, or by order when it has none.
fn argument_of(
    values: &[Argument],
    definition: &ParameterDefinition,
    place: usize,
) -> Option<usize> {
    let named = |argument: &Argument| {
        argument.name.as_deref().is_some_and(|name| fold_name(name) == fold_name(&definition.name))
    };
    values
        .iter()
        .position(named)
        .or_else(|| values.get(place).filter(|argument| argument.name.is_none()).map(|_| place))
}

fn not_supplied(declarations: &str, parameter: &str) -> SqlError {
    SqlError::new(
        8178,
        format!(
            "The parameterized query '({declarations})' expects the parameter '{parameter}', which was not supplied."
        ),
    )
}
