//! Which row and which constraint a failed write is about.
//!
//! SQLite says less than SQL Server: nothing of the key's value, nothing of a foreign key's name.
//! What is missing is found by running the write again, beside its own savepoint, with a trigger
//! that notes the row or with foreign keys that are checked later. Nothing of that stays: the
//! statement has failed and is undone.

use std::sync::{Arc, Mutex, PoisonError};

use launchpod_functions::cell;
use launchpod_types::{SqlError, SqlType, Value};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::catalog::{Catalog, Table, TableColumn, failed};
use super::constraints::StoredConstraint;
use super::failure::{self, Key};
use super::thread::Worker;
use crate::sqlite::errors;
use crate::sqlite::translate::quoted;

/// The function and the trigger that note a row.
const NOTE: &str = "\"launchpod note\"";

/// A write that has failed.
pub(super) struct Failed<'a> {
    pub(super) table: &'a Table,
    /// `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
    pub(super) word: &'static str,
    /// What it does with the row: `INSERT`, `UPDATE` or `DELETE`.
    pub(super) step: &'static str,
    pub(super) error: &'a rusqlite::Error,
}

/// A constraint that a statement may have broken.
struct Candidate {
    constraint: StoredConstraint,
    /// The table that has it.
    owner: Table,
    error: SqlError,
}

// === impl Worker ===

impl Worker {
    /// What SQL Server says of a write that has failed; `again` runs it once more.
    pub(super) fn explain(
        &self,
        write: &Failed<'_>,
        again: &mut dyn FnMut() -> rusqlite::Result<()>,
    ) -> SqlError {
        if let Some(raised) = self.registry.take_raised() {
            return raised;
        }
        let text = failure::text_of(write.error);
        let catalog = Catalog::new(&self.connection);
        let found = if let Some(key) = Key::of(&text, write.table, &catalog) {
            self.duplicate_value(write, &key, again).map(|value| key.error(write.table, &value))
        } else if text.starts_with("FOREIGN KEY constraint failed") {
            self.broken_reference(write, again)
        } else {
            let Failed { table, word, step, .. } = *write;
            let changing = failure::Changing { table, word, step, catalog };
            return failure::translate(&self.registry, write.error, Some(&changing));
        };
        // What the second run raised is not what the first failed with.
        let _ = self.registry.take_raised();
        found.unwrap_or_else(|error| error)
    }

    /// The value of the key that was taken, as messages show it; empty when the write doesn't
    /// fail again.
    fn duplicate_value(
        &self,
        write: &Failed<'_>,
        key: &Key,
        again: &mut dyn FnMut() -> rusqlite::Result<()>,
    ) -> Result<String, SqlError> {
        let table = write.table;
        let columns = columns_of(table, &key.columns);
        let types: Vec<SqlType> = columns.iter().map(|column| column.sql_type).collect();
        let noted = note_rows(&self.connection, types).map_err(failed)?;
        let row: Vec<String> =
            columns.iter().map(|column| format!("NEW.{}", quoted(&column.name))).collect();
        let trigger = format!(
            "CREATE TEMP TRIGGER {NOTE} BEFORE {} ON {}.{} BEGIN SELECT {NOTE}({}); END",
            write.step,
            table.attached,
            quoted(&table.storage),
            row.join(", ")
        );
        self.connection.execute_batch(&trigger).map_err(failed)?;
        let repeated = again();
        let dropped = format!("DROP TRIGGER temp.{NOTE}");
        self.connection.execute_batch(&dropped).map_err(failed)?;
        if repeated.is_ok() {
            return Ok(String::new());
        }
        let noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(errors::key_value(&noted))
    }

    /// The error of the foreign key that was broken.
    fn broken_reference(
        &self,
        write: &Failed<'_>,
        again: &mut dyn FnMut() -> rusqlite::Result<()>,
    ) -> Result<SqlError, SqlError> {
        let mut candidates = self.candidates(write)?;
        if candidates.len() > 1 {
            let later = |on: bool| {
                let pragma = format!("PRAGMA defer_foreign_keys = {on}");
                self.connection.execute_batch(&pragma).map_err(failed)
            };
            later(true)?;
            let broken = match again() {
                Ok(()) => self.broken_of(&candidates),
                Err(error) => Err(failed(error)),
            };
            later(false)?;
            if let Some(index) = broken? {
                candidates.swap(0, index);
            }
        }
        let first = candidates.into_iter().next();
        Ok(first.map_or_else(|| failure::of_engine(write.error), |first| first.error))
    }

