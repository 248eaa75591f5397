//! Errors of the Resource Governor.

use launchpod_types::SqlError;

/// A resource pool of either kind, as messages call it.
fn pool_kind(external: bool) -> &'static str {
    if external { "external resource pool" } else { "resource pool" }
}

pub(crate) fn may_not_govern() -> SqlError {
    SqlError::new(
        10901,
        "User does not have permission to alter the resource governor configuration.",
    )
}

pub(crate) fn no_classifier(name: &str) -> SqlError {
    SqlError::new(
        10902,
        format!(
            "User-defined function '{name}' does not exist in master database, or the user does \
             not have permission to access it."
        ),
    )
}

pub(crate) fn no_classifier_schema(name: &str) -> SqlError {
    SqlError::new(
        10903,
        format!(
            "The specified schema name '{name}' for classifier user-defined function either does \
             not exist, or the user does not have permission to use it."
        ),
    )
}

pub(crate) fn sessions_in_the_way() -> SqlError {
    SqlError::new(
        10904,
        "Resource governor configuration failed. There are active sessions in workload groups \
         being dropped or moved to different resource pools. Disconnect all active sessions in the \
         affected workload groups and try again.",
    )
}

pub(crate) fn invalid_classifier(schema: &str, name: &str) -> SqlError {
    SqlError::new(
        10906,
        format!(
            "The object '{schema}'.'{name}' is not a valid resource governor classifier \
             user-defined function. A valid classifier user-defined function must be \
             schema-bound, return sysname, and have no parameters."
        ),
    )
}

pub(crate) fn setting_above(name: &str, value: i64, other: &str, limit: i64) -> SqlError {
    SqlError::new(
        10907,
        format!(
            "Attribute '{name}' with value of {value} is greater than attribute '{other}' with \
             value of {limit}."
        ),
    )
}

pub(crate) fn too_many_pools(limit: usize) -> SqlError {
    SqlError::new(
        10909,
        format!(
            "The resource pool cannot be created. The maximum number of resource pools cannot \
             exceed current limit of {limit} including predefined resource pools."
        ),
    )
}

pub(crate) fn no_pool(external: bool, name: &str) -> SqlError {
    let kind = pool_kind(external);
    let text = format!(
        "Requested operation cannot be performed because the {kind} '{name}' does not exist."
    );
    if external { SqlError::new(10934, text) } else { SqlError::new(10911, text) }
}

pub(crate) fn predefined_pool(external: bool) -> SqlError {
    predefined(pool_kind(external))
}

pub(crate) fn predefined_group() -> SqlError {
    predefined("workload group")
}

fn predefined(kind: &str) -> SqlError {
    SqlError::new(
        10912,
        format!("The operation could not be completed. Dropping predefined {kind} is not allowed."),
    )
}

pub(crate) fn internal_pool_is_closed(verb: &str, group: &str, pool: &str) -> SqlError {
    SqlError::new(
        10913,
        format!(
            "Users are not allowed to {verb} the workload group '{group}' in the '{pool}' resource \
             pool."
        ),
    )
}

pub(crate) fn temporary_pool(external: bool, name: &str) -> SqlError {
    temporary(pool_kind(external), name)
}

pub(crate) fn temporary_group(name: &str) -> SqlError {
    temporary("workload group", name)
}

fn temporary(kind: &str, name: &str) -> SqlError {
    // The misprint is the message's own.
    SqlError::new(10914, format!("The name of the {kind} '{name}' cannot begin with # of ##."))
}

pub(crate) fn internal_pool(name: &str) -> SqlError {
    unalterable(name, "resource pool")
}

pub(crate) fn internal_group(name: &str) -> SqlError {
    unalterable(name, "workload group")
}

fn unalterable(name: &str, kind: &str) -> SqlError {
    SqlError::new(
        10915,
        format!("The operation could not be completed. Altering '{name}' {kind} is not allowed."),
    )
}

pub(crate) fn pool_in_use(name: &str, group: &str) -> SqlError {
    SqlError::new(
        10916,
        format!(
            "Cannot drop resource pool '{name}' because it contains workload group '{group}'. Drop \
             or remove all workload groups using this resource pool before dropping it."
        ),
    )
}

pub(crate) fn group_unchanged() -> SqlError {
    SqlError::new(
        10917,
        "ALTER WORKLOAD GROUP failed. Either a 'WITH' or 'USING' clause must be specified.",
    )
}

pub(crate) fn pool_exists(external: bool, name: &str) -> SqlError {
    exists(pool_kind(external), name)
}

pub(crate) fn group_exists(name: &str) -> SqlError {
    exists("workload group", name)
}

fn exists(kind: &str, name: &str) -> SqlError {
    SqlError::new(10918, format!("Cannot create {kind} '{name}' because it already exists."))
}

pub(crate) fn is_classifier(verb: &str, name: &str) -> SqlError {
    SqlError::new(
        10920,
        format!(
            "Cannot {verb} user-defined function '{name}'. It is being used as a resource governor \
             classifier."
        ),
    )
}

pub(crate) fn default_group_stays() -> SqlError {
    SqlError::new(
        10921,
        "The 'default' workload group cannot be moved out of 'default' resource pool.",
    )
}

pub(crate) fn affinity_backwards(first: i32, last: i32) -> SqlError {
    SqlError::new(
        10924,
        format!(
            "The pool affinity range is invalid. The lower bound {first} must be less than the \
             upper bound {last}."
        ),
    )
}

/// A value out of its range. SQL Server's own text ends with the statement; the range is ours.
pub(crate) fn setting_out_of_range(
    name: &str,
    statement: &str,
    value: &str,
    least: i64,
    most: i64,
) -> SqlError {
    SqlError::with_class(
        153,
        15,
        format!(
            "Invalid usage of the option {name} in the {statement} statement. The value {value} is \
             not within {least} to {most}."
        ),
    )
}
