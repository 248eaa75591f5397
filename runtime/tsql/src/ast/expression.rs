//! Values and predicates.

use super::{Identifier, Literal, ObjectName, OrderItem, Query, Span, TypeName};

/// A value or predicate.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands; enclosing parentheses are outside.
    pub span: Span,
    /// The line it begins on.
    pub line: u32,
}

/// What an [`Expr`] is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// `@name`, with its `@`.
    Variable(String),
    /// `@@NAME`, with its `@@`.
    GlobalVariable(String),
    /// A column. As first argument of DATEADD and its kin, the name of a date part.
    Column(ColumnName),
    /// `IDENTITY(type, seed, increment)`: in SELECT … INTO only.
    Identity {
        /// The type.
        target: TypeName,
        /// The first value.
        seed: i64,
        /// What each further one has more.
        increment: i64,
    },
    /// `%%physloc%%`: where a row is stored. SQL Server has it without documentation.
    RowLocator,
    /// `DEFAULT`: in VALUES, UPDATE … SET and arguments of users' functions only.
    Default,
    /// `-x`, `+x`, `~x`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// What it applies to.
        operand: Box<Expr>,
    },
    /// Arithmetic, concatenation, bits.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `a AND b AND c`: two or more.
    And(Vec<Expr>),
    /// `a OR b OR c`: two or more.
    Or(Vec<Expr>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `a = b`
    Compare {
        /// The operator.
        operator: CompareOperator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `a = ANY (SELECT …)`
    CompareQuery {
        /// The operator.
        operator: CompareOperator,
        /// The left operand.
        left: Box<Expr>,
        /// ALL or ANY.
        quantifier: Quantifier,
        /// The subquery.
        query: Box<Query>,
    },
    /// `a IS [NOT] DISTINCT FROM b`
    Distinct {
        /// Whether NOT was written.
        negated: bool,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `a [NOT] BETWEEN low AND high`
    Between {
        /// Whether NOT was written.
        negated: bool,
        /// What is looked at.
        operand: Box<Expr>,
        /// The lower bound, included.
        low: Box<Expr>,
        /// The upper bound, included.
        high: Box<Expr>,
    },
    /// `a [NOT] IN (1, 2)`
    InList {
        /// Whether NOT was written.
        negated: bool,
        /// What is looked for.
        operand: Box<Expr>,
        /// One or more values.
        list: Vec<Expr>,
    },
    /// `a [NOT] IN (SELECT …)`
    InQuery {
        /// Whether NOT was written.
        negated: bool,
        /// What is looked for.
        operand: Box<Expr>,
        /// The subquery.
        query: Box<Query>,
    },
    /// `a [NOT] LIKE pattern [ESCAPE escape]`
    Like {
        /// Whether NOT was written.
        negated: bool,
        /// What is looked at.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// The escape character.
        escape: Option<Box<Expr>>,
    },
    /// `a IS [NOT] NULL`
    IsNull {
        /// Whether NOT was written.
        negated: bool,
        /// What is looked at.
        operand: Box<Expr>,
    },
    /// `EXISTS (SELECT …)`
    Exists(Box<Query>),
    /// `(SELECT …)` as a value.
    Subquery(Box<Query>),
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`
    Case {
        /// What the simple form compares; absent in the searched form.
        operand: Option<Box<Expr>>,
        /// One or more branches.
        branches: Vec<CaseBranch>,
        /// The value after ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`, `TRY_CAST(x AS type)`
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// The target; its default length is [`TypeName::cast`]'s.
        target: TypeName,
        /// TRY_CAST: NULL instead of an error.
        lenient: bool,
    },
    /// `CONVERT(type, x [, style])`, `TRY_CONVERT(…)`
    Convert {
        /// What is converted.
        operand: Box<Expr>,
        /// The target; its default length is [`TypeName::cast`]'s.
        target: TypeName,
        /// The style.
        style: Option<Box<Expr>>,
        /// TRY_CONVERT: NULL instead of an error.
        lenient: bool,
    },
    /// `PARSE(x AS type [USING culture])`, `TRY_PARSE(…)`
    Parse {
        /// What is converted.
        operand: Box<Expr>,
        /// The target.
        target: TypeName,
        /// The culture.
        culture: Option<Box<Expr>>,
        /// TRY_PARSE: NULL instead of an error.
        lenient: bool,
    },
    /// A call. IIF, COALESCE, NULLIF, LEFT and RIGHT are ordinary calls.
    Function(Box<FunctionCall>),
    /// `CURRENT_TIMESTAMP` and other functions without parentheses.
    Niladic(Niladic),
    /// `(SELECT … FOR XML …).value('path', 'type')`
    XmlValue {
        /// The XML.
        operand: Box<Expr>,
        /// The XQuery expression.
        path: String,
        /// The type of the value.
        target: TypeName,
    },
    /// `x COLLATE name`
    Collate {
        /// The text.
        operand: Box<Expr>,
        /// The collation.
        collation: Identifier,
    },
    /// `x AT TIME ZONE zone`
    AtTimeZone {
        /// The date and time.
        operand: Box<Expr>,
        /// The zone.
        zone: Box<Expr>,
    },
    /// `NEXT VALUE FOR sequence [OVER (ORDER BY …)]`
    NextValue {
        /// The sequence.
        name: Box<ObjectName>,
        /// In which order rows get its values: ORDER BY and nothing else.
        over: Option<Box<Window>>,
    },
}

/// A column, qualified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// The table, alias or longer qualifier.
    pub table: Option<Box<ObjectName>>,
    /// The column's own name. `$identity` and `$rowguid` keep their `$`.
    pub name: Identifier,
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `~`
    BitNot,
}

