//! Conversions that the binder puts in.

use std::sync::Arc;

use launchpod_functions::cell;
use launchpod_functions::convert::{self, Allowed, Fit};
use launchpod_functions::{Body, Function, text};
use launchpod_types::calendar::TICKS_PER_DAY;
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::tree::{Bound, Kind};
use super::types;
use crate::sqlite::errors;

/// The column that a value is stored in, for messages.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `database.schema.table`
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) sql_type: SqlType,
}

/// Brings a value to a type as an implicit conversion does.
pub(crate) fn implicit(bound: Bound, to: SqlType) -> Result<Bound, SqlError> {
    if !bound.is_null() {
        match convert::allowed(bound.sql_type, to) {
            Allowed::Implicit => {}
            Allowed::Explicit => return Err(errors::implicit_conversion(bound.sql_type, to)),
            Allowed::No => return Err(errors::type_clash(bound.sql_type, to)),
        }
    }
    Ok(converted(bound, to, 0, false))
}

/// A json as the text that it is kept as, for functions that read JSON; others as they are.
pub(crate) fn json_text(bound: Bound) -> Bound {
    match bound.sql_type {
        SqlType::Json => Bound { sql_type: SqlType::NVARCHAR_MAX, ..bound },
        _ => bound,
    }
}

/// Brings a value to a type as CAST and CONVERT do; `lenient` gives NULL instead of an error.
pub(crate) fn explicit(
    bound: Bound,
    to: SqlType,
    style: i64,
    lenient: bool,
) -> Result<Bound, SqlError> {
    if !bound.is_null() && convert::allowed(bound.sql_type, to) == Allowed::No {
        return Err(errors::explicit_conversion(bound.sql_type, to));
    }
    // What CAST gives is no longer as it was written, even where it was an int before.
    let kind = match bound.kind {
        Kind::Written(value) => Kind::Constant(value),
        kind => kind,
    };
    Ok(converted(Bound { kind, ..bound }, to, style, lenient))
}

/// Brings a value to a column's type: what doesn't fit is an error.
pub(crate) fn store(bound: Bound, target: &Target) -> Result<Bound, SqlError> {
    let to = target.sql_type;
    let sized = (to.is_character() || to.is_binary()) && !bound.is_null();
    if !sized || same_cells(bound.sql_type, to) || to == bound.sql_type {
        return implicit(bound, to);
    }
    match convert::allowed(bound.sql_type, to) {
        Allowed::Implicit => {}
        Allowed::Explicit => return Err(errors::implicit_conversion(bound.sql_type, to)),
        Allowed::No => return Err(errors::type_clash(bound.sql_type, to)),
    }
    let from = bound.sql_type;
    if let Some(value) = bound.value()
        && let Ok(Some(value)) = convert::convert(value, from, to, 0, Fit::Refuse)
    {
        return Ok(Bound::constant(value, to));
    }
    let nullable = bound.nullable;
    let target = target.clone();
    let function = Function {
        // By its name, which the message has: numbers of dropped tables are given again.
        name: super::call::short(format!("store({from},{to},{},{})", target.table, target.column)),
        arguments: vec![from],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| {
            convert::convert(&values[0], from, to, 0, Fit::Refuse)?.ok_or_else(|| {
                let limit = match to {
                    SqlType::Binary(n) | SqlType::VarBinary(Length::Limited(n)) => usize::from(n),
                    _ => text::limit(to).unwrap_or(usize::MAX),
                };
                let shown = match &values[0] {
                    Value::Text(content) => {
                        content[..text::prefix(content, limit, to.is_unicode())].to_owned()
                    }
                    _ => String::new(),
                };
                errors::truncated(&target.table, &target.column, &shown)
            })
        })),
    };
    Ok(call(function, vec![bound], to, nullable))
}

/// A call of a function of ours.
pub(crate) fn call(
    function: Function,
    arguments: Vec<Bound>,
    sql_type: SqlType,
    nullable: bool,
) -> Bound {
    Bound { kind: Kind::Call { function: Arc::new(function), arguments }, sql_type, nullable }
}

