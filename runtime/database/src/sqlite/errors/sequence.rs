//! Errors of sequences.

use launchpod_types::SqlError;

/// The severity of what is refused before anything is looked up.
const SYNTAX: u8 = 15;

pub(crate) fn sequence_increment_zero(name: &str) -> SqlError {
    SqlError::new(11700, format!("The increment for sequence object '{name}' cannot be zero."))
}

pub(crate) fn sequence_increment_too_great(name: &str) -> SqlError {
    SqlError::new(
        11701,
        format!(
            "The absolute value of the increment for sequence object '{name}' must be less than \
             or equal to the difference between the minimum and maximum value of the sequence \
             object."
        ),
    )
}

pub(crate) fn sequence_type(name: &str) -> SqlError {
    SqlError::new(
        11702,
        format!(
            "The sequence object '{name}' must be of data type int, bigint, smallint, tinyint, or \
             decimal or numeric with a scale of 0, or any user-defined data type that is based on \
             one of the above integer data types."
        ),
    )
}

pub(crate) fn sequence_start(name: &str) -> SqlError {
    SqlError::new(
        11703,
        format!(
            "The start value for sequence object '{name}' must be between the minimum and maximum \
             value of the sequence object."
        ),
    )
}

pub(crate) fn sequence_current(value: i128, name: &str) -> SqlError {
    SqlError::new(
        11704,
        format!(
            "The current value '{value}' for sequence object '{name}' must be between the minimum \
             and maximum value of the sequence object."
        ),
    )
}

pub(crate) fn sequence_limits(name: &str) -> SqlError {
    SqlError::new(
        11705,
        format!(
            "The minimum value for sequence object '{name}' must be less than its maximum value."
        ),
    )
}

pub(crate) fn sequence_cache_size(name: &str) -> SqlError {
    SqlError::new(
        11706,
        format!("The cache size for sequence object '{name}' must be greater than 0."),
    )
}

pub(crate) fn invalid_sequence_argument(argument: &str) -> SqlError {
    SqlError::new(
        11708,
        format!(
            "An invalid value was specified for argument '{argument}' for the given data type."
        ),
    )
}

pub(crate) fn next_value_over() -> SqlError {
    SqlError::with_class(
        11717,
        SYNTAX,
        "NEXT VALUE FOR function does not support the OVER clause in default constraints, UPDATE \
         statements, or MERGE statements.",
    )
}

pub(crate) fn next_value_nested() -> SqlError {
    SqlError::with_class(
        11719,
        SYNTAX,
        "NEXT VALUE FOR function is not allowed in check constraints, default objects, computed \
         columns, views, user-defined functions, user-defined aggregates, user-defined table \
         types, sub-queries, common table expressions, derived tables or return statements.",
    )
}

pub(crate) fn next_value_in_clause() -> SqlError {
    SqlError::with_class(
        11720,
        SYNTAX,
        "NEXT VALUE FOR function is not allowed in the TOP, OVER, OUTPUT, ON, WHERE, GROUP BY, \
         HAVING, or ORDER BY clauses.",
    )
}

pub(crate) fn next_value_in_set() -> SqlError {
    SqlError::with_class(
        11721,
        SYNTAX,
        "NEXT VALUE FOR function cannot be used directly in a statement that uses a DISTINCT, \
         UNION, UNION ALL, EXCEPT or INTERSECT operator.",
    )
}

pub(crate) fn next_value_unordered() -> SqlError {
    SqlError::with_class(
        11723,
        SYNTAX,
        "NEXT VALUE FOR function cannot be used directly in a statement that contains an ORDER BY \
         clause unless the OVER clause is specified.",
    )
}

pub(crate) fn next_value_in_table() -> SqlError {
    SqlError::with_class(
        11724,
        SYNTAX,
        "An expression that contains a NEXT VALUE FOR function cannot be passed as an argument to \
         a table-valued function.",
    )
}

pub(crate) fn next_value_in_aggregate() -> SqlError {
    SqlError::with_class(
        11725,
        SYNTAX,
        "An expression that contains a NEXT VALUE FOR function cannot be passed as an argument to \
         an aggregate.",
    )
}

pub(crate) fn no_sequence(name: &str) -> SqlError {
    SqlError::new(11726, format!("Object '{name}' is not a sequence object."))
}

pub(crate) fn next_value_windows() -> SqlError {
    SqlError::new(
        11727,
        "NEXT VALUE FOR functions for a given sequence object must have exactly the same OVER \
         clause definition.",
    )
}

pub(crate) fn sequence_exhausted(name: &str) -> SqlError {
    SqlError::new(
        11728,
        format!(
            "The sequence object '{name}' has reached its minimum or maximum value. Restart the \
             sequence object to allow new values to be generated."
        ),
    )
}

/// The text of 11729, which is no error.
pub(crate) fn sequence_cache_beyond(name: &str) -> String {
    format!(
        "The sequence object '{name}' cache size is greater than the number of available values."
    )
}

pub(crate) fn sequence_of_database() -> SqlError {
    SqlError::new(
        11730,
        "Database name cannot be specified for the sequence object in default constraints.",
    )
}

pub(crate) fn next_value_default_left_out() -> SqlError {
    SqlError::new(
        11731,
        "A column that uses a sequence object in the default constraint must be present in the \
         target columns list, if the same sequence object appears in a row constructor.",
    )
}

pub(crate) fn sequence_range(name: &str) -> SqlError {
    SqlError::new(
        11732,
        format!(
            "The requested range for sequence object '{name}' exceeds the maximum or minimum \
             limit. Retry with a smaller range."
        ),
    )
}

pub(crate) fn not_positive(parameter: &str) -> SqlError {
    SqlError::new(11733, format!("Parameter '{parameter}' must be a positive integer."))
}

pub(crate) fn next_value_assigned_twice() -> SqlError {
    SqlError::new(
        11736,
        "Only one instance of NEXT VALUE FOR function per sequence object is allowed in SET or \
         SELECT with variable assignment.",
    )
}

pub(crate) fn next_value_limited() -> SqlError {
    SqlError::new(
        11739,
        "NEXT VALUE FOR function cannot be used if ROWCOUNT option has been set, or the query \
         contains TOP or OFFSET.",
    )
}

pub(crate) fn next_value_default_limited() -> SqlError {
    SqlError::new(
        11740,
        "NEXT VALUE FOR function cannot be used in a default constraint if ROWCOUNT option has \
         been set, or the query contains TOP or OFFSET.",
    )
}

pub(crate) fn next_value_in_case() -> SqlError {
    SqlError::new(
        11741,
        "NEXT VALUE FOR function cannot be used within CASE, CHOOSE, COALESCE, IIF, ISNULL and \
         NULLIF.",
    )
}

pub(crate) fn next_value_in_merge() -> SqlError {
    SqlError::new(
        11742,
        "NEXT VALUE FOR function can only be used with MERGE if it is defined within a default \
         constraint on the target table for insert actions.",
    )
}
