//! What can go wrong with an image; each names the object and the way out.

use std::path::PathBuf;

use crate::host::HostError;
use crate::lock::Change;

/// An image could not be built, found or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no environment of this name.
    #[error("there is no image named {name}; there are: {known}")]
    UnknownImage {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A folder of definitions can't be read.
    #[error("the folder of images {} can't be read: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of an environment is not what it should be.
    #[error("{file} of image {name} is not valid: {reason}")]
    Definition {
        /// The environment.
        name: String,
        /// The file.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// An environment has no lock yet.
    #[error("image {name} has no lock; run `launchpod image lock {name}`")]
    NoLock {
        /// The environment.
        name: String,
    },
    /// The lock is for another kind of machine.
    #[error(
        "the lock of image {name} is for {locked}, the engine runs {engine}; run `launchpod image lock {name}` on such a machine"
    )]
    Architecture {
        /// The environment.
        name: String,
        /// The lock's architecture.
        locked: String,
        /// The engine's architecture.
        engine: String,
    },
    /// No image of this name has been built.
    #[error("image {name} is not built; run `launchpod image build {name}`")]
    NotBuilt {
        /// The image.
        name: String,
    },
    /// The image was built from another lock or worker layer than this program's.
    #[error("image {name} is out of date ({reason}); run `launchpod image build {name}`")]
    Stale {
        /// The image.
        name: String,
        /// What is not this program's.
        reason: &'static str,
    },
    /// The mirror has other versions than the lock, and the user asked for the lock's.
    #[error(
        "the Debian mirror no longer has what image {name} is locked to: {}; build without --locked to take these versions, or run `launchpod image lock {name}`",
        list(changes)
    )]
    Drift {
        /// The environment.
        name: String,
        /// Each package with the lock's version and the mirror's.
        changes: Vec<Change>,
    },
    /// The mirror doesn't have the packages of that release.
    #[error(
        "the host's package sources offer no {suite} packages for {package}; add {suite} to them, or use `--base registry`"
    )]
    Suite {
        /// The release.
        suite: String,
        /// A package that is not there.
        package: String,
    },
    /// What was downloaded is not what was locked.
    #[error(
        "{file} has SHA-256 {found}, the lock says {expected}; remove it or run `launchpod image lock`"
    )]
    Hash {
        /// The file.
        file: String,
        /// Its hash.
        found: String,
        /// The lock's hash.
        expected: String,
    },
    /// Wheels can only be chosen by a Python of the environment's version.
    #[error(
        "wheels for Python {wanted} must be locked by that version, the host's python3 is {found}; run `launchpod image lock` where python3 is {wanted}"
    )]
    PythonVersion {
        /// The environment's version.
        wanted: String,
        /// The host's version.
        found: String,
    },
    /// A bootstrap needs root.
    #[error("bootstrapping image {name} needs root; run as root, or use `--base registry`")]
    NotRoot {
        /// The environment.
        name: String,
    },
    /// A program of the host failed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The engine refused, or could not be reached.
    #[error("the container engine failed while {purpose}: {source}")]
    Engine {
        /// What was being done.
        purpose: &'static str,
        /// What it said.
        source: bollard::errors::Error,
    },
    /// The engine's build failed.
    #[error("building image {name} failed: {message}")]
    Build {
        /// The image.
        name: String,
        /// The last lines of the build.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{purpose} failed: {source}")]
    Io {
        /// What was being done.
        purpose: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A program or an image gave something unreadable.
    #[error("{what} could not be understood: {reason}")]
    Unreadable {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

// === impl Error ===

impl Error {
    /// Wraps an I/O error: `.map_err(Error::io("writing the image"))`.
    pub(crate) fn io(purpose: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { purpose, source }
    }

    /// Wraps an error of the engine's.
    pub(crate) fn engine(purpose: &'static str) -> impl Fn(bollard::errors::Error) -> Self {
        move |source| Self::Engine { purpose, source }
    }
}

fn list(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
