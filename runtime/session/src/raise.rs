//! RAISERROR and THROW.

use launchpod_tsql::ast::{Expr, RaiseError, Throw};
use launchpod_types::message_format::format;
use launchpod_types::{Message, SqlError, SqlType, Value};

use crate::run::{Run, Stop};

/// The number of a message that RAISERROR gets as text; THROW takes it and greater ones.
const LEAST_NUMBER: i64 = 50_000;
/// The least number that RAISERROR takes ("RAISERROR (Transact-SQL)").
const LEAST_RAISED: i64 = 13_000;
/// The severity of what THROW raises.
const THROWN_CLASS: u8 = 16;
/// What clients get instead of severity 10 ("Database Engine error severities").
const INFORMATION: (i64, u8) = (10, 0);
/// The greatest severity that RAISERROR takes without WITH LOG.
const MAX_CLASS: i64 = 18;

impl Run<'_> {
    /// `RAISERROR (message, severity, state, arguments…)`: a message up to severity 10, an error
    /// above it.
    pub async fn raise_error(&mut self, raise: &RaiseError) -> Result<(), Stop> {
        let mut class = self.integer(&raise.severity).await?;
        let state = self.integer(&raise.state).await?;
        let (number, text) = match self.typed_value(&raise.message).await? {
            Value::Text(text) => (LEAST_NUMBER, text),
            Value::Int(number) => {
                let (severity, text) = self.message_of(number, class, state).await?;
                // A severity below 0 is the message's own.
                class = if class < 0 { severity } else { class };
                (number, text)
            }
            _ => return Err(no_such_message(0, class, state).into()),
        };
        let mut arguments = Vec::with_capacity(raise.arguments.len());
        for argument in &raise.arguments {
            arguments.push(self.typed_value(argument).await?);
        }
        if class > MAX_CLASS && !raise.log {
            return Err(SqlError::new(
                2754,
                "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.",
            )
            .into());
        }
        let message = Message {
            // Severities and states outside of their range are taken as the nearest in it.
            class: if class == INFORMATION.0 { INFORMATION.1 } else { class.clamp(0, 25) as u8 },
            state: state.clamp(1, 255) as u8,
            // Numbers of messages are ints.
            ..Message::info(number as i32, format(&text, &arguments).map_err(SqlError::from)?)
        };
        if message.is_error() {
            return Err(Stop::Failed(vec![message]));
        }
        let line = raise.message.line;
        let number = message.number;
        self.message(Message { line, ..message }).await?;
        if raise.set_error {
            self.session.globals.error = number;
        }
        Ok(())
    }

    /// The severity and the text of a message by its number.
    ///
    /// # Errors
    /// 2732 for a number that RAISERROR doesn't take, 18054 when there is none.
    async fn message_of(
        &mut self,
        number: i64,
        class: i64,
        state: i64,
    ) -> Result<(i64, String), Stop> {
        if number < LEAST_RAISED || number == LEAST_NUMBER {
            return Err(not_raised(number).into());
        }
        let question = format!(
            "SELECT CAST(severity AS int), text FROM sys.messages WHERE message_id = {number} AND language_id = 1033"
        );
        let row = self.ask(&question).await?;
        match row.map(|row| row.values).as_deref() {
            Some([Value::Int(severity), Value::Text(text)]) => Ok((*severity, text.clone())),
            _ => Err(no_such_message(number, class, state).into()),
        }
    }

    /// `THROW number, message, state`, or `THROW` of what a CATCH block handles.
    pub async fn throw(&mut self, throw: Option<&Throw>) -> Result<(), Stop> {
        let Some(throw) = throw else {
            return Err(match &self.scope.caught {
                Some(caught) => Stop::Failed(vec![caught.clone()]),
                None => SqlError::with_class(
                    10704,
                    15,
                    "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.",
                )
                .into(),
            });
        };
        let number = self.integer(&throw.number).await?;
        let state = self.integer(&throw.state).await?;
        let text = match self.value(&throw.message, SqlType::NVARCHAR_MAX).await? {
            Value::Text(text) => text,
            _ => String::new(),
        };
        if !(LEAST_NUMBER..=i64::from(i32::MAX)).contains(&number) {
            return Err(SqlError::new(
                35100,
                format!("Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."),
            )
            .into());
        }
        // The number was checked, the state is taken as the nearest in its range.
        let (number, state) = (number as i32, state.clamp(0, 255) as u8);
        let message = Message { class: THROWN_CLASS, state, ..Message::info(number, text) };
        Err(Stop::Failed(vec![message]))
    }

    async fn integer(&mut self, expression: &Expr) -> Result<i64, Stop> {
        match self.value(expression, SqlType::Int).await? {
            Value::Int(number) => Ok(number),
            _ => Ok(0),
        }
    }

    /// The value of an expression in its own type.
    async fn typed_value(&mut self, expression: &Expr) -> Result<Value, Stop> {
        let question = format!("SELECT ({})", self.source(expression));
        let row = self.ask(&question).await?;
        Ok(row.and_then(|row| row.values.into_iter().next()).unwrap_or(Value::Null))
    }
}

fn not_raised(number: i64) -> SqlError {
    let greatest = i32::MAX;
    SqlError::new(
        2732,
        format!(
            "Error number {number} is invalid. The number must be from {LEAST_RAISED} through {greatest} and it cannot be {LEAST_NUMBER}."
        ),
    )
}

fn no_such_message(number: i64, class: i64, state: i64) -> SqlError {
    SqlError::new(
        18054,
        format!(
            "Error {number}, severity {class}, state {state} was raised, but no message with that error number was found in sys.messages. If error is larger than 50000, make sure the user-defined message is added using sp_addmessage."
        ),
    )
}
