//! `rowversion` ("rowversion (Transact-SQL)"): a number of its database's that each INSERT and
//! UPDATE of a row raises.
//!
//! The catalog has the last number of each database. It is written with the rows, by the one writer
//! that there is at a time: so what another session reads there is below every number that isn't
//! committed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use launchpod_types::SqlError;
use rusqlite::params;

use super::catalog::{Catalog, Table, failed};
use super::thread::Worker;
use crate::sqlite::errors;

/// The number of the type in `sys.types`.
pub(crate) const TYPE: i64 = 189;
/// The number of a database without any: SQL Server's of a new one.
const FIRST: i64 = 2000;

/// The number given last while a statement runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct VersionState(Arc<Mutex<Option<i64>>>);

// === impl VersionState ===

impl VersionState {
    /// The next number, as the type has it.
    pub(crate) fn next(&self) -> Result<Vec<u8>, SqlError> {
        let mut last = self.lock();
        let next = last.and_then(|last| last.checked_add(1));
        *last = next;
        let next = next.ok_or_else(|| errors::internal("a rowversion without a counter"))?;
        Ok(next.to_be_bytes().to_vec())
    }

    fn lock(&self) -> MutexGuard<'_, Option<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Table ===

impl Table {
    /// Whether each change of a row raises a number in it.
    pub(crate) fn has_version(&self) -> bool {
        self.columns.iter().any(|column| column.is_version())
    }
}

// === impl Catalog ===

impl Catalog<'_> {
    /// The last number of a database: `@@DBTS`.
    pub(crate) fn version(&self, database: &str) -> Result<i64, SqlError> {
        let sql = r#"SELECT rowversion FROM main."launchpod.databases" WHERE name = ?1"#;
        let last: Option<i64> =
            self.connection.query_row(sql, [database], |row| row.get(0)).map_err(failed)?;
        Ok(last.unwrap_or(FIRST))
    }
}

// === impl Worker ===

impl Worker {
    /// Runs a change of a table's rows while its database's number counts.
    pub(super) fn versioning<T, E: From<SqlError>>(
        &self,
        table: &Table,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if !table.has_version() {
            return run();
        }
        let before = Catalog::new(&self.connection).version(&table.database)?;
        let outer = self.session.versions.lock().replace(before);
        let result = run();
        let last = std::mem::replace(&mut *self.session.versions.lock(), outer);
        if result.is_ok() {
            let sql = r#"UPDATE main."launchpod.databases" SET rowversion = ?2 WHERE name = ?1"#;
            self.connection.execute(sql, params![table.database, last]).map_err(failed)?;
        }
        result
    }
}
