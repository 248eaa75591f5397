"""Which of the worker's limits an exception tells of."""

import errno
import os
import resource
from collections.abc import Iterator

# What a script can write to, each with the limits of its bytes and of its number of files.
_PLACES = {
    "/tmp": ("scratch_size", "scratch_files"),
    "/dev/shm": ("shared_memory", "shared_memory"),
}
# How far the search for an exception's causes goes.
_MAX_CAUSES = 16


def limit(error: BaseException) -> str | None:
    """The limit that an exception, or what caused it, has hit; None when it hit none."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and (found := _limit(cause)):
            return found
    return None


def hint(error: BaseException) -> str:
    """The limit that an exception may have hit: the system doesn't say whether. "" when none."""
    for cause in _causes(error):
        # mlock says so when one call is for more than is left; mmap when there is no room for it.
        if isinstance(cause, OSError) and cause.errno == errno.ENOMEM:
            most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] >> 20
            return f"If it was to lock memory: the limit of a process is {most} MiB (locked_memory in the configuration).\n"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_MAX_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _limit(error: OSError) -> str | None:
    if error.errno == errno.EMFILE:
        return "open_files"
    if error.errno == errno.EFBIG:
        return "file_size"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        # What was full may have been emptied on the exception's way up.
        places = [place for place in _PLACES if _is_within(error.filename, place)]
        return _full(places) or (_PLACES[places[0]][0] if places else None)
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return _queued_or_locked()
    if error.errno is not None:
        return None
    # numpy says how much it couldn't write, and not why; or it has asked for the room before.
    if str(error).startswith("Not enough free space"):
        return _PLACES[min(_PLACES, key=_free)][0]
    return _full(_PLACES)


def _queued_or_locked() -> str | None:
    """What of the two has no room for more, by what the system says of this process (proc_pid_status(5))."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        status = dict(line.split(":", 1) for line in file if ":" in line)
    queued, most = map(int, status["SigQ"].split("/"))
    if queued >= most:
        return "pending_signals"
    locked = int(status["VmLck"].split()[0]) << 10
    most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return "locked_memory" if most != resource.RLIM_INFINITY and locked + resource.getpagesize() > most else None


def _is_within(file, place: str) -> bool:
    # Of a file that is open the system says no name.
    return not isinstance(file, str) or file == place or file.startswith(f"{place}/")


def _free(place: str) -> int:
    free = os.statvfs(place)
    return free.f_bavail * free.f_frsize


def _full(places) -> str | None:
    for place in places:
        free = os.statvfs(place)
        size, files = _PLACES[place]
        if free.f_bavail == 0:
            return size
        if free.f_favail == 0:
            return files
    return None
