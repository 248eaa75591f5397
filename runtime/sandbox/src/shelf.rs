//! The ready workers of one kind, who waits for one, and how many there should be.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::error::SandboxError;

/// Without a call that had to wait for so long, one worker fewer is kept.
const CALM: Duration = Duration::from_secs(30);
/// How long the first failure to make a worker ahead keeps others from being made; doubled by
/// each further one.
const FIRST_RETREAT: Duration = Duration::from_secs(1);
/// The longest such time.
const LONGEST_RETREAT: Duration = Duration::from_secs(60);

/// What a call gets: a worker or its error, when one is there.
pub(crate) type Answer<T> = Result<T, SandboxError>;

/// What a call finds.
pub(crate) enum Found<T> {
    /// A worker that is ready.
    Ready(T),
    /// None yet; the next one comes this way.
    Waiting(oneshot::Receiver<Answer<T>>),
}

/// A shelf of ready workers of one kind.
pub(crate) struct Shelf<T> {
    ready: VecDeque<T>,
    waiting: VecDeque<oneshot::Sender<Answer<T>>>,
    /// How many are being made.
    making: usize,
    /// How many should be ready.
    aim: usize,
    floor: usize,
    ceiling: usize,
    asked: Instant,
    /// When a call had to wait last, or the aim was lowered for want of one.
    scarce: Instant,
    /// Until when nothing is made ahead, and how long that was.
    retreat: Option<(Instant, Duration)>,
}

// === impl Shelf ===

impl<T> Shelf<T> {
    /// An empty shelf that aims at `floor` and never at more than `ceiling`.
    pub(crate) fn new(floor: usize, ceiling: usize, now: Instant) -> Self {
        Shelf {
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            making: 0,
            aim: floor,
            floor,
            ceiling,
            asked: now,
            scarce: now,
            retreat: None,
        }
    }

    /// For a call: the worker that has been ready longest, or a place in the queue. A worker that
    /// is no longer usable is dropped.
    pub(crate) fn get(&mut self, now: Instant, usable: impl Fn(&T) -> bool) -> Found<T> {
        self.asked = now;
        while let Some(worker) = self.ready.pop_front() {
            if usable(&worker) {
                return Found::Ready(worker);
            }
        }
        self.aim = (self.aim + 1).min(self.ceiling);
        self.scarce = now;
        let (sender, receiver) = oneshot::channel();
        self.waiting.push_back(sender);
        Found::Waiting(receiver)
    }

    /// How many are to be begun now, of which at most `makers` at once for nobody in particular;
    /// they count as being made from here on.
    pub(crate) fn begin(&mut self, now: Instant, makers: usize) -> usize {
        // Who has gone needs none.
        self.waiting.retain(|waiting| !waiting.is_closed());
        let wanted = self.waiting.len().saturating_sub(self.making);
        let retreating = self.retreat.is_some_and(|(until, _)| now < until);
        let lacking =
            (self.aim + self.waiting.len()).saturating_sub(self.ready.len() + self.making);
        let ahead = if retreating { 0 } else { lacking.min(makers.saturating_sub(self.making)) };
        let begun = wanted.max(ahead);
        self.making += begun;
        begun
    }

