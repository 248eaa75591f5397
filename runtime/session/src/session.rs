//! One client's session.

use std::sync::Arc;

use launchpod_database::{Counts, ModuleOptions, TransactionState};
use launchpod_types::{Identity, Parameter};
use tokio_util::sync::CancellationToken;

use crate::bulk::AnnouncedLoad;
use crate::cursor::Cursors;
use crate::instance::Instance;
use crate::options::Options;
use crate::procedures::{PreparedStatements, TemporaryProcedures};
use crate::reply::{DonePlace, REPLIES_IN_FLIGHT, Replies};
use crate::run::{Run, Scope};

/// One client's session: its connection to the database and what T-SQL remembers of it.
pub struct Session {
    pub(crate) instance: Arc<Instance>,
    pub(crate) database: Box<dyn launchpod_database::Session>,
    /// The database that the login came to.
    first_database: String,
    /// The current database, as the client was last told.
    pub(crate) database_name: String,
    pub(crate) options: Options,
    pub(crate) globals: Globals,
    pub(crate) prepared: PreparedStatements,
    pub(crate) temporary_procedures: TemporaryProcedures,
    /// The global cursors.
    pub(crate) cursors: Cursors,
    /// The number of the last table that a table variable got.
    pub(crate) last_table: u64,
    /// The bulk load whose rows come next.
    pub(crate) announced: Option<AnnouncedLoad>,
    /// Whether its client is an external script.
    pub(crate) within_script: bool,
}

/// What `@@ROWCOUNT` and its kin return.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    pub row_count: u64,
    pub error: i32,
    /// Whether the transaction is that of a statement, of which the client hears nothing.
    pub silent_transaction: bool,
    /// What the last FETCH found: 0 for a row, -1 for an end.
    pub fetch_status: i32,
    /// The rows of the cursor opened last; -1 when they aren't counted.
    pub cursor_rows: i32,
    pub transaction: TransactionState,
    /// Whether an error under XACT_ABORT has left the transaction to be rolled back only.
    pub doomed: bool,
}

/// A call of a procedure from outside a batch (an RPC).
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The procedure's name as sent, e.g. `sp_executesql` or `[dbo].[p]`.
    pub procedure: String,
    /// Its arguments, in order.
    pub arguments: Vec<CallArgument>,
}

/// An argument of a [`Call`].
#[derive(Clone, Debug, PartialEq)]
pub struct CallArgument {
    /// Name (with its `@`, empty for a positional argument), type and value.
    pub parameter: Parameter,
    /// Whether the procedure's default is meant in place of the value.
    pub is_default: bool,
}

/// What a client asks of the transaction outside a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionRequest {
    /// Begin one.
    Begin,
    /// Commit it, and begin the next when asked.
    Commit {
        /// Whether another one begins at once.
        begin_next: bool,
    },
    /// Roll it back, and begin the next when asked.
    Rollback {
        /// Whether another one begins at once.
        begin_next: bool,
    },
}

// === impl Globals ===

impl Globals {
    /// Notes a statement that has succeeded.
    pub fn succeeded(&mut self, rows: u64) {
        self.error = 0;
        self.row_count = rows;
    }
}

// === impl Session ===

impl Session {
    /// A session on an open connection to the database.
    pub fn new(instance: Arc<Instance>, database: Box<dyn launchpod_database::Session>) -> Self {
        let database_name = database.identity().database;
        let beside_server = database.is_server();
        Session {
            instance,
            database,
            first_database: database_name.clone(),
            database_name,
            options: Options::default(),
            globals: Globals::default(),
            prepared: PreparedStatements::new(beside_server),
            temporary_procedures: TemporaryProcedures::default(),
            cursors: Cursors::default(),
            last_table: 0,
            announced: None,
            within_script: false,
        }
    }

    /// The same for a client that is an external script: its own scripts wait for no worker, since
    /// it holds one.
    #[must_use]
    pub fn within_script(mut self) -> Self {
        self.within_script = true;
        self
    }

    /// Who the session acts as, and in which database it is.
    pub fn identity(&self) -> Identity {
        self.database.identity()
    }

    /// The open transaction.
    pub fn transaction(&self) -> TransactionState {
        self.globals.transaction
    }

