//! The file system that template and workers see, and the spawner too once it is set up.
//!
//! | where | what |
//! | --- | --- |
//! | `/` | the image's files: read-only, nosuid, nodev |
//! | `/dev` | a tmpfs with null, zero, full, random, urandom, tty: read-only |
//! | `/proc` | the spawner's pid namespace; each worker puts its own over it |
//! | `/sys` | read-only; each worker puts its own over it |
//! | `/run/launchpod` | the instance's run folder: read-only, and closed to every uid of the range; each worker puts its own over it |

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, makedev, mkdirat, mknodat, symlinkat};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change,
    mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root, umask};

use crate::message::Setup;

/// Where a worker finds its run folder.
pub(crate) const RUN_FOLDER: &str = "/run/launchpod";

/// Name and number of the devices that the engine gives a container, too
/// (Linux, Documentation/admin-guide/devices.txt).
const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];
/// Where workers mount something of their own.
const FOLDERS: [&str; 2] = ["shm", "mqueue"];

/// A step of the file system's making failed.
#[derive(Debug, thiserror::Error)]
#[error("can't {what} {path}: {source}")]
pub struct RootError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Makes the file system, and makes it this process's root. The process has a mount namespace of
/// its own.
pub(crate) fn enter(setup: &Setup) -> Result<(), RootError> {
    let root = setup.root.as_path();
    let hidden = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let all = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    step("make private", Path::new("/"), mount_change("/", all))?;
    bind(root, root, MountFlags::NOSUID | MountFlags::NODEV)?;

    make_devices(&root.join("dev"))?;
    let proc = root.join("proc");
    step("mount proc on", &proc, mount("proc", &proc, "proc", hidden, None))?;
    let sys = root.join("sys");
    step("mount sysfs on", &sys, mount("sysfs", &sys, "sysfs", hidden | MountFlags::RDONLY, None))?;
    bind(&setup.run_folder, &root.join("run/launchpod"), hidden)?;

    step("enter", root, chdir(root))?;
    // The new root goes over the old one, which is then taken from below it (pivot_root(2)).
    step("make the root", root, pivot_root(".", "."))?;
    step("leave the root above", root, unmount(".", UnmountFlags::DETACH))?;
    step("enter", Path::new("/"), chdir("/"))
}

fn make_devices(folder: &Path) -> Result<(), RootError> {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    let options = c"mode=755,size=64k";
    step("mount a tmpfs on", folder, mount("tmpfs", folder, "tmpfs", flags, options))?;
    let old = umask(Mode::empty());
    for (name, major, minor) in DEVICES {
        let (path, mode) = (folder.join(name), Mode::from_raw_mode(0o666));
        let device = makedev(major, minor);
        step("make", &path, mknodat(CWD, &path, FileType::CharacterDevice, mode, device))?;
    }
    umask(old);
    for (name, target) in LINKS {
        let path = folder.join(name);
        step("make", &path, symlinkat(target, CWD, &path))?;
    }
    for name in FOLDERS {
        let path = folder.join(name);
        step("make", &path, mkdirat(CWD, &path, Mode::from_raw_mode(0o755)))?;
    }
    let closed = mount_remount(folder, flags | MountFlags::RDONLY, options);
    step("make read-only", folder, closed)
}

/// Binds a folder, read-only.
fn bind(from: &Path, to: &Path, flags: MountFlags) -> Result<(), RootError> {
    step("bind to", to, mount_bind(from, to))?;
    let flags = flags | MountFlags::BIND | MountFlags::RDONLY;
    step("make read-only", to, mount_remount(to, flags, c""))
}

fn step(what: &'static str, path: &Path, done: rustix::io::Result<()>) -> Result<(), RootError> {
    done.map_err(|errno| RootError { what, path: path.to_owned(), source: errno.into() })
}
