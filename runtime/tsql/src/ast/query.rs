//! Queries.

use super::write::AssignOperator;
use super::{Expr, FunctionCall, Identifier, ObjectName, Span, TypeName, Window};

/// A query: `[WITH …] SELECT … [ORDER BY …] [FOR …] [OPTION …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The common table expressions before it. Those of INSERT, UPDATE and DELETE are with
    /// these statements.
    pub ctes: Vec<Cte>,
    /// The rows.
    pub body: QueryBody,
    /// `ORDER BY`
    pub order_by: Vec<OrderItem>,
    /// `OFFSET … FETCH …`
    pub offset: Option<OffsetFetch>,
    /// `FOR JSON`, `FOR XML`, `FOR BROWSE`
    pub for_clause: Option<ForClause>,
    /// The hints of `OPTION (…)`, as written.
    pub options: Vec<String>,
    /// Where `body` stands.
    pub body_span: Span,
    /// Where `body` stands, with `ORDER BY` and `OFFSET`.
    pub ordered_span: Span,
    /// Where it stands.
    pub span: Span,
    /// The line it begins on.
    pub line: u32,
}

impl Query {
    /// The variables that it assigns, in the order of its columns and each with its `@`: `None` for a
    /// query that gives rows.
    pub fn assigned(&self) -> Option<Vec<&str>> {
        let QueryBody::Select(select) = &self.body else { return None };
        let assigned = select.items.iter().map(|item| match item {
            SelectItem::Assign { variable, .. } => Some(variable.as_str()),
            _ => None,
        });
        assigned.collect()
    }
}

/// `name [(columns)] AS (query)`
#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    /// The name.
    pub name: Identifier,
    /// Names for its columns.
    pub columns: Vec<Identifier>,
    /// Its rows.
    pub query: Query,
}

/// Where a query's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// `SELECT …`
    Select(Box<Select>),
    /// Two or more operands of one operator, applied from left to right:
    /// `a UNION ALL b UNION ALL c`.
    SetOperation {
        /// The operator between every two operands.
        operator: SetOperator,
        /// The operands.
        operands: Vec<QueryBody>,
    },
    /// `(query)`
    Nested(Box<Query>),
}

/// An operator between queries. INTERSECT binds tighter than the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// `UNION`
    Union,
    /// `UNION ALL`
    UnionAll,
    /// `EXCEPT`
    Except,
    /// `INTERSECT`
    Intersect,
}

/// `SELECT …` up to HAVING.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: bool,
    /// `TOP (n)`
    pub top: Option<Top>,
    /// One or more items.
    pub items: Vec<SelectItem>,
    /// Where they stand.
    pub list: Span,
    /// `INTO table`
    pub into: Option<ObjectName>,
    /// `FROM`: comma-separated; empty when absent.
    pub from: Vec<TableSource>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`
    pub group_by: Option<GroupBy>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `WINDOW name AS (…), …`
    pub windows: Vec<NamedWindow>,
    /// Where it stands.
    pub span: Span,
    /// The line it begins on.
    pub line: u32,
}

/// `name AS ([base] [PARTITION BY …] [ORDER BY …] [frame])`
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWindow {
    /// The name by which OVER and other windows refer to it.
    pub name: Identifier,
    /// The window.
    pub window: Window,
}

/// `TOP (count) [PERCENT] [WITH TIES]`
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// How many rows, or which share of them.
    pub count: Expr,
    /// `PERCENT`
    pub percent: bool,
    /// `WITH TIES`
    pub with_ties: bool,
}

/// What SELECT (or OUTPUT) lists.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`
    Star {
        /// The line it stands on.
        line: u32,
    },
    /// `t.*`
    TableStar(Box<ObjectName>),
    /// `x`, `x AS alias`, `alias = x`
    Value {
        /// The value.
        value: Expr,
        /// The name given to it.
        alias: Option<Identifier>,
    },
    /// `@v = x`: then every item is one, and no rows are returned.
    Assign {
        /// The variable, with its `@`.
        variable: String,
        /// `=`, `+=` …
        operator: AssignOperator,
        /// The value.
        value: Expr,
        /// The line it stands on.
        line: u32,
    },
}

/// What stands in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSource {
    /// What it is.
    pub kind: TableSourceKind,
    /// The name given to it; a join has none.
    pub alias: Option<Identifier>,
    /// Names for its columns: `AS alias (a, b)`.
    pub columns: Vec<Identifier>,
    /// The line it begins on.
    pub line: u32,
}

