//! The program's settings: a flag over the environment over the file over the default.

mod database;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use launchpod_controller::{Admission, Caps, TypeMapping};
use launchpod_history::Bounds;
use launchpod_outbound::{Allowed, Entry};
use launchpod_sandbox::{
    EngineNetwork, Limits, Network, Outbound, PoolConfig, Preference, UserNamespace,
};
use serde::Deserialize;

use self::database::DatabaseSettings;
use crate::error::Error;

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

    /// Seconds of processor time that all processes of one worker may use; then the script is
    /// ended and fails with 39127. 0 for no limit (default 0)
    #[arg(long, env = "LAUNCHPOD_SCRIPT_CPU_TIME", value_name = "SECONDS")]
    pub script_cpu_time: Option<u64>,

    /// MiB that a script may write to standard output and error; the rest is left out and the
    /// script fails with 39127 (default 64)
    #[arg(long, env = "LAUNCHPOD_MESSAGE_SIZE", value_name = "MIB")]
    pub message_size: Option<u64>,

    /// MiB that a script's result may have; past it the script fails with 39127 (default 65536)
    #[arg(long, env = "LAUNCHPOD_RESULT_SIZE", value_name = "MIB")]
    pub result_size: Option<u64>,

    /// Rows that a script's result may have; past it the script fails with 39127
    /// (default 10000000000)
    #[arg(long, env = "LAUNCHPOD_RESULT_ROWS", value_name = "N")]
    pub result_rows: Option<u64>,

    /// Processors of one worker, e.g. 1.5; it is slowed down to them (default all)
    #[arg(long, env = "LAUNCHPOD_WORKER_CPUS", value_name = "N")]
    pub worker_cpus: Option<f64>,

    /// A worker's share of busy processors, against the server's 1024 (default 512)
    #[arg(long, env = "LAUNCHPOD_WORKER_CPU_WEIGHT", value_name = "N")]
    pub worker_cpu_weight: Option<u32>,

    /// MiB in a worker's /tmp, which count as its memory; past it a script can't write
    /// (default 256)
    #[arg(long, env = "LAUNCHPOD_SCRATCH_SIZE", value_name = "MIB")]
    pub scratch_size: Option<u64>,

    /// Files in a worker's /tmp; past it a script can make no more (default 65536)
    #[arg(long, env = "LAUNCHPOD_SCRATCH_FILES", value_name = "N")]
    pub scratch_files: Option<u32>,

    /// MiB in a worker's /dev/shm, which count as its memory; past it a script can't write
    /// (default 64)
    #[arg(long, env = "LAUNCHPOD_SHARED_MEMORY", value_name = "MIB")]
    pub shared_memory: Option<u64>,

    /// Open files of one process of a worker; past it a script can't open more (default 1024)
    #[arg(long, env = "LAUNCHPOD_OPEN_FILES", value_name = "N")]
    pub open_files: Option<u32>,

    /// MiB that one process of a worker may lock in memory; past it mlock fails (default 8)
    #[arg(long, env = "LAUNCHPOD_LOCKED_MEMORY", value_name = "MIB")]
    pub locked_memory: Option<u64>,

    /// Signals and timers that may be queued for a worker; past it sigqueue fails (default 128)
    #[arg(long, env = "LAUNCHPOD_PENDING_SIGNALS", value_name = "N")]
    pub pending_signals: Option<u32>,

    /// MiB that a worker's TCP connections may hold where the host counts them apart from memory, with
    /// cgroups of version 1; past it they wait (default 16)
    #[arg(long, env = "LAUNCHPOD_TCP_MEMORY", value_name = "MIB")]
    pub tcp_memory: Option<u64>,

    /// Seconds that a worker may take until it is ready; then the script fails with 39012
    /// (default 60)
    #[arg(long, env = "LAUNCHPOD_START_TIMEOUT", value_name = "SECONDS")]
    pub start_timeout: Option<u64>,

    /// The engine's OCI runtime for workers of the language Python, e.g. runsc; the server doesn't
    /// start when the engine has none of that name (default the engine's)
    #[arg(long, env = "LAUNCHPOD_PYTHON_RUNTIME", value_name = "NAME")]
    pub python_runtime: Option<String>,

    /// User namespace of workers of the language Python: engine, as the engine has it; required, one
    /// in which root isn't the host's, else the server doesn't start; host, the engine's own, even
    /// where it maps its containers' uids (default engine)
    #[arg(long, env = "LAUNCHPOD_PYTHON_USER_NAMESPACE", value_name = "WHICH")]
    pub python_user_namespace: Option<UserNamespace>,

    /// Whether scripts may connect back to their caller's database, as their caller and without a
    /// password (default true)
    #[arg(long, env = "LAUNCHPOD_PYTHON_LOOPBACK", value_name = "BOOL")]
    pub python_loopback: Option<bool>,

    /// Hosts and ports that scripts reach through the server, HOST:PORT or *.NAME:PORT each, as a
    /// list (default none: they reach nothing)
    #[arg(
        long,
        env = "LAUNCHPOD_PYTHON_OUTBOUND",
        value_name = "HOST:PORT",
        value_delimiter = ','
    )]
    pub python_outbound: Option<Vec<Entry>>,

    /// MiB that a script may send there; past it its connections are closed and it fails with 39127
    /// (default 1024)
    #[arg(long, env = "LAUNCHPOD_OUTBOUND_SIZE", value_name = "MIB")]
    pub outbound_size: Option<u64>,

    /// Seconds without a byte after which a script's connection there is closed (default 300)
    #[arg(long, env = "LAUNCHPOD_OUTBOUND_IDLE_TIMEOUT", value_name = "SECONDS")]
    pub outbound_idle_timeout: Option<u64>,

    /// Connections that one script may have at once back to its caller's database, and as many
    /// there; past it a further one waits 5 seconds for its turn, then fails with 17809 or HTTP's 503
    /// (default 16)
    #[arg(long, env = "LAUNCHPOD_SCRIPT_CONNECTIONS", value_name = "N")]
    pub script_connections: Option<u32>,

    /// Internal network of the container engine that scripts are put in instead (default none)
    #[arg(long, env = "LAUNCHPOD_PYTHON_NETWORK", value_name = "NAME")]
    pub python_network: Option<String>,

    /// URL of the proxy in that network by which scripts reach what it lets them
    #[arg(long, env = "LAUNCHPOD_PYTHON_PROXY", value_name = "URL")]
    pub python_proxy: Option<String>,

    /// Identities (logins in a database) that run external scripts at once; the scripts of a
    /// further one wait, then fail with 39108. The option 'launchpod worker accounts' of
    /// sp_configure goes before it (default 20)
    #[arg(long, env = "LAUNCHPOD_WORKER_ACCOUNTS", value_name = "N")]
    pub worker_accounts: Option<u32>,

    /// How workers are made: docker, one container each; fast, forked from a template of their image
    /// (needs root); auto, fast where the host allows it, else docker (default auto)
    #[arg(long, env = "LAUNCHPOD_SANDBOX", value_name = "BACKEND")]
    pub sandbox: Option<Preference>,

    /// Workers that are kept ready for calls to come, at least (default 3)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MIN", value_name = "N")]
    pub ready_workers_min: Option<usize>,

    /// And at most, when calls had to wait; 0 makes each worker when its call comes (default 8)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MAX", value_name = "N")]
    pub ready_workers_max: Option<usize>,

    /// Memory in MiB that ready workers may take together; it holds before the two above
    /// (default 512)
    #[arg(long, env = "LAUNCHPOD_READY_WORKERS_MEMORY", value_name = "MIB")]
    pub ready_workers_memory: Option<u64>,

    /// Workers at once, of all identities; a further script waits, then fails with 39108
    /// (default 60)
    #[arg(long, env = "LAUNCHPOD_WORKERS", value_name = "N")]
    pub workers: Option<u32>,

    /// Workers of one identity at once; a further script of it waits, then fails with 39110
    /// (default 20)
    #[arg(long, env = "LAUNCHPOD_WORKERS_PER_IDENTITY", value_name = "N")]
    pub workers_per_identity: Option<u32>,

    /// Scripts that wait for their turn at once; past it the last one of whoever has most of
    /// them waiting fails with 39108 or 39110 (default 200)
    #[arg(long, env = "LAUNCHPOD_QUEUE_LENGTH", value_name = "N")]
    pub queue_length: Option<u32>,

    /// Seconds that a script waits for its turn; then it fails with 39108 or 39110 (default 30)
    #[arg(long, env = "LAUNCHPOD_QUEUE_TIMEOUT", value_name = "SECONDS")]
    pub queue_timeout: Option<u64>,

    /// Days that the history of external scripts goes back (default 90)
    #[arg(long, env = "LAUNCHPOD_HISTORY_DAYS", value_name = "DAYS")]
    pub history_days: Option<u32>,

    /// MiB that the history may take in the data folder, about; past it the oldest rows are
    /// forgotten (default 256)
    #[arg(long, env = "LAUNCHPOD_HISTORY_SIZE", value_name = "MIB")]
    pub history_size: Option<u64>,

    /// Keep the text of scripts in the history, and not only its hash (default false)
    #[arg(long, env = "LAUNCHPOD_HISTORY_SCRIPTS", num_args = 0..=1, default_missing_value = "true")]
    pub history_scripts: Option<bool>,

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

    /// Pass rows to scripts and back in memory that both map; false copies them through the
    /// worker's socket (default true)
    #[arg(long, env = "LAUNCHPOD_SHARED_SEGMENTS", value_name = "BOOL")]
    pub shared_segments: Option<bool>,

    /// Workers of one script that runs with @parallel = 1, as far as worker accounts are free
    /// (default one for each processor)
    #[arg(long, env = "LAUNCHPOD_PARALLEL_WORKERS", value_name = "N")]
    pub parallel_workers: Option<u32>,

    /// Wrong passwords after which a login is locked whose CHECK_POLICY is on (18486); 0 for
    /// never (default 10)
    #[arg(long, env = "LAUNCHPOD_LOGIN_LOCKOUT_THRESHOLD", value_name = "N")]
    pub login_lockout_threshold: Option<u32>,

    /// Seconds that a login stays locked, and after which wrong passwords no longer count; 0
    /// until ALTER LOGIN … UNLOCK (default 600)
    #[arg(long, env = "LAUNCHPOD_LOGIN_LOCKOUT_DURATION", value_name = "SECONDS")]
    pub login_lockout_duration: Option<u32>,

    /// Days after which a password expires whose CHECK_EXPIRATION is on (18487) (default 42)
    #[arg(long, env = "LAUNCHPOD_PASSWORD_MAX_AGE", value_name = "DAYS")]
    pub password_max_age: Option<u32>,

    /// Folder for the workers' sockets; short, since a socket's path holds 108 bytes
    /// (default /run/launchpod)
    #[arg(long, env = "LAUNCHPOD_RUN_DIR", value_name = "DIR")]
    pub run_dir: Option<PathBuf>,

    /// Seconds that running batches get at SIGTERM before they are cancelled (default 10)
    #[arg(long, env = "LAUNCHPOD_GRACE", value_name = "SECONDS")]
    pub grace: Option<u64>,

    /// What scripts in an external resource pool may do more, by the pool's name; in the file alone
    #[arg(skip)]
    pub external_resource_pools: Option<BTreeMap<String, PoolSettings>>,

    /// What holds the data
    #[command(flatten)]
    pub database: DatabaseSettings,
}

