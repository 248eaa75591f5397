//! ALTER TABLE.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    AlterTable, AlterTableAction, ColumnDefinition, ColumnSource, Identifier, TableDefinition,
    TablePart,
};
use launchpod_types::{CatalogType, SqlError, SqlType};
use rusqlite::params;

use super::catalog::{Identity, Table, TableColumn, failed};
use super::constrain::refuse_nullable;
use super::constraints::StoredConstraint;
use super::define::{Definition, Source};
use super::failure;
use super::storage::column_sql;
use super::thread::{Job, Worker};
use super::types::Declared;
use crate::sqlite::bind::stored::{parse_predicate, parse_value};
use crate::sqlite::bind::tree::{Bound, Kind};
use crate::sqlite::bind::write::BARE;
use crate::sqlite::bind::{Binder, coerce, collation};
use crate::sqlite::errors;
use crate::sqlite::translate::{self, quoted};

// === impl Worker ===

impl Worker {
    pub(crate) fn alter_table(&self, job: &Job, alter: &AlterTable) -> Result<(), SqlError> {
        let environment = self.environment();
        let table = environment
            .table_to_change(&alter.name)
            .map_err(|_| errors::cannot_alter(&alter.name.to_string()))?;
        if !environment.may_table(&table, "AL")? {
            return Err(errors::cannot_alter(&alter.name.to_string()));
        }
        match &alter.action {
            AlterTableAction::Add(added) => self.add_to_table(job, table, added),
            AlterTableAction::Drop(parts) => parts.iter().try_for_each(|part| {
                let TablePart { column, if_exists, name } = part;
                match column {
                    true => self.drop_column(&table, name, *if_exists),
                    false => self.drop_constraint(&table, name, *if_exists),
                }
            }),
            AlterTableAction::AlterColumn(column) => self.alter_column(&table, column),
            AlterTableAction::CheckConstraints { names } => self.check_constraints(&table, names),
            AlterTableAction::Keep { column: Some(name) }
                if !table.columns.iter().any(|known| name.is(&known.name)) =>
            {
                Err(no_column(name, &table))
            }
            // Storage, locks and replication are SQLite's own affair.
            AlterTableAction::Keep { .. } => Ok(()),
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
        let mut known = constraints.len();
        let mut definition = Definition::new(table);
        definition.constraints = constraints;
        for column in &added.columns {
            self.add_table_column(&source, &mut definition, column)
                .map_err(|error| error.or_line(column.line))?;
        }
        let catalog = self.environment().catalog();
        for default in definition.constraints.iter().skip(known) {
            catalog.add_constraint(&definition.table, default)?;
        }
        known = definition.constraints.len();
        let of_columns = added.columns.iter().flat_map(|column| {
            let own = Some(column.name.text.as_str());
            column.constraints.iter().map(move |constraint| (constraint, own))
        });
        let of_table = added.constraints.iter().map(|constraint| (constraint, None));
        for (constraint, own) in of_columns.chain(of_table) {
            let made = self.constraint(&source, &definition, constraint, own);
            let made = made.and_then(|made| match made {
                Some(made) => {
                    self.add_table_constraint(&definition.table, &made).map(|()| Some(made))
                }
                None => Ok(None),
            });
            definition.constraints.extend(made.map_err(|error| error.or_line(constraint.line))?);
        }
        let rewritten = |constraint: &StoredConstraint| ["C", "F"].contains(&&*constraint.code);
        if definition.constraints.iter().skip(known).any(rewritten) {
            self.rewrite(&definition.table)?;
        }
        Ok(())
    }

    fn add_table_column(
        &self,
        source: &Source<'_>,
        definition: &mut Definition,
        column: &ColumnDefinition,
    ) -> Result<(), SqlError> {
        let (new, identity) = self.column(source, definition, column)?;
        let environment = self.environment();
        let catalog = environment.catalog();
        if identity.is_some() && catalog.identity(&definition.table)?.is_some() {
            return Err(errors::second_identity(&definition.table.name));
        }
        definition.table.columns.push(new);
        self.finish_column(source, definition, column)?;
        let table = &definition.table;
        let Some(new) = table.columns.last() else { return Ok(()) };
        if new.computed.is_none() {
            // SQLite adds what may be NULL; the rest is done when the rows have their values.
            let first = TableColumn { nullable: true, ..new.clone() };
            self.change_storage(table, &format!("ADD COLUMN {}", column_sql(&first)))?;
        }
        catalog.add_column(table.attached, table.object_id, new, identity)?;
        match (&new.default, identity) {
            _ if new.is_version() => {
                let value = Binder::new(&environment, &BTreeMap::new()).version();
                self.versioning(table, || self.fill(table, &new.name, &value))?;
            }
            (_, Some(identity)) => self.number_rows(table, new, identity)?,
            (Some(default), None) => {
                let with_values = column.default.as_ref().is_some_and(|given| given.with_values);
                if !new.nullable || with_values {
                    let value = parse_value(default)?;
                    let none = BTreeMap::new();
                    let mut binder = Binder::new(&environment, &none);
                    let value = binder.default_of(table, &value)?;
                    let value = binder.stored(table, new, value)?;
                    self.fill(table, &new.name, &value)?;
                }
            }
            (None, None) => {
                if !new.nullable && new.computed.is_none() && self.has_rows(table)? {
                    return Err(errors::column_needs_value(&new.name, &table.name));
                }
            }
        }
        if new.nullable || new.computed.is_some() {
            return Ok(());
        }
        self.refuse_nulls(table, &new.name)?;
        self.rewrite(table)
    }

    /// Gives a column of every row a value.
    fn fill(&self, table: &Table, column: &str, value: &Bound) -> Result<(), SqlError> {
        let sql = translate::inline(value)?;
        sql.register(&self.connection, &self.registry)?;
        let (attached, storage) = (table.attached, quoted(&table.storage));
        let update = format!("UPDATE {attached}.{storage} SET {} = {}", quoted(column), sql.text);
        self.connection
            .execute(&update, [])
            .map_err(|error| failure::translate(&self.registry, &error, None))?;
        Ok(())
    }

    /// Fails when a column has a NULL.
    fn refuse_nulls(&self, table: &Table, column: &str) -> Result<(), SqlError> {
        let null = format!("{} IS NULL", quoted(column));
        match self.any_row(table, &null)? {
            true => Err(errors::not_null(column, &table.full_label(), "UPDATE")),
            false => Ok(()),
        }
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

    /// Adds a constraint that the rows keep to; the table's text in SQLite is left as it is.
    fn add_table_constraint(
        &self,
        table: &Table,
        constraint: &StoredConstraint,
    ) -> Result<(), SqlError> {
        let catalog = self.environment().catalog();
        match constraint.code.as_str() {
            "PK" => {
                refuse_nullable(table, constraint)?;
                self.create_key(table, constraint)?;
            }
            "UQ" => self.create_key(table, constraint)?,
            "C" => self.check_rows(table, constraint)?,
            "F" => self.check_references(table, constraint)?,
            _ => {
                let sql = format!(
                    r#"UPDATE {}."launchpod.columns" SET definition = ?3
                       WHERE object_id = ?1 AND column_id = ?2"#,
                    table.attached
                );
                let row = params![table.object_id, constraint.column_id, constraint.definition];
                self.connection.execute(&sql, row).map_err(failed)?;
            }
        }
        catalog.add_constraint(table, constraint)
    }

    fn check_rows(&self, table: &Table, check: &StoredConstraint) -> Result<(), SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let predicate = parse_predicate(&check.definition)?;
        let bound = Binder::new(&environment, &none).check(table, &predicate)?;
        let sql = translate::inline(&bound)?;
        sql.register(&self.connection, &self.registry)?;
        if self.any_row(table, &format!("NOT ({})", sql.text))? {
            return Err(errors::check_failed("ALTER TABLE", check, table));
        }
        Ok(())
    }

    fn check_references(&self, table: &Table, key: &StoredConstraint) -> Result<(), SqlError> {
        let catalog = self.environment().catalog();
        let Some(references) = &key.references else { return Ok(()) };
        let other = match references.object_id {
            id if id == table.object_id => table.clone(),
            id => catalog.table_of(id)?,
        };
        let pairs = key.columns().into_iter().zip(references.columns.lines());
        let pairs: Vec<String> =
            pairs.map(|(own, other)| format!("p.{} = t.{}", quoted(other), quoted(own))).collect();
        let given = key.columns().into_iter().map(|own| format!("{} IS NOT NULL", quoted(own)));
        let orphan = format!(
            "{} AND NOT EXISTS (SELECT 1 FROM main.{} AS p WHERE {})",
            given.collect::<Vec<_>>().join(" AND "),
            quoted(&other.storage),
            pairs.join(" AND ")
        );
        if self.any_row(table, &orphan)? {
            return Err(errors::foreign_key_failed("ALTER TABLE", key, table, &other));
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
            return Err(errors::no_such_column("DROP", &name.text, &table.name));
        };
        if table.columns.len() == 1 {
            return Err(errors::last_column(&table.name));
        }
        if self.is_used(table, column)? {
            return Err(errors::column_in_use("DROP", &column.name));
        }
        if column.computed.is_none() {
            // A CHECK or FOREIGN KEY that names the column keeps it: SQLite says so, in other words.
            self.change_storage(table, &format!("DROP COLUMN {}", quoted(&column.name)))
                .map_err(|_| errors::column_in_use("DROP", &column.name))?;
        }
        let key = params![table.object_id, column.column_id];
        let sql = format!(
            r#"DELETE FROM {}."launchpod.columns" WHERE object_id = ?1 AND column_id = ?2"#,
            table.attached
        );
        self.connection.execute(&sql, key).map_err(failed)?;
        let sql = r#"DELETE FROM main."launchpod.extended_properties"
            WHERE class = 1 AND major_id = ?1 AND minor_id = ?2"#;
        self.connection.execute(sql, key).map_err(failed)?;
        if table.attached == "main" {
            self.environment().catalog().forget_column(table.object_id, column.column_id)?;
        }
        Ok(())
    }

    /// Whether a constraint, an index or a computed column names a column.
    fn is_used(&self, table: &Table, column: &TableColumn) -> Result<bool, SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let name = column.name.as_str();
        for constraint in catalog.constraints(table)? {
            let used = match constraint.code.as_str() {
                "D" | "C" => constraint.column_id == column.column_id,
                _ => constraint.columns().contains(&name),
            };
            if used {
                return Ok(true);
            }
        }
        for key in catalog.referencing(table)? {
            let references = key.constraint.references.as_ref();
            if references.is_some_and(|other| other.columns.lines().any(|used| used == name)) {
                return Ok(true);
            }
        }
        let indexes = catalog.indexes(table)?;
        Ok(indexes.iter().any(|index| index.definition.lines().any(|used| used == name))
            || self.is_in_expression(table, column)?)
    }

