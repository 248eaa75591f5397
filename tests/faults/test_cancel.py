"""A client that cancels, wherever its script is: it goes on, and nothing is left."""

import pytest

from harness.docker import wait_until
from harness.scripts import DOCUMENTED, ENDLESS, script

# How many scripts have got a worker account, and how many have been cancelled.
ADMITTED = "SELECT COUNT(*) FROM sys.dm_external_script_requests WHERE external_user_name IS NOT NULL"
BEGUN = "SELECT COUNT(*) FROM sys.dm_external_script_requests"
CANCELLED = "SELECT COUNT(*) FROM sys.dm_external_script_request_history WHERE outcome = 'cancelled'"

# More rows than anybody waits for.
ROWS = "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n OPTION (MAXRECURSION 0)"

STAGES = {
    "input": script("print(len(InputDataSet))", query=ROWS),
    "script": ENDLESS,
    "messages": script("while True: print('x' * 1000)"),
    "output": script(
        "OutputDataSet = pandas.DataFrame({'s': ['x' * 1000] * 2000000})", clause="WITH RESULT SETS ((s nvarchar(1000)))"
    ),
    "the way back": script("""
import launchpod
with launchpod.connect() as connection:
    connection.cursor().execute("WAITFOR DELAY '01:00:00'")
"""),
    "children": script("""
import time
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        while True: time.sleep(1)
while True: time.sleep(1)
"""),
}


def cancel(client, batch: str, is_there):
    """Sends a batch, and cancels it when it is where it is to be."""
    running = client.begin(batch)
    wait_until(is_there, "the script")
    running.cancel()


@pytest.mark.parametrize("batch", STAGES.values(), ids=STAGES)
def test_a_script_is_cancelled(server, batch):
    with server.connect() as session, server.connect() as client:
        before = session.run(CANCELLED).value
        cancel(client, batch, lambda: session.run(ADMITTED).value and server.containers(running=True))
        wait_until(lambda: session.run(CANCELLED).value == before + 1, "the row of a cancelled script")
        assert client.run(DOCUMENTED).value == 1
    server.wait_for_nothing_left()


def test_a_script_is_cancelled_while_it_waits_for_a_worker(make_server):
    server = make_server(LAUNCHPOD_WORKERS="1", LAUNCHPOD_QUEUE_TIMEOUT="240")
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    with server.connect() as session, server.connect() as client:
        cancel(client, ENDLESS, lambda: session.run(BEGUN).value == 2)
        wait_until(lambda: session.run(CANCELLED).value == 1, "the row of a cancelled script")
        # Whose turn was not its is untouched.
        assert server.containers(running=True) == [worker]
        server.kill_worker(worker)
        assert running.result(timeout=60).numbers[0] == 39012
        assert client.run(DOCUMENTED).value == 1
    server.wait_for_nothing_left()
