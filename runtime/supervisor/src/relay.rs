//! The loop between the controller and the program.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use launchpod_protocol::control::{Exited, Start, ToSupervisor};
use launchpod_protocol::frame::{self, Frame, FrameError, Kind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::cgroup::{Counters, Counts};
use crate::cpu_limit::CpuLimit;
use crate::doors::Doors;
use crate::process::{self, Started, Worker};

/// How long a controller that ended the worker may take to read the last frames.
const FAREWELL: Duration = Duration::from_secs(1);
/// The most that a pipe is read for after the program's end: the greatest pipe (Linux,
/// /proc/sys/fs/pipe-max-size). More comes only from a process that outlived the kill.
const MAX_PIPE: usize = 1 << 20;
/// What is read from a pipe or socket at once.
const READ_SIZE: usize = 1 << 16;

/// Relays between the controller's control connection and the program's pipes.
///
/// What waits to be sent is at most a frame per pipe: no pipe is read before all has been sent,
/// so that a controller that doesn't read stops the program instead of filling memory.
pub struct Relay {
    control: UnixStream,
    signals: UnixStream,
    received: BytesMut,
    unsent: Vec<u8>,
    sent: usize,
    deadline: Option<Instant>,
    cpu: CpuLimit,
    counters: Counters,
    doors: Doors,
    /// Descriptors that have come and no frame has spoken of yet.
    descriptors: VecDeque<OwnedFd>,
}

/// Why the worker is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The program ended by itself.
    Exit,
    /// The controller said KILL.
    Kill,
    /// The time is up.
    Deadline,
    /// The processor time is used up.
    CpuLimit,
    /// The controller is gone, or says what a controller doesn't.
    Gone,
}

/// One of the program's pipes.
struct Pipe {
    fd: OwnedFd,
    kind: Kind,
    open: bool,
}

