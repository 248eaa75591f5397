//! `@input_data_1_partition_by_columns` and `@input_data_1_order_by_columns`.
//!
//! The database sorts the rows and numbers their keys, so that keys are equal as SQL says:
//! without regard to case, and NULL is a key of its own.

use launchpod_tsql::ast::{Identifier, Query, QueryBody};
use launchpod_tsql::{OrderColumn, parse_column_list, parse_order_list};
use launchpod_types::{Column, SqlError};

const PARTITION: &str = "@input_data_1_partition_by_columns";
const ORDER: &str = "@input_data_1_order_by_columns";

/// How many columns both lists may have in all: as many as an index's key.
const MAX_COLUMNS: usize = 32;

/// How the input is parted and sorted.
#[derive(Debug)]
pub(super) struct Partition {
    by: Vec<Identifier>,
    order: Vec<OrderColumn>,
}

/// Reads both lists; `None` when neither is given.
///
/// # Errors
/// 39103, 39105, 39106, 39102, 39107, 39109, in this order.
pub(super) fn read(by: Option<&str>, order: Option<&str>) -> Result<Option<Partition>, SqlError> {
    let Some(by) = by else {
        return if order.is_none() { Ok(None) } else { Err(order_alone()) };
    };
    let by = parse_column_list(by).ok_or_else(no_partition_list)?;
    let order = match order {
        Some(order) => parse_order_list(order).ok_or_else(no_order_list)?,
        None => Vec::new(),
    };
    let sorted: Vec<&Identifier> = order.iter().map(|column| &column.name).collect();
    let parted: Vec<&Identifier> = by.iter().collect();
    for (list, name) in [(&parted, PARTITION), (&sorted, ORDER)] {
        if let Some(twice) = list.iter().enumerate().find(|(at, one)| has(&list[..*at], one)) {
            return Err(duplicate(name, &twice.1.text));
        }
    }
    if let Some(both) = sorted.iter().find(|column| has(&parted, column)) {
        return Err(in_both(&both.text));
    }
    if by.len() + order.len() > MAX_COLUMNS {
        return Err(too_many_columns());
    }
    Ok(Some(Partition { by, order }))
}

// === impl Partition ===

impl Partition {
    /// Whether all columns are those of the query.
    ///
    /// # Errors
    /// 39104.
    pub(super) fn check(&self, columns: &[Column]) -> Result<(), SqlError> {
        for name in &self.by {
            position(name, columns, PARTITION)?;
        }
        for column in &self.order {
            position(&column.name, columns, ORDER)?;
        }
        Ok(())
    }

    /// The query's rows by key, sorted within, with a last column more that numbers the keys.
    ///
    /// `text` is what was parsed, `columns` are the query's. Its columns go by numbers: they
    /// may lack names, or have the same one.
    ///
    /// # Errors
    /// 39104.
    pub(super) fn wrap(
        &self,
        query: &Query,
        text: &str,
        columns: &[Column],
    ) -> Result<String, SqlError> {
        let keys = self
            .by
            .iter()
            .map(|name| Ok(format!("[{}]", position(name, columns, PARTITION)?)))
            .collect::<Result<Vec<String>, SqlError>>()?
            .join(", ");
        let mut order = vec!["[part]".to_owned()];
        for OrderColumn { name, descending } in &self.order {
            let direction = if *descending { " DESC" } else { "" };
            order.push(format!("[{}]{direction}", position(name, columns, ORDER)?));
        }
        let names: Vec<String> = (0..columns.len()).map(|index| format!("[{index}]")).collect();
        let (names, order) = (names.join(", "), order.join(", "));
        let (with, rows) = halves(query, text);
        Ok(format!(
            "{with}SELECT {names}, DENSE_RANK() OVER (ORDER BY {keys}) AS [part] \
             FROM ({rows}\n) AS [input] ({names}) ORDER BY {order}"
        ))
    }
}

/// The common table expressions before a query, and the query without what no derived table
/// may have: an ORDER BY that chooses no rows, and hints.
fn halves<'a>(query: &Query, text: &'a str) -> (&'a str, &'a str) {
    let chooses = query.offset.is_some()
        || matches!(&query.body, QueryBody::Select(select) if select.top.is_some());
    let rows = if chooses { query.ordered_span } else { query.body_span };
    (&text[query.span.start..rows.start], &text[rows.start..rows.end])
}

