"""Data that no worker of ours sends: each is refused by name, at the loss of its own request only.

A script writes to the worker's connection itself, as code that has taken its worker over would.
"""

import socket
from pathlib import Path

import pytest

from harness.attack import Requests
from harness.docker import wait_until
from harness.scripts import script
from harness.server import Server
from harness.tds import Outcome

# The frames' numbers are in PROTOCOL.md.
PRELUDE = """
import io, pickle, socket, struct, threading, time
import pyarrow as pa
READY, PULL, OUTPUT, OUTPUT_END, RESULTS, DONE, FAILED = range(0x30, 0x37)

def send(kind, payload=b""):
    frame = memoryview(struct.pack("<IB", len(payload), kind) + payload)
    while frame:
        frame = frame[os.write(3, frame):]

def output(stream):
    for start in range(0, len(stream), 1 << 20):
        send(OUTPUT, stream[start:start + (1 << 20)])

def finish():
    send(OUTPUT_END)
    send(DONE)
    os._exit(0)

def stream_of(*batches, **options):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()

def column(array, **metadata):
    return pa.record_batch([array], schema=pa.schema([pa.field("n", array.type, metadata=metadata)]))

def raw(arrow_type, length, *buffers):
    return pa.Array.from_buffers(arrow_type, length, [None, *map(pa.py_buffer, buffers)])

def offsets(*values):
    return struct.pack(f"<{len(values)}i", *values)

def nested(depth):
    def build():
        arrow_type = pa.int32()
        for _ in range(depth):
            arrow_type = pa.list_(arrow_type)
        output(pa.schema([("n", arrow_type)]).serialize().to_pybytes())
        time.sleep(60)
    # Arrow's own code goes as deep as the type does.
    threading.stack_size(1 << 30)
    threading.Thread(target=build).start()
    time.sleep(60)

numbers = column(pa.array(range(64), pa.int32()))
END = b"\\xff\\xff\\xff\\xff\\0\\0\\0\\0"
"""

# What is sent, and what the error says of it.
STREAMS = {
    "a stream that is cut off": ("output(stream_of(numbers)[:-40]); finish()", "is cut off"),
    "a stream that goes on": ("output(stream_of(numbers) + b'x'); finish()", "goes on after its end"),
    "two schemas": ("output(numbers.schema.serialize().to_pybytes() * 2); finish()", "a second schema"),
    "a batch before its schema": ("output(numbers.serialize().to_pybytes()); finish()", "data before a schema"),
    "a dictionary": (
        "output(stream_of(column(pa.array(['a', 'b'] * 9).dictionary_encode()))); finish()",
        "column 0 from the worker is of type Dictionary",
    ),
    "a dictionary for a plain column": (
        """
plain = column(pa.array(['a'])).schema.serialize().to_pybytes()
encoded = column(pa.array(['a' * 1000] * 9).dictionary_encode())
output(plain + stream_of(encoded)[encoded.schema.serialize().size:]); finish()""",
        "a dictionary",
    ),
    "types within types, 20,000 deep": ("nested(20_000)", "wrong metadata"),
    "types within types, 100,000 deep": ("nested(100_000)", "bytes of metadata in a message from the worker, the limit is"),
    "5,000 columns": (
        "output(pa.schema([('n', pa.int32())] * 5000).serialize().to_pybytes()); finish()",
        "5000 columns in a message from the worker, the limit is 4096",
    ),
    "a million columns": (
        "output(pa.schema([('n', pa.null())] * 1_000_000).serialize().to_pybytes()); finish()",
        "bytes of metadata in a message from the worker, the limit is",
    ),
    "a column's name of 5 MiB": (
        "output(pa.schema([('n' * (5 << 20), pa.int32())]).serialize().to_pybytes()); finish()",
        "bytes of metadata in a message from the worker, the limit is",
    ),
    "rows without columns": ("output(pa.schema([]).serialize().to_pybytes()); finish()", "a schema without columns"),
    "two million rows of nothing": (
        "output(stream_of(column(pa.nulls(2_000_000)))); finish()",
        "2000000 cells in a message from the worker, the limit is 1048576",
    ),
    "text that is no UTF-8": (
        "output(stream_of(column(raw(pa.utf8(), 1, offsets(0, 2), b'\\xff\\xfe')))); finish()",
        "undecodable message from the worker: ",
    ),
    "a negative offset": (
        "output(stream_of(column(raw(pa.binary(), 2, offsets(0, -4, 4), b'abcd')))); finish()",
        "undecodable message from the worker: ",
    ),
    "an offset beyond the data": (
        "output(stream_of(column(pa.array(['abcd', 'e']))).replace(offsets(0, 4, 5), offsets(0, 4, 1 << 30))); finish()",
        "undecodable message from the worker: ",
    ),
    "a compressed batch": (
        "output(stream_of(column(pa.array([0] * 100_000)), compression='zstd')); finish()",
        "compression from the worker",
    ),
    "2 GiB of metadata, claimed": (
        "send(OUTPUT, b'\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x7f'); time.sleep(60)",
        "2147483647 bytes of metadata in a message from the worker, the limit is",
    ),
    "batches without rows, without end": (
        """
output(numbers.schema.serialize().to_pybytes())
while True: output(numbers.slice(0, 0).serialize().to_pybytes())""",
        "a batch without rows from the worker",
    ),
    "empty frames, without end": ("while True: send(OUTPUT)", "Output frame without a byte"),
    "a pickle": (
        """
class Trap:
    def __reduce__(self): return os.system, ("touch /tmp/launchpod-unpickled",)
output(pickle.dumps([Trap()] * 100)); finish()""",
        "wrong mark in a message from the worker",
    ),
    "a failure that is a pickle": ("send(FAILED, pickle.dumps({}))\ntime.sleep(60)", "Failed frame does not hold its message"),
}

