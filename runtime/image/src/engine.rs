//! Images in the container engine.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, ImageSummary};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateContainerOptions, CreateImageOptionsBuilder,
    ListImagesOptionsBuilder, RemoveContainerOptionsBuilder,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};

use crate::contents::Contents;
use crate::error::Error;
use crate::progress::{Reporter, stage};

/// The environment's name, on every image that workers are made from.
pub(crate) const LABEL_IMAGE: &str = "launchpod.image";
/// The SHA-256 of the effective lock.
pub(crate) const LABEL_LOCK: &str = "launchpod.lock";
/// The SHA-256 of the worker layer.
pub(crate) const LABEL_WORKER: &str = "launchpod.worker";
/// The SHA-256 of all that the environment was built from.
pub(crate) const LABEL_ENVIRONMENT: &str = "launchpod.environment";
/// The SHA-256 of the environment's manifest.
pub(crate) const LABEL_MANIFEST: &str = "launchpod.manifest";
/// `bootstrap` or `registry`.
pub(crate) const LABEL_BASE: &str = "launchpod.base";

/// How long the engine may take to answer: importing an image is one call.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How many lines of a failed build an error carries.
const TAIL_LINES: usize = 15;

/// An image that workers can be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltImage {
    /// The environment's name.
    pub name: String,
    /// The image's ID, which `docker run` takes.
    pub id: String,
    /// The SHA-256 of the effective lock.
    pub lock_hash: String,
    /// The SHA-256 of the worker layer.
    pub worker_hash: String,
    /// The SHA-256 of the environment's manifest: alike in two images with the same files.
    pub manifest_hash: String,
    /// Whether the build made it, rather than finding it there.
    pub fresh: bool,
}

/// How an image compares with what this program would build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is what this program would build.
    Current,
    /// It is, but for newer Debian packages than the lock's.
    Drifted,
    /// Its environment was built from another lock or definition.
    OtherEnvironment,
    /// Its worker layer is another program's.
    OtherWorker,
    /// This program knows no environment of its name.
    Unknown,
}

/// One row of `image list`.
#[derive(Debug, Clone)]
pub struct ListedImage {
    /// The environment's name.
    pub name: String,
    /// The image's tags; empty when newer images took them all.
    pub tags: Vec<String>,
    /// The image's ID, which `docker run` takes.
    pub id: String,
    /// The SHA-256 of the effective lock.
    pub lock_hash: String,
    /// The SHA-256 of the worker layer.
    pub worker_hash: String,
    /// The SHA-256 of the environment's manifest.
    pub manifest_hash: String,
    /// Bytes, layers that other images share included.
    pub size: u64,
    /// Seconds since 1970.
    pub created: i64,
    /// How it compares with what this program would build.
    pub matches: Match,
    pub(crate) environment_hash: String,
    pub(crate) base: String,
}

/// A build by the engine.
pub(crate) struct Build<'a> {
    pub(crate) name: &'a str,
    pub(crate) tags: &'a [&'a str],
    pub(crate) arguments: HashMap<&'a str, &'a str>,
    /// The network of the build's steps, `none` for example.
    pub(crate) network: Option<&'a str>,
}

/// The engine, as far as images go.
pub(crate) struct Engine<'a> {
    docker: &'a Docker,
    /// The same engine for calls that take long.
    patient: Docker,
}

// === impl Match ===

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Drifted => "current, with newer Debian packages than the lock's",
            Self::OtherEnvironment => "another lock or definition",
            Self::OtherWorker => "another worker layer",
            Self::Unknown => "unknown to this program",
        })
    }
}

// === impl ListedImage ===

impl ListedImage {
    fn read(summary: ImageSummary) -> Option<Self> {
        let mut labels = summary.labels;
        let mut label = |name: &str| labels.remove(name).unwrap_or_default();
        let name = label(LABEL_IMAGE);
        (!name.is_empty()).then(|| Self {
            name,
            tags: summary.repo_tags.into_iter().filter(|tag| !tag.starts_with("<none>")).collect(),
            id: summary.id,
            lock_hash: label(LABEL_LOCK),
            worker_hash: label(LABEL_WORKER),
            manifest_hash: label(LABEL_MANIFEST),
            size: u64::try_from(summary.size).unwrap_or_default(),
            created: summary.created,
            matches: Match::Unknown,
            environment_hash: label(LABEL_ENVIRONMENT),
            base: label(LABEL_BASE),
        })
    }

    pub(crate) fn built(self, fresh: bool) -> BuiltImage {
        BuiltImage {
            name: self.name,
            id: self.id,
            lock_hash: self.lock_hash,
            worker_hash: self.worker_hash,
            manifest_hash: self.manifest_hash,
            fresh,
        }
    }
}

