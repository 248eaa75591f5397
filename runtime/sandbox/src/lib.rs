//! Workers: single-use containers, made, watched, killed and swept.
//!
//! A [`Backend`] makes a [`Worker`] that has connected and said READY; dropping the worker
//! ends it. [`Docker`] is the backend for one host. The crate knows containers and frames;
//! it knows neither SQL nor Arrow.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `backend` | the trait, the worker, what it is made from |
//! | `limits` | what a worker may use |
//! | `network` | what a worker can connect to |
//! | `pool`, `shelf`, `busy` | workers made ahead, before any backend |
//! | `docker` | the backend on one Docker engine |
//! | `fast` | the backend that forks workers from templates |
//! | `preference`, `choice` | which of the two is to be, and is |
//! | `birth` | from container to READY |
//! | `engine` | every call to the engine, each under its own time limit |
//! | `engine_paths` | where the engine sees the run folder, for a controller in a container |
//! | `profile` | the hardening, readable as a table |
//! | `run_folder` | the folder with socket and token |
//! | `rendezvous` | who may connect |
//! | `channel`, `channel_error` | frames over a socket |
//! | `descriptors` | memory that comes and goes with frames |
//! | `fate` | what the engine says of containers: out of memory, dead, gone |
//! | `used`, `gauge`, `cgroup` | what a worker has used |
//! | `uids` | a uid per live worker |
//! | `user_namespace` | whether that is the same on the host |
//! | `doctor`, `runc`, `runtimes` | what this engine gives and lacks |

#![forbid(unsafe_code)]

mod backend;
mod birth;
mod busy;
mod cgroup;
mod channel;
mod channel_error;
mod choice;
mod descriptors;
mod docker;
pub mod doctor;
mod engine;
mod engine_paths;
mod error;
mod fast;
mod fate;
mod gauge;
mod limits;
mod network;
mod pool;
mod preference;
mod profile;
mod rendezvous;
mod run_folder;
mod runc;
mod runtimes;
mod shelf;
mod uids;
mod used;
mod user_namespace;

pub use backend::{Backend, Container, Lease, Startup, Throttle, Worker, WorkerSpec};
pub use channel::{Channel, Receiver, Sender};
pub use channel_error::ChannelError;
pub use choice::choose;
pub use docker::{Config, Docker};
pub use engine::{Call, EngineError, Timeouts};
pub use error::SandboxError;
pub use fast::FastConfig;
pub use fate::Fate;
pub use gauge::Gauge;
pub use limits::{LimitError, Limits};
pub use network::{EngineNetwork, Network, Outbound};
pub use pool::{Pool, PoolConfig};
pub use preference::Preference;
pub use run_folder::RunFolderError;
pub use used::Used;
pub use user_namespace::UserNamespace;
