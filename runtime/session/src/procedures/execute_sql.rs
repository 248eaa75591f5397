//! `sp_executesql`: a text with parameters.

use launchpod_types::call_errors::missing_argument;
use launchpod_types::{SqlError, SqlType, Value};

use super::own::{self, Placed};
use super::parameters::Callee;
use super::{Argument, Completion};
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};

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
            return Err(missing_argument("sp_executesql", "@statement").into());
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
        let callee = Callee::Text(declarations);
        let outputs = self.bind(callee, declarations, &parameters, &values, &mut scope).await?;
        let (scope, status) = self.nested_text(scope).await?;
        Ok(outputs.complete(scope, status))
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

fn not_unicode(parameter: &str) -> SqlError {
    let text = format!("Procedure expects parameter '{parameter}' of type 'ntext/nchar/nvarchar'.");
    SqlError::new(214, text).state(2)
}
