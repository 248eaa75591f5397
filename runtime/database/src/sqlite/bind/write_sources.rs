//! What UPDATE and DELETE change, and what they read.

use launchpod_tsql::ast::{
    Cte, ObjectName, TableSource, TableSourceKind, Target as TargetName, same_name,
};
use launchpod_types::SqlError;

use super::Binder;
use super::tree::{BoundCte, BoundSource, SourceId};
use super::view_change::ChangedView;
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::errors;

/// What UPDATE and DELETE change, and what they read.
pub(super) struct Sources {
    pub(super) table: Table,
    /// The number of the table among the sources.
    pub(super) id: SourceId,
    pub(super) ctes: Vec<BoundCte>,
    pub(super) source: BoundSource,
    /// The view that the table is changed through.
    pub(super) view: Option<ChangedView>,
}

// === impl Binder ===

impl Binder<'_> {
    /// The table that UPDATE or DELETE changes, and the sources it reads.
    pub(super) fn write_sources(
        &mut self,
        target: &TargetName,
        from: &[TableSource],
        ctes: &[Cte],
    ) -> Result<Sources, SqlError> {
        check_target(target, from, ctes)?;
        let ctes = self.common_tables(ctes)?;
        self.scopes.clear();
        let bound = self.from(from)?;
        let name = match target {
            TargetName::Table(name) => name,
            TargetName::Variable { name, line } => {
                if from.iter().any(|source| has_variable(source, name)) {
                    return Err(errors::unsupported("UPDATE or DELETE of @table FROM @table")
                        .or_line(*line));
                }
                let table = self.target(target)?;
                return self.table_beside(table, name, ctes, bound);
            }
        };
        let single = is_single(name);
        let named = from.iter().find_map(|source| find_source(source, name, single));
        if let (Some(found), Some(bound)) = (named, bound.clone()) {
            let table = self.environment.table_to_change(found)?;
            let source = self.scope().sources.iter().find(|source| {
                source.is_named(name)
                    || (same_name(&source.name, &name.name.text) && source.qualifier.is_some())
            });
            let id = source
                .map(|source| source.id)
                .ok_or_else(|| errors::invalid_object(&name.to_string()))?;
            return Ok(Sources { table, id, ctes, source: bound, view: None });
        }
        if let (Some((found, alias)), Some(bound)) = (self.only_alias(name, from)?, bound.clone()) {
            let table = self.environment.table_to_change(found)?;
            let mut sources = self.scope().sources.iter();
            let id = sources.find(|source| same_name(&source.name, alias)).map(|it| it.id);
            let id = id.ok_or_else(|| errors::invalid_object(&name.to_string()))?;
            return Ok(Sources { table, id, ctes, source: bound, view: None });
        }
        if let Some(view) = self.view_to_change(target)? {
            return self.view_beside(view, ctes, bound);
        }
        let table = self.environment.table_to_change(name)?;
        let shown = table.name.clone();
        self.table_beside(table, &shown, ctes, bound)
    }

    /// The table or view in FROM, and its alias, that a target names by its own name: the only
    /// one there that is the same object ("UPDATE (Transact-SQL)", `table_or_view_name`).
    ///
    /// # Errors
    /// 8154 when there are several.
    fn only_alias<'s>(
        &self,
        name: &ObjectName,
        from: &'s [TableSource],
    ) -> Result<Option<(&'s ObjectName, &'s str)>, SqlError> {
        let mut aliased = Vec::new();
        from.iter().for_each(|source| find_aliased(source, name, &mut aliased));
        if aliased.is_empty() {
            return Ok(None);
        }
        let Some(target) = self.environment.object(name)? else { return Ok(None) };
        let mut found = None;
        for (table, alias) in aliased {
            if self.environment.object(table)? != Some(target) {
                continue;
            }
            if found.is_some() {
                return Err(errors::ambiguous_table(&name.to_string()).or_line(name.line));
            }
            found = Some((table, alias));
        }
        Ok(found)
    }

    fn view_beside(
        &mut self,
        view: ChangedView,
        ctes: Vec<BoundCte>,
        bound: Option<BoundSource>,
    ) -> Result<Sources, SqlError> {
        let (id, table, columns) = (view.id, view.table.clone(), view.columns.clone());
        let name = view.name.rsplit('.').next().unwrap_or_default();
        self.add_source(id, name, Some(view.qualifier.clone()), columns)?;
        let sources = self.sources_beside(table, id, ctes, bound);
        Ok(Sources { view: Some(view), ..sources })
    }

    fn table_beside(
        &mut self,
        table: Table,
        shown: &str,
        ctes: Vec<BoundCte>,
        bound: Option<BoundSource>,
    ) -> Result<Sources, SqlError> {
        let id = self.source_id();
        let qualifier = Some((table.database.clone(), table.schema.clone()));
        let columns = self.columns_of(&table, id)?;
        self.add_source(id, shown, qualifier, columns)?;
        self.number_rows(&table);
        Ok(self.sources_beside(table, id, ctes, bound))
    }

    /// The sources of a statement whose table isn't among those of its FROM.
    fn sources_beside(
        &mut self,
        table: Table,
        id: SourceId,
        ctes: Vec<BoundCte>,
        bound: Option<BoundSource>,
    ) -> Sources {
        let own = BoundSource::Table { schema: table.attached, name: table.storage.clone(), id };
        let sources = match bound {
            None => own,
            Some(bound) => BoundSource::Join {
                word: "CROSS JOIN",
                left: Box::new(own),
                right: Box::new(bound),
                on: None,
            },
        };
        Sources { table, id, ctes, source: sources, view: None }
    }
}