ORDERS = {
    "input that there is none of": ("send(PULL); time.sleep(60)", "Pull frame while the script runs"),
    "a second READY": ("send(READY, b'{\"runtime\":\"x\"}'); time.sleep(60)", "Ready frame while the script runs"),
    "a token said again": (
        "send(0x01, b'{\"version\":1,\"token\":\"' + b'0' * 64 + b'\",\"role\":\"data\"}'); time.sleep(60)",
        "Hello frame while the script runs",
    ),
    "an end without a beginning": ("send(OUTPUT_END); time.sleep(60)", "OutputEnd frame while the script runs"),
    "success before the output's end": ("output(stream_of(numbers)); send(DONE); time.sleep(60)", "Done frame while output is being sent"),
    "two outputs": (
        "output(stream_of(numbers)); send(OUTPUT_END); output(stream_of(numbers)); finish()",
        "Output frame while output is complete",
    ),
    "an answer twice": (
        "output(stream_of(numbers)); send(OUTPUT_END); send(DONE); output(stream_of(numbers)); finish()",
        "Output frame while the script is over",
    ),
    "values that were not asked for": ("send(RESULTS, END); time.sleep(60)", "Results frame while the script runs"),
    "a frame of no kind": ("send(0xee); time.sleep(60)", "unknown frame kind 0xee"),
    "a frame of 4 GiB, claimed": ("os.write(3, b'\\xff\\xff\\xff\\xff\\x32'); time.sleep(60)", "frame of 4294967295 bytes, the limit is"),
    "half a connection": (
        "socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_WR); time.sleep(60)",
        "The script closed the worker's connection to the server.",
    ),
}

# The clause; what is sent; the error's number and what it says.
VALUES = {
    "more columns than declared": (
        "((n int))",
        "output(stream_of(pa.record_batch({'a': [1], 'b': [2]}))); finish()",
        11537,
        "EXECUTE statement failed because its WITH RESULT SETS clause specified 1 column(s) for result set number 1, "
        "but the statement sent 2 column(s) at run time.",
    ),
    "another type than declared": (
        "((n int))",
        "output(stream_of(column(pa.array([1], pa.time64('us'))))); finish()",
        11538,
        "clause specified type 'int' for column #1 in result set #1, and the corresponding type sent at run time was",
    ),
    "another column in a later batch": (
        "((n int))",
        "output(stream_of(numbers)[:-8] + pa.record_batch({'a': [1], 'b': [2]}).serialize().to_pybytes() + END); finish()",
        39013,
        "wrong number of columns in a message from the worker",
    ),
    "NULL where it is not declared": (
        "((n int NOT NULL))",
        "output(stream_of(column(pa.array([1, None], pa.int32())))); finish()",
        11553,
        "clause specified a non-nullable type for column #1 in result set #1, and the corresponding value sent at "
        "run time was null.",
    ),
    "a number beyond its declared type": (
        "((n tinyint))",
        "output(stream_of(column(pa.array([1, 256])))); finish()",
        220,
        "Arithmetic overflow error for data type tinyint, value = 256.",
    ),
    "text beyond its declared length": (
        "((n nvarchar(3)))",
        "output(stream_of(column(pa.array(['abc', 'abcd'])))); finish()",
        8152,
        "String or binary data would be truncated.",
    ),
    "text beyond the length that the worker says": (
        "",
        "output(stream_of(column(pa.array(['abc', 'a' * 5000]), **{'launchpod.max_length': '1'}))); finish()",
        8152,
        "String or binary data would be truncated.",
    ),
    "digits beyond the precision that the worker says": (
        "",
        "output(stream_of(column(raw(pa.decimal128(5, 2), 1, (10 ** 20).to_bytes(16, 'little'))))); finish()",
        8115,
        "Arithmetic overflow error converting numeric to data type numeric.",
    ),
    "a time beyond the day": (
        "",
        "output(stream_of(column(raw(pa.time64('us'), 1, (86_400_000_000).to_bytes(8, 'little'))))); finish()",
        242,
        "data type resulted in an out-of-range value.",
    ),
    "a moment after the year 9999": (
        "",
        "output(stream_of(column(raw(pa.timestamp('us'), 1, (1 << 62).to_bytes(8, 'little'))))); finish()",
        242,
        "data type resulted in an out-of-range value.",
    ),
    "an offset of weeks": (
        "",
        "output(stream_of(column(pa.array([bytes(8) + b'\\xff\\x7f'], pa.binary(10))))); finish()",
        242,
        "data type resulted in an out-of-range value.",
    ),
}


