//! What is known of a session at the server.

use std::collections::BTreeMap;

use launchpod_database::TransactionState;
use launchpod_types::Value;

use crate::options;

/// What is known of the session at the server.
#[derive(Debug)]
pub(crate) struct State {
    pub login: String,
    pub database: String,
    /// The number that requests in the transaction carry; 0 outside of one.
    pub descriptor: u64,
    pub transaction: TransactionState,
    /// The batch and the procedures in it, the innermost last.
    pub scopes: Vec<Scope>,
    /// Whether SET XACT_ABORT is on.
    pub aborts: bool,
    /// Whether an error has rolled the transaction back, which the interpreter holds for one that
    /// can only be rolled back, as it is within a TRY of SQL Server's.
    pub doomed: bool,
    /// Whether the server has no @@OPTIONS.
    pub lacks_options: bool,
    /// Each EXECUTE AS of what is called that holds, the last one last.
    pub impersonations: Vec<Impersonation>,
}

/// What belongs to the batch, or to a procedure in it.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// SCOPE_IDENTITY().
    pub identity: Option<i128>,
    /// Whether an INSERT has set that.
    pub inserted: bool,
    /// The values of the options that it has set, from before it.
    pub options: BTreeMap<String, String>,
    /// Whether it may have acted as somebody else.
    pub impersonates: bool,
}

/// An EXECUTE AS.
#[derive(Debug)]
pub(crate) struct Impersonation {
    /// How deep the procedure or text stands that it belongs to.
    pub depth: usize,
    /// Where it has to be reverted: the current database of then (15199).
    pub database: String,
}

/// What is undone when a procedure or text ends.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// How deep it stands: each EXECUTE AS from there on ends.
    pub depth: usize,
    /// The statements that set its options back.
    pub options: Option<String>,
}

// === impl State ===

impl State {
    pub fn set_identity(&mut self, value: &Value) {
        if let Some(last) = self.scopes.last_mut() {
            last.identity = identity(value);
            last.inserted = true;
        }
    }

    /// Ends the innermost procedure; what is to be undone of it, when anything is.
    pub fn leave(&mut self) -> Option<Leaving> {
        let depth = self.scopes.len();
        let left = if depth > 1 { self.scopes.pop()? } else { return None };
        if let Some(before) = left.options.get(options::ABORT) {
            self.aborts = before == "ON";
        }
        let options = settings(&left.options);
        (left.impersonates || options.is_some()).then_some(Leaving { depth, options })
    }
}

/// The value of an identity column.
pub(crate) fn identity(value: &Value) -> Option<i128> {
    match value {
        Value::Decimal(decimal) => decimal.rescale(0).map(|decimal| decimal.unscaled),
        Value::Int(number) => Some((*number).into()),
        _ => None,
    }
}

/// The statements that set options.
fn settings(kept: &BTreeMap<String, String>) -> Option<String> {
    let set = |(name, value): (&String, &String)| format!("SET {name} {value}");
    // The language sets others of them, and goes before them.
    let (language, others): (Vec<_>, Vec<_>) =
        kept.iter().partition(|(name, _)| *name == options::LANGUAGE);
    let statements: Vec<String> = language.into_iter().chain(others).map(set).collect();
    (!statements.is_empty()).then(|| statements.join("; "))
}
