//! What OUTPUT may name: `inserted`, `deleted`, `$action` and the sources beside them ("OUTPUT
//! Clause (Transact-SQL)").

use launchpod_tsql::ast::Output;
use launchpod_types::{Length, SqlError, SqlType};

use super::changed::Changed;
use super::scope::{ScopeSource, SourceColumn};
use super::staged::{Rows, STEP, Step, Twice, stage_column};
use super::table::where_row;
use super::tree::{Bound, Kind, SourceId};
use super::write::{BARE, OutputRows, row_id};
use super::{Binder, int};
use crate::sqlite::errors;

/// Columns that OUTPUT may not name: they are columns of sources that no query has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untold {
    OtherTable,
    InsertedSubquery,
    DeletedSubquery,
    Window,
}

// === impl Untold ===

impl Untold {
    const ALL: [Untold; 4] =
        [Untold::OtherTable, Untold::InsertedSubquery, Untold::DeletedSubquery, Untold::Window];

    /// The number of the source.
    fn source(self) -> SourceId {
        SourceId::MAX - self as SourceId
    }

    /// A column that OUTPUT may not name for this reason.
    pub(super) fn of(self, column: &SourceColumn) -> Bound {
        let kind = Kind::Column { source: self.source(), name: column.name.clone() };
        Bound { kind, sql_type: column.sql_type, nullable: column.nullable }
    }

