//! FOR JSON: a query whose rows become one text.

use std::sync::Arc;

use launchpod_functions::for_json::{self, Members, Node};
use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{ForClause, ForMode};
use launchpod_types::{SqlError, SqlType, Value};

use super::tree::{
    AggregateName, Bound, BoundAggregate, BoundBody, BoundQuery, BoundSource, Kind, QueryColumn,
};
use super::write::{derived_column, plain_query, plain_select};
use super::{Binder, coerce, int};
use crate::sqlite::errors;

/// The name that the result's column has.
const COLUMN: &str = "JSON_F52E2B61-18A1-11d1-B105-00805F49916B";
/// SQLite's functions take at least so many arguments.
const MOST_COLUMNS: usize = 100;
const TEXT: SqlType = SqlType::NVARCHAR_MAX;

/// What stands after FOR JSON PATH or AUTO.
struct Wrapping {
    root: Option<String>,
    nulls: bool,
    array: bool,
}

// === impl Binder ===

impl Binder<'_> {
    /// The query that gives the JSON text of a query's rows; without rows it has none either.
    pub(super) fn for_json(
        &mut self,
        query: BoundQuery,
        clause: &ForClause,
    ) -> Result<BoundQuery, SqlError> {
        let wrapping = Wrapping::of(clause)?;
        if query.columns.len() > MOST_COLUMNS {
            return Err(errors::unsupported("FOR JSON of more than 100 columns"));
        }
        if query.columns.iter().any(|column| column.name.is_empty()) {
            return Err(errors::json_unnamed());
        }
        let id = self.source_id();
        let levels = match clause.mode {
            ForMode::JsonAuto => self.levels(&query)?,
            _ => vec![(String::new(), paths(&query)?)],
        };
        let objects = objects(&query, id, levels, wrapping.nulls);
        let mut parts = Vec::with_capacity(3);
        let text = |text: String| Bound::constant(text.as_str().into(), TEXT);
        let (mut before, mut after) = (String::new(), String::new());
        if let Some(root) = &wrapping.root {
            before.push('{');
            for_json::quote(&mut before, root);
            before.push(':');
            after.push('}');
        }
        if wrapping.array {
            before.push('[');
            after.insert(0, ']');
        }
        parts.push(text(before));
        parts.push(objects);
        parts.push(text(after));
        let whole = parts.into_iter().reduce(joined).unwrap_or_else(|| text(String::new()));
        let from = BoundSource::Derived { query: Box::new(query), id };
        let mut select = plain_select(vec![whole], Some(from), None);
        select.having = Some(any_row());
        let body = BoundBody::Select(Box::new(select));
        let column = QueryColumn {
            name: COLUMN.to_owned(),
            sql_type: TEXT,
            nullable: true,
            identity: false,
        };
        Ok(BoundQuery { columns: vec![column], ..plain_query(Vec::new(), body, None) })
    }

    /// The tables of FOR JSON AUTO in the order in which the select list comes to them, and
    /// their columns. A value that is no table's column stands with what comes before it.
    fn levels(&self, query: &BoundQuery) -> Result<Vec<(String, Members)>, SqlError> {
        let BoundBody::Select(select) = &query.body else {
            return Err(errors::json_auto_without_table());
        };
        if select.from.is_none() {
            return Err(errors::json_auto_without_table());
        }
        let mut levels: Vec<(Option<u32>, Members)> = Vec::new();
        let mut at = 0;
        for (index, (item, column)) in select.items.iter().zip(&query.columns).enumerate() {
            let source = match &item.kind {
                Kind::Column { source, .. } => Some(*source),
                _ => None,
            };
            let known = levels.iter().position(|(known, _)| *known == source);
            match (known, source) {
                (Some(known), Some(_)) => at = known,
                (None, Some(_)) if levels.first().is_some_and(|(first, _)| first.is_none()) => {
                    levels[0].0 = source;
                    at = 0;
                }
                (None, Some(_)) => {
                    levels.push((source, Vec::new()));
                    at = levels.len() - 1;
                }
                (_, None) if levels.is_empty() => levels.push((None, Vec::new())),
                (_, None) => {}
            }
            let node = Node::Column { index, raw: is_json(item) };
            for_json::insert(&mut levels[at].1, &[&column.name], node)?;
        }
        let named = levels.into_iter().map(|(source, members)| {
            let name = source.and_then(|source| self.source_names.get(&source));
            (name.cloned().unwrap_or_default(), members)
        });
        Ok(named.collect())
    }
}

// === impl Wrapping ===

impl Wrapping {
    fn of(clause: &ForClause) -> Result<Wrapping, SqlError> {
        let mut wrapping = Wrapping { root: None, nulls: false, array: true };
        for option in &clause.options {
            match (option.name.as_str(), &option.arguments) {
                ("ROOT", None) => wrapping.root = Some("root".to_owned()),
                ("ROOT", Some(name)) => wrapping.root = Some(root_name(name)?),
                ("INCLUDE_NULL_VALUES", None) => wrapping.nulls = true,
                ("WITHOUT_ARRAY_WRAPPER", None) => wrapping.array = false,
                (other, _) => return Err(errors::syntax_near(other)),
            }
        }
        if wrapping.root.is_some() && !wrapping.array {
            return Err(errors::json_root_without_array());
        }
        Ok(wrapping)
    }
}

