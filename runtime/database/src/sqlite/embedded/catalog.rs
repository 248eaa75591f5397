//! Databases, tables and columns, kept in SQLite tables beside the data.
//!
//! Tables of users live in the attached database `main` under the name
//! `database.schema.table`; temporary tables in `temp` under their own. Both have the same
//! catalog tables, so that a rollback takes definitions back with the data. Names are looked up
//! by a `key`, the name without case.

use launchpod_tsql::ast::fold_name;
use launchpod_types::{CatalogType, SqlError, SqlType};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::constraints::StoredConstraint;
use crate::sqlite::errors;
use crate::sqlite::security::permission::Class;
use crate::sqlite::security::principal;
use crate::sqlite::system::user_messages;

/// The catalog's tables; `{}` is the attached database.
const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS {}."launchpod.objects" (
    object_id INTEGER PRIMARY KEY, database_id INT NOT NULL, schema TEXT NOT NULL,
    schema_key TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, storage TEXT NOT NULL,
    created INT NOT NULL, UNIQUE (database_id, key, schema_key)) STRICT;
CREATE TABLE IF NOT EXISTS {}."launchpod.columns" (
    object_id INT NOT NULL, column_id INT NOT NULL, name TEXT NOT NULL,
    system_type_id INT NOT NULL, max_length INT NOT NULL, precision INT NOT NULL,
    scale INT NOT NULL, is_nullable INT NOT NULL, is_identity INT NOT NULL,
    seed INT, increment INT, last INT, definition TEXT, computed TEXT,
    is_persisted INT NOT NULL DEFAULT 0, user_type_id INT,
    PRIMARY KEY (object_id, column_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS {}."launchpod.constraints" (
    constraint_id INTEGER PRIMARY KEY, object_id INT NOT NULL, name TEXT NOT NULL,
    key TEXT NOT NULL, type TEXT NOT NULL, definition TEXT NOT NULL, column_id INT NOT NULL,
    is_system_named INT NOT NULL, referenced_id INT, referenced TEXT, on_delete INT,
    on_update INT) STRICT;
CREATE INDEX IF NOT EXISTS {}."launchpod.constraints.object"
    ON "launchpod.constraints" (object_id);
CREATE TABLE IF NOT EXISTS {}."launchpod.indexes" (
    object_id INT NOT NULL, index_id INT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    storage TEXT NOT NULL, is_unique INT NOT NULL, definition TEXT NOT NULL,
    is_filtered INT NOT NULL, PRIMARY KEY (object_id, index_id), UNIQUE (object_id, key)) STRICT, WITHOUT ROWID;
"#;

/// The tables that the server has once.
const SERVER_SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.databases" (
    database_id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
    created INT NOT NULL, rowversion INT) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.schemas" (
    schema_id INTEGER PRIMARY KEY, database_id INT NOT NULL, name TEXT NOT NULL,
    key TEXT NOT NULL, UNIQUE (database_id, key)) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.modules" (
    object_id INTEGER PRIMARY KEY, database_id INT NOT NULL, schema TEXT NOT NULL,
    schema_key TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
    definition TEXT NOT NULL, created INT NOT NULL, modified INT NOT NULL,
    UNIQUE (database_id, key, schema_key)) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.parameters" (
    object_id INT NOT NULL, parameter_id INT NOT NULL, name TEXT NOT NULL,
    system_type_id INT NOT NULL, max_length INT NOT NULL, precision INT NOT NULL,
    scale INT NOT NULL, is_output INT NOT NULL, user_type_id INT,
    PRIMARY KEY (object_id, parameter_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.extended_properties" (
    database_id INT NOT NULL, class INT NOT NULL, major_id INT NOT NULL, minor_id INT NOT NULL,
    name TEXT NOT NULL, key TEXT NOT NULL, value TEXT,
    PRIMARY KEY (database_id, class, major_id, minor_id, key)) STRICT, WITHOUT ROWID;
"#;

/// The databases that every server has.
const SYSTEM_DATABASES: [&str; 4] = ["master", "tempdb", "model", "msdb"];

