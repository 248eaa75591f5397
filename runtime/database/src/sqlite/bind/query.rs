//! Queries.

use launchpod_tsql::ast::{
    Cte, Expr, ExprKind, ForClause, ForMode, Literal, OffsetFetch, OrderItem, Query, QueryBody,
    Select, SelectItem, SetOperator, Top,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::aggregate::is_constant;
use super::grouping::{self, Grouping};
use super::predicate::key;
use super::scope::{CteName, Scope, SourceColumn};
use super::sequence::Sequences;
use super::tree::{
    AggregateName, Bound, BoundAggregate, BoundBody, BoundCte, BoundOrder, BoundQuery, BoundSelect,
    BoundSource, BoundWindow, Kind, OrderValue, QueryColumn,
};
use super::{Aggregates, Binder, coerce, expression, recursion, row_count, types};
use crate::sqlite::errors;

/// A SELECT with what its query needs of it.
struct SelectParts {
    select: BoundSelect,
    columns: Vec<QueryColumn>,
    order_by: Vec<BoundOrder>,
    limit: Option<Bound>,
    /// Whether it assigns variables row by row: then the limit is no TOP.
    assigns: bool,
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds a statement's own query, whose rows may get values of sequences.
    pub(crate) fn statement_query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        self.with_sequences(Sequences::of(query), |binder| binder.outer_query(query))
    }

    /// Binds a query, subqueries included.
    pub(crate) fn bind_query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        let rule = Sequences::Refused(errors::next_value_nested);
        self.with_sequences(rule, |binder| binder.outer_query(query))
    }

    fn outer_query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        self.heed_hints(&query.options)?;
        let known = self.ctes.len();
        let bound = self.with_ctes(&query.ctes, |binder| {
            let bound = binder.query_inner(query)?;
            match &query.for_clause {
                None | Some(ForClause { mode: ForMode::Browse, .. }) => Ok(bound),
                Some(clause @ ForClause { mode: ForMode::JsonPath | ForMode::JsonAuto, .. }) => {
                    binder.for_json(bound, clause)
                }
                Some(clause) => binder.for_xml(bound, clause),
            }
        });
        self.ctes.truncate(known);
        bound.map_err(|error| error.or_line(query.line))
    }

    fn query_inner(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        let mut bound = match &query.body {
            QueryBody::Select(select) => {
                let parts = self.select(select, &query.order_by)?;
                if parts.limit.is_some() && query.offset.is_some() && !parts.assigns {
                    return Err(SqlError::new(
                        10741,
                        "A TOP can not be used in the same query or sub-query as a OFFSET.",
                    ));
                }
                BoundQuery {
                    ctes: Vec::new(),
                    body: BoundBody::Select(Box::new(parts.select)),
                    order_by: parts.order_by,
                    limit: parts.limit,
                    offset: None,
                    columns: parts.columns,
                }
            }
            body => {
                let (body, columns) = self.body(body)?;
                let order_by = query
                    .order_by
                    .iter()
                    .map(|item| order_by_output(item, &columns))
                    .collect::<Result<Vec<_>, _>>()?;
                let (ctes, limit, offset) = (Vec::new(), None, None);
                BoundQuery { ctes, body, order_by, limit, offset, columns }
            }
        };
        if let Some(OffsetFetch { offset, fetch }) = &query.offset {
            bound.offset = Some(self.row_count(offset, &row_count::OFFSET)?);
            bound.limit = match fetch {
                Some(fetch) => Some(self.row_count(fetch, &row_count::FETCH)?),
                None => None,
            };
        }
        Ok(bound)
    }

    /// Binds CTEs, puts them in sight for `inner`, and in front of what it binds.
    pub(crate) fn with_ctes(
        &mut self,
        ctes: &[Cte],
        inner: impl FnOnce(&mut Self) -> Result<BoundQuery, SqlError>,
    ) -> Result<BoundQuery, SqlError> {
        let bound = self.common_tables(ctes)?;
        let mut query = inner(self)?;
        query.ctes = bound;
        Ok(query)
    }

    /// Binds CTEs and leaves them in sight.
    /// Binds the query of a module, or one within another: there, an ORDER BY means nothing without
    /// TOP, OFFSET or FOR.
    ///
    /// # Errors
    /// 1033.
    pub(super) fn inner_query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        let top = matches!(&query.body, QueryBody::Select(select) if select.top.is_some());
        let chooses = top || query.offset.is_some() || query.for_clause.is_some();
        if !query.order_by.is_empty() && !chooses {
            return Err(errors::order_by_in_view().or_line(query.line));
        }
        self.bind_query(query)
    }

    pub(crate) fn common_tables(&mut self, ctes: &[Cte]) -> Result<Vec<BoundCte>, SqlError> {
        let mut bound = Vec::with_capacity(ctes.len());
        for cte in ctes {
            let rule = Sequences::Refused(errors::next_value_nested);
            let table = self.with_sequences(rule, |binder| binder.common_table(cte));
            bound.push(table.map_err(|error| error.or_line(cte.query.line))?);
        }
        Ok(bound)
    }

    fn common_table(&mut self, cte: &Cte) -> Result<BoundCte, SqlError> {
        let storage = format!("w{}", self.source_id());
        let name = cte.name.text.clone();
        let operands = recursion::operands(cte)?;
        let outer = std::mem::take(&mut self.scopes);
        let query = match operands {
            None => self.inner_query(&cte.query),
            Some(operands) => self.recursive(cte, operands, &storage),
        };
        self.scopes = outer;
        let query = query?;
        let shown: Vec<QueryColumn> =
            query.columns.iter().filter(|column| !recursion::is_level(column)).cloned().collect();
        let columns = named_columns(&shown, &cte.columns, ColumnsOf::Query(&name))?;
        self.ctes.push(CteName { name, storage: storage.clone(), columns });
        Ok(BoundCte { name: storage, query })
    }

    pub(super) fn body(
        &mut self,
        body: &QueryBody,
    ) -> Result<(BoundBody, Vec<QueryColumn>), SqlError> {
        match body {
            QueryBody::Select(select) => {
                let parts = self.select(select, &[])?;
                let (columns, limit) = (parts.columns, parts.limit);
                let body = BoundBody::Select(Box::new(parts.select));
                if limit.is_none() {
                    return Ok((body, columns));
                }
                let query = BoundQuery {
                    ctes: Vec::new(),
                    body,
                    order_by: Vec::new(),
                    limit,
                    offset: None,
                    columns: columns.clone(),
                };
                Ok((BoundBody::Nested(Box::new(query)), columns))
            }
            QueryBody::Nested(query) => {
                let query = self.outer_query(query)?;
                let columns = query.columns.clone();
                Ok((BoundBody::Nested(Box::new(query)), columns))
            }
            QueryBody::SetOperation { operator, operands } => self.set(*operator, operands),
        }
    }

    fn set(
        &mut self,
        operator: SetOperator,
        operands: &[QueryBody],
    ) -> Result<(BoundBody, Vec<QueryColumn>), SqlError> {
        let mut bodies = Vec::with_capacity(operands.len());
        let mut columns: Vec<QueryColumn> = Vec::new();
        let mut untyped: Vec<bool> = Vec::new();
        for operand in operands {
            let (body, own) = self.body(operand)?;
            let nulls = null_items(&body, own.len());
            if bodies.is_empty() {
                columns = own;
                untyped = nulls;
            } else {
                if own.len() != columns.len() {
                    return Err(errors::set_operator_columns());
                }
                for (index, own) in own.into_iter().enumerate() {
                    let column = &mut columns[index];
                    column.nullable |= own.nullable;
                    column.identity = false;
                    column.sql_type = match (untyped[index], nulls[index]) {
                        (true, _) => own.sql_type,
                        (_, true) => column.sql_type,
                        _ => types::common(column.sql_type, own.sql_type),
                    };
                    untyped[index] &= nulls[index];
                }
            }
            bodies.push(body);
        }
        let wanted: Vec<SqlType> = columns.iter().map(|column| column.sql_type).collect();
        for body in &mut bodies {
            coerce_body(body, &wanted)?;
        }
        if operator != SetOperator::UnionAll {
            for sql_type in wanted {
                check_told_apart(sql_type, errors::not_an_operand)?;
            }
        }
        let operator = match operator {
            SetOperator::Union => "UNION",
            SetOperator::UnionAll => "UNION ALL",
            SetOperator::Except => "EXCEPT",
            SetOperator::Intersect => "INTERSECT",
        };
        Ok((BoundBody::Set { operator, operands: bodies }, columns))
    }

    fn select(&mut self, select: &Select, order_by: &[OrderItem]) -> Result<SelectParts, SqlError> {
        self.scopes.push(Scope::default());
        let (rule, sequences) = (self.aggregates, self.sequences);
        let parts = self.select_inner(select, order_by);
        self.aggregates = rule;
        self.sequences = sequences;
        let scope = self.scopes.pop();
        let checked = parts.and_then(|parts| {
            scope.iter().try_for_each(Scope::check_unread)?;
            Ok(parts)
        });
        checked.map_err(|error| error.or_line(select.line))
    }

    fn select_inner(
        &mut self,
        select: &Select,
        order_by: &[OrderItem],
    ) -> Result<SelectParts, SqlError> {
        self.aggregates = Aggregates::Refused;
        let of_items = self.sequences;
        self.sequences = of_items.but(errors::next_value_in_clause);
        let from = self.from(&select.from)?;
        let filter = self.filter(select.filter.as_ref())?;
        let grouping = match &select.group_by {
            Some(group_by) => self.group_by(group_by)?,
            None => Grouping::default(),
        };
        self.scope().grouped.clone_from(&grouping.values);
        self.scope().windows.clone_from(&select.windows);
        self.aggregates = Aggregates::Allowed;
        let assigned = select.items.iter().filter_map(|item| match item {
            SelectItem::Assign { variable, .. } => Some(variable.as_str()),
            _ => None,
        });
        let ((items, mut columns), assigns) = self.with_sequences(of_items, |binder| {
            binder.while_assigning(assigned, |binder| binder.items(&select.items, from.is_some()))
        })?;
        if select.items.iter().any(|item| matches!(item, SelectItem::Assign { .. })) {
            self.check_assigned_sequences()?;
        }
        let having = match &select.having {
            Some(having) => Some(self.predicate(having)?),
            None => None,
        };
        let mut order = Vec::with_capacity(order_by.len());
        for (place, item) in (1..).zip(order_by) {
            check_order(place, &item.value)?;
            order.push(self.order_item(item, &items, &columns, select.distinct)?);
        }
        let ordered = order.iter().filter_map(|order| match &order.value {
            OrderValue::Value(value) => Some(value),
            OrderValue::Position { .. } => None,
        });
        let grouped = select.group_by.is_some()
            || having.is_some()
            || items.iter().any(Bound::has_aggregate)
            || ordered.clone().any(Bound::has_aggregate);
        if grouped {
            let own = from.as_ref().map(BoundSource::ids).unwrap_or_default();
            let check =
                |value, refused| grouping::check(self, value, &grouping.values, &own, refused);
            items.iter().try_for_each(|value| check(value, errors::not_grouped))?;
            having.iter().try_for_each(|value| check(value, errors::not_grouped_in_having))?;
            ordered.clone().try_for_each(|value| check(value, errors::not_grouped_in_order))?;
        }
        self.aggregates = Aggregates::Refused;
        let limit = match &select.top {
            Some(top) if top.percent || top.with_ties => None,
            Some(top) => Some(self.top(top)?),
            None => None,
        };
        let distinct = select.distinct;
        if distinct {
            for item in &items {
                check_told_apart(item.sql_type, errors::not_distinct)?;
            }
        }
        let group_by = grouping.values.clone();
        let mut bound = BoundSelect { distinct, items, from, filter, group_by, having };
        let ranked = select.top.as_ref().filter(|top| top.percent || top.with_ties);
        if assigns {
            if ranked.is_some() || grouping.has_sets() || order.iter().any(BoundOrder::is_position)
            {
                return Err(errors::unsupported(
                    "SELECT @v = … that uses @v itself with WITH TIES, PERCENT, ROLLUP, CUBE, \
                     GROUPING SETS or a position in ORDER BY",
                ));
            }
            let select = self.row_by_row(&select.items, bound, order, limit)?;
            for (column, item) in columns.iter_mut().zip(&select.items) {
                column.sql_type = item.sql_type;
                column.nullable = true;
            }
            let limit =
                select.from.is_some().then(|| Bound::constant(Value::Int(-1), SqlType::BigInt));
            return Ok(SelectParts { select, columns, order_by: Vec::new(), limit, assigns });
        }
        if select.group_by.is_some() {
            (bound, order) = self.by_sets(bound, &mut columns, order, &grouping)?;
        }
        match ranked {
            Some(top) => self.ranked_top(top, bound, columns, order),
            None => Ok(SelectParts { select: bound, columns, order_by: order, limit, assigns }),
        }
    }

    /// TOP … PERCENT and WITH TIES: the rows are numbered, and those that are too far left out.
    fn ranked_top(
        &mut self,
        top: &Top,
        mut inner: BoundSelect,
        columns: Vec<QueryColumn>,
        order: Vec<BoundOrder>,
    ) -> Result<SelectParts, SqlError> {
        if top.with_ties && order.is_empty() {
            return Err(errors::ties_without_order());
        }
        if inner.distinct {
            return Err(errors::unsupported("DISTINCT with TOP … PERCENT or WITH TIES"));
        }
        let count = self.value(&top.count)?;
        let count = row_count::ranked_count(top, count)?;
        // The values that order the rows are columns of their own: they may be windows, and
        // windows don't stand in each other.
        let width = inner.items.len();
        let keys = self.source_id();
        let mut order_by = Vec::with_capacity(order.len());
        for BoundOrder { value, descending } in order {
            let value = match value {
                OrderValue::Position { index, .. } => inner.items[index].clone(),
                OrderValue::Value(value) => value,
            };
            let kind = Kind::Column { source: keys, name: format!("c{}", inner.items.len()) };
            let (sql_type, nullable) = (value.sql_type, value.nullable);
            inner.items.push(value);
            let value = OrderValue::Value(Bound { kind, sql_type, nullable });
            order_by.push(BoundOrder { value, descending });
        }
        let window = |name: &'static str, star: bool, order_by: Vec<BoundOrder>| {
            let over = BoundWindow { partition_by: Vec::new(), order_by, frame: None };
            let aggregate = BoundAggregate {
                name: AggregateName::Native(name),
                distinct: false,
                arguments: Vec::new(),
                star,
                within: Vec::new(),
                over: Some(over),
            };
            let kind = Kind::Aggregate(Box::new(aggregate));
            Bound { kind, sql_type: SqlType::BigInt, nullable: false }
        };
        let number = if top.with_ties { "rank" } else { "row_number" };
        let id = self.source_id();
        let cell = |source: u32, index: usize, sql_type: SqlType, nullable: bool| {
            let kind = Kind::Column { source, name: format!("c{index}") };
            Bound { kind, sql_type, nullable }
        };
        let cells = |source: u32| -> Vec<Bound> {
            let columns = columns.iter().enumerate();
            columns.map(|(index, c)| cell(source, index, c.sql_type, c.nullable)).collect()
        };
        let derived = |select: BoundSelect, id: u32| {
            let body = BoundBody::Select(Box::new(select));
            let (ctes, order_by, limit, offset) = (Vec::new(), Vec::new(), None, None);
            let columns = columns.clone();
            let query = BoundQuery { ctes, body, order_by, limit, offset, columns };
            Some(BoundSource::Derived { query: Box::new(query), id })
        };
        let plain = |items: Vec<Bound>, from: Option<BoundSource>, filter: Option<Bound>| {
            let (group_by, having) = (Vec::new(), None);
            BoundSelect { distinct: false, items, from, filter, group_by, having }
        };
        let mut numbered = cells(keys);
        numbered.push(window(number, false, order_by));
        numbered.push(window("count", true, Vec::new()));
        let numbered = plain(numbered, derived(inner, keys), None);
        let infix = |operator: &'static str, left: Bound, right: Bound, sql_type: SqlType| {
            let (left, right) = (Box::new(left), Box::new(right));
            let kind = Kind::Infix { operator, left, right, collate: false };
            Bound { kind, sql_type, nullable: false }
        };
        let rank = cell(id, width, SqlType::BigInt, false);
        // A row is within a share of n rows when the rows before it don't fill the share.
        let filter = if top.percent {
            let before = infix("-", rank.clone(), super::int(1), SqlType::BigInt);
            let total = cell(id, width + 1, SqlType::BigInt, false);
            let share = infix("*", total, count, SqlType::Float);
            let hundred = Bound::constant(Value::Float(100.0), SqlType::Float);
            infix("<", before, infix("/", share, hundred, SqlType::Float), SqlType::Bit)
        } else {
            infix("<=", rank.clone(), count, SqlType::Bit)
        };
        let select = plain(cells(id), derived(numbered, id), Some(filter));
        let order_by = vec![BoundOrder { value: OrderValue::Value(rank), descending: false }];
        Ok(SelectParts { select, columns, order_by, limit: None, assigns: false })
    }

    /// Binds what SELECT or OUTPUT lists.
    pub(crate) fn items(
        &mut self,
        list: &[SelectItem],
        has_from: bool,
    ) -> Result<(Vec<Bound>, Vec<QueryColumn>), SqlError> {
        let (mut items, mut columns) = (Vec::new(), Vec::new());
        for item in list {
            match item {
                SelectItem::Star { line } => {
                    if !has_from {
                        return Err(errors::star_without_from().or_line(*line));
                    }
                    self.expand(None, &mut items, &mut columns)?;
                }
                SelectItem::TableStar(table) => {
                    self.expand(Some(table), &mut items, &mut columns)?;
                }
                SelectItem::Value { value, alias } => {
                    let bound = self.value(value)?;
                    // Results have a column's name as it was declared.
                    let (own, identity) = match &value.kind {
                        ExprKind::Column(name) => {
                            let (source, index) = self.named_column(name)?;
                            let column = &source.columns[index];
                            (column.name.clone(), column.identity)
                        }
                        _ => (String::new(), false),
                    };
                    let name = alias.as_ref().map_or(own, |alias| alias.text.clone());
                    columns.push(query_column(name, &bound, identity));
                    items.push(bound);
                }
                SelectItem::Assign { variable, operator, value, line } => {
                    let bound = self.assignment(variable, *operator, value);
                    let bound = bound.map_err(|error| error.or_line(*line))?;
                    columns.push(query_column(String::new(), &bound, false));
                    items.push(bound);
                }
            }
        }
        Ok((items, columns))
    }

    /// The value of `@v = x` or `@v += x`: the interpreter assigns the last row's.
    pub(super) fn assignment(
        &mut self,
        variable: &str,
        operator: launchpod_tsql::ast::AssignOperator,
        value: &launchpod_tsql::ast::Expr,
    ) -> Result<Bound, SqlError> {
        let Some(infix) = operator.binary() else { return self.value(value) };
        let old = self.variable(variable)?;
        let value = self.value(value)?;
        self.infix(infix, old, value)
    }

    fn expand(
        &mut self,
        table: Option<&launchpod_tsql::ast::ObjectName>,
        items: &mut Vec<Bound>,
        columns: &mut Vec<QueryColumn>,
    ) -> Result<(), SqlError> {
        let mut any = false;
        for source in &self.scope().sources {
            if table.is_some_and(|table| !source.is_named(table)) {
                continue;
            }
            any = true;
            for (index, column) in source.columns.iter().enumerate() {
                let bound = source.read(index)?;
                columns.push(query_column(column.name.clone(), &bound, column.identity));
                items.push(bound);
            }
        }
        match table {
            Some(table) if !any => Err(errors::unknown_alias(&table.to_string())),
            _ => Ok(()),
        }
    }

    fn order_item(
        &mut self,
        item: &OrderItem,
        items: &[Bound],
        columns: &[QueryColumn],
        distinct: bool,
    ) -> Result<BoundOrder, SqlError> {
        let output = match &item.value.kind {
            ExprKind::Literal(Literal::Integer(_)) => true,
            // A column's own name means the select list's, when that has it once.
            ExprKind::Column(name) if name.table.is_none() => {
                let mut same = columns.iter().zip(items).filter(|(c, _)| name.name.is(&c.name));
                match (same.next(), same.next()) {
                    (Some(_), None) => true,
                    (Some((_, first)), Some((_, second))) if first != second => {
                        return Err(errors::ambiguous_column(&name.name.text));
                    }
                    (Some(_), Some(_)) => true,
                    _ => false,
                }
            }
            _ => false,
        };
        if output {
            return order_by_output(item, columns);
        }
        let value =
            if distinct { self.value(&item.value)? } else { self.order_value(&item.value)? };
        check_sorted(value.sql_type)?;
        if distinct {
            let index = items
                .iter()
                .position(|candidate| *candidate == value)
                .ok_or_else(|| errors::order_by_not_in_list(true))?;
            let value = OrderValue::Position { index, sql_type: value.sql_type };
            return Ok(BoundOrder { value, descending: item.descending });
        }
        Ok(BoundOrder { value: OrderValue::Value(key(value)), descending: item.descending })
    }
}

