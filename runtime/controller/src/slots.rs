//! The memory through which a worker gets its input.

use std::io;
use std::sync::Arc;

use launchpod_exchange::protocol::frame::InputSegment;
use launchpod_segment::{MAX_SIZE, Slot};

/// Below it a batch is copied faster than memory is announced (bytes).
const MIN_SIZE: usize = 64 << 10;
/// By turns: while the worker reads one batch, the next one is written.
const SLOTS: usize = 2;

/// Slots that are written by turns. A worker pulls a batch when it has done with the one before
/// the last, so that there is always one that it no longer reads.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: [Option<Arc<Slot>>; SLOTS],
    next: usize,
}

/// A batch that lies in a slot.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) segment: InputSegment,
    /// The slot, where the worker doesn't have it yet.
    pub(crate) memory: Option<Arc<Slot>>,
}

// === impl Slots ===

impl Slots {
    /// Writes the pieces of a batch into the next slot; `None` when they are too few or too many
    /// for that.
    ///
    /// # Errors
    /// There is no memory for them.
    pub(crate) fn write(&mut self, pieces: &[&[u8]]) -> io::Result<Option<Written>> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        if !(MIN_SIZE..=MAX_SIZE).contains(&length) {
            return Ok(None);
        }
        let at = self.next;
        let (slot, is_new) = match &self.slots[at] {
            Some(slot) => (Arc::clone(slot), false),
            None => (Arc::new(Slot::new()?), true),
        };
        slot.write(pieces)?;
        self.slots[at] = Some(Arc::clone(&slot));
        self.next = (at + 1) % SLOTS;
        // MAX_SIZE and SLOTS are far below u32::MAX.
        let segment = InputSegment { slot: at as u32, length: length as u32 };
        Ok(Some(Written { segment, memory: is_new.then_some(slot) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_taken_by_turns_and_told_once() {
        let mut slots = Slots::default();
        let bytes = vec![7; MIN_SIZE];
        let told: Vec<(u32, bool)> = (0..5)
            .map(|_| slots.write(&[&bytes[1..], &bytes[..1]]).unwrap().unwrap())
            .map(|written| (written.segment.slot, written.memory.is_some()))
            .collect();
        assert_eq!(told, [(0, true), (1, true), (0, false), (1, false), (0, false)]);
    }

    #[test]
    fn what_is_small_or_too_large_is_left_to_the_socket() {
        let mut slots = Slots::default();
        let bytes = vec![7; MAX_SIZE];
        assert!(slots.write(&[&bytes[..MIN_SIZE - 1]]).unwrap().is_none());
        assert!(slots.write(&[&bytes, b"x"]).unwrap().is_none());
        assert_eq!(slots.write(&[&bytes]).unwrap().unwrap().segment.slot, 0);
    }
}
