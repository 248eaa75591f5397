//! ALTER TABLE, as far as SQLite can change a table that has rows.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    AlterTable, AlterTableAction, ColumnDefinition, ColumnSource, Constraint, ConstraintKind, Expr,
    Identifier, TableDefinition, same_name,
};
use launchpod_types::{SqlError, Value};
use rusqlite::params;

use super::catalog::{Identity, StoredConstraint, Table, TableColumn, failed};
use super::define::{Definition, Source};
use super::indexes::index_name;
use super::thread::{Job, Worker};
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::expression::unknown_type;
use crate::sqlite::bind::source::table_columns;
use crate::sqlite::bind::{coerce, write};
use crate::sqlite::functions::COLLATION;
use crate::sqlite::translate::{self, quoted};
use crate::sqlite::{cell, errors};

/// Names of CHECK clauses in SQLite that stand for NOT NULL begin so: SQLite adds a NOT NULL
/// column with a default only, and the default would be taken when an INSERT gives nothing.
pub(crate) const NOT_NULL: &str = "NOT NULL ";

// === impl Worker ===

impl Worker {
    pub(crate) fn alter_table(&self, job: &Job, alter: &AlterTable) -> Result<(), SqlError> {
        let environment = self.environment();
        let table = environment
            .table_to_change(&alter.name)
            .map_err(|_| errors::cannot_alter(&alter.name.to_string()))?;
        match &alter.action {
            AlterTableAction::Add(added) => self.add_to_table(job, table, added),
            AlterTableAction::DropColumns { if_exists, names } => {
                names.iter().try_for_each(|name| self.drop_column(&table, name, *if_exists))
            }
            AlterTableAction::DropConstraints { if_exists, names } => {
                names.iter().try_for_each(|name| self.drop_constraint(&table, name, *if_exists))
            }
            AlterTableAction::AlterColumn(column) => self.alter_column(&table, column),
            _ => Err(errors::unsupported("This ALTER TABLE")),
        }
    }

    fn add_to_table(
        &self,
        job: &Job,
        table: Table,
        added: &TableDefinition,
    ) -> Result<(), SqlError> {
        let source = Source::new(job);
        let constraints = self.environment().catalog().constraints(&table)?;
        let known = constraints.len();
        let mut definition = Definition::new(table);
        definition.constraints = constraints;
        for column in &added.columns {
            self.add_table_column(&source, &mut definition, column)
                .map_err(|error| error.or_line(column.line))?;
        }
        for column in &added.columns {
            for constraint in &column.constraints {
                let own = Some(column.name.text.as_str());
                self.add_table_constraint(&source, &mut definition, constraint, own)
                    .map_err(|error| error.or_line(constraint.line))?;
            }
        }
        for constraint in &added.constraints {
            self.add_table_constraint(&source, &mut definition, constraint, None)
                .map_err(|error| error.or_line(constraint.line))?;
        }
        let catalog = self.environment().catalog();
        for constraint in definition.constraints.iter().skip(known) {
            let id = catalog.next_object_id(definition.table.attached)?;
            catalog.add_constraint(
                &definition.table,
                definition.table.object_id,
                id,
                constraint,
            )?;
        }
        Ok(())
    }

