//! Conditions.

use launchpod_functions::collation::Collation;
use launchpod_functions::convert::{self, Allowed};
use launchpod_functions::pattern::Pattern;
use launchpod_functions::{Body, Function, order, variant};
use launchpod_tsql::ast::{CompareOperator, Expr, ExprKind, Quantifier};
use launchpod_types::{SqlError, SqlType, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::tree::{Bound, BoundBody, BoundQuery, BoundSource, Kind};
use super::write::{derived_column, plain_query, plain_select};
use super::{Binder, coerce, int, types, undeclared};
use crate::options;
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// Binds a WHERE clause, if there is one.
    pub(crate) fn filter(&mut self, condition: Option<&Expr>) -> Result<Option<Bound>, SqlError> {
        condition.map(|condition| self.predicate(condition)).transpose()
    }

    /// Binds a condition.
    pub(crate) fn predicate(&mut self, expr: &Expr) -> Result<Bound, SqlError> {
        let bound = match &expr.kind {
            ExprKind::And(operands) => self.chain("AND", operands)?,
            ExprKind::Or(operands) => self.chain("OR", operands)?,
            ExprKind::Not(operand) => {
                let operand = self.predicate(operand)?;
                not(operand)
            }
            ExprKind::Compare { operator, left, right } => {
                let deduce = match operator {
                    CompareOperator::Equal | CompareOperator::NotEqual => undeclared::same,
                    _ => undeclared::general,
                };
                let (left, right) = pair(self.comparands(&[left, right], deduce)?)?;
                self.compared(*operator, left, right)?
            }
            ExprKind::CompareQuery { operator, left, quantifier, query } => {
                self.compare_query(*operator, left, *quantifier, query)?
            }
            ExprKind::Distinct { negated, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                distinct(*negated, left, right)?
            }
            ExprKind::Between { negated, operand, low, high } => {
                let mut operands = self.comparands(&[operand, low, high], undeclared::general)?;
                let operand = operands.remove(0);
                let (low, high) = pair(operands)?;
                let low = compare(CompareOperator::GreaterOrEqual, operand.clone(), low)?;
                let high = compare(CompareOperator::LessOrEqual, operand, high)?;
                let nullable = low.nullable || high.nullable;
                let both = Kind::Chain { operator: "AND", operands: vec![low, high] };
                negate_if(*negated, Bound::predicate(both, nullable))
            }
            ExprKind::InList { negated, operand, list } => self.in_list(*negated, operand, list)?,
            ExprKind::InQuery { negated, operand, query } => {
                let operand = self.value(operand)?;
                let query = self.subquery(query)?;
                in_query(*negated, operand, query)?
            }
            ExprKind::Like { negated, operand, pattern, escape } => {
                self.like(*negated, operand, pattern, escape.as_deref())?
            }
            ExprKind::IsNull { negated, operand } => {
                let operand = self.value(operand)?;
                let operator = if *negated { "IS NOT" } else { "IS" };
                let null = Bound::constant(Value::Null, operand.sql_type);
                let (left, right) = (Box::new(operand), Box::new(null));
                Bound::predicate(Kind::Infix { operator, left, right, collate: false }, false)
            }
            ExprKind::Exists(query) => {
                let query = self.inner_query(query)?;
                Bound::predicate(Kind::Exists(Box::new(query)), false)
            }
            _ => return Err(errors::non_boolean("")),
        };
        Ok(bound)
    }

    fn chain(&mut self, operator: &'static str, operands: &[Expr]) -> Result<Bound, SqlError> {
        let operands = operands
            .iter()
            .map(|operand| self.predicate(operand))
            .collect::<Result<Vec<_>, _>>()?;
        let nullable = operands.iter().any(|operand| operand.nullable);
        Ok(Bound::predicate(Kind::Chain { operator, operands }, nullable))
    }

    /// A comparison of two values. Under SET ANSI_NULLS OFF NULL is equal to NULL, where one side is
    /// NULL as such or a variable ("SET ANSI_NULLS (Transact-SQL)").
    pub(super) fn compared(
        &self,
        operator: CompareOperator,
        left: Bound,
        right: Bound,
    ) -> Result<Bound, SqlError> {
        let ansi = self.environment.options & options::ANSI_NULLS != 0;
        let is_null = |bound: &Bound| bound.value().is_some_and(Value::is_null);
        if ansi || !(is_null(&left) || is_null(&right)) {
            return compare(operator, left, right);
        }
        match operator {
            CompareOperator::Equal => distinct(true, left, right),
            CompareOperator::NotEqual => distinct(false, left, right),
            _ => compare(operator, left, right),
        }
    }

    /// `x = ANY (…)`, `x > ALL (…)` and their kin ("SOME | ANY", "ALL").
    fn compare_query(
        &mut self,
        operator: CompareOperator,
        left: &Expr,
        quantifier: Quantifier,
        query: &launchpod_tsql::ast::Query,
    ) -> Result<Bound, SqlError> {
        let left = self.value(left)?;
        let query = self.subquery(query)?;
        match (operator, quantifier) {
            (CompareOperator::Equal, Quantifier::Any) => in_query(false, left, query),
            (CompareOperator::NotEqual, Quantifier::All) => in_query(true, left, query),
            (_, Quantifier::Any) => self.any_row(operator, left, query),
            // True for all rows is false for none.
            (_, Quantifier::All) => self.any_row(opposite(operator), left, query).map(not),
        }
    }

    /// Whether the comparison is true for a row; unknown when it is for none but unknown for
    /// one.
    fn any_row(
        &mut self,
        operator: CompareOperator,
        left: Bound,
        query: BoundQuery,
    ) -> Result<Bound, SqlError> {
        let id = self.source_id();
        let row = derived_column(id, 0, &query.columns[0]);
        let holds = compare(operator, left, row)?;
        let exists = |condition: Bound| {
            let from = BoundSource::Derived { query: Box::new(query.clone()), id };
            let select = plain_select(vec![int(1)], Some(from), Some(condition));
            let query = plain_query(Vec::new(), BoundBody::Select(Box::new(select)), None);
            Bound::predicate(Kind::Exists(Box::new(query)), false)
        };
        let bit = |value| Bound::constant(value, SqlType::Bit);
        let mut branches = vec![(exists(holds.clone()), bit(Value::Bit(true)))];
        let nullable = holds.nullable;
        if nullable {
            let (left, right) = (Box::new(holds), Box::new(bit(Value::Null)));
            let unknown = Kind::Infix { operator: "IS", left, right, collate: false };
            branches.push((exists(Bound::predicate(unknown, false)), bit(Value::Null)));
        }
        let otherwise = Some(Box::new(bit(Value::Bit(false))));
        Ok(Bound::predicate(Kind::Case { branches, otherwise }, nullable))
    }

    fn in_list(&mut self, negated: bool, operand: &Expr, list: &[Expr]) -> Result<Bound, SqlError> {
        let operands: Vec<&Expr> = std::iter::once(operand).chain(list).collect();
        let mut values = self.comparands(&operands, undeclared::same)?;
        let operand = values.remove(0);
        let t = values
            .iter()
            .filter(|value| !value.is_null())
            .fold(operand.sql_type, |t, value| types::common(t, value.sql_type));
        check_comparable(operand.sql_type, t)?;
        let nullable = operand.nullable || values.iter().any(|value| value.nullable);
        let operand = Box::new(key(coerce::implicit(operand, t)?));
        let list = values
            .into_iter()
            .map(|value| Ok(key(coerce::implicit(value, t)?)))
            .collect::<Result<Vec<_>, SqlError>>()?;
        let collate = t.is_character();
        Ok(Bound::predicate(Kind::InList { negated, operand, list, collate }, nullable))
    }

    fn like(
        &mut self,
        negated: bool,
        operand: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<Bound, SqlError> {
        let as_text = |(bound, place): (Bound, usize)| {
            let t = bound.sql_type;
            if t.is_document() || t == SqlType::Variant {
                Err(errors::argument_type(t, place, "like"))
            } else if t.is_character() {
                Ok(bound)
            } else {
                coerce::implicit(bound, SqlType::NVARCHAR_MAX)
            }
        };
        let operands: Vec<&Expr> = [operand, pattern].into_iter().chain(escape).collect();
        let (operands, collation) = self.like_operands(&operands)?;
        let arguments =
            operands.into_iter().zip(1..).map(as_text).collect::<Result<Vec<_>, _>>()?;
        let nullable = arguments.iter().any(|argument| argument.nullable);
        let unicode = arguments.iter().any(|argument| argument.sql_type.is_unicode());
        let function = Function {
            name: format!("like({unicode},{collation:?},{})", arguments.len()),
            arguments: vec![SqlType::NVARCHAR_MAX; arguments.len()],
            strict: true,
            deterministic: true,
            body: Body::Cells(Box::new(like_cells(unicode, collation))),
        };
        let bound = coerce::call(function, arguments, SqlType::Bit, nullable);
        Ok(negate_if(negated, bound))
    }
}

/// Two operands.
fn pair(operands: Vec<Bound>) -> Result<(Bound, Bound), SqlError> {
    let pair: [Bound; 2] =
        operands.try_into().map_err(|_| errors::internal("a comparison of other than two"))?;
    Ok(pair.into())
}

type CellsResult = Result<ToSqlOutput<'static>, SqlError>;

/// LIKE on cells; the pattern of the row before is kept, as it is most often a constant.
fn like_cells(
    unicode: bool,
    collation: Collation,
) -> impl Fn(&[ValueRef<'_>]) -> CellsResult + Send + Sync {
    let last = std::sync::Mutex::new(None::<(Vec<u8>, Option<char>, Pattern)>);
    move |cells| {
        let mut texts = Vec::with_capacity(3);
        for cell in cells {
            match cell {
                ValueRef::Text(text) => texts.push(*text),
                _ => return Ok(ToSqlOutput::Owned(rusqlite::types::Value::Null)),
            }
        }
        let escape = match texts.get(2) {
            None => None,
            Some(bytes) => {
                let content = String::from_utf8_lossy(bytes);
                let mut chars = content.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Some(c),
                    _ => {
                        return Err(SqlError::new(
                            506,
                            format!(
                                "The invalid escape character \"{content}\" was specified in a \
                                 LIKE predicate."
                            ),
                        ));
                    }
                }
            }
        };
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = last.as_ref().is_some_and(|(p, e, _)| p == texts[1] && *e == escape);
        if !known {
            let pattern = Pattern::new(&String::from_utf8_lossy(texts[1]), escape, collation);
            *last = Some((texts[1].to_vec(), escape, pattern));
        }
        let matched = last.as_ref().is_some_and(|(_, _, pattern)| {
            pattern.matches(&String::from_utf8_lossy(texts[0]), unicode)
        });
        Ok(ToSqlOutput::from(i64::from(matched)))
    }
}

/// A comparison of two values.
pub(crate) fn compare(
    operator: CompareOperator,
    left: Bound,
    right: Bound,
) -> Result<Bound, SqlError> {
    let (word, name) = match operator {
        CompareOperator::Equal => ("=", "equal to"),
        CompareOperator::NotEqual => ("<>", "not equal to"),
        CompareOperator::Less => ("<", "less than"),
        CompareOperator::LessOrEqual => ("<=", "less than or equal to"),
        CompareOperator::Greater => (">", "greater than"),
        CompareOperator::GreaterOrEqual => (">=", "greater than or equal to"),
    };
    let nullable = left.nullable || right.nullable;
    let (left, right, collate) = comparable(name, left, right)?;
    let (left, right) = (Box::new(left), Box::new(right));
    Ok(Bound::predicate(Kind::Infix { operator: word, left, right, collate }, nullable))
}

/// `IS [NOT] DISTINCT FROM`, in which NULL is a value like others.
fn distinct(negated: bool, left: Bound, right: Bound) -> Result<Bound, SqlError> {
    let (left, right, collate) = comparable("is distinct from", left, right)?;
    let operator = if negated { "IS" } else { "IS NOT" };
    let (left, right) = (Box::new(left), Box::new(right));
    Ok(Bound::predicate(Kind::Infix { operator, left, right, collate }, false))
}

/// Brings both sides to one type whose cells compare as the values do; whether they are text.
fn comparable(name: &str, left: Bound, right: Bound) -> Result<(Bound, Bound, bool), SqlError> {
    let t = match (left.is_null(), right.is_null()) {
        (true, _) => right.sql_type,
        (_, true) => left.sql_type,
        _ => {
            let (l, r) = (left.sql_type, right.sql_type);
            if !l.is_comparable() || !r.is_comparable() {
                return Err(errors::incompatible_types(l, r, name));
            }
            let t = types::common(l, r);
            check_comparable(l, t)?;
            check_comparable(r, t)?;
            t
        }
    };
    // Texts compare as they are: padding and code page make no difference.
    let both_text = left.sql_type.is_character() && right.sql_type.is_character();
    let bring = |bound: Bound| if both_text { Ok(bound) } else { coerce::implicit(bound, t) };
    Ok((key(bring(left)?), key(bring(right)?), t.is_character()))
}

fn check_comparable(from: SqlType, to: SqlType) -> Result<(), SqlError> {
    match convert::allowed(from, to) {
        Allowed::Implicit => Ok(()),
        Allowed::Explicit => Err(errors::implicit_conversion(from, to)),
        Allowed::No => Err(errors::type_clash(to, from)),
    }
}

/// What SQLite compares in a value's place: itself, unless its bytes don't sort as it does.
pub(crate) fn key(bound: Bound) -> Bound {
    let nullable = bound.nullable;
    match bound.sql_type {
        // The same moment with another offset is equal.
        SqlType::DateTimeOffset(_) => Bound {
            kind: Kind::Native { name: "substr", arguments: vec![bound, int(1), int(8)] },
            sql_type: SqlType::Binary(8),
            nullable,
        },
        // GUIDs sort by their last group first; equality doesn't mind.
        SqlType::UniqueIdentifier => {
            let function = Function {
                name: "guid_key".to_owned(),
                arguments: vec![SqlType::UniqueIdentifier],
                strict: true,
                deterministic: true,
                body: Body::Values(Box::new(|values| {
                    let Value::Guid(guid) = &values[0] else { return Ok(Value::Null) };
                    Ok(Value::Binary(order::guid_key(guid).to_vec()))
                })),
            };
            coerce::call(function, vec![bound], SqlType::Binary(16), nullable)
        }
        // Equal values can be of several types.
        SqlType::Variant => {
            let function = Function {
                name: "variant_key".to_owned(),
                arguments: vec![SqlType::Variant],
                strict: true,
                deterministic: true,
                body: Body::Values(Box::new(|values| {
                    let Value::Variant(variant) = &values[0] else { return Ok(Value::Null) };
                    Ok(Value::Binary(variant::key(variant)))
                })),
            };
            coerce::call(function, vec![bound], SqlType::VARBINARY_MAX, nullable)
        }
        _ => bound,
    }
}

fn in_query(negated: bool, operand: Bound, query: BoundQuery) -> Result<Bound, SqlError> {
    let [column] = &query.columns[..] else { return Err(errors::one_expression()) };
    let t = if operand.is_null() {
        column.sql_type
    } else {
        types::common(operand.sql_type, column.sql_type)
    };
    check_comparable(operand.sql_type, t)?;
    check_comparable(column.sql_type, t)?;
    let nullable = operand.nullable || column.nullable;
    let mut query = query;
    let both_text = operand.sql_type.is_character() && query.columns[0].sql_type.is_character();
    let operand = if both_text {
        operand
    } else {
        super::query::coerce_columns(&mut query, &[t])?;
        coerce::implicit(operand, t)?
    };
    let collate = t.is_character();
    let (operand, query) = (Box::new(operand), Box::new(query));
    Ok(Bound::predicate(Kind::InQuery { negated, operand, query, collate }, nullable))
}

/// The comparison that is true where the other is false.
fn opposite(operator: CompareOperator) -> CompareOperator {
    match operator {
        CompareOperator::Equal => CompareOperator::NotEqual,
        CompareOperator::NotEqual => CompareOperator::Equal,
        CompareOperator::Less => CompareOperator::GreaterOrEqual,
        CompareOperator::LessOrEqual => CompareOperator::Greater,
        CompareOperator::Greater => CompareOperator::LessOrEqual,
        CompareOperator::GreaterOrEqual => CompareOperator::Less,
    }
}

fn negate_if(negated: bool, bound: Bound) -> Bound {
    if negated { not(bound) } else { bound }
}

fn not(bound: Bound) -> Bound {
    let nullable = bound.nullable;
    Bound::predicate(Kind::Prefix("NOT", Box::new(bound)), nullable)
}
