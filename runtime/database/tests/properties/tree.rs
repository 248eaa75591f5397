//! Expressions as trees: their text, their type and what they come to.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write;

use launchpod_database::Variable;
use num_bigint::BigInt;

use super::condition::Condition;
use super::types::{Operator, Type, arithmetic, common, concatenated};
use super::value::{
    Outcome, Value, both, compared, converted, exact, fitting, float, shown, to_variable,
};

/// An expression of the language that the oracle knows.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A value of a type: CAST of a constant, or a variable.
    Value(Value, Type),
    /// A whole number as it is written, an int.
    Whole(i128),
    Arithmetic(Operator, Box<Expression>, Box<Expression>),
    Negative(Box<Expression>),
    Cast(Box<Expression>, Type),
    Concatenation(Box<Expression>, Box<Expression>),
    Length(Box<Expression>),
    Coalesce(Box<Expression>, Box<Expression>),
    IsNull(Box<Expression>, Box<Expression>),
    NullIf(Box<Expression>, Box<Expression>),
    Case(Box<Condition>, Box<Expression>, Box<Expression>),
}

use Expression as E;

/// Where the text of an expression goes: with its values in it, or beside it.
#[derive(Default)]
pub struct Writer {
    pub text: String,
    /// The values as variables, if they are to be beside the text.
    pub variables: Option<BTreeMap<String, Variable>>,
}

// === impl Writer ===

impl Writer {
    fn value(&mut self, value: &Value, t: Type) {
        let Some(variables) = &mut self.variables else {
            let constant = match value {
                Value::Null => "NULL".to_owned(),
                Value::Exact(number) => shown(number, t),
                Value::Float(number) => format!("{number:e}"),
                Value::Text(text) => format!("N'{text}'"),
            };
            // A text is not a number: 1.5 as money is.
            return write!(self.text, "CAST({constant} AS {t})").expect("a string takes it");
        };
        let name = format!("@v{}", variables.len());
        self.text.push_str(&name);
        variables.insert(name, Variable { sql_type: t.to_sql(), value: to_variable(value, t) });
    }

    /// Writes a pattern, in which `{}` stands for the expressions in turn.
    pub fn put(&mut self, pattern: &str, expressions: &[&Expression]) {
        let mut expressions = expressions.iter();
        for (index, part) in pattern.split("{}").enumerate() {
            if index > 0 {
                expressions.next().expect("one for each place").write(self);
            }
            self.text.push_str(part);
        }
    }
}

// === impl Expression ===

impl Expression {
    pub fn write(&self, to: &mut Writer) {
        match self {
            E::Value(value, t) => to.value(value, *t),
            E::Whole(number) => write!(to.text, "({number})").expect("a string takes it"),
            E::Arithmetic(operator, l, r) => {
                let sign = match operator {
                    Operator::Add => "+",
                    Operator::Subtract => "-",
                    Operator::Multiply => "*",
                    Operator::Divide => "/",
                    Operator::Modulo => "%",
                };
                to.put(&format!("({{}} {sign} {{}})"), &[l, r]);
            }
            E::Negative(operand) => to.put("(- {})", &[operand]),
            E::Cast(operand, t) => to.put(&format!("CAST({{}} AS {t})"), &[operand]),
            E::Concatenation(l, r) => to.put("({} + {})", &[l, r]),
            E::Length(operand) => to.put("LEN({})", &[operand]),
            E::Coalesce(l, r) => to.put("COALESCE({}, {})", &[l, r]),
            E::IsNull(l, r) => to.put("ISNULL({}, {})", &[l, r]),
            E::NullIf(l, r) => to.put("NULLIF({}, {})", &[l, r]),
            E::Case(condition, yes, no) => {
                to.text.push_str("CASE WHEN ");
                condition.write(to);
                to.put(" THEN {} ELSE {} END", &[yes, no]);
            }
        }
    }

    pub fn sql_type(&self) -> Type {
        match self {
            E::Value(_, t) | E::Cast(_, t) => *t,
            E::Whole(_) | E::Length(_) => Type::Int,
            E::Arithmetic(operator, l, r) => {
                arithmetic(*operator, (l.sql_type(), l.digits()), (r.sql_type(), r.digits()))
            }
            // "- (Negative)": "an unsigned tinyint expression is promoted to a signed smallint".
            E::Negative(operand) => operand.sql_type().max(Type::SmallInt),
            E::Concatenation(l, r) => concatenated(l.sql_type(), r.sql_type()),
            E::Coalesce(l, r) | E::Case(_, l, r) => common(l.sql_type(), r.sql_type()),
            E::IsNull(l, _) | E::NullIf(l, _) => l.sql_type(),
        }
    }

