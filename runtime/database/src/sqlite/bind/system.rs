//! Catalog views, and the tables that their texts name.

use std::collections::BTreeMap;

use launchpod_tsql::ast::ObjectName;
use launchpod_types::{SqlError, SqlType};

use super::Binder;
use super::module::Home;
use super::query::named_columns;
use super::rowset::element;
use super::scope::SourceColumn;
use super::tree::{Bound, BoundSource, QueryColumn, SourceId};
use crate::sqlite::system::{self, SystemView, base, base::BaseTable};

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
        let columns = named_columns(&query.columns, &[], shown)?;
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
                let visible = self.environment.visible(table)?;
                let source = BoundSource::System { sql, database, visible, id };
                return Ok((source, base_columns(table)));
            }
            base::Rows::Made(_) if self.without_rows => "[]".to_owned(),
            base::Rows::Made(make) => make(self.environment)?,
        };
        let array = Box::new(Bound::constant(array.into(), SqlType::NVARCHAR_MAX));
        let columns = base_columns(table).into_iter().enumerate().map(|(place, column)| {
            let value = Bound { nullable: column.nullable, ..element(id, place, column.sql_type) };
            SourceColumn { value: Some(value), ..column }
        });
        Ok((BoundSource::Rows { array, id }, columns.collect()))
    }

    fn base_table(&self, name: &ObjectName) -> Option<&'static BaseTable> {
        let schema = name.schema.as_ref().filter(|_| self.system)?;
        schema.is(base::SCHEMA).then(|| base::named(&name.name.text))?
    }
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
