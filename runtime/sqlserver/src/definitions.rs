//! Whether a procedure that the server keeps reaches an external script.
//!
//! The definition is asked of the server each time, on the caller's own connection, so that a
//! change is seen at once, one in the caller's open transaction too, and nobody waits for a lock
//! of their own. It is asked by functions, not from a view, where that is possible: a SELECT without
//! FROM begins no transaction under IMPLICIT_TRANSACTIONS ("SET IMPLICIT_TRANSACTIONS
//! (Transact-SQL)"). What a
//! definition comes to is remembered by its text.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_database::ModuleOptions;
use launchpod_tds::message::Reset;
use launchpod_tsql::ast::{ObjectName, StatementKind, fold_name};
use launchpod_types::{SqlError, Value};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::connect::Upstream;
use crate::is_passing;
use crate::line::Line;
use crate::reach::Reach;
use crate::statement::{bracketed, quoted};

/// How many definitions are remembered.
const REMEMBERED: usize = 1024;
/// How deep calls are followed, as in SQL Server (error 217), and how many procedures in all.
const MAX_DEPTH: usize = 32;
const MAX_PROCEDURES: usize = 256;

/// What is known of procedures' definitions.
pub struct Definitions {
    upstream: Arc<Upstream>,
    remembered: Mutex<HashMap<String, Arc<Reach>>>,
    /// The connection of the definition login, when there is one.
    reader: tokio::sync::Mutex<Option<Line>>,
    /// Whether the server has no OBJECT_DEFINITION.
    lacks_function: AtomicBool,
}

/// What a request comes to, as far as definitions can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// An external script.
    Script,
    /// None.
    Nothing,
    /// None that is seen, but the definition of a procedure on the way can't be read.
    Unread,
}

/// A procedure of the server's.
pub(crate) struct Found {
    pub object_id: i64,
    /// As it reads under SET QUOTED_IDENTIFIER ON.
    pub definition: String,
    /// The options that held when it was made, and hold in it.
    pub options: ModuleOptions,
}

/// What is known of a procedure's name.
enum Lookup {
    Missing,
    /// Nobody may read it.
    Unread,
    Found(Found),
}

// === impl Definitions ===

impl Definitions {
    /// Definitions of which nothing is known yet.
    pub fn new(upstream: Arc<Upstream>) -> Self {
        Definitions {
            upstream,
            remembered: Mutex::default(),
            reader: tokio::sync::Mutex::default(),
            lacks_function: AtomicBool::new(false),
        }
    }

