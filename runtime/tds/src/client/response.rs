//! Tokens of an answer, [MS-TDS] 2.2.7, read as their bytes come.

mod metadata;
mod parts;

use std::sync::Arc;

use self::metadata::{Alternatives, read_columns};
use super::{
    environment::Environment,
    row::{Layout, Row, Scan, Scanned},
};
use crate::{
    error::{Problem, ProtocolError},
    reader::Reader,
    row::{NBCROW, ROW},
    token::{COLMETADATA, Column, Done, ReturnKind},
    types::{TypeInfo, Value},
    version::TdsVersion,
};

/// The columns of a result set.
type Columns = Arc<[Column]>;

/// Reads tokens from the bodies of an answer's packets.
///
/// Append each body with [`TokenReader::push`] and take what it completes with
/// [`TokenReader::next_token`]. What waits for its end is at most one token or row, no longer than
/// the limit. After an error nothing more can be read: where the next token begins is unknown.
#[derive(Debug)]
pub struct TokenReader {
    input: Vec<u8>,
    /// Where the next token begins in the input.
    at: usize,
    /// Where the input begins in the answer.
    offset: usize,
    /// The longest token.
    limit: usize,
    /// How many bytes have to be there before another attempt, counted as `at` is.
    enough: usize,
    columns: Columns,
    layouts: Vec<Layout>,
    alternatives: Alternatives,
    scan: Scan,
    /// Where the row of the last token lies, behind its token, and whether it has a bitmap.
    row: (usize, usize, bool),
}

/// A token of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A result set begins. Without columns, what came before had none that a client may see.
    Columns(Arc<[Column]>),
    /// A row, whose cells [`TokenReader::row`] reads until the next token is taken.
    Row,
    /// A statement, a procedure or the whole answer has ended.
    Done(Done),
    /// An error or information.
    Message(ServerMessage),
    /// Something of the session has changed.
    Environment(Environment),
    /// What a procedure has returned.
    ReturnStatus(i32),
    /// The value of an OUTPUT parameter.
    ReturnValue(OutputValue),
    /// The login has succeeded; the version that is spoken.
    LoginAck(TdsVersion),
    /// What says nothing that matters to rows: ORDER, TABNAME, COLINFO, OFFSET, SESSIONSTATE,
    /// FEATUREEXTACK, SSPI and what COMPUTE returned; by its first byte.
    Passed(u8),
}

/// An ERROR or INFO token, [MS-TDS] 2.2.7.10 and 2.2.7.13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMessage {
    /// Whether it is an error.
    pub is_error: bool,
    /// Its number.
    pub number: i32,
    /// Its state.
    pub state: u8,
    /// Its severity.
    pub class: u8,
    /// Its text.
    pub text: String,
    /// The server that it comes from.
    pub server: String,
    /// The procedure that it comes from, or empty.
    pub procedure: String,
    /// The line of the batch or procedure.
    pub line: u32,
}

/// A RETURNVALUE token, [MS-TDS] 2.2.7.19.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputValue {
    /// The parameter's place in the call, from 0; some servers say 0 for all.
    pub ordinal: u16,
    /// The parameter's name with its `@`, or empty.
    pub name: String,
    /// What returned it.
    pub kind: ReturnKind,
    /// Its type.
    pub type_info: TypeInfo,
    /// Its value.
    pub value: Value,
}

// === impl Token ===

impl Token {
    /// Whether the server goes on with integrated or federated authentication, [MS-TDS] 2.2.7.12
    /// and 2.2.7.22, in place of an answer to the login.
    pub fn goes_on_authenticating(&self) -> bool {
        matches!(self, Token::Passed(parts::SSPI | parts::FEDAUTHINFO))
    }
}

// === impl TokenReader ===

