//! GROUP BY, and which columns may stand beside it.
//!
//! ROLLUP, CUBE and GROUPING SETS are several queries, one for each set of values to group by,
//! put together by UNION ALL ("SELECT - GROUP BY - Transact-SQL").

use launchpod_tsql::ast::{Expr, FunctionArguments, FunctionCall, GroupBy, GroupingSet};
use launchpod_types::{SqlError, SqlType, Value};

use super::query::check_told_apart;
use super::tree::{
    AggregateName, Bound, BoundAggregate, BoundBody, BoundOrder, BoundQuery, BoundSelect,
    BoundSource, Kind, OrderValue, QueryColumn, SourceId,
};
use super::write::{derived_column, plain_query, plain_select};
use super::{Binder, int};
use crate::sqlite::errors;

/// SQL Server's limit.
const MOST_SETS: usize = 4096;
/// The name that GROUPING has until the sets are told apart.
const MARK: &str = "grouping";

/// What a query is grouped by.
#[derive(Default)]
pub(crate) struct Grouping {
    /// The values, each once.
    pub(crate) values: Vec<Bound>,
    /// Which of them make each set; `None` when they all make the only one.
    sets: Option<Vec<Vec<usize>>>,
}

// === impl Grouping ===

impl Grouping {
    /// Whether it is ROLLUP, CUBE or GROUPING SETS.
    pub(crate) fn has_sets(&self) -> bool {
        self.sets.is_some()
    }
}

// === impl Binder ===

impl Binder<'_> {
    pub(crate) fn group_by(&mut self, group_by: &GroupBy) -> Result<Grouping, SqlError> {
        let mut values = Vec::new();
        let mut sets = vec![Vec::new()];
        for element in &group_by.elements {
            let own = self.grouping_sets(element, &mut values)?;
            sets = product(&sets, &own)?;
        }
        let plain = group_by.elements.iter().all(|e| matches!(e, GroupingSet::Value(_)));
        Ok(Grouping { values, sets: (!plain).then_some(sets) })
    }

    /// The sets that an element stands for.
    fn grouping_sets(
        &mut self,
        element: &GroupingSet,
        values: &mut Vec<Bound>,
    ) -> Result<Vec<Vec<usize>>, SqlError> {
        match element {
            GroupingSet::Value(value) => Ok(vec![vec![self.grouped_value(value, values)?]]),
            GroupingSet::Composite(members) => {
                let members = members.iter().map(|member| self.grouped_value(member, values));
                Ok(vec![members.collect::<Result<_, _>>()?])
            }
            GroupingSet::Sets(members) => {
                let mut sets = Vec::new();
                for member in members {
                    sets.extend(self.grouping_sets(member, values)?);
                }
                Ok(sets)
            }
            GroupingSet::Rollup(members) => {
                let mut sets = vec![Vec::new()];
                for member in members {
                    let own = self.grouping_sets(member, values)?;
                    let longest = sets[0].clone();
                    sets.insert(0, [longest, own.concat()].concat());
                }
                Ok(sets)
            }
            GroupingSet::Cube(members) => {
                let mut sets = vec![Vec::new()];
                for member in members {
                    let own = [self.grouping_sets(member, values)?.concat(), Vec::new()];
                    sets = product(&sets, &own)?;
                }
                Ok(sets)
            }
        }
    }

    /// The place of a value among those grouped by.
    fn grouped_value(&mut self, value: &Expr, values: &mut Vec<Bound>) -> Result<usize, SqlError> {
        let value = self.value(value)?;
        if value.value().is_some() {
            return Err(SqlError::new(
                164,
                "Each GROUP BY expression must contain at least one column that is not an outer \
                 reference.",
            ));
        }
        check_told_apart(value.sql_type, errors::not_sorted)?;
        Ok(values.iter().position(|known| *known == value).unwrap_or_else(|| {
            values.push(value);
            values.len() - 1
        }))
    }

    /// `GROUPING(x)` and `GROUPING_ID(x, y)`: a mark until the sets are told apart.
    pub(crate) fn grouping_function(
        &mut self,
        name: &str,
        call: &FunctionCall,
    ) -> Result<Bound, SqlError> {
        let lower = name.to_ascii_lowercase();
        let FunctionArguments::List(list) = &call.arguments else {
            return Err(errors::syntax_near("*"));
        };
        if list.is_empty() || (name == "GROUPING" && list.len() > 1) {
            return Err(errors::argument_count(&lower, "1"));
        }
        let mut arguments = Vec::with_capacity(list.len());
        for (index, argument) in list.iter().enumerate() {
            let value = self.value(argument)?;
            let grouped = self.scope().grouped.iter().position(|known| same(known, &value));
            let place = grouped.ok_or_else(|| errors::grouping_argument(index + 1, name))?;
            arguments.push(int(i64::try_from(place).unwrap_or(i64::MAX)));
        }
        let sql_type = if name == "GROUPING" { SqlType::TinyInt } else { SqlType::Int };
        Ok(Bound { kind: Kind::Native { name: MARK, arguments }, sql_type, nullable: false })
    }

    /// Makes a grouped SELECT one query for each set.
    pub(crate) fn by_sets(
        &mut self,
        select: BoundSelect,
        columns: &mut [QueryColumn],
        order_by: Vec<BoundOrder>,
        grouping: &Grouping,
    ) -> Result<(BoundSelect, Vec<BoundOrder>), SqlError> {
        let own = select.from.as_ref().map(BoundSource::ids).unwrap_or_default();
        let Some(sets) = &grouping.sets else {
            let all: Vec<usize> = (0..grouping.values.len()).collect();
            return Ok((for_set(select, &grouping.values, &all), order_by));
        };
        let (width, id) = (select.items.len(), self.source_id());
        let mut whole = select;
        let mut order = Vec::with_capacity(order_by.len());
        for BoundOrder { value, descending } in order_by {
            let value = match value {
                OrderValue::Value(value) => {
                    let column = hidden_column(id, whole.items.len(), &value);
                    whole.items.push(value);
                    OrderValue::Value(column)
                }
                position @ OrderValue::Position { .. } => position,
            };
            order.push(BoundOrder { value, descending });
        }
        // An aggregate makes one group of all rows where nothing else says so.
        if sets.iter().any(Vec::is_empty) {
            whole.items.push(count());
        }
        let outside = |value: &Bound| {
            let window = value.any_own(&|value| {
                matches!(&value.kind, Kind::Aggregate(aggregate) if aggregate.over.is_some())
            });
            window || value.queries_mention(&own)
        };
        if whole.items.iter().chain(&whole.having).any(outside) {
            return Err(errors::unsupported(
                "A window function or correlated subquery with ROLLUP, CUBE or GROUPING SETS",
            ));
        }
        let operands: Vec<BoundBody> = sets
            .iter()
            .map(|set| {
                let mut operand = for_set(whole.clone(), &grouping.values, set);
                operand.distinct = false;
                BoundBody::Select(Box::new(operand))
            })
            .collect();
        for (index, column) in columns.iter_mut().enumerate() {
            column.nullable |= operands.iter().any(|operand| match operand {
                BoundBody::Select(select) => select.items[index].nullable,
                _ => true,
            });
        }
        let items = columns.iter().enumerate();
        let items = items.map(|(index, column)| derived_column(id, index, column)).collect();
        let body = BoundBody::Set { operator: "UNION ALL", operands };
        let hidden = whole.items[width..].iter().map(|item| QueryColumn {
            name: String::new(),
            sql_type: item.sql_type,
            nullable: true,
            identity: false,
        });
        let all = columns.iter().cloned().chain(hidden).collect();
        let query = BoundQuery { columns: all, ..plain_query(Vec::new(), body, None) };
        let from = BoundSource::Derived { query: Box::new(query), id };
        let select = plain_select(items, Some(from), None);
        Ok((BoundSelect { distinct: whole.distinct, ..select }, order))
    }
}

