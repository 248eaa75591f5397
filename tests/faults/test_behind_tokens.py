"""What a SQL Server says and no server of ours does, by way of a front: what [MS-TDS] prints and what the
tests of other clients have recorded passes byte for byte, and is understood or refused by name."""

import socket
import struct
from pathlib import Path

import pytest

from harness.behind import TRUST, Front
from harness.tds_server import (
    ATTENDED,
    ATTENTION,
    BATCH,
    BULK,
    HEADER,
    LOGIN,
    PRELOGIN,
    TRANSACTION,
    TdsServer,
    batch_text,
    done,
    error,
    login_acknowledged,
    packet,
    read_packets,
    row,
)

DUMPS = Path(__file__).parents[2] / "runtime/tds/tests"
INTERPRETED = "IF 1 = 0 EXEC sp_execute_external_script N'Python', N'';\n"
# In the interpreted batch, what the dump answers.
ASKED = "SELECT N'asked'"


def dump(name: str) -> bytes:
    """The tokens of a file's packet."""
    lines = (DUMPS / f"{name}.hex").read_text().splitlines()
    return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))[HEADER.size :]


def column(type_info: str, name: str) -> bytes:
    """A column that may be NULL, [MS-TDS] 2.2.7.4."""
    return struct.pack("<IH", 0, 1) + bytes.fromhex(type_info) + bytes([len(name)]) + name.encode("utf-16-le")


def counted(token: int, size: str, body: bytes) -> bytes:
    return bytes([token]) + struct.pack(f"<{size}", len(body)) + body


ROW = row(n=42)
# An aggregate's columns and rows, [MS-TDS] 2.2.7.1 and 2.2.7.2: number 1 by column 1, SUM (0x4d) of column 1.
ALTERNATIVE = (
    b"\x88" + struct.pack("<HHBH", 1, 1, 1, 1) + b"\x4d" + struct.pack("<H", 1) + column("2604", "")
    + b"\xd3" + struct.pack("<H", 1) + b"\x04" + struct.pack("<i", 42)
)  # fmt: skip
# A udt's column, [MS-TDS] 2.2.5.5.2: its size, and database, schema, type and assembly by name.
UDT_NAMES = b"".join(bytes([len(name)]) + name.encode("utf-16-le") for name in ("db", "s", "point"))
UDT_ASSEMBLY = struct.pack("<H", 1) + "a".encode("utf-16-le")
UDT = (
    b"\x81" + struct.pack("<H", 1) + struct.pack("<IH", 0, 1) + b"\xf0" + struct.pack("<H", 0xFFFF) + UDT_NAMES + UDT_ASSEMBLY
    + bytes([1]) + "p".encode("utf-16-le") + b"\xd1" + struct.pack("<QI", 2, 2) + b"\x01\x02" + struct.pack("<I", 0) + done(0x10, 1)
)  # fmt: skip
FEDAUTH = counted(0xEE, "I", struct.pack("<IBIIBII", 2, 2, 6, 22, 1, 12, 28) + "spnstsurl".encode("utf-16-le"))
# Labels, information types, and what is said of columns: nothing, [MS-TDS] 2.2.7.5.
CLASSIFICATION = b"\xa3" + struct.pack("<HHIH", 0, 0, 0xFFFFFFFF, 1) + struct.pack("<H", 0)

# What is said, and what an interpreted batch makes of it: rows, or an error's number.
SAID = {
    "batch_response": (dump("documented/batch_response"), [("foo",)]),
    "call_response": (dump("documented/call_response"), None),
    "sparse_columns": (dump("documented/sparse_columns"), 10),
    "session_state": (dump("documented/session_state"), None),
    "row": (dump("recorded/row"), 1),
    "browse": (ROW[:-13] + dump("recorded/browse")[:-13] + ROW[-13:], [(42,)]),
    "order": (counted(0xA9, "H", struct.pack("<H", 1)) + ROW, [(42,)]),
    "offset": (b"\x78" + struct.pack("<HH", 0x016D, 4) + ROW, [(42,)]),
    "alternative": (ROW[:-13] + ALTERNATIVE + ROW[-13:], [(42,)]),
    "sspi": (counted(0xED, "H", b"\x01\x02\x03\x04") + ROW, [(42,)]),
    "fedauth": (FEDAUTH + ROW, [(42,)]),
    "features": (dump("recorded/login_response")[-21:-13] + ROW, [(42,)]),
    # Of a feature that no login asks for: what it is about can't be read.
    "classification": (CLASSIFICATION + ROW, 39010),
    "udt": (UDT, 39010),
    "rubbish": (b"\x00\x01\x02" + ROW, 39010),
    "a token that doesn't end": (counted(0xAA, "H", b"")[:1] + b"\xff\xff" + ROW, 39010),
}


@pytest.fixture
def make_front(tmp_path):
    """A front before a server that answers with given tokens: `make_front(login, tokens)`."""
    made = []

    def make(server: TdsServer) -> Front:
        front = Front(tmp_path, reach=("--database-encrypt", "optional", *TRUST))
        front.behind_address = server.address
        made.append(front)
        return front.start()

    yield make
    for front in made:
        front.clean_up()


