//! Every call to the Docker engine that the sandbox makes, each under its own time limit.
//!
//! Access to the engine's socket equals root on its host. What is here is all that a narrow
//! proxy between the two would have to let through: create, start, update, export, remove and
//! list containers and say what one uses, events, version, info, and inspection of the controller's
//! own container, of images and of a network that is configured.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::models::{
    ContainerCreateBody, ContainerSummary, ContainerUpdateBody, EventMessage, SystemInfo,
    SystemVersion,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, StatsOptionsBuilder,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;
use uuid::Uuid;

use crate::used::Used;

/// The label that names the controller's instance.
pub(crate) const INSTANCE_LABEL: &str = "launchpod.instance";

/// The socket that an engine on this host listens on unless `DOCKER_HOST` says otherwise.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The option of a bridge network that keeps its containers apart when it is `false`.
const SEPARATES: &str = "com.docker.network.bridge.enable_icc";

/// How long the engine may take for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A question: version, info, list, inspect.
    pub ask: Duration,
    /// Making a container.
    pub create: Duration,
    /// Starting a container.
    pub start: Duration,
    /// Killing and removing a container.
    pub remove: Duration,
}

/// The engine didn't do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers, or not as an engine does.
    #[error("no container engine answers at {host}: {reason}")]
    Unreachable {
        /// Where one was looked for.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// A call took too long. It may still be carried out.
    #[error("container engine took longer than {} s to {call} {object}", after.as_secs_f64())]
    TimedOut {
        /// What was asked for.
        call: Call,
        /// Of which container or image; empty for the engine itself.
        object: String,
        /// The limit.
        after: Duration,
    },
    /// There is no such image (any more).
    #[error("container engine has no image {0}")]
    NoImage(String),
    /// The engine refused or failed.
    #[error("container engine failed to {call} {object}: {message}")]
    Refused {
        /// What was asked for.
        call: Call,
        /// Of which container or image; empty for the engine itself.
        object: String,
        /// The HTTP status; 0 when the connection broke before one came.
        status: u16,
        /// The engine's own words.
        message: String,
    },
}

/// What the engine is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Make a container.
    Create,
    /// Start a container.
    Start,
    /// Change how many processors a container has.
    Update,
    /// Kill and remove a container.
    Remove,
    /// List containers.
    List,
    /// Say its version.
    Version,
    /// Say what it can do.
    Info,
    /// Say what a container is.
    InspectContainer,
    /// Say what a container uses.
    Usage,
    /// Say what an image is.
    InspectImage,
    /// Say what a network is.
    InspectNetwork,
}

/// How a removal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It was there and is gone.
    Removed,
    /// It is not there.
    Absent,
    /// Its removal is under way.
    UnderWay,
}

/// How containers of an image start.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageStart {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// `NAME=VALUE`.
    pub(crate) environment: Vec<String>,
}

/// A network of the engine's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NetworkFacts {
    pub(crate) id: String,
    /// Whether it leads nowhere but to the containers in it.
    pub(crate) is_internal: bool,
    /// Whether its containers reach each other.
    pub(crate) connects_containers: bool,
}

/// A connection to an engine.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    docker: bollard::Docker,
    host: Arc<str>,
    timeouts: Timeouts,
}

// === impl Timeouts ===

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            ask: Duration::from_secs(10),
            create: Duration::from_secs(30),
            start: Duration::from_secs(30),
            remove: Duration::from_secs(30),
        }
    }
}

// === impl EngineError ===

impl EngineError {
    /// What to do about it; empty when the error says all there is.
    pub fn way_out(&self) -> &'static str {
        match self {
            EngineError::Unreachable { .. } => {
                "Start Docker, or set DOCKER_HOST to its unix:// socket; the server's user must \
                 be allowed to use it (group docker). Check with: launchpod doctor."
            }
            EngineError::TimedOut { .. } => {
                "Retry when the host is less busy; check it with: launchpod doctor."
            }
            EngineError::NoImage(_) => "Build it with: launchpod image build.",
            EngineError::Refused { .. } => "Check the engine with: launchpod doctor.",
        }
    }
}

// === impl Call ===

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Call::Create => "create container",
            Call::Start => "start container",
            Call::Update => "update container",
            Call::Remove => "remove container",
            Call::List => "list containers",
            Call::Version => "say its version",
            Call::Info => "say what it can do",
            Call::InspectContainer => "inspect container",
            Call::Usage => "say the usage of container",
            Call::InspectImage => "inspect image",
            Call::InspectNetwork => "inspect network",
        })
    }
}

// === impl Engine ===

impl Engine {
    /// Connects to the engine that `DOCKER_HOST` names, or to the default socket, and agrees
    /// on an API version with it.
    pub(crate) async fn connect(timeouts: Timeouts) -> Result<Self, EngineError> {
        let host = env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
        Self::connect_to(host.as_deref().unwrap_or(DEFAULT_HOST), timeouts).await
    }

