//! CROSS APPLY and OUTER APPLY.
//!
//! SQLite's joins don't let a subquery see the sources beside it. A plain SELECT becomes part of
//! the join, a query of one row becomes a scalar subquery for each of its columns, and any other
//! goes the general way (see `lateral`).

use launchpod_tsql::ast::{Join, JoinKind, TableSource, TableSourceKind};
use launchpod_types::{SqlError, SqlType, Value};

use super::origin::Object;
use super::query::{ColumnsOf, named_columns};
use super::scope::SourceColumn;
use super::source::names_of;
use super::tree::{
    Bound, BoundBody, BoundQuery, BoundSelect, BoundSource, Kind, OrderValue, QueryColumn, SourceId,
};
use super::write::{plain_query, plain_select};
use super::{Binder, int};
use crate::sqlite::embedded::modules::ModuleKind;
use crate::sqlite::errors;
use crate::sqlite::security::columns::Access;

/// The query on the right side of APPLY.
struct Applied {
    query: BoundQuery,
    /// The name that it has without an alias.
    name: String,
    /// What the caller may read of it.
    access: Access,
}

// === impl Binder ===

impl Binder<'_> {
    /// `left CROSS APPLY right`, where the right side may use the left.
    pub(crate) fn apply(&mut self, join: &Join) -> Result<BoundSource, SqlError> {
        let left = self.table_source(&join.left)?;
        let outer = join.kind == JoinKind::OuterApply;
        match self.applied_query(&join.right)? {
            Some(Applied { query, name, access }) => {
                let names = names_of(&query);
                let query = bare(query);
                let applied = if query.mentions(&left.ids()) {
                    self.lateral(left, query, &join.right, &name, outer)?
                } else {
                    let right = self.derived_as(query, &join.right, &name)?;
                    self.beside(left, right, outer)?
                };
                self.limit_named_reads(access, names);
                Ok(applied)
            }
            None => {
                let right = self.table_source(&join.right)?;
                self.beside(left, right, outer)
            }
        }
    }

    /// The query on the right side; `None` when the right side is another source.
    fn applied_query(&mut self, source: &TableSource) -> Result<Option<Applied>, SqlError> {
        let nameless = |query| Some(Applied { query, name: String::new(), access: Access::Whole });
        match &source.kind {
            TableSourceKind::Derived(query) => {
                let rule = super::Aggregates::Refused;
                let query = self.with_aggregates(rule, |binder| binder.inner_query(query))?;
                Ok(nameless(query))
            }
            // Of several rows of VALUES, SQLite lets only the first see what is outside.
            TableSourceKind::Values(rows) => {
                let (rows, columns) = self.listed_rows(rows)?;
                let rows = rows.into_iter();
                let mut operands: Vec<BoundBody> = rows
                    .map(|row| BoundBody::Select(Box::new(plain_select(row, None, None))))
                    .collect();
                let body = match operands.len() {
                    1 => operands.remove(0),
                    _ => BoundBody::Set { operator: "UNION ALL", operands },
                };
                let query = BoundQuery { columns, ..plain_query(Vec::new(), body, None) };
                Ok(nameless(query))
            }
            TableSourceKind::Function { call, .. } => match self.rows_module(&call.name)? {
                Some((module, access)) if module.kind == ModuleKind::Inline => {
                    let query = self.inline_call(&module, call)?;
                    Ok(Some(Applied { query, name: module.name, access }))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn beside(
        &mut self,
        left: BoundSource,
        right: BoundSource,
        outer: bool,
    ) -> Result<BoundSource, SqlError> {
        if outer {
            self.make_nullable(&right.ids());
        }
        Ok(joined(left, right, outer, None))
    }

    fn lateral(
        &mut self,
        left: BoundSource,
        query: BoundQuery,
        source: &TableSource,
        own: &str,
        outer: bool,
    ) -> Result<BoundSource, SqlError> {
        let name = source.alias.as_ref().map_or(own, |alias| alias.text.as_str());
        let mut columns = named_columns(&query.columns, &source.columns, ColumnsOf::Query(name))?;
        let marker = self.source_id();
        let shape = Shape::of(&query, &left.ids());
        let (joined, values) = match (shape, query.body) {
            (Shape::Plain, BoundBody::Select(select)) => plain(left, *select, marker, outer),
            (Shape::OneRow, BoundBody::Select(select)) => {
                let query = BoundQuery { body: BoundBody::Select(select), ..query };
                let values = scalars(&query)?;
                (joined(left, one(marker), outer, None), values)
            }
            (Shape::First, BoundBody::Select(select)) => {
                let query = BoundQuery { body: BoundBody::Select(select), ..query };
                let values = scalars(&query)?;
                let exists = Bound::predicate(Kind::Exists(Box::new(query)), false);
                let on = if outer { None } else { Some(exists) };
                (joined(left, one(marker), outer, on), values)
            }
            (_, body) => {
                let inner = self.source_id();
                let query = BoundQuery { body, ..query };
                let (rows, values) = super::lateral::rows(query, inner, marker)?;
                (joined(left, rows, outer, None), values)
            }
        };
        set_values(&mut columns, values, outer);
        self.add_source(marker, name, None, columns)?;
        self.originates(marker, Object::Applied);
        Ok(joined)
    }
}

/// A query without the parentheses around it.
fn bare(query: BoundQuery) -> BoundQuery {
    let alone = query.ctes.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none();
    match query.body {
        BoundBody::Nested(inner) if alone => bare(BoundQuery { columns: query.columns, ..*inner }),
        body => BoundQuery { body, ..query },
    }
}

/// How a correlated query can be said in a join.
enum Shape {
    /// FROM and WHERE only.
    Plain,
    /// One row always.
    OneRow,
    /// The first row, if there is any.
    First,
    Other,
}

// === impl Shape ===

impl Shape {
    fn of(query: &BoundQuery, left: &[SourceId]) -> Shape {
        let BoundBody::Select(select) = &query.body else { return Shape::Other };
        if !query.ctes.is_empty() || query.offset.is_some() || select.distinct {
            return Shape::Other;
        }
        let aggregates = select.items.iter().any(Bound::has_aggregate);
        let first = matches!(query.limit.as_ref().and_then(Bound::value), Some(Value::Int(1)));
        if first {
            return Shape::First;
        }
        if query.limit.is_some() || !select.group_by.is_empty() || select.having.is_some() {
            return Shape::Other;
        }
        if aggregates {
            return Shape::OneRow;
        }
        // A query within FROM doesn't see the left side from within the join.
        let hidden = select.from.as_ref().is_some_and(|from| derived_mentions(from, left));
        if hidden || select.items.iter().any(has_window) { Shape::Other } else { Shape::Plain }
    }
}

fn derived_mentions(source: &BoundSource, ids: &[SourceId]) -> bool {
    match source {
        BoundSource::Derived { query, .. } | BoundSource::Ordered { query, .. } => {
            query.mentions(ids)
        }
        BoundSource::Join { left, right, .. } => {
            derived_mentions(left, ids) || derived_mentions(right, ids)
        }
        _ => false,
    }
}

fn has_window(bound: &Bound) -> bool {
    matches!(bound.kind, Kind::Aggregate(_)) || bound.children().into_iter().any(has_window)
}

/// Puts a plain SELECT into the join. The marker is a source that is NULL where the SELECT has
/// no row.
fn plain(
    left: BoundSource,
    select: BoundSelect,
    marker: SourceId,
    outer: bool,
) -> (BoundSource, Vec<Bound>) {
    if !outer {
        let rows = match select.from {
            Some(from) => append(left, from),
            None => left,
        };
        let joined = joined(rows, one(marker), false, select.filter);
        return (joined, select.items);
    }
    let right = match select.from {
        Some(from) => joined(from, one(marker), false, None),
        None => one(marker),
    };
    let on = select.filter;
    let values = select.items.into_iter().map(|item| where_marked(marker, item));
    let values = values.collect();
    (joined(left, right, true, on), values)
}

/// Joins to the left side what may use it, source by source: SQLite sees the sources to the
/// left, but not out of parentheses.
fn append(left: BoundSource, right: BoundSource) -> BoundSource {
    match right {
        BoundSource::Join {
            word: word @ ("JOIN" | "CROSS JOIN" | "LEFT JOIN"),
            left: l,
            right: r,
            on,
        } => {
            let left = Box::new(append(left, *l));
            BoundSource::Join { word, left, right: r, on }
        }
        right => joined(left, right, false, None),
    }
}

fn joined(left: BoundSource, right: BoundSource, outer: bool, on: Option<Bound>) -> BoundSource {
    let word = match (outer, &on) {
        (true, _) => "LEFT JOIN",
        (false, Some(_)) => "JOIN",
        (false, None) => "CROSS JOIN",
    };
    let on = if outer { on.or_else(|| Some(int(1))) } else { on };
    BoundSource::Join { word, left: Box::new(left), right: Box::new(right), on }
}

/// Each column of a query of at most one row as a subquery of its own.
fn scalars(query: &BoundQuery) -> Result<Vec<Bound>, SqlError> {
    let BoundBody::Select(select) = &query.body else {
        return Err(errors::internal("a query that isn't a SELECT"));
    };
    let order_by: Vec<_> = query
        .order_by
        .iter()
        .map(|order| {
            let value = match &order.value {
                OrderValue::Position { index, .. } => select.items[*index].clone(),
                OrderValue::Value(value) => value.clone(),
            };
            super::tree::BoundOrder { value: OrderValue::Value(value), ..*order }
        })
        .collect();
    let columns = select.items.iter().zip(&query.columns).map(|(item, column)| {
        let select = BoundSelect { items: vec![item.clone()], ..(**select).clone() };
        let single = BoundQuery {
            body: BoundBody::Select(Box::new(select)),
            order_by: order_by.clone(),
            columns: vec![column.clone()],
            ..query.clone()
        };
        let (kind, sql_type) = (Kind::Scalar(Box::new(single)), column.sql_type);
        Bound { kind, sql_type, nullable: true }
    });
    Ok(columns.collect())
}

/// `(SELECT 1)`
pub(crate) fn one(id: SourceId) -> BoundSource {
    let select = BoundSelect {
        distinct: false,
        items: vec![int(1)],
        from: None,
        filter: None,
        group_by: Vec::new(),
        having: None,
    };
    let column = QueryColumn {
        name: String::new(),
        sql_type: SqlType::Int,
        nullable: false,
        identity: false,
    };
    let query = BoundQuery {
        ctes: Vec::new(),
        body: BoundBody::Select(Box::new(select)),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        columns: vec![column],
    };
    BoundSource::Derived { query: Box::new(query), id }
}

/// A value where the marker's row is there, else NULL.
pub(crate) fn where_marked(marker: SourceId, value: Bound) -> Bound {
    let sql_type = value.sql_type;
    let column = Kind::Column { source: marker, name: "c0".to_owned() };
    let there = Kind::Infix {
        operator: "IS NOT",
        left: Box::new(Bound { kind: column, sql_type: SqlType::Int, nullable: true }),
        right: Box::new(Bound::written(Value::Null)),
        collate: false,
    };
    let branches = vec![(Bound::predicate(there, false), value)];
    Bound { kind: Kind::Case { branches, otherwise: None }, sql_type, nullable: true }
}

fn set_values(columns: &mut [SourceColumn], values: Vec<Bound>, outer: bool) {
    for (column, value) in columns.iter_mut().zip(values) {
        column.nullable = value.nullable || outer;
        column.value = Some(value);
    }
}
