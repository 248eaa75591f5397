//! T-SQL's functions, and how SQLite is taught to call them.
//!
//! A [`Function`] is made by the binder for the exact types of one call (`substring` of
//! `varchar(20)` is another function than that of `nvarchar(max)`), so that nothing about
//! types is decided again for each row. [`Registry`] makes a connection know it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_types::{SqlError, SqlType, Value};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};

pub mod aggregate;
pub mod assigned;
pub mod bits;
pub mod cell;
pub mod collation;
pub mod collect;
pub mod convert;
pub mod culture;
pub mod date;
pub mod decimal;
pub mod digest;
pub mod errors;
pub mod for_json;
pub mod for_xml;
pub mod format;
mod gzip;
pub mod json;
pub mod json_edit;
pub mod language;
pub mod moment;
pub mod number;
pub mod order;
pub mod pattern;
pub mod percentile;
pub mod random;
pub mod sequential;
pub mod series;
pub mod stepped;
pub mod string;
pub mod text;
mod time_span;
pub mod variant;
pub mod word;
pub mod zone;
mod zone_names;

/// A function as SQLite calls it: argument types are fixed.
pub struct Function {
    /// Its name in SQLite: what it does and for which types, so that equal names are equal
    /// functions on every connection (CHECK constraints keep them).
    pub name: String,
    /// The types in which arguments come.
    pub arguments: Vec<SqlType>,
    /// NULL when an argument is NULL, without asking the body.
    pub strict: bool,
    /// Whether equal arguments give equal results.
    pub deterministic: bool,
    /// What it does.
    pub body: Body,
}

/// What a function does.
pub enum Body {
    /// On values of the declared types.
    Values(ValuesBody),
    /// On two integers, NULL if one is: the fast path of integer arithmetic.
    Integers(Box<dyn Fn(i64, i64) -> Result<i64, SqlError> + Send + Sync>),
    /// On two floats, NULL if one is: the fast path of their arithmetic.
    Floats(FloatsBody),
    /// On the cells as they are.
    Cells(CellsBody),
    /// An aggregate.
    Aggregate(aggregate::Aggregate),
    /// An aggregate of values of the declared types that needs all of them at once.
    Collect(collect::Finish),
    /// A window function that gives each row a value of its own.
    Stepped(stepped::Step),
}

/// `single_row(rows, value)`: the value of a scalar subquery, which may have one row only.
pub fn single_row() -> Arc<Function> {
    Arc::new(Function {
        name: "single_row".to_owned(),
        arguments: vec![SqlType::BigInt, SqlType::BigInt],
        strict: false,
        deterministic: true,
        body: Body::Cells(Box::new(|cells| match cells {
            [ValueRef::Integer(0 | 1), value] => rusqlite::types::Value::try_from(*value)
                .map(ToSqlOutput::Owned)
                .map_err(crate::errors::internal),
            _ => Err(crate::errors::subquery_rows()),
        })),
    })
}

/// A function's body on cells.
pub(crate) type CellsBody =
    Box<dyn Fn(&[ValueRef<'_>]) -> Result<ToSqlOutput<'static>, SqlError> + Send + Sync>;

/// A function's body on two floats.
pub(crate) type FloatsBody = fn(f64, f64) -> Result<f64, SqlError>;

/// A function's body on values.
pub(crate) type ValuesBody = Box<dyn Fn(&[Value]) -> Result<Value, SqlError> + Send + Sync>;

/// What a connection knows, and the error that a function raised last: SQLite passes on texts
/// only.
#[derive(Default)]
pub struct Registry {
    known: RefCell<HashSet<String>>,
    raised: Raised,
}

/// Where functions leave the error that they raise.
#[derive(Clone, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<SqlError>>>);

/// A function has raised an error, which is in [`Raised`].
#[derive(Debug, thiserror::Error)]
#[error("a function raised an error")]
struct RaisedError;

// === impl Function ===

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        // A function without fixed result differs from itself, as NEWID() does.
        self.name == other.name && self.deterministic
    }
}

// === impl Registry ===

impl Registry {
    /// Makes the connection know a function.
    pub fn register(
        &self,
        connection: &Connection,
        function: &Arc<Function>,
    ) -> rusqlite::Result<()> {
        if self.known.borrow().contains(&function.name) {
            return Ok(());
        }
        let mut flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        flags.set(FunctionFlags::SQLITE_DETERMINISTIC, function.deterministic);
        // SQLite allows at most 127 arguments, and our functions have fewer.
        let count = function.arguments.len() as i32;
        let raised = self.raised.clone();
        match &function.body {
            Body::Aggregate(aggregate) => connection.create_window_function(
                function.name.as_str(),
                count,
                flags,
                aggregate::Registered { aggregate: *aggregate, raised },
            )?,
            Body::Collect(_) => connection.create_window_function(
                function.name.as_str(),
                count,
                flags,
                collect::Registered { function: Arc::clone(function), raised },
            )?,
            Body::Stepped(_) => connection.create_window_function(
                function.name.as_str(),
                count,
                flags,
                stepped::Registered { function: Arc::clone(function), raised },
            )?,
            Body::Values(_) => {
                let function = Arc::clone(function);
                connection.create_scalar_function(
                    function.name.clone().as_str(),
                    count,
                    flags,
                    move |context| raised.keep(call_values(&function, context)),
                )?;
            }
            Body::Integers(_) => {
                let function = Arc::clone(function);
                connection.create_scalar_function(
                    function.name.clone().as_str(),
                    count,
                    flags,
                    move |context| raised.keep(call_integers(&function, context)),
                )?;
            }
            Body::Floats(body) => {
                let body = *body;
                connection.create_scalar_function(
                    function.name.as_str(),
                    count,
                    flags,
                    move |context| raised.keep(call_floats(body, context)),
                )?;
            }
            Body::Cells(_) => {
                let function = Arc::clone(function);
                connection.create_scalar_function(
                    function.name.clone().as_str(),
                    count,
                    flags,
                    move |context| raised.keep(call_cells(&function, context)),
                )?;
            }
        }
        self.known.borrow_mut().insert(function.name.clone());
        Ok(())
    }

