//! A table's definition in SQLite, made from the catalog's.
//!
//! CHECKs, FOREIGN KEYs and NOT NULL stand in the text of SQLite's CREATE TABLE, which SQLite
//! can't change. As its page «ALTER TABLE» («Making Other Kinds Of Table Schema Changes») tells,
//! a change that leaves the rows as they are is made in `sqlite_schema` itself: [`Worker::rewrite`].

use std::collections::BTreeMap;

use launchpod_functions::cell;
use launchpod_functions::collation;
use launchpod_tsql::ast::ReferentialAction;
use launchpod_types::SqlError;
use rusqlite::params;

use super::catalog::{Catalog, Table, TableColumn, failed};
use super::constraints::{References, StoredConstraint};
use super::thread::Worker;
use crate::sqlite::bind::{Binder, stored};
use crate::sqlite::errors;
use crate::sqlite::translate::{self, quoted};

// === impl Worker ===

impl Worker {
    /// `CREATE TABLE` for SQLite, the columns in this order.
    pub(super) fn storage_sql(
        &self,
        table: &Table,
        columns: &[&TableColumn],
        constraints: &[StoredConstraint],
    ) -> Result<String, SqlError> {
        let mut parts: Vec<String> = columns.iter().map(|column| column_sql(column)).collect();
        for constraint in constraints {
            match (constraint.code.as_str(), &constraint.references) {
                ("C", _) => parts.push(self.check_sql(table, constraint)?),
                ("F", Some(references)) => {
                    parts.push(self.foreign_key_sql(table, constraint, references)?);
                }
                _ => {}
            }
        }
        let (storage, parts) = (quoted(&table.storage), parts.join(", "));
        Ok(format!("CREATE TABLE {storage} ({parts}) STRICT"))
    }

    fn check_sql(&self, table: &Table, constraint: &StoredConstraint) -> Result<String, SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let predicate = stored::parse_predicate(&constraint.definition)?;
        let bound = Binder::new(&environment, &none).check(table, &predicate)?;
        let sql = translate::inline(&bound)?;
        sql.register(&self.connection, &self.registry)?;
        Ok(format!("CONSTRAINT {} CHECK ({})", quoted(&constraint.name), sql.text))
    }

    fn foreign_key_sql(
        &self,
        table: &Table,
        constraint: &StoredConstraint,
        references: &References,
    ) -> Result<String, SqlError> {
        let storage = if [0, table.object_id].contains(&references.object_id) {
            table.storage.clone()
        } else {
            Catalog::new(&self.connection).table_of(references.object_id)?.storage
        };
        Ok(format!(
            "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
            quoted(&constraint.name),
            quoted_list(constraint.definition.lines()),
            quoted(&storage),
            quoted_list(references.columns.lines()),
            action(references.on_delete),
            action(references.on_update),
        ))
    }

    /// Makes SQLite's definition of a table that of the catalog, for changes that leave the
    /// rows as they are.
    pub(super) fn rewrite(&self, table: &Table) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let table = catalog.reload(table)?;
        let mut columns = Vec::with_capacity(table.columns.len());
        for name in self.storage_order(&table)? {
            let column = table.columns.iter().find(|column| column.name == name);
            columns.push(column.ok_or_else(|| {
                errors::internal(format_args!("column {name} is not in the catalog"))
            })?);
        }
        let sql = self.storage_sql(&table, &columns, &catalog.constraints(&table)?)?;
        let attached = table.attached;
        let version: i64 = self
            .connection
            .query_row(&format!("PRAGMA {attached}.schema_version"), [], |row| row.get(0))
            .map_err(failed)?;
        self.connection.execute_batch("PRAGMA writable_schema = ON").map_err(failed)?;
        let changed = self.connection.execute(
            &format!(
                "UPDATE {attached}.sqlite_schema SET sql = ?1 WHERE type = 'table' AND name = ?2"
            ),
            params![sql, table.storage],
        );
        self.connection.execute_batch("PRAGMA writable_schema = OFF").map_err(failed)?;
        changed.map_err(failed)?;
        // Every connection reads the schema again when its version has changed.
        self.connection
            .execute_batch(&format!("PRAGMA {attached}.schema_version = {}", version + 1))
            .map_err(failed)
    }

    /// The names of a table's columns in the order in which its rows have them.
    fn storage_order(&self, table: &Table) -> Result<Vec<String>, SqlError> {
        let mut statement = self
            .connection
            .prepare("SELECT name FROM pragma_table_info(?1, ?2) ORDER BY cid")
            .map_err(failed)?;
        let names = statement
            .query_map([table.storage.as_str(), table.attached], |row| row.get(0))
            .map_err(failed)?;
        names.collect::<Result<_, _>>().map_err(failed)
    }
}

/// A column that is stored, as SQLite declares it.
pub(super) fn column_sql(column: &TableColumn) -> String {
    let mut sql = format!("{} {}", quoted(&column.name), cell::affinity(column.sql_type));
    if let Some(collation) = collation::of_type(column.sql_type) {
        sql.push_str(" COLLATE ");
        sql.push_str(collation);
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    sql
}

pub(super) fn quoted_list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(quoted).collect::<Vec<_>>().join(", ")
}

fn action(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::NoAction => "NO ACTION",
        ReferentialAction::Cascade => "CASCADE",
        ReferentialAction::SetNull => "SET NULL",
        ReferentialAction::SetDefault => "SET DEFAULT",
    }
}
