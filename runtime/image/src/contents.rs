//! What is in an image, read from the engine's export of a container that never ran: no code of
//! the image is executed.

use std::collections::BTreeMap;
use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tar::{Archive, EntryType};

use crate::cache;
use crate::error::Error;
use crate::lock::{CondaPackage, DebianPackage, Lock, normalise};
use crate::manifest::{Entry, Manifest};

/// Where our own files are in an image.
pub(crate) const OURS: &str = "opt/launchpod";
/// The lock that the image was made from.
pub(crate) const LOCK_FILE: &str = "opt/launchpod/lock.toml";
/// Every file of the environment, recorded when the image was built.
pub(crate) const MANIFEST_FILE: &str = "opt/launchpod/manifest";
const DPKG_STATUS: &str = "var/lib/dpkg/status";

/// What the engine itself puts into every container.
const ENGINES_OWN: [&str; 8] = [
    ".dockerenv",
    "dev",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
    "proc",
    "sys",
];

/// The longest file that is read into memory; longer ones are hashed only.
const LONGEST_READ: u64 = 32 << 20;

/// What is in an image.
pub(crate) struct Contents {
    pub(crate) manifest: Manifest,
    /// The lock in the image, when it has one.
    pub(crate) lock: Option<Lock>,
    /// The environment's manifest in the image, when it has one.
    pub(crate) recorded: Option<Manifest>,
    /// dpkg's database: name, version and architecture.
    pub(crate) debian: Vec<DebianPackage>,
    /// Installed Python distributions.
    pub(crate) distributions: Vec<Distribution>,
    /// conda's database.
    pub(crate) conda: Vec<CondaPackage>,
}

/// An installed Python distribution (a `.dist-info` folder).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Distribution {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The files of its RECORD that have a SHA-256 there: path in the image, and hash.
    pub(crate) files: Vec<(String, String)>,
}

/// conda's record of one package, as far as it is needed.
#[derive(Deserialize)]
struct CondaRecord {
    name: String,
    version: String,
    build: String,
    #[serde(default)]
    sha256: String,
}

// === impl Contents ===

impl Contents {
    /// Reads the archive of a root file system.
    pub(crate) fn read(archive: impl Read) -> Result<Self, Error> {
        let reading = Error::io("reading the image");
        let mut contents = Self {
            manifest: Manifest::default(),
            lock: None,
            recorded: None,
            debian: Vec::new(),
            distributions: Vec::new(),
            conda: Vec::new(),
        };
        let mut distributions: BTreeMap<String, Distribution> = BTreeMap::new();
        let mut archive = Archive::new(archive);
        for entry in archive.entries().map_err(&reading)? {
            let mut entry = entry.map_err(&reading)?;
            let path = entry.path().map_err(&reading)?.to_string_lossy().into_owned();
            let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
            if path.is_empty() || engines_own(&path) {
                continue;
            }
            if is_read(&path) && entry.size() <= LONGEST_READ {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(&reading)?;
                contents.take(&path, &String::from_utf8_lossy(&bytes), &mut distributions)?;
                contents.add(&path, &mut entry, bytes.as_slice()).map_err(&reading)?;
            } else {
                contents.add_streamed(&path, &mut entry).map_err(&reading)?;
            }
        }
        contents.distributions = distributions.into_values().collect();
        contents.debian.sort();
        contents.conda.sort();
        Ok(contents)
    }

    /// The environment's own files: all but ours.
    pub(crate) fn environment_manifest(&self) -> Manifest {
        let ours = |path: &str| path == OURS || path.starts_with(&format!("{OURS}/"));
        self.manifest.clone().without(ours)
    }

    /// The lock of what is installed: the image's own lock, or else what its databases say,
    /// completed with the hashes of `wanted` where the versions agree.
    pub(crate) fn effective_lock(&self, wanted: Option<&Lock>, architecture: &str) -> Lock {
        if let Some(lock) = &self.lock {
            return lock.clone();
        }
        let same = |package: &DebianPackage| {
            let known = wanted.into_iter().flat_map(|lock| &lock.debian);
            known
                .into_iter()
                .find(|p| p.name == package.name && p.version == package.version)
                .cloned()
        };
        let debian = self.debian.iter().map(|found| same(found).unwrap_or_else(|| found.clone()));
        let wheels = wanted.map(|lock| lock.wheels.clone()).unwrap_or_default();
        Lock::new(architecture.to_owned(), debian.collect(), wheels, self.conda.clone())
    }

    /// Keeps what a file of a package database says.
    fn take(
        &mut self,
        path: &str,
        text: &str,
        distributions: &mut BTreeMap<String, Distribution>,
    ) -> Result<(), Error> {
        if path == LOCK_FILE {
            let bad = |reason| Error::Unreadable { what: "the lock in the image", reason };
            self.lock = Some(Lock::parse(text).map_err(bad)?);
        } else if path == MANIFEST_FILE {
            self.recorded = Some(Manifest::parse(text));
        } else if path == DPKG_STATUS {
            self.debian = text.split("\n\n").filter_map(installed).collect();
        } else if let Some(folder) = path.strip_suffix("/METADATA") {
            let distribution = distributions.entry(folder.to_owned()).or_default();
            distribution.name = field(text, "Name").map(normalise).unwrap_or_default();
            distribution.version = field(text, "Version").unwrap_or_default().to_owned();
        } else if let Some(folder) = path.strip_suffix("/RECORD") {
            let site = folder.rsplit_once('/').map_or("", |(site, _)| site);
            let files = text.lines().filter_map(|line| recorded(site, line)).collect();
            distributions.entry(folder.to_owned()).or_default().files = files;
        } else {
            let record: CondaRecord =
                serde_json::from_str(text).map_err(|error| Error::Unreadable {
                    what: "conda's record of a package",
                    reason: format!("{path}: {error}"),
                })?;
            let CondaRecord { name, version, build, sha256 } = record;
            self.conda.push(CondaPackage { name, version, build, sha256 });
        }
        Ok(())
    }

