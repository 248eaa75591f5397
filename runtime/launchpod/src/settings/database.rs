//! Which database holds the data: the table `[database]` of the settings file.

use std::path::PathBuf;

use clap::Args;
use launchpod_database::Secret;
use launchpod_sqlserver::{Address, Config, DefinitionLogin, Encryption};
use serde::{Deserialize, Deserializer};

use crate::error::Error;

/// The variable with the password of the definition login, for those who want no file.
const DEFINITION_PASSWORD: &str = "LAUNCHPOD_DATABASE_DEFINITION_PASSWORD";

/// The settings of the database, each optional.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// What holds the data: embedded, a database in the data folder; sqlserver, a SQL Server
    /// that clients' logins and statements are passed on to (default embedded)
    #[arg(long = "database-kind", env = "LAUNCHPOD_DATABASE_KIND", value_name = "KIND")]
    pub kind: Option<Kind>,

    /// The SQL Server, as host,port; needed with sqlserver
    #[arg(long = "database-server", env = "LAUNCHPOD_DATABASE_SERVER", value_name = "HOST,PORT")]
    #[serde(deserialize_with = "parsed")]
    pub server: Option<Address>,

    /// How the connection to it is encrypted: mandatory; optional, as the server wants; strict,
    /// TLS before anything else (default mandatory)
    #[arg(long = "database-encrypt", env = "LAUNCHPOD_DATABASE_ENCRYPT", value_name = "HOW")]
    #[serde(deserialize_with = "parsed")]
    pub encrypt: Option<Encryption>,

    /// Take any certificate for the server's (default false)
    #[arg(long = "database-trust-server-certificate", env = "LAUNCHPOD_DATABASE_TRUST_SERVER_CERTIFICATE", num_args = 0..=1, default_missing_value = "true")]
    pub trust_server_certificate: Option<bool>,

    /// PEM file with the server's certificate, or with those that issued it; without it the
    /// system's roots hold
    #[arg(
        long = "database-certificate",
        env = "LAUNCHPOD_DATABASE_CERTIFICATE",
        value_name = "FILE"
    )]
    pub certificate: Option<PathBuf>,

    /// A login with VIEW DEFINITION, which reads the definitions of procedures that callers may
    /// only execute, and nothing else
    #[arg(
        long = "database-definition-login",
        env = "LAUNCHPOD_DATABASE_DEFINITION_LOGIN",
        value_name = "LOGIN"
    )]
    pub definition_login: Option<String>,

    /// File with its password; or else LAUNCHPOD_DATABASE_DEFINITION_PASSWORD
    #[arg(
        long = "database-definition-password-file",
        env = "LAUNCHPOD_DATABASE_DEFINITION_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub definition_password_file: Option<PathBuf>,

    /// Whether external scripts run with a SQL Server behind; false is error 39023 (default true)
    #[arg(
        long = "database-external-scripts",
        env = "LAUNCHPOD_DATABASE_EXTERNAL_SCRIPTS",
        value_name = "BOOL"
    )]
    pub external_scripts: Option<bool>,

    /// Role whose members may run external scripts where the server doesn't know the permission
    /// EXECUTE ANY EXTERNAL SCRIPT
    #[arg(
        long = "database-script-role",
        env = "LAUNCHPOD_DATABASE_SCRIPT_ROLE",
        value_name = "ROLE"
    )]
    pub script_role: Option<String>,
}

/// What holds the data.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The embedded database.
    #[default]
    Embedded,
    /// A SQL Server behind.
    #[value(name = "sqlserver")]
    SqlServer,
}

// === impl DatabaseSettings ===

impl DatabaseSettings {
    /// These over others, each setting from the first that has it.
    pub fn over(self, under: DatabaseSettings) -> Self {
        DatabaseSettings {
            kind: self.kind.or(under.kind),
            server: self.server.or(under.server),
            encrypt: self.encrypt.or(under.encrypt),
            trust_server_certificate: self
                .trust_server_certificate
                .or(under.trust_server_certificate),
            certificate: self.certificate.or(under.certificate),
            definition_login: self.definition_login.or(under.definition_login),
            definition_password_file: self
                .definition_password_file
                .or(under.definition_password_file),
            external_scripts: self.external_scripts.or(under.external_scripts),
            script_role: self.script_role.or(under.script_role),
        }
    }

    /// The SQL Server behind; `None` with the embedded database.
    ///
    /// # Errors
    /// When none is named, or a password can't be read.
    pub fn server(&self) -> Result<Option<Config>, Error> {
        if self.kind.unwrap_or_default() == Kind::Embedded {
            return Ok(None);
        }
        let Some(address) = self.server.clone() else {
            return Err("no SQL Server: say --database-server HOST,PORT, LAUNCHPOD_DATABASE_SERVER or server in [database]".into());
        };
        Ok(Some(Config {
            address,
            encryption: self.encrypt.unwrap_or_default(),
            trust_server_certificate: self.trust_server_certificate.unwrap_or(false),
            certificate: self.certificate.clone(),
            definition_login: self.definition_login()?,
            script_role: self.script_role.clone(),
        }))
    }

    fn definition_login(&self) -> Result<Option<DefinitionLogin>, Error> {
        let Some(user) = self.definition_login.clone() else { return Ok(None) };
        let password = match &self.definition_password_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                Secret::new(text.trim_end_matches(['\r', '\n']))
            }
            None => Secret::new(std::env::var(DEFINITION_PASSWORD).map_err(|_| {
                format!("no password for the definition login: set {DEFINITION_PASSWORD} or definition_password_file")
            })?),
        };
        Ok(Some(DefinitionLogin { user, password }))
    }
}

/// A text of the file, read as a flag's would be.
fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> DatabaseSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_server_is_read() {
        let config = settings(
            "kind = 'sqlserver'\nserver = 'db,1500'\nencrypt = 'strict'\nscript_role = 'scripts'",
        )
        .server()
        .unwrap()
        .unwrap();
        assert_eq!((config.address.host.as_str(), config.address.port), ("db", 1500));
        assert_eq!(config.encryption, Encryption::Strict);
        assert!(!config.trust_server_certificate && config.definition_login.is_none());
        assert_eq!(config.script_role.as_deref(), Some("scripts"));
        assert!(settings("").server().unwrap().is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = settings("kind = 'sqlserver'").server().unwrap_err().to_string();
        assert!(error.contains("--database-server"), "{error}");
        assert!(toml::from_str::<DatabaseSettings>("server = 'a,b'").is_err());
        assert!(toml::from_str::<DatabaseSettings>("encrypt = 'yes'").is_err());
    }

    #[test]
    fn the_password_comes_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "secret\n").unwrap();
        let text = format!(
            "kind = 'sqlserver'\nserver = 'db'\ndefinition_login = 'reader'\ndefinition_password_file = '{}'",
            file.path().display()
        );
        let login = settings(&text).server().unwrap().unwrap().definition_login.unwrap();
        assert_eq!((login.user.as_str(), login.password.expose()), ("reader", "secret"));
    }
}
