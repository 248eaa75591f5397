//! The errors of permissions and principals.

use launchpod_types::SqlError;

/// "Cannot … the …, because it does not exist or you do not have permission."
pub(crate) fn cannot(verb: &str, kind: &str, name: &str) -> SqlError {
    SqlError::new(
        15151,
        format!(
            "Cannot {verb} the {kind} '{name}', because it does not exist or you do not have \
             permission."
        ),
    )
}

/// A principal that every server or database has can't be dropped or changed.
pub(crate) fn cannot_at_all(verb: &str, kind: &str, name: &str) -> SqlError {
    SqlError::new(15150, format!("Cannot {verb} the {kind} '{name}'."))
}

pub(crate) fn object_permission(
    permission: &str,
    object: &str,
    database: &str,
    schema: &str,
) -> SqlError {
    SqlError::with_class(
        229,
        14,
        format!(
            "The {permission} permission was denied on the object '{object}', database \
             '{database}', schema '{schema}'."
        ),
    )
    .state(5)
}

pub(crate) fn column_permission(
    permission: &str,
    column: &str,
    object: &str,
    database: &str,
    schema: &str,
) -> SqlError {
    SqlError::with_class(
        230,
        14,
        format!(
            "The {permission} permission was denied on the column '{column}' of the object \
             '{object}', database '{database}', schema '{schema}'."
        ),
    )
}

pub(crate) fn database_permission(permission: &str, database: &str) -> SqlError {
    SqlError::with_class(
        262,
        14,
        format!("{permission} permission denied in database '{database}'."),
    )
}

pub(crate) fn server_permission(permission: &str) -> SqlError {
    SqlError::with_class(
        300,
        14,
        format!("{permission} permission was denied on object 'server', database 'master'."),
    )
}

pub(crate) fn no_permission() -> SqlError {
    SqlError::new(15247, "User does not have permission to perform this action.")
}

pub(crate) fn no_reconfigure() -> SqlError {
    SqlError::with_class(5812, 14, "You do not have permission to run the RECONFIGURE statement.")
}

pub(crate) fn no_database_access(principal: &str, database: &str) -> SqlError {
    SqlError::with_class(
        916,
        14,
        format!(
            "The server principal \"{principal}\" is not able to access the database \
             \"{database}\" under the current security context."
        ),
    )
}

pub(crate) fn no_such_language(name: &str) -> SqlError {
    SqlError::new(
        39007,
        format!("The specified language '{name}' does not exist or you do not have permission."),
    )
}

pub(crate) fn special_principal(name: &str) -> SqlError {
    SqlError::with_class(15405, 11, format!("Cannot use the special principal '{name}'."))
}

pub(crate) fn login_exists(name: &str) -> SqlError {
    SqlError::new(15025, format!("The server principal '{name}' already exists."))
}

pub(crate) fn principal_exists(name: &str) -> SqlError {
    SqlError::new(
        15023,
        format!("User, group, or role '{name}' already exists in the current database."),
    )
}

pub(crate) fn invalid_name(name: &str) -> SqlError {
    SqlError::new(
        15006,
        format!("'{name}' is not a valid name because it contains invalid characters."),
    )
}

pub(crate) fn invalid_login(name: &str) -> SqlError {
    SqlError::new(15007, format!("'{name}' is not a valid login or you do not have permission."))
}

pub(crate) fn login_has_user() -> SqlError {
    SqlError::new(15063, "The login already has an account under a different user name.")
}

pub(crate) fn unknown_database(name: &str) -> SqlError {
    SqlError::new(
        15010,
        format!(
            "The database '{name}' does not exist. Supply a valid database name. To see available \
             databases, use sys.databases."
        ),
    )
}

pub(crate) fn unofficial_language(name: &str) -> SqlError {
    SqlError::new(15033, format!("'{name}' is not a valid official language name."))
}

pub(crate) fn sid_length() -> SqlError {
    SqlError::new(15419, "Supplied parameter sid should be binary(16).")
}

pub(crate) fn sid_in_use() -> SqlError {
    SqlError::new(15433, "Supplied parameter sid is in use.")
}

pub(crate) fn must_change_without_expiration() -> SqlError {
    SqlError::new(15099, "The MUST_CHANGE option cannot be used when CHECK_EXPIRATION is OFF.")
}