/// The relay broke.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A system call failed that doesn't.
    #[error("can't wait for the program: {0}")]
    Poll(#[from] io::Error),
    /// A frame of ours is too long, which the sizes here exclude.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// What [`Relay::wait`] found.
#[derive(Default)]
struct Events {
    readable: [bool; 2],
    child: bool,
}

// === impl Relay ===

impl Relay {
    /// A relay on a connection after HELLO. `signals` becomes readable when a child ends.
    ///
    /// # Errors
    /// The connection can't be made non-blocking.
    pub fn new(
        control: UnixStream,
        signals: UnixStream,
        counters: Counters,
        doors: Doors,
    ) -> Result<Self, RelayError> {
        control.set_nonblocking(true)?;
        Ok(Relay {
            control,
            signals,
            received: BytesMut::new(),
            unsent: Vec::new(),
            sent: 0,
            deadline: None,
            cpu: CpuLimit::default(),
            counters,
            doors,
            descriptors: VecDeque::new(),
        })
    }

    /// Relays until the worker is over and says how it ended. Returns the exit code that a shell
    /// would show.
    ///
    /// # Errors
    /// Something that can't happen did; the caller exits, and the namespace with it.
    pub fn run(mut self, started: Started) -> Result<i32, RelayError> {
        let Started { mut worker, stdout, stderr } = started;
        let mut pipes = [Pipe::new(stdout, Kind::Stdout)?, Pipe::new(stderr, Kind::Stderr)?];
        let end = self.relay(&mut worker, &mut pipes)?;
        // What is left of a program that has ended can do nothing more, whenever the kernel is done
        // with it: nobody waits for that.
        if end == End::Exit {
            worker.kill();
        } else {
            worker.end();
        }
        // Before EXITED: who hears that may rely on it.
        self.doors.close();
        let code = worker.exit_code();
        let signal = worker.signal();
        if end != End::Gone {
            self.say_rest(&mut pipes, end)?;
            let Counts { oom_kills, pids_denied, peak_memory, tcp_peak } = self.counters.read();
            let process::Usage { cpu_ms, max_rss_kib } = process::usage();
            let cpu_ms = self.cpu.used(&self.counters).map_or(cpu_ms, milliseconds);
            let exited = Exited {
                code,
                signal,
                oom_kills,
                pids_denied,
                deadline_passed: end == End::Deadline,
                cpu_limit_passed: end == End::CpuLimit,
                cpu_ms,
                max_rss_kib,
                peak_memory,
                tcp_peak,
            };
            self.say_exited(&exited, end)?;
        }
        worker.end();
        Ok(code.or(signal.map(|signal| 128 + signal)).unwrap_or(0))
    }

    /// Says that the program could not be started.
    ///
    /// # Errors
    /// As [`Relay::run`].
    pub fn refuse(mut self, error: &io::Error, code: i32) -> Result<i32, RelayError> {
        let text = format!("launchpod-supervisor: can't start the language's program: {error}\n");
        frame::encode(Kind::Stderr, text.as_bytes(), &mut self.unsent)?;
        self.say_exited(&Exited { code: Some(code), ..Exited::default() }, End::Exit)?;
        Ok(code)
    }

    /// Relays until the program has ended or is to be ended.
    fn relay(&mut self, worker: &mut Worker, pipes: &mut [Pipe; 2]) -> Result<End, RelayError> {
        loop {
            let look = self.cpu.next_look;
            let limit = [self.deadline, look].into_iter().flatten().min();
            let events = match self.wait(pipes, limit)? {
                Ok(events) => events,
                Err(End::Deadline) if self.deadline.is_none_or(|d| d > Instant::now()) => {
                    if self.cpu.is_used_up(&self.counters) {
                        return Ok(End::CpuLimit);
                    }
                    continue;
                }
                Err(end) => return Ok(end),
            };
            if events.child && worker.reap() {
                return Ok(End::Exit);
            }
            for (pipe, readable) in pipes.iter_mut().zip(events.readable) {
                if readable {
                    pipe.read(&mut self.unsent)?;
                }
            }
        }
    }

    /// Sends what the pipes still hold, at the controller's pace; after a kill only as long as a
    /// farewell takes.
    fn say_rest(&mut self, pipes: &mut [Pipe; 2], end: End) -> Result<(), RelayError> {
        let limit = self.farewell_limit(end);
        for pipe in pipes {
            let mut left = MAX_PIPE;
            while pipe.open && left > 0 {
                if !self.flush(limit)? {
                    return Ok(());
                }
                let count = pipe.read(&mut self.unsent)?;
                if count == 0 {
                    break;
                }
                left = left.saturating_sub(count);
            }
        }
        Ok(())
    }

    fn say_exited(&mut self, exited: &Exited, end: End) -> Result<(), RelayError> {
        frame::encode_message(Kind::Exited, exited, &mut self.unsent)?;
        let limit = self.farewell_limit(end);
        self.flush(limit)?;
        Ok(())
    }

    fn farewell_limit(&self, end: End) -> Option<Instant> {
        match end {
            // The program's last words are as slow as the controller reads, up to the time limit.
            End::Exit => self.deadline.map(|deadline| deadline.max(Instant::now() + FAREWELL)),
            _ => Some(Instant::now() + FAREWELL),
        }
    }

    /// Waits until all is sent; false when the controller is gone, says KILL, or time is up.
    fn flush(&mut self, limit: Option<Instant>) -> Result<bool, RelayError> {
        while !self.unsent.is_empty() {
            // After the end, KILL means that nobody waits for the rest; but EXITED still goes
            // out if there is room for it.
            if self.wait(&[], limit)?.is_err() {
                return Ok(self.send().is_ok() && self.unsent.is_empty());
            }
        }
        Ok(true)
    }

    /// Waits for something to happen, and moves bytes between the connection and the buffers.
    fn wait(
        &mut self,
        pipes: &[Pipe],
        limit: Option<Instant>,
    ) -> Result<Result<Events, End>, RelayError> {
        let mut events = Events::default();
        let timeout = match limit {
            None => None,
            Some(limit) => {
                let left = limit.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(Err(End::Deadline));
                }
                Some(timespec(left))
            }
        };
        let idle = self.unsent.is_empty();
        let control_flags = if idle { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let mut fds = vec![
            PollFd::new(&self.control, control_flags),
            PollFd::new(&self.signals, PollFlags::IN),
        ];
        // A closed pipe would be ready for ever, and poll reports its end unasked.
        let read: Vec<(usize, &Pipe)> =
            pipes.iter().enumerate().filter(|(_, pipe)| idle && pipe.open).collect();
        fds.extend(read.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)));
        self.doors.poll_fds(&mut fds);
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ok(events)),
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let ready: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
        drop(fds);
        if !ready[1].is_empty() {
            events.child = true;
            self.clear_signals();
        }
        for ((index, _), flags) in read.iter().zip(&ready[2..]) {
            events.readable[*index] = !flags.is_empty();
        }
        if ready[0].contains(PollFlags::OUT) && self.send().is_err() {
            return Ok(Err(End::Gone));
        }
        if ready[2 + read.len()..].iter().any(|flags| !flags.is_empty()) {
            for door in self.doors.serve() {
                frame::encode(door.kind(), &[], &mut self.unsent)?;
            }
        }
        let told = ready[0].intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        if told && let Some(end) = self.receive() {
            return Ok(Err(end));
        }
        Ok(Ok(events))
    }

    /// Sends what the connection takes.
    fn send(&mut self) -> io::Result<()> {
        while self.sent < self.unsent.len() {
            match self.control.write(&self.unsent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads what the controller says; why the worker is over, if it is.
    fn receive(&mut self) -> Option<End> {
        loop {
            match self.read_control() {
                Ok(0) => return Some(End::Gone),
                Ok(_) => {}
                Err(Errno::AGAIN) => return None,
                Err(Errno::INTR) => continue,
                Err(_) => return Some(End::Gone),
            }
            loop {
                let frame = match Frame::decode(&mut self.received) {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(_) => return Some(End::Gone),
                };
                match ToSupervisor::read(&frame) {
                    Ok(ToSupervisor::Start(start)) => {
                        let Start { deadline_ms, cpu_limit_ms, .. } = start;
                        self.doors.open(&start);
                        self.cpu = CpuLimit::start(cpu_limit_ms, &self.counters);
                        self.deadline = match deadline_ms {
                            0 => None,
                            _ => Instant::now().checked_add(Duration::from_millis(deadline_ms)),
                        };
                    }
                    Ok(ToSupervisor::Kill) => return Some(End::Kill),
                    Ok(ToSupervisor::Connection) => {
                        let descriptor = self.descriptors.pop_front();
                        if descriptor.is_none_or(|fd| self.doors.connect(fd).is_err()) {
                            return Some(End::Gone);
                        }
                    }
                    Ok(ToSupervisor::Refused) => self.doors.refuse(),
                    Err(_) => return Some(End::Gone),
                }
            }
        }
    }

    /// Reads once, with the descriptors that come.
    fn read_control(&mut self) -> rustix::io::Result<usize> {
        let mut bytes = [0; 1024];
        // The kernel ends a read behind the bytes that descriptors came with (unix(7)): each
        // message of the controller's has one at most.
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let slices = &mut [IoSliceMut::new(&mut bytes)];
        let message = recvmsg(&self.control, slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        for control in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = control {
                self.descriptors.extend(descriptors);
            }
        }
        self.received.extend_from_slice(&bytes[..message.bytes]);
        Ok(message.bytes)
    }

    fn clear_signals(&mut self) {
        let mut bytes = [0; 64];
        while matches!(self.signals.read(&mut bytes), Ok(count) if count > 0) {}
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

// === impl Pipe ===

impl Pipe {
    fn new(fd: OwnedFd, kind: Kind) -> io::Result<Pipe> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Pipe { fd, kind, open: true })
    }

    /// Reads once and appends a frame; the bytes read, 0 when there are none now or ever.
    fn read(&mut self, unsent: &mut Vec<u8>) -> Result<usize, RelayError> {
        let mut bytes = [0; READ_SIZE];
        match rustix::io::read(&self.fd, &mut bytes) {
            Ok(0) => {
                self.open = false;
                Ok(0)
            }
            Ok(count) => {
                frame::encode(self.kind, &bytes[..count], unsent)?;
                Ok(count)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
