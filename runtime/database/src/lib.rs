//! Where queries run.
//!
//! [`Database`] and [`Session`] are the seam between the T-SQL interpreter and whatever holds
//! the data. Both are small on purpose: a SQL Server sits behind the same two traits.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use launchpod_tsql::ast::{Batch, ObjectName, Statement};
use launchpod_types::{Column, ExternalPool, Identity, Message, SqlError, SqlType, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod client;
mod configurations;
pub mod options;
mod rows;
mod secret;
pub mod sqlite;
mod way_back;

pub use client::Client;
pub use configurations::{ConfigurationOption, Configurations};
pub use options::ModuleOptions;
pub use rows::Rows;
pub use secret::Secret;
pub use way_back::{CallersLogin, WayBack};

/// How many events a session holds ready before it waits for its reader: the bound on what a
/// result costs in memory is this many record batches.
pub const EVENTS_IN_FLIGHT: usize = 4;

/// A database that sessions are opened on.
#[async_trait]
pub trait Database: Send + Sync {
    /// Checks who asks and opens a session for them.
    ///
    /// # Errors
    /// 18456 when login or password is wrong (the text doesn't say which), 18487 or 18488 when the
    /// password has to be changed and no new one is given, 18464 or 18466 when the new one is too
    /// weak, 4060 when the database doesn't exist or isn't theirs.
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError>;
}

/// What a client says at login.
pub struct Login {
    /// The login's name as typed.
    pub user: String,
    /// The password as typed.
    pub password: Secret,
    /// The password that the login is to have from now on, when the client asks for that.
    pub new_password: Option<Secret>,
    /// The database asked for; empty for the login's default.
    pub database: String,
    /// The session's number, as `@@SPID` returns it.
    pub spid: u16,
    /// The client's program name, as `APP_NAME()` returns it.
    pub program: String,
    /// The client's machine name, as `HOST_NAME()` returns it.
    pub host: String,
    /// What else is known of the client, for those who look at the server's sessions.
    pub client: Client,
}

// === impl Login ===

impl Login {
    /// Where the client connects from; `None` within the server's own program. Wrong passwords
    /// are counted by it.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.client.address.map(|address| address.ip())
    }
}

/// One session's connection to the database.
///
/// Statements run one after the other; the current database, temporary tables and an open
/// transaction live as long as the session.
#[async_trait]
pub trait Session: Send {
    /// Who the session acts as, and in which database it is.
    fn identity(&self) -> Identity;

    /// Starts a statement and returns what it yields, in order.
    ///
    /// The stream ends after the statement's last event, or after an `Err`, which ends the
    /// statement. At most [`EVENTS_IN_FLIGHT`] events wait; the statement is held back until
    /// they are taken. When `cancel` fires or the receiver is dropped, the statement stops
    /// (an open transaction stays open) and the stream ends.
    fn execute(&mut self, execute: Execute, cancel: CancellationToken) -> Events;

    /// Starts an INSERT whose rows the caller brings: `INSERT … EXEC`, whose procedure is not
    /// run here, and `INSERT BULK`. What it yields, and how it stops, is as with
    /// [`Session::execute`].
    ///
    /// `rows` gives [`Event::Columns`] and [`Event::Batch`], several result sets one after the
    /// other; all else is passed over. The columns are matched by their place and converted to
    /// the table's as an INSERT … SELECT would. All rows until `rows` ends are one statement:
    /// an `Err` among them undoes it and is what it then fails with.
    ///
    /// # Errors
    /// 213 when a result set has another number of columns than the INSERT.
    fn insert(&mut self, execute: Execute, rows: Events, cancel: CancellationToken) -> Events;

    /// Makes the session as new for the next user of a pooled connection: temporary tables are
    /// dropped and the session's options are forgotten. The transaction and the current database
    /// stay. Statements come after it, in the order of the calls.
    fn reset(&mut self);

    /// The procedure of a name, which the interpreter is about to call; `None` when users have
    /// made none of that name.
    ///
    /// # Errors
    /// 229 when the session may not execute it.
    async fn procedure(&mut self, name: &ObjectName) -> Result<Option<ProcedureText>, SqlError>;

    /// Looks a text over before any of it runs: a batch, or the definition of a procedure, whose
    /// body it then is. `variables` are those that it may use.
    ///
    /// What is found are columns that aren't there (207, 209, 4104), of objects that are; so
    /// nothing of the text runs, not even what stands before. A server finds it by itself.
    ///
    /// # Errors
    /// An internal error when the session has ended.
    async fn compile(
        &mut self,
        _text: Arc<Batch>,
        _variables: Arc<Variables>,
    ) -> Result<Vec<SqlError>, SqlError> {
        Ok(Vec::new())
    }

    /// Says that what follows is a module's, until [`Session::leave`]: it runs as the module's
    /// EXECUTE AS says, and what belongs to the module's owner needs no permission of the
    /// session's. Modules within modules are entered one after the other.
    ///
    /// # Errors
    /// 15517 when the module can't run as its EXECUTE AS says; then nothing was entered.
    async fn enter(&mut self, called: Called) -> Result<(), SqlError>;

    /// The module that was entered last has ended, and with it each EXECUTE AS within it; where
    /// [`Session::ends_tables`], also what SET has changed there and the temporary tables that it
    /// has made, which may have hidden those of its caller.
    fn leave(&mut self);

    /// Whether the temporary tables that a module has made, its table variables excepted, end with
    /// [`Session::leave`]. Else whoever runs the module drops them by their names.
    fn ends_tables(&self) -> bool {
        false
    }

    /// Says which external script the session runs from now on, by the number of its request, for
    /// those who look at the server's sessions (`sys.dm_exec_requests`); `None` when it has ended.
    fn runs_script(&mut self, _request: Option<Uuid>) {}

