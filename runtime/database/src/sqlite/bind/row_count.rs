//! How many rows TOP, OFFSET and FETCH say ("TOP (Transact-SQL)", "SELECT - ORDER BY Clause").

use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{Expr, Top};
use launchpod_types::{SqlError, SqlType, Value};

use super::aggregate::is_constant;
use super::tree::{Bound, Kind};
use super::{Binder, coerce, int};
use crate::sqlite::errors;

/// What a clause's count may be, and the errors of what it may not.
pub(super) struct CountRule {
    name: &'static str,
    least: i64,
    too_small: fn() -> SqlError,
    fractional: fn() -> SqlError,
}

/// TOP with a number in the text.
const WRITTEN_TOP: CountRule = CountRule {
    name: "written top",
    least: 0,
    too_small: errors::negative_rows,
    fractional: errors::fractional_count,
};
/// TOP with a number that isn't known before.
const TOP: CountRule = CountRule { name: "top", too_small: errors::invalid_count, ..WRITTEN_TOP };
pub(super) const OFFSET: CountRule = CountRule {
    name: "offset",
    least: 0,
    too_small: errors::negative_offset,
    fractional: errors::fractional_offset,
};
pub(super) const FETCH: CountRule = CountRule {
    name: "fetch",
    least: 1,
    too_small: errors::fetch_of_nothing,
    fractional: errors::fractional_count,
};

// === impl Binder ===

impl Binder<'_> {
    /// The number of rows of TOP.
    pub(crate) fn top(&mut self, top: &Top) -> Result<Bound, SqlError> {
        if top.percent || top.with_ties {
            return Err(errors::unsupported("TOP … PERCENT or WITH TIES here"));
        }
        let rule = if is_constant(&top.count) { &WRITTEN_TOP } else { &TOP };
        self.row_count(&top.count, rule)
    }

    pub(super) fn row_count(&mut self, count: &Expr, rule: &CountRule) -> Result<Bound, SqlError> {
        let count = self.value_for(count, SqlType::BigInt)?;
        check_whole(&count, rule.fractional)?;
        let count = coerce::explicit(count, SqlType::BigInt, 0, false)?;
        if count.any_own(&|part| matches!(part.kind, Kind::Column { .. })) {
            return Err(errors::unsupported("TOP or OFFSET with a column in its count"));
        }
        match count.value() {
            Some(Value::Null) => Ok(int(0)),
            _ => at_least(count, rule.name, rule.least, rule.too_small),
        }
    }
}

/// The count of TOP … PERCENT and WITH TIES.
pub(super) fn ranked_count(top: &Top, count: Bound) -> Result<Bound, SqlError> {
    if !top.percent {
        check_whole(&count, errors::fractional_count)?;
        return coerce::explicit(count, SqlType::BigInt, 0, false);
    }
    let share = coerce::implicit(count, SqlType::Float)?;
    match share.value() {
        Some(Value::Float(known)) if !(0.0..=100.0).contains(known) => {
            Err(errors::invalid_percent())
        }
        _ => Ok(share),
    }
}

fn check_whole(count: &Bound, fractional: fn() -> SqlError) -> Result<(), SqlError> {
    let whole = count.sql_type.is_integer() || count.is_null();
    if whole { Ok(()) } else { Err(fractional()) }
}

/// A number that fails when it is smaller than `least`: at once where it is known. NULL stays.
pub(super) fn at_least(
    value: Bound,
    name: &str,
    least: i64,
    too_small: fn() -> SqlError,
) -> Result<Bound, SqlError> {
    match value.value() {
        Some(Value::Int(n)) if *n < least => return Err(too_small()),
        Some(_) => return Ok(value),
        None => {}
    }
    let nullable = value.nullable;
    let function = Function {
        name: format!("at least({name})"),
        arguments: vec![SqlType::BigInt],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match &values[0] {
            Value::Int(n) if *n < least => Err(too_small()),
            value => Ok(value.clone()),
        })),
    };
    Ok(coerce::call(function, vec![value], SqlType::BigInt, nullable))
}
