//! The road without an image registry: a root file system made on this machine by mmdebstrap
//! from exactly the packages of the lock, and wheels installed into it by the locked pip.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::apt::{self, Apt};
use crate::cache;
use crate::catalog::Environment;
use crate::definition::{Debian, Wheels};
use crate::error::Error;
use crate::host::{self, APT_GET, CHROOT, DPKG_DEB, MMDEBSTRAP};
use crate::lock::{DebianPackage, Lock};
use crate::pip;
use crate::plan::EnvironmentBuild;
use crate::progress::{Progress, stage};

/// Merges /bin and its like into /usr before the first package is unpacked; mmdebstrap does it
/// by itself only for variants that choose their packages.
const MERGED_USR: &str = "/usr/share/mmdebstrap/hooks/merged-usr";
/// Never unpacked: nobody reads them in a worker. Licences stay.
const EXCLUDED: [&str; 6] = [
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
];
const MINIMAL_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A root file system on this machine, with the lock that it was made from inside: newer packages
/// than the environment's lock where the mirror had moved on.
pub(crate) struct Bootstrapped {
    /// Removes it when dropped.
    folder: TempDir,
}

/// Whether this machine can bootstrap `debian`, or why not.
pub(crate) fn possible(debian: &Debian) -> Result<(), &'static str> {
    if !host::is_root() {
        return Err("not root");
    }
    if !(APT_GET.is_there() && DPKG_DEB.is_there() && CHROOT.is_there()) {
        return Err("no apt-get, dpkg-deb or chroot here");
    }
    // os-release(5).
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    if codename.map(|name| name.trim_matches('"')) != Some(debian.suite.as_str()) {
        return Err("this machine runs another release");
    }
    Ok(())
}

/// Makes the root file system of `environment`.
pub(crate) async fn bootstrap(
    build: &EnvironmentBuild<'_>,
    debian: &Debian,
) -> Result<Bootstrapped, Error> {
    let EnvironmentBuild { environment, cache, reporter, .. } = *build;
    if !host::is_root() {
        return Err(Error::NotRoot { name: environment.name.clone() });
    }
    let lock = environment.locked()?;
    let folder = cache::scratch(cache).map_err(Error::io("making a folder to build in"))?;
    let scratch = folder.path();
    let (debs, wheels) = (cache.join("debs"), cache.join("wheels"));

    let packages = packages(build, debian, &scratch.join("apt"), &debs).await?;
    let definition = &environment.definition;
    pip::fetch(definition, &lock.architecture, &lock.wheels, &wheels, scratch, reporter).await?;

    if !MMDEBSTRAP.is_there() {
        stage(reporter, "bootstrap", "installing mmdebstrap on this machine");
        host::install("mmdebstrap").await?;
    }
    stage(reporter, "bootstrap", &format!("unpacking {} Debian packages", packages.len()));
    let repository = scratch.join("repository");
    make_repository(&repository, &packages, &debs).await?;
    let root = scratch.join("root");
    let epoch = definition.source_date_epoch.to_string();
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    MMDEBSTRAP
        .command()
        .env("SOURCE_DATE_EPOCH", &epoch)
        .args(["--quiet", "--mode=root", "--variant=custom", "--hook-dir", MERGED_USR])
        .args(["--architectures", &lock.architecture])
        .args(EXCLUDED.map(|rule| format!("--dpkgopt={rule}")))
        // Its apt would read the repository as a user of its own, who can't.
        .arg("--aptopt=APT::Sandbox::User \"root\"")
        .args(["--include", &names.join(",")])
        .arg(&debian.suite)
        .arg(&root)
        // Trusted because each file has just been compared with its hash.
        .arg(format!("deb [trusted=yes] copy:{} ./", repository.display()))
        .run("making the root file system")
        .await?;

    stage(reporter, "wheels", &format!("installing {} wheels", lock.wheels.len()));
    install_wheels(environment, lock, &root, &wheels).await?;
    stage(reporter, "finish", "byte-compiling, and removing what no script needs");
    finish(environment, &root).await?;

    let effective = Lock::new(lock.architecture.clone(), packages, lock.wheels.clone(), Vec::new());
    let path = root.join("opt/launchpod");
    fs::create_dir_all(&path)
        .and_then(|()| fs::write(path.join("lock.toml"), effective.to_text()))
        .map_err(Error::io("writing the lock into the image"))?;
    Ok(Bootstrapped { folder })
}

// === impl Bootstrapped ===

impl Bootstrapped {
    /// Where the root file system is.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A folder that goes when the root file system goes.
    pub(crate) fn scratch(&self) -> &Path {
        self.folder.path()
    }
}

