//! GRANT, DENY and REVOKE.

use launchpod_tsql::ast::{
    Identifier, PermissionChange, PermissionName, PermissionVerb, SecurableName,
};
use launchpod_types::SqlError;

use super::permission::{Class, Permission};
use super::principal::{self, database, server};
use super::rights::{Effect, Securable};
use super::store::{self, Entry, On, Principal};
use crate::sqlite::embedded::catalog::{Catalog, TABLE_CODE};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::ModuleKind;
use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;

/// A thing that permissions are on.
pub(crate) struct Found {
    pub(crate) securable: Securable,
    /// Its kind and name in messages.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// Of an object its type, as in `sys.objects`.
    pub(crate) object_type: &'static str,
}

/// The languages of external scripts by their numbers in `sys.external_languages`.
pub(crate) const LANGUAGES: [(i64, &str); 2] = [(1, "R"), (2, "Python")];

/// The permissions that can be on columns.
pub(crate) const OF_COLUMNS: [&str; 3] = ["SELECT", "UPDATE", "REFERENCES"];

/// What ALL stands for, on a database.
const ALL_OF_DATABASE: [&str; 9] = [
    "BACKUP DATABASE",
    "BACKUP LOG",
    "CREATE DATABASE",
    "CREATE DEFAULT",
    "CREATE FUNCTION",
    "CREATE PROCEDURE",
    "CREATE RULE",
    "CREATE TABLE",
    "CREATE VIEW",
];

/// A permission that a statement changes, and the columns that it is limited to.
struct Named {
    permission: Permission,
    /// Their numbers; 0 alone for all of the thing.
    columns: Vec<i64>,
}

// === impl Found ===

impl Found {
    /// The permissions that an object of this type can have of those that not every object has.
    fn takes(&self, permission: Permission) -> bool {
        let rows = ["SL", "IN", "UP", "DL"].contains(&permission.code());
        match (self.object_type, permission.code()) {
            ("", _) => true,
            (TABLE_CODE | "V" | "IF" | "TF", "EX") => false,
            ("P" | "FN", _) if rows => false,
            ("P", "RF") => false,
            _ => true,
        }
    }

    /// What ALL stands for, on this.
    fn all(&self) -> Vec<&'static str> {
        match self.object_type {
            "P" => vec!["EXECUTE"],
            "FN" => vec!["EXECUTE", "REFERENCES"],
            _ => vec!["DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE"],
        }
    }
}

// === impl Worker ===

impl Worker {
    /// Runs GRANT, DENY or REVOKE: all of it or nothing.
    pub(crate) fn change_permissions(&self, change: &PermissionChange) -> Result<(), SqlError> {
        check_columns(change)?;
        let found = match &change.on {
            Some(on) => self.environment().securable(on)?,
            None => self.implied_securable(change)?,
        };
        let permissions = self.named_permissions(change, &found)?;
        for grantee in &change.principals {
            let grantee = self.grantee(&found, grantee)?;
            for Named { permission, columns } in &permissions {
                for column in columns {
                    self.change_permission(change, &found, (*permission, *column), &grantee)?;
                }
            }
        }
        Ok(())
    }

    /// The database or the server, whichever the permissions are of.
    fn implied_securable(&self, change: &PermissionChange) -> Result<Found, SqlError> {
        let of = |class| {
            let mut names = change.permissions.iter();
            names.any(|permission| Permission::named(class, &permission.name).is_some())
        };
        let all = change.permissions.iter().any(|permission| permission.name == "ALL");
        let (securable, kind, name) = match (of(Class::Database) || all, of(Class::Server)) {
            (true, false) => (Securable::DATABASE, "database", self.session.database.name.clone()),
            // CREATE DATABASE, for instance, is of both; of the database it is meant.
            (true, true) if change.permissions.len() == 1 => {
                (Securable::DATABASE, "database", self.session.database.name.clone())
            }
            (true, true) => return Err(errors::mixed_scopes()),
            (false, false) => {
                let named = change.permissions.first().map_or("", |named| &named.name);
                return Err(errors::syntax_near(named));
            }
            (false, true) => (Securable::SERVER, "server", self.session.server.clone()),
        };
        if securable.class == Class::Server && self.session.database.id != 1 {
            return Err(errors::not_in_master());
        }
        Ok(Found { securable, kind, name, object_type: "" })
    }

