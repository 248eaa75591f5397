//! What both ends of TDS connections share: the front, which clients connect to, and the
//! connection to a SQL Server behind.

mod handshake;
mod transport;
pub mod types;

pub use handshake::HandshakeStream;
pub use transport::{Transport, accept, connect, end_tls};
