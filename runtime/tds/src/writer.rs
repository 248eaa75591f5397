//! Packets from tokens: what a server answers, split as it grows.

use bytes::{BufMut, BytesMut};

use crate::packet::{
    DEFAULT_PACKET_SIZE, HEADER_LENGTH, PACKET_SIZES, PacketHeader, PacketStatus, PacketType,
};

/// The most memory that is kept for the tokens to come: a value may be much larger.
const KEPT_SIZE: usize = 256 << 10;

/// Splits an answer into packets of the negotiated size.
///
/// Tokens are appended to [`PacketWriter::tokens`]. While an answer is being made, take
/// what has filled packets with [`PacketWriter::take_full`]; end it with
/// [`PacketWriter::finish`]. So no more than a packet and a row is held back.
#[derive(Debug)]
pub struct PacketWriter {
    tokens: Vec<u8>,
    packet_size: usize,
    spid: u16,
    packet_id: u8,
}

// === impl PacketWriter ===

impl PacketWriter {
    /// A writer with [`DEFAULT_PACKET_SIZE`].
    pub fn new() -> Self {
        Self { tokens: Vec::new(), packet_size: DEFAULT_PACKET_SIZE, spid: 0, packet_id: 1 }
    }

    /// Names the session in the packets' headers.
    pub fn set_spid(&mut self, spid: u16) {
        self.spid = spid;
    }

    /// Changes the packets' size, header included, for the packets made from now on; it
    /// is clamped to [`PACKET_SIZES`]. The time is when the answer to LOGIN7, whose
    /// ENVCHANGE tells the client, has been finished.
    pub fn set_packet_size(&mut self, size: usize) {
        self.packet_size = size.clamp(*PACKET_SIZES.start(), *PACKET_SIZES.end());
    }

    /// The size of a full packet, header included.
    pub fn packet_size(&self) -> usize {
        self.packet_size
    }

    /// The tokens that no packet has taken yet; append to them only.
    pub fn tokens(&mut self) -> &mut Vec<u8> {
        &mut self.tokens
    }

    /// True when [`PacketWriter::take_full`] would make a packet.
    pub fn has_full(&self) -> bool {
        self.tokens.len() > self.packet_size - HEADER_LENGTH
    }

    /// Appends packets that are full to `wire`. At least one byte stays, for the packet
    /// that ends the message.
    pub fn take_full(&mut self, wire: &mut BytesMut) {
        if self.has_full() {
            let body = self.packet_size - HEADER_LENGTH;
            let full = (self.tokens.len() - 1) / body * body;
            self.take(full, PacketStatus::default(), wire);
        }
    }

    /// Appends all tokens so far to `wire`, the last packet as short as need be but not
    /// the end of the message: for what must be seen at once, such as a PRINT of a batch
    /// that goes on.
    pub fn flush(&mut self, wire: &mut BytesMut) {
        self.take(self.tokens.len(), PacketStatus::default(), wire);
    }

    /// Appends all tokens so far to `wire` and ends the message.
    pub fn finish(&mut self, wire: &mut BytesMut) {
        self.take_full(wire);
        self.packet(0, self.tokens.len(), PacketStatus::END_OF_MESSAGE, wire);
        self.tokens.clear();
        self.packet_id = 1;
    }

    /// Moves the first `length` bytes of the tokens into packets.
    fn take(&mut self, length: usize, status: PacketStatus, wire: &mut BytesMut) {
        let body = self.packet_size - HEADER_LENGTH;
        wire.reserve(length + length.div_ceil(body) * HEADER_LENGTH);
        for start in (0..length).step_by(body) {
            self.packet(start, length.min(start + body), status, wire);
        }
        self.tokens.drain(..length);
        self.tokens.shrink_to(KEPT_SIZE);
    }

    fn packet(&mut self, start: usize, end: usize, status: PacketStatus, wire: &mut BytesMut) {
        // Fits: a body is at most the packet size, and that at most 32767.
        let length = (end - start + HEADER_LENGTH) as u16;
        let (spid, packet_id) = (self.spid, self.packet_id);
        let header =
            PacketHeader { packet_type: PacketType::Response, status, length, spid, packet_id };
        wire.put_slice(&header.encode());
        wire.put_slice(&self.tokens[start..end]);
        self.packet_id = packet_id.wrapping_add(1);
    }
}

impl Default for PacketWriter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Incoming, MessageReader};

    fn packets(mut wire: &[u8]) -> Vec<(usize, u8, u8)> {
        let mut all = Vec::new();
        while let Some((header, _)) = wire.split_first_chunk() {
            let header = PacketHeader::decode(header).unwrap();
            all.push((usize::from(header.length), header.status.0, header.packet_id));
            wire = &wire[usize::from(header.length)..];
        }
        all
    }

    #[test]
    fn full_packets_leave_early_and_the_last_one_ends_the_message() {
        let mut writer = PacketWriter::new();
        writer.set_packet_size(512);
        let mut wire = BytesMut::new();
        writer.tokens().extend((0..504).map(|byte| byte as u8));
        writer.take_full(&mut wire);
        assert!(wire.is_empty(), "the last byte waits for the end");
        writer.tokens().extend((504..1010).map(|byte| byte as u8));
        writer.take_full(&mut wire);
        assert_eq!(packets(&wire), [(512, 0, 1), (512, 0, 2)]);
        writer.finish(&mut wire);
        assert_eq!(packets(&wire), [(512, 0, 1), (512, 0, 2), (10, 1, 3)]);

        let mut reader = MessageReader::new(2000);
        reader.input().extend_from_slice(&wire);
        let Some(Incoming::Message(message)) = reader.next_message().unwrap() else {
            panic!("no message")
        };
        assert!(message.payload.iter().copied().eq((0..1010).map(|byte| byte as u8)));
    }

    #[test]
    fn flushing_keeps_the_message_open() {
        let mut writer = PacketWriter::new();
        let mut wire = BytesMut::new();
        writer.flush(&mut wire);
        assert!(wire.is_empty());
        writer.tokens().extend_from_slice(b"print");
        writer.flush(&mut wire);
        writer.finish(&mut wire);
        assert_eq!(packets(&wire), [(13, 0, 1), (8, 1, 2)]);
        wire.clear();
        writer.tokens().push(1);
        writer.finish(&mut wire);
        assert_eq!(packets(&wire), [(9, 1, 1)], "packets are counted from 1 in each message");
    }

    #[test]
    fn a_large_values_memory_is_not_kept() {
        let mut writer = PacketWriter::new();
        let mut wire = BytesMut::new();
        writer.tokens().resize(64 << 20, 7);
        writer.take_full(&mut wire);
        assert!(writer.tokens().capacity() <= KEPT_SIZE);
        writer.finish(&mut wire);
        assert!(wire.len() > 64 << 20);
    }

    #[test]
    fn sizes_are_clamped() {
        let mut writer = PacketWriter::new();
        for (asked, got) in [(0, 512), (511, 512), (512, 512), (32767, 32767), (usize::MAX, 32767)]
        {
            writer.set_packet_size(asked);
            assert_eq!(writer.packet_size(), got);
        }
    }
}
