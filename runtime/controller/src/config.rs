//! How a controller is configured, and how it finds images.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchpod_exchange::TypeMapping;
use launchpod_outbound::Allowed;
use launchpod_sandbox::{Limits, Network, Outbound, UserNamespace};

use crate::accounts::Admission;

/// A controller's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The languages that scripts can name. Any other ends in 39007.
    pub languages: Vec<Language>,
    /// How many requests run and wait at once.
    pub admission: Admission,
    /// How many workers a request has at most that may be run in parallel. Each has a worker
    /// place in its identity's worker account; when fewer are free, fewer workers are made.
    pub parallel_workers: u32,
    /// What one worker may use. A script that hits memory or processes ends in 39127.
    pub limits: Limits,
    /// The memory (bytes) and the processors of the host, of which external resource pools have
    /// their percents.
    pub memory: u64,
    /// See [`Config::memory`].
    pub processors: u32,
    /// What the scripts of an external resource pool reach through the server, beside what their
    /// language does, by the pool's name in lower case.
    pub pool_outbound: BTreeMap<String, Arc<Allowed>>,
    /// How long a script may run, from the moment it is handed over; `None` for no limit. A
    /// script that runs longer is killed and ends in 39127.
    pub time_limit: Option<Duration>,
    /// How much processor time one worker may use, all its processes together, from the moment
    /// the script is handed over; `None` for no limit. A script that uses more is killed and ends
    /// in 39127.
    pub cpu_limit: Option<Duration>,
    /// How much one request may send.
    pub caps: Caps,
    /// How many connections one worker's script may have at once back to its caller's database,
    /// and as many outward through the server. A further one waits a moment for its turn, and is
    /// refused then.
    pub script_connections: u32,
    /// After how long without a byte a script's connection outward is closed.
    pub outbound_idle: Duration,
    /// Whether the history keeps the text of scripts, and not just its hash.
    pub keeps_scripts: bool,
    /// How SQL types are shown to scripts.
    pub type_mapping: TypeMapping,
    /// Whether NaN and infinities that a script returns end it in 9803; otherwise they are NULL.
    pub refuse_non_finite: bool,
    /// Whether data travel as memory that controller and worker share, where the worker can;
    /// otherwise, and where they don't fit, they are copied through the socket.
    pub shared_memory: bool,
    /// How long after the time limit a worker that should have ended itself is killed from
    /// outside.
    pub grace: Duration,
}

/// How much one request may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes that it may write to standard output and error. When there are more, they are left
    /// out and the script ends in 39127.
    pub message_bytes: u64,
    /// Bytes that its result may have, as its workers send it. When there are more, the script
    /// ends in 39127.
    pub result_bytes: u64,
    /// Rows that its result may have. When there are more, the script ends in 39127.
    pub result_rows: u64,
    /// Bytes that it may send outward. When there are more, its connections are closed and it ends
    /// in 39127.
    pub outbound_bytes: u64,
}

/// A language that scripts can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name as messages show it, e.g. `Python`; matched without regard to case.
    pub name: String,
    /// The environment whose image runs it, e.g. `python`.
    pub environment: String,
    /// The command that starts its worker; `None` for the image's own.
    pub command: Option<Vec<String>>,
    /// The engine's OCI runtime that its workers run in, e.g. `runsc`; `None` for the engine's
    /// default.
    pub runtime: Option<String>,
    /// Which user namespace its workers are in.
    pub user_namespace: UserNamespace,
    /// What its workers can connect to.
    pub network: Network,
}

/// An image that workers are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The image's ID as the engine gives it (`sha256:…`).
    pub id: String,
    /// The hash of the lock that it was built from.
    pub lock_hash: String,
}

/// Finds the image of an environment.
#[async_trait]
pub trait Images: Send + Sync {
    /// The image that `environment` is bound to now. Called for each request, so an
    /// implementation remembers what it can.
    ///
    /// # Errors
    /// There is none. The client reads the error's text after 39021, so it names the cause and
    /// the way out (`image "python" is not built; run: launchpod image build python`).
    async fn find(&self, environment: &str) -> Result<Image, Box<dyn Error + Send + Sync>>;
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Config {
            languages: vec![Language {
                name: "Python".to_owned(),
                environment: "python".to_owned(),
                command: None,
                runtime: None,
                user_namespace: UserNamespace::Engine,
                network: Network { loopback: true, outbound: None },
            }],
            admission: Admission::default(),
            parallel_workers: processors(),
            limits: Limits::default(),
            memory: memory(),
            processors: processors(),
            pool_outbound: BTreeMap::new(),
            time_limit: Some(Duration::from_secs(3600)),
            cpu_limit: None,
            caps: Caps::default(),
            script_connections: 16,
            outbound_idle: Duration::from_secs(300),
            keeps_scripts: false,
            type_mapping: TypeMapping::default(),
            refuse_non_finite: false,
            shared_memory: true,
            grace: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// What workers can connect to that run scripts of a language in a pool.
    pub(crate) fn network(&self, language: &Language, pool: &str) -> Network {
        let mut network = language.network.clone();
        let Some(more) = self.pool_outbound.get(&pool.to_lowercase()) else { return network };
        network.outbound = Some(match &network.outbound {
            None => Outbound::Hosts(Arc::clone(more)),
            Some(Outbound::Hosts(hosts)) => Outbound::Hosts(Arc::new(hosts.and(more))),
            // What decides there is an administrator's own proxy.
            Some(engine @ Outbound::Network(_)) => engine.clone(),
        });
        network
    }

    /// The language of that name, without regard to case.
    pub fn language(&self, name: &str) -> Option<&Language> {
        let name = name.trim_end().to_lowercase();
        self.languages.iter().find(|language| language.name.to_lowercase() == name)
    }
}

// === impl Caps ===

impl Default for Caps {
    fn default() -> Self {
        Caps {
            message_bytes: 64 << 20,
            result_bytes: 64 << 30,
            result_rows: 10_000_000_000,
            outbound_bytes: 1 << 30,
        }
    }
}

/// The processors of this host.
fn processors() -> u32 {
    let known = std::thread::available_parallelism();
    known.map_or(1, |processors| processors.get().try_into().unwrap_or(u32::MAX))
}

/// The memory of this host (bytes).
fn memory() -> u64 {
    let info = rustix::system::sysinfo();
    // Both are counts of bytes that a machine has.
    (info.totalram as u64).saturating_mul(info.mem_unit.into())
}
