//! The byte stream under a connection: plain, or TLS whose handshake travels in TDS packets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use launchpod_wire::HandshakeStream;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What carries a connection's bytes: a client's TCP socket, or one end of a script's connection.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// The stream of a connection.
pub(crate) enum Transport {
    /// Packets as they are.
    Plain(HandshakeStream<Box<dyn Socket>>),
    /// Packets within TLS.
    Tls(Box<TlsStream<HandshakeStream<Box<dyn Socket>>>>),
}

// === impl Transport ===

impl Transport {
    /// A stream without TLS.
    pub fn new(socket: Box<dyn Socket>) -> Self {
        Transport::Plain(HandshakeStream::new(socket))
    }

    /// Puts TLS on; the handshake is wrapped in packets.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn start_tls(self, configuration: Arc<ServerConfig>) -> io::Result<Self> {
        let Transport::Plain(mut stream) = self else { return Ok(self) };
        stream.begin_handshake();
        let mut tls = TlsAcceptor::from(configuration).accept(stream).await?;
        tls.get_mut().0.end_handshake();
        Ok(Transport::Tls(Box::new(tls)))
    }

    /// Takes TLS off again, after a login that alone was to be encrypted.
    pub fn stop_tls(self) -> Self {
        match self {
            Transport::Tls(tls) => Transport::Plain(tls.into_inner().0),
            plain @ Transport::Plain(_) => plain,
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
            // Without TLS nothing is unwrapped: a PRELOGIN packet is a message like any other.
            Transport::Plain(stream) => Pin::new(stream.socket()).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
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
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
