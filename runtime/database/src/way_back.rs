//! How an external script comes back to the database of its caller.

use std::fmt;
use std::sync::Arc;

use launchpod_types::Value;

use crate::{Database, Secret};

/// The way back of an external script ("loopback", "implied authentication").
#[derive(Clone)]
pub enum WayBack {
    /// Whoever logs in here is who the caller acts as, whatever name and password are said.
    Database(Arc<dyn Database>),
    /// Sessions are opened at the server behind with the caller's own login.
    Login(Arc<CallersLogin>),
}

/// What opens further sessions at a server for a session's script.
#[derive(Clone, Debug)]
pub struct CallersLogin {
    /// The login's name.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The session's current database.
    pub database: String,
    /// What the server says of who the session acts as. A further session of which it says
    /// anything else may do what the caller may not.
    pub acts_as: Vec<Value>,
}

// === impl WayBack ===

impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WayBack::Database(_) => f.write_str("Database(…)"),
            WayBack::Login(login) => f.debug_tuple("Login").field(login).finish(),
        }
    }
}
