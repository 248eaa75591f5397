//! INSERT, UPDATE and DELETE through a view ("CREATE VIEW", section "Updatable views"): of one
//! table, whose rows its rows are.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    Assignment, CreateView, Identifier, ObjectName, Query, QueryBody, Select, StatementKind,
    TableSource, TableSourceKind, Target as TargetName, same_name,
};
use launchpod_types::SqlError;

use super::Binder;
use super::module::{changed, parsed};
use super::scope::SourceColumn;
use super::tree::{Bound, Kind, SourceId};
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::errors;

/// A view, and the table that is changed through it.
pub(super) struct ChangedView {
    pub(super) module: Module,
    pub(super) name: String,
    /// The view's own database and schema.
    pub(super) qualifier: (String, String),
    pub(super) table: Table,
    /// The number of the table among the sources.
    pub(super) id: SourceId,
    /// The view's columns, by what they are in the table.
    pub(super) columns: Vec<SourceColumn>,
    /// Which of the table's rows are the view's.
    pub(super) filter: Option<Bound>,
}

// === impl ChangedView ===

impl ChangedView {
    /// The table's column that a column of the view is.
    ///
    /// # Errors
    /// 207 when the view has none of that name, 4406 when it is computed.
    fn stored(&self, name: &str) -> Result<Identifier, SqlError> {
        let column = self.columns.iter().find(|column| same_name(&column.name, name));
        let column = column.ok_or_else(|| errors::invalid_column(name))?;
        match &column.value {
            Some(Bound { kind: Kind::Column { source, name }, .. }) if *source == self.id => {
                Ok(Identifier { text: name.clone(), quoted: true })
            }
            _ => Err(errors::derived_field(&self.name)),
        }
    }

    /// The table's columns that an INSERT gives: those named, or all that the view has.
    pub(super) fn given(&self, names: &[Identifier]) -> Result<Vec<Identifier>, SqlError> {
        if !names.is_empty() {
            return names.iter().map(|name| self.stored(&name.text)).collect();
        }
        let mut given = Vec::with_capacity(self.columns.len());
        for column in self.columns.iter().filter(|column| !column.identity) {
            given.push(self.stored(&column.name)?);
        }
        Ok(given)
    }

    /// What UPDATE … SET assigns to the table.
    pub(super) fn assignments(
        &self,
        assignments: &[Assignment],
    ) -> Result<Vec<Assignment>, SqlError> {
        let mut mapped = assignments.to_vec();
        for assignment in &mut mapped {
            if let Some(column) = &mut assignment.column {
                column.name = self.stored(&column.name.text)?;
            }
        }
        Ok(mapped)
    }

    /// The condition of a statement on the view's rows, as one on the table's.
    pub(super) fn within(&self, filter: Option<Bound>) -> Option<Bound> {
        match (self.filter.clone(), filter) {
            (Some(own), Some(filter)) => {
                let nullable = own.nullable || filter.nullable;
                let both = Kind::Chain { operator: "AND", operands: vec![own, filter] };
                Some(Bound::predicate(both, nullable))
            }
            (own, filter) => own.or(filter),
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// The view that a statement changes rows through; `None` when its target isn't one.
    ///
    /// # Errors
    /// 4403, 4405 and 4426 when the view's rows aren't those of one table.
    pub(super) fn view_to_change(
        &mut self,
        target: &TargetName,
    ) -> Result<Option<ChangedView>, SqlError> {
        let TargetName::Table(name) = target else { return Ok(None) };
        if crate::sqlite::system::view(name).is_some() {
            return Ok(None);
        }
        match self.environment.module(name)? {
            Some(module) if module.kind == ModuleKind::View => {
                self.changed_view(name, &module).map(Some).map_err(|e| e.or_line(name.line))
            }
            _ => Ok(None),
        }
    }

    fn changed_view(
        &mut self,
        name: &ObjectName,
        module: &Module,
    ) -> Result<ChangedView, SqlError> {
        let StatementKind::CreateView(view) = parsed(module)? else { return Err(changed(module)) };
        if view.check_option {
            return Err(errors::unsupported("A change of rows through a view WITH CHECK OPTION"));
        }
        let (select, base) = of_one_table(&view.query, &name.to_string())?;
        let id = self.source_id();
        let home = self.home(module)?;
        self.within(home, BTreeMap::new(), |binder| {
            if binder.environment.module(base)?.is_some_and(|base| base.kind == ModuleKind::View) {
                return Err(errors::unsupported("A change of rows through a view of a view"));
            }
            let table = binder.environment.table(base)?;
            let alias = select.from[0].alias.as_ref();
            let shown = alias.map_or(base.name.text.clone(), |alias| alias.text.clone());
            let qualifier = alias.is_none().then(|| (table.database.clone(), table.schema.clone()));
            let columns = binder.columns_of(&table, id)?;
            binder.add_source(id, &shown, qualifier, columns)?;
            let (items, described) = binder.items(&select.items, true)?;
            let filter = binder.filter(select.filter.as_ref())?;
            let columns = items.into_iter().zip(described).enumerate();
            let columns = columns.map(|(index, (item, column))| SourceColumn {
                name: column_name(&view, index, column.name),
                storage: String::new(),
                sql_type: item.sql_type,
                nullable: item.nullable,
                identity: column.identity,
                value: Some(item),
            });
            Ok(ChangedView {
                module: module.clone(),
                name: name.to_string(),
                qualifier: (module.database.name.clone(), module.schema.clone()),
                columns: columns.collect(),
                table,
                id,
                filter,
            })
        })
    }
}

fn column_name(view: &CreateView, index: usize, own: String) -> String {
    view.columns.get(index).map_or(own, |name| name.text.clone())
}

/// The SELECT and the table of a view whose rows are that table's.
fn of_one_table<'q>(
    query: &'q Query,
    view: &str,
) -> Result<(&'q Select, &'q ObjectName), SqlError> {
    let QueryBody::Select(select) = &query.body else {
        return Err(errors::view_of_union(view));
    };
    if select.distinct || select.group_by.is_some() || select.having.is_some() {
        return Err(errors::view_of_groups(view));
    }
    if select.top.is_some() || query.offset.is_some() {
        return Err(errors::unsupported("A change of rows through a view with TOP or OFFSET"));
    }
    match &select.from[..] {
        [TableSource { kind: TableSourceKind::Table { name, .. }, .. }]
            if query.ctes.is_empty() =>
        {
            Ok((select, name))
        }
        _ => Err(errors::view_of_tables(view)),
    }
}
