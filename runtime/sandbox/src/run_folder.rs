//! The folder with socket and token.
//!
//! `BASE/<8 hex of the instance>/<8 hex of the worker>/` holds `controller.sock` and `token`,
//! and is bound read-only into exactly one container. The instance's folder is closed to all
//! but the controller's user; what is in it, a container sees through its bind only. Paths are
//! short because a Unix socket's path holds 108 bytes.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use launchpod_protocol::hello::{SOCKET_NAME, TOKEN_NAME};
use tracing::warn;
use uuid::Uuid;

/// The longest path that a Unix socket can have, without its final NUL (unix(7)).
const MAX_SOCKET_PATH: usize = 107;

/// The file that is locked while a controller has its instance.
const LOCK_NAME: &str = "lock";

/// A run folder can't be made.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    /// The system refuses.
    #[error("run folder {path}: {source}")]
    Io {
        /// What was being made.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A socket in it would have too long a path.
    #[error("run folder {0} is too long for a socket in it (107 bytes)")]
    TooLong(PathBuf),
    /// Another process has it.
    #[error("run folder {0} is in use: another server with the same data runs")]
    InUse(PathBuf),
}

/// An instance's folder, which only one controller has at a time.
#[derive(Debug)]
pub(crate) struct InstanceFolder {
    path: PathBuf,
    /// Locked as long as the controller lives; the kernel frees it after a SIGKILL.
    _lock: File,
}

/// A worker's folder, removed when dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    token: String,
}

/// Who may open socket and token, beside the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The worker's uid, which the files are given to. Needs root.
    Owner(u32),
    /// Whoever gets past the instance's folder, which the worker's container alone does. For
    /// a controller that is not root, and for an engine that maps uids.
    Anyone,
}

// === impl InstanceFolder ===

impl InstanceFolder {
    /// Makes the folder, takes it, and removes what an earlier controller left in it.
    pub(crate) fn take(base: &Path, instance: Uuid) -> Result<Self, RunFolderError> {
        let path = base.join(&instance.simple().to_string()[..8]);
        let longest = path.join("01234567").join(SOCKET_NAME);
        if longest.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(RunFolderError::TooLong(path));
        }
        let failed = |source| RunFolderError::Io { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o755).create(base).map_err(failed)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(LOCK_NAME))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunFolderError::InUse(path)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let folder = InstanceFolder { path, _lock: lock };
        folder
            .sweep()
            .map_err(|source| RunFolderError::Io { path: folder.path.clone(), source })?;
        Ok(folder)
    }

    /// The folder's path as the controller sees it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a worker's folder and listens on its socket.
    pub(crate) fn add(
        &self,
        name: &str,
        access: Access,
    ) -> Result<(RunFolder, UnixListener), RunFolderError> {
        let path = self.path.join(name);
        let failed = |source| RunFolderError::Io { path: path.clone(), source };
        let (folder_mode, socket_mode, token_mode) = match access {
            Access::Owner(_) => (0o700, 0o600, 0o400),
            Access::Anyone => (0o755, 0o666, 0o444),
        };
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        // Two version 4 UUIDs: 244 random bits from the system.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        // From here on a failure removes the folder.
        let folder = RunFolder { path: path.clone(), token };

        let socket = path.join(SOCKET_NAME);
        let listener = UnixListener::bind(&socket).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let token_path = path.join(TOKEN_NAME);
        let mut token_file =
            OpenOptions::new().create_new(true).write(true).open(&token_path).map_err(failed)?;
        token_file.write_all(folder.token.as_bytes()).map_err(failed)?;

        for (path, mode) in
            [(&socket, socket_mode), (&token_path, token_mode), (&path, folder_mode)]
        {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
            if let Access::Owner(uid) = access {
                chown(path, Some(uid), Some(uid)).map_err(failed)?;
            }
        }
        Ok((folder, listener))
    }

    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Leaves nothing, when no worker's folder is left. Still locked: whoever comes now finds the
/// folder in use, or none.
impl Drop for InstanceFolder {
    fn drop(&mut self) {
        let removed = fs::remove_file(self.path.join(LOCK_NAME));
        if let Err(error) = removed.and_then(|()| fs::remove_dir(&self.path)) {
            warn!(path = %self.path.display(), %error, "can't remove the instance's run folder");
        }
    }
}

// === impl RunFolder ===

impl RunFolder {
    /// The folder's path as the controller sees it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the worker's connections must say.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Removes socket and token: nobody is to connect any more.
    pub(crate) fn close(&self) {
        for name in [SOCKET_NAME, TOKEN_NAME] {
            let path = self.path.join(name);
            if let Err(error) = fs::remove_file(&path) {
                warn!(path = %path.display(), %error, "can't remove a worker's file");
            }
        }
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            warn!(path = %self.path.display(), %error, "can't remove a worker's folder");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Uuid {
        Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
    }

    #[test]
    fn a_folder_is_closed_to_others_and_goes_with_its_worker() {
        let base = tempfile::tempdir().unwrap();
        let folder = InstanceFolder::take(base.path(), instance()).unwrap();
        let (run, _listener) = folder.add("89abcdef", Access::Anyone).unwrap();
        let path = base.path().join("01234567").join("89abcdef");
        assert_eq!(run.path(), path);
        let mode = fs::metadata(base.path().join("01234567")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(fs::read_to_string(path.join(TOKEN_NAME)).unwrap(), run.token());
        run.close();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        drop(run);
        assert!(!path.exists());
    }

    #[test]
    fn tokens_differ() {
        let base = tempfile::tempdir().unwrap();
        let folder = InstanceFolder::take(base.path(), instance()).unwrap();
        let (one, _listener) = folder.add("00000001", Access::Anyone).unwrap();
        let (two, _listener) = folder.add("00000002", Access::Anyone).unwrap();
        assert_ne!(one.token(), two.token());
        assert_eq!(one.token().len(), 64);
    }

    #[test]
    fn an_instance_is_taken_once_and_swept() {
        let base = tempfile::tempdir().unwrap();
        let folder = InstanceFolder::take(base.path(), instance()).unwrap();
        let left = base.path().join("01234567").join("left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("token"), "t").unwrap();
        assert!(matches!(
            InstanceFolder::take(base.path(), instance()),
            Err(RunFolderError::InUse(_))
        ));
        assert!(left.exists());
        drop(folder);
        // As after a SIGKILL, the worker's folder is still there.
        assert!(left.exists());
        let folder = InstanceFolder::take(base.path(), instance()).unwrap();
        assert!(!left.exists());
        drop(folder);
        assert!(!base.path().join("01234567").exists());
    }

    #[test]
    fn a_base_that_is_too_long_is_refused_early() {
        let base = PathBuf::from(format!("/tmp/{}", "x".repeat(90)));
        assert!(matches!(InstanceFolder::take(&base, instance()), Err(RunFolderError::TooLong(_))));
        assert!(!base.exists());
    }
}
