//! Text from a script as it may go to a terminal and into a log.

/// The text with its control characters made visible.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        push_visible(char, &mut out);
    }
    out
}

/// Appends a character, visible if it is a control character other than newline, tab and
/// carriage return.
pub(crate) fn push_visible(char: char, out: &mut String) {
    match char {
        '\n' | '\t' | '\r' => out.push(char),
        // The pictures of control characters, U+2400 to U+241F and U+2421.
        '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + u32::from(char))),
        '\x7f' => out.push('\u{2421}'),
        // C1 controls, U+009B (CSI) among them, have no pictures.
        '\u{80}'..='\u{9f}' => out.extend(char.escape_unicode()),
        _ => out.push(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_shown() {
        assert_eq!(visible("a\0\x1b[2J\u{9b}\x7fé\n"), "a␀␛[2J\\u{9b}␡é\n");
    }
}