/// What scripts in an external resource pool may do more: `[external_resource_pools.NAME]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// Hosts and ports that they reach through the server, beside those of `python_outbound`.
    pub outbound: Vec<Entry>,
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
        Settings {
            database: $over.database.over($under.database),
            $($field: $over.$field.or($under.$field)),+
        }
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
            script_cpu_time,
            message_size,
            result_size,
            result_rows,
            worker_cpus,
            worker_cpu_weight,
            scratch_size,
            scratch_files,
            shared_memory,
            open_files,
            locked_memory,
            pending_signals,
            tcp_memory,
            start_timeout,
            python_runtime,
            python_user_namespace,
            python_loopback,
            python_outbound,
            outbound_size,
            outbound_idle_timeout,
            script_connections,
            python_network,
            python_proxy,
            worker_accounts,
            sandbox,
            ready_workers_min,
            ready_workers_max,
            ready_workers_memory,
            workers,
            workers_per_identity,
            queue_length,
            queue_timeout,
            history_days,
            history_size,
            history_scripts,
            spool_size,
            type_mapping,
            refuse_non_finite,
            shared_segments,
            parallel_workers,
            login_lockout_threshold,
            login_lockout_duration,
            password_max_age,
            run_dir,
            grace,
            external_resource_pools,
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

    /// What scripts in Python can connect to: by default their caller's database alone.
    ///
    /// # Errors
    /// Two ways out are named.
    pub fn python_network(&self) -> Result<Network, Error> {
        let hosts = self.python_outbound.clone().filter(|hosts| !hosts.is_empty());
        let outbound = match (hosts, &self.python_network, &self.python_proxy) {
            (Some(hosts), None, None) => Some(Outbound::Hosts(Arc::new(Allowed::new(hosts)))),
            (None, Some(name), proxy) => {
                let (name, proxy) = (name.clone(), proxy.clone());
                Some(Outbound::Network(EngineNetwork { name, proxy }))
            }
            (None, None, _) => None,
            (Some(_), ..) => {
                return Err("python_outbound and python_network (with python_proxy) are two ways \
                            out: name one of them"
                    .into());
            }
        };
        Ok(Network { loopback: self.python_loopback.unwrap_or(true), outbound })
    }

    /// What scripts reach through the server by their external resource pool, by its name in lower
    /// case.
    ///
    /// # Errors
    /// A pool has two sections, or there is another way out.
    pub fn pool_outbound(&self) -> Result<BTreeMap<String, Arc<Allowed>>, Error> {
        let mut lists = BTreeMap::new();
        for (name, pool) in self.external_resource_pools.iter().flatten() {
            if pool.outbound.is_empty() {
                continue;
            }
            if self.python_network.is_some() {
                return Err(format!(
                    "python_network and outbound of the external resource pool {name:?} are two \
                     ways out: name one of them"
                )
                .into());
            }
            let list = Arc::new(Allowed::new(pool.outbound.clone()));
            if lists.insert(name.to_lowercase(), list).is_some() {
                return Err(format!(
                    "external_resource_pools has two sections for the pool {name:?}: the case of a \
                     name doesn't count"
                )
                .into());
            }
        }
        Ok(lists)
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
        mebibytes(self.spool_size.unwrap_or(4_096))
    }

    /// What one worker may use.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            memory: self.worker_memory.map_or(default.memory, mebibytes),
            processes: self.worker_processes.unwrap_or(default.processes),
            // A float to an integer saturates; a worker without any processor can't be had.
            millicpus: self.worker_cpus.map(|processors| ((processors * 1000.0) as u32).max(10)),
            cpu_weight: self.worker_cpu_weight.unwrap_or(default.cpu_weight),
            scratch: self.scratch_size.map_or(default.scratch, mebibytes),
            scratch_files: self.scratch_files.unwrap_or(default.scratch_files),
            shared_memory: self.shared_memory.map_or(default.shared_memory, mebibytes),
            open_files: self.open_files.unwrap_or(default.open_files),
            locked_memory: self.locked_memory.map_or(default.locked_memory, mebibytes),
            pending_signals: self.pending_signals.unwrap_or(default.pending_signals),
            tcp_memory: self.tcp_memory.map_or(default.tcp_memory, mebibytes),
            ready: self.start_timeout.map_or(default.ready, Duration::from_secs),
        }
    }

    /// How much processor time one worker may use: by default as much as it likes.
    pub fn cpu_limit(&self) -> Option<Duration> {
        self.script_cpu_time.filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// How much one script may send.
    pub fn caps(&self) -> Caps {
        let default = Caps::default();
        Caps {
            message_bytes: self.message_size.map_or(default.message_bytes, mebibytes),
            result_bytes: self.result_size.map_or(default.result_bytes, mebibytes),
            result_rows: self.result_rows.unwrap_or(default.result_rows),
            outbound_bytes: self.outbound_size.map_or(default.outbound_bytes, mebibytes),
        }
    }

    /// How much of what has become of scripts is remembered.
    pub fn history(&self) -> Bounds {
        let default = Bounds::default();
        let day = Duration::from_secs(24 * 3600);
        Bounds {
            age: self.history_days.map_or(default.age, |days| day * days),
            size: self.history_size.map_or(default.size, mebibytes),
        }
    }

    /// How many scripts run and wait at once.
    pub fn admission(&self) -> Admission {
        let default = Admission::default();
        Admission {
            accounts: self.worker_accounts.unwrap_or(default.accounts),
            workers: self.workers.unwrap_or(default.workers),
            workers_per_identity: self.workers_per_identity.unwrap_or(default.workers_per_identity),
            queue: self.queue_length.unwrap_or(default.queue),
            wait: self.queue_timeout.map_or(default.wait, Duration::from_secs),
        }
    }

    /// How many workers are made ahead: by default 3 to 8 in at most 512 MiB.
    pub fn pool(&self) -> PoolConfig {
        let default = PoolConfig::default();
        let memory = self.ready_workers_memory.map(mebibytes);
        PoolConfig {
            floor: self.ready_workers_min.unwrap_or(default.floor),
            ceiling: self.ready_workers_max.unwrap_or(default.ceiling),
            memory: memory.unwrap_or(default.memory),
        }
    }

    /// After how many wrong passwords a login is locked: by default 10; 0 for never.
    pub fn login_lockout_threshold(&self) -> i64 {
        self.login_lockout_threshold.unwrap_or(10).into()
    }

    /// Seconds that a login stays locked: by default ten minutes; 0 until it is unlocked.
    pub fn login_lockout_duration(&self) -> i64 {
        self.login_lockout_duration.unwrap_or(600).into()
    }

    /// Seconds after which a password expires: by default 42 days, as with Windows.
    pub fn password_max_age(&self) -> i64 {
        i64::from(self.password_max_age.unwrap_or(42)) * 24 * 60 * 60
    }

    /// How long running batches get at SIGTERM: by default 10 seconds.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace.unwrap_or(10))
    }
}

