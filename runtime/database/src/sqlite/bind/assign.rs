//! Assigning row by row, from left to right: `SELECT @v = …` whose values use the variables that it
//! assigns, in the order of ORDER BY ("SELECT @local_variable (Transact-SQL)"), and `UPDATE … SET
//! @v = …` ("UPDATE (Transact-SQL)").

use launchpod_tsql::ast::{Assignment, SelectItem, Update, fold_name};
use launchpod_types::{SqlError, SqlType, Value};

use super::changed::Changed;
use super::source::uses;
use super::staged::{Rows, Step, Twice};
use super::tree::{
    Bound, BoundBody, BoundOrder, BoundQuery, BoundSelect, BoundSource, Kind, QueryColumn, SourceId,
};
use super::write::{Change, derived_column, plain_query, plain_select, there};
use super::write_sources::{Sources, assigned_columns};
use super::{Aggregates, Binder, coerce};
use crate::sqlite::errors;

/// The variables that a select list assigns.
pub(crate) struct Assigning {
    /// Their names, in lower case.
    names: Vec<String>,
    /// How many scopes are around the list: a subquery has more.
    depth: usize,
    /// Whether a value uses one of them.
    used: bool,
}

// === impl Binder ===

impl Binder<'_> {
    /// Notes the variables that a list assigns, as long as `bind` binds it; whether a value used
    /// one of them.
    pub(super) fn while_assigning<'v, T>(
        &mut self,
        variables: impl IntoIterator<Item = &'v str>,
        bind: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<(T, bool), SqlError> {
        let mut names: Vec<String> = Vec::new();
        for variable in variables {
            let name = fold_name(variable);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let assigning = (!names.is_empty()).then_some(Assigning {
            names,
            depth: self.scopes.len(),
            used: false,
        });
        let before = std::mem::replace(&mut self.assigning, assigning);
        let bound = bind(self);
        let used = std::mem::replace(&mut self.assigning, before).is_some_and(|own| own.used);
        Ok((bound?, used))
    }

    /// The present value of a variable that the list being bound assigns; `None` for others.
    pub(super) fn assigned_variable(&mut self, key: &str) -> Result<Option<Bound>, SqlError> {
        let (scopes, aggregates) = (self.scopes.len(), self.aggregates);
        let Some(assigning) = &mut self.assigning else { return Ok(None) };
        let Some(place) = assigning.names.iter().position(|name| name == key) else {
            return Ok(None);
        };
        // An aggregate is computed before anything is assigned.
        if aggregates == Aggregates::Inside {
            return Ok(None);
        }
        if scopes > assigning.depth {
            return Err(errors::unsupported(
                "an assignment by SELECT or UPDATE with a subquery that uses an assigned variable",
            ));
        }
        assigning.used = true;
        let Some(variable) = self.variables.get(key) else { return Ok(None) };
        let sql_type = variable.sql_type;
        let function = self.environment.session.assigned.get(place, sql_type);
        Ok(Some(coerce::call(function, Vec::new(), sql_type, true)))
    }

    /// Makes a SELECT assign row by row: what it needs of its sources is queried and ordered
    /// first, then each row's values are computed and kept.
    pub(super) fn row_by_row(
        &mut self,
        list: &[SelectItem],
        select: BoundSelect,
        order_by: Vec<BoundOrder>,
        limit: Option<Bound>,
    ) -> Result<BoundSelect, SqlError> {
        if select.distinct {
            return Err(errors::unsupported("SELECT DISTINCT @v = … that uses @v itself"));
        }
        let BoundSelect { items, from, .. } = select.clone();
        let mut names = Vec::new();
        let mut values = Vec::new();
        let mut assigned = Vec::with_capacity(items.len());
        let id = self.source_id();
        let mut needed = Vec::new();
        for (item, value) in list.iter().zip(items) {
            let SelectItem::Assign { variable, .. } = item else { continue };
            let key = fold_name(variable);
            let held = self.variables.get(&key);
            let held = held.ok_or_else(|| errors::undeclared_variable(variable))?;
            let place = names.iter().position(|name| *name == key).unwrap_or_else(|| {
                names.push(key.clone());
                values.push(held.value.clone());
                names.len() - 1
            });
            let value = match from {
                Some(_) => value.replace(&mut |part| hoisted(part, id, &mut needed)),
                None => value,
            };
            let value = coerce::implicit(value, held.sql_type)?;
            let function = self.environment.session.assigned.set(place, held.sql_type);
            assigned.push(coerce::call(function, vec![value], held.sql_type, true));
        }
        self.environment.session.assigned.begin(values);
        if from.is_none() {
            return Ok(BoundSelect { items: assigned, ..select });
        }
        let columns = needed.iter().map(|value: &Bound| QueryColumn {
            name: String::new(),
            sql_type: value.sql_type,
            nullable: true,
            identity: false,
        });
        let columns = columns.collect();
        if needed.is_empty() {
            needed.push(super::int(1));
        }
        let body = BoundBody::Select(Box::new(BoundSelect { items: needed, ..select }));
        // With a limit on either side SQLite doesn't make one query of both.
        let every = Bound::constant(Value::Int(-1), SqlType::BigInt);
        let limit = Some(limit.unwrap_or(every));
        let query = BoundQuery { columns, order_by, ..plain_query(Vec::new(), body, limit) };
        let from = BoundSource::Derived { query: Box::new(query), id };
        Ok(plain_select(assigned, Some(from), None))
    }

    /// An UPDATE that assigns to variables. Each row's values are computed, and kept in the
    /// variables, when it is written down; the interpreter gets them as rows.
    pub(super) fn update_and_assign(
        &mut self,
        update: &Update,
        sources: Sources,
    ) -> Result<Change, SqlError> {
        if !update.outputs.is_empty() {
            return Err(errors::unsupported("UPDATE … SET @variable = … with OUTPUT"));
        }
        let Sources { changed, ctes, source } = sources;
        let variables = update.assigned();
        let (clauses, _) = self.while_assigning(variables.iter().copied(), |binder| {
            binder.assigning_clauses(&changed, &variables, &update.assignments)
        })?;
        let reads =
            update.filter.is_some() || clauses.values.iter().any(|(_, v)| uses(v, changed.id));
        self.check_changed(&changed, ("UP", &assigned_columns(&update.assignments)), reads)?;
        let filter = there(&changed.row, self.filter(update.filter.as_ref())?);
        let limit = self.write_top(update.top.as_ref())?;
        let columns = clauses.columns;
        let steps = if columns.is_empty() { Vec::new() } else { vec![Step::Update(columns)] };
        let rows = Rows {
            changed,
            ctes,
            source: Some(source),
            filter,
            limit,
            step: super::int(0),
            steps,
            values: clauses.values,
            twice: Twice::Once,
            assigned: clauses.assigned,
        };
        Ok(Change::Staged(Box::new(self.staged(rows, &[])?)))
    }

    fn assigning_clauses(
        &mut self,
        changed: &Changed,
        variables: &[&str],
        assignments: &[Assignment],
    ) -> Result<Clauses, SqlError> {
        let mut held = Vec::with_capacity(variables.len());
        for variable in variables {
            let known = self.variables.get(&fold_name(variable));
            let known = known.ok_or_else(|| errors::undeclared_variable(variable))?;
            held.push((known.value.clone(), known.sql_type));
        }
        let cells = self.environment.session.assigned.clone();
        let (mut initial, types): (Vec<Value>, Vec<SqlType>) = held.into_iter().unzip();
        let mut clauses = Clauses::default();
        let mut last: Vec<String> = vec![String::new(); variables.len()];
        for (index, assignment) in assignments.iter().enumerate() {
            let or_line = |error: SqlError| error.or_line(assignment.line);
            let place = assignment.variable.as_deref().and_then(|variable| {
                variables.iter().position(|known| known.eq_ignore_ascii_case(variable))
            });
            let value = match (&assignment.column, place) {
                (Some(name), _) => {
                    let (column, value) =
                        self.set_column(changed, assignment, name).map_err(or_line)?;
                    let name = changed.table.columns[column].name.clone();
                    if clauses.columns.iter().any(|(known, _)| *known == name) {
                        return Err(errors::column_twice(&name));
                    }
                    // The variable gets the column's new value, computed once.
                    let (own, sql_type, nullable) = (initial.len(), value.sql_type, value.nullable);
                    initial.push(Value::Null);
                    let set = cells.set(own, sql_type);
                    let stage = format!("v{index}");
                    clauses.columns.push((name, stage.clone()));
                    let value = coerce::call(set, vec![value], sql_type, nullable);
                    clauses.values.push((stage, value));
                    coerce::call(cells.get(own, sql_type), Vec::new(), sql_type, nullable)
                }
                (None, Some(place)) => {
                    let (variable, operator) = (variables[place], assignment.operator);
                    self.assignment(variable, operator, &assignment.value).map_err(or_line)?
                }
                (None, None) => continue,
            };
            let Some(place) = place else { continue };
            let sql_type = types[place];
            let value = coerce::implicit(value, sql_type).map_err(or_line)?;
            let set = cells.set(place, sql_type);
            last[place] = format!("a{index}");
            let value = coerce::call(set, vec![value], sql_type, true);
            clauses.values.push((last[place].clone(), value));
        }
        if let Some((name, value)) = self.raised_version(&changed.table) {
            clauses.columns.push((name, "version".to_owned()));
            clauses.values.push(("version".to_owned(), value));
        }
        clauses.assigned = last.into_iter().zip(types).collect();
        cells.begin(initial);
        Ok(clauses)
    }
}

/// What the SET of an UPDATE comes to that assigns to variables.
#[derive(Default)]
struct Clauses {
    /// Columns of the table, each with the stage's that has its value.
    columns: Vec<(String, String)>,
    /// The stage's columns.
    values: Vec<(String, Bound)>,
    /// Those of them that have the variables' values, in the variables' order.
    assigned: Vec<(String, SqlType)>,
}

/// A part of a value that the sources give: a column of the query beneath.
fn hoisted(part: &Bound, id: SourceId, needed: &mut Vec<Bound>) -> Option<Bound> {
    let given = matches!(
        part.kind,
        Kind::Column { .. }
            | Kind::Aggregate(_)
            | Kind::Scalar(_)
            | Kind::Exists(_)
            | Kind::InQuery { .. }
    );
    if !given {
        return None;
    }
    let index = needed.iter().position(|known| known == part).unwrap_or_else(|| {
        needed.push(part.clone());
        needed.len() - 1
    });
    let column = QueryColumn {
        name: String::new(),
        sql_type: part.sql_type,
        nullable: part.nullable,
        identity: false,
    };
    Some(derived_column(id, index, &column))
}
