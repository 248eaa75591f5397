//! Pools and groups, and how they are stored.

use launchpod_tsql::ast::{fold_name, same_name};
use launchpod_types::{ExternalPool, SqlError};
use rusqlite::{Row, params};

use crate::sqlite::embedded::catalog::{Catalog, failed};

/// The tables.
const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.resource_pools" (
    external INT NOT NULL, pool_id INT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    min_cpu INT NOT NULL, max_cpu INT NOT NULL, cap_cpu INT NOT NULL, min_memory INT NOT NULL,
    max_memory INT NOT NULL, min_iops INT NOT NULL, max_iops INT NOT NULL,
    max_processes INT NOT NULL, version INT NOT NULL,
    PRIMARY KEY (external, pool_id), UNIQUE (external, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.workload_groups" (
    group_id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
    importance TEXT NOT NULL, memory_grant REAL NOT NULL, cpu_time INT NOT NULL,
    grant_timeout INT NOT NULL, max_dop INT NOT NULL, max_requests INT NOT NULL,
    pool_id INT NOT NULL, external_pool_id INT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.governor" (
    id INTEGER PRIMARY KEY CHECK (id = 1), is_enabled INT NOT NULL, classifier_id INT,
    max_io INT NOT NULL) STRICT;
"#;

/// The pool and the group of the server's own work.
pub(super) const INTERNAL: i64 = 1;
/// The pool of either kind, and the group, of who belongs to no other.
pub(crate) const DEFAULT: i64 = 2;
/// The first number of those that users make.
pub(super) const FIRST: i64 = 256;

/// All there is to the Resource Governor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Configuration {
    pub(super) is_enabled: bool,
    /// The number of the function that says to which group a session belongs.
    pub(super) classifier: Option<i64>,
    pub(super) max_io: i64,
    pub(super) pools: Vec<Pool>,
    pub(super) groups: Vec<Group>,
}

/// A resource pool of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    /// Whether it is one of external processes.
    pub(super) external: bool,
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) min_cpu: i64,
    pub(super) max_cpu: i64,
    pub(super) cap_cpu: i64,
    pub(super) min_memory: i64,
    pub(super) max_memory: i64,
    pub(super) min_iops: i64,
    pub(super) max_iops: i64,
    pub(super) max_processes: i64,
    /// How often it was changed, from 1.
    pub(super) version: i64,
}

/// A workload group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) id: i64,
    pub(super) name: String,
    /// `Low`, `Medium` or `High`.
    pub(super) importance: String,
    /// Percent of the pool's memory.
    pub(super) memory_grant: f64,
    pub(super) cpu_time: i64,
    pub(super) grant_timeout: i64,
    pub(super) max_dop: i64,
    pub(super) max_requests: i64,
    pub(super) pool: i64,
    pub(super) external_pool: i64,
}

// === impl Configuration ===

impl Default for Configuration {
    /// That of a server on which nobody has changed anything.
    fn default() -> Self {
        Configuration {
            is_enabled: false,
            classifier: None,
            max_io: 0,
            pools: vec![
                Pool::new(false, INTERNAL, "internal"),
                Pool::new(false, DEFAULT, "default"),
                Pool::new(true, DEFAULT, ExternalPool::DEFAULT_NAME),
            ],
            groups: vec![
                Group { pool: INTERNAL, ..Group::new(INTERNAL, "internal") },
                Group::new(DEFAULT, "default"),
            ],
        }
    }
}

impl Configuration {
    /// What of this stored configuration holds after a restart.
    pub(super) fn in_force(self) -> Self {
        if self.is_enabled { self } else { Configuration::default() }
    }

    pub(super) fn pool(&self, external: bool, name: &str) -> Option<&Pool> {
        let mut pools = self.pools.iter().filter(|pool| pool.external == external);
        pools.find(|pool| same_name(&pool.name, name))
    }

    pub(super) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| same_name(&group.name, name))
    }
}

// === impl Pool ===

impl Pool {
    /// A pool with everything by default.
    pub(super) fn new(external: bool, id: i64, name: &str) -> Self {
        Pool {
            external,
            id,
            name: name.to_owned(),
            min_cpu: 0,
            max_cpu: 100,
            cap_cpu: 100,
            min_memory: 0,
            max_memory: 100,
            min_iops: 0,
            max_iops: 0,
            max_processes: 0,
            version: 1,
        }
    }

    /// The limits of an external pool's scripts.
    pub(super) fn limits(&self) -> ExternalPool {
        // What is stored was within its range.
        let small = |value: i64| value.try_into().unwrap_or(0);
        ExternalPool {
            id: self.id.try_into().unwrap_or(ExternalPool::DEFAULT_ID),
            name: self.name.clone(),
            max_cpu_percent: small(self.max_cpu),
            max_memory_percent: small(self.max_memory),
            max_processes: small(self.max_processes),
        }
    }
}

// === impl Group ===

impl Group {
    /// A group with everything by default.
    pub(super) fn new(id: i64, name: &str) -> Self {
        Group {
            id,
            name: name.to_owned(),
            importance: "Medium".to_owned(),
            memory_grant: 25.0,
            cpu_time: 0,
            grant_timeout: 0,
            max_dop: 0,
            max_requests: 0,
            pool: DEFAULT,
            external_pool: DEFAULT,
        }
    }
}

// === impl Catalog ===

