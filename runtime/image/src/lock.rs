//! A lock: the exact packages of one environment, with their hashes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cache;

/// The format written by this program.
const VERSION: u32 = 1;

/// The exact packages of one environment; the file `lock.toml` of its folder.
///
/// The lock names no mirror and no index: what is installed is decided by the hashes, wherever
/// it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The format: 1.
    pub version: u32,
    /// Debian's name of the processor architecture, `amd64` for example.
    pub architecture: String,
    /// Debian's packages, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub debian: Vec<DebianPackage>,
    /// Wheels, by name.
    #[serde(default, rename = "wheel", skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<Wheel>,
    /// Conda's packages, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conda: Vec<CondaPackage>,
}

/// A package of Debian's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebianPackage {
    /// Its name.
    pub name: String,
    /// Its whole version, epoch and revision included.
    pub version: String,
    /// The lock's architecture, or `all`.
    pub architecture: String,
    /// The suite it was found in, `bookworm-security` for example; empty when it came with a
    /// base image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suite: String,
    /// The SHA-256 of the `.deb`; empty when it came with a base image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

/// A wheel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// The project's name, normalised as in the Simple Repository API (PEP 503).
    pub name: String,
    /// Its version.
    pub version: String,
    /// The file's name.
    pub file: String,
    /// The SHA-256 of the file.
    pub sha256: String,
}

/// A package of conda's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CondaPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The build string.
    pub build: String,
    /// The SHA-256 of the archive, as conda recorded it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

/// A package that is not what it was: `old` or `new` is absent when it is not there at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The package.
    pub name: String,
    /// The version expected.
    pub old: Option<String>,
    /// The version found.
    pub new: Option<String>,
}

// === impl Lock ===

impl Lock {
    /// A lock of these packages, in order.
    #[must_use]
    pub fn new(
        architecture: String,
        mut debian: Vec<DebianPackage>,
        mut wheels: Vec<Wheel>,
        mut conda: Vec<CondaPackage>,
    ) -> Self {
        debian.sort();
        wheels.sort();
        conda.sort();
        Self { version: VERSION, architecture, debian, wheels, conda }
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// When the text is not a lock of a version that this program knows.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lock: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if lock.version != VERSION {
            return Err(format!("it has format {}, this program reads {VERSION}", lock.version));
        }
        Ok(lock)
    }

    /// The lock as the text of its file.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings, numbers and tables of them: nothing that TOML can't say.
        toml::to_string(self).unwrap_or_default()
    }

    /// The SHA-256 of [`Lock::to_text`]: comments and spacing of a file don't count.
    #[must_use]
    pub fn hash(&self) -> String {
        cache::hash_bytes(self.to_text().as_bytes())
    }

    /// What differs in `found`, package by package, by name and version.
    #[must_use]
    pub fn changes(&self, found: &Self) -> Vec<Change> {
        let old = self.versions();
        let mut new = found.versions();
        let mut changes = Vec::new();
        for (key, old) in old {
            let found = new.remove(&key);
            if found.as_ref() != Some(&old) {
                changes.push(Change { name: key.1, old: Some(old), new: found });
            }
        }
        changes.extend(new.into_iter().map(|(key, new)| Change {
            name: key.1,
            old: None,
            new: Some(new),
        }));
        changes
    }

    fn versions(&self) -> BTreeMap<(&'static str, String), String> {
        let debian = self.debian.iter().map(|p| (("debian", p.name.clone()), p.version.clone()));
        let wheels = self.wheels.iter().map(|p| (("wheel", p.name.clone()), p.version.clone()));
        let conda = self
            .conda
            .iter()
            .map(|p| (("conda", p.name.clone()), format!("{}={}", p.version, p.build)));
        debian.chain(wheels).chain(conda).collect()
    }
}

// === impl DebianPackage ===

impl DebianPackage {
    /// The name that apt-get gives the downloaded file.
    pub(crate) fn file(&self) -> String {
        let version = self.version.replace(':', "%3a");
        format!("{}_{version}_{}.deb", self.name, self.architecture)
    }

    /// The package and its version as apt-get reads them.
    pub(crate) fn specification(&self) -> String {
        format!("{}={}", self.name, self.version)
    }
}

// === impl Wheel ===

impl Wheel {
    /// The line of a requirements file that means this wheel and no other.
    pub(crate) fn requirement(&self) -> String {
        format!("{}=={} --hash=sha256:{}\n", self.name, self.version, self.sha256)
    }
}

// === impl Change ===

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absent = "(absent)";
        let old = self.old.as_deref().unwrap_or(absent);
        let new = self.new.as_deref().unwrap_or(absent);
        write!(f, "{} {old} -> {new}", self.name)
    }
}

/// A project's name as the Simple Repository API normalises it (PEP 503).
pub(crate) fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            normal.extend(character.to_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> DebianPackage {
        DebianPackage {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: "amd64".to_owned(),
            suite: "bookworm".to_owned(),
            sha256: "00".repeat(32),
        }
    }

    fn lock(debian: Vec<DebianPackage>) -> Lock {
        Lock::new("amd64".to_owned(), debian, Vec::new(), Vec::new())
    }

    #[test]
    fn a_lock_survives_its_file_and_comments_do_not_count() {
        let lock = lock(vec![package("libc6", "2.36-9"), package("bash", "5.2.15-2+b13")]);
        let read = Lock::parse(&format!("# made by hand\n{}", lock.to_text())).unwrap();
        assert_eq!(read, lock);
        assert_eq!(read.hash(), lock.hash());
        assert_eq!(lock.debian[0].name, "bash");
    }

    #[test]
    fn a_lock_of_a_later_format_is_refused() {
        let mut later = lock(Vec::new());
        later.version = 2;
        assert!(Lock::parse(&later.to_text()).unwrap_err().contains("format 2"));
    }

    #[test]
    fn changes_name_both_versions() {
        let old = lock(vec![package("a", "1"), package("b", "1"), package("c", "1")]);
        let new = lock(vec![package("a", "1"), package("b", "2"), package("d", "1")]);
        let lines: Vec<String> = old.changes(&new).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["b 1 -> 2", "c 1 -> (absent)", "d (absent) -> 1"]);
    }

    #[test]
    fn an_epoch_is_escaped_in_the_file_name() {
        assert_eq!(package("zlib1g", "1:1.2.13").file(), "zlib1g_1%3a1.2.13_amd64.deb");
    }

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalise("Scikit_Learn"), "scikit-learn");
        assert_eq!(normalise("a.-_b"), "a-b");
    }
}
