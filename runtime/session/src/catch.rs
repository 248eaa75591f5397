//! TRY…CATCH, and transactions that an error has doomed.

use launchpod_database::Variable;
use launchpod_tsql::ast::{Statement, StatementKind, Transaction};
use launchpod_types::{Length, Message, SqlError, SqlType, Value};

use crate::block::{done_kind, is_deadlock};
use crate::run::{Flow, Run, Stop};

/// The type of ERROR_MESSAGE().
const MESSAGE_TYPE: SqlType = SqlType::NVarChar(Length::Limited(4_000));

impl Run<'_> {
    /// `BEGIN TRY … END TRY BEGIN CATCH … END CATCH`
    pub async fn try_catch(
        &mut self,
        body: &[Statement],
        handler: &[Statement],
    ) -> Result<Flow, Stop> {
        let outer = std::mem::replace(&mut self.scope.trying, true);
        let outcome = self.block(body).await;
        self.scope.trying = outer;
        let errors = match outcome {
            Err(Stop::Failed(errors) | Stop::CallFailed(errors)) => errors,
            other => return other,
        };
        // Of several errors the last is what CATCH gets, as in SQL Server.
        let error = errors.into_iter().next_back();
        self.session.globals.error = error.as_ref().map_or(0, |error| error.number);
        let before = std::mem::replace(&mut self.scope.caught, error);
        let flow = self.block(handler).await;
        self.scope.caught = before;
        flow
    }

    /// Hands a statement's errors to the CATCH around it. The statement is ended, so that a
    /// result set that it had begun is. `unbound`: they are of binding, which a TRY of the same
    /// text doesn't catch ("Errors unaffected by a TRY...CATCH construct" in "TRY...CATCH").
    pub async fn thrown(
        &mut self,
        statement: &Statement,
        errors: Vec<Message>,
        unbound: bool,
    ) -> Stop {
        let errors = self.located(errors, statement.line);
        let transaction_open = self.session.globals.transaction.depth > 0;
        let dooms = self.session.options.abort_transaction || errors.iter().any(is_deadlock);
        if dooms && transaction_open {
            self.session.globals.doomed = true;
        }
        match self.done(done_kind(&statement.kind), None).await {
            Ok(()) if unbound => Stop::Unbound(errors),
            Ok(()) => Stop::Failed(errors),
            Err(over) => over,
        }
    }

    /// What ERROR_NUMBER() and its kin read in a CATCH block, and XACT_STATE() everywhere.
    pub fn error_variables(&self) -> Vec<(&'static str, Variable)> {
        let int = |number: i64| Variable { sql_type: SqlType::Int, value: Value::Int(number) };
        let globals = &self.session.globals;
        let state = match (globals.transaction.depth, globals.doomed) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let state = Variable { sql_type: SqlType::SmallInt, value: Value::Int(state) };
        let mut variables = vec![("@@xact_state", state)];
        if let Some(error) = &self.scope.caught {
            let procedure = match error.procedure.as_str() {
                "" => Value::Null,
                name => Value::from(name),
            };
            let message = Variable { sql_type: MESSAGE_TYPE, value: error.text.clone().into() };
            variables.extend([
                ("@@error_number", int(error.number.into())),
                ("@@error_severity", int(error.class.into())),
                ("@@error_state", int(error.state.into())),
                ("@@error_line", int(error.line.into())),
                ("@@error_message", message),
                ("@@error_procedure", Variable { sql_type: SqlType::SYSNAME, value: procedure }),
            ]);
        }
        variables
    }

    /// Refuses what a doomed transaction doesn't allow: all but reading and rolling back.
    ///
    /// # Errors
    /// 3930.
    pub fn check_doomed(&self, kind: &StatementKind) -> Result<(), SqlError> {
        let allowed = matches!(
            kind,
            StatementKind::Select(_)
                | StatementKind::SetOption(_)
                | StatementKind::Use(_)
                | StatementKind::Transaction(Transaction::Rollback { .. })
        );
        if allowed || !self.session.globals.doomed {
            return Ok(());
        }
        Err(SqlError::new(
            3930,
            "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
        ))
    }

    /// Rolls back a doomed transaction that a batch has left open.
    pub async fn end_doomed(&mut self) -> Result<(), Stop> {
        if !self.session.globals.doomed || self.session.globals.transaction.depth == 0 {
            return Ok(());
        }
        self.roll_back().await?;
        let error = SqlError::new(
            3998,
            "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
        );
        self.message(Message::from(error.or_line(1))).await
    }
}
