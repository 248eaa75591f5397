//! A cursor over a message's payload: every step is checked against the bytes present.

use std::borrow::Cow;

use crate::{
    error::{Problem, ProtocolError},
    utf16,
};

/// A (max) value that is NULL, [MS-TDS] 2.2.5.2.3.
pub(crate) const PLP_NULL: u64 = u64::MAX;
/// A (max) value whose total length the sender doesn't say, [MS-TDS] 2.2.5.2.3.
pub(crate) const PLP_UNKNOWN: u64 = u64::MAX - 1;

/// Reads little-endian fields and remembers what is being read, for errors.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    element: &'static str,
    bytes: &'a [u8],
    /// Never beyond `bytes.len()`.
    at: usize,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(crate) fn new(element: &'static str, bytes: &'a [u8]) -> Self {
        Self { element, bytes, at: 0 }
    }

    /// Names the element that the next steps read.
    pub(crate) fn enter(&mut self, element: &'static str) {
        self.element = element;
    }

    /// A reader of the whole bytes that stands at `offset`, for formats that point into
    /// themselves.
    pub(crate) fn seek(&self, offset: usize) -> Result<Self, ProtocolError> {
        if offset > self.bytes.len() {
            return Err(self.invalid("offset", offset as u64));
        }
        Ok(Self { at: offset, ..self.clone() })
    }

    /// Ends the bytes after the first `length`, which reach at least to where it stands.
    pub(crate) fn limit(&mut self, length: usize) {
        debug_assert!(self.at <= length);
        self.bytes = &self.bytes[..length.min(self.bytes.len())];
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left() == 0
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn error(&self, problem: Problem) -> ProtocolError {
        ProtocolError::new(self.element, self.at, problem)
    }

    pub(crate) fn invalid(&self, what: &'static str, value: impl Into<u64>) -> ProtocolError {
        self.error(Problem::Invalid { what, value: value.into() })
    }

    pub(crate) fn invalid_value(&self, what: &'static str, value: impl Into<u64>) -> ProtocolError {
        self.error(Problem::InvalidValue { what, value: value.into() })
    }

    pub(crate) fn value_length(&self, length: impl Into<u64>) -> ProtocolError {
        self.error(Problem::ValueLength { length: length.into() })
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtocolError> {
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(array) => {
                self.at += N;
                Ok(*array)
            }
            None => Err(self.error(Problem::Truncated { needed: N, left: self.left() })),
        }
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], ProtocolError> {
        if length > self.left() {
            return Err(self.error(Problem::Truncated { needed: length, left: self.left() }));
        }
        let bytes = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(bytes)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let bytes = &self.bytes[self.at..];
        self.at = self.bytes.len();
        bytes
    }

    /// An error unless everything has been read.
    pub(crate) fn end(&self) -> Result<(), ProtocolError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.error(Problem::Trailing { left: self.left() }))
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ProtocolError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ProtocolError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, ProtocolError> {
        self.array().map(i16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ProtocolError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, ProtocolError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ProtocolError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, ProtocolError> {
        self.array().map(i64::from_le_bytes)
    }

    /// An unsigned number of `width` (at most 8) bytes.
    pub(crate) fn unsigned(&mut self, width: usize) -> Result<u64, ProtocolError> {
        let bytes = self.bytes(width)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// UTF-16LE text of `units` code units.
    pub(crate) fn text(&mut self, units: usize) -> Result<String, ProtocolError> {
        // No overflow: lengths on the wire are at most 32 bits, and usize has 64.
        self.bytes(units * 2).map(utf16::decode)
    }

    /// B_VARCHAR, [MS-TDS] 2.2.5.1.2: text after its length in code units, a byte.
    pub(crate) fn b_varchar(&mut self) -> Result<String, ProtocolError> {
        let units = self.u8()?;
        self.text(units.into())
    }

    /// US_VARCHAR, [MS-TDS] 2.2.5.1.2: text after its length in code units, two bytes.
    pub(crate) fn us_varchar(&mut self) -> Result<String, ProtocolError> {
        let units = self.u16()?;
        self.text(units.into())
    }

    /// UTF-16LE text after its length in bytes, a byte.
    pub(crate) fn b_varbyte_text(&mut self) -> Result<String, ProtocolError> {
        let length = self.u8()?;
        if !length.is_multiple_of(2) {
            return Err(self.invalid("odd length of UTF-16 text", length));
        }
        self.text(usize::from(length / 2))
    }

    /// PLP_BODY, [MS-TDS] 2.2.5.2.3: a (max) value in chunks; `None` is NULL.
    pub(crate) fn plp(&mut self) -> Result<Option<Cow<'a, [u8]>>, ProtocolError> {
        let total = self.u64()?;
        if total == PLP_NULL {
            return Ok(None);
        }
        // Grows with the chunks that are really there, never by the claimed total.
        let mut value = Cow::Borrowed(&[][..]);
        loop {
            let length = self.u32()?;
            if length == 0 {
                break;
            }
            let chunk = self.bytes(length as usize)?;
            if value.is_empty() {
                value = Cow::Borrowed(chunk);
            } else {
                value.to_mut().extend_from_slice(chunk);
            }
        }
        if total != PLP_UNKNOWN && total != value.len() as u64 {
            return Err(self.value_length(total));
        }
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plp_reads_known_and_unknown_lengths() {
        let mut known = vec![3, 0, 0, 0, 0, 0, 0, 0];
        known.extend_from_slice(&[2, 0, 0, 0, b'a', b'b', 1, 0, 0, 0, b'c', 0, 0, 0, 0]);
        assert_eq!(Reader::new("t", &known).plp().unwrap().unwrap().as_ref(), b"abc");

        let mut unknown = known.clone();
        unknown[..8].copy_from_slice(&PLP_UNKNOWN.to_le_bytes());
        assert_eq!(Reader::new("t", &unknown).plp().unwrap().unwrap().as_ref(), b"abc");

        assert_eq!(Reader::new("t", &[0xff; 8]).plp().unwrap(), None);

        known[0] = 4;
        assert!(Reader::new("t", &known).plp().is_err());
        assert!(Reader::new("t", &unknown[..unknown.len() - 1]).plp().is_err());
    }

    #[test]
    fn a_claimed_length_beyond_the_bytes_is_an_error() {
        let mut reader = Reader::new("t", &[0xff, 0xff, 1, 2]);
        let error = reader.us_varchar().unwrap_err();
        assert_eq!(error.problem(), &Problem::Truncated { needed: 131_070, left: 2 });
        assert!(reader.seek(5).is_err());
        assert_eq!(reader.seek(4).unwrap().left(), 0);
    }
}
