//! Debian's packages by the host's own apt: its sources, keys and proxies, but lists, pins and an
//! empty package database of our own, so that what the host has installed plays no part.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::definition::Debian;
use crate::error::Error;
use crate::host::{APT_CACHE, APT_GET, HostCommand, HostError, Program};
use crate::lock::{DebianPackage, Lock};

/// Essential packages except the package manager, in apt's pattern language (apt counts itself
/// among them).
const ESSENTIAL: &str = "?essential?not(?name(^apt$))";

/// A private apt. Its folder must outlive it.
pub(crate) struct Apt {
    folder: PathBuf,
    suite: String,
}

// === impl Apt ===

impl Apt {
    /// Makes a private apt in `folder` and reads the lists of packages. Packages in `pins` are
    /// held at their version as long as the mirror has it.
    pub(crate) async fn prepare(
        folder: &Path,
        debian: &Debian,
        pins: &[DebianPackage],
    ) -> Result<Self, Error> {
        let writing = Error::io("preparing apt");
        for name in ["lists/partial", "cache/archives/partial", "debs"] {
            fs::create_dir_all(folder.join(name)).map_err(&writing)?;
        }
        fs::write(folder.join("status"), "").map_err(&writing)?;
        fs::write(folder.join("preferences"), preferences(&debian.suite, pins))
            .map_err(&writing)?;
        fs::write(folder.join("apt.conf"), configuration(folder)).map_err(&writing)?;
        let apt = Self { folder: folder.to_owned(), suite: debian.suite.clone() };
        apt.command(APT_GET).arg("update").run("reading the lists of packages").await?;
        Ok(apt)
    }

    /// All packages that the definition needs, dependencies included, with what the mirror's
    /// signed lists say of them.
    pub(crate) async fn resolve(&self, debian: &Debian) -> Result<Vec<DebianPackage>, Error> {
        let plan = self
            .command(APT_GET)
            .args(["install", "--quiet=2", "--yes", "--print-uris", ESSENTIAL])
            .args(&debian.packages)
            .run("choosing packages")
            .await
            .map_err(|error| self.explain(error))?;
        let mut packages =
            plan.lines().map(planned).collect::<Option<Vec<_>>>().ok_or_else(|| {
                Error::Unreadable {
                    what: "apt-get's list of files",
                    reason: plan.chars().take(200).collect(),
                }
            })?;
        let offered = self.offered(packages.iter().map(|p| p.name.as_str())).await?;
        for package in &mut packages {
            let key = (package.name.clone(), package.version.clone());
            let suite = offered.get(&key).ok_or_else(|| Error::Suite {
                suite: self.suite.clone(),
                package: package.name.clone(),
            })?;
            package.suite.clone_from(suite);
        }
        packages.sort();
        Ok(packages)
    }

    /// The suite of every version on offer, by name and version.
    pub(crate) async fn offered(
        &self,
        names: impl Iterator<Item = &str>,
    ) -> Result<BTreeMap<(String, String), String>, Error> {
        let table = self
            .command(APT_CACHE)
            .arg("madison")
            .args(names)
            .run("looking for packages")
            .await
            .map_err(|error| self.explain(error))?;
        let mut offered = BTreeMap::new();
        for (name, version, suite) in table.lines().filter_map(offer) {
            if suite == self.suite || suite.starts_with(&format!("{}-", self.suite)) {
                offered
                    .entry((name.to_owned(), version.to_owned()))
                    .or_insert_with(|| suite.to_owned());
            }
        }
        Ok(offered)
    }

    /// Downloads packages into `folder`, under the name of [`DebianPackage::file`], after
    /// comparing each with its hash.
    pub(crate) async fn download(
        &self,
        packages: &[DebianPackage],
        folder: &Path,
    ) -> Result<(), Error> {
        if packages.is_empty() {
            return Ok(());
        }
        let debs = self.folder.join("debs");
        self.command(APT_GET)
            .args(["download", "--quiet=2"])
            .args(packages.iter().map(DebianPackage::specification))
            .directory(&debs)
            .run("downloading packages")
            .await?;
        for package in packages {
            let downloaded = debs.join(package.file());
            let reading = Error::io("reading a downloaded package");
            let found = cache::hash_file(&downloaded).map_err(reading)?;
            if found != package.sha256 {
                return Err(Error::Hash {
                    file: package.file(),
                    found,
                    expected: package.sha256.clone(),
                });
            }
            cache::keep(&downloaded, &folder.join(package.file()))
                .map_err(Error::io("keeping a downloaded package"))?;
        }
        Ok(())
    }

