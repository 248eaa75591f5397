//! The cells of a row, read where they are.

use std::borrow::Cow;

use crate::{
    error::{Problem, ProtocolError},
    reader::{PLP_NULL, Reader},
    types::{Length, TypeInfo},
};

const ELEMENT: &str = "ROW";

/// NULL among lengths of two bytes, CHARBIN_NULL of [MS-TDS] 2.2.5.2.2.
const SHORT_NULL: u16 = 0xffff;
/// Bytes of the timestamp behind a text pointer.
const TIMESTAMP: usize = 8;

/// How a column's cells stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Always so many bytes.
    Fixed(usize),
    /// Behind a length of one byte, 0 for NULL.
    Byte,
    /// Behind a length of two bytes.
    Short,
    /// In chunks, PLP_BODY.
    Chunks,
    /// Behind a text pointer.
    Pointer,
    /// Behind a length of four bytes, 0 for NULL.
    Long,
}

/// A row whose bytes are all there. Its cells are the values' bytes as [MS-TDS] 2.2.5.5 has
/// them, without lengths and pointers.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    reader: Reader<'a>,
    layouts: &'a [Layout],
    /// The bitmap of an NBCROW; empty in a ROW.
    nulls: &'a [u8],
    next: usize,
}

/// How far the search for a row's end has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    /// The column whose cell comes next.
    column: usize,
    /// Where in the row the next thing stands.
    at: usize,
    /// Whether that is a chunk of the column's cell.
    in_chunks: bool,
}

/// What a [`Scan`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The row ends there.
    Whole(usize),
    /// The row needs at least so many bytes.
    Needs(usize),
}

// === impl Layout ===

impl Layout {
    pub fn of(info: &TypeInfo) -> Self {
        match info {
            TypeInfo::Null => Self::Fixed(0),
            TypeInfo::Fixed(fixed) => Self::Fixed(fixed.width().into()),
            TypeInfo::Nullable(_)
            | TypeInfo::Decimal { .. }
            | TypeInfo::Numeric { .. }
            | TypeInfo::Guid
            | TypeInfo::Date
            | TypeInfo::Time { .. }
            | TypeInfo::DateTime2 { .. }
            | TypeInfo::DateTimeOffset { .. }
            | TypeInfo::LegacyChar { .. }
            | TypeInfo::LegacyBinary { .. } => Self::Byte,
            TypeInfo::VarChar { length: Length::Max, .. }
            | TypeInfo::NVarChar { length: Length::Max, .. }
            | TypeInfo::VarBinary { length: Length::Max }
            | TypeInfo::Xml => Self::Chunks,
            TypeInfo::Char { .. }
            | TypeInfo::VarChar { .. }
            | TypeInfo::NChar { .. }
            | TypeInfo::NVarChar { .. }
            | TypeInfo::Binary { .. }
            | TypeInfo::VarBinary { .. } => Self::Short,
            TypeInfo::Text { .. } | TypeInfo::NText { .. } | TypeInfo::Image => Self::Pointer,
            TypeInfo::Variant => Self::Long,
        }
    }
}

// === impl Scan ===

impl Scan {
    /// Goes on towards the end of the row that begins `bytes`, behind its token. What was read
    /// is not read again, so that a row which comes in many pieces costs no more than one that
    /// comes whole.
    pub fn advance(&mut self, bytes: &[u8], layouts: &[Layout], bitmap: bool) -> Scanned {
        if self.at == 0 && bitmap {
            self.at = layouts.len().div_ceil(8);
        }
        if bytes.len() < self.at {
            return Scanned::Needs(self.at);
        }
        while let Some(layout) = layouts.get(self.column) {
            if bitmap && is_null(bytes, self.column) {
                self.column += 1;
                continue;
            }
            match self.cell(bytes, *layout) {
                Ok(end) => {
                    self.at = end;
                    self.in_chunks = false;
                    self.column += 1;
                }
                Err(needs) => return Scanned::Needs(needs),
            }
        }
        Scanned::Whole(self.at)
    }

