//! The client's side of TDS 7.4: what a program sends that connects to a SQL Server, and how it
//! reads the answers.
//!
//! Like the rest of the crate this moves no bytes. A caller sends a PRELOGIN
//! ([`Prelogin::encode`](crate::prelogin::Prelogin::encode)), wraps the TLS handshake with
//! [`tls`](crate::tls), and sends the LOGIN7 of [`Login::encode`](crate::login::Login::encode).
//! Requests are made by [`request`] and cut into packets by [`packets::write_message`]. Answers
//! come as packets of [`packets::PacketReader`], whose bodies a [`response::TokenReader`] turns
//! into tokens; the cells of a row are read in place by [`row::Row`].
//!
//! What a server sends is as hostile as what a client does: each length is checked against the
//! bytes that are there, a row or token that exceeds its limit is refused, and nothing is
//! allocated by what is only claimed.

pub mod environment;
mod login;
pub mod packets;
pub mod request;
pub mod response;
pub mod row;

use crate::error::{Problem, ProtocolError};

/// The error of a token, which begins at `start`, that is too short for what it holds: more
/// bytes would not mend it, so that it must not pass for one whose end hasn't come.
fn malformed(error: ProtocolError, start: usize) -> ProtocolError {
    let error = error.within(start);
    match *error.problem() {
        Problem::Truncated { left, .. } => {
            let problem =
                Problem::Invalid { what: "length of a token that ends after", value: left as u64 };
            ProtocolError::new(error.element(), error.offset(), problem)
        }
        _ => error,
    }
}