pub(crate) fn expiration_without_policy() -> SqlError {
    SqlError::new(15122, "The CHECK_EXPIRATION option cannot be used when CHECK_POLICY is OFF.")
}

pub(crate) fn policy_while_must_change() -> SqlError {
    SqlError::new(
        15128,
        "The CHECK_POLICY and CHECK_EXPIRATION options cannot be turned OFF when MUST_CHANGE is \
         ON.",
    )
}

pub(crate) fn password_too_short() -> SqlError {
    SqlError::new(
        15116,
        "Password validation failed. The password does not meet the operating system policy \
         requirements because it is too short.",
    )
}

pub(crate) fn password_too_long() -> SqlError {
    SqlError::new(
        15156,
        "The password that you specified is too long. The password should have no more than 128 \
         characters.",
    )
}

pub(crate) fn password_too_simple() -> SqlError {
    SqlError::new(
        15118,
        "Password validation failed. The password does not meet the operating system policy \
         requirements because it is not complex enough.",
    )
}

pub(crate) fn invalid_hash() -> SqlError {
    SqlError::new(
        15021,
        "Invalid value given for parameter PASSWORD. Specify a valid parameter value.",
    )
}

pub(crate) fn login_in_use(name: &str) -> SqlError {
    SqlError::new(
        15434,
        format!("Could not drop login '{name}' as the user is currently logged in."),
    )
}

pub(crate) fn login_owns_databases(name: &str) -> SqlError {
    SqlError::new(
        15174,
        format!(
            "Login '{name}' owns one or more database(s). Change the owner of the database(s) \
             before dropping the login."
        ),
    )
}

pub(crate) fn owns(what: &str) -> SqlError {
    SqlError::new(
        15138,
        format!("The database principal owns a {what} in the database, and cannot be dropped."),
    )
}

pub(crate) fn owns_objects() -> SqlError {
    SqlError::new(
        15183,
        "The database principal owns objects in the database and cannot be dropped.",
    )
}

pub(crate) fn owns_role() -> SqlError {
    SqlError::new(15421, "The database principal owns a database role and cannot be dropped.")
}

pub(crate) fn has_granted() -> SqlError {
    SqlError::new(
        15284,
        "The database principal has granted or denied permissions to objects in the database and \
         cannot be dropped.",
    )
}

pub(crate) fn is_context() -> SqlError {
    SqlError::new(
        15136,
        "The database principal is set as the execution context of one or more procedures, \
         functions, or event notifications and cannot be dropped.",
    )
}

pub(crate) fn guest_stays() -> SqlError {
    SqlError::new(
        15539,
        "User 'guest' cannot be dropped, it can only be disabled. The user is already disabled in \
         the current database.",
    )
}

pub(crate) fn role_has_members() -> SqlError {
    SqlError::new(15144, "The role has members. It must be empty before it can be dropped.")
}

pub(crate) fn public_membership() -> SqlError {
    SqlError::new(15081, "Membership of the public role cannot be changed.")
}

pub(crate) fn member_of_itself() -> SqlError {
    SqlError::with_class(15413, 11, "Cannot make a role a member of itself.")
}

pub(crate) fn cannot_impersonate_user(name: &str) -> SqlError {
    SqlError::new(
        15517,
        format!(
            "Cannot execute as the database principal because the principal \"{name}\" does not \
             exist, this type of principal cannot be impersonated, or you do not have permission."
        ),
    )
}

pub(crate) fn cannot_impersonate_login(name: &str) -> SqlError {
    SqlError::new(
        15406,
        format!(
            "Cannot execute as the server principal because the principal \"{name}\" does not \
             exist, this type of principal cannot be impersonated, or you do not have permission."
        ),
    )
}

pub(crate) fn impersonated_too_deep(limit: usize) -> SqlError {
    SqlError::new(15159, format!("Maximum impersonation nesting level exceeded (limit {limit}).."))
}

pub(crate) fn cannot_revert() -> SqlError {
    SqlError::new(
        15196,
        "The current security context is non-revertible. The \"Revert\" statement failed.",
    )
}