    /// Takes the error that a function has raised since the last call.
    pub fn take_raised(&self) -> Option<SqlError> {
        self.raised.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn call_values(
    function: &Function,
    context: &Context<'_>,
) -> Result<ToSqlOutput<'static>, SqlError> {
    let Body::Values(body) = &function.body else { return Ok(null()) };
    let mut values = Vec::with_capacity(context.len());
    for (index, sql_type) in function.arguments.iter().enumerate() {
        let value = cell::decode(context.get_raw(index), *sql_type)?;
        if function.strict && value.is_null() {
            return Ok(null());
        }
        values.push(value);
    }
    body(&values).map(cell::output)
}

fn call_integers(
    function: &Function,
    context: &Context<'_>,
) -> Result<ToSqlOutput<'static>, SqlError> {
    let Body::Integers(body) = &function.body else { return Ok(null()) };
    match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Integer(left), ValueRef::Integer(right)) => {
            body(left, right).map(ToSqlOutput::from)
        }
        _ => Ok(null()),
    }
}

fn call_floats(body: FloatsBody, context: &Context<'_>) -> Result<ToSqlOutput<'static>, SqlError> {
    match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Real(left), ValueRef::Real(right)) => body(left, right).map(ToSqlOutput::from),
        _ => Ok(null()),
    }
}

fn call_cells(
    function: &Function,
    context: &Context<'_>,
) -> Result<ToSqlOutput<'static>, SqlError> {
    let Body::Cells(body) = &function.body else { return Ok(null()) };
    let cells: Vec<_> = (0..context.len()).map(|index| context.get_raw(index)).collect();
    body(&cells)
}

fn null() -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(rusqlite::types::Value::Null)
}

// === impl Raised ===

impl Raised {
    /// Keeps an error for later, and gives SQLite one of its own.
    pub(crate) fn keep<T>(&self, result: Result<T, SqlError>) -> rusqlite::Result<T> {
        result.map_err(|error| {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            rusqlite::Error::UserFunctionError(Box::new(RaisedError))
        })
    }
}

/// A built-in function: its signature depends on the types it is called with.
pub struct Builtin {
    /// In upper case.
    pub name: &'static str,
    /// The least and the greatest number of arguments.
    pub arity: (usize, usize),
    /// The signature for arguments of these types.
    pub signature: fn(&[Actual<'_>]) -> Result<Signature, SqlError>,
}

/// What the binder knows of an argument.
#[derive(Clone, Copy)]
pub struct Actual<'a> {
    /// Its type.
    pub sql_type: SqlType,
    /// Its value when it is a constant.
    pub literal: Option<&'a Value>,
    /// Whether it is NULL, written as such.
    pub null: bool,
}

/// What a built-in function wants and gives.
pub struct Signature {
    /// The types that arguments are converted to.
    pub arguments: Vec<SqlType>,
    /// The type of the result.
    pub result: SqlType,
    /// See [`Function::strict`].
    pub strict: bool,
    /// See [`Function::deterministic`].
    pub deterministic: bool,
    /// Whether the result can be NULL when no argument is.
    pub nullable: bool,
    /// What it does.
    pub body: ValuesBody,
}

/// The built-in functions, by the file that has them.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    [
        string::BUILTINS,
        word::BUILTINS,
        number::BUILTINS,
        bits::BUILTINS,
        date::BUILTINS,
        digest::BUILTINS,
        gzip::BUILTINS,
        format::BUILTINS,
        json::BUILTINS,
        variant::BUILTINS,
    ]
    .into_iter()
    .flatten()
    .find(|builtin| builtin.name.eq_ignore_ascii_case(name))
}

// === impl Actual ===

impl Actual<'_> {
    /// A constant whole number.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self.literal {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }
}

// === impl Signature ===

impl Signature {
    /// A strict function that is NULL only when an argument is.
    pub(crate) fn strict(
        arguments: Vec<SqlType>,
        result: SqlType,
        body: impl Fn(&[Value]) -> Result<Value, SqlError> + Send + Sync + 'static,
    ) -> Signature {
        Signature {
            arguments,
            result,
            strict: true,
            deterministic: true,
            nullable: false,
            body: Box::new(body),
        }
    }

    /// The same function, which can be NULL without a NULL argument.
    pub(crate) fn or_null(self) -> Signature {
        Signature { nullable: true, ..self }
    }

    /// The same function, which gives another result each time.
    pub(crate) fn random(self) -> Signature {
        Signature { deterministic: false, ..self }
    }

    /// The same function, which wants to see NULLs.
    pub(crate) fn lenient(self) -> Signature {
        Signature { strict: false, ..self }
    }
}
