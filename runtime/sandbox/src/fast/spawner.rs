//! A spawner's process, as the controller has it.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use launchpod_spawner::ARGUMENT;
use launchpod_spawner::message::{Event, Left, Order, Setup, Spawn};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::error::SandboxError;
use crate::fate::{Fates, Followed};
use crate::used::Used;

/// How long a template may take for its imports.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The longest line of a spawner's that is logged as one (bytes).
const MAX_LOGGED: u64 = 4096;
/// How long a spawner may take to kill its workers and end.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A spawner whose template is ready.
pub(super) struct Spawner {
    orders: Mutex<Option<OwnedWriteHalf>>,
    fates: Fates,
    gone: CancellationToken,
    child: Mutex<Child>,
}

// === impl Spawner ===

impl Spawner {
    /// Starts one, and waits until its template is ready.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn start(program: &Path, setup: &Setup) -> Result<Self, String> {
        let io = |error: std::io::Error| format!("can't start the spawner: {error}");
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(io)?;
        ours.set_nonblocking(true).map_err(io)?;
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io)?;
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(log(stderr));
        }
        let (read, mut write) = UnixStream::from_std(ours).map_err(io)?.into_split();
        write.write_all(&line(setup)).await.map_err(io)?;
        let mut events = BufReader::new(read).lines();
        let first = timeout(START_LIMIT, next(&mut events)).await;
        match first {
            Ok(Some(Event::Ready)) => {}
            Ok(Some(Event::Failed { reason })) => return Err(reason),
            Ok(_) => return Err("the template ended while it started; see the log".to_owned()),
            Err(_) => return Err("the template was not ready in time".to_owned()),
        }
        let (fates, gone) = (Fates::default(), CancellationToken::new());
        tokio::spawn(listen(events, fates.clone(), gone.clone()));
        Ok(Spawner { orders: Mutex::new(Some(write)), fates, gone, child: Mutex::new(child) })
    }

    /// Follows a worker from before it is asked for.
    pub(super) fn follow(&self, worker: &str) -> Followed {
        self.fates.follow(worker)
    }

    /// Has a worker made.
    ///
    /// # Errors
    /// The spawner is gone.
    pub(super) async fn spawn(&self, spawn: Spawn) -> Result<(), SandboxError> {
        self.order(&Order::Spawn(spawn)).await
    }

    /// Has a worker killed, if there still is one.
    pub(super) async fn kill(&self, worker: &str) {
        // With the spawner every worker is gone.
        let _ = self.order(&Order::Kill { worker: worker.to_owned() }).await;
    }

    /// Changes how many processors a worker has, if there still is one.
    pub(super) async fn throttle(&self, worker: &str, millicpus: u32) {
        // As with its end.
        let _ = self.order(&Order::Throttle { worker: worker.to_owned(), millicpus }).await;
    }

    /// Waits until it is gone.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
        // Its cgroups are gone with the process.
        self.reap().await;
    }

    /// Has it kill its workers and end, and waits for that.
    pub(super) async fn end(&self) {
        drop(self.orders.lock().await.take());
        self.reap().await;
    }

    async fn reap(&self) {
        let mut child = self.child.lock().await;
        match timeout(END_LIMIT, child.wait()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(%error, "can't wait for a spawner"),
            Err(_) => warn!("a spawner didn't end in time"),
        }
    }

    async fn order(&self, order: &Order) -> Result<(), SandboxError> {
        let mut orders = self.orders.lock().await;
        let gone = || SandboxError::SpawnerGone;
        let stream = orders.as_mut().ok_or_else(gone)?;
        stream.write_all(&line(order)).await.map_err(|_| gone())
    }
}

/// Logs what a spawner, its template and supervisors write on standard error, so that every line of
/// the log is the server's own.
async fn log(stderr: impl AsyncRead + Unpin) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(MAX_LOGGED).read_until(b'\n', &mut line).await {
            Ok(1..) => {
                let text = String::from_utf8_lossy(&line);
                warn!(text = ?text.trim_end(), "from the fast backend's processes");
            }
            Ok(0) | Err(_) => return,
        }
    }
}

/// Takes in what the spawner says, to its end.
async fn listen(
    mut events: Lines<BufReader<OwnedReadHalf>>,
    fates: Fates,
    gone: CancellationToken,
) {
    while let Some(event) = next(&mut events).await {
        if let Event::Ended { worker, left } = event {
            let Left { out_of_memory, cpu_us, peak_memory } = left;
            let used = Used { cpu: cpu_us.map(Duration::from_micros), peak_memory };
            fates.end(&worker, out_of_memory, used);
        }
    }
    fates.end_all();
    gone.cancel();
}

async fn next(events: &mut Lines<BufReader<OwnedReadHalf>>) -> Option<Event> {
    let line = events.next_line().await.ok()??;
    serde_json::from_str(&line).inspect_err(|error| warn!(%error, "a spawner says nonsense")).ok()
}

fn line(message: &impl Serialize) -> Vec<u8> {
    // Structs of strings and numbers: there is nothing that JSON can't say.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}
