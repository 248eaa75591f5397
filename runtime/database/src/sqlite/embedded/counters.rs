//! How far sequences have counted, in a file of its own.
//!
//! A sequence's values are never taken back: who rolls back loses them, and who asks for one waits
//! for nobody's transaction ("CREATE SEQUENCE", section "General Remarks"). So they can't be kept
//! in the file of the databases, which has one writer at a time, and whose writer may be the one
//! who asks. The catalog has what a sequence is, and the number of its counter here; a restart,
//! which can be rolled back, is another counter.
//!
//! Values are taken ahead, as many as the sequence's cache says, and only the last of them is
//! written. What was taken and not given is lost when the server is killed, and written back when
//! it ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use launchpod_types::SqlError;
use rusqlite::{Connection, OptionalExtension, params};

use super::catalog::failed;
use super::connection;
use crate::sqlite::errors;

/// The file in the data folder that holds the counters.
pub(crate) const FILE_NAME: &str = "sequences.sqlite";

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS counters (
    counter_id INTEGER PRIMARY KEY AUTOINCREMENT, last TEXT) STRICT";

/// How a sequence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) start: i128,
    /// Not 0.
    pub(crate) increment: i128,
    pub(crate) minimum: i128,
    pub(crate) maximum: i128,
    pub(crate) cycles: bool,
    /// How many values are taken at once, 1 or more.
    pub(crate) ahead: u64,
}

/// Values that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: i128,
    pub(crate) last: i128,
    /// How often the sequence began again from its other end.
    pub(crate) cycles: u128,
}

/// The counters of all sequences.
pub(crate) struct Counters(Mutex<State>);

struct State {
    file: Connection,
    known: BTreeMap<i64, Counter>,
}

/// A counter that was used since the server's start.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// The value given last.
    last: Option<i128>,
    /// By which rule values were taken ahead, and how many of them are left.
    ahead: Option<(Rule, u64)>,
}

// === impl Rule ===

impl Rule {
    /// The value after another, and whether it begins again; `None` when there is no further one.
    fn after(&self, last: Option<i128>) -> Option<(i128, bool)> {
        let Some(last) = last else { return Some((self.start, false)) };
        match last.checked_add(self.increment) {
            Some(next) if (self.minimum..=self.maximum).contains(&next) => Some((next, false)),
            _ => self.cycles.then_some((self.other_end(), true)),
        }
    }

    /// Whether there is no value after another.
    pub(crate) fn is_exhausted(&self, last: Option<i128>) -> bool {
        self.after(last).is_none()
    }

    /// How many values lie beyond one, up to the end.
    fn room(&self, value: i128) -> u128 {
        let end = if self.increment > 0 { self.maximum } else { self.minimum };
        end.abs_diff(value) / self.increment.unsigned_abs()
    }

    /// Where it begins again.
    fn other_end(&self) -> i128 {
        if self.increment > 0 { self.minimum } else { self.maximum }
    }

    /// The value so many steps after another, no further than there is room.
    fn onward(&self, value: i128, steps: u128) -> i128 {
        // What overflows on the way comes back: the result lies between the limits.
        value.wrapping_add(self.increment.wrapping_mul(steps as i128))
    }

    /// So many values after one; `None` when there are not so many.
    fn range(&self, last: Option<i128>, count: u64) -> Option<Range> {
        let (first, began_again) = self.after(last)?;
        let (further, room) = (u128::from(count.saturating_sub(1)), self.room(first));
        let cycles = u128::from(began_again);
        if further <= room {
            return Some(Range { first, last: self.onward(first, further), cycles });
        }
        if !self.cycles {
            return None;
        }
        let beyond = further - room - 1;
        let each = self.room(self.other_end()) + 1;
        let last = self.onward(self.other_end(), beyond % each);
        Some(Range { first, last, cycles: cycles + beyond / each + 1 })
    }
}

// === impl Counters ===

