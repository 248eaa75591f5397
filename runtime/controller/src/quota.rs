//! What one request may send, counted over all of its workers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Caps;
use crate::error::Resource;

/// What one request has sent so far.
#[derive(Debug)]
pub(crate) struct Quota {
    caps: Caps,
    message_bytes: AtomicU64,
    result_bytes: AtomicU64,
    result_rows: AtomicU64,
}

// === impl Quota ===

impl Quota {
    pub(crate) fn new(caps: Caps) -> Self {
        let (message_bytes, result_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Quota { caps, message_bytes, result_bytes, result_rows: AtomicU64::new(0) }
    }

    /// How many of so many bytes of messages may still be sent.
    pub(crate) fn take_message_bytes(&self, count: usize) -> usize {
        let count = count as u64;
        let before = self.message_bytes.fetch_add(count, Ordering::Relaxed);
        let left = self.caps.message_bytes.saturating_sub(before);
        // No more than a count that was a usize.
        left.min(count) as usize
    }

    /// Counts bytes of the result.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn take_result_bytes(&self, count: usize) -> Result<(), Resource> {
        let (count, cap) = (count as u64, self.caps.result_bytes);
        add(&self.result_bytes, count, cap).map_err(|Over| Resource::ResultBytes)
    }

    /// Counts rows of the result.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn take_result_rows(&self, count: usize) -> Result<(), Resource> {
        let (count, cap) = (count as u64, self.caps.result_rows);
        add(&self.result_rows, count, cap).map_err(|Over| Resource::ResultRows)
    }
}

struct Over;

fn add(counter: &AtomicU64, count: u64, cap: u64) -> Result<(), Over> {
    let before = counter.fetch_add(count, Ordering::Relaxed);
    if before.saturating_add(count) > cap { Err(Over) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_a_cap_is_refused() {
        let quota = Quota::new(Caps {
            message_bytes: 10,
            result_bytes: 10,
            result_rows: 2,
            ..Caps::default()
        });
        assert_eq!(quota.take_message_bytes(8), 8);
        assert_eq!(quota.take_message_bytes(8), 2);
        assert_eq!(quota.take_message_bytes(8), 0);
        assert_eq!(quota.take_result_bytes(10), Ok(()));
        assert_eq!(quota.take_result_bytes(1), Err(Resource::ResultBytes));
        assert_eq!(quota.take_result_rows(2), Ok(()));
        assert_eq!(quota.take_result_rows(1), Err(Resource::ResultRows));
    }
}
