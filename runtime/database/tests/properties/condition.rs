//! Conditions: three-valued logic, `None` being UNKNOWN.

use std::cmp::Ordering;

use super::tree::{Expression, Writer, comparison};
use super::types::Type;
use super::value::{Outcome, Value, both};

/// A condition of the language that the oracle knows.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`
    Comparison(&'static str, Expression, Expression),
    IsNull(Expression),
    Between(Expression, Expression, Expression),
    In(Expression, Vec<Expression>),
    Like(Expression, Expression),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

type Truth = Option<bool>;

// === impl Condition ===

impl Condition {
    pub fn write(&self, to: &mut Writer) {
        match self {
            Condition::Comparison(sign, l, r) => to.put(&format!("({{}} {sign} {{}})"), &[l, r]),
            Condition::IsNull(operand) => to.put("({} IS NULL)", &[operand]),
            Condition::Between(x, l, r) => to.put("({} BETWEEN {} AND {})", &[x, l, r]),
            Condition::Like(text, pattern) => to.put("({} LIKE {})", &[text, pattern]),
            Condition::In(x, list) => {
                to.put("({} IN (", &[x]);
                for (index, item) in list.iter().enumerate() {
                    to.put(if index == 0 { "{}" } else { ", {}" }, &[item]);
                }
                to.text.push_str("))");
            }
            Condition::Not(operand) => {
                to.text.push_str("(NOT ");
                operand.write(to);
                to.text.push(')');
            }
            Condition::And(l, r) | Condition::Or(l, r) => {
                to.text.push('(');
                l.write(to);
                let and = matches!(self, Condition::And(..));
                to.text.push_str(if and { " AND " } else { " OR " });
                r.write(to);
                to.text.push(')');
            }
        }
    }

    pub fn outcome(&self) -> Outcome<Truth> {
        match self {
            Condition::Comparison(sign, l, r) => comparison(l, r, |ordering| match *sign {
                "=" => ordering == Ordering::Equal,
                "<>" => ordering != Ordering::Equal,
                "<" => ordering == Ordering::Less,
                "<=" => ordering != Ordering::Greater,
                ">" => ordering == Ordering::Greater,
                _ => ordering != Ordering::Less,
            }),
            Condition::IsNull(operand) => {
                operand.outcome().and_then(|value| Ok(Some(value == Value::Null)))
            }
            Condition::Between(x, l, r) => and(
                comparison(x, l, |ordering| ordering != Ordering::Less),
                comparison(x, r, |ordering| ordering != Ordering::Greater),
            ),
            Condition::In(x, list) => list
                .iter()
                .map(|item| comparison(x, item, |ordering| ordering == Ordering::Equal))
                .reduce(or)
                .expect("a list"),
            Condition::Like(text, pattern) => {
                let unicode =
                    [text, pattern].iter().any(|e| matches!(e.sql_type(), Type::NVarChar(_)));
                both(text.outcome(), pattern.outcome(), None, |text, pattern| {
                    let (Value::Text(text), Value::Text(pattern)) = (text, pattern) else {
                        return Ok(None);
                    };
                    Ok(Some(like(&text, &pattern, unicode)))
                })
            }
            Condition::Not(operand) => operand.outcome().and_then(|truth| Ok(truth.map(|t| !t))),
            Condition::And(l, r) => and(l.outcome(), r.outcome()),
            Condition::Or(l, r) => or(l.outcome(), r.outcome()),
        }
    }
}

/// "AND (Transact-SQL)": FALSE with anything is FALSE, else UNKNOWN with anything is UNKNOWN.
fn and(l: Outcome<Truth>, r: Outcome<Truth>) -> Outcome<Truth> {
    decided_by(false, l, r)
}

/// "OR (Transact-SQL)": TRUE with anything is TRUE, else UNKNOWN with anything is UNKNOWN.
fn or(l: Outcome<Truth>, r: Outcome<Truth>) -> Outcome<Truth> {
    decided_by(true, l, r)
}

fn decided_by(decisive: bool, l: Outcome<Truth>, r: Outcome<Truth>) -> Outcome<Truth> {
    let errors = l.errors.union(&r.errors).copied().collect();
    let value = match (l.value, r.value) {
        (l, r) if l == Some(Some(decisive)) || r == Some(Some(decisive)) => Some(Some(decisive)),
        // With UNKNOWN nothing becomes true, so that the other side may be left out.
        (Some(None), _) | (_, Some(None)) => Some(None),
        (Some(_), Some(_)) => Some(Some(!decisive)),
        _ => None,
    };
    Outcome { value, errors }
}

/// "LIKE (Transact-SQL)": blanks at the end of a text that isn't Unicode may be there or not.
fn like(text: &str, pattern: &str, unicode: bool) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let mut text: Vec<char> = text.to_lowercase().chars().collect();
    loop {
        if matches(&text, &pattern) {
            return true;
        }
        if unicode || text.pop() != Some(' ') {
            return false;
        }
    }
}

fn matches(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|from| matches(&text[from..], rest)),
        Some((first, rest)) => {
            text.first().is_some_and(|c| *first == '_' || c == first) && matches(&text[1..], rest)
        }
    }
}
