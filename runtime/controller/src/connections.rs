//! Connections that a script makes, back to its caller's database and outward.
//!
//! The supervisor asks for each over its control connection and gets one end of a pair of sockets
//! that are made here. So nobody listens anywhere, there is no token that a script could find, and
//! what a worker does to its end doesn't reach ours.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use launchpod_exchange::protocol::control::Door;
use launchpod_outbound::Proxy;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{Instrument as _, warn};

use crate::config::Config;
use crate::loopback::Loopback;
use crate::messages;

/// How long a connection waits for its turn beyond those that a script may have: for a driver that
/// opens the next one before it is done with the last.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// How long sessions may take to end when their script has.
const END_WAIT: Duration = Duration::from_secs(5);
/// The descriptors that a supervisor needs for a connection: the script's end and ours.
const DESCRIPTORS: u32 = 2;
/// Those that it needs for itself, and some more.
const OTHER_DESCRIPTORS: u32 = 32;

/// How many connections a script may have through each door at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Most {
    count: u32,
    /// What says so in the configuration.
    setting: &'static str,
    /// How long one more waits for its turn.
    wait: Duration,
}

/// What serves the connections of a request's scripts; there are none where nothing does.
#[derive(Clone, Default)]
pub(crate) struct Ways {
    pub(crate) loopback: Option<Arc<dyn Loopback>>,
    pub(crate) outbound: Option<Arc<Proxy>>,
}

/// The connections of one worker. Dropping this ends them.
pub(crate) struct Connections {
    most: Most,
    loopback: Option<Open>,
    outbound: Option<Open>,
}

/// The connections through an open door.
struct Open {
    way: Way,
    /// What serves them, and lets some wait for a place.
    tasks: JoinSet<()>,
    places: Arc<Semaphore>,
}

/// What is behind a door.
#[derive(Clone)]
enum Way {
    Loopback(Arc<dyn Loopback>),
    Outbound(Arc<Proxy>),
}

// === impl Most ===

impl Most {
    /// As the configuration has it. The worker's supervisor has no more descriptors than any
    /// other process there: that bounds them, too.
    pub(crate) fn of(config: &Config) -> Self {
        let for_connections = config.limits.open_files.saturating_sub(OTHER_DESCRIPTORS);
        // Of both doors, as many waiting as open.
        let room = for_connections / (DESCRIPTORS * 2 * Door::ALL.len() as u32);
        let (count, setting) = match config.script_connections {
            count if count <= room => (count, "script_connections"),
            _ => (room, "open_files"),
        };
        Most { count, setting, wait: TURN_WAIT }
    }

    /// How many may be open or wait for their turn.
    pub(crate) fn with_waiting(self) -> u32 {
        self.count.saturating_mul(2)
    }
}

// === impl Connections ===

impl Connections {
    pub(crate) fn new(ways: Ways, most: Most) -> Self {
        let open = |way| Open {
            way,
            tasks: JoinSet::new(),
            places: Arc::new(Semaphore::new(most.count as usize)),
        };
        Connections {
            most,
            loopback: ways.loopback.map(|loopback| open(Way::Loopback(loopback))),
            outbound: ways.outbound.map(|proxy| open(Way::Outbound(proxy))),
        }
    }

    /// Whether the script may have any through a door.
    pub(crate) fn are_allowed(&self, door: Door) -> bool {
        match door {
            Door::Loopback => self.loopback.is_some(),
            Door::Outbound => self.outbound.is_some(),
        }
    }

    /// The worker's end of a new one; `None` when there is none to be had.
    pub(crate) fn connect(&mut self, door: Door) -> Option<OwnedFd> {
        let most = self.most;
        let open = match door {
            Door::Loopback => self.loopback.as_mut(),
            Door::Outbound => self.outbound.as_mut(),
        }?;
        while open.tasks.try_join_next().is_some() {}
        // The supervisor asks for no more. One that it has closed is open here until what served it
        // has ended.
        if open.tasks.len() >= 2 * most.with_waiting() as usize {
            return None;
        }
        let pair = UnixStream::pair().and_then(|(ours, theirs)| Ok((ours, theirs.into_std()?)));
        let (ours, theirs) = pair
            .inspect_err(|error| warn!(%error, "can't make the sockets of a script's connection"))
            .ok()?;
        let (way, places) = (open.way.clone(), Arc::clone(&open.places));
        let serving = async move {
            match timeout(most.wait, places.acquire()).await {
                Ok(Ok(_place)) => way.serve(ours).await,
                // The script has ended.
                Ok(Err(_)) => {}
                Err(_) => way.refuse(ours, most).await,
            }
        };
        open.tasks.spawn(serving.in_current_span());
        Some(theirs.into())
    }

    /// Ends all, of a script that has ended: what their sessions held is free then.
    pub(crate) async fn end(&mut self) {
        if let Some(outward) = &mut self.outbound {
            outward.tasks.shutdown().await;
        }
        let Some(sessions) = &mut self.loopback else { return };
        // Who waits for a turn gets none any more.
        sessions.places.close();
        let ended = async { while sessions.tasks.join_next().await.is_some() {} };
        if timeout(END_WAIT, ended).await.is_err() {
            sessions.tasks.shutdown().await;
        }
    }
}

