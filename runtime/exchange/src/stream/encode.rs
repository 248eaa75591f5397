//! What goes to the worker.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};

/// Writes one Arrow IPC stream in pieces.
pub struct Encoder {
    writer: StreamWriter<Vec<u8>>,
}

// === impl Encoder ===

impl Encoder {
    /// A stream of batches of this schema.
    ///
    /// # Errors
    /// The schema has no IPC form.
    pub fn new(schema: &SchemaRef) -> Result<Self, ArrowError> {
        Ok(Encoder { writer: StreamWriter::try_new(Vec::new(), schema)? })
    }

    /// The bytes of the next batch, after the schema's if it is the first.
    ///
    /// # Errors
    /// The batch has another schema.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        self.writer.write(batch)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }

    /// The stream's last bytes: the schema's if there was no batch, and the end mark.
    ///
    /// # Errors
    /// None in practice: the sink is memory.
    pub fn finish(mut self) -> Result<Vec<u8>, ArrowError> {
        self.writer.finish()?;
        self.writer.into_inner()
    }
}