    /// Checks that the session may do what the interpreter does by itself.
    ///
    /// # Errors
    /// The one that SQL Server raises for that action.
    async fn permit(&mut self, action: Action) -> Result<(), SqlError>;

    /// Whether a SQL Server runs what this session sends: its options, its system procedures and
    /// implicit transactions are then its own, and the interpreter leaves them to it.
    fn is_server(&self) -> bool {
        false
    }

    /// The external resource pool that the session's scripts run in.
    fn external_pool(&self) -> ExternalPool {
        ExternalPool::default()
    }

    /// The way back for the connections that an external script of this session makes to its
    /// database: its sessions are of whom this session acts as now, and in its current database
    /// unless another one is named. To be called before the script runs, during which this session
    /// does nothing. `None` when there is no way.
    ///
    /// # Errors
    /// An internal error when the session has ended.
    async fn way_back(&mut self) -> Result<Option<WayBack>, SqlError> {
        Ok(None)
    }
}

/// A procedure that users have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureText {
    /// Its number, as `OBJECT_ID` returns it.
    pub object_id: i64,
    /// The text of its CREATE PROCEDURE.
    pub definition: String,
    /// The options that hold in it.
    pub options: ModuleOptions,
}

/// What a session enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// A procedure of [`Session::procedure`].
    Procedure {
        /// Its number.
        object_id: i64,
    },
    /// A text that was put together, or a temporary procedure: nothing in it is the owner's of
    /// what has called it.
    Text,
}

/// What the interpreter does by itself, and not everybody may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `sp_configure name, value`: needs ALTER SETTINGS on the server (15247).
    Configure,
    /// `RECONFIGURE`: needs the same (5812).
    Reconfigure,
    /// `sp_execute_external_script`: needs EXECUTE ANY EXTERNAL SCRIPT in the database (262) or
    /// EXECUTE EXTERNAL SCRIPT on the language (39007 when it is of others only).
    ExternalScript {
        /// The language, as it was written.
        language: String,
    },
    /// `sp_cursoropen` and its kin, which a SQL Server behind runs: an external script among what
    /// they are over isn't there.
    OpenCursor {
        /// The procedure, in lower case.
        procedure: String,
        /// What the cursor is over.
        text: String,
    },
}

/// What a statement yields.
pub type Events = mpsc::Receiver<Result<Event, SqlError>>;

/// A statement to run, with the variables it may use.
#[derive(Clone)]
pub struct Execute {
    /// The parsed statement: a query, a change of rows, a definition, USE, a transaction
    /// statement, SET of an option that matters to the data, or EXEC of a procedure that the
    /// database has itself (`sp_columns`) or of a scalar function, its arguments constants and
    /// variables. Variables, control flow and users' procedures are the interpreter's.
    ///
    /// Of `SELECT @a = x, …` the session returns the values as unnamed columns, and the
    /// interpreter assigns those of the last row; so it does with the value of any other
    /// expression, for which it makes a SELECT.
    pub statement: Arc<Statement>,
    /// The statement's own source text (from its span's start), for a database that reads
    /// T-SQL itself, and for definitions that are kept as text (DEFAULT, CHECK).
    pub source: Arc<str>,
    /// Variables by name with their `@`, in lower case. That of a table variable holds the name
    /// of the temporary table that it stands for, which begins with `#`: `DECLARE @t TABLE (…)`
    /// makes the table, and whoever chose the name drops it. Within a CATCH block
    /// `@@error_number`, `@@error_message`, `@@error_severity`, `@@error_state`,
    /// `@@error_line` and `@@error_procedure` are what the functions of these names return, and
    /// `@@xact_state` anywhere; the interpreter's own `@@rowcount`,
    /// `@@error` and `@@trancount` are among them, and `@@options`, by which the embedded database
    /// heeds the [SET options](options) that change what a statement means. `@@cursor_status local c` is what
    /// `CURSOR_STATUS('local', 'c')` returns, the names folded; of a cursor that isn't there is none.
    /// `@@table_type @t` is the table type, as T-SQL names it, of a variable or argument that has one.
    pub variables: Arc<Variables>,
    /// Whether only the columns are asked for, as under `SET FMTONLY ON`: the statement is bound
    /// and yields [`Event::Columns`] for each result set that it would return, and nothing runs.
    pub describe: bool,
}

/// Variables by name. Each is shared: a statement gets all of them, and a model in one is large.
pub type Variables = BTreeMap<String, Arc<Variable>>;

/// A declared variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The declared type.
    pub sql_type: SqlType,
    /// The value, of the type's kind.
    pub value: Value,
}

/// One thing that a running statement yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A result set begins.
    Columns(Arc<[Column]>),
    /// Rows of the result set that was begun last, stored as
    /// [`launchpod_exchange::storage`] says.
    Batch(RecordBatch),
    /// A statement that changes rows (or a query, at its end) has counted them.
    RowsAffected(u64),
    /// An informative message.
    Message(Message),
    /// `USE` has changed the current database.
    Database(String),
    /// A transaction began, ended or changed depth.
    Transaction(TransactionState),
    /// A procedure of the database's own has ended with this return status.
    ReturnStatus(i32),
    /// The value of an OUTPUT argument of such a procedure.
    Output {
        /// Which of the OUTPUT arguments it is, from 0.
        place: usize,
        /// The value.
        value: Variable,
    },
    /// The value of a scalar function that EXEC has called.
    Returned(Variable),
}

/// What a batch may ask of the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `@@ERROR`
    pub error: i32,
    /// `@@ROWCOUNT`
    pub row_count: u64,
}

/// The session's transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionState {
    /// `@@TRANCOUNT`: how many BEGIN TRANs are open; 0 for none.
    pub depth: u32,
}
