//! The control connection of a running worker: what it writes, and how it ended.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use launchpod_exchange::protocol::control::{Door, Exited, FromSupervisor, ToSupervisor};
use launchpod_exchange::protocol::frame::FrameError;
use launchpod_sandbox::{ChannelError, Receiver, Sender};
use launchpod_types::Message;
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::connections::Connections;
use crate::output::{LEFT_OUT, Output, Source};
use crate::quota::Quota;
use crate::run::ScriptEvent;

/// How long a worker may be silent after its script has ended, before it is killed.
const SILENCE: Duration = Duration::from_secs(5);

/// How long a supervisor may take to make room for an answer of a few bytes.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// Listens to the supervisor, hands on what the script writes, and connects the script to where it
/// may.
pub(crate) struct Listener<'a> {
    pub(crate) receiver: Receiver,
    pub(crate) sender: Sender,
    pub(crate) connections: Connections,
    pub(crate) events: &'a mpsc::Sender<ScriptEvent>,
    pub(crate) quota: &'a Quota,
    /// Fires when the script has ended, so that EXITED must follow.
    pub(crate) over: CancellationToken,
    /// Fires when the supervisor is to be told to end the worker.
    pub(crate) kill: CancellationToken,
}

/// The last that was heard of the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It said how the language's process ended.
    Exited(Exited),
    /// It is gone without a word.
    Gone,
    /// It stays although the script has ended.
    Silent,
    /// It doesn't speak the protocol.
    Broken,
    /// The script has written more than it may.
    Verbose,
}

/// Whoever takes the events has gone.
#[derive(Debug)]
pub(crate) struct Unheard;

// === impl Farewell ===

impl Farewell {
    /// Whether the worker is to be ended whatever else it says: it may go on for ever.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Farewell::Broken | Farewell::Verbose)
    }
}

// === impl Listener ===

impl Listener<'_> {
    /// Listens until the end. What is left of the script's output has been handed on then.
    pub(crate) async fn listen(mut self, early: Vec<FromSupervisor>) -> Result<Farewell, Unheard> {
        let mut output = Output::default();
        let mut killed = false;
        for message in early {
            if let Some(farewell) = self.hear(&mut output, Ok(message)).await? {
                return self.end(output, farewell).await;
            }
        }
        loop {
            let due = output.due();
            tokio::select! {
                frame = self.receiver.receive() => {
                    let message = match frame {
                        Ok(Some(frame)) => FromSupervisor::read(frame),
                        Ok(None) | Err(ChannelError::Io(_) | ChannelError::Truncated) => {
                            return self.end(output, Farewell::Gone).await;
                        }
                        Err(_) => return self.end(output, Farewell::Broken).await,
                    };
                    if let Some(farewell) = self.hear(&mut output, message).await? {
                        return self.end(output, farewell).await;
                    }
                }
                () = self.kill.cancelled(), if !killed => {
                    killed = true;
                    // One that takes no more is ended by the engine.
                    let _ = self.tell(ToSupervisor::Kill).await;
                }
                () = at(due) => {
                    let messages = output.flush_due(Instant::now());
                    self.send(messages).await?;
                }
                () = silence(&self.over) => return self.end(output, Farewell::Silent).await,
            }
        }
    }

    async fn hear(
        &mut self,
        output: &mut Output,
        message: Result<FromSupervisor, FrameError>,
    ) -> Result<Option<Farewell>, Unheard> {
        match message {
            Ok(FromSupervisor::Exited(exited)) => Ok(Some(Farewell::Exited(exited))),
            Ok(FromSupervisor::Stdout(bytes)) => self.write(output, Source::Stdout, &bytes).await,
            Ok(FromSupervisor::Stderr(bytes)) => self.write(output, Source::Stderr, &bytes).await,
            Ok(FromSupervisor::Wanted(door)) => Ok(self.connect(door).await.err()),
            Err(_) => Ok(Some(Farewell::Broken)),
        }
    }

    /// Answers the supervisor's wish for a connection.
    async fn connect(&mut self, door: Door) -> Result<(), Farewell> {
        match self.connections.connect(door) {
            Some(theirs) => {
                let mut frame = Vec::new();
                let encoded = ToSupervisor::Connection.encode(&mut frame);
                encoded.map_err(|_| Farewell::Broken)?;
                let sent = self.sender.send_descriptor(&frame, theirs.as_fd());
                // A supervisor that is gone is found by listening to it.
                timeout(ANSWER_WAIT, sent).await.map(drop).map_err(|_| Farewell::Broken)
            }
            None => self.tell(ToSupervisor::Refused).await,
        }
    }

    async fn tell(&mut self, message: ToSupervisor) -> Result<(), Farewell> {
        let mut frame = Vec::new();
        message.encode(&mut frame).map_err(|_| Farewell::Broken)?;
        let sent = self.sender.send(&frame);
        timeout(ANSWER_WAIT, sent).await.map(drop).map_err(|_| Farewell::Broken)
    }

    async fn write(
        &self,
        output: &mut Output,
        source: Source,
        bytes: &[u8],
    ) -> Result<Option<Farewell>, Unheard> {
        let allowed = self.quota.take_message_bytes(bytes.len());
        let now = Instant::now();
        self.send(output.push(source, &bytes[..allowed], now)).await?;
        if allowed == bytes.len() {
            return Ok(None);
        }
        self.send(output.push(source, LEFT_OUT.as_bytes(), now)).await?;
        Ok(Some(Farewell::Verbose))
    }

    async fn end(mut self, mut output: Output, farewell: Farewell) -> Result<Farewell, Unheard> {
        self.send(output.finish()).await?;
        if matches!(farewell, Farewell::Exited(_) | Farewell::Gone) {
            // The supervisor has closed them.
            self.connections.end().await;
        }
        Ok(farewell)
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), Unheard> {
        for message in messages {
            let sent = self.events.send(ScriptEvent::Message(message)).await;
            // Of a worker that is being ended the last word is EXITED, whoever hears the rest.
            if sent.is_err() && !self.kill.is_cancelled() {
                return Err(Unheard);
            }
        }
        Ok(())
    }
}

/// Passes when the script has ended and nothing has been heard for too long since.
async fn silence(over: &CancellationToken) {
    over.cancelled().await;
    sleep(SILENCE).await;
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
