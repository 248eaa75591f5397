//! `SELECT @v = …` whose values use the variables that it assigns: row by row, from left to
//! right, in the order of ORDER BY ("SELECT @local_variable (Transact-SQL)").

use launchpod_tsql::ast::{SelectItem, fold_name};
use launchpod_types::{SqlError, SqlType, Value};

use super::tree::{
    Bound, BoundBody, BoundOrder, BoundQuery, BoundSelect, BoundSource, Kind, QueryColumn,
};
use super::write::{derived_column, plain_query, plain_select};
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
    pub(super) fn while_assigning<T>(
        &mut self,
        list: &[SelectItem],
        bind: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<(T, bool), SqlError> {
        let mut names: Vec<String> = Vec::new();
        for item in list {
            if let SelectItem::Assign { variable, .. } = item {
                let name = fold_name(variable);
                if !names.contains(&name) {
                    names.push(name);
                }
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
                "SELECT @v = … with a subquery that uses a variable which it assigns",
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
}

/// A part of a value that the sources give: a column of the query beneath.
fn hoisted(part: &Bound, id: super::tree::SourceId, needed: &mut Vec<Bound>) -> Option<Bound> {
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
