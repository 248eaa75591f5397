//! INSERTs of one row after the other, whose values are parameters.

use launchpod_tsql::ast::{Insert, InsertBulk};
use launchpod_types::{Column, Length, SqlError, SqlType};

use super::Binder;
use super::tree::{Bound, BoundBody, BoundWrite, Kind};
use super::write::{Write, plain_query};
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// INSERT … EXEC of rows with these columns.
    pub(crate) fn insert_executed(
        &mut self,
        insert: &Insert,
        columns: &[Column],
    ) -> Result<Write, SqlError> {
        if !insert.outputs.is_empty() {
            return Err(errors::output_of_insert_exec());
        }
        if insert.top.is_some() {
            return Err(errors::unsupported("INSERT TOP … EXEC"));
        }
        let ctes = self.common_tables(&insert.ctes)?;
        let (changed, given) = self.insert_target(insert, &ctes)?;
        if changed.checked().is_some() {
            return Err(errors::unsupported("INSERT … EXEC through a view WITH CHECK OPTION"));
        }
        let listed = !insert.columns.is_empty();
        self.check_identity(&changed.table, &given, listed, columns.len())?;
        self.insert_row(changed.table, &given, columns, true)
    }

    /// A bulk load of rows with these columns. Its identity values are kept where it names the
    /// column, whatever IDENTITY_INSERT is.
    pub(crate) fn insert_bulk(
        &mut self,
        bulk: &InsertBulk,
        columns: &[Column],
    ) -> Result<Write, SqlError> {
        let (table, given) = self.bulk_target(bulk)?;
        self.insert_row(table, &given, columns, bulk.keep_nulls)
    }

    /// The table of a bulk load, and the places of the columns that its rows have.
    pub(crate) fn bulk_target(&self, bulk: &InsertBulk) -> Result<(Table, Vec<usize>), SqlError> {
        let table = self.environment.table_to_change(&bulk.target)?;
        self.environment.check_table(&table, "IN")?;
        let given = if bulk.columns.is_empty() {
            self.insert_columns(&table, &[])?
        } else {
            let places = bulk.columns.iter().map(|column| {
                let known = table.columns.iter().position(|known| column.name.is(&known.name));
                known.ok_or_else(|| errors::invalid_column(&column.name.text))
            });
            places.collect::<Result<Vec<_>, _>>()?
        };
        match given.iter().map(|at| &table.columns[*at]).find(|column| column.computed.is_some()) {
            Some(column) => Err(errors::computed_change(&column.name)),
            None => Ok((table, given)),
        }
    }

    /// An INSERT of one row, whose parameters are the values of the `given` columns.
    fn insert_row(
        &mut self,
        table: Table,
        given: &[usize],
        columns: &[Column],
        keep_nulls: bool,
    ) -> Result<Write, SqlError> {
        if given.len() != columns.len() {
            return Err(errors::column_count_mismatch());
        }
        let mut names = Vec::with_capacity(table.columns.len());
        let mut values = Vec::with_capacity(table.columns.len());
        for (index, (at, column)) in given.iter().zip(columns).enumerate() {
            let target = &table.columns[*at];
            if names.contains(&target.name) {
                return Err(errors::column_twice(&target.name));
            }
            names.push(target.name.clone());
            let parameter = Bound {
                kind: Kind::Parameter(index),
                sql_type: unpadded(column.sql_type),
                nullable: true,
            };
            let value = self.stored(&table, target, parameter)?;
            let default =
                if keep_nulls || target.identity { None } else { self.absent(&table, target)? };
            values.push(match default {
                Some(default) => or_default(value, default),
                None => value,
            });
        }
        for (index, column) in table.columns.iter().enumerate() {
            if !given.contains(&index)
                && let Some(value) = self.absent(&table, column)?
            {
                names.push(column.name.clone());
                values.push(value);
            }
        }
        let bound = BoundWrite::Insert {
            schema: table.attached,
            table: table.storage.clone(),
            columns: names,
            query: plain_query(Vec::new(), BoundBody::Values(vec![values]), None),
        };
        let checks = self.checks(&table)?;
        Ok(Write { bound, table, checks, output: None })
    }
}

/// `coalesce(value, default)`: the value is NULL only where what was given is.
fn or_default(value: Bound, default: Bound) -> Bound {
    let (sql_type, nullable) = (value.sql_type, default.nullable);
    let kind = Kind::Native { name: "coalesce", arguments: vec![value, default] };
    Bound { kind, sql_type, nullable }
}

/// The type of values that may lack the blanks or zeros of their end.
fn unpadded(sql_type: SqlType) -> SqlType {
    match sql_type {
        SqlType::Char(n) => SqlType::VarChar(Length::Limited(n)),
        SqlType::NChar(n) => SqlType::NVarChar(Length::Limited(n)),
        SqlType::Binary(n) => SqlType::VarBinary(Length::Limited(n)),
        other => other,
    }
}
