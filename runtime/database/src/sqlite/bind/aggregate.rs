//! Aggregates and window functions.

use std::sync::Arc;

use launchpod_functions::aggregate::Aggregate;
use launchpod_functions::collect::Finish;
use launchpod_functions::number::{IntegerOperator, integer_operator};
use launchpod_functions::{Body, Function, percentile};
use launchpod_tsql::ast::{
    BinaryOperator, Expr, ExprKind, FrameBound, FrameUnit, FunctionArguments, FunctionCall,
    OrderItem, Window, WindowFrame,
};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::predicate::key;
use super::tree::{
    AggregateName, Bound, BoundAggregate, BoundOrder, BoundWindow, Kind, OrderValue,
};
use super::{Aggregates, Binder, coerce, operator, row_count};
use crate::sqlite::errors;

/// Whether a call of this name is bound here.
pub(crate) fn is_aggregate(name: &str) -> bool {
    [
        "COUNT",
        "COUNT_BIG",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "STDEV",
        "STDEVP",
        "VAR",
        "VARP",
        "ROW_NUMBER",
        "RANK",
        "DENSE_RANK",
        "NTILE",
        "LAG",
        "LEAD",
        "FIRST_VALUE",
        "LAST_VALUE",
        "PERCENT_RANK",
        "CUME_DIST",
        "STRING_AGG",
        "APPROX_COUNT_DISTINCT",
        "APPROX_PERCENTILE_CONT",
        "APPROX_PERCENTILE_DISC",
        "PERCENTILE_CONT",
        "PERCENTILE_DISC",
        "CHECKSUM_AGG",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(name))
}

// === impl Binder ===

