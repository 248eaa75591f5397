//! BulkLoadBCP, [MS-TDS] 2.2.6.1: rows that a client sends after `INSERT BULK`.
//!
//! The message is what a server would send of the same rows: COLMETADATA, a ROW for each row,
//! DONE. It is read as its packets come, since it may be longer than memory.

use bytes::{Buf as _, BytesMut};

use crate::{
    error::{Problem, ProtocolError},
    reader::Reader,
    row::{NBCROW, ROW},
    token::{COLMETADATA, Column, ColumnFlags, DoneKind},
    types::{TypeInfo, Value},
};

/// The most columns of a table, and of a load.
const MAX_COLUMNS: u16 = 4096;

const METADATA: &str = "COLMETADATA";
const CELLS: &str = "ROW";

/// Reads the rows of a bulk load.
///
/// Append each piece with [`BulkRows::push`] and take what it completes with
/// [`BulkRows::next_token`]; after the last one, [`BulkRows::end`] and take the rest. What waits for
/// its end is at most one row. After an error the reader must not be used any more.
#[derive(Debug)]
pub struct BulkRows {
    input: BytesMut,
    /// Where the input begins in the message.
    offset: usize,
    /// The longest row.
    limit: usize,
    /// How long the input has to be before another attempt: rows that come in many pieces are
    /// not read anew for each.
    enough: usize,
    columns: Vec<Column>,
    stage: Stage,
    ended: bool,
}

/// Which token comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Metadata,
    Rows,
    Done,
}

/// Something that a bulk load is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum BulkToken {
    /// The columns: the first token.
    Columns(Vec<Column>),
    /// A row, a value for each column.
    Row(Vec<Value>),
    /// The end. Nothing comes after it.
    Done,
}

/// What is wrong with a bulk load. Where its message ends is known all the same, so the
/// connection can be kept unless it is a [`BulkError::Stream`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    /// The message ends in the midst of its columns or of a row.
    #[error("the rows of a bulk load end too early")]
    Incomplete,
    /// A column has a type that isn't served here, or that a bulk load may not have.
    #[error("column {column} of a bulk load: {error}")]
    Column {
        /// The column, from 1.
        column: usize,
        /// What is wrong with its type.
        error: ProtocolError,
    },
    /// A value isn't one of its column's type.
    #[error("column {column} of a row of a bulk load: {error}")]
    Cell {
        /// The column, from 1.
        column: usize,
        /// What is wrong with the value.
        error: ProtocolError,
    },
    /// What comes is neither columns, nor a row, nor the end.
    #[error(transparent)]
    Stream(#[from] ProtocolError),
}

// === impl BulkRows ===

impl BulkRows {
    /// A reader that refuses rows of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            input: BytesMut::new(),
            offset: 0,
            limit,
            enough: 1,
            columns: Vec::new(),
            stage: Stage::Metadata,
            ended: false,
        }
    }

    /// Appends the next piece of the message. After DONE what comes is passed over.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.stage != Stage::Done {
            self.input.extend_from_slice(bytes);
        }
    }

    /// The message is over: there are no more pieces.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// How many bytes of the message have been read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The next token that has wholly arrived; `None` when more pieces are needed, and after
    /// [`BulkToken::Done`].
    ///
    /// # Errors
    /// When the bytes are malformed, a row exceeds the limit, or the message has ended in the
    /// midst of one.
    pub fn next_token(&mut self) -> Result<Option<BulkToken>, BulkError> {
        if self.stage == Stage::Done || (self.input.len() < self.enough && !self.ended) {
            return Ok(None);
        }
        if self.ended && self.stage == Stage::Rows && self.input.is_empty() {
            // FreeTDS leaves DONE out, and SQL Server takes the message's end for it.
            self.taken(0, &BulkToken::Done);
            return Ok(Some(BulkToken::Done));
        }
        let mut reader = Reader::new(METADATA, &self.input);
        match token(self.stage, &self.columns, &mut reader) {
            Ok(token) => {
                let read = reader.offset();
                self.taken(read, &token);
                Ok(Some(token))
            }
            Err(error) => match error.missing() {
                Some(missing) => self.wait(missing),
                None => Err(error.within(self.offset)),
            },
        }
    }

    fn taken(&mut self, read: usize, token: &BulkToken) {
        self.input.advance(read);
        self.offset += read;
        self.enough = 1;
        match token {
            BulkToken::Columns(columns) => {
                self.columns.clone_from(columns);
                self.stage = Stage::Rows;
            }
            BulkToken::Row(_) => {}
            BulkToken::Done => {
                self.stage = Stage::Done;
                self.input.clear();
            }
        }
    }

    /// Waits for the rest of a token, until there is twice as much of it or what it needs.
    fn wait(&mut self, missing: usize) -> Result<Option<BulkToken>, BulkError> {
        if self.ended {
            return Err(BulkError::Incomplete);
        }
        let have = self.input.len();
        if have.saturating_add(missing) > self.limit {
            let (length, limit) = (have.saturating_add(missing) as u64, self.limit as u64);
            let problem = Problem::TooLong { what: "row of a bulk load", length, limit };
            return Err(ProtocolError::new(CELLS, self.offset, problem).into());
        }
        self.enough = have.saturating_mul(2).max(have + missing).min(self.limit);
        Ok(None)
    }
}

