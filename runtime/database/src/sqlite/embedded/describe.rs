//! The result sets of a statement that isn't run.

use launchpod_tsql::ast::StatementKind;
use launchpod_types::SqlError;

use super::environment::Environment;
use super::statement::{columns_of, into};
use super::thread::{Job, Stop, Worker};
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::tree::QueryColumn;
use crate::sqlite::bind::write::Change;
use crate::{Event, Variables};

// === impl Worker ===

impl Worker {
    /// Binds a statement and yields the columns of each result set that it would return.
    pub(super) fn describe(&mut self, job: &Job, kind: &StatementKind) -> Result<(), Stop> {
        match kind {
            StatementKind::Execute(execute) => self.call(job, execute),
            StatementKind::InsertBulk(_) => self.dispatch(job, kind),
            _ => match result_columns(&self.environment(), &job.execute.variables, kind)? {
                Some(columns) => self.send(job, Event::Columns(columns_of(&columns))),
                None => Ok(()),
            },
        }
    }
}

/// The columns of a statement's result set; `None` when it returns none.
///
/// # Errors
/// When it can't be bound.
pub(crate) fn result_columns(
    environment: &Environment<'_>,
    variables: &Variables,
    kind: &StatementKind,
) -> Result<Option<Vec<QueryColumn>>, SqlError> {
    bind_rows(&mut Binder::new(environment, variables), kind)
}

/// Binds a statement that reads or changes rows: the columns of its result set.
///
/// # Errors
/// When it can't be bound.
pub(crate) fn bind_rows(
    binder: &mut Binder<'_>,
    kind: &StatementKind,
) -> Result<Option<Vec<QueryColumn>>, SqlError> {
    let change = match kind {
        StatementKind::Select(query) => {
            let bound = binder.statement_query(query)?;
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
