//! PIVOT and UNPIVOT ("FROM - Using PIVOT and UNPIVOT"), as the queries that they stand for: a
//! GROUP BY of all other columns, and a CROSS APPLY of the columns as rows. These are written as
//! T-SQL around the source, and bound like a user's.

use launchpod_functions::convert;
use launchpod_tsql::ast::{
    ExprKind, FunctionArguments, Identifier, Pivot, Query, QueryBody, StatementKind, TableSource,
    TableSourceKind, Unpivot, same_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::origin::Object;
use super::query::{ColumnsOf, named_columns};
use super::scope::SourceColumn;
use super::tree::{BoundQuery, BoundSource};
use super::{Aggregates, Binder};
use crate::sqlite::errors;

/// The source of the columns that UNPIVOT makes rows of.
const ROWS: &str = "[launchpod unpivot]";

// === impl Binder ===

impl Binder<'_> {
    pub(super) fn pivot(
        &mut self,
        pivot: &Pivot,
        source: &TableSource,
    ) -> Result<BoundSource, SqlError> {
        let query = self.apart(|binder| {
            let columns = binder.turned_columns(&pivot.source, source)?;
            let text = pivot_text(pivot, &columns)?;
            binder.bind_query(&around(&text, &pivot.source)?)
        })?;
        self.turned(query, source)
    }

    pub(super) fn unpivot(
        &mut self,
        unpivot: &Unpivot,
        source: &TableSource,
    ) -> Result<BoundSource, SqlError> {
        let query = self.apart(|binder| {
            let columns = binder.turned_columns(&unpivot.source, source)?;
            let text = unpivot_text(unpivot, &columns)?;
            binder.bind_query(&around(&text, &unpivot.source)?)
        })?;
        self.turned(query, source)
    }

    fn turned(&mut self, query: BoundQuery, source: &TableSource) -> Result<BoundSource, SqlError> {
        let bound = self.derived_as(query, source, "")?;
        self.originates(bound.ids()[0], Object::Turned);
        Ok(bound)
    }

    /// Binds what doesn't see the sources beside it.
    fn apart(
        &mut self,
        bind: impl FnOnce(&mut Self) -> Result<BoundQuery, SqlError>,
    ) -> Result<BoundQuery, SqlError> {
        let own = self.scopes.pop();
        let query = self.with_aggregates(Aggregates::Refused, bind);
        self.scopes.extend(own);
        query
    }

    /// The columns of the source that is turned.
    fn turned_columns(
        &mut self,
        turned: &TableSource,
        source: &TableSource,
    ) -> Result<Vec<SourceColumn>, SqlError> {
        let columns = self.bind_query(&around("SELECT * FROM t", turned)?)?.columns;
        let name = source.alias.as_ref().map_or("", |alias| alias.text.as_str());
        named_columns(&columns, &[], ColumnsOf::Query(name))
    }
}

fn pivot_text(pivot: &Pivot, columns: &[SourceColumn]) -> Result<String, SqlError> {
    let FunctionArguments::List(arguments) = &pivot.aggregate.arguments else {
        return Err(errors::syntax_near("*"));
    };
    let [argument] = arguments.as_slice() else {
        let name = pivot.aggregate.name.name.text.to_ascii_lowercase();
        return Err(errors::argument_count(&name, "1"));
    };
    let ExprKind::Column(value) = &argument.kind else {
        return Err(errors::unsupported("PIVOT of what isn't a column"));
    };
    let turned = column(columns, &pivot.column)?;
    column(columns, &value.name)?;
    let keys: Vec<String> = columns
        .iter()
        .filter(|known| !pivot.column.is(&known.name) && !value.name.is(&known.name))
        .map(|key| quoted(&key.name))
        .collect();
    let mut items = keys.clone();
    for name in &pivot.values {
        check_value(name, turned)?;
        items.push(format!(
            "{}(CASE {} WHEN {} THEN {} END) AS {}",
            pivot.aggregate.name,
            quoted(&turned.name),
            literal(&name.text),
            quoted(&value.name.text),
            quoted(&name.text)
        ));
    }
    let group_by = if keys.is_empty() { "" } else { " GROUP BY " };
    Ok(format!("SELECT {} FROM t{group_by}{}", items.join(", "), keys.join(", ")))
}

/// Refuses a name that isn't a value of the column.
fn check_value(name: &Identifier, turned: &SourceColumn) -> Result<(), SqlError> {
    let text = Value::Text(name.text.clone());
    convert::cast(&text, SqlType::SYSNAME, turned.sql_type)
        .map(|_| ())
        .map_err(|_| errors::pivot_value(&name.text))
}

fn unpivot_text(unpivot: &Unpivot, columns: &[SourceColumn]) -> Result<String, SqlError> {
    let turned = unpivot.columns.iter().map(|name| column(columns, name));
    let turned = turned.collect::<Result<Vec<_>, _>>()?;
    let first = turned[0].sql_type;
    if let Some(other) = turned.iter().find(|other| other.sql_type != first) {
        return Err(errors::unpivot_type(&other.name));
    }
    let kept = columns
        .iter()
        .filter(|known| !turned.iter().any(|other| same_name(&other.name, &known.name)));
    let (value, name) = (quoted(&unpivot.value.text), quoted(&unpivot.column.text));
    let mut items: Vec<String> = kept.map(|key| quoted(&key.name)).collect();
    items.push(format!("{ROWS}.{value}"));
    items.push(format!("CAST({ROWS}.{name} AS sysname) AS {name}"));
    let rows = turned
        .iter()
        .map(|column| format!("({}, {})", quoted(&column.name), literal(&column.name)))
        .collect::<Vec<_>>();
    Ok(format!(
        "SELECT {} FROM t CROSS APPLY (VALUES {}) AS {ROWS} ({value}, {name}) \
         WHERE {ROWS}.{value} IS NOT NULL",
        items.join(", "),
        rows.join(", ")
    ))
}

fn column<'c>(
    columns: &'c [SourceColumn],
    name: &Identifier,
) -> Result<&'c SourceColumn, SqlError> {
    columns
        .iter()
        .find(|column| name.is(&column.name))
        .ok_or_else(|| errors::invalid_column(&name.text))
}

/// The query of a text, from another source than the text's first one.
fn around(text: &str, source: &TableSource) -> Result<Query, SqlError> {
    let batch = launchpod_tsql::parse(text).map_err(SqlError::from)?;
    let statement = batch.statements.into_iter().next().map(|statement| statement.kind);
    let Some(StatementKind::Select(mut query)) = statement else {
        return Err(errors::internal("PIVOT is no query"));
    };
    query.line = source.line;
    if let QueryBody::Select(select) = &mut query.body {
        select.line = source.line;
        for from in &mut select.from {
            match &mut from.kind {
                TableSourceKind::Join(join) => join.left = source.clone(),
                _ => *from = source.clone(),
            }
        }
    }
    Ok(*query)
}

fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}
