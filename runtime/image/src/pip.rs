//! Wheels by the host's pip: its indexes, proxies and certificates. Source distributions are
//! never taken, since building one runs its code.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::cache;
use crate::definition::{Definition, Wheels};
use crate::error::Error;
use crate::host::{self, HostError, PYTHON};
use crate::lock::{Wheel, normalise};
use crate::progress::{Reporter, stage};

/// The oldest manylinux profile by C library (PEP 600); older tags are names for some of these.
const OLDEST_GLIBC_MINOR: u32 = 5;
const LEGACY_TAGS: [&str; 3] = ["manylinux1", "manylinux2010", "manylinux2014"];

/// pip's installation report (its format is stable since pip 23.0), as far as it is needed.
#[derive(Deserialize)]
struct InstallationReport {
    install: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
    download_info: DownloadInfo,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct DownloadInfo {
    url: String,
    archive_info: ArchiveInfo,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    hashes: std::collections::BTreeMap<String, String>,
}

/// Sees to it that the host has a pip, installing Debian's when it may.
pub(crate) async fn ensure(reporter: Reporter<'_>) -> Result<(), Error> {
    let probe = PYTHON.command().args(["-m", "pip", "--version"]).run("looking for pip").await;
    match probe {
        Ok(_) => Ok(()),
        Err(HostError::Failed { .. } | HostError::Missing { .. })
            if host::is_root() && host::APT_GET.is_there() =>
        {
            stage(reporter, "wheels", "installing python3-pip on this machine");
            Ok(host::install("python3-pip").await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Chooses wheels that meet the requirements, dependencies included.
pub(crate) async fn resolve(
    definition: &Definition,
    architecture: &str,
    scratch: &Path,
) -> Result<Vec<Wheel>, Error> {
    let Some(wheels) = &definition.wheels else { return Ok(Vec::new()) };
    require_version(&definition.python_version).await?;
    let report = scratch.join("report.json");
    PYTHON
        .command()
        .args(["-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"])
        .args(targets(definition, architecture))
        .arg("--target")
        .arg(scratch.join("nothing"))
        .arg("--report")
        .arg(&report)
        .args(&wheels.requirements)
        .run("choosing wheels")
        .await?;
    let text = fs::read(&report).map_err(Error::io("reading pip's report"))?;
    let report: InstallationReport = serde_json::from_slice(&text).map_err(unreadable)?;
    report.install.into_iter().map(Item::wheel).collect()
}

/// Puts the wheels into `folder`, downloading what is missing; each is compared with its hash.
pub(crate) async fn fetch(
    definition: &Definition,
    architecture: &str,
    wheels: &[Wheel],
    folder: &Path,
    scratch: &Path,
    reporter: Reporter<'_>,
) -> Result<(), Error> {
    let mut missing = Vec::new();
    for wheel in wheels {
        let reading = Error::io("reading the cache of wheels");
        if !cache::holds(&folder.join(&wheel.file), &wheel.sha256).map_err(reading)? {
            missing.push(wheel);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    ensure(reporter).await?;
    stage(reporter, "wheels", &format!("downloading {} of {}", missing.len(), wheels.len()));
    let requirements = scratch.join("missing.txt");
    let text: String = missing.iter().map(|wheel| wheel.requirement()).collect();
    fs::write(&requirements, text).map_err(Error::io("writing requirements"))?;
    let downloaded = scratch.join("downloaded");
    PYTHON
        .command()
        .args(["-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"])
        .args(targets(definition, architecture))
        .arg("--dest")
        .arg(&downloaded)
        .arg("--requirement")
        .arg(&requirements)
        .run("downloading wheels")
        .await?;
    for wheel in missing {
        let path = downloaded.join(&wheel.file);
        let found = cache::hash_file(&path).map_err(Error::io("reading a downloaded wheel"))?;
        if found != wheel.sha256 {
            return Err(Error::Hash {
                file: wheel.file.clone(),
                found,
                expected: wheel.sha256.clone(),
            });
        }
        cache::keep(&path, &folder.join(&wheel.file)).map_err(Error::io("keeping a wheel"))?;
    }
    Ok(())
}

/// The text of a requirements file that means these wheels and no others.
pub(crate) fn requirements(wheels: &[Wheel]) -> String {
    wheels.iter().map(Wheel::requirement).collect()
}

/// pip evaluates a requirement's conditions on the Python version with the one that runs it,
/// whatever it is told to download for.
async fn require_version(wanted: &str) -> Result<(), Error> {
    let code = "import sys; print('%d.%d' % sys.version_info[:2])";
    let found = PYTHON.command().args(["-c", code]).run("asking for Python's version").await?;
    if found.trim() == wanted {
        return Ok(());
    }
    Err(Error::PythonVersion { wanted: wanted.to_owned(), found: found.trim().to_owned() })
}

/// pip's options that choose wheels for the image rather than for the host.
fn targets(definition: &Definition, architecture: &str) -> Vec<String> {
    let machine = match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    let compact = definition.python_version.replace('.', "");
    let mut options: Vec<String> = ["--only-binary", ":all:", "--implementation", "cp"]
        .into_iter()
        .chain(["--python-version", &definition.python_version])
        .chain(["--abi", &format!("cp{compact}"), "--abi", "abi3", "--abi", "none"])
        .map(str::to_owned)
        .collect();
    let newest = definition.debian.as_ref().map_or(OLDEST_GLIBC_MINOR, |debian| debian.glibc_minor);
    let tags = (OLDEST_GLIBC_MINOR..=newest).rev().map(|minor| format!("manylinux_2_{minor}"));
    for tag in tags.chain(LEGACY_TAGS.map(str::to_owned)) {
        options.extend(["--platform".to_owned(), format!("{tag}_{machine}")]);
    }
    options
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Unreadable { what: "pip's report", reason: error.to_string() }
}

// === impl Item ===

impl Item {
    fn wheel(self) -> Result<Wheel, Error> {
        let bad = |reason: String| Error::Unreadable { what: "pip's report", reason };
        let path = self.download_info.url.split(['#', '?']).next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default().replace("%2B", "+");
        let name = self.metadata.name;
        let Some(sha256) = self.download_info.archive_info.hashes.get("sha256").cloned() else {
            return Err(bad(format!("{name} has no SHA-256")));
        };
        if !file.ends_with(".whl") {
            return Err(bad(format!("{name} is not a wheel: {file}")));
        }
        Ok(Wheel { name: normalise(&name), version: self.metadata.version, file, sha256 })
    }
}

// === impl Wheels ===

impl Wheels {
    /// The locked wheel of pip itself, which installs the others.
    pub(crate) fn installer(wheels: &[Wheel]) -> Result<&Wheel, Error> {
        wheels.iter().find(|wheel| wheel.name == "pip").ok_or_else(|| Error::Unreadable {
            what: "the lock",
            reason: "it has no wheel of pip, which installs the others".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(url: &str) -> Item {
        Item {
            metadata: Metadata { name: "Foo_Bar".to_owned(), version: "1.0+x".to_owned() },
            download_info: DownloadInfo {
                url: url.to_owned(),
                archive_info: ArchiveInfo {
                    hashes: [("sha256".to_owned(), "ab".to_owned())].into(),
                },
            },
        }
    }

    #[test]
    fn a_wheel_is_read_from_the_report() {
        let wheel = item("https://i/p/foo_bar-1.0%2Bx-py3-none-any.whl#sha256=ab").wheel().unwrap();
        assert_eq!(wheel.name, "foo-bar");
        assert_eq!(wheel.file, "foo_bar-1.0+x-py3-none-any.whl");
        assert_eq!(wheel.requirement(), "foo-bar==1.0+x --hash=sha256:ab\n");
    }

    #[test]
    fn a_source_distribution_is_refused() {
        assert!(item("https://i/p/foo_bar-1.0.tar.gz").wheel().is_err());
    }
}
