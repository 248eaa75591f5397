//! To bytes, and to uniqueidentifier.

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder};
use arrow_array::{Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, StringArray};
use launchpod_types::{Length, SqlType};

use super::error::ValueError;
use super::parse;
use super::source::{Source, erased};
use crate::storage::GUID_SIZE;

/// Converts to a type that is neither number, text nor time.
pub(super) fn convert(source: Source, from: SqlType, to: SqlType) -> Result<ArrayRef, ValueError> {
    match (source, to) {
        (Source::Guid(guids), SqlType::UniqueIdentifier) => Ok(erased(guids)),
        (Source::Guid(guids), _) => convert(Source::Bytes(raw(&guids)), from, to),
        (Source::Int(numbers), _) => {
            let width = match from {
                SqlType::Bit | SqlType::TinyInt => 1,
                SqlType::SmallInt => 2,
                SqlType::Int => 4,
                _ => 8,
            };
            let bytes = |number: i64| number.to_be_bytes()[8 - width..].to_vec();
            of_numbers(numbers.iter().map(|number| number.map(bytes)), to)
        }
        (Source::Float(numbers), _) => {
            of_numbers(numbers.iter().map(|v| v.map(|v| v.to_be_bytes().to_vec())), to)
        }
        (Source::Single(numbers), _) => {
            of_numbers(numbers.iter().map(|v| v.map(|v| v.to_be_bytes().to_vec())), to)
        }
        (Source::Decimal(numbers), _) => {
            let (precision, scale) = (numbers.precision(), numbers.scale().unsigned_abs());
            let bytes = |unscaled: i128| decimal_bytes(unscaled, precision, scale);
            of_numbers(numbers.iter().map(|number| number.map(bytes)), to)
        }
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

/// The bytes of numbers, which are filled up and cut in front. Only zeros are cut.
fn of_numbers(
    numbers: impl Iterator<Item = Option<Vec<u8>>>,
    to: SqlType,
) -> Result<ArrayRef, ValueError> {
    let (shortest, limit) = match to {
        SqlType::Binary(n) => (usize::from(n), usize::from(n)),
        SqlType::VarBinary(Length::Limited(n)) => (0, usize::from(n)),
        _ => (0, usize::MAX),
    };
    let mut out = BinaryBuilder::new();
    for number in numbers {
        let Some(bytes) = number else {
            out.append_null();
            continue;
        };
        let (cut, kept) = bytes.split_at(bytes.len().saturating_sub(limit));
        if cut.iter().any(|byte| *byte != 0) {
            return Err(ValueError::Truncated);
        }
        let mut filled = vec![0; shortest.saturating_sub(kept.len())];
        filled.extend_from_slice(kept);
        out.append_value(filled);
    }
    Ok(erased(out.finish()))
}

/// As CAST of a decimal to varbinary shows it: precision, scale, 0, the sign (1 unless below
/// zero), and the digits as a little-endian number of 4, 8, 12 or 16 bytes.
fn decimal_bytes(unscaled: i128, precision: u8, scale: u8) -> Vec<u8> {
    let width = match precision {
        0..=9 => 4,
        10..=19 => 8,
        20..=28 => 12,
        _ => 16,
    };
    let mut bytes = vec![precision, scale, 0, u8::from(unscaled >= 0)];
    bytes.extend_from_slice(&unscaled.unsigned_abs().to_le_bytes()[..width]);
    bytes
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
