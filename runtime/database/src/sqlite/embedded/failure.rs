//! What SQLite's errors are in SQL Server's words.

use launchpod_types::SqlError;
use rusqlite::ffi::ErrorCode;

use super::alter::NOT_NULL;
use super::catalog::{Catalog, Table};
use crate::sqlite::errors;
use crate::sqlite::functions::Registry;

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
    if text.contains("too large")
        || text.contains("too big")
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

/// Whether a statement was ended because it was told to.
pub(crate) fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// Whether another connection holds the lock that was asked for.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn text_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn constraint(text: &str, changing: &Changing<'_>) -> Option<SqlError> {
    let Changing { table, word, step, catalog } = changing;
    let (word, database) = (*word, &table.database);
    if let Some(column) = text.strip_prefix("NOT NULL constraint failed: ") {
        let column = column.strip_prefix(&format!("{}.", table.storage)).unwrap_or(column);
        return Some(errors::not_null(column, &table.full_label(), step));
    }
    if let Some(name) = text.strip_prefix("CHECK constraint failed: ") {
        if let Some(column) = name.strip_prefix(NOT_NULL) {
            return Some(errors::not_null(column, &table.full_label(), step));
        }
        return Some(errors::check_failed(word, name, database, &table.label()));
    }
    if text.starts_with("FOREIGN KEY constraint failed") {
        return Some(errors::foreign_key_failed(word, database, &table.label()));
    }
    if let Some(columns) = text.strip_prefix("UNIQUE constraint failed: ") {
        // SQLite names the columns: find the key that has them.
        let prefix = format!("{}.", table.storage);
        let key: String = columns
            .split(", ")
            .map(|column| format!("{}\n", column.strip_prefix(&prefix).unwrap_or(column)))
            .collect();
        let constraints = catalog.constraints(table).unwrap_or_default();
        let indexes = catalog.unique_indexes(table).unwrap_or_default();
        if let Some(index) =
            indexes.iter().find(|index| index.definition.eq_ignore_ascii_case(&key))
        {
            return Some(errors::duplicate_in_index(&table.label(), &index.name));
        }
        let found =
            constraints.iter().find(|constraint| constraint.definition.eq_ignore_ascii_case(&key));
        let (kind, name) = found.map_or(("UNIQUE KEY", ""), |constraint| {
            let kind = if constraint.code == "PK" { "PRIMARY KEY" } else { "UNIQUE KEY" };
            (kind, constraint.name.as_str())
        });
        return Some(errors::duplicate_key(kind, name, &table.label()));
    }
    None
}
