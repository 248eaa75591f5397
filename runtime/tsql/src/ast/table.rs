//! Tables' definitions.

use super::{Expr, Identifier, ObjectName, Span, TypeName};

/// `CREATE TABLE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub name: ObjectName,
    /// Its columns and constraints.
    pub definition: TableDefinition,
}

/// Columns and constraints: of a table, a table variable or a function's result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDefinition {
    /// The columns, in order.
    pub columns: Vec<ColumnDefinition>,
    /// The constraints that stand by themselves.
    pub constraints: Vec<Constraint>,
    /// The indexes, those within columns as well.
    pub indexes: Vec<IndexDefinition>,
}

/// What an index is, in a statement of its own or in a table's definition.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexDefinition {
    /// `UNIQUE`
    pub unique: bool,
    /// CLUSTERED (true) or NONCLUSTERED (false), when written.
    pub clustered: Option<bool>,
    /// Its name.
    pub name: Identifier,
    /// The key.
    pub columns: Vec<IndexColumn>,
    /// `INCLUDE (…)`
    pub include: Vec<Identifier>,
    /// `WHERE …`
    pub filter: Option<Expr>,
    /// The line it stands on.
    pub line: u32,
}

/// `name type …` or `name AS expression`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// The name.
    pub name: Identifier,
    /// Where its values come from.
    pub source: ColumnSource,
    /// `COLLATE`
    pub collation: Option<Identifier>,
    /// NULL (true) or NOT NULL (false), when written.
    pub nullable: Option<bool>,
    /// `IDENTITY`
    pub identity: Option<IdentityColumn>,
    /// `DEFAULT`
    pub default: Option<ColumnDefault>,
    /// `ROWGUIDCOL`
    pub row_guid: bool,
    /// The other constraints. The column lists of a key are empty here: they mean this column.
    pub constraints: Vec<Constraint>,
    /// Where it stands.
    pub span: Span,
    /// The line it stands on.
    pub line: u32,
}

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnSource {
    /// They are stored.
    Stored(TypeName),
    /// `AS expression`
    Computed {
        /// The expression.
        value: Expr,
        /// `PERSISTED`
        persisted: bool,
    },
}

/// `IDENTITY [(seed, increment)]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityColumn {
    /// The first value; 1 when not written.
    pub seed: i64,
    /// The step; 1 when not written.
    pub increment: i64,
}

/// `[CONSTRAINT name] DEFAULT value [WITH VALUES]`
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefault {
    /// The constraint's name.
    pub name: Option<Identifier>,
    /// The value.
    pub value: Expr,
    /// `WITH VALUES`: rows that exist get it too.
    pub with_values: bool,
}

/// `[CONSTRAINT name] …`
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name; one is made up when absent.
    pub name: Option<Identifier>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// The line it stands on.
    pub line: u32,
}

/// What a [`Constraint`] demands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// `PRIMARY KEY`
    PrimaryKey {
        /// CLUSTERED (true) or NONCLUSTERED (false), when written.
        clustered: Option<bool>,
        /// The columns.
        columns: Vec<IndexColumn>,
    },
    /// `UNIQUE`
    Unique {
        /// CLUSTERED (true) or NONCLUSTERED (false), when written.
        clustered: Option<bool>,
        /// The columns.
        columns: Vec<IndexColumn>,
    },
    /// `CHECK (predicate)`
    Check(Expr),
    /// `[FOREIGN KEY (columns)] REFERENCES …`
    ForeignKey(ForeignKey),
    /// `DEFAULT value FOR column`: in ALTER TABLE only.
    Default {
        /// The value.
        value: Expr,
        /// The column.
        column: Identifier,
    },
}

/// A column of a key or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexColumn {
    /// The column.
    pub name: Identifier,
    /// `DESC`
    pub descending: bool,
}

/// `FOREIGN KEY (columns) REFERENCES table (columns) …`
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    /// The columns here.
    pub columns: Vec<Identifier>,
    /// The other table.
    pub table: ObjectName,
    /// Its columns; its primary key when empty.
    pub references: Vec<Identifier>,
    /// `ON DELETE`
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`
    pub on_update: ReferentialAction,
}

/// What a change of the other table's row does here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferentialAction {
    /// It is refused.
    #[default]
    NoAction,
    /// It is done here too.
    Cascade,
    /// The columns become NULL.
    SetNull,
    /// The columns become their default.
    SetDefault,
}

/// `ALTER TABLE name …`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub name: ObjectName,
    /// What is changed.
    pub action: AlterTableAction,
}

/// What [`AlterTableAction::Drop`] drops.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePart {
    /// `COLUMN`; else it is a constraint.
    pub column: bool,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: Identifier,
}

/// What [`AlterTable`] changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AlterTableAction {
    /// `ADD columns and constraints`
    Add(TableDefinition),
    /// `DROP …`: columns and constraints, in their order.
    Drop(Vec<TablePart>),
    /// `CHECK CONSTRAINT { ALL | … }`: these are heeded again.
    CheckConstraints {
        /// The constraints; none for all.
        names: Vec<Identifier>,
    },
    /// `ALTER COLUMN name type …`
    AlterColumn(Box<ColumnDefinition>),
    /// How the table or a column of it is stored, locked or replicated: `REBUILD`,
    /// `SET (LOCK_ESCALATION = …)`, `ALTER COLUMN name ADD SPARSE`.
    Keep {
        /// The column, when it is about one.
        column: Option<Identifier>,
    },
}
