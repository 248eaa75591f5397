//! The protocol between the controller and a worker, without I/O: `PROTOCOL.md` in code.
//!
//! [`frame`] cuts bytes into frames; [`hello`], [`control`] and [`data`] say what the frames
//! hold. [`data::Conversation`] knows which frame is legal when. The crate knows neither Arrow
//! nor SQL, so that the supervisor inside the worker stays small.

pub mod control;
pub mod data;
pub mod frame;
pub mod hello;

/// The protocol's version, said in every HELLO. There is no negotiation: an image's worker
/// layer and the controller are built together, and a mismatch ends the worker.
pub const VERSION: u32 = 1;
