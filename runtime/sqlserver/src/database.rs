//! The SQL Server as a database of the interpreter's, every statement of which it runs: for
//! sessions that no client's packets are passed on for.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use launchpod_database::{Database, Login, Session};
use launchpod_tds::message::Reset;
use launchpod_types::{Message, SqlError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::connect::{ConnectError, Connected, Upstream, own_login};
use crate::definitions::Definitions;
use crate::line::Line;
use crate::loopback::Credential;
use crate::remote::Remote;

/// A SQL Server.
#[derive(Clone)]
pub struct SqlServer {
    upstream: Arc<Upstream>,
    definitions: Arc<Definitions>,
    /// Whether the server has the permission to run external scripts, once that was asked.
    known_permission: Arc<OnceLock<bool>>,
}

// === impl SqlServer ===

impl SqlServer {
    /// A server that is reached like this.
    pub fn new(upstream: Arc<Upstream>) -> Self {
        let definitions = Arc::new(Definitions::new(Arc::clone(&upstream)));
        SqlServer { upstream, definitions, known_permission: Arc::default() }
    }

    /// Where sessions are opened.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Which procedures reach external scripts.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    pub(crate) fn known_permission(&self) -> &OnceLock<bool> {
        &self.known_permission
    }

    /// A session of the interpreter's over a line to this server, on which this login is.
    pub fn session(&self, line: Line, credential: Credential) -> Remote {
        Remote::new(line, self.clone(), credential)
    }
}

#[async_trait]
impl Database for SqlServer {
    async fn login(&self, login: Login) -> Result<Box<dyn Session>, SqlError> {
        let user = login.user.clone();
        let password = login.password.expose();
        let asked = own_login(&user, password, &login.database, &login.program, &login.host);
        let Connected { channel, database, .. } =
            self.upstream.connect(&asked).await.map_err(refused)?;
        let credential = Credential { user: user.clone(), password: login.password.clone() };
        let line = Line::new(user, database);
        line.lend(channel, 0, Reset::None, CancellationToken::new());
        line.resume().await?;
        Ok(Box::new(self.session(line, credential)))
    }
}

/// Why there is no session, as a client is told: what the server said, or, when it can't be
/// reached, the error that drivers take for one that passes, and try again ("Transient fault
/// error codes", 40613). Where the server is and why it can't be reached is the log's alone.
pub fn refused(error: ConnectError) -> SqlError {
    match error {
        ConnectError::Refused { message: Some(message), .. } => SqlError(Box::new(Message {
            number: message.number,
            state: message.state,
            class: message.class,
            text: message.text,
            line: 0,
            procedure: String::new(),
        })),
        ConnectError::Authentication => SqlError::with_class(
            18456,
            14,
            "Login failed. The SQL Server behind Launchpod asks for integrated or federated authentication, which Launchpod doesn't pass on; use a SQL login.",
        ),
        other => {
            warn!(error = %other, "No session at the SQL Server behind");
            SqlError::with_class(
                40613,
                17,
                "The SQL Server behind Launchpod is not currently available. Please retry the connection later.",
            )
        }
    }
}
