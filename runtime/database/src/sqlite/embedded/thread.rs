//! A session's thread: SQLite calls block, so each session has a thread and a connection of its
//! own, and speaks to the rest through channels.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use async_trait::async_trait;
use launchpod_functions::Registry;
use launchpod_tsql::ast::{Batch, ObjectName, Span, Statement, StatementKind};
use launchpod_types::{ExternalPool, Identity, SqlError, Value};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::called;
use super::command;
use super::environment::Session;
use super::settings::Settings;
use super::transaction::Transaction;
use crate::sqlite::governor::classify;
use crate::sqlite::loopback::Loopback;
use crate::sqlite::sessions::Entry;
use crate::sqlite::{Shared, errors};
use crate::{
    Action, Called, EVENTS_IN_FLIGHT, Event, Events, Execute, ProcedureText, Variables, WayBack,
    options,
};

/// Stack of a session's thread: trees are as high as the parser allows, and SQLite's own parser
/// and code generator recurse over them too.
const STACK: usize = 16 * 1024 * 1024;
/// After how many of SQLite's instructions a running statement looks whether it is to stop.
const INSTRUCTIONS: i32 = 4000;

/// A session, as its owner holds it.
pub(crate) struct EmbeddedSession {
    shared: Arc<Shared>,
    identity: Arc<Mutex<Identity>>,
    live: Arc<Entry>,
    work: mpsc::Sender<Work>,
}

/// What the thread is told, in order.
enum Work {
    Statement(Job),
    /// An INSERT of these rows.
    Insert(Job, Events),
    /// Something beside statements.
    Ask(Question),
    Reset,
}

/// What is done on the thread; it sends its answer itself.
type Question = Box<dyn FnOnce(&mut Worker) + Send>;

/// A statement on its way to the thread.
pub(crate) struct Job {
    pub(crate) execute: Execute,
    cancel: CancellationToken,
    events: Sender,
}

type Sender = tokio::sync::mpsc::Sender<Result<Event, SqlError>>;

/// Why a statement ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Cancelled, or nobody listens any more.
    Cancelled,
    /// An error for the client.
    Failed(SqlError),
}

/// What the thread owns.
pub(crate) struct Worker {
    pub(crate) connection: Rc<Connection>,
    pub(crate) registry: Rc<Registry>,
    pub(crate) session: Session,
    pub(crate) transaction: Transaction,
    pub(crate) identity: Arc<Mutex<Identity>>,
    /// The options of the callers of what runs, the innermost last.
    pub(super) callers: Vec<Settings>,
    runtime: Handle,
    running: Running,
}

/// The statement that runs, for SQLite's progress handler.
type Running = Arc<Mutex<Option<(CancellationToken, Sender)>>>;

/// What a function of the user's needs of the session that calls it.
#[derive(Clone)]
pub(crate) struct Caller {
    connection: Rc<Connection>,
    registry: Rc<Registry>,
    session: Rc<Session>,
    identity: Arc<Mutex<Identity>>,
    runtime: Handle,
    job: Rc<Job>,
}

// === impl EmbeddedSession ===

impl EmbeddedSession {
    /// Starts the thread of a session that acts as who is called `name`. Call within a Tokio
    /// runtime.
    ///
    /// # Errors
    /// An internal error when there is no thread to be had.
    pub(crate) fn start(
        shared: Arc<Shared>,
        mut connection: Connection,
        session: Session,
        name: String,
    ) -> Result<Self, SqlError> {
        let identity =
            Arc::new(Mutex::new(Identity { login: name, database: session.database.name.clone() }));
        let (work, received) = mpsc::channel();
        let running = Running::default();
        watch(&mut connection, Arc::clone(&running))?;
        let runtime = Handle::current();
        let shown = Arc::clone(&identity);
        let live = Arc::clone(&session.live);
        std::thread::Builder::new()
            .name(format!("sqlite-{}", session.spid))
            .stack_size(STACK)
            .spawn(move || {
                let worker = Worker {
                    connection: Rc::new(connection),
                    registry: Rc::default(),
                    session,
                    transaction: Transaction::default(),
                    identity: shown,
                    callers: Vec::new(),
                    runtime,
                    running,
                };
                worker.run(&received);
            })
            .map_err(errors::internal)?;
        Ok(EmbeddedSession { shared, identity, live, work })
    }
}

