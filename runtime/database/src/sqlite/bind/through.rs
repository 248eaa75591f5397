//! INSERT, UPDATE, DELETE and MERGE through a query: a view, an inline function, a common table
//! expression or a derived table ("CREATE VIEW", section "Updatable views").
//!
//! The query is bound as where it is only read. Then the [tracer](super::trace) finds the table
//! whose columns are named and whose rows are meant, and the [carrier](super::carry) makes the
//! query give the number of that table's row, whatever stands around it: other tables, window
//! functions, TOP.

use launchpod_tsql::ast::{CreateView, QueryBody, StatementKind, Target as TargetName, same_name};
use launchpod_types::SqlError;

use super::Binder;
use super::carry::Carrier;
use super::changed::{Changed, Column, Through, refused};
use super::module::{changed, parsed};
use super::origin::{Object, Origin};
use super::scope::SourceColumn;
use super::trace::{Lost, Path, Refusal, Tracer};
use super::tree::{BoundCte, BoundSource, SourceId};
use super::write::row_id;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::errors;

/// What a statement touches of what it changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Touched<'s> {
    /// Columns, by their names, and the lines they stand on.
    Columns(Vec<(&'s str, u32)>),
    /// All columns but that of IDENTITY: INSERT without a list.
    EveryColumn,
    /// No column by its name: INSERT … DEFAULT VALUES.
    NewRows,
    /// Whole rows: DELETE.
    Rows,
    /// The same by MERGE alone, which takes the first table's of several.
    FirstRows,
}

/// A source that a statement changes rows through.
struct Target<'t> {
    name: &'t str,
    id: SourceId,
    /// Whether it is a derived table.
    derived: bool,
    /// Its columns, with their values.
    columns: Vec<SourceColumn>,
    touched: &'t Touched<'t>,
}

// === impl Touched ===

impl Touched<'_> {
    /// Whether rows get values that WITH CHECK OPTION looks at.
    fn writes(&self) -> bool {
        !matches!(self, Touched::Rows | Touched::FirstRows)
    }

    fn names_columns(&self) -> bool {
        matches!(self, Touched::Columns(_) | Touched::EveryColumn)
    }
}

// === impl Target ===

