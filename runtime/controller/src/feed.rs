//! A worker's share of the input query's rows, as it pulls them.

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_exchange::protocol::frame::{self, Kind};
use launchpod_exchange::stream::{Encoder, slices};
use launchpod_exchange::wire::Wire;
use launchpod_segment::Slot;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::slots::{Slots, Written};
use crate::source::{InputError, Source};

/// The input on its way to a worker.
pub(crate) struct Feed {
    source: Arc<Mutex<Source>>,
    /// Held while the next rows are this worker's: until a key's rows end.
    held: Option<OwnedMutexGuard<Source>>,
    /// The worker's number.
    worker: usize,
    wire: Wire,
    /// Gone when the end has been encoded.
    encoder: Option<Encoder>,
    /// How many rows end a part.
    part_rows: usize,
    /// The rows of the part that isn't complete.
    in_part: usize,
    /// Whose key is this one.
    key: Option<i64>,
    /// Where batches are put that the worker reads in place.
    slots: Option<Slots>,
}

/// The answer to one PULL.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) frames: Vec<u8>,
    /// The memory that the first of the frames announces, where it is new to the worker.
    pub(crate) memory: Option<Arc<Slot>>,
    /// How many bytes it is, those in shared memory included.
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// Whether the input is complete by it.
    pub(crate) last: bool,
}

// === impl Feed ===

impl Feed {
    /// The feeds of as many workers as share the source.
    pub(crate) fn share(mut source: Source, wire: &Wire, workers: usize) -> Vec<Self> {
        source.share_among(workers);
        let parts = source.parts();
        let part_rows = match parts.rows {
            Some(rows) => usize::try_from(rows.get()).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        let source = Arc::new(Mutex::new(source));
        let feed = |worker| Feed {
            source: Arc::clone(&source),
            held: None,
            worker,
            wire: wire.clone(),
            encoder: None,
            part_rows,
            in_part: 0,
            key: None,
            slots: None,
        };
        (0..workers).map(feed).collect()
    }

    /// Puts batches into memory that the worker maps, from now on.
    pub(crate) fn share_memory(&mut self) {
        self.slots = Some(Slots::default());
    }

    /// Whether there are rows left, the next of which are then kept for this worker.
    ///
    /// # Errors
    /// The query's.
    pub(crate) async fn reserve(&mut self) -> Result<bool, InputError> {
        let mut source = self.source().await;
        let any = source.peek().await?.is_some();
        self.held = any.then_some(source);
        Ok(any)
    }

    /// The answer to the next PULL: one batch with rows, the end of a part, both, or the end.
    /// May be dropped while it waits, when no more are wanted.
    pub(crate) async fn next(&mut self) -> Result<Answer, InputError> {
        let mut source = self.source().await;
        let more = source.peek().await?.is_some();
        let key = source.key()?;
        if self.in_part > 0 && (!more || key != self.key) && source.parts().any() {
            self.in_part = 0;
            return self.answer(None, Kind::PartEnd);
        }
        let rows = source.take(self.worker, self.part_rows - self.in_part)?;
        let Some(rows) = rows else { return self.answer(None, Kind::InputEnd) };
        if key.is_some() {
            self.held = Some(source);
            self.key = key;
        }
        self.in_part = self.in_part.saturating_add(rows.num_rows());
        if self.in_part < self.part_rows {
            return self.answer(Some(&rows), Kind::Pulled);
        }
        self.in_part = 0;
        self.answer(Some(&rows), Kind::PartEnd)
    }

    async fn source(&mut self) -> OwnedMutexGuard<Source> {
        match self.held.take() {
            Some(held) => held,
            None => Arc::clone(&self.source).lock_owned().await,
        }
    }

    /// The frames of an answer that ends with one of that kind.
    fn answer(&mut self, batch: Option<&RecordBatch>, end: Kind) -> Result<Answer, InputError> {
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => Encoder::new(self.wire.schema())?,
        };
        let mut frames = Vec::new();
        let (mut shared, mut memory) = (0, None);
        let last = end == Kind::InputEnd;
        if last {
            let pieces = encoder.finish()?;
            frame::encode_pieces(Kind::Input, &slices(&pieces), &mut frames)?;
        } else {
            if let Some(batch) = batch {
                let pieces = encoder.batch(&self.wire.batch(batch)?)?;
                (shared, memory) = self.put(&slices(&pieces), &mut frames)?;
            }
            self.encoder = Some(encoder);
        }
        frame::encode(end, &[], &mut frames)?;
        let bytes = frames.len() as u64 + u64::from(shared);
        let rows = batch.map_or(0, |batch| batch.num_rows() as u64);
        Ok(Answer { frames, memory, bytes, rows, last })
    }

