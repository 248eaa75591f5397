//! What the binder may ask: the session, the catalog, the value of a constant.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use launchpod_functions::Registry;
use launchpod_functions::assigned::Assigned;
use launchpod_functions::{cell, collation};
use launchpod_tsql::ast::ObjectName;
use launchpod_types::{SqlError, SqlType, Value};
use rusqlite::Connection;

use super::catalog::{Catalog, DatabaseName, Identity, TEMPDB, Table};
use super::context::Context;
use super::drawing::SequenceState;
use super::modules::ModuleKind;
use super::versions::VersionState;
use crate::Configurations;
use crate::sqlite::application_locks::Holder;
use crate::sqlite::bind::tree::Bound;
use crate::sqlite::governor::Governor;
use crate::sqlite::security::context::{Chain, Execution};
use crate::sqlite::sessions::Entry;
use crate::sqlite::{errors, translate};

/// The version that clients are told: SQL Server 2022, a cumulative update's.
pub(crate) const PRODUCT_VERSION: &str = "16.0.4003.1";

/// A session, as the binder sees it.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) spid: u16,
    /// The login's name, as `ORIGINAL_LOGIN()` returns it.
    pub(crate) login: String,
    /// Who it acts as.
    pub(crate) execution: Execution,
    pub(crate) program: String,
    pub(crate) host: String,
    pub(crate) server: String,
    pub(crate) configurations: Configurations,
    /// The history's folder.
    pub(crate) history: Option<PathBuf>,
    /// What holds of resource pools and workload groups.
    pub(crate) governor: Arc<Governor>,
    /// Its entry among the sessions of the server.
    pub(crate) live: Arc<Entry>,
    pub(crate) database: DatabaseName,
    /// The database that it came to, as `ORIGINAL_DB_NAME()` returns it.
    pub(crate) original_database: String,
    /// Milliseconds that a writer waits for another; -1 for ever.
    pub(crate) lock_timeout: i64,
    /// `@@TEXTSIZE`
    pub(crate) text_size: i64,
    /// `@@OPTIONS` of the statement that runs.
    pub(crate) options: i64,
    /// Whether who has started the script that this session belongs to holds the write lock until
    /// the script has ended: waiting for it would last for ever.
    pub(crate) waits_for_caller: bool,
    /// The table of SET IDENTITY_INSERT … ON.
    pub(crate) identity_insert: Option<i64>,
    pub(crate) identity: IdentityState,
    pub(crate) sequences: SequenceState,
    pub(crate) versions: VersionState,
    /// What the session keeps about itself.
    pub(crate) context: Context,
    pub(crate) assigned: Assigned,
    /// Its application locks.
    pub(crate) locks: Arc<Holder>,
}

/// The counters of IDENTITY columns while a statement runs, and the last values given.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdentityState {
    counters: Arc<Mutex<Counters>>,
    /// What all sessions have been given.
    given: Arc<Mutex<Given>>,
}

#[derive(Debug, Default)]
struct Counters {
    tables: BTreeMap<i64, Identity>,
    /// The value given last, as `@@IDENTITY` returns it.
    last: Option<i64>,
    /// The same within the procedure, text or batch that runs, as `SCOPE_IDENTITY()` returns it.
    last_here: Option<i64>,
    /// Those of the connection's temporary tables.
    own: Given,
}

/// The furthest values of IDENTITY columns that were given, by the table: none is given again,
/// though the statement that took it was rolled back.
pub(crate) type Given = BTreeMap<i64, i64>;

/// A connection with everything that binding needs.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) registry: &'a Registry,
    pub(crate) session: &'a Session,
    /// The database that names without one are in: the session's, or that of the view or
    /// function being bound.
    pub(crate) database: &'a DatabaseName,
    /// When the statement began: 100 ns since 1970, UTC. `None` for what is kept with a table,
    /// which asks for each row.
    pub(crate) now: Option<i64>,
    /// The schema in which names without one are looked for first; the caller's own when absent.
    pub(crate) schema: Option<&'a str>,
    /// The owner of the module that is bound: what is theirs too needs no permission.
    pub(crate) chain: Option<Chain>,
    /// The [SET options](crate::options) that hold: the session's, or those of the module.
    pub(crate) options: i64,
}

