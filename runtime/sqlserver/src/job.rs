//! What is asked of the server, one thing after the other, and the task that asks it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ArrayRef;
use launchpod_database::{Event, Events, TransactionState, Variable};
use launchpod_tds::client::request::{Call, batch};
use launchpod_tds::headers::RequestHeaders;
use launchpod_tds::message::Reset;
use launchpod_tds::packet::PacketType;
use launchpod_tsql::ast::{Security, SetOption, StatementKind, Transaction};
use launchpod_types::{Column, SqlError, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::answer::Heard;
use crate::channel::Channel;
use crate::connection_lost;
use crate::state::{Leaving, State};
use crate::statement::{Argument, Request};
use crate::table_types::{TableCall, Typed};

/// The error of a deadlock's victim, whose transaction is rolled back.
const DEADLOCK: i32 = 1205;

/// Where what a job yields goes.
pub(crate) type Yield = mpsc::Sender<Result<Event, SqlError>>;

/// One statement to run.
pub(crate) struct Job {
    pub request: Request,
    pub kind: JobKind,
    /// The line of the statement in its text, from 1.
    pub line: u32,
    /// How deep it stands in what is called; 1 is the batch itself.
    pub depth: usize,
    pub events: Yield,
    pub cancel: CancellationToken,
}

/// What a job does beside its request.
pub(crate) enum JobKind {
    /// Nothing.
    Statement,
    /// It begins a transaction, perhaps within another.
    Begin,
    /// It commits one, perhaps within another.
    Commit,
    /// It rolls back.
    Rollback,
    /// It sets options.
    Set(SetOption),
    /// It changes the database.
    Use,
    /// It has the session act as somebody else.
    ExecuteAs,
    /// It ends that.
    Revert,
    /// A procedure or text has ended.
    Leave(Leaving),
    /// It runs a procedure or something that nobody here has read, which may do both.
    Unknown,
    /// Its rows come from elsewhere: the text of the INSERT before its EXEC, and the rows.
    Insert(String, Events),
    /// It declares variables of table types, perhaps beside table variables.
    Declare(Vec<Typed>),
    /// It calls a procedure with such variables.
    Call(TableCall),
}

/// The connection while statements run over it.
pub(crate) struct Talk {
    pub channel: Channel,
    pub state: Arc<Mutex<State>>,
    /// What the next message asks to be reset.
    pub reset: Reset,
    /// Whether the connection is lost, or nobody knows what comes next on it.
    pub lost: bool,
    /// Fires when it is.
    pub gone: CancellationToken,
    /// Tables that were made for rows, for their names.
    pub tables: u64,
}

// === impl JobKind ===

impl JobKind {
    pub fn of(kind: &StatementKind) -> Self {
        match kind {
            StatementKind::Transaction(Transaction::Begin { .. }) => JobKind::Begin,
            StatementKind::Transaction(Transaction::Commit { .. }) => JobKind::Commit,
            StatementKind::Transaction(Transaction::Rollback { .. }) => JobKind::Rollback,
            StatementKind::SetOption(set) => JobKind::Set(set.clone()),
            StatementKind::Use(_) => JobKind::Use,
            StatementKind::Execute(_)
            | StatementKind::TryCatch { .. }
            | StatementKind::Opaque(_) => JobKind::Unknown,
            StatementKind::Security(security) => match **security {
                Security::ExecuteAs { .. } => JobKind::ExecuteAs,
                Security::Revert { .. } => JobKind::Revert,
                _ => JobKind::Statement,
            },
            _ => JobKind::Statement,
        }
    }
}

// === impl Job ===

impl Job {
    /// A query of our own, and what it yields.
    pub fn query(text: String, cancel: CancellationToken) -> (Self, Events) {
        let (events, received) = mpsc::channel(launchpod_database::EVENTS_IN_FLIGHT);
        let request = Request::Batch(text);
        let kind = JobKind::Statement;
        (Job { request, kind, line: 1, depth: 1, events, cancel }, received)
    }

    /// The undoing of what a procedure or text has made of the session, also when the batch was
    /// cancelled; and what it yields, nothing.
    pub fn leave(leaving: Leaving) -> (Self, Events) {
        let (job, received) = Job::query(String::new(), CancellationToken::new());
        (Job { request: Request::Nothing, kind: JobKind::Leave(leaving), ..job }, received)
    }
}

// === impl Talk ===

impl Talk {
    /// Runs jobs in their order until nobody has any more. Between them the server has nothing to
    /// say; that it closes the connection is noticed at once.
    pub async fn serve(mut self, mut jobs: mpsc::Receiver<Job>) -> Self {
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => self.run(job).await,
                    None => return self,
                },
                _ = self.channel.receiver.packet(), if !self.lost => self.lose(),
            }
        }
    }

    fn lose(&mut self) {
        self.lost = true;
        self.gone.cancel();
    }

    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Each change is whole, so a panic elsewhere can't have left half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a job to its end.
    async fn run(&mut self, mut job: Job) {
        if self.lost {
            // Whoever asked may be gone.
            let _ = job.events.send(Err(connection_lost())).await;
            return;
        }
        if job.cancel.is_cancelled() {
            return;
        }
        if let JobKind::Call(call) = job.kind {
            job.kind = JobKind::Unknown;
            match self.fill_in(call).await {
                Ok(Ok(request)) => job.request = request,
                Ok(Err(error)) => {
                    // Nobody need listen any more.
                    let _ = job.events.send(Err(error)).await;
                    return;
                }
                Err(error) => return self.broke(Broken { events: job.events, error }).await,
            }
        }
        let outcome = match &job.kind {
            JobKind::Insert(..) => self.insert(job).await,
            JobKind::Leave(leaving) => self.undo(&job, leaving).await,
            JobKind::Declare(typed) => match self.statement(&job).await {
                Ok(()) => self.make_typed(&job, typed).await,
                broken => broken,
            },
            JobKind::Revert if !self.may_revert(job.depth) => Ok(()),
            JobKind::Rollback if self.state().doomed => {
                self.roll_back_doomed(&job).await;
                Ok(())
            }
            _ => self.statement(&job).await,
        };
        if let Err(broken) = outcome {
            self.broke(broken).await;
        }
    }

    async fn broke(&mut self, Broken { events, error }: Broken) {
        tracing::debug!(%error, "The connection to the server broke");
        self.lose();
        let _ = events.send(Err(connection_lost())).await;
    }

    async fn statement(&mut self, job: &Job) -> Result<(), Broken> {
        let broken = |error| Broken { events: job.events.clone(), error };
        let before = self.state().transaction.depth;
        if let (JobKind::Set(set), Request::Batch(_)) = (&job.kind, &job.request) {
            self.keep_options(set).await.map_err(broken)?;
        }
        if !self.send(&job.request).await.map_err(broken)? {
            return Ok(());
        }
        let heard = self.answer(job).await.map_err(broken)?;
        self.count_transactions(job, before, &heard).await.map_err(broken)?;
        match heard.error {
            // Nobody need listen any more.
            Some(error) => drop(job.events.send(Err(error)).await),
            None => self.note_impersonation(job),
        }
        Ok(())
    }

    /// Sends a request; false when there is nothing to send.
    pub async fn send(&mut self, request: &Request) -> io::Result<bool> {
        let headers = self.headers();
        let (packet_type, payload) = match request {
            Request::Nothing => return Ok(false),
            Request::Batch(text) => (PacketType::SqlBatch, batch(headers, text)),
            Request::Call { procedure, arguments } => {
                let mut call = Call::new(headers, procedure);
                for Argument { name, passing, type_info, value } in arguments {
                    // Each was made for its type.
                    call.argument(name, *passing, type_info, value)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                }
                (PacketType::Rpc, call.into_payload())
            }
        };
        let reset = std::mem::take(&mut self.reset);
        self.channel.sender.message(packet_type, reset, &payload).await?;
        Ok(true)
    }

    fn headers(&self) -> RequestHeaders {
        RequestHeaders { transaction: self.state().descriptor, outstanding: 1 }
    }

    /// Notes what a statement has made of the transaction, and says so.
    pub async fn count_transactions(
        &mut self,
        job: &Job,
        before: u32,
        heard: &Heard,
    ) -> io::Result<()> {
        let now = self.depth_after(job, before, heard.error.is_some()).await?;
        if let Some(error) = heard.error.as_ref().filter(|_| before > 0 && now == 0) {
            let mut state = self.state();
            let is_doomed = state.aborts || error.number() == DEADLOCK;
            let is_meant = match job.kind {
                JobKind::Rollback | JobKind::Commit => true,
                JobKind::Unknown => heard.rolled_back_first,
                _ => false,
            };
            if is_doomed && !is_meant {
                state.doomed = true;
                state.transaction.depth = before;
                return Ok(());
            }
        }
        self.state().transaction.depth = now;
        if now != before {
            let state = TransactionState { depth: now };
            let _ = job.events.send(Ok(Event::Transaction(state))).await;
        }
        Ok(())
    }

    /// How many transactions there are within each other after a statement. The server tells of the
    /// outermost one's beginning and end, and not every server of that: Babelfish says nothing of
    /// a transaction in which nothing was changed. What a statement that went well makes of it is
    /// known; else the server is asked.
    async fn depth_after(&mut self, job: &Job, before: u32, failed: bool) -> io::Result<u32> {
        let told = self.state().transaction.depth;
        Ok(match job.kind {
            JobKind::Begin if !failed => before + 1,
            JobKind::Commit if !failed => before.saturating_sub(1),
            JobKind::Rollback | JobKind::Unknown if told > 0 => {
                self.asked_depth().await?.unwrap_or(told)
            }
            _ if failed && told > 0 => self.asked_depth().await?.unwrap_or(told),
            _ => told,
        })
    }

    /// Ends a transaction that the server has rolled back already.
    async fn roll_back_doomed(&mut self, job: &Job) {
        let state = TransactionState::default();
        {
            let mut own = self.state();
            own.doomed = false;
            own.transaction = state;
        }
        // Nobody need listen any more.
        let _ = job.events.send(Ok(Event::Transaction(state))).await;
    }

    async fn asked_depth(&mut self) -> io::Result<Option<u32>> {
        let row = self.row("SELECT @@TRANCOUNT").await?;
        Ok(match row.ok().flatten().as_deref() {
            Some([Value::Int(depth)]) => u32::try_from(*depth).ok(),
            _ => None,
        })
    }

    /// The first row of a query of our own.
    pub async fn row(&mut self, text: &str) -> io::Result<Result<Option<Vec<Value>>, SqlError>> {
        let rows = self.rows(text, 1).await?;
        Ok(rows.map(|rows| rows.into_iter().next()))
    }

    /// The rows of a query of our own in the catalog. A transaction that it begins ends, as one of a
    /// view does under IMPLICIT_TRANSACTIONS: the client knows nothing of it.
    pub async fn asked(&mut self, text: &str) -> io::Result<Result<Vec<Vec<Value>>, SqlError>> {
        let before = self.state().descriptor;
        let rows = self.rows(text, usize::MAX).await?;
        let has_begun = before == 0 && self.state().descriptor != 0;
        if has_begun && let Err(error) = self.row("ROLLBACK TRANSACTION").await? {
            tracing::warn!(%error, "A transaction of our own stays open");
        }
        Ok(rows)
    }

    /// The first rows of a query of our own.
    async fn rows(
        &mut self,
        text: &str,
        limit: usize,
    ) -> io::Result<Result<Vec<Vec<Value>>, SqlError>> {
        let (job, received) = Job::query(text.to_owned(), CancellationToken::new());
        let asked = async {
            self.send(&job.request).await?;
            let heard = self.answer(&job).await?;
            drop(job);
            io::Result::Ok(heard.error)
        };
        let (error, rows) = tokio::join!(asked, first_rows(received, limit));
        Ok(match error? {
            Some(error) => Err(error),
            None => rows,
        })
    }
}

