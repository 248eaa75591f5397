"""Rows stream: what the server holds does not grow with them."""

import time

import pymssql
import pytest

from harness.scripts import ROWS, script
from harness.server import Server

MIB = 1 << 20
# So many times the table's rows are read.
TIMES, TABLE = 100, 100_000
COUNT = TIMES * TABLE
# Beyond what an idle server has: batches on their way, and what the allocator keeps of those that
# went: 25 to 73 MiB were measured for large texts, the more the slower the server is beside its script
# and client. The rows are 160 MB each time that they are held, the large texts 600 MB.
ALLOWED = 96 * MIB
# Rows that a client takes at once.
FETCHED = 10_000
# How long a client reads nothing: long enough for all that can fill up on the way to be full.
PAUSE = 10

QUERY = "SELECT n, x FROM numbers CROSS JOIN times"
SUMMED = "OutputDataSet = pandas.DataFrame({'sum': [InputDataSet.n.sum()]})"
MADE = f"""
n = np.tile(np.arange({TABLE}), {TIMES})
OutputDataSet = pandas.DataFrame({{'n': n, 'x': n / 2}})
"""
CLAUSE = "WITH RESULT SETS ((n bigint, x float))"
SUM = TIMES * TABLE * (TABLE - 1) // 2

# Few rows, each of the size of a batch's quarter.
LARGE = 300
LARGE_QUERY = f"SELECT n, REPLICATE(CAST(N'x' AS nvarchar(max)), 1048576) AS t FROM numbers WHERE n < {LARGE}"
LARGE_CLAUSE = "WITH RESULT SETS ((n bigint, t nvarchar(max)))"


class Reader:
    """A client that takes rows as they come and keeps none. python-tds would take minutes."""

    def __init__(self, server: Server):
        self._connection = pymssql.connect(
            server=server.host, port=str(server.port), user=server.user, password=server.password,
            autocommit=True, tds_version="7.4",
        )  # fmt: skip

    def read(self, batch: str, pause: float = 0) -> tuple[int, int]:
        """How many rows there were and the sum of their first column; with a pause after some."""
        cursor = self._connection.cursor()
        cursor.execute(batch)
        count = total = 0
        while part := cursor.fetchmany(1 if count == 0 else FETCHED):
            if count == 0:
                time.sleep(pause)
            count += len(part)
            total += sum(row[0] for row in part)
        return count, total


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """A server with the rows."""
    server = Server(tmp_path_factory.mktemp("numbers"))
    try:
        server.start().enable_external_scripts()
        with server.connect() as session:
            session.run("CREATE TABLE numbers (n bigint NOT NULL, x float NOT NULL)").check()
            fill = "INSERT INTO numbers SELECT value, value / 2e0 FROM GENERATE_SERIES(0, {})"
            session.run(fill.format(TABLE - 1)).check()
            times = f"SELECT value AS t INTO times FROM GENERATE_SERIES(1, {TIMES})"
            session.run(times).check()
        yield server
    finally:
        server.clean_up()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("call", "expected", "pause"),
    [
        (script(SUMMED, query=QUERY, clause="WITH RESULT SETS ((sum bigint))"), (1, SUM), 0),
        (script(MADE, clause=CLAUSE), (COUNT, SUM), 0),
        (script(ROWS, query=QUERY, clause=CLAUSE), (COUNT, SUM), PAUSE),
        (script(ROWS, query=LARGE_QUERY, clause=LARGE_CLAUSE), (LARGE, LARGE * (LARGE - 1) // 2), PAUSE),
    ],
    ids=["into a script", "out of a script", "both, to a client that pauses", "large texts, to a client that pauses"],
)
def test_rows_in_constant_memory(numbers, record_property, call, expected, pause):
    reader = Reader(numbers)
    # What the first call of all takes for good is no part of the rows.
    assert reader.read(script(ROWS, query="SELECT 1 AS n")) == (1, 1)
    numbers.wait_for_no_containers()
    numbers.reset_memory_peak()
    idle = numbers.memory_peak()
    assert reader.read(call, pause) == expected
    grown = numbers.memory_peak() - idle
    record_property("growth of the server's memory (bytes)", grown)
    print(f"{idle / MIB:.1f} MiB idle, {grown / MIB:.1f} MiB more")
    assert grown < ALLOWED
