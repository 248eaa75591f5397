//! Catalog views, and the tables that their texts name.

use std::collections::BTreeMap;

use launchpod_tsql::ast::ObjectName;
use launchpod_types::SqlError;

use super::query::named_columns;
use super::scope::SourceColumn;
use super::tree::{BoundSource, SourceId};
use super::{Binder, rowset};
use crate::sqlite::embedded::environment;
use crate::sqlite::system::{self, base, base::BaseTable};

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
            self.add_source(id, shown, None, base_columns(table))?;
            let database = table.per_database.then_some(self.environment.database.id);
            return Ok(Some(BoundSource::System { sql: table.sql, database, id }));
        }
        if name.schema.as_ref().is_some_and(|schema| schema.is("sys"))
            && name.name.is("time_zone_info")
        {
            let now = self.environment.now.unwrap_or_else(environment::now);
            let (source, columns) = rowset::time_zones(now, id);
            self.add_source(id, shown, None, columns)?;
            return Ok(Some(source));
        }
        let Some(view) = system::view(name) else { return Ok(None) };
        let database = self.environment.database_of(name)?;
        let query = self.within(&database, BTreeMap::new(), |binder| {
            binder.system = true;
            binder.bind_query(&view.query)
        })?;
        let columns = named_columns(&query.columns, &[], shown)?;
        let schema = name.schema.as_ref().map_or(&view.schema, |schema| &schema.text);
        let qualifier = alias.is_none().then(|| (database.name, schema.clone()));
        self.add_source(id, shown, qualifier, columns)?;
        Ok(Some(BoundSource::Derived { query: Box::new(query), id }))
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