/// The number and the name of the database of temporary tables.
pub(crate) const TEMPDB: (i64, &str) = (2, SYSTEM_DATABASES[1]);

/// The code of a user's table in OBJECT_ID's second argument.
pub(crate) const TABLE_CODE: &str = "U";

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabaseName {
    pub(crate) id: i64,
    /// As it was created.
    pub(crate) name: String,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) object_id: i64,
    pub(crate) database: String,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// `main` or `temp`.
    pub(crate) attached: &'static str,
    /// Its name in SQLite.
    pub(crate) storage: String,
    pub(crate) columns: Vec<TableColumn>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableColumn {
    pub(crate) column_id: i64,
    pub(crate) name: String,
    pub(crate) sql_type: SqlType,
    /// The number of the type that it was declared with, when that is another name.
    pub(crate) user_type: Option<i64>,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
    /// The T-SQL text of its default.
    pub(crate) default: Option<String>,
    /// What it is computed from, when its values aren't stored.
    pub(crate) computed: Option<Computed>,
}

/// The expression of a computed column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Computed {
    /// Its T-SQL text.
    pub(crate) text: String,
    /// PERSISTED: its values can't change by themselves. They are computed all the same.
    pub(crate) persisted: bool,
}

/// The counter of an IDENTITY column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) seed: i64,
    pub(crate) increment: i64,
    /// The value given last.
    pub(crate) last: Option<i64>,
}

/// Reads and writes the catalog on one connection.
#[derive(Clone, Copy)]
pub(crate) struct Catalog<'a> {
    pub(crate) connection: &'a Connection,
}

/// A name in a text, its missing parts filled in.
pub(crate) struct TextName {
    /// `None` when there is no such database.
    pub(crate) database: Option<DatabaseName>,
    /// `None` when it isn't said.
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

pub(crate) fn failed(error: rusqlite::Error) -> SqlError {
    super::failure::of_engine(&error)
}

// === impl DatabaseName ===

impl DatabaseName {
    /// The server's own database.
    pub(crate) fn master() -> Self {
        DatabaseName { id: 1, name: SYSTEM_DATABASES[0].to_owned() }
    }
}

// === impl Identity ===

impl Identity {
    /// The further one of the last value and another, in the direction of the increment.
    pub(crate) fn further(&self, value: i64) -> i64 {
        match self.last {
            Some(last) if self.increment >= 0 => last.max(value),
            Some(last) => last.min(value),
            None => value,
        }
    }

    /// What IDENT_CURRENT returns.
    pub(crate) fn current(&self) -> i64 {
        self.last.unwrap_or(self.seed)
    }
}

// === impl TableColumn ===

impl TableColumn {
    /// Whether it is a `rowversion`.
    pub(crate) fn is_version(&self) -> bool {
        self.user_type == Some(super::versions::TYPE)
    }
}

// === impl Table ===

impl Table {
    /// The word for SQLite's row number that no column of the table hides.
    pub(crate) fn rowid(&self) -> Result<&'static str, SqlError> {
        ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|word| !self.columns.iter().any(|c| c.name.eq_ignore_ascii_case(word)))
            .ok_or_else(|| errors::unsupported("A table with columns rowid, _rowid_ and oid"))
    }

    /// `schema.name`, as messages about constraints have it.
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// `database.schema.name`
    pub(crate) fn full_label(&self) -> String {
        format!("{}.{}.{}", self.database, self.schema, self.name)
    }
}

// === impl Catalog ===

