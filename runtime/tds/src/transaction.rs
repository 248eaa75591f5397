//! Transaction manager requests, [MS-TDS] 2.2.6.9.

use crate::{
    error::{Problem, ProtocolError},
    headers::RequestHeaders,
    reader::Reader,
    version::TdsVersion,
};

const ELEMENT: &str = "transaction manager request";

/// A request about the session's transaction. Drivers send these in place of T-SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRequest {
    /// What stands in front.
    pub headers: RequestHeaders,
    /// What is asked.
    pub action: TransactionAction,
}

/// What a transaction manager request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionAction {
    /// Begin a transaction; answered with ENVCHANGE 8.
    Begin(Begin),
    /// Commit; answered with ENVCHANGE 9.
    Commit {
        /// Name of the transaction, or empty.
        name: String,
        /// Begin another at once.
        then: Option<Begin>,
    },
    /// Roll back; answered with ENVCHANGE 10 when the transaction has ended.
    Rollback {
        /// Name of the transaction or savepoint, or empty.
        name: String,
        /// Begin another at once.
        then: Option<Begin>,
    },
    /// Set a savepoint.
    Save {
        /// Its name.
        name: String,
    },
}

/// How a transaction begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// The isolation level to set; `None` leaves it.
    pub isolation: Option<Isolation>,
    /// Name of the transaction, or empty.
    pub name: String,
}

/// Isolation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// READ UNCOMMITTED.
    ReadUncommitted = 1,
    /// READ COMMITTED.
    ReadCommitted = 2,
    /// REPEATABLE READ.
    RepeatableRead = 3,
    /// SERIALIZABLE.
    Serializable = 4,
    /// SNAPSHOT.
    Snapshot = 5,
}

// === impl TransactionRequest ===

impl TransactionRequest {
    /// Reads a transaction manager request's payload.
    ///
    /// # Errors
    /// When it is malformed; [`ProtocolError::is_unsupported`] when it concerns
    /// distributed transactions.
    pub fn decode(payload: &[u8], version: TdsVersion) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(ELEMENT, payload);
        let headers = RequestHeaders::read(&mut reader, version)?;
        reader.enter(ELEMENT);
        let kind = reader.u16()?;
        let unsupported = |what| Err(reader.error(Problem::Unsupported { what }));
        let action = match kind {
            0 => return unsupported("TM_GET_DTC_ADDRESS (distributed transactions)"),
            1 => return unsupported("TM_PROPAGATE_XACT (distributed transactions)"),
            5 => TransactionAction::Begin(Begin::read(&mut reader)?),
            6 => return unsupported("TM_PROMOTE_XACT (distributed transactions)"),
            7 => {
                let (name, then) = end(&mut reader)?;
                TransactionAction::Commit { name, then }
            }
            8 => {
                let (name, then) = end(&mut reader)?;
                TransactionAction::Rollback { name, then }
            }
            9 => TransactionAction::Save { name: reader.b_varbyte_text()? },
            other => return Err(reader.invalid("request type", other)),
        };
        reader.end()?;
        Ok(Self { headers, action })
    }
}

/// The end of a transaction, and how the next one begins.
fn end(reader: &mut Reader<'_>) -> Result<(String, Option<Begin>), ProtocolError> {
    let name = reader.b_varbyte_text()?;
    // fBeginXact
    let then = if reader.u8()? & 1 != 0 { Some(Begin::read(reader)?) } else { None };
    Ok((name, then))
}

// === impl Begin ===

impl Begin {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        let isolation = match reader.u8()? {
            0 => None,
            1 => Some(Isolation::ReadUncommitted),
            2 => Some(Isolation::ReadCommitted),
            3 => Some(Isolation::RepeatableRead),
            4 => Some(Isolation::Serializable),
            5 => Some(Isolation::Snapshot),
            other => return Err(reader.invalid("isolation level", other)),
        };
        Ok(Self { isolation, name: reader.b_varbyte_text()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::tests::SAMPLE;

    fn decode(body: &[u8]) -> Result<TransactionAction, ProtocolError> {
        let payload = [&SAMPLE[..], body].concat();
        TransactionRequest::decode(&payload, TdsVersion::V7_4).map(|request| request.action)
    }

    #[test]
    fn all_requests_are_read() {
        let begin = Begin { isolation: Some(Isolation::ReadCommitted), name: "t".to_owned() };
        assert_eq!(
            decode(&[5, 0, 2, 2, b't', 0]).unwrap(),
            TransactionAction::Begin(begin.clone())
        );
        assert_eq!(
            decode(&[7, 0, 0, 0]).unwrap(),
            TransactionAction::Commit { name: String::new(), then: None }
        );
        assert_eq!(
            decode(&[8, 0, 2, b'x', 0, 1, 2, 2, b't', 0]).unwrap(),
            TransactionAction::Rollback { name: "x".to_owned(), then: Some(begin) }
        );
        assert_eq!(
            decode(&[9, 0, 2, b's', 0]).unwrap(),
            TransactionAction::Save { name: "s".to_owned() }
        );
    }

    #[test]
    fn distributed_transactions_are_unsupported_and_the_rest_malformed() {
        for kind in [0, 1, 6] {
            assert!(decode(&[kind, 0, 0, 0]).unwrap_err().is_unsupported());
        }
        for body in [
            &[2, 0][..],
            &[5, 0, 6, 0],
            &[5, 0, 2, 1, b't'],
            &[5, 0, 2, 0, 0],
            &[7, 0, 0],
            &[7, 0, 0, 1],
        ] {
            assert!(!decode(body).unwrap_err().is_unsupported(), "{body:?}");
        }
    }
}
