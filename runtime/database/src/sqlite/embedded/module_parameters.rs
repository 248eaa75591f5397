//! The parameters of procedures and functions, kept for the catalog views.

use launchpod_tsql::ast::{FunctionBody, ParameterDefinition, StatementKind};
use launchpod_types::{SqlError, SqlType};
use rusqlite::params;

use super::catalog::{Catalog, encode_type, failed};
use crate::sqlite::bind::expression::unknown_type;

// === impl Catalog ===

impl Catalog<'_> {
    /// Keeps the parameters of a module's definition. What a function returns is number 0.
    pub(super) fn set_parameters(
        &self,
        id: i64,
        definition: &StatementKind,
    ) -> Result<(), SqlError> {
        self.drop_parameters(id)?;
        let (parameters, returns) = match definition {
            StatementKind::CreateProcedure(create) => (&create.parameters, None),
            StatementKind::CreateFunction(create) => match &create.body {
                FunctionBody::Scalar { returns, .. } => (&create.parameters, returns.declared()),
                _ => (&create.parameters, None),
            },
            _ => return Ok(()),
        };
        if let Some(sql_type) = returns {
            self.add_parameter(id, 0, "", sql_type, true)?;
        }
        for (number, parameter) in (1..).zip(parameters) {
            let ParameterDefinition { name, type_name, output, .. } = parameter;
            if let Some(sql_type) = type_name.declared() {
                self.add_parameter(id, number, name, sql_type, *output)?;
            }
        }
        Ok(())
    }

    pub(super) fn drop_parameters(&self, id: i64) -> Result<(), SqlError> {
        self.connection
            .execute(r#"DELETE FROM main."launchpod.parameters" WHERE object_id = ?1"#, [id])
            .map_err(failed)?;
        Ok(())
    }

    fn add_parameter(
        &self,
        id: i64,
        number: i64,
        name: &str,
        sql_type: SqlType,
        output: bool,
    ) -> Result<(), SqlError> {
        let (type_id, length, precision, scale) = encode_type(sql_type);
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.parameters"
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"#,
                params![id, number, name, type_id, length, precision, scale, output],
            )
            .map_err(failed)?;
        Ok(())
    }
}

/// Refuses parameters and a result whose types aren't there: only names of objects may come later.
pub(super) fn check_types(definition: &StatementKind) -> Result<(), SqlError> {
    let (parameters, body) = match definition {
        StatementKind::CreateProcedure(create) => (&create.parameters, None),
        StatementKind::CreateFunction(create) => (&create.parameters, Some(&create.body)),
        _ => return Ok(()),
    };
    let types = parameters.iter().map(|parameter| &parameter.type_name);
    let returned = match body {
        Some(FunctionBody::Scalar { returns, .. }) => Some(returns),
        _ => None,
    };
    for (place, type_name) in (1..).zip(types.chain(returned)) {
        if type_name.declared().is_none() {
            return Err(unknown_type(place, type_name));
        }
    }
    Ok(())
}
