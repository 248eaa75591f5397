//! The embedded database: T-SQL on one SQLite file.
//!
//! The way of a statement: the binder (`bind`) resolves names and types, the
//! translation (`translate`) says the bound tree in SQLite's SQL, a thread per session
//! (`embedded`) runs it and sends record batches. Functions of ours (`functions`) compute
//! what SQLite computes otherwise.
//!
//! # What differs from SQL Server
//!
//! - There is one collation, `SQL_Latin1_General_CP1_CI_AS`, ordered by code point without case.
//! - The server's time zone is UTC.
//! - One writer at a time, database-wide; transactions read committed data, see
//!   `embedded::transaction`.
//! - What isn't there is refused with 40517, which names it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use launchpod_types::SqlError;
use rusqlite::Connection;

use crate::{Configurations, Database, Login, Secret, Session};

mod bind;
mod cell;
mod embedded;
mod errors;
mod functions;
mod sessions;
mod system;
mod translate;

use embedded::catalog::{Catalog, DatabaseName};
use embedded::context::Context;
use embedded::environment::{self, Given, IdentityState};
use embedded::thread::EmbeddedSession;
use embedded::{connection, failure, login};
use functions::assigned::Assigned;
use sessions::{LiveSession, Sessions};

/// The file in the data folder that holds all databases.
pub const FILE_NAME: &str = "launchpod.sqlite";

/// The embedded database.
pub struct Embedded {
    shared: Arc<Shared>,
}

/// How the embedded database presents itself.
#[derive(Clone, Debug)]
pub struct Options {
    /// What `@@SERVERNAME` and SERVERPROPERTY('MachineName') say.
    pub server_name: String,
    /// What `sys.configurations` shows.
    pub configurations: Configurations,
    /// The folder of the history that the system's views of external scripts read
    /// ([`launchpod_history`]); without one they are empty.
    pub history: Option<PathBuf>,
}

struct Shared {
    path: PathBuf,
    options: Options,
    /// What was given of IDENTITY columns.
    given: Arc<Mutex<Given>>,
    /// The hash that a password is checked against when there is no such login, so that both
    /// take the same time.
    nobody: String,
    sessions: Arc<Sessions>,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Options {
            server_name: "launchpod".to_owned(),
            configurations: Configurations::default(),
            history: None,
        }
    }
}

// === impl Embedded ===

impl Embedded {
    /// Opens the database in a data folder; makes both when they are missing. Blocks for a
    /// moment: call it outside async code, or at start.
    ///
    /// # Errors
    /// An internal error that names what failed, when the folder or file can't be used.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Embedded, SqlError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|error| {
            errors::internal(format_args!("the folder {}: {error}", folder.display()))
        })?;
        let path = folder.join(FILE_NAME);
        connection::create(&path).map_err(|error| {
            errors::internal(format_args!("the file {}: {error}", path.display()))
        })?;
        let nobody = login::hash(&Secret::new("nobody's password"))?;
        let (given, sessions) = (Arc::default(), Arc::default());
        let shared = Shared { path, options, given, nobody, sessions };
        let connection = shared.connect()?;
        let catalog = Catalog::new(&connection);
        catalog.create().map_err(|error| failure::of_engine(&error))?;
        catalog.drop_left_behind()?;
        Ok(Embedded { shared: Arc::new(shared) })
    }

    /// Whether a login of this name exists, in any case.
    ///
    /// # Errors
    /// An internal error when the file can't be read.
    pub fn has_login(&self, name: &str) -> Result<bool, SqlError> {
        let connection = self.shared.connect()?;
        let found = login::find(&connection, name);
        Ok(found.map_err(|error| failure::of_engine(&error))?.is_some())
    }

    /// Makes a login, or changes its password. Blocks for some 10 ms, as hashing does.
    ///
    /// # Errors
    /// An internal error when the file can't be written.
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<(), SqlError> {
        let hash = login::hash(password)?;
        let connection = self.shared.connect()?;
        login::set(&connection, name, &hash).map_err(|error| failure::of_engine(&error))
    }

    /// Opens a session for the program that holds the file, which needs no password. Blocks as
    /// [`Embedded::open`] does; call it within a Tokio runtime.
    ///
    /// # Errors
    /// 4060 when the database doesn't exist; an internal error when the file can't be used.
    pub fn local_session(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let connection = self.shared.connect()?;
        let name = login.user.clone();
        let session = self.shared.open_session(&connection, login, name, "master")?;
        Ok(Box::new(EmbeddedSession::start(connection, session)?))
    }
}

#[async_trait]
impl Database for Embedded {
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let shared = Arc::clone(&self.shared);
        let opened = tokio::task::spawn_blocking(move || shared.login(login)).await;
        let (connection, session) = opened.map_err(errors::internal)??;
        Ok(Box::new(EmbeddedSession::start(connection, session)?))
    }
}

// === impl Shared ===

impl Shared {
    fn connect(&self) -> Result<Connection, SqlError> {
        connection::open(&self.path).map_err(|error| {
            errors::internal(format_args!("the database {}: {error}", self.path.display()))
        })
    }

    fn login(&self, login: Login) -> Result<(Connection, environment::Session), SqlError> {
        let connection = self.connect()?;
        let failed = |error| failure::of_engine(&error);
        let stored = login::find(&connection, &login.user).map_err(failed)?;
        let hash = stored.as_ref().map_or(&self.nobody, |stored| &stored.hash);
        let verified = login::verify(&login.password, hash);
        let Some(stored) = stored.filter(|_| verified) else {
            return Err(errors::login_failed(&login.user));
        };
        let session =
            self.open_session(&connection, login, stored.name, &stored.default_database)?;
        Ok((connection, session))
    }

    /// Prepares a connection for a session of `name`, whose login has been checked.
    fn open_session(
        &self,
        connection: &Connection,
        login: Login,
        name: String,
        default_database: &str,
    ) -> Result<environment::Session, SqlError> {
        let failed = |error| failure::of_engine(&error);
        let wanted = match login.database.as_str() {
            "" => default_database,
            database => database,
        };
        connection::attach_history(connection, self.options.history.as_deref()).map_err(failed)?;
        let catalog = Catalog::new(connection);
        let database: DatabaseName =
            catalog.database(wanted)?.ok_or_else(|| errors::cannot_open_database(wanted))?;
        catalog.create_temporary().map_err(failed)?;
        let live = LiveSession::new(&login, &name, database.id);
        let session = environment::Session {
            spid: login.spid,
            login: name,
            program: login.program,
            host: login.host,
            server: self.options.server_name.clone(),
            configurations: self.options.configurations.clone(),
            live: self.sessions.enter(live),
            database,
            lock_timeout: -1,
            identity_insert: None,
            identity: IdentityState::of_session(Arc::clone(&self.given)),
            context: Context::default(),
            assigned: Assigned::default(),
        };
        Ok(session)
    }
}
