//! A session as new, for the next user of a pooled connection.

use launchpod_functions::{language, random};
use launchpod_types::SqlError;

use super::catalog::Catalog;
use super::context::Context;
use super::settings::MOST_TEXT;
use super::thread::Worker;
use super::transaction;
use crate::sqlite::application_locks::Owner;

// === impl Worker ===

impl Worker {
    /// Drops the temporary tables and forgets what SET and INSERT left behind.
    pub(crate) fn reset(&mut self) -> Result<(), SqlError> {
        self.callers.clear();
        self.session.lock_timeout = -1;
        self.session.text_size = MOST_TEXT;
        self.session.identity_insert = None;
        self.session.identity.forget();
        self.session.sequences.forget();
        self.drop_global_tables();
        self.session.context = Context::default();
        self.session.locks.release_all(Owner::Session);
        language::reset();
        random::reset();
        self.session.execution.reset();
        self.show_identity()?;
        let own = self.connection.is_autocommit();
        if own {
            transaction::execute(&self.connection, "BEGIN")?;
        }
        let catalog = Catalog::new(&self.connection);
        for table in catalog.temporary_tables()? {
            catalog.drop_table(&table)?;
        }
        if own {
            transaction::execute(&self.connection, "COMMIT")?;
        }
        Ok(())
    }
}