    async fn connect_to(host: &str, timeouts: Timeouts) -> Result<Self, EngineError> {
        let unreachable = |reason| EngineError::Unreachable { host: host.to_owned(), reason };
        let docker = bollard::Docker::connect_with_host(host)
            .map_err(|error| unreachable(with_causes(&error)))?;
        match timeout(timeouts.ask, docker.negotiate_version()).await {
            Ok(Ok(docker)) => Ok(Engine { docker, host: host.into(), timeouts }),
            Ok(Err(error)) => Err(unreachable(with_causes(&error))),
            Err(_) => {
                Err(unreachable(format!("no answer within {} s", timeouts.ask.as_secs_f64())))
            }
        }
    }

    /// Makes a container and returns its ID.
    pub(crate) async fn create(
        &self,
        name: &str,
        body: ContainerCreateBody,
    ) -> Result<String, EngineError> {
        let image = body.image.clone().unwrap_or_default();
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let call = self.docker.create_container(Some(options), body);
        match self.limited(Call::Create, name, self.timeouts.create, call).await {
            Ok(made) => Ok(made.id),
            // The one thing that a name given to create can't be found as is the image.
            Err(EngineError::Refused { status: 404, .. }) => Err(EngineError::NoImage(image)),
            Err(error) => Err(error),
        }
    }

    /// Starts a container.
    pub(crate) async fn start(&self, name: &str) -> Result<(), EngineError> {
        let call = self.docker.start_container(name, None);
        self.limited(Call::Start, name, self.timeouts.start, call).await
    }

    /// Changes how many processors a container has, in thousandths.
    pub(crate) async fn throttle(&self, name: &str, millicpus: u32) -> Result<(), EngineError> {
        let nano_cpus = Some(i64::from(millicpus) * 1_000_000);
        let body = ContainerUpdateBody { nano_cpus, ..ContainerUpdateBody::default() };
        let call = self.docker.update_container(name, body);
        match self.limited(Call::Update, name, self.timeouts.start, call).await {
            // It has ended meanwhile.
            Err(EngineError::Refused { status: 404 | 409, .. }) => Ok(()),
            updated => updated,
        }
    }

