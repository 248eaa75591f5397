//! The permissions that statements need.

use std::sync::Arc;

use launchpod_tsql::ast::ObjectName;
use launchpod_types::SqlError;

use super::context::{Chain, Context};
use super::permission::{Class, Permission};
use super::rights::Securable;
use crate::sqlite::embedded::catalog::{DatabaseName, TEMPDB, Table};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::Module;
use crate::sqlite::errors;

// === impl Environment ===

impl Environment<'_> {
    /// What the caller may do in the database that names are in.
    ///
    /// # Errors
    /// 916 when they may not enter it.
    pub(crate) fn context(&self) -> Result<Arc<Context>, SqlError> {
        self.context_in(self.database)
    }

    /// What the caller may do in a database; as [`Environment::context`].
    pub(crate) fn context_in(&self, database: &DatabaseName) -> Result<Arc<Context>, SqlError> {
        self.session.execution.context(self.catalog(), database)
    }

    /// Checks a permission on a table, by its code. Local temporary tables are the session's own,
    /// and global ones everybody's.
    ///
    /// # Errors
    /// 229 when it is missing, 916 when the table's database may not be entered.
    pub(crate) fn check_table(&self, table: &Table, code: &str) -> Result<(), SqlError> {
        match self.database_of_table(table)? {
            None => Ok(()),
            Some(database) => {
                self.check_object(&database, table.object_id, (&table.schema, &table.name), code)
            }
        }
    }

    /// The database of a table; `None` when nobody needs a permission for it.
    pub(super) fn database_of_table(
        &self,
        table: &Table,
    ) -> Result<Option<DatabaseName>, SqlError> {
        if is_temporary(table) {
            return Ok(None);
        }
        if table.database == self.database.name {
            return Ok(Some(self.database.clone()));
        }
        let found = self.catalog().database(&table.database)?;
        found.map(Some).ok_or_else(|| errors::invalid_object(&table.name))
    }

    /// Checks a permission on a view, procedure or function, by its code; as
    /// [`Environment::check_table`].
    pub(crate) fn check_module(&self, module: &Module, code: &str) -> Result<(), SqlError> {
        let name = (module.schema.as_str(), module.name.as_str());
        self.check_object(&module.database, module.object_id, name, code)
    }

    fn check_object(
        &self,
        database: &DatabaseName,
        id: i64,
        (schema, name): (&str, &str),
        code: &str,
    ) -> Result<(), SqlError> {
        let context = self.context_in(database)?;
        let object = context.object(id, schema);
        if context.rights.is_above(object) || self.is_chained(database, object) {
            return Ok(());
        }
        match Permission::coded(Class::Object, code) {
            Some(needed) if !context.rights.allow(needed, object) => {
                Err(errors::object_permission(needed.name(), name, &database.name, schema))
            }
            _ => Ok(()),
        }
    }

    /// Whether an object belongs to who owns the module that names it.
    pub(super) fn is_chained(&self, database: &DatabaseName, object: Securable) -> bool {
        self.chain == object.owner.map(|owner| Chain { database: database.id, owner })
            && self.chain.is_some()
    }

    /// The chain of what a module names.
    pub(crate) fn chain_of(&self, module: &Module) -> Result<Chain, SqlError> {
        let context = self.context_in(&module.database)?;
        let schema = context.schema_id(&module.schema);
        let owner = context.object_owner(module.object_id, schema);
        Ok(Chain { database: module.database.id, owner })
    }

    /// The chain of what is kept with a table: defaults, computed columns, constraints.
    pub(crate) fn chain_of_table(
        &self,
        database: &DatabaseName,
        table: &Table,
    ) -> Result<Option<Chain>, SqlError> {
        if table.attached == "temp" {
            return Ok(None);
        }
        let context = self.context_in(database)?;
        let owner = context.object_owner(table.object_id, context.schema_id(&table.schema));
        Ok(Some(Chain { database: database.id, owner }))
    }

    /// Whether the caller may do something to an object, chains aside.
    pub(crate) fn may_object(
        &self,
        database: &DatabaseName,
        id: i64,
        schema: &str,
        code: &str,
    ) -> Result<bool, SqlError> {
        let context = self.context_in(database)?;
        Ok(context.may_object(code, context.object(id, schema)))
    }

    /// Whether the caller may do something to a table, chains aside.
    pub(crate) fn may_table(&self, table: &Table, code: &str) -> Result<bool, SqlError> {
        if is_temporary(table) {
            return Ok(true);
        }
        match self.catalog().database(&table.database)? {
            Some(database) => self.may_object(&database, table.object_id, &table.schema, code),
            None => Ok(false),
        }
    }

    /// Whether the caller may drop a table: who controls it or may alter its schema.
    pub(crate) fn may_drop_table(&self, table: &Table) -> Result<bool, SqlError> {
        if self.may_table(table, "CL")? {
            return Ok(true);
        }
        let Some(database) = self.catalog().database(&table.database)? else { return Ok(false) };
        let context = self.context_in(&database)?;
        Ok(context.may_object("AL", context.schema(context.schema_id(&table.schema))))
    }

    /// Checks a permission on the current database, by its name.
    ///
    /// # Errors
    /// 262 when it is missing.
    pub(crate) fn check_database(&self, name: &str) -> Result<(), SqlError> {
        if self.context()?.may(Class::Database, name) {
            return Ok(());
        }
        Err(errors::database_permission(name, &self.database.name))
    }

    /// Checks that new objects may be made in a schema.
    ///
    /// # Errors
    /// 262 when objects of the kind may not be made at all, 2760 when not in this schema.
    pub(crate) fn check_create(&self, name: &str, schema: &str) -> Result<(), SqlError> {
        self.check_database(name)?;
        let context = self.context()?;
        let id = context.schema_id(schema);
        match context.may_object("AL", context.schema(id)) {
            true => Ok(()),
            false => Err(errors::unknown_schema(schema)),
        }
    }

    /// The schemas in which a name is looked for, in order.
    pub(crate) fn schemas_of(&self, name: &ObjectName) -> Result<Vec<String>, SqlError> {
        if name.is_global_temporary() {
            return Ok(vec!["dbo".to_owned()]);
        }
        if let Some(schema) = &name.schema {
            return Ok(vec![schema.text.clone()]);
        }
        self.default_schemas(name.database.is_none())
    }

    /// The schemas in which a name without one is looked for: the module's or the caller's
    /// default, then dbo.
    pub(crate) fn default_schemas(&self, here: bool) -> Result<Vec<String>, SqlError> {
        let mut schemas = Vec::with_capacity(2);
        if here {
            schemas.push(self.default_schema()?);
        }
        if !schemas.iter().any(|schema| schema == "dbo") {
            schemas.push("dbo".to_owned());
        }
        Ok(schemas)
    }

    /// Where objects are made whose name has no schema.
    pub(crate) fn default_schema(&self) -> Result<String, SqlError> {
        match self.schema {
            Some(schema) => Ok(schema.to_owned()),
            None => Ok(self.context()?.default_schema.clone()),
        }
    }
}

/// Whether nobody needs a permission for a table.
fn is_temporary(table: &Table) -> bool {
    let is_global = || table.database == TEMPDB.1 && table.name.starts_with("##");
    table.attached == "temp" || is_global()
}
