//! What all sessions of a server share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_controller::{Controller, Report};

use crate::configuration::Configuration;
use crate::kept::SpoolConfig;

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
    history: Mutex<VecDeque<Report>>,
}

// === impl Instance ===

impl Instance {
    /// An instance without a history.
    pub fn new(configuration: Configuration, controller: Arc<Controller>) -> Self {
        Instance {
            configuration,
            controller,
            spool: SpoolConfig::default(),
            history: Mutex::default(),
        }
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