impl Binder<'_> {
    /// How many groups NTILE makes.
    ///
    /// # Errors
    /// 4116 when it is no number above 0.
    fn check_tiles(&self, count: &Bound) -> Result<(), SqlError> {
        let positive = match (count.sql_type.is_integer(), count.is_constant()) {
            (true, true) => matches!(self.environment.evaluate(count)?, Value::Int(1..)),
            (is_integer, _) => is_integer,
        };
        if positive { Ok(()) } else { Err(errors::tiles_not_positive()) }
    }

    /// Binds an aggregate or window function.
    pub(crate) fn aggregate(&mut self, call: &FunctionCall) -> Result<Bound, SqlError> {
        let name = call.name.name.text.to_ascii_uppercase();
        let ranking = matches!(
            name.as_str(),
            "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" | "PERCENT_RANK" | "CUME_DIST"
        );
        let positional = matches!(name.as_str(), "LAG" | "LEAD" | "FIRST_VALUE" | "LAST_VALUE");
        let percentile = name.contains("PERCENTILE");
        let windowed = ranking || positional || name.starts_with("PERCENTILE");
        if percentile && call.within_group.is_empty() {
            return Err(errors::needs_clause(&call.name.name.text, "WITHIN GROUP"));
        }
        if windowed && call.over.is_none() {
            return Err(errors::needs_clause(&call.name.name.text, "OVER"));
        }
        match self.aggregates {
            Aggregates::Allowed => {}
            Aggregates::Refused if call.over.is_some() => {
                return Err(errors::window_in_wrong_clause());
            }
            Aggregates::Inside | Aggregates::Windowed if call.over.is_some() => {
                return Err(errors::nested_window());
            }
            Aggregates::Windowed => {}
            Aggregates::Refused => return Err(errors::aggregate_in_where()),
            Aggregates::Inside => return Err(errors::nested_aggregate()),
        }
        let ignore_nulls = call.ignore_nulls == Some(true);
        if ignore_nulls && !matches!(name.as_str(), "FIRST_VALUE" | "LAST_VALUE") {
            return Err(errors::unsupported(format_args!("{name} with IGNORE NULLS")));
        }
        // SUM(SUM(x)) OVER () aggregates groups; SUM(SUM(x)) doesn't exist.
        let inner = if call.over.is_some() { Aggregates::Windowed } else { Aggregates::Inside };
        let (star, arguments) = match &call.arguments {
            FunctionArguments::Star => (true, Vec::new()),
            FunctionArguments::List(list) => {
                let rule = self.sequences.but(errors::next_value_in_aggregate);
                let bound = self.with_sequences(rule, |binder| {
                    binder.with_aggregates(inner, |binder| {
                        list.iter().map(|argument| binder.value(argument)).collect::<Result<_, _>>()
                    })
                })?;
                (false, bound)
            }
        };
        let over = match &call.over {
            Some(window) => {
                let window = self.whole_window(window.clone())?;
                check_window(&name, call.distinct, &window)?;
                Some(self.with_aggregates(inner, |binder| binder.window(&window))?)
            }
            None => None,
        };
        if !call.within_group.is_empty() && name != "STRING_AGG" && !percentile {
            return Err(errors::within_group_refused(&name.to_ascii_lowercase()));
        }
        let within = self.with_aggregates(inner, |binder| binder.order(&call.within_group))?;
        if star && !name.starts_with("COUNT") {
            return Err(errors::syntax_near("*"));
        }
        let expected = match name.as_str() {
            "LAG" | "LEAD" => 1..=3,
            "STRING_AGG" => 2..=2,
            _ if ranking && name != "NTILE" => 0..=0,
            _ => 1..=1,
        };
        if !star && !expected.contains(&arguments.len()) {
            return Err(errors::argument_count(&name, &expected.start().to_string()));
        }
        if percentile {
            let [order] = &within[..] else {
                return Err(errors::unsupported(format_args!(
                    "{name} in the order of several values"
                )));
            };
            let fraction = self.environment.evaluate(&arguments[0])?;
            let lower = name.to_ascii_lowercase();
            let fraction = percentile::fraction(&fraction, arguments[0].sql_type, &lower)?;
            return percentile_of(&name, fraction, order, over);
        }
        if ignore_nulls {
            return Ok(present_value(&name, arguments, over));
        }
        if name == "NTILE" {
            self.check_tiles(&arguments[0])?;
        }
        if ranking || positional {
            return window_function(&name, arguments, over);
        }
        let bare = BoundAggregate {
            name: AggregateName::Native("count"),
            distinct: call.distinct,
            arguments,
            star,
            within,
            over,
        };
        aggregate(&name, bare)
    }

    pub(super) fn window(&mut self, window: &Window) -> Result<BoundWindow, SqlError> {
        let values = |binder: &mut Self, list: &[Expr]| {
            list.iter().map(|value| binder.value(value).map(key)).collect::<Result<Vec<_>, _>>()
        };
        let partition_by = values(self, &window.partition_by)?;
        let order_by = self.order(&window.order_by)?;
        let frame = window.frame.as_ref().map(frame_text);
        Ok(BoundWindow { partition_by, order_by, frame })
    }

    /// A window with what it takes from the one of the WINDOW clause that it names ("SELECT -
    /// WINDOW clause"). What that one says, it can't say again.
    pub(super) fn whole_window(&mut self, mut window: Window) -> Result<Window, SqlError> {
        let named = self.scope().windows.len();
        // Each names another one, so more steps than there are windows go in a circle.
        for _ in 0..=named {
            let Some(name) = window.base.take() else { return Ok(window) };
            let known = self.scope().windows.iter().find(|known| name.is(&known.name.text));
            let base = known.ok_or_else(|| errors::syntax_near(&name.text))?.window.clone();
            let both = |own: bool, of_base: bool| own && of_base;
            if both(!window.partition_by.is_empty(), !base.partition_by.is_empty())
                || both(!window.order_by.is_empty(), !base.order_by.is_empty())
                || both(window.frame.is_some(), base.frame.is_some())
            {
                return Err(errors::syntax_near(&name.text));
            }
            if window.partition_by.is_empty() {
                window.partition_by = base.partition_by;
            }
            if window.order_by.is_empty() {
                window.order_by = base.order_by;
            }
            window.frame = window.frame.or(base.frame);
            window.base = base.base;
        }
        Err(errors::syntax_near("WINDOW"))
    }

    /// The order of rows within a window or an aggregate.
    fn order(&mut self, items: &[OrderItem]) -> Result<Vec<BoundOrder>, SqlError> {
        items
            .iter()
            .map(|item| {
                let bound = self.order_value(&item.value)?;
                if is_constant(&item.value) {
                    let place = bound.sql_type == SqlType::Int
                        && matches!(bound.value(), Some(Value::Int(1..)));
                    return Err(errors::constant_window_order(place));
                }
                let value = OrderValue::Value(key(bound));
                Ok(BoundOrder { value, descending: item.descending })
            })
            .collect()
    }
}