impl Drop for EmbeddedSession {
    fn drop(&mut self) {
        // Its thread ends a moment later.
        self.live.leave();
    }
}

#[async_trait]
impl crate::Session for EmbeddedSession {
    fn identity(&self) -> Identity {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn execute(&mut self, execute: Execute, cancel: CancellationToken) -> Events {
        self.start_job(execute, cancel, Work::Statement)
    }

    fn insert(&mut self, execute: Execute, rows: Events, cancel: CancellationToken) -> Events {
        self.start_job(execute, cancel, |job| Work::Insert(job, rows))
    }

    fn reset(&mut self) {
        // A session that has ended says so to the next statement.
        let _ = self.work.send(Work::Reset);
    }

    async fn procedure(&mut self, name: &ObjectName) -> Result<Option<ProcedureText>, SqlError> {
        let name = name.clone();
        self.ask(move |worker| worker.called_procedure(&name)).await
    }

    async fn compile(
        &mut self,
        text: Arc<Batch>,
        variables: Arc<Variables>,
    ) -> Result<Vec<SqlError>, SqlError> {
        self.ask(move |worker| Ok(worker.compile(&text, &variables))).await
    }

    async fn enter(&mut self, called: Called) -> Result<(), SqlError> {
        self.ask(move |worker| worker.begin_called(&called)).await
    }

    fn leave(&mut self) {
        let leave = |worker: &mut Worker| {
            if let Err(error) = worker.end_called() {
                tracing::error!(error = %error.0.text, "A procedure's end left something behind");
            }
        };
        // As with a reset.
        let _ = self.work.send(Work::Ask(Box::new(leave)));
    }

    fn ends_tables(&self) -> bool {
        true
    }

    fn runs_script(&mut self, request: Option<Uuid>) {
        self.live.runs_script(request);
    }

    async fn permit(&mut self, action: Action) -> Result<(), SqlError> {
        self.ask(move |worker| worker.permit(&action)).await
    }

    fn external_pool(&self) -> ExternalPool {
        self.shared.governor.external_pool(self.live.group())
    }

    async fn way_back(&mut self) -> Result<Option<WayBack>, SqlError> {
        let shared = Arc::clone(&self.shared);
        let loopback = self.ask(move |worker| Ok(Loopback::of(shared, worker))).await?;
        Ok(Some(WayBack::Database(Arc::new(loopback))))
    }
}

impl EmbeddedSession {
    /// Has the session put in the workload group that it belongs to.
    ///
    /// # Errors
    /// An internal error when the session has ended.
    pub(crate) async fn classify(&mut self) -> Result<(), SqlError> {
        let cancel = CancellationToken::new();
        let (events, _open) = tokio::sync::mpsc::channel(1);
        let job = Job::of_nothing(cancel.clone(), events);
        let classified = self.ask(move |worker| {
            worker.classify(&job);
            Ok(())
        });
        let mut classified = std::pin::pin!(classified);
        tokio::select! {
            ended = &mut classified => return ended,
            () = tokio::time::sleep(classify::LIMIT) => cancel.cancel(),
        }
        classified.await
    }

    /// Has the thread answer a question.
    async fn ask<T: Send + 'static>(
        &mut self,
        answer: impl FnOnce(&mut Worker) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, SqlError> {
        let (sender, answered) = oneshot::channel();
        let question = Box::new(move |worker: &mut Worker| {
            worker.session.execution.expire();
            // Who has asked may have gone.
            let _ = sender.send(answer(worker));
        });
        let ended = || errors::internal("the session has ended");
        self.work.send(Work::Ask(question)).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    fn start_job(
        &mut self,
        execute: Execute,
        cancel: CancellationToken,
        work: impl FnOnce(Job) -> Work,
    ) -> Events {
        let (events, received) = tokio::sync::mpsc::channel(EVENTS_IN_FLIGHT);
        let failed = events.clone();
        if self.work.send(work(Job { execute, cancel, events })).is_err() {
            // The channel is new and has room.
            let _ = failed.try_send(Err(errors::internal("the session has ended")));
        }
        received
    }
}

// === impl Job ===

impl Job {
    /// The job of no statement.
    fn of_nothing(cancel: CancellationToken, events: Sender) -> Job {
        let kind = StatementKind::Block(Vec::new());
        let statement = Statement { kind, span: Span::default(), line: 1 };
        let (source, variables) = ("".into(), Arc::default());
        let execute =
            Execute { statement: Arc::new(statement), source, variables, describe: false };
        Job { execute, cancel, events }
    }

