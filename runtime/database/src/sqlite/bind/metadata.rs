//! What a session can ask about itself and the server: constants while a statement runs.

use launchpod_functions::{Body, Function, collation, language, random, zone};
use launchpod_tsql::ast::{CompareOperator, Niladic, fold_name};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::predicate::compare;
use super::tree::{Bound, BoundBody, BoundQuery, BoundSelect, Kind, QueryColumn};
use super::{Binder, coerce, int};
use crate::options;
use crate::sqlite::embedded::catalog::TABLE_CODE;
use crate::sqlite::embedded::environment::{self, Environment};
use crate::sqlite::errors;
use crate::sqlite::system::{self, base};

const NAME: SqlType = SqlType::SYSNAME;
/// What CURRENT_TIMEZONE() returns.
const TEXT: SqlType = SqlType::VarChar(Length::Limited(8000));
/// What ERROR_MESSAGE() returns.
const MESSAGE: SqlType = SqlType::NVarChar(Length::Limited(4000));

// === impl Binder ===

impl Binder<'_> {
    /// `@@name`
    pub(crate) fn global_variable(&mut self, name: &str) -> Result<Bound, SqlError> {
        let key = name.to_lowercase();
        if self.variables.contains_key(&key) {
            return self.variable(name);
        }
        let session = self.environment.session;
        let int = |number: i64| Ok(Bound::constant(Value::Int(number), SqlType::Int));
        match key.as_str() {
            "@@version" => Ok(Bound::constant(
                environment::version_text().into(),
                SqlType::NVarChar(Length::Limited(300)),
            )),
            "@@spid" => Ok(Bound::constant(Value::Int(session.spid.into()), SqlType::SmallInt)),
            "@@servername" => Ok(name_of(&session.server)),
            "@@servicename" => Ok(name_of("MSSQLSERVER")),
            "@@language" => Ok(name_of(language::current().name)),
            "@@langid" => {
                Ok(Bound::constant(Value::Int(language::current().id), SqlType::SmallInt))
            }
            "@@max_precision" => Ok(Bound::constant(Value::Int(38), SqlType::TinyInt)),
            "@@options" => int(session.options),
            "@@datefirst" => {
                let first = i64::from(language::current().first);
                Ok(Bound::constant(Value::Int(first), SqlType::TinyInt))
            }
            "@@lock_timeout" => int(session.lock_timeout),
            "@@textsize" => int(session.text_size),
            "@@nestlevel" | "@@error" | "@@rowcount" | "@@trancount" | "@@procid"
            | "@@fetch_status" | "@@cursor_rows" => int(0),
            "@@max_connections" => int(32_767),
            "@@connections" => int(session.live.opened()),
            // Microseconds of a tick ("@@TIMETICKS (Transact-SQL)").
            "@@timeticks" => int(31_250),
            "@@cpu_busy" | "@@idle" | "@@io_busy" | "@@pack_received" | "@@pack_sent"
            | "@@packet_errors" | "@@total_errors" | "@@total_read" | "@@total_write" => int(0),
            "@@microsoftversion" => int(0x1000_03E8),
            "@@dbts" => self.database_version(0),
            "@@identity" => Ok(decimal(self.environment.session.identity.last())),
            _ => Err(errors::undeclared_variable(name)),
        }
    }

    /// A function that is a constant here; `None` when the name isn't one of these.
    pub(crate) fn metadata(
        &mut self,
        name: &str,
        arguments: &[Bound],
    ) -> Result<Option<Bound>, SqlError> {
        if let Some(bound) = self.principal_function(name, arguments)? {
            return Ok(Some(bound));
        }
        if let Some(bound) = self.lock_function(name, arguments)? {
            return Ok(Some(bound));
        }
        // What is the same for every row is asked once. Of a column, the functions of `sys` are.
        if !constant(arguments) && system::function(name).is_some() {
            return Ok(None);
        }
        let session = self.environment.session;
        let optional_int = |value: Option<i64>| {
            Some(Bound {
                nullable: true,
                ..Bound::constant(value.map_or(Value::Null, Value::Int), SqlType::Int)
            })
        };
        let yes = optional_int(Some(1));
        Ok(match name {
            "GETDATE" => Some(now(self.environment, Clock::Server, SqlType::DateTime)?),
            "GETUTCDATE" => Some(now(self.environment, Clock::Utc, SqlType::DateTime)?),
            "SYSDATETIME" => Some(now(self.environment, Clock::Server, SqlType::DateTime2(7))?),
            "SYSUTCDATETIME" => Some(now(self.environment, Clock::Utc, SqlType::DateTime2(7))?),
            "SYSDATETIMEOFFSET" => {
                Some(now(self.environment, Clock::Server, SqlType::DateTimeOffset(7))?)
            }
            "CURRENT_TIMEZONE" => {
                let now = self.environment.now.unwrap_or_else(environment::now);
                Some(Bound::constant(zone::server_title(now).into(), TEXT))
            }
            "CURRENT_TIMEZONE_ID" => Some(Bound::constant(zone::server_name().into(), TEXT)),
            "CURSOR_STATUS" => Some(self.cursor_status(arguments)?),
            "DB_NAME" if !constant(arguments) => {
                Some(self.lookup("databases", "database_id", "name", arguments)?)
            }
            "DB_NAME" => match self.argument(arguments, 0)? {
                None => Some(name_of(&self.environment.database.name)),
                Some(id) => Some(optional_name(match coerced_int(&id) {
                    Some(id) => self.environment.catalog().database_name(id)?,
                    None => None,
                })),
            },
            "DB_ID" => match self.argument(arguments, 0)? {
                None => optional_int(Some(self.environment.database.id)),
                Some(Value::Text(name)) => {
                    optional_int(self.environment.catalog().database(&name)?.map(|db| db.id))
                }
                Some(_) => optional_int(None),
            },
            "SCHEMA_ID" => match self.argument(arguments, 0)? {
                None => {
                    let context = self.environment.context()?;
                    optional_int(Some(context.schema_id(&context.default_schema)))
                }
                Some(Value::Text(name)) => optional_int(
                    self.environment.catalog().schema_id(self.environment.database, &name)?,
                ),
                Some(_) => optional_int(None),
            },
            "SCHEMA_NAME" if arguments.is_empty() => {
                Some(name_of(&self.environment.context()?.default_schema))
            }
            "SCHEMA_NAME" => Some(self.lookup("schemas", "schema_id", "name", arguments)?),
            "APP_NAME" | "PROGRAM_NAME" => Some(name_of(&session.program)),
            "HOST_NAME" => Some(name_of(&session.host)),
            "HOST_ID" => Some(name_of("0")),
            "OBJECT_ID" => {
                let object = self.argument(arguments, 0)?;
                let kind = self.argument(arguments, 1)?;
                let kind = match &kind {
                    Some(Value::Text(kind)) => Some(kind.trim().to_ascii_uppercase()),
                    _ => None,
                };
                optional_int(match object {
                    Some(Value::Text(object)) => self.object_id(&object, kind.as_deref())?,
                    _ => None,
                })
            }
            "OBJECT_NAME" if !constant(arguments) => {
                let own = self.lookup("objects", "object_id", "name", arguments)?;
                let system = self.lookup("system_objects", "object_id", "name", arguments)?;
                let arguments = vec![own, system];
                let kind = Kind::Native { name: "coalesce", arguments };
                Some(Bound { kind, sql_type: NAME, nullable: true })
            }
            "OBJECT_DEFINITION" if !constant(arguments) => {
                Some(self.lookup("definitions", "object_id", "definition", arguments)?)
            }
            "OBJECT_DEFINITION" => {
                let id = self.argument(arguments, 0)?;
                let text = match id.as_ref().and_then(coerced_int) {
                    Some(id) if self.environment.may_define(id)? => {
                        self.environment.catalog().definition(id)?
                    }
                    _ => None,
                };
                let value = text.map_or(Value::Null, Value::Text);
                Some(Bound { nullable: true, ..Bound::constant(value, SqlType::NVARCHAR_MAX) })
            }
            "OBJECT_NAME" => {
                let id = self.argument(arguments, 0)?;
                let object = match id.as_ref().and_then(coerced_int) {
                    Some(id) if self.environment.sees(id)? => {
                        self.environment.catalog().object_name(id)?.or_else(|| {
                            system::numbered(id).map(|(schema, name)| (schema.into(), name.into()))
                        })
                    }
                    _ => None,
                };
                Some(optional_name(object.map(|(_, object)| object)))
            }
            "SCOPE_IDENTITY" => Some(decimal(self.environment.session.identity.last_here())),
            "IDENT_CURRENT" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(table)) => {
                    let catalog = self.environment.catalog();
                    let found = catalog.table_by_text(&table, self.environment.database)?;
                    let last = match found {
                        Some(table) if !self.environment.sees(table.object_id)? => None,
                        Some(table) => catalog.identity(&table)?.map(|identity| identity.current()),
                        None => None,
                    };
                    decimal(last)
                }
                _ => decimal(None),
            }),
            "IDENT_SEED" | "IDENT_INCR" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(table)) => {
                    let catalog = self.environment.catalog();
                    let found = catalog.table_by_text(&table, self.environment.database)?;
                    let identity = match found {
                        Some(table) => catalog.identity(&table)?,
                        None => None,
                    };
                    decimal(identity.map(|identity| match name {
                        "IDENT_SEED" => identity.seed,
                        _ => identity.increment,
                    }))
                }
                _ => decimal(None),
            }),
            "ROWCOUNT_BIG" => {
                let rows = self.global_variable("@@rowcount")?;
                Some(coerce::explicit(rows, SqlType::BigInt, 0, false)?)
            }
            "SERVERPROPERTY" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(property)) => {
                    environment::server_property(session, property.trim())
                }
                _ => optional_name(None),
            }),
            "SESSIONPROPERTY" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(option)) => session_property(session.options, option.trim()),
                _ => Bound::written(Value::Null),
            }),
            "CONNECTIONPROPERTY" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(property)) => {
                    optional_name(match property.trim().to_ascii_lowercase().as_str() {
                        "net_transport" => Some("TCP".to_owned()),
                        "protocol_type" => Some("TSQL".to_owned()),
                        "auth_scheme" => Some("SQL".to_owned()),
                        "physical_net_transport" => Some("TCP".to_owned()),
                        _ => None,
                    })
                }
                _ => optional_name(None),
            }),
            "DATABASEPROPERTYEX" => {
                let database = self.argument(arguments, 0)?;
                let property = self.argument(arguments, 1)?;
                let known = match &database {
                    Some(Value::Text(name)) => self.environment.catalog().database(name)?.is_some(),
                    _ => false,
                };
                Some(match property {
                    Some(Value::Text(property)) if known => database_property(property.trim()),
                    _ => optional_name(None),
                })
            }
            "CONTEXT_INFO" => Some(session.context.info()),
            "SESSION_CONTEXT" => Some(match self.argument(arguments, 0)? {
                Some(Value::Text(key)) => session.context.value(&key),
                _ => return Err(errors::argument_count("session_context", "1")),
            }),
            "GETANSINULL" => yes,
            "ORIGINAL_DB_NAME" => Some(name_of(&session.original_database)),
            "MIN_ACTIVE_ROWVERSION" if arguments.is_empty() => Some(self.database_version(1)?),
            "ERROR_NUMBER" | "ERROR_SEVERITY" | "ERROR_STATE" | "ERROR_LINE" => {
                Some(self.caught(name, SqlType::Int)?)
            }
            "ERROR_MESSAGE" => Some(self.caught(name, MESSAGE)?),
            "ERROR_PROCEDURE" => Some(self.caught(name, NAME)?),
            "XACT_STATE" if self.variables.contains_key("@@xact_state") => {
                Some(self.caught(name, SqlType::SmallInt)?)
            }
            "XACT_STATE" => {
                let depth = self.variables.get("@@trancount").map(|v| v.value.clone());
                let open = matches!(depth, Some(Value::Int(depth)) if depth > 0);
                Some(Bound::constant(Value::Int(open.into()), SqlType::SmallInt))
            }
            "RAND" if arguments.is_empty() => {
                Some(Bound::constant(Value::Float(random::next()?), SqlType::Float))
            }
            "RAND"
                if let [seed] = arguments
                    && seed.is_constant() =>
            {
                let seed = coerce::implicit(seed.clone(), SqlType::Int)?;
                match self.environment.evaluate(&seed)? {
                    Value::Int(seed) => {
                        Some(Bound::constant(Value::Float(random::seeded(seed)), SqlType::Float))
                    }
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// The last `rowversion` that is committed, or one after it.
    fn database_version(&self, beyond: i64) -> Result<Bound, SqlError> {
        let last = self.environment.catalog().version(&self.environment.database.name)?;
        let bytes = last.saturating_add(beyond).to_be_bytes().to_vec();
        Ok(Bound::constant(Value::Binary(bytes), SqlType::Binary(8)))
    }

    /// What the interpreter says about the error that a CATCH block handles, by the name of the
    /// function: `ERROR_LINE()` is its variable `@@error_line`. NULL outside CATCH.
    fn caught(&mut self, function: &str, sql_type: SqlType) -> Result<Bound, SqlError> {
        let variable = format!("@@{}", function.to_ascii_lowercase());
        if self.variables.contains_key(&variable) {
            return coerce::implicit(self.variable(&variable)?, sql_type);
        }
        Ok(Bound { nullable: true, ..Bound::constant(Value::Null, sql_type) })
    }

    /// `CURSOR_STATUS(kind, name)`: what the interpreter says of the cursor; -3 when there is none.
    fn cursor_status(&self, arguments: &[Bound]) -> Result<Bound, SqlError> {
        let kind = self.argument(arguments, 0)?;
        let name = self.argument(arguments, 1)?;
        let (Some(Value::Text(kind)), Some(Value::Text(name))) = (kind, name) else {
            return Err(errors::argument_count("cursor_status", "2"));
        };
        let variable = format!("@@cursor_status {} {}", fold_name(kind.trim()), fold_name(&name));
        let known = self.variables.get(&variable).map(|known| known.value.clone());
        Ok(Bound::constant(known.unwrap_or(Value::Int(-3)), SqlType::SmallInt))
    }

    /// The value of an argument, which must be the same for every row.
    pub(super) fn argument(
        &self,
        arguments: &[Bound],
        index: usize,
    ) -> Result<Option<Value>, SqlError> {
        let Some(argument) = arguments.get(index) else { return Ok(None) };
        if !argument.is_constant() {
            return Err(errors::metadata_of_column());
        }
        self.environment.evaluate(argument).map(Some)
    }

    /// The number of an object that the caller may see.
    pub(super) fn object_id(
        &self,
        name: &str,
        kind: Option<&str>,
    ) -> Result<Option<i64>, SqlError> {
        let found = self.object_id_of(name, kind)?;
        match found {
            Some(id) if !self.environment.sees(id)? => Ok(None),
            found => Ok(found),
        }
    }

    fn object_id_of(&self, text: &str, kind: Option<&str>) -> Result<Option<i64>, SqlError> {
        let catalog = self.environment.catalog();
        let current = self.environment.database;
        let wanted = |code: &str| kind.is_none_or(|kind| kind == code);
        let name = catalog.text_name(text, current)?;
        if name.name.starts_with('#') {
            let table = catalog.table_by_text(text, current)?.filter(|_| wanted(TABLE_CODE));
            return Ok(table.map(|table| table.object_id));
        }
        let Some(database) = &name.database else { return Ok(None) };
        for schema in self.environment.text_schemas(&name)? {
            if wanted(TABLE_CODE)
                && let Some(table) = catalog.table(database, &schema, &name.name)?
            {
                return Ok(Some(table.object_id));
            }
            if let Some(module) = catalog.module(database, &schema, &name.name)?
                && wanted(module.kind.code())
            {
                return Ok(Some(module.object_id));
            }
            if let Some((id, code)) = catalog.constraint(database, &schema, &name.name)?
                && wanted(&code)
            {
                return Ok(Some(id));
            }
        }
        let schema = name.schema.as_deref().unwrap_or("dbo");
        Ok(system::number(schema, &name.name, wanted))
    }

    /// A column of a table of the catalog in the row whose key an argument gives.
    fn lookup(
        &mut self,
        table: &str,
        key: &str,
        column: &str,
        arguments: &[Bound],
    ) -> Result<Bound, SqlError> {
        let [argument, ..] = arguments else {
            return Err(errors::argument_count(&key.to_ascii_lowercase(), "1"));
        };
        let table = base::named(table)
            .ok_or_else(|| errors::internal("a table of the catalog is missing"))?;
        let id = self.source_id();
        let column_of = |name: &str| {
            let found = table.columns.iter().find(|(known, ..)| *known == name);
            found.map(|(name, sql_type, _)| Bound {
                kind: Kind::Column { source: id, name: (*name).to_owned() },
                sql_type: *sql_type,
                nullable: true,
            })
        };
        let (Some(key), Some(value)) = (column_of(key), column_of(column)) else {
            return Err(errors::internal("a table of the catalog has no such column"));
        };
        let argument = coerce::implicit(argument.clone(), key.sql_type)?;
        let sql_type = value.sql_type;
        let filter = compare(CompareOperator::Equal, key, argument)?;
        let (from, _) = self.base_source(table, id)?;
        let columns =
            vec![QueryColumn { name: String::new(), sql_type, nullable: true, identity: false }];
        let select = BoundSelect {
            distinct: false,
            items: vec![value],
            from: Some(from),
            filter: Some(filter),
            group_by: Vec::new(),
            having: None,
        };
        let query = BoundQuery {
            ctes: Vec::new(),
            body: BoundBody::Select(Box::new(select)),
            order_by: Vec::new(),
            limit: Some(int(1)),
            offset: None,
            columns,
        };
        Ok(Bound { kind: Kind::Scalar(Box::new(query)), sql_type, nullable: true })
    }
}

/// A function without parentheses.
pub(crate) fn niladic(environment: &Environment<'_>, function: Niladic) -> Bound {
    match function {
        Niladic::CurrentTimestamp => now(environment, Clock::Server, SqlType::DateTime)
            .unwrap_or_else(|_| Bound::constant(Value::Null, SqlType::DateTime)),
        Niladic::SystemUser => optional_name(environment.login_name().ok()),
        Niladic::CurrentUser | Niladic::SessionUser | Niladic::User => {
            optional_name(environment.context().ok().map(|context| context.user_name.clone()))
        }
    }
}

/// Whose clock shows the time.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// That of the server's time zone.
    Server,
    Utc,
}