fn mebibytes(count: u64) -> u64 {
    count.saturating_mul(1 << 20)
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
        assert_eq!(settings.limits().memory, 7 << 20);
        assert_eq!(settings.script_timeout(), Some(Duration::from_secs(5)));
        assert_eq!(settings.admission().accounts, 20);
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
    fn the_way_out_is_a_list_of_hosts_and_ports() {
        let listed = file("python_outbound = ['API.example.com:443', '*.example.org:443']");
        let settings = Settings::default().over_file(Some(listed.path())).unwrap();
        let network = settings.python_network().unwrap();
        assert_eq!(network.hosts().unwrap().to_string(), "api.example.com:443, *.example.org:443");
        for nothing in ["", "python_outbound = []"] {
            let settings = Settings::default().over_file(Some(file(nothing).path())).unwrap();
            assert_eq!(settings.python_network().unwrap().outbound, None);
        }
        let wrong = file("python_outbound = ['api.example.com:443', 'api.example.com']");
        let error = Settings::default().over_file(Some(wrong.path())).unwrap_err().to_string();
        assert!(error.contains("\"api.example.com\" can't be opened"), "{error}");
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn a_pool_has_a_way_out_of_its_own() {
        let text = "[external_resource_pools.DS_ep]\noutbound = ['a.org:443']\n\
                    [external_resource_pools.default]\n";
        let settings = Settings::default().over_file(Some(file(text).path())).unwrap();
        let lists = settings.pool_outbound().unwrap();
        assert_eq!(lists.len(), 1);
        assert_eq!(lists["ds_ep"].to_string(), "a.org:443");
        let other = "[external_resource_pools.ds_EP]\noutbound = ['b.org:443']\n";
        for (text, wrong) in [
            (format!("{text}{other}"), "two sections"),
            (format!("python_network = 'inside'\n{text}"), "two ways out"),
        ] {
            let settings = Settings::default().over_file(Some(file(&text).path())).unwrap();
            let error = settings.pool_outbound().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
        let unknown = file("[external_resource_pools.p]\nmemory = 1\n");
        let error = Settings::default().over_file(Some(unknown.path())).unwrap_err().to_string();
        assert!(error.contains("memory"), "{error}");
    }

    #[test]
    fn there_is_one_way_out() {
        for other in ["python_network = 'inside'", "python_proxy = 'http://proxy:3128'"] {
            let both = file(&format!("python_outbound = ['a.org:443']\n{other}"));
            let settings = Settings::default().over_file(Some(both.path())).unwrap();
            let error = settings.python_network().unwrap_err().to_string();
            assert!(error.contains("python_outbound and python_network"), "{error}");
        }
    }

    #[test]
    fn zero_means_no_time_limit() {
        let settings = Settings { script_timeout: Some(0), ..Settings::default() };
        assert_eq!(settings.script_timeout(), None);
    }
}
