//! MERGE: one join of target and source, whose rows the WHEN clauses share out.

use launchpod_tsql::ast::{Expr, Identifier, Merge, MergeAction, MergeBranch, MergeWhen};
use launchpod_types::{SqlError, SqlType, Value};

use super::apply::one;
use super::changed::Changed;
use super::scope::ScopeSource;
use super::sequence::Sequences;
use super::staged::{Rows, Staged, Step, Twice};
use super::through::Touched;
use super::tree::{Bound, BoundSource, Kind, SourceId};
use super::write::there;
use super::write_sources::{assigned_columns, touched_by};
use super::{Binder, int};
use crate::sqlite::errors;

/// The WHEN clauses as far as they are bound.
#[derive(Default)]
struct Branches {
    /// Which rows a clause takes, and the number of its step.
    cases: Vec<(Bound, Bound)>,
    steps: Vec<Step>,
    values: Vec<(String, Bound)>,
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds MERGE ("MERGE (Transact-SQL)").
    pub(crate) fn merge(&mut self, merge: &Merge) -> Result<Staged, SqlError> {
        self.heed_hints(&merge.options)?;
        self.sequences = Sequences::Refused(errors::next_value_in_merge);
        check_branches(&merge.branches)?;
        let ctes = self.common_tables(&merge.ctes)?;
        self.scopes.clear();
        let source = self.table_source(&merge.source)?;
        let source_ids = source.ids();
        let (id, mut target) = self.put_target(&merge.target, merge.alias.as_ref())?;
        let changed =
            self.changed(&merge.target, id, &mut target, &ctes, &touched(&merge.branches))?;
        if changed.through.is_some() {
            target = self.rows_there(target, &changed.row);
        }
        for branch in &merge.branches {
            let (code, columns) = match &branch.action {
                MergeAction::Insert { .. } => ("IN", Vec::new()),
                MergeAction::Update(assignments) => ("UP", assigned_columns(assignments)),
                MergeAction::Delete => ("DL", Vec::new()),
            };
            for column in &columns {
                changed.place(column).map_err(|error| error.or_line(branch.line))?;
            }
            self.check_changed(&changed, (code, &columns), true)?;
        }
        let on = self.predicate(&merge.condition)?;
        let marker = self.source_id();
        let side = |when| merge.branches.iter().any(|branch| branch.when == when);
        let new = side(MergeWhen::NotMatchedByTarget);
        let old = side(MergeWhen::NotMatchedBySource);
        if old {
            self.make_nullable(&source_ids);
        }
        if new {
            self.make_nullable(&[id]);
            self.guard_computed(&[id]);
        }
        let source = joined(target, source, marker, on, (new, old));
        let mut bound = Branches::default();
        let sources = self.scope().sources.clone();
        for branch in &merge.branches {
            self.scope().sources = in_sight(&sources, id, branch.when);
            let there = presence(branch.when, &changed.row, marker, (new, old));
            self.merge_branch(&changed, branch, there, &mut bound)
                .map_err(|error| error.or_line(branch.line))?;
        }
        self.scope().sources = sources;
        let step = Bound {
            kind: Kind::Case { branches: bound.cases, otherwise: None },
            sql_type: SqlType::Int,
            nullable: true,
        };
        let null = Bound::written(Value::Null);
        let taken = infix("IS NOT", step.clone(), null);
        let rows = Rows {
            changed,
            ctes,
            source: Some(source),
            filter: Some(taken),
            limit: self.write_top(merge.top.as_ref())?,
            values: bound.values,
            step,
            steps: bound.steps,
            twice: Twice::Refused,
            assigned: Vec::new(),
        };
        self.staged(rows, &merge.outputs)
    }

    /// A query's rows without those for which it has no row of the table.
    fn rows_there(&mut self, source: BoundSource, row: &Bound) -> BoundSource {
        let marker = self.source_id();
        let (left, right) = (Box::new(source), Box::new(one(marker)));
        BoundSource::Join { word: "JOIN", left, right, on: there(row, None) }
    }

