//! The bound tree: every name resolved, every expression typed, every conversion explicit.
//!
//! What is here can be said in SQLite's SQL one to one; [`crate::sqlite::translate`] does that.

use std::sync::Arc;

use launchpod_functions::Function;
use launchpod_types::{SqlType, Value};

/// A value or, where SQLite computes 0, 1 or NULL, a predicate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its type; of a predicate, `bit`.
    pub(crate) sql_type: SqlType,
    /// Whether it can be NULL.
    pub(crate) nullable: bool,
}

/// What a [`Bound`] is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A constant.
    Constant(Value),
    /// NULL or a whole number as it is written, of type int: NULL takes the type of what it is
    /// combined with, and a number counts among decimals with the digits that it has.
    Written(Value),
    /// A value that is given when the statement runs; parameters count from 0.
    Parameter(usize),
    /// A column of a source.
    Column { source: SourceId, name: String },
    /// An operator of SQLite before its operand.
    Prefix(&'static str, Box<Bound>),
    /// An operator of SQLite between its operands; `collate` compares text as T-SQL does.
    Infix { operator: &'static str, left: Box<Bound>, right: Box<Bound>, collate: bool },
    /// `a AND b AND c`, `a OR b OR c`
    Chain { operator: &'static str, operands: Vec<Bound> },
    /// A function of SQLite itself.
    Native { name: &'static str, arguments: Vec<Bound> },
    /// A function of ours.
    Call { function: Arc<Function>, arguments: Vec<Bound> },
    /// `CAST(x AS REAL)` and the like: SQLite's own conversion of storage.
    Store(&'static str, Box<Bound>),
    /// `CASE WHEN … THEN … ELSE … END`
    Case { branches: Vec<(Bound, Bound)>, otherwise: Option<Box<Bound>> },
    /// `x IN (…)`
    InList { negated: bool, operand: Box<Bound>, list: Vec<Bound>, collate: bool },
    /// `x IN (SELECT …)`
    InQuery { negated: bool, operand: Box<Bound>, query: Box<BoundQuery>, collate: bool },
    /// `EXISTS (SELECT …)`
    Exists(Box<BoundQuery>),
    /// `(SELECT …)`
    Scalar(Box<BoundQuery>),
    /// An aggregate or window function.
    Aggregate(Box<BoundAggregate>),
}

/// An aggregate or window function with its window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundAggregate {
    pub(crate) name: AggregateName,
    pub(crate) distinct: bool,
    /// None for `*`.
    pub(crate) arguments: Vec<Bound>,
    pub(crate) star: bool,
    /// `WITHIN GROUP (ORDER BY …)`
    pub(crate) within: Vec<BoundOrder>,
    pub(crate) over: Option<BoundWindow>,
}

/// Whose aggregate it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AggregateName {
    /// SQLite's.
    Native(&'static str),
    /// Ours.
    Own(Arc<Function>),
}

/// `OVER (…)`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundWindow {
    pub(crate) partition_by: Vec<Bound>,
    pub(crate) order_by: Vec<BoundOrder>,
    /// As SQLite writes it; made of keywords and numbers.
    pub(crate) frame: Option<String>,
}

/// A number that tells the sources of one statement apart.
pub(crate) type SourceId = u32;

/// A query with its names and types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundQuery {
    pub(crate) ctes: Vec<BoundCte>,
    pub(crate) body: BoundBody,
    pub(crate) order_by: Vec<BoundOrder>,
    pub(crate) limit: Option<Bound>,
    pub(crate) offset: Option<Bound>,
    pub(crate) columns: Vec<QueryColumn>,
}

/// A column that a query yields; SQLite knows it as `c0`, `c1`, …
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueryColumn {
    /// Empty when it has none.
    pub(crate) name: String,
    pub(crate) sql_type: SqlType,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
}

/// `name AS (query)`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundCte {
    /// Its name in SQLite.
    pub(crate) name: String,
    pub(crate) query: BoundQuery,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BoundBody {
    Select(Box<BoundSelect>),
    /// Operands of one operator, left to right.
    Set {
        operator: &'static str,
        operands: Vec<BoundBody>,
    },
    Nested(Box<BoundQuery>),
    Values(Vec<Vec<Bound>>),
}

/// `SELECT … FROM … WHERE … GROUP BY … HAVING …`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundSelect {
    pub(crate) distinct: bool,
    pub(crate) items: Vec<Bound>,
    pub(crate) from: Option<BoundSource>,
    pub(crate) filter: Option<Bound>,
    pub(crate) group_by: Vec<Bound>,
    pub(crate) having: Option<Bound>,
}

