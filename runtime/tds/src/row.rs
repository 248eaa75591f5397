//! ROW and NBCROW, [MS-TDS] 2.2.7.17 and 2.2.7.15: rows written straight into an answer.

mod chunks;

pub use self::chunks::ChunkWriter;
use crate::{
    token::Column,
    types::{
        Date, DateTime, DateTime2, DateTimeOffset, EncodeError, SmallDateTime, Time, TypeInfo,
        Value, encode,
    },
};

pub(crate) const ROW: u8 = 0xd1;
pub(crate) const NBCROW: u8 = 0xd2;

/// Writes one row, cell by cell in the order of the columns, without an allocation of its
/// own.
///
/// A row counts once [`RowWriter::finish`] has succeeded; one that is dropped before
/// leaves nothing behind. A cell that fails leaves nothing behind either, and can be
/// written again with another value.
///
/// `None` is NULL. The methods are named for the columns' types:
///
/// ```
/// use launchpod_tds::{row::RowWriter, token::{Column, ColumnFlags}, types::{FixedType, TypeInfo}};
///
/// let column = |type_info| Column {
///     name: String::new(),
///     type_info,
///     user_type: 0,
///     flags: ColumnFlags { nullable: true, ..ColumnFlags::default() },
/// };
/// let columns = [column(TypeInfo::Nullable(FixedType::Int)), column(TypeInfo::Guid)];
/// let mut tokens = Vec::new();
/// let mut row = RowWriter::new(&mut tokens, &columns);
/// row.int(Some(7))?;
/// row.guid(None)?;
/// row.finish()?;
/// assert_eq!(tokens, [0xd1, 4, 7, 0, 0, 0, 0]);
/// # Ok::<(), launchpod_tds::row::RowError>(())
/// ```
#[derive(Debug)]
#[must_use = "a row that isn't finished is taken back"]
pub struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    columns: &'a [Column],
    /// Where the row begins, to take it back.
    start: usize,
    /// Where the bitmap of NULLs is, in an NBCROW.
    nulls: Option<usize>,
    /// The column of the next cell.
    next: usize,
    finished: bool,
}

/// A row that can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A cell doesn't suit its column.
    #[error("column {column}: {source}")]
    Cell {
        /// The column, from 0.
        column: usize,
        /// What is wrong.
        source: EncodeError,
    },
    /// There are more cells than columns.
    #[error("a row of {columns} columns has no more cells")]
    TooManyCells {
        /// How many columns there are.
        columns: usize,
    },
    /// There are fewer cells than columns.
    #[error("a row of {columns} columns has only {cells} cells")]
    MissingCells {
        /// How many columns there are.
        columns: usize,
        /// How many cells were written.
        cells: usize,
    },
    /// A value came for a cell that was announced as NULL.
    #[error("column {column} was announced as NULL and has a value")]
    AnnouncedNull {
        /// The column, from 0.
        column: usize,
    },
}

// === impl RowWriter ===

