//! Who a session acts as, and what that lets it do: loaded from the catalog and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use launchpod_tsql::ast::fold_name;
use launchpod_types::SqlError;

use super::permission::{Class, Permission};
use super::principal::{self, database, server};
use super::rights::{Effect, Rights, Securable};
use super::store::{self, Entry, Principal};
use crate::sqlite::embedded::catalog::{Catalog, DatabaseName};
use crate::sqlite::errors;

/// Who a session acts as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Actor {
    /// The login, by its number; a user without login has none.
    pub(crate) login: Option<i64>,
    /// The user that EXECUTE AS USER has named, with its database: nothing of the login's may be
    /// used then, and no other database.
    pub(crate) user: Option<(i64, i64)>,
}

/// What a caller may do in one database.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) rights: Rights,
    /// The user's number.
    pub(crate) user: i64,
    /// The user's name.
    pub(crate) user_name: String,
    /// Where names without a schema are looked for first.
    pub(crate) default_schema: String,
    /// Schemas of users by their folded names.
    schemas: HashMap<String, i64>,
    /// The owners of schemas and objects that aren't their container's.
    owners: HashMap<(i64, i64), i64>,
}

/// The execution context of a session.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    /// Who acts when no EXECUTE AS is in force.
    original: Actor,
    /// The EXECUTE AS in force, the innermost last.
    impersonations: Vec<Impersonation>,
    /// The modules and texts that run, the innermost last.
    frames: Vec<Frame>,
    known: Arc<Mutex<Known>>,
}

/// An EXECUTE AS in force.
#[derive(Clone, Debug)]
pub(crate) struct Impersonation {
    actor: Actor,
    pub(crate) no_revert: bool,
    /// The database that it was said in, which it must be reverted in.
    pub(crate) database: i64,
}

/// A module or text that runs.
#[derive(Clone, Debug)]
struct Frame {
    /// How many EXECUTE AS were in force before it.
    base: usize,
    /// Who called it.
    caller: Actor,
    /// Whose module it is; a text that was put together has none.
    chain: Option<Chain>,
}

/// The owner of a module: what is theirs too needs no permission within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) database: i64,
    pub(crate) owner: i64,
}

/// What is known of callers, and which state of the catalog it is from.
#[derive(Debug, Default)]
struct Known {
    stamp: Vec<u8>,
    /// Whether the stamp has been compared since the statement began.
    compared: bool,
    contexts: HashMap<(Actor, i64), Arc<Context>>,
}

// === impl Actor ===

impl Actor {
    pub(crate) fn of_login(login: i64) -> Actor {
        Actor { login: Some(login), user: None }
    }
}

// === impl Context ===

impl Context {
    /// The number of a schema by its name; 0 when there is none.
    pub(crate) fn schema_id(&self, name: &str) -> i64 {
        match fold_name(name).as_str() {
            "dbo" => 1,
            "guest" => 2,
            "information_schema" => 3,
            "sys" => 4,
            key => self.schemas.get(key).copied().unwrap_or(0),
        }
    }

    /// Who owns a schema: as a rule the user of the same number or dbo.
    pub(crate) fn schema_owner(&self, schema: i64) -> i64 {
        let own = self.owners.get(&(Class::Schema.number(), schema)).copied();
        own.unwrap_or(if schema < database::FIRST { schema } else { database::DBO })
    }

    /// Who owns an object: who owns its schema, unless it was given away.
    pub(crate) fn object_owner(&self, object: i64, schema: i64) -> i64 {
        let own = self.owners.get(&(Class::Object.number(), object)).copied();
        own.unwrap_or_else(|| self.schema_owner(schema))
    }

    /// An object with what contains it.
    pub(crate) fn object(&self, id: i64, schema: &str) -> Securable {
        let schema = self.schema_id(schema);
        Securable::object(id, schema, self.object_owner(id, schema))
    }

    pub(crate) fn schema(&self, id: i64) -> Securable {
        Securable::of(Class::Schema, id, Some(self.schema_owner(id)))
    }

    /// Whether a permission of the database or the server is there.
    pub(crate) fn may(&self, class: Class, name: &str) -> bool {
        let on = if class == Class::Server { Securable::SERVER } else { Securable::DATABASE };
        Permission::named(class, name).is_some_and(|needed| self.rights.allow(needed, on))
    }

    /// Whether an object's permission is there.
    pub(crate) fn may_object(&self, code: &str, on: Securable) -> bool {
        Permission::coded(on.class, code).is_some_and(|needed| self.rights.allow(needed, on))
    }
}

// === impl Execution ===

