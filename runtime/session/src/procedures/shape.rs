//! `WITH RESULT SETS` on any procedure and text ("EXECUTE (Transact-SQL)").
//!
//! The declared names and types take the place of those that the call sends. Values are
//! converted by the database, as CAST does; values whose type stays the same pass as they are.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use launchpod_database::Variable;
use launchpod_exchange::{array_of, storage, value_at};
use launchpod_tsql::ast::ResultSets;
use launchpod_types::{Column, SqlError, SqlType, Value};

use super::external_script::declared_columns;
use crate::evaluate::keeps_value;
use crate::run::{Run, Stop};

/// How many values one question converts.
const AT_ONCE: usize = 200;

/// The result sets that a clause declares, and how many have come.
pub(crate) struct Shape {
    declared: Vec<Arc<[Column]>>,
    begun: usize,
    /// The columns that the current one was sent with.
    sent: Arc<[Column]>,
}

/// How the rows of a result set are converted.
#[derive(Clone)]
pub(crate) struct Shaping {
    sent: Arc<[Column]>,
    declared: Arc<[Column]>,
    /// The result set's number, from 1.
    number: usize,
}

const CLAUSE: &str = "EXECUTE statement failed because its WITH RESULT SETS clause";

// === impl Shape ===

impl Shape {
    /// What a clause demands; `None` when it demands nothing. `source` is the text it stands in.
    pub fn of(clause: &ResultSets, source: &str) -> Result<Option<Shape>, Stop> {
        let Some(declared) = declared_columns(clause, source)? else { return Ok(None) };
        Ok(Some(Shape { declared, begun: 0, sent: Arc::new([]) }))
    }

    /// Begins a result set; its columns as declared.
    ///
    /// # Errors
    /// 11535, 11537 and 11538.
    pub fn begin(&mut self, sent: Arc<[Column]>) -> Result<Arc<[Column]>, SqlError> {
        let sets = self.declared.len();
        let Some(declared) = self.declared.get(self.begun) else {
            return Err(SqlError::new(
                11535,
                format!(
                    "{CLAUSE} specified {sets} result set(s), and the statement tried to send more result sets than this."
                ),
            ));
        };
        self.begun += 1;
        let number = self.begun;
        if declared.len() != sent.len() {
            return Err(SqlError::new(
                11537,
                format!(
                    "{CLAUSE} specified {} column(s) for result set number {number}, but the statement sent {} column(s) at run time.",
                    declared.len(),
                    sent.len()
                ),
            ));
        }
        for (place, (declared, sent)) in declared.iter().zip(&*sent).enumerate() {
            if !converts_implicitly(sent.sql_type, declared.sql_type) {
                return Err(SqlError::new(
                    11538,
                    format!(
                        "{CLAUSE} specified type '{}' for column #{} in result set #{number}, and the corresponding type sent at run time was '{}'; there is no conversion between the two types.",
                        declared.sql_type,
                        place + 1,
                        sent.sql_type
                    ),
                ));
            }
        }
        self.sent = sent;
        Ok(Arc::clone(declared))
    }

    /// How the rows of the current result set are converted.
    pub fn shaping(&self) -> Shaping {
        let declared = self.begun.checked_sub(1).and_then(|place| self.declared.get(place));
        let declared = declared.cloned().unwrap_or_default();
        Shaping { sent: Arc::clone(&self.sent), declared, number: self.begun }
    }

    /// Checks that all result sets have come.
    ///
    /// # Errors
    /// 11536.
    pub fn end(&self) -> Result<(), SqlError> {
        let (declared, sent) = (self.declared.len(), self.begun);
        if sent < declared {
            return Err(SqlError::new(
                11536,
                format!(
                    "{CLAUSE} specified {declared} result set(s), but the statement only sent {sent} result set(s) at run time."
                ),
            ));
        }
        Ok(())
    }
}

// === impl Run ===

impl Run<'_> {
    /// Rows in the declared types.
    ///
    /// # Errors
    /// 11553 for a NULL where none may be, and those of conversions.
    pub fn shaped<'b>(
        &'b mut self,
        shaping: Shaping,
        batch: RecordBatch,
    ) -> Pin<Box<dyn Future<Output = Result<RecordBatch, Stop>> + Send + 'b>> {
        Box::pin(async move {
            let mut arrays: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
            let columns = shaping.sent.iter().zip(&*shaping.declared).zip(batch.columns());
            for (place, ((sent, declared), array)) in columns.enumerate() {
                if !declared.nullable && array.null_count() > 0 {
                    return Err(null_not_allowed(place + 1, shaping.number).into());
                }
                arrays.push(self.cast(array, sent.sql_type, declared.sql_type).await?);
            }
            RecordBatch::try_new(storage::schema(&shaping.declared), arrays)
                .map_err(|error| SqlError::new(39010, error.to_string()).into())
        })
    }

    async fn cast(
        &mut self,
        array: &ArrayRef,
        from: SqlType,
        to: SqlType,
    ) -> Result<ArrayRef, Stop> {
        if keeps_value(from, to) && storage::data_type(from) == storage::data_type(to) {
            return Ok(Arc::clone(array));
        }
        let mut values = Vec::with_capacity(array.len());
        for start in (0..array.len()).step_by(AT_ONCE) {
            let rows = start..array.len().min(start + AT_ONCE);
            let part = rows.map(|row| value_at(array, row, from)).collect();
            values.append(&mut self.cast_values(part, from, to).await?);
        }
        array_of(values.iter(), to).map_err(|error| SqlError::new(39010, error.to_string()).into())
    }

    async fn cast_values(
        &mut self,
        values: Vec<Value>,
        from: SqlType,
        to: SqlType,
    ) -> Result<Vec<Value>, Stop> {
        let name = |place: usize| format!("@launchpod_value_{place}");
        let casts: Vec<String> =
            (0..values.len()).map(|place| format!("CAST({} AS {to})", name(place))).collect();
        let variable = |(place, value)| (name(place), Variable { sql_type: from, value }.into());
        let own = values.into_iter().enumerate().map(variable).collect();
        let outer = std::mem::replace(&mut self.scope.variables, own);
        let row = self.ask(&format!("SELECT {}", casts.join(", "))).await;
        self.scope.variables = outer;
        Ok(row?.map(|row| row.values).unwrap_or_default())
    }
}

/// Whether a type is converted to another without CAST ("Data type conversion").
fn converts_implicitly(from: SqlType, to: SqlType) -> bool {
    let with_day = |sql_type| matches!(sql_type, SqlType::DateTime | SqlType::SmallDateTime);
    if from.is_numeric() {
        to.is_numeric() || to.is_character() || to.is_binary() || with_day(to)
    } else if from.is_binary() {
        !matches!(to, SqlType::Float | SqlType::Real) && !to.is_temporal() || with_day(to)
    } else if from.is_temporal() {
        let apart = matches!(
            (from, to),
            (SqlType::Time(_), SqlType::Date) | (SqlType::Date, SqlType::Time(_))
        );
        to.is_character() || to.is_temporal() && !apart
    } else if from.is_character() {
        !to.is_binary()
    } else {
        from == to || to.is_character() || to.is_binary()
    }
}

fn null_not_allowed(column: usize, set: usize) -> SqlError {
    SqlError::new(
        11553,
        format!(
            "{CLAUSE} specified a non-nullable type for column #{column} in result set #{set}, and the corresponding value sent at run time was null."
        ),
    )
}
