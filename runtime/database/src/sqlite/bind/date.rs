//! DATEADD and its kin, whose first argument is a word.

use launchpod_tsql::ast::{Expr, ExprKind};
use launchpod_types::SqlError;

use super::Binder;
use super::tree::Bound;
use crate::sqlite::errors;
use crate::sqlite::functions::date::{self, DatePart};
use crate::sqlite::functions::{Actual, Signature};

/// Whether a call of this name is bound here.
pub(crate) fn takes_date_part(name: &str) -> bool {
    matches!(name, "DATEADD" | "DATEDIFF" | "DATEDIFF_BIG" | "DATEPART" | "DATENAME")
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds a function with a date part.
    pub(crate) fn date_function(&mut self, name: &str, list: &[Expr]) -> Result<Bound, SqlError> {
        let count = if matches!(name, "DATEPART" | "DATENAME") { 2 } else { 3 };
        let lower = name.to_ascii_lowercase();
        if list.len() != count {
            return Err(errors::argument_count(&lower, &count.to_string()));
        }
        let ExprKind::Column(word) = &list[0].kind else {
            return Err(SqlError::with_class(
                1023,
                15,
                format!("Invalid parameter 1 specified for {lower}."),
            ));
        };
        let part = DatePart::from_name(&word.name.text)
            .ok_or_else(|| errors::bad_datepart(&word.name.text, &lower))?;
        let arguments =
            list[1..].iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
        let label = format!("{name}({})", part.name());
        self.signed_call(
            &label,
            arguments,
            &|actual: &[Actual<'_>]| -> Result<Signature, SqlError> {
                match name {
                    "DATEPART" => date::part(part, actual),
                    "DATENAME" => date::name(part, actual),
                    "DATEADD" => date::add(part, actual),
                    _ => date::difference(part, name == "DATEDIFF_BIG", actual),
                }
            },
        )
    }
}
