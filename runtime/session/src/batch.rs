//! A text of T-SQL from its first statement to its last.

use std::sync::Arc;

use launchpod_types::SqlError;

use crate::reply::{DoneKind, DonePlace};
use crate::run::{Flow, MAX_CALL_DEPTH, Run, Scope, Stop};

impl Run<'_> {
    /// Reads and runs the scope's text; returns the return status.
    ///
    /// Errors of statements are sent as they occur; only what ends the text or the batch
    /// stops it.
    pub async fn text(&mut self) -> Result<i32, Stop> {
        let source = Arc::clone(&self.scope.source);
        let batch = match launchpod_tsql::parse(&source) {
            Ok(batch) => batch,
            Err(error) => {
                self.report(vec![SqlError::from(error).into()], DoneKind::Other).await?;
                return Err(Stop::TextOver);
            }
        };
        match self.declare_all(&batch.statements) {
            Err(Stop::Failed(errors)) => {
                self.report(errors, DoneKind::Other).await?;
                return Err(Stop::TextOver);
            }
            declared => declared?,
        }
        match self.block(&batch.statements).await? {
            Flow::Return(status) => Ok(status),
            Flow::Next | Flow::Break | Flow::Continue => Ok(0),
        }
    }

    /// Rolls back what a cancelled batch has left open, under XACT_ABORT.
    pub async fn end_cancelled(&mut self) {
        if self.cancel.is_cancelled() && self.session.options.abort_transaction {
            // Nobody waits for an error any more.
            let _ = self.roll_back().await;
        }
    }

    /// Runs another text one level deeper, with variables of its own, and returns its scope
    /// (for the values that OUTPUT parameters got) with its return status: `@@ERROR` when it
    /// returned none, as `sp_executesql` does.
    ///
    /// What the text has made of the current database and of options ends with it.
    pub async fn nested_text(&mut self, mut inner: Scope) -> Result<(Scope, i32), Stop> {
        inner.depth = self.scope.depth + 1;
        inner.place = DonePlace::InProcedure;
        if inner.depth > MAX_CALL_DEPTH {
            return Err(SqlError::new(
                217,
                format!(
                    "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit {MAX_CALL_DEPTH})."
                ),
            )
            .into());
        }
        let outer = std::mem::replace(&mut self.scope, inner);
        let database = self.session.database_name.clone();
        let options = self.session.options;
        // Boxed: a text can run a text can run a text.
        let result = Box::pin(self.text()).await;
        let inner = std::mem::replace(&mut self.scope, outer);
        self.session.options = options;
        let returned = self.return_to(&database).await;
        let status = match result {
            Ok(0) | Err(Stop::TextOver) => self.session.globals.error,
            result => result?,
        };
        returned?;
        Ok((inner, status))
    }
}
