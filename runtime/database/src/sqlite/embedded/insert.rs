//! INSERTs whose rows the caller brings: INSERT … EXEC and bulk loads.
//!
//! One prepared INSERT of a single row runs for each row. What the INSERT … SELECT of the same
//! columns would convert, it converts; where nothing is to be converted, values go from the
//! batch to SQLite as they are.

use std::sync::Arc;

use launchpod_tsql::ast::StatementKind;
use launchpod_types::Column;

use super::conflict::Failed;
use super::failure;
use super::parameters::Parameters;
use super::thread::{Job, Stop, Worker};
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::write::Write;
use crate::sqlite::{errors, translate};
use crate::{Event, Events};

/// How many rows of a result set went in, and the columns of the next.
type Inserted = (u64, Option<Arc<[Column]>>);

/// After how many rows the statement looks whether it is to stop.
const ROWS: usize = 1024;

// === impl Worker ===

impl Worker {
    /// Inserts all rows as one statement.
    pub(crate) fn insert_rows(&mut self, job: &Job, mut rows: Events) -> Result<(), Stop> {
        let temporary = match &job.execute.statement.kind {
            StatementKind::Insert(insert) => {
                super::statement::is_temporary(&insert.target, &insert.outputs)
            }
            StatementKind::InsertBulk(bulk) => bulk.target.is_temporary(),
            _ => return Err(errors::internal("rows for a statement that takes none").into()),
        };
        // Other writers don't wait for a caller who hasn't begun.
        let mut columns = self.next_columns(job, &mut rows)?;
        let mut count = 0;
        self.change(job, temporary, |worker, job| {
            while let Some(found) = columns.take() {
                let write = worker.bind_rows(job, &found)?;
                let (inserted, next) = worker.insert_result_set(job, &write, &found, &mut rows)?;
                count += inserted;
                columns = next;
            }
            Ok(())
        })?;
        self.send(job, Event::RowsAffected(count))
    }

    /// The columns of the next result set.
    fn next_columns(&self, job: &Job, rows: &mut Events) -> Result<Option<Arc<[Column]>>, Stop> {
        while let Some(event) = self.receive(job, rows)? {
            if let Event::Columns(columns) = event {
                return Ok(Some(columns));
            }
        }
        Ok(None)
    }

    fn bind_rows(&self, job: &Job, columns: &[Column]) -> Result<Write, Stop> {
        let environment = self.environment();
        let variables = Arc::clone(&job.execute.variables);
        let mut binder = Binder::new(&environment, &variables);
        Ok(match &job.execute.statement.kind {
            StatementKind::Insert(insert) => binder.insert_executed(insert, columns)?,
            StatementKind::InsertBulk(bulk) => binder.insert_bulk(bulk, columns)?,
            _ => return Err(errors::internal("rows for a statement that takes none").into()),
        })
    }

    /// Inserts the rows of a result set.
    fn insert_result_set(
        &self,
        job: &Job,
        write: &Write,
        columns: &[Column],
        rows: &mut Events,
    ) -> Result<Inserted, Stop> {
        let sql = translate::row_write(write)?;
        sql.register(&self.connection, &self.registry)?;
        let failed = |error| self.failed(job, &error);
        self.counting(write, || {
            let mut statement = self.connection.prepare_cached(&sql.text).map_err(failed)?;
            let mut count = 0;
            while let Some(event) = self.receive(job, rows)? {
                let batch = match event {
                    Event::Columns(next) => return Ok((count, Some(next))),
                    Event::Batch(batch) => batch,
                    _ => continue,
                };
                let parameters = Parameters::new(&batch, columns)?;
                for row in 0..batch.num_rows() {
                    if row % ROWS == 0 && job.is_cancelled() {
                        return Err(Stop::Cancelled);
                    }
                    parameters.bind(row, &mut statement)?;
                    if let Err(error) = statement.raw_execute() {
                        let again = &mut || statement.raw_execute().map(|_| ());
                        return Err(self.row_failed(job, write, &error, again));
                    }
                }
                count += batch.num_rows() as u64;
            }
            Ok((count, None))
        })
    }

    fn row_failed(
        &self,
        job: &Job,
        write: &Write,
        error: &rusqlite::Error,
        again: &mut dyn FnMut() -> rusqlite::Result<()>,
    ) -> Stop {
        if failure::is_interrupted(error) {
            return self.failed(job, error);
        }
        let (word, step) = ("INSERT", "INSERT");
        let failed = Failed { table: &write.table, word, step, error };
        self.explain(&failed, again).into()
    }
}
