//! Variables that are used and not declared, whose types are deduced from where they stand:
//! "sp_describe_undeclared_parameters (Transact-SQL)", Parameter Selection Algorithm.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{Expr, ExprKind};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::Binder;
use super::tree::Bound;
use crate::sqlite::errors;

/// The types deduced so far, by the variables' folded names.
#[derive(Debug, Default)]
pub(crate) struct Undeclared(BTreeMap<String, SqlType>);

// === impl Undeclared ===

impl Undeclared {
    /// The type of a variable, by its folded name.
    pub(crate) fn type_of(&self, key: &str) -> Option<SqlType> {
        self.0.get(key).copied()
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds two operands, each of which may say the type of the other.
    pub(super) fn operands(
        &mut self,
        left: &Expr,
        right: &Expr,
        deduce: fn(SqlType) -> SqlType,
    ) -> Result<(Bound, Bound), SqlError> {
        if self.undeclared.is_none() {
            return Ok((self.value(left)?, self.value(right)?));
        }
        let both = self.together(&[left, right], deduce)?;
        let both: [Bound; 2] =
            both.try_into().map_err(|_| errors::internal("operands of other than two"))?;
        Ok(both.into())
    }

    /// Binds operands that are taken together: undeclared ones get their type from the first
    /// that isn't.
    ///
    /// # Errors
    /// 11503 when all of several are undeclared.
    pub(super) fn together(
        &mut self,
        operands: &[&Expr],
        deduce: fn(SqlType) -> SqlType,
    ) -> Result<Vec<Bound>, SqlError> {
        let names: Vec<_> = operands.iter().map(|operand| self.undeclared_name(operand)).collect();
        if let [Some(one), Some(other), ..] = names.as_slice()
            && names.iter().all(Option::is_some)
        {
            return Err(errors::both_undeclared(one, other));
        }
        let mut bound: Vec<Option<Bound>> = Vec::with_capacity(operands.len());
        for (operand, name) in operands.iter().zip(&names) {
            bound.push(match name {
                None => Some(self.value(operand)?),
                Some(_) => None,
            });
        }
        let known = bound.iter().flatten().next().map(|known| known.sql_type);
        let mut all = Vec::with_capacity(operands.len());
        for (value, name) in bound.into_iter().zip(names) {
            all.push(match (value, name, known) {
                (Some(value), ..) => value,
                (None, Some(name), Some(known)) => self.deduced(&name, deduce(known))?,
                (None, name, _) => return Err(errors::not_deduced(&name.unwrap_or_default())),
            });
        }
        Ok(all)
    }

    /// Binds a value that stands where a type is wanted.
    pub(super) fn value_for(&mut self, expr: &Expr, wanted: SqlType) -> Result<Bound, SqlError> {
        match self.undeclared_name(expr) {
            Some(name) => self.deduced(&name, wanted),
            None => self.value(expr),
        }
    }

    /// The name of an undeclared variable, when their types are deduced and this is one.
    fn undeclared_name(&self, expr: &Expr) -> Option<String> {
        self.undeclared.as_ref()?;
        match &expr.kind {
            ExprKind::Variable(name) if !self.variables.contains_key(&name.to_lowercase()) => {
                Some(name.clone())
            }
            _ => None,
        }
    }

    fn deduced(&mut self, name: &str, sql_type: SqlType) -> Result<Bound, SqlError> {
        if let Some(undeclared) = &mut self.undeclared
            && undeclared.0.insert(name.to_lowercase(), sql_type).is_some()
        {
            return Err(errors::undeclared_twice(name));
        }
        Ok(Bound { nullable: true, ..Bound::constant(Value::Null, sql_type) })
    }
}

/// The type of what is equal to a value: its own.
pub(super) fn same(sql_type: SqlType) -> SqlType {
    sql_type
}

/// The type of what is combined with a value: one of those that general deduction considers.
pub(super) fn general(sql_type: SqlType) -> SqlType {
    match sql_type {
        SqlType::Decimal { .. } => SqlType::Decimal { precision: 38, scale: 19 },
        SqlType::Char(_) | SqlType::VarChar(Length::Limited(_)) => {
            SqlType::VarChar(Length::Limited(8000))
        }
        SqlType::NChar(_) | SqlType::NVarChar(Length::Limited(_)) => {
            SqlType::NVarChar(Length::Limited(4000))
        }
        SqlType::Binary(_) | SqlType::VarBinary(Length::Limited(_)) => {
            SqlType::VarBinary(Length::Limited(8000))
        }
        SqlType::Text => SqlType::VarChar(Length::Max),
        SqlType::NText => SqlType::NVARCHAR_MAX,
        SqlType::Image => SqlType::VarBinary(Length::Max),
        SqlType::Time(_) => SqlType::Time(7),
        SqlType::DateTime2(_) => SqlType::DateTime2(7),
        SqlType::DateTimeOffset(_) => SqlType::DateTimeOffset(7),
        other => other,
    }
}
