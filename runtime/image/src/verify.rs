//! Comparing an image with its lock, without running anything of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::Images;
use crate::built::ListedImage;
use crate::contents::{Contents, OURS};
use crate::engine::Engine;
use crate::error::Error;
use crate::lock::{Change, Lock};
use crate::worker::WorkerLayer;

/// What [`Images::verify`] found.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The image's ID.
    pub id: String,
    /// The environment's name.
    pub name: String,
    /// How many Debian packages, Python distributions and conda packages were compared.
    pub packages: usize,
    /// How many files were compared.
    pub files: usize,
    /// What is not as the image's own lock says; empty when all is well.
    pub differences: Vec<Difference>,
    /// Where the image's lock differs from this program's: newer Debian packages, for example.
    pub from_program: Vec<Change>,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A package is missing, extra or of another version than the image's lock says.
    Package(Change),
    /// A file is not what was recorded when the image was built.
    File(String),
    /// A file is not what its distribution's RECORD says.
    Record {
        /// The distribution.
        distribution: String,
        /// The file.
        path: String,
    },
    /// The image's label names another lock than the one inside it.
    Label {
        /// The label.
        label: String,
        /// The hash of the lock inside.
        inside: String,
    },
    /// The image has no lock or manifest inside.
    Missing(&'static str),
    /// A file of the worker layer is not this program's.
    Worker(String),
}

// === impl Difference ===

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(change) => write!(f, "package {change} (lock -> image)"),
            Self::File(line) => write!(f, "file {line}"),
            Self::Record { distribution, path } => {
                write!(f, "file {path} is not what {distribution} installed")
            }
            Self::Label { label, inside } => {
                write!(f, "the image's label names lock {label}, the lock inside is {inside}")
            }
            Self::Missing(what) => write!(f, "the image has no {what} inside"),
            Self::Worker(path) => write!(f, "file {path} is not this program's worker layer"),
        }
    }
}

// === impl Verification ===

impl Verification {
    /// Whether the image is what its lock says, and its worker layer this program's.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.differences.is_empty()
    }
}

// === impl Images ===

impl Images {
    /// Compares the newest image of `name` (or the one with that ID or tag) with its lock: its
    /// package databases, every file, and the worker layer.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] when there is no such image, else when the engine can't be asked.
    pub async fn verify(&self, name: &str) -> Result<Verification, Error> {
        let engine = Engine::new(&self.docker);
        let wanted = engine.find(name).await?;
        let images = engine.list().await?.into_iter();
        let mut images =
            images.filter(|image| image.name == name || wanted.as_ref() == Some(&image.id));
        let image = images.next().ok_or_else(|| Error::NotBuilt { name: name.to_owned() })?;
        let contents = engine.contents(&image.id).await?;
        let layer = WorkerLayer::new(&self.catalog);
        let environment = self.catalog.environment(&image.name).ok();
        let wanted = environment.and_then(|environment| environment.lock);
        Ok(compare(image, &contents, &layer, wanted.as_ref()))
    }
}

fn compare(
    image: ListedImage,
    contents: &Contents,
    layer: &WorkerLayer,
    program: Option<&Lock>,
) -> Verification {
    let mut differences = Vec::new();
    let mut from_program = Vec::new();
    if let Some(lock) = &contents.lock {
        let inside = lock.hash();
        if inside != image.lock_hash {
            differences.push(Difference::Label { label: image.lock_hash, inside });
        }
        packages(lock, contents, &mut differences);
        from_program = program.map(|program| program.changes(lock)).unwrap_or_default();
    } else {
        differences.push(Difference::Missing("lock"));
    }

    let environment = contents.environment_manifest();
    match &contents.recorded {
        Some(recorded) if recorded.hash() == image.manifest_hash => {
            differences
                .extend(recorded.differences(&environment).into_iter().map(Difference::File));
        }
        _ => differences.push(Difference::Missing("manifest that its label names")),
    }
    for distribution in &contents.distributions {
        for (path, sha256) in &distribution.files {
            if contents.manifest.sha256(path) != Some(sha256) {
                let (distribution, path) = (distribution.name.clone(), path.clone());
                differences.push(Difference::Record { distribution, path });
            }
        }
    }
    worker(layer, contents, &mut differences);

    Verification {
        id: image.id,
        name: image.name,
        packages: contents.debian.len() + contents.distributions.len() + contents.conda.len(),
        files: contents.manifest.len(),
        differences,
        from_program,
    }
}

/// The package databases against the lock.
fn packages(lock: &Lock, contents: &Contents, differences: &mut Vec<Difference>) {
    // conda's packages are Python distributions as well, and only the first are locked.
    let distributions = if lock.conda.is_empty() { contents.distributions.as_slice() } else { &[] };
    let found = |name: &String, version: &String| (name.clone(), version.clone());
    let pairs: [(BTreeMap<String, String>, BTreeMap<String, String>); 3] = [
        (
            lock.debian.iter().map(|p| found(&p.name, &p.version)).collect(),
            contents.debian.iter().map(|p| found(&p.name, &p.version)).collect(),
        ),
        (
            lock.wheels.iter().map(|p| found(&p.name, &p.version)).collect(),
            distributions.iter().map(|p| found(&p.name, &p.version)).collect(),
        ),
        (
            lock.conda.iter().map(|p| found(&p.name, &p.version)).collect(),
            contents.conda.iter().map(|p| found(&p.name, &p.version)).collect(),
        ),
    ];
    for (mut locked, installed) in pairs {
        for (name, version) in installed {
            let old = locked.remove(&name);
            if old.as_ref() != Some(&version) {
                differences.push(Difference::Package(Change { name, old, new: Some(version) }));
            }
        }
        let missing = locked.into_iter();
        differences.extend(missing.map(|(name, version)| {
            Difference::Package(Change { name, old: Some(version), new: None })
        }));
    }
}

/// Our own files against this program's.
fn worker(layer: &WorkerLayer, contents: &Contents, differences: &mut Vec<Difference>) {
    for file in &layer.files {
        let expected = crate::cache::hash_bytes(&file.bytes);
        if contents.manifest.sha256(&file.path) != Some(&expected) {
            differences.push(Difference::Worker(file.path.clone()));
        }
    }
    let folders = [format!("{OURS}/worker/"), format!("{OURS}/sdk/")];
    let is_ours = |path: &&str| folders.iter().any(|folder| path.starts_with(folder));
    let sources = contents.manifest.paths().filter(|path| is_ours(path) && path.ends_with(".py"));
    let extra = sources.filter(|path| !layer.files.iter().any(|file| file.path == *path));
    differences.extend(extra.map(|path| Difference::Worker(path.to_owned())));
}
