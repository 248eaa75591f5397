//! Errors of calls whose arguments don't fit the procedure. SQL Server raises them in the procedure,
//! before its first line: their line is 0.

use crate::{SqlError, SqlType};

/// 201: a parameter has neither an argument nor a default.
pub fn missing_argument(procedure: &str, parameter: &str) -> SqlError {
    let text = format!(
        "Procedure or function '{procedure}' expects parameter '{parameter}', which was not \
         supplied."
    );
    SqlError::new(201, text).state(4).in_procedure(procedure)
}

/// 8144: there are more arguments than parameters.
pub fn too_many_arguments(procedure: &str) -> SqlError {
    let text = format!("Procedure or function {procedure} has too many arguments specified.");
    SqlError::new(8144, text).state(2).in_procedure(procedure)
}

/// 8145: an argument names a parameter that isn't there.
pub fn not_a_parameter(argument: &str, procedure: &str) -> SqlError {
    let text = format!("{argument} is not a parameter for procedure {procedure}.");
    SqlError::new(8145, text).state(2).in_procedure(procedure)
}

/// 8143: two arguments are for one parameter.
pub fn argument_twice(parameter: &str, procedure: &str) -> SqlError {
    let text = format!("Parameter '{parameter}' was supplied multiple times.");
    SqlError::new(8143, text).in_procedure(procedure)
}

/// 8146: there are arguments, but no parameters.
pub fn no_parameters(procedure: &str) -> SqlError {
    let text = format!("Procedure {procedure} has no parameters and arguments were supplied.");
    SqlError::new(8146, text).state(2).in_procedure(procedure)
}

/// 8162: the caller wants the value of a parameter that isn't OUTPUT.
pub fn not_an_output(parameter: &str) -> SqlError {
    let text = format!(
        "The formal parameter \"{parameter}\" was not declared as an OUTPUT parameter, but the \
         actual parameter passed in requested output."
    );
    SqlError::new(8162, text).state(2)
}

/// 8114: the value of an argument isn't one of the parameter's type.
pub fn argument_not_converted(from: SqlType, to: SqlType, procedure: &str) -> SqlError {
    let text = format!("Error converting data type {} to {}.", from.name(), to.name());
    SqlError::new(8114, text).state(5).in_procedure(procedure)
}