    /// Whether a CHECK or a computed column names a column.
    pub(super) fn is_in_expression(
        &self,
        table: &Table,
        column: &TableColumn,
    ) -> Result<bool, SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let mut used = Vec::new();
        for check in environment.catalog().checks(table)? {
            let predicate = parse_predicate(&check)?;
            used.push(Binder::new(&environment, &none).check(table, &predicate)?);
        }
        for computed in table.columns.iter().filter_map(|column| column.computed.as_ref()) {
            let value = parse_value(&computed.text)?;
            used.push(Binder::new(&environment, &none).computed(table, &value)?);
        }
        Ok(used.iter().any(|bound| bound.columns().contains(column.name.as_str())))
    }

    fn drop_constraint(
        &self,
        table: &Table,
        name: &Identifier,
        if_exists: bool,
    ) -> Result<(), SqlError> {
        let catalog = self.environment().catalog();
        let constraints = catalog.constraints(table)?;
        let Some(constraint) = constraints.iter().find(|known| name.is(&known.name)) else {
            return if if_exists { Ok(()) } else { Err(errors::not_a_constraint(&name.text)) };
        };
        if constraint.is_key() {
            let same = |references: &str| {
                let columns = constraint.columns();
                references.lines().count() == columns.len()
                    && references.lines().all(|used| columns.contains(&used))
            };
            let keys = catalog.referencing(table)?;
            let user = keys.iter().find(|key| {
                key.constraint.references.as_ref().is_some_and(|other| same(&other.columns))
            });
            if let Some(user) = user {
                let (table, key) = (&user.table, &user.constraint.name);
                return Err(errors::constraint_referenced(&constraint.name, table, key));
            }
            self.drop_key(table, &constraint.name)?;
        }
        catalog.drop_stored_constraint(table, &constraint.name)?;
        match constraint.code.as_str() {
            "C" | "F" => self.rewrite(table),
            "D" => {
                let sql = format!(
                    r#"UPDATE {}."launchpod.columns" SET definition = NULL
                       WHERE object_id = ?1 AND column_id = ?2"#,
                    table.attached
                );
                let key = params![table.object_id, constraint.column_id];
                self.connection.execute(&sql, key).map_err(failed)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// CHECK CONSTRAINT changes nothing: all constraints are heeded, always.
    fn check_constraints(&self, table: &Table, names: &[Identifier]) -> Result<(), SqlError> {
        let known = self.environment().catalog().constraints(table)?;
        let unknown = |name: &&Identifier| !known.iter().any(|known| name.is(&known.name));
        match names.iter().find(unknown) {
            Some(name) => Err(errors::no_constraint(&name.text)),
            None => Ok(()),
        }
    }

    fn alter_column(&self, table: &Table, column: &ColumnDefinition) -> Result<(), SqlError> {
        collation::check_stored(column.collation.as_ref())?;
        let found = table.columns.iter().find(|known| column.name.is(&known.name));
        let found = found.ok_or_else(|| no_column(&column.name, table))?;
        let (ColumnSource::Stored(type_name), None) = (&column.source, &found.computed) else {
            return Err(errors::alter_computed(&found.name));
        };
        let Declared { sql_type, user_type, nullable } =
            self.environment().declared(type_name, 1)?;
        let nullable = column.nullable.unwrap_or(nullable);
        if nullable && found.identity {
            return Err(errors::alter_identity(&found.name, &table.name));
        }
        let same_cells = coerce::same_cells(found.sql_type, sql_type);
        if (!same_cells || nullable != found.nullable) && self.is_key_column(table, &found.name)? {
            return Err(errors::column_in_use("ALTER", &found.name));
        }
        if !nullable {
            self.refuse_nulls(table, &found.name)?;
        }
        if !same_cells {
            self.convert_column(table, found, sql_type)?;
        }
        let CatalogType { id, length, precision, scale } = sql_type.into();
        let sql = format!(
            r#"UPDATE {}."launchpod.columns" SET system_type_id = ?3, max_length = ?4,
                   precision = ?5, scale = ?6, is_nullable = ?7, user_type_id = ?8
               WHERE object_id = ?1 AND column_id = ?2"#,
            table.attached
        );
        let row = params![
            table.object_id,
            found.column_id,
            id,
            length,
            precision,
            scale,
            nullable,
            user_type
        ];
        self.connection.execute(&sql, row).map_err(failed)?;
        self.rewrite(table)
    }

    /// Whether more than a DEFAULT is about a column.
    fn is_key_column(&self, table: &Table, name: &str) -> Result<bool, SqlError> {
        let found = table.columns.iter().find(|column| column.name == name);
        // No DEFAULT has this number.
        match found {
            Some(column) => self.is_used(table, &TableColumn { column_id: -1, ..column.clone() }),
            None => Ok(false),
        }
    }

    /// Brings a column's values to another type, in a new column that takes its place.
    fn convert_column(
        &self,
        table: &Table,
        column: &TableColumn,
        sql_type: SqlType,
    ) -> Result<(), SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let target = TableColumn { sql_type, identity: false, ..column.clone() };
        let old = Bound {
            kind: Kind::Column { source: BARE, name: column.name.clone() },
            sql_type: column.sql_type,
            nullable: column.nullable,
        };
        let value = Binder::new(&environment, &none).stored(table, &target, old)?;
        let new = TableColumn {
            name: format!("launchpod new {}", column.name),
            nullable: true,
            ..target
        };
        self.change_storage(table, &format!("ADD COLUMN {}", column_sql(&new)))?;
        self.fill(table, &new.name, &value)?;
        self.change_storage(table, &format!("DROP COLUMN {}", quoted(&column.name)))?;
        let (from, to) = (quoted(&new.name), quoted(&column.name));
        self.change_storage(table, &format!("RENAME COLUMN {from} TO {to}"))
    }

    /// Whether a condition of SQLite's is true of a row.
    fn any_row(&self, table: &Table, condition: &str) -> Result<bool, SqlError> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {}.{} AS t WHERE {condition})",
            table.attached,
            quoted(&table.storage)
        );
        self.connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(|error| failure::translate(&self.registry, &error, None))
    }

    fn has_rows(&self, table: &Table) -> Result<bool, SqlError> {
        self.any_row(table, "1")
    }

    /// SQLite's own ALTER TABLE.
    pub(super) fn change_storage(&self, table: &Table, change: &str) -> Result<(), SqlError> {
        // SQLite reads the table's CHECKs again, and must know their functions.
        let environment = self.environment();
        let none = BTreeMap::new();
        for check in Binder::new(&environment, &none).checks(table)? {
            translate::inline(&check)?.register(&self.connection, &self.registry)?;
        }
        let storage = quoted(&table.storage);
        self.connection
            .execute_batch(&format!("ALTER TABLE {}.{storage} {change}", table.attached))
            .map_err(failed)
    }
}

fn no_column(name: &Identifier, table: &Table) -> SqlError {
    errors::no_such_column("ALTER", &name.text, &table.name)
}
