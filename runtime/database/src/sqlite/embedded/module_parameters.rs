//! The parameters of procedures and functions, kept for the catalog views.

use launchpod_tsql::ast::{FunctionBody, ParameterDefinition, StatementKind};
use launchpod_types::{CatalogType, SqlError};
use rusqlite::params;

use super::catalog::{Catalog, failed};
use super::environment::Environment;
use super::types::{self, Declared};
use crate::sqlite::errors;

// === impl Environment ===

impl Environment<'_> {
    /// Keeps the parameters of a module's definition. What a function returns is number 0.
    pub(super) fn set_parameters(
        &self,
        id: i64,
        definition: &StatementKind,
    ) -> Result<(), SqlError> {
        let catalog = self.catalog();
        catalog.drop_parameters(id)?;
        let (parameters, returns) = match definition {
            StatementKind::CreateProcedure(create) => (&create.parameters, None),
            StatementKind::CreateFunction(create) => match &create.body {
                FunctionBody::Scalar { returns, .. } => (&create.parameters, Some(returns)),
                _ => (&create.parameters, None),
            },
            _ => return Ok(()),
        };
        if let Some(returns) = returns {
            catalog.add_parameter(id, 0, "", self.declared(returns, 1)?, true)?;
        }
        for (number, parameter) in (1..).zip(parameters) {
            let ParameterDefinition { name, type_name, output, .. } = parameter;
            if let Some((type_id, _)) = self.table_type(type_name)? {
                catalog.add_table_parameter(id, number, name, type_id)?;
                continue;
            }
            catalog.add_parameter(id, number, name, self.declared(type_name, 1)?, *output)?;
        }
        Ok(())
    }
}

// === impl Catalog ===

impl Catalog<'_> {
    fn add_table_parameter(
        &self,
        id: i64,
        number: i64,
        name: &str,
        type_id: i64,
    ) -> Result<(), SqlError> {
        let CatalogType { id: system, length, precision, scale } = types::TABLE;
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.parameters"
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)"#,
                params![id, number, name, system, length, precision, scale, type_id],
            )
            .map_err(failed)?;
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
        declared: Declared,
        output: bool,
    ) -> Result<(), SqlError> {
        let CatalogType { id: system, length, precision, scale } = declared.sql_type.into();
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.parameters"
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"#,
                params![
                    id,
                    number,
                    name,
                    system,
                    length,
                    precision,
                    scale,
                    output,
                    declared.user_type
                ],
            )
            .map_err(failed)?;
        Ok(())
    }
}

/// Refuses parameters and a result whose types aren't there: only names of objects may come later.
pub(super) fn check_types(
    environment: &Environment<'_>,
    definition: &StatementKind,
) -> Result<(), SqlError> {
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
        if environment.table_type(type_name)?.is_some() {
            match (definition, parameters.get(place - 1)) {
                (StatementKind::CreateProcedure(_), Some(parameter)) if parameter.read_only => {}
                (StatementKind::CreateProcedure(_), Some(parameter)) => {
                    return Err(errors::not_read_only(&parameter.name));
                }
                _ => return Err(errors::unsupported("A function with a table-valued parameter")),
            }
            continue;
        }
        environment.declared(type_name, place)?;
        if let Some(parameter) = parameters.get(place - 1).filter(|known| known.read_only) {
            return Err(errors::no_table_parameter(&parameter.name));
        }
    }
    Ok(())
}
