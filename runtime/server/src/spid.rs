//! Numbers of sessions (`@@SPID`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The first number of a user's session; SQL Server keeps those below for itself.
const FIRST: u16 = 51;
/// The greatest number: SQL Server's limit of user connections.
const LAST: u16 = 32_767;

/// The numbers in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spids(Arc<Mutex<BTreeSet<u16>>>);

/// A number in use; dropping it frees it.
#[derive(Debug)]
pub(crate) struct Spid {
    number: u16,
    spids: Spids,
}

// === impl Spids ===

impl Spids {
    /// The lowest free number; `None` when there are as many sessions as there can be.
    pub fn allocate(&self) -> Option<Spid> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = (FIRST..=LAST).find(|number| !used.contains(number))?;
        used.insert(number);
        Some(Spid { number, spids: self.clone() })
    }
}

// === impl Spid ===

impl Spid {
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl Drop for Spid {
    fn drop(&mut self) {
        self.spids.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_is_given() {
        let spids = Spids::default();
        let first = spids.allocate().unwrap();
        let second = spids.allocate().unwrap();
        assert_eq!((first.number(), second.number()), (FIRST, FIRST + 1));
        drop(first);
        assert_eq!(spids.allocate().unwrap().number(), FIRST);
    }
}