    /// One that was being made is there, or can't be. Whom it isn't for gets it back: a worker
    /// that is one too many, or an error that nobody waits for.
    pub(crate) fn end(&mut self, now: Instant, made: Answer<T>) -> Option<Answer<T>> {
        self.making -= 1;
        match &made {
            Ok(_) => self.retreat = None,
            Err(_) => {
                let pause = self.retreat.map_or(FIRST_RETREAT, |(_, pause)| pause * 2);
                let pause = pause.min(LONGEST_RETREAT);
                self.retreat = Some((now + pause, pause));
            }
        }
        let mut made = made;
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting.send(made) {
                Ok(()) => return None,
                Err(back) => made = back,
            }
        }
        match made {
            Ok(worker) if self.ready.len() < self.aim => {
                self.ready.push_back(worker);
                None
            }
            unwanted => Some(unwanted),
        }
    }

    /// Lowers the aim when it is time, and hands over what is more than that or unusable.
    pub(crate) fn settle(&mut self, now: Instant, usable: impl Fn(&T) -> bool) -> Vec<T> {
        if self.aim > self.floor && now.duration_since(self.scarce) >= CALM {
            self.aim -= 1;
            self.scarce = now;
        }
        let (mut kept, mut rest) = (VecDeque::new(), Vec::new());
        for worker in self.ready.drain(..) {
            if kept.len() < self.aim && usable(&worker) {
                kept.push_back(worker);
            } else {
                rest.push(worker);
            }
        }
        self.ready = kept;
        rest
    }

    /// When it was asked for last.
    pub(crate) fn asked(&self) -> Instant {
        self.asked
    }

    /// Whether nobody has asked for `long`, nobody waits and nothing is being made.
    pub(crate) fn is_forgotten(&self, now: Instant, long: Duration) -> bool {
        let idle = self.waiting.is_empty() && self.making == 0;
        idle && now.duration_since(self.asked) >= long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    fn shelf(floor: usize, ceiling: usize) -> (Shelf<u32>, Instant) {
        let now = Instant::now();
        (Shelf::new(floor, ceiling, now), now)
    }

    #[test]
    fn it_is_filled_to_its_floor_a_few_at_once() {
        let (mut shelf, now) = shelf(3, 8);
        assert_eq!(shelf.begin(now, 2), 2);
        assert_eq!(shelf.begin(now, 2), 0);
        assert!(shelf.end(now, Ok(1)).is_none());
        assert_eq!(shelf.begin(now, 2), 1);
        assert!(shelf.end(now, Ok(2)).is_none() && shelf.end(now, Ok(3)).is_none());
        assert_eq!(shelf.begin(now, 2), 0);
        assert!(matches!(shelf.get(now, |_| true), Found::Ready(1)));
        assert_eq!(shelf.begin(now, 2), 1);
    }

    #[test]
    fn calls_that_wait_are_served_in_turn_whatever_the_makers() {
        let (mut shelf, now) = shelf(0, 8);
        let mut calls: Vec<_> = (0..4).map(|_| shelf.get(now, |_| true)).collect();
        assert_eq!(shelf.begin(now, 1), 4);
        assert!(shelf.end(now, Ok(1)).is_none());
        let Found::Waiting(first) = &mut calls[0] else { panic!("not waiting") };
        assert_eq!(first.try_recv().unwrap().unwrap(), 1);
        // The second has gone: what is made for it is the third's.
        calls.remove(1);
        assert!(shelf.end(now, Ok(2)).is_none());
        let Found::Waiting(third) = &mut calls[1] else { panic!("not waiting") };
        assert_eq!(third.try_recv().unwrap().unwrap(), 2);
    }

    #[test]
    fn it_aims_higher_with_each_wait_and_lower_in_calm() {
        let (mut shelf, now) = shelf(1, 2);
        let _calls: Vec<_> = (0..3).map(|_| shelf.get(now, |_| true)).collect();
        assert_eq!(shelf.begin(now, 1), 3);
        for worker in 1..=3 {
            assert!(shelf.end(now, Ok(worker)).is_none());
        }
        assert_eq!((shelf.begin(now, 9), shelf.aim), (2, 2));
        assert!(shelf.end(now, Ok(4)).is_none() && shelf.end(now, Ok(5)).is_none());
        assert!(shelf.settle(second(now, 29), |_| true).is_empty());
        assert_eq!(shelf.settle(second(now, 30), |_| true), [5]);
        assert!(shelf.settle(second(now, 90), |_| true).is_empty(), "never below the floor");
    }

    #[test]
    fn failures_reach_who_waits_and_make_it_pause() {
        let (mut shelf, now) = shelf(1, 2);
        let Found::Waiting(mut call) = shelf.get(now, |_| true) else { panic!("ready") };
        assert_eq!(shelf.begin(now, 2), 2);
        assert!(shelf.end(now, Err(SandboxError::NoUid)).is_none());
        assert!(matches!(call.try_recv(), Ok(Err(SandboxError::NoUid))));
        assert!(matches!(shelf.end(now, Err(SandboxError::NoUid)), Some(Err(_))));
        assert_eq!(shelf.begin(second(now, 1), 2), 0, "two failures: two seconds");
        // A call doesn't wait for the end of the pause.
        let _call = shelf.get(now, |_| true);
        assert_eq!(shelf.begin(second(now, 1), 2), 1);
        assert!(shelf.end(now, Ok(1)).is_none());
        assert_eq!(shelf.begin(second(now, 1), 2), 2);
    }

    #[test]
    fn a_worker_that_has_ended_is_not_handed_out() {
        let (mut shelf, now) = shelf(2, 2);
        assert_eq!(shelf.begin(now, 2), 2);
        assert!(shelf.end(now, Ok(1)).is_none() && shelf.end(now, Ok(2)).is_none());
        assert!(matches!(shelf.get(now, |worker| *worker != 1), Found::Ready(2)));
        let long = Duration::from_secs(60);
        assert!(!shelf.is_forgotten(second(now, 59), long));
        assert!(shelf.is_forgotten(second(now, 60), long));
    }
}
