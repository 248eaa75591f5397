"""A result streams: what the server holds does not grow with the rows."""

import pymssql
import pytest

from harness.scripts import ROWS, script

MIB = 1024 * 1024
SMALL, LARGE = 500_000, 5_000_000
# A few record batches on their way, and what the allocator keeps of those that went; the rows
# that the small table lacks are 72 MB each time they are held.
ALLOWED_GROWTH = 24 * MIB


@pytest.mark.timeout(1800)
def test_five_million_rows_in_constant_memory(make_server, record_property):
    server = make_server()
    with server.connect(timeout=1200) as session:
        fill(session, LARGE)

    # python-tds would take minutes over so many rows.
    connection = pymssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password,
        autocommit=True, tds_version="7.4",
    )  # fmt: skip
    peaks = {}
    for rows in (SMALL, LARGE):
        server.reset_memory_peak()
        assert read(connection, rows) == (rows, rows * (rows - 1) // 2)
        peaks[rows] = server.memory_peak()
        record_property(f"peak RSS of the server, {rows} rows", peaks[rows])
    connection.close()
    print(*(f"{rows} rows: {peak / MIB:.1f} MiB" for rows, peak in peaks.items()), sep="; ")
    assert peaks[LARGE] - peaks[SMALL] < ALLOWED_GROWTH


def fill(session, rows: int):
    """Doubles a table until it has that many rows, 0 to rows - 1."""
    session.run("CREATE TABLE numbers (n bigint NOT NULL, x float NOT NULL)").check()
    session.run("INSERT INTO numbers VALUES (0, 0.5)").check()
    have = 1
    while have < rows:
        more = min(have, rows - have)
        session.run(f"INSERT INTO numbers SELECT n + {have}, x FROM numbers WHERE n < {more}").check()
        have += more


def read(connection, rows: int) -> tuple[int, int]:
    """Takes rows as they come and keeps none; returns how many there were and their sum."""
    clause = "WITH RESULT SETS ((n bigint, x float))"
    cursor = connection.cursor()
    cursor.execute(script(ROWS, query=f"SELECT n, x FROM numbers WHERE n < {rows}", clause=clause))
    count = total = 0
    while part := cursor.fetchmany(10_000):
        count += len(part)
        total += sum(n for n, _ in part)
    return count, total
