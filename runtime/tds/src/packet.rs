//! Packet headers, [MS-TDS] 2.2.3.1.

use crate::error::{Problem, ProtocolError};

/// Bytes of a packet header.
pub const HEADER_LENGTH: usize = 8;

/// The sizes of a packet with its header that may be negotiated, [MS-TDS] 2.2.3.1.3.
pub const PACKET_SIZES: std::ops::RangeInclusive<usize> = 512..=32767;

/// The size of a packet until LOGIN7 has settled another, and SQL Server's default.
pub const DEFAULT_PACKET_SIZE: usize = 4096;

/// What a message is, [MS-TDS] 2.2.3.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PacketType {
    /// T-SQL text.
    SqlBatch = 0x01,
    /// Calls of procedures.
    Rpc = 0x03,
    /// What a server answers.
    Response = 0x04,
    /// The client cancels the request that runs.
    Attention = 0x06,
    /// Rows of a bulk load.
    BulkLoad = 0x07,
    /// A federated authentication token.
    FederatedAuthentication = 0x08,
    /// Begins, commits or rolls back a transaction.
    TransactionManager = 0x0e,
    /// The login.
    Login7 = 0x10,
    /// Continuation of integrated authentication.
    Sspi = 0x11,
    /// The first message, and the TLS handshake after it.
    Prelogin = 0x12,
}

/// The status byte of a packet header, [MS-TDS] 2.2.3.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PacketStatus(pub u8);

/// The header in front of each packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketHeader {
    /// What the message is that the packet belongs to.
    pub packet_type: PacketType,
    /// Flags.
    pub status: PacketStatus,
    /// Length of the packet in bytes, the header included.
    pub length: u16,
    /// The session in the server, for debuggers.
    pub spid: u16,
    /// Counts the packets of a message, modulo 256. Nobody checks it.
    pub packet_id: u8,
}

// === impl PacketType ===

impl PacketType {
    fn from_wire(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::SqlBatch,
            0x03 => Self::Rpc,
            0x04 => Self::Response,
            0x06 => Self::Attention,
            0x07 => Self::BulkLoad,
            0x08 => Self::FederatedAuthentication,
            0x0e => Self::TransactionManager,
            0x10 => Self::Login7,
            0x11 => Self::Sspi,
            0x12 => Self::Prelogin,
            _ => return None,
        })
    }
}

// === impl PacketStatus ===

impl PacketStatus {
    /// The packet is the last of its message.
    pub const END_OF_MESSAGE: Self = Self(0x01);
    /// The client takes the message back: it must not run.
    pub const IGNORE: Self = Self(0x02);
    /// Reset the session's state before the message runs.
    pub const RESET_CONNECTION: Self = Self(0x08);
    /// As [`Self::RESET_CONNECTION`], but keep the transaction.
    pub const RESET_CONNECTION_KEEP_TRANSACTION: Self = Self(0x10);

    /// True when all flags of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

// === impl PacketHeader ===

impl PacketHeader {
    /// Reads a header; further bytes are left alone.
    ///
    /// # Errors
    /// When the type is unknown, or the length is not between the header's and the largest
    /// of [`PACKET_SIZES`].
    pub fn decode(bytes: &[u8; HEADER_LENGTH]) -> Result<Self, ProtocolError> {
        let error = |offset, problem| Err(ProtocolError::new("packet header", offset, problem));
        let Some(packet_type) = PacketType::from_wire(bytes[0]) else {
            return error(0, Problem::Invalid { what: "packet type", value: bytes[0].into() });
        };
        let length = u16::from_be_bytes([bytes[2], bytes[3]]);
        if usize::from(length) < HEADER_LENGTH || usize::from(length) > *PACKET_SIZES.end() {
            return error(2, Problem::Invalid { what: "packet length", value: length.into() });
        }
        Ok(Self {
            packet_type,
            status: PacketStatus(bytes[1]),
            length,
            spid: u16::from_be_bytes([bytes[4], bytes[5]]),
            packet_id: bytes[6],
        })
    }

    /// The header's bytes. Length and SPID are big-endian, unlike all else in TDS.
    pub fn encode(&self) -> [u8; HEADER_LENGTH] {
        let [length_high, length_low] = self.length.to_be_bytes();
        let [spid_high, spid_low] = self.spid.to_be_bytes();
        [
            self.packet_type as u8,
            self.status.0,
            length_high,
            length_low,
            spid_high,
            spid_low,
            self.packet_id,
            0,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back() {
        // The PRELOGIN request of [MS-TDS] 4.1.
        let bytes = [0x12, 0x01, 0x00, 0x2f, 0x00, 0x00, 0x01, 0x00];
        let header = PacketHeader::decode(&bytes).unwrap();
        assert_eq!(header.packet_type, PacketType::Prelogin);
        assert!(header.status.contains(PacketStatus::END_OF_MESSAGE));
        assert_eq!(header.length, 47);
        assert_eq!(header.encode(), bytes);
    }

    #[test]
    fn bounds_of_the_length() {
        for (length, fits) in
            [(0u16, false), (7, false), (8, true), (32767, true), (32768, false), (65535, false)]
        {
            let [high, low] = length.to_be_bytes();
            assert_eq!(
                PacketHeader::decode(&[1, 1, high, low, 0, 0, 1, 0]).is_ok(),
                fits,
                "{length}"
            );
        }
    }

    #[test]
    fn unknown_types_are_refused() {
        for byte in 0..=255u8 {
            let known = [1, 3, 4, 6, 7, 8, 14, 16, 17, 18].contains(&byte);
            assert_eq!(PacketHeader::decode(&[byte, 1, 0, 8, 0, 0, 1, 0]).is_ok(), known, "{byte}");
        }
    }
}
