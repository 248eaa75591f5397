//! Frames: `u32` LE payload length, `u8` kind, payload.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes before a payload.
pub const HEADER_SIZE: usize = 5;

/// The greatest payload of the kinds that carry streams (bytes).
pub const MAX_CHUNK: usize = 1 << 20;

/// What a frame holds.
///
/// The numbers are the wire's. They are shared by the three languages of a worker's life:
/// this crate, and `images/worker/launchpod_worker/frames.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Both connections, first frame to the controller: [`crate::hello::Hello`].
    Hello = 0x01,

    /// Control, to the supervisor: [`crate::control::Start`].
    Start = 0x10,
    /// Control, to the supervisor: end the worker now. Empty.
    Kill = 0x11,
    /// Control, to the controller: bytes that were written to standard output.
    Stdout = 0x12,
    /// Control, to the controller: bytes that were written to standard error.
    Stderr = 0x13,
    /// Control, to the controller, last frame: [`crate::control::Exited`].
    Exited = 0x14,
    /// Control, to the controller: a script wants a connection to its caller's database. Empty.
    Loopback = 0x15,
    /// Control, to the supervisor: here it is. Empty; a descriptor comes with the frame.
    Connection = 0x16,
    /// Control, to the supervisor: the script gets none. Empty.
    Refused = 0x17,
    /// Control, to the controller: a script wants a connection to the way out. Empty.
    Outbound = 0x18,

    /// Data, to the worker: [`crate::data::Request`].
    Request = 0x20,
    /// Data, to the worker: a piece of the script's UTF-8 text.
    Script = 0x21,
    /// Data, to the worker: a piece of the Arrow IPC stream of scalars.
    Parameters = 0x22,
    /// Data, to the worker: request, script and scalars are complete. Empty.
    Run = 0x23,
    /// Data, to the worker: a piece of the input's Arrow IPC stream.
    Input = 0x24,
    /// Data, to the worker: a PULL is answered, more may come. Empty.
    Pulled = 0x25,
    /// Data, to the worker: a PULL is answered, the input is complete. Empty.
    InputEnd = 0x26,
    /// Data, to the worker: a PULL is answered, and a part of the input is complete. Empty.
    PartEnd = 0x27,
    /// Data, to the worker: messages of the input's Arrow IPC stream, in memory that both share:
    /// [`InputSegment`].
    InputSegment = 0x28,

    /// Data, to the controller: [`crate::data::Ready`].
    Ready = 0x30,
    /// Data, to the controller: the next batch of input, please. Empty.
    Pull = 0x31,
    /// Data, to the controller: a piece of the output's Arrow IPC stream.
    Output = 0x32,
    /// Data, to the controller: the output is complete. Empty.
    OutputEnd = 0x33,
    /// Data, to the controller: a piece of the Arrow IPC stream of OUTPUT scalars.
    Results = 0x34,
    /// Data, to the controller, last frame: the script ended well. Empty.
    Done = 0x35,
    /// Data, to the controller, last frame: [`crate::data::Failed`].
    Failed = 0x36,
    /// Data, to the controller: messages of the output's Arrow IPC stream, in memory whose
    /// descriptor comes with the frame: [`OutputSegment`].
    OutputSegment = 0x37,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub kind: Kind,
    /// At most [`Kind::limit`] bytes.
    pub payload: Bytes,
}

/// What an INPUT_SEGMENT frame says: `u32` LE slot, `u32` LE length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputSegment {
    /// Which of the request's slots the data are in. When its memory is new to the worker, its
    /// descriptor comes with the frame.
    pub slot: u32,
    /// How many bytes, from the slot's beginning.
    pub length: u32,
}

/// What an OUTPUT_SEGMENT frame says: `u32` LE length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSegment {
    /// How many bytes: all of the memory.
    pub length: u32,
}

/// Bytes are not frames of this protocol.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// No frame has this number.
    #[error("unknown frame kind {0:#04x}")]
    UnknownKind(u8),
    /// A frame says that it is longer than its kind may be.
    #[error("{kind:?} frame of {length} bytes, the limit is {limit}")]
    TooLong {
        /// The frame's kind.
        kind: Kind,
        /// The length it claims, or has.
        length: usize,
        /// [`Kind::limit`]
        limit: usize,
    },
    /// A frame's payload is not the message that its kind says.
    #[error("{kind:?} frame does not hold its message")]
    Message {
        /// The frame's kind.
        kind: Kind,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A piece of a stream is empty: a sender of such pieces could go on for ever.
    #[error("{0:?} frame without a byte")]
    Empty(Kind),
    /// A frame's payload has another length than its kind has.
    #[error("{kind:?} frame of {length} bytes")]
    Length {
        /// The frame's kind.
        kind: Kind,
        /// The length it has.
        length: usize,
    },
    /// A frame may not be sent in this direction, on this connection or at this point.
    #[error("{kind:?} frame while {state}")]
    Unexpected {
        /// The frame's kind.
        kind: Kind,
        /// What the receiver was doing.
        state: &'static str,
    },
}

