//! The front: SQL Server clients' connections, from accept to the last token.
//!
//! A connection is two tasks. One reads the socket throughout, so that a cancel (attention) or
//! a vanished client is seen while a batch runs; the other runs batches and writes answers.
//!
//! ```text
//!  socket ─▶ reader: messages ─▶ (bounded) ─▶ runner: session ─▶ replies ─▶ responder ─▶ socket
//!              └─ attention, end of stream ──▶ cancels the running batch
//! ```
//!
//! With a SQL Server behind, packets pass both ways instead, and only requests that reach an
//! external script come to a session of ours.

mod bulk;
mod certificate;
mod connection;
mod login;
mod refusal;
mod relay;
mod respond;
mod rows;
mod runner;
mod server;
mod shared;
mod spid;
mod transport;

pub use certificate::{CertificateError, CertificateFiles, ServerTls};
pub use launchpod_tds::prelogin::EncryptionPolicy;
pub use server::Server;
pub use shared::Options;
