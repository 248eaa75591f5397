//! Expressions that the catalog keeps as text: defaults, checks, computed columns.

use std::ops::Range;

use launchpod_functions::sequential;
use launchpod_tsql::ast::{
    Expr, ExprKind, FunctionArguments, ObjectName, QueryBody, SelectItem, Span, StatementKind,
};
use launchpod_types::SqlError;

use super::tree::Bound;
use super::{Binder, call};
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// The value of a DEFAULT. Here alone NEWSEQUENTIALID may stand, and it alone.
    pub(crate) fn default_value(&mut self, value: &Expr) -> Result<Bound, SqlError> {
        let sequential = matches!(&value.kind, ExprKind::Function(call)
            if call.name.is_plain("newsequentialid")
                && matches!(&call.arguments, FunctionArguments::List(list) if list.is_empty()));
        match sequential {
            true => Ok(call::guid("newsequentialid", sequential::next)),
            false => self.value(value),
        }
    }
}

/// The sequences that a value takes values from, with the places of their names in its text.
pub(crate) fn sequences(text: &str) -> Result<Vec<(ObjectName, Range<usize>)>, SqlError> {
    const BEFORE: &str = "SELECT ";
    let batch = launchpod_tsql::parse(&format!("{BEFORE}{text}"))?;
    let place = |name: ObjectName| {
        let Span { start, end } = name.span;
        (name, start.saturating_sub(BEFORE.len())..end.saturating_sub(BEFORE.len()))
    };
    Ok(batch.sequences.into_iter().map(place).collect())
}

/// Reads a value that the catalog keeps as text.
pub(crate) fn parse_value(text: &str) -> Result<Expr, SqlError> {
    match stored_item(&format!("SELECT {text}")) {
        Some(value) => Ok(value),
        None => Err(errors::internal(format_args!("the stored expression {text} doesn't parse"))),
    }
}

/// Reads a predicate that the catalog keeps as text.
pub(crate) fn parse_predicate(text: &str) -> Result<Expr, SqlError> {
    let item = stored_item(&format!("SELECT CASE WHEN {text} THEN 1 END"));
    match item.map(|item| item.kind) {
        Some(ExprKind::Case { branches, .. }) if branches.len() == 1 => {
            Ok(branches.into_iter().next().map(|branch| branch.condition)).and_then(|condition| {
                condition.ok_or_else(|| errors::internal("a stored predicate is empty"))
            })
        }
        _ => Err(errors::internal(format_args!("the stored predicate {text} doesn't parse"))),
    }
}

fn stored_item(text: &str) -> Option<Expr> {
    let batch = launchpod_tsql::parse(text).ok()?;
    let statement = batch.statements.into_iter().next()?;
    let StatementKind::Select(query) = statement.kind else { return None };
    let QueryBody::Select(select) = query.body else { return None };
    match select.items.into_iter().next()? {
        SelectItem::Value { value, .. } => Some(value),
        _ => None,
    }
}