impl<'a> Catalog<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Catalog { connection }
    }

    /// Makes the server's tables and its system databases where they are missing.
    pub(crate) fn create(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(&SCHEMA.replace("{}", "main"))?;
        self.connection.execute_batch(SERVER_SCHEMA)?;
        self.connection.execute_batch(super::module_options::SCHEMA)?;
        self.connection.execute_batch(user_messages::SCHEMA)?;
        self.connection.execute_batch(super::sequences::SCHEMA)?;
        self.connection.execute_batch(super::synonyms::SCHEMA)?;
        self.connection.execute_batch(super::types::SCHEMA)?;
        self.create_security()?;
        self.create_governor()?;
        for (id, name) in (1..).zip(SYSTEM_DATABASES) {
            self.connection.execute(
                r#"INSERT OR IGNORE INTO main."launchpod.databases" VALUES (?1, ?2, ?2, ?3, NULL)"#,
                params![id, name, now()],
            )?;
            self.create_principals(id, principal::server::SA)?;
        }
        Ok(())
    }

    /// Makes a connection's own tables for temporary tables.
    pub(crate) fn create_temporary(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(&SCHEMA.replace("{}", "temp"))?;
        self.connection.execute_batch(super::local_tables::SCHEMA)?;
        self.connection.execute_batch(
            r#"CREATE TEMP TABLE IF NOT EXISTS "launchpod.globals" (object_id INTEGER PRIMARY KEY) STRICT"#,
        )
    }

    // --- databases ---

    pub(crate) fn database(&self, name: &str) -> Result<Option<DatabaseName>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(
                r#"SELECT database_id, name FROM main."launchpod.databases" WHERE key = ?1"#,
            )
            .map_err(failed)?;
        statement
            .query_row([fold_name(name)], |row| {
                Ok(DatabaseName { id: row.get(0)?, name: row.get(1)? })
            })
            .optional()
            .map_err(failed)
    }

    /// All databases, in the order they were made.
    pub(crate) fn databases(&self) -> Result<Vec<DatabaseName>, SqlError> {
        let sql = r#"SELECT database_id, name FROM main."launchpod.databases" ORDER BY 1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([], |row| Ok(DatabaseName { id: row.get(0)?, name: row.get(1)? }))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    pub(crate) fn database_name(&self, id: i64) -> Result<Option<String>, SqlError> {
        self.connection
            .query_row(
                r#"SELECT name FROM main."launchpod.databases" WHERE database_id = ?1"#,
                [id],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)
    }

    /// Makes a database, which a login owns.
    pub(crate) fn create_database(&self, name: &str, owner: i64) -> Result<(), SqlError> {
        if self.database(name)?.is_some() {
            return Err(errors::database_exists(name));
        }
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.databases" (name, key, created) VALUES (?1, ?2, ?3)"#,
                params![name, fold_name(name), now()],
            )
            .map_err(failed)?;
        let id = self.connection.last_insert_rowid();
        self.create_principals(id, owner).map_err(failed)?;
        self.touch_security()
    }

    pub(crate) fn drop_database(&self, database: &DatabaseName) -> Result<(), SqlError> {
        if SYSTEM_DATABASES.contains(&fold_name(&database.name).as_str()) {
            return Err(errors::system_database(&database.name));
        }
        // Tables may reference each other.
        self.connection.execute_batch("PRAGMA defer_foreign_keys = ON").map_err(failed)?;
        for table in self.tables(database)? {
            self.drop_table(&table)?;
        }
        for described in ["columns", "parameters", "sequences", "synonyms"] {
            let sql = format!(
                r#"DELETE FROM main."launchpod.{described}" WHERE object_id IN
                   (SELECT object_id FROM main."launchpod.modules" WHERE database_id = ?1)"#
            );
            self.connection.execute(&sql, [database.id]).map_err(failed)?;
        }
        for owned in ["modules", "schemas", "types", "extended_properties"] {
            let sql = format!(r#"DELETE FROM main."launchpod.{owned}" WHERE database_id = ?1"#);
            self.connection.execute(&sql, [database.id]).map_err(failed)?;
        }
        self.drop_principals(database.id)?;
        self.connection
            .execute(
                r#"DELETE FROM main."launchpod.databases" WHERE database_id = ?1"#,
                [database.id],
            )
            .map_err(failed)?;
        Ok(())
    }

    // --- tables ---

    /// `database.schema.name` of a table; `None` when it is gone.
    pub(crate) fn full_label(&self, object_id: i64) -> Result<Option<String>, SqlError> {
        let sql = match object_id {
            ..0 => {
                r#"SELECT 'tempdb.dbo.' || name FROM temp."launchpod.objects"
                   WHERE object_id = ?1"#
            }
            _ => {
                r#"SELECT d.name || '.' || o.schema || '.' || o.name
                   FROM main."launchpod.objects" o JOIN main."launchpod.databases" d
                   USING (database_id) WHERE o.object_id = ?1"#
            }
        };
        let label = self.connection.query_row(sql, [object_id], |row| row.get(0));
        label.optional().map_err(failed)
    }

    pub(crate) fn table(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<Option<Table>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(
                r#"SELECT object_id, schema, name, storage FROM main."launchpod.objects"
                   WHERE database_id = ?1 AND key = ?2 AND schema_key = ?3"#,
            )
            .map_err(failed)?;
        let found = statement
            .query_row(params![database.id, fold_name(name), fold_name(schema)], |row| {
                header(row, &database.name, "main")
            })
            .optional()
            .map_err(failed)?;
        found.map(|table| self.with_columns(table)).transpose()
    }

    /// A temporary table of this connection.
    pub(crate) fn temporary(&self, name: &str) -> Result<Option<Table>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(
                r#"SELECT object_id, schema, name, storage FROM temp."launchpod.objects"
                   WHERE key = ?1"#,
            )
            .map_err(failed)?;
        let found = statement
            .query_row([fold_name(name)], |row| header(row, "tempdb", "temp"))
            .optional()
            .map_err(failed)?;
        found.map(|table| self.with_columns(table)).transpose()
    }

    /// The temporary tables of this connection, without their columns.
    pub(super) fn temporary_tables(&self) -> Result<Vec<Table>, SqlError> {
        let sql = r#"SELECT object_id, schema, name, storage FROM temp."launchpod.objects""#;
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map([], |row| header(row, "tempdb", "temp")).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// A table by a name in a text: `t`, `dbo.t`, `db..t`, `[a b].[c]`.
    pub(crate) fn table_by_text(
        &self,
        text: &str,
        current: &DatabaseName,
    ) -> Result<Option<Table>, SqlError> {
        let name = self.text_name(text, current)?;
        if name.name.starts_with("##") {
            let tempdb = DatabaseName { id: TEMPDB.0, name: TEMPDB.1.to_owned() };
            return self.table(&tempdb, "dbo", &name.name);
        }
        if name.name.starts_with('#') {
            return self.temporary(&name.name);
        }
        match &name.database {
            Some(database) => {
                self.table(database, name.schema.as_deref().unwrap_or("dbo"), &name.name)
            }
            None => Ok(None),
        }
    }

    /// Reads a name in a text: `t`, `dbo.t`, `db..t`, `[a b].[c]`.
    pub(crate) fn text_name(
        &self,
        text: &str,
        current: &DatabaseName,
    ) -> Result<TextName, SqlError> {
        let mut parts = split_name(text);
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop().filter(|schema| !schema.is_empty());
        let database = match parts.pop() {
            Some(database) if !database.is_empty() => self.database(&database)?,
            _ => Some(current.clone()),
        };
        Ok(TextName { database, schema, name })
    }

    pub(super) fn tables(&self, database: &DatabaseName) -> Result<Vec<Table>, SqlError> {
        let mut statement = self
            .connection
            .prepare(
                r#"SELECT object_id, schema, name, storage FROM main."launchpod.objects"
                   WHERE database_id = ?1"#,
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([database.id], |row| header(row, &database.name, "main"))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    pub(crate) fn object_name(&self, id: i64) -> Result<Option<(String, String)>, SqlError> {
        let sql = match id {
            ..0 => r#"SELECT schema, name FROM temp."launchpod.objects" WHERE object_id = ?1"#,
            _ => {
                r#"SELECT schema, name FROM main."launchpod.objects" WHERE object_id = ?1
                   UNION ALL
                   SELECT schema, name FROM main."launchpod.modules" WHERE object_id = ?1"#
            }
        };
        self.connection
            .query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed)
    }

    /// A table of users by its number, without its columns.
    pub(super) fn table_of(&self, object_id: i64) -> Result<Table, SqlError> {
        let sql = r#"SELECT o.object_id, o.schema, o.name, o.storage, d.name
                     FROM main."launchpod.objects" o JOIN main."launchpod.databases" d
                     USING (database_id) WHERE o.object_id = ?1"#;
        let read = |row: &Row<'_>| header(row, &row.get::<_, String>(4)?, "main");
        self.connection.query_row(sql, [object_id], read).map_err(failed)
    }

    /// A table as the catalog has it by now.
    pub(super) fn reload(&self, table: &Table) -> Result<Table, SqlError> {
        self.with_columns(Table { columns: Vec::new(), ..table.clone() })
    }

    fn with_columns(&self, mut table: Table) -> Result<Table, SqlError> {
        let sql = match table.attached {
            "temp" => COLUMNS_TEMP,
            _ => COLUMNS_MAIN,
        };
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let columns = statement
            .query_map([table.object_id], |row| {
                let ids = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
                Ok((
                    ids,
                    TableColumn {
                        column_id: row.get(0)?,
                        name: row.get(1)?,
                        sql_type: SqlType::Int,
                        user_type: row.get(11)?,
                        nullable: row.get::<_, i64>(6)? != 0,
                        identity: row.get::<_, i64>(7)? != 0,
                        default: row.get(8)?,
                        computed: match row.get(9)? {
                            Some(text) => Some(Computed { text, persisted: row.get(10)? }),
                            None => None,
                        },
                    },
                ))
            })
            .map_err(failed)?;
        for column in columns {
            let ((id, length, precision, scale), mut column) = column.map_err(failed)?;
            let found = CatalogType { id, length, precision, scale };
            column.sql_type = found.sql_type().ok_or_else(|| {
                errors::internal(format_args!("column {} has an unknown type", column.name))
            })?;
            table.columns.push(column);
        }
        Ok(table)
    }

    /// Writes a new table down; the columns' counters and constraints come with it.
    pub(crate) fn add_table(
        &self,
        database: &DatabaseName,
        table: &Table,
        identities: &[Option<Identity>],
        constraints: &[StoredConstraint],
    ) -> Result<i64, SqlError> {
        let attached = table.attached;
        let object_id = self.next_object_id(attached)?;
        self.connection
            .execute(
                &format!(
                    r#"INSERT INTO {attached}."launchpod.objects"
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"#
                ),
                params![
                    object_id,
                    database.id,
                    table.schema,
                    fold_name(&table.schema),
                    table.name,
                    fold_name(&table.name),
                    table.storage,
                    now()
                ],
            )
            .map_err(failed)?;
        for (column, identity) in table.columns.iter().zip(identities) {
            self.add_column(attached, object_id, column, *identity)?;
        }
        let table = Table { object_id, ..table.clone() };
        for constraint in constraints {
            self.add_constraint(&table, constraint)?;
        }
        Ok(object_id)
    }

    /// Writes a table's new column down.
    pub(super) fn add_column(
        &self,
        attached: &str,
        object_id: i64,
        column: &TableColumn,
        identity: Option<Identity>,
    ) -> Result<(), SqlError> {
        let CatalogType { id, length, precision, scale } = column.sql_type.into();
        self.connection
            .execute(
                &format!(
                    r#"INSERT INTO {attached}."launchpod.columns" VALUES
                       (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, NULL, ?12, ?13, ?14, ?15)"#
                ),
                params![
                    object_id,
                    column.column_id,
                    column.name,
                    id,
                    length,
                    precision,
                    scale,
                    column.nullable,
                    identity.is_some(),
                    identity.map(|identity| identity.seed),
                    identity.map(|identity| identity.increment),
                    column.default,
                    column.computed.as_ref().map(|computed| &computed.text),
                    column.computed.as_ref().is_some_and(|computed| computed.persisted),
                    column.user_type
                ],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// A number for a new object.
    pub(super) fn next_object_id(&self, attached: &str) -> Result<i64, SqlError> {
        // Temporary tables count down from 0, so that numbers never meet.
        let sql = if attached == "temp" {
            r#"SELECT MIN(COALESCE((SELECT MIN(object_id) FROM temp."launchpod.objects"), 0),
                          COALESCE((SELECT MIN(constraint_id)
                                    FROM temp."launchpod.constraints"), 0), -1000) - 16"#
        } else {
            // The numbers of constraints are objects' numbers as well.
            r#"SELECT MAX(COALESCE((SELECT MAX(object_id) FROM main."launchpod.objects"), 0),
                          COALESCE((SELECT MAX(object_id) FROM main."launchpod.modules"), 0),
                          COALESCE((SELECT MAX(constraint_id)
                                    FROM main."launchpod.constraints"), 0), 581577109) + 16"#
        };
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(failed)
    }

    pub(crate) fn drop_table(&self, table: &Table) -> Result<(), SqlError> {
        let attached = table.attached;
        let storage = crate::sqlite::translate::quoted(&table.storage);
        let id = table.object_id;
        self.connection
            .execute_batch(&format!(
                r#"DELETE FROM main."launchpod.extended_properties" WHERE class IN (1, 7)
                       AND major_id IN (SELECT {id} UNION ALL SELECT constraint_id
                           FROM {attached}."launchpod.constraints" WHERE object_id = {id});
                   DROP TABLE {attached}.{storage};
                   DELETE FROM {attached}."launchpod.constraints" WHERE object_id = {id};
                   DELETE FROM {attached}."launchpod.columns" WHERE object_id = {id};
                   DELETE FROM {attached}."launchpod.indexes" WHERE object_id = {id};
                   DELETE FROM {attached}."launchpod.objects" WHERE object_id = {id};"#
            ))
            .map_err(failed)?;
        match self.database(&table.database)? {
            _ if attached == "temp" => self.forget_local(id),
            Some(database) => self.forget_securable(database.id, Class::Object, id),
            None => Ok(()),
        }
    }

    // --- counters ---

    pub(crate) fn identity(&self, table: &Table) -> Result<Option<Identity>, SqlError> {
        let sql = format!(
            r#"SELECT seed, increment, last FROM {}."launchpod.columns"
               WHERE object_id = ?1 AND is_identity = 1"#,
            table.attached
        );
        self.connection
            .query_row(&sql, [table.object_id], |row| {
                Ok(Identity { seed: row.get(0)?, increment: row.get(1)?, last: row.get(2)? })
            })
            .optional()
            .map_err(failed)
    }

    pub(crate) fn set_identity(
        &self,
        table: &Table,
        identity: Option<Identity>,
    ) -> Result<(), SqlError> {
        let sql = format!(
            r#"UPDATE {}."launchpod.columns" SET last = ?2
               WHERE object_id = ?1 AND is_identity = 1"#,
            table.attached
        );
        let last = identity.and_then(|identity| identity.last);
        self.connection.execute(&sql, params![table.object_id, last]).map_err(failed)?;
        Ok(())
    }
}

const COLUMNS_MAIN: &str = r#"SELECT column_id, name, system_type_id, max_length, precision, scale,
    is_nullable, is_identity, definition, computed, is_persisted, user_type_id FROM main."launchpod.columns"
    WHERE object_id = ?1 ORDER BY column_id"#;
const COLUMNS_TEMP: &str = r#"SELECT column_id, name, system_type_id, max_length, precision, scale,
    is_nullable, is_identity, definition, computed, is_persisted, user_type_id FROM temp."launchpod.columns"
    WHERE object_id = ?1 ORDER BY column_id"#;

fn header(row: &Row<'_>, database: &str, attached: &'static str) -> rusqlite::Result<Table> {
    Ok(Table {
        object_id: row.get(0)?,
        database: database.to_owned(),
        schema: row.get(1)?,
        name: row.get(2)?,
        attached,
        storage: row.get(3)?,
        columns: Vec::new(),
    })
}

/// Seconds since 1970, for create dates.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Splits `a.[b.c]."d"` at its dots and takes the quotes off.
/// The parts of a name in a text, without their brackets and quotes.
pub(super) fn split_name(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut close = None;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match (close, c) {
            // A doubled quote is one within the name.
            (Some(end), c) if c == end && chars.next_if_eq(&end).is_none() => close = None,
            (Some(_), c) => parts[last].push(c),
            (None, '[') => close = Some(']'),
            (None, '"') => close = Some('"'),
            (None, '.') => parts.push(String::new()),
            (None, c) => parts[last].push(c),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}
