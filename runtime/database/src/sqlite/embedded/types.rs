//! Types that users make ("CREATE TYPE"): of built-in ones, and of tables.
//!
//! A column, parameter or variable of one has the base type, and the catalog has the number of what
//! it was declared as. That is kept too for built-in types which are one type with two names:
//! `numeric`, `rowversion` and `sysname`.
//!
//! A table type is kept as the text that made it.

use std::sync::Arc;

use launchpod_tsql::ast::{
    CreateTable, CreateType, Drop, Identifier, ObjectName, StatementKind, TypeBase, TypeKind,
    TypeName, fold_name,
};
use launchpod_types::{CatalogType, SqlError, SqlType};
use rusqlite::{OptionalExtension, params};

use super::catalog::{Catalog, DatabaseName, failed};
use super::environment::Environment;
use super::thread::{Job, Worker};
use super::versions;
use crate::sqlite::bind::expression::unknown_type;
use crate::sqlite::errors;

/// The types' table. The first number is SQL Server's.
pub(super) const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.types" (
    user_type_id INTEGER PRIMARY KEY, database_id INT NOT NULL, schema TEXT NOT NULL,
    schema_key TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, system_type_id INT NOT NULL,
    max_length INT NOT NULL, precision INT NOT NULL, scale INT NOT NULL,
    is_nullable INT NOT NULL, definition TEXT, UNIQUE (database_id, key, schema_key)) STRICT;
"#;

/// A table type's number, length, precision and scale in `sys.types`.
pub(super) const TABLE: CatalogType = CatalogType { id: 243, length: -1, precision: 0, scale: 0 };

/// A type as something was declared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) sql_type: SqlType,
    /// The number of what was written, when it isn't the type's own name.
    pub(crate) user_type: Option<i64>,
    /// Whether a column of it may be NULL that doesn't say so.
    pub(crate) nullable: bool,
}

// === impl Catalog ===

