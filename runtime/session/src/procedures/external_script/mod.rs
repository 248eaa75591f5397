//! `sp_execute_external_script`

mod arguments;
mod input;
mod partition;
mod result_sets;

pub(super) use self::result_sets::declared_columns;

use std::sync::Arc;

use launchpod_controller::{Loopback, ScriptEvent, ScriptRequest, ScriptRun};
use launchpod_database::{Action, Variable};
use launchpod_tsql::ast::ResultSets;
use launchpod_types::{Parameter, SqlError, Value};
use uuid::Uuid;

use self::arguments::{ScriptArguments, ScriptParameter};
use self::input::Started;
use super::{Argument, Completion};
use crate::loopback::ScriptConnections;
use crate::reply::{DoneKind, Reply};
use crate::run::{Run, Stop};

impl Run<'_> {
    /// Runs a script: its rows are a result set, its prints are messages, its OUTPUT
    /// parameters are the call's.
    pub async fn external_script(
        &mut self,
        arguments: Vec<Argument>,
        result_sets: &ResultSets,
        source: &Arc<str>,
    ) -> Result<Completion, Stop> {
        if !self.session.instance.configuration.external_scripts_enabled() {
            return Err(disabled().into());
        }
        let id = Uuid::new_v4();
        let arguments = self.script_arguments(arguments, id).await?;
        let action = Action::ExternalScript { language: arguments.language.clone() };
        self.session.database.permit(action).await?;
        let expected = result_sets::expected(result_sets, source)?;
        arguments.check_parallel(&expected)?;
        let parameters = self.script_parameters(&arguments).await?;
        // Before the input query: from then on the database's session is busy.
        let loopback = self.loopback().await?;
        let Started { input, max_workers } = self.input(&arguments, &parameters).await?;
        let request = ScriptRequest {
            id,
            identity: self.session.identity(),
            language: arguments.language,
            script: arguments.script,
            input,
            input_name: arguments.input_name,
            output_name: arguments.output_name,
            parameters,
            expected,
            max_workers: if arguments.parallel { max_workers.unwrap_or(u32::MAX) } else { 1 },
            time_limit: None,
            pool: self.session.database.external_pool(),
            loopback,
            within_script: self.session.within_script,
            cancel: self.cancel.child_token(),
        };
        let run = self.session.instance.controller.run(request);
        self.session.database.runs_script(Some(id));
        let outputs = self.relay_script(run).await;
        self.session.database.runs_script(None);
        let outputs = wanted(&arguments.parameters, outputs?);
        Ok(Completion { outputs, ..Completion::default() })
    }

    /// What serves the script's connections back to the database, as who acts now.
    async fn loopback(&mut self) -> Result<Option<Arc<dyn Loopback>>, Stop> {
        let Some(front) = self.session.instance.front() else { return Ok(None) };
        let way_back = self.session.database.way_back().await?;
        let connections =
            |way_back| -> Arc<dyn Loopback> { Arc::new(ScriptConnections { front, way_back }) };
        Ok(way_back.map(connections))
    }

    /// The declared parameters with their values, in their declared types.
    async fn script_parameters(
        &mut self,
        arguments: &ScriptArguments,
    ) -> Result<Vec<Parameter>, Stop> {
        let mut parameters = Vec::with_capacity(arguments.parameters.len());
        for ScriptParameter { name, sql_type, argument, output, .. } in &arguments.parameters {
            let value = argument.value.clone();
            let value = self.convert(value, argument.sql_type, *sql_type).await?;
            let name = name.trim_start_matches('@').to_owned();
            parameters.push(Parameter { name, sql_type: *sql_type, value, output: *output });
        }
        Ok(parameters)
    }

    /// Sends on what a script yields, and returns the OUTPUT values.
    async fn relay_script(&mut self, mut run: ScriptRun) -> Result<Vec<Value>, Stop> {
        let mut rows = None;
        let mut outputs = Vec::new();
        while let Some(event) = run.next().await {
            match event {
                ScriptEvent::Message(message) => self.message(message).await?,
                ScriptEvent::Columns(columns) => {
                    rows = Some(0);
                    self.send(Reply::Columns(columns)).await?;
                }
                ScriptEvent::Batch(batch) => {
                    rows = rows.map(|rows| rows + batch.num_rows() as u64);
                    self.send(Reply::Batch(batch)).await?;
                }
                ScriptEvent::Outputs(values) => outputs = values,
            }
        }
        let outcome = run.finish().await;
        let report = outcome.as_ref().unwrap_or_else(|error| error.report());
        self.session.instance.remember(report.clone());
        if let Err(error) = outcome {
            let errors = error.into_errors();
            // A cancelled script has nothing to say: its client doesn't listen.
            return Err(match errors.is_empty() {
                true => Stop::Over,
                false => Stop::Failed(errors.into_iter().map(Into::into).collect()),
            });
        }
        if rows.is_some() {
            self.session.globals.row_count = rows.unwrap_or(0);
            self.done(DoneKind::Select, rows).await?;
        }
        Ok(outputs)
    }
}

/// The OUTPUT values that the caller asked for, by the argument's place. The controller gives
/// the values of the parameters declared as OUTPUT, in their order.
fn wanted(parameters: &[ScriptParameter], outputs: Vec<Value>) -> Vec<(usize, Variable)> {
    parameters
        .iter()
        .filter(|parameter| parameter.output)
        .zip(outputs)
        .filter(|(parameter, _)| parameter.argument.output)
        .map(|(parameter, value)| {
            (parameter.place, Variable { sql_type: parameter.sql_type, value })
        })
        .collect()
}

fn disabled() -> SqlError {
    SqlError::new(
        39023,
        "'sp_execute_external_script' is disabled on this instance of SQL Server. Use sp_configure 'external scripts enabled' to enable it.",
    )
}
