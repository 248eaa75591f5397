//! The session's connection, lent by the front while the interpreter runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use launchpod_database::{ModuleOptions, TransactionState};
use launchpod_tds::message::Reset;
use launchpod_types::{Identity, SqlError, Value};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::channel::Channel;
use crate::job::{Job, Talk, first_row};
use crate::options::{NOCOUNT, XACT_ABORT};
use crate::state::{Scope, State};
use crate::{connection_lost, is_passing};

/// Jobs that wait: the interpreter starts the next when it has taken what the last one yields, and
/// each of the calls within each other, at most 32, may leave something to undo.
const JOBS_IN_FLIGHT: usize = 64;

/// A session's connection to the server as the interpreter uses it. Clones are the same one.
#[derive(Clone)]
pub struct Line {
    lent: Arc<Mutex<Option<Lent>>>,
    state: Arc<Mutex<State>>,
}

/// What runs jobs while the connection is lent.
struct Lent {
    jobs: mpsc::Sender<Job>,
    talk: JoinHandle<Talk>,
    gone: CancellationToken,
    /// Ends our own queries.
    cancel: CancellationToken,
}

/// In which state the interpreter finds a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// The current database.
    pub database: String,
    /// The open transaction.
    pub transaction: TransactionState,
    /// Whether SET NOCOUNT is on.
    pub no_count: bool,
    /// Whether SET XACT_ABORT is on.
    pub abort_transaction: bool,
    /// Whether SET QUOTED_IDENTIFIER and SET ANSI_NULLS are on.
    pub module: ModuleOptions,
}

// === impl Line ===

impl Line {
    /// The line of a session of this login in this database, which isn't lent yet.
    pub fn new(login: String, database: String) -> Self {
        let state = State {
            login,
            database,
            descriptor: 0,
            transaction: TransactionState::default(),
            scopes: vec![Scope::default()],
            aborts: false,
            doomed: false,
            lacks_options: false,
            impersonations: Vec::new(),
        };
        Line { lent: Arc::default(), state: Arc::new(Mutex::new(state)) }
    }

    /// Lends the connection, on which nothing may be under way. Requests are of a transaction
    /// (0 for none), and the first of them asks for `reset`. `cancel` ends what is asked of the
    /// server beside statements.
    pub fn lend(
        &self,
        channel: Channel,
        transaction: u64,
        reset: Reset,
        cancel: CancellationToken,
    ) {
        self.state().descriptor = transaction;
        let state = Arc::clone(&self.state);
        let gone = CancellationToken::new();
        let talk = Talk { channel, state, reset, lost: false, gone: gone.clone(), tables: 0 };
        let (jobs, received) = mpsc::channel(JOBS_IN_FLIGHT);
        let talk = tokio::spawn(talk.serve(received));
        *self.lent() = Some(Lent { jobs, talk, gone, cancel });
    }

    /// Takes the connection back when all jobs have been run; `None` when it is lost.
    pub async fn take_back(&self) -> Option<Channel> {
        let Lent { jobs, talk, .. } = self.lent().take()?;
        drop(jobs);
        let talk = talk.await.ok()?;
        (!talk.lost).then_some(talk.channel)
    }

    /// What fires when the server is gone while the connection is lent.
    pub fn gone(&self) -> CancellationToken {
        self.lent().as_ref().map(|lent| lent.gone.clone()).unwrap_or_default()
    }

