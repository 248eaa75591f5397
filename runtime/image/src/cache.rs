//! Downloads kept between builds, outside of any clone. Nothing in the folder is trusted: a file
//! is used when its hash is the lock's, and is as good as absent otherwise.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// `$XDG_CACHE_HOME/launchpod`, `~/.cache/launchpod`, or a folder of the system's for a user
/// without a home.
pub(crate) fn default_folder() -> PathBuf {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| PathBuf::from("/var/cache"))
        .join("launchpod")
}

/// How folders to build in are named.
const SCRATCH: &str = "build-";
/// When such a folder can only be what a killed program left.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder to build in, on the cache's file system, which goes when it is dropped.
pub(crate) fn scratch(cache: &Path) -> io::Result<TempDir> {
    fs::create_dir_all(cache)?;
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        let ours = entry.file_name().as_encoded_bytes().starts_with(SCRATCH.as_bytes());
        // Only the folder's age counts; one that can't be told is left alone.
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
        if ours && age.is_some_and(|age| age > LEFT_BEHIND) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    tempfile::Builder::new().prefix(SCRATCH).tempdir_in(cache)
}

/// Waits until no other program builds the image `name`, and keeps others waiting until the file
/// is dropped.
pub(crate) fn exclusive(cache: &Path, name: &str) -> io::Result<File> {
    fs::create_dir_all(cache)?;
    let file = File::create(cache.join(format!("{name}.lock")))?;
    file.lock()?;
    Ok(file)
}

/// Whether `path` is there with this SHA-256 (lower-case hexadecimal).
pub(crate) fn holds(path: &Path, sha256: &str) -> io::Result<bool> {
    match hash_file(path) {
        Ok(found) => Ok(found == sha256),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The SHA-256 of a file, in lower-case hexadecimal.
pub(crate) fn hash_file(path: &Path) -> io::Result<String> {
    hash_reader(File::open(path)?)
}

/// The SHA-256 of all that `reader` gives.
pub(crate) fn hash_reader(mut reader: impl io::Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(length) => hash.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The SHA-256 of bytes.
pub(crate) fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts `from` into the cache as `to`, in one step, so that a reader sees a whole file or none.
pub(crate) fn keep(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(from, to)
}

/// Makes `to` the same file as `from`: a hard link, or a copy across file systems.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_other_bytes_is_as_good_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.whl");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(!holds(&file, abc).unwrap());
        fs::write(&file, "abc").unwrap();
        assert!(holds(&file, abc).unwrap());
        fs::write(&file, "abd").unwrap();
        assert!(!holds(&file, abc).unwrap());
    }
}
