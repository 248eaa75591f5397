//! SQLBatch, [MS-TDS] 2.2.6.7.

use crate::{error::ProtocolError, headers::RequestHeaders, reader::Reader, version::TdsVersion};

/// T-SQL text to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlBatch {
    /// What stands in front.
    pub headers: RequestHeaders,
    /// The text.
    pub text: String,
}

// === impl SqlBatch ===

impl SqlBatch {
    /// Reads a SQLBatch message's payload.
    ///
    /// # Errors
    /// When the headers are malformed or the text has an odd number of bytes.
    pub fn decode(payload: &[u8], version: TdsVersion) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new("SQLBatch", payload);
        let headers = RequestHeaders::read(&mut reader, version)?;
        reader.enter("SQLBatch");
        let length = reader.left();
        if !length.is_multiple_of(2) {
            return Err(reader.invalid("odd length of UTF-16 text", length as u64));
        }
        let text = reader.text(length / 2)?;
        Ok(Self { headers, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::tests::SAMPLE;

    #[test]
    fn text_follows_the_headers() {
        let text: Vec<u8> = "SELECT 'ß'".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let payload = [&SAMPLE[..], &text].concat();
        let batch = SqlBatch::decode(&payload, TdsVersion::V7_4).unwrap();
        assert_eq!(batch.text, "SELECT 'ß'");
        assert_eq!(SqlBatch::decode(&text, TdsVersion(0x7100_0001)).unwrap().text, "SELECT 'ß'");
        assert!(SqlBatch::decode(&payload[..payload.len() - 1], TdsVersion::V7_4).is_err());
    }
}
