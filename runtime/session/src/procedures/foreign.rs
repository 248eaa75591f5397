//! Procedures that the database has itself, like `sp_columns`, and scalar functions.

use launchpod_database::{Action, Event, Variable, Variables};
use launchpod_tsql::ast::ObjectName;
use launchpod_types::{SqlError, SqlType, Value};

use super::{Argument, Completion};
use crate::procedure_name::quoted;
use crate::reply::{DoneKind, Reply};
use crate::run::{Run, Stop};

/// A server's procedures that open a cursor, now or later. The text that it is over is among the
/// first four arguments.
const CURSOR_OPENERS: [&str; 3] = ["sp_cursoropen", "sp_cursorprepare", "sp_cursorprepexec"];

impl Run<'_> {
    /// Has the database run a procedure that is neither the interpreter's nor a user's, or a
    /// function; one that isn't there at all the database refuses (2812).
    pub(super) async fn database_procedure(
        &mut self,
        name: &ObjectName,
        arguments: Vec<Argument>,
        returned: Option<SqlType>,
    ) -> Result<Completion, Stop> {
        self.check_cursor(name, &arguments).await?;
        let wanted: Vec<usize> = arguments
            .iter()
            .enumerate()
            .filter(|(_, argument)| argument.output && !argument.is_default)
            .map(|(place, _)| place)
            .collect();
        // A server's procedure would go on after an error that the TRY around it is to catch.
        let (text, variables) = match self.session.database.is_server() && self.scope.catching() {
            true => guarded(name, arguments, returned),
            false => call(name, arguments),
        };
        let batch = launchpod_tsql::parse(&text).map_err(SqlError::from)?;
        let Some(statement) = batch.statements.into_iter().next() else {
            return Ok(Completion::default());
        };
        let outer = std::mem::replace(&mut self.scope.variables, variables);
        let mut events = self.start(statement.clone(), &text);
        self.scope.variables = outer;
        let mut completion = Completion::default();
        let mut returned = false;
        // The rows of the result set that is being sent.
        let mut rows: Option<u64> = None;
        while let Some(event) = events.recv().await {
            let event = match event {
                // The caller gets the status first.
                Err(error) if returned => {
                    completion.failure = Some(unlocated(error));
                    continue;
                }
                event => event.map_err(unlocated)?,
            };
            match event {
                Event::Columns(columns) => {
                    self.result_set_done(rows.replace(0)).await?;
                    self.send(Reply::Columns(columns)).await?;
                }
                Event::Batch(_) if self.session.options.format_only => {}
                Event::Batch(batch) => {
                    rows = rows.map(|rows| rows + batch.num_rows() as u64);
                    self.send(Reply::Batch(batch)).await?;
                }
                Event::Message(message) => self.message(message).await?,
                Event::Returned(value) => completion.value = Some(value),
                Event::ReturnStatus(status) => {
                    completion.status = status;
                    returned = true;
                }
                Event::Output { place, value } => {
                    completion.outputs.extend(wanted.get(place).map(|place| (*place, value)));
                }
                // A server's procedure may do anything; the embedded database's own only read.
                Event::Transaction(state) => self.transaction_changed(&statement, state).await?,
                Event::Database(name) => self.database_changed(name).await?,
                Event::RowsAffected(count) if self.session.database.is_server() => {
                    match rows.take() {
                        Some(rows) => self.result_set_done(Some(rows)).await?,
                        None => self.done(DoneKind::Other, Some(count)).await?,
                    }
                }
                Event::RowsAffected(_) => {}
            }
        }
        if self.cancel.is_cancelled() {
            return Err(Stop::Over);
        }
        self.result_set_done(rows).await?;
        Ok(completion)
    }

    /// Refuses a server's cursor over what an external script returns.
    async fn check_cursor(&mut self, name: &ObjectName, given: &[Argument]) -> Result<(), Stop> {
        let procedure = name.name.fold();
        if !CURSOR_OPENERS.contains(&procedure.as_str()) {
            return Ok(());
        }
        for argument in given.iter().take(4) {
            let Value::Text(text) = &argument.value else { continue };
            let action = Action::OpenCursor { procedure: procedure.clone(), text: text.clone() };
            self.session.database.permit(action).await?;
        }
        Ok(())
    }

    async fn result_set_done(&mut self, rows: Option<u64>) -> Result<(), Stop> {
        let Some(count) = rows else { return Ok(()) };
        self.session.globals.row_count = count;
        self.done(DoneKind::Select, rows).await
    }
}

