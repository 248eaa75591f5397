//! What UPDATE, DELETE, INSERT and MERGE change, and what they read.

use launchpod_tsql::ast::{
    Assignment, Cte, Identifier, TableSource, Target as TargetName, same_name,
};
use launchpod_types::SqlError;

use super::Binder;
use super::changed::Changed;
use super::origin::Object;
use super::scope::ScopeSource;
use super::through::Touched;
use super::tree::{BoundCte, BoundSource, SourceId};
use crate::sqlite::embedded::modules::ModuleKind;
use crate::sqlite::errors;
use crate::sqlite::security::columns::Access;

/// What UPDATE and DELETE change, and what they read.
pub(super) struct Sources {
    pub(super) changed: Changed,
    pub(super) ctes: Vec<BoundCte>,
    pub(super) source: BoundSource,
}

// === impl Binder ===

impl Binder<'_> {
    /// What UPDATE or DELETE changes, and the sources that it reads.
    pub(super) fn write_sources(
        &mut self,
        target: &TargetName,
        from: &[TableSource],
        ctes: &[Cte],
        touched: &Touched<'_>,
    ) -> Result<Sources, SqlError> {
        self.note_synonym(target)?;
        let ctes = self.common_tables(ctes)?;
        self.scopes.clear();
        let bound = self.from(from)?;
        let (id, mut source) = match (self.source_named(target)?, bound) {
            (Some(id), Some(bound)) => (id, bound),
            (_, bound) => {
                let (id, own) = self.put_target(target, None)?;
                let source = match bound {
                    None => own,
                    Some(bound) => BoundSource::Join {
                        word: "CROSS JOIN",
                        left: Box::new(own),
                        right: Box::new(bound),
                        on: None,
                    },
                };
                (id, source)
            }
        };
        let changed = self.changed(target, id, &mut source, &ctes, touched)?;
        Ok(Sources { changed, ctes, source })
    }

    /// The source in FROM that a target names: by its alias, by its own name or, when it has an
    /// alias, as the only one of its table ("UPDATE (Transact-SQL)", "table_alias").
    ///
    /// # Errors
    /// 8154 when several have the table, each under an alias.
    fn source_named(&mut self, target: &TargetName) -> Result<Option<SourceId>, SqlError> {
        let sources = std::mem::take(&mut self.scope().sources);
        let found = sources.iter().find(|source| match target {
            TargetName::Table(name) => source.is_named(name),
            TargetName::Variable { name, .. } => same_name(&source.name, name),
        });
        let found = match found {
            Some(source) => Ok(Some(source.id)),
            None if sources.is_empty() => Ok(None),
            None => self.only_source_of(target, &sources),
        };
        self.scope().sources = sources;
        found
    }

    fn only_source_of(
        &self,
        target: &TargetName,
        sources: &[ScopeSource],
    ) -> Result<Option<SourceId>, SqlError> {
        let object = self.object_named(target)?;
        let mut same = sources
            .iter()
            .map(|source| source.id)
            .filter(|id| self.origins.get(id).is_some_and(|origin| origin.object.is_same(&object)));
        match (same.next(), same.next(), target) {
            (Some(_), Some(_), TargetName::Table(name)) => {
                Err(errors::ambiguous_table(&name.to_string()).or_line(name.line))
            }
            (Some(_), Some(_), TargetName::Variable { name, line }) => {
                Err(errors::ambiguous_table(name).or_line(*line))
            }
            (first, ..) => Ok(first),
        }
    }

    /// What a target is that no alias is meant by.
    fn object_named(&self, target: &TargetName) -> Result<Object, SqlError> {
        let TargetName::Table(name) = target else { return self.target(target).map(Object::Table) };
        if let Some(cte) = self.common_table_named(name) {
            return Ok(Object::CommonTable(cte.storage.clone()));
        }
        let found = match crate::sqlite::system::view(name) {
            None => self.environment.module(name)?,
            Some(_) => None,
        };
        match found {
            Some(module) if module.kind == ModuleKind::View => Ok(Object::Module(module)),
            Some(synonym) if synonym.kind == ModuleKind::Synonym => {
                let base = self.environment.base_of(&synonym)?;
                match base.environment.module(&base.name)? {
                    Some(module) if module.kind == ModuleKind::View => Ok(Object::Module(module)),
                    _ => base.environment.table_to_change(&base.name).map(Object::Table),
                }
            }
            _ => self.environment.table_to_change(name).map(Object::Table),
        }
    }

    /// Notes the synonym that a target is named by.
    pub(super) fn note_synonym(&mut self, target: &TargetName) -> Result<(), SqlError> {
        if let TargetName::Table(name) = target
            && let Some(found) = self.environment.module(name)?
            && found.kind == ModuleKind::Synonym
        {
            self.through = Some(found);
        }
        Ok(())
    }

    /// Puts a target in the scope, beside what FROM or USING has put there.
    pub(super) fn put_target(
        &mut self,
        target: &TargetName,
        alias: Option<&Identifier>,
    ) -> Result<(SourceId, BoundSource), SqlError> {
        self.note_synonym(target)?;
        let (written, line) = match target {
            TargetName::Table(name) => (name.name.text.as_str(), name.line),
            TargetName::Variable { name, line } => (name.as_str(), *line),
        };
        let put = self.object_named(target).and_then(|object| {
            let shown = alias.map_or(written, |alias| alias.text.as_str());
            let named = alias.is_none() && matches!(target, TargetName::Table(_));
            let environment = self.outer()?;
            let access = match &object {
                Object::Table(table) => environment.table_access(table, "SL")?,
                Object::Module(module) => environment.module_access(module, "SL")?,
                _ => Access::Whole,
            };
            let source = match (object, target) {
                (Object::Table(table), _) => {
                    let own = match &self.through {
                        Some(_) => shown.to_owned(),
                        None => table.name.clone(),
                    };
                    self.put_table(table, if named { &own } else { shown }, named)?
                }
                (Object::Module(module), _) => self.put_view(module, shown, named)?,
                (Object::CommonTable(_), TargetName::Table(name)) => {
                    let put = self.put_common_table(name, shown)?;
                    put.ok_or_else(|| errors::invalid_object(written))?
                }
                _ => return Err(errors::invalid_object(written)),
            };
            self.limit_reads(access);
            Ok(source)
        });
        let source = put.map_err(|error| error.or_line(line))?;
        Ok((source.ids()[0], source))
    }
}

/// The columns that assignments assign, by the names that are written.
pub(super) fn assigned_columns(assignments: &[Assignment]) -> Vec<&str> {
    let columns = assignments.iter().filter_map(|assignment| assignment.column.as_ref());
    columns.map(|column| column.name.text.as_str()).collect()
}

/// What UPDATE … SET touches.
pub(super) fn touched_by<'a>(assignments: impl IntoIterator<Item = &'a Assignment>) -> Touched<'a> {
    let columns = assignments.into_iter().filter_map(|assignment| {
        let column = assignment.column.as_ref()?;
        Some((column.name.text.as_str(), assignment.line))
    });
    let columns: Vec<_> = columns.collect();
    if columns.is_empty() { Touched::Rows } else { Touched::Columns(columns) }
}
