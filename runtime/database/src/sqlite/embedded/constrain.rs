//! Definitions of constraints, for CREATE TABLE and ALTER TABLE.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    Constraint, ConstraintKind, Expr, ForeignKey, ReferentialAction, same_name,
};
use launchpod_types::{SqlError, SqlType};

use super::catalog::{Table, TableColumn};
use super::constraints::{References, StoredConstraint};
use super::define::{Definition, Source, nullable_key};
use super::sequences;
use super::thread::Worker;
use crate::sqlite::bind::Binder;
use crate::sqlite::errors;
use crate::sqlite::security::columns::Access;

// === impl Worker ===

impl Worker {
    /// A constraint of the table that is being defined, or changed; `column` is the one that it
    /// was written at. `None` for one that isn't kept.
    pub(super) fn constraint(
        &self,
        source: &Source<'_>,
        definition: &Definition,
        constraint: &Constraint,
        column: Option<&str>,
    ) -> Result<Option<StoredConstraint>, SqlError> {
        let table = &definition.table;
        let given = constraint.name.as_ref().map(|name| name.text.as_str());
        let (code, columns, text) = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns, .. } => {
                if definition.constraints.iter().any(|known| known.code == "PK") {
                    return Err(errors::second_primary_key(&table.name));
                }
                ("PK", definition.key_columns(columns, column)?, None)
            }
            ConstraintKind::Unique { columns, .. } => {
                ("UQ", definition.key_columns(columns, column)?, None)
            }
            ConstraintKind::Check(predicate) => {
                let columns = self.columns_of_check(table, predicate)?;
                if let Some(own) = column
                    && columns.iter().any(|known| !same_name(known, own))
                {
                    return Err(errors::check_of_another(own, &table.name));
                }
                ("C", columns, Some(source.text(predicate)?))
            }
            ConstraintKind::Default { value, column } => {
                self.check_default(value)?;
                let known = table.columns.iter().find(|known| column.is(&known.name));
                let known =
                    known.ok_or_else(|| errors::no_default_column(&column.text, &table.name))?;
                if known.default.is_some() || known.identity || known.computed.is_some() {
                    return Err(errors::second_default());
                }
                ("D", vec![known.name.clone()], Some(self.default_text(source, value)?))
            }
            // «Skipping FOREIGN KEY constraint … definition for temporary table.»
            ConstraintKind::ForeignKey(_) if table.attached == "temp" => return Ok(None),
            ConstraintKind::ForeignKey(key) => {
                return self.foreign_key(definition, given, key, column).map(Some);
            }
            _ => return Err(errors::unsupported("This constraint")),
        };
        if matches!(code, "PK" | "UQ") {
            check_key(table, &columns)?;
        }
        let column_id = match columns.as_slice() {
            [only] if text.is_some() => definition.column_id(only),
            _ => 0,
        };
        let definition_text = text.unwrap_or_else(|| listed(&columns));
        self.named(
            definition,
            given,
            code,
            &columns,
            StoredConstraint {
                name: String::new(),
                code: code.to_owned(),
                definition: definition_text,
                column_id,
                system_named: false,
                references: None,
            },
        )
        .map(Some)
    }

    /// Gives a constraint its name, which no other object of the schema has.
    pub(super) fn named(
        &self,
        definition: &Definition,
        given: Option<&str>,
        code: &str,
        columns: &[String],
        constraint: StoredConstraint,
    ) -> Result<StoredConstraint, SqlError> {
        let Some(given) = given else {
            let name = definition.made_up(code, columns.first().map(String::as_str));
            return Ok(StoredConstraint { name, system_named: true, ..constraint });
        };
        let table = &definition.table;
        let environment = self.environment();
        let catalog = environment.catalog();
        let mut taken = definition.constraints.iter().any(|known| same_name(&known.name, given));
        if table.attached == "main"
            && let Some(database) = catalog.database(&table.database)?
        {
            taken = taken
                || same_name(given, &table.name)
                || catalog.constraint(&database, &table.schema, given)?.is_some()
                || catalog.is_taken(&database, &table.schema, given)?;
        }
        if taken {
            return Err(errors::exists_already(given));
        }
        Ok(StoredConstraint { name: given.to_owned(), ..constraint })
    }

    /// Binds a default, which finds its errors at definition.
    pub(super) fn check_default(&self, value: &Expr) -> Result<(), SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        Binder::new(&environment, &none).new_default(value).map(|_| ())
    }

    /// The text in which a DEFAULT is kept.
    pub(super) fn default_text(
        &self,
        source: &Source<'_>,
        value: &Expr,
    ) -> Result<String, SqlError> {
        sequences::qualified(&self.environment(), source.text(value)?)
    }

    /// The columns that a CHECK is about, each once.
    fn columns_of_check(&self, table: &Table, predicate: &Expr) -> Result<Vec<String>, SqlError> {
        let environment = self.environment();
        let none = BTreeMap::new();
        let bound = Binder::new(&environment, &none).check(table, predicate)?;
        Ok(bound.columns().into_iter().collect())
    }

    fn foreign_key(
        &self,
        definition: &Definition,
        given: Option<&str>,
        key: &ForeignKey,
        column: Option<&str>,
    ) -> Result<StoredConstraint, SqlError> {
        let table = &definition.table;
        let shown = given.unwrap_or_default();
        let mut asked: Vec<&str> = key.columns.iter().map(|name| name.text.as_str()).collect();
        if asked.is_empty() {
            asked.extend(column);
        }
        let columns = stored_names(table, &asked)
            .map_err(|name| errors::foreign_key_column(shown, name, "referencing", &table.name))?;
        let own = key.table.name.is(&table.name)
            && key.table.schema.as_ref().is_none_or(|schema| schema.is(&table.schema))
            && key.table.database.is_none();
        let environment = self.environment();
        let mut access = Access::Whole;
        let (other, constraints) = if own {
            (table.clone(), definition.constraints.clone())
        } else {
            let other = environment.table(&key.table);
            let other =
                other.map_err(|_| errors::foreign_key_table(&key.table.to_string(), shown))?;
            access = environment.table_access(&other, "RF")?;
            access.check_any()?;
            let constraints = environment.catalog().constraints(&other)?;
            (other, constraints)
        };
        let mut asked: Vec<&str> = key.references.iter().map(|name| name.text.as_str()).collect();
        if asked.is_empty() {
            let primary = constraints.iter().find(|constraint| constraint.code == "PK");
            let primary = primary.ok_or_else(|| errors::no_primary_key(&key.table.to_string()))?;
            asked = primary.columns();
        }
        let references = stored_names(&other, &asked)
            .map_err(|name| errors::foreign_key_column(shown, name, "referenced", &other.name))?;
        references.iter().try_for_each(|name| access.check_column(name))?;
        if references.len() != columns.len() {
            return Err(errors::foreign_key_count(&table.name));
        }
        self.check_candidate_key(&other, &constraints, &references, shown)?;
        for (own_column, other_column) in columns.iter().zip(&references) {
            let type_of = |table: &Table, name: &str| {
                table.columns.iter().find(|known| known.name == name).map(|known| known.sql_type)
            };
            if type_of(table, own_column) != type_of(&other, other_column) {
                let referenced = format!("{}.{other_column}", other.name);
                let referencing = format!("{}.{own_column}", table.name);
                return Err(errors::foreign_key_type(&referenced, &referencing, shown));
            }
        }
        if [key.on_delete, key.on_update].contains(&ReferentialAction::SetDefault) {
            return Err(errors::unsupported("SET DEFAULT of a foreign key"));
        }
        let column_id = match columns.as_slice() {
            [only] => definition.column_id(only),
            _ => 0,
        };
        self.named(
            definition,
            given,
            "FK",
            &columns,
            StoredConstraint {
                name: String::new(),
                code: "F".to_owned(),
                definition: listed(&columns),
                column_id,
                system_named: false,
                references: Some(References {
                    object_id: other.object_id,
                    columns: listed(&references),
                    on_delete: key.on_delete,
                    on_update: key.on_update,
                }),
            },
        )
    }

    /// A foreign key references a PRIMARY KEY, a UNIQUE constraint or a unique index.
    fn check_candidate_key(
        &self,
        other: &Table,
        constraints: &[StoredConstraint],
        references: &[String],
        foreign_key: &str,
    ) -> Result<(), SqlError> {
        let same = |columns: Vec<&str>| {
            columns.len() == references.len()
                && columns.iter().all(|column| references.iter().any(|known| known == column))
        };
        if constraints.iter().any(|known| known.is_key() && same(known.columns())) {
            return Ok(());
        }
        let environment = self.environment();
        let indexes = environment.catalog().indexes(other)?;
        let mut indexes = indexes.iter().filter(|index| index.unique && !index.filtered);
        if indexes.any(|index| same(index.definition.lines().collect())) {
            return Ok(());
        }
        Err(errors::no_candidate_key(&other.label(), foreign_key))
    }
}

