//! Runs changes in steps.

use launchpod_types::SqlError;

use super::catalog::Catalog;
use super::conflict::Failed;
use super::failure;
use super::statement::columns_of;
use super::thread::{Job, Stop, Worker};
use crate::sqlite::bind::staged::{Staged, StagedOutput, Step, Twice};
use crate::sqlite::bind::tree::BoundQuery;
use crate::sqlite::errors;
use crate::sqlite::translate::staged as sql;
use crate::sqlite::translate::{self, Sql};

// === impl Worker ===

impl Worker {
    /// Runs a change in steps; how many rows it changed. It runs within a statement's
    /// savepoint, which takes the stage back as well when it fails.
    pub(super) fn run_staged(
        &self,
        job: &Job,
        staged: &Staged,
        word: &'static str,
    ) -> Result<u64, Stop> {
        let catalog = Catalog::new(&self.connection);
        let table = &staged.table;
        let inserts = staged.steps.iter().any(|step| matches!(step, Step::Insert(_)));
        let counter = if inserts { catalog.identity(table)? } else { None };
        if let Some(identity) = counter {
            self.session.identity.begin(table.object_id, identity);
        }
        let result = self.versioning(table, || self.write_down(job, staged));
        let counted = self.session.identity.end(table.object_id);
        let count = result?;
        for (number, step) in in_order(&staged.steps) {
            let sql = sql::step(staged, number, step)?;
            sql.register(&self.connection, &self.registry)?;
            if let Err(error) = self.run_step(&sql) {
                self.step_failed(
                    job,
                    &Failed { table, word, step: step.word(), error: &error },
                    &sql,
                )?;
            }
        }
        if counted != counter {
            catalog.set_identity(table, counted)?;
        }
        if let Some(refused) = &staged.refused
            && self.finds(job, refused)?
        {
            return Err(errors::check_option().into());
        }
        for output in &staged.outputs {
            self.staged_output(job, output)?;
        }
        self.run_text(&sql::drop())?;
        Ok(count)
    }

    fn run_step(&self, sql: &Sql) -> Result<usize, rusqlite::Error> {
        let mut statement = self.connection.prepare(&sql.text)?;
        sql.bind(&mut statement)?;
        statement.raw_execute()
    }

    /// Runs a step again whose rows were in each other's way, or says why it failed.
    fn step_failed(&self, job: &Job, failed: &Failed<'_>, sql: &Sql) -> Result<(), Stop> {
        if failure::is_interrupted(failed.error) {
            return Err(self.failed(job, failed.error));
        }
        let at_once = failed.step == "UPDATE" && failure::is_unique(failed.error);
        if at_once && self.update_at_once(failed.table, &mut || self.run_step(sql))?.is_some() {
            return Ok(());
        }
        Err(self.explain(failed, &mut || self.run_step(sql).map(|_| ())).into())
    }

    /// Fills the stage; how many rows it has.
    fn write_down(&self, job: &Job, staged: &Staged) -> Result<u64, Stop> {
        self.run_text(&sql::create(staged))?;
        let plain = |error: &rusqlite::Error| failure::translate(&self.registry, error, None);
        let filled = self.run_sql(job, &sql::fill(staged)?, plain)?;
        let mut again = 0;
        match staged.twice {
            Twice::Once => again = self.run_text(&sql::keep_once())?,
            Twice::Refused => {
                let found = self.connection.prepare(&sql::find_twice());
                let found = found.and_then(|mut statement| statement.exists([]));
                if found.map_err(|error| failure::of_engine(&error))? {
                    return Err(errors::merge_twice().into());
                }
            }
        }
        self.run_text(&sql::number(staged))?;
        Ok(filled.saturating_sub(again))
    }

    fn finds(&self, job: &Job, query: &BoundQuery) -> Result<bool, Stop> {
        let sql = translate::query(query)?;
        sql.register(&self.connection, &self.registry)?;
        let failed = |error| self.failed(job, &error);
        let mut statement = self.connection.prepare(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        Ok(statement.raw_query().next().map_err(failed)?.is_some())
    }

    fn staged_output(&self, job: &Job, output: &StagedOutput) -> Result<(), Stop> {
        let query = match output {
            StagedOutput::Into(write) => {
                return self.run_write(job, write, "INSERT").map(|_| ());
            }
            StagedOutput::Client(query) => query,
        };
        let sql = translate::query(query)?;
        sql.register(&self.connection, &self.registry)?;
        let failed = |error| self.failed(job, &error);
        let mut statement = self.connection.prepare(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        self.stream(job, columns_of(&query.columns), statement.raw_query(), failed)?;
        Ok(())
    }

    fn run_sql(
        &self,
        job: &Job,
        sql: &Sql,
        explain: impl Fn(&rusqlite::Error) -> SqlError,
    ) -> Result<u64, Stop> {
        sql.register(&self.connection, &self.registry)?;
        let failed = |error: rusqlite::Error| {
            if failure::is_interrupted(&error) {
                return self.failed(job, &error);
            }
            explain(&error).into()
        };
        let mut statement = self.connection.prepare(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        statement.raw_execute().map(|count| count as u64).map_err(failed)
    }

    fn run_text(&self, text: &str) -> Result<u64, Stop> {
        let ran = self.connection.execute(text, []);
        ran.map(|count| count as u64).map_err(|error| failure::of_engine(&error).into())
    }
}

/// Steps with their numbers: room is made before it is needed.
fn in_order(steps: &[Step]) -> Vec<(usize, &Step)> {
    let mut ordered: Vec<_> = steps.iter().enumerate().collect();
    ordered.sort_by_key(|(_, step)| match step {
        Step::Delete => 0,
        Step::Update(_) => 1,
        Step::Insert(_) => 2,
    });
    ordered
}
