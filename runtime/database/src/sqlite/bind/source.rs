//! FROM.

use launchpod_tsql::ast::{
    Expr, FunctionCall, Join, JoinKind, JsonColumn, ObjectName, TableSource, TableSourceKind,
    same_name,
};
use launchpod_types::{SqlError, Value};

use super::origin::Object;
use super::query::{ColumnsOf, named_columns, values_columns};
use super::scope::{CteName, ScopeSource, SourceColumn};
use super::sequence::Sequences;
use super::tree::{Bound, BoundBody, BoundQuery, BoundSource, Kind, QueryColumn, SourceId};
use super::write::plain_query;
use super::{Aggregates, Binder};
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::errors;
use crate::sqlite::security::columns::Access;

// === impl Binder ===

impl Binder<'_> {
    /// Binds the sources of a query and puts their columns in its scope.
    pub(crate) fn from(&mut self, from: &[TableSource]) -> Result<Option<BoundSource>, SqlError> {
        let mut bound: Option<BoundSource> = None;
        for source in from {
            let right = self.table_source(source).map_err(|e| e.or_line(source.line))?;
            bound = Some(match bound {
                None => right,
                Some(left) => BoundSource::Join {
                    word: "CROSS JOIN",
                    left: Box::new(left),
                    right: Box::new(right),
                    on: None,
                },
            });
        }
        Ok(bound)
    }

    pub(crate) fn table_source(&mut self, source: &TableSource) -> Result<BoundSource, SqlError> {
        let alias = source.alias.as_ref().map(|alias| alias.text.as_str());
        match &source.kind {
            TableSourceKind::Table { name, sample, .. } => match sample {
                Some(sample) => self.sample(name, alias, sample),
                None => self.named(name, alias),
            },
            TableSourceKind::Derived(query) => {
                // A derived table doesn't see the sources beside it.
                let own = self.scopes.pop();
                let query =
                    self.with_aggregates(Aggregates::Refused, |binder| binder.inner_query(query));
                self.scopes.extend(own);
                self.derived(query?, source)
            }
            TableSourceKind::Values(rows) => {
                let (rows, columns) = self.listed_rows(rows)?;
                let body = BoundBody::Values(rows);
                let query = BoundQuery { columns, ..plain_query(Vec::new(), body, None) };
                self.derived(query, source)
            }
            TableSourceKind::Join(join) => self.join(join),
            TableSourceKind::Pivot(pivot) => self.pivot(pivot, source),
            TableSourceKind::Unpivot(unpivot) => self.unpivot(unpivot, source),
            TableSourceKind::Variable(name) => {
                let table = self.table_variable(name)?;
                self.put_table(table, alias.unwrap_or(name), false)
            }
            TableSourceKind::Function { call, json_columns } => {
                let rule = Sequences::Refused(errors::next_value_in_table);
                self.with_sequences(rule, |binder| binder.function_rows(call, json_columns, source))
            }
            _ => Err(errors::unsupported("This table source")),
        }
    }

    /// The rows of a function in FROM.
    fn function_rows(
        &mut self,
        call: &FunctionCall,
        json_columns: &[JsonColumn],
        source: &TableSource,
    ) -> Result<BoundSource, SqlError> {
        let alias = source.alias.as_ref().map(|alias| alias.text.as_str());
        if let Some((rows, columns, id)) = self.rowset(call, json_columns)? {
            let own = call.name.name.text.as_str();
            // Two without an alias have no name to be told apart by.
            let mut known = self.scope().sources.iter();
            let own = if known.any(|it| same_name(&it.name, own)) { "" } else { own };
            let name = alias.unwrap_or(own);
            let columns = renamed(columns, &source.columns, name)?;
            self.add_source(id, name, None, columns)?;
            return Ok(rows);
        }
        if let Some(query) = self.system_rows(call)? {
            return self.derived_as(query, source, &call.name.name.text);
        }
        let module = self.rows_module(&call.name)?;
        match module {
            Some((module, access)) if module.kind == ModuleKind::Inline => {
                let query = self.inline_call(&module, call)?;
                let names = names_of(&query);
                let bound = self.derived_as(query, source, &module.name)?;
                self.limit_named_reads(access, names);
                self.originates(bound.ids()[0], Object::Module(module));
                Ok(bound)
            }
            Some((module, access)) if module.kind == ModuleKind::Table => {
                let (rows, columns, id) = self.table_program(&module, call)?;
                let name = alias.unwrap_or(&module.name);
                let names = columns.iter().map(|column| column.name.clone()).collect();
                let columns = renamed(columns, &source.columns, name)?;
                self.add_source(id, name, None, columns)?;
                self.limit_named_reads(access, names);
                Ok(rows)
            }
            _ => Err(errors::invalid_object(&call.name.to_string())),
        }
    }

    /// The rows of VALUES, and their columns.
    pub(super) fn listed_rows(
        &mut self,
        rows: &[Vec<Expr>],
    ) -> Result<(Vec<Vec<Bound>>, Vec<QueryColumn>), SqlError> {
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            let row = row.iter().map(|value| self.value(value));
            bound.push(row.collect::<Result<Vec<_>, _>>()?);
        }
        let columns = values_columns(&mut bound)?;
        Ok((bound, columns))
    }

    /// The module that a function in FROM is, and what the caller may read of it.
    ///
    /// # Errors
    /// 40517 for `column.nodes(…)`, which looks like one.
    pub(super) fn rows_module(
        &self,
        name: &ObjectName,
    ) -> Result<Option<(Module, Access)>, SqlError> {
        let found = self.environment.used_module(name, "SL");
        let found = found.and_then(|(module, environment)| {
            let Some(module) = module else { return Ok(None) };
            let access = environment.module_access(&module, "SL")?;
            access.check_any()?;
            Ok(Some((module, access)))
        });
        match found {
            Ok(None) | Err(_) if name.schema.is_some() && name.name.is("nodes") => {
                Err(errors::unsupported("The method nodes() of XML"))
            }
            found => found,
        }
    }

    fn derived(
        &mut self,
        query: BoundQuery,
        source: &TableSource,
    ) -> Result<BoundSource, SqlError> {
        self.derived_as(query, source, "")
    }

    /// A query in FROM under its alias or, without one, a name of its own.
    pub(crate) fn derived_as(
        &mut self,
        query: BoundQuery,
        source: &TableSource,
        own: &str,
    ) -> Result<BoundSource, SqlError> {
        let name = source.alias.as_ref().map_or(own, |alias| alias.text.as_str());
        let columns = named_columns(&query.columns, &source.columns, ColumnsOf::Query(name))?;
        let id = self.source_id();
        self.add_source(id, name, None, columns)?;
        Ok(BoundSource::Derived { query: Box::new(query), id })
    }

    fn named(&mut self, name: &ObjectName, alias: Option<&str>) -> Result<BoundSource, SqlError> {
        let shown = alias.unwrap_or(&name.name.text);
        if let Some(source) = self.put_common_table(name, shown)? {
            return Ok(source);
        }
        let id = self.source_id();
        if let Some(source) = self.system_source(name, alias, id)? {
            self.originates(id, Object::System(name.to_string()));
            return Ok(source);
        }
        let (module, environment) = (self.environment.module(name)?, *self.environment);
        let Some(synonym) = module.as_ref().filter(|it| it.kind == ModuleKind::Synonym) else {
            return self.rows_of((name, &environment), module, (shown, alias.is_some()));
        };
        self.environment.check_module(synonym, "SL")?;
        let base = self.environment.base_of(synonym)?;
        let module = base.environment.module(&base.name)?;
        if module.is_none()
            && let Some(source) = self.system_source(&base.name, Some(shown), id)?
        {
            self.originates(id, Object::System(base.name.to_string()));
            return Ok(source);
        }
        let source = self.rows_of((&base.name, &base.environment), module, (shown, true))?;
        if alias.is_none()
            && let Some(source) = self.scope().sources.last_mut()
        {
            source.qualifier = Some((synonym.database.name.clone(), synonym.schema.clone()));
        }
        Ok(source)
    }

    /// The rows of a table or view, under a name that is an alias or its own.
    fn rows_of(
        &mut self,
        (name, environment): (&ObjectName, &Environment<'_>),
        module: Option<Module>,
        (shown, aliased): (&str, bool),
    ) -> Result<BoundSource, SqlError> {
        if let Some(module) = module
            && module.kind == ModuleKind::View
        {
            let access = environment.module_access(&module, "SL")?;
            access.check_any()?;
            let source = self.put_view(module, shown, !aliased)?;
            self.limit_reads(access);
            return Ok(source);
        }
        let table = environment.table(name)?;
        let access = environment.table_access(&table, "SL")?;
        access.check_any()?;
        let source = self.put_table(table, shown, !aliased)?;
        self.limit_reads(access);
        Ok(source)
    }

    /// The common table expression that a name means, the nearest of that name.
    pub(super) fn common_table_named(&self, name: &ObjectName) -> Option<&CteName> {
        if name.schema.is_some() || name.database.is_some() {
            return None;
        }
        self.ctes.iter().rev().find(|cte| name.name.is(&cte.name))
    }

    /// Puts it in the scope; `None` when the name is another's.
    pub(super) fn put_common_table(
        &mut self,
        name: &ObjectName,
        shown: &str,
    ) -> Result<Option<BoundSource>, SqlError> {
        let Some(cte) = self.common_table_named(name) else { return Ok(None) };
        let (storage, columns) = (cte.storage.clone(), cte.columns.clone());
        let id = self.source_id();
        self.add_source(id, shown, None, columns)?;
        self.originates(id, Object::CommonTable(storage.clone()));
        Ok(Some(BoundSource::Cte { name: storage, id }))
    }

    /// Puts a view in the scope, which its own database and schema can be said for.
    pub(super) fn put_view(
        &mut self,
        module: Module,
        shown: &str,
        qualified: bool,
    ) -> Result<BoundSource, SqlError> {
        let id = self.source_id();
        let query = self.view(&module)?;
        let columns = named_columns(&query.columns, &[], ColumnsOf::Query(shown))?;
        let qualifier = qualified.then(|| (module.database.name.clone(), module.schema.clone()));
        self.add_source(id, shown, qualifier, columns)?;
        self.originates(id, Object::Module(module));
        Ok(BoundSource::Derived { query: Box::new(query), id })
    }

    /// The same for a table.
    pub(super) fn put_table(
        &mut self,
        table: Table,
        shown: &str,
        qualified: bool,
    ) -> Result<BoundSource, SqlError> {
        let id = self.source_id();
        let qualifier = qualified.then(|| (table.database.clone(), table.schema.clone()));
        let columns = self.columns_of(&table, id)?;
        self.add_source(id, shown, qualifier, columns)?;
        self.number_rows(&table);
        let source = BoundSource::Table { schema: table.attached, name: table.storage.clone(), id };
        self.originates(id, Object::Table(table));
        Ok(source)
    }

    /// The module that a name or a synonym stands for, on which the caller has a permission.
    pub(super) fn used_module(
        &self,
        name: &ObjectName,
        code: &str,
    ) -> Result<Option<Module>, SqlError> {
        let (module, environment) = self.environment.used_module(name, code)?;
        let Some(module) = module else { return Ok(None) };
        environment.check_module(&module, code)?;
        Ok(Some(module))
    }

    /// A table variable: the temporary table whose name the variable holds.
    pub(crate) fn table_variable(&self, name: &str) -> Result<Table, SqlError> {
        let table = match self.variables.get(&name.to_lowercase()).map(|v| &v.value) {
            Some(Value::Text(table)) if table.starts_with('#') => {
                self.environment.catalog().temporary(table)?
            }
            _ => None,
        };
        table.ok_or_else(|| errors::undeclared_table(name))
    }

    fn join(&mut self, join: &Join) -> Result<BoundSource, SqlError> {
        let word = match join.kind {
            JoinKind::Inner => "JOIN",
            JoinKind::Left => "LEFT JOIN",
            JoinKind::Right => "RIGHT JOIN",
            JoinKind::Full => "FULL JOIN",
            JoinKind::Cross => "CROSS JOIN",
            JoinKind::CrossApply | JoinKind::OuterApply => return self.apply(join),
        };
        let left = self.table_source(&join.left)?;
        let right = self.table_source(&join.right)?;
        let on = match &join.condition {
            Some(condition) => Some(self.predicate(condition)?),
            None => None,
        };
        let (left_ids, right_ids) = (left.ids(), right.ids());
        if matches!(join.kind, JoinKind::Left | JoinKind::Full) {
            self.guard_computed(&right.tables());
            self.make_nullable(&right_ids);
        }
        if matches!(join.kind, JoinKind::Right | JoinKind::Full) {
            self.guard_computed(&left.tables());
            self.make_nullable(&left_ids);
        }
        Ok(BoundSource::Join { word, left: Box::new(left), right: Box::new(right), on })
    }

    /// The columns of the outer side of a join can be NULL.
    pub(crate) fn make_nullable(&mut self, ids: &[SourceId]) {
        for source in &mut self.scope().sources {
            if ids.contains(&source.id) {
                for column in &mut source.columns {
                    column.nullable = true;
                    column.value = column.value.take().map(|value| present(source.id, value));
                }
            }
        }
    }

    pub(crate) fn add_source(
        &mut self,
        id: SourceId,
        name: &str,
        qualifier: Option<(String, String)>,
        columns: Vec<SourceColumn>,
    ) -> Result<(), SqlError> {
        let scope = self.scope();
        let taken = !name.is_empty()
            && scope.sources.iter().any(|source| {
                same_name(&source.name, name)
                    && match (&source.qualifier, &qualifier) {
                        (Some((d1, s1)), Some((d2, s2))) => same_name(d1, d2) && same_name(s1, s2),
                        (None, None) => true,
                        _ => false,
                    }
            });
        if taken {
            return Err(errors::duplicate_correlation(name));
        }
        self.source_names.insert(id, name.to_owned());
        self.scope().sources.push(ScopeSource {
            id,
            name: name.to_owned(),
            qualifier,
            columns,
            rowid: None,
            reads: None,
        });
        Ok(())
    }
}