// === impl IdentityState ===

impl IdentityState {
    /// The value given last, as `@@IDENTITY` returns it.
    pub(crate) fn last(&self) -> Option<i64> {
        self.lock().last
    }

    /// The value given last by what runs itself, not by what it has called.
    pub(crate) fn last_here(&self) -> Option<i64> {
        self.lock().last_here
    }

    /// A procedure or a text begins, which has been given nothing yet, or one has ended: what the
    /// one that runs now has been given.
    pub(super) fn set_last_here(&self, last: Option<i64>) {
        self.lock().last_here = last;
    }

    /// A session's, which heeds what all sessions have been given.
    pub(crate) fn of_session(given: Arc<Mutex<Given>>) -> Self {
        IdentityState { counters: Arc::default(), given }
    }

    /// Counts on from what the catalog knows, or further from what was given since.
    pub(crate) fn begin(&self, object_id: i64, mut identity: Identity) {
        if let Some(given) = self.with_given(object_id, |given| given.get(&object_id).copied()) {
            identity.last = Some(identity.further(given));
        }
        self.lock().tables.insert(object_id, identity);
    }

    /// What the catalog is to know after the statement.
    pub(crate) fn end(&self, object_id: i64) -> Option<Identity> {
        let identity = self.lock().tables.remove(&object_id)?;
        if let Some(last) = identity.last {
            self.with_given(object_id, |given| given.insert(object_id, last));
        }
        Some(identity)
    }

    /// Forgets what a table's column was given: the table is new, or empty again.
    pub(crate) fn restart(&self, object_id: i64, last: Option<i64>) {
        self.with_given(object_id, |given| match last {
            Some(last) => given.insert(object_id, last),
            None => given.remove(&object_id),
        });
    }

    /// Forgets what the session alone knows.
    pub(crate) fn forget(&self) {
        *self.lock() = Counters::default();
    }

