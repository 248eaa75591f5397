//! The mounts of an adopted worker, on top of those that it shares with its template: what an
//! engine's runtime does for a container.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::CWD;
use rustix::mount::{MountFlags, MoveMountFlags, mount, mount_bind, mount_remount, move_mount};

use crate::adopt::Adoption;

const HIDDEN: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);
/// Files that nobody may read, as the engine masks them (moby, oci/defaults.go).
const MASKED_FILES: [&str; 7] = [
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
];
/// Folders that nobody may read, from the same place.
const MASKED_FOLDERS: [&str; 6] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/scsi",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/kernel/security",
];
/// What is read-only, from the same place.
const READ_ONLY: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Makes the mounts.
///
/// # Errors
/// The kernel refuses one; the error names it.
pub fn enter(adoption: &Adoption, run_folder: OwnedFd) -> io::Result<()> {
    put("/proc", mount("proc", "/proc", "proc", HIDDEN, None))?;
    put("/sys", mount("sysfs", "/sys", "sysfs", HIDDEN | MountFlags::RDONLY, None))?;
    put("/dev/mqueue", mount("mqueue", "/dev/mqueue", "mqueue", HIDDEN, None))?;
    scratch("/tmp", &format!("size={},nr_inodes={}", adoption.scratch, adoption.scratch_files))?;
    scratch("/dev/shm", &format!("size={}", adoption.shared_memory))?;
    let attached =
        move_mount(&run_folder, "", CWD, "/run/launchpod", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH);
    put("/run/launchpod", attached)?;
    put("/run/launchpod", read_only("/run/launchpod"))?;
    for path in READ_ONLY {
        optional(path, mount_bind(path, path).and_then(|()| read_only(path)))?;
    }
    for path in MASKED_FILES {
        optional(path, mount_bind("/dev/null", path))?;
    }
    for path in MASKED_FOLDERS {
        optional(path, mount("tmpfs", path, "tmpfs", HIDDEN | MountFlags::RDONLY, c"size=4k"))?;
    }
    Ok(())
}

/// A tmpfs of a bounded size that everybody may write to.
fn scratch(path: &str, size: &str) -> io::Result<()> {
    let options = CString::new(format!("mode=1777,{size}"))?;
    put(path, mount("tmpfs", path, "tmpfs", HIDDEN, options.as_c_str()))
}

fn read_only(path: &str) -> rustix::io::Result<()> {
    mount_remount(path, HIDDEN | MountFlags::BIND | MountFlags::RDONLY, c"")
}

/// As [`put`], of something that not every kernel has.
fn optional(path: &str, done: rustix::io::Result<()>) -> io::Result<()> {
    match done {
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(()),
        done => put(path, done),
    }
}

fn put(path: &str, done: rustix::io::Result<()>) -> io::Result<()> {
    done.map_err(|errno| {
        let error = io::Error::from(errno);
        io::Error::new(error.kind(), format!("can't mount on {path}: {error}"))
    })
}