    /// The permissions that a statement names, on what it names.
    ///
    /// # Errors
    /// 102, 4606; 1020 and 4615 for their columns.
    fn named_permissions(
        &self,
        change: &PermissionChange,
        found: &Found,
    ) -> Result<Vec<Named>, SqlError> {
        let class = found.securable.class;
        let mut permissions = Vec::new();
        for named in &change.permissions {
            let names = match (named.name.as_str(), class) {
                ("ALL", Class::Database) => ALL_OF_DATABASE.to_vec(),
                ("ALL", Class::Object) => found.all(),
                (name, _) => vec![name],
            };
            let listed = columns_of(change, named);
            if !listed.is_empty() && found.object_type == ModuleKind::Synonym.code() {
                return Err(errors::columns_of_permission(16).state(3));
            }
            for name in names {
                let permission = Permission::named(class, name);
                let permission = match permission.filter(|permission| found.takes(*permission)) {
                    Some(permission) => permission,
                    None if Permission::all().any(|known| known.name() == name) => {
                        return Err(errors::incompatible_permission(name));
                    }
                    None => return Err(errors::syntax_near(name)),
                };
                let columns = self.named_columns(found, listed)?;
                permissions.push(Named { permission, columns });
            }
        }
        Ok(permissions)
    }

    /// The numbers of an object's columns; 0 when none is named.
    fn named_columns(&self, found: &Found, names: &[Identifier]) -> Result<Vec<i64>, SqlError> {
        if names.is_empty() {
            return Ok(vec![0]);
        }
        let known = Catalog::new(&self.connection).column_names(found.securable.id)?;
        let number = |name: &Identifier| {
            let column = known.iter().find(|(_, known)| name.is(known));
            column.map(|(id, _)| *id).ok_or_else(|| errors::granted_column(&name.text))
        };
        names.iter().map(number).collect()
    }

    /// Who gets or loses a permission.
    fn grantee(&self, found: &Found, name: &Identifier) -> Result<Principal, SqlError> {
        let catalog = Catalog::new(&self.connection);
        let context = self.environment().context()?;
        if found.securable.class.is_of_server() {
            let grantee = self.named_server_principal("find", "login", name)?;
            let own = self.session.execution.actor().login == Some(grantee.id);
            if grantee.id == server::SA || own {
                return Err(errors::special_grantee());
            }
            if grantee.id != server::PUBLIC && principal::is_fixed_server_role(grantee.id) {
                return Err(errors::special_role());
            }
            return Ok(grantee);
        }
        let grantee = catalog.principal(&self.session.database, &name.text)?;
        let grantee = grantee.ok_or_else(|| errors::cannot("find", "user", &name.text))?;
        if principal::is_fixed_role(grantee.id) {
            return Err(errors::special_role());
        }
        let special = matches!(grantee.id, database::DBO | 3 | 4) || grantee.id == context.user;
        if special || found.securable.owner == Some(grantee.id) {
            return Err(errors::special_grantee());
        }
        Ok(grantee)
    }

    /// Changes a permission of one principal, on a thing or on a column (0: on all of it). What is
    /// said of all of it stands for what was said of its columns.
    fn change_permission(
        &self,
        change: &PermissionChange,
        found: &Found,
        (permission, column): (Permission, i64),
        grantee: &Principal,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let securable = found.securable;
        let of_server = securable.class.is_of_server();
        let scope = if of_server { store::SERVER } else { self.session.database.id };
        let grantor = self.grantor(change, found, (permission, column))?;
        let on = On { permission, major: securable.id, minor: column };
        let mut all = catalog.permissions(scope)?;
        all.retain(|entry| on.is_within(entry));
        let of_grantee: Vec<&Entry> =
            all.iter().filter(|entry| entry.grantee == grantee.id).collect();
        let held = |minor: i64| {
            let mut same = of_grantee.iter().filter(|entry| entry.grantor == grantor);
            same.find(|entry| entry.minor == minor).map(|entry| entry.effect)
        };
        let before = held(column);
        let whole_granted = of_grantee.iter().any(|e| e.minor == 0 && e.effect.grants());
        let columns = of_grantee.iter().filter(|entry| column == 0 && entry.minor != 0);
        let columns: Vec<&Entry> = columns.copied().collect();
        let could_grant = before == Some(Effect::GrantWithOption)
            || columns
                .iter()
                .any(|entry| entry.grantor == grantor && entry.effect == Effect::GrantWithOption);
        if could_grant && change.verb != PermissionVerb::Grant && !change.cascade {
            return Err(errors::needs_cascade());
        }
        let effect = effect_after(change, before, column != 0 && whole_granted);
        catalog.set_permission(scope, on, grantee.id, grantor, effect)?;
        for entry in columns {
            // REVOKE takes back what the same one has granted, and what it has taken out.
            let revokes = entry.grantor == grantor || entry.effect == Effect::Revoke;
            if change.verb == PermissionVerb::Revoke && !revokes {
                continue;
            }
            let keeps = change.verb == PermissionVerb::Revoke && change.grant_option;
            let effect = if keeps { without_option(Some(entry.effect)) } else { None };
            let on = On { minor: entry.minor, ..on };
            catalog.set_permission(scope, on, grantee.id, entry.grantor, effect)?;
        }
        if change.cascade {
            self.revoke_granted(scope, on, grantee.id, change.verb)?;
        }
        Ok(())
    }

