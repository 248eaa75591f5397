//! Changes in steps: MERGE, and whatever its OUTPUT needs more for than SQLite's RETURNING gives.
//!
//! The rows to change are first written down, with what is done to each and the values it gets.
//! Then the steps are taken one after the other. OUTPUT reads what was written down (`deleted`
//! and the sources of FROM) beside the table as it is then (`inserted`).

use launchpod_tsql::ast::{Output, Target as TargetName};
use launchpod_types::{SqlError, SqlType};

use super::changed::Changed;
use super::output::{check_output, written_down};
use super::tree::{
    Bound, BoundBody, BoundCte, BoundQuery, BoundSource, Kind, QueryColumn, SourceId,
};
use super::write::{Write, plain_query, plain_select, row_id};
use super::{Binder, int};
use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::errors;

/// The temporary table that rows are written down in.
pub(crate) const STAGE: &str = "launchpod.stage";
/// Its column with the row's number in the table; NULL for a row to insert.
pub(crate) const ROW: &str = "row";
/// Its column with the number of the [`Step`].
pub(crate) const STEP: &str = "step";

/// A change in steps.
pub(crate) struct Staged {
    pub(crate) table: Table,
    /// The name that SQLite knows a row's number by.
    pub(crate) rowid: &'static str,
    /// The stage's columns, and the query that fills it.
    pub(crate) names: Vec<String>,
    pub(crate) rows: BoundQuery,
    pub(crate) steps: Vec<Step>,
    /// What happens when a row of the table comes twice.
    pub(crate) twice: Twice,
    /// The table's CHECK constraints: SQLite needs to know their functions.
    pub(crate) checks: Vec<Bound>,
    /// The rows that WITH CHECK OPTION refuses: there must be none after the steps.
    pub(crate) refused: Option<BoundQuery>,
    pub(crate) outputs: Vec<StagedOutput>,
}

/// What is done with the rows of one number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Delete,
    /// Columns of the table, each with the stage's that has its value.
    Update(Vec<(String, String)>),
    Insert(Vec<(String, String)>),
}

/// What happens when a row of the table comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twice {
    /// One of both counts, as in UPDATE … FROM.
    Once,
    /// Error 8672, as in MERGE.
    Refused,
}

/// Where an OUTPUT goes.
pub(crate) enum StagedOutput {
    Client(Box<BoundQuery>),
    Into(Box<Write>),
}

/// The rows of a staged change before its OUTPUT is bound.
pub(crate) struct Rows {
    pub(crate) changed: Changed,
    pub(crate) ctes: Vec<BoundCte>,
    pub(crate) source: Option<BoundSource>,
    pub(crate) filter: Option<Bound>,
    pub(crate) limit: Option<Bound>,
    /// The number of the step, and the steps in the order of their numbers.
    pub(crate) step: Bound,
    pub(crate) steps: Vec<Step>,
    /// The values that the steps name.
    pub(crate) values: Vec<(String, Bound)>,
    pub(crate) twice: Twice,
    /// The values that the interpreter assigns to variables, by their names, of every row.
    pub(crate) assigned: Vec<(String, SqlType)>,
}

// === impl Step ===

impl Step {
    /// `$action`'s word, and the one in messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Step::Delete => "DELETE",
            Step::Update(_) => "UPDATE",
            Step::Insert(_) => "INSERT",
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds the OUTPUT clauses of a staged change; the scope holds its sources.
    pub(crate) fn staged(&mut self, rows: Rows, outputs: &[Output]) -> Result<Staged, SqlError> {
        let rowid = rows.changed.table.rowid()?;
        let checks = {
            let scopes = std::mem::take(&mut self.scopes);
            let checks = self.checks(&rows.changed.table);
            self.scopes = scopes;
            checks?
        };
        let sources = std::mem::take(&mut self.scope().sources);
        let stage = self.source_id();
        let mut kept = Vec::new();
        let mut scope = self.changed_rows(&rows, stage, &mut kept)?;
        let beside = sources.into_iter().filter(|source| source.id != rows.changed.id);
        scope.extend(beside.map(|source| written_down(source, stage, &mut kept)));
        let changed = scope[0].id;
        let mut bound = Vec::with_capacity(outputs.len());
        for output in outputs {
            self.scope().sources.clone_from(&scope);
            let rule = std::mem::replace(&mut self.aggregates, super::Aggregates::Refused);
            let items = self.items(&output.items, true);
            self.aggregates = rule;
            self.scopes.clear();
            let (items, columns) = items?;
            check_output(&items)?;
            let from = output_source(&rows, rowid, stage, changed);
            let body = BoundBody::Select(Box::new(plain_select(items, Some(from), None)));
            let query = BoundQuery { columns, ..plain_query(Vec::new(), body, None) };
            bound.push((output, query));
        }
        kept.retain(|(name, _)| {
            let used = |value: &Bound| is_column(value, stage, name);
            bound.iter().any(|(_, query)| query.any(&used))
        });
        let mut outputs = Vec::with_capacity(bound.len());
        for (output, query) in bound {
            outputs.push(match &output.into {
                None => StagedOutput::Client(Box::new(query)),
                Some(target) => {
                    StagedOutput::Into(Box::new(self.output_into(target, output, query)?))
                }
            });
        }
        if !rows.assigned.is_empty() {
            outputs.push(StagedOutput::Client(Box::new(assigned_rows(&rows.assigned, stage))));
        }
        let refused = rows.changed.checked().map(|checked| {
            let id = self.source_id();
            refused_rows(checked, id, stage, &rows.steps)
        });
        let head = [(ROW.to_owned(), rows.changed.row), (STEP.to_owned(), rows.step)];
        let (names, items) = head.into_iter().chain(rows.values).chain(kept).unzip();
        let select = plain_select(items, rows.source, rows.filter);
        let body = BoundBody::Select(Box::new(select));
        Ok(Staged {
            table: rows.changed.table,
            rowid,
            names,
            rows: plain_query(rows.ctes, body, rows.limit),
            steps: rows.steps,
            twice: rows.twice,
            checks,
            refused,
            outputs,
        })
    }

