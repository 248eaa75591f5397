//! What the sources of a statement are in the catalog. Whoever changes rows through them needs it.

use super::Binder;
use super::tree::SourceId;
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::modules::Module;
use crate::sqlite::security::context::Chain;

/// What a source is, and whose the module is that names it.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) object: Object,
    pub(super) chain: Option<Chain>,
}

/// What a source is in the catalog.
#[derive(Clone)]
pub(super) enum Object {
    Table(Table),
    /// A view or an inline function.
    Module(Module),
    /// A common table expression, by its name in SQLite.
    CommonTable(String),
    /// A view or table of the system's, by the name that was written.
    System(String),
    /// The rows that PIVOT or UNPIVOT makes.
    Turned,
    /// The right side of APPLY, put into the join with the left one.
    Applied,
}

// === impl Object ===

impl Object {
    /// Whether both are one table, view or common table expression.
    pub(super) fn is_same(&self, other: &Object) -> bool {
        match (self, other) {
            (Object::Table(one), Object::Table(other)) => one.object_id == other.object_id,
            (Object::Module(one), Object::Module(other)) => one.object_id == other.object_id,
            (Object::CommonTable(one), Object::CommonTable(other)) => one == other,
            _ => false,
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Notes what a source is.
    pub(super) fn originates(&mut self, id: SourceId, object: Object) {
        let chain = self.environment.chain;
        self.origins.insert(id, Origin { object, chain });
    }
}
