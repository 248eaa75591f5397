//! INSERT … EXEC ("INSERT (Transact-SQL)", section "derived_table" and "execute_statement").
//!
//! The procedure runs first, with its result sets kept in a [spool](crate::spool) and nothing
//! locked but by its own changes; then the database inserts all rows in one statement. So a procedure may read the table
//! that it fills.

use launchpod_tsql::ast::{Insert, InsertSource, Statement, StatementKind, Target, Transaction};
use launchpod_types::SqlError;

use crate::diversion::Diversion;
use crate::procedure_name::quoted;
use crate::reply::{Reply, TransactionChange};
use crate::run::{Run, Stop};
use crate::spool::Spool;

/// Whether an INSERT takes its rows from EXEC.
pub(crate) fn is_execute(insert: &Insert) -> bool {
    matches!(insert.source, InsertSource::Execute(_) | InsertSource::ExecuteText(_))
}

// === impl Run ===

impl Run<'_> {
    /// Runs an INSERT … EXEC.
    ///
    /// # Errors
    /// 8164 within another, 483 with an OUTPUT clause, those of the target (208, 207, 1087), of
    /// the call, and of the rows.
    pub async fn insert_execute(
        &mut self,
        statement: &Statement,
        insert: &Insert,
    ) -> Result<(), Stop> {
        if self.spool().is_some() {
            return Err(SqlError::new(8164, "An INSERT EXEC statement cannot be nested.").into());
        }
        if !insert.outputs.is_empty() {
            return Err(SqlError::new(
                483,
                "The OUTPUT clause cannot be used in an INSERT...EXEC statement.",
            )
            .into());
        }
        self.check_doomed(&statement.kind)?;
        self.begin_implicitly(statement).await?;
        // A query of its own doesn't see the common table expressions before INSERT.
        if insert.ctes.is_empty() {
            self.ask(&target_query(insert)).await?;
        }
        if self.session.globals.transaction.depth > 0 {
            return self.insert_called(statement, insert).await;
        }
        // The statement is a transaction: what the procedure has changed goes with its rows.
        self.session.globals.silent_transaction = true;
        self.own_statement("BEGIN TRANSACTION", false).await?;
        match self.insert_called(statement, insert).await {
            Ok(()) => {
                self.own_statement("COMMIT TRANSACTION", false).await?;
                self.tell_transaction().await
            }
            Err(stop) => {
                self.roll_back().await?;
                Err(stop)
            }
        }
    }

    /// Tells the client of a transaction that the procedure has left open.
    async fn tell_transaction(&mut self) -> Result<(), Stop> {
        if !self.session.globals.silent_transaction {
            return Ok(());
        }
        self.session.globals.silent_transaction = false;
        self.announce(Reply::Transaction(TransactionChange::Began)).await
    }

    async fn insert_called(&mut self, statement: &Statement, insert: &Insert) -> Result<(), Stop> {
        let spool = self.spooled(insert).await?;
        self.insert_rows(statement, spool.into_rows()).await
    }

    /// Runs the call of an INSERT … EXEC for its rows.
    async fn spooled(&mut self, insert: &Insert) -> Result<Spool, Stop> {
        let place = self.diversions.len();
        let transactions = self.session.globals.transaction.depth;
        let config = self.session.instance.spool.clone();
        self.diversions.push(Diversion::Spool(Spool::new(config, transactions)));
        let called = match &insert.source {
            InsertSource::Execute(execute) => self.execute_procedure(execute).await,
            InsertSource::ExecuteText(execute) => self.execute_text(execute).await,
            _ => Ok(()),
        };
        let spool = self.diversions.pop();
        called.map_err(|stop| self.own_abort(place, stop))?;
        match spool {
            Some(Diversion::Spool(spool)) => Ok(spool),
            // What was pushed is what is taken: all that a call pushes it takes.
            _ => Err(Stop::Over),
        }
    }

    /// Refuses to end the transaction that was open when an INSERT … EXEC began.
    ///
    /// # Errors
    /// 3915 and 3916.
    pub fn check_within_insert(&self, kind: &StatementKind) -> Result<(), SqlError> {
        let Some(spool) = self.spool() else { return Ok(()) };
        let own = self.session.globals.transaction.depth > spool.transactions();
        match kind {
            StatementKind::Transaction(Transaction::Rollback { .. }) => Err(SqlError::new(
                3915,
                "Cannot use the ROLLBACK statement within an INSERT-EXEC statement.",
            )),
            StatementKind::Transaction(Transaction::Commit { .. }) if !own => Err(SqlError::new(
                3916,
                "Cannot use the COMMIT statement within an INSERT-EXEC statement unless BEGIN TRANSACTION is used first.",
            )),
            _ => Ok(()),
        }
    }
}

/// A query of no rows that fails as the INSERT would if its target can't be found.
fn target_query(insert: &Insert) -> String {
    let target = match &insert.target {
        Target::Table(name) => quoted(name),
        Target::Variable { name, .. } => name.clone(),
    };
    let column =
        |name: &launchpod_tsql::ast::Identifier| format!("[{}]", name.text.replace(']', "]]"));
    let columns: Vec<String> = insert.columns.iter().map(column).collect();
    let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
    format!("SELECT TOP (0) {columns} FROM {target}")
}
