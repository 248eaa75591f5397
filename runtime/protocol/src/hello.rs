//! The first frame of each connection.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::VERSION;
use crate::frame::{Frame, FrameError, Kind};

/// The socket's name in the run folder.
pub const SOCKET_NAME: &str = "controller.sock";
/// The token's file in the run folder. It holds the token and nothing else.
pub const TOKEN_NAME: &str = "token";
/// The greatest length of a token (bytes).
pub const MAX_TOKEN: usize = 256;

/// What the supervisor says first on each connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the worker layer.
    pub version: u32,
    /// The worker's one-time token.
    pub token: String,
    /// What the connection is for.
    pub role: Role,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Stays with the supervisor.
    Control,
    /// Is handed to the language's process.
    Data,
}

/// A connection is not one of the worker's two.
#[derive(Debug, thiserror::Error)]
pub enum HelloError {
    /// The first frame is no HELLO.
    #[error("connection does not begin with HELLO")]
    Frame(#[from] FrameError),
    /// Another version than ours.
    #[error(
        "worker speaks protocol version {0}, the controller version {VERSION}: rebuild the image"
    )]
    Version(u32),
    /// Not this worker's token.
    #[error("wrong token")]
    Token,
}

// === impl Hello ===

impl Hello {
    /// Checks a connection's first frame and says what the connection is for.
    ///
    /// # Errors
    /// See [`HelloError`]; the connection is to be closed without an answer.
    pub fn check(first: &Frame, token: &str) -> Result<Role, HelloError> {
        if first.kind != Kind::Hello {
            let state = "waiting for HELLO";
            return Err(FrameError::Unexpected { kind: first.kind, state }.into());
        }
        let hello: Hello = first.message()?;
        if hello.version != VERSION {
            return Err(HelloError::Version(hello.version));
        }
        if !equal(hello.token.as_bytes(), token.as_bytes()) {
            return Err(HelloError::Token);
        }
        Ok(hello.role)
    }
}

/// The token stays out of logs.
impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("version", &self.version)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Compares in a time that doesn't tell where the two differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::frame::encode_message;

    fn first_frame(version: u32, token: &str) -> Frame {
        let hello = Hello { version, token: token.to_owned(), role: Role::Data };
        let mut bytes = Vec::new();
        encode_message(Kind::Hello, &hello, &mut bytes).unwrap();
        Frame::decode(&mut BytesMut::from(&bytes[..])).unwrap().unwrap()
    }

    #[test]
    fn only_this_version_and_token_pass() {
        assert_eq!(Hello::check(&first_frame(VERSION, "t0k"), "t0k").unwrap(), Role::Data);
        let newer = Hello::check(&first_frame(VERSION + 1, "t0k"), "t0k");
        assert!(matches!(newer, Err(HelloError::Version(2))));
        for token in ["", "t0", "t0K", "t0kk"] {
            let other = Hello::check(&first_frame(VERSION, token), "t0k");
            assert!(matches!(other, Err(HelloError::Token)), "{token}");
        }
        let early = Frame { kind: Kind::Ready, payload: bytes::Bytes::new() };
        assert!(matches!(Hello::check(&early, "t0k"), Err(HelloError::Frame(_))));
    }
}
