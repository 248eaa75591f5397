//! Cursors ("DECLARE CURSOR", "FETCH" and their kin).
//!
//! OPEN runs the cursor's query and [keeps](crate::kept) its rows, so every cursor sees its rows as
//! they were then. Of a query whose rows are a table's, each row is kept with
//! where it is stored (`%%physloc%%`), which is what `WHERE CURRENT OF` finds it by.

mod current;
mod names;
mod statements;

use std::sync::Arc;

use arrow_array::RecordBatch;
use launchpod_database::Variables;
use launchpod_exchange::value::value_at;
use launchpod_tsql::ast::{
    CursorConcurrency, CursorDefinition, CursorModel, FetchDirection, Identifier, Query, QueryBody,
    TableSource, TableSourceKind,
};
use launchpod_types::{Column, SqlError, SqlType, Value};
use tokio::sync::Mutex;

use crate::kept::Kept;

pub(crate) use names::Cursors;

/// A cursor, as those who have a name for it share it: it ends with the last name.
pub(crate) type Shared = Arc<Mutex<Cursor>>;

/// A declared cursor.
pub(crate) struct Cursor {
    /// The text of its query, which the spans of the definition don't belong to.
    text: String,
    /// The same with the row's place as its last column, when rows can be changed through it.
    located_text: Option<String>,
    /// What the query may name, as it was when the cursor was declared.
    variables: Arc<Variables>,
    scrolls: bool,
    /// What `@@CURSOR_ROWS` says of it.
    counts: bool,
    dynamic: bool,
    /// The table that its rows are of, when they can be changed through it.
    table: Option<String>,
    /// The columns of FOR UPDATE OF; any when empty.
    changeable: Vec<Identifier>,
    open: Option<Open>,
}

/// The rows of an open cursor.
struct Open {
    /// Of the query; not the row's place.
    columns: Arc<[Column]>,
    rows: Kept,
    /// The number of the first row of each batch, from 0.
    starts: Vec<u64>,
    count: u64,
    /// The row that was fetched last, from 1; 0 before the first, `count + 1` after the last.
    position: u64,
    /// The batch that was read last, and its number.
    read: Option<(usize, RecordBatch)>,
    /// The type of the rows' place, when that is their last column.
    place: Option<SqlType>,
}

// === impl Cursor ===

impl Cursor {
    /// # Errors
    /// 1048 for words that contradict each other, 16957 for FOR UPDATE of a cursor that is read
    /// only.
    fn new(
        definition: &CursorDefinition,
        source: &str,
        variables: Arc<Variables>,
    ) -> Result<Cursor, SqlError> {
        let model = definition.model;
        let fast = model == Some(CursorModel::FastForward);
        if fast && definition.scroll == Some(true) {
            return Err(SqlError::with_class(
                1048,
                15,
                "Conflicting cursor options FAST_FORWARD and SCROLL.",
            ));
        }
        let read_only = fast
            || model == Some(CursorModel::Static)
            || definition.concurrency == Some(CursorConcurrency::ReadOnly);
        if read_only && definition.for_update.is_some() {
            return Err(SqlError::new(
                16957,
                "FOR UPDATE cannot be specified on a READ ONLY cursor.",
            ));
        }
        let query = &definition.query;
        let table = if read_only { None } else { table_of(query) };
        let text = query.span.text(source).to_owned();
        let located_text = table.as_ref().and_then(|_| located(query, source));
        let scrolls = definition
            .scroll
            .unwrap_or(matches!(model, Some(model) if model != CursorModel::FastForward));
        Ok(Cursor {
            text,
            located_text,
            variables,
            scrolls,
            counts: matches!(model, Some(CursorModel::Static | CursorModel::Keyset)),
            dynamic: model == Some(CursorModel::Dynamic),
            table,
            changeable: definition.for_update.clone().unwrap_or_default(),
            open: None,
        })
    }

    /// What CURSOR_STATUS returns of it: 1 when it is open, 0 when it has no rows then, -1 when it is
    /// closed. A dynamic one can always get rows.
    fn status(&self) -> i64 {
        match &self.open {
            None => -1,
            Some(open) if open.count == 0 && !self.dynamic => 0,
            Some(_) => 1,
        }
    }