    fn add_streamed(
        &mut self,
        path: &str,
        entry: &mut tar::Entry<'_, impl Read>,
    ) -> io::Result<()> {
        let content = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => cache::hash_reader(&mut *entry)?,
            _ => String::new(),
        };
        self.insert(path, entry, content)
    }

    fn add(
        &mut self,
        path: &str,
        entry: &mut tar::Entry<'_, impl Read>,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.insert(path, entry, cache::hash_bytes(bytes))
    }

    fn insert(
        &mut self,
        path: &str,
        entry: &mut tar::Entry<'_, impl Read>,
        hash: String,
    ) -> io::Result<()> {
        let header = entry.header();
        let (mode, uid, gid) = (header.mode()? & 0o7777, header.uid()?, header.gid()?);
        let target = entry.link_name()?.map(|target| target.to_string_lossy().into_owned());
        let mut line = Entry { kind: 'f', mode, uid, gid, size: entry.size(), content: &hash };
        match (header.entry_type(), &target) {
            (EntryType::Directory, _) => (line.kind, line.content) = ('d', "-"),
            (EntryType::Symlink, Some(target)) => (line.kind, line.content) = ('l', target),
            // Another name of a file that came before: the same in all but the path.
            (EntryType::Link, Some(target)) => {
                let first = target.trim_start_matches("./").trim_start_matches('/').to_owned();
                self.manifest.copy(&first, path);
                return Ok(());
            }
            _ => {}
        }
        self.manifest.insert(path, &line);
        Ok(())
    }
}

fn engines_own(path: &str) -> bool {
    ENGINES_OWN.iter().any(|own| {
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether a file tells what is installed.
fn is_read(path: &str) -> bool {
    let Some((folder, file)) = path.rsplit_once('/') else { return false };
    match file {
        "METADATA" | "RECORD" => {
            // Distributions nested in another's files (pip's vendored ones) aren't installed.
            let site = folder.rsplit_once('/').map_or("", |(site, _)| site);
            folder.ends_with(".dist-info")
                && (site.ends_with("/dist-packages") || site.ends_with("/site-packages"))
        }
        _ => {
            [LOCK_FILE, MANIFEST_FILE, DPKG_STATUS].contains(&path)
                || (folder.ends_with("/conda-meta") && file.ends_with(".json"))
        }
    }
}

/// Reads a paragraph of dpkg's database, when the package is installed.
fn installed(paragraph: &str) -> Option<DebianPackage> {
    let value = |name| field(paragraph, name).map(str::to_owned);
    (field(paragraph, "Status")? == "install ok installed").then_some(DebianPackage {
        name: value("Package")?,
        version: value("Version")?,
        architecture: value("Architecture")?,
        suite: String::new(),
        sha256: String::new(),
    })
}

/// The value of a header field such as `Name: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// Reads a line of RECORD: `path,sha256=base64,size`, the path relative to the site directory.
/// Lines without a hash (RECORD's own) give nothing.
fn recorded(site: &str, line: &str) -> Option<(String, String)> {
    let mut columns = line.rsplitn(3, ',').skip(1);
    let hash = columns.next()?.strip_prefix("sha256=")?;
    let hash = cache::hex(&URL_SAFE_NO_PAD.decode(hash).ok()?);
    let relative = columns.next()?.trim_matches('"');
    let mut parts: Vec<&str> =
        if relative.starts_with('/') { Vec::new() } else { site.split('/').collect() };
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some((parts.join("/"), hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive;

    #[test]
    fn reads_what_an_archive_says_is_installed() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |path: &str, text: &str| {
            archive::append(&mut tar, path, 0o644, 0, text.as_bytes()).unwrap();
        };
        let site = "usr/local/lib/python3.11/dist-packages";
        add("etc/hosts", "the engine's");
        add(
            DPKG_STATUS,
            "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\n",
        );
        add(
            &format!("{site}/Foo_Bar-1.dist-info/METADATA"),
            "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1\n",
        );
        let hash = URL_SAFE_NO_PAD.encode([0xab; 32]);
        add(
            &format!("{site}/Foo_Bar-1.dist-info/RECORD"),
            &format!("../../../bin/foo,sha256={hash},3\nfoo/a.py,sha256={hash},3\nRECORD,,\n"),
        );
        let contents = Contents::read(tar.into_inner().unwrap().as_slice()).unwrap();

        let [package] = contents.debian.as_slice() else { panic!("one package is installed") };
        assert_eq!((package.name.as_str(), package.version.as_str()), ("a", "1:2"));
        let [distribution] = contents.distributions.as_slice() else { panic!("one distribution") };
        assert_eq!((distribution.name.as_str(), distribution.version.as_str()), ("foo-bar", "1"));
        let files: Vec<&str> = distribution.files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(files, ["usr/local/bin/foo", &format!("{site}/foo/a.py")]);
        assert_eq!(distribution.files[0].1, "ab".repeat(32));
        assert!(contents.manifest.get("etc/hosts").is_none());
        assert_eq!(contents.manifest.len(), 3);
    }
}
