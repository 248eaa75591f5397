//! The binder: from the syntax tree to the [bound tree](tree).
//!
//! It looks names up, gives every expression its T-SQL type, makes conversions explicit and
//! refuses what SQL Server refuses, before the first row. Functions that depend on the session
//! (`DB_NAME()`, `@@SPID`, `GETDATE()`) become constants here: their values don't change while a
//! statement runs.

use std::collections::BTreeMap;

use launchpod_types::{SqlError, SqlType, Value};

use super::embedded::environment::Environment;
use super::embedded::modules::Module;
use super::errors;
use crate::Variables;

pub(crate) mod aggregate;
mod application_lock;
pub(crate) mod apply;
pub(crate) mod assign;
pub(crate) mod call;
pub(crate) mod called;
mod carry;
pub(crate) mod changed;
pub(crate) mod coerce;
pub(crate) mod collation;
pub(crate) mod date;
pub(crate) mod expression;
pub(crate) mod for_json;
pub(crate) mod for_xml;
pub(crate) mod grouping;
pub(crate) mod lateral;
pub(crate) mod merge;
pub(crate) mod metadata;
pub(crate) mod module;
pub(crate) mod operator;
mod origin;
mod output;
mod permissions;
mod pivot;
pub(crate) mod predicate;
mod principal;
pub(crate) mod query;
mod reads;
mod recursion;
mod row_count;
pub(crate) mod rowset;
pub(crate) mod sample;
pub(crate) mod scope;
pub(crate) mod sequence;
pub(crate) mod source;
pub(crate) mod staged;
pub(crate) mod stored;
pub(crate) mod system;
pub(crate) mod table;
mod through;
mod trace;
pub(crate) mod tree;
pub(crate) mod types;
pub(crate) mod undeclared;
pub(crate) mod write;
pub(crate) mod write_rows;
mod write_sources;

use scope::{CteName, Scope};
use sequence::{Mentioned, Sequences};
use tree::{Bound, SourceId};

/// Binds one statement.
pub(crate) struct Binder<'a> {
    /// The session and the catalog.
    pub(crate) environment: &'a Environment<'a>,
    /// The variables that the statement may use.
    pub(crate) variables: &'a Variables,
    /// The scopes of the queries around, the innermost last.
    scopes: Vec<Scope>,
    /// The common table expressions in sight, the nearest last.
    ctes: Vec<CteName>,
    /// Which clause is being bound, as far as aggregates go.
    aggregates: Aggregates,
    /// The variables that the select list being bound assigns.
    assigning: Option<assign::Assigning>,
    next_source: SourceId,
    /// The names of all sources, for FOR JSON AUTO.
    source_names: BTreeMap<SourceId, String>,
    /// What sources are in the catalog, for changes through them.
    origins: BTreeMap<SourceId, origin::Origin>,
    /// The arguments of the function that is being bound, by the names of its parameters.
    parameters: BTreeMap<String, Bound>,
    /// How many views and functions are around.
    depth: u32,
    /// The functions whose bodies are being put in.
    inlined: Vec<i64>,
    /// Whether a text of the system's is bound, which may name its tables.
    system: bool,
    /// How often a CTE may recurse; 0 for ever.
    most_recursions: u16,
    /// Whether only columns are asked for, so that no row need be made.
    without_rows: bool,
    /// What NEXT VALUE FOR does in what is being bound.
    sequences: Sequences,
    /// What the statement says of sequences, by their numbers.
    mentioned: BTreeMap<i64, Mentioned>,
    /// The DEFAULT that is being bound, as far as its sequences go.
    default: Option<sequence::Default>,
    /// The synonym through which the statement changes rows.
    through: Option<Module>,
    /// Whether TOP or OFFSET says how many rows the statement changes.
    limited: bool,
    /// The types of undeclared variables, while they are deduced.
    pub(crate) undeclared: Option<undeclared::Undeclared>,
}

/// Whether an aggregate may stand where an expression is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aggregates {
    /// In the select list, HAVING and ORDER BY.
    Allowed,
    /// In WHERE, ON, GROUP BY and outside queries.
    Refused,
    /// Within another aggregate.
    Inside,
    /// Within a window: aggregates may, other windows may not.
    Windowed,
}

// === impl Binder ===

impl<'a> Binder<'a> {
    /// A binder for one statement.
    pub(crate) fn new(environment: &'a Environment<'a>, variables: &'a Variables) -> Self {
        Binder {
            environment,
            variables,
            scopes: Vec::new(),
            ctes: Vec::new(),
            aggregates: Aggregates::Refused,
            assigning: None,
            next_source: 0,
            source_names: BTreeMap::new(),
            origins: BTreeMap::new(),
            parameters: BTreeMap::new(),
            depth: 0,
            inlined: Vec::new(),
            system: false,
            most_recursions: recursion::MOST_RECURSIONS,
            without_rows: false,
            sequences: Sequences::Refused(errors::next_value_nested),
            mentioned: BTreeMap::new(),
            default: None,
            through: None,
            limited: false,
            undeclared: None,
        }
    }

    /// A binder for a statement of the system's own texts, which may name its tables.
    pub(crate) fn of_system(environment: &'a Environment<'a>, variables: &'a Variables) -> Self {
        Binder { system: true, ..Binder::new(environment, variables) }
    }

    fn source_id(&mut self) -> SourceId {
        self.next_source += 1;
        self.next_source
    }

    /// Runs `bind` with another rule for aggregates.
    fn with_aggregates<T>(
        &mut self,
        rule: Aggregates,
        bind: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let before = std::mem::replace(&mut self.aggregates, rule);
        let result = bind(self);
        self.aggregates = before;
        result
    }

    /// `@name` or `@@name`
    pub(crate) fn global_or_variable(&mut self, name: &str) -> Result<Bound, SqlError> {
        if name.starts_with("@@") { self.global_variable(name) } else { self.variable(name) }
    }

    pub(crate) fn variable(&mut self, name: &str) -> Result<Bound, SqlError> {
        let key = name.to_lowercase();
        if let Some(argument) = self.parameters.get(&key) {
            return Ok(argument.clone());
        }
        if let Some(present) = self.assigned_variable(&key)? {
            return Ok(present);
        }
        let unknown = || match self.undeclared {
            Some(_) => errors::not_deduced(name),
            None => errors::undeclared_variable(name),
        };
        let variable = self.variables.get(&key).ok_or_else(unknown)?;
        let mut bound = Bound::constant(variable.value.clone(), variable.sql_type);
        bound.nullable = true;
        Ok(bound)
    }
}

/// A constant `int`.
fn int(number: i64) -> Bound {
    Bound::constant(Value::Int(number), SqlType::Int)
}
