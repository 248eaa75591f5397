//! CREATE, ALTER and DROP LOGIN.

use launchpod_tsql::ast::{
    Identifier, LoginChange, LoginOption, PasswordOption, PasswordValue, fold_name,
};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, params};

use super::password;
use super::permission::{Class, Permission};
use super::principal::server;
use super::rights::Securable;
use super::store::{self, Principal};
use crate::Secret;
use crate::sqlite::embedded::catalog::{Catalog, failed, now};
use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;

/// A login as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) sid: Vec<u8>,
    pub(crate) hash: String,
    pub(crate) default_database: String,
    pub(crate) is_disabled: bool,
    pub(crate) is_policy_checked: bool,
    pub(crate) is_expiration_checked: bool,
    pub(crate) must_change: bool,
    /// Seconds since 1970.
    pub(crate) password_set: i64,
    /// Wrong passwords since the last right one, and when the last was.
    pub(crate) bad_passwords: i64,
    pub(crate) bad_password_at: i64,
    /// When it was locked, if it is.
    pub(crate) locked_at: Option<i64>,
}

// === impl Catalog ===

impl Catalog<'_> {
    /// Finds a login by its name, in any case.
    pub(crate) fn login(&self, name: &str) -> Result<Option<Login>, SqlError> {
        let sql = r#"SELECT principal_id, name, sid, hash, default_database, is_disabled,
                         is_policy_checked, is_expiration_checked, must_change, password_set,
                         bad_passwords, bad_password_at, locked_at
                     FROM main."launchpod.server_principals" WHERE key = ?1 AND type = 'S'"#;
        let found = self.connection.query_row(sql, [fold_name(name)], |row| {
            Ok(Login {
                id: row.get(0)?,
                name: row.get(1)?,
                sid: row.get(2)?,
                hash: row.get(3)?,
                default_database: row.get(4)?,
                is_disabled: row.get(5)?,
                is_policy_checked: row.get(6)?,
                is_expiration_checked: row.get(7)?,
                must_change: row.get(8)?,
                password_set: row.get(9)?,
                bad_passwords: row.get(10)?,
                bad_password_at: row.get(11)?,
                locked_at: row.get(12)?,
            })
        });
        found.optional().map_err(failed)
    }

    /// Writes a login down: a new one, or one that has changed.
    pub(crate) fn keep_login(&self, login: &Login) -> Result<(), SqlError> {
        let sql = r#"INSERT INTO main."launchpod.server_principals"
                         (principal_id, key, name, type, sid, hash, default_database,
                          default_language, is_disabled, is_policy_checked,
                          is_expiration_checked, must_change, password_set, bad_passwords,
                          bad_password_at, locked_at, created, modified)
                     VALUES (?1, ?2, ?3, 'S', ?4, ?5, ?6, 'us_english', ?7, ?8, ?9, ?10, ?11, ?12,
                             ?13, ?14, ?15, ?15)
                     ON CONFLICT (principal_id) DO UPDATE SET key = excluded.key,
                         name = excluded.name, hash = excluded.hash,
                         default_database = excluded.default_database,
                         is_disabled = excluded.is_disabled,
                         is_policy_checked = excluded.is_policy_checked,
                         is_expiration_checked = excluded.is_expiration_checked,
                         must_change = excluded.must_change, password_set = excluded.password_set,
                         bad_passwords = excluded.bad_passwords,
                         bad_password_at = excluded.bad_password_at,
                         locked_at = excluded.locked_at, modified = excluded.modified"#;
        let row = params![
            login.id,
            fold_name(&login.name),
            login.name,
            login.sid,
            login.hash,
            login.default_database,
            login.is_disabled,
            login.is_policy_checked,
            login.is_expiration_checked,
            login.must_change,
            login.password_set,
            login.bad_passwords,
            login.bad_password_at,
            login.locked_at,
            now()
        ];
        self.connection.execute(sql, row).map(|_| ()).map_err(failed)
    }

    /// Makes a login with a password, or gives it another one.
    pub(crate) fn set_password(&self, name: &str, hash: String) -> Result<(), SqlError> {
        let administrator = launchpod_tsql::ast::same_name(name, "sa");
        let mut login = match self.login(name)? {
            Some(login) => login,
            None if administrator => Login::new(server::SA, "sa", vec![1]),
            None => {
                let sid = uuid::Uuid::new_v4().into_bytes().to_vec();
                Login::new(self.next_server_principal()?, name, sid)
            }
        };
        login.set_password(hash);
        self.keep_login(&login)?;
        self.touch_security()
    }

    /// A number for a new login or role of the server.
    pub(super) fn next_server_principal(&self) -> Result<i64, SqlError> {
        let sql = r#"SELECT MAX(COALESCE(MAX(principal_id), 0) + 1, ?1)
                     FROM main."launchpod.server_principals""#;
        self.connection.query_row(sql, [server::FIRST], |row| row.get(0)).map_err(failed)
    }

    fn sid_is_taken(&self, sid: &[u8]) -> Result<bool, SqlError> {
        let sql = r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.server_principals"
                     WHERE sid = ?1)"#;
        self.connection.query_row(sql, [sid], |row| row.get(0)).map_err(failed)
    }
}

