//! Logins: names and argon2id hashes in the server's catalog.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use launchpod_tsql::ast::fold_name;
use launchpod_types::SqlError;
use rusqlite::{Connection, OptionalExtension, params};

use crate::Secret;
use crate::sqlite::errors;

/// A login as it is stored.
pub(crate) struct StoredLogin {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) default_database: String,
}

/// Hashes a password with a fresh salt (argon2id, the crate's recommended parameters).
pub(crate) fn hash(password: &Secret) -> Result<String, SqlError> {
    Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(errors::internal)
}

/// Whether a password is the one of a hash.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| {
        Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok()
    })
}

/// Finds a login by its name, in any case.
pub(crate) fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<StoredLogin>> {
    connection
        .query_row(
            r#"SELECT name, hash, default_database FROM main."launchpod.logins" WHERE key = ?1"#,
            [fold_name(name)],
            |row| {
                Ok(StoredLogin {
                    name: row.get(0)?,
                    hash: row.get(1)?,
                    default_database: row.get(2)?,
                })
            },
        )
        .optional()
}

/// Makes a login or changes its password.
pub(crate) fn set(connection: &Connection, name: &str, hash: &str) -> rusqlite::Result<()> {
    connection
        .execute(
            r#"INSERT INTO main."launchpod.logins" VALUES (?1, ?2, ?3, 'master')
               ON CONFLICT (key) DO UPDATE SET hash = excluded.hash"#,
            params![fold_name(name), name, hash],
        )
        .map(|_| ())
}
