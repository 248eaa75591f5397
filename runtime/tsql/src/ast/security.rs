//! Principals, their permissions, and who a session acts as.

use super::{Identifier, ObjectName};

/// A statement about principals, permissions or the execution context.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Security {
    /// `CREATE LOGIN name WITH PASSWORD = …`
    CreateLogin {
        /// Its name.
        name: Identifier,
        /// What stands after WITH; one is a [`LoginOption::Password`].
        options: Vec<LoginOption>,
    },
    /// `ALTER LOGIN name …`
    AlterLogin {
        /// The login.
        name: Identifier,
        /// What is changed.
        change: LoginChange,
    },
    /// `CREATE USER name …`
    CreateUser {
        /// Its name.
        name: Identifier,
        /// Whose user it is.
        login: UserLogin,
        /// What stands after WITH.
        options: Vec<UserOption>,
    },
    /// `ALTER USER name WITH …`
    AlterUser {
        /// The user.
        name: Identifier,
        /// What is changed.
        options: Vec<UserOption>,
    },
    /// `CREATE ROLE name [AUTHORIZATION owner]`, `CREATE SERVER ROLE …`
    CreateRole {
        /// Whether it is the server's.
        server: bool,
        /// Its name.
        name: Identifier,
        /// `AUTHORIZATION`
        owner: Option<Identifier>,
    },
    /// `ALTER ROLE name …`, `ALTER SERVER ROLE …`
    AlterRole {
        /// Whether it is the server's.
        server: bool,
        /// The role.
        name: Identifier,
        /// What is changed.
        change: RoleChange,
    },
    /// `DROP LOGIN name` and its kin.
    DropPrincipal {
        /// What kind of principal.
        kind: PrincipalKind,
        /// `IF EXISTS`
        if_exists: bool,
        /// Its name.
        name: Identifier,
    },
    /// `GRANT`, `DENY` and `REVOKE`
    Permission(PermissionChange),
    /// `ALTER AUTHORIZATION ON class::entity TO principal`
    AlterAuthorization {
        /// What gets another owner.
        on: SecurableName,
        /// The new owner; `None` is SCHEMA OWNER.
        to: Option<Identifier>,
    },
    /// `EXECUTE AS …`, a statement of its own.
    ExecuteAs {
        /// Who the session acts as from now on.
        context: ExecutionContext,
        /// `WITH NO REVERT`
        no_revert: bool,
        /// The variable of `WITH COOKIE INTO`, with its `@`.
        cookie: Option<String>,
    },
    /// `REVERT [WITH COOKIE = @v]`
    Revert {
        /// The variable that holds the cookie, with its `@`.
        cookie: Option<String>,
    },
}

/// What kind of principal a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A login.
    Login,
    /// A role of the server.
    ServerRole,
    /// A user of a database.
    User,
    /// A role of a database.
    Role,
}

/// Who a session or module acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionContext {
    /// `CALLER`: who calls.
    Caller,
    /// `SELF`: who wrote the module.
    Creator,
    /// `OWNER`: whose the module is.
    Owner,
    /// `LOGIN = 'name'`
    Login(String),
    /// `USER = 'name'`; in a module `'name'` alone.
    User(String),
}

/// An option of CREATE LOGIN and ALTER LOGIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginOption {
    /// `PASSWORD = …`
    Password(PasswordOption),
    /// `SID = 0x…`
    Sid(Vec<u8>),
    /// `NAME = name`
    Name(Identifier),
    /// `DEFAULT_DATABASE = name`
    DefaultDatabase(Identifier),
    /// `DEFAULT_LANGUAGE = name`
    DefaultLanguage(Identifier),
    /// `CHECK_POLICY = ON | OFF`
    CheckPolicy(bool),
    /// `CHECK_EXPIRATION = ON | OFF`
    CheckExpiration(bool),
}

/// `PASSWORD = 'text' [HASHED] [OLD_PASSWORD = 'text'] [MUST_CHANGE] [UNLOCK]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordOption {
    /// The password, or its hash.
    pub value: PasswordValue,
    /// `OLD_PASSWORD`
    pub old: Option<String>,
    /// `MUST_CHANGE`
    pub must_change: bool,
    /// `UNLOCK`
    pub unlock: bool,
}

/// A password as it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordValue {
    /// Its text.
    Text(String),
    /// What `sys.sql_logins` shows as its hash.
    Hashed(Vec<u8>),
}

/// What ALTER LOGIN changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginChange {
    /// `ENABLE` (true) or `DISABLE`
    Enabled(bool),
    /// `WITH …`
    Options(Vec<LoginOption>),
}

/// Whose user a user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserLogin {
    /// The login of the same name.
    Same,
    /// `FOR LOGIN name`
    Named(Identifier),
    /// `WITHOUT LOGIN`
    None,
}

/// An option of CREATE USER and ALTER USER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserOption {
    /// `DEFAULT_SCHEMA = name`, or NULL.
    DefaultSchema(Option<Identifier>),
    /// `NAME = name`
    Name(Identifier),
    /// `LOGIN = name`
    Login(Identifier),
}

/// What ALTER ROLE changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// `ADD MEMBER name`
    Add(Identifier),
    /// `DROP MEMBER name`
    Remove(Identifier),
    /// `WITH NAME = name`
    Name(Identifier),
}

/// `GRANT`, `DENY` or `REVOKE permissions ON securable TO principals …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionChange {
    /// Which of the three.
    pub verb: PermissionVerb,
    /// The permissions.
    pub permissions: Vec<PermissionName>,
    /// What they are on; the current database or the server when absent.
    pub on: Option<SecurableName>,
    /// Who gets or loses them.
    pub principals: Vec<Identifier>,
    /// `WITH GRANT OPTION`; of REVOKE, `GRANT OPTION FOR`.
    pub grant_option: bool,
    /// `CASCADE`
    pub cascade: bool,
    /// `AS principal`
    pub grantor: Option<Identifier>,
}

/// Which statement a [`PermissionChange`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionVerb {
    /// `GRANT`
    Grant,
    /// `DENY`
    Deny,
    /// `REVOKE`
    Revoke,
}

/// A permission in a [`PermissionChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionName {
    /// Its words in upper case, with one blank between them: `SELECT`, `CREATE TABLE`, `ALL`.
    pub name: String,
    /// The columns that it is limited to.
    pub columns: Vec<Identifier>,
}

/// `[class::]name [(columns)]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurableName {
    /// The class in upper case: `SCHEMA`, `EXTERNAL LANGUAGE`. That of an object when absent.
    pub class: Option<String>,
    /// The name.
    pub name: ObjectName,
    /// The columns that all the permissions are limited to.
    pub columns: Vec<Identifier>,
}
