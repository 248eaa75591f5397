//! Bulk loads: INSERT BULK, and the rows that the client sends after it.

use std::sync::Arc;

use launchpod_database::Events;
use launchpod_tsql::ast::Statement;
use tokio_util::sync::CancellationToken;

use crate::reply::{DoneKind, DonePlace, Replies};
use crate::run::{Run, Scope, Stop};
use crate::session::Session;

/// An `INSERT BULK` whose rows have not come yet.
#[derive(Debug)]
pub(crate) struct AnnouncedLoad {
    statement: Statement,
    source: Arc<str>,
}

// === impl Session ===

impl Session {
    /// Whether an `INSERT BULK` has announced the rows of [`Session::bulk_load`], and nothing
    /// else has been run since.
    pub fn expects_rows(&self) -> bool {
        self.announced.is_some()
    }

    /// Inserts the rows that an `INSERT BULK` announced, as one statement: all of them, or
    /// none when `rows` gives an error or `cancel` fires. Replies are as of [`Session::batch`].
    ///
    /// `rows` gives what [`launchpod_database::Session::insert`] takes. Without an announcement
    /// nothing happens.
    pub async fn bulk_load(&mut self, rows: Events, replies: &Replies, cancel: &CancellationToken) {
        let Some(AnnouncedLoad { statement, source }) = self.announced.take() else { return };
        let scope = Scope::new(source, DonePlace::Batch, 1);
        let mut run = Run { session: self, replies, cancel, scope, diversions: Vec::new() };
        // Whatever stopped it has been said, or nobody listens.
        let _ = run.load(&statement, rows).await;
        run.end().await;
    }
}

// === impl Run ===

impl Run<'_> {
    /// `INSERT BULK`: what is wrong with the table or its columns is said before rows come.
    pub async fn announce_load(&mut self, statement: &Statement) -> Result<(), Stop> {
        let source = Arc::clone(&self.scope.source);
        let mut events = self.start(statement.clone(), statement.span.text(&source));
        while let Some(event) = events.recv().await {
            // The columns, which the client knows.
            event?;
        }
        self.session.globals.succeeded(0);
        self.session.announced = Some(AnnouncedLoad { statement: statement.clone(), source });
        self.done(DoneKind::Other, None).await
    }

    async fn insert(&mut self, statement: &Statement, rows: Events) -> Result<(), Stop> {
        self.check_doomed(&statement.kind)?;
        self.begin_implicitly(statement).await?;
        self.insert_rows(statement, rows).await
    }

    async fn load(&mut self, statement: &Statement, rows: Events) -> Result<(), Stop> {
        match self.insert(statement, rows).await {
            Err(Stop::Failed(errors)) => self.failed(statement, errors).await,
            ended => ended,
        }
    }
}