    /// Puts a batch's pieces into shared memory, or else into frames: how many bytes are shared,
    /// and the memory that the worker doesn't have yet.
    fn put(
        &mut self,
        pieces: &[&[u8]],
        frames: &mut Vec<u8>,
    ) -> Result<(u32, Option<Arc<Slot>>), InputError> {
        let written = match &mut self.slots {
            Some(slots) => slots.write(pieces)?,
            None => None,
        };
        let Some(Written { segment, memory }) = written else {
            frame::encode_pieces(Kind::Input, pieces, frames)?;
            return Ok((0, None));
        };
        segment.encode(frames)?;
        Ok((segment.length, memory))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{Int32Array, Int64Array};
    use arrow_schema::{DataType, Field, Schema};
    use bytes::BytesMut;
    use launchpod_exchange::TypeMapping;
    use launchpod_exchange::protocol::frame::Frame;
    use launchpod_exchange::stream::{Decoder, Limits};
    use launchpod_types::{Column, SqlError, SqlType};
    use tokio::sync::mpsc;

    use super::*;
    use crate::request::{Input, Parts};

    /// Pairs of a number and its key.
    type Rows = Vec<(i32, i64)>;

    fn batch(rows: Rows, keyed: bool) -> RecordBatch {
        let (numbers, keys): (Vec<i32>, Vec<i64>) = rows.into_iter().unzip();
        let mut fields = vec![Field::new("n", DataType::Int32, true)];
        let mut arrays: Vec<arrow_array::ArrayRef> = vec![Arc::new(Int32Array::from(numbers))];
        if keyed {
            fields.push(Field::new("key", DataType::Int64, false));
            arrays.push(Arc::new(Int64Array::from(keys)));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    fn feeds(items: Vec<Result<Rows, SqlError>>, parts: Parts, workers: usize) -> Vec<Feed> {
        let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
        let (sender, batches) = mpsc::channel(items.len().max(1));
        for item in items {
            sender.try_send(item.map(|rows| batch(rows, parts.keyed))).unwrap();
        }
        let wire = Wire::new(&columns, TypeMapping::Lossless).unwrap();
        Feed::share(Source::new(Input { columns, batches, parts }), &wire, workers)
    }

    fn feed(items: Vec<Result<Rows, SqlError>>, parts: Parts) -> Feed {
        feeds(items, parts, 1).remove(0)
    }

    fn parts(rows: u32, keyed: bool) -> Parts {
        Parts { rows: NonZeroU32::new(rows), keyed }
    }

    /// Decodes an answer's Arrow bytes, and says which frame ends it.
    fn read(decoder: &mut Decoder, answer: &Answer) -> (Vec<i32>, Kind) {
        let mut received = BytesMut::from(&answer.frames[..]);
        let mut numbers = Vec::new();
        while let Some(frame) = Frame::decode(&mut received).unwrap() {
            if frame.kind != Kind::Input {
                assert!(received.is_empty());
                return (numbers, frame.kind);
            }
            for batch in decoder.push(&frame.payload).unwrap() {
                numbers.extend(batch.column(0).as_primitive::<Int32Type>().values());
            }
        }
        panic!("the answer has no last frame");
    }

    /// Everything that a feed answers.
    async fn all(feed: &mut Feed) -> Vec<(Vec<i32>, Kind)> {
        let mut decoder = Decoder::new(Limits::default());
        let mut answers = Vec::new();
        loop {
            let answer = feed.next().await.unwrap();
            answers.push(read(&mut decoder, &answer));
            assert_eq!(answer.rows, answers.last().unwrap().0.len() as u64);
            if answer.last {
                decoder.finish().unwrap();
                return answers;
            }
        }
    }

    #[tokio::test]
    async fn each_pull_is_one_batch_with_rows() {
        let batches = vec![Ok(vec![(1, 0), (2, 0)]), Ok(vec![]), Ok(vec![(3, 0)])];
        let mut feed = feed(batches, Parts::default());
        let expected =
            [(vec![1, 2], Kind::Pulled), (vec![3], Kind::Pulled), (vec![], Kind::InputEnd)];
        assert_eq!(all(&mut feed).await, expected);
    }

    #[tokio::test]
    async fn no_rows_still_have_a_schema() {
        for parts in [Parts::default(), parts(2, false), parts(0, true)] {
            let mut feed = feed(vec![], parts);
            let mut decoder = Decoder::new(Limits::default());
            let answer = feed.next().await.unwrap();
            assert_eq!(read(&mut decoder, &answer), (vec![], Kind::InputEnd));
            decoder.finish().unwrap();
            assert_eq!(decoder.schema().unwrap().field(0).name(), "n");
        }
    }

    #[tokio::test]
    async fn chunks_have_their_number_of_rows_whatever_the_batches() {
        let batches = || vec![Ok(vec![(1, 0), (2, 0), (3, 0)]), Ok(vec![(4, 0), (5, 0)])];
        let expected = [
            (vec![1, 2], Kind::PartEnd),
            (vec![3], Kind::Pulled),
            (vec![4], Kind::PartEnd),
            (vec![5], Kind::Pulled),
            (vec![], Kind::PartEnd),
            (vec![], Kind::InputEnd),
        ];
        assert_eq!(all(&mut feed(batches(), parts(2, false))).await, expected);
        let whole =
            [(vec![1, 2, 3], Kind::Pulled), (vec![4, 5], Kind::PartEnd), (vec![], Kind::InputEnd)];
        assert_eq!(all(&mut feed(batches(), parts(5, false))).await, whole);
    }

    #[tokio::test]
    async fn parts_end_with_their_keys() {
        let batches = || vec![Ok(vec![(1, 1), (2, 1), (3, 2)]), Ok(vec![(4, 2), (5, 9)])];
        let expected = [
            (vec![1, 2], Kind::Pulled),
            (vec![], Kind::PartEnd),
            (vec![3], Kind::Pulled),
            (vec![4], Kind::Pulled),
            (vec![], Kind::PartEnd),
            (vec![5], Kind::Pulled),
            (vec![], Kind::PartEnd),
            (vec![], Kind::InputEnd),
        ];
        assert_eq!(all(&mut feed(batches(), parts(0, true))).await, expected);
        let ones = all(&mut feed(batches(), parts(1, true))).await;
        assert_eq!(ones.len(), 6);
        assert!(ones[..5].iter().all(|(rows, kind)| (rows.len(), *kind) == (1, Kind::PartEnd)));
    }

    #[tokio::test]
    async fn a_keys_rows_stay_with_one_worker() {
        let batches = vec![Ok(vec![(1, 1), (2, 2)]), Ok(vec![(3, 2), (4, 3)])];
        let mut feeds = feeds(batches, parts(0, true), 2);
        let mut second = feeds.remove(1);
        let mut first = feeds.remove(0);
        assert!(first.reserve().await.unwrap());
        assert_eq!(first.next().await.unwrap().rows, 1);
        // The second one waits until the first one's key has ended.
        let waiting = tokio::spawn(async move {
            let mut rows = Vec::new();
            let mut decoder = Decoder::new(Limits::default());
            while second.reserve().await.unwrap() {
                let answer = second.next().await.unwrap();
                rows.extend(read(&mut decoder, &answer).0);
            }
            rows
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!(first.next().await.unwrap().rows, 0);
        assert_eq!(waiting.await.unwrap(), [2, 3, 4]);
        assert!(!first.reserve().await.unwrap());
    }

    #[tokio::test]
    async fn a_batch_is_divided_among_several_workers() {
        let rows = || vec![Ok((0..1000).map(|number| (number, 0)).collect())];
        let mut feeds = feeds(rows(), Parts::default(), 3);
        for (worker, count) in [(0, 334), (1, 334), (2, 332)] {
            assert_eq!(feeds[worker].next().await.unwrap().rows, count);
        }
        assert!(!feeds[0].reserve().await.unwrap());
    }

    #[tokio::test]
    async fn an_input_is_worth_workers_for_its_rows_or_keys() {
        let worth = async |count: i64, keyed: bool| {
            let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
            let (sender, batches) = mpsc::channel(1);
            let rows = (0..count).map(|number| (0, number / 2)).collect();
            sender.try_send(Ok(batch(rows, keyed))).unwrap();
            drop(sender);
            let input = Input { columns, batches, parts: parts(0, keyed) };
            Source::new(input).worth(3).await.unwrap()
        };
        assert_eq!(worth(0, false).await, 1);
        assert_eq!(worth(256, false).await, 1);
        assert_eq!(worth(257, false).await, 3);
        assert_eq!(worth(2, true).await, 1);
        assert_eq!(worth(4, true).await, 2);
        assert_eq!(worth(8, true).await, 3);
    }

    #[tokio::test]
    async fn the_querys_error_comes_through() {
        let batches = vec![Ok(vec![(1, 0)]), Err(SqlError::new(8134, "Divide by zero"))];
        let mut feed = feed(batches, Parts::default());
        feed.next().await.unwrap();
        let error = feed.next().await.unwrap_err();
        assert!(matches!(error, InputError::Query(error) if error.number() == 8134));
    }

    #[tokio::test]
    async fn rows_without_numbers_of_their_keys_are_refused() {
        let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
        let (sender, batches) = mpsc::channel(1);
        sender.try_send(Ok(batch(vec![(1, 1)], false))).unwrap();
        let wire = Wire::new(&columns, TypeMapping::Lossless).unwrap();
        let source = Source::new(Input { columns, batches, parts: parts(0, true) });
        let mut feed = Feed::share(source, &wire, 1).remove(0);
        assert!(matches!(feed.next().await, Err(InputError::Arrow(_))));
    }
}
