"""The controller's side of the data connection, for tests."""

import fcntl
import json
import os
import socket
import struct
import sys
from pathlib import Path

import pyarrow as pa

from launchpod_worker import worker

MAIN = Path(__file__).parent.parent / "main.py"
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"


class Result:
    """What a worker sent."""

    def __init__(self):
        self.ready = None
        self.schema = None
        self.batches = []
        self.results = None
        self.failed = None
        self.done = False
        self.pulls = 0
        self.outputs = []
        self.segments = 0
        # The streams of `outputs` as they came.
        self.streams = []
        # All that came on the data connection.
        self.received = b""
        self.stdout = self.stderr = ""
        self.code = None

    @property
    def table(self):
        return pa.Table.from_batches(self.batches, self.schema)

    def column(self, index=0):
        return self.table.column(index).to_pylist()


class Slots:
    """The memory that the input comes in, written by turns."""

    def __init__(self, process):
        self._process = process
        self._memory = {}
        self._turn = 0

    def send(self, data):
        is_new = self._turn not in self._memory
        if is_new:
            self._memory[self._turn] = os.memfd_create("slot")
            os.truncate(self._memory[self._turn], 32 << 20)
        memory = self._memory[self._turn]
        # What was there before must not matter any more.
        os.pwrite(memory, b"\xee" * os.fstat(memory).st_blocks * 512, 0)
        os.pwrite(memory, data, 0)
        payload = struct.pack("<II", self._turn, len(data))
        if is_new:
            self._process.send_memory(0x28, payload, memory)
        else:
            self._process.send(0x28, payload)
        self._turn = 1 - self._turn

    def close(self):
        for memory in self._memory.values():
            os.close(memory)


class Worker:
    """A real worker process over a real socket.

    Forked from this process, which has imported what a worker imports: starting an interpreter
    for each test would take ten times as long. `fresh` starts one.
    """

    def __init__(self, fresh=False):
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(60)
        self._stdout, stdout = os.pipe()
        self._stderr, stderr = os.pipe()
        self.received = b""
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._become_worker(theirs, stdout, stderr, fresh)
            finally:
                os._exit(99)
        theirs.close()
        os.close(stdout)
        os.close(stderr)

    @staticmethod
    def _become_worker(data, stdout, stderr, fresh):
        os.chdir("/tmp")
        kept = [os.open(os.devnull, os.O_RDONLY), stdout, stderr, data.fileno()]
        # First out of the way of one another.
        kept = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in kept]
        for number, fd in enumerate(kept):
            os.dup2(fd, number)
        os.closerange(4, 4096)
        if fresh:
            os.execv(sys.executable, [sys.executable, "-I", str(MAIN)])
        sys.stdout = sys.__stdout__ = open(1, "w")
        sys.stderr = sys.__stderr__ = open(2, "w")
        worker.main()

    def wait(self):
        """Standard output, standard error and the exit code, after the connection's end."""
        with open(self._stdout, encoding="utf-8") as stdout:
            text = stdout.read()
        with open(self._stderr, encoding="utf-8") as stderr:
            errors = stderr.read()
        return text, errors, os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def send(self, kind, payload=b""):
        self.stream.sendall(struct.pack("<IB", len(payload), kind) + payload)

    def send_memory(self, kind, payload, memory):
        frame = struct.pack("<IB", len(payload), kind) + payload
        assert socket.send_fds(self.stream, [frame], [memory]) == len(frame)

    def receive(self):
        """The next frame; the payload of one that speaks of memory is what lies there."""
        first, descriptors, _, _ = socket.recv_fds(self.stream, 1, 1)
        if not first:
            return None, None
        length, kind = struct.unpack("<IB", first + self._read(4))
        assert length <= 1 << 20
        payload = self._read(length)
        assert bool(descriptors) == (kind == 0x37)
        for memory in descriptors:
            (length,) = struct.unpack("<I", payload)
            assert fcntl.fcntl(memory, fcntl.F_GET_SEALS) & 0xF == 0xF
            assert os.fstat(memory).st_size == length
            payload = os.pread(memory, length, 0)
            os.close(memory)
        return kind, payload

    def _read(self, length):
        data = b""
        while len(data) < length:
            piece = self.stream.recv(length - len(data))
            if not piece:
                assert not data, "cut frame"
                return b""
            data += piece
        self.received += data
        return data


def field(name, arrow_type, sql_type, output=False):
    metadata = {"launchpod.type": sql_type}
    if output:
        metadata["launchpod.output"] = "1"
    return pa.field(name, arrow_type, metadata=metadata)


def run(
    script,
    batches=None,
    schema=None,
    parameters=(),
    result_types=None,
    input_name="InputDataSet",
    output_name="OutputDataSet",
    fresh=False,
    type_mapping="lossless",
    parts=None,
    shared=False,
):
    """Runs a script; `parameters` are pairs of a field and a value.

    `parts` are lists of batches, with each of which the script runs. `shared`: batches lie in
    shared memory, and the worker may use it.
    """
    process = Worker(fresh)
    slots = Slots(process)
    result = Result()
    kind, payload = process.receive()
    assert kind == 0x30, process.wait()
    result.ready = json.loads(payload)
    head = {
        "id": "00000000-0000-0000-0000-000000000001",
        "input_name": input_name,
        "output_name": output_name,
        "has_input": schema is not None,
        "result_types": result_types,
        "type_mapping": type_mapping,
        "shared_memory": shared,
    }
    if parts is not None:
        head["parts"] = True
    process.send(0x20, json.dumps(head).encode())
    text = script.encode()
    for start in range(0, len(text), 1 << 20):
        process.send(0x21, text[start:start + (1 << 20)])
    if parameters:
        row_schema = pa.schema([f for f, _ in parameters])
        row = pa.RecordBatch.from_arrays([pa.array([v], f.type) for f, v in parameters],
                                         schema=row_schema)
        stream = row_schema.serialize().to_pybytes() + row.serialize().to_pybytes()
        process.send(0x22, stream + END_OF_STREAM)
    process.send(0x23)
    pending = [(batch, 0x25) for batch in batches or []]
    for part in parts or []:
        pending += [(batch, 0x25) for batch in part] + [(None, 0x27)]
    output = results = b""
    while True:
        kind, payload = process.receive()
        if kind is None:
            break
        assert not result.done and result.failed is None, "a frame after the last"
        if kind == 0x31:
            data = schema.serialize().to_pybytes() if result.pulls == 0 else b""
            result.pulls += 1
            if pending:
                batch, last = pending.pop(0)
                data += batch.serialize().to_pybytes() if batch is not None else b""
            else:
                data += END_OF_STREAM
                last = 0x26
            if shared and data:
                slots.send(data)
            else:
                for start in range(0, len(data), 1 << 20):
                    process.send(0x24, data[start:start + (1 << 20)])
            process.send(last)
        elif kind in (0x32, 0x37):
            result.segments += kind == 0x37
            output += payload
        elif kind == 0x33:
            reader = pa.ipc.open_stream(output)
            result.schema = reader.schema
            result.batches = list(reader)
            result.outputs.append(result.table)
            result.streams.append(output)
            output = b""
        elif kind == 0x34:
            results += payload
        elif kind == 0x35:
            result.done = True
            if results:
                result.results = pa.ipc.open_stream(results).read_all().to_pylist()[0]
        elif kind == 0x36:
            result.failed = json.loads(payload)
        else:
            raise AssertionError(hex(kind))
    result.received = process.received
    result.stdout, result.stderr, result.code = process.wait()
    process.stream.close()
    slots.close()
    return result
