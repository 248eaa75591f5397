//! What the views of the Resource Governor are written over: what is stored, and what holds.

use launchpod_types::{SqlError, SqlType};
use serde_json::{Value, json};

use super::Running;
use super::configuration::{Configuration, Group, Pool};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::security::permission::Class;
use crate::sqlite::system::base::{BaseTable, Rows};
use crate::sqlite::system::listing::array;

const INT: SqlType = SqlType::Int;
const BIT: SqlType = SqlType::Bit;
const NAME: SqlType = SqlType::SYSNAME;

/// The tables. Of each thing there is a row as it is stored and one as it holds (`is_running`).
pub(crate) const TABLES: &[BaseTable] = &[
    BaseTable {
        name: "governor",
        columns: &[
            ("is_running", BIT, false),
            ("is_enabled", BIT, false),
            ("classifier", INT, true),
            ("max_io", INT, false),
            ("is_pending", BIT, false),
        ],
        rows: Rows::Made(governor),
    },
    BaseTable {
        name: "resource_pools",
        columns: &[
            ("is_running", BIT, false),
            ("is_external", BIT, false),
            ("pool_id", INT, false),
            ("name", NAME, false),
            ("min_cpu", INT, false),
            ("max_cpu", INT, false),
            ("cap_cpu", INT, false),
            ("min_memory", INT, false),
            ("max_memory", INT, false),
            ("min_iops", INT, false),
            ("max_iops", INT, false),
            ("max_processes", INT, false),
            ("version", SqlType::BigInt, false),
            ("since", SqlType::DateTime, true),
        ],
        rows: Rows::Made(pools),
    },
    BaseTable {
        name: "workload_groups",
        columns: &[
            ("is_running", BIT, false),
            ("group_id", INT, false),
            ("name", NAME, false),
            ("importance", NAME, false),
            ("memory_grant", SqlType::Float, false),
            ("cpu_time", INT, false),
            ("grant_timeout", INT, false),
            ("max_dop", INT, false),
            ("max_requests", INT, false),
            ("pool_id", INT, false),
            ("external_pool_id", INT, false),
            ("since", SqlType::DateTime, true),
        ],
        rows: Rows::Made(groups),
    },
];

fn governor(environment: &Environment<'_>) -> Result<String, SqlError> {
    let stored = environment.catalog().governor()?;
    let running = environment.session.governor.lock();
    let is_pending = stored != running.configuration;
    let row = |is_running, configuration: &Configuration| {
        let Configuration { is_enabled, classifier, max_io, .. } = configuration;
        let [is_running, is_enabled, is_pending] =
            [is_running, *is_enabled, is_pending].map(u8::from);
        json!([is_running, is_enabled, classifier, max_io, is_pending])
    };
    let mut rows = vec![row(true, &running.configuration)];
    if may_see_stored(environment)? {
        rows.push(row(false, &stored));
    }
    array(&rows)
}

fn pools(environment: &Environment<'_>) -> Result<String, SqlError> {
    rows(environment, |configuration, running| {
        let row = |pool: &Pool| {
            json!([
                u8::from(running.is_some()),
                u8::from(pool.external),
                pool.id,
                pool.name,
                pool.min_cpu,
                pool.max_cpu,
                pool.cap_cpu,
                pool.min_memory,
                pool.max_memory,
                pool.min_iops,
                pool.max_iops,
                pool.max_processes,
                pool.version,
                running.and_then(|running| running.since.get(&(Some(pool.external), pool.id))),
            ])
        };
        configuration.pools.iter().map(row).collect()
    })
}

fn groups(environment: &Environment<'_>) -> Result<String, SqlError> {
    rows(environment, |configuration, running| {
        let row = |group: &Group| {
            json!([
                u8::from(running.is_some()),
                group.id,
                group.name,
                group.importance,
                group.memory_grant,
                group.cpu_time,
                group.grant_timeout,
                group.max_dop,
                group.max_requests,
                group.pool,
                group.external_pool,
                running.and_then(|running| running.since.get(&(None, group.id))),
            ])
        };
        configuration.groups.iter().map(row).collect()
    })
}

/// The rows of what holds, and of what is stored.
fn rows(
    environment: &Environment<'_>,
    of: impl Fn(&Configuration, Option<&Running>) -> Vec<Value>,
) -> Result<String, SqlError> {
    let stored = environment.catalog().governor()?;
    let running = environment.session.governor.lock();
    let mut rows = of(&running.configuration, Some(&running));
    if may_see_stored(environment)? {
        rows.extend(of(&stored, None));
    }
    array(&rows)
}

/// Whether the caller may see what is stored. What holds is shown by views of the server's state
/// alone, which is checked where they are named.
fn may_see_stored(environment: &Environment<'_>) -> Result<bool, SqlError> {
    Ok(environment.context()?.may(Class::Server, "VIEW ANY DEFINITION"))
}
