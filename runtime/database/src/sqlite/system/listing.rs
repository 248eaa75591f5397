//! What the texts of this folder define, as `sys.system_columns` and `sys.system_parameters`
//! list it.
//!
//! A view's columns are those that the binder finds, so that the list can't differ from what a
//! query gets. Binding needs a connection; one to an empty database in memory will do, since the
//! views' columns depend on no data.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use launchpod_functions::Registry;
use launchpod_functions::assigned::Assigned;
use launchpod_types::{CatalogType, SqlError};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{SYSTEM, names};
use crate::options;
use crate::sqlite::application_locks::ApplicationLocks;
use crate::sqlite::bind::Binder;
use crate::sqlite::embedded::catalog::DatabaseName;
use crate::sqlite::embedded::context::Context;
use crate::sqlite::embedded::counters::Counters;
use crate::sqlite::embedded::drawing::SequenceState;
use crate::sqlite::embedded::environment::{Environment, IdentityState, Session};
use crate::sqlite::embedded::settings::MOST_TEXT;
use crate::sqlite::embedded::versions::VersionState;
use crate::sqlite::errors;
use crate::sqlite::governor::{DEFAULT_GROUP, Governor};
use crate::sqlite::security::context::Execution;
use crate::sqlite::sessions::{LiveSession, Sessions};
use crate::{Client, Configurations, Login, Secret};

static COLUMNS: LazyLock<Result<String, SqlError>> = LazyLock::new(|| array(&columns()?));
static PARAMETERS: LazyLock<Result<String, SqlError>> = LazyLock::new(|| array(&parameters()));

/// The rows of `catalog.system_columns`.
pub(super) fn system_columns(_: &Environment<'_>) -> Result<String, SqlError> {
    COLUMNS.clone()
}

/// The rows of `catalog.system_parameters`.
pub(super) fn system_parameters(_: &Environment<'_>) -> Result<String, SqlError> {
    PARAMETERS.clone()
}

/// The first number of the system's objects; those of temporary tables begin at -1.
const FIRST: i64 = -1_000_000_000;

/// The number of each view and procedure, with its schema, name and type code.
pub(crate) fn numbered() -> impl Iterator<Item = (i64, (&'static str, &'static str, &'static str))>
{
    (1..).map(|number: i64| FIRST - number).zip(names())
}

/// An array in JSON.
pub(crate) fn array(rows: &[Value]) -> Result<String, SqlError> {
    serde_json::to_string(rows).map_err(errors::internal)
}

fn columns() -> Result<Vec<Value>, SqlError> {
    let connection = Connection::open_in_memory().map_err(errors::internal)?;
    let registry = Registry::default();
    let session = nobody()?;
    let environment = Environment {
        connection: &connection,
        registry: &registry,
        session: &session,
        database: &session.database,
        now: None,
        schema: None,
        chain: None,
        options: options::INITIAL,
    };
    let variables = BTreeMap::new();
    let mut rows = Vec::new();
    for ((id, _), view) in numbered().zip(SYSTEM.views.values()) {
        let columns = Binder::new(&environment, &variables).system_columns(view)?;
        for (place, column) in (1..).zip(columns) {
            let CatalogType { id: type_id, length, precision, scale } = column.sql_type.into();
            rows.push(json!([
                id,
                place,
                column.name,
                type_id,
                length,
                precision,
                scale,
                u8::from(column.nullable)
            ]));
        }
    }
    Ok(rows)
}

fn parameters() -> Vec<Value> {
    let mut rows = Vec::new();
    for (id, (_, name, _)) in numbered().skip(SYSTEM.views.len()) {
        let Some(procedure) = SYSTEM.procedures.get(&launchpod_tsql::ast::fold_name(name)) else {
            continue;
        };
        for (place, parameter) in (1..).zip(&procedure.parameters) {
            // That a text names types that there are, a test says.
            let Some(sql_type) = parameter.type_name.declared() else { continue };
            let CatalogType { id: type_id, length, precision, scale } = sql_type.into();
            let output = u8::from(parameter.output);
            rows.push(json!([
                id,
                place,
                parameter.name,
                type_id,
                length,
                precision,
                scale,
                output
            ]));
        }
    }
    rows
}

/// A session of nobody's, in `master`.
fn nobody() -> Result<Session, SqlError> {
    let login = Login {
        user: String::new(),
        password: Secret::default(),
        new_password: None,
        database: String::new(),
        spid: 0,
        program: String::new(),
        host: String::new(),
        client: Client::default(),
    };
    let database = DatabaseName::master();
    Ok(Session {
        spid: login.spid,
        login: String::new(),
        execution: Execution::of_system(database.id),
        program: String::new(),
        host: String::new(),
        server: String::new(),
        configurations: Configurations::default(),
        history: None,
        governor: Arc::new(Governor::none()),
        live: Arc::new(Sessions::default()).enter(LiveSession::new(
            &login,
            "",
            database.id,
            DEFAULT_GROUP,
        )),
        original_database: database.name.clone(),
        database,
        lock_timeout: -1,
        text_size: MOST_TEXT,
        options: options::INITIAL,
        waits_for_caller: false,
        identity_insert: None,
        identity: IdentityState::default(),
        sequences: SequenceState::new(Arc::new(Counters::in_memory()?)),
        versions: VersionState::default(),
        context: Context::default(),
        assigned: Assigned::default(),
        locks: Arc::new(Arc::<ApplicationLocks>::default().holder()),
    })
}
