//! What a session keeps about itself: its language, SET CONTEXT_INFO, sp_set_session_context.

use std::collections::BTreeMap;

use launchpod_functions::language;
use launchpod_tsql::ast::{Argument, ArgumentValue, Literal, SetValue, fold_name};
use launchpod_types::{Length, Message, SqlError, SqlType, Value};

use super::thread::{Job, Stop, Worker};
use crate::sqlite::bind::tree::Bound;
use crate::sqlite::bind::{Binder, coerce, expression};
use crate::sqlite::errors;
use crate::{Event, Variable};

/// The procedure that sets a value of the session context.
const SET_SESSION_CONTEXT: &str = "sp_set_session_context";
/// How many bytes keys and values have together at most.
const MOST_BYTES: usize = 1024 * 1024;

/// The session's own bytes, and its keys and values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// SET CONTEXT_INFO: 128 bytes at most.
    info: Option<Vec<u8>>,
    values: BTreeMap<String, Entry>,
}

/// A value of the session context.
#[derive(Clone, Debug)]
struct Entry {
    variable: Variable,
    read_only: bool,
}

// === impl Context ===

impl Context {
    /// `CONTEXT_INFO()`: the bytes that were set, filled up with zeros.
    pub(crate) fn info(&self) -> Bound {
        let value = self.info.as_ref().map_or(Value::Null, |bytes| {
            let mut bytes = bytes.clone();
            bytes.resize(128, 0);
            Value::Binary(bytes)
        });
        let sql_type = SqlType::VarBinary(Length::Limited(128));
        Bound { nullable: true, ..Bound::constant(value, sql_type) }
    }

    /// `SESSION_CONTEXT(key)`, in the type in which the value was given.
    pub(crate) fn value(&self, key: &str) -> Bound {
        match self.values.get(&fold_name(key)) {
            Some(Entry { variable, .. }) => Bound {
                nullable: true,
                ..Bound::constant(variable.value.clone(), variable.sql_type)
            },
            None => Bound {
                nullable: true,
                ..Bound::constant(Value::Null, SqlType::NVarChar(Length::Limited(4000)))
            },
        }
    }

    /// # Errors
    /// 15664 when the key is read-only, 15666 when it is too long, 15665 when there is too much.
    fn set(&mut self, key: &str, variable: Variable, read_only: bool) -> Result<(), SqlError> {
        let folded = fold_name(key);
        if key.encode_utf16().count() > 128 {
            return Err(errors::session_key_too_long(key));
        }
        if self.values.get(&folded).is_some_and(|entry| entry.read_only) {
            return Err(errors::session_key_read_only(key));
        }
        let size = |key: &str, value: &Value| {
            2 * key.len()
                + match value {
                    Value::Text(text) => text.len(),
                    Value::Binary(bytes) => bytes.len(),
                    _ => size_of::<Value>(),
                }
        };
        let others = self.values.iter().filter(|(known, _)| **known != folded);
        let taken: usize = others.map(|(key, entry)| size(key, &entry.variable.value)).sum();
        if taken + size(key, &variable.value) > MOST_BYTES {
            return Err(errors::session_context_full(key));
        }
        self.values.insert(folded, Entry { variable, read_only });
        Ok(())
    }
}

// === impl Worker ===

impl Worker {
    /// SET DATEFORMAT, DATEFIRST, LANGUAGE and CONTEXT_INFO.
    pub(super) fn set_session_value(
        &mut self,
        job: &Job,
        name: &str,
        value: &SetValue,
    ) -> Result<(), Stop> {
        let value = match value {
            SetValue::Variable(name) => {
                let variables = &job.execute.variables;
                let found = variables.get(&name.to_lowercase());
                found.ok_or_else(|| errors::undeclared_variable(name))?.value.clone()
            }
            SetValue::Words(words) => Value::Text(words.to_lowercase()),
            SetValue::Literal(Literal::Integer(number)) => Value::Int((*number).into()),
            SetValue::Literal(Literal::String { text, .. }) => Value::Text(text.clone()),
            SetValue::Literal(Literal::Binary(bytes)) => Value::Binary(bytes.clone()),
            _ => return Err(errors::syntax_near(name).into()),
        };
        match (name, value) {
            ("DATEFORMAT", Value::Text(order)) => language::set_date_format(order.trim())?,
            ("DATEFIRST", Value::Int(day)) => language::set_date_first(day)?,
            ("LANGUAGE", Value::Text(name)) => {
                language::set_language(name.trim())?;
                let text = format!("Changed language setting to {}.", language::current().name);
                self.send(job, Event::Message(Message::info(5703, text)))?;
            }
            ("CONTEXT_INFO", Value::Binary(mut bytes)) => {
                bytes.truncate(128);
                self.session.context.info = Some(bytes);
            }
            _ => return Err(errors::syntax_near(name).into()),
        }
        Ok(())
    }

    /// `EXEC sp_set_session_context key, value, read_only`; whether the procedure is that one.
    pub(crate) fn set_session_context(
        &mut self,
        job: &Job,
        procedure: &str,
        given: &[Argument],
    ) -> Result<bool, Stop> {
        if !procedure.eq_ignore_ascii_case(SET_SESSION_CONTEXT) {
            return Ok(false);
        }
        let mut bound: [Option<Bound>; 3] = [None, None, None];
        for (place, argument) in given.iter().enumerate() {
            let place = match &argument.name {
                Some(name) => ["@key", "@value", "@read_only"]
                    .iter()
                    .position(|known| known.eq_ignore_ascii_case(name))
                    .ok_or_else(|| errors::not_a_parameter(name, SET_SESSION_CONTEXT))?,
                None => place,
            };
            let value = match &argument.value {
                ArgumentValue::Default => continue,
                ArgumentValue::Literal(constant) => expression::literal(constant),
                ArgumentValue::Variable(name) | ArgumentValue::GlobalVariable(name) => {
                    let environment = self.environment();
                    Binder::new(&environment, &job.execute.variables).global_or_variable(name)?
                }
            };
            let slot = bound.get_mut(place);
            *slot.ok_or_else(|| errors::too_many_arguments(SET_SESSION_CONTEXT))? = Some(value);
        }
        let [key, value, read_only] = bound;
        let missing = |name| errors::missing_argument(SET_SESSION_CONTEXT, name);
        let key = self.evaluated(key.ok_or_else(|| missing("@key"))?, SqlType::SYSNAME)?;
        let value = value.ok_or_else(|| missing("@value"))?;
        let sql_type = value.sql_type;
        let variable = Variable { value: self.evaluated(value, sql_type)?, sql_type };
        let read_only = match read_only {
            Some(bound) => self.evaluated(bound, SqlType::Bit)? == Value::Bit(true),
            None => false,
        };
        let Value::Text(key) = key else { return Err(missing("@key").into()) };
        self.session.context.set(&key, variable, read_only)?;
        Ok(true)
    }

    fn evaluated(&self, bound: Bound, to: SqlType) -> Result<Value, SqlError> {
        self.environment().evaluate(&coerce::implicit(bound, to)?)
    }
}
