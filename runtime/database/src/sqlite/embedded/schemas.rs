//! Schemas: those that every database has, and those that users make.

use std::sync::Arc;

use launchpod_tsql::ast::{
    CreateSchema, CreateTable, CreateView, Drop, Identifier, ObjectName, Statement, StatementKind,
    fold_name, same_name,
};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};

use super::catalog::{Catalog, DatabaseName, failed};
use super::thread::{Job, Worker};
use crate::sqlite::errors;
use crate::sqlite::security::permission::Class;

/// The schemas of every database with their numbers.
const FIXED: [(&str, i64); 4] = [("dbo", 1), ("guest", 2), ("INFORMATION_SCHEMA", 3), ("sys", 4)];

// === impl Catalog ===

impl Catalog<'_> {
    /// The name of a schema in which a user may make objects, as it was created.
    pub(crate) fn schema(
        &self,
        database: &DatabaseName,
        name: &str,
    ) -> Result<Option<String>, SqlError> {
        let fixed = FIXED.iter().take(2).find(|(known, _)| same_name(known, name));
        if let Some((known, _)) = fixed {
            return Ok(Some((*known).to_owned()));
        }
        self.connection
            .query_row(
                r#"SELECT name FROM main."launchpod.schemas" WHERE database_id = ?1 AND key = ?2"#,
                params![database.id, fold_name(name)],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)
    }

    /// SCHEMA_ID
    pub(crate) fn schema_id(
        &self,
        database: &DatabaseName,
        name: &str,
    ) -> Result<Option<i64>, SqlError> {
        if let Some((_, id)) = FIXED.iter().find(|(known, _)| same_name(known, name)) {
            return Ok(Some(*id));
        }
        self.connection
            .query_row(
                r#"SELECT schema_id FROM main."launchpod.schemas"
                   WHERE database_id = ?1 AND key = ?2"#,
                params![database.id, fold_name(name)],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)
    }

    fn has_objects(&self, database: &DatabaseName, schema: &str) -> Result<bool, SqlError> {
        self.connection
            .query_row(
                r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.objects"
                                  WHERE database_id = ?1 AND schema_key = ?2)
                       OR EXISTS (SELECT 1 FROM main."launchpod.modules"
                                  WHERE database_id = ?1 AND schema_key = ?2)"#,
                params![database.id, fold_name(schema)],
                |row| row.get(0),
            )
            .map_err(failed)
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_schema(&self, job: &Job, create: &CreateSchema) -> Result<(), SqlError> {
        let name = create.name.text.as_str();
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        self.environment().check_database("CREATE SCHEMA")?;
        let owner = match &create.owner {
            Some(owner) => self.future_owner(owner)?.id,
            None => self.environment().context()?.user,
        };
        if catalog.schema_id(database, name)?.is_some() {
            return Err(errors::exists_already(name));
        }
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.schemas"
                   SELECT COALESCE(MAX(schema_id), 4) + 1, ?1, ?2, ?3
                   FROM main."launchpod.schemas""#,
                params![database.id, name, fold_name(name)],
            )
            .map_err(failed)?;
        let id = self.connection.last_insert_rowid();
        catalog.set_owner(database.id, Class::Schema, id, Some(owner))?;
        self.session.execution.expire();
        for element in &create.elements {
            let made = self.schema_element(job, &create.name, element);
            made.map_err(|error| error.or_line(element.line))?;
        }
        Ok(())
    }

    /// Runs a statement that is part of CREATE SCHEMA: what it makes is in the new schema, if it
    /// doesn't say another one.
    fn schema_element(
        &self,
        job: &Job,
        schema: &Identifier,
        element: &Statement,
    ) -> Result<(), SqlError> {
        let start = job.execute.statement.span.start;
        let text = job.execute.source.get(element.span.start - start..element.span.end - start);
        let text = text.ok_or_else(|| errors::internal("a schema's element without its text"))?;
        let within = |name: &ObjectName| ObjectName {
            schema: name.schema.clone().or_else(|| Some(schema.clone())),
            ..name.clone()
        };
        let job = job.within(element.clone(), text, Arc::default());
        match &element.kind {
            StatementKind::CreateTable(create) => {
                let name = within(&create.name);
                self.create_table(&job, &CreateTable { name, ..(**create).clone() })
            }
            StatementKind::CreateView(create) => {
                let name = within(&create.name);
                let create = CreateView { name, ..(**create).clone() };
                self.define_module(&job, &StatementKind::CreateView(Box::new(create)))
            }
            StatementKind::Security(security) => self.change_security(security),
            _ => Err(errors::internal("a statement that isn't a schema's element")),
        }
    }

    pub(crate) fn drop_schemas(&self, drop: &Drop) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        for name in &drop.names {
            let name = &name.name.text;
            let fixed = FIXED.iter().any(|(known, _)| same_name(known, name));
            let context = self.environment().context()?;
            match catalog.schema(database, name)? {
                Some(_) if !context.may_object("CL", context.schema(context.schema_id(name))) => {
                    return Err(errors::cannot_drop_schema(name));
                }
                Some(known) if !fixed && catalog.has_objects(database, &known)? => {
                    return Err(SqlError::new(
                        3729,
                        format!(
                            "Cannot drop schema '{known}' because it is being referenced by an \
                             object in it."
                        ),
                    ));
                }
                Some(_) if !fixed => {
                    let id = context.schema_id(name);
                    catalog.forget_securable(database.id, Class::Schema, id)?;
                    self.session.execution.expire();
                    self.connection
                        .execute(
                            r#"DELETE FROM main."launchpod.schemas"
                               WHERE database_id = ?1 AND key = ?2"#,
                            params![database.id, fold_name(name)],
                        )
                        .map_err(failed)?;
                }
                None if drop.if_exists && !fixed => {}
                _ if fixed => {
                    return Err(SqlError::new(15150, format!("Cannot drop the schema '{name}'.")));
                }
                _ => return Err(errors::cannot_drop_schema(name)),
            }
        }
        Ok(())
    }
}
