//! CREATE TABLE, DROP TABLE, DROP DATABASE.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    ColumnDefinition, ColumnSource, ConstraintKind, CreateDatabase, CreateTable, Declaration, Drop,
    Expr, Identifier, IndexColumn, ObjectName, same_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::catalog::{Catalog, Computed, DatabaseName, Identity, Table, TableColumn};
use super::constrain::require_key;
use super::constraints::StoredConstraint;
use super::environment::Environment;
use super::failure;
use super::identity_column::IdentityColumn;
use super::thread::{Job, Worker};
use super::types::Declared;
use super::versions;
use crate::sqlite::bind::tree::BoundQuery;
use crate::sqlite::bind::{Binder, collation};
use crate::sqlite::errors;
use crate::sqlite::security::permission::Class;
use crate::sqlite::security::principal;

/// A table that is being defined.
pub(super) struct Definition {
    pub(super) table: Table,
    identities: Vec<Option<Identity>>,
    pub(super) constraints: Vec<StoredConstraint>,
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_table(&self, job: &Job, create: &CreateTable) -> Result<(), SqlError> {
        let mut definition = self.new_table(&create.name)?;
        let source = Source::new(job);
        let columns = &create.definition.columns;
        for column in columns {
            let defined = self.column(&source, &definition, column);
            let (defined, identity) = defined.map_err(|error| error.or_line(column.line))?;
            definition.table.columns.push(defined);
            definition.identities.push(identity);
        }
        if definition.identities.iter().flatten().count() > 1 {
            return Err(errors::second_identity(&definition.table.name));
        }
        for column in columns {
            self.finish_column(&source, &mut definition, column)
                .map_err(|error| error.or_line(column.line))?;
        }
        let of_columns = columns.iter().flat_map(|column| {
            let own = Some(column.name.text.as_str());
            column.constraints.iter().map(move |constraint| (constraint, own))
        });
        let of_table = create.definition.constraints.iter().map(|constraint| (constraint, None));
        for (constraint, own) in of_columns.chain(of_table) {
            let made = self.constraint(&source, &definition, constraint, own);
            let made = made.map_err(|error| error.or_line(constraint.line))?;
            if let Some(made) = made {
                if made.code == "PK" {
                    require_key(&mut definition, &made);
                }
                definition.constraints.push(made);
            }
        }
        let table = self.make(definition)?;
        for index in &create.definition.indexes {
            self.add_index(&table, index).map_err(|error| error.or_line(index.line))?;
        }
        Ok(())
    }

    /// `DECLARE @t TABLE (…)`: a temporary table under the name that the variable holds, which
    /// its owner drops. A DECLARE that runs again, as in a loop, leaves it as it is.
    pub(crate) fn declare_tables(
        &self,
        job: &Job,
        declarations: &[Declaration],
    ) -> Result<(), SqlError> {
        for declaration in declarations {
            let (name, line) = match declaration {
                Declaration::Table { name, line, .. }
                | Declaration::Variable { name, line, .. } => (name, line),
                _ => continue,
            };
            let of_type = match declaration {
                Declaration::Variable { type_name, .. } => {
                    match self.environment().table_type(type_name)? {
                        Some((_, text)) => Some(text),
                        None => continue,
                    }
                }
                _ => None,
            };
            let held = job.execute.variables.get(&name.to_lowercase()).map(|v| &v.value);
            let Some(Value::Text(storage)) = held.filter(|held| is_temporary(held)) else {
                return Err(errors::undeclared_table(name).or_line(*line));
            };
            if self.environment().catalog().temporary(storage)?.is_some() {
                continue;
            }
            match (declaration, of_type) {
                (_, Some(text)) => self.table_of_type(job, &text, storage)?,
                (Declaration::Table { definition, .. }, None) => {
                    let name = ObjectName {
                        server: None,
                        database: None,
                        schema: None,
                        name: Identifier::new(storage.clone()),
                        span: job.execute.statement.span,
                        line: *line,
                    };
                    self.create_table(job, &CreateTable { name, definition: definition.clone() })?;
                }
                _ => continue,
            }
            if let Some(table) = self.environment().catalog().temporary(storage)? {
                self.environment().catalog().set_variable(table.object_id)?;
            }
        }
        Ok(())
    }

