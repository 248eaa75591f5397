//! What a statement changes, and what its columns are before and after.

use launchpod_tsql::ast::{Identifier, same_name};
use launchpod_types::SqlError;

use super::Binder;
use super::origin::{Object, Origin};
use super::output::Untold;
use super::reads::Reads;
use super::scope::SourceColumn;
use super::trace::{Lost, Refusal};
use super::tree::{Bound, BoundQuery, Kind, SourceId};
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::errors;
use crate::sqlite::security::columns::Access;

/// What a statement changes: a table, by itself or through a query.
pub(crate) struct Changed {
    pub(crate) table: Table,
    /// The number of the source that the statement names: the table's or the query's.
    pub(crate) id: SourceId,
    /// The number of the table's row; NULL for one to insert.
    pub(crate) row: Bound,
    /// What may be read of it, when not all.
    pub(super) reads: Option<Reads>,
    pub(crate) through: Option<Through>,
}

/// A query that a table is changed through.
pub(crate) struct Through {
    /// Its name as the statement writes it.
    pub(super) name: String,
    /// Whether it is a derived table, as messages say it.
    pub(super) derived: bool,
    /// The number of the table in the query.
    pub(super) base: SourceId,
    pub(super) columns: Vec<Column>,
    /// The views and the table that the change goes through, and their places on the way.
    pub(super) origins: Vec<(usize, Origin)>,
    /// The rows of the outermost view WITH CHECK OPTION, and the place of their numbers.
    pub(super) checked: Option<(BoundQuery, usize)>,
}

/// A column of such a query.
pub(super) struct Column {
    /// As the query gives it. Its value is that before the change.
    pub(super) column: SourceColumn,
    /// Its names on the way to the table; the last is that of the table's column that it is.
    pub(super) stored: Result<Vec<String>, Refusal>,
    /// What it is of the table's columns.
    pub(super) of_table: Result<Bound, Lost>,
}

// === impl Changed ===

impl Changed {
    /// The place of the table's column that a name means, and the value that it has.
    ///
    /// # Errors
    /// 207 when there is none of that name; 4405, 4406, 4420 and 4421 when it is computed or
    /// another table's.
    pub(super) fn place(&self, name: &str) -> Result<(usize, Bound), SqlError> {
        let (stored, value) = match &self.through {
            Some(through) => {
                let value = through.column(name)?.column.value.clone();
                (through.names(name)?.last().map_or(name, String::as_str), value)
            }
            None => (name, None),
        };
        let place = self.table.columns.iter().position(|column| same_name(&column.name, stored));
        let place = place.ok_or_else(|| errors::invalid_column(name))?;
        let column = &self.table.columns[place];
        let own = || Bound {
            kind: Kind::Column { source: self.id, name: column.name.clone() },
            sql_type: column.sql_type,
            nullable: column.nullable,
        };
        Ok((place, value.unwrap_or_else(own)))
    }

    /// The table's columns that an INSERT gives: those named, or all that a query has.
    pub(super) fn given(&self, names: &[Identifier]) -> Result<Vec<Identifier>, SqlError> {
        let Some(through) = &self.through else { return Ok(names.to_vec()) };
        let all = through.columns.iter().map(|own| &own.column);
        let all = all.filter(|column| !column.identity);
        let names: Vec<&str> = match names {
            [] => all.map(|column| column.name.as_str()).collect(),
            names => names.iter().map(|name| name.text.as_str()).collect(),
        };
        let stored = names.into_iter().map(|name| {
            let text = self.table.columns[self.place(name)?.0].name.clone();
            Ok(Identifier { text, quoted: true })
        });
        stored.collect()
    }

    /// The rows among which those that are written must be afterwards, and the place of their
    /// numbers.
    pub(super) fn checked(&self) -> Option<&(BoundQuery, usize)> {
        self.through.as_ref()?.checked.as_ref()
    }
}

// === impl Through ===

impl Through {
    fn column(&self, name: &str) -> Result<&Column, SqlError> {
        let mut columns = self.columns.iter();
        let found = columns.find(|own| same_name(&own.column.name, name));
        found.ok_or_else(|| errors::invalid_column(name))
    }

    /// The names of a column on the way to the table.
    fn names(&self, name: &str) -> Result<&[String], SqlError> {
        let stored = self.column(name)?.stored.as_ref();
        stored.map(Vec::as_slice).map_err(|why| refused(why, &self.name, self.derived, true))
    }

    /// `deleted`: the query's columns as they were before the change.
    pub(super) fn before(&self) -> Vec<SourceColumn> {
        let columns = self.columns.iter().map(|own| {
            let mut column = own.column.clone();
            if own.of_table == Err(Lost::Query) {
                column.value = Some(Untold::DeletedSubquery.of(&column));
            }
            column
        });
        columns.collect()
    }