    /// # Errors
    /// 16917 when it isn't open.
    fn opened(&mut self) -> Result<&mut Open, SqlError> {
        self.open.as_mut().ok_or_else(|| SqlError::new(16917, "Cursor is not open."))
    }

    /// # Errors
    /// 16911 and 16925 for a direction that the cursor doesn't have.
    fn check_direction(&self, direction: &FetchDirection) -> Result<(), SqlError> {
        let word = match direction {
            FetchDirection::Next => return Ok(()),
            FetchDirection::Prior => "PRIOR",
            FetchDirection::First => "FIRST",
            FetchDirection::Last => "LAST",
            FetchDirection::Absolute(_) => "ABSOLUTE",
            FetchDirection::Relative(_) => "RELATIVE",
        };
        if !self.scrolls {
            let text =
                format!("fetch: The fetch type {word} cannot be used with forward only cursors.");
            return Err(SqlError::new(16911, text));
        }
        if self.dynamic && matches!(direction, FetchDirection::Absolute(_)) {
            let text = format!("The fetch type {word} cannot be used with dynamic cursors.");
            return Err(SqlError::new(16925, text));
        }
        Ok(())
    }
}

// === impl Open ===

impl Open {
    /// Goes to a row; past an end when there is none of that number.
    fn go_to(&mut self, row: i128) {
        let last = i128::from(self.count) + 1;
        // Within 0 and `count + 1`.
        self.position = u64::try_from(row.clamp(0, last)).unwrap_or(0);
    }

    /// Goes where a direction leads from the current row; `count` is that of ABSOLUTE and RELATIVE.
    fn step(&mut self, direction: &FetchDirection, count: i64) {
        let (position, rows) = (i128::from(self.position), i128::from(self.count));
        self.go_to(match direction {
            FetchDirection::Next => position + 1,
            FetchDirection::Prior => position - 1,
            FetchDirection::First => 1,
            FetchDirection::Last if rows == 0 => 0,
            FetchDirection::Last => rows,
            FetchDirection::Absolute(_) if count < 0 => rows + 1 + i128::from(count),
            FetchDirection::Absolute(_) => i128::from(count),
            FetchDirection::Relative(_) => position + i128::from(count),
        });
    }

    /// The batch of the current row, and the row's place in it; `None` past an end.
    async fn row(&mut self) -> Result<Option<(RecordBatch, usize)>, SqlError> {
        if self.position == 0 || self.position > self.count {
            return Ok(None);
        }
        let row = self.position - 1;
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        if !matches!(&self.read, Some((read, _)) if *read == batch) {
            let Some(place) = self.rows.place(batch) else { return Ok(None) };
            self.read = Some((batch, place.read().await?));
        }
        // A batch has fewer rows than a usize counts.
        let within = usize::try_from(row - self.starts[batch]).unwrap_or(0);
        Ok(self.read.as_ref().map(|(_, rows)| (rows.clone(), within)))
    }

    /// The values of the current row; `None` past an end.
    async fn values(&mut self) -> Result<Option<Vec<Value>>, SqlError> {
        let Some((batch, row)) = self.row().await? else { return Ok(None) };
        let columns = self.columns.iter().zip(batch.columns());
        Ok(Some(columns.map(|(column, array)| value_at(array, row, column.sql_type)).collect()))
    }
}

/// The table that each row of a query is a row of.
fn table_of(query: &Query) -> Option<String> {
    let QueryBody::Select(select) = &query.body else { return None };
    let plain = !select.distinct
        && select.group_by.is_none()
        && select.having.is_none()
        && query.for_clause.is_none();
    let [TableSource { kind, .. }] = &select.from[..] else { return None };
    match kind {
        TableSourceKind::Table { name, sample: None, .. } if plain => Some(name.name.fold()),
        TableSourceKind::Variable(name) if plain => Some(name.to_lowercase()),
        _ => None,
    }
}

/// The text of a query with the place of its rows as one more column.
fn located(query: &Query, source: &str) -> Option<String> {
    let QueryBody::Select(select) = &query.body else { return None };
    let (start, end) = (query.span.start, query.span.end);
    let (before, after) = (source.get(start..select.list.end)?, source.get(select.list.end..end)?);
    Some(format!("{before}, %%physloc%%{after}"))
}
