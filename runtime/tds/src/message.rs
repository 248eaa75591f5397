//! Messages from packets: what a client sends, put together as its bytes arrive.

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    error::{Problem, ProtocolError},
    packet::{HEADER_LENGTH, PacketHeader, PacketStatus, PacketType},
};

/// Something that a client has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A whole message.
    Message(ClientMessage),
    /// A packet of a bulk load, whose rows may be more than memory holds: for
    /// [`BulkRows`](crate::bulk::BulkRows).
    Bulk(BulkPiece),
    /// An attention: cancel what runs, and answer with
    /// [`Done::ATTENTION`](crate::token::Done::ATTENTION). It can come while a request
    /// runs or in the midst of a message, which is then void.
    Attention,
    /// A message that the client took back with its last packet: it must not run, and is
    /// answered with [`Done::IGNORED`](crate::token::Done::IGNORED), [MS-TDS] 2.2.1.7.
    Ignored(PacketType),
}

/// A whole message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMessage {
    /// What it is.
    pub packet_type: PacketType,
    /// What to reset before it runs.
    pub reset: Reset,
    /// The packets' contents without their headers.
    pub payload: Bytes,
}

/// The content of one packet of a bulk load.
///
/// An [`Incoming::Attention`] or [`Incoming::Ignored`] instead of the last piece takes the
/// load back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkPiece {
    /// Of the first piece: what to reset before the load runs.
    pub begins: Option<Reset>,
    /// The bytes, without the packet's header.
    pub bytes: Bytes,
    /// Whether it is the last piece.
    pub last: bool,
}

/// Whether the session starts afresh before a message runs: connection pools ask for it
/// with the first message after a connection was taken from the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// The session goes on.
    #[default]
    None,
    /// Everything is reset, an open transaction is rolled back.
    Session,
    /// Everything but the transaction is reset.
    SessionKeepTransaction,
}

/// Puts messages together from bytes in whatever portions they arrive; those of a bulk load
/// it gives out as they come.
///
/// Read from the socket into [`MessageReader::input`], then take messages with
/// [`MessageReader::next_message`] until there is none. After an error the reader must
/// not be used any more.
#[derive(Debug)]
pub struct MessageReader {
    input: BytesMut,
    limit: usize,
    partial: Option<Partial>,
}

/// The packets so far of a message that isn't whole.
#[derive(Debug)]
struct Partial {
    packet_type: PacketType,
    reset: Reset,
    payload: BytesMut,
}

// === impl Reset ===

impl Reset {
    fn from_status(status: PacketStatus) -> Self {
        if status.contains(PacketStatus::RESET_CONNECTION_KEEP_TRANSACTION) {
            Self::SessionKeepTransaction
        } else if status.contains(PacketStatus::RESET_CONNECTION) {
            Self::Session
        } else {
            Self::None
        }
    }
}

// === impl MessageReader ===

