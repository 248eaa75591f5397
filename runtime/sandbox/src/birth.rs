//! From a worker whose making has been asked for to READY.

use std::sync::Arc;
use std::time::{Duration, Instant};

use launchpod_protocol::control::{Door, Exited, FromSupervisor};
use launchpod_protocol::data::{Conversation, FromWorker, Ready};
use launchpod_protocol::frame::FrameError;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::backend::{Container, Lease, Startup, Throttle, Worker};
use crate::cgroup::Cgroup;
use crate::channel::Channel;
use crate::channel_error::ChannelError;
use crate::error::SandboxError;
use crate::fate::Fate;
use crate::gauge::Gauge;
use crate::rendezvous::{Connections, meet};
use crate::run_folder::RunFolder;

/// How much of what a worker writes before it is ready is kept (bytes).
const EARLY_OUTPUT: usize = 64 << 10;
/// How much of that an error quotes (characters).
const QUOTED_OUTPUT: usize = 1000;
/// How long a container that has ended may still be heard.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A worker that is expected to connect.
pub(crate) struct Unborn<'a> {
    pub(crate) name: &'a str,
    pub(crate) folder: &'a RunFolder,
    pub(crate) listener: UnixListener,
    /// The uid that connections come from, where that can be known.
    pub(crate) peer_uid: Option<u32>,
    pub(crate) fate: watch::Receiver<Fate>,
    pub(crate) limit: Duration,
}

/// A worker that has said READY.
pub(crate) struct Born {
    pub(crate) connections: Connections,
    pub(crate) conversation: Conversation,
    pub(crate) ready: Ready,
    pub(crate) early_output: Vec<FromSupervisor>,
    pub(crate) start_took: Duration,
    pub(crate) ready_took: Duration,
}

/// Why a worker didn't become ready, before the container's name is added.
enum Stillborn {
    NotStarted(SandboxError),
    Died(String),
    Late,
    Protocol(ChannelError),
}

// === impl Unborn ===

impl Unborn<'_> {
    /// Starts the worker by `start` and waits for both connections and READY. The answer to the
    /// start is awaited beside them: the worker is quicker.
    pub(crate) async fn start(
        self,
        start: impl Future<Output = Result<(), SandboxError>>,
    ) -> Result<Born, SandboxError> {
        let Unborn { name, folder, listener, peer_uid, fate, limit } = self;
        let mut early_output = Vec::new();
        let started = Instant::now();

        let ready = async {
            let mut connections = meet(listener, folder.token(), peer_uid).await;
            folder.close();
            let start_took = started.elapsed();
            let (conversation, ready) = await_ready(&mut connections, &mut early_output).await?;
            let ready_took = started.elapsed() - start_took;
            Ok((connections, conversation, ready, start_took, ready_took))
        };
        let start = async { start.await.map_err(Stillborn::NotStarted) };
        let outcome = tokio::select! {
            outcome = async { tokio::try_join!(start, ready) } => outcome,
            fate = ended(fate) => Err(Stillborn::Died(fate.describe())),
            () = sleep(limit) => Err(Stillborn::Late),
        };
        match outcome {
            Ok(((), (connections, conversation, ready, start_took, ready_took))) => {
                Ok(Born { connections, conversation, ready, early_output, start_took, ready_took })
            }
            Err(stillborn) => Err(stillborn.of(name, limit, &early_output)),
        }
    }
}

// === impl Born ===

impl Born {
    /// The cgroup of the worker's first process, where it can be seen and has that in its name.
    pub(crate) fn cgroup(&self, name: &str) -> Option<Cgroup> {
        Cgroup::find(self.connections.pid?, name)
    }

    /// The worker, with what else is known of it.
    pub(crate) fn into_worker(
        self,
        container: Container,
        create: Duration,
        fate: watch::Receiver<Fate>,
        throttle: Arc<dyn Throttle>,
        gauge: Gauge,
        lease: Lease,
    ) -> Worker {
        Worker {
            container,
            control: self.connections.control,
            data: self.connections.data,
            conversation: self.conversation,
            ready: self.ready,
            early_output: self.early_output,
            startup: Startup { create, start: self.start_took, ready: self.ready_took },
            fate,
            throttle,
            gauge,
            lease,
        }
    }
}

