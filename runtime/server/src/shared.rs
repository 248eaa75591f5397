//! How a server is set up, and what its connections share.

use std::sync::Arc;
use std::time::Duration;

use launchpod_database::Database;
use launchpod_session::Instance;
use launchpod_sqlserver::SqlServer;
use launchpod_tds::prelogin::EncryptionPolicy;
use tokio_util::sync::CancellationToken;

use crate::certificate::ServerTls;
use crate::spid::Spids;

/// How a server is set up.
#[derive(Clone)]
pub struct Options {
    /// The name that messages carry.
    pub name: String,
    /// Whether clients must encrypt.
    pub encryption: EncryptionPolicy,
    /// TLS for clients that encrypt.
    pub tls: ServerTls,
    /// How long running batches get at shutdown before they are cancelled.
    pub grace: Duration,
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub options: Options,
    pub instance: Arc<Instance>,
    pub database: Arc<dyn Database>,
    /// The SQL Server that clients' packets are passed on to.
    pub behind: Option<SqlServer>,
    pub spids: Spids,
    /// Fires when no further batch is to be begun.
    pub closing: CancellationToken,
    /// Fires when what runs is to be cancelled.
    pub ending: CancellationToken,
}
