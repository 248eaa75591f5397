//! Batches and statements.

use std::sync::Arc;

use super::{
    AlterTable, AssignOperator, CreateFunction, CreateProcedure, CreateTable, CreateView,
    CursorDefinition, CursorName, DeclareCursor, Delete, Execute, ExecuteText, Expr, Fetch,
    Governor, Identifier, IndexDefinition, Insert, InsertBulk, Literal, Merge, ObjectName, Query,
    Security, SequenceDefinition, Span, TableDefinition, TypeName, Update,
};

/// A batch that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its text.
    pub source: Arc<str>,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// The variables that it names, in order; not those of opaque statements.
    pub mentions: Vec<Mention>,
    /// The tables, views, functions and procedures that it reads, changes or calls, as they are
    /// written; not those of opaque statements. A name can also be an alias's or a common table
    /// expression's.
    pub references: Vec<ObjectName>,
    /// The sequences that it takes values from.
    pub sequences: Vec<ObjectName>,
}

/// A place where a batch names a variable.
///
/// A variable is declared where its DECLARE stands in the text, whether that is run or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The name, with its `@`.
    pub name: String,
    /// How it is named.
    pub kind: MentionKind,
    /// The line it stands on.
    pub line: u32,
}

/// How a [`Mention`] names a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MentionKind {
    /// By DECLARE, or as a parameter of what the batch defines.
    Declaration {
        /// Whether it is declared as a table; unknown when it has a type of the user's.
        table: Option<bool>,
    },
    /// Where a value is read or set.
    Scalar,
    /// Where a table is read or changed.
    Table,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it stands in the batch, without the `;` after it.
    pub span: Span,
    /// The line it begins on, from 1.
    pub line: u32,
}

/// What a [`Statement`] is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatementKind {
    /// `DECLARE …`
    Declare(Vec<Declaration>),
    /// `DECLARE name CURSOR …`
    DeclareCursor(Box<DeclareCursor>),
    /// `OPEN cursor`
    Open(CursorName),
    /// `FETCH …`
    Fetch(Box<Fetch>),
    /// `CLOSE cursor`
    Close(CursorName),
    /// `DEALLOCATE cursor`
    Deallocate(CursorName),
    /// `SET @v = x`
    SetVariable(SetVariable),
    /// `SET @v = CURSOR …`
    SetCursor {
        /// The variable, with its `@`.
        variable: String,
        /// The cursor.
        cursor: Box<CursorDefinition>,
    },
    /// `SET option …`
    SetOption(SetOption),
    /// `SELECT …`, assignments included.
    Select(Box<Query>),
    /// `INSERT …`
    Insert(Box<Insert>),
    /// `INSERT BULK …`
    InsertBulk(Box<InsertBulk>),
    /// `UPDATE …`
    Update(Box<Update>),
    /// `DELETE …`
    Delete(Box<Delete>),
    /// `MERGE …;`
    Merge(Box<Merge>),
    /// `TRUNCATE TABLE name`
    Truncate(ObjectName),
    /// `CREATE TABLE …`
    CreateTable(Box<CreateTable>),
    /// `ALTER TABLE …`
    AlterTable(Box<AlterTable>),
    /// `CREATE INDEX …`
    CreateIndex(Box<CreateIndex>),
    /// `CREATE DATABASE …`
    CreateDatabase(CreateDatabase),
    /// `CREATE SCHEMA …`
    CreateSchema(CreateSchema),
    /// `ALTER INDEX …`
    AlterIndex(AlterIndex),
    /// `CREATE SEQUENCE …`, `ALTER SEQUENCE …`
    Sequence(Box<SequenceDefinition>),
    /// `CREATE SYNONYM name FOR object`
    CreateSynonym(CreateSynonym),
    /// `CREATE TYPE name …`
    CreateType(Box<CreateType>),
    /// `CREATE PROCEDURE …`, `ALTER PROCEDURE …`
    CreateProcedure(Box<CreateProcedure>),
    /// `CREATE FUNCTION …`, `ALTER FUNCTION …`
    CreateFunction(Box<CreateFunction>),
    /// `CREATE VIEW …`, `ALTER VIEW …`
    CreateView(Box<CreateView>),
    /// `DROP TABLE …` and other drops by name.
    Drop(Drop),
    /// A statement about principals, permissions or the execution context.
    Security(Box<Security>),
    /// A statement about resource pools, workload groups or the Resource Governor.
    Governor(Box<Governor>),
    /// `USE database`
    Use(Identifier),
    /// `PRINT x`
    Print(Expr),
    /// `BEGIN TRAN` and its kin.
    Transaction(Transaction),
    /// `BEGIN … END`
    Block(Vec<Statement>),
    /// `IF condition … [ELSE …]`
    If {
        /// The predicate.
        condition: Expr,
        /// What runs when it is true.
        then: Box<Statement>,
        /// What runs when it is not.
        otherwise: Option<Box<Statement>>,
    },
    /// `WHILE condition …`
    While {
        /// The predicate.
        condition: Expr,
        /// What runs as long as it is true.
        body: Box<Statement>,
    },
    /// `BREAK`
    Break,
    /// `CONTINUE`
    Continue,
    /// `RETURN [x]`
    Return(Option<Expr>),
    /// `BEGIN TRY … END TRY BEGIN CATCH … END CATCH`
    TryCatch {
        /// What is tried.
        body: Vec<Statement>,
        /// What runs after an error.
        handler: Vec<Statement>,
    },
    /// `RAISERROR (…)`
    RaiseError(RaiseError),
    /// `THROW [number, message, state]`; without arguments in a CATCH block only.
    Throw(Option<Throw>),
    /// `WAITFOR DELAY …`
    WaitFor(WaitFor),
    /// `GOTO label`
    Goto(Identifier),
    /// `label:`
    Label(Identifier),
    /// `EXEC procedure …`, also without its EXEC at the start of a batch.
    Execute(Box<Execute>),
    /// `EXEC ('text')`
    ExecuteText(Box<ExecuteText>),
    /// `RECONFIGURE [WITH OVERRIDE]`
    Reconfigure {
        /// `WITH OVERRIDE`
        with_override: bool,
    },
    /// What keeps a database fast and changes nothing that a query sees: `UPDATE STATISTICS` and
    /// `CREATE STATISTICS` of a table, `CHECKPOINT` of none.
    Maintain(Option<ObjectName>),
    /// `DBCC …`
    Dbcc(Dbcc),
    /// `KILL spid`
    Kill(Expr),
    /// A statement that this parser doesn't read.
    Opaque(Opaque),
}

