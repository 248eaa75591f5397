//! DONE, DONEPROC and DONEINPROC, [MS-TDS] 2.2.7.6 to 2.2.7.8.

use std::ops::{BitOr, BitOrAssign};

/// A statement, a procedure or the whole answer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// What has ended.
    pub kind: DoneKind,
    /// Flags.
    pub status: DoneStatus,
    /// The kind of statement, CurCmd; 0 is allowed, 0xC1 is SELECT.
    pub command: u16,
    /// Rows affected or returned; only read when [`DoneStatus::COUNT`] is set.
    pub rows: u64,
}

/// Bytes of a DONE token since TDS 7.2.
pub const DONE_LENGTH: usize = 13;

/// What a DONE ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneKind {
    /// A statement of a batch, or an attention.
    Done = 0xfd,
    /// A procedure.
    Proc = 0xfe,
    /// A statement within a procedure.
    InProc = 0xff,
}

/// Flags of a DONE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoneStatus(pub u16);

// === impl DoneStatus ===

impl DoneStatus {
    /// The end of the answer.
    pub const FINAL: Self = Self(0x00);
    /// More of the answer follows.
    pub const MORE: Self = Self(0x01);
    /// The statement has failed.
    pub const ERROR: Self = Self(0x02);
    /// A transaction is open.
    pub const IN_TRANSACTION: Self = Self(0x04);
    /// The count of rows is meant.
    pub const COUNT: Self = Self(0x10);
    /// Acknowledges an attention.
    pub const ATTENTION: Self = Self(0x20);
    /// DONEPROC of a call that isn't the last of its message.
    pub const RPC_IN_BATCH: Self = Self(0x80);
    /// A severe error: the result must be discarded.
    pub const SERVER_ERROR: Self = Self(0x100);

    /// True when all flags of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for DoneStatus {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for DoneStatus {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

// === impl Done ===

impl Done {
    /// What acknowledges an attention, [MS-TDS] 2.2.1.7.
    pub const ATTENTION: Self = Self::bare(DoneStatus::ATTENTION);

    /// The whole answer to a message that the client took back, [MS-TDS] 2.2.1.7.
    pub const IGNORED: Self = Self::bare(DoneStatus::ERROR);

    const fn bare(status: DoneStatus) -> Self {
        Self { kind: DoneKind::Done, status, command: 0, rows: 0 }
    }

    /// Appends the token.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        out.extend_from_slice(&self.status.0.to_le_bytes());
        out.extend_from_slice(&self.command.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // The end of [MS-TDS] 4.6.
        let mut out = Vec::new();
        Done { kind: DoneKind::Done, status: DoneStatus::COUNT, command: 0xc1, rows: 1 }
            .encode(&mut out);
        assert_eq!(out, [0xfd, 0x10, 0, 0xc1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        out.clear();
        Done::ATTENTION.encode(&mut out);
        assert_eq!(out, [0xfd, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut status = DoneStatus::MORE | DoneStatus::ERROR;
        status |= DoneStatus::SERVER_ERROR;
        assert_eq!(status.0, 0x103);
    }
}
