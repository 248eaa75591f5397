//! Connections that an external script makes back to the database that has started it: no password,
//! and never more than its caller may.
//!
//! The script's caller waits for the script. When it holds the write lock, a change that the script
//! asks for could only wait for ever, so it fails at once as a deadlock's victim does (1205).

use std::sync::Arc;

use async_trait::async_trait;
use launchpod_types::SqlError;
use rusqlite::Connection;

use super::embedded::catalog::Catalog;
use super::embedded::environment;
use super::embedded::thread::{EmbeddedSession, Worker};
use super::security::context::{Actor, Execution, name_of};
use super::{Opener, Shared, errors};
use crate::{Database, Login, Session};

/// The database, for whoever a session acted as at a moment.
#[derive(Clone)]
pub(crate) struct Loopback {
    shared: Arc<Shared>,
    actor: Actor,
    /// What `ORIGINAL_LOGIN()` said there, and says here.
    original_login: String,
    database: String,
    waits_for_caller: bool,
    group: i64,
}

// === impl Loopback ===

impl Loopback {
    pub(crate) fn of(shared: Arc<Shared>, caller: &Worker) -> Self {
        let session = &caller.session;
        Loopback {
            shared,
            actor: session.execution.actor().clone(),
            original_login: session.login.clone(),
            database: session.database.name.clone(),
            // A session whose own caller holds the lock can't hold it.
            waits_for_caller: !caller.connection.is_autocommit() || session.waits_for_caller,
            // A script can't leave its pool by calling another one.
            group: session.live.group(),
        }
    }

    fn open(&self, login: Login) -> Result<(Connection, environment::Session, String), SqlError> {
        let connection = self.shared.connect()?;
        let opener = Opener {
            // The caller's EXECUTE AS is not one that could be reverted or reset here.
            execution: Execution::of_actor(self.actor.clone()),
            login: self.original_login.clone(),
            default_database: self.database.clone(),
            waits_for_caller: self.waits_for_caller,
            group: self.group,
        };
        let session = self.shared.open_session(&connection, login, opener)?;
        let name = name_of(Catalog::new(&connection), &self.actor)?;
        Ok((connection, session, name))
    }
}

#[async_trait]
impl Database for Loopback {
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let this = self.clone();
        let opened = tokio::task::spawn_blocking(move || this.open(login)).await;
        let (connection, session, name) = opened.map_err(errors::internal)??;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(EmbeddedSession::start(shared, connection, session, name)?))
    }
}
