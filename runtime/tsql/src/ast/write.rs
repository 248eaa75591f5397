//! Statements that change rows.

use super::{
    ColumnName, Cte, CurrentOf, Execute, ExecuteText, Expr, Identifier, ObjectName, Query,
    SelectItem, TableHint, TableSource, Top, TypeName,
};

/// The table that a statement changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A table, a view, or an alias from the statement's FROM.
    Table(ObjectName),
    /// A table variable, with its `@`.
    Variable {
        /// The name.
        name: String,
        /// The line it stands on.
        line: u32,
    },
}

/// `INSERT`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The common table expressions before it.
    pub ctes: Vec<Cte>,
    /// `TOP (n)`
    pub top: Option<Top>,
    /// The table.
    pub target: Target,
    /// `WITH (TABLOCK)`
    pub hints: Vec<TableHint>,
    /// The columns; all when empty.
    pub columns: Vec<Identifier>,
    /// `OUTPUT`: none, one, or one with INTO and one without.
    pub outputs: Vec<Output>,
    /// The rows.
    pub source: InsertSource,
    /// The hints of `OPTION (…)`, as written.
    pub options: Vec<String>,
}

/// The rows of an [`Insert`].
#[derive(Clone, Debug, PartialEq)]
pub enum InsertSource {
    /// `VALUES (…), (…)`
    Values(Vec<Vec<Expr>>),
    /// A query.
    Query(Box<Query>),
    /// `DEFAULT VALUES`
    DefaultValues,
    /// `EXEC procedure …`
    Execute(Box<Execute>),
    /// `EXEC ('text')`
    ExecuteText(Box<ExecuteText>),
}

/// `INSERT BULK`: the rows come in a message of their own. That triggers fire, that a lock is
/// taken, and how many rows or which order to expect is read over.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertBulk {
    /// The table.
    pub target: ObjectName,
    /// The columns in the order of the rows' values; all when empty.
    pub columns: Vec<BulkColumn>,
    /// `KEEP_NULLS`: NULL stays NULL where the column has a default.
    pub keep_nulls: bool,
}

/// A column of an `INSERT BULK`. Its collation and whether it takes NULL are read over.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkColumn {
    /// The name.
    pub name: Identifier,
    /// The type that the client believes the column to have.
    pub type_name: TypeName,
}

/// `UPDATE`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The common table expressions before it.
    pub ctes: Vec<Cte>,
    /// `TOP (n)`
    pub top: Option<Top>,
    /// The table.
    pub target: Target,
    /// `WITH (ROWLOCK)`
    pub hints: Vec<TableHint>,
    /// `SET …`: one or more.
    pub assignments: Vec<Assignment>,
    /// `OUTPUT`
    pub outputs: Vec<Output>,
    /// `FROM …`
    pub from: Vec<TableSource>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `WHERE CURRENT OF`, in the filter's place.
    pub current_of: Option<CurrentOf>,
    /// The hints of `OPTION (…)`, as written.
    pub options: Vec<String>,
}

// === impl Update ===

impl Update {
    /// Whether it assigns to variables.
    pub fn sets_variables(&self) -> bool {
        self.assignments.iter().any(|assignment| assignment.variable.is_some())
    }

    /// The variables that it assigns, each once.
    pub fn assigned(&self) -> Vec<&str> {
        let mut variables: Vec<&str> = Vec::new();
        for variable in self.assignments.iter().filter_map(|one| one.variable.as_deref()) {
            if !variables.iter().any(|known| known.eq_ignore_ascii_case(variable)) {
                variables.push(variable);
            }
        }
        variables
    }
}

/// `column = value`, `@v = value` or `@v = column = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable, with its `@`.
    pub variable: Option<String>,
    /// The column.
    pub column: Option<ColumnName>,
    /// `=`, `+=` …
    pub operator: AssignOperator,
    /// The value; [`super::ExprKind::Default`] is allowed.
    pub value: Expr,
    /// The line it stands on.
    pub line: u32,
}

