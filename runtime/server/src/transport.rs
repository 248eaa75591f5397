//! The byte stream under a client's connection: plain, or TLS.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use launchpod_tds::tls::TLS_HANDSHAKE;
use launchpod_wire::HandshakeStream;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

/// What carries a connection's bytes: a client's TCP socket, or one end of a script's connection.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// The stream of a connection.
pub(crate) type Transport = launchpod_wire::Transport<Box<dyn Socket>>;

/// Reads a connection's first bytes. When they begin a TLS handshake, the client wants strict
/// encryption (TDS 8.0), and gets it; the first packets come within.
///
/// # Errors
/// When the client is gone, or the handshake fails.
pub(crate) async fn begin(
    mut socket: Box<dyn Socket>,
    strict: &Arc<ServerConfig>,
) -> io::Result<Transport> {
    let mut first = BytesMut::new();
    if socket.read_buf(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let is_strict = first.first() == Some(&TLS_HANDSHAKE);
    let stream = HandshakeStream::resumed(socket, first.into());
    if !is_strict {
        return Ok(Transport::Left(stream));
    }
    launchpod_wire::accept(stream, Arc::clone(strict), false).await
}

/// Puts TLS on; the handshake is wrapped in packets.
///
/// # Errors
/// When the handshake fails.
pub(crate) async fn start_tls(
    transport: Transport,
    configuration: Arc<ServerConfig>,
) -> io::Result<Transport> {
    let Transport::Left(stream) = transport else { return Ok(transport) };
    launchpod_wire::accept(stream, configuration, true).await
}
