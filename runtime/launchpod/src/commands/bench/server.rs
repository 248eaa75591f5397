//! A server under measurement: this very program in a process of its own.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::administrator::{PASSWORD_VARIABLE, random_password};
use crate::client::{self, Client, DOCUMENTED, ENABLE};
use crate::error::Error;

/// What `serve` says when it accepts clients, before the address.
const READY: &str = "launchpod: ready on ";

/// A server that serves, with a data folder of its own. Dropping it kills it; [`ServerProcess::stop`]
/// lets it clean up.
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    password: String,
    /// From its start until it accepted clients.
    pub started_in: Duration,
    _data: TempDir,
}

// === impl ServerProcess ===

impl ServerProcess {
    /// Starts a server with settings of one's own on a free port, external scripts on.
    ///
    /// # Errors
    /// When it ends before it is ready; what it says is on standard error.
    pub async fn start(settings: &[String]) -> Result<Self, Error> {
        let data = tempfile::tempdir()?;
        let password = random_password();
        let began = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path())
            .args(settings)
            .env(PASSWORD_VARIABLE, &password)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        let line = BufReader::new(stdout).lines().next_line().await?.unwrap_or_default();
        let address = line.strip_prefix(READY).and_then(|address| address.parse().ok());
        let address = address.ok_or("the server under measurement didn't start")?;
        let started_in = began.elapsed();
        let server = ServerProcess { child, address, password, started_in, _data: data };
        server.connect().await?.simple_query(ENABLE).await?.into_results().await?;
        Ok(server)
    }

    /// A session of its own.
    ///
    /// # Errors
    /// As [`client::connect`].
    pub async fn connect(&self) -> Result<Client, Error> {
        client::connect(self.address, &self.password).await
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Ends it as a service manager does, and waits for it.
    ///
    /// # Errors
    /// When it doesn't end well.
    pub async fn stop(mut self) -> Result<(), Error> {
        let kill = Command::new("kill").arg(self.pid().to_string()).status().await?;
        let ended = self.child.wait().await?;
        match kill.success() && ended.success() {
            true => Ok(()),
            false => Err(format!("the server under measurement ended with {ended}").into()),
        }
    }
}

/// Runs the documented script to its last row, and says how long that took.
///
/// # Errors
/// When it fails, or its row isn't what the script returns.
pub async fn call(session: &mut Client) -> Result<Duration, Error> {
    let began = Instant::now();
    let rows = session.simple_query(DOCUMENTED).await?.into_first_result().await?;
    let took = began.elapsed();
    match rows.first().and_then(|row| row.get::<i32, _>(0)) {
        Some(1) => Ok(took),
        other => Err(format!("the script returned {other:?}, not 1").into()),
    }
}