/// One variable of DECLARE.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Declaration {
    /// `@v type [= value]`
    Variable {
        /// The name, with its `@`.
        name: String,
        /// The type.
        type_name: TypeName,
        /// The first value; NULL when absent.
        value: Option<Expr>,
        /// The line it stands on.
        line: u32,
    },
    /// `@c CURSOR`
    Cursor {
        /// The name, with its `@`.
        name: String,
        /// The line it stands on.
        line: u32,
    },
    /// `@t TABLE (…)`
    Table {
        /// The name, with its `@`.
        name: String,
        /// Its columns.
        definition: TableDefinition,
        /// The line it stands on.
        line: u32,
    },
}

/// `SET @v = x`
#[derive(Clone, Debug, PartialEq)]
pub struct SetVariable {
    /// The variable, with its `@`.
    pub variable: String,
    /// `=`, `+=` …
    pub operator: AssignOperator,
    /// The value.
    pub value: Expr,
}

/// `SET NOCOUNT ON`, `SET a, b OFF`, `SET TRANSACTION ISOLATION LEVEL READ COMMITTED` …
///
/// Any option is read, known or not.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOption {
    /// The options in upper case, of one word (`NOCOUNT`) or more (`STATISTICS IO`,
    /// `TRANSACTION ISOLATION LEVEL`); several when a comma list is set.
    pub names: Vec<String>,
    /// The table of `IDENTITY_INSERT`.
    pub object: Option<ObjectName>,
    /// The value.
    pub value: SetValue,
}

/// The value of a [`SetOption`].
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// `ON`
    On,
    /// `OFF`
    Off,
    /// A constant, its sign included: `SET LOCK_TIMEOUT -1`.
    Literal(Literal),
    /// Words in upper case: `READ COMMITTED`, `DMY`, `US_ENGLISH`.
    Words(String),
    /// `@v`, with its `@`.
    Variable(String),
}

/// `CREATE [UNIQUE] [CLUSTERED | NONCLUSTERED] INDEX name ON table (columns) …`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// The table.
    pub table: ObjectName,
    /// The index.
    pub index: IndexDefinition,
    /// `DROP_EXISTING = ON`: it takes the place of the index of its name.
    pub replaces: bool,
}

/// `ALTER INDEX { name | ALL } ON table { REBUILD | REORGANIZE } …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterIndex {
    /// The index or key; none for all.
    pub index: Option<Identifier>,
    /// Its table.
    pub table: ObjectName,
}

/// `CREATE DATABASE name [COLLATE collation]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDatabase {
    /// Its name.
    pub name: Identifier,
    /// `COLLATE`
    pub collation: Option<Identifier>,
}

