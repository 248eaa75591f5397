//! Errors of calls of system procedures.

use launchpod_types::SqlError;

pub(crate) fn no_procedure(name: &str) -> SqlError {
    SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).state(62)
}

pub(crate) fn too_many_arguments(procedure: &str) -> SqlError {
    SqlError::new(
        8144,
        format!("Procedure or function {procedure} has too many arguments specified."),
    )
    .state(2)
}

pub(crate) fn not_a_parameter(argument: &str, procedure: &str) -> SqlError {
    SqlError::new(8145, format!("{argument} is not a parameter for procedure {procedure}."))
}

pub(crate) fn missing_argument(procedure: &str, parameter: &str) -> SqlError {
    SqlError::new(
        201,
        format!(
            "Procedure or function '{procedure}' expects parameter '{parameter}', which was not \
             supplied."
        ),
    )
    .state(4)
}

pub(crate) fn argument_twice(parameter: &str) -> SqlError {
    SqlError::new(8143, format!("Parameter '{parameter}' was supplied multiple times."))
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
