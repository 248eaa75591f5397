//! A bulk load. The first byte says how long the pieces are that it comes in: whatever they are,
//! the tokens are the same.
#![no_main]

use launchpod_tds::bulk::{BulkRows, BulkToken};
use libfuzzer_sys::fuzz_target;

/// Little enough to be exceeded.
const LIMIT: usize = 1 << 12;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, message)) = bytes.split_first() else { return };
    let pieces = read(message, usize::from(*size).max(1));
    // Text, since NaN equals nothing.
    assert_eq!(format!("{pieces:?}"), format!("{:?}", read(message, message.len().max(1))));
});

/// All tokens, or as many as come before an error.
fn read(message: &[u8], size: usize) -> Vec<BulkToken> {
    let mut rows = BulkRows::new(LIMIT);
    let mut tokens = Vec::new();
    for piece in message.chunks(size).map(Some).chain([None]) {
        match piece {
            Some(piece) => rows.push(piece),
            None => rows.end(),
        }
        loop {
            match rows.next_token() {
                Ok(Some(token)) => tokens.push(token),
                Ok(None) => break,
                Err(_) => return tokens,
            }
        }
    }
    assert!(rows.offset() <= message.len());
    tokens
}