fn converted(bound: Bound, to: SqlType, style: i64, lenient: bool) -> Bound {
    let from = bound.sql_type;
    if from == to && style == 0 {
        return bound;
    }
    if let Some(value) = bound.value() {
        let folded = convert::convert(value, from, to, style, Fit::Cut);
        match folded {
            Ok(value) => {
                let nullable = bound.nullable;
                let constant = Bound::constant(value.unwrap_or(Value::Null), to);
                return Bound { nullable, ..constant };
            }
            Err(_) if lenient => return Bound::constant(Value::Null, to),
            // It is an error only when a row comes to it.
            Err(_) => {}
        }
    }
    let nullable = bound.nullable || lenient;
    if style == 0 && same_cells(from, to) {
        return Bound { sql_type: to, nullable, ..bound };
    }
    let kind = match (from, to) {
        (SqlType::Bit, SqlType::Float) => Kind::Store("REAL", Box::new(bound)),
        (f, SqlType::Float) if f.is_integer() => Kind::Store("REAL", Box::new(bound)),
        (SqlType::Date, SqlType::DateTime2(_)) => Kind::Infix {
            operator: "*",
            left: Box::new(bound),
            right: Box::new(Bound::constant(Value::Int(TICKS_PER_DAY), SqlType::BigInt)),
            collate: false,
        },
        _ => {
            let word = if lenient { "try" } else { "cast" };
            let function = Function {
                name: format!("{word}({from},{to},{style})"),
                arguments: vec![from],
                strict: true,
                deterministic: true,
                body: Body::Values(Box::new(move |values| {
                    let result = convert::convert(&values[0], from, to, style, Fit::Cut);
                    match result {
                        Err(_) if lenient => Ok(Value::Null),
                        result => result.map(|value| value.unwrap_or(Value::Null)),
                    }
                })),
            };
            return call(function, vec![bound], to, nullable);
        }
    };
    Bound { kind, sql_type: to, nullable }
}

/// Whether every cell of one type is the same cell in the other, so that nothing is to be done.
pub(crate) fn same_cells(from: SqlType, to: SqlType) -> bool {
    if from == to {
        return true;
    }
    let whole = |t| match t {
        SqlType::Bit => Some(0),
        SqlType::TinyInt => Some(1),
        SqlType::SmallInt => Some(2),
        SqlType::Int => Some(3),
        SqlType::BigInt => Some(4),
        _ => None,
    };
    if let (Some(a), Some(b)) = (whole(from), whole(to)) {
        return a <= b && b > 0;
    }
    if from.is_character() && to.is_character() {
        let fixed = matches!(to, SqlType::Char(_) | SqlType::NChar(_));
        let narrower = match (text::limit(from), text::limit(to)) {
            (_, None) => false,
            (None, Some(_)) => true,
            // n characters are up to 2n UTF-16 units, and bytes are fewer than units.
            (Some(a), Some(b)) => a > b,
        };
        let page = from.is_unicode() && !to.is_unicode();
        return !fixed && !narrower && !page && !to.is_document();
    }
    match (from, to) {
        (SqlType::Real, SqlType::Float) | (SqlType::SmallMoney, SqlType::Money) => true,
        (SqlType::Binary(a), SqlType::VarBinary(Length::Limited(b))) => a <= b,
        (SqlType::VarBinary(Length::Limited(a)), SqlType::VarBinary(Length::Limited(b))) => a <= b,
        (_, SqlType::VarBinary(Length::Max) | SqlType::Image) => from.is_binary(),
        (SqlType::DateTime2(a), SqlType::DateTime2(b)) => a <= b,
        (SqlType::Time(a), SqlType::Time(b)) => a <= b,
        (SqlType::DateTimeOffset(a), SqlType::DateTimeOffset(b)) => a <= b,
        (SqlType::DateTime | SqlType::SmallDateTime, SqlType::DateTime2(7)) => true,
        (SqlType::SmallDateTime, SqlType::DateTime2(_) | SqlType::DateTime) => true,
        (
            SqlType::Decimal { .. } | SqlType::Money | SqlType::SmallMoney,
            SqlType::Decimal { .. },
        ) => {
            let (p1, s1) = types::as_decimal(from).unwrap_or((38, 0));
            let (p2, _) = types::as_decimal(to).unwrap_or((0, 0));
            s1 == cell::scale_of(to) && p1 <= p2
        }
        _ => false,
    }
}
