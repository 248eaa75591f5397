//! Procedures, functions and views: kept as the text that defines them. Sequences and synonyms have
//! their names, numbers and owners among them, and what they are elsewhere.
//!
//! Parsing the text again gives the tree. What a procedure does when it is run is the
//! interpreter's; views and functions are put into a query where it names them.

use launchpod_tsql::ast::{
    DefineAction, Drop, DropKind, FunctionBody, ObjectName, StatementKind, fold_name,
};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, Row, params};

use super::catalog::{Catalog, DatabaseName, TableColumn, failed, now};
use super::environment::Environment;
use super::thread::{Job, Worker};
use super::{compile, function_body, module_parameters};
use crate::ModuleOptions;
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::tree::QueryColumn;
use crate::sqlite::errors;
use crate::sqlite::security::permission::Class;
use crate::sqlite::security::store::AS_OWNER;

/// What a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    Procedure,
    View,
    /// A function that returns a value.
    Scalar,
    /// A function that returns the rows of one query.
    Inline,
    /// A function that returns a table that it fills.
    Table,
    /// What numbers come from; its definition is elsewhere.
    Sequence,
    /// Another name; what it stands for is elsewhere.
    Synonym,
}

/// A module of the catalog.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) object_id: i64,
    pub(crate) database: DatabaseName,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) kind: ModuleKind,
    /// The text of its CREATE.
    pub(crate) definition: String,
}

// === impl Module ===

impl Module {
    /// `schema.name`
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

// === impl ModuleKind ===

impl ModuleKind {
    const ALL: [ModuleKind; 7] = [
        ModuleKind::Procedure,
        ModuleKind::View,
        ModuleKind::Scalar,
        ModuleKind::Inline,
        ModuleKind::Table,
        ModuleKind::Sequence,
        ModuleKind::Synonym,
    ];

    /// Its code in `sys.objects` and in OBJECT_ID's second argument.
    pub(crate) fn code(self) -> &'static str {
        match self {
            ModuleKind::Procedure => "P",
            ModuleKind::View => "V",
            ModuleKind::Scalar => "FN",
            ModuleKind::Inline => "IF",
            ModuleKind::Table => "TF",
            ModuleKind::Sequence => "SO",
            ModuleKind::Synonym => "SN",
        }
    }

    /// Its name in messages and, in upper case, in statements.
    pub(crate) fn word(self) -> &'static str {
        match self {
            ModuleKind::Procedure => "procedure",
            ModuleKind::View => "view",
            ModuleKind::Sequence => "sequence object",
            ModuleKind::Synonym => "synonym",
            _ => "function",
        }
    }

    /// The database's permission to make one.
    fn permission(self) -> &'static str {
        match self {
            ModuleKind::Procedure => "CREATE PROCEDURE",
            ModuleKind::View => "CREATE VIEW",
            _ => "CREATE FUNCTION",
        }
    }

    /// The statement that defines it, as error 166 names it.
    fn statement(self) -> &'static str {
        match self {
            ModuleKind::Procedure => "CREATE/ALTER PROCEDURE",
            ModuleKind::View => "CREATE VIEW",
            _ => "CREATE FUNCTION",
        }
    }
}

// === impl Catalog ===

