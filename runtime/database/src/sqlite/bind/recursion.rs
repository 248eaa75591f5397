//! Recursive common table expressions, and how often they may recurse ("WITH common_table_expression
//! (Transact-SQL)").

use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{
    Cte, JoinKind, Query, QueryBody, SetOperator, TableSource, TableSourceKind, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::query::{ColumnsOf, coerce_body, named_columns};
use super::scope::CteName;
use super::tree::{Bound, BoundBody, BoundQuery, BoundSource, Kind, QueryColumn, SourceId};
use super::{Binder, coerce};
use crate::sqlite::errors;

/// How often a CTE may recurse when no hint says otherwise.
pub(super) const MOST_RECURSIONS: u16 = 100;
/// The most that a hint may say; 0 is for ever.
const MOST_IN_HINT: u16 = 32_767;
/// The name of the column of levels, which no column of a query can have.
const LEVEL: &str = "\0level";

/// The operands of a CTE that is recursive: UNION ALL whose later operands name it.
///
/// # Errors
/// 252.
pub(super) fn operands(cte: &Cte) -> Result<Option<&[QueryBody]>, SqlError> {
    if !mentions(&cte.query, &fold_name(&cte.name.text)) {
        return Ok(None);
    }
    match &cte.query.body {
        QueryBody::SetOperation { operator: SetOperator::UnionAll, operands } => Ok(Some(operands)),
        _ => Err(errors::no_top_level_union(&cte.name.text)),
    }
}

/// Whether a column is that of levels, which queries don't see.
pub(super) fn is_level(column: &QueryColumn) -> bool {
    column.name == LEVEL
}

// === impl Binder ===

impl Binder<'_> {
    /// Heeds `OPTION (MAXRECURSION n)`; other hints change no result.
    ///
    /// # Errors
    /// 310 for a number that is too large.
    pub(super) fn heed_hints(&mut self, hints: &[String]) -> Result<(), SqlError> {
        for hint in hints {
            let mut words = hint.split_whitespace();
            if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("MAXRECURSION")) {
                continue;
            }
            let text = words.next().unwrap_or_default();
            let number = text.parse().map_err(|_| errors::syntax_near(text))?;
            if number > u32::from(MOST_IN_HINT) {
                return Err(errors::recursion_hint(number, MOST_IN_HINT));
            }
            self.most_recursions = u16::try_from(number).unwrap_or(MOST_IN_HINT);
        }
        Ok(())
    }

    /// Binds a recursive CTE. Its rows have their level beside them, which tells how often it
    /// has recursed.
    pub(super) fn recursive(
        &mut self,
        cte: &Cte,
        operands: &[QueryBody],
        storage: &str,
    ) -> Result<BoundQuery, SqlError> {
        let Some((first, rest)) = operands.split_first() else {
            return Err(errors::syntax_near("UNION"));
        };
        let (anchor, columns) = self.body(first)?;
        let known = self.ctes.len();
        // Later rows can bring NULLs that the first doesn't have.
        let columns: Vec<QueryColumn> =
            columns.into_iter().map(|column| QueryColumn { nullable: true, ..column }).collect();
        self.ctes.push(CteName {
            name: cte.name.text.clone(),
            storage: storage.to_owned(),
            columns: named_columns(&columns, &cte.columns, ColumnsOf::Query(&cte.name.text))?,
        });
        let mut bound = vec![anchor];
        let mut levels = vec![super::int(0)];
        for operand in rest {
            let (mut body, own) = self.body(operand)?;
            check_member(operand, &body, &cte.name.text)?;
            levels.push(match source_of(&body, storage) {
                Some(id) => self.next_level(id, columns.len()),
                // One more anchor.
                None => super::int(0),
            });
            if own.len() != columns.len() {
                return Err(errors::set_operator_columns());
            }
            let wanted: Vec<SqlType> = columns.iter().map(|column| column.sql_type).collect();
            if own
                .iter()
                .zip(&wanted)
                .any(|(own, wanted)| own.sql_type != *wanted && !own.sql_type.is_integer())
                && let Some(index) =
                    own.iter().zip(&wanted).position(|(own, wanted)| own.sql_type != *wanted)
            {
                return Err(SqlError::new(
                    240,
                    format!(
                        "Types don't match between the anchor and the recursive part in column \
                         \"{}\" of recursive query \"{}\".",
                        columns[index].name, cte.name
                    ),
                ));
            }
            coerce_body(&mut body, &wanted)?;
            bound.push(body);
        }
        self.ctes.truncate(known);
        let mut columns = columns;
        if self.most_recursions > 0 {
            bound.iter_mut().zip(levels).for_each(|(body, level)| append(body, level));
            columns.push(level_column());
        }
        let body = BoundBody::Set { operator: "UNION ALL", operands: bound };
        let (ctes, order_by, limit, offset) = (Vec::new(), Vec::new(), None, None);
        Ok(BoundQuery { ctes, body, order_by, limit, offset, columns })
    }

    /// The level of a row that a recursive operand makes of one of the CTE's.
    fn next_level(&self, source: SourceId, index: usize) -> Bound {
        let most = self.most_recursions;
        let function = Function {
            name: format!("recursion({most})"),
            arguments: vec![SqlType::Int],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(move |values| match values[0] {
                Value::Int(level) if level < i64::from(most) => Ok(Value::Int(level + 1)),
                _ => Err(errors::recursion_exhausted(most)),
            })),
        };
        let kind = Kind::Column { source, name: format!("c{index}") };
        let level = Bound { kind, sql_type: SqlType::Int, nullable: false };
        coerce::call(function, vec![level], SqlType::Int, false)
    }
}

