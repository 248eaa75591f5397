//! The rows of what is found, as the procedures and the function return them.

use launchpod_functions::collation;
use launchpod_types::{CatalogType, SqlError, SqlType};
use serde_json::{Value, json};

use super::{first_result, parameters};
use crate::sqlite::embedded::environment::Environment;

/// The number of the one collation in TDS, and its sort id ([MS-TDS] 2.2.5.1.2).
const TDS_COLLATION: i64 = 13_632_521;
const SORT_ID: i64 = 52;

/// The rows of `catalog.first_result_set`.
pub(crate) fn first_result_set(
    environment: &Environment<'_>,
    text: &str,
    declarations: &str,
) -> Result<Vec<Value>, SqlError> {
    let columns = first_result::columns(environment, text, declarations)?;
    let row = |(ordinal, column): (i64, &crate::sqlite::bind::tree::QueryColumn)| {
        let CatalogType { id, length, precision, scale } = column.sql_type.into();
        let character = column.sql_type.is_character();
        let (tds_type, tds_length) = in_tds(column.sql_type, column.nullable);
        json!([
            ordinal,
            Some(&column.name).filter(|name| !name.is_empty()),
            u8::from(column.nullable),
            id,
            column.sql_type.to_string(),
            length,
            precision,
            scale,
            character.then_some(collation::DATABASE),
            u8::from(column.identity),
            tds_type,
            tds_length,
            character.then_some(TDS_COLLATION),
            character.then_some(SORT_ID),
        ])
    };
    Ok((1..).zip(&columns).map(row).collect())
}

/// The rows of `catalog.undeclared_parameters`.
pub(crate) fn undeclared_parameters(
    environment: &Environment<'_>,
    text: &str,
    declarations: &str,
) -> Result<Vec<Value>, SqlError> {
    let parameters = parameters::of(environment, text, declarations)?;
    let row = |(ordinal, parameter): (i64, &parameters::Parameter)| {
        let CatalogType { id, length, precision, scale } = parameter.sql_type.into();
        let (tds_type, tds_length) = in_tds(parameter.sql_type, true);
        json!([
            ordinal,
            parameter.name,
            id,
            parameter.sql_type.to_string(),
            length,
            precision,
            scale,
            u8::from(!parameter.output),
            u8::from(parameter.output),
            parameter.formal,
            tds_type,
            tds_length,
        ])
    };
    Ok((1..).zip(&parameters).map(row).collect())
}

/// A type's number in TDS ([MS-TDS] 2.2.5.4) and the length that TYPE_INFO has for it.
fn in_tds(sql_type: SqlType, nullable: bool) -> (i64, i64) {
    let CatalogType { id, length, .. } = sql_type.into();
    let number = match id {
        48 | 52 | 56 | 127 if nullable => 38,
        104 if nullable => 104,
        104 => 50,
        59 | 62 if nullable => 109,
        60 | 122 if nullable => 110,
        58 | 61 if nullable => 111,
        other => other,
    };
    let length = match id {
        34 | 35 | 99 => 2_147_483_647,
        _ if length == -1 => 65_535,
        _ => length,
    };
    (number, length)
}