    /// Asks the server in which state the session is, and has it count rows. What a server can't
    /// tell is taken as the login has told it.
    ///
    /// # Errors
    /// When the connection is lost, or the server doesn't count rows.
    pub async fn resume(&self) -> Result<Resumed, SqlError> {
        let row = self.asked_state().await?.unwrap_or_default();
        let mut values = row.into_iter();
        let depth = match values.next() {
            Some(Value::Int(depth)) => u32::try_from(depth).unwrap_or(0),
            // The client has been told of a transaction, if there is one.
            _ => u32::from(self.state().descriptor != 0),
        };
        let transaction = TransactionState { depth };
        let database = {
            let mut state = self.state();
            state.transaction = transaction;
            state.scopes = vec![Scope::default()];
            state.doomed = false;
            if let Some(Value::Text(name)) = values.next() {
                state.database = name;
            }
            if let Some(Value::Text(name)) = values.next() {
                state.login = name;
            }
            state.database.clone()
        };
        let options = match values.next() {
            Some(Value::Int(options)) => options,
            _ => launchpod_database::options::INITIAL,
        };
        let has = |bit: u32| options & i64::from(bit) != 0;
        let no_count = has(NOCOUNT);
        if no_count {
            self.row("SET NOCOUNT OFF").await?;
        }
        let abort_transaction = has(XACT_ABORT);
        self.state().aborts = abort_transaction;
        let module = ModuleOptions::of(options);
        Ok(Resumed { database, transaction, no_count, abort_transaction, module })
    }

    /// Asks for the depth of the transaction, the database, the login, and the options; `None` when
    /// the server can't tell. Not every server knows @@OPTIONS; of one that doesn't, that is
    /// remembered, since an error could cost a caller their transaction.
    async fn asked_state(&self) -> Result<Option<Vec<Value>>, SqlError> {
        let known = "SELECT @@TRANCOUNT, DB_NAME(), SUSER_SNAME()";
        if !self.state().lacks_options {
            match self.row(&format!("{known}, @@OPTIONS")).await {
                Err(error) if !is_passing(&error) => {
                    tracing::debug!(%error, "The server has no @@OPTIONS");
                    self.state().lacks_options = true;
                }
                answered => return answered,
            }
        }
        match self.row(known).await {
            Err(error) if !is_passing(&error) => {
                tracing::debug!(%error, "The server doesn't tell a session's state");
                Ok(None)
            }
            answered => answered,
        }
    }

    /// Leaves the session as the interpreter's statements have made it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn leave(&self, no_count: bool) -> Result<(), SqlError> {
        if no_count {
            self.row("SET NOCOUNT ON").await?;
        }
        Ok(())
    }

    /// Ends a transaction that a query of our own has begun, as one of a view does under
    /// IMPLICIT_TRANSACTIONS: the client knows nothing of it. `before`: what
    /// [`Line::transaction`] was before the query.
    pub(crate) async fn end_own_transaction(&self, before: u64) {
        if before == 0
            && self.transaction() != 0
            && let Err(error) = self.row("ROLLBACK TRANSACTION").await
        {
            tracing::warn!(%error, "A transaction that a query of our own has begun stays open");
        }
    }

    /// The number that requests in the open transaction carry; 0 outside of one.
    pub fn transaction(&self) -> u64 {
        self.state().descriptor
    }

    /// Who the session acts as, and in which database it is.
    pub(crate) fn identity(&self) -> Identity {
        let state = self.state();
        Identity { login: state.login.clone(), database: state.database.clone() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole, so a panic elsewhere can't have left half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lent(&self) -> MutexGuard<'_, Option<Lent>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a job run, after those before it.
    pub(crate) fn submit(&self, job: Job) {
        let refused = match &*self.lent() {
            Some(lent) => lent.jobs.try_send(job).err().map(|error| error.into_inner()),
            None => Some(job),
        };
        if let Some(job) = refused {
            // Nobody has put anything into the channel yet, so there is room.
            let _ = job.events.try_send(Err(connection_lost()));
        }
    }

    /// The first row of a query of our own; `None` when there is none.
    ///
    /// # Errors
    /// The query's own, and 596 when the connection is lost.
    pub(crate) async fn row(&self, text: &str) -> Result<Option<Vec<Value>>, SqlError> {
        let cancel = self.lent().as_ref().map(|lent| lent.cancel.clone()).unwrap_or_default();
        let (job, events) = Job::query(text.to_owned(), cancel);
        self.submit(job);
        first_row(events).await
    }
}