    fn merge_branch(
        &mut self,
        changed: &Changed,
        branch: &MergeBranch,
        there: Bound,
        bound: &mut Branches,
    ) -> Result<(), SqlError> {
        let mut conditions = vec![there];
        if let Some(condition) = &branch.condition {
            conditions.push(self.predicate(condition)?);
        }
        let kind = Kind::Chain { operator: "AND", operands: conditions };
        let number = int(i64::try_from(bound.steps.len()).unwrap_or(i64::MAX));
        let before = bound.cases.clone();
        bound.cases.push((Bound::predicate(kind, true), number.clone()));
        let (columns, values) = match &branch.action {
            MergeAction::Delete => {
                bound.steps.push(Step::Delete);
                return Ok(());
            }
            MergeAction::Update(assignments) => self.set_clauses(changed, assignments)?,
            MergeAction::Insert { columns, values } => {
                self.merge_insert(changed, columns, values.as_deref())?
            }
        };
        // A clause's values are computed for its own rows alone.
        let mine = infix("=", case(before, &bound.cases), number);
        let mut assigned = Vec::with_capacity(columns.len());
        for (column, value) in columns.into_iter().zip(values) {
            let name = format!("v{}", bound.values.len());
            let branches = vec![(mine.clone(), value.clone())];
            let kind = Kind::Case { branches, otherwise: None };
            bound.values.push((name.clone(), Bound { kind, ..value }));
            assigned.push((column, name));
        }
        bound.steps.push(match branch.action {
            MergeAction::Insert { .. } => Step::Insert(assigned),
            _ => Step::Update(assigned),
        });
        Ok(())
    }

    /// The columns and values of `INSERT (…) VALUES (…)`, defaults and identities included.
    fn merge_insert(
        &mut self,
        changed: &Changed,
        names: &[Identifier],
        values: Option<&[Expr]>,
    ) -> Result<(Vec<String>, Vec<Bound>), SqlError> {
        let table = &changed.table;
        let (given, values) = match values {
            Some(values) => (self.insert_columns(table, &changed.given(names)?)?, values),
            None => (Vec::new(), &[][..]),
        };
        if given.len() != values.len() {
            return Err(match (names.is_empty(), values.len() < given.len()) {
                (true, _) => errors::column_count_mismatch(),
                (false, true) => errors::more_columns_than_values(),
                (false, false) => errors::fewer_columns_than_values(),
            });
        }
        let mut columns = Vec::with_capacity(table.columns.len());
        let mut bound = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            let value = match given.iter().position(|at| *at == index) {
                Some(place) => Some(self.assigned_value(table, column, &values[place])?),
                None => self.absent(table, column)?,
            };
            if let Some(value) = value {
                columns.push(column.name.clone());
                bound.push(value);
            }
        }
        Ok((columns, bound))
    }
}

/// The step of a row, as far as the clauses up to here say.
fn case(before: Vec<(Bound, Bound)>, cases: &[(Bound, Bound)]) -> Bound {
    let mut branches = before;
    branches.extend(cases.last().cloned());
    Bound { kind: Kind::Case { branches, otherwise: None }, sql_type: SqlType::Int, nullable: true }
}

/// The join whose rows are shared out. Beside the source stands a marker, which is NULL where
/// the source has no row.
fn joined(
    target: BoundSource,
    source: BoundSource,
    marker: SourceId,
    on: Bound,
    (new, old): (bool, bool),
) -> BoundSource {
    let join = |word, left, right, on| {
        let (left, right) = (Box::new(left), Box::new(right));
        BoundSource::Join { word, left, right, on }
    };
    match (new, old) {
        (false, false) => join("JOIN", source, target, Some(on)),
        (true, false) => join("LEFT JOIN", source, target, Some(on)),
        (new, _) => {
            let source = join("CROSS JOIN", source, one(marker), None);
            join(if new { "FULL JOIN" } else { "LEFT JOIN" }, target, source, Some(on))
        }
    }
}

