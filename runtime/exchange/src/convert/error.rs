//! What SQL Server says when a worker's rows don't become the declared ones.
//!
//! Numbers and texts: SQL Server 2022, "Database engine events and errors". Of 8152 and 2628
//! (which names table and column) the former is used: a result set has no table.

use launchpod_types::{SqlError, SqlType};

use crate::document::JsonError;

/// Rows can't be converted to the declared columns.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConvertError {
    /// 11537
    #[error("{declared} columns declared, {sent} sent")]
    ColumnCount {
        /// Columns of WITH RESULT SETS.
        declared: usize,
        /// Columns of the output.
        sent: usize,
    },
    /// 11538
    #[error("no conversion of column {column} from {sent} to {declared}")]
    NoConversion {
        /// The column, from 0.
        column: usize,
        /// The type of WITH RESULT SETS.
        declared: SqlType,
        /// The type that the output's column has.
        sent: SqlType,
    },
    /// 11553
    #[error("NULL in column {column}, which is declared NOT NULL")]
    NullNotAllowed {
        /// The column, from 0.
        column: usize,
    },
    /// 9803, where it isn't NULL
    #[error("NaN or an infinity in column {column}")]
    NotFinite {
        /// The column, from 0.
        column: usize,
    },
    /// A value doesn't convert.
    #[error("column {column}: {error}")]
    Value {
        /// The column, from 0.
        column: usize,
        /// What is wrong with the value.
        error: ValueError,
    },
    /// The rows are not of the schema that came first: error 39013, no SQL error of the script.
    #[error("rows are not of the stream's schema")]
    Schema,
}

/// A value doesn't convert to a type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// 8115
    #[error("Arithmetic overflow error converting {from} to data type {to}.")]
    Overflow {
        /// The name of the value's type.
        from: &'static str,
        /// The name of the target.
        to: &'static str,
    },
    /// 220
    #[error("Arithmetic overflow error for data type {to}, value = {value}.")]
    IntegerOverflow {
        /// The name of the target.
        to: &'static str,
        /// The value.
        value: i64,
    },
    /// 232
    #[error("Arithmetic overflow error for type {to}, value = {value:.6}.")]
    FloatOverflow {
        /// The name of the target.
        to: &'static str,
        /// The value.
        value: f64,
    },
    /// 8114
    #[error("Error converting data type {from} to {to}.")]
    Unreadable {
        /// The name of the value's type.
        from: &'static str,
        /// The name of the target.
        to: &'static str,
    },
    /// 245
    #[error("Conversion failed when converting the {from} value '{value}' to data type {to}.")]
    UnreadableValue {
        /// The name of the value's type.
        from: &'static str,
        /// The value, shortened.
        value: String,
        /// The name of the target.
        to: &'static str,
    },
    /// 244
    #[error(
        "The conversion of the {from} value '{value}' overflowed an {to} column. Use a larger \
         integer column."
    )]
    SmallIntegerOverflow {
        /// The name of the value's type.
        from: &'static str,
        /// The value, shortened.
        value: String,
        /// `INT1` for tinyint, `INT2` for smallint.
        to: &'static str,
    },
    /// 248
    #[error("The conversion of the {from} value '{value}' overflowed an int column.")]
    TextOverflow {
        /// The name of the value's type.
        from: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// 235
    #[error("Cannot convert a char value to money. The char value has incorrect syntax.")]
    Money,
    /// 241
    #[error("Conversion failed when converting date and/or time from character string.")]
    Date,
    /// 242
    #[error(
        "The conversion of a {from} data type to a {to} data type resulted in an out-of-range \
         value."
    )]
    DateRange {
        /// The name of the value's type.
        from: &'static str,
        /// The name of the target.
        to: &'static str,
    },
    /// 8169
    #[error("Conversion failed when converting from a character string to uniqueidentifier.")]
    Guid,
    /// 8152
    #[error("String or binary data would be truncated.")]
    Truncated,
    /// 13609 or 13647
    #[error(transparent)]
    Json(#[from] JsonError),
}

// === impl ConvertError ===

impl ConvertError {
    /// The error as the client gets it, for the first result set; `None` for
    /// [`ConvertError::Schema`], which is a fault of the worker and not of the script.
    pub fn sql_error(&self) -> Option<SqlError> {
        const CLAUSE: &str = "EXECUTE statement failed because its WITH RESULT SETS clause";
        Some(match self {
            ConvertError::ColumnCount { declared, sent } => SqlError::new(
                11537,
                format!(
                    "{CLAUSE} specified {declared} column(s) for result set number 1, but the \
                     statement sent {sent} column(s) at run time."
                ),
            ),
            ConvertError::NoConversion { column, declared, sent } => SqlError::new(
                11538,
                format!(
                    "{CLAUSE} specified type '{declared}' for column #{} in result set #1, and \
                     the corresponding type sent at run time was '{sent}'; there is no conversion \
                     between the two types.",
                    column + 1
                ),
            ),
            ConvertError::NullNotAllowed { column } => SqlError::new(
                11553,
                format!(
                    "{CLAUSE} specified a non-nullable type for column #{} in result set #1, and \
                     the corresponding value sent at run time was null.",
                    column + 1
                ),
            ),
            ConvertError::NotFinite { column } => SqlError::new(
                9803,
                format!(
                    "Invalid data for type \"float\". Column # {column} of the output holds NaN or \
                     an infinity."
                ),
            ),
            ConvertError::Value { error, .. } => SqlError::new(error.number(), error.to_string()),
            ConvertError::Schema => return None,
        })
    }
}

impl ConvertError {
    /// The error as the client gets it for an OUTPUT parameter.
    pub fn scalar_error(&self) -> Option<SqlError> {
        match self {
            ConvertError::NoConversion { declared, sent, .. } if is_explicit(*sent, *declared) => {
                Some(SqlError::new(
                    257,
                    format!(
                        "Implicit conversion from data type {} to {} is not allowed. Use the \
                         CONVERT function to run this query.",
                        sent.name(),
                        declared.name()
                    ),
                ))
            }
            ConvertError::NoConversion { declared, sent, .. } => Some(SqlError::new(
                206,
                format!("Operand type clash: {sent} is incompatible with {declared}"),
            )),
            other => other.sql_error(),
        }
    }
}

/// Whether only CONVERT converts: text and dates to bytes.
fn is_explicit(from: SqlType, to: SqlType) -> bool {
    to.is_binary() && to != SqlType::Image && (from.is_character() || from.is_temporal())
}

// === impl ValueError ===

impl ValueError {
    /// The error's number in SQL Server.
    pub fn number(&self) -> i32 {
        match self {
            ValueError::Overflow { .. } => 8115,
            ValueError::IntegerOverflow { .. } => 220,
            ValueError::FloatOverflow { .. } => 232,
            ValueError::Unreadable { .. } => 8114,
            ValueError::UnreadableValue { .. } => 245,
            ValueError::SmallIntegerOverflow { .. } => 244,
            ValueError::TextOverflow { .. } => 248,
            ValueError::Money => 235,
            ValueError::Date => 241,
            ValueError::DateRange { .. } => 242,
            ValueError::Guid => 8169,
            ValueError::Truncated => 8152,
            ValueError::Json(error) => error.number(),
        }
    }
}

/// A type's name as conversion errors have it.
pub(super) fn name(sql_type: SqlType) -> &'static str {
    match sql_type {
        SqlType::Decimal { .. } => "numeric",
        other => other.name(),
    }
}

/// The part of a value that an error shows.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
