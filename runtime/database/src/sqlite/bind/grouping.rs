//! GROUP BY, and which columns may stand beside it.

use launchpod_tsql::ast::{GroupBy, GroupingSet};
use launchpod_types::SqlError;

use super::Binder;
use super::tree::{Bound, Kind, SourceId};
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    pub(crate) fn group_by(&mut self, group_by: &GroupBy) -> Result<Vec<Bound>, SqlError> {
        let mut values = Vec::with_capacity(group_by.elements.len());
        for element in &group_by.elements {
            match element {
                GroupingSet::Value(value) => {
                    let value = self.value(value)?;
                    if value.value().is_some() {
                        return Err(SqlError::new(
                            164,
                            "Each GROUP BY expression must contain at least one column that is \
                             not an outer reference.",
                        ));
                    }
                    values.push(value);
                }
                _ => return Err(errors::unsupported("ROLLUP, CUBE and GROUPING SETS")),
            }
        }
        Ok(values)
    }
}

/// Refuses a column of the query's own sources that is neither grouped by nor aggregated.
pub(crate) fn check(
    binder: &Binder<'_>,
    value: &Bound,
    group_by: &[Bound],
    own: &[SourceId],
) -> Result<(), SqlError> {
    if group_by.contains(value) {
        return Ok(());
    }
    match &value.kind {
        Kind::Column { source, name } if own.contains(source) => {
            Err(errors::not_grouped(&binder.column_label(*source, name)))
        }
        Kind::Aggregate(aggregate) if aggregate.over.is_none() => Ok(()),
        _ => value.children().into_iter().try_for_each(|child| check(binder, child, group_by, own)),
    }
}
