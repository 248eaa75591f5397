//! Processes: starting the program, and ending everything.
//!
//! The only module with `unsafe`: what neither std nor rustix offers safely.
#![allow(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process_group,
    set_child_subreaper, set_dumpable_behavior, wait,
};

/// The descriptor on which the program finds the data connection.
const DATA_FD: libc::c_int = 3;
/// How long [`Worker::end`] waits for killed processes; a process that hangs in the kernel
/// longer is left to the container's end.
const REAP_LIMIT: Duration = Duration::from_secs(1);

/// The running program.
pub struct Worker {
    pid: Pid,
    status: Option<WaitStatus>,
}

/// A program that was started, with our ends of its pipes.
pub struct Started {
    /// The program.
    pub worker: Worker,
    /// Its standard output.
    pub stdout: OwnedFd,
    /// Its standard error.
    pub stderr: OwnedFd,
}

/// What the program and its reaped children have used.
pub struct Usage {
    /// Milliseconds of processor time.
    pub cpu_ms: u64,
    /// The greatest resident set of one process, in KiB.
    pub max_rss_kib: u64,
}

/// Makes this process a safe parent: nobody may trace it or read its memory, orphans become its
/// children, and no descriptor of its own reaches the program.
///
/// # Errors
/// A system call is refused.
pub fn harden() -> io::Result<()> {
    let open = fs::read_dir("/proc/self/fd").map_err(|error| {
        io::Error::new(error.kind(), format!("can't list /proc/self/fd: {error}"))
    })?;
    for entry in open {
        let name = entry?.file_name();
        let Some(fd) = name.to_str().and_then(|name| name.parse::<libc::c_int>().ok()) else {
            continue;
        };
        if fd > 2 {
            // SAFETY: F_SETFD changes a flag of a descriptor and touches no memory; for a
            // descriptor that is closed by now it fails.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Any pid switches it on. PID 1 gets orphans anyway.
    set_child_subreaper(Some(getpid()))?;
    Ok(())
}

/// A stream that becomes readable when a child has ended.
///
/// # Errors
/// The signal's handler can't be installed.
pub fn child_signals() -> io::Result<UnixStream> {
    let (ours, handlers) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGCHLD, handlers)?;
    Ok(ours)
}

/// Starts the program in `/tmp`, with an empty standard input and the data connection as
/// descriptor 3, as the leader of its own process group.
///
/// # Errors
/// It can't be started.
pub fn start(program: &OsStr, arguments: &[OsString], data: UnixStream) -> io::Result<Started> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let data_fd = data.as_raw_fd();
    // SAFETY: the closure runs between fork and exec and makes only async-signal-safe calls;
    // `data` lives until after spawn, so that `data_fd` is open. Descriptor 3 is none that std
    // opened for the spawn: it was taken before, by the control connection at the latest.
    unsafe {
        command.pre_exec(move || {
            let done = if data_fd == DATA_FD {
                libc::fcntl(data_fd, libc::F_SETFD, 0)
            } else {
                libc::dup2(data_fd, DATA_FD)
            };
            if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), Some(stderr)) => {
            let worker = Worker { pid, status: None };
            Ok(Started { worker, stdout: stdout.into(), stderr: stderr.into() })
        }
        _ => Err(io::Error::other("standard streams are not pipes")),
    }
}

/// The descriptors that this process has been given: 3 and following ones. To be called once, before
/// anything else is opened.
pub fn inherited<const COUNT: usize>() -> [OwnedFd; COUNT] {
    let mut next = DATA_FD;
    std::array::from_fn(|_| {
        // SAFETY: the template has left these open for us, and nothing else owns them: this is
        // called once, and first.
        let fd = unsafe { OwnedFd::from_raw_fd(next) };
        next += 1;
        fd
    })
}

