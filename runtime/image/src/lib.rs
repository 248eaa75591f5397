//! Worker images: what they hold, how they are locked, built, verified and found.
//!
//! An image is data plus a lock. The data is the folder `images/` of the repository, compiled
//! into this crate: for each environment a definition (`image.toml`), the exact versions and
//! hashes of its packages (`lock.toml`) and a Dockerfile for machines that reach an image
//! registry; and the worker layer, our own Python code, which every environment shares.
//!
//! An environment becomes an image of its own, `launchpod/NAME-env`; the worker layer goes on
//! top of it by the engine's build API. A changed worker layer leaves the environment alone.
//!
//! [`Images`] is the way in.

mod apt;
mod archive;
mod bootstrap;
mod builder;
mod built;
mod cache;
mod catalog;
mod contents;
mod definition;
mod engine;
mod error;
mod host;
mod images;
mod layered;
mod lock;
mod manifest;
mod pip;
mod plan;
mod progress;
mod registry;
mod relock;
mod verify;
mod worker;

pub use built::{BuiltImage, ListedImage, Match};
pub use catalog::Catalog;
pub use definition::Definition;
pub use error::Error;
pub use host::HostError;
pub use lock::{Change, CondaPackage, DebianPackage, Lock, Wheel};
pub use manifest::Manifest;
pub use plan::{Base, BuildOptions};
pub use progress::{Progress, Reporter};
pub use verify::{Difference, Verification};

use std::path::PathBuf;

use bollard::Docker;

/// The images of one engine, as this program would build them.
pub struct Images {
    docker: Docker,
    catalog: Catalog,
    cache: PathBuf,
}

// === impl Images ===

impl Images {
    /// The images of `docker`, from the definitions in `catalog`.
    ///
    /// `docker` should have its API version negotiated. Downloads are kept below
    /// `$XDG_CACHE_HOME/launchpod`, or `~/.cache/launchpod`; a file there is used only after its
    /// hash has been compared with the lock's.
    #[must_use]
    pub fn new(docker: Docker, catalog: Catalog) -> Self {
        Self { docker, catalog, cache: cache::default_folder() }
    }

    /// Keeps downloads in `folder` instead.
    #[must_use]
    pub fn with_cache(mut self, folder: PathBuf) -> Self {
        self.cache = folder;
        self
    }

    /// The definitions that images are built from.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}