/// Refuses what a function's window can't have ("SELECT - OVER clause").
fn check_window(name: &str, distinct: bool, window: &Window) -> Result<(), SqlError> {
    let ranks = matches!(
        name,
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" | "PERCENT_RANK" | "CUME_DIST"
    );
    let neighbour = matches!(name, "LAG" | "LEAD");
    let shown = name.to_ascii_lowercase();
    if name == "STRING_AGG" {
        return Err(errors::no_window_function(&shown));
    }
    if distinct {
        return Err(errors::distinct_window());
    }
    if name.starts_with("PERCENTILE") && !window.order_by.is_empty() {
        return Err(errors::ordered_percentile(&shown));
    }
    if window.frame.is_some() && (ranks || neighbour || name.starts_with("PERCENTILE")) {
        return Err(errors::frame_refused(&shown));
    }
    let ordered = ranks || neighbour || matches!(name, "FIRST_VALUE" | "LAST_VALUE");
    match (window.order_by.is_empty(), &window.frame) {
        (true, _) if ordered => Err(errors::unordered_window(name)),
        (true, Some(_)) => Err(errors::unordered_frame()),
        (false, Some(frame)) => check_frame(frame),
        _ => Ok(()),
    }
}

/// Refuses a RANGE of offsets, and a frame that ends before it begins.
fn check_frame(frame: &WindowFrame) -> Result<(), SqlError> {
    use FrameBound::{CurrentRow, Following, Preceding, UnboundedFollowing, UnboundedPreceding};
    let end = frame.end.as_ref().unwrap_or(&CurrentRow);
    let ends = [&frame.start, end];
    if frame.unit == FrameUnit::Range
        && ends.iter().any(|bound| matches!(bound, Preceding(_) | Following(_)))
    {
        return Err(errors::range_of_offsets());
    }
    match (&frame.start, end) {
        (UnboundedFollowing, _)
        | (_, UnboundedPreceding)
        | (Following(_), CurrentRow | Preceding(_))
        | (CurrentRow, Preceding(_)) => Err(errors::backward_frame()),
        _ => Ok(()),
    }
}

/// Whether an expression is put together from constants alone, by its text: a variable is none.
pub(super) fn is_constant(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Unary { operand, .. } | ExprKind::Collate { operand, .. } => is_constant(operand),
        ExprKind::Cast { operand, .. } | ExprKind::Convert { operand, style: None, .. } => {
            is_constant(operand)
        }
        ExprKind::Binary { left, right, .. } => is_constant(left) && is_constant(right),
        _ => false,
    }
}

fn frame_text(frame: &WindowFrame) -> String {
    let bound = |bound: &FrameBound| match bound {
        FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_owned(),
        FrameBound::Preceding(n) => format!("{n} PRECEDING"),
        FrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        FrameBound::Following(n) => format!("{n} FOLLOWING"),
        FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_owned(),
    };
    let unit = match frame.unit {
        FrameUnit::Rows => "ROWS",
        FrameUnit::Range => "RANGE",
    };
    let end = frame.end.as_ref().map_or_else(|| "CURRENT ROW".to_owned(), bound);
    format!("{unit} BETWEEN {} AND {end}", bound(&frame.start))
}

fn finish(bare: BoundAggregate, sql_type: SqlType, nullable: bool) -> Bound {
    Bound { kind: Kind::Aggregate(Box::new(bare)), sql_type, nullable }
}

fn aggregate(name: &str, mut bare: BoundAggregate) -> Result<Bound, SqlError> {
    let Some(argument) = bare.arguments.first() else {
        let t = if name == "COUNT_BIG" { SqlType::BigInt } else { SqlType::Int };
        return Ok(finish(bare, t, false));
    };
    let t = argument.sql_type;
    let lower = name.to_ascii_lowercase();
    match name {
        "APPROX_COUNT_DISTINCT" => {
            // Exactly, which is within what is promised.
            bare.distinct = true;
            bare.arguments = bare.arguments.into_iter().map(key).collect();
            Ok(finish(bare, SqlType::BigInt, false))
        }
        "CHECKSUM_AGG" => {
            if !t.is_integer() {
                return Err(errors::operand_type(t, &lower));
            }
            collected(&mut bare, lower, percentile::checksum());
            Ok(finish(bare, SqlType::Int, true))
        }
        "COUNT" | "COUNT_BIG" => {
            bare.arguments = bare.arguments.into_iter().map(key).collect();
            let t = if name == "COUNT_BIG" { SqlType::BigInt } else { SqlType::Int };
            Ok(finish(bare, t, false))
        }
        "MIN" | "MAX" => {
            if t == SqlType::Bit || !t.is_comparable() {
                return Err(errors::operand_type(t, &lower));
            }
            if t == SqlType::Variant {
                return Err(errors::unsupported(format_args!("{name} of sql_variant")));
            }
            bare.name = AggregateName::Native(if name == "MIN" { "min" } else { "max" });
            Ok(finish(bare, t, true))
        }
        "STRING_AGG" => string_agg(bare),
        "SUM" | "AVG" => sum(name == "AVG", t, bare),
        _ => {
            if !t.is_numeric() && !t.is_character() {
                return Err(errors::operand_type(t, &lower));
            }
            let population = name.ends_with('P');
            let kind = Aggregate::Variance { population, root: name.starts_with("STDEV") };
            own(&mut bare, &lower, SqlType::Float, kind)?;
            Ok(finish(bare, SqlType::Float, true))
        }
    }
}