    /// The INSERT of what OUTPUT … INTO gives.
    fn output_into(
        &mut self,
        target: &TargetName,
        output: &Output,
        query: BoundQuery,
    ) -> Result<Write, SqlError> {
        let table = self.target(target)?;
        self.environment.check_table(&table, "IN")?;
        let given = self.insert_columns(&table, &output.columns)?;
        if given.len() != query.columns.len() {
            return Err(errors::column_count_mismatch());
        }
        let write = self.insert_given(table, &given, query)?;
        self.scopes.clear();
        Ok(write)
    }
}

/// The rows of the stage that were written and aren't among those that are allowed.
fn refused_rows(
    (allowed, place): &(BoundQuery, usize),
    id: SourceId,
    stage: SourceId,
    steps: &[Step],
) -> BoundQuery {
    let row = stage_column(stage, ROW, SqlType::BigInt, false);
    let allowed = BoundSource::Derived { query: Box::new(allowed.clone()), id };
    let same = same(row_id(id, &format!("c{place}")), row, "=");
    let select = plain_select(vec![int(1)], Some(allowed), Some(same));
    let found = plain_query(Vec::new(), BoundBody::Select(Box::new(select)), None);
    let found = Bound::predicate(Kind::Exists(Box::new(found)), false);
    let missing = Bound::predicate(Kind::Prefix("NOT", Box::new(found)), false);
    let operands = written_steps(stage, steps).chain([missing]).collect();
    let filter = Bound::predicate(Kind::Chain { operator: "AND", operands }, false);
    let from = BoundSource::Table { schema: "temp", name: STAGE.to_owned(), id: stage };
    let select = plain_select(vec![int(1)], Some(from), Some(filter));
    plain_query(Vec::new(), BoundBody::Select(Box::new(select)), None)
}

/// That a row of the stage isn't deleted.
fn written_steps(stage: SourceId, steps: &[Step]) -> impl Iterator<Item = Bound> + '_ {
    let deletes = (0..).zip(steps).filter(|(_, step)| **step == Step::Delete);
    deletes.map(move |(number, _)| {
        same(stage_column(stage, STEP, SqlType::Int, false), int(number), "<>")
    })
}

fn same(left: Bound, right: Bound, operator: &'static str) -> Bound {
    let (left, right) = (Box::new(left), Box::new(right));
    Bound::predicate(Kind::Infix { operator, left, right, collate: false }, false)
}

/// A column of the stage.
pub(crate) fn stage_column(
    stage: SourceId,
    name: &str,
    sql_type: SqlType,
    nullable: bool,
) -> Bound {
    Bound { kind: Kind::Column { source: stage, name: name.to_owned() }, sql_type, nullable }
}

pub(super) fn is_column(value: &Bound, wanted: SourceId, column: &str) -> bool {
    matches!(&value.kind, Kind::Column { source, name } if *source == wanted && name == column)
}

/// What the interpreter assigns, of each row of the stage.
fn assigned_rows(assigned: &[(String, SqlType)], stage: SourceId) -> BoundQuery {
    let value = |(name, sql_type): &(String, SqlType)| stage_column(stage, name, *sql_type, true);
    let column = |(_, sql_type): &(String, SqlType)| QueryColumn {
        name: String::new(),
        sql_type: *sql_type,
        nullable: true,
        identity: false,
    };
    let from = BoundSource::Table { schema: "temp", name: STAGE.to_owned(), id: stage };
    let select = plain_select(assigned.iter().map(value).collect(), Some(from), None);
    let body = BoundBody::Select(Box::new(select));
    BoundQuery {
        columns: assigned.iter().map(column).collect(),
        ..plain_query(Vec::new(), body, None)
    }
}

/// The stage, and beside each row of it the row of the table, unless that was deleted.
fn output_source(rows: &Rows, rowid: &str, stage: SourceId, changed: SourceId) -> BoundSource {
    let own = BoundSource::Table { schema: "temp", name: STAGE.to_owned(), id: stage };
    if rows.twice == Twice::Once && rows.steps == [Step::Delete] {
        return own;
    }
    let row = stage_column(stage, ROW, SqlType::BigInt, false);
    let own_row = same(row_id(changed, rowid), row, "=");
    let conditions = std::iter::once(own_row).chain(written_steps(stage, &rows.steps)).collect();
    let on = Bound::predicate(Kind::Chain { operator: "AND", operands: conditions }, false);
    let table = BoundSource::Table {
        schema: rows.changed.table.attached,
        name: rows.changed.table.storage.clone(),
        id: changed,
    };
    let (left, right) = (Box::new(own), Box::new(table));
    BoundSource::Join { word: "LEFT JOIN", left, right, on: Some(on) }
}
