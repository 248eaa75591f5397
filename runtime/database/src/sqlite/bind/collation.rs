//! COLLATE: comparisons, LIKE and orders by other collations than the database's.
//!
//! Cells are compared by one collation in SQLite. Where an operand has another, all of them are
//! compared by keys, bytes that sort as the collation says ("Windows collation name", "Collation
//! and Unicode support"). Elsewhere another collation is refused by its name.

use launchpod_tsql::ast::{Expr, ExprKind, Identifier};
use launchpod_types::{SqlError, SqlType, Value};

use super::tree::Bound;
use super::{Binder, coerce, undeclared};
use crate::sqlite::errors;
use crate::sqlite::functions::text::{self, Case};
use crate::sqlite::functions::{Body, Function};

/// How a collation of this name treats case; `None` for one that isn't there.
pub(super) fn named(collation: &Identifier) -> Option<Case> {
    let name = collation.text.to_ascii_uppercase();
    // That supplementary characters are known orders nothing otherwise.
    let name = name.strip_suffix("_SC").unwrap_or(&name);
    let default = matches!(name, "DATABASE_DEFAULT" | "CATALOG_DEFAULT");
    if default || name.ends_with("_CI_AS") {
        Some(Case::Ignored)
    } else if name.ends_with("_CS_AS") {
        Some(Case::Sensitive)
    } else {
        name.ends_with("_BIN2").then_some(Case::Binary)
    }
}

/// Checks the collation of what is stored, a column or a database: cells have one collation, and
/// others that order the same way are taken for it.
///
/// # Errors
/// 40517 for any other.
pub(crate) fn check_stored(collation: Option<&Identifier>) -> Result<(), SqlError> {
    match collation {
        Some(collation) if named(collation) != Some(Case::Ignored) => Err(errors::unsupported(
            format_args!("The collation {collation} of a column or database"),
        )),
        _ => Ok(()),
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// The operands of a comparison: keys when one of them has a COLLATE.
    ///
    /// # Errors
    /// 468 when they have different ones.
    pub(super) fn comparands(
        &mut self,
        operands: &[&Expr],
        deduce: fn(SqlType) -> SqlType,
    ) -> Result<Vec<Bound>, SqlError> {
        let case = explicit_case(operands)?;
        let sensitive = case.is_some_and(|case| case != Case::Ignored);
        let bound = self.together(&bare(operands, sensitive), deduce)?;
        match case {
            Some(case) if sensitive => {
                bound.into_iter().map(|operand| sort_key(operand, case)).collect()
            }
            _ => Ok(bound),
        }
    }

    /// What ORDER BY orders by: a key when the value has a COLLATE.
    pub(super) fn order_value(&mut self, value: &Expr) -> Result<Bound, SqlError> {
        let mut bound = self.comparands(&[value], undeclared::same)?;
        bound.pop().ok_or_else(|| errors::internal("an order by nothing"))
    }

    /// The operands of LIKE, and how their collation treats case.
    pub(super) fn like_operands(
        &mut self,
        operands: &[&Expr],
    ) -> Result<(Vec<Bound>, Case), SqlError> {
        let case = explicit_case(operands)?.unwrap_or(Case::Ignored);
        let bare = bare(operands, case != Case::Ignored);
        Ok((self.together(&bare, undeclared::general)?, case))
    }
}

/// The operands, without their COLLATE when it is `taken` into account already.
fn bare<'e>(operands: &[&'e Expr], taken: bool) -> Vec<&'e Expr> {
    let bare = operands.iter().map(|operand| match &operand.kind {
        ExprKind::Collate { operand, .. } if taken => operand.as_ref(),
        _ => *operand,
    });
    bare.collect()
}

/// How the collation that operands name treats case; `None` when none does.
fn explicit_case(operands: &[&Expr]) -> Result<Option<Case>, SqlError> {
    let mut found: Option<&Identifier> = None;
    for operand in operands {
        let ExprKind::Collate { collation, .. } = &operand.kind else { continue };
        if let Some(other) = found.filter(|other| !other.is(&collation.text)) {
            return Err(errors::collation_conflict(&other.text, &collation.text));
        }
        found = Some(collation);
    }
    let Some(collation) = found else { return Ok(None) };
    let case = named(collation);
    case.map(Some).ok_or_else(|| errors::unsupported(format_args!("The collation {collation}")))
}

/// The bytes by which a text is compared.
fn sort_key(value: Bound, case: Case) -> Result<Bound, SqlError> {
    if !value.sql_type.is_character() && !value.is_null() {
        return Err(errors::collate_type(value.sql_type));
    }
    let nullable = value.nullable;
    let function = Function {
        name: format!("sort_key({case:?})"),
        arguments: vec![SqlType::NVARCHAR_MAX],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match &values[0] {
            Value::Text(content) => Ok(Value::Binary(text::sort_key(content, case))),
            _ => Ok(Value::Null),
        })),
    };
    let text = coerce::implicit(value, SqlType::NVARCHAR_MAX)?;
    Ok(coerce::call(function, vec![text], SqlType::VARBINARY_MAX, nullable))
}