/// `STRING_AGG(text, separator)`: longer texts than (max) ones give (max), others end at the
/// greatest length that isn't.
fn string_agg(mut bare: BoundAggregate) -> Result<Bound, SqlError> {
    if bare.distinct {
        return Err(errors::syntax_near("DISTINCT"));
    }
    let t = bare.arguments[0].sql_type;
    let max = t.is_character() && launchpod_functions::text::limit(t).is_none();
    let result = match (max, t.is_character() && !t.is_unicode()) {
        (true, true) => SqlType::VARCHAR_MAX,
        (true, false) => SqlType::NVARCHAR_MAX,
        (false, true) => SqlType::VarChar(Length::Limited(8000)),
        (false, false) => SqlType::NVarChar(Length::Limited(4000)),
    };
    let limit = launchpod_functions::text::limit(result);
    bare.arguments = std::mem::take(&mut bare.arguments)
        .into_iter()
        .map(|argument| {
            if argument.sql_type.is_character() {
                Ok(argument)
            } else {
                coerce::implicit(argument, SqlType::NVARCHAR_MAX)
            }
        })
        .collect::<Result<_, _>>()?;
    bare.name = AggregateName::Native("group_concat");
    let joined = finish(bare, result, true);
    let Some(limit) = limit else { return Ok(joined) };
    let function = Function {
        name: format!("string_agg({result})"),
        arguments: vec![SqlType::NVARCHAR_MAX],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match &values[0] {
            Value::Text(text)
                if launchpod_functions::text::units(text, result.is_unicode()) > limit =>
            {
                Err(errors::string_agg_too_long())
            }
            value => Ok(value.clone()),
        })),
    };
    Ok(coerce::call(function, vec![joined], result, true))
}

fn sum(average: bool, t: SqlType, mut bare: BoundAggregate) -> Result<Bound, SqlError> {
    let name = if average { "avg" } else { "sum" };
    match t {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            let to = if t == SqlType::BigInt { t } else { SqlType::Int };
            bare.name = AggregateName::Native("sum");
            let total = finish(bare.clone(), SqlType::BigInt, true);
            if average {
                bare.name = AggregateName::Native("count");
                let count = finish(bare, SqlType::BigInt, false);
                // Without rows the sum is NULL, and so is the quotient; SQLite's division
                // of integers truncates as T-SQL's does.
                let kind = Kind::Infix {
                    operator: "/",
                    left: Box::new(total),
                    right: Box::new(count),
                    collate: false,
                };
                return Ok(Bound { kind, sql_type: to, nullable: true });
            }
            if to == SqlType::BigInt {
                return Ok(total);
            }
            let function = Function {
                name: format!("Add({to})"),
                arguments: vec![to, to],
                strict: true,
                deterministic: true,
                body: Body::Integers(Box::new(integer_operator(IntegerOperator::Add, to))),
            };
            Ok(coerce::call(function, vec![total, super::int(0)], to, true))
        }
        SqlType::Real | SqlType::Float => {
            bare.name = AggregateName::Native(name);
            let total = finish(bare, SqlType::Float, true);
            let zero = Bound::constant(Value::Float(0.0), SqlType::Float);
            // Adding finds what overflowed.
            operator::binary(BinaryOperator::Add, total, zero)
        }
        SqlType::Decimal { scale, .. } => {
            let (scale, precision) = (if average { scale.max(6) } else { scale }, 38);
            let to = SqlType::Decimal { precision, scale };
            let kind = if average {
                Aggregate::Average { from: t, to }
            } else {
                Aggregate::Sum { from: t, to }
            };
            own(&mut bare, name, t, kind)?;
            Ok(finish(bare, to, true))
        }
        SqlType::Money | SqlType::SmallMoney => {
            let to = SqlType::Money;
            let kind = if average {
                Aggregate::Average { from: t, to }
            } else {
                Aggregate::Sum { from: t, to }
            };
            own(&mut bare, name, t, kind)?;
            Ok(finish(bare, to, true))
        }
        t => Err(errors::operand_type(t, name)),
    }
}

