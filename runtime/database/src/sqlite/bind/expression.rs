//! Values.

use launchpod_functions::collation::Collation;
use launchpod_functions::{Actual, Body, Function, bits, convert, culture, zone};
use launchpod_tsql::ast::{
    BinaryOperator, CaseBranch, CompareOperator, Expr, ExprKind, Literal, Query, TypeKind, TypeName,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::tree::{Bound, BoundQuery, Kind};
use super::{Binder, coerce, collation, metadata, operator, types, undeclared};
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// Binds a value.
    pub(crate) fn value(&mut self, expr: &Expr) -> Result<Bound, SqlError> {
        self.value_inner(expr).map_err(|error| error.or_line(expr.line))
    }

    fn value_inner(&mut self, expr: &Expr) -> Result<Bound, SqlError> {
        match &expr.kind {
            ExprKind::Literal(constant) => Ok(literal(constant)),
            ExprKind::Variable(name) => self.variable(name),
            ExprKind::GlobalVariable(name) => self.global_variable(name),
            ExprKind::Column(name) => self.column(name),
            ExprKind::XmlValue { operand, path, target } => self.xml_value(operand, path, target),
            ExprKind::Identity { .. } => Err(errors::identity_without_into()),
            ExprKind::RowLocator => self.row_locator(),
            ExprKind::Default => Err(errors::syntax_near("DEFAULT")),
            ExprKind::Unary { operator, operand } => {
                operator::unary(*operator, self.value(operand)?)
            }
            ExprKind::Binary { operator, left, right } => {
                let (left, right) = self.operands(left, right, undeclared::general)?;
                match operator {
                    BinaryOperator::ShiftLeft => {
                        let shift = |a: &[Actual<'_>]| bits::shift(a, "left_shift", 1);
                        self.signed_call("LEFT_SHIFT", vec![left, right], &shift)
                    }
                    BinaryOperator::ShiftRight => {
                        let shift = |a: &[Actual<'_>]| bits::shift(a, "right_shift", -1);
                        self.signed_call("RIGHT_SHIFT", vec![left, right], &shift)
                    }
                    operator => self.infix(*operator, left, right),
                }
            }
            ExprKind::Subquery(query) => self.scalar(query),
            ExprKind::Case { operand, branches, otherwise } => {
                let rule = self.sequences.but(errors::next_value_in_case);
                self.with_sequences(rule, |binder| {
                    binder.case(operand.as_deref(), branches, otherwise.as_deref())
                })
            }
            ExprKind::Cast { operand, target, lenient } => {
                let target = self.target_type(target)?;
                let operand = self.value_for(operand, target)?;
                coerce::explicit(operand, target, 0, *lenient)
            }
            ExprKind::Convert { operand, target, style, lenient } => {
                let operand = self.value(operand)?;
                let style = match style {
                    Some(style) => {
                        let style = coerce::implicit(self.value(style)?, SqlType::Int)?;
                        match self.environment.evaluate(&style)? {
                            Value::Int(style) => style,
                            _ => {
                                return Ok(Bound::constant(Value::Null, self.target_type(target)?));
                            }
                        }
                    }
                    None => 0,
                };
                coerce::explicit(operand, self.target_type(target)?, style, *lenient)
            }
            ExprKind::Parse { operand, target, culture, lenient } => {
                self.parse(operand, target, culture.as_deref(), *lenient)
            }
            ExprKind::Function(call) => self.call(call),
            ExprKind::Niladic(function) => Ok(metadata::niladic(self.environment, *function)),
            ExprKind::Collate { operand, collation } => {
                let operand = self.value(operand)?;
                if !operand.sql_type.is_character() {
                    return Err(errors::collate_type(operand.sql_type));
                }
                // One collation is kept; others that order the same way are taken for it.
                let unicode = operand.sql_type.is_unicode();
                match collation::named(collation, unicode)? {
                    found if found == Collation::default(unicode) => Ok(operand),
                    _ => Err(errors::unsupported(format_args!(
                        "The collation {collation} outside of comparisons and ORDER BY"
                    ))),
                }
            }
            ExprKind::AtTimeZone { operand, zone } => self.at_time_zone(operand, zone),
            ExprKind::NextValue { name, over } => self.next_value(name, over.as_deref()),
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::CompareQuery { .. }
            | ExprKind::Distinct { .. }
            | ExprKind::Between { .. }
            | ExprKind::InList { .. }
            | ExprKind::InQuery { .. }
            | ExprKind::Like { .. }
            | ExprKind::IsNull { .. }
            | ExprKind::Exists(_) => Err(errors::syntax_near("=")),
            _ => Err(errors::unsupported("This expression")),
        }
    }

    /// `PARSE(text AS type USING culture)`; without a culture the session's language says which.
    fn parse(
        &mut self,
        operand: &Expr,
        target: &TypeName,
        culture: Option<&Expr>,
        lenient: bool,
    ) -> Result<Bound, SqlError> {
        let given = match culture {
            Some(culture) => {
                let culture = self.value(culture)?;
                match self.environment.evaluate(&culture)? {
                    Value::Text(name) => Some(name),
                    _ => None,
                }
            }
            None => None,
        };
        let culture = culture::named(given.as_deref())?;
        let to = self.target_type(target)?;
        if to.is_character() || to.is_binary() || to == SqlType::UniqueIdentifier {
            return Err(errors::syntax_near(to.name()));
        }
        let text = coerce::implicit(self.value(operand)?, SqlType::NVARCHAR_MAX)?;
        let word = if lenient { "try_parse" } else { "parse" };
        let function = Function {
            name: format!("{word}({to},{})", culture.name),
            arguments: vec![SqlType::NVARCHAR_MAX],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(move |values| {
                let Value::Text(text) = &values[0] else { return Ok(Value::Null) };
                match convert::parsed(text, to, culture) {
                    Ok(value) => Ok(value),
                    Err(_) if lenient => Ok(Value::Null),
                    Err(_) => Err(errors::parsing(text, to, given.as_deref().unwrap_or_default())),
                }
            })),
        };
        let nullable = text.nullable || lenient;
        Ok(coerce::call(function, vec![text], to, nullable))
    }

    fn at_time_zone(&mut self, operand: &Expr, zone: &Expr) -> Result<Bound, SqlError> {
        let arguments = vec![self.value(operand)?, self.value(zone)?];
        self.signed_call("AT TIME ZONE", arguments, &zone::at)
    }

    /// The type that a conversion names.
    pub(super) fn target_type(&self, target: &TypeName) -> Result<SqlType, SqlError> {
        let unknown = || match &target.kind {
            TypeKind::Named(name) if !is_known(&name.name.text) => {
                errors::undefined_type(&name.to_string())
            }
            _ => unknown_type(1, target),
        };
        target.cast().ok_or_else(unknown)
    }

    /// A subquery that yields one column.
    pub(crate) fn subquery(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        let query = self.inner_query(query)?;
        if query.columns.len() == 1 { Ok(query) } else { Err(errors::one_expression()) }
    }

    /// `(SELECT …)`: NULL without a row, an error with two.
    fn scalar(&mut self, query: &Query) -> Result<Bound, SqlError> {
        let query = self.subquery(query)?;
        let sql_type = query.columns[0].sql_type;
        Ok(Bound { kind: Kind::Scalar(Box::new(query)), sql_type, nullable: true })
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[CaseBranch],
        otherwise: Option<&Expr>,
    ) -> Result<Bound, SqlError> {
        let operand = operand.map(|operand| self.value(operand)).transpose()?;
        let mut bound = Vec::with_capacity(branches.len());
        for branch in branches {
            let condition = match &operand {
                Some(operand) => {
                    let value = self.value(&branch.condition)?;
                    self.compared(CompareOperator::Equal, operand.clone(), value)?
                }
                None => self.predicate(&branch.condition)?,
            };
            bound.push((condition, self.value(&branch.value)?));
        }
        let otherwise = otherwise.map(|otherwise| self.value(otherwise)).transpose()?;
        case(bound, otherwise)
    }
}

/// A searched CASE: its type is what its values have in common.
pub(crate) fn case(
    branches: Vec<(Bound, Bound)>,
    otherwise: Option<Bound>,
) -> Result<Bound, SqlError> {
    let values = || branches.iter().map(|(_, value)| value).chain(&otherwise);
    let t = common_type(values()).unwrap_or(SqlType::Int);
    let nullable = otherwise.is_none() || values().any(|value| value.nullable);
    let branches = branches
        .into_iter()
        .map(|(condition, value)| Ok((condition, coerce::implicit(value, t)?)))
        .collect::<Result<Vec<_>, SqlError>>()?;
    let otherwise = match otherwise {
        Some(value) => Some(Box::new(coerce::implicit(value, t)?)),
        None => None,
    };
    Ok(Bound { kind: Kind::Case { branches, otherwise }, sql_type: t, nullable })
}

/// What values have in common; NULLs written as such don't count. `None` when all are.
pub(crate) fn common_type<'a>(values: impl Iterator<Item = &'a Bound>) -> Option<SqlType> {
    values.filter(|value| !value.is_null()).map(|value| value.sql_type).reduce(types::common)
}

