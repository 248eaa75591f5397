//! Standard output and error to messages.
//!
//! One message per flush, each with its header: at a newline, 100 ms after the first character
//! that waits, or at 4,000 characters, whichever is first. Lines that arrive together go in one
//! message, and are cut only when one alone is longer than that. Bytes are read as UTF-8; what isn't becomes U+FFFD, and control characters that
//! could drive a terminal or end a string early become visible.

use std::time::{Duration, Instant};

use launchpod_types::Message;

use crate::messages;
use crate::visible::push_visible;

/// How long text waits for a newline.
const WAIT: Duration = Duration::from_millis(100);
/// How many characters one message holds.
const MESSAGE_LENGTH: usize = 4000;

/// What ends the output of a script that writes more than it may.
pub(crate) const LEFT_OUT: &str = "\n[the rest of the output is left out]";

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdout,
    Stderr,
}

/// Both streams of one script.
#[derive(Debug, Default)]
pub(crate) struct Output {
    stdout: Text,
    stderr: Text,
}

/// Text that waits to be sent.
#[derive(Debug, Default)]
struct Text {
    /// Decoded and made visible.
    waiting: String,
    /// The characters in `waiting`.
    length: usize,
    /// The bytes of a character that isn't complete yet: at most 3.
    incomplete: Vec<u8>,
    /// When the oldest of it came.
    since: Option<Instant>,
    /// Whether what was sent last ended within a line.
    within_line: bool,
}

// === impl Output ===

impl Output {
    /// Takes bytes that were written, and gives the messages that are complete by them.
    pub(crate) fn push(&mut self, source: Source, bytes: &[u8], now: Instant) -> Vec<Message> {
        let text = match source {
            Source::Stdout => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        };
        text.push(bytes, now).into_iter().map(|text| source.message(&text)).collect()
    }

    /// When [`Output::flush_due`] is to be called; `None` while nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let since = [self.stdout.since, self.stderr.since].into_iter().flatten().min()?;
        Some(since + WAIT)
    }

    /// The messages whose text has waited long enough.
    pub(crate) fn flush_due(&mut self, now: Instant) -> Vec<Message> {
        self.flush(|text| text.since.is_some_and(|since| now.duration_since(since) >= WAIT))
    }

    /// The messages of all that is left: nothing more comes.
    pub(crate) fn finish(&mut self) -> Vec<Message> {
        for text in [&mut self.stdout, &mut self.stderr] {
            if !text.incomplete.is_empty() {
                text.incomplete.clear();
                text.add(char::REPLACEMENT_CHARACTER);
            }
        }
        self.flush(|text| text.length > 0)
    }

    fn flush(&mut self, due: impl Fn(&Text) -> bool) -> Vec<Message> {
        let streams = [(Source::Stdout, &mut self.stdout), (Source::Stderr, &mut self.stderr)];
        streams
            .into_iter()
            .filter(|(_, text)| due(text))
            .filter_map(|(source, text)| Some(source.message(&text.take()?)))
            .collect()
    }
}

// === impl Source ===

impl Source {
    fn message(self, text: &str) -> Message {
        match self {
            Source::Stdout => messages::stdout(text),
            Source::Stderr => messages::stderr(text),
        }
    }
}

// === impl Text ===

impl Text {
    /// Adds bytes; gives the texts that are to be sent now.
    fn push(&mut self, bytes: &[u8], now: Instant) -> Vec<String> {
        let mut ready = Vec::new();
        let mut joined = std::mem::take(&mut self.incomplete);
        joined.extend_from_slice(bytes);
        let whole = joined.len() - incomplete_suffix(&joined);
        self.incomplete = joined.split_off(whole);

        // Where the last whole line in `waiting` ends.
        let mut line_end = None;
        for char in String::from_utf8_lossy(&joined).chars() {
            self.add(char);
            if char == '\n' {
                line_end = Some(self.waiting.len());
            }
            if self.length >= MESSAGE_LENGTH {
                // Within a line only when it is longer than a message.
                ready.extend(match line_end.take() {
                    Some(end) => self.take_lines(end),
                    None => self.take(),
                });
            }
        }
        if let Some(end) = line_end {
            ready.extend(self.take_lines(end));
        }
        self.since = match self.length {
            0 => None,
            _ if line_end.is_some() => Some(now),
            _ => self.since.or(Some(now)),
        };
        ready
    }

    fn add(&mut self, char: char) {
        push_visible(char, &mut self.waiting);
        self.length += 1;
    }

    /// The lines that end at `end`; what is after them goes on waiting.
    fn take_lines(&mut self, end: usize) -> Option<String> {
        let rest = self.waiting.split_off(end);
        let lines = self.take();
        self.length = rest.chars().count();
        self.waiting = rest;
        lines
    }

