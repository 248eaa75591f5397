//! ERROR and INFO, [MS-TDS] 2.2.7.10 and 2.2.7.13.

use super::{b_varchar, us_varchar, with_length};

/// The most code units of a message's text: the token's length has two bytes, and 1,036
/// bytes of it are enough for the other fields at their longest.
const MAX_TEXT: u16 = (u16::MAX - 1036) / 2;

/// A message to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether it is an error.
    pub kind: MessageKind,
    /// The message's number; 50000 and more are users' own.
    pub number: i32,
    /// State.
    pub state: u8,
    /// Severity: at most 10 for information, more for errors.
    pub class: u8,
    /// The text.
    pub text: &'a str,
    /// The server's name.
    pub server: &'a str,
    /// The procedure that it came from, or empty.
    pub procedure: &'a str,
    /// The line of the batch or procedure, from 1; 0 when there is none.
    pub line: u32,
}

/// The two tokens for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// An error; the DONE that follows has [`DoneStatus::ERROR`](super::DoneStatus::ERROR).
    Error = 0xaa,
    /// Information, such as the output of PRINT.
    Info = 0xab,
}

// === impl Message ===

impl Message<'_> {
    /// Appends the token. A text beyond 32,249 UTF-16 code units is cut.
    pub fn encode(&self, out: &mut Vec<u8>) {
        with_length(out, self.kind as u8, |out| {
            out.extend_from_slice(&self.number.to_le_bytes());
            out.extend_from_slice(&[self.state, self.class]);
            us_varchar(out, self.text, MAX_TEXT);
            b_varchar(out, self.server);
            b_varchar(out, self.procedure);
            out.extend_from_slice(&self.line.to_le_bytes());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_their_order() {
        let mut out = Vec::new();
        let message = Message {
            kind: MessageKind::Info,
            number: 5701,
            state: 2,
            class: 10,
            text: "hi",
            server: "s",
            procedure: "",
            line: 7,
        };
        message.encode(&mut out);
        assert_eq!(
            out,
            [
                0xab, 20, 0, 0x45, 0x16, 0, 0, 2, 10, 2, 0, b'h', 0, b'i', 0, 1, b's', 0, 0, 7, 0,
                0, 0
            ]
        );
    }

    #[test]
    fn the_longest_texts_fit_the_token() {
        let long = "𝄞".repeat(40_000);
        let mut out = Vec::new();
        let message = Message {
            kind: MessageKind::Error,
            number: 1,
            state: 1,
            class: 16,
            text: &long,
            server: &long,
            procedure: &long,
            line: 1,
        };
        message.encode(&mut out);
        let length = usize::from(u16::from_le_bytes([out[1], out[2]]));
        assert_eq!(out.len(), 3 + length);
        assert_eq!(
            u16::from_le_bytes([out[9], out[10]]),
            MAX_TEXT - 1,
            "no half of a surrogate pair"
        );
    }
}
