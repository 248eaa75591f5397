"""Frames on the data connection: `u32` LE payload length, `u8` kind, payload."""

import array
import json
import socket
import struct
from collections.abc import Sequence

HEADER = struct.Struct("<IB")
MAX_CHUNK = 1 << 20
# Linux's IOV_MAX: how many pieces one system call takes.
MAX_PIECES = 1024
DESCRIPTOR_SIZE = array.array("i").itemsize

REQUEST = 0x20
SCRIPT = 0x21
PARAMETERS = 0x22
RUN = 0x23
INPUT = 0x24
PULLED = 0x25
INPUT_END = 0x26
PART_END = 0x27
INPUT_SEGMENT = 0x28

READY = 0x30
PULL = 0x31
OUTPUT = 0x32
OUTPUT_END = 0x33
RESULTS = 0x34
DONE = 0x35
FAILED = 0x36
OUTPUT_SEGMENT = 0x37

CLOSED = "the controller has closed the connection"


class ProtocolError(Exception):
    """The other side is not a controller, or is gone."""


class Connection:
    """The worker's end of the data connection."""

    def __init__(self, stream: socket.socket):
        self._stream = stream
        self._memory = None

    @property
    def passes_descriptors(self) -> bool:
        """Whether memory can be shared over it."""
        return self._stream.family == socket.AF_UNIX

    def receive(self, *expected: int) -> tuple[int, bytearray]:
        """The next frame: its kind, which must be an expected one, and its payload."""
        length, kind = HEADER.unpack(self._receive_header())
        if kind not in expected or length > MAX_CHUNK:
            raise ProtocolError(f"frame {kind:#04x} of {length} bytes is not expected here")
        return kind, self._receive_exactly(length)

    def take_memory(self) -> int | None:
        """The descriptor that came with the last frame; the caller's to close."""
        memory, self._memory = self._memory, None
        return memory

    def send(self, kind: int, payload=b"") -> None:
        """Sends one frame."""
        self._send_all([HEADER.pack(len(payload), kind), payload])

    def send_memory(self, kind: int, payload: bytes, memory: int) -> None:
        """Sends one frame, and a descriptor with it."""
        frame = HEADER.pack(len(payload), kind) + payload
        sent = socket.send_fds(self._stream, [frame], [memory])
        self._send_all([frame[sent:]])

    def send_chunks(self, kind: int, data) -> None:
        """Sends bytes of any length as frames of one kind."""
        self.send_pieces(kind, [data])

    def send_pieces(self, kind: int, pieces: Sequence) -> None:
        """Sends bytes that lie in several places: what they are together is cut into frames."""
        views = [memoryview(piece).cast("B") for piece in pieces]
        left = sum(map(len, views))
        # What the frame that was begun last still takes.
        room, frame = 0, []
        for view in views:
            while len(view):
                if room == 0:
                    room = min(left, MAX_CHUNK)
                    left -= room
                    frame = [HEADER.pack(room, kind)]
                frame.append(view[:room])
                view = view[len(frame[-1]):]
                room -= len(frame[-1])
                if room == 0:
                    self._send_all(frame)

    def send_message(self, kind: int, message: dict) -> None:
        """Sends a frame that holds JSON."""
        self.send(kind, json.dumps(message, ensure_ascii=False).encode("utf-8"))

    def _send_all(self, pieces: Sequence) -> None:
        left = [memoryview(piece) for piece in pieces]
        first = 0
        while first < len(left):
            sent = self._stream.sendmsg(left[first:first + MAX_PIECES])
            while first < len(left) and sent >= len(left[first]):
                sent -= len(left[first])
                first += 1
            if sent:
                left[first] = left[first][sent:]

    def _receive_header(self) -> bytearray:
        """A frame's header; a descriptor comes with its first byte."""
        header = bytearray(HEADER.size)
        count, ancillary, _, _ = self._stream.recvmsg_into(
            [header], socket.CMSG_SPACE(DESCRIPTOR_SIZE), socket.MSG_CMSG_CLOEXEC
        )
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                (self._memory,) = array.array("i", data)
        if count == 0:
            raise ProtocolError(CLOSED)
        header[count:] = self._receive_exactly(HEADER.size - count)
        return header

    def _receive_exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        while view:
            count = self._stream.recv_into(view)
            if count == 0:
                raise ProtocolError(CLOSED)
            view = view[count:]
        return data
