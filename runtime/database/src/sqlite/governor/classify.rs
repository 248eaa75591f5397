//! Which group a new session belongs to: what the classifier says.

use std::time::{Duration, Instant};

use launchpod_types::{SqlError, Value};
use tracing::warn;

use super::configuration::DEFAULT;
use crate::Variables;
use crate::sqlite::bind::{Binder, module};
use crate::sqlite::embedded::called;
use crate::sqlite::embedded::catalog::{Catalog, DatabaseName};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::thread::{Job, Worker};
use crate::sqlite::errors;

/// How long a classifier may take: about as long as clients wait for a login.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);

// === impl Worker ===

impl Worker {
    /// Puts the session in the group that the classifier names; in `default` when it names none, or
    /// fails.
    pub(crate) fn classify(&mut self, job: &Job) {
        let Some(function) = self.session.governor.classifier() else { return };
        let began = Instant::now();
        let named = self.stoppable(job, |worker, job| worker.classified(job, function));
        let group = match named {
            Ok(Value::Text(name)) => self.session.governor.group(&name),
            Ok(_) => DEFAULT,
            Err(error) => {
                let (login, took_ms) = (&self.session.login, began.elapsed().as_millis());
                warn!(
                    login,
                    spid = self.session.spid,
                    took_ms,
                    error = error.0.text,
                    "Failed to run resource governor classifier user-defined function; the session \
                     is in workload group default"
                );
                DEFAULT
            }
        };
        self.session.live.set_group(group);
    }

    /// What the classifier says of this session. It runs as the session's login, which needs no
    /// permission on it.
    fn classified(&self, job: &Job, function: i64) -> Result<Value, SqlError> {
        let master = DatabaseName::master();
        let environment = Environment { database: &master, ..self.environment() };
        let found = Catalog::new(&self.connection).module_by_id(function)?;
        let function = found.ok_or_else(|| errors::internal("the classifier is gone"))?;
        let create = module::function(&function)?;
        let variables = Variables::new();
        called::enter(self.caller(job));
        let result = Binder::new(&environment, &variables)
            .scalar_result(&function, &create, Vec::new())
            .and_then(|bound| environment.evaluate(&bound));
        called::leave();
        result
    }
}
