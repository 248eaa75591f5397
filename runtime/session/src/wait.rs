//! WAITFOR

use std::time::Duration;

use launchpod_tsql::ast::WaitFor;
use launchpod_types::calendar::TICKS_PER_DAY;
use launchpod_types::{SqlError, SqlType, Value};

use crate::run::{Run, Stop};

/// What `WAITFOR` takes the time of day from; UTC, as GETDATE() is in the embedded database.
const NOW: &str = "GETDATE()";

impl Run<'_> {
    /// Waits as long as `DELAY` says, or until the next `TIME`.
    pub async fn wait(&mut self, wait: &WaitFor) -> Result<(), Stop> {
        let ticks = match wait {
            WaitFor::Delay(delay) => self.time_of_day(&self.source(delay)).await?,
            WaitFor::Time(time) => {
                let until = self.time_of_day(&self.source(time)).await?;
                let now = self.time_of_day(NOW).await?;
                (until - now).rem_euclid(TICKS_PER_DAY)
            }
        };
        // Not negative: a time of day, or a remainder.
        let delay = Duration::from_nanos(ticks.unsigned_abs() * 100);
        tokio::select! {
            () = tokio::time::sleep(delay) => {
                self.session.globals.succeeded(0);
                Ok(())
            }
            () = self.cancel.cancelled() => Err(Stop::Over),
        }
    }

    /// The time of day that a text names, in units of 100 ns.
    async fn time_of_day(&mut self, text: &str) -> Result<i64, Stop> {
        match self.value_of(text, SqlType::Time(7)).await? {
            Value::Time(ticks) => Ok(ticks),
            _ => Err(SqlError::with_class(
                148,
                15,
                format!("Incorrect time syntax in time string {text} used with WAITFOR."),
            )
            .into()),
        }
    }
}
