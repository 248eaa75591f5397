//! What is wrong with bytes that a client sent.

/// Bytes from a client that break [MS-TDS], or ask for a part of it that is not served.
///
/// The message names the element that was being read, where it was, and what is wrong.
/// Unless [`ProtocolError::is_unsupported`] says otherwise the stream can't be trusted
/// any more and the connection should be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{element}{} at byte {offset}: {problem}", Self::context(parameter))]
pub struct ProtocolError {
    element: &'static str,
    parameter: Option<Box<BadParameter>>,
    offset: usize,
    problem: Problem,
}

/// The RPC parameter that a [`ProtocolError`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadParameter {
    /// Its place, from 1.
    pub ordinal: usize,
    /// Its name with the `@`, or empty when it is passed by position.
    pub name: String,
    /// The token of its data type, [MS-TDS] 2.2.5.4, and the type's name in T-SQL; `None` when
    /// they weren't understood.
    pub data_type: Option<(u8, &'static str)>,
}

/// The kind of fault behind a [`ProtocolError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes end before the element does.
    #[error("needs {needed} more bytes, {left} are left")]
    Truncated {
        /// Bytes that the next part of the element takes.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A field holds a value that [MS-TDS] doesn't give it.
    #[error("{what} {value:#x} is not valid")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u64,
    },
    /// Something is longer, or more numerous, than it may be.
    #[error("{what} of {length} exceeds the limit of {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length as claimed or counted.
        length: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A value that its data type doesn't have, such as a day after 9999.
    #[error("{what} {value:#x} is not valid")]
    InvalidValue {
        /// The value, or its part.
        what: &'static str,
        /// What it held.
        value: u64,
    },
    /// A value's length that its data type, as declared, doesn't have, or that isn't its own.
    #[error("the length {length} of a value is not valid")]
    ValueLength {
        /// The length in bytes.
        length: u64,
    },
    /// A bulk load of which nobody has said into which table.
    #[error("no INSERT BULK came before it")]
    Unannounced,
    /// Bytes follow where the element should have ended.
    #[error("{left} bytes follow its end")]
    Trailing {
        /// How many.
        left: usize,
    },
    /// A data type that is not served; the message itself is well-formed.
    #[error("the data type {type_name} is not supported")]
    UnsupportedType {
        /// Its name in T-SQL.
        type_name: &'static str,
    },
    /// A request or option that is not served; the message itself is well-formed.
    #[error("{what} is not supported")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
    },
    /// Character data outside ASCII under a collation whose code page is not served.
    #[error("character data in collation {lcid:#x} (sort id {sort_id}) is not supported")]
    UnsupportedCollation {
        /// The collation's Windows locale.
        lcid: u32,
        /// The collation's SQL sort id, 0 for a Windows collation.
        sort_id: u8,
    },
}

// === impl ProtocolError ===

impl ProtocolError {
    pub(crate) fn new(element: &'static str, offset: usize, problem: Problem) -> Self {
        Self { element, parameter: None, offset, problem }
    }

    /// Of a bulk load that no `INSERT BULK` announced.
    pub fn unannounced() -> Self {
        Self::new("bulk load", 0, Problem::Unannounced)
    }

    /// Names the RPC parameter that was being read.
    pub(crate) fn in_parameter(mut self, parameter: BadParameter) -> Self {
        self.parameter = Some(Box::new(parameter));
        self
    }

    /// The error as seen from the whole of which the bytes that were read begin at `start`.
    pub(crate) fn within(mut self, start: usize) -> Self {
        self.offset += start;
        self
    }

    /// The element of [MS-TDS] that was being read, such as `LOGIN7`.
    pub fn element(&self) -> &'static str {
        self.element
    }

    /// Where the fault was found: bytes from the start of the message's payload, or of the
    /// packet for faults of a packet header.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The RPC parameter that was being read.
    pub fn parameter(&self) -> Option<&BadParameter> {
        self.parameter.as_deref()
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// True when the bytes are well-formed but ask for something that is not served: the
    /// message can be answered with an ERROR token and the connection kept.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self.problem,
            Problem::UnsupportedType { .. }
                | Problem::Unsupported { .. }
                | Problem::UnsupportedCollation { .. }
        )
    }

    fn context(parameter: &Option<Box<BadParameter>>) -> String {
        match parameter.as_deref() {
            None => String::new(),
            Some(BadParameter { ordinal, name, .. }) if name.is_empty() => format!(" {ordinal}"),
            Some(BadParameter { ordinal, name, .. }) => format!(" {ordinal} ({name:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_element_the_place_and_the_parameter() {
        let error = ProtocolError::new(
            "RPC parameter",
            40,
            Problem::UnsupportedType { type_name: "vector" },
        );
        assert!(error.is_unsupported());
        let parameter = BadParameter { ordinal: 3, name: "@x\n".to_owned(), data_type: None };
        assert_eq!(
            error.in_parameter(parameter).to_string(),
            "RPC parameter 3 (\"@x\\n\") at byte 40: the data type vector is not supported"
        );
        let error = ProtocolError::new("LOGIN7", 4, Problem::Truncated { needed: 4, left: 1 });
        assert!(!error.is_unsupported());
        assert_eq!(error.to_string(), "LOGIN7 at byte 4: needs 4 more bytes, 1 are left");
    }
}
