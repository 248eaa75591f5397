//! Temporary tables by who has made them: each ends with the procedure or text that made it, and
//! one of a procedure's hides its caller's of the same name ("CREATE TABLE", "Temporary tables").
//!
//! A hidden table keeps its row among the objects, under a key that no name folds to.

use launchpod_types::SqlError;
use rusqlite::{OptionalExtension as _, params};

use super::catalog::{Catalog, Table, failed};
use super::thread::{Stop, Worker};

/// The table that knows them; it is the connection's own.
pub(super) const SCHEMA: &str = r#"
CREATE TEMP TABLE IF NOT EXISTS "launchpod.local" (
    object_id INTEGER PRIMARY KEY, key TEXT NOT NULL, level INT NOT NULL,
    is_variable INT NOT NULL) STRICT"#;

// === impl Catalog ===

impl Catalog<'_> {
    /// Notes how deep the procedure is that has made a temporary table.
    pub(super) fn add_local(&self, table: &Table, level: i64) -> Result<(), SqlError> {
        let sql = r#"INSERT INTO temp."launchpod.local"
                     SELECT object_id, key, ?2, 0 FROM temp."launchpod.objects"
                     WHERE object_id = ?1"#;
        self.connection.execute(sql, params![table.object_id, level]).map_err(failed)?;
        Ok(())
    }

    /// Notes that a temporary table is a table variable's.
    pub(super) fn set_variable(&self, object_id: i64) -> Result<(), SqlError> {
        let sql = r#"UPDATE temp."launchpod.local" SET is_variable = 1 WHERE object_id = ?1"#;
        self.connection.execute(sql, [object_id]).map_err(failed)?;
        Ok(())
    }

    /// Hides a temporary table of a caller's; whether it is one.
    pub(super) fn hide(&self, table: &Table, level: i64) -> Result<bool, SqlError> {
        let sql = r#"UPDATE temp."launchpod.objects" SET key = key || char(1) || object_id
                     WHERE object_id = (SELECT object_id FROM temp."launchpod.local"
                                        WHERE object_id = ?1 AND level < ?2)"#;
        let changed = self.connection.execute(sql, params![table.object_id, level]);
        Ok(changed.map_err(failed)? > 0)
    }

    /// Forgets a temporary table that was dropped; what it has hidden is seen again.
    pub(super) fn forget_local(&self, object_id: i64) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM temp."launchpod.local" WHERE object_id = ?1 RETURNING key"#;
        let key = self.connection.query_row(sql, [object_id], |row| row.get::<_, String>(0));
        let Some(key) = key.optional().map_err(failed)? else { return Ok(()) };
        let sql = r#"UPDATE temp."launchpod.objects" SET key = ?1
                     WHERE object_id = (SELECT object_id FROM temp."launchpod.local"
                                        WHERE key = ?1 ORDER BY level DESC LIMIT 1)
                       AND NOT EXISTS (SELECT 1 FROM temp."launchpod.objects" WHERE key = ?1)"#;
        self.connection.execute(sql, [key]).map_err(failed)?;
        Ok(())
    }

    /// The tables that procedures have made which are deeper than this; not table variables,
    /// which whoever has named them drops.
    fn deeper_tables(&self, level: i64) -> Result<Vec<i64>, SqlError> {
        let sql = r#"SELECT object_id FROM temp."launchpod.local"
                     WHERE level > ?1 AND NOT is_variable ORDER BY level DESC"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([level], |row| row.get(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

// === impl Worker ===

impl Worker {
    /// How many procedures and texts are around what runs.
    pub(super) fn level(&self) -> i64 {
        // The session allows 32.
        i64::try_from(self.callers.len()).unwrap_or(i64::MAX)
    }

    /// Drops the temporary tables of procedures that have ended.
    pub(super) fn drop_deeper_tables(&mut self) -> Result<(), SqlError> {
        let deeper = Catalog::new(&self.connection).deeper_tables(self.level())?;
        if deeper.is_empty() {
            return Ok(());
        }
        let (transaction, connection) = (&self.transaction, &self.connection);
        let begun = transaction.begin_statement(connection, true, -1, &|| false);
        begun.map_err(|stop| match stop {
            Stop::Failed(error) => error,
            Stop::Cancelled => crate::sqlite::errors::lock_timeout(),
        })?;
        let catalog = Catalog::new(&self.connection);
        let dropped = catalog.temporary_tables().and_then(|tables| {
            let mut ended = tables.iter().filter(|table| deeper.contains(&table.object_id));
            ended.try_for_each(|table| catalog.drop_table(table))
        });
        match dropped.and_then(|()| transaction.end_statement(connection)) {
            Ok(()) => Ok(()),
            Err(error) => {
                transaction.undo_statement(connection);
                Err(error)
            }
        }
    }
}