// === impl Kind ===

impl Kind {
    /// The greatest payload in bytes. Checked before anything is allocated for it.
    pub fn limit(self) -> usize {
        match self {
            Kind::Kill
            | Kind::Loopback
            | Kind::Outbound
            | Kind::Connection
            | Kind::Refused
            | Kind::Run
            | Kind::Pulled
            | Kind::InputEnd
            | Kind::PartEnd
            | Kind::Pull
            | Kind::OutputEnd
            | Kind::Done => 0,
            Kind::OutputSegment => 4,
            Kind::InputSegment => 8,
            Kind::Hello | Kind::Start | Kind::Exited => 1 << 10,
            Kind::Ready => 1 << 14,
            Kind::Stdout | Kind::Stderr => 1 << 16,
            // A request names the types of up to 4096 result columns.
            Kind::Request => 1 << 18,
            Kind::Script
            | Kind::Parameters
            | Kind::Input
            | Kind::Output
            | Kind::Results
            | Kind::Failed => MAX_CHUNK,
        }
    }
}

impl TryFrom<u8> for Kind {
    type Error = FrameError;

    fn try_from(number: u8) -> Result<Self, FrameError> {
        Ok(match number {
            0x01 => Kind::Hello,
            0x10 => Kind::Start,
            0x11 => Kind::Kill,
            0x12 => Kind::Stdout,
            0x13 => Kind::Stderr,
            0x14 => Kind::Exited,
            0x15 => Kind::Loopback,
            0x18 => Kind::Outbound,
            0x16 => Kind::Connection,
            0x17 => Kind::Refused,
            0x20 => Kind::Request,
            0x21 => Kind::Script,
            0x22 => Kind::Parameters,
            0x23 => Kind::Run,
            0x24 => Kind::Input,
            0x25 => Kind::Pulled,
            0x26 => Kind::InputEnd,
            0x27 => Kind::PartEnd,
            0x28 => Kind::InputSegment,
            0x30 => Kind::Ready,
            0x31 => Kind::Pull,
            0x32 => Kind::Output,
            0x33 => Kind::OutputEnd,
            0x34 => Kind::Results,
            0x35 => Kind::Done,
            0x36 => Kind::Failed,
            0x37 => Kind::OutputSegment,
            _ => return Err(FrameError::UnknownKind(number)),
        })
    }
}

// === impl Frame ===

impl Frame {
    /// Takes the first whole frame from what has been received; `None` when more is needed.
    ///
    /// # Errors
    /// An unknown kind or a claimed length above the kind's limit. Both are found from the
    /// header alone, before the buffer grows; the connection is of no more use.
    pub fn decode(received: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some(header) = received.first_chunk::<HEADER_SIZE>() else {
            return Ok(None);
        };
        let [a, b, c, d, kind] = *header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let kind = Kind::try_from(kind)?;
        check_length(kind, length)?;
        if received.len() < HEADER_SIZE + length {
            received.reserve(HEADER_SIZE + length - received.len());
            return Ok(None);
        }
        received.advance(HEADER_SIZE);
        Ok(Some(Frame { kind, payload: received.split_to(length).freeze() }))
    }

    /// Reads the JSON message that the payload holds.
    ///
    /// # Errors
    /// The payload is not that message.
    pub fn message<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        serde_json::from_slice(&self.payload)
            .map_err(|source| FrameError::Message { kind: self.kind, source })
    }
}

// === impl InputSegment ===

impl InputSegment {
    /// Appends the frame to what will be sent.
    ///
    /// # Errors
    /// None: the payload has the kind's length.
    pub fn encode(self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let [a, b, c, d] = self.slot.to_le_bytes();
        let [e, f, g, h] = self.length.to_le_bytes();
        encode(Kind::InputSegment, &[a, b, c, d, e, f, g, h], out)
    }
}

// === impl OutputSegment ===

impl OutputSegment {
    /// Reads the payload of an OUTPUT_SEGMENT frame.
    ///
    /// # Errors
    /// It has another length.
    pub fn read(frame: &Frame) -> Result<Self, FrameError> {
        let payload = &frame.payload[..];
        let length = payload
            .try_into()
            .map_err(|_| FrameError::Length { kind: frame.kind, length: payload.len() })?;
        Ok(OutputSegment { length: u32::from_le_bytes(length) })
    }
}

/// Appends a frame to what will be sent.
///
/// # Errors
/// The payload is longer than the kind may be.
pub fn encode(kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
    encode_header(kind, payload.len(), out)?;
    out.put_slice(payload);
    Ok(())
}

/// Appends a frame that holds a JSON message.
///
/// # Errors
/// The message is longer than the kind may be, or is no JSON.
pub fn encode_message<T: Serialize>(
    kind: Kind,
    message: &T,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    let payload =
        serde_json::to_vec(message).map_err(|source| FrameError::Message { kind, source })?;
    encode(kind, &payload, out)
}