impl Execution {
    pub(crate) fn new(login: i64) -> Execution {
        Execution::of_actor(Actor::of_login(login))
    }

    /// A session that acts as somebody from its beginning.
    pub(crate) fn of_actor(original: Actor) -> Execution {
        Execution {
            original,
            impersonations: Vec::new(),
            frames: Vec::new(),
            known: Arc::default(),
        }
    }

    /// A session of the system's own in one database, which may do everything and asks the
    /// catalog nothing.
    pub(crate) fn of_system(database: i64) -> Execution {
        let execution = Execution::new(server::SA);
        let mut rights = Rights::default();
        rights.is_sysadmin = true;
        let context = Context {
            rights,
            user: database::DBO,
            user_name: "dbo".to_owned(),
            default_schema: "dbo".to_owned(),
            schemas: HashMap::new(),
            owners: HashMap::new(),
        };
        let mut known = execution.lock();
        known.compared = true;
        known.contexts.insert((execution.original.clone(), database), Arc::new(context));
        drop(known);
        execution
    }

    /// Who acts now.
    pub(crate) fn actor(&self) -> &Actor {
        self.impersonations.last().map_or(&self.original, |last| &last.actor)
    }

    /// The owner of the module that runs.
    pub(crate) fn chain(&self) -> Option<Chain> {
        self.frames.last().and_then(|frame| frame.chain)
    }

    /// Who has called the module that runs; `None` outside one.
    pub(crate) fn caller(&self) -> Option<&Actor> {
        self.frames.last().map(|frame| &frame.caller)
    }

    /// How many EXECUTE AS are in force.
    pub(crate) fn depth(&self) -> usize {
        self.impersonations.len()
    }

    /// A module or text begins.
    pub(crate) fn enter(&mut self, chain: Option<Chain>) {
        let (base, caller) = (self.impersonations.len(), self.actor().clone());
        self.frames.push(Frame { base, caller, chain });
    }

    /// The innermost module or text has ended; whether another acts now.
    pub(crate) fn leave(&mut self) -> bool {
        let Some(frame) = self.frames.pop() else { return false };
        let changed = self.impersonations.len() > frame.base;
        self.impersonations.truncate(frame.base);
        changed
    }

    /// Somebody else acts from now on.
    pub(crate) fn become_actor(&mut self, actor: Actor, no_revert: bool, database: i64) {
        self.impersonations.push(Impersonation { actor, no_revert, database });
    }

    /// The EXECUTE AS that REVERT would end: the last one of the innermost module or text.
    pub(crate) fn revertible(&self) -> Option<&Impersonation> {
        let base = self.frames.last().map_or(0, |frame| frame.base);
        self.impersonations.last().filter(|_| self.impersonations.len() > base)
    }

    pub(crate) fn revert(&mut self) {
        self.impersonations.pop();
    }

    /// As at login, for the next user of a pooled connection.
    pub(crate) fn reset(&mut self) {
        self.impersonations.clear();
        self.frames.clear();
    }

    /// A statement begins, or has changed the catalog: what is known may be old.
    pub(crate) fn expire(&self) {
        self.lock().compared = false;
    }

    /// What who acts now may do in a database.
    ///
    /// # Errors
    /// 916 when they may not enter it.
    pub(crate) fn context(
        &self,
        catalog: Catalog<'_>,
        database: &DatabaseName,
    ) -> Result<Arc<Context>, SqlError> {
        self.context_of(catalog, database, self.actor())
    }

