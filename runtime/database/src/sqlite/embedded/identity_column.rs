//! `IDENTITY(type, seed, increment)` in SELECT … INTO ("IDENTITY (Function)").

use std::borrow::Cow;

use launchpod_tsql::ast::{Expr, ExprKind, Query, QueryBody, SelectItem};
use launchpod_types::{SqlError, SqlType};

use super::catalog::Identity;
use crate::sqlite::bind::expression::unknown_type;
use crate::sqlite::bind::stored::parse_value;
use crate::sqlite::errors;

/// The column of a new table that numbers its rows.
pub(crate) struct IdentityColumn {
    pub(super) name: String,
    pub(super) counter: Identity,
}

// === impl IdentityColumn ===

impl IdentityColumn {
    /// The query with the rows' numbers in place of IDENTITY(), and what that column is.
    ///
    /// # Errors
    /// 8108 for a second one, 1038 for one without a name.
    pub(super) fn take(query: &Query) -> Result<(Cow<'_, Query>, Option<Self>), SqlError> {
        let QueryBody::Select(select) = &query.body else {
            return Ok((Cow::Borrowed(query), None));
        };
        let mut places = select.items.iter().enumerate().filter_map(|(place, item)| match item {
            SelectItem::Value {
                value: Expr { kind: ExprKind::Identity { target, seed, increment }, .. },
                alias,
            } => Some((place, alias, target, *seed, *increment)),
            _ => None,
        });
        let Some((place, alias, target, seed, increment)) = places.next() else {
            return Ok((Cow::Borrowed(query), None));
        };
        let name = alias.as_ref().ok_or_else(errors::unnamed_column)?.text.clone();
        if places.next().is_some() {
            return Err(errors::second_identity_function(&name));
        }
        let sql_type = target.declared().ok_or_else(|| unknown_type(1, target))?;
        let mut numbered = query.clone();
        if let QueryBody::Select(select) = &mut numbered.body
            && let SelectItem::Value { value, .. } = &mut select.items[place]
        {
            value.kind = numbers(query, sql_type, seed, increment)?;
        }
        let counter = Identity { seed, increment, last: None };
        Ok((Cow::Owned(numbered), Some(IdentityColumn { name, counter })))
    }

    /// The counter after so many rows.
    pub(super) fn after(&self, rows: u64) -> Identity {
        let counter = self.counter;
        let further = i64::try_from(rows).unwrap_or(i64::MAX).saturating_sub(1);
        let last = counter.seed.saturating_add(counter.increment.saturating_mul(further));
        Identity { last: (rows > 0).then_some(last), ..counter }
    }
}

/// The number of a row, in the order of the query.
fn numbers(
    query: &Query,
    sql_type: SqlType,
    seed: i64,
    increment: i64,
) -> Result<ExprKind, SqlError> {
    let text = format!(
        "CAST({seed} + CAST({increment} AS bigint) * (ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) - 1) AS {sql_type})"
    );
    let mut value = parse_value(&text)?;
    if !query.order_by.is_empty() {
        order(&mut value, query);
    }
    Ok(value.kind)
}

fn order(value: &mut Expr, query: &Query) {
    match &mut value.kind {
        ExprKind::Cast { operand, .. } => order(operand, query),
        ExprKind::Binary { left, right, .. } => {
            order(left, query);
            order(right, query);
        }
        ExprKind::Function(call) => {
            if let Some(over) = &mut call.over {
                over.order_by.clone_from(&query.order_by);
            }
        }
        _ => {}
    }
}
