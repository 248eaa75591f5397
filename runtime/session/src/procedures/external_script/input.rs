//! The input query: checked, started, and turned into a stream of record batches.

use arrow_array::RecordBatch;
use launchpod_controller::Input;
use launchpod_database::{EVENTS_IN_FLIGHT, Event, Events, Variable};
use launchpod_tsql::InputQuery;
use launchpod_tsql::ast::fold_name;
use launchpod_types::{Parameter, SqlError};
use tokio::sync::mpsc;

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
        let query =
            match launchpod_tsql::parse_input_query(&arguments.input).map_err(SqlError::from)? {
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
        let mut events = self.start(*query, &arguments.input);
        self.scope.variables = outer;
        loop {
            match events.recv().await {
                Some(Ok(Event::Columns(columns))) => {
                    let (sender, batches) = mpsc::channel(EVENTS_IN_FLIGHT);
                    tokio::spawn(pump(events, sender));
                    return Ok(Some(Input { columns, batches }));
                }
                Some(Ok(Event::Message(message))) => self.message(message).await?,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                // Cancelled, or a SELECT that assigns: it returns no rows.
                None if self.cancel.is_cancelled() => return Err(Stop::Over),
                None => return Err(not_a_select().into()),
            }
        }
    }
}

/// Hands on a query's rows until they end or nobody wants them any more.
async fn pump(mut events: Events, batches: mpsc::Sender<Result<RecordBatch, SqlError>>) {
    while let Some(event) = events.recv().await {
        let batch = match event {
            Ok(Event::Batch(batch)) => Ok(batch),
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        if batches.send(batch).await.is_err() {
            return;
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
