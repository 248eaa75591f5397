//! What comes from the worker: hostile.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::RecordBatchDecoder;
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};
use bytes::{Buf as _, Bytes};

use super::check::{self, Limits};

/// Before the length of the metadata. Arrow's columnar format, "Encapsulated message format".
const CONTINUATION: u32 = 0xffff_ffff;
/// Continuation mark and length.
const PREFIX: usize = 8;
/// The most that is reserved for a body because the worker says that it is so long; more comes
/// as the bytes do.
const RESERVE: usize = 16 << 20;

/// Reads one Arrow IPC stream in pieces, checking all of it.
///
/// Bodies are kept as they arrive and arrays are views of them, or of the memory that they came in. What is in memory at most: one
/// message within the [`Limits`], and the batches that the caller holds.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    schema: Option<SchemaRef>,
    state: State,
}

#[derive(Debug)]
enum State {
    Prefix(Vec<u8>),
    Metadata { length: usize, bytes: Vec<u8> },
    Body { metadata: Vec<u8>, length: usize, bytes: MutableBuffer },
    Ended,
}

/// A stream is not what a worker may send: error 39013.
#[derive(Debug, thiserror::Error)]
pub enum Corrupt {
    /// A bound is exceeded.
    #[error("{is} {what} in a message from the worker, the limit is {limit}")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// How much there is.
        is: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A message's metadata contradict themselves, the schema or the body.
    #[error("wrong {0} in a message from the worker")]
    Metadata(&'static str),
    /// A feature of Arrow that workers don't use.
    #[error("{0} from the worker")]
    Unsupported(&'static str),
    /// A column's type is none of those that PROTOCOL.md lists.
    #[error("column {index} from the worker is of type {data_type}")]
    Type {
        /// The column, from 0.
        index: usize,
        /// Arrow's name of the type.
        data_type: String,
    },
    /// Arrow refuses the message.
    #[error("undecodable message from the worker: {0}")]
    Arrow(#[from] ArrowError),
    /// Arrow panicked on the message.
    #[error("undecodable message from the worker: the decoder panicked")]
    Panic,
    /// The stream is over in the middle, or goes on after its end.
    #[error("the worker's stream {0}")]
    End(&'static str),
}

// === impl Decoder ===

impl Decoder {
    /// A decoder for one stream.
    pub fn new(limits: Limits) -> Self {
        Decoder { limits, schema: None, state: State::Prefix(Vec::new()) }
    }

    /// The stream's schema, once it has come.
    pub fn schema(&self) -> Option<&SchemaRef> {
        self.schema.as_ref()
    }

    /// Takes the next bytes of the stream, and returns the batches that they complete.
    ///
    /// # Errors
    /// See [`Corrupt`]; the decoder is of no more use.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<RecordBatch>, Corrupt> {
        let mut batches = Vec::new();
        loop {
            match &mut self.state {
                State::Prefix(prefix) => {
                    take(&mut bytes, PREFIX, prefix);
                    let Some(prefix) = prefix.first_chunk::<PREFIX>() else { break };
                    self.state = match metadata_length(*prefix, &self.limits)? {
                        0 => State::Ended,
                        length => State::Metadata { length, bytes: Vec::new() },
                    };
                }
                State::Metadata { length, bytes: metadata } => {
                    take(&mut bytes, *length, metadata);
                    if metadata.len() < *length {
                        break;
                    }
                    let metadata = std::mem::take(metadata);
                    let length = body_length(&metadata, &self.limits)?;
                    let bytes = MutableBuffer::new(length.min(RESERVE));
                    self.state = State::Body { metadata, length, bytes };
                }
                State::Body { metadata, length, bytes: body } => {
                    let wanted = bytes.len().min(*length - body.len());
                    body.extend_from_slice(&bytes[..wanted]);
                    bytes = &bytes[wanted..];
                    if body.len() < *length {
                        break;
                    }
                    let metadata = std::mem::take(metadata);
                    let body = Buffer::from(std::mem::take(body));
                    self.state = State::Prefix(Vec::new());
                    batches.extend(self.message(&metadata, body)?);
                }
                State::Ended if bytes.is_empty() => break,
                State::Ended => return Err(Corrupt::End("goes on after its end")),
            }
        }
        Ok(batches)
    }

    /// Takes the next bytes of the stream, which are whole messages in memory that nobody changes,
    /// and returns the batches that they hold: views of that memory.
    ///
    /// # Errors
    /// See [`Corrupt`]; the decoder is of no more use.
    pub fn push_segment(&mut self, mut bytes: Bytes) -> Result<Vec<RecordBatch>, Corrupt> {
        match &self.state {
            State::Prefix(prefix) if prefix.is_empty() => {}
            State::Ended => return Err(Corrupt::End("goes on after its end")),
            _ => return Err(Corrupt::End("goes on in shared memory within a message")),
        }
        let mut batches = Vec::new();
        while let Some(prefix) = bytes.first_chunk::<PREFIX>() {
            let length = metadata_length(*prefix, &self.limits)?;
            bytes.advance(PREFIX);
            if length == 0 {
                self.state = State::Ended;
                break;
            }
            let metadata = split(&mut bytes, length)?;
            let length = body_length(&metadata, &self.limits)?;
            let body = split(&mut bytes, length)?;
            batches.extend(self.message(&metadata, Buffer::from(body))?);
        }
        if bytes.is_empty() { Ok(batches) } else { Err(Corrupt::End("is cut within a message")) }
    }

    /// Checks that the stream is complete.
    ///
    /// # Errors
    /// It isn't, or held no schema.
    pub fn finish(&self) -> Result<(), Corrupt> {
        match (&self.state, &self.schema) {
            (State::Ended, Some(_)) => Ok(()),
            _ => Err(Corrupt::End("is cut off")),
        }
    }

    /// Decodes one whole message.
    fn message(&mut self, metadata: &[u8], body: Buffer) -> Result<Option<RecordBatch>, Corrupt> {
        let message = parse(metadata)?;
        match (message.header_type(), &self.schema) {
            (MessageHeader::Schema, None) => {
                let described = message.header_as_schema().ok_or(Corrupt::Metadata("schema"))?;
                check::schema_message(described, &self.limits)?;
                let schema = guarded(|| try_fb_to_schema(described))?;
                check::schema(&schema)?;
                self.schema = Some(Arc::new(schema));
                Ok(None)
            }
            (MessageHeader::Schema, Some(_)) => Err(Corrupt::Unsupported("a second schema")),
            (MessageHeader::RecordBatch, Some(schema)) => {
                let batch = message.header_as_record_batch().ok_or(Corrupt::Metadata("batch"))?;
                let version = message.version();
                check::record_batch(batch, version, schema, body.len(), &self.limits)?;
                let no_dictionaries = HashMap::new();
                let batch = guarded(|| {
                    let schema = Arc::clone(schema);
                    // Validates in full: offsets, UTF-8, null counts.
                    RecordBatchDecoder::try_new(&body, batch, schema, &no_dictionaries, &version)?
                        .read_record_batch()
                })?;
                Ok(Some(batch))
            }
            (MessageHeader::RecordBatch, None) => Err(Corrupt::Unsupported("data before a schema")),
            (MessageHeader::DictionaryBatch, _) => Err(Corrupt::Unsupported("a dictionary")),
            _ => Err(Corrupt::Metadata("kind of message")),
        }
    }
}

/// How long a message's metadata are; 0 at the stream's end.
fn metadata_length(prefix: [u8; PREFIX], limits: &Limits) -> Result<usize, Corrupt> {
    let [a, b, c, d, e, f, g, h] = prefix;
    if u32::from_le_bytes([a, b, c, d]) != CONTINUATION {
        return Err(Corrupt::Metadata("mark"));
    }
    let (is, limit) = (u32::from_le_bytes([e, f, g, h]) as usize, limits.metadata);
    if is > limit {
        return Err(Corrupt::Limit { what: "bytes of metadata", is, limit });
    }
    Ok(is)
}

fn body_length(metadata: &[u8], limits: &Limits) -> Result<usize, Corrupt> {
    let is = usize::try_from(parse(metadata)?.bodyLength())
        .map_err(|_| Corrupt::Metadata("length of the body"))?;
    let limit = limits.body;
    if is > limit {
        return Err(Corrupt::Limit { what: "bytes of data", is, limit });
    }
    Ok(is)
}

/// Takes the first bytes of a segment.
fn split(bytes: &mut Bytes, length: usize) -> Result<Bytes, Corrupt> {
    if length > bytes.len() {
        return Err(Corrupt::End("is cut within a message"));
    }
    Ok(bytes.split_to(length))
}

/// Moves bytes from the input until `out` has `length`.
fn take(input: &mut &[u8], length: usize, out: &mut Vec<u8>) {
    let wanted = input.len().min(length.saturating_sub(out.len()));
    out.extend_from_slice(&input[..wanted]);
    *input = &input[wanted..];
}

fn parse(metadata: &[u8]) -> Result<Message<'_>, Corrupt> {
    // Verifies the flatbuffer: offsets, alignment, depth of nesting, number of tables.
    root_as_message(metadata).map_err(|_| Corrupt::Metadata("metadata"))
}

/// Runs a decoder that may panic on malformed input. What it leaves behind is dropped.
fn guarded<T>(decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, Corrupt> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => Ok(result?),
        Err(_) => Err(Corrupt::Panic),
    }
}
