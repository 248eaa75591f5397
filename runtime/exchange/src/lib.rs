//! SQL types to Arrow and back, and the streams that workers exchange.
//!
//! The way of data, with the module that knows each step:
//!
//! ```text
//! database ─[storage]─▶ [wire] ─▶ [stream::Encoder] ─▶ worker
//! client ◀─[storage]─ [convert] ◀─ [stream::Decoder] ◀─ worker
//! ```
//!
//! [`scalars`] does the same for parameters, and [`value`] takes single values out of storage.

pub mod convert;
pub mod document;
pub mod scalars;
pub mod storage;
pub mod stream;
pub mod value;
pub mod wire;
mod written;

/// Frames and messages of the worker protocol; see `PROTOCOL.md`.
pub use launchpod_protocol as protocol;

pub use launchpod_protocol::data::TypeMapping;
pub use value::{array_of, record_batch, value_at};
