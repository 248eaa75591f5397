//! The byte stream to the server: plain, TLS whose handshake travels in TDS packets, or TLS
//! from the first byte.

use std::io;
use std::sync::Arc;

use launchpod_wire::HandshakeStream;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Stream = HandshakeStream<TcpStream>;

/// The stream of a connection to the server.
pub(crate) type Transport = launchpod_wire::Transport<TcpStream, TlsStream<Stream>>;

/// Puts TLS on, its handshake wrapped in packets.
///
/// # Errors
/// When the handshake fails.
pub(crate) async fn wrapped(
    mut stream: Stream,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> io::Result<Transport> {
    stream.begin_handshake();
    let mut tls = TlsConnector::from(tls).connect(name, stream).await?;
    tls.get_mut().0.end_handshake();
    Ok(Transport::Right(Box::new(tls)))
}

/// Puts TLS on, before anything else (TDS 8.0).
///
/// # Errors
/// When the handshake fails.
pub(crate) async fn strict(
    stream: Stream,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> io::Result<Transport> {
    Ok(Transport::Right(Box::new(TlsConnector::from(tls).connect(name, stream).await?)))
}

/// Takes TLS off again, after a login that alone was encrypted.
pub(crate) fn login_sent(transport: Transport) -> Transport {
    match transport {
        Transport::Right(tls) => {
            let mut stream = tls.into_inner().0;
            stream.end_tls();
            Transport::Left(stream)
        }
        plain @ Transport::Left(_) => plain,
    }
}
