//! What is checked of a worker's messages before arrow-ipc decodes them.
//!
//! arrow-ipc 60 takes offsets and lengths inside a record batch as they come, and panics where
//! they leave the message's body. Here every number of the metadata is bounded first.

use arrow_ipc::{Endianness, MetadataVersion, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};

use super::Corrupt;
use crate::storage::{DATETIMEOFFSET_SIZE, GUID_SIZE};

/// Bounds on what a worker may send. A stream that exceeds one is [`Corrupt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message's metadata. It grows with the number of columns.
    pub metadata: usize,
    /// Bytes of one message's body: what a batch may cost in memory. A single value is in one
    /// batch, so this bounds the size of a `(max)` value too.
    pub body: usize,
    /// Columns of a result.
    pub columns: usize,
    /// Rows times columns of one batch: a bound on what values of no size (NULLs) may cost
    /// once they are converted.
    pub cells: usize,
}

// === impl Limits ===

/// Four MiB of metadata, 256 MiB of body, 4096 columns (as many as a TDS result may have), a
/// million cells (four times what our worker sends).
impl Default for Limits {
    fn default() -> Self {
        Limits { metadata: 4 << 20, body: 256 << 20, columns: 4096, cells: 1 << 20 }
    }
}

/// Checks a schema message before it is decoded.
pub(super) fn schema_message(
    schema: arrow_ipc::Schema<'_>,
    limits: &Limits,
) -> Result<(), Corrupt> {
    if schema.endianness() != Endianness::Little {
        return Err(Corrupt::Unsupported("big-endian data"));
    }
    let columns = schema.fields().map_or(0, |fields| fields.len());
    if columns == 0 {
        return Err(Corrupt::Unsupported("a schema without columns"));
    }
    if columns > limits.columns {
        return Err(Corrupt::Limit { what: "columns", is: columns, limit: limits.columns });
    }
    Ok(())
}

/// Checks that a schema has only flat types, those that PROTOCOL.md lists.
pub(super) fn schema(schema: &Schema) -> Result<(), Corrupt> {
    for (index, field) in schema.fields().iter().enumerate() {
        if !is_known(field.data_type()) {
            return Err(Corrupt::Type { index, data_type: field.data_type().to_string() });
        }
    }
    Ok(())
}

fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32
        // datetimeoffset and uniqueidentifier
        | DataType::FixedSizeBinary(DATETIMEOFFSET_SIZE | GUID_SIZE)
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond, None) => true,
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => zone.as_ref() == "UTC",
        DataType::Decimal128(precision, scale) => {
            (1..=38).contains(precision)
                && u8::try_from(*scale).is_ok_and(|scale| scale <= *precision)
        }
        _ => false,
    }
}

/// The sizes of the elements of a column's buffers in a record batch: validity bits, then offsets
/// or values.
fn buffers_of(data_type: &DataType) -> &'static [usize] {
    match data_type {
        DataType::Null => &[],
        DataType::FixedSizeBinary(_) => &[1, 1],
        DataType::Utf8 | DataType::Binary => &[1, 4, 1],
        DataType::Boolean | DataType::Int8 | DataType::UInt8 => &[1, 1],
        DataType::Int16 | DataType::UInt16 => &[1, 2],
        DataType::Decimal128(..) => &[1, 16],
        DataType::Int64
        | DataType::UInt64
        | DataType::Float64
        | DataType::Time64(_)
        | DataType::Timestamp(..) => &[1, 8],
        _ => &[1, 4],
    }
}

/// Checks a record batch's metadata against the schema and the body's length.
pub(super) fn record_batch(
    batch: RecordBatch<'_>,
    version: MetadataVersion,
    schema: &Schema,
    body: usize,
    limits: &Limits,
) -> Result<(), Corrupt> {
    if version != MetadataVersion::V5 && version != MetadataVersion::V4 {
        return Err(Corrupt::Unsupported("metadata older than version 4"));
    }
    if batch.compression().is_some() {
        return Err(Corrupt::Unsupported("compression"));
    }
    let rows = usize::try_from(batch.length()).map_err(|_| Corrupt::Metadata("rows"))?;
    if rows == 0 {
        // Who sends one could send them for ever.
        return Err(Corrupt::Unsupported("a batch without rows"));
    }
    let cells = rows.saturating_mul(schema.fields().len());
    if cells > limits.cells {
        return Err(Corrupt::Limit { what: "cells", is: cells, limit: limits.cells });
    }
    let nodes = batch.nodes().ok_or(Corrupt::Metadata("columns"))?;
    if nodes.len() != schema.fields().len() {
        return Err(Corrupt::Metadata("number of columns"));
    }
    for node in nodes {
        let nulls = node.null_count();
        if node.length() != batch.length() || nulls < 0 || nulls > node.length() {
            return Err(Corrupt::Metadata("length of a column"));
        }
    }
    let buffers = batch.buffers().ok_or(Corrupt::Metadata("buffers"))?;
    let sizes: Vec<usize> =
        schema.fields().iter().flat_map(|field| buffers_of(field.data_type())).copied().collect();
    if buffers.len() != sizes.len() {
        return Err(Corrupt::Metadata("number of buffers"));
    }
    for (buffer, size) in buffers.iter().zip(sizes) {
        let offset = usize::try_from(buffer.offset()).map_err(|_| Corrupt::Metadata("place"))?;
        let length = usize::try_from(buffer.length()).map_err(|_| Corrupt::Metadata("size"))?;
        if offset.checked_add(length).is_none_or(|end| end > body) {
            return Err(Corrupt::Metadata("place of a buffer"));
        }
        // Arrow takes a buffer of offsets for whole numbers.
        if length % size != 0 {
            return Err(Corrupt::Metadata("size of a buffer"));
        }
    }
    Ok(())
}
