//! Arrow IPC streams to and from workers.
//!
//! Format: Apache Arrow, "Serialization and Interprocess Communication", streaming format.

mod check;
mod decode;
mod encode;

pub use check::Limits;
pub use decode::{Corrupt, Decoder};
pub use encode::{Encoder, slices};
