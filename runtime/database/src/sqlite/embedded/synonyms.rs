//! Synonyms ("CREATE SYNONYM"): other names for tables, views, procedures and functions.
//!
//! What one stands for is looked up when it is used, and need not be there before.

use launchpod_tsql::ast::{CreateSynonym, Execute, ObjectName, ProcedureName, StatementKind};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::catalog::{Catalog, TABLE_CODE, Table, failed};
use super::environment::Environment;
use super::modules::{Module, ModuleKind};
use super::thread::Worker;
use crate::sqlite::security::columns::Access;
use crate::sqlite::{errors, system};

/// The synonyms' table.
pub(super) const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.synonyms" (
    object_id INTEGER PRIMARY KEY, base TEXT NOT NULL) STRICT;
"#;

/// What a name that may be a synonym's stands for.
pub(crate) struct Base<'a> {
    /// The name of it, with its database.
    pub(crate) name: ObjectName,
    /// Where it is looked up: what belongs to the synonym's owner needs no permission.
    pub(crate) environment: Environment<'a>,
}

// === impl Catalog ===

impl Catalog<'_> {
    fn base_text(&self, synonym: &Module) -> Result<String, SqlError> {
        let sql = r#"SELECT base FROM main."launchpod.synonyms" WHERE object_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let base = statement.query_row([synonym.object_id], |row| row.get(0)).optional();
        base.map_err(failed)?.ok_or_else(|| errors::internal("a synonym stands for nothing"))
    }

    /// The synonyms of a database, by their numbers.
    fn synonyms(&self, database: i64) -> Result<Vec<i64>, SqlError> {
        let sql = r#"SELECT object_id FROM main."launchpod.modules"
                     WHERE database_id = ?1 AND type = 'SN'"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([database], |row| row.get(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

// === impl Environment ===

impl<'a> Environment<'a> {
    /// What a synonym stands for.
    ///
    /// # Errors
    /// 470 for another synonym, 5313 when nothing is there.
    pub(crate) fn base_of(&self, synonym: &Module) -> Result<Base<'a>, SqlError> {
        let chain = Some(self.chain_of(synonym)?);
        let environment = Environment { chain, ..*self };
        let name = self.base_name(synonym)?;
        let shown = synonym.label();
        let found = match environment.database_of(&name) {
            Ok(_) => environment.module(&name)?,
            Err(error) if error.number() == 208 => return Err(errors::invalid_synonym(&shown)),
            Err(error) => return Err(error),
        };
        match found {
            Some(module) if module.kind == ModuleKind::Synonym => {
                return Err(errors::synonym_of_synonym(&shown, &module.label()));
            }
            Some(_) => {}
            None if system::view(&name).is_some() => {}
            None if environment.table(&name).is_err() => {
                return Err(errors::invalid_synonym(&shown));
            }
            None => {}
        }
        Ok(Base { name, environment })
    }

    fn base_name(&self, synonym: &Module) -> Result<ObjectName, SqlError> {
        let mut name = named(&self.catalog().base_text(synonym)?)?;
        if name.database.is_none() && !name.is_temporary() {
            name.database = Some(launchpod_tsql::ast::Identifier {
                text: synonym.database.name.clone(),
                quoted: true,
            });
        }
        Ok(name)
    }

    /// A module by its name, or by a synonym's.
    pub(crate) fn meant_module(&self, name: &ObjectName) -> Result<Option<Module>, SqlError> {
        match self.module(name)? {
            Some(synonym) if synonym.kind == ModuleKind::Synonym => {
                let base = self.base_of(&synonym)?;
                base.environment.module(&base.name)
            }
            found => Ok(found),
        }
    }

    /// A module by its name, or by that of a synonym on which the caller has a permission; and where
    /// it is looked up.
    ///
    /// # Errors
    /// 229 without the permission on the synonym, and those of [`Environment::base_of`].
    pub(crate) fn used_module(
        &self,
        name: &ObjectName,
        code: &str,
    ) -> Result<(Option<Module>, Environment<'a>), SqlError> {
        match self.module(name)? {
            Some(synonym) if synonym.kind == ModuleKind::Synonym => {
                self.check_module(&synonym, code)?;
                let base = self.base_of(&synonym)?;
                Ok((base.environment.module(&base.name)?, base.environment))
            }
            found => Ok((found, *self)),
        }
    }

    /// A table by its name or a synonym's, and what the caller may read of it.
    ///
    /// # Errors
    /// 208; 229 when no column may be read.
    pub(crate) fn read_table(&self, name: &ObjectName) -> Result<(Table, Access), SqlError> {
        let (table, environment) = match self.module(name)? {
            Some(synonym) if synonym.kind == ModuleKind::Synonym => {
                self.check_module(&synonym, "SL")?;
                let base = self.base_of(&synonym)?;
                (base.environment.table(&base.name)?, base.environment)
            }
            _ => (self.table(name)?, *self),
        };
        let access = environment.table_access(&table, "SL")?;
        access.check_any()?;
        Ok((table, access))
    }

    /// The type of what a synonym stands for.
    fn base_type(&self, synonym: &Module) -> Option<&'static str> {
        let base = self.base_of(synonym).ok()?;
        match base.environment.module(&base.name).ok()? {
            Some(module) => Some(module.kind.code()),
            None => base.environment.table(&base.name).ok().map(|_| TABLE_CODE),
        }
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_synonym(&self, create: &CreateSynonym) -> Result<(), SqlError> {
        let (database, schema) = self.place_of_new(&create.name, "CREATE SYNONYM")?;
        let environment = self.environment();
        environment.check_create("CREATE SYNONYM", &schema)?;
        let catalog = environment.catalog();
        let name = &create.name.name.text;
        if catalog.is_taken(&database, &schema, name)? {
            return Err(errors::exists_already(name));
        }
        let object_id = catalog.add_module(&Module {
            object_id: 0,
            database,
            schema,
            name: name.clone(),
            kind: ModuleKind::Synonym,
            definition: String::new(),
        })?;
        let base = &create.base;
        let parts = [&base.server, &base.database, &base.schema];
        let first = parts.iter().position(|part| part.is_some()).unwrap_or(parts.len());
        let quoted = |name: &str| format!("[{}]", name.replace(']', "]]"));
        let before = parts[first..]
            .iter()
            .map(|part| part.as_ref().map_or_else(String::new, |part| quoted(&part.text)));
        let whole: Vec<String> = before.chain([quoted(&base.name.text)]).collect();
        let sql = r#"INSERT INTO main."launchpod.synonyms" VALUES (?1, ?2)"#;
        self.connection.execute(sql, params![object_id, whole.join(".")]).map_err(failed)?;
        Ok(())
    }
}

/// Reads a name that the catalog keeps as text.
fn named(text: &str) -> Result<ObjectName, SqlError> {
    let batch = launchpod_tsql::parse(&format!("EXEC {text}"))?;
    match batch.statements.into_iter().next().map(|statement| statement.kind) {
        Some(StatementKind::Execute(execute)) => match *execute {
            Execute { procedure: ProcedureName::Name(name), .. } => Ok(name),
            _ => Err(errors::internal("a synonym's base is no name")),
        },
        _ => Err(errors::internal("a synonym's base doesn't parse")),
    }
}

/// The rows of `catalog.synonyms`.
pub(crate) fn listed(environment: &Environment<'_>) -> Result<String, SqlError> {
    let catalog = environment.catalog();
    let mut rows = Vec::new();
    for id in catalog.synonyms(environment.database.id)? {
        let Some(synonym) = catalog.module_by_id(id)? else { continue };
        rows.push(json!([id, catalog.base_text(&synonym)?, environment.base_type(&synonym)]));
    }
    system::listing::array(&rows)
}
