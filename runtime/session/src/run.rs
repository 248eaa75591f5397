//! A batch or call while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use launchpod_database::{ModuleOptions, Variables};
use launchpod_tsql::ast::ExecutionContext;
use launchpod_types::{Message, SqlError};
use tokio_util::sync::CancellationToken;

use crate::cursor::Cursors;
use crate::diversion::Diversion;
use crate::reply::{DoneKind, DonePlace, Replies, Reply, StatementDone};
use crate::session::Session;

/// Procedures and dynamic batches that may call each other, as in SQL Server (error 217).
pub(crate) const MAX_CALL_DEPTH: u32 = 32;

/// A batch or call while it runs: the session, where its replies go, and its variables.
pub(crate) struct Run<'a> {
    pub session: &'a mut Session,
    pub replies: &'a Replies,
    pub cancel: &'a CancellationToken,
    pub scope: Scope,
    /// What result sets pass on their way to the client, or end in; the innermost last.
    pub diversions: Vec<Diversion>,
}

/// What one level of call sees.
pub(crate) struct Scope {
    /// The text that runs; statements are spans of it.
    pub source: Arc<str>,
    /// By name with `@`, folded.
    pub variables: Variables,
    /// Its local cursors and cursor variables.
    pub cursors: Cursors,
    /// Where its statements stand.
    pub place: DonePlace,
    /// How many calls it is deep.
    pub depth: u32,
    /// The database it runs in, when that isn't the caller's.
    pub database: Option<String>,
    /// The procedure it is, as messages name it; empty in a batch.
    pub procedure: String,
    /// The object id of that procedure; 0 in a batch.
    pub procedure_id: i64,
    /// Whom it runs as, when not as its caller.
    pub run_as: Option<ExecutionContext>,
    /// The options that it brings along, when it is a procedure.
    pub options: Option<ModuleOptions>,
    /// Whether a TRY of this text is around what runs.
    pub trying: bool,
    /// Whether a TRY of a caller is.
    pub caller_tries: bool,
    /// What the CATCH block around what runs handles.
    pub caught: Option<Message>,
    /// The temporary tables that end with it, as T-SQL names them.
    pub tables: Vec<String>,
    /// The table types of its variables that have one, by their names.
    pub table_types: BTreeMap<String, String>,
    /// The names of its parameters that are READONLY.
    pub read_only: BTreeSet<String>,
}

/// Where to go on after a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// With the next statement.
    Next,
    /// After the WHILE around it.
    Break,
    /// With the next turn of the WHILE around it.
    Continue,
    /// With the caller, which gets the return status.
    Return(i32),
    /// After a label, by its folded name.
    Goto(String),
}

/// Why a statement didn't come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed; these errors (one or more) say how and have not been sent yet.
    Failed(Vec<Message>),
    /// So did a procedure that it called: of whatever kind the errors are, the caller goes on.
    CallFailed(Vec<Message>),
    /// It can't be bound: no TRY of its own text catches that, since SQL Server finds it when it
    /// compiles the statement. The errors have not been sent yet.
    Unbound(Vec<Message>),
    /// What its rows were to pass or end in refused them; these errors have not been sent yet.
    Aborted {
        /// The place of the diversion among the run's.
        place: usize,
        errors: Vec<Message>,
    },
    /// The text is over, but not what called it: an error that ends a text has been sent.
    TextOver,
    /// The batch is over: it was cancelled, the client is gone, or an error that ends batches
    /// has been sent.
    Over,
}

// === impl Scope ===

impl Scope {
    pub fn new(source: Arc<str>, place: DonePlace, depth: u32) -> Self {
        Scope {
            source,
            variables: Variables::new(),
            cursors: Cursors::default(),
            place,
            depth,
            database: None,
            procedure: String::new(),
            procedure_id: 0,
            run_as: None,
            options: None,
            trying: false,
            caller_tries: false,
            caught: None,
            tables: Vec::new(),
            table_types: BTreeMap::new(),
            read_only: BTreeSet::new(),
        }
    }

    /// Whether a CATCH gets the errors of what runs.
    pub fn catching(&self) -> bool {
        self.trying || self.caller_tries
    }
}

// === impl Stop ===

impl Stop {
    /// The same, of a call: what has failed there lets the caller go on.
    pub fn of_call(self) -> Self {
        match self {
            Stop::Failed(errors) | Stop::Unbound(errors) => Stop::CallFailed(errors),
            other => other,
        }
    }
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Stop::Failed(vec![error.into()])
    }
}

// === impl Run ===

impl Run<'_> {
    /// Sends a reply, by way of the diversions; the batch is over when nobody waits for it any
    /// more.
    pub async fn send(&mut self, reply: Reply) -> Result<(), Stop> {
        let mut diverted = vec![reply];
        for place in (0..self.diversions.len()).rev() {
            let mut passed = Vec::new();
            for reply in diverted {
                passed.append(&mut self.divert(place, reply).await?);
            }
            diverted = passed;
        }
        for reply in diverted {
            self.emit(reply).await?;
        }
        Ok(())
    }

    /// Sends a reply to the client.
    async fn emit(&mut self, reply: Reply) -> Result<(), Stop> {
        tokio::select! {
            sent = self.replies.send(reply) => sent.map_err(|_| Stop::Over),
            () = self.cancel.cancelled() => Err(Stop::Over),
        }
    }

    /// Sends what a client must know even of a batch that it has cancelled.
    pub async fn announce(&mut self, reply: Reply) -> Result<(), Stop> {
        self.replies.send(reply).await.map_err(|_| Stop::Over)
    }

    /// Sends a message.
    pub async fn message(&mut self, message: Message) -> Result<(), Stop> {
        self.send(Reply::Message(message)).await
    }

    /// Sends the end of a statement, unless NOCOUNT holds it back.
    pub async fn done(&mut self, kind: DoneKind, rows: Option<u64>) -> Result<(), Stop> {
        let no_count = self.session.options.no_count;
        let rows = rows.filter(|_| !no_count);
        let place = self.scope.place;
        // Under NOCOUNT a procedure's statements end silently, but a result set must end.
        if no_count && place == DonePlace::InProcedure && kind != DoneKind::Select {
            return Ok(());
        }
        self.send(Reply::Done(StatementDone { rows, kind, place, error: false })).await
    }

    /// Sends the errors of a statement, with what is to be said after them, and its end.
    pub async fn report(&mut self, errors: Vec<Message>, kind: DoneKind) -> Result<(), Stop> {
        if let Some(error) = errors.iter().rfind(|message| message.is_error()) {
            self.session.globals.error = error.number;
        }
        self.session.globals.row_count = 0;
        for error in errors {
            self.message(error).await?;
        }
        let place = self.scope.place;
        self.send(Reply::Done(StatementDone { rows: None, kind, place, error: true })).await
    }

    /// The errors of a statement that stopped, its line and the procedure put in where they
    /// have none.
    pub fn located(&self, errors: Vec<Message>, line: u32) -> Vec<Message> {
        let locate = |error: Message| {
            // An error with a procedure has its line there, which is 0 when it is of the call.
            if !error.procedure.is_empty() {
                return error;
            }
            let line = if error.line == 0 { line } else { error.line };
            Message { line, procedure: self.scope.procedure.clone(), ..error }
        };
        errors.into_iter().map(locate).collect()
    }
}
