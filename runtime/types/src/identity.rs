//! Who asks.

/// The identity of a caller as SQL Server sees it: a login in a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The login's name as stored (not as typed).
    pub login: String,
    /// The name of the current database.
    pub database: String,
}