// === impl Login ===

impl Login {
    /// A login that has just been made, whose policy is on.
    pub(crate) fn new(id: i64, name: &str, sid: Vec<u8>) -> Login {
        Login {
            id,
            name: name.to_owned(),
            sid,
            hash: String::new(),
            default_database: "master".to_owned(),
            is_disabled: false,
            is_policy_checked: true,
            is_expiration_checked: false,
            must_change: false,
            password_set: now(),
            bad_passwords: 0,
            bad_password_at: 0,
            locked_at: None,
        }
    }

    /// Gives it another password, with which it starts anew.
    pub(crate) fn set_password(&mut self, hash: String) {
        self.hash = hash;
        self.password_set = now();
        self.must_change = false;
        self.unlock();
    }

    pub(crate) fn unlock(&mut self) {
        self.bad_passwords = 0;
        self.locked_at = None;
    }
}

// === impl Worker ===

impl Worker {
    /// Checks a permission of the server, by its name.
    ///
    /// # Errors
    /// 15247 when it is missing.
    pub(super) fn check_server(&self, name: &str) -> Result<(), SqlError> {
        let context = self.environment().context()?;
        if context.may(Class::Server, name) { Ok(()) } else { Err(errors::no_permission()) }
    }

    pub(crate) fn create_login(
        &self,
        name: &Identifier,
        options: &[LoginOption],
    ) -> Result<(), SqlError> {
        self.check_server("CREATE LOGIN")?;
        let catalog = Catalog::new(&self.connection);
        if catalog.server_principal(&name.text)?.is_some() {
            return Err(errors::login_exists(&name.text));
        }
        if name.text.contains('\\') {
            return Err(errors::invalid_name(&name.text));
        }
        let id = catalog.next_server_principal()?;
        let mut login = Login::new(id, &name.text, uuid::Uuid::new_v4().into_bytes().to_vec());
        for option in options {
            if let LoginOption::Sid(sid) = option {
                login.sid = self.given_sid(sid)?;
            }
        }
        self.apply(&mut login, options)?;
        catalog.keep_login(&login)?;
        catalog.touch_security()
    }

    fn given_sid(&self, sid: &[u8]) -> Result<Vec<u8>, SqlError> {
        if sid.len() != 16 {
            return Err(errors::sid_length());
        }
        match Catalog::new(&self.connection).sid_is_taken(sid)? {
            true => Err(errors::sid_in_use()),
            false => Ok(sid.to_vec()),
        }
    }

