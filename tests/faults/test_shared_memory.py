"""Memory that a script shares with the controller and that isn't what it may share, and descriptors that
nobody has asked for: an error for its own call, and nothing for anybody else."""

import pytest

from harness.scripts import DOCUMENTED, script

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


# Descriptors of all kinds, and a connection that is on its way through itself.
FLOOD = FORGE + """
import errno, time
one, other = socket.socketpair()
socket.send_fds(one, [b"x"], [other.fileno(), one.fileno(), 3])
kinds = [memory(), memory(seals=0), *os.pipe(), one.fileno(), other.fileno(), 3,
         os.open("/dev/null", os.O_RDWR), os.open("/tmp", os.O_RDONLY)]
sent = 0
def pour(payload, descriptors):
    "Sends them with the payload, as soon as the kernel takes them."
    global sent
    while payload:
        try:
            payload = payload[socket.send_fds(data, [payload], descriptors):]
            sent += 1
        except OSError as error:
            # More are on their way than the kernel lets be.
            if error.errno != errno.ETOOMANYREFS:
                raise
            time.sleep(0.01)
FRAME = struct.pack("<IB", 1 << 20, 0x32) + bytes(1 << 20)
"""
FLOODS = {
    "as many with a byte as can be": "pour(FRAME[:1], kinds[7:8] * 253)",
    "one with each byte": "for at in range(len(FRAME)): pour(FRAME[at:at + 1], [kinds[at % len(kinds)]])",
    "all kinds with each byte": "for at in range(len(FRAME)): pour(FRAME[at:at + 1], kinds)",
    "with what is no frame": "while True: pour(b'\\xff' * 4096, kinds * 28)",
    "itself, and an end": "for _ in range(200): pour(FRAME[:1], [3] * 253)\nos._exit(0)",
}


@pytest.mark.threat(7, 30)
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_descriptors_that_nobody_asked_for(attack, server, flood):
    ended = {"protocol broken", "runtime lost"}
    batch = script(FLOOD + flood + "\ntime.sleep(60)")
    # Once before: what a server opens once is open then.
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
    before = server.descriptors()
    assert attack(server, batch, ended).numbers[0] in (39012, 39013)
    server.wait_for_no_more_descriptors(before)


@pytest.mark.threat(7, 30)
def test_descriptors_go_nowhere_where_no_memory_is_shared(attack, make_server):
    """What comes beside legal frames is closed by the kernel, and the frames are read."""
    server = make_server(LAUNCHPOD_SHARED_SEGMENTS="false")
    batch = script(FLOOD + """
import io
import pyarrow
sink = io.BytesIO()
batch = pyarrow.record_batch({"n": pyarrow.array(range(100_000), pyarrow.int32())})
with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
    writer.write_batch(batch)
stream = sink.getvalue()
frames = b"".join(struct.pack("<IB", len(piece), 0x32) + piece for piece in (stream[at:at + 4096] for at in range(0, len(stream), 4096)))
for at in range(0, len(frames), 1024):
    pour(frames[at:at + 1024], kinds * 28)
pour(struct.pack("<IBIB", 0, 0x33, 0, 0x35), kinds)
os._exit(0)
""", clause="WITH RESULT SETS ((n int))")  # fmt: skip
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
    before = server.descriptors()
    assert len(attack(server, batch, "succeeded").check().rows) == 100_000
    server.wait_for_no_more_descriptors(before)
    assert server.stop() == 0
