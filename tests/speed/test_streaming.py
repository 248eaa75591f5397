"""A result streams: what the server holds does not grow with the rows."""

from harness.scripts import ROWS, script

MIB = 1024 * 1024
SMALL, LARGE = 10_000, 5_000_000
# A few record batches each way, an order of magnitude below the table's 80 MB.
ALLOWED_GROWTH = 24 * MIB


def test_five_million_rows_in_constant_memory(make_server, record_property):
    server = make_server()
    with server.connect(timeout=1200) as session:
        fill(session, LARGE)
        read(session, SMALL)
        small = server.memory_peak()
        assert read(session, LARGE) == (LARGE, LARGE * (LARGE - 1) // 2)
        large = server.memory_peak()
    record_property("peak after 10 thousand rows", small)
    record_property("peak after 5 million rows", large)
    print(f"peak RSS: {small / MIB:.1f} MiB after {SMALL} rows, {large / MIB:.1f} MiB after {LARGE}")
    assert large - small < ALLOWED_GROWTH


def fill(session, rows: int):
    """Doubles a table until it has that many rows, 0 to rows - 1."""
    session.run("CREATE TABLE numbers (n bigint NOT NULL, x float NOT NULL)").check()
    session.run("INSERT INTO numbers VALUES (0, 0.5)").check()
    have = 1
    while have < rows:
        more = min(have, rows - have)
        session.run(f"INSERT INTO numbers SELECT n + {have}, x FROM numbers WHERE n < {more}").check()
        have += more


def read(session, rows: int) -> tuple[int, int]:
    """Takes rows one by one and keeps none; returns how many came and their sum."""
    call = script(ROWS, query=f"SELECT n, x FROM numbers WHERE n < {rows}", clause="WITH RESULT SETS ((n bigint, x float))")
    cursor = session.connection.cursor()
    cursor.execute(call)
    count = total = 0
    while (row := cursor.fetchone()) is not None:
        count += 1
        total += row[0]
    return count, total
