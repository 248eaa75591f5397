//! Why there is no worker.

use std::path::PathBuf;
use std::time::Duration;

use crate::channel_error::ChannelError;
use crate::engine::EngineError;
use crate::limits::LimitError;
use crate::run_folder::RunFolderError;

/// Why a worker could not be had. [`SandboxError::explain`] adds the way out.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine didn't do what it was asked for.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The worker's folder could not be made.
    #[error(transparent)]
    RunFolder(#[from] RunFolderError),
    /// The controller runs in a container, and the engine can't see its run folder.
    #[error("run folder {0} is inside the server's own container, where the engine can't see it")]
    HiddenRunFolder(PathBuf),
    /// Every uid of the configured range is in use by a live worker.
    #[error("all worker uids are in use")]
    NoUid,
    /// A worker's socket can't be listened on.
    #[error("can't listen on a worker's socket: {0}")]
    Socket(std::io::Error),
    /// The network that is configured can't be given to a worker.
    #[error("network {network:?} {reason}")]
    Network {
        /// The network's name.
        network: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A limit is configured that no worker can have.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The engine doesn't have the OCI runtime that is configured.
    #[error("OCI runtime {runtime:?} (python_runtime) is none of the engine's: it has {known}")]
    Runtime {
        /// The runtime's name.
        runtime: String,
        /// Those that the engine has.
        known: String,
    },
    /// Workers must be in a user namespace, and these would not be.
    #[error("workers must have a user namespace (python_user_namespace), and {0}")]
    NoUserNamespace(String),
    /// There is no template to fork workers from, and Docker may not stand in.
    #[error("the fast sandbox is not to be had: {0}")]
    NoTemplate(String),
    /// The process that makes workers has ended.
    #[error("the process that makes workers has ended")]
    SpawnerGone,
    /// Who wanted the worker has gone.
    #[error("the worker isn't wanted any more")]
    Abandoned,
    /// The backend is shutting down.
    #[error("the sandbox is shutting down")]
    ShuttingDown,
    /// The container ended before its supervisor had connected and its language was ready.
    #[error("container {container} ended before it was ready ({how}){}", quoted(.output))]
    Died {
        /// The container's name.
        container: String,
        /// Its exit code or signal, or that memory ran out, as far as known.
        how: String,
        /// The last of what it wrote.
        output: String,
    },
    /// The container wasn't ready in time.
    #[error("container {container} was not ready after {} s{}", after.as_secs_f64(), quoted(.output))]
    NotReady {
        /// The container's name.
        container: String,
        /// The limit.
        after: Duration,
        /// The last of what it wrote.
        output: String,
    },
    /// The container's worker doesn't speak the protocol.
    #[error("container {container} broke the worker protocol: {source}")]
    Protocol {
        /// The container's name.
        container: String,
        /// What it did.
        source: ChannelError,
    },
}

// === impl SandboxError ===

impl SandboxError {
    /// Whether a container was there but its worker didn't get ready, rather than that none
    /// could be made.
    pub fn is_runtime(&self) -> bool {
        matches!(
            self,
            SandboxError::Died { .. }
                | SandboxError::NotReady { .. }
                | SandboxError::Protocol { .. }
        )
    }

    /// What went wrong and the way out, for who asked.
    pub fn explain(&self) -> String {
        match self.way_out() {
            "" => format!("{self}."),
            way_out => format!("{self}. {way_out}"),
        }
    }

    /// What to do about it; empty when the error says all there is.
    pub fn way_out(&self) -> &'static str {
        match self {
            SandboxError::Engine(error) => error.way_out(),
            SandboxError::RunFolder(_) => {
                "Choose a folder that the server may write (run_dir in the configuration)."
            }
            SandboxError::HiddenRunFolder(_) => {
                "Start the server's container with a folder of the host mounted there: \
                 --volume /run/launchpod:/run/launchpod."
            }
            SandboxError::NoUid => "Retry, or widen the range of worker uids.",
            SandboxError::ShuttingDown => "Retry when the server is up again.",
            SandboxError::Network { .. } => {
                "Make one that leads to its own containers alone (docker network create --internal \
                 NAME), and name it in the configuration (python_network)."
            }
            SandboxError::Limit(_) => "Change it in the configuration.",
            SandboxError::Runtime { .. } => {
                "Add it to the engine's configuration (daemon.json, runtimes), or change \
                 python_runtime."
            }
            SandboxError::NoUserNamespace(_) => {
                "Turn on userns-remap in the engine's configuration (daemon.json), run it rootless, \
                 or let the fast backend make the workers (sandbox, with the server as root); \
                 launchpod doctor says what the host lacks."
            }
            SandboxError::NoTemplate(_) => {
                "Choose sandbox = \"auto\" or \"docker\" in the configuration; launchpod doctor \
                 says what the host lacks."
            }
            SandboxError::SpawnerGone => "Retry: another one is starting.",
            SandboxError::Socket(_) | SandboxError::Abandoned => "",
            SandboxError::Died { .. } => {
                "Check the image: launchpod image verify; then the host: launchpod doctor."
            }
            SandboxError::NotReady { .. } => {
                "Retry when the host is less busy; check it with: launchpod doctor."
            }
            SandboxError::Protocol { .. } => {
                "The image's worker layer doesn't match the server: launchpod image build."
            }
        }
    }
}

fn quoted(output: &str) -> String {
    match output.trim() {
        "" => String::new(),
        text => format!("; its last output: {text}"),
    }
}
