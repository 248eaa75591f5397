//! The procedures that are Launchpod's own, one module each.

mod configure;
mod driver;
mod execute_sql;
mod external_script;
mod foreign;
mod own;
mod parameters;
mod prepared;
mod shape;
mod temporary;
mod user;

use std::sync::Arc;

use launchpod_database::Variable;
use launchpod_exchange::value::record_batch;
use launchpod_tsql::ast::{ObjectName, ResultSets};
use launchpod_types::{Column, SqlError, SqlType, Value};

use crate::reply::{DoneKind, Reply};
use crate::run::{Run, Stop};
use crate::session::CallArgument;

pub(crate) use prepared::PreparedStatements;
pub(crate) use shape::Shape;
pub(crate) use temporary::{TemporaryProcedures, drops_temporary};

/// A call of a procedure, from a batch or from outside.
pub(crate) struct Invocation {
    pub procedure: ObjectName,
    pub arguments: Vec<Argument>,
    pub result_sets: ResultSets,
    /// The type of the variable that gets what it returns, when there is one.
    pub returned: Option<SqlType>,
    /// The text that the call stands in, for the spans in `result_sets`.
    pub source: Arc<str>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// With its `@`; absent for a positional argument.
    pub name: Option<String>,
    pub sql_type: SqlType,
    pub value: Value,
    /// Whether the caller wants the value after the call.
    pub output: bool,
    /// Whether `DEFAULT` was written in place of a value.
    pub is_default: bool,
    /// The table type of the variable that it is, whose value then names its table.
    pub table: Option<String>,
}

/// How a procedure ended.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    /// The return status.
    pub status: i32,
    /// Values after the call, by the argument's place.
    pub outputs: Vec<(usize, Variable)>,
    /// The value, when it was a function.
    pub value: Option<Variable>,
    /// Why it failed, when it has returned a status nevertheless.
    pub failure: Option<Stop>,
}

/// The procedures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Procedure {
    Configure,
    ExecuteSql,
    ExternalScript,
    Prepare,
    PrepareExecute,
    PrepareExecuteCall,
    ExecutePrepared,
    Unprepare,
    DataTypeInfo,
    ResetConnection,
}

/// The procedure of a name in lower case, without its schema.
pub(crate) fn find(name: &str) -> Option<Procedure> {
    Some(match name {
        "sp_configure" => Procedure::Configure,
        "sp_executesql" => Procedure::ExecuteSql,
        "sp_execute_external_script" => Procedure::ExternalScript,
        "sp_prepare" => Procedure::Prepare,
        "sp_prepexec" => Procedure::PrepareExecute,
        "sp_prepexecrpc" => Procedure::PrepareExecuteCall,
        "sp_execute" => Procedure::ExecutePrepared,
        "sp_unprepare" => Procedure::Unprepare,
        "sp_datatype_info" | "sp_datatype_info_90" | "sp_datatype_info_100" => {
            Procedure::DataTypeInfo
        }
        "sp_reset_connection" => Procedure::ResetConnection,
        _ => return None,
    })
}

// === impl Procedure ===

impl Procedure {
    /// Whether a SQL Server behind has it too, and about itself.
    pub(crate) fn is_of_server(self) -> bool {
        matches!(self, Procedure::Configure | Procedure::DataTypeInfo | Procedure::ResetConnection)
    }

    /// Whether it runs a text, whose last statement then says what `@@ERROR` is.
    fn runs_text(self) -> bool {
        matches!(
            self,
            Procedure::ExecuteSql
                | Procedure::PrepareExecute
                | Procedure::PrepareExecuteCall
                | Procedure::ExecutePrepared
        )
    }
}

// === impl Argument ===

impl From<CallArgument> for Argument {
    fn from(CallArgument { parameter, is_default }: CallArgument) -> Self {
        Argument {
            name: Some(parameter.name).filter(|name| !name.is_empty()),
            sql_type: parameter.sql_type,
            value: parameter.value,
            output: parameter.output,
            is_default,
            table: None,
        }
    }
}

// === impl Run ===

impl Run<'_> {
    pub async fn run_procedure(
        &mut self,
        procedure: Procedure,
        invocation: Invocation,
    ) -> Result<Completion, Stop> {
        if self.session.options.format_only && !procedure.runs_text() {
            return Ok(Completion::default());
        }
        let arguments = invocation.arguments;
        let completion = match procedure {
            Procedure::Configure => self.configure(arguments).await,
            Procedure::ExecuteSql => self.execute_sql(arguments).await,
            Procedure::ExternalScript => {
                self.external_script(arguments, &invocation.result_sets, &invocation.source).await
            }
            Procedure::Prepare => self.prepare(arguments).await,
            Procedure::PrepareExecute => self.prepare_and_execute(arguments).await,
            Procedure::PrepareExecuteCall => self.prepare_and_execute_call(arguments).await,
            Procedure::ExecutePrepared => self.execute_prepared(arguments).await,
            Procedure::Unprepare => self.unprepare(arguments).await,
            Procedure::DataTypeInfo => self.data_type_info(arguments).await,
            Procedure::ResetConnection => {
                self.session.reset(false).await;
                Ok(Completion::default())
            }
        }?;
        if !procedure.runs_text() {
            self.session.globals.error = 0;
        }
        Ok(completion)
    }

    /// Sends rows that a procedure of ours has made.
    pub async fn result_set(
        &mut self,
        columns: Vec<Column>,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), Stop> {
        let count = rows.len() as u64;
        let batch = record_batch(&columns, &rows)
            .map_err(|error| SqlError::new(39010, error.to_string()))?;
        self.send(Reply::Columns(columns.into())).await?;
        self.send(Reply::Batch(batch)).await?;
        self.session.globals.row_count = count;
        self.done(DoneKind::Select, Some(count)).await
    }
}