    /// The same job with other variables, for a statement within its own.
    pub(crate) fn with_variables(&self, variables: Arc<Variables>) -> Job {
        Job {
            execute: Execute { variables, ..self.execute.clone() },
            cancel: self.cancel.clone(),
            events: self.events.clone(),
        }
    }

    /// The same job for a statement with a text of its own.
    pub(crate) fn within(
        &self,
        statement: Statement,
        source: &str,
        variables: Arc<Variables>,
    ) -> Job {
        let (statement, source) = (Arc::new(statement), source.into());
        let execute = Execute { statement, source, variables, describe: false };
        Job { execute, cancel: self.cancel.clone(), events: self.events.clone() }
    }

    /// `@@OPTIONS`, which the interpreter says.
    fn options(&self) -> i64 {
        match self.execute.variables.get("@@options").map(|variable| &variable.value) {
            Some(Value::Int(options)) => *options,
            _ => options::INITIAL,
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.events.is_closed()
    }
}

// === impl Worker ===

impl Worker {
    /// Works until the session is dropped; its transaction is rolled back with the connection.
    fn run(mut self, work: &mpsc::Receiver<Work>) {
        while let Ok(work) = work.recv() {
            let alive = match work {
                Work::Statement(job) => self.run_job(&job, |worker, job| worker.statement(job)),
                Work::Insert(job, rows) => {
                    self.run_job(&job, |worker, job| worker.insert_rows(job, rows))
                }
                Work::Ask(question) => self.answer(question),
                Work::Reset => self.forget(),
            };
            if !alive {
                break;
            }
        }
        // What is open of a transaction goes first: it may hold the lock, or the tables.
        if !self.connection.is_autocommit() {
            let _ = super::transaction::execute(&self.connection, "ROLLBACK");
        }
        self.transaction = Transaction::default();
        self.drop_global_tables();
    }

    /// Runs a job and sends its error; whether the session goes on.
    fn run_job(
        &mut self,
        job: &Job,
        run: impl FnOnce(&mut Worker, &Job) -> Result<(), Stop>,
    ) -> bool {
        if job.is_cancelled() {
            return true;
        }
        self.session.live.begin(command::of(&job.execute.statement.kind));
        *self.running() = Some((job.cancel.clone(), job.events.clone()));
        self.session.execution.expire();
        self.session.options = job.options();
        called::enter(self.caller(job));
        let result = catch_unwind(AssertUnwindSafe(|| run(self, job)));
        self.quiet();
        called::leave();
        let depth = self.transaction.state().depth;
        if depth == 0 {
            self.session.locks.end_transaction();
        }
        self.session.live.end(self.session.database.id, depth);
        let error = match result {
            Ok(Ok(()) | Err(Stop::Cancelled)) => return true,
            // Whatever failed, it failed because the statement was stopped.
            Ok(Err(Stop::Failed(_))) if job.is_cancelled() => return true,
            Ok(Err(Stop::Failed(error))) => error.or_line(job.execute.statement.line),
            Err(_) => {
                tracing::error!("A statement panicked; its session ends");
                let error = errors::internal("the statement failed unexpectedly");
                let _ = self.send_result(job, Err(error));
                return false;
            }
        };
        if self.send_result(job, Err(error)).is_err() {
            tracing::debug!("Nobody took a statement's error");
        }
        true
    }

