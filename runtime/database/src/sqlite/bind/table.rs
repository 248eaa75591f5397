//! What is kept with a table: computed columns and CHECK constraints.

use std::collections::BTreeMap;

use launchpod_tsql::ast::Expr;
use launchpod_types::SqlError;

use super::scope::SourceColumn;
use super::source::table_columns;
use super::stored::{parse_predicate, parse_value};
use super::tree::{Bound, Kind, SourceId};
use super::write::{BARE, row_id};
use super::{Binder, coerce};
use crate::options;
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// The columns of a table that stands in a query: computed ones are their expressions.
    pub(crate) fn columns_of(
        &mut self,
        table: &Table,
        id: SourceId,
    ) -> Result<Vec<SourceColumn>, SqlError> {
        let mut columns = table_columns(table);
        for (column, known) in columns.iter_mut().zip(&table.columns) {
            let Some(computed) = &known.computed else { continue };
            let expression = parse_value(&computed.text)?;
            let now = self.environment.now;
            let value = self.over_stored(table, id, now, |binder| binder.value(&expression))?;
            column.value = Some(coerce::implicit(value, known.sql_type)?);
        }
        Ok(columns)
    }

    /// Binds the expression of a computed column, whose table has all its columns.
    pub(crate) fn computed(&mut self, table: &Table, value: &Expr) -> Result<Bound, SqlError> {
        let bound = self.over_stored(table, BARE, None, |binder| binder.value(value));
        bound.map_err(|error| {
            let computed = table.columns.iter().filter(|column| column.computed.is_some());
            let mut computed = computed.map(|column| &column.name);
            match computed.find(|name| errors::invalid_column(name).0.text == error.0.text) {
                Some(name) => errors::computed_of_computed(name, &table.name),
                None => error,
            }
        })
    }

    /// Binds a CHECK constraint over the bare columns of its table.
    pub(crate) fn check(&mut self, table: &Table, predicate: &Expr) -> Result<Bound, SqlError> {
        let columns = self.columns_of(table, BARE)?;
        self.over_columns(table, BARE, columns, None, |binder| binder.predicate(predicate))
    }

    /// Binds a table's CHECK constraints.
    pub(crate) fn checks(&mut self, table: &Table) -> Result<Vec<Bound>, SqlError> {
        let texts = self.environment.catalog().checks(table)?;
        texts.iter().map(|text| self.check(table, &parse_predicate(text)?)).collect()
    }

    /// Binds what sees the stored columns of a table, and nothing else.
    fn over_stored<T>(
        &mut self,
        table: &Table,
        id: SourceId,
        now: Option<i64>,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let stored = table.columns.iter().map(|column| column.computed.is_none());
        let columns = table_columns(table).into_iter().zip(stored);
        let columns = columns.filter(|(_, stored)| *stored).map(|(column, _)| column).collect();
        self.over_columns(table, id, columns, now, bind)
    }

    fn over_columns<T>(
        &mut self,
        table: &Table,
        id: SourceId,
        columns: Vec<SourceColumn>,
        now: Option<i64>,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let database = self.environment.catalog().database(&table.database)?;
        let database = database.as_ref().unwrap_or(self.environment.database);
        let chain = self.environment.chain_of_table(database, table)?;
        // What is kept with a table means the same whoever changes it.
        let options = options::INITIAL;
        let environment = Environment { database, now, chain, options, ..*self.environment };
        let none = BTreeMap::new();
        let mut inner = Binder::new(&environment, &none);
        inner.depth = self.depth;
        inner.next_source = self.next_source;
        inner.add_source(id, &table.name, None, columns)?;
        let bound = bind(&mut inner);
        self.next_source = inner.next_source;
        bound
    }

    /// Makes the computed columns of tables NULL where an outer join finds no row.
    pub(crate) fn guard_computed(&mut self, tables: &[SourceId]) {
        let sources = self.scope().sources.iter_mut();
        for source in sources.filter(|source| tables.contains(&source.id)) {
            let id = source.id;
            let taken = |word: &&str| {
                source.columns.iter().any(|column| column.storage.eq_ignore_ascii_case(word))
            };
            let Some(rowid) = ["rowid", "_rowid_", "oid"].into_iter().find(|word| !taken(word))
            else {
                continue;
            };
            for column in &mut source.columns {
                let value = column.value.take();
                column.value = value.map(|value| where_row(row_id(id, rowid), value));
            }
        }
    }
}

/// `CASE WHEN row IS NOT NULL THEN value END`
pub(super) fn where_row(row: Bound, value: Bound) -> Bound {
    let sql_type = value.sql_type;
    let null = Bound::constant(launchpod_types::Value::Null, row.sql_type);
    let (left, right) = (Box::new(row), Box::new(null));
    let there = Kind::Infix { operator: "IS NOT", left, right, collate: false };
    let branches = vec![(Bound::predicate(there, false), value)];
    Bound { kind: Kind::Case { branches, otherwise: None }, sql_type, nullable: true }
}
