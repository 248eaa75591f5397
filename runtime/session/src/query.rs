//! Statements that the database runs.

use std::sync::Arc;

use launchpod_database::{Event, Events, Execute, TransactionState, Variable};
use launchpod_tsql::ast::{QueryBody, Statement, StatementKind, Transaction};
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
    pub fn start_until(
        &mut self,
        statement: Statement,
        source: &str,
        cancel: CancellationToken,
    ) -> Events {
        let execute = self.request(statement, source);
        self.session.database.execute(execute, cancel)
    }

    /// A statement for the database, with the variables that it may use.
    pub fn request(&self, statement: Statement, source: &str) -> Execute {
        let mut variables = self.scope.variables.clone();
        let globals = &self.session.globals;
        // @@ROWCOUNT is an int; a count beyond it wraps nowhere but saturates here.
        let row_count = i64::from(i32::try_from(globals.row_count).unwrap_or(i32::MAX));
        for (name, value) in [
            ("@@rowcount", row_count),
            ("@@error", i64::from(globals.error)),
            ("@@trancount", i64::from(globals.transaction.depth)),
            ("@@nestlevel", i64::from(self.scope.depth) - 1),
            ("@@procid", self.scope.procedure_id),
            ("@@fetch_status", i64::from(globals.fetch_status)),
            ("@@cursor_rows", i64::from(globals.cursor_rows)),
            ("@@options", self.session.options.flags()),
        ] {
            let variable = Variable { sql_type: SqlType::Int, value: Value::Int(value) };
            variables.insert(name.to_owned(), variable.into());
        }
        for (name, variable) in self.error_variables() {
            variables.insert(name.to_owned(), variable.into());
        }
        for (name, variable) in self.cursor_variables() {
            variables.insert(name, variable.into());
        }
        for (name, table_type) in &self.scope.table_types {
            let (name, variable) = crate::types::variable_of(name, table_type);
            variables.insert(name, variable.into());
        }
        Execute {
            statement: Arc::new(statement),
            source: source.into(),
            variables: Arc::new(variables),
            describe: false,
        }
    }

    /// Runs a statement as it was written and sends on what it yields.
    pub async fn forward(&mut self, statement: &Statement) -> Result<(), Stop> {
        let source = Arc::clone(&self.scope.source);
        self.forward_text(statement, &source).await
    }

    /// The same, of a statement that stands in another text.
    pub async fn forward_text(&mut self, statement: &Statement, source: &str) -> Result<(), Stop> {
        self.check_doomed(&statement.kind)?;
        self.check_within_insert(&statement.kind)?;
        self.check_read_only(&statement.kind)?;
        match self.limited(statement, source)? {
            Some((statement, text)) => self.forward_limited(&statement, &text).await,
            None => self.forward_limited(statement, source).await,
        }
    }

    /// The same, of a statement that SET ROWCOUNT has limited where it does.
    async fn forward_limited(&mut self, statement: &Statement, source: &str) -> Result<(), Stop> {
        self.begin_implicitly(statement).await?;
        let mut execute = self.request(statement.clone(), statement.span.text(source));
        execute.describe = self.session.options.format_only;
        let cancel = self.cancel.child_token();
        let events = self.session.database.execute(execute, cancel.clone());
        self.relay(statement, events, &cancel).await?;
        self.note_table(&statement.kind);
        Ok(())
    }

    /// Runs an INSERT of rows that come from elsewhere, and sends on what it yields.
    pub async fn insert_rows(&mut self, statement: &Statement, rows: Events) -> Result<(), Stop> {
        let source = Arc::clone(&self.scope.source);
        let execute = self.request(statement.clone(), statement.span.text(&source));
        let cancel = self.cancel.child_token();
        let events = self.session.database.insert(execute, rows, cancel.clone());
        self.relay(statement, events, &cancel).await
    }

    /// Sends on what a statement yields, and its end.
    ///
    /// When nobody listens any more the rest is taken and dropped, not left: the transaction's
    /// state must be known when the next batch comes.
    pub async fn relay(
        &mut self,
        statement: &Statement,
        mut events: Events,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let limit = self.session.options.row_limit;
        let describe = self.session.options.format_only;
        let mut rows: Option<u64> = None;
        let mut stopped: Result<(), Stop> = Ok(());
        while let Some(event) = events.recv().await {
            let event = match event {
                Ok(Event::Batch(_) | Event::RowsAffected(_)) if describe => {
                    // The columns are known by now.
                    cancel.cancel();
                    continue;
                }
                Ok(Event::Batch(batch)) if limit > 0 => {
                    let left = limit.saturating_sub(rows.unwrap_or(0));
                    let length = batch.num_rows().min(usize::try_from(left).unwrap_or(usize::MAX));
                    if length as u64 == left {
                        // SET ROWCOUNT: the statement has given what is wanted.
                        cancel.cancel();
                    }
                    Ok(Event::Batch(batch.slice(0, length)))
                }
                Ok(Event::RowsAffected(count)) if limit > 0 => {
                    Ok(Event::RowsAffected(count.min(limit)))
                }
                event => event,
            };
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
            Event::ReturnStatus(_) | Event::Output { .. } | Event::Returned(_) => return Ok(()),
        };
        if listening { self.send(reply).await } else { Ok(()) }
    }

    /// Makes a database the current one again, if it no longer is; also when the batch was
    /// cancelled, since the next one begins there.
    pub async fn return_to(&mut self, database: &str) -> Result<(), Stop> {
        if self.session.database_name == database {
            return Ok(());
        }
        self.own_statement(&use_statement(database), true).await
    }

    /// Makes a database the current one for a procedure that lives there. The client is not
    /// told: its own current database stays.
    pub async fn run_in(&mut self, database: &str) -> Result<(), Stop> {
        self.own_statement(&use_statement(database), false).await
    }

    /// Rolls an open transaction back, also when the batch was cancelled.
    pub async fn roll_back(&mut self) -> Result<(), Stop> {
        if self.session.globals.transaction.depth == 0 {
            return Ok(());
        }
        self.own_statement("ROLLBACK TRANSACTION", true).await
    }

    /// Begins a transaction before a statement that does so under IMPLICIT_TRANSACTIONS.
    pub async fn begin_implicitly(&mut self, statement: &Statement) -> Result<(), Stop> {
        let session = &self.session;
        if session.options.implicit_transactions
            && !session.database.is_server()
            && session.globals.transaction.depth == 0
            && begins_transaction(&statement.kind)
        {
            self.own_statement("BEGIN TRANSACTION", true).await?;
        }
        Ok(())
    }

    /// Runs a statement that isn't the client's, which nothing cancels. `tell`: the client
    /// hears of a change of the current database.
    pub async fn own_statement(&mut self, text: &str, tell: bool) -> Result<(), Stop> {
        let batch = launchpod_tsql::parse(text).map_err(SqlError::from)?;
        for statement in batch.statements {
            let mut events = self.start_until(statement.clone(), text, CancellationToken::new());
            while let Some(event) = events.recv().await {
                match event? {
                    Event::Database(new) if tell => self.database_changed(new).await?,
                    Event::Transaction(state) => {
                        self.transaction_changed(&statement, state).await?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Notes the current database and tells the client.
    pub async fn database_changed(&mut self, new: String) -> Result<(), Stop> {
        let old = std::mem::replace(&mut self.session.database_name, new.clone());
        let text = format!("Changed database context to '{new}'.");
        self.announce(Reply::Database { old, new }).await?;
        self.message(Message { state: 2, ..Message::info(5701, text) }).await
    }

    /// Notes the transaction's state; the client hears of its begin and its end only.
    pub async fn transaction_changed(
        &mut self,
        statement: &Statement,
        state: TransactionState,
    ) -> Result<(), Stop> {
        let before = std::mem::replace(&mut self.session.globals.transaction, state);
        self.session.globals.doomed &= state.depth > 0;
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
        let silent = self.session.globals.silent_transaction;
        self.session.globals.silent_transaction &= state.depth > 0;
        if silent { Ok(()) } else { self.announce(Reply::Transaction(change)).await }
    }
}

fn use_statement(database: &str) -> String {
    format!("USE [{}]", database.replace(']', "]]"))
}

/// Whether a statement begins a transaction under IMPLICIT_TRANSACTIONS.
fn begins_transaction(kind: &StatementKind) -> bool {
    match kind {
        // A SELECT without a table reads nothing that a transaction could keep.
        StatementKind::Select(query) => {
            !matches!(&query.body, QueryBody::Select(select) if select.from.is_empty())
        }
        StatementKind::Insert(_)
        | StatementKind::InsertBulk(_)
        | StatementKind::Update(_)
        | StatementKind::Delete(_)
        | StatementKind::Merge(_)
        | StatementKind::Truncate(_)
        | StatementKind::CreateTable(_)
        | StatementKind::AlterTable(_)
        | StatementKind::Drop(_) => true,
        _ => false,
    }
}