    fn command(&self, program: Program) -> HostCommand {
        program.command().env("APT_CONFIG", self.folder.join("apt.conf"))
    }

    /// A release that the host's sources lack shows as packages that can't be located.
    fn explain(&self, error: HostError) -> Error {
        if let HostError::Failed { output, .. } = &error {
            let located =
                output.lines().find_map(|line| line.strip_prefix("E: Unable to locate package "));
            if let Some(package) = located {
                return Error::Suite { suite: self.suite.clone(), package: package.to_owned() };
            }
        }
        error.into()
    }
}

/// The packages of `lock` that `folder` lacks.
pub(crate) fn missing(lock: &Lock, folder: &Path) -> Result<Vec<DebianPackage>, Error> {
    let mut missing = Vec::new();
    for package in &lock.debian {
        let there = cache::holds(&folder.join(package.file()), &package.sha256)
            .map_err(Error::io("reading the cache of packages"))?;
        if !there {
            missing.push(package.clone());
        }
    }
    Ok(missing)
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r##"Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::State::extended_states "{folder}/extended_states";
Dir::Cache "{folder}/cache";
Dir::Etc::preferences "{folder}/preferences";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::ForceHash "SHA256";
APT::Install-Recommends "false";
// The folder is ours alone; apt's own user could not write there.
APT::Sandbox::User "root";
// Hooks of the host's, about the host's packages.
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
"##
    )
}

/// Debian's own packages of the release and no others: the host may have more sources. A pin by
/// name above 1000 counts even against a newer version.
fn preferences(suite: &str, pins: &[DebianPackage]) -> String {
    let mut text = String::new();
    let mut record = |package: &str, pin: &str, priority: i32| {
        text += &format!("Package: {package}\nPin: {pin}\nPin-Priority: {priority}\n\n");
    };
    for package in pins {
        record(&package.name, &format!("version {}", package.version), 1001);
    }
    for part in ["", "-updates", "-security"] {
        record("*", &format!("release o=Debian,n={suite}{part}"), 500);
    }
    record("*", "release n=*", -1);
    text
}

/// Reads a line of `apt-get --print-uris`: `'address' name_version_architecture.deb size
/// SHA256:hash`, the version with its colon as `%3a`.
fn planned(line: &str) -> Option<DebianPackage> {
    let mut words = line.split_whitespace().skip(1);
    let file = words.next()?.strip_suffix(".deb")?;
    let sha256 = words.nth(1)?.strip_prefix("SHA256:")?;
    let mut parts = file.split('_');
    Some(DebianPackage {
        name: parts.next()?.to_owned(),
        version: parts.next()?.replace("%3a", ":"),
        architecture: parts.next()?.to_owned(),
        suite: String::new(),
        sha256: sha256.to_owned(),
    })
}

/// Reads a line of `apt-cache madison`: `name | version | address suite/component architecture
/// Packages`.
fn offer(line: &str) -> Option<(&str, &str, &str)> {
    let mut columns = line.split('|').map(str::trim);
    let (name, version, place) = (columns.next()?, columns.next()?, columns.next()?);
    let suite = place.split_whitespace().nth(1)?.split('/').next()?;
    Some((name, version, suite))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_apt_plans() {
        let line = "'http://m/pool/z/zlib/zlib1g_1%253a1.2_amd64.deb' zlib1g_1%3a1.2_amd64.deb 8 SHA256:ab";
        let package = planned(line).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("zlib1g", "1:1.2"));
        assert_eq!((package.architecture.as_str(), package.sha256.as_str()), ("amd64", "ab"));
        assert!(planned("'http://m/x.deb' x.deb 8 MD5Sum:ab").is_none());
    }

    #[test]
    fn reads_what_apt_offers() {
        let line = " libssl3 | 3.0.22-1~deb12u2 | http://m/debian-security bookworm-security/main amd64 Packages";
        assert_eq!(offer(line), Some(("libssl3", "3.0.22-1~deb12u2", "bookworm-security")));
        assert_eq!(offer(""), None);
    }

    #[test]
    fn pins_come_with_the_release_and_shut_out_the_rest() {
        let text = preferences("bookworm", &[]);
        assert!(text.contains("Pin: release o=Debian,n=bookworm-security\nPin-Priority: 500"));
        assert!(text.ends_with("Pin: release n=*\nPin-Priority: -1\n\n"));
    }
}
