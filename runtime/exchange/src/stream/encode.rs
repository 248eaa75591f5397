//! What goes to the worker.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::{ArrowError, SchemaRef};

/// Writes one Arrow IPC stream in pieces: those of a batch are views of its arrays, not copies.
pub struct Encoder {
    stream: StreamEncoder,
}

// === impl Encoder ===

impl Encoder {
    /// A stream of batches of this schema.
    ///
    /// # Errors
    /// The schema has no IPC form.
    pub fn new(schema: &SchemaRef) -> Result<Self, ArrowError> {
        Ok(Encoder { stream: StreamEncoder::try_new(schema)? })
    }

    /// The pieces of the next batch, after the schema's if it is the first. The batch has the
    /// stream's schema.
    ///
    /// # Errors
    /// The batch has no IPC form.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<Buffer>, ArrowError> {
        self.stream.encode(batch)
    }

    /// The stream's last pieces: the schema's if there was no batch, and the end mark.
    ///
    /// # Errors
    /// None in practice: the sink is memory.
    pub fn finish(self) -> Result<Vec<Buffer>, ArrowError> {
        self.stream.finish()
    }
}

/// The bytes of pieces, in their order.
pub fn slices(pieces: &[Buffer]) -> Vec<&[u8]> {
    pieces.iter().map(Buffer::as_slice).collect()
}
