//! Catalog views, and the tables that their texts name.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{Expr, ObjectName};
use launchpod_types::{SqlError, SqlType, Value};

use super::module::Home;
use super::query::{ColumnsOf, named_columns};
use super::rowset::element;
use super::scope::SourceColumn;
use super::tree::{Bound, BoundSource, Kind, QueryColumn, SourceId};
use super::{Binder, coerce};
use crate::sqlite::errors;
use crate::sqlite::system::{self, SystemView, base, base::BaseTable, listing};

// === impl Binder ===

impl Binder<'_> {
    /// A catalog view in FROM; `None` when the name is another's.
    pub(super) fn system_source(
        &mut self,
        name: &ObjectName,
        alias: Option<&str>,
        id: SourceId,
    ) -> Result<Option<BoundSource>, SqlError> {
        let shown = alias.unwrap_or(&name.name.text);
        if let Some(table) = self.base_table(name) {
            let (source, columns) = self.base_source(table, id)?;
            self.add_source(id, shown, None, columns)?;
            return Ok(Some(source));
        }
        let Some(view) = system::view(name) else { return Ok(None) };
        let database = self.environment.database_of(name)?;
        self.environment.check_view(&view.name, &database)?;
        let home = Home::of_system(&database);
        let query = self.within(home, BTreeMap::new(), |binder| {
            binder.system = true;
            binder.bind_query(&view.query)
        })?;
        let columns = named_columns(&query.columns, &[], ColumnsOf::Query(shown))?;
        let schema = name.schema.as_ref().map_or(&view.schema, |schema| &schema.text);
        let qualifier = alias.is_none().then(|| (database.name, schema.clone()));
        self.add_source(id, shown, qualifier, columns)?;
        Ok(Some(BoundSource::Derived { query: Box::new(query), id }))
    }

    /// The columns of a catalog view, whose rows nobody reads.
    pub(crate) fn system_columns(
        &mut self,
        view: &SystemView,
    ) -> Result<Vec<QueryColumn>, SqlError> {
        self.system = true;
        self.without_rows = true;
        Ok(self.bind_query(&view.query)?.columns)
    }

    /// The rows of a base table that the caller may see.
    pub(super) fn base_source(
        &self,
        table: &BaseTable,
        id: SourceId,
    ) -> Result<(BoundSource, Vec<SourceColumn>), SqlError> {
        let array = match table.rows {
            base::Rows::Query { sql, per_database } => {
                let database = per_database.then_some(self.environment.database.id);
                return self.selected(table, sql, database, id);
            }
            _ if self.without_rows => "[]".to_owned(),
            base::Rows::History(sql) if self.environment.has_history()? => {
                return self.selected(table, sql, None, id);
            }
            base::Rows::History(_) => "[]".to_owned(),
            base::Rows::Made(make) => make(self.environment)?,
            base::Rows::Discovered(_) => return Err(errors::invalid_object(table.name)),
        };
        Ok(made(table, id, array))
    }

    /// The rows of a SELECT that the caller may see.
    fn selected(
        &self,
        table: &BaseTable,
        sql: &'static str,
        database: Option<i64>,
        id: SourceId,
    ) -> Result<(BoundSource, Vec<SourceColumn>), SqlError> {
        let visible = self.environment.visible(table)?;
        Ok((BoundSource::System { sql, database, visible, id }, base_columns(table)))
    }

    /// `catalog.first_result_set (text, declarations)` and the like: functions that only the
    /// system's texts name. Their arguments are constants.
    pub(super) fn discovery(
        &mut self,
        name: &ObjectName,
        list: &[Expr],
    ) -> Result<Option<(BoundSource, Vec<SourceColumn>, SourceId)>, SqlError> {
        let Some(table) = self.base_table(name) else { return Ok(None) };
        let base::Rows::Discovered(discover) = table.rows else { return Ok(None) };
        let mut texts = Vec::with_capacity(list.len());
        for argument in list {
            let value = coerce::implicit(self.value(argument)?, SqlType::NVARCHAR_MAX)?;
            texts.push(match self.environment.evaluate(&value)? {
                Value::Text(text) => text,
                _ => String::new(),
            });
        }
        let [text, declarations] = texts.as_slice() else {
            return Err(errors::argument_count(table.name, "2"));
        };
        let rows = if self.without_rows {
            Vec::new()
        } else {
            discover(self.environment, text, declarations)?
        };
        let id = self.source_id();
        let (source, columns) = made(table, id, listing::array(&rows)?);
        Ok(Some((source, columns, id)))
    }

    fn base_table(&self, name: &ObjectName) -> Option<&'static BaseTable> {
        let schema = name.schema.as_ref().filter(|_| self.system)?;
        schema.is(base::SCHEMA).then(|| base::named(&name.name.text))?
    }
}

/// A table whose rows are a JSON array.
fn made(table: &BaseTable, id: SourceId, array: String) -> (BoundSource, Vec<SourceColumn>) {
    let array = Box::new(Bound::constant(array.into(), SqlType::NVARCHAR_MAX));
    let columns = base_columns(table).into_iter().enumerate().map(|(place, column)| {
        let cell = element(id, place, column.sql_type);
        let kind = match column.sql_type {
            // Its bytes stand in JSON as their digits.
            SqlType::Variant => Kind::Native { name: "unhex", arguments: vec![cell] },
            _ => cell.kind,
        };
        let value = Bound { kind, sql_type: column.sql_type, nullable: column.nullable };
        SourceColumn { value: Some(value), ..column }
    });
    (BoundSource::Rows { array, id }, columns.collect())
}

fn base_columns(table: &BaseTable) -> Vec<SourceColumn> {
    let column = |(name, sql_type, nullable): &(&str, _, bool)| SourceColumn {
        name: (*name).to_owned(),
        storage: (*name).to_owned(),
        sql_type: *sql_type,
        nullable: *nullable,
        identity: false,
        value: None,
    };
    table.columns.iter().map(column).collect()
}
