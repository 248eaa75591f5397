//! Indexes, and the unique ones that keep keys.

use launchpod_tsql::ast::{CreateIndex, Drop, ObjectName, fold_name, same_name};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};

use super::catalog::{Catalog, Table, failed};
use super::thread::Worker;
use crate::sqlite::bind::source::table_columns;
use crate::sqlite::translate::{self, quoted};
use crate::sqlite::{bind, errors};

/// An index of a table.
pub(crate) struct Index {
    pub(crate) name: String,
    /// Its key's columns, each followed by a line feed.
    pub(crate) definition: String,
}

// === impl Catalog ===

impl Catalog<'_> {
    /// A table's unique indexes: constraints are not among them.
    pub(crate) fn unique_indexes(&self, table: &Table) -> Result<Vec<Index>, SqlError> {
        let sql = format!(
            r#"SELECT name, definition FROM {}."launchpod.indexes"
               WHERE object_id = ?1 AND is_unique = 1 ORDER BY index_id"#,
            table.attached
        );
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let rows = statement
            .query_map([table.object_id], |row| {
                Ok(Index { name: row.get(0)?, definition: row.get(1)? })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The SQLite name of an index.
    fn index_storage(&self, table: &Table, name: &str) -> Result<Option<String>, SqlError> {
        let sql = format!(
            r#"SELECT storage FROM {}."launchpod.indexes" WHERE object_id = ?1 AND key = ?2"#,
            table.attached
        );
        self.connection
            .query_row(&sql, params![table.object_id, fold_name(name)], |row| row.get(0))
            .optional()
            .map_err(failed)
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_index(&self, create: &CreateIndex) -> Result<(), SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let table = environment
            .table_to_change(&create.table)
            .map_err(|_| errors::cannot_index(&create.table.to_string()))?;
        let name = &create.name.text;
        if catalog.index_storage(&table, name)?.is_some()
            || catalog.constraints(&table)?.iter().any(|known| same_name(&known.name, name))
        {
            return Err(errors::index_exists(name, &table.label()));
        }
        let mut key = Vec::with_capacity(create.columns.len());
        let mut definition = String::new();
        for column in &create.columns {
            let found = table.columns.iter().find(|known| column.name.is(&known.name));
            let found = found.ok_or_else(|| errors::no_key_column(&column.name.text))?;
            let order = if column.descending { " DESC" } else { "" };
            key.push(format!("{}{order}", quoted(&found.name)));
            definition.push_str(&found.name);
            definition.push('\n');
        }
        // What is left out of an index that only finds rows makes no difference to them.
        let filter = match &create.filter {
            Some(filter) if create.unique => {
                let none = std::collections::BTreeMap::new();
                let columns = table_columns(&table);
                let bound =
                    bind::Binder::new(&environment, &none).check(&table.name, columns, filter)?;
                let sql = translate::inline(&bound)?;
                if sql.has_functions() {
                    return Err(errors::unsupported("This filter of a unique index"));
                }
                format!(" WHERE {}", sql.text)
            }
            _ => String::new(),
        };
        let storage = index_name(&table, name);
        let unique = if create.unique { "UNIQUE " } else { "" };
        let sql = format!(
            "CREATE {unique}INDEX {}.{} ON {} ({}){filter}",
            table.attached,
            quoted(&storage),
            quoted(&table.storage),
            key.join(", ")
        );
        self.make_index(&sql, &table, name)?;
        self.connection
            .execute(
                &format!(
                    r#"INSERT INTO {0}."launchpod.indexes"
                       SELECT ?1, COALESCE(MAX(index_id), 1) + 1, ?2, ?3, ?4, ?5, ?6
                       FROM {0}."launchpod.indexes" WHERE object_id = ?1"#,
                    table.attached
                ),
                params![table.object_id, name, fold_name(name), storage, create.unique, definition],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// The index of a PRIMARY KEY or UNIQUE constraint.
    pub(crate) fn create_key(
        &self,
        table: &Table,
        name: &str,
        columns: &[String],
    ) -> Result<(), SqlError> {
        let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        let sql = format!(
            "CREATE UNIQUE INDEX {}.{} ON {} ({})",
            table.attached,
            quoted(&index_name(table, name)),
            quoted(&table.storage),
            columns.join(", ")
        );
        self.make_index(&sql, table, name)
    }

    fn make_index(&self, sql: &str, table: &Table, name: &str) -> Result<(), SqlError> {
        self.connection.execute_batch(sql).map_err(|error| {
            if error.to_string().contains("UNIQUE constraint failed") {
                return errors::duplicate_in_new_index(&table.label(), name);
            }
            failed(error)
        })
    }

    /// `DROP INDEX name ON table`, and the older `DROP INDEX table.name`.
    pub(crate) fn drop_indexes(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        for name in &drop.names {
            let table = match (&drop.table, &name.schema) {
                (Some(table), _) => table.clone(),
                (None, Some(table)) => ObjectName {
                    database: None,
                    schema: name.database.clone(),
                    name: table.clone(),
                    ..name.clone()
                },
                (None, None) => return Err(errors::syntax_near(&name.name.text)),
            };
            let table = environment.table(&table).ok();
            let storage = match &table {
                Some(table) => environment.catalog().index_storage(table, &name.name.text)?,
                None => None,
            };
            match (table, storage) {
                (Some(table), Some(storage)) => {
                    let key = fold_name(&name.name.text);
                    self.connection
                        .execute_batch(&format!(
                            "DROP INDEX {}.{}",
                            table.attached,
                            quoted(&storage)
                        ))
                        .map_err(failed)?;
                    self.connection
                        .execute(
                            &format!(
                                r#"DELETE FROM {}."launchpod.indexes"
                                   WHERE object_id = ?1 AND key = ?2"#,
                                table.attached
                            ),
                            params![table.object_id, key],
                        )
                        .map_err(failed)?;
                }
                _ if drop.if_exists => {}
                (table, _) => {
                    let table = table.map_or_else(
                        || drop.table.as_ref().map_or(String::new(), ToString::to_string),
                        |table| table.name,
                    );
                    return Err(errors::cannot_drop("index", &format!("{table}.{}", name.name)));
                }
            }
        }
        Ok(())
    }
}

/// The name in SQLite of an index or trigger of a table.
pub(crate) fn index_name(table: &Table, name: &str) -> String {
    format!("{}.{}", table.storage, name.to_lowercase())
}
