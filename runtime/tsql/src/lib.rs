//! Reads T-SQL.
//!
//! A lexer, a [syntax tree](ast) and a recursive-descent parser, without a database: what a
//! name means or which type an expression has is for others to say. Hostile text ends in a
//! [`ParseError`], never in a panic, in time that grows with its length.

pub mod ast;
mod error;

pub use error::{ParseError, ParseErrorKind};

/// How deep parentheses, subqueries, blocks and CASEs may stand in each other.
pub const MAX_NESTING: usize = 64;

/// How high the tree of an expression may grow, chains of operators (`a + b + c`) included.
/// AND, OR and lists don't grow with the number of their members.
pub const MAX_EXPRESSION_HEIGHT: usize = 400;

/// How long a name may be, in characters (a `sysname`).
pub const MAX_IDENTIFIER_LENGTH: usize = 128;
