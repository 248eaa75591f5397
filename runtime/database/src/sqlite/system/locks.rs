//! Application locks, as procedures and functions know them. What of their arguments can be wrong
//! without an error, the procedures' texts say.

use std::time::Duration;

use launchpod_types::{SqlError, Value};

use crate::Variables;
use crate::sqlite::application_locks::{Mode, Outcome, Owner, Resource};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::thread::{Job, Stop, Worker};
use crate::sqlite::errors;
use crate::sqlite::security::principal::database;

/// What a procedure's call is, for its return status; with its variables after its text has run.
pub(super) type Run = fn(&Worker, &Job, &Variables) -> Result<i32, Stop>;

/// The return status of a call that failed.
pub(super) const FAILED: i32 = -999;
/// How many characters of a resource's name count.
const NAME: usize = 255;
/// What errors of the procedures call the one that they call.
const PROCEDURE: &str = "xp_userlock";

/// What a procedure locks or unlocks.
pub(super) fn of(procedure: &str) -> Option<Run> {
    match procedure {
        "sp_getapplock" => Some(acquire),
        "sp_releaseapplock" => Some(release),
        _ => None,
    }
}

fn acquire(worker: &Worker, job: &Job, variables: &Variables) -> Result<i32, Stop> {
    let (resource, owner) = target(worker, variables)?;
    let mode = text(variables, "@lockmode").and_then(Mode::named);
    let mode = mode.ok_or_else(|| of_procedure(errors::lock_mode(PROCEDURE)))?;
    let timeout = match number(variables, "@locktimeout").unwrap_or(worker.session.lock_timeout) {
        -1 => None,
        milliseconds => match u64::try_from(milliseconds) {
            Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
            Err(_) => return Err(of_procedure(errors::lock_timeout_of(PROCEDURE)).into()),
        },
    };
    let cancelled = || job.is_cancelled();
    match worker.session.locks.acquire(&resource, owner, mode, timeout, &cancelled) {
        Outcome::Granted => Ok(0),
        Outcome::GrantedAfterWait => Ok(1),
        Outcome::TimedOut => Ok(-1),
        Outcome::Deadlock => Ok(-3),
        Outcome::Cancelled => Err(Stop::Cancelled),
        Outcome::TooMany => Err(of_procedure(errors::too_many_locks()).into()),
    }
}

fn release(worker: &Worker, _job: &Job, variables: &Variables) -> Result<i32, Stop> {
    let (resource, owner) = target(worker, variables)?;
    if owner == Owner::Transaction && worker.transaction.state().depth == 0 {
        return Err(of_procedure(errors::outside_user_transaction()).into());
    }
    if !worker.session.locks.release(&resource, owner) {
        let principal = text(variables, "@dbprincipal").unwrap_or_default();
        return Err(of_procedure(errors::lock_not_held(principal, &resource.name)).into());
    }
    Ok(0)
}

/// The resource that a call names, and the owner.
fn target(worker: &Worker, variables: &Variables) -> Result<(Resource, Owner), SqlError> {
    let name = text(variables, "@resource");
    let name = name.ok_or_else(|| of_procedure(errors::lock_resource(PROCEDURE)))?;
    let principal = text(variables, "@dbprincipal");
    let principal = principal.ok_or_else(|| of_procedure(errors::lock_principal(PROCEDURE)))?;
    let resource = worker.environment().lockable(principal, name).map_err(of_procedure)?;
    let owner = text(variables, "@lockowner").and_then(Owner::named);
    Ok((resource, owner.unwrap_or(Owner::Transaction)))
}

/// Errors name the procedure beneath, and its first line (observed with SQL Server).
fn of_procedure(error: SqlError) -> SqlError {
    error.or_line(1).in_procedure(&format!("sys.{PROCEDURE}"))
}

fn text<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn number(variables: &Variables, name: &str) -> Option<i64> {
    match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// A resource that members of a principal may lock.
    ///
    /// # Errors
    /// 1202 when there is no such principal, or the caller isn't a member.
    pub(crate) fn lockable(&self, principal: &str, name: &str) -> Result<Resource, SqlError> {
        let denied = || errors::no_lock_principal(principal);
        let found = self.catalog().principal(self.database, principal)?.ok_or_else(denied)?;
        let context = self.context()?;
        let token = &context.rights.database_token;
        let is_member = found.id == database::PUBLIC
            || found.id == context.user
            || context.rights.is_dbo
            || token.contains(&found.id)
            || token.contains(&database::OWNER);
        if !is_member {
            return Err(denied());
        }
        let name = name.chars().take(NAME).collect();
        Ok(Resource { database: self.database.id, principal: found.id, name })
    }
}