    /// The foreign keys that a write may break: its table's own, and those that reference it.
    fn candidates(&self, write: &Failed<'_>) -> Result<Vec<Candidate>, SqlError> {
        let catalog = Catalog::new(&self.connection);
        let Failed { table, word, step, .. } = write;
        let mut found = Vec::new();
        for constraint in catalog.constraints(table)? {
            let Some(references) = constraint.references.as_ref().filter(|_| *step != "DELETE")
            else {
                continue;
            };
            let other = catalog.table_of(references.object_id)?;
            let error = errors::foreign_key_failed(word, &constraint, table, &other);
            found.push(Candidate { constraint, owner: (*table).clone(), error });
        }
        for key in catalog.referencing(table)?.into_iter().filter(|_| *step != "INSERT") {
            let owner = catalog.table_of(key.object_id)?;
            let error = errors::reference_failed(word, &key.constraint, table, &owner);
            found.push(Candidate { constraint: key.constraint, owner, error });
        }
        Ok(found)
    }

    /// The first of these foreign keys that a row breaks.
    fn broken_of(&self, candidates: &[Candidate]) -> Result<Option<usize>, SqlError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT (SELECT group_concat(l.\"from\" || char(10), '' ORDER BY l.seq)
                         FROM pragma_foreign_key_list(?1) AS l WHERE l.id = c.fkid)
                 FROM pragma_foreign_key_check(?1) AS c GROUP BY c.fkid",
            )
            .map_err(failed)?;
        for (index, candidate) in candidates.iter().enumerate() {
            let broken = statement
                .query_map([&candidate.owner.storage], |row| row.get::<_, String>(0))
                .map_err(failed)?;
            for columns in broken {
                if columns.map_err(failed)? == candidate.constraint.definition {
                    return Ok(Some(index));
                }
            }
        }
        Ok(None)
    }

    /// Runs an UPDATE whose rows were in each other's way without the unique indexes, which are
    /// then made again: SQLite looks at each row by itself, SQL Server at all of them.
    ///
    /// # Errors
    /// That of the key that two rows have in the end.
    pub(super) fn update_at_once(
        &self,
        table: &Table,
        update: &mut dyn FnMut() -> rusqlite::Result<usize>,
    ) -> Result<Option<usize>, SqlError> {
        let indexes = self.unique_storage(table)?;
        for (name, _) in &indexes {
            let drop = format!("DROP INDEX {}.{}", table.attached, quoted(name));
            self.connection.execute_batch(&drop).map_err(failed)?;
        }
        let Ok(count) = update() else { return Ok(None) };
        let prefix = "CREATE UNIQUE INDEX ";
        for (_, sql) in &indexes {
            let sql = sql.replacen(prefix, &format!("{prefix}{}.", table.attached), 1);
            if let Err(error) = self.connection.execute_batch(&sql) {
                let text = failure::text_of(&error);
                let key = Key::of(&text, table, &Catalog::new(&self.connection));
                let Some(key) = key else { return Err(failed(error)) };
                let columns = columns_of(table, &key.columns);
                let value = self.duplicate_in(table, &columns, "")?;
                return Err(key.error(table, &value));
            }
        }
        Ok(Some(count))
    }

    /// Names and definitions of a table's unique indexes in SQLite.
    fn unique_storage(&self, table: &Table) -> Result<Vec<(String, String)>, SqlError> {
        let sql = format!(
            "SELECT name, sql FROM {}.sqlite_schema
             WHERE type = 'index' AND tbl_name = ?1 AND sql LIKE 'CREATE UNIQUE INDEX %'",
            table.attached
        );
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let rows = statement
            .query_map([&table.storage], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

fn columns_of<'t>(table: &'t Table, names: &[String]) -> Vec<&'t TableColumn> {
    let columns = names.iter().filter_map(|name| table.columns.iter().find(|c| c.name == *name));
    columns.collect()
}

type Noted = Arc<Mutex<Vec<(Value, SqlType)>>>;

/// Makes a function that keeps the values that it was called with last.
fn note_rows(connection: &Connection, types: Vec<SqlType>) -> rusqlite::Result<Noted> {
    let noted = Noted::default();
    let kept = Arc::clone(&noted);
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(NOTE.trim_matches('"'), -1, flags, move |context| {
        let values = types.iter().enumerate().map(|(index, sql_type)| {
            let value = cell::decode(context.get_raw(index), *sql_type);
            (value.unwrap_or(Value::Null), *sql_type)
        });
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = values.collect();
        Ok(0)
    })?;
    Ok(noted)
}
