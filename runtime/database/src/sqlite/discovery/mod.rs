//! What a text would return and takes, without running it: `sp_describe_first_result_set` and
//! `sp_describe_undeclared_parameters`.

use std::sync::Arc;

use launchpod_tsql::ast::{ParameterDefinition, fold_name};
use launchpod_types::{SqlError, Value};

use crate::sqlite::bind::expression::unknown_type;
use crate::sqlite::errors;
use crate::{Variable, Variables};

mod first_result;
mod parameters;
mod rows;

pub(crate) use rows::{first_result_set, undeclared_parameters};

/// The parameters that a text declares, as variables without a value.
///
/// # Errors
/// A syntax error, 2715 for an unknown type, 134 for a name that is declared twice.
fn declared(text: &str) -> Result<Variables, SqlError> {
    let parameters = launchpod_tsql::parse_parameters(text).map_err(SqlError::from)?;
    let mut variables = Variables::new();
    for parameter in &parameters {
        declare(&mut variables, parameter)?;
    }
    Ok(variables)
}

fn declare(variables: &mut Variables, parameter: &ParameterDefinition) -> Result<(), SqlError> {
    let type_name = &parameter.type_name;
    let sql_type = type_name.declared().ok_or_else(|| unknown_type(1, type_name))?;
    let variable = Arc::new(Variable { sql_type, value: Value::Null });
    match variables.insert(fold_name(&parameter.name), variable) {
        None => Ok(()),
        Some(_) => Err(errors::declared_twice(&parameter.name)),
    }
}
