//! LOGINACK, [MS-TDS] 2.2.7.14, and FEATUREEXTACK, 2.2.7.11.

use super::{b_varchar, with_length};
use crate::{login::feature, version::TdsVersion};

const LOGINACK: u8 = 0xad;
const FEATUREEXTACK: u8 = 0xae;

/// T-SQL is spoken, in the values of Interface.
const SQL_TSQL: u8 = 1;

/// The login has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginAck<'a> {
    /// The version of TDS that is spoken.
    pub tds_version: TdsVersion,
    /// The server's name; SQL Server says `Microsoft SQL Server`.
    pub program: &'a str,
    /// The server's version: major, minor, build.
    pub version: (u8, u8, u16),
}

/// Features of LOGIN7 that the server has turned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeatureExtAck {
    /// UTF-8 collations are used.
    pub utf8: bool,
}

// === impl LoginAck ===

impl LoginAck<'_> {
    /// Appends the token.
    pub fn encode(&self, out: &mut Vec<u8>) {
        with_length(out, LOGINACK, |out| {
            out.push(SQL_TSQL);
            // Big-endian, other than in LOGIN7.
            out.extend_from_slice(&self.tds_version.0.to_be_bytes());
            b_varchar(out, self.program);
            let (major, minor, build) = self.version;
            let [high, low] = build.to_be_bytes();
            out.extend_from_slice(&[major, minor, high, low]);
        });
    }
}

// === impl FeatureExtAck ===

impl FeatureExtAck {
    /// Appends the token. It goes only to clients that sent FEATUREEXT.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(FEATUREEXTACK);
        if self.utf8 {
            out.extend_from_slice(&[feature::UTF8_SUPPORT, 1, 0, 0, 0, 1]);
        }
        out.push(feature::TERMINATOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loginack_as_in_the_specification() {
        // [MS-TDS] 4.3, but for the versions.
        let mut out = Vec::new();
        LoginAck { tds_version: TdsVersion::V7_4, program: "SQL", version: (16, 0, 1000) }
            .encode(&mut out);
        assert_eq!(
            out,
            [0xad, 16, 0, 1, 0x74, 0, 0, 4, 3, b'S', 0, b'Q', 0, b'L', 0, 16, 0, 3, 0xe8]
        );
    }

    #[test]
    fn features_are_acknowledged() {
        let mut out = Vec::new();
        FeatureExtAck { utf8: true }.encode(&mut out);
        FeatureExtAck::default().encode(&mut out);
        assert_eq!(out, [0xae, 0x0a, 1, 0, 0, 0, 1, 0xff, 0xae, 0xff]);
    }
}