/// The time at which the statement began.
fn now(environment: &Environment<'_>, clock: Clock, to: SqlType) -> Result<Bound, SqlError> {
    let shown = move |utc: i64| {
        let offset = match clock {
            Clock::Server => zone::server_offset(utc),
            Clock::Utc => 0,
        };
        Value::DateTimeOffset { utc, offset }
    };
    let sql_type = SqlType::DateTimeOffset(7);
    let now = match environment.now {
        Some(now) => Bound::constant(shown(now), sql_type),
        None => {
            let function = Function {
                name: format!("now({clock:?})"),
                arguments: Vec::new(),
                strict: false,
                deterministic: false,
                body: Body::Values(Box::new(move |_| Ok(shown(environment::now())))),
            };
            coerce::call(function, Vec::new(), sql_type, false)
        }
    };
    coerce::implicit(now, to)
}

fn constant(arguments: &[Bound]) -> bool {
    arguments.iter().all(Bound::is_constant)
}

pub(super) fn name_of(name: &str) -> Bound {
    Bound { nullable: true, ..Bound::constant(name.into(), NAME) }
}

/// A `sysname` or NULL.
pub(crate) fn optional_name(name: Option<String>) -> Bound {
    Bound { nullable: true, ..Bound::constant(name.map_or(Value::Null, Value::Text), NAME) }
}