fn has(list: &[&Identifier], column: &Identifier) -> bool {
    list.iter().any(|one| same(&one.text, &column.text))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn position(name: &Identifier, columns: &[Column], list: &str) -> Result<usize, SqlError> {
    columns
        .iter()
        .position(|column| same(&column.name, &name.text))
        .ok_or_else(|| not_selected(&name.text, list))
}

fn duplicate(list: &str, name: &str) -> SqlError {
    SqlError::new(
        39102,
        format!(
            "Duplicate column names are not allowed in '{list}'. Column name '{name}' is a duplicate."
        ),
    )
}

fn order_alone() -> SqlError {
    SqlError::new(
        39103,
        format!("Parameter '{ORDER}' is not allowed without parameter '{PARTITION}'."),
    )
}

fn not_selected(name: &str, list: &str) -> SqlError {
    SqlError::new(
        39104,
        format!(
            "Column '{name}' in '{list}' is not defined in the SELECT clause of '@input_data_1' parameter."
        ),
    )
}

fn no_partition_list() -> SqlError {
    SqlError::new(
        39105,
        format!(
            "Invalid syntax for parameter '{PARTITION}'. Specify a list of comma separated columns."
        ),
    )
}

fn no_order_list() -> SqlError {
    SqlError::new(
        39106,
        format!(
            "Invalid syntax for parameter '{ORDER}'. Specify a list of comma separated columns and an optional argument for sorting order <ASC|DESC>."
        ),
    )
}

fn in_both(name: &str) -> SqlError {
    SqlError::new(
        39107,
        format!(
            "Columns in parameters '{PARTITION}' and '{ORDER}' must be unique. Column name '{name}' appears in both parameters."
        ),
    )
}

fn too_many_columns() -> SqlError {
    SqlError::new(
        39109,
        format!(
            "The combined total number of columns given in parameters '{PARTITION}' and '{ORDER}' exceeds the maximum {MAX_COLUMNS}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use launchpod_tsql::InputQuery;
    use launchpod_tsql::ast::StatementKind;
    use launchpod_types::SqlType;

    use super::*;

    #[test]
    fn lists_are_checked_in_order() {
        let number = |by, order| read(by, order).err().map(|error| error.number());
        let wide = (0..33).map(|index| format!("c{index}")).collect::<Vec<_>>().join(",");
        let cases = [
            (None, None, None),
            (Some("a, [B c]"), Some("d DESC, e"), None),
            (None, Some("a"), Some(39103)),
            (Some(""), None, Some(39105)),
            (Some("a DESC"), Some("a DESC DESC"), Some(39105)),
            (Some("a"), Some("a DESC DESC"), Some(39106)),
            (Some("a, A"), Some("a"), Some(39102)),
            (Some("a"), Some("b, b DESC"), Some(39102)),
            (Some("a"), Some("b, A"), Some(39107)),
            (Some(wide.as_str()), None, Some(39109)),
        ];
        for (by, order, expected) in cases {
            assert_eq!(number(by, order), expected, "{by:?} {order:?}");
        }
    }

    #[test]
    fn the_query_becomes_a_derived_table() {
        let columns = [Column::new("k", SqlType::Int), Column::new("", SqlType::Int)];
        let wrap = |text: &str, by: &str| {
            let Ok(InputQuery::Select(statement)) = launchpod_tsql::parse_input_query(text) else {
                panic!("{text}")
            };
            let StatementKind::Select(query) = &statement.kind else { panic!("{text}") };
            let partition = read(Some(by), None).unwrap().unwrap();
            let wrapped = partition.wrap(query, text, &columns);
            wrapped.map(|wrapped| {
                launchpod_tsql::parse(&wrapped).unwrap();
                let (with, rest) = wrapped.split_once("SELECT [0], [1], DENSE_RANK").unwrap();
                let rows = rest.split_once("FROM (").unwrap().1.split_once("\n)").unwrap().0;
                (with.to_owned(), rows.to_owned())
            })
        };
        let cases = [
            ("SELECT k, 1 FROM t;", "", "SELECT k, 1 FROM t"),
            ("SELECT k, 1 FROM t ORDER BY k", "", "SELECT k, 1 FROM t"),
            ("SELECT TOP 3 k, 1 FROM t ORDER BY k", "", "SELECT TOP 3 k, 1 FROM t ORDER BY k"),
            ("SELECT k, 1 FROM t OPTION (MAXDOP 1)", "", "SELECT k, 1 FROM t"),
            (
                "(SELECT k, 1) UNION (SELECT 2, 3) ORDER BY 1",
                "",
                "(SELECT k, 1) UNION (SELECT 2, 3)",
            ),
            (
                "WITH c AS (SELECT 1 AS k) SELECT k, 1 FROM c",
                "WITH c AS (SELECT 1 AS k) ",
                "SELECT k, 1 FROM c",
            ),
            (
                ";WITH c AS (SELECT 1 AS k /* ) */) (SELECT k, 1 FROM c /* ) */ ) -- )",
                "WITH c AS (SELECT 1 AS k /* ) */) ",
                "(SELECT k, 1 FROM c /* ) */ )",
            ),
            (
                "SELECT k, 1 FROM t ORDER BY k OFFSET 1 ROW OPTION (LABEL = 'OPTION')",
                "",
                "SELECT k, 1 FROM t ORDER BY k OFFSET 1 ROW",
            ),
        ];
        for (text, with, rows) in cases {
            assert_eq!(wrap(text, "K").unwrap(), (with.to_owned(), rows.to_owned()), "{text}");
        }
        assert_eq!(wrap("SELECT k, 1 FROM t", "x").unwrap_err().number(), 39104);
    }
}
