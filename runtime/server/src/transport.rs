//! The byte stream under a connection: plain, or TLS whose handshake travels in TDS packets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use launchpod_tds::tls::{HandshakeUnwrapper, wrap_handshake};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How much is read from the socket at once.
const READ_SIZE: usize = 16 << 10;

/// The stream of a connection.
pub(crate) enum Transport {
    /// Packets as they are.
    Plain(HandshakeStream),
    /// Packets within TLS.
    Tls(Box<TlsStream<HandshakeStream>>),
}

/// A socket through which a TLS handshake passes in PRELOGIN packets, and all else bare.
pub(crate) struct HandshakeStream {
    socket: TcpStream,
    unwrapper: HandshakeUnwrapper,
    /// Bytes taken out of packets that nobody has read yet.
    records: Vec<u8>,
    /// Whether what is written has to be wrapped.
    wrapping: bool,
    /// Records to be wrapped together at the next flush.
    flight: Vec<u8>,
    /// Wrapped bytes on their way to the socket.
    wire: Vec<u8>,
}

// === impl Transport ===

impl Transport {
    /// A stream without TLS.
    pub fn new(socket: TcpStream) -> Self {
        Transport::Plain(HandshakeStream {
            socket,
            unwrapper: HandshakeUnwrapper::default(),
            records: Vec::new(),
            wrapping: false,
            flight: Vec::new(),
            wire: Vec::new(),
        })
    }

    /// Puts TLS on; the handshake is wrapped in packets.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn start_tls(self, configuration: Arc<ServerConfig>) -> io::Result<Self> {
        let Transport::Plain(mut stream) = self else { return Ok(self) };
        stream.wrapping = true;
        let mut tls = TlsAcceptor::from(configuration).accept(stream).await?;
        tls.get_mut().0.wrapping = false;
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
            Transport::Plain(stream) => Pin::new(&mut stream.socket).poll_read(context, buffer),
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

// === impl HandshakeStream ===

impl AsyncRead for HandshakeStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.records.is_empty() {
            if this.unwrapper.is_bare() {
                return Pin::new(&mut this.socket).poll_read(context, buffer);
            }
            let mut chunk = [0; READ_SIZE];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.socket).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.unwrapper
                .unwrap(chunk.filled(), &mut this.records)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        let taken = this.records.len().min(buffer.remaining());
        buffer.put_slice(&this.records[..taken]);
        this.records.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HandshakeStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wrapping {
            this.flight.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_wire(context))?;
        Pin::new(&mut this.socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.flight.is_empty() {
            wrap_handshake(&this.flight, &mut this.wire);
            this.flight.clear();
        }
        ready!(this.poll_wire(context))?;
        Pin::new(&mut this.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

impl HandshakeStream {
    /// Writes what has been wrapped.
    fn poll_wire(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.wire.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &self.wire))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.wire.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}
