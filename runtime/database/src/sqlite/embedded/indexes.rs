//! Indexes, and the unique ones that keep keys.

use launchpod_functions::cell;
use launchpod_functions::collation;
use launchpod_tsql::ast::{
    AlterIndex, CreateIndex, Drop, IndexDefinition, ObjectName, fold_name, same_name,
};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};

use super::catalog::{Catalog, Table, TableColumn, failed};
use super::constrain::check_key_type;
use super::constraints::StoredConstraint;
use super::modules::ModuleKind;
use super::thread::Worker;
use crate::sqlite::translate::{self, quoted};
use crate::sqlite::{bind, errors};

/// An index of a table.
pub(crate) struct Index {
    pub(crate) name: String,
    /// Its key's columns, each followed by a line feed.
    pub(crate) definition: String,
    pub(crate) unique: bool,
    /// Whether it has a WHERE.
    pub(crate) filtered: bool,
    /// Its name in SQLite.
    pub(crate) storage: String,
}

/// The columns of an index, each with whether it descends.
struct Key<'t> {
    columns: Vec<(&'t TableColumn, bool)>,
    /// SQLite's condition; empty when it has none.
    filter: String,
}

/// What the name of a unique index's second index ends with.
pub(super) const NULLS: &str = ".nulls";

// === impl Catalog ===

