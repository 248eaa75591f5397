//! Whole packets, [MS-TDS] 2.2.3: read as they come, of either side, and made from a message.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::{
    error::ProtocolError,
    message::Reset,
    packet::{HEADER_LENGTH, PACKET_SIZES, PacketHeader, PacketStatus, PacketType},
};

/// A packet as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    header: PacketHeader,
    bytes: Bytes,
}

/// Cuts bytes into packets, in whatever portions they arrive.
///
/// Read from the socket into [`PacketReader::input`], then take packets with
/// [`PacketReader::next_packet`] until there is none. What waits is less than one packet. After
/// an error the reader must not be used any more.
#[derive(Debug, Default)]
pub struct PacketReader {
    input: BytesMut,
}

/// Cuts a message that grows into packets: a bulk load, whose rows may be more than memory holds.
#[derive(Debug)]
pub struct MessageWriter {
    packet_type: PacketType,
    packet_size: usize,
    packet_id: u8,
    payload: Vec<u8>,
}

// === impl MessageWriter ===

impl MessageWriter {
    /// A message of which nothing has been written.
    pub fn new(packet_type: PacketType, packet_size: usize) -> Self {
        let packet_size = packet_size.clamp(*PACKET_SIZES.start(), *PACKET_SIZES.end());
        Self { packet_type, packet_size, packet_id: 1, payload: Vec::new() }
    }

    /// What no packet has taken yet; append to it only.
    pub fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.payload
    }

    /// Appends packets that are full to `wire`. Something stays for the one that ends the message.
    pub fn take_full(&mut self, wire: &mut BytesMut) {
        let room = self.packet_size - HEADER_LENGTH;
        let full = self.payload.len().saturating_sub(1) / room * room;
        for start in (0..full).step_by(room) {
            self.packet(start..start + room, PacketStatus::default(), wire);
        }
        self.payload.drain(..full);
    }

    /// Appends the rest to `wire` and ends the message.
    pub fn finish(mut self, wire: &mut BytesMut) {
        self.take_full(wire);
        self.packet(0..self.payload.len(), PacketStatus::END_OF_MESSAGE, wire);
    }

    fn packet(&mut self, body: std::ops::Range<usize>, status: PacketStatus, wire: &mut BytesMut) {
        // Fits: a packet's size is at most 32767.
        let length = (HEADER_LENGTH + body.len()) as u16;
        let (packet_type, packet_id) = (self.packet_type, self.packet_id);
        let header = PacketHeader { packet_type, status, length, spid: 0, packet_id };
        wire.put_slice(&header.encode());
        wire.put_slice(&self.payload[body]);
        self.packet_id = packet_id.wrapping_add(1);
    }
}

// === impl Packet ===

impl Packet {
    /// Its header.
    pub fn header(&self) -> PacketHeader {
        self.header
    }

    /// All of it, the header too.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it holds.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER_LENGTH..]
    }

    /// Whether it is the last one of its message.
    pub fn is_last(&self) -> bool {
        self.header.status.contains(PacketStatus::END_OF_MESSAGE)
    }
}

// === impl PacketReader ===

impl PacketReader {
    /// A reader to which nothing has come yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where bytes from the wire go, at the end.
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// The next packet that has wholly arrived.
    ///
    /// # Errors
    /// When a header is malformed.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, ProtocolError> {
        let Some(header) = self.input.first_chunk() else { return Ok(None) };
        let header = PacketHeader::decode(header)?;
        let length = usize::from(header.length);
        if self.input.len() < length {
            return Ok(None);
        }
        Ok(Some(Packet { header, bytes: self.input.split_to(length).freeze() }))
    }
}

/// Appends a message's packets to `wire`, none longer than `packet_size` (header included).
///
/// The first packet asks for `reset`. An empty payload makes one empty packet.
pub fn write_message(
    packet_type: PacketType,
    reset: Reset,
    payload: &[u8],
    packet_size: usize,
    wire: &mut BytesMut,
) {
    let room = packet_size.clamp(*PACKET_SIZES.start(), *PACKET_SIZES.end()) - HEADER_LENGTH;
    wire.reserve(payload.len() + payload.len().div_ceil(room).max(1) * HEADER_LENGTH);
    let mut status = match reset {
        Reset::None => PacketStatus::default(),
        Reset::Session => PacketStatus::RESET_CONNECTION,
        Reset::SessionKeepTransaction => PacketStatus::RESET_CONNECTION_KEEP_TRANSACTION,
    };
    let mut packet_id = 1_u8;
    let mut left = payload;
    loop {
        let (body, rest) = left.split_at(left.len().min(room));
        if rest.is_empty() {
            status.0 |= PacketStatus::END_OF_MESSAGE.0;
        }
        // Fits: a packet's size is at most 32767.
        let length = (HEADER_LENGTH + body.len()) as u16;
        let header = PacketHeader { packet_type, status, length, spid: 0, packet_id };
        wire.put_slice(&header.encode());
        wire.put_slice(body);
        if rest.is_empty() {
            return;
        }
        left = rest;
        packet_id = packet_id.wrapping_add(1);
        status = PacketStatus::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Incoming, MessageReader};

    #[test]
    fn a_message_that_grows_is_cut_as_it_does() {
        let mut writer = MessageWriter::new(PacketType::BulkLoad, 512);
        let mut wire = BytesMut::new();
        let payload: Vec<u8> = (0..1600).map(|byte| byte as u8).collect();
        for part in payload.chunks(504) {
            writer.payload().extend_from_slice(part);
            writer.take_full(&mut wire);
        }
        assert_eq!(wire.len(), 3 * 512, "the last packet waits for the end");
        writer.finish(&mut wire);
        let mut packets = PacketReader::new();
        packets.input().extend_from_slice(&wire);
        let mut bodies = Vec::new();
        let mut ended = false;
        while let Some(packet) = packets.next_packet().unwrap() {
            assert!(!ended);
            bodies.extend_from_slice(packet.body());
            ended = packet.is_last();
        }
        assert!(ended);
        assert_eq!(bodies, payload);
    }

    #[test]
    fn a_message_is_cut_and_put_together() {
        for length in [0, 1, 504, 505, 1600] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut wire = BytesMut::new();
            write_message(PacketType::Rpc, Reset::Session, &payload, 512, &mut wire);
            let mut messages = MessageReader::new(4096);
            messages.input().extend_from_slice(&wire);
            let Some(Incoming::Message(message)) = messages.next_message().unwrap() else {
                panic!("no message of {length} bytes")
            };
            assert_eq!((message.packet_type, message.reset), (PacketType::Rpc, Reset::Session));
            assert_eq!(message.payload, payload);
            assert!(!messages.is_mid_message());

            let mut packets = PacketReader::new();
            let mut bodies = Vec::new();
            let mut ended = false;
            for portion in wire.chunks(7) {
                packets.input().extend_from_slice(portion);
                while let Some(packet) = packets.next_packet().unwrap() {
                    assert!(!ended && packet.bytes().len() <= 512);
                    bodies.extend_from_slice(packet.body());
                    ended = packet.is_last();
                }
            }
            assert!(ended);
            assert_eq!(bodies, payload);
        }
    }
}