/// Refuses what can't be told apart: cells of sql_variant differ where equal values are of
/// different types.
///
/// # Errors
/// The given one, and 40517 for sql_variant.
pub(super) fn check_told_apart(
    sql_type: SqlType,
    refused: fn(SqlType) -> SqlError,
) -> Result<(), SqlError> {
    match sql_type {
        SqlType::Variant => Err(errors::unsupported(
            "sql_variant in DISTINCT, GROUP BY, UNION, INTERSECT or EXCEPT",
        )),
        _ if sql_type.is_comparable() => Ok(()),
        _ => Err(refused(sql_type)),
    }
}

/// Refuses to sort what can't be compared.
///
/// # Errors
/// 306, and 305 for documents.
fn check_sorted(sql_type: SqlType) -> Result<(), SqlError> {
    if sql_type.is_comparable() { Ok(()) } else { Err(errors::not_sorted(sql_type)) }
}

/// Refuses to order a query by what is the same in every row; a whole number is a column's place.
fn check_order(place: usize, value: &Expr) -> Result<(), SqlError> {
    match &value.kind {
        ExprKind::Literal(Literal::Integer(_)) => Ok(()),
        ExprKind::Variable(_) => Err(errors::variable_order(place)),
        _ if is_constant(value) => Err(errors::constant_order(place)),
        _ => Ok(()),
    }
}