// === impl Engine ===

impl<'a> Engine<'a> {
    pub(crate) fn new(docker: &'a Docker) -> Self {
        Self { docker, patient: docker.clone().with_timeout(PATIENCE) }
    }

    /// The engine's architecture, by Debian's and Go's name for it.
    pub(crate) async fn architecture(&self) -> Result<String, Error> {
        let version =
            self.docker.version().await.map_err(Error::engine("asking for its version"))?;
        Ok(version.arch.unwrap_or_default())
    }

    /// Our images, newest first.
    pub(crate) async fn list(&self) -> Result<Vec<ListedImage>, Error> {
        let filters = HashMap::from([("label", vec![LABEL_IMAGE])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let images =
            self.docker.list_images(Some(options)).await.map_err(Error::engine("listing images"))?;
        let mut images: Vec<_> = images.into_iter().filter_map(ListedImage::read).collect();
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(images)
    }

    /// The ID of an image, when there is one under this reference.
    pub(crate) async fn find(&self, reference: &str) -> Result<Option<String>, Error> {
        match self.docker.inspect_image(reference).await {
            Ok(image) => Ok(image.id),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(source) => Err(Error::Engine { purpose: "looking for an image", source }),
        }
    }

    /// Makes an image without a history from the archive of a root file system.
    pub(crate) async fn import(&self, archive: &Path, repository: &str, tag: &str) -> Result<(), Error> {
        let file = tokio::fs::File::open(archive).await.map_err(Error::io("reading the archive"))?;
        let options =
            CreateImageOptionsBuilder::new().from_src("-").repo(repository).tag(tag).build();
        let body = bollard::body_try_stream(ReaderStream::with_capacity(file, 1 << 20));
        self.patient
            .create_image(Some(options), Some(body), None)
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(Error::engine("importing an image"))
    }

    /// Builds an image from a context, an uncompressed tar archive with a Dockerfile.
    pub(crate) async fn build(
        &self,
        build: Build<'_>,
        context: Bytes,
        reporter: Reporter<'_>,
    ) -> Result<(), Error> {
        let (first, others) = build.tags.split_first().unwrap_or((&"", &[]));
        let options = BuildImageOptionsBuilder::new()
            .t(first)
            .rm(true)
            .forcerm(true)
            // The classic builder would take a layer that an earlier program's step left.
            .nocache(true)
            .buildargs(&build.arguments)
            .networkmode(build.network.unwrap_or_default())
            .build();
        let body = bollard::body_full(context);
        let mut output = self.patient.build_image(options, None, Some(body));
        let mut lines: Vec<String> = Vec::new();
        while let Some(item) = output.next().await {
            match item {
                Ok(info) => {
                    for line in info.stream.unwrap_or_default().lines().filter(|line| !line.is_empty()) {
                        if line.starts_with("Step ") {
                            stage(reporter, "worker", line);
                        }
                        lines.push(line.to_owned());
                    }
                }
                Err(error) => {
                    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
                    let message = format!("{error}\n{tail}");
                    return Err(Error::Build { name: build.name.to_owned(), message });
                }
            }
        }
        for tag in others {
            self.tag(first, tag).await?;
        }
        Ok(())
    }

    async fn tag(&self, image: &str, reference: &str) -> Result<(), Error> {
        let (repo, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        let options = bollard::query_parameters::TagImageOptionsBuilder::new().repo(repo).tag(tag).build();
        self.docker.tag_image(image, Some(options)).await.map_err(Error::engine("tagging an image"))
    }

    /// Reads all that is in an image, through a container that is made and never started.
    pub(crate) async fn contents(&self, image: &str) -> Result<Contents, Error> {
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            // An environment names no command, and the engine insists on one.
            cmd: Some(vec!["-".to_owned()]),
            labels: Some(HashMap::from([("launchpod.purpose".to_owned(), "verify".to_owned())])),
            host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let created = self
            .docker
            .create_container(None::<CreateContainerOptions>, body)
            .await
            .map_err(Error::engine("making a container to read an image"))?;
        let stream = self.patient.export_container(&created.id).map_err(std::io::Error::other).boxed();
        let reader = SyncIoBridge::new(StreamReader::new(stream));
        let read = tokio::task::spawn_blocking(move || Contents::read(reader)).await;
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removed = self.docker.remove_container(&created.id, Some(options)).await;
        let contents = read.map_err(|error| Error::Io {
            purpose: "reading the image",
            source: std::io::Error::other(error),
        })??;
        removed.map_err(Error::engine("removing a container"))?;
        Ok(contents)
    }
}
