//! Reads T-SQL.
//!
//! A lexer, a [syntax tree](ast) and a recursive-descent parser, without a database: what a
//! name means or which type an expression has is for others to say. Hostile text ends in a
//! [`ParseError`], never in a panic, in time that grows with its length.
//!
//! ```
//! use launchpod_tsql::ast::StatementKind;
//!
//! let batch = launchpod_tsql::parse("DECLARE @a int = 1 SELECT @a AS a")?;
//! assert!(matches!(batch.statements[1].kind, StatementKind::Select(_)));
//! assert_eq!(batch.text(&batch.statements[1]), "SELECT @a AS a");
//! # Ok::<(), launchpod_tsql::ParseError>(())
//! ```

pub mod ast;
mod batch;
mod error;
mod fragment;
mod lexer;
mod parser;
mod quoting;

pub use batch::{BatchText, split_batches};
pub use error::{ParseError, ParseErrorKind};
pub use fragment::{
    InputQuery, OrderColumn, parse_column_list, parse_input_query, parse_order_list,
    parse_parameters,
};
pub use lexer::{Flaw, Token, TokenKind, tokenize};
pub use parser::parse;
pub use quoting::requoted;

/// How deep parentheses, calls, blocks and CASEs may stand in each other; a subquery counts
/// twice, and each ELSE IF stands in the one before. A thread that parses needs a stack of 1 MiB
/// at most.
pub const MAX_NESTING: usize = 64;

/// How high the tree of an expression may grow, chains of operators (`a + b + c`) included.
/// AND, OR and lists don't grow with the number of their members.
pub const MAX_EXPRESSION_HEIGHT: usize = 400;

/// How long a name may be, in characters (a `sysname`).
pub const MAX_IDENTIFIER_LENGTH: usize = 128;

/// How many tokens a batch may have: a bound on the memory that its tree takes.
pub const MAX_TOKENS: usize = 1_000_000;
