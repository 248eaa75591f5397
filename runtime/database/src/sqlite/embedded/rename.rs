//! `sp_rename`: tables, views, procedures, functions, constraints, columns and indexes.
//!
//! A table keeps its name in SQLite, which nobody sees; see [`Worker::free_storage`]. What a module's
//! text says of the renamed thing stays, as in SQL Server.

use launchpod_tsql::ast::{fold_name, same_name};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};

use super::catalog::{Table, TableColumn, failed, split_name};
use super::indexes::{NULLS, index_name};
use super::thread::Worker;
use crate::sqlite::system::messages::raised;
use crate::sqlite::translate::quoted;

// === impl Worker ===

impl Worker {
    /// `sp_rename 'object', 'new', 'kind'`, the kind in upper case. What the caller may not
    /// alter is not there for them.
    ///
    /// # Errors
    /// 15225 and 15248 when there is no such thing, 15335 when the new name is taken, 15336 for
    /// a column that a CHECK, a computed column or a filtered index names.
    pub(crate) fn rename(
        &self,
        object: &str,
        new: &str,
        kind: Option<&str>,
    ) -> Result<(), SqlError> {
        let parts = split_name(object);
        let database = self.session.database.name.as_str();
        if parts.len() > 3 && !same_name(&parts[parts.len() - 4], database)
            || kind == Some("OBJECT")
                && parts.len() > 2
                && !same_name(&parts[parts.len() - 3], database)
        {
            return Err(raised(15250, &[]));
        }
        let found = match kind {
            Some("COLUMN") => self.rename_column(&parts, new)?,
            Some("INDEX") => self.rename_index(&parts, new)?,
            Some("OBJECT") => self.rename_object(&parts, new)?,
            None => self.rename_object(&parts, new)? || self.rename_column(&parts, new)?,
            Some(other) => {
                let what = format_args!("sp_rename of a {}", other.to_lowercase());
                return Err(crate::sqlite::errors::unsupported(what));
            }
        };
        match kind {
            _ if found => Ok(()),
            Some(kind @ ("COLUMN" | "INDEX")) => Err(raised(15248, &[kind])),
            kind => Err(raised(15225, &[object, database, kind.unwrap_or("(null)")])),
        }
    }

    /// A name for a new table in SQLite: its own, or another when a table that was renamed has it.
    pub(super) fn free_storage(&self, wanted: String) -> Result<String, SqlError> {
        let taken = r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.objects" WHERE storage = ?1)"#;
        let is_taken = |name: &str| -> Result<bool, SqlError> {
            self.connection.query_row(taken, [name], |row| row.get(0)).map_err(failed)
        };
        let mut storage = wanted.clone();
        let mut number = 1;
        while is_taken(&storage)? {
            number += 1;
            storage = format!("{wanted} {number}");
        }
        Ok(storage)
    }

    /// Renames a table, module or constraint; whether there is one.
    fn rename_object(&self, parts: &[String], new: &str) -> Result<bool, SqlError> {
        let environment = self.environment();
        let (catalog, database) = (environment.catalog(), environment.database);
        let [.., name] = parts else { return Ok(false) };
        let schema = parts.iter().rev().nth(1).filter(|part| !part.is_empty());
        let schema = schema.map_or("dbo", String::as_str);
        let table = catalog.table(database, schema, name)?;
        let module = catalog.module(database, schema, name)?;
        let constraint = catalog.constraint(database, schema, name)?;
        let altered = match (&table, &module, &constraint) {
            (Some(table), ..) => table.object_id,
            (_, Some(module), _) => module.object_id,
            (_, _, Some((id, _))) => self.constrained_table(*id)?.object_id,
            (None, None, None) => return Ok(false),
        };
        if !environment.may_object(database, altered, schema, "AL")? {
            return Ok(false);
        }
        if catalog.is_taken(database, schema, new)?
            || catalog.constraint(database, schema, new)?.is_some()
        {
            return Err(raised(15335, &[new, "OBJECT"]));
        }
        match (table, module, constraint) {
            (Some(table), ..) => self.set_name("objects", "object_id", table.object_id, new)?,
            (_, Some(module), _) => self.set_name("modules", "object_id", module.object_id, new)?,
            (_, _, Some((id, code))) => self.rename_constraint(id, &code, name, new)?,
            _ => {}
        }
        Ok(true)
    }

    fn rename_constraint(&self, id: i64, code: &str, old: &str, new: &str) -> Result<(), SqlError> {
        let table = self.constrained_table(id)?;
        self.set_name("constraints", "constraint_id", id, new)?;
        match code {
            "PK" | "UQ" => {
                self.rename_index_storage(&index_name(&table, old), &index_name(&table, new))
            }
            "C" | "F" => self.rewrite(&table),
            _ => Ok(()),
        }
    }

    fn constrained_table(&self, constraint: i64) -> Result<Table, SqlError> {
        let sql = r#"SELECT object_id FROM main."launchpod.constraints" WHERE constraint_id = ?1"#;
        let table =
            self.connection.query_row(sql, [constraint], |row| row.get(0)).map_err(failed)?;
        self.environment().catalog().table_of(table)
    }

