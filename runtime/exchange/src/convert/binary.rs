//! To bytes, and to uniqueidentifier.

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder};
use arrow_array::{Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, StringArray};
use launchpod_types::{Length, SqlType};

use super::error::ValueError;
use super::parse;
use super::source::{Source, erased};
use crate::storage::GUID_SIZE;

/// Converts to a type that is neither number, text nor time.
pub(super) fn convert(source: Source, to: SqlType) -> Result<ArrayRef, ValueError> {
    match (source, to) {
        (Source::Guid(guids), SqlType::UniqueIdentifier) => Ok(erased(guids)),
        (Source::Guid(guids), _) => convert(Source::Bytes(raw(&guids)), to),
        (Source::Bytes(bytes), SqlType::UniqueIdentifier) => from_raw(&bytes),
        (Source::Text(texts), _) => guids(&texts),
        (Source::Bytes(bytes), SqlType::Binary(n)) => {
            check(&bytes, usize::from(n))?;
            Ok(erased(padded(&bytes, usize::from(n))))
        }
        (Source::Bytes(bytes), SqlType::VarBinary(Length::Limited(n))) => {
            check(&bytes, usize::from(n))?;
            Ok(erased(bytes))
        }
        (Source::Bytes(bytes), _) => Ok(erased(bytes)),
        _ => Err(ValueError::Unreadable { from: "sql_variant", to: to.name() }),
    }
}

fn check(bytes: &BinaryArray, limit: usize) -> Result<(), ValueError> {
    let fits = bytes.iter().flatten().all(|value| value.len() <= limit);
    if fits { Ok(()) } else { Err(ValueError::Truncated) }
}

fn padded(bytes: &BinaryArray, length: usize) -> BinaryArray {
    let mut out = BinaryBuilder::with_capacity(bytes.len(), bytes.len() * length);
    let mut buffer = Vec::with_capacity(length);
    for value in bytes {
        out.append_option(value.map(|value| {
            buffer.clear();
            buffer.extend_from_slice(value);
            buffer.resize(length, 0);
            &buffer
        }));
    }
    out.finish()
}

/// Uniqueidentifiers as SQL Server keeps them: the first three groups end with their high byte.
fn raw(guids: &FixedSizeBinaryArray) -> BinaryArray {
    guids.iter().map(|guid| guid.and_then(|guid| guid.try_into().ok()).map(swapped)).collect()
}

/// The inverse of [`raw`]; SQL Server fills up what is shorter with zeros.
fn from_raw(bytes: &BinaryArray) -> Result<ArrayRef, ValueError> {
    let mut out = FixedSizeBinaryBuilder::with_capacity(bytes.len(), GUID_SIZE);
    for value in bytes {
        let Some(value) = value else {
            out.append_null();
            continue;
        };
        let mut raw = [0; 16];
        raw.get_mut(..value.len()).ok_or(ValueError::Truncated)?.copy_from_slice(value);
        // Both are of 16 bytes.
        out.append_value(swapped(raw)).map_err(|_| ValueError::Guid)?;
    }
    Ok(erased(out.finish()))
}

fn swapped(mut guid: [u8; 16]) -> [u8; 16] {
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    guid
}

fn guids(texts: &StringArray) -> Result<ArrayRef, ValueError> {
    let mut out = FixedSizeBinaryBuilder::with_capacity(texts.len(), GUID_SIZE);
    for text in texts {
        match text {
            Some(text) => {
                let guid = parse::guid(text).ok_or(ValueError::Guid)?;
                // Both are of 16 bytes.
                out.append_value(guid).map_err(|_| ValueError::Guid)?;
            }
            None => out.append_null(),
        }
    }
    Ok(erased(out.finish()))
}
