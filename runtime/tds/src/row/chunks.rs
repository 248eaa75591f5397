//! Cells of (max) types in pieces, PLP_BODY of [MS-TDS] 2.2.5.2.3.

use super::{RowError, RowWriter};
use crate::types::{
    EncodeError, TypeInfo,
    encode::{self, TextEncoding},
};

/// Writes one cell of a (max) type in pieces.
///
/// A cell counts once [`ChunkWriter::finish`] was called; one that is dropped before
/// leaves nothing behind. Pieces gather in the answer's buffer as other cells do: what
/// is saved is a copy of the whole value elsewhere.
#[derive(Debug)]
#[must_use = "a cell that isn't finished is taken back"]
pub struct ChunkWriter<'w, 'a> {
    pub(super) row: &'w mut RowWriter<'a>,
    /// Where the cell begins, to take it back.
    pub(super) start: usize,
    /// Bytes of the value so far.
    pub(super) length: usize,
    pub(super) finished: bool,
}

// === impl ChunkWriter ===

impl ChunkWriter<'_, '_> {
    /// Appends a piece of text.
    ///
    /// # Errors
    /// When the column isn't one of text, or the value would exceed 2^31 − 1 bytes.
    pub fn text(&mut self, piece: &str) -> Result<(), RowError> {
        let info = &self.row.column()?.type_info;
        match encode::encoding(info) {
            Some(encoding) => self.piece(|out| TextEncoding::put(encoding, out, piece)),
            None => Err(self.wrong_type("text", info)),
        }
    }

    /// Appends a piece of bytes.
    ///
    /// # Errors
    /// When the column isn't a binary one, or the value would exceed 2^31 − 1 bytes.
    pub fn binary(&mut self, piece: &[u8]) -> Result<(), RowError> {
        let info = &self.row.column()?.type_info;
        if !encode::is_binary(info) {
            return Err(self.wrong_type("binary", info));
        }
        self.piece(|out| out.extend_from_slice(piece))
    }

    fn wrong_type(&self, given: &'static str, info: &TypeInfo) -> RowError {
        self.row.cell_error(EncodeError::WrongType { given, declared: info.name() })
    }

    fn piece(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Result<(), RowError> {
        let info = &self.row.column()?.type_info;
        match encode::chunk(self.row.out, info, self.length, put) {
            Ok(length) => {
                self.length += length;
                Ok(())
            }
            Err(source) => Err(self.row.cell_error(source)),
        }
    }

    /// Ends the cell.
    pub fn finish(mut self) {
        encode::end_chunks(self.row.out);
        self.row.next += 1;
        self.finished = true;
    }
}

impl Drop for ChunkWriter<'_, '_> {
    fn drop(&mut self) {
        if !self.finished {
            self.row.out.truncate(self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        row::tests::{column, nvarchar},
        types::Length,
    };

    const ROW: u8 = 0xd1;

    #[test]
    fn max_values_whole_and_in_pieces() {
        let columns = [nvarchar(Length::Max), column(TypeInfo::VarBinary { length: Length::Max })];
        let mut out = Vec::new();
        let mut row = RowWriter::new(&mut out, &columns);
        row.text(Some("é")).unwrap();
        let mut cell = row.chunks().unwrap();
        assert!(cell.text("x").is_err());
        cell.binary(b"ab").unwrap();
        cell.binary(b"").unwrap();
        cell.binary(b"c").unwrap();
        cell.finish();
        row.finish().unwrap();
        let expected = [
            &[ROW, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0xe9, 0, 0, 0, 0, 0][..],
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[2, 0, 0, 0, b'a', b'b', 1, 0, 0, 0, b'c', 0, 0, 0, 0],
        ];
        assert_eq!(out, expected.concat());
    }

    #[test]
    fn pieces_that_are_not_finished_are_taken_back() {
        let columns = [nvarchar(Length::Max)];
        let mut out = Vec::new();
        let mut row = RowWriter::new(&mut out, &columns);
        let mut cell = row.chunks().unwrap();
        cell.text("lost").unwrap();
        drop(cell);
        row.text(None).unwrap();
        row.finish().unwrap();
        assert_eq!(out, [&[ROW][..], &[0xff; 8]].concat());
    }
}