/// What a [`TableSource`] is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TableSourceKind {
    /// A table, view or common table expression.
    Table {
        /// Its name.
        name: ObjectName,
        /// `TABLESAMPLE (…)`
        sample: Option<Box<TableSample>>,
        /// `WITH (NOLOCK, …)`
        hints: Vec<TableHint>,
    },
    /// `@t`: a table variable, with its `@`.
    Variable(String),
    /// `(SELECT …) AS alias`
    Derived(Box<Query>),
    /// `(VALUES (1, 2), (3, 4)) AS alias (a, b)`
    Values(Vec<Vec<Expr>>),
    /// `function(arguments)`
    Function {
        /// The call.
        call: Box<FunctionCall>,
        /// The columns of `OPENJSON(…) WITH (…)`.
        json_columns: Vec<JsonColumn>,
    },
    /// `left JOIN right ON …`
    Join(Box<Join>),
    /// `source PIVOT (…) AS alias`
    Pivot(Box<Pivot>),
    /// `source UNPIVOT (…) AS alias`
    Unpivot(Box<Unpivot>),
}

/// `source PIVOT (aggregate(value) FOR column IN ([a], …))`
#[derive(Clone, Debug, PartialEq)]
pub struct Pivot {
    /// What is turned.
    pub source: TableSource,
    /// What becomes of the values.
    pub aggregate: FunctionCall,
    /// The column whose values become columns.
    pub column: Identifier,
    /// These values.
    pub values: Vec<Identifier>,
}

/// `source UNPIVOT (value FOR column IN (a, …))`
#[derive(Clone, Debug, PartialEq)]
pub struct Unpivot {
    /// What is turned.
    pub source: TableSource,
    /// The new column of the values.
    pub value: Identifier,
    /// The new column of the columns' names.
    pub column: Identifier,
    /// The columns that become rows.
    pub columns: Vec<Identifier>,
}

/// `left JOIN right [ON condition]`
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which kind.
    pub kind: JoinKind,
    /// The left side.
    pub left: TableSource,
    /// The right side.
    pub right: TableSource,
    /// Present unless the kind is CROSS or APPLY.
    pub condition: Option<Expr>,
}

/// How two sources are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `[INNER] JOIN`
    Inner,
    /// `LEFT [OUTER] JOIN`
    Left,
    /// `RIGHT [OUTER] JOIN`
    Right,
    /// `FULL [OUTER] JOIN`
    Full,
    /// `CROSS JOIN`
    Cross,
    /// `CROSS APPLY`
    CrossApply,
    /// `OUTER APPLY`
    OuterApply,
}

/// A hint on a table, such as `NOLOCK` or `INDEX(ix)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableHint {
    /// Its name in upper case.
    pub name: String,
    /// What stands in its parentheses, or after its `=`, as written.
    pub arguments: Option<String>,
}

/// `TABLESAMPLE [SYSTEM] (amount [PERCENT | ROWS]) [REPEATABLE (seed)]`
#[derive(Clone, Debug, PartialEq)]
pub struct TableSample {
    /// How much.
    pub amount: Expr,
    /// Rows rather than percent.
    pub rows: bool,
    /// The seed.
    pub repeatable: Option<Expr>,
}

/// A column of `OPENJSON(…) WITH (name type ['path'] [AS JSON])`.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonColumn {
    /// Its name.
    pub name: Identifier,
    /// Its type.
    pub type_name: TypeName,
    /// Its path.
    pub path: Option<String>,
    /// `AS JSON`
    pub as_json: bool,
}

/// `GROUP BY …`
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// One or more elements; each row is grouped by their combinations.
    pub elements: Vec<GroupingSet>,
}

/// An element of GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupingSet {
    /// A value.
    Value(Expr),
    /// `(a, b)` as one element of the others, or `()` for the total.
    Composite(Vec<Expr>),
    /// `ROLLUP (…)`
    Rollup(Vec<GroupingSet>),
    /// `CUBE (…)`
    Cube(Vec<GroupingSet>),
    /// `GROUPING SETS (…)`
    Sets(Vec<GroupingSet>),
}

/// `x [ASC | DESC]`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What to order by; a whole number is a column's position.
    pub value: Expr,
    /// `DESC`
    pub descending: bool,
}

/// `OFFSET n ROWS [FETCH NEXT m ROWS ONLY]`
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetch {
    /// How many rows to leave out.
    pub offset: Expr,
    /// How many rows to return.
    pub fetch: Option<Expr>,
}

/// `FOR JSON …`, `FOR XML …`, `FOR BROWSE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForClause {
    /// Which.
    pub mode: ForMode,
    /// The options after it, as written, in upper case where they are words:
    /// `ROOT('x')`, `WITHOUT_ARRAY_WRAPPER`.
    pub options: Vec<TableHint>,
}

/// What a [`ForClause`] makes of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForMode {
    /// `FOR BROWSE`
    Browse,
    /// `FOR JSON AUTO`
    JsonAuto,
    /// `FOR JSON PATH`
    JsonPath,
    /// `FOR XML RAW`
    XmlRaw,
    /// `FOR XML AUTO`
    XmlAuto,
    /// `FOR XML EXPLICIT`
    XmlExplicit,
    /// `FOR XML PATH`
    XmlPath,
}