fn hidden_column(id: SourceId, index: usize, value: &Bound) -> Bound {
    let kind = Kind::Column { source: id, name: format!("c{index}") };
    Bound { kind, sql_type: value.sql_type, nullable: true }
}

/// Every set of the left with every one of the right.
fn product(left: &[Vec<usize>], right: &[Vec<usize>]) -> Result<Vec<Vec<usize>>, SqlError> {
    if left.len().saturating_mul(right.len()) > MOST_SETS {
        return Err(errors::too_many_sets(MOST_SETS));
    }
    let both = left.iter().flat_map(|l| right.iter().map(move |r| [&l[..], &r[..]].concat()));
    Ok(both.collect())
}

/// A SELECT grouped by one set: the other values are NULL.
fn for_set(select: BoundSelect, values: &[Bound], set: &[usize]) -> BoundSelect {
    let of_set = |value: Bound| {
        value.replace(&mut |part| {
            if let Kind::Native { name: MARK, arguments } = &part.kind {
                let bits = arguments.iter().fold(0, |bits, argument| {
                    let grouped = set.iter().any(|at| int(*at as i64) == *argument);
                    bits << 1 | i64::from(!grouped)
                });
                return Some(Bound::constant(Value::Int(bits), part.sql_type));
            }
            if matches!(&part.kind, Kind::Aggregate(aggregate) if aggregate.over.is_none()) {
                return Some(part.clone());
            }
            let at = values.iter().position(|value| same(value, part))?;
            Some(match set.contains(&at) {
                true => part.clone(),
                false => Bound::constant(Value::Null, part.sql_type),
            })
        })
    };
    let mut places = set.to_vec();
    places.sort_unstable();
    places.dedup();
    BoundSelect {
        items: select.items.into_iter().map(of_set).collect(),
        having: select.having.map(of_set),
        group_by: places.into_iter().map(|at| values[at].clone()).collect(),
        ..select
    }
}

/// `count(*)`
fn count() -> Bound {
    let count = BoundAggregate {
        name: AggregateName::Native("count"),
        distinct: false,
        arguments: Vec::new(),
        star: true,
        within: Vec::new(),
        over: None,
    };
    Bound { kind: Kind::Aggregate(Box::new(count)), sql_type: SqlType::BigInt, nullable: false }
}

/// Whether a value is what is grouped by: it may have got a wider type that is stored in the same
/// way, as beside a longer text in CASE.
fn same(grouped: &Bound, value: &Bound) -> bool {
    grouped.kind == value.kind
}

/// Refuses a column of the query's own sources that is neither grouped by nor aggregated, by the
/// error of the clause that it stands in.
pub(crate) fn check(
    binder: &Binder<'_>,
    value: &Bound,
    group_by: &[Bound],
    own: &[SourceId],
    refused: fn(&str) -> SqlError,
) -> Result<(), SqlError> {
    if group_by.iter().any(|grouped| same(grouped, value)) {
        return Ok(());
    }
    match &value.kind {
        Kind::Column { source, name } if own.contains(source) => {
            Err(refused(&binder.column_label(*source, name)))
        }
        Kind::Aggregate(aggregate) if aggregate.over.is_none() => Ok(()),
        _ => value
            .children()
            .into_iter()
            .try_for_each(|child| check(binder, child, group_by, own, refused)),
    }
}
