//! `WITH RESULT SETS` as the controller wants it.

use std::sync::Arc;

use launchpod_controller::Expected;
use launchpod_tsql::ast::{ResultColumn, ResultSet, ResultSets};
use launchpod_types::{Column, SqlError};

use crate::block::unsupported;
use crate::run::Stop;
use crate::variables::declared_type;

/// The result sets that a clause demands. `source` is the text it stands in.
pub(super) fn expected(clause: &ResultSets, source: &str) -> Result<Expected, Stop> {
    Ok(match declared_columns(clause, source)? {
        None => Expected::Undefined,
        Some(sets) => Expected::Sets(sets),
    })
}

/// The columns of the result sets that a clause demands; `None` when it demands nothing.
pub(crate) fn declared_columns(
    clause: &ResultSets,
    source: &str,
) -> Result<Option<Vec<Arc<[Column]>>>, Stop> {
    match clause {
        ResultSets::Unspecified | ResultSets::Undefined => Ok(None),
        ResultSets::None => Ok(Some(Vec::new())),
        ResultSets::Defined(sets) => {
            sets.iter().map(|set| columns(set, source)).collect::<Result<_, _>>().map(Some)
        }
    }
}

fn columns(set: &ResultSet, source: &str) -> Result<Arc<[Column]>, Stop> {
    let ResultSet::Columns(columns) = set else {
        return Err(unsupported("WITH RESULT SETS (AS …)"));
    };
    Ok(columns.iter().map(|declared| column(declared, source)).collect::<Result<_, _>>()?)
}

fn column(declared: &ResultColumn, source: &str) -> Result<Column, SqlError> {
    Ok(Column {
        name: declared.name.text.clone(),
        sql_type: declared_type(&declared.type_name, source)?,
        nullable: declared.nullable,
        identity: false,
    })
}
