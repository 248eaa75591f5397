//! The input query: checked, started, and turned into a stream of record batches, in the parts
//! that the call asks for.

use launchpod_controller::{Input, Parts};
use launchpod_database::{Execute, Rows, Variable};
use launchpod_tsql::InputQuery;
use launchpod_tsql::ast::{Statement, StatementKind, fold_name};
use launchpod_types::{Parameter, SqlError};

use super::ScriptArguments;
use super::arguments::rows_per_read;
use super::partition::Partition;
use crate::run::{Run, Stop};

/// The input as a script takes it.
pub(super) struct Started {
    /// The rows; `None` when the query is blank.
    pub input: Option<Input>,
    /// How many workers the query allows (`MAXDOP`); `None` when it doesn't say.
    pub max_workers: Option<u32>,
}

impl Run<'_> {
    /// Starts the input query.
    ///
    /// The query sees the script's parameters as variables, as that of `sp_executesql` does.
    pub(super) async fn input(
        &mut self,
        arguments: &ScriptArguments,
        parameters: &[Parameter],
    ) -> Result<Started, Stop> {
        let rows = rows_per_read(parameters)?;
        let quoted_identifier = self.session.options.module.quoted_identifier;
        let (text, _) = launchpod_tsql::requoted(&arguments.input, quoted_identifier);
        let text = &*text;
        let statement = match launchpod_tsql::parse_input_query(text).map_err(SqlError::from)? {
            InputQuery::Blank => {
                if let Some(partition) = &arguments.partition {
                    partition.check(&[])?;
                }
                return Ok(Started { input: None, max_workers: None });
            }
            InputQuery::Select(statement) => statement,
            InputQuery::SelectInto => return Err(select_into().into()),
            InputQuery::Other => return Err(not_a_select().into()),
        };
        let variable = |parameter: &Parameter| {
            let value = parameter.value.clone();
            let variable = Variable { sql_type: parameter.sql_type, value };
            (fold_name(&format!("@{}", parameter.name)), variable.into())
        };
        let own = parameters.iter().map(variable).collect();
        let outer = std::mem::replace(&mut self.scope.variables, own);
        let max_workers = match &statement.kind {
            StatementKind::Select(query) => max_degree(&query.options),
            _ => None,
        };
        let rows_of = self.input_rows(*statement, text, arguments.partition.as_ref()).await;
        self.scope.variables = outer;
        let Rows { columns, batches } = rows_of?;
        let parts = Parts { rows, keyed: arguments.partition.is_some() };
        Ok(Started { input: Some(Input { columns, batches, parts }), max_workers })
    }

    /// The query's rows; by key, with the keys' numbers, when they are parted. The columns are
    /// the query's own in any case.
    async fn input_rows(
        &mut self,
        statement: Statement,
        text: &str,
        partition: Option<&Partition>,
    ) -> Result<Rows, Stop> {
        let (Some(partition), StatementKind::Select(query)) = (partition, &statement.kind) else {
            return self.rows_of(self.request(statement, text)).await;
        };
        let described = Execute { describe: true, ..self.request(statement.clone(), text) };
        let Rows { columns, .. } = self.rows_of(described).await?;
        let wrapped = partition.wrap(query, text, &columns)?;
        match launchpod_tsql::parse_input_query(&wrapped).map_err(SqlError::from)? {
            InputQuery::Select(statement) => {
                let rows = self.request(*statement, &wrapped);
                let Rows { batches, .. } = self.rows_of(rows).await?;
                Ok(Rows { columns, batches })
            }
            _ => Err(not_a_select().into()),
        }
    }

    async fn rows_of(&mut self, execute: Execute) -> Result<Rows, Stop> {
        let events = self.session.database.execute(execute, self.cancel.clone());
        match Rows::of(events).await? {
            Some(rows) => Ok(rows),
            None if self.cancel.is_cancelled() => Err(Stop::Over),
            // A SELECT that assigns returns no rows.
            None => Err(not_a_select().into()),
        }
    }
}

/// What `OPTION (MAXDOP n)` says; 0 leaves it to the server.
fn max_degree(hints: &[String]) -> Option<u32> {
    hints
        .iter()
        .find_map(|hint| {
            let mut words = hint.split_whitespace();
            let is_maxdop = words.next().is_some_and(|word| word.eq_ignore_ascii_case("MAXDOP"));
            if is_maxdop { words.next()?.parse().ok() } else { None }
        })
        .filter(|degree| *degree > 0)
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
