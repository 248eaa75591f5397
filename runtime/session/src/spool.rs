//! The rows of an INSERT … EXEC, [kept](crate::kept) until its procedure has ended: a procedure may
//! read the table that its rows are for.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_database::{EVENTS_IN_FLIGHT, Event, Events};
use launchpod_types::{Column, SqlError};
use tokio::sync::mpsc;

use crate::kept::{Kept, SpoolConfig};
use crate::reply::{DoneKind, DonePlace, Reply};

/// The rows of one INSERT … EXEC.
pub(crate) struct Spool {
    /// The result sets, with how many batches each has.
    sets: Vec<(Arc<[Column]>, usize)>,
    rows: Kept,
    /// How many transactions were open when it began.
    transactions: u32,
}

// === impl Spool ===

impl Spool {
    pub fn new(config: SpoolConfig, transactions: u32) -> Self {
        Spool { sets: Vec::new(), rows: Kept::new(config), transactions }
    }

    /// How many transactions were open when the INSERT … EXEC began.
    pub fn transactions(&self) -> u32 {
        self.transactions
    }

    /// Keeps a reply that is of a result set; all others pass.
    ///
    /// # Errors
    /// 1105 when there is no room.
    pub async fn take(&mut self, reply: Reply) -> Result<Option<Reply>, SqlError> {
        match reply {
            Reply::Columns(columns) => self.sets.push((columns, 0)),
            Reply::Batch(batch) => self.push(batch).await?,
            Reply::ReturnStatus(_) => {}
            Reply::Done(done)
                if !done.error
                    && (done.kind == DoneKind::Select || done.place == DonePlace::Procedure) => {}
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    async fn push(&mut self, batch: RecordBatch) -> Result<(), SqlError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if let Some((_, batches)) = self.sets.last_mut() {
            *batches += 1;
        }
        self.rows.push(batch).await
    }

    /// The rows as the database takes them, one result set after the other.
    pub fn into_rows(self) -> Events {
        let (sender, events) = mpsc::channel(EVENTS_IN_FLIGHT);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = self.play(&sender) {
                // Who doesn't listen any more has no use for the error either.
                let _ = sender.blocking_send(Err(error));
            }
        });
        events
    }

    fn play(self, sender: &mpsc::Sender<Result<Event, SqlError>>) -> Result<(), SqlError> {
        let mut next = 0;
        for (columns, count) in self.sets {
            if sender.blocking_send(Ok(Event::Columns(columns))).is_err() {
                return Ok(());
            }
            for index in next..next + count {
                let Some(place) = self.rows.place(index) else { return Ok(()) };
                if sender.blocking_send(Ok(Event::Batch(place.read_blocking()?))).is_err() {
                    return Ok(());
                }
            }
            next += count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Int32Array;
    use launchpod_types::SqlType;

    use super::*;

    fn columns(name: &str) -> Reply {
        Reply::Columns([Column::new(name, SqlType::Int)].into())
    }

    fn batch(numbers: std::ops::Range<i32>) -> Reply {
        let array: arrow_array::ArrayRef = Arc::new(Int32Array::from_iter_values(numbers));
        Reply::Batch(RecordBatch::try_from_iter([("a", array)]).unwrap())
    }

    async fn spooled(replies: Vec<Reply>, limit: u64) -> Result<Spool, SqlError> {
        let mut spool = Spool::new(SpoolConfig { limit, ..SpoolConfig::default() }, 0);
        for reply in replies {
            assert_eq!(spool.take(reply).await?, None);
        }
        Ok(spool)
    }

    /// Per result set, its column and how many rows it has with which sum.
    async fn played(spool: Spool) -> Vec<(String, usize, i64)> {
        let mut events = spool.into_rows();
        let mut sets: Vec<(String, usize, i64)> = Vec::new();
        while let Some(event) = events.recv().await {
            match event.unwrap() {
                Event::Columns(columns) => sets.push((columns[0].name.clone(), 0, 0)),
                Event::Batch(batch) => {
                    let set = sets.last_mut().unwrap();
                    let array = batch.column(0).as_any().downcast_ref::<Int32Array>().unwrap();
                    set.1 += batch.num_rows();
                    set.2 += array.values().iter().map(|value| i64::from(*value)).sum::<i64>();
                }
                other => panic!("{other:?}"),
            }
        }
        sets
    }

    #[tokio::test]
    async fn few_rows_stay_in_memory() {
        let replies = vec![columns("x"), batch(0..3), columns("y"), columns("z"), batch(5..6)];
        let spool = spooled(replies, 0).await.unwrap();
        assert!(!spool.rows.is_in_file());
        let sets = [("x".to_owned(), 3, 3), ("y".to_owned(), 0, 0), ("z".to_owned(), 1, 5)];
        assert_eq!(played(spool).await, sets);
    }

    #[tokio::test]
    async fn many_rows_come_back_from_a_file_in_their_order() {
        let mut replies = vec![columns("x"), batch(0..10), columns("y")];
        replies.extend((0..10).map(|_| batch(0..400_000)));
        replies.extend([columns("z"), batch(7..8)]);
        let spool = spooled(replies, u64::MAX).await.unwrap();
        assert!(spool.rows.is_in_file());
        let sum = 10 * (399_999_i64 * 400_000 / 2);
        let sets =
            [("x".to_owned(), 10, 45), ("y".to_owned(), 4_000_000, sum), ("z".to_owned(), 1, 7)];
        assert_eq!(played(spool).await, sets);
    }

    #[tokio::test]
    async fn rows_beyond_the_limit_are_refused() {
        let replies = (0..4).map(|_| batch(0..400_000)).collect();
        let error = spooled(replies, 1 << 20).await.err().unwrap();
        assert_eq!(error.number(), 1105);
    }

    #[tokio::test]
    async fn what_is_not_of_a_result_set_passes() {
        let mut spool = Spool::new(SpoolConfig::default(), 0);
        let message = Reply::Message(launchpod_types::Message::info(0, "x"));
        assert_eq!(spool.take(message.clone()).await.unwrap(), Some(message));
    }
}
