//! Connections that external scripts make back to their caller's database: the controller has a
//! socket, the database knows as whom, and the front speaks the protocol.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use launchpod_controller::Loopback;
use launchpod_database::WayBack;
use launchpod_types::SqlError;
use tokio::net::UnixStream;

/// Serves a client's connection: the front, as sessions see it.
#[async_trait]
pub trait ServeConnection: Send + Sync {
    /// Serves a connection of a script to its end, which goes this way. Its session has ended
    /// when this returns.
    async fn serve(&self, stream: UnixStream, way_back: WayBack);

    /// Answers the login of a script's connection with an error, and closes it.
    async fn refuse(&self, stream: UnixStream, error: SqlError);
}

/// The connections of one call's scripts.
pub(crate) struct ScriptConnections {
    pub(crate) front: Arc<dyn ServeConnection>,
    pub(crate) way_back: WayBack,
}

// === impl ScriptConnections ===

#[async_trait]
impl Loopback for ScriptConnections {
    async fn serve(&self, stream: UnixStream) {
        self.front.serve(stream, self.way_back.clone()).await;
    }

    async fn refuse(&self, stream: UnixStream, error: SqlError) {
        self.front.refuse(stream, error).await;
    }
}

impl fmt::Debug for ScriptConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptConnections").finish_non_exhaustive()
    }
}