/// Whether a row of the join is of a clause's kind.
fn presence(when: MergeWhen, target: &Bound, marker: SourceId, (new, old): (bool, bool)) -> Bound {
    let null = |operator, value| infix(operator, value, Bound::written(Value::Null));
    let kind = Kind::Column { source: marker, name: "c0".to_owned() };
    let source = Bound { kind, sql_type: SqlType::Int, nullable: true };
    match when {
        MergeWhen::NotMatchedByTarget => null("IS", target.clone()),
        MergeWhen::NotMatchedBySource => null("IS", source),
        MergeWhen::Matched => {
            let mut both = vec![int(1)];
            if new {
                both.push(null("IS NOT", target.clone()));
            }
            if old {
                both.push(null("IS NOT", source));
            }
            Bound::predicate(Kind::Chain { operator: "AND", operands: both }, false)
        }
    }
}

fn infix(operator: &'static str, left: Bound, right: Bound) -> Bound {
    let (left, right) = (Box::new(left), Box::new(right));
    Bound::predicate(Kind::Infix { operator, left, right, collate: false }, true)
}

/// What a clause may name: the target has no columns where it has no row, nor has the source.
fn in_sight(sources: &[ScopeSource], target: SourceId, when: MergeWhen) -> Vec<ScopeSource> {
    let seen = |source: &&ScopeSource| match when {
        MergeWhen::Matched => true,
        MergeWhen::NotMatchedByTarget => source.id != target,
        MergeWhen::NotMatchedBySource => source.id == target,
    };
    sources.iter().filter(seen).cloned().collect()
}

/// What the clauses touch of the target.
fn touched(branches: &[MergeBranch]) -> Touched<'_> {
    let mut columns = Vec::new();
    for branch in branches {
        match &branch.action {
            MergeAction::Delete => {}
            MergeAction::Update(assignments) => {
                if let Touched::Columns(assigned) = touched_by(assignments) {
                    columns.extend(assigned);
                }
            }
            MergeAction::Insert { columns: names, values: Some(_) } if !names.is_empty() => {
                columns.extend(names.iter().map(|name| (name.text.as_str(), branch.line)));
            }
            MergeAction::Insert { values: Some(_), .. } => return Touched::EveryColumn,
            MergeAction::Insert { values: None, .. } => return Touched::NewRows,
        }
    }
    if columns.is_empty() { Touched::FirstRows } else { Touched::Columns(columns) }
}

/// Refuses WHEN clauses that can't stand beside each other.
fn check_branches(branches: &[MergeBranch]) -> Result<(), SqlError> {
    for (index, branch) in branches.iter().enumerate() {
        let clause = clause_name(branch.when);
        let action = action_name(&branch.action);
        let inserts = matches!(branch.action, MergeAction::Insert { .. });
        if inserts != (branch.when == MergeWhen::NotMatchedByTarget) {
            return Err(errors::merge_action(inserts, action, clause).or_line(branch.line));
        }
        for earlier in branches[..index].iter().filter(|earlier| earlier.when == branch.when) {
            let error = if action_name(&earlier.action) == action {
                errors::merge_action_twice(clause, action)
            } else if earlier.condition.is_none() {
                errors::merge_unreachable(clause, branch.condition.is_some())
            } else {
                continue;
            };
            return Err(error.or_line(branch.line));
        }
    }
    Ok(())
}

fn clause_name(when: MergeWhen) -> &'static str {
    match when {
        MergeWhen::Matched => "WHEN MATCHED",
        MergeWhen::NotMatchedByTarget => "WHEN NOT MATCHED",
        MergeWhen::NotMatchedBySource => "WHEN NOT MATCHED BY SOURCE",
    }
}

fn action_name(action: &MergeAction) -> &'static str {
    match action {
        MergeAction::Update(_) => "UPDATE",
        MergeAction::Delete => "DELETE",
        MergeAction::Insert { .. } => "INSERT",
    }
}
