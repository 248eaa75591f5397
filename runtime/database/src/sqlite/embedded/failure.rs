//! What SQLite's errors are in SQL Server's words.

use launchpod_functions::Registry;
use launchpod_types::SqlError;
use rusqlite::ffi::ErrorCode;

use super::catalog::{Catalog, Table};
use super::indexes::{NULLS, index_name};
use crate::sqlite::errors;

/// The table that a statement changes, for errors about its constraints.
pub(crate) struct Changing<'a> {
    pub(crate) table: &'a Table,
    /// `INSERT`, `UPDATE` or `MERGE`.
    pub(crate) word: &'static str,
    /// What it does with the row: `INSERT` or `UPDATE`.
    pub(crate) step: &'static str,
    pub(crate) catalog: Catalog<'a>,
}

/// The error of a statement that SQLite has ended.
pub(crate) fn translate(
    registry: &Registry,
    error: &rusqlite::Error,
    changing: Option<&Changing<'_>>,
) -> SqlError {
    if let Some(raised) = registry.take_raised() {
        return raised;
    }
    let text = text_of(error);
    if let Some(changing) = changing
        && let Some(error) = constraint(&text, changing)
    {
        return error;
    }
    of_engine(error)
}

/// The error of an operation that no user's function or constraint takes part in.
pub(crate) fn of_engine(error: &rusqlite::Error) -> SqlError {
    let text = text_of(error);
    if text.contains("integer overflow") {
        return errors::overflow(launchpod_types::SqlType::BigInt);
    }
    if text.contains("string or blob too big") {
        return errors::too_large_to_grow();
    }
    if text.contains("too large")
        || text.contains("too deep")
        || text.contains("too many")
        || text.contains("parser stack overflow")
        || text.contains("at most")
    {
        return errors::too_complex();
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => errors::lock_timeout(),
        Some(ErrorCode::DiskFull) => SqlError::with_class(
            1105,
            17,
            "Could not allocate space for the statement because the disk is full.",
        ),
        Some(ErrorCode::OutOfMemory) => SqlError::with_class(
            701,
            17,
            "There is insufficient system memory in resource pool 'default' to run this query.",
        ),
        _ => errors::internal(text),
    }
}

/// Whether a key was taken.
pub(super) fn is_unique(error: &rusqlite::Error) -> bool {
    text_of(error).starts_with("UNIQUE constraint failed")
}

/// Whether a statement was ended because it was told to.
pub(crate) fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// Whether another connection holds the lock that was asked for.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

pub(super) fn text_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn constraint(text: &str, changing: &Changing<'_>) -> Option<SqlError> {
    let Changing { table, word, step, catalog } = changing;
    if let Some(column) = text.strip_prefix("NOT NULL constraint failed: ") {
        let column = column.strip_prefix(&format!("{}.", table.storage)).unwrap_or(column);
        return Some(errors::not_null(column, &table.full_label(), step));
    }
    if let Some(name) = text.strip_prefix("CHECK constraint failed: ") {
        let constraints = catalog.constraints(table).unwrap_or_default();
        let check = constraints.iter().find(|constraint| constraint.name == name)?;
        return Some(errors::check_failed(word, check, table));
    }
    None
}

/// A key that a statement has found taken.
pub(super) struct Key {
    name: String,
    /// `PRIMARY KEY`, `UNIQUE KEY` or, of an index, nothing.
    kind: &'static str,
    pub(super) columns: Vec<String>,
}

// === impl Key ===

impl Key {
    /// Reads SQLite's message, which names the index or, of a plain one, its columns.
    pub(super) fn of(text: &str, table: &Table, catalog: &Catalog<'_>) -> Option<Key> {
        let failed = text.strip_prefix("UNIQUE constraint failed: ")?;
        let prefix = format!("{}.", table.storage);
        let columns: String = failed
            .split(", ")
            .map(|column| format!("{}\n", column.strip_prefix(&prefix).unwrap_or(column)))
            .collect();
        let index = failed.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\''));
        let index = index.map(|index| index.strip_suffix(NULLS).unwrap_or(index));
        let is = |storage: &str, definition: &str| match index {
            Some(index) => index == storage,
            None => definition == columns,
        };
        let key = |name: &str, kind: &'static str, definition: &str| Key {
            name: name.to_owned(),
            kind,
            columns: definition.lines().map(str::to_owned).collect(),
        };
        for constraint in catalog.constraints(table).ok()?.iter().filter(|known| known.is_key()) {
            if is(&index_name(table, &constraint.name), &constraint.definition) {
                let kind = if constraint.code == "PK" { "PRIMARY KEY" } else { "UNIQUE KEY" };
                return Some(key(&constraint.name, kind, &constraint.definition));
            }
        }
        let indexes = catalog.indexes(table).ok()?;
        let index =
            indexes.iter().find(|known| known.unique && is(&known.storage, &known.definition));
        index.map(|index| key(&index.name, "", &index.definition))
    }

    /// The error; `value` is its last sentence.
    pub(super) fn error(&self, table: &Table, value: &str) -> SqlError {
        match self.kind {
            "" => errors::duplicate_in_index(&table.label(), &self.name, value),
            kind => errors::duplicate_key(kind, &self.name, &table.label(), value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_too_long_is_no_complex_query() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(one("SELECT length(zeroblob(1000000000))").unwrap(), 1_000_000_000);
        let error = one("SELECT length(zeroblob(1000000001))").unwrap_err();
        assert_eq!(of_engine(&error).number(), 7119);
    }
}
