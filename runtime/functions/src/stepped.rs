//! Window functions that give each row a value of its own, in the order of the window.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use launchpod_types::{SqlError, Value};
use rusqlite::functions::Context;
use rusqlite::types::ToSqlOutput;

use super::{Body, Function, Raised};
use crate::{cell, errors};

/// What gives a row its value.
pub(crate) type Step = Box<dyn Fn() -> Result<Value, SqlError> + Send + Sync>;

/// A function as a connection knows it; its window's frame ends with the current row.
pub(crate) struct Registered {
    pub(crate) function: Arc<Function>,
    pub(crate) raised: Raised,
}

impl UnwindSafe for Registered {}
impl RefUnwindSafe for Registered {}

/// The value of the row that came last.
type Latest = Value;

impl rusqlite::functions::Aggregate<Latest, ToSqlOutput<'static>> for Registered {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Latest> {
        Ok(Value::Null)
    }

    fn step(&self, _: &mut Context<'_>, latest: &mut Latest) -> rusqlite::Result<()> {
        *latest = self.raised.keep(match &self.function.body {
            Body::Stepped(step) => step(),
            _ => Err(errors::internal("a window function without steps")),
        })?;
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        latest: Option<Latest>,
    ) -> rusqlite::Result<ToSqlOutput<'static>> {
        Ok(cell::output(latest.unwrap_or(Value::Null)))
    }
}

impl rusqlite::functions::WindowAggregate<Latest, ToSqlOutput<'static>> for Registered {
    fn value(&self, latest: Option<&mut Latest>) -> rusqlite::Result<ToSqlOutput<'static>> {
        Ok(cell::output(latest.cloned().unwrap_or(Value::Null)))
    }

    fn inverse(&self, _: &mut Context<'_>, _: &mut Latest) -> rusqlite::Result<()> {
        // No row leaves a frame that begins with the first.
        Ok(())
    }
}
