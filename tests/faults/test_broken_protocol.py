"""Bytes that are no TDS: an error, a closed connection, and nothing for anybody else."""

import contextlib
import datetime
import socket

import pytest
from pytds import tds_types

from harness.server import ONE_BACKEND

pytestmark = ONE_BACKEND

# An ERROR token's number, little-endian.
PROTOCOL_ERROR = (4014).to_bytes(4, "little")
# A SQLBatch packet whose ALL_HEADERS claim to be longer than the packet.
BAD_HEADERS = bytes([1, 1, 0, 12, 0, 0, 1, 0]) + (2**31).to_bytes(4, "little")
RUBBISH = {
    "no packet type": b"\x99" * 100,
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\x05hello",
    "headers": BAD_HEADERS,
}


def answer(raw: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    raw.settimeout(60)
    received = b""
    while part := raw.recv(65536):
        received += part
    return received


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_after_login(server, rubbish):
    # More than once: the error must not race with the end of the connection.
    for _ in range(10):
        session = server.connect()
        raw = session.connection.cursor()._session._tds.sock
        raw.sendall(rubbish)
        assert PROTOCOL_ERROR in answer(raw)
    with server.connect() as other:
        assert other.run("SELECT 1 AS n").value == 1


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_before_login(server, rubbish):
    with socket.create_connection((server.host, server.port)) as raw:
        raw.sendall(rubbish)
        # The server may close before it has read all: the client then sees a reset.
        with contextlib.suppress(ConnectionResetError):
            assert answer(raw) == b""
    with server.connect() as other:
        assert other.run("SELECT 1 AS n").value == 1


def bad_float(_):
    return "float", float("nan")


def bad_date(monkeypatch):
    monkeypatch.setattr(tds_types.Date, "from_pydate", lambda _: tds_types.Date(0xFFFFFF))
    return "date", datetime.date(2026, 1, 2)


@pytest.mark.parametrize("bad", [bad_float, bad_date])
def test_a_value_that_its_type_does_not_have_fails_its_call_alone(server, monkeypatch, bad):
    sql_type, value = bad(monkeypatch)
    with server.connect() as session:
        outcome = session.call("sp_executesql", "SELECT @a AS a", f"@a {sql_type}", value)
        assert outcome.numbers == [8023] and not outcome.sets
        text = f'Parameter 3 (""): The supplied value is not a valid instance of data type {sql_type}.'
        assert text in outcome.errors[0].text
        assert session.run("SELECT 1 AS n").value == 1
