//! Which table's column a query's column is, and which table's rows its rows are ("CREATE VIEW",
//! section "Updatable views").

use std::collections::BTreeMap;

use super::origin::{Object, Origin};
use super::tree::{
    Bound, BoundBody, BoundCte, BoundQuery, BoundSelect, BoundSource, Kind, SourceId,
};

/// The numbers of sources, each within the one before: from a query's own to a table's.
pub(super) type Path = Vec<SourceId>;

/// Why rows can't be changed through a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// A column is computed.
    Derived,
    /// A column is one of a UNION, which stands in this view when it isn't the query itself.
    United(Option<String>),
    /// Rows stand for several: DISTINCT, GROUP BY, aggregates, PIVOT, EXCEPT.
    Grouped,
    /// Rows are those of a UNION.
    Union,
    /// The rows of several tables would change.
    Tables,
    /// Rows are the system's, of this view.
    System(String),
}

/// Why a column of the changed row can't be computed from the table's new values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// It is computed of several rows, as a window function is.
    Window,
    /// It is another table's.
    OtherTable,
    /// It has a subquery.
    Query,
}

/// Looks through queries.
#[derive(Clone)]
pub(super) struct Tracer<'t> {
    origins: &'t BTreeMap<SourceId, Origin>,
    ctes: Vec<&'t BoundCte>,
    /// The source that the statement names.
    target: SourceId,
    /// Whether of several tables the first is meant.
    first: bool,
}

// === impl Tracer ===

impl<'t> Tracer<'t> {
    pub(super) fn new(
        origins: &'t BTreeMap<SourceId, Origin>,
        ctes: &'t [BoundCte],
        target: SourceId,
    ) -> Self {
        Tracer { origins, ctes: ctes.iter().collect(), target, first: false }
    }

    /// The same, which of several tables takes the first.
    pub(super) fn first(self) -> Self {
        Tracer { first: true, ..self }
    }

    /// The way from a value over sources to the column of a table that it is, and its name in
    /// each of them.
    pub(super) fn column(
        &self,
        value: &Bound,
        from: Option<&'t BoundSource>,
    ) -> Result<(Path, Vec<String>), Refusal> {
        let Kind::Column { source, name } = &value.kind else { return Err(Refusal::Derived) };
        let found = from.and_then(|from| from.find(*source)).ok_or(Refusal::Derived)?;
        let (mut path, mut names, own) = match found {
            BoundSource::Table { .. } => (Path::new(), Vec::new(), name.clone()),
            _ => self.inside(found, *source, |inner, query| {
                let index = place(name).ok_or(Refusal::Derived)?;
                let (path, names) = inner.query_column(query, index)?;
                let own = query.columns.get(index).ok_or(Refusal::Derived)?;
                Ok((path, names, own.name.clone()))
            })?,
        };
        path.insert(0, *source);
        names.insert(0, own);
        Ok((path, names))
    }

    fn query_column(
        &self,
        query: &'t BoundQuery,
        index: usize,
    ) -> Result<(Path, Vec<String>), Refusal> {
        match &query.body {
            BoundBody::Select(select) => {
                let item = select.items.get(index).ok_or(Refusal::Derived)?;
                let found = self.column(item, select.from.as_ref())?;
                if is_grouped(select) { Err(Refusal::Grouped) } else { Ok(found) }
            }
            BoundBody::Nested(query) => self.query_column(query, index),
            body @ BoundBody::Set { .. } if has_union(body) => Err(Refusal::United(None)),
            BoundBody::Set { .. } => Err(Refusal::Grouped),
            BoundBody::Values(_) => Err(Refusal::Derived),
        }
    }

    /// The way from a source to the table whose rows its rows are.
    pub(super) fn rows(&self, source: &'t BoundSource) -> Result<Path, Refusal> {
        let (id, mut path) = match source {
            BoundSource::Table { id, .. } => (*id, Path::new()),
            BoundSource::Join { left, .. } if self.first => return self.rows(left),
            BoundSource::Join { .. } => return Err(Refusal::Tables),
            BoundSource::Cte { id, .. }
            | BoundSource::Derived { id, .. }
            | BoundSource::Ordered { id, .. }
            | BoundSource::Rows { id, .. }
            | BoundSource::System { id, .. } => {
                (*id, self.inside(source, *id, |inner, query| inner.query_rows(query))?)
            }
        };
        path.insert(0, id);
        Ok(path)
    }

    fn query_rows(&self, query: &'t BoundQuery) -> Result<Path, Refusal> {
        match &query.body {
            BoundBody::Select(select) if is_grouped(select) => Err(Refusal::Grouped),
            BoundBody::Select(select) => self.rows(select.from.as_ref().ok_or(Refusal::Derived)?),
            BoundBody::Nested(query) => self.query_rows(query),
            body @ BoundBody::Set { .. } if !self.first && joins(body) => Err(Refusal::Tables),
            BoundBody::Set { operator: "UNION" | "UNION ALL", .. } => Err(Refusal::Union),
            BoundBody::Set { .. } => Err(Refusal::Grouped),
            BoundBody::Values(_) => Err(Refusal::Derived),
        }
    }