/// Waits until the language is ready, keeping what it writes until then.
async fn await_ready(
    connections: &mut Connections,
    early_output: &mut Vec<FromSupervisor>,
) -> Result<(Conversation, Ready), Stillborn> {
    let Connections { control, data, .. } = connections;
    let mut conversation = Conversation::default();
    let mut data_open = true;
    let mut kept = 0;
    loop {
        tokio::select! {
            frame = data.receive(), if data_open => match frame {
                Ok(Some(frame)) => {
                    let message = conversation.receive(frame).map_err(ChannelError::from)?;
                    if let FromWorker::Ready(ready) = message {
                        return Ok((conversation, ready));
                    }
                }
                // The supervisor says how the process ended.
                Ok(None) | Err(ChannelError::Io(_)) => data_open = false,
                Err(error) => return Err(error.into()),
            },
            message = next_control(control) => match message? {
                Some(FromSupervisor::Wanted(door)) => return Err(too_early(door).into()),
                Some(FromSupervisor::Exited(exited)) => {
                    return Err(Stillborn::Died(describe(&exited)));
                }
                Some(output) => {
                    if let FromSupervisor::Stdout(bytes) | FromSupervisor::Stderr(bytes) = &output {
                        kept += bytes.len();
                    }
                    if kept <= EARLY_OUTPUT {
                        early_output.push(output);
                    }
                }
                None => return Err(Stillborn::Died("its supervisor is gone".to_owned())),
            },
        }
    }
}

/// A connection is asked for although there is no script.
fn too_early(door: Door) -> ChannelError {
    FrameError::Unexpected { kind: door.kind(), state: "waiting for READY" }.into()
}

async fn next_control(control: &mut Channel) -> Result<Option<FromSupervisor>, ChannelError> {
    match control.receive().await? {
        Some(frame) => Ok(Some(FromSupervisor::read(frame)?)),
        None => Ok(None),
    }
}

async fn ended(mut fate: watch::Receiver<Fate>) -> Fate {
    // Nobody follows the container's fate any more: other limits hold.
    let Ok(ended) = fate.wait_for(Fate::ended).await.map(|fate| *fate) else {
        return std::future::pending().await;
    };
    sleep(LAST_WORDS).await;
    ended
}

fn describe(exited: &Exited) -> String {
    match exited {
        Exited { oom_kills: 1.., .. } => "out of memory".to_owned(),
        Exited { signal: Some(signal), .. } => format!("killed by signal {signal}"),
        Exited { code: Some(code), .. } => format!("exit code {code}"),
        Exited { .. } => "how is not known".to_owned(),
    }
}

// === impl Stillborn ===

impl From<ChannelError> for Stillborn {
    fn from(error: ChannelError) -> Self {
        Stillborn::Protocol(error)
    }
}

impl Stillborn {
    fn of(self, name: &str, limit: Duration, early_output: &[FromSupervisor]) -> SandboxError {
        let container = name.to_owned();
        let output = tail(early_output);
        match self {
            Stillborn::NotStarted(error) => error,
            Stillborn::Died(how) => SandboxError::Died { container, how, output },
            Stillborn::Late => SandboxError::NotReady { container, after: limit, output },
            Stillborn::Protocol(source) => SandboxError::Protocol { container, source },
        }
    }
}

/// The last of what was written, as text.
fn tail(output: &[FromSupervisor]) -> String {
    let mut bytes = Vec::new();
    for message in output {
        if let FromSupervisor::Stdout(piece) | FromSupervisor::Stderr(piece) = message {
            bytes.extend_from_slice(piece);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let skipped = text.chars().count().saturating_sub(QUOTED_OUTPUT);
    text.chars().skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn an_error_quotes_the_end_of_long_output() {
        let start = FromSupervisor::Stdout(Bytes::from("a".repeat(QUOTED_OUTPUT)));
        let end = FromSupervisor::Stderr(Bytes::from_static("ImportError: ä".as_bytes()));
        let quoted = tail(&[start, end]);
        assert_eq!(quoted.chars().count(), QUOTED_OUTPUT);
        assert!(quoted.ends_with("aImportError: ä"));
    }

    #[test]
    fn a_death_for_want_of_memory_is_named_before_its_signal() {
        let exited = Exited { signal: Some(9), oom_kills: 1, ..Exited::default() };
        assert_eq!(describe(&exited), "out of memory");
        assert_eq!(
            describe(&Exited { signal: Some(9), ..Exited::default() }),
            "killed by signal 9"
        );
    }
}
