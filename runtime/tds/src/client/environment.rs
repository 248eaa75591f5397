//! ENVCHANGE as a client reads it, [MS-TDS] 2.2.7.9.

use super::malformed;
use crate::{error::ProtocolError, reader::Reader, types::Collation};

/// The protocol TCP in a routing token.
const TCP: u8 = 0;

/// Something of the session that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// The current database, by its new name.
    Database(String),
    /// The packets' size from the next message on, header included.
    PacketSize(usize),
    /// The collation of the current database; `None` when the server doesn't say.
    Collation(Option<Collation>),
    /// A transaction has begun, with the number that requests in it carry.
    BeginTransaction(u64),
    /// The transaction was committed.
    CommitTransaction,
    /// The transaction was rolled back, or has ended otherwise.
    RollbackTransaction,
    /// The session was reset, as a request's packet asked.
    Reset,
    /// The login goes on at another server, by its name and TCP port.
    Routing {
        /// The server's name.
        server: String,
        /// Its port.
        port: u16,
    },
    /// Anything else, by its number.
    Other(u8),
}

// === impl Environment ===

impl Environment {
    /// Reads the token behind its first byte.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        let start = reader.offset() + 2;
        let length = reader.u16()?;
        let mut value = Reader::new("ENVCHANGE", reader.bytes(length.into())?);
        Self::read_value(&mut value).map_err(|error| malformed(error, start))
    }

    /// The new value; the old one behind it says nothing that the client doesn't know.
    fn read_value(value: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        Ok(match value.u8()? {
            1 => Self::Database(value.b_varchar()?),
            4 => {
                let size = value.b_varchar()?;
                match size.parse() {
                    Ok(size) => Self::PacketSize(size),
                    Err(_) => return Err(value.invalid("packet size", size.len() as u64)),
                }
            }
            7 => {
                let length = value.u8()?;
                let bytes = value.bytes(length.into())?;
                Self::Collation(bytes.try_into().ok().map(Collation::from_wire))
            }
            8 => {
                let length = value.u8()?;
                if length != 8 {
                    return Err(value.invalid("length of a transaction descriptor", length));
                }
                Self::BeginTransaction(value.u64()?)
            }
            9 => Self::CommitTransaction,
            // 17: the transaction has ended, of which a client isn't told how.
            10 | 17 => Self::RollbackTransaction,
            18 => Self::Reset,
            20 => {
                let _length = value.u16()?;
                let protocol = value.u8()?;
                if protocol != TCP {
                    return Err(value.invalid("protocol of a routing", protocol));
                }
                let port = value.u16()?;
                Self::Routing { server: value.us_varchar()?, port }
            }
            other => Self::Other(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::EnvChange;

    fn read(token: &[u8]) -> Result<Environment, ProtocolError> {
        Environment::read(&mut Reader::new("t", &token[1..]))
    }

    fn written(change: EnvChange<'_>) -> Environment {
        let mut token = Vec::new();
        change.encode(&mut token);
        read(&token).unwrap()
    }

    #[test]
    fn what_our_server_writes_is_read() {
        assert_eq!(
            written(EnvChange::Database { new: "dä", old: "master" }),
            Environment::Database("dä".to_owned())
        );
        assert_eq!(
            written(EnvChange::PacketSize { new: 8000, old: 4096 }),
            Environment::PacketSize(8000)
        );
        let collation = Collation::default();
        assert_eq!(
            written(EnvChange::Collation { new: collation, old: None }),
            Environment::Collation(Some(collation))
        );
        assert_eq!(
            written(EnvChange::BeginTransaction { descriptor: 9 }),
            Environment::BeginTransaction(9)
        );
        assert_eq!(
            written(EnvChange::CommitTransaction { descriptor: 9 }),
            Environment::CommitTransaction
        );
        assert_eq!(
            written(EnvChange::RollbackTransaction { descriptor: 9 }),
            Environment::RollbackTransaction
        );
        assert_eq!(written(EnvChange::ResetAcknowledged), Environment::Reset);
        assert_eq!(written(EnvChange::Language { new: "Deutsch", old: "" }), Environment::Other(2));
    }

    /// Hand-made by [MS-TDS] 2.2.7.9, type 20: no server of ours sends it.
    #[test]
    fn a_routing_names_server_and_port() {
        let routing = [0xe3, 14, 0, 20, 9, 0, 0, 0x9a, 0x05, 2, 0, b'h', 0, b'2', 0, 0, 0];
        assert_eq!(
            read(&routing).unwrap(),
            Environment::Routing { server: "h2".to_owned(), port: 1434 }
        );
        let mut other = routing;
        other[6] = 1;
        assert!(read(&other).is_err(), "another protocol");
    }

    #[test]
    fn lengths_are_checked() {
        assert!(read(&[0xe3, 5, 0, 1, 9, b'x', 0, 0]).is_err(), "a name beyond the token");
        assert!(read(&[0xe3, 4, 0, 8, 2, 1, 0]).is_err(), "a descriptor of two bytes");
        assert!(read(&[0xe3, 0, 0]).is_err(), "no type");
        assert!(read(&[0xe3, 5, 0, 4, 1, b'x', 0, 0]).is_err(), "no number");
    }
}
