//! Images' files, exported once by the engine and kept by image ID.
//!
//! An export works with every storage driver of an engine and needs nothing of the engine later;
//! its price is the image's size on disk, and some seconds once per image.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use tokio::task::spawn_blocking;
use tokio_util::io::{StreamReader, SyncIoBridge};
use tracing::{info, warn};
use uuid::Uuid;

use crate::engine::{Engine, EngineError};

/// What is mounted on in every worker.
const MOUNT_POINTS: [&str; 5] = ["dev", "proc", "sys", "tmp", "run/launchpod"];
/// What the engine writes itself into a container without a network.
const HOSTS: &str = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
/// Set-user-ID and set-group-ID, which have no effect in a worker and none are to have outside.
const PRIVILEGED_BITS: u32 = 0o6000;

/// An image's files can't be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum RootsError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// An image's files, which nobody takes away until this is dropped.
pub(super) struct Root {
    path: PathBuf,
    _in_use: File,
}

// === impl Root ===

impl Root {
    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The beginning of the image's ID.
    pub(super) fn short_name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.get(..12).unwrap_or(name)
    }
}

/// The files of an image, exported into a folder of `roots` unless they are there.
///
/// # Errors
/// The engine doesn't export them, or they can't be written.
pub(super) async fn export(
    engine: &Engine,
    image: &str,
    roots: &Path,
    instance: Uuid,
) -> Result<Root, RootsError> {
    let name = image.strip_prefix("sha256:").unwrap_or(image).to_owned();
    let path = roots.join(&name);
    let place = path.clone();
    let failed = |source| RootsError::Io { path: place.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(roots).map_err(failed)?;
    loop {
        let lock = lock_file(&path).map_err(failed)?;
        let lock = blocking(move || lock.lock_shared().map(|()| lock)).await.map_err(failed)?;
        if path.exists() {
            return Ok(Root { path, _in_use: lock });
        }
        drop(lock);
        // Another server may be exporting the same: then its end is waited for.
        let lock = lock_file(&path).map_err(failed)?;
        let _lock = blocking(move || lock.lock().map(|()| lock)).await.map_err(failed)?;
        if !path.exists() {
            info!(image, "exporting the image's files");
            let container = format!("launchpod-{}", &Uuid::new_v4().simple().to_string()[..8]);
            engine.create_for_export(&container, image, instance).await?;
            let exported = unpack(engine, &container, &path).await;
            engine.remove(&container).await?;
            exported?;
            remove_unused(engine, roots, &name).await;
        }
    }
}

async fn unpack(engine: &Engine, container: &str, path: &Path) -> Result<(), RootsError> {
    let failed = |source| RootsError::Io { path: path.to_owned(), source };
    let stream = engine.export(container).map_err(io::Error::other);
    let reader = SyncIoBridge::new(StreamReader::new(Box::pin(stream)));
    let partial = path.with_extension("partial");
    let unpacking = partial.clone();
    blocking(move || {
        match fs::remove_dir_all(&unpacking) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o755).create(&unpacking)?;
        let mut archive = tar::Archive::new(reader);
        archive.set_preserve_permissions(true);
        archive.set_mask(PRIVILEGED_BITS);
        archive.unpack(&unpacking)?;
        for folder in MOUNT_POINTS {
            DirBuilder::new().recursive(true).mode(0o755).create(unpacking.join(folder))?;
        }
        fs::write(unpacking.join("etc/hosts"), HOSTS)
    })
    .await
    .map_err(failed)?;
    // Whole or not there.
    fs::rename(&partial, path).map_err(failed)
}

/// Takes the files of images away that the engine has no more and nobody uses.
async fn remove_unused(engine: &Engine, roots: &Path, kept: &str) {
    let Ok(entries) = fs::read_dir(roots) else { return };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    for name in names.filter(|name| !name.contains('.') && name != kept) {
        let image = format!("sha256:{name}");
        if !matches!(engine.image(&image).await, Err(EngineError::NoImage(_))) {
            continue;
        }
        let path = roots.join(&name);
        let removed = lock_file(&path).and_then(|lock| match lock.try_lock() {
            Ok(()) => fs::remove_dir_all(&path),
            // Somebody uses them.
            Err(_) => Ok(()),
        });
        if let Err(error) = removed {
            warn!(path = %path.display(), %error, "can't remove an old image's files");
        }
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    let path = path.with_extension("lock");
    OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(path)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
