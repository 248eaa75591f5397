"""The controller's side of the data connection, for tests."""

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

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
        self.stdout = self.stderr = ""
        self.code = None

    @property
    def table(self):
        return pa.Table.from_batches(self.batches, self.schema)

    def column(self, index=0):
        return self.table.column(index).to_pylist()


class Worker:
    """A real worker process over a real socket."""

    def __init__(self):
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(60)

        def place():
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        self.process = subprocess.Popen(
            [sys.executable, str(MAIN)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=place,
            pass_fds=[3],
            cwd="/tmp",
        )
        theirs.close()

    def send(self, kind, payload=b""):
        self.stream.sendall(struct.pack("<IB", len(payload), kind) + payload)

    def receive(self):
        header = self._read(5)
        if not header:
            return None, None
        length, kind = struct.unpack("<IB", header)
        assert length <= 1 << 20
        return kind, self._read(length)

    def _read(self, length):
        data = b""
        while len(data) < length:
            piece = self.stream.recv(length - len(data))
            if not piece:
                assert not data, "cut frame"
                return b""
            data += piece
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
):
    """Runs a script; `parameters` are pairs of a field and a value."""
    worker = Worker()
    result = Result()
    kind, payload = worker.receive()
    assert kind == 0x30, worker.process.communicate()
    result.ready = json.loads(payload)
    head = {
        "id": "00000000-0000-0000-0000-000000000001",
        "input_name": input_name,
        "output_name": output_name,
        "has_input": schema is not None,
        "result_types": result_types,
    }
    worker.send(0x20, json.dumps(head).encode())
    text = script.encode()
    for start in range(0, len(text), 1 << 20):
        worker.send(0x21, text[start:start + (1 << 20)])
    if parameters:
        row_schema = pa.schema([f for f, _ in parameters])
        row = pa.RecordBatch.from_arrays([pa.array([v], f.type) for f, v in parameters],
                                         schema=row_schema)
        stream = row_schema.serialize().to_pybytes() + row.serialize().to_pybytes()
        worker.send(0x22, stream + END_OF_STREAM)
    worker.send(0x23)
    pending = list(batches or [])
    output = results = b""
    while True:
        kind, payload = worker.receive()
        if kind is None:
            break
        assert not result.done and result.failed is None, "a frame after the last"
        if kind == 0x31:
            data = schema.serialize().to_pybytes() if result.pulls == 0 else b""
            result.pulls += 1
            if pending:
                data += pending.pop(0).serialize().to_pybytes()
                last = 0x25
            else:
                data += END_OF_STREAM
                last = 0x26
            for start in range(0, len(data), 1 << 20):
                worker.send(0x24, data[start:start + (1 << 20)])
            worker.send(last)
        elif kind == 0x32:
            output += payload
        elif kind == 0x33:
            reader = pa.ipc.open_stream(output)
            result.schema = reader.schema
            result.batches = list(reader)
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
    out, err = worker.process.communicate(timeout=60)
    result.stdout, result.stderr = out.decode(), err.decode()
    result.code = worker.process.returncode
    worker.stream.close()
    return result