/// An infix operator on values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `+`: sum or concatenation.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// An infix operator that compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOperator {
    /// `=`
    Equal,
    /// `<>` or `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=` or `!>`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=` or `!<`
    GreaterOrEqual,
}

/// How a comparison with a subquery holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// For every row.
    All,
    /// For one row at least: `ANY` or `SOME`.
    Any,
}

/// `WHEN condition THEN value`
#[derive(Clone, Debug, PartialEq)]
pub struct CaseBranch {
    /// A predicate in the searched form, a value in the simple form.
    pub condition: Expr,
    /// The result.
    pub value: Expr,
}

/// `name(arguments)` with what may follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The name. `TRIM(LEADING c FROM x)` is given as `LTRIM(x, c)`, TRAILING as `RTRIM`,
    /// BOTH as `TRIM(x, c)`; `JSON_OBJECT(a : b)` as `JSON_OBJECT(a, b)`.
    pub name: ObjectName,
    /// Whether DISTINCT stands before the arguments.
    pub distinct: bool,
    /// The arguments.
    pub arguments: FunctionArguments,
    /// `WITHIN GROUP (ORDER BY …)`
    pub within_group: Vec<OrderItem>,
    /// `IGNORE NULLS` (true) or `RESPECT NULLS` (false); of JSON_OBJECT and JSON_ARRAY `ABSENT
    /// ON NULL` (true) or `NULL ON NULL` (false).
    pub ignore_nulls: Option<bool>,
    /// `OVER (…)`
    pub over: Option<Window>,
}

/// What stands between a call's parentheses.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionArguments {
    /// `*`, as in `COUNT(*)`.
    Star,
    /// Values, none or more.
    List(Vec<Expr>),
}

/// `OVER ([PARTITION BY …] [ORDER BY …] [frame])`
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The name of a window from the WINDOW clause.
    pub base: Option<Identifier>,
    /// The partitioning values.
    pub partition_by: Vec<Expr>,
    /// The order within a partition.
    pub order_by: Vec<OrderItem>,
    /// The frame.
    pub frame: Option<WindowFrame>,
}

/// `ROWS BETWEEN … AND …`
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFrame {
    /// ROWS or RANGE.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends; the current row when absent.
    pub end: Option<FrameBound>,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// `ROWS`
    Rows,
    /// `RANGE`
    Range,
}

/// An end of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`
    UnboundedPreceding,
    /// `n PRECEDING`
    Preceding(u64),
    /// `CURRENT ROW`
    CurrentRow,
    /// `n FOLLOWING`
    Following(u64),
    /// `UNBOUNDED FOLLOWING`
    UnboundedFollowing,
}

/// A function that is called without parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Niladic {
    /// `CURRENT_TIMESTAMP`
    CurrentTimestamp,
    /// `CURRENT_USER`
    CurrentUser,
    /// `SESSION_USER`
    SessionUser,
    /// `SYSTEM_USER`
    SystemUser,
    /// `USER`
    User,
}
