//! Passwords: how they are kept, and what the policy demands of them.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use launchpod_types::SqlError;
use sha2::{Digest, Sha512};

use crate::Secret;
use crate::sqlite::errors;

/// The shortest name of a login that a password may not contain.
const SHORTEST_NAME: usize = 3;
/// The least length that the policy accepts, in characters.
const LEAST: usize = 8;
/// The greatest length that SQL Server takes, in characters.
const GREATEST: usize = 128;
/// How many of capital letters, small letters, digits and others the policy demands.
const KINDS: usize = 3;
/// How SQL Server's own hashes begin since 2012: then come 4 bytes of salt, and the SHA-512 of
/// the password in UTF-16 and the salt.
const SQL_SERVER: [u8; 2] = [2, 0];
/// The length of such a hash.
const SQL_SERVER_LENGTH: usize = 2 + 4 + 64;

/// Hashes a password with a fresh salt (argon2id, the crate's recommended parameters).
pub(crate) fn hash(password: &Secret) -> Result<String, SqlError> {
    Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(errors::internal)
}

/// Whether a password is the one of a hash.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    if let Some(bytes) = sql_server_hash(hash) {
        return verify_sql_server(password, &bytes);
    }
    PasswordHash::new(hash).is_ok_and(|parsed| {
        Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok()
    })
}

/// A hash that `PASSWORD = 0x… HASHED` gives, as it is kept: one that `sys.sql_logins` has shown
/// here, or one of SQL Server's since 2012.
///
/// # Errors
/// 15021 for anything else.
pub(crate) fn given(bytes: &[u8]) -> Result<String, SqlError> {
    if bytes.len() == SQL_SERVER_LENGTH && bytes.starts_with(&SQL_SERVER) {
        return Ok(format!("0x{}", launchpod_functions::convert::hex(bytes)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| errors::invalid_hash())?;
    PasswordHash::new(text).map_err(|_| errors::invalid_hash())?;
    Ok(text.to_owned())
}

/// Checks a new password: its length always, the rest when the login's policy is on.
///
/// # Errors
/// 15156, 15116 or 15118.
pub(crate) fn check(login: &str, password: &Secret, policy: bool) -> Result<(), SqlError> {
    let text = password.expose();
    let length = text.chars().count();
    if length > GREATEST {
        return Err(errors::password_too_long());
    }
    if !policy {
        return Ok(());
    }
    if length < LEAST {
        return Err(errors::password_too_short());
    }
    let kinds: [fn(char) -> bool; 4] =
        [char::is_uppercase, char::is_lowercase, |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    let found = kinds.iter().filter(|is_kind| text.chars().any(is_kind)).count();
    // "Password Policy": it doesn't contain the account's name. Of Windows' rule, "Password must meet
    // complexity requirements": names of fewer than three characters aren't looked for.
    let named = login.chars().count() >= SHORTEST_NAME
        && text.to_lowercase().contains(&login.to_lowercase());
    if found < KINDS || named { Err(errors::password_too_simple()) } else { Ok(()) }
}

/// The bytes of SQL Server's own hash, when it is one.
fn sql_server_hash(hash: &str) -> Option<Vec<u8>> {
    let digits = hash.strip_prefix("0x")?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn verify_sql_server(password: &Secret, hash: &[u8]) -> bool {
    let (Some(salt), Some(expected)) = (hash.get(2..6), hash.get(6..SQL_SERVER_LENGTH)) else {
        return false;
    };
    let mut hasher = Sha512::new();
    for unit in password.expose().encode_utf16() {
        hasher.update(unit.to_le_bytes());
    }
    hasher.update(salt);
    // The time of this says nothing: who can choose the password can't choose the hash.
    hasher.finalize().as_slice() == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_that_of_windows() {
        let check = |login: &str, password: &str, policy| {
            check(login, &Secret::new(password), policy).err().map(|error| error.number())
        };
        for (password, expected) in [
            ("", Some(15116)),
            ("Short1!", Some(15116)),
            ("alllowercase", Some(15118)),
            ("lower1234", Some(15118)),
            ("Mary-2026x", Some(15118)),
            ("Yukon900", None),
            ("yukon_900", None),
        ] {
            assert_eq!(check("mary", password, true), expected, "{password}");
        }
        assert_eq!(check("sa", "Mesa!1234", true), None);
        assert_eq!(check("mary", "x", false), None);
        assert_eq!(check("mary", &"Aa1".repeat(50), false), Some(15156));
    }

    #[test]
    fn a_password_is_found_again_by_its_hash() {
        let (right, wrong) = (Secret::new("Grüße-1"), Secret::new("Grüße-2"));
        let own = hash(&right).unwrap_or_else(|error| panic!("{error}"));
        // SHA-512 over UTF-16 and the salt, as SQL Server keeps it.
        let mut bytes = vec![2, 0, 1, 2, 3, 4];
        let mut hasher = Sha512::new();
        for unit in "Grüße-1".encode_utf16() {
            hasher.update(unit.to_le_bytes());
        }
        hasher.update([1, 2, 3, 4]);
        bytes.extend_from_slice(&hasher.finalize());
        for kept in [given(&bytes), given(own.as_bytes())] {
            let kept = kept.unwrap_or_else(|error| panic!("{error}"));
            assert!(verify(&right, &kept) && !verify(&wrong, &kept), "{kept}");
        }
        for bad in [&bytes[..20], b"plain text", &[0xff; 70]] {
            assert_eq!(given(bad).err().map(|error| error.number()), Some(15021));
        }
    }
}