    fn add_table_column(
        &self,
        source: &Source<'_>,
        definition: &mut Definition,
        column: &ColumnDefinition,
    ) -> Result<(), SqlError> {
        let (mut new, identity) = self.column(source, definition, column)?;
        let environment = self.environment();
        let catalog = environment.catalog();
        let table = &definition.table;
        if identity.is_some() && catalog.identity(table)?.is_some() {
            return Err(errors::second_identity(&table.name));
        }
        new.column_id = table.columns.iter().map(|known| known.column_id).max().unwrap_or(0) + 1;
        let mut clause = format!("{} {}", quoted(&new.name), cell::affinity(new.sql_type));
        if new.sql_type.is_character() {
            clause.push_str(&format!(" COLLATE {COLLATION}"));
        }
        match (&column.default, identity) {
            _ if new.nullable => {}
            (Some(default), _) => {
                let none = BTreeMap::new();
                let value = Binder::new(&environment, &none).value(&default.value)?;
                let value = coerce::implicit(value, new.sql_type)?;
                let value = environment.evaluate(&value)?;
                if value == Value::Null {
                    return Err(errors::not_null(&new.name, &table.full_label(), "UPDATE"));
                }
                let value = crate::sqlite::bind::tree::Bound::constant(value, new.sql_type);
                let sql = translate::inline(&value)?;
                clause.push_str(&format!(" NOT NULL DEFAULT {}", sql.text));
            }
            (None, Some(_)) => clause.push_str(" NOT NULL DEFAULT 0"),
            (None, None) => {
                if self.has_rows(table)? {
                    return Err(errors::column_needs_value(&new.name, &table.name));
                }
                clause.push_str(&format!(
                    " CONSTRAINT {} CHECK ({} IS NOT NULL)",
                    quoted(&format!("{NOT_NULL}{}", new.name)),
                    quoted(&new.name)
                ));
            }
        }
        self.change_storage(table, &format!("ADD COLUMN {clause}"))?;
        catalog.add_column(table.attached, table.object_id, &new, identity)?;
        if let Some(identity) = identity {
            self.number_rows(table, &new, identity)?;
        }
        definition.table.columns.push(new);
        Ok(())
    }

