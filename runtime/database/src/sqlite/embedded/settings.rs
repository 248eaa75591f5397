//! What SET says within a procedure or a text ends with it ("SET Statements (Transact-SQL)").

use launchpod_types::SqlError;

use super::environment::Session;
use super::thread::Worker;
use crate::Called;
use crate::sqlite::functions::language::{self, Language};

/// The most bytes of a text: what `@@TEXTSIZE` is in a new session.
pub(crate) const MOST_TEXT: i64 = i32::MAX as i64;

/// The options that the database heeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    language: Language,
    lock_timeout: i64,
    text_size: i64,
    identity_insert: Option<i64>,
}

// === impl Settings ===

impl Settings {
    fn of(session: &Session) -> Self {
        Settings {
            language: language::current(),
            lock_timeout: session.lock_timeout,
            text_size: session.text_size,
            identity_insert: session.identity_insert,
        }
    }

    fn restore(self, session: &mut Session) {
        language::restore(self.language);
        session.lock_timeout = self.lock_timeout;
        session.text_size = self.text_size;
        session.identity_insert = self.identity_insert;
    }
}

/// What SET TEXTSIZE means ("SET TEXTSIZE (Transact-SQL)"): 0 is 4 KB, less than that no limit.
pub(super) fn text_size(bytes: i32) -> i64 {
    match bytes {
        0 => 4096,
        1.. => bytes.into(),
        _ => MOST_TEXT,
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