/// A position or an output column's name in ORDER BY.
fn order_by_output(item: &OrderItem, columns: &[QueryColumn]) -> Result<BoundOrder, SqlError> {
    let index = match &item.value.kind {
        ExprKind::Literal(Literal::Integer(position)) => {
            let index = usize::try_from(*position - 1).ok();
            index
                .filter(|index| *index < columns.len())
                .ok_or_else(|| errors::order_by_position((*position).into()))?
        }
        ExprKind::Column(name) => columns
            .iter()
            .position(|column| name.name.is(&column.name))
            .ok_or_else(|| errors::invalid_column(&name.name.text))?,
        _ => return Err(errors::order_by_not_in_list(false)),
    };
    let sql_type = columns[index].sql_type;
    check_sorted(sql_type)?;
    let value = OrderValue::Position { index, sql_type };
    Ok(BoundOrder { value, descending: item.descending })
}

fn query_column(name: String, bound: &Bound, identity: bool) -> QueryColumn {
    QueryColumn { name, sql_type: bound.sql_type, nullable: bound.nullable, identity }
}

/// Whose columns have names, for the errors about them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ColumnsOf<'a> {
    /// A derived table's or common table expression's.
    Query(&'a str),
    View(&'a str),
    /// An inline function's.
    Function(&'a str),
}

// === impl ColumnsOf ===

impl ColumnsOf<'_> {
    fn unnamed(self, column: usize) -> SqlError {
        match self {
            ColumnsOf::Query(table) => errors::unnamed_derived_column(column, table),
            ColumnsOf::View(_) => errors::unnamed_view_column(column),
            ColumnsOf::Function(_) => errors::unnamed_function_column(column),
        }
    }

    fn twice(self, column: &str) -> SqlError {
        match self {
            ColumnsOf::Query(table) => errors::derived_column_twice(column, table),
            ColumnsOf::View(module) | ColumnsOf::Function(module) => {
                errors::module_column_twice(column, module)
            }
        }
    }

    /// `more`: there are more names than columns.
    fn count(self, more: bool) -> SqlError {
        match self {
            ColumnsOf::View(module) | ColumnsOf::Function(module) if more => {
                errors::more_names_than_columns(module)
            }
            ColumnsOf::Query(name) | ColumnsOf::View(name) | ColumnsOf::Function(name) => {
                errors::derived_column_count(name, more)
            }
        }
    }
}

/// The columns of a query under their T-SQL names.
pub(crate) fn named_columns(
    columns: &[QueryColumn],
    names: &[launchpod_tsql::ast::Identifier],
    of: ColumnsOf<'_>,
) -> Result<Vec<SourceColumn>, SqlError> {
    if !names.is_empty() && names.len() != columns.len() {
        return Err(of.count(names.len() > columns.len()));
    }
    let mut named: Vec<SourceColumn> = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let name = names.get(index).map_or_else(|| column.name.clone(), |name| name.text.clone());
        if name.is_empty() {
            return Err(of.unnamed(index + 1));
        }
        if named.iter().any(|have| launchpod_tsql::ast::same_name(&have.name, &name)) {
            return Err(of.twice(&name));
        }
        named.push(SourceColumn {
            name,
            storage: format!("c{index}"),
            sql_type: column.sql_type,
            nullable: column.nullable,
            identity: column.identity,
            value: None,
        });
    }
    Ok(named)
}

