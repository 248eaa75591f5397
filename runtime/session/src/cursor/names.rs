//! The names of cursors.

use std::collections::BTreeMap;

use launchpod_database::Variable;
use launchpod_tsql::ast::{CursorName, Identifier, fold_name};
use launchpod_types::{SqlError, SqlType, Value};

use super::Shared;
use crate::run::Run;

/// Cursors by their folded names. Of a variable that has none yet the value is `None`.
#[derive(Default)]
pub(crate) struct Cursors(BTreeMap<String, Option<Shared>>);

// === impl Cursors ===

impl Cursors {
    /// # Errors
    /// 16915 when there is one of that name.
    pub fn declare(&mut self, name: &Identifier, cursor: Shared) -> Result<(), SqlError> {
        if self.0.contains_key(&name.fold()) {
            let text = format!("A cursor with the name '{name}' already exists.");
            return Err(SqlError::new(16915, text));
        }
        self.0.insert(name.fold(), Some(cursor));
        Ok(())
    }

    /// Declares a cursor variable.
    pub fn declare_variable(&mut self, name: &str) {
        self.0.insert(fold_name(name), None);
    }

    /// Whether a variable is a cursor variable.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(&fold_name(name))
    }

    /// What CURSOR_STATUS returns of each, by its folded name.
    fn statuses(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, cursor)| {
            let status = match cursor {
                // A variable without a cursor.
                None => -2,
                // One that is being worked with is open.
                Some(cursor) => cursor.try_lock().map_or(1, |cursor| cursor.status()),
            };
            (name.as_str(), status)
        })
    }

    fn get(&self, name: &str) -> Option<&Shared> {
        self.0.get(&fold_name(name))?.as_ref()
    }
}

// === impl Run ===

impl Run<'_> {
    /// What CURSOR_STATUS returns, as variables by kind and name of the cursor.
    pub(crate) fn cursor_variables(&self) -> Vec<(String, Variable)> {
        let named = |kind: &str, name: &str, status: i64| {
            let value = Variable { sql_type: SqlType::SmallInt, value: Value::Int(status) };
            (format!("@@cursor_status {kind} {name}"), value)
        };
        let local = self.scope.cursors.statuses().map(|(name, status)| {
            let kind = if name.starts_with('@') { "variable" } else { "local" };
            named(kind, name, status)
        });
        let global = self.session.cursors.statuses();
        local.chain(global.map(|(name, status)| named("global", name, status))).collect()
    }

    /// The cursor that a statement names. A local one hides a global one.
    ///
    /// # Errors
    /// 16916 when there is none, 16950 for a variable without one, 16948 for another's variable.
    pub(super) fn cursor(&self, name: &CursorName) -> Result<Shared, SqlError> {
        let (local, global) = (&self.scope.cursors, &self.session.cursors);
        let found = match name {
            CursorName::Name { global: true, name } => global.get(&name.text),
            CursorName::Name { name, .. } => {
                local.get(&name.text).or_else(|| global.get(&name.text))
            }
            CursorName::Variable(variable) => local.get(variable),
        };
        found.cloned().ok_or_else(|| match name {
            CursorName::Name { name, .. } => {
                SqlError::new(16916, format!("A cursor with the name '{name}' does not exist."))
            }
            CursorName::Variable(variable) if local.has(variable) => SqlError::new(
                16950,
                format!(
                    "The variable '{variable}' does not currently have a cursor allocated to it."
                ),
            ),
            CursorName::Variable(variable) => not_a_cursor(variable),
        })
    }

    /// Gives a cursor variable a cursor.
    ///
    /// # Errors
    /// 16948 for a variable of another kind.
    pub(super) fn set_cursor_variable(
        &mut self,
        variable: &str,
        cursor: Shared,
    ) -> Result<(), SqlError> {
        match self.scope.cursors.0.get_mut(&fold_name(variable)) {
            Some(place) => {
                *place = Some(cursor);
                Ok(())
            }
            None => Err(not_a_cursor(variable)),
        }
    }

    /// Takes a name's cursor away from it.
    ///
    /// # Errors
    /// As [`Run::cursor`].
    pub(super) fn deallocate_cursor(&mut self, name: &CursorName) -> Result<(), SqlError> {
        self.cursor(name)?;
        match name {
            CursorName::Variable(variable) => {
                self.scope.cursors.0.insert(fold_name(variable), None);
            }
            CursorName::Name { global, name } => {
                let local = &mut self.scope.cursors.0;
                if *global || local.remove(&name.fold()).is_none() {
                    self.session.cursors.0.remove(&name.fold());
                }
            }
        }
        Ok(())
    }
}

fn not_a_cursor(variable: &str) -> SqlError {
    SqlError::new(
        16948,
        format!(
            "The variable '{variable}' is not a cursor variable, but it is used in a place where a cursor variable is expected."
        ),
    )
}
