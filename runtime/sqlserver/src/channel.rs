//! Packets to the server and back.

use std::io;

use bytes::BytesMut;
use launchpod_tds::client::packets::{Packet, PacketReader, write_message};
use launchpod_tds::message::Reset;
use launchpod_tds::packet::{DEFAULT_PACKET_SIZE, PacketType};
use launchpod_tds::token::{DONE_LENGTH, DoneKind, DoneStatus};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;

/// The stream of a connection to the server.
pub(crate) type Transport = launchpod_wire::Transport<TcpStream>;

/// How much is read from the socket at once: two packets of the size that most drivers ask for.
const READ_SIZE: usize = 16 << 10;

/// A connection to the server. Its two halves are used apart by who passes packets on.
pub struct Channel {
    /// What comes from the server.
    pub receiver: Receiver,
    /// What goes to it.
    pub sender: Sender,
}

/// The half of a [`Channel`] that reads.
pub struct Receiver {
    read: ReadHalf<Transport>,
    packets: PacketReader,
}

/// The half of a [`Channel`] that writes.
pub struct Sender {
    write: WriteHalf<Transport>,
    packet_size: usize,
}

// === impl Channel ===

impl Channel {
    pub(crate) fn new(transport: Transport) -> Self {
        let (read, write) = tokio::io::split(transport);
        Channel {
            receiver: Receiver { read, packets: PacketReader::new() },
            sender: Sender { write, packet_size: DEFAULT_PACKET_SIZE },
        }
    }

    /// The stream itself, for a change of what is around it; nothing may have been read that
    /// wasn't taken.
    pub(crate) fn into_transport(self) -> Transport {
        self.receiver.read.unsplit(self.sender.write)
    }
}

// === impl Receiver ===

impl Receiver {
    /// The next packet; `None` when the server has closed the connection. Nothing is lost when
    /// the future is dropped.
    ///
    /// # Errors
    /// When the connection breaks or what comes is no packet.
    pub async fn packet(&mut self) -> io::Result<Option<Packet>> {
        loop {
            let packet = self.packets.next_packet();
            match packet.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
                Some(packet) => return Ok(Some(packet)),
                None => {
                    let input = self.packets.input();
                    input.reserve(READ_SIZE);
                    if self.read.read_buf(input).await? == 0 {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

// === impl Sender ===

impl Sender {
    /// The size of full packets, header included, as login has settled it.
    pub(crate) fn set_packet_size(&mut self, size: usize) {
        self.packet_size = size;
    }

    /// The size of full packets, header included.
    pub fn packet_size(&self) -> usize {
        self.packet_size
    }

    /// Sends bytes that are whole packets.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write.write_all(bytes).await
    }

    /// Sends what has been written so far.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.write.flush().await
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn message(
        &mut self,
        packet_type: PacketType,
        reset: Reset,
        payload: &[u8],
    ) -> io::Result<()> {
        let mut wire = BytesMut::new();
        write_message(packet_type, reset, payload, self.packet_size, &mut wire);
        self.bytes(&wire).await?;
        self.flush().await
    }
}

/// The end of an answer, for who passes answers on without reading them: whether it acknowledges
/// an attention ([MS-TDS] 2.2.1.7).
#[derive(Clone, Copy, Debug, Default)]
pub struct Tail {
    last: [u8; DONE_LENGTH],
}

// === impl Tail ===

impl Tail {
    /// Notes the body of a packet.
    pub fn push(&mut self, body: &[u8]) {
        let kept = body.len().min(DONE_LENGTH);
        self.last.copy_within(kept.., 0);
        self.last[DONE_LENGTH - kept..].copy_from_slice(&body[body.len() - kept..]);
    }

    /// Whether what has come ends in a DONE that acknowledges an attention.
    pub fn is_attention(&self) -> bool {
        let status = u16::from_le_bytes([self.last[1], self.last[2]]);
        self.last[0] == DoneKind::Done as u8 && DoneStatus(status).contains(DoneStatus::ATTENTION)
    }
}

#[cfg(test)]
mod tests {
    use launchpod_tds::token::Done;

    use super::*;

    #[test]
    fn an_acknowledged_attention_is_seen_across_packets() {
        let mut token = vec![1, 2, 3];
        Done::ATTENTION.encode(&mut token);
        for cut in 0..token.len() {
            let mut tail = Tail::default();
            tail.push(&token[..cut]);
            assert!(!tail.is_attention());
            tail.push(&token[cut..]);
            assert!(tail.is_attention(), "{cut}");
            tail.push(&[0]);
            assert!(!tail.is_attention());
        }
    }
}
