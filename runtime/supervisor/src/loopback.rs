//! The script's way to its caller's database: a TCP port of the worker's own loopback device, whose
//! connections are relayed to the controller.
//!
//! Drivers know how to connect to a port. What they send there goes over a socket that the
//! controller has made for each connection, so that the worker needs neither a network nor a path
//! or a token that a script could find.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use launchpod_protocol::control::MAX_LOOPBACKS;
use rustix::event::{PollFd, PollFlags};

/// What is read from a socket at once, and what waits at most to be written.
const READ_SIZE: usize = 1 << 16;

/// The port and its connections.
#[derive(Default)]
pub struct Loopback {
    /// `None` where the worker can't have any.
    listener: Option<TcpListener>,
    /// Whether the controller has said that the script may connect.
    is_allowed: bool,
    /// Accepted, and asked for.
    waiting: VecDeque<TcpStream>,
    pairs: Vec<Pair>,
}

/// A connection and its other half.
struct Pair {
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
}

// === impl Loopback ===

impl Loopback {
    /// Listens, where that is allowed to this worker: elsewhere there are no TCP sockets. Whoever
    /// connects waits for [`Loopback::allow`].
    pub fn listen(address: Option<SocketAddr>) -> Self {
        let listen = |address: SocketAddr| {
            let listener = TcpListener::bind(address).ok()?;
            listener.set_nonblocking(true).ok()?;
            Some(listener)
        };
        Loopback { listener: address.and_then(listen), ..Loopback::default() }
    }

    /// What the controller says of the script; without leave nobody listens any more.
    pub fn allow(&mut self, is_allowed: bool) {
        self.is_allowed = is_allowed;
        if !is_allowed {
            self.listener = None;
        }
    }

    /// Ends every connection.
    pub fn close(&mut self) {
        *self = Loopback::default();
    }

    /// What is to be waited for. The order is that of [`Loopback::serve`].
    pub fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if let Some(listener) = self.listener.as_ref().filter(|_| self.may_accept()) {
            fds.push(PollFd::new(listener, PollFlags::IN));
        }
        for pair in &self.pairs {
            let (script, controller) = pair.interests();
            // What nothing is wanted of may have hung up, which poll would say for ever.
            for (fd, flags) in
                [(pair.script.as_fd(), script), (pair.controller.as_fd(), controller)]
            {
                if !flags.is_empty() {
                    fds.push(PollFd::from_borrowed_fd(fd, flags));
                }
            }
        }
    }

    /// Relays and accepts what can be. How many further connections are to be asked for.
    pub fn serve(&mut self) -> usize {
        self.pairs.retain_mut(Pair::relay);
        let mut accepted = 0;
        while self.may_accept() {
            let Some(Ok((stream, _))) = self.listener.as_ref().map(TcpListener::accept) else {
                break;
            };
            self.waiting.push_back(stream);
            accepted += 1;
        }
        accepted
    }

    /// The connection that was asked for first is there.
    ///
    /// # Errors
    /// None was asked for, or its sockets can't be used.
    pub fn connect(&mut self, controller: OwnedFd) -> io::Result<()> {
        let script = self.waiting.pop_front().ok_or(ErrorKind::InvalidData)?;
        let controller = UnixStream::from(controller);
        script.set_nonblocking(true)?;
        script.set_nodelay(true)?;
        controller.set_nonblocking(true)?;
        self.pairs.push(Pair { script, controller, up: Flow::default(), down: Flow::default() });
        Ok(())
    }

    /// The connection that was asked for first isn't to be had: its script finds it closed.
    pub fn refuse(&mut self) {
        self.waiting.pop_front();
    }

    fn may_accept(&self) -> bool {
        self.is_allowed && self.waiting.len() + self.pairs.len() < MAX_LOOPBACKS
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

    /// Moves what can be moved; whether the connection goes on. It ends with either side, once
    /// what that side had said is on its way.
    fn relay(&mut self) -> bool {
        let up = self.up.relay(&mut self.script, &mut self.controller);
        let down = self.down.relay(&mut self.controller, &mut self.script);
        up && down
    }
}

// === impl Flow ===

impl Flow {
    /// Writes what waits, reads once and writes that; whether more can come.
    fn relay(&mut self, from: &mut impl Read, to: &mut impl Write) -> bool {
        if !self.write(to) {
            return false;
        }
        if self.unsent.is_empty() && !self.ended {
            let mut bytes = [0; READ_SIZE];
            match from.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(count) => self.unsent.extend_from_slice(&bytes[..count]),
                Err(error) if is_passing(&error) => {}
                Err(_) => self.ended = true,
            }
            if !self.write(to) {
                return false;
            }
        }
        !(self.ended && self.unsent.is_empty())
    }

    /// Writes what the socket takes; whether it takes more at all.
    fn write(&mut self, to: &mut impl Write) -> bool {
        while self.sent < self.unsent.len() {
            match to.write(&self.unsent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if is_passing(&error) => return true,
                Err(_) => return false,
            }
        }
        self.unsent.clear();
        self.sent = 0;
        true
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