/// Has the lock's packages in the cache, or newer ones where the mirror has moved on.
async fn packages(
    build: &EnvironmentBuild<'_>,
    debian: &Debian,
    scratch: &Path,
    debs: &Path,
) -> Result<Vec<DebianPackage>, Error> {
    let EnvironmentBuild { environment, locked, reporter, .. } = *build;
    let lock = environment.locked()?;
    let missing = apt::missing(lock, debs)?;
    if missing.is_empty() {
        return Ok(lock.debian.clone());
    }
    let detail = format!("downloading {} of {} from Debian", missing.len(), lock.debian.len());
    stage(reporter, "packages", &detail);
    let mirror = Apt::prepare(scratch, debian, &lock.debian).await?;
    let offered = mirror.offered(missing.iter().map(|package| package.name.as_str())).await?;
    let has = |package: &DebianPackage| {
        offered.contains_key(&(package.name.clone(), package.version.clone()))
    };
    if missing.iter().all(has) {
        mirror.download(&missing, debs).await?;
        return Ok(lock.debian.clone());
    }

    // The pins keep what the mirror still has; the rest, and what must go with it, is newer.
    let found = mirror.resolve(debian).await?;
    let wheels = lock.wheels.clone();
    let effective = Lock::new(lock.architecture.clone(), found, wheels, Vec::new());
    let changes = lock.changes(&effective);
    if locked {
        return Err(Error::Drift { name: environment.name.clone(), changes });
    }
    for change in &changes {
        reporter(Progress::Warning(&format!(
            "the Debian mirror has moved on from the lock: {change}"
        )));
    }
    let missing = apt::missing(&effective, debs)?;
    mirror.download(&missing, debs).await?;
    Ok(effective.debian)
}

/// A flat repository of exactly these packages, so that mmdebstrap can't choose others.
async fn make_repository(
    folder: &Path,
    packages: &[DebianPackage],
    debs: &Path,
) -> Result<(), Error> {
    let writing = Error::io("making a repository of the packages");
    fs::create_dir_all(folder).map_err(&writing)?;
    let mut index = String::new();
    for package in packages {
        let file = package.file();
        let path = folder.join(&file);
        cache::link(&debs.join(&file), &path).map_err(&writing)?;
        let size = path.metadata().map_err(&writing)?.len();
        let control = DPKG_DEB.command().arg("--field").arg(&path).run("reading a package").await?;
        index += &format!(
            "{}\nFilename: ./{file}\nSize: {size}\nSHA256: {}\n\n",
            control.trim_end(),
            package.sha256
        );
    }
    fs::write(folder.join("Packages"), index).map_err(&writing)
}

/// Installs the wheels by the locked pip under the image's own Python, so that the host's Python
/// and pip leave no mark on the image.
async fn install_wheels(
    environment: &Environment,
    lock: &Lock,
    root: &Path,
    wheels: &Path,
) -> Result<(), Error> {
    if lock.wheels.is_empty() {
        return Ok(());
    }
    let writing = Error::io("putting wheels into the root file system");
    let inside = root.join("tmp/wheels");
    fs::create_dir_all(&inside).map_err(&writing)?;
    for wheel in &lock.wheels {
        cache::link(&wheels.join(&wheel.file), &inside.join(&wheel.file)).map_err(&writing)?;
    }
    fs::write(inside.join("requirements.txt"), pip::requirements(&lock.wheels))
        .map_err(&writing)?;
    let installer = Wheels::installer(&lock.wheels)?;
    CHROOT
        .command()
        .env_clear()
        .env("PATH", MINIMAL_PATH)
        .env("LANG", "C.UTF-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONPATH", format!("/tmp/wheels/{}", installer.file))
        .arg(root)
        .args([&environment.definition.python, "-m", "pip", "install", "--quiet"])
        .args(["--no-index", "--find-links", "/tmp/wheels", "--no-deps", "--require-hashes"])
        .args(["--no-compile", "--no-cache-dir", "--no-warn-script-location"])
        // The image is Debian's Python with our packages, and nobody installs more later.
        .args(["--break-system-packages", "--root-user-action", "ignore"])
        .args(["--requirement", "/tmp/wheels/requirements.txt"])
        .run("installing wheels")
        .await?;
    fs::remove_dir_all(inside).map_err(&writing)
}

/// Runs `finish.py` in the root file system.
async fn finish(environment: &Environment, root: &Path) -> Result<(), Error> {
    let script = root.join("opt/finish.py");
    let writing = Error::io("putting finish.py into the root file system");
    fs::write(&script, &environment.finish).map_err(&writing)?;
    CHROOT
        .command()
        .env_clear()
        .env("PATH", MINIMAL_PATH)
        .env("LANG", "C.UTF-8")
        .arg(root)
        .args([&environment.definition.python, "-X", "utf8", "-s", "-P", "/opt/finish.py"])
        .run("finishing the root file system")
        .await?;
    match fs::remove_file(script) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(writing(error)),
        _ => Ok(()),
    }
}
