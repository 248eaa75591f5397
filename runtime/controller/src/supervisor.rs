//! The control connection of a running worker: what it writes, and how it ended.

use std::time::{Duration, Instant};

use launchpod_exchange::protocol::control::{Exited, FromSupervisor};
use launchpod_exchange::protocol::frame::FrameError;
use launchpod_sandbox::{ChannelError, Receiver};
use launchpod_types::Message;
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::output::{Output, Source};
use crate::run::ScriptEvent;

/// How long a worker may be silent after its script has ended, before it is killed.
const SILENCE: Duration = Duration::from_secs(5);

/// Listens to the supervisor and hands on what the script writes.
pub(crate) struct Listener<'a> {
    pub(crate) receiver: Receiver,
    pub(crate) events: &'a mpsc::Sender<ScriptEvent>,
    /// Fires when the script has ended, so that EXITED must follow.
    pub(crate) over: CancellationToken,
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
}

/// Whoever takes the events has gone.
#[derive(Debug)]
pub(crate) struct Unheard;

// === impl Listener ===

impl Listener<'_> {
    /// Listens until the end. What is left of the script's output has been handed on then.
    pub(crate) async fn listen(mut self, early: Vec<FromSupervisor>) -> Result<Farewell, Unheard> {
        let mut output = Output::default();
        for message in early {
            self.write(&mut output, message).await?;
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
                        Err(ChannelError::Frame(error)) => Err(error),
                    };
                    if let Some(farewell) = self.hear(&mut output, message).await? {
                        return self.end(output, farewell).await;
                    }
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
        &self,
        output: &mut Output,
        message: Result<FromSupervisor, FrameError>,
    ) -> Result<Option<Farewell>, Unheard> {
        match message {
            Ok(FromSupervisor::Exited(exited)) => Ok(Some(Farewell::Exited(exited))),
            Ok(written) => {
                self.write(output, written).await?;
                Ok(None)
            }
            Err(_) => Ok(Some(Farewell::Broken)),
        }
    }

    async fn write(&self, output: &mut Output, message: FromSupervisor) -> Result<(), Unheard> {
        let (source, bytes) = match message {
            FromSupervisor::Stdout(bytes) => (Source::Stdout, bytes),
            FromSupervisor::Stderr(bytes) => (Source::Stderr, bytes),
            FromSupervisor::Exited(_) => return Ok(()),
        };
        let messages = output.push(source, &bytes, Instant::now());
        self.send(messages).await
    }

    async fn end(&self, mut output: Output, farewell: Farewell) -> Result<Farewell, Unheard> {
        self.send(output.finish()).await?;
        Ok(farewell)
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), Unheard> {
        for message in messages {
            self.events.send(ScriptEvent::Message(message)).await.map_err(|_| Unheard)?;
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
