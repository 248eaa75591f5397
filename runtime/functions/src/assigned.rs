//! Variables that a SELECT assigns row by row.

use std::sync::{Arc, Mutex, PoisonError};

use launchpod_types::{SqlError, SqlType, Value};

use super::{Body, Function};
use crate::errors;

/// The variables' values while a SELECT runs, by their place among those that it assigns.
#[derive(Clone, Debug, Default)]
pub struct Assigned(Arc<Mutex<Vec<Value>>>);

// === impl Assigned ===

impl Assigned {
    /// Sets what the variables hold before the first row.
    pub fn begin(&self, values: Vec<Value>) {
        *self.lock() = values;
    }

    /// The function that gives a variable's value.
    pub fn get(&self, place: usize, sql_type: SqlType) -> Function {
        let values = self.clone();
        Function {
            name: format!("assigned({place},{sql_type})"),
            arguments: Vec::new(),
            strict: false,
            deterministic: false,
            body: Body::Values(Box::new(move |_| values.value(place))),
        }
    }

    /// The function that gives a variable its argument's value, and returns it.
    pub fn set(&self, place: usize, sql_type: SqlType) -> Function {
        let values = self.clone();
        Function {
            name: format!("assign({place},{sql_type})"),
            arguments: vec![sql_type],
            strict: false,
            deterministic: false,
            body: Body::Values(Box::new(move |arguments| {
                let mut values = values.lock();
                let held = values.get_mut(place).ok_or_else(lost)?;
                held.clone_from(&arguments[0]);
                Ok(arguments[0].clone())
            })),
        }
    }

    fn value(&self, place: usize) -> Result<Value, SqlError> {
        self.lock().get(place).cloned().ok_or_else(lost)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> SqlError {
    errors::internal("a variable that is assigned has no value")
}
