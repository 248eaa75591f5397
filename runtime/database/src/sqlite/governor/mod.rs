//! The Resource Governor: which sessions share which limits.
//!
//! A classifier, a function of the administrator's in `master`, says to which workload group a new
//! session belongs; the group says in which external resource pool its scripts run, whose limits
//! the controller keeps. Ordinary resource pools and the settings of groups are kept and shown, and
//! limit nothing: queries run on SQLite.
//!
//! Statements change what is stored, in the catalog and with the transaction; what holds is the
//! [`Running`] configuration, which ALTER RESOURCE GOVERNOR makes the same.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `configuration` | pools, groups, and how they are stored |
//! | `define` | CREATE, ALTER and DROP of them |
//! | `control` | ALTER RESOURCE GOVERNOR |
//! | `classify` | which group a session belongs to |
//! | `listing` | what the views are written over |

pub(crate) mod classify;
mod configuration;
mod control;
mod define;
pub(crate) mod listing;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use launchpod_types::{ExternalPool, SqlError};
use rusqlite::Connection;

pub(crate) use configuration::DEFAULT as DEFAULT_GROUP;
use configuration::{Configuration, DEFAULT, Pool};

use super::embedded::catalog::Catalog;
use super::embedded::environment::now;
use super::errors;

/// What holds for the server's sessions.
#[derive(Debug)]
pub(crate) struct Governor(Mutex<Running>);

#[derive(Debug)]
struct Running {
    configuration: Configuration,
    /// Since when a pool's or group's statistics count, 100 ns since 1970: of each (whether it is a
    /// pool of external processes; `None` for a group) by its number.
    since: BTreeMap<(Option<bool>, i64), i64>,
}

// === impl Governor ===

impl Governor {
    /// That of a server that starts, which is what is stored unless that is disabled.
    pub(crate) fn load(connection: &Connection) -> Result<Self, SqlError> {
        let stored = Catalog::new(connection).governor()?;
        Ok(Governor(Mutex::new(Running::of(stored.in_force()))))
    }

    /// That of no server.
    pub(crate) fn none() -> Self {
        Governor(Mutex::new(Running::of(Configuration::default())))
    }

    /// Has another configuration hold, unless a session is in the way: it is in a group that is
    /// dropped, or moved to another pool.
    ///
    /// # Errors
    /// 10904 for such a session, of those that `groups` tells the groups of.
    fn apply(
        &self,
        configuration: Configuration,
        groups: impl FnOnce() -> Vec<i64>,
    ) -> Result<(), SqlError> {
        let mut running = self.lock();
        let moves = |id: &i64| {
            let pools = |configuration: &Configuration| {
                let group = configuration.groups.iter().find(|group| group.id == *id);
                group.map(|group| (group.pool, group.external_pool))
            };
            let before = pools(&running.configuration);
            before.is_some() && pools(&configuration) != before
        };
        if groups().iter().any(moves) {
            return Err(errors::sessions_in_the_way());
        }
        let mut next = Running::of(configuration);
        for (key, since) in &mut next.since {
            if let Some(before) = running.since.get(key) {
                *since = *before;
            }
        }
        *running = next;
        Ok(())
    }

    /// Begins all statistics anew.
    fn reset_statistics(&self) {
        let now = now();
        self.lock().since.values_mut().for_each(|since| *since = now);
    }

    /// The number of the function that says to which group a session belongs.
    fn classifier(&self) -> Option<i64> {
        self.lock().configuration.classifier
    }

    /// The group of a name, as the classifier gives it; `default` when there is none that a session
    /// can belong to.
    fn group(&self, name: &str) -> i64 {
        let running = self.lock();
        let group = running.configuration.group(name).filter(|group| group.id >= DEFAULT);
        group.map_or(DEFAULT, |group| group.id)
    }

    /// The pool in which the scripts of a session of that group run.
    pub(crate) fn external_pool(&self, group: i64) -> ExternalPool {
        let running = self.lock();
        let Configuration { pools, groups, .. } = &running.configuration;
        let id = groups.iter().find(|known| known.id == group).map(|group| group.external_pool);
        let pool = pools.iter().find(|pool| pool.external && Some(pool.id) == id);
        pool.map(Pool::limits).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // It is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Running ===

impl Running {
    fn of(configuration: Configuration) -> Self {
        let now = now();
        let pools = configuration.pools.iter().map(|pool| (Some(pool.external), pool.id));
        let groups = configuration.groups.iter().map(|group| (None, group.id));
        let since = pools.chain(groups).map(|key| (key, now)).collect();
        Running { configuration, since }
    }
}