/// Names of columns as the table has them, or the one that it hasn't.
fn stored_names<'n>(table: &Table, names: &[&'n str]) -> Result<Vec<String>, &'n str> {
    names
        .iter()
        .map(|name| {
            let found = table.columns.iter().find(|known| same_name(&known.name, name));
            found.map(|column| column.name.clone()).ok_or(*name)
        })
        .collect()
}

/// Whether columns may be a key: those of a PRIMARY KEY are NOT NULL by now.
fn check_key(table: &Table, columns: &[String]) -> Result<(), SqlError> {
    for column in table.columns.iter().filter(|column| columns.contains(&column.name)) {
        check_key_type(column, &table.name, true)?;
        if column.computed.is_some() {
            return Err(errors::unsupported("A key of a computed column"));
        }
    }
    Ok(())
}

/// Whether a column's values can be an index's key: they have at most 8000 bytes.
///
/// # Errors
/// 1919, and 40517 for a sql_variant that has to be unique.
pub(super) fn check_key_type(
    column: &TableColumn,
    table: &str,
    unique: bool,
) -> Result<(), SqlError> {
    match column.sql_type {
        SqlType::Variant if unique => Err(errors::unsupported("A unique key of a sql_variant")),
        SqlType::Variant => Ok(()),
        fits if fits.fits_variant() => Ok(()),
        _ => Err(errors::no_key_type(&column.name, table)),
    }
}

/// Makes the columns of a new table's PRIMARY KEY NOT NULL.
pub(super) fn require_key(definition: &mut Definition, key: &StoredConstraint) {
    let columns = key.columns();
    for column in &mut definition.table.columns {
        if columns.contains(&column.name.as_str()) {
            column.nullable = false;
        }
    }
}

/// Refuses a PRIMARY KEY of columns that take NULL.
pub(super) fn refuse_nullable(table: &Table, key: &StoredConstraint) -> Result<(), SqlError> {
    let columns = key.columns();
    let nullable = |name: &str| table.columns.iter().any(|c| c.name == name && c.nullable);
    if columns.into_iter().any(nullable) { Err(nullable_key(&table.name)) } else { Ok(()) }
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| format!("{name}\n")).collect()
}
