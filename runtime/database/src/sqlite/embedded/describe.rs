//! The result sets of a statement that isn't run.

use std::sync::Arc;

use launchpod_tsql::ast::StatementKind;
use launchpod_types::SqlError;

use super::statement::{columns_of, into};
use super::thread::{Job, Stop, Worker};
use crate::Event;
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::tree::QueryColumn;
use crate::sqlite::bind::write::Change;

// === impl Worker ===

impl Worker {
    /// Binds a statement and yields the columns of each result set that it would return.
    pub(super) fn describe(&mut self, job: &Job, kind: &StatementKind) -> Result<(), Stop> {
        match kind {
            StatementKind::Execute(execute) => self.call(job, execute),
            StatementKind::InsertBulk(_) => self.dispatch(job, kind),
            _ => match self.described(job, kind)? {
                Some(columns) => self.send(job, Event::Columns(columns_of(&columns))),
                None => Ok(()),
            },
        }
    }

    /// The columns of a statement's result set; `None` when it returns none.
    fn described(
        &self,
        job: &Job,
        kind: &StatementKind,
    ) -> Result<Option<Vec<QueryColumn>>, SqlError> {
        let environment = self.environment();
        let variables = Arc::clone(&job.execute.variables);
        let mut binder = Binder::new(&environment, &variables);
        let change = match kind {
            StatementKind::Select(query) => {
                let bound = binder.bind_query(query)?;
                return Ok(into(query).is_none().then_some(bound.columns));
            }
            StatementKind::Insert(insert) => binder.insert(insert)?,
            StatementKind::Update(update) => binder.update(update)?,
            StatementKind::Delete(delete) => binder.delete(delete)?,
            StatementKind::Merge(merge) => Change::Staged(Box::new(binder.merge(merge)?)),
            _ => return Ok(None),
        };
        Ok(change.returned())
    }
}
