//! The input query: checked, started, and turned into a stream of record batches.

use launchpod_controller::Input;
use launchpod_database::{Rows, Variable};
use launchpod_tsql::InputQuery;
use launchpod_tsql::ast::fold_name;
use launchpod_types::{Parameter, SqlError};

use super::ScriptArguments;
use crate::run::{Run, Stop};

impl Run<'_> {
    /// Starts the input query; `None` when it is blank.
    ///
    /// The query sees the script's parameters as variables, as that of `sp_executesql` does.
    pub(super) async fn input(
        &mut self,
        arguments: &ScriptArguments,
        parameters: &[Parameter],
    ) -> Result<Option<Input>, Stop> {
        let text = &arguments.input;
        let query = match launchpod_tsql::parse_input_query(text).map_err(SqlError::from)? {
            InputQuery::Blank => return Ok(None),
            InputQuery::Select(statement) => statement,
            InputQuery::SelectInto => return Err(select_into().into()),
            InputQuery::Other => return Err(not_a_select().into()),
        };
        let variable = |parameter: &Parameter| {
            let value = parameter.value.clone();
            let variable = Variable { sql_type: parameter.sql_type, value };
            (fold_name(&format!("@{}", parameter.name)), variable)
        };
        let own = parameters.iter().map(variable).collect();
        let outer = std::mem::replace(&mut self.scope.variables, own);
        let events = self.start(*query, text);
        self.scope.variables = outer;
        match Rows::of(events).await? {
            Some(Rows { columns, batches }) => Ok(Some(Input { columns, batches })),
            None if self.cancel.is_cancelled() => Err(Stop::Over),
            // A SELECT that assigns returns no rows.
            None => Err(not_a_select().into()),
        }
    }
}

fn not_a_select() -> SqlError {
    SqlError::new(
        39001,
        "Only SELECT statement is supported for input data query to 'sp_execute_external_script' stored procedure.",
    )
}

fn select_into() -> SqlError {
    SqlError::new(
        39015,
        "SELECT INTO statement is not supported for input data query to 'sp_execute_external_script' stored procedure.",
    )
}