/// `CREATE SCHEMA [name] [AUTHORIZATION owner]`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// Its name; the owner's when not written.
    pub name: Identifier,
    /// `AUTHORIZATION`
    pub owner: Option<Identifier>,
    /// The CREATE TABLE, CREATE VIEW, GRANT, DENY and REVOKE that stand behind it and are part
    /// of it.
    pub elements: Vec<Statement>,
}

/// `CREATE SYNONYM name FOR object`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSynonym {
    /// Its name.
    pub name: ObjectName,
    /// What it stands for.
    pub base: ObjectName,
}

/// `CREATE TYPE name …`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// Its name.
    pub name: ObjectName,
    /// What it is.
    pub base: TypeBase,
}

/// What a [`CreateType`] makes.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeBase {
    /// `FROM type [NULL | NOT NULL]`
    Alias {
        /// The built-in type.
        type_name: TypeName,
        /// `NULL` or `NOT NULL`
        nullable: Option<bool>,
    },
    /// `AS TABLE (…)`
    Table(TableDefinition),
}

/// `DROP kind [IF EXISTS] name, …`
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// What kind of object.
    pub kind: DropKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// One or more.
    pub names: Vec<ObjectName>,
    /// The table of each `DROP INDEX name ON table`; none of the older `DROP INDEX table.name`.
    pub tables: Vec<ObjectName>,
}

/// What a [`Drop`] drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropKind {
    /// `TABLE`
    Table,
    /// `VIEW`
    View,
    /// `PROCEDURE` or `PROC`
    Procedure,
    /// `FUNCTION`
    Function,
    /// `DATABASE`
    Database,
    /// `SCHEMA`
    Schema,
    /// `INDEX`
    Index,
    /// `SEQUENCE`
    Sequence,
    /// `SYNONYM`
    Synonym,
    /// `TYPE`
    Type,
}

/// Transaction statements.
#[derive(Clone, Debug, PartialEq)]
pub enum Transaction {
    /// `BEGIN TRAN [name]`
    Begin {
        /// The name.
        name: Option<TransactionName>,
    },
    /// `COMMIT [TRAN [name] | WORK]`
    Commit {
        /// The name, which SQL Server ignores.
        name: Option<TransactionName>,
    },
    /// `ROLLBACK [TRAN [name] | WORK]`
    Rollback {
        /// The transaction's or savepoint's name.
        name: Option<TransactionName>,
    },
    /// `SAVE TRAN name`
    Save {
        /// The savepoint's name.
        name: TransactionName,
    },
}

/// The name of a transaction or savepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionName {
    /// A name.
    Name(Identifier),
    /// A variable that holds it, with its `@`.
    Variable(String),
}

/// `RAISERROR (message, severity, state, arguments…) [WITH options]`
#[derive(Clone, Debug, PartialEq)]
pub struct RaiseError {
    /// The message's text or number.
    pub message: Expr,
    /// The severity.
    pub severity: Expr,
    /// The state.
    pub state: Expr,
    /// Values for the message's markers.
    pub arguments: Vec<Expr>,
    /// `WITH LOG`
    pub log: bool,
    /// `WITH NOWAIT`
    pub no_wait: bool,
    /// `WITH SETERROR`
    pub set_error: bool,
}

/// `THROW number, message, state`: constants or variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Throw {
    /// 50000 or more.
    pub number: Expr,
    /// The text.
    pub message: Expr,
    /// 0 to 255.
    pub state: Expr,
}

/// `WAITFOR …`
#[derive(Clone, Debug, PartialEq)]
pub enum WaitFor {
    /// `WAITFOR DELAY 'hh:mm:ss'`
    Delay(Expr),
    /// `WAITFOR TIME 'hh:mm:ss'`
    Time(Expr),
}

/// `DBCC command (arguments) [WITH options]`
#[derive(Clone, Debug, PartialEq)]
pub struct Dbcc {
    /// The command, in upper case.
    pub command: String,
    /// The arguments; a name or a word is a string.
    pub arguments: Vec<Literal>,
    /// `WITH NO_INFOMSGS`
    pub quiet: bool,
}

/// A statement that is not read: its text is all there is.
///
/// It ends at the first `;` outside parentheses, before the first keyword outside parentheses
/// that can only begin a statement, before the END of the block it stands in, or with the batch.
/// This finds the end of what the documentation shows, and can't of what nobody has seen: who
/// runs a batch should let an opaque statement that fails end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// Its leading keywords in upper case, as a message names it: `CREATE SYNONYM`, `DBCC`.
    pub leading: String,
    /// What in it is not read, when its beginning is: `PIVOT`.
    pub construct: Option<String>,
}

// === impl Batch ===

impl Batch {
    /// The text of one of its statements, nested or not.
    pub fn text(&self, statement: &Statement) -> &str {
        statement.span.text(&self.source)
    }
}
