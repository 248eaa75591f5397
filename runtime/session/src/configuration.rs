//! The server's configuration options, as `sp_configure` shows and changes them.
//!
//! A change is pending until `RECONFIGURE` installs it, as in SQL Server
//! (`sp_configure` in the documentation of Transact-SQL). Both values outlive the process.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use launchpod_database::{ConfigurationOption, Configurations};
use launchpod_types::SqlError;
use serde::{Deserialize, Serialize};

/// The option that lets `sp_execute_external_script` run; 0 at first.
pub const EXTERNAL_SCRIPTS_ENABLED: &str = "external scripts enabled";

/// The option that says how many identities run external scripts at once; 0 at first, for what
/// the settings say. SQL Server's own pool has 20 accounts and at most 100.
pub const WORKER_ACCOUNTS: &str = "launchpod worker accounts";

/// What is known of an option beside its values.
struct Definition {
    /// As `sys.configurations` numbers it.
    id: i32,
    name: &'static str,
    description: &'static str,
    minimum: i32,
    maximum: i32,
    default: i32,
}

/// In the order of their names, as `sp_configure` lists them.
const DEFINITIONS: [Definition; 3] = [
    Definition {
        id: 1586,
        name: EXTERNAL_SCRIPTS_ENABLED,
        description: "Allow execution of external scripts",
        minimum: 0,
        maximum: 1,
        default: 0,
    },
    Definition {
        id: 100_000,
        name: WORKER_ACCOUNTS,
        description: "Identities that run external scripts at once",
        minimum: 0,
        maximum: 100,
        default: 0,
    },
    Definition {
        id: 518,
        name: "show advanced options",
        description: "show advanced options",
        minimum: 0,
        maximum: 1,
        default: 0,
    },
];

/// The options of a server, kept in a file of its data folder. Clones are the same options.
#[derive(Clone, Debug)]
pub struct Configuration {
    file: PathBuf,
    values: Arc<Mutex<Values>>,
}

/// Values by option name; what isn't named has its default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Values {
    config: BTreeMap<String, i32>,
    run: BTreeMap<String, i32>,
}

/// The file of the configuration options can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file can't be read or written.
    #[error("configuration options in {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "configuration options in {path} can't be understood ({source}); mend or remove the file"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

// === impl Configuration ===

