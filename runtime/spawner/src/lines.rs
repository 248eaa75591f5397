//! Lines of JSON from a stream.

use std::io::{self, Read};

use serde::de::DeserializeOwned;

/// The longest line that is taken (bytes): a setup with its seccomp profile has some 10,000.
const MAX_LINE: usize = 1 << 20;

/// A stream, and what has been read of it and not taken.
pub(crate) struct Lines<S> {
    stream: S,
    bytes: Vec<u8>,
}

// === impl Lines ===

impl<S> Lines<S> {
    pub(crate) fn new(stream: S) -> Self {
        Lines { stream, bytes: Vec::new() }
    }

    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The next whole line.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        Ok(Some(serde_json::from_slice(&line)?))
    }
}

impl<S: Read> Lines<S> {
    /// Reads once; false at the stream's end.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 1 << 14];
        match self.stream.read(&mut bytes) {
            Ok(0) => Ok(false),
            Ok(_) if self.bytes.len() > MAX_LINE => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a line that is too long"))
            }
            Ok(count) => {
                self.bytes.extend_from_slice(&bytes[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The next line, waited for; nothing at the stream's end.
    pub(crate) fn wait<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            match self.next()? {
                Some(message) => return Ok(Some(message)),
                None if !self.fill()? => return Ok(None),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_come_in_pieces() {
        let mut lines = Lines::new(&b"1\n2\n3"[..]);
        assert_eq!(lines.wait::<u32>().unwrap(), Some(1));
        assert_eq!(lines.next::<u32>().unwrap(), Some(2));
        assert_eq!(lines.wait::<u32>().unwrap(), None);
        assert!(Lines::new(&b"x\n"[..]).wait::<u32>().is_err());
    }
}