// === impl Way ===

impl Way {
    async fn serve(&self, stream: UnixStream) {
        match self {
            Way::Loopback(loopback) => loopback.serve(stream).await,
            Way::Outbound(proxy) => proxy.serve(stream).await,
        }
    }

    /// Says, as is said on this way, that the script has all the connections that it may have.
    async fn refuse(&self, stream: UnixStream, Most { count, setting, .. }: Most) {
        warn!(count, setting, "a script has all the connections that it may have");
        match self {
            Way::Loopback(loopback) => {
                loopback.refuse(stream, messages::too_many_connections(count, setting)).await;
            }
            Way::Outbound(proxy) => proxy.refuse(stream, count, setting).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream as StdStream;

    use async_trait::async_trait;
    use launchpod_outbound::{Allowed, Tally};
    use launchpod_sandbox::Limits;
    use launchpod_types::SqlError;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::spawn_blocking;

    use super::*;

    /// Sends back what it gets, and the text of an error.
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

        async fn refuse(&self, mut stream: UnixStream, error: SqlError) {
            stream.write_all(error.to_string().as_bytes()).await.unwrap();
        }
    }

    /// Longer than anything here takes on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn most(count: u32) -> Most {
        Most { count, setting: "script_connections", wait: PATIENCE }
    }

    fn to_echo() -> Connections {
        echoing(most(2))
    }

    fn echoing(most: Most) -> Connections {
        Connections::new(Ways { loopback: Some(Arc::new(Echo)), outbound: None }, most)
    }

    /// The worker's end.
    fn worker(fd: OwnedFd) -> UnixStream {
        let stream = StdStream::from(fd);
        stream.set_nonblocking(true).unwrap();
        UnixStream::from_std(stream).unwrap()
    }

    /// What is said to the worker until its connection is closed.
    async fn all(fd: OwnedFd) -> String {
        let mut said = String::new();
        worker(fd).read_to_string(&mut said).await.unwrap();
        said
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
        assert!(connections.loopback.is_some_and(|open| open.tasks.is_empty()));
    }

    #[tokio::test]
    async fn one_too_many_is_refused() {
        let mut connections = echoing(Most { wait: Duration::from_millis(20), ..most(2) });
        let _held: Vec<OwnedFd> =
            (0..2).map(|_| connections.connect(Door::Loopback).unwrap()).collect();
        let refused = all(connections.connect(Door::Loopback).unwrap()).await;
        assert!(refused.contains("maximum number of '2'"), "{refused}");
        assert!(refused.contains("(script_connections in the configuration)"), "{refused}");
    }

    #[tokio::test]
    async fn one_too_many_waits_for_its_turn() {
        let mut connections = to_echo();
        let mut held: Vec<OwnedFd> =
            (0..2).map(|_| connections.connect(Door::Loopback).unwrap()).collect();
        let mut waiting = worker(connections.connect(Door::Loopback).unwrap());
        held.pop();
        waiting.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 5];
        waiting.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"hello");
    }

    #[tokio::test]
    async fn there_are_no_more_than_so_many() {
        let mut connections = to_echo();
        let mut held: Vec<OwnedFd> =
            std::iter::from_fn(|| connections.connect(Door::Loopback)).take(100).collect();
        assert_eq!(held.len(), 8);
        held.clear();
        let again = async {
            while connections.connect(Door::Loopback).is_none() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, again).await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_does_not_outlive_the_script() {
        let mut connections = to_echo();
        let held: Vec<OwnedFd> =
            (0..2).map(|_| connections.connect(Door::Loopback).unwrap()).collect();
        let waiting = connections.connect(Door::Loopback).unwrap();
        drop(held);
        connections.end().await;
        // Served to its end or not at all, but not refused.
        assert_eq!(all(waiting).await, "");
    }

    #[test]
    fn few_open_files_make_few_connections() {
        let of = |script_connections, open_files| {
            let limits = Limits { open_files, ..Limits::default() };
            let most = Most::of(&Config { script_connections, limits, ..Config::default() });
            (most.count, most.setting)
        };
        assert_eq!(of(16, 1024), (16, "script_connections"));
        assert_eq!(of(100, 832), (100, "script_connections"));
        assert_eq!(of(100, 64), (4, "open_files"));
        assert_eq!(of(1, 16), (0, "open_files"));
    }

    #[tokio::test]
    async fn none_is_made_where_none_is_allowed() {
        let mut none = Connections::new(Ways::default(), most(2));
        for door in Door::ALL {
            assert!(!none.are_allowed(door) && none.connect(door).is_none());
        }
        assert!(to_echo().connect(Door::Outbound).is_none());
    }

    #[tokio::test]
    async fn a_door_leads_to_what_is_behind_it() {
        let tally = Arc::new(Tally::default());
        let proxy = Proxy::new(Arc::new(Allowed::new(Vec::new())), Arc::clone(&tally), PATIENCE);
        let ways = Ways { loopback: None, outbound: Some(Arc::new(proxy)) };
        let mut connections = Connections::new(ways, most(2));
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
