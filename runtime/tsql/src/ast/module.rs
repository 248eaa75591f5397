//! Definitions of procedures, functions and views.
//!
//! Each is the only statement of its batch, and its text is the batch's: what is stored is the
//! text (`Batch::text`), and parsing it again gives the tree.

use super::{
    ArgumentValue, Identifier, ObjectName, Query, Span, Statement, TableDefinition, TypeName,
};

/// How a definition treats one that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefineAction {
    /// `CREATE`: there must be none.
    Create,
    /// `ALTER`: there must be one.
    Alter,
    /// `CREATE OR ALTER`
    CreateOrAlter,
}

/// `CREATE PROCEDURE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateProcedure {
    /// CREATE or ALTER.
    pub action: DefineAction,
    /// Its name.
    pub name: ObjectName,
    /// Its parameters.
    pub parameters: Vec<ParameterDefinition>,
    /// What stands after WITH, in upper case: `RECOMPILE`, `EXECUTE AS OWNER`.
    pub options: Vec<String>,
    /// What it runs.
    pub body: Vec<Statement>,
}

/// `@name type [= default] [OUTPUT] [READONLY]`: of a procedure, a function or `@params`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterDefinition {
    /// The name, with its `@`.
    pub name: String,
    /// The type.
    pub type_name: TypeName,
    /// `VARYING`
    pub varying: bool,
    /// NULL (true) or NOT NULL (false), when written.
    pub nullable: Option<bool>,
    /// The value when the caller gives none; a constant or an unquoted word.
    pub default: Option<ArgumentValue>,
    /// `OUTPUT` or `OUT`
    pub output: bool,
    /// `READONLY`
    pub read_only: bool,
    /// Where it stands.
    pub span: Span,
    /// The line it stands on.
    pub line: u32,
}

/// `CREATE FUNCTION`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateFunction {
    /// CREATE or ALTER.
    pub action: DefineAction,
    /// Its name.
    pub name: ObjectName,
    /// Its parameters.
    pub parameters: Vec<ParameterDefinition>,
    /// What stands after WITH, in upper case: `SCHEMABINDING`.
    pub options: Vec<String>,
    /// What it returns.
    pub body: FunctionBody,
}

/// What a function returns, and how.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    /// A value.
    Scalar {
        /// Its type.
        returns: TypeName,
        /// What runs.
        body: Vec<Statement>,
    },
    /// The rows of one query.
    Inline(Box<Query>),
    /// The rows of a table variable that the body fills.
    Table {
        /// The variable, with its `@`.
        variable: String,
        /// Its columns.
        definition: TableDefinition,
        /// What runs.
        body: Vec<Statement>,
    },
}

/// `CREATE VIEW`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// CREATE or ALTER.
    pub action: DefineAction,
    /// Its name.
    pub name: ObjectName,
    /// Names for its columns.
    pub columns: Vec<Identifier>,
    /// What stands after WITH, in upper case: `SCHEMABINDING`.
    pub options: Vec<String>,
    /// Its rows.
    pub query: Box<Query>,
    /// `WITH CHECK OPTION`
    pub check_option: bool,
}