impl Counters {
    /// Opens the file in a data folder; makes it when it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, SqlError> {
        connection::create(path).map_err(|error| {
            errors::internal(format_args!("the file {}: {error}", path.display()))
        })?;
        Counters::of(connection::open(path).map_err(failed)?)
    }

    /// Counters that nothing keeps.
    pub(crate) fn in_memory() -> Result<Self, SqlError> {
        Counters::of(Connection::open_in_memory().map_err(failed)?)
    }

    fn of(file: Connection) -> Result<Self, SqlError> {
        file.execute_batch(SCHEMA).map_err(failed)?;
        Ok(Counters(Mutex::new(State { file, known: BTreeMap::new() })))
    }

    /// Makes a counter that has given this value last; its number.
    pub(crate) fn create(&self, last: Option<i128>) -> Result<i64, SqlError> {
        let state = self.lock();
        let sql = "INSERT INTO counters (last) VALUES (?1)";
        state.file.execute(sql, [last.map(|last| last.to_string())]).map_err(failed)?;
        Ok(state.file.last_insert_rowid())
    }

    /// The next value; `None` when there is none.
    pub(crate) fn next(&self, counter: i64, rule: &Rule) -> Result<Option<i128>, SqlError> {
        let mut state = self.lock();
        let mut known = state.load(counter)?;
        let Some((value, _)) = rule.after(known.last) else { return Ok(None) };
        let left = match known.ahead {
            Some((by, left)) if by == *rule && left > 0 => left - 1,
            _ => {
                let left = u128::from(rule.ahead.max(1) - 1).min(rule.room(value));
                state.write(counter, rule.onward(value, left))?;
                // No more than `rule.ahead`.
                left as u64
            }
        };
        known = Counter { last: Some(value), ahead: Some((*rule, left)) };
        state.known.insert(counter, known);
        Ok(Some(value))
    }

    /// The next so many values; `None` when there are not so many.
    pub(crate) fn range(
        &self,
        counter: i64,
        rule: &Rule,
        count: u64,
    ) -> Result<Option<Range>, SqlError> {
        let mut state = self.lock();
        let known = state.load(counter)?;
        let Some(range) = rule.range(known.last, count) else { return Ok(None) };
        state.write(counter, range.last)?;
        state.known.insert(counter, Counter { last: Some(range.last), ahead: None });
        Ok(Some(range))
    }

    /// The value that was given last.
    pub(crate) fn last(&self, counter: i64) -> Result<Option<i128>, SqlError> {
        Ok(self.lock().load(counter)?.last)
    }

    /// Forgets all counters but these.
    pub(crate) fn keep(&self, counters: &[i64]) -> Result<(), SqlError> {
        let state = self.lock();
        let kept = counters.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let sql = format!("DELETE FROM counters WHERE counter_id NOT IN ({kept})");
        state.file.execute_batch(&sql).map_err(failed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives back what was taken ahead.
impl Drop for Counters {
    fn drop(&mut self) {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (counter, known) in &state.known {
            if let (Some(last), Some((_, 1..))) = (known.last, known.ahead)
                && let Err(error) = state.write(*counter, last)
            {
                tracing::warn!(counter, %error, "A sequence's values are lost");
            }
        }
    }
}

// === impl State ===

impl State {
    fn load(&self, counter: i64) -> Result<Counter, SqlError> {
        if let Some(known) = self.known.get(&counter) {
            return Ok(*known);
        }
        let sql = "SELECT last FROM counters WHERE counter_id = ?1";
        let found = self.file.query_row(sql, [counter], |row| row.get::<_, Option<String>>(0));
        let unusable = |what: &str| {
            errors::internal(format_args!("the counter {counter} in {FILE_NAME} is {what}"))
        };
        let last = found.optional().map_err(failed)?.ok_or_else(|| unusable("missing"))?;
        let last = last.map(|text| text.parse().map_err(|_| unusable("no number"))).transpose()?;
        Ok(Counter { last, ahead: None })
    }

    fn write(&self, counter: i64, last: i128) -> Result<(), SqlError> {
        let sql = "UPDATE counters SET last = ?2 WHERE counter_id = ?1";
        let mut statement = self.file.prepare_cached(sql).map_err(failed)?;
        statement.execute(params![counter, last.to_string()]).map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest `decimal(38)`.
    const MOST: i128 = 10_i128.pow(38) - 1;

    fn rule(start: i128, increment: i128, limits: (i128, i128), cycles: bool, ahead: u64) -> Rule {
        Rule { start, increment, minimum: limits.0, maximum: limits.1, cycles, ahead }
    }

    fn taken(counters: &Counters, counter: i64, rule: &Rule, count: usize) -> Vec<Option<i128>> {
        (0..count).map(|_| counters.next(counter, rule).expect("the counter is there")).collect()
    }

    #[test]
    fn counters_count_to_their_end_or_begin_again() {
        let counters = Counters::in_memory().expect("memory");
        for (rule, expected) in [
            (rule(125, 25, (100, 200), true, 3), [125, 150, 175, 200, 100, 125].map(Some)),
            (rule(0, -1, (-2, 0), true, 50), [0, -1, -2, 0, -1, -2].map(Some)),
            (rule(1, 2, (1, 4), false, 9), [Some(1), Some(3), None, None, None, None]),
            (
                rule(-MOST, MOST, (-MOST, MOST), false, 1_000),
                [Some(-MOST), Some(0), Some(MOST), None, None, None],
            ),
        ] {
            let counter = counters.create(None).expect("a counter");
            assert_eq!(taken(&counters, counter, &rule, 6), expected, "{rule:?}");
        }
    }

    #[test]
    fn ranges_may_begin_again() {
        let range = |first, last, cycles| Some(Range { first, last, cycles });
        let cycling = rule(1, 1, (1, 25), true, 10);
        assert_eq!(cycling.range(None, 5), range(1, 5, 0));
        assert_eq!(cycling.range(Some(5), 75), range(6, 5, 3));
        assert_eq!(cycling.range(Some(25), 1), range(1, 1, 1));
        assert_eq!(rule(1, 1, (1, 25), false, 10).range(Some(20), 6), None);
        assert_eq!(rule(1, 1, (1, 25), false, 10).range(Some(20), 5), range(21, 25, 0));
        let wide = rule(-MOST, 1, (-MOST, MOST), true, 1);
        assert_eq!(
            wide.range(Some(MOST), u64::MAX),
            range(-MOST, -MOST + (u64::MAX as i128) - 1, 1)
        );
    }

    #[test]
    fn what_was_taken_ahead_is_lost_or_given_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        let rule = rule(1, 1, (1, 1_000), false, 15);
        let counters = Counters::open(&path).expect("the file");
        let counter = counters.create(None).expect("a counter");
        assert_eq!(taken(&counters, counter, &rule, 22).last(), Some(&Some(22)));
        // Another process that looks while this one is there sees what was taken ahead.
        assert_eq!(Counters::open(&path).expect("the file").last(counter), Ok(Some(30)));
        drop(counters);
        let counters = Counters::open(&path).expect("the file");
        assert_eq!(taken(&counters, counter, &rule, 1), [Some(23)]);
        // By another rule, values are taken anew.
        let slower = Rule { increment: 100, ..rule };
        assert_eq!(taken(&counters, counter, &slower, 2), [Some(123), Some(223)]);
        std::mem::forget(counters);
        let counters = Counters::open(&path).expect("the file");
        assert_eq!(taken(&counters, counter, &rule, 1), [Some(924)]);
    }
}
