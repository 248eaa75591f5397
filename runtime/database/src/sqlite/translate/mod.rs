//! From the bound tree to SQLite's SQL.
//!
//! Every name is quoted; numbers are written, texts and bytes are parameters. Sources are
//! called `s1`, `s2`, …, columns of queries `c0`, `c1`, …, whatever T-SQL calls them.

use std::fmt::Write;
use std::sync::Arc;

use launchpod_functions::cell;
use launchpod_functions::{Function, Registry, collation};
use launchpod_types::{SqlError, SqlType, Value};
use rusqlite::{Connection, Statement};

use super::bind::tree::{
    AggregateName, Bound, BoundAggregate, BoundBody, BoundOrder, BoundQuery, BoundSelect,
    BoundSource, BoundWrite, DeleteHow, Kind, OrderValue, UpdateHow,
};
use super::bind::write::{BARE, Write as TableWrite};
use super::errors;

pub(crate) mod staged;

/// Parameters up to this number; further ones are written into the text. SQLite takes 32,766.
const MOST_PARAMETERS: usize = 30_000;
/// How long the text may grow: what SQLite takes, see its limits in the session's thread.
pub(crate) const MOST_TEXT: usize = 64 * 1024 * 1024;

/// SQL for SQLite, with what it needs.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    parameters: Vec<rusqlite::types::Value>,
    functions: Vec<Arc<Function>>,
    /// Whether texts and bytes are written out: for DDL.
    inline: bool,
}

/// A query.
pub(crate) fn query(query: &BoundQuery) -> Result<Sql, SqlError> {
    let mut sql = Sql::default();
    sql.query(query)?;
    sql.finish()
}

/// `SELECT value`
pub(crate) fn value(value: &Bound) -> Result<Sql, SqlError> {
    let mut sql = Sql::default();
    sql.push("SELECT ");
    sql.value(value)?;
    sql.finish()
}

/// A value for DDL, without parameters.
pub(crate) fn inline(value: &Bound) -> Result<Sql, SqlError> {
    let mut sql = Sql { inline: true, ..Sql::default() };
    sql.value(value)?;
    sql.finish()
}

/// A statement that changes a table.
pub(crate) fn write(write: &TableWrite) -> Result<Sql, SqlError> {
    write_with(Sql::default(), write)
}

/// An INSERT of rows that come as parameters: everything else is written out.
pub(crate) fn row_write(write: &TableWrite) -> Result<Sql, SqlError> {
    write_with(Sql { inline: true, ..Sql::default() }, write)
}

/// A statement that changes a table, without what it returns.
pub(crate) fn changes_only(write: &TableWrite) -> Result<Sql, SqlError> {
    let mut sql = Sql::default();
    sql.write(&write.bound)?;
    sql.finish()
}

fn write_with(mut sql: Sql, write: &TableWrite) -> Result<Sql, SqlError> {
    for check in &write.checks {
        // Only for the functions in them.
        let inlined = inline(check)?;
        sql.functions.extend(inlined.functions);
    }
    sql.write(&write.bound)?;
    if let Some((items, _)) = &write.output {
        sql.push(" RETURNING ");
        sql.list(items, Sql::value)?;
    }
    sql.finish()
}

/// A name in double quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether SQLite would compute it before the statement begins, even in a branch of CASE that
/// isn't taken: it does so with constants unless they call functions, and sees none behind
/// COLLATE. `coalesce(x, NULL)` is x, and is seen.
fn hides_calls(bound: &Bound) -> bool {
    let collated = matches!(
        &bound.kind,
        Kind::Infix { collate: true, .. } | Kind::InList { collate: true, .. }
    );
    collated && bound.is_constant() && bound.any_own(&|part| matches!(part.kind, Kind::Call { .. }))
}

// === impl Sql ===

impl Sql {
    /// Makes a connection know the functions in it.
    pub(crate) fn register(
        &self,
        connection: &Connection,
        registry: &Registry,
    ) -> Result<(), SqlError> {
        self.functions.iter().try_for_each(|function| {
            registry
                .register(connection, function)
                .map_err(|error| super::embedded::failure::of_engine(&error))
        })
    }

