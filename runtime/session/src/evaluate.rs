//! Values of expressions: the database is asked for them.

use std::sync::Arc;

use launchpod_database::{Event, Variable};
use launchpod_exchange::value::value_at;
use launchpod_tsql::ast::{Expr, Statement};
use launchpod_types::{Column, SqlError, SqlType, Value};

use crate::run::{Run, Stop};

/// The variable under which a value is handed to the database.
pub(crate) const OPERAND: &str = "@launchpod_operand";

/// Whether every value of a type is the same in another, so that nobody need be asked.
pub(crate) fn keeps_value(from: SqlType, to: SqlType) -> bool {
    match (from, to) {
        (SqlType::NVarChar(from), SqlType::NVarChar(to))
        | (SqlType::VarChar(from), SqlType::VarChar(to) | SqlType::NVarChar(to))
        | (SqlType::VarBinary(from), SqlType::VarBinary(to)) => from <= to,
        _ => from == to,
    }
}

/// The last row of an answer.
pub(crate) struct Row {
    /// How many rows the answer has.
    pub count: u64,
    pub columns: Arc<[Column]>,
    pub values: Vec<Value>,
}

impl Run<'_> {
    /// The text of an expression.
    pub fn source(&self, expression: &Expr) -> String {
        expression.span.text(&self.scope.source).to_owned()
    }

    /// The value of an expression, converted to a type as an assignment converts it.
    pub async fn value(&mut self, expression: &Expr, to: SqlType) -> Result<Value, Stop> {
        let text = self.source(expression);
        self.value_of(&text, to).await
    }

    /// The value of an expression's text, converted to a type as an assignment converts it:
    /// like CAST, it cuts text and bytes to the type's length.
    pub async fn value_of(&mut self, text: &str, to: SqlType) -> Result<Value, Stop> {
        let row = self.ask(&format!("SELECT CAST(({text}) AS {to})")).await?;
        Ok(row.and_then(|row| row.values.into_iter().next()).unwrap_or(Value::Null))
    }

    /// A value of one type converted to another.
    pub async fn convert(
        &mut self,
        value: Value,
        from: SqlType,
        to: SqlType,
    ) -> Result<Value, Stop> {
        if value.is_null() || keeps_value(from, to) {
            return Ok(value);
        }
        self.value_with(value, from, OPERAND, to).await
    }

    /// The value of an expression's text that holds a given value under [`OPERAND`].
    pub async fn value_with(
        &mut self,
        operand: Value,
        from: SqlType,
        text: &str,
        to: SqlType,
    ) -> Result<Value, Stop> {
        let variable = Variable { sql_type: from, value: operand };
        self.scope.variables.insert(OPERAND.to_owned(), variable.into());
        let value = self.value_of(text, to).await;
        self.scope.variables.remove(OPERAND);
        value
    }

    /// The last row that a query returns.
    pub async fn ask(&mut self, query: &str) -> Result<Option<Row>, Stop> {
        let batch = launchpod_tsql::parse(query).map_err(SqlError::from)?;
        let [statement] = <[Statement; 1]>::try_from(batch.statements)
            .map_err(|_| SqlError::new(102, "Incorrect syntax in an expression."))?;
        let row = self.last_row(statement, query).await;
        // Lines in a question of ours mean nothing; the statement's own line is put in later.
        row.map_err(|stop| match stop {
            Stop::Failed(mut errors) => {
                errors.iter_mut().for_each(|error| error.line = 0);
                Stop::Failed(errors)
            }
            other => other,
        })
    }

    /// Runs a query for its last row.
    pub async fn last_row(
        &mut self,
        statement: Statement,
        source: &str,
    ) -> Result<Option<Row>, Stop> {
        let mut events = self.start(statement, source);
        let mut columns: Arc<[Column]> = Arc::new([]);
        let mut last = None;
        let mut count = 0;
        while let Some(event) = events.recv().await {
            match event? {
                Event::Columns(described) => columns = described,
                Event::Batch(batch) if batch.num_rows() > 0 => {
                    count += batch.num_rows() as u64;
                    last = Some(batch);
                }
                Event::Message(message) => self.message(message).await?,
                _ => {}
            }
        }
        if self.cancel.is_cancelled() {
            return Err(Stop::Over);
        }
        let Some(batch) = last else { return Ok(None) };
        let row = batch.num_rows() - 1;
        let values = columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| value_at(array, row, column.sql_type))
            .collect();
        Ok(Some(Row { count, columns, values }))
    }
}

#[cfg(test)]
mod tests {
    use launchpod_types::Length;

    use super::*;

    #[test]
    fn only_what_fits_is_kept_as_it_is() {
        let (short, long) = (Length::Limited(5), Length::Limited(50));
        assert!(keeps_value(SqlType::NVarChar(short), SqlType::NVarChar(long)));
        assert!(keeps_value(SqlType::VarChar(long), SqlType::NVARCHAR_MAX));
        assert!(keeps_value(SqlType::Int, SqlType::Int));
        assert!(!keeps_value(SqlType::NVarChar(long), SqlType::NVarChar(short)));
        assert!(!keeps_value(SqlType::NVARCHAR_MAX, SqlType::NVarChar(long)));
        // A code page can't hold all text.
        assert!(!keeps_value(SqlType::NVarChar(short), SqlType::VarChar(long)));
        assert!(!keeps_value(SqlType::Int, SqlType::BigInt));
    }
}
