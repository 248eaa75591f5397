//! The interpreter's session on the server.

use std::sync::Arc;

use async_trait::async_trait;
use launchpod_database::{
    Action, Called, CallersLogin, EVENTS_IN_FLIGHT, Events, Execute, ProcedureText, Session,
    WayBack,
};
use launchpod_tsql::TokenKind;
use launchpod_tsql::ast::{ObjectName, Statement, StatementKind};
use launchpod_types::{Identity, SqlError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::database::SqlServer;
use crate::definitions::Reached;
use crate::job::{Job, JobKind};
use crate::line::Line;
use crate::loopback::Credential;
use crate::no_cursor;
use crate::reach::Reach;
use crate::state::Scope;
use crate::statement::{Request, batch_text, request, tokens, word};
use crate::table_types::{TableCall, Typed};

/// A session of the interpreter over a [`Line`].
pub struct Remote {
    line: Line,
    server: SqlServer,
    credential: Credential,
    /// What the statements yield that set options back: nothing. They run as long as it is kept.
    restoring: Vec<Events>,
}

// === impl Remote ===

impl Remote {
    /// A session over a line to a server, on which this login is.
    pub fn new(line: Line, server: SqlServer, credential: Credential) -> Self {
        Remote { line, server, credential, restoring: Vec::new() }
    }

    /// Has a request run.
    fn start(
        &mut self,
        request: Result<Request, SqlError>,
        kind: JobKind,
        line: u32,
        cancel: CancellationToken,
    ) -> Events {
        let (events, received) = mpsc::channel(EVENTS_IN_FLIGHT);
        match request {
            Ok(request) => {
                let depth = self.note(&kind);
                self.line.submit(Job { request, kind, line, depth, events, cancel });
            }
            Err(error) => {
                // Nobody has put anything into the channel yet, so there is room.
                let _ = events.try_send(Err(error));
            }
        }
        received
    }

    /// Notes what a job may make of the procedure or text in which it stands; how deep that is.
    fn note(&self, kind: &JobKind) -> usize {
        let mut state = self.line.state();
        if let Some(scope) = state.scopes.last_mut() {
            scope.impersonates |= matches!(kind, JobKind::ExecuteAs);
        }
        state.scopes.len()
    }

    /// SCOPE_IDENTITY() where the interpreter stands.
    fn scope_identity(&self) -> Option<i128> {
        self.line.state().scopes.last().and_then(|scope| scope.identity)
    }
}

#[async_trait]
impl Session for Remote {
    fn identity(&self) -> Identity {
        self.line.identity()
    }

    fn execute(&mut self, execute: Execute, cancel: CancellationToken) -> Events {
        let (kind, request) = match with_tables(&execute) {
            Ok(Some(call)) => (JobKind::Call(call), Ok(Request::Nothing)),
            Ok(None) => (kind_of(&execute), request(&execute, self.scope_identity())),
            Err(error) => (JobKind::Statement, Err(error)),
        };
        self.start(request, kind, execute.statement.line, cancel)
    }

    fn insert(&mut self, execute: Execute, rows: Events, cancel: CancellationToken) -> Events {
        let line = execute.statement.line;
        // Of `INSERT … EXEC` all before the EXEC is the target.
        let target = Execute { source: target_of(&execute).into(), ..execute };
        match batch_text(&target, self.scope_identity()) {
            Ok(text) => self.start(Ok(Request::Nothing), JobKind::Insert(text, rows), line, cancel),
            Err(error) => self.start(Err(error), JobKind::Statement, line, cancel),
        }
    }

    fn reset(&mut self) {
        // The front has the server reset the session, by the request's own flag.
        self.line.state().scopes = vec![Scope::default()];
    }

    async fn procedure(&mut self, name: &ObjectName) -> Result<Option<ProcedureText>, SqlError> {
        let found = self.server.definitions().script_procedure(&self.line, name).await;
        Ok(found.map(|found| ProcedureText {
            object_id: found.object_id,
            definition: found.definition,
            options: found.options,
        }))
    }

    async fn enter(&mut self, _called: Called) -> Result<(), SqlError> {
        // Statements run with the caller's permissions: the server is not told of modules.
        self.line.state().scopes.push(Scope::default());
        Ok(())
    }

    fn leave(&mut self) {
        let left = self.line.state().leave();
        if let Some(leaving) = left {
            let (job, events) = Job::leave(leaving);
            self.line.submit(job);
            self.restoring.retain(|events| !events.is_closed());
            self.restoring.push(events);
        }
    }

    async fn permit(&mut self, action: Action) -> Result<(), SqlError> {
        match action {
            Action::ExternalScript { language } => {
                self.line.permit_script(&self.server, &language).await
            }
            Action::OpenCursor { procedure, text } => {
                let reach = Reach::of(&text);
                match self.server.definitions().reached(&self.line, &reach).await {
                    Reached::Script => Err(no_cursor(&procedure)),
                    Reached::Nothing | Reached::Unread => Ok(()),
                }
            }
            Action::Configure | Action::Reconfigure => Ok(()),
        }
    }

    fn is_server(&self) -> bool {
        true
    }

    async fn way_back(&mut self) -> Result<Option<WayBack>, SqlError> {
        let Some(acts_as) = self.line.acts_as().await? else { return Ok(None) };
        Ok(Some(WayBack::Login(Arc::new(CallersLogin {
            user: self.credential.user.clone(),
            password: self.credential.password.clone(),
            database: self.line.identity().database,
            acts_as,
        }))))
    }
}

/// What a statement does beside its request.
fn kind_of(execute: &Execute) -> JobKind {
    match &execute.statement.kind {
        StatementKind::Declare(declarations) => {
            JobKind::Declare(Typed::of(&execute.variables, declarations))
        }
        kind => JobKind::of(kind),
    }
}

/// A call of a procedure with variables of table types, by itself or within a TRY of its own.
fn with_tables(execute: &Execute) -> Result<Option<TableCall>, SqlError> {
    let (call, guarded) = match &execute.statement.kind {
        StatementKind::Execute(call) => (call, false),
        StatementKind::TryCatch { body, .. } => match &body[..] {
            [Statement { kind: StatementKind::Execute(call), .. }] => (call, true),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    TableCall::of(call, &execute.variables, guarded)
}

/// The text of an `INSERT … EXEC` before its EXEC.
fn target_of(execute: &Execute) -> String {
    debug_assert!(matches!(execute.statement.kind, StatementKind::Insert(_)));
    let source = &*execute.source;
    let mut depth = 0_usize;
    for token in tokens(source).unwrap_or_default() {
        match word(source, &token) {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            text if depth == 0
                && matches!(token.kind, TokenKind::Word { .. })
                && (text.eq_ignore_ascii_case("EXEC") || text.eq_ignore_ascii_case("EXECUTE")) =>
            {
                return source[..token.start].to_owned();
            }
            _ => {}
        }
    }
    source.to_owned()
}
