"""What is remembered of each script, and who may run at once."""

import contextlib
import os
import signal
import subprocess

import pytest

from harness import workers
from harness.docker import wait_until
from harness.scripts import DOCUMENTED, ENDLESS, script
from harness.server import BINARY

PAST = """
SELECT login_name, database_name, language, outcome, error_number, reason, rows_in, rows_out, script, image_id,
    bytes_in, bytes_out, cpu_time_us, peak_memory_bytes, admit_us + create_us + start_us + ready_us AS before_us,
    container_name, external_user_name, degree_of_parallelism, lock_hash, script_hash
FROM sys.dm_external_script_request_history ORDER BY start_time
"""
ACTIVE = """
SELECT external_script_request_id, language, degree_of_parallelism, external_user_name
FROM sys.dm_external_script_requests
"""
COUNTERS = """
SELECT RTRIM(counter_name), cntr_value FROM sys.dm_os_performance_counters
WHERE object_name LIKE '%External Scripts%'
"""


def rows(session, query: str) -> list[dict]:
    only = session.run(query).only
    return [dict(zip(only.names, row)) for row in only.rows]


def ended(session, count: int) -> list[dict]:
    """The history, when so many requests are over in it: it is written a moment later."""
    return wait_until(lambda: len(found := rows(session, PAST)) >= count and found, f"{count} rows of history")


def test_every_request_leaves_a_row(make_server):
    server = make_server(LAUNCHPOD_WORKER_MEMORY="256")
    with server.connect() as session:
        session.run(DOCUMENTED).check()
        session.run(script("raise ValueError('a secret of the data')"))
        session.run(script("hoard = [bytearray(b'x' * (1 << 20)) for _ in range(4096)]"))
        session.run("EXEC sp_execute_external_script @language = N'Perl', @script = N''")
        good, failed, greedy, unknown = ended(session, 4)
    assert (good["login_name"], good["database_name"], good["language"]) == ("sa", "master", "Python")
    assert (good["outcome"], good["error_number"], good["reason"]) == ("succeeded", None, None)
    assert (good["rows_in"], good["rows_out"], good["degree_of_parallelism"]) == (1, 1, 1)
    for name in ("bytes_in", "bytes_out", "cpu_time_us", "before_us"):
        assert good[name] > 0, name
    # Of a forked worker only the pages count that it doesn't share with its template.
    assert 1 << 20 < good["peak_memory_bytes"] <= 256 << 20
    assert good["image_id"].startswith("sha256:") and good["lock_hash"] and good["container_name"].startswith("launchpod-")
    assert good["external_user_name"] == "LAUNCHPOD01"
    assert len(good["script_hash"]) == 64 and good["script"] is None
    assert (failed["outcome"], failed["error_number"]) == ("script failed", 39004)
    assert "secret" not in str(failed)
    assert (greedy["outcome"], greedy["error_number"]) == ("out of memory", 39127)
    assert "the limit is 256 MiB (worker_memory" in greedy["reason"]
    assert (unknown["outcome"], unknown["error_number"], unknown["container_name"]) == ("refused", 39007, None)

    # It outlives the server; what ran when it was killed is marked.
    running = server.in_background(ENDLESS)
    worker = server.wait_for_script()
    with server.connect() as session:
        (active,) = wait_until(lambda: [one for one in rows(session, ACTIVE) if one["external_user_name"]], "a request")
        assert (active["language"], active["degree_of_parallelism"]) == ("Python", 1)
        counters = dict(session.run(COUNTERS).rows)
        assert counters["Total Executions"] == 4 and counters["Execution Errors"] == 2
        assert counters["Total Execution Time (ms)"] > 0 and counters["Parallel Executions"] == 0
    server.kill()
    with pytest.raises(Exception):
        running.result(timeout=60)
    wait_until(lambda: worker not in server.containers(), "the worker's end")
    server.start()
    with server.connect() as session:
        outcomes = [one["outcome"] for one in ended(session, 5)]
        assert outcomes == ["succeeded", "script failed", "out of memory", "refused", "interrupted"]
        assert rows(session, ACTIVE) == []
        assert dict(session.run(COUNTERS).rows)["Total Executions"] == 0

    shown = subprocess.run(
        [BINARY, "history", "--data-dir", server.data, "--last", "3"], capture_output=True, text=True, timeout=60, check=True
    ).stdout  # fmt: skip
    assert "interrupted" in shown and "worker_memory" in shown and "ValueError" not in shown


# Uses a second of processor time and 64 MiB, says so, and goes on using time.
BUSY = """
import time
begun, hoard = time.process_time(), bytearray(b"x" * (64 << 20))
while True:
    if time.process_time() > begun + 1.5 and hoard:
        print("has used some", flush=True)
        hoard = None
"""


