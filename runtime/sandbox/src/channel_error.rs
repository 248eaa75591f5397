//! Why a connection to a worker is of no more use.

use std::io;

use launchpod_protocol::frame::FrameError;
use launchpod_segment::MappingError;

/// A connection to a worker is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The system says so; most often the worker is gone.
    #[error("connection to the worker failed: {0}")]
    Io(#[from] io::Error),
    /// The worker sent what is no frame.
    #[error("worker sent no frame of the protocol: {0}")]
    Frame(#[from] FrameError),
    /// The worker closed the connection in the middle of a frame.
    #[error("worker closed the connection within a frame")]
    Truncated,
    /// The worker sent descriptors that no frame of its speaks of.
    #[error("worker sent more descriptors than frames that announce one")]
    Descriptors,
    /// A frame speaks of memory whose descriptor didn't come.
    #[error("worker announced shared memory and sent none")]
    NoMemory,
    /// The worker's memory isn't what it may share.
    #[error(transparent)]
    Memory(#[from] MappingError),
}
