//! Accepting connections, and ending them in good order.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use launchpod_database::{Database, WayBack};
use launchpod_session::{Instance, ServeConnection};
use launchpod_sqlserver::SqlServer;
use launchpod_types::SqlError;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, info_span, warn};

use crate::connection;
use crate::login::{Caller, Origin};
use crate::shared::{Options, Shared};
use crate::spid::Spids;

/// How long a silent connection is left before it is probed, as SQL Server does (30 s).
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long accepting pauses when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server for SQL Server clients.
pub struct Server {
    shared: Arc<Shared>,
}

// === impl Server ===

impl Server {
    /// A server that isn't listening yet, over a database whose statements the interpreter runs.
    pub fn new(options: Options, instance: Arc<Instance>, database: Arc<dyn Database>) -> Self {
        Self::over(options, instance, database, None)
    }

    /// The same, before a SQL Server, which runs all but external scripts.
    pub fn before(options: Options, instance: Arc<Instance>, server: SqlServer) -> Self {
        Self::over(options, instance, Arc::new(server.clone()), Some(server))
    }

    fn over(
        options: Options,
        instance: Arc<Instance>,
        database: Arc<dyn Database>,
        behind: Option<SqlServer>,
    ) -> Self {
        let shared = Shared {
            options,
            instance,
            database,
            behind,
            spids: Spids::default(),
            closing: CancellationToken::new(),
            ending: CancellationToken::new(),
        };
        let shared = Arc::new(shared);
        shared.instance.serve_scripts(Arc::new(ScriptFront(Arc::downgrade(&shared))));
        Server { shared }
    }

    /// Serves the clients that a listener accepts until `stop` fires; then lets batches run
    /// for the grace time, cancels those that still do, and returns when all connections are
    /// closed.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((socket, address)) => self.connect(&connections, socket, address),
                Err(error) => {
                    warn!(%error, "Can't accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        connections.close();
        self.shared.closing.cancel();
        if tokio::time::timeout(self.shared.options.grace, connections.wait()).await.is_err() {
            self.shared.ending.cancel();
            connections.wait().await;
        }
    }

    fn connect(&self, connections: &TaskTracker, socket: TcpStream, address: SocketAddr) {
        if let Err(error) = prepare(&socket) {
            debug!(%error, "Can't set the options of a socket");
        }
        let shared = Arc::clone(&self.shared);
        let span = info_span!("connection", client.addr = %address);
        let caller = Caller {
            address: Some(address),
            local_address: socket.local_addr().ok(),
            socket: Box::new(socket),
            origin: Origin::Client,
        };
        let closing = shared.closing.clone();
        connections.spawn(connection::serve(shared, caller, closing).instrument(span));
    }
}

/// Serves the connections that scripts make back. The instance has it, which the server has.
struct ScriptFront(Weak<Shared>);

// === impl ScriptFront ===

#[async_trait]
impl ServeConnection for ScriptFront {
    async fn serve(&self, stream: UnixStream, way_back: WayBack) {
        self.connect(stream, Origin::Script(way_back)).await;
    }

    async fn refuse(&self, stream: UnixStream, error: SqlError) {
        self.connect(stream, Origin::Refused(error)).await;
    }
}

impl ScriptFront {
    async fn connect(&self, stream: UnixStream, origin: Origin) {
        // Without a server there is nobody for whom a script could run.
        let Some(shared) = self.0.upgrade() else { return };
        let socket = Box::new(stream);
        let caller = Caller { socket, address: None, local_address: None, origin };
        // A script that runs on while the server closes is served as long as it lives.
        connection::serve(shared, caller, CancellationToken::new()).await;
    }
}

/// Answers go out at once, and a client that is gone without a word is noticed.
fn prepare(socket: &TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(Duration::from_secs(1));
    SockRef::from(socket).set_tcp_keepalive(&keepalive)
}
