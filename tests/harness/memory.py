"""Looks through the memory of a process, from within a script or from outside."""

# `look(pattern, process)`: what matches, in all that can be read, of a pattern with 32 hexadecimal digits in a
# row at least. It isn't to match its own text.
LOOK = r"""
import os, re
import numpy

DIGITS = numpy.zeros(256, bool)
DIGITS[list(b"0123456789abcdef")] = True

def look(pattern, process="self"):
    found = set()
    memory = os.open(f"/proc/{process}/mem", os.O_RDONLY)
    for line in open(f"/proc/{process}/maps").readlines():
        begin, end = (int(number, 16) for number in line.split()[0].split("-"))
        before = b""
        for at in range(begin, end, 1 << 20):
            try:
                piece = before + os.pread(memory, min(1 << 20, end - at), at)
            except (OSError, OverflowError):
                # Not to be read, or the kernel's own.
                break
            # So many digits in a row cover four places of every eighth one.
            digits = DIGITS[numpy.frombuffer(piece, "uint8")[::8]]
            for place in numpy.flatnonzero(digits[:-3] & digits[1:-2] & digits[2:-1] & digits[3:]):
                found.update(re.findall(pattern, piece[max(0, 8 * place - 128):8 * place + 128]))
            before = piece[-256:]
    os.close(memory)
    return found
"""

# A token of a worker's: two UUIDs of version 4 in hexadecimal digits.
TOKEN = rb"(?:[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}){2}"


def look(pattern: bytes, process: int) -> set[bytes]:
    """What matches in a process's memory, as its host sees it."""
    defined: dict = {}
    exec(LOOK, defined)
    return defined["look"](pattern, process)
