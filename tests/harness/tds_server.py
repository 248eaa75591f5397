"""A server that speaks just enough TDS to say what no server of ours says."""

import socket
import struct
import threading
from collections.abc import Callable

# Packet types, [MS-TDS] 2.2.3.1.1.
BATCH, RPC, RESPONSE, ATTENTION, LOGIN, PRELOGIN = 1, 3, 4, 6, 16, 18
# Flags of DONE.
ERROR, COUNT, ATTENDED = 0x02, 0x10, 0x20
HEADER = struct.Struct(">BBHHBB")


class TdsServer:
    """Takes any login without encryption, and answers requests with given tokens."""

    host = "127.0.0.1"

    def __init__(self, login: bytes = b"", answer: Callable[[int, bytes], bytes | None] | None = None):
        # The tokens that answer a login, and the function that gives those for a request, from its
        # packet type and payload; None is no answer.
        self.login = login or login_acknowledged() + done()
        self.answer = answer or (lambda kind, payload: done())
        # The server that each login has asked for.
        self.logins: list[str] = []
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]

    @property
    def address(self) -> str:
        return f"{self.host},{self.port}"

    def __enter__(self) -> "TdsServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # Wakes accept(), which closing alone doesn't.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        with connection, connection.makefile("rb") as stream:
            while message := read_message(stream):
                kind, payload = message
                if kind == PRELOGIN:
                    tokens = PRELOGIN_ANSWER
                elif kind == LOGIN:
                    self.logins.append(asked_server(payload))
                    tokens = self.login
                else:
                    tokens = self.answer(kind, payload)
                if tokens is not None:
                    connection.sendall(packet(tokens))


def read_message(stream) -> tuple[int, bytes] | None:
    """The next message's type and payload; None at the connection's end."""
    payload = b""
    while header := stream.read(HEADER.size):
        kind, status, length, *_ = HEADER.unpack(header)
        payload += stream.read(length - HEADER.size)
        if status & 1:
            return kind, payload
    return None


def asked_server(login: bytes) -> str:
    """ServerName of a LOGIN7, [MS-TDS] 2.2.6.4."""
    start, length = struct.unpack_from("<HH", login, 52)
    return login[start : start + 2 * length].decode("utf-16-le")


def packet(tokens: bytes) -> bytes:
    """An answer that fits one packet."""
    return HEADER.pack(RESPONSE, 1, HEADER.size + len(tokens), 0, 1, 0) + tokens


# VERSION 12.0.0 and ENCRYPTION "not supported", [MS-TDS] 2.2.6.5.
PRELOGIN_ANSWER = bytes.fromhex("00 000b 0006 01 0011 0001 ff 0c0000000000 02")


def login_acknowledged(version: int = 0x74000004) -> bytes:
    """LOGINACK, [MS-TDS] 2.2.7.14."""
    name = "Another Server"
    body = struct.pack(">BIB", 1, version, len(name)) + name.encode("utf-16-le") + bytes([12, 0, 0, 0])
    return b"\xad" + struct.pack("<H", len(body)) + body


def routing(host: str, port: int) -> bytes:
    """ENVCHANGE that sends a login on, [MS-TDS] 2.2.7.9, type 20."""
    value = struct.pack("<BHH", 0, port, len(host)) + host.encode("utf-16-le")
    body = b"\x14" + struct.pack("<H", len(value)) + value + b"\0\0"
    return b"\xe3" + struct.pack("<H", len(body)) + body


def transaction_begun(descriptor: int) -> bytes:
    """ENVCHANGE, [MS-TDS] 2.2.7.9, type 8."""
    return b"\xe3" + struct.pack("<HBBQB", 11, 8, 8, descriptor, 0)


def transaction_rolled_back(descriptor: int) -> bytes:
    """ENVCHANGE, [MS-TDS] 2.2.7.9, type 10."""
    return b"\xe3" + struct.pack("<HBBBQ", 11, 10, 0, 8, descriptor)


def done(status: int = 0, rows: int = 0, token: int = 0xFD) -> bytes:
    """DONE, [MS-TDS] 2.2.7.6."""
    return struct.pack("<BHHQ", token, status, 0, rows)


def database_changed(name: str) -> bytes:
    """ENVCHANGE, [MS-TDS] 2.2.7.9, type 1."""
    body = struct.pack("<BB", 1, len(name)) + name.encode("utf-16-le") + b"\0"
    return b"\xe3" + struct.pack("<H", len(body)) + body


def error(number: int, text: str) -> bytes:
    """ERROR of severity 16, [MS-TDS] 2.2.7.10, and the end of its statement."""
    return _message(0xAA, number, 16, text) + done(ERROR)


def info(number: int, text: str) -> bytes:
    """INFO, [MS-TDS] 2.2.7.13."""
    return _message(0xAB, number, 0, text)


def _message(token: int, number: int, severity: int, text: str) -> bytes:
    body = struct.pack("<IBBH", number, 1, severity, len(text)) + text.encode("utf-16-le") + struct.pack("<BBI", 0, 0, 1)
    return struct.pack("<BH", token, len(body)) + body


def row(**cells: int | str | None) -> bytes:
    """A result set of one row, [MS-TDS] 2.2.7.4 and 2.2.7.17: bigint, or nvarchar(max)."""
    columns, values = b"", b""
    for name, cell in cells.items():
        columns += struct.pack("<IH", 0, 1)
        if isinstance(cell, str):
            text = cell.encode("utf-16-le")
            columns += b"\xe7\xff\xff" + bytes.fromhex("0904d00034")
            values += struct.pack("<QI", len(text), len(text)) + text + bytes(4 if text else 0)
        else:
            columns += b"\x26\x08"
            values += b"\0" if cell is None else struct.pack("<Bq", 8, cell)
        columns += struct.pack("<B", len(name)) + name.encode("utf-16-le")
    return b"\x81" + struct.pack("<H", len(cells)) + columns + b"\xd1" + values + done(COUNT, 1)


def batch_text(payload: bytes) -> str:
    """A batch behind its headers, [MS-TDS] 2.2.6.7."""
    return payload[int.from_bytes(payload[:4], "little") :].decode("utf-16-le")