/// `DELETE`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The common table expressions before it.
    pub ctes: Vec<Cte>,
    /// `TOP (n)`
    pub top: Option<Top>,
    /// The table.
    pub target: Target,
    /// `WITH (ROWLOCK)`
    pub hints: Vec<TableHint>,
    /// `OUTPUT`
    pub outputs: Vec<Output>,
    /// The second `FROM …`
    pub from: Vec<TableSource>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `WHERE CURRENT OF`, in the filter's place.
    pub current_of: Option<CurrentOf>,
    /// The hints of `OPTION (…)`, as written.
    pub options: Vec<String>,
}

/// `MERGE target USING source ON condition WHEN …`
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The common table expressions before it.
    pub ctes: Vec<Cte>,
    /// `TOP (n)`
    pub top: Option<Top>,
    /// The table that is changed.
    pub target: Target,
    /// `WITH (HOLDLOCK)`
    pub hints: Vec<TableHint>,
    /// The name given to it.
    pub alias: Option<Identifier>,
    /// `USING …`
    pub source: TableSource,
    /// `ON …`
    pub condition: Expr,
    /// `WHEN …`: one or more.
    pub branches: Vec<MergeBranch>,
    /// `OUTPUT`
    pub outputs: Vec<Output>,
    /// The hints of `OPTION (…)`, as written.
    pub options: Vec<String>,
}

/// `WHEN [NOT] MATCHED [BY …] [AND condition] THEN action`
#[derive(Clone, Debug, PartialEq)]
pub struct MergeBranch {
    /// Which rows.
    pub when: MergeWhen,
    /// `AND condition`
    pub condition: Option<Expr>,
    /// What is done with them.
    pub action: MergeAction,
    /// The line it begins on.
    pub line: u32,
}

/// Which rows a [`MergeBranch`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeWhen {
    /// `MATCHED`: rows of both.
    Matched,
    /// `NOT MATCHED [BY TARGET]`: rows of the source alone.
    NotMatchedByTarget,
    /// `NOT MATCHED BY SOURCE`: rows of the target alone.
    NotMatchedBySource,
}

/// What a [`MergeBranch`] does.
#[derive(Clone, Debug, PartialEq)]
pub enum MergeAction {
    /// `UPDATE SET …`
    Update(Vec<Assignment>),
    /// `DELETE`
    Delete,
    /// `INSERT [(columns)] VALUES (…)`
    Insert {
        /// The columns; all when empty.
        columns: Vec<Identifier>,
        /// The values; none for `DEFAULT VALUES`.
        values: Option<Vec<Expr>>,
    },
}

/// `OUTPUT items [INTO target [(columns)]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Values over `inserted` and `deleted`.
    pub items: Vec<SelectItem>,
    /// Where they go; to the client when absent.
    pub into: Option<Target>,
    /// The columns of `into`; all when empty.
    pub columns: Vec<Identifier>,
}

/// `=` or a compound assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignOperator {
    /// `=`
    Assign,
    /// `+=`
    Add,
    /// `-=`
    Subtract,
    /// `*=`
    Multiply,
    /// `/=`
    Divide,
    /// `%=`
    Modulo,
    /// `&=`
    BitAnd,
    /// `|=`
    BitOr,
    /// `^=`
    BitXor,
}

// === impl AssignOperator ===

impl AssignOperator {
    /// The operator that a compound assignment applies to the old value; `None` for `=`.
    pub fn binary(self) -> Option<super::BinaryOperator> {
        use super::BinaryOperator as Binary;
        match self {
            AssignOperator::Assign => None,
            AssignOperator::Add => Some(Binary::Add),
            AssignOperator::Subtract => Some(Binary::Subtract),
            AssignOperator::Multiply => Some(Binary::Multiply),
            AssignOperator::Divide => Some(Binary::Divide),
            AssignOperator::Modulo => Some(Binary::Modulo),
            AssignOperator::BitAnd => Some(Binary::BitAnd),
            AssignOperator::BitOr => Some(Binary::BitOr),
            AssignOperator::BitXor => Some(Binary::BitXor),
        }
    }
}
