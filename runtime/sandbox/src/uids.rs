//! A uid per live worker.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Hands out the uids of a range, none to two workers at a time.
#[derive(Clone, Debug)]
pub(crate) struct Uids {
    range: Range<u32>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    next: u32,
    used: BTreeSet<u32>,
}

/// A uid that no other live worker has, until it is dropped.
#[derive(Debug)]
pub(crate) struct Uid {
    number: u32,
    state: Arc<Mutex<State>>,
}

// === impl Uids ===

impl Uids {
    /// Begins at a place that depends on `seed`: two instances that share a range, although
    /// they should not, then rarely share a uid.
    pub(crate) fn new(range: Range<u32>, seed: u32) -> Self {
        let offset = seed.checked_rem(range.end.saturating_sub(range.start)).unwrap_or(0);
        let state = State { next: range.start + offset, used: BTreeSet::new() };
        Uids { range, state: Arc::new(Mutex::new(state)) }
    }

    /// The whole range.
    pub(crate) fn range(&self) -> Range<u32> {
        self.range.clone()
    }

    /// The next free uid, round the range, so that one just given back rests longest; `None`
    /// when all are in use.
    pub(crate) fn take(&self) -> Option<Uid> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let from_next = state.next..self.range.end;
        let number = from_next.chain(self.range.clone()).find(|uid| !state.used.contains(uid))?;
        state.used.insert(number);
        state.next = number + 1;
        Some(Uid { number, state: Arc::clone(&self.state) })
    }
}

// === impl Uid ===

impl Uid {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Uid {
    fn drop(&mut self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).used.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_uid_is_in_use_twice_and_a_returned_one_rests() {
        let uids = Uids::new(10..13, 30);
        let first = uids.take().unwrap();
        let second = uids.take().unwrap();
        assert_eq!((first.number(), second.number()), (10, 11));
        drop(first);
        let third = uids.take().unwrap();
        assert_eq!(third.number(), 12);
        let again = uids.take().unwrap();
        assert_eq!(again.number(), 10);
        assert!(uids.take().is_none());
        drop(second);
        assert_eq!(uids.take().unwrap().number(), 11);
        assert_eq!(Uids::new(10..13, 31).take().unwrap().number(), 11);
        assert!(Uids::new(10..10, 1).take().is_none());
    }
}
