//! `sp_addextendedproperty`, `sp_updateextendedproperty` and `sp_dropextendedproperty`.

use launchpod_tsql::ast::fold_name;
use launchpod_types::{SqlError, Value};
use rusqlite::params;

use super::messages::raised;
use crate::Variables;
use crate::sqlite::embedded::catalog::failed;
use crate::sqlite::embedded::thread::Worker;

/// What a property belongs to, found by the procedure's text: the variables `@class`, `@major`
/// and `@minor`.
struct Owner {
    class: i64,
    major: i64,
    minor: i64,
}

/// `sp_addextendedproperty`, after its text.
///
/// # Errors
/// 15233 when the property is there.
pub(super) fn add(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let (owner, name) = (Owner::of(variables), text(variables, "@name"));
    if owner.has(worker, &name)? {
        return Err(refused(15233, variables));
    }
    let sql = r#"INSERT INTO main."launchpod.extended_properties"
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#;
    let values = params![
        worker.session.database.id,
        owner.class,
        owner.major,
        owner.minor,
        name,
        fold_name(&name),
        value(variables)
    ];
    worker.connection.execute(sql, values).map_err(failed)?;
    Ok(())
}

/// `sp_updateextendedproperty`, after its text.
///
/// # Errors
/// 15217 when there is no such property.
pub(super) fn update(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let sql = r#"UPDATE main."launchpod.extended_properties" SET value = ?6
        WHERE database_id = ?1 AND class = ?2 AND major_id = ?3 AND minor_id = ?4 AND key = ?5"#;
    change(worker, variables, sql, true)
}

/// `sp_dropextendedproperty`, after its text.
///
/// # Errors
/// 15217 when there is no such property.
pub(super) fn drop(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let sql = r#"DELETE FROM main."launchpod.extended_properties"
        WHERE database_id = ?1 AND class = ?2 AND major_id = ?3 AND minor_id = ?4 AND key = ?5"#;
    change(worker, variables, sql, false)
}

/// Changes one property; `valued`: the statement has its value for a sixth parameter.
fn change(worker: &Worker, variables: &Variables, sql: &str, valued: bool) -> Result<(), SqlError> {
    let owner = Owner::of(variables);
    let (database, key) = (worker.session.database.id, fold_name(&text(variables, "@name")));
    let value = value(variables);
    let key = params![database, owner.class, owner.major, owner.minor, key, value];
    let given = if valued { key } else { &key[..5] };
    match worker.connection.execute(sql, given).map_err(failed)? {
        0 => Err(refused(15217, variables)),
        _ => Ok(()),
    }
}

// === impl Owner ===

impl Owner {
    fn of(variables: &Variables) -> Owner {
        let number = |name: &str| match variables.get(name).map(|variable| &variable.value) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        Owner { class: number("@class"), major: number("@major"), minor: number("@minor") }
    }

    fn has(&self, worker: &Worker, name: &str) -> Result<bool, SqlError> {
        let sql = r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.extended_properties"
            WHERE database_id = ?1 AND class = ?2 AND major_id = ?3 AND minor_id = ?4 AND key = ?5)"#;
        let database = worker.session.database.id;
        let key = params![database, self.class, self.major, self.minor, fold_name(name)];
        worker.connection.query_row(sql, key, |row| row.get(0)).map_err(failed)
    }
}

fn text(variables: &Variables, name: &str) -> String {
    match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn value(variables: &Variables) -> Option<String> {
    variables
        .get("@value")
        .filter(|variable| !variable.value.is_null())
        .map(|_| text(variables, "@value"))
}

/// An error about the property and what it belongs to.
fn refused(number: i32, variables: &Variables) -> SqlError {
    raised(number, &[&text(variables, "@name"), &text(variables, "@owner")])
}
