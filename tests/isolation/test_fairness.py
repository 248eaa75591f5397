"""A login that keeps the server busy delays its own scripts, not those of others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from harness.docker import wait_until
from harness.scripts import script

BUSY_CLIENTS = 8
MODEST_CALLS = 5
# What may run at once: far fewer than want to.
WORKERS = 2

LOGINS = {"busy": "It's-1-secret", "modest": "It's-2-secret"}
CALL = script("import time\ntime.sleep(0.2)\nOutputDataSet = pandas.DataFrame([7])", clause="WITH RESULT SETS ((n int))")

WAITED = "SELECT login_name, start_time, admit_us FROM sys.dm_external_script_request_history"


class Wait(NamedTuple):
    """A script's time in the queue."""

    login: str
    asked: datetime
    admitted: datetime


def waits(session) -> list[Wait]:
    rows = session.run(WAITED).rows
    return [Wait(login, asked, asked + timedelta(microseconds=waited)) for login, asked, waited in rows]


def make_logins(server):
    with server.connect() as sa:
        for name, password in LOGINS.items():
            quoted = password.replace("'", "''")
            sa.run(f"CREATE LOGIN {name} WITH PASSWORD = '{quoted}'; CREATE USER {name} FOR LOGIN {name}").check()
            sa.run(f"GRANT EXECUTE ANY EXTERNAL SCRIPT TO {name}").check()


@pytest.mark.parametrize("accounts", ["1", "2"])
def test_a_busy_login_starves_nobody(make_server, accounts):
    """With one account, the busy login would hold it for ever if it didn't have to give it up; with
    two, it would have all workers."""
    server = make_server(
        LAUNCHPOD_WORKER_ACCOUNTS=accounts, LAUNCHPOD_WORKERS=str(WORKERS), LAUNCHPOD_QUEUE_TIMEOUT="240",
    )  # fmt: skip
    make_logins(server)
    enough = threading.Event()

    def keep_busy() -> int:
        calls = 0
        with server.connect(user="busy", password=LOGINS["busy"]) as session:
            while not enough.is_set():
                assert session.run(CALL).value == 7
                calls += 1
        return calls

    with ThreadPoolExecutor(BUSY_CLIENTS) as clients, server.connect() as sa:
        busy = [clients.submit(keep_busy) for _ in range(BUSY_CLIENTS)]
        try:
            wait_until(lambda: waits(sa), "the first of the busy calls is over")
            with server.connect(user="modest", password=LOGINS["modest"]) as session:
                for _ in range(MODEST_CALLS):
                    assert session.run(CALL).value == 7
        finally:
            enough.set()
        calls = sum(one.result(timeout=240) for one in busy) + MODEST_CALLS
        found = wait_until(lambda: len(all_ := waits(sa)) >= calls and all_, "every call in the history")
    modest = [one for one in found if one.login == "modest"]
    assert len(modest) == MODEST_CALLS and len(found) == calls
    # While six of the busy login's calls waited, it had no more than its turn before each.
    for one in modest:
        before = [other for other in found if other.login == "busy" and one.asked < other.admitted < one.admitted]
        assert len(before) <= WORKERS, (one, before)