    /// What an actor may do in a database; as [`Execution::context`].
    pub(crate) fn context_of(
        &self,
        catalog: Catalog<'_>,
        database: &DatabaseName,
        actor: &Actor,
    ) -> Result<Arc<Context>, SqlError> {
        let mut known = self.lock();
        if !known.compared {
            let stamp = catalog.security_stamp()?;
            if stamp != known.stamp {
                known.contexts.clear();
                known.stamp = stamp;
            }
            known.compared = true;
        }
        let key = (actor.clone(), database.id);
        if let Some(context) = known.contexts.get(&key) {
            return Ok(Arc::clone(context));
        }
        let context = Arc::new(load(catalog, database, actor)?);
        known.contexts.insert(key, Arc::clone(&context));
        Ok(context)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        // What is kept is put in whole, so a panic elsewhere can't have left half of it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(catalog: Catalog<'_>, database: &DatabaseName, actor: &Actor) -> Result<Context, SqlError> {
    let mut rights = Rights::default();
    // Who acts as a user has nothing of the login's.
    let login = actor.login.filter(|_| actor.user.is_none());
    if let Some(login) = login {
        rights.server_token = catalog.token(store::SERVER, login)?.into_iter().collect();
        rights.server_token.insert(server::PUBLIC);
        rights.is_sysadmin = rights.server_token.contains(&server::SYSADMIN);
        for role in rights.server_token.clone() {
            add_all(&mut rights, role, principal::of_server_role(role));
        }
        let held = catalog.permissions(store::SERVER)?;
        add_entries(&mut rights, &held, |rights, grantee| rights.server_token.contains(&grantee));
    }
    let owners = catalog.owners(database.id)?;
    let owners: HashMap<_, _> =
        owners.into_iter().map(|(class, id, owner)| ((class, id), owner)).collect();
    let owner = owners.get(&(Class::Database.number(), 0)).copied();
    let held = catalog.permissions(database.id)?;
    let user = match actor.user {
        Some((home, user)) if home == database.id => user,
        Some(_) => return Err(no_access(catalog, database, actor)),
        None if rights.is_sysadmin || (login.is_some() && login == owner) => database::DBO,
        None => match mapped(catalog, database, login)? {
            Some(user) => user,
            None => database::GUEST,
        },
    };
    rights.is_dbo = user == database::DBO;
    rights.database_token = catalog.token(database.id, user)?.into_iter().collect();
    rights.database_token.insert(database::PUBLIC);
    for role in rights.database_token.clone() {
        add_all(&mut rights, role, principal::of_database_role(role));
    }
    add_entries(&mut rights, &held, |rights, grantee| rights.database_token.contains(&grantee));
    let context = Context {
        user,
        user_name: catalog
            .principal_by_id(database.id, user)?
            .map_or_else(String::new, |user| user.name),
        default_schema: catalog
            .default_schema(database.id, user)?
            .unwrap_or_else(|| "dbo".to_owned()),
        schemas: catalog.user_schemas(database.id)?.into_iter().collect(),
        owners,
        rights,
    };
    if context.may(Class::Database, "CONNECT") {
        return Ok(context);
    }
    Err(no_access(catalog, database, actor))
}

/// The user that stands for a login in a database.
fn mapped(
    catalog: Catalog<'_>,
    database: &DatabaseName,
    login: Option<i64>,
) -> Result<Option<i64>, SqlError> {
    let Some(login) = login else { return Ok(None) };
    let Some(Principal { sid: Some(sid), .. }) = catalog.server_principal_by_id(login)? else {
        return Ok(None);
    };
    Ok(catalog.user_of(database.id, &sid)?.map(|user| user.id))
}

fn add_all(rights: &mut Rights, role: i64, given: Vec<(Permission, Effect)>) {
    for (permission, effect) in given {
        rights.add(permission, 0, role, effect);
    }
}

/// Adds what was said of the principals of a token.
fn add_entries(rights: &mut Rights, held: &[Entry], counts: impl Fn(&Rights, i64) -> bool) {
    for Entry { class, major, minor, grantee, code, effect, .. } in held {
        if !counts(rights, *grantee) {
            continue;
        }
        let of_class = |permission: &Permission| {
            permission.class().number() == *class && permission.code() == code
        };
        if let Some(permission) = Permission::all().find(of_class) {
            match minor {
                0 => rights.add(permission, *major, *grantee, *effect),
                _ => rights.add_column(permission, (*major, *minor), *grantee, *effect),
            }
        }
    }
}

/// Who may not enter a database, by name (916).
fn no_access(catalog: Catalog<'_>, database: &DatabaseName, actor: &Actor) -> SqlError {
    let name = match name_of(catalog, actor) {
        Ok(name) => name,
        Err(error) => return error,
    };
    errors::no_database_access(&name, &database.name)
}

/// What `SUSER_SNAME()` says of an actor: the login, or the user that has none.
pub(crate) fn name_of(catalog: Catalog<'_>, actor: &Actor) -> Result<String, SqlError> {
    if let Some(login) = actor.login {
        let login = catalog.server_principal_by_id(login)?;
        return Ok(login.map_or_else(String::new, |login| login.name));
    }
    match actor.user {
        Some((database, user)) => {
            let user = catalog.principal_by_id(database, user)?;
            Ok(user.and_then(|user| user.sid).map_or_else(String::new, |sid| sid_text(&sid)))
        }
        None => Ok(String::new()),
    }
}

/// A SID as text: `S-1-9-3-` and four numbers, as SQL Server names a user without login.
fn sid_text(sid: &[u8]) -> String {
    let numbers = sid.chunks_exact(4).map(|part| {
        let bytes = [part[0], part[1], part[2], part[3]];
        format!("-{}", u32::from_le_bytes(bytes))
    });
    format!("S-1-9-3{}", numbers.collect::<String>())
}