impl Configuration {
    /// Reads the options from a file, which need not exist yet.
    ///
    /// # Errors
    /// When the file exists and can't be read, or isn't what [`Configuration`] writes.
    pub fn open(file: &Path) -> Result<Self, ConfigurationError> {
        let values = match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| ConfigurationError::Content { path: file.to_owned(), source })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Values::default(),
            Err(source) => return Err(ConfigurationError::File { path: file.to_owned(), source }),
        };
        Ok(Configuration { file: file.to_owned(), values: Arc::new(Mutex::new(values)) })
    }

    /// All options, by name.
    pub fn options(&self) -> Vec<ConfigurationOption> {
        let values = self.lock();
        DEFINITIONS.iter().map(|definition| values.option(definition)).collect()
    }

    /// The options for `sys.configurations`, as they are when it is read.
    pub fn shown(&self) -> Configurations {
        let configuration = self.clone();
        Configurations::new(move || configuration.options())
    }

    /// The one option whose name begins with `name`, letter case aside.
    ///
    /// # Errors
    /// 15123 when there is none, 15124 when there are several.
    pub fn find(&self, name: &str) -> Result<ConfigurationOption, SqlError> {
        let name = name.trim().to_lowercase();
        let values = self.lock();
        let mut found = DEFINITIONS.iter().filter(|definition| definition.name.starts_with(&name));
        match (found.next(), found.next()) {
            (Some(definition), None) => Ok(values.option(definition)),
            (Some(_), Some(_)) => Err(SqlError::new(
                15124,
                format!("The configuration option '{name}' is not unique."),
            )),
            (None, _) => Err(SqlError::new(
                15123,
                format!(
                    "The configuration option '{name}' does not exist, or it may be an advanced option."
                ),
            )),
        }
    }

    /// Sets an option's pending value and returns the option as it was.
    ///
    /// # Errors
    /// 15123 or 15124 for the name, 15129 for a value out of range, 5833 when the file can't
    /// be written.
    pub fn set(&self, name: &str, value: i32) -> Result<ConfigurationOption, SqlError> {
        let option = self.find(name)?;
        if !(option.minimum..=option.maximum).contains(&value) {
            return Err(SqlError::new(
                15129,
                format!(
                    "'{value}' is not a valid value for configuration option '{}'.",
                    option.name
                ),
            ));
        }
        self.change(|values| {
            values.config.insert(option.name.to_owned(), value);
        })?;
        Ok(option)
    }

    /// Puts all pending values in force.
    ///
    /// # Errors
    /// 5833 when the file can't be written; then nothing has changed.
    pub fn reconfigure(&self) -> Result<(), SqlError> {
        self.change(|values| values.run = values.config.clone())
    }

    /// Whether external scripts may run.
    pub fn external_scripts_enabled(&self) -> bool {
        self.find(EXTERNAL_SCRIPTS_ENABLED).is_ok_and(|option| option.run_value != 0)
    }

    /// How many identities may run external scripts at once; `None` for what the settings say.
    pub fn worker_accounts(&self) -> Option<u32> {
        let option = self.find(WORKER_ACCOUNTS).ok()?;
        u32::try_from(option.run_value).ok().filter(|accounts| *accounts > 0)
    }

    /// Applies a change to a copy, writes it, and keeps it only when it is written.
    fn change(&self, change: impl FnOnce(&mut Values)) -> Result<(), SqlError> {
        let mut values = self.lock();
        let mut changed = values.clone();
        change(&mut changed);
        changed.write(&self.file).map_err(|error| {
            SqlError::new(
                5833,
                format!(
                    "The configuration option could not be saved in '{}': {error}.",
                    self.file.display()
                ),
            )
        })?;
        *values = changed;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        // The values are replaced whole, so a panic elsewhere can't have left half a change.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Values ===

impl Values {
    fn option(&self, definition: &Definition) -> ConfigurationOption {
        let value = |of: &BTreeMap<String, i32>| {
            of.get(definition.name).copied().unwrap_or(definition.default)
        };
        ConfigurationOption {
            id: definition.id,
            name: definition.name,
            description: definition.description,
            minimum: definition.minimum,
            maximum: definition.maximum,
            config_value: value(&self.config),
            run_value: value(&self.run),
        }
    }

    /// Writes a new file beside the old one and puts it in its place.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &tempfile::TempDir) -> Configuration {
        Configuration::open(&folder.path().join("configuration.json")).unwrap()
    }

    #[test]
    fn a_change_waits_for_reconfigure_and_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = open(&folder);
        configuration.set("EXTERNAL scripts", 1).unwrap();
        assert!(!configuration.external_scripts_enabled());
        assert_eq!(open(&folder).find("external").unwrap().config_value, 1);
        configuration.reconfigure().unwrap();
        assert!(configuration.external_scripts_enabled());
        assert!(open(&folder).external_scripts_enabled());
    }

    #[test]
    fn wrong_names_and_values_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = open(&folder);
        assert_eq!(configuration.set("no such", 1).unwrap_err().number(), 15123);
        assert_eq!(configuration.set("", 1).unwrap_err().number(), 15124);
        assert_eq!(configuration.set("external", 2).unwrap_err().number(), 15129);
    }

    #[test]
    fn a_file_of_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("configuration.json");
        std::fs::write(&file, r#"{"other": 1}"#).unwrap();
        let message = Configuration::open(&file).unwrap_err().to_string();
        assert!(message.contains("configuration.json"), "{message}");
    }
}
