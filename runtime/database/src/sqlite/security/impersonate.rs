//! EXECUTE AS, REVERT, and the modules and texts that run.

use launchpod_tsql::ast::{ExecutionContext, Identifier, ObjectName};
use launchpod_types::SqlError;

use super::context::{Actor, name_of};
use super::permission::Class;
use super::principal::{database, server};
use super::rights::Securable;
use super::store::{AS_OWNER, Principal};
use crate::sqlite::embedded::catalog::Catalog;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;
use crate::{Action, Called, ProcedureText};

/// How deep EXECUTE AS may be nested.
const MOST_NESTED: usize = 32;

// === impl Worker ===

impl Worker {
    /// EXECUTE AS, as a statement.
    pub(crate) fn execute_as(
        &mut self,
        context: &ExecutionContext,
        no_revert: bool,
    ) -> Result<(), SqlError> {
        let actor = match context {
            ExecutionContext::User(name) => self.user_to_be(name)?,
            ExecutionContext::Login(name) => self.login_to_be(name)?,
            // Outside a module, and within one that runs as its caller, nothing changes.
            ExecutionContext::Caller => match self.session.execution.caller() {
                Some(caller) => caller.clone(),
                None => return Ok(()),
            },
            ExecutionContext::Creator | ExecutionContext::Owner => {
                return Err(errors::syntax_near("AS"));
            }
        };
        self.become_actor(actor, no_revert)
    }

