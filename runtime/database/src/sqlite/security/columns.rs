//! Which columns of an object the caller may read or change.

use std::collections::HashMap;
use std::sync::Arc;

use launchpod_tsql::ast::fold_name;
use launchpod_types::SqlError;

use super::context::Context;
use super::permission::{Class, Permission};
use super::rights::Securable;
use crate::sqlite::embedded::catalog::{DatabaseName, Table};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::Module;
use crate::sqlite::errors;

/// For which columns of an object a permission holds.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// For whatever columns there are.
    Whole,
    Limited(Arc<Limited>),
}

/// A permission on an object that doesn't hold for all columns.
#[derive(Debug)]
pub(crate) struct Limited {
    context: Arc<Context>,
    permission: Permission,
    object: Securable,
    database: String,
    schema: String,
    name: String,
    /// The numbers of its columns by their folded names.
    columns: HashMap<String, i64>,
}

// === impl Access ===

impl Access {
    /// Checks that there is a column that the permission holds for.
    ///
    /// # Errors
    /// 229.
    pub(crate) fn check_any(&self) -> Result<(), SqlError> {
        match self {
            Access::Whole => Ok(()),
            Access::Limited(limited) => limited.check_any(),
        }
    }

    /// Checks that the permission holds for a column.
    ///
    /// # Errors
    /// 230; 229 when it holds for none.
    pub(crate) fn check_column(&self, name: &str) -> Result<(), SqlError> {
        match self {
            Access::Whole => Ok(()),
            Access::Limited(limited) => limited.check_column(name),
        }
    }
}

// === impl Limited ===

impl Limited {
    fn check_any(&self) -> Result<(), SqlError> {
        let rights = &self.context.rights;
        if rights.allow(self.permission, self.object)
            || rights.reaches_column(self.permission, self.object)
        {
            return Ok(());
        }
        let (permission, object) = (self.permission.name(), &self.name);
        Err(errors::object_permission(permission, object, &self.database, &self.schema))
    }

    /// As [`Access::check_column`].
    pub(crate) fn check_column(&self, name: &str) -> Result<(), SqlError> {
        self.check_any()?;
        // A view that gives all columns of a table may have another one by now than is written
        // down.
        let column = self.columns.get(&fold_name(name)).copied();
        if self.context.rights.allow_column(self.permission, self.object, column) {
            return Ok(());
        }
        let (permission, object) = (self.permission.name(), &self.name);
        Err(errors::column_permission(permission, name, object, &self.database, &self.schema))
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// For which columns of a table a permission holds, by its code; for all of a temporary one's.
    ///
    /// # Errors
    /// 916 when the table's database may not be entered.
    pub(crate) fn table_access(&self, table: &Table, code: &str) -> Result<Access, SqlError> {
        match self.database_of_table(table)? {
            None => Ok(Access::Whole),
            Some(database) => {
                self.access(&database, table.object_id, (&table.schema, &table.name), code)
            }
        }
    }

    /// The same of a view or function.
    pub(crate) fn module_access(&self, module: &Module, code: &str) -> Result<Access, SqlError> {
        let name = (module.schema.as_str(), module.name.as_str());
        self.access(&module.database, module.object_id, name, code)
    }

    fn access(
        &self,
        database: &DatabaseName,
        id: i64,
        (schema, name): (&str, &str),
        code: &str,
    ) -> Result<Access, SqlError> {
        let context = self.context_in(database)?;
        let object = context.object(id, schema);
        let Some(permission) = Permission::coded(Class::Object, code) else {
            return Err(errors::internal(format_args!("the permission {code} isn't an object's")));
        };
        let rights = &context.rights;
        if rights.is_above(object)
            || self.is_chained(database, object)
            || (rights.allow(permission, object) && !rights.limits_columns(permission, object))
        {
            return Ok(Access::Whole);
        }
        let columns = self.catalog().column_names(id)?;
        let columns = columns.into_iter().map(|(id, name)| (fold_name(&name), id)).collect();
        Ok(Access::Limited(Arc::new(Limited {
            permission,
            object,
            database: database.name.clone(),
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns,
            context,
        })))
    }
}
