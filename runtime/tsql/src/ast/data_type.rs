//! Types as they are written.

use launchpod_types::{Length, SqlType};

use super::{ObjectName, Span};

/// The length of `char`, `varchar` and their kin in CAST and CONVERT when none is written
/// (elsewhere it is 1).
const CAST_LENGTH: u16 = 30;

/// A type as a declaration, a column or a conversion names it.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    /// What it is.
    pub kind: TypeKind,
    /// Where it stands.
    pub span: Span,
    /// The line it stands on.
    pub line: u32,
}

/// What a [`TypeName`] names.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// A built-in type, synonyms resolved.
    BuiltIn {
        /// The type; a character or binary type without a written length has length 1.
        sql_type: SqlType,
        /// Whether the type takes no length or one was written.
        length_given: bool,
        /// The number in `sys.types` of what was written, when it is another name: `numeric`,
        /// `rowversion`.
        other: Option<i64>,
    },
    /// `sysname`: `nvarchar(128)`, and a column of it is NOT NULL unless it says otherwise.
    SysName,
    /// Any other name: a type made by CREATE TYPE, or a built-in one that Launchpod doesn't
    /// have (`hierarchyid`, `geometry`, `cursor` …).
    Named(Box<ObjectName>),
}

// === impl TypeName ===

impl TypeName {
    /// The type in a declaration, parameter or column: without a written length it has 1.
    /// `None` for a named type.
    pub fn declared(&self) -> Option<SqlType> {
        match self.kind {
            TypeKind::BuiltIn { sql_type, .. } => Some(sql_type),
            TypeKind::SysName => Some(SqlType::SYSNAME),
            TypeKind::Named(_) => None,
        }
    }

    /// The number in `sys.types` of what was written, when a built-in type has another name too:
    /// `numeric`, `rowversion`, `sysname`.
    pub fn other_name(&self) -> Option<i64> {
        match self.kind {
            TypeKind::BuiltIn { other, .. } => other,
            TypeKind::SysName => Some(256),
            TypeKind::Named(_) => None,
        }
    }

    /// The type in CAST and CONVERT: without a written length it has 30. `None` for a named
    /// type.
    pub fn cast(&self) -> Option<SqlType> {
        let sql_type = self.declared()?;
        if !matches!(self.kind, TypeKind::BuiltIn { length_given: false, .. }) {
            return Some(sql_type);
        }
        let length = Length::Limited(CAST_LENGTH);
        Some(match sql_type {
            SqlType::Char(_) => SqlType::Char(CAST_LENGTH),
            SqlType::VarChar(_) => SqlType::VarChar(length),
            SqlType::NChar(_) => SqlType::NChar(CAST_LENGTH),
            SqlType::NVarChar(_) => SqlType::NVarChar(length),
            SqlType::Binary(_) => SqlType::Binary(CAST_LENGTH),
            SqlType::VarBinary(_) => SqlType::VarBinary(length),
            other => other,
        })
    }
}
