//! The program's settings: a flag over the environment over the file over the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use launchpod_controller::TypeMapping;
use launchpod_sandbox::PoolConfig;
use serde::Deserialize;

/// Every setting, each optional, as a flag, an environment variable or a key of the file.
///
/// One definition serves all three, so that they can't drift apart.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to accept SQL Server clients on; port 0 takes a free one
    /// (default 127.0.0.1:1433)
    #[arg(long, env = "LAUNCHPOD_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,

    /// Folder of the embedded database, the certificate and the options; made when missing
    #[arg(long, env = "LAUNCHPOD_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Refuse clients that don't encrypt the whole session (default false)
    #[arg(long, env = "LAUNCHPOD_FORCE_ENCRYPTION", num_args = 0..=1, default_missing_value = "true")]
    pub force_encryption: Option<bool>,

    /// PEM file with the server's certificate chain; without it a self-signed one is made
    #[arg(long, env = "LAUNCHPOD_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,

    /// PEM file with the certificate's private key
    #[arg(long, env = "LAUNCHPOD_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Image that the language Python runs in; a script fails with 39021 when it isn't built
    /// (default python)
    #[arg(long, env = "LAUNCHPOD_PYTHON_IMAGE", value_name = "NAME")]
    pub python_image: Option<String>,

    /// Folder of image definitions of your own, beside those that the program carries
    #[arg(long, env = "LAUNCHPOD_IMAGES", value_name = "DIR")]
    pub images: Option<PathBuf>,

    /// Seconds a script may run; then it is ended and fails with 39127. 0 for no limit
    /// (default 3600)
    #[arg(long, env = "LAUNCHPOD_SCRIPT_TIMEOUT", value_name = "SECONDS")]
    pub script_timeout: Option<u64>,

    /// Memory of one worker in MiB, its scratch files included; past it the script is ended
    /// and fails with 39127 (default 2048)
    #[arg(long, env = "LAUNCHPOD_WORKER_MEMORY", value_name = "MIB")]
    pub worker_memory: Option<u64>,

    /// Processes and threads in one worker; past it a script can't start more, and fails with
    /// 39127 if that ends it (default 128)
    #[arg(long, env = "LAUNCHPOD_WORKER_PROCESSES", value_name = "N")]
    pub worker_processes: Option<u32>,

    /// External scripts that run at once; a further one waits, then fails with 39108
    /// (default 20)
    #[arg(long, env = "LAUNCHPOD_WORKER_ACCOUNTS", value_name = "N")]
    pub worker_accounts: Option<u32>,

    /// Workers that are kept ready for calls to come, at least (default 2)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MIN", value_name = "N")]
    pub ready_workers_min: Option<usize>,

    /// And at most, when calls had to wait; 0 makes each worker when its call comes (default 8)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MAX", value_name = "N")]
    pub ready_workers_max: Option<usize>,

    /// Memory in MiB that ready workers may take together; it holds before the two above
    /// (default 512)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MEMORY", value_name = "MIB")]
    pub ready_workers_memory: Option<u64>,

    /// Disk space in MiB that the rows of one INSERT … EXEC may take in the data folder before
    /// they are inserted; past it the statement fails with 1105 (default 4096)
    #[arg(long, env = "LAUNCHPOD_SPOOL_SIZE", value_name = "MIB")]
    pub spool_size: Option<u64>,

    /// How types are shown to scripts: lossless; sqlserver, as SQL Server's own runtime shows and
    /// refuses them; text, everything as its exact text (default lossless)
    #[arg(long, env = "LAUNCHPOD_TYPE_MAPPING", value_name = "MAPPING")]
    pub type_mapping: Option<TypeMapping>,

    /// Fail with 9803 when a script returns NaN or an infinity, which otherwise are NULL
    /// (default false)
    #[arg(long, env = "LAUNCHPOD_REFUSE_NON_FINITE", num_args = 0..=1, default_missing_value = "true")]
    pub refuse_non_finite: Option<bool>,
    /// Workers of one script that runs with @parallel = 1, as far as worker accounts are free
    /// (default one for each processor)
    #[arg(long, env = "LAUNCHPOD_PARALLEL_WORKERS", value_name = "N")]
    pub parallel_workers: Option<u32>,

    /// Folder for the workers' sockets; short, since a socket's path holds 108 bytes
    /// (default /run/launchpod)
    #[arg(long, env = "LAUNCHPOD_RUN_DIR", value_name = "DIR")]
    pub run_dir: Option<PathBuf>,

    /// Seconds that running batches get at SIGTERM before they are cancelled (default 10)
    #[arg(long, env = "LAUNCHPOD_GRACE", value_name = "SECONDS")]
    pub grace: Option<u64>,
}

