"""Frames on the data connection: `u32` LE payload length, `u8` kind, payload."""

import json
import socket
import struct

HEADER = struct.Struct("<IB")
MAX_CHUNK = 1 << 20

REQUEST = 0x20
SCRIPT = 0x21
PARAMETERS = 0x22
RUN = 0x23
INPUT = 0x24
PULLED = 0x25
INPUT_END = 0x26
PART_END = 0x27

READY = 0x30
PULL = 0x31
OUTPUT = 0x32
OUTPUT_END = 0x33
RESULTS = 0x34
DONE = 0x35
FAILED = 0x36


class ProtocolError(Exception):
    """The other side is not a controller, or is gone."""


class Connection:
    """The worker's end of the data connection."""

    def __init__(self, stream: socket.socket):
        self._stream = stream

    def receive(self, *expected: int) -> tuple[int, bytearray]:
        """The next frame: its kind, which must be an expected one, and its payload."""
        length, kind = HEADER.unpack(self._receive_exactly(HEADER.size))
        if kind not in expected or length > MAX_CHUNK:
            raise ProtocolError(f"frame {kind:#04x} of {length} bytes is not expected here")
        return kind, self._receive_exactly(length)

    def send(self, kind: int, payload=b"") -> None:
        """Sends one frame."""
        header = HEADER.pack(len(payload), kind)
        # One system call in the usual case; `sendmsg` may take a part only.
        sent = self._stream.sendmsg([header, payload])
        if sent < len(header):
            self._stream.sendall(header[sent:])
            sent = len(header)
        if sent - len(header) < len(payload):
            self._stream.sendall(memoryview(payload)[sent - len(header):])

    def send_chunks(self, kind: int, data) -> None:
        """Sends bytes of any length as frames of one kind."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), MAX_CHUNK):
            self.send(kind, view[start:start + MAX_CHUNK])

    def send_message(self, kind: int, message: dict) -> None:
        """Sends a frame that holds JSON."""
        self.send(kind, json.dumps(message, ensure_ascii=False).encode("utf-8"))

    def _receive_exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        while view:
            count = self._stream.recv_into(view)
            if count == 0:
                raise ProtocolError("the controller has closed the connection")
            view = view[count:]
        return data
