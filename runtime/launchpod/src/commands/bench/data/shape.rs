//! What is moved.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use launchpod_controller::{Input, Parts};
use launchpod_exchange::storage;
use launchpod_types::{Column, Length, SqlType};
use tokio::sync::mpsc;

use crate::error::Error;

/// Batches that wait for the script, as a database has them.
const BATCHES_IN_FLIGHT: usize = 4;

/// Rows, of which one batch is made and given again and again.
pub struct Shape {
    /// What it is called.
    pub name: String,
    columns: Arc<[Column]>,
    batch: RecordBatch,
    batches: usize,
}

// === impl Shape ===

impl Shape {
    /// Numbers, by turns `bigint` and `float`: `rows` in batches of `batch_rows`, one at least.
    ///
    /// # Errors
    /// Arrow's.
    pub fn numbers(
        name: String,
        columns: usize,
        batch_rows: usize,
        rows: usize,
    ) -> Result<Self, Error> {
        let whole = (0..batch_rows as i64).map(|row| row * 7919 % 100_003);
        let whole: ArrayRef = Arc::new(Int64Array::from_iter_values(whole));
        let parts = (0..batch_rows).map(|row| (row * 7919 % 100_003) as f64 / 7.0);
        let parts: ArrayRef = Arc::new(Float64Array::from_iter_values(parts));
        let of = |index| match index % 2 {
            0 => (SqlType::BigInt, Arc::clone(&whole)),
            _ => (SqlType::Float, Arc::clone(&parts)),
        };
        Shape::new(name, (0..columns).map(of), rows / batch_rows)
    }

    /// Texts of about a hundred bytes, a number for every three of them: `rows` in batches of
    /// `batch_rows`, one at least.
    ///
    /// # Errors
    /// Arrow's.
    pub fn texts(name: String, batch_rows: usize, rows: usize) -> Result<Self, Error> {
        let numbers = Int64Array::from_iter_values(0..batch_rows as i64);
        let text = |row: usize| format!("{row:0>width$}", width = 80 + row % 40);
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..batch_rows).map(text)));
        let numbers = (SqlType::BigInt, Arc::new(numbers) as ArrayRef);
        let texts = (SqlType::NVarChar(Length::Limited(120)), texts);
        let columns = [numbers, texts.clone(), texts.clone(), texts];
        Shape::new(name, columns.into_iter(), rows / batch_rows)
    }

    fn new(
        name: String,
        columns: impl Iterator<Item = (SqlType, ArrayRef)>,
        batches: usize,
    ) -> Result<Self, Error> {
        let (types, arrays): (Vec<SqlType>, Vec<ArrayRef>) = columns.unzip();
        let columns: Arc<[Column]> = types
            .into_iter()
            .enumerate()
            .map(|(index, sql_type)| Column::new(format!("c{index}"), sql_type))
            .collect();
        let batch = RecordBatch::try_new(storage::schema(&columns), arrays)?;
        Ok(Shape { name, columns, batch, batches: batches.max(1) })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.batch.num_rows() * self.batches
    }

    /// How many rows a batch has.
    pub fn batch_rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// How many bytes the values are.
    pub fn bytes(&self) -> usize {
        let columns = self.batch.columns().iter();
        columns.map(|column| column.get_buffer_memory_size()).sum::<usize>() * self.batches
    }

    /// The rows as a query gives them that costs nothing.
    pub fn input(&self) -> Input {
        let (sender, batches) = mpsc::channel(BATCHES_IN_FLIGHT);
        let (batch, count) = (self.batch.clone(), self.batches);
        tokio::spawn(async move {
            for batch in std::iter::repeat_n(batch, count) {
                if sender.send(Ok(batch)).await.is_err() {
                    return;
                }
            }
        });
        Input { columns: Arc::clone(&self.columns), batches, parts: Parts::default() }
    }
}