impl Catalog<'_> {
    pub(crate) fn module(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<Option<Module>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(
                r#"SELECT object_id, schema, name, type, definition FROM main."launchpod.modules"
                   WHERE database_id = ?1 AND key = ?2 AND schema_key = ?3"#,
            )
            .map_err(failed)?;
        let key = params![database.id, fold_name(name), fold_name(schema)];
        let found = statement.query_row(key, |row| module(row, database)).optional();
        found.map_err(failed)
    }

    /// A module by its number.
    pub(crate) fn module_by_id(&self, object_id: i64) -> Result<Option<Module>, SqlError> {
        let sql = r#"SELECT m.object_id, m.schema, m.name, m.type, m.definition, m.database_id,
                         d.name
                     FROM main."launchpod.modules" m JOIN main."launchpod.databases" d
                     USING (database_id) WHERE m.object_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let found = statement.query_row([object_id], |row| {
            let database = DatabaseName { id: row.get(5)?, name: row.get(6)? };
            module(row, &database)
        });
        found.optional().map_err(failed)
    }

    /// The text of OBJECT_DEFINITION.
    pub(crate) fn definition(&self, object_id: i64) -> Result<Option<String>, SqlError> {
        self.connection
            .query_row(
                r#"SELECT definition FROM main."launchpod.modules"
                   WHERE object_id = ?1 AND type NOT IN ('SO', 'SN')
                   UNION ALL SELECT '(' || definition || ')' FROM main."launchpod.constraints"
                   WHERE constraint_id = ?1 AND type = 'C'"#,
                [object_id],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)
    }

    /// The numbers and texts of a database's modules.
    pub(crate) fn definitions(
        &self,
        database: &DatabaseName,
    ) -> Result<Vec<(i64, String)>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(
                r#"SELECT object_id, definition FROM main."launchpod.modules"
                   WHERE database_id = ?1 AND type NOT IN ('SO', 'SN') ORDER BY object_id"#,
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([database.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Whether a table or module has the name.
    pub(crate) fn is_taken(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<bool, SqlError> {
        Ok(self.module(database, schema, name)?.is_some()
            || self.table(database, schema, name)?.is_some())
    }

    /// Writes a new module down.
    pub(super) fn add_module(&self, module: &Module) -> Result<i64, SqlError> {
        let object_id = self.next_object_id("main")?;
        self.connection
            .execute(
                r#"INSERT INTO main."launchpod.modules"
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"#,
                params![
                    object_id,
                    module.database.id,
                    module.schema,
                    fold_name(&module.schema),
                    module.name,
                    fold_name(&module.name),
                    module.kind.code(),
                    module.definition,
                    now()
                ],
            )
            .map_err(failed)?;
        Ok(object_id)
    }

    fn change_module(&self, module: &Module) -> Result<(), SqlError> {
        self.connection
            .execute(
                r#"UPDATE main."launchpod.modules" SET type = ?2, definition = ?3, modified = ?4
                   WHERE object_id = ?1"#,
                params![module.object_id, module.kind.code(), module.definition, now()],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Notes that a module has been changed.
    pub(super) fn touch_module(&self, object_id: i64) -> Result<(), SqlError> {
        let sql = r#"UPDATE main."launchpod.modules" SET modified = ?2 WHERE object_id = ?1"#;
        self.connection.execute(sql, params![object_id, now()]).map_err(failed)?;
        Ok(())
    }

    /// Keeps the columns of a view for the catalog views.
    fn set_module_columns(&self, id: i64, columns: &[QueryColumn]) -> Result<(), SqlError> {
        let before = self.column_names(id)?;
        self.connection
            .execute(r#"DELETE FROM main."launchpod.columns" WHERE object_id = ?1"#, [id])
            .map_err(failed)?;
        for (column_id, column) in (1..).zip(columns) {
            let column = TableColumn {
                column_id,
                name: column.name.clone(),
                sql_type: column.sql_type,
                user_type: None,
                nullable: column.nullable,
                identity: false,
                default: None,
                computed: None,
            };
            self.add_column("main", id, &column, None)?;
        }
        self.move_columns(id, &before, &self.column_names(id)?)
    }

    fn drop_module(&self, module: &Module) -> Result<(), SqlError> {
        let id = module.object_id;
        self.drop_parameters(id)?;
        self.drop_module_options(id)?;
        self.connection
            .execute_batch(&format!(
                r#"DELETE FROM main."launchpod.extended_properties"
                       WHERE class IN (1, 2) AND major_id = {id};
                   DELETE FROM main."launchpod.columns" WHERE object_id = {id};
                   DELETE FROM main."launchpod.contexts" WHERE object_id = {id};
                   DELETE FROM main."launchpod.sequences" WHERE object_id = {id};
                   DELETE FROM main."launchpod.synonyms" WHERE object_id = {id};
                   DELETE FROM main."launchpod.modules" WHERE object_id = {id};"#
            ))
            .map_err(failed)?;
        self.forget_securable(module.database.id, Class::Object, id)
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// The number of the table or module of a name; `None` when there is none.
    pub(crate) fn object(&self, name: &ObjectName) -> Result<Option<i64>, SqlError> {
        if let Some(module) = self.module(name)? {
            return Ok(Some(module.object_id));
        }
        Ok(self.table(name).ok().map(|table| table.object_id))
    }

    /// A module by its name.
    pub(crate) fn module(&self, name: &ObjectName) -> Result<Option<Module>, SqlError> {
        if name.is_temporary() {
            return Ok(None);
        }
        let database = self.database_of(name)?;
        for schema in self.schemas_of(name)? {
            let found = self.catalog().module(&database, &schema, &name.name.text)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

// === impl Worker ===

impl Worker {
    /// Keeps a definition under its name.
    pub(crate) fn define_module(
        &self,
        job: &Job,
        definition: &StatementKind,
    ) -> Result<(), SqlError> {
        let (action, name, kind, options) = match definition {
            StatementKind::CreateProcedure(create) => {
                (create.action, &create.name, ModuleKind::Procedure, &create.options)
            }
            StatementKind::CreateView(create) => {
                (create.action, &create.name, ModuleKind::View, &create.options)
            }
            StatementKind::CreateFunction(create) => {
                let kind = match create.body {
                    FunctionBody::Scalar { .. } => ModuleKind::Scalar,
                    FunctionBody::Inline(_) => ModuleKind::Inline,
                    FunctionBody::Table { .. } => ModuleKind::Table,
                };
                function_body::check(create)?;
                (create.action, &create.name, kind, &create.options)
            }
            _ => return Err(errors::internal("a definition that isn't a module's")),
        };
        module_parameters::check_types(&self.environment(), definition)?;
        let (database, schema) = self.place_of_new(name, kind.statement())?;
        if name.is_temporary() {
            return Err(errors::unsupported("A temporary procedure"));
        }
        let environment = self.environment();
        let catalog = environment.catalog();
        let existing = catalog.module(&database, &schema, &name.name.text)?;
        match &existing {
            Some(module) if action != DefineAction::Create => {
                if !environment.may_object(&database, module.object_id, &schema, "AL")? {
                    return Err(errors::invalid_object(&name.to_string()).state(6));
                }
            }
            None if action == DefineAction::Alter => {}
            _ => environment.check_create(kind.permission(), &schema)?,
        }
        let mut module = Module {
            object_id: 0,
            name: name.name.text.clone(),
            kind,
            definition: created_text(&job.execute.source),
            schema,
            database,
        };
        match existing {
            Some(_) if action == DefineAction::Create => {
                return Err(errors::exists_already(&module.name));
            }
            Some(existing) if existing.kind.word() == kind.word() => {
                self.check_no_classifier("alter", &existing)?;
                module.object_id = existing.object_id;
                catalog.change_module(&module)?;
            }
            Some(_) => return Err(errors::incompatible_alter(&name.to_string())),
            None => {
                if catalog.table(&module.database, &module.schema, &module.name)?.is_some() {
                    return Err(match action {
                        DefineAction::Create => errors::exists_already(&module.name),
                        _ => errors::incompatible_alter(&name.to_string()),
                    });
                }
                if action == DefineAction::Alter {
                    return Err(errors::invalid_object(&name.to_string()));
                }
                module.object_id = catalog.add_module(&module)?;
            }
        }
        // What a view or function names must be there; of a procedure's names the columns of what
        // is there, others are looked up when it runs.
        let variables = std::collections::BTreeMap::new();
        let set = ModuleOptions::of(self.session.options);
        catalog.set_module_options(module.object_id, set)?;
        let columns = Binder::new(&environment, &variables).module_columns(&module)?;
        catalog.set_module_columns(module.object_id, &columns)?;
        if let Some(error) = self.compile_module(&module)?.into_iter().next() {
            return Err(error);
        }
        let run_as = self.module_context(options)?;
        catalog.set_context(module.object_id, run_as)?;
        environment.set_parameters(module.object_id, definition)
    }

    /// The columns that a module's body names and that aren't there.
    fn compile_module(&self, module: &Module) -> Result<Vec<SqlError>, SqlError> {
        let text = launchpod_tsql::parse(&module.definition).map_err(SqlError::from)?;
        let (database, schema) = (&module.database, Some(module.schema.as_str()));
        let environment = Environment { database, schema, ..self.environment() };
        Ok(compile::compile(environment, &text, &compile::declared(&text)))
    }

    /// Writes the columns of a view or function down anew, as they are by now.
    pub(crate) fn refresh_module(&self, object_id: i64) -> Result<(), SqlError> {
        let environment = self.environment();
        let catalog = environment.catalog();
        let Some(module) = catalog.module_by_id(object_id)? else { return Ok(()) };
        let variables = std::collections::BTreeMap::new();
        let columns = Binder::new(&environment, &variables).module_columns(&module)?;
        catalog.set_module_columns(object_id, &columns)
    }

    /// Whom a module runs as that says EXECUTE AS: a user's number, or that of its owner.
    fn module_context(&self, options: &[String]) -> Result<Option<i64>, SqlError> {
        let option = options.iter().find_map(|option| {
            option.strip_prefix("EXECUTE AS ").or_else(|| option.strip_prefix("EXEC AS "))
        });
        let name = match option {
            None | Some("CALLER") => return Ok(None),
            Some("OWNER") => return Ok(Some(AS_OWNER)),
            Some("SELF") => return Ok(Some(self.environment().context()?.user)),
            Some(name) => name.trim_start_matches('N').trim_matches('\'').replace("''", "'"),
        };
        self.user_to_run_as(&name).map(Some)
    }

    /// Whether the caller may drop a module: who controls it or may alter its schema.
    fn may_drop(&self, module: &Module) -> Result<bool, SqlError> {
        let context = self.environment().context_in(&module.database)?;
        let schema = context.schema(context.schema_id(&module.schema));
        let object = context.object(module.object_id, &module.schema);
        Ok(context.may_object("CL", object) || context.may_object("AL", schema))
    }

    /// DROP PROCEDURE, VIEW and FUNCTION.
    pub(crate) fn drop_modules(&self, drop: &Drop) -> Result<(), SqlError> {
        let environment = self.environment();
        let word = match drop.kind {
            DropKind::Procedure => "procedure",
            DropKind::View => "view",
            DropKind::Sequence => "sequence object",
            DropKind::Synonym => "synonym",
            _ => "function",
        };
        for name in &drop.names {
            if name.database.is_some() {
                return Err(errors::database_prefix(&format!("DROP {}", word.to_uppercase())));
            }
            match environment.module(name)? {
                Some(module) if !self.may_drop(&module)? => {
                    return Err(errors::cannot_drop(word, &name.to_string()));
                }
                Some(module) if module.kind.word() == word => {
                    if drop.kind == DropKind::Sequence
                        && let Some(default) = environment.catalog().default_from(&module)?
                    {
                        return Err(errors::referenced_by(
                            "DROP SEQUENCE",
                            &name.to_string(),
                            &default,
                        ));
                    }
                    self.check_no_classifier("drop", &module)?;
                    environment.catalog().drop_module(&module)?;
                }
                Some(module) => {
                    return Err(errors::wrong_drop(word, &name.to_string(), module.kind.word()));
                }
                None if environment.table(name).is_ok() => {
                    return Err(errors::wrong_drop(word, &name.to_string(), "table"));
                }
                None if drop.if_exists => {}
                None => return Err(errors::cannot_drop(word, &name.to_string())),
            }
        }
        Ok(())
    }
}

fn module(row: &Row<'_>, database: &DatabaseName) -> rusqlite::Result<Module> {
    let code: String = row.get(3)?;
    let kind = ModuleKind::ALL.into_iter().find(|kind| kind.code() == code);
    Ok(Module {
        object_id: row.get(0)?,
        database: database.clone(),
        schema: row.get(1)?,
        name: row.get(2)?,
        // Only these codes are ever stored.
        kind: kind.unwrap_or(ModuleKind::Procedure),
        definition: row.get(4)?,
    })
}

/// A definition as SQL Server keeps it: ALTER and CREATE OR ALTER become CREATE.
fn created_text(source: &str) -> String {
    let after = |text: &str, word: &str| {
        let head = text.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| text[word.len()..].to_owned())
    };
    if let Some(rest) = after(source, "ALTER") {
        return format!("CREATE{rest}");
    }
    let rest = after(source, "CREATE").unwrap_or_default();
    let or = after(rest.trim_start(), "OR").and_then(|rest| after(rest.trim_start(), "ALTER"));
    or.map_or_else(|| source.to_owned(), |rest| format!("CREATE{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_begin_with_create() {
        for (source, kept) in [
            ("CREATE PROC p AS SELECT 1", "CREATE PROC p AS SELECT 1"),
            ("alter proc p AS SELECT 'ALTER'", "CREATE proc p AS SELECT 'ALTER'"),
            ("create or\n  alter view v AS SELECT 1 a", "CREATE view v AS SELECT 1 a"),
            (
                "CREATE /* or */ OR ALTER PROC ö AS RETURN",
                "CREATE /* or */ OR ALTER PROC ö AS RETURN",
            ),
        ] {
            assert_eq!(created_text(source), kept);
        }
    }
}
