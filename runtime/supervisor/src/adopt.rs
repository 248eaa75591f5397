//! The other way to a worker: the program runs already, as the child of the process that became
//! this one (`template.py`), and waits for the data connection.
//!
//! Here the supervisor still has the privileges of its user namespace's root: it makes the
//! worker's mounts, and drops them all before it dials. Descriptors, as the template leaves them:
//!
//! | number | what |
//! | --- | --- |
//! | 3 | socket to the program: it gets the data connection |
//! | 4, 5 | the program's standard output and error |
//! | 6 | the worker's run folder, a mount to attach |
//! | 7 to 11 | the files of the worker's cgroup that count, in the order of `Counters::Files` |
//! | 12 | the seccomp filters, each behind its number of instructions (`u16` little-endian) |
//! | 13 | nothing is sent over it: its end tells the spawner of ours |

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{DumpableBehavior, Gid, Pid, Uid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};
use serde::Deserialize;

use crate::cgroup::Counters;
use crate::doors::Doors;
use crate::process::{self, Started, Worker};
use crate::relay::Relay;
use crate::{dial, mounts};

/// Where the run folder is attached.
const RUN_FOLDER: &str = "/run/launchpod";

/// What the template says on the command line.
#[derive(Deserialize)]
pub struct Adoption {
    /// The program's pid.
    pid: i32,
    /// The worker's uid and gid.
    uid: u32,
    /// Bytes in `/tmp`.
    pub scratch: u64,
    /// Bytes in `/dev/shm`.
    pub shared_memory: u64,
    /// Files and folders in `/tmp`.
    pub scratch_files: u32,
}

/// Supervises a program that runs already. Returns its exit code, as [`Relay::run`].
///
/// # Errors
/// A step is refused; the caller exits, and the namespace with it.
pub fn adopt(adoption: &str) -> Result<i32, Box<dyn std::error::Error>> {
    let adoption: Adoption = serde_json::from_str(adoption)?;
    let [go, stdout, stderr, run_folder, oom, pids, peak, cpu, tcp, seccomp, alive] =
        process::inherited::<11>();
    // Kept for the life of this process, and out of it.
    process::harden()?;
    mounts::enter(&adoption, run_folder)?;
    process::bring_up_loopback_device()?;
    drop_privileges(&adoption, seccomp)?;

    let connections = dial::dial(Path::new(RUN_FOLDER))?;
    let signals = process::child_signals()?;
    let doors = Doors::listen(&Doors::addresses());
    hand_over(&go, connections.data)?;
    drop(go);
    let pid = Pid::from_raw(adoption.pid).ok_or("the program has no pid")?;
    let relay = Relay::new(
        connections.control,
        signals,
        Counters::of_files([oom, pids, peak, cpu, tcp]),
        doors,
    )?;
    let code = relay.run(Started { worker: Worker::adopt(pid), stdout, stderr })?;
    drop(alive);
    Ok(code)
}

/// Gives the program the data connection, which is its word to go on.
fn hand_over(go: &OwnedFd, data: UnixStream) -> io::Result<()> {
    let fds = [data.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(go, &[IoSlice::new(b"!")], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Becomes the worker's uid with no privilege at all, under the worker's filters.
fn drop_privileges(adoption: &Adoption, seccomp: OwnedFd) -> io::Result<()> {
    for capability in CapabilitySet::all().iter() {
        if capability_is_in_bounding_set(capability).unwrap_or(false) {
            remove_capability_from_bounding_set(capability)?;
        }
    }
    clear_ambient_capability_set()?;
    let (uid, gid) = (Uid::from_raw(adoption.uid), Gid::from_raw(adoption.uid));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    // A change of the uid sets it to what the host says (proc_sys_fs(5), suid_dumpable).
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    set_no_new_privs(true)?;
    process::install_filters(seccomp)
}