fn level_column() -> QueryColumn {
    QueryColumn { name: LEVEL.to_owned(), sql_type: SqlType::Int, nullable: false, identity: false }
}

/// The number of a CTE among the sources of a query.
fn source_of(body: &BoundBody, storage: &str) -> Option<SourceId> {
    match body {
        BoundBody::Select(select) => cte_in(select.from.as_ref()?, storage),
        BoundBody::Nested(query) => source_of(&query.body, storage),
        BoundBody::Set { .. } | BoundBody::Values(_) => None,
    }
}

fn cte_in(source: &BoundSource, storage: &str) -> Option<SourceId> {
    match source {
        BoundSource::Cte { name, id } if name == storage => Some(*id),
        BoundSource::Join { left, right, .. } => {
            cte_in(left, storage).or_else(|| cte_in(right, storage))
        }
        _ => None,
    }
}

/// Adds a value to each row of a query.
fn append(body: &mut BoundBody, value: Bound) {
    match body {
        BoundBody::Select(select) => select.items.push(value),
        BoundBody::Set { operands, .. } => {
            operands.iter_mut().for_each(|operand| append(operand, value.clone()));
        }
        BoundBody::Nested(query) => {
            append(&mut query.body, value);
            query.columns.push(level_column());
        }
        BoundBody::Values(rows) => rows.iter_mut().for_each(|row| row.push(value.clone())),
    }
}

/// Refuses what the recursive part of a CTE can't have ("WITH common_table_expression
/// (Transact-SQL)", "Guidelines for defining and using recursive common table expressions").
///
/// # Errors
/// 253, 460, 461, 462, 467.
fn check_member(operand: &QueryBody, bound: &BoundBody, name: &str) -> Result<(), SqlError> {
    let (QueryBody::Select(select), BoundBody::Select(bound)) = (operand, bound) else {
        // TOP is a query of its own.
        let top = matches!(operand, QueryBody::Select(select) if select.top.is_some());
        return match top {
            true => Err(errors::refused_in_recursion(461, "The TOP or OFFSET operator is", name)),
            false => Ok(()),
        };
    };
    let key = fold_name(name);
    let references = select.from.iter().map(|source| references(source, &key)).sum::<usize>();
    let refused = |number, what| Err(errors::refused_in_recursion(number, what, name));
    match references {
        // One more anchor.
        0 => Ok(()),
        2.. => Err(errors::recursive_references(name)),
        _ if select.distinct => refused(460, "DISTINCT operator is"),
        _ if select.from.iter().any(has_outer_join) => refused(462, "Outer join is"),
        _ if select.group_by.is_some()
            || select.having.is_some()
            || bound.items.iter().any(Bound::has_aggregate) =>
        {
            refused(467, "GROUP BY, HAVING, or aggregate functions are")
        }
        _ => Ok(()),
    }
}

/// How often FROM names the CTE.
fn references(source: &TableSource, name: &str) -> usize {
    match &source.kind {
        TableSourceKind::Join(join) => references(&join.left, name) + references(&join.right, name),
        _ => usize::from(source_in(source, name)),
    }
}

fn has_outer_join(source: &TableSource) -> bool {
    let TableSourceKind::Join(join) = &source.kind else { return false };
    matches!(join.kind, JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::OuterApply)
        || has_outer_join(&join.left)
        || has_outer_join(&join.right)
}

/// Whether a query names a table so: what makes a CTE recursive. Subqueries in expressions
/// can't (SQL Server refuses that), so FROM is all there is to look at.
fn mentions(query: &Query, name: &str) -> bool {
    fn body(part: &QueryBody, name: &str) -> bool {
        match part {
            QueryBody::Select(select) => select.from.iter().any(|from| source_in(from, name)),
            QueryBody::SetOperation { operands, .. } => {
                operands.iter().any(|operand| body(operand, name))
            }
            QueryBody::Nested(query) => mentions(query, name),
        }
    }
    body(&query.body, name)
}

fn source_in(source: &TableSource, name: &str) -> bool {
    match &source.kind {
        TableSourceKind::Table { name: table, .. } => table.is_plain(name),
        TableSourceKind::Derived(query) => mentions(query, name),
        TableSourceKind::Join(join) => source_in(&join.left, name) || source_in(&join.right, name),
        TableSourceKind::Pivot(pivot) => source_in(&pivot.source, name),
        TableSourceKind::Unpivot(unpivot) => source_in(&unpivot.source, name),
        _ => false,
    }
}