    fn error(self, column: &str) -> SqlError {
        match self {
            Untold::OtherTable => errors::output_of_other_table(column),
            Untold::InsertedSubquery => errors::output_of_subquery("inserted", column),
            Untold::DeletedSubquery => errors::output_of_subquery("deleted", column),
            Untold::Window => errors::unsupported(format_args!(
                "OUTPUT of inserted.{column}, which is computed of several rows,"
            )),
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Binds OUTPUT over the columns of the changed rows, which SQLite names without a source.
    pub(super) fn returning(
        &mut self,
        output: &Output,
        changed: &Changed,
        rows: &str,
    ) -> Result<OutputRows, SqlError> {
        self.scopes.clear();
        let columns = match &changed.through {
            Some(through) => through.after(BARE, None),
            None => self.columns_of(&changed.table, BARE)?,
        };
        self.add_source(BARE, rows, None, columns)?;
        if let Some(source) = self.scope().sources.last_mut() {
            source.reads.clone_from(&changed.reads);
        }
        let bound = self.items(&output.items, true);
        self.scopes.clear();
        let bound = bound?;
        check_output(&bound.0)?;
        Ok(bound)
    }

    /// Whether SQLite's RETURNING, which knows a row's new values only, can say an OUTPUT.
    pub(super) fn returns(&mut self, outputs: &[Output], changed: &Changed) -> bool {
        let [output] = outputs else { return false };
        if output.into.is_some() {
            return false;
        }
        let scopes = std::mem::take(&mut self.scopes);
        let bound = self.returning(output, changed, "inserted");
        self.scopes = scopes;
        bound.is_ok()
    }

    /// `inserted`, `deleted` and `$action`, as far as the steps have them. The first is always
    /// the source of the changed rows.
    pub(super) fn changed_rows(
        &mut self,
        rows: &Rows,
        stage: SourceId,
        kept: &mut Vec<(String, Bound)>,
    ) -> Result<Vec<ScopeSource>, SqlError> {
        let any = |wanted: fn(&Step) -> bool| rows.steps.iter().any(wanted);
        let deletes = any(|step| matches!(step, Step::Delete));
        let inserts = any(|step| matches!(step, Step::Insert(_)));
        let updates = any(|step| matches!(step, Step::Update(_)));
        let source = |id, name: &str, columns| ScopeSource {
            id,
            name: name.to_owned(),
            qualifier: None,
            columns,
            rowid: None,
            reads: rows.changed.reads.clone(),
        };
        let mut scope = Vec::with_capacity(3);
        let inserted_id = self.source_id();
        let merges = rows.twice == Twice::Refused;
        let mut deleted = None;
        if deletes || updates || merges {
            let columns = self.columns_before(&rows.changed, inserts)?;
            let own = source(rows.changed.id, "deleted", columns);
            deleted = Some(written_down(own, stage, kept));
        }
        if inserts || updates || merges {
            let columns =
                self.columns_after(&rows.changed, inserted_id, deletes, deleted.as_ref())?;
            scope.push(source(inserted_id, "inserted", columns));
        } else {
            scope.push(source(inserted_id, "", Vec::new()));
        }
        scope.extend(deleted);
        if merges {
            let column = SourceColumn {
                name: "$action".to_owned(),
                storage: STEP.to_owned(),
                sql_type: SqlType::NVarChar(Length::Limited(10)),
                nullable: false,
                identity: false,
                value: Some(action(stage, &rows.steps)),
            };
            scope.push(ScopeSource { reads: None, ..source(stage, "", vec![column]) });
        }
        Ok(scope)
    }

    /// `deleted`. A row that is inserted has none.
    fn columns_before(
        &mut self,
        changed: &Changed,
        inserts: bool,
    ) -> Result<Vec<SourceColumn>, SqlError> {
        let mut columns = match &changed.through {
            Some(through) => through.before(),
            None => self.columns_of(&changed.table, changed.id)?,
        };
        if inserts {
            make_absent(&mut columns, &changed.row);
        }
        Ok(columns)
    }

    /// `inserted`. A row that is deleted has none.
    fn columns_after(
        &mut self,
        changed: &Changed,
        id: SourceId,
        deletes: bool,
        deleted: Option<&ScopeSource>,
    ) -> Result<Vec<SourceColumn>, SqlError> {
        let mut columns = match &changed.through {
            Some(through) => through.after(id, deleted.map(ScopeSource::values).as_deref()),
            None => self.columns_of(&changed.table, id)?,
        };
        if deletes {
            make_absent(&mut columns, &row_id(id, changed.table.rowid()?));
        }
        Ok(columns)
    }
}

/// Makes the columns of a source nullable that may have no row: all are NULL there, computed ones
/// as well.
fn make_absent(columns: &mut [SourceColumn], row: &Bound) {
    for column in columns {
        column.nullable = true;
        column.value = column.value.take().map(|value| where_row(row.clone(), value));
    }
}

/// A source whose columns are read from the stage instead.
pub(super) fn written_down(
    source: ScopeSource,
    stage: SourceId,
    kept: &mut Vec<(String, Bound)>,
) -> ScopeSource {
    let mut columns = source.columns.clone();
    for (index, column) in columns.iter_mut().enumerate() {
        let value = source.column(index);
        if untold(&value).is_some() {
            continue;
        }
        let name = format!("x{}", kept.len());
        column.value = Some(stage_column(stage, &name, value.sql_type, value.nullable));
        kept.push((name, value));
    }
    ScopeSource { columns, ..source }
}

/// `$action`
fn action(stage: SourceId, steps: &[Step]) -> Bound {
    let sql_type = SqlType::NVarChar(Length::Limited(10));
    let branches = steps.iter().enumerate().map(|(number, step)| {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let is = Kind::Infix {
            operator: "=",
            left: Box::new(stage_column(stage, STEP, SqlType::Int, false)),
            right: Box::new(int(number)),
            collate: false,
        };
        (Bound::predicate(is, false), Bound::constant(step.word().into(), sql_type))
    });
    let kind = Kind::Case { branches: branches.collect(), otherwise: None };
    Bound { kind, sql_type, nullable: false }
}

/// Why OUTPUT may not say a value.
fn untold(value: &Bound) -> Option<SqlError> {
    let own = || {
        let Kind::Column { source, name } = &value.kind else { return None };
        let kind = Untold::ALL.into_iter().find(|kind| kind.source() == *source)?;
        Some(kind.error(name))
    };
    own().or_else(|| value.children().into_iter().find_map(untold))
}

/// Refuses what OUTPUT may not say.
///
/// # Errors
/// 404, 4186, 10705; 40517 for a window function of a row that is inserted.
pub(super) fn check_output(items: &[Bound]) -> Result<(), SqlError> {
    if let Some(error) = items.iter().find_map(untold) {
        return Err(error);
    }
    if items.iter().any(Bound::has_query) { Err(errors::subquery_in_output()) } else { Ok(()) }
}