/// A value of a source that an outer join may leave without a row: one that uses the source is
/// NULL by itself there, others stand beside a marker (see `apply`).
fn present(source: SourceId, value: Bound) -> Bound {
    if uses(&value, source) { value } else { super::apply::where_marked(source, value) }
}

/// Whether a value has a column of a source in it.
pub(super) fn uses(value: &Bound, source: SourceId) -> bool {
    matches!(value.kind, Kind::Column { source: own, .. } if own == source)
        || value.children().into_iter().any(|child| uses(child, source))
}

/// Columns under the names that an alias gives them.
fn renamed(
    mut columns: Vec<SourceColumn>,
    names: &[launchpod_tsql::ast::Identifier],
    table: &str,
) -> Result<Vec<SourceColumn>, SqlError> {
    if !names.is_empty() && names.len() != columns.len() {
        return Err(errors::derived_column_count(table, names.len() > columns.len()));
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name.clone_from(&name.text);
    }
    Ok(columns)
}

/// The names of a query's columns.
pub(super) fn names_of(query: &BoundQuery) -> Vec<String> {
    query.columns.iter().map(|column| column.name.clone()).collect()
}

/// The columns of a table, as a query sees those that are stored.
pub(crate) fn table_columns(table: &Table) -> Vec<SourceColumn> {
    table
        .columns
        .iter()
        .map(|column| SourceColumn {
            name: column.name.clone(),
            storage: column.name.clone(),
            sql_type: column.sql_type,
            nullable: column.nullable,
            identity: column.identity,
            value: None,
        })
        .collect()
}
