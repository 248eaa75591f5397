//! COLLATE: comparisons, LIKE and orders by other collations than the database's.
//!
//! Cells are compared by one collation in SQLite. Where an operand has another, all of them are
//! compared by keys, bytes that sort as the collation says ("Windows collation name", "Collation
//! and Unicode support"). Elsewhere another collation is refused by its name.

use launchpod_functions::collation::{self, Collation};
use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{Expr, ExprKind, Identifier};
use launchpod_types::{SqlError, SqlType, Value};

use super::tree::Bound;
use super::{Binder, coerce, undeclared};
use crate::sqlite::errors;

/// The collation of a name, for Unicode text or that of the code page.
///
/// # Errors
/// 448 when no collation is called so, 40517 when it isn't known here.
pub(super) fn named(name: &Identifier, unicode: bool) -> Result<Collation, SqlError> {
    collation::named(&name.text, unicode).ok_or_else(|| {
        if collation::is_name(&name.text) {
            errors::unsupported(format_args!("The collation {name}"))
        } else {
            errors::invalid_collation(&name.text)
        }
    })
}

/// Checks the collation of what is stored, a column or a database: cells have one collation, and
/// those that order Unicode text the same way are taken for it.
///
/// # Errors
/// 40517 for any other.
pub(crate) fn check_stored(name: Option<&Identifier>) -> Result<(), SqlError> {
    match name {
        Some(name) if named(name, true)? != Collation::default(true) => {
            Err(errors::unsupported(format_args!("The collation {name} of a column or database")))
        }
        _ => Ok(()),
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// The operands of a comparison: keys when one of them has the COLLATE of another collation
    /// than the database's.
    ///
    /// # Errors
    /// 468 when they have different ones.
    pub(super) fn comparands(
        &mut self,
        operands: &[&Expr],
        deduce: fn(SqlType) -> SqlType,
    ) -> Result<Vec<Bound>, SqlError> {
        let (bound, collation) = self.with_collation(operands, deduce)?;
        match collation {
            Some(collation) => bound.into_iter().map(|value| sort_key(value, collation)).collect(),
            None => Ok(bound),
        }
    }

    /// What ORDER BY orders by: a key when the value has a COLLATE.
    pub(super) fn order_value(&mut self, value: &Expr) -> Result<Bound, SqlError> {
        let mut bound = self.comparands(&[value], undeclared::same)?;
        bound.pop().ok_or_else(|| errors::internal("an order by nothing"))
    }

    /// The operands of LIKE, and their collation.
    pub(super) fn like_operands(
        &mut self,
        operands: &[&Expr],
    ) -> Result<(Vec<Bound>, Collation), SqlError> {
        let (bound, collation) = self.with_collation(operands, undeclared::general)?;
        let default = Collation::default(is_unicode(&bound));
        Ok((bound, collation.unwrap_or(default)))
    }

    /// The operands, and the collation that one of them names if it isn't the database's.
    fn with_collation(
        &mut self,
        operands: &[&Expr],
        deduce: fn(SqlType) -> SqlType,
    ) -> Result<(Vec<Bound>, Option<Collation>), SqlError> {
        let Some(name) = explicit(operands)? else {
            return Ok((self.together(operands, deduce)?, None));
        };
        let bare: Vec<&Expr> = operands.iter().copied().map(bare).collect();
        let bound = self.together(&bare, deduce)?;
        for (value, operand) in bound.iter().zip(operands) {
            let named = matches!(operand.kind, ExprKind::Collate { .. });
            if named && !value.sql_type.is_character() && !value.is_null() {
                return Err(errors::collate_type(value.sql_type));
            }
        }
        let unicode = is_unicode(&bound);
        let collation = named(name, unicode)?;
        Ok((bound, (collation != Collation::default(unicode)).then_some(collation)))
    }
}

fn is_unicode(operands: &[Bound]) -> bool {
    operands.iter().any(|operand| operand.sql_type.is_unicode())
}

/// An operand without its COLLATE.
fn bare(operand: &Expr) -> &Expr {
    match &operand.kind {
        ExprKind::Collate { operand, .. } => operand,
        _ => operand,
    }
}

/// The collation that operands name.
fn explicit<'e>(operands: &[&'e Expr]) -> Result<Option<&'e Identifier>, SqlError> {
    let mut found: Option<&Identifier> = None;
    for operand in operands {
        let ExprKind::Collate { collation, .. } = &operand.kind else { continue };
        if let Some(other) = found.filter(|other| !other.is(&collation.text)) {
            return Err(errors::collation_conflict(&other.text, &collation.text));
        }
        found = Some(collation);
    }
    Ok(found)
}

/// The bytes by which a text is compared.
fn sort_key(value: Bound, collation: Collation) -> Result<Bound, SqlError> {
    if !value.sql_type.is_character() && !value.is_null() {
        return Err(errors::collate_type(value.sql_type));
    }
    let nullable = value.nullable;
    let collator = collation.collator();
    let function = Function {
        name: format!("sort_key({collation:?})"),
        arguments: vec![SqlType::NVARCHAR_MAX],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(move |values| match &values[0] {
            Value::Text(content) => Ok(Value::Binary(collator.key(content))),
            _ => Ok(Value::Null),
        })),
    };
    let text = coerce::implicit(value, SqlType::NVARCHAR_MAX)?;
    Ok(coerce::call(function, vec![text], SqlType::VARBINARY_MAX, nullable))
}
