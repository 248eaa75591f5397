//! Principals, memberships, permissions and owners in the catalog.
//!
//! The database 0 is the server itself.

use launchpod_tsql::ast::{fold_name, same_name};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, Row, params};

use super::permission::{Class, Permission};
use super::principal;
use super::rights::Effect;
use crate::sqlite::embedded::catalog::{Catalog, DatabaseName, failed, now};

/// The tables. `launchpod.security` holds a stamp that is another after every change, by which
/// sessions notice that what they know is old.
const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.server_principals" (
    principal_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    type TEXT NOT NULL, sid BLOB NOT NULL UNIQUE, hash TEXT, default_database TEXT,
    default_language TEXT, is_disabled INT NOT NULL DEFAULT 0,
    is_policy_checked INT NOT NULL DEFAULT 0, is_expiration_checked INT NOT NULL DEFAULT 0,
    must_change INT NOT NULL DEFAULT 0, password_set INT NOT NULL DEFAULT 0,
    bad_passwords INT NOT NULL DEFAULT 0, bad_password_at INT NOT NULL DEFAULT 0,
    locked_at INT, owner INT, created INT NOT NULL, modified INT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.database_principals" (
    database_id INT NOT NULL, principal_id INT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, sid BLOB, default_schema TEXT, owner INT, created INT NOT NULL,
    modified INT NOT NULL, PRIMARY KEY (database_id, principal_id), UNIQUE (database_id, key))
    STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.role_members" (
    database_id INT NOT NULL, role_id INT NOT NULL, member_id INT NOT NULL,
    PRIMARY KEY (database_id, role_id, member_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.permissions" (
    database_id INT NOT NULL, class INT NOT NULL, major_id INT NOT NULL, grantee INT NOT NULL,
    grantor INT NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (database_id, class, major_id, grantee, grantor, type)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.column_permissions" (
    database_id INT NOT NULL, object_id INT NOT NULL, column_id INT NOT NULL, grantee INT NOT NULL,
    grantor INT NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (database_id, object_id, column_id, grantee, grantor, type)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.owners" (
    database_id INT NOT NULL, class INT NOT NULL, id INT NOT NULL, owner INT NOT NULL,
    PRIMARY KEY (database_id, class, id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS main."launchpod.contexts" (
    object_id INTEGER PRIMARY KEY, principal_id INT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS main."launchpod.security" (stamp BLOB NOT NULL) STRICT;
"#;

/// The database that stands for the server.
pub(crate) const SERVER: i64 = 0;
/// In `launchpod.contexts`: the owner of the module.
pub(crate) const AS_OWNER: i64 = -2;

/// A principal of the server or of a database.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) is_role: bool,
    /// The login's number across servers; `None` for a role of a database.
    pub(crate) sid: Option<Vec<u8>>,
    pub(crate) owner: Option<i64>,
}

/// A permission as it is kept.
pub(crate) struct Entry {
    pub(crate) class: i64,
    pub(crate) major: i64,
    /// The column that it is on, by its number; 0 for all of the thing.
    pub(crate) minor: i64,
    pub(crate) grantee: i64,
    pub(crate) grantor: i64,
    pub(crate) code: String,
    pub(crate) effect: Effect,
}

/// A permission on a thing, or on one of its columns.
#[derive(Clone, Copy)]
pub(crate) struct On {
    pub(crate) permission: Permission,
    pub(crate) major: i64,
    pub(crate) minor: i64,
}

// === impl On ===

impl On {
    /// Whether an entry is about the permission on the thing or one of its columns.
    pub(crate) fn is_within(&self, entry: &Entry) -> bool {
        (entry.class, entry.major) == (self.permission.class().number(), self.major)
            && entry.code == self.permission.code()
    }
}

// === impl Catalog ===

impl Catalog<'_> {
    /// Makes the tables and the server's own principals where they are missing.
    pub(crate) fn create_security(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(SCHEMA)?;
        let empty: bool = self.connection.query_row(
            r#"SELECT NOT EXISTS (SELECT 1 FROM main."launchpod.security")"#,
            [],
            |row| row.get(0),
        )?;
        if !empty {
            return Ok(());
        }
        self.connection
            .execute_batch(r#"INSERT INTO main."launchpod.security" VALUES (randomblob(16))"#)?;
        for (id, name) in (principal::server::PUBLIC..).zip(principal::server::ROLES) {
            self.connection.execute(
                r#"INSERT INTO main."launchpod.server_principals"
                       (principal_id, key, name, type, sid, owner, created, modified)
                   VALUES (?1, ?2, ?2, 'R', ?3, 1, ?4, ?4)"#,
                params![id, name, [id as u8], now()],
            )?;
        }
        let member = [principal::server::SYSADMIN, principal::server::SA];
        let sql = r#"INSERT INTO main."launchpod.role_members" VALUES (0, ?1, ?2)"#;
        self.connection.execute(sql, member)?;
        Ok(())
    }

    /// Says that principals, permissions, owners or schemas are others now.
    pub(crate) fn touch_security(&self) -> Result<(), SqlError> {
        self.connection
            .execute(r#"UPDATE main."launchpod.security" SET stamp = randomblob(16)"#, [])
            .map(|_| ())
            .map_err(failed)
    }

    /// What [`Catalog::touch_security`] changes.
    pub(crate) fn security_stamp(&self) -> Result<Vec<u8>, SqlError> {
        let mut statement = self
            .connection
            .prepare_cached(r#"SELECT stamp FROM main."launchpod.security""#)
            .map_err(failed)?;
        statement.query_row([], |row| row.get(0)).map_err(failed)
    }

    /// The principals of a new database, which a login owns. Everybody may enter `master`,
    /// `tempdb` and `msdb` as guest.
    pub(crate) fn create_principals(&self, database: i64, login: i64) -> rusqlite::Result<()> {
        for (id, name, kind) in principal::database::FIXED {
            let schema = (kind == "S").then_some(name).filter(|_| id < 3);
            let owner = (kind == "R").then_some(principal::database::DBO);
            self.connection.execute(
                r#"INSERT OR IGNORE INTO main."launchpod.database_principals"
                   VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, ?7, ?8, ?8)"#,
                params![database, id, fold_name(name), name, kind, schema, owner, now()],
            )?;
        }
        let open = matches!(database, 1 | 2 | 4);
        let connect = [Some(principal::database::DBO), open.then_some(principal::database::GUEST)];
        for user in connect.into_iter().flatten() {
            self.connection.execute(
                r#"INSERT OR IGNORE INTO main."launchpod.permissions"
                   VALUES (?1, 0, 0, ?2, 1, 'CO', 'G')"#,
                [database, user],
            )?;
        }
        self.connection.execute(
            r#"INSERT OR IGNORE INTO main."launchpod.owners" VALUES (?1, 0, 0, ?2)"#,
            [database, login],
        )?;
        Ok(())
    }

    pub(crate) fn drop_principals(&self, database: i64) -> Result<(), SqlError> {
        let mut tables = vec!["database_principals", "role_members", "owners"];
        tables.extend(["permissions", "column_permissions"]);
        for table in tables {
            let sql = format!(r#"DELETE FROM main."launchpod.{table}" WHERE database_id = ?1"#);
            self.connection.execute(&sql, [database]).map_err(failed)?;
        }
        self.touch_security()
    }

    // --- principals ---

    /// A login or role of the server by its name.
    pub(crate) fn server_principal(&self, name: &str) -> Result<Option<Principal>, SqlError> {
        let sql = r#"SELECT principal_id, name, type, sid, owner
                     FROM main."launchpod.server_principals" WHERE key = ?1"#;
        let found = self.connection.query_row(sql, [fold_name(name)], principal_of);
        found.optional().map_err(failed)
    }

    pub(crate) fn server_principal_by_id(&self, id: i64) -> Result<Option<Principal>, SqlError> {
        let sql = r#"SELECT principal_id, name, type, sid, owner
                     FROM main."launchpod.server_principals" WHERE principal_id = ?1"#;
        self.connection.query_row(sql, [id], principal_of).optional().map_err(failed)
    }

    /// A user or role of a database by its name.
    pub(crate) fn principal(
        &self,
        database: &DatabaseName,
        name: &str,
    ) -> Result<Option<Principal>, SqlError> {
        let sql = r#"SELECT principal_id, name, type, sid, owner
                     FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND key = ?2"#;
        let key = params![database.id, fold_name(name)];
        self.connection.query_row(sql, key, principal_of).optional().map_err(failed)
    }

    pub(crate) fn principal_by_id(
        &self,
        database: i64,
        id: i64,
    ) -> Result<Option<Principal>, SqlError> {
        let sql = r#"SELECT principal_id, name, type, sid, owner
                     FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND principal_id = ?2"#;
        self.connection.query_row(sql, [database, id], principal_of).optional().map_err(failed)
    }

    /// The user of a database that stands for a login.
    pub(crate) fn user_of(&self, database: i64, sid: &[u8]) -> Result<Option<Principal>, SqlError> {
        let sql = r#"SELECT principal_id, name, type, sid, owner
                     FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND sid = ?2"#;
        self.connection
            .query_row(sql, params![database, sid], principal_of)
            .optional()
            .map_err(failed)
    }

    /// The users and roles of a database, and which of them are roles.
    pub(crate) fn principal_ids(&self, database: i64) -> Result<Vec<(i64, bool)>, SqlError> {
        let sql = r#"SELECT principal_id, type = 'R' FROM main."launchpod.database_principals"
                     WHERE database_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([database], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The login of a SID.
    pub(crate) fn login_of_sid(&self, sid: &[u8]) -> Result<Option<i64>, SqlError> {
        let sql = r#"SELECT principal_id FROM main."launchpod.server_principals"
                     WHERE sid = ?1 AND type = 'S'"#;
        self.connection.query_row(sql, [sid], |row| row.get(0)).optional().map_err(failed)
    }

    pub(crate) fn default_schema(
        &self,
        database: i64,
        id: i64,
    ) -> Result<Option<String>, SqlError> {
        let sql = r#"SELECT default_schema FROM main."launchpod.database_principals"
                     WHERE database_id = ?1 AND principal_id = ?2"#;
        let found = self.connection.query_row(sql, [database, id], |row| row.get(0)).optional();
        found.map(Option::flatten).map_err(failed)
    }

    // --- memberships ---

    /// A principal with all roles that it is in, by whatever way.
    pub(crate) fn token(&self, database: i64, id: i64) -> Result<Vec<i64>, SqlError> {
        let sql = r#"WITH RECURSIVE token(id) AS (
                         SELECT ?2 UNION SELECT role_id FROM token
                         JOIN main."launchpod.role_members" m
                         ON m.member_id = token.id AND m.database_id = ?1)
                     SELECT id FROM token"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([database, id], |row| row.get(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    pub(crate) fn has_members(&self, database: i64, role: i64) -> Result<bool, SqlError> {
        let sql = r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.role_members"
                     WHERE database_id = ?1 AND role_id = ?2)"#;
        self.connection.query_row(sql, [database, role], |row| row.get(0)).map_err(failed)
    }

    pub(crate) fn set_member(
        &self,
        database: i64,
        role: i64,
        member: i64,
        is_member: bool,
    ) -> Result<(), SqlError> {
        let sql = if is_member {
            r#"INSERT OR IGNORE INTO main."launchpod.role_members" VALUES (?1, ?2, ?3)"#
        } else {
            r#"DELETE FROM main."launchpod.role_members"
               WHERE database_id = ?1 AND role_id = ?2 AND member_id = ?3"#
        };
        self.connection.execute(sql, [database, role, member]).map_err(failed)?;
        self.touch_security()
    }

    /// Forgets the memberships and permissions of a principal that is dropped.
    pub(crate) fn forget_principal(&self, database: i64, id: i64) -> Result<(), SqlError> {
        for sql in [
            r#"DELETE FROM main."launchpod.role_members"
               WHERE database_id = ?1 AND (role_id = ?2 OR member_id = ?2)"#,
            r#"DELETE FROM main."launchpod.permissions" WHERE database_id = ?1 AND grantee = ?2"#,
            r#"DELETE FROM main."launchpod.column_permissions"
               WHERE database_id = ?1 AND grantee = ?2"#,
        ] {
            self.connection.execute(sql, [database, id]).map_err(failed)?;
        }
        self.touch_security()
    }

    // --- permissions ---

    /// The permissions in a database, or on the server.
    pub(crate) fn permissions(&self, database: i64) -> Result<Vec<Entry>, SqlError> {
        let sql = r#"SELECT class, major_id, 0, grantee, grantor, type, state
                     FROM main."launchpod.permissions" WHERE database_id = ?1
                     UNION ALL SELECT 1, object_id, column_id, grantee, grantor, type, state
                     FROM main."launchpod.column_permissions" WHERE database_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([database], |row| {
                Ok(Entry {
                    class: row.get(0)?,
                    major: row.get(1)?,
                    minor: row.get(2)?,
                    grantee: row.get(3)?,
                    grantor: row.get(4)?,
                    code: row.get(5)?,
                    effect: Effect::coded(&row.get::<_, String>(6)?),
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Keeps a permission in place of what was said of it by the same grantor.
    pub(crate) fn set_permission(
        &self,
        database: i64,
        on: On,
        grantee: i64,
        grantor: i64,
        effect: Option<Effect>,
    ) -> Result<(), SqlError> {
        let On { permission, major, minor } = on;
        let code = permission.code();
        // Of a column the class is always an object's, and has no column of its own.
        let (table, names, place) = match minor {
            0 => ("permissions", ["class", "major_id"], [permission.class().number(), major]),
            _ => ("column_permissions", ["object_id", "column_id"], [major, minor]),
        };
        let [first, second] = names;
        let key = params![database, place[0], place[1], grantee, grantor, code];
        let sql = format!(
            r#"DELETE FROM main."launchpod.{table}" WHERE database_id = ?1 AND {first} = ?2
               AND {second} = ?3 AND grantee = ?4 AND grantor = ?5 AND type = ?6"#
        );
        self.connection.execute(&sql, key).map_err(failed)?;
        if let Some(effect) = effect {
            let sql = format!(
                r#"INSERT INTO main."launchpod.{table}" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#
            );
            let row = params![database, place[0], place[1], grantee, grantor, code, effect.code()];
            self.connection.execute(&sql, row).map_err(failed)?;
        }
        self.touch_security()
    }

    /// The columns of a table, view or function: their numbers and names.
    pub(crate) fn column_names(&self, object: i64) -> Result<Vec<(i64, String)>, SqlError> {
        let sql = r#"SELECT column_id, name FROM main."launchpod.columns" WHERE object_id = ?1
                     ORDER BY column_id"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows =
            statement.query_map([object], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Forgets the permissions on a column that is dropped.
    pub(crate) fn forget_column(&self, object: i64, column: i64) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM main."launchpod.column_permissions"
                     WHERE object_id = ?1 AND column_id = ?2"#;
        match self.connection.execute(sql, [object, column]).map_err(failed)? {
            0 => Ok(()),
            _ => self.touch_security(),
        }
    }

    /// Keeps the permissions on the columns of a view or function that has others now: they
    /// stay with the columns of the same names ("ALTER VIEW (Transact-SQL)").
    pub(crate) fn move_columns(
        &self,
        object: i64,
        before: &[(i64, String)],
        after: &[(i64, String)],
    ) -> Result<(), SqlError> {
        if before == after {
            return Ok(());
        }
        let sql = r#"SELECT database_id, column_id, grantee, grantor, type, state
                     FROM main."launchpod.column_permissions" WHERE object_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([object], |row| {
                let who: (i64, i64) = (row.get(2)?, row.get(3)?);
                let what: (String, String) = (row.get(4)?, row.get(5)?);
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, who, what))
            })
            .map_err(failed)?;
        let held = rows.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if held.is_empty() {
            return Ok(());
        }
        let sql = r#"DELETE FROM main."launchpod.column_permissions" WHERE object_id = ?1"#;
        self.connection.execute(sql, [object]).map_err(failed)?;
        for (database, column, (grantee, grantor), (code, state)) in held {
            let name = before.iter().find(|(id, _)| *id == column).map(|(_, name)| name);
            let now = name.and_then(|name| after.iter().find(|(_, other)| same_name(name, other)));
            let Some((now, _)) = now else { continue };
            let sql = r#"INSERT INTO main."launchpod.column_permissions"
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#;
            let row = params![database, object, now, grantee, grantor, code, state];
            self.connection.execute(sql, row).map_err(failed)?;
        }
        self.touch_security()
    }

    /// Forgets the permissions on a thing that is dropped, and its owner.
    pub(crate) fn forget_securable(
        &self,
        database: i64,
        class: Class,
        id: i64,
    ) -> Result<(), SqlError> {
        let mut known = 0;
        if class == Class::Object {
            let sql = r#"DELETE FROM main."launchpod.column_permissions"
                         WHERE database_id = ?1 AND object_id = ?2"#;
            known += self.connection.execute(sql, [database, id]).map_err(failed)?;
        }
        for sql in [
            r#"DELETE FROM main."launchpod.permissions"
               WHERE database_id = ?1 AND class = ?2 AND major_id = ?3"#,
            r#"DELETE FROM main."launchpod.owners"
               WHERE database_id = ?1 AND class = ?2 AND id = ?3"#,
        ] {
            let key = params![database, class.number(), id];
            known += self.connection.execute(sql, key).map_err(failed)?;
        }
        if known > 0 { self.touch_security() } else { Ok(()) }
    }

    // --- owners ---

    /// The owners of schemas and objects that have one of their own: class, number, owner.
    pub(crate) fn owners(&self, database: i64) -> Result<Vec<(i64, i64, i64)>, SqlError> {
        let sql = r#"SELECT class, id, owner FROM main."launchpod.owners" WHERE database_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([database], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Gives a schema, an object or the database another owner; `None`: that of what contains it.
    pub(crate) fn set_owner(
        &self,
        database: i64,
        class: Class,
        id: i64,
        owner: Option<i64>,
    ) -> Result<(), SqlError> {
        let key = params![database, class.number(), id];
        let sql = r#"DELETE FROM main."launchpod.owners"
                     WHERE database_id = ?1 AND class = ?2 AND id = ?3"#;
        self.connection.execute(sql, key).map_err(failed)?;
        if let Some(owner) = owner {
            let sql = r#"INSERT INTO main."launchpod.owners" VALUES (?1, ?2, ?3, ?4)"#;
            let row = params![database, class.number(), id, owner];
            self.connection.execute(sql, row).map_err(failed)?;
        }
        self.touch_security()
    }

    /// Whose the databases of this login are: their names.
    pub(crate) fn databases_of(&self, login: i64) -> Result<bool, SqlError> {
        let sql = r#"SELECT EXISTS (SELECT 1 FROM main."launchpod.owners"
                     WHERE class = 0 AND owner = ?1)"#;
        self.connection.query_row(sql, [login], |row| row.get(0)).map_err(failed)
    }

    /// Users' schemas: folded name, name and number.
    pub(crate) fn user_schemas(&self, database: i64) -> Result<Vec<(String, i64)>, SqlError> {
        let sql = r#"SELECT key, schema_id FROM main."launchpod.schemas" WHERE database_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([database], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    // --- modules ---

    /// Keeps who a module runs as; `None` is its caller.
    pub(crate) fn set_context(&self, object: i64, principal: Option<i64>) -> Result<(), SqlError> {
        let sql = r#"DELETE FROM main."launchpod.contexts" WHERE object_id = ?1"#;
        self.connection.execute(sql, [object]).map_err(failed)?;
        if let Some(principal) = principal {
            let sql = r#"INSERT INTO main."launchpod.contexts" VALUES (?1, ?2)"#;
            self.connection.execute(sql, [object, principal]).map_err(failed)?;
        }
        Ok(())
    }

    pub(crate) fn context_of(&self, object: i64) -> Result<Option<i64>, SqlError> {
        let sql = r#"SELECT principal_id FROM main."launchpod.contexts" WHERE object_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_row([object], |row| row.get(0)).optional().map_err(failed)
    }
}

fn principal_of(row: &Row<'_>) -> rusqlite::Result<Principal> {
    Ok(Principal {
        id: row.get(0)?,
        name: row.get(1)?,
        is_role: row.get::<_, String>(2)? == "R",
        sid: row.get(3)?,
        owner: row.get(4)?,
    })
}