impl TokenReader {
    /// A reader of one answer that refuses tokens and rows of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            input: Vec::new(),
            at: 0,
            offset: 0,
            limit,
            enough: 1,
            columns: Arc::new([]),
            layouts: Vec::new(),
            alternatives: Alternatives::default(),
            scan: Scan::default(),
            row: (0, 0, false),
        }
    }

    /// Appends the body of the next packet.
    pub fn push(&mut self, body: &[u8]) {
        self.input.drain(..self.at);
        self.offset += self.at;
        self.enough -= self.at;
        self.at = 0;
        self.row = (0, 0, false);
        self.input.extend_from_slice(body);
    }

    /// How many bytes of the answer have been read.
    pub fn offset(&self) -> usize {
        self.offset + self.at
    }

    /// Whether a token has begun whose end hasn't come: an answer must not end there.
    pub fn is_mid_token(&self) -> bool {
        self.at < self.input.len()
    }

    /// The cells of the row that the last token was.
    ///
    /// # Errors
    /// When the last token was no row.
    pub fn row(&self) -> Result<Row<'_>, ProtocolError> {
        let (start, end, bitmap) = self.row;
        Row::new(&self.input[start..end], if end == 0 { &[] } else { &self.layouts }, bitmap)
    }

    /// The next token that has wholly arrived; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are malformed, a token exceeds the limit, or a column has a type that
    /// isn't served ([`ProtocolError::is_unsupported`]).
    pub fn next_token(&mut self) -> Result<Option<Token>, ProtocolError> {
        if self.input.len() < self.enough || self.at == self.input.len() {
            return Ok(None);
        }
        match self.input[self.at] {
            first @ (ROW | NBCROW) => self.next_row(first == NBCROW),
            _ => self.next_other(),
        }
    }

    fn next_row(&mut self, bitmap: bool) -> Result<Option<Token>, ProtocolError> {
        let start = self.at + 1;
        match self.scan.advance(&self.input[start..], &self.layouts, bitmap) {
            Scanned::Whole(length) => {
                self.scan = Scan::default();
                self.row = (start, start + length, bitmap);
                self.taken(start + length);
                Ok(Some(Token::Row))
            }
            Scanned::Needs(length) => {
                self.check_length(length)?;
                self.enough = start + length;
                Ok(None)
            }
        }
    }

    fn next_other(&mut self) -> Result<Option<Token>, ProtocolError> {
        let mut reader = Reader::new("token", &self.input[self.at..]);
        match read(&mut reader, &self.columns, &mut self.alternatives) {
            Ok((token, columns)) => {
                let read = reader.offset();
                if let Some(columns) = columns {
                    self.layouts =
                        columns.iter().map(|column| Layout::of(&column.type_info)).collect();
                    self.columns = columns;
                }
                self.taken(self.at + read);
                Ok(Some(token))
            }
            Err(error) => {
                let Problem::Truncated { needed, left } = error.problem() else {
                    return Err(error.within(self.offset()));
                };
                let have = self.input.len() - self.at;
                let needs = have.saturating_add(needed - left);
                self.check_length(needs)?;
                // Twice as much or what it needs, so that what comes in many pieces is not read
                // anew for each. Tokens are short: only long values have so many pieces.
                let patient = if have < 1 << 16 { needs } else { needs.max(2 * have) };
                self.enough = self.at + patient.min(self.limit.max(needs));
                Ok(None)
            }
        }
    }

    fn taken(&mut self, end: usize) {
        self.at = end;
        self.enough = end + 1;
    }

    fn check_length(&self, length: usize) -> Result<(), ProtocolError> {
        if length <= self.limit {
            return Ok(());
        }
        let problem =
            Problem::TooLong { what: "token", length: length as u64, limit: self.limit as u64 };
        Err(ProtocolError::new("answer", self.offset(), problem))
    }
}

/// The token at the reader, and the columns of the rows that follow it when it says them.
fn read(
    reader: &mut Reader<'_>,
    before: &Columns,
    alternatives: &mut Alternatives,
) -> Result<(Token, Option<Columns>), ProtocolError> {
    let first = reader.u8()?;
    let token = match first {
        COLMETADATA => {
            let columns = match read_columns(reader)? {
                Some(columns) => columns.into(),
                None => Arc::clone(before),
            };
            return Ok((Token::Columns(Arc::clone(&columns)), Some(columns)));
        }
        metadata::ALTMETADATA => alternatives.read_metadata(reader)?,
        metadata::ALTROW => alternatives.read_row(reader)?,
        other => parts::read(other, reader)?,
    };
    Ok((token, None))
}

#[cfg(test)]
mod tests;
