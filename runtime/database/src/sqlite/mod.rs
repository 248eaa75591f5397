//! The embedded database: T-SQL on one SQLite file.
//!
//! The way of a statement: the binder (`bind`) resolves names and types, the
//! translation (`translate`) says the bound tree in SQLite's SQL, a thread per session
//! (`embedded`) runs it and sends record batches. Functions of ours (the crate `functions`) compute
//! what SQLite computes otherwise.
//!
//! # What differs from SQL Server
//!
//! - There is one collation, `SQL_Latin1_General_CP1_CI_AS`, for Unicode text by
//!   Windows' rules, else by sort order 52 ([`launchpod_functions::collation`]).
//! - The server's time zone is UTC.
//! - One writer at a time, database-wide; transactions read committed data, see
//!   `embedded::transaction`.
//! - What isn't there is refused with 40517, which names it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use launchpod_functions::assigned::Assigned;
use launchpod_types::SqlError;
use rusqlite::Connection;

use crate::{Configurations, Database, Login, Secret, Session, options};

mod application_locks;
mod bind;
mod discovery;
mod embedded;
mod errors;
mod governor;
mod loopback;
mod security;
mod sessions;
mod system;
mod translate;

use application_locks::ApplicationLocks;
use embedded::catalog::{Catalog, DatabaseName};
use embedded::context::Context;
use embedded::counters::{self, Counters};
use embedded::drawing::SequenceState;
use embedded::environment::{self, Given, IdentityState};
use embedded::settings::MOST_TEXT;
use embedded::thread::EmbeddedSession;
use embedded::versions::VersionState;
use embedded::{connection, failure};
use governor::Governor;
use security::attempts::Attempts;
use security::context::Execution;
use security::{password, principal};
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
    /// After how many wrong passwords a login is locked whose CHECK_POLICY is on; 0 for never.
    pub lockout_threshold: i64,
    /// Seconds that a login stays locked, and after which wrong passwords no longer count; 0 for
    /// until it is unlocked.
    pub lockout_duration: i64,
    /// Seconds after which a password has expired whose CHECK_EXPIRATION is on.
    pub password_max_age: i64,
}

/// Who opens a session, which has been checked.
struct Opener {
    /// Who it acts as.
    execution: Execution,
    /// The login's name, as `ORIGINAL_LOGIN()` returns it.
    login: String,
    /// The database that it comes to when it names none.
    default_database: String,
    /// Whether what has to be waited for waits for this session: see [`loopback`].
    waits_for_caller: bool,
    /// Its workload group, until it is classified.
    group: i64,
}

struct Shared {
    path: PathBuf,
    options: Options,
    /// What was given of IDENTITY columns.
    given: Arc<Mutex<Given>>,
    /// How far sequences have counted.
    counters: Arc<Counters>,
    /// The hash that a password is checked against when there is no such login, so that both
    /// take the same time.
    nobody: String,
    sessions: Arc<Sessions>,
    locks: Arc<ApplicationLocks>,
    /// The wrong passwords of late.
    attempts: Attempts,
    governor: Arc<Governor>,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Options {
            server_name: "launchpod".to_owned(),
            configurations: Configurations::default(),
            history: None,
            lockout_threshold: 10,
            lockout_duration: 10 * 60,
            password_max_age: 42 * 24 * 60 * 60,
        }
    }
}

// === impl Embedded ===

