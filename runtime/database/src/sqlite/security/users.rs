//! CREATE, ALTER and DROP USER.

use launchpod_tsql::ast::{Identifier, UserLogin, UserOption, fold_name};
use launchpod_types::SqlError;
use rusqlite::params;

use super::permission::{Class, Permission};
use super::principal::{self, database};
use super::rights::{Effect, Securable};
use super::store::{On, Principal};
use crate::sqlite::embedded::catalog::{Catalog, failed, now};
use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;

/// How the SID of a user without login begins: S-1-9-3, of which 16 random bytes are the rest.
const WITHOUT_LOGIN: [u8; 12] = [1, 5, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0];

// === impl Catalog ===

impl Catalog<'_> {
    /// Writes a new user or role of a database down; its number.
    pub(super) fn add_principal(
        &self,
        database: i64,
        principal: &Principal,
        default_schema: Option<&str>,
    ) -> Result<i64, SqlError> {
        let sql = r#"SELECT MAX(COALESCE(MAX(principal_id), 0) + 1, ?2)
                     FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND principal_id < ?3"#;
        let bounds = [database, database::FIRST, database::OWNER];
        let id: i64 = self.connection.query_row(sql, bounds, |row| row.get(0)).map_err(failed)?;
        let sql = r#"INSERT INTO main."launchpod.database_principals"
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"#;
        let row = params![
            database,
            id,
            fold_name(&principal.name),
            principal.name,
            if principal.is_role { "R" } else { "S" },
            principal.sid,
            default_schema,
            principal.owner,
            now()
        ];
        self.connection.execute(sql, row).map_err(failed)?;
        self.touch_security()?;
        Ok(id)
    }

    /// Changes a column of a user or role.
    pub(super) fn change_principal(
        &self,
        database: i64,
        id: i64,
        change: &str,
        value: &dyn rusqlite::ToSql,
    ) -> Result<(), SqlError> {
        let sql = format!(
            r#"UPDATE main."launchpod.database_principals" SET {change}, modified = ?4
               WHERE database_id = ?1 AND principal_id = ?2"#
        );
        self.connection.execute(&sql, params![database, id, value, now()]).map_err(failed)?;
        self.touch_security()
    }

    pub(super) fn remove_principal(&self, database: i64, id: i64) -> Result<(), SqlError> {
        self.forget_principal(database, id)?;
        for class in [Class::User, Class::Role] {
            self.forget_securable(database, class, id)?;
        }
        let sql = r#"DELETE FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND principal_id = ?2"#;
        self.connection.execute(sql, [database, id]).map_err(failed)?;
        Ok(())
    }

    /// Why a user or role can't be dropped, if it can't.
    pub(super) fn check_unused(&self, database: i64, id: i64) -> Result<(), SqlError> {
        for (class, _, owner) in self.owners(database)? {
            match class {
                _ if owner != id => {}
                3 => return Err(errors::owns("schema")),
                1 => return Err(errors::owns_objects()),
                _ => {}
            }
        }
        let exists = |sql: &str| {
            let key = [database, id];
            self.connection.query_row(sql, key, |row| row.get::<_, bool>(0)).map_err(failed)
        };
        if exists(
            r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.database_principals"
               WHERE database_id = ?1 AND owner = ?2)"#,
        )? {
            return Err(errors::owns_role());
        }
        if exists(
            r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.permissions"
               WHERE database_id = ?1 AND grantor = ?2 UNION ALL
               SELECT 1 FROM main."launchpod.column_permissions"
               WHERE database_id = ?1 AND grantor = ?2)"#,
        )? {
            return Err(errors::has_granted());
        }
        if exists(
            r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.contexts" c
               JOIN main."launchpod.modules" m USING (object_id)
               WHERE m.database_id = ?1 AND c.principal_id = ?2)"#,
        )? {
            return Err(errors::is_context());
        }
        Ok(())
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn create_user(
        &self,
        name: &Identifier,
        login: &UserLogin,
        options: &[UserOption],
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        if !self.environment().context()?.may(Class::Database, "ALTER ANY USER") {
            return Err(errors::no_permission());
        }
        if catalog.principal(database, &name.text)?.is_some() {
            return Err(errors::principal_exists(&name.text));
        }
        let sid = match login {
            UserLogin::None => {
                let random = uuid::Uuid::new_v4().into_bytes();
                WITHOUT_LOGIN.iter().copied().chain(random).collect()
            }
            UserLogin::Same => self.unmapped_sid(&name.text)?,
            UserLogin::Named(login) => self.unmapped_sid(&login.text)?,
        };
        let mut schema = "dbo".to_owned();
        for option in options {
            match option {
                UserOption::DefaultSchema(Some(name)) => schema.clone_from(&name.text),
                UserOption::DefaultSchema(None) => {}
                _ => return Err(errors::syntax_near("WITH")),
            }
        }
        let user = Principal {
            id: 0,
            name: name.text.clone(),
            is_role: false,
            sid: Some(sid),
            owner: None,
        };
        let id = catalog.add_principal(database.id, &user, Some(&schema))?;
        let Some(connect) = Permission::coded(Class::Database, "CO") else { return Ok(()) };
        let dbo = database::DBO;
        let on = On { permission: connect, major: 0, minor: 0 };
        catalog.set_permission(database.id, on, id, dbo, Some(Effect::Grant))
    }

    /// The SID of a login that has no user in the current database.
    fn unmapped_sid(&self, login: &str) -> Result<Vec<u8>, SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let found = catalog.server_principal(login)?.filter(|login| !login.is_role);
        let found = found.ok_or_else(|| errors::invalid_login(login))?;
        if found.id == principal::server::SA {
            return Err(errors::special_principal("sa"));
        }
        let sid = found.sid.unwrap_or_default();
        let owner = catalog.owners(database.id)?;
        let owns = owner.contains(&(Class::Database.number(), 0, found.id));
        if owns || catalog.user_of(database.id, &sid)?.is_some() {
            return Err(errors::login_has_user());
        }
        Ok(sid)
    }

    pub(crate) fn alter_user(
        &self,
        name: &Identifier,
        options: &[UserOption],
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let user = self.named_user("alter", &name.text, "AL")?;
        if principal::is_fixed(user.id) {
            return Err(errors::cannot_at_all("alter", "user", &user.name));
        }
        for option in options {
            let (change, value) = match option {
                UserOption::DefaultSchema(schema) => (
                    "default_schema = ?3",
                    Some(schema.as_ref().map_or("dbo", |schema| &schema.text).to_owned()),
                ),
                UserOption::Name(new) => {
                    let taken = catalog.principal(database, &new.text)?;
                    if taken.is_some_and(|taken| taken.id != user.id) {
                        return Err(errors::principal_exists(&new.text));
                    }
                    let key = fold_name(&new.text);
                    catalog.change_principal(database.id, user.id, "key = ?3", &key)?;
                    ("name = ?3", Some(new.text.clone()))
                }
                UserOption::Login(login) => {
                    let sid = self.unmapped_sid(&login.text)?;
                    catalog.change_principal(database.id, user.id, "sid = ?3", &sid)?;
                    continue;
                }
            };
            catalog.change_principal(database.id, user.id, change, &value)?;
        }
        Ok(())
    }

    pub(crate) fn drop_user(&self, name: &Identifier, if_exists: bool) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let database = &self.session.database;
        let missing = catalog.principal(database, &name.text)?.is_none();
        if missing && if_exists {
            return Ok(());
        }
        let user = self.named_user("drop", &name.text, "AL")?;
        match user.id {
            database::GUEST => return Err(errors::guest_stays()),
            id if principal::is_fixed(id) => {
                return Err(errors::cannot_at_all("drop", "user", &user.name));
            }
            _ => {}
        }
        catalog.check_unused(database.id, user.id)?;
        catalog.remove_principal(database.id, user.id)
    }

    /// A user of the current database on whom the caller has a permission.
    fn named_user(&self, verb: &str, name: &str, code: &str) -> Result<Principal, SqlError> {
        let catalog = Catalog::new(&self.connection);
        let found = catalog.principal(&self.session.database, name)?;
        let user = found.filter(|user| !user.is_role);
        let user = user.ok_or_else(|| errors::cannot(verb, "user", name))?;
        let context = self.environment().context()?;
        match context.may_object(code, Securable::of(Class::User, user.id, None)) {
            true => Ok(user),
            false => Err(errors::cannot(verb, "user", name)),
        }
    }
}
