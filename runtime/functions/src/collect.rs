//! Aggregates that need all their values at once.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use launchpod_types::{SqlError, Value};
use rusqlite::functions::Context;
use rusqlite::types::ToSqlOutput;

use super::{Body, Function, Raised};
use crate::cell;

/// What makes one value of the rows, each the arguments of one step.
pub type Finish = Box<dyn Fn(&mut Vec<Vec<Value>>) -> Result<Value, SqlError> + Send + Sync>;

/// An aggregate as a connection knows it.
pub(crate) struct Registered {
    pub(crate) function: Arc<Function>,
    pub(crate) raised: Raised,
}

/// What an aggregate has seen, and what it made of that.
#[derive(Default)]
pub(crate) struct Collected {
    rows: Vec<Vec<Value>>,
    result: Option<Value>,
}

impl UnwindSafe for Registered {}
impl RefUnwindSafe for Registered {}

// === impl Registered ===

impl Registered {
    fn row(&self, context: &Context<'_>) -> Result<Vec<Value>, SqlError> {
        let types = self.function.arguments.iter().enumerate();
        types.map(|(index, sql_type)| cell::decode(context.get_raw(index), *sql_type)).collect()
    }

    /// A window asks for each of its rows: the answer changes only with what was seen.
    fn result(&self, collected: &mut Collected) -> Result<ToSqlOutput<'static>, SqlError> {
        let Body::Collect(finish) = &self.function.body else {
            return Ok(cell::output(Value::Null));
        };
        let value = match collected.result.take() {
            Some(value) => value,
            None => finish(&mut collected.rows)?,
        };
        collected.result = Some(value.clone());
        Ok(cell::output(value))
    }
}

impl rusqlite::functions::Aggregate<Collected, ToSqlOutput<'static>> for Registered {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Collected> {
        Ok(Collected::default())
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Collected) -> rusqlite::Result<()> {
        let row = self.raised.keep(self.row(context))?;
        seen.result = None;
        seen.rows.push(row);
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        seen: Option<Collected>,
    ) -> rusqlite::Result<ToSqlOutput<'static>> {
        self.raised.keep(self.result(&mut seen.unwrap_or_default()))
    }
}

impl rusqlite::functions::WindowAggregate<Collected, ToSqlOutput<'static>> for Registered {
    fn value(&self, seen: Option<&mut Collected>) -> rusqlite::Result<ToSqlOutput<'static>> {
        self.raised.keep(match seen {
            Some(seen) => self.result(seen),
            None => self.result(&mut Collected::default()),
        })
    }

    fn inverse(&self, _: &mut Context<'_>, seen: &mut Collected) -> rusqlite::Result<()> {
        // The row that came first leaves first. Some aggregates sort their rows, but those have
        // no frame that rows leave.
        seen.result = None;
        if !seen.rows.is_empty() {
            seen.rows.remove(0);
        }
        Ok(())
    }
}
