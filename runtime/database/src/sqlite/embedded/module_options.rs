//! The SET options that held when a module was made, which hold whenever it runs.

use rusqlite::{OptionalExtension, params};

use launchpod_types::SqlError;

use super::catalog::{Catalog, failed};
use crate::ModuleOptions;

/// Modules whose options aren't the usual ones.
pub(super) const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.module_options" (
    object_id INTEGER PRIMARY KEY, ansi_nulls INT NOT NULL, quoted_identifier INT NOT NULL) STRICT;
"#;

// === impl Catalog ===

impl Catalog<'_> {
    pub(crate) fn module_options(&self, object_id: i64) -> Result<ModuleOptions, SqlError> {
        let sql = r#"SELECT ansi_nulls, quoted_identifier FROM main."launchpod.module_options"
                     WHERE object_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let found = statement.query_row([object_id], |row| {
            Ok(ModuleOptions { ansi_nulls: row.get(0)?, quoted_identifier: row.get(1)? })
        });
        Ok(found.optional().map_err(failed)?.unwrap_or_default())
    }

    pub(super) fn set_module_options(
        &self,
        object_id: i64,
        options: ModuleOptions,
    ) -> Result<(), SqlError> {
        self.drop_module_options(object_id)?;
        if options == ModuleOptions::default() {
            return Ok(());
        }
        let sql = r#"INSERT INTO main."launchpod.module_options" VALUES (?1, ?2, ?3)"#;
        let values = params![object_id, options.ansi_nulls, options.quoted_identifier];
        self.connection.execute(sql, values).map_err(failed)?;
        Ok(())
    }

    pub(super) fn drop_module_options(&self, object_id: i64) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM main."launchpod.module_options" WHERE object_id = ?1"#;
        self.connection.execute(sql, [object_id]).map_err(failed)?;
        Ok(())
    }
}
