//! Statements about principals and permissions.

use launchpod_tsql::ast::{Identifier, PrincipalKind, SecurableName, Security};
use launchpod_types::SqlError;

use super::permission::Class;
use super::principal::{self, database};
use crate::sqlite::embedded::catalog::Catalog;
use crate::sqlite::embedded::thread::{Job, Stop, Worker};
use crate::sqlite::errors;

// === impl Worker ===

impl Worker {
    /// Runs a statement about principals, permissions or the execution context.
    pub(crate) fn security(&mut self, job: &Job, security: &Security) -> Result<(), Stop> {
        match security {
            Security::ExecuteAs { cookie: Some(_), .. } | Security::Revert { cookie: Some(_) } => {
                Err(errors::unsupported("WITH COOKIE").into())
            }
            Security::ExecuteAs { context, no_revert, .. } => {
                Ok(self.execute_as(context, *no_revert)?)
            }
            Security::Revert { .. } => Ok(self.revert()?),
            _ => self.change(job, false, |worker, _| {
                worker.change_security(security)?;
                worker.session.execution.expire();
                Ok(())
            }),
        }
    }

    /// Makes what a statement about principals or permissions says so.
    pub(crate) fn change_security(&self, security: &Security) -> Result<(), SqlError> {
        match security {
            Security::CreateLogin { name, options } => self.create_login(name, options),
            Security::AlterLogin { name, change } => self.alter_login(name, change),
            Security::CreateUser { name, login, options } => self.create_user(name, login, options),
            Security::AlterUser { name, options } => self.alter_user(name, options),
            Security::CreateRole { server: true, name, owner } => {
                self.create_server_role(name, owner.as_ref())
            }
            Security::CreateRole { server: false, name, owner } => {
                self.create_role(name, owner.as_ref())
            }
            Security::AlterRole { server: true, name, change } => {
                self.alter_server_role(name, change)
            }
            Security::AlterRole { server: false, name, change } => self.alter_role(name, change),
            Security::DropPrincipal { kind, if_exists, name } => match kind {
                PrincipalKind::Login => self.drop_login(name),
                PrincipalKind::ServerRole => self.drop_server_role(name),
                PrincipalKind::User => self.drop_user(name, *if_exists),
                PrincipalKind::Role => self.drop_role(name, *if_exists),
            },
            Security::Permission(change) => self.change_permissions(change),
            Security::AlterAuthorization { on, to } => self.alter_owner(on, to.as_ref()),
            _ => Err(errors::unsupported("This statement")),
        }
    }

    /// ALTER AUTHORIZATION: needs TAKE OWNERSHIP of the thing.
    fn alter_owner(&self, on: &SecurableName, to: Option<&Identifier>) -> Result<(), SqlError> {
        let class = on.class.as_deref().map_or(Some(Class::Object), Class::named);
        if class == Some(Class::Database) {
            return self.alter_database_owner(on, to);
        }
        let found = self.environment().securable(on)?;
        let context = self.environment().context()?;
        if !context.may_object("TO", found.securable) {
            return Err(errors::cannot("find", found.kind, &found.name));
        }
        let owner = to.map(|to| self.future_owner(to)).transpose()?;
        let catalog = Catalog::new(&self.connection);
        let database = self.session.database.id;
        let securable = found.securable;
        match (securable.class, owner) {
            (Class::Schema, Some(_)) if securable.id < database::FIRST => {
                Err(errors::cannot_at_all("alter", "schema", &found.name))
            }
            (Class::Object, owner) => {
                let owner = owner.map(|owner| owner.id);
                catalog.set_owner(database, Class::Object, securable.id, owner)?;
                // A new owner begins without what others were granted.
                let id = securable.id;
                self.forget_permissions(database, Class::Object, id)
            }
            (Class::Schema, Some(owner)) => {
                catalog.set_owner(database, Class::Schema, securable.id, Some(owner.id))?;
                self.forget_permissions(database, Class::Schema, securable.id)
            }
            (Class::Role, Some(owner)) if !principal::is_fixed(securable.id) => {
                catalog.change_principal(database, securable.id, "owner = ?3", &owner.id)
            }
            (class, _) => {
                let what = format!("ALTER AUTHORIZATION ON {}::", class.name());
                Err(errors::unsupported(what))
            }
        }
    }

    fn forget_permissions(&self, database: i64, class: Class, id: i64) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let owners = catalog.owners(database)?;
        let owner = owners.iter().find(|(of, known, _)| (*of, *known) == (class.number(), id));
        catalog.forget_securable(database, class, id)?;
        match owner {
            Some((_, _, owner)) => catalog.set_owner(database, class, id, Some(*owner)),
            None => Ok(()),
        }
    }

    fn alter_database_owner(
        &self,
        on: &SecurableName,
        to: Option<&Identifier>,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let name = &on.name.name.text;
        let missing = || errors::cannot("find", "database", name);
        let database = catalog.database(name)?.ok_or_else(missing)?;
        let to = to.ok_or_else(missing)?;
        let context = self.environment().context_in(&database)?;
        if !context.may(Class::Database, "TAKE OWNERSHIP") {
            return Err(missing());
        }
        if database.id <= 4 {
            return Err(errors::system_database_owner());
        }
        let login = self.named_server_principal("find", "principal", to)?;
        let own = self.session.execution.actor().login == Some(login.id);
        if login.is_role || !(own || context.rights.is_sysadmin) {
            return Err(errors::cannot("find", "principal", &to.text));
        }
        if catalog.user_of(database.id, &login.sid.unwrap_or_default())?.is_some() {
            return Err(SqlError::new(
                15110,
                "The proposed new database owner is already a user or aliased in the database.",
            ));
        }
        catalog.set_owner(database.id, Class::Database, 0, Some(login.id))
    }
}
