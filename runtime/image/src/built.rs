//! What the labels of images say.

use std::fmt;

use bollard::models::ImageSummary;

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
    /// The SHA-256 of all that its environment was built from.
    pub(crate) environment_hash: String,
    /// Where its Debian came from.
    pub(crate) base: String,
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
