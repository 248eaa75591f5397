//! Cursors.

use super::{Identifier, Query, Span};

/// `DECLARE name CURSOR … FOR query`
#[derive(Clone, Debug, PartialEq)]
pub struct DeclareCursor {
    /// Its name.
    pub name: Identifier,
    /// What it is.
    pub cursor: CursorDefinition,
}

/// What a cursor is: the words after CURSOR, and its query. `INSENSITIVE` and `SCROLL` before
/// CURSOR, as ISO has them, are among the same fields.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorDefinition {
    /// GLOBAL (true) or LOCAL, when written.
    pub global: Option<bool>,
    /// SCROLL (true) or FORWARD_ONLY, when written.
    pub scroll: Option<bool>,
    /// `STATIC` and its kin, when written.
    pub model: Option<CursorModel>,
    /// `READ_ONLY` and its kin, when written; `FOR READ ONLY` too.
    pub concurrency: Option<CursorConcurrency>,
    /// `TYPE_WARNING`
    pub type_warning: bool,
    /// Its rows.
    pub query: Query,
    /// `FOR UPDATE [OF columns]`: empty when no columns are named.
    pub for_update: Option<Vec<Identifier>>,
}

/// How a cursor sees changes of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorModel {
    /// `STATIC` or `INSENSITIVE`
    Static,
    /// `KEYSET`
    Keyset,
    /// `DYNAMIC`
    Dynamic,
    /// `FAST_FORWARD`
    FastForward,
}

/// How rows can be changed through a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorConcurrency {
    /// `READ_ONLY`
    ReadOnly,
    /// `SCROLL_LOCKS`
    ScrollLocks,
    /// `OPTIMISTIC`
    Optimistic,
}

/// A cursor where a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CursorName {
    /// `name` or `GLOBAL name`
    Name {
        /// `GLOBAL`
        global: bool,
        /// The name.
        name: Identifier,
    },
    /// A cursor variable, with its `@`.
    Variable(String),
}

/// `FETCH [direction FROM] cursor [INTO variables]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Which row.
    pub direction: FetchDirection,
    /// Of which cursor.
    pub cursor: CursorName,
    /// The variables that take the values, each with its `@`; none when the row goes to the
    /// client.
    pub into: Vec<String>,
}

/// Which row a [`Fetch`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchDirection {
    /// `NEXT`, also when nothing is written.
    Next,
    /// `PRIOR`
    Prior,
    /// `FIRST`
    First,
    /// `LAST`
    Last,
    /// `ABSOLUTE n`
    Absolute(FetchCount),
    /// `RELATIVE n`
    Relative(FetchCount),
}

/// The number of a [`FetchDirection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchCount {
    /// A constant, its sign included.
    Constant(i64),
    /// A variable, with its `@`.
    Variable(String),
}

/// `CURRENT OF cursor` after WHERE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentOf {
    /// The cursor.
    pub cursor: CursorName,
    /// Where it stands, from CURRENT on.
    pub span: Span,
}