    /// Kills a container if it runs, and removes it.
    pub(crate) async fn remove(&self, name: &str) -> Result<Removal, EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let call = self.docker.remove_container(name, Some(options));
        match self.limited(Call::Remove, name, self.timeouts.remove, call).await {
            Ok(()) => Ok(Removal::Removed),
            Err(EngineError::Refused { status: 404, .. }) => Ok(Removal::Absent),
            Err(EngineError::Refused { status: 409, .. }) => Ok(Removal::UnderWay),
            Err(error) => Err(error),
        }
    }

    /// The containers with a label, whatever their state.
    pub(crate) async fn list(&self, label: &str) -> Result<Vec<ContainerSummary>, EngineError> {
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let call = self.docker.list_containers(Some(options));
        self.limited(Call::List, "", self.timeouts.ask, call).await
    }

    /// The mounts of a container: where each is on the engine's host, and in the container.
    pub(crate) async fn mounts(&self, id: &str) -> Result<Vec<(String, String)>, EngineError> {
        let call = self.docker.inspect_container(id, None);
        let found = self.limited(Call::InspectContainer, id, self.timeouts.ask, call).await?;
        let mounts = found.mounts.unwrap_or_default().into_iter();
        Ok(mounts.filter_map(|mount| Some((mount.source?, mount.destination?))).collect())
    }

    /// What a network is; `None` when there is none of that name.
    pub(crate) async fn network(&self, name: &str) -> Result<Option<NetworkFacts>, EngineError> {
        // Into a path of the engine's API goes nothing else than what a network may be called.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_name) {
            return Ok(None);
        }
        let call = self.docker.inspect_network(name, None);
        match self.limited(Call::InspectNetwork, name, self.timeouts.ask, call).await {
            Ok(found) => {
                let options = found.options.unwrap_or_default();
                let separates = options.get(SEPARATES).is_some_and(|value| value == "false");
                Ok(Some(NetworkFacts {
                    id: found.id.unwrap_or_default(),
                    is_internal: found.internal.unwrap_or(false),
                    connects_containers: !separates,
                }))
            }
            Err(EngineError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a container has used since its start; the memory may be what it uses now.
    pub(crate) async fn usage(&self, name: &str) -> Result<Used, EngineError> {
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let mut stats = std::pin::pin!(self.docker.stats(name, Some(options)));
        let call = async { stats.next().await.transpose() };
        let stats = self.limited(Call::Usage, name, self.timeouts.ask, call).await?;
        let stats = stats.unwrap_or_default();
        let nanoseconds = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage?.total_usage);
        let memory = stats.memory_stats.unwrap_or_default();
        Ok(Used {
            cpu: nanoseconds.map(Duration::from_nanos),
            peak_memory: memory.max_usage.max(memory.usage),
        })
    }

    /// How containers of an image start.
    pub(crate) async fn image(&self, id: &str) -> Result<ImageStart, EngineError> {
        let call = self.docker.inspect_image(id);
        match self.limited(Call::InspectImage, id, self.timeouts.ask, call).await {
            Ok(found) => {
                let config = found.config.unwrap_or_default();
                let command = [config.entrypoint, config.cmd].into_iter().flatten().flatten();
                let environment = config.env.unwrap_or_default();
                Ok(ImageStart { command: command.collect(), environment })
            }
            Err(EngineError::Refused { status: 404, .. }) => {
                Err(EngineError::NoImage(id.to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a container of an image that is never started: its files are wanted.
    pub(crate) async fn create_for_export(
        &self,
        name: &str,
        image: &str,
        instance: Uuid,
    ) -> Result<(), EngineError> {
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            labels: Some(HashMap::from([(INSTANCE_LABEL.to_owned(), instance.to_string())])),
            ..ContainerCreateBody::default()
        };
        self.create(name, body).await.map(drop)
    }

    /// All files of a container, as a tar archive.
    pub(crate) fn export(
        &self,
        name: &str,
    ) -> impl Stream<Item = Result<Bytes, BollardError>> + Send + use<> {
        self.docker.export_container(name)
    }

    /// What happens to the containers with a label, from `since` (seconds since 1970). Ends
    /// when the engine goes away.
    pub(crate) fn events(
        &self,
        label: &str,
        since: i64,
    ) -> impl Stream<Item = Result<EventMessage, BollardError>> + use<> {
        let filters = HashMap::from([("type", vec!["container"]), ("label", vec![label])]);
        let options = EventsOptionsBuilder::new().filters(&filters).since(&since.to_string());
        self.docker.events(Some(options.build()))
    }

    /// The versions of the engine and its components.
    pub(crate) async fn version(&self) -> Result<SystemVersion, EngineError> {
        self.limited(Call::Version, "", self.timeouts.ask, self.docker.version()).await
    }

    /// What the engine can do.
    pub(crate) async fn info(&self) -> Result<SystemInfo, EngineError> {
        self.limited(Call::Info, "", self.timeouts.ask, self.docker.info()).await
    }

    /// One call, under its time limit.
    async fn limited<T>(
        &self,
        call: Call,
        object: &str,
        after: Duration,
        future: impl Future<Output = Result<T, BollardError>>,
    ) -> Result<T, EngineError> {
        match timeout(after, future).await {
            Ok(result) => result.map_err(|error| self.error(call, object, error)),
            Err(_) => Err(EngineError::TimedOut { call, object: object.to_owned(), after }),
        }
    }

    fn error(&self, call: Call, object: &str, error: BollardError) -> EngineError {
        let object = object.to_owned();
        match error {
            BollardError::DockerResponseServerError { status_code, message } => {
                EngineError::Refused { call, object, status: status_code, message }
            }
            BollardError::HyperLegacyError { .. }
            | BollardError::HyperResponseError { .. }
            | BollardError::SocketNotFoundError(_)
            | BollardError::IOError { .. } => EngineError::Unreachable {
                host: self.host.to_string(),
                reason: with_causes(&error),
            },
            other => EngineError::Refused { call, object, status: 0, message: with_causes(&other) },
        }
    }
}

/// An error with what caused it: the client's outermost says little.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;

    const QUICK: Timeouts = Timeouts {
        ask: Duration::from_millis(200),
        create: Duration::from_millis(200),
        start: Duration::from_millis(200),
        remove: Duration::from_millis(200),
    };

    /// An engine that answers so many requests with a version, and then none; and its address.
    fn engine_that_answers(count: usize) -> (tempfile::TempDir, String, AbortOnDrop) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            for index in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                if index < count {
                    let body = r#"{"ApiVersion":"1.41"}"#;
                    let head =
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                } else {
                    held.push(stream);
                }
            }
        });
        (folder, format!("unix://{}", path.display()), AbortOnDrop(task.abort_handle()))
    }

    struct AbortOnDrop(tokio::task::AbortHandle);

    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_named() {
        let error = Engine::connect_to("unix:///no/such/socket", QUICK).await.unwrap_err();
        assert!(error.to_string().contains("unix:///no/such/socket"), "{error}");
        assert!(error.way_out().contains("DOCKER_HOST"));
        let remote = Engine::connect_to("tcp://10.0.0.1:2375", QUICK).await.unwrap_err();
        assert!(matches!(remote, EngineError::Unreachable { .. }), "{remote}");
    }

    #[tokio::test]
    async fn an_engine_that_hangs_does_not_hang_us() {
        let (_folder, host, _engine) = engine_that_answers(0);
        let error = Engine::connect_to(&host, QUICK).await.unwrap_err();
        assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");

        let (_folder, host, _engine) = engine_that_answers(1);
        let engine = Engine::connect_to(&host, QUICK).await.unwrap();
        let error = engine.start("launchpod-1").await.unwrap_err();
        assert!(matches!(error, EngineError::TimedOut { call: Call::Start, .. }), "{error}");
        assert!(error.to_string().contains("start container launchpod-1"), "{error}");
    }

    #[tokio::test]
    async fn an_engine_that_goes_away_is_unreachable() {
        let (folder, host, engine) = engine_that_answers(1);
        let connected = Engine::connect_to(&host, QUICK).await.unwrap();
        drop((folder, engine));
        let error = connected.start("launchpod-1").await.unwrap_err();
        assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
    }
}