    /// Runs a batch. All its results and errors are replies; it ends early when `cancel`
    /// fires or nobody takes the replies.
    ///
    /// GO is a client's word for the end of a batch. One that a client has left in the text
    /// parts it here, with the repetitions that it asks for.
    pub async fn batch(&mut self, text: &str, replies: &Replies, cancel: &CancellationToken) {
        for part in launchpod_tsql::split_batches(text) {
            for _ in 0..part.count {
                let mut run = self.run(part.text, DonePlace::Batch, replies, cancel);
                // Whatever stopped it has been said, or nobody listens.
                let _ = run.text().await;
                run.end().await;
                if cancel.is_cancelled() || replies.is_closed() {
                    return;
                }
            }
        }
    }

    /// Runs a procedure; as [`Session::batch`].
    pub async fn call(&mut self, call: Call, replies: &Replies, cancel: &CancellationToken) {
        let mut run = self.run("", DonePlace::InProcedure, replies, cancel);
        let _ = run.remote_call(call).await;
        run.end().await;
    }

    /// Begins or ends a transaction; as [`Session::batch`].
    pub async fn change_transaction(
        &mut self,
        request: TransactionRequest,
        replies: &Replies,
        cancel: &CancellationToken,
    ) {
        let text = match request {
            TransactionRequest::Begin => "BEGIN TRANSACTION",
            TransactionRequest::Commit { begin_next: false } => "COMMIT TRANSACTION",
            TransactionRequest::Commit { begin_next: true } => {
                "COMMIT TRANSACTION; BEGIN TRANSACTION"
            }
            TransactionRequest::Rollback { begin_next: false } => "ROLLBACK TRANSACTION",
            TransactionRequest::Rollback { begin_next: true } => {
                "ROLLBACK TRANSACTION; BEGIN TRANSACTION"
            }
        };
        self.batch(text, replies, cancel).await;
    }

    /// Makes the session as new for the next user of a pooled connection
    /// (`sp_reset_connection`), keeping the transaction when asked.
    ///
    /// Nothing cancels it: what the last user left must not reach the next.
    pub async fn reset(&mut self, keep_transaction: bool) {
        let cancel = CancellationToken::new();
        // Nobody is told of a reset: the replies are taken and dropped.
        let (replies, mut ignored) = tokio::sync::mpsc::channel(REPLIES_IN_FLIGHT);
        let reset = async move {
            if !keep_transaction && self.globals.transaction.depth > 0 {
                self.batch("ROLLBACK TRANSACTION", &replies, &cancel).await;
            }
            let first = self.first_database.clone();
            let mut run = self.run("", DonePlace::Batch, &replies, &cancel);
            // A database that is gone by now can't be returned to.
            let _ = run.return_to(&first).await;
            drop(replies);
            self
        };
        let ignore = async { while ignored.recv().await.is_some() {} };
        let (session, ()) = tokio::join!(reset, ignore);
        session.forget();
    }

    /// Goes on where a SQL Server's session stands, which was used without the interpreter.
    pub fn resume(
        &mut self,
        database: String,
        transaction: TransactionState,
        no_count: bool,
        abort_transaction: bool,
        module: ModuleOptions,
    ) {
        self.database_name = database;
        self.globals = Globals { transaction, ..Globals::default() };
        self.options = Options { no_count, abort_transaction, module, ..Options::default() };
    }

    /// What `@@ERROR` and `@@ROWCOUNT` return now.
    pub fn counts(&self) -> Counts {
        Counts { error: self.globals.error, row_count: self.globals.row_count }
    }

    /// Has `@@ERROR` and `@@ROWCOUNT` return what the batch before has left.
    pub fn recall(&mut self, counts: Counts) {
        self.globals.error = counts.error;
        self.globals.row_count = counts.row_count;
    }

    /// Whether SET NOCOUNT is on.
    pub fn no_count(&self) -> bool {
        self.options.no_count
    }

    /// Whether a handle of `sp_prepare` is the interpreter's.
    pub fn has_prepared(&self, handle: i32) -> bool {
        self.prepared.has(handle)
    }

    /// Forgets what the last user of a pooled connection left: options, prepared statements,
    /// cursors, temporary procedures.
    pub fn forget(&mut self) {
        self.options = Options::default();
        self.globals = Globals { transaction: self.globals.transaction, ..Globals::default() };
        self.prepared = PreparedStatements::new(self.database.is_server());
        self.temporary_procedures = TemporaryProcedures::default();
        self.cursors = Cursors::default();
        self.database.reset();
    }

    fn run<'a>(
        &'a mut self,
        text: &str,
        place: DonePlace,
        replies: &'a Replies,
        cancel: &'a CancellationToken,
    ) -> Run<'a> {
        // A client that goes on with something else has given its bulk load up.
        self.announced = None;
        let scope = Scope::new(text.into(), place, 1);
        Run { session: self, replies, cancel, scope, diversions: Vec::new() }
    }
}
