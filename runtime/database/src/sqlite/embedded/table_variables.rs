//! Table variables outlive a rollback: a transaction takes back nothing of them ("table
//! (Transact-SQL)").
//!
//! For SQLite they are temporary tables, which a rollback takes back like all others. So before
//! one they are copied into a file of their own, which SQLite keeps in memory while it is small,
//! and after it they are made again.

use launchpod_types::SqlError;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, Rows, ToSql};

use super::catalog::failed;
use super::thread::Worker;
use super::transaction::execute;
use crate::sqlite::translate::quoted;

/// The tables of the catalog that know temporary tables, each by a column `object_id`.
const CATALOG: [&str; 5] = [
    r#""launchpod.objects""#,
    r#""launchpod.columns""#,
    r#""launchpod.constraints""#,
    r#""launchpod.indexes""#,
    r#""launchpod.local""#,
];

/// Copies of table variables.
struct Copies {
    scratch: Connection,
    variables: Vec<Copied>,
}

/// A table variable whose rows were copied.
struct Copied {
    object_id: i64,
    storage: String,
    /// What makes its table and its indexes.
    definitions: Vec<String>,
    /// Its columns in SQLite, the row's number first.
    columns: String,
}

// === impl Worker ===

impl Worker {
    /// Rolls back to the beginning or to a savepoint, all but table variables.
    pub(super) fn roll_back(&mut self, name: Option<&str>) -> Result<(), SqlError> {
        let copies = match self.connection.is_autocommit() {
            // Nothing was changed.
            true => None,
            false => Copies::of(&self.connection).map_err(failed)?,
        };
        self.transaction.rollback(&self.connection, name)?;
        let Some(copies) = copies else { return Ok(()) };
        let own = self.connection.is_autocommit();
        if own {
            execute(&self.connection, "BEGIN")?;
        }
        copies.put_back(&self.connection).map_err(failed)?;
        if own { execute(&self.connection, "COMMIT") } else { Ok(()) }
    }
}

// === impl Copies ===

impl Copies {
    /// Copies all table variables of a connection; `None` when there are none.
    fn of(connection: &Connection) -> rusqlite::Result<Option<Copies>> {
        let sql = r#"SELECT o.object_id, o.storage FROM temp."launchpod.objects" o
                     JOIN temp."launchpod.local" l USING (object_id) WHERE l.is_variable"#;
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found = found.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        if found.is_empty() {
            return Ok(None);
        }
        // An empty name is a file that SQLite makes when it must and that ends with it.
        let scratch = Connection::open("")?;
        scratch.execute_batch("BEGIN")?;
        let mut variables = Vec::with_capacity(found.len());
        for (object_id, storage) in found {
            let copied = Copied::of(connection, object_id, storage)?;
            copied.copy(connection, &scratch)?;
            variables.push(copied);
        }
        Ok(Some(Copies { scratch, variables }))
    }

    fn put_back(&self, connection: &Connection) -> rusqlite::Result<()> {
        for variable in &self.variables {
            variable.put_back(&self.scratch, connection)?;
        }
        Ok(())
    }
}

// === impl Copied ===

impl Copied {
    fn of(connection: &Connection, object_id: i64, storage: String) -> rusqlite::Result<Copied> {
        let sql = "SELECT sql FROM temp.sqlite_master
                   WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY rowid";
        let mut statement = connection.prepare_cached(sql)?;
        let definitions = statement.query_map([&storage], |row| row.get::<_, String>(0))?;
        let definitions = definitions.collect::<rusqlite::Result<Vec<_>>>()?;
        let sql = "SELECT name FROM pragma_table_info(?1, 'temp') ORDER BY cid";
        let mut statement = connection.prepare_cached(sql)?;
        let names = statement.query_map([&storage], |row| row.get::<_, String>(0))?;
        let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
        let rowid = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|word| !names.iter().any(|name| name.eq_ignore_ascii_case(word)));
        let names = names.iter().map(|name| quoted(name));
        let columns: Vec<String> = rowid.map(str::to_owned).into_iter().chain(names).collect();
        Ok(Copied { object_id, storage, definitions, columns: columns.join(", ") })
    }

    /// What there is to copy: of the catalog, then the rows, each as a query and as the table and
    /// columns that it came from.
    fn parts(&self) -> Vec<(String, String)> {
        let id = self.object_id;
        let of_catalog = CATALOG.iter().map(|table| {
            let query = format!("SELECT * FROM temp.{table} WHERE object_id = {id}");
            (query, format!("temp.{table}"))
        });
        let (storage, columns) = (quoted(&self.storage), &self.columns);
        let rows = (
            format!("SELECT {columns} FROM temp.{storage}"),
            format!("temp.{storage} ({columns})"),
        );
        of_catalog.chain([rows]).collect()
    }

    /// The name of a part's copy.
    fn copy_name(&self, part: usize) -> String {
        quoted(&format!("{} {part}", self.object_id))
    }

    fn copy(&self, connection: &Connection, scratch: &Connection) -> rusqlite::Result<()> {
        for (part, (query, _)) in self.parts().iter().enumerate() {
            let mut select = connection.prepare(query)?;
            let count = select.column_count();
            let names: Vec<String> = (0..count).map(|column| format!("c{column}")).collect();
            let copy = self.copy_name(part);
            scratch.execute_batch(&format!("CREATE TABLE {copy} ({})", names.join(", ")))?;
            insert_all(select.query([])?, count, scratch, &copy)?;
        }
        Ok(())
    }

    /// Makes the variable's table anew with what was copied.
    fn put_back(&self, scratch: &Connection, connection: &Connection) -> rusqlite::Result<()> {
        let storage = quoted(&self.storage);
        connection.execute_batch(&format!("DROP TABLE IF EXISTS temp.{storage}"))?;
        for table in CATALOG {
            let sql = format!("DELETE FROM temp.{table} WHERE object_id = ?1");
            connection.execute(&sql, [self.object_id])?;
        }
        for definition in &self.definitions {
            connection.execute_batch(&in_temp(definition))?;
        }
        for (part, (_, into)) in self.parts().iter().enumerate() {
            let mut select = scratch.prepare(&format!("SELECT * FROM {}", self.copy_name(part)))?;
            let count = select.column_count();
            insert_all(select.query([])?, count, connection, into)?;
        }
        Ok(())
    }
}

/// A definition as SQLite keeps it, which says nothing of the schema, with the schema.
fn in_temp(definition: &str) -> String {
    let heads = ["CREATE TABLE ", "CREATE UNIQUE INDEX ", "CREATE INDEX "];
    match heads.iter().find_map(|head| Some((head, definition.strip_prefix(head)?))) {
        Some((head, rest)) => format!("{head}temp.{rest}"),
        None => definition.to_owned(),
    }
}

/// Inserts rows of `count` columns as they are.
fn insert_all(
    mut rows: Rows<'_>,
    count: usize,
    to: &Connection,
    into: &str,
) -> rusqlite::Result<()> {
    let places = vec!["?"; count].join(", ");
    let mut insert = to.prepare(&format!("INSERT INTO {into} VALUES ({places})"))?;
    while let Some(row) = rows.next()? {
        let cells = (0..count).map(|column| Cell { row, column });
        insert.execute(rusqlite::params_from_iter(cells))?;
    }
    Ok(())
}

/// A value of a row, on its way to another connection.
struct Cell<'a, 'r> {
    row: &'a Row<'r>,
    column: usize,
}

impl ToSql for Cell<'_, '_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.row.get_ref(self.column)?))
    }
}