    /// `inserted`: the query's columns over a row of the table. What is computed of several
    /// rows is as it was `before`.
    pub(super) fn after(&self, row: SourceId, before: Option<&[Bound]>) -> Vec<SourceColumn> {
        let columns = self.columns.iter().enumerate().map(|(index, own)| {
            let column = &own.column;
            let value = match (&own.of_table, before) {
                (Ok(value), _) => moved(value, self.base, row),
                (Err(Lost::OtherTable), _) => Untold::OtherTable.of(column),
                (Err(Lost::Query), _) => Untold::InsertedSubquery.of(column),
                (Err(Lost::Window), Some(before)) => before[index].clone(),
                (Err(Lost::Window), None) => Untold::Window.of(column),
            };
            SourceColumn { value: Some(value), ..column.clone() }
        });
        columns.collect()
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Checks a permission on what a statement changes, by its code and the columns that it is
    /// needed for, and SELECT when the statement reads it too ("UPDATE (Transact-SQL)", section
    /// "Permissions"): on one column at least, since those that are read are checked where they
    /// are named. What a view changes is its owner's, or needs the same permission.
    pub(super) fn check_changed(
        &self,
        changed: &Changed,
        (code, columns): (&str, &[&str]),
        reads: bool,
    ) -> Result<(), SqlError> {
        self.check_use(changed, code, columns)?;
        if reads { self.check_use(changed, "SL", &[]) } else { Ok(()) }
    }

    fn check_use(&self, changed: &Changed, code: &str, columns: &[&str]) -> Result<(), SqlError> {
        if let Some(synonym) = &self.through {
            self.environment.check_module(synonym, code)?;
        }
        let outer = self.outer()?;
        let Some(through) = &changed.through else {
            let table = &changed.table;
            return match code {
                "UP" | "SL" => check_columns(&outer.table_access(table, code)?, columns),
                _ => outer.check_table(table, code),
            };
        };
        for (step, Origin { object, chain }) in &through.origins {
            let chain = if *chain == self.environment.chain { outer.chain } else { *chain };
            let environment = Environment { chain, ..*self.environment };
            let named = columns.iter().map(|column| Ok(through.names(column)?[*step].as_str()));
            let named = named.collect::<Result<Vec<_>, SqlError>>()?;
            match (object, code) {
                (Object::Table(table), "UP" | "SL") => {
                    check_columns(&environment.table_access(table, code)?, &named)?;
                }
                (Object::Module(module), "UP" | "SL") => {
                    check_columns(&environment.module_access(module, code)?, &named)?;
                }
                (Object::Table(table), _) => environment.check_table(table, code)?,
                (Object::Module(module), _) => environment.check_module(module, code)?,
                // The others are no objects that permissions are given on.
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the target of a statement is looked up: what belongs to the owner of the synonym
    /// that names it needs no permission.
    pub(super) fn outer(&self) -> Result<Environment<'_>, SqlError> {
        let chain = match &self.through {
            Some(synonym) => Some(self.environment.chain_of(synonym)?),
            None => self.environment.chain,
        };
        Ok(Environment { chain, ..*self.environment })
    }
}

/// Checks that a permission holds for columns; without any, that it holds for one at least.
fn check_columns(access: &Access, columns: &[&str]) -> Result<(), SqlError> {
    access.check_any()?;
    columns.iter().try_for_each(|column| access.check_column(column))
}

/// Why a change through a query is refused. What names `columns` has messages of its own for
/// derived tables.
pub(super) fn refused(why: &Refusal, name: &str, derived: bool, columns: bool) -> SqlError {
    match why {
        Refusal::Derived | Refusal::United(None) if derived && columns => {
            errors::derived_table_field(name)
        }
        Refusal::Derived | Refusal::United(None) => errors::derived_field(name),
        Refusal::United(Some(view)) => errors::derived_field(view),
        Refusal::Tables if derived && columns => errors::derived_table_of_tables(name),
        Refusal::Tables => errors::view_of_tables(name),
        Refusal::Grouped if derived => errors::derived_table_of_groups(name),
        Refusal::Grouped => errors::view_of_groups(name),
        Refusal::Union if derived => errors::derived_table_of_union(name),
        Refusal::Union => errors::view_of_union(name),
        Refusal::System(view) => errors::system_object(view),
    }
}

/// A value over one source as the same over another.
fn moved(value: &Bound, from: SourceId, to: SourceId) -> Bound {
    value.replace(&mut |part| match &part.kind {
        Kind::Column { source, name } if *source == from => {
            let kind = Kind::Column { source: to, name: name.clone() };
            Some(Bound { kind, ..part.clone() })
        }
        _ => None,
    })
}