    /// All that waits, without the newline that ends it; `None` when that is just the end of
    /// a line that has been sent.
    fn take(&mut self) -> Option<String> {
        let mut text = std::mem::take(&mut self.waiting);
        self.length = 0;
        self.since = None;
        let ends_line = text.ends_with('\n');
        if ends_line {
            text.pop();
        }
        let was_within_line = std::mem::replace(&mut self.within_line, !ends_line);
        if text.is_empty() && was_within_line { None } else { Some(text) }
    }
}

/// How many bytes at the end are the beginning of a character.
fn incomplete_suffix(bytes: &[u8]) -> usize {
    // A character has at most 4 bytes, so an incomplete one at most 3.
    (1..=bytes.len().min(3))
        .find(|&length| {
            let suffix = &bytes[bytes.len() - length..];
            // A suffix that is one incomplete character and nothing else.
            matches!(std::str::from_utf8(suffix), Err(error)
                if error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "STDOUT message(s) from external script: \n";
    const ERR: &str = "STDERR message(s) from external script: \n";

    fn texts(messages: Vec<Message>) -> Vec<String> {
        messages.into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn lines_that_come_together_go_together() {
        let mut output = Output::default();
        let now = Instant::now();
        let sent = output.push(Source::Stdout, b"a\nb\nc", now);
        assert_eq!(texts(sent), [format!("{OUT}a\nb")]);
        assert_eq!(output.due(), Some(now + WAIT));
        assert_eq!(texts(output.finish()), [format!("{OUT}c")]);
        assert_eq!(output.due(), None);
    }

    #[test]
    fn text_without_a_newline_waits_100_ms_from_its_first_character() {
        let mut output = Output::default();
        let now = Instant::now();
        assert!(output.push(Source::Stderr, b"a", now).is_empty());
        assert!(output.push(Source::Stderr, b"b", now + WAIT / 2).is_empty());
        assert_eq!(output.due(), Some(now + WAIT));
        assert!(output.flush_due(now + WAIT / 2).is_empty());
        assert_eq!(texts(output.flush_due(now + WAIT)), [format!("{ERR}ab")]);
    }

    #[test]
    fn the_newline_of_a_line_that_was_sent_makes_no_message_of_its_own() {
        let mut output = Output::default();
        let now = Instant::now();
        output.push(Source::Stdout, b"working", now);
        assert_eq!(output.flush_due(now + WAIT).len(), 1);
        assert!(output.push(Source::Stdout, b"\n", now + WAIT).is_empty());
        assert_eq!(texts(output.push(Source::Stdout, b"\n", now + WAIT)), [OUT]);
    }

    #[test]
    fn long_text_is_cut_at_4000_characters() {
        let mut output = Output::default();
        let sent = output.push(Source::Stdout, "ä".repeat(9000).as_bytes(), Instant::now());
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].text.chars().count(), OUT.chars().count() + 4000);
        assert_eq!(texts(output.finish()), [format!("{OUT}{}", "ä".repeat(1000))]);
    }

    #[test]
    fn lines_are_cut_only_when_they_are_longer_than_a_message() {
        let mut output = Output::default();
        let line = "x".repeat(1500);
        let sent =
            output.push(Source::Stdout, format!("{line}\n").repeat(4).as_bytes(), Instant::now());
        let expected = [format!("{OUT}{line}\n{line}"), format!("{OUT}{line}\n{line}")];
        assert_eq!(texts(sent), expected);
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let mut output = Output::default();
        let now = Instant::now();
        let bytes = "x€𝄞é\n".as_bytes();
        let mut sent = Vec::new();
        for byte in bytes {
            sent.extend(output.push(Source::Stdout, &[*byte], now));
        }
        assert_eq!(texts(sent), [format!("{OUT}x€𝄞é")]);
    }

    #[test]
    fn what_is_no_utf8_is_replaced() {
        let mut output = Output::default();
        let sent = output.push(Source::Stdout, b"a\xffb\xe2\x82\n", Instant::now());
        assert_eq!(texts(sent), [format!("{OUT}a\u{fffd}b\u{fffd}")]);
        output.push(Source::Stdout, b"\xf0\x9f", Instant::now());
        assert_eq!(texts(output.finish()), [format!("{OUT}\u{fffd}")]);
    }

    #[test]
    fn control_characters_become_visible() {
        let mut output = Output::default();
        let sent =
            output.push(Source::Stdout, "\0\x1b[2J\u{9b}\x7f\tok\r\n".as_bytes(), Instant::now());
        assert_eq!(texts(sent), [format!("{OUT}␀␛[2J\\u{{9b}}␡\tok\r")]);
    }

    #[test]
    fn the_two_streams_do_not_mix() {
        let mut output = Output::default();
        let now = Instant::now();
        output.push(Source::Stdout, b"out", now);
        assert_eq!(texts(output.push(Source::Stderr, b"err\n", now)), [format!("{ERR}err")]);
        assert_eq!(texts(output.finish()), [format!("{OUT}out")]);
    }
}
