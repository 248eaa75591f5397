//! SQL types to Arrow and back, and the streams that workers exchange.

pub mod storage;

/// Frames and messages of the worker protocol; see `PROTOCOL.md`.
pub use launchpod_protocol as protocol;
