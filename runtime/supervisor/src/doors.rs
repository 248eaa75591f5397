//! A script's ways to its caller's database and outward: TCP ports of the worker's own loopback
//! device, whose connections are relayed to the controller.
//!
//! Drivers and HTTP clients know how to connect to a port. What they send there goes over a socket
//! that the controller has made for each connection, so that the worker needs neither a network nor
//! a path or a token that a script could find.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use launchpod_protocol::control::{Door, Start};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What is read from a socket at once, and what waits at most to be written.
const READ_SIZE: usize = 1 << 16;

/// The ports and their connections.
#[derive(Default)]
pub struct Doors {
    ports: Vec<Port>,
    /// Accepted, and asked for: the answers come in the order of the questions.
    waiting: VecDeque<(Door, TcpStream)>,
    pairs: Vec<Pair>,
    /// How many of each door's may be there at once.
    most: usize,
}

/// Where a script knocks.
struct Port {
    door: Door,
    listener: TcpListener,
    /// Whether the controller has said that the script may connect.
    is_open: bool,
}

/// A connection and its other half.
struct Pair {
    door: Door,
    script: TcpStream,
    controller: UnixStream,
    up: Flow,
    down: Flow,
}

/// Bytes on their way from one socket to the other.
#[derive(Default)]
struct Flow {
    unsent: Vec<u8>,
    sent: usize,
    ended: bool,
    /// Whether the other socket has been told of the end.
    told: bool,
}

/// A socket takes no more, and its connection is over.
struct Broken;

// === impl Doors ===

impl Doors {
    /// Where a worker's doors are.
    pub fn addresses() -> [(Door, SocketAddr); Door::ALL.len()] {
        Door::ALL.map(|door| (door, door.address()))
    }

    /// Listens, where that is allowed to this worker: elsewhere there are no TCP sockets. Whoever
    /// connects waits for [`Doors::open`].
    pub fn listen(addresses: &[(Door, SocketAddr)]) -> Self {
        let listen = |&(door, address): &(Door, SocketAddr)| {
            let listener = TcpListener::bind(address).ok()?;
            listener.set_nonblocking(true).ok()?;
            Some(Port { door, listener, is_open: false })
        };
        Doors { ports: addresses.iter().filter_map(listen).collect(), ..Doors::default() }
    }

    /// Opens the doors that the controller has said; at the others nobody listens any more.
    pub fn open(&mut self, start: &Start) {
        self.most = start.connections.try_into().unwrap_or(usize::MAX);
        self.ports.retain_mut(|port| {
            port.is_open = start.opens(port.door);
            port.is_open
        });
    }

    /// Ends every connection.
    pub fn close(&mut self) {
        *self = Doors::default();
    }

    /// What is to be waited for.
    pub fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        for port in self.ports.iter().filter(|port| self.may_accept(port)) {
            fds.push(PollFd::new(&port.listener, PollFlags::IN));
        }
        for pair in &self.pairs {
            let (script, controller) = pair.interests();
            // What nothing is wanted of may have hung up, which poll would say for ever.
            if !script.is_empty() {
                fds.push(PollFd::new(&pair.script, script));
            }
            // That the controller has, ends the pair, once its last word is on its way.
            if !controller.is_empty() || pair.down.told {
                fds.push(PollFd::new(&pair.controller, controller));
            }
        }
    }

    /// Relays and accepts what can be. Through which doors further connections are to be asked for.
    pub fn serve(&mut self) -> Vec<Door> {
        self.pairs.retain_mut(|pair| pair.relay().unwrap_or(false));
        let mut asked = Vec::new();
        for index in 0..self.ports.len() {
            while let Some(port) = self.ports.get(index).filter(|port| self.may_accept(port)) {
                let Ok((stream, _)) = port.listener.accept() else { break };
                asked.push(port.door);
                self.waiting.push_back((port.door, stream));
            }
        }
        asked
    }

    /// The connection that was asked for first is there.
    ///
    /// # Errors
    /// None was asked for, or its sockets can't be used.
    pub fn connect(&mut self, controller: OwnedFd) -> io::Result<()> {
        let (door, script) = self.waiting.pop_front().ok_or(ErrorKind::InvalidData)?;
        let controller = UnixStream::from(controller);
        script.set_nonblocking(true)?;
        script.set_nodelay(true)?;
        controller.set_nonblocking(true)?;
        let (up, down) = (Flow::default(), Flow::default());
        self.pairs.push(Pair { door, script, controller, up, down });
        Ok(())
    }

    /// The connection that was asked for first isn't to be had: its script finds it closed.
    pub fn refuse(&mut self) {
        self.waiting.pop_front();
    }

    fn may_accept(&self, port: &Port) -> bool {
        let of_door = |door: &Door| *door == port.door;
        let waiting = self.waiting.iter().map(|(door, _)| door).filter(|door| of_door(door));
        let open = self.pairs.iter().map(|pair| &pair.door).filter(|door| of_door(door));
        port.is_open && waiting.count() + open.count() < self.most
    }
}

// === impl Pair ===

impl Pair {
    /// What is wanted of the script's socket and of the controller's.
    fn interests(&self) -> (PollFlags, PollFlags) {
        let wanted = |takes: &Flow, gives: &Flow| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, takes.unsent.is_empty() && !takes.ended);
            flags.set(PollFlags::OUT, !gives.unsent.is_empty());
            flags
        };
        (wanted(&self.up, &self.down), wanted(&self.down, &self.up))
    }

    /// Moves what can be moved; whether the connection goes on. One side may have said all while
    /// the other goes on: the connection ends when both have, or one takes no more.
    ///
    /// Of the script's socket the kernel doesn't tell whether its other end is closed or has only
    /// said all; the next byte for it does.
    fn relay(&mut self) -> Result<bool, Broken> {
        if self.up.relay(&mut self.script, &mut self.controller)? {
            // Who is gone needn't be told.
            let _ = self.controller.shutdown(Shutdown::Write);
        }
        if self.down.relay(&mut self.controller, &mut self.script)? {
            let _ = self.script.shutdown(Shutdown::Write);
        }
        Ok(!(self.down.told && (self.up.told || self.has_hung_up())))
    }

    /// Whether the controller has closed its end, and not only said all.
    fn has_hung_up(&self) -> bool {
        let fds = &mut [PollFd::new(&self.controller, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(fds, Some(&now)).is_ok() && fds[0].revents().contains(PollFlags::HUP)
    }
}

// === impl Flow ===

impl Flow {
    /// Writes what waits, reads once and writes that; whether the other side is now to be told that
    /// this was all.
    fn relay(&mut self, from: &mut impl Read, to: &mut impl Write) -> Result<bool, Broken> {
        self.write(to)?;
        if self.unsent.is_empty() && !self.ended {
            let mut bytes = [0; READ_SIZE];
            match from.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(count) => self.unsent.extend_from_slice(&bytes[..count]),
                Err(error) if is_passing(&error) => {}
                Err(_) => self.ended = true,
            }
            self.write(to)?;
        }
        let is_over = self.ended && self.unsent.is_empty();
        Ok(is_over && !std::mem::replace(&mut self.told, is_over))
    }

    /// Writes what the socket takes.
    fn write(&mut self, to: &mut impl Write) -> Result<(), Broken> {
        while self.sent < self.unsent.len() {
            match to.write(&self.unsent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if is_passing(&error) => return Ok(()),
                Err(_) => return Err(Broken),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
