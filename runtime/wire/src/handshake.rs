//! The stream under a connection's packets: bare, or TLS whose handshake may travel in TDS
//! packets, [MS-TDS] 2.2.6.5.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use launchpod_tds::tls::{HandshakeUnwrapper, wrap_handshake};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read from the socket at once.
const READ_SIZE: usize = 16 << 10;

/// A socket through which a TLS handshake passes in PRELOGIN packets, and all else bare.
pub struct HandshakeStream<S> {
    socket: S,
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

// === impl HandshakeStream ===

impl<S: AsyncRead + AsyncWrite + Unpin> HandshakeStream<S> {
    /// A stream through which bytes pass bare.
    pub fn new(socket: S) -> Self {
        Self::resumed(socket, Vec::new())
    }

    /// The same, of whose bytes some have been read, which come first.
    pub fn resumed(socket: S, read: Vec<u8>) -> Self {
        HandshakeStream {
            socket,
            unwrapper: HandshakeUnwrapper::bare(),
            records: read,
            wrapping: false,
            flight: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// Wraps what is written from now on, and unwraps what is read: while the handshake lasts.
    pub fn begin_handshake(&mut self) {
        self.wrapping = true;
        self.unwrapper = HandshakeUnwrapper::default();
    }

    /// Writes bare again. The other side says by its next byte whether it does.
    pub fn end_handshake(&mut self) {
        self.wrapping = false;
    }

    /// Reads bare again, after TLS has ended with the login: what comes next is packets.
    pub fn end_tls(&mut self) {
        self.unwrapper = HandshakeUnwrapper::bare();
    }

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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for HandshakeStream<S> {
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HandshakeStream<S> {
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
