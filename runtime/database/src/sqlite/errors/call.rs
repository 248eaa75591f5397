//! Errors of calls of system procedures.

use launchpod_types::SqlError;
pub(crate) use launchpod_types::call_errors::{
    argument_not_converted, argument_twice, missing_argument, not_a_parameter, not_an_output,
    too_many_arguments,
};

pub(crate) fn no_procedure(name: &str) -> SqlError {
    SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).state(62)
}

pub(crate) fn not_callable(name: &str, kind: &str) -> SqlError {
    let text =
        format!("The request for procedure '{name}' failed because '{name}' is a {kind} object.");
    SqlError::with_class(2809, 18, text)
}

pub(crate) fn positional_after_named(place: usize) -> SqlError {
    SqlError::new(
        119,
        format!(
            "Must pass parameter number {place} and subsequent parameters as '@name = value'. \
             After the form '@name = value' has been used, all subsequent parameters must be \
             passed in the form '@name = value'."
        ),
    )
}

pub(crate) fn session_key_read_only(key: &str) -> SqlError {
    SqlError::new(
        15664,
        format!(
            "Cannot set key '{key}' in the session context. The key has been set as read_only for \
             this session."
        ),
    )
}

pub(crate) fn session_context_full(key: &str) -> SqlError {
    SqlError::new(
        15665,
        format!(
            "The value was not set for key '{key}' because the total size of keys and values in \
             the session context would exceed the 1 MB limit."
        ),
    )
}

pub(crate) fn session_key_too_long(key: &str) -> SqlError {
    SqlError::new(
        15666,
        format!(
            "Cannot set key '{key}' in the session context. The size of the key cannot exceed 256 \
             bytes."
        ),
    )
}

pub(crate) fn sequential_elsewhere() -> SqlError {
    SqlError::new(
        302,
        "The newsequentialid() built-in function can only be used in a DEFAULT expression for a \
         column of type 'uniqueidentifier' in a CREATE TABLE or ALTER TABLE statement. It cannot \
         be combined with other operators to form a complex scalar expression.",
    )
}