    /// "int, bigint, smallint, and tinyint": a constant becomes a decimal "whose precision is just
    /// large enough to hold the value of the constant".
    fn digits(&self) -> Option<(u32, u32)> {
        match self {
            E::Whole(number) => Some((number.unsigned_abs().to_string().len() as u32, 0)),
            E::Negative(operand) => operand.digits(),
            _ => None,
        }
    }

    pub fn outcome(&self) -> Outcome<Value> {
        let own = self.sql_type();
        match self {
            E::Value(value, _) => Outcome::of(value.clone()),
            E::Whole(number) => Outcome::of(Value::Exact(BigInt::from(*number))),
            E::Arithmetic(operator, l, r) => calculated(*operator, l, r, own),
            E::Negative(operand) => operand.outcome().and_then(|value| match value {
                Value::Exact(number) => fitting(-number, own),
                Value::Float(number) => Ok(Value::Float(-number)),
                other => Ok(other),
            }),
            E::Cast(operand, _) => operand.as_type(own),
            E::Concatenation(l, r) => {
                both(l.as_type(own), r.as_type(own), Value::Null, |l, r| match (l, r) {
                    (Value::Text(l), Value::Text(r)) => Ok(Value::Text(l + &r)),
                    _ => Ok(Value::Null),
                })
            }
            E::Length(operand) => operand.outcome().and_then(|value| match value {
                Value::Text(text) => {
                    let length = text.trim_end_matches(' ').chars().count();
                    Ok(Value::Exact(BigInt::from(length)))
                }
                other => Ok(other),
            }),
            E::Coalesce(l, r) => l.outcome().then(|value| match value {
                Value::Null => r.as_type(own),
                _ => l.as_type(own),
            }),
            E::IsNull(l, r) => l.outcome().then(|value| match value {
                Value::Null => r.as_type(own),
                value => Outcome::of(value),
            }),
            E::NullIf(l, r) => {
                comparison(l, r, |ordering| ordering == Ordering::Equal).then(|equal| match equal {
                    Some(true) => Outcome::of(Value::Null),
                    _ => l.outcome(),
                })
            }
            E::Case(condition, yes, no) => condition.outcome().then(|condition| match condition {
                Some(true) => yes.as_type(own),
                _ => no.as_type(own),
            }),
        }
    }

    /// The outcome, converted to a type.
    pub fn as_type(&self, to: Type) -> Outcome<Value> {
        let from = self.sql_type();
        self.outcome().and_then(
            |value| {
                if from == to { Ok(value) } else { converted(&value, from, to) }
            },
        )
    }
}

fn calculated(operator: Operator, l: &Expression, r: &Expression, own: Type) -> Outcome<Value> {
    let (left, right) = (l.sql_type(), r.sql_type());
    match own {
        Type::Decimal(..) => {
            let scales = (left.scale(), right.scale());
            both(l.outcome(), r.outcome(), Value::Null, |l, r| match (l, r) {
                (Value::Exact(l), Value::Exact(r)) => {
                    exact(operator, (&l, scales.0), (&r, scales.1), own)
                }
                _ => Ok(Value::Null),
            })
        }
        _ => both(l.as_type(own), r.as_type(own), Value::Null, |l, r| match (l, r) {
            (Value::Exact(l), Value::Exact(r)) => {
                exact(operator, (&l, own.scale()), (&r, own.scale()), own)
            }
            (Value::Float(l), Value::Float(r)) => float(operator, l, r),
            _ => Ok(Value::Null),
        }),
    }
}

/// A comparison: `None` when it is unknown.
pub fn comparison(
    l: &Expression,
    r: &Expression,
    holds: impl Fn(Ordering) -> bool,
) -> Outcome<Option<bool>> {
    let (left, right) = (l.sql_type(), r.sql_type());
    let to = common(left, right);
    both(l.as_type(to), r.as_type(to), None, |l, r| Ok(compared(&l, &r).map(holds)))
}