impl Catalog<'_> {
    /// Writes down what every server has, where it is missing.
    pub(crate) fn create_governor(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(SCHEMA)?;
        let sql = r#"INSERT OR IGNORE INTO main."launchpod.governor" VALUES (1, 0, NULL, 0)"#;
        if self.connection.execute(sql, [])? == 0 {
            return Ok(());
        }
        let Configuration { pools, groups, .. } = Configuration::default();
        pools.iter().try_for_each(|pool| self.write_pool(pool))?;
        groups.iter().try_for_each(|group| self.write_group(group))
    }

    /// What is stored.
    pub(super) fn governor(&self) -> Result<Configuration, SqlError> {
        let read = || -> rusqlite::Result<Configuration> {
            let sql = r#"SELECT is_enabled, classifier_id, max_io FROM main."launchpod.governor""#;
            let (is_enabled, classifier, max_io) = self
                .connection
                .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let sql = r#"SELECT external, pool_id, name, min_cpu, max_cpu, cap_cpu, min_memory,
                             max_memory, min_iops, max_iops, max_processes, version
                         FROM main."launchpod.resource_pools" ORDER BY external, pool_id"#;
            let mut statement = self.connection.prepare_cached(sql)?;
            let pools = statement.query_map([], pool)?.collect::<Result<_, _>>()?;
            let sql = r#"SELECT group_id, name, importance, memory_grant, cpu_time, grant_timeout,
                             max_dop, max_requests, pool_id, external_pool_id
                         FROM main."launchpod.workload_groups" ORDER BY group_id"#;
            let mut statement = self.connection.prepare_cached(sql)?;
            let groups = statement.query_map([], group)?.collect::<Result<_, _>>()?;
            Ok(Configuration { is_enabled, classifier, max_io, pools, groups })
        };
        read().map_err(failed)
    }

    /// Whether the Resource Governor is to be enabled after a restart.
    pub(super) fn set_governor_enabled(&self, enabled: bool) -> Result<(), SqlError> {
        let sql = r#"UPDATE main."launchpod.governor" SET is_enabled = ?1"#;
        self.connection.execute(sql, [enabled]).map(|_| ()).map_err(failed)
    }

    pub(super) fn set_classifier(&self, function: Option<i64>) -> Result<(), SqlError> {
        let sql = r#"UPDATE main."launchpod.governor" SET classifier_id = ?1"#;
        self.connection.execute(sql, [function]).map(|_| ()).map_err(failed)
    }

    pub(super) fn set_max_io(&self, requests: i64) -> Result<(), SqlError> {
        let sql = r#"UPDATE main."launchpod.governor" SET max_io = ?1"#;
        self.connection.execute(sql, [requests]).map(|_| ()).map_err(failed)
    }

    /// Writes a pool down: a new one, or one that has changed.
    pub(super) fn keep_pool(&self, pool: &Pool) -> Result<(), SqlError> {
        self.write_pool(pool).map_err(failed)
    }

    fn write_pool(&self, pool: &Pool) -> rusqlite::Result<()> {
        let sql = r#"INSERT OR REPLACE INTO main."launchpod.resource_pools"
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"#;
        let row = params![
            pool.external,
            pool.id,
            pool.name,
            fold_name(&pool.name),
            pool.min_cpu,
            pool.max_cpu,
            pool.cap_cpu,
            pool.min_memory,
            pool.max_memory,
            pool.min_iops,
            pool.max_iops,
            pool.max_processes,
            pool.version,
        ];
        self.connection.execute(sql, row).map(|_| ())
    }

    pub(super) fn drop_pool(&self, pool: &Pool) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM main."launchpod.resource_pools"
                     WHERE external = ?1 AND pool_id = ?2"#;
        self.connection.execute(sql, params![pool.external, pool.id]).map(|_| ()).map_err(failed)
    }

    /// Writes a group down: a new one, or one that has changed.
    pub(super) fn keep_group(&self, group: &Group) -> Result<(), SqlError> {
        self.write_group(group).map_err(failed)
    }

    fn write_group(&self, group: &Group) -> rusqlite::Result<()> {
        let sql = r#"INSERT OR REPLACE INTO main."launchpod.workload_groups"
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"#;
        let row = params![
            group.id,
            group.name,
            fold_name(&group.name),
            group.importance,
            group.memory_grant,
            group.cpu_time,
            group.grant_timeout,
            group.max_dop,
            group.max_requests,
            group.pool,
            group.external_pool,
        ];
        self.connection.execute(sql, row).map(|_| ())
    }

    pub(super) fn drop_group(&self, id: i64) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM main."launchpod.workload_groups" WHERE group_id = ?1"#;
        self.connection.execute(sql, [id]).map(|_| ()).map_err(failed)
    }
}

fn pool(row: &Row<'_>) -> rusqlite::Result<Pool> {
    Ok(Pool {
        external: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        min_cpu: row.get(3)?,
        max_cpu: row.get(4)?,
        cap_cpu: row.get(5)?,
        min_memory: row.get(6)?,
        max_memory: row.get(7)?,
        min_iops: row.get(8)?,
        max_iops: row.get(9)?,
        max_processes: row.get(10)?,
        version: row.get(11)?,
    })
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group {
        id: row.get(0)?,
        name: row.get(1)?,
        importance: row.get(2)?,
        memory_grant: row.get(3)?,
        cpu_time: row.get(4)?,
        grant_timeout: row.get(5)?,
        max_dop: row.get(6)?,
        max_requests: row.get(7)?,
        pool: row.get(8)?,
        external_pool: row.get(9)?,
    })
}
