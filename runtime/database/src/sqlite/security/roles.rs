//! CREATE, ALTER and DROP ROLE, of databases and of the server.

use launchpod_tsql::ast::{Identifier, RoleChange, fold_name};
use launchpod_types::SqlError;
use rusqlite::params;

use super::permission::{Class, Permission};
use super::principal::{self, database, server};
use super::rights::Securable;
use super::store::{self, Principal};
use crate::sqlite::embedded::catalog::{Catalog, failed, now};
use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;

// === impl Worker ===

impl Worker {
    pub(crate) fn create_role(
        &self,
        name: &Identifier,
        owner: Option<&Identifier>,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let context = self.environment().context()?;
        if !context.may(Class::Database, "CREATE ROLE") {
            return Err(errors::no_permission());
        }
        if catalog.principal(database, &name.text)?.is_some() {
            return Err(errors::principal_exists(&name.text));
        }
        let owner = match owner {
            Some(owner) => self.future_owner(owner)?.id,
            None => context.user,
        };
        let role = Principal {
            id: 0,
            name: name.text.clone(),
            is_role: true,
            sid: None,
            owner: Some(owner),
        };
        catalog.add_principal(database.id, &role, None).map(|_| ())
    }

    /// A user or role that is to own something: the caller, one that they may impersonate, or a
    /// role that they are in.
    pub(crate) fn future_owner(&self, name: &Identifier) -> Result<Principal, SqlError> {
        let cannot = || errors::cannot("find", "principal", &name.text);
        let found = Catalog::new(&self.connection).principal(&self.session.database, &name.text)?;
        let owner = found.ok_or_else(cannot)?;
        let context = self.environment().context()?;
        let user = Securable::of(Class::User, owner.id, None);
        let may = context.rights.database_token.contains(&owner.id)
            || context.may_object(if owner.is_role { "AL" } else { "IM" }, user);
        if may { Ok(owner) } else { Err(cannot()) }
    }

    pub(crate) fn alter_role(
        &self,
        name: &Identifier,
        change: &RoleChange,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let role = self.named_role("alter", &name.text)?;
        let (member, is_member) = match change {
            RoleChange::Name(new) => {
                if principal::is_fixed(role.id) {
                    return Err(errors::cannot_at_all("alter", "role", &role.name));
                }
                if catalog.principal(database, &new.text)?.is_some_and(|found| found.id != role.id)
                {
                    return Err(errors::principal_exists(&new.text));
                }
                let key = fold_name(&new.text);
                catalog.change_principal(database.id, role.id, "key = ?3", &key)?;
                return catalog.change_principal(database.id, role.id, "name = ?3", &new.text);
            }
            RoleChange::Add(member) => (member, true),
            RoleChange::Remove(member) => (member, false),
        };
        let verb = if is_member { "add" } else { "drop" };
        let found = catalog.principal(database, &member.text)?;
        let found = found.ok_or_else(|| errors::cannot(verb, "principal", &member.text))?;
        if role.id == database::PUBLIC {
            return Err(errors::public_membership());
        }
        if principal::is_fixed(found.id) {
            return Err(errors::special_principal(&found.name));
        }
        if is_member && catalog.token(database.id, role.id)?.contains(&found.id) {
            return Err(errors::member_of_itself());
        }
        catalog.set_member(database.id, role.id, found.id, is_member)
    }