    /// The table of SELECT … INTO.
    pub(crate) fn create_from_columns(
        &self,
        name: &ObjectName,
        query: &BoundQuery,
        identity: Option<&IdentityColumn>,
    ) -> Result<Table, SqlError> {
        let mut definition = self.new_table(name)?;
        for (index, column) in (1..).zip(&query.columns) {
            if column.name.is_empty() {
                return Err(errors::unnamed_column());
            }
            check_new(&definition.table, &column.name)?;
            let counter = identity.filter(|identity| same_name(&identity.name, &column.name));
            let counter = counter.map(|identity| identity.counter);
            definition.table.columns.push(TableColumn {
                column_id: index,
                name: column.name.clone(),
                sql_type: column.sql_type,
                user_type: None,
                nullable: column.nullable && counter.is_none(),
                identity: counter.is_some(),
                default: None,
                computed: None,
            });
            definition.identities.push(counter);
        }
        self.make(definition)
    }

    /// An empty definition under a name that is free.
    fn new_table(&self, name: &ObjectName) -> Result<Definition, SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let table = if name.is_temporary() {
            let hidden = match catalog.temporary(&name.name.text)? {
                Some(known) if catalog.hide(&known, self.level())? => Some(known.object_id),
                Some(_) => return Err(errors::exists_already(&name.name.text)),
                None => None,
            };
            let storage = name.name.text.to_lowercase();
            Table {
                object_id: 0,
                database: "tempdb".to_owned(),
                schema: "dbo".to_owned(),
                name: name.name.text.clone(),
                attached: "temp",
                // No two tables hide the same one.
                storage: hidden.map_or(storage.clone(), |id| format!("{storage} over {id}")),
                columns: Vec::new(),
            }
        } else {
            let database = environment.database_of(name).map_err(|_| {
                errors::no_such_database(name.database.as_ref().map_or("", |name| &name.text))
            })?;
            let asked = match &name.schema {
                // Whatever is said.
                _ if name.is_global_temporary() => "dbo".to_owned(),
                Some(schema) => schema.text.clone(),
                None => environment.default_schema()?,
            };
            let schema =
                catalog.schema(&database, &asked)?.ok_or_else(|| errors::unknown_schema(&asked))?;
            let there = Environment { database: &database, ..environment };
            // Anybody may make a temporary one.
            if !name.is_global_temporary() {
                there.check_create("CREATE TABLE", &schema)?;
            }
            if catalog.is_taken(&database, &schema, &name.name.text)? {
                return Err(errors::exists_already(&name.name.text));
            }
            Table {
                object_id: 0,
                storage: self.free_storage(
                    format!("{}.{schema}.{}", database.name, name.name.text).to_lowercase(),
                )?,
                database: database.name,
                schema,
                name: name.name.text.clone(),
                attached: "main",
                columns: Vec::new(),
            }
        };
        Ok(Definition::new(table))
    }

    pub(super) fn column(
        &self,
        source: &Source<'_>,
        definition: &Definition,
        column: &ColumnDefinition,
    ) -> Result<(TableColumn, Option<Identity>), SqlError> {
        let name = &column.name.text;
        check_new(&definition.table, name)?;
        collation::check_stored(column.collation.as_ref())?;
        let column_id = definition.next_column_id();
        let type_name = match &column.source {
            ColumnSource::Stored(type_name) => type_name,
            ColumnSource::Computed { value, persisted } => {
                let computed = Computed { text: source.text(value)?, persisted: *persisted };
                return Ok((computed_column(column_id, column, computed), None));
            }
        };
        let place = definition.table.columns.len() + 1;
        let Declared { sql_type, user_type, nullable } =
            self.environment().declared(type_name, place)?;
        let identity = column.identity.map(|identity| Identity {
            seed: identity.seed,
            increment: identity.increment,
            last: None,
        });
        let counts = sql_type.is_integer() || matches!(sql_type, SqlType::Decimal { scale: 0, .. });
        if identity.is_some() && !counts {
            return Err(SqlError::new(
                2749,
                format!(
                    "Identity column '{name}' must be of data type int, bigint, smallint, \
                     tinyint, or decimal or numeric with a scale of 0, unencrypted, and \
                     constrained to be nonnullable."
                ),
            ));
        }
        if user_type == Some(versions::TYPE) && definition.table.has_version() {
            return Err(errors::second_version(&definition.table.name, name));
        }
        let key = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
        if key && column.nullable == Some(true) {
            return Err(nullable_key(&definition.table.name));
        }
        let nullable = column.nullable.unwrap_or(nullable) && identity.is_none() && !key;
        let default = match &column.default {
            Some(default) => Some(self.default_text(source, &default.value)?),
            None => None,
        };
        let column = TableColumn {
            column_id,
            name: name.clone(),
            sql_type,
            user_type,
            nullable,
            identity: identity.is_some(),
            default,
            computed: None,
        };
        Ok((column, identity))
    }

    /// What can be told of a column when all columns of its table are known: the type of a
    /// computed one, and its DEFAULT constraint.
    pub(super) fn finish_column(
        &self,
        source: &Source<'_>,
        definition: &mut Definition,
        column: &ColumnDefinition,
    ) -> Result<(), SqlError> {
        if let ColumnSource::Computed { value, persisted } = &column.source {
            let environment = self.environment();
            let none = BTreeMap::new();
            let bound = Binder::new(&environment, &none).computed(&definition.table, value)?;
            if *persisted && !bound.is_deterministic() {
                return Err(errors::not_deterministic(&column.name.text, &definition.table.name));
            }
            let found = definition.table.columns.iter_mut();
            for known in found.filter(|known| column.name.is(&known.name)) {
                known.sql_type = bound.sql_type;
                known.nullable = bound.nullable && column.nullable != Some(false);
            }
        }
        let Some(default) = &column.default else { return Ok(()) };
        if column.identity.is_some() {
            return Err(errors::identity_default(&column.name.text, &definition.table.name));
        }
        self.check_default(&default.value)?;
        let names = [column.name.text.clone()];
        let given = default.name.as_ref().map(|name| name.text.as_str());
        let stored = StoredConstraint {
            name: String::new(),
            code: "D".to_owned(),
            definition: self.default_text(source, &default.value)?,
            column_id: definition.column_id(&column.name.text),
            system_named: false,
            references: None,
        };
        let stored = self.named(definition, given, "DF", &names, stored)?;
        definition.constraints.push(stored);
        Ok(())
    }

    /// Makes the table in SQLite and in the catalog.
    fn make(&self, definition: Definition) -> Result<Table, SqlError> {
        let mut table = definition.table;
        let stored = table.columns.iter().filter(|column| column.computed.is_none());
        let sql = self.storage_sql(&table, &stored.collect::<Vec<_>>(), &definition.constraints)?;
        let sql = sql.replacen("CREATE TABLE ", &format!("CREATE TABLE {}.", table.attached), 1);
        self.connection.execute_batch(&sql).map_err(|error| failure::of_engine(&error))?;
        for key in definition.constraints.iter().filter(|constraint| constraint.is_key()) {
            self.create_key(&table, key)?;
        }
        let catalog = Catalog::new(&self.connection);
        let database = catalog
            .database(&table.database)?
            .ok_or_else(|| errors::no_such_database(&table.database))?;
        table.object_id = catalog.add_table(
            &database,
            &table,
            &definition.identities,
            &definition.constraints,
        )?;
        if table.attached == "temp" {
            catalog.add_local(&table, self.level())?;
        }
        self.session.identity.restart(table.object_id, None);
        if table.name.starts_with("##") {
            self.own_global_table(&table)?;
        }
        Ok(table)
    }

    pub(crate) fn drop_tables(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        for name in &drop.names {
            match environment.table(name) {
                Ok(table) => self.drop_table(&table, &name.to_string())?,
                Err(_) if let Some(module) = environment.module(name)? => {
                    let kind = module.kind.word();
                    return Err(errors::wrong_drop("table", &name.to_string(), kind));
                }
                Err(error) if drop.if_exists && error.number() == 208 => {}
                Err(error) if error.number() == 208 => {
                    return Err(errors::cannot_drop("table", &name.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Drops a table of whoever controls it or may alter its schema.
    fn drop_table(&self, table: &Table, shown: &str) -> Result<(), SqlError> {
        let environment = self.environment();
        if !environment.may_drop_table(table)? {
            return Err(errors::cannot_drop("table", shown));
        }
        let catalog = environment.catalog();
        let label = table.label();
        if catalog.referencing(table)?.iter().any(|key| key.table != label) {
            return Err(errors::drop_referenced(shown));
        }
        catalog.drop_table(table)
    }

    /// CREATE DATABASE: needs the permission in master, and makes the caller the owner.
    pub(crate) fn create_database(&self, create: &CreateDatabase) -> Result<(), SqlError> {
        collation::check_stored(create.collation.as_ref())?;
        let environment = self.environment();
        let catalog = environment.catalog();
        let master = catalog.database("master")?;
        let database = master.as_ref().unwrap_or(environment.database);
        Environment { database, ..environment }.check_database("CREATE DATABASE")?;
        let owner = self.session.execution.actor().login.unwrap_or(principal::server::SA);
        catalog.create_database(&create.name.text, owner)
    }

    fn may_drop_database(&self, database: &DatabaseName) -> Result<bool, SqlError> {
        // Who may not enter it may alter any, perhaps.
        if self.environment().context()?.may(Class::Server, "ALTER ANY DATABASE") {
            return Ok(true);
        }
        match self.environment().context_in(database) {
            Ok(context) => Ok(context.may(Class::Database, "CONTROL")),
            Err(error) if error.number() == 916 => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn drop_databases(&self, drop: &Drop) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        for name in &drop.names {
            match catalog.database(&name.name.text)? {
                Some(database) if database.id == self.session.database.id => {
                    return Err(SqlError::new(
                        3702,
                        format!(
                            "Cannot drop database \"{}\" because it is currently in use.",
                            database.name
                        ),
                    ));
                }
                Some(database) if !self.may_drop_database(&database)? => {
                    return Err(errors::cannot_drop("database", &name.name.text));
                }
                Some(database) => catalog.drop_database(&database)?,
                None if drop.if_exists => {}
                None => return Err(errors::cannot_drop("database", &name.name.text)),
            }
        }
        Ok(())
    }
}

// === impl Definition ===

impl Definition {
    pub(super) fn new(table: Table) -> Self {
        Definition { table, identities: Vec::new(), constraints: Vec::new() }
    }

    /// A column's number; 0 when there is none of that name.
    pub(super) fn column_id(&self, name: &str) -> i64 {
        let found = self.table.columns.iter().find(|column| same_name(&column.name, name));
        found.map_or(0, |column| column.column_id)
    }

    /// The number of a further column. Those of dropped columns aren't given again at once.
    fn next_column_id(&self) -> i64 {
        self.table.columns.iter().map(|column| column.column_id).max().unwrap_or(0) + 1
    }

    pub(super) fn key_columns(
        &self,
        columns: &[IndexColumn],
        own: Option<&str>,
    ) -> Result<Vec<String>, SqlError> {
        let wanted: Vec<&str> = match (columns, own) {
            ([], Some(own)) => vec![own],
            (columns, _) => columns.iter().map(|column| column.name.text.as_str()).collect(),
        };
        let mut key = Vec::with_capacity(wanted.len());
        for name in wanted {
            let found = self.table.columns.iter().find(|c| same_name(&c.name, name));
            let found = found.ok_or_else(|| errors::no_key_column(name))?;
            if key.contains(&found.name) {
                return Err(errors::key_column_twice(name));
            }
            key.push(found.name.clone());
        }
        Ok(key)
    }

    /// A name for a constraint without one, in the form SQL Server gives.
    pub(super) fn made_up(&self, code: &str, column: Option<&str>) -> String {
        let unique = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let head = |name: &str, length| name.chars().take(length).collect::<String>();
        let code = if code == "C" { "CK" } else { code };
        let table = head(&self.table.name, 9);
        match column {
            Some(column) if !matches!(code, "PK" | "UQ") => {
                format!("{code}__{table}__{}__{}", head(column, 5), &unique[..8])
            }
            _ => format!("{code}__{table}__{}", &unique[..16]),
        }
    }
}

/// A computed column; its type comes when all columns are known.
fn computed_column(column_id: i64, column: &ColumnDefinition, computed: Computed) -> TableColumn {
    TableColumn {
        column_id,
        name: column.name.text.clone(),
        sql_type: SqlType::Int,
        user_type: None,
        nullable: true,
        identity: false,
        default: None,
        computed: Some(computed),
    }
}

/// The statement's text, from which expressions are kept.
pub(super) struct Source<'a> {
    text: &'a str,
    start: usize,
}

// === impl Source ===

impl<'a> Source<'a> {
    pub(super) fn new(job: &'a Job) -> Self {
        Source { text: &job.execute.source, start: job.execute.statement.span.start }
    }

    /// The text of an expression of the statement.
    pub(super) fn text(&self, expr: &Expr) -> Result<String, SqlError> {
        let range =
            expr.span.start.checked_sub(self.start).zip(expr.span.end.checked_sub(self.start));
        range
            .and_then(|(start, end)| self.text.get(start..end))
            .map(str::to_owned)
            .ok_or_else(|| errors::internal("a definition came without its text"))
    }
}

fn is_temporary(name: &Value) -> bool {
    matches!(name, Value::Text(name) if name.starts_with('#') && !name.starts_with("##"))
}

fn check_new(table: &Table, name: &str) -> Result<(), SqlError> {
    if table.columns.iter().any(|column| same_name(&column.name, name)) {
        return Err(errors::duplicate_column(name, &table.name));
    }
    Ok(())
}

pub(super) fn nullable_key(table: &str) -> SqlError {
    SqlError::new(
        8111,
        format!("Cannot define PRIMARY KEY constraint on nullable column in table '{table}'."),
    )
}