def begin(client, text: str, **arguments: str):
    """Sends a script, and waits for the first that it says."""
    running = client.begin(script(text, **arguments))
    running.hear()
    return running


def cancelled(session, count: int) -> dict:
    """The last row of so many cancelled scripts, when it is there."""

    def last():
        found = [one for one in rows(session, PAST) if one["outcome"] == "cancelled"]
        return len(found) == count and found[-1]

    return wait_until(last, f"{count} rows of cancelled scripts")


def has_used_some(row: dict) -> bool:
    return (row["cpu_time_us"] or 0) > 1_000_000 and (row["peak_memory_bytes"] or 0) > 64 << 20


def test_what_a_cancelled_script_has_used_is_remembered(make_server):
    server = make_server()
    with server.connect() as session, server.connect() as client:
        begin(client, BUSY).cancel()
        row = cancelled(session, 1)
        assert has_used_some(row), row
        # A client that goes away cancels, too.
        gone = server.connect()
        begin(gone, BUSY)
        gone.close()
        row = cancelled(session, 2)
        assert has_used_some(row), row


def who_tells(server, worker: str) -> int:
    """The process by which the server hears that a worker has ended: the spawner, or the container's shim."""
    if server.is_fast:
        return workers.makers(server.process.pid)["spawner"]
    return int(workers.status(server.supervisor(worker))["PPid"])


# Which process is too slow to say how a cancelled script has ended.
SLOW = {"its supervisor": lambda server, worker: server.supervisor(worker), "who tells of its end": who_tells}


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW)
def test_what_a_cancelled_script_has_used_is_remembered_whoever_is_slow(make_server, slow):
    server = make_server()
    with server.connect() as session, server.connect() as client:
        running = begin(client, BUSY)
        process = slow(server, server.wait_for_script())
        os.kill(process, signal.SIGSTOP)
        try:
            running.cancel()
            row = cancelled(session, 1)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
    assert has_used_some(row), row
    server.wait_for_nothing_left()


def test_what_all_workers_of_a_cancelled_script_have_used_is_remembered(make_server):
    server = make_server(LAUNCHPOD_PARALLEL_WORKERS="2")
    query = "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n OPTION (MAXRECURSION 0)"
    with server.connect() as session, server.connect() as client:
        running = begin(client, BUSY, query=query, clause="WITH RESULT SETS ((n int))", parallel="1")
        # The other one has said it, too.
        running.hear()
        running.cancel()
        row = cancelled(session, 1)
    assert row["degree_of_parallelism"] == 2 and row["cpu_time_us"] > 2_000_000, row


def test_what_a_lost_worker_has_used_is_remembered(make_server):
    """Its supervisor can't tell; what the server has seen of its cgroup can."""
    server = make_server()
    with server.connect() as client, server.connect() as session:
        begin(client, BUSY.replace("while True", "while hoard") + "time.sleep(3600)")
        server.kill_worker(server.wait_for_script())
        (row,) = ended(session, 1)
    assert row["error_number"] == 39012 and has_used_some(row), row


def test_a_script_is_kept_when_asked_for(make_server):
    server = make_server(LAUNCHPOD_HISTORY_SCRIPTS="true")
    with server.connect() as session:
        session.run(script("print('kept')")).check()
        assert ended(session, 1)[0]["script"] == "print('kept')"


def test_worker_accounts_are_shared_out(make_server):
    """One account: two databases are two identities. The limit changes while the server runs."""
    server = make_server(LAUNCHPOD_WORKER_ACCOUNTS="1", LAUNCHPOD_WORKERS_PER_IDENTITY="2", LAUNCHPOD_QUEUE_TIMEOUT="1")
    with server.connect() as session:
        session.run("CREATE DATABASE other").check()
    running = [server.in_background(ENDLESS)]
    server.wait_for_script()
    with server.connect() as session:
        outcome = session.run(f"USE other; {DOCUMENTED}")
        assert outcome.numbers[:2] == [39108, 39019]
        assert "Limit is 1." in outcome.errors[0].text and "worker_accounts in the configuration" in outcome.errors[1].text
        # The same identity shares its account, as often as it may.
        running.append(server.in_background(ENDLESS))
        wait_until(lambda: len(server.containers(running=True)) == 2, "two workers")
        outcome = session.run(f"USE master; {DOCUMENTED}")
        assert outcome.numbers[:2] == [39110, 39019]
        assert "Limit is 2." in outcome.errors[0].text and "workers_per_identity" in outcome.errors[1].text

        session.run("EXEC sp_configure 'launchpod worker accounts', 2; RECONFIGURE").check()
        assert session.run(f"USE other; {DOCUMENTED}").value == 1
    server.kill_workers()
    for one in running:
        one.result(timeout=60)
