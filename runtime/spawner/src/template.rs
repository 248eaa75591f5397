//! The template: a process that has imported what scripts use, and forks into workers.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::mount::{MountFlags, OpenTreeFlags, mount, open_tree};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, set_parent_process_death_signal};
use rustix::system::sethostname;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use rustix::{process::Gid, process::Uid};
use serde::Serialize;

use crate::cgroup::Member;
use crate::message::{Setup, Spawn};
use crate::process::{fork_into, place};
use crate::root::RUN_FOLDER;

/// The name of a worker's host, as the engine's containers have it.
const HOST_NAME: &[u8] = b"worker";
/// Everything that a template has of its own. Its workers get a set each.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// A running template.
pub(crate) struct Template {
    pub(crate) pid: Pid,
    /// One message each: orders to it, and from it that it is there.
    pub(crate) control: OwnedFd,
}

/// What the template is told of a worker; what the descriptors beside it are, `template.py` says.
#[derive(Serialize)]
struct Told<'a> {
    uid: u32,
    scratch: u64,
    shared_memory: u64,
    scratch_files: u32,
    rlimits: &'a [(String, i64)],
    worker: &'a str,
}

// === impl Template ===

impl Template {
    /// Starts the template in namespaces of its own, as root of a user namespace that has no
    /// power outside. It says one message when it has done its imports.
    pub(crate) fn start(setup: &Setup, seccomp: &[u8]) -> io::Result<Self> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut programs = File::from(memfd_create("seccomp", MemfdFlags::CLOEXEC)?);
        programs.write_all(seccomp)?;
        let (mapped, say_mapped) = pipe_with(PipeFlags::CLOEXEC)?;
        let Some(pid) = fork_into(NAMESPACES)? else {
            drop((ours, say_mapped));
            let error = become_template(setup, mapped, &[theirs.as_fd(), programs.as_fd()]);
            eprintln!("launchpod spawner: can't start the template: {error}");
            std::process::exit(1);
        };
        map_ids(setup, pid)?;
        drop(say_mapped);
        Ok(Template { pid, control: ours })
    }

    /// Has it fork a worker. `alive` is closed when the worker's first process has ended.
    pub(crate) fn spawn(&self, spawn: &Spawn, member: &Member, alive: OwnedFd) -> io::Result<()> {
        let told = Told {
            uid: spawn.uid,
            scratch: spawn.scratch,
            shared_memory: spawn.shared_memory,
            scratch_files: spawn.scratch_files,
            rlimits: &spawn.rlimits,
            worker: &spawn.worker,
        };
        let folder = own_run_folder(&spawn.worker)?;
        let text = serde_json::to_vec(&told)?;
        let mut fds: Vec<BorrowedFd<'_>> = vec![folder.as_fd(), alive.as_fd()];
        fds.extend(member.counters().map(AsFd::as_fd));
        fds.extend(member.entries.iter().map(AsFd::as_fd));
        // As many descriptors as there can be hierarchies and the seven above.
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        sendmsg(&self.control, &[IoSlice::new(&text)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

/// A worker's run folder as a mount that belongs nowhere yet: the worker attaches it. It can't
/// open it itself, since the folder around it is closed to it.
fn own_run_folder(worker: &str) -> io::Result<OwnedFd> {
    let path = format!("{RUN_FOLDER}/{worker}");
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    Ok(open_tree(rustix::fs::CWD, path, flags)?)
}

/// Maps root to the range's first uid, and every other uid of the range to itself.
fn map_ids(setup: &Setup, pid: Pid) -> io::Result<()> {
    let first = setup.first_uid;
    let map = format!("0 {first} 1\n{0} {0} {1}\n", first + 1, setup.uids.saturating_sub(1));
    for file in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{}/{file}", pid.as_raw_nonzero()), &map)?;
    }
    Ok(())
}

/// The forked process, up to its exec; what it returns is why it can't.
fn become_template(setup: &Setup, mapped: OwnedFd, fds: &[BorrowedFd<'_>]) -> io::Error {
    match prepare(setup, mapped, fds) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

fn prepare(setup: &Setup, mapped: OwnedFd, fds: &[BorrowedFd<'_>]) -> io::Result<Command> {
    // Its end says that the ids are mapped.
    File::from(mapped).read_to_end(&mut Vec::new())?;
    // Before the change of the uid: then its files in /proc are not its own any more.
    fs::write("/proc/self/oom_score_adj", setup.oom_score_adjustment.to_string())?;
    let (uid, gid) = (Uid::ROOT, Gid::ROOT);
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    sethostname(HOST_NAME)?;
    let hidden = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", hidden, None)?;
    place(fds)?;
    let (program, arguments) = setup
        .program
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the image names no program"))?;
    // Without a NUL anywhere, since it comes from JSON by way of an image.
    CString::new(program.as_bytes())?;
    let mut command = Command::new(program);
    let environment = setup.environment.iter().filter_map(|variable| variable.split_once('='));
    // Standard input is the controller's until here.
    command.args(arguments).stdin(Stdio::null()).env_clear().envs(environment);
    Ok(command)
}
