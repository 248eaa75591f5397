//! What modules name, as `sys.sql_expression_dependencies` lists it.

use std::collections::BTreeSet;

use launchpod_types::SqlError;
use serde_json::{Value, json};

use super::listing::array;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::security::permission::Class;

/// The rows of `catalog.dependencies`: for each module of the current database the objects that
/// its text names. A name that no object has is left out: it may be an alias's, or one that was
/// dropped.
pub(super) fn dependencies(environment: &Environment<'_>) -> Result<String, SqlError> {
    let mut rows: Vec<Value> = Vec::new();
    if !environment.context()?.may(Class::Database, "VIEW DEFINITION") {
        return array(&rows);
    }
    for (module, definition) in environment.catalog().definitions(environment.database)? {
        let Ok(batch) = launchpod_tsql::parse(&definition) else { continue };
        let mut known = BTreeSet::new();
        for name in &batch.references {
            let Some(referenced) = environment.object(name)? else { continue };
            if referenced == module || !known.insert(referenced) {
                continue;
            }
            let text = |part: &Option<launchpod_tsql::ast::Identifier>| {
                part.as_ref().map(|part| part.text.clone())
            };
            let other = name.database.as_ref();
            let other = other.is_some_and(|other| !other.is(&environment.database.name));
            rows.push(json!([
                module,
                text(&name.database),
                text(&name.schema),
                name.name.text,
                (!other).then_some(referenced),
                u8::from(name.schema.is_none()),
            ]));
        }
    }
    array(&rows)
}