impl Embedded {
    /// Opens the database in a data folder; makes both when they are missing. Blocks for a
    /// moment: call it outside async code, or at start.
    ///
    /// # Errors
    /// An internal error that names what failed, when the folder or file can't be used, or was
    /// made by another version of Launchpod.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Embedded, SqlError> {
        system::machine::note_start();
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|error| {
            errors::internal(format_args!("the folder {}: {error}", folder.display()))
        })?;
        let path = folder.join(FILE_NAME);
        connection::create(&path).map_err(|error| {
            errors::internal(format_args!("the file {}: {error}", path.display()))
        })?;
        let mut shared = Shared {
            path,
            options,
            given: Arc::default(),
            counters: Arc::new(Counters::open(&folder.join(counters::FILE_NAME))?),
            nobody: password::hash(&Secret::new("nobody's password"))?,
            attempts: Attempts::new(),
            sessions: Arc::default(),
            locks: Arc::default(),
            governor: Arc::new(Governor::none()),
        };
        let connection = shared.connect()?;
        connection::check_version(&connection, &shared.path)?;
        let catalog = Catalog::new(&connection);
        catalog.create().map_err(|error| failure::of_engine(&error))?;
        catalog.drop_left_behind()?;
        shared.counters.keep(&catalog.counters()?)?;
        shared.governor = Arc::new(Governor::load(&connection)?);
        Ok(Embedded { shared: Arc::new(shared) })
    }

    /// Whether a login of this name exists, in any case.
    ///
    /// # Errors
    /// An internal error when the file can't be read.
    pub fn has_login(&self, name: &str) -> Result<bool, SqlError> {
        let connection = self.shared.connect()?;
        Ok(Catalog::new(&connection).login(name)?.is_some())
    }

    /// Makes a login, or changes its password and unlocks it. Blocks for some 10 ms, as hashing
    /// does. The login `sa` is the administrator's.
    ///
    /// # Errors
    /// An internal error when the file can't be written.
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<(), SqlError> {
        let hash = password::hash(password)?;
        let connection = self.shared.connect()?;
        Catalog::new(&connection).set_password(name, hash)
    }

    /// Opens a session for the program that holds the file, which needs no password. Blocks as
    /// [`Embedded::open`] does; call it within a Tokio runtime.
    ///
    /// # Errors
    /// 4060 when the database doesn't exist; an internal error when the file can't be used.
    pub fn local_session(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let connection = self.shared.connect()?;
        let administrator = Opener {
            execution: Execution::new(principal::server::SA),
            login: login.user.clone(),
            default_database: "master".to_owned(),
            waits_for_caller: false,
            group: governor::DEFAULT_GROUP,
        };
        let session = self.shared.open_session(&connection, login, administrator)?;
        let name = session.login.clone();
        Ok(Box::new(EmbeddedSession::start(Arc::clone(&self.shared), connection, session, name)?))
    }
}

#[async_trait]
impl Database for Embedded {
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let shared = Arc::clone(&self.shared);
        let _admission = self.shared.attempts.admit(login.address()).await;
        let opened = tokio::task::spawn_blocking(move || shared.login(login)).await;
        let (connection, session) = opened.map_err(errors::internal)??;
        let (shared, name) = (Arc::clone(&self.shared), session.login.clone());
        let mut session = EmbeddedSession::start(shared, connection, session, name)?;
        session.classify().await?;
        Ok(Box::new(session))
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
        let stored = self.authenticate(&connection, &login)?;
        let opener = Opener {
            execution: Execution::new(stored.id),
            login: stored.name,
            default_database: stored.default_database,
            waits_for_caller: false,
            group: governor::DEFAULT_GROUP,
        };
        let session = self.open_session(&connection, login, opener)?;
        Ok((connection, session))
    }

    /// Prepares a connection for a session.
    fn open_session(
        &self,
        connection: &Connection,
        login: Login,
        opener: Opener,
    ) -> Result<environment::Session, SqlError> {
        let Opener { execution, login: name, default_database, waits_for_caller, group } = opener;
        let failed = |error| failure::of_engine(&error);
        let wanted = match login.database.as_str() {
            "" => default_database.as_str(),
            database => database,
        };
        let catalog = Catalog::new(connection);
        let refuse = |state: u8| {
            tracing::warn!(login = %name, database = %wanted, state, "Login failed");
            match login.database.is_empty() {
                true => errors::cannot_open_default_database(),
                false => errors::cannot_open_database(wanted),
            }
        };
        let database: DatabaseName = catalog.database(wanted)?.ok_or_else(|| refuse(38))?;
        execution.context(catalog, &database).map_err(|error| match error.number() {
            916 => refuse(40),
            _ => error,
        })?;
        catalog.create_temporary().map_err(failed)?;
        let live = LiveSession::new(&login, &name, database.id, group);
        let session = environment::Session {
            spid: login.spid,
            login: name,
            execution,
            program: login.program,
            host: login.host,
            server: self.options.server_name.clone(),
            configurations: self.options.configurations.clone(),
            history: self.options.history.clone(),
            governor: Arc::clone(&self.governor),
            live: self.sessions.enter(live),
            original_database: database.name.clone(),
            database,
            lock_timeout: -1,
            text_size: MOST_TEXT,
            options: options::INITIAL,
            waits_for_caller,
            identity_insert: None,
            identity: IdentityState::of_session(Arc::clone(&self.given)),
            sequences: SequenceState::new(Arc::clone(&self.counters)),
            versions: VersionState::default(),
            context: Context::default(),
            assigned: Assigned::default(),
            locks: Arc::new(self.locks.holder()),
        };
        Ok(session)
    }
}
