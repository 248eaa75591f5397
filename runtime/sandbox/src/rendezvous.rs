//! Who may connect: the worker's supervisor, twice, and nobody else.

use std::time::Duration;

use launchpod_protocol::hello::{Hello, HelloError, Role};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tracing::warn;

use crate::channel::Channel;
use crate::channel_error::ChannelError;

/// How long a connection may take to say HELLO.
const HELLO_LIMIT: Duration = Duration::from_secs(5);

/// The two connections of one worker.
pub(crate) struct Connections {
    pub(crate) control: Channel,
    pub(crate) data: Channel,
    /// The process that they come from, where it can be seen.
    pub(crate) pid: Option<i32>,
}

/// Why a connection was turned away.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("peer's uid is {found}, not {expected}")]
    Uid { found: u32, expected: u32 },
    #[error("the two connections come from different processes")]
    Process,
    #[error("a second connection of the same role")]
    Twice,
    #[error("no HELLO in time")]
    Late,
    #[error("closed before HELLO")]
    Closed,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error(transparent)]
    Hello(#[from] HelloError),
}

/// What a connection that may stay is.
struct Accepted {
    role: Role,
    pid: Option<i32>,
    channel: Channel,
}

/// Accepts connections until there is one of each role.
///
/// Connections are heard one after the other: the supervisor is the only process of its
/// container until both are there. One that is turned away is logged and closed; the caller
/// sets the limit of the whole. `uid` is the peer's as the controller sees it, where that can
/// be known.
pub(crate) async fn meet(listener: UnixListener, token: &str, uid: Option<u32>) -> Connections {
    let (mut control, mut data) = (None, None);
    let mut pid = None;
    loop {
        let accepted = match listener.accept().await {
            Ok((stream, _)) => hear(stream, token, uid).await,
            Err(error) => Err(error.into()),
        };
        let checked = accepted.and_then(|accepted| {
            if pid.is_some() && pid != Some(accepted.pid) {
                return Err(Refusal::Process);
            }
            let place = if accepted.role == Role::Control { &mut control } else { &mut data };
            if place.is_some() {
                return Err(Refusal::Twice);
            }
            pid = Some(accepted.pid);
            *place = Some(accepted.channel);
            Ok(())
        });
        if let Err(refusal) = checked {
            warn!(%refusal, "turned a connection to a worker's socket away");
        }
        match (control.take(), data.take()) {
            (Some(control), Some(data)) => {
                return Connections { control, data, pid: pid.flatten() };
            }
            (one, other) => (control, data) = (one, other),
        }
    }
}

async fn hear(stream: UnixStream, token: &str, uid: Option<u32>) -> Result<Accepted, Refusal> {
    let peer = stream.peer_cred()?;
    if let Some(expected) = uid
        && peer.uid() != expected
    {
        return Err(Refusal::Uid { found: peer.uid(), expected });
    }
    let mut channel = Channel::new(stream);
    let first = timeout(HELLO_LIMIT, channel.receive()).await.map_err(|_| Refusal::Late)??;
    let role = Hello::check(&first.ok_or(Refusal::Closed)?, token)?;
    Ok(Accepted { role, pid: peer.pid(), channel })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use launchpod_protocol::VERSION;
    use launchpod_protocol::frame::{Kind, encode_message};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn dial(path: &Path, token: &str, role: Role) -> UnixStream {
        let mut stream = UnixStream::connect(path).await.unwrap();
        let hello = Hello { version: VERSION, token: token.to_owned(), role };
        let mut bytes = Vec::new();
        encode_message(Kind::Hello, &hello, &mut bytes).unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream
    }

    async fn closed(mut stream: UnixStream) -> bool {
        stream.read(&mut [0]).await.map_or(true, |count| count == 0)
    }

    #[tokio::test]
    async fn one_connection_of_each_role_is_let_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let uid = rustix::process::getuid().as_raw();
        let meeting = tokio::spawn(async move { meet(listener, "t", Some(uid)).await });

        let wrong = dial(&path, "x", Role::Control).await;
        assert!(closed(wrong).await);
        let mut rubbish = UnixStream::connect(&path).await.unwrap();
        rubbish.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(closed(rubbish).await);
        let _data = dial(&path, "t", Role::Data).await;
        let twice = dial(&path, "t", Role::Data).await;
        assert!(closed(twice).await);
        let _control = dial(&path, "t", Role::Control).await;
        meeting.await.unwrap();
    }

    #[tokio::test]
    async fn another_uid_is_turned_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let other = rustix::process::getuid().as_raw() + 1;
        let meeting = tokio::spawn(async move { meet(listener, "t", Some(other)).await });
        assert!(closed(dial(&path, "t", Role::Control).await).await);
        assert!(!meeting.is_finished());
        meeting.abort();
    }
}
