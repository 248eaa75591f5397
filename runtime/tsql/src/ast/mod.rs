//! The syntax tree of T-SQL.
//!
//! The tree says what was written and no more: names are not looked up, types of expressions
//! are not known, and predicates share [`Expr`] with values (a binder tells them apart).
//! Every [`Statement`] has the [`Span`] of its source, so that a database which reads T-SQL
//! itself is given the text; what this parser does not read is [`StatementKind::Opaque`].
//!
//! The tree's height is bounded ([`crate::MAX_NESTING`], [`crate::MAX_EXPRESSION_HEIGHT`]), so
//! recursing over it, cloning and dropping it are safe. Enums that will grow are
//! `#[non_exhaustive]`: their users need an arm that says «not supported».

mod cursor;
mod data_type;
mod execute;
mod expression;
mod governor;
mod literal;
mod module;
mod name;
mod query;
mod security;
mod sequence;
mod statement;
mod table;
mod write;

pub use cursor::{
    CurrentOf, CursorConcurrency, CursorDefinition, CursorModel, CursorName, DeclareCursor, Fetch,
    FetchCount, FetchDirection,
};
pub use data_type::{TypeKind, TypeName};
pub use execute::{
    Argument, ArgumentValue, Execute, ExecuteText, ProcedureName, ResultColumn, ResultSet,
    ResultSets,
};
pub use expression::{
    BinaryOperator, CaseBranch, ColumnName, CompareOperator, Expr, ExprKind, FrameBound, FrameUnit,
    FunctionArguments, FunctionCall, Niladic, Quantifier, UnaryOperator, Window, WindowFrame,
};
pub use governor::{Affinity, Governor, GroupDefinition, PoolDefinition, Setting, SettingValue};
pub use literal::Literal;
pub use module::{
    CreateFunction, CreateProcedure, CreateView, DefineAction, FunctionBody, ParameterDefinition,
};
pub use name::{Identifier, ObjectName, fold_name, same_name};
pub use query::{
    Cte, ForClause, ForMode, GroupBy, GroupingSet, Join, JoinKind, JsonColumn, NamedWindow,
    OffsetFetch, OrderItem, Pivot, Query, QueryBody, Select, SelectItem, SetOperator, TableHint,
    TableSample, TableSource, TableSourceKind, Top, Unpivot,
};
pub use security::{
    ExecutionContext, LoginChange, LoginOption, PasswordOption, PasswordValue, PermissionChange,
    PermissionName, PermissionVerb, PrincipalKind, RoleChange, SecurableName, Security, UserLogin,
    UserOption,
};
pub use sequence::{SequenceCache, SequenceDefinition, SequenceLimit, SequenceRestart};
pub use statement::{
    AlterIndex, Batch, CreateDatabase, CreateIndex, CreateSchema, CreateSynonym, CreateType, Dbcc,
    Declaration, Drop, DropKind, Mention, MentionKind, Opaque, RaiseError, SetOption, SetValue,
    SetVariable, Statement, StatementKind, Throw, Transaction, TransactionName, TypeBase, WaitFor,
};
pub use table::{
    AlterTable, AlterTableAction, ColumnDefault, ColumnDefinition, ColumnSource, Constraint,
    ConstraintKind, CreateTable, ForeignKey, IdentityColumn, IndexColumn, IndexDefinition,
    ReferentialAction, TableDefinition, TablePart,
};
pub use write::{
    AssignOperator, Assignment, BulkColumn, Delete, Insert, InsertBulk, InsertSource, Merge,
    MergeAction, MergeBranch, MergeWhen, Output, Target, Update,
};

/// A range of bytes in the source of the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

// === impl Span ===

impl Span {
    /// The text of the span; empty when `source` is not the text that was parsed.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or_default()
    }
}
