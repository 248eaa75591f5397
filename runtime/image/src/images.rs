//! The images there are: what their labels say, and whether this program would build the same.

use std::fmt;

use bollard::models::ImageSummary;

use crate::Images;
use crate::builder::{Base, BuildOptions};
use crate::catalog::Environment;
use crate::engine::Engine;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::worker::WorkerLayer;

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
    /// It is, but for Debian packages of other versions than the lock's.
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
    environment_hash: String,
    base: String,
}

// === impl Match ===

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Drifted => "current, with other Debian packages than the lock's",
            Self::OtherEnvironment => "another lock or definition",
            Self::OtherWorker => "another worker layer",
            Self::Unknown => "unknown to this program",
        })
    }
}

// === impl ListedImage ===

impl ListedImage {
    /// Reads what the engine says of an image, when it is one of ours.
    pub(crate) fn read(summary: ImageSummary) -> Option<Self> {
        let mut labels = summary.labels;
        let mut label = |name: &str| labels.remove(name).unwrap_or_default();
        let name = label(LABEL_IMAGE);
        let tags = summary.repo_tags.into_iter().filter(|tag| !tag.starts_with("<none>"));
        (!name.is_empty()).then(|| Self {
            name,
            tags: tags.collect(),
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

// === impl Images ===

impl Images {
    /// All images built by this program or others like it, newest first.
    ///
    /// # Errors
    /// When the engine can't be asked.
    pub async fn list(&self) -> Result<Vec<ListedImage>, Error> {
        self.compared(&Engine::new(&self.docker), &WorkerLayer::new(&self.catalog)).await
    }

    /// The image that workers of `name` are made from: the newest one that is what this program
    /// would build.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] when there is none, [`Error::Stale`] when there are only others.
    pub async fn resolve(&self, name: &str) -> Result<BuiltImage, Error> {
        self.catalog.environment(name)?;
        let mut stale = None;
        for image in self.list().await?.into_iter().filter(|image| image.name == name) {
            let reason = match image.matches {
                Match::Current | Match::Drifted => return Ok(image.built(false)),
                Match::OtherWorker => "it has another worker layer than this program's",
                Match::OtherEnvironment | Match::Unknown => {
                    "it has another lock than this program's"
                }
            };
            stale.get_or_insert(reason);
        }
        let name = name.to_owned();
        Err(match stale {
            Some(reason) => Error::Stale { name, reason },
            None => Error::NotBuilt { name },
        })
    }

    /// Every file of an image, given by an ID or tag, without running anything of it.
    ///
    /// # Errors
    /// When the engine has no such image or can't be asked.
    pub async fn manifest(&self, image: &str) -> Result<Manifest, Error> {
        Ok(Engine::new(&self.docker).contents(image).await?.manifest)
    }

    /// The image that a build with these options would only make again.
    pub(crate) async fn find(
        &self,
        engine: &Engine<'_>,
        name: &str,
        layer: &WorkerLayer,
        options: BuildOptions,
    ) -> Result<Option<ListedImage>, Error> {
        let mut images = self.compared(engine, layer).await?.into_iter();
        Ok(images.find(|image| {
            let base = options.base == Base::Auto || image.base == options.base.label();
            let matches = match image.matches {
                Match::Current => true,
                Match::Drifted => !options.locked,
                _ => false,
            };
            image.name == name && base && matches
        }))
    }

    async fn compared(
        &self,
        engine: &Engine<'_>,
        layer: &WorkerLayer,
    ) -> Result<Vec<ListedImage>, Error> {
        let mut images = engine.list().await?;
        for image in &mut images {
            image.matches = self.compare(image, layer);
        }
        Ok(images)
    }

    fn compare(&self, image: &ListedImage, layer: &WorkerLayer) -> Match {
        match self.catalog.environment(&image.name) {
            Err(_) => Match::Unknown,
            Ok(found) if found.hash != image.environment_hash => Match::OtherEnvironment,
            Ok(_) if layer.hash != image.worker_hash => Match::OtherWorker,
            Ok(Environment { lock: Some(lock), .. }) if lock.hash() != image.lock_hash => {
                Match::Drifted
            }
            Ok(_) => Match::Current,
        }
    }
}