    /// Where the next cell ends; or how many bytes it takes to know more.
    fn cell(&mut self, bytes: &[u8], layout: Layout) -> Result<usize, usize> {
        let at = self.at;
        let end = match layout {
            Layout::Fixed(width) => at + width,
            Layout::Byte => at + 1 + usize::from(byte(bytes, at)?),
            Layout::Short => match u16::from_le_bytes(array(bytes, at)?) {
                SHORT_NULL => at + 2,
                length => at + 2 + usize::from(length),
            },
            Layout::Pointer => match byte(bytes, at)? {
                0 => at + 1,
                pointer => {
                    let behind = at + 1 + usize::from(pointer) + TIMESTAMP;
                    // Fits: usize has 64 bits.
                    behind + 4 + u32::from_le_bytes(array(bytes, behind)?) as usize
                }
            },
            // Fits: usize has 64 bits.
            Layout::Long => at + 4 + u32::from_le_bytes(array(bytes, at)?) as usize,
            Layout::Chunks => return self.chunks(bytes),
        };
        if end > bytes.len() { Err(end) } else { Ok(end) }
    }

    fn chunks(&mut self, bytes: &[u8]) -> Result<usize, usize> {
        if !self.in_chunks {
            let total = u64::from_le_bytes(array(bytes, self.at)?);
            self.at += 8;
            if total == PLP_NULL {
                return Ok(self.at);
            }
            self.in_chunks = true;
        }
        loop {
            let length = u32::from_le_bytes(array(bytes, self.at)?) as usize;
            let end = self.at + 4 + length;
            if end > bytes.len() {
                return Err(end);
            }
            if length == 0 {
                return Ok(end);
            }
            self.at = end;
        }
    }
}

// === impl Row ===

impl<'a> Row<'a> {
    /// The row that `bytes` hold, behind its token.
    pub(super) fn new(
        bytes: &'a [u8],
        layouts: &'a [Layout],
        bitmap: bool,
    ) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(ELEMENT, bytes);
        let nulls = if bitmap { reader.bytes(layouts.len().div_ceil(8))? } else { &[][..] };
        Ok(Self { reader, layouts, nulls, next: 0 })
    }

    /// The next cell, in the order of the columns; `None` within is NULL.
    ///
    /// # Errors
    /// When there are no more cells, or a `(max)` value isn't as long as it claims.
    #[inline]
    pub fn cell(&mut self) -> Result<Option<Cow<'a, [u8]>>, ProtocolError> {
        let column = self.next;
        let Some(layout) = self.layouts.get(column) else {
            return Err(self.reader.error(Problem::Truncated { needed: 1, left: 0 }));
        };
        self.next += 1;
        if !self.nulls.is_empty() && is_null(self.nulls, column) {
            return Ok(None);
        }
        let reader = &mut self.reader;
        let length = match *layout {
            Layout::Fixed(width) => width,
            Layout::Byte => match reader.u8()? {
                0 => return Ok(None),
                length => length.into(),
            },
            Layout::Short => match reader.u16()? {
                SHORT_NULL => return Ok(None),
                length => length.into(),
            },
            Layout::Chunks => return reader.plp(),
            Layout::Pointer => match reader.u8()? {
                0 => return Ok(None),
                pointer => {
                    reader.bytes(usize::from(pointer) + TIMESTAMP)?;
                    reader.u32()? as usize
                }
            },
            Layout::Long => match reader.u32()? {
                0 => return Ok(None),
                length => length as usize,
            },
        };
        reader.bytes(length).map(|bytes| Some(Cow::Borrowed(bytes)))
    }
}

/// Whether a bitmap says that a column's cell is NULL.
fn is_null(bitmap: &[u8], column: usize) -> bool {
    bitmap.get(column / 8).is_some_and(|bits| bits & (1 << (column % 8)) != 0)
}

fn byte(bytes: &[u8], at: usize) -> Result<u8, usize> {
    bytes.get(at).copied().ok_or(at + 1)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], usize> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    found.copied().ok_or(at + N)
}
