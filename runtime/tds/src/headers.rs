//! ALL_HEADERS, [MS-TDS] 2.2.5.3, in front of each request since TDS 7.2.

use crate::{error::ProtocolError, reader::Reader, version::TdsVersion};

const ELEMENT: &str = "ALL_HEADERS";

const TRANSACTION_DESCRIPTOR: u16 = 2;

/// What the headers of a request say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeaders {
    /// The transaction that the request belongs to, as ENVCHANGE gave it; 0 is none.
    pub transaction: u64,
    /// Requests that the client waits for, this one included; more than 1 only with MARS.
    pub outstanding: u32,
}

// === impl RequestHeaders ===

impl RequestHeaders {
    /// Reads the headers and leaves the reader behind them. Headers of query notification
    /// and trace activity are skipped.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        version: TdsVersion,
    ) -> Result<Self, ProtocolError> {
        let mut headers = Self::default();
        if !version.has_all_headers() {
            return Ok(headers);
        }
        reader.enter(ELEMENT);
        let start = reader.offset();
        let total = reader.u32()? as usize;
        let Some(length) = total.checked_sub(4) else {
            return Err(reader.invalid("total length", total as u64));
        };
        let mut list = Reader::new(ELEMENT, reader.bytes(length)?);
        while !list.is_empty() {
            headers.header(&mut list).map_err(|error| error.within(start + 4))?;
        }
        Ok(headers)
    }

    /// Appends ALL_HEADERS with the transaction descriptor, as a client sends it.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&22_u32.to_le_bytes());
        out.extend_from_slice(&18_u32.to_le_bytes());
        out.extend_from_slice(&TRANSACTION_DESCRIPTOR.to_le_bytes());
        out.extend_from_slice(&self.transaction.to_le_bytes());
        out.extend_from_slice(&self.outstanding.to_le_bytes());
    }

    fn header(&mut self, list: &mut Reader<'_>) -> Result<(), ProtocolError> {
        let length = list.u32()?;
        let kind = list.u16()?;
        // The length counts itself and the type.
        let Some(length) = (length as usize).checked_sub(6) else {
            return Err(list.invalid("header length", length));
        };
        if kind == TRANSACTION_DESCRIPTOR {
            if length != 12 {
                return Err(
                    list.invalid("length of the transaction descriptor header", length as u64)
                );
            }
            self.transaction = list.u64()?;
            self.outstanding = list.u32()?;
        } else {
            list.bytes(length)?;
        }
        Ok(())
    }
}

impl Default for RequestHeaders {
    /// Of a request without headers: no transaction, nothing else outstanding.
    fn default() -> Self {
        Self { transaction: 0, outstanding: 1 }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// ALL_HEADERS of the SQL batch in [MS-TDS] 4.6, with transaction 0.
    pub(crate) const SAMPLE: [u8; 22] =
        [22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];

    fn read(bytes: &[u8]) -> Result<(RequestHeaders, usize), ProtocolError> {
        let mut reader = Reader::new("t", bytes);
        let headers = RequestHeaders::read(&mut reader, TdsVersion::V7_4)?;
        Ok((headers, reader.left()))
    }

    #[test]
    fn the_transaction_is_read_and_others_are_skipped() {
        assert_eq!(read(&SAMPLE).unwrap(), (RequestHeaders { transaction: 0, outstanding: 1 }, 0));
        let mut bytes = vec![30, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0xaa, 0xbb];
        bytes.extend_from_slice(&[18, 0, 0, 0, 2, 0, 8, 7, 6, 5, 4, 3, 2, 1, 2, 0, 0, 0]);
        bytes.push(b'S');
        assert_eq!(
            read(&bytes).unwrap(),
            (RequestHeaders { transaction: 0x0102_0304_0506_0708, outstanding: 2 }, 1)
        );
        assert_eq!(read(&[4, 0, 0, 0]).unwrap().0, RequestHeaders::default());
    }

    #[test]
    fn what_is_written_is_the_example() {
        let mut out = Vec::new();
        RequestHeaders::default().encode(&mut out);
        assert_eq!(out, SAMPLE);
    }

    #[test]
    fn lengths_are_checked() {
        for (at, value) in [(0, 3), (0, 23), (0, 21), (4, 5), (4, 17), (4, 19), (4, 0)] {
            let mut bytes = SAMPLE;
            bytes[at] = value;
            assert!(read(&bytes).is_err(), "byte {at} = {value}");
        }
    }

    #[test]
    fn before_7_2_there_are_none() {
        let mut reader = Reader::new("t", b"SELECT");
        RequestHeaders::read(&mut reader, TdsVersion(0x7100_0001)).unwrap();
        assert_eq!(reader.left(), 6);
    }
}
