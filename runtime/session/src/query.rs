//! Statements that the database runs.

use std::sync::Arc;

use launchpod_database::{Event, Events, Execute, TransactionState, Variable};
use launchpod_tsql::ast::{SetOption, SetValue, Statement, StatementKind, Transaction};
use launchpod_types::{Message, SqlError, SqlType, Value};
use tokio_util::sync::CancellationToken;

use crate::block::done_kind;
use crate::reply::{Reply, TransactionChange};
use crate::run::{Run, Stop};

impl Run<'_> {
    /// Starts a statement on the session's connection.
    pub fn start(&mut self, statement: Statement, source: &str) -> Events {
        self.start_until(statement, source, self.cancel.clone())
    }

    /// Starts a statement that a token of its own cancels.
    fn start_until(
        &mut self,
        statement: Statement,
        source: &str,
        cancel: CancellationToken,
    ) -> Events {
        let mut variables = self.scope.variables.clone();
        let globals = &self.session.globals;
        let depth = i64::from(globals.transaction.depth);
        // @@ROWCOUNT is an int; a count beyond it wraps nowhere but saturates here.
        let row_count = i64::from(i32::try_from(globals.row_count).unwrap_or(i32::MAX));
        for (name, value) in [
            ("@@rowcount", row_count),
            ("@@error", i64::from(globals.error)),
            ("@@trancount", depth),
        ] {
            let variable = Variable { sql_type: SqlType::Int, value: Value::Int(value) };
            variables.insert(name.to_owned(), variable);
        }
        let execute = Execute {
            statement: Arc::new(statement),
            source: source.into(),
            variables: Arc::new(variables),
        };
        self.session.database.execute(execute, cancel)
    }

    /// Runs a statement as it was written and sends on what it yields.
    ///
    /// When nobody listens any more the rest is taken and dropped, not left: the transaction's
    /// state must be known when the next batch comes.
    pub async fn forward(&mut self, statement: &Statement) -> Result<(), Stop> {
        let source = Arc::clone(&self.scope.source);
        let mut events = self.start(statement.clone(), statement.span.text(&source));
        let mut rows: Option<u64> = None;
        let mut stopped: Result<(), Stop> = Ok(());
        while let Some(event) = events.recv().await {
            let sent = match event {
                Ok(event) => self.forward_event(statement, event, &mut rows, stopped.is_ok()).await,
                Err(error) => Err(error.into()),
            };
            stopped = stopped.and(sent);
        }
        stopped?;
        if self.cancel.is_cancelled() {
            return Err(Stop::Over);
        }
        self.session.globals.succeeded(rows.unwrap_or(0));
        self.done(done_kind(&statement.kind), rows).await
    }

    async fn forward_event(
        &mut self,
        statement: &Statement,
        event: Event,
        rows: &mut Option<u64>,
        listening: bool,
    ) -> Result<(), Stop> {
        let reply = match event {
            Event::Columns(columns) => {
                rows.get_or_insert(0);
                Reply::Columns(columns)
            }
            Event::Batch(batch) => {
                *rows.get_or_insert(0) += batch.num_rows() as u64;
                Reply::Batch(batch)
            }
            Event::RowsAffected(count) => {
                *rows = Some(count);
                return Ok(());
            }
            Event::Message(message) => Reply::Message(message),
            Event::Database(new) => return self.database_changed(new).await,
            Event::Transaction(state) => return self.transaction_changed(statement, state).await,
        };
        if listening { self.send(reply).await } else { Ok(()) }
    }

    /// Makes a database the current one again, if it no longer is; also when the batch was
    /// cancelled, since the next one begins there.
    pub async fn return_to(&mut self, database: &str) -> Result<(), Stop> {
        if self.session.database_name == database {
            return Ok(());
        }
        let text = format!("USE [{}]", database.replace(']', "]]"));
        let batch = launchpod_tsql::parse(&text).map_err(SqlError::from)?;
        for statement in batch.statements {
            let mut events = self.start_until(statement, &text, CancellationToken::new());
            while let Some(event) = events.recv().await {
                if let Event::Database(new) = event? {
                    self.database_changed(new).await?;
                }
            }
        }
        Ok(())
    }

    /// Notes the current database and tells the client.
    async fn database_changed(&mut self, new: String) -> Result<(), Stop> {
        let old = std::mem::replace(&mut self.session.database_name, new.clone());
        let text = format!("Changed database context to '{new}'.");
        self.send(Reply::Database { old, new }).await?;
        self.message(Message { state: 2, ..Message::info(5701, text) }).await
    }

    /// Notes the transaction's state; the client hears of its begin and its end only.
    async fn transaction_changed(
        &mut self,
        statement: &Statement,
        state: TransactionState,
    ) -> Result<(), Stop> {
        let before = std::mem::replace(&mut self.session.globals.transaction, state);
        let committed =
            matches!(statement.kind, StatementKind::Transaction(Transaction::Commit { .. }));
        let change = match (before.depth, state.depth) {
            (0, 0) => return Ok(()),
            (0, _) => TransactionChange::Began,
            (_, 0) if committed => TransactionChange::Committed,
            // ROLLBACK, or an error that took the transaction with it.
            (_, 0) => TransactionChange::RolledBack,
            _ => return Ok(()),
        };
        self.send(Reply::Transaction(change)).await
    }

    /// Heeds the options that are the interpreter's own.
    pub fn set_option(&mut self, set: &SetOption) {
        if set.names.iter().any(|name| name == "NOCOUNT") {
            self.session.options.no_count = set.value == SetValue::On;
        }
    }
}
