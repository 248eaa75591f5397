//! Prepared statements: `sp_prepare`, `sp_execute`, `sp_prepexec`, `sp_prepexecrpc`,
//! `sp_unprepare` ([MS-TDS] 2.2.6.6).

use std::collections::HashMap;

use launchpod_database::Variable;
use launchpod_types::{SqlError, SqlType, Value};

use super::{Argument, Completion, missing};
use crate::run::{Run, Stop};

/// The statements that a session has prepared.
#[derive(Debug, Default)]
pub(crate) struct PreparedStatements {
    last_handle: i32,
    statements: HashMap<i32, Prepared>,
}

/// A prepared statement.
#[derive(Clone, Debug)]
struct Prepared {
    declarations: String,
    text: String,
}

// === impl PreparedStatements ===

impl PreparedStatements {
    fn add(&mut self, prepared: Prepared) -> i32 {
        self.last_handle = self.last_handle.wrapping_add(1).max(1);
        self.statements.insert(self.last_handle, prepared);
        self.last_handle
    }

    fn get(&self, handle: i32) -> Result<Prepared, SqlError> {
        self.statements.get(&handle).cloned().ok_or_else(|| unknown(handle))
    }
}

// === impl Run ===

impl Run<'_> {
    /// `sp_prepare @handle OUTPUT, @params, @stmt [, @options]`
    pub async fn prepare(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let (prepared, _) = self.prepared_of("sp_prepare", arguments).await?;
        launchpod_tsql::parse(&prepared.text).map_err(SqlError::from)?;
        let handle = self.session.prepared.add(prepared);
        Ok(Completion { status: 0, outputs: vec![handle_output(handle)] })
    }

    /// `sp_prepexec @handle OUTPUT, @params, @stmt [, values…]`
    ///
    /// A handle that comes in is that of a statement which the new one takes the place of.
    pub async fn prepare_and_execute(
        &mut self,
        arguments: Vec<Argument>,
    ) -> Result<Completion, Stop> {
        if let Some(replaced) = arguments.first().filter(|handle| !handle.value.is_null()) {
            let handle = self.handle_of("sp_prepexec", Some(replaced.clone())).await?;
            self.session.prepared.statements.remove(&handle);
        }
        let (prepared, values) = self.prepared_of("sp_prepexec", arguments).await?;
        let mut completion =
            self.run_text(&prepared.text, &prepared.declarations, values, 3).await?;
        let handle = self.session.prepared.add(prepared);
        completion.outputs.insert(0, handle_output(handle));
        Ok(completion)
    }

    /// `sp_prepexecrpc @handle OUTPUT, @call [, values…]`: the call is the name of a procedure.
    pub async fn prepare_and_execute_call(
        &mut self,
        arguments: Vec<Argument>,
    ) -> Result<Completion, Stop> {
        let mut arguments = arguments.into_iter();
        let (Some(_), Some(call)) = (arguments.next(), arguments.next()) else {
            return Err(missing("sp_prepexecrpc", "@call").into());
        };
        let name = self.text_of(call).await?;
        let mut completion = Box::pin(self.call_by_name(name, arguments.collect())).await?;
        completion.outputs.iter_mut().for_each(|(place, _)| *place += 2);
        Ok(completion)
    }

    /// `sp_execute @handle [, values…]`
    pub async fn execute_prepared(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let mut arguments = arguments.into_iter();
        let handle = self.handle_of("sp_execute", arguments.next()).await?;
        let prepared = self.session.prepared.get(handle)?;
        self.run_text(&prepared.text, &prepared.declarations, arguments.collect(), 1).await
    }

    /// `sp_unprepare @handle`
    pub async fn unprepare(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let handle = self.handle_of("sp_unprepare", arguments.into_iter().next()).await?;
        match self.session.prepared.statements.remove(&handle) {
            Some(_) => Ok(Completion::default()),
            None => Err(unknown(handle).into()),
        }
    }

    /// What is prepared, and the arguments after it.
    async fn prepared_of(
        &mut self,
        procedure: &str,
        arguments: Vec<Argument>,
    ) -> Result<(Prepared, Vec<Argument>), Stop> {
        let mut arguments = arguments.into_iter();
        let (Some(_), Some(declarations), Some(text)) =
            (arguments.next(), arguments.next(), arguments.next())
        else {
            return Err(missing(procedure, "@stmt").into());
        };
        let declarations = self.text_of(declarations).await?;
        let text = self.text_of(text).await?;
        Ok((Prepared { declarations, text }, arguments.collect()))
    }

    async fn handle_of(
        &mut self,
        procedure: &str,
        argument: Option<Argument>,
    ) -> Result<i32, Stop> {
        let argument = argument.ok_or_else(|| missing(procedure, "@handle"))?;
        match self.convert(argument.value, argument.sql_type, SqlType::Int).await? {
            // The value was converted to int.
            Value::Int(handle) => Ok(handle as i32),
            _ => Err(unknown(0).into()),
        }
    }
}

fn handle_output(handle: i32) -> (usize, Variable) {
    (0, Variable { sql_type: SqlType::Int, value: Value::Int(handle.into()) })
}

fn unknown(handle: i32) -> SqlError {
    SqlError::new(8179, format!("Could not find prepared statement with handle {handle}."))
}
