"""Memory that is shared with the controller, so that data needn't pass through the socket."""

import fcntl
import mmap
import struct
# A script may replace the functions of `os`.
from os import MFD_ALLOW_SEALING, MFD_CLOEXEC, close, memfd_create, writev

from .frames import MAX_PIECES, OUTPUT_SEGMENT, Connection

# Below it, copying through the socket costs less than the system calls; above it, the controller
# maps nothing.
MIN_SIZE = 256 << 10
MAX_SIZE = 32 << 20

INPUT = struct.Struct("<II")
OUTPUT = struct.Struct("<I")

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Slots:
    """The input's memory, which the controller writes by turns."""

    def __init__(self):
        self._maps = {}

    def read(self, payload: bytes, memory: int | None) -> memoryview:
        """What an INPUT_SEGMENT speaks of; it holds until the next PULL but one."""
        slot, length = INPUT.unpack(payload)
        if memory is not None:
            try:
                self._maps[slot] = mmap.mmap(memory, 0, prot=mmap.PROT_READ)
            finally:
                close(memory)
        return memoryview(self._maps[slot])[:length]


def send(connection: Connection, pieces: list[memoryview]) -> None:
    """Sends bytes that lie in several places as sealed memory."""
    memory = memfd_create("launchpod-output", MFD_CLOEXEC | MFD_ALLOW_SEALING)
    try:
        length = _write(memory, pieces)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, SEALS)
        connection.send_memory(OUTPUT_SEGMENT, OUTPUT.pack(length), memory)
    finally:
        close(memory)


def _write(memory: int, pieces: list[memoryview]) -> int:
    length = first = 0
    while first < len(pieces):
        written = writev(memory, pieces[first:first + MAX_PIECES])
        length += written
        while first < len(pieces) and written >= len(pieces[first]):
            written -= len(pieces[first])
            first += 1
        if written:
            pieces[first] = pieces[first][written:]
    return length