    /// Works with what was given of a table; numbers below 0 are those of temporary tables.
    fn with_given<T>(&self, object_id: i64, work: impl FnOnce(&mut Given) -> T) -> T {
        if object_id < 0 {
            return work(&mut self.lock().own);
        }
        work(&mut self.given.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next value of a table's column.
    pub(crate) fn next(&self, object_id: i64) -> Option<i64> {
        let mut counters = self.lock();
        let identity = counters.tables.get_mut(&object_id)?;
        let value = match identity.last {
            Some(last) => last.checked_add(identity.increment)?,
            None => identity.seed,
        };
        identity.last = Some(value);
        counters.give(value);
        Some(value)
    }

    /// An explicit value was stored.
    pub(crate) fn given(&self, object_id: i64, value: i64) {
        let mut counters = self.lock();
        if let Some(identity) = counters.tables.get_mut(&object_id) {
            identity.last = Some(identity.further(value));
        }
        counters.give(value);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Counters ===

impl Counters {
    fn give(&mut self, value: i64) {
        self.last = Some(value);
        self.last_here = Some(value);
    }
}

// === impl Environment ===

impl<'a> Environment<'a> {
    pub(crate) fn catalog(&self) -> Catalog<'a> {
        Catalog::new(self.connection)
    }

    /// Whether there is a history, which can then be read as `history`.
    pub(crate) fn has_history(&self) -> Result<bool, SqlError> {
        let Some(folder) = &self.session.history else { return Ok(false) };
        super::connection::attach_history(self.connection, folder)
            .map_err(|error| super::failure::of_engine(&error))?;
        Ok(true)
    }

    /// The database that a name is in.
    pub(crate) fn database_of(&self, name: &ObjectName) -> Result<DatabaseName, SqlError> {
        if name.server.is_some() {
            return Err(errors::unsupported("A linked server"));
        }
        if name.is_global_temporary() {
            return Ok(DatabaseName { id: TEMPDB.0, name: TEMPDB.1.to_owned() });
        }
        match &name.database {
            Some(database) => self
                .catalog()
                .database(&database.text)?
                .ok_or_else(|| errors::invalid_object(&name.to_string())),
            None => Ok(self.database.clone()),
        }
    }

    /// A table by its name.
    pub(crate) fn table(&self, name: &ObjectName) -> Result<Table, SqlError> {
        let invalid = || errors::invalid_object(&name.to_string()).or_line(name.line);
        if name.is_temporary() {
            return self.catalog().temporary(&name.name.text)?.ok_or_else(invalid);
        }
        let database = self.database_of(name)?;
        for schema in self.schemas_of(name)? {
            if let Some(table) = self.catalog().table(&database, &schema, &name.name.text)? {
                return Ok(table);
            }
        }
        Err(invalid())
    }

    /// A table by its name, to be written to.
    pub(crate) fn table_to_change(&self, name: &ObjectName) -> Result<Table, SqlError> {
        if crate::sqlite::system::view(name).is_some() {
            return Err(errors::system_object(&name.to_string()));
        }
        if let Some(module) = self.module(name)?
            && module.kind == ModuleKind::View
        {
            return Err(errors::unsupported("A change of rows through a view").or_line(name.line));
        }
        self.table(name)
    }

    /// Computes a value that is the same for every row.
    pub(crate) fn evaluate(&self, bound: &Bound) -> Result<Value, SqlError> {
        if let Some(value) = bound.value() {
            return Ok(value.clone());
        }
        let sql = translate::value(bound)?;
        sql.register(self.connection, self.registry)?;
        let failed = |error| super::failure::translate(self.registry, &error, None);
        let mut statement = self.connection.prepare(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        let mut rows = statement.raw_query();
        match rows.next().map_err(failed)? {
            Some(row) => cell::decode(row.get_ref(0).map_err(failed)?, bound.sql_type),
            None => Ok(Value::Null),
        }
    }
}

/// The time: 100 ns since 1970, UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // These fit an i64 for 29,000 years.
    (since.as_nanos() / 100) as i64
}

/// `@@VERSION`: clients read the product and the version from its first line.
pub(crate) fn version_text() -> String {
    format!(
        "Microsoft SQL Server 2022 (RTM) - {PRODUCT_VERSION} (X64) \n\t\
         Launchpod {} embedded database\n\t\
         Developer Edition (64-bit) on Linux (Launchpod) <X64>",
        env!("CARGO_PKG_VERSION")
    )
}

/// `SERVERPROPERTY`: SQL Server returns sql_variant; here each property has its base type.
pub(crate) fn server_property(session: &Session, property: &str) -> Bound {
    let text =
        |value: &str| Bound { nullable: true, ..Bound::constant(value.into(), SqlType::SYSNAME) };
    let int =
        |value: i64| Bound { nullable: true, ..Bound::constant(Value::Int(value), SqlType::Int) };
    match property.to_ascii_lowercase().as_str() {
        "productversion" => text(PRODUCT_VERSION),
        "productlevel" => text("RTM"),
        "productmajorversion" => text("16"),
        "productminorversion" => text("0"),
        "productbuild" => text("4003"),
        "edition" => text("Developer Edition (64-bit)"),
        "editionid" => Bound::constant(Value::Int(-2_117_995_310), SqlType::BigInt),
        "engineedition" => int(3),
        "machinename" | "servername" | "computernamephysicalnetbios" => text(&session.server),
        "collation" => text(collation::DATABASE),
        "sqlcharsetname" => text("iso_1"),
        "sqlsortordername" => text("nocase_iso"),
        "lcid" => int(1033),
        "comparisonstyle" => int(196_609),
        "resourceversion" => text(PRODUCT_VERSION),
        "buildclrversion" => text("v4.0.30319"),
        "licensetype" => text("DISABLED"),
        "processid" => int(i64::from(std::process::id())),
        "isadvancedanalyticsinstalled"
        | "issingleuser"
        | "isclustered"
        | "ishadrenabled"
        | "isintegratedsecurityonly"
        | "isfulltextinstalled"
        | "isxtpsupported"
        | "ispolybaseinstalled"
        | "islocaldb"
        | "isbigdatacluster"
        | "isexternalauthenticationonly"
        | "filestreamconfiguredlevel"
        | "filestreameffectivelevel" => {
            int(i64::from(property.eq_ignore_ascii_case("isadvancedanalyticsinstalled")))
        }
        // InstanceName is NULL for the default instance.
        _ => crate::sqlite::bind::metadata::optional_name(None),
    }
}
