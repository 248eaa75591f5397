//! `sp_executesql`: a text with parameters.

use launchpod_database::Variable;
use launchpod_tsql::ast::{ArgumentValue, ParameterDefinition, fold_name};
use launchpod_types::{SqlError, SqlType, Value};

use super::own::{self, Placed};
use super::{Argument, Completion, missing};
use crate::literal;
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};
use crate::variables::declared_type;

/// The names of the parameter for a text.
pub(super) const STATEMENT: &[&str] = &["@stmt", "@statement"];
/// The names of the parameter for the declarations of a text's parameters.
pub(super) const DECLARATIONS: &[&str] = &["@params", "@parameters"];

// === impl Run ===

impl Run<'_> {
    /// `sp_executesql @stmt [, @params [, values…]]`
    pub async fn execute_sql(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let ([statement, declarations], values) = own::take(arguments, [STATEMENT, DECLARATIONS]);
        let Some((_, statement)) = statement else {
            return Err(missing("sp_executesql", "@statement").into());
        };
        let text = self.unicode_of("@statement", statement).await?;
        let declarations = match declarations {
            Some((_, declarations)) => self.unicode_of("@params", declarations).await?,
            None => String::new(),
        };
        self.run_text(&text, &declarations, values).await
    }

    /// Runs a text with parameters.
    pub async fn run_text(
        &mut self,
        text: &str,
        declarations: &str,
        values: Vec<Placed>,
    ) -> Result<Completion, Stop> {
        let parameters = launchpod_tsql::parse_parameters(declarations).map_err(SqlError::from)?;
        let mut scope = Scope::new(text.into(), DonePlace::InProcedure, 0);
        let mut outputs = Vec::new();
        for (order, definition) in parameters.iter().enumerate() {
            let given = argument_of(&values, definition, order);
            let argument = given.map(|(_, value)| value).filter(|argument| !argument.is_default);
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
                outputs.extend(given.map(|(place, _)| (*place, definition.name.clone())));
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
        let value_after = |(place, name): (usize, String)| {
            scope.variables.remove(&fold_name(&name)).map(|variable| (place, variable))
        };
        Ok(Completion { status, outputs: outputs.into_iter().filter_map(value_after).collect() })
    }

    /// An argument that has to be Unicode text (214); NULL is an empty text.
    pub async fn unicode_of(
        &mut self,
        parameter: &str,
        argument: Argument,
    ) -> Result<String, Stop> {
        let is_unicode =
            matches!(argument.sql_type, SqlType::NVarChar(_) | SqlType::NChar(_) | SqlType::NText);
        if !is_unicode && !argument.value.is_null() {
            return Err(not_unicode(parameter).into());
        }
        self.text_of(argument).await
    }

    /// An argument as text; NULL is an empty text.
    pub async fn text_of(&mut self, argument: Argument) -> Result<String, Stop> {
        match self.convert(argument.value, argument.sql_type, SqlType::NVARCHAR_MAX).await? {
            Value::Text(text) => Ok(text),
            _ => Ok(String::new()),
        }
    }
}

/// The value for a parameter: by name, or by order when it has none.
fn argument_of<'a>(
    values: &'a [Placed],
    definition: &ParameterDefinition,
    order: usize,
) -> Option<&'a Placed> {
    let named = |(_, argument): &&Placed| {
        argument.name.as_deref().is_some_and(|name| fold_name(name) == fold_name(&definition.name))
    };
    values
        .iter()
        .find(named)
        .or_else(|| values.get(order).filter(|(_, argument)| argument.name.is_none()))
}

fn not_unicode(parameter: &str) -> SqlError {
    let text = format!("Procedure expects parameter '{parameter}' of type 'ntext/nchar/nvarchar'.");
    SqlError::new(214, text).state(2)
}

fn not_supplied(declarations: &str, parameter: &str) -> SqlError {
    SqlError::new(
        8178,
        format!(
            "The parameterized query '({declarations})' expects the parameter '{parameter}', which was not supplied."
        ),
    )
}
