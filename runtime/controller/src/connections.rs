//! Connections that a script makes, back to its caller's database and outward.
//!
//! The supervisor asks for each over its control connection and gets one end of a pair of sockets
//! that are made here. So nobody listens anywhere, there is no token that a script could find, and
//! what a worker does to its end doesn't reach ours.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use launchpod_exchange::protocol::control::{Door, MAX_CONNECTIONS};
use launchpod_outbound::Proxy;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{Instrument as _, warn};

use crate::loopback::Loopback;

/// The supervisor has [`MAX_CONNECTIONS`] at most; here one that it has closed is open until what
/// served it has ended.
const MOST_OPEN: usize = 2 * MAX_CONNECTIONS;
/// How long sessions may take to end when their script has.
const END_WAIT: Duration = Duration::from_secs(5);

/// What serves the connections of a request's scripts; there are none where nothing does.
#[derive(Clone, Default)]
pub(crate) struct Ways {
    pub(crate) loopback: Option<Arc<dyn Loopback>>,
    pub(crate) outbound: Option<Arc<Proxy>>,
}

/// The connections of one worker. Dropping this ends them.
pub(crate) struct Connections {
    ways: Ways,
    sessions: JoinSet<()>,
    outward: JoinSet<()>,
}

// === impl Connections ===

impl Connections {
    pub(crate) fn new(ways: Ways) -> Self {
        Connections { ways, sessions: JoinSet::new(), outward: JoinSet::new() }
    }

    /// Whether the script may have any through a door.
    pub(crate) fn are_allowed(&self, door: Door) -> bool {
        match door {
            Door::Loopback => self.ways.loopback.is_some(),
            Door::Outbound => self.ways.outbound.is_some(),
        }
    }

    /// The worker's end of a new one; `None` when there is none to be had.
    pub(crate) fn connect(&mut self, door: Door) -> Option<OwnedFd> {
        let open = match door {
            Door::Loopback => &mut self.sessions,
            Door::Outbound => &mut self.outward,
        };
        while open.try_join_next().is_some() {}
        if open.len() >= MOST_OPEN || !self.are_allowed(door) {
            return None;
        }
        let pair = UnixStream::pair().and_then(|(ours, theirs)| Ok((ours, theirs.into_std()?)));
        let (ours, theirs) = pair
            .inspect_err(|error| warn!(%error, "can't make the sockets of a script's connection"))
            .ok()?;
        self.serve(door, ours);
        Some(theirs.into())
    }

    fn serve(&mut self, door: Door, ours: UnixStream) {
        let Ways { loopback, outbound } = self.ways.clone();
        match (door, loopback, outbound) {
            (Door::Loopback, Some(loopback), _) => {
                let serving = async move { loopback.serve(ours).await };
                self.sessions.spawn(serving.in_current_span());
            }
            (Door::Outbound, _, Some(proxy)) => {
                let serving = async move { proxy.serve(ours).await };
                self.outward.spawn(serving.in_current_span());
            }
            // Not allowed: its other end finds it closed.
            _ => {}
        }
    }

    /// Ends all, of a script that has ended: what their sessions held is free then.
    pub(crate) async fn end(&mut self) {
        self.outward.shutdown().await;
        let ended = async { while self.sessions.join_next().await.is_some() {} };
        if timeout(END_WAIT, ended).await.is_err() {
            self.sessions.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream as StdStream;

    use async_trait::async_trait;
    use launchpod_outbound::{Allowed, Tally};
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

    fn to_echo() -> Connections {
        Connections::new(Ways { loopback: Some(Arc::new(Echo)), outbound: None })
    }

    fn stream(fd: OwnedFd) -> StdStream {
        let stream = StdStream::from(fd);
        stream.set_nonblocking(false).unwrap();
        stream
    }

    #[tokio::test]
    async fn a_connection_is_served_until_it_is_closed() {
        let mut connections = to_echo();
        let mut ours = stream(connections.connect(Door::Loopback).unwrap());
        let echoed = spawn_blocking(move || {
            ours.write_all(b"hello").unwrap();
            let mut bytes = [0; 5];
            ours.read_exact(&mut bytes).unwrap();
            bytes
        });
        assert_eq!(&echoed.await.unwrap(), b"hello");
        connections.end().await;
        assert!(connections.sessions.is_empty());
    }

    #[tokio::test]
    async fn there_are_no_more_than_so_many() {
        let mut connections = to_echo();
        let mut held: Vec<OwnedFd> =
            (0..MOST_OPEN).map_while(|_| connections.connect(Door::Loopback)).collect();
        assert_eq!(held.len(), MOST_OPEN);
        assert!(connections.connect(Door::Loopback).is_none());
        held.pop();
        let again = async {
            while connections.connect(Door::Loopback).is_none() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), again).await.unwrap();
    }

    #[tokio::test]
    async fn none_is_made_where_none_is_allowed() {
        let mut none = Connections::new(Ways::default());
        for door in Door::ALL {
            assert!(!none.are_allowed(door) && none.connect(door).is_none());
        }
        assert!(to_echo().connect(Door::Outbound).is_none());
    }

    #[tokio::test]
    async fn a_door_leads_to_what_is_behind_it() {
        let tally = Arc::new(Tally::default());
        let proxy = Proxy::new(Arc::new(Allowed::new(Vec::new())), Arc::clone(&tally));
        let ways = Ways { loopback: None, outbound: Some(Arc::new(proxy)) };
        let mut connections = Connections::new(ways);
        assert!(connections.connect(Door::Loopback).is_none());
        let mut ours = stream(connections.connect(Door::Outbound).unwrap());
        let answered = spawn_blocking(move || {
            ours.write_all(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
                .unwrap();
            let mut bytes = [0; 12];
            ours.read_exact(&mut bytes).unwrap();
            (ours, bytes)
        });
        let (mut ours, answer) = answered.await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 403");
        assert_eq!(tally.counts().refused, 1);
        // Whatever is open outward ends with the script, at once.
        connections.end().await;
        let rest = spawn_blocking(move || ours.read_to_end(&mut Vec::new()));
        rest.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_worker_sees_the_end() {
        let mut connections = to_echo();
        let mut ours = stream(connections.connect(Door::Loopback).unwrap());
        drop(connections);
        let rest = spawn_blocking(move || ours.read(&mut [0]).unwrap());
        assert_eq!(rest.await.unwrap(), 0);
    }
}
