"""Memory that a script shares with the controller and that isn't what it may share: an error for
its own call, and nothing for anybody else."""

import pytest

from harness.scripts import script

pytestmark = pytest.mark.usefixtures("survives")

# What every script here has: it speaks for its worker.
FORGE = """
import fcntl, os, socket, struct
PAGE = 4096
SEAL, SHRINK, GROW, WRITE, FUTURE_WRITE = 1, 2, 4, 8, 16
ALL = SEAL | SHRINK | GROW | WRITE
data = socket.socket(fileno=os.dup(3))

def memory(size=2 * PAGE, seals=ALL, fill=b"x", beyond=0):
    descriptor = os.memfd_create("forged", os.MFD_ALLOW_SEALING)
    os.truncate(descriptor, size)
    os.pwrite(descriptor, fill * (size // len(fill) if fill else 0), 0)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor

def send(descriptors, length=2 * PAGE):
    socket.send_fds(data, [struct.pack("<IBI", 4, 0x37, length)], descriptors)
"""
CASES = {
    "unsealed": ("send([memory(seals=0)])", "lacks the seal F_SEAL_SEAL"),
    "may be sealed otherwise": ("send([memory(seals=ALL & ~SEAL)])", "lacks the seal F_SEAL_SEAL"),
    "may shrink": ("send([memory(seals=ALL & ~SHRINK)])", "lacks the seal F_SEAL_SHRINK"),
    "may grow": ("send([memory(seals=ALL & ~GROW)])", "lacks the seal F_SEAL_GROW"),
    "still writable": (
        "send([memory(seals=ALL & ~WRITE | FUTURE_WRITE)])",
        "lacks the seal F_SEAL_WRITE",
    ),
    "sparse": ("send([memory(fill=b'')])", "has a hole at byte 0"),
    "oversized": ("send([memory(33 << 20, fill=b'')], 33 << 20)", "the limit is 33554432"),
    "shorter than it says": ("send([memory()], 4 * PAGE)", "has 8192 bytes, it says 16384"),
    "no memory": ("send([os.open('/etc/passwd', os.O_RDONLY)])", "is no shared memory"),
    "nothing": ("data.send(struct.pack('<IBI', 4, 0x37, 9))", "announced shared memory and sent none"),
    "two at once": ("send([memory(), memory()])", "more descriptors than frames"),
    "rubbish": ("send([memory()])", "wrong mark in a message"),
}


@pytest.mark.parametrize("forged, reason", CASES.values(), ids=CASES)
def test_what_is_refused(sql, forged, reason):
    # The controller ends the script long before it ends itself.
    outcome = sql.run(script(FORGE + forged + "\nimport time; time.sleep(60)"))
    assert outcome.numbers == [39013, 39019], outcome
    assert any(reason in error.text for error in outcome.errors), outcome