/// Brings up the loopback device of this process's network namespace, which a new one has switched
/// off.
///
/// # Errors
/// The kernel refuses it.
pub fn bring_up_loopback_device() -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    // SAFETY: all-zero bytes are a valid `ifreq`, a struct of integers and a union of such.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(*b"lo") {
        *to = from as libc::c_char;
    }
    // netdevice(7). Neither call writes beyond the request, which lives over both.
    let ask = |number, request: &mut libc::ifreq| {
        // SAFETY: the descriptor is open, and the request is a whole `ifreq` with a NUL after
        // its name.
        let result = unsafe { libc::ioctl(socket.as_raw_fd(), number, &raw mut *request) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    };
    ask(libc::SIOCGIFFLAGS, &mut request)?;
    // SAFETY: the flags were written by the call before; any bits are valid flags.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    ask(libc::SIOCSIFFLAGS, &mut request)
}

/// Puts this process under seccomp filters, each of which stands behind its number of instructions
/// (`u16` little-endian) in the file.
///
/// # Errors
/// The kernel refuses one, or the file is cut.
pub fn install_filters(file: OwnedFd) -> io::Result<()> {
    let file = File::from(file);
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(0)];
    // Others have this file, too, and its position is everybody's.
    file.read_exact_at(&mut bytes, 0)?;
    let mut rest = &bytes[..];
    while let Some((length, tail)) = rest.split_first_chunk() {
        let length = u16::from_le_bytes(*length);
        let size = usize::from(length) * size_of::<libc::sock_filter>();
        let (program, tail) = tail
            .split_at_checked(size)
            .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "a filter is cut"))?;
        let mut instructions: Vec<libc::sock_filter> = program
            .chunks_exact(size_of::<libc::sock_filter>())
            .map(|bytes| libc::sock_filter {
                code: u16::from_ne_bytes([bytes[0], bytes[1]]),
                jt: bytes[2],
                jf: bytes[3],
                k: u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            })
            .collect();
        let program = libc::sock_fprog { len: length, filter: instructions.as_mut_ptr() };
        // SAFETY: `program` points to `length` instructions that live over the call; the kernel
        // copies them.
        let result =
            unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program, 0, 0) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        rest = tail;
    }
    Ok(())
}

// === impl Worker ===

impl Worker {
    /// A program that is our child already.
    pub fn adopt(pid: Pid) -> Self {
        Worker { pid, status: None }
    }

    /// Takes note of every child that has ended, orphans too. Whether the program has.
    pub fn reap(&mut self) -> bool {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == self.pid {
                self.status = Some(status);
            }
        }
        self.status.is_some()
    }

    /// Kills every other process of the worker and waits for them, at most a second.
    pub fn end(&mut self) {
        let limit = Instant::now() + REAP_LIMIT;
        loop {
            self.kill();
            loop {
                match wait(WaitOptions::NOHANG) {
                    Ok(Some((pid, status))) if pid == self.pid => self.status = Some(status),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    // No child is left.
                    Err(_) => return,
                }
            }
            if Instant::now() >= limit {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The exit code, when the program ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        self.status?.exit_status()
    }

    /// The signal that ended the program. SIGKILL, when it hasn't ended though killed.
    pub fn signal(&self) -> Option<i32> {
        match self.status {
            Some(status) => status.terminating_signal(),
            None => Some(libc::SIGKILL),
        }
    }

    /// Kills every other process of the worker.
    pub fn kill(&self) {
        if getpid().is_init() {
            // SAFETY: kill touches no memory. As PID 1 of its namespace this process signals
            // all others in the namespace, and not itself (kill(2)).
            unsafe { libc::kill(-1, libc::SIGKILL) };
        } else {
            // Outside a container, for tests: the program's own group. It is gone already, or
            // this is its leader, for which pid and group are one number.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }
}

/// What all reaped children have used.
pub fn usage() -> Usage {
    // SAFETY: all-zero bytes are a valid `rusage`, a struct of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for writes for the call's time.
    let result = unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    if result != 0 {
        return Usage { cpu_ms: 0, max_rss_kib: 0 };
    }
    let milliseconds = |time: libc::timeval| time.tv_sec * 1000 + time.tv_usec / 1000;
    let cpu = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    Usage {
        cpu_ms: u64::try_from(cpu).unwrap_or(0),
        max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    }
}
