//! The one result set of a request, whoever of its workers sends the rows.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use launchpod_exchange::convert::{ConvertError, Converter};
use launchpod_types::{Column, SqlType};
use tokio::sync::{OnceCell, mpsc};

use crate::error::Ending;
use crate::messages;
use crate::request::Expected;
use crate::run::ScriptEvent;
use crate::verdict::{Said, broken};

/// What each output of a request is converted to: the declared columns, or those of the output
/// that comes first.
pub(crate) struct ResultSet<'a> {
    expected: &'a Expected,
    /// Whether more than one output may come, each with types of its own.
    several: bool,
    refuses_non_finite: bool,
    events: &'a mpsc::Sender<ScriptEvent>,
    columns: OnceCell<Arc<[Column]>>,
}

// === impl ResultSet ===

impl<'a> ResultSet<'a> {
    pub(crate) fn new(
        expected: &'a Expected,
        several: bool,
        refuses_non_finite: bool,
        events: &'a mpsc::Sender<ScriptEvent>,
    ) -> Self {
        ResultSet { expected, several, refuses_non_finite, events, columns: OnceCell::new() }
    }

    /// How many result sets have been begun: 0 or 1.
    pub(crate) fn sets_sent(&self) -> usize {
        usize::from(self.columns.initialized())
    }

    /// What converts an output of this schema. The first one begins the result set.
    pub(crate) async fn converter(&self, schema: &SchemaRef) -> Result<Converter, Said> {
        let begin = || async {
            let columns = self.first_columns(schema)?;
            let event = ScriptEvent::Columns(Arc::clone(&columns));
            self.events.send(event).await.map_err(|_| Said::Ended(Ending::cancelled()))?;
            Ok(columns)
        };
        let columns = self.columns.get_or_try_init(begin).await?;
        let converter = Converter::declared(schema, columns).map_err(|error| refused(&error))?;
        Ok(converter.refusing_non_finite(self.refuses_non_finite))
    }

    fn first_columns(&self, schema: &SchemaRef) -> Result<Arc<[Column]>, Said> {
        let own = match self.expected {
            Expected::Undefined => Converter::inferred(schema),
            Expected::Named => Converter::named(schema),
            Expected::Sets(sets) => {
                let columns = sets
                    .first()
                    .ok_or_else(|| Said::Ended(Ending::result(messages::too_many_sets(0))))?;
                // What doesn't fit is refused before the result set begins.
                Converter::declared(schema, columns).map_err(|error| refused(&error))?;
                return Ok(Arc::clone(columns));
            }
        };
        let columns = Arc::clone(own.columns());
        Ok(if self.several { columns.iter().map(widened).collect() } else { columns })
    }
}

/// What doesn't convert: the client's error, or the worker's fault.
pub(crate) fn refused(error: &ConvertError) -> Said {
    match error.sql_error() {
        Some(error) => Said::Ended(Ending::result(error)),
        None => broken(error),
    }
}

/// A column that also takes what later outputs may have: SQL Server, too, sends all numbers of
/// a script that runs several times as float, and every column as nullable.
fn widened(column: &Column) -> Column {
    let sql_type = match column.sql_type {
        SqlType::Bit => SqlType::Bit,
        number if number.is_numeric() => SqlType::Float,
        text if text.is_character() => SqlType::NVARCHAR_MAX,
        other => other,
    };
    Column { sql_type, nullable: true, ..column.clone() }
}