    /// Runs something that ends early when the job is cancelled.
    pub(crate) fn stoppable<T>(&self, job: &Job, run: impl FnOnce(&Worker, &Job) -> T) -> T {
        *self.running() = Some((job.cancel.clone(), job.events.clone()));
        let result = run(self, job);
        self.quiet();
        result
    }

    /// Answers a question; whether the session goes on.
    fn answer(&mut self, question: Question) -> bool {
        let answered = catch_unwind(AssertUnwindSafe(|| question(self)));
        if answered.is_err() {
            tracing::error!("A question panicked; its session ends");
        }
        answered.is_ok()
    }

    /// Makes the session as new; whether that could be done.
    fn forget(&mut self) -> bool {
        let reset = self.reset();
        if let Err(error) = &reset {
            tracing::error!(error = %error.0.text, "A session can't be reset and ends");
        }
        reset.is_ok()
    }

    pub(crate) fn caller(&self, job: &Job) -> Caller {
        Caller {
            connection: Rc::clone(&self.connection),
            registry: Rc::clone(&self.registry),
            session: Rc::new(self.session.clone()),
            identity: Arc::clone(&self.identity),
            runtime: self.runtime.clone(),
            job: Rc::new(job.with_variables(Arc::default())),
        }
    }

    /// From here on the running statement can't be stopped: for COMMIT and ROLLBACK.
    pub(crate) fn quiet(&self) {
        *self.running() = None;
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<(CancellationToken, Sender)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next of the rows that a job's caller brings; `None` at their end.
    ///
    /// # Errors
    /// The one that stands there instead, or that the job is cancelled.
    pub(crate) fn receive(&self, job: &Job, rows: &mut Events) -> Result<Option<Event>, Stop> {
        self.runtime.block_on(async {
            tokio::select! {
                event = rows.recv() => event.transpose().map_err(Stop::from),
                () = job.cancel.cancelled() => Err(Stop::Cancelled),
                () = job.events.closed() => Err(Stop::Cancelled),
            }
        })
    }

    /// Hands an event on; waits while the reader is behind.
    pub(crate) fn send(&self, job: &Job, event: Event) -> Result<(), Stop> {
        self.send_result(job, Ok(event))
    }

    fn send_result(&self, job: &Job, event: Result<Event, SqlError>) -> Result<(), Stop> {
        let event = match job.events.try_send(event) {
            Ok(()) => return Ok(()),
            Err(tokio::sync::mpsc::error::TrySendError::Closed(_)) => return Err(Stop::Cancelled),
            Err(tokio::sync::mpsc::error::TrySendError::Full(event)) => event,
        };
        self.runtime.block_on(async {
            tokio::select! {
                sent = job.events.send(event) => sent.map_err(|_| Stop::Cancelled),
                () = job.cancel.cancelled() => Err(Stop::Cancelled),
            }
        })
    }
}

// === impl Stop ===

impl Stop {
    /// An error of a procedure's names it.
    pub(crate) fn within(mut self, procedure: &str) -> Self {
        if let Stop::Failed(error) = &mut self
            && error.0.procedure.is_empty()
        {
            error.0.procedure = procedure.to_owned();
        }
        self
    }
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Stop::Failed(error)
    }
}

// === impl Caller ===

impl Caller {
    /// A worker on the caller's connection, and the job that it works for.
    pub(crate) fn open(&self) -> (Worker, Job) {
        let worker = Worker {
            connection: Rc::clone(&self.connection),
            registry: Rc::clone(&self.registry),
            session: Session::clone(&self.session),
            transaction: Transaction::default(),
            identity: Arc::clone(&self.identity),
            callers: Vec::new(),
            runtime: self.runtime.clone(),
            running: Running::default(),
        };
        (worker, self.job.with_variables(Arc::default()))
    }
}

/// Makes SQLite look now and then whether the running statement is to stop.
fn watch(connection: &mut Connection, running: Running) -> Result<(), SqlError> {
    let progress = move || {
        let running = running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().is_some_and(|(cancel, events)| cancel.is_cancelled() || events.is_closed())
    };
    connection
        .progress_handler(INSTRUCTIONS, Some(progress))
        .map_err(|error| super::failure::of_engine(&error))
}
