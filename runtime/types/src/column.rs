//! Columns of results, and parameters of procedures.

use crate::{SqlType, Value};

/// A column of a result set, as COLMETADATA describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Empty for a column without a name.
    pub name: String,
    /// The declared or inferred type.
    pub sql_type: SqlType,
    /// Whether NULL can occur.
    pub nullable: bool,
    /// Whether the column is an IDENTITY column of a table.
    pub identity: bool,
}

/// A parameter with its value, as it comes from a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Without the leading `@`; empty for a positional parameter.
    pub name: String,
    /// The declared type.
    pub sql_type: SqlType,
    /// The value that goes in, of the type's kind (see [`Value`]).
    pub value: Value,
    /// Whether the value after the call is wanted.
    pub output: bool,
}

// === impl Column ===

impl Column {
    /// A nullable column.
    pub fn new(name: impl Into<String>, sql_type: SqlType) -> Self {
        Column { name: name.into(), sql_type, nullable: true, identity: false }
    }

    /// The same column without NULLs.
    #[must_use]
    pub fn not_null(self) -> Self {
        Column { nullable: false, ..self }
    }
}
