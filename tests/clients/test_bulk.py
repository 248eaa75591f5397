"""Bulk loads: `INSERT BULK` and the rows after it, as clients send them."""

import datetime
import decimal
import os
import socket
import struct
import subprocess
import uuid

import mssql_python
import pymssql
import pytds
import pytest
from pytds.tds_base import Column
from pytds.tds_types import (
    BigIntType,
    BitType,
    DateTime2Type,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    NVarCharMaxType,
    NVarCharType,
    TimeType,
    UniqueIdentifierType,
    VarBinaryMaxType,
    VarBinaryType,
)

# Column of the table, pytds' type, values.
TYPES = {
    "int": ("int", IntType(), [0, -(2**31), 2**31 - 1]),
    "bigint": ("bigint", BigIntType(), [-(2**63), 2**63 - 1]),
    "bit": ("bit", BitType(), [True, False]),
    "float": ("float", FloatType(), [0.1, -1e300]),
    "decimal": ("decimal(38,4)", DecimalType(38, 4), [decimal.Decimal("-1234567890123456789012345678901234.5678")]),
    "nvarchar": ("nvarchar(50)", NVarCharType(50), ["", "naïve 日本語 𝄞", " x "]),
    "nvarchar-max": ("nvarchar(max)", NVarCharMaxType(), ["", "é" * 100_000]),
    "varbinary": ("varbinary(50)", VarBinaryType(50), [b"", b"\x00\xff"]),
    "varbinary-max": ("varbinary(max)", VarBinaryMaxType(), [b"", b"\x01" * 100_000]),
    "date": ("date", DateType(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
    "time": ("time(6)", TimeType(6), [datetime.time(23, 59, 59, 999999)]),
    "datetime2": ("datetime2(6)", DateTime2Type(6), [datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)]),
    "guid": ("uniqueidentifier", UniqueIdentifierType(), [uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")]),
}  # fmt: skip


@pytest.fixture
def table(sql):
    """Makes the table of a test: `table("a int")`."""
    yield lambda columns: sql.run(f"CREATE TABLE loaded ({columns})").check()
    sql.run("DROP TABLE IF EXISTS loaded")


def load(sql, rows, **columns):
    sql.connection.cursor().copy_to(
        data=rows, table_or_view="loaded", columns=[Column(name=name, type=kind) for name, kind in columns.items()]
    )


def loaded(sql, query="SELECT * FROM loaded"):
    return [tuple(row) for row in sql.run(query).check().rows]


@pytest.mark.parametrize("declared, kind, values", TYPES.values(), ids=TYPES)
def test_values_come_back(sql, table, declared, kind, values):
    table(f"n int, v {declared}")
    rows = list(enumerate([None, *values, None]))
    load(sql, rows, n=IntType(), v=kind)
    assert loaded(sql, "SELECT n, v FROM loaded ORDER BY n") == rows


def test_a_hundred_thousand_rows(sql, table):
    table("n int PRIMARY KEY, v nvarchar(20)")
    load(sql, ((n, f"row {n}") for n in range(100_000)), n=IntType(), v=NVarCharType(20))
    total = "SELECT COUNT(*), SUM(CAST(n AS bigint)), MAX(v) FROM loaded"
    assert loaded(sql, total) == [(100_000, 4_999_950_000, "row 99999")]


@pytest.mark.parametrize(
    "columns, bad, number",
    [
        ("n int PRIMARY KEY, v nvarchar(5)", (1, "x"), 2627),
        ("n int NOT NULL, v nvarchar(5)", (None, "x"), 515),
        ("n int, v nvarchar(5)", (1, "too long"), 2628),
        ("n tinyint, v nvarchar(5)", (256, "x"), 220),
        ("n int, v int", (1, "x"), 245),
    ],
    ids=["key", "null", "length", "range", "conversion"],
)
def test_an_error_half_way_leaves_nothing(sql, table, columns, bad, number):
    table(columns)
    rows = [(n, "7") for n in range(10_000)]
    # The range of tinyint, before the row that leaves it.
    rows = [(n % 256 if "tinyint" in columns else n, v) for n, v in rows]
    with pytest.raises(pytds.Error) as raised:
        load(sql, [*rows, bad, *rows], n=IntType(), v=NVarCharType(20))
    assert raised.value.number == number
    assert loaded(sql) == []


def test_defaults_and_identities(sql, table):
    table("id int IDENTITY, n int, d int DEFAULT 5, e int DEFAULT 6")
    load(sql, [(1, None), (2, 3)], n=IntType(), d=IntType())
    load(sql, [(70, 4)], id=IntType(), n=IntType())
    load(sql, [(5,)], n=IntType())
    assert loaded(sql) == [(1, 1, 5, 6), (2, 2, 3, 6), (70, 4, 5, 6), (71, 5, 5, 6)]


def test_a_load_is_part_of_the_transaction(sql, table):
    table("n int")
    sql.run("BEGIN TRAN").check()
    load(sql, [(1,), (2,)], n=IntType())
    assert loaded(sql, "SELECT COUNT(*), @@TRANCOUNT FROM loaded") == [(2, 1)]
    sql.run("ROLLBACK").check()
    assert loaded(sql) == []


def test_what_is_wrong_is_said_before_rows_come(sql, table):
    table("n int")
    for announced, number in [("nothing (n int)", 208), ("loaded (m int)", 207)]:
        assert sql.run(f"INSERT BULK {announced}").numbers == [number]


def packet(kind: int, status: int, body: bytes) -> bytes:
    return struct.pack(">BBHHBB", kind, status, 8 + len(body), 0, 1, 0) + body


def answer(wire: socket.socket) -> bytes:
    """The tokens of one answer, to the packet that ends it."""
    stream, tokens, last = wire.makefile("rb"), b"", False
    while not last:
        _, status, length = struct.unpack(">BBHxxxx", stream.read(8))
        tokens += stream.read(length - 8)
        last = status & 1
    return tokens


# COLMETADATA of one int column, and rows of it.
COLUMN = b"\x81\x01\x00" + bytes(4) + b"\x09\x00\x26\x04\x01n\x00"
ROWS = b"\xd1\x04\x07\x00\x00\x00" * 500


def raw_socket(sql) -> socket.socket:
    return sql.connection._tds_socket.sock


@pytest.mark.parametrize("end", ["closed", "taken back", "attention"])
def test_a_load_that_breaks_off_leaves_nothing(server, sql, table, end):
    table("n int")
    other = server.connect()
    other.run("INSERT BULK loaded (n int)").check()
    wire = raw_socket(other)
    wire.sendall(packet(7, 0, COLUMN + ROWS) + packet(7, 0, ROWS))
    if end == "taken back":
        wire.sendall(packet(7, 3, b""))
    elif end == "attention":
        wire.sendall(packet(6, 1, b""))
    if end == "closed":
        other.close()
    else:
        status = 0x02 if end == "taken back" else 0x20
        assert answer(wire)[:3] == bytes([0xFD, status, 0])
        other.close()
    # The writer is free again, and the table empty.
    sql.run("INSERT INTO loaded VALUES (1)").check()
    assert loaded(sql) == [(1,)]


def test_rows_without_announcement_end_the_connection(server):
    session = server.connect()
    wire = raw_socket(session)
    wire.sendall(packet(7, 1, COLUMN + ROWS))
    assert "no INSERT BULK came before it".encode("utf-16-le") in answer(wire)
    assert wire.recv(1) == b""


def test_malformed_rows_are_an_error_of_the_load(server, sql, table):
    table("n int")
    with server.connect() as session:
        wire = raw_socket(session)
        for rows, text in [
            (COLUMN + ROWS + ROWS[:3], "premature end-of-message"),
            (COLUMN + ROWS + b"\xd1\x03\x00\x00\x00", "invalid column length from the bcp client for colid 1"),
        ]:
            session.run("INSERT BULK loaded (n int)").check()
            wire.sendall(packet(7, 1, rows))
            assert text.encode("utf-16-le") in answer(wire)
    assert loaded(sql) == []


def test_freebcp_in_and_out(server, sql, table, tmp_path):
    table("n int, v nvarchar(50), f float, d decimal(9,3), at datetime")
    lines = [f"{n}\tname {n}\t{n / 2}\t{n}.125\t2026-01-02 03:04:05.000" for n in range(2500)]
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("\n".join(lines) + "\n")
    for direction, file in [("in", source), ("out", target)]:
        done = subprocess.run(
            ["freebcp", "master..loaded", direction, file, "-c", "-S", f"{server.host}:{server.port}",
             "-U", server.user, "-P", server.password],
            env={**os.environ, "TDSVER": "7.4"}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "2500 rows copied" in done.stdout, done.stdout + done.stderr
        assert "Msg" not in done.stdout + done.stderr, done.stderr
    assert loaded(sql, "SELECT COUNT(*), SUM(d), MIN(v) FROM loaded") == [
        (2500, decimal.Decimal("3124062.500"), "name 0")
    ]
    assert len(target.read_text().splitlines()) == 2500


def test_pymssql_in_batches(server, sql, table):
    table("n int NOT NULL PRIMARY KEY, v nvarchar(50), b varbinary(10)")
    connection = pymssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password,
        autocommit=True, tds_version="7.4",
    )  # fmt: skip
    rows = [(n, f"name {n}", b"\x01") for n in range(2500)]
    connection.bulk_copy("loaded", rows, batch_size=1000)
    connection.close()
    assert loaded(sql, "SELECT n, v, b FROM loaded ORDER BY n") == rows


def test_bulkcopy_of_mssql_python(server, sql, table):
    table("n int NOT NULL PRIMARY KEY, v nvarchar(50), f float, d decimal(9,3), at datetime2(6), b varbinary(max)")
    connection = mssql_python.connect(
        f"SERVER={server.host},{server.port};UID={server.user};PWD={server.password};"
        "Encrypt=yes;TrustServerCertificate=yes",
        autocommit=True,
    )
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
    rows = [(n, f"näme {n}", n / 2, decimal.Decimal(n), moment, b"\x01" * n) for n in range(1000)]
    rows.append((1000, None, None, None, None, None))
    copied = connection.cursor().bulkcopy("loaded", rows, batch_size=300)
    connection.close()
    assert copied["rows_copied"] == 1001
    assert loaded(sql, "SELECT * FROM loaded ORDER BY n") == rows
