//! The TLS handshake of TDS 7.x, whose records travel in PRELOGIN packets, [MS-TDS]
//! 2.2.6.5 and 3.2.5.2. After it TLS records carry the packets, as anywhere.
//!
//! The wrapped handshake must be TLS 1.2 at most: with 1.3, clients wait for a flight
//! that the server sends only after theirs. Both sides wrap alike, so a client uses the same.

use crate::{
    error::{Problem, ProtocolError},
    packet::{DEFAULT_PACKET_SIZE, HEADER_LENGTH, PacketHeader, PacketStatus, PacketType},
};

/// The protocol that both sides name in the handshake of strict encryption (TDS 8.0), which is in
/// no packets: RFC 7301's ALPN.
pub const ALPN: &[u8] = b"tds/8.0";

/// The content type of a TLS record that begins a handshake, RFC 8446 5.1. A connection whose
/// first byte it is begins with TLS; no packet type is the same.
pub const TLS_HANDSHAKE: u8 = 0x16;

/// The content types of TLS records, RFC 8446 5.1: change_cipher_spec, alert, handshake
/// and application_data.
const TLS_CONTENT_TYPES: std::ops::RangeInclusive<u8> = 0x14..=0x17;

/// Takes TLS records out of what the other side sends, in whatever portions it arrives.
///
/// It stops wrapping when its handshake is done, which it may know before this side does. No packet type is a TLS content type, so the first byte where a packet
/// would begin says whether records come bare from there on.
#[derive(Debug, Default)]
pub struct HandshakeUnwrapper {
    state: State,
}

#[derive(Debug)]
enum State {
    /// In a packet's header, of which `length` bytes are there.
    Header { header: [u8; HEADER_LENGTH], length: usize },
    /// In a packet's body, of which `left` bytes are to come.
    Body { left: usize },
    /// The handshake is over.
    Bare,
}

/// Appends the packets that carry `records` of a handshake to `wire`.
pub fn wrap_handshake(records: &[u8], wire: &mut Vec<u8>) {
    let mut chunks = records.chunks(DEFAULT_PACKET_SIZE - HEADER_LENGTH).peekable();
    let mut packet_id = 1u8;
    while let Some(chunk) = chunks.next() {
        let status = if chunks.peek().is_none() {
            PacketStatus::END_OF_MESSAGE
        } else {
            PacketStatus::default()
        };
        // Fits: at most the default packet size.
        let length = (HEADER_LENGTH + chunk.len()) as u16;
        let header =
            PacketHeader { packet_type: PacketType::Prelogin, status, length, spid: 0, packet_id };
        wire.extend_from_slice(&header.encode());
        wire.extend_from_slice(chunk);
        packet_id = packet_id.wrapping_add(1);
    }
}

// === impl HandshakeUnwrapper ===

impl HandshakeUnwrapper {
    /// Appends to `records` what `wire` holds of TLS records.
    ///
    /// # Errors
    /// When a packet begins that is neither PRELOGIN nor a bare TLS record.
    pub fn unwrap(&mut self, mut wire: &[u8], records: &mut Vec<u8>) -> Result<(), ProtocolError> {
        while let Some(first) = wire.first() {
            match &mut self.state {
                State::Bare => {
                    records.extend_from_slice(wire);
                    return Ok(());
                }
                State::Header { length: 0, .. } if TLS_CONTENT_TYPES.contains(first) => {
                    self.state = State::Bare
                }
                State::Header { header, length } => {
                    let taken = wire.len().min(HEADER_LENGTH - *length);
                    header[*length..*length + taken].copy_from_slice(&wire[..taken]);
                    *length += taken;
                    wire = &wire[taken..];
                    if *length == HEADER_LENGTH {
                        self.state = State::after(header)?;
                    }
                }
                State::Body { left } => {
                    let taken = wire.len().min(*left);
                    records.extend_from_slice(&wire[..taken]);
                    wire = &wire[taken..];
                    *left -= taken;
                    if *left == 0 {
                        self.state = State::default();
                    }
                }
            }
        }
        Ok(())
    }

    /// One to which all comes bare.
    pub fn bare() -> Self {
        Self { state: State::Bare }
    }

    /// True once records come bare: the other side has ended its handshake.
    pub fn is_bare(&self) -> bool {
        matches!(self.state, State::Bare)
    }
}

// === impl State ===

impl State {
    fn after(header: &[u8; HEADER_LENGTH]) -> Result<Self, ProtocolError> {
        let header = PacketHeader::decode(header)?;
        if header.packet_type != PacketType::Prelogin {
            let value = header.packet_type as u64;
            let problem = Problem::Invalid { what: "packet type during the TLS handshake", value };
            return Err(ProtocolError::new("packet header", 0, problem));
        }
        Ok(match usize::from(header.length) - HEADER_LENGTH {
            0 => Self::default(),
            left => Self::Body { left },
        })
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Header { header: [0; HEADER_LENGTH], length: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_any_portions_and_bare_ones_pass() {
        let handshake: Vec<u8> = (0..10_000).map(|byte| byte as u8).collect();
        let bare = [0x17, 3, 3, 0, 1, 0x12];
        let mut wire = Vec::new();
        wrap_handshake(&handshake, &mut wire);
        assert_eq!(wire.len(), handshake.len() + 3 * HEADER_LENGTH);
        wrap_handshake(&[], &mut wire);
        wire.extend_from_slice(&bare);
        for portion in [1, 5, 8, 4096, wire.len()] {
            let mut unwrapper = HandshakeUnwrapper::default();
            let mut records = Vec::new();
            for part in wire.chunks(portion) {
                unwrapper.unwrap(part, &mut records).unwrap();
            }
            assert!(unwrapper.is_bare());
            assert_eq!(records, [&handshake[..], &bare].concat());
        }
    }

    #[test]
    fn empty_packets_are_passed_over() {
        let mut unwrapper = HandshakeUnwrapper::default();
        let mut records = Vec::new();
        unwrapper
            .unwrap(&[0x12, 1, 0, 8, 0, 0, 1, 0, 0x12, 1, 0, 9, 0, 0, 1, 0, 7], &mut records)
            .unwrap();
        assert_eq!(records, [7]);
    }

    #[test]
    fn other_packets_are_refused() {
        let mut records = Vec::new();
        for bytes in [
            [0x10, 1, 0, 9, 0, 0, 1, 0],
            [0x12, 1, 0, 7, 0, 0, 1, 0],
            [0x47, 0x45, 0x54, 0x20, 0, 0, 0, 0],
        ] {
            assert!(HandshakeUnwrapper::default().unwrap(&bytes, &mut records).is_err());
        }
    }
}
