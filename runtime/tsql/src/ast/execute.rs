//! Calls of procedures.

use super::{ExecutionContext, Expr, Identifier, Literal, ObjectName, Span, TypeName};

/// `EXEC [@rc =] procedure arguments [WITH …]`
#[derive(Clone, Debug, PartialEq)]
pub struct Execute {
    /// The variable that receives the return status, with its `@`.
    pub return_variable: Option<String>,
    /// What is called.
    pub procedure: ProcedureName,
    /// The number after `;`, as in `EXEC p;1`.
    pub number: Option<u16>,
    /// The arguments, in order.
    pub arguments: Vec<Argument>,
    /// `WITH RECOMPILE`
    pub recompile: bool,
    /// `WITH RESULT SETS …`
    pub result_sets: ResultSets,
}

/// What [`Execute`] calls.
#[derive(Clone, Debug, PartialEq)]
pub enum ProcedureName {
    /// A name.
    Name(ObjectName),
    /// A variable that holds the name, with its `@`.
    Variable(String),
}

/// `[@name =] value [OUTPUT]`
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter's name with its `@`; absent for a positional argument.
    pub name: Option<String>,
    /// The value.
    pub value: ArgumentValue,
    /// `OUTPUT` or `OUT`: the value is then a variable.
    pub output: bool,
    /// Where it stands.
    pub span: Span,
    /// The line it stands on.
    pub line: u32,
}

/// The value of an [`Argument`]: T-SQL allows no expressions here.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    /// `DEFAULT`
    Default,
    /// A constant, its sign included. An unquoted word is a Unicode string.
    Literal(Literal),
    /// `@v`, with its `@`.
    Variable(String),
    /// `@@v`, with its `@@`.
    GlobalVariable(String),
}

/// `EXEC ('text' + @more) [AS LOGIN = 'x'] [AT server]`
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteText {
    /// String constants and variables joined by `+`.
    pub text: Expr,
    /// Values for the markers of a text that runs on a linked server.
    pub arguments: Vec<Argument>,
    /// `AS LOGIN = 'x'` or `AS USER = 'x'`
    pub run_as: Option<ExecutionContext>,
    /// The linked server.
    pub at: Option<Identifier>,
    /// `WITH RESULT SETS …`
    pub result_sets: ResultSets,
}

/// What `WITH RESULT SETS` demands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResultSets {
    /// Nothing was written.
    #[default]
    Unspecified,
    /// `WITH RESULT SETS UNDEFINED`
    Undefined,
    /// `WITH RESULT SETS NONE`
    None,
    /// `WITH RESULT SETS (…)`: one or more.
    Defined(Vec<ResultSet>),
}

/// One result set of [`ResultSets::Defined`].
#[derive(Clone, Debug, PartialEq)]
pub enum ResultSet {
    /// `(name type, …)`
    Columns(Vec<ResultColumn>),
    /// `AS OBJECT table`
    Object(ObjectName),
    /// `AS TYPE type`
    Type(ObjectName),
    /// `AS FOR XML`
    ForXml,
}

/// `name type [COLLATE collation] [NULL | NOT NULL]`
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    /// The name.
    pub name: Identifier,
    /// The type.
    pub type_name: TypeName,
    /// The collation.
    pub collation: Option<Identifier>,
    /// True unless NOT NULL was written.
    pub nullable: bool,
}