impl Catalog<'_> {
    /// A table's indexes: constraints are not among them.
    pub(crate) fn indexes(&self, table: &Table) -> Result<Vec<Index>, SqlError> {
        let sql = format!(
            r#"SELECT name, definition, is_unique, is_filtered, storage
               FROM {}."launchpod.indexes" WHERE object_id = ?1 ORDER BY index_id"#,
            table.attached
        );
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let rows = statement
            .query_map([table.object_id], |row| {
                Ok(Index {
                    name: row.get(0)?,
                    definition: row.get(1)?,
                    unique: row.get(2)?,
                    filtered: row.get(3)?,
                    storage: row.get(4)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The PRIMARY KEY or UNIQUE constraint of a table that has this name.
    fn key(&self, table: &Table, name: &str) -> Result<Option<StoredConstraint>, SqlError> {
        let mut keys = self.constraints(table)?.into_iter().filter(StoredConstraint::is_key);
        Ok(keys.find(|key| same_name(&key.name, name)))
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
        if environment.module(&create.table)?.is_some_and(|it| it.kind == ModuleKind::View) {
            return Err(errors::unsupported("An index of a view").or_line(create.table.line));
        }
        let table = self.indexed(&create.table)?;
        if create.replaces {
            let name = &create.index.name.text;
            let storage = environment.catalog().index_storage(&table, name)?;
            let storage =
                storage.ok_or_else(|| errors::no_index_to_replace(name, &table.label()))?;
            self.drop_index(&table, name, &storage)?;
        }
        self.add_index(&table, &create.index)
    }

    /// The table of a statement about its indexes, which its caller may alter.
    ///
    /// # Errors
    /// 1088.
    fn indexed(&self, name: &ObjectName) -> Result<Table, SqlError> {
        let environment = self.environment();
        let found = environment.table_to_change(name).ok();
        match found {
            Some(table) if environment.may_table(&table, "AL")? => Ok(table),
            _ => Err(errors::cannot_index(&name.to_string())),
        }
    }

    /// ALTER INDEX … REBUILD and REORGANIZE: SQLite keeps its indexes in order by itself, so only
    /// the index must be there.
    pub(super) fn alter_index(&self, alter: &AlterIndex) -> Result<(), SqlError> {
        let table = self.indexed(&alter.table).map_err(|error| error.state(9))?;
        let Some(name) = &alter.index else { return Ok(()) };
        let catalog = Catalog::new(&self.connection);
        let known = catalog.index_storage(&table, &name.text)?.is_some()
            || catalog.key(&table, &name.text)?.is_some();
        if known { Ok(()) } else { Err(errors::no_index(&name.text)) }
    }

    /// Drops an index that isn't a constraint's.
    fn drop_index(&self, table: &Table, name: &str, storage: &str) -> Result<(), SqlError> {
        self.drop_storage(table, storage)?;
        let sql = format!(
            r#"DELETE FROM {}."launchpod.indexes" WHERE object_id = ?1 AND key = ?2"#,
            table.attached
        );
        let key = params![table.object_id, fold_name(name)];
        self.connection.execute(&sql, key).map(|_| ()).map_err(failed)
    }

    /// Makes an index of a table.
    pub(super) fn add_index(&self, table: &Table, index: &IndexDefinition) -> Result<(), SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let name = &index.name.text;
        if catalog.index_storage(table, name)?.is_some()
            || catalog.constraints(table)?.iter().any(|known| same_name(&known.name, name))
        {
            return Err(errors::index_exists(name, &table.label()));
        }
        let mut key = Key { columns: Vec::new(), filter: String::new() };
        let mut definition = String::new();
        for column in &index.columns {
            let found = table.columns.iter().find(|known| column.name.is(&known.name));
            let found = found.ok_or_else(|| errors::no_key_column(&column.name.text))?;
            if key.columns.iter().any(|(known, _)| known.name == found.name) {
                return Err(errors::key_column_twice(&column.name.text));
            }
            check_key_type(found, &table.name, index.unique)?;
            if found.computed.is_some() {
                return Err(errors::unsupported("An index of a computed column"));
            }
            key.columns.push((found, column.descending));
            definition.push_str(&found.name);
            definition.push('\n');
        }
        // What is left out of an index that only finds rows makes no difference to them.
        if let Some(filter) = index.filter.as_ref().filter(|_| index.unique) {
            let none = std::collections::BTreeMap::new();
            let bound = bind::Binder::new(&environment, &none).check(table, filter)?;
            let sql = translate::inline(&bound)?;
            if sql.has_functions() {
                return Err(errors::unsupported("This filter of a unique index"));
            }
            key.filter = sql.text;
        }
        let storage = index_name(table, name);
        if index.unique {
            self.make_unique(table, name, &key)?;
        } else {
            let sql = format!(
                "CREATE INDEX {}.{} ON {} ({})",
                table.attached,
                quoted(&storage),
                quoted(&table.storage),
                key.plain()
            );
            self.connection.execute_batch(&sql).map_err(failed)?;
        }
        self.connection
            .execute(
                &format!(
                    r#"INSERT INTO {0}."launchpod.indexes"
                       SELECT ?1, COALESCE(MAX(index_id), 1) + 1, ?2, ?3, ?4, ?5, ?6, ?7
                       FROM {0}."launchpod.indexes" WHERE object_id = ?1"#,
                    table.attached
                ),
                params![
                    table.object_id,
                    name,
                    fold_name(name),
                    storage,
                    index.unique,
                    definition,
                    index.filter.is_some()
                ],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// The index of a PRIMARY KEY or UNIQUE constraint.
    pub(crate) fn create_key(
        &self,
        table: &Table,
        constraint: &StoredConstraint,
    ) -> Result<(), SqlError> {
        let columns = constraint.columns().into_iter();
        let columns = columns.filter_map(|name| table.columns.iter().find(|c| c.name == name));
        let columns = columns.map(|column| (column, false)).collect();
        self.make_unique(table, &constraint.name, &Key { columns, filter: String::new() })
    }

    /// Drops the index of a PRIMARY KEY or UNIQUE constraint.
    pub(crate) fn drop_key(&self, table: &Table, name: &str) -> Result<(), SqlError> {
        self.drop_storage(table, &index_name(table, name))
    }

    /// A unique index. For SQLite NULLs differ, for SQL Server they don't: a second index keeps
    /// the keys that have NULLs apart.
    fn make_unique(&self, table: &Table, name: &str, key: &Key<'_>) -> Result<(), SqlError> {
        let create = |storage: String, columns: String, filter: String| {
            format!(
                "CREATE UNIQUE INDEX {}.{} ON {} ({columns}){filter}",
                table.attached,
                quoted(&storage),
                quoted(&table.storage),
            )
        };
        let storage = index_name(table, name);
        let filter = match key.filter.as_str() {
            "" => String::new(),
            filter => format!(" WHERE {filter}"),
        };
        self.make_index(&create(storage.clone(), key.plain(), filter), table, name, key)?;
        if !key.columns.iter().any(|(column, _)| column.nullable) {
            return Ok(());
        }
        let nulls = create(format!("{storage}{NULLS}"), key.with_nulls(), key.filter_of_nulls());
        self.make_index(&nulls, table, name, key)
    }

    fn make_index(
        &self,
        sql: &str,
        table: &Table,
        name: &str,
        key: &Key<'_>,
    ) -> Result<(), SqlError> {
        self.connection.execute_batch(sql).map_err(|error| {
            if !error.to_string().contains("UNIQUE constraint failed") {
                return failed(error);
            }
            let columns: Vec<&TableColumn> =
                key.columns.iter().map(|(column, _)| *column).collect();
            match self.duplicate_in(table, &columns, &key.filter) {
                Ok(value) => errors::duplicate_in_new_index(&table.label(), name, &value),
                Err(error) => error,
            }
        })
    }

    /// A key that several rows have, as messages show it; empty when there is none.
    pub(super) fn duplicate_in(
        &self,
        table: &Table,
        columns: &[&TableColumn],
        filter: &str,
    ) -> Result<String, SqlError> {
        let names =
            columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ");
        let filter = if filter.is_empty() { "1" } else { filter };
        let sql = format!(
            "SELECT {names} FROM {}.{} WHERE {filter} GROUP BY {names} HAVING count(*) > 1 LIMIT 1",
            table.attached,
            quoted(&table.storage)
        );
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.raw_query();
        let Some(row) = rows.next().map_err(failed)? else { return Ok(String::new()) };
        let mut values = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let cell = row.get_ref(index).map_err(failed)?;
            values.push((cell::decode(cell, column.sql_type)?, column.sql_type));
        }
        Ok(errors::key_value(&values))
    }

    fn drop_storage(&self, table: &Table, storage: &str) -> Result<(), SqlError> {
        let attached = table.attached;
        let (index, nulls) = (quoted(storage), quoted(&format!("{storage}{NULLS}")));
        self.connection
            .execute_batch(&format!(
                "DROP INDEX {attached}.{index}; DROP INDEX IF EXISTS {attached}.{nulls}"
            ))
            .map_err(failed)
    }

    /// `DROP INDEX name ON table`, and the older `DROP INDEX table.name`.
    pub(crate) fn drop_indexes(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        for (place, name) in drop.names.iter().enumerate() {
            let named = drop.tables.get(place);
            let written = match (named, &name.schema) {
                (Some(table), _) => table.clone(),
                (None, Some(table)) => ObjectName {
                    database: None,
                    schema: name.database.clone(),
                    name: table.clone(),
                    ..name.clone()
                },
                (None, None) => return Err(errors::syntax_near(&name.name.text)),
            };
            let mut table = environment.table(&written).ok();
            if let Some(found) = &table
                && !environment.may_table(found, "AL")?
            {
                table = None;
            }
            let storage = match &table {
                Some(table) => environment.catalog().index_storage(table, &name.name.text)?,
                None => None,
            };
            match (table, storage) {
                (Some(table), Some(storage)) => {
                    self.drop_index(&table, &name.name.text, &storage)?;
                }
                (Some(table), None)
                    if let Some(key) = environment.catalog().key(&table, &name.name.text)? =>
                {
                    let index = format!("{written}.{}", key.name);
                    return Err(errors::index_of_constraint(&index, key.code == "PK"));
                }
                _ if drop.if_exists => {}
                (table, _) => {
                    let table = table.map_or_else(
                        || named.map_or(String::new(), ToString::to_string),
                        |table| table.name,
                    );
                    return Err(errors::cannot_drop("index", &format!("{table}.{}", name.name)));
                }
            }
        }
        Ok(())
    }
}

// === impl Key ===

impl Key<'_> {
    fn plain(&self) -> String {
        let columns = self.columns.iter().map(|(column, descending)| {
            format!("{}{}", quoted(&column.name), if *descending { " DESC" } else { "" })
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// Expressions that are never NULL, and equal where SQL Server's keys are.
    fn with_nulls(&self) -> String {
        let columns = self.columns.iter().map(|(column, _)| {
            let name = quoted(&column.name);
            let collation = collation::of_type(column.sql_type)
                .map_or(String::new(), |collation| format!(" COLLATE {collation}"));
            format!("{name} IS NULL, ifnull({name}, 0){collation}")
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    fn filter_of_nulls(&self) -> String {
        let nullable = self.columns.iter().filter(|(column, _)| column.nullable);
        let nulls = nullable.map(|(column, _)| format!("{} IS NULL", quoted(&column.name)));
        let nulls = nulls.collect::<Vec<_>>().join(" OR ");
        match self.filter.as_str() {
            "" => format!(" WHERE {nulls}"),
            filter => format!(" WHERE ({filter}) AND ({nulls})"),
        }
    }
}

/// The name in SQLite of an index of a table.
pub(crate) fn index_name(table: &Table, name: &str) -> String {
    format!("{}.{}", table.storage, name.to_lowercase())
}