    /// Whether a text of this reach runs an external script, by the procedures that it calls and
    /// those that they call.
    pub async fn reached(&self, line: &Line, reach: &Reach) -> Reached {
        if reach.script {
            return Reached::Script;
        }
        let mut reached = Reached::Nothing;
        let mut seen = BTreeSet::new();
        let mut level: Vec<ObjectName> = reach.calls.clone();
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for name in std::mem::take(&mut level) {
                if seen.len() >= MAX_PROCEDURES || !seen.insert(fold_name(&quoted(&name))) {
                    continue;
                }
                let found = match self.find(line, &name).await {
                    Lookup::Found(found) => found,
                    Lookup::Missing => continue,
                    Lookup::Unread => {
                        reached = Reached::Unread;
                        continue;
                    }
                };
                let inner = self.of_definition(&found.definition);
                if inner.script {
                    return Reached::Script;
                }
                next.extend(inner.calls.iter().map(|called| within(&name, called)));
            }
            level = next;
            if level.is_empty() {
                break;
            }
        }
        reached
    }

    /// The procedure of a name, if it reaches an external script; all others the server runs by
    /// itself.
    pub(crate) async fn script_procedure(&self, line: &Line, name: &ObjectName) -> Option<Found> {
        let Lookup::Found(found) = self.find(line, name).await else { return None };
        let mut reach = Reach::clone(&self.of_definition(&found.definition));
        for called in &mut reach.calls {
            *called = within(name, called);
        }
        (self.reached(line, &reach).await == Reached::Script).then_some(found)
    }

    /// What the body of a CREATE PROCEDURE comes to.
    fn of_definition(&self, definition: &str) -> Arc<Reach> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reach) = remembered.get(definition) {
            return Arc::clone(reach);
        }
        let reach = Arc::new(body_reach(definition));
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(definition.to_owned(), Arc::clone(&reach));
        reach
    }

    /// A procedure's number and text.
    async fn find(&self, line: &Line, name: &ObjectName) -> Lookup {
        let Asked { object_id, module, database } = match self.ask(line, name).await {
            Ok(Some(asked)) => asked,
            Ok(None) => return Lookup::Missing,
            // A server that can't say where a procedure is has none that we could run.
            Err(error) => {
                debug!(%error, "A procedure's definition can't be asked for");
                return Lookup::Unread;
            }
        };
        let module = match module {
            Some(module) => Some(module),
            None => self.read(&database, object_id).await,
        };
        let Some(Module { definition, options }) = module else { return Lookup::Unread };
        let definition = match launchpod_tsql::requoted(&definition, options.quoted_identifier) {
            (Cow::Owned(requoted), _) => requoted,
            (Cow::Borrowed(_), _) => definition,
        };
        Lookup::Found(Found { object_id, definition, options })
    }

    /// Asks on the caller's own connection. Not every server has OBJECT_DEFINITION; of one that
    /// hasn't, that is remembered, since an error could cost a caller their transaction.
    async fn ask(&self, line: &Line, name: &ObjectName) -> Result<Option<Asked>, SqlError> {
        if name.database.is_some() || self.lacks_function.load(Ordering::Relaxed) {
            return ask_by_view(line, name).await;
        }
        let error = match ask(line, name, false).await {
            Err(error) if !is_passing(&error) => error,
            answered => return answered,
        };
        let answered = ask_by_view(line, name).await?;
        debug!(%error, "The server has no OBJECT_DEFINITION");
        self.lacks_function.store(true, Ordering::Relaxed);
        Ok(answered)
    }

    /// Reads a definition as the definition login.
    async fn read(&self, database: &str, object_id: i64) -> Option<Module> {
        let mut reader = self.reader.lock().await;
        let query = format!(
            "SELECT definition, uses_quoted_identifier, uses_ansi_nulls FROM {}.sys.sql_modules WHERE object_id = {object_id}",
            bracketed(database)
        );
        // A connection that has been lost is opened again, once.
        for _ in 0..2 {
            if reader.is_none() {
                *reader = self.open_reader().await;
            }
            match reader.as_ref()?.row(&query).await {
                Ok(row) => {
                    let mut values = row?.into_iter();
                    return Module::of(values.next(), &mut values);
                }
                Err(error) if error.number() == crate::connection_lost().number() => *reader = None,
                Err(error) => {
                    debug!(%error, "The definition login can't read a definition");
                    return None;
                }
            }
        }
        None
    }

    async fn open_reader(&self) -> Option<Line> {
        match self.upstream.connect_for_definitions().await {
            Ok(connected) => {
                let line = Line::new(String::new(), String::new());
                line.lend(connected?.channel, 0, Reset::None, CancellationToken::new());
                Some(line)
            }
            Err(error) => {
                warn!(%error, "The definition login can't connect");
                None
            }
        }
    }
}

async fn ask_by_view(line: &Line, name: &ObjectName) -> Result<Option<Asked>, SqlError> {
    let before = line.transaction();
    let asked = ask(line, name, true).await;
    line.end_own_transaction(before).await;
    asked
}

/// What a server says of a procedure's name.
struct Asked {
    object_id: i64,
    /// `None` when it may not be read.
    module: Option<Module>,
    /// Where the procedure is.
    database: String,
}

/// A definition, and the options that held when it was made.
struct Module {
    definition: String,
    options: ModuleOptions,
}

// === impl Module ===