fn decimal(number: Option<i64>) -> Bound {
    let value = number.map_or(Value::Null, |number| {
        Value::Decimal(launchpod_types::Decimal::new(number.into(), 0))
    });
    let sql_type = SqlType::Decimal { precision: 38, scale: 0 };
    Bound { nullable: true, ..Bound::constant(value, sql_type) }
}

fn coerced_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

/// "SESSIONPROPERTY (Transact-SQL)"
fn session_property(set: i64, option: &str) -> Bound {
    let has = |bit: i64| Value::Int((set & bit != 0).into());
    let value = match option.to_ascii_uppercase().as_str() {
        "ANSI_NULLS" => has(options::ANSI_NULLS),
        "CONCAT_NULL_YIELDS_NULL" => has(options::CONCAT_NULL_YIELDS_NULL),
        "QUOTED_IDENTIFIER" => has(options::QUOTED_IDENTIFIER),
        "ANSI_PADDING" | "ANSI_WARNINGS" | "ARITHABORT" => Value::Int(1),
        "NUMERIC_ROUNDABORT" => Value::Int(0),
        _ => Value::Null,
    };
    Bound { nullable: true, ..Bound::constant(value, SqlType::Int) }
}

/// "DATABASEPROPERTYEX (Transact-SQL)", as `sys.databases` shows the same.
fn database_property(property: &str) -> Bound {
    let int =
        |number| Bound { nullable: true, ..Bound::constant(Value::Int(number), SqlType::Int) };
    match property.to_ascii_lowercase().as_str() {
        "collation" => optional_name(Some(collation::DATABASE.to_owned())),
        "status" => optional_name(Some("ONLINE".to_owned())),
        "updateability" => optional_name(Some("READ_WRITE".to_owned())),
        "useraccess" => optional_name(Some("MULTI_USER".to_owned())),
        "recovery" => optional_name(Some("SIMPLE".to_owned())),
        "version" => int(957),
        "comparisonstyle" => int(196_609),
        "lcid" => int(1033),
        "sqlsortorder" => int(52),
        "istornpagedetectionenabled" => int(0),
        "isautocreatestatistics" | "isautoupdatestatistics" => int(1),
        "isansinulldefault"
        | "isansinullsenabled"
        | "isansipaddingenabled"
        | "isansiwarningsenabled"
        | "isarithmeticabortenabled"
        | "isautoclose"
        | "isautocreatestatisticsincremental"
        | "isautoshrink"
        | "isclone"
        | "isclosecursorsoncommitenabled"
        | "isfulltextenabled"
        | "isinstandby"
        | "islocalcursorsdefault"
        | "ismergepublished"
        | "isnullconcat"
        | "isnumericroundabortenabled"
        | "isparameterizationforced"
        | "ispublished"
        | "isquotedidentifiersenabled"
        | "isrecursivetriggersenabled"
        | "issubscribed"
        | "issyncwithbackup"
        | "isverifiedclone"
        | "isxtpsupported" => int(0),
        _ => optional_name(None),
    }
}
