//! Prepared statements: `sp_prepare`, `sp_execute`, `sp_prepexec`, `sp_prepexecrpc`,
//! `sp_unprepare` ([MS-TDS] 2.2.6.6).

use std::collections::HashMap;

use launchpod_database::Variable;
use launchpod_types::call_errors::missing_argument;
use launchpod_types::{SqlError, SqlType, Value};

use super::execute_sql::{DECLARATIONS, STATEMENT};
use super::own::{self, Placed};
use super::{Argument, Completion};
use crate::run::{Run, Stop};

/// The statements that a session has prepared.
#[derive(Debug)]
pub(crate) struct PreparedStatements {
    last_handle: i32,
    statements: HashMap<i32, Prepared>,
}

/// What a handle stands for.
#[derive(Clone, Debug)]
enum Prepared {
    /// A text with parameters.
    Text { declarations: String, text: String },
    /// A call of the procedure of a name.
    Call(String),
}

/// The names of the parameter for a handle.
const HANDLE: &[&str] = &["@handle"];
/// The names of the parameter for a call.
const CALL: &[&str] = &["@rpccall"];

/// Where handles begin beside those of a SQL Server behind, which begin at 1.
const FIRST_BESIDE_SERVER: i32 = 1 << 30;

// === impl PreparedStatements ===

impl PreparedStatements {
    /// None; `beside_server`: with handles that a SQL Server behind doesn't give.
    pub fn new(beside_server: bool) -> Self {
        let last_handle = if beside_server { FIRST_BESIDE_SERVER } else { 0 };
        PreparedStatements { last_handle, statements: HashMap::new() }
    }

    /// Whether a handle is one of these.
    pub fn has(&self, handle: i32) -> bool {
        self.statements.contains_key(&handle)
    }

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
        let ([handle, declarations, text], _) =
            own::take(arguments, [HANDLE, DECLARATIONS, STATEMENT]);
        let (place, _) = handle.ok_or_else(|| missing_argument("sp_prepare", "@handle"))?;
        let (declarations, text) = self.text_to_prepare("sp_prepare", declarations, text).await?;
        let quoted_identifier = self.session.options.module.quoted_identifier;
        let (read, _) = launchpod_tsql::requoted(&text, quoted_identifier);
        launchpod_tsql::parse(&read).map_err(SqlError::from)?;
        let handle = self.session.prepared.add(Prepared::Text { declarations, text });
        Ok(Completion { outputs: vec![handle_output(place, handle)], ..Completion::default() })
    }

    /// `sp_prepexec @handle OUTPUT, @params, @stmt [, values…]`
    pub async fn prepare_and_execute(
        &mut self,
        arguments: Vec<Argument>,
    ) -> Result<Completion, Stop> {
        let ([handle, declarations, text], values) =
            own::take(arguments, [HANDLE, DECLARATIONS, STATEMENT]);
        let place = self.replaced("sp_prepexec", handle).await?;
        let (declarations, text) = self.text_to_prepare("sp_prepexec", declarations, text).await?;
        self.execute_and_keep(place, Prepared::Text { declarations, text }, values).await
    }

    /// `sp_prepexecrpc @handle OUTPUT, @rpccall [, values…]`: the call is the name of a
    /// procedure.
    pub async fn prepare_and_execute_call(
        &mut self,
        arguments: Vec<Argument>,
    ) -> Result<Completion, Stop> {
        let ([handle, call], values) = own::take(arguments, [HANDLE, CALL]);
        let place = self.replaced("sp_prepexecrpc", handle).await?;
        let (_, call) = call.ok_or_else(|| missing_argument("sp_prepexecrpc", "@rpccall"))?;
        let procedure = self.text_of(call).await?;
        self.execute_and_keep(place, Prepared::Call(procedure), values).await
    }

    /// `sp_execute @handle [, values…]`
    pub async fn execute_prepared(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let ([handle], values) = own::take(arguments, [HANDLE]);
        let handle = self.handle_of("sp_execute", handle).await?;
        let prepared = self.session.prepared.get(handle)?;
        self.execute(&prepared, values).await
    }

    /// `sp_unprepare @handle`
    pub async fn unprepare(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let ([handle], _) = own::take(arguments, [HANDLE]);
        let handle = self.handle_of("sp_unprepare", handle).await?;
        match self.session.prepared.statements.remove(&handle) {
            Some(_) => Ok(Completion::default()),
            None => Err(unknown(handle).into()),
        }
    }

    /// Runs what is prepared, and gives it a handle when that went well.
    async fn execute_and_keep(
        &mut self,
        handle_place: usize,
        prepared: Prepared,
        values: Vec<Placed>,
    ) -> Result<Completion, Stop> {
        let mut completion = self.execute(&prepared, values).await?;
        let handle = self.session.prepared.add(prepared);
        completion.outputs.insert(0, handle_output(handle_place, handle));
        Ok(completion)
    }

    async fn execute(
        &mut self,
        prepared: &Prepared,
        values: Vec<Placed>,
    ) -> Result<Completion, Stop> {
        match prepared {
            Prepared::Text { declarations, text } => {
                self.run_text(text, declarations, values).await
            }
            Prepared::Call(procedure) => {
                let (places, arguments): (Vec<usize>, Vec<Argument>) = values.into_iter().unzip();
                let call = self.call_by_name(procedure, arguments);
                let mut completion = Box::pin(call).await?;
                completion.outputs.iter_mut().for_each(|(place, _)| *place = places[*place]);
                Ok(completion)
            }
        }
    }

    /// The text to prepare and the declarations of its parameters.
    async fn text_to_prepare(
        &mut self,
        procedure: &str,
        declarations: Option<Placed>,
        text: Option<Placed>,
    ) -> Result<(String, String), Stop> {
        let (_, declarations) =
            declarations.ok_or_else(|| missing_argument(procedure, "@params"))?;
        let (_, text) = text.ok_or_else(|| missing_argument(procedure, "@stmt"))?;
        let declarations = self.unicode_of("@params", declarations).await?;
        Ok((declarations, self.unicode_of("@stmt", text).await?))
    }

    /// The place of the argument for a new handle. A handle that comes in is that of a
    /// statement which the new one takes the place of.
    async fn replaced(&mut self, procedure: &str, handle: Option<Placed>) -> Result<usize, Stop> {
        let (place, argument) = handle.ok_or_else(|| missing_argument(procedure, "@handle"))?;
        if !argument.value.is_null() {
            let handle = self.handle_of(procedure, Some((place, argument))).await?;
            self.session.prepared.statements.remove(&handle);
        }
        Ok(place)
    }

    async fn handle_of(&mut self, procedure: &str, handle: Option<Placed>) -> Result<i32, Stop> {
        let (_, argument) = handle.ok_or_else(|| missing_argument(procedure, "@handle"))?;
        match self.convert(argument.value, argument.sql_type, SqlType::Int).await? {
            // The value was converted to int.
            Value::Int(handle) => Ok(handle as i32),
            _ => Err(unknown(0).into()),
        }
    }
}

fn handle_output(place: usize, handle: i32) -> (usize, Variable) {
    (place, Variable { sql_type: SqlType::Int, value: Value::Int(handle.into()) })
}

fn unknown(handle: i32) -> SqlError {
    SqlError::new(8179, format!("Could not find prepared statement with handle {handle}."))
}
