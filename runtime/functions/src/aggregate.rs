//! Aggregates that SQLite doesn't have: exact sums and averages, variances.

use std::panic::{RefUnwindSafe, UnwindSafe};

use launchpod_types::{Decimal, SqlError, SqlType, Value};
use rusqlite::functions::Context;
use rusqlite::types::ToSqlOutput;

use super::{Raised, decimal};
use crate::{cell, errors};

/// An aggregate of one argument.
#[derive(Clone, Copy, Debug)]
pub enum Aggregate {
    /// SUM of an exact type.
    Sum {
        /// The argument's type.
        from: SqlType,
        /// The result's type.
        to: SqlType,
    },
    /// AVG of an exact type.
    Average {
        /// The argument's type.
        from: SqlType,
        /// The result's type.
        to: SqlType,
    },
    /// VAR, STDEV and their population forms, of floats.
    Variance {
        /// Divide by n rather than n - 1.
        population: bool,
        /// The square root: a standard deviation.
        root: bool,
    },
}

/// An aggregate as a connection knows it.
pub(crate) struct Registered {
    pub(crate) aggregate: Aggregate,
    pub(crate) raised: Raised,
}

/// What an aggregate has seen: a count and a sum, or a mean and a sum of squared differences.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    count: i64,
    exact: i128,
    mean: f64,
    squares: f64,
}

impl UnwindSafe for Registered {}
impl RefUnwindSafe for Registered {}

// === impl Registered ===

impl Registered {
    fn add(&self, context: &Context<'_>, seen: &mut Seen, sign: i64) -> Result<(), SqlError> {
        match self.aggregate {
            Aggregate::Sum { from, to } | Aggregate::Average { from, to } => {
                match cell::decode(context.get_raw(0), from)? {
                    Value::Decimal(number) => {
                        let sum = seen.exact.checked_add(number.unscaled * i128::from(sign));
                        seen.exact = sum.ok_or_else(|| errors::overflow(to))?;
                        seen.count += sign;
                    }
                    _ => return Ok(()),
                }
            }
            Aggregate::Variance { .. } => {
                let Value::Float(number) = cell::decode(context.get_raw(0), SqlType::Float)? else {
                    return Ok(());
                };
                // Welford's method, and its inverse.
                seen.count += sign;
                if seen.count == 0 {
                    *seen = Seen::default();
                    return Ok(());
                }
                let before = seen.mean;
                seen.mean += sign as f64 * (number - before) / seen.count as f64;
                seen.squares += sign as f64 * (number - before) * (number - seen.mean);
            }
        }
        Ok(())
    }

    fn result(&self, seen: Option<&Seen>) -> Result<ToSqlOutput<'static>, SqlError> {
        let Some(seen) = seen.filter(|seen| seen.count > 0) else {
            return Ok(cell::output(Value::Null));
        };
        let value = match self.aggregate {
            Aggregate::Sum { from, to } => {
                Value::Decimal(decimal::fit(Decimal::new(seen.exact, cell::scale_of(from)), to)?)
            }
            Aggregate::Average { from, to } => {
                let count = Decimal::new(i128::from(seen.count), 0);
                let sum = Decimal::new(seen.exact, cell::scale_of(from));
                Value::Decimal(decimal::divide(sum, count, to)?)
            }
            Aggregate::Variance { population, root } => {
                let divisor = if population { seen.count } else { seen.count - 1 };
                if divisor < 1 {
                    return Ok(cell::output(Value::Null));
                }
                let variance = seen.squares.max(0.0) / divisor as f64;
                Value::Float(if root { variance.sqrt() } else { variance })
            }
        };
        Ok(cell::output(value))
    }
}

impl rusqlite::functions::Aggregate<Seen, ToSqlOutput<'static>> for Registered {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Seen> {
        Ok(Seen::default())
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Seen) -> rusqlite::Result<()> {
        self.raised.keep(self.add(context, seen, 1))
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        seen: Option<Seen>,
    ) -> rusqlite::Result<ToSqlOutput<'static>> {
        self.raised.keep(self.result(seen.as_ref()))
    }
}

impl rusqlite::functions::WindowAggregate<Seen, ToSqlOutput<'static>> for Registered {
    fn value(&self, seen: Option<&mut Seen>) -> rusqlite::Result<ToSqlOutput<'static>> {
        self.raised.keep(self.result(seen.as_deref()))
    }

    fn inverse(&self, context: &mut Context<'_>, seen: &mut Seen) -> rusqlite::Result<()> {
        self.raised.keep(self.add(context, seen, -1))
    }
}