pub(crate) fn revert_elsewhere() -> SqlError {
    SqlError::new(
        15199,
        "The current security context cannot be reverted. Please switch to the original database \
         where 'Execute As' was called and try it again.",
    )
}

pub(crate) fn incompatible_permission(name: &str) -> SqlError {
    SqlError::new(
        4606,
        format!("Granted or revoked privilege {name} is not compatible with object."),
    )
}

/// Columns both of a permission and of the object.
pub(crate) fn columns_twice() -> SqlError {
    let text = "Invalid column list after object name in GRANT/REVOKE statement.";
    SqlError::with_class(1019, 15, text)
}

/// Columns of a permission that has none, or of what has none.
pub(crate) fn columns_of_permission(class: u8) -> SqlError {
    SqlError::with_class(
        1020,
        class,
        "Sub-entity lists (such as column or security expressions) cannot be specified for \
         entity-level permissions.",
    )
}

/// A column that a permission is to be on, and that isn't there.
pub(crate) fn granted_column(name: &str) -> SqlError {
    SqlError::new(4615, format!("Invalid column name '{name}'."))
}

pub(crate) fn grant_elsewhere() -> SqlError {
    SqlError::new(
        4610,
        "You can only grant or revoke permissions on objects in the current database.",
    )
}

pub(crate) fn needs_cascade() -> SqlError {
    SqlError::new(4611, "To revoke or deny grantable privileges, specify the CASCADE option.")
}

pub(crate) fn no_grant_permission() -> SqlError {
    SqlError::new(4613, "Grantor does not have GRANT permission.")
}

pub(crate) fn special_role() -> SqlError {
    SqlError::new(4617, "Cannot grant, deny or revoke permissions to or from special roles.")
}

pub(crate) fn mixed_scopes() -> SqlError {
    SqlError::new(
        4620,
        "All permissions in a grant/deny/revoke statement should be at the same scope (e.g., \
         server or database)",
    )
}

pub(crate) fn not_in_master() -> SqlError {
    SqlError::new(
        4621,
        "Permissions at the server scope can only be granted when the current database is master",
    )
}

pub(crate) fn special_grantee() -> SqlError {
    SqlError::new(
        4624,
        "Cannot grant, deny, or revoke permissions to sa, dbo, entity owner, information_schema, \
         sys, or yourself.",
    )
}

pub(crate) fn grantor(name: &str) -> SqlError {
    SqlError::new(4618, format!("You do not have permission to use {name} in the AS clause."))
}

pub(crate) fn system_database_owner() -> SqlError {
    SqlError::new(
        15109,
        "Cannot change the owner of the master, model, tempdb or distribution database.",
    )
}

/// A login that failed, as its client sees it: state 1, whatever the reason.
pub(crate) fn login_locked(user: &str) -> SqlError {
    SqlError::with_class(
        18486,
        14,
        format!(
            "Login failed for user '{user}' because the account is currently locked out. The \
             system administrator can unlock it. "
        ),
    )
}

pub(crate) fn login_disabled(user: &str) -> SqlError {
    SqlError::with_class(
        18470,
        14,
        format!("Login failed for user '{user}'. Reason: The account is disabled."),
    )
}

pub(crate) fn password_expired(user: &str) -> SqlError {
    SqlError::with_class(
        18487,
        14,
        format!(
            "Login failed for user '{user}'.  Reason: The password of the account has expired."
        ),
    )
}

pub(crate) fn password_must_change(user: &str) -> SqlError {
    SqlError::with_class(
        18488,
        14,
        format!(
            "Login failed for user '{user}'.  Reason: The password of the account must be changed."
        ),
    )
}

/// A new password that was given at login and that the policy refuses, by the error that
/// ALTER LOGIN has for it. Texts: "Database Engine events and errors", 18464 to 18466.
pub(crate) fn password_not_changed(user: &str, why: &SqlError) -> SqlError {
    let (number, why) = match why.number() {
        15116 => (18464, "too short"),
        15156 => (18465, "too long"),
        _ => (18466, "not complex enough"),
    };
    SqlError::with_class(
        number,
        14,
        format!(
            "Login failed for user '{user}'. Reason: Password change failed. The password does \
             not meet operating system policy requirements because it is {why}."
        ),
    )
}
