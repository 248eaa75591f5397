//! The two connections to the controller.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use launchpod_protocol::VERSION;
use launchpod_protocol::frame::{self, FrameError, Kind};
use launchpod_protocol::hello::{Hello, MAX_TOKEN, Role, SOCKET_NAME, TOKEN_NAME};

/// Both connections, after HELLO.
pub struct Connections {
    /// Ours.
    pub control: UnixStream,
    /// The program's.
    pub data: UnixStream,
}

/// The controller can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The token can't be read.
    #[error("can't read the token {}: {source}", path.display())]
    Token {
        /// The token's file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket doesn't answer.
    #[error("can't reach the controller at {}: {source}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// HELLO doesn't fit a frame.
    #[error(transparent)]
    Hello(#[from] FrameError),
}

/// Reads the token and makes both connections.
///
/// # Errors
/// See [`DialError`].
pub fn dial(run_folder: &Path) -> Result<Connections, DialError> {
    let token = read_token(&run_folder.join(TOKEN_NAME))?;
    let socket = run_folder.join(SOCKET_NAME);
    Ok(Connections {
        control: connect(&socket, &token, Role::Control)?,
        data: connect(&socket, &token, Role::Data)?,
    })
}

fn read_token(path: &Path) -> Result<String, DialError> {
    let mut token = String::new();
    // One byte more than allowed, so that a longer token is refused by the HELLO's reader
    // rather than cut.
    File::open(path)
        .and_then(|file| file.take(MAX_TOKEN as u64 + 1).read_to_string(&mut token))
        .map_err(|source| DialError::Token { path: path.to_owned(), source })?;
    Ok(token)
}

fn connect(path: &Path, token: &str, role: Role) -> Result<UnixStream, DialError> {
    let mut bytes = Vec::new();
    let hello = Hello { version: VERSION, token: token.to_owned(), role };
    frame::encode_message(Kind::Hello, &hello, &mut bytes)?;
    UnixStream::connect(path)
        .and_then(|mut stream| stream.write_all(&bytes).map(|()| stream))
        .map_err(|source| DialError::Connect { path: path.to_owned(), source })
}
