//! Versions of TDS as LOGIN7 and LOGINACK name them, [MS-TDS] 2.2.6.4 and 2.2.7.14.

use std::cmp::Ordering;
use std::fmt;

/// A version of TDS. Later ones compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TdsVersion(pub u32);

// === impl TdsVersion ===

impl TdsVersion {
    /// SQL Server 2005: ALL_HEADERS, (max) types, 64-bit row counts. Answers made by this
    /// crate need at least this version.
    pub const V7_2: Self = Self(0x7209_0002);
    /// SQL Server 2008: the date and time types.
    pub const V7_3A: Self = Self(0x730a_0003);
    /// SQL Server 2008 R2: NBCROW.
    pub const V7_3B: Self = Self(0x730b_0003);
    /// SQL Server 2012 and later: FEATUREEXT.
    pub const V7_4: Self = Self(0x7400_0004);
    /// SQL Server 2022 within strict encryption, where many drivers ask for 7.4 all the same. To
    /// messages after the login it makes no difference.
    pub const V8_0: Self = Self(0x0800_0000);

    /// Requests begin with ALL_HEADERS.
    pub fn has_all_headers(self) -> bool {
        self >= Self::V7_2
    }

    /// Rows may be NBCROW tokens.
    pub fn has_nbc_row(self) -> bool {
        self >= Self::V7_3B
    }

    /// What a server of TDS 7.4 and 8.0 speaks with a client that asks for this version: never
    /// later than either.
    pub fn negotiate(self) -> Self {
        if self >= Self::V8_0 { Self::V8_0 } else { self.min(Self::V7_4) }
    }

    /// Major and minor in the high bits: 7.1 to 7.4 begin with them, while 7.0 and 8.0 begin
    /// with a zero.
    fn comparable(self) -> u32 {
        if self.0 < 0x1000_0000 { self.0 << 4 } else { self.0 }
    }
}

impl PartialOrd for TdsVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TdsVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.comparable().cmp(&other.comparable())
    }
}

impl fmt::Display for TdsVersion {
    /// Major and minor, such as `7.4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major_minor, ..] = self.comparable().to_be_bytes();
        write!(f, "{}.{}", major_minor >> 4, major_minor & 0x0f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_and_named() {
        let jtds = TdsVersion(0x7100_0001);
        let first = TdsVersion(0x0700_0000);
        assert!(first < jtds && jtds < TdsVersion::V7_4 && TdsVersion::V7_4 < TdsVersion::V8_0);
        assert!(TdsVersion::V8_0.has_all_headers() && TdsVersion::V8_0.has_nbc_row());
        assert_eq!(TdsVersion::V8_0.negotiate(), TdsVersion::V8_0);
        assert_eq!(first.to_string(), "7.0");
        assert!(!jtds.has_all_headers() && TdsVersion::V7_2.has_all_headers());
        assert!(!TdsVersion::V7_3A.has_nbc_row() && TdsVersion::V7_3B.has_nbc_row());
        assert_eq!(jtds.negotiate(), jtds);
        assert_eq!(TdsVersion(0x7500_0000).negotiate(), TdsVersion::V7_4);
        assert_eq!(TdsVersion::V7_4.to_string(), "7.4");
        assert_eq!(TdsVersion::V8_0.to_string(), "8.0");
    }
}