    /// Whether it calls functions of ours.
    pub(crate) fn has_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// Gives a statement its parameters.
    pub(crate) fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        for (index, parameter) in (1..).zip(&self.parameters) {
            statement.raw_bind_parameter(index, parameter)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Sql, SqlError> {
        if self.text.len() > MOST_TEXT { Err(errors::too_complex()) } else { Ok(self) }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push_number(&mut self, prefix: &str, number: impl std::fmt::Display) {
        // Writing to a String can't fail.
        let _ = write!(self.text, "{prefix}{number}");
    }

    fn name(&mut self, name: &str) {
        self.text.push_str(&quoted(name));
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut each: impl FnMut(&mut Self, &T) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            each(self, item)?;
        }
        Ok(())
    }

    // --- values ---

    fn constant(&mut self, value: &Value) {
        match cell::encode(value.clone()) {
            rusqlite::types::Value::Null => self.push("NULL"),
            rusqlite::types::Value::Integer(number) if number == i64::MIN => {
                self.push("(-9223372036854775807 - 1)");
            }
            rusqlite::types::Value::Integer(number) if number < 0 => {
                self.push_number("(", number);
                self.push(")");
            }
            rusqlite::types::Value::Integer(number) => self.push_number("", number),
            // `{:?}` keeps a point or an exponent, so that SQLite reads a REAL.
            rusqlite::types::Value::Real(number) => {
                self.push_number("(", format_args!("{number:?})"));
            }
            cell if !self.inline && self.parameters.len() < MOST_PARAMETERS => {
                self.parameters.push(cell);
                self.push_number("?", self.parameters.len());
            }
            rusqlite::types::Value::Text(text) if text.contains('\0') => {
                self.push("CAST(x'");
                self.push(&launchpod_functions::convert::hex(text.as_bytes()));
                self.push("' AS TEXT)");
            }
            rusqlite::types::Value::Text(text) => {
                self.push("'");
                self.push(&text.replace('\'', "''"));
                self.push("'");
            }
            rusqlite::types::Value::Blob(bytes) => {
                self.push("x'");
                self.push(&launchpod_functions::convert::hex(&bytes));
                self.push("'");
            }
        }
    }

    fn value(&mut self, bound: &Bound) -> Result<(), SqlError> {
        if !hides_calls(bound) {
            return self.plain(bound);
        }
        self.push("coalesce(");
        self.plain(bound)?;
        self.push(", NULL)");
        Ok(())
    }

    fn plain(&mut self, bound: &Bound) -> Result<(), SqlError> {
        match &bound.kind {
            Kind::Constant(value) | Kind::Written(value) => self.constant(value),
            Kind::Parameter(index) => self.push_number("?", index + 1),
            Kind::Column { source, name } => {
                if *source != BARE {
                    self.push_number("s", source);
                    self.push(".");
                }
                self.name(name);
            }
            Kind::Prefix(operator, operand) => {
                self.push("(");
                self.push(operator);
                self.push(" ");
                self.value(operand)?;
                self.push(")");
            }
            Kind::Infix { operator, left, right, collate } => {
                self.push("(");
                self.value(left)?;
                // The left side's decides, also before one within the right side.
                if *collate {
                    self.collate(&[left.sql_type, right.sql_type]);
                }
                self.push(" ");
                self.push(operator);
                self.push(" ");
                self.value(right)?;
                self.push(")");
            }
            Kind::Chain { operator, operands } => {
                self.push("(");
                for (index, operand) in operands.iter().enumerate() {
                    if index > 0 {
                        self.push(" ");
                        self.push(operator);
                        self.push(" ");
                    }
                    self.value(operand)?;
                }
                self.push(")");
            }
            Kind::Native { name, arguments } => {
                self.push(name);
                self.arguments(arguments)?;
            }
            Kind::Call { function, arguments } => {
                self.name(&function.name);
                self.functions.push(Arc::clone(function));
                self.arguments(arguments)?;
            }
            Kind::Store(storage, operand) => {
                self.push("CAST(");
                self.value(operand)?;
                self.push(" AS ");
                self.push(storage);
                self.push(")");
            }
            Kind::Case { branches, otherwise } => {
                self.push("CASE");
                for (condition, value) in branches {
                    self.push(" WHEN ");
                    self.value(condition)?;
                    self.push(" THEN ");
                    self.value(value)?;
                }
                if let Some(otherwise) = otherwise {
                    self.push(" ELSE ");
                    self.value(otherwise)?;
                }
                self.push(" END");
            }
            Kind::InList { negated, operand, list, collate } => {
                self.push("(");
                self.value(operand)?;
                if *collate {
                    self.collate(&[operand.sql_type]);
                }
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.list(list, Self::value)?;
                self.push("))");
            }
            Kind::InQuery { negated, operand, query, collate } => {
                self.push("(");
                self.value(operand)?;
                if *collate {
                    let rows = query.columns.first().map(|column| column.sql_type);
                    self.collate(&[operand.sql_type, rows.unwrap_or(operand.sql_type)]);
                }
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.query(query)?;
                self.push("))");
            }
            Kind::Exists(query) => {
                self.push("EXISTS (");
                self.query(query)?;
                self.push(")");
            }
            Kind::Scalar(query) => self.scalar(query)?,
            Kind::Aggregate(aggregate) => self.aggregate(aggregate)?,
        }
        Ok(())
    }

    /// A scalar subquery. SQLite takes its first row silently; a second is an error here. One
    /// that can have one row only is left as it is.
    fn scalar(&mut self, query: &BoundQuery) -> Result<(), SqlError> {
        let single = match &query.body {
            BoundBody::Select(select) => {
                let aggregates = select.items.iter().any(Bound::has_aggregate);
                select.from.is_none() || (select.group_by.is_empty() && aggregates)
            }
            _ => false,
        };
        let one = matches!(query.limit.as_ref().and_then(Bound::value), Some(Value::Int(0 | 1)));
        if single || one {
            self.push("(");
            self.query(query)?;
            self.push(")");
            return Ok(());
        }
        let function = launchpod_functions::single_row();
        self.push("(SELECT ");
        self.name(&function.name);
        self.functions.push(function);
        self.push("(count(*), min(c0)) FROM (SELECT c0 FROM (");
        self.query(query)?;
        self.push(") LIMIT 2))");
        Ok(())
    }

    /// The collation by which values of these types are compared, if they are text.
    fn collate(&mut self, types: &[SqlType]) {
        if let Some(collation) = collation::of_types(types) {
            self.push(" COLLATE ");
            self.push(collation);
        }
    }

    fn arguments(&mut self, arguments: &[Bound]) -> Result<(), SqlError> {
        self.push("(");
        self.list(arguments, Self::value)?;
        self.push(")");
        Ok(())
    }

    fn aggregate(&mut self, aggregate: &BoundAggregate) -> Result<(), SqlError> {
        match &aggregate.name {
            AggregateName::Native(name) => self.push(name),
            AggregateName::Own(function) => {
                self.name(&function.name);
                self.functions.push(Arc::clone(function));
            }
        }
        self.push(if aggregate.distinct { "(DISTINCT " } else { "(" });
        if aggregate.star {
            self.push("*");
        }
        self.list(&aggregate.arguments, |sql, argument| sql.collated(argument))?;
        self.order_by(&aggregate.within)?;
        self.push(")");
        if let Some(over) = &aggregate.over {
            self.push(" OVER (");
            if !over.partition_by.is_empty() {
                self.push("PARTITION BY ");
                self.list(&over.partition_by, Self::collated)?;
            }
            self.order_by(&over.order_by)?;
            if let Some(frame) = &over.frame {
                self.push(" ");
                self.push(frame);
            }
            self.push(")");
        }
        Ok(())
    }

    fn collated(&mut self, value: &Bound) -> Result<(), SqlError> {
        self.value(value)?;
        self.collate(&[value.sql_type]);
        Ok(())
    }

    // --- queries ---

    fn query(&mut self, query: &BoundQuery) -> Result<(), SqlError> {
        self.common_tables(query)?;
        self.body(&query.body, false)?;
        self.order_by(&query.order_by)?;
        if query.limit.is_some() || query.offset.is_some() {
            self.push(" LIMIT ");
            match &query.limit {
                Some(limit) => self.value(limit)?,
                None => self.push("-1"),
            }
        }
        if let Some(offset) = &query.offset {
            self.push(" OFFSET ");
            self.value(offset)?;
        }
        Ok(())
    }

    fn common_tables(&mut self, query: &BoundQuery) -> Result<(), SqlError> {
        if query.ctes.is_empty() {
            return Ok(());
        }
        self.push("WITH RECURSIVE ");
        self.list(&query.ctes, |sql, cte| {
            sql.name(&cte.name);
            // The names of the first operand's columns aren't c0, c1, … when it is VALUES.
            sql.column_numbers(cte.query.columns.len())?;
            sql.push(" AS (");
            sql.query(&cte.query)?;
            sql.push(")");
            Ok(())
        })?;
        self.push(" ");
        Ok(())
    }

    /// The names of a common table expression's columns: `(c0, c1, …)`.
    fn column_numbers(&mut self, count: usize) -> Result<(), SqlError> {
        let columns: Vec<usize> = (0..count).collect();
        self.push("(");
        self.list(&columns, |sql, index| {
            sql.push_number("c", index);
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }

    /// `distinct` says that rows will be compared, so that texts need their collation.
    fn body(&mut self, body: &BoundBody, distinct: bool) -> Result<(), SqlError> {
        match body {
            BoundBody::Select(select) => self.select(select, distinct),
            BoundBody::Set { operator, operands } => {
                for (index, operand) in operands.iter().enumerate() {
                    if index > 0 {
                        self.push(" ");
                        self.push(operator);
                        self.push(" ");
                    }
                    // SQLite's operators bind alike and from the left: the others go inside.
                    let nested = matches!(operand, BoundBody::Set { .. } | BoundBody::Nested(_));
                    if nested {
                        self.push("SELECT * FROM (");
                    }
                    self.body(operand, distinct || *operator != "UNION ALL")?;
                    if nested {
                        self.push(")");
                    }
                }
                Ok(())
            }
            BoundBody::Nested(query) => {
                self.push("SELECT * FROM (");
                self.query(query)?;
                self.push(")");
                Ok(())
            }
            BoundBody::Values(rows) if rows.iter().all(Vec::is_empty) => {
                self.push("SELECT NULL WHERE 0");
                Ok(())
            }
            BoundBody::Values(rows) => {
                // SELECT names the columns; VALUES calls them column1, column2, …
                let width = rows.first().map_or(0, Vec::len);
                self.push("SELECT ");
                let columns: Vec<usize> = (0..width).collect();
                self.list(&columns, |sql, index| {
                    sql.push_number("column", index + 1);
                    sql.push_number(" AS c", index);
                    Ok(())
                })?;
                self.push(" FROM (");
                self.values(rows)?;
                self.push(")");
                Ok(())
            }
        }
    }

    fn values(&mut self, rows: &[Vec<Bound>]) -> Result<(), SqlError> {
        self.push("VALUES ");
        self.list(rows, |sql, row| sql.arguments(row))
    }

    fn select(&mut self, select: &BoundSelect, distinct: bool) -> Result<(), SqlError> {
        let distinct = distinct || select.distinct;
        self.push(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
        for (index, item) in select.items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.value(item)?;
            if distinct {
                self.collate(&[item.sql_type]);
            }
            self.push_number(" AS c", index);
        }
        if let Some(from) = &select.from {
            self.push(" FROM ");
            self.source(from)?;
        }
        if let Some(filter) = &select.filter {
            self.push(" WHERE ");
            self.value(filter)?;
        }
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.list(&select.group_by, Self::collated)?;
        }
        if let Some(having) = &select.having {
            self.push(" HAVING ");
            self.value(having)?;
        }
        Ok(())
    }

    fn source(&mut self, source: &BoundSource) -> Result<(), SqlError> {
        let id = match source {
            BoundSource::Table { schema, name, id } => {
                self.push(schema);
                self.push(".");
                self.name(name);
                id
            }
            BoundSource::Cte { name, id } => {
                self.name(name);
                id
            }
            BoundSource::Derived { query, id } => {
                self.push("(");
                self.query(query)?;
                self.push(")");
                id
            }
            BoundSource::Ordered { query, id } => {
                self.push("(WITH ordered");
                self.column_numbers(query.columns.len())?;
                self.push(" AS MATERIALIZED (");
                self.query(query)?;
                self.push(") SELECT * FROM ordered)");
                id
            }
            BoundSource::Rows { array, id } => {
                self.push("json_each(");
                self.value(array)?;
                self.push(")");
                id
            }
            BoundSource::System { sql, database, visible, id } => {
                self.push("(SELECT * FROM (");
                self.push(sql);
                self.push(")");
                if let Some(database) = database {
                    self.push_number(" WHERE \"@database\" = ", database);
                }
                if let Some(visible) = visible {
                    self.push(if database.is_some() { " AND " } else { " WHERE " });
                    self.push(visible);
                }
                self.push(")");
                id
            }
            BoundSource::Join { word, left, right, on } => {
                self.push("(");
                self.source(left)?;
                self.push(" ");
                self.push(word);
                self.push(" ");
                self.source(right)?;
                if let Some(on) = on {
                    self.push(" ON ");
                    self.value(on)?;
                }
                self.push(")");
                return Ok(());
            }
        };
        self.push_number(" AS s", id);
        Ok(())
    }

    fn order_by(&mut self, order_by: &[BoundOrder]) -> Result<(), SqlError> {
        if order_by.is_empty() {
            return Ok(());
        }
        self.push(" ORDER BY ");
        self.list(order_by, |sql, order| {
            match &order.value {
                OrderValue::Position { index, sql_type } => {
                    sql.push_number("", index + 1);
                    sql.collate(&[*sql_type]);
                }
                // A constant would be taken for a position.
                OrderValue::Value(value) if value.value().is_some() => sql.push("NULL"),
                OrderValue::Value(value) => sql.collated(value)?,
            }
            if order.descending {
                sql.push(" DESC");
            }
            Ok(())
        })
    }

    // --- writes ---

    fn write(&mut self, write: &BoundWrite) -> Result<(), SqlError> {
        match write {
            BoundWrite::Insert { schema, table, columns, query } => {
                self.common_tables(query)?;
                self.push("INSERT INTO ");
                self.push(schema);
                self.push(".");
                self.name(table);
                if columns.is_empty() {
                    self.push(" DEFAULT VALUES");
                    return Ok(());
                }
                self.push(" (");
                self.list(columns, |sql, column| {
                    sql.name(column);
                    Ok(())
                })?;
                self.push(") ");
                match &query.body {
                    BoundBody::Values(rows) => self.values(rows),
                    body => self.body(body, false),
                }
            }
            BoundWrite::Update { schema, table, id, rowid, columns, how } => {
                if let UpdateHow::Query(query) = how {
                    self.common_tables(query)?;
                }
                self.push("UPDATE ");
                self.push(schema);
                self.push(".");
                self.name(table);
                self.push_number(" AS s", id);
                self.push(" SET ");
                for (index, column) in columns.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    self.name(column);
                    self.push(" = ");
                    match how {
                        UpdateHow::Direct { values, .. } => self.value(&values[index])?,
                        UpdateHow::Query(_) => self.push_number("u.c", index + 1),
                    }
                }
                match how {
                    UpdateHow::Direct { filter, .. } => self.filter(filter.as_ref()),
                    UpdateHow::Query(query) => {
                        self.push(" FROM (");
                        self.rows(query)?;
                        self.push(") AS u WHERE u.c0 = ");
                        self.push_number("s", id);
                        self.push(".");
                        self.push(rowid);
                        Ok(())
                    }
                }
            }
            BoundWrite::Delete { schema, table, id, rowid, how } => {
                if let DeleteHow::Query(query) = how {
                    self.common_tables(query)?;
                }
                self.push("DELETE FROM ");
                self.push(schema);
                self.push(".");
                self.name(table);
                self.push_number(" AS s", id);
                match how {
                    DeleteHow::Direct { filter } => self.filter(filter.as_ref()),
                    DeleteHow::Query(query) => {
                        self.push(" WHERE ");
                        self.push(rowid);
                        self.push(" IN (");
                        self.rows(query)?;
                        self.push(")");
                        Ok(())
                    }
                }
            }
        }
    }

    fn filter(&mut self, filter: Option<&Bound>) -> Result<(), SqlError> {
        if let Some(filter) = filter {
            self.push(" WHERE ");
            self.value(filter)?;
        }
        Ok(())
    }

    /// A write's query, whose CTEs stand in front of the write.
    fn rows(&mut self, query: &BoundQuery) -> Result<(), SqlError> {
        self.body(&query.body, false)?;
        if let Some(limit) = &query.limit {
            self.push(" LIMIT ");
            self.value(limit)?;
        }
        Ok(())
    }
}