impl Module {
    /// Of a definition, and of whether QUOTED_IDENTIFIER and ANSI_NULLS hold in it; an option that
    /// the server doesn't tell is ON, as it is for all that is made by today's drivers.
    fn of(definition: Option<Value>, options: &mut impl Iterator<Item = Value>) -> Option<Self> {
        let mut is_on = || !matches!(options.next(), Some(Value::Int(0) | Value::Bit(false)));
        let (quoted_identifier, ansi_nulls) = (is_on(), is_on());
        let Some(Value::Text(definition)) = definition else { return None };
        Some(Module { definition, options: ModuleOptions { ansi_nulls, quoted_identifier } })
    }
}

/// Asks for the procedure of a name: by OBJECT_DEFINITION and OBJECTPROPERTY, which know the current
/// database's alone, or in the view of modules.
async fn ask(line: &Line, name: &ObjectName, by_view: bool) -> Result<Option<Asked>, SqlError> {
    let literal = |text: &str| format!("N'{}'", text.replace('\'', "''"));
    let id = format!("OBJECT_ID({})", literal(&quoted(name)));
    let (database, prefix) = match &name.database {
        None => ("DB_NAME()".to_owned(), String::new()),
        Some(database) => (literal(&database.text), format!("{}.", bracketed(&database.text))),
    };
    let [definition, quoted_identifier, ansi_nulls] = if by_view {
        ["definition", "uses_quoted_identifier", "uses_ansi_nulls"].map(|column| {
            format!("(SELECT {column} FROM {prefix}sys.sql_modules WHERE object_id = {id})")
        })
    } else {
        [
            format!("OBJECT_DEFINITION({id})"),
            format!("OBJECTPROPERTY({id}, N'ExecIsQuotedIdentOn')"),
            format!("OBJECTPROPERTY({id}, N'ExecIsAnsiNullsOn')"),
        ]
    };
    let query = format!("SELECT {id}, {definition}, {database}, {quoted_identifier}, {ansi_nulls}");
    let Some(row) = line.row(&query).await? else { return Ok(None) };
    let mut values = row.into_iter();
    let Some(Value::Int(object_id)) = values.next() else { return Ok(None) };
    let definition = values.next();
    let database = match values.next() {
        Some(Value::Text(database)) => database,
        _ => String::new(),
    };
    let module = Module::of(definition, &mut values);
    Ok(Some(Asked { object_id, module, database }))
}

/// A name that a procedure calls, as its caller would write it: within the procedure's database
/// and, when it has none of its own, its schema.
fn within(caller: &ObjectName, called: &ObjectName) -> ObjectName {
    let mut name = called.clone();
    if name.database.is_none() {
        name.database.clone_from(&caller.database);
        if name.schema.is_none() {
            name.schema.clone_from(&caller.schema);
        }
    }
    name
}

fn body_reach(definition: &str) -> Reach {
    let Ok(batch) = launchpod_tsql::parse(definition) else { return Reach::default() };
    match batch.statements.first().map(|statement| &statement.kind) {
        Some(StatementKind::CreateProcedure(procedure)) => {
            Reach::of_statements(&procedure.body, definition)
        }
        _ => Reach::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_comes_to_what_its_body_does() {
        let reach = body_reach("CREATE OR ALTER PROC dbo.p @a int AS BEGIN EXEC q; EXEC x.r END");
        let names: Vec<String> = reach.calls.iter().map(ToString::to_string).collect();
        assert_eq!((names, reach.script), (vec!["q".to_owned(), "x.r".to_owned()], false));
        assert!(body_reach("CREATE PROC p AS EXEC sp_execute_external_script N'P', N''").script);
        assert!(body_reach("CREATE VIEW v AS SELECT 1 AS a").is_nothing());
    }

    #[test]
    fn names_are_taken_as_the_caller_has_them() {
        let name = |text: &str| Reach::of_call(text).calls.remove(0);
        let written = |caller: &str, called: &str| within(&name(caller), &name(called)).to_string();
        assert_eq!(written("db.s.p", "q"), "db.s.q");
        assert_eq!(written("s.p", "q"), "s.q");
        assert_eq!(written("p", "q"), "q");
        assert_eq!(written("db.s.p", "t.q"), "db.t.q");
        assert_eq!(written("db.s.p", "e..q"), "e..q");
    }
}