    /// Renames `[schema.]table.index`; whether there is one. The index of a key takes its
    /// constraint along.
    fn rename_index(&self, parts: &[String], new: &str) -> Result<bool, SqlError> {
        let Some((table, old)) = self.table_and_part(parts)? else { return Ok(false) };
        let catalog = self.environment().catalog();
        let constraints = catalog.constraints(&table)?;
        let key = constraints.iter().find(|known| known.is_key() && same_name(&known.name, old));
        let indexes = catalog.indexes(&table)?;
        let index = indexes.iter().find(|index| same_name(&index.name, old));
        if key.is_none() && index.is_none() {
            return Ok(false);
        }
        let taken = indexes.iter().map(|index| &index.name);
        let taken =
            taken.chain(constraints.iter().filter(|known| known.is_key()).map(|key| &key.name));
        if taken.into_iter().any(|name| same_name(name, new)) {
            return Err(raised(15335, &[new, "INDEX"]));
        }
        if key.is_some() {
            let schema = table.schema.clone();
            return self.rename_object(&[schema, old.to_owned()], new);
        }
        let storage = index_name(&table, new);
        self.rename_index_storage(&index_name(&table, old), &storage)?;
        let sql = r#"UPDATE main."launchpod.indexes" SET name = ?3, key = ?4, storage = ?5
            WHERE object_id = ?1 AND key = ?2"#;
        let values = params![table.object_id, fold_name(old), new, fold_name(new), storage];
        self.connection.execute(sql, values).map_err(failed)?;
        Ok(true)
    }

    /// Renames `[schema.]table.column`; whether there is one.
    fn rename_column(&self, parts: &[String], new: &str) -> Result<bool, SqlError> {
        let Some((table, old)) = self.table_and_part(parts)? else { return Ok(false) };
        let known = |name: &str| table.columns.iter().find(|column| same_name(&column.name, name));
        let Some(column) = known(old) else { return Ok(false) };
        if known(new).is_some_and(|other| other.column_id != column.column_id) {
            return Err(raised(15335, &[new, "COLUMN"]));
        }
        self.refuse_enforced(&table, column)?;
        if column.computed.is_none() {
            let (from, to) = (quoted(&column.name), quoted(new));
            self.change_storage(&table, &format!("RENAME COLUMN {from} TO {to}"))?;
        }
        let id = table.object_id;
        let sql = r#"UPDATE main."launchpod.columns" SET name = ?3
            WHERE object_id = ?1 AND column_id = ?2"#;
        self.connection.execute(sql, params![id, column.column_id, new]).map_err(failed)?;
        for (table, list, owner) in [
            ("constraints", "definition", "object_id = ?3 AND type IN ('PK', 'UQ', 'F')"),
            ("constraints", "referenced", "referenced_id = ?3"),
            ("indexes", "definition", "object_id = ?3"),
        ] {
            // Columns are listed each with a line feed behind it.
            let sql = format!(
                r#"UPDATE main."launchpod.{table}" SET {list} = substr(replace(char(10) || {list},
                    char(10) || ?1 || char(10), char(10) || ?2 || char(10)), 2) WHERE {owner}"#
            );
            self.connection.execute(&sql, params![column.name, new, id]).map_err(failed)?;
        }
        Ok(true)
    }

    /// Refuses a column whose name stands in an expression that is kept as text.
    fn refuse_enforced(&self, table: &Table, column: &TableColumn) -> Result<(), SqlError> {
        let catalog = self.environment().catalog();
        let filtered = catalog.indexes(table)?.iter().any(|index| index.filtered);
        if filtered || self.is_in_expression(table, column)? {
            return Err(raised(15336, &[&format!("{}.{}", table.label(), column.name)]));
        }
        Ok(())
    }

    /// The table of `[schema.]table.part`, when the caller may alter it, and the part.
    fn table_and_part<'p>(
        &self,
        parts: &'p [String],
    ) -> Result<Option<(Table, &'p str)>, SqlError> {
        let [.., table, part] = parts else { return Ok(None) };
        let schema = parts.iter().rev().nth(2).filter(|schema| !schema.is_empty());
        let schema = schema.map_or("dbo", String::as_str);
        let environment = self.environment();
        match environment.catalog().table(environment.database, schema, table)? {
            Some(table) if environment.may_table(&table, "AL")? => Ok(Some((table, part))),
            _ => Ok(None),
        }
    }

    fn set_name(&self, table: &str, key: &str, id: i64, new: &str) -> Result<(), SqlError> {
        let sql =
            format!(r#"UPDATE main."launchpod.{table}" SET name = ?2, key = ?3 WHERE {key} = ?1"#);
        self.connection.execute(&sql, params![id, new, fold_name(new)]).map_err(failed)?;
        Ok(())
    }

    /// Makes an index of SQLite's again under another name, and that of its NULLs.
    fn rename_index_storage(&self, old: &str, new: &str) -> Result<(), SqlError> {
        for part in ["", NULLS] {
            let (old, new) = (format!("{old}{part}"), format!("{new}{part}"));
            let sql: Option<String> = self
                .connection
                .query_row(
                    "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = ?1",
                    [&old],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed)?;
            let Some(sql) = sql else { continue };
            let (old, new) = (quoted(&old), quoted(&new));
            let made = sql.replacen(&format!(" {old} "), &format!(" main.{new} "), 1);
            self.connection
                .execute_batch(&format!("DROP INDEX main.{old}; {made}"))
                .map_err(failed)?;
        }
        Ok(())
    }
}
