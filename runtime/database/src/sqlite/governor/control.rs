//! ALTER RESOURCE GOVERNOR.

use launchpod_tsql::ast::{FunctionBody, ObjectName, TypeKind};
use launchpod_types::SqlError;
use tracing::info;

use super::configuration::Configuration;
use crate::sqlite::bind::module;
use crate::sqlite::embedded::catalog::{Catalog, DatabaseName};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::embedded::thread::{Job, Stop, Worker};
use crate::sqlite::errors;

const STATEMENT: &str = "ALTER RESOURCE GOVERNOR";

// === impl Worker ===

impl Worker {
    /// Has what is stored hold.
    pub(super) fn reconfigure_governor(&mut self, job: &Job) -> Result<(), Stop> {
        self.outside_transaction(STATEMENT)?;
        self.change(job, false, |worker, _| {
            let catalog = Catalog::new(&worker.connection);
            catalog.set_governor_enabled(true)?;
            // Within the change: nobody else changes what is stored meanwhile.
            Ok(worker.apply_governor(catalog.governor()?)?)
        })?;
        info!("Resource governor reconfiguration succeeded");
        Ok(())
    }

    /// Has nothing hold but what every server has.
    pub(super) fn disable_governor(&mut self, job: &Job) -> Result<(), Stop> {
        self.outside_transaction(STATEMENT)?;
        self.change(job, false, |worker, _| {
            Catalog::new(&worker.connection).set_governor_enabled(false)?;
            // Sessions stay in their groups, whose pools don't limit them any more.
            Ok(worker.session.governor.apply(Configuration::default(), Vec::new)?)
        })
    }

    pub(super) fn reset_governor_statistics(&self) -> Result<(), Stop> {
        self.outside_transaction(STATEMENT)?;
        self.session.governor.reset_statistics();
        Ok(())
    }

    fn apply_governor(&self, configuration: Configuration) -> Result<(), SqlError> {
        self.session.governor.apply(configuration, || self.session.live.groups())
    }

    /// The number of the function that is to classify sessions.
    ///
    /// # Errors
    /// 10903 when there is no such schema in `master`, 10902 no such function, 10906 when it can't
    /// classify.
    pub(super) fn future_classifier(&self, name: &ObjectName) -> Result<i64, SqlError> {
        let master = DatabaseName::master();
        let elsewhere = name.database.as_ref().is_some_and(|database| !database.is(&master.name));
        let missing = || errors::no_classifier(&name.to_string());
        if elsewhere || name.server.is_some() {
            return Err(missing());
        }
        let name = ObjectName { database: None, ..name.clone() };
        let environment = Environment { database: &master, ..self.environment() };
        if let Some(schema) = &name.schema
            && environment.catalog().schema(&master, &schema.text)?.is_none()
        {
            return Err(errors::no_classifier_schema(&schema.text));
        }
        match environment.module(&name)? {
            Some(function) if can_classify(&function)? => Ok(function.object_id),
            Some(other) => Err(errors::invalid_classifier(&other.schema, &other.name)),
            None => Err(missing()),
        }
    }

    /// Refuses to change or drop the function that classifies sessions.
    ///
    /// # Errors
    /// 10920.
    pub(crate) fn check_no_classifier(
        &self,
        verb: &str,
        function: &Module,
    ) -> Result<(), SqlError> {
        if function.kind != ModuleKind::Scalar {
            return Ok(());
        }
        let stored = Catalog::new(&self.connection).governor()?.classifier;
        let classifiers = [stored, self.session.governor.classifier()];
        match classifiers.contains(&Some(function.object_id)) {
            true => Err(errors::is_classifier(verb, &function.name)),
            false => Ok(()),
        }
    }
}

/// Whether a module is a schema-bound function that returns `sysname` and has no parameters.
fn can_classify(module: &Module) -> Result<bool, SqlError> {
    if module.kind != ModuleKind::Scalar {
        return Ok(false);
    }
    let create = module::function(module)?;
    let returns_name = match &create.body {
        FunctionBody::Scalar { returns, .. } => returns.kind == TypeKind::SysName,
        _ => false,
    };
    let is_bound = create.options.iter().any(|option| option == "SCHEMABINDING");
    Ok(returns_name && is_bound && create.parameters.is_empty())
}
