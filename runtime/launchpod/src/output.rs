//! Text on standard output, whose reader may leave before all is said (`… | head -1`).

use std::fmt::Display;
use std::io::{self, Write as _};

/// Standard output can't be written to.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Nobody reads it any more, which is no fault to tell of.
    #[error("nobody reads standard output any more")]
    ReaderGone,
    /// The system refuses.
    #[error("can't write to standard output: {0}")]
    Write(#[source] io::Error),
}

/// Prints a text and ends the line.
///
/// # Errors
/// When it can't be written: unlike `println!`, which panics.
pub fn line(text: impl Display) -> Result<(), OutputError> {
    write_line(&mut io::stdout().lock(), text)
}

/// Prints a text that ends its lines itself.
///
/// # Errors
/// As [`line`].
pub fn text(text: &str) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    Ok(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?)
}

fn write_line(out: &mut impl io::Write, text: impl Display) -> Result<(), OutputError> {
    Ok(writeln!(out, "{text}").and_then(|()| out.flush())?)
}

// === impl OutputError ===

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => OutputError::ReaderGone,
            _ => OutputError::Write(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_is_told_from_a_fault() {
        let (reader, mut writer) = io::pipe().unwrap();
        write_line(&mut writer, "read").unwrap();
        drop(reader);
        assert!(matches!(write_line(&mut writer, "unread"), Err(OutputError::ReaderGone)));
        let full = &mut [0_u8; 2][..];
        assert!(matches!(write_line(&mut { full }, "too long"), Err(OutputError::Write(_))));
    }
}
