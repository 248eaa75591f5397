//! Which columns of the sources of a query the caller may read.
//!
//! A source that stands for an object has the caller's [access](Access) to it, where that is
//! limited. Names are looked up in sources, and so whatever reads a column asks here.

use std::cell::Cell;
use std::sync::Arc;

use launchpod_tsql::ast::same_name;
use launchpod_types::SqlError;

use super::Binder;
use super::scope::{Scope, ScopeSource};
use super::tree::Bound;
use crate::sqlite::security::columns::{Access, Limited};

/// What may be read of a source whose object the caller may not wholly read.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    access: Arc<Limited>,
    /// The names that its columns have in the object.
    names: Vec<String>,
    /// Whether a column was read.
    any: Cell<bool>,
}

// === impl Reads ===

impl Reads {
    /// Checks that a column may be read, by its place.
    ///
    /// # Errors
    /// 230, and 229 when none may.
    fn check(&self, index: usize) -> Result<(), SqlError> {
        self.any.set(true);
        self.access.check_column(self.names.get(index).map_or("", String::as_str))
    }

    /// The same by its name.
    pub(super) fn check_named(&self, name: &str) -> Result<(), SqlError> {
        match self.names.iter().position(|known| same_name(known, name)) {
            Some(index) => self.check(index),
            None => Ok(()),
        }
    }
}

// === impl ScopeSource ===

impl ScopeSource {
    /// A column that is read.
    ///
    /// # Errors
    /// 230, and 229 when none may be read.
    pub(super) fn read(&self, index: usize) -> Result<Bound, SqlError> {
        if let Some(reads) = &self.reads {
            reads.check(index)?;
        }
        Ok(self.column(index))
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Says what may be read of the source that was added last. Its columns have the names that
    /// they have in the object.
    pub(super) fn limit_reads(&mut self, access: Access) {
        let Some(source) = self.scope().sources.last() else { return };
        let names = source.columns.iter().map(|column| column.name.clone()).collect();
        self.limit_named_reads(access, names);
    }

    /// The same of a source whose columns may have other names by now.
    pub(super) fn limit_named_reads(&mut self, access: Access, names: Vec<String>) {
        if let (Access::Limited(access), Some(source)) = (access, self.scope().sources.last_mut()) {
            source.reads = Some(Reads { access, names, any: Cell::new(false) });
        }
    }
}

// === impl Scope ===

impl Scope {
    /// Checks the sources of a query of which no column is read: `SELECT COUNT(*)` needs all of
    /// them, as in SQL Server.
    ///
    /// # Errors
    /// 230.
    pub(super) fn check_unread(&self) -> Result<(), SqlError> {
        for reads in self.sources.iter().filter_map(|source| source.reads.as_ref()) {
            if !reads.any.get() {
                (0..reads.names.len()).try_for_each(|index| reads.check(index))?;
            }
        }
        Ok(())
    }
}
