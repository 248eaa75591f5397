//! What SET says within a procedure or a text ends with it ("SET Statements (Transact-SQL)").

use launchpod_types::SqlError;

use super::environment::Session;
use super::thread::Worker;
use crate::Called;
use crate::sqlite::functions::language::{self, Language};

/// The options that the database heeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    language: Language,
    lock_timeout: i64,
    identity_insert: Option<i64>,
}

// === impl Settings ===

impl Settings {
    fn of(session: &Session) -> Self {
        Settings {
            language: language::current(),
            lock_timeout: session.lock_timeout,
            identity_insert: session.identity_insert,
        }
    }

    fn restore(self, session: &mut Session) {
        language::restore(self.language);
        session.lock_timeout = self.lock_timeout;
        session.identity_insert = self.identity_insert;
    }
}

// === impl Worker ===

impl Worker {
    /// A procedure or a text begins, until [`Worker::end_called`].
    pub(super) fn begin_called(&mut self, called: &Called) -> Result<(), SqlError> {
        self.enter(called)?;
        self.callers.push(Settings::of(&self.session));
        Ok(())
    }

    /// It has ended, and with it its options, its temporary tables and whoever it has acted as.
    pub(super) fn end_called(&mut self) -> Result<(), SqlError> {
        if let Some(settings) = self.callers.pop() {
            settings.restore(&mut self.session);
        }
        let dropped = self.drop_deeper_tables();
        self.leave().and(dropped)
    }
}