/// The text of a string constant, as options of FOR have it.
pub(super) fn root_name(constant: &str) -> Result<String, SqlError> {
    let name = constant.strip_prefix(['N', 'n']).unwrap_or(constant);
    let name = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    Ok(name.ok_or_else(|| errors::syntax_near(constant))?.replace("''", "'"))
}

/// The members of FOR JSON PATH: points in a column's name make objects.
fn paths(query: &BoundQuery) -> Result<Members, SqlError> {
    let items = match &query.body {
        BoundBody::Select(select) => Some(&select.items),
        _ => None,
    };
    let mut members = Vec::new();
    for (index, column) in query.columns.iter().enumerate() {
        let raw = items.is_some_and(|items| is_json(&items[index]));
        let path: Vec<&str> = column.name.split('.').collect();
        if path.iter().any(|step| step.is_empty()) {
            return Err(errors::unsupported("A name with an empty part in FOR JSON PATH"));
        }
        for_json::insert(&mut members, &path, Node::Column { index, raw })?;
    }
    Ok(members)
}

/// Whether a value is JSON that is not escaped again: of a FOR JSON query (that gives an array
/// or has a root), or of a function that returns JSON.
pub(super) fn is_json(value: &Bound) -> bool {
    match &value.kind {
        _ if value.sql_type == SqlType::Json => true,
        Kind::Scalar(query) => query.columns[0].name == COLUMN && !is_bare(query),
        Kind::Call { function, .. } => {
            ["JSON_QUERY(", "JSON_ARRAY(", "JSON_OBJECT(", "JSON_MODIFY("]
                .iter()
                .any(|name| function.name.starts_with(name))
        }
        _ => false,
    }
}

/// Whether a FOR JSON query is WITHOUT_ARRAY_WRAPPER: its text is no JSON for sure.
fn is_bare(query: &BoundQuery) -> bool {
    let BoundBody::Select(select) = &query.body else { return true };
    let mut item = &select.items[0];
    while let Kind::Infix { left, .. } = &item.kind {
        item = left;
    }
    matches!(item.value(), Some(Value::Text(before)) if before.is_empty())
}

/// The rows' objects with commas between them.
fn objects(query: &BoundQuery, id: u32, levels: Vec<(String, Members)>, nulls: bool) -> Bound {
    let types: Vec<SqlType> = query.columns.iter().map(|column| column.sql_type).collect();
    let cells = query.columns.iter().enumerate();
    let cells: Vec<Bound> =
        cells.map(|(index, column)| derived_column(id, index, column)).collect();
    let (names, levels): (Vec<String>, Vec<Members>) = levels.into_iter().unzip();
    let fragments = levels.into_iter().map(|members| {
        let types = types.clone();
        let function = Function {
            name: super::call::short(format!("for_json({members:?},{types:?},{nulls})")),
            arguments: types.clone(),
            strict: false,
            deterministic: true,
            body: Body::Values(Box::new(move |values| {
                for_json::text(&members, values, &types, nulls).map(Value::Text)
            })),
        };
        coerce::call(function, cells.clone(), TEXT, false)
    });
    let fragments: Vec<Bound> = fragments.collect();
    let function = Function {
        name: super::call::short(format!("nest_json({names:?})")),
        arguments: vec![TEXT; fragments.len()],
        strict: false,
        deterministic: true,
        body: Body::Collect(Box::new(move |rows| Ok(Value::Text(for_json::nest(rows, &names))))),
    };
    aggregate(AggregateName::Own(Arc::new(function)), fragments, TEXT)
}

pub(super) fn aggregate(name: AggregateName, arguments: Vec<Bound>, sql_type: SqlType) -> Bound {
    let star = arguments.is_empty();
    let (within, over) = (Vec::new(), None);
    let aggregate = BoundAggregate { name, distinct: false, arguments, star, within, over };
    Bound { kind: Kind::Aggregate(Box::new(aggregate)), sql_type, nullable: true }
}

/// `count(*) > 0`
pub(super) fn any_row() -> Bound {
    let count = aggregate(AggregateName::Native("count"), Vec::new(), SqlType::BigInt);
    let (left, right) = (Box::new(count), Box::new(int(0)));
    Bound::predicate(Kind::Infix { operator: ">", left, right, collate: false }, false)
}

pub(super) fn joined(left: Bound, right: Bound) -> Bound {
    let (left, right) = (Box::new(left), Box::new(right));
    let kind = Kind::Infix { operator: "||", left, right, collate: false };
    Bound { kind, sql_type: TEXT, nullable: true }
}
