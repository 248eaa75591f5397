//! Connections that a script makes back to its caller's database.
//!
//! The supervisor asks for each over its control connection and gets one end of a pair of sockets
//! that are made here. So nobody listens anywhere, there is no token that a script could find, and
//! what a worker does to its end doesn't reach ours.

use std::fmt::Debug;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchpod_exchange::protocol::control::MAX_LOOPBACKS;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{Instrument as _, warn};

/// The supervisor has [`MAX_LOOPBACKS`] at most; here a connection that it has closed is open until
/// its session has ended.
const MOST_OPEN: usize = 2 * MAX_LOOPBACKS;
/// How long sessions may take to end when their script has.
const END_WAIT: Duration = Duration::from_secs(5);

/// Serves what scripts say to their caller's database.
#[async_trait]
pub trait Loopback: Debug + Send + Sync {
    /// Serves one connection as the script's caller, until the script closes it. Its session has
    /// ended when this returns, and its transaction is rolled back; dropping the future has the
    /// same effect a moment later.
    async fn serve(&self, stream: UnixStream);
}

/// The connections of one worker. Dropping this ends them.
pub(crate) struct Connections {
    /// `None` when the script may have none.
    loopback: Option<Arc<dyn Loopback>>,
    open: JoinSet<()>,
}

// === impl Connections ===

impl Connections {
    pub(crate) fn new(loopback: Option<Arc<dyn Loopback>>) -> Self {
        Connections { loopback, open: JoinSet::new() }
    }

    /// Whether the script may have any.
    pub(crate) fn are_allowed(&self) -> bool {
        self.loopback.is_some()
    }

    /// The worker's end of a new one; `None` when there is none to be had.
    pub(crate) fn connect(&mut self) -> Option<OwnedFd> {
        while self.open.try_join_next().is_some() {}
        let loopback = Arc::clone(self.loopback.as_ref()?);
        if self.open.len() >= MOST_OPEN {
            return None;
        }
        let pair = UnixStream::pair().and_then(|(ours, theirs)| Ok((ours, theirs.into_std()?)));
        let (ours, theirs) = pair
            .inspect_err(|error| warn!(%error, "can't make the sockets of a script's connection"))
            .ok()?;
        self.open.spawn(async move { loopback.serve(ours).await }.in_current_span());
        Some(theirs.into())
    }

    /// Ends all, of a script that has ended: what their sessions held is free then.
    pub(crate) async fn end(&mut self) {
        let ended = async { while self.open.join_next().await.is_some() {} };
        if timeout(END_WAIT, ended).await.is_err() {
            self.open.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream as StdStream;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::spawn_blocking;

    use super::*;

    /// Sends back what it gets.
    #[derive(Debug)]
    struct Echo;

    #[async_trait]
    impl Loopback for Echo {
        async fn serve(&self, mut stream: UnixStream) {
            let mut bytes = [0; 16];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                stream.write_all(&bytes[..count]).await.unwrap();
            }
        }
    }

    fn stream(fd: OwnedFd) -> StdStream {
        let stream = StdStream::from(fd);
        stream.set_nonblocking(false).unwrap();
        stream
    }

    #[tokio::test]
    async fn a_connection_is_served_until_it_is_closed() {
        let mut connections = Connections::new(Some(Arc::new(Echo)));
        let mut ours = stream(connections.connect().unwrap());
        let echoed = spawn_blocking(move || {
            ours.write_all(b"hello").unwrap();
            let mut bytes = [0; 5];
            ours.read_exact(&mut bytes).unwrap();
            bytes
        });
        assert_eq!(&echoed.await.unwrap(), b"hello");
        connections.end().await;
        assert!(connections.open.is_empty());
    }

    #[tokio::test]
    async fn there_are_no_more_than_so_many() {
        let mut connections = Connections::new(Some(Arc::new(Echo)));
        let mut held: Vec<OwnedFd> = (0..MOST_OPEN).map_while(|_| connections.connect()).collect();
        assert_eq!(held.len(), MOST_OPEN);
        assert!(connections.connect().is_none());
        held.pop();
        let again = async {
            while connections.connect().is_none() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), again).await.unwrap();
    }

    #[tokio::test]
    async fn none_is_made_where_none_is_allowed() {
        assert!(Connections::new(None).connect().is_none());
    }

    #[tokio::test]
    async fn the_worker_sees_the_end() {
        let mut connections = Connections::new(Some(Arc::new(Echo)));
        let mut ours = stream(connections.connect().unwrap());
        drop(connections);
        let rest = spawn_blocking(move || ours.read(&mut [0]).unwrap());
        assert_eq!(rest.await.unwrap(), 0);
    }
}
