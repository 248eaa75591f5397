//! The password of `sa`, the administrator.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use launchpod_database::Secret;
use tempfile::NamedTempFile;

/// The administrator's login.
pub const ADMINISTRATOR: &str = "sa";
/// The variable that the SQL Server containers take the password from.
pub const PASSWORD_VARIABLE: &str = "MSSQL_SA_PASSWORD";
/// The file in the data folder that a generated password is written to.
const PASSWORD_FILE: &str = "sa-password";
/// The least length that SQL Server's policy accepts.
const LEAST_LENGTH: usize = 8;
/// The greatest length that SQL Server takes.
const GREATEST_LENGTH: usize = 128;

/// A password for `sa` is too weak, or can't be written down.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// SQL Server's policy (`CREATE LOGIN … CHECK_POLICY = ON`) refuses it.
    #[error(
        "{PASSWORD_VARIABLE} is refused: {0}; a password has 8 to 128 characters of at least \
         three kinds: capital letters, small letters, digits, others"
    )]
    Weak(&'static str),
    /// The file of a password that no longer holds can't be removed.
    #[error("can't remove the old password's file {path}: {source}")]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file can't be written.
    #[error("can't write the generated password to {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Checks a password as SQL Server's policy does.
///
/// # Errors
/// [`PasswordError::Weak`], naming the rule.
pub fn check_strength(password: &str) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if length < LEAST_LENGTH {
        return Err(PasswordError::Weak("it is shorter than 8 characters"));
    }
    if length > GREATEST_LENGTH {
        return Err(PasswordError::Weak("it is longer than 128 characters"));
    }
    let kinds: [fn(char) -> bool; 4] =
        [char::is_uppercase, char::is_lowercase, |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    if kinds.iter().filter(|is_kind| password.chars().any(is_kind)).count() < 3 {
        return Err(PasswordError::Weak("it has characters of fewer than three kinds"));
    }
    Ok(())
}

/// Makes a password and writes it to a file of the data folder that only its owner reads.
///
/// # Errors
/// When the file can't be written.
pub fn generate(data_dir: &Path) -> Result<(Secret, PathBuf), PasswordError> {
    let password = random_password();
    let path = data_dir.join(PASSWORD_FILE);
    write(&path, &password)
        .map_err(|source| PasswordError::Write { path: path.clone(), source })?;
    Ok((Secret::from(password), path))
}

/// Removes the file of a generated password, since another one holds now. Returns the file's
/// path if it was there.
///
/// # Errors
/// When it is there and can't be removed.
pub fn forget_generated(data_dir: &Path) -> Result<Option<PathBuf>, PasswordError> {
    let path = data_dir.join(PASSWORD_FILE);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(Some(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PasswordError::Remove { path, source }),
    }
}

/// Writes a new file, whose mode is its owner's alone, in place of one that may be there with
/// another mode.
fn write(path: &Path, password: &str) -> std::io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    writeln!(file, "{password}")?;
    file.persist(path)?;
    Ok(())
}

/// 122 random bits with all four kinds of characters.
pub fn random_password() -> String {
    let mut password = String::from("Lp-");
    // A v4 UUID takes its bits from the operating system's generator.
    for byte in uuid::Uuid::new_v4().as_bytes() {
        // Writing to a String can't fail.
        let _ = write!(password, "{byte:02x}");
    }
    password
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_policy_of_sql_server() {
        for weak in ["", "Short1!", "alllowercase1", "ALLUPPER-", &"Aa1".repeat(50)] {
            assert!(check_strength(weak).is_err(), "{weak}");
        }
        for strong in ["Yukon900", "yukon_900", "Passw0rd!"] {
            check_strength(strong).unwrap();
        }
    }

    #[test]
    fn a_generated_password_that_no_longer_holds_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(forget_generated(folder.path()).unwrap(), None);
        let (_, path) = generate(folder.path()).unwrap();
        assert_eq!(forget_generated(folder.path()).unwrap().as_deref(), Some(path.as_path()));
        assert!(!path.exists());
    }

    #[test]
    fn a_generated_password_is_strong_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        // One that everybody reads may be there.
        std::fs::write(folder.path().join(PASSWORD_FILE), "old").unwrap();
        let (_, path) = generate(folder.path()).unwrap();
        let password = std::fs::read_to_string(&path).unwrap();
        check_strength(password.trim()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
