//! `sys.messages`: the messages that the server itself raises, and those that users have added by
//! `sp_addmessage`. All are in us_english.

use launchpod_types::{Length, SqlError, SqlType, Value};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::base::{BaseTable, Rows};
use super::{listing, messages};
use crate::Variables;
use crate::sqlite::embedded::catalog::{Catalog, failed};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::thread::Worker;

/// The users' messages, which the server has once.
pub(crate) const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.messages" (
    message_id INTEGER PRIMARY KEY, severity INT NOT NULL, is_logged INT NOT NULL,
    text TEXT NOT NULL) STRICT;
"#;

const COLUMNS: &[(&str, SqlType, bool)] = &[
    ("message_id", SqlType::Int, false),
    ("severity", SqlType::TinyInt, false),
    ("is_logged", SqlType::Bit, false),
    ("text", SqlType::NVarChar(Length::Limited(2048)), false),
];

/// The tables that `sys.messages` is over.
pub(super) const TABLES: &[BaseTable] = &[
    BaseTable { name: "system_messages", columns: COLUMNS, rows: Rows::Made(system_messages) },
    BaseTable {
        name: "user_messages",
        columns: COLUMNS,
        rows: Rows::Query {
            sql: r#"SELECT message_id, severity, is_logged, text FROM main."launchpod.messages""#,
            per_database: false,
        },
    },
];

fn system_messages(_: &Environment<'_>) -> Result<String, SqlError> {
    let row = |(number, class, text)| json!([number, class, 0, text]);
    listing::array(&messages::all().map(row).collect::<Vec<_>>())
}

/// `sp_addmessage`, after its text.
pub(super) fn add(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let sql = r#"INSERT OR REPLACE INTO main."launchpod.messages" VALUES (?1, ?2, ?3, ?4)"#;
    let values = params![
        number(variables, "@msgnum"),
        number(variables, "@severity"),
        is_true(variables, "@with_log"),
        text(variables, "@msgtext"),
    ];
    worker.connection.execute(sql, values).map_err(failed)?;
    Ok(())
}

/// `sp_dropmessage`, after its text.
pub(super) fn drop(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let sql = r#"DELETE FROM main."launchpod.messages" WHERE message_id = ?1"#;
    worker.connection.execute(sql, [number(variables, "@msgnum")]).map_err(failed)?;
    Ok(())
}

/// `sp_altermessage`, after its text.
pub(super) fn alter(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let sql = r#"UPDATE main."launchpod.messages" SET is_logged = ?2 WHERE message_id = ?1"#;
    let values = params![number(variables, "@message_id"), is_true(variables, "@parameter_value")];
    worker.connection.execute(sql, values).map_err(failed)?;
    Ok(())
}

// === impl Catalog ===

impl Catalog<'_> {
    /// The text of a message, the server's own or a user's.
    pub(crate) fn message_text(&self, number: i64) -> Result<Option<String>, SqlError> {
        if let Some((_, _, text)) = messages::all().find(|(known, ..)| i64::from(*known) == number)
        {
            return Ok(Some(text));
        }
        let sql = r#"SELECT text FROM main."launchpod.messages" WHERE message_id = ?1"#;
        let found = self.connection.query_row(sql, [number], |row| row.get(0));
        found.optional().map_err(failed)
    }
}

fn number(variables: &Variables, name: &str) -> i64 {
    match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

fn text<'v>(variables: &'v Variables, name: &str) -> &'v str {
    match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn is_true(variables: &Variables, name: &str) -> bool {
    text(variables, name).eq_ignore_ascii_case("true")
}