/// Brings a query's columns to types.
pub(crate) fn coerce_columns(query: &mut BoundQuery, wanted: &[SqlType]) -> Result<(), SqlError> {
    coerce_body(&mut query.body, wanted)?;
    for (column, wanted) in query.columns.iter_mut().zip(wanted) {
        column.sql_type = *wanted;
    }
    Ok(())
}

pub(super) fn coerce_body(body: &mut BoundBody, wanted: &[SqlType]) -> Result<(), SqlError> {
    match body {
        BoundBody::Select(select) => coerce_items(&mut select.items, wanted),
        BoundBody::Set { operands, .. } => {
            operands.iter_mut().try_for_each(|operand| coerce_body(operand, wanted))
        }
        BoundBody::Nested(query) => coerce_columns(query, wanted),
        BoundBody::Values(rows) => rows.iter_mut().try_for_each(|row| coerce_items(row, wanted)),
    }
}

fn coerce_items(items: &mut [Bound], wanted: &[SqlType]) -> Result<(), SqlError> {
    for (item, wanted) in items.iter_mut().zip(wanted) {
        if item.sql_type != *wanted {
            *item = coerce::implicit(item.clone(), *wanted)?;
        }
    }
    Ok(())
}

/// Which columns are NULL written as such: they take the other operands' types.
fn null_items(body: &BoundBody, count: usize) -> Vec<bool> {
    match body {
        BoundBody::Select(select) => select.items.iter().map(Bound::is_null).collect(),
        _ => vec![false; count],
    }
}

/// The constant types of VALUES used as a table, and its rows.
pub(crate) fn values_columns(rows: &mut [Vec<Bound>]) -> Result<Vec<QueryColumn>, SqlError> {
    let width = rows.first().map_or(0, Vec::len);
    if rows.iter().any(|row| row.len() != width) {
        return Err(errors::values_row_length());
    }
    let mut columns = Vec::with_capacity(width);
    for index in 0..width {
        let cells = || rows.iter().map(|row| &row[index]);
        let sql_type = expression::common_type(cells()).unwrap_or(SqlType::Int);
        let nullable = cells().any(|cell| cell.nullable);
        columns.push(QueryColumn { name: String::new(), sql_type, nullable, identity: false });
    }
    let wanted: Vec<SqlType> = columns.iter().map(|column| column.sql_type).collect();
    rows.iter_mut().try_for_each(|row| coerce_items(row, &wanted))?;
    Ok(columns)
}