impl Target<'_> {
    /// The way to the table that is meant.
    fn way(&self, tracer: &Tracer<'_>, from: &BoundSource) -> Result<Path, SqlError> {
        let mut named = Vec::new();
        match self.touched {
            Touched::Columns(names) => {
                for (name, line) in names {
                    let column = self.columns.iter().find(|own| same_name(&own.name, name));
                    let missing = || errors::invalid_column(name).or_line(*line);
                    named.push(column.ok_or_else(missing)?);
                }
            }
            Touched::EveryColumn => {
                named.extend(self.columns.iter().filter(|column| !column.identity));
            }
            Touched::NewRows | Touched::Rows | Touched::FirstRows => {}
        }
        self.common_way(&named, tracer, from)
            .map_err(|why| refused(&why, self.name, self.derived, self.touched.names_columns()))
    }

    /// The way that columns have in common; without columns, that of the rows.
    fn common_way(
        &self,
        columns: &[&SourceColumn],
        tracer: &Tracer<'_>,
        from: &BoundSource,
    ) -> Result<Path, Refusal> {
        let mut way: Option<Path> = None;
        for column in columns {
            let value = column.value.as_ref().ok_or(Refusal::Derived)?;
            let (own, _) = tracer.column(value, Some(from))?;
            if way.as_ref().is_some_and(|way| *way != own) {
                return Err(Refusal::Tables);
            }
            way = Some(own);
        }
        match (way, from.find(self.id)) {
            (Some(way), _) => Ok(way),
            (None, Some(source)) if *self.touched == Touched::FirstRows => {
                tracer.clone().first().rows(source)
            }
            (None, Some(source)) => tracer.rows(source),
            (None, None) => Err(Refusal::Derived),
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// What a statement changes that names one of its sources. The source is made to give the
    /// number of the table's row.
    ///
    /// # Errors
    /// 207 for columns that aren't there; 259, 4403, 4405, 4406, 4417, 4418, 4420, 4421, 4426
    /// and 4427 where the query's rows or columns aren't those of one table; 40517 for the right
    /// side of APPLY.
    pub(super) fn changed(
        &mut self,
        target: &TargetName,
        id: SourceId,
        source: &mut BoundSource,
        ctes: &[BoundCte],
        touched: &Touched<'_>,
    ) -> Result<Changed, SqlError> {
        let mut sources = self.scope().sources.iter();
        let reads = sources.find(|source| source.id == id).and_then(|own| own.reads.clone());
        let object = self.origins.get(&id).map(|origin| &origin.object);
        if let (Some(BoundSource::Table { .. }), Some(Object::Table(table))) =
            (source.find(id), object)
        {
            let row = row_id(id, table.rowid()?);
            return Ok(Changed { table: table.clone(), id, row, reads, through: None });
        }
        if matches!(object, Some(Object::Applied)) {
            return Err(errors::unsupported("A change of rows through the right side of APPLY"));
        }
        let (name, line) = match target {
            TargetName::Table(name) => (name.to_string(), name.line),
            TargetName::Variable { name, line } => (name.clone(), *line),
        };
        let derived =
            !matches!(object, Some(Object::Module(_) | Object::System(_) | Object::CommonTable(_)));
        let columns = self.columns_in_scope(id);
        let target = Target { name: &name, id, derived, columns, touched };
        let changed = self.changed_through(target, source, ctes);
        let changed = changed.map_err(|error| error.or_line(line))?;
        Ok(Changed { reads, ..changed })
    }

    fn changed_through(
        &self,
        target: Target<'_>,
        source: &mut BoundSource,
        ctes: &[BoundCte],
    ) -> Result<Changed, SqlError> {
        let tracer = Tracer::new(&self.origins, ctes, target.id);
        let path = target.way(&tracer, source)?;
        let steps = path.iter().enumerate();
        let origins: Vec<(usize, Origin)> =
            steps.filter_map(|(step, id)| Some((step, self.origins.get(id)?.clone()))).collect();
        let lost = || errors::internal("a table that a query was traced to isn't in it");
        let Some((last, Origin { object: Object::Table(table), .. })) = origins.last() else {
            return Err(lost());
        };
        let (base, table) = (path[*last], table.clone());
        let kept = match target.touched.writes() {
            true => checked_view(target.name, &path, &origins)?,
            false => None,
        };
        let Target { name, id, derived, columns, .. } = target;
        let columns = columns.into_iter().map(|own| traced(own, &tracer, source, &path)).collect();
        let known: Vec<&BoundCte> = ctes.iter().collect();
        let mut carrier = Carrier::new(table.rowid()?, kept);
        let row = carrier.carry(source, &path, &known).ok_or_else(lost)?;
        let through = Through {
            name: name.to_owned(),
            derived,
            base,
            columns,
            origins,
            checked: carrier.rows,
        };
        Ok(Changed { table, id, row, reads: None, through: Some(through) })
    }

    fn columns_in_scope(&mut self, id: SourceId) -> Vec<SourceColumn> {
        let Some(source) = self.scope().sources.iter().find(|source| source.id == id) else {
            return Vec::new();
        };
        let columns = source.columns.iter().zip(source.values());
        let columns =
            columns.map(|(column, value)| SourceColumn { value: Some(value), ..column.clone() });
        columns.collect()
    }
}

/// A column of a query, and what it is of the table's.
fn traced(
    column: SourceColumn,
    tracer: &Tracer<'_>,
    from: &BoundSource,
    path: &[SourceId],
) -> Column {
    let (stored, of_table) = match &column.value {
        None => (Err(Refusal::Derived), Err(Lost::Query)),
        Some(value) => {
            let stored = tracer.column(value, Some(from)).and_then(|(way, names)| {
                if way == path { Ok(names) } else { Err(Refusal::Tables) }
            });
            (stored, tracer.of_table(value, from, path))
        }
    };
    Column { column, stored, of_table }
}

/// The outermost view WITH CHECK OPTION on the way to a table.
///
/// # Errors
/// 4427 where it, or a view in it, has TOP or OFFSET.
fn checked_view(
    target: &str,
    path: &[SourceId],
    origins: &[(usize, Origin)],
) -> Result<Option<SourceId>, SqlError> {
    let mut checked = None;
    for (step, origin) in origins {
        let Object::Module(module) = &origin.object else { continue };
        if module.kind != ModuleKind::View {
            continue;
        }
        let view = definition(module)?;
        checked = checked.or(view.check_option.then_some(path[*step]));
        let top = matches!(&view.query.body, QueryBody::Select(select) if select.top.is_some());
        if checked.is_some() && (top || view.query.offset.is_some()) {
            return Err(errors::check_option_of_top(target));
        }
    }
    Ok(checked)
}

fn definition(module: &Module) -> Result<Box<CreateView>, SqlError> {
    match parsed(module)? {
        StatementKind::CreateView(view) => Ok(view),
        _ => Err(changed(module)),
    }
}
