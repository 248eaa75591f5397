//! CREATE TABLE, DROP TABLE, DROP DATABASE.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    ColumnDefinition, ColumnSource, Constraint, ConstraintKind, CreateTable, Declaration, Drop,
    Expr, ForeignKey, Identifier, IndexColumn, ObjectName, ReferentialAction, same_name,
};
use launchpod_types::{SqlError, Value};

use super::catalog::{Catalog, Identity, StoredConstraint, Table, TableColumn};
use super::failure;
use super::thread::{Job, Worker};
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::expression::unknown_type;
use crate::sqlite::bind::source::table_columns;
use crate::sqlite::bind::tree::BoundQuery;
use crate::sqlite::functions::COLLATION;
use crate::sqlite::translate::{self, quoted};
use crate::sqlite::{cell, errors};

/// A table that is being defined.
pub(super) struct Definition {
    pub(super) table: Table,
    identities: Vec<Option<Identity>>,
    pub(super) constraints: Vec<StoredConstraint>,
    /// Table constraints as SQLite writes them.
    clauses: Vec<String>,
    /// Names and columns of its keys, which are unique indexes in SQLite.
    keys: Vec<(String, Vec<String>)>,
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
            for constraint in &column.constraints {
                let own = Some(column.name.text.as_str());
                self.constraint(&source, &mut definition, constraint, own)
                    .map_err(|error| error.or_line(constraint.line))?;
            }
        }
        for constraint in &create.definition.constraints {
            self.constraint(&source, &mut definition, constraint, None)
                .map_err(|error| error.or_line(constraint.line))?;
        }
        self.make(definition).map(|_| ())
    }

    /// `DECLARE @t TABLE (…)`: a temporary table under the name that the variable holds, which
    /// its owner drops. A DECLARE that runs again, as in a loop, leaves it as it is.
    pub(crate) fn declare_tables(
        &self,
        job: &Job,
        declarations: &[Declaration],
    ) -> Result<(), SqlError> {
        for declaration in declarations {
            let Declaration::Table { name, definition, line } = declaration else { continue };
            let held = job.execute.variables.get(&name.to_lowercase()).map(|v| &v.value);
            let Some(Value::Text(storage)) = held.filter(|held| is_temporary(held)) else {
                return Err(errors::undeclared_table(name).or_line(*line));
            };
            if self.environment().catalog().temporary(storage)?.is_some() {
                continue;
            }
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
        Ok(())
    }

    /// The table of SELECT … INTO.
    pub(crate) fn create_from_columns(
        &self,
        name: &ObjectName,
        query: &BoundQuery,
    ) -> Result<Table, SqlError> {
        let mut definition = self.new_table(name)?;
        for (index, column) in (1..).zip(&query.columns) {
            if column.name.is_empty() {
                return Err(SqlError::new(
                    1038,
                    "An object or column name is missing or empty. For SELECT INTO statements, \
                     verify each column has a name. For other statements, look for empty alias \
                     names. Aliases defined as \"\" or [] are not allowed. Change the alias to a \
                     valid name.",
                ));
            }
            check_new(&definition.table, &column.name)?;
            definition.table.columns.push(TableColumn {
                column_id: index,
                name: column.name.clone(),
                sql_type: column.sql_type,
                nullable: column.nullable,
                identity: false,
                default: None,
            });
            definition.identities.push(None);
        }
        self.make(definition)
    }

    /// An empty definition under a name that is free.
    fn new_table(&self, name: &ObjectName) -> Result<Definition, SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let table = if name.is_temporary() {
            if name.name.text.starts_with("##") {
                return Err(errors::unsupported("A global temporary table"));
            }
            if catalog.temporary(&name.name.text)?.is_some() {
                return Err(errors::exists_already(&name.name.text));
            }
            Table {
                object_id: 0,
                database: "tempdb".to_owned(),
                schema: "dbo".to_owned(),
                name: name.name.text.clone(),
                attached: "temp",
                storage: name.name.text.to_lowercase(),
                columns: Vec::new(),
            }
        } else {
            let database = environment.database_of(name).map_err(|_| {
                errors::no_such_database(name.database.as_ref().map_or("", |name| &name.text))
            })?;
            let schema = name.schema.as_ref().map_or("dbo", |schema| &schema.text);
            let schema =
                catalog.schema(&database, schema)?.ok_or_else(|| errors::unknown_schema(schema))?;
            if catalog.is_taken(&database, &schema, &name.name.text)? {
                return Err(errors::exists_already(&name.name.text));
            }
            Table {
                object_id: 0,
                storage: format!("{}.{schema}.{}", database.name, name.name.text).to_lowercase(),
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
        let ColumnSource::Stored(type_name) = &column.source else {
            return Err(errors::unsupported("A computed column"));
        };
        let sql_type = type_name.declared().ok_or_else(|| unknown_type(type_name))?;
        let identity = column.identity.map(|identity| Identity {
            seed: identity.seed,
            increment: identity.increment,
            last: None,
        });
        if identity.is_some() && !sql_type.is_integer() && cell::scale_of(sql_type) != 0 {
            return Err(SqlError::new(
                2749,
                format!(
                    "Identity column '{name}' must be of data type int, bigint, smallint, \
                     tinyint, or decimal or numeric with a scale of 0, unencrypted, and \
                     constrained to be nonnullable."
                ),
            ));
        }
        let key = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
        if key && column.nullable == Some(true) {
            return Err(nullable_key(&definition.table.name));
        }
        let nullable = column.nullable.unwrap_or(true) && identity.is_none() && !key;
        let default = match &column.default {
            Some(default) => Some(source.text(&default.value)?),
            None => None,
        };
        // Binding it now finds its errors at definition.
        if let Some(default) = &column.default {
            let environment = self.environment();
            let none = BTreeMap::new();
            Binder::new(&environment, &none).value(&default.value)?;
        }
        let column_id = i64::try_from(definition.table.columns.len()).unwrap_or(0) + 1;
        let column = TableColumn {
            column_id,
            name: name.clone(),
            sql_type,
            nullable,
            identity: identity.is_some(),
            default,
        };
        Ok((column, identity))
    }

    fn constraint(
        &self,
        source: &Source<'_>,
        definition: &mut Definition,
        constraint: &Constraint,
        column: Option<&str>,
    ) -> Result<(), SqlError> {
        let given = constraint.name.as_ref().map(|name| name.text.clone());
        match &constraint.kind {
            ConstraintKind::PrimaryKey { columns, .. } => {
                if definition.constraints.iter().any(|constraint| constraint.code == "PK") {
                    return Err(errors::not_unique(&definition.table.name));
                }
                let names = definition.key_columns(columns, column)?;
                for column in &mut definition.table.columns {
                    if names.contains(&column.name) {
                        column.nullable = false;
                    }
                }
                definition.add_key("PK", given, &names);
            }
            ConstraintKind::Unique { columns, .. } => {
                let names = definition.key_columns(columns, column)?;
                definition.add_key("UQ", given, &names);
            }
            ConstraintKind::Check(predicate) => {
                let text = source.text(predicate)?;
                let name = given.unwrap_or_else(|| definition.made_up("CK"));
                let environment = self.environment();
                let none = BTreeMap::new();
                let columns = table_columns(&definition.table);
                let bound = Binder::new(&environment, &none).check(
                    &definition.table.name,
                    columns,
                    predicate,
                )?;
                let sql = translate::inline(&bound)?;
                sql.register(&self.connection, &self.registry)?;
                let clause = format!("CONSTRAINT {} CHECK ({})", quoted(&name), sql.text);
                definition.clauses.push(clause);
                definition.keep(name, "C", text);
            }
            ConstraintKind::ForeignKey(key) => {
                self.foreign_key(definition, given, key, column)?;
            }
            _ => return Err(errors::unsupported("This constraint")),
        }
        Ok(())
    }

    fn foreign_key(
        &self,
        definition: &mut Definition,
        given: Option<String>,
        key: &ForeignKey,
        column: Option<&str>,
    ) -> Result<(), SqlError> {
        let mut names: Vec<String> = key.columns.iter().map(|name| name.text.clone()).collect();
        if names.is_empty() {
            names.extend(column.map(str::to_owned));
        }
        let own = key.table.name.is(&definition.table.name) && key.table.schema.is_none();
        let storage = if own {
            definition.table.storage.clone()
        } else {
            let parent = self.environment().table(&key.table).map_err(|_| {
                SqlError::new(
                    1767,
                    format!("Foreign key references invalid table '{}'.", key.table),
                )
                .state(0)
            })?;
            parent.storage
        };
        let list =
            |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let mut references: Vec<String> =
            key.references.iter().map(|name| name.text.clone()).collect();
        if references.is_empty() {
            references = self.primary_key(definition, key, own)?;
        }
        let target = format!(" ({})", list(&references));
        let action = |action: ReferentialAction| match action {
            ReferentialAction::NoAction => "NO ACTION",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        };
        if key.on_delete == ReferentialAction::SetDefault
            || key.on_update == ReferentialAction::SetDefault
        {
            return Err(errors::unsupported("SET DEFAULT of a foreign key"));
        }
        let name = given.unwrap_or_else(|| definition.made_up("FK"));
        definition.clauses.push(format!(
            "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{target} ON DELETE {} ON UPDATE {}",
            quoted(&name),
            list(&names),
            quoted(&storage),
            action(key.on_delete),
            action(key.on_update),
        ));
        let definition_text = names.iter().map(|name| format!("{name}\n")).collect();
        definition.keep(name, "F", definition_text);
        Ok(())
    }

    /// The columns that a foreign key means when it names none.
    fn primary_key(
        &self,
        definition: &Definition,
        key: &ForeignKey,
        own: bool,
    ) -> Result<Vec<String>, SqlError> {
        let stored;
        let constraints = if own {
            &definition.constraints
        } else {
            let environment = self.environment();
            stored = environment.catalog().constraints(&environment.table(&key.table)?)?;
            &stored
        };
        let primary = constraints.iter().find(|constraint| constraint.code == "PK");
        let primary = primary.ok_or_else(|| errors::no_primary_key(&key.table.to_string()))?;
        Ok(primary.definition.lines().map(str::to_owned).collect())
    }

    /// Makes the table in SQLite and in the catalog.
    fn make(&self, definition: Definition) -> Result<Table, SqlError> {
        let mut table = definition.table;
        let mut parts = Vec::with_capacity(table.columns.len() + definition.clauses.len());
        for column in &table.columns {
            let storage = cell::affinity(column.sql_type);
            let mut part = format!("{} {storage}", quoted(&column.name));
            if column.sql_type.is_character() {
                part.push_str(" COLLATE ");
                part.push_str(COLLATION);
            }
            if !column.nullable {
                part.push_str(" NOT NULL");
            }
            parts.push(part);
        }
        parts.extend(definition.clauses);
        let sql = format!(
            "CREATE TABLE {}.{} ({}) STRICT",
            table.attached,
            quoted(&table.storage),
            parts.join(", ")
        );
        self.connection.execute_batch(&sql).map_err(|error| failure::of_engine(&error))?;
        for (name, columns) in &definition.keys {
            self.create_key(&table, name, columns)?;
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
        Ok(table)
    }

    pub(crate) fn drop_tables(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        for name in &drop.names {
            match environment.table(name) {
                Ok(table) => environment.catalog().drop_table(&table)?,
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
        Definition {
            table,
            identities: Vec::new(),
            constraints: Vec::new(),
            clauses: Vec::new(),
            keys: Vec::new(),
        }
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
        wanted
            .into_iter()
            .map(|name| {
                let found = self.table.columns.iter().find(|c| same_name(&c.name, name));
                found.map(|column| column.name.clone()).ok_or_else(|| errors::no_key_column(name))
            })
            .collect()
    }

    fn add_key(&mut self, code: &str, given: Option<String>, names: &[String]) {
        let name = given.unwrap_or_else(|| self.made_up(code));
        self.keys.push((name.clone(), names.to_vec()));
        self.keep_key(name, code, names);
    }

    pub(super) fn keep_key(&mut self, name: String, code: &str, names: &[String]) {
        let columns = names.iter().map(|name| format!("{name}\n")).collect();
        self.keep(name, code, columns);
    }

    fn keep(&mut self, name: String, code: &str, definition: String) {
        self.constraints.push(StoredConstraint { name, code: code.to_owned(), definition });
    }

    /// A name for a constraint without one, in the form SQL Server gives.
    pub(super) fn made_up(&self, code: &str) -> String {
        let unique = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let table: String = self.table.name.chars().take(9).collect();
        format!("{code}__{table}__{}", &unique[..16])
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