/// What stands in FROM.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BoundSource {
    /// A table of ours: `schema."name"`.
    Table { schema: &'static str, name: String, id: SourceId },
    /// A common table expression by its SQLite name.
    Cte { name: String, id: SourceId },
    /// `(query)`
    Derived { query: Box<BoundQuery>, id: SourceId },
    /// `(query)` whose rows are all there, in its order, before anything is computed of them:
    /// SQLite would else compute first and sort then, whatever the computed value counts.
    Ordered { query: Box<BoundQuery>, id: SourceId },
    /// The elements of a JSON array, which may use the sources before it: `json_each(array)`
    Rows { array: Box<Bound>, id: SourceId },
    /// SQL of our own over the catalog, a constant, and the database that it shows.
    System {
        sql: &'static str,
        database: Option<i64>,
        /// Which of the rows may be seen, when not all: a condition in SQLite's SQL.
        visible: Option<String>,
        id: SourceId,
    },
    /// A join; `word` is SQLite's.
    Join { word: &'static str, left: Box<BoundSource>, right: Box<BoundSource>, on: Option<Bound> },
}

/// `x DESC`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoundOrder {
    pub(crate) value: OrderValue,
    pub(crate) descending: bool,
}

/// What to order by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OrderValue {
    /// The position of a column, from 0, and its type.
    Position { index: usize, sql_type: SqlType },
    /// A value.
    Value(Bound),
}

/// A statement that changes a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BoundWrite {
    Insert {
        schema: &'static str,
        table: String,
        columns: Vec<String>,
        query: BoundQuery,
    },
    Update {
        schema: &'static str,
        table: String,
        id: SourceId,
        rowid: &'static str,
        columns: Vec<String>,
        how: UpdateHow,
    },
    Delete {
        schema: &'static str,
        table: String,
        id: SourceId,
        rowid: &'static str,
        how: DeleteHow,
    },
}

/// Which rows an UPDATE changes, and to what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UpdateHow {
    /// `SET c = value … WHERE filter`
    Direct { values: Vec<Bound>, filter: Option<Bound> },
    /// Row ids and values from a query: `c0` the row, `c1` … the values.
    Query(BoundQuery),
}

/// Which rows a DELETE removes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DeleteHow {
    Direct {
        filter: Option<Bound>,
    },
    /// Row ids from a query.
    Query(BoundQuery),
}

// === impl Bound ===

impl Bound {
    /// A constant of a type.
    pub(crate) fn constant(value: Value, sql_type: SqlType) -> Bound {
        let nullable = value.is_null();
        Bound { kind: Kind::Constant(value), sql_type, nullable }
    }

    /// NULL or a whole number, as it is written.
    pub(crate) fn written(value: Value) -> Bound {
        let nullable = value.is_null();
        Bound { kind: Kind::Written(value), sql_type: SqlType::Int, nullable }
    }

    /// A predicate.
    pub(crate) fn predicate(kind: Kind, nullable: bool) -> Bound {
        Bound { kind, sql_type: SqlType::Bit, nullable }
    }

