//! What all sessions of a server share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use launchpod_controller::{Controller, Report};
use launchpod_types::SqlError;

use crate::configuration::Configuration;
use crate::kept::SpoolConfig;
use crate::loopback::ServeConnection;

/// Reports kept of requests that have ended.
const HISTORY_LENGTH: usize = 100;

/// What all sessions of a server share beside the database.
pub struct Instance {
    /// The options that `sp_configure` changes.
    pub configuration: Configuration,
    /// What runs external scripts.
    pub controller: Arc<Controller>,
    /// Where the rows of INSERT … EXEC wait.
    pub spool: SpoolConfig,
    /// What serves scripts' connections back to the database; unset where nothing does.
    front: OnceLock<Arc<dyn ServeConnection>>,
    history: Mutex<VecDeque<Report>>,
}

// === impl Instance ===

impl Instance {
    /// An instance without a history.
    pub fn new(configuration: Configuration, controller: Arc<Controller>) -> Self {
        controller.set_worker_accounts(configuration.worker_accounts());
        Instance {
            configuration,
            controller,
            spool: SpoolConfig::default(),
            front: OnceLock::new(),
            history: Mutex::default(),
        }
    }

    /// Says who serves the connections that scripts make back to the database. The first one
    /// that is named stays.
    pub fn serve_scripts(&self, front: Arc<dyn ServeConnection>) {
        let _ = self.front.set(front);
    }

    pub(crate) fn front(&self) -> Option<Arc<dyn ServeConnection>> {
        self.front.get().cloned()
    }

    /// Puts all pending values of the options in force.
    ///
    /// # Errors
    /// 5833 when they can't be saved; then nothing has changed.
    pub(crate) fn reconfigure(&self) -> Result<(), SqlError> {
        self.configuration.reconfigure()?;
        self.controller.set_worker_accounts(self.configuration.worker_accounts());
        Ok(())
    }

    /// The reports of the last 100 requests that ended, the oldest first.
    pub fn history(&self) -> Vec<Report> {
        // A report is put in whole, so a panic elsewhere can't have left half of one.
        self.history.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Notes how a request went.
    pub(crate) fn remember(&self, report: Report) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if history.len() == HISTORY_LENGTH {
            history.pop_front();
        }
        history.push_back(report);
    }
}