# What is sent for the two OUTPUT parameters.
RESULTS = {
    "two rows": "pa.record_batch({'a': [1, 2], 'b': [3, 4]})",
    "one value of two": "column(pa.array([1]))",
    "a value of no row": "pa.record_batch({'a': pa.array([], pa.int32()), 'b': pa.array([], pa.int32())})",
    "a list": "pa.record_batch({'a': [[1]], 'b': [[2]]})",
}

CLUTTER = """
import socket, stat
def sparse(path):
    open(path, "w").close()
    os.truncate(path, 1 << 40)
clutter = {
    "link to a secret": lambda path: os.symlink("/etc/shadow", path),
    "link to the root": lambda path: os.symlink("/proc/1/root", path),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(path),
    "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(8, 0)),
    "sparse file": sparse,
}
for folder in ("/tmp", "/dev/shm"):
    for name, make in clutter.items():
        try:
            make(f"{folder}/{name}")
        except OSError:
            print("no", name)
OutputDataSet = pandas.DataFrame({"n": [1]})
"""


class Bystander:
    """A script of somebody else's that runs throughout."""

    TICKING = """
import time
while True:
    print("tick")
    time.sleep(0.2)
"""

    def __init__(self, server: Server):
        self._session = server.connect()
        tds = self._session.connection.cursor()._session
        tds.submit_plain_query(script(self.TICKING))
        self._socket = tds._tds.sock
        self.container = server.wait_for_script()

    def is_heard(self) -> bool:
        """Whether it has printed since this was last asked; fails when its connection is closed."""
        self._socket.setblocking(False)
        heard = b""
        try:
            while part := self._socket.recv(1 << 20):
                heard += part
        except BlockingIOError:
            return "tick".encode("utf-16-le") in heard
        raise AssertionError("the server has closed the other script's connection")

    def leave(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._session.close()


class Victim:
    """A server, a session on it, and a script of another session's."""

    def __init__(self, server: Server):
        self.server = server
        self.bystander = Bystander(server)
        self._session = server.connect()

    def run(self, batch: str) -> Outcome:
        """What the batch comes to. Nobody else is harmed by it, and nothing is left of it."""
        outcome = self._session.run(batch)
        assert self._session.run("SELECT 1").value == 1
        wait_until(lambda: self.server.containers() == [self.bystander.container], "only the other container is left")
        wait_until(lambda: len(self.server.worker_folders()) == 1, "only the other worker's folder is left")
        wait_until(self.bystander.is_heard, "the other script is heard")
        return outcome


@pytest.fixture(scope="module")
def victim(tmp_path_factory, sandbox):
    server = Server(tmp_path_factory.mktemp("victim"), LAUNCHPOD_SANDBOX=sandbox)
    try:
        server.start().enable_external_scripts()
        victim = Victim(server)
        server.reset_memory_peak()
        before = server.memory_peak()
        yield victim
        # What was claimed was not believed.
        assert server.memory_peak() < before + (64 << 20)
        victim.bystander.leave()
        server.wait_for_no_containers()
        assert server.stop() == 0, server.log_text()
    finally:
        server.clean_up()


@pytest.fixture
def strike(attack, victim):
    """Runs a batch on the victim's server: `strike(batch, ended)`, as `attack` does."""

    def run(batch: str, ended) -> Outcome:
        requests = Requests(victim.server, batch)
        outcome = victim.run(batch)
        attack.check(*requests.ended(), ended, outcome)
        return outcome

    return run


@pytest.fixture
def refused(strike):
    """Runs a script whose worker breaks the protocol, and says what the error says of it."""

    def run(text: str) -> str:
        outcome = strike(script(PRELUDE + text), "protocol broken")
        assert outcome.numbers == [39013, 39019]
        assert "while communicating with the 'Python' runtime for request id: " in outcome.errors[0].text
        return outcome.errors[1].text

    return run


@pytest.mark.threat(27, 29)
@pytest.mark.parametrize(("text", "said"), STREAMS.values(), ids=STREAMS)
def test_a_stream(refused, text, said):
    assert said in refused(text)
    assert not Path("/tmp/launchpod-unpickled").exists()


@pytest.mark.threat(30)
@pytest.mark.parametrize(("text", "said"), ORDERS.values(), ids=ORDERS)
def test_an_order_of_frames(refused, text, said):
    assert said in refused(text)


@pytest.mark.threat(28)
@pytest.mark.parametrize(("columns", "text", "number", "said"), VALUES.values(), ids=VALUES)
def test_a_value(strike, columns, text, number, said):
    clause = f"WITH RESULT SETS {columns}" if columns else ""
    ended = "protocol broken" if number == 39013 else "result refused"
    outcome = strike(script(PRELUDE + text, clause=clause), ended)
    assert outcome.numbers[0] == number
    assert any(said in error.text for error in outcome.errors)


@pytest.mark.threat(28)
@pytest.mark.parametrize("batch", RESULTS.values(), ids=RESULTS)
def test_output_parameters(strike, batch):
    text = f"{PRELUDE}send(RESULTS, stream_of({batch})); send(DONE); os._exit(0)"
    call = script(text, params="N'@a int OUTPUT, @b int OUTPUT'", a="@x OUTPUT", b="@y OUTPUT")
    outcome = strike(f"DECLARE @x int = 5, @y int = 6; {call} SELECT @x, @y", "protocol broken")
    assert outcome.numbers == [39013, 39019]
    assert outcome.sets[-1].rows == [(5, 6)]


# Of a script's result, and forged.
TOO_MANY_COLUMNS = {
    "a hundred thousand": ("OutputDataSet = pandas.DataFrame([range(100_000)])", "bytes of metadata in a message from the worker"),
    "one too many": ("OutputDataSet = pandas.DataFrame([range(4097)])", "4097 columns in a message from the worker, the limit is 4096"),
}
MANY_COLUMNS = {
    "as many as there may be": ("OutputDataSet = pandas.DataFrame([range(4096)])", 4096),
    "names of megabytes": ("OutputDataSet = pandas.DataFrame({'n' * (4 << 20) + str(n): [n] for n in range(16)})", 16),
    "names of megabytes, forged": (
        "output(stream_of(pa.record_batch({'n' * (1 << 20) + str(n): [n] for n in range(3)}))); finish()",
        3,
    ),
}


@pytest.mark.threat(27)
@pytest.mark.parametrize(("text", "said"), TOO_MANY_COLUMNS.values(), ids=TOO_MANY_COLUMNS)
def test_a_result_of_too_many_columns(refused, text, said):
    assert said in refused(text)


@pytest.mark.threat(27)
@pytest.mark.parametrize(("text", "columns"), MANY_COLUMNS.values(), ids=MANY_COLUMNS)
def test_a_result_of_many_columns_or_long_names(strike, text, columns):
    """A result's columns have no names, however long those of the script are."""
    only = strike(script(PRELUDE + text), "succeeded").only
    assert only.names == [""] * columns and only.rows == [tuple(range(columns))]


@pytest.mark.threat(27)
def test_flipped_bits(strike):
    """Some streams decode to other values; none may do more harm than that."""
    text = """
import random
stream = bytearray(stream_of(numbers))
start = numbers.schema.serialize().size
for position in random.Random(SEED).sample(range(start, len(stream) - 300), 3):
    stream[position] ^= 1 << 7
output(bytes(stream)); finish()
"""
    scripts = [script(PRELUDE + text.replace("SEED", str(seed))) for seed in range(5)]
    first = {tuple(strike(one, {"succeeded", "protocol broken"}).numbers[:1]) for one in scripts}
    assert (39013,) in first
    assert first <= {(), (39013,)}


@pytest.mark.threat(31)
def test_what_lies_in_the_folders_that_a_script_can_write_to(strike):
    outcome = strike(script(CLUTTER), "succeeded")
    assert outcome.value == 1
    assert outcome.printed().split("\n") == ["no pipe", "no device", "no sparse file"] * 2


@pytest.mark.threat(27)
def test_a_byte_now_and_then(attack, make_server):
    """The time limit is that of a script whose output never ends."""
    server = make_server(LAUNCHPOD_SCRIPT_TIMEOUT="4")
    text = """
for byte in struct.pack("<IB", 1 << 20, OUTPUT) + stream_of(numbers) * 1000:
    os.write(3, bytes([byte])); time.sleep(0.1)
"""
    outcome = attack(server, script(PRELUDE + text), "out of time")
    assert outcome.numbers == [39127, 39019]
    assert "4 s" in outcome.errors[1].text
