//! Values of varying length: text and bytes, whole or in chunks.

use super::{EncodeError, wrong_type};
use crate::{
    reader::PLP_UNKNOWN,
    types::{Collation, Length, TypeInfo, info},
    utf16,
};

/// The most bytes that a value of a (max) type may have in SQL Server.
const MAX_VALUE: usize = 0x7fff_ffff;

/// The text pointer and timestamp in front of a text, ntext or image cell. Nothing reads
/// them; SQL Server sends these words for values that aren't in a table.
const TEXT_POINTER: [u8; 25] = *b"\x10dummy textptr\0\0\0dummyTS\0";

/// How a type holds text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextEncoding {
    Utf16,
    CodePage(Collation),
}

/// How the length of a value stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Short,
    Plp,
    TextPointer,
}

// === impl TextEncoding ===

impl TextEncoding {
    pub(crate) fn put(self, out: &mut Vec<u8>, text: &str) {
        match self {
            Self::Utf16 => utf16::encode(out, text),
            Self::CodePage(collation) => collation.encode(out, text),
        }
    }
}

/// Text as the type has it: UTF-16, or in its collation's code page.
pub(crate) fn text(out: &mut Vec<u8>, info: &TypeInfo, value: &str) -> Result<(), EncodeError> {
    let Some(encoding) = encoding(info) else {
        return Err(wrong_type("text", info));
    };
    long_value(out, info, |out| encoding.put(out, value))
}

pub(crate) fn binary(out: &mut Vec<u8>, info: &TypeInfo, value: &[u8]) -> Result<(), EncodeError> {
    if !is_binary(info) {
        return Err(wrong_type("binary", info));
    }
    long_value(out, info, |out| out.extend_from_slice(value))
}

/// How the type holds text, if it does.
pub(crate) fn encoding(info: &TypeInfo) -> Option<TextEncoding> {
    match info {
        TypeInfo::NChar { .. }
        | TypeInfo::NVarChar { .. }
        | TypeInfo::NText { .. }
        | TypeInfo::Xml => Some(TextEncoding::Utf16),
        TypeInfo::Char { collation, .. }
        | TypeInfo::VarChar { collation, .. }
        | TypeInfo::Text { collation } => Some(TextEncoding::CodePage(*collation)),
        TypeInfo::LegacyChar { .. } => Some(TextEncoding::CodePage(Collation::default())),
        _ => None,
    }
}

pub(crate) fn is_binary(info: &TypeInfo) -> bool {
    matches!(
        info,
        TypeInfo::Binary { .. }
            | TypeInfo::VarBinary { .. }
            | TypeInfo::LegacyBinary { .. }
            | TypeInfo::Image
    )
}

/// Whether the length of values stands in two bytes before them.
pub(crate) fn is_limited(info: &TypeInfo) -> bool {
    matches!(variable(info), Some((Prefix::Short, _)))
}

/// The prefix and the most bytes of a type whose values vary in length.
pub(super) fn variable(info: &TypeInfo) -> Option<(Prefix, usize)> {
    let limited =
        |length: u16, unit: u16| Some((Prefix::Short, usize::from(info::limit(length, unit))));
    match info {
        TypeInfo::Char { length, .. } | TypeInfo::Binary { length } => limited(*length, 1),
        TypeInfo::NChar { length, .. } => limited(*length, 2),
        TypeInfo::LegacyChar { length } | TypeInfo::LegacyBinary { length } => {
            limited((*length).into(), 1)
        }
        TypeInfo::VarChar { length: Length::Limited(length), .. }
        | TypeInfo::VarBinary { length: Length::Limited(length) } => limited(*length, 1),
        TypeInfo::NVarChar { length: Length::Limited(length), .. } => limited(*length, 2),
        TypeInfo::VarChar { length: Length::Max, .. }
        | TypeInfo::NVarChar { length: Length::Max, .. }
        | TypeInfo::VarBinary { length: Length::Max }
        | TypeInfo::Xml => Some((Prefix::Plp, MAX_VALUE)),
        TypeInfo::Text { .. } | TypeInfo::NText { .. } | TypeInfo::Image => {
            Some((Prefix::TextPointer, MAX_VALUE))
        }
        _ => None,
    }
}

/// Appends a value that `put` writes, with its length in front.
fn long_value(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    put: impl FnOnce(&mut Vec<u8>),
) -> Result<(), EncodeError> {
    let Some((prefix, maximum)) = variable(info) else {
        return Err(wrong_type("variable length", info));
    };
    let start = out.len();
    match prefix {
        Prefix::Short => out.extend_from_slice(&[0; 2]),
        // The total length, and that of the only chunk.
        Prefix::Plp => out.extend_from_slice(&[0; 12]),
        Prefix::TextPointer => {
            out.extend_from_slice(&TEXT_POINTER);
            out.extend_from_slice(&[0; 4]);
        }
    }
    let body = out.len();
    put(out);
    let length = out.len() - body;
    if length > maximum {
        out.truncate(start);
        return Err(EncodeError::TooLong { declared: info.name(), length, maximum });
    }
    // No length is cut: `maximum` is at most 8000 for two bytes and below 2^31 for four.
    match prefix {
        Prefix::Short => out[start..body].copy_from_slice(&(length as u16).to_le_bytes()),
        Prefix::Plp => {
            out[start..start + 8].copy_from_slice(&(length as u64).to_le_bytes());
            if length == 0 {
                // No chunk: the length just reserved for one is the terminator.
                return Ok(());
            }
            out[start + 8..body].copy_from_slice(&(length as u32).to_le_bytes());
            out.extend_from_slice(&[0; 4]);
        }
        Prefix::TextPointer => out[body - 4..body].copy_from_slice(&(length as u32).to_le_bytes()),
    }
    Ok(())
}

/// Begins a (max) value in chunks.
pub(crate) fn begin_chunks(out: &mut Vec<u8>, info: &TypeInfo) -> Result<(), EncodeError> {
    match variable(info) {
        Some((Prefix::Plp, _)) => {
            out.extend_from_slice(&PLP_UNKNOWN.to_le_bytes());
            Ok(())
        }
        _ => Err(wrong_type("chunks", info)),
    }
}

/// Appends one chunk that `put` writes; `before` bytes of the value came earlier. Returns
/// the chunk's length.
pub(crate) fn chunk(
    out: &mut Vec<u8>,
    info: &TypeInfo,
    before: usize,
    put: impl FnOnce(&mut Vec<u8>),
) -> Result<usize, EncodeError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    put(out);
    let length = out.len() - start - 4;
    if length > MAX_VALUE - before {
        out.truncate(start);
        return Err(EncodeError::TooLong {
            declared: info.name(),
            length: before + length,
            maximum: MAX_VALUE,
        });
    }
    if length == 0 {
        // A chunk without bytes would end the value.
        out.truncate(start);
    } else {
        out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
    }
    Ok(length)
}

/// Ends a (max) value in chunks.
pub(crate) fn end_chunks(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
}