    pub(crate) fn drop_role(&self, name: &Identifier, if_exists: bool) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let missing = catalog.principal(database, &name.text)?.is_none();
        if missing && if_exists {
            return Ok(());
        }
        let role = self.named_role("drop", &name.text)?;
        if principal::is_fixed(role.id) {
            return Err(errors::cannot_at_all("drop", "role", &role.name));
        }
        if catalog.has_members(database.id, role.id)? {
            return Err(errors::role_has_members());
        }
        catalog.check_unused(database.id, role.id)?;
        catalog.remove_principal(database.id, role.id)
    }

    /// A role of the current database that the caller may change; those of every database only
    /// who controls the database may.
    fn named_role(&self, verb: &str, name: &str) -> Result<Principal, SqlError> {
        let cannot = || errors::cannot(verb, "role", name);
        let found = Catalog::new(&self.connection).principal(&self.session.database, name)?;
        let role = found.filter(|role| role.is_role).ok_or_else(cannot)?;
        let context = self.environment().context()?;
        let code = if principal::is_fixed_role(role.id) { "CL" } else { "AL" };
        match context.may_object(code, Securable::of(Class::Role, role.id, role.owner)) {
            true => Ok(role),
            false => Err(cannot()),
        }
    }

    // --- the server's ---

    pub(crate) fn create_server_role(
        &self,
        name: &Identifier,
        owner: Option<&Identifier>,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        self.check_server("CREATE SERVER ROLE")?;
        if catalog.server_principal(&name.text)?.is_some() {
            return Err(errors::login_exists(&name.text));
        }
        let owner = match owner {
            Some(owner) => Some(self.named_server_principal("find", "principal", owner)?.id),
            None => self.session.execution.actor().login,
        };
        let sql = r#"INSERT INTO main."launchpod.server_principals"
                         (principal_id, key, name, type, sid, owner, created, modified)
                     VALUES (?1, ?2, ?3, 'R', ?4, ?5, ?6, ?6)"#;
        let sid = uuid::Uuid::new_v4().into_bytes();
        let id = catalog.next_server_principal()?;
        let row = params![id, fold_name(&name.text), name.text, sid, owner, now()];
        self.connection.execute(sql, row).map_err(failed)?;
        catalog.touch_security()
    }

    pub(crate) fn alter_server_role(
        &self,
        name: &Identifier,
        change: &RoleChange,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let role = self.named_server_role("alter", name)?;
        let (member, is_member) = match change {
            RoleChange::Name(new) => {
                if principal::is_fixed_server_role(role.id) {
                    return Err(errors::cannot_at_all("alter", "server role", &role.name));
                }
                if catalog.server_principal(&new.text)?.is_some_and(|found| found.id != role.id) {
                    return Err(errors::login_exists(&new.text));
                }
                let sql = r#"UPDATE main."launchpod.server_principals"
                             SET key = ?2, name = ?3, modified = ?4 WHERE principal_id = ?1"#;
                let row = params![role.id, fold_name(&new.text), new.text, now()];
                self.connection.execute(sql, row).map_err(failed)?;
                return catalog.touch_security();
            }
            RoleChange::Add(member) => (member, true),
            RoleChange::Remove(member) => (member, false),
        };
        let verb = if is_member { "add" } else { "drop" };
        let found = self.named_server_principal(verb, "principal", member)?;
        if role.id == server::PUBLIC {
            return Err(errors::public_membership());
        }
        if found.id == server::SA || principal::is_fixed_server_role(found.id) {
            return Err(errors::special_principal(&found.name));
        }
        if is_member && catalog.token(store::SERVER, role.id)?.contains(&found.id) {
            return Err(errors::member_of_itself());
        }
        catalog.set_member(store::SERVER, role.id, found.id, is_member)
    }

    pub(crate) fn drop_server_role(&self, name: &Identifier) -> Result<(), SqlError> {
        let role = self.named_server_role("drop", name)?;
        if principal::is_fixed_server_role(role.id) {
            return Err(errors::cannot_at_all("drop", "server role", &role.name));
        }
        if Catalog::new(&self.connection).has_members(store::SERVER, role.id)? {
            return Err(errors::role_has_members());
        }
        self.drop_server_principal(role.id)
    }

    /// A role of the server that the caller may change: one of the server's own who is in it.
    fn named_server_role(&self, verb: &str, name: &Identifier) -> Result<Principal, SqlError> {
        let cannot = || errors::cannot(verb, "server role", &name.text);
        let role = self.named_server_principal(verb, "server role", name)?;
        if !role.is_role {
            return Err(cannot());
        }
        let rights = &self.environment().context()?.rights;
        let on = Securable::of(Class::ServerRole, role.id, role.owner);
        let may = if principal::is_fixed_server_role(role.id) {
            rights.is_sysadmin
                || (role.id != server::PUBLIC && rights.server_token.contains(&role.id))
        } else {
            Permission::coded(Class::ServerRole, "AL").is_some_and(|alter| rights.allow(alter, on))
        };
        if may { Ok(role) } else { Err(cannot()) }
    }
}