impl<'a> RowWriter<'a> {
    /// Begins a ROW at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>, columns: &'a [Column]) -> Self {
        let start = out.len();
        out.push(ROW);
        Self { out, columns, start, nulls: None, next: 0, finished: false }
    }

    /// Begins a row of which it is known where it has NULLs: an NBCROW when that is
    /// shorter, that is, when the NULLs take more bytes than the bitmap.
    ///
    /// `nulls` says for each column whether its cell is NULL; a shorter one means that the
    /// others aren't. The cells are written as in any row, those with `None`. Clients
    /// older than [`TdsVersion::V7_3B`](crate::version::TdsVersion::V7_3B) don't know
    /// NBCROW.
    pub fn with_nulls(
        out: &'a mut Vec<u8>,
        columns: &'a [Column],
        nulls: impl IntoIterator<Item = bool>,
    ) -> Self {
        let start = out.len();
        out.push(NBCROW);
        let bitmap = out.len();
        out.resize(bitmap + columns.len().div_ceil(8), 0);
        let mut saved = 0;
        for (index, (column, null)) in columns.iter().zip(nulls).enumerate() {
            let width = encode::null_width(&column.type_info);
            // The bit of a type without NULL stays clear, so that its cell reports it.
            if null && width > 0 {
                saved += width;
                out[bitmap + index / 8] |= 1 << (index % 8);
            }
        }
        if saved <= columns.len().div_ceil(8) {
            out.truncate(start);
            return Self::new(out, columns);
        }
        Self { out, columns, start, nulls: Some(bitmap), next: 0, finished: false }
    }

    #[inline]
    fn column(&self) -> Result<&'a Column, RowError> {
        self.columns.get(self.next).ok_or(RowError::TooManyCells { columns: self.columns.len() })
    }

    #[inline]
    fn is_announced_null(&self) -> bool {
        self.nulls
            .is_some_and(|bitmap| self.out[bitmap + self.next / 8] & 1 << (self.next % 8) != 0)
    }

    fn cell_error(&self, source: EncodeError) -> RowError {
        RowError::Cell { column: self.next, source }
    }

    #[inline]
    fn cell<T>(
        &mut self,
        value: Option<T>,
        put: impl FnOnce(&mut Vec<u8>, &TypeInfo, T) -> Result<(), EncodeError>,
    ) -> Result<(), RowError> {
        let info = &self.column()?.type_info;
        match (value, self.is_announced_null()) {
            (None, true) => {}
            (Some(_), true) => return Err(RowError::AnnouncedNull { column: self.next }),
            (None, false) => {
                encode::null(self.out, info).map_err(|source| self.cell_error(source))?
            }
            (Some(value), false) => {
                put(self.out, info, value).map_err(|source| self.cell_error(source))?
            }
        }
        self.next += 1;
        Ok(())
    }

    /// NULL, whatever the column's type.
    pub fn null(&mut self) -> Result<(), RowError> {
        self.cell(None::<()>, |_, _, ()| Ok(()))
    }

    /// bit.
    pub fn bit(&mut self, value: Option<bool>) -> Result<(), RowError> {
        self.cell(value, encode::bit)
    }

    /// tinyint.
    pub fn tiny_int(&mut self, value: Option<u8>) -> Result<(), RowError> {
        self.cell(value, encode::tiny_int)
    }

    /// smallint.
    pub fn small_int(&mut self, value: Option<i16>) -> Result<(), RowError> {
        self.cell(value, encode::small_int)
    }

    /// int.
    pub fn int(&mut self, value: Option<i32>) -> Result<(), RowError> {
        self.cell(value, encode::int)
    }

    /// bigint.
    pub fn big_int(&mut self, value: Option<i64>) -> Result<(), RowError> {
        self.cell(value, encode::big_int)
    }

    /// real.
    pub fn real(&mut self, value: Option<f32>) -> Result<(), RowError> {
        self.cell(value, encode::real)
    }

    /// float.
    pub fn float(&mut self, value: Option<f64>) -> Result<(), RowError> {
        self.cell(value, encode::float)
    }

    /// money and smallmoney, in ten-thousandths.
    pub fn money(&mut self, value: Option<i64>) -> Result<(), RowError> {
        self.cell(value, encode::money)
    }

    /// decimal and numeric: the digits at the column's scale.
    pub fn decimal(&mut self, unscaled: Option<i128>) -> Result<(), RowError> {
        self.cell(unscaled, encode::decimal)
    }

    /// uniqueidentifier, in the byte order of RFC 9562.
    pub fn guid(&mut self, value: Option<[u8; 16]>) -> Result<(), RowError> {
        self.cell(value, encode::guid)
    }

    /// date.
    pub fn date(&mut self, value: Option<Date>) -> Result<(), RowError> {
        self.cell(value, encode::date)
    }

    /// time; digits beyond the column's scale are cut off.
    pub fn time(&mut self, value: Option<Time>) -> Result<(), RowError> {
        self.cell(value, encode::time)
    }

    /// datetime.
    pub fn datetime(&mut self, value: Option<DateTime>) -> Result<(), RowError> {
        self.cell(value, encode::datetime)
    }

    /// smalldatetime.
    pub fn small_datetime(&mut self, value: Option<SmallDateTime>) -> Result<(), RowError> {
        self.cell(value, encode::small_datetime)
    }

    /// datetime2; digits beyond the column's scale are cut off.
    pub fn datetime2(&mut self, value: Option<DateTime2>) -> Result<(), RowError> {
        self.cell(value, encode::datetime2)
    }

    /// datetimeoffset; digits beyond the column's scale are cut off.
    pub fn datetimeoffset(&mut self, value: Option<DateTimeOffset>) -> Result<(), RowError> {
        self.cell(value, encode::datetimeoffset)
    }

    /// Any character type and xml: UTF-16, or the code page of the column's collation.
    pub fn text(&mut self, value: Option<&str>) -> Result<(), RowError> {
        self.cell(value, encode::text)
    }

    /// Any binary type.
    pub fn binary(&mut self, value: Option<&[u8]>) -> Result<(), RowError> {
        self.cell(value, encode::binary)
    }

    /// A value of the kind that the column's type has.
    pub fn value(&mut self, value: &Value) -> Result<(), RowError> {
        let value = (*value != Value::Null).then_some(value);
        self.cell(value, encode::value)
    }

    /// Begins a cell of a (max) type or xml, which is written in pieces.
    pub fn chunks(&mut self) -> Result<ChunkWriter<'_, 'a>, RowError> {
        let info = &self.column()?.type_info;
        if self.is_announced_null() {
            return Err(RowError::AnnouncedNull { column: self.next });
        }
        let start = self.out.len();
        encode::begin_chunks(self.out, info).map_err(|source| self.cell_error(source))?;
        Ok(ChunkWriter { row: self, start, length: 0, finished: false })
    }

    /// Ends the row.
    ///
    /// # Errors
    /// When cells are missing; the row is taken back then.
    pub fn finish(mut self) -> Result<(), RowError> {
        if self.next < self.columns.len() {
            return Err(RowError::MissingCells { columns: self.columns.len(), cells: self.next });
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for RowWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.out.truncate(self.start);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        token::ColumnFlags,
        types::{Collation, FixedType, Length},
    };

    pub(crate) fn column(type_info: TypeInfo) -> Column {
        Column { name: String::new(), type_info, user_type: 0, flags: ColumnFlags::default() }
    }

    pub(crate) fn nvarchar(length: Length) -> Column {
        column(TypeInfo::NVarChar { length, collation: Collation::default() })
    }

    fn ints(count: usize) -> Vec<Column> {
        vec![column(TypeInfo::Nullable(FixedType::Int)); count]
    }

    #[test]
    fn nbcrow_is_chosen_when_it_is_shorter() {
        let mut out = Vec::new();
        for (nulls, expected) in [
            (vec![false; 2], vec![ROW, 4, 1, 0, 0, 0, 4, 1, 0, 0, 0]),
            (vec![true, false], vec![ROW, 0, 4, 1, 0, 0, 0]),
            (vec![true, true], vec![NBCROW, 0b11]),
        ] {
            out.clear();
            let columns = ints(2);
            let mut row = RowWriter::with_nulls(&mut out, &columns, nulls.iter().copied());
            for null in nulls {
                row.int((!null).then_some(1)).unwrap();
            }
            row.finish().unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn the_bitmap_has_a_bit_per_column() {
        let columns = ints(10);
        let mut out = Vec::new();
        let mut row =
            RowWriter::with_nulls(&mut out, &columns, (0..10).map(|index| index % 3 == 0));
        for index in 0..10 {
            row.int((index % 3 != 0).then_some(index)).unwrap();
        }
        row.finish().unwrap();
        assert_eq!(out[..3], [NBCROW, 0b0100_1001, 0b10]);
        assert_eq!(out.len(), 3 + 6 * 5);
    }

    #[test]
    fn a_value_where_null_was_announced_is_an_error_and_null_elsewhere_is_not() {
        let columns = ints(3);
        let mut out = Vec::new();
        let mut row = RowWriter::with_nulls(&mut out, &columns, [true, true]);
        assert_eq!(row.int(Some(1)), Err(RowError::AnnouncedNull { column: 0 }));
        row.null().unwrap();
        row.int(None).unwrap();
        row.int(None).unwrap();
        row.finish().unwrap();
        assert_eq!(out, [NBCROW, 0b11, 0]);
    }

    #[test]
    fn cells_that_fail_leave_nothing_behind() {
        let columns = [nvarchar(Length::Limited(2)), column(TypeInfo::Fixed(FixedType::Bit))];
        let mut out = vec![0xaa];
        let mut row = RowWriter::new(&mut out, &columns);
        let declared = "nvarchar";
        assert_eq!(
            row.text(Some("abc")),
            Err(RowError::Cell {
                column: 0,
                source: EncodeError::TooLong { declared, length: 6, maximum: 4 }
            })
        );
        assert!(matches!(
            row.int(Some(1)),
            Err(RowError::Cell { source: EncodeError::WrongType { .. }, .. })
        ));
        row.text(Some("ab")).unwrap();
        assert!(matches!(
            row.bit(None),
            Err(RowError::Cell { source: EncodeError::Null { .. }, .. })
        ));
        row.bit(Some(true)).unwrap();
        assert_eq!(row.bit(Some(true)), Err(RowError::TooManyCells { columns: 2 }));
        row.finish().unwrap();
        assert_eq!(out, [0xaa, ROW, 4, 0, b'a', 0, b'b', 0, 1]);
    }

    #[test]
    fn rows_that_are_not_finished_are_taken_back() {
        let columns = ints(2);
        let mut out = vec![0xaa];
        let mut row = RowWriter::new(&mut out, &columns);
        row.int(Some(1)).unwrap();
        assert_eq!(row.finish(), Err(RowError::MissingCells { columns: 2, cells: 1 }));
        drop(RowWriter::with_nulls(&mut out, &columns, [true, true]));
        assert_eq!(out, [0xaa]);
    }

    #[test]
    fn text_columns_carry_a_pointer() {
        let columns = [column(TypeInfo::Text { collation: Collation::default() })];
        let mut out = Vec::new();
        let mut row = RowWriter::new(&mut out, &columns);
        row.text(Some("€")).unwrap();
        row.finish().unwrap();
        assert_eq!(out.len(), 1 + 1 + 16 + 8 + 4 + 1);
        assert_eq!(out[26..], [1, 0, 0, 0, 0x80]);
        let mut row = RowWriter::new(&mut out, &columns);
        row.null().unwrap();
        row.finish().unwrap();
        assert_eq!(out[31..], [ROW, 0]);
    }
}