/// A constant.
pub(crate) fn literal(constant: &Literal) -> Bound {
    match constant {
        Literal::Null => Bound::written(Value::Null),
        Literal::Integer(number) => Bound::written(Value::Int((*number).into())),
        Literal::Decimal(number) => {
            let digits = number.unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
            // A decimal has at most 38 digits.
            let precision = (digits as u8).max(number.scale).clamp(1, 38);
            let sql_type = SqlType::Decimal { precision, scale: number.scale };
            Bound::constant(Value::Decimal(*number), sql_type)
        }
        Literal::Float(number) => Bound::constant(Value::Float(*number), SqlType::Float),
        Literal::Money(units) => {
            let number = launchpod_types::Decimal::new((*units).into(), 4);
            Bound::constant(Value::Decimal(number), SqlType::Money)
        }
        Literal::String { text, unicode } => {
            let sql_type = types::literal_text(text, *unicode);
            let fitted = launchpod_functions::convert::cast(
                &Value::Text(text.clone()),
                SqlType::NVARCHAR_MAX,
                sql_type,
            );
            // Text converts to text without errors.
            Bound::constant(fitted.unwrap_or(Value::Null), sql_type)
        }
        Literal::Binary(bytes) => {
            Bound::constant(Value::Binary(bytes.clone()), types::literal_binary(bytes))
        }
    }
}

/// The error for a type that the embedded database doesn't have, of the column, parameter or
/// variable at `place` from 1.
pub(crate) fn unknown_type(place: usize, name: &TypeName) -> SqlError {
    match &name.kind {
        TypeKind::Named(named) if is_known(&named.name.text) => errors::unsupported(format_args!(
            "The data type {}",
            named.name.text.to_ascii_lowercase()
        )),
        TypeKind::Named(named) => errors::unknown_type(place, &named.to_string()),
        _ => errors::unknown_type(place, "?"),
    }
}

/// Whether SQL Server has a type of this name that the embedded database hasn't.
fn is_known(name: &str) -> bool {
    const KNOWN: [&str; 6] = ["vector", "hierarchyid", "geography", "geometry", "cursor", "table"];
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}
