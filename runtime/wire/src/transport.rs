//! The byte stream under a connection: plain, or TLS, put on and taken off again.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use tokio_util::either::Either;

use crate::HandshakeStream;

/// What carries a connection's packets: a socket alone, or TLS over it.
pub type Transport<S> = Either<HandshakeStream<S>, Box<TlsStream<HandshakeStream<S>>>>;

/// Puts TLS on for a client; `wrapped`: its handshake is wrapped in packets.
///
/// # Errors
/// When the handshake fails.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: HandshakeStream<S>,
    tls: Arc<ServerConfig>,
    wrapped: bool,
) -> io::Result<Transport<S>> {
    if wrapped {
        stream.begin_handshake();
    }
    Ok(begun(TlsStream::Server(TlsAcceptor::from(tls).accept(stream).await?)))
}

/// Puts TLS on towards a server of that name; `wrapped`: its handshake is wrapped in packets.
///
/// # Errors
/// When the handshake fails.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: HandshakeStream<S>,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
    wrapped: bool,
) -> io::Result<Transport<S>> {
    if wrapped {
        stream.begin_handshake();
    }
    Ok(begun(TlsStream::Client(TlsConnector::from(tls).connect(name, stream).await?)))
}

fn begun<S: AsyncRead + AsyncWrite + Unpin>(
    mut tls: TlsStream<HandshakeStream<S>>,
) -> Transport<S> {
    tls.get_mut().0.end_handshake();
    Either::Right(Box::new(tls))
}

/// Takes TLS off again, after a login that alone was to be encrypted.
pub fn end_tls<S: AsyncRead + AsyncWrite + Unpin>(transport: Transport<S>) -> Transport<S> {
    let tls = match transport {
        Either::Right(tls) => *tls,
        plain => return plain,
    };
    let mut stream = match tls {
        TlsStream::Client(tls) => tls.into_inner().0,
        TlsStream::Server(tls) => tls.into_inner().0,
    };
    stream.end_tls();
    Either::Left(stream)
}
