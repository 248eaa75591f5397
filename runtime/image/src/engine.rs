//! Images in the container engine.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::errors::Error::DockerResponseServerError;
use bollard::models::{ContainerConfig, ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CommitContainerOptionsBuilder, CreateContainerOptions,
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
    ListImagesOptionsBuilder, RemoveContainerOptionsBuilder, TagImageOptionsBuilder,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};

use crate::built::{LABEL_IMAGE, ListedImage};
use crate::contents::Contents;
use crate::error::Error;
use crate::progress::{Reporter, stage};

/// How long the engine may take to answer: importing an image is one call.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// On containers that were made to read an image and never run.
const LABEL_PURPOSE: &str = "launchpod.purpose";
const PURPOSE: &str = "read-image";
/// When such a container can only be what a killed program left.
const LEFT_BEHIND: i64 = 60 * 60;
/// How many characters of a build's step are shown as progress.
const LONGEST_STEP: usize = 60;
/// How many lines of a failed build an error carries.
const TAIL_LINES: usize = 15;

/// A build by the engine.
pub(crate) struct Build<'a> {
    pub(crate) name: &'a str,
    /// The stage that its progress belongs to.
    pub(crate) stage: &'static str,
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
        let images = self
            .docker
            .list_images(Some(options))
            .await
            .map_err(Error::engine("listing images"))?;
        let mut images: Vec<_> = images.into_iter().filter_map(ListedImage::read).collect();
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(images)
    }

    /// The ID of an image, when there is one under this reference.
    pub(crate) async fn find(&self, reference: &str) -> Result<Option<String>, Error> {
        match self.docker.inspect_image(reference).await {
            Ok(image) => Ok(image.id),
            Err(DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(source) => Err(Error::Engine { purpose: "looking for an image", source }),
        }
    }

    /// Makes an image without a history from the archive of a root file system.
    pub(crate) async fn import(&self, archive: &Path, reference: &str) -> Result<(), Error> {
        let file =
            tokio::fs::File::open(archive).await.map_err(Error::io("reading the archive"))?;
        let (repository, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
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
                    for line in
                        info.stream.unwrap_or_default().lines().filter(|line| !line.is_empty())
                    {
                        if line.starts_with("Step ") {
                            let detail: String = line.chars().take(LONGEST_STEP).collect();
                            stage(reporter, build.stage, &detail);
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

    /// Gives an image, named by ID or tag, a further tag.
    pub(crate) async fn tag(&self, image: &str, reference: &str) -> Result<(), Error> {
        let (repo, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        let options = TagImageOptionsBuilder::new().repo(repo).tag(tag).build();
        self.docker.tag_image(image, Some(options)).await.map_err(Error::engine("tagging an image"))
    }

    /// Makes an image under `reference` that has the files of `configuration.image` and starts as
    /// `configuration` says, through a container that is made and never started.
    pub(crate) async fn configure(
        &self,
        configuration: ContainerCreateBody,
        reference: &str,
    ) -> Result<(), Error> {
        let (repo, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        // A program that was killed has left one of the same name.
        let name = format!("configure-{}-{tag}", repo.replace('/', "-"));
        match self.remove(&name).await {
            Err(Error::Engine {
                source: DockerResponseServerError { status_code: 404, .. },
                ..
            }) => {}
            removed => removed?,
        }
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        self.docker
            .create_container(Some(options), configuration)
            .await
            .map_err(Error::engine("making a container to configure an image"))?;
        let options = CommitContainerOptionsBuilder::new().container(&name).repo(repo).tag(tag);
        let committed =
            self.patient.commit_container(options.build(), ContainerConfig::default()).await;
        let removed = self.remove(&name).await;
        committed.map_err(Error::engine("configuring an image"))?;
        removed
    }

    /// Reads all that is in an image, through a container that is made and never started.
    pub(crate) async fn contents(&self, image: &str) -> Result<Contents, Error> {
        self.sweep().await?;
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            // An environment names no command, and the engine insists on one.
            cmd: Some(vec!["-".to_owned()]),
            labels: Some(HashMap::from([(LABEL_PURPOSE.to_owned(), PURPOSE.to_owned())])),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let created = self
            .docker
            .create_container(None::<CreateContainerOptions>, body)
            .await
            .map_err(Error::engine("making a container to read an image"))?;
        let stream =
            self.patient.export_container(&created.id).map_err(std::io::Error::other).boxed();
        let reader = SyncIoBridge::new(StreamReader::new(stream));
        let read = tokio::task::spawn_blocking(move || Contents::read(reader)).await;
        let removed = self.remove(&created.id).await;
        let contents = read.map_err(|error| Error::Io {
            purpose: "reading the image",
            source: std::io::Error::other(error),
        })??;
        removed?;
        Ok(contents)
    }

    /// Removes containers that a program left when it was killed while reading an image.
    async fn sweep(&self) -> Result<(), Error> {
        let listing = Error::engine("listing containers");
        let filters = HashMap::from([("label", vec![format!("{LABEL_PURPOSE}={PURPOSE}")])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        for container in self.docker.list_containers(Some(options)).await.map_err(listing)? {
            if let (Some(id), Some(created)) = (container.id, container.created)
                && now.saturating_sub(created) > LEFT_BEHIND
            {
                self.remove(&id).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, container: &str) -> Result<(), Error> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.docker
            .remove_container(container, Some(options))
            .await
            .map_err(Error::engine("removing a container"))
    }
}
