//! `WHERE CURRENT OF`

use launchpod_database::Variable;
use launchpod_exchange::value::value_at;
use launchpod_tsql::ast::{Assignment, CurrentOf, ObjectName, Statement, StatementKind, Target};
use launchpod_types::SqlError;

use super::{Cursor, Open};
use crate::run::{Run, Stop};

/// The variable that holds the place of the row.
const PLACE: &str = "@launchpod_place";

// === impl Run ===

impl Run<'_> {
    /// Runs an UPDATE or DELETE of the row that was fetched last.
    ///
    /// # Errors
    /// 16929 for a cursor that is read only, 16933 for another table than its own, 16932 for a
    /// column that isn't in its FOR UPDATE OF, 16931 without a current row, 16947 when the row
    /// is gone.
    pub async fn change_current(
        &mut self,
        statement: &Statement,
        current: Option<&CurrentOf>,
    ) -> Result<(), Stop> {
        let Some(current) = current else { return self.forward(statement).await };
        let shared = self.cursor(&current.cursor)?;
        let mut cursor = shared.lock().await;
        cursor.opened()?;
        check_change(&cursor, &statement.kind)?;
        let place = cursor.opened()?.place().await?;
        let text = located(statement, current, &self.scope.source);
        let [located] = <[Statement; 1]>::try_from(
            launchpod_tsql::parse(&text).map_err(SqlError::from)?.statements,
        )
        .map_err(|_| SqlError::new(102, "Incorrect syntax near 'CURRENT'."))?;
        self.scope.variables.insert(PLACE.to_owned(), place.into());
        let result = self.forward_text(&located, &text).await;
        self.scope.variables.remove(PLACE);
        result?;
        if self.session.globals.row_count == 0 {
            return Err(SqlError::new(16947, "No rows were updated or deleted.").into());
        }
        Ok(())
    }
}

// === impl Open ===

impl Open {
    /// Where the current row is stored.
    async fn place(&mut self) -> Result<Variable, SqlError> {
        let sql_type = self.place.ok_or_else(read_only)?;
        let none = || SqlError::new(16931, "There are no rows in the current fetch buffer.");
        let (batch, row) = self.row().await?.ok_or_else(none)?;
        let places = batch.columns().last().ok_or_else(none)?;
        Ok(Variable { sql_type, value: value_at(places, row, sql_type) })
    }
}

fn read_only() -> SqlError {
    SqlError::new(16929, "The cursor is READ ONLY.")
}

fn check_change(cursor: &Cursor, kind: &StatementKind) -> Result<(), SqlError> {
    let Some(table) = &cursor.table else { return Err(read_only()) };
    let (target, assignments): (&Target, &[Assignment]) = match kind {
        StatementKind::Update(update) if update.sets_variables() => {
            let text = "UPDATE … SET @variable = … WHERE CURRENT OF is not supported.";
            return Err(SqlError::new(40517, text));
        }
        StatementKind::Update(update) => (&update.target, &update.assignments),
        StatementKind::Delete(delete) => (&delete.target, &[]),
        _ => return Ok(()),
    };
    let changed = match target {
        Target::Table(ObjectName { name, .. }) => name.fold(),
        Target::Variable { name, .. } => name.to_lowercase(),
    };
    if changed != *table {
        return Err(SqlError::new(
            16933,
            "The cursor does not include the table being modified or the table is not updatable through the cursor.",
        ));
    }
    let named = |assignment: &Assignment| match &assignment.column {
        Some(column) => cursor.changeable.iter().any(|name| name.is(&column.name.text)),
        None => true,
    };
    if !cursor.changeable.is_empty() && !assignments.iter().all(named) {
        return Err(SqlError::new(
            16932,
            "The cursor has a FOR UPDATE list and the requested column to be updated is not in this list.",
        ));
    }
    Ok(())
}

/// The text of a statement with the place of the row in place of CURRENT OF.
fn located(statement: &Statement, current: &CurrentOf, source: &str) -> String {
    let (start, end) = (statement.span.start, statement.span.end);
    let part = |from: usize, to: usize| source.get(from..to).unwrap_or_default();
    let (before, after) = (part(start, current.span.start), part(current.span.end, end));
    // So that errors have the lines of the batch.
    let above = "\n".repeat(statement.line.saturating_sub(1) as usize);
    format!("{above}{before}%%physloc%% = {PLACE}{after}")
}