/// Refuses a query that the statement itself writes as what it changes: one of WITH or of FROM.
pub(super) fn check_target(
    target: &TargetName,
    from: &[TableSource],
    ctes: &[Cte],
) -> Result<(), SqlError> {
    let TargetName::Table(name) = target else { return Ok(()) };
    let single = is_single(name);
    let source = from.iter().find_map(|source| find_source(source, name, single));
    let what = if source.is_none() && single && from.iter().any(|it| has_derived(it, name)) {
        "a derived table"
    } else {
        let named = source.unwrap_or(name);
        if !is_single(named) || !ctes.iter().any(|cte| named.name.is(&cte.name.text)) {
            return Ok(());
        }
        "a common table expression"
    };
    Err(errors::unsupported(format!("A change of rows through {what}")).or_line(name.line))
}

fn is_single(name: &ObjectName) -> bool {
    name.schema.is_none() && name.database.is_none()
}

/// Whether a query in FROM has the name as its alias.
fn has_derived(source: &TableSource, name: &ObjectName) -> bool {
    match &source.kind {
        TableSourceKind::Derived(_) => {
            source.alias.as_ref().is_some_and(|alias| alias.is(&name.name.text))
        }
        TableSourceKind::Join(join) => {
            has_derived(&join.left, name) || has_derived(&join.right, name)
        }
        _ => false,
    }
}

/// Whether a table variable stands in FROM.
fn has_variable(source: &TableSource, name: &str) -> bool {
    match &source.kind {
        TableSourceKind::Variable(known) => same_name(known, name),
        TableSourceKind::Join(join) => {
            has_variable(&join.left, name) || has_variable(&join.right, name)
        }
        _ => false,
    }
}

/// The table in FROM that a target names by alias or by name.
fn find_source<'s>(
    source: &'s TableSource,
    name: &ObjectName,
    single: bool,
) -> Option<&'s ObjectName> {
    match &source.kind {
        TableSourceKind::Table { name: table, .. } => match &source.alias {
            Some(alias) if single && alias.is(&name.name.text) => Some(table),
            Some(_) => None,
            None => table.name.is(&name.name.text).then_some(table),
        },
        TableSourceKind::Join(join) => {
            find_source(&join.left, name, single).or_else(|| find_source(&join.right, name, single))
        }
        _ => None,
    }
}

/// The tables in FROM that have an alias and are called as a target is, whatever their schema.
fn find_aliased<'s>(
    source: &'s TableSource,
    name: &ObjectName,
    found: &mut Vec<(&'s ObjectName, &'s str)>,
) {
    match &source.kind {
        TableSourceKind::Table { name: table, .. } => {
            if let Some(alias) = &source.alias
                && table.name.is(&name.name.text)
            {
                found.push((table, &alias.text));
            }
        }
        TableSourceKind::Join(join) => {
            find_aliased(&join.left, name, found);
            find_aliased(&join.right, name, found);
        }
        _ => {}
    }
}
