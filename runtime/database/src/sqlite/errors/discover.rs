//! Errors of `sp_describe_undeclared_parameters`: "Database Engine events and errors (11000 to
//! 12999)".

use launchpod_types::SqlError;

pub(crate) fn not_deduced(name: &str) -> SqlError {
    let text = format!("The type for parameter '{name}' cannot be deduced in this context.");
    SqlError::new(11502, text)
}

pub(crate) fn both_undeclared(one: &str, other: &str) -> SqlError {
    SqlError::new(
        11503,
        format!(
            "The parameter type cannot be deduced because a single expression contains two \
             untyped parameters, '{one}' and '{other}'."
        ),
    )
}

pub(crate) fn undeclared_twice(name: &str) -> SqlError {
    SqlError::new(
        11508,
        format!(
            "The undeclared parameter '{name}' is used more than once in the batch being analyzed."
        ),
    )
}

pub(crate) fn declared_twice(name: &str) -> SqlError {
    SqlError::with_class(
        134,
        15,
        format!(
            "The variable name '{name}' has already been declared. Variable names must be unique \
             within a query batch or stored procedure."
        ),
    )
}
