//! Processes in new namespaces, and descriptors at fixed numbers.
//!
//! The only module with `unsafe`: system calls that neither std nor rustix offer safely.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::process::Pid;

/// Forks into new namespaces, as clone(2) names them; 0 for none. Returns the child's pid to the
/// parent and nothing to the child, where it is PID 1 if a pid namespace is among them.
///
/// # Errors
/// The kernel refuses.
pub(crate) fn fork_into(namespaces: libc::c_int) -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with a null stack this is a fork: the child goes on with a
    // copy of all memory. The spawner has one thread, so no lock is held by another.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(pid) {
        Ok(0) => Ok(None),
        Ok(pid) if pid > 0 => Ok(Pid::from_raw(pid)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Puts descriptors where the program to be executed expects them: the first is 3, the second 4
/// and so on. They stay open over exec.
///
/// # Errors
/// A descriptor can't be duplicated.
pub(crate) fn place(fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    const FIRST: libc::c_int = 3;
    // Out of the way of one another first.
    let above = FIRST + libc::c_int::try_from(fds.len()).unwrap_or(libc::c_int::MAX);
    let mut moved = Vec::new();
    for fd in fds {
        // SAFETY: duplicates a descriptor that is open, and touches no memory.
        moved.push(check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, above) })?);
    }
    for (number, fd) in (FIRST..).zip(moved) {
        // SAFETY: as above. What `number` was is not used any more: this process only executes
        // another program.
        check(unsafe { libc::dup2(fd, number) })?;
    }
    Ok(())
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
