//! Where the engine sees the run folder.
//!
//! A controller that is itself in a container names a folder of its own; the engine, outside,
//! would look for it on the host. The container's mounts say where it is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::error::SandboxError;

/// How the controller's paths become the engine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnginePaths {
    /// They are the same.
    Same,
    /// Under `inside` they are under `outside`.
    Mounted {
        /// Where the mount is in the controller's container.
        inside: PathBuf,
        /// Where it comes from on the engine's host.
        outside: PathBuf,
    },
}

// === impl EnginePaths ===

impl EnginePaths {
    /// Finds out for the run folder.
    pub(crate) async fn find(engine: &Engine, folder: &Path) -> Result<Self, SandboxError> {
        let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let Some(container) = own_container(&mountinfo) else { return Ok(EnginePaths::Same) };
        Self::through(engine.mounts(container).await?, folder)
            .ok_or_else(|| SandboxError::HiddenRunFolder(folder.to_owned()))
    }

    /// Takes the innermost mount that holds the folder.
    fn through(mounts: Vec<(String, String)>, folder: &Path) -> Option<Self> {
        mounts
            .into_iter()
            .map(|(outside, inside)| (PathBuf::from(outside), PathBuf::from(inside)))
            .filter(|(_, inside)| folder.starts_with(inside))
            .max_by_key(|(_, inside)| inside.components().count())
            .map(|(outside, inside)| EnginePaths::Mounted { inside, outside })
    }

    /// A path in the run folder as the engine sees it.
    pub(crate) fn of(&self, path: &Path) -> PathBuf {
        match self {
            EnginePaths::Same => path.to_owned(),
            EnginePaths::Mounted { inside, outside } => match path.strip_prefix(inside) {
                Ok(rest) => outside.join(rest),
                Err(_) => path.to_owned(),
            },
        }
    }
}

/// The ID of the container that this process is in: the engine binds files of the container's
/// own folder (`…/containers/<64 hex>/hostname`) into it. `None` outside of containers, and for
/// engines that do otherwise.
fn own_container(mountinfo: &str) -> Option<&str> {
    mountinfo.lines().find_map(|line| {
        // proc(5): ID, parent, device, root within the file system, mount point, …
        let mut fields = line.split(' ').skip(3);
        let (root, mount_point) = (fields.next()?, fields.next()?);
        if mount_point != "/etc/hostname" {
            return None;
        }
        root.split('/')
            .find(|part| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_finds_itself_in_its_mounts() {
        let id = "0f".repeat(32);
        let mountinfo = format!(
            "600 599 0:50 / / rw - overlay overlay rw\n\
             601 600 254:0 /var/lib/docker/containers/{id}/resolv.conf /etc/resolv.conf rw - ext4 d rw\n\
             602 600 254:0 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 d rw\n"
        );
        assert_eq!(own_container(&mountinfo), Some(&*id));
        assert_eq!(own_container("27 1 254:0 / / rw - ext4 /dev/vda rw\n"), None);
    }

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = [("/srv/run", "/run"), ("/srv/pods", "/run/launchpod"), ("/d", "/data")]
            .map(|(outside, inside)| (outside.to_owned(), inside.to_owned()));
        let paths =
            EnginePaths::through(mounts.to_vec(), Path::new("/run/launchpod/01234567")).unwrap();
        assert_eq!(
            paths.of(Path::new("/run/launchpod/01234567/89abcdef")),
            Path::new("/srv/pods/01234567/89abcdef")
        );
        assert_eq!(EnginePaths::through(mounts.to_vec(), Path::new("/tmp/x")), None);
    }
}
