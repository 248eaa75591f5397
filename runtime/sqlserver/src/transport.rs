//! The byte stream to the server: plain, TLS whose handshake travels in TDS packets, or TLS
//! from the first byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use launchpod_wire::HandshakeStream;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The stream of a connection to the server.
pub(crate) enum Transport {
    /// Packets as they are.
    Plain(TcpStream),
    /// Packets within TLS, whose handshake was wrapped.
    Wrapped(Box<TlsStream<HandshakeStream<TcpStream>>>),
    /// Packets within TLS from the first byte (TDS 8.0).
    Strict(Box<TlsStream<TcpStream>>),
}

// === impl Transport ===

impl Transport {
    /// Puts TLS on, its handshake wrapped in packets.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn wrapped(
        socket: TcpStream,
        tls: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut stream = HandshakeStream::new(socket);
        stream.begin_handshake();
        let mut tls = TlsConnector::from(tls).connect(name, stream).await?;
        tls.get_mut().0.end_handshake();
        Ok(Transport::Wrapped(Box::new(tls)))
    }

    /// Puts TLS on, before anything else.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn strict(
        socket: TcpStream,
        tls: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        Ok(Transport::Strict(Box::new(TlsConnector::from(tls).connect(name, socket).await?)))
    }

    /// Takes a wrapped TLS off again, after a login that alone was encrypted.
    pub fn login_sent(self) -> Self {
        match self {
            Transport::Wrapped(tls) => Transport::Plain(tls.into_inner().0.into_socket()),
            other => other,
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Wrapped(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Strict(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Wrapped(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Strict(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Wrapped(stream) => Pin::new(stream).poll_flush(context),
            Transport::Strict(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Wrapped(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Strict(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
