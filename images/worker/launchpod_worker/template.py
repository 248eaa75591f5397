"""A process that has imported what scripts use, and forks into workers: no script ever runs in it.

Started by the spawner (runtime/spawner) as root of a user namespace, with descriptor 3 to the
spawner and 4 with the seccomp filters. For each order it forks twice: the first child enters
namespaces of its own and becomes the supervisor, PID 1 of the worker; the second drops every
privilege and becomes the worker. What all workers of a template share by that: the layout of
addresses, the seed of `hash`, and the memory as it was before any request.
"""

import ctypes
import fcntl
import gc
import json
import os
import resource
import signal
import socket
import sys

import numpy
import pyarrow

from . import frames, sqlite, worker

SUPERVISOR = "/opt/launchpod/supervisor"
CONTROL_FD = 3
SECCOMP_FD = 4
# Where descriptors go before they are put in their places.
ASIDE = 32

# <linux/sched.h>
CLONE_VM = 0x00000100
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
# <linux/prctl.h>, <linux/seccomp.h>
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
# <linux/capability.h>
CAPABILITY_VERSION_3 = 0x20080522
SOCK_FILTER_SIZE = 8
# Of a task that makes one system call.
STACK_SIZE = 16 << 10

_libc = ctypes.CDLL(None, use_errno=True)
# Kept as long as the process lives.
_stacks = []


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


# The simplest script, as a controller asks for it.
REQUEST = {
    "id": "00000000-0000-0000-0000-000000000000",
    "input_name": "InputDataSet",
    "output_name": "OutputDataSet",
    "has_input": True,
    "result_types": ["int"],
    "type_mapping": "lossless",
}
SCRIPT = b"OutputDataSet = InputDataSet"
DONE = frames.HEADER.pack(0, frames.DONE)


def main() -> None:
    """Serves the spawner until it is gone."""
    control = socket.socket(fileno=CONTROL_FD)
    programs = _read_programs(SECCOMP_FD)
    sqlite.lock_by_folders()
    _rehearse()
    own_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    # Supervisors are its children, and nobody else waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    # A collection in a worker would write to, and so copy, every object's page.
    gc.freeze()
    control.send(b"ready")
    while True:
        message, fds, _, _ = socket.recv_fds(control, 4096, 16)
        if not message:
            os._exit(0)
        _check(_libc.unshare(CLONE_NEWPID))
        if os.fork() == 0:
            try:
                _become_supervisor(json.loads(message), fds, programs)
            except BaseException as error:
                print(f"launchpod template: {error!r}", file=sys.stderr, flush=True)
            finally:
                os._exit(1)
        # Only from its own namespace can the next one be made.
        _check(_libc.setns(own_namespace, CLONE_NEWPID))
        for fd in fds:
            os.close(fd)


def _rehearse() -> None:
    """Serves a made-up request: what is imported or set up on first use, is then.

    Again in each worker: the pages that it writes to are copied then.
    """
    column = pyarrow.field("col", pyarrow.int32(), metadata={"launchpod.type": "int"})
    batch = pyarrow.record_batch([pyarrow.array([1], pyarrow.int32())], schema=pyarrow.schema([column]))
    stream = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(stream, batch.schema) as writer:
        writer.write_batch(batch)
    ours, theirs = socket.socketpair()
    # All of it, and the answer, is less than a socket holds.
    controller = frames.Connection(ours)
    controller.send_message(frames.REQUEST, REQUEST)
    controller.send(frames.SCRIPT, SCRIPT)
    controller.send(frames.RUN)
    controller.send(frames.INPUT, stream.getvalue())
    controller.send(frames.INPUT_END)
    worker.serve(frames.Connection(theirs))
    if not ours.recv(1 << 16).endswith(DONE):
        sys.exit("launchpod template: the rehearsal failed; a script in a container says why")
    ours.close()
    theirs.close()


def _become_supervisor(order: dict, fds: list[int], programs: list[bytes]) -> None:
    """In the first child, PID 1 of a new namespace."""
    run_folder, alive, *fds = fds
    counters, cgroups = fds[:5], fds[5:]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for entry in cgroups:
        os.write(entry, b"0")
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP))
    # Both children have them.
    for name, most in order.pop("rlimits"):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (most, most))
    stdout, stdout_end = os.pipe()
    stderr, stderr_end = os.pipe()
    go, go_end = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _become_worker(order, [stdout_end, stderr_end, go_end.fileno()], programs)
    # The order that runtime/supervisor/src/adopt.rs says.
    _place([go.fileno(), stdout, stderr, run_folder, *counters, SECCOMP_FD, alive], first=3)
    arguments = {**order, "pid": pid}
    os.execve(SUPERVISOR, [SUPERVISOR, "--adopt", json.dumps(arguments)], {})


def _become_worker(order: dict, fds: list[int], programs: list[bytes]) -> None:
    """In the second child."""
    _place([os.open(os.devnull, os.O_RDONLY), *fds], first=0)
    # The template's remember what kind of file they had.
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)
    os.setpgid(0, 0)
    # While the supervisor makes the mounts: what a request writes to is the worker's own by then,
    # and is not copied page by page while somebody waits.
    _rehearse()
    _drop_privileges(order["uid"], programs)
    # Before there is a data connection, which it would keep open.
    _share_memory()
    with socket.socket(fileno=worker.DATA_FD) as go:
        # The mounts are in place when the data connection comes.
        message, data, _, _ = socket.recv_fds(go, 1, 1)
        if not message:
            os._exit(1)
    os.dup2(data[0], worker.DATA_FD)
    os.close(data[0])
    os.chdir("/tmp")
    # `random` and OpenSSL do so by themselves.
    numpy.random.seed()
    worker.main()


def _share_memory() -> None:
    """Starts a second task in the memory of this process, which only waits to be killed.

    The kernel takes a process's memory apart before it tells the parent of the end: some
    milliseconds, in which the client would wait for the exit code. It does so for the last task
    that has the memory, and that one is the supervisor's to kill. It has no privilege that this
    process lacks, and is no child that a script's `os.wait` sees.
    """
    stack = ctypes.create_string_buffer(STACK_SIZE)
    top = (ctypes.addressof(stack) + STACK_SIZE) & ~15
    # No handler of ours is ever to run there.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    wait = ctypes.cast(_libc.pause, ctypes.c_void_p)
    _check(_libc.clone(wait, ctypes.c_void_p(top), CLONE_VM, None))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    _stacks.append(stack)


def _place(fds: list[int], first: int) -> None:
    """Makes the descriptors `first` and following ones, and closes all others."""
    for number, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD, ASIDE) for fd in fds], first):
        os.dup2(fd, number)
    os.closerange(first + len(fds), os.sysconf("SC_OPEN_MAX"))


def _drop_privileges(uid: int, programs: list[bytes]) -> None:
    for capability in range(_last_capability() + 1):
        _check(_libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    _check(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    none = (ctypes.c_uint32 * 6)()
    _check(_libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), none))
    # Its own files in /proc are a process's own again.
    _check(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    for program in programs:
        filters = _Program(len(program) // SOCK_FILTER_SIZE, program)
        _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filters), 0, 0))


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        return int(file.read())


def _read_programs(fd: int) -> list[bytes]:
    """Filters, each behind its number of instructions."""
    data = os.pread(fd, 1 << 20, 0)
    programs = []
    while data:
        end = 2 + SOCK_FILTER_SIZE * int.from_bytes(data[:2], "little")
        programs.append(data[2:end])
        data = data[end:]
    return programs


def _check(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
