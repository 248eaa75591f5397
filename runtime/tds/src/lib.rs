//! TDS 7.4, the protocol of SQL Server's clients: the server's side, and in [`client`] the
//! client's.
//!
//! This crate turns bytes into requests and answers into bytes, and the other way round. It does
//! no I/O, knows no SQL, and keeps no state of a session: the caller moves bytes between a socket
//! and these types, and decides what requests mean. The format is Microsoft's open specification
//! \[MS-TDS\], whose sections the modules name.
//!
//! # The way of a connection
//!
//! 1. [`message::MessageReader`] puts a client's bytes together into messages. The first
//!    is PRELOGIN: [`prelogin::Prelogin::decode`], then [`prelogin::negotiate`], then the
//!    reply through a [`writer::PacketWriter`] (2.2.6.5).
//! 2. Unless encryption is none, the TLS handshake follows inside PRELOGIN packets:
//!    [`tls::HandshakeUnwrapper`] and [`tls::wrap_handshake`]. Afterwards TLS carries the
//!    packets, to the end of the connection or, when it was for the login only, to the end
//!    of LOGIN7 (3.2.5.2).
//! 3. LOGIN7: [`login::Login::decode`] (2.2.6.4). The answer to a good one is
//!    [`token::EnvChange`]s, [`token::Message`]s 5701 and 5703, [`token::LoginAck`],
//!    [`token::FeatureExtAck`] if the client sent features, and [`token::Done`]. The
//!    packets after that answer have the negotiated size.
//! 4. Requests come one at a time: [`batch::SqlBatch`], [`rpc::RpcCalls`],
//!    [`transaction::TransactionRequest`]. Each is answered with tokens that end in a
//!    [`token::Done`] without [`token::DoneStatus::MORE`]. Rows are written by
//!    [`row::RowWriter`]; take packets with [`writer::PacketWriter::take_full`] meanwhile.
//!    The rows of a bulk load come as [`message::Incoming::Bulk`], for [`bulk::BulkRows`].
//! 5. [`message::Incoming::Attention`] may come at any time. It is answered with
//!    [`token::Done::ATTENTION`], after whatever was on its way (2.2.1.7).
//!
//! # Hostile bytes
//!
//! Every decoder is a function of a byte slice. It fails with an [`error::ProtocolError`]
//! that names the element and the offset; it never panics, and it allocates in proportion
//! to the bytes that are present, never to a length that is claimed.

pub mod batch;
pub mod bulk;
pub mod client;
pub mod error;
pub mod headers;
pub mod login;
pub mod message;
pub mod packet;
pub mod password;
pub mod prelogin;
mod reader;
pub mod row;
pub mod rpc;
pub mod tls;
pub mod token;
pub mod transaction;
pub mod types;
mod utf16;
pub mod version;
pub mod writer;

pub use self::error::ProtocolError;