/// Appends bytes of any length as frames of at most [`MAX_CHUNK`]; none when there are none.
///
/// # Errors
/// The kind may not hold a chunk.
pub fn encode_chunks(kind: Kind, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
    encode_pieces(kind, &[bytes], out)
}

/// As [`encode_chunks`], of bytes that lie in several places: what they are together is cut, not
/// each piece.
///
/// # Errors
/// The kind may not hold a chunk.
pub fn encode_pieces(kind: Kind, pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), FrameError> {
    let mut left: usize = pieces.iter().map(|piece| piece.len()).sum();
    // What the frame that was begun last still takes.
    let mut room = 0;
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            if room == 0 {
                room = left.min(MAX_CHUNK);
                left -= room;
                encode_header(kind, room, out)?;
            }
            let (fits, rest) = piece.split_at(piece.len().min(room));
            out.put_slice(fits);
            room -= fits.len();
            piece = rest;
        }
    }
    Ok(())
}

/// Appends what stands before a payload, and makes room for that.
fn encode_header(kind: Kind, length: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
    check_length(kind, length)?;
    out.reserve(HEADER_SIZE + length);
    // Limits are far below u32::MAX.
    out.put_u32_le(length as u32);
    out.put_u8(kind as u8);
    Ok(())
}

fn check_length(kind: Kind, length: usize) -> Result<(), FrameError> {
    let limit = kind.limit();
    if length > limit { Err(FrameError::TooLong { kind, length, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_round_trip_byte_by_byte() {
        let mut sent = Vec::new();
        encode(Kind::Pull, b"", &mut sent).unwrap();
        encode(Kind::Stdout, b"hello", &mut sent).unwrap();
        encode_chunks(Kind::Output, &vec![7; MAX_CHUNK + 1], &mut sent).unwrap();

        let mut received = BytesMut::new();
        let mut frames = Vec::new();
        for byte in sent {
            received.put_u8(byte);
            while let Some(frame) = Frame::decode(&mut received).unwrap() {
                frames.push((frame.kind, frame.payload.len()));
            }
        }
        assert_eq!(
            frames,
            [(Kind::Pull, 0), (Kind::Stdout, 5), (Kind::Output, MAX_CHUNK), (Kind::Output, 1)]
        );
        assert!(received.is_empty());
    }

    #[test]
    fn pieces_fill_frames_together() {
        let (first, second) = (vec![1; MAX_CHUNK - 1], vec![2; MAX_CHUNK]);
        let mut sent = Vec::new();
        encode_pieces(Kind::Input, &[&first, b"", &second], &mut sent).unwrap();
        let mut whole = Vec::new();
        encode_chunks(Kind::Input, &[first, second].concat(), &mut whole).unwrap();
        assert_eq!(sent, whole);
        assert_eq!(sent.len(), 2 * MAX_CHUNK - 1 + 2 * HEADER_SIZE);
        assert!(encode_pieces(Kind::Run, &[b"x"], &mut sent).is_err());
    }

    #[test]
    fn a_segment_is_said_in_one_length_only() {
        let frame = |payload: &[u8]| Frame {
            kind: Kind::OutputSegment,
            payload: Bytes::copy_from_slice(payload),
        };
        let segment = OutputSegment::read(&frame(&[1, 2, 0, 0])).unwrap();
        assert_eq!(segment, OutputSegment { length: 0x201 });
        for payload in [&[][..], &[1, 2, 0], &[1, 2, 0, 0, 0]] {
            assert!(matches!(OutputSegment::read(&frame(payload)), Err(FrameError::Length { .. })));
        }
        let mut sent = Vec::new();
        InputSegment { slot: 1, length: 0x201 }.encode(&mut sent).unwrap();
        assert_eq!(sent, [8, 0, 0, 0, 0x28, 1, 0, 0, 0, 1, 2, 0, 0]);
    }

    #[test]
    fn a_claimed_length_is_refused_before_it_is_allocated() {
        let mut received = BytesMut::from(&b"\xff\xff\xff\xff\x32"[..]);
        let capacity = received.capacity();
        assert!(matches!(
            Frame::decode(&mut received),
            Err(FrameError::TooLong { kind: Kind::Output, .. })
        ));
        assert_eq!(received.capacity(), capacity);
    }

    #[test]
    fn every_kind_has_its_number() {
        let mut known = 0;
        for number in 0..=u8::MAX {
            if let Ok(kind) = Kind::try_from(number) {
                assert_eq!(kind as u8, number);
                known += 1;
            }
        }
        assert_eq!(known, 27);
        let mut unknown = BytesMut::from(&b"\0\0\0\0\xee"[..]);
        assert!(matches!(Frame::decode(&mut unknown), Err(FrameError::UnknownKind(0xee))));
    }
}
