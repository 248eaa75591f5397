//! What a client is told beside rows.

use std::fmt;

/// A message or error, as the INFO and ERROR tokens carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message number; 0 for `PRINT`, 50000 for an ad hoc `RAISERROR`.
    pub number: i32,
    /// Where in SQL Server the message was raised; informative.
    pub state: u8,
    /// The severity: below 11 informative, 11 to 19 an error, 20 and above ends the session.
    pub class: u8,
    /// The text.
    pub text: String,
    /// The line in the batch or procedure, from 1; 0 when none applies.
    pub line: u32,
    /// The procedure that raised it; empty in a batch.
    pub procedure: String,
}

/// An error (class 11 or higher) that ended a statement, a batch or a session.
///
/// Boxed so that a `Result` carrying it stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError(pub Box<Message>);

// === impl Message ===

impl Message {
    /// The class from which a message is an error.
    pub const ERROR_CLASS: u8 = 11;

    /// An informative message (class 0, as `PRINT` has).
    pub fn info(number: i32, text: impl Into<String>) -> Self {
        Message { number, state: 1, class: 0, text: text.into(), line: 0, procedure: String::new() }
    }

    /// Whether this is an error rather than information.
    pub fn is_error(&self) -> bool {
        self.class >= Self::ERROR_CLASS
    }
}

// === impl SqlError ===

impl SqlError {
    /// An error of severity 16, state 1: the usual one.
    pub fn new(number: i32, text: impl Into<String>) -> Self {
        Self::with_class(number, 16, text)
    }

    /// An error of the given severity, state 1.
    pub fn with_class(number: i32, class: u8, text: impl Into<String>) -> Self {
        SqlError(Box::new(Message { class, ..Message::info(number, text) }))
    }

    /// The same error with another state.
    #[must_use]
    pub fn state(mut self, state: u8) -> Self {
        self.0.state = state;
        self
    }

    /// The same error as one of a procedure, on none of its lines.
    #[must_use]
    pub fn in_procedure(mut self, procedure: &str) -> Self {
        procedure.clone_into(&mut self.0.procedure);
        self
    }

    /// The same error with a line, unless it has one already, or is a procedure's.
    #[must_use]
    pub fn or_line(mut self, line: u32) -> Self {
        if self.0.line == 0 && self.0.procedure.is_empty() {
            self.0.line = line;
        }
        self
    }

    /// The error's number.
    pub fn number(&self) -> i32 {
        self.0.number
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}: {}", self.0.number, self.0.text)
    }
}

impl std::error::Error for SqlError {}

impl From<SqlError> for Message {
    fn from(error: SqlError) -> Self {
        *error.0
    }
}
