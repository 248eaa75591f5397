//! A text of T-SQL from its first statement to its last.

use std::borrow::Cow;
use std::sync::Arc;

use launchpod_database::Called;
use launchpod_tsql::ast::{Batch, ExecutionContext, Statement, StatementKind};
use launchpod_types::{Message, SqlError};

use crate::block::unsupported;
use crate::reply::{DoneKind, DonePlace};
use crate::run::{Flow, MAX_CALL_DEPTH, Run, Scope, Stop};
use crate::walk::nested;

impl Run<'_> {
    /// Reads and runs the scope's text; returns the return status.
    ///
    /// Errors of statements are sent as they occur; only what ends the text or the batch
    /// stops it.
    pub async fn text(&mut self) -> Result<i32, Stop> {
        let source = self.requoted();
        let read = launchpod_tsql::parse(&source)
            .map_err(|error| vec![SqlError::from(error).into()])
            .and_then(|batch| self.check_mentions(&batch.mentions).map(|()| batch));
        match read {
            Ok(batch) if self.is_only_parsed(&batch.statements) => Ok(0),
            Ok(batch) => {
                let text = Arc::new(batch);
                self.statements(&text, &text.statements).await
            }
            Err(errors) => Err(self.unreadable(errors).await),
        }
    }

    /// The scope's text as it reads under SET QUOTED_IDENTIFIER ON. What a batch says of the option
    /// stays for the batches that follow; a text within it says it for itself.
    fn requoted(&mut self) -> Arc<str> {
        let options = &mut self.session.options.module;
        let source = Arc::clone(&self.scope.source);
        let (text, on) = launchpod_tsql::requoted(&source, options.quoted_identifier);
        if self.scope.depth == 1 {
            options.quoted_identifier = on;
        }
        if let Cow::Owned(text) = text {
            self.scope.source = text.into();
        }
        Arc::clone(&self.scope.source)
    }

    /// Runs the statements of a text, or of the procedure that it defines; returns the return
    /// status.
    async fn statements(
        &mut self,
        text: &Arc<Batch>,
        statements: &[Statement],
    ) -> Result<i32, Stop> {
        if let Err(stop) = self.declare_all(statements).await {
            return Err(self.unreadable_by(stop).await);
        }
        if let Err(stop) = self.make_tables(statements).await {
            return Err(self.unreadable_by(stop).await);
        }
        if let Err(stop) = self.compile(text, statements).await {
            return Err(self.unreadable_by(stop).await);
        }
        match self.block(statements).await {
            Ok(Flow::Return(status)) => Ok(status),
            Ok(Flow::Next | Flow::Break | Flow::Continue) => Ok(0),
            Ok(Flow::Goto(label)) => Err(self.unreachable(statements, &label).await),
            Err(Stop::Unbound(errors)) => Err(self.unbound(errors).await),
            Err(stop) => Err(stop),
        }
    }

    /// Has the database look a text over before any of it runs. A single statement is its first one
    /// in any case.
    ///
    /// # Errors
    /// Columns that aren't there.
    async fn compile(&mut self, text: &Arc<Batch>, statements: &[Statement]) -> Result<(), Stop> {
        if nested(statements).len() < 2 {
            return Ok(());
        }
        let variables = Arc::new(self.scope.variables.clone());
        let errors = self.session.database.compile(Arc::clone(text), variables).await?;
        if errors.is_empty() {
            return Ok(());
        }
        let errors = errors.into_iter().map(Message::from).collect();
        Err(Stop::Failed(self.located(errors, 0)))
    }

    async fn unreadable_by(&mut self, stop: Stop) -> Stop {
        match stop {
            Stop::Failed(errors) => self.unreadable(errors).await,
            over => over,
        }
    }

    /// Says why no statement of a text can run: to the CATCH of its caller, or to the client.
    async fn unreadable(&mut self, errors: Vec<Message>) -> Stop {
        if self.scope.caller_tries {
            return Stop::Failed(errors);
        }
        match self.report(errors, DoneKind::Other).await {
            Ok(()) => Stop::TextOver,
            Err(over) => over,
        }
    }

    /// Ends a text whose TRY couldn't catch that a statement can't be bound.
    async fn unbound(&mut self, errors: Vec<Message>) -> Stop {
        let stop = self.unreadable(errors).await;
        if matches!(stop, Stop::TextOver) && self.session.options.abort_transaction {
            return self.roll_back().await.err().unwrap_or(Stop::Over);
        }
        stop
    }

    /// Ends a text that jumps to a label which stands within another block.
    async fn unreachable(&mut self, statements: &[Statement], label: &str) -> Stop {
        let jumps = |statement: &&Statement| matches!(&statement.kind, StatementKind::Goto(to) if to.fold() == label);
        let line = nested(statements).into_iter().find(jumps).map_or(0, |jump| jump.line);
        let Stop::Failed(errors) = unsupported("GOTO into a block") else { return Stop::Over };
        let errors = self.located(errors, line);
        self.unreadable(errors).await
    }

    /// Takes back what a batch must not leave: the tables of its table variables, a doomed
    /// transaction, and that of a cancelled batch under XACT_ABORT.
    pub async fn end(&mut self) {
        let tables = std::mem::take(&mut self.scope.tables);
        self.drop_tables(tables).await;
        // Nobody waits for an error any more.
        let _ = self.end_doomed().await;
        if self.cancel.is_cancelled() && self.session.options.abort_transaction {
            let _ = self.roll_back().await;
        }
    }

    /// Runs another text one level deeper, with variables of its own, and returns its scope
    /// (for the values that OUTPUT parameters got) with its return status: `@@ERROR` when it
    /// returned none, as `sp_executesql` does.
    ///
    /// What the text has made of the current database and of options ends with it.
    pub async fn nested_text(&mut self, inner: Scope) -> Result<(Scope, i32), Stop> {
        let (inner, result) = self.nested(inner, None).await?;
        let status = match result {
            Ok(0) | Err(Stop::TextOver) => self.session.globals.error,
            result => result?,
        };
        Ok((inner, status))
    }

    /// Runs the body of the procedure that a text defines, one level deeper; as [`Run::nested_text`], but the status
    /// is 0 when it returned none.
    pub async fn nested_body(
        &mut self,
        inner: Scope,
        text: &Arc<Batch>,
        body: &[Statement],
    ) -> Result<(Scope, i32), Stop> {
        let (inner, result) = self.nested(inner, Some((text, body))).await?;
        let status = match result {
            Err(Stop::TextOver) => 0,
            result => result?,
        };
        Ok((inner, status))
    }

    /// Has the database know whose statements come next: a procedure's or a text's, which may run
    /// as somebody else.
    async fn enter(&mut self, inner: &Scope) -> Result<(), Stop> {
        let called = match inner.procedure_id {
            0 => Called::Text,
            object_id => Called::Procedure { object_id },
        };
        self.session.database.enter(called).await?;
        let (kind, name) = match &inner.run_as {
            Some(ExecutionContext::Login(name)) => ("LOGIN", name),
            Some(ExecutionContext::User(name)) => ("USER", name),
            _ => return Ok(()),
        };
        let name = name.replace('\'', "''");
        let entered = self.own_statement(&format!("EXECUTE AS {kind} = N'{name}'"), false).await;
        if entered.is_err() {
            self.session.database.leave();
        }
        entered
    }

    /// Runs statements, or the scope's whole text, one level deeper.
    async fn nested(
        &mut self,
        mut inner: Scope,
        statements: Option<(&Arc<Batch>, &[Statement])>,
    ) -> Result<(Scope, Result<i32, Stop>), Stop> {
        inner.depth += self.scope.depth + 1;
        inner.place = DonePlace::InProcedure;
        inner.caller_tries = self.scope.catching();
        inner.caught.clone_from(&self.scope.caught);
        if inner.depth > MAX_CALL_DEPTH {
            return Err(SqlError::new(
                217,
                format!(
                    "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit {MAX_CALL_DEPTH})."
                ),
            )
            .into());
        }
        let database = self.session.database_name.clone();
        let elsewhere = inner.database.clone();
        if let Some(elsewhere) = &elsewhere {
            self.run_in(elsewhere).await?;
        }
        if let Err(stop) = self.enter(&inner).await {
            if elsewhere.is_some() {
                self.run_in(&database).await?;
            }
            return Err(stop);
        }
        let outer = std::mem::replace(&mut self.scope, inner);
        let options = self.session.options;
        let transactions = self.session.globals.transaction.depth;
        // Boxed: a text can run a text can run a text.
        let result = match (self.bring_options().await, statements) {
            (Err(stop), _) => Err(stop),
            (Ok(()), Some((text, statements))) => Box::pin(self.statements(text, statements)).await,
            (Ok(()), None) => Box::pin(self.text()).await,
        };
        let mut inner = std::mem::replace(&mut self.scope, outer);
        self.session.database.leave();
        self.session.options = options;
        self.drop_tables(std::mem::take(&mut inner.tables)).await;
        self.session.temporary_procedures.forget_deeper_than(self.scope.depth);
        let mut returned = self.return_to(&database).await;
        if elsewhere.is_some() {
            returned = returned.and(self.run_in(&database).await);
        }
        returned?;
        if matches!(result, Ok(_) | Err(Stop::TextOver)) {
            self.check_transactions(transactions, &inner.procedure).await?;
        }
        Ok((inner, result))
    }

    /// Says that what was called has not ended as many transactions as it began (266). Under
    /// XACT_ABORT, SQL Server doesn't mind; nor when it begins them itself.
    async fn check_transactions(&mut self, before: u32, procedure: &str) -> Result<(), Stop> {
        let now = self.session.globals.transaction.depth;
        let options = self.session.options;
        if now == before || options.abort_transaction || options.implicit_transactions {
            return Ok(());
        }
        let text = format!(
            "Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = {before}, current count = {now}."
        );
        let error = SqlError::new(266, text).state(2).in_procedure(procedure);
        if self.scope.catching() {
            return Err(Stop::CallFailed(vec![error.into()]));
        }
        let errors = self.located(vec![error.into()], 1);
        self.session.globals.error = 266;
        for error in errors {
            self.message(error).await?;
        }
        Ok(())
    }
}
