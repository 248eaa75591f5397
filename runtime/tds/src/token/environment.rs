//! ENVCHANGE, [MS-TDS] 2.2.7.9.

use super::{b_varchar, with_length};
use crate::types::Collation;

const ENVCHANGE: u8 = 0xe3;

/// Something of the session has changed that the client keeps track of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvChange<'a> {
    /// The database.
    Database {
        /// The one from now on.
        new: &'a str,
        /// The one until now.
        old: &'a str,
    },
    /// The language of messages.
    Language {
        /// The one from now on.
        new: &'a str,
        /// The one until now.
        old: &'a str,
    },
    /// The packet size.
    PacketSize {
        /// The one from now on.
        new: usize,
        /// The one until now.
        old: usize,
    },
    /// The collation of the database.
    Collation {
        /// The one from now on.
        new: Collation,
        /// The one until now, if any.
        old: Option<Collation>,
    },
    /// A transaction has begun.
    BeginTransaction {
        /// The number that requests in it carry.
        descriptor: u64,
    },
    /// The transaction was committed.
    CommitTransaction {
        /// The number it had.
        descriptor: u64,
    },
    /// The transaction was rolled back.
    RollbackTransaction {
        /// The number it had.
        descriptor: u64,
    },
    /// The session was reset, as the request's packet asked.
    ResetAcknowledged,
}

// === impl EnvChange ===

impl EnvChange<'_> {
    /// Appends the token.
    pub fn encode(&self, out: &mut Vec<u8>) {
        with_length(out, ENVCHANGE, |out| match self {
            Self::Database { new, old } => texts(out, 1, new, old),
            Self::Language { new, old } => texts(out, 2, new, old),
            Self::PacketSize { new, old } => texts(out, 4, &new.to_string(), &old.to_string()),
            Self::Collation { new, old } => {
                let old = old.map(Collation::to_wire);
                bytes(out, 7, &new.to_wire(), old.as_ref().map_or(&[], |old| old.as_slice()));
            }
            Self::BeginTransaction { descriptor } => bytes(out, 8, &descriptor.to_le_bytes(), &[]),
            Self::CommitTransaction { descriptor } => bytes(out, 9, &[], &descriptor.to_le_bytes()),
            Self::RollbackTransaction { descriptor } => {
                bytes(out, 10, &[], &descriptor.to_le_bytes())
            }
            Self::ResetAcknowledged => bytes(out, 18, &[], &[]),
        });
    }
}

fn texts(out: &mut Vec<u8>, kind: u8, new: &str, old: &str) {
    out.push(kind);
    b_varchar(out, new);
    b_varchar(out, old);
}

/// New and old value are at most eight bytes.
fn bytes(out: &mut Vec<u8>, kind: u8, new: &[u8], old: &[u8]) {
    out.extend_from_slice(&[kind, new.len() as u8]);
    out.extend_from_slice(new);
    out.push(old.len() as u8);
    out.extend_from_slice(old);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(change: EnvChange<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        change.encode(&mut out);
        out
    }

    #[test]
    fn changes_as_in_the_specification() {
        // The first of [MS-TDS] 4.3.
        assert_eq!(
            encoded(EnvChange::Database { new: "ab", old: "m" }),
            [0xe3, 9, 0, 1, 2, b'a', 0, b'b', 0, 1, b'm', 0]
        );
        assert_eq!(
            encoded(EnvChange::PacketSize { new: 4096, old: 512 }),
            [0xe3, 17, 0, 4, 4, b'4', 0, b'0', 0, b'9', 0, b'6', 0, 3, b'5', 0, b'1', 0, b'2', 0]
        );
        assert_eq!(
            encoded(EnvChange::Collation { new: Collation::default(), old: None }),
            [0xe3, 8, 0, 7, 5, 9, 4, 0xd0, 0, 0x34, 0]
        );
        assert_eq!(
            encoded(EnvChange::BeginTransaction { descriptor: 0x0102_0304_0506_0708 }),
            [0xe3, 11, 0, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0]
        );
        assert_eq!(
            encoded(EnvChange::CommitTransaction { descriptor: 1 }),
            [0xe3, 11, 0, 9, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(encoded(EnvChange::RollbackTransaction { descriptor: 1 })[3], 10);
        assert_eq!(encoded(EnvChange::ResetAcknowledged), [0xe3, 3, 0, 18, 0, 0]);
    }

    #[test]
    fn long_names_are_cut() {
        let long = "x".repeat(300);
        let bytes = encoded(EnvChange::Language { new: &long, old: &long });
        assert_eq!(bytes.len(), 3 + 1 + 2 * (1 + 510));
    }
}