    /// Gives the rows that a table has the values of a new IDENTITY column.
    fn number_rows(
        &self,
        table: &Table,
        column: &TableColumn,
        identity: Identity,
    ) -> Result<(), SqlError> {
        let (attached, storage) = (table.attached, quoted(&table.storage));
        let (name, rowid) = (quoted(&column.name), table.rowid()?);
        let Identity { seed, increment, .. } = identity;
        let numbered = self
            .connection
            .execute(
                &format!(
                    "UPDATE {attached}.{storage} AS t SET {name} = u.n FROM (
                         SELECT {rowid} AS r,
                             ({seed}) + ({increment}) * (ROW_NUMBER() OVER (ORDER BY {rowid}) - 1)
                                 AS n
                         FROM {attached}.{storage}) AS u
                     WHERE u.r = t.{rowid}"
                ),
                [],
            )
            .map_err(failed)?;
        let given = i64::try_from(numbered).unwrap_or(i64::MAX);
        let last = (given > 0).then(|| seed.saturating_add(increment.saturating_mul(given - 1)));
        self.environment().catalog().set_identity(table, Some(Identity { last, ..identity }))
    }

    fn add_table_constraint(
        &self,
        source: &Source<'_>,
        definition: &mut Definition,
        constraint: &Constraint,
        column: Option<&str>,
    ) -> Result<(), SqlError> {
        let given = constraint.name.as_ref().map(|name| name.text.clone());
        if let Some(name) = &given
            && definition.constraints.iter().any(|known| same_name(&known.name, name))
        {
            return Err(errors::exists_already(name));
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                let primary = matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
                let names = definition.key_columns(columns, column)?;
                let table = &definition.table;
                if primary {
                    if definition.constraints.iter().any(|known| known.code == "PK") {
                        return Err(errors::not_unique(&table.name));
                    }
                    let nullable =
                        |known: &&TableColumn| names.contains(&known.name) && known.nullable;
                    if table.columns.iter().any(|known| nullable(&known)) {
                        return Err(super::define::nullable_key(&table.name));
                    }
                }
                let code = if primary { "PK" } else { "UQ" };
                let name = given.unwrap_or_else(|| definition.made_up(code));
                self.create_key(&definition.table, &name, &names)?;
                definition.keep_key(name, code, &names);
                Ok(())
            }
            ConstraintKind::Check(predicate) => {
                let text = source.text(predicate)?;
                let name = given.unwrap_or_else(|| definition.made_up("CK"));
                self.add_check(&definition.table, &name, predicate)?;
                let code = "C".to_owned();
                definition.constraints.push(StoredConstraint { name, code, definition: text });
                Ok(())
            }
            ConstraintKind::Default { value, column } => {
                let text = source.text(value)?;
                let none = BTreeMap::new();
                let environment = self.environment();
                Binder::new(&environment, &none).value(value)?;
                let table = &definition.table;
                let found = table.columns.iter().find(|known| column.is(&known.name));
                let found = found.ok_or_else(|| errors::no_key_column(&column.text))?;
                if found.default.is_some() {
                    return Err(errors::second_default());
                }
                let sql = format!(
                    r#"UPDATE {}."launchpod.columns" SET definition = ?3
                       WHERE object_id = ?1 AND column_id = ?2"#,
                    table.attached
                );
                let row = params![table.object_id, found.column_id, text];
                self.connection.execute(&sql, row).map_err(failed)?;
                Ok(())
            }
            _ => Err(errors::unsupported("ALTER TABLE … ADD FOREIGN KEY")),
        }
    }

    /// A CHECK on a table that exists: SQLite adds none, but triggers do the same.
    fn add_check(&self, table: &Table, name: &str, predicate: &Expr) -> Result<(), SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let bound =
            Binder::new(&environment, &none).check(&table.name, table_columns(table), predicate)?;
        let sql = translate::inline(&bound)?;
        sql.register(&self.connection, &self.registry)?;
        let storage = quoted(&table.storage);
        let broken: bool = self
            .connection
            .query_row(
                &format!(
                    "SELECT EXISTS (SELECT 1 FROM {}.{storage} WHERE NOT ({}))",
                    table.attached, sql.text
                ),
                [],
                |row| row.get(0),
            )
            .map_err(|error| super::failure::translate(&self.registry, &error, None))?;
        if broken {
            let (database, label) = (&table.database, table.label());
            return Err(errors::check_failed("ALTER TABLE", name, database, &label));
        }
        let row: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("NEW.{0} AS {0}", quoted(&column.name)))
            .collect();
        let message = format!("CHECK constraint failed: {name}").replace('\'', "''");
        for event in ["INSERT", "UPDATE"] {
            let trigger = quoted(&trigger_name(table, name, event));
            let text = format!(
                "CREATE TRIGGER {}.{trigger} BEFORE {event} ON {storage}
                 WHEN (SELECT NOT ({}) FROM (SELECT {}))
                 BEGIN SELECT RAISE(ABORT, '{message}'); END",
                table.attached,
                sql.text,
                row.join(", ")
            );
            self.connection.execute_batch(&text).map_err(failed)?;
        }
        Ok(())
    }

    fn drop_column(
        &self,
        table: &Table,
        name: &Identifier,
        if_exists: bool,
    ) -> Result<(), SqlError> {
        let Some(column) = table.columns.iter().find(|column| name.is(&column.name)) else {
            if if_exists {
                return Ok(());
            }
            return Err(errors::no_such_column(&name.text, &table.name));
        };
        if table.columns.len() == 1 {
            return Err(errors::last_column(&table.name));
        }
        // Whatever names the column keeps it: SQLite says so too, in other words.
        self.change_storage(table, &format!("DROP COLUMN {}", quoted(&column.name)))
            .map_err(|_| errors::column_in_use(&column.name))?;
        let sql = format!(
            r#"DELETE FROM {}."launchpod.columns" WHERE object_id = ?1 AND column_id = ?2"#,
            table.attached
        );
        let key = params![table.object_id, column.column_id];
        self.connection.execute(&sql, key).map_err(failed)?;
        Ok(())
    }

    fn drop_constraint(
        &self,
        table: &Table,
        name: &Identifier,
        if_exists: bool,
    ) -> Result<(), SqlError> {
        let constraints = self.environment().catalog().constraints(table)?;
        let Some(constraint) = constraints.iter().find(|known| name.is(&known.name)) else {
            return if if_exists { Ok(()) } else { Err(errors::not_a_constraint(&name.text)) };
        };
        let drops = match constraint.code.as_str() {
            "PK" | "UQ" => {
                vec![format!("INDEX {{}}.{}", quoted(&index_name(table, &constraint.name)))]
            }
            "C" => ["INSERT", "UPDATE"]
                .iter()
                .map(|event| {
                    let trigger = trigger_name(table, &constraint.name, event);
                    format!("TRIGGER {{}}.{}", quoted(&trigger))
                })
                .collect(),
            _ => return Err(errors::unsupported("ALTER TABLE … DROP of a foreign key")),
        };
        for drop in drops {
            let sql = format!("DROP {}", drop.replacen("{}", table.attached, 1));
            // One that came with CREATE TABLE is part of SQLite's table.
            self.connection.execute_batch(&sql).map_err(|_| {
                errors::unsupported("ALTER TABLE … DROP of a constraint of CREATE TABLE")
            })?;
        }
        let sql = format!(
            r#"DELETE FROM {}."launchpod.constraints" WHERE object_id = ?1 AND name = ?2"#,
            table.attached
        );
        let key = params![table.object_id, constraint.name];
        self.connection.execute(&sql, key).map_err(failed)?;
        Ok(())
    }

    /// A column's type may change to one whose cells are the same, such as a longer text.
    fn alter_column(&self, table: &Table, column: &ColumnDefinition) -> Result<(), SqlError> {
        let found = table.columns.iter().find(|known| column.name.is(&known.name));
        let found = found.ok_or_else(|| errors::no_such_column(&column.name.text, &table.name))?;
        let ColumnSource::Stored(type_name) = &column.source else {
            return Err(errors::unsupported("A computed column"));
        };
        let sql_type = type_name.declared().ok_or_else(|| unknown_type(type_name))?;
        let nullable = column.nullable.unwrap_or(true);
        if nullable != found.nullable || !coerce::same_cells(found.sql_type, sql_type) {
            return Err(errors::unsupported(
                "ALTER COLUMN to a type with other values or to another nullability",
            ));
        }
        let (id, length, precision, scale) = super::catalog::encode_type(sql_type);
        let sql = format!(
            r#"UPDATE {}."launchpod.columns"
               SET system_type_id = ?3, max_length = ?4, precision = ?5, scale = ?6
               WHERE object_id = ?1 AND column_id = ?2"#,
            table.attached
        );
        let row = params![table.object_id, found.column_id, id, length, precision, scale];
        self.connection.execute(&sql, row).map_err(failed)?;
        Ok(())
    }

    fn has_rows(&self, table: &Table) -> Result<bool, SqlError> {
        let sql =
            format!("SELECT EXISTS (SELECT 1 FROM {}.{})", table.attached, quoted(&table.storage));
        self.connection.query_row(&sql, [], |row| row.get(0)).map_err(failed)
    }

    fn change_storage(&self, table: &Table, change: &str) -> Result<(), SqlError> {
        let storage = quoted(&table.storage);
        // SQLite reads the table's CHECKs again, and must know their functions.
        let environment = self.environment();
        let none = BTreeMap::new();
        for text in environment.catalog().checks(table)? {
            let predicate = write::parse_predicate(&text)?;
            let columns = table_columns(table);
            let check = Binder::new(&environment, &none).check(&table.name, columns, &predicate)?;
            translate::inline(&check)?.register(&self.connection, &self.registry)?;
        }
        self.connection
            .execute_batch(&format!("ALTER TABLE {}.{storage} {change}", table.attached))
            .map_err(failed)
    }
}

fn trigger_name(table: &Table, constraint: &str, event: &str) -> String {
    format!("{}.{}", index_name(table, constraint), event.to_lowercase())
}