/// The settings as every command takes them: said directly, or in a file.
#[derive(Args)]
pub struct SettingsArguments {
    /// File of settings (TOML); a flag or variable wins over it
    #[arg(long, env = "LAUNCHPOD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

/// A settings file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("settings file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file isn't TOML, or has an unknown key or a value of the wrong kind.
    #[error("settings file {path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: toml::de::Error,
    },
}

// === impl SettingsArguments ===

impl SettingsArguments {
    /// What holds: what is said directly over the file.
    ///
    /// # Errors
    /// As [`Settings::over_file`].
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        self.settings.over_file(self.config.as_deref())
    }
}

// === impl Settings ===

/// Takes each field from the first of two settings that has it.
macro_rules! first_of {
    ($over:ident, $under:ident, $($field:ident),+ $(,)?) => {
        Settings { $($field: $over.$field.or($under.$field)),+ }
    };
}

impl Settings {
    /// These settings (flags and environment) over those of a file, if one is named.
    ///
    /// # Errors
    /// When the file can't be read or understood; the message names the key and the line.
    pub fn over_file(self, file: Option<&Path>) -> Result<Settings, SettingsError> {
        let Some(path) = file else { return Ok(self) };
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
        let under: Settings = toml::from_str(&text)
            .map_err(|source| SettingsError::Parse { path: path.to_owned(), source })?;
        Ok(first_of!(
            self,
            under,
            listen,
            data_dir,
            force_encryption,
            tls_certificate,
            tls_key,
            python_image,
            images,
            script_timeout,
            worker_memory,
            worker_processes,
            worker_accounts,
            ready_workers_min,
            ready_workers_max,
            ready_workers_memory,
            spool_size,
            type_mapping,
            refuse_non_finite,
            parallel_workers,
            run_dir,
            grace,
        ))
    }

    /// Where clients are accepted: by default SQL Server's port on this machine only.
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 1433)))
    }

    /// The image of the language Python.
    pub fn python_image(&self) -> &str {
        self.python_image.as_deref().unwrap_or("python")
    }

    /// How long a script may run: by default an hour.
    pub fn script_timeout(&self) -> Option<Duration> {
        match self.script_timeout.unwrap_or(3_600) {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        }
    }

    /// Bytes of disk space for the rows of one INSERT … EXEC: by default 4 GiB.
    pub fn spool_size(&self) -> u64 {
        self.spool_size.unwrap_or(4_096).saturating_mul(1 << 20)
    }

    /// Bytes of memory for one worker: by default 2 GiB.
    pub fn worker_memory(&self) -> u64 {
        self.worker_memory.unwrap_or(2_048).saturating_mul(1 << 20)
    }

    /// Processes and threads for one worker: by default 128.
    pub fn worker_processes(&self) -> u32 {
        self.worker_processes.unwrap_or(128)
    }

    /// Scripts that run at once: by default 20, as SQL Server's pool of accounts.
    pub fn worker_accounts(&self) -> u32 {
        self.worker_accounts.unwrap_or(20)
    }

    /// How many workers are made ahead: by default 2 to 8 in at most 512 MiB.
    pub fn pool(&self) -> PoolConfig {
        let default = PoolConfig::default();
        let memory = self.ready_workers_memory.map(|mebibytes| mebibytes.saturating_mul(1 << 20));
        PoolConfig {
            floor: self.ready_workers_min.unwrap_or(default.floor),
            ceiling: self.ready_workers_max.unwrap_or(default.ceiling),
            memory: memory.unwrap_or(default.memory),
        }
    }

    /// How long running batches get at SIGTERM: by default 10 seconds.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace.unwrap_or(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn what_is_said_directly_wins_over_the_file() {
        let file = file("worker_memory = 100\nscript_timeout = 5\n");
        let said = Settings { worker_memory: Some(7), ..Settings::default() };
        let settings = said.over_file(Some(file.path())).unwrap();
        assert_eq!(settings.worker_memory(), 7 << 20);
        assert_eq!(settings.script_timeout(), Some(Duration::from_secs(5)));
        assert_eq!(settings.worker_accounts(), 20);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let file = file("liste = '127.0.0.1:1433'\n");
        let error = Settings::default().over_file(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains("liste") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn types_are_mapped_as_the_file_says() {
        let file = file("type_mapping = 'sqlserver'\nrefuse_non_finite = true\n");
        let settings = Settings::default().over_file(Some(file.path())).unwrap();
        assert_eq!(settings.type_mapping, Some(TypeMapping::SqlServer));
        assert_eq!(settings.refuse_non_finite, Some(true));
        assert_eq!("text".parse(), Ok(TypeMapping::Text));
        assert!("Text".parse::<TypeMapping>().is_err());
    }

    #[test]
    fn zero_means_no_time_limit() {
        let settings = Settings { script_timeout: Some(0), ..Settings::default() };
        assert_eq!(settings.script_timeout(), None);
    }
}
