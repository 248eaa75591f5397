//! The way back of external scripts: to the server, as the session's own login.

use async_trait::async_trait;
use launchpod_database::{Database, Login, Secret, Session};
use launchpod_types::{SqlError, Value};
use tracing::debug;

use crate::database::SqlServer;
use crate::line::Line;

/// Who has logged in, for further connections.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The login's name.
    pub user: String,
    /// Its password, wiped from memory with the session.
    pub password: Secret,
}

/// The server for the scripts of a session: all logins are the session's.
pub(crate) struct Callers {
    pub server: SqlServer,
    pub credential: Credential,
    /// The database that a script comes to when it names none.
    pub database: String,
}

/// Whether a session acts as who has logged in. Another one's password isn't known; and whoever
/// has become somebody else to be allowed less must not be more by a script.
///
/// # Errors
/// When the connection is lost.
pub(crate) async fn acts_as_itself(line: &Line) -> Result<bool, SqlError> {
    match line.row("SELECT SUSER_SNAME(), ORIGINAL_LOGIN()").await {
        Ok(row) => Ok(match row.as_deref() {
            Some([Value::Text(now), Value::Text(first)]) => now == first,
            _ => false,
        }),
        Err(error) if error.number() == crate::connection_lost().number() => Err(error),
        Err(error) => {
            debug!(%error, "The server doesn't tell who a session acts as");
            Ok(false)
        }
    }
}

#[async_trait]
impl Database for Callers {
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let Credential { user, password } = self.credential.clone();
        let database = match login.database.as_str() {
            "" => self.database.clone(),
            _ => login.database.clone(),
        };
        self.server.login(Login { user, password, database, ..login }).await
    }
}