fn token(
    stage: Stage,
    columns: &[Column],
    reader: &mut Reader<'_>,
) -> Result<BulkToken, BulkError> {
    if stage == Stage::Metadata {
        return columns_of(reader).map(BulkToken::Columns);
    }
    reader.enter(CELLS);
    match reader.u8()? {
        ROW => cells(reader, columns, &[]).map(BulkToken::Row),
        NBCROW => {
            let nulls = reader.bytes(columns.len().div_ceil(8))?;
            cells(reader, columns, nulls).map(BulkToken::Row)
        }
        // Of what follows clients send more or less of it, and it says nothing.
        token if token == DoneKind::Done as u8 => Ok(BulkToken::Done),
        other => Err(reader.invalid("token in a bulk load", other).into()),
    }
}

/// COLMETADATA as clients send it: the name of a text column's table is one text.
fn columns_of(reader: &mut Reader<'_>) -> Result<Vec<Column>, BulkError> {
    let token = reader.u8()?;
    if token != COLMETADATA {
        return Err(reader.invalid("token before the columns of a bulk load", token).into());
    }
    let count = reader.u16()?;
    if !(1..=MAX_COLUMNS).contains(&count) {
        return Err(reader.invalid("number of columns", count).into());
    }
    // Not reserved: the count is a claim.
    let mut columns = Vec::new();
    for column in 1..=usize::from(count) {
        let read = column_of(reader).map_err(|error| BulkError::Column { column, error })?;
        columns.push(read);
    }
    Ok(columns)
}

fn column_of(reader: &mut Reader<'_>) -> Result<Column, ProtocolError> {
    let user_type = reader.u32()?;
    let flags = ColumnFlags::from_wire(reader.u16()?);
    let type_info = TypeInfo::read(reader)?;
    if type_info == TypeInfo::Xml {
        // [MS-TDS] 2.2.6.1: xml is sent as nvarchar.
        return Err(reader.error(Problem::UnsupportedType { type_name: "xml" }));
    }
    if type_info.has_text_pointer() {
        reader.us_varchar()?;
    }
    let name = reader.b_varchar()?;
    Ok(Column { name, type_info, user_type, flags })
}

/// A row's values; those with a bit among `nulls` are NULL and take no bytes.
fn cells(
    reader: &mut Reader<'_>,
    columns: &[Column],
    nulls: &[u8],
) -> Result<Vec<Value>, BulkError> {
    let mut values = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let null = nulls.get(index / 8).is_some_and(|bits| bits & 1 << (index % 8) != 0);
        values.push(if null {
            Value::Null
        } else {
            Value::read_cell(reader, &column.type_info)
                .map_err(|error| BulkError::Cell { column: index + 1, error })?
        });
    }
    Ok(values)
}

// === impl BulkError ===

impl BulkError {
    /// How many bytes at least are missing, if that is what is wrong.
    fn missing(&self) -> Option<usize> {
        match self {
            Self::Column { error, .. } | Self::Cell { error, .. } | Self::Stream(error) => {
                match error.problem() {
                    Problem::Truncated { needed, left } => Some(needed - left),
                    _ => None,
                }
            }
            Self::Incomplete => None,
        }
    }

    /// The error as seen from the whole message.
    fn within(self, start: usize) -> Self {
        match self {
            Self::Column { column, error } => Self::Column { column, error: error.within(start) },
            Self::Cell { column, error } => Self::Cell { column, error: error.within(start) },
            Self::Stream(error) => Self::Stream(error.within(start)),
            Self::Incomplete => Self::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests;
