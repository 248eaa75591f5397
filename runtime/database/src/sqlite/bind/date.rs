//! DATEADD and its kin, whose first argument is a word.

use launchpod_functions::date::{self, DatePart};
use launchpod_functions::{Actual, Signature};
use launchpod_tsql::ast::{Expr, ExprKind};
use launchpod_types::SqlError;

use super::Binder;
use super::tree::Bound;
use crate::sqlite::errors;

/// Whether a call of this name is bound here.
pub(crate) fn takes_date_part(name: &str) -> bool {
    matches!(
        name,
        "DATEADD"
            | "DATEDIFF"
            | "DATEDIFF_BIG"
            | "DATEPART"
            | "DATENAME"
            | "DATETRUNC"
            | "DATE_BUCKET"
    )
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds a function with a date part.
    pub(crate) fn date_function(&mut self, name: &str, list: &[Expr]) -> Result<Bound, SqlError> {
        let (counts, said) = match name {
            "DATEPART" | "DATENAME" | "DATETRUNC" => (2..=2, "2"),
            "DATE_BUCKET" => (3..=4, "3 to 4"),
            _ => (3..=3, "3"),
        };
        let lower = name.to_ascii_lowercase();
        if !counts.contains(&list.len()) {
            return Err(errors::argument_count(&lower, said));
        }
        let ExprKind::Column(word) = &list[0].kind else {
            return Err(errors::invalid_parameter(1, &lower));
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
                    "DATETRUNC" => date::truncate(part, actual),
                    "DATE_BUCKET" => date::bucket(part, actual),
                    _ => date::difference(part, name == "DATEDIFF_BIG", actual),
                }
            },
        )
    }
}
