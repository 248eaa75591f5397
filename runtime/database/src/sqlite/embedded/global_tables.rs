//! Global temporary tables (`##t`): tables of tempdb that end with the session that made them.

use launchpod_types::SqlError;
use rusqlite::params;

use super::catalog::{Catalog, DatabaseName, TEMPDB, Table, failed};
use super::thread::{Stop, Worker};

/// How long the end of a session waits for other writers, in milliseconds. What it leaves behind
/// then ends with the server.
const PATIENCE: i64 = 10_000;

// === impl Catalog ===

impl Catalog<'_> {
    /// Drops the global temporary tables that an earlier run of the server has left.
    pub(crate) fn drop_left_behind(&self) -> Result<(), SqlError> {
        let tempdb = DatabaseName { id: TEMPDB.0, name: TEMPDB.1.to_owned() };
        for table in self.tables(&tempdb)? {
            if table.name.starts_with("##") {
                self.drop_table(&table)?;
            }
        }
        Ok(())
    }
}

// === impl Worker ===

impl Worker {
    /// Notes that a table ends with the session.
    pub(super) fn own_global_table(&self, table: &Table) -> Result<(), SqlError> {
        let sql = r#"INSERT OR IGNORE INTO temp."launchpod.globals" VALUES (?1)"#;
        self.connection.execute(sql, params![table.object_id]).map_err(failed)?;
        Ok(())
    }

    /// Drops the global temporary tables that the session has made.
    pub(super) fn drop_global_tables(&self) {
        match self.try_drop_global_tables() {
            Ok(()) | Err(Stop::Cancelled) => {}
            Err(Stop::Failed(error)) => {
                tracing::warn!(error = %error.0.text, "Global temporary tables stay behind");
            }
        }
    }

    fn try_drop_global_tables(&self) -> Result<(), Stop> {
        let sql = r#"SELECT object_id FROM temp."launchpod.globals""#;
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let made = statement.query_map([], |row| row.get(0)).map_err(failed)?;
        let made = made.collect::<Result<Vec<i64>, _>>().map_err(failed)?;
        if made.is_empty() {
            return Ok(());
        }
        let transaction = &self.transaction;
        transaction.begin_statement(&self.connection, false, PATIENCE, &|| false)?;
        let dropped = self.drop_numbered(&made);
        match dropped {
            Ok(()) => Ok(transaction.end_statement(&self.connection)?),
            Err(error) => {
                transaction.undo_statement(&self.connection);
                Err(error.into())
            }
        }
    }

    fn drop_numbered(&self, made: &[i64]) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        for object_id in made {
            // It may be dropped by now, and its number another's.
            match catalog.table_of(*object_id) {
                Ok(table) if table.name.starts_with("##") => catalog.drop_table(&table)?,
                _ => {}
            }
        }
        self.connection.execute(r#"DELETE FROM temp."launchpod.globals""#, []).map_err(failed)?;
        Ok(())
    }
}
