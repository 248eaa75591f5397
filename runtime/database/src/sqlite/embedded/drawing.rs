//! The sequences from which a statement takes values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use launchpod_types::{SqlError, Value};

use super::counters::Counters;
use super::sequences::Sequence;
use crate::sqlite::errors;

/// A session's: the counters, and what its statement is at.
#[derive(Clone)]
pub(crate) struct SequenceState {
    counters: Arc<Counters>,
    drawn: Arc<Mutex<BTreeMap<i64, Drawn>>>,
}

/// A sequence, and the row that gets its values.
struct Drawn {
    sequence: Sequence,
    /// Its name, for errors.
    name: String,
    /// The value of the row.
    value: Value,
    /// The mentions that have had the row's value; when one asks again, the row is another.
    served: BTreeSet<u32>,
}

// === impl SequenceState ===

impl SequenceState {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        SequenceState { counters, drawn: Arc::default() }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A statement is bound that takes values from a sequence.
    pub(crate) fn begin(&self, sequence: Sequence, name: String) {
        let id = sequence.object_id;
        let (value, served) = (Value::Null, BTreeSet::new());
        self.lock().insert(id, Drawn { sequence, name, value, served });
    }

    /// The value for a mention of a sequence: the row's, or the next one for a new row.
    ///
    /// # Errors
    /// 11728 when there is none left.
    pub(crate) fn draw(&self, id: i64, mention: u32) -> Result<Value, SqlError> {
        let mut drawn = self.lock();
        let Some(row) = drawn.get_mut(&id) else {
            return Err(errors::internal("a sequence that no statement names"));
        };
        if row.value.is_null() || !row.served.insert(mention) {
            let next = self.counters.next(row.sequence.counter, &row.sequence.rule)?;
            let next = next.ok_or_else(|| errors::sequence_exhausted(&row.name))?;
            row.value = row.sequence.value(next);
            row.served = BTreeSet::from([mention]);
        }
        Ok(row.value.clone())
    }

    /// Forgets the last statement.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Drawn>> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