    /// The constant that it is.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Constant(value) | Kind::Written(value) => Some(value),
            _ => None,
        }
    }

    /// The names of the columns of the table whose columns stand without a source.
    pub(crate) fn columns(&self) -> std::collections::BTreeSet<String> {
        let mut names = std::collections::BTreeSet::new();
        self.walk(&mut |value| {
            if let Kind::Column { name, .. } = &value.kind {
                names.insert(name.clone());
            }
        });
        names
    }

    /// Whether it gives the same for the same row at any time.
    pub(crate) fn is_deterministic(&self) -> bool {
        let mut same = true;
        self.walk(&mut |value| {
            same &= match &value.kind {
                Kind::Call { function, .. } => function.deterministic,
                _ => true,
            };
        });
        same
    }

    /// NULL written as such.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Written(Value::Null))
    }

    /// The values of which this is made (subqueries are left out).
    pub(crate) fn children(&self) -> Vec<&Bound> {
        match &self.kind {
            Kind::Constant(_)
            | Kind::Written(_)
            | Kind::Parameter(_)
            | Kind::Column { .. }
            | Kind::Exists(_)
            | Kind::Scalar(_) => vec![],
            Kind::Prefix(_, operand) | Kind::Store(_, operand) => vec![operand],
            Kind::Infix { left, right, .. } => vec![left, right],
            Kind::Chain { operands, .. } => operands.iter().collect(),
            Kind::Native { arguments, .. } | Kind::Call { arguments, .. } => {
                arguments.iter().collect()
            }
            Kind::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|(condition, value)| [condition, value])
                .chain(otherwise.as_deref())
                .collect(),
            Kind::InList { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
            Kind::InQuery { operand, .. } => vec![operand],
            Kind::Aggregate(aggregate) => {
                let window = aggregate.over.iter().flat_map(|over| {
                    over.partition_by.iter().chain(over.order_by.iter().filter_map(|order| {
                        match &order.value {
                            OrderValue::Value(value) => Some(value),
                            OrderValue::Position { .. } => None,
                        }
                    }))
                });
                let within = aggregate.within.iter().filter_map(|order| match &order.value {
                    OrderValue::Value(value) => Some(value),
                    OrderValue::Position { .. } => None,
                });
                aggregate.arguments.iter().chain(within).chain(window).collect()
            }
        }
    }

    /// Whether a grouping aggregate (not one over a window) is in it.
    pub(crate) fn has_aggregate(&self) -> bool {
        matches!(&self.kind, Kind::Aggregate(aggregate) if aggregate.over.is_none())
            || self.children().into_iter().any(Bound::has_aggregate)
    }

    /// The same value with other parts: what `by` gives in a part's place stands for it. Parts
    /// of aggregates and of subqueries are left as they are.
    pub(crate) fn replace(&self, by: &mut dyn FnMut(&Bound) -> Option<Bound>) -> Bound {
        if let Some(other) = by(self) {
            return other;
        }
        let mut one = |part: &Bound| Box::new(part.replace(by));
        let kind = match &self.kind {
            Kind::Prefix(operator, operand) => Kind::Prefix(operator, one(operand)),
            Kind::Store(storage, operand) => Kind::Store(storage, one(operand)),
            Kind::Infix { operator, left, right, collate } => {
                let (left, right) = (one(left), one(right));
                Kind::Infix { operator, left, right, collate: *collate }
            }
            Kind::Chain { operator, operands } => {
                let operands = operands.iter().map(|operand| *one(operand)).collect();
                Kind::Chain { operator, operands }
            }
            Kind::Native { name, arguments } => {
                let arguments = arguments.iter().map(|argument| *one(argument)).collect();
                Kind::Native { name, arguments }
            }
            Kind::Call { function, arguments } => {
                let arguments = arguments.iter().map(|argument| *one(argument)).collect();
                Kind::Call { function: Arc::clone(function), arguments }
            }
            Kind::Case { branches, otherwise } => Kind::Case {
                branches: branches.iter().map(|(c, v)| (*one(c), *one(v))).collect(),
                otherwise: otherwise.as_deref().map(one),
            },
            Kind::InList { negated, operand, list, collate } => Kind::InList {
                negated: *negated,
                operand: one(operand),
                list: list.iter().map(|item| *one(item)).collect(),
                collate: *collate,
            },
            Kind::InQuery { negated, operand, query, collate } => Kind::InQuery {
                negated: *negated,
                operand: one(operand),
                query: query.clone(),
                collate: *collate,
            },
            other => other.clone(),
        };
        Bound { kind, ..self.clone() }
    }

    /// Whether a part of it, those of subqueries left out, is such a one.
    pub(crate) fn any_own(&self, is: &dyn Fn(&Bound) -> bool) -> bool {
        is(self) || self.children().into_iter().any(|child| child.any_own(is))
    }

    /// Whether a subquery in it uses a column of one of these sources.
    pub(crate) fn queries_mention(&self, ids: &[SourceId]) -> bool {
        self.any_own(&|part| match &part.kind {
            Kind::Exists(query) | Kind::Scalar(query) | Kind::InQuery { query, .. } => {
                query.mentions(ids)
            }
            _ => false,
        })
    }

    /// Whether a subquery is in it.
    pub(crate) fn has_query(&self) -> bool {
        self.any_own(&|part| {
            matches!(&part.kind, Kind::Exists(_) | Kind::Scalar(_) | Kind::InQuery { .. })
        })
    }

    /// Whether it is the same for every row: no column, subquery or aggregate is in it.
    pub(crate) fn is_constant(&self) -> bool {
        let own = match &self.kind {
            Kind::Parameter(_)
            | Kind::Column { .. }
            | Kind::Exists(_)
            | Kind::Scalar(_)
            | Kind::InQuery { .. }
            | Kind::Aggregate(_) => false,
            Kind::Call { function, .. } => function.deterministic,
            _ => true,
        };
        own && self.children().into_iter().all(Bound::is_constant)
    }
}

// === impl BoundOrder ===

impl BoundOrder {
    /// Whether it names a column by its position.
    pub(crate) fn is_position(&self) -> bool {
        matches!(self.value, OrderValue::Position { .. })
    }
}

