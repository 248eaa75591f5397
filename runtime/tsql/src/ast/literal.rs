//! Constants.

use launchpod_types::Decimal;

/// A constant, with the type that T-SQL gives it by its spelling.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `42`: an `int`. A whole number that doesn't fit is [`Literal::Decimal`] of scale 0, as
    /// in SQL Server (never a `bigint`).
    Integer(i32),
    /// `1.50`: a `decimal` of as many digits as written.
    Decimal(Decimal),
    /// `1e3`: a `float`.
    Float(f64),
    /// `$12.50`: a `money`, in units of 1/10000.
    Money(i64),
    /// `'text'`, or `N'text'` when `unicode`: quotes undone, lines joined after a backslash.
    String {
        /// The characters.
        text: String,
        /// `nvarchar` rather than `varchar`.
        unicode: bool,
    },
    /// `0x0a0b`: a `varbinary`.
    Binary(Vec<u8>),
}