/// Makes it an aggregate of ours over arguments of type `t`.
fn own(bare: &mut BoundAggregate, name: &str, t: SqlType, kind: Aggregate) -> Result<(), SqlError> {
    bare.arguments = std::mem::take(&mut bare.arguments)
        .into_iter()
        .map(|argument| coerce::implicit(argument, t))
        .collect::<Result<_, _>>()?;
    bare.name = AggregateName::Own(Arc::new(Function {
        name: format!("{name}({t})"),
        arguments: vec![t],
        strict: false,
        deterministic: true,
        body: Body::Aggregate(kind),
    }));
    Ok(())
}

/// Makes it an aggregate of ours that needs all its values at once.
fn collected(bare: &mut BoundAggregate, name: String, finish: Finish) {
    let arguments: Vec<SqlType> = bare.arguments.iter().map(|value| value.sql_type).collect();
    bare.name = AggregateName::Own(Arc::new(Function {
        name,
        arguments,
        strict: false,
        deterministic: true,
        body: Body::Collect(finish),
    }));
}

/// PERCENTILE_CONT, PERCENTILE_DISC and their approximate forms, which are exact here.
fn percentile_of(
    name: &str,
    fraction: f64,
    order: &BoundOrder,
    over: Option<BoundWindow>,
) -> Result<Bound, SqlError> {
    let OrderValue::Value(value) = &order.value else {
        return Err(errors::internal("a percentile of a position"));
    };
    let continuous = name.ends_with("CONT");
    let lower = name.to_ascii_lowercase();
    let value = match continuous {
        true if !value.sql_type.is_numeric() => {
            return Err(errors::operand_type(value.sql_type, &lower));
        }
        true => coerce::implicit(value.clone(), SqlType::Float)?,
        false => value.clone(),
    };
    let t = value.sql_type;
    let descending = order.descending;
    let finish_with = match continuous {
        true => percentile::continuous(fraction, descending),
        false => percentile::discrete(fraction, descending, t.is_unicode()),
    };
    let mut bare = plain(vec![value], over);
    collected(&mut bare, format!("{lower}({t},{fraction},{descending})"), finish_with);
    Ok(finish(bare, t, true))
}

/// `FIRST_VALUE(x) IGNORE NULLS OVER (…)`, `LAST_VALUE(x) IGNORE NULLS OVER (…)`
fn present_value(name: &str, arguments: Vec<Bound>, over: Option<BoundWindow>) -> Bound {
    let t = arguments[0].sql_type;
    let mut bare = plain(arguments, over);
    let lower = name.to_ascii_lowercase();
    let last = lower == "last_value";
    collected(&mut bare, format!("{lower}({t})"), percentile::first_present(last));
    finish(bare, t, true)
}

fn plain(arguments: Vec<Bound>, over: Option<BoundWindow>) -> BoundAggregate {
    BoundAggregate {
        name: AggregateName::Native("count"),
        distinct: false,
        arguments,
        star: false,
        within: Vec::new(),
        over,
    }
}

/// How far LAG and LEAD look, which a negative number can't say.
fn distance(value: Bound) -> Result<Bound, SqlError> {
    row_count::at_least(value, "distance", 0, errors::negative_neighbour)
}

fn window_function(
    name: &str,
    arguments: Vec<Bound>,
    over: Option<BoundWindow>,
) -> Result<Bound, SqlError> {
    let (native, sql_type, nullable) = match name {
        "ROW_NUMBER" => ("row_number", SqlType::BigInt, false),
        "RANK" => ("rank", SqlType::BigInt, false),
        "DENSE_RANK" => ("dense_rank", SqlType::BigInt, false),
        "NTILE" => ("ntile", SqlType::BigInt, false),
        "PERCENT_RANK" => ("percent_rank", SqlType::Float, false),
        "CUME_DIST" => ("cume_dist", SqlType::Float, false),
        "LAG" => ("lag", arguments[0].sql_type, true),
        "LEAD" => ("lead", arguments[0].sql_type, true),
        "FIRST_VALUE" => ("first_value", arguments[0].sql_type, true),
        _ => ("last_value", arguments[0].sql_type, true),
    };
    let arguments = match native {
        "lag" | "lead" => arguments
            .into_iter()
            .enumerate()
            .map(|(index, argument)| match index {
                1 => distance(coerce::implicit(argument, SqlType::BigInt)?),
                _ => coerce::implicit(argument, sql_type),
            })
            .collect::<Result<_, _>>()?,
        _ => arguments,
    };
    let name = AggregateName::Native(native);
    let within = Vec::new();
    let bare = BoundAggregate { name, distinct: false, arguments, star: false, within, over };
    Ok(finish(bare, sql_type, nullable))
}
