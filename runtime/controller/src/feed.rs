//! The input query's rows, as the worker pulls them.

use arrow_schema::ArrowError;
use launchpod_exchange::TypeMapping;
use launchpod_exchange::protocol::frame::{self, FrameError, Kind};
use launchpod_exchange::stream::Encoder;
use launchpod_exchange::wire::{UnsupportedType, Wire};
use launchpod_types::SqlError;

use crate::error::Ending;
use crate::messages::Subject;
use crate::request::Input;

/// The input on its way to a worker.
pub(crate) struct Feed {
    input: Input,
    wire: Wire,
    /// Gone when the end has been encoded.
    encoder: Option<Encoder>,
}

/// The answer to one PULL.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) frames: Vec<u8>,
    pub(crate) rows: u64,
    /// Whether the input is complete by it.
    pub(crate) last: bool,
}

/// A PULL can't be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    /// The input query failed.
    #[error(transparent)]
    Query(SqlError),
    /// Rows are not stored as their columns say.
    #[error("input can't be encoded: {0}")]
    Arrow(#[from] ArrowError),
    /// A frame can't be made.
    #[error("input can't be sent: {0}")]
    Frame(#[from] FrameError),
}

// === impl Feed ===

impl Feed {
    /// Plans the input's columns.
    ///
    /// # Errors
    /// The first column whose type workers don't take.
    pub(crate) fn new(input: Input, mapping: TypeMapping) -> Result<Self, UnsupportedType> {
        let wire = Wire::new(&input.columns, mapping)?;
        Ok(Feed { input, wire, encoder: None })
    }

    /// The answer to the next PULL: one batch with rows, or the end. Safe to drop while it
    /// waits.
    pub(crate) async fn next(&mut self) -> Result<Answer, FeedError> {
        let batch = loop {
            match self.input.batches.recv().await.transpose().map_err(FeedError::Query)? {
                Some(batch) if batch.num_rows() == 0 => {}
                other => break other,
            }
        };
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => Encoder::new(self.wire.schema())?,
        };
        let mut frames = Vec::new();
        match batch {
            Some(batch) => {
                let bytes = encoder.batch(&self.wire.batch(&batch)?)?;
                self.encoder = Some(encoder);
                frame::encode_chunks(Kind::Input, &bytes, &mut frames)?;
                frame::encode(Kind::Pulled, &[], &mut frames)?;
                Ok(Answer { frames, rows: batch.num_rows() as u64, last: false })
            }
            None => {
                frame::encode_chunks(Kind::Input, &encoder.finish()?, &mut frames)?;
                frame::encode(Kind::InputEnd, &[], &mut frames)?;
                Ok(Answer { frames, rows: 0, last: true })
            }
        }
    }
}

// === impl FeedError ===

impl FeedError {
    /// What the script ends with.
    pub(crate) fn ending(self, subject: Subject<'_>) -> Ending {
        match self {
            FeedError::Query(error) => Ending::input(error),
            other => subject.internal(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{Int32Array, RecordBatch};
    use bytes::BytesMut;
    use launchpod_exchange::protocol::frame::Frame;
    use launchpod_exchange::storage;
    use launchpod_exchange::stream::{Decoder, Limits};
    use launchpod_types::{Column, SqlType};
    use tokio::sync::mpsc;

    use super::*;

    fn batch(columns: &[Column], numbers: Vec<i32>) -> RecordBatch {
        let array = Arc::new(Int32Array::from(numbers));
        RecordBatch::try_new(storage::schema(columns), vec![array]).unwrap()
    }

    fn feed(items: Vec<Result<Vec<i32>, SqlError>>) -> Feed {
        let columns: Arc<[Column]> = vec![Column::new("n", SqlType::Int)].into();
        let (sender, batches) = mpsc::channel(items.len().max(1));
        for item in items {
            sender.try_send(item.map(|numbers| batch(&columns, numbers))).unwrap();
        }
        Feed::new(Input { columns, batches }, TypeMapping::Lossless).unwrap()
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

    #[tokio::test]
    async fn each_pull_is_one_batch_with_rows() {
        let mut feed = feed(vec![Ok(vec![1, 2]), Ok(vec![]), Ok(vec![3])]);
        let mut decoder = Decoder::new(Limits::default());
        let first = feed.next().await.unwrap();
        assert_eq!((first.rows, first.last), (2, false));
        assert_eq!(read(&mut decoder, &first), (vec![1, 2], Kind::Pulled));
        let second = feed.next().await.unwrap();
        assert_eq!(read(&mut decoder, &second), (vec![3], Kind::Pulled));
        let last = feed.next().await.unwrap();
        assert!(last.last);
        assert_eq!(read(&mut decoder, &last), (vec![], Kind::InputEnd));
        decoder.finish().unwrap();
    }

    #[tokio::test]
    async fn no_rows_still_have_a_schema() {
        let mut feed = feed(vec![]);
        let mut decoder = Decoder::new(Limits::default());
        read(&mut decoder, &feed.next().await.unwrap());
        decoder.finish().unwrap();
        assert_eq!(decoder.schema().unwrap().field(0).name(), "n");
    }

    #[tokio::test]
    async fn the_querys_error_comes_through() {
        let mut feed = feed(vec![Ok(vec![1]), Err(SqlError::new(8134, "Divide by zero"))]);
        feed.next().await.unwrap();
        let error = feed.next().await.unwrap_err();
        assert!(matches!(error, FeedError::Query(error) if error.number() == 8134));
    }

    #[test]
    fn unsupported_columns_are_found_before_any_worker_is_made() {
        let (_sender, batches) = mpsc::channel(1);
        let columns = vec![Column::new("t", SqlType::Time(7))].into();
        let feed = Feed::new(Input { columns, batches }, TypeMapping::SqlServer);
        assert_eq!(feed.err().map(|error| error.index), Some(0));
    }
}
