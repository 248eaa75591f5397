"""Statements with parameters, as each driver's own way of preparing sends them."""

import datetime
import decimal
import uuid

import mssql_python
import pymssql
import pyodbc
import pytest

from harness.drivers import MssqlPython, Pymssql, Pyodbc

CALL = """
EXEC sp_execute_external_script @language = N'Python', @script = {0}, @input_data_1 = {0}
WITH RESULT SETS ((n int))
"""
ARGUMENTS = ("OutputDataSet = InputDataSet", "SELECT 8 AS n")

VALUES = [
    1, -(2**40), 2.5, "naïve 日本語", "", b"\x00\xff", True, None,
    decimal.Decimal("-12.345"), datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5),
    "x" * 5000, "é" * 100_000, b"\x01" * 100_000,
]  # fmt: skip


@pytest.fixture(params=[Pyodbc, MssqlPython], ids=["pyodbc", "mssql-python"])
def connection(request, server):
    client = request.param(server)
    yield client.connection
    client.close()


def test_script_and_query_are_parameters(connection):
    cursor = connection.cursor()
    for _ in range(3):
        cursor.execute(CALL.format("?"), ARGUMENTS)
        assert [tuple(row) for row in cursor.fetchall()] == [(8,)]


def test_pymssql_puts_them_into_the_text(server):
    client = Pymssql(server)
    cursor = client.connection.cursor()
    cursor.execute(CALL.format("%s"), ARGUMENTS)
    assert cursor.fetchall() == [(8,)]
    client.close()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__} {str(value)[:12]}")
def test_values(connection, value):
    cursor = connection.cursor()
    cursor.execute("SELECT ? AS value", (value,))
    ((back,),) = cursor.fetchall()
    if value is not None:
        assert type(value)(back) == value if not isinstance(back, (datetime.date, str)) else back == value
    else:
        assert back is None


def test_insert_many(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE many (id int, name nvarchar(20), at datetime)")
    try:
        rows = [(n, f"näme {n}", datetime.datetime(2026, 1, 1 + n)) for n in range(20)]
        cursor.executemany("INSERT INTO many VALUES (?, ?, ?)", rows)
        cursor.execute("SELECT id, name, at FROM many WHERE id >= ? ORDER BY id", (10,))
        assert [tuple(row) for row in cursor.fetchall()] == rows[10:]
    finally:
        cursor.execute("DROP TABLE many")


@pytest.mark.parametrize("driver", [Pymssql, Pyodbc, MssqlPython], ids=["pymssql", "pyodbc", "mssql-python"])
def test_transactions_of_the_driver(server, driver):
    client = driver(server)
    connection = client.connection
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE kept (n int)")
    try:
        if driver is Pymssql:
            connection.autocommit(False)
        else:
            connection.autocommit = False
        cursor.execute("INSERT INTO kept VALUES (1)")
        connection.commit()
        cursor.execute("INSERT INTO kept VALUES (2)")
        connection.rollback()
        cursor.execute("SELECT n FROM kept")
        assert [tuple(row) for row in cursor.fetchall()] == [(1,)]
        connection.commit()
    finally:
        client.close()
        with server.connect() as session:
            session.run("DROP TABLE kept")


def test_wrong_password(server):
    class Wrong:
        host, port, user, password = server.host, server.port, server.user, "Wrong-password-1"

    for driver, error in [(Pymssql, pymssql.Error), (Pyodbc, pyodbc.Error), (MssqlPython, mssql_python.Error)]:
        with pytest.raises(error, match="Login failed for user 'sa'"):
            driver(Wrong)


def test_guid_through_mssql_python(server):
    client = MssqlPython(server)
    guid = uuid.uuid4()
    cursor = client.connection.cursor()
    cursor.execute("SELECT ? AS g", (guid,))
    assert uuid.UUID(str(cursor.fetchone()[0])) == guid
    client.close()


def test_arrays_of_parameters(server):
    """Microsoft's driver sends many rows with one call."""
    minus_five = datetime.timezone(datetime.timedelta(hours=-5))
    types = {
        "n": "int", "t": "nvarchar(50)", "f": "float", "d": "decimal(20,4)", "b": "varbinary(max)", "at": "datetime2(6)",
        "day": "date", "tm": "time(6)", "ok": "bit", "g": "uniqueidentifier", "big": "bigint", "o": "datetimeoffset(6)",
    }  # fmt: skip
    rows = [
        (
            1, "ü" * 20, 1e300, decimal.Decimal("-123456789012345.6789"), b"\x01" * 5000, datetime.datetime.max,
            datetime.date.max, datetime.time.max, True, uuid.UUID(int=2**128 - 1), -(2**63),
            datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, minus_five),
        ),
        (2, *[None] * 11),
        (
            3, "", -0.5, decimal.Decimal(0), b"", datetime.datetime.min, datetime.date.min, datetime.time.min, False,
            uuid.UUID(int=0), 0, datetime.datetime(1, 1, 2, tzinfo=datetime.timezone.utc),
        ),
    ]  # fmt: skip
    client = MssqlPython(server)
    try:
        cursor = client.connection.cursor()
        cursor.execute(f"CREATE TABLE kept ({', '.join(map(' '.join, types.items()))})")
        cursor.executemany(f"INSERT kept VALUES ({', '.join('?' * len(types))})", rows)
        assert cursor.rowcount == len(rows)
        assert [tuple(row) for row in cursor.execute("SELECT * FROM kept ORDER BY n").fetchall()] == rows
        cursor.executemany("INSERT kept (n, t) VALUES (?, ?)", [(n, f"row {n}") for n in range(10, 5010)])
        assert tuple(cursor.execute("SELECT COUNT(*), MAX(n) FROM kept").fetchone()) == (5003, 5009)
    finally:
        client.close()
        with server.connect() as session:
            session.run("DROP TABLE IF EXISTS kept")