/// A call as T-SQL, with its arguments in variables.
fn call(name: &ObjectName, arguments: Vec<Argument>) -> (String, Variables) {
    let mut variables = Variables::new();
    let mut texts = Vec::with_capacity(arguments.len());
    for (place, argument) in arguments.into_iter().enumerate() {
        let parameter = argument.name.map_or(String::new(), |name| format!("{name} = "));
        let variable = format!("@launchpod_argument_{place}");
        let output = if argument.output { " OUTPUT" } else { "" };
        texts.push(match argument.is_default {
            true => format!("{parameter}DEFAULT"),
            false => format!("{parameter}{variable}{output}"),
        });
        if let Some(table_type) = argument.table {
            let (name, of) = crate::types::variable_of(&variable, &table_type);
            variables.insert(name, of.into());
        }
        let value = Variable { sql_type: argument.sql_type, value: argument.value };
        variables.insert(variable, value.into());
    }
    (format!("EXEC {} {}", quoted(name), texts.join(", ")), variables)
}

/// The same within a TRY of its own, which hands its error on. `returned`: the type of the variable
/// that gets what the call returns.
fn guarded(
    name: &ObjectName,
    arguments: Vec<Argument>,
    returned: Option<SqlType>,
) -> (String, Variables) {
    const RETURNED: &str = "@launchpod_returned";
    let (mut text, mut variables) = call(name, arguments);
    if let Some(sql_type) = returned {
        text = text.replacen("EXEC", &format!("EXEC {RETURNED} ="), 1);
        let value = Variable { sql_type, value: Value::Null };
        variables.insert(RETURNED.to_owned(), value.into());
    }
    (format!("BEGIN TRY {text} END TRY BEGIN CATCH THROW END CATCH"), variables)
}

/// An error without the line of our call, in place of which that of the user's is put.
fn unlocated(error: SqlError) -> Stop {
    let mut message = launchpod_types::Message::from(error);
    if message.procedure.is_empty() {
        message.line = 0;
    }
    Stop::Failed(vec![message])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_handed_over_in_variables() {
        let argument = |name: Option<&str>, is_default| Argument {
            name: name.map(str::to_owned),
            sql_type: SqlType::Int,
            value: Value::Int(5),
            output: false,
            is_default,
            table: None,
        };
        let arguments =
            vec![argument(None, false), argument(Some("@b"), true), argument(Some("@c"), false)];
        let name = crate::procedure_name::read("sys.sp_x").unwrap();
        let (text, variables) = call(&name, arguments);
        assert_eq!(
            text,
            "EXEC [sys].[sp_x] @launchpod_argument_0, @b = DEFAULT, @c = @launchpod_argument_2"
        );
        assert_eq!(variables["@launchpod_argument_2"].value, Value::Int(5));
        assert!(launchpod_tsql::parse(&text).is_ok());
        let (text, variables) = guarded(&name, Vec::new(), Some(SqlType::Int));
        assert_eq!(
            text,
            "BEGIN TRY EXEC @launchpod_returned = [sys].[sp_x]  END TRY BEGIN CATCH THROW END CATCH"
        );
        assert_eq!(variables["@launchpod_returned"].value, Value::Null);
        assert!(launchpod_tsql::parse(&text).is_ok());
    }
}
