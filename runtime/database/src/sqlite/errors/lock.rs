//! Errors of application locks.

use launchpod_types::SqlError;

pub(crate) fn no_lock_principal(name: &str) -> SqlError {
    let text = format!("The database-principal '{name}' does not exist or user is not a member.");
    SqlError::new(1202, text)
}

pub(crate) fn too_many_locks() -> SqlError {
    SqlError::with_class(
        1204,
        19,
        "The instance of the SQL Server Database Engine cannot obtain a LOCK resource at this \
         time. Rerun your statement when there are fewer active users. Ask the database \
         administrator to check the lock and memory configuration for this instance, or to check \
         for long-running transactions.",
    )
}

pub(crate) fn lock_not_held(principal: &str, resource: &str) -> SqlError {
    SqlError::new(
        1223,
        format!(
            "Cannot release the application lock (Database Principal: '{principal}', Resource: \
             '{resource}') because it is not currently held."
        ),
    )
}

pub(crate) fn lock_resource(caller: &str) -> SqlError {
    let text = format!("An invalid application lock resource was passed to {caller}.");
    SqlError::new(1224, text).state(5)
}

pub(crate) fn lock_mode(caller: &str) -> SqlError {
    let text = format!("An invalid application lock mode was passed to {caller}.");
    SqlError::new(1225, text).state(3)
}

pub(crate) fn lock_owner(caller: &str) -> SqlError {
    SqlError::new(1226, format!("An invalid application lock owner was passed to {caller}."))
}

pub(crate) fn lock_timeout_of(caller: &str) -> SqlError {
    let text = format!("An invalid application lock time-out was passed to {caller}.");
    SqlError::new(1227, text).state(2)
}

pub(crate) fn lock_principal(caller: &str) -> SqlError {
    SqlError::new(1230, format!("An invalid database principal was passed to {caller}."))
}

pub(crate) fn outside_user_transaction() -> SqlError {
    SqlError::new(
        3918,
        "The statement or function must be executed in the context of a user transaction.",
    )
}