    /// Acts as somebody else from now on.
    fn become_actor(&mut self, actor: Actor, no_revert: bool) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let execution = &mut self.session.execution;
        if execution.depth() >= MOST_NESTED {
            return Err(errors::impersonated_too_deep(MOST_NESTED));
        }
        // They must be able to be where the session is.
        execution.context_of(catalog, &self.session.database, &actor)?;
        execution.become_actor(actor, no_revert, self.session.database.id);
        self.show_identity()
    }

    /// The user of the current database that the caller may act as.
    fn user_to_be(&self, name: &str) -> Result<Actor, SqlError> {
        let user = self.impersonated_user(name)?;
        actor_of_user(Catalog::new(&self.connection), self.session.database.id, &user)
    }

    /// The number of the user that a module says it runs as, which the caller may act as.
    pub(crate) fn user_to_run_as(&self, name: &str) -> Result<i64, SqlError> {
        self.impersonated_user(name).map(|user| user.id)
    }

    fn impersonated_user(&self, name: &str) -> Result<Principal, SqlError> {
        let cannot = || errors::cannot_impersonate_user(name);
        let catalog = Catalog::new(&self.connection);
        let user = catalog.principal(&self.session.database, name)?;
        let user = user.filter(|user| !user.is_role && !matches!(user.id, 3 | 4));
        let user = user.ok_or_else(cannot)?;
        let context = self.environment().context()?;
        let own = context.user == user.id;
        if !own && !context.may_object("IM", Securable::of(Class::User, user.id, None)) {
            return Err(cannot());
        }
        Ok(user)
    }

    /// The login that the caller may act as.
    fn login_to_be(&self, name: &str) -> Result<Actor, SqlError> {
        let cannot = || errors::cannot_impersonate_login(name);
        let catalog = Catalog::new(&self.connection);
        let login = catalog.server_principal(name)?.filter(|login| !login.is_role);
        let login = login.ok_or_else(cannot)?;
        let context = self.environment().context()?;
        let own = self.session.execution.actor() == &Actor::of_login(login.id);
        let on = Securable::of(Class::Login, login.id, None);
        // Who acts as a sysadmin is one.
        let token = catalog.token(super::store::SERVER, login.id)?;
        let above = login.id == server::SA || token.contains(&server::SYSADMIN);
        let code = if above { "CL" } else { "IM" };
        match own || context.may_object(code, on) {
            true => Ok(Actor::of_login(login.id)),
            false => Err(cannot()),
        }
    }

    /// REVERT: back to who acted before the last EXECUTE AS of this module; without one, nothing
    /// happens.
    pub(crate) fn revert(&mut self) -> Result<(), SqlError> {
        match self.session.execution.revertible() {
            None => Ok(()),
            Some(last) if last.no_revert => Err(errors::cannot_revert()),
            Some(last) if last.database != self.session.database.id => {
                Err(errors::revert_elsewhere())
            }
            Some(_) => {
                self.session.execution.revert();
                self.show_identity()
            }
        }
    }

    /// Tells the session's owner who acts now.
    pub(crate) fn show_identity(&self) -> Result<(), SqlError> {
        let name = name_of(Catalog::new(&self.connection), self.session.execution.actor())?;
        let mut identity = self.identity.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        identity.login = name;
        Ok(())
    }

    // --- modules ---

    /// The procedure of a name that is to be called, if there is one and the caller may call it.
    /// One whose name begins with `sp_` is looked for in master too ("System stored procedures").
    pub(crate) fn called_procedure(
        &self,
        name: &ObjectName,
    ) -> Result<Option<ProcedureText>, SqlError> {
        let environment = self.environment();
        let mut found = match environment.database_of(name) {
            Ok(_) => environment.module(name)?.filter(is_called),
            Err(_) => None,
        };
        if found.is_none() && name.database.is_none() && name.name.fold().starts_with("sp_") {
            let master = Some(Identifier::new("master"));
            let name = ObjectName { database: master, ..name.clone() };
            found = environment.module(&name)?.filter(is_called);
        }
        let Some(mut module) = found else { return Ok(None) };
        environment.check_module(&module, "EX")?;
        if module.kind == ModuleKind::Synonym {
            let base = environment.base_of(&module)?;
            let Some(meant) = base.environment.module(&base.name)?.filter(is_procedure) else {
                return Ok(None);
            };
            base.environment.check_module(&meant, "EX")?;
            module = meant;
        }
        let object_id = module.object_id;
        let options = environment.catalog().module_options(object_id)?;
        Ok(Some(ProcedureText { object_id, definition: module.definition, options }))
    }

    /// What follows belongs to a module or a text, until [`Worker::leave`].
    pub(crate) fn enter(&mut self, called: &Called) -> Result<(), SqlError> {
        let module = match called {
            Called::Text => None,
            Called::Procedure { object_id } => {
                Catalog::new(&self.connection).module_by_id(*object_id)?
            }
        };
        let Some(module) = module else {
            self.session.execution.enter(None);
            return Ok(());
        };
        let environment = self.environment();
        let chain = environment.chain_of(&module)?;
        let actor = environment.runs_as(&module)?;
        self.session.execution.enter(Some(chain));
        match actor {
            Some(actor) => {
                let entered = self.become_actor(actor, false);
                if entered.is_err() {
                    self.leave()?;
                }
                entered
            }
            None => Ok(()),
        }
    }

    /// The module or text has ended, and with it whoever it has acted as.
    pub(crate) fn leave(&mut self) -> Result<(), SqlError> {
        if self.session.execution.leave() { self.show_identity() } else { Ok(()) }
    }

    // --- what the interpreter does itself ---

    /// Checks that the caller may do something that the interpreter does.
    pub(crate) fn permit(&self, action: &Action) -> Result<(), SqlError> {
        let context = self.environment().context()?;
        match action {
            Action::Configure if !context.may(Class::Server, "ALTER SETTINGS") => {
                Err(errors::no_permission())
            }
            Action::Reconfigure if !context.may(Class::Server, "ALTER SETTINGS") => {
                Err(errors::no_reconfigure())
            }
            Action::ExternalScript { language } => {
                let all = "EXECUTE ANY EXTERNAL SCRIPT";
                let known = super::grants::LANGUAGES
                    .iter()
                    .find(|(_, known)| launchpod_tsql::ast::same_name(known, language));
                let allowed = match known {
                    Some((id, _)) => {
                        let on = Securable::of(Class::ExternalLanguage, *id, None);
                        context.may_object("EXES", on)
                    }
                    // One that isn't there: the controller says so.
                    None => context.may(Class::Database, all),
                };
                match allowed {
                    true => Ok(()),
                    // Others of the languages are allowed.
                    false if context.may(Class::Database, all) => {
                        Err(errors::no_such_language(language))
                    }
                    false => Err(errors::database_permission(all, &self.session.database.name)),
                }
            }
            Action::Configure | Action::Reconfigure | Action::OpenCursor { .. } => Ok(()),
        }
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// Whom a module runs as, when not as its caller.
    ///
    /// # Errors
    /// 15517 when that user is gone.
    pub(crate) fn runs_as(&self, module: &Module) -> Result<Option<Actor>, SqlError> {
        let catalog = self.catalog();
        let user = match catalog.context_of(module.object_id)? {
            None => return Ok(None),
            Some(AS_OWNER) => self.chain_of(module)?.owner,
            Some(user) => user,
        };
        let found = catalog.principal_by_id(module.database.id, user)?;
        let found = found.filter(|user| !user.is_role);
        let user = found.ok_or_else(|| errors::cannot_impersonate_user(&module.name))?;
        actor_of_user(catalog, module.database.id, &user).map(Some)
    }
}

/// Who acts when a module or statement runs as a user.
fn actor_of_user(catalog: Catalog<'_>, home: i64, user: &Principal) -> Result<Actor, SqlError> {
    let login = match (&user.sid, user.id) {
        (_, database::DBO) => {
            let owners = catalog.owners(home)?;
            let of_database = |(class, _, _): &&(i64, i64, i64)| *class == 0;
            owners.iter().find(of_database).map(|(_, _, owner)| *owner)
        }
        (Some(sid), _) => catalog.login_of_sid(sid)?,
        (None, _) => None,
    };
    Ok(Actor { login, user: Some((home, user.id)) })
}

/// Whether EXEC may name it: a procedure, or a synonym of one.
fn is_called(module: &Module) -> bool {
    is_procedure(module) || module.kind == ModuleKind::Synonym
}

fn is_procedure(module: &Module) -> bool {
    module.kind == ModuleKind::Procedure
}
