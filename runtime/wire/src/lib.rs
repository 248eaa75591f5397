//! What both ends of TDS connections share: the front, which clients connect to, and the
//! connection to a SQL Server behind.

mod handshake;
pub mod types;

pub use handshake::{HandshakeStream, Transport};
