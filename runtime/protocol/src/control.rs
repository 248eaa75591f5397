//! The control connection: between the controller and the supervisor.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::frame::{self, Frame, FrameError, Kind};

/// Where a connection of a script leads: which port of its own loopback device it has been made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// To its caller's database, where drivers look for SQL Server unless they are told another
    /// place.
    Loopback,
    /// To the proxy of the way out.
    Outbound,
}

/// Sets the limits. The last ones hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    /// Milliseconds from now until the supervisor ends the worker; 0 for no limit.
    pub deadline_ms: u64,
    /// Milliseconds of processor time that the worker's processes may use together from now until
    /// the supervisor ends it; 0 for no limit.
    pub cpu_limit_ms: u64,
    /// Whether the script may connect to its caller's database.
    pub loopback: bool,
    /// Whether the script may connect to the way out.
    pub outbound: bool,
    /// How many connections through one door may be open or asked for at once. Whoever connects
    /// beyond that waits until one is closed.
    pub connections: u32,
}

/// How the language's process ended; the supervisor's last word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exited {
    /// The exit code, when the process ended by itself.
    pub code: Option<i32>,
    /// The signal, when it was ended by one.
    pub signal: Option<i32>,
    /// How many processes the kernel has killed in the worker's cgroup for want of memory, as
    /// seen from inside; 0 when it can't be seen.
    pub oom_kills: u64,
    /// How often the worker's process limit was hit, as seen from inside.
    pub pids_denied: u64,
    /// Whether the supervisor ended the worker because its time was up.
    pub deadline_passed: bool,
    /// Whether the supervisor ended the worker because its processor time was used up.
    #[serde(default)]
    pub cpu_limit_passed: bool,
    /// Processor time in milliseconds: of all processes since START where the worker's cgroup
    /// can be seen from inside, else of the process and its reaped children.
    pub cpu_ms: u64,
    /// The greatest resident set of the process or a reaped child, in KiB.
    pub max_rss_kib: u64,
    /// The most memory that the worker's cgroup has counted at once (bytes), where it can be
    /// seen from inside.
    #[serde(default)]
    pub peak_memory: Option<u64>,
    /// The most memory that the kernel held at once for the worker's TCP connections (bytes), where
    /// it counts that apart.
    #[serde(default)]
    pub tcp_peak: Option<u64>,
}

/// A frame from the supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromSupervisor {
    /// Bytes as they were written to standard output, cut anywhere.
    Stdout(Bytes),
    /// Bytes as they were written to standard error, cut anywhere.
    Stderr(Bytes),
    /// A script wants a connection.
    Wanted(Door),
    /// The end; nothing follows.
    Exited(Exited),
}

/// A frame to the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToSupervisor {
    /// Sets the time limit.
    Start(Start),
    /// Ends the worker now.
    Kill,
    /// A connection that was asked for; its descriptor comes with the frame.
    Connection,
    /// A connection that was asked for isn't to be had.
    Refused,
}

// === impl Door ===

impl Door {
    /// Every door.
    pub const ALL: [Door; 2] = [Door::Loopback, Door::Outbound];

    /// The frame that asks for a connection.
    pub fn kind(self) -> Kind {
        match self {
            Door::Loopback => Kind::Loopback,
            Door::Outbound => Kind::Outbound,
        }
    }

    /// Where a worker's supervisor listens.
    pub fn address(self) -> SocketAddr {
        let port = match self {
            Door::Loopback => 1433,
            Door::Outbound => 3128,
        };
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }
}

// === impl Start ===

impl Default for Start {
    /// No limit of time, and no way to anywhere.
    fn default() -> Self {
        Start { deadline_ms: 0, cpu_limit_ms: 0, loopback: false, outbound: false, connections: 16 }
    }
}

impl Start {
    /// Whether the script may connect through a door.
    pub fn opens(&self, door: Door) -> bool {
        match door {
            Door::Loopback => self.loopback,
            Door::Outbound => self.outbound,
        }
    }
}

// === impl FromSupervisor ===

impl FromSupervisor {
    /// Reads a frame that came on the control connection after HELLO.
    ///
    /// # Errors
    /// A frame that a supervisor doesn't send.
    pub fn read(frame: Frame) -> Result<Self, FrameError> {
        match frame.kind {
            Kind::Stdout => Ok(FromSupervisor::Stdout(frame.payload)),
            Kind::Stderr => Ok(FromSupervisor::Stderr(frame.payload)),
            Kind::Loopback => Ok(FromSupervisor::Wanted(Door::Loopback)),
            Kind::Outbound => Ok(FromSupervisor::Wanted(Door::Outbound)),
            Kind::Exited => Ok(FromSupervisor::Exited(frame.message()?)),
            kind => Err(FrameError::Unexpected { kind, state: "reading from the supervisor" }),
        }
    }
}

// === impl ToSupervisor ===

impl ToSupervisor {
    /// The frame's bytes.
    ///
    /// # Errors
    /// None in practice: the messages are of fixed, small size.
    pub fn encode(self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        match self {
            ToSupervisor::Start(start) => frame::encode_message(Kind::Start, &start, out),
            ToSupervisor::Kill => frame::encode(Kind::Kill, &[], out),
            ToSupervisor::Connection => frame::encode(Kind::Connection, &[], out),
            ToSupervisor::Refused => frame::encode(Kind::Refused, &[], out),
        }
    }

    /// Reads a frame that came to the supervisor.
    ///
    /// # Errors
    /// A frame that a controller doesn't send here.
    pub fn read(frame: &Frame) -> Result<Self, FrameError> {
        match frame.kind {
            Kind::Start => Ok(ToSupervisor::Start(frame.message()?)),
            Kind::Kill => Ok(ToSupervisor::Kill),
            Kind::Connection => Ok(ToSupervisor::Connection),
            Kind::Refused => Ok(ToSupervisor::Refused),
            kind => Err(FrameError::Unexpected { kind, state: "reading from the controller" }),
        }
    }
}
