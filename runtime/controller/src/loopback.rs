//! What serves scripts' connections back to their caller's database.

use std::fmt::Debug;

use async_trait::async_trait;
use launchpod_types::SqlError;
use tokio::net::UnixStream;

/// Serves what scripts say to their caller's database.
#[async_trait]
pub trait Loopback: Debug + Send + Sync {
    /// Serves one connection as the script's caller, until the script closes it. Its session has
    /// ended when this returns, and its transaction is rolled back; dropping the future has the
    /// same effect a moment later.
    async fn serve(&self, stream: UnixStream);

    /// Answers the login of a connection that isn't to be had with an error, and closes it.
    async fn refuse(&self, stream: UnixStream, error: SqlError);
}
