//! The environments that this program knows, and the files they are made of.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::cache;
use crate::definition::Definition;
use crate::error::Error;
use crate::lock::Lock;

/// Every file of the repository's folder `images/` and of the package in `sdk/`, as they were when
/// the program was built.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Changes when the steps of a build change in a way that the files of the folder don't show.
const RECIPE: &[u8] = b"launchpod environment 1\n";

/// The definitions that images are built from.
#[derive(Debug, Clone)]
pub struct Catalog {
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

/// One environment: its definition, its lock when it has one, and what it is built with.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) definition: Definition,
    pub(crate) lock: Option<Lock>,
    /// Stands for all that decides the environment's contents: definition, lock and steps.
    pub(crate) hash: String,
    pub(crate) dockerfile: Vec<u8>,
    pub(crate) finish: Vec<u8>,
}

// === impl Catalog ===

impl Catalog {
    /// The environments that the program brings along.
    #[must_use]
    pub fn embedded() -> Self {
        let files =
            EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), Cow::Borrowed(*bytes)));
        Self { files: files.collect() }
    }

    /// The environments of a folder of the user's: one folder each, with an `image.toml`, a
    /// `lock.toml` and a `Dockerfile` as in the repository's `images/`. The program's own
    /// environments stay known; one of the same name in `folder` replaces them.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn with_folder(folder: &Path) -> Result<Self, Error> {
        let mut catalog = Self::embedded();
        let unreadable = |source| Error::Folder { path: folder.to_owned(), source };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !entry.path().join("image.toml").is_file() {
                continue;
            }
            catalog.files.retain(|path, _| !path.starts_with(&format!("{name}/")));
            for file in ["image.toml", "lock.toml", "Dockerfile"] {
                match fs::read(entry.path().join(file)) {
                    Ok(bytes) => {
                        catalog.files.insert(format!("{name}/{file}"), Cow::Owned(bytes));
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(unreadable(error)),
                }
            }
        }
        Ok(catalog)
    }

    /// The names of the environments, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.files.keys().filter_map(|path| path.strip_suffix("/image.toml"));
        names.map(str::to_owned).collect()
    }

    /// One environment by name.
    pub(crate) fn environment(&self, name: &str) -> Result<Environment, Error> {
        let text = |file: &str| self.text(&format!("{name}/{file}"));
        let definition_text = text("image.toml").ok_or_else(|| Error::UnknownImage {
            name: name.to_owned(),
            known: self.names().join(", "),
        })?;
        let definition: Definition =
            toml::from_str(&definition_text).map_err(|error| Error::Definition {
                name: name.to_owned(),
                file: "image.toml",
                reason: error.to_string(),
            })?;
        let lock =
            text("lock.toml").map(|text| Lock::parse(&text)).transpose().map_err(|reason| {
                Error::Definition { name: name.to_owned(), file: "lock.toml", reason }
            })?;
        let dockerfile = text("Dockerfile").unwrap_or_default().into_bytes();
        let finish = self.files.get("finish.py").map(|bytes| bytes.to_vec()).unwrap_or_default();

        let mut hash = Sha256::new();
        hash.update(RECIPE);
        let lock_text = lock.as_ref().map(Lock::to_text).unwrap_or_default();
        for part in [definition_text.as_bytes(), lock_text.as_bytes(), &dockerfile, &finish] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Ok(Environment {
            name: name.to_owned(),
            definition,
            lock,
            hash: cache::hex(&hash.finalize()),
            dockerfile,
            finish,
        })
    }

    /// The Python sources of the worker layer, by their path below its folder: the worker, and in
    /// `sdk/` what scripts import.
    pub(crate) fn worker_files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().filter_map(|(path, bytes)| {
            let is_ours = path.starts_with("worker/") || path.starts_with("sdk/");
            (is_ours && path.ends_with(".py")).then_some((path.as_str(), bytes.as_ref()))
        })
    }

    fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

// === impl Environment ===

impl Environment {
    /// The lock, or the error that says how to make one.
    pub(crate) fn locked(&self) -> Result<&Lock, Error> {
        self.lock.as_ref().ok_or_else(|| Error::NoLock { name: self.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_environment_reads() {
        let catalog = Catalog::embedded();
        assert_eq!(catalog.names(), ["anaconda", "python"]);
        for name in catalog.names() {
            let environment = catalog.environment(&name).unwrap();
            assert!(!environment.finish.is_empty());
            assert!(!environment.dockerfile.is_empty());
        }
        assert!(catalog.environment("python").unwrap().lock.is_some());
    }

    #[test]
    fn an_unknown_environment_is_named_with_the_known_ones() {
        let error = Catalog::embedded().environment("julia").unwrap_err().to_string();
        assert!(error.contains("julia") && error.contains("anaconda, python"), "{error}");
    }

    #[test]
    fn a_folder_adds_and_replaces_environments() {
        let folder = tempfile::tempdir().unwrap();
        let toml = "description = 'x'\npython = '/p'\nsource_date_epoch = 1\n[environment]\n";
        for name in ["mine", "python"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("image.toml"), toml).unwrap();
        }
        let catalog = Catalog::with_folder(folder.path()).unwrap();
        assert_eq!(catalog.names(), ["anaconda", "mine", "python"]);
        assert_eq!(catalog.environment("python").unwrap().definition.python, "/p");
        assert!(catalog.environment("python").unwrap().lock.is_none());
        let own = Catalog::embedded().environment("python").unwrap();
        assert_ne!(catalog.environment("python").unwrap().hash, own.hash);
    }
}
