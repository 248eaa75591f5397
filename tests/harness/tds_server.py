"""A server that speaks just enough TDS to say what no server of ours says."""

import socket
import struct
import threading
from collections.abc import Callable

# Packet types, [MS-TDS] 2.2.3.1.1.
BATCH, RPC, RESPONSE, ATTENTION, BULK, TRANSACTION, LOGIN, PRELOGIN = 1, 3, 4, 6, 7, 14, 16, 18
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


def read_packets(stream) -> bytes:
    """The packets of the next message, as they come."""
    packets = b""
    while header := stream.read(HEADER.size):
        _, status, length, *_ = HEADER.unpack(header)
        packets += header + stream.read(length - HEADER.size)
        if status & 1:
            break
    return packets


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
    """A result set of one row."""
    return rows(tuple(cells), tuple(cells.values()))


def rows(names: tuple[str, ...], *cells: tuple[int | str | None, ...]) -> bytes:
    """A result set, [MS-TDS] 2.2.7.4 and 2.2.7.17: each column is bigint, or nvarchar(max) when it has a text."""
    columns, values = b"", b""
    texts = [any(isinstance(row[place], str) for row in cells) for place in range(len(names))]
    for name, is_text in zip(names, texts, strict=True):
        type_info = b"\xe7\xff\xff" + bytes.fromhex("0904d00034") if is_text else b"\x26\x08"
        columns += struct.pack("<IH", 0, 1) + type_info + struct.pack("<B", len(name)) + name.encode("utf-16-le")
    for row in cells:
        values += b"\xd1" + b"".join(map(cell_value, row, texts))
    return b"\x81" + struct.pack("<H", len(names)) + columns + values + done(COUNT, len(cells))


def cell_value(cell: int | str | None, is_text: bool) -> bytes:
    if not is_text:
        return b"\0" if cell is None else struct.pack("<Bq", 8, cell)
    if cell is None:
        return struct.pack("<Q", 2**64 - 1)
    text = cell.encode("utf-16-le")
    return struct.pack("<QI", len(text), len(text)) + text + bytes(4 if text else 0)


def returned(value: int) -> bytes:
    """RETURNVALUE of an int without a name, [MS-TDS] 2.2.7.19, and RETURNSTATUS 0 before it, 2.2.7.18."""
    status = b"\x79" + struct.pack("<i", 0)
    return status + b"\xac" + struct.pack("<HBBIH", 0, 0, 1, 0, 0) + b"\x26\x04" + struct.pack("<Bi", 4, value)


def batch_text(payload: bytes) -> str:
    """A batch behind its headers, [MS-TDS] 2.2.6.7."""
    return payload[int.from_bytes(payload[:4], "little") :].decode("utf-16-le")
