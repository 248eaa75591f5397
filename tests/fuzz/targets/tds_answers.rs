//! What a server answers. The first byte says how long the pieces are that it comes in: whatever
//! they are, the tokens and cells are the same.
#![no_main]

use launchpod_tds::client::response::{Token, TokenReader};
use libfuzzer_sys::fuzz_target;

/// Little enough to be exceeded.
const LIMIT: usize = 1 << 12;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, answer)) = bytes.split_first() else { return };
    assert_eq!(read(answer, usize::from(*size).max(1)), read(answer, answer.len().max(1)));
});

/// All tokens and cells as text (NaN equals nothing), or as many as come before an error.
fn read(answer: &[u8], size: usize) -> Vec<String> {
    let mut reader = TokenReader::new(LIMIT);
    let mut read = Vec::new();
    let mut columns = 0;
    for piece in answer.chunks(size) {
        reader.push(piece);
        loop {
            match reader.next_token() {
                Ok(Some(token)) => {
                    if let Token::Columns(described) = &token {
                        columns = described.len();
                    }
                    read.push(format!("{token:?}"));
                    if token == Token::Row {
                        let mut row = reader.row().expect("a row");
                        read.extend((0..columns).map(|_| format!("{:?}", row.cell().ok())));
                    }
                }
                Ok(None) => break,
                Err(_) => return read,
            }
        }
    }
    assert!(reader.offset() <= answer.len());
    read
}
