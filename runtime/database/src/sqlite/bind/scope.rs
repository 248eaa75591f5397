//! Names in sight: sources and their columns.

use launchpod_tsql::ast::{ColumnName, Identifier, NamedWindow, ObjectName};
use launchpod_types::{SqlError, SqlType};

use super::Binder;
use super::reads::Reads;
use super::tree::{Bound, Kind, SourceId};
use super::write::row_id;
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::errors;

/// The sources of one query.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) sources: Vec<ScopeSource>,
    /// What the query is grouped by.
    pub(crate) grouped: Vec<Bound>,
    /// Its WINDOW clause.
    pub(crate) windows: Vec<NamedWindow>,
}

/// A table, alias or subquery in FROM.
#[derive(Clone, Debug)]
pub(crate) struct ScopeSource {
    pub(crate) id: SourceId,
    /// The alias, or the table's own name.
    pub(crate) name: String,
    /// The database and schema, when it is a table without alias.
    pub(crate) qualifier: Option<(String, String)>,
    pub(crate) columns: Vec<SourceColumn>,
    /// SQLite's word for the number of its rows, when it is a table.
    pub(crate) rowid: Option<&'static str>,
    /// What may be read of it, when not all.
    pub(crate) reads: Option<Reads>,
}

/// A column that can be named.
#[derive(Clone, Debug)]
pub(crate) struct SourceColumn {
    /// As T-SQL names it.
    pub(crate) name: String,
    /// As SQLite names it.
    pub(crate) storage: String,
    pub(crate) sql_type: SqlType,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
    /// What it is when it isn't a column of SQLite's.
    pub(crate) value: Option<Bound>,
}

/// A common table expression in sight.
#[derive(Clone, Debug)]
pub(crate) struct CteName {
    pub(crate) name: String,
    /// Its name in SQLite.
    pub(crate) storage: String,
    pub(crate) columns: Vec<SourceColumn>,
}

// === impl SourceColumn ===

impl SourceColumn {
    /// Whether a name is this column's, or `$IDENTITY` for the one that numbers the rows.
    fn is_named(&self, name: &Identifier) -> bool {
        name.is(&self.name) || (self.identity && !name.quoted && name.is("$IDENTITY"))
    }
}

// === impl ScopeSource ===

impl ScopeSource {
    /// Whether a qualifier (`t`, `dbo.t`, `db.dbo.t`) names this source.
    pub(crate) fn is_named(&self, name: &ObjectName) -> bool {
        if !name.name.is(&self.name) {
            return false;
        }
        let Some((database, schema)) = &self.qualifier else {
            return name.schema.is_none() && name.database.is_none();
        };
        name.schema.as_ref().is_none_or(|part| part.is(schema))
            && name.database.as_ref().is_none_or(|part| part.is(database))
    }

    /// The value of a column, for what doesn't read it: see [`ScopeSource::read`].
    pub(crate) fn column(&self, index: usize) -> Bound {
        let column = &self.columns[index];
        if let Some(value) = &column.value {
            return Bound { nullable: column.nullable, ..value.clone() };
        }
        Bound {
            kind: Kind::Column { source: self.id, name: column.storage.clone() },
            sql_type: column.sql_type,
            nullable: column.nullable,
        }
    }

    /// The values of all columns, as [`ScopeSource::column`].
    pub(super) fn values(&self) -> Vec<Bound> {
        (0..self.columns.len()).map(|index| self.column(index)).collect()
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// A column that is read, by its name.
    pub(crate) fn column(&self, name: &ColumnName) -> Result<Bound, SqlError> {
        let (source, index) = self.named_column(name)?;
        source.read(index)
    }

    /// Looks a column up, in the nearest query that has it.
    pub(super) fn named_column(
        &self,
        name: &ColumnName,
    ) -> Result<(&ScopeSource, usize), SqlError> {
        let mut table_seen = false;
        for scope in self.scopes.iter().rev() {
            let mut found = None;
            for source in &scope.sources {
                if name.table.as_ref().is_some_and(|table| !source.is_named(table)) {
                    continue;
                }
                table_seen |= name.table.is_some();
                for (index, column) in source.columns.iter().enumerate() {
                    if !column.is_named(&name.name) {
                        continue;
                    }
                    if found.is_some() {
                        return Err(errors::ambiguous_column(&name.name.text));
                    }
                    found = Some((source, index));
                }
            }
            if let Some(found) = found {
                return Ok(found);
            }
            if table_seen {
                break;
            }
        }
        match &name.table {
            Some(table) if !table_seen => {
                Err(errors::unbound_identifier(&format!("{table}.{}", name.name)))
            }
            _ => Err(errors::invalid_column(&name.name.text)),
        }
    }

    /// `%%physloc%%`: of the only table in sight, the number of the row.
    pub(crate) fn row_locator(&mut self) -> Result<Bound, SqlError> {
        let sources = &self.scope().sources[..];
        match sources {
            [ScopeSource { id, rowid: Some(rowid), .. }] => Ok(row_id(*id, rowid)),
            _ => Err(errors::unsupported("%%physloc%% of what isn't one table")),
        }
    }

    /// Notes that the source added last is a table.
    pub(crate) fn number_rows(&mut self, table: &Table) {
        let rowid = table.rowid().ok();
        if let Some(source) = self.scope().sources.last_mut() {
            source.rowid = rowid;
        }
    }

    /// The name of a column in messages: `table.column`.
    pub(crate) fn column_label(&self, source: SourceId, storage: &str) -> String {
        let sources = self.scopes.iter().flat_map(|scope| &scope.sources);
        let source = sources.into_iter().find(|candidate| candidate.id == source);
        source.map_or_else(
            || storage.to_owned(),
            |source| {
                let column = source.columns.iter().find(|column| column.storage == storage);
                let column = column.map_or(storage, |column| &column.name);
                format!("{}.{column}", source.name)
            },
        )
    }

    pub(crate) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}