    /// Takes back, or denies, what somebody has granted who may no more.
    fn revoke_granted(
        &self,
        scope: i64,
        on: On,
        grantor: i64,
        verb: PermissionVerb,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let effect = (verb == PermissionVerb::Deny).then_some(Effect::Deny);
        for held in catalog.permissions(scope)? {
            let same = on.is_within(&held) && (on.minor == 0 || on.minor == held.minor);
            if same && held.grantor == grantor && held.effect != Effect::Deny {
                let on = On { minor: held.minor, ..on };
                catalog.set_permission(scope, on, held.grantee, grantor, effect)?;
                self.revoke_granted(scope, on, held.grantee, verb)?;
            }
        }
        Ok(())
    }

    /// In whose name a permission is given: the owner's, by who controls the thing; else that of
    /// the principal that may grant it.
    fn grantor(
        &self,
        change: &PermissionChange,
        found: &Found,
        (permission, column): (Permission, i64),
    ) -> Result<i64, SqlError> {
        let context = self.environment().context()?;
        let (rights, securable) = (&context.rights, found.securable);
        let of_server = securable.class.is_of_server();
        let owner = if of_server { server::SA } else { database::DBO };
        let owner = securable.owner.unwrap_or(owner);
        let administers = if of_server {
            rights.server_token.contains(&server::SECURITYADMIN)
        } else {
            rights.database_token.contains(&database::SECURITYADMIN)
                || rights.server_token.contains(&server::SECURITYADMIN)
        };
        let may_grant = || match column {
            0 => rights.may_grant(permission, securable),
            column => rights.may_grant_column(permission, securable, column),
        };
        let controls = Permission::coded(securable.class, "CL")
            .is_some_and(|control| rights.allow(control, securable));
        if let Some(name) = &change.grantor {
            let catalog = Catalog::new(&self.connection);
            let named = match of_server {
                true => catalog.server_principal(&name.text)?,
                false => catalog.principal(&self.session.database, &name.text)?,
            };
            let token = if of_server { &rights.server_token } else { &rights.database_token };
            let named = named.filter(|named| controls || token.contains(&named.id));
            let named = named.ok_or_else(|| errors::grantor(&name.text))?;
            return match controls || may_grant() {
                true => Ok(named.id),
                false => Err(errors::no_grant_permission()),
            };
        }
        if controls || administers {
            return Ok(owner);
        }
        if may_grant() {
            return Ok(match self.session.execution.actor().login {
                Some(login) if of_server => login,
                _ => context.user,
            });
        }
        match rights.see(securable) {
            true => Err(errors::no_grant_permission()),
            false => Err(errors::cannot("find", found.kind, &found.name)),
        }
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// What a statement names after ON.
    pub(crate) fn securable(&self, on: &SecurableName) -> Result<Found, SqlError> {
        let class = match &on.class {
            None => Class::Object,
            Some(class) => Class::named(class)
                .ok_or_else(|| errors::unsupported(format_args!("A permission on {class}::")))?,
        };
        let name = &on.name;
        if name.database.as_ref().is_some_and(|other| !other.is(&self.database.name)) {
            return Err(errors::grant_elsewhere());
        }
        let catalog = self.catalog();
        let text = &name.name.text;
        let found =
            |securable, kind| Found { securable, kind, name: text.clone(), object_type: "" };
        let missing = |kind| errors::cannot("find", kind, text);
        let context = self.context()?;
        Ok(match class {
            Class::Object => {
                let (id, schema, object_type) =
                    self.named_object(name)?.ok_or_else(|| missing("object"))?;
                Found { object_type, ..found(context.object(id, &schema), "object") }
            }
            Class::Schema => match context.schema_id(text) {
                0 => return Err(missing("schema")),
                id => found(context.schema(id), "schema"),
            },
            Class::Database if same(text, &self.database.name) => {
                found(Securable::DATABASE, "database")
            }
            Class::Database => return Err(errors::grant_elsewhere()),
            Class::User | Class::Role => {
                let kind = if class == Class::Role { "role" } else { "user" };
                let principal = catalog.principal(self.database, text)?;
                let principal = principal.filter(|found| found.is_role == (class == Class::Role));
                let principal = principal.ok_or_else(|| missing(kind))?;
                found(Securable::of(class, principal.id, principal.owner), kind)
            }
            Class::Login | Class::ServerRole => {
                let kind = if class == Class::Login { "login" } else { "server role" };
                let principal = catalog.server_principal(text)?;
                let principal =
                    principal.filter(|found| found.is_role == (class == Class::ServerRole));
                let principal = principal.ok_or_else(|| missing(kind))?;
                found(Securable::of(class, principal.id, principal.owner), kind)
            }
            Class::ExternalLanguage => {
                let language = LANGUAGES.iter().find(|(_, known)| same(known, text));
                let (id, _) = language.ok_or_else(|| missing("external language"))?;
                let owner = Some(database::DBO);
                found(Securable::of(class, *id, owner), "external language")
            }
            Class::Server => found(Securable::SERVER, "server"),
        })
    }

    /// The number, schema and type of an object of the current database.
    fn named_object(
        &self,
        name: &launchpod_tsql::ast::ObjectName,
    ) -> Result<Option<(i64, String, &'static str)>, SqlError> {
        if let Some(module) = self.module(name)? {
            return Ok(Some((module.object_id, module.schema, module.kind.code())));
        }
        let table = self.table(name).ok().filter(|table| table.attached == "main");
        Ok(table.map(|table| (table.object_id, table.schema, TABLE_CODE)))
    }
}

/// What a statement makes of a permission that somebody has `before`. `of_granted`: it is on a
/// column of what they were granted as a whole.
fn effect_after(
    change: &PermissionChange,
    before: Option<Effect>,
    of_granted: bool,
) -> Option<Effect> {
    match change.verb {
        PermissionVerb::Grant if change.grant_option => Some(Effect::GrantWithOption),
        // A second GRANT takes no option away.
        PermissionVerb::Grant if before == Some(Effect::GrantWithOption) => before,
        PermissionVerb::Grant => Some(Effect::Grant),
        PermissionVerb::Deny => Some(Effect::Deny),
        PermissionVerb::Revoke if change.grant_option => without_option(before),
        // Of what holds for the whole, the column is taken out.
        PermissionVerb::Revoke if of_granted => Some(Effect::Revoke),
        PermissionVerb::Revoke => None,
    }
}

/// What is left of a permission when it may be granted no further.
fn without_option(effect: Option<Effect>) -> Option<Effect> {
    match effect {
        Some(Effect::GrantWithOption) => Some(Effect::Grant),
        other => other,
    }
}

/// The columns that a permission of a statement is limited to.
fn columns_of<'c>(change: &'c PermissionChange, named: &'c PermissionName) -> &'c [Identifier] {
    match &change.on {
        Some(on) if !on.columns.is_empty() => &on.columns,
        _ => &named.columns,
    }
}

/// Refuses columns where there can be none.
///
/// # Errors
/// 1019 and 1020.
fn check_columns(change: &PermissionChange) -> Result<(), SqlError> {
    let mut named = change.permissions.iter();
    if change.on.as_ref().is_some_and(|on| !on.columns.is_empty())
        && named.any(|named| !named.columns.is_empty())
    {
        return Err(errors::columns_twice());
    }
    let of_object = change
        .on
        .as_ref()
        .is_some_and(|on| on.class.as_deref().is_none_or(|class| class == Class::Object.name()));
    let refused = change.permissions.iter().any(|named| {
        let limited = !columns_of(change, named).is_empty();
        limited && !(of_object && OF_COLUMNS.contains(&named.name.as_str()))
    });
    if refused { Err(errors::columns_of_permission(15)) } else { Ok(()) }
}

fn same(left: &str, right: &str) -> bool {
    launchpod_tsql::ast::same_name(left, right)
}