    /// Looks into a source that is a query.
    fn inside<T>(
        &self,
        source: &'t BoundSource,
        id: SourceId,
        look: impl FnOnce(&Self, &'t BoundQuery) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let object = self.origins.get(&id).map(|origin| &origin.object);
        if let Some(Object::System(name)) = object {
            return Err(Refusal::System(name.clone()));
        }
        let query = self.query(source).ok_or(Refusal::Derived)?;
        let found = look(&self.within(query), query);
        match (object, found) {
            (Some(Object::Turned), Ok(_) | Err(Refusal::Tables)) => Err(Refusal::Grouped),
            (Some(Object::Module(module)), Err(Refusal::United(None))) if id != self.target => {
                Err(Refusal::United(Some(module.name.clone())))
            }
            (_, found) => found,
        }
    }

    fn within(&self, query: &'t BoundQuery) -> Self {
        let mut inner = self.clone();
        inner.ctes.extend(&query.ctes);
        inner
    }

    fn query(&self, source: &'t BoundSource) -> Option<&'t BoundQuery> {
        match source {
            BoundSource::Derived { query, .. } => Some(query),
            BoundSource::Cte { name, .. } => {
                self.ctes.iter().find(|cte| cte.name == *name).map(|cte| &cte.query)
            }
            _ => None,
        }
    }

    /// A value over sources as one over the columns of the table at the end of a path.
    pub(super) fn of_table(
        &self,
        value: &Bound,
        from: &'t BoundSource,
        path: &[SourceId],
    ) -> Result<Bound, Lost> {
        let mut lost = None;
        let of_table = value.replace(&mut |part| {
            let found = match &part.kind {
                Kind::Column { source, name } => self.column_of_table(*source, name, from, path),
                Kind::Aggregate(_) => Err(Lost::Window),
                Kind::Scalar(_) | Kind::Exists(_) | Kind::InQuery { .. } => Err(Lost::Query),
                _ => Ok(None),
            };
            found.unwrap_or_else(|why| {
                lost = lost.or(Some(why));
                None
            })
        });
        lost.map_or(Ok(of_table), Err)
    }

    /// What a column is over the table; `None` when it is the table's own.
    fn column_of_table(
        &self,
        source: SourceId,
        name: &str,
        from: &'t BoundSource,
        path: &[SourceId],
    ) -> Result<Option<Bound>, Lost> {
        let rest = match path.split_first() {
            Some((first, rest)) if *first == source => rest,
            _ => return Err(Lost::OtherTable),
        };
        if rest.is_empty() {
            return Ok(None);
        }
        let query = from.find(source).and_then(|found| self.query(found)).ok_or(Lost::Query)?;
        let (select, inner) = self.within(query).select(query).ok_or(Lost::Query)?;
        let item = place(name).and_then(|index| select.items.get(index)).ok_or(Lost::Query)?;
        let from = select.from.as_ref().ok_or(Lost::Query)?;
        inner.of_table(item, from, rest).map(Some)
    }

    /// The SELECT of a query, without the parentheses around it.
    fn select(self, query: &'t BoundQuery) -> Option<(&'t BoundSelect, Self)> {
        match &query.body {
            BoundBody::Select(select) => Some((select, self)),
            BoundBody::Nested(query) => self.within(query).select(query),
            BoundBody::Set { .. } | BoundBody::Values(_) => None,
        }
    }
}

/// The place of a query's column, by its name in SQLite.
fn place(name: &str) -> Option<usize> {
    name.strip_prefix('c')?.parse().ok()
}

fn is_grouped(select: &BoundSelect) -> bool {
    select.distinct
        || !select.group_by.is_empty()
        || select.having.is_some()
        || select.items.iter().any(Bound::has_aggregate)
}

fn has_union(body: &BoundBody) -> bool {
    match body {
        BoundBody::Set { operator: "UNION" | "UNION ALL", .. } => true,
        BoundBody::Set { operands, .. } => operands.iter().any(has_union),
        BoundBody::Nested(query) => has_union(&query.body),
        BoundBody::Select(_) | BoundBody::Values(_) => false,
    }
}

/// Whether the first SELECT of a UNION reads several tables.
fn joins(body: &BoundBody) -> bool {
    match body {
        BoundBody::Select(select) => matches!(select.from, Some(BoundSource::Join { .. })),
        BoundBody::Set { operands, .. } => operands.first().is_some_and(joins),
        BoundBody::Nested(query) => joins(&query.body),
        BoundBody::Values(_) => false,
    }
}