    pub(crate) fn alter_login(
        &self,
        name: &Identifier,
        change: &LoginChange,
    ) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let cannot = || errors::cannot("alter", "login", &name.text);
        let mut login = catalog.login(&name.text)?.ok_or_else(cannot)?;
        self.may_alter(&login, change)?;
        match change {
            LoginChange::Enabled(enabled) => login.is_disabled = !enabled,
            LoginChange::Options(options) => {
                for option in options {
                    match option {
                        LoginOption::Sid(_) => return Err(errors::unsupported("ALTER LOGIN SID")),
                        LoginOption::Name(new) => {
                            let taken = catalog.server_principal(&new.text)?;
                            if taken.is_some_and(|taken| taken.id != login.id) {
                                return Err(errors::login_exists(&new.text));
                            }
                            login.name.clone_from(&new.text);
                        }
                        _ => {}
                    }
                }
                self.apply(&mut login, options)?;
            }
        }
        catalog.keep_login(&login)?;
        catalog.touch_security()
    }

    /// Whether the caller may change a login: everybody their own password when they know it;
    /// else who may alter the login, and sysadmins' only who controls the server.
    fn may_alter(&self, login: &Login, change: &LoginChange) -> Result<(), SqlError> {
        let cannot = || errors::cannot("alter", "login", &login.name);
        let context = self.environment().context()?;
        if let LoginChange::Options(options) = change
            && let [LoginOption::Password(PasswordOption { old: Some(old), unlock: false, .. })] =
                &options[..]
        {
            let own = self.session.execution.actor().login == Some(login.id);
            let known = password::verify(&Secret::new(old.as_str()), &login.hash);
            if own {
                return if known { Ok(()) } else { Err(cannot()) };
            }
        }
        let token = Catalog::new(&self.connection).token(store::SERVER, login.id)?;
        let above = login.id == server::SA || token.contains(&server::SYSADMIN);
        let needed = if above { "CL" } else { "AL" };
        let needed = Permission::coded(Class::Login, needed);
        let on = Securable::of(Class::Login, login.id, None);
        match needed.is_some_and(|needed| context.rights.allow(needed, on)) {
            true => Ok(()),
            false => Err(cannot()),
        }
    }

    /// Applies what stands after WITH, in whatever order it stands.
    fn apply(&self, login: &mut Login, options: &[LoginOption]) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let mut given = None;
        for option in options {
            match option {
                LoginOption::Password(password) => given = Some(password),
                LoginOption::DefaultDatabase(name) => {
                    let database = catalog.database(&name.text)?;
                    let database = database.ok_or_else(|| errors::unknown_database(&name.text))?;
                    login.default_database = database.name;
                }
                LoginOption::DefaultLanguage(name) => {
                    if !name.is("us_english") && !name.is("English") {
                        return Err(errors::unofficial_language(&name.text));
                    }
                }
                LoginOption::CheckPolicy(checked) => login.is_policy_checked = *checked,
                LoginOption::CheckExpiration(checked) => login.is_expiration_checked = *checked,
                LoginOption::Sid(_) | LoginOption::Name(_) => {}
            }
        }
        if login.must_change && !(login.is_policy_checked && login.is_expiration_checked) {
            return Err(errors::policy_while_must_change());
        }
        if login.is_expiration_checked && !login.is_policy_checked {
            return Err(errors::expiration_without_policy());
        }
        if !login.is_policy_checked {
            login.unlock();
        }
        if let Some(PasswordOption { value, must_change, unlock, .. }) = given {
            if *must_change && !login.is_expiration_checked {
                return Err(errors::must_change_without_expiration());
            }
            let (locked, bad) = (login.locked_at, login.bad_passwords);
            let hash = match value {
                PasswordValue::Hashed(bytes) => password::given(bytes)?,
                PasswordValue::Text(text) => {
                    let secret = Secret::new(text.as_str());
                    password::check(&login.name, &secret, login.is_policy_checked)?;
                    password::hash(&secret)?
                }
            };
            login.set_password(hash);
            login.must_change = *must_change;
            if !unlock {
                // A new password alone doesn't unlock.
                (login.locked_at, login.bad_passwords) = (locked, bad);
            }
        }
        Ok(())
    }

    pub(crate) fn drop_login(&self, name: &Identifier) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let cannot = || errors::cannot("drop", "login", &name.text);
        if name.is("sa") {
            return Err(errors::special_principal("sa"));
        }
        let login = catalog.login(&name.text)?.ok_or_else(cannot)?;
        self.may_alter(&login, &LoginChange::Enabled(false)).map_err(|_| cannot())?;
        if self.session.live.is_present(&login.name) {
            return Err(errors::login_in_use(&login.name));
        }
        if catalog.databases_of(login.id)? {
            return Err(errors::login_owns_databases(&login.name));
        }
        self.drop_server_principal(login.id)
    }

    pub(super) fn drop_server_principal(&self, id: i64) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        catalog.forget_principal(store::SERVER, id)?;
        for class in [Class::Login, Class::ServerRole] {
            catalog.forget_securable(store::SERVER, class, id)?;
        }
        let sql = r#"DELETE FROM main."launchpod.server_principals" WHERE principal_id = ?1"#;
        self.connection.execute(sql, [id]).map_err(failed)?;
        Ok(())
    }

    /// A login or role of the server that a statement names.
    pub(super) fn named_server_principal(
        &self,
        verb: &str,
        kind: &str,
        name: &Identifier,
    ) -> Result<Principal, SqlError> {
        let found = Catalog::new(&self.connection).server_principal(&name.text)?;
        found.ok_or_else(|| errors::cannot(verb, kind, &name.text))
    }
}
