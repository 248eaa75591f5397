//! Makes queries give the number of a table's row beside their own columns.

use super::tree::{Bound, BoundBody, BoundCte, BoundQuery, BoundSource, SourceId};
use super::write::row_id;

/// Carries the number of a table's row out of the queries around the table.
pub(super) struct Carrier {
    /// The name that SQLite knows a row's number by.
    rowid: &'static str,
    /// The source whose rows are kept, and its query with the place of the row's number.
    kept: Option<SourceId>,
    pub(super) rows: Option<(BoundQuery, usize)>,
}

// === impl Carrier ===

impl Carrier {
    pub(super) fn new(rowid: &'static str, kept: Option<SourceId>) -> Self {
        Carrier { rowid, kept, rows: None }
    }

    /// The number of the row of the table at the end of a path, as a value over sources. A
    /// common table expression on the way becomes a query of its own, since others read it
    /// without the number.
    pub(super) fn carry(
        &mut self,
        from: &mut BoundSource,
        path: &[SourceId],
        ctes: &[&BoundCte],
    ) -> Option<Bound> {
        let (first, rest) = path.split_first()?;
        let found = from.find_mut(*first)?;
        if let BoundSource::Cte { name, id } = found {
            let cte = ctes.iter().find(|cte| cte.name == *name)?;
            *found = BoundSource::Derived { query: Box::new(cte.query.clone()), id: *id };
        }
        match found {
            BoundSource::Table { .. } => Some(row_id(*first, self.rowid)),
            BoundSource::Derived { query, .. } => {
                let index = self.carry_out(query, rest, ctes)?;
                if self.kept == Some(*first) {
                    self.rows = Some(((**query).clone(), index));
                }
                Some(row_id(*first, &format!("c{index}")))
            }
            _ => None,
        }
    }

    /// The place of the row's number among the columns of a query.
    fn carry_out(
        &mut self,
        query: &mut BoundQuery,
        path: &[SourceId],
        ctes: &[&BoundCte],
    ) -> Option<usize> {
        let known: Vec<&BoundCte> = ctes.iter().copied().chain(&query.ctes).collect();
        match &mut query.body {
            BoundBody::Select(select) => {
                let row = self.carry(select.from.as_mut()?, path, &known)?;
                select.items.push(row);
                Some(select.items.len() - 1)
            }
            BoundBody::Nested(query) => self.carry_out(query, path, &known),
            BoundBody::Set { .. } | BoundBody::Values(_) => None,
        }
    }
}
