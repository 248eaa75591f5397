//! `NEWSEQUENTIALID`: GUIDs that grow.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use launchpod_types::SqlError;

use crate::errors;

/// From 1582-10-15 to 1970-01-01 in 100 ns: where the clock of version 1 begins (RFC 9562, 5.1).
const EPOCH: u128 = 0x01B2_1DD2_1381_4000;

/// The last one that was given, and what all of this process have in common.
static LAST: Mutex<Option<Last>> = Mutex::new(None);

struct Last {
    /// A count in 60 bits that never goes back.
    count: u64,
    /// The eight bytes after it: variant, clock sequence and a node, chosen at random.
    node: [u8; 8],
}

/// The next one, greater than each before it since the server's start in the order in which SQL
/// Server compares them ("NEWSEQUENTIALID (Transact-SQL)").
///
/// # Errors
/// An internal error when the operating system has no random bytes.
pub fn next() -> Result<[u8; 16], SqlError> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, node) = match &*last {
        Some(last) => (last.count + 1, last.node),
        None => (clock(), new_node()?),
    };
    *last = Some(Last { count, node });
    Ok(arranged(count, node))
}

fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // 60 bits of it last until the year 5236.
    (since.as_nanos() / 100 + EPOCH) as u64 & 0x0FFF_FFFF_FFFF_FFFF
}

fn new_node() -> Result<[u8; 8], SqlError> {
    let mut node = [0; 8];
    getrandom::fill(&mut node).map_err(errors::internal)?;
    node[0] = node[0] & 0x3F | 0x80;
    // A node that isn't a network card's says so.
    node[2] |= 1;
    Ok(node)
}

/// The bytes as RFC 9562 orders them. SQL Server compares the node first, then these eight from the
/// last to the first; byte 6 has the version in its upper half.
fn arranged(count: u64, node: [u8; 8]) -> [u8; 16] {
    let low = count.to_le_bytes();
    let high = (count >> 48) as u16;
    let head = [
        low[0],
        low[1],
        low[2],
        low[3],
        low[4],
        low[5],
        0x10 | (high & 0x0F) as u8,
        (high >> 4) as u8,
    ];
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&head);
    bytes[8..].copy_from_slice(&node);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::guid_key;

    #[test]
    fn each_is_greater_than_the_one_before() {
        let mut before = guid_key(&next().unwrap());
        for _ in 0..1000 {
            let guid = next().unwrap();
            assert_eq!((guid[6] >> 4, guid[8] >> 6), (1, 2), "version and variant");
            assert!(guid_key(&guid) > before);
            before = guid_key(&guid);
        }
    }

    #[test]
    fn a_carry_grows_too() {
        let node = [0x80; 8];
        for count in [0xFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF, 0x000F_FFFF_FFFF_FFFF] {
            assert!(guid_key(&arranged(count + 1, node)) > guid_key(&arranged(count, node)));
        }
    }
}