# ALL_HEADERS with the number of a transaction, none, [MS-TDS] 2.2.5.3.
HEADERS = struct.pack("<IIHQI", 22, 18, 2, 0, 1)


class Raw:
    """A client that sends and reads packets, without encryption."""

    def __init__(self, front: Front):
        self.socket = socket.create_connection((front.host, front.port), timeout=60)
        self.stream = self.socket.makefile("rb")
        # VERSION and ENCRYPTION "not supported".
        self.ask(PRELOGIN, bytes.fromhex("00 000b 0006 01 0011 0001 ff 100000000000 02"))
        self.login = self.ask(LOGIN, dump("documented/login"))

    def ask(self, kind: int, payload: bytes) -> bytes:
        """The packets that answer a message."""
        self.socket.sendall(HEADER.pack(kind, 1, HEADER.size + len(payload), 0, 1, 0) + payload)
        return read_packets(self.stream)

    def batch(self, text: str) -> bytes:
        return self.ask(BATCH, HEADERS + text.encode("utf-16-le"))

    def cancelled(self, text: str) -> bytes:
        """What a batch is answered with that is cancelled at once, to the acknowledgement."""
        payload = HEADERS + text.encode("utf-16-le")
        batch = HEADER.pack(BATCH, 1, HEADER.size + len(payload), 0, 1, 0) + payload
        self.socket.sendall(batch + HEADER.pack(ATTENTION, 1, HEADER.size, 0, 1, 0))
        answer = b""
        while not answer.endswith(done(ATTENDED)):
            answer += read_packets(self.stream)
        return answer

    def close(self):
        self.socket.close()


def answering(said: bytes):
    def answer(kind: int, payload: bytes) -> bytes:
        text = batch_text(payload) if kind == BATCH else ""
        if text == ASKED:
            return said
        return row(depth=0, name="far", login="somebody", options=0) if "@@TRANCOUNT" in text else done()

    return answer


def cancellable(said: bytes):
    """A server that acknowledges each cancel by an answer of its own."""
    answer = answering(said)
    return lambda kind, payload: done(ATTENDED) if kind == ATTENTION else answer(kind, payload)


@pytest.mark.parametrize("name", ["login_response", "federated_login_response", "session_recovery", "azure_support"])
def test_logins_pass_as_they_come(make_front, name):
    said = dump(f"documented/{name}")
    with TdsServer(login=said) as server:
        client = Raw(make_front(server))
        assert client.login == packet(said)
        client.close()


def test_every_token_passes_as_it_comes(make_front):
    with TdsServer(login=dump("recorded/login_response")) as server:
        front = make_front(server)
        client = Raw(front)
        assert client.login == packet(server.login)
        for name, (said, _) in SAID.items():
            server.answer = answering(said)
            assert client.batch(ASKED) == packet(said), name
        client.close()


def test_requests_of_other_kinds_pass_as_they_come(make_front):
    """A distributed transaction, [MS-TDS] 2.2.6.9, which the server takes or refuses, and rows of a bulk load."""
    asked = []

    def answer(kind: int, payload: bytes) -> bytes:
        asked.append((kind, payload))
        return error(8501, "MSDTC on server 'far' is unavailable.")

    with TdsServer(answer=answer) as server:
        client = Raw(make_front(server))
        asked.clear()
        requests = [(TRANSACTION, HEADERS + struct.pack("<HH", number, 0)) for number in (0, 1)]
        requests.append((BULK, dump("documented/bulk_load")))
        for kind, payload in requests:
            assert client.ask(kind, payload) == packet(answer(kind, payload))
            asked.pop()
        assert asked == requests
        client.close()


def test_a_cancel_meets_the_end_of_an_answer(make_front):
    """Before it, with it and behind it: what is acknowledged is one cancel, and the next request is answered."""
    with TdsServer() as server:
        client = Raw(make_front(server))
        for first in ("", INTERPRETED):
            server.answer = cancellable(ROW)
            for _ in range(20):
                assert client.cancelled(first + ASKED).count(done(ATTENDED)) == 1
            assert done(ATTENDED) not in client.batch(first + ASKED)
            # The answer has been read, and the client can't know that it was whole.
            assert client.ask(ATTENTION, b"").endswith(done(ATTENDED))
            assert done(ATTENDED) not in client.batch(first + ASKED)
        client.close()


def test_every_token_is_understood_or_refused(make_front):
    with TdsServer(login=login_acknowledged() + done()) as server:
        front = make_front(server)
        for name, (said, expected) in SAID.items():
            server.answer = answering(said)
            with front.connect() as session:
                outcome = session.run(INTERPRETED + ASKED)
                if expected is None:
                    assert (outcome.numbers, outcome.sets) == ([], []), name
                elif isinstance(expected, list):
                    assert outcome.rows == expected, name
                elif expected > 1000:
                    assert outcome.numbers == [expected], name
                else:
                    assert len(outcome.rows) == expected, name
                # The session goes on.
                server.answer = answering(ROW)
                assert session.run(INTERPRETED + ASKED).value == 42, name