// === impl BoundSource ===

impl BoundSource {
    /// The numbers of the tables in it.
    pub(crate) fn tables(&self) -> Vec<SourceId> {
        match self {
            BoundSource::Table { id, .. } => vec![*id],
            BoundSource::Join { left, right, .. } => [left.tables(), right.tables()].concat(),
            _ => Vec::new(),
        }
    }

    /// The source of a number.
    pub(crate) fn find(&self, wanted: SourceId) -> Option<&BoundSource> {
        match self {
            BoundSource::Join { left, right, .. } => {
                left.find(wanted).or_else(|| right.find(wanted))
            }
            own => own.ids().contains(&wanted).then_some(own),
        }
    }

    /// The same, to be replaced.
    pub(crate) fn find_mut(&mut self, wanted: SourceId) -> Option<&mut BoundSource> {
        match self {
            BoundSource::Join { left, right, .. } => {
                left.find_mut(wanted).or_else(|| right.find_mut(wanted))
            }
            own => own.ids().contains(&wanted).then_some(own),
        }
    }

    /// The numbers of the sources in it.
    pub(crate) fn ids(&self) -> Vec<SourceId> {
        match self {
            BoundSource::Table { id, .. }
            | BoundSource::Cte { id, .. }
            | BoundSource::Derived { id, .. }
            | BoundSource::Ordered { id, .. }
            | BoundSource::Rows { id, .. }
            | BoundSource::System { id, .. } => vec![*id],
            BoundSource::Join { left, right, .. } => [left.ids(), right.ids()].concat(),
        }
    }
}

/// Visits every value, those of subqueries included.
trait Walk {
    fn walk(&self, visit: &mut dyn FnMut(&Bound));
}

// === impl BoundQuery ===

impl BoundQuery {
    /// Whether it uses a column of one of these sources.
    pub(crate) fn mentions(&self, ids: &[SourceId]) -> bool {
        self.any(
            &|value| matches!(&value.kind, Kind::Column { source, .. } if ids.contains(source)),
        )
    }

    /// Whether a value in it is such a one.
    pub(crate) fn any(&self, is: &dyn Fn(&Bound) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |value| found |= is(value));
        found
    }
}

impl Bound {
    /// How many values it is made of, those of subqueries included.
    pub(crate) fn nodes(&self) -> usize {
        let mut count = 0;
        self.walk(&mut |_| count += 1);
        count
    }
}

// === impl Walk ===

impl Walk for BoundQuery {
    fn walk(&self, visit: &mut dyn FnMut(&Bound)) {
        for order in &self.order_by {
            if let OrderValue::Value(value) = &order.value {
                value.walk(visit);
            }
        }
        self.ctes.iter().for_each(|cte| cte.query.walk(visit));
        self.limit.iter().chain(&self.offset).for_each(|value| value.walk(visit));
        self.body.walk(visit);
    }
}

impl Walk for BoundBody {
    fn walk(&self, visit: &mut dyn FnMut(&Bound)) {
        match self {
            BoundBody::Select(select) => {
                let values = select.items.iter().chain(&select.filter).chain(&select.group_by);
                values.chain(&select.having).for_each(|value| value.walk(visit));
                select.from.iter().for_each(|from| from.walk(visit));
            }
            BoundBody::Set { operands, .. } => operands.iter().for_each(|part| part.walk(visit)),
            BoundBody::Nested(query) => query.walk(visit),
            BoundBody::Values(rows) => rows.iter().flatten().for_each(|value| value.walk(visit)),
        }
    }
}

impl Walk for BoundSource {
    fn walk(&self, visit: &mut dyn FnMut(&Bound)) {
        match self {
            BoundSource::Table { .. } | BoundSource::Cte { .. } | BoundSource::System { .. } => {}
            BoundSource::Derived { query, .. } | BoundSource::Ordered { query, .. } => {
                query.walk(visit);
            }
            BoundSource::Rows { array, .. } => array.walk(visit),
            BoundSource::Join { left, right, on, .. } => {
                left.walk(visit);
                right.walk(visit);
                on.iter().for_each(|on| on.walk(visit));
            }
        }
    }
}

impl Walk for Bound {
    fn walk(&self, visit: &mut dyn FnMut(&Bound)) {
        visit(self);
        match &self.kind {
            Kind::Exists(query) | Kind::Scalar(query) | Kind::InQuery { query, .. } => {
                query.walk(visit);
            }
            _ => {}
        }
        self.children().into_iter().for_each(|child| child.walk(visit));
    }
}