/// A connection that broke, and who has to hear of it.
pub(crate) struct Broken {
    pub events: Yield,
    pub error: io::Error,
}

/// The first row among what a query yields; all of it is taken.
pub(crate) async fn first_row(events: Events) -> Result<Option<Vec<Value>>, SqlError> {
    Ok(first_rows(events, 1).await?.into_iter().next())
}

/// The first rows among what a query yields; all of it is taken.
async fn first_rows(mut events: Events, limit: usize) -> Result<Vec<Vec<Value>>, SqlError> {
    let mut columns = None;
    let mut rows = Vec::new();
    while let Some(event) = events.recv().await {
        match event? {
            Event::Columns(described) => columns = Some(described),
            Event::Batch(batch) => {
                let described = columns.as_deref().unwrap_or_default();
                for row in 0..batch.num_rows().min(limit - rows.len()) {
                    let cells = described.iter().zip(batch.columns());
                    let value = |(column, array): (&Column, &ArrayRef)| {
                        launchpod_exchange::value::value_at(array, row, column.sql_type)
                    };
                    rows.push(cells.map(value).collect());
                }
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// A value of an OUTPUT parameter as the interpreter holds it.
pub(crate) fn output(value: launchpod_tds::client::response::OutputValue) -> Variable {
    Variable {
        sql_type: launchpod_wire::types::sql_type(&value.type_info),
        value: launchpod_wire::types::from_wire(value.value),
    }
}