impl Catalog<'_> {
    fn type_id(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<Option<i64>, SqlError> {
        let sql = r#"SELECT user_type_id FROM main."launchpod.types"
                     WHERE database_id = ?1 AND key = ?2 AND schema_key = ?3"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let key = params![database.id, fold_name(name), fold_name(schema)];
        statement.query_row(key, |row| row.get(0)).optional().map_err(failed)
    }

    fn user_type(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<Option<Declared>, SqlError> {
        let sql = r#"SELECT user_type_id, system_type_id, max_length, precision, scale, is_nullable
                     FROM main."launchpod.types"
                     WHERE database_id = ?1 AND key = ?2 AND schema_key = ?3"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let key = params![database.id, fold_name(name), fold_name(schema)];
        let found = statement.query_row(key, |row| {
            let sql_type = CatalogType {
                id: row.get(1)?,
                length: row.get(2)?,
                precision: row.get(3)?,
                scale: row.get(4)?,
            }
            .sql_type();
            let (id, nullable): (i64, i64) = (row.get(0)?, row.get(5)?);
            Ok(sql_type.map(|sql_type| Declared {
                sql_type,
                user_type: Some(id),
                nullable: nullable != 0,
            }))
        });
        Ok(found.optional().map_err(failed)?.flatten())
    }

    /// The name of an object that has a column or parameter of a type.
    fn user_of_type(&self, id: i64) -> Result<Option<String>, SqlError> {
        let sql = r#"SELECT name FROM (
                         SELECT object_id FROM main."launchpod.columns" WHERE user_type_id = ?1
                         UNION ALL SELECT object_id FROM main."launchpod.parameters"
                         WHERE user_type_id = ?1)
                     JOIN (SELECT object_id, name FROM main."launchpod.objects"
                         UNION ALL SELECT object_id, name FROM main."launchpod.modules")
                     USING (object_id) LIMIT 1"#;
        self.connection.query_row(sql, [id], |row| row.get(0)).optional().map_err(failed)
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// The number of a user's type.
    pub(super) fn type_id(&self, name: &ObjectName) -> Result<Option<i64>, SqlError> {
        if name.database.is_some() {
            return Ok(None);
        }
        for schema in self.schemas_of(name)? {
            let found = self.catalog().type_id(self.database, &schema, &name.name.text)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The number and the text of a table type; `None` when the type is another.
    pub(crate) fn table_type(
        &self,
        type_name: &TypeName,
    ) -> Result<Option<(i64, String)>, SqlError> {
        let TypeKind::Named(name) = &type_name.kind else { return Ok(None) };
        let Some(id) = self.type_id(name)? else { return Ok(None) };
        let sql = r#"SELECT definition FROM main."launchpod.types" WHERE user_type_id = ?1"#;
        let text: Option<String> =
            self.connection.query_row(sql, [id], |row| row.get(0)).map_err(failed)?;
        Ok(text.map(|text| (id, text)))
    }

    /// What a declaration's type is; `place` is that of the column, parameter or variable, from 1.
    ///
    /// # Errors
    /// 2715 when there is no such type, 40517 for one that SQL Server alone has.
    pub(crate) fn declared(
        &self,
        type_name: &TypeName,
        place: usize,
    ) -> Result<Declared, SqlError> {
        if let Some(sql_type) = type_name.declared() {
            let user_type = type_name.other_name();
            let nullable = type_name.kind != TypeKind::SysName && user_type != Some(versions::TYPE);
            return Ok(Declared { sql_type, user_type, nullable });
        }
        let found = match &type_name.kind {
            TypeKind::Named(name) => self.user_type(name)?,
            _ => None,
        };
        found.ok_or_else(|| unknown_type(place, type_name))
    }

    /// The type of a declaration, as [`Environment::declared`].
    pub(crate) fn declared_type(
        &self,
        type_name: &TypeName,
        place: usize,
    ) -> Result<SqlType, SqlError> {
        self.declared(type_name, place).map(|declared| declared.sql_type)
    }

    fn user_type(&self, name: &ObjectName) -> Result<Option<Declared>, SqlError> {
        if name.database.is_some() {
            return Ok(None);
        }
        for schema in self.schemas_of(name)? {
            let found = self.catalog().user_type(self.database, &schema, &name.name.text)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_type(&self, job: &Job, create: &CreateType) -> Result<(), SqlError> {
        let (database, schema) = self.place_of_new(&create.name, "CREATE TYPE")?;
        let environment = self.environment();
        environment.check_create("CREATE TYPE", &schema)?;
        let name = &create.name.name.text;
        let (encoded, nullable, definition) = match &create.base {
            TypeBase::Alias { type_name, nullable } => {
                let sql_type = type_name.declared().ok_or_else(|| unknown_type(1, type_name))?;
                if sql_type.is_document() {
                    return Err(errors::no_base_type(sql_type));
                }
                (sql_type.into(), nullable.unwrap_or(true), None)
            }
            TypeBase::Table(_) => (TABLE, false, Some(&*job.execute.source)),
        };
        let catalog = environment.catalog();
        if catalog.type_id(&database, &schema, name)?.is_some() {
            return Err(errors::type_exists(&create.name.to_string()));
        }
        let CatalogType { id, length, precision, scale } = encoded;
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.types"
                   SELECT max(256, coalesce(max(user_type_id), 0)) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7,
                       ?8, ?9, ?10, ?11 FROM main."launchpod.types""#,
                params![
                    database.id,
                    schema,
                    fold_name(&schema),
                    name,
                    fold_name(name),
                    id,
                    length,
                    precision,
                    scale,
                    nullable,
                    definition
                ],
            )
            .map_err(failed)?;
        if let Some(definition) = definition {
            self.check_table_type(job, definition)?;
        }
        Ok(())
    }

    /// Makes a table of a new type, and takes it back: what is wrong with its columns is said now.
    fn check_table_type(&self, job: &Job, definition: &str) -> Result<(), SqlError> {
        self.table_of_type(job, definition, "#launchpod.type")?;
        let catalog = Catalog::new(&self.connection);
        match catalog.temporary("#launchpod.type")? {
            Some(table) => catalog.drop_table(&table),
            None => Ok(()),
        }
    }

    /// Makes a temporary table of a table type.
    pub(super) fn table_of_type(
        &self,
        job: &Job,
        definition: &str,
        name: &str,
    ) -> Result<(), SqlError> {
        let batch = launchpod_tsql::parse(definition)?;
        let Some(statement) = batch.statements.into_iter().next() else { return Ok(()) };
        let StatementKind::CreateType(create) = &statement.kind else { return Ok(()) };
        let TypeBase::Table(definition_of) = &create.base else { return Ok(()) };
        let name = ObjectName {
            server: None,
            database: None,
            schema: None,
            name: Identifier::new(name),
            span: statement.span,
            line: statement.line,
        };
        let table = CreateTable { name, definition: definition_of.clone() };
        let job = job.within(statement.clone(), definition, Arc::default());
        self.create_table(&job, &table)
    }

    pub(crate) fn drop_types(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        for name in &drop.names {
            if name.database.is_some() {
                return Err(errors::database_prefix("DROP TYPE"));
            }
            let shown = name.to_string();
            let id = match environment.type_id(name)? {
                Some(id) => id,
                None if drop.if_exists => continue,
                None => return Err(errors::no_such_type(&shown)),
            };
            let context = environment.context()?;
            let schema: String = self
                .connection
                .query_row(
                    r#"SELECT schema FROM main."launchpod.types" WHERE user_type_id = ?1"#,
                    [id],
                    |row| row.get(0),
                )
                .map_err(failed)?;
            if !context.may_object("AL", context.schema(context.schema_id(&schema))) {
                return Err(errors::no_such_type(&shown));
            }
            if let Some(object) = environment.catalog().user_of_type(id)? {
                return Err(errors::type_in_use(&shown, &object));
            }
            let sql = r#"DELETE FROM main."launchpod.types" WHERE user_type_id = ?1"#;
            self.connection.execute(sql, [id]).map_err(failed)?;
        }
        Ok(())
    }
}
