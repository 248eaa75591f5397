//! The client at the other end of a session.

use std::net::SocketAddr;

/// What a client tells of itself at login, and its connection of it: what
/// `sys.dm_exec_sessions` and `sys.dm_exec_connections` show. All of it is the client's word but
/// for the addresses and `encrypted`.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address; `None` for a session within the server's own program.
    pub address: Option<SocketAddr>,
    /// The server's address that it came to.
    pub local_address: Option<SocketAddr>,
    /// Its process id.
    pub process_id: u32,
    /// Its driver, e.g. `ODBC`.
    pub interface: String,
    /// The version of TDS that was agreed on, as LOGIN7 has it.
    pub protocol_version: u32,
    /// Bytes of a network packet.
    pub packet_size: u32,
    /// Whether the connection is encrypted after login.
    pub encrypted: bool,
}
