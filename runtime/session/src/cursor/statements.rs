//! DECLARE, SET, OPEN, FETCH, CLOSE and DEALLOCATE.

use std::sync::Arc;

use launchpod_database::{Event, Execute};
use launchpod_tsql::ast::{
    CursorDefinition, CursorName, DeclareCursor, Expr, ExprKind, Fetch, FetchCount, FetchDirection,
    Statement,
};
use launchpod_types::{Column, SqlError, SqlType, Value};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Cursor, Open, Shared};
use crate::kept::Kept;
use crate::reply::{DoneKind, Reply};
use crate::run::{Run, Stop};

/// `@@FETCH_STATUS` after a row, and past an end.
const FETCHED: i32 = 0;
const PAST_END: i32 = -1;

// === impl Run ===

impl Run<'_> {
    /// `DECLARE name CURSOR …`: GLOBAL unless LOCAL is written, as a new database has it.
    pub async fn declare_cursor(&mut self, declare: &DeclareCursor) -> Result<(), Stop> {
        let cursor = self.new_cursor(&declare.cursor).await?;
        let global = declare.cursor.global.unwrap_or(true);
        let cursors = if global { &mut self.session.cursors } else { &mut self.scope.cursors };
        cursors.declare(&declare.name, cursor)?;
        self.cursor_done().await
    }

    /// `SET @variable = CURSOR …`
    pub async fn set_cursor(
        &mut self,
        variable: &str,
        definition: &CursorDefinition,
    ) -> Result<(), Stop> {
        let cursor = self.new_cursor(definition).await?;
        self.set_cursor_variable(variable, cursor)?;
        self.cursor_done().await
    }

    /// `SET @variable = cursor`: both then name the same one.
    pub async fn share_cursor(&mut self, variable: &str, value: &Expr) -> Result<(), Stop> {
        let name = match &value.kind {
            ExprKind::Variable(other) => CursorName::Variable(other.clone()),
            ExprKind::Column(column) if column.table.is_none() => {
                CursorName::Name { global: false, name: column.name.clone() }
            }
            _ => {
                let text = format!(
                    "The variable '{variable}' is a cursor variable, but it is used in a place where a cursor variable is not valid."
                );
                return Err(SqlError::new(16949, text).into());
            }
        };
        let cursor = self.cursor(&name)?;
        self.set_cursor_variable(variable, cursor)?;
        self.cursor_done().await
    }

    /// A cursor whose query is known to be one that can run.
    async fn new_cursor(&mut self, definition: &CursorDefinition) -> Result<Shared, Stop> {
        let source = Arc::clone(&self.scope.source);
        let (statement, _) = only_statement(definition.query.span.text(&source))?;
        let request = self.request(statement, definition.query.span.text(&source));
        let variables = Arc::clone(&request.variables);
        let mut described = self
            .session
            .database
            .execute(Execute { describe: true, ..request }, self.cancel.clone());
        while let Some(event) = described.recv().await {
            event?;
        }
        Ok(Arc::new(Mutex::new(Cursor::new(definition, &source, variables)?)))
    }

    /// `OPEN cursor`
    ///
    /// # Errors
    /// 16905 when it is open; those of its query.
    pub async fn open_cursor(&mut self, name: &CursorName) -> Result<(), Stop> {
        let cursor = self.cursor(name)?;
        let mut cursor = cursor.lock().await;
        if cursor.open.is_some() {
            return Err(SqlError::new(16905, "The cursor is already open.").into());
        }
        let open = match cursor.located_text.clone() {
            // A view has rows without a place.
            Some(text) => match self.open_query(&cursor, &text, true).await {
                Err(Stop::Failed(_)) => self.open_query(&cursor, &cursor.text, false).await?,
                opened => opened?,
            },
            None => self.open_query(&cursor, &cursor.text, false).await?,
        };
        let rows = i32::try_from(open.count).unwrap_or(i32::MAX);
        self.session.globals.cursor_rows = if cursor.counts { rows } else { -1 };
        cursor.open = Some(open);
        self.cursor_done().await
    }

    async fn open_query(
        &mut self,
        cursor: &Cursor,
        text: &str,
        located: bool,
    ) -> Result<Open, Stop> {
        let (statement, text) = only_statement(text)?;
        let request = Execute {
            statement: Arc::new(statement),
            source: text.into(),
            variables: Arc::clone(&cursor.variables),
            describe: false,
        };
        let stop: CancellationToken = self.cancel.child_token();
        let mut events = self.session.database.execute(request, stop);
        let mut columns: Arc<[Column]> = Arc::new([]);
        let mut rows = Kept::new(self.session.instance.spool.clone());
        let (mut starts, mut count) = (Vec::new(), 0);
        while let Some(event) = events.recv().await {
            match event? {
                Event::Columns(described) => columns = described,
                Event::Batch(batch) if batch.num_rows() > 0 => {
                    starts.push(count);
                    count += batch.num_rows() as u64;
                    rows.push(batch).await?;
                }
                Event::Message(message) => self.message(message).await?,
                _ => {}
            }
        }
        if self.cancel.is_cancelled() {
            return Err(Stop::Over);
        }
        let mut place = None;
        if let Some((last, others)) = columns.split_last().filter(|_| located) {
            place = Some(last.sql_type);
            columns = others.into();
        }
        Ok(Open { columns, rows, starts, count, position: 0, read: None, place })
    }

    /// `FETCH …`: the row goes into variables, or to the client.
    ///
    /// # Errors
    /// 16917 when the cursor isn't open, 16911 and 16925 for a direction that it doesn't have,
    /// 16924 when there are not as many variables as columns; those of conversion.
    pub async fn fetch(&mut self, fetch: &Fetch) -> Result<(), Stop> {
        let shared = self.cursor(&fetch.cursor)?;
        let mut cursor = shared.lock().await;
        cursor.opened()?;
        cursor.check_direction(&fetch.direction)?;
        let count = self.fetch_count(&fetch.direction).await?;
        let open = cursor.opened()?;
        if !fetch.into.is_empty() && fetch.into.len() != open.columns.len() {
            return Err(SqlError::new(
                16924,
                "Cursorfetch: The number of variables declared in the INTO list must match that of selected columns.",
            )
            .into());
        }
        open.step(&fetch.direction, count);
        let fetched = if fetch.into.is_empty() {
            self.send_row(open).await?
        } else {
            self.fetch_into(open, &fetch.into).await?
        };
        self.session.globals.fetch_status = if fetched { FETCHED } else { PAST_END };
        self.session.globals.succeeded(fetched.into());
        let kind = if fetch.into.is_empty() { DoneKind::Select } else { DoneKind::Other };
        self.done(kind, fetch.into.is_empty().then_some(fetched.into())).await
    }

    async fn fetch_count(&mut self, direction: &FetchDirection) -> Result<i64, Stop> {
        let (FetchDirection::Absolute(count) | FetchDirection::Relative(count)) = direction else {
            return Ok(0);
        };
        match count {
            FetchCount::Constant(number) => Ok(*number),
            FetchCount::Variable(name) => match self.value_of(name, SqlType::Int).await? {
                Value::Int(number) => Ok(number),
                _ => Ok(0),
            },
        }
    }

    /// Sends the current row as a result set; whether there is one.
    async fn send_row(&mut self, open: &mut Open) -> Result<bool, Stop> {
        self.send(Reply::Columns(Arc::clone(&open.columns))).await?;
        let Some((batch, row)) = open.row().await? else { return Ok(false) };
        let shown: Vec<usize> = (0..open.columns.len()).collect();
        // The rows have these columns, and perhaps one more.
        let row = batch.project(&shown).map(|batch| batch.slice(row, 1));
        let row = row.map_err(|error| SqlError::new(16955, error.to_string()))?;
        self.send(Reply::Batch(row)).await?;
        Ok(true)
    }

    /// Puts the current row into variables; whether there is one.
    async fn fetch_into(&mut self, open: &mut Open, into: &[String]) -> Result<bool, Stop> {
        let Some(values) = open.values().await? else { return Ok(false) };
        for ((name, value), column) in into.iter().zip(values).zip(&*open.columns) {
            let declared = self.variable(name)?.sql_type;
            let value = self.convert(value, column.sql_type, declared).await?;
            self.store(name, value)?;
        }
        Ok(true)
    }

    /// `CLOSE cursor`
    ///
    /// # Errors
    /// 16917 when it isn't open.
    pub async fn close_cursor(&mut self, name: &CursorName) -> Result<(), Stop> {
        let cursor = self.cursor(name)?;
        let mut cursor = cursor.lock().await;
        cursor.opened()?;
        cursor.open = None;
        self.cursor_done().await
    }

    /// `DEALLOCATE cursor`
    pub async fn deallocate(&mut self, name: &CursorName) -> Result<(), Stop> {
        self.deallocate_cursor(name)?;
        self.cursor_done().await
    }

    async fn cursor_done(&mut self) -> Result<(), Stop> {
        self.session.globals.succeeded(0);
        self.done(DoneKind::Other, None).await
    }
}

/// The statement of a cursor's query, and its text.
fn only_statement(text: &str) -> Result<(Statement, &str), SqlError> {
    let mut statements = launchpod_tsql::parse(text)?.statements;
    match statements.pop() {
        Some(statement) if statements.is_empty() => Ok((statement, text)),
        _ => Err(SqlError::new(
            16937,
            "A server cursor cannot be opened on the given statement or statements. Use a default result set or client cursor.",
        )),
    }
}