impl MessageReader {
    /// A reader that refuses messages with a payload of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { input: BytesMut::new(), limit, partial: None }
    }

    /// Changes the limit, for the messages to come and the one that is being read.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Where bytes from the wire go, at the end.
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// True in the midst of a message or a packet: the end of the connection would cut
    /// it off.
    pub fn is_mid_message(&self) -> bool {
        self.partial.is_some() || !self.input.is_empty()
    }

    /// The next thing that has wholly arrived.
    ///
    /// # Errors
    /// When a packet header is malformed, a message changes its type midway, or it exceeds
    /// the limit.
    pub fn next_message(&mut self) -> Result<Option<Incoming>, ProtocolError> {
        while let Some(header) = self.input.first_chunk() {
            let header = PacketHeader::decode(header)?;
            let body = usize::from(header.length) - HEADER_LENGTH;
            self.check(&header, body)?;
            if self.input.len() < usize::from(header.length) {
                break;
            }
            self.input.advance(HEADER_LENGTH);
            let body = self.input.split_to(body);
            if let Some(incoming) = self.packet(header, body) {
                return Ok(Some(incoming));
            }
        }
        Ok(None)
    }

    /// Refuses a packet by its header, before its body is waited for.
    fn check(&self, header: &PacketHeader, body: usize) -> Result<(), ProtocolError> {
        let error = |offset, problem| Err(ProtocolError::new("packet header", offset, problem));
        if header.packet_type == PacketType::Attention {
            return Ok(());
        }
        let mut length = body;
        if let Some(partial) = &self.partial {
            if partial.packet_type != header.packet_type {
                let value = header.packet_type as u64;
                return error(
                    0,
                    Problem::Invalid { what: "packet type in the midst of another message", value },
                );
            }
            length += partial.payload.len();
        }
        if length > self.limit {
            let (length, limit) = (length as u64, self.limit as u64);
            return error(2, Problem::TooLong { what: "message", length, limit });
        }
        Ok(())
    }

    fn packet(&mut self, header: PacketHeader, body: BytesMut) -> Option<Incoming> {
        if header.packet_type == PacketType::Attention {
            self.partial = None;
            return Some(Incoming::Attention);
        }
        if header.packet_type == PacketType::BulkLoad {
            return Some(self.bulk_packet(header, body));
        }
        let partial = match self.partial.take() {
            Some(mut partial) => {
                partial.payload.extend_from_slice(&body);
                partial
            }
            // Most messages are one packet, whose body becomes the payload without a copy.
            None => Partial {
                packet_type: header.packet_type,
                reset: Reset::from_status(header.status),
                payload: body,
            },
        };
        if !header.status.contains(PacketStatus::END_OF_MESSAGE) {
            self.partial = Some(partial);
            return None;
        }
        let Partial { packet_type, reset, payload } = partial;
        if header.status.contains(PacketStatus::IGNORE) {
            return Some(Incoming::Ignored(packet_type));
        }
        Some(Incoming::Message(ClientMessage { packet_type, reset, payload: payload.freeze() }))
    }

    fn bulk_packet(&mut self, header: PacketHeader, body: BytesMut) -> Incoming {
        let begins = self.partial.take().is_none().then(|| Reset::from_status(header.status));
        let last = header.status.contains(PacketStatus::END_OF_MESSAGE);
        if last && header.status.contains(PacketStatus::IGNORE) {
            return Incoming::Ignored(PacketType::BulkLoad);
        }
        if !last {
            // Only that a message is under way: what it holds has been given out.
            self.partial = Some(Partial {
                packet_type: PacketType::BulkLoad,
                reset: Reset::None,
                payload: BytesMut::new(),
            });
        }
        Incoming::Bulk(BulkPiece { begins, bytes: body.freeze(), last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(packet_type: PacketType, status: u8, body: &[u8]) -> Vec<u8> {
        let length = (HEADER_LENGTH + body.len()) as u16;
        let header = PacketHeader {
            packet_type,
            status: PacketStatus(status),
            length,
            spid: 0,
            packet_id: 1,
        };
        [&header.encode()[..], body].concat()
    }

    fn message(packet_type: PacketType, reset: Reset, payload: &'static [u8]) -> Incoming {
        Incoming::Message(ClientMessage {
            packet_type,
            reset,
            payload: Bytes::from_static(payload),
        })
    }

    /// Feeds bytes in portions of each size and expects the same messages from all.
    fn read(bytes: &[u8]) -> Vec<Incoming> {
        let mut results: Vec<Vec<Incoming>> = Vec::new();
        for portion in [1, 3, 7, 8, 9, bytes.len()] {
            let mut reader = MessageReader::new(1000);
            let mut all = Vec::new();
            for part in bytes.chunks(portion) {
                reader.input().extend_from_slice(part);
                while let Some(incoming) = reader.next_message().unwrap() {
                    all.push(incoming);
                }
            }
            assert!(!reader.is_mid_message());
            results.push(all);
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
        results.swap_remove(0)
    }

    #[test]
    fn messages_are_put_together() {
        let bytes = [
            packet(PacketType::SqlBatch, 0x08, b"ab"),
            packet(PacketType::SqlBatch, 0x00, b""),
            packet(PacketType::SqlBatch, 0x01, b"cd"),
            packet(PacketType::Rpc, 0x11, b"x"),
        ]
        .concat();
        assert_eq!(
            read(&bytes),
            [
                message(PacketType::SqlBatch, Reset::Session, b"abcd"),
                message(PacketType::Rpc, Reset::SessionKeepTransaction, b"x"),
            ]
        );
    }

    #[test]
    fn attention_between_and_amidst_messages() {
        let attention = packet(PacketType::Attention, 0x01, b"");
        let bytes = [
            attention.clone(),
            packet(PacketType::BulkLoad, 0x00, b"half"),
            attention,
            packet(PacketType::SqlBatch, 0x01, b"next"),
        ]
        .concat();
        assert_eq!(
            read(&bytes),
            [
                Incoming::Attention,
                piece(Some(Reset::None), b"half", false),
                Incoming::Attention,
                message(PacketType::SqlBatch, Reset::None, b"next")
            ]
        );
    }

    fn piece(begins: Option<Reset>, bytes: &'static [u8], last: bool) -> Incoming {
        Incoming::Bulk(BulkPiece { begins, bytes: Bytes::from_static(bytes), last })
    }

    #[test]
    fn a_bulk_load_comes_in_pieces_of_any_total_length() {
        let packets = |count: usize, last: &[u8]| {
            let middle = packet(PacketType::BulkLoad, 0x00, &[7; 300]).repeat(count);
            [&packet(PacketType::BulkLoad, 0x08, b"first")[..], &middle, last].concat()
        };
        let read_last = |last: &[u8]| {
            let mut pieces = read(&packets(10, last));
            assert_eq!(pieces.remove(0), piece(Some(Reset::Session), b"first", false));
            let last = pieces.pop();
            assert_eq!(pieces, vec![piece(None, &[7; 300], false); 10]);
            last
        };
        let last = read_last(&packet(PacketType::BulkLoad, 0x01, b"last"));
        assert_eq!(last, Some(piece(None, b"last", true)));
        let taken_back = read_last(&packet(PacketType::BulkLoad, 0x03, b""));
        assert_eq!(taken_back, Some(Incoming::Ignored(PacketType::BulkLoad)));
        let mut reader = MessageReader::new(1000);
        reader.input().extend_from_slice(&packets(1, &packet(PacketType::Rpc, 1, b"x")));
        assert!(reader.next_message().is_ok() && reader.next_message().is_ok());
        assert!(reader.next_message().is_err(), "another message within");
    }

    #[test]
    fn a_message_taken_back_does_not_run() {
        let bytes =
            [packet(PacketType::Rpc, 0x00, b"half"), packet(PacketType::Rpc, 0x03, b"")].concat();
        assert_eq!(read(&bytes), [Incoming::Ignored(PacketType::Rpc)]);
    }

    #[test]
    fn the_limit_is_on_the_whole_message_and_found_by_the_header() {
        let mut reader = MessageReader::new(5);
        reader.input().extend_from_slice(&packet(PacketType::SqlBatch, 0, b"abc"));
        reader.input().extend_from_slice(&packet(PacketType::SqlBatch, 1, b"de"));
        assert!(reader.next_message().unwrap().is_some());
        reader.input().extend_from_slice(&packet(PacketType::SqlBatch, 0, b"abc"));
        reader.input().extend_from_slice(&packet(PacketType::SqlBatch, 1, b"def")[..8]);
        let error = reader.next_message().unwrap_err();
        assert_eq!(error.problem(), &Problem::TooLong { what: "message", length: 6, limit: 5 });
    }

    #[test]
    fn a_message_keeps_its_type() {
        let mut reader = MessageReader::new(100);
        reader.input().extend_from_slice(&packet(PacketType::SqlBatch, 0, b"abc"));
        reader.input().extend_from_slice(&packet(PacketType::Rpc, 1, b"def"));
        assert!(reader.next_message().is_err());
    }
}
